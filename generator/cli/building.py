"""`inkcell build`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from .folders import Folder
from .help_pages import Command
from .messages import counted, exit_on_error, print_json, shown_path
from .parameters import (
    AS_JSON,
    CLUSTER,
    JOBS,
    OUTPUT,
    cluster_address,
    complete_posts,
    folder_names,
    from_here,
)

if TYPE_CHECKING:
    from ..last_build import SameBuild


@click.command(cls=Command)
@click.option("--posts", type=Folder(path_type=Path), help="Folder of the posts (default: posts).")
@OUTPUT
@click.option("--drafts", is_flag=True, help="Publish posts marked `draft: true` too.")
@click.option("--future", is_flag=True, help="Publish posts whose date is still to come too.")
@click.option("--base-url", metavar="URL", help="Where the site will live; beats `url`.")
@JOBS
@click.option("--timeout", type=click.IntRange(min=1), help="Seconds a cell may take.")
@click.option("--no-cache", is_flag=True, help="Use no kept results: all runs that is not frozen.")
@click.option(
    "--refresh",
    metavar="POST",
    multiple=True,
    shell_complete=complete_posts,
    help="Run the code of this post; may be repeated.",
)
@click.option("--no-execute", is_flag=True, help="Run nothing: kept and frozen results only.")
@click.option(
    "--allow-stale", is_flag=True, help="Publish frozen results that the code has outrun."
)
@CLUSTER
@AS_JSON
@click.pass_obj
def build(
    root: Path,
    posts: Path | None,
    output: Path | None,
    drafts: bool,
    future: bool,
    base_url: str | None,
    jobs: int | None,
    timeout: int | None,
    no_cache: bool,
    refresh: tuple[str, ...],
    no_execute: bool,
    allow_stale: bool,
    cluster: str | None,
    as_json: bool,
) -> None:
    """Run the posts, render them and write the finished site.

    Code runs only if it, or something it was seen to use, has changed since its results were
    kept. If anything is wrong, everything that is wrong is printed, and the site stays as it was.
    """
    from ..last_build import compare, forget, same_build

    started, now = time.monotonic(), time.time_ns()
    comparison = None
    with exit_on_error(as_json=as_json):
        _refuse_inputs(root, from_here(posts), from_here(output))
        if no_cache or refresh:
            forget(str(root))
        else:
            given = click.get_current_context().params
            # How the outcome is told changes nothing in the site.
            options = {name: _comparable(given[name]) for name in given if name != "as_json"}
            comparison = compare(str(root), options, str(from_here(posts) or "posts"), moment=now)
            if same := same_build(comparison):
                _print_same(same, root, started, as_json)
                return

        from datetime import UTC, datetime

        from msgspec.structs import replace

        from ..config import read_config
        from ..kept import Kept
        from ..last_build import seconds
        from ..pipeline import publish, rebuild
        from .progress_display import ProgressDisplay

        config = read_config(root, url=base_url, drafts=drafts)
        config = replace(
            config,
            execute=replace(config.execute, timeout=timeout or config.execute.timeout),
            until=None if future else datetime.fromtimestamp(seconds(now), UTC),
            use_cache=not no_cache,
            jobs=jobs or config.jobs,
            refresh=folder_names(refresh),
            run_code=not no_execute,
            allow_stale=allow_stale,
            cluster=cluster_address(cluster),
            posts=from_here(posts) or config.posts,
            output=from_here(output) or config.output,
        )
        kept = Kept(root, comparison)
        with ProgressDisplay() as display:
            built = rebuild(config, kept, display.report)
        changes = publish(built, config, kept)
    summary = _summary(
        started,
        shown_path(root / config.output, root),
        built.site.paths,
        written=len(changes.written),
        removed=len(changes.removed),
        ran=display.ran,
        reused=display.reused,
        notices=display.notices,
    )
    _print_summary(summary, as_json)


def _refuse_inputs(root: Path, posts: Path | None, output: Path | None) -> None:
    """Refuse to write a site among what builds read, which would take it for posts or files.

    Raises:
        WriteError: the output folder is one of those, or lies in one.
    """
    from os.path import realpath

    from ..errors import WriteError
    from ..inputs import PAGES, STATIC
    from ..last_build import FOLDER

    site = Path(realpath(output or root / "site"))
    inputs = (root / name for name in (PAGES, "templates", STATIC, FOLDER))
    for folder in (posts or root / "posts", *inputs):
        # A link that leads round in a circle is no folder, and nothing is wrong with it here.
        if site.is_relative_to(realpath(folder)):
            read = shown_path(folder, root)
            raise WriteError(f"builds read `{read}`, and cannot write the site into it").at(
                file=shown_path(site, root), hint="give --output a folder of its own"
            )


def _comparable(value: object) -> object:
    """An option's value as JSON keeps it, whatever the current folder is when it is compared."""
    if isinstance(value, Path):
        return str(from_here(value))
    return [*value] if isinstance(value, tuple) else value


class Summary(TypedDict):
    """What a build says at its end."""

    output: str
    pages: int
    files: int
    written: int
    removed: int
    ran: int
    """Posts whose code ran."""
    reused: int
    """Posts whose results were taken from the cache."""
    seconds: float
    notices: list[str]


def _summary(
    started: float,
    output: str,
    paths: Sequence[str],
    *,
    written: int = 0,
    removed: int = 0,
    ran: int = 0,
    reused: int,
    notices: Iterable[str],
) -> Summary:
    return {
        "output": output,
        "pages": sum(path.endswith(".html") for path in paths),
        "files": len(paths),
        "written": written,
        "removed": removed,
        "ran": ran,
        "reused": reused,
        "seconds": round(time.monotonic() - started, 3),
        "notices": [*notices],
    }


def _print_same(same: SameBuild, root: Path, started: float, as_json: bool) -> None:
    """What a build says that has nothing to do: its author is told again what needs attention."""
    for notice in same.notices:
        click.echo(f"note: {notice}", err=True)
    output = shown_path(root / same.output, root)
    summary = _summary(started, output, same.paths, reused=same.reused, notices=same.notices)
    _print_summary(summary, as_json)


def _print_summary(summary: Summary, as_json: bool) -> None:
    if as_json:
        print_json(dict(summary))
        return
    click.echo(
        "{output}: {pages} pages, {files} files, {written} written, {removed} removed; "
        "{posts} run, {reused} from the cache; {seconds:.1f} s".format(
            **summary, posts=counted(summary["ran"], "post")
        )
    )
