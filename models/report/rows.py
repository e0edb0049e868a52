"""Rows 1 to 4 of docs/background/results.md: codecs, classifiers and segmenters."""

import matplotlib.pyplot as plt

from places import DOCS
from report.budget import epochs, spent
from report.paper import PAPER, POINTS, mean, network_of, point_of, usual


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
        "all sides; `imagenet20-160` val, 20 classes, centre crop; widths are of the paper's. A second seed is a row of its own.", "",
        "| run | network on | width | trained | pictures | top-1 | top-5 | Imagenette / Imagewoof | paper top-1 / top-5 |", "|---" * 9 + "|",
    ]
    for name, run in sorted(runs.items(), key=lambda item: (point_of(item[1]), item[0])):
        c, paper = run["classify"], PAPER.get((point_of(run), network_of(run)))
        lines.append(
            f"| {name} | {network_of(run)}, {run['knobs']['source']} | {run['knobs']['width']} | {epochs(run)} | {c['images']} | **{c['top1']:.2f}** | {c['top5']:.2f} | {c['top1_imagenette']:.1f} / {c['top1_imagewoof']:.1f} | {f'{paper[1]} / {paper[0]}' if paper else ''} |"
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
    return ["![Top-1 against bits per pixel and against multiply-adds](../images/accuracy.svg)", ""]


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
        lines.append(f"| {name} | {network_of(run)}, {run['knobs']['source']} | {run['knobs']['width']} | {epochs(run)} | {f['images']} | **{f['miou']:.2f}** | {f['pixel_accuracy']:.2f} | {paper[2] if paper else ''} |")
    names = list(next(iter(runs.values()))["segment"]["iou"])
    lines += ["", "IoU of each class:", "", f"| run | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {n} | {' | '.join(f'{v:.0f}' for v in r['segment']['iou'].values())} |" for n, r in sorted(runs.items(), key=lambda item: (point_of(item[1]), item[0]))]
    return [*lines, ""]
