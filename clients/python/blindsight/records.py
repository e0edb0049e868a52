"""Records and index blocks, as bytes (codec/FORMAT.md). Nothing is believed before its CRC has been checked."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zlib import crc32

from .errors import CodecError

RECORD_MAGIC = b"\xabBSF"
INDEX_MAGIC = b"\xabBSI"
PROFILES = ("static", "fast", "max")
NO_CONTEXT = "0" * 16

_PREDICTED = 128
_MAX_RECORD = 2**28
_MAX_SEGMENT = 4096
_MAX_TIME = 2**53
_MAX_SYMBOLS = 2**26
_CAMERA = re.compile(rb"[a-z0-9_-]{1,64}\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Frame:
    """What a key record says of its frame, and of those predicted from it. Hashes are 16 hexadecimal digits."""

    mode: int
    bundle: str
    tables: str
    context: str
    camera: str
    boot: str
    seq: int
    time_us: int
    width: int
    height: int
    channels: int
    levels: int
    stride: int

    @property
    def time(self) -> datetime:
        """Capture time, UTC."""
        return _EPOCH + timedelta(microseconds=self.time_us)

    @property
    def ref(self) -> str:
        """Its name in an archive."""
        return f"{self.camera}/{self.boot}/{self.seq}"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of its symbols: channels, rows, columns."""
        return self.channels, self.height // self.stride, self.width // self.stride


@dataclass(frozen=True)
class Record:
    kind: str  # key or predicted
    version: int
    profile: str | None  # None: one that this release does not know
    boot: str
    seq: int
    time_us: int
    position: int  # in its segment, whose key is 0
    frame: Frame | None  # of a key
    chain: int | None  # of a predicted one: the CRC of the record before it
    crc: int
    payload: bytes
    offset: int
    length: int

    def follows(self, before: "Record") -> bool:
        return (
            self.kind == "predicted"
            and (self.chain, self.position, self.seq) == (before.crc, before.position + 1, before.seq + 1)
            and (self.boot, self.profile) == (before.boot, before.profile)
        )


@dataclass(frozen=True)
class Index:
    camera: str
    boot: str
    seq: int
    first_us: int
    last_us: int
    frames: tuple[tuple[int, int], ...]  # offset from the first record, time
    offset: int
    block_length: int
    records_length: int


@dataclass(frozen=True)
class _Header:
    version: int
    kind: str
    mode: int
    boot: str
    seq: int
    time_us: int
    position: int
    frame: Frame | None
    chain: int | None
    header_length: int
    crc: int
    length: int


class _At:
    """Errors of the piece that begins at `offset`."""

    def __init__(self, data: bytes, offset: int, what: str = "record"):
        self.have, self.offset, self.what = len(data) - offset, offset, what

    def fail(self, code: str, at: int, text: str) -> CodecError:
        return CodecError(code, f"{self.what} at byte {self.offset}: {text} (byte {self.offset + at})", self.offset + at)

    def need(self, length: int, part: str) -> None:
        if self.have < length:
            raise self.fail("truncated", self.have, f"is cut off in its {part}, {length - self.have} bytes are missing")


def read_header(data: bytes, offset: int) -> _Header:
    at = _At(data, offset)
    if data[offset : offset + 4] != RECORD_MAGIC[: max(0, min(4, at.have))]:
        raise at.fail("magic", 0, "no record starts here")
    at.need(8, "header")
    version, kind, header_length = struct.unpack_from("<BBH", data, offset + 4)
    if version not in (1, 2):
        raise at.fail("version", 4, f"container version {version} needs a newer reader")
    predicted = version == 2 and kind >= _PREDICTED
    if version == 1:
        at.need(56, "header")
        fits = header_length == 56 + data[offset + 55]
    else:
        fits = header_length == 38 if predicted else 64 < header_length <= 128
    if not fits:
        raise at.fail("header", 6, f"no header of this kind has {header_length} bytes")
    at.need(header_length + 4, "header")
    header = data[offset : offset + header_length]
    crc = crc32(header)
    if crc != struct.unpack_from("<I", data, offset + header_length)[0]:
        raise at.fail("checksum", header_length, "the header is damaged, its CRC-32 differs: fetch it again")
    length = struct.unpack_from("<I", header, 8)[0]
    if not header_length + 8 <= length <= _MAX_RECORD:
        raise at.fail("header", 8, f"the writer was faulty, a record of {length} bytes is none")
    if predicted:
        return _predicted(at, header, kind - _PREDICTED, crc, length)
    return _key(at, header, version, kind, crc, length)


def _predicted(at: _At, header: bytes, mode: int, crc: int, length: int) -> _Header:
    seq, time_us = struct.unpack_from("<IQ", header, 12)
    position, chain = struct.unpack_from("<HI", header, 32)
    faults = {
        "static has no predicted records": mode == 0,
        f"its time is {time_us}": time_us >= _MAX_TIME,
        f"position {position} is out of range or above seq {seq}": not 1 <= position < _MAX_SEGMENT or position > seq,
    }
    _refuse(at, faults)
    return _Header(2, "predicted", mode, header[24:32].hex(), seq, time_us, position, None, chain, 38, crc, length)


