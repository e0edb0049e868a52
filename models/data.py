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


def camvid(folder, limit=None):
    """folder/{images,masks} -> list of (uint8 [H,W,3], uint8 [H,W] with 255 for void)."""
    paths = pictures_in(Path(folder) / "images")[:limit]
    return list(zip(read_all(paths), read_all([mask_of(p) for p in paths], read_mask)))


def voc(root, split, limit=None):
    """PASCAL VOC 2012's layout (JPEGImages, SegmentationClass, ImageSets/Segmentation/<split>.txt) -> as camvid()."""
    root, listing = Path(root), Path(root) / "ImageSets" / "Segmentation" / f"{split}.txt"
    if not listing.exists():
        raise DataError(f"{listing}: no such file; unpack PASCAL VOC 2012 (VOCdevkit/VOC2012) there or give --data DIR")
    names = listing.read_text().split()[:limit]
    images = read_all([root / "JPEGImages" / f"{n}.jpg" for n in names])
    masks = read_all([root / "SegmentationClass" / f"{n}.png" for n in names], lambda p: read_mask(p, VOC_CLASSES, VOID))
    return list(zip(images, masks))


def segmentation(root, dataset, split, limit=None):
    """-> pairs, names of the classes. A folder with ImageSets in it is VOC's layout, any other CamVid's."""
    folder = Path(root) / dataset
    if (folder / "ImageSets").is_dir():
        return voc(folder, split, limit), VOC_CLASSES
    return camvid(folder / split, limit), CAMVID_CLASSES


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
    except (OSError, UnidentifiedImageError) as error:
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


def class_weights(pairs, classes=len(CAMVID_CLASSES)):
    """Square root of median-frequency balancing: the full form favours poles and signs beyond what mIoU rewards."""
    pixels = np.bincount(np.concatenate([m[m != VOID].ravel() for _, m in pairs]), minlength=classes)
    return torch.from_numpy(np.sqrt(np.median(pixels) / np.maximum(pixels, 1)).clip(0.2, 5)).float()
