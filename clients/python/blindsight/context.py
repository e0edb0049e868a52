"""Payloads `fast` and `max`: the frames of one segment (codec/FORMAT.md, Keyframe and Predicted frame).

What depends on lower channels and on the frame before is computed for a whole plane with numpy; what depends on the symbols just
decoded goes symbol by symbol, on flat lists. Planes have a border of 2: the position of row y, column x is (y + 2) * pitch + x + 2.
"""

from __future__ import annotations

import numpy as np

from .model import Model
from .predictor import Bits, Predictor

_ROUGH = np.array([2, 4, 8, 12, 19, 28, 42, 60, 87, 124, 178])
_AGE = np.array([1, 2, 3, 4, 8, 16])
_SPOT = np.array([1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 85, 113])


def _steps(thresholds: tuple[int, ...] | np.ndarray, most: int) -> list[int]:
    """By value up to `most`: how many thresholds are not above it."""
    return np.searchsorted(thresholds, np.arange(most + 1), side="right").tolist()


# A place and its eight neighbours change at most 255 times each: 4 + 4 * 2 + 4 * 1.
_NEAR = _steps((1, 2, 4, 6, 11, 19, 30, 49, 79, 126), 16 * 255)
_SPOT_NEAR = _steps(_SPOT, 6 * 255 + 16)


