"""Errors keep what they know: across processes, and from the inside out."""

from __future__ import annotations

import inspect
import pickle

import pytest

from generator import errors
from generator.errors import BuildFailed, InkcellError, MathError, PostError, blame, collect, notice

CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, InkcellError) and value is not BuildFailed
]


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_survives_pickling(kind: type[InkcellError]) -> None:
    """Class, message and every attribute: process pools and clusters send errors by pickle."""
    error = kind("it is wrong").at(
        file="a.md", line=3, column=4, cell=2, text="x", detail="more", hint="do this"
    )
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == "it is wrong"
    assert vars(copy) == vars(error)


def test_many_errors_survive_pickling() -> None:
    """With what each of them knows."""
    failed = BuildFailed(
        [
            MathError("one").at(line=1, column=2, text="x", hint="do this"),
            PostError("two").at(file="b.md", cell=3, detail="more"),
        ]
    )
    copy = pickle.loads(pickle.dumps(failed))
    assert [type(error) for error in copy.errors] == [MathError, PostError]
    assert [vars(error) for error in copy.errors] == [vars(error) for error in failed.errors]
    assert str(copy) == "one\ntwo"


def test_at_does_not_overwrite() -> None:
    """What is known first is nearest to the mistake; only gaps are filled."""
    first = {
        "file": "a.md",
        "line": 3,
        "column": 4,
        "cell": 2,
        "text": "x",
        "detail": "more",
        "hint": "do this",
    }
    known = PostError("no")
    for name, value in first.items():
        known.at(**{name: value})  # type: ignore[arg-type]
    known.at(file="b.md", line=9, column=9, cell=9, text="y", detail="less", hint="do that")
    assert vars(known) == first


def test_every_error_is_drawn_in_the_tree() -> None:
    """The tree at the top of the module names every class."""
    assert errors.__doc__ is not None
    for kind in [*CLASSES, BuildFailed]:
        assert kind.__name__ in errors.__doc__


def test_blame_adds_what_is_not_known() -> None:
    """The outer file does not overwrite the inner one."""
    with pytest.raises(MathError) as caught, blame("outer.md", cell=1), blame("inner.md"):
        raise MathError("x").at(line=7)
    assert (caught.value.file, caught.value.line, caught.value.cell) == ("inner.md", 7, 1)


def test_blame_reaches_every_error_of_many() -> None:
    """Each keeps its own place."""
    with pytest.raises(BuildFailed) as caught, blame("a.md"):
        raise BuildFailed([MathError("x").at(file="b.md"), MathError("y")])
    assert [error.file for error in caught.value.errors] == ["a.md", "b.md"]


def test_collect_goes_on() -> None:
    """Good items come through, errors are flattened into the list."""

    def half(number: int) -> int:
        if number % 2:
            raise BuildFailed([PostError(f"{number}"), PostError("odd")])
        return number // 2

    noted: list[InkcellError] = []
    assert collect(half, range(5), noted) == (0, 1, 2)
    assert [str(error) for error in noted] == ["1", "odd", "3", "odd"]


def test_a_notice_names_file_line_and_cell() -> None:
    """Without its cell, line 1 of a notebook says nothing."""
    warning = PostError("a figure has no alternative text").at(file="a.ipynb", line=1, cell=7)
    assert notice(warning) == "a.ipynb:1 (cell 7): a figure has no alternative text"
    assert notice(PostError("it is odd").at(file="a.md", text="x")) == "a.md: it is odd: x"
    hinted = PostError("it is odd").at(file="a.md", text="x", hint="write y")
    assert notice(hinted) == "a.md: it is odd: x; write y"
