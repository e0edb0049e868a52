"""What networks look at: a data set's square pictures, and what a codec makes of them."""

import json
import os
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch

from data.crops import square
from data.imagenet import class_folders
from data.pictures import DataError, read_rgb, read_some, to_batch
from networks.codec import encode, latent_of
from networks.layers import STRIDE
from systems.codec import channels_of, frozen_codec
from systems.finished import digest, made
from training.checkpoint import write_json
from training.progress import Progress


def pictures(run, split):
    """-> uint8 [N,S,S,3] (memory-mapped), labels [N], wnids, number of pictures left out. ImageNet's layout: <dataset>/<split>/<wnid>/*."""
    folder, size = run.data / run.knobs["dataset"], run.knobs["size"]
    paths, labels, wnids = class_folders(folder / split, run.limit, like=folder / "train")
    key = digest(run.knobs["dataset"], split, size, run.limit, str(run.data.resolve()), [p.stat().st_size for p in paths])
    path = run.out / "cache" / f"{split}-original-{key}.rgb"
    if not path.exists():
        print(f"{run.part}  reads {len(paths)} pictures of {run.knobs['dataset']}/{split}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        tmp, kept = f"{path}.{os.getpid()}.tmp", []
        with open(tmp, "wb") as file:
            for i in range(0, len(paths), 1024):  # ImageNet does not fit into memory
                images, good = read_some(paths[i : i + 1024], run.args.skip_corrupt, lambda p: square(read_rgb(p), size))
                kept += [i + k for k in good]
                for image in images:
                    file.write(np.ascontiguousarray(image).tobytes())
        write_json(path.with_suffix(".json"), kept)
        os.replace(tmp, path)
    kept = json.loads(path.with_suffix(".json").read_text())
    if len(kept) < len(paths) and not run.args.skip_corrupt:
        raise DataError(f"{folder / split}: {len(paths) - len(kept)} broken pictures were left out of {path}; mend them, or say --skip-corrupt again")
    return np.memmap(path, np.uint8, "r", shape=(len(kept), size, size, 3)), labels[kept], wnids, len(paths) - len(kept)


def source(run, name, split):
    """-> uint8 [views,N,...]: RGB [N,S,S,3] in one view; symbols [N,C,S/8,S/8] in two, of the pictures and (for training) of their
    mirror images, since a mirrored latent is not the latent of the mirrored picture."""
    rgb, *_ = pictures(run, split)
    if name == "original":
        return rgb[None]
    what, codec_name = name.split(":")
    key = digest(made(run, codec_name), Path(rgb.filename).name, rgb.shape)
    path = run.out / "cache" / f"{split}-{what}-{codec_name}-{key}.npy"
    if not path.exists():
        codec = frozen_codec(run, codec_name)
        n, size = rgb.shape[:2]
        views = 2 if what == "latent" and split == "train" else 1
        shape = (n, size, size, 3) if what == "decoded" else (n, channels_of(codec), size // STRIDE, size // STRIDE)
        # Two programs may make the same file at the same time: each has its own until it is whole.
        tmp = f"{path}.{os.getpid()}.tmp"
        out = np.lib.format.open_memmap(tmp, "w+", np.uint8, (views, *shape))
        progress = Progress(run.part)
        for view in range(views):
            for i in range(0, n, 64):
                batch = to_batch([im[:, ::-1] if view else im for im in rgb[i : i + 64]])
                # What is scored is what the codec makes at full precision, as in a bundle; training is forgiving.
                out[view, i : i + len(batch)] = seen_through(run, codec, what, batch, exact=split != "train")
                progress(f"{name} of {split}", (view * n + i + len(batch)) / (views * n))
        out.flush()
        os.replace(tmp, path)
    return np.load(path, mmap_mode="r")


def crop_of(array, index, mirror, y, x, side):
    """One crop on the 8-pixel grid: y, x, side in latent positions of the (mirrored) picture. RGB is [H,W,3], symbols [C,h,w]."""
    if array.shape[-1] == 3:
        image = array[0, index]
        image = image[:, ::-1] if mirror else image
        return image[y * STRIDE : (y + side) * STRIDE, x * STRIDE : (x + side) * STRIDE]
    return array[int(mirror), index, :, y : y + side, x : x + side]


@torch.inference_mode()
def seen_through(run, codec, what, batch, exact):
    """RGB in [0, 1], [N,3,H,W] -> symbols uint8 [N,C,H/8,W/8] of "latent", RGB uint8 [N,H,W,3] of "decoded". exact: at full precision."""
    with nullcontext() if exact else run.autocast():
        symbols = encode(codec, batch)
        if what == "latent":
            return symbols.numpy()
        decoded = codec.decoder(latent_of(symbols, codec.quantiser.centres))
    return (decoded.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def coder(run, name, exact=False):
    """-> function: uint8 [H,W,3] -> the source's array, RGB [H,W,3] or symbols [C,h,w]; exact: at full precision, for what is scored"""
    if name == "original":
        return np.ascontiguousarray
    what, codec_name = name.split(":")
    codec = frozen_codec(run, codec_name)
    return lambda image: seen_through(run, codec, what, to_batch([image]), exact)[0]
