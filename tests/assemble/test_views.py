"""What templates may see, and what they are told when they ask for something else."""

from __future__ import annotations

import inspect

import pytest
from msgspec import Struct

from generator import pipeline
from generator.assemble import views
from generator.config import read_config
from generator.errors import ThemeError

from ..conftest import WriteBlog

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


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{{ stie.title }}", "there is no `stie`", "did you mean `site`?"),
        ("{{ page.titel }}", "PageView has no `titel`", "did you mean `title`?"),
        ("{{ t.arhive }}", "a table has no `arhive`", "did you mean `archive`?"),
        ("{{ page.pager.count }}", "'None' has no attribute 'count'", "it is none here: "),
    ],
)
def test_what_a_template_asks_for_in_vain(
    write_blog: WriteBlog, text: str, message: str, hint: str
) -> None:
    """Is told in the words of the documentation, with the nearest name."""
    root = write_blog({"posts/a/index.ko.md": "x\n", "templates/home.html": text})
    with pytest.raises(ThemeError) as failed:
        pipeline.build(read_config(root))
    assert (str(failed.value), failed.value.line) == (message, 1)
    assert (failed.value.hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("home", "part", "line"),
    [
        ('{% include "part.html" %}', "<hr>\n\n{{ page.titel }}\n", 3),
        ('{% extends "part.html" %}', "<hr>\n{{ page.titel }}\n", 2),
        (
            '{% from "part.html" import row %}\n{{ row(page) }}',
            "{% macro row(page) %}\n\n\n{{ page.titel }}\n{% endmacro %}",
            4,
        ),
    ],
    ids=["included", "extended", "macro"],
)
def test_a_mistake_stands_in_the_template_that_has_it(
    write_blog: WriteBlog, home: str, part: str, line: int
) -> None:
    """Not in the one that includes it, extends it, or calls its macro."""
    templates = {"templates/home.html": home, "templates/part.html": part}
    root = write_blog({"posts/a/index.ko.md": "x\n", **templates})
    with pytest.raises(ThemeError) as failed:
        pipeline.build(read_config(root))
    assert (failed.value.file, failed.value.line) == ("templates/part.html", line)
    assert "{{ page.titel }}" in (failed.value.text or "")
