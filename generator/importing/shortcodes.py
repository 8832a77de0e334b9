"""Hugo's shortcodes: those that mean something here are written out, the rest is shown and told."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .links import Links, named_alone, picture, stands_alone
from .passages import FLAGS, MARKED_CODE, as_code, change_prose, described, fenced
from .remarks import Remarks
from .unresolved import Kind, end_links, show

BLOCK = re.compile(
    rf"""
    (?P<skip>{MARKED_CODE})
    | (?P<lead>^[ \t]*)?\{{\{{[<%]\s*(?P<name>highlight|code)\b(?P<rest>[^\n]*?)\s*[>%]\}}\}}
      [ \t]*\n?
      (?P<source>.*?)\n?[ \t]*\{{\{{[<%]\s*/\s*(?P=name)\s*[>%]\}}\}}
    | \{{\{{[<%]\s*(?P<raw>raw[-_]?html)\s*[>%]\}}\}}(?P<inner>.*?)
      \{{\{{[<%]\s*/\s*(?P=raw)\s*[>%]\}}\}}
    | \{{\{{[<%]\s*(?P<formula>katex|math|mathjax|tex)\b(?P<how>[^>%]*?)\s*[>%]\}}\}}(?P<tex>.*?)
      \{{\{{[<%]\s*/\s*(?P=formula)\s*[>%]\}}\}}
    """,
    FLAGS,
)
SHORTCODE = re.compile(
    r"\{\{(?P<kind>[<%])\s*(?P<close>/)?\s*(?P<name>[\w/.-]+)"
    r"(?P<rest>(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\"`])*?)\s*/?\s*[>%]\}\}",
    re.DOTALL,
)
KEPT = re.compile(r"\{\{(?P<open>[<%])/\*\s?(?P<inner>.*?)\s?\*/(?P<close>[>%])\}\}", re.DOTALL)
"""`{{</* name */>}}`: what shows a shortcode without running it."""
PARAMETER = re.compile(
    r"(?:(?P<key>[\w-]+)\s*=\s*)?(?:\"(?P<text>(?:[^\"\\]|\\.)*)\"|`(?P<raw>[^`]*)`|(?P<bare>[^\s\"`]+))"
)
OPTION = re.compile(r"(\w+)\s*=\s*([^=]*?)\s*(?=,\s*\w+\s*=|\Z)")
OF_CODE = ("0", "1", "language", "lang", "options")
BOXES = {
    "note": "note", "info": "note", "tip": "tip", "hint": "tip", "success": "tip",
    "important": "important", "warning": "warning", "caution": "caution", "danger": "danger",
    "alert": "warning", "error": "danger", "example": "note", "question": "note",
}  # fmt: skip
"""Kinds of boxes, and ours."""
FRAMES = ("callout", "admonition", "notice", "alert", "hint", "box")
"""Shortcodes of widespread themes whose first word is the kind of the box."""
KINDS = ("0", "type", "kind", "style")
"""Parameters that may name the kind of a box."""
FIGURES = ("figure", "img", "image")
TABS = ("tabs", "tab")
FOLDS = ("details", "expand", "spoiler", "collapse")
NOT_RUN = Kind(
    "the shortcode is not run here",
    "it stands there as code: write what it stood for, as Markdown or HTML",
)
MARK = "\ue002"
"""Stands behind the first brace of what is only shown, until shortcodes are done."""


def unfold_shortcodes(text: str) -> str:
    """`highlight` as fences, formulas as formulas; what only shows shortcodes is put aside."""

    def unfolded(match: re.Match[str]) -> str:
        if match["skip"] is not None:
            return match[0]
        if match["source"] is not None:
            lead = match["lead"] or ""
            given = _parameters(match["rest"])
            language = given.get("0") or given.get("language") or given.get("lang") or ""
            lines = [line.removeprefix(lead) for line in match["source"].strip("\n").split("\n")]
            said = dict(OPTION.findall(given.get("1") or given.get("options") or ""))
            said |= {key: value for key, value in given.items() if key not in OF_CODE}
            return fenced("\n".join(lines), described(language.lower(), said), lead)
        if match["inner"] is not None:
            # In Markdown a block of HTML ends at a blank line.
            return re.sub(r"\n(?:[ \t]*\n)+", "\n", match["inner"].strip("\n"))
        inner = match["tex"]
        if match["formula"].lower() == "math" or re.search(r"\$|\\[(\[]", inner):
            return inner.strip(" ")
        display = "display" in match["how"] or "\n" in inner.strip()
        return f"\n\n$$\n{inner.strip()}\n$$\n\n" if display else f"${inner.strip()}$"

    def kept(match: re.Match[str]) -> str:
        return f"{{{MARK}{{{match['open']} {match['inner'].strip()} {match['close']}}}}}"

    return KEPT.sub(kept, BLOCK.sub(unfolded, text))


def run_shortcodes(text: str, links: Links, remarks: Remarks) -> str:
    """The text with each shortcode replaced, in prose."""
    open_boxes: list[tuple[str, str]] = []
    longest = 2 + _depth(text)

    def change(prose: str) -> str:
        return SHORTCODE.sub(
            lambda m: _replaced(m, text, longest, open_boxes, links, remarks), prose
        )

    done = end_links(change_prose(text, change), NOT_RUN, remarks)
    shown = re.compile(rf"\{{{MARK}(\{{[<%].*?[>%]\}}\}})", re.DOTALL)
    return change_prose(
        done,
        lambda prose: shown.sub(lambda m: as_code("{" + m[1]), prose),
        lambda code: code.replace(MARK, ""),
    )


def _parameters(rest: str) -> dict[str, str]:
    """Parameters by name, and those without one by their number."""
    given: dict[str, str] = {}
    count = 0
    for match in PARAMETER.finditer(rest):
        found = match["text"] if match["text"] is not None else match["raw"] or match["bare"] or ""
        key = match["key"]
        if key is None:
            key, count = str(count), count + 1
        given[key] = found.replace('\\"', '"')
    return given


def _replaced(
    match: re.Match[str],
    text: str,
    longest: int,
    boxes: list[tuple[str, str]],
    links: Links,
    remarks: Remarks,
) -> str:
    name = match["name"].lower()
    written = match[0]
    given = _parameters(match["rest"])
    # A box that holds others has the longer fence.
    fence = ":" * max(longest - len(boxes), 3)
    around = "" if stands_alone(match) else "\n"
    if match["close"]:
        if boxes and boxes[-1][0] == name:
            return around + boxes.pop()[1] + around
    elif name in ("ref", "relref"):
        wanted = given.get("0") or given.get("path") or ""
        path, sharp, fragment = wanted.partition("#")
        language = given.get("lang", "")
        found = links.old_address_of_file(path.strip("/"), language) if path else ""
        if found is not None:
            return named_alone(match, (found or "") + sharp + fragment, links) or ""
    elif name in FIGURES and (source := given.get("src")):
        return _figure(source, given, match, remarks)
    elif name in ("youtube", "vimeo", "gist", "x", "tweet", "twitter", "video"):
        if address := _elsewhere(name, given):
            sign = remarks.sign(f"`{name}` is a link now", written, "give the link a text")
            return f"{sign}<{address}>"
    elif name in TABS and _has_titles(text) and _is_closed(match, text):
        # What stands between the tabs of a set would be an error.
        if name == "tabs" or (boxes and boxes[-1][0] == "tabs"):
            boxes.append((name, fence))
            title = _title_of_tab(given)
            head = "{tab-set}" if name == "tabs" else f"{{tab-item}} {title}"
            return f"{around}{fence}{head}{around}"
    elif name in (*FOLDS, *FRAMES, *BOXES) and _is_closed(match, text):
        boxes.append((name, fence))
        sign, head = _box(name, given, written, remarks)
        return f"{around}{sign}{fence}{head}{around}"
    return show(written, match.string[: match.start()], NOT_RUN, remarks)


def _box(name: str, given: dict[str, str], written: str, remarks: Remarks) -> tuple[str, str]:
    """How a box begins, and the signs of what is told of its options."""
    left = dict(given)

    def first(keys: tuple[str, ...]) -> str:
        for key in keys:
            if left.get(key):
                return left.pop(key)
        return ""

    if name in FOLDS:
        title = first(("summary", "title", "text", "0"))
        is_open = first(("open", "openByDefault")) == "true" or first(("closed",)) == "false"
        if left.get("1") == "open":
            is_open = bool(left.pop("1"))
        head = f"{{dropdown}} {title}".rstrip() + ("\n:open:\n" if is_open else "")
    else:
        # A first word that names no kind may be anything.
        keys = [key for key in KINDS if given.get(key, "").lower() in BOXES]
        kind = BOXES[left.pop(keys[0]).lower()] if keys else BOXES.get(name, "note")
        title = first(("title", "1"))
        if left.get("open") == "true":
            del left["open"]
        folded = " dropdown" if first(("open",)) == "false" or left.get("2") == "false" else ""
        if left.get("2") in ("true", "false"):
            del left["2"]
        head = f"{{{kind}}}" + ("\n:class: dropdown\n" if folded else "")
        if title:
            head = f"{{admonition}} {title}\n:class: {kind}{folded}\n"
    sign = ""
    for key, value in left.items():
        if value:
            said = f"a box's option `{value}`" if key.isdecimal() else f"a box's `{key}`"
            message = f"{said} is left out" + ("" if key.isdecimal() else f": {value}")
            sign += remarks.sign(message, written, "a box has a kind, a title, and may be folded")
    return sign, head


def _depth(text: str) -> int:
    """How deep boxes stand in each other."""
    depth = deepest = 0
    for match in SHORTCODE.finditer(text):
        if match["name"].lower() in (*TABS, *FOLDS, *FRAMES, *BOXES) and _is_closed(match, text):
            depth += -1 if match["close"] else 1
            deepest = max(deepest, depth)
    return max(deepest, 1)


def _title_of_tab(given: Mapping[str, str]) -> str:
    return next((given[key] for key in ("title", "name", "header", "0") if given.get(key)), "")


def _has_titles(text: str) -> bool:
    """Whether each tab of a text says its title itself."""
    tabs = [match for match in SHORTCODE.finditer(text) if match["name"].lower() == "tab"]
    opened = [_parameters(match["rest"]) for match in tabs if not match["close"]]
    return bool(opened) and all(map(_title_of_tab, opened))


def _is_closed(match: re.Match[str], text: str) -> bool:
    """Whether a shortcode of such a name has an end, in the text as a whole."""
    closing = rf"\{{\{{[<%]\s*/\s*{re.escape(match['name'])}\s*[>%]\}}\}}"
    return re.search(closing, text) is not None


def _figure(source: str, given: dict[str, str], match: re.Match[str], remarks: Remarks) -> str:
    title, caption = given.get("title", ""), given.get("caption", "")
    # Hugo's own shortcode shows the title above the caption.
    caption = f"**{title}** {caption}" if title and caption else caption or title
    width = given.get("width", "")
    if not re.fullmatch(r"\d+(?:px|%)?", width):
        width = ""
    elif width.isdigit():
        width += "px"
    sign = ""
    # A directive's first line begins at the margin, and signs go with it.
    alone = stands_alone(match)
    align = given.get("align", "")
    if not (alone and caption) or align not in ("left", "right", "center"):
        align = ""
    for key in given:
        known = ("src", "alt", "title", "caption", "width", "loading", "align" if align else "src")
        if given[key] and key not in known:
            of_source = key in ("attr", "attrlink", "link")
            hint = (
                "say it in the text, if it is due" if of_source else "a figure has no such option"
            )
            message = f"a figure's `{key}` is left out: {given[key]}"
            sign += remarks.sign(message, match[0], hint)
    return sign + picture(source, given.get("alt", ""), caption, width, alone=alone, align=align)


def _elsewhere(name: str, given: dict[str, str]) -> str:
    first = given.get("id") or given.get("0") or ""
    second = given.get("1", "")
    if name == "youtube":
        return f"https://www.youtube.com/watch?v={first}" if first else ""
    if name == "vimeo":
        return f"https://vimeo.com/{first}" if first else ""
    if name == "gist":
        return f"https://gist.github.com/{first}/{second}" if second else ""
    if name == "video":
        first = given.get("src") or first
        return first if re.match(r"https?://", first) else ""
    user = given.get("user", "i")
    return f"https://x.com/{user}/status/{first}" if first else ""
