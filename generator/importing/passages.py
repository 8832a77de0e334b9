r"""Code, comments and formulas of a text, told from its prose: nothing is changed in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

Change = Callable[[str], str]
"""A passage -> what stands in its place."""

# A sign of a remark may stand before a fence.
FENCE = r"""
    ^(?P<indent>(?:[ \t>]|\ue000\d+\ue001)*
    (?:[-*+][ \t]+|\d+[.)][ \t]+)?)(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)\n
    (?P<code>(?:.*?\n)??)
    (?:[ \t>]*(?P=fence)[`~]*[ \t]*$|(?P<unclosed>[^\n]*)\Z)
"""
MARKED_CODE = rf"""
    (?P<comment><!--.*?(?:-->|\Z))
    | (?P<block>{FENCE})
    | (?P<html><(?P<element>pre|script|style)\b.*?(?:</(?P=element)\s*>|\Z)
    | <(?P<span>code|kbd|samp|tt)\b(?:(?!\n[ \t]*\n).)*?</(?P=span)\s*>)
    | (?P<inline>(?<![`\\])(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`))
"""
"""Code that has signs around it, in the syntax of `re.VERBOSE`."""
FLAGS = re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE
CODE = re.compile(
    rf"""
    {MARKED_CODE}
    | (?P<indented>(?:\A|(?<=\n\n))(?:(?:[ ]{{4}}|\t)[ \t]*\S[^\n]*(?:\n|\Z)(?:[ \t]*\n)*)+)
    """,
    FLAGS,
)
IN_DOLLARS = r"\$(?![\s$])(?:[^$\n\\]|\\.|\n(?![ \t>]*\n))+?(?<!\s)\$(?![\d$])"
"""A formula between two dollars, and no price; what stands before it is for others to look at."""
FORMULA = re.compile(
    rf"(?<![\\\d$]){IN_DOLLARS}"
    r"""
    | \$\$.+?\$\$
    | \\\\?\[ (?:(?!\n[ \t]*\n).)+? \\\\?\] | \\\\?\( (?:(?!\n[ \t]*\n).)+? \\\\?\)
    | \\begin\{(?P<environment>[a-zA-Z]+\*?)\}
      (?: \\begin\{(?P=environment)\} (?:(?!\n[ \t>]*\n).)*? \\end\{(?P=environment)\}
        | (?!\n[ \t>]*\n | \\begin\{(?P=environment)\}) . )*?
      \\end\{(?P=environment)\} (?: (?P<stop>[.,;:]?) (?=[ \t]*(?:\n|\Z)) )?
    """,
    re.VERBOSE | re.DOTALL,
)
"""A formula with signs around it, also with a particle behind it or on several lines, or an
environment, which may hold others of its name, with the stop behind it. All but `$$` end with
their paragraph."""
LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)]|\[\^[^\]]+\]:|:)[ \t]")


def change_prose(text: str, change: Change, code: Change = str) -> str:
    """A text with its prose changed, and if that is asked for, its code."""
    return "".join(code(part) if is_code else change(part) for part, is_code in passages(text))


def change_around_code(text: str, change: Change, *, formulas: bool = False) -> str:
    """A text changed as a whole, its code put aside: what is changed may reach over code.

    Code stands there as a sign without letters, and comes back as it was; so do formulas, if that
    is asked for.
    """
    hidden: list[str] = []

    def hide(part: str) -> str:
        hidden.append(part)
        return f"\ue004{len(hidden) - 1}\ue005"

    def prose(part: str) -> str:
        return FORMULA.sub(lambda match: hide(match[0]), part) if formulas else part

    return HIDDEN.sub(lambda match: hidden[int(match[1])], change(change_prose(text, prose, hide)))


HIDDEN = re.compile("\ue004(\\d+)\ue005")


def passages(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text in their order, each with whether it is code, or a comment."""
    position = start = 0
    while match := CODE.search(text, position):
        if match["indented"] is not None and _continues_list(text[: match.start()]):
            # Four spaces in a list are no code; but code may stand further on in the line.
            position = match.end() - len(match["indented"].lstrip())
            continue
        if match.start() > start:
            yield text[start : match.start()], False
        yield match[0], True
        start = position = match.end()
        if not match[0]:  # No pattern admits it, and a loop without an end would be worse.
            break
    if start < len(text):
        yield text[start:], False


def _continues_list(above: str) -> bool:
    for line in reversed(above.split("\n")):
        if LIST_ITEM.match(line):
            return True
        if line.strip() and not line.startswith((" ", "\t")):
            return False
    return False


def fenced(code: str, language: str, indent: str = "") -> str:
    """A fence around code, longer than any in it."""
    longest = max(map(len, re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    body = "\n".join(indent + line if line.strip() else "" for line in code.split("\n"))
    return f"{indent}{fence}{language}\n{body}\n{indent}{fence}"


def described(language: str, options: Mapping[str, str]) -> str:
    """What stands behind a fence: the language, and options as `cells` reads them."""
    plain = {key: re.sub(r"[\"{}`\n]", "", value) for key, value in options.items()}
    written = " ".join(f'{key}="{value}"' for key, value in plain.items())
    return f"{language or 'text'} {{{written}}}" if written else language


def as_code(text: str) -> str:
    """A passage as inline code: what nothing here can run is shown as it was written."""
    ticks = "`" * (max(map(len, re.findall(r"`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return ticks + space + " ".join(text.split()) + space + ticks
