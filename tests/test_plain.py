"""Values of the model as JSON and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, fields

from generator import entries, model
from generator.entries import Entry, Published
from generator.errors import InkcellError, MathError
from generator.model import (
    Author,
    Execution,
    Meta,
    Notebook,
    Post,
    Prose,
    RenderedPost,
    Results,
    Source,
    Value,
)
from generator.plain import NotPlain, plain, restored

FLOATS = st.floats(allow_nan=False, allow_infinity=False)  # JSON has neither.
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


def built(kind: type[Value]) -> st.SearchStrategy[Value]:
    """Values with every field drawn: Hypothesis does not know defaults that are made anew."""
    return st.builds(kind, **{field.name: st.from_type(field.type) for field in fields(kind)})


for value in (*vars(model).values(), *vars(entries).values()):
    if isinstance(value, type) and issubclass(value, Value) and value is not Value:
        st.register_type_strategy(value, built)


def told(value: Any) -> Any:
    """A value with its errors as text: two errors are never equal."""
    if isinstance(value, InkcellError):
        return [type(value), str(value), vars(value)]
    if isinstance(value, Value):
        return [type(value), *(told(item) for item in astuple(value))]
    return [told(item) for item in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize("kind", [Notebook, Results, Meta, RenderedPost, Entry])
@given(data=st.data())
def test_a_round_trip_gives_the_same_value(kind: type[Value], data: st.DataObject) -> None:
    """Whatever is in the fields."""
    value = data.draw(st.from_type(kind))
    assert told(restored(plain(value), kind)) == told(value)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ('["Prose", 1, 1, 1, {}]', Prose),
        ('["Prose", "x", true, 1, {}]', Prose),
        ('["Prose", "x", 1, 1, {}, 2]', Prose),
        ('["Prose", "x"]', Prose),
        ('[true, 600, 0, 0, 1, true, true, false, "always"]', Execution),
        ('[[["Path", "/etc/passwd"]]]', Notebook),
        ('[[["Prose"]]]', Notebook),
        ('[[[["Bundle", []]]]]', Results),
        ("[1, 2]", Published),
        ("null", Published),
        ("[", Published),
        ('["é", "", ""]'.encode("latin-1"), Published),
    ],
)
def test_what_is_no_value_of_the_type_is_refused(data: str | bytes, kind: type[Value]) -> None:
    """Nothing but the annotated types is ever made."""
    with pytest.raises(NotPlain):
        restored(data, kind)


@pytest.mark.parametrize("error", [["Path", "x", {}], ["MathError", [], {}], ["MathError", "x"]])
def test_only_errors_of_ours_are_made(error: list[object]) -> None:
    """By the names that `errors` has for them, whatever else it has a name for."""
    date = datetime(2022, 7, 8, tzinfo=UTC)
    meta = Meta("t", date, "s", "ko", "c", Author("a"))
    post = Post(Source("p", "", "p", "ko", "md", ""), meta, Notebook(()))
    rendered = RenderedPost(post, "", "", (), "", 1, warnings=(MathError("x"),))
    content = plain(rendered)
    assert restored(content, RenderedPost).warnings[0].args == ("x",)
    with pytest.raises(NotPlain):
        restored(content.replace(b'["MathError","x",{}]', json.dumps(error).encode()), RenderedPost)
