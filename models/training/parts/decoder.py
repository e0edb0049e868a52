"""A larger decoder for the client, trained after the joint run."""

import json
import math

import numpy as np
import torch
import torch.nn.functional as F

from data.crops import centre_crop
from data.photographs import photographs
from data.pictures import pictures_in, read_all, to_batch
from networks.codec import Decoder, encode, latent_of
from networks.folding import fold_batch_norm
from networks.layers import STRIDE, ResidualUnit
from scoring.profile import evaluate_codec
from training.checkpoint import ema_of, write_weights
from training.parts.codec import decoder_units, stand_on_codec


def decoder(run):
    """The client's decoder on the frozen codec: it never runs on the box, so it may be larger than the one trained along."""
    knobs = run.knobs
    codec = stand_on_codec(run).to(run.device)
    paths = photographs(run.data, run.limit)
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
        with run.autocast():
            out = model(latent_of(torch.stack(latent), centres))
        # The border of a crop sees less than it would in a picture.
        mse = F.mse_loss(out.float()[:, :, 8:-8, 8:-8], rgb[:, :, 8:-8, 8:-8])
        return mse * 255**2, {"psnr": -10 * math.log10(mse.item())}

    model = fold_batch_norm(run.train(model, optimiser, step_loss).cpu())
    write_weights(run.out / "decoder.final.pt", model.state_dict())
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
