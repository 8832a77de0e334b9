"""What of a text is written for readers: no code, no formulas, no templates, no addresses."""

from __future__ import annotations

import re

from .passages import FORMULA, passages

SHOWN_CODE = re.compile(
    r"\{%-?\s*(?P<tag>highlight|comment)\b.*?\{%-?\s*end(?P=tag)\b.*?%\}"
    r"|\{\{(?P<sign>[<%])\s*(?P<name>highlight|mermaid)\b.*?\{\{[<%]\s*/\s*(?P=name)\b.*?\}\}",
    re.DOTALL,
)
"""What Liquid and shortcodes hold between them that is no prose."""
NO_PROSE = re.compile(
    r"\{%(?:(?!\{%).)*?%\}|\{\{(?:(?!\{\{).)*?\}\}"  # Liquid, shortcodes.
    r"|</?[a-zA-Z][^<>]*>|<[a-z]+:[^<>\s]*>"  # Tags of HTML, addresses in angle brackets.
    r"|(?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\)"  # Where links lead.
    r"|^[ ]{0,3}\[[^\]\n]+\]:[ \t]*\S+|\b(?:https?://|www\.)[^\s<>]+"
    r"|(?:^[ \t]*:{3,})?[ \t]*\{[:.#][^{}\n]*\}|&\#?\w+;",  # Attributes, entities.
    re.DOTALL | re.MULTILINE,
)


def prose_of(text: str) -> str:
    """What is written for readers: no code, formulas, tags, addresses, Liquid and shortcodes."""
    text = SHOWN_CODE.sub(" ", text)
    text = "".join(" " if is_code else part for part, is_code in passages(text))
    return NO_PROSE.sub(" ", FORMULA.sub(" ", text))
