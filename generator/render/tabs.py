"""Tabs: `::::{tab-set}` with `:::{tab-item} Title` in it.

A set is a group of radio buttons, so that it needs no script and the arrow keys move in it; the
theme's script adds that sets with the same `:sync:` move together. Print shows every tab below its
title, and so does a feed.
"""

from __future__ import annotations

from html import escape

from markdown_it.token import Token
from msgspec.structs import replace

from .context import Context
from .directive_options import FLAG, TEXT
from .directives import Directive, Draft, Frame, Written, blocks_of

HINT = "a set holds :::{tab-item} Title … ::: and nothing else"


def _finish_set(draft: Draft, tokens: list[Token]) -> list[Token]:
    """Tell each tab where it stands in its set."""
    items = []
    for block in blocks_of(tokens):
        written = block[0].meta.get("written")
        if written is None or written.name != "tab-item":
            line = (block[0].map or [draft.start])[0]
            draft.wrong("something stands between the tabs of a set", HINT, line)
            return tokens
        items.append(block[0])
    if not items:
        draft.wrong("a set has no tabs", HINT)
    chosen = [n for n, item in enumerate(items) if "selected" in item.meta["written"].options]
    for extra in chosen[1:]:
        line = (items[extra].map or [draft.start])[0]
        draft.wrong("two tabs of a set are selected", "keep one `:selected:`", line)
    for position, item in enumerate(items):
        facts = {
            "position": position + 1,
            "last": position + 1 == len(items),
            "selected": position == (chosen or [0])[0],
        }
        item.meta["written"] = replace(item.meta["written"], facts=facts)
    return tokens


def _show_set(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    context.tab_sets += 1
    context.open_tab_sets.append(f"tabs-{context.tab_sets}")
    legend = escape(context.strings["tabs"], quote=False)
    page = Frame(f'<fieldset class="tabs">\n<legend>{legend}</legend>\n', closing="</fieldset>\n")
    return page, Frame("")


def _show_item(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    if not (written.facts and context.open_tab_sets):
        return Frame(""), Frame("")  # Its set is wrong, and has said so.
    name = context.open_tab_sets[-1]
    if written.facts["last"]:
        # A set that stands in this tab has a name of its own.
        context.open_tab_sets.pop()
    identity = f"{name}-{written.facts['position']}"
    sync = written.options.get("sync", "")
    attributes = (f' data-sync="{escape(sync)}"' if sync else "") + (
        " checked" if written.facts["selected"] else ""
    )
    page = Frame(
        f'<input type="radio" name="{name}" id="{identity}"{attributes}><label for="{identity}">',
        '</label>\n<div class="tab">\n',
        closing="</div>\n",
    )
    return page, Frame("<p><strong>", "</strong></p>\n")


TAB_DIRECTIVES = {
    "tab-set": Directive(_show_set, argument="none", needs={"body": HINT}, finish=_finish_set),
    "tab-item": Directive(
        _show_item,
        {"sync": TEXT, "selected": FLAG},
        needs={
            "argument": "write its title behind the braces",
            "body": "write below its title what it shows",
        },
        inside="tab-set",
        pressed=True,
    ),
}
