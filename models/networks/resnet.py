"""Trunks: ResNet on RGB, cResNet on the latent, both also in the dilated form that segmentation takes."""

import torch.nn.functional as F
from torch import nn

from networks.layers import conv_bn

# Blocks of each stage: of ResNet at 56, 28, 14 and 7 pixels (of 224), of cResNet without the first. paper.md section 2.
RESNETS = {50: (3, 4, 6, 3), 71: (3, 4, 13, 3)}
CRESNETS = {39: (4, 6, 3), 51: (4, 10, 3), 72: (4, 17, 3)}


class Bottleneck(nn.Module):
    """ResNet version 1: the stride sits on the first 1x1 convolution."""

    def __init__(self, cin, mid, stride=1, dilation=1):
        super().__init__()
        cout = mid * 4
        self.body = nn.Sequential(
            conv_bn(cin, mid, 1, stride), conv_bn(mid, mid, 3, dilation=dilation), conv_bn(mid, cout, 1, relu=False)
        )
        self.shortcut = conv_bn(cin, cout, 1, stride, relu=False) if stride > 1 or cin != cout else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


class CResNet(nn.Module):
    """Trunk of cResNet-k: ResNet without its root block and 56x56 stage. k = 39 has blocks (4, 6, 3).

    dilated: every stage at stride 1 with rates 1 / 2 / 4, so the output keeps the latent's size.
    """

    def __init__(self, latent_channels, blocks=(4, 6, 3), width=1.0, dilated=False):
        super().__init__()
        stages, cin = [], latent_channels
        for i, count in enumerate(blocks):
            mid = int(128 * 2**i * width)
            for j in range(count):
                stride = 2 if i > 0 and j == 0 and not dilated else 1
                stages.append(Bottleneck(cin, mid, stride, dilation=2**i if dilated else 1))
                cin = mid * 4
        self.blocks = nn.Sequential(*stages)
        self.channels = cin

    def forward(self, latent):
        return self.blocks(latent)


class ResNetTrunk(nn.Module):
    """ResNet version 1 without its head, on RGB in [0, 1], [N,3,H,W]. dilated: output stride 8, the last two stages at rates 2 and 4."""

    def __init__(self, blocks=RESNETS[50], width=1.0, dilated=False):
        super().__init__()
        cin = int(64 * width)
        self.root = nn.Sequential(conv_bn(3, cin, 7, 2), nn.MaxPool2d(3, 2, 1))
        stages = []
        for i, count in enumerate(blocks):
            mid = int(64 * 2**i * width)
            for j in range(count):
                stride = 2 if j == 0 and (i == 1 or (i > 1 and not dilated)) else 1
                stages.append(Bottleneck(cin, mid, stride, dilation=2 ** (i - 1) if dilated and i > 1 else 1))
                cin = mid * 4
        self.blocks = nn.Sequential(*stages)
        self.channels = cin

    def forward(self, rgb):
        return self.blocks(self.root(rgb * 2 - 1))
