"""Folders of pictures: listed, read, and made into batches."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

PICTURES = {".webp", ".png", ".jpg", ".jpeg", ".JPEG"}
BROKEN = (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError)  # what Pillow raises for a damaged file
left_out = set()  # broken pictures that `check` was told to do without; no listing names them


class DataError(Exception):
    """A folder or a file of a data set is missing or broken; the message says which and what to do."""


def pictures_in(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; unpack the data set there or give --data DIR")
    found = sorted(p for p in folder.rglob("*") if p.suffix in PICTURES and p not in left_out)
    if not found:
        raise DataError(f"{folder}: holds no pictures that can be read ({', '.join(sorted(PICTURES))})")
    return found


def read_rgb(path):
    """-> uint8 [H,W,3]"""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except BROKEN as error:
        raise DataError(f"{path}: not a readable picture ({error})") from error


def read_all(paths, reader=read_rgb):
    with ThreadPoolExecutor() as pool:
        return list(pool.map(reader, paths))


def read_some(paths, skip_corrupt, reader=read_rgb):
    """-> what could be read, its indices. A broken file is an error, unless skip_corrupt says to leave it out."""

    def attempt(path):
        try:
            return reader(path)
        except DataError as error:
            if not skip_corrupt:
                raise
            print(f"left out: {error}", flush=True)
            return None

    found = read_all(paths, attempt)
    kept = [i for i, image in enumerate(found) if image is not None]
    return [found[i] for i in kept], kept


def to_batch(images):
    """list of uint8 [H,W,3] -> float [N,3,H,W] in [0, 1]"""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
