"""The paper's figures, and how runs are named after them."""

# paper.md section 3: (bpp, network) -> top-5, top-1 (ImageNet), mIoU (PASCAL VOC 2012), in percent.
PAPER = {
    ("original", "ResNet-50"): (89.96, 71.06, 65.75),
    ("0.635", "ResNet-50"): (88.34, 68.26, 62.97), ("0.635", "cResNet-51"): (87.85, 67.68, 62.86), ("0.635", "cResNet-39"): (87.47, 67.17, 61.85),
    ("0.330", "ResNet-50"): (86.25, 65.18, 60.75), ("0.330", "cResNet-51"): (85.87, 64.78, 61.12), ("0.330", "cResNet-39"): (85.46, 64.14, 60.78),
    ("0.0983", "ResNet-50"): (78.52, 55.30, 52.97), ("0.0983", "ResNet-71"): (79.28, 56.23, 54.55),
    ("0.0983", "cResNet-51"): (78.20, 55.18, 54.62), ("0.0983", "cResNet-72"): (79.02, 55.82, 55.78),
}
POINTS = ["0.0983", "0.330", "0.635"]


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
