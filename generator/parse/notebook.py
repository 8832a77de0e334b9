"""A post's file -> raw cells. The only module of `parse` that knows nbformat and jupytext.

Text notebooks are MyST Markdown as jupytext reads it, `.ipynb` files are nbformat 3 to 4.5.
"""

from __future__ import annotations

import base64
import difflib
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal
from unicodedata import normalize

import msgspec
from msgspec import Struct

from ..errors import InkcellError, NotebookError
from ..model import Source

OTHER_LINE_ENDS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
FENCE = re.compile(r"---[ \t]*$")


class RawCell(Struct, frozen=True):
    """A cell as the file has it."""

    kind: Literal["markdown", "code", "raw"]
    text: str
    cell: int
    """Position in the notebook, counted from 1."""
    line: int
    """Line of the cell's first line: in the file, or in the cell for an `.ipynb`."""
    tags: tuple[str, ...] = ()
    tags_line: int | None = None
    """Line on which the tags stand; None in an `.ipynb`, which keeps them beside the text."""
    format: str = ""
    """MIME type of a raw cell."""
    attachments: Mapping[str, bytes] = {}


class RawNotebook(Struct, frozen=True):
    """A notebook as the file has it."""

    front_matter: str
    front_matter_line: int
    """Line of the front matter's first line: in the file, or in the cell."""
    front_matter_cell: int | None
    cells: tuple[RawCell, ...]
    metadata: Mapping[str, Any]
    """The notebook's own metadata: kernelspec, language_info."""
    problems: tuple[InkcellError, ...] = ()
    """Mistakes in tags, and cells that cannot be read; they hide none of the others."""


def read_notebook(source: Source) -> RawNotebook:
    """The cells of a source, front matter apart.

    Raises:
        NotebookError: the text is not a notebook, or has no front matter.
    """
    read = _read_ipynb if source.format == "ipynb" else _read_text
    return read(source.text, standing=source.standing)


def _read_text(text: str, *, standing: bool) -> RawNotebook:
    # jupytext takes these for line ends, as `str.splitlines` does; no editor and no YAML does.
    lines = OTHER_LINE_ENDS.sub(" ", text).split("\n")
    if not FENCE.match(lines[0]):
        what, keys = _front_matter_of(standing)
        hint = f"start the file with a line `---`, then {keys}, and `---` again"
        if lines[0].strip() == "+++":
            hint = f"it is YAML, not TOML: a line `---`, then {keys}, and `---` again"
        raise NotebookError(f"the {what} has no front matter").at(line=1, text=lines[0], hint=hint)
    end = next((n for n, line in enumerate(lines[1:], start=1) if FENCE.match(line)), None)
    if end is None:
        raise NotebookError("the front matter has no end").at(
            line=1, text=lines[0], hint="close it with a line `---`"
        )
    # The front matter is read by `front_matter`, which knows lines; blank lines keep the count.
    body = [""] * (end + 1) + lines[end + 1 :]
    problems: list[InkcellError] = []
    if SEVERAL_CELLS.search("\n".join(body)):
        cells, metadata = _myst_cells(body, problems)
    else:
        cells, metadata = _only_prose(body), {}
    front = _composed("\n".join(lines[1:end]))
    return RawNotebook(front, 2, None, cells, metadata, tuple(problems))


SEVERAL_CELLS = re.compile(r"\{(code|raw)-cell\}|\+\+\+|\r")
"""What a text has that may be more than one cell, or has line ends that jupytext knows."""


def _only_prose(lines: list[str]) -> tuple[RawCell, ...]:
    """The cell of a text that is no more than that.

    jupytext reads all of a text as Markdown to find its cells: a blog of a thousand posts would
    wait seconds for it.
    """
    text = "\n".join(lines).rstrip()
    prose = _composed(text.lstrip("\n"))
    line = len(text) - len(text.lstrip("\n")) + 1
    return (RawCell("markdown", prose, 1, line, (), line),) if prose else ()


