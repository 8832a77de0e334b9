"""`inkcell freeze`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .help_pages import Command
from .messages import counted, exit_on_error, print_errors, shown_path
from .parameters import CLUSTER, JOBS, cluster_address, complete_posts, folder_names


@click.command(cls=Command)
@click.argument("posts", metavar="POST...", nargs=-1, required=True, shell_complete=complete_posts)
@click.option("--refresh", is_flag=True, help="Run the code even if kept results fit it.")
@JOBS
@CLUSTER
@click.pass_obj
def freeze(
    root: Path, posts: tuple[str, ...], refresh: bool, jobs: int | None, cluster: str | None
) -> None:
    """Store the results of posts beside them, for git.

    They lie in posts/<slug>/frozen.json. Builds use frozen results as long as the code is what it
    was, on whatever machine. So a post that needs a GPU is run and frozen where there is one, and
    published everywhere.
    """
    from msgspec.structs import replace

    from ..config import read_config
    from ..freezing import freeze as freeze_posts
    from ..reading import read_posts
    from .progress_display import ProgressDisplay

    with exit_on_error("no file was written"):
        config = replace(read_config(root, drafts=True), cluster=cluster_address(cluster))
        chosen = read_posts(config, folder_names(posts))
        config = replace(
            config,
            jobs=jobs or config.jobs,
            refresh=folder_names(posts if refresh else ()),
        )
        with ProgressDisplay() as display:
            written, errors = freeze_posts(config, chosen, display.report)
    for path in written:
        click.echo(shown_path(path, root))
    if errors:
        print_errors(errors, f"{counted(len(written), 'file')} written")
        sys.exit(1)
