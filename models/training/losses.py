"""The losses of the codecs, the heads and the paper's systems; the field network's are in field_losses.py.

Entropies are bits a symbol, pictures float [N,3,H,W] in [0, 1], logits [N,classes] or [N,classes,h,w].
"""

import torch.nn.functional as F

from data.segmentation import VOID
from networks.layers import STRIDE


def entropy_target(knobs):
    """What a symbol may cost for a picture of target_bpp bits a pixel."""
    return knobs["target_bpp"] * STRIDE**2 / knobs["channels"]


def bpp_of(knobs, bits_per_symbol):
    """knobs: what has the codec's `channels`."""
    return bits_per_symbol * knobs["channels"] / STRIDE**2


def rate_distortion(out, rgb, entropy, target, beta):
    """MSE on 0..255 + beta * max(H - H_target, 0), paper.md section 1; and the MSE alone."""
    mse = F.mse_loss(out.float(), rgb) * 255**2
    return mse + beta * F.relu(entropy - target), mse


def mixed(loss_of, logits, target, pasted, share):
    """loss_of(logits, labels) of a batch of class_batch, which CutMix may have mixed."""
    return loss_of(logits, target) if pasted is None else share * loss_of(logits, target) + (1 - share) * loss_of(logits, pasted.to(target.device))


def distilled(loss, logits, soft, temperature, share):
    """Part of the loss is the difference to a teacher's logits `soft` (Hinton et al., 2015): both at temperature T, the gradient brought back to scale
    by T squared."""
    t = temperature
    return (1 - share) * loss + share * t**2 * F.kl_div((logits / t).log_softmax(1), (soft.clone() / t).softmax(1), reduction="batchmean")


def soft_iou(logits, target):
    """Mean over the classes that a batch shows of intersection over union, with probabilities in place of decisions: what mIoU scores, as a
    loss (Rahman and Wang, 2016). logits [N,C,h,w], target [N,h,w] with VOID."""
    labelled = (target != VOID).unsqueeze(1)
    p = logits.softmax(1) * labelled
    truth = F.one_hot(target.where(labelled[:, 0], 0), logits.shape[1]).permute(0, 3, 1, 2) * labelled
    both = (p * truth).sum(dim=(0, 2, 3))
    union = (p + truth).sum(dim=(0, 2, 3)) - both
    shown = truth.sum(dim=(0, 2, 3)) > 0
    return (both / union.clamp_min(1e-6))[shown].mean()
