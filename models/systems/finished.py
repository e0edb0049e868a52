"""What a run leaves behind, and what others find of it."""

import hashlib

import torch

from training.checkpoint import TrainError, write_weights


def finish(run, state, figures):
    """The folded weights, with the knobs that say how to build the networks, and the report."""
    write_weights(run.out / f"{run.part}.final.pt", {"knobs": run.knobs, **state})
    said = {"row": run.config["row"], "config": run.config_hash, "made": made(run, run.part), "upstream": run.upstream, "limit": run.limit}
    run.report({**said, "knobs": run.knobs, **figures})


def made(run, name):
    """What identifies the weights of a finished run."""
    return hashlib.sha256(final_path(run, name).read_bytes()).hexdigest()[:12]


def final(run, name):
    return torch.load(final_path(run, name), map_location="cpu", weights_only=True)


def final_path(run, name):
    """Of a run that has ended: a checkpoint alone is of one that has not."""
    path = run.out / f"{name}.final.pt"
    if not path.exists():
        raise TrainError(f"{path} is missing; train {name} first: see models/README.md")
    return path


def digest(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
