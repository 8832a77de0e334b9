"""The finished site of this repository, below a base path, served on loopback.

The posts really run here (or their kept results are used), so these tests see what readers see.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from generator.config import read_config
from generator.pipeline import build
from generator.write import write

from ..conftest import REPOSITORY

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
        """Every page, as a path below the home; what only leads to another page is none."""
        found = sorted(
            path.relative_to(self.folder)
            for path in self.folder.rglob("*.html")
            if '<meta http-equiv="refresh"' not in path.read_text("utf-8")
        )
        return [path.as_posix().removesuffix("index.html") for path in found]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The blog of this repository, built below a base path and served there."""
    root = tmp_path_factory.mktemp("www")
    output = root / BASE.strip("/")
    write(build(replace(read_config(REPOSITORY, url=URL))), output)
    handler = functools.partial(QuietHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Served(output, f"http://127.0.0.1:{server.server_port}{BASE}/")
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium from Debian's packages."""
    chromium = program("chromium")
    with sync_playwright() as playwright:
        # CI runs as root, where Chromium's own sandbox does not start.
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()
