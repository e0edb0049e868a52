"""The classifier on the frozen codec."""

import numpy as np
import torch
import torch.nn.functional as F

from data.imagenet import class_folders, classes_in
from data.pictures import read_all
from networks.classifier import Classifier
from networks.codec import encode, latent_of
from networks.folding import fold_batch_norm
from networks.layers import STRIDE
from scoring.profile import evaluate_classifier
from training.batches import Ahead, class_batch
from training.checkpoint import TrainError, ema_of, load, mean_of, write_weights
from training.losses import mixed
from training.optimiser import sgd_groups
from training.parts.codec import stand_on_codec
from training.parts.latents import cached_latents
from training.progress import running_top1


def classify(run):
    """The classifier on the frozen codec: from its beginning, on latents that are kept; an earlier one, trained on; or the mean of some."""
    (classify_mean if "mean" in run.knobs else classify_on if "start" in run.knobs else classify_anew)(run)


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
            logits = model(latent_of(torch.from_numpy(batch), centres)).float()
        loss = F.cross_entropy(logits, target, label_smoothing=knobs["label_smoothing"])
        return loss, {"loss": loss.item(), "batch_top1": (logits.argmax(1) == target).float().mean().item()}

    end_classifier(run, codec, run.train(model, optimiser, step_loss), wnids)


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
            logits = model(latent_of(encode(codec, rgb), centres)).float()
        if pasted is None:
            running_top1(running, logits, target)
        return mixed(loss_of, logits, target, pasted, share), running

    end_classifier(run, codec, run.train(model, sgd_groups(knobs, (model, knobs["lr"])), step_loss), wnids)


def classify_mean(run):
    """The mean of the weights of parts that went on from one another."""
    codec, wnids = stand_on_codec(run), classes_in(run.data / "imagenet20-160" / "train")
    paths = [run.checkpoint_path(part) for part in run.knobs["mean"]]
    model = Classifier(run.config["codec"]["channels"], run.config["classes"], width=run.knobs["width"])
    load(model, mean_of([ema_of(path) for path in paths]), paths[-1])
    run.spent = {"steps": 0, "minutes": 0.0, "device": str(run.device)}
    end_classifier(run, codec, model.eval(), wnids)


def end_classifier(run, codec, model, wnids):
    model = fold_batch_norm(model.cpu())
    write_weights(run.out / f"{run.part}.final.pt", model.state_dict())
    figures = evaluate_classifier(codec.cpu(), model, run.data, run.knobs.get("test_crop") or run.knobs["crop"], run.limit)
    run.report({"upstream": run.upstream, "width": run.knobs["width"], "wnids": wnids, **figures})
