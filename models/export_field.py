"""Writes the bundle of a field network: the codec of a released bundle and analyse.onnx (bundling/graphs.py) from a checkpoint, compared with PyTorch.

    python models/export_field.py --id field-1 --data DIR --checkpoint models/runs/field-1/analyse.pt
    python models/score.py --bundle models/bundles/field-1 --data DIR --clips ../shared/field-clips ../shared/clips --write

Of a run that has not ended, its running mean as it is.
"""

import argparse
import logging
import sys
import warnings
from pathlib import Path

from bundling.field import build
from bundling.whole import whole_folder
from data.pictures import DataError
from places import BUNDLES
from training.checkpoint import TrainError


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--id", required=True)
    p.add_argument("--data", type=Path, required=True, help="where unpack.sh put the data sets")
    p.add_argument("--checkpoint", type=Path, required=True, help="of models/train.py analyse")
    p.add_argument("--of", type=Path, default=BUNDLES / "lean-5", metavar="BUNDLE", help="the released bundle on whose codec it was trained")
    p.add_argument("--replaces", type=Path, metavar="BUNDLE", help="a published bundle of that codec whose place this one takes: streams that name it are then this one's")
    p.add_argument("--out", type=Path, default=BUNDLES)
    args = p.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    with whole_folder(args.out / args.id) as folder:
        build(folder, args.id, args.of, args.checkpoint, args.data, args.checkpoint.parent.name, args.replaces)


if __name__ == "__main__":
    try:
        main()
    except (TrainError, DataError) as error:
        sys.exit(f"export_field.py: {error}")
