"""New posts, onto the disk: each whole or not at all, and never over what is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from ..errors import InkcellError, WriteError, flatten
from ..inputs import POST
from ..model import Config
from ..new_files import write_new
from . import NewPost
from .old_blog import OldBlog
from .sameness import is_same

HINT = "rename the folder that is there, or the old post"


class Outcome(Struct, frozen=True):
    """What has become of the new posts."""

    written: tuple[NewPost, ...]
    """Written, or if nothing is to be, what would be written."""
    there: tuple[NewPost, ...]
    """Imported by an earlier run."""
    errors: tuple[InkcellError, ...]


def write_posts(
    posts: Iterable[NewPost], blog: OldBlog, config: Config, *, dry_run: bool = False
) -> Outcome:
    """Write what is new. A post that cannot be written keeps no other from it."""
    written: list[NewPost] = []
    there: list[NewPost] = []
    errors: list[InkcellError] = []
    for post in posts:
        try:
            if version := _version_there(config.root / post.path, config):
                if not _is_the_same(version, post):
                    name = version.relative_to(config.root).as_posix()
                    raise WriteError("another post is there already").at(file=name, hint=HINT)
                there.append(post)
                continue
            if not dry_run:
                write_new(config.root, _files(post, blog, config), HINT)
            written.append(post)
        except InkcellError as error:
            errors.extend(flatten(error))
    return Outcome(tuple(written), tuple(there), tuple(errors))


def _version_there(path: Path, config: Config) -> Path | None:
    """The file that is this post in this language already, whatever its format."""
    if not path.parent.is_dir():
        return None
    language = path.name.split(".")[1]
    for other in sorted(path.parent.iterdir()):
        match = POST.fullmatch(other.name)
        if match and (match["language"] or config.language) == language:
            return other
    return None


def _is_the_same(path: Path, post: NewPost) -> bool:
    """Whether a post that is there came from the same old one."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return is_same(text, post.text, post.known_by, notebook=path.suffix == ".ipynb")


def _files(post: NewPost, blog: OldBlog, config: Config) -> dict[str, str | bytes]:
    """The post's file, and those beside it that do not lie there already with the same content."""
    folder = post.path.rpartition("/")[0]
    files: dict[str, str | bytes] = {post.path: post.text}
    for name, path in sorted(post.beside.items()):
        content = blog.read(path)
        place = config.root / folder / name
        if not (place.is_file() and place.read_bytes() == content):
            files[f"{folder}/{name}"] = content
    return files
