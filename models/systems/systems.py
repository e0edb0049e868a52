"""The paper's systems (paper.md), rows 1 to 5 of docs/results.md: codecs, classifiers and segmenters on latents and on RGB, joint training.

A configuration has [defaults] and [[runs]]; a run is {name, kind, knobs}. What a network looks at is its `source`:

    original            the picture
    decoded:<codec>     the picture, coded and decoded by that run's codec
    latent:<codec>      its quantised latent

All sources of a data set are computed once, from the same square pictures, and cropped on the same 8-pixel grid at training and at
evaluation, so the networks that are compared see the same views in the same order.
"""

import hashlib
import json
import math
import os
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from data.check import check
from data.crops import centre_crop, random_crop, scaled, square
from data.imagenet import class_folders
from data.pictures import DataError, pictures_in, read_rgb, read_some, to_batch
from data.segmentation import VOID, class_weights, segmentation
from networks.classifier import Classifier, ResNet
from networks.codec import encode
from networks.folding import fold_batch_norm, fold_codec
from networks.layers import STRIDE
from networks.paper_codec import PaperAutoencoder
from networks.resnet import CRESNETS, RESNETS
from networks.segmenter import Segmenter, at_mask_size
from scoring import metrics
from training.run import Ahead, TrainError, ema_of, load, sgd_groups, write_whole


def runs_of(config):
    kinds = {"autoencoder": autoencoder, "classifier": classifier, "segmenter": segmenter, "joint": joint}
    merged = [{**config.get("defaults", {}), **run} for run in config["runs"]]
    return {knobs["name"]: (once(kinds[knobs["kind"]]), knobs) for knobs in merged}


def once(train):
    """Skips a run that has finished before. What a run stands on is part of its configuration: on a codec that was trained again, it is another run."""

    def train_once(run):
        run.upstream = {name: made(run, name) for name in sorted(stands_on(run.knobs))}
        run.config_hash = digest(run.config_hash, run.upstream, run.limit)
        path = run.out / f"{run.part}.json"
        report = json.loads(path.read_text()) if path.exists() else {}
        if report.get("config") == run.config_hash and report["steps"] == report["knobs"]["steps"] == run.knobs.get("steps", report["knobs"]["steps"]):
            print(f"{run.part}: finished before, {path}", flush=True)
        else:
            train(run)

    return train_once


def stands_on(knobs):
    """Names of the runs whose weights a run starts from, looks through or learns from."""
    names = {knobs[key] for key in ("start", "codec", "classifier", "teacher") if key in knobs}
    return names | ({knobs["source"].split(":")[1]} if ":" in knobs.get("source", "") else set())


def made(run, name):
    """What identifies the weights of a finished run."""
    return hashlib.sha256(final_path(run, name).read_bytes()).hexdigest()[:12]


def finish(run, state, figures):
    """The folded weights, with the knobs that say how to build the networks, and the report."""
    write_whole(run.out / f"{run.part}.final.pt", lambda tmp: torch.save({"knobs": run.knobs, **state}, tmp))
    said = {"row": run.config["row"], "config": run.config_hash, "made": made(run, run.part), "upstream": run.upstream, "limit": run.limit}
    run.report({**said, "knobs": run.knobs, **figures})


def seeds(run):
    """Of the configuration and of the run: for random numbers that a second seed changes."""
    return run.config["seed"], run.knobs.get("seed", 0)


def same_start(run):
    """Before a network is built: its first weights depend on the seeds alone, not on what was made or loaded before."""
    torch.manual_seed(run.config["seed"] * 1000 + run.knobs.get("seed", 0))


def check_held_out(run):
    """What is read only after training has to be known to be good before it."""
    if not run.args.skip_corrupt:
        check([run.data / "camvid" / "test", run.data / "imagenet20-160" / "val"], False)


def final(run, name):
    return torch.load(final_path(run, name), map_location="cpu", weights_only=True)


