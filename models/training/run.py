"""What every training run needs: its knobs, its place, and the loop with its checkpoint.

A run writes <name>.pt (every minute, whole or not at all; the same command goes on from it), <name>.final.pt and <name>.json with
the figures measured on validation data.
"""

import hashlib
import json
import math
import signal
import time

import numpy as np
import torch

from training.checkpoint import TrainError, write_json, write_weights
from training.optimiser import SCHEDULES

EMA = 0.998  # evaluated and exported weights are a running mean over about 500 steps


class Run:
    """What a part needs: its knobs, its place, and the loop with its checkpoint."""

    def __init__(self, args, config, part, knobs):
        self.args, self.config, self.part, self.knobs = args, config, part, knobs
        self.out, self.data, self.limit = args.out, args.data, args.limit
        self.device = torch.device(args.device)
        # A run may be given more time when it is resumed; any other change makes it another run.
        fixed = {k: v for k, v in self.knobs.items() if k not in ("steps", "minutes")}
        self.config_hash = hashlib.sha256(json.dumps([config.get("codec"), config["seed"], fixed]).encode()).hexdigest()
        self.rng = np.random.default_rng(config["seed"])
        torch.manual_seed(config["seed"])

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16)

    def checkpoint_path(self, part=None):
        """Of a part of this profile; of another profile's as "<profile>/<part>"."""
        return (self.out.parent if part and "/" in part else self.out) / f"{part or self.part}.pt"

    def train(self, model, optimiser, step_loss):
        """Runs step_loss() -> (loss, {name: figure}) until steps or minutes are used up; returns the EMA weights."""
        model.to(self.device).train()
        own = model.state_dict()
        ema = {k: v.detach().clone() for k, v in own.items()}
        (means, values), (counts, own_counts) = ([[state[k] for k, v in own.items() if v.is_floating_point() == floating] for state in (ema, own)] for floating in (True, False))
        base_lr = [g["lr"] for g in optimiser.param_groups]
        step, used = self._restore(model, optimiser, ema)
        started, saved, shown = time.monotonic() - used, time.monotonic(), 0.0
        kept = used
        asked_to_end, no_more = end_when_told()
        while True:
            used = time.monotonic() - started
            progress = max(step / self.knobs["steps"], used / (self.knobs.get("minutes", math.inf) * 60))
            if progress >= 1:
                break
            if asked_to_end():
                self._save(model, optimiser, ema, step, used)
                raise TrainError(f"{self.part}: ended by a signal at step {step}, which is kept; the same command goes on from there")
            factor = SCHEDULES[self.knobs.get("schedule", "cosine")](step, progress)
            for group, lr in zip(optimiser.param_groups, base_lr):
                group["lr"] = lr * factor
            self.step = step
            loss, figures = step_loss()
            if not torch.isfinite(loss):
                raise TrainError(f"{self.part}: loss is {loss.item()} at step {step}; lower lr in {self.args.config}")
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            step += 1
            decay = min(self.knobs.get("ema", EMA), step / (step + 20))
            with torch.no_grad():
                torch._foreach_lerp_(means, values, 1 - decay)
                torch._foreach_copy_(counts, own_counts)
            now = time.monotonic()
            if now - shown > 5:
                left = used * (1 - progress) / max(progress, 1e-6)
                text = "  ".join(f"{k} {float(v):.3f}" for k, v in figures.items())
                print(f"{self.part}  step {step}  {progress:6.1%}  {left / 60:5.1f} min left  {text}", flush=True)
                shown = now
            if now - saved > 60:
                self._save(model, optimiser, ema, step, now - started)
                saved = now
            if now - started - kept > 60 * self.knobs.get("keep_minutes", math.inf):
                kept = now - started
                write_weights(self.out / f"{self.part}.at-{step}.pt", {"ema": halved(ema), "step": step})
        no_more()
        self._save(model, optimiser, ema, step, used)
        model.load_state_dict(ema)
        print(f"{self.part}: {step} steps in {used / 60:.1f} min", flush=True)
        self.spent = {"steps": step, "minutes": round(used / 60, 2), "device": str(self.device)}
        return model.eval()

    def _save(self, model, optimiser, ema, step, used):
        write_weights(self.checkpoint_path(), {
            "config": self.config_hash, "model": model.state_dict(), "optimiser": optimiser.state_dict(), "ema": ema,
            "step": step, "used": used, "rng": self.rng.bit_generator.state, "torch_rng": torch.get_rng_state(),
        })

    def _restore(self, model, optimiser, ema):
        path = self.checkpoint_path()
        if not path.exists():
            return 0, 0.0
        saved = torch.load(path, map_location=self.device, weights_only=False)
        if saved["config"] != self.config_hash:
            raise TrainError(f"{path} is of another configuration; move it away or give --out DIR")
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        for k, v in saved["ema"].items():
            ema[k].copy_(v)
        self.rng.bit_generator.state = saved["rng"]
        torch.set_rng_state(saved["torch_rng"].cpu())
        print(f"{self.part}: goes on from step {saved['step']}", flush=True)
        return saved["step"], saved["used"]

    def report(self, figures):
        figures = {"part": self.part, **self.spent, "seed": self.knobs.get("seed", self.config["seed"]), "left_out": self.args.left_out, **figures}
        write_json(self.out / f"{self.part}.json", figures, indent=1)
        print(json.dumps(figures), flush=True)


def halved(state):
    """Weights as a bundle keeps them: those of convolutions in fp16, the rest as they are."""
    return {k: v.half() if v.ndim > 1 else v for k, v in state.items()}


def end_when_told():
    """-> function: whether SIGTERM or Ctrl-C has come, function: from now on they do what they did before. A second one ends the process at once."""
    told = []

    def note(number, _):
        told.append(number)
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    return lambda: bool(told), lambda: [signal.signal(number, handler) for number, handler in before.items()]
