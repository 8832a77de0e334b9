"""What templates may see, and what they are told when they ask for something else."""

from __future__ import annotations

import inspect

import pytest
from msgspec import Struct

from generator.assemble import views

KINDS = [
    kind
    for _, kind in inspect.getmembers(views, inspect.isclass)
    if issubclass(kind, Struct) and kind is not Struct
]


@pytest.mark.parametrize("view", KINDS, ids=lambda view: view.__name__)
def test_a_hint_names_what_there_is(view: type) -> None:
    """Of every type that a template sees, by the words of Jinja2's message."""
    name = next(iter(view.__annotations__))
    message = f"'{view.__module__}.{view.__name__} object' has no attribute '{{}}'"
    assert views.what_there_is(message.format(name[:-1])) == f"did you mean `{name}`?"
    assert f"there are: {name}, " in views.what_there_is(message.format("zzzzzz")) + ", "
