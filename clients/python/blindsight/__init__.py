"""Reads what blindsight writes: bitstreams (symbols, and pictures where the bundle's decoder is), results and events.

    decode(file, bundles)          frames of a bitstream file, as symbols
    read_archive(data)             its records, index blocks and damage, nothing decoded
    read_lines(file), read_store(file), follow(broker)      results and events
    dataframe(messages)            the same as a pandas DataFrame
    Painter(bundle).paint(frame)   a picture
"""

from .archive import Damage, read_archive
from .bundle import Bundle, Bundles
from .decoder import Decoded, Decoder
from .errors import BundleError, CodecError
from .frames import decode
from .live import follow
from .model import Model
from .pictures import Painter
from .records import Frame, Index, Record, read_record
from .results import dataframe, mask, read_lines, read_store, rows

__all__ = [
    "Bundle", "BundleError", "Bundles", "CodecError", "Damage", "Decoded", "Decoder", "Frame", "Index", "Model", "Painter",
    "Record", "dataframe", "decode", "follow", "mask", "read_archive", "read_lines", "read_record", "read_store", "rows",
]  # fmt: skip
