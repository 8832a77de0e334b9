"""What an author meant to take out: notes to oneself in the prose, this machine's paths in outputs.

Prose is what a reader of the page reads, without code and formulas: a `# TODO` in code that is
shown is the code's business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..model import Post
from .built_site import BuiltSite, shortened
from .finding import Finding

MARKER = re.compile(
    r"(?<![A-Za-z0-9_])(TODO|FIXME|XXX|TBD)(?![A-Za-z0-9_])|\b(lorem ipsum)\b", re.IGNORECASE
)
"""Words that stand for text still to be written. A particle of Korean may follow."""

MACHINE_PATH = re.compile(
    r"(?<![\w/.:-])/(?:home|Users)/(?!runner/)[\w.-]+/[^\s\"'<>|,;:)\]]*"
    r"|(?<![\w/.:-])/root/[^\s\"'<>|,;:)\]]+"
    r"|\b[A-Za-z]:\\+Users\\+[^\s\"'<>|,;:)\]]+"
)
"""Paths below a person's own folder on Linux, macOS and Windows."""


def check_leftovers(site: BuiltSite) -> Iterator[Finding]:
    """Notes in the prose of posts, and paths in their outputs."""
    for path in site.posts:
        page = site.pages[path]
        for offset, text in page.prose:
            for match in MARKER.finditer(text):
                # In lower case they are words: `xxx`, and whatever begins with `todo`.
                if not match[2] and not match[1].isupper():
                    continue
                around = text[match.start() : match.end() + 30]
                yield site.finding(
                    page,
                    offset + match.start(),
                    "leftover",
                    "warning",
                    f"`{match[0]}` stands in the text",
                    text.strip(),
                    "write what is missing, or take the note out",
                    (text.strip(), around, match[0]),
                )
    for path, post in site.notebooks.items():
        yield from _paths(post, outputs_of(site.files[path]))


def outputs_of(notebook: bytes) -> list[str]:
    """The text of the outputs of each cell of a notebook file, one text a cell.

    None of one that is damaged: then the site is not what a build wrote, and `check` says so.
    """
    try:
        document: Any = json.loads(notebook)
        return [_text_of(cell.get("outputs", [])) for cell in document["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _text_of(outputs: Any) -> str:
    contents = [
        content
        for output in outputs
        for content in (
            output.get("text", ""),
            output.get("traceback", ""),
            # What is Base64 has no words, and a drawing's are its letters' outlines.
            *(data for mime, data in output.get("data", {}).items() if mime.startswith("text/")),
        )
    ]
    return "\n".join("".join(content) for content in contents)


def _paths(post: Post, outputs: list[str]) -> Iterator[Finding]:
    # The first cell of the notebook is the front matter.
    for cell, text in zip(post.notebook.cells, outputs[1:], strict=False):
        seen: set[str] = set()
        for match in MACHINE_PATH.finditer(text):
            if match[0] in seen:
                continue
            seen.add(match[0])
            yield Finding(
                "path",
                "warning",
                "an output tells a path of the machine it was made on",
                post.source.path,
                cell.line,
                cell.cell,
                shortened(match[0]),
                "print a path relative to the post, or its name alone",
            )
