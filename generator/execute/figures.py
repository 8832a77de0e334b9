"""How Matplotlib draws in a kernel: in a font with Hangul, and no more often than is needed.

Noto Sans KR comes from a package that Inkcell depends on; `matplotlibrc` names it. It is made
known to Matplotlib as soon as the code imports that, from wherever it is imported.

A figure is laid out once for both its forms, the SVG of a page and the PNG of a feed. Where the
SVG would be too heavy for a page, the PNG is all there is, and finer.

Stands alone, as `warm` does: its text runs in the kernel's own interpreter.
"""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

VARIABLE = "INKCELL_FONT"
"""The environment variable that tells a kernel where the font lies."""

LARGEST_SVG = 300_000
"""Bytes of UTF-8; what is larger burdens a page more than a bitmap does."""

FEED_DPI = 144
"""Of a PNG that only feeds show: three pixels for two of CSS."""

COMPRESSION = 3
"""Of zlib: half the time of the usual 6, and a few percent larger."""

MODULE = "matplotlib.font_manager"

ALIASES = ("AppleGothic", "Malgun Gothic", "NanumGothic")
"""What Korean code asks for by name, on macOS, Windows and Linux; where it is missing, there
would be boxes."""


class _Finder:
    """Finds Matplotlib's font manager as the import system would, and adds to what loads it."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> Any:
        """What the import system asks each finder of `sys.meta_path`."""
        if name != MODULE:
            return None
        sys.meta_path.remove(cls)
        specs = (finder.find_spec(name, path, target) for finder in sys.meta_path)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            add_font(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Prepare a kernel for Matplotlib, which it need not have imported yet."""
    from IPython.core import pylabtools

    pylabtools.print_figure = Printer(pylabtools.print_figure)  # type: ignore[assignment]
    _install_font()


class Printer:
    """IPython's `print_figure`, which lays a figure out once for an SVG and the PNG after it.

    IPython asks for the SVG of a figure first, and then for its PNG.
    """

    def __init__(self, draw: Any) -> None:
        self._draw = draw
        self._last: tuple[Any, Any, bool] | None = None
        """The figure of the last SVG, its box in inches, and whether the SVG was too large."""

    def __call__(self, figure: Any, fmt: str = "png", **settings: Any) -> Any:
        """The figure as text (SVG) or bytes; None for an empty one, and an SVG too large."""
        last, self._last = self._last, None
        if fmt == "svg":
            # Matplotlib would write down when it drew: another SVG at every run.
            metadata = settings.get("metadata") or {}
            settings["metadata"] = {"Date": None, **metadata}
        whole = settings.get("bbox_inches", "tight") == "tight"
        if fmt == "svg" and whole and (figure.axes or figure.lines) and _is_padded_evenly():
            drawing, box = self._cropped(figure, settings)
            too_large = len(drawing.encode("utf-8", "replace")) > LARGEST_SVG
            # Whatever changes the figure from now on says so here.
            figure.stale = False
            self._last = weakref.ref(figure), box, too_large
            return None if too_large and _has_png(figure) else drawing
        if fmt == "png" and whole and last and last[0]() is figure and not figure.stale:
            dpi = settings.get("dpi", figure.dpi)
            settings["dpi"] = dpi if last[2] else min(dpi, FEED_DPI)
            settings["bbox_inches"] = last[1]
            settings.setdefault("pil_kwargs", {"compress_level": COMPRESSION})
        return self._draw(figure, fmt, **settings)

    def _cropped(self, figure: Any, settings: dict[str, Any]) -> tuple[str, Any]:
        """The SVG of what a figure shows, as `bbox_inches="tight"` makes it, and its box.

        Matplotlib would draw it twice, to find the box and to draw what is in it. An SVG can say
        itself which part of it is to be seen; only what lies outside of it is not there.
        """
        from matplotlib import rcParams

        drawing = self._draw(figure, "svg", **{**settings, "bbox_inches": None})
        width, height = figure.get_size_inches()
        shown = figure.get_tightbbox()
        box = shown.padded(rcParams["savefig.pad_inches"])
        # The ground of a figure ends with the figure.
        needed = shown if figure.get_facecolor() == WHITE else box
        inside = needed.x0 >= 0 and needed.y0 >= 0 and needed.x1 <= width and needed.y1 <= height
        if not inside or not DRAWN_SIZE.search(drawing, 0, 2000):
            return self._draw(figure, "svg", **{**settings, "bbox_inches": box}), box
        x, y, wide, high = (
            f"{72 * length:.6f}".rstrip("0").rstrip(".")
            for length in (box.x0, height - box.y1, box.width, box.height)
        )
        size = f' width="{wide}pt" height="{high}pt" viewBox="{x} {y} {wide} {high}"'
        return DRAWN_SIZE.sub(size, drawing, count=1), box


WHITE = (1.0, 1.0, 1.0, 1.0)
DRAWN_SIZE = re.compile(
    r' width="[\d.]+pt" height="[\d.]+pt" viewBox="0 0 [\d.]+ [\d.]+"', re.ASCII
)
"""How Matplotlib writes the size of an SVG, in points."""


def _is_padded_evenly() -> bool:
    """Whether what is saved is all of a figure and a margin around it, which a style can change."""
    from matplotlib import rcParams

    is_number = isinstance(rcParams["savefig.pad_inches"], int | float)
    return is_number and rcParams["savefig.bbox"] is None


def _has_png(figure: Any) -> bool:
    """Whether IPython will ask for a PNG next."""
    from IPython import get_ipython

    try:
        get_ipython().display_formatter.formatters["image/png"].lookup(figure)
    except (AttributeError, KeyError):
        return False
    return True


def _install_font() -> None:
    """Have the font added to a font manager that is imported, or will be."""
    if not os.path.exists(os.environ.get(VARIABLE, "")):
        return
    # A warm parent has imported it already; nobody may see it before the code imports it.
    for finder in sys.meta_path:
        stashed = getattr(finder, "modules", {}).get(MODULE)
        if stashed is not None:
            effects: list[tuple[str, Any]] = finder.effects  # type: ignore[attr-defined]
            effects.append((MODULE, partial(add_font, stashed)))
            return
    if MODULE in sys.modules:
        add_font(sys.modules[MODULE])
    else:
        sys.meta_path.insert(0, _Finder)


def add_font(font_manager: Any) -> None:
    """Add the font, also where another weight or another Korean font is asked for.

    The package has one weight, and a drawing of letters does not tell which were to be bold: they
    are drawn in regular, without the warning that Matplotlib would print.
    """
    manager = font_manager.fontManager
    manager.addfont(os.environ[VARIABLE])
    entry = manager.ttflist[-1]
    present = {other.name for other in manager.ttflist}
    for name in (entry.name, *(alias for alias in ALIASES if alias not in present)):
        for weight in range(100, 1000, 100):
            manager.ttflist.append(dataclasses.replace(entry, name=name, weight=weight))
