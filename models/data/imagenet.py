"""ImageNet's layout, a folder of pictures for each class: imagenet20-160, or ImageNet itself."""

from pathlib import Path

import numpy as np

from data.pictures import DataError, pictures_in


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