class ContextDecoder:
    def __init__(self, model: Model, profile: str, height: int, width: int):
        self.model, self.profile = model, profile
        self.height, self.width, self.pitch = height, width, width + 4
        rows, columns = np.arange(2, height + 2), np.arange(2, width + 2)
        self.inside = (rows[:, None] * self.pitch + columns).ravel()
        self.size = (height + 4) * self.pitch

    def symbols(self) -> np.ndarray:
        return self.now[:, self.inside].astype(np.uint8).reshape(-1, self.height, self.width)

    def _close(self, plane: np.ndarray) -> None:
        p = plane.reshape(-1, self.pitch)
        p[2:-2, :2] = p[2:-2, 2:3]
        p[2:-2, -2:] = p[2:-2, -3:-2]
        p[:2], p[-2:] = p[2], p[-3]

    def _five(self, plane: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, ...]:
        """Here, at E, W, S, N."""
        return plane[at], plane[at + 1], plane[at - 1], plane[at + self.pitch], plane[at - self.pitch]

    def key(self, payload: bytes) -> np.ndarray:
        model, channels = self.model, self.model.channels
        bits = Bits(payload)
        begin = model.begin(self.profile)
        predictor = Predictor(begin["key"], model.levels)
        self._predictor = Predictor(begin["predicted"], model.levels)
        plain_key = [0x0400 if source else 0xFC00 for source in model.source]
        self._plain = plain_key[:]
        rough, count = np.zeros(self.size, np.int64), 0
        self.now = np.repeat(np.array([[v] for v in model.usual], np.int64), self.size, axis=1)
        for c in range(channels):
            if bits.flag(plain_key, c):
                count += model.source[c]
                continue
            self._key_plane(bits, predictor, c, rough, count)
            if model.source[c]:
                here, *around = self._five(self.now[c], self.inside)
                rough[self.inside] += sum(abs(here - v) for v in around)
                count += 1
        bits.end()
        self.age = np.full_like(self.now, 8)
        self.other = self.now.copy()
        self.mean = 64 * self.now
        self.changes = np.zeros(self.size, np.int64)
        self.touched = np.zeros(self.size, np.int64)
        return self.symbols()

    def _key_plane(self, bits: Bits, predictor: Predictor, c: int, rough: np.ndarray, count: int) -> None:
        model, inside, pitch, last = self.model, self.inside, self.pitch, self.model.levels - 1
        weights, sources = model.key_weights[c], model.sources[c]
        kW, kN, kNW, kNE, kWW, kNN = weights[:6]
        total = np.full(len(inside), weights[-1], np.int64)
        for i, source in enumerate(sources):
            for weight, plane in zip(weights[6 + 5 * i :], self._five(self.now[source], inside)):
                total += weight * plane
        none = np.zeros(len(inside), np.int64)
        a, b, cc, d, e, f, h = [self.now[s][inside] for s in sources[:7]] + [none] * (7 - len(sources[:7]))
        q = np.searchsorted(_ROUGH, 12 * rough[inside] // count, side="right") if count else none
        columns = (
            inside,
            total,
            q,
            a * 2**12 + cc * 2**9 + d * 64 + e * 8 + f,
            q * 8 + a,
            a * 2**12 + b * 512 + e * 64 + f * 8 + h,
            a * 512 + b * 64 + cc * 8 + d,
        )
        P = self.now[c].tolist()
        fast, row_end = self.profile == "fast", pitch - 3
        for at, total, q, ctx2, ctx4, ctx5, ctx6 in zip(*(column.tolist() for column in columns)):
            column = at % pitch
            if column == 2 and at >= 3 * pitch:
                P[at - 1] = P[at - 2] = P[at - pitch]
            W, N, NW, NE, WW, NN = P[at - 1], P[at - pitch], P[at - pitch - 1], P[at - pitch + 1], P[at - 2], P[at - 2 * pitch]
            total += kW * W + kN * N + kNW * NW + kNE * NE + kWW * WW + kNN * NN
            guess = (total + 2048) >> 12
            guess = 0 if guess < 0 else last if guess > last else guess
            mu = (total >> 9) + 4
            mu = 0 if mu < 0 else 63 if mu > 63 else mu
            own = abs(W - NW) + abs(N - NW) + abs(N - NE)
            own = own if own < 2 else 2 if own < 4 else 3
            contexts = (mu * 64 + q * 4 + own, W * 512 + N * 64 + NW * 8 + NE, (mu >> 2) * 2**15 + ctx2)
            if not fast:
                rest = (W * 2**12 + WW * 512 + N * 64 + NN * 8 + NE, W * 1024 + N * 128 + ctx4, ctx5)
                contexts += (*rest, (mu >> 2) * 2**12 + ctx6)
            predictor.set(contexts, c, q, mu)
            P[at] = predictor.symbol(bits, guess)
            if column == row_end:
                P[at + 1] = P[at + 2] = P[at]
        self.now[c] = P
        self._close(self.now[c])

    def predicted(self, payload: bytes) -> np.ndarray:
        bits = Bits(payload)
        self.before = self.now.copy()
        self._changes_before, self._touched_before = self.changes, self.touched
        if self.profile == "fast":
            self.touched = self._spots(bits)
            touched = self.inside[self.touched[self.inside] == 1]
        else:
            self.touched, touched = np.ones(self.size, np.int64), self.inside
        changes = [0] * self.size
        for c in range(self.model.channels):
            if not bits.flag(self._plain, c):
                self._predicted_plane(bits, c, touched, changes)
                self._close(self.now[c])
        bits.end()
        self.changes = np.array(changes)
        return self.symbols()

    def _predicted_plane(self, bits: Bits, c: int, at: np.ndarray, changes: list[int]) -> None:
        pitch, predictor = self.pitch, self._predictor
        before = self.before[c]
        g, BE, BW, BS, BN = self._five(before, at)
        m, age, other = self.mean[c][at] - 64 * g, self.age[c][at], self.other[c][at]
        weights, sources = self.model.predicted_weights[c], self.model.sources[c]
        wW, wN, wNW, wNE = weights[:4]
        total = ((weights[4] * m) >> 6) + weights[-1]
        for weight, neighbour in zip(weights[5:9], (BW, BE, BN, BS)):
            total += weight * (neighbour - g)
        from_sources, none = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
        signs, values = [none, none], [none, none]
        for order, s in enumerate(sources):
            five = self._five(self.now[s] - self.before[s], at)
            for weight, difference in zip(weights[9 + 5 * order :], five):
                from_sources += weight * difference
            if order < 2:
                signs[order] = np.where(five[0] > 0, 1, np.where(five[0] < 0, 2, 0))
                values[order] = self.now[s][at]
        old = np.searchsorted(_AGE, age, side="right")
        back = np.where((age == 255) | (other == g), 0, np.where(other > g, 1, 2))
        bend = np.clip(((BW + BE + BN + BS - 4 * g) >> 1) + 8, 0, 15)
        last = np.minimum(self._changes_before[at], 3)
        columns = (
            at,
            g,
            total,
            from_sources,
            last,
            np.minimum(age, 15) * 256 + other * 32 + last * 8,
            old * 64 + back * 16 + bend,
            signs[0] * 2**13 + signs[1] * 2**11,
            np.clip((m >> 3) + 8, 0, 15) * 32 + old * 4 + back,
            values[0] * 8 + values[1],
            BE * 32 + BS * 4,
            BW * 512 + BE * 64 + BN * 8 + BS,
        )
        P, D, fast = self.now[c].tolist(), [0] * self.size, self.profile == "fast"
        out = []
        for i, g, total, more, last, ctx1, ctx2, ij, ctx3, uv, ctx5, ctx6 in zip(*(column.tolist() for column in columns)):
            n, s = i - pitch, i + pitch
            here = changes[i]
            n4 = changes[i + 1] + changes[i - 1] + changes[s] + changes[n]
            n8 = changes[s + 1] + changes[n - 1] + changes[s - 1] + changes[n + 1]
            DW, DN, DNW, DNE = D[i - 1], D[n], D[n - 1], D[n + 1]
            total += wW * DW + wN * DN + wNW * DNW + wNE * DNE
            if here or n4:
                total += more
                ctx2 += ij
            near = _NEAR[4 * here + 2 * n4 + n8]
            d = ((total + 128) >> 8) + 16
            d = 0 if d < 0 else 31 if d > 31 else d
            own = (DW != 0) + (DN != 0) + (DNW != 0) + (DNE != 0)
            contexts = (d * 64 + near * 4 + last, ctx1 + own, ctx2 + (here if here < 3 else 3) * 512)
            if not fast:
                W, N = P[i - 1], P[n]
                contexts += (ctx3, W * 512 + N * 64 + uv, W * 2**11 + N * 256 + ctx5 + (near >> 2), ctx6)
            predictor.set(contexts, c, near, d)
            symbol = predictor.symbol(bits, g)
            out.append(symbol)
            if symbol != g:
                P[i] = symbol
                D[i] = symbol - g
                changes[i] += 1
        self._keep(c, at, np.array(out, np.int64))

    def _keep(self, c: int, at: np.ndarray, symbols: np.ndarray) -> None:
        g = self.before[c][at]
        changed = symbols != g
        self.now[c][at] = symbols
        self.other[c][at] = np.where(changed, g, self.other[c][at])
        self.age[c][at] = np.where(changed, 0, np.minimum(self.age[c][at] + 1, 255))
        self.mean[c][at] += (64 * symbols - self.mean[c][at]) >> 2

    def _spots(self, bits: Bits) -> np.ndarray:
        """Where anything changes at all."""
        model, inside, pitch = self.model, self.inside, self.pitch
        sources = [c for c in range(model.channels) if model.source[c]]
        drift = abs(self.mean[sources][:, inside] - 64 * self.before[sources][:, inside]).sum(0)
        ages = self.age[sources][:, inside]
        least = ages.min(0, initial=255)
        young = (ages < 8).sum(0)
        was, Z = self._touched_before, self._changes_before
        ahead = was[inside + 1] + was[inside + pitch] + was[inside + pitch + 1] + was[inside + pitch - 1]
        here, *around = self._five(Z, inside)
        columns = (
            inside,
            np.searchsorted(_SPOT, drift >> 3, side="right"),
            2 * here + sum(around),
            np.minimum(here, 7),
            np.minimum(young, 15),
            np.minimum(least, 31) * 256 + np.minimum(young, 7) * 32 + np.minimum(ahead, 3),
        )
        touched = [0] * self.size
        predictor = self._predictor
        for i, z, changes, ctx0, ctx1, ctx2 in zip(*(column.tolist() for column in columns)):
            W, N, NW, NE = touched[i - 1], touched[i - pitch], touched[i - pitch - 1], touched[i - pitch + 1]
            count = W + N + NW + NE
            near = _SPOT_NEAR[changes + 4 * count]
            contexts = ((W + 2 * N + 4 * NW + 8 * NE) * 128 + z * 8 + ctx0, z * 256 + near * 16 + ctx1, ctx2 + count * 4)
            predictor.set(contexts, model.channels, near, 2 * z + (count > 0))
            touched[i] = predictor.ask(bits, 0)
        return np.array(touched)
