"""Files: segments one after another, with or without index blocks, whole, cut or damaged (codec/FORMAT.md, Segments and files)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .errors import CodecError
from .records import INDEX_MAGIC, RECORD_MAGIC, Index, Record, read_header, read_index, read_index_head, read_record

# Damaged pieces may be searched through for this many times the file's length: then they are skipped by the length that they claim.
_PATIENCE = 8


@dataclass(frozen=True)
class Damage:
    """Bytes [offset, end) that are skipped; equal where announced frames are simply not there."""

    offset: int
    end: int
    error: CodecError
    segment: str | None = None  # camera/boot/seq of the segment that was being read
    first_lost: int | None = None
    lost: int | None = None  # how many, where an index block said it


@dataclass
class _Open:
    name: str
    seq: int
    frames: int | None


def read_archive(data: bytes) -> Iterator[Index | Record | Damage]:
    """All that is in a file, in order: index blocks, sound records each following the one before, and reports of damage.

    Raises nothing for what the bytes hold. Records are checked, not decoded.
    """
    data = bytes(data)
    open_: _Open | None = None
    last: Record | None = None
    spent = offset = 0
    while offset < len(data):
        try:
            piece = _piece(data, offset, last)
        except CodecError as error:
            skipped = _claimed(data, offset)
            spent += skipped
            end = next_sync(data, offset + (skipped if spent > _PATIENCE * len(data) else 1))
            yield _damage(offset, end, error, open_, last)
            open_ = last = None
            offset = end
            continue
        if isinstance(piece, Index):
            if _short(open_, last):
                yield _damage(offset, offset, _early(offset), open_, last)
            open_, last = _Open(f"{piece.camera}/{piece.boot}/{piece.seq}", piece.seq, len(piece.frames)), None
            yield piece
            offset += piece.block_length
            continue
        if piece.frame and (last or not open_ or open_.name != piece.frame.ref):
            if _short(open_, last):
                yield _damage(offset, offset, _early(offset), open_, last)
            open_ = _Open(piece.frame.ref, piece.seq, None)
        last = piece
        yield piece
        offset += piece.length
    if _short(open_, last):
        yield _damage(len(data), len(data), _early(len(data)), open_, last)


def next_sync(data: bytes, start: int) -> int:
    """Where reading can begin again, or the end: a sound head of an index block, or a sound header of a key record."""
    at = data.find(RECORD_MAGIC[:1], start)
    while at >= 0:
        try:
            if data.startswith(INDEX_MAGIC, at):
                read_index_head(data, at)
                return at
            if read_header(data, at).kind == "key":
                return at
        except CodecError:
            pass
        at = data.find(RECORD_MAGIC[:1], at + 1)
    return len(data)


def _piece(data: bytes, offset: int, last: Record | None) -> Index | Record:
    if data.startswith(INDEX_MAGIC, offset):
        return read_index(data, offset)
    record = read_record(data, offset)
    if record.kind == "key" or (last and record.follows(last)):
        return record
    what = f"frame {record.seq} of boot {record.boot} does not follow the record before it"
    raise CodecError("chain", f"record at byte {offset}: {what}", offset)


def _claimed(data: bytes, offset: int) -> int:
    try:
        index = data.startswith(INDEX_MAGIC, offset)
        length = read_index_head(data, offset)[1] if index else read_header(data, offset).length
    except CodecError:
        return 1
    return min(length, len(data) - offset)


def _have(last: Record | None) -> int:
    return last.position + 1 if last else 0


def _short(open_: _Open | None, last: Record | None) -> bool:
    return open_ is not None and open_.frames is not None and _have(last) < open_.frames


def _early(offset: int) -> CodecError:
    return CodecError("truncated", f"the segment ends at byte {offset}, before its last frame", offset)


def _damage(offset: int, end: int, error: CodecError, open_: _Open | None, last: Record | None) -> Damage:
    # A segment that is complete is not the one that was hit.
    if not open_ or (open_.frames is not None and not _short(open_, last)):
        return Damage(offset, end, error)
    lost = None if open_.frames is None else open_.frames - _have(last)
    return Damage(offset, end, error, open_.name, open_.seq + _have(last), lost)
