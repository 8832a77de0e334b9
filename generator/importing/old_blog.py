"""What is known of an old blog, whichever tool it was made for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

from msgspec import Struct

from ..errors import InkcellError, NotebookError

Tool = Literal["jekyll", "hugo", "quarto", "files"]
TOOLS: tuple[Tool, ...] = ("jekyll", "hugo", "quarto", "files")

NO_PAGES = ("README", "LICENSE", "CHANGELOG", "CONTRIBUTING", "CODE_OF_CONDUCT")
"""Names of texts that are about the files beside them."""


class OldBlog(Struct, frozen=True):
    """The files of an old blog, by their paths below its folder, with slashes."""

    paths: frozenset[str]
    read: Callable[[str], bytes]
    day: Callable[[str], date]
    """When a file was last changed."""
    today: date
    url: str = ""
    """Where the blog was published, if its author says so."""


class OldPost(Struct, frozen=True):
    """A post as its file has it, and what its tool made of that."""

    path: str
    front: Mapping[str, object]
    """The front matter of the file itself."""
    lines: Mapping[str, int]
    """Line of each of its keys."""
    text: str
    """What stands below the front matter; empty for a notebook."""
    date: str
    """ISO 8601; empty if it is nowhere to be found."""
    name: str
    """What its address is made from: a slug, or the file's name without date and ending."""
    defaults: Mapping[str, object] = {}
    """What the settings say of posts that do not say it themselves."""
    language: str = ""
    """Empty if neither front matter nor name tells it."""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    draft: bool = False
    address: str = ""
    """Where it was, below the blog's own address; empty if it was nowhere."""
    other_addresses: tuple[str, ...] = ()
    id: str = ""
    """Its id in feeds; empty if it is not known."""
    notebook: Mapping[str, Any] | None = None
    beside: tuple[str, ...] = ()
    """Files of the folder that is the post's own."""
    group: str = ""
    """What the versions of one post have in common; empty if their paths tell it."""
    guessed_date: bool = False
    """The date is that of the file, for want of another."""
    standing: bool = False
    """It is a page that is no post, as About."""
    nav: int = 0
    """Its place in the navigation, counted from 1; 0 if it is not there."""

    def value(self, key: str) -> object:
        """What the front matter says, or else the settings; of a mapping, each key by itself."""
        if key not in self.front:
            return self.defaults.get(key)
        return over(self.defaults.get(key), self.front[key])


def over(general: object, own: object) -> object:
    """A value of a post, with what stands in the same mapping in more general settings.

    So do Jekyll (`Utils.deep_merge_hashes`) and Quarto (`mergeConfigs`).
    """
    if not (isinstance(general, Mapping) and isinstance(own, Mapping)):
        return own
    return {**general, **{key: over(general.get(key), value) for key, value in own.items()}}


class OldSite(Struct, frozen=True):
    """An old blog as its tool saw it."""

    tool: Tool
    posts: tuple[OldPost, ...]
    """Standing pages are among them."""
    settings: Mapping[str, Any] = {}
    url: str = ""
    """Scheme, host and base path, without a slash at the end; empty if it is not known."""
    base: str = ""
    """The base path: empty, or with a slash in front."""
    language: str = ""
    """The language that the settings name."""
    authors: Mapping[str, Any] = {}
    """People by the names under which posts speak of them."""
    left_out: tuple[InkcellError, ...] = ()
    """What looked like a post, and is none."""
    static: tuple[str, ...] = ("",)
    """Folders whose files stand at the root of the site, each empty or with a slash at the end."""


def items_of(value: object) -> list[object]:
    """What a key lists, which a single value does by itself."""
    return value if isinstance(value, list) else [value] if value else []


def text_of(blog: OldBlog, path: str) -> str:
    """A text file of the old blog.

    Raises:
        NotebookError: it is not UTF-8.
    """
    data = blog.read(path)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise NotebookError("the file is not UTF-8").at(
            file=path,
            line=line,
            text=repr(data[error.start : error.start + 8]),
            hint="save it as UTF-8",
        ) from None
