"""Writes a bundle: four ONNX graphs, the integer entropy table and the manifest, from a finished profile, or from runs of the rows.

    python models/export.py --id lean-1 --data DIR
    python models/export.py --id lean-5 --data DIR --config models/configs/lean-5.toml --replaces models/bundles/lean-4
    python models/export.py --id paper-0.330 --data DIR --systems ae-0.330 c51-0.330 seg-c51-0.330

What the graphs compute is in bundling/graphs.py. Every graph is run in ONNX Runtime and in PyTorch on real pictures of several sizes;
any difference but counted ties (bundling/compare.py) fails the export.
"""

import argparse
import logging
import sys
import warnings
from pathlib import Path

from bundling.bundle import build
from bundling.profile import profile_parts
from bundling.rows import paper_parts
from bundling.whole import whole_folder
from data.pictures import DataError
from places import BUNDLES, CONFIGS, RUNS
from training.checkpoint import TrainError


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--id", required=True)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--config", type=Path, default=CONFIGS / "lean.toml")
    p.add_argument("--runs", type=Path, help="default: models/runs/<config's name>")
    p.add_argument("--systems", nargs=3, metavar=("CODEC", "CLASSIFIER", "SEGMENTER"), help="finished runs of rows 1 to 5 instead of a profile")
    p.add_argument("--replaces", type=Path, metavar="BUNDLE", help="an earlier bundle of this codec, of which all but the heads is taken as it is: its records are then the new one's, and it may go")
    p.add_argument("--out", type=Path, default=BUNDLES)
    args = p.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    if args.systems:
        parts = paper_parts(args, args.runs or RUNS / "paper")
    else:
        parts = profile_parts(args, args.runs or RUNS / args.config.stem)
    with whole_folder(args.out / args.id) as folder:
        build(folder, args, parts)


if __name__ == "__main__":
    try:
        main()
    except (TrainError, DataError) as error:
        sys.exit(f"export.py: {error}")
