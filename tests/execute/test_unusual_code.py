"""Code that does what few posts do: nothing of it is lost, and nobody else has to suffer."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import CellFailed, ExecutionError

from ..conftest import SETTINGS
from .running import Ran, post, run

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("unusual")]

POSTS = {
    "representation": ("class A:\n    def __repr__(self):\n        raise OSError('no')\nA()",),
    "watch": ("import os\nos.path.realpath = None", "print('fine')"),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """All of them, run side by side."""
    root: Path = tmp_path_factory.mktemp("unusual")
    (root / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    for name, cells in POSTS.items():
        (root / "posts" / name).mkdir(parents=True)
        (root / "posts" / name / "index.ko.md").write_text(post(*cells), encoding="utf-8")
    return run(root, jobs=2)


def test_a_representation_that_fails(ran: Ran) -> None:
    """The error names the exception, and its line."""
    error = ran.errors["representation"]
    assert isinstance(error, CellFailed)
    assert (str(error), error.cell, error.line) == ("OSError: no", 1, 11)


def test_code_that_breaks_what_watches_it(ran: Ran) -> None:
    """An error of that post alone: nobody knows what it has used."""
    error = ran.errors["watch"]
    assert isinstance(error, ExecutionError)
    assert "cannot tell what the code has used" in str(error)
    assert "TypeError" in str(error.detail)
    assert sorted(ran.errors) == ["representation", "watch"]
