"""Arguments in, messages and exit status out. The only module that prints and exits.

Each command imports what it needs when it runs: a build that changes nothing needs little.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

from . import __version__
from .errors import BuildFailed, InkcellError, flatten, plain
from .help_pages import Group

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from .check.finding import Severity
    from .inventory import Row
    from .model import Config, Post
    from .pipeline import Live
    from .progress import Event
    from .serve import Preview

NEW_TITLES = {"ko": "제목", "en": "A title"}
"""What `init` shows as the title of a post that is about to begin."""

LONGEST_NAME = 200
"""Bytes of a post's slug: a name on a disk takes 255, and what is made of it has endings."""

AS_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for other programs, errors included."
)


def complete_posts(context: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The folders of posts whose names begin like that, but for those given already."""
    from .last_build import IGNORED_FOLDERS

    root = context.find_root().params.get("root") or Path()
    given = context.params.get(param.name or "") or ()
    try:
        folders = sorted(path.name for path in (root / "posts").iterdir() if path.is_dir())
    except OSError:
        return []
    return [
        name
        for name in folders
        if name.startswith(incomplete)
        and not name.startswith((".", "_"))
        and name not in IGNORED_FOLDERS
        and name not in given
    ]


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


@main.command()
@click.option("--posts", type=click.Path(path_type=Path), help="Folder of the posts.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder of the site.")
@click.option("--drafts", is_flag=True, help="Publish posts marked `draft: true` too.")
@click.option("--future", is_flag=True, help="Publish posts whose date is still to come too.")
@click.option("--base-url", metavar="URL", help="Where the site will live; beats `url`.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Posts to run at once.")
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
@click.option("--on", "cluster", metavar="dask://HOST:PORT", help="Run posts on a Dask cluster.")
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
    from .last_build import compare, forget, same_build

    started, now = time.monotonic(), time.time_ns()
    comparison = None
    if no_cache or refresh:
        forget(str(root))
    else:
        given = click.get_current_context().params
        # How the outcome is told changes nothing in the site.
        options = _plain({name: given[name] for name in given if name != "as_json"})
        comparison = compare(str(root), options, str(_from_here(posts) or "posts"), moment=now)
        if same := same_build(comparison):
            for notice in same.notices:
                click.echo(f"note: {notice}", err=True)
            folder = _name(root / same.output, root)
            summary = _summary(folder, same.paths, 0, 0, 0, same.reused, same.notices, started)
            _say_built(summary, as_json)
            return
    with _exit_on_error(as_json=as_json):
        import logging
        from dataclasses import replace
        from datetime import UTC, datetime

        from .config import read_config
        from .kept import Kept
        from .last_build import seconds
        from .pipeline import publish, rebuild

        # What nbclient logs of a failing kernel is said by our own errors.
        logging.getLogger("traitlets").setLevel(logging.CRITICAL)
        config = read_config(root, url=base_url, drafts=drafts)
        config = replace(
            config,
            execute=replace(config.execute, timeout=timeout or config.execute.timeout),
            until=None if future else datetime.fromtimestamp(seconds(now), UTC),
            use_cache=not no_cache,
            jobs=jobs or config.jobs,
            refresh=frozenset(refresh),
            run_code=not no_execute,
            allow_stale=allow_stale,
            cluster=_cluster(cluster),
            posts=_from_here(posts) or config.posts,
            output=_from_here(output) or config.output,
        )
        kept = Kept(root, comparison)
        with _Watcher() as watcher:
            built = rebuild(config, kept, watcher.report)
        changes = publish(built, config, kept)
    summary = _summary(
        _name(root / config.output, root),
        built.site.paths,
        len(changes.written),
        len(changes.removed),
        watcher.ran,
        watcher.reused,
        watcher.notices,
        started,
    )
    _say_built(summary, as_json)


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
    folder: str,
    paths: Sequence[str],
    written: int,
    removed: int,
    ran: int,
    reused: int,
    notices: Iterable[str],
    started: float,
) -> Summary:
    return {
        "output": folder,
        "pages": sum(path.endswith(".html") for path in paths),
        "files": len(paths),
        "written": written,
        "removed": removed,
        "ran": ran,
        "reused": reused,
        "seconds": round(time.monotonic() - started, 3),
        "notices": [*notices],
    }


def _say_built(summary: Summary, as_json: bool) -> None:
    if as_json:
        _say_json(dict(summary))
        return
    click.echo(
        "{output}: {pages} pages, {files} files, {written} written, {removed} removed; "
        "{posts} run, {reused} from the cache; {seconds:.1f} s".format(
            **summary, posts=_count(summary["ran"], "post")
        )
    )


@main.command()
@click.argument("post", metavar="[POST]", required=False, shell_complete=complete_posts)
@AS_JSON
@click.pass_obj
def why(root: Path, post: str | None, as_json: bool) -> None:
    """Say which posts would run their code now, and why.

    POST is a post's folder name; without it, all posts are named. No code runs.
    """
    from .config import read_config
    from .execute import look
    from .pipeline import read_posts, traced_root

    told: list[dict[str, object]] = []
    with _exit_on_error(as_json=as_json):
        config = read_config(root)
        for item in _chosen(read_posts(config), (post,) if post else ()):
            decision = look(item, config, root=traced_root(config))
            reasons = [str(reason) for reason in filter(None, [decision.error])]
            reasons += decision.reasons
            outcome = "unchanged" if decision.results is not None else "would run"
            outcome = "would fail" if decision.error else outcome
            frozen = decision.results is not None and decision.results.frozen
            told.append(
                {
                    "file": item.source.path,
                    "outcome": outcome,
                    "frozen": frozen,
                    "reasons": reasons,
                }
            )
            if as_json:
                continue
            if outcome == "unchanged":
                outcome += (", its frozen results fit" if frozen else "") + ", would not run"
            click.echo(f"{item.source.path}: {outcome}")
            for reason in reasons:
                click.echo(f"  {reason}")
    if as_json:
        _say_json({"posts": told})


@main.command("list")
@AS_JSON
@click.pass_obj
def list_posts(root: Path, as_json: bool) -> None:
    """List the posts, newest first: date, languages, folder, category, title.

    Drafts and posts that wait for their date are marked, and so is what a build would do with the
    code: nothing (`kept`, `frozen`), run it, or fail. No code runs.
    """
    from dataclasses import replace
    from datetime import UTC, datetime

    from .config import read_config
    from .execute import look
    from .execute.key import executed_cells
    from .inventory import Code, Version, rows
    from .pipeline import readable_posts, state, traced_root

    def code_of(post: Post) -> Code:
        if not post.meta.execute.enabled or not executed_cells(post):
            return "none"
        decision = look(post, config, root=traced_root(config))
        if decision.error:
            return "would fail"
        if decision.results is None:
            return "would run"
        return "frozen" if decision.results.frozen else "kept"

    with _exit_on_error("no post can be listed", as_json):
        config = replace(read_config(root), until=datetime.now(UTC))
        posts, errors = readable_posts(config)
        versions = [Version(post, state(post, config), code_of(post)) for post in posts]
        found = rows(versions, config.languages)
    if as_json:
        _say_json({"posts": [row.plain() for row in found]}, errors)
    else:
        _print_table(found)
        _say_errors(errors, f"{_count(len(found), 'post')} can be read")
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
            *map(Text, (languages, row.first.source.folder, meta.category, meta.title)),
            *map(Text, (row.words("state"), row.words("code").replace("none", "-"))),
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        # What another program reads has one line a post, however long.
        console.width = console.measure(table, options=console.options.update(width=10_000)).maximum
    console.print(table)


@main.command()
@click.argument("posts", metavar="POST...", nargs=-1, required=True, shell_complete=complete_posts)
@click.option("--refresh", is_flag=True, help="Run the code even if kept results fit it.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Posts to run at once.")
@click.option("--on", "cluster", metavar="dask://HOST:PORT", help="Run posts on a Dask cluster.")
@click.pass_obj
def freeze(
    root: Path, posts: tuple[str, ...], refresh: bool, jobs: int | None, cluster: str | None
) -> None:
    """Store the results of posts beside them, for git: posts/<slug>/frozen.json.

    Builds use frozen results as long as the code is what it was, on whatever machine. So a post
    that needs a GPU is run and frozen where there is one, and published everywhere.
    """
    from dataclasses import replace

    from .config import read_config
    from .pipeline import freeze as freeze_posts
    from .pipeline import read_posts

    with _exit_on_error():
        config = replace(read_config(root, drafts=True), cluster=_cluster(cluster))
        chosen = _chosen(read_posts(config), posts)
        config = replace(
            config,
            jobs=jobs or config.jobs,
            refresh=frozenset(posts if refresh else ()),
        )
        with _Watcher() as watcher:
            written = freeze_posts(config, chosen, watcher.report)
    for path in written:
        click.echo(_name(path, root))


@main.command()
@click.argument("posts", metavar="[POST]...", nargs=-1, shell_complete=complete_posts)
@click.option("--external", is_flag=True, help="Ask the servers of links out of the site, too.")
@click.option("--accept", is_flag=True, help="Note the feed ids of all posts in feed-ids.json.")
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
    """Check the finished site and the posts, or with --cold what kernels make of them.

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


def _check_kernels(root: Path, posts: tuple[str, ...], jobs: int | None) -> None:
    from dataclasses import replace

    from .config import read_config
    from .pipeline import compare_kernels, read_posts

    with _exit_on_error():
        config = read_config(root, drafts=True)
        config = replace(config, jobs=jobs or config.jobs)
        chosen = _chosen(read_posts(config), posts)
        with _Watcher() as watcher:
            compared = compare_kernels(config, chosen, watcher.report)
    click.echo(f"{_count(compared, 'post')}: warm and cold kernels agree")


def _check_site(root: Path, external: bool, accept: bool, as_json: bool) -> None:
    from .config import read_config
    from .pipeline import check_site

    started = time.monotonic()
    with _exit_on_error("nothing was checked", as_json):
        checked = check_site(read_config(root), external=external, accept=accept)
    found: dict[str, list[InkcellError]] = {"error": [], "warning": []}
    for finding in checked.findings:
        told = InkcellError(finding.message).at(
            file=finding.file,
            line=finding.line,
            cell=finding.cell,
            text=finding.text or None,
            hint=finding.hint or None,
        )
        found[finding.severity].append(told)
        if not as_json:
            click.echo(format_error(told, finding.severity) + "\n", err=True)
    errors, warnings = found["error"], found["warning"]
    if as_json:
        _say_json({"pages": checked.pages, "warnings": [*map(plain, warnings)]}, errors)
    else:
        counts = f"{_count(len(errors), 'error')}, {_count(len(warnings), 'warning')}"
        seconds = f"{time.monotonic() - started:.1f} s"
        click.echo(f"{_count(checked.pages, 'page')}: {counts}; {seconds}")
    if errors:
        sys.exit(1)


@main.command()
@click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port of this machine; 0 takes any that is free.",
)
@click.option("--drafts/--no-drafts", default=True, help="Show posts marked `draft: true`.")
@click.pass_obj
def serve(root: Path, port: int, drafts: bool) -> None:
    """Show the site on this machine while you write: http://127.0.0.1:8000/.

    Every change of a post, the theme or the settings is on the page at once, where you were
    reading. Code runs in the background, from the first changed cell on; errors are shown on the
    page until they are mended. Nothing is written to the site's folder, and what you see of code
    that changed is a preview: `inkcell build` runs it from its beginning.
    """
    import signal
    import threading

    from .pipeline import Live
    from .serve import Preview, make_server, watch_files

    with _exit_on_error("the preview has ended"):
        config = _preview_config(root, drafts, port)
        wake, stop = threading.Event(), threading.Event()
        live = Live(config.root, wake.set, lambda event: None)
        preview = Preview(config.base, live.output)
        try:
            server = make_server(preview, port)
        except OSError as error:
            raise InkcellError(f"port {port} cannot be used: {error.strerror}").at(
                hint="is another `inkcell serve` running? give another with --port"
            ) from None
        port = server.server_address[1]
        folders = (config.posts, config.pages, "templates", "pyproject.toml")
        watched = [root / folder for folder in folders]
        output = root / config.output
        threads = [
            threading.Thread(target=server.serve_forever, daemon=True),
            threading.Thread(target=watch_files, args=(watched, output, stop, wake.set)),
        ]
        for thread in threads:
            thread.start()
        click.echo(f"http://127.0.0.1:{port}{config.base}/  (Ctrl-C ends it)")
        # Also where a shell started it in the background, which would ignore the first.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            wake.set()
            while True:
                wake.wait()
                wake.clear()
                _preview_once(live, preview, root, drafts, port)
        finally:
            stop.set()
            preview.close()
            live.close()
            server.shutdown()


