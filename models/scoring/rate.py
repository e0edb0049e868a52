"""The rate: histograms of symbols, the coder's integer tables made of them, and the bits that these cost."""

import numpy as np

from data.crops import centre_crop
from data.pictures import to_batch
from networks.codec import encode

SCALE_BITS = 12


def histogram(symbols, levels):
    """uint8 [C,h,w] -> int64 [C,L], how often each symbol occurs."""
    return np.stack([np.bincount(plane.ravel(), minlength=levels) for plane in symbols])


def symbol_tables(model, images, codec):
    """Per-channel integer frequencies [C][L], each row sums to 2^12 and no entry is 0: the static entropy model."""
    counts = np.zeros((codec["channels"], codec["levels"]), np.int64)
    for image in images:
        h, w = (s // 16 * 16 for s in image.shape[:2])
        counts += histogram(encode(model, to_batch([centre_crop(image, h, w)]))[0].numpy(), codec["levels"])
    rows = []
    for row in counts + 1:
        freq = np.maximum(1, np.floor(row / row.sum() * 2**SCALE_BITS)).astype(int)
        freq[freq.argmax()] += 2**SCALE_BITS - freq.sum()
        rows.append(freq.tolist())
    return rows


def cross_entropy_bits(symbols, freqs):
    """Bits that the tables give to symbols [C,h,w]."""
    cost = SCALE_BITS - np.log2(np.array(freqs))
    return sum(cost[c][symbols[c]].sum() for c in range(len(freqs)))
