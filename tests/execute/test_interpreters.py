"""What can be imported with an interpreter, as it says itself. No kernel starts here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from generator.errors import ExecutionError
from generator.execute.interpreters import ask_interpreter


def written(path: Path, program: str) -> str:
    """A program that stands for an interpreter."""
    path.write_text(f"#!/bin/sh\n{program}\n")
    path.chmod(0o755)
    return str(path)


def test_an_interpreter_that_says_something_else(tmp_path: Path) -> None:
    """What it prints while it starts does not count; without an answer it is an error."""
    asked = written(tmp_path / "chatty", f'echo "Welcome!"\nexec {sys.executable} "$@"')
    found = ask_interpreter(asked)
    own = ask_interpreter(sys.executable)
    assert found.interpreter == own.interpreter
    assert found.version("pytest") == own.version("pytest") != ""
    assert found.importable("pytest")
    for program in ('echo "$0"', "true", "exit 3"):
        with pytest.raises(ExecutionError, match="does not start"):
            ask_interpreter(written(tmp_path / "dumb", program))
