r"""Subscripts and superscripts as Pandoc writes them: `H~2~O`, `x~i~`, `x^2^`, `1^st^`.

Tildes and carets mean other things as well, and go on to do so: ranges (`2~3개, 5~6명`, `월~금`),
about (`~5%`), a friendly tone (`네~ 네~`), powers without dollars (`x^2+y^2`), smiles (`^^`,
`ok^o^`). So what is lowered or raised is made of Latin and Greek letters and digits, without a
space, and stands directly behind what can have it: a number behind a word, anything behind a
symbol of one letter. And nothing may follow that would make a range or a power of it. All else is
text; the roles `sub` and `sup` lower and raise whatever they are given.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

LETTER = "A-Za-z\u0391-\u03c9\u2100-\u214f"
"""Latin, Greek, and what mathematicians write on blackboards: for a class of characters."""
NUMBER = r"[+\-−]?\d+(?:[.,]\d+)*[+\-−]?"
WORD = rf"[+\-−]?[{LETTER}\d]+[+\-−]?"
SUM = rf"[+\-−]?[{LETTER}\d]+(?:[+\-−,=][{LETTER}\d]+)+|\([{LETTER}\d]+(?:[+\-−][{LETTER}\d]+)*\)"
"""`n+1`, `i,j`, `(n)`."""

LOWERED = rf"""(?x)
    ~(?: (?P<number>{NUMBER}) ~(?![\d~])
       | (?P<word>{WORD}|{SUM}) ~(?![{LETTER}\d~])
       | (?P<count>[a-z]{{1,2}}) ~(?=[A-Z])
    )
"""
"""`H~2~O` goes on with a letter, a range does, too, `a~b~c`; but for `C~n~H~2n+2~`. Compiled when a
sign is met, which takes longer than to read a post: few have one."""
RAISED = rf"""(?x)
    \^(?: (?P<number>{NUMBER}) \^(?![{LETTER}\d^{{])
        | (?P<word>{WORD}) \^(?![{LETTER}\d^~({{\[\\−-])
        | (?P<sum>{SUM}) \^(?![{LETTER}\d^~({{\[\\−+=/-])
    )
"""
"""`2^3^4` and `e^x^-1` are powers of powers, `x^2+y^(2)` and `x^2+y^{2}` two powers."""

EMPHASIS = r"[*_]{0,3}"
BEGINNING = rf"(?:^|[^{LETTER}\d*_]){EMPHASIS}"
REACH = 16
"""More characters than what stands before can have that matters."""
SYMBOL = re.compile(rf"{BEGINNING}(?:[{LETTER}]|[a-z][A-Z]){EMPHASIS}$")
"""One letter, also `*x*`, or two as in pK. Behind two as in cm, only numbers are raised."""
UNIT = re.compile(rf"{BEGINNING}[{LETTER}]{{2}}{EMPHASIS}$")
ENDS_WORD = re.compile(rf"[{LETTER}]{EMPHASIS}$")
ENDS_NUMBER = re.compile(rf"\d{EMPHASIS}$")
ENDS_BRACKET = re.compile(rf"[{LETTER}\d)*_~^'′][)\]]{EMPHASIS}$")
SMILES = ("0", "3")
LENGTH = re.compile(r"[cdkmnµμ]m$")
"""Who raises a 3 behind two letters means a volume, or smiles."""

ADDRESS = re.compile(r"(?:www\.|@)\S*$")
"""The beginning of an address that stands bare in the text; those with a scheme are read before."""
LONGEST_ADDRESS = 200
CLOSINGS = ("sub_close", "sup_close")


def subscripts_plugin(md: MarkdownIt) -> None:
    """Read what stands between tildes and between carets."""
    md.inline.ruler.after("strikethrough", "subscript", _rule)


def _rule(state: StateInline, silent: bool) -> bool:
    sign = state.src[state.pos]
    # Where only the end of a link is looked for, nothing needs to be read: none is inside.
    if silent or sign not in "~^":
        return False
    match = _lowered(state) if sign == "~" else _raised(state)
    if not match or ADDRESS.search(state.src, max(0, state.pos - LONGEST_ADDRESS), state.pos):
        return False
    tag = "sub" if sign == "~" else "sup"
    state.push(f"{tag}_open", tag, 1).markup = sign
    state.push("text", "", 0).content = match[0][1:-1]
    state.push(f"{tag}_close", tag, -1).markup = sign
    state.pos = match.end()
    return True


def _lowered(state: StateInline) -> re.Match[str] | None:
    match = re.compile(LOWERED).match(state.src, state.pos, state.posMax)
    if not match:
        return None
    before = _before(state)
    if _has_index(state, "^") or SYMBOL.search(before):
        return match
    behind = ENDS_WORD.search(before) or ENDS_BRACKET.search(before)
    return match if match["number"] and behind else None


def _raised(state: StateInline) -> re.Match[str] | None:
    match = re.compile(RAISED).match(state.src, state.pos, state.posMax)
    if not match:
        return None
    before = _before(state)
    if _has_index(state, "~") or any(
        what.search(before) for what in (SYMBOL, ENDS_NUMBER, ENDS_BRACKET)
    ):
        return match
    number = match["number"]
    if not number or not ENDS_WORD.search(before):
        return None
    if not number.isdigit():
        return match  # `mol^-1^`, `Ca^2+^`
    smiles = number in SMILES and not (number == "3" and LENGTH.search(before))
    return match if UNIT.search(before) and not smiles else None


def _before(state: StateInline) -> str:
    return state.src[max(0, state.pos - REACH) : state.pos]


def _has_index(state: StateInline, sign: str) -> bool:
    """Whether what stands directly before is an index of the other kind: `x~1~^2^`."""
    last = state.tokens[-1] if state.tokens and not state.pending else None
    return last is not None and last.type in CLOSINGS and last.markup == sign