def _myst_cells(
    lines: list[str], problems: list[InkcellError]
) -> tuple[tuple[RawCell, ...], Mapping[str, Any]]:
    """The cells of a text notebook, and the notebook's metadata."""
    # They take longer to import than most builds take besides.
    import jupytext.myst
    from nbformat import ValidationError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # `python` and `ipython3` are one language; those that are not are told with a line.
            warnings.filterwarnings("ignore", "All code cells")
            notebook = jupytext.myst.myst_to_notebook("\n".join(lines), add_source_map=True)
    except (jupytext.myst.MystMetadataParsingError, ValidationError, UserWarning) as error:
        problems.append(_unreadable(error, lines))
        return (), {}
    cells = []
    starts = notebook.metadata["source_map"]
    for number, (cell, start) in enumerate(zip(notebook.cells, starts, strict=True), start=1):
        line = _find(lines, cell.source.split("\n"), start)
        places = {key: _line_of_option(lines, line, key) for key in cell.metadata}
        tags = _tags(cell, number, places, problems)
        tags_line = places.get("tags", line)
        text, format = _text(cell.cell_type, cell.source), _format(cell.metadata)
        cells.append(RawCell(cell.cell_type, text, number, line, tags, tags_line, format))
    openings = [
        (cell, start, lines[start - 1])
        for cell, start in zip(cells, starts, strict=True)
        if cell.kind == "code"
    ]
    problems.extend(_other_languages(openings))
    problems.extend(_lost_cells(cells))
    return tuple(cells), notebook.metadata


def _other_languages(openings: Iterable[tuple[RawCell, int, str]]) -> Iterator[NotebookError]:
    """An error for every code cell in another language than the first that names one.

    Openings are code cells, each with its opening line and the number of that.
    """
    first = ""
    for cell, line, opening in openings:
        named = opening.partition("}")[2].strip()
        language = "python" if named.startswith(("python", "ipython")) else named
        first = first or language
        if language and language != first:
            yield NotebookError(f"the cell is in `{named}`, those above it in `{first}`").at(
                cell=cell.cell,
                line=line,
                text=opening,
                hint=f"a post has one kernel; code that is only shown is written ```{named}",
            )


def _format(metadata: Any) -> str:
    """The MIME type of a raw cell, by its metadata."""
    return str(metadata.get("raw_mimetype", metadata.get("format", "")))


DECOMPOSED = re.compile("[\u1100-\u11ff]+|.[\u0300-\u036f\u3099\u309a]+")
PART_OF_ONE = re.compile("[\u1100-\u11ff\u0300-\u036f\u3099\u309a]")
"""What every such character has in it: most texts have none, and that is seen at once."""


def _text(kind: str, text: str) -> str:
    """A cell's text; of prose as it is typed, in NFC (UAX 15): names of files on a Mac are not."""
    return text if kind == "code" else _composed(text)


def _composed(text: str) -> str:
    if not PART_OF_ONE.search(text):
        return text
    # Normalising all of it would also change the look of some Chinese characters.
    return DECOMPOSED.sub(lambda match: normalize("NFC", match[0]), text)


CELL_ERROR = re.compile(r"\w+ cell \d+ at line (\d+) could not be read: ([^\n]*)")
TAGS_LINE = re.compile(r":tags:(?!\s*(\[.*\])?\s*$)")


def _unreadable(error: Exception, lines: list[str]) -> NotebookError:
    """What jupytext complains about, with the line that it means."""
    match = CELL_ERROR.match(str(error))
    if match:
        message, line = match[2].strip(" ;"), int(match[1])
    else:
        message = str(error).partition("\n")[0]
        found = [number for number, text in enumerate(lines, 1) if TAGS_LINE.match(text)]
        line = found[0] if found else 0
        message = "tags are a list of texts" if found else message
    return NotebookError(f"the options of a cell cannot be read: {message}").at(
        line=line or None,
        text=lines[line - 1] if line else None,
        hint="they stand under the cell's first line, for example `:tags: [hide-input]`",
    )


