"""Quarto's code that runs, ```` ```{python} ````, as cells of a text notebook."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from ..errors import PostError
from ..parse.cells import OPTIONS
from ..parse.elsewhere import CELLS
from ..yaml_text import read_mapping
from .passages import FLAGS, MARKED_CODE
from .remarks import Remarks

BLOCK = re.compile(MARKED_CODE, FLAGS)
RUNS = re.compile(r"\{(?P<language>[A-Za-z]\w*)(?P<options>[\s,][^}]*)?\}\s*$")
SHOWN = re.compile(
    r"\{?\s*(?P<before>(?:#[\w:.-]+\s+)?)\.(?P<language>[\w+#-]+)(?P<attributes>[^}]*)\}\s*$"
)
WITH_ATTRIBUTES = re.compile(r"(?P<language>[\w+#-]+)\s*\{(?P<attributes>[^}]*)\}\s*$")
ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|\[([^\]]*)\]|([^\s,]+))")
KERNELS = {
    "python": "python3",
    "r": "ir",
    "julia": "julia",
    "bash": "bash",
    "javascript": "inkcell-node",
}
DRAWINGS = (
    "mermaid",
    "dot",
    "ojs",
    "tikz",
    "embed",
    "verbatim",
    "sql",
    "css",
    "html",
    "stan",
    "=html",
)
DIAGRAMS = ("mermaid", "plantuml", "graphviz", "goat", "chart", "echarts")
"""Languages of fences that scripts of themes draw."""
FOR_ALL = ("echo", "warning", "output", "include", "error", "eval")
"""Keys of Quarto's `execute` that hold for all cells."""
YES_OR_NO = (*FOR_ALL, "code-fold", "code-line-numbers")
MARKERS = {"javascript": "//|", "julia": "#|", "r": "#|"}
CHUNK = {
    "echo": "echo", "eval": "eval", "include": "include", "warning": "warning", "error": "error",
    "fig.cap": "fig-cap", "fig.alt": "fig-alt",
}  # fmt: skip


def kernel_of(text: str) -> str:
    """The language in which most cells of a text are written; empty if it has none."""
    counts: Counter[str] = Counter()
    for match in BLOCK.finditer(text):
        runs = RUNS.match(match["info"].strip()) if match["block"] is not None else None
        if runs and runs["language"].lower() in KERNELS:
            counts[runs["language"].lower()] += 1
    # The first of several that are as frequent.
    return max(counts, key=lambda name: counts[name], default="")


def write_cells(text: str, kernel: str, for_all: Mapping[str, object], remarks: Remarks) -> str:
    """The text with its cells as `{code-cell}`; `for_all` is what `execute` says of all of them."""

    def rewritten(match: re.Match[str]) -> str:
        if match["block"] is None or match["unclosed"] is not None:
            return match[0]
        info = match["info"].strip()
        lead, fence, code = match["indent"], match["fence"], match["code"]
        if runs := RUNS.match(info):
            language = runs["language"].lower()
            if language == kernel:
                if lead:
                    sign = remarks.sign(
                        "code in a list or a quote does not run here",
                        match[0].strip(),
                        "put it at the left margin, as ```{code-cell}",
                    )
                    return f"{lead}{sign}{fence}{language}\n{code}{lead}{fence}"
                own = known_options(code, runs["options"] or "", language, for_all, remarks)
                return f"{fence}{{code-cell}}\n{own}{fence}"
            hint = f"the post's cells run in one kernel, `{kernel}`" if kernel else "write a cell"
            if language in DRAWINGS:
                hint = "draw it with a cell, or put a picture beside the post"
            elif language not in KERNELS:
                return match[0]  # A directive of MyST's.
            sign = remarks.sign(f"`{{{language}}}` is shown, and not run", match[0].strip(), hint)
            return f"{lead}{sign}{fence}{language}\n{code}{lead}{fence}"
        return _shown(match, info, remarks)

    return BLOCK.sub(rewritten, text)


def known_options(
    code: str, chunk: str, language: str, for_all: Mapping[str, object], remarks: Remarks
) -> str:
    """The code of a cell with those of its options that are known here, and what all cells have.

    `chunk` is what stands behind the language in knitr's chunks.
    """
    lines = _options(code, chunk, language, for_all, remarks)
    return "".join(f"{line}\n" for line in lines if line) + _body(code)


def _body(code: str) -> str:
    """Code without its lines of options."""
    lines = code.split("\n")
    while lines and re.match(r"(?:#|//)\|", lines[0]):
        lines.pop(0)
    return "\n".join(lines)


def _options(
    code: str, chunk: str, language: str, for_all: Mapping[str, object], remarks: Remarks
) -> list[str]:
    """The lines of options of a cell: those that are known here, and what holds for all cells."""
    marker = MARKERS.get(language, "#|")
    written = []
    for line in code.split("\n"):
        if not re.match(r"(?:#|//)\|", line):
            break
        written.append(line)
    given, places = _read(written)
    kept: list[str] = []
    for key, (start, end) in places.items():
        lines = written[start:end]
        usable = (
            isinstance(given.get(key), bool) if key in YES_OR_NO else given.get(key) is not None
        )
        if key in OPTIONS and ((usable and not isinstance(given.get(key), list)) or not given):
            kept += lines
        elif key in OPTIONS:
            hint = "true or false" if key in YES_OR_NO else "one text"
            message = f"the cell's option `{key}` is left out: its value means nothing here"
            kept.append(remarks.sign(message, lines[0], hint))
        else:
            hint = CELLS.get(key, "cells have no such option here")
            kept.append(remarks.sign(f"the cell's option `{key}` is left out", lines[0], hint))
    for key, value in _chunk(chunk):
        known = CHUNK.get(key)
        if known and known not in given:
            kept.append(f"{marker} {known}: {value}")
            given = {**given, known: value}
        elif not known:
            hint = CELLS.get(key.replace(".", "-"), "cells have no such option here")
            kept.append(remarks.sign(f"the cell's option `{key}` is left out", chunk.strip(), hint))
    for key, flag in for_all.items():
        if key not in given and isinstance(flag, bool):
            kept.append(f"{marker} {key}: {str(flag).lower()}")
    # A remark about a line that is gone stands before the next that is there.
    signs = "".join(line for line in kept if line.startswith("\ue000"))
    lines = [line for line in kept if not line.startswith("\ue000")]
    if signs and lines:
        lines[0] = signs + lines[0]
    elif signs:
        lines = [signs]
    return lines


