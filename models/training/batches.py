"""Which pictures a step sees. It depends on seeds and on the step alone, so a run that was killed goes on with the same ones."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from data.augment import cutmix
from data.crops import random_resized
from data.pictures import to_batch
from networks.layers import STRIDE


class Ahead:
    """fetch(step) -> batch, called in threads a few steps before it is needed."""

    def __init__(self, fetch, depth=4):
        self.fetch, self.depth, self.pool, self.waiting = fetch, depth, ThreadPoolExecutor(2), {}

    def __getitem__(self, step):
        for s in range(step, step + self.depth):
            if s not in self.waiting:
                self.waiting[s] = self.pool.submit(self.fetch, s)
        return self.waiting.pop(step).result()


def of_epoch(seeds, step, count, batch):
    """Indices of a step's pictures: an epoch goes through all `count` once, in an order of its own."""
    epoch, k = divmod(step, max(1, count // batch))
    return np.random.default_rng([*seeds, 7, epoch]).permutation(count)[k * batch : (k + 1) * batch]


def class_batch(images, labels, knobs, views, step):
    """-> rgb [N,3,crop,crop], labels [N], labels [N] of what CutMix has pasted or None, the first's share of the area. views: a list
    of seeds."""
    rng = np.random.default_rng([*views, step])
    picks = of_epoch(views, step, len(images), knobs["batch"])
    rgb = to_batch([random_resized(images[i], knobs["crop"], rng, area=knobs.get("area", (0.3, 1.0))) for i in picks])
    if rng.random() < knobs.get("cutmix", 0.0):
        rgb, other, share = cutmix(rgb, rng, STRIDE)
        return rgb, labels[picks], labels[picks][other], share
    return rgb, labels[picks], None, 1.0
