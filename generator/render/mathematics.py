r"""Where a formula begins and ends: `$…$`, `$$…$$`, `\(…\)`, `\[…\]` and bare AMS environments.

Blocks of dollars and environments are those of mdit-py-plugins; here stand the brackets, which
LaTeX and MathJax authors write, labels in braces behind a block, and dollars in running text. A
price is not a formula: an opening `$` is followed by no space and follows no digit, a closing one
follows no space and is followed by no digit (Pandoc's rule, and one for `5$`). Nor does a price
reach into code, `$6, or `$x$``, or into brackets, $5 ($x$). A bar in a formula parts no cells of a
table.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import escapedSplit, table
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from .block_rules import TERMINATES, BlockRule, change_block_rule, line_text
from .context import Context
from .directive_options import TEXT
from .directives import Directive, Draft, Frame, Written
from .scanning import last_position

INLINE_TOKENS = frozenset(("math_inline", "math_inline_double"))
"""`$$…$$` in running text is inline mathematics, as in kramdown."""
DISPLAY_TOKENS = frozenset(("math_block", "math_block_label", "amsmath"))

DOLLARS = re.compile(
    r"""
    \$\$ (?P<double> (?: [^$\\] | \\. | \$(?!\$) )+ ) \$\$
    | (?<!\d) \$ (?!\s) (?P<single> (?: [^$\\] | \\. )+ ) (?<!\s) \$ (?!\d)
    """,
    re.VERBOSE | re.DOTALL,
)


PRICE = re.compile(r"\d.*\s[(\[\"'“‘]", re.DOTALL)
"""What stands between the dollar of a price and that of a formula behind a bracket or a quote."""


def mathematics_plugin(md: MarkdownIt) -> None:
    """Read every way of writing a formula."""
    dollarmath_plugin(
        md,
        double_inline=True,
        allow_blank_lines=False,
        label_normalizer=lambda label: label.strip(),
    )
    change_block_rule(md, "math_block", _where(_is_alone))
    # The plugin's own rule takes the last character of a text for the one before the first, so
    # that `$x$ is 5` would be no formula.
    md.inline.ruler.at("math_inline", _inline_dollars)
    amsmath_plugin(md)
    change_block_rule(md, "amsmath", _where(_may_end))
    md.inline.ruler.before("escape", "math_parentheses", _inline_brackets)
    md.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    md.block.ruler.before("fence", "math_brackets", _block_brackets, TERMINATES)


def _inline_dollars(state: StateInline, silent: bool) -> bool:
    match = DOLLARS.match(state.src, state.pos, state.posMax)
    if not match or not match[0].strip("$ \n"):
        return False
    if _is_price_before_code(match, state) or PRICE.fullmatch(match["single"] or ""):
        return False
    if not silent:
        double = match["double"] is not None
        token = state.push("math_inline_double" if double else "math_inline", "math", 0)
        token.content = match["double"] if double else match["single"]
        token.markup = "$$" if double else "$"
    state.pos = match.end()
    return True


def _is_price_before_code(match: re.Match[str], state: StateInline) -> bool:
    """Whether the closing dollar stands in code: `$6 and `$x``."""
    content = match["single"] or ""
    if not (content.endswith("`") or content[:1].isdigit()) or content.count("`") % 2 == 0:
        return False
    return "`" in state.src[match.end() : state.posMax]


def _inline_brackets(state: StateInline, silent: bool) -> bool:
    opening = state.src[state.pos : state.pos + 2]
    if opening not in (r"\(", r"\["):
        return False
    closing = r"\)" if opening == r"\(" else r"\]"
    if last_position(state, closing) < state.pos:
        return False
    end = state.src.find(closing, state.pos + 2, state.posMax)
    content = state.src[state.pos + 2 : end] if end >= 0 else ""
    if not content.strip():
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content = content
        token.markup = opening
        if opening == r"\[":
            token.meta = {"display": True}
    state.pos = end + 2
    return True


def _where(condition: Callable[[StateBlock, int], bool]) -> Callable[[BlockRule], BlockRule]:
    """Let a plugin's rule look only where it is right to."""

    def change(rule: BlockRule) -> BlockRule:
        return lambda state, start, end, silent: (
            condition(state, start) and rule(state, start, end, silent)
        )

    return change


