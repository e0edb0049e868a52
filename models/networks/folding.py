"""Batch norms into the convolutions before them, weights to fp16 values: networks as they are frozen and exported."""

import torch
from torch import nn


def fold_batch_norm(module):
    """Replaces every Conv2d + BatchNorm2d pair by one Conv2d and rounds all weights to fp16 values, in place.

    The bundle stores fp16; rounding before anything is trained or measured on top makes the frozen
    codec the same one everywhere.
    """
    if isinstance(module, nn.Sequential):
        for i in range(len(module) - 1):
            if isinstance(module[i], nn.Conv2d) and isinstance(module[i + 1], nn.BatchNorm2d):
                module[i] = nn.utils.fuse_conv_bn_eval(module[i].eval(), module[i + 1].eval())
                module[i + 1] = nn.Identity()
            if isinstance(module[i], nn.ConvTranspose2d) and isinstance(module[i + 1], nn.BatchNorm2d):
                module[i] = nn.utils.fuse_conv_bn_eval(module[i].eval(), module[i + 1].eval(), transpose=True)
                module[i + 1] = nn.Identity()
    for child in module.children():
        fold_batch_norm(child)
    with torch.no_grad():
        for parameter in module.parameters(recurse=False):
            parameter.copy_(parameter.half().float())
    return module


def fold_codec(model):
    """Folded, rounded to fp16, centres ascending: the codec as it is frozen and exported."""
    model.eval()
    fold_batch_norm(model)
    with torch.no_grad():
        model.quantiser.centres.copy_(model.quantiser.centres.sort().values)
    return model
