"""Writes a bundle: four ONNX graphs, the integer entropy table and the manifest, from a finished profile, or from runs of the rows.

    python models/export.py --id lean-1 --data DIR
    python models/export.py --id lean-5 --data DIR --config models/configs/lean-5.toml --replaces models/bundles/lean-4
    python models/export.py --id paper-0.330 --data DIR --systems ae-0.330 c51-0.330 seg-c51-0.330

Pre- and post-processing are inside the graphs; N, H and W are dynamic (H and W multiples of 16):

    encoder.onnx          frame   uint8 [N,H,W,3] RGB    -> symbols uint8 [N,C,H/8,W/8]
    classify.onnx         symbols uint8 [N,C,H/8,W/8]    -> probabilities float32 [N,classes]
    segment.onnx          symbols uint8 [N,C,H/8,W/8]    -> mask uint8 [N,H/4,W/4], fractions float32 [N,classes]
    decoder/decoder.onnx  symbols uint8 [N,C,H/8,W/8]    -> frame uint8 [N,H,W,3] RGB

Every graph is run in ONNX Runtime and in PyTorch on real pictures of several sizes. Symbols must be equal but
for counted ties (a value within TIE of the midpoint of two centres); any other difference fails the export.
"""

import argparse
import datetime
import hashlib
import json
import logging
import shutil
import sys
import tempfile
import tomllib
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime as ort
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import nn

from data.crops import centre_crop
from data.imagenet import class_folders
from data.pictures import DataError, pictures_in, read_all
from data.segmentation import CAMVID_CLASSES, VOC_CLASSES
from networks.classifier import Classifier
from networks.codec import Decoder, symbols_by_midpoints
from networks.folding import fold_batch_norm
from networks.layers import MASK_STRIDE, STRIDE
from networks.resnet import CRESNETS
from networks.segmenter import Segmenter
from places import BUNDLES, CONFIGS, RUNS
from systems.systems import final, frozen_codec, made, run_channels
from train import SCALE_BITS, build_segmenter, codec_folder, load_codec, segmenter_knobs, symbol_tables
from training.run import TrainError, load

MULTIPLE = 16
TIE = 1e-3  # in units of the latent; centres lie about 0.8 apart
LABELS = {
    "n01440764": "tench", "n02102040": "English springer", "n02979186": "cassette player", "n03000684": "chain saw",
    "n03028079": "church", "n03394916": "French horn", "n03417042": "garbage truck", "n03425413": "gas pump",
    "n03445777": "golf ball", "n03888257": "parachute", "n02086240": "Shih-Tzu", "n02087394": "Rhodesian ridgeback",
    "n02088364": "beagle", "n02089973": "English foxhound", "n02093754": "Border terrier",
    "n02096294": "Australian terrier", "n02099601": "golden retriever", "n02105641": "Old English sheepdog",
    "n02111889": "Samoyed", "n02115641": "dingo",
}


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


