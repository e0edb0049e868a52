"""Row 8 of docs/background/results.md: bundles scored from their bitstreams."""

import hashlib
import tomllib

from places import BUNDLES, CONFIGS, MODELS
from report.curves import at


def eval_lines(evals, points, curves, cost):
    lines = ['<a id="row-8"></a>', "## Row 8: bundles in the agent, scored from their bitstreams", "", "`blindsight eval --bundle ID --data DATA --json docs/results/eval-ID.json`: lean profiles, and the paper's systems as exported by `models/export.py --systems`",
        "(these with `--coding static`, and where fewer pictures are said with `--limit`). bpp: of the payload, and of the record with its container.", ""]
    lines += ["| bundle, coding | set | pictures | bpp / record | top-1 | top-5 | Imagenette / Imagewoof | mIoU | PSNR dB | SSIM | MS-SSIM |", "|---" * 11 + "|"]
    show = lambda f, key, digits: f"{f[key]:.{digits}f}" if key in f else ""
    for e in evals.values():
        for name, f in e["sets"].items():
            halves = f"{f['top1_imagenette']:.1f} / {f['top1_imagewoof']:.1f}" if "top1_imagenette" in f else ""
            crop = f", crop {f['crop']}" if "crop" in f else ""
            lines.append(
                f"| {e['bundle']}, {e['coding']} | {name}{crop} | {f['images']} | {f['bpp']:.3f} / {f['bpp_record']:.3f} | {show(f, 'top1', 2)} | {show(f, 'top5', 2)} | {halves} | {show(f, 'miou', 2)} | {show(f, 'psnr_db', 2)} | {show(f, 'ssim', 3)} | {show(f, 'ms_ssim', 3)} |"
            )
    return [*lines, "", *target_lines(evals, points, curves, cost), *history_lines(), *stage_lines(evals)]


# What was asked was asked of it. The bundle that runs by default says other things, and is scored in docs/background/field-1.md.
ASKED = BUNDLES / "lean-5"


def target_lines(evals, points, curves, cost):
    """What the bundle was asked to reach on pictures it was not trained on."""
    folder = ASKED
    e = evals.get(f"eval-{folder.name}")
    if not e:
        return [f"The bundle {folder.name} has not been evaluated yet.", ""]
    sha256 = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    if e["sha256"] != sha256:
        raise SystemExit(f"docs/results/eval-{folder.name}.json is of another export of the bundle; run blindsight eval again")
    things, street = e["sets"]["imagenet20-160/val"], e["sets"]["camvid/test"]
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6
    rows = [
        ("bits per pixel as coded, imagenet20-160/val", "≤ 0.33", things["bpp_record"], things["bpp_record"] <= 0.33),
        ("top-1, Imagenette half, %", "≥ 86", things["top1_imagenette"], things["top1_imagenette"] >= 86),
        ("top-1, Imagewoof half, %", "≥ 68", things["top1_imagewoof"], things["top1_imagewoof"] >= 68),
        ("mIoU, CamVid test, %", "≥ 50", street["miou"], street["miou"] >= 50),
        ("size of the bundle, MB", "≤ 40", size, size <= 40),
    ]
    # JPEG's curve may be of fewer pictures: then ours has to be of the same.
    own = [x["sets"]["camvid/test"] for x in (e, points.get(f"points-{folder.name}", {"sets": {}})) if "camvid/test" in x["sets"] and x["sha256"] == sha256]
    own = next((s for s in own if curves and curves["set"] == "camvid/test" and s["images"] == curves["pictures"]), street)
    jpeg = at(curves["curves"]["JPEG"], own["bpp_record"], "psnr_db") if own is not street or curves and curves["pictures"] == street["images"] else None
    what = f"PSNR, dB, camvid/test, {own['images']} pictures at {own['bpp_record']:.3f} bpp"
    rows.append((what, f"≥ {jpeg:.2f}, JPEG's", own["psnr_db"], own["psnr_db"] >= jpeg) if jpeg else (what, "≥ JPEG's", own["psnr_db"], None))
    if cost:
        saved = cost["decode_and_infer"][0]["ratio_ms"]
        rows.append(("decode + ResNet-50 over cResNet-51, wall-clock (row 6)", "≥ 1.7", saved, saved >= 1.7))
    lines = [
        f"The bundle {e['bundle']} against what was asked of it, {things['images']} and {street['images']} pictures (both halves scored over all 20 classes):", "",
        "| | asked | measured | |", "|---|---|---|---|",
    ]
    verdict = {True: "reached", False: "**missed**", None: "not compared"}
    halves = [things[k] * (100 - things[k]) for k in ("top1_imagenette", "top1_imagewoof")]
    error = (max(halves) / (things["images"] / 2)) ** 0.5
    return [
        *lines, *[f"| {what} | {asked} | **{value:.2f}** | {verdict[ok]} |" for what, asked, value, ok in rows], "",
        "Nothing of these pictures was trained on, but some things were chosen knowing figures of them (said at the top of each configuration), so new",
        f"pictures would do a little worse; and the standard error of a half's top-1, of so many pictures, is up to {error:.2f} points.", "",
    ]


def history_lines():
    """How the bundles' networks were trained, from their configurations."""
    lines = ["How they were trained (data: imagenet20-160, CamVid, photos-256; one seed; minutes of so many CPU cores, as their configurations say):", "", "| profile | goes on from | cores | parts and minutes |", "|---|---|---|---|"]
    for path in sorted((CONFIGS).glob("lean*.toml"), key=lambda p: (len(p.stem), p.stem)):
        config = tomllib.loads(path.read_text())
        parts = {k: v for k, v in config.items() if isinstance(v, dict) and k != "codec"}
        spent = ", ".join(f"{part} {spent_on(knobs)}" for part, knobs in parts.items())
        start = f"{config['codec']['of']}, its codec as it is" if "of" in config["codec"] else config.get("joint", {}).get("start", "")
        lines.append(f"| [{path.stem}](../../models/configs/{path.name}) | {start} | {config.get('cores', 2)} | {spent} |")
    return [*lines, "", "What was chosen knowing figures of held-out pictures is said at the top of each configuration.", ""]


def spent_on(knobs):
    """Of a part of a profile: its minutes, and what it was made of if that is not the usual."""
    if "mean" in knobs:
        return f"(of {', '.join(knobs['mean'])})"
    return f"{knobs['minutes']}" + (f" (CamVid {' and '.join(knobs['splits'])})" if "splits" in knobs else "")


def stage_lines(evals):
    """IoU of each class, and what a picture costs."""
    streets = {n: e["sets"]["camvid/test"] for n, e in evals.items() if "camvid/test" in e["sets"]}
    names = list(next(iter(streets.values()))["iou"]) if streets else []
    lines = ["IoU of each class, camvid/test:", "", f"| bundle | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {evals[n]['bundle']} | {' | '.join(f'{v:.0f}' for v in s['iou'].values())} |" for n, s in streets.items()]
    stages = ["encode", "entropyCode", "entropyDecode", "decode", "classify", "segment"]
    lines += ["", "Mean ms for a picture, one at a time; the client's decoder takes all cores, whatever is said of the threads:", "", "| bundle, set, machine | encode | entropy code | entropy decode | decode | classify | segment |", "|---" * 7 + "|"]
    for e in evals.values():
        for name, s in e["sets"].items():
            cells = [f"{s['ms'][k]:.1f}" if k in s["ms"] else "" for k in stages]
            lines.append(f"| {e['bundle']}, {e['coding']}, {name}, {e['cpu']}, {e['threads']} threads | {' | '.join(cells)} |")
    return [*lines, ""]
