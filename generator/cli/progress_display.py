"""Which posts run, and for how long, while they do (rich)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ..progress import Event


class ProgressDisplay:
    """Shows which posts run and for how long: a live line each on a terminal, else plain lines."""

    def __init__(self) -> None:
        import threading

        self.ran = 0
        self.reused = 0
        self.notices: list[str] = []
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> ProgressDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()

    def report(self, event: Event) -> None:
        """Show an event. Called from the threads that wait for kernels."""
        with self._lock:
            self._show(event)

    def _show(self, event: Event) -> None:
        from ..progress import Finished, Notice, Reused, Started

        match event:
            case Started(post, reasons):
                self._say(f"running {post}" + (f" ({_first_reason(reasons)})" if reasons else ""))
                self._tasks[post] = self._live().add_task(post, total=None)
            case Finished(post, seconds, failed):
                if post in self._tasks:
                    self._live().remove_task(self._tasks.pop(post))
                self.ran += not failed
                self._say(f"{'failed' if failed else 'done'}    {post} in {seconds:.1f} s")
            case Reused():
                self.reused += 1
            case Notice(text, post):
                self.notices.append((f"{post}: " if post else "") + text)
                self._say(f"note: {self.notices[-1]}")

    def _live(self) -> Progress:
        """The lines that move, from the first post on that runs."""
        if self._progress is None:
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            console = Console(stderr=True)
            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                console=console,
                transient=True,
                disable=not console.is_terminal,
            )
            self._progress.start()
        return self._progress

    def _say(self, text: str) -> None:
        if self._progress is None:
            click.echo(text, err=True)
        else:
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _first_reason(reasons: tuple[str, ...]) -> str:
    more = len(reasons) - 1
    return reasons[0] + (f", and {more} more" if more else "")
