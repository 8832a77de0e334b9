"""Text that stands out too little from its paper, by the colours of the site's style sheet.

WCAG 2.2, 1.4.3, asks for a contrast of at least 4.5 to 1. Colours that are no opaque hexadecimal
ones are taken for right: how much lighter one `oklch(…)` is than another, the browser knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..colours import luminance, red_green_blue
from ..model import Config
from .built_site import BuiltSite
from .finding import Finding

LEAST = 4.5
INKS = ("ink", "ink_soft", "accent", "seal")
PALETTES = ("light", "dark")
STYLE = re.compile(r"assets/style-\w+\.css")
PAIR = re.compile(r"--(paper|ink|ink-soft|accent|seal):\s*light-dark\((.*?)\)\s*[;}]")
PART = re.compile(r"(?:[^(),]|\([^)]*\))+")
HEXADECIMAL = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def check_contrast(site: BuiltSite, config: Config) -> Iterator[Finding]:
    """A warning for each ink of the theme that can hardly be read on one of its papers."""
    for path in filter(STYLE.fullmatch, site.files):
        colours = _colours(site.files[path].decode(errors="replace"))
        for name in INKS:
            said = {name, "paper"} & config.theme.keys()
            where = "pyproject.toml" if said else f"{site.folder}/{path}"
            for palette, ink, paper in zip(
                PALETTES, colours.get(name, ()), colours.get("paper", ()), strict=False
            ):
                if not (HEXADECIMAL.fullmatch(ink) and HEXADECIMAL.fullmatch(paper)):
                    continue
                if (found := contrast(ink, paper)) < LEAST:
                    yield Finding(
                        "contrast",
                        "warning",
                        f"`{name}` has a contrast of {found:.1f} to 1 on {palette} paper",
                        where,
                        text=f"{ink} on {paper}",
                        hint=f"text needs {LEAST} to 1; a colour may differ by paper: "
                        "{ light = …, dark = … }",
                    )


def _colours(style: str) -> Mapping[str, list[str]]:
    """Name of a setting to its colours on light and on dark paper, as they are said last."""
    return {
        name.replace("-", "_"): [part.strip() for part in PART.findall(pair)]
        for name, pair in PAIR.findall(style)
    }


def contrast(one: str, other: str) -> float:
    """The contrast of two hexadecimal colours, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted(luminance(*red_green_blue(colour)) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)
