"""The repository's golden streams, and what test/clients/python.long.ts has made with the TypeScript side."""

import json
import os
from pathlib import Path

import pytest

from blindsight import CodecError

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "test" / "fixtures" / "codec"
BUNDLES = ROOT / "models" / "bundles"
# Of test/codec/samples.ts and scene.ts, with the hashes that the made-up streams name.
TABLES = {"scaleBits": 12, "freqs": json.loads("[[9,63,439,3083,439,63],[103,537,2796,537,103,20],[43,165,635,2453,635,165]]")}
TABLES_HASH, CONTEXT_HASH = "fedcba9876543210", "00112233445566aa"


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def code_of(act) -> str:
    """Of the CodecError that it raises; any other exception is passed on."""
    try:
        act()
    except CodecError as error:
        return error.code
    return "none"


def made(name: str) -> Path:
    """A file of the TypeScript side."""
    folder = os.environ.get("BLINDSIGHT_MADE")
    if folder is None:
        pytest.skip("made by test/clients/python.long.ts: npm run test:long")
    return Path(folder) / name
