"""Pieces of pictures, and of pictures with their masks: where, how large, mirrored or not."""

import numpy as np
from PIL import Image

from data.pictures import DataError
from data.segmentation import VOID


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
