"""The bundle of a field network: the codec of a released bundle, file for file, and analyse.onnx in the place of its heads."""

import datetime
import shutil

import numpy as np
import torch

from bundling.bundle import describe, take_codec, write_manifest
from bundling.graphs import FILES, AnalyseGraph
from bundling.int8 import to_grid, write_int8
from bundling.onnx_files import write_graph
from bundling.released import encoder, manifest_of, session, there
from data.crops import centre_crop
from data.field import labels
from data.field.labels import MASK, TAGS, THINGS
from networks.analyser import TOP, Analyser
from networks.folding import fold_batch_norm
from networks.layers import MASK_STRIDE
from training.checkpoint import TrainError, load

ANALYSE, INT8 = "analyse.onnx", "analyse.int8.onnx"
CALIBRATION = 96  # training pictures
CODEC = (FILES["encoder"], FILES["decoder"], "entropy.json", "context.bin")
# What presence is told of: id, label, any of these tags, these classes of the mask, watched unless the owner says otherwise.
PRESENCE = [
    ("person", "person", ["person"], ["person"], True),
    ("vehicle", "vehicle", ["car", "bus", "truck"], ["car", "large_vehicle"], True),
    ("two_wheeler", "two-wheeler", ["bicycle", "motorcycle"], ["two_wheeler"], True),
    ("animal", "animal", ["dog", "cat"], ["animal"], True),
    ("car", "car", ["car"], ["car"], False),
    ("large_vehicle", "large vehicle", ["bus", "truck"], ["large_vehicle"], False),
]
DATA = [
    "field.tar, of it under CC BY 4.0 (Roboflow Universe): atl-version-2 by finalproject-bqip3, vehicle_detection_yolov8 by farzad, modes-of-transport by ts-2qpml, "
    "highway-object-detection by universitas-tidar, manaus_traffic by tamaturgo, intelligence-cctv by garoong, yolo-for-bicycle by shamin-asfaq, bicycle-detection by chuanzhang",
    "field.tar, of it: Sample videos by Intel IoT DevKit, CC BY 4.0",
    "field.tar, the rest (photographs of cats and dogs, clips of third parties): research data",
]


def build(folder, name, of, checkpoint, data, profile, replaces=None):
    """Thresholds are 0.5 until models/score.py --write has chosen better ones. of: the released bundle whose codec it is. replaces: a published bundle of
    that codec, which may go: its streams are then the new one's."""
    released = manifest_of(of)
    for file in CODEC:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(there(of / file), folder / file)
    names = []
    if replaces:
        made = {file: (folder / file).read_bytes() for file in CODEC}
        names = take_codec(replaces, folder)
        if other := [file for file, content in made.items() if (folder / file).read_bytes() != content]:
            raise TrainError(f"{replaces} has another {other[0]} than {of}: it can not be replaced")
    latent = released["latent"]
    graph = AnalyseGraph(torch.tensor(latent["centres"]), network_of(checkpoint, latent["channels"]))
    n, h, w = (torch.export.Dim(axis, min=1, max=limit) for axis, limit in (("n", 64), ("h", 512), ("w", 512)))
    symbols = torch.zeros(2, latent["channels"], 20, 24, dtype=torch.uint8)
    write_graph(graph, symbols, folder / ANALYSE, ["symbols"], ["tags", "mask", "fractions", "map"], {0: n, 2: 2 * h, 3: 2 * w}, int8=True)
    seen = compare(folder, graph, check_images(labels.load(data, "val")))
    print("ONNX Runtime against PyTorch:", seen)
    encode = encoder(folder)
    write_int8(folder / INT8, folder / ANALYSE, "symbols", [encode(image[None]) for image in some_images(labels.load(data, "train"), CALIBRATION)])
    trained = released["training"]
    write_manifest(folder, {
        "format": 1, "id": name, **({"replaces": names} if names else {}), "created": datetime.date.today().isoformat(), "latent": latent,
        "analyse": described({tag: {"enter": 0.5, "leave": 0.4} for tag in TAGS}),
        "files": {file: describe(folder / file) for file in (FILES["encoder"], ANALYSE, INT8, *CODEC[1:])},
        "metrics": {"codec": released["metrics"]["codec"], "onnx_against_pytorch": seen},
        "training": {
            "profile": profile, "goes_on_from": [released["id"], *trained.get("goes_on_from", [])], "data": trained["data"] + DATA, "terms": trained["terms"],
        },
    })


