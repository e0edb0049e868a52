"""Writes docs/results.md and its plots from docs/results/*.json, which the programs named in them have written.

    python models/results.py

Nothing is typed by hand: a figure without a file is a row that says so.
"""

import hashlib
import json
import math
import re
import tomllib
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
RESULTS = DOCS / "results"
# The systems of issue 3, in its order; a row's entry is made by the function of that name, or is not there yet.
ROWS = {
    1: "Compression autoencoder, paper's layers, three operating points",
    2: "cResNet-39, -51, -72 on the latent",
    3: "ResNet-50, -71 on decoded and original RGB",
    4: "Segmentation: cResNet-d, ResNet-50-d with ASPP",
    5: "Joint training of codec and classifier, with control",
    6: "Cost: multiply-adds, parameters, wall-clock",
    7: "Rate-distortion beside JPEG, JPEG 2000, WebP, AVIF",
    8: "Lean profile",
}


# paper.md section 3: (bpp, network) -> top-5, top-1 (ImageNet), mIoU (PASCAL VOC 2012), in percent.
PAPER = {
    ("original", "ResNet-50"): (89.96, 71.06, 65.75),
    ("0.635", "ResNet-50"): (88.34, 68.26, 62.97), ("0.635", "cResNet-51"): (87.85, 67.68, 62.86), ("0.635", "cResNet-39"): (87.47, 67.17, 61.85),
    ("0.330", "ResNet-50"): (86.25, 65.18, 60.75), ("0.330", "cResNet-51"): (85.87, 64.78, 61.12), ("0.330", "cResNet-39"): (85.46, 64.14, 60.78),
    ("0.0983", "ResNet-50"): (78.52, 55.30, 52.97), ("0.0983", "ResNet-71"): (79.28, 56.23, 54.55),
    ("0.0983", "cResNet-51"): (78.20, 55.18, 54.62), ("0.0983", "cResNet-72"): (79.02, 55.82, 55.78),
}
POINTS = ["0.0983", "0.330", "0.635"]


def main():
    plt.rcParams.update({"svg.hashsalt": "blindsight", "font.size": 9})
    collect()
    cost, curves, systems = read("cost"), read("rate-distortion"), read("systems") or {}
    evals, points = ({path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob(f"{kind}-*.json"))} for kind in ("eval", "points"))
    of_row = {row: {name: run for name, run in systems.items() if run["row"] == row} for row in range(1, 6)}
    done = {**of_row, 6: cost, 7: curves, 8: evals}
    lines = [
        "# Results", "",
        "Made by `python models/results.py` from the files in `docs/results/`, which the commands below have written. The paper's figures are",
        "those of its text (ImageNet, PASCAL VOC 2012); ours are of smaller data and networks, so they compare with each other and not with the paper's.",
        "", "| row | system | |", "|---|---|---|",
        *[f"| {k} | {name} | {state_of(k, done.get(k))} |" for k, name in ROWS.items()], "",
    ]
    if any(earlier(run) for run in systems.values()):
        lines += [
            "† stands for a run on an earlier training of the codec of its configuration, whose files are gone: it is compared only with its like.", "",
        ]
    lines += claim_lines(systems, cost) + codec_lines(of_row[1]) + classifier_lines({**of_row[2], **of_row[3]}, cost) + segmenter_lines(systems) + joint_lines(systems)
    if cost:
        lines += cost_lines(cost)
    if curves:
        lines += curve_lines(curves, points)
    if evals:
        lines += eval_lines(evals, points, curves, cost)
    (DOCS / "results.md").write_text("\n".join(lines) + "\n")


def configured(row):
    return [run["name"] for run in tomllib.loads((HERE / "configs" / f"row-{row}.toml").read_text())["runs"]]


def state_of(row, found):
    """What the table of rows says: measured, or which runs of the configuration are missing."""
    if not found:
        return "**not yet**"
    missing = [name for name in configured(row) if name not in found] if row in range(1, 6) else []
    return f"[measured](#row-{row})" + (f"; not trained yet: {', '.join(missing)}" if missing else "")


def earlier(run):
    """A report that does not say what it stood on: it was made before reports did, and its codec was trained again since."""
    return "made" not in run


