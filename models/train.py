"""Trains one part of a profile: the autoencoder, the classifier, the segmenter's trunk, the segmenter; or codec and both heads
jointly, and then a larger decoder for the client.

    python models/train.py autoencoder --data DIR --minutes 25
    python models/train.py classify    --data DIR
    python models/train.py pretrain    --data DIR
    python models/train.py segment     --data DIR

    python models/train.py joint   --data DIR --config models/configs/lean-2.toml      # goes on from lean's parts
    python models/train.py decoder --data DIR --config models/configs/lean-2.toml

A configuration with [[runs]] is a row of docs/results.md, the paper's systems; they are in systems.py:

    python models/train.py --config models/configs/row-1.toml --data DIR               # or one of its runs by name

Each writes models/runs/<profile>/<part>.pt (a checkpoint, every minute, whole or not at all; the same
command goes on from it) and, at its end, <part>.json with the figures measured on validation data.
The codec is frozen, batch norms folded and weights rounded to fp16, before any head is trained.
The learning rate follows max(steps done / steps, time used / minutes), so a run always ends annealed.
"""

import argparse
import hashlib
import json
import math
import os
import sys
import time
import tomllib
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from bundling.released import unfold, weights
from data.augment import cutmix, photometric
from data.check import check
from data.crops import centre_crop, random_crop, random_resized, scaled_crop_with_mask
from data.imagenet import class_folders, classes_in
from data.pictures import DataError, pictures_in, read_all, to_batch
from data.segmentation import CAMVID_CLASSES, VOID, camvid, class_weights
from networks.classifier import Classifier
from networks.codec import Autoencoder, Decoder, encode, symbols_by_midpoints
from networks.folding import fold_batch_norm, fold_codec
from networks.layers import MASK_STRIDE, STRIDE, ResidualUnit
from networks.segmenter import Segmenter, at_mask_size
from places import BUNDLES, CONFIGS, RUNS
from scoring import metrics
from systems.systems import runs_of
from training.run import Ahead, Run, TrainError, ema_of, load, sgd_groups, write_whole

FOLDERS = ["photos-256", "imagenet20-160/train", "imagenet20-160/val", "camvid/train", "camvid/val", "camvid/test"]  # of the lean profile


def main():
    args = parse_args()
    config = tomllib.loads(args.config.read_text())
    parts = runs_of(config) if "runs" in config else lean_parts(config)
    if args.part is None and "runs" not in config:
        raise TrainError(f"which part? {args.config} has {', '.join(parts)}")
    if args.part is not None and args.part not in parts:
        raise TrainError(f"{args.config} has no part {args.part}; it has {', '.join(parts)}")
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out = args.out or RUNS / config.get("group", args.config.stem)
    args.out.mkdir(parents=True, exist_ok=True)
    args.left_out = 0  # the rows read, and count, each its own
    if "runs" not in config:
        print("reading all pictures once", flush=True)
        args.left_out = check([args.data / folder for folder in FOLDERS], args.skip_corrupt)
        class_folders(args.data / "imagenet20-160" / "val", like=args.data / "imagenet20-160" / "train")
    for name in [args.part] if args.part else parts:
        train, knobs = parts[name]
        if args.steps is not None and args.minutes is None:
            knobs.pop("minutes", None)
        for key in ("steps", "minutes"):
            if getattr(args, key) is not None:
                knobs[key] = getattr(args, key)
        train(Run(args, config, name, knobs))


def lean_parts(config):
    parts = {"autoencoder": autoencoder, "classify": classify, "pretrain": classify, "segment": segment, "joint": joint, "decoder": decoder}
    tables = {name: knobs for name, knobs in config.items() if isinstance(knobs, dict) and name != "codec"}
    unknown = [name for name in tables if name.split("-")[0] not in parts]
    if unknown:
        raise TrainError(f"the configuration has a part {unknown[0]}; known are {', '.join(parts)}, and each with a further word, as in classify-again")
    return {name: (parts[name.split("-")[0]], knobs) for name, knobs in tables.items()}


