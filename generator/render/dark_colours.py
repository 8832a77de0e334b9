"""Colours that were chosen for white paper, on a dark page."""

from __future__ import annotations

import colorsys

from ..colours import luminance, red_green_blue

DARK_INK, DARK_PAPER = "#e4e2dd", "#16181c"
"""Text and background of a dark page, which colours are judged against."""


def dark_colour(colour: str) -> str:
    """What `#rrggbb`, meant for white paper, becomes on a dark page.

    Greys change places with their opposites. So do very dark and very light colours, which
    stand for ink and for tinted paper; a colour in between is data and stays.
    """
    if colour in ("#000000", "#ffffff"):
        return DARK_INK if colour == "#000000" else DARK_PAPER
    red, green, blue = red_green_blue(colour)
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    is_grey = max(red, green, blue) - min(red, green, blue) < 0.08
    # A luminance of 0.13 has a contrast of 3 against the dark page (WCAG 2.2, 1.4.11).
    if not is_grey and 0.13 <= luminance(red, green, blue) <= 0.8:
        return colour
    channels = colorsys.hls_to_rgb(hue, 0.1 + 0.8 * (1 - lightness), saturation * 0.8)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def readable_on(colour: str) -> str:
    """Black or white, whichever can be read on `#rrggbb`."""
    return "#000" if luminance(*red_green_blue(colour)) > 0.18 else "#fff"
