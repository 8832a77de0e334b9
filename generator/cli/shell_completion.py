"""`inkcell completion`."""

from __future__ import annotations

import click

from .help_pages import Command


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes command lines in a shell.

    It knows commands, options and names of posts.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "inkcell", "_INKCELL_COMPLETE").source())
