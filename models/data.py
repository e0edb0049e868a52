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
VOC_CLASSES = [
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
    "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
]
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


def check(folders, skip_corrupt):
    """Reads every picture and CamVid mask of these folders once: what is broken is known before hours of training, not after.

    Raises DataError with the first broken file, or with skip_corrupt leaves its picture out from then on.
    """
    for folder in folders:
        masked = (folder / "images").is_dir()

        def broken(path, masked=masked):
            try:
                read_pair(path, mask_of(path)) if masked else read_rgb(path)
            except DataError as error:
                return path, error

        for path, error in filter(None, read_all(pictures_in(folder / "images" if masked else folder), broken)):
            if not skip_corrupt:
                raise DataError(f"{error}; mend it, or leave it out with --skip-corrupt")
            left_out.add(path)
            print(f"left out: {error}", flush=True)


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


def centre_crop(image, height, width):
    if image.shape[0] < height or image.shape[1] < width:
        raise DataError(f"a picture of {image.shape[1]}x{image.shape[0]} pixels is smaller than the {width}x{height} that are looked at; take larger ones")
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def random_crop(image, size, rng):
    top = rng.integers(image.shape[0] - size + 1)
    left = rng.integers(image.shape[1] - size + 1)
    crop = image[top : top + size, left : left + size]
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def class_folders(folder, limit=None, like=None):
    """ImageNet's layout: folder/<wnid>/* -> paths, labels, wnids in order. `like`: a folder that has to have the same classes."""
    wnids = classes_in(folder)
    expected = wnids if like is None else classes_in(like)
    if wnids != expected:
        odd = sorted(set(wnids) ^ set(expected))
        raise DataError(f"{folder}: its classes are not those that were trained: {', '.join(odd[:5])} on one side only")
    paths, labels = [], []
    for label, wnid in enumerate(wnids):
        found = pictures_in(Path(folder) / wnid)[:limit]
        paths += found
        labels += [label] * len(found)
    return paths, np.array(labels), wnids


def classes_in(folder):
    wnids = sorted(p.name for p in Path(folder).iterdir() if p.is_dir()) if Path(folder).is_dir() else []
    if not wnids:
        raise DataError(f"{folder}: expected one folder per class in it; unpack the data set there or give --data DIR")
    return wnids


def square(image, size):
    """Shorter side scaled to size (if it is another), then the centre: uint8 [size,size,3]."""
    height, width = image.shape[:2]
    if min(height, width) != size:
        scale = size / min(height, width)
        height, width = max(size, round(height * scale)), max(size, round(width * scale))
        image = np.asarray(Image.fromarray(image).resize((width, height), Image.BICUBIC))
    return centre_crop(image, size, size)


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


def camvid(folder, limit=None, skip_corrupt=False):
    """folder/{images,masks} -> list of (uint8 [H,W,3], uint8 [H,W] with 255 for void), how many were left out."""
    paths = pictures_in(Path(folder) / "images")[:limit]
    found, kept = read_some(paths, skip_corrupt, lambda path: read_pair(path, mask_of(path)))
    return found, len(paths) - len(kept)


def voc(root, split, limit=None, skip_corrupt=False):
    """PASCAL VOC 2012's layout (JPEGImages, SegmentationClass, ImageSets/Segmentation/<split>.txt) -> as camvid()."""
    root, listing = Path(root), Path(root) / "ImageSets" / "Segmentation" / f"{split}.txt"
    if not listing.exists():
        raise DataError(f"{listing}: no such file; unpack PASCAL VOC 2012 (VOCdevkit/VOC2012) there or give --data DIR")
    names = listing.read_text().split()[:limit]
    read = lambda name: read_pair(root / "JPEGImages" / f"{name}.jpg", root / "SegmentationClass" / f"{name}.png", VOC_CLASSES, VOID)
    found, kept = read_some(names, skip_corrupt, read)
    return found, len(names) - len(kept)


def segmentation(root, dataset, split, limit=None, skip_corrupt=False):
    """-> pairs, names of the classes, how many pairs were left out. A folder with ImageSets in it is VOC's layout, any other CamVid's."""
    folder = Path(root) / dataset
    if (folder / "ImageSets").is_dir():
        pairs, left_out = voc(folder, split, limit, skip_corrupt)
        return pairs, VOC_CLASSES, left_out
    pairs, left_out = camvid(folder / split, limit, skip_corrupt)
    return pairs, CAMVID_CLASSES, left_out


