"""Outlines of posts: what other pages show of them, on the disk one file for all."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from .model import Notebook, Post, RenderedPost
from .plain import plain, restored


def without_text(post: Post) -> Post:
    """What is known of a post besides its text and the files beside it."""
    source = replace(post.source, text="", directory="", neighbours={})
    return replace(post, source=source, notebook=Notebook(()))


def outline(rendered: RenderedPost) -> RenderedPost:
    """What other pages show of a post: all but its text."""
    return replace(
        rendered,
        post=without_text(rendered.post),
        body="",
        feed_body="",
        headings=(),
        files=(),
        loads=(),
        passages=(),
        terms="",
        warnings=(),
    )


def listed(rendered: RenderedPost) -> RenderedPost:
    """What is needed of a post when its own files are made: its outline, and its terms."""
    return replace(outline(rendered), terms=rendered.terms)


def outline_text(rendered: RenderedPost) -> str:
    """The outline of a post as JSON."""
    return plain(outline(rendered)).decode()


def outline_of(text: str) -> RenderedPost:
    """The outline that JSON tells of.

    Raises:
        NotPlain: it tells of none.
    """
    return restored(text, RenderedPost)


def joined(texts: Mapping[str, str]) -> bytes:
    """The outlines of all posts, by source, as one file.

    Neither paths nor JSON have a NUL: what has not changed is copied, not written anew.
    """
    return "".join(f"{source}\0{text}\0" for source, text in sorted(texts.items())).encode()


def parted(content: bytes) -> dict[str, str]:
    """What `joined` has joined.

    Raises:
        ValueError: the file is damaged.
    """
    parts = content.decode().split("\0")[:-1]
    return dict(zip(parts[::2], parts[1::2], strict=True))
