"""What takes its time to start, started when it is asked for: KaTeX, and what draws pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from .addresses import asset_path, share_name
from .discover import find_font
from .kept import Kept
from .model import (
    Config,
    DrawShare,
    File,
    Foreseeing,
    Formula,
    Macros,
    MathOutput,
    ShareWords,
)


class KatexOnDemand:
    """KaTeX, started by the first formula that is not known yet: V8 takes its time."""

    def __init__(self, script: str, output: MathOutput) -> None:
        self._script = script
        self._output = output
        self._started: Foreseeing | None = None

    def __call__(self, tex: str, display: bool, macros: Macros = ()) -> Formula:
        """A formula, as KaTeX sets it."""
        return self._katex()(tex, display, macros)

    def expect(self, formulas: Iterable[tuple[str, bool, Macros]]) -> None:
        """Pass on what will be asked for."""
        self._katex().expect(formulas)

    def _katex(self) -> Foreseeing:
        if self._started is None:
            from .render.katex import start_katex

            self._started = start_katex(self._script, self._output)
        return self._started


def drawing_on_demand() -> DrawShare:
    """What draws pictures; the font is read for the first of them."""
    started: list[DrawShare] = []

    def draw(words: ShareWords) -> bytes:
        if not started:
            from .render.share_pictures import start_drawing

            started.append(start_drawing(find_font()))
        return started[0](words)

    return draw


def drawing_what_is_new(draw: DrawShare, kept: Kept, place: Callable[[str], str]) -> DrawShare:
    """Draws only what the last build has not drawn; `place` says where a name is published."""

    def taken(words: ShareWords) -> bytes:
        return kept.content(place(share_name(words))) or draw(words)

    return taken


def blog_pictures(config: Config, draw: DrawShare, kept: Kept) -> dict[str, File]:
    """Language to the picture that stands for the blog where one of its lists is shared."""
    pictures = {}
    for language in config.languages:
        words = ShareWords(
            config.title[language], urlsplit(config.url).netloc, config.description[language]
        )
        content = drawing_what_is_new(draw, kept, asset_path)(words)
        pictures[language] = File(asset_path(share_name(words)), content, "the blog's picture")
    return pictures
