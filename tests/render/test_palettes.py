"""Highlighted code can be read: WCAG 2.2, 1.4.3, in both palettes."""

from __future__ import annotations

import re

import pytest
from pygments.style import Style
from pygments.token import STANDARD_TYPES, Comment, Keyword, String

from generator.render import terminal
from generator.render.code import Dark, Light, highlight, stylesheet
from generator.render.dark_colours import DARK_INK, DARK_PAPER, dark_colour

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
    """A rule names the colour of each; `color-scheme`, and so the reader's choice, decides."""
    css = stylesheet().lower()
    assert "prefers-color-scheme" not in css
    for token in (Keyword, String, Comment):
        light, dark = (dict(palette)[token]["color"] for palette in (Light, Dark))
        name = STANDARD_TYPES[token]
        (rule,) = (rule for rule in css.split("\n") if re.search(rf"\.code \.{name}[, ]", rule))
        assert f"color: light-dark(#{light}, #{dark})" in rule


def test_only_color_scheme_decides_on_the_palette() -> None:
    """Nothing in the theme asks the system past the reader: no colour depends on a media query."""
    assert "prefers-color-scheme" not in STYLE


def test_an_unknown_language_is_plain_text() -> None:
    """It is escaped and nothing else."""
    assert highlight("a < b", "nonsense") == "a &lt; b"


STYLE = (REPOSITORY / "templates" / "static" / "style.css").read_text(encoding="utf-8")
PAIR = r"light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)"


def theme_colours() -> tuple[dict[str, str], dict[str, str]]:
    """The theme's variables, on a light and on a dark page."""
    found = re.findall(rf"--([\w-]+): {PAIR}", STYLE)
    return {name: light for name, light, _ in found}, {name: dark for name, _, dark in found}


LIGHT, DARK = theme_colours()


def test_colours_of_a_terminal_stand_out() -> None:
    """Each of the eight on the page, and the page's ink on each ground: at least 4.5."""
    colours = re.findall(rf"\.ansi-(\w+) {{ color: {PAIR}", STYLE)
    grounds = re.findall(rf"\.ansi-(\w+)-ground {{ background: {PAIR}", STYLE)
    assert [name for name, *_ in colours] == [name for name, *_ in grounds] == list(terminal.BASIC)
    for name, *pair in colours:
        for colour, page in zip(pair, (LIGHT, DARK), strict=True):
            assert contrast(colour, page["paper"]) >= 4.5, name
    for name, *pair in grounds:
        for ground, page in zip(pair, (LIGHT, DARK), strict=True):
            assert contrast(page["ink"], ground) >= 4.5, name


@pytest.mark.parametrize("page", [LIGHT, DARK])
def test_the_inks_of_the_page_stand_out(page: dict[str, str]) -> None:
    """Text, quiet text, links and the seal's red on both grounds of the page: at least 4.5."""
    for ink in ("ink", "ink-soft", "accent", "seal"):
        for ground in ("paper", "paper-deep"):
            assert contrast(page[ink], page[ground]) >= 4.5, f"{ink} on {ground}"


def test_the_browser_takes_the_colour_of_the_paper() -> None:
    """`theme-color` is the paper of each palette, and drawings are judged against that paper."""
    base = (REPOSITORY / "templates" / "base.html").read_text(encoding="utf-8")
    for scheme, page in (("light", LIGHT), ("dark", DARK)):
        colour = f"{{{{ site.paper_{scheme} or '{page['paper']}' }}}}"
        assert f'media="(prefers-color-scheme: {scheme})" content="{colour}"' in base
    assert (DARK["ink"], DARK["paper"]) == (DARK_INK, DARK_PAPER)


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
