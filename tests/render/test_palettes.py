"""Highlighted code can be read: WCAG 2.2, 1.4.3, in both palettes."""

from __future__ import annotations

import re

import pytest
from pygments.style import Style

from generator.render import terminal
from generator.render.code import Dark, Light, highlight, stylesheet
from generator.render.drawings import dark_colour

from ..conftest import REPOSITORY
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


def theme_colours() -> tuple[dict[str, str], dict[str, str]]:
    """The theme's variables, on a light and on a dark page."""
    light, dark = ROOT.findall(STYLE)[:2]
    pairs = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in (light, dark))
    first, second = pairs
    return first, {**first, **second}


STYLE = (REPOSITORY / "templates" / "static" / "style.css").read_text(encoding="utf-8")
ROOT = re.compile(r":root \{(.*?)\}", re.DOTALL)
LIGHT, DARK = theme_colours()
ANSI = STYLE.partition("--- colours of a terminal")[2].partition("@media print")[0]
ANSI_LIGHT, _, ANSI_DARK = ANSI.partition("@media (prefers-color-scheme: dark)")


@pytest.mark.parametrize(("rules", "page"), [(ANSI_LIGHT, LIGHT), (ANSI_DARK, DARK)])
def test_colours_of_a_terminal_stand_out(rules: str, page: dict[str, str]) -> None:
    """Each of the eight on the page, and the page's ink on each ground: at least 4.5."""
    colours = re.findall(r"\.ansi-(\w+) \{ color: (#[0-9a-f]{6})", rules)
    grounds = re.findall(r"\.ansi-(\w+)-ground \{ background: (#[0-9a-f]{6})", rules)
    assert [name for name, _ in colours] == [name for name, _ in grounds] == list(terminal.BASIC)
    for name, colour in colours:
        assert contrast(colour, page["paper"]) >= 4.5, name
    for name, ground in grounds:
        assert contrast(page["ink"], ground) >= 4.5, name


@pytest.mark.parametrize("page", [LIGHT, DARK])
def test_titles_and_text_of_admonitions_stand_out(page: dict[str, str]) -> None:
    """The title of each kind, and the page's inks, on the kind's ground: at least 4.5."""
    share = re.search(r"color-mix\(in srgb, var\(--kind\) (\d+)%, var\(--paper\)\)", STYLE)
    assert share
    kinds = [name for name in page if name.startswith("kind-")]
    assert len(kinds) == 5
    for kind in kinds:
        ground = mixed(page[kind], page["paper"], int(share[1]) / 100)
        for colour in (page[kind], page["ink"], page["ink-soft"], page["accent"]):
            assert contrast(colour, ground) >= 4.5, f"{colour} on {kind}"


def mixed(colour: str, ground: str, share: float) -> str:
    """A colour of which `share` is the first, the rest the second (CSS Color 5, in sRGB)."""
    pairs = zip(*(bytes.fromhex(text[1:]) for text in (colour, ground)), strict=True)
    return "#" + bytes(round(a * share + b * (1 - share)) for a, b in pairs).hex()


@pytest.mark.parametrize(("palette", "page"), [(Light, LIGHT), (Dark, DARK)])
def test_code_in_a_marked_line_stands_out(palette: type[Style], page: dict[str, str]) -> None:
    """Each colour of code, and the numbers of lines, on the ground of a line to look at."""
    colours = [f"#{style['color']}" for _, style in palette if style["color"]]
    for colour in (*colours, page["ink-soft"]):
        assert contrast(colour, page["line-mark"]) >= 4.5, colour


@pytest.mark.parametrize("page", [LIGHT, DARK])
def test_colours_of_figures_stand_out(page: dict[str, str]) -> None:
    """The lines that Matplotlib draws in turn: at least 3 (WCAG 2.2, 1.4.11) on both pages."""
    settings = (REPOSITORY / "generator" / "execute" / "matplotlibrc").read_text(encoding="utf-8")
    cycle = re.search(r"prop_cycle: .*\[(.*)\]", settings)
    assert cycle
    colours = re.findall("[0-9a-f]{6}", cycle[1])
    assert len(colours) >= 6
    for colour in colours:
        assert contrast(f"#{colour}", page["paper"]) >= 3, colour
        assert dark_colour(f"#{colour}") == f"#{colour}"
