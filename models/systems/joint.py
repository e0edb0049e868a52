"""Row 5: codec and classifier, trained together."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from data.pictures import to_batch
from networks.classifier import Classifier
from networks.folding import fold_batch_norm, fold_codec
from networks.layers import STRIDE
from networks.resnet import CRESNETS
from systems.classifier import classifier_figures
from systems.codec import build_codec, check_held_out, codec_figures
from systems.finished import finish
from systems.inputs import Inputs
from systems.seeds import seeds
from systems.sources import crop_of, pictures, source
from training.batches import Ahead, of_epoch
from training.checkpoint import ema_of, load, write_weights
from training.losses import bpp_of, entropy_target, rate_distortion
from training.optimiser import sgd_groups
from training.progress import running_top1


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
        picks = of_epoch([*seeds(run), knobs["views"]], step, len(labels), knobs["batch"])
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
        loss, mse = rate_distortion(out, batch, entropy, target_entropy, knobs["beta"])
        loss = knobs["gamma"] * loss
        if logits is not None:
            loss = loss + knobs["task"] * F.cross_entropy(logits, target, label_smoothing=knobs["label_smoothing"])
            running_top1(running, logits, target)
        return loss, {"psnr": 10 * math.log10(255**2 / mse.item()), "bpp": bpp_of(knobs, entropy.item()), **running}

    run.train(model, sgd_groups(knobs, (model.codec, knobs["codec_lr"]), (model.classifier, knobs["lr"])), step_loss)
    model.cpu()
    codec, head = fold_codec(model.codec), fold_batch_norm(model.classifier)
    write_weights(run.out / f"{run.part}.final.pt", {"knobs": knobs, "codec": codec.state_dict(), "network": head.state_dict()})
    figures = codec_figures(run, codec)
    if knobs["task"]:
        held_out, inputs = source(run, f"latent:{run.part}", "val"), Inputs(run, f"latent:{run.part}")
        figures |= classifier_figures(run, head, inputs, held_out)
    finish(run, {"codec": codec.state_dict(), "network": head.state_dict()}, {"left_out": left_out, **figures})