def mark(run):
    return " †" if earlier(run) else ""


def collect():
    """The reports of finished runs of rows 1 to 5, into one small file that git keeps. Smoke runs and what stands on weights that
    were trained again since are left out."""
    known = read("systems") or {}
    for path in sorted((HERE / "runs" / "paper").glob("*.json")):
        report = json.loads(path.read_text())
        if report["limit"] is None:
            known[path.stem] = report
    names = {name for row in range(1, 6) for name in configured(row)}
    while stale := [n for n, r in known.items() if n not in names or any(known.get(k, {}).get("made") != made for k, made in r.get("upstream", {}).items())]:
        print(f"left out, since they stand on other weights than those of now, or on none: {', '.join(stale)}")
        for name in stale:
            del known[name]
    if known:
        RESULTS.mkdir(exist_ok=True)
        ordered = dict(sorted(known.items(), key=lambda item: (item[1]["row"], item[0])))
        (RESULTS / "systems.json").write_text(json.dumps(ordered, indent=2) + "\n")


def point_of(run):
    """-> operating point, or "original" """
    return run["knobs"]["source"].partition(":")[2].partition("-")[2] or "original"


def network_of(run):
    return f"{'cResNet' if run['knobs']['source'].startswith('latent') else 'ResNet'}-{run['knobs']['depth']}"


def usual(runs):
    """Without the runs that try another recipe, or another codec than row 1's."""
    return {n: r for n, r in runs.items() if not any(k in r["knobs"] for k in ("teacher", "schedule")) and r["row"] < 5}


def mean(values):
    return sum(values) / len(values)


def of_pictures(percent, images):
    """Variance of a share of right answers, in points squared."""
    return percent * (100 - percent) / images


def of_seeds(runs):
    """-> variance that another seed makes, pooled over the networks that have two, and how many those are."""
    groups = {}
    for run in runs.values():
        groups.setdefault((network_of(run), run["knobs"]["source"], earlier(run)), []).append(run["classify"]["top1"])
    spreads = [sum((x - mean(g)) ** 2 for x in g) / (len(g) - 1) for g in groups.values() if len(g) > 1]
    return (mean(spreads) if spreads else None), len(spreads)


def told(difference, error):
    """How a difference is put into words."""
    return ("more" if difference > 0 else "less") if abs(difference) > 2 * error else "not told apart"


def budget(runs):
    """Widths, epochs and machines of these runs, in words."""
    some = lambda values: ", ".join(str(v) for v in sorted(set(values)))
    runs = list(runs)
    return f"width {some(r['knobs']['width'] for r in runs)} of the paper's, {some(r['knobs']['epochs'] for r in runs)} epochs of {some(r['knobs']['dataset'] for r in runs)}, trained on {some(r['device'] for r in runs)}"


