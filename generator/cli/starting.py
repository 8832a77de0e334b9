"""`inkcell init` and `inkcell new`: a blog, or a post, that is about to begin."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from ..errors import BuildFailed, InkcellError, flatten
from .folders import Folder
from .help_pages import Command
from .messages import display_width, exit_on_error, shown_path
from .parameters import require_category

NEW_TITLES = {"ko": "제목", "en": "A title"}
"""What `init` shows as the title of a post that is about to begin."""

LONGEST_NAME = 200
"""Bytes of a post's slug: a name on a disk takes 255, and what is made of it has endings."""


@click.command(cls=Command)
@click.argument("folder", type=Folder(path_type=Path))
@click.option("--title", help="Title of the blog (default: the folder's name).")
@click.option(
    "--url", default="https://example.org", show_default=True, help="Where the site will live."
)
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
    """Begin a blog in FOLDER, ready for GitHub Pages.

    It has settings, a first post and a workflow. The command asks nothing, and never writes over a
    file that is there.
    """
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from ..config import parse_config
    from ..new_blog import new_blog
    from ..new_files import write_new

    with exit_on_error("nothing was written"):
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
    _print_next_steps(folder, languages[0])


def _print_next_steps(folder: Path, language: str) -> None:
    steps = {
        "inkcell serve": "shows the blog, and every change at once",
        f'inkcell new "{NEW_TITLES[language]}"': "begins a post",
        "inkcell build": "writes the finished site into site/",
    }
    click.echo("\nWhat to do next:")
    if folder.resolve() != Path.cwd():
        click.echo(f"  cd {shlex.quote(str(folder))}")
    widest = max(map(display_width, steps))
    for command, meaning in steps.items():
        click.echo(f"  {command}{' ' * (widest - display_width(command))}   # {meaning}")


@click.command(cls=Command)
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
    """Begin a post, in a folder of its own.

    posts/<slug>/index.<lang>.md gets front matter and a first cell. The slug is made from the
    title, and Hangul stays readable in it. The post is a draft until `draft: true` is taken out of
    its front matter.
    """
    from datetime import datetime

    from ..addresses import slug as slug_of
    from ..config import read_config
    from ..new_files import write_new
    from ..new_post import new_post

    with exit_on_error("nothing was written"):
        config = read_config(root)
        folder = config.posts / _folder_name(title, slug)
        require_category(category, config)
        page = config.pages / folder.name
        if (root / page).is_dir():
            raise InkcellError(f"a standing page has the same name: {page.as_posix()}").at(
                hint="give another title, or another --slug"
            )
        for tag in tags:
            if not slug_of(tag):
                raise InkcellError(f"`{tag}` is no tag").at(hint="it has letters or digits")
        languages = tuple(dict.fromkeys(languages)) or (config.language,)
        for language in languages:
            if language not in config.languages:
                raise InkcellError(f"the blog has no language `{language}`").at(
                    hint="its languages are " + ", ".join(config.languages)
                )
            for other in (root / folder).glob(f"index.{language}.*"):
                raise InkcellError("the post is there already").at(
                    file=shown_path(other, root), hint="give another title, or another --slug"
                )
        today = datetime.now(config.timezone).date()
        files = dict(
            new_post(title, category, tags, today, language, notebook) for language in languages
        )
        write_new(root / folder, files, "give another title, or another --slug")
    for file in files:
        click.echo((folder / file).as_posix())


def _folder_name(title: str, slug: str | None) -> str:
    """The name of a new post's folder: the one that is asked for, or one made from the title.

    Raises:
        InkcellError: it cannot be a folder's, or not that of a post.
    """
    from unicodedata import normalize

    from ..addresses import is_slug
    from ..addresses import slug as slug_of
    from ..inputs import IGNORED_FOLDERS

    name = normalize("NFC", slug) if slug else slug_of(title).strip("_-")
    # Builds leave such folders alone.
    if not is_slug(name) or name.startswith("_") or name in IGNORED_FOLDERS:
        raise InkcellError(f"`{name or title}` makes no name for the post's folder").at(
            hint="give one with --slug: letters, digits, `-` and `_`"
        )
    if len(name.encode()) > LONGEST_NAME:
        raise InkcellError(f"`{name}` is too long for the name of a folder").at(
            hint="give a shorter one with --slug"
        )
    return name
