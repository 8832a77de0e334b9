"""What the author is told of a conversion, with the line of the new file that it is about.

A text goes through many hands before its lines are final. So a remark leaves a sign in the text,
two characters of Unicode's private use around a number, and its line is read off at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from ..errors import PostError

SIGN = re.compile("\ue000(\\d+)\ue001")


class Remarks(Struct):
    """What has been remarked of one post so far."""

    said: list[PostError] = []

    def sign(self, message: str, text: str, hint: str) -> str:
        """Note a remark; the sign that is returned stands where it belongs."""
        shown = SIGN.sub("", text).strip().partition("\n")[0]
        self.said.append(PostError(message).at(text=shown, hint=hint))
        return f"\ue000{len(self.said) - 1}\ue001"

    def say(self, message: str, file: str, line: int | None, text: str, hint: str) -> None:
        """Note a remark about a place of the old blog."""
        self.said.append(PostError(message).at(file=file, line=line, text=text or None, hint=hint))


def without_signs(
    text: str, remarks: Remarks, file: str, first_line: int = 1, cell: int | None = None
) -> str:
    """The text without signs; each remark that has one in it gets its place."""
    done = []
    for number, line in enumerate(text.split("\n"), start=first_line):
        for match in SIGN.finditer(line):
            remarks.said[int(match[1])].at(file=file, line=number, cell=cell)
        done.append(SIGN.sub("", line))
    return "\n".join(done)


def placed(remarks: Remarks, file: str) -> Iterator[PostError]:
    """All remarks, in the order of their places; those without one belong to the whole file."""
    for remark in remarks.said:
        remark.at(file=file)
    yield from sorted(remarks.said, key=lambda r: (r.file or "", r.cell or 0, r.line or 0))
