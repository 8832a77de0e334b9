"""Widgets in their last state, as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from generator.execute.outputs import outputs_of
from generator.execute.widgets import VIEW, widget_text
from generator.model import Bundle, Output, Stream

STATES: dict[str, dict[str, Any]] = {
    "box": {"_model_name": "HBoxModel", "children": [f"IPY_MODEL_{n}" for n in "abc"]},
    "a": {"_model_name": "HTMLModel", "value": "epoch &lt;1&gt;: <b>50%</b>"},
    "b": {"_model_name": "FloatProgressModel", "min": 0, "max": 8, "value": 4},
    "c": {"_model_name": "HTMLModel", "value": " 4/8 [00:01&lt;00:01]"},
    "slider": {"_model_name": "IntSliderModel", "value": 3},
    "both": {"_model_name": "VBoxModel", "children": ["IPY_MODEL_a", "IPY_MODEL_c"]},
    "mixed": {"_model_name": "HBoxModel", "children": ["IPY_MODEL_a", "IPY_MODEL_slider"]},
    "loop": {"_model_name": "HBoxModel", "children": ["IPY_MODEL_loop"]},
    "odd": {"_model_name": "FloatProgressModel", "max": "many"},
    "unknown": {"_model_name": "FloatProgressModel", "max": 8, "value": float("nan")},
    "endless": {"_model_name": "FloatProgressModel", "max": float("inf"), "min": float("-inf")},
    "null": {"_model_name": "HBoxModel", "children": None},
    "text": {"_model_name": "VBoxModel", "children": "IPY_MODEL_a"},
    "caught": {
        "_model_name": "OutputModel",
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": "100%"},
            {"output_type": "display_data", "data": {VIEW: {"model_id": "a"}}, "metadata": {}},
            {"output_type": "nothing known"},
        ],
    },
    "itself": {
        "_model_name": "OutputModel",
        "outputs": [
            {
                "output_type": "display_data",
                "data": {VIEW: {"model_id": "itself"}, "text/plain": "Output()"},
                "metadata": {},
            }
        ],
    },
}


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("box", f"epoch <1>: 50%|{'█' * 10}{' ' * 10}| 4/8 [00:01<00:01]"),
        ("both", "epoch <1>: 50%\n 4/8 [00:01<00:01]"),
        ("slider", None),
        ("mixed", None),
        ("loop", None),
        ("odd", None),
        ("unknown", None),
        ("endless", None),
        ("null", None),
        ("text", None),
        ("nowhere", None),
    ],
)
def test_a_widget_as_text(model: str, text: str | None) -> None:
    """Words and bars are shown; of anything else the kernel's own text stays."""
    assert widget_text({"model_id": model}, STATES) == text
    assert widget_text(json.dumps({"model_id": model}), STATES) == text


@pytest.mark.parametrize("view", ["no JSON", "[" * 100_000, "[1]", '"text"', None, 3])
def test_a_view_that_is_none(view: object) -> None:
    """Code may put out anything under any type: its own text stays."""
    assert widget_text(view, STATES) is None


def test_an_output_shows_how_a_progress_bar_ended() -> None:
    """The text that came with it says how it began."""
    data = {VIEW: {"model_id": "box"}, "text/plain": "  0%|          | 0/8"}
    slider = {VIEW: {"model_id": "slider"}, "text/plain": "IntSlider(value=3)"}
    raw = [nbformat.v4.new_output("display_data", data) for data in (data, slider)]
    outputs = outputs_of(raw, Path(), STATES)
    shown = [output.data for output in outputs if isinstance(output, Bundle)]
    # Nothing leads to a model that is gone.
    assert shown == [
        {"text/plain": widget_text({"model_id": "box"}, STATES)},
        {"text/plain": "IntSlider(value=3)"},
    ]


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("caught", (Stream("stdout", "100%"), Bundle({"text/plain": "epoch <1>: 50%"}))),
        ("itself", (Bundle({"text/plain": "Output()"}),)),
    ],
)
def test_what_a_widget_has_caught(model: str, shown: tuple[Output, ...]) -> None:
    """Stands in its place, as the progress bars of rich."""
    data = {VIEW: {"model_id": model}, "text/plain": "Output()"}
    raw = [nbformat.v4.new_output("display_data", data)]
    assert outputs_of(raw, Path(), STATES) == shown
