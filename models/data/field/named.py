"""Photographs of imagenet20 whose class is a tag: that it is there, and no more, is known."""

from data.field.labels import TAG
from data.pictures import pictures_in

# Imagewoof's ten are dogs; of Imagenette the springer, and the garbage truck.
CLASSES = {
    "dog": "n02086240 n02087394 n02088364 n02089973 n02093754 n02096294 n02099601 n02102040 n02105641 n02111889 n02115641".split(),
    "truck": ["n03417042"],
}


def named(root):
    """-> {tag: [file]}"""
    folder = root / "imagenet20-160" / "train"
    return {TAG[name]: [file for wnid in classes for file in pictures_in(folder / wnid)] for name, classes in CLASSES.items()}
