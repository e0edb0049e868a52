"""Scores a bundle that has a field network: on field/val, and on clips with truth files; with --write its thresholds are chosen there and kept in its manifest.

    python models/score.py --bundle models/bundles/field-1 --data DIR --clips ../shared/field-clips ../shared/clips --write

    python models/score.py --bundle models/bundles/lean-5 --data DIR                  # what its masks say of persons and cars, for comparison

Each half second of a clip is judged for itself; what the agent makes of them is `blindsight eval --clips`.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from bundling.bundle import write_manifest
from bundling.field import ANALYSE, INT8, analyser
from bundling.released import encoder, manifest_of
from data.field import labels
from data.pictures import DataError
from scoring.clips import best_thresholds, clip_rows
from scoring.field import figures, said, segmenter
from scoring.thresholds import thresholds
from training.checkpoint import TrainError


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bundle", type=Path, required=True)
    p.add_argument("--data", type=Path, required=True, help="where unpack.sh put the data sets")
    p.add_argument("--clips", type=Path, nargs="*", default=[], help="a folder of truth files, then further folders of clips")
    p.add_argument("--limit", type=int, help="use at most this many pictures")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--write", action="store_true", help="thresholds and figures into the bundle's manifest")
    args = p.parse_args()
    encode, analyses = encoder(args.bundle, args.threads), (args.bundle / ANALYSE).exists()
    if not analyses and (args.clips or args.write):
        raise TrainError(f"{args.bundle} has no {ANALYSE}: only its masks can be scored, on pictures, without --clips and --write")
    answer = (analyser if analyses else segmenter)(args.bundle, args.threads)
    on_pictures = said(answer, encode, labels.load(args.data, "val", args.limit))
    report = {"field/val": figures(*on_pictures)}
    if (args.bundle / INT8).exists():
        report["field/val, int8"] = figures(*said(analyser(args.bundle, args.threads, INT8), encode, labels.load(args.data, "val", args.limit)))
    if not analyses:
        return print(json.dumps(report, indent=1))
    rows = clip_rows(answer, encode, args.clips) if args.clips else []
    for row in rows:
        if row.name in ("person", "car") or row.there.any():
            print(row)
    chosen, why = thresholds(*on_pictures[:2], rows)
    report["thresholds"] = why
    print(json.dumps({**report, "clips, at best": best_thresholds(rows)} if rows else report, indent=1))
    if args.write:
        manifest = manifest_of(args.bundle)
        manifest["analyse"]["tags"]["thresholds"] = chosen
        manifest["metrics"]["analyse"] = report
        write_manifest(args.bundle, manifest)
        print(f"{args.bundle / 'manifest.json'}: thresholds " + ", ".join(f"{tag} {limits['enter']}" for tag, limits in chosen.items()))


if __name__ == "__main__":
    try:
        main()
    except (DataError, TrainError, subprocess.CalledProcessError) as error:
        sys.exit(f"score.py: {error}")
