"""What a bundle is made of: finished runs of the paper's systems."""

from types import SimpleNamespace

import torch

from bundling.trained import read_report
from data.imagenet import class_folders
from data.pictures import pictures_in, read_all
from data.segmentation import CAMVID_CLASSES, VOC_CLASSES
from networks.classifier import Classifier
from networks.folding import fold_batch_norm
from networks.resnet import CRESNETS
from networks.segmenter import Segmenter
from scoring.rate import symbol_tables
from systems.codec import channels_of, frozen_codec
from systems.finished import final, made
from training.checkpoint import TrainError, load


def paper_parts(args, runs):
    """Runs of rows 1 to 5, whose files say how to build them. The table is counted on training pictures."""
    run = SimpleNamespace(out=runs, device=torch.device("cpu"))
    codec_name, classifier_name, segmenter_name = args.systems
    codec = frozen_codec(run, codec_name)
    channels = channels_of(codec)
    networks = {}
    for name, kind in ((classifier_name, Classifier), (segmenter_name, Segmenter)):
        saved = final(run, name)
        if saved["knobs"].get("source", f"latent:{name}") != f"latent:{codec_name}":
            raise TrainError(f"{name} was trained on {saved['knobs']['source']}, not on latent:{codec_name}")
        last = next(v for k, v in saved["network"].items() if k in ("head.weight", "aspp.0.weight"))
        network = fold_batch_norm(kind(channels, len(last), CRESNETS[saved["knobs"]["depth"]], saved["knobs"]["width"]).eval())
        load(network, saved["network"], runs / f"{name}.final.pt")
        networks[name] = network
    reports = {name: read_report(runs / f"{name}.json") for name in args.systems}
    for name in networks.keys() - {codec_name}:
        if reports[name]["upstream"][codec_name] != made(run, codec_name):
            raise TrainError(f"{name} was trained on another {codec_name} than {runs / codec_name}.final.pt; train it again")
    dataset = args.data / reports[classifier_name]["knobs"]["dataset"] / "train"
    paths, _, wnids = class_folders(dataset)
    pictures = pictures_in(args.data / "photos-256") + paths[::16]
    freqs = symbol_tables(codec, read_all(pictures[:: max(1, len(pictures) // 1500)]), {"channels": channels, "levels": len(codec.quantiser.centres)})
    classes = VOC_CLASSES if len(networks[segmenter_name].aspp[0].weight) == len(VOC_CLASSES) else CAMVID_CLASSES
    return SimpleNamespace(
        codec=codec, freqs=freqs, profile=" ".join(args.systems), goes_on_from=[], classifier=networks[classifier_name], segmenter=networks[segmenter_name], wnids=wnids,
        segment_classes=classes,
        reports={"codec": reports[codec_name]["codec"], "classify": reports[classifier_name]["classify"], "segment": reports[segmenter_name]["segment"]},
    )
