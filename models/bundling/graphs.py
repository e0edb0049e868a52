"""What a bundle's graphs compute: networks with pre- and post-processing around them.

N, H and W are dynamic (H and W multiples of 16):

    encoder.onnx          frame   uint8 [N,H,W,3] RGB    -> symbols uint8 [N,C,H/8,W/8]
    classify.onnx         symbols uint8 [N,C,H/8,W/8]    -> probabilities float32 [N,classes]
    segment.onnx          symbols uint8 [N,C,H/8,W/8]    -> mask uint8 [N,H/4,W/4], fractions float32 [N,classes]
    analyse.onnx          symbols uint8 [N,C,H/8,W/8]    -> tags float32 [N,T], mask uint8 [N,H/4,W/4], fractions float32 [N,classes], map float32 [N,T,H/8,W/8]
    decoder/decoder.onnx  symbols uint8 [N,C,H/8,W/8]    -> frame uint8 [N,H,W,3] RGB
"""

import torch
import torch.nn.functional as F
from torch import nn

from networks.analyser import tag_logits
from networks.codec import symbols_by_midpoints
from networks.layers import MASK_STRIDE, STRIDE

FILES = {"encoder": "encoder.onnx", "classify": "classify.onnx", "segment": "segment.onnx", "decoder": "decoder/decoder.onnx"}


class EncoderGraph(nn.Module):
    def __init__(self, codec):
        super().__init__()
        self.encoder, self.centres = codec.encoder, codec.quantiser.centres

    def forward(self, frame):
        rgb = frame.permute(0, 3, 1, 2).float() / 255
        return symbols_by_midpoints(self.encoder(rgb), self.centres.detach())


class OnSymbols(nn.Module):
    """A network on the centre values of symbols."""

    def __init__(self, centres, network):
        super().__init__()
        self.register_buffer("centres", centres.detach().clone())
        self.network = network

    def latent(self, symbols):
        return self.centres[symbols.to(torch.int64)]


class ClassifyGraph(OnSymbols):
    def forward(self, symbols):
        return self.network(self.latent(symbols)).softmax(1)


class SegmentGraph(OnSymbols):
    def forward(self, symbols):
        logits = self.network(self.latent(symbols))
        if self.network.fine * MASK_STRIDE != STRIDE:
            logits = F.interpolate(logits, scale_factor=STRIDE / MASK_STRIDE, mode="bilinear", align_corners=False)
        mask = logits.argmax(1)
        classes = torch.arange(logits.shape[1]).view(1, -1, 1, 1)
        fractions = (mask.unsqueeze(1) == classes).float().mean(dim=(2, 3))
        return mask.to(torch.uint8), fractions


class AnalyseGraph(OnSymbols):
    def forward(self, symbols):
        maps, logits = self.network.cells(self.latent(symbols))
        # The classes of the four pixels of each cell, and then the shuffle: as after it, on a layout that costs a third.
        mask = logits.unflatten(1, (-1, 4)).argmax(1).to(torch.int32)
        classes = torch.arange(logits.shape[1] // 4, dtype=torch.int32).view(1, -1, 1)
        fractions = (mask.flatten(1).unsqueeze(1) == classes).float().mean(2)
        mask = mask.unflatten(1, (2, 2)).permute(0, 3, 1, 4, 2).flatten(3).flatten(1, 2)
        return torch.sigmoid(tag_logits(maps)), mask.to(torch.uint8), fractions, maps


class DecoderGraph(OnSymbols):
    def forward(self, symbols):
        rgb = self.network(self.latent(symbols)).clamp(0, 1)
        return (rgb * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
