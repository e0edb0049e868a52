"""Golden streams to the symbols that they were made of."""

import hashlib
import json

import numpy as np
import pytest

from blindsight import Bundles, Damage, Decoder, Index, Model, Record, decode, read_archive
from setting import BUNDLES, CONTEXT_HASH, GOLDEN, TABLES, TABLES_HASH, code_of, golden


def decoded(data: bytes, decoder: Decoder) -> list[np.ndarray]:
    pieces = list(read_archive(data))
    assert not [piece for piece in pieces if isinstance(piece, Damage)]
    return [decoder.decode(piece).symbols for piece in pieces if isinstance(piece, Record)]


@pytest.fixture(scope="session")
def made_up() -> Model:
    return Model(golden("context-v1.bin"))


def test_version_1():
    frames = decoded(golden("static-v1.bin"), Decoder(json.loads(golden("static-v1.entropy.json")), TABLES_HASH))
    assert [frame.shape for frame in frames] == [(16, 28, 28), (16, 24, 40)]
    assert b"".join(frame.tobytes() for frame in frames) == golden("static-v1.symbols.bin")


@pytest.mark.parametrize("profile", ["static", "fast", "max"])
def test_version_2(profile, made_up):
    frames = decoded(golden(f"segments-{profile}-v2.bin"), Decoder(TABLES, TABLES_HASH, made_up, CONTEXT_HASH))
    assert b"".join(frame.tobytes() for frame in frames) == golden("segments-v2.symbols.bin")


@pytest.mark.parametrize("profile", ["fast", "max"])
def test_a_real_camera(profile):
    bundles = Bundles(BUNDLES)
    frames = list(decode(GOLDEN / f"lean-1-{profile}-v2.bin", bundles))
    found = [hashlib.sha256(frame.symbols.tobytes()).hexdigest() for frame in frames]
    assert found == json.loads(golden("lean-1-v2.sha256.json"))
    assert [frame.key for frame in frames] == [True, False, False, False]
    assert frames[0].frame.shape == (16, 32, 56) and frames[3].frame.seq == frames[0].frame.seq + 3
    assert frames[3].frame.time > frames[0].frame.time


def test_a_lost_frame_and_what_does_not_fit(made_up):
    records = [piece for piece in read_archive(golden("segments-fast-v2.bin")) if isinstance(piece, Record)]
    decoder = Decoder(TABLES, TABLES_HASH, made_up, CONTEXT_HASH)
    decoder.decode(records[0])
    assert code_of(lambda: decoder.decode(records[2])) == "chain"
    decoder.decode(records[1])
    assert code_of(lambda: decoder.decode(records[1])) == "chain"
    decoder.decode(records[4])
    assert code_of(lambda: Decoder(TABLES, "0" * 16, made_up, CONTEXT_HASH).decode(records[0])) == "tables"
    assert code_of(lambda: Decoder(TABLES, TABLES_HASH, made_up, "0" * 16).decode(records[0])) == "context"
    assert code_of(lambda: Decoder(TABLES, TABLES_HASH).decode(records[0])) == "context"
    assert code_of(lambda: Decoder({"scaleBits": 12, "freqs": [[1, 2]]}, TABLES_HASH)) == "tables"


def test_a_damaged_context_model():
    data = golden("context-v1.bin")
    for at in range(0, len(data), 997):
        assert code_of(lambda: Model(data[:at])) == "context"
        assert code_of(lambda: Model(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])) == "context"


# Named by the fault; the code is that of reading, or else that of decoding (test/codec/golden.test.ts).
FAULTS = {
    "crc-mismatch": "checksum", "header-crc-mismatch": "checksum", "spliced-header": "checksum", "truncated-header": "truncated",
    "truncated-payload": "truncated", "wrong-magic": "magic", "seventh-bit-stripped": "magic", "unknown-mode": "mode",
    "header-length-overrun": "header", "record-length-overrun": "header", "zero-width": "header", "zero-stride": "header",
    "odd-height": "header", "time-over-2-53": "header", "camera-uppercase": "header", "latent-too-large": "header",
    "other-channels": "tables", "state-below-interval": "payload", "state-above-interval": "payload",
    "payload-of-larger-frame": "payload", "payload-of-smaller-frame": "payload", "trailing-newline": "magic",
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_regression(name):
    decoder = Decoder(TABLES, TABLES_HASH)
    codes = []
    for piece in read_archive(golden(f"{name}.bin")):
        if isinstance(piece, Damage):
            codes.append(piece.error.code)
        else:
            codes.append(code_of(lambda: decoder.decode(piece)))
    assert [code for code in codes if code != "none"] == [FAULTS[name]]


def test_an_index_says_what_its_records_say():
    index, *rest = read_archive(golden("segments-fast-v2.bin"))
    assert isinstance(index, Index)
    records = rest[: len(index.frames)]
    first = records[0].offset
    assert index.frames == tuple((record.offset - first, record.time_us) for record in records)
    assert (index.camera, index.boot, index.seq) == (records[0].frame.camera, records[0].boot, records[0].seq)
