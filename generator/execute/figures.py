"""Gives Matplotlib a font with Hangul, the same on every machine.

Noto Sans KR comes from a package that Inkcell depends on; `matplotlibrc` names it. It is made
known to Matplotlib as soon as the code imports that, from wherever it is imported.

Stands alone, as `warm` does: its text runs in the kernel's own interpreter.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

VARIABLE = "INKCELL_FONT"
"""The environment variable that tells a kernel where the font lies."""

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