def _read(written: list[str]) -> tuple[dict[str, object], dict[str, tuple[int, int]]]:
    """The options of a cell, and which lines each takes."""
    if not written:
        return {}, {}
    text = "\n".join(re.sub(r"^(?:#|//)\| ?", "", line) for line in written)
    try:
        values, lines, twice = read_mapping(text, 0, PostError)
        for _, mistake in twice:
            raise mistake
    except PostError:
        # The build will say what is wrong; nothing is lost.
        return {}, {"label": (0, len(written))}
    starts = [lines[key] for key in values]
    ends = [*starts[1:], len(written)]
    return values, {key: (start, end) for key, start, end in zip(values, starts, ends, strict=True)}


def _chunk(options: str) -> list[tuple[str, str]]:
    """Options behind a chunk's language, as knitr has them: `{r name, echo=FALSE}`."""
    found = []
    for key, value in re.findall(r"([\w.]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^,\s]+)", options):
        plain = {"TRUE": "true", "T": "true", "FALSE": "false", "F": "false"}.get(value, value)
        found.append((key, plain))
    return found


def write_shown_code(text: str, remarks: Remarks) -> str:
    """Fences with attributes behind their language, as `code-block` has its options."""
    return BLOCK.sub(
        lambda match: (
            match[0]
            if match["block"] is None or match["unclosed"] is not None
            else _shown(match, match["info"].strip(), remarks)
        ),
        text,
    )


def _shown(match: re.Match[str], info: str, remarks: Remarks) -> str:
    found = SHOWN.match(info) or WITH_ATTRIBUTES.match(info)
    if info.lower() in DIAGRAMS:
        hint = "draw it with a cell, or put a picture beside the post"
        sign = remarks.sign(f"`{info}` is shown as code", match[0].strip(), hint)
        return f"{match['indent']}{sign}{match[0].removeprefix(match['indent'])}"
    if not found:
        return match[0]
    lead, fence, code = match["indent"], match["fence"], match["code"]
    options: list[str] = []
    signs = ""
    said = found.groupdict().get("before", "") + found["attributes"]
    for sign, name in re.findall(
        r"(?:^|(?<=\s))([.#])([\w:.-]+)", re.sub(r"\"[^\"]*\"", '""', said)
    ):
        if sign == "#" and name.startswith("lst-"):
            options.append(f":label: {name}")
        elif name.lower() in ("numberlines", "number-lines", "line-numbers"):
            options.append(":linenos:")
        else:
            hint = "options of a code-block: filename, caption, label, linenos, emphasize-lines"
            signs += remarks.sign(f"`{sign}{name}` of the code is left out", info, hint)
    if re.search(r"(?:^|[\s,])linenos(?=[\s,]|$)", said):
        options.append(":linenos:")
    for key, *texts in ATTRIBUTE.findall(found["attributes"]):
        value = next((text for text in texts if text), "").strip("\"' ")
        lines = ", ".join(value.replace('"', "").replace(",", " ").split())
        name_of_file = "filename" if re.fullmatch(r"\S+\.\w+", value) else "caption"
        known = {
            "filename": f":filename: {value}",
            "file": f":filename: {value}",
            "title": f":{name_of_file}: {value}",
            "name": f":{name_of_file}: {value}",
            "lst-cap": f":caption: {value}",
            "caption": f":caption: {value}",
            "hl_lines": f":emphasize-lines: {lines}",
            "code-line-numbers": ":linenos:" if value == "true" else "",
            "linenos": "" if value == "false" else ":linenos:",
            "linenostart": f":lineno-start: {value}",
            "startFrom": f":lineno-start: {value}",
        }
        most = max(map(int, re.findall(r"\d+", value)), default=0)
        if key == "hl_lines" and not 0 < most <= code.count("\n"):
            hint = f"the code has {code.count(chr(10))} lines: write :emphasize-lines: below it"
            signs += remarks.sign(f"the option `{key}` of the code is left out", info, hint)
        elif key in known:
            options += [known[key]] if known[key] and known[key] not in options else []
        else:
            hint = "options of a code-block: filename, caption, linenos, emphasize-lines"
            signs += remarks.sign(f"the option `{key}` of the code is left out", info, hint)
    language = found["language"]
    if not options:
        return f"{lead}{signs}{fence}{language}\n{code}{lead}{fence}"
    # Options below a list's mark are indented as the code is.
    inner = re.sub(r"[^\s>]", " ", lead)
    head = "".join(f"{inner}{option}\n" for option in options)
    return f"{lead}{signs}{fence}{{code-block}} {language}\n{head}{code}{inner}{fence}"
