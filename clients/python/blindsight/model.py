"""The context model's file, context.bin: what the profiles fast and max begin from (codec/FORMAT.md)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from zlib import crc32

from .errors import CodecError
from .logistic import squash
from .static import LEAST, first_state

INPUTS = {"fast": 3, "max": 7}
SLOTS = 65536

_AGAIN = "; take context.bin from the bundle unchanged"


def _counter(k: int) -> int:
    """A counter as the predictor has it: its 20-bit probability, and in the lowest 7 bits how often it was used."""
    k %= 63
    if k == 0:
        return 1 << 19 << 7
    return squash((((k - 1) >> 1) - 15) * 132) * 16 << 7 | (2 if k % 2 else 6)


@dataclass(frozen=True)
class Beginning:
    counters: list[list[int]]  # [input][slot]
    by_activity: list[list[int]]  # [(channel * 32 + node) * 16 + activity][input]
    by_position: list[list[int]]  # [node * 64 + position][input]


class Model:
    def __init__(self, data: bytes):
        data = bytes(data)
        if len(data) < 16 or data[:4] != b"\xabBSC" or data[4] != 1:
            raise CodecError("context", f"no context model of version 1{_AGAIN}")
        if struct.unpack_from("<I", data, 8)[0] != len(data):
            raise CodecError("context", f"the context model is cut off or has bytes left over{_AGAIN}")
        if crc32(data[:-4]) != struct.unpack_from("<I", data, len(data) - 4)[0]:
            raise CodecError("context", f"the context model is damaged, its CRC-32 differs{_AGAIN}")
        self.channels, self.levels = data[5], data[6]
        if self.channels < 1 or not 2 <= self.levels <= 8:
            raise CodecError("context", f"the context model has {self.channels} channels of {self.levels} levels{_AGAIN}")
        self._bytes = _Bytes(data[12:-4])
        self.usual = self._bytes.take(self.channels)
        self.source = self._bytes.take(self.channels)
        if max(self.usual) >= self.levels or max(self.source) > 1:
            raise CodecError("context", f"the context model names a symbol or flag that is none{_AGAIN}")
        self.sources = [[j for j in range(c - 1, -1, -1) if self.source[j]][:16] for c in range(self.channels)]
        self.key_weights, self.predicted_weights = [], []
        for sources in self.sources:
            self.key_weights.append(self._shorts(6 + 5 * len(sources) + 1))
            self.predicted_weights.append(self._shorts(9 + 5 * len(sources) + 1))
        self._key_counters = self._counters(7)
        self._read: dict[str, dict[str, Beginning]] = {}

    def begin(self, profile: str) -> dict[str, Beginning]:
        """Of the predictor of keyframes and that of predicted frames. Max comes last in the file and is read when it is asked for."""
        for name in INPUTS:
            if name not in self._read:
                n = INPUTS[name]
                key = Beginning(self._key_counters[:n], *self._weights(n))
                counters = self._counters(n)
                self._read[name] = {"key": key, "predicted": Beginning(counters, *self._weights(n))}
                if name == "max":
                    self._bytes.end()
            if name == profile:
                break
        return self._read[profile]

    def _shorts(self, count: int) -> list[int]:
        self._bytes.section()
        low = self._bytes.take(count)
        self._bytes.section()
        high = self._bytes.take(count)
        return list(struct.unpack(f"<{count}h", bytes(v for pair in zip(low, high) for v in pair)))

    def _counters(self, n: int) -> list[list[int]]:
        table = [_counter(k) for k in range(256)]
        inputs = []
        for _ in range(n):
            self._bytes.section()
            inputs.append([table[k] for k in self._bytes.take(SLOTS)])
        return inputs

    def _weights(self, n: int) -> tuple[list[list[int]], list[list[int]]]:
        def rows(count: int) -> list[list[int]]:
            stored = self._shorts(count * n)
            return [[78643 // n + 8 * v for v in stored[i : i + n]] for i in range(0, count * n, n)]

        return rows((self.channels + 1) * 32 * 16), rows(32 * 64)


class _Bytes:
    """Entropy-coded bytes, each eight questions of a tree."""

    def __init__(self, code: bytes):
        self._code, self._x, self._pos = code, first_state(code), 4
        self.section()

    def section(self) -> None:
        self._tree = [0x8000] * 256

    def take(self, count: int) -> bytes:
        # Millions of questions: all that is used stands in local variables.
        code, x, pos, tree, length = self._code, self._x, self._pos, self._tree, len(self._code)
        out = bytearray()
        for _ in range(count):
            node = 1
            while node < 256:
                f = tree[node]
                p = 64 if f < 64 else 65472 if f > 65472 else f
                slot = x & 65535
                if slot < p:
                    x = p * (x >> 16) + slot
                    tree[node] = f + ((65536 - f) >> 5)
                    node = 2 * node + 1
                else:
                    x = (65536 - p) * (x >> 16) + slot - p
                    tree[node] = f + (-f >> 5)
                    node = 2 * node
                while x < LEAST:
                    if pos == length:
                        raise CodecError("context", f"the context model ends before its last byte{_AGAIN}")
                    x = x << 8 | code[pos]
                    pos += 1
            out.append(node - 256)
        self._x, self._pos = x, pos
        return bytes(out)

    def end(self) -> None:
        if self._pos != len(self._code) or self._x != LEAST:
            raise CodecError("context", f"the context model does not hold what its channels need{_AGAIN}")
