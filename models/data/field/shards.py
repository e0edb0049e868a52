"""Views as training takes them, kept in files: a shard is a .npz of

    symbols  uint8 [N,C,24,40]   the views, by a bundle's encoder
    maps     uint8 [N,T,24,40]   targets as View.targets makes them
    masks    uint8 [N,48,80]
    tags     uint8 [N,T]
"""

import numpy as np
import torch

from data.pictures import DataError

PARTS = ("symbols", "maps", "masks", "tags")
BATCH = 8


def make_shard(maker, encode, size):
    """size views of the maker as {name: array}. encode: frames uint8 [N,H,W,3] -> symbols"""
    rgb, targets = [], []
    for _ in range(size):
        view = maker.view()
        rgb.append(view.rgb)
        targets.append(view.targets())
    symbols = np.concatenate([encode(np.stack(rgb[i : i + BATCH])) for i in range(0, size, BATCH)])
    return dict(zip(PARTS, (symbols, *(np.stack(column) for column in zip(*targets)))))


class Shards:
    """Batches from the shards of a folder, in random order; one that is added meanwhile is taken in after all others were seen."""

    def __init__(self, folder, rng):
        self.folder, self.rng, self.read, self.order, self.at = folder, rng, {}, [], 0

    def batch(self, size):
        """-> symbols, maps, masks, tags of `size` views, as tensors"""
        if self.at + size > len(self.order):
            self._start_again()
        chosen = self.order[self.at : self.at + size]
        self.at += size
        shards = list(self.read.values())
        return tuple(torch.from_numpy(np.stack([shards[i][k][j] for i, j in chosen])) for k in range(len(PARTS)))

    def _start_again(self):
        for path in sorted(self.folder.glob("*.npz")):
            if path.name not in self.read:
                with np.load(path) as file:
                    self.read[path.name] = tuple(file[name] for name in PARTS)
        if not self.read:
            raise DataError(f"{self.folder}: holds no shards; make them first with models/shards.py, or give --shards DIR")
        self.order = self.rng.permutation([(i, j) for i, shard in enumerate(self.read.values()) for j in range(len(shard[0]))])
        self.at = 0
