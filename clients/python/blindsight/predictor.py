"""The adaptive predictor of the profiles fast and max, and the bits that are coded under it (codec/FORMAT.md, Predictor)."""

from __future__ import annotations

from operator import mul

from .errors import CodecError
from .logistic import SQUASH, STRETCH
from .model import Beginning
from .static import LEAST, first_state

_MASK = 0xFFFFFFFF
_NODE = [node * 0x85EBCA6B for node in range(32)]
# By how often a counter was used.
_RATE = [20480 // (10 * s + 16) for s in range(128)]


class Bits:
    """The rANS code with two symbols and 16 scale bits."""

    def __init__(self, code: bytes):
        self._code, self._x, self._pos = code, first_state(code), 4

    def bit(self, p: int) -> int:
        x = self._x
        slot = x & 65535
        if slot < p:
            y, x = 1, p * (x >> 16) + slot
        else:
            y, x = 0, (65536 - p) * (x >> 16) + slot - p
        while x < LEAST:
            if self._pos == len(self._code):
                raise CodecError("payload", "the payload ends before its last symbol")
            x = x << 8 | self._code[self._pos]
            self._pos += 1
        self._x = x
        return y

    def flag(self, states: list[int], c: int) -> int:
        f = states[c]
        y = self.bit(64 if f < 64 else 65472 if f > 65472 else f)
        states[c] = f + ((y * 65536 - f) >> 4)
        return y

    def end(self) -> None:
        if self._pos != len(self._code) or self._x != LEAST:
            raise CodecError("payload", "the payload does not end as a code ends")


class Predictor:
    def __init__(self, beginning: Beginning, levels: int):
        self._counters = [counter[:] for counter in beginning.counters]
        self._by_activity = [weights[:] for weights in beginning.by_activity]
        self._by_position = [weights[:] for weights in beginning.by_position]
        self._levels = levels

    def set(self, contexts: tuple[int, ...], channel: int, activity: int, position: int) -> None:
        """Before a symbol. Of the contexts as many count as there are inputs."""
        self._bases = [(context * 256 + channel) * 0x9E3779B1 for context in contexts]
        self._at_a, self._at_b = channel * 512 + activity, position

    def ask(self, bits: Bits, node: int) -> int:
        """The tight loop: a question for each symbol and more."""
        k = _NODE[node]
        slots = [((base + k) & _MASK) >> 16 for base in self._bases]
        found = [counter[slot] for counter, slot in zip(self._counters, slots)]
        t = [STRETCH[v >> 15] for v in found]
        by_activity, by_position = self._by_activity[self._at_a + node * 16], self._by_position[self._at_b + node * 64]
        a = _stretched(sum(map(mul, by_activity, t)))
        b = _stretched(sum(map(mul, by_position, t)))
        y = bits.bit(SQUASH[((a + b) >> 1) + 2047])
        target = 65536 if y else 0
        error_a, error_b = (target - SQUASH[a + 2047]) * 14, (target - SQUASH[b + 2047]) * 14
        by_activity[:] = [w + ((v * error_a + 131072) >> 18) for w, v in zip(by_activity, t)]
        by_position[:] = [w + ((v * error_b + 131072) >> 18) for w, v in zip(by_position, t)]
        sure = 1048575 if y else 0
        for counter, slot, v in zip(self._counters, slots, found):
            p, s = v >> 7, v & 127
            counter[slot] = p + (((sure - p) * _RATE[s]) >> 11) << 7 | (s + 1 if s < 127 else 127)
        return y

    def symbol(self, bits: Bits, guess: int) -> int:
        ask = self.ask
        if ask(bits, guess):
            return guess
        last = self._levels - 1
        up = 1 if guess == 0 else 0 if guess == last else ask(bits, 8 + guess)
        if up:
            v = guess + 1
            while v < last and ask(bits, 16 + v):
                v += 1
        else:
            v = guess - 1
            while v > 0 and ask(bits, 24 + v):
                v -= 1
        return v


def _stretched(total: int) -> int:
    """A sum in 32-bit two's complement, in 1/65536, between -2047 and 2047."""
    if not -0x80000000 <= total <= 0x7FFFFFFF:
        total = (total + 0x80000000 & _MASK) - 0x80000000
    total >>= 16
    return -2047 if total < -2047 else 2047 if total > 2047 else total
