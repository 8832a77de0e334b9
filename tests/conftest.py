"""What all tests share: a deterministic hypothesis, a small blog on the disk, a typesetter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import settings

from generator.discover import read_katex
from generator.model import Typeset
from generator.render.katex import start_katex

settings.register_profile("inkcell", derandomize=True, deadline=None)
settings.load_profile("inkcell")

REPOSITORY = Path(__file__).resolve().parent.parent

SETTINGS = """\
[tool.inkcell]
title = "A blog"
url = "https://example.org"
language = "ko"
languages = ["ko", "en"]
timezone = "Asia/Seoul"
author = { name = "Somebody", email = "somebody@example.org" }
"""

FRONT_MATTER = """\
---
title: A post
date: 2022-07-08
category: math
---
"""

WriteBlog = Callable[..., Path]


@pytest.fixture(scope="session")
def typeset() -> Typeset:
    """KaTeX, started once for all tests."""
    return start_katex(read_katex(REPOSITORY).script)


@pytest.fixture
def write_blog(tmp_path: Path) -> WriteBlog:
    """A function that writes a blog: `write_blog({"posts/a/index.ko.md": text})` -> its folder.

    Settings are SETTINGS unless the files hold a `pyproject.toml`; a text that does not start
    with front matter gets FRONT_MATTER.
    """

    def write(files: dict[str, str | bytes]) -> Path:
        root = tmp_path / "blog"
        for name, content in {"pyproject.toml": SETTINGS, **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
                continue
            if path.name.startswith("index.") and path.suffix == ".md":
                content = content if content.startswith("---") else FRONT_MATTER + content
            path.write_text(content, encoding="utf-8")
        return root

    return write


def count_calls(function: Callable[[], object]) -> int:
    """How many functions are called while one runs: as good as its time, and always the same."""
    count = 0

    def counted(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count
