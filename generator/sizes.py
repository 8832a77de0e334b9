"""Sizes in bytes, as a reader sees them. Pure; used by the stages that tell of them."""

from __future__ import annotations

UNITS = ("kB", "MB", "GB", "TB")


def size_text(size: int) -> str:
    """A size in decimal units (IEC 80000-13), with one decimal: `29.8 MB`."""
    if size < 1000:
        return f"{size} B"
    # What would be written as 1000.0 belongs to the next unit.
    power = 1
    while size / 1000**power >= 999.95 and power < len(UNITS):
        power += 1
    return f"{size / 1000**power:.1f} {UNITS[power - 1]}"
