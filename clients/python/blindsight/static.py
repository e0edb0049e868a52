"""Payload `static`: rANS with a table per channel (codec/FORMAT.md)."""

from __future__ import annotations

import numpy as np

from .errors import CodecError

LEAST = 1 << 23


def first_state(code: bytes) -> int:
    if len(code) < 4:
        raise CodecError("payload", f"the payload of {len(code)} bytes is shorter than its state")
    x = int.from_bytes(code[:4], "little")
    if not LEAST <= x < 1 << 31:
        raise CodecError("payload", "the payload's state is outside its interval")
    return x


class StaticCoder:
    """Of entropy.json, used as it is."""

    def __init__(self, tables: dict):
        try:
            self.scale_bits, rows = tables["scaleBits"], tables["freqs"]
            freqs = np.array(rows, dtype=np.int64)
        except (KeyError, TypeError, ValueError) as cause:
            raise CodecError("tables", f"entropy.json is none: {cause!r}") from cause
        whole = isinstance(self.scale_bits, int) and 8 <= self.scale_bits <= 16 and freqs.ndim == 2
        if not whole or (freqs < 1).any() or (freqs.sum(1) != 1 << self.scale_bits).any():
            raise CodecError("tables", "entropy.json: rows of frequencies from 1 that sum to 2^scaleBits are expected")
        self.channels, self.levels = freqs.shape
        self._freqs = freqs

    def decode(self, code: bytes, size: int) -> np.ndarray:
        """`size` symbols a channel, as [channels, size] uint8."""
        scale, mask, length = self.scale_bits, (1 << self.scale_bits) - 1, len(code)
        x, pos = first_state(code), 4
        out = bytearray()
        for row in self._freqs:
            # By slot: the symbol, its frequency, and the slot's place among its slots.
            symbols = np.repeat(np.arange(self.levels), row)
            begin = np.cumsum(row) - row
            symbol_of, freq_of = symbols.tolist(), row[symbols].tolist()
            rest_of = (np.arange(1 << scale) - begin[symbols]).tolist()
            for _ in range(size):
                slot = x & mask
                out.append(symbol_of[slot])
                x = freq_of[slot] * (x >> scale) + rest_of[slot]
                while x < LEAST:
                    if pos == length:
                        raise CodecError("payload", "the payload ends before its last symbol")
                    x = x << 8 | code[pos]
                    pos += 1
        if pos != length or x != LEAST:
            raise CodecError("payload", "the payload does not end as a code ends")
        return np.frombuffer(bytes(out), np.uint8).reshape(self.channels, size)
