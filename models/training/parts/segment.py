"""The segmenter on the frozen codec."""

import numpy as np
import torch
import torch.nn.functional as F

from data.augment import photometric
from data.crops import scaled_crop_with_mask
from data.pictures import to_batch
from data.segmentation import CAMVID_CLASSES, VOID, camvid, class_weights
from networks.codec import encode, latent_of
from networks.folding import fold_batch_norm
from networks.segmenter import Segmenter, at_mask_size
from scoring.profile import evaluate_segmenter
from training.checkpoint import ema_of, load, write_weights
from training.losses import soft_iou
from training.optimiser import sgd_groups
from training.parts.codec import stand_on_codec


def segment(run):
    knobs, channels = run.knobs, run.config["codec"]["channels"]
    codec = stand_on_codec(run).to(run.device)
    centres = codec.quantiser.centres.detach()
    model = build_segmenter(channels, knobs)
    start_segmenter(run, model)
    model = model.to(memory_format=torch.channels_last)
    splits = knobs.get("splits", ["train"])
    pairs = [pair for split in splits for pair in camvid(run.data / "camvid" / split, run.limit)[0]]
    weight = class_weights(pairs).to(run.device)

    def step_loss():
        crops = [scaled_crop_with_mask(*pairs[i], knobs["crop"], run.rng) for i in run.rng.integers(len(pairs), size=knobs["batch"])]
        target = torch.from_numpy(np.stack([m for _, m in crops])).long().to(run.device)
        with run.autocast():
            rgb = photometric(to_batch([im for im, _ in crops]), knobs.get("photometric", 0.0), run.rng)
            logits = model(latent_of(encode(codec, rgb), centres)).float()
        logits, target = at_mask_size(logits, target)
        loss = F.cross_entropy(logits, target, weight=weight, ignore_index=VOID)
        figures = {"loss": loss.item()}
        if "jaccard" in knobs:
            iou = soft_iou(logits, target)
            loss, figures["iou"] = loss + knobs["jaccard"] * (1 - iou), iou.item()
        return loss, figures

    model = fold_batch_norm(run.train(model, sgd_groups(knobs, (model, knobs["lr"])), step_loss).cpu())
    write_weights(run.out / f"{run.part}.final.pt", model.state_dict())
    codec = codec.cpu()
    held_out = [split for split in ("val", "test") if split not in splits]
    figures = {f"camvid/{split}": evaluate_segmenter(codec, model, run.data / "camvid" / split, run.limit) for split in held_out}
    run.report({"upstream": run.upstream, "width": knobs["width"], "splits": splits, **figures})


def segmenter_knobs(joint):
    """Of a joint run's [joint]: segment_width, segment_blocks and segment_fine are what [segment] calls width, blocks and fine."""
    return {k.removeprefix("segment_"): joint[k] for k in ("segment_width", "segment_blocks", "segment_fine") if k in joint}


def build_segmenter(channels, knobs):
    return Segmenter(channels, len(CAMVID_CLASSES), knobs.get("blocks", (4, 6, 3)), knobs["width"], fine=knobs.get("fine", 1))


def start_segmenter(run, model):
    """An earlier segmenter, the joint run's, or the trunk of a classifier (as far as the segmenter has blocks)."""
    start = run.knobs.get("start", "pretrain")
    path, part = run.checkpoint_path(start), start.split("/")[-1].split("-")[0]
    saved = ema_of(path)
    if part == "joint":
        load(model, {k.removeprefix("segmenter."): v for k, v in saved.items() if k.startswith("segmenter.")}, path)
    elif part == "segment":
        load(model, model.from_coarse(saved) if len(saved["aspp.0.weight"]) == len(CAMVID_CLASSES) else saved, path)
    else:
        trunk = {k.removeprefix("trunk."): v for k, v in saved.items() if k.startswith("trunk.")}
        load(model.trunk, {k: v for k, v in trunk.items() if k in model.trunk.state_dict()}, path)
