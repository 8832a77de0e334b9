"""Sizes in bytes, as a reader sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.sizes import size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (29_812_345, "29.8 MB"),
        (1_234_000_000, "1.2 GB"),
        (5_000_000_000_000_000, "5000.0 TB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    """Decimal units, one decimal; never a thousand of one unit where there is a larger one."""
    assert size_text(size) == text


@given(st.integers(1000, 10**15 - 10**11))
def test_a_size_is_right_to_its_last_digit(size: int) -> None:
    """What is written differs from the size by half of its last digit at most."""
    amount, unit = size_text(size).split()
    scale = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}[unit]
    assert 1 <= float(amount) < 1000
    assert abs(float(amount) * scale - size) <= 0.0501 * scale
