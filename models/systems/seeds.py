"""Where a run's random numbers come from."""

import torch


def seeds(run):
    """Of the configuration and of the run: for random numbers that a second seed changes."""
    return run.config["seed"], run.knobs.get("seed", 0)


def same_start(run):
    """Before a network is built: its first weights depend on the seeds alone, not on what was made or loaded before."""
    torch.manual_seed(run.config["seed"] * 1000 + run.knobs.get("seed", 0))
