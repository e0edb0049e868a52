"""Data sets: folders of pictures in, tensors out. Nothing here knows about networks."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

VOID = 255
CAMVID_CLASSES = [
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist",
]
PICTURES = {".webp", ".png", ".jpg", ".jpeg", ".JPEG"}


class DataError(Exception):
    """A folder or a file of a data set is missing or broken; the message says which and what to do."""


def pictures_in(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; unpack the data set there or give --data DIR")
    found = sorted(p for p in folder.rglob("*") if p.suffix in PICTURES)
    if not found:
        raise DataError(f"{folder}: holds no pictures ({', '.join(sorted(PICTURES))})")
    return found


def read_rgb(path):
    """-> uint8 [H,W,3]"""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(f"{path}: not a readable picture ({error})") from error


def read_all(paths, reader=read_rgb):
    with ThreadPoolExecutor() as pool:
        return list(pool.map(reader, paths))


def to_batch(images):
    """list of uint8 [H,W,3] -> float [N,3,H,W] in [0, 1]"""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255


def centre_crop(image, height, width):
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def random_crop(image, size, rng):
    top = rng.integers(image.shape[0] - size + 1)
    left = rng.integers(image.shape[1] - size + 1)
    crop = image[top : top + size, left : left + size]
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def class_folders(folder, limit=None):
    """ImageNet's layout: folder/<wnid>/* -> paths, labels, wnids in order."""
    wnids = sorted(p.name for p in Path(folder).iterdir() if p.is_dir()) if Path(folder).is_dir() else []
    if not wnids:
        raise DataError(f"{folder}: expected one folder per class in it; unpack the data set there or give --data DIR")
    paths, labels = [], []
    for label, wnid in enumerate(wnids):
        found = pictures_in(Path(folder) / wnid)[:limit]
        paths += found
        labels += [label] * len(found)
    return paths, np.array(labels), wnids


def random_resized(image, size, rng, area=(0.35, 1.0)):
    """Random area and aspect (Inception's crop), scaled to size x size, mirrored half of the time."""
    height, width = image.shape[:2]
    for _ in range(8):
        target = height * width * rng.uniform(*area)
        ratio = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
        w, h = round((target * ratio) ** 0.5), round((target / ratio) ** 0.5)
        if w <= width and h <= height:
            break
    else:
        w = h = min(height, width)
    left, top = rng.integers(width - w + 1), rng.integers(height - h + 1)
    picture = Image.fromarray(image).resize((size, size), Image.BICUBIC, box=(left, top, left + w, top + h))
    crop = np.asarray(picture)
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def camvid(folder, limit=None):
    """folder/{images,masks} -> list of (uint8 [H,W,3], uint8 [H,W] with 255 for void)."""
    paths = pictures_in(Path(folder) / "images")[:limit]
    return list(zip(read_all(paths), read_all([mask_of(p) for p in paths], read_mask)))


def mask_of(image_path):
    path = image_path.parent.parent / "masks" / (image_path.stem + ".png")
    if not path.exists():
        raise DataError(f"{path}: the mask of {image_path} is missing")
    return path


def read_mask(path):
    with Image.open(path) as image:
        mask = np.array(image)
    if mask.ndim != 2 or mask.max() > len(CAMVID_CLASSES):
        raise DataError(f"{path}: expected 8-bit class ids 0 to {len(CAMVID_CLASSES)}, found {mask.max()}")
    mask[mask == len(CAMVID_CLASSES)] = VOID
    return mask


def scaled_crop_with_mask(image, mask, size, rng, scales=(0.6, 1.6)):
    """Random scale, mirror and crop of a picture and its mask; what lies outside is void."""
    scale = rng.uniform(*scales)
    width, height = round(image.shape[1] * scale), round(image.shape[0] * scale)
    image = np.asarray(Image.fromarray(image).resize((width, height), Image.BILINEAR))
    mask = np.asarray(Image.fromarray(mask).resize((width, height), Image.NEAREST))
    down, right = max(0, size - height), max(0, size - width)
    image = np.pad(image, ((0, down), (0, right), (0, 0)), mode="reflect") if down or right else image
    mask = np.pad(mask, ((0, down), (0, right)), constant_values=VOID)
    top, left = rng.integers(image.shape[0] - size + 1), rng.integers(image.shape[1] - size + 1)
    image, mask = image[top : top + size, left : left + size], mask[top : top + size, left : left + size]
    return (image[:, ::-1], mask[:, ::-1]) if rng.random() < 0.5 else (image, mask)
