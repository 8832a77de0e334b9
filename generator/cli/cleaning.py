"""`inkcell clean`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from .help_pages import Command
from .messages import counted, exit_on_error, shown_path
from .parameters import OUTPUT, from_here


@click.command(cls=Command)
@click.option("--cache", is_flag=True, help="Remove the kept results too: all code runs again.")
@OUTPUT
@click.pass_obj
def clean(root: Path, cache: bool, output: Path | None) -> None:
    """Remove the files that builds wrote, and nothing else."""
    import shutil

    from ..config import read_config
    from ..entries import ENTRIES
    from ..last_build import FOLDER, MANIFEST, forget, read_record
    from ..live import PREVIEW
    from ..write import clean as remove_site

    with exit_on_error("not everything was removed"):
        config = read_config(root)
        folder = root / (from_here(output) or config.output)
        record = read_record(str(root))
        last = root / record["output"] if record else folder
        forget(str(root))
        removed = remove_site(folder)
        if cache:
            for kept in (config.cache, f"{FOLDER}/{ENTRIES}", PREVIEW):
                with suppress(FileNotFoundError):
                    shutil.rmtree(root / kept)
            with suppress(ImportError):  # On Windows there are none.
                from ..shelf import remove_left

                remove_left(root / FOLDER)
    click.echo(f"{shown_path(folder, root)}: {counted(len(removed), 'file')} removed")
    if not removed and (last / MANIFEST).is_file():
        click.echo(f"note: the last build wrote {last}; give that to --output", err=True)