def final_path(run, name):
    """Of a run that has ended: a checkpoint alone is of one that has not."""
    path = run.out / f"{name}.final.pt"
    if not path.exists():
        raise TrainError(f"{path} is missing; train {name} first: see models/README.md")
    return path


# ---- codec ----------------------------------------------------------------------------------------------------------

def autoencoder(run):
    """MSE on 0..255 + beta * max(H - H_target, 0); paper.md section 1."""
    knobs = run.knobs
    target = entropy_target(knobs)
    paths = pictures_in(run.data / "photos-256")[: run.limit] + pictures_in(run.data / "camvid" / "train" / "images")[: run.limit]
    paths += pictures_in(run.data / "imagenet20-160" / "train")[:: 8 if run.limit is None else 400][: run.limit]
    check_held_out(run)
    images, kept = read_some(paths, run.args.skip_corrupt)
    images = [im for im in images if min(im.shape[:2]) >= knobs["crop"]]
    large = [i for i, im in enumerate(images) if min(im.shape[:2]) > 200]
    same_start(run)
    model = build_codec(knobs)
    if "start" in knobs:
        take_over(model, ema_of(run.out / f"{knobs['start']}.pt"))
    model = model.to(memory_format=torch.channels_last)

    def fetch(step):
        rng = np.random.default_rng([*seeds(run), step])
        picks = np.concatenate([rng.choice(large, knobs["batch"] // 2), rng.integers(len(images), size=knobs["batch"] // 2)])
        return to_batch([random_crop(images[i], knobs["crop"], rng) for i in picks])

    ahead = Ahead(fetch)

    def step_loss():
        rgb = ahead[run.step].to(run.device).contiguous(memory_format=torch.channels_last)
        with run.autocast():
            out, entropy = model(rgb)
        mse = F.mse_loss(out.float(), rgb) * 255**2
        return mse + knobs["beta"] * F.relu(entropy - target), {"psnr": 10 * math.log10(255**2 / mse.item()), "bpp": bpp_of(knobs, entropy.item())}

    run.train(model, torch.optim.Adam(model.parameters(), lr=knobs["lr"]), step_loss)
    codec = fold_codec(model.cpu())
    finish(run, {"codec": codec.state_dict()}, {"pictures": len(images), "left_out": len(paths) - len(kept), **codec_figures(run, codec)})


def build_codec(knobs):
    return PaperAutoencoder(knobs["channels"], knobs["levels"], knobs["codec_width"])


def bpp_of(knobs, bits_per_symbol):
    return bits_per_symbol * knobs["channels"] / STRIDE**2


def entropy_target(knobs):
    return knobs["target_bpp"] * STRIDE**2 / knobs["channels"]


def take_over(model, state):
    """What has the same name and shape; the layers at the latent differ with C."""
    own = model.state_dict()
    model.load_state_dict({k: state[k] if k in state and state[k].shape == v.shape else v for k, v in own.items()})


def frozen_codec(run, name):
    saved = final(run, name)
    codec = fold_codec(build_codec(saved["knobs"]))
    load(codec, saved["codec"], run.out / f"{name}.final.pt")
    return codec.to(run.device, memory_format=torch.channels_last)


@torch.inference_mode()
def codec_figures(run, codec):
    """Rate: entropy of the set's one histogram (the paper's estimate), and of a histogram per channel. Quality: means over pictures."""
    sets = {
        "camvid/test": (pictures_in(run.data / "camvid/test/images")[: run.limit], 352, 480),
        "imagenet20-160/val": (pictures_in(run.data / "imagenet20-160/val")[:: 1 if run.limit else 8][: run.limit], 160, 160),
    }
    figures = {}
    for name, (paths, h, w) in sets.items():
        counts, rows = None, []
        for image in read_some(paths, run.args.skip_corrupt)[0]:
            rgb = to_batch([centre_crop(image, h, w)])
            symbols = encode(codec, rgb)
            out = codec.decoder(codec.quantiser.centres[symbols.long()]).clamp(0, 1)
            rows.append([metrics.psnr(out, rgb).item(), metrics.ssim_terms(out, rgb)[0].item(), metrics.ms_ssim(out, rgb).item() if min(h, w) >= 176 else math.nan])
            here = np.stack([np.bincount(plane.numpy().ravel(), minlength=len(codec.quantiser.centres)) for plane in symbols[0]])
            counts = here if counts is None else counts + here
        psnr, ssim, ms = np.mean(rows, axis=0)
        per_symbol = lambda p: float(-(p * np.log2(np.maximum(p, 1e-12))).sum(-1).mean())
        channels = len(counts)
        figures[name] = {
            "images": len(rows), "psnr_db": round(psnr, 2), "ssim": round(ssim, 4), **({} if math.isnan(ms) else {"ms_ssim": round(ms, 4)}),
            "bpp": round(per_symbol(counts.sum(0) / counts.sum()) * channels / STRIDE**2, 4),
            "bpp_per_channel": round(per_symbol(counts / counts.sum(1, keepdims=True)) * channels / STRIDE**2, 4),
        }
    return {"codec": figures}


# ---- sources --------------------------------------------------------------------------------------------------------

def pictures(run, split):
    """-> uint8 [N,S,S,3] (memory-mapped), labels [N], wnids, number of pictures left out. ImageNet's layout: <dataset>/<split>/<wnid>/*."""
    folder, size = run.data / run.knobs["dataset"], run.knobs["size"]
    paths, labels, wnids = class_folders(folder / split, run.limit, like=folder / "train")
    key = digest(run.knobs["dataset"], split, size, run.limit, str(run.data.resolve()), [p.stat().st_size for p in paths])
    path = run.out / "cache" / f"{split}-original-{key}.rgb"
    if not path.exists():
        say(run, f"reads {len(paths)} pictures of {run.knobs['dataset']}/{split}")
        path.parent.mkdir(parents=True, exist_ok=True)
        tmp, kept = f"{path}.{os.getpid()}.tmp", []
        with open(tmp, "wb") as file:
            for i in range(0, len(paths), 1024):  # ImageNet does not fit into memory
                images, good = read_some(paths[i : i + 1024], run.args.skip_corrupt, lambda p: square(read_rgb(p), size))
                kept += [i + k for k in good]
                for image in images:
                    file.write(np.ascontiguousarray(image).tobytes())
        write_whole(path.with_suffix(".json"), lambda tmp: Path(tmp).write_text(json.dumps(kept)))
        os.replace(tmp, path)
    kept = json.loads(path.with_suffix(".json").read_text())
    if len(kept) < len(paths) and not run.args.skip_corrupt:
        raise DataError(f"{folder / split}: {len(paths) - len(kept)} broken pictures were left out of {path}; mend them, or say --skip-corrupt again")
    return np.memmap(path, np.uint8, "r", shape=(len(kept), size, size, 3)), labels[kept], wnids, len(paths) - len(kept)


def source(run, name, split):
    """-> uint8 [views,N,...]: RGB [N,S,S,3] in one view; symbols [N,C,S/8,S/8] in two, of the pictures and (for training) of their
    mirror images, since a mirrored latent is not the latent of the mirrored picture."""
    rgb, *_ = pictures(run, split)
    if name == "original":
        return rgb[None]
    what, codec_name = name.split(":")
    key = digest(made(run, codec_name), Path(rgb.filename).name, rgb.shape)
    path = run.out / "cache" / f"{split}-{what}-{codec_name}-{key}.npy"
    if not path.exists():
        codec = frozen_codec(run, codec_name)
        n, size = rgb.shape[:2]
        views = 2 if what == "latent" and split == "train" else 1
        shape = (n, size, size, 3) if what == "decoded" else (n, run_channels(codec), size // STRIDE, size // STRIDE)
        # Two programs may make the same file at the same time: each has its own until it is whole.
        tmp = f"{path}.{os.getpid()}.tmp"
        out = np.lib.format.open_memmap(tmp, "w+", np.uint8, (views, *shape))
        started, shown = time.monotonic(), 0.0
        for view in range(views):
            for i in range(0, n, 64):
                batch = to_batch([im[:, ::-1] if view else im for im in rgb[i : i + 64]])
                # What is scored is what the codec makes at full precision, as in a bundle; training is forgiving.
                with torch.inference_mode(), run.autocast() if split == "train" else nullcontext():
                    symbols = encode(codec, batch)
                    if what == "decoded":
                        decoded = codec.decoder(codec.quantiser.centres[symbols.long().to(run.device)].contiguous(memory_format=torch.channels_last))
                        symbols = (decoded.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu()
                out[view, i : i + len(batch)] = symbols.numpy()
                done = (view * n + i + len(batch)) / (views * n)
                if time.monotonic() - shown > 5:
                    shown = time.monotonic()
                    say(run, f"{name} of {split}  {done:6.1%}  {(shown - started) * (1 - done) / done / 60:5.1f} min left")
        out.flush()
        os.replace(tmp, path)
    return np.load(path, mmap_mode="r")


def run_channels(codec):
    return codec.encoder.body[-1].out_channels


def digest(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def say(run, text):
    print(f"{run.part}  {text}", flush=True)


def crop_of(array, index, mirror, y, x, side):
    """One crop on the 8-pixel grid: y, x, side in latent positions of the (mirrored) picture. RGB is [H,W,3], symbols [C,h,w]."""
    if array.shape[-1] == 3:
        image = array[0, index]
        image = image[:, ::-1] if mirror else image
        return image[y * STRIDE : (y + side) * STRIDE, x * STRIDE : (x + side) * STRIDE]
    return array[int(mirror), index, :, y : y + side, x : x + side]


class Inputs:
    """Turns a list of crops into the tensor a network takes: RGB in [0, 1], or centre values."""

    def __init__(self, run, name):
        self.rgb, self.run = not name.startswith("latent:"), run
        if not self.rgb:
            codec = frozen_codec(run, name.split(":")[1])
            self.centres, self.channels = codec.quantiser.centres.detach(), run_channels(codec)

    def __call__(self, crops):
        if self.rgb:
            x = to_batch(crops).to(self.run.device)
        else:
            x = self.centres[torch.from_numpy(np.stack(crops)).long().to(self.run.device)]
        return x.contiguous(memory_format=torch.channels_last)

    def classifier(self, knobs, classes):
        if self.rgb:
            return ResNet(classes, RESNETS[knobs["depth"]], knobs["width"])
        return Classifier(self.channels, classes, CRESNETS[knobs["depth"]], knobs["width"])

    def segmenter(self, knobs, classes):
        return Segmenter(None if self.rgb else self.channels, classes, (RESNETS if self.rgb else CRESNETS)[knobs["depth"]], knobs["width"], rgb=self.rgb)


# ---- classifier -----------------------------------------------------------------------------------------------------

def classifier(run):
    """cResNet-k or ResNet-k on its source. With `teacher`, a finished classifier on original RGB, its soft targets are learnt too."""
    knobs = run.knobs
    array, held_out = source(run, knobs["source"], "train"), source(run, knobs["source"], "val")
    rgb, labels, wnids, left_out = pictures(run, "train")
    inputs = Inputs(run, knobs["source"])
    same_start(run)
    model = inputs.classifier(knobs, len(wnids)).to(memory_format=torch.channels_last)
    teacher = load_teacher(run, knobs["teacher"], len(wnids)) if "teacher" in knobs else None
    if "start" in knobs:
        path = run.out / f"{knobs['start']}.pt"
        load(model, ema_of(path), path)
    side, positions, per_epoch = knobs["crop"] // STRIDE, (knobs["size"] - knobs["crop"]) // STRIDE + 1, max(1, len(labels) // knobs["batch"])
    knobs.setdefault("steps", round(knobs["epochs"] * per_epoch))

    def fetch(step):
        rng = np.random.default_rng([*seeds(run), knobs.get("views", 0), step])
        epoch, k = divmod(step, per_epoch)
        picks = np.random.default_rng([*seeds(run), knobs.get("views", 0), 7, epoch]).permutation(len(labels))[k * knobs["batch"] : (k + 1) * knobs["batch"]]
        places = [(int(i), rng.random() < 0.5, *rng.integers(positions, size=2)) for i in picks]
        crops = [crop_of(array, *place, side) for place in places]
        return crops, [crop_of(rgb[None], *place, side) for place in places] if teacher else None, torch.from_numpy(labels[picks])

    ahead, running = Ahead(fetch), {}

    def step_loss():
        crops, originals, target = ahead[run.step]
        target = target.to(run.device)
        with run.autocast():
            logits = model(inputs(crops)).float()
            if teacher:
                with torch.inference_mode():
                    soft = teacher(to_batch(originals).to(run.device).contiguous(memory_format=torch.channels_last)).float()
        loss = F.cross_entropy(logits, target, label_smoothing=knobs["label_smoothing"])
        if teacher:
            # Hinton et al., 2015: both at temperature T, the gradient brought back to scale by T squared.
            t, share = knobs["temperature"], knobs["teacher_share"]
            loss = (1 - share) * loss + share * t**2 * F.kl_div((logits / t).log_softmax(1), (soft.clone() / t).softmax(1), reduction="batchmean")
        hit = (logits.argmax(1) == target).float().mean().item()
        running["top1"] = 0.98 * running.get("top1", hit) + 0.02 * hit
        return loss, {"loss": loss.item(), **running}

    run.train(model, sgd_groups(knobs, (model, knobs["lr"])), step_loss)
    model = fold_batch_norm(model.cpu())
    finish(run, {"network": model.state_dict()}, {"left_out": left_out, **classifier_figures(run, model, inputs, held_out)})


@torch.inference_mode()
def classifier_figures(run, model, inputs, array):
    """Centre crop of the validation pictures' source, on the 8-pixel grid."""
    _, labels, wnids, left_out = pictures(run, "val")
    side = run.knobs["test_crop"] // STRIDE
    at = (run.knobs["size"] // STRIDE - side) // 2
    model.to(memory_format=torch.channels_last)
    device, run.device = run.device, torch.device("cpu")
    if not inputs.rgb:
        inputs.centres = inputs.centres.cpu()
    scores = [model(inputs([crop_of(array, j, False, at, at, side) for j in range(i, min(i + 64, len(labels)))])) for i in range(0, len(labels), 64)]
    run.device = device
    return {"val_left_out": left_out, "classify": metrics.accuracy(torch.cat(scores), labels, wnids)}


def load_teacher(run, name, classes):
    saved = final(run, name)
    model = fold_batch_norm(ResNet(classes, RESNETS[saved["knobs"]["depth"]], saved["knobs"]["width"]).eval())
    load(model, saved["network"], run.out / f"{name}.final.pt")
    return model.to(run.device, memory_format=torch.channels_last)


# ---- segmenter ------------------------------------------------------------------------------------------------------

def segmenter(run):
    """The classifier's trunk in its dilated form, with ASPP; codec frozen. Views of several scales are computed once."""
    knobs = run.knobs
    read = lambda split: segmentation(run.data, knobs["dataset"], split, run.limit, run.args.skip_corrupt)
    (pairs, names, left_out), (test, _, test_left_out) = read("train"), read(knobs["test_split"])
    inputs = Inputs(run, knobs["source"])
    views = coded_views(run, pairs)
    same_start(run)
    model = inputs.segmenter(knobs, len(names))
    start = ema_of(run.out / f"{knobs['start']}.pt")
    trunk = {k.split("trunk.", 1)[1]: v for k, v in start.items() if k.startswith(("trunk.", "classifier.trunk."))}
    load(model.trunk, trunk, run.out / f"{knobs['start']}.pt")
    model = model.to(memory_format=torch.channels_last)
    weight = class_weights(pairs, len(names)).to(run.device)
    side = knobs["crop"] // STRIDE
    knobs.setdefault("steps", max(1, round(knobs["epochs"] * len(pairs) / knobs["batch"])))

    def fetch(step):
        rng = np.random.default_rng([*seeds(run), step])
        crops, masks = [], []
        for i in rng.integers(len(views), size=knobs["batch"]):
            array, mask = views[i]
            h, w = (s // STRIDE for s in mask.shape)
            y, x = rng.integers(h - side + 1), rng.integers(w - side + 1)
            crops.append(crop_of(array[None, None], 0, False, y, x, side))
            masks.append(mask[y * STRIDE : (y + side) * STRIDE, x * STRIDE : (x + side) * STRIDE])
        return crops, torch.from_numpy(np.stack(masks)).long()

    ahead = Ahead(fetch)

    def step_loss():
        crops, target = ahead[run.step]
        with run.autocast():
            logits = model(inputs(crops)).float()
        logits, target = at_mask_size(logits, target)
        loss = F.cross_entropy(logits, target.to(run.device), weight=weight, ignore_index=VOID)
        return loss, {"loss": loss.item()}

    run.train(model, sgd_groups(knobs, (model.trunk, knobs["lr"]), (model.aspp, knobs["lr"] * knobs["last_layer"])), step_loss)
    model = fold_batch_norm(model.cpu())
    finish(run, {"network": model.state_dict()}, {"left_out": left_out, "test_left_out": test_left_out, **segmenter_figures(run, model, test, names)})


def coded_views(run, pairs):
    """Every picture at every scale, every second one mirrored: list of (RGB [H,W,3] or symbols [C,h,w], mask [H,W]); sides are multiples of 16."""
    rng_free, rows, what = 0, [], run.knobs["source"]
    code = coder(run, what)
    started, shown, total = time.monotonic(), 0.0, len(pairs) * len(run.knobs["scales"])
    for scale in run.knobs["scales"]:
        for image, mask in pairs:
            image, mask = scaled(image, mask, scale, run.knobs["crop"])
            if rng_free % 2:
                image, mask = image[:, ::-1], mask[:, ::-1]
            rng_free += 1
            rows.append((code(image), np.ascontiguousarray(mask)))
            if time.monotonic() - shown > 5:
                shown, done = time.monotonic(), len(rows) / total
                say(run, f"{what} of {total} views  {done:6.1%}  {(shown - started) * (1 - done) / done / 60:5.1f} min left")
    return rows


def coder(run, name, exact=False):
    """-> function: uint8 [H,W,3] -> the source's array, RGB [H,W,3] or symbols [C,h,w]; exact: at full precision, for what is scored"""
    if name == "original":
        return np.ascontiguousarray
    what, codec_name = name.split(":")
    codec = frozen_codec(run, codec_name)

    @torch.inference_mode()
    def code(image):
        with nullcontext() if exact else run.autocast():
            symbols = encode(codec, to_batch([image]))
            if what == "latent":
                return symbols[0].numpy()
            out = codec.decoder(codec.quantiser.centres[symbols.long().to(run.device)].contiguous(memory_format=torch.channels_last))
        return (out.float().clamp(0, 1) * 255).round().to(torch.uint8)[0].permute(1, 2, 0).cpu().numpy()

    return code


@torch.inference_mode()
def segmenter_figures(run, model, pairs, names):
    """mIoU at full size, on the middle of each picture: sides are cut to multiples of 16."""
    confusion, code, inputs = metrics.Confusion(len(names), VOID), coder(run, run.knobs["source"], exact=True), Inputs(run, run.knobs["source"])
    model.to(run.device)
    for image, mask in pairs:
        h, w = (s // 16 * 16 for s in mask.shape)
        logits = model(inputs([code(centre_crop(image, h, w))]))
        logits = F.interpolate(logits, size=(h, w), mode="bilinear", align_corners=False)
        confusion.add(centre_crop(mask, h, w), logits.argmax(1)[0].cpu().numpy())
    iou = confusion.iou()
    return {"segment": {
        "images": len(pairs), "miou": round(100 * iou.mean(), 2), "pixel_accuracy": round(100 * confusion.pixel_accuracy(), 2),
        "iou": {name: round(100 * v, 1) for name, v in zip(names, iou)},
    }}


# ---- joint ----------------------------------------------------------------------------------------------------------

class CodecAndClassifier(torch.nn.Module):
    def __init__(self, knobs, classes):
        super().__init__()
        self.codec = build_codec(knobs)
        self.classifier = Classifier(knobs["channels"], classes, CRESNETS[knobs["depth"]], knobs["width"])


def joint(run):
    """paper.md section 2, Eq. 2: gamma * (MSE on 0..255 + beta * max(H - H_target, 0)) + cross-entropy, from the separately trained ones.

    task: weight of the cross-entropy; 0 trains the codec on alone, as long and on the same pictures: what joint training has to be compared with.
    """
    knobs = run.knobs
    rgb, labels, wnids, left_out = pictures(run, "train")
    check_held_out(run)
    model = CodecAndClassifier(knobs, len(wnids))
    for network, name in ((model.codec, knobs["codec"]), (model.classifier, knobs["classifier"])):
        load(network, ema_of(run.out / f"{name}.pt"), run.out / f"{name}.pt")
    model = model.to(memory_format=torch.channels_last)
    side, positions, per_epoch = knobs["crop"] // STRIDE, (knobs["size"] - knobs["crop"]) // STRIDE + 1, max(1, len(labels) // knobs["batch"])
    knobs.setdefault("steps", round(knobs["epochs"] * per_epoch))
    target_entropy = entropy_target(knobs)

    def fetch(step):
        rng = np.random.default_rng([*seeds(run), knobs["views"], step])
        epoch, k = divmod(step, per_epoch)
        picks = np.random.default_rng([*seeds(run), knobs["views"], 7, epoch]).permutation(len(labels))[k * knobs["batch"] : (k + 1) * knobs["batch"]]
        crops = [crop_of(rgb[None], int(i), rng.random() < 0.5, *rng.integers(positions, size=2), side) for i in picks]
        return to_batch(crops), torch.from_numpy(labels[picks])

    ahead, running = Ahead(fetch), {}

    def step_loss():
        batch, target = (x.to(run.device) for x in ahead[run.step])
        batch = batch.contiguous(memory_format=torch.channels_last)
        with run.autocast():
            latent, entropy = model.codec.quantiser(model.codec.encoder(batch))
            out = model.codec.decoder(latent)
            logits = model.classifier(latent).float() if knobs["task"] else None
        mse = F.mse_loss(out.float(), batch) * 255**2
        loss = knobs["gamma"] * (mse + knobs["beta"] * F.relu(entropy - target_entropy))
        if logits is not None:
            loss = loss + knobs["task"] * F.cross_entropy(logits, target, label_smoothing=knobs["label_smoothing"])
            hit = (logits.argmax(1) == target).float().mean().item()
            running["top1"] = 0.98 * running.get("top1", hit) + 0.02 * hit
        return loss, {"psnr": 10 * math.log10(255**2 / mse.item()), "bpp": bpp_of(knobs, entropy.item()), **running}

    run.train(model, sgd_groups(knobs, (model.codec, knobs["codec_lr"]), (model.classifier, knobs["lr"])), step_loss)
    model.cpu()
    codec, head = fold_codec(model.codec), fold_batch_norm(model.classifier)
    name = run.out / f"{run.part}.final.pt"
    write_whole(name, lambda tmp: torch.save({"knobs": knobs, "codec": codec.state_dict(), "network": head.state_dict()}, tmp))
    figures = codec_figures(run, codec)
    if knobs["task"]:
        held_out, inputs = source(run, f"latent:{run.part}", "val"), Inputs(run, f"latent:{run.part}")
        figures |= classifier_figures(run, head, inputs, held_out)
    finish(run, {"codec": codec.state_dict(), "network": head.state_dict()}, {"left_out": left_out, **figures})
