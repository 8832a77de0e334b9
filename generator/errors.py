"""Every error an author can meet.

InkcellError
├── ConfigError             the blog's settings
├── ThemeError              a template or a static file of the theme
├── PostError               one post
│   ├── FrontMatterError    its front matter
│   ├── NotebookError       its notebook: format, cell options, tags
│   ├── MarkdownError       its prose
│   │   ├── UnknownLabel    a reference to what has no label
│   │   └── UnknownWork     a citation of what is in no list
│   ├── MathError           a formula KaTeX refuses
│   ├── OutputError         an output that cannot be shown
│   └── ExecutionError      its code
│       ├── CellFailed      an uncaught exception
│       ├── CellTimedOut    a cell ran longer than `execute.timeout`
│       ├── KernelDied      the kernel's process ended
│       └── KernelMissing   no kernel of that name is installed
├── SiteError               two files at one address, a link that leads nowhere
├── WriteError              the output folder
└── BuildFailed             all of the above that one build met

A message is a sentence that says what is wrong; `hint` says what to do about it.
The place is attached as attributes, so that every error survives pickling (a process
pool and a cluster send errors by pickle, which calls the class with `args` alone).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class InkcellError(Exception):
    """A mistake that an author can mend. `str(error)` is the message alone."""

    file: str | None = None
    """The file to open, relative to the blog's folder."""
    line: int | None = None
    """Line in that file, counted from 1."""
    column: int | None = None
    """Column in `text`, counted from 1."""
    cell: int | None = None
    """Cell of the notebook, counted from 1, prose cells included."""
    text: str | None = None
    """The offending text, as the author wrote it."""
    detail: str | None = None
    """More to read: the last lines of a traceback."""
    hint: str | None = None
    """What to do."""

    def at(
        self,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        cell: int | None = None,
        text: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
    ) -> Self:
        """Fill in what is not known yet and return the error itself."""
        given = {
            "file": file,
            "line": line,
            "column": column,
            "cell": cell,
            "text": text,
            "detail": detail,
            "hint": hint,
        }
        for name, value in given.items():
            if value is not None and getattr(self, name) is None:
                setattr(self, name, value)
        return self


FIELDS = ("file", "line", "column", "cell", "text", "message", "detail", "hint")
"""The schema of an error for other programs: each of these, or null."""


def plain(error: InkcellError) -> dict[str, str | int | None]:
    """An error as JSON has it: the same fields whatever went wrong."""
    return {name: str(error) if name == "message" else getattr(error, name) for name in FIELDS}


class ConfigError(InkcellError):
    """The blog's settings in `pyproject.toml` are wrong."""


class ThemeError(InkcellError):
    """A template or a static file of the theme is missing or broken."""


class PostError(InkcellError):
    """Something is wrong in one post."""


class FrontMatterError(PostError):
    """The front matter of a post is wrong."""


class NotebookError(PostError):
    """The notebook itself, a cell option or a cell tag is wrong."""


class MarkdownError(PostError):
    """The prose asks for something that does not exist."""


class UnknownLabel(MarkdownError):
    """A reference names what has no label."""


class UnknownWork(MarkdownError):
    """A citation names what is in no list of works."""


class MathError(PostError):
    """KaTeX refuses a formula."""


class OutputError(PostError):
    """An output of the code cannot be shown."""


class ExecutionError(PostError):
    """The code of a post did not run to its end."""


class CellFailed(ExecutionError):
    """A cell raised an exception that it did not announce."""


class CellTimedOut(ExecutionError):
    """A cell ran longer than it may."""


class KernelDied(ExecutionError):
    """The kernel's process ended while a cell ran."""


class KernelMissing(ExecutionError):
    """The kernel that a post asks for is not installed."""


class SiteError(InkcellError):
    """The finished site would contradict itself."""


class WriteError(InkcellError):
    """The output folder cannot be written."""


class BuildFailed(InkcellError):
    """Everything that went wrong in one build; `errors` holds at least one, in a reader's order."""

    def __init__(self, errors: Iterable[InkcellError]) -> None:
        self.errors: tuple[InkcellError, ...] = tuple(
            sorted(errors, key=lambda error: (error.file or "", error.cell or 0, error.line or 0))
        )
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def notice(warning: InkcellError) -> str:
    """What a build tells of something that is no error, in one line."""
    place = ":".join(str(part) for part in (warning.file, warning.line) if part is not None)
    cell = f" (cell {warning.cell})" if warning.cell is not None else ""
    text = f": {warning.text}" if warning.text else ""
    hint = f"; {warning.hint}" if warning.hint else ""
    return f"{place}{cell}: {warning}{text}{hint}"


@contextmanager
def blame(file: str, *, cell: int | None = None) -> Iterator[None]:
    """Say where an error raised inside belongs, unless it knows better itself."""
    try:
        yield
    except BuildFailed as failed:
        for error in failed.errors:
            error.at(file=file, cell=cell)
        raise
    except InkcellError as error:
        error.at(file=file, cell=cell)
        raise


def each_once(errors: Iterable[InkcellError]) -> tuple[InkcellError, ...]:
    """Errors without those that say the same of the same place, as each page of a broken theme."""
    said = {(type(e), str(e), e.file, e.cell, e.line, e.column, e.text): e for e in errors}
    return tuple(said.values())


def flatten(error: InkcellError) -> tuple[InkcellError, ...]:
    """The single errors that an error stands for."""
    return error.errors if isinstance(error, BuildFailed) else (error,)


def collect(
    function: Callable[[T], R], items: Iterable[T], errors: list[InkcellError]
) -> tuple[R, ...]:
    """Apply `function` to every item; errors go to `errors`, so that none hides another."""
    done = []
    for item in items:
        try:
            done.append(function(item))
        except InkcellError as error:
            errors.extend(flatten(error))
    return tuple(done)
