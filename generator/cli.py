"""Arguments in, messages and exit status out. The only module that prints and exits.

Each command imports what it needs when it runs: a build that changes nothing needs little.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .errors import InkcellError, flatten

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from .progress import Event

ROOT = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--root", "-C", type=ROOT, default=Path(), help="The blog's folder (default: here).")
@click.version_option(__version__, prog_name="inkcell")
@click.pass_context
def main(context: click.Context, root: Path) -> None:
    """Inkcell: a static blog whose posts are notebooks that really run."""
    context.obj = root.resolve()


@main.command()
@click.option("--posts", type=click.Path(path_type=Path), help="Folder of the posts.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder of the site.")
@click.option("--drafts", is_flag=True, help="Publish posts marked `draft: true` too.")
@click.option("--base-url", metavar="URL", help="Where the site will live; beats `url`.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Posts to run at once.")
@click.option("--timeout", type=click.IntRange(min=1), help="Seconds a cell may take.")
@click.option("--no-cache", is_flag=True, help="Run all code, whatever results are kept.")
@click.pass_obj
def build(
    root: Path,
    posts: Path | None,
    output: Path | None,
    drafts: bool,
    base_url: str | None,
    jobs: int | None,
    timeout: int | None,
    no_cache: bool,
) -> None:
    """Run the posts, render them and write the finished site.

    Code runs only if it, or something it was seen to use, has changed since its results were
    kept. If anything is wrong, everything that is wrong is printed, and the site stays as it was.
    """
    from .last_build import compare, forget, same_build

    started = time.monotonic()
    comparison = None
    if no_cache:
        forget(str(root))
    else:
        options = _plain(click.get_current_context().params)
        comparison = compare(str(root), options, str(_from_here(posts) or "posts"))
        if same := same_build(comparison):
            for notice in same.notices:
                click.echo(f"note: {notice}", err=True)
            output = root / same.output
            click.echo(_summary(output, root, same.paths, 0, 0, 0, same.reused, started))
            return
    with _exit_on_error():
        import logging
        from dataclasses import replace

        from .config import read_config
        from .kept import Kept
        from .pipeline import publish, rebuild

        # What nbclient logs of a failing kernel is said by our own errors.
        logging.getLogger("traitlets").setLevel(logging.CRITICAL)
        config = read_config(root, url=base_url, drafts=drafts)
        execute = replace(
            config.execute,
            timeout=timeout or config.execute.timeout,
            cache=config.execute.cache and not no_cache,
        )
        config = replace(
            config,
            execute=execute,
            jobs=jobs or config.jobs,
            posts=_from_here(posts) or config.posts,
            output=_from_here(output) or config.output,
        )
        kept = Kept(root, comparison)
        with _Watcher() as watcher:
            built = rebuild(config, kept, watcher.report)
        changes = publish(built, config, kept)
    written, removed = len(changes.written), len(changes.removed)
    paths = [*built.site.files, *built.site.kept]
    folder = root / config.output
    click.echo(
        _summary(folder, root, paths, written, removed, watcher.ran, watcher.reused, started)
    )


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """A command's options as they can be compared later, whatever the current folder is then."""
    return {
        name: str(_from_here(value))
        if isinstance(value, Path)
        else [*value]
        if isinstance(value, tuple)
        else value
        for name, value in options.items()
    }


def _summary(
    folder: Path,
    root: Path,
    paths: Sequence[str],
    written: int,
    removed: int,
    ran: int,
    reused: int,
    started: float,
) -> str:
    """What a build says at its end."""
    pages = sum(path.endswith(".html") for path in paths)
    return (
        f"{_name(folder, root)}: {pages} pages, {len(paths)} files, "
        f"{written} written, {removed} removed; "
        f"{_count(ran, 'post')} run, {reused} from the cache; "
        f"{time.monotonic() - started:.1f} s"
    )


@main.command()
@click.argument("post", required=False)
@click.pass_obj
def why(root: Path, post: str | None) -> None:
    """Say which posts would run their code now, and why.

    POST is a post's folder name; without it, all posts are named.
    """
    from .config import read_config
    from .execute import why as reasons_of
    from .pipeline import read_posts

    with _exit_on_error():
        config = read_config(root)
        posts = [p for p in read_posts(config) if post in (None, p.source.folder)]
        if not posts:
            raise InkcellError(f"there is no post `{post}`").at(hint="name its folder below posts/")
        for item in posts:
            reasons = reasons_of(item, root=config.root, cache=config.root / config.cache)
            if reasons is None:
                click.echo(f"{item.source.path}: unchanged, would not run")
            else:
                click.echo(f"{item.source.path}: would run")
                for reason in reasons:
                    click.echo(f"  {reason}")


