"""The networks: lean encoder, quantiser, decoder, cResNet and its dilated form with ASPP.

Shapes are NCHW. A frame of H x W pixels (multiples of 16) gives a latent of C x H/8 x W/8.
Architecture: Torfason et al., ICLR 2018 (cResNet, ASPP on the latent); the lean encoder, which works
at 1/8 resolution instead of 1/4, is this project's own.
"""

import torch
import torch.nn.functional as F
from torch import nn

STRIDE = 8
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


@torch.inference_mode()
def encode(codec, batch):
    """float [N,3,H,W] in [0, 1] -> symbols uint8 [N,C,H/8,W/8]"""
    device = codec.quantiser.centres.device
    return codec.quantiser.symbols(codec.encoder(batch.to(device).contiguous(memory_format=torch.channels_last))).cpu()


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


# Blocks of each stage: of ResNet at 56, 28, 14 and 7 pixels (of 224), of cResNet without the first. paper.md section 2.
RESNETS = {50: (3, 4, 6, 3), 71: (3, 4, 13, 3)}
CRESNETS = {39: (4, 6, 3), 51: (4, 10, 3), 72: (4, 17, 3)}


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


class ResNet(nn.Module):
    """RGB in [0, 1], [N,3,H,W] -> logits [N,classes]: the paper's comparison."""

    def __init__(self, classes, blocks=RESNETS[50], width=1.0):
        super().__init__()
        self.trunk = ResNetTrunk(blocks, width)
        self.head = nn.Linear(self.trunk.channels, classes)

    def forward(self, rgb):
        return self.head(self.trunk(rgb).mean(dim=(2, 3)))


class Classifier(nn.Module):
    """Quantised latent (centre values) [N,C,h,w] -> logits [N,classes]."""

    def __init__(self, latent_channels, classes, blocks=(4, 6, 3), width=1.0):
        super().__init__()
        self.trunk = CResNet(latent_channels, blocks, width)
        self.head = nn.Linear(self.trunk.channels, classes)

    def forward(self, latent):
        return self.head(self.trunk(latent).mean(dim=(2, 3)))


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
