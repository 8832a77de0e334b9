"""Running small blogs, here or in a process of their own, and finding what they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from msgspec.structs import replace

from generator.config import read_config
from generator.discover import discover
from generator.errors import InkcellError
from generator.execute import execute
from generator.model import Bundle, Output, Post, Stream
from generator.parse import parse
from generator.progress import Event, Notice

from ..conftest import FRONT_MATTER

MARK = "INKCELL_TEST_MARK"
"""An environment variable that everything a test starts inherits."""
PATIENCE = 60.0
"""Seconds after which what a test waits for will not come."""


def post(*cells: str, execute: str = "", may_raise: bool = False) -> str:
    """The text of a post: its cells, and its `execute:` as YAML."""
    front = FRONT_MATTER.replace("title", f"execute: {{{execute}}}\ntitle", 1)
    tags = ":tags: [raises-exception]\n" if may_raise else ""
    return front + "".join(f"\n```{{code-cell}}\n{tags}{cell}\n```\n" for cell in cells)


@dataclass
class Ran:
    """What became of a blog's posts, by folder."""

    outputs: dict[str, tuple[tuple[Output, ...], ...]] = field(default_factory=dict)
    errors: dict[str, InkcellError] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def text(self, folder: str, cell: int = -1) -> str:
        """What a cell of a post printed."""
        assert folder in self.outputs, self.errors
        outputs = self.outputs[folder][cell]
        return "".join(item.text for item in outputs if isinstance(item, Stream))

    def notices(self, folder: str = "") -> list[str]:
        """What the author was told."""
        return [
            event.text
            for event in self.events
            if isinstance(event, Notice) and (not folder or f"/{folder}/" in event.post)
        ]


def posts_of(root: Path) -> list[Post]:
    """The posts of a blog."""
    config = read_config(root)
    errors: list[InkcellError] = []
    posts = [parse(item, config) for item in discover(root, root / "posts", config, errors)]
    assert errors == []
    return posts


def run(root: Path, jobs: int = 4, cluster: str = "") -> Ran:
    """Run every post of a blog, whatever is kept."""
    posts = posts_of(root)
    names = frozenset(post.source.folder for post in posts)
    config = replace(
        read_config(root), cache=root / "cache", jobs=jobs, cluster=cluster, refresh=names
    )
    ran, errors = Ran(), list[InkcellError]()
    done = execute(posts, config, root=root, errors=errors, report=ran.events.append)
    ran.outputs = {item.post.source.folder: item.results.outputs for item in done}
    ran.errors = {str(error.file).split("/")[1]: error for error in errors}
    return ran


def data(output: Output) -> dict[str, str]:
    """The representations of a result."""
    assert isinstance(output, Bundle), output
    return dict(output.data)


def marked(mark: str) -> list[psutil.Process]:
    """The processes that live and bear a mark, but this one."""
    found = []
    for process in psutil.process_iter():
        try:
            bears = process.environ().get(MARK) == mark
            if bears and process.pid != os.getpid() and process.status() != "zombie":
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def told(processes: list[psutil.Process]) -> list[str]:
    """What processes are, for a test that fails."""
    lines = []
    for process in processes:
        try:
            lines.append(f"{process.pid} of {process.ppid()}: {' '.join(process.cmdline())}")
        except psutil.Error:
            continue
    return lines


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Wait for something that happens in another process."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


@contextmanager
def building(root: Path, mark: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`inkcell build` in a process of its own; the process is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "generator", "-C", str(root), "build", *arguments],
        env={**os.environ, MARK: mark, "TMPDIR": tempfile.gettempdir()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
