"""Parts of HTML's syntax that more than one stage reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

SPACE = " \t\n\f\r"
"""What HTML takes for white space."""

NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that neither HTML (13.1.4) nor XML 1.0 (2.2) allows, and DEL, shown as a box."""

COMMENT = r"(?s:<!--(?:-?>|.*?(?:--!?>|\Z)))"
"""A comment, as browsers end it (HTML 13.2.5.43 to 51): also `<!-->`, and `--!>` at its end."""


def candidates(srcset: str) -> Iterator[tuple[str, str]]:
    """The addresses in a `srcset`, each with what is said of its size (HTML 4.8.4.2).

    A comma ends an address only at its end: `https://host/w_3,c_x/a.jpg` has one in it.
    """
    rest = srcset
    while rest := rest.lstrip(SPACE + ","):
        address = re.split(f"[{SPACE}]", rest, maxsplit=1)[0]
        rest, size = rest[len(address) :], ""
        if not address.endswith(","):
            size, _, rest = rest.partition(",")
        yield address.rstrip(","), size.strip(SPACE)
