"""`inkcell serve`."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click

from ..errors import InkcellError, flatten
from .help_pages import Command
from .messages import counted, exit_on_error, format_error, shown_path

if TYPE_CHECKING:
    from ..live import Live
    from ..model import Config
    from ..serve import Preview


@click.command(cls=Command)
@click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port of this machine; 0 takes any that is free.",
)
@click.option(
    "--drafts/--no-drafts",
    default=True,
    show_default=True,
    help="Show posts marked `draft: true`.",
)
@click.pass_obj
def serve(root: Path, port: int, drafts: bool) -> None:
    """Show the site on this machine while you write.

    It is at http://127.0.0.1:8000/. Every change of a post, the theme or the settings is on the
    page at once, where you were reading. Code runs in the background, from the first changed cell
    on; errors are shown on the page until they are mended, and keep back only the post that has
    them. Nothing is written to the site's folder, and what you see of code that changed is a
    preview: `inkcell build` runs it from its beginning. Posts whose date is still to come are
    shown, too.
    """
    import signal
    import threading
    from functools import partial

    from ..live import Live
    from ..serve import Preview, UsedFiles, make_server, watch_files

    with exit_on_error("the preview has ended"):
        config = _preview_config(root, drafts, port)
        # An interrupt may come while it is waited for, or told: no lock is left taken by that.
        changes: SimpleQueue[None] = SimpleQueue()
        changed, stop = partial(changes.put, None), threading.Event()
        live = Live(config, changed, lambda event: None)
        preview = Preview(config.base, live.output)
        try:
            server = make_server(preview, port)
        except OSError as error:
            live.close()
            taken = "is another `inkcell serve` running? give another with --port"
            low = "those below 1024 are the administrator's; give another with --port"
            raise InkcellError(f"port {port} cannot be used: {error.strerror}").at(
                hint=low if isinstance(error, PermissionError) else taken
            ) from None
        port = server.server_address[1]
        folders = (config.posts, config.pages, "templates", "static", "pyproject.toml")
        watched = [root / folder for folder in folders]
        output = root / config.output
        used = UsedFiles(root, watched)
        threads = [
            threading.Thread(target=server.serve_forever, daemon=True),
            threading.Thread(target=watch_files, args=(watched, output, stop, changed)),
            threading.Thread(target=used.watch, args=(output, stop, changed)),
        ]
        for thread in threads:
            thread.start()
        interrupted = False

        def end(number: int, frame: object) -> None:
            nonlocal interrupted
            interrupted = True
            raise KeyboardInterrupt

        def show() -> None:
            _preview_once(live, preview, root, drafts, port)
            used.tell(live.used)
            # The page is shown. Of itself Python would look so seldom (see `main`) that each
            # build left a tenth of a megabyte.
            gc.collect()

        try:
            click.echo(f"http://127.0.0.1:{port}{config.base}/  (Ctrl-C ends it)")
            # Also where a shell started it in the background, which would ignore the first.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, end)
            # Its terminal is closed; `nohup` would have it go on.
            hangup = getattr(signal, "SIGHUP", None)
            if hangup and signal.getsignal(hangup) != signal.SIG_IGN:
                signal.signal(hangup, end)
            changed()
            _show_changes(changes, show, lambda: interrupted)
            raise KeyboardInterrupt
        finally:
            stop.set()
            preview.close()
            live.close()
            server.shutdown()


def _show_changes(
    changes: SimpleQueue[None], show: Callable[[], None], is_interrupted: Callable[[], bool]
) -> None:
    """Show the site whenever something has changed, until an interrupt comes.

    What is raised at the end of a `while` passes by every `except` and `finally` of the function
    that it stands in (CPython's issues 108214 and 130279): so it has one of its own.
    """
    # What is raised while something is finalized, or imported, may be lost.
    while not is_interrupted():
        changes.get()
        while not changes.empty():
            changes.get()
        show()


def _preview_config(root: Path, drafts: bool, port: int) -> Config:
    from msgspec.structs import replace

    from ..config import read_config

    config = read_config(root, drafts=drafts)
    return replace(config, url=f"http://127.0.0.1:{port}{config.base}")


def _preview_once(live: Live, preview: Preview, root: Path, drafts: bool, port: int) -> None:
    started = time.monotonic()
    try:
        try:
            config = _preview_config(root, drafts, port)
            shown = live.build(config)
        except OSError as error:
            # A file has gone while it was read, the disk is full: the next change may mend it.
            raise InkcellError(f"{error.strerror or error}").at(
                file=error.filename and shown_path(Path(error.filename), root),
                hint="look at its permissions and at the disk's space, and save something again",
            ) from None
    except InkcellError as error:
        preview.show(None, _told(flatten(error)), live.running)
    else:
        if config.base != preview.base:
            click.echo(f"now at {config.url}/")
        preview.show(shown.files, _told(shown.errors), live.running, config.base)
        count = len(live.running)
        running = f"; the code of {counted(count, 'post')} runs" if count else ""
        click.echo(f"built in {time.monotonic() - started:.2f} s{running}")


def _told(errors: Iterable[InkcellError]) -> list[str]:
    """Print errors; return them as the page has them."""
    texts = [format_error(error) for error in errors]
    for text in texts:
        click.echo(text + "\n", err=True)
    return [click.unstyle(text) for text in texts]
