"""Highlighted code can be read: WCAG 2.2, 1.4.3, in both palettes."""

from __future__ import annotations

import pytest
from pygments.style import Style

from generator.render.code import Dark, Light, highlight, stylesheet

from .test_outputs import contrast


@pytest.mark.parametrize("palette", [Light, Dark])
def test_every_colour_stands_out(palette: type[Style]) -> None:
    """Each colour has a contrast of at least 4.5 against its background."""
    for token, style in palette:
        if style["color"]:
            ratio = contrast("#" + style["color"], palette.background_color)
            assert ratio >= 4.5, f"{token} has {ratio:.2f}"


def test_the_style_sheet_has_both_palettes() -> None:
    """Rules for `.code`, those of the dark palette where the system asks for it."""
    light, dark = stylesheet().split("@media (prefers-color-scheme: dark)")
    assert ".code .k {" in light
    assert ".code .k {" in dark


def test_an_unknown_language_is_plain_text() -> None:
    """It is escaped and nothing else."""
    assert highlight("a < b", "nonsense") == "a &lt; b"