def _find(lines: list[str], wanted: list[str], start: int) -> int:
    """Line (from 1) at which `wanted` stands, searched from index `start` on."""
    for first in range(max(start - 1, 0), len(lines) - len(wanted) + 1):
        if [line.strip() for line in lines[first : first + len(wanted)]] == [
            line.strip() for line in wanted
        ]:
            return first + 1
    return start + 1


def _line_of_option(lines: list[str], line: int, key: str) -> int:
    """The line of a cell's `:key:`, which stands above its code; the code's line if unknown."""
    option = re.compile(rf":?{re.escape(key)}\s*:")
    for number in range(line - 1, 0, -1):
        if option.match(lines[number - 1]):
            return number
        if lines[number - 1].startswith(("```", "~~~")):
            break
    return line


def _lost_cells(cells: list[RawCell]) -> Iterator[NotebookError]:
    """An error for every code cell in a list or a quote: it would be shown but never run."""
    for cell in cells:
        if cell.kind != "markdown":
            continue
        for offset, line in enumerate(cell.text.split("\n")):
            if re.match(r"(\s|>|[-*+] |\d+[.)] )+(`{3,}|~{3,})\{code-cell\}", line):
                yield NotebookError("a code cell stands inside a list or a quote").at(
                    line=cell.line + offset,
                    text=line,
                    cell=cell.cell,
                    hint="start its ``` at the left margin, or it would not run",
                )


def _refuse_half_characters(cell: RawCell) -> None:
    """JSON can hold half a surrogate pair (RFC 8259, 8.2), which no file and no page can."""
    try:
        cell.text.encode()
    except UnicodeEncodeError as error:
        line = cell.text.count("\n", 0, error.start)
        shown = cell.text.split("\n")[line].encode("ascii", "backslashreplace").decode()
        raise NotebookError("a cell of the notebook has half a character").at(
            cell=cell.cell,
            line=line + 1,
            text=shown,
            hint="write the character again, or remove it",
        ) from None


class _Named(Struct, frozen=True):
    """What a notebook's metadata say of its kernel; JupyterLab leaves names empty, too."""

    name: str | None = None
    language: str | None = None


class _Metadata(Struct, frozen=True):
    """Those of a notebook's metadata that are read (nbformat 4, `metadata`)."""

    kernelspec: _Named = _Named()
    language_info: _Named = _Named()


def _of_kernel(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: metadata[key] for key in _Metadata.__struct_fields__ if key in metadata}


def notebook_of(text: str) -> dict[str, Any]:
    """A notebook of nbformat 4, with its metadata; one of version 3 is converted.

    Raises:
        NotebookError: it is none.
    """
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotebookError("not a notebook: the file is not JSON").at(
            line=error.lineno,
            column=error.colno,
            text=text.split("\n")[error.lineno - 1],
            hint="restore it from git, or save it again",
        ) from None
    except RecursionError:
        raise NotebookError("not a notebook: its JSON is nested too deeply").at(
            hint="restore it from git, or save it again"
        ) from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        notebook = _converted(text)
    metadata = notebook.get("metadata", {})
    try:
        msgspec.convert(metadata, _Metadata)
    except msgspec.ValidationError:
        raise NotebookError("the notebook's metadata are damaged").at(
            text=str(_of_kernel(metadata) if isinstance(metadata, dict) else metadata),
            hint="open it in Jupyter and save it again",
        ) from None
    return {**notebook, "metadata": metadata}


def _front_matter_of(standing: bool) -> tuple[str, str]:
    """What a source is called, and what its front matter begins with."""
    return ("page", "`title: …`") if standing else ("post", "`title: …`, `date: …`")


