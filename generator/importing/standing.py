"""Pages that are no posts, as About: which of them have a text of their own.

What only a template fills, lists of posts and of tags, the blog makes by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from ..errors import PostError
from .notebooks import cell_text
from .old_blog import OldPost
from .prose import prose_of

LOOP = re.compile(
    r"\{%-?\s*for\b(?:(?!\{%-?\s*for\b).)*?\{%-?\s*endfor\s*-?%\}", re.DOTALL | re.IGNORECASE
)
"""A loop that holds no other."""
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|\{::comment\}.*?\{:/(?:comment)?\}", re.DOTALL)
TEMPLATE = re.compile(r"\{%|\{\{")
HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ \t].*$", re.MULTILINE)
LISTS = "the blog lists its posts by itself: by date, category, tag and series"
OWN = "what shall be read here goes into pages/<slug>/index.<lang>.md"


def sorted_out(
    found: Iterable[OldPost], section_of: Callable[[OldPost], str], left_out: list[PostError]
) -> Iterator[OldPost]:
    """The posts, and those standing pages that have a text of their own.

    A page that lies among dated posts, and has no date, may be either: that is told.
    """
    found = tuple(found)
    sections = {section_of(post) for post in found if not post.standing}
    for post in found:
        reason = None
        if post.standing:
            amid = section_of(post) and section_of(post) in sections
            reason = undated_page(post.path) if amid else why_no_page(post.path, text_of_page(post))
        if reason:
            left_out.append(reason)
        else:
            yield post


def undated_page(path: str) -> PostError:
    """What is told of a page that may be a post."""
    hint = "if it is a post, give it a date; a page goes into pages/<slug>/index.<lang>.md"
    return PostError("a page without a date is no post").at(file=path, hint=hint)


def text_of_page(post: OldPost) -> str:
    """The prose and the code of a page."""
    if not post.notebook:
        return post.text
    return "\n\n".join(map(cell_text, post.notebook["cells"]))


def why_no_page(path: str, text: str) -> PostError | None:
    """Why a page of the old blog does not become one; None if it does."""
    pure = PurePosixPath(path)
    if pure.stem.partition(".")[0] == "404":
        hint = "the theme has one: templates/404.html"
        return PostError("the page for what is not found is not imported").at(file=path, hint=hint)
    if is_made_by_template(text):
        what = "holds nothing but a template" if text.strip() else "has no text of its own"
        hint = f"{LISTS}; {OWN}"
        return PostError(f"a page that {what} is not imported").at(file=path, hint=hint)
    return None


def home_page(path: str) -> PostError:
    """What is told of the first page of the old blog."""
    hint = f"the blog has one that lists the newest posts; {OWN}"
    return PostError("the home page is not imported").at(file=path, hint=hint)


def list_page(path: str, line: int | None = None) -> PostError:
    """What is told of a page that lists posts."""
    error = PostError("a page that lists posts is no post")
    return error.at(file=path, line=line, hint=f"{LISTS}; {OWN}")


def is_made_by_template(text: str) -> bool:
    """Whether nothing of a page was written by its author, but for headings above lists."""
    text = COMMENT.sub("", text)
    if not text.strip():
        return True
    if not TEMPLATE.search(text):
        return False
    before = ""
    while before != text:
        before = text
        text = LOOP.sub("", text)
    return not re.search(r"\w", HEADING.sub("", prose_of(text)))
