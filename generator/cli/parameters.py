"""Options that several commands take, and what the values mean that are typed for them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

import click

from ..errors import InkcellError
from .folders import Folder

if TYPE_CHECKING:
    from ..model import Config

AS_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for other programs, errors included."
)
CLUSTER = click.option(
    "--on", "cluster", metavar="dask://HOST:PORT", help="Run posts on a Dask cluster."
)
JOBS = click.option("--jobs", "-j", type=click.IntRange(min=1), help="Posts to run at once.")
OUTPUT = click.option(
    "--output", "-o", type=Folder(path_type=Path), help="Folder of the site (default: site)."
)


def complete_posts(context: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The folders of posts whose names begin like that, but for those given already."""
    from ..inputs import IGNORED_FOLDERS

    root = context.find_root().params.get("root")
    if root is None:  # The folder that is named is none.
        return []
    given = context.params.get(param.name or "") or ()
    try:
        folders = [path.name for path in (root / "posts").iterdir() if path.is_dir()]
    except OSError:
        return []
    return [
        name
        for name in sorted(folder_names(folders))
        if name.startswith(normalize("NFC", incomplete))
        and not name.startswith((".", "_"))
        and name not in IGNORED_FOLDERS
        and name not in given
    ]


def folder_names(names: Iterable[str]) -> frozenset[str]:
    """Names of posts as sources have them: NFC (UAX 15), whatever a shell completed."""
    return frozenset(normalize("NFC", name) for name in names)


def require_category(category: str, config: Config) -> None:
    """Refuse a `--category` that the next build would refuse in the posts that get it.

    Raises:
        InkcellError: it makes no address, or that of another page.
    """
    from ..addresses import in_its_place, is_category

    if not is_category(category):
        raise InkcellError(f"`{category}` is no category").at(
            hint="letters, digits, spaces, `-` and `_`"
        )
    if owner := in_its_place(category, config):
        message = f"the category `{category}` would have the address of {owner}"
        raise InkcellError(message).at(hint="give it another name")


def cluster_address(address: str | None) -> str:
    """The address of `--on`, or an empty one.

    Raises:
        InkcellError: it is none.
    """
    import re

    if address and not re.fullmatch(r"(dask|tcp|tls|ws|wss)://\S+", address):
        raise InkcellError(f"`{address}` is no address of a cluster").at(
            hint="for example --on dask://localhost:8786"
        )
    return address or ""


def from_here(path: Path | None) -> Path | None:
    """A path of the command line is read from the current folder, not from the blog's."""
    return path.resolve() if path else None