def claim_lines(systems, cost):
    """The paper's three claims, each with what these runs say of it."""
    classifiers = {n: r for n, r in usual(systems).items() if "classify" in r and r["row"] in (2, 3)}
    seed, pairs = of_seeds(classifiers)
    rows, found = [], {}
    for point in POINTS:
        sides = lambda old: [[r for r in classifiers.values() if (point_of(r), network_of(r), earlier(r)) == (point, n, old)] for n in ("cResNet-51", "ResNet-50")]
        latent, decoded = next((both for both in map(sides, (False, True)) if all(both)), ([], []))
        if not latent:
            continue
        a, b = (mean([r["classify"]["top1"] for r in side]) for side in (latent, decoded))
        variance = sum(of_pictures(v, side[0]["classify"]["images"]) for v, side in ((a, latent), (b, decoded)))
        variance += (seed or 0) * (1 / len(latent) + 1 / len(decoded))
        found[point] = (a - b, variance**0.5)
        theirs = PAPER[point, "cResNet-51"][1] - PAPER[point, "ResNet-50"][1]
        rows.append(f"| {point}{mark(latent[0])} | {a:.2f} ({len(latent)}) | {b:.2f} ({len(decoded)}) | **{a - b:+.2f}** ± {variance**0.5:.2f} | {within_a_point(*found[point])} | {theirs:+.2f} |")
    lines = ["## The paper's claims", ""]
    if rows:
        spread = f"of the seeds (standard deviation {seed**0.5:.2f}, pooled over {pairs} networks with two)" if seed is not None else "of the seeds it is not known: no network has two"
        lines += [
            f"Small networks early in their training: {budget(classifiers.values())}.", "",
            "**1. Latent within a point of decoded RGB** at equal multiply-adds" + at_equal_cost(cost) + ". Top-1 in percent, means over seeds (how many).",
            f"± is one standard error: of the validation pictures, taken as independent samples though both networks see the same ones, and {spread}.", "",
            "| bpp | cResNet-51 on the latent | ResNet-50 on decoded RGB | difference | within a point? | the paper's |", "|---|---|---|---|---|---|", *rows, "",
        ]
        if any(d > 1 for d, _ in found.values()):
            lines += [
                "Where the latent leads, and the paper has it a little behind, a likely reason, not tested: a small network has seen these pictures a few times,",
                "and what the encoder has learnt already (edges, textures, at an eighth of the size) it need not learn again.", "",
            ]
        lines += recipe_lines(systems)
    if len(found) > 1:
        lines += ["**2. The latent's advantage grows towards low rates.** " + growth("top-1", found) + " " + segmentation_growth(systems), ""]
    return lines + joint_claim(systems, seed) if rows or "joint-0.0983" in systems else []


def within_a_point(difference, error):
    return "yes" if difference - 2 * error >= -1 else "no" if difference + 2 * error < -1 else "undecided"


def at_equal_cost(cost):
    networks = (cost or {}).get("networks", {})
    a, b = (networks.get(n, {}).get("trained_gmac") for n in ("cResNet-51", "ResNet-50"))
    return f" of the classifiers (at the trained width {a:.2f} G and {b:.2f} G)" if a and b else " of the classifiers"


def recipe_lines(systems):
    """The same pair with the recipe of the paper's text."""
    a, b = (systems.get(f"{n}-0.330-paper-recipe") for n in ("c51", "r50"))
    if not a or not b:
        return []
    a, b = a["classify"]["top1"], b["classify"]["top1"]
    return [f"With the recipe of the paper's text, for as many epochs, at 0.330 bpp: {a:.2f} on the latent, {b:.2f} on decoded RGB ({a - b:+.2f}, one seed).", ""]


def growth(what, found):
    """found: point -> (difference, error), in the order of rates."""
    listed = ", ".join(f"{d:+.2f} at {p}" for p, (d, _) in found.items())
    (low, (dl, el)), (high, (dh, eh)) = list(found.items())[0], list(found.items())[-1]
    error = (el**2 + eh**2) ** 0.5
    text = {"more": "it grows", "less": "it shrinks", "not told apart": "the ends cannot be told apart"}[told(dl - dh, error)]
    values = [d for d, _ in found.values()]
    steady = values == sorted(values) or values == sorted(values, reverse=True)
    return f"In {what}: {listed} bpp; {text} ({dl - dh:+.2f} from {high} to {low}, two standard errors are {2 * error:.2f}){'' if steady else ', and what lies between does not lie between in value'}."


def segmentation_growth(systems):
    found = {}
    for point in POINTS:
        a, b = (systems.get(f"seg-{n}-{point}") for n in ("c51", "r50"))
        if a and b and earlier(a) == earlier(b):
            found[point] = a["segment"]["miou"] - b["segment"]["miou"]
    return f"In mIoU, one seed each: {', '.join(f'{d:+.2f} at {p}' for p, d in found.items())} bpp." if found else ""


# Row 5: what is shown of each regime: the run that classifies, the codec it stands on, the segmenter on it.
REGIMES = {
    "separate": ("longer-0.0983", "ae-0.0983", "seg-longer-0.0983"),
    "alone": ("alone-longer-0.0983", "alone-0.0983", None),
    "joint": ("joint-0.0983", "joint-0.0983", "seg-joint-0.0983"),
    "control": ("control-0.0983", "joint-0.0983", "seg-control-0.0983"),
    "joint, the sheet's beta": ("sheet-joint-0.0983", "sheet-joint-0.0983", None),
    "control of that": ("sheet-control-0.0983", "sheet-joint-0.0983", None),
}