class DecoderGraph(OnSymbols):
    def forward(self, symbols):
        rgb = self.network(self.latent(symbols)).clamp(0, 1)
        return (rgb * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def write_graph(module, example, path, inputs, outputs, dynamic):
    program = torch.onnx.export(
        module.eval(), (example,), input_names=inputs, output_names=outputs, dynamic_shapes=(dynamic,),
        dynamo=True, opset_version=18, verbose=False,
    )
    model = program.model_proto
    halve_weights(model.graph)
    strip_debug_text(model)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def halve_weights(graph):
    """Stores float32 weights as fp16 with a Cast in front of their use. Folded weights are fp16 values already, so no
    figure changes; ONNX Runtime folds the casts when it loads the graph."""
    casts = []
    for i, tensor in enumerate(graph.initializer):
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < 64 or not np.array_equal(array.astype(np.float16).astype(np.float32), array):
            continue
        name = tensor.name
        graph.initializer[i].CopyFrom(numpy_helper.from_array(array.astype(np.float16), name + "_fp16"))
        casts.append(helper.make_node("Cast", [name + "_fp16"], [name], to=onnx.TensorProto.FLOAT))
    for node in reversed(casts):
        graph.node.insert(0, node)


def strip_debug_text(model):
    """The exporter writes stack traces with this machine's paths into every node."""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.value_info[:]
    for value in [*model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]


def compare(folder, codec, graphs, images):
    """Runs both runtimes on every picture; returns the counted differences, raises if they are more than ties."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    sessions = {k: ort.InferenceSession(str(folder / f), options, providers=["CPUExecutionProvider"]) for k, f in FILES.items()}
    run = lambda name, x: sessions[name].run(None, {sessions[name].get_inputs()[0].name: x})
    seen = {"symbols": 0, "ties": 0, "max_probability_difference": 0.0, "mask_pixels": 0, "mask_differences": 0, "max_decoded_difference": 0}
    for image in images:
        frame = np.ascontiguousarray(image[None])
        with torch.inference_mode():
            z = codec.encoder(torch.from_numpy(frame).permute(0, 3, 1, 2).float() / 255)
            want = codec.quantiser.symbols(z).numpy()
            (got,) = run("encoder", frame)
            centres = codec.quantiser.centres
            to_tie = (z.unsqueeze(-1) - (centres[1:] + centres[:-1]) / 2).abs().amin(-1).numpy()
            wrong = (got != want) & (to_tie > TIE)
            if got.shape != want.shape or wrong.any():
                raise TrainError(f"encoder.onnx: {wrong.sum()} symbols differ from PyTorch on a {image.shape} frame and are no ties")
            seen["symbols"] += got.size
            seen["ties"] += int((got != want).sum())
            symbols = torch.from_numpy(got)
            p = np.abs(run("classify", got)[0] - graphs["classify"](symbols).numpy()).max()
            seen["max_probability_difference"] = max(seen["max_probability_difference"], float(p))
            mask, fractions = run("segment", got)
            want_mask, want_fractions = (x.numpy() for x in graphs["segment"](symbols))
            seen["mask_pixels"] += mask.size
            seen["mask_differences"] += int((mask != want_mask).sum())
            picture = run("decoder", got)[0].astype(int) - graphs["decoder"](symbols).numpy().astype(int)
            seen["max_decoded_difference"] = max(seen["max_decoded_difference"], int(np.abs(picture).max()))
    if seen["max_probability_difference"] > 1e-3 or seen["mask_differences"] > 1e-3 * seen["mask_pixels"] or seen["max_decoded_difference"] > 1:
        raise TrainError(f"ONNX Runtime differs from PyTorch: {seen}")
    return seen


FILES = {"encoder": "encoder.onnx", "classify": "classify.onnx", "segment": "segment.onnx", "decoder": "decoder/decoder.onnx"}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--id", required=True)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--config", type=Path, default=CONFIGS / "lean.toml")
    p.add_argument("--runs", type=Path, help="default: models/runs/<config's name>")
    p.add_argument("--systems", nargs=3, metavar=("CODEC", "CLASSIFIER", "SEGMENTER"), help="finished runs of rows 1 to 5 instead of a profile")
    p.add_argument("--replaces", type=Path, metavar="BUNDLE", help="an earlier bundle of this codec, of which all but the heads is taken as it is: its records are then the new one's, and it may go")
    p.add_argument("--out", type=Path, default=BUNDLES)
    args = p.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    if args.systems:
        parts = paper_parts(args, args.runs or RUNS / "paper")
    else:
        parts = lean_parts(args, args.runs or RUNS / args.config.stem)
    target = args.out / args.id
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.out) as tmp:
        build(Path(tmp), args, parts)
        # Whole or not at all: a failed export leaves the old bundle as it was.
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(tmp, target)
        target.chmod(0o755)  # a temporary folder is its maker's alone
    size = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
    print(f"{target}: {size / 1e6:.1f} MB")


def lean_parts(args, runs):
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


def paper_parts(args, runs):
    """Runs of rows 1 to 5, whose files say how to build them. The table is counted on training pictures."""
    run = SimpleNamespace(out=runs, device=torch.device("cpu"))
    codec_name, classifier_name, segmenter_name = args.systems
    codec = frozen_codec(run, codec_name)
    channels = run_channels(codec)
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


def build(folder, args, parts):
    codec, classifier, segmenter = parts.codec, parts.classifier, parts.segmenter
    channels, levels = run_channels(codec), len(codec.quantiser.centres)
    centres = codec.quantiser.centres
    graphs = {
        "encoder": EncoderGraph(codec), "classify": ClassifyGraph(centres, classifier),
        "segment": SegmentGraph(centres, segmenter), "decoder": DecoderGraph(centres, codec.decoder),
    }
    n, h, w = (torch.export.Dim(name, min=1, max=limit) for name, limit in (("n", 64), ("h", 512), ("w", 512)))
    frame = torch.zeros(2, 160, 192, 3, dtype=torch.uint8)
    write_graph(graphs["encoder"], frame, folder / FILES["encoder"], ["frame"], ["symbols"], {0: n, 1: 16 * h, 2: 16 * w})
    symbols = torch.zeros(2, channels, 20, 24, dtype=torch.uint8)
    outputs = {"classify": ["probabilities"], "segment": ["mask", "fractions"], "decoder": ["frame"]}
    for name, names in outputs.items():
        write_graph(graphs[name], symbols, folder / FILES[name], ["symbols"], names, {0: n, 2: 2 * h, 3: 2 * w})
    (folder / "entropy.json").write_text(json.dumps({"scaleBits": SCALE_BITS, "freqs": parts.freqs}) + "\n")
    names, replaces = [*FILES.values(), "entropy.json"], take_codec(args.replaces, folder) if args.replaces else []
    if (folder / "context.bin").exists():
        names.append("context.bin")
    seen = compare(folder, codec, graphs, check_images(args.data))
    print("ONNX Runtime against PyTorch:", seen)
    files = {f: describe(folder / f) for f in names}
    manifest = {
        "format": 1, "id": args.id, "created": datetime.date.today().isoformat(),
        "latent": {"channels": channels, "levels": levels, "stride": STRIDE, "multiple": MULTIPLE, "centres": [float(c) for c in centres]},
        "classes": {
            "classify": [{"id": wnid, "label": LABELS.get(wnid, wnid)} for wnid in parts.wnids],
            "segment": parts.segment_classes,
        },
        "segment": {"stride": MASK_STRIDE},
        "files": files,
        **({"replaces": replaces} if replaces else {}),
        "metrics": {**{k: v for k, v in parts.reports.items() if k != "pretrain"}, "onnx_against_pytorch": seen},
        "training": {
            "profile": parts.profile, "goes_on_from": parts.goes_on_from, **({"pretrain": parts.reports["pretrain"]} if "pretrain" in parts.reports else {}),
            "data": [
                "imagenet20-160 (Imagenette2 + Imagewoof2): ImageNet's research terms",
                "photos-256 (one photograph per ImageNet class): ImageNet's research terms",
                "CamVid (Brostow et al.): research use, non-commercial",
            ],
            "terms": "Weights trained on research data; check the data sets' terms before commercial use.",
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def take_codec(bundle, folder):
    """All that a record is made and read with, byte for byte from the bundle that is replaced; -> the hashes that name it in records.
    Whether its networks are this codec's, `compare` tells."""
    manifest = bundle / "manifest.json"
    for path in (manifest, bundle / "entropy.json", bundle / FILES["encoder"], bundle / FILES["decoder"]):
        if not path.exists():
            raise TrainError(f"{path} is missing; --replaces wants the folder of a whole bundle")
    if (bundle / "entropy.json").read_bytes() != (folder / "entropy.json").read_bytes():
        raise TrainError(f"{bundle} has other tables than this codec; it can not be replaced")
    for name in (FILES["encoder"], FILES["decoder"], "context.bin"):
        if (bundle / name).exists():
            shutil.copyfile(bundle / name, folder / name)
    return [describe(manifest)["sha256"], *json.loads(manifest.read_text()).get("replaces", [])]


def check_images(root):
    street = read_all(pictures_in(root / "camvid/test/images")[::60])
    things = read_all(pictures_in(root / "imagenet20-160/val")[::2000])
    return [centre_crop(im, 352, 480) for im in street] + [centre_crop(im, 160, 160) for im in things] + [centre_crop(things[0], 16, 48)]


def restore(model, path):
    if not path.exists():
        raise TrainError(f"{path} is missing; finish that part of train.py first")
    fold_batch_norm(model.eval())
    load(model, torch.load(path, weights_only=True), path)
    return model


def read_report(path):
    if not path.exists():
        raise TrainError(f"{path} is missing; finish that part of train.py first")
    return json.loads(path.read_text())


def describe(path):
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


if __name__ == "__main__":
    try:
        main()
    except (TrainError, DataError) as error:
        sys.exit(f"export.py: {error}")
