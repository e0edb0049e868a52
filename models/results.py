"""Writes docs/results.md and its plots from docs/results/*.json, which the programs named in them have written.

    python models/results.py

Nothing is typed by hand: a figure without a file is a row that says so.
"""

import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

DOCS = Path(__file__).parent.parent / "docs"
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
        "those of its text (ImageNet, PASCAL VOC 2012); ours are of smaller data on CPUs, so they compare with each other and not with the paper's.",
        "", "| row | system | |", "|---|---|---|",
        *[f"| {k} | {name} | {f'[measured](#row-{k})' if done.get(k) else '**not yet**'} |" for k, name in ROWS.items()], "",
    ]
    lines += claim_lines(systems) + codec_lines(of_row[1]) + classifier_lines({**of_row[2], **of_row[3]}, cost) + segmenter_lines(systems) + joint_lines(systems)
    if cost:
        lines += cost_lines(cost)
    if curves:
        lines += curve_lines(curves, points)
    if evals:
        lines += eval_lines(evals)
    (DOCS / "results.md").write_text("\n".join(lines) + "\n")


def collect():
    """The reports of finished runs of rows 1 to 5, into one small file that git keeps."""
    known = read("systems") or {}
    for path in sorted((Path(__file__).parent / "runs" / "paper").glob("*.json")):
        known[path.stem] = json.loads(path.read_text())
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


def claim_lines(systems):
    """The paper's three claims, each with what these runs say of it."""
    classifiers = usual({n: r for n, r in systems.items() if "classify" in r and r["row"] in (2, 3)})
    rows, found = [], {}
    for point in POINTS:
        latent, decoded = ([r["classify"] for r in classifiers.values() if (point_of(r), network_of(r)) == (point, n)] for n in ("cResNet-51", "ResNet-50"))
        if not latent or not decoded:
            continue
        a, b = (mean([c["top1"] for c in side]) for side in (latent, decoded))
        error = (sum(v * (100 - v) / side[0]["images"] / len(side) for v, side in ((a, latent), (b, decoded)))) ** 0.5
        found[point] = (a - b, error)
        theirs = PAPER[point, "cResNet-51"][1] - PAPER[point, "ResNet-50"][1]
        rows.append(f"| {point} | {a:.2f} ({len(latent)}) | {b:.2f} ({len(decoded)}) | **{a - b:+.2f}** ± {error:.2f} | {theirs:+.2f} |")
    if not rows:
        return []
    within = [p for p, (d, _) in found.items() if d >= -1]
    lines = [
        "## The paper's claims", "",
        "Of 20 classes, at a quarter of the paper's width, after epochs in single figures: what follows is about small networks early in their training.", "",
        "**1. Latent within a point of decoded RGB** at equal multiply-adds of the classifier. Top-1 in percent, means over seeds (how many). ± is one",
        "standard error of a difference of two independent samples of that many validation pictures; they are the same pictures, so it is rather wide.", "",
        "| bpp | cResNet-51 on the latent | ResNet-50 on decoded RGB | difference | the paper's |", "|---|---|---|---|---|", *rows, "",
        f"Here it holds at {', '.join(within)} bpp{'' if len(within) == len(found) else '; not at ' + ', '.join(p for p in found if p not in within)}." if within else "Here it holds at none of these rates.", "",
    ]
    if any(d > 1 for d, _ in found.values()):
        lines += [
            "That the latent leads here, where the paper has it a little behind, has a likely reason, which was not tested: a small network has seen these",
            "pictures a handful of times, and what the encoder has learnt already (edges, textures, at an eighth of the size) it need not learn again.",
            "ResNets on RGB have to, and the deeper they are the slower. With epochs enough the lead should go.", "",
        ]
    if len(found) > 1:
        (low, (dl, el)), (high, (dh, eh)) = list(found.items())[0], list(found.items())[-1]
        verdict = "cannot be told apart" if abs(dl - dh) < 2 * (el**2 + eh**2) ** 0.5 else "grows" if dl > dh else "shrinks"
        text = "the two cannot be told apart with so few seeds" if verdict == "cannot be told apart" else f"it {verdict}"
        lines += [f"**2. The latent's advantage grows towards low rates.** Here it is {dh:+.2f} points at {high} bpp and {dl:+.2f} at {low}: {text} (two standard errors are {2 * (el**2 + eh**2) ** 0.5:.2f}).", ""]
    if {"joint-0.0983", "longer-0.0983"} <= systems.keys():
        lines += joint_claim(systems)
    return lines


