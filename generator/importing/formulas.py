r"""Formulas as Markdown without formulas needed them: `\\(x\\)`, `$a\_b$`, `\\\\` for a new row.

Kramdown and Goldmark read a backslash before a sign as that sign. So authors doubled backslashes
where MathJax, which came later, had to see one. Here formulas are read before all else.
"""

from __future__ import annotations

import re

from .passages import FORMULA, IN_DOLLARS, change_prose
from .remarks import SIGN

BRACKETS = re.compile(
    r"(?<!\\)\\\\\((?P<line>.+?)\\\\\)|(?<!\\)\\\\\[(?P<block>(?:(?!\n[ \t]*\n).)+?)\\\\\]",
    re.DOTALL,
)
DOLLARS = re.compile(rf"(?<![\\$]){IN_DOLLARS}")
DISPLAY = re.compile(r"(\$\$.+?\$\$)", re.DOTALL)
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
DOUBLED = re.compile(r"\\\\\\\\|\\\\(?=[{}])|\\(?=[_*])")
"""What can only have been written for Markdown: four backslashes, `\\\\{`, `\\_`."""


def plain_brackets(text: str) -> str:
    r"""`\\(x\\)` and `\\[x\\]` as `\(x\)` and `\[x\]`, and in them no sign is escaped twice."""

    def plain(match: re.Match[str]) -> str:
        inner = ESCAPED.sub(r"\1", match["line"] or match["block"])
        opening, closing = (r"\(", r"\)") if match["line"] else (r"\[", r"\]")
        return opening + inner + closing

    return change_prose(text, lambda prose: BRACKETS.sub(plain, prose))


def plain_dollars(text: str, *, display: bool) -> str:
    """Formulas between dollars without what was doubled; between two of them if `display`."""

    def change(prose: str) -> str:
        parts = DISPLAY.split(prose)
        for number, part in enumerate(parts):
            if number % 2:
                parts[number] = _undoubled(part) if display else part
            else:
                parts[number] = DOLLARS.sub(lambda match: _undoubled(match[0]), part)
        return "".join(parts)

    return change_prose(text, change)


READ_BARE = re.compile(
    r"(?:align|alignat|[bBpvV]?matrix|eqnarray|equation|flalign|gather|multline)\*?"
)
"""Environments that are formulas by themselves here, if they stand on lines of their own."""
BEFORE = re.compile(rf"(?:[ \t>]|{SIGN.pattern})*")


def delimit_environments(text: str, *, doubled: bool) -> str:
    r"""`\begin{cases}` without signs around it between them: MathJax reads any environment.

    A full stop or a comma behind one on lines of its own becomes a part of the formula.

    Args:
        text: the text.
        doubled: Markdown halved backslashes in it before MathJax saw it.
    """

    def delimited(match: re.Match[str]) -> str:
        name, tex = match["environment"], match[0]
        if not name:
            return tex
        stop = match["stop"] or ""
        tex = (_undoubled(tex) if doubled else tex).removesuffix(stop)
        before = match.string[: match.start()].rpartition("\n")[2]
        if not BEFORE.fullmatch(before) or match["stop"] is None:
            return rf"\[{tex}\]" + stop
        if READ_BARE.fullmatch(name) and not stop:
            return tex
        indent = SIGN.sub("", before)
        return f"$$\n{indent}{tex}{stop}\n{indent}$$"

    return change_prose(text, lambda prose: FORMULA.sub(delimited, prose))


def _undoubled(formula: str) -> str:
    return DOUBLED.sub(lambda match: match[0][: len(match[0]) // 2], formula)


LABEL = re.compile(r"\\label\s*\{\s*(?P<name>[^{}]+?)\s*\}")
REFERENCE = re.compile(r"\\(?P<how>eqref|ref)\s*\{\s*(?P<name>[^{}]+?)\s*\}")
OURS = re.compile(r"eq-[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
LONELY = re.compile(r"(?<![\\$])\$\s*(\\(?:eqref|ref)\{[^{}]+\})\s*\$(?!\$)")


def rename_labels(text: str) -> str:
    r"""Labels of MathJax's, `\label{eq:cut}`, as they are here, `eq-cut`, with all references.

    A reference to what has no label in the text stays.
    """
    names: dict[str, str] = {}

    def note(prose: str) -> str:
        for match in LABEL.finditer(prose):
            if not OURS.fullmatch(match["name"]):
                bare = re.sub(r"^(?:eqn?|equation)[:.\s_-]+", "", match["name"])
                plain = re.sub(r"[^A-Za-z0-9]+", "-", bare).strip("-") or "one"
                new = f"eq-{plain}"
                while new in names.values():
                    new += "-2"
                names.setdefault(match["name"], new)
        return prose

    def renamed(match: re.Match[str]) -> str:
        return match[0].replace(match["name"], names.get(match["name"], match["name"]))

    def change(prose: str) -> str:
        prose = REFERENCE.sub(renamed, LABEL.sub(renamed, prose))
        # Here a reference is text, and a formula around it would be one of its own.
        return LONELY.sub(r"\1", prose)

    change_prose(text, note)
    return change_prose(text, change)
