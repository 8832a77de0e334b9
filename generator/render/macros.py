r"""Macros: TeX commands that a blog, a post or a formula defines.

KaTeX would remember `\gdef` from one formula to the next, so that a formula would depend on which
others were set before it. Here definitions are read from the text instead, in the order of the
post, and each formula is handed those that it uses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from ..errors import MathError
from ..model import Macros

DEFINITION = re.compile(
    r"""
    (?: \\(?: global | long ) (?![A-Za-z]) \s* )*
    \\(?P<how> newcommand | renewcommand | providecommand | DeclareMathOperator | [gex]?def )
    (?![A-Za-z]) (?P<star> \*? ) \s*
    (?: \{ \s* (?P<braced> \\(?:[A-Za-z]+|[^A-Za-z\s]) ) \s* \}
      | (?P<bare> \\(?:[A-Za-z]+|[^A-Za-z\s]) ) )
    \s*
    """,
    re.VERBOSE,
)
DEFINES = re.compile(r"\\(?:[a-z]+command|[gex]?def|DeclareMathOperator)(?![A-Za-z])")
"""What stands in every definition, found sooner than the whole of one."""
ARITY = re.compile(r"\[\s*([0-9])\s*\]\s*")
PARAMETERS = re.compile(r"((?:#[1-9])*)\s*")
COMMAND = re.compile(r"\\(?:[A-Za-z]+|[^A-Za-z\s])")
ARGUMENT = re.compile("#([1-9])")


class Definitions(Struct, frozen=True):
    """A formula without its definitions, and what they define."""

    tex: str
    """Every character stands where it stood: definitions have become spaces."""
    macros: Mapping[str, str]


def take_definitions(tex: str, known: Mapping[str, str]) -> Definitions:
    r"""The definitions of a formula: `\newcommand`, `\def`, `\DeclareMathOperator` and their kin.

    Raises:
        MathError: a definition cannot be read, or defines what `known` has already.
    """
    if not DEFINES.search(tex):
        return Definitions(tex, {})
    found: dict[str, str] = {}
    rest, position = [], 0
    while match := DEFINITION.search(tex, position):
        rest.append(tex[position : match.start()])
        name, how = match["braced"] or match["bare"], match["how"]
        if how == "newcommand" and (name in known or name in found):
            raise _problem(
                f"`{name}` is already defined", tex, match, f"\\renewcommand{{{name}}} changes it"
            )
        count, start = _parameters(tex, match)
        body, end = _braced(tex, start)
        if body is None:
            raise _problem(
                f"the definition of `{name}` has no body", tex, match, f"\\{how}{{{name}}}{{…}}"
            )
        wrong = [number for number in ARGUMENT.findall(body) if int(number) > count]
        if wrong:
            raise _problem(
                f"`{name}` has no argument #{wrong[0]}",
                tex,
                match,
                f"say how many it has: \\newcommand{{{name}}}[{wrong[0]}]{{…}}",
            )
        if how == "DeclareMathOperator":
            body = rf"\operatorname{match['star']}{{{body}}}"
        if not (how == "providecommand" and (name in known or name in found)):
            found[name] = body
        rest.append(re.sub(r"[^\n]", " ", tex[match.start() : end]))
        position = end
    rest.append(tex[position:])
    return Definitions("".join(rest), found)


def _parameters(tex: str, match: re.Match[str]) -> tuple[int, int]:
    """How many parameters a definition has, and where its body begins."""
    if match["how"].endswith("def"):
        listed = PARAMETERS.match(tex, match.end())
        if listed is None:  # The pattern matches nothing, too.
            return 0, match.end()
        return len(listed[1]) // 2, listed.end()
    arity = ARITY.match(tex, match.end())
    if arity is None:
        return 0, match.end()
    if tex.startswith("[", arity.end()):
        hint = "KaTeX's macros have none: write a second macro"
        raise _problem("a definition with an optional argument", tex, match, hint)
    return int(arity[1]), arity.end()


def _braced(tex: str, start: int) -> tuple[str | None, int]:
    """What stands in the braces that open at `start`, and where they are closed."""
    if not tex.startswith("{", start):
        return None, start
    depth, position = 0, start
    while position < len(tex):
        if tex[position] == "\\":
            position += 1
        elif tex[position] == "{":
            depth += 1
        elif tex[position] == "}":
            depth -= 1
            if depth == 0:
                return tex[start + 1 : position], position + 1
        position += 1
    return None, start


def _problem(message: str, tex: str, match: re.Match[str], hint: str) -> MathError:
    line = tex.count("\n", 0, match.start())
    return MathError(message).at(line=line + 1, text=tex.split("\n")[line].strip(), hint=hint)


def used(tex: str, macros: Mapping[str, str]) -> Macros:
    """The macros that a formula uses, and those that they use."""
    if not macros:
        return ()
    wanted: dict[str, str] = {}
    texts = [tex]
    while texts:
        for name in COMMAND.findall(texts.pop()):
            if name in macros and name not in wanted:
                wanted[name] = macros[name]
                texts.append(macros[name])
    return tuple(sorted(wanted.items()))


def as_definitions(macros: Macros) -> str:
    r"""Macros as TeX that every reader of TeX knows: `\def\norm#1{…}`."""
    return "".join(f"\\def{name}{_arguments(body)}{{{body}}}" for name, body in macros)


def _arguments(body: str) -> str:
    count = max(map(int, ARGUMENT.findall(body)), default=0)
    return "".join(f"#{number}" for number in range(1, count + 1))
