"""Whole broken blogs, each with the messages that its author must get.

A case is a file of `fixtures/broken/`: the blog's files, each after a line `=== path`, and the
messages of `inkcell build` after `=== expected`. Settings are those of the tests unless the case
has a `pyproject.toml` of its own. A case whose name starts with `kernel-` starts a kernel.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator.cli import main
from generator.model import File, Site
from generator.write import write

from .conftest import REPOSITORY, SETTINGS, WriteBlog

CASES = sorted((REPOSITORY / "tests" / "fixtures" / "broken").glob("*.txt"))
PROGRESS = re.compile(r"^(running|done|failed) .*\n", re.MULTILINE)
GUTTER = (
    (r"^ *\d+ \| (.*)\n {6}\| ( *\^)$", r"    \1\n    \2"),
    (r"^ *\d+ \| ", "    "),
    (r"^ {6}\| ", "  | "),
)
"""A line's number stands before its text; the place says it already, so cases leave it out."""


def read_case(text: str) -> tuple[dict[str, str], str]:
    """The files of a case, and the expected messages."""
    parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)[1:]
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    expected = files.pop("expected")
    return files, expected


def messages(root: Path) -> tuple[int, str]:
    """Exit status and messages of a build, without how long things took and without gutters."""
    result = CliRunner().invoke(main, ["--root", str(root), "build"])
    # Which kernels there are is the machine's business; `python3` is always one of them.
    said = re.sub(r"installed: .*\bpython3\b.*", "installed: python3", result.stderr)
    return result.exit_code, PROGRESS.sub("", without_gutters(said))


def without_gutters(said: str) -> str:
    """Messages as the fixtures have them, which say the line once."""
    for gutter, instead in GUTTER:
        said = re.sub(gutter, instead, said, flags=re.MULTILINE)
    return said


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything in a folder: when it was last written, and its bytes."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.kernel] if case.stem.startswith("kernel-") else [])
        for case in CASES
    ],
    ids=lambda case: case.stem,
)
def test_broken_blog(case: Path, tmp_path: Path) -> None:
    """The build exits with 1, says what is wrong and where, and leaves the site as it was."""
    files, expected = read_case(case.read_text(encoding="utf-8"))
    for name, text in {"pyproject.toml": SETTINGS, **files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if case.stem != "no-posts-folder":
        (tmp_path / "posts").mkdir(exist_ok=True)
    write(Site({"index.html": File("index.html", b"a good build", "a test")}), tmp_path / "site")
    before = snapshot(tmp_path / "site")
    status, said = messages(tmp_path)
    assert said == expected
    assert status == 1
    assert snapshot(tmp_path / "site") == before


def test_a_post_that_is_not_utf_8(write_blog: WriteBlog) -> None:
    """The line of the first wrong byte is named."""
    text = "---\ntitle: 글\ndate: 2022-07-08\ncategory: math\n---\n\n본문\n".encode("euc-kr")
    status, said = messages(write_blog({"posts/a/index.ko.md": text}))
    assert status == 1
    assert said.startswith("posts/a/index.ko.md:2: error: the file is not UTF-8\n")
    assert "hint: save it as UTF-8" in said


@pytest.mark.parametrize("name", ["pyproject.toml", "templates/home.html", "templates/ko.toml"])
def test_other_files_that_are_not_utf_8(write_blog: WriteBlog, name: str) -> None:
    """Settings and theme files get a message too, not a traceback."""
    status, said = messages(
        write_blog({"posts/a/index.ko.md": "글\n", name: "글".encode("euc-kr")})
    )
    assert status == 1
    assert said.startswith(f"{name}: error: ")
    assert "hint: save it as UTF-8" in said


def test_there_are_more_than_twenty_kinds() -> None:
    """And every message of each of them says what to do about it."""
    assert len(CASES) > 20
    for case in CASES:
        *errors, summary = read_case(case.read_text(encoding="utf-8"))[1].split("\n\n")
        assert summary.startswith(f"{len(errors)} error"), case.stem
        for error in errors:
            assert "hint: " in error, case.stem
