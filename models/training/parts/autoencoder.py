"""The codec on its own, before any head."""

import math

import numpy as np
import torch

from data.crops import random_crop
from data.photographs import photographs
from data.pictures import pictures_in, read_all, to_batch
from networks.folding import fold_codec
from scoring.profile import evaluate_codec
from scoring.rate import symbol_tables
from training.checkpoint import write_json, write_weights
from training.losses import bpp_of, entropy_target, rate_distortion
from training.parts.codec import build_autoencoder


def autoencoder(run):
    codec, knobs = run.config["codec"], run.knobs
    target = entropy_target(codec)
    paths = photographs(run.data, run.limit)
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
        loss, mse = rate_distortion(out, rgb, entropy, target, codec["beta"])
        return loss, {"mse": mse.item(), "psnr": 10 * math.log10(255**2 / mse.item()), "bpp": bpp_of(codec, entropy.item())}

    model = fold_codec(run.train(model, optimiser, step_loss).cpu())
    write_weights(run.out / "codec.pt", model.state_dict())
    freqs = symbol_tables(model, read_all(paths[:: max(1, len(paths) // 1500)]), codec)
    write_json(run.out / "tables.json", freqs)
    run.report(evaluate_codec(model, freqs, run.data, run.limit))
