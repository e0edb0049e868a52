"""A profile: a configuration with a codec and a table for each part."""

from data.check import check
from data.imagenet import class_folders
from training.checkpoint import TrainError
from training.parts.analyse import analyse
from training.parts.autoencoder import autoencoder
from training.parts.classify import classify
from training.parts.decoder import decoder
from training.parts.joint import joint
from training.parts.segment import segment

# What the parts of the lean profile read.
FOLDERS = ["photos-256", "imagenet20-160/train", "imagenet20-160/val", "camvid/train", "camvid/val", "camvid/test"]


def parts_of(config):
    """-> {name of a part: (its function, its knobs)}"""
    lean = {"autoencoder": autoencoder, "classify": classify, "pretrain": classify, "segment": segment, "joint": joint, "decoder": decoder}
    parts = {**{name: on_good_data(train) for name, train in lean.items()}, "analyse": analyse}
    tables = {name: knobs for name, knobs in config.items() if isinstance(knobs, dict) and name != "codec"}
    unknown = [name for name in tables if name.split("-")[0] not in parts]
    if unknown:
        raise TrainError(f"the configuration has a part {unknown[0]}; known are {', '.join(parts)}, and each with a further word, as in classify-again")
    return {name: (parts[name.split("-")[0]], knobs) for name, knobs in tables.items()}


def on_good_data(train):
    """Reads every picture and mask once before training begins."""

    def train_on_good_data(run):
        print("reading all pictures once", flush=True)
        run.args.left_out = check([run.data / folder for folder in FOLDERS], run.args.skip_corrupt)
        class_folders(run.data / "imagenet20-160" / "val", like=run.data / "imagenet20-160" / "train")
        train(run)

    return train_on_good_data
