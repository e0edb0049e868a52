"""Writes the files of a bundle: graphs, entropy table, manifest."""

import datetime
import hashlib
import json
import shutil

import torch

from bundling.compare import check_images, compare
from bundling.graphs import FILES, ClassifyGraph, DecoderGraph, EncoderGraph, SegmentGraph
from bundling.onnx_files import write_graph
from networks.layers import MASK_STRIDE, STRIDE
from scoring.rate import SCALE_BITS
from systems.codec import channels_of
from training.checkpoint import TrainError

MULTIPLE = 16
LABELS = {
    "n01440764": "tench", "n02102040": "English springer", "n02979186": "cassette player", "n03000684": "chain saw",
    "n03028079": "church", "n03394916": "French horn", "n03417042": "garbage truck", "n03425413": "gas pump",
    "n03445777": "golf ball", "n03888257": "parachute", "n02086240": "Shih-Tzu", "n02087394": "Rhodesian ridgeback",
    "n02088364": "beagle", "n02089973": "English foxhound", "n02093754": "Border terrier",
    "n02096294": "Australian terrier", "n02099601": "golden retriever", "n02105641": "Old English sheepdog",
    "n02111889": "Samoyed", "n02115641": "dingo",
}


def build(folder, args, parts):
    codec, classifier, segmenter = parts.codec, parts.classifier, parts.segmenter
    channels, levels = channels_of(codec), len(codec.quantiser.centres)
    centres = codec.quantiser.centres
    graphs = {
        "encoder": EncoderGraph(codec), "classify": ClassifyGraph(centres, classifier),
        "segment": SegmentGraph(centres, segmenter), "decoder": DecoderGraph(centres, codec.decoder),
    }
    (folder / "entropy.json").write_text(json.dumps({"scaleBits": SCALE_BITS, "freqs": parts.freqs}) + "\n")
    replaces = take_codec(args.replaces, folder) if args.replaces else []
    n, h, w = (torch.export.Dim(name, min=1, max=limit) for name, limit in (("n", 64), ("h", 512), ("w", 512)))
    if not replaces:
        frame = torch.zeros(2, 160, 192, 3, dtype=torch.uint8)
        write_graph(graphs["encoder"], frame, folder / FILES["encoder"], ["frame"], ["symbols"], {0: n, 1: 16 * h, 2: 16 * w})
    symbols = torch.zeros(2, channels, 20, 24, dtype=torch.uint8)
    outputs = {"classify": ["probabilities"], "segment": ["mask", "fractions"], **({} if replaces else {"decoder": ["frame"]})}
    for name, names in outputs.items():
        write_graph(graphs[name], symbols, folder / FILES[name], ["symbols"], names, {0: n, 2: 2 * h, 3: 2 * w})
    names = [*FILES.values(), "entropy.json"]
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
    write_manifest(folder, manifest)


def write_manifest(folder, manifest):
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
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(bundle / name, folder / name)
    return [describe(manifest)["sha256"], *json.loads(manifest.read_text()).get("replaces", [])]


def describe(path):
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
