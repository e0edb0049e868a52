"""A dilated trunk with ASPP, and the size of its mask."""

import torch.nn.functional as F
from torch import nn

from networks.layers import MASK_STRIDE
from networks.resnet import CResNet, ResNetTrunk


class Segmenter(nn.Module):
    """Quantised latent [N,C,h,w], or RGB [N,3,8h,8w] -> logits [N,classes,fine*h,fine*w]; ASPP sums four atrous branches (DeepLab v2).

    fine: with 2, beyond the paper, each position decides for its four quarters (sub-pixel convolution, Shi et al., 2016): thin things
    such as poles are narrower than the latent's 8 pixels.
    """

    def __init__(self, latent_channels, classes, blocks=(4, 6, 3), width=1.0, rates=(6, 12, 18, 24), rgb=False, fine=1):
        super().__init__()
        self.fine = fine
        self.trunk = ResNetTrunk(blocks, width, dilated=True) if rgb else CResNet(latent_channels, blocks, width, dilated=True)
        self.aspp = nn.ModuleList(
            nn.Conv2d(self.trunk.channels, classes * fine**2, 3, padding=r, dilation=r) for r in rates
        )

    def forward(self, latent):
        x = self.trunk(latent)
        logits = sum(branch(x) for branch in self.aspp)
        return F.pixel_shuffle(logits, self.fine) if self.fine > 1 else logits

    def from_coarse(self, state):
        """-> this one's weights from those of the same segmenter with fine = 1: at first all quarters decide alike. pixel_shuffle keeps the quarters of a class together."""
        return {k: v.repeat_interleave(self.fine**2, dim=0) if k.startswith("aspp.") else v for k, v in state.items()}


def at_mask_size(logits, target):
    """Both with a position for each 4x4 pixels, as the exported mask has: full size costs more than the network and gains little."""
    target = target[:, MASK_STRIDE // 2 :: MASK_STRIDE, MASK_STRIDE // 2 :: MASK_STRIDE]
    if logits.shape[-1] != target.shape[-1]:
        logits = F.interpolate(logits, size=target.shape[1:], mode="bilinear", align_corners=False)
    return logits, target
