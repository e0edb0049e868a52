"""The field network: one trunk on the latent, two answers, a map of tags and a mask."""

import torch
import torch.nn.functional as F
from torch import nn

from networks.layers import conv_bn
from networks.resnet import CResNet

TOP = 3  # cells whose mean is a tag's score: one alone is noise, and a small object has hardly more


class Analyser(nn.Module):
    """Quantised latent (centre values) [N,C,h,w] -> tag map logits [N,T,h,w], mask logits [N,K,2h,2w].

    The stages of a cResNet at strides 8, 16 and 32 are merged top-down to `merge` channels at stride 8 (Lin et al., Feature Pyramid
    Networks, 2017); the mask has a class for each 4x4 pixels (sub-pixel convolution).
    """

    def __init__(self, latent_channels, tags, classes, blocks=(4, 6, 3), width=0.5, merge=64):
        super().__init__()
        self.trunk = CResNet(latent_channels, blocks, width)
        self.ends = [sum(blocks[: i + 1]) for i in range(len(blocks))]
        channels = [int(128 * 2**i * width) * 4 for i in range(len(blocks))]
        self.lateral = nn.ModuleList(nn.Conv2d(c, merge, 1) for c in channels)
        self.smooth = nn.ModuleList(conv_bn(merge, merge, 3) for _ in channels[:-1])
        self.tag_head = nn.Sequential(conv_bn(merge, merge, 3), nn.Conv2d(merge, tags, 1))
        self.mask_head = nn.Sequential(conv_bn(merge, merge, 3), nn.Conv2d(merge, classes * 4, 1))
        nn.init.constant_(self.tag_head[-1].bias, -4.0)  # almost every cell holds nothing

    def forward(self, latent):
        maps, logits = self.cells(latent)
        return maps, F.pixel_shuffle(logits, 2)

    def cells(self, latent):
        """As forward(), but the mask's logits are [N,4K,h,w], before the shuffle."""
        x, stages = latent, []
        for i, block in enumerate(self.trunk.blocks, 1):
            x = block(x)
            if i in self.ends:
                stages.append(x)
        merged = self.lateral[-1](stages[-1])
        for i in range(len(stages) - 2, -1, -1):
            here = self.lateral[i](stages[i])
            above = F.interpolate(merged, scale_factor=2, mode="nearest")[..., : here.shape[-2], : here.shape[-1]]
            merged = self.smooth[i](here + above)
        return self.tag_head(merged), self.mask_head(merged)


def tag_logits(maps):
    """Map logits [N,T,h,w] -> [N,T], of the whole picture: the mean of the highest cells."""
    return maps.flatten(2).topk(TOP, dim=2).values.mean(2)
