"""The posts in JavaScript: their modules, tested by Node, and their code, run twice."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from generator.config import read_config
from generator.discover import discover
from generator.model import Post
from generator.parse import parse

from ..conftest import REPOSITORY
from ..execute.test_node_kernel import run

SLUGS = ("node-socket", "node-oauth2")

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


def versions(slug: str) -> list[Post]:
    """A post in all its languages."""
    config = read_config(REPOSITORY)
    sources = discover(REPOSITORY, REPOSITORY / "posts", config, [])
    return [parse(source, config) for source in sources if source.folder == slug]


@needs_node
@pytest.mark.parametrize("slug", SLUGS)
def test_modules(slug: str) -> None:
    """What lies beside a post does what the post needs of it: see `*.test.mjs`."""
    path = REPOSITORY / "tests" / "posts" / f"{slug.replace('-', '_')}.test.mjs"
    ran = subprocess.run(
        ["node", "--test", str(path)], capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "\n# pass 0\n" not in ran.stdout


def test_both_posts_draw_alike() -> None:
    """Each has the module for drawings beside it, so that it can be read and run by itself."""
    one, other = (REPOSITORY / "posts" / slug / "drawings.mjs" for slug in SLUGS)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("slug", SLUGS)
def test_both_languages_have_the_same_code(slug: str) -> None:
    """So it runs once. Captions and alternative texts are in the post's language."""
    korean, english = versions(slug)
    assert [cell.source for cell in korean.notebook.code] == [
        cell.source for cell in english.notebook.code
    ]
    for ours, theirs in zip(korean.notebook.code, english.notebook.code, strict=True):
        assert bool(ours.display.alt) == bool(theirs.display.alt)
        assert not ours.display.alt or ours.display.alt != theirs.display.alt
        assert ours.display.label == theirs.display.label


@pytest.mark.kernel
@needs_node
@pytest.mark.parametrize("slug", SLUGS)
def test_two_runs_are_the_same(slug: str) -> None:
    """To the byte, though ports, keys, tokens and ids differ; and nothing fails."""
    post = versions(slug)[0]
    cells = [cell.source for cell in post.notebook.code]
    folder = REPOSITORY / "posts" / slug
    first, second = run(folder, cells), run(folder, cells)
    failures = [output for outputs in first for output in outputs if output.output_type == "error"]
    assert failures == []
    assert first == second
    shown = [output for outputs in first for output in outputs]
    assert len(shown) >= 10
