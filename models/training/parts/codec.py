"""The codec that a profile trains, and as the frozen thing its heads stand on."""

import hashlib

import torch

from networks.codec import Autoencoder
from networks.folding import fold_codec
from training.checkpoint import TrainError, load


def build_autoencoder(config):
    codec = config["codec"]
    return Autoencoder(codec["channels"], codec["levels"], decoder={"units": decoder_units(config)})


def decoder_units(config):
    return config["codec"].get("decoder_units", 2)


def codec_folder(out, config):
    """A profile of new heads alone names another one's codec: [codec] of = "lean-4"."""
    return out.parent / config["codec"]["of"] if "of" in config["codec"] else out


def load_codec(run):
    path = codec_folder(run.out, run.config) / "codec.pt"
    if not path.exists():
        raise TrainError(f"{path} is missing; train the autoencoder first, or the profile's joint run: models/README.md")
    model = fold_codec(build_autoencoder(run.config))
    load(model, torch.load(path, weights_only=True), path)
    return model


def stand_on_codec(run):
    """The frozen codec; which one it is becomes part of the run's configuration and of its report."""
    codec = load_codec(run)
    run.upstream = {"codec": hashlib.sha256((codec_folder(run.out, run.config) / "codec.pt").read_bytes()).hexdigest()[:12]}
    run.config_hash = hashlib.sha256(f"{run.config_hash} {run.upstream}".encode()).hexdigest()
    return codec
