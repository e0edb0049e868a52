"""Row 6 of docs/background/results.md: cost."""


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
