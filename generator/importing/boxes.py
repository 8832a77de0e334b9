"""Boxes as widespread themes of Jekyll write them, by a class: `.prompt-tip`, `.notice--info`."""

from __future__ import annotations

import re

from .passages import change_around_code

PROMPTS = {"tip": "TIP", "info": "NOTE", "warning": "WARNING", "danger": "CAUTION"}
NOTICES = {"warning": "warning", "danger": "danger", "success": "tip"}
PROMPT = re.compile(
    r"(?P<quote>(?:^>[^\n]*\n)+)\{:\s*\.prompt-(?P<kind>tip|info|warning|danger)\s*\}[ \t]*$",
    re.MULTILINE,
)
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
        shown = PROMPT.sub(lambda m: f"> [!{PROMPTS[m['kind']]}]\n{m['quote'].rstrip()}", shown)
        return NOTICE.sub(
            lambda m: f":::{{{NOTICES.get(m['kind'] or '', 'note')}}}\n{m['text']}:::", shown
        )

    return change_around_code(text, change)
