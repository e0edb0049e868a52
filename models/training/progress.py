"""How far a run is, in words."""

import time


class Progress:
    """Every five seconds a line: what is made, how much of it is done, how many minutes are left."""

    def __init__(self, name):
        self.name, self.started, self.shown = name, time.monotonic(), 0.0

    def __call__(self, what, done):
        now = time.monotonic()
        if now - self.shown > 5:
            print(f"{self.name}  {what}  {done:6.1%}  {(now - self.started) * (1 - done) / done / 60:5.1f} min left", flush=True)
            self.shown = now


def running_top1(figures, logits, target):
    """Keeps in `figures` the mean share of right answers, over some 50 batches."""
    hit = (logits.argmax(1) == target).float().mean().item()
    figures["top1"] = 0.98 * figures.get("top1", hit) + 0.02 * hit
