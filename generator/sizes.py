"""Sizes in bytes, as a reader sees them. Pure; used by the stages that tell of them."""

from __future__ import annotations

UNITS = ("kB", "MB", "GB", "TB")


def size_text(size: int) -> str:
    """A size in decimal units (IEC 80000-13), with one decimal: `29.8 MB`."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in UNITS:
        amount /= 1000
        # What would be written as 1000.0 belongs to the next unit.
        if amount < 999.95:
            break
    return f"{amount:.1f} {unit}"
