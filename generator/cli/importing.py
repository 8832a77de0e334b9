"""`inkcell import`: the posts of an old blog, as posts of this one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import BuildFailed, InkcellError, flatten, notice, plain
from .help_pages import Command
from .messages import counted, exit_on_error, print_errors, print_json
from .parameters import AS_JSON, require_category

if TYPE_CHECKING:
    from ..importing import NewPost
    from ..importing.old_blog import OldBlog, Tool

TITLES = {
    "jekyll": "Jekyll",
    "hugo": "Hugo",
    "quarto": "Quarto",
    "files": "texts and notebooks",
}
"""What a summary calls each kind of blog."""
WHERE = {
    "jekyll": "name the folder that has _posts/ in it",
    "hugo": "name the folder that has content/ in it",
    "quarto": "name the folder that has _quarto.yml in it",
    "files": "name the folder that has Markdown files or notebooks in it",
}
"""Which folder is wanted, for each kind of blog."""

MOST_ALIKE = 3
"""So many remarks of one kind are told each by itself."""


@click.command("import", cls=Command)
@click.argument("old", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "tool",
    type=click.Choice(("jekyll", "hugo", "quarto", "files")),
    help="What made the old blog, if its files do not tell; files: loose texts and notebooks.",
)
@click.option("--url", default="", help="Where it was published, if its settings do not say.")
@click.option(
    "--category", default="notes", show_default=True, help="Category of posts that have none."
)
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be written.")
@AS_JSON
@click.pass_obj
def import_blog(
    root: Path, old: Path, tool: Tool | None, url: str, category: str, dry_run: bool, as_json: bool
) -> None:
    """Import the posts of an old blog, or a folder of notebooks.

    OLD is the folder of a blog by Jekyll, Hugo or Quarto, or of notebooks; it is only read. Posts
    become posts/<slug>/index.<lang>.md or .ipynb, with the files they use beside them; pages as
    About lie in pages/. What could not be converted is told with file and line. A second run
    imports what is new; nothing is ever overwritten.
    """
    from datetime import datetime

    from ..config import read_config
    from ..importing import import_posts
    from ..importing.reading import open_blog
    from ..importing.writing import write_posts

    with exit_on_error("nothing was written", as_json, ["written", "there", "notes"]):
        config = read_config(root)
        if not old.is_dir():
            raise InkcellError(f"there is no folder {old}").at(hint="name that of the old blog")
        if old.resolve() == config.root:
            raise InkcellError("that is this blog itself").at(hint="name that of the old blog")
        if url and not re.match(r"https?://[^\s/]+", url):
            raise InkcellError(f"`{url}` is not an address of a site").at(
                hint="for example --url https://user.github.io/project"
            )
        require_category(category, config)
        _refuse_inner_folder(tool, old)
        blog = open_blog(old.resolve(), datetime.now(config.timezone).date(), url)
        tool = tool or _recognised(blog, old)
        try:
            imported = import_posts(blog, tool, config, category)
        except InkcellError as error:
            # The old blog's own settings cannot be read.
            raise BuildFailed(_named(single, old) for single in flatten(error)) from None
        if not (imported.posts or imported.errors or imported.remarks):
            raise InkcellError(f"{old} holds no posts of {TITLES[tool]}").at(hint=WHERE[tool])
        outcome = write_posts(imported.posts, blog, config, dry_run=dry_run)
    errors = (*(_named(error, old) for error in imported.errors), *outcome.errors)
    remarks = [
        _named(remark, old)
        for remark in (*imported.remarks, *(r for post in outcome.written for r in post.remarks))
    ]
    if as_json:
        said = {
            "from": tool,
            "dry_run": dry_run,
            "written": [_plain(post, old) for post in outcome.written],
            "there": [_plain(post, old) for post in outcome.there],
            "notes": [plain(remark) for remark in remarks],
        }
        print_json(said, errors)
    else:
        for post in outcome.written:
            click.echo(post.path)
        for line in _gathered(remarks):
            click.echo(f"note: {line}", err=True)
        verb = "would be imported" if dry_run else "imported"
        summary = [f"{_counted(outcome.written)} {verb} from {TITLES[tool]}"]
        if outcome.there:
            summary.append(f"{len(outcome.there)} imported before")
        click.echo("; ".join(summary) + ".")
        if outcome.written and not dry_run:
            click.echo(
                "`inkcell build` says what is left to do in them; `inkcell serve` shows them."
            )
        others = "the other posts" if outcome.written or outcome.there else "nothing"
        done = "would be" if dry_run else "was" if others == "nothing" else "were"
        print_errors(errors, f"{others} {done} imported")
    if errors:
        sys.exit(1)


def _refuse_inner_folder(tool: Tool | None, old: Path) -> None:
    """Without its settings, and the folders above, no post's address is known.

    Raises:
        InkcellError: the folder is a part of a blog, and not called one of loose texts.
    """
    from ..importing.recognise import HUGO_SETTINGS, JEKYLL_SETTINGS, QUARTO_SETTINGS

    def holds(folder: Path, names: Iterable[str]) -> bool:
        return any((folder / name).is_file() for name in names)

    path = old.resolve()
    if tool == "files" or holds(path, (*JEKYLL_SETTINGS, *HUGO_SETTINGS, *QUARTO_SETTINGS)):
        return
    for folder in (path, *path.parents):
        home = folder.parent
        is_hugo = folder.name == "content" and holds(home, HUGO_SETTINGS)
        is_quarto = holds(home, QUARTO_SETTINGS)
        if folder.name in ("_posts", "_drafts"):
            what = f"Jekyll's {folder.name}"
        elif is_hugo or is_quarto:
            what = "Hugo's content" if is_hugo else "a part of a website by Quarto"
        else:
            continue
        shown = str(home) if old.is_absolute() else os.path.relpath(home)
        raise InkcellError(f"{old} looks like {what}").at(
            hint=f"name the blog's own folder, {shown}; for loose texts, add --from files"
        )


def _recognised(blog: OldBlog, old: Path) -> Tool:
    """The tool that made the old blog.

    Raises:
        InkcellError: there is nothing that could be a post.
    """
    from ..importing.recognise import recognise

    tool = recognise(blog)
    if tool is None:
        raise InkcellError(f"{old} holds no posts").at(
            hint="name the folder that has _posts/, content/, .qmd files or notebooks in it"
        )
    return tool


def _counted(written: Sequence[NewPost]) -> str:
    pages = sum(post.standing for post in written)
    posts = counted(len(written) - pages, "post")
    return f"{posts} and {counted(pages, 'page')}" if pages else posts


def _named(error: InkcellError, old: Path) -> InkcellError:
    """An error whose file, if it is one of the old blog, can be opened from here."""
    if error.file and (old / error.file).exists():
        error.file = (old / error.file).as_posix()
    return error


def _plain(post: NewPost, old: Path) -> dict[str, object]:
    return {
        "file": post.path,
        "from": (old / post.old).as_posix(),
        "beside": sorted(post.beside),
    }


def _gathered(remarks: Sequence[InkcellError]) -> Iterator[str]:
    """What is told, one a line: what holds for many posts, as `layout`, once."""
    groups: dict[tuple[str, str | None], list[InkcellError]] = {}
    for remark in remarks:
        groups.setdefault((str(remark), remark.hint), []).append(remark)
    for remark in remarks:
        group = groups[str(remark), remark.hint]
        if len(group) <= MOST_ALIKE or not str(remark).startswith("the key "):
            yield notice(remark).removeprefix(": ")
        elif remark is group[0]:
            first = f"{remark.file}:{remark.line}"
            yield f"{remark} ({len(_files(group))} posts, the first {first}); {remark.hint}"


def _files(remarks: Iterable[InkcellError]) -> set[str | None]:
    return {remark.file for remark in remarks}
