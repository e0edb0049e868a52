"""Makes a data set in the layouts that train.py reads, of coloured shapes: python tiny_data.py DEST"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WNIDS = ["n01440764", "n02086240", "n02102040", "n03028079"]
rng = np.random.default_rng(7)


def picture(width, height, hue=None):
    image = Image.new("RGB", (width, height), tuple(rng.integers(60, 200, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = rng.integers(width), rng.integers(height)
        colour = tuple(int(c) for c in (rng.integers(0, 255, 3) if hue is None else np.roll([230, 60, 30], hue)))
        draw.ellipse([x, y, x + rng.integers(10, width // 2), y + rng.integers(10, height // 2)], fill=colour)
    return image.filter(ImageFilter.GaussianBlur(1))


def save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


root = Path(sys.argv[1])
for i in range(6):
    save(picture(320, 256), root / "photos-256" / f"{i}.png")
for split, count in (("train", 6), ("val", 3)):
    for label, wnid in enumerate(WNIDS):
        for i in range(count):
            save(picture(200, 160, hue=label), root / "imagenet20-160" / split / wnid / f"{i}.png")
for split in ("train", "val", "test"):
    for i in range(3):
        save(picture(480, 360), root / "camvid" / split / "images" / f"{i}.png")
        mask = np.repeat(np.arange(12, dtype=np.uint8), 30)[:, None].repeat(480, axis=1)
        save(Image.fromarray(mask), root / "camvid" / split / "masks" / f"{i}.png")

# PASCAL VOC 2012's layout: palette masks with 255 for void, pictures of several sizes.
voc = root / "VOC2012"
for split, names in (("train", ["a", "b"]), ("val", ["c"])):
    listing = voc / "ImageSets" / "Segmentation" / f"{split}.txt"
    listing.parent.mkdir(parents=True, exist_ok=True)
    listing.write_text("\n".join(names) + "\n")
    for i, name in enumerate(names):
        width, height = (200, 300) if i else (320, 240)
        save(picture(width, height), voc / "JPEGImages" / f"{name}.jpg")
        mask = Image.fromarray(np.repeat(np.array([0, 15, 20, 255], np.uint8), height // 4)[:, None].repeat(width, axis=1))
        mask.putpalette([c for i in range(256) for c in (i, 255 - i, 0)])
        save(mask, voc / "SegmentationClass" / f"{name}.png")