def _read_ipynb(text: str, *, standing: bool) -> RawNotebook:
    notebook = notebook_of(text)
    try:
        problems: list[InkcellError] = []
        cells = _raw_cells(notebook, problems)
    except (AttributeError, TypeError, ValueError) as error:
        raise NotebookError(f"a cell of the notebook is damaged: {error}").at(
            hint="open it in Jupyter and save it again"
        ) from None
    if not cells or cells[0].kind != "raw":
        what, keys = _front_matter_of(standing)
        raise NotebookError(f"the {what} has no front matter").at(
            cell=1, hint=f"make the first cell a raw cell with {keys}"
        )
    for cell in cells:
        _refuse_half_characters(cell)
    first, *rest = cells
    lines = first.text.strip("\n").split("\n")
    fenced = FENCE.match(lines[0])
    if fenced:
        lines = lines[1:-1] if FENCE.match(lines[-1]) else lines[1:]
    front = _composed("\n".join(lines))
    metadata = _of_kernel(notebook["metadata"])
    return RawNotebook(front, 2 if fenced else 1, 1, tuple(rest), metadata, tuple(problems))


def _converted(text: str) -> Any:
    """A notebook of another version of the format, as one of version 4."""
    import nbformat  # It takes longer to import than most builds take besides.

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nbformat.reads(text, as_version=4)
    except Exception as error:  # nbformat raises whatever a damaged file makes it raise.
        raise NotebookError(f"not a notebook of nbformat 3 or 4: {error}").at(
            hint="open it in Jupyter and save it again"
        ) from None


def _raw_cells(notebook: Any, problems: list[InkcellError]) -> list[RawCell]:
    cells = []
    for number, cell in enumerate(notebook.get("cells", []), start=1):
        try:
            cells.append(_raw_cell(cell, number, problems))
        except (AttributeError, TypeError, ValueError) as error:
            raise NotebookError(f"the cell is damaged: {error}").at(
                cell=number, hint="open the notebook in Jupyter and save it again"
            ) from None
    return cells


def _raw_cell(cell: Any, number: int, problems: list[InkcellError]) -> RawCell:
    kind = cell.get("cell_type")
    if kind not in ("markdown", "code", "raw"):
        raise NotebookError(f"unknown kind of cell `{kind}`").at(
            cell=number, hint="known kinds: markdown, code, raw"
        )
    metadata = cell.get("metadata", {})
    return RawCell(
        kind=kind,
        text=_text(kind, _joined(cell.get("source", "")).replace("\r\n", "\n")),
        cell=number,
        line=1,
        tags=_tags(cell, number, {}, problems),
        format=_format(metadata),
        attachments={
            name: base64.b64decode(_joined(next(iter(bundle.values()))))
            for name, bundle in cell.get("attachments", {}).items()
            if bundle
        },
    )


def _joined(text: Any) -> str:
    """A text of a notebook, which may be a list of its lines (nbformat 4, `multiline_string`)."""
    lines = text if isinstance(text, list) else [text]
    if not all(isinstance(line, str) for line in lines):
        raise TypeError(f"{text!r} is no text")
    return "".join(lines)


def _tags(
    cell: Any, number: int, places: Mapping[str, int], problems: list[InkcellError]
) -> tuple[str, ...]:
    """The tags of a cell; mistakes go to `problems`."""
    metadata = cell.get("metadata", {})
    # Other tools keep much in a cell's metadata; only what is nearly `tags` is a mistake.
    for key in difflib.get_close_matches("tags", set(metadata) - {"tags"}, n=1, cutoff=0.75):
        error = NotebookError(f"unknown key `{key}` of a cell")
        error.at(cell=number, line=places.get(key), text=f":{key}: …")
        problems.append(error.at(hint="did you mean `:tags:`?"))
    tags = metadata.get("tags", [])
    if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
        return tuple(tags)
    error = NotebookError("the tags of a cell must be a list of texts")
    error.at(cell=number, line=places.get("tags"), text=str(tags))
    problems.append(error.at(hint="for example `:tags: [hide-input]`"))
    return ()
