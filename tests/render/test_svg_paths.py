"""Paths of figures are written shorter, and stay where they were."""

from __future__ import annotations

from typing import Any

import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.svgLib.path import parse_path
from hypothesis import given
from hypothesis import strategies as st

from generator.render.svg_paths import shorter_path


@pytest.mark.parametrize(
    ("written", "shorter"),
    [
        ("M 0 374.4 L 316.8 374.4 L 316.8 0 L 0 0 z", "M0 374.4h316.8v-374.4h-316.8z"),
        ("M 0 6 C 1.59 6 3.1249 5.37 4.24 4.24", "M0 6c1.59 0 3.12-.63 4.24-1.76"),
        ("M 1 1 \nL 2 2 \nL 3 3 \nz\nM 5 5 \nL 1.23 -0.5\n", "M1 1l1 1 1 1zm4 4-3.77-5.5"),
        ("M 1 2 Q 1.5 2.25 2 2", "M1 2q.5.25 1 0"),
    ],
)
def test_a_path_as_matplotlib_writes_it(written: str, shorter: str) -> None:
    """Points are told from the one before; letters, spaces and zeros that may go are gone."""
    assert shorter_path(written) == shorter


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("M 0 0 A 1.2345 1 0 0 1 2 2", "M 0 0 A 1.23 1 0 0 1 2 2"),
        ("m 1 1 l 2 2", "m 1 1 l 2 2"),
        ("M 0 0 L 1e-5 2", "M 0 0 L 1e-5 2"),
        ("L 1 2", "L 1 2"),
        ("M 1 2 3", "M 1 2 3"),
        ("M 1 2 z 5 6", "M 1 2 z 5 6"),
        ("no path", "no path"),
    ],
)
def test_other_paths_stay(written: str, kept: str) -> None:
    """What Matplotlib would not write, or browsers draw in part, has its numbers rounded."""
    assert shorter_path(written) == kept


NUMBERS = st.integers(-100_000, 100_000).map(lambda hundredths: hundredths / 100)
COMMANDS = st.one_of(
    st.tuples(st.just("z")),
    *(
        st.tuples(st.just(letter), *[NUMBERS] * count)
        for letter, count in (("M", 2), ("L", 2), ("Q", 4), ("C", 6))
    ),
)


@given(st.tuples(NUMBERS, NUMBERS), st.lists(COMMANDS))
def test_no_point_moves(first: tuple[float, float], more: list[tuple[Any, ...]]) -> None:
    """However long the way is: what is rounded is each point, not each step."""
    written = " ".join(str(part) for command in [("M", *first), *more] for part in command)
    shorter = shorter_path(written)
    assert drawn(shorter) == drawn(written)


def drawn(path: str) -> list[tuple[str, list[tuple[float, float]]]]:
    """What a pen does that draws it, in hundredths."""
    pen = RecordingPen()
    parse_path(path, pen)
    return [
        (name, [(round(x * 100), round(y * 100)) for x, y in points]) for name, points in pen.value
    ]
