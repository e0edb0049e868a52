"""Makes what the field network learns from: views without end, as symbols by a bundle's encoder, and their targets.

    python models/shards.py --data DIR --first 0 --count 40
    python models/shards.py --data DIR --first 40 --count 40        # at the same time, on another core

A shard is written whole or not at all; one that is there is not made again. It depends on its number alone. Training
(models/train.py analyse) begins with those that are there and takes in new ones as they come.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from bundling.released import encoder
from data.field.labels import TAGS
from data.field.maker import Maker
from data.field.shards import make_shard
from data.pictures import DataError
from places import BUNDLES, RUNS
from training.checkpoint import TrainError, write_whole


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True, help="where unpack.sh put the data sets")
    p.add_argument("--bundle", type=Path, default=BUNDLES / "lean-5", help="whose encoder makes the symbols")
    p.add_argument("--out", type=Path, default=RUNS / "field-1" / "shards")
    p.add_argument("--first", type=int, default=0)
    p.add_argument("--count", type=int, default=40)
    p.add_argument("--views", type=int, default=1000, help="of a shard")
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    encode, maker = encoder(args.bundle, threads=1), None
    for n in range(args.first, args.first + args.count):
        path = args.out / f"{n:04d}.npz"
        if path.exists():
            continue
        if maker is None:
            maker = Maker(args.data)
            print(maker.says(), flush=True)
        maker.rng, started = np.random.default_rng(1000 + n), time.monotonic()
        shard = make_shard(maker, encode, args.views)

        def save(tmp):
            with open(tmp, "wb") as file:
                np.savez(file, **shard)

        write_whole(path, save)
        yes = dict(zip(TAGS, (shard["tags"] == 1).sum(0).tolist()))
        print(f"shard {n}: {time.monotonic() - started:.0f} s  {yes}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (DataError, TrainError) as error:
        sys.exit(f"shards.py: {error}")
