"""Cut and damaged files: every fault is reported, and nothing that is not sound is read."""

import json
import random

import pytest

from blindsight import Bundles, CodecError, Damage, Index, Record, decode, read_archive, read_record
from setting import BUNDLES, GOLDEN, code_of, golden, made


def test_every_cut_and_flip_of_a_record_is_refused():
    data = golden("record-v1.bin")
    read_record(data)
    for at in range(len(data)):
        assert code_of(lambda: read_record(data[:at])) == "truncated"
        for bit in range(8):
            assert code_of(lambda: read_record(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])) != "none"


@pytest.mark.parametrize("profile", ["static", "fast", "max"])
def test_every_cut_and_flip_of_segments_is_reported(profile):
    data = golden(f"segments-{profile}-v2.bin")
    whole = [piece.crc for piece in read_archive(data) if isinstance(piece, Record)]
    ends = {piece.offset + piece.length for piece in read_archive(data) if isinstance(piece, Record)} | {0}
    for at in range(len(data)):
        pieces = list(read_archive(data[:at]))
        records = [piece.crc for piece in pieces if isinstance(piece, Record)]
        assert records == whole[: len(records)]
        assert [piece for piece in pieces if isinstance(piece, Damage)] or at in ends, at
        flipped = list(read_archive(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]))
        assert [piece for piece in flipped if isinstance(piece, Damage)], at
        assert {piece.crc for piece in flipped if isinstance(piece, Record)} <= set(whole)


def test_damage_costs_the_rest_of_its_segment_only():
    data = golden("segments-fast-v2.bin")
    records = [piece for piece in read_archive(data) if isinstance(piece, Record)]
    hit = records[2].offset + 50
    pieces = list(read_archive(data[:hit] + bytes([data[hit] ^ 1]) + data[hit + 1 :]))
    assert [piece.seq - records[0].seq for piece in pieces if isinstance(piece, Record)] == [0, 1, 4, 5, 6, 7]
    (damage,) = [piece for piece in pieces if isinstance(piece, Damage)]
    assert (damage.segment, damage.first_lost, damage.lost) == (records[0].frame.ref, records[2].seq, 2)
    assert (damage.offset, damage.end, damage.error.code) == (records[2].offset, records[4].offset, "checksum")


def test_decode_tells_damage_or_raises():
    data = (GOLDEN / "lean-1-fast-v2.bin").read_bytes()[:-3]
    bundles, told = Bundles(BUNDLES), []
    assert len(list(decode(data, bundles, told.append))) == 3
    assert [damage.error.code for damage in told] == ["truncated"]
    with pytest.raises(CodecError, match="cut off"):
        list(decode(data, bundles))


def test_what_is_no_bitstream():
    noise = random.Random(1).randbytes(5000)
    assert [type(piece) for piece in read_archive(noise)] == [Damage]
    assert list(read_archive(b"")) == []


def test_the_same_as_the_typescript_reader():
    for number, expected in enumerate(json.loads(made("pieces.json").read_text())):
        found = [said(piece) for piece in read_archive(made(f"damaged-{number}.bin").read_bytes())]
        assert found == expected, number


def said(piece) -> list:
    if isinstance(piece, Record):
        return ["record", piece.offset, piece.seq, piece.crc]
    if isinstance(piece, Index):
        return ["index", piece.offset, piece.seq, len(piece.frames)]
    return ["damage", piece.offset, piece.end, piece.error.code, piece.segment, piece.first_lost, piece.lost]
