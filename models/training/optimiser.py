"""Stochastic gradient descent as all heads are trained, and its schedules."""

import math

import torch

SCHEDULES = {
    "cosine": lambda step, progress: min(1.0, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * progress)),
    "poly": lambda step, progress: max(0.0, 1 - progress) ** 0.9,
    # paper.md section 2: divided by 10 at epochs 8, 16 and 24 of 28.
    "steps": lambda step, progress: 0.1 ** sum(progress >= at / 28 for at in (8, 16, 24)),
}


def sgd_groups(knobs, *networks):
    """A learning rate for each network; no weight decay on biases and batch norms."""
    groups = []
    for network, lr in networks:
        groups.append({"params": [p for p in network.parameters() if p.ndim > 1], "lr": lr, "weight_decay": knobs["weight_decay"]})
        groups.append({"params": [p for p in network.parameters() if p.ndim <= 1], "lr": lr, "weight_decay": 0.0})
    return torch.optim.SGD(groups, lr=knobs["lr"], momentum=0.9, nesterov=True)
