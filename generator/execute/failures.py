"""The errors of posts whose code fails, each with its place in the author's file."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from ..errors import CellFailed, CellTimedOut, ExecutionError, KernelDied
from ..model import Code, Post

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
CELL_LINE = re.compile(r"(?:Cell In|In ?|Input In ?)\[(\d+)\][^\n]*?line (\d+)")
RICH_LINE = re.compile(r"^\W*in <module>:(\d+)", re.MULTILINE)
"""How rich's tracebacks name a line of the cell that runs; files have paths before `in`."""
MISSING = re.compile(r"No module named '([^'.]+)")
TRACEBACK_LINES = 12
LOG_END = 1 << 16
"""Bytes at the end of a log that are looked at: C code may have written any number of them."""


def failed(name: str, value: str, outputs: list[Any], cell: Code, number: int | None) -> CellFailed:
    """The error of a cell that raised an exception, with the line in the author's file.

    Args:
        name: of the exception.
        value: its message.
        outputs: what the cell put out, as nbformat has it.
        cell: the cell.
        number: by which a traceback names the cell, as in `Cell In[3], line 2`.
    """
    errors = [output for output in outputs if output.output_type == "error"]
    if errors:
        # Of what a result's representation raises, the kernel's reply has neither.
        name, value = errors[-1].ename, errors[-1].evalue
    raised = "\n".join(errors[-1].traceback) if errors else _drawn(outputs)
    traceback = ANSI.sub("", raised).rstrip().split("\n")
    # An exception has also passed, or only passed, through functions of the cells before.
    found = [at for of, at in CELL_LINE.findall("\n".join(traceback)) if int(of) == number]
    if not errors:
        found = RICH_LINE.findall("\n".join(traceback))
    line = int(found[0]) if found else None
    detail = [*_complained(name, outputs), *traceback[-TRACEBACK_LINES:]]
    lines = cell.source.split("\n")
    text = lines[line - 1] if line and line <= len(lines) else None
    # IPython names the cell of a syntax error by a number that says nothing to an author.
    message = re.sub(r" \(\d+\.py, line \d+\)$", "", ANSI.sub("", value))
    return CellFailed(f"{name}: {message}".rstrip(": ")).at(
        cell=cell.cell,
        line=cell.line + line - 1 if line else cell.line,
        text=text,
        detail="\n".join(detail),
        hint=_hint(name, message),
    )


def _drawn(outputs: list[Any]) -> str:
    """What a cell displayed last: a traceback, if another than IPython draws them, as rich."""
    shown = outputs[-1].get("data", {}).get("text/plain", "") if outputs else ""
    return shown if "Traceback" in shown else ""


def _complained(name: str, outputs: list[Any]) -> list[str]:
    """What a program that failed wrote: of that its exception says no more than a number."""
    if name != "CalledProcessError":
        return []
    texts = [output.text for output in outputs if output.get("name") == "stderr"]
    return ANSI.sub("", "".join(texts)).splitlines()[-TRACEBACK_LINES:]


def _hint(name: str, message: str) -> str:
    """What to do about an exception."""
    missing = MISSING.match(message) if name == "ModuleNotFoundError" else None
    if missing:
        return (
            f"install the package that has `{missing[1]}` where Inkcell is installed, and name it "
            "in requirements.txt; a module of your own lies beside the post"
        )
    if name == "StdinNotImplementedError":
        return (
            "nobody answers while a site is built: write the answer into the code, or tag the cell "
            "`skip-execution`"
        )
    return "if the exception belongs on the page, tag the cell `raises-exception`"


def timed_out(post: Post, cell: Code, *, whole_post: bool) -> CellTimedOut:
    """The error of a cell that took too long, or during which the whole post did."""
    name = "post_timeout" if whole_post else "timeout"
    seconds = post.meta.execute.post_timeout if whole_post else post.meta.execute.timeout
    what = "the post's code" if whole_post else "the cell"
    return CellTimedOut(f"{what} ran longer than {seconds} s and was stopped").at(
        cell=cell.cell,
        line=cell.line,
        text=cell.source.split("\n")[0],
        hint=f"make it faster, or set `execute: {{{name}: …}}` in the front matter",
    )


def died(cell: Code, detail: str | None = None, *, memory: int = 0) -> KernelDied:
    """The error of a cell whose kernel ended while it ran.

    Args:
        cell: the cell.
        detail: what the process said last.
        memory: MiB, if the kernel was ended because it took more.
    """
    message = "the kernel's process ended while this cell ran"
    hint = "it may have run out of memory, or called `os._exit`"
    if memory:
        message = f"the code took more than {memory} MiB of memory and was stopped"
        hint = "make it smaller, or raise `execute: {memory: …}` in the front matter"
    return KernelDied(message).at(
        cell=cell.cell,
        line=cell.line,
        text=cell.source.split("\n")[0],
        detail=detail,
        hint=hint,
    )


def unwatched(reason: str) -> ExecutionError:
    """The error of a post whose kernel cannot tell any more what the code has used."""
    return ExecutionError("its kernel cannot tell what the code has used").at(
        detail=ANSI.sub("", reason),
        hint="the code may have replaced a function of Python's own; let it put that back",
    )


def said(log: Path) -> str | None:
    """The last lines that a kernel's process wrote, without ipykernel's own warnings."""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_END))
        text = ANSI.sub("", file.read().decode(errors="replace"))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.strip().split("\n") if "[IPKernelApp]" not in line]
    return "\n".join(lines[-TRACEBACK_LINES:]) or None