def joint_claim(systems):
    """Each joint run against the separate networks trained as long, and against its own control."""
    rate = lambda name: systems[name]["codec"]["imagenet20-160/val"]["bpp"]
    top1 = {n: systems[n]["classify"]["top1"] for n in TITLES if n in systems}
    base = rate("ae-0.0983")
    lines = [
        "**3. Joint training helps.** Top-1 at 0.0983 bpp, the separate codec and its network trained as long as the joint one: "
        f"{top1['longer-0.0983']:.2f} % at {base:.3f} bpp on the validation set. The paper reports about +2. One seed each; more in [row 5](#row-5).", "",
        "| joint run | bpp on the validation set | top-1 | over separate | over its control |", "|---|---|---|---|---|",
    ]
    verdicts = []
    for name, control in CONTROLS.items():
        if name not in top1:
            continue
        gain = top1[name] - top1["longer-0.0983"]
        over = top1[name] - top1[control] if control in top1 else None
        lines.append(f"| {TITLES[name]}, beta {systems[name]['knobs']['beta']} | {rate(name):.3f} ({rate(name) / base - 1:+.0%}) | {top1[name]:.2f} | {gain:+.2f} | {'' if over is None else f'{over:+.2f}'} |")
        error = 2 * (2 * top1[name] * (100 - top1[name]) / systems[name]["classify"]["images"]) ** 0.5
        size = "more than" if gain > error else "within"
        text = f"{TITLES[name]}: {gain:+.2f} points over separate, {size} two standard errors ({error:.2f})"
        if rate(name) > 1.05 * base:
            text += ", but **not at equal rate**: the sheet's weights (gamma 0.001, beta 150) make an excess bit per symbol cost no more than 0.15 of cross-entropy, which does not hold the rate here"
        if over is not None:
            text += "; it beats its control" if over > 0 else "; it does not beat its control, as the paper's does: a network trained anew on the frozen joint codec is better"
        verdicts.append(f"- {text}.")
    return [*lines, "", *verdicts, ""]


TITLES = {
    "c51-0.0983": "separate", "longer-0.0983": "separate, longer", "joint-0.0983": "joint, the sheet's beta",
    "control-0.0983": "control of it", "held-0.0983": "joint, rate held", "held-control-0.0983": "control of that",
}
CONTROLS = {"held-0.0983": "held-control-0.0983", "joint-0.0983": "control-0.0983"}  # a fresh network on the joint codec, frozen


def spent(run):
    return f"{run['steps']} steps, {run['minutes']:.0f} min" + ("" if run["device"] == "cpu" else f" {run['device']}")


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
            lines.append(f"| {name} | {run['knobs']['codec_width']} | {spent(run)} | {set_} | {f['images']} | {run['knobs']['target_bpp']} | {f['bpp']:.3f} | {f['bpp_per_channel']:.3f} | {f['psnr_db']:.2f} | {f['ssim']:.3f} | {ms} |")
    return [*lines, ""]


def classifier_lines(runs, cost):
    if not runs:
        return []
    lines = [
        '<a id="row-2"></a><a id="row-3"></a>', "## Rows 2 and 3: classification", "",
        "`python models/train.py --config models/configs/row-2.toml --data DATA` (latent) and `row-3.toml` (RGB): the same pictures, crops and epochs on",
        "all sides, at a quarter of the paper's width; `imagenet20-160` val, 20 classes, centre crop. A second seed is a row of its own.", "",
        "| run | network on | width | trained | pictures | top-1 | top-5 | Imagenette / Imagewoof | paper top-1 / top-5 |", "|---" * 9 + "|",
    ]
    for name, run in sorted(runs.items(), key=lambda item: (point_of(item[1]), item[0])):
        c, paper = run["classify"], PAPER.get((point_of(run), network_of(run)))
        lines.append(
            f"| {name} | {network_of(run)}, {run['knobs']['source']} | {run['knobs']['width']} | {run['knobs']['epochs']} epochs, {run['minutes']:.0f} min | {c['images']} | **{c['top1']:.2f}** | {c['top5']:.2f} | {c['top1_imagenette']:.1f} / {c['top1_imagewoof']:.1f} | {f'{paper[1]} / {paper[0]}' if paper else ''} |"
        )
    lines.append("")
    base = [r["classify"]["top1"] for n, r in runs.items() if n.startswith("c51-0.330") and n in usual(runs)]
    for name, what in (("c51-0.330-distilled", "taught by ResNet-50 on original RGB as well"), ("c51-0.330-paper-recipe", "with the paper's recipe")):
        if name in runs and base:
            lines += [f"cResNet-51 at 0.330 bpp {what}: {runs[name]['classify']['top1']:.2f} against {mean(base):.2f} ({runs[name]['classify']['top1'] - mean(base):+.2f}).", ""]
    return lines + accuracy_plots(usual(runs), cost)


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
            gmac = cost["networks"].get(network, {}).get("gmac")
            if gmac and point != "original":
                gmac += 0 if network.startswith("c") else cost["networks"].get("decoder", {}).get("gmac", 0)
                axes[1].plot(gmac, mean(values), marker="o" if network.startswith("c") else "s", color=f"C{POINTS.index(point)}")
                axes[1].annotate(f"{network}, {point}", (gmac, mean(values)), fontsize=6, xytext=(4, 3), textcoords="offset points")
        axes[1].set(xlabel="G multiply-adds at the paper's width, 224×224, decoder included", title="top-1, %, against cost")
        axes[1].margins(x=0.25)
    for axis in axes:
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(DOCS / "images" / "accuracy.svg", metadata={"Date": None})
    return ["![Top-1 against bits per pixel and against multiply-adds](images/accuracy.svg)", ""]


