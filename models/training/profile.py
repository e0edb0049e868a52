"""A profile: a configuration with a codec and a table for each part."""

from training.checkpoint import TrainError
from training.parts.autoencoder import autoencoder
from training.parts.classify import classify
from training.parts.decoder import decoder
from training.parts.joint import joint
from training.parts.segment import segment

FOLDERS = ["photos-256", "imagenet20-160/train", "imagenet20-160/val", "camvid/train", "camvid/val", "camvid/test"]  # of the lean profile


def parts_of(config):
    """-> name of the part -> its function, its knobs"""
    parts = {"autoencoder": autoencoder, "classify": classify, "pretrain": classify, "segment": segment, "joint": joint, "decoder": decoder}
    tables = {name: knobs for name, knobs in config.items() if isinstance(knobs, dict) and name != "codec"}
    unknown = [name for name in tables if name.split("-")[0] not in parts]
    if unknown:
        raise TrainError(f"the configuration has a part {unknown[0]}; known are {', '.join(parts)}, and each with a further word, as in classify-again")
    return {name: (parts[name.split("-")[0]], knobs) for name, knobs in tables.items()}
