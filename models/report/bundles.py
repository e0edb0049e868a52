"""Rows 6 to 8 of docs/results.md: cost, rate-distortion, and bundles scored from their bitstreams."""

import hashlib
import math
import re
import tomllib

import matplotlib.pyplot as plt

from places import BUNDLES, CONFIGS, DOCS, MODELS


def cost_lines(cost):
    rows = [
        f"| {name} | {r['gmac']:.2f} | {r.get('paper_gmac', '')} | {r['mparam']:.1f} | {r.get('paper_mparam', '')} | {r['ms']:.0f} |"
        for name, r in cost["networks"].items()
    ]
    ratios = [
        f"| {r['rgb']} / {r['latent']} | {r['ratio_gmac']:.2f} | **{r['ratio_ms']:.2f}** | {r['with_encoder_ms']:.2f} | {r['with_lean_encoder_ms']:.2f} |"
        for r in cost["decode_and_infer"]
    ]
    return [
        '<a id="row-6"></a>', "## Row 6: cost", "",
        f"`{cost['command']}`, {cost['machine']}: the paper's widths at {cost['pixels']}×{cost['pixels']}, C = {cost['channels']}, batch 1, one run, medians.",
        "The counts are of the ONNX graphs with batch norms folded; beside them the sheet's.", "",
        "| network | G multiply-adds | paper | M parameters | paper | ms |", "|---|---|---|---|---|---|", *rows, "",
        "What the latent saves: (decoder + ResNet) / cResNet. The last two columns add what the paper leaves out, the encoder: the paper's on both",
        "sides, and the paper's against this project's lean one.", "",
        "| | multiply-adds | wall-clock | with the paper's encoder | with the lean encoder |", "|---|---|---|---|---|", *ratios, "",
    ]


def points_of(evals, name):
    """Bundles evaluated on the pictures of the curves."""
    return [
        {"id": f"{e['bundle']} ({e['coding']})", **figures}
        for e in evals.values() for set_, figures in e["sets"].items()
        if set_.split("/")[-2:] == name["set"].split("/")[-2:] and figures["images"] == name["pictures"]
    ]


def at(curve, bpp, key):
    """Between the two settings around it, linear over the logarithm of the rate, as Bjøntegaard has it; None outside."""
    for a, b in zip(curve, curve[1:]):
        if a["bpp"] <= bpp <= b["bpp"]:
            return a[key] + (b[key] - a[key]) * math.log(bpp / a["bpp"]) / math.log(b["bpp"] / a["bpp"])
    return None


def curve_lines(report, evals):
    points = points_of(evals, report)
    keys = {"psnr_db": "PSNR, dB", "ssim": "SSIM", "ms_ssim": "MS-SSIM"}
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4))
    for axis, (key, title) in zip(axes, keys.items()):
        for name, curve in report["curves"].items():
            axis.plot([p["bpp"] for p in curve], [p[key] for p in curve], marker=".", label=name, linewidth=1)
        for point in points:
            axis.plot(point["bpp_record"], point[key], "k*", markersize=9, label=point["id"])
        axis.set(xlabel="bits per pixel, whole file", title=title, xlim=(0.05, 0.7))
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(DOCS / "images" / "rate-distortion.svg", metadata={"Date": None})
    lines = [
        '<a id="row-7"></a>', "## Row 7: rate-distortion", "",
        f"`{report['command']}`, {report['pictures']} pictures of {report['set']}, {report['codecs']}; the latents by",
        f"`blindsight eval --bundle ID --data DIR --limit {report['pictures']} --json docs/results/points-ID.json` (DIR has `camvid/` alone in it; `paper-*` with `--coding static`)",
        "from the bitstreams as written, containers included.", "", "![PSNR, SSIM and MS-SSIM against bits per pixel](images/rate-distortion.svg)", "",
    ]
    if points:
        names = list(report["curves"])
        lines += [f"| at its bpp | bpp | | latent | {' | '.join(names)} |", "|---" * (4 + len(names)) + "|"]
        for point in points:
            for key, title in keys.items():
                others = [at(report["curves"][n], point["bpp_record"], key) for n in names]
                cells = ["–" if v is None else f"{v:.2f}" if key == "psnr_db" else f"{v:.3f}" for v in others]
                own = f"{point[key]:.2f}" if key == "psnr_db" else f"{point[key]:.3f}"
                lines.append(f"| {point['id']} | {point['bpp_record']:.3f} | {title} | **{own}** | {' | '.join(cells)} |")
        lines.append("")
        jpeg = [at(report["curves"]["JPEG"], p["bpp_record"], "psnr_db") for p in points]
        behind = [f"{p['id']} by {j - p['psnr_db']:.1f} dB" for p, j in zip(points, jpeg) if j and p["psnr_db"] < j]
        if behind:
            lines += [
                f"In PSNR behind JPEG: {', '.join(behind)}. The paper's codecs here have half of its width and few thousand steps (row 1), coded by one static table a",
                "channel; the paper's are trained far longer, so what is missing at the higher rates is most likely training, which was not tested.", "",
            ]
    return lines


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


def default_bundle():
    """What runs where nobody names another, and the hash of its manifest."""
    name = re.search(r"DEFAULT_BUNDLE = '([^']+)'", (MODELS.parent / "agent" / "bundles.ts").read_text())[1]
    return BUNDLES / name


def target_lines(evals, points, curves, cost):
    """What the default bundle was asked to reach on pictures it was not trained on."""
    folder = default_bundle()
    e = evals.get(f"eval-{folder.name}")
    if not e:
        return [f"The default bundle, {folder.name}, has not been evaluated yet.", ""]
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
        f"The default bundle, {e['bundle']}, against what was asked of it, {things['images']} and {street['images']} pictures (both halves scored over all 20 classes):", "",
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
        spent = ", ".join(f"{part} {told(knobs)}" for part, knobs in parts.items())
        start = f"{config['codec']['of']}, its codec as it is" if "of" in config["codec"] else config.get("joint", {}).get("start", "")
        lines.append(f"| [{path.stem}](../models/configs/{path.name}) | {start} | {config.get('cores', 2)} | {spent} |")
    return [*lines, "", "What was chosen knowing figures of held-out pictures is said at the top of each configuration.", ""]


def told(knobs):
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
