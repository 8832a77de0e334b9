"""TOML, and where in it a mistake is."""

from __future__ import annotations

import re
import tomllib

PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
"""How `tomllib` ends its messages."""


def mistake(error: tomllib.TOMLDecodeError, text: str) -> tuple[str, int, int | None]:
    """What is wrong with a text that is no TOML, on which of its lines, and in which column.

    What is found at the end of the text only, as a text in quotes that never ends, is on its last
    line that is not empty.
    """
    message = str(error)
    place = PLACE.search(message)
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    else:
        line, column = max(1, len(text.rstrip().splitlines())), None
    return PLACE.sub("", message), line, column
