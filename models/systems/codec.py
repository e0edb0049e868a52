"""Row 1: the paper's codec, and what it is worth."""

import math

import numpy as np
import torch

from data.check import check
from data.crops import centre_crop, random_crop
from data.photographs import photographs
from data.pictures import pictures_in, read_some, to_batch
from networks.codec import encode
from networks.folding import fold_codec
from networks.layers import STRIDE
from networks.paper_codec import PaperAutoencoder
from scoring import metrics
from scoring.rate import histogram
from systems.finished import final, finish
from systems.seeds import same_start, seeds
from training.batches import Ahead
from training.checkpoint import ema_of, load
from training.losses import bpp_of, entropy_target, rate_distortion


def autoencoder(run):
    """MSE on 0..255 + beta * max(H - H_target, 0); paper.md section 1."""
    knobs = run.knobs
    target = entropy_target(knobs)
    paths = photographs(run.data, run.limit)
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
        loss, mse = rate_distortion(out, rgb, entropy, target, knobs["beta"])
        return loss, {"psnr": 10 * math.log10(255**2 / mse.item()), "bpp": bpp_of(knobs, entropy.item())}

    run.train(model, torch.optim.Adam(model.parameters(), lr=knobs["lr"]), step_loss)
    codec = fold_codec(model.cpu())
    finish(run, {"codec": codec.state_dict()}, {"pictures": len(images), "left_out": len(paths) - len(kept), **codec_figures(run, codec)})


def build_codec(knobs):
    return PaperAutoencoder(knobs["channels"], knobs["levels"], knobs["codec_width"])


def take_over(model, state):
    """What has the same name and shape; the layers at the latent differ with C."""
    own = model.state_dict()
    model.load_state_dict({k: state[k] if k in state and state[k].shape == v.shape else v for k, v in own.items()})


def frozen_codec(run, name):
    saved = final(run, name)
    codec = fold_codec(build_codec(saved["knobs"]))
    load(codec, saved["codec"], run.out / f"{name}.final.pt")
    return codec.to(run.device, memory_format=torch.channels_last)


def channels_of(codec):
    return codec.encoder.body[-1].out_channels


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
            rows.append(metrics.quality(out, rgb))
            here = histogram(symbols[0].numpy(), len(codec.quantiser.centres))
            counts = here if counts is None else counts + here
        per_symbol = lambda p: float(-(p * np.log2(np.maximum(p, 1e-12))).sum(-1).mean())
        figures[name] = {
            "images": len(rows), **metrics.mean_quality(rows),
            "bpp": round(per_symbol(counts.sum(0) / counts.sum()) * len(counts) / STRIDE**2, 4),
            "bpp_per_channel": round(per_symbol(counts / counts.sum(1, keepdims=True)) * len(counts) / STRIDE**2, 4),
        }
    return {"codec": figures}


def check_held_out(run):
    """What is read only after training has to be known to be good before it."""
    if not run.args.skip_corrupt:
        check([run.data / "camvid" / "test", run.data / "imagenet20-160" / "val"], False)
