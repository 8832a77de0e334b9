"""Quotation marks, dashes and the ellipsis, as they are printed in the post's language.

`"인용"은` is “인용”은, `don't` is don’t, `pp. 3--5` is pp. 3–5, `---` is — and `...` is ….
No line ends between what is one: `RFC 6749`, `그림 3`, `40 kB`, `et al.`
Korean and English use the same marks; in other languages quotation marks stay as they are
typed. Only running text is touched: no code, formula, address, attribute or raw HTML, and
nothing behind a backslash. `(c)`, `(tm)` and `+-` stay, since `(c)` also names the third case.

CommonMark knows none of this: it happens where the environment names a language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from msgspec import Struct

from .emphasis import is_cjk
from .tokens import NO_BREAK_SPACE, text_token

QUOTES = {
    "ko": {'"': ("“", "”"), "'": ("‘", "’")},
    "en": {'"': ("“", "”"), "'": ("‘", "’")},
}
"""Language to what opens and what closes a quotation, by what is typed."""

APOSTROPHE = "’"
ATOM = "\ufffc"
"""Stands for what is no text, as a formula or code: a word without letters."""

VERBATIM = frozenset("code kbd math pre samp script style svg textarea tt var".split())
"""Elements of raw HTML whose text stays as it is typed."""
TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][\w-]*)[^>]*?(?P<closed>/?)>")

# An option such as `--quiet` and an arrow such as `-->` stay.
DASHES = re.compile(
    r"""
    (?<![-<!]) (?: (?P<em>---) | (?<=\s)(?P<spaced>--)(?=\s) | (?<=[^-\s])(?P<en>--)(?=[^-\s]) )
    (?![->])
    """,
    re.VERBOSE,
)
MAY_CHANGE = re.compile(r"""["']|--|\.\.\.""")
"""What stands wherever anything is to be changed: most paragraphs have nothing."""
# Few spaces are looked at: those before a digit, behind one, and before `al.`.
JOINT = re.compile(r" (?:(?=\(?\d)|(?<=\d )(?=[A-Za-zµ°%‰])|(?<=\bet )(?=al\.))")
"""A space in which a line may not end, if what stands around it says so."""
NUMBERED = re.compile(
    r"""
    (?<![^\W_]) (?: (?:RFC|PEP|ISO|IEC|IEEE|DIN|KS|§|No\.|nos?\.|pp?\.|vol\.|ch\.|sec\.)
    | (?:Figure|Fig\.|Table|Listing|Equation|Eq\.|Section|Chapter|Part|Step|Appendix)
    | (?:Theorem|Lemma|Proposition|Corollary|Definition|Example|Remark|Algorithm)
    | 그림|표|식|코드|정리|보조정리|정의|명제|따름정리|예|참고|알고리즘 ) $
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What names a thing by the number behind it."""
LONGEST_NAME = 11
UNIT = re.compile(
    r"(?:[%‰°]|°[CF]|[kKMGT]i?B|B|bits?|[kMG]?bit/s|[mµn]?s|min|h|[kcmµn]?m|k?g|mg|[kMGT]?Hz|px|pt|dpi"
    r"|[mk]?[VWJ]|[KN]|dB|GFLOPS|fps)(?![A-Za-z0-9_])"
)
DOTS = re.compile(r"(?<![./\\])\.{3,}(?![/\\])")
PRINTED_DOTS = {3: "…", 4: "….", 6: "……"}
"""Number of dots to what is printed: four end a sentence, six are the long Korean ellipsis."""
YEAR = re.compile(r"'\d\d(?:s\b|(?![\w'])|(?=[가-힣]))")
ELISION = re.compile(r"'(?:tis|twas|em|til|cause|bout|n)\b", re.IGNORECASE)
OPENING = "([{<“‘«〈《「『【（-–—/=~…:"
"""Behind these a quotation opens, unless white space follows."""


def typography_plugin(md: MarkdownIt) -> None:
    """Set quotation marks, dashes and the ellipsis, where the environment names a language."""
    # Before `text_join`, which forgets what stood behind a backslash.
    md.core.ruler.after("linkify", "typography", _typography)


def printed(text: str, language: str) -> str:
    """A plain text, as a title, as it is printed."""
    token = text_token(text)
    _print([token], language)
    return token.content


def _typography(state: StateCore) -> None:
    language = state.env.get("language", "")
    if not language:
        return
    for token in state.tokens:
        if token.type == "inline":
            _print(token.children or [], language)


def _print(tokens: Sequence[Token], language: str) -> None:
    """Change the texts of inline tokens that stand in one block."""
    for token in tokens:
        if token.type == "image":
            _print(token.children or [], language)
    spans, flat = _flatten(tokens)
    joints = list(_joints(flat))
    if not joints and not MAY_CHANGE.search(flat):
        return
    written = [False] * len(flat)
    for mine, start, end in spans:
        if mine is not None:
            written[start:end] = [True] * (end - start)
    characters = list(flat)
    for position in joints:
        characters[position] = NO_BREAK_SPACE
    for pattern in (DASHES, DOTS):
        for match in pattern.finditer(flat):
            start, end = match.span()
            if not all(written[start:end]):
                continue
            characters[start:end] = [_printed(match[0]), *[""] * (end - start - 1)]
    if language in QUOTES:
        _quote(flat, written, characters, QUOTES[language])
    for mine, start, end in spans:
        if mine is not None:
            mine.content = "".join(characters[start:end])


def _joints(flat: str) -> Iterator[int]:
    """Where the spaces stand at which no line ends."""
    for match in JOINT.finditer(flat):
        position = match.start()
        if flat[position + 1] in "(0123456789":
            joins = NUMBERED.search(flat[max(0, position - LONGEST_NAME - 1) : position])
        else:
            joins = UNIT.match(flat, position + 1)
        if joins or flat.startswith("al.", position + 1):
            yield position


def _printed(typed: str) -> str:
    if typed[0] == ".":
        return PRINTED_DOTS.get(len(typed), typed)
    return "—" if len(typed) == 3 else "–"


def _flatten(tokens: Sequence[Token]) -> tuple[list[tuple[Token | None, int, int]], str]:
    """The text of tokens in one piece, and where each token stands in it.

    Only the spans that name their token may be changed.
    """
    spans: list[tuple[Token | None, int, int]] = []
    parts: list[str] = []
    length = 0
    verbatim = 0
    bare_link = False
    for token in tokens:
        text, mine = "", False
        if token.type == "text":
            text, mine = token.content, not verbatim and not bare_link
        elif token.type == "text_special":
            text = token.content
        elif token.type in ("softbreak", "hardbreak"):
            text = "\n"
        elif token.type == "html_inline":
            verbatim = max(0, verbatim + _verbatim(token.content))
            text = "\n" if token.content[:3].lower() == "<br" else ""
        elif token.type in ("link_open", "link_close"):
            bare_link = token.nesting == 1 and token.info == "auto"
        elif token.nesting == 0:
            text = ATOM
        spans.append((token if mine else None, length, length + len(text)))
        parts.append(text)
        length += len(text)
    return spans, "".join(parts)


def _verbatim(html: str) -> int:
    """1 if a tag opens an element whose text is verbatim, -1 if it closes one, 0 otherwise."""
    tag = TAG.match(html)
    if not tag or tag["name"].lower() not in VERBATIM or tag["closed"]:
        return 0
    return -1 if tag["end"] else 1


class _Open(Struct):
    """A mark that opens a quotation if another closes it."""

    mark: str
    position: int
    otherwise: str
    """What it is if nothing closes it."""


def _quote(
    flat: str, written: Sequence[bool], characters: list[str], quotes: Mapping[str, tuple[str, str]]
) -> None:
    """Find which marks open, which close, and which are apostrophes; primes stay."""
    stack: list[_Open] = []
    open_marks = {'"': 0, "'": 0}
    opened = -1
    """Where the last mark stands that was taken for an opening one."""
    for position in _marks(flat, written):
        mark = flat[position]
        before = flat[position - 1] if position else " "
        after = flat[position + 1] if position + 1 < len(flat) else " "
        outside = before.isspace() or before in OPENING or opened == position - 1 >= 0
        if mark == "'" and (_in_word(before, after) or (outside and YEAR.match(flat, position))):
            characters[position] = APOSTROPHE
        elif open_marks[mark] and not outside and _closes(mark, stack):
            while (last := stack.pop()).mark != mark:
                open_marks[last.mark] -= 1
                characters[last.position] = last.otherwise
            open_marks[mark] -= 1
            characters[last.position], characters[position] = quotes[mark]
        elif not after.isspace() and (outside or not _is_word(before) or is_cjk(before)):
            kept = APOSTROPHE if ELISION.match(flat, position) else mark
            stack.append(_Open(mark, position, kept))
            open_marks[mark] += 1
            opened = position
        elif mark == "'" and _ends_word(flat, position):
            characters[position] = APOSTROPHE
    for last in stack:
        characters[last.position] = last.otherwise


def _marks(flat: str, written: Sequence[bool]) -> Iterator[int]:
    for match in re.finditer("[\"']", flat):
        if written[match.start()]:
            yield match.start()


def _is_word(character: str) -> bool:
    return character.isalnum() or character in "_" + ATOM


def _in_word(before: str, after: str) -> bool:
    """Whether a mark between two characters is inside a word: `don't`, not `'집합'은`."""
    return (
        (before.isalnum() or before == ATOM)
        and after.isalpha()
        and not (is_cjk(before) or is_cjk(after))
    )


def _closes(mark: str, stack: Sequence[_Open]) -> bool:
    """Whether a mark may close: a single one does not reach over an open double one."""
    return mark == '"' or stack[-1].mark == mark


def _ends_word(flat: str, position: int) -> bool:
    """Whether a mark ends a word, `the sets'`; behind one letter or a digit it is a prime."""
    before, second = flat[position - 1 : position], flat[position - 2 : position - 1]
    return before.isalpha() and second.isalpha()
