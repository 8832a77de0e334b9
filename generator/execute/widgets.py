"""Widgets -> text: their last state, for a page has no kernel that they could talk to.

A progress bar of tqdm is a box of a label, a bar and a label; the text that comes with it says
how it began.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"
BAR = 20
"""Characters of a progress bar."""

States = Mapping[str, Mapping[str, Any]]
"""Id of a widget's model to its last state."""


def widget_text(view: object, states: States) -> str | None:
    """What a widget shows in the end; None for one that is more than words and bars."""
    return _text(_model(view), states, depth=0)


def caught_outputs(view: object, states: States) -> list[Any] | None:
    """What an `Output` of ipywidgets has caught, as JSON of nbformat; None for another widget.

    rich shows its progress bars in one.
    """
    state = states.get(_model(view), {})
    outputs = state.get("outputs")
    is_output = state.get("_model_name") == "OutputModel" and isinstance(outputs, list)
    return outputs if is_output else None


def _model(view: object) -> str:
    """The id of the model that a view shows."""
    try:
        data = json.loads(view) if isinstance(view, str) else view
    except (ValueError, RecursionError):
        return ""
    return str(data.get("model_id")) if isinstance(data, dict) else ""


def _text(model: str, states: States, depth: int) -> str | None:
    state = states.get(model)
    if state is None or depth > 10:
        return None
    name = str(state.get("_model_name", ""))
    if name in ("HTMLModel", "LabelModel"):
        return html.unescape(re.sub(r"<[^>]*>", "", str(state.get("value", ""))))
    if name in ("FloatProgressModel", "IntProgressModel"):
        return _bar(state)
    if name in ("HBoxModel", "VBoxModel", "BoxModel"):
        children = state.get("children", [])
        if not isinstance(children, list | tuple):
            return None
        names = [str(child).removeprefix("IPY_MODEL_") for child in children]
        parts = [_text(child, states, depth + 1) for child in names]
        known = [part for part in parts if part is not None]
        return ("\n" if name == "VBoxModel" else "").join(known) if known == parts else None
    return None


def _bar(state: Mapping[str, Any]) -> str | None:
    try:
        least, value, most = (float(state.get(key, 0)) for key in ("min", "value", "max"))
    except (TypeError, ValueError):
        return None
    if not all(map(isfinite, (least, value, most))):
        return None
    share = min(max((value - least) / (most - least), 0), 1) if most > least else 0
    return f"|{'█' * round(share * BAR):<{BAR}}|"
