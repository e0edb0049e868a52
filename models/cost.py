"""Row 6 of the paper's systems: multiply-adds and parameters of each network, counted from its ONNX graph, and its time in
ONNX Runtime. Writes docs/results/cost.json.

    python models/cost.py [--threads N] [--seconds S] [--out FILE]

The paper's widths, 224x224, C = 16, batch 1, random weights: cost needs no trained ones. The networks take turns, so that all
have the same noise; a time is the median. Batch norms are folded, as for use.
"""

import argparse
import datetime
import json
import platform
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper, shape_inference

from bundling.runtime import ort
from networks.classifier import Classifier, ResNet
from networks.codec import Encoder
from networks.folding import fold_batch_norm
from networks.paper_codec import PaperDecoder, PaperEncoder
from networks.resnet import CRESNETS, RESNETS
from networks.segmenter import Segmenter
from places import RESULTS

CHANNELS, SIDE, CLASSES = 16, 224, 1000
VOC_CLASSES, LEAN_CLASSES, CAMVID_CLASSES = 21, 20, 11
# Rows 1 to 5 are trained at these widths (models/configs): their multiply-adds are counted as well.
TRAINED_CODEC_WIDTH, TRAINED_WIDTH = 0.5, 0.25
# G multiply-adds and M parameters, paper.md sections 1 and 2.
PAPER = {
    "encoder": (3.53, 1.15), "decoder": (3.5, 1.1), "ResNet-50": (3.86, 25.6), "ResNet-71": (5.39, 33.4),
    "cResNet-39": (2.95, 25.2), "cResNet-51": (3.83, 29.7), "cResNet-72": (5.36, 37.5),
}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--seconds", type=float, default=90, help="of measuring, all networks together")
    p.add_argument("--out", type=Path, default=RESULTS / "cost.json")
    args = p.parse_args()
    warnings.filterwarnings("ignore")
    torch.manual_seed(1)
    rgb, latent = torch.rand(1, 3, SIDE, SIDE), torch.randn(1, CHANNELS, SIDE // 8, SIDE // 8)
    networks = {"encoder": (PaperEncoder(CHANNELS), rgb), "lean encoder": (Encoder(CHANNELS), rgb), "decoder": (PaperDecoder(CHANNELS), latent)}
    networks |= {f"ResNet-{k}": (ResNet(CLASSES, blocks), rgb) for k, blocks in RESNETS.items()}
    networks |= {f"cResNet-{k}": (Classifier(CHANNELS, CLASSES, blocks), latent) for k, blocks in CRESNETS.items()}
    networks |= {
        "ResNet-50-d + ASPP": (Segmenter(None, VOC_CLASSES, RESNETS[50], rgb=True), rgb), "cResNet-51-d + ASPP": (Segmenter(CHANNELS, VOC_CLASSES, CRESNETS[51]), latent),
        "lean classifier": (Classifier(CHANNELS, LEAN_CLASSES, width=0.5), latent), "lean segmenter": (Segmenter(CHANNELS, CAMVID_CLASSES, (4, 6), 0.5, fine=2), latent),
    }
    trained = {"decoder": (PaperDecoder(CHANNELS, TRAINED_CODEC_WIDTH), latent)}
    trained |= {f"ResNet-{k}": (ResNet(LEAN_CLASSES, blocks, TRAINED_WIDTH), rgb) for k, blocks in RESNETS.items()}
    trained |= {f"cResNet-{k}": (Classifier(CHANNELS, LEAN_CLASSES, blocks, TRAINED_WIDTH), latent) for k, blocks in CRESNETS.items()}
    sessions, rows = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (network, example) in networks.items():
            path = str(Path(folder) / "graph.onnx")
            macs, parameters = count(export(network, example, path))
            rows[name] = {"gmac": round(macs / 1e9, 3), "mparam": round(parameters / 1e6, 2)}
            if name in PAPER:
                rows[name] |= {"paper_gmac": PAPER[name][0], "paper_mparam": PAPER[name][1]}
            options = ort.SessionOptions()
            options.intra_op_num_threads = args.threads
            if name in trained:
                rows[name]["trained_gmac"] = round(count(export(*trained[name], str(Path(folder) / "trained.onnx")))[0] / 1e9, 3)
            sessions[name] = (ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]), {"x": example.numpy()})
            print(f"{name}: {rows[name]}", flush=True)
    times = measure(sessions, args.seconds)
    for name, ms in times.items():
        rows[name]["ms"] = round(ms, 2)
    pairs = [("ResNet-50", "cResNet-51"), ("ResNet-50", "cResNet-39"), ("ResNet-71", "cResNet-72")]
    ratios = [ratio(rows, rgb_net, latent_net, "gmac") | ratio(rows, rgb_net, latent_net, "ms") for rgb_net, latent_net in pairs]
    report = {
        "command": f"python models/cost.py --threads {args.threads} --seconds {args.seconds:g}", "date": datetime.date.today().isoformat(),
        "machine": f"{cpu()}, {args.threads} thread(s), ONNX Runtime {ort.__version__}",
        "pixels": SIDE, "channels": CHANNELS, "networks": rows, "decode_and_infer": ratios,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(ratios, indent=1))


def export(network, example, path):
    torch.onnx.export(fold_batch_norm(network.eval()), (example,), path, dynamo=False, input_names=["x"], opset_version=18)
    return path


def ratio(rows, rgb_net, latent_net, unit):
    """decoder + ResNet over cResNet, the paper's comparison; and with each side's encoder, what a box pays."""
    decoded, latent = rows["decoder"][unit] + rows[rgb_net][unit], rows[latent_net][unit]
    encoder, lean = rows["encoder"][unit], rows["lean encoder"][unit]
    return {
        "rgb": rgb_net, "latent": latent_net, f"ratio_{unit}": round(decoded / latent, 3),
        f"with_encoder_{unit}": round((encoder + decoded) / (encoder + latent), 3),
        f"with_lean_encoder_{unit}": round((encoder + decoded) / (lean + latent), 3),
    }


def count(path):
    """-> multiply-adds of convolutions and matrix products, parameters. @raises if a shape is not known"""
    graph = shape_inference.infer_shapes(onnx.load(path)).graph
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in [*graph.value_info, *graph.input, *graph.output]}
    weights = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    macs = 0
    for node in graph.node:
        if node.op_type == "Conv":
            macs += int(np.prod(shapes[node.output[0]])) * int(np.prod(weights[node.input[1]].shape[1:]))
        elif node.op_type == "ConvTranspose":  # every input value meets every weight of its channel
            macs += int(np.prod(shapes[node.input[0]])) * int(np.prod(weights[node.input[1]].shape[1:]))
        elif node.op_type in ("Gemm", "MatMul"):
            macs += int(weights[node.input[1]].size)
    return macs, sum(w.size for w in weights.values())


def measure(sessions, seconds):
    """-> median ms of each, run in turns"""
    times = {name: [] for name in sessions}
    for session, feed in sessions.values():
        session.run(None, feed)
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(times["encoder"]) < 5:
        for name, (session, feed) in sessions.items():
            started = time.perf_counter()
            session.run(None, feed)
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: float(np.median(values)) for name, values in times.items()}


def cpu():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


if __name__ == "__main__":
    main()
