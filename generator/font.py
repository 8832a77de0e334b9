"""The font with Hangul that comes with Inkcell, from a package that it depends on: Noto Sans KR."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

FONT = ("pylopdf_fonts_ko", "NotoSansKR-Regular.otf")
"""Its package and file."""


def font_path() -> Path | None:
    """Where the font lies; None if it is not installed."""
    spec = find_spec(FONT[0])
    places = spec.submodule_search_locations if spec is not None else None
    return Path(places[0]) / FONT[1] if places else None
