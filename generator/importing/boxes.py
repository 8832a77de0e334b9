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
FILE = re.compile(
    rf"(?:{MARKED_CODE})(?:\n[ \t]*\{{:(?P<list>[^{{}}\n]*\bfile=(?P<mark>[\"'])(?P<name>[^\"'\n]+)"
    rf"(?P=mark)[^{{}}\n]*)\}}[ \t]*$)?",
    FLAGS,
)
"""A block of code, and below it the name of its file as Chirpy has it."""
NOTICE = re.compile(
    r"(?P<text>(?:^(?![ \t]*$|[{#>|<]|[-*+] |\d+\. )[^\n]+\n)+)"
    r"\{:\s*\.notice(?:--(?P<kind>\w+))?\s*\}[ \t]*$",
    re.MULTILINE,
)
OPENED = re.compile(
    r"^([ ]{0,3}<(?:details|div|section|figure)\b[^>\n]*"
    r"\bmarkdown=[\"']?(?:1|block)\b[^>\n]*>)(?=[^\n])",
    re.MULTILINE | re.IGNORECASE,
)
"""A tag whose content is Markdown, and which has no line of its own."""


def write_boxes(text: str) -> str:
    """Quotes and paragraphs of such a class as boxes; fences in between stay as they are.

    And a tag with `markdown="1"` on a line of its own, as it must stand here.
    """

    def change(shown: str) -> str:
        shown = OPENED.sub(r"\1\n", shown)
        shown = BEFORE.sub(lambda m: f"> [!{PROMPTS[m['kind']]}]\n", shown)
        shown = PROMPT.sub(lambda m: f"> [!{PROMPTS[m['kind']]}]\n{m['quote'].rstrip()}", shown)
        return NOTICE.sub(
            lambda m: f":::{{{NOTICES.get(m['kind'] or '', 'note')}}}\n{m['text']}:::", shown
        )

    return change_around_code(FILE.sub(_named, text), change)


def _named(match: re.Match[str]) -> str:
    """A fence with the name of its file among its attributes."""
    if match["list"] is None or match["block"] is None:
        return match[0]
    info = match["info"].strip() or "text"
    opening = f"{match['indent']}{match['fence']}"
    code = match["block"].removeprefix(f"{opening}{match['info']}")
    return f'{opening}{info} {{filename="{match["name"]}"}}{code}'
