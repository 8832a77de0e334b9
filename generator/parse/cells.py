"""Raw cells -> Prose and Code: cell tags as in Jupyter Book, `#|` options as in Quarto.

A comment beats a tag, a tag beats the front matter, the front matter beats the site.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ..characters import only_text
from ..errors import InkcellError, NotebookError, PostError
from ..model import Cell, Code, Meta, Notebook, Prose
from ..record import Record
from ..yaml_text import read_mapping
from .elsewhere import CELLS
from .notebook import RawCell, RawNotebook

TAGS = (
    "hide-input",
    "hide-output",
    "hide-cell",
    "remove-input",
    "remove-output",
    "remove-cell",
    "remove-stdout",
    "remove-stderr",
    "skip-execution",
    "raises-exception",
    "parameters",
)

OPTIONS = (
    "label",
    "fig-cap",
    "fig-alt",
    "tbl-cap",
    "echo",
    "output",
    "eval",
    "include",
    "error",
    "warning",
    "code-fold",
    "code-line-numbers",
    "filename",
)

MARKERS = ("#|", "//|")
"""What an option line starts with: a comment of the cell's language and a bar."""

KERNEL_LANGUAGES = {"inkcell-node": "javascript"}
"""Kernels that say in no notebook's metadata what they run, because the front matter names them."""

PROSE_FORMATS = ("text/markdown", "text/html", "markdown", "html")
"""Raw cells of these formats are meant for a page; the others are for other converters."""


def read_cells(raw: RawNotebook, meta: Meta, errors: list[InkcellError]) -> Notebook:
    """The cells of a notebook; mistakes in tags and options go to `errors`."""
    cells: list[Cell] = []
    labels: dict[str, int] = {}
    for cell in raw.cells:
        if cell.kind == "code":
            code = _code(cell, meta, errors)
            label = code.display.label
            if label and label in labels:
                message = f"the label `{label}` is already that of cell {labels[label]}"
                hint = "give each figure a label of its own"
                errors.append(
                    NotebookError(message).at(
                        cell=cell.cell, line=cell.line, text=f"#| label: {label}", hint=hint
                    )
                )
                # It is told once: who numbers the labels would find it, too.
                code = replace(code, display=replace(code.display, label=""))
            else:
                labels[label] = cell.cell
            cells.append(code)
        elif cell.kind == "markdown" or cell.format in PROSE_FORMATS:
            errors.extend(_mistyped_tags(cell))
            if "remove-cell" in cell.tags:
                continue
            cells.append(Prose(only_text(cell.text), cell.cell, cell.line, cell.attachments))
    return Notebook(tuple(cells), _language(raw, meta), raw.front_matter)


def _language(raw: RawNotebook, meta: Meta) -> str:
    spec = raw.metadata.get("kernelspec", {})
    default_lexer = raw.metadata.get("jupyter", {}).get("jupytext", {}).get("default_lexer", "")
    named = (
        meta.kernel_language
        or KERNEL_LANGUAGES.get(meta.kernel)
        or raw.metadata.get("language_info", {}).get("name")
        or spec.get("language")
        or default_lexer
    )
    return "python" if not named or named.startswith(("python", "ipython")) else str(named)


def _code(cell: RawCell, meta: Meta, errors: list[InkcellError]) -> Code:
    lines = cell.text.split("\n")
    options_end = next(
        (n for n, line in enumerate(lines) if not line.startswith(MARKERS)), len(lines)
    )
    code = Code(
        source="\n".join(lines[options_end:]).strip("\n"),
        cell=cell.cell,
        line=cell.line + options_end,
        may_raise=meta.execute.error,
        options="\n".join(lines[:options_end]),
        tags=cell.tags,
    )
    # Leading blank lines are stripped from the code, so they count towards its first line.
    blank = next((n for n, line in enumerate(lines[options_end:]) if line.strip()), 0)
    code = replace(code, line=code.line + blank)
    code = _with_tags(code, cell, errors)
    return _with_options(code, cell, lines[:options_end], errors)