def joint_claim(systems, seed):
    """The joint run against what it has to beat."""
    have = {title: (systems[run]["classify"], systems[codec]["codec"]) for title, (run, codec, _) in REGIMES.items() if run in systems and codec in systems}
    if "joint" not in have:
        return []
    rate = lambda title: have[title][1]["imagenet20-160/val"]["bpp"]
    lines = [
        "**3. Joint training helps.** Top-1 in percent at 0.0983 bpp; the paper reports about +2. One seed each; what the regimes are: [row 5](#row-5).", "",
        "| the joint run against | its bpp | their bpp | its top-1 | their top-1 | difference |", "|---|---|---|---|---|---|",
    ]
    verdicts = []
    for joint, others in {"joint": ("separate", "alone", "control"), "joint, the sheet's beta": ("separate", "control of that")}.items():
        for other in others:
            if joint not in have or other not in have:
                continue
            a, b = (have[t][0]["top1"] for t in (joint, other))
            error = (of_pictures(a, have[joint][0]["images"]) + of_pictures(b, have[other][0]["images"]) + 2 * (seed or 0)) ** 0.5
            lines.append(f"| {joint}: {other}{mark(systems[REGIMES[joint][0]])} | {rate(joint):.3f} | {rate(other):.3f} | {a:.2f} | {b:.2f} | **{a - b:+.2f}** ± {error:.2f} |")
            text = {"more": "better than", "less": "worse than", "not told apart": "not told apart from"}[told(a - b, error)]
            unequal = rate(joint) / rate(other) - 1
            note = f", at {unequal:+.0%} of its rate, so **not at equal rate**" if abs(unequal) > 0.05 else ""
            verdicts.append(f"- {joint}: {text} {other}{note}.")
    if earlier(systems["joint-0.0983"]):
        verdicts = ["† At unequal budgets, see [row 5](#row-5): no test of the claim."]
    return [*lines, "", *verdicts, ""]


def spent(run):
    start = f" from {run['knobs']['start']}" if "start" in run["knobs"] else ""
    return f"{run['steps']} steps{start}, {run['minutes']:.0f} min" + ("" if run["device"] == "cpu" else f" {run['device']}")


def epochs(run):
    return f"{run['knobs']['epochs']} epochs, {spent(run)}"


def codec_lines(runs):
    if not runs:
        return []
    lines = [
        '<a id="row-1"></a>', "## Row 1: the paper's codec", "", "`python models/train.py --config models/configs/row-1.toml --data DATA`; bpp is the entropy of one histogram over the set, as in the paper;",
        "beside it that of a histogram per channel, which is what the coder's tables come to. Quality: means over pictures.", "",
        "| run | width | trained | set | pictures | target | bpp | per channel | PSNR dB | SSIM | MS-SSIM |", "|---" * 11 + "|",
    ]
    for name, run in sorted(runs.items(), key=lambda item: item[1]["knobs"]["target_bpp"]):
        for set_, f in run["codec"].items():
            ms = f"{f['ms_ssim']:.3f}" if "ms_ssim" in f else ""
            lines.append(f"| {name}{mark(run)} | {run['knobs']['codec_width']} | {spent(run)} | {set_} | {f['images']} | {run['knobs']['target_bpp']} | {f['bpp']:.3f} | {f['bpp_per_channel']:.3f} | {f['psnr_db']:.2f} | {f['ssim']:.3f} | {ms} |")
    return [*lines, ""]


