"""What the author of failing code is told. No kernel starts here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_output

from generator.execute.failures import TRACEBACK_LINES, failed, said
from generator.model import Code

SAID_IN_LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from generator.execute.failures import said
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
print(said(Path(sys.argv[1])))
"""


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("ModuleNotFoundError", "No module named 'tqdm'", "install the package that has `tqdm`"),
        ("ModuleNotFoundError", "No module named 'a.b'; 'a' is no package", "install the package"),
        ("ModuleNotFoundError", "gone", "if the exception belongs on the page"),
        ("StdinNotImplementedError", "raw_input was called", "nobody answers while a site is"),
        ("ImportError", "cannot import name 'x' from 'y'", "if the exception belongs on the page"),
    ],
)
def test_what_to_do_about_an_exception(name: str, value: str, hint: str) -> None:
    """A module that is missing is installed; what else is raised may be meant."""
    error = failed(name, value, [], Code("import a", 2, 7), 1)
    assert str(error) == f"{name}: {value}"
    assert (error.cell, error.line) == (2, 7)
    assert (error.hint or "").startswith(hint)


THROUGH_ANOTHER_CELL = """\
ZeroDivisionError                         Traceback (most recent call last)
Cell In[1], line 3, in f()
----> 3         1 / 0

The above exception was the direct cause of the following exception:

ValueError                                Traceback (most recent call last)
Cell In[3], line 2
----> 2 f()

Cell In[1], line 5, in f()
----> 5         raise ValueError("x") from error

ValueError: x"""
ONLY_IN_ANOTHER_CELL = """\
ValueError                                Traceback (most recent call last)
Cell In[1], line 5, in A.__repr__(self)
----> 5         raise ValueError("x")

ValueError: x"""


@pytest.mark.parametrize(
    ("traceback", "line", "text"),
    [(THROUGH_ANOTHER_CELL, 11, "f()"), (ONLY_IN_ANOTHER_CELL, 10, None)],
)
def test_an_exception_in_a_function_of_another_cell(
    traceback: str, line: int, text: str | None
) -> None:
    """The line is one of the cell that failed; its first, if the traceback does not have it."""
    output = new_output("error", ename="ValueError", evalue="x", traceback=[traceback])
    error = failed("", "", [output], Code("# the third\nf()", 6, 10), 3)
    assert (error.line, error.text) == (line, text)


RICH = """\
\x1b[31m╭─────── \x1b[1;31mTraceback \x1b[2m(most recent call last)\x1b[0m ───────╮\x1b[0m
│ /b/posts/a/own.py:7 in <module>      │
│ in f:5                               │
│ in <module>:2                        │
│ ❱ 2 f()                              │
╰──────────────────────────────────────╯
ValueError: x"""


def test_a_traceback_that_rich_drew() -> None:
    """It has the line of the cell, too, and is shown without colours."""
    drawn = new_output("display_data", {"text/html": "<pre>", "text/plain": RICH})
    error = failed("ValueError", "x", [drawn], Code("import own\nf()", 6, 10), 3)
    assert (error.line, error.text) == (11, "f()")
    assert str(error.detail).startswith("╭─────── Traceback (most")
    assert str(error.detail).endswith("╯\nValueError: x")


def test_what_a_failing_program_said() -> None:
    """Its exception has a number: what was wrong stands on standard error."""
    said = new_output("stream", name="stderr", text="\x1b[31mno such file\x1b[0m\n")
    traceback = ["Cell In[1], line 1", "CalledProcessError: x"]
    for name, detail in (
        ("CalledProcessError", ["no such file", *traceback]),
        ("ValueError", traceback),
    ):
        raised = new_output("error", ename=name, evalue="x", traceback=traceback)
        error = failed(name, "x", [said, raised], Code("%%bash\ncat a", 2, 1), 1)
        assert error.detail == "\n".join(detail)


def test_what_a_process_said_last(tmp_path: Path) -> None:
    """Without colours, and without what ipykernel says itself."""
    log = tmp_path / "log"
    lines = [f"line {number}" for number in range(20)]
    log.write_text("\n".join([*lines, "[IPKernelApp] WARNING | x", "\x1b[31mred\x1b[0m", ""]))
    assert said(log) == "\n".join([*lines, "red"][-TRACEBACK_LINES:])
    log.write_text("[IPKernelApp] WARNING | x\n")
    assert said(log) is None
    log.write_bytes(b" 10%|#   |\r100%|####|\r\nSegmentation fault\n")
    assert said(log) == "10%|#   |\n100%|####|\nSegmentation fault"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory has no such limit")
def test_a_process_that_said_too_much(tmp_path: Path) -> None:
    """Of a log that fills the disk only the end is read."""
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.truncate(2 << 30)
        file.seek(0, os.SEEK_END)
        file.write("\n끝\n".encode())
    done = subprocess.run(
        [sys.executable, "-c", SAID_IN_LITTLE_ROOM, str(log)], capture_output=True, text=True
    )
    assert done.stdout.endswith("\n끝\n"), done.stderr
