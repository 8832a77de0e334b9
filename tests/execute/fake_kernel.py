"""A blog's folder with a fake kernel and a fake environment: a kernel is a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from generator import execute as engine
from generator import freezing, pipeline
from generator.cli import main
from generator.config import parse_config, read_config
from generator.errors import CellFailed, InkcellError
from generator.execute import execute, freeze, why
from generator.execute.interpreters import Environment
from generator.execute.key import executed_cells
from generator.execute.trace import Trace, device_of, read_report
from generator.model import ExecutedPost, Post, Results, Source, Stream
from generator.parse import parse
from generator.progress import Event, Notice
from generator.reading import read_posts

from ..conftest import FRONT_MATTER, SETTINGS, WriteBlog

CONFIG = parse_config(SETTINGS)


def cell(source: str, tags: str = "", options: str = "") -> str:
    """A code cell of a text notebook."""
    head = f":tags: [{tags}]\n" if tags else ""
    return f"```{{code-cell}}\n{head}{options}{source}\n```\n\n"


def with_settings(settings: str) -> str:
    """Front matter with `execute: {settings}`."""
    return FRONT_MATTER.replace("title", f"execute: {{{settings}}}\ntitle")


def post(body: str, folder: str = "a", language: str = "ko", front: str = FRONT_MATTER) -> Post:
    """A post from its cells."""
    path = f"posts/{folder}/index.{language}.md"
    return parse(Source(path, f"{front}\n{body}", folder, language, "md", f"/b/{folder}"), CONFIG)


class World:
    """A blog's folder, a fake kernel and a fake environment, and what they were asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = replace(CONFIG, root=root, cache=Path("cache"), jobs=2)
        self.ran: list[str] = []
        self.events: list[Event] = []
        self.errors: list[InkcellError] = []
        self.trace = Trace("Python 3.11")
        self.versions = {"numpy": "2.4.6"}
        self.modules = {"numpy"}
        self.interpreter = "Python 3.11"
        self.fails: Callable[[Post], bool] = lambda post: False

    def run(self, post: Post, device: str) -> tuple[Results, Trace]:
        self.ran.append(post.source.path)
        if self.fails(post):
            raise CellFailed("ZeroDivisionError: division by zero").at(cell=1, line=9)
        outputs = tuple((Stream("stdout", f"ran {c.source}"),) for c in executed_cells(post))
        return Results(outputs), self.trace

    def environment(self, kernel: str) -> Environment:
        return Environment(
            self.interpreter,
            lambda name: self.versions.get(name, ""),
            lambda name: name in self.modules,
            lambda: {name: [name] for name in self.versions},
        )

    def execute(self, *posts: Post) -> tuple[ExecutedPost, ...]:
        done = execute(
            posts,
            self.config,
            root=self.root,
            errors=self.errors,
            report=self.events.append,
            run=self.run,
            environment=self.environment,
        )
        return tuple(sorted(done, key=lambda item: posts.index(item.post)))

    def why(self, post: Post) -> tuple[str, ...] | None:
        return why(post, self.config, root=self.root, environment=self.environment)

    def freeze(self, *posts: Post) -> tuple[Path, ...]:
        """Store results beside posts; their folders are below this world's root."""
        return freeze(
            posts,
            self.config,
            root=self.root,
            errors=self.errors,
            report=self.events.append,
            run=self.run,
            environment=self.environment,
        )

    def notices(self) -> list[str]:
        """What an author was told."""
        return [event.text for event in self.events if isinstance(event, Notice)]


class Blog(World):
    """A blog on the disk. Its kernel reports of a post's folder what `sees` says."""

    def __init__(self, write_blog: WriteBlog, files: dict[str, str | bytes]) -> None:
        super().__init__(write_blog(files))
        self._write = write_blog
        self.config = replace(read_config(self.root), cache=Path("cache"), jobs=2)
        self.sees: dict[str, dict[str, object]] = {}

    def run(self, post: Post, device: str) -> tuple[Results, Trace]:
        results, _ = super().run(post, device)
        seen = self.sees.get(post.source.folder, {})
        report = json.dumps({"interpreter": self.interpreter, "files": [], **seen})
        trace = read_report(report, self.root, post, self.environment(post.meta.kernel))
        return results, replace(trace, device=device_of(post, device))

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files of the blog; its settings stay."""
        settings = (self.root / "pyproject.toml").read_text(encoding="utf-8")
        self._write({"pyproject.toml": settings, **files})

    def posts(self, folder: str = "") -> list[Post]:
        """The posts as they lie on the disk now; of one folder, or all."""
        found = read_posts(self.config)
        return [post for post in found if folder in ("", post.source.folder)]

    def build(self) -> list[str]:
        """The folders of the posts whose code ran."""
        self.ran.clear()
        self.execute(*self.posts())
        assert self.errors == []
        return sorted(path.split("/")[1] for path in self.ran)

    def reasons(self) -> dict[str, tuple[str, ...]]:
        """Why posts would run now, by folder."""
        found = [(post.source.folder, self.why(post)) for post in self.posts()]
        return {folder: reasons for folder, reasons in found if reasons is not None}

    def command(self, patch: pytest.MonkeyPatch, *arguments: str) -> Result:
        """What a command of `inkcell` prints and how it ends, with this kernel."""
        ways: Any = {"run": self.run, "environment": self.environment}
        patch.setattr(pipeline, "execute", partial(engine.execute, **ways))
        patch.setattr(freezing, "freeze_results", partial(engine.freeze, **ways))
        patch.setattr(engine, "look", partial(LOOK, environment=self.environment))
        return CliRunner().invoke(main, ["--root", str(self.root), *arguments])


LOOK = engine.look
