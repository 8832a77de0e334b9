"""What plugins for blocks share: lines, what a block may end, a change of a rule that is there."""

from __future__ import annotations

from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock

BlockRule = Callable[[StateBlock, int, int, bool], bool]
"""(state, first line, line behind the last, only try) -> whether a block was read."""

TERMINATES: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
"""For a rule whose blocks need no blank line above them."""


def change_block_rule(md: MarkdownIt, name: str, change: Callable[[BlockRule], BlockRule]) -> None:
    """Replace the rule of a name by what `change` makes of it; what it may interrupt stays."""
    rules = dict(zip(md.block.ruler.get_all_rules(), md.block.ruler.__rules__, strict=True))
    md.block.ruler.at(name, change(rules[name].fn), {"alt": rules[name].alt})


def line_text(state: StateBlock, line: int) -> str:
    """A line without its indentation."""
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
