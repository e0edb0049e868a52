"""Pictures with a mask of class ids: CamVid's layout and PASCAL VOC 2012's."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from data.pictures import BROKEN, DataError, pictures_in, read_rgb, read_some

VOID = 255
CAMVID_CLASSES = [
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist",
]
VOC_CLASSES = [
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
    "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
]


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


def class_weights(pairs, classes=len(CAMVID_CLASSES)):
    """Square root of median-frequency balancing: the full form favours poles and signs beyond what mIoU rewards."""
    pixels = np.bincount(np.concatenate([m[m != VOID].ravel() for _, m in pairs]), minlength=classes)
    return torch.from_numpy(np.sqrt(np.median(pixels) / np.maximum(pixels, 1)).clip(0.2, 5)).float()
