"""Arguments in, messages and exit status out. The only part of the package that prints and exits.

A command's module is imported when that command is asked for, and imports what it needs when it
runs: a build that changes nothing needs little.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import click

from .. import __version__
from .folders import Folder
from .help_pages import Group

ENTRY_POINTS = {
    "init": ".starting:init",
    "new": ".starting:new",
    "import": ".importing:import_blog",
    "list": ".listing:list_posts",
    "why": ".listing:why",
    "build": ".building:build",
    "serve": ".previewing:serve",
    "clean": ".cleaning:clean",
    "freeze": ".freezing:freeze",
    "check": ".checking:check",
    "completion": ".shell_completion:completion",
}
"""Each command's module and function, written as in a package's own entry points."""

ROOT = Folder(exists=True, file_okay=False, path_type=Path)


class LazyCommands(Mapping[str, click.Command]):
    """Commands by their names; the module of one is imported when it is looked up."""

    def __init__(self, entry_points: Mapping[str, str]) -> None:
        self._entry_points = entry_points

    def __getitem__(self, name: str) -> click.Command:
        """The command; a KeyError if there is none of that name."""
        module, function = self._entry_points[name].split(":")
        command: click.Command = getattr(import_module(module, __package__), function)
        return command

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._entry_points)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._entry_points)


@click.group(
    cls=Group,
    commands=LazyCommands(ENTRY_POINTS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--root", "-C", type=ROOT, default=Path(), help="The blog's folder (default: here).")
@click.version_option(__version__, prog_name="inkcell")
@click.pass_context
def main(context: click.Context, root: Path) -> None:
    """Inkcell: a static blog whose posts are notebooks that really run."""
    # A build of 150 posts leaves some 6,000 objects to the garbage collector. At Python's own pace
    # it would look for them again and again, for a fifteenth of a short build's time.
    gc.set_threshold(500_000)
    # The memory of a process that ends is free anyway. Python would first look through all objects
    # for circles, for a tenth of the time in which a build changes one page.
    atexit.register(gc.freeze)
    context.obj = root.resolve()
