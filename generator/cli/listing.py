"""`inkcell list` and `inkcell why`: the posts, and what would become of their code. None runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

import click

from .help_pages import Command
from .messages import counted, exit_on_error, print_errors, print_json
from .parameters import AS_JSON, complete_posts, folder_names

if TYPE_CHECKING:
    from ..execute.decision import Decision
    from ..inventory import Row, State
    from ..model import Post


@click.command("list", cls=Command)
@AS_JSON
@click.pass_obj
def list_posts(root: Path, as_json: bool) -> None:
    """List the posts, newest first.

    Each has its date, languages, folder, category and title. Drafts and posts that wait for their
    date are marked, and so is what a build would do with the code: nothing (`kept`, `frozen`), run
    it, or fail. No code runs.
    """
    from datetime import UTC, datetime

    from msgspec.structs import replace

    from ..config import read_config
    from ..execute import look
    from ..execute.key import executed_cells
    from ..inventory import Code, Version, rows
    from ..published import state
    from ..reading import readable_posts, traced_root

    def code_of(post: Post) -> Code:
        if not post.meta.execute.enabled or not executed_cells(post):
            return "none"
        decision = look(post, config, root=traced_root(config))
        if decision.error:
            return "would fail"
        if decision.results is None:
            return "would run"
        return "frozen" if decision.results.frozen else "kept"

    with exit_on_error("no post can be listed", as_json, ["posts"]):
        config = replace(read_config(root), until=datetime.now(UTC))
        posts, errors = readable_posts(config)
        versions = [Version(post, state(post, config), code_of(post)) for post in posts]
        found = rows(versions, config.languages)
    if as_json:
        print_json({"posts": [row.plain() for row in found]}, errors)
    else:
        _print_table(found)
        print_errors(errors, f"{counted(len(found), 'post')} can be read")
    if errors:
        sys.exit(1)


def _print_table(found: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("date", "", "post", "category", "title", "state", "code"):
        table.add_column(title, no_wrap=title != "title")
    for row in found:
        meta = row.first.meta
        languages = " ".join(version.post.meta.language for version in row.versions)
        table.add_row(
            f"{meta.date:%Y-%m-%d}",
            *map(Text, (languages, row.first.source.folder, meta.category)),
            Text(" ".join(meta.title.split())),
            *map(Text, (row.words("state"), row.words("code").replace("none", "-"))),
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        # What another program reads has one line a post, however long.
        console.width = console.measure(table, options=console.options.update(width=10_000)).maximum
    console.print(table)


@click.command(cls=Command)
@click.argument("post", metavar="[POST]", required=False, shell_complete=complete_posts)
@AS_JSON
@click.pass_obj
def why(root: Path, post: str | None, as_json: bool) -> None:
    """Say which posts would run their code now, and why.

    POST is a post's folder name; without it, all posts are named. Drafts and posts that wait for
    their date are marked: `inkcell build` leaves them out. No code runs.
    """
    from datetime import UTC, datetime

    from msgspec.structs import replace

    from ..config import read_config
    from ..execute import look
    from ..published import state
    from ..reading import readable_posts, traced_root

    outlooks = []
    with exit_on_error("nothing ran", as_json, ["posts"]):
        config = replace(read_config(root), until=datetime.now(UTC))
        posts, errors = readable_posts(config, folder_names((post,) if post else ()))
        for item in posts:
            decision = look(item, config, root=traced_root(config))
            outlooks.append(_outlook(item.source.path, state(item, config), decision))
            if not as_json:
                _print_outlook(outlooks[-1])
    if as_json:
        print_json({"posts": outlooks}, errors)
    else:
        print_errors(errors, "nothing ran")
    if errors:
        sys.exit(1)


class Outlook(TypedDict):
    """What a build would do with the code of a post, and why."""

    file: str
    state: State
    outcome: Literal["unchanged", "would run", "would fail"]
    frozen: bool
    reasons: list[str]


def _outlook(file: str, state: State, decision: Decision) -> Outlook:
    results, error = decision.results, decision.error
    return {
        "file": file,
        "state": state,
        "outcome": "would fail" if error else "would run" if results is None else "unchanged",
        "frozen": results is not None and results.frozen,
        "reasons": [*([str(error)] if error else []), *decision.reasons],
    }


def _print_outlook(outlook: Outlook) -> None:
    outcome: str = outlook["outcome"]
    if outcome == "unchanged":
        outcome += (", its frozen results fit" if outlook["frozen"] else "") + ", would not run"
    mark = "" if outlook["state"] == "published" else f" ({outlook['state']})"
    click.echo(f"{outlook['file']}{mark}: {outcome}")
    for reason in outlook["reasons"]:
        click.echo(f"  {reason}")
