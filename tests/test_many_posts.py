"""Many posts: several processes make them, and nothing shows it but time and memory."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generator import pipeline, rendering
from generator.config import read_config
from generator.last_build import FOLDER
from generator.model import File
from generator.shelf import PREFIX, Shelf, remove_left
from generator.write import write

from .conftest import WriteBlog

COUNT = rendering.ENOUGH + 2
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def text(number: int) -> str:
    """A post, with what makes files of its own and looks at other posts."""
    other = f"[the next](../post-{number + 1}/index.ko.md)" if number + 1 < COUNT else ""
    return (
        f"---\ntitle: Post {number}\ndate: 2022-07-{number % 28 + 1:02}\ncategory: math\n"
        f"tags: [t{number % 5}]\naliases: [/old/{number}/]\n---\n"
        f"Words and $x_{{{number}}}^2$. {other}\n\n## A heading\n\n![A dot](dot.svg)\n"
    )


@pytest.fixture
def blog(write_blog: WriteBlog) -> Path:
    """A blog of more posts than one process makes, that has been built."""
    files: dict[str, str | bytes] = {}
    for number in range(COUNT):
        files[f"posts/post-{number}/index.ko.md"] = text(number)
        files[f"posts/post-{number}/dot.svg"] = SVG
    root = write_blog(files)
    assert build(root).returncode == 0
    return root


def build(root: Path) -> subprocess.CompletedProcess[str]:
    """`inkcell build`, in a process that may fork."""
    command = [sys.executable, "-m", "generator", "--root", str(root), "build"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def made_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What one process makes of the blog, from nothing."""
    monkeypatch.setattr(rendering, "ENOUGH", 10**6)
    write(pipeline.build(read_config(root)), root.parent / "alone")
    return contents(root.parent / "alone")


def left_on_shelves(root: Path) -> list[Path]:
    """What still waits to be written."""
    return list((root / FOLDER).glob(f"{PREFIX}*"))


def test_the_site_is_what_one_process_makes(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the byte, with its manifest; nothing is left on the shelf."""
    assert contents(blog / "site") == made_alone(blog, monkeypatch)
    assert not left_on_shelves(blog)


def test_all_pages_again(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another template makes every page anew, of posts that are taken over as they were."""
    (blog / "templates").mkdir()
    (blog / "templates" / "404.html").write_text("gone\n")
    (blog / "posts/post-3/index.ko.md").write_text(text(3).replace("Post 3", "Another title"))
    assert build(blog).returncode == 0
    assert contents(blog / "site") == made_alone(blog, monkeypatch)
    assert not left_on_shelves(blog)


def test_what_was_kept_is_lost(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts whose entries are gone are made anew, and so are texts of feeds."""
    kept = sorted((blog / FOLDER / "posts").iterdir())
    for path in kept[::3]:
        path.unlink()
    (blog / "posts/post-3/index.ko.md").write_text(text(3).replace("Post 3", "Another title"))
    assert build(blog).returncode == 0
    assert contents(blog / "site") == made_alone(blog, monkeypatch)


def test_every_broken_post_is_told_of(blog: Path) -> None:
    """Whichever process met it; the site stays, and nothing is left on the shelf."""
    before = contents(blog / "site")
    (blog / "posts/post-1/index.ko.md").write_text(text(1) + "\n$\\fracc$\n")
    (blog / "posts/post-30/index.ko.md").write_text(text(30) + "\n[there](nowhere.md)\n")
    (blog / "pyproject.toml").write_text(
        (blog / "pyproject.toml").read_text().replace("A blog", "All posts again")
    )
    done = build(blog)
    assert done.returncode == 1
    assert "posts/post-1/index.ko.md:14" in done.stderr
    assert "posts/post-30/index.ko.md:14" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("2 errors")
    assert contents(blog / "site") == before
    assert not left_on_shelves(blog)


@pytest.mark.parametrize("template", ["post.html", "list.html", "archive.html"])
def test_a_broken_template_is_told_of_once(blog: Path, template: str) -> None:
    """Though every page meets it, in whatever process."""
    (blog / "templates").mkdir()
    (blog / "templates" / template).write_text("{{ post.nothing.at_all }}\n")
    (blog / "pyproject.toml").write_text(
        (blog / "pyproject.toml").read_text().replace("A blog", "All posts again")
    )
    done = build(blog)
    assert done.returncode == 1
    assert done.stderr.count(f"templates/{template}:1") == 1
    assert done.stderr.splitlines()[-1].startswith("1 error")


OPEN_A_SHELF = """
import os, signal, sys
from pathlib import Path
from generator.model import File
from generator.shelf import Shelf
Shelf(Path(sys.argv[1])).put(File("a", b"content", "a test"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_shelf_of_a_killed_build_goes(tmp_path: Path) -> None:
    """That of one which is at work stays."""
    killed = subprocess.run([sys.executable, "-c", OPEN_A_SHELF, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(tmp_path.glob(f"{PREFIX}*"))
    first = Shelf(tmp_path)
    assert list(tmp_path.iterdir()) == [first.folder]
    stored = first.put(File("a", b"content", "a test"))
    second = Shelf(tmp_path)
    remove_left(tmp_path)
    assert Path(stored.place).read_bytes() == b"content"
    second.close()
    first.close()
    assert not list(tmp_path.iterdir())