@main.command()
@click.argument("title")
@click.option("--lang", help="Language of the post (default: the blog's).")
@click.option("--category", default="notes", show_default=True, help="The post's one category.")
@click.option("--slug", help="Name of the post's folder (default: made from the title).")
@click.option("--notebook", is_flag=True, help="Write an .ipynb instead of a text notebook.")
@click.pass_obj
def new(
    root: Path, title: str, lang: str | None, category: str, slug: str | None, notebook: bool
) -> None:
    """Begin a post: posts/<slug>/index.<lang>.md with its front matter and a first cell."""
    from datetime import datetime

    from .addresses import slug as slug_of
    from .config import read_config
    from .new_post import new_post

    with _exit_on_error():
        config = read_config(root)
        language = lang or config.language
        if language not in config.languages:
            raise InkcellError(f"the blog has no language `{language}`").at(
                hint="its languages are " + ", ".join(config.languages)
            )
        folder = root / config.posts / (slug or slug_of(title) or "post")
        today = datetime.now(config.timezone).date()
        name, text = new_post(title, category, today, language, notebook)
        path = folder / name
        if any(folder.glob(f"index.{language}.*")):
            raise InkcellError(f"{_name(folder, root)} already holds this post").at(
                hint="give another --slug"
            )
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    click.echo(_name(path, root))


@main.command()
@click.option("--cache", is_flag=True, help="Remove the kept results too: all code runs again.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder of the site.")
@click.pass_obj
def clean(root: Path, cache: bool, output: Path | None) -> None:
    """Remove the files that builds wrote, and nothing else."""
    import shutil

    from .config import read_config
    from .kept import ENTRIES
    from .last_build import forget
    from .write import clean as remove_site

    with _exit_on_error():
        config = read_config(root)
        folder = root / (_from_here(output) or config.output)
        removed = remove_site(folder)
        forget(str(root))
        if cache:
            shutil.rmtree(root / config.cache, ignore_errors=True)
            shutil.rmtree(root / ENTRIES, ignore_errors=True)
    click.echo(f"{_name(folder, root)}: {_count(len(removed), 'file')} removed")


# --- messages ---------------------------------------------------------------------------------


@contextmanager
def _exit_on_error() -> Iterator[None]:
    try:
        yield
    except InkcellError as error:
        errors = flatten(error)
        for single in errors:
            click.echo(format_error(single) + "\n", err=True)
        click.echo(f"{_count(len(errors), 'error')}; the site is as it was.", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("\nInterrupted; the site is as it was.", err=True)
        sys.exit(130)


def format_error(error: InkcellError) -> str:
    """An error as compilers print one: place, message, the offending line, what to do."""
    place = ":".join(str(part) for part in (error.file, error.line) if part is not None)
    cell = f" (cell {error.cell})" if error.cell is not None else ""
    head = click.style("error", fg="red", bold=True) + f": {error}"
    lines = [(click.style(place, bold=True) + cell + ": " if place else "") + head]
    if error.text:
        lines += ["    " + text for text in error.text.split("\n")[:3]]
        if error.column and "\n" not in error.text:
            lines.append("    " + " " * _width(error.text[: error.column - 1]) + "^")
    if error.detail:
        lines += ["  " + click.style("| " + line, dim=True) for line in error.detail.split("\n")]
    if error.hint:
        lines.append(click.style("  hint", fg="cyan") + f": {error.hint}")
    return "\n".join(lines)


def _width(text: str) -> int:
    """Columns that a text takes in a terminal: Hangul takes two (UAX 11)."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _name(path: Path, root: Path) -> str:
    path = path.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _from_here(path: Path | None) -> Path | None:
    """A path of the command line is read from the current folder, not from the blog's."""
    return path.resolve() if path else None


class _Watcher:
    """Shows which posts run and for how long: a live line each on a terminal, else plain lines."""

    def __init__(self) -> None:
        import threading

        self.ran = 0
        self.reused = 0
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()

    def report(self, event: Event) -> None:
        """Show an event. Called from the threads that wait for kernels."""
        with self._lock:
            self._show(event)

    def _show(self, event: Event) -> None:
        from .progress import Finished, Notice, Reused, Started

        match event:
            case Started(post, reasons):
                self._say(f"running {post}" + (f" ({_first(reasons)})" if reasons else ""))
                self._tasks[post] = self._live().add_task(post, total=None)
            case Finished(post, seconds, failed):
                if post in self._tasks:
                    self._live().remove_task(self._tasks.pop(post))
                self.ran += not failed
                self._say(f"{'failed' if failed else 'done'}    {post} in {seconds:.1f} s")
            case Reused():
                self.reused += 1
            case Notice(text, post):
                self._say("note: " + (f"{post}: " if post else "") + text)

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


def _first(reasons: tuple[str, ...]) -> str:
    more = len(reasons) - 1
    return reasons[0] + (f", and {more} more" if more else "")
