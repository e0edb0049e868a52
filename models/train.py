"""Trains one part of a profile: the autoencoder, the classifier, the segmenter's trunk, the segmenter; or codec and both heads
jointly, and then a larger decoder for the client; or the field network.

    python models/train.py autoencoder --data DIR --minutes 25
    python models/train.py classify    --data DIR
    python models/train.py pretrain    --data DIR
    python models/train.py segment     --data DIR

    python models/train.py joint   --data DIR --config models/configs/lean-2.toml      # goes on from lean's parts
    python models/train.py decoder --data DIR --config models/configs/lean-2.toml

    python models/train.py analyse --data DIR --config models/configs/field-1.toml     # on shards that models/shards.py makes

A configuration with [[runs]] is a row of docs/background/results.md, the paper's systems:

    python models/train.py --config models/configs/row-1.toml --data DIR               # or one of its runs by name

Each writes models/runs/<profile>/<part>.pt (a checkpoint, every minute, whole or not at all; the same
command goes on from it) and, at its end, <part>.json with the figures measured on validation data.
The codec is frozen, batch norms folded and weights rounded to fp16, before any head is trained.
The learning rate follows max(steps done / steps, time used / minutes), so a run always ends annealed.
"""

import argparse
import ctypes
import sys
import tomllib
from pathlib import Path

import torch

from data.pictures import DataError
from places import CONFIGS, RUNS
from systems.rows import runs_of
from training.checkpoint import TrainError
from training.profile import parts_of
from training.run import Run


def main():
    args = parse_args()
    keep_memory()
    torch.set_flush_denormal(True)  # dead filters' momentum shrinks into numbers that a CPU multiplies a hundred times slower
    config = tomllib.loads(args.config.read_text())
    parts = runs_of(config) if "runs" in config else parts_of(config)
    if args.part is None and "runs" not in config:
        raise TrainError(f"which part? {args.config} has {', '.join(parts)}")
    if args.part is not None and args.part not in parts:
        raise TrainError(f"{args.config} has no part {args.part}; it has {', '.join(parts)}")
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out = args.out or RUNS / config.get("group", args.config.stem)
    args.out.mkdir(parents=True, exist_ok=True)
    args.left_out = 0
    for name in [args.part] if args.part else parts:
        train, knobs = parts[name]
        if args.steps is not None and args.minutes is None:
            knobs.pop("minutes", None)
        for key in ("steps", "minutes"):
            if getattr(args, key) is not None:
                knobs[key] = getattr(args, key)
        train(Run(args, config, name, knobs))


def keep_memory():
    """Large blocks stay with the process (glibc, malloc.h: M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD): given back and asked for again in every step on a
    CPU, they cost a third to half of its time in page faults."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # of other C libraries: as they are
    if mallopt:
        for what, value in ((-4, 0), (-1, 1 << 30), (-2, 1 << 28)):
            mallopt(what, value)


def parse_args():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("part", nargs="?", help="a part of the profile, or a run of the row; without it, all runs of the row in order")
    p.add_argument("--config", type=Path, default=CONFIGS / "lean.toml")
    p.add_argument("--data", type=Path, required=True, help="where unpack.sh put the data sets")
    p.add_argument("--out", type=Path, help="default: models/runs/<config's group or name>")
    p.add_argument("--minutes", type=float, help="time budget of this part, over all resumed runs")
    p.add_argument("--steps", type=int, help="step budget of this part, over all resumed runs; without --minutes the only one")
    p.add_argument("--limit", type=int, help="use at most this many pictures per folder or class (smoke runs)")
    p.add_argument("--skip-corrupt", action="store_true", help="leave out pictures that cannot be read, and count them")
    p.add_argument("--shards", type=Path, help="of the part analyse; default: shards in the run's folder")
    p.add_argument("--threads", type=int, help="CPU threads; two runs side by side with one each do more than one with two")
    p.add_argument("--compile", action="store_true", help="compile the networks of a joint run (torch.compile, needs g++): minutes at the start, then faster steps")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return p.parse_args()


if __name__ == "__main__":
    try:
        main()
    except (TrainError, DataError) as error:
        sys.exit(f"train.py: {error}")
