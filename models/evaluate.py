"""Scores a bundle's ONNX graphs on data sets, in Python: the second opinion on `blindsight eval`.

    python models/evaluate.py --bundle models/bundles/lean-1 --data DIR [--crop 160]

Layouts: DIR/<wnid>/* (classification) or DIR/{images,masks} (segmentation). Definitions are those of `blindsight eval`:
PSNR, SSIM and MS-SSIM are means over pictures, a mask's class stands for 4x4 pixels, IoU is over all labelled pixels.
Bits per pixel are what the bundle's tables give to the symbols, no bitstream is written here.
"""

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np

from bundling.runtime import ort
from data.crops import centre_crop
from data.imagenet import class_folders
from data.pictures import DataError, read_rgb, to_batch
from data.segmentation import VOID, camvid
from scoring import metrics


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bundle", type=Path, required=True)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--crop", type=int, default=160)
    p.add_argument("--limit", type=int)
    args = p.parse_args()
    bundle = Bundle(args.bundle)
    masked = (args.data / "images").is_dir()
    print(json.dumps(segmentation(bundle, args) if masked else classification(bundle, args), indent=1))


class Bundle:
    def __init__(self, folder):
        self.manifest = json.loads((folder / "manifest.json").read_text())
        entropy = json.loads((folder / "entropy.json").read_text())
        self.cost = entropy["scaleBits"] - np.log2(np.array(entropy["freqs"]))
        options = ort.SessionOptions()
        options.log_severity_level = 3
        open_ = lambda name: ort.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
        self.encoder, self.decoder = open_("encoder.onnx"), open_("decoder/decoder.onnx")
        self.classify, self.segment = open_("classify.onnx"), open_("segment.onnx")

    def code(self, rgb):
        """uint8 [H,W,3] -> symbols [1,C,h,w], figures"""
        (symbols,) = self.encoder.run(None, {"frame": np.ascontiguousarray(rgb[None])})
        (again,) = self.decoder.run(None, {"symbols": symbols})
        a, b = to_batch([rgb]), to_batch(list(again))
        bits = sum(self.cost[c][plane].sum() for c, plane in enumerate(symbols[0]))
        return symbols, {"bpp_tables": bits / (rgb.shape[0] * rgb.shape[1]), **metrics.quality(a, b)}


def mean(rows):
    result = {k: np.mean([row[k] for row in rows]) for k in rows[0]}
    return {"images": len(rows), **{k: round(float(v), 4) for k, v in result.items() if not math.isnan(v)}}


def classification(bundle, args):
    ids = [c["id"] for c in bundle.manifest["classes"]["classify"]]
    paths, labels, wnids = class_folders(args.data, args.limit)
    rows = []
    for path, label in zip(paths, labels):
        symbols, figures = bundle.code(centre_crop(read_rgb(path), args.crop, args.crop))
        (scores,) = bundle.classify.run(None, {"symbols": symbols})
        rank = int((scores[0] > scores[0][ids.index(wnids[label])]).sum())
        rows.append({**figures, "top1": 100.0 * (rank == 0), "top5": 100.0 * (rank < 5)})
    return mean(rows)


def segmentation(bundle, args):
    names, multiple = bundle.manifest["classes"]["segment"], bundle.manifest["latent"]["multiple"]
    confusion, rows = metrics.Confusion(len(names), VOID), []
    for image, mask in camvid(args.data, args.limit)[0]:
        h, w = (s // multiple * multiple for s in mask.shape)
        symbols, figures = bundle.code(centre_crop(image, h, w))
        found, _ = bundle.segment.run(None, {"symbols": symbols})
        stride = h // found.shape[1]
        confusion.add(centre_crop(mask, h, w), found[0].repeat(stride, 0).repeat(stride, 1))
        rows.append(figures)
    iou = confusion.iou()
    return {
        **mean(rows), "miou": round(float(100 * iou.mean()), 4), "pixel_accuracy": round(float(100 * confusion.pixel_accuracy()), 4),
        "iou": {name: round(float(100 * v), 4) for name, v in zip(names, iou)},
    }


if __name__ == "__main__":
    try:
        main()
    except (DataError, FileNotFoundError) as error:
        sys.exit(f"evaluate.py: {error}")