def classifier_lines(runs, cost):
    if not runs:
        return []
    lines = [
        '<a id="row-2"></a><a id="row-3"></a>', "## Rows 2 and 3: classification", "",
        "`python models/train.py --config models/configs/row-2.toml --data DATA` (latent) and `row-3.toml` (RGB): the same pictures, crops and epochs on",
        "all sides; `imagenet20-160` val, 20 classes, centre crop; widths are of the paper's. A second seed is a row of its own.", "",
        "| run | network on | width | trained | pictures | top-1 | top-5 | Imagenette / Imagewoof | paper top-1 / top-5 |", "|---" * 9 + "|",
    ]
    for name, run in sorted(runs.items(), key=lambda item: (point_of(item[1]), item[0])):
        c, paper = run["classify"], PAPER.get((point_of(run), network_of(run)))
        lines.append(
            f"| {name}{mark(run)} | {network_of(run)}, {run['knobs']['source']} | {run['knobs']['width']} | {epochs(run)} | {c['images']} | **{c['top1']:.2f}** | {c['top5']:.2f} | {c['top1_imagenette']:.1f} / {c['top1_imagewoof']:.1f} | {f'{paper[1]} / {paper[0]}' if paper else ''} |"
        )
    lines.append("")
    base = [r["classify"]["top1"] for n, r in runs.items() if n.startswith("c51-0.330") and n in usual(runs) and not earlier(r)]
    for name, what in (("c51-0.330-distilled", "taught by ResNet-50 on original RGB as well"), ("c51-0.330-paper-recipe", "with the paper's recipe")):
        if name in runs and base:
            lines += [f"cResNet-51 at 0.330 bpp {what}: {runs[name]['classify']['top1']:.2f} against {mean(base):.2f} ({runs[name]['classify']['top1'] - mean(base):+.2f}).", ""]
    return lines + accuracy_plots({n: r for n, r in usual(runs).items() if not earlier(r)} or usual(runs), cost)


def accuracy_plots(runs, cost):
    groups = {}
    for run in runs.values():
        groups.setdefault((network_of(run), point_of(run)), []).append(run["classify"]["top1"])
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.6))
    for network in sorted({n for n, _ in groups}):
        xy = [(float(p), mean(groups[network, p])) for p in POINTS if (network, p) in groups]
        style = dict(marker="o" if network.startswith("c") else "s", linestyle="-" if network.startswith("c") else "--", linewidth=1)
        if xy:
            (line,) = axes[0].plot(*zip(*xy), label=network + ("" if network.startswith("c") else " on decoded RGB"), **style)
            theirs = [(float(p), PAPER[p, network][1]) for p in POINTS if (p, network) in PAPER]
            axes[0].plot(*zip(*theirs), color=line.get_color(), alpha=0.25, **style) if theirs else None
        if (network, "original") in groups:
            axes[0].axhline(mean(groups[network, "original"]), color="grey", linewidth=0.8, linestyle=":" if "50" in network else "-.", label=f"{network} on original RGB")
    axes[0].set(xlabel="bits per pixel", title="top-1, %, against rate; pale: the paper's, of 1000 classes")
    if cost:
        for (network, point), values in groups.items():
            gmac = cost["networks"].get(network, {}).get("trained_gmac")
            if gmac and point != "original":
                gmac += 0 if network.startswith("c") else cost["networks"]["decoder"]["trained_gmac"]
                axes[1].plot(gmac, mean(values), marker="o" if network.startswith("c") else "s", color=f"C{POINTS.index(point)}")
                axes[1].annotate(f"{network}, {point}", (gmac, mean(values)), fontsize=6, xytext=(4, 3), textcoords="offset points")
        axes[1].set(xlabel="G multiply-adds at 224×224 as trained, decoder included", title="top-1, %, against cost")
        axes[1].margins(x=0.25)
    for axis in axes:
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(DOCS / "images" / "accuracy.svg", metadata={"Date": None})
    return ["![Top-1 against bits per pixel and against multiply-adds](images/accuracy.svg)", ""]