def _may_end(state: StateBlock, start: int) -> bool:
    """Whether an environment ends with a line, and not within one.

    The plugin would take the end of a later one for its end, and all text between for TeX.
    """
    first = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith(r"\begin{", first):
        return False
    name = state.src[first + len(r"\begin") : state.src.find("}", first) + 1]
    closing = rf"\end{name}"
    found = state.src.find(closing, first)
    if found < 0:
        return False
    # One of the same name in it has an end of its own.
    nested = state.src.find(rf"\begin{name}", first + 1, found) >= 0
    line_end = state.src.find("\n", found)
    behind = state.src[found + len(closing) : line_end if line_end >= 0 else None]
    return nested or not behind.strip()


def _is_alone(state: StateBlock, start: int) -> bool:
    """Whether a line that begins with dollars is no text, as `$$a$$ and $$b$$` is."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    closed = line.find("$$", 2)
    return closed < 0 or LABEL_BEHIND.match(line, closed + 2) is not None


BLOCKS = {r"\[": r"\]", "$$": "$$"}
LABEL_BEHIND = re.compile(r"\s*(?:\{#(?P<braces>[^\s{}]+)\}|\((?P<brackets>[^()$]+)\))?\s*$")
"""A label behind a formula, as Quarto or as MyST writes it."""


def _block_brackets(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    first = state.bMarks[start] + state.tShift[start]
    opening = state.src[first : first + 2]
    if opening not in BLOCKS:
        return False
    closing = BLOCKS[opening]
    for line in range(start, end):
        # A formula does not leave the list item or the quote it began in.
        if line > start and (state.isEmpty(line) or state.sCount[line] < state.blkIndent):
            return False
        text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()
        closed = text.find(closing, 2 if line == start else 0)
        if closed >= 0:
            break
    else:
        return False
    behind = LABEL_BEHIND.match(text, closed + 2)
    if not behind:
        return False
    if opening == "$$" and not behind["braces"]:
        # Such dollars are the plugin's, which does not see them directly below text. There, as in
        # kramdown, a formula is displayed if its dollars have a line of their own, or a label.
        alone = state.src[first : state.eMarks[start]].strip() == "$$"
        return silent and (alone or (behind["brackets"] or "").strip().startswith("eq-"))
    if silent:
        return True
    content = state.getLines(start, line + 1, state.blkIndent, False).rstrip()
    token = state.push("math_block", "math", 0)
    token.block = True
    token.content = content[: content.rindex(closing)].lstrip().removeprefix(opening)
    token.map = [start, line + 1]
    token.markup = opening
    token.info = (behind["braces"] or behind["brackets"] or "").strip()
    state.line = line + 1
    return True


def _push_formula(draft: Draft) -> None:
    """The body of a `{math}` as the formula between dollars that it stands for."""
    token = draft.state.push("math_block", "math", 0)
    token.block = True
    token.content = draft.text()
    token.map = [draft.body, draft.last]
    token.markup = "$$"
    token.info = draft.options.get("label", "")
    line = draft.line_of("label")
    token.meta = {"label_line": line + draft.first_line, "label_text": draft.line_text(line)}


def _show(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    return Frame(""), Frame("")


MATHEMATICS_DIRECTIVES = {
    "math": Directive(
        _show,
        {"label": TEXT},
        argument="none",
        needs={"body": "write the formula below its options"},
        body="text",
        push=_push_formula,
    )
}
IN_A_CELL = re.compile(DOLLARS.pattern + r"| \\\( .+? \\\)", DOLLARS.flags)
BAR = "\ufdd0"
"""Stands for a bar that is not the edge of a cell; Unicode gives this to no character."""


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table whose formulas may hold bars: `| $|x|$ |` is one cell."""
    source = state.src
    below = line_text(state, start + 1) if start + 1 < end else ""
    if "-" in below and not below.strip("|-: \t") and BAR not in source:
        columns = len(cells_of(below))
        for line in (start, *range(start + 2, end)):
            text = line_text(state, line)
            if not text.strip():
                break
            # A row that has the right number of cells means what it says: `| $5 | $6 |`.
            if len(cells_of(text)) > columns:
                begin = state.bMarks[line] + state.tShift[line]
                masked = without_bars(text)
                state.src = state.src[:begin] + masked + state.src[state.eMarks[line] :]
    count = len(state.tokens)
    found = table(state, start, end, silent)
    state.src = source
    for token in state.tokens[count:]:
        token.content = token.content.replace(BAR, "|")
    return found


def without_bars(row: str) -> str:
    """A row of a table whose formulas hold no bar, but what stands for one."""
    return IN_A_CELL.sub(lambda match: match[0].replace("|", BAR), row)


def cells_of(row: str) -> list[str]:
    """The cells of a table's row, as markdown-it counts them."""
    cells = escapedSplit(row.strip())
    if cells and not cells[0]:
        cells.pop(0)
    if cells and not cells[-1]:
        cells.pop()
    return cells
