"""Row 7 of docs/background/results.md: rate-distortion."""

import math

import matplotlib.pyplot as plt

from places import DOCS


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
        "from the bitstreams as written, containers included.", "", "![PSNR, SSIM and MS-SSIM against bits per pixel](../images/rate-distortion.svg)", "",
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
