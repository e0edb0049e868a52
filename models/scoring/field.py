"""Figures of the field network on the pictures of field/val: mean average precision of the tags, mIoU of the things."""

import numpy as np
import torch
from PIL import Image

from bundling.graphs import FILES
from bundling.released import manifest_of, session
from data.field.labels import IGNORE, OF_CAMVID, TAGS, THINGS
from networks.analyser import tag_logits
from networks.layers import MASK_STRIDE
from scoring.metrics import Confusion


def answers_of(model, centres):
    """-> function as of bundling.field.analyser, of a network in PyTorch; without fractions"""
    model.eval()

    @torch.inference_mode()
    def answer(symbols):
        maps, logits = model(centres[torch.from_numpy(symbols).long()])
        return torch.sigmoid(tag_logits(maps)).numpy(), logits.argmax(1).numpy(), None

    return answer


def segmenter(bundle, threads=0):
    """-> the same of a bundle that has a segmenter of CamVid's classes and no tags: persons and cars by their share of the picture, nothing of the others (NaN)."""
    graph = session(bundle / FILES["segment"], threads)
    classes = [OF_CAMVID.get(c, "other") for c in manifest_of(bundle)["classes"]["segment"]]
    thing = np.array([THINGS.index(c) if c in THINGS else 0 for c in classes])

    def answer(symbols):
        mask, fractions = graph.run(None, {"symbols": symbols})
        shares = [fractions[:, [c == tag for c in classes]].sum(1) if tag in classes else np.full(len(symbols), np.nan) for tag in TAGS]
        return np.stack(shares, 1), thing[mask], None

    return answer


def truth_of(picture, height):
    """uint8 [T]: 1 there, 0 not there, IGNORE open; objects under a sixteenth of the height are open, as in the clips. A region that is left out may
    hold any class that the teacher alone has looked for."""
    closed = picture.by_people if picture.ignored else picture.closed
    tags = np.array([0 if tag in closed else IGNORE for tag in range(len(TAGS))], np.uint8)
    for b, certain, possible in picture.boxes:
        for tag in possible:
            if tags[tag] == 0:
                tags[tag] = IGNORE
        if certain is not None and (b[3] - b[1]) * 16 >= height:
            tags[certain] = 1
    return tags


def average_precision(scores, truth):
    """scores float [N], truth [N], 1 or 0 -> in 0..1, None where nothing is there"""
    hit = truth[np.argsort(-scores, kind="stable")] == 1
    if not hit.any():
        return None
    return float((np.cumsum(hit) / np.arange(1, len(hit) + 1))[hit].mean())


def said(answer, encode, pictures):
    """-> tags' scores float [P,T], truths uint8 [P,T], Confusion of the things. Each picture scaled to sides that are multiples of 16; a mask's class stands
    for 4x4 pixels."""
    scores, truths, confusion = [], [], Confusion(len(THINGS), IGNORE)
    for picture in pictures:
        rgb = picture.rgb()
        size = rgb.shape[1] // 16 * 16, rgb.shape[0] // 16 * 16
        tags, mask, _ = answer(encode(np.asarray(Image.fromarray(rgb).resize(size, Image.BICUBIC))[None]))
        scores.append(tags[0])
        truths.append(truth_of(picture, rgb.shape[0]))
        truth = np.asarray(Image.fromarray(picture.mask()).resize(size, Image.NEAREST))[MASK_STRIDE // 2 :: MASK_STRIDE, MASK_STRIDE // 2 :: MASK_STRIDE]
        confusion.add(truth, np.where(mask[0] < len(THINGS), mask[0], 0))
    return np.stack(scores), np.stack(truths), confusion


def figures(scores, truths, confusion):
    known = (truths != IGNORE) & ~np.isnan(scores)
    precision = {tag: average_precision(scores[known[:, i], i], truths[known[:, i], i]) for i, tag in enumerate(TAGS)}
    precision, iou = {tag: value for tag, value in precision.items() if value is not None}, confusion.iou()
    return {
        "map": round(sum(precision.values()) / max(1, len(precision)), 4), "ap": {tag: round(value, 3) for tag, value in precision.items()},
        "miou": round(float(iou[1:].mean()), 4), "iou": {thing: round(float(value), 3) for thing, value in zip(THINGS, iou)},
    }