def segmenter_lines(systems):
    runs = {n: r for n, r in systems.items() if "segment" in r}
    if not runs:
        return []
    lines = [
        '<a id="row-4"></a>', "## Row 4: segmentation", "", "`python models/train.py --config models/configs/row-4.toml --data DATA`: CamVid, 11 classes, 480×352, trunks from rows 2 and 3 in dilated form with ASPP.", "",
        "| run | network-d on | width | trained | pictures | mIoU | pixel accuracy | paper mIoU (VOC) |", "|---" * 8 + "|",
    ]
    for name, run in sorted(runs.items(), key=lambda item: (point_of(item[1]), item[0])):
        f, paper = run["segment"], PAPER.get((point_of(run), network_of(run)))
        lines.append(f"| {name} | {network_of(run)}, {run['knobs']['source']} | {run['knobs']['width']} | {run['knobs']['epochs']} epochs, {run['minutes']:.0f} min | {f['images']} | **{f['miou']:.2f}** | {f['pixel_accuracy']:.2f} | {paper[2] if paper else ''} |")
    names = list(next(iter(runs.values()))["segment"]["iou"])
    lines += ["", "IoU of each class:", "", f"| run | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {n} | {' | '.join(f'{v:.0f}' for v in r['segment']['iou'].values())} |" for n, r in sorted(runs.items(), key=lambda item: (point_of(item[1]), item[0]))]
    return [*lines, ""]


def joint_lines(systems):
    """What each regime gives; codec figures are those of camvid/test."""
    if "joint-0.0983" not in systems:
        return []
    codec_of = {n: next((joint for joint, control in CONTROLS.items() if n in (joint, control)), "ae-0.0983") for n in TITLES}
    segment_of = {"c51-0.0983": "seg-c51-0.0983", "joint-0.0983": "seg-joint-0.0983", "held-0.0983": "seg-held-0.0983"}
    lines = [
        '<a id="row-5"></a>', "## Row 5: joint training", "", "`python models/train.py --config models/configs/row-5.toml --data DATA`: Eq. 2 of the paper at 0.0983 bpp.",
        "\"Longer\" has the epochs of the joint run on top; a control is a fresh network on the joint codec, frozen, with as many epochs as both had.", "",
        "Quality and rate: camvid/test; beside it the rate on imagenet20-160/val, which the target was set on. mIoU: CamVid test.", "",
        "| | trained | bpp | bpp, val | PSNR dB | SSIM | MS-SSIM | top-1 | top-5 | mIoU |", "|---" * 10 + "|",
    ]
    rows = {}
    for name, title in TITLES.items():
        if name not in systems:
            continue
        f, c, seg = systems[codec_of[name]]["codec"]["camvid/test"], systems[name]["classify"], systems.get(segment_of.get(name, ""), {}).get("segment")
        rows[name] = {"PSNR, dB": f["psnr_db"], "top-1, %": c["top1"], **({"mIoU, %": seg["miou"]} if seg else {})}
        lines.append(f"| {title} | {systems[name]['knobs']['epochs']} epochs | {f['bpp']:.3f} | {systems[codec_of[name]]['codec']['imagenet20-160/val']['bpp']:.3f} | {f['psnr_db']:.2f} | {f['ssim']:.4f} | {f['ms_ssim']:.4f} | **{c['top1']:.2f}** | {c['top5']:.2f} | {seg['miou'] if seg else ''} |")
    keys = ["PSNR, dB", "top-1, %", "mIoU, %"]
    figure, axes = plt.subplots(1, 3, figsize=(10, 2.4))
    for axis, key in zip(axes, keys):
        have = {TITLES[n]: r[key] for n, r in rows.items() if key in r}
        axis.barh(list(have), list(have.values()), color=["C0" if "separate" in n else "C1" for n in have])
        axis.set(title=key)
        axis.set_xlim(min(have.values(), default=0) * 0.9)
        axis.invert_yaxis()
    figure.tight_layout()
    figure.savefig(DOCS / "images" / "joint.svg", metadata={"Date": None})
    return [*lines, "", "![Joint against separate training](images/joint.svg)", ""]


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
    """Linear between the two settings around it; None outside."""
    for a, b in zip(curve, curve[1:]):
        if a["bpp"] <= bpp <= b["bpp"]:
            return a[key] + (b[key] - a[key]) * (bpp - a["bpp"]) / (b["bpp"] - a["bpp"])
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


def eval_lines(evals):
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
    return [*lines, ""]


if __name__ == "__main__":
    main()
