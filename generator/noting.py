"""What a post asks for while it is rendered, and the answers: the next build compares them.

A post is made again when another one that it links to has moved; formulas and code that it had
before are not set again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from .model import Foreseeing, Formula, Highlight, Macros, Typeset, Value


class KnownFormula(Value, frozen=True):
    """A formula that a post has, typeset."""

    tex: str
    display: bool
    formula: Formula
    macros: Macros = ()


class KnownCode(Value, frozen=True):
    """Code that a post shows, coloured."""

    code: str
    language: str
    html: str


class Asked(Mapping[str, str]):
    """Addresses of posts, which notes what is asked of it and what it answered."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = pages
        self.answers: dict[str, str] = {}

    def __getitem__(self, source: str) -> str:
        self.answers[source] = self.pages.get(source, "")
        return self.pages[source]

    def __iter__(self) -> Iterator[str]:
        raise TypeError("a post asks for one address after another, or nobody knows for which")

    def __len__(self) -> int:
        return len(self.pages)


def answers_differ(asked: Mapping[str, str], pages: Mapping[str, str]) -> bool:
    """Whether a post's links would be answered in another way now."""
    return any(pages.get(source, "") != answer for source, answer in asked.items())


class Noting:
    """A typesetter that knows some formulas already, and notes all that it is asked for."""

    def __init__(self, typeset: Typeset, known: Sequence[KnownFormula]) -> None:
        self._typeset = typeset
        self._done = {(item.tex, item.display, item.macros): item.formula for item in known}
        self._used: dict[tuple[str, bool, Macros], Formula] = {}

    def __call__(self, tex: str, display: bool, macros: Macros = ()) -> Formula:
        """The formula as it is known, or as it is typeset now."""
        known = self._done.get((tex, display, macros))
        formula = known or self._typeset(tex, display, macros)
        self._used[tex, display, macros] = formula
        return formula

    def expect(self, formulas: Iterable[tuple[str, bool, Macros]]) -> None:
        """Pass on what is not known."""
        new = [formula for formula in formulas if formula not in self._done]
        if new and isinstance(self._typeset, Foreseeing):
            self._typeset.expect(new)

    def used(self) -> tuple[KnownFormula, ...]:
        """All that it was asked for."""
        return tuple(
            KnownFormula(tex, display, formula, macros)
            for (tex, display, macros), formula in self._used.items()
        )


class NotingCode:
    """What colours code, knows some already, and notes all that it is asked for."""

    def __init__(self, highlight: Highlight, known: Sequence[KnownCode]) -> None:
        self._highlight = highlight
        self._done = {(item.code, item.language): item for item in known}
        self._used: dict[tuple[str, str], KnownCode] = {}

    def __call__(self, code: str, language: str) -> str:
        """The code as it is known, or as it is coloured now."""
        known = self._done.get((code, language))
        shown = known or KnownCode(code, language, self._highlight(code, language))
        self._used[code, language] = shown
        return shown.html

    def used(self) -> tuple[KnownCode, ...]:
        """All that it was asked for."""
        return tuple(self._used.values())