def _mistyped_tags(cell: RawCell) -> Iterator[InkcellError]:
    """An error for every tag that is nearly one of ours: authors have tags of their own, too."""
    for tag in sorted(set(cell.tags) - set(TAGS)):
        near = difflib.get_close_matches(tag.replace("_", "-"), TAGS, n=1, cutoff=0.85)
        if near:
            hint = f"did you mean `{near[0]}`?"
            error = NotebookError(f"unknown tag `{tag}`")
            yield error.at(cell=cell.cell, line=cell.tags_line, text=tag, hint=hint)


def _with_tags(code: Code, cell: RawCell, errors: list[InkcellError]) -> Code:
    tags = set(cell.tags)
    errors.extend(_mistyped_tags(cell))
    display = code.display
    if tags & {"hide-input", "hide-cell"}:
        display = replace(display, input="collapsed")
    if tags & {"hide-output", "hide-cell"}:
        display = replace(display, output="collapsed")
    if tags & {"remove-input", "remove-cell"}:
        display = replace(display, input="absent")
    if tags & {"remove-output", "remove-cell"}:
        display = replace(display, output="absent")
    return replace(
        code,
        runs="skip-execution" not in tags,
        may_raise=code.may_raise or "raises-exception" in tags,
        display=replace(
            display,
            stdout="remove-stdout" not in tags,
            stderr="remove-stderr" not in tags,
        ),
    )


def _with_options(
    code: Code, cell: RawCell, lines: Sequence[str], errors: list[InkcellError]
) -> Code:
    if not lines:
        return code
    text = "\n".join(_uncomment(line) for line in lines)
    try:
        values, places, twice = read_mapping(text, cell.line, NotebookError)
    except NotebookError as error:
        errors.append(_as_written(error, cell, lines))
        return code
    errors += [_as_written(error, cell, lines) for _, error in twice]

    def complain(message: str, key: str, hint: str | None) -> InkcellError:
        line = places.get(key, cell.line)
        return NotebookError(message).at(
            cell=cell.cell, line=line, text=lines[line - cell.line], hint=hint
        )

    record = Record(values, complain, errors)
    record.known(OPTIONS, CELLS)
    caption = "tbl-cap" if "tbl-cap" in values else "fig-cap"
    if "tbl-cap" in values and "fig-cap" in values:
        record.wrong("tbl-cap", "a cell has one caption", "remove `fig-cap` or `tbl-cap`")
    shown = code.display
    if "echo" in values:
        shown = replace(shown, input="shown" if record.flag("echo", True) else "absent")
    if "code-fold" in values and shown.input != "absent":
        shown = replace(shown, input="collapsed" if record.flag("code-fold", True) else "shown")
    if "output" in values:
        shown = replace(shown, output="shown" if record.flag("output", True) else "absent")
    if not record.flag("include", True):
        shown = replace(shown, input="absent", output="absent")
    if "warning" in values:
        shown = replace(shown, stderr=record.flag("warning", True))
    return replace(
        code,
        runs=record.flag("eval", code.runs),
        may_raise=record.flag("error", code.may_raise),
        display=replace(
            shown,
            label=record.text("label"),
            caption=record.text(caption),
            alt=record.text("fig-alt"),
            filename=record.text("filename"),
            line_numbers=record.flag("code-line-numbers", False),
        ),
        caption_line=places.get(caption, 0),
    )


def _as_written(error: PostError, cell: RawCell, lines: Sequence[str]) -> PostError:
    """A mistake in YAML, which was given the lines without their `#| `."""
    if error.line is not None and error.text is not None:
        written = lines[error.line - cell.line]
        if error.column is not None:
            error.column += len(written) - len(_uncomment(written))
        error.text = written
    return error.at(cell=cell.cell)


def _uncomment(line: str) -> str:
    marker = next(marker for marker in MARKERS if line.startswith(marker))
    return line[len(marker) :].removeprefix(" ")
