"""Arguments in, messages and exit status out. The only part of the package that prints and exits.

Each command imports what it needs when it runs: a build that changes nothing needs little.
"""

from __future__ import annotations

from pathlib import Path

import click

from .. import __version__
from .building import build
from .checking import check
from .cleaning import clean
from .freezing import freeze
from .help_pages import Group
from .listing import list_posts, why
from .previewing import serve
from .shell_completion import completion
from .starting import init, new

ROOT = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--root", "-C", type=ROOT, default=Path(), help="The blog's folder (default: here).")
@click.version_option(__version__, prog_name="inkcell")
@click.pass_context
def main(context: click.Context, root: Path) -> None:
    """Inkcell: a static blog whose posts are notebooks that really run."""
    context.obj = root.resolve()


for command in (init, new, list_posts, build, serve, clean, why, freeze, check, completion):
    main.add_command(command)