def parse_args():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("part", nargs="?", help="a part of the profile, or a run of the row; without it, all runs of the row in order")
    p.add_argument("--config", type=Path, default=CONFIGS / "lean.toml")
    p.add_argument("--data", type=Path, required=True, help="where unpack.sh put the data sets")
    p.add_argument("--out", type=Path, help="default: models/runs/<config's group or name>")
    p.add_argument("--minutes", type=float, help="time budget of this part, over all resumed runs")
    p.add_argument("--steps", type=int, help="step budget of this part, over all resumed runs; without --minutes the only one")
    p.add_argument("--limit", type=int, help="use at most this many pictures per folder or class (smoke runs)")
    p.add_argument("--skip-corrupt", action="store_true", help="leave out pictures that cannot be read, and count them")
    p.add_argument("--threads", type=int, help="CPU threads; two runs side by side with one each do more than one with two")
    p.add_argument("--compile", action="store_true", help="compile the networks of a joint run (torch.compile, needs g++): minutes at the start, then faster steps")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return p.parse_args()


# ---- autoencoder ----------------------------------------------------------------------------------------------------

def build_autoencoder(config):
    codec = config["codec"]
    return Autoencoder(codec["channels"], codec["levels"], decoder={"units": decoder_units(config)})


def decoder_units(config):
    return config["codec"].get("decoder_units", 2)