def _preview_config(root: Path, drafts: bool, port: int) -> Config:
    from dataclasses import replace

    from .config import read_config

    config = read_config(root, drafts=drafts)
    return replace(config, url=f"http://127.0.0.1:{port}{config.base}")


def _preview_once(live: Live, preview: Preview, root: Path, drafts: bool, port: int) -> None:
    started = time.monotonic()
    try:
        files = live.build(_preview_config(root, drafts, port))
    except InkcellError as error:
        errors = [format_error(single) for single in flatten(error)]
        preview.show(None, map(click.unstyle, errors), live.running)
        for text in errors:
            click.echo(text + "\n", err=True)
    else:
        preview.show(files, (), live.running)
        count = len(live.running)
        running = f"; the code of {_count(count, 'post')} runs" if count else ""
        click.echo(f"built in {time.monotonic() - started:.2f} s{running}")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--title", help="Title of the blog (default: the folder's name).")
@click.option("--url", default="https://example.org", help="Where the site will live.")
@click.option("--author", help="Who writes it (default: the title).")
@click.option(
    "--language",
    "languages",
    type=click.Choice(("ko", "en")),
    multiple=True,
    help="Language of the blog (default: en); given twice, the first is the default one.",
)
def init(
    folder: Path, title: str | None, url: str, author: str | None, languages: tuple[str, ...]
) -> None:
    """Begin a blog in FOLDER: settings, a first post, a workflow for GitHub Pages.

    It asks nothing, and never writes over a file that is there.
    """
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from .config import parse_config
    from .new_blog import new_blog
    from .new_files import write_new

    with _exit_on_error("nothing was written"):
        title = title or folder.resolve().name or "Blog"
        languages = tuple(dict.fromkeys(languages)) or ("en",)
        today = datetime.now(ZoneInfo("UTC")).date()
        files = new_blog(title, url, author or title, languages, today)
        try:
            parse_config(files["pyproject.toml"])
        except InkcellError as error:
            # It comes from the command line: there is no file yet in which to look.
            wrong = [InkcellError(*e.args).at(hint=e.hint) for e in flatten(error)]
            raise BuildFailed(wrong) from None
        write_new(folder, files, "give another folder, or move the file away")
    for name in files:
        click.echo(folder / name)
    click.echo("\nWhat to do next:")
    here = folder.resolve() == Path.cwd()
    steps = {
        **({} if here else {f"cd {shlex.quote(str(folder))}": ""}),
        "inkcell serve": "shows the blog, and every change at once",
        f'inkcell new "{NEW_TITLES[languages[0]]}"': "begins a post",
        "inkcell build": "writes the finished site into site/",
    }
    widest = max(_width(command) for command, meaning in steps.items() if meaning)
    for command, meaning in steps.items():
        gap = " " * (widest - _width(command) + 3)
        click.echo(f"  {command}" + (f"{gap}# {meaning}" if meaning else ""))


@main.command()
@click.argument("title")
@click.option(
    "--lang",
    "languages",
    multiple=True,
    help="Language of the post (default: the blog's); given twice, both versions are begun.",
)
@click.option("--category", default="notes", show_default=True, help="The post's one category.")
@click.option("--tag", "tags", multiple=True, help="A tag of the post; may be repeated.")
@click.option("--slug", help="Name of the post's folder (default: made from the title).")
@click.option("--notebook", is_flag=True, help="Write an .ipynb instead of a text notebook.")
@click.pass_obj
def new(
    root: Path,
    title: str,
    languages: tuple[str, ...],
    category: str,
    tags: tuple[str, ...],
    slug: str | None,
    notebook: bool,
) -> None:
    """Begin a post: posts/<slug>/index.<lang>.md with its front matter and a first cell.

    The slug is made from the title, and Hangul stays readable in it.
    """
    from datetime import datetime
    from unicodedata import normalize

    from .addresses import is_slug
    from .addresses import slug as slug_of
    from .config import read_config
    from .new_files import write_new
    from .new_post import new_post

    with _exit_on_error("nothing was written"):
        config = read_config(root)
        # A folder whose name starts with `_` is left alone by builds.
        name = normalize("NFC", slug) if slug else slug_of(title).strip("_-")
        if not is_slug(name) or name.startswith("_"):
            raise InkcellError(f"`{name or title}` makes no name for the post's folder").at(
                hint="give one with --slug: letters, digits, `-` and `_`"
            )
        if not slug_of(category):
            raise InkcellError(f"`{category}` is no category").at(hint="it has letters or digits")
        if len(name.encode()) > LONGEST_NAME:
            raise InkcellError(f"`{name}` is too long for the name of a folder").at(
                hint="give a shorter one with --slug"
            )
        folder = config.posts / name
        languages = tuple(dict.fromkeys(languages)) or (config.language,)
        for language in languages:
            if language not in config.languages:
                raise InkcellError(f"the blog has no language `{language}`").at(
                    hint="its languages are " + ", ".join(config.languages)
                )
            for other in (root / folder).glob(f"index.{language}.*"):
                raise InkcellError("the post is there already").at(
                    file=_name(other, root), hint="give another title, or another --slug"
                )
        today = datetime.now(config.timezone).date()
        files = dict(
            new_post(title, category, tags, today, language, notebook) for language in languages
        )
        write_new(root / folder, files, "give another title, or another --slug")
    for file in files:
        click.echo((folder / file).as_posix())


@main.command()
@click.option("--cache", is_flag=True, help="Remove the kept results too: all code runs again.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder of the site.")
@click.pass_obj
def clean(root: Path, cache: bool, output: Path | None) -> None:
    """Remove the files that builds wrote, and nothing else."""
    import shutil

    from .config import read_config
    from .kept import ENTRIES
    from .last_build import FOLDER, forget
    from .write import clean as remove_site

    with _exit_on_error():
        config = read_config(root)
        folder = root / (_from_here(output) or config.output)
        removed = remove_site(folder)
        forget(str(root))
        if cache:
            shutil.rmtree(root / config.cache, ignore_errors=True)
            for name in (ENTRIES, "preview"):
                shutil.rmtree(root / FOLDER / name, ignore_errors=True)
            with suppress(ImportError):  # On Windows there are none.
                from .shelf import remove_left

                remove_left(root / FOLDER)
    click.echo(f"{_name(folder, root)}: {_count(len(removed), 'file')} removed")


@main.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and names of posts in a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(main, {}, "inkcell", "_INKCELL_COMPLETE").source())


