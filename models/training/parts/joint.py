"""Codec and both heads, trained together."""

import math
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from data.augment import photometric
from data.crops import scaled_crop_with_mask
from data.imagenet import class_folders
from data.pictures import pictures_in, read_all, to_batch
from data.segmentation import VOID, camvid, class_weights
from networks.classifier import Classifier
from networks.folding import fold_batch_norm, fold_codec
from networks.segmenter import at_mask_size
from scoring.profile import evaluate_classifier, evaluate_codec, evaluate_segmenter
from scoring.rate import symbol_tables
from training.batches import Ahead, class_batch
from training.checkpoint import write_json, write_weights
from training.losses import bpp_of, entropy_target, mixed
from training.optimiser import sgd_groups
from training.parts.codec import build_autoencoder
from training.parts.segment import build_segmenter, segmenter_knobs
from training.parts.start import start_from_earlier


class Joint(torch.nn.Module):
    """Codec and both heads, trained together: paper.md section 2, Eq. 2, with a second head."""

    def __init__(self, config, knobs):
        super().__init__()
        channels = config["codec"]["channels"]
        self.codec = build_autoencoder(config)
        self.classifier = Classifier(channels, config["classes"], width=knobs["width"])
        self.segmenter = build_segmenter(channels, segmenter_knobs(knobs))


def joint(run):
    """Every segment_every-th step is a batch of CamVid, the others are of imagenet20-160. The rate is a hinge, as in the
    autoencoder's own training; the picture's error is looked at in every mse_every-th step, as the decoder costs most."""
    knobs, codec = run.knobs, run.config["codec"]
    entropy_allowed = entropy_target(codec)
    model = Joint(run.config, knobs)
    paths, labels, wnids = class_folders(run.data / "imagenet20-160" / "train", run.limit)
    images, labels = read_all(paths), torch.from_numpy(labels)
    if not run.checkpoint_path().exists():
        start_from_earlier(run, model, images[:: max(1, len(images) // 200)])
    model = model.to(memory_format=torch.channels_last)
    pairs, _ = camvid(run.data / "camvid" / "train", run.limit)
    weight = class_weights(pairs)

    def fetch(step):
        if step % knobs["segment_every"] == knobs["segment_every"] - 1:
            rng = np.random.default_rng([run.config["seed"], step])
            crops = [scaled_crop_with_mask(*pairs[i], knobs["segment_crop"], rng) for i in rng.integers(len(pairs), size=knobs["segment_batch"])]
            rgb = photometric(to_batch([im for im, _ in crops]), knobs.get("photometric", 0.0), rng)
            return rgb, torch.from_numpy(np.stack([m for _, m in crops])).long(), None, 1.0
        return class_batch(images, labels, knobs, [run.config["seed"]], step)

    ahead, figures = Ahead(fetch), {}
    compiled = torch.compile if run.args.compile else lambda network: network
    to_latent = compiled(lambda rgb: model.codec.quantiser(model.codec.encoder(rgb)))
    classify_latent, segment_latent, to_rgb = (compiled(network.forward) for network in (model.classifier, model.segmenter, model.codec.decoder))

    def step_loss():
        rgb, target, pasted, share = ahead[run.step]
        rgb, target = rgb.to(run.device).contiguous(memory_format=torch.channels_last), target.to(run.device)
        with run.autocast():
            latent, entropy = to_latent(rgb)
            if target.ndim == 3:
                logits, target = at_mask_size(segment_latent(latent).float(), target)
                task = F.cross_entropy(logits, target, weight=weight.to(run.device), ignore_index=VOID)
                figures["segment"] = task.item()
            else:
                logits = classify_latent(latent).float()
                task = mixed(partial(F.cross_entropy, label_smoothing=knobs["label_smoothing"]), logits, target, pasted, share)
                if pasted is None:
                    hit = (logits.argmax(1) == target).float().mean().item()
                    figures["top1"] = 0.95 * figures.get("top1", hit) + 0.05 * hit
            loss = task + knobs["rate"] * F.relu(entropy - entropy_allowed)
            if target.ndim == 3 or run.step % knobs["mse_every"] == 0:
                n = min(len(rgb), knobs["mse_batch"])
                mse = F.mse_loss(to_rgb(latent[:n]).float(), rgb[:n])
                loss = loss + knobs["mse"] * mse
                figures["psnr"] = -10 * math.log10(mse.item())
        figures["bpp"] = bpp_of(codec, entropy.item())
        return loss, figures

    run.train(model, sgd_groups(knobs, (model.codec, knobs["codec_lr"]), (model.classifier, knobs["lr"]), (model.segmenter, knobs["segment_lr"])), step_loss)
    model.cpu()
    frozen, classifier, segmenter = fold_codec(model.codec), fold_batch_norm(model.classifier), fold_batch_norm(model.segmenter)
    photos = pictures_in(run.data / "photos-256") + paths[::16]
    freqs = symbol_tables(frozen, read_all(photos[:: max(1, len(photos) // 1500)]), codec)
    write_json(run.out / "tables.json", freqs)
    for name, network in (("codec", frozen), ("joint-classify.final", classifier), ("joint-segment.final", segmenter)):
        write_weights(run.out / f"{name}.pt", network.state_dict())
    run.report({
        "width": knobs["width"], "wnids": wnids, "codec": evaluate_codec(frozen, freqs, run.data, run.limit),
        "classify": evaluate_classifier(frozen, classifier, run.data, knobs["crop"], run.limit),
        **{f"camvid/{split}": evaluate_segmenter(frozen, segmenter, run.data / "camvid" / split, run.limit) for split in ("val", "test")},
    })
