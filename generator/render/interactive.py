"""Interactive figures of Plotly and Vega: what they are, found in what the code produced.

A page carries the figure's data as a file and a static form of it; a script of the site's own
(`templates/static/interactive.js`) brings it to life with the library. Nothing comes from
elsewhere, and no script of an output runs.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from msgspec import Struct

from ..characters import only_text

PLOTLY = "application/vnd.plotly.v1+json"
VEGA = re.compile(r"application/vnd\.vega(lite)?\.v\d+(\.\d+)*\+json")

Library = Literal["plotly", "vega"]


class Figure(Struct, frozen=True):
    """An interactive figure."""

    library: Library
    data: dict[str, Any]
    """What the library is handed, as JSON."""
    is_lite: bool = False

    @property
    def title(self) -> str:
        """The figure's own title, or nothing."""
        at = self.data.get("layout", {}) if self.library == "plotly" else self.data
        title = at.get("title", "") if isinstance(at, dict) else ""
        if isinstance(title, dict):
            title = title.get("text", "")
        if isinstance(title, list):
            title = " ".join(map(str, title))
        # Plotly's titles may hold some HTML; JSON's escapes may say what no page can.
        text = re.sub(r"<[^>]*>", " ", only_text(str(title or "")))
        return " ".join(text.split())

    @property
    def height(self) -> int:
        """CSS pixels that the figure will take."""
        at = self.data.get("layout", {}) if self.library == "plotly" else self.data
        height = at.get("height") if isinstance(at, dict) else None
        default = 450 if self.library == "plotly" else 0
        return round(height) if isinstance(height, int | float) and 0 < height < 1e5 else default


def figure_of(mime: str, text: str) -> Figure | None:
    """The figure in a representation of an output; None if it holds none."""
    if mime == PLOTLY:
        return _figure("plotly", text)
    match = VEGA.fullmatch(mime)
    if match:
        return _figure("vega", text, is_lite=bool(match[1]))
    return figure_in_html(text) if mime == "text/html" else None


def _figure(library: Library, text: str, is_lite: bool = False) -> Figure | None:
    try:
        data = json.loads(text, parse_constant=_nothing)
    except (ValueError, RecursionError):
        return None
    return Figure(library, data, is_lite) if isinstance(data, dict) else None


def _nothing(name: str) -> None:
    """What `NaN` and `Infinity` become, which Python writes and no browser reads."""


NEW_PLOT = re.compile(r"Plotly\.(?:newPlot|react)\(\s*(?:\"[^\"]*\"|'[^']*'|[\w.]+)\s*,\s*")
EMBED = re.compile(r"\}\)\(\s*(?=\{)")


def figure_in_html(html: str) -> Figure | None:
    """The figure that the scripts of an HTML output would draw, as Plotly and Altair write them."""
    if "<script" not in html:
        return None
    decoder = json.JSONDecoder(parse_constant=_nothing)
    match = NEW_PLOT.search(html)
    if match:
        try:
            traces, end = decoder.raw_decode(html, match.end())
            comma = re.compile(r"\s*,\s*").match(html, end)
            layout, _ = decoder.raw_decode(html, comma.end()) if comma else ({}, end)
        except (ValueError, RecursionError):
            return None
        return Figure("plotly", {"data": traces, "layout": layout})
    if "vega" in html:
        for match in EMBED.finditer(html):
            try:
                data, _ = decoder.raw_decode(html, match.end())
            except (ValueError, RecursionError):
                continue
            if isinstance(data, dict):
                return Figure("vega", data, is_lite="vega-lite" in str(data.get("$schema", "")))
    return None
