"""Row 5 of docs/background/results.md: joint training."""

import matplotlib.pyplot as plt

from places import DOCS

# Row 5: what is shown of each regime: the run that classifies, the codec it stands on, the segmenter on it.
REGIMES = {
    "separate": ("longer-0.0983", "ae-0.0983", "seg-longer-0.0983"),
    "alone": ("alone-longer-0.0983", "alone-0.0983", "seg-alone-0.0983"),
    "joint": ("joint-0.0983", "joint-0.0983", "seg-joint-0.0983"),
    "control": ("control-0.0983", "joint-0.0983", "seg-control-0.0983"),
    "joint, the sheet's beta": ("sheet-joint-0.0983", "sheet-joint-0.0983", None),
    "control of that": ("sheet-control-0.0983", "sheet-joint-0.0983", None),
}


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
        lines.append(f"| {title} | {epochs_in_all(systems, name):g} epochs | {quality['bpp']:.3f} | {rate:.3f} | {quality['psnr_db']:.2f} | {quality['ssim']:.4f} | {quality['ms_ssim']:.4f} | **{c['top1']:.2f}** | {c['top5']:.2f} | {miou or ''} |")
    same_codec = [systems[n]["segment"]["miou"] for n in ("seg-c51-0.0983", "seg-longer-0.0983") if n in systems]
    if len(same_codec) == 2:
        others = {t: systems[s]["segment"]["miou"] for t, (_, _, s) in have.items() if s in systems and t != "separate"}
        against = [f"{t} {miou - max(same_codec):+.2f}" for t, miou in others.items()]
        lines += [
            "", f"How far one run's mIoU can be trusted: on the same codec, begun from c51-0.0983 and from longer-0.0983, which that became, it is {same_codec[0]:.2f} and",
            f"{same_codec[1]:.2f}. So a difference between codecs of a few points says nothing here; it would take more seeds. Against",
            f"the higher of them: {', '.join(against)}.",
        ]
    figure, axes = plt.subplots(1, 3, figsize=(10, 2.4))
    for axis, key in zip(axes, ["PSNR, dB", "top-1, %", "mIoU, %"]):
        shown = {t: r[key] for t, r in rows.items() if key in r}
        axis.barh(list(shown), list(shown.values()), color=["C1" if t.startswith("joint") else "C0" for t in shown])
        axis.set(title=key)
        axis.set_xlim(min(shown.values(), default=0) * 0.9)
        axis.invert_yaxis()
    figure.tight_layout()
    figure.savefig(DOCS / "images" / "joint.svg", metadata={"Date": None})
    lines += ["", "The paper at 0.0983 bpp: about +2 points of top-1, +1.7 of mIoU, SSIM and MS-SSIM slightly up, PSNR slightly down, joint against separate."]
    return [*lines, "", "![Joint against separate training](../images/joint.svg)", ""]


def epochs_in_all(systems, name):
    """Of a classifier, with those of the one it started from."""
    knobs = systems[name]["knobs"]
    before = knobs.get("start") or knobs.get("classifier")
    return knobs["epochs"] + (epochs_in_all(systems, before) if before in systems else 0)
