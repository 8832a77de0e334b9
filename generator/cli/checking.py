"""`inkcell check`: of the finished site, or of kernels."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import InkcellError, plain
from .help_pages import Command
from .messages import counted, exit_on_error, format_error, print_json
from .parameters import complete_posts, folder_names

if TYPE_CHECKING:
    from ..check.finding import Finding


@click.command(cls=Command)
@click.argument("posts", metavar="[POST]...", nargs=-1, shell_complete=complete_posts)
@click.option("--external", is_flag=True, help="Ask the servers of links out of the site, too.")
@click.option("--accept", is_flag=True, help="Note published posts' feed ids in feed-ids.json.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--cold",
    is_flag=True,
    help="Instead of the site: run posts in warm kernels and in cold ones, and compare.",
)
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="With --cold: posts to run at once.")
@click.pass_obj
def check(
    root: Path,
    posts: tuple[str, ...],
    external: bool,
    accept: bool,
    as_json: bool,
    cold: bool,
    jobs: int | None,
) -> None:
    """Check the finished site and the posts.

    Looked for are links and fragments that lead nowhere, pictures without words or size, mistakes
    in the HTML, heavy pages, notes that were left in the text, keys and paths that nobody should
    read, and feed ids that have changed. Errors make the exit status 1, warnings do not.

    With --cold every post runs twice, in a kernel forked from a warm parent and in one that
    imports everything itself, and the outputs are compared; all posts, or those named. Results
    that differ mean that the code depends on chance or time, or that its post should say
    `execute: {warm: false}`.
    """
    if cold:
        if external or accept or as_json:
            raise click.UsageError("--cold looks at kernels, and takes none of the other options")
        _check_kernels(root, posts, jobs)
    elif posts or jobs:
        raise click.UsageError("POST and --jobs go with --cold: without it the site is checked")
    else:
        _check_site(root, external, accept, as_json)


def _check_site(root: Path, external: bool, accept: bool, as_json: bool) -> None:
    from datetime import UTC, datetime

    from msgspec.structs import replace

    from ..checking import check_site
    from ..config import read_config

    started = time.monotonic()
    with exit_on_error("nothing was checked", as_json, ["warnings"]):
        config = replace(read_config(root), until=datetime.now(UTC))
        checked = check_site(config, external=external, accept=accept)
    found = [(finding.severity, _as_error(finding)) for finding in checked.findings]
    errors = [*checked.errors, *(error for severity, error in found if severity == "error")]
    warnings = [error for severity, error in found if severity == "warning"]
    if as_json:
        print_json({"pages": checked.pages, "warnings": [*map(plain, warnings)]}, errors)
    else:
        for error in checked.errors:
            click.echo(format_error(error) + "\n", err=True)
        for severity, error in found:
            click.echo(format_error(error, severity) + "\n", err=True)
        counts = f"{counted(len(errors), 'error')}, {counted(len(warnings), 'warning')}"
        seconds = f"{time.monotonic() - started:.1f} s"
        click.echo(f"{counted(checked.pages, 'page')}: {counts}; {seconds}")
    if errors:
        sys.exit(1)


def _as_error(finding: Finding) -> InkcellError:
    """A finding in the form in which all commands tell what is wrong, warnings too."""
    return InkcellError(finding.message).at(
        file=finding.file,
        line=finding.line,
        cell=finding.cell,
        text=finding.text or None,
        hint=finding.hint or None,
    )


def _check_kernels(root: Path, posts: tuple[str, ...], jobs: int | None) -> None:
    from msgspec.structs import replace

    from ..comparing import compare_kernels
    from ..config import read_config
    from ..reading import read_posts
    from .progress_display import ProgressDisplay

    with exit_on_error():
        config = read_config(root, drafts=True)
        config = replace(config, jobs=jobs or config.jobs)
        chosen = read_posts(config, folder_names(posts))
        with ProgressDisplay() as display:
            compared = compare_kernels(config, chosen, display.report)
    click.echo(f"{counted(compared, 'post')}: warm and cold kernels agree")