def read_pair(image_path, mask_path, *of_mask):
    image, mask = read_rgb(image_path), read_mask(mask_path, *of_mask)
    if image.shape[:2] != mask.shape:
        raise DataError(f"{mask_path}: {mask.shape[1]}x{mask.shape[0]} pixels, its picture has {image.shape[1]}x{image.shape[0]}")
    return image, mask


def mask_of(image_path):
    path = image_path.parent.parent / "masks" / (image_path.stem + ".png")
    if not path.exists():
        raise DataError(f"{path}: the mask of {image_path} is missing")
    return path


def read_mask(path, classes=CAMVID_CLASSES, void=len(CAMVID_CLASSES)):
    """-> uint8 [H,W], ids of classes or VOID; `void` is the file's id for unlabelled pixels."""
    try:
        with Image.open(path) as image:
            mask = np.array(image)
    except BROKEN as error:
        raise DataError(f"{path}: not a readable mask ({error})") from error
    if mask.ndim != 2:
        raise DataError(f"{path}: expected one 8-bit class id for each pixel, found an array of shape {mask.shape}")
    unknown = sorted(set(np.unique(mask).tolist()) - set(range(len(classes))) - {void})
    if unknown:
        raise DataError(f"{path}: unknown class ids {unknown}; known are 0 to {len(classes) - 1} and {void} for void")
    mask[mask == void] = VOID
    return mask


def scaled(image, mask, scale, least):
    """-> picture and mask at that scale, cut to multiples of 16 around the middle; a side below `least` is padded, with void in the mask."""
    width, height = round(image.shape[1] * scale), round(image.shape[0] * scale)
    image = np.asarray(Image.fromarray(image).resize((width, height), Image.BILINEAR))
    mask = np.asarray(Image.fromarray(mask).resize((width, height), Image.NEAREST))
    down, right = max(0, least - height), max(0, least - width)
    if down or right:
        image = np.pad(image, ((0, down), (0, right), (0, 0)), mode="reflect")
        mask = np.pad(mask, ((0, down), (0, right)), constant_values=VOID)
    h, w = (s // 16 * 16 for s in mask.shape)
    return centre_crop(image, h, w), centre_crop(mask, h, w)


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


def photometric(batch, strength, rng):
    """Brightness, contrast, saturation and gamma of each picture drawn anew: float [N,3,H,W] in [0, 1] -> the same. strength 0: as they are."""
    if strength == 0:
        return batch
    draw = lambda: torch.from_numpy(np.exp(rng.uniform(-strength, strength, (len(batch), 1, 1, 1)))).float()
    grey = batch.mean(dim=1, keepdim=True)
    batch = (grey + (batch - grey) * draw()).clamp(0, 1) ** draw()
    middle = batch.mean(dim=(1, 2, 3), keepdim=True)
    return ((middle + (batch - middle) * draw()) * draw()).clamp(0, 1)


def cutmix(batch, rng, grid):
    """A rectangle of each picture is taken from another of the batch (Yun et al., 2019), its sides on the latent's grid.

    float [N,3,H,W] -> the mixed batch, indices [N] of the others, share of the area that is still the first picture's.
    """
    h, w = (s // grid for s in batch.shape[2:])
    side = (1 - rng.uniform()) ** 0.5
    rows, columns = max(1, round(h * side)), max(1, round(w * side))
    y, x = rng.integers(h - rows + 1) * grid, rng.integers(w - columns + 1) * grid
    other = torch.from_numpy(rng.permutation(len(batch)))
    mixed = batch.clone()
    mixed[:, :, y : y + rows * grid, x : x + columns * grid] = batch[other, :, y : y + rows * grid, x : x + columns * grid]
    return mixed, other, 1 - rows * columns / (h * w)


def class_weights(pairs, classes=len(CAMVID_CLASSES)):
    """Square root of median-frequency balancing: the full form favours poles and signs beyond what mIoU rewards."""
    pixels = np.bincount(np.concatenate([m[m != VOID].ravel() for _, m in pairs]), minlength=classes)
    return torch.from_numpy(np.sqrt(np.median(pixels) / np.maximum(pixels, 1)).clip(0.2, 5)).float()
