"""Folders that a command line names."""

from __future__ import annotations

import os

import click


class Folder(click.Path):
    """A folder's path.

    Its `~` is read also where no shell has done so: in `--root=~/blog`, and in what is completed.
    """

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """The path; an empty name, as of a variable that is not set, is a mistake."""
        if not os.fspath(value):
            self.fail("The name is empty; the current folder is `.`.", param, ctx)
        # A Path would refuse `~name` of a user who is none, which may be a folder's name.
        expanded = os.path.expanduser(value)  # noqa: PTH111
        return super().convert(expanded, param, ctx)
