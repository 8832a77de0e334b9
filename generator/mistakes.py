"""What else is wrong with a post that goes no further.

A mistake in its front matter or in a cell, or code that fails, keeps a post from being run or
published. Its author is to hear of what is wrong with its prose in the same run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .addresses import Links
from .errors import BuildFailed, InkcellError, MathError, UnknownLabel, UnknownWork
from .model import ExecutedPost, HaltedPost, Post, Results, Typeset


def look_through(
    halted: HaltedPost, links: Links, typeset: Typeset, strings: Mapping[str, str]
) -> None:
    """Render a post without outputs for the mistakes in its prose; what is rendered is dropped.

    Left out is what may be right, once the front matter can be read or the code has run.

    Args:
        halted: the post.
        links: what posts may link and refer to.
        typeset: typesets a formula.
        strings: the theme's texts in its language.

    Raises:
        BuildFailed: everything that is wrong with its prose.
    """
    from .render import render

    post = halted.known
    without_outputs = Results(((),) * len(post.notebook.code))
    try:
        render(ExecutedPost(post, without_outputs), links, typeset, strings)
    except BuildFailed as failed:
        errors = [error for error in failed.errors if not _may_be_right(error, halted)]
        if errors:
            raise BuildFailed(errors) from None


def _may_be_right(error: InkcellError, halted: HaltedPost) -> bool:
    """Whether an error may only follow from what is not known of a post, or from another error."""
    if (error.cell, error.line) in halted.told:
        return True
    if isinstance(error, MathError):
        return "macros" in halted.unread
    if isinstance(error, UnknownWork):
        return "works" in halted.unread
    return may_come(error, halted.known)


def may_come(error: InkcellError, post: Post) -> bool:
    """Whether what a post misses may be put out by its code, which has not run."""
    return isinstance(error, UnknownLabel) and _may_put_out(str(error.text), post)


def _may_put_out(label: str, post: Post) -> bool:
    """Whether a post's code may put out what has a label: it writes the label's beginning."""
    prefix = label.partition("-")[0] + "-"
    return any(prefix in text for text in _code_of(post))


def _code_of(post: Post) -> Iterator[str]:
    """What a post's own code says: its cells, and the modules beside it."""
    yield from (cell.source for cell in post.notebook.code if cell.runs)
    for name, content in post.source.neighbours.items():
        if name.endswith(".py"):
            yield content.decode("utf-8", "replace")
