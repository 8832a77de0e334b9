"""Reading a blog from the disk while others write there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from generator.config import read_config
from generator.errors import BuildFailed, InkcellError
from generator.pipeline import build

from .conftest import WriteBlog

FILES = {
    "posts/a/index.ko.md": "글\n",
    "posts/a/x.csv": "1",
    "posts/b/index.ko.md": "다른 글\n",
    "static/robots.txt": "x",
    "templates/mine.css": "x",
}


@pytest.mark.parametrize("name", ["posts/a/x.csv", "posts/b/index.ko.md", "static/robots.txt"])
def test_a_file_that_goes_while_it_is_read(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Is not there: an editor that saves one file makes others, and `git checkout` takes some."""
    root = write_blog({k: v for k, v in FILES.items() if not k.startswith("templates")})
    read = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path == root / name:
            path.unlink()
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert "index.html" in build(read_config(root)).paths
    assert not (root / name).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads a file that nobody can read")
@pytest.mark.parametrize(
    "name", ["posts/a/x.csv", "posts/b/index.ko.md", "static/robots.txt", "templates/post.html"]
)
def test_a_file_that_cannot_be_read(write_blog: WriteBlog, name: str) -> None:
    """Is named, with what the system says; the others are looked at, too."""
    root = write_blog({**FILES, "templates/post.html": "x", "posts/c/index.ko.md": "---\n"})
    (root / "templates" / "mine.css").unlink()
    (root / name).unlink()
    (root / name).symlink_to("/proc/self/mem")
    with pytest.raises(InkcellError) as raised:
        build(read_config(root))
    errors = raised.value.errors if isinstance(raised.value, BuildFailed) else (raised.value,)
    (error,) = [error for error in errors if error.file == name]
    assert str(error) == "it cannot be read: Input/output error"
    assert len(errors) == (2 if name.startswith("posts") else 1)


def test_copies_that_editors_keep(write_blog: WriteBlog) -> None:
    """Beside a post, a template, a file that is published: each is passed over."""
    files = {k: v for k, v in FILES.items() if not k.startswith("templates")}
    copies = {f"{Path(name).parent}/{Path(name).name}~": "old" for name in files}
    saved = {f"{Path(name).parent}/#{Path(name).name}#": "half" for name in files}
    before = build(read_config(write_blog(files)))
    theme = {"templates/post.html~": "old", "templates/#base.html#": "half", "templates/.#x": ""}
    after = build(read_config(write_blog({**copies, **saved, **theme})))
    assert after == before
