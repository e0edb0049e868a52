"""Rows 2 and 3: classifiers on latents, on decoded and on original RGB."""

import numpy as np
import torch
import torch.nn.functional as F

from data.pictures import to_batch
from networks.classifier import ResNet
from networks.folding import fold_batch_norm
from networks.layers import STRIDE
from networks.resnet import RESNETS
from scoring import metrics
from systems.finished import final, finish
from systems.inputs import Inputs
from systems.seeds import same_start, seeds
from systems.sources import crop_of, pictures, source
from training.batches import Ahead, of_epoch
from training.checkpoint import ema_of, load
from training.losses import distilled
from training.optimiser import sgd_groups
from training.progress import running_top1


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
        picks = of_epoch([*seeds(run), knobs.get("views", 0)], step, len(labels), knobs["batch"])
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
            loss = distilled(loss, logits, soft, knobs["temperature"], knobs["teacher_share"])
        running_top1(running, logits, target)
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
