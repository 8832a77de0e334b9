"""Values of the model as JSON and back."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import model
from generator.errors import InkcellError, MathError
from generator.kept import Entry, Published
from generator.model import Display, Execution, Meta, Notebook, Prose, RenderedPost, Results
from generator.plain import NotPlain, plain, restored

FLOATS = st.floats(allow_nan=False)  # NaN is not equal to itself.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ZONES = st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes)))

st.register_type_strategy(object, JSON)
st.register_type_strategy(float, FLOATS)
st.register_type_strategy(datetime, st.datetimes(timezones=ZONES))
st.register_type_strategy(
    InkcellError,
    st.builds(
        lambda text, line: MathError(text).at(line=line, file=text), st.text(), st.integers(1)
    ),
)


def told(value: Any) -> Any:
    """A value with its errors as text: two errors are never equal."""
    if isinstance(value, InkcellError):
        return [type(value), str(value), vars(value)]
    if dataclasses.is_dataclass(value):
        return [type(value), *(told(getattr(value, f.name)) for f in dataclasses.fields(value))]
    return [told(item) for item in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize("kind", [Notebook, Results, Meta, RenderedPost, Entry])
@given(data=st.data())
def test_a_round_trip_gives_the_same_value(kind: type, data: st.DataObject) -> None:
    """Through the text of a file, whatever is in the fields, also in those left out of `==`."""
    value = data.draw(st.from_type(kind))
    text = json.dumps(plain(value, kind))
    assert told(restored(json.loads(text), kind)) == told(value)


def test_what_has_its_default_value_is_left_out() -> None:
    """So that a thousand small records stay small."""
    assert plain(Execution(timeout=5), Execution) == {"timeout": 5}
    assert plain(Display(caption_line=3), Display) == {"caption_line": 3}
    date = datetime(2022, 7, 8, tzinfo=UTC)
    meta = Meta("t", date, "s", "ko", "c", model.Author("a"))
    assert plain(meta, Meta)["author"] == {"name": "a"}
    assert "execute" not in plain(meta, Meta)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"text": 1, "cell": 1, "line": 1}, Prose),
        ({"text": "x", "cell": True, "line": 1}, Prose),
        ({"text": "x"}, Prose),
        ({"text": "x", "cell": 1, "line": 1, "other": 2}, Prose),
        ({"gpu": "always"}, Execution),
        ({"dependencies": "abc"}, Execution),
        ({"cells": [["Path", "/etc/passwd"]]}, Notebook),
        ({"cells": [["Prose"]]}, Notebook),
        ({"outputs": [[["Bundle", {"data": []}]]]}, Results),
        ([1, 2], Published),
        (None, Published),
        ({"rendered": {"warnings": [["Path", "x", {}]]}}, Entry),
        ({"rendered": {"warnings": [["BuildFailed", [], {}]]}}, Entry),
    ],
)
def test_what_is_no_value_of_the_type_is_refused(data: Any, kind: type) -> None:
    """Nothing but the annotated types is ever made."""
    with pytest.raises(NotPlain):
        restored(data, kind)
