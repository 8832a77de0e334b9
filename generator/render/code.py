"""Code -> HTML by Pygments, in classes. The only module that knows Pygments."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import ClassVar

from pygments import highlight as run_pygments
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.style import Style
from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Token,
)
from pygments.util import ClassNotFound

FORMATTER = HtmlFormatter(nowrap=True)


def highlight(code: str, language: str) -> str:
    """Code as HTML with Pygments' short classes; plain text for an unknown language."""
    lexer = _lexer(language)
    if lexer is None:
        return escape(code, quote=False)
    return run_pygments(code, lexer, FORMATTER).rstrip("\n")


MAGIC = re.compile(r"^(?:%%?[A-Za-z]|!)", re.MULTILINE)
"""What only IPython reads: `%matplotlib inline`, `%%bash`, `!pip list`."""


def as_read(source: str, language: str) -> tuple[str, str]:
    """The code of a cell and its language; to Python IPython's commands would be mistakes."""
    if language == "python" and MAGIC.search(source) and _lexer("ipython3"):
        return source + "\n", "ipython3"  # It wants the end of the last line.
    return source, language


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    """Pygments looks through the names of all its lexers for one."""
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


class Light(Style):
    """Quiet colours on paper; each at least 4.5 : 1 against it (WCAG 2.2, 1.4.3)."""

    background_color = "#f6f5f1"
    styles: ClassVar = {
        Token: "#23272e",
        Comment: "italic #666c74",
        Keyword: "#8a2a5b",
        Keyword.Constant: "#8a4b00",
        Name.Builtin: "#1f5f99",
        Name.Class: "bold #1b4f8a",
        Name.Decorator: "#7a4a00",
        Name.Exception: "#a02c2c",
        Name.Function: "#1b4f8a",
        Name.Namespace: "#23272e",
        Name.Tag: "#8a2a5b",
        Name.Attribute: "#7a4a00",
        Number: "#8a4b00",
        Operator: "#5b5f66",
        Operator.Word: "#8a2a5b",
        Punctuation: "#4a4f57",
        String: "#2d6a3e",
        String.Doc: "italic #4f6b57",
        String.Interpol: "#1f6d6d",
        Generic.Deleted: "#a02c2c",
        Generic.Inserted: "#2d6a3e",
        Generic.Heading: "bold #23272e",
        Generic.Traceback: "#a02c2c",
        Error: "#a02c2c",
    }


class Dark(Style):
    """The same voices on a dark page."""

    background_color = "#1c2027"
    styles: ClassVar = {
        Token: "#dcdfe4",
        Comment: "italic #969daa",
        Keyword: "#e39ac0",
        Keyword.Constant: "#e5b567",
        Name.Builtin: "#8cc2ee",
        Name.Class: "bold #93bdf0",
        Name.Decorator: "#e5b567",
        Name.Exception: "#f0928c",
        Name.Function: "#93bdf0",
        Name.Namespace: "#dcdfe4",
        Name.Tag: "#e39ac0",
        Name.Attribute: "#e5b567",
        Number: "#e5b567",
        Operator: "#b6bbc4",
        Operator.Word: "#e39ac0",
        Punctuation: "#b6bbc4",
        String: "#9fd3a5",
        String.Doc: "italic #a3c2a8",
        String.Interpol: "#84cfcf",
        Generic.Deleted: "#f0928c",
        Generic.Inserted: "#9fd3a5",
        Generic.Heading: "bold #dcdfe4",
        Generic.Traceback: "#f0928c",
        Error: "#f0928c",
    }


def stylesheet() -> str:
    """CSS for the classes: each colour in both palettes, and `color-scheme` decides."""
    light, dark = _rules(Light), _rules(Dark)
    together: dict[str, list[str]] = {}
    for selector, (colour, *rest) in light.items():
        colours = f"color: light-dark({colour}, {dark[selector][0]})"
        together.setdefault("; ".join([colours, *rest]), []).append(selector)
    return "".join(
        f"{', '.join(selectors)} {{ {declarations} }}\n"
        for declarations, selectors in together.items()
    )


RULE = re.compile(r"(\.code \.\w+) \{ color: (#[0-9A-Fa-f]+)((?:; [\w-]+: [\w-]+)*) \}")
"""A rule as Pygments writes it: a colour first, then how the letters look."""


def _rules(style: type[Style]) -> dict[str, list[str]]:
    """Selector -> its colour, and the declarations that follow."""
    definitions: str = HtmlFormatter(style=style).get_style_defs(".code")  # type: ignore[no-untyped-call]
    return {
        selector: [colour, *rest.split("; ")[1:]]
        for selector, colour, rest in RULE.findall(definitions)
    }
