"""Code that a page takes from a file beside the post: `:::{literalinclude} ncut.py`, as in MyST.

All of it, the definition that `pyobject` names, or the lines from one text to another. What the
page shows is what the cells import, for both are one file.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from textwrap import dedent

from markdown_it.token import Token
from msgspec import Struct
from msgspec.structs import replace

from ..addresses import as_on_disk
from ..errors import MarkdownError
from ..record import suggestion
from .code_blocks import CODE_BLOCK, NO_SUCH_LINES, LineLook, line_look
from .context import Context, Place
from .directive_options import FLAG, LINES, TEXT, read_lines
from .directives import Draft

LANGUAGES = {
    "py": "python",
    **dict.fromkeys(("js", "mjs", "cjs"), "javascript"),
    "ts": "typescript",
    "jl": "julia",
    "rs": "rust",
    "sh": "bash",
    "yml": "yaml",
}
"""Endings of files to Pygments' names of languages, where those are others."""
EDGES = ("start-at", "start-after", "end-at", "end-before")
"""Options that name a text of the first or the last line, or of the one beside it."""


class Included(Struct, frozen=True):
    """What a directive asks of a file, as its author wrote it."""

    file: str
    options: Mapping[str, str]
    lines: Mapping[str, tuple[int, str]]
    """Option, or nothing for the opening line -> how far below that it stands, and its text."""


class NotThereError(Exception):
    """What an option names is not in the file."""

    def __init__(self, option: str, message: str, hint: str | None) -> None:
        super().__init__(message)
        self.option, self.hint = option, hint


def _push(draft: Draft) -> None:
    """A block of code; its text is not known before the post is rendered."""
    options = draft.options
    for option in ("lines", *EDGES):
        if "pyobject" in options and option in options:
            hint = "leave one of them out"
            message = f"`:pyobject:` and `:{option}:` both say where the code begins or ends"
            draft.wrong(message, hint, draft.line_of(option))
    lines = {
        key: (draft.line_of(key) - draft.start, draft.line_text(draft.line_of(key)))
        for key in ("", *options)
    }
    token = draft.state.push("fence", "code", 0)
    token.info = options.get("language") or _language(draft.argument)
    token.map = [draft.start, draft.last]
    token.markup = "```"
    token.meta = {"look": LineLook(), "included": Included(draft.argument, dict(options), lines)}


def _language(name: str) -> str:
    ending = PurePosixPath(name).suffix.removeprefix(".").lower()
    return LANGUAGES.get(ending, ending)


def include_code(token: Token, context: Context, place: Place) -> None:
    """Fill a block of code with what its directive takes from a file; mistakes are noted."""
    included: Included = token.meta["included"]
    files = context.post.source.neighbours
    name = as_on_disk(posixpath.normpath(included.file), files)
    try:
        if name not in files:
            hint = suggestion(name, files) or "it takes code from a file in the post's folder"
            raise NotThereError("", f"there is no file `{included.file}` beside the post", hint)
        try:
            text = files[name].decode("utf-8")
        except UnicodeDecodeError:
            hint = "save it as UTF-8"
            raise NotThereError("", f"the file is not UTF-8: {included.file}", hint) from None
        lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
        chosen = [*_chosen(lines, included)]
        code = dedent("\n".join(lines[number - 1] for number in chosen)).rstrip("\n")
        options = dict(included.options)
        if "lineno-match" in options:
            options["lineno-start"] = str(chosen[0])
        token.meta["look"], hint = line_look(options, code)
        if hint:
            raise NotThereError("emphasize-lines", NO_SUCH_LINES, hint)
    except NotThereError as missing:
        below, written = included.lines.get(missing.option, included.lines[""])
        at = place.below(below)
        error = MarkdownError(str(missing))
        context.errors.append(error.at(line=at.line, cell=at.cell, text=written, hint=missing.hint))
        return
    token.content = code + "\n"


def _chosen(lines: list[str], included: Included) -> Iterator[int]:
    """The numbers of the lines that are shown, counted from 1."""
    options = included.options
    if "pyobject" in options:
        return iter(_definition("\n".join(lines), options["pyobject"]))
    first, last = _between(lines, options)
    if "lines" not in options:
        return iter(range(first, last + 1))
    numbers = read_lines(options["lines"])
    count = last - first + 1
    if not all(1 <= number <= count for number in numbers):
        hint = f"there are {count}, counted from 1"
        raise NotThereError("lines", "`:lines:` names lines that are not there", hint)
    return (first + number - 1 for number in numbers)


def _definition(source: str, wanted: str) -> range:
    """The lines of a class or a function, its decorators included."""
    try:
        body: list[ast.stmt] = ast.parse(source).body
    except SyntaxError as error:
        message = f"the file is not Python: {error.msg} in its line {error.lineno}"
        raise NotThereError("pyobject", message, None) from error
    found: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None = None
    for part in wanted.split("."):
        known = {
            node.name: node
            for node in body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        }
        if part not in known:
            hint = suggestion(part, known) or "it names a function, a class, or Class.method"
            raise NotThereError("pyobject", f"the file defines no `{wanted}`", hint)
        found = known[part]
        body = found.body
    assert found is not None
    starts = [found.lineno, *(decorator.lineno for decorator in found.decorator_list)]
    return range(min(starts), (found.end_lineno or found.lineno) + 1)


def _between(lines: list[str], options: Mapping[str, str]) -> tuple[int, int]:
    """The first and the last line, by the texts that stand in them or beside them."""
    first, last = 1, len(lines)
    for option in ("start-at", "start-after"):
        if option in options:
            first = _line_with(options[option], lines, first, option) + (option == "start-after")
    for option in ("end-at", "end-before"):
        if option in options:
            # As in Sphinx the first line is not the one before which the code would end.
            beside = option == "end-before"
            last = _line_with(options[option], lines, first + beside, option) - beside
    if last < first:
        option = next(option for option in EDGES if option in options)
        raise NotThereError(option, "nothing stands between these lines", None)
    return first, last


def _line_with(text: str, lines: list[str], start: int, option: str) -> int:
    for number in range(start, len(lines) + 1):
        if text in lines[number - 1]:
            return number
    hint = "upper and lower case count; an end is sought from the beginning on"
    raise NotThereError(option, f"no line of the file holds `{text}`", hint)


LITERAL_INCLUDE = replace(
    CODE_BLOCK,
    options={
        **CODE_BLOCK.options,
        "language": TEXT,
        "pyobject": TEXT,
        "lines": LINES,
        **dict.fromkeys(EDGES, TEXT),
        "lineno-match": FLAG,
    },
    needs={"argument": "name a file beside the post behind the braces"},
    body="none",
    push=_push,
)
