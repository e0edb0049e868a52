"""What a bundle is made of: the networks and reports of a profile that was trained."""

import hashlib
import json
import tomllib
from types import SimpleNamespace

from bundling.trained import read_report, restore
from data.segmentation import CAMVID_CLASSES
from networks.classifier import Classifier
from networks.codec import Decoder
from places import CONFIGS
from training.checkpoint import TrainError
from training.parts.codec import codec_folder, load_codec
from training.parts.segment import build_segmenter, segmenter_knobs


def profile_parts(args, runs):
    """A profile's networks: codec and heads of the joint run or of the parts, and in place of a head or the decoder what was trained last on that codec."""
    config = tomllib.loads(args.config.read_text())
    channels, made = config["codec"]["channels"], codec_folder(runs, config)
    codec = load_codec(SimpleNamespace(out=runs, data=args.data, config=config))
    frozen = hashlib.sha256((made / "codec.pt").read_bytes()).hexdigest()[:12]
    reports, trained = {}, {}
    if "of" in config["codec"]:
        reports = {"codec": read_report(made / "joint.json")["codec"]}  # the heads are all its own
    elif (made / "joint.json").exists():
        joint = read_report(made / "joint.json")
        spent = {k: joint[k] for k in ("steps", "minutes", "device", "seed", "wnids")}
        reports = {"codec": joint["codec"], "classify": {**spent, **joint["classify"]}, "segment": {k: v for k, v in joint.items() if k.startswith("camvid/")}}
        knobs = config.get("joint", {})
        trained = {"classify": (made / "joint-classify.final.pt", knobs), "segment": (made / "joint-segment.final.pt", segmenter_knobs(knobs))}
    else:
        reports = {"codec": read_report(made / "autoencoder.json"), "pretrain": read_report(runs / "pretrain.json")}

    def on_this_codec(report):
        if report["upstream"]["codec"] != frozen:
            raise TrainError(f"{runs / report['part']}.json is of another codec than {made / 'codec.pt'}; train {report['part']} again")
        return report

    for part, knobs in config.items():  # in their order: the last that there is
        head = part.split("-")[0]
        if head not in ("classify", "segment"):
            continue
        if head in trained and not (runs / f"{part}.json").exists():
            print(f"{part} is not trained: left out")
        else:
            reports[head], trained[head] = on_this_codec(read_report(runs / f"{part}.json")), (runs / f"{part}.final.pt", knobs)
    if (made / "decoder.json").exists():
        reports["codec"] = on_this_codec(read_report(made / "decoder.json"))
        codec.decoder = restore(Decoder(channels, units=decoder_of(made, config)["units"]), made / "decoder.final.pt")
    (classifier, classifier_knobs), (segmenter, knobs) = trained["classify"], trained["segment"]
    return SimpleNamespace(
        codec=codec, freqs=json.loads((made / "tables.json").read_text()), profile=args.config.stem, goes_on_from=earlier_profiles(config), reports=reports,
        classifier=restore(Classifier(channels, config["classes"], width=classifier_knobs["width"]), classifier),
        segmenter=restore(build_segmenter(channels, knobs), segmenter),
        wnids=reports["classify"]["wnids"], segment_classes=CAMVID_CLASSES,
    )


def decoder_of(made, config):
    """The knobs of the decoder that was trained after the joint run, of this profile or of the one whose codec it has."""
    return config["decoder"] if "of" not in config["codec"] else tomllib.loads((CONFIGS / f"{made.name}.toml").read_text())["decoder"]


def earlier_profiles(config):
    """The profiles that this one goes on from, the latest first."""
    found = []
    while start := config["codec"].get("of") or config.get("joint", {}).get("start"):
        found.append(start)
        path = CONFIGS / f"{found[-1]}.toml"
        config = tomllib.loads(path.read_text()) if path.exists() else {"codec": {}}
    return found
