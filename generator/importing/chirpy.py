"""What a widespread theme of Jekyll and its plugins add to pictures, and tabs.

Chirpy's `_caption_` stands directly below a picture, whose attributes say `w`, `h` and `.w-50`;
jekyll-tabs writes `{% tabs name %}{% tab name title %} … {% endtab %}{% endtabs %}`.
"""

from __future__ import annotations

import re

from .links import picture
from .passages import change_around_code
from .remarks import Remarks

PICTURE = re.compile(
    r"(?:\A|(?<=\n\n))!\[(?P<words>[^\[\]\n]*)\]\((?P<place>[^()\n]+?)\)(?P<more>\{:[^{}\n]*\})?"
    r"[ \t]*\n_(?P<caption>[^\n]+)_[ \t]*$(?=\n[ \t]*\n|\s*\Z)"
    r"|!\[(?P<alt>[^\[\]\n]*)\]\((?P<address>[^()\n]+)\)(?P<list>\{:[^{}\n]*\})",
    re.MULTILINE,
)
"""A picture with a caption and nothing else around it, and one with attributes."""
SHORT = {"w": "width", "h": "height"}
ATTRIBUTE = re.compile(r"(?P<before>[\s:])(?P<name>[wh])(?==)")
WIDTH = re.compile(r"\b(?:w|width)=[\"']?(\d+(?:px|%)?)")
SHARE = re.compile(r"\.w-(\d+)\b")
"""How wide the picture is shown; its `width` is that of its file as a rule."""
SIDE = re.compile(r"\.(left|right)\b")
MODE = re.compile(r"\.(dark|light)\b")
TITLE = re.compile(r"\s+(?:\"([^\"]*)\"|'([^']*)')$")
TABS = re.compile(
    r"^\{%-?\s*tabs\b[^%\n]*%\}[ \t]*\n(?P<inner>(?:(?!\{%-?\s*tabs\b).)*?)"
    r"^\{%-?\s*endtabs\s*-?%\}[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
TAB = re.compile(r"^\{%-?\s*tab\s+\S+\s+(?P<title>[^%\n]*?)\s*-?%\}[ \t]*$", re.MULTILINE)
END_OF_TAB = re.compile(r"^\{%-?\s*endtab\s*-?%\}[ \t]*$", re.MULTILINE)


def write_pictures(text: str, remarks: Remarks) -> str:
    """Pictures with captions as figures, and attributes of others by their whole names."""

    def change(words: str) -> str:
        return PICTURE.sub(lambda match: _picture(match, remarks), words)

    return change_around_code(text, change)


def _picture(match: re.Match[str], remarks: Remarks) -> str:
    said = match["list"] or match["more"] or ""
    sign = ""
    if mode := MODE.search(said):
        message = f"a picture for {mode[1]} pages stands on all of them"
        hint = "keep one of two; a figure that code draws has the colours of its page"
        sign = remarks.sign(message, match[0], hint)
    if match["caption"] is None:
        full = ATTRIBUTE.sub(lambda name: name["before"] + SHORT[name["name"]], said)
        return f"{sign}![{match['alt']}]({match['address']}){full}"
    size, share, side = WIDTH.search(said), SHARE.search(said), SIDE.search(said)
    width = f"{share[1]}%" if share else size[1] if size else ""
    width += "px" if width.isdecimal() else ""
    address = TITLE.sub("", match["place"])
    align = side[1] if side else ""
    return sign + picture(address, match["words"], match["caption"], width, alone=True, align=align)


def write_tabs(text: str) -> str:
    """Tabs of the plugin as a set of tabs; what boxes stand in them have shorter fences."""

    def change(words: str) -> str:
        return TABS.sub(_tabs, words)

    return change_around_code(text, change)


def _tabs(match: re.Match[str]) -> str:
    inner = match["inner"]
    titles, ends = TAB.findall(inner), END_OF_TAB.findall(inner)
    # Outside of its tabs a set holds nothing.
    parts = re.split(rf"(?m){TAB.pattern}|{END_OF_TAB.pattern}", inner)
    outside = [part for part in parts[::4] if part.strip()]
    if not titles or len(titles) != len(ends) or outside:
        return match[0]
    inner = TAB.sub(lambda tab: f"::::{{tab-item}} {tab['title']}", inner)
    return f":::::{{tab-set}}\n{END_OF_TAB.sub('::::', inner)}:::::"
