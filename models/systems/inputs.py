"""Crops of a source as a network takes them, and the network that takes them."""

import numpy as np
import torch

from data.pictures import to_batch
from networks.classifier import Classifier, ResNet
from networks.codec import latent_of
from networks.resnet import CRESNETS, RESNETS
from networks.segmenter import Segmenter
from systems.codec import channels_of, frozen_codec


class Inputs:
    """Turns a list of crops into the tensor a network takes: RGB in [0, 1], or centre values."""

    def __init__(self, run, name):
        self.rgb, self.run = not name.startswith("latent:"), run
        if not self.rgb:
            codec = frozen_codec(run, name.split(":")[1])
            self.centres, self.channels = codec.quantiser.centres.detach(), channels_of(codec)

    def __call__(self, crops):
        if self.rgb:
            return to_batch(crops).to(self.run.device).contiguous(memory_format=torch.channels_last)
        return latent_of(torch.from_numpy(np.stack(crops)), self.centres)

    def classifier(self, knobs, classes):
        if self.rgb:
            return ResNet(classes, RESNETS[knobs["depth"]], knobs["width"])
        return Classifier(self.channels, classes, CRESNETS[knobs["depth"]], knobs["width"])

    def segmenter(self, knobs, classes):
        return Segmenter(None if self.rgb else self.channels, classes, (RESNETS if self.rgb else CRESNETS)[knobs["depth"]], knobs["width"], rgb=self.rgb)
