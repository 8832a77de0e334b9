"""Side notes, `:::{margin}`: in the margin of a wide page, and where they are written elsewhere."""

from __future__ import annotations

from html import escape

from .context import Context
from .directives import Directive, Frame, Written


def _show(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    """A note beside the text that follows it; a feed has it in the text, and says what it is."""
    opening = '<div class="side-note" role="note">\n'
    if not written.argument:
        name = escape(context.strings["note"], quote=False)
        return (
            Frame(opening, closing="</div>\n"),
            Frame(f"<blockquote>\n<p><strong>{name}</strong></p>\n", closing="</blockquote>\n"),
        )
    return (
        Frame(f'{opening}<p class="side-note-title">', "</p>\n", closing="</div>\n"),
        Frame("<blockquote>\n<p><strong>", "</strong></p>\n", closing="</blockquote>\n"),
    )


SIDE_NOTE = Directive(_show, needs={"body": "write the note below its first line"})

SIDE_NOTE_DIRECTIVES = {"margin": SIDE_NOTE, "aside": SIDE_NOTE, "sidebar": SIDE_NOTE}
"""MyST's three names for it."""
