"""Quality figures. Pictures are float [N,3,H,W] in [0, 1]."""

import math

import numpy as np
import torch
import torch.nn.functional as F


def psnr(a, b):
    """-> [N], dB, over the three channels of each picture, after rounding to 8 bits."""
    a, b = (a * 255).round().clamp(0, 255), (b * 255).round().clamp(0, 255)
    return 10 * torch.log10(255**2 / ((a - b) ** 2).mean(dim=(1, 2, 3)).clamp_min(1e-9))


def _window(channels, size=11, sigma=1.5):
    x = torch.arange(size, dtype=torch.float32) - size // 2
    g = torch.exp(-(x**2) / (2 * sigma**2))
    g = g / g.sum()
    return (g[:, None] * g[None, :]).expand(channels, 1, size, size)


def ssim_terms(a, b):
    """-> mean SSIM and mean contrast-structure term, each [N] (Wang et al., 2004; valid windows only)."""
    window = _window(a.shape[1]).to(a)
    blur = lambda x: F.conv2d(x, window, groups=x.shape[1])
    ma, mb = blur(a), blur(b)
    va, vb, vab = blur(a * a) - ma**2, blur(b * b) - mb**2, blur(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    cs = (2 * vab + c2) / (va + vb + c2)
    ssim = cs * (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
    return ssim.mean(dim=(1, 2, 3)), cs.mean(dim=(1, 2, 3))


def ms_ssim(a, b, weights=(0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
    """-> [N] (Wang, Simoncelli, Bovik, 2003). The shorter side must be at least 176 pixels."""
    result = torch.ones(a.shape[0])
    for i, weight in enumerate(weights):
        ssim, cs = ssim_terms(a, b)
        result = result * (ssim if i == len(weights) - 1 else cs).clamp_min(1e-6) ** weight
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return result


def quality(a, b):
    """-> PSNR, SSIM and MS-SSIM of one picture; pictures smaller than MS-SSIM can take have none of that (nan)."""
    return {
        "psnr_db": psnr(a, b).item(), "ssim": ssim_terms(a, b)[0].item(),
        "ms_ssim": ms_ssim(a, b).item() if min(a.shape[2:]) >= 176 else math.nan,
    }


def mean_quality(rows):
    """Means over pictures of what `quality` says of each, and of what stands beside it; without what they do not have."""
    means = dict(zip(rows[0], np.mean([list(row.values()) for row in rows], axis=0)))
    return {key: round(value, 2 if key == "psnr_db" else 4) for key, value in means.items() if not math.isnan(value)}


def accuracy(scores, labels, wnids):
    """scores [N,classes], labels int [N] -> top-1 and top-5 in percent over all classes, and of each half of imagenet20."""
    ranked = scores.argsort(1, descending=True)
    hit = ranked[:, :5] == torch.from_numpy(labels)[:, None]
    # Imagewoof's ten are the dogs' wnids, but for the English springer, which is Imagenette's.
    woof = torch.tensor(["n02085" < wnids[l] < "n02116" and wnids[l] != "n02102040" for l in labels])
    rate = lambda x: round(100 * x.float().mean().item(), 2) if len(x) else None
    top1 = hit[:, 0]
    return {"images": len(labels), "top1": rate(top1), "top5": rate(hit.any(1)), "top1_imagenette": rate(top1[~woof]), "top1_imagewoof": rate(top1[woof])}


class Confusion:
    """Confusion matrix over labelled pixels; rows truth, columns prediction."""

    def __init__(self, classes, void):
        self.matrix, self.void = np.zeros((classes, classes), np.int64), void

    def add(self, truth, prediction):
        keep = truth != self.void
        n = len(self.matrix)
        self.matrix += np.bincount(truth[keep].astype(np.int64) * n + prediction[keep], minlength=n * n).reshape(n, n)

    def iou(self):
        hit = np.diag(self.matrix)
        union = self.matrix.sum(0) + self.matrix.sum(1) - hit
        return hit / np.maximum(union, 1)

    def pixel_accuracy(self):
        return np.diag(self.matrix).sum() / max(1, self.matrix.sum())

    def figures(self, names):
        """In percent: mean IoU, share of right pixels, IoU of each class."""
        iou = self.iou()
        return {
            "miou": round(100 * iou.mean(), 2), "pixel_accuracy": round(100 * self.pixel_accuracy(), 2),
            "iou": {name: round(100 * v, 1) for name, v in zip(names, iou)},
        }