# --- messages ---------------------------------------------------------------------------------


@contextmanager
def _exit_on_error(outcome: str = "the site is as it was", as_json: bool = False) -> Iterator[None]:
    try:
        yield
    except InkcellError as error:
        if as_json:
            _say_json({}, flatten(error))
        else:
            _say_errors(flatten(error), outcome)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted; {outcome}.", err=True)
        sys.exit(130)


def _say_errors(errors: Sequence[InkcellError], outcome: str) -> None:
    for single in errors:
        click.echo(format_error(single) + "\n", err=True)
    if errors:
        click.echo(f"{_count(len(errors), 'error')}; {outcome}.", err=True)


def _say_json(said: Mapping[str, object], errors: Sequence[InkcellError] = ()) -> None:
    """One JSON object on standard output: what a command has to say, and `errors`, if only []."""
    import json

    document = {**said, "errors": [plain(error) for error in errors]}
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def format_error(error: InkcellError, severity: Severity = "error") -> str:
    """An error as compilers print one: place, message, the offending line, what to do."""
    place = ":".join(str(part) for part in (error.file, error.line) if part is not None)
    cell = f" (cell {error.cell})" if error.cell is not None else ""
    colour = "red" if severity == "error" else "yellow"
    head = click.style(severity, fg=colour, bold=True) + f": {error}"
    lines = [(click.style(place, bold=True) + cell + ": " if place else "") + head]
    # Text that has a line stands behind its number; what belongs to it, behind the same bar.
    gutter = _gutter(error.line) if error.line else ""
    beside, bar = ("".ljust(len(gutter) - 2) + "| ",) * 2 if gutter else ("    ", "  | ")
    for offset, text in enumerate(error.text.split("\n")[:3] if error.text else ()):
        start = _gutter(error.line + offset) if error.line else beside
        lines.append(click.style(start, fg="blue") + text)
    if error.text and error.column and "\n" not in error.text:
        under = " " * _width(error.text[: error.column - 1]) + "^"
        lines.append(click.style(beside, fg="blue") + under)
    if error.detail:
        lines += [click.style(bar + line, dim=True) for line in error.detail.split("\n")]
    if error.hint:
        lines.append(click.style("  hint", fg="cyan") + f": {error.hint}")
    return "\n".join(lines)


def _gutter(line: int) -> str:
    return f"{line:>5} | "


def _width(text: str) -> int:
    """Columns that a text takes in a terminal: Hangul takes two (UAX 11)."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _chosen(posts: Sequence[Post], names: Sequence[str]) -> tuple[Post, ...]:
    """The posts of these folder names, or all.

    Raises:
        BuildFailed: a name is no post's.
    """
    from .pipeline import unknown_posts

    errors = tuple(unknown_posts(names, (post.source.folder for post in posts)))
    if errors:
        raise BuildFailed(errors)
    return tuple(post for post in posts if not names or post.source.folder in names)


def _cluster(address: str | None) -> str:
    import re

    if address and not re.fullmatch(r"(dask|tcp|tls|ws|wss)://\S+", address):
        raise InkcellError(f"`{address}` is no address of a cluster").at(
            hint="for example --on dask://localhost:8786"
        )
    return address or ""


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
        self.notices: list[str] = []
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


def _first(reasons: tuple[str, ...]) -> str:
    more = len(reasons) - 1
    return reasons[0] + (f", and {more} more" if more else "")
