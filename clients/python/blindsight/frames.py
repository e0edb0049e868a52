"""Files to symbols: what most readers want."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path

from .archive import Damage, read_archive
from .bundle import Bundle, Bundles
from .decoder import Decoded, Decoder
from .errors import CodecError
from .records import Index, Record


def decode(
    source: bytes | str | PathLike, bundles: Bundles | Bundle, damaged: Callable[[Damage], None] | None = None
) -> Iterator[Decoded]:
    """The frames of a file, or of the bytes of one, in order.

    What is damaged is told to `damaged`, and the rest goes on; without it, the first damage is raised as a CodecError.
    """
    data = bytes(source) if isinstance(source, (bytes, bytearray, memoryview)) else Path(source).read_bytes()
    decoders: dict[str, Decoder] = {}
    decoder: Decoder | None = None

    def tell(damage: Damage) -> None:
        if damaged is None:
            raise damage.error
        damaged(damage)

    for piece in read_archive(data):
        if isinstance(piece, Damage):
            tell(piece)
        elif isinstance(piece, Record):
            if piece.frame:
                name = piece.frame.bundle
                if name not in decoders:
                    decoders[name] = (bundles if isinstance(bundles, Bundle) else bundles.find(piece.frame)).decoder()
                decoder = decoders[name]
            try:
                decoded = decoder.decode(piece)
            except CodecError as error:
                # A frame that does not decode ends its segment: what was predicted from it is told as well.
                tell(Damage(piece.offset, piece.offset + piece.length, error))
                continue
            yield decoded
        else:
            assert isinstance(piece, Index)
