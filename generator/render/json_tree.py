"""JSON -> a tree that opens and closes without a script."""

from __future__ import annotations

import json
from html import escape

DEEPEST = 60
"""Levels; what lies deeper stands on one line."""
MOST_ITEMS = 1000
"""Of one list or mapping; more would not be read."""


def json_tree(value: object, level: int = 0) -> str:
    """A JSON value as nested `details`; the first level is open."""
    if not isinstance(value, list | dict) or not value or level >= DEEPEST:
        return _leaf(value)
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
    brackets = "[]" if isinstance(value, list) else "{}"
    summary = f"{brackets[0]}{len(pairs)}{brackets[1]}"
    items = "".join(
        f"<li>{_item(str(key), item, level + 1)}</li>" for key, item in pairs[:MOST_ITEMS]
    )
    if len(pairs) > MOST_ITEMS:
        items += "<li>…</li>"
    if level == 0:
        return f"<ul>{items}</ul>"
    return f"<details><summary>{summary}</summary><ul>{items}</ul></details>"


def _item(key: str, value: object, level: int) -> str:
    name = f"<b>{escape(key, quote=False)}</b>"
    if not isinstance(value, list | dict) or not value or level >= DEEPEST:
        return f"{name}: {_leaf(value)}"
    tree = json_tree(value, level)
    # The key stands in the summary, where it can be clicked.
    return tree.replace("<summary>", f"<summary>{name} ", 1)


def _leaf(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return f"<code>{escape(text, quote=False)}</code>"
