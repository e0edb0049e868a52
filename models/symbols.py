"""Writes what context/train.ts trains on: symbols of stills and of made-up fixed-camera scenes, by a bundle's encoder.

    python models/symbols.py --data DIR --bundle models/bundles/lean-1 --out DIR

    stills of 160x160   the middle of training pictures (imagenet20-160/train)
    stills of 448x256   CamVid's training frames, photographs (photos-256), and two photographs side by side
    scenes of 448x256   50 frames at 10 fps, see `scene`

No frame of a real fixed camera is used, none of any clip and none of a validation set: what the scenes lack in realism (their
objects are cut-out pictures, their light hardly changes) the coder has to learn from the camera itself.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from bundling.released import encoder
from data.crops import centre_crop
from data.pictures import DataError, pictures_in, read_rgb
from data.scenes import LENGTH, SIDE, scene, view
from training.checkpoint import TrainError

BATCH = 8


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--bundle", type=Path, default=Path("models/bundles/lean-1"))
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--small", type=int, default=4000, help="stills of 160x160")
    p.add_argument("--large", type=int, default=600, help="stills of 448x256")
    p.add_argument("--scenes", type=int, default=64)
    p.add_argument("--seed", type=int, default=7)
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(args.seed)
    encode = encoder(args.bundle)
    pictures = {
        "things": pictures_in(args.data / "imagenet20-160/train"),
        "photos": pictures_in(args.data / "photos-256"),
        "street": pictures_in(args.data / "camvid/train/images"),
    }
    index = []

    def write(name, parts, length):
        with open(args.out / name, "wb") as file:
            for count, frames in enumerate(parts, 1):
                symbols = np.concatenate([encode(frames[i : i + BATCH]) for i in range(0, len(frames), BATCH)])
                file.write(symbols.tobytes())
                if count % 50 == 0:
                    print(f"{name}: {count}", flush=True)
        index.append({"file": name, "height": symbols.shape[2], "width": symbols.shape[3], "length": length})

    chosen = rng.permutation(len(pictures["things"]))[: args.small]
    write("small.bin", (centre_crop(read_rgb(pictures["things"][i]), SIDE, SIDE)[None] for i in chosen), 1)
    write("large.bin", (view(pictures, rng)[None] for _ in range(args.large)), 1)
    write("scenes.bin", (scene(pictures, rng) for _ in range(args.scenes)), LENGTH)
    (args.out / "index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (DataError, TrainError, subprocess.CalledProcessError, FileNotFoundError) as error:
        sys.exit(f"symbols.py: {error}")
