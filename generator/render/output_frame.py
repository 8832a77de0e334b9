"""What an output is rendered with, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from markdown_it import MarkdownIt
from msgspec import Struct

from ..addresses import address
from ..errors import OutputError
from ..model import Bundle, Code
from .context import Context, Place


class Shown(Struct, frozen=True):
    """One output as HTML."""

    page: str
    feed: str
    kind: Literal["figure", "text"] = "text"


class Frame(Struct, frozen=True):
    """What an output is rendered with."""

    md: MarkdownIt
    context: Context
    code: Code
    bundle: Bundle
    number: int
    """Of the output, among those of its cell."""

    @property
    def place(self) -> Place:
        """The cell that the output belongs to."""
        return Place(self.code.cell, self.code.line)

    def publish(self, picture: bytes, suffix: str) -> str:
        """Make a file of a picture, and return its address."""
        return address(self.context.publish_hashed(picture, suffix), self.context.links.config)

    def problem(self, message: str, hint: str | None = None) -> None:
        """Note that the output cannot be shown."""
        error = OutputError(message).at(cell=self.code.cell, line=self.code.line, hint=hint)
        self.context.errors.append(error)


Renderer = Callable[[str, Frame], Shown | None]
"""(content of the MIME type, frame) -> HTML; None if the next type should be tried."""
