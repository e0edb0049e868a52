"""The paper's codec, with its width as a knob."""

from torch import nn

from networks.codec import Quantiser
from networks.layers import ResidualUnit, conv_bn


class PaperEncoder(nn.Module):
    """paper.md section 1: RGB in [0, 1], [N,3,H,W] -> unquantised latent [N,C,H/8,W/8]. 3.56 G multiply-adds at 224x224."""

    def __init__(self, latent_channels, width=1.0, units=3):
        super().__init__()
        a, b = int(64 * width), int(128 * width)
        self.body = nn.Sequential(
            conv_bn(3, a, 5, 2), conv_bn(a, b, 5, 2), *[ResidualUnit(b) for _ in range(units)],
            nn.Conv2d(b, latent_channels, 5, 2, 2),
        )

    def forward(self, rgb):
        return self.body(rgb * 2 - 1)


class PaperDecoder(nn.Module):
    """paper.md section 1, the mirror: quantised latent [N,C,h,w] -> RGB in [0, 1] (unclamped), [N,3,8h,8w]."""

    def __init__(self, latent_channels, width=1.0, units=3):
        super().__init__()
        a, b = int(128 * width), int(64 * width)

        def up(cin, cout, kernel):
            return nn.ConvTranspose2d(cin, cout, kernel, 2, kernel // 2, output_padding=1, bias=False)

        self.body = nn.Sequential(
            up(latent_channels, a, 3), nn.BatchNorm2d(a), nn.ReLU(inplace=True), *[ResidualUnit(a) for _ in range(units)],
            up(a, b, 5), nn.BatchNorm2d(b), nn.ReLU(inplace=True), nn.ConvTranspose2d(b, 3, 5, 2, 2, output_padding=1),
        )

    def forward(self, latent):
        return self.body(latent) * 0.5 + 0.5


class PaperAutoencoder(nn.Module):
    """paper.md section 1, with its rate: the entropy of one histogram."""

    def __init__(self, latent_channels, levels, width=1.0):
        super().__init__()
        self.encoder = PaperEncoder(latent_channels, width)
        self.quantiser = Quantiser(levels, per_channel=False)
        self.decoder = PaperDecoder(latent_channels, width)

    def forward(self, rgb):
        latent, entropy = self.quantiser(self.encoder(rgb))
        return self.decoder(latent), entropy
