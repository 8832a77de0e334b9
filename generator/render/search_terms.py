r"""What a search finds a post by: its terms, and how much each of them counts.

A term is two syllables of Hangul that touch, so that 함수 is found in 전사함수 and 집합 in 집합을;
the stem of a word in Latin letters, so that `functions` finds `function`; or a piece of a formula:
a command (`\frac`), or a letter with what stands below or above it (`x_ij`).

`tokens` and `terms_of` say the same as `tokens` and `termsOf` in the theme's `search/query.js`,
which reads what a reader types; `tests/assemble/test_search.py` compares them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

import Stemmer

from ..model import Meta
from .passages import Reading, one_line

SYLLABLES = (
    r"\u3041-\u30ff\u3131-\u318e\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"  # Kana, jamo, Han, Hangul
)
LETTERS = r"0-9a-z\u00df-\u024f\u0370-\u03ff\u0400-\u04ff"  # Latin, Greek, Cyrillic
FIRST_SYLLABLE = "\u3041"
"""All of them lie beyond all letters."""
TOKEN = re.compile(
    r"[0-9]*(?:[a-z]|\\[a-z]+)[_^](?:\{[ -z|~]{1,12}\}|\\[a-z]+|[0-9a-z]+)"  # with a script
    r"|\\[a-z]+"  # a command
    rf"|[{SYLLABLES}]+"
    rf"|[{LETTERS}]+(?:['’]s(?![{LETTERS}]))?"  # a word
)
ACCENTED = {
    code: unicodedata.normalize("NFD", chr(code))[0]
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
}

HAS_ACCENTS = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")

TITLE = 20
"""What a term in the title counts beyond all that the text can say. Titles come first."""
HEADING = 10
"""The same of a heading, a tag or the category."""
LEVELS = 9
"""How often a term stands in the text counts from 1 to this."""
PROSE = 4
CODE = 1
"""What a term counts in prose and in code, or in what code has put out."""
SATURATION = 1.2
LENGTH = 0.75
"""k1 and b of BM25: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond
(2009), section 3.4.2."""


def fold(text: str) -> str:
    """A text in which case and accents make no difference; as long as before."""
    return (text.translate(ACCENTED) if HAS_ACCENTS.search(text) else text).lower()


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """The tokens of a folded text: their kind (`script`, `command`, `run`, `word`), and what."""
    for token in TOKEN.findall(text):
        if "_" in token or "^" in token:
            yield "script", token.lstrip("0123456789")
        elif token[0] == "\\":
            yield "command", token
        elif token[0] >= FIRST_SYLLABLE:
            yield "run", token
        else:
            yield "word", token.removesuffix("'s").removesuffix("’s")


def terms_of(text: str) -> Iterator[str]:
    """The terms of a text, each as often as it stands there."""
    for kind, token in tokens(fold(text)):
        if kind == "run":
            # The last syllable by itself: so every syllable begins a term.
            yield from (token[start : start + 2] for start in range(len(token)))
        elif kind == "word":
            yield stem(token)
        elif kind == "command":
            yield token
        else:
            yield script(token)
            yield from terms_of(re.sub(r"[_^{}]", " ", token))


def counted_terms(text: str) -> dict[str, int]:
    """The terms of a text, and how often each stands there."""
    counted: dict[str, int] = {}
    for token, count in Counter(TOKEN.findall(fold(text))).items():
        for term in _terms_of_token(token):
            counted[term] = counted.get(term, 0) + count
    return counted


@lru_cache(maxsize=1 << 12)
def _terms_of_token(token: str) -> tuple[str, ...]:
    return tuple(terms_of(token))


def script(token: str) -> str:
    r"""One spelling of a letter with a script: `x_{i j}` is `x_ij`."""
    return re.sub(r"[ {}]", "", token)


@lru_cache(maxsize=1 << 13)
def stem(word: str) -> str:
    """The stem of an English word; any other word is its own."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")


def weighted_terms(meta: Meta, readings: Sequence[Reading]) -> str:
    """The terms of a post, in order, and what each counts, from 1 to 29: a line for each."""
    said: dict[str, int] = {}
    # No term goes on beyond the end of a line.
    prose = "\n".join(reading.prose for reading in readings)
    code = "\n".join(reading.code for reading in readings)
    for text, worth in ((prose, PROSE), (code, CODE)):
        for term, count in counted_terms(text).items():
            said[term] = said.get(term, 0) + worth * count
    # Lengths are told apart by octaves. So a word more changes no count but that word's own, and
    # how long other posts are changes none.
    octave = (sum(said.values()) // (PROSE * 256)).bit_length()
    saturation = PROSE * SATURATION * (1 - LENGTH + LENGTH * 2**octave / 8)
    levels = {count: 1 + int(LEVELS * count / (count + saturation)) for count in {*said.values()}}
    weights = {term: levels[count] for term, count in said.items()}
    headings = [reading.passage.heading for reading in readings]
    in_title = {*_terms_of_all((meta.title,))}
    in_headings = {*_terms_of_all((meta.category, *meta.tags, *headings))}
    for term in in_headings | in_title:
        weights[term] = weights.get(term, 0) + (TITLE if term in in_title else HEADING)
    return "\n".join([f"{term} {weights[term]}" for term in sorted(weights)])


def _terms_of_all(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from terms_of(one_line(text))
