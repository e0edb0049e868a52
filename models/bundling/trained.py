"""Weights and reports of finished parts."""

import json

import torch

from networks.folding import fold_batch_norm
from training.checkpoint import TrainError, load


def restore(model, path):
    if not path.exists():
        raise TrainError(f"{path} is missing; finish that part of train.py first")
    fold_batch_norm(model.eval())
    load(model, torch.load(path, weights_only=True), path)
    return model


def read_report(path):
    if not path.exists():
        raise TrainError(f"{path} is missing; finish that part of train.py first")
    return json.loads(path.read_text())
