"""Changes to a whole batch: light and colour, and pictures mixed with one another."""

import numpy as np
import torch


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
