"""What keeps reading linear: nothing looks at every opening for what never closes."""

from __future__ import annotations

from markdown_it.rules_inline import StateInline


def last_position(state: StateInline, text: str) -> int:
    """Where a text stands for the last time in what is read, -1 if nowhere; looked up once."""
    known: dict[tuple[str, str], int] = state.env.setdefault("last_positions", {})
    if (state.src, text) not in known:
        known[state.src, text] = state.src.rfind(text)
    return known[state.src, text]
