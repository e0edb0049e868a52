"""Latents of a frozen codec, computed once and kept."""

import hashlib

import numpy as np

from data.crops import random_resized
from data.imagenet import class_folders
from data.pictures import read_all, to_batch
from networks.codec import encode
from networks.layers import STRIDE
from training.checkpoint import write_whole
from training.parts.codec import codec_folder
from training.progress import Progress


def cached_latents(run, codec):
    """Latents of random views, computed once: uint8 [variants, pictures, C, h, w]; the codec is frozen, so they stay true."""
    knobs = run.knobs
    paths, labels, wnids = class_folders(run.data / "imagenet20-160" / "train", run.limit)
    size = knobs["crop"] + 32  # room for random crops of the latent at training time
    key = hashlib.sha256((codec_folder(run.out, run.config) / "codec.pt").read_bytes() + repr((str(run.data.resolve()), len(paths), size, knobs["variants"], run.config["seed"])).encode()).hexdigest()[:12]
    path = run.out / f"latents-{key}.npy"
    if not path.exists():
        images = read_all(paths)
        rng = np.random.default_rng(run.config["seed"])
        h = size // STRIDE
        out = np.empty((knobs["variants"], len(images), run.config["codec"]["channels"], h, h), np.uint8)
        progress = Progress(run.part)
        for v in range(knobs["variants"]):
            for i in range(0, len(images), 64):
                views = [random_resized(im, size, rng) for im in images[i : i + 64]]
                with run.autocast():
                    out[v, i : i + len(views)] = encode(codec, to_batch(views)).numpy()
                progress(f"latents of view {v + 1} of {knobs['variants']}", (v * len(images) + i + len(views)) / (knobs["variants"] * len(images)))

        def save(tmp):
            with open(tmp, "wb") as file:
                np.save(file, out)

        write_whole(path, save)
    return np.load(path, mmap_mode="r" if run.limit is None else None), labels, wnids
