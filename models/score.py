"""Scores the field network: on field/val, and on clips with truth files.

    python models/score.py --data DIR --checkpoint models/runs/field-1/analyse.pt --clips ../shared/field-clips ../shared/clips

Of a run that has not ended, its running mean as it is.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import torch

from bundling.released import encoder, manifest_of
from data.field import labels
from data.field.labels import MASK, TAGS
from data.pictures import DataError
from networks.analyser import Analyser
from places import BUNDLES
from scoring.clips import best_thresholds, clip_rows
from scoring.field import score
from training.checkpoint import TrainError, load


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True, help="where unpack.sh put the data sets")
    p.add_argument("--checkpoint", type=Path, required=True, help="of models/train.py analyse")
    p.add_argument("--bundle", type=Path, default=BUNDLES / "lean-5", help="on whose codec it was trained")
    p.add_argument("--clips", type=Path, nargs="*", help="a folder of truth files, then further folders of clips")
    p.add_argument("--limit", type=int, help="use at most this many pictures")
    p.add_argument("--threads", type=int, default=1)
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    latent = manifest_of(args.bundle)["latent"]
    centres, model = torch.tensor(latent["centres"]), Analyser(latent["channels"], len(TAGS), len(MASK)).eval()
    if not args.checkpoint.exists():
        raise TrainError(f"{args.checkpoint} is missing; train it first: see models/README.md")
    saved = torch.load(args.checkpoint, map_location="cpu", weights_only=False)
    load(model, saved.get("ema", saved), args.checkpoint)
    print(json.dumps(score(model, centres, args.bundle, labels.load(args.data, "val", args.limit)), indent=1))
    if args.clips:
        rows = clip_rows(model, centres, encoder(args.bundle, threads=args.threads), args.clips)
        for row in rows:
            if row.name in ("person", "car") or row.there.any():
                print(row)
        print(json.dumps(best_thresholds(rows), indent=1))


if __name__ == "__main__":
    try:
        main()
    except (DataError, TrainError, subprocess.CalledProcessError) as error:
        sys.exit(f"score.py: {error}")
