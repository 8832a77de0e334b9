"""How commands say things: errors as compilers print them, JSON, numbers, paths."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import InkcellError, flatten, plain

if TYPE_CHECKING:
    from ..check.finding import Severity


@contextmanager
def exit_on_error(
    outcome: str = "the site is as it was", as_json: bool = False, lists: Iterable[str] = ()
) -> Iterator[None]:
    """Tell errors and Ctrl-C, with what has become of the work, and end with their exit status.

    `lists` names what the JSON of the command lists: it is there, and empty.
    """
    try:
        try:
            yield
        except BrokenPipeError:
            raise  # Nobody reads what is said: click ends in silence.
        except OSError as error:
            raise InkcellError(f"the system refuses it: {error.strerror or error}").at(
                file=error.filename and str(error.filename),
                hint="look at its permissions and at the disk's space",
            ) from None
    except InkcellError as error:
        if as_json:
            print_json({name: [] for name in lists}, flatten(error))
        else:
            print_errors(flatten(error), outcome)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted; {outcome}.", err=True)
        sys.exit(130)


def print_errors(errors: Sequence[InkcellError], outcome: str) -> None:
    """Each error, and at the end how many there are and what has become of the work."""
    for single in errors:
        click.echo(format_error(single) + "\n", err=True)
    if errors:
        click.echo(f"{counted(len(errors), 'error')}; {outcome}.", err=True)


def print_json(said: Mapping[str, object], errors: Sequence[InkcellError] = ()) -> None:
    """One JSON object on standard output: what a command has to say, and `errors`, if only []."""
    import json

    document = {**said, "errors": [plain(error) for error in errors]}
    text = json.dumps(document, ensure_ascii=False, indent=2)
    # Python has a name that is not UTF-8 as surrogates. Its escapes of those are JSON's, too.
    click.echo(text.encode(errors="backslashreplace").decode())


def format_error(error: InkcellError, severity: Severity = "error") -> str:
    """An error as compilers print one: place, message, the offending line, what to do."""
    place = ":".join(str(part) for part in (error.file, error.line) if part is not None)
    cell = f" (cell {error.cell})" if error.cell is not None else ""
    colour = "red" if severity == "error" else "yellow"
    head = click.style(severity, fg=colour, bold=True) + f": {error}"
    lines = [(click.style(place, bold=True) + cell + ": " if place else "") + head]
    # Text that has a line stands behind its number; what belongs to it, behind the same bar.
    if error.line:
        beside = bar = " " * (len(_gutter(error.line)) - 2) + "| "
    else:
        beside, bar = "    ", "  | "
    for offset, text in enumerate(error.text.split("\n")[:3] if error.text else ()):
        start = _gutter(error.line + offset) if error.line else beside
        lines.append(click.style(start, fg="blue") + text)
    if error.text and error.column and "\n" not in error.text:
        under = " " * display_width(error.text[: error.column - 1]) + "^"
        lines.append(click.style(beside, fg="blue") + under)
    if error.detail:
        lines += [click.style(bar + line, dim=True) for line in error.detail.split("\n")]
    if error.hint:
        lines.append(click.style("  hint", fg="cyan") + f": {error.hint}")
    return "\n".join(lines)


def _gutter(line: int) -> str:
    return f"{line:>5} | "


def display_width(text: str) -> int:
    """Columns that a text takes in a terminal: Hangul takes two (UAX 11)."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 post`, `2 posts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown_path(path: Path, root: Path) -> str:
    """A path as messages name it: from the blog's folder on, if it lies in there."""
    path = path.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
