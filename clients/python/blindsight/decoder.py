"""Records of one camera, in order, back into symbols."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .context import ContextDecoder
from .errors import CodecError
from .model import Model
from .records import Frame, Record
from .static import StaticCoder


@dataclass(frozen=True)
class Decoded:
    frame: Frame
    key: bool
    symbols: np.ndarray  # uint8 [channels, rows, columns]


class Decoder:
    """A predicted record that does not follow what was decoded last is refused with `chain`; the next key helps."""

    def __init__(self, tables: dict, tables_hash: str, model: Model | None = None, model_hash: str | None = None):
        self._static, self._tables_hash = StaticCoder(tables), tables_hash
        self._model, self._model_hash = model, model_hash
        self._last: tuple[Record, Frame, ContextDecoder] | None = None

    def decode(self, record: Record) -> Decoded:
        return self._key(record) if record.kind == "key" else self._predicted(record)

    def _key(self, record: Record) -> Decoded:
        frame = record.frame
        if record.profile is None:
            raise CodecError("mode", f"coding mode {frame.mode} is not known: decode it with a newer release")
        self._check_tables(frame)
        self._last = None
        channels, rows, columns = frame.shape
        if record.profile == "static":
            symbols = self._static.decode(record.payload, rows * columns)
            return Decoded(frame, True, symbols.reshape(frame.shape))
        if self._model is None or frame.context != self._model_hash:
            have = self._model_hash or "none"
            what = f"coded with the context model {frame.context}, this is {have}: use context.bin of bundle {frame.bundle}"
            raise CodecError("context", what)
        if (self._model.channels, self._model.levels) != (channels, frame.levels):
            raise CodecError("context", "the context model is of another shape than the record")
        coder = ContextDecoder(self._model, record.profile, rows, columns)
        symbols = coder.key(record.payload)
        self._last = (record, frame, coder)
        return Decoded(frame, True, symbols)

    def _predicted(self, record: Record) -> Decoded:
        if not self._last or not record.follows(self._last[0]):
            last = f"seq {self._last[0].seq} of boot {self._last[0].boot}" if self._last else "none"
            what = f"frame {record.seq} of boot {record.boot} does not follow the last decoded one ({last}): wait for a keyframe"
            raise CodecError("chain", what)
        _, key, coder = self._last
        self._last = None
        symbols = coder.predicted(record.payload)
        frame = replace(key, seq=record.seq, time_us=record.time_us)
        self._last = (record, frame, coder)
        return Decoded(frame, False, symbols)

    def _check_tables(self, frame: Frame) -> None:
        have = (self._tables_hash, self._static.channels, self._static.levels)
        if (frame.tables, frame.channels, frame.levels) != have:
            what = f"the record has {frame.channels} channels of {frame.levels} levels and names the tables {frame.tables}"
            raise CodecError("tables", f"{what}; these are {have}: use entropy.json of bundle {frame.bundle}")
