"""The finished site of this repository, below a base path, served on loopback.

The posts really run here (or their kept results are used), so these tests see what readers see.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import http
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from generator.config import read_config
from generator.pipeline import build
from generator.write import write

from ..conftest import REPOSITORY, SETTINGS

BASE = "/project"
URL = "https://user.example" + BASE


def program(name: str) -> str:
    """Where a program lies; the test is skipped where it is not installed, but not in CI."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed; .ci/run installs it")
        pytest.skip(f"{name} is not installed")
    return path


@dataclass(frozen=True)
class Served:
    """A finished site and where it is served."""

    folder: Path
    """The output folder."""
    address: str
    """The site's home on loopback, with a slash at the end."""

    @property
    def pages(self) -> list[str]:
        """Every page that a reader stays on, as a path below the home: former addresses lead on."""
        found = sorted(
            path.relative_to(self.folder)
            for path in self.folder.rglob("*.html")
            if 'http-equiv="refresh"' not in path.read_text(encoding="utf-8")
        )
        return [path.as_posix().removesuffix("index.html") for path in found]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The blog of this repository, built below a base path and served there."""

    def make(root: Path) -> None:
        write(build(read_config(REPOSITORY, url=URL)), root / BASE.strip("/"))

    with serve(made_once(tmp_path_factory, "www", make)) as site:
        yield site


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one of the processes of a test run makes, and all of them read.

    The posts train for minutes where no results are kept.
    """
    home = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        home = home.parent
    folder, unfinished = home / name, home / f"{name}-unfinished"
    with FileLock(home / f"{name}.lock"):
        if not folder.exists():
            make(unfinished)
            unfinished.rename(folder)
    return folder


@pytest.fixture(scope="session")
def pages(served: Served) -> Iterator[Served]:
    """The same, served as GitHub Pages does."""
    with serve(served.folder.parent, PagesHandler) as site:
        yield site


@pytest.fixture(scope="session")
def constructs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A blog of one post, in two languages, that has all that prose can hold; no code runs."""
    blog, root = tmp_path_factory.mktemp("constructs"), tmp_path_factory.mktemp("www")
    shutil.copytree(REPOSITORY / "tests" / "fixtures" / "constructs", blog / "posts" / "constructs")
    (blog / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    write(build(read_config(blog, url=URL)), root / BASE.strip("/"))
    with serve(root) as site:
        yield site


class PagesHandler(QuietHandler):
    """Serves as GitHub Pages does: text is compressed, and may be kept for ten minutes."""

    COMPRESSED = (".html", ".css", ".js", ".svg", ".json", ".xml", ".txt", ".ico")

    def do_GET(self) -> None:
        """Answer with a file, compressed where that helps, or with the site's own 404 page."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        status = http.HTTPStatus.OK
        if not path.is_file():
            status, path = http.HTTPStatus.NOT_FOUND, Path(self.directory) / BASE[1:] / "404.html"
        content = path.read_bytes()
        self.send_response(status)
        if path.suffix in self.COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        kind = self.guess_type(path)
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        self.send_header("Content-Type", kind + charset)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def serve(root: Path, kind: type[QuietHandler] = QuietHandler) -> Iterator[Served]:
    """A site below the base path in a folder, served on loopback."""
    handler = functools.partial(kind, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}{BASE}/"
        yield Served(root / BASE.strip("/"), address)
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium from Debian's packages.

    While it is open an event loop runs in this thread, which other tests would stumble over.
    """
    chromium = program("chromium")
    with sync_playwright() as playwright:
        # CI runs as root, where Chromium's own sandbox does not start.
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()
