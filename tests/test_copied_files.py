"""Files of the blog's folder `static` lie at the root of the site as they are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.cli import main
from generator.last_build import MANIFEST

from .conftest import WriteBlog

FILES: dict[str, str | bytes] = {
    "posts/a/index.ko.md": "글 [이력서](/cv.pdf)\n",
    "static/cv.pdf": b"%PDF-1.7\xff",
    "static/talks/그림.html": "<p>no page of ours",
    "static/.well-known/atproto-did": "did:plc:x\n",
    "static/.DS_Store": "",
    "static/.hidden/file": "",
}


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(root), *arguments])


def built(root: Path) -> dict[str, str]:
    """Path to digest of every file of the site after a build."""
    done = run(root, "build")
    assert done.exit_code == 0, done.output
    files: dict[str, str] = json.loads((root / "site" / MANIFEST).read_text())["files"]
    return files


def test_they_are_published_as_they_are(write_blog: WriteBlog) -> None:
    """To the byte, below their own names; hidden ones only where others look for them."""
    root = write_blog(FILES)
    built(root)
    published = ("cv.pdf", "talks/그림.html", ".well-known/atproto-did")
    for name in published:
        content = FILES[f"static/{name}"]
        expected = content if isinstance(content, bytes) else content.encode()
        assert (root / "site" / name).read_bytes() == expected
    assert not (root / "site" / ".DS_Store").exists()
    assert not (root / "site" / ".hidden").exists()


def test_what_changes_there_changes_in_the_site(write_blog: WriteBlog) -> None:
    """A file that comes, changes or goes, and nothing else does."""
    root = write_blog(FILES)
    before = built(root)
    (root / "static" / "cv.pdf").write_text("another")
    (root / "static" / "CNAME").write_text("example.org\n")
    after = built(root)
    assert {path for path in before | after if before.get(path) != after.get(path)} == {
        "cv.pdf",
        "CNAME",
    }
    (root / "static" / "cv.pdf").write_bytes(b"%PDF-1.7\xff")
    (root / "static" / "CNAME").unlink()
    assert built(root) == before


def test_a_file_of_ones_own_stands_in_for_ours(write_blog: WriteBlog) -> None:
    """Where robots and browsers look for one at the root."""
    root = write_blog({**FILES, "static/robots.txt": "mine", "static/favicon.ico": "icon"})
    built(root)
    assert (root / "site" / "robots.txt").read_text() == "mine"
    assert (root / "site" / "favicon.ico").read_text() == "icon"


@pytest.mark.parametrize("name", ["index.html", "sitemap.xml", "feed.xml"])
def test_no_other_file_is_replaced(write_blog: WriteBlog, name: str) -> None:
    """Two files with one address are an error that names both, and the site stays."""
    root = write_blog(FILES)
    before = built(root)
    (root / "static" / name).write_text("mine")
    done = run(root, "build")
    assert done.exit_code == 1
    assert f"/{name}" in done.output
    assert f"static/{name}" in done.output
    assert json.loads((root / "site" / MANIFEST).read_text())["files"] == before


def test_checks_leave_them_alone(write_blog: WriteBlog) -> None:
    """A page that is published as it is need not be one of ours; a link may lead to it."""
    root = write_blog(FILES)
    built(root)
    told = run(root, "check").output
    assert "그림.html" not in told
    assert "cv.pdf" not in told


@pytest.mark.parametrize("folder", ["static", "templates/static", "posts"])
def test_what_is_published_has_a_name_in_utf8(write_blog: WriteBlog, folder: str) -> None:
    """Another one, as old archives have them, can be no part of an address: it is an error."""
    root = write_blog(FILES)
    before = built(root)
    name = root / folder / os.fsdecode(b"\xb1\xdb")
    name.parent.mkdir(parents=True, exist_ok=True)
    if folder == "posts":
        name.mkdir()
        (name / "index.ko.md").write_bytes((root / "posts/a/index.ko.md").read_bytes())
    else:
        name.write_bytes(b"x")
    done = run(root, "build")
    assert done.exit_code == 1
    assert "name is not UTF-8" in done.output
    assert done.output.count("hint: rename it") == 1
    assert json.loads((root / "site" / MANIFEST).read_text())["files"] == before
