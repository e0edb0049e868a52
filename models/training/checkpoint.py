"""Weights and reports of runs, as files: written whole or not at all."""

import json
import os
from pathlib import Path

import torch


class TrainError(Exception):
    """The run cannot go on; the message says why and what to do."""


def write_whole(path, write):
    tmp = str(path) + ".tmp"
    write(tmp)
    os.replace(tmp, path)


def write_json(path, value, indent=None):
    write_whole(path, lambda tmp: Path(tmp).write_text(json.dumps(value, indent=indent)))


def write_weights(path, state):
    write_whole(path, lambda tmp: torch.save(state, tmp))


def load(network, state, path):
    """Weights of a file into a network; what does not fit is named."""
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        why = " ".join(str(error).split())[:300]
        raise TrainError(f"{path} is of another configuration: {why}") from error


def ema_of(path):
    """The running mean of the weights in the checkpoint of a run that has ended."""
    if not path.exists():
        raise TrainError(f"{path} is missing; train that part first: see models/README.md")
    saved, report = torch.load(path, map_location="cpu", weights_only=False), path.with_suffix(".json")
    if not report.exists() or json.loads(report.read_text())["steps"] != saved["step"]:
        raise TrainError(f"{path} is of a run that has not ended; give its command again first")
    return saved["ema"]


def mean_of(states):
    """The mean of the weights of parts that went on from one another (a model soup, Wortsman et al., 2022): better than each, at the cost of one. One that
    is named twice counts twice."""
    return {k: sum(state[k] for state in states) / len(states) if v.is_floating_point() else v for k, v in states[-1].items()}
