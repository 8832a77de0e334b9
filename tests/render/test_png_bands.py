"""A PNG made of bands is what a decoder makes of the whole."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generator.render.png_bands import band, png

PALETTE = [(number * 16, 255 - number, number) for number in range(16)]


@st.composite
def pictures(draw: st.DrawFn) -> tuple[int, list[bytes]]:
    """The width in pixels, and bands of rows of two pixels a byte."""
    size = draw(st.integers(1, 5))
    rows = st.lists(st.binary(min_size=size, max_size=size), max_size=4).map(b"".join)
    bands = draw(st.lists(rows, min_size=1, max_size=4).filter(any))
    return size * 2, bands


@given(pictures())
def test_bands_lie_one_below_the_other(picture: tuple[int, list[bytes]]) -> None:
    """Whatever was compressed before what."""
    width, bands = picture
    made = Image.open(io.BytesIO(png(width, PALETTE, [band(pixels, width) for pixels in bands])))
    made.load()
    pixels = b"".join(bands)
    assert made.size == (width, len(pixels) * 2 // width)
    halves = [half for byte in pixels for half in divmod(byte, 16)]
    assert made.convert("RGB").tobytes() == bytes(sum((PALETTE[half] for half in halves), ()))


def test_a_band_serves_several_pictures() -> None:
    """It is compressed once, and depends on nothing before it."""
    blank, dark = band(bytes(6000), 40), band(b"\xff" * 6000, 40)
    for bands in ([blank, dark, blank], [dark, blank], [dark, dark]):
        made = Image.open(io.BytesIO(png(40, PALETTE, bands)))
        expected = b"".join(bytes([each.rows[1] & 15]) * 12000 for each in bands)
        assert made.tobytes() == expected