def _key(at: _At, header: bytes, version: int, mode: int, crc: int, length: int) -> _Header:
    if version == 1:
        bundle, tables, boot, seq, time_us, *shape = struct.unpack_from("<8s8s8sIQHHBBBB", header, 12)
        context = bytes(8)
    else:
        seq, time_us, boot, bundle, tables, context, *shape = struct.unpack_from("<IQ8s8s8s8sHHBBBB", header, 12)
    width, height, channels, levels, stride, n = shape
    fixed = 56 if version == 1 else 64
    camera = header[fixed:]
    known = version == 1 or mode < len(PROFILES)
    faults = {
        "header length and camera id do not agree": n != len(camera),
        "the camera id is none": not _CAMERA.match(camera),
        f"its time is {time_us}": time_us >= _MAX_TIME,
        f"{width}x{height} is no size": not (1 <= width <= 8192 and 1 <= height <= 8192),
        "it has no channels, levels or stride": channels < 1 or levels < 2 or stride < 1,
    }
    _refuse(at, faults)
    symbols = channels * (width // stride) * (height // stride)
    faults = {
        f"{width}x{height} is no multiple of {stride}": width % stride > 0 or height % stride > 0,
        f"{symbols} symbols are too many": symbols > _MAX_SYMBOLS,
        "profile and context do not fit": version == 2 and known and (mode == 0) != (context == bytes(8)),
    }
    _refuse(at, faults)
    hashes = (bundle.hex(), tables.hex(), context.hex())
    frame = Frame(mode, *hashes, camera.decode(), boot.hex(), seq, time_us, width, height, channels, levels, stride)
    return _Header(version, "key", mode, boot.hex(), seq, time_us, 0, frame, None, len(header), crc, length)


def _refuse(at: _At, faults: dict[str, bool]) -> None:
    for text, wrong in faults.items():
        if wrong:
            raise at.fail("header", 0, f"the writer was faulty, {text}")


def read_record(data: bytes, offset: int = 0) -> Record:
    """The record that begins there; what follows it is not looked at."""
    header = read_header(data, offset)
    at = _At(data, offset)
    at.need(header.length, "payload")
    end = offset + header.length - 4
    payload = data[offset + header.header_length + 4 : end]
    crc = struct.unpack_from("<I", data, end)[0]
    if crc32(payload, header.crc) != crc:
        raise at.fail("checksum", header.length - 4, "the payload is damaged, the CRC-32 of the record differs: fetch it again")
    known = header.mode < len(PROFILES) if header.version == 2 else header.mode == 0
    profile = PROFILES[header.mode] if known else None
    return Record(
        header.kind, header.version, profile, header.boot, header.seq, header.time_us, header.position,
        header.frame, header.chain, crc, payload, offset, header.length,
    )  # fmt: skip


def read_index_head(data: bytes, offset: int) -> tuple[int, int]:
    """Bytes of the fixed part and of the whole block."""
    at = _At(data, offset, "segment index")
    if data[offset : offset + 4] != INDEX_MAGIC[: max(0, min(4, at.have))]:
        raise at.fail("magic", 0, "none starts here")
    at.need(44, "fixed part")
    version, n, count, length = struct.unpack_from("<BBHI", data, offset + 4)
    if version != 1:
        raise at.fail("version", 4, "needs a newer reader")
    if not 1 <= n <= 64:
        raise at.fail("header", 5, "has no camera id")
    head = 44 + n
    at.need(head + 4, "fixed part")
    if crc32(data[offset : offset + head]) != struct.unpack_from("<I", data, offset + head)[0]:
        raise at.fail("checksum", head, "is damaged, the CRC-32 of its fixed part differs")
    if not 1 <= count <= _MAX_SEGMENT or length != head + 4 + 8 * count + 4:
        raise at.fail("header", 6, "the writer was faulty, the number of frames does not fit")
    return head, length


def read_index(data: bytes, offset: int = 0) -> Index:
    head, length = read_index_head(data, offset)
    at = _At(data, offset, "segment index")
    at.need(length, "frames")
    block = data[offset : offset + length]
    if crc32(block[head + 4 : -4], crc32(block[:head])) != struct.unpack_from("<I", block, length - 4)[0]:
        raise at.fail("checksum", length - 4, "is damaged, its CRC-32 differs")
    records_length, seq, boot, first, last = struct.unpack_from("<II8sQQ", block, 12)
    camera = block[44:head]
    entries = list(struct.iter_unpack("<II", block[head + 4 : -4]))
    offsets = [of for of, _ in entries]
    rising = offsets[0] == 0 and all(a < b for a, b in zip(offsets, offsets[1:]))
    faults = {
        "the camera id is none": not _CAMERA.match(camera),
        "an entry is out of range": not rising or offsets[-1] >= max(records_length, 1),
        "the time is none": last >= _MAX_TIME or any(first + delta > last for _, delta in entries),
    }
    _refuse(at, faults)
    frames = tuple((of, first + delta) for of, delta in entries)
    return Index(camera.decode(), boot.hex(), seq, first, last, frames, offset, length, records_length)
