"""A PNG made of bands, each of which may have been compressed before.

Behind a full flush deflate starts anew (zlib's manual, `deflate`), so that the streams of bands
can be joined: what many pictures have in common, blank rows above all, is compressed for the first
of them only. Pillow's encoder compresses all of each.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from itertools import chain

from msgspec import Struct

DEPTH = 4
"""Bits of a pixel."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
INDEXED = 3
"""The type of pictures whose pixels are numbers of colours in a palette (PNG 11.2.1)."""
UNFILTERED = b"\0"
"""Stands before a row that is told as it is (PNG 9.2)."""
ZLIB_HEADER = b"\x78\x01"
END = b"\x03\0"
"""An empty last block of deflate (RFC 1951, 3.2.6)."""


class Band(Struct, frozen=True):
    """Some rows of a picture: as PNG has them, and the same compressed."""

    rows: bytes
    deflated: bytes


def band(pixels: bytes, width: int) -> Band:
    """Rows of `width` pixels, two pixels in a byte, compressed."""
    size = width * DEPTH // 8
    rows = b"".join(
        UNFILTERED + pixels[start : start + size] for start in range(0, len(pixels), size)
    )
    press = zlib.compressobj(wbits=-zlib.MAX_WBITS, memLevel=5, strategy=zlib.Z_RLE)
    return Band(rows, press.compress(rows) + press.flush(zlib.Z_FULL_FLUSH))


def png(width: int, palette: Sequence[tuple[int, ...]], bands: Sequence[Band]) -> bytes:
    """A picture of these bands, one below the other.

    Args:
        width: pixels of a row, an even number.
        palette: at most 16 colours, each its red, green and blue from 0 to 255.
        bands: the rows, in which a pixel is the number of its colour.
    """
    height = sum(len(each.rows) for each in bands) // (1 + width * DEPTH // 8)
    checksum = zlib.adler32(b"")
    for each in bands:
        checksum = zlib.adler32(each.rows, checksum)
    deflated = b"".join(each.deflated for each in bands)
    data = ZLIB_HEADER + deflated + END + struct.pack(">I", checksum)
    return SIGNATURE + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, DEPTH, INDEXED, 0, 0, 0)),
            _chunk(b"PLTE", bytes(chain.from_iterable(palette))),
            _chunk(b"IDAT", data),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk: its length, its kind, what it holds and a checksum of both (PNG 5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
