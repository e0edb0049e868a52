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


def main():
    plt.rcParams.update({"svg.hashsalt": "blindsight", "font.size": 9})
    cost, curves = read("cost"), read("rate-distortion")
    evals = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("eval-*.json"))}
    done = {6: cost, 7: curves, 8: evals}
    lines = [
        "# Results", "",
        "Made by `python models/results.py` from the files in `docs/results/`, which the commands below have written. The paper's figures are",
        "those of its text (ImageNet, PASCAL VOC 2012); ours are of smaller data on CPUs, so they compare with each other and not with the paper's.",
        "", "| row | system | |", "|---|---|---|",
        *[f"| {k} | {name} | {f'[measured](#row-{k})' if done.get(k) else '**not yet**'} |" for k, name in ROWS.items()], "",
    ]
    if cost:
        lines += cost_lines(cost)
    if curves:
        lines += curve_lines(curves, evals)
    if evals:
        lines += eval_lines(evals)
    (DOCS / "results.md").write_text("\n".join(lines) + "\n")


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
    lines = ['<a id="row-8"></a>', "## Row 8: lean bundles, from their bitstreams", "", "`blindsight eval --bundle ID --data DATA`; bpp: of the payload, and of the record with its container.", ""]
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