def segmenter_lines(systems):
    runs = {n: r for n, r in systems.items() if "segment" in r and r["row"] == 4}
    if not runs:
        return []
    lines = [
        '<a id="row-4"></a>', "## Row 4: segmentation", "", "`python models/train.py --config models/configs/row-4.toml --data DATA`: CamVid, 11 classes, 480×352, trunks from rows 2 and 3 in dilated form with ASPP.", "",
        "| run | network-d on | width | trained | pictures | mIoU | pixel accuracy | paper mIoU (VOC) |", "|---" * 8 + "|",
    ]
    for name, run in sorted(runs.items(), key=lambda item: (point_of(item[1]), item[0])):
        f, paper = run["segment"], PAPER.get((point_of(run), network_of(run)))
        lines.append(f"| {name}{mark(run)} | {network_of(run)}, {run['knobs']['source']} | {run['knobs']['width']} | {epochs(run)} | {f['images']} | **{f['miou']:.2f}** | {f['pixel_accuracy']:.2f} | {paper[2] if paper else ''} |")
    names = list(next(iter(runs.values()))["segment"]["iou"])
    lines += ["", "IoU of each class:", "", f"| run | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {n} | {' | '.join(f'{v:.0f}' for v in r['segment']['iou'].values())} |" for n, r in sorted(runs.items(), key=lambda item: (point_of(item[1]), item[0]))]
    return [*lines, ""]


def joint_lines(systems):
    """What each regime gives; codec figures are those of camvid/test."""
    have = {t: names for t, names in REGIMES.items() if names[0] in systems and names[1] in systems}
    if "joint" not in have:
        return []
    lines = [
        '<a id="row-5"></a>', "## Row 5: joint training", "", "`python models/train.py --config models/configs/row-5.toml --data DATA`: Eq. 2 of the paper at 0.0983 bpp.", "",
        "- separate: the codec as it was, its network trained on for as long as the joint run;",
        "- alone: the codec trained on as long and on the same pictures as in the joint run, with the same loss but for the network's; then a fresh network;",
        "- joint: Eq. 2, with a weight of the rate that holds it, and with that of the sheet;",
        "- control: the paper's, the joint codec frozen and a fresh network, for as many epochs, in the same two parts.", "",
        "Quality and rate: camvid/test; beside it the rate on imagenet20-160/val, which the target was set on. mIoU: CamVid test.", "",
        "| | network trained | bpp | bpp, val | PSNR dB | SSIM | MS-SSIM | top-1 | top-5 | mIoU |", "|---" * 10 + "|",
    ]
    rows = {}
    for title, (name, codec, segmenter) in have.items():
        quality, rate, c = systems[codec]["codec"]["camvid/test"], systems[codec]["codec"]["imagenet20-160/val"]["bpp"], systems[name]["classify"]
        miou = systems[segmenter]["segment"]["miou"] if segmenter in systems else None
        rows[title] = {"PSNR, dB": quality["psnr_db"], "top-1, %": c["top1"], **({"mIoU, %": miou} if miou else {})}
        lines.append(f"| {title}{mark(systems[name])} | {epochs_in_all(systems, name):g} epochs | {quality['bpp']:.3f} | {rate:.3f} | {quality['psnr_db']:.2f} | {quality['ssim']:.4f} | {quality['ms_ssim']:.4f} | **{c['top1']:.2f}** | {c['top5']:.2f} | {miou or ''} |")
    figure, axes = plt.subplots(1, 3, figsize=(10, 2.4))
    for axis, key in zip(axes, ["PSNR, dB", "top-1, %", "mIoU, %"]):
        shown = {t: r[key] for t, r in rows.items() if key in r}
        axis.barh(list(shown), list(shown.values()), color=["C1" if t.startswith("joint") else "C0" for t in shown])
        axis.set(title=key)
        axis.set_xlim(min(shown.values(), default=0) * 0.9)
        axis.invert_yaxis()
    figure.tight_layout()
    figure.savefig(DOCS / "images" / "joint.svg", metadata={"Date": None})
    if earlier(systems["joint-0.0983"]):
        lines += [
            "", "† The control was here one run of 5.5 epochs, not 4 and 1.5; the separate network saw the views of its first epochs again; and the joint codec",
            "was trained for longer and on more pictures than the separate one, which a run of `alone` has yet to tell apart. So these are no test of the claim.",
        ]
    return [*lines, "", "![Joint against separate training](images/joint.svg)", ""]


def epochs_in_all(systems, name):
    """Of a classifier, with those of the one it started from."""
    knobs = systems[name]["knobs"]
    before = knobs.get("start") or knobs.get("classifier")
    return knobs["epochs"] + (epochs_in_all(systems, before) if before in systems else 0)


