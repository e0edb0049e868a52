"""The lean codec: encoder, decoder, and between them the quantiser, which the paper's has as well."""

import torch
import torch.nn.functional as F
from torch import nn

from networks.layers import ResidualUnit, conv_bn


class Encoder(nn.Module):
    """RGB in [0, 1], [N,3,H,W] -> unquantised latent [N,C,H/8,W/8]. 0.46 G multiply-adds at 224x224."""

    def __init__(self, latent_channels, widths=(24, 48, 96), units=2):
        super().__init__()
        a, b, c = widths
        self.body = nn.Sequential(
            conv_bn(3, a, 5, 2), conv_bn(a, b, 5, 2), conv_bn(b, c, 5, 2),
            *[ResidualUnit(c) for _ in range(units)],
            nn.Conv2d(c, latent_channels, 3, padding=1),
        )

    def forward(self, rgb):
        return self.body(rgb * 2 - 1)


class Decoder(nn.Module):
    """Quantised latent [N,C,h,w] -> RGB in [0, 1] (unclamped), [N,3,8h,8w]. Sub-pixel convolutions up."""

    def __init__(self, latent_channels, widths=(128, 48, 32), units=2):
        super().__init__()
        a, b, c = widths
        self.body = nn.Sequential(
            conv_bn(latent_channels, a, 3),
            *[ResidualUnit(a) for _ in range(units)],
            nn.Conv2d(a, b * 4, 3, padding=1), nn.PixelShuffle(2), nn.ReLU(inplace=True),
            nn.Conv2d(b, c * 4, 3, padding=1), nn.PixelShuffle(2), nn.ReLU(inplace=True),
            nn.Conv2d(c, 12, 3, padding=1), nn.PixelShuffle(2),
        )

    def forward(self, latent):
        return self.body(latent) * 0.5 + 0.5


class Quantiser(nn.Module):
    """Scalar quantisation to L learned centres, soft-to-hard (Agustsson et al., 2017; paper.md section 1).

    Forward: nearest centre. Backward: softmax(-sigma * (z - c)^2).
    """

    def __init__(self, levels, sigma=1.0, per_channel=True):
        super().__init__()
        self.centres = nn.Parameter(torch.linspace(-2, 2, levels))
        self.sigma, self.per_channel = sigma, per_channel

    def forward(self, z):
        """-> quantised latent [N,C,h,w], mean entropy of a symbol in bits (a histogram per channel, or the paper's one for all)."""
        distance = (z.float().unsqueeze(-1) - self.centres) ** 2
        soft = F.softmax(-self.sigma * distance, dim=-1)
        hard = F.one_hot(distance.argmin(-1), len(self.centres)).to(soft.dtype)
        mix = soft + (hard - soft).detach()  # value of the hard assignment, gradient of the soft one
        # The codec has a table per channel, so the rate that is trained is that of a histogram per channel.
        histogram = mix.mean(dim=(0, 2, 3) if self.per_channel else (0, 1, 2, 3)).clamp_min(1e-9)
        entropy = -(histogram * histogram.log2()).sum(-1).mean()
        return (mix * self.centres).sum(-1), entropy

    def symbols(self, z):
        """-> [N,C,h,w] uint8, index into the ascending centres. A tie between two centres goes to the lower."""
        return symbols_by_midpoints(z.float(), self.centres.sort().values)


def symbols_by_midpoints(z, centres):
    midpoints = (centres[1:] + centres[:-1]) / 2
    return sum((z > m).to(torch.uint8) for m in midpoints)


class Autoencoder(nn.Module):
    def __init__(self, latent_channels, levels, encoder=None, decoder=None):
        super().__init__()
        self.encoder = Encoder(latent_channels, **(encoder or {}))
        self.quantiser = Quantiser(levels)
        self.decoder = Decoder(latent_channels, **(decoder or {}))

    def forward(self, rgb):
        latent, entropy = self.quantiser(self.encoder(rgb))
        return self.decoder(latent), entropy


@torch.inference_mode()
def encode(codec, batch):
    """float [N,3,H,W] in [0, 1] -> symbols uint8 [N,C,H/8,W/8]"""
    device = codec.quantiser.centres.device
    return codec.quantiser.symbols(codec.encoder(batch.to(device).contiguous(memory_format=torch.channels_last))).cpu()


def latent_of(symbols, centres):
    """symbols uint8 [N,C,h,w] -> quantised latent, centre values, where the centres are"""
    return centres[symbols.long().to(centres.device)].contiguous(memory_format=torch.channels_last)