def described(thresholds):
    """The manifest's `analyse` (contract/bundle.ts): what each output of the graph is."""
    identifier = lambda label: label.replace(" ", "_").replace("-", "_")
    kind = lambda label: "rest" if label == "other" else "thing" if label in THINGS else "scene"
    return {
        "tags": {"kind": "sigmoid", "classes": [{"id": tag, "label": tag} for tag in TAGS], "thresholds": thresholds},
        "mask": {"kind": "argmax", "stride": MASK_STRIDE, "classes": [{"id": identifier(c), "label": c, "kind": kind(c)} for c in MASK]},
        "fractions": {"kind": "share"},
        "map": {"kind": "logit", "top": TOP},
        "presence": [{"id": i, "label": label, "tags": tags, "mask": mask, "watch": watch} for i, label, tags, mask, watch in PRESENCE],
    }


def network_of(checkpoint, channels):
    """The running mean of a checkpoint's weights, of a run that has ended or not; batch norms folded, weights as the bundle stores them (bundling/int8.py)."""
    if not checkpoint.exists():
        raise TrainError(f"{checkpoint} is missing; train it first: see models/README.md")
    saved = torch.load(checkpoint, map_location="cpu", weights_only=False)
    network = Analyser(channels, len(TAGS), len(MASK)).eval()
    load(network, saved.get("ema", saved), checkpoint)
    return to_grid(fold_batch_norm(network))


@torch.inference_mode()
def compare(folder, graph, images):
    """ONNX Runtime against PyTorch, on real pictures of several sizes."""
    encode, answer = encoder(folder), analyser(folder)
    seen = {"max_tag_difference": 0.0, "mask_pixels": 0, "mask_differences": 0}
    for image in images:
        symbols = encode(image[None])
        tags, mask, fractions = answer(symbols)
        want_tags, want_mask, want_fractions, _ = (x.numpy() for x in graph(torch.from_numpy(symbols)))
        seen["max_tag_difference"] = max(seen["max_tag_difference"], float(np.abs(tags - want_tags).max()))
        seen["mask_pixels"] += mask.size
        seen["mask_differences"] += int((mask != want_mask).sum())
        if np.abs(fractions - want_fractions).max() > 1e-2:
            raise TrainError(f"{ANALYSE}: fractions differ from PyTorch by {np.abs(fractions - want_fractions).max()}")
    if seen["max_tag_difference"] > 1e-3 or seen["mask_differences"] > 1e-3 * seen["mask_pixels"]:
        raise TrainError(f"{ANALYSE}: ONNX Runtime differs from PyTorch: {seen}")
    return seen


def some_images(pictures, count):
    """About so many of them, evenly from all, with sides that are multiples of 16."""
    images = [picture.rgb() for picture in pictures[:: max(1, len(pictures) // count)]]
    return [centre_crop(im, im.shape[0] // 16 * 16, im.shape[1] // 16 * 16) for im in images]


def check_images(pictures):
    """Some of them, and a very small one."""
    images = some_images(pictures, 8)
    return [*images, centre_crop(images[0], 16, 48)]


def analyser(bundle, threads=0, file=ANALYSE):
    """-> function: symbols uint8 [N,C,h,w] -> tags float32 [N,T], mask uint8 [N,2h,2w], fractions float32 [N,K]. threads: 0 for one a core"""
    graph = session(bundle / file, threads)
    return lambda symbols: graph.run(["tags", "mask", "fractions"], {"symbols": symbols})
