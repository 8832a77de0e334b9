"""Korean particles that follow how a text is read: 식 (3)을, 식 (2)를.

A number can change whenever something is added to a post, and its particle with it. So an author
writes both, `@eq-cut을(를)`, in either order, and the right one is chosen here: by the last sound
of what stands before, digits in their Sino-Korean reading (삼, 십, 백), letters by their names,
Roman numbers as numbers, words in Latin letters as Koreans usually write them. Endings of 이다
are chosen in the same way: @thm-main이에요(예요), @thm-main(이)라는.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

Sound = Literal["vowel", "ㄹ", "consonant"]
"""What a text ends in. ㄹ is a consonant but for 으로: 서울로, 제3항으로."""

PAIRS = (("을", "를"), ("은", "는"), ("과", "와"), ("이", "가"), ("아", "야"))
"""What follows a consonant, and what follows a vowel."""
STEMS = (("으로", "로"), ("이에", "예"), ("이었", "였"), ("이어", "여"), ("이", ""))
"""The same of what has an ending of its own behind it: 으로써, 이에요, 이었다, 이라는."""

CHOICES = {
    **{f"{pair[0]}({pair[1]})": pair for pair in PAIRS},
    **{f"{pair[1]}({pair[0]})": pair for pair in PAIRS},
    **{f"({pair[0]}){pair[1]}": pair for pair in PAIRS},
    **{f"({stem[0][0]}){stem[0][1:]}": stem for stem in STEMS},
}
"""The ways of writing both that have no ending to repeat: 을(를), 를(을), (을)를, (이)에."""


def _both(first: str, second: str, number: int) -> str:
    """A pattern for 이라는(라는): two stems with the same ending."""
    ending = f"ending{number}"
    least = 0 if first and second else 1
    return rf"{first}(?P<{ending}>[가-힣]{{{least},4}})\({second}(?P={ending})\)"


@cache
def particle_pattern() -> re.Pattern[str]:
    """A particle or an ending written both ways; it takes long to compile."""
    return re.compile(
        "|".join(
            [
                *(_both(*stem, number) for number, stem in enumerate(STEMS)),
                *(_both(vowel, consonant, 10 + n) for n, (consonant, vowel) in enumerate(STEMS)),
                *map(re.escape, sorted(set(CHOICES) - {"(이)"}, key=len, reverse=True)),
                r"\(이\)(?=[가-힣])",
            ]
        )
    )


DIGITS: dict[str, Sound] = {
    "0": "consonant",  # 영
    "1": "ㄹ",  # 일
    "2": "vowel",  # 이
    "3": "consonant",  # 삼
    "4": "vowel",  # 사
    "5": "vowel",  # 오
    "6": "consonant",  # 육
    "7": "ㄹ",  # 칠
    "8": "ㄹ",  # 팔
    "9": "vowel",  # 구
}
CONSONANT_LETTERS: dict[str, Sound] = {"l": "ㄹ", "r": "ㄹ", "m": "consonant", "n": "consonant"}
"""Latin letters whose names end in a consonant: 엘, 알, 엠, 엔."""
FINAL_R = 8
"""The position of ㄹ among the final consonants of a Hangul syllable (Unicode 3.12)."""
TRAILING = re.compile(r"[\s)\]}>’”\"».,:;*†‡]+$")
"""What stands after the last thing that is read."""


def agree(text: str, written: str) -> str:
    """The particle that fits after `text`, of the two in `written`: 을(를)."""
    after_consonant, after_vowel = _pair(written)
    sound = last_sound(text)
    if sound == "ㄹ" and after_consonant.startswith("으"):
        return after_vowel
    return after_vowel if sound == "vowel" else after_consonant


BARE = re.compile(r"(?:으로|[을를은는과와이가로])(?![가-힣(])")


def bare_particle(text: str) -> str:
    """A particle that a text begins with, where its author wrote only one form of it."""
    match = BARE.match(text)
    return match[0] if match else ""


def both_ways(particle: str) -> str:
    """A particle as it is written to have the right form chosen: 을 is 을(를)."""
    pairs = (*PAIRS, STEMS[0])
    return next(f"{first}({second})" for first, second in pairs if particle in (first, second))


def _pair(written: str) -> tuple[str, str]:
    """What follows a consonant, the longer form, and what follows a vowel."""
    if written in CHOICES:
        return CHOICES[written]
    first, _, second = written.rstrip(")").partition("(")
    return (first, second) if len(first) > len(second) else (second, first)


def last_sound(text: str) -> Sound:
    """What a text ends in when it is read aloud in Korean."""
    text = TRAILING.sub("", unicodedata.normalize("NFC", text))
    number = re.search(r"\d+$", text)
    if number:
        return _number(number[0])
    last = text[-1:]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return "vowel" if final == 0 else "ㄹ" if final == FINAL_R else "consonant"
    if last in ("'", "′"):
        return "consonant"  # 프라임
    if last in "εϵουΕΟΥ":
        return "consonant"  # 엡실론, 오미크론, 입실론
    roman = ROMAN.search(text)
    if roman and (roman[0].isupper() or roman[0].islower()):
        return _number(str(_value(roman[0].lower())))
    word = re.search(r"[a-z]+$", _without_marks(text))
    return _word(word[0]) if word else "vowel"


ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50}
ROMAN = re.compile(r"(?<![^\W_])(?=..)(?:xl|l?x{0,3})(?:ix|iv|v?i{0,3})$", re.IGNORECASE)
"""A number from ii to lxxxix; one letter is a letter."""


def _value(roman: str) -> int:
    """What a Roman number is: ix is 9."""
    values = [ROMAN_DIGITS[letter] for letter in roman]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)


def _without_marks(text: str) -> str:
    """A text in lower case, é as e."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _number(digits: str) -> Sound:
    """The end of a number in its Sino-Korean reading: by its last digits that are not 0."""
    if not digits.isascii():
        digits = "".join(str(unicodedata.digit(digit, 0)) for digit in digits)
    zeros = len(digits) - len(digits.rstrip("0"))
    if zeros == 0 or zeros == len(digits):
        return DIGITS[digits[-1]]
    # 십, 백, 천, 만, 억, 경 and what is above them end in a consonant, only 조 does not.
    return "vowel" if 12 <= zeros < 16 else "consonant"


def _word(word: str) -> Sound:
    """The end of a word in Latin letters: 말릭, 리히, 정(Chung), 튜링.

    A single letter is read by its name. Otherwise this follows how the Korean orthography of
    loan words writes endings: l, m, n, ng stay final consonants, c, k, p, t do after a vowel
    sign alone, the others are written with a vowel of their own (hugs 허그스).
    """
    last = word[-1]
    if len(word) == 1:
        return CONSONANT_LETTERS.get(last, "vowel")
    if last == "e" and len(word) > 3 and word[-2] in "lmn" and word[-3] in "aeiouy":
        return CONSONANT_LETTERS[word[-2]]  # Stone, Doyle: the e is silent
    if word.endswith("ng"):
        return "consonant"
    if last in "lmn":
        return CONSONANT_LETTERS[last]
    if word.endswith(("ck", "tt")) or (
        last in "ckpt" and word[-2] in "aeiou" and word[-3:-2] not in tuple("aeiou")
    ):
        return "consonant"
    return "vowel"