def read(name):
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


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
        f"`{report['command']}`, {report['pictures']} pictures of {report['set']}, {report['codecs']}; the latents by `blindsight eval --limit {report['pictures']}`",
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
    return lines


def eval_lines(evals, points, curves, cost):
    lines = ['<a id="row-8"></a>', "## Row 8: bundles in the agent, scored from their bitstreams", "", "`blindsight eval --bundle ID --data DATA`: lean profiles, and the paper's systems as exported by `models/export.py --systems`. bpp: of the payload,", "and of the record with its container.", ""]
    lines += ["| bundle, coding | set | pictures | bpp / record | top-1 | top-5 | Imagenette / Imagewoof | mIoU | PSNR dB | SSIM | MS-SSIM |", "|---" * 11 + "|"]
    show = lambda f, key, digits: f"{f[key]:.{digits}f}" if key in f else ""
    for e in evals.values():
        for name, f in e["sets"].items():
            halves = f"{f['top1_imagenette']:.1f} / {f['top1_imagewoof']:.1f}" if "top1_imagenette" in f else ""
            crop = f", crop {f['crop']}" if "crop" in f else ""
            lines.append(
                f"| {e['bundle']}, {e['coding']} | {name}{crop} | {f['images']} | {f['bpp']:.3f} / {f['bpp_record']:.3f} | {show(f, 'top1', 2)} | {show(f, 'top5', 2)} | {halves} | {show(f, 'miou', 2)} | {show(f, 'psnr_db', 2)} | {show(f, 'ssim', 3)} | {show(f, 'ms_ssim', 3)} |"
            )
    return [*lines, "", *target_lines(evals, points, curves, cost), *history_lines(evals), *stage_lines(evals)]


def default_bundle():
    """What runs where nobody names another, and the hash of its manifest."""
    name = re.search(r"DEFAULT_BUNDLE = '([^']+)'", (HERE.parent / "agent" / "bundles.ts").read_text())[1]
    return HERE / "bundles" / name


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
    return [*lines, *[f"| {what} | {asked} | **{value:.2f}** | {verdict[ok]} |" for what, asked, value, ok in rows], ""]


def history_lines(evals):
    """How the bundles' networks were trained, from their manifests and configurations."""
    lines = ["How they were trained (data: imagenet20-160, CamVid, photos-256; one seed; minutes of two CPU cores, as their configurations say):", "", "| profile | goes on from | parts and minutes |", "|---|---|---|"]
    for path in sorted((HERE / "configs").glob("lean*.toml"), key=lambda p: (len(p.stem), p.stem)):
        config = tomllib.loads(path.read_text())
        parts = {k: v for k, v in config.items() if isinstance(v, dict) and "minutes" in v}
        spent = ", ".join(f"{part} {knobs['minutes']}" for part, knobs in parts.items())
        lines.append(f"| [{path.stem}](../models/configs/{path.name}) | {config.get('joint', {}).get('start', '')} | {spent} |")
    return [*lines, "", "What was chosen knowing figures of held-out pictures is said at the top of each configuration.", ""]


def stage_lines(evals):
    """IoU of each class, and what a picture costs."""
    streets = {n: e["sets"]["camvid/test"] for n, e in evals.items() if "camvid/test" in e["sets"]}
    names = list(next(iter(streets.values()))["iou"]) if streets else []
    lines = ["IoU of each class, camvid/test:", "", f"| bundle | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {evals[n]['bundle']} | {' | '.join(f'{v:.0f}' for v in s['iou'].values())} |" for n, s in streets.items()]
    stages = ["encode", "entropyCode", "entropyDecode", "decode", "classify", "segment"]
    lines += ["", "Mean ms for a picture, one at a time:", "", "| bundle, set, machine | encode | entropy code | entropy decode | decode | classify | segment |", "|---" * 7 + "|"]
    for e in evals.values():
        for name, s in e["sets"].items():
            cells = [f"{s['ms'][k]:.1f}" if k in s["ms"] else "" for k in stages]
            lines.append(f"| {e['bundle']}, {e['coding']}, {name}, {e['cpu']}, {e['threads']} threads | {' | '.join(cells)} |")
    return [*lines, ""]


if __name__ == "__main__":
    main()