def autoencoder(run):
    codec, knobs = run.config["codec"], run.knobs
    target = codec["target_bpp"] * STRIDE**2 / codec["channels"]  # bits per symbol
    paths = pictures_in(run.data / "photos-256")[: run.limit] + pictures_in(run.data / "camvid" / "train" / "images")[: run.limit]
    paths += pictures_in(run.data / "imagenet20-160" / "train")[:: 1 if run.limit is None else 400][: run.limit]
    paths = paths[:1367] + paths[1367::4]  # a quarter of imagenet20: enough variety, a quarter of the memory
    print(f"reading {len(paths)} pictures", flush=True)
    images = [im for im in read_all(paths) if min(im.shape[:2]) >= knobs["crop"]]
    # The clean, large photographs are few: half of every batch comes from them and from CamVid.
    large = [i for i, im in enumerate(images) if min(im.shape[:2]) > 200] or list(range(len(images)))

    model = build_autoencoder(run.config).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), lr=knobs["lr"])

    def step_loss():
        picks = np.concatenate([run.rng.choice(large, knobs["batch"] // 2), run.rng.integers(len(images), size=knobs["batch"] // 2)])
        rgb = to_batch([random_crop(images[i], knobs["crop"], run.rng) for i in picks])
        rgb = rgb.to(run.device).contiguous(memory_format=torch.channels_last)
        with run.autocast():
            out, entropy = model(rgb)
        mse = F.mse_loss(out.float(), rgb) * 255**2
        loss = mse + codec["beta"] * F.relu(entropy - target)
        bpp = entropy.item() * codec["channels"] / STRIDE**2
        return loss, {"mse": mse.item(), "psnr": 10 * math.log10(255**2 / mse.item()), "bpp": bpp}

    model = fold_codec(run.train(model, optimiser, step_loss).cpu())
    write_whole(run.out / "codec.pt", lambda tmp: torch.save(model.state_dict(), tmp))
    freqs = symbol_tables(model, read_all(paths[:: max(1, len(paths) // 1500)]), codec)
    write_whole(run.out / "tables.json", lambda tmp: Path(tmp).write_text(json.dumps(freqs)))
    run.report(evaluate_codec(model, freqs, run.data, run.limit))


def codec_folder(out, config):
    """A profile of new heads alone names another one's codec: [codec] of = "lean-4"."""
    return out.parent / config["codec"]["of"] if "of" in config["codec"] else out


def load_codec(run):
    path = codec_folder(run.out, run.config) / "codec.pt"
    if not path.exists():
        raise TrainError(f"{path} is missing; train the autoencoder first, or the profile's joint run: models/README.md")
    model = fold_codec(build_autoencoder(run.config))
    load(model, torch.load(path, weights_only=True), path)
    return model


def stand_on_codec(run):
    """The frozen codec; which one it is becomes part of the run's configuration and of its report."""
    codec = load_codec(run)
    run.upstream = {"codec": hashlib.sha256((codec_folder(run.out, run.config) / "codec.pt").read_bytes()).hexdigest()[:12]}
    run.config_hash = hashlib.sha256(f"{run.config_hash} {run.upstream}".encode()).hexdigest()
    return codec


SCALE_BITS = 12


def symbol_tables(model, images, codec):
    """Per-channel integer frequencies [C][L], each row sums to 2^12 and no entry is 0: the static entropy model."""
    counts = np.zeros((codec["channels"], codec["levels"]), np.int64)
    for image in images:
        h, w = (s // 16 * 16 for s in image.shape[:2])
        symbols = encode(model, to_batch([centre_crop(image, h, w)]))[0].numpy()
        for c in range(len(counts)):
            counts[c] += np.bincount(symbols[c].ravel(), minlength=codec["levels"])
    rows = []
    for row in counts + 1:
        freq = np.maximum(1, np.floor(row / row.sum() * 2**SCALE_BITS)).astype(int)
        freq[freq.argmax()] += 2**SCALE_BITS - freq.sum()
        rows.append(freq.tolist())
    return rows


def cross_entropy_bits(symbols, freqs):
    """Bits that the tables give to symbols [C,h,w]."""
    cost = SCALE_BITS - np.log2(np.array(freqs))
    return sum(cost[c][symbols[c]].sum() for c in range(len(freqs)))


@torch.inference_mode()
def evaluate_codec(model, freqs, root, limit):
    sets = {
        "camvid/test": [(im, 352, 480) for im in read_all(pictures_in(root / "camvid/test/images")[:limit])],
        "imagenet20-160/val": [(im, 160, 160) for im in read_all(pictures_in(root / "imagenet20-160/val")[:: 1 if limit else 16][:limit])],
    }
    figures = {}
    for name, images in sets.items():
        rows = []
        for image, h, w in images:
            rgb = to_batch([centre_crop(image, h, w)])
            symbols = encode(model, rgb)
            out = model.decoder(model.quantiser.centres[symbols.long()]).clamp(0, 1)
            bpp = cross_entropy_bits(symbols[0].numpy(), freqs) / (h * w)
            big = min(h, w) >= 176
            rows.append([bpp, metrics.psnr(out, rgb).item(), metrics.ssim_terms(out, rgb)[0].item(), metrics.ms_ssim(out, rgb).item() if big else math.nan])
        bpp, psnr, ssim, ms = np.mean(rows, axis=0)
        figures[name] = {"images": len(rows), "bpp": round(bpp, 4), "psnr_db": round(psnr, 2), "ssim": round(ssim, 4)}
        if not math.isnan(ms):
            figures[name]["ms_ssim"] = round(ms, 4)
    return figures


# ---- classifier -----------------------------------------------------------------------------------------------------

def classify(run):
    """The classifier on the frozen codec: from its beginning, on latents that are kept; an earlier one, trained on; or the mean of some."""
    (classify_mean if "mean" in run.knobs else classify_on if "start" in run.knobs else classify_anew)(run)


def classify_mean(run):
    """The mean of the weights of parts that went on from one another (a model soup, Wortsman et al., 2022): better than each, at the cost of one."""
    codec, wnids = stand_on_codec(run), classes_in(run.data / "imagenet20-160" / "train")
    states = [ema_of(run.checkpoint_path(part)) for part in run.knobs["mean"]]
    model = Classifier(run.config["codec"]["channels"], run.config["classes"], width=run.knobs["width"])
    for part, state in zip(run.knobs["mean"], states):
        load(model, state, run.checkpoint_path(part))
    model.load_state_dict({k: sum(state[k] for state in states) / len(states) if v.is_floating_point() else v for k, v in states[-1].items()})
    run.spent = {"steps": 0, "minutes": 0.0, "device": str(run.device)}
    end_classifier(run, codec, model.eval(), wnids)


def classify_on(run):
    """From the part `start`, on views near to what is looked at in use: cheap, since neither encoder nor decoder learns."""
    knobs, channels = run.knobs, run.config["codec"]["channels"]
    codec = stand_on_codec(run).to(run.device)
    centres = codec.quantiser.centres.detach()
    model = Classifier(channels, run.config["classes"], width=knobs["width"])
    path = run.checkpoint_path(knobs["start"])
    saved = ema_of(path)
    if knobs["start"].split("/")[-1] == "joint":
        saved = {k.removeprefix("classifier."): v for k, v in saved.items() if k.startswith("classifier.")}
    load(model, saved, path)
    model = model.to(memory_format=torch.channels_last)
    paths, labels, wnids = class_folders(run.data / "imagenet20-160" / "train", run.limit)
    images, labels = read_all(paths), torch.from_numpy(labels)
    weight = torch.ones(run.config["classes"], device=run.device)
    for label, wnid in enumerate(wnids):
        weight[label] = knobs.get("class_weights", {}).get(wnid, 1.0)
    loss_of = lambda logits, target: F.cross_entropy(logits, target, weight=weight, label_smoothing=knobs["label_smoothing"])
    views = [run.config["seed"], knobs.get("views", 13 if knobs["start"] == "joint" else 17)]  # others than the part before has seen
    fetch = lambda step: class_batch(images, labels, knobs, views, step)
    ahead, running = Ahead(fetch), {}

    def step_loss():
        rgb, target, pasted, share = ahead[run.step]
        target = target.to(run.device)
        with run.autocast():
            latent = centres[encode(codec, rgb).long().to(run.device)].contiguous(memory_format=torch.channels_last)
            logits = model(latent).float()
        if pasted is None:
            hit = (logits.argmax(1) == target).float().mean().item()
            running["top1"] = 0.98 * running.get("top1", hit) + 0.02 * hit
        return mixed(loss_of, logits, target, pasted, share), running

    end_classifier(run, codec, run.train(model, sgd_groups(knobs, (model, knobs["lr"])), step_loss), wnids)


def class_batch(images, labels, knobs, views, step):
    """-> rgb [N,3,crop,crop], labels [N], labels [N] of what CutMix has pasted or None, the first's share of the area. It depends on the step and
    on `views`, a list of seeds, alone."""
    rng = np.random.default_rng([*views, step])
    epoch, k = divmod(step, max(1, len(images) // knobs["batch"]))
    picks = np.random.default_rng([*views, 7, epoch]).permutation(len(images))[k * knobs["batch"] : (k + 1) * knobs["batch"]]
    rgb = to_batch([random_resized(images[i], knobs["crop"], rng, area=knobs.get("area", (0.3, 1.0))) for i in picks])
    if rng.random() < knobs.get("cutmix", 0.0):
        rgb, other, share = cutmix(rgb, rng, STRIDE)
        return rgb, labels[picks], labels[picks][other], share
    return rgb, labels[picks], None, 1.0


def mixed(loss_of, logits, target, pasted, share):
    """The loss of a batch of class_batch."""
    return loss_of(logits, target) if pasted is None else share * loss_of(logits, target) + (1 - share) * loss_of(logits, pasted.to(target.device))


def end_classifier(run, codec, model, wnids):
    model = fold_batch_norm(model.cpu())
    write_whole(run.out / f"{run.part}.final.pt", lambda tmp: torch.save(model.state_dict(), tmp))
    figures = evaluate_classifier(codec.cpu(), model, run.data, run.knobs.get("test_crop") or run.knobs["crop"], run.limit)
    run.report({"upstream": run.upstream, "width": run.knobs["width"], "wnids": wnids, **figures})


def classify_anew(run):
    knobs, channels = run.knobs, run.config["codec"]["channels"]
    codec = stand_on_codec(run).to(run.device)
    latents, labels, wnids = cached_latents(run, codec)
    if len(wnids) > run.config["classes"]:
        raise TrainError(f"{run.data}: {len(wnids)} classes found, the configuration says {run.config['classes']}")
    centres = codec.quantiser.centres.detach()
    model = Classifier(channels, run.config["classes"], width=knobs["width"]).to(memory_format=torch.channels_last)
    optimiser = sgd_groups(knobs, (model, knobs["lr"]))
    side = knobs["crop"] // STRIDE

    def step_loss():
        picks = run.rng.integers(len(labels), size=knobs["batch"])
        views = run.rng.integers(knobs["variants"], size=knobs["batch"])
        offsets = run.rng.integers(latents.shape[-1] - side + 1, size=(knobs["batch"], 2))
        batch = np.stack([latents[v, p, :, y : y + side, x : x + side] for v, p, (y, x) in zip(views, picks, offsets)])
        target = torch.from_numpy(labels[picks]).to(run.device)
        with run.autocast():
            logits = model(centres[torch.from_numpy(batch).long().to(run.device)].contiguous(memory_format=torch.channels_last)).float()
        loss = F.cross_entropy(logits, target, label_smoothing=knobs["label_smoothing"])
        return loss, {"loss": loss.item(), "batch_top1": (logits.argmax(1) == target).float().mean().item()}

    end_classifier(run, codec, run.train(model, optimiser, step_loss), wnids)


def cached_latents(run, codec):
    """Latents of random views, computed once: uint8 [variants, pictures, C, h, w]; the codec is frozen, so they stay true."""
    knobs = run.knobs
    paths, labels, wnids = class_folders(run.data / "imagenet20-160" / "train", run.limit)
    size = knobs["crop"] + 32  # room for random crops of the latent at training time
    key = hashlib.sha256((codec_folder(run.out, run.config) / "codec.pt").read_bytes() + repr((str(run.data.resolve()), len(paths), size, knobs["variants"], run.config["seed"])).encode()).hexdigest()[:12]
    path = run.out / f"latents-{key}.npy"
    if not path.exists():
        images = read_all(paths)
        rng = np.random.default_rng(run.config["seed"])
        h = size // STRIDE
        out = np.empty((knobs["variants"], len(images), run.config["codec"]["channels"], h, h), np.uint8)
        started = time.monotonic()
        for v in range(knobs["variants"]):
            for i in range(0, len(images), 64):
                views = [random_resized(im, size, rng) for im in images[i : i + 64]]
                with run.autocast():
                    out[v, i : i + len(views)] = encode(codec, to_batch(views)).numpy()
            done = (v + 1) / knobs["variants"]
            left = (time.monotonic() - started) * (1 - done) / done
            print(f"{run.part}  latents of view {v + 1} of {knobs['variants']}  {left / 60:.1f} min left", flush=True)
        with open(str(path) + ".tmp", "wb") as f:
            np.save(f, out)
        os.replace(str(path) + ".tmp", path)
    return np.load(path, mmap_mode="r" if run.limit is None else None), labels, wnids


@torch.inference_mode()
def evaluate_classifier(codec, model, root, crop, limit):
    """Centre crop of the validation pictures; top-1 and top-5 over all classes, and per half."""
    paths, labels, wnids = class_folders(root / "imagenet20-160" / "val", limit, like=root / "imagenet20-160" / "train")
    scores = []
    for i in range(0, len(paths), 64):
        batch = to_batch([centre_crop(im, crop, crop) for im in read_all(paths[i : i + 64])])
        scores.append(model(codec.quantiser.centres[encode(codec, batch).long()]))
    return {"crop": crop, **metrics.accuracy(torch.cat(scores), labels, wnids)}


# ---- segmenter ------------------------------------------------------------------------------------------------------

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
            symbols = encode(codec, rgb)
            logits = model(centres[symbols.long().to(run.device)].contiguous(memory_format=torch.channels_last)).float()
        logits, target = at_mask_size(logits, target)
        loss = F.cross_entropy(logits, target, weight=weight, ignore_index=VOID)
        figures = {"loss": loss.item()}
        if "jaccard" in knobs:
            iou = soft_iou(logits, target)
            loss, figures["iou"] = loss + knobs["jaccard"] * (1 - iou), iou.item()
        return loss, figures

    model = fold_batch_norm(run.train(model, sgd_groups(knobs, (model, knobs["lr"])), step_loss).cpu())
    write_whole(run.out / f"{run.part}.final.pt", lambda tmp: torch.save(model.state_dict(), tmp))
    codec = codec.cpu()
    held_out = [split for split in ("val", "test") if split not in splits]
    run.report({"upstream": run.upstream, "width": knobs["width"], "splits": splits, **{f"camvid/{split}": evaluate_segmenter(codec, model, run.data / "camvid" / split, run.limit) for split in held_out}})


def segmenter_knobs(joint):
    """Of a joint run's [joint]: segment_width, segment_blocks and segment_fine are what [segment] calls width, blocks and fine."""
    return {k.removeprefix("segment_"): joint[k] for k in ("segment_width", "segment_blocks", "segment_fine") if k in joint}


def build_segmenter(channels, knobs):
    return Segmenter(channels, len(CAMVID_CLASSES), knobs.get("blocks", (4, 6, 3)), knobs["width"], fine=knobs.get("fine", 1))


def soft_iou(logits, target):
    """Mean over the classes that a batch shows of intersection over union, with probabilities in place of decisions: what mIoU scores, as a
    loss (Rahman and Wang, 2016). logits [N,C,h,w], target [N,h,w] with VOID."""
    labelled = (target != VOID).unsqueeze(1)
    p = logits.softmax(1) * labelled
    truth = F.one_hot(target.where(labelled[:, 0], 0), logits.shape[1]).permute(0, 3, 1, 2) * labelled
    both = (p * truth).sum(dim=(0, 2, 3))
    union = (p + truth).sum(dim=(0, 2, 3)) - both
    shown = truth.sum(dim=(0, 2, 3)) > 0
    return (both / union.clamp_min(1e-6))[shown].mean()


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


@torch.inference_mode()
def evaluate_segmenter(codec, model, folder, limit):
    """mIoU on 480x352 (the middle rows of 480x360, since sides must be multiples of 16), of the mask as exported: a class for each 4x4 pixels."""
    confusion = metrics.Confusion(len(CAMVID_CLASSES), VOID)
    for image, mask in camvid(folder, limit)[0]:
        h, w = (s // 16 * 16 for s in mask.shape)
        symbols = encode(codec, to_batch([centre_crop(image, h, w)]))
        mask = centre_crop(mask, h, w)
        logits, _ = at_mask_size(model(codec.quantiser.centres[symbols.long()]), torch.from_numpy(mask).unsqueeze(0))
        confusion.add(mask, logits.argmax(1)[0].numpy().repeat(MASK_STRIDE, 0).repeat(MASK_STRIDE, 1))
    iou = confusion.iou()
    per_class = {name: round(100 * v, 1) for name, v in zip(CAMVID_CLASSES, iou)}
    return {"miou": round(100 * iou.mean(), 2), "pixel_accuracy": round(100 * confusion.pixel_accuracy(), 2), "iou": per_class}


# ---- joint ----------------------------------------------------------------------------------------------------------

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
    target_entropy = codec["target_bpp"] * STRIDE**2 / codec["channels"]
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
            loss = task + knobs["rate"] * F.relu(entropy - target_entropy)
            if target.ndim == 3 or run.step % knobs["mse_every"] == 0:
                n = min(len(rgb), knobs["mse_batch"])
                mse = F.mse_loss(to_rgb(latent[:n]).float(), rgb[:n])
                loss = loss + knobs["mse"] * mse
                figures["psnr"] = -10 * math.log10(mse.item())
        figures["bpp"] = entropy.item() * codec["channels"] / STRIDE**2
        return loss, figures

    run.train(model, sgd_groups(knobs, (model.codec, knobs["codec_lr"]), (model.classifier, knobs["lr"]), (model.segmenter, knobs["segment_lr"])), step_loss)
    model.cpu()
    frozen, classifier, segmenter = fold_codec(model.codec), fold_batch_norm(model.classifier), fold_batch_norm(model.segmenter)
    photos = pictures_in(run.data / "photos-256") + paths[::16]
    freqs = symbol_tables(frozen, read_all(photos[:: max(1, len(photos) // 1500)]), codec)
    write_whole(run.out / "tables.json", lambda tmp: Path(tmp).write_text(json.dumps(freqs)))
    for name, network in (("codec", frozen), ("joint-classify.final", classifier), ("joint-segment.final", segmenter)):
        write_whole(run.out / f"{name}.pt", lambda tmp: torch.save(network.state_dict(), tmp))
    run.report({
        "width": knobs["width"], "wnids": wnids, "codec": evaluate_codec(frozen, freqs, run.data, run.limit),
        "classify": evaluate_classifier(frozen, classifier, run.data, knobs["crop"], run.limit),
        **{f"camvid/{split}": evaluate_segmenter(frozen, segmenter, run.data / "camvid" / split, run.limit) for split in ("val", "test")},
    })


def start_from_earlier(run, model, images):
    """`start` names finished runs (a profile's parts, or its joint run and the decoder trained after it) or, where those are gone, a released bundle."""
    start, bundle = run.out.parent / run.knobs["start"], BUNDLES / run.knobs["start"]
    if (start / "joint.pt").exists():
        saved = ema_of(start / "joint.pt")
        parts = [("classify", "classifier."), ("segment", "segmenter.")] + ([("decoder", "codec.decoder.")] if decoder_units(run.config) != 2 else [])
        for part, prefix in parts:
            if (start / f"{part}.pt").exists():
                saved = {k: v for k, v in saved.items() if not k.startswith(prefix)}
                saved |= {prefix + k: v for k, v in ema_of(start / f"{part}.pt").items()}
        load(model, saved, start / "joint.pt")
    elif (start / "autoencoder.pt").exists() or not bundle.is_dir():
        for part, network in (("autoencoder", model.codec), ("classify", model.classifier), ("segment", model.segmenter)):
            load(network, ema_of(start / f"{part}.pt"), start / f"{part}.pt")
    else:
        print(f"joint: starts from {bundle}", flush=True)
        centres = json.loads((bundle / "manifest.json").read_text())["latent"]["centres"]
        if len(centres) != run.config["codec"]["levels"]:
            raise TrainError(f"{bundle} has {len(centres)} centres, {run.args.config} says levels = {run.config['codec']['levels']}")
        model.codec.quantiser.centres.data = torch.tensor(centres)
        encoder = {k.removeprefix("encoder."): v for k, v in weights(bundle / "encoder.onnx").items()}
        latent = unfold_from(bundle / "encoder.onnx", model.codec.encoder, encoder, to_batch([centre_crop(im, 160, 160) for im in images]))
        latent = model.codec.quantiser.centres.data[symbols_by_midpoints(latent, model.codec.quantiser.centres.data).long()]
        for file, network in (("classify.onnx", model.classifier), ("segment.onnx", model.segmenter), ("decoder/decoder.onnx", model.codec.decoder)):
            unfold_from(bundle / file, network, weights(bundle / file), latent)


def unfold_from(path, network, weights, batch):
    try:
        return unfold(network, weights, batch)
    except TrainError as error:
        raise TrainError(f"{path} {error}") from error


# ---- decoder --------------------------------------------------------------------------------------------------------

def decoder(run):
    """The client's decoder on the frozen codec: it never runs on the box, so it may be larger than the one trained along."""
    knobs = run.knobs
    codec = stand_on_codec(run).to(run.device)
    paths = pictures_in(run.data / "photos-256")[: run.limit] + pictures_in(run.data / "camvid" / "train" / "images")[: run.limit]
    fits = lambda found: [im for im in read_all(found) if min(im.shape[:2]) // 16 * 16 >= knobs["crop"]]
    images = fits(paths)
    large = len(images)
    images += fits(pictures_in(run.data / "imagenet20-160" / "train")[:: 1 if run.limit else 8][: run.limit])
    centres = codec.quantiser.centres.detach()
    # All symbols are computed once: the codec is frozen. Sides are cut to multiples of 16.
    symbols = []
    for i, image in enumerate(images):
        h, w = (s // 16 * 16 for s in image.shape[:2])
        images[i] = centre_crop(image, h, w)
        with run.autocast():
            symbols.append(encode(codec, to_batch([images[i]]))[0])
    model = Decoder(run.config["codec"]["channels"], units=knobs["units"])
    start_from_joint(run, model)
    model = model.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), lr=knobs["lr"])
    side = knobs["crop"] // STRIDE

    def step_loss():
        rng = np.random.default_rng([run.config["seed"], run.step])
        picks = np.concatenate([rng.integers(large, size=knobs["batch"] * 3 // 4), rng.integers(len(images), size=knobs["batch"] // 4)])
        rgb, latent = [], []
        for i in picks:
            h, w = symbols[i].shape[1:]
            y, x = rng.integers(h - side + 1), rng.integers(w - side + 1)
            latent.append(symbols[i][:, y : y + side, x : x + side])
            rgb.append(images[i][y * STRIDE : (y + side) * STRIDE, x * STRIDE : (x + side) * STRIDE])
        rgb = to_batch(rgb).to(run.device)
        latent = centres[torch.stack(latent).long().to(run.device)].contiguous(memory_format=torch.channels_last)
        with run.autocast():
            out = model(latent)
        # The border of a crop sees less than it would in a picture.
        mse = F.mse_loss(out.float()[:, :, 8:-8, 8:-8], rgb[:, :, 8:-8, 8:-8])
        return mse * 255**2, {"psnr": -10 * math.log10(mse.item())}

    model = fold_batch_norm(run.train(model, optimiser, step_loss).cpu())
    write_whole(run.out / "decoder.final.pt", lambda tmp: torch.save(model.state_dict(), tmp))
    codec = codec.cpu()
    codec.decoder = model
    run.report({"upstream": run.upstream, **evaluate_codec(codec, json.loads((run.out / "tables.json").read_text()), run.data, run.limit)})


def start_from_joint(run, model):
    """What it shares with the decoder of the joint run; further residual units begin as identities."""
    saved = ema_of(run.checkpoint_path("joint"))
    old = {k.removeprefix("codec.decoder.body."): v for k, v in saved.items() if k.startswith("codec.decoder.body.")}
    units = len([m for m in model.body if isinstance(m, ResidualUnit)])
    before = decoder_units(run.config)
    shift = units - before
    state = model.state_dict()
    for key, value in old.items():
        at, rest = key.split(".", 1)
        at = int(at)
        state[f"body.{at if at <= before else at + shift}.{rest}"].copy_(value)
    for unit in list(model.body)[1 + before : 1 + units]:
        torch.nn.init.zeros_(unit.body[1][1].weight)
    model.load_state_dict(state, strict=True)


if __name__ == "__main__":
    try:
        main()
    except (TrainError, DataError) as error:
        sys.exit(f"train.py: {error}")
