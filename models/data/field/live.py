"""Views made while training goes on, by a process for each core but one: a GPU takes them faster than files of them could be made, moved and read.

Views lie in a pool on the device. A batch is drawn from it at random, mirrored and lit anew each time, and encoded there; new views take the place of the
oldest. What a run has seen depends on how fast the machine is: it can be gone on with, not repeated to the bit.
"""

import mmap
import multiprocessing
import os
import queue
import signal
import time

import numpy as np
import torch

from bundling.released import manifest_of, weights
from data.field.labels import MASK, TAGS
from data.field.maker import Maker
from data.field.views import CELL, HEIGHT, MASK_CELL, WIDTH
from data.pictures import DataError
from networks.codec import Encoder, symbols_by_midpoints
from networks.folding import fold_batch_norm
from training.checkpoint import load

CHUNK = 16  # views that a process hands over at once
SHAPES = ((HEIGHT, WIDTH, 3), (len(TAGS), HEIGHT // CELL, WIDTH // CELL), (HEIGHT // MASK_CELL, WIDTH // MASK_CELL), (len(TAGS),))  # rgb, map, mask, tags
ENOUGH = 8192  # views that the pool holds before the first batch
PATIENCE = 300  # seconds without any new view after which something must be wrong


class LiveViews:
    """root: of the data. bundle: whose encoder makes the symbols. pool: views it holds. reuse: how often a view is seen on average, at most: a batch waits for
    new ones. workers: processes, 0 for one a core but one. rng: the run's, what is drawn from the pool."""

    def __init__(self, root, bundle, device, rng, pool, reuse, workers=0):
        self.rng, self.reuse, self.made, self.drawn, self.came = rng, reuse, 0, 0, time.monotonic()
        workers = workers or max(1, (os.cpu_count() or 2) - 1)
        self.slots = [Slot() for _ in range(2 * workers)]
        context = multiprocessing.get_context("fork")  # the pictures are read once and shared
        self.free, self.full = context.Queue(), context.Queue()
        for number in range(len(self.slots)):
            self.free.put(number)
        maker = Maker(root, keep=True)
        print(f"live views: {workers} processes, {maker.says()}", flush=True)
        self.workers = [context.Process(target=work, args=(maker, seed, self.slots, self.free, self.full), daemon=True) for seed in np.random.SeedSequence().spawn(workers)]
        for worker in self.workers:
            worker.start()
        self.device, self.encode = device, device_encoder(bundle, device)
        self.pool = [torch.zeros((pool, *shape), dtype=torch.uint8, device=device) for shape in SHAPES]

    def batch(self, size):
        """-> symbols, maps, masks, tags of `size` views, on the device"""
        self.drawn += size
        while self._take(0.001) or self.made < min(ENOUGH, len(self.pool[0])) or self.made * self.reuse < self.drawn:
            pass
        chosen = torch.from_numpy(self.rng.integers(min(self.made, len(self.pool[0])), size=size)).to(self.device)
        mirrored = torch.from_numpy(self.rng.random(size) < 0.5).to(self.device)
        rgb, maps, masks, tags = (part[chosen] for part in self.pool)
        rgb, maps, masks = (torch.where(mirrored.view(-1, *[1] * (x.ndim - 1)), x.flip(axis), x) for x, axis in ((rgb, 2), (maps, 3), (masks, 2)))
        return self.encode(relit(rgb.permute(0, 3, 1, 2).float() / 255)), maps, masks, tags

    def _take(self, patience):
        """Moves one chunk into the pool; False where none came in `patience` seconds."""
        try:
            number = self.full.get(timeout=patience)
        except queue.Empty:
            self._check()
            return False
        at = self.made % len(self.pool[0])
        count = min(CHUNK, len(self.pool[0]) - at)
        for part, slot in zip(self.pool, self.slots[number].arrays):
            part[at : at + count] = torch.from_numpy(slot[:count]).to(self.device)
        self.made, self.came = self.made + count, time.monotonic()
        self.free.put(number)
        return True

    def _check(self):
        if dead := [w for w in self.workers if not w.is_alive()]:
            raise DataError(f"a process that makes views ended with code {dead[0].exitcode}; what it printed stands above")
        if time.monotonic() - self.came > PATIENCE:
            raise DataError(f"no view came for {PATIENCE} seconds from {len(self.workers)} processes; with fewer of them (`workers` in the configuration) there is more memory for each")


class Slot:
    """Room for a chunk that a process fills and the trainer reads: memory of both (an anonymous mapping: /dev/shm may be small)."""

    def __init__(self):
        sizes = [CHUNK * int(np.prod(shape)) for shape in SHAPES]
        memory, at = mmap.mmap(-1, sum(sizes)), 0
        self.arrays = []
        for size, shape in zip(sizes, SHAPES):
            self.arrays.append(np.frombuffer(memory, np.uint8, size, at).reshape(CHUNK, *shape))
            at += size


def work(maker, seed, slots, free, full):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the trainer's, which ends with a checkpoint; its death ends this
    torch.set_num_threads(1)
    maker.rng, parent = np.random.default_rng(seed), os.getppid()
    while os.getppid() == parent:
        try:
            number = free.get(timeout=5)
        except queue.Empty:
            continue
        for i in range(CHUNK):
            view = maker.view()
            for array, value in zip(slots[number].arrays, (view.rgb, *view.targets())):
                array[i] = value
        full.put(number)


def relit(rgb):
    """float [N,3,H,W] in [0, 1] -> the same with another gain and curve for each view, and a little noise"""
    def drawn(*shape):
        return torch.rand(len(rgb), *shape, 1, 1, device=rgb.device) * 2 - 1

    rgb = rgb.clamp_min(1e-4) ** torch.exp(0.2 * drawn(1)) * torch.exp(0.12 * drawn(1) + 0.05 * drawn(3))
    return (rgb + torch.randn_like(rgb) * (0.012 * drawn(1).clamp_min(0))).clamp(0, 1)


def device_encoder(bundle, device):
    """-> function: float [N,3,H,W] in [0, 1] -> symbols uint8 [N,C,H/8,W/8], both on the device: a released bundle's encoder in PyTorch"""
    latent, path = manifest_of(bundle)["latent"], bundle / "encoder.onnx"
    encoder = fold_batch_norm(Encoder(latent["channels"]).eval())
    load(encoder, {name.removeprefix("encoder."): value for name, value in weights(path).items() if name.startswith("encoder.")}, path)
    encoder, centres = encoder.to(device, memory_format=torch.channels_last), torch.tensor(latent["centres"], device=device)

    @torch.inference_mode()
    def encode(rgb):
        return symbols_by_midpoints(encoder(rgb.contiguous(memory_format=torch.channels_last)), centres)

    return encode
