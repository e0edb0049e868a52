"""docs/background/results.md, put together."""

import json

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

from places import DOCS, RESULTS  # noqa: E402
from report.bundles import eval_lines  # noqa: E402
from report.claims import claim_lines  # noqa: E402
from report.cost import cost_lines  # noqa: E402
from report.curves import curve_lines  # noqa: E402
from report.files import collect, configured, read  # noqa: E402
from report.joint import joint_lines  # noqa: E402
from report.rows import classifier_lines, codec_lines, segmenter_lines  # noqa: E402

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


def write():
    """The page and its plots."""
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
    lines += claim_lines(systems, cost) + codec_lines(of_row[1]) + classifier_lines({**of_row[2], **of_row[3]}, cost) + segmenter_lines(systems) + joint_lines(systems)
    if cost:
        lines += cost_lines(cost)
    if curves:
        lines += curve_lines(curves, points)
    if evals:
        lines += eval_lines(evals, points, curves, cost)
    (DOCS / "background" / "results.md").write_text("\n".join(lines) + "\n")


def state_of(row, found):
    """What the table of rows says: measured, or which runs of the configuration are missing."""
    if not found:
        return "**not yet**"
    missing = [name for name in configured(row) if name not in found] if row in range(1, 6) else []
    return f"[measured](#row-{row})" + (f"; not trained yet: {', '.join(missing)}" if missing else "")
