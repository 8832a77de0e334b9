"""Boxes as widespread themes of Jekyll write them, by a class: `.prompt-tip`, `.notice--info`."""

from __future__ import annotations

import re

from .passages import FLAGS, MARKED_CODE, change_around_code

PROMPTS = {"tip": "TIP", "info": "NOTE", "warning": "WARNING", "danger": "CAUTION"}
NOTICES = {"warning": "warning", "danger": "danger", "success": "tip"}
PROMPT = re.compile(
    r"(?P<quote>(?:^>[^\n]*\n)+)\{:\s*\.prompt-(?P<kind>tip|info|warning|danger)\s*\}[ \t]*$",
    re.MULTILINE,
)
BEFORE = re.compile(
    r"(?:(?<=\n\n)|\A)\{:\s*\.prompt-(?P<kind>tip|info|warning|danger)\s*\}[ \t]*\n"
    r"(?=>)"
)
"""The same above the quote: kramdown gives the class to what follows, if nothing stands above."""
LIST = r"[ \t]*\{{:(?P<{}>[^{{}}\n]*\bfile=[\"'][^\"'\n]+[\"'][^{{}}\n]*)\}}[ \t]*"
FILE = re.compile(
    rf"(?:(?:\A|(?<=\n\n)){LIST.format('above')}\n)?(?:{MARKED_CODE})"
    rf"(?:\n{LIST.format('below')}$)?",
    FLAGS,
)
"""A block of code with the name of its file as Chirpy has it: below, or above.

What stands above belongs to the block before it, if no blank line is between them.
"""
NAME = re.compile(r"\bfile=(?P<mark>[\"'])(?P<name>.+?)(?P=mark)")
OF_CHIRPY = re.compile(r"\.nolineno\b")
"""A class that takes back what nothing here gives."""
NOTICE = re.compile(
    r"(?P<text>(?:^(?![ \t]*$|[{#>|<]|[-*+] |\d+\. )[^\n]+\n)+)"
    r"\{:\s*\.notice(?:--(?P<kind>\w+))?\s*\}[ \t]*$",
    re.MULTILINE,
)
NOTICE_BEFORE = re.compile(
    r"(?:\A|(?<=\n\n))\{:\s*\.notice(?:--(?P<kind>\w+))?\s*\}[ \t]*\n"
    r"(?P<text>(?:(?![ \t]*$|[{#>|<]|[-*+] |\d+\. )[^\n]+(?:\n|\Z))+)",
    re.MULTILINE,
)
NOTICE_OF_HTML = re.compile(
    r"^<div\s+class=[\"']notice(?:--(?P<kind>\w+))?[\"']\s+markdown=[\"']?(?:1|block)[\"']?\s*>"
    r"[ \t]*\n(?P<text>(?:(?!<div\b).)*?)\n[ \t]*</div>[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
"""The same around several blocks, as Minimal Mistakes has it."""
OPENED = re.compile(
    r"^([ ]{0,3}<(?:details|div|section|figure)\b[^>\n]*"
    r"\bmarkdown=[\"']?(?:1|block)\b[^>\n]*>)(?=[^\n])",
    re.MULTILINE | re.IGNORECASE,
)
"""A tag whose content is Markdown, and which has no line of its own."""


END_OF_BLOCK = re.compile(r"\s*^[ ]{0,3}\^[ \t]*(?:\n(?:[ \t]*\n)*|\Z)", re.MULTILINE)
"""Kramdown's mark that ends a block, with the blank lines around it."""


def part_blocks(text: str) -> str:
    """Blocks that kramdown's `^` parted, as a comment parts them here."""

    def change(words: str) -> str:
        return END_OF_BLOCK.sub(_parted, words)

    return change_around_code(text, change, formulas=True)


def _parted(match: re.Match[str]) -> str:
    at_end = match.end() == len(match.string)
    return "\n" if at_end or not match.string[: match.start()].strip() else "\n\n<!-- -->\n\n"


def write_boxes(text: str) -> str:
    """Quotes and paragraphs of such a class as boxes; fences in between stay as they are.

    And a tag with `markdown="1"` on a line of its own, as it must stand here.
    """

    def change(shown: str) -> str:
        shown = NOTICE_OF_HTML.sub(_notice, shown)
        shown = OPENED.sub(r"\1\n", shown)
        shown = BEFORE.sub(lambda m: f"> [!{PROMPTS[m['kind']]}]\n", shown)
        shown = PROMPT.sub(lambda m: f"> [!{PROMPTS[m['kind']]}]\n{m['quote'].rstrip()}", shown)
        return NOTICE_BEFORE.sub(_notice, NOTICE.sub(_notice, shown))

    return change_around_code(FILE.sub(_named, text), change)


def _notice(match: re.Match[str]) -> str:
    kind = NOTICES.get(match["kind"] or "", "note")
    text = match["text"].rstrip("\n")
    end = "\n" if match[0].endswith("\n") else ""
    return f":::{{{kind}}}\n{text}\n:::{end}"


def _named(match: re.Match[str]) -> str:
    """A fence with the name of its file among its attributes."""
    said = match["below"] or match["above"]
    name = NAME.search(said) if said else None
    if name is None or match["block"] is None:
        return match[0]
    others = " ".join(OF_CHIRPY.sub("", NAME.sub("", said)).split())
    info = match["info"].strip() or "text"
    own = ""
    if info.endswith("}"):  # It has attributes already.
        info, _, own = info.removesuffix("}").partition("{")
    language = info.strip() or "text"
    attributes = " ".join(filter(None, (own.strip(), f'filename="{name["name"]}"', others)))
    opening = f"{match['indent']}{match['fence']}"
    code = match["block"].removeprefix(f"{opening}{match['info']}")
    return f"{opening}{language} {{{attributes}}}{code}"
