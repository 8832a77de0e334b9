"""Hexadecimal colours, and how light they are to the eye."""

from __future__ import annotations


def red_green_blue(colour: str) -> tuple[float, float, float]:
    """Red, green and blue of `#rrggbb` or `#rgb`, each between 0 and 1."""
    digits = colour[1:] if len(colour) > len("#rgb") else "".join(2 * d for d in colour[1:])
    red, green, blue = (int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4))
    return red, green, blue


def luminance(*channels: float) -> float:
    """Relative luminance of sRGB channels between 0 and 1 (WCAG 2.2)."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
