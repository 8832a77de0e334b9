"""The ids under which posts were published: one that changes sends the post to every reader again.

They stand in `feed-ids.json` in the blog's folder, for git: a line a version of a post, sorted by
its folder and language.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping

from ..addresses import feed_id, shared_feed_ids
from ..errors import ConfigError
from ..model import Config, Post
from ..published import waits
from .finding import Finding, Severity

FILE = "feed-ids.json"
ACCEPT = "inkcell check --accept"


def ids_of(posts: Iterable[Post], config: Config) -> dict[str, str]:
    """Folder and language of each published post, `ncut/ko`, to its id.

    A draft has none yet, nor has a post whose date is still to come: no feed shows it.
    """
    return {_name(post): feed_id(post, config) for post in posts if _is_published(post, config)}


def _name(post: Post) -> str:
    return f"{post.source.folder}/{post.meta.language}"


def _is_published(post: Post, config: Config) -> bool:
    return not post.meta.draft and not waits(post, config)


def read_ids(content: bytes) -> dict[str, str]:
    """What the file says.

    Raises:
        ConfigError: it is not one that `inkcell check --accept` writes.
    """
    try:
        ids = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"not valid JSON: {error}").at(
            file=FILE,
            line=getattr(error, "lineno", None),
            hint=f"take it from git again, or write it anew: {ACCEPT}",
        ) from None
    if not isinstance(ids, dict) or not all(isinstance(value, str) for value in ids.values()):
        raise ConfigError("it does not hold one id a post").at(
            file=FILE, hint=f"take it from git again, or write it anew: {ACCEPT}"
        )
    return ids


def ids_text(ids: Mapping[str, str]) -> str:
    """The file's text: sorted, a line a post, so that a difference shows what has changed."""
    return json.dumps(dict(sorted(ids.items())), ensure_ascii=False, indent=0) + "\n"


def check_feed_ids(
    posts: Iterable[Post],
    config: Config,
    accepted: Mapping[str, str] | None,
    unread: Container[str] = (),
) -> Iterator[Finding]:
    """Ids that have changed or vanished since they were accepted, and those that two posts have.

    Args:
        posts: all posts that can be read.
        config: the blog's settings: ids begin with its address, and `until` says which posts wait
            for their date.
        accepted: what the file says; None if there is none.
        unread: folder names of the posts that cannot be read, whose ids nobody knows.
    """
    sources = {_name(post): post for post in posts}
    ids = ids_of(sources.values(), config)
    known = {*ids.values()}
    finished = [post for post in sources.values() if not post.meta.draft]
    for error in shared_feed_ids(finished, config):
        file = str(error.file)
        yield Finding(
            "feed-id",
            "error",
            str(error),
            file,
            error.line,
            text=error.text or "",
            hint=error.hint or "",
        )
    if accepted is None:
        if ids:
            message = f"nothing watches over the {len(ids)} feed ids of the posts"
            yield Finding("feed-id", "warning", message, FILE, hint=f"{ACCEPT} notes them for git")
        return
    for name, identity in accepted.items():
        if name in ids and ids[name] != identity:
            message = f"the feed id has changed to {ids[name]}"
            hint = (
                f"every reader gets the post again: write `id: {identity}` into its front matter, "
                f"or accept that: {ACCEPT}"
            )
            yield _at(sources[name], "error", message, identity, hint)
        elif identity in known:
            continue
        elif name in sources:
            post = sources[name]
            draft = post.meta.draft
            now = "is a draft" if draft else "waits for its date"
            message = f"the post is noted as published, and {now}"
            hint = f"readers keep what they have got; if it was taken back: {ACCEPT}"
            yield _at(post, "error", message, identity, hint, "draft" if draft else "date")
        elif name.rpartition("/")[0] not in unread:
            message = f"the post `{name}` is gone, and with it its feed id"
            hint = (
                f"if it was renamed, write `id: {identity}` into its front matter; "
                f"if it was taken back: {ACCEPT}"
            )
            yield Finding("feed-id", "error", message, FILE, text=identity, hint=hint)
    noted = set(accepted.values())
    for name in sorted(ids.keys() - accepted.keys()):
        if ids[name] not in noted:
            message = "the post's feed id is not noted yet"
            yield _at(sources[name], "warning", message, ids[name], f"once it is online: {ACCEPT}")


def _at(
    post: Post, severity: Severity, message: str, identity: str, hint: str, key: str = "id"
) -> Finding:
    line = post.source.line_of(key) or post.source.line_of("title")
    return Finding("feed-id", severity, message, post.source.path, line, text=identity, hint=hint)
