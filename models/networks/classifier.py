"""A trunk, the mean over all positions, one layer: on the latent and, for comparison, on RGB."""

from torch import nn

from networks.resnet import RESNETS, CResNet, ResNetTrunk


class Classifier(nn.Module):
    """Quantised latent (centre values) [N,C,h,w] -> logits [N,classes]."""

    def __init__(self, latent_channels, classes, blocks=(4, 6, 3), width=1.0):
        super().__init__()
        self.trunk = CResNet(latent_channels, blocks, width)
        self.head = nn.Linear(self.trunk.channels, classes)

    def forward(self, latent):
        return self.head(self.trunk(latent).mean(dim=(2, 3)))


class ResNet(nn.Module):
    """RGB in [0, 1], [N,3,H,W] -> logits [N,classes]: the paper's comparison."""

    def __init__(self, classes, blocks=RESNETS[50], width=1.0):
        super().__init__()
        self.trunk = ResNetTrunk(blocks, width)
        self.head = nn.Linear(self.trunk.channels, classes)

    def forward(self, rgb):
        return self.head(self.trunk(rgb).mean(dim=(2, 3)))
