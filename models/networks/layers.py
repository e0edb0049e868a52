"""What several networks are built of."""

from torch import nn

STRIDE = 8  # pixels to a side of a latent position
MASK_STRIDE = 4  # pixels to a side of what a segmenter gives one class, in training and in bundles


def conv_bn(cin, cout, kernel, stride=1, dilation=1, relu=True):
    padding = dilation * (kernel // 2)
    layers = [nn.Conv2d(cin, cout, kernel, stride, padding, dilation, bias=False), nn.BatchNorm2d(cout)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


class ResidualUnit(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(conv_bn(channels, channels, 3), conv_bn(channels, channels, 3, relu=False))

    def forward(self, x):
        return x + self.body(x)
