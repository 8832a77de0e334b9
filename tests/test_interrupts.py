"""An interrupt during an import comes after it, and is not lost."""

from __future__ import annotations

import signal

import pytest

from generator.interrupts import interrupt_afterwards


def test_it_comes_when_the_block_has_ended() -> None:
    """Though what runs in the block takes every exception for its own."""
    done = []

    @interrupt_afterwards()
    def import_much() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except BaseException:
            done.append("swallowed")
        done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        import_much()
    assert done == ["the rest"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_in_the_block_comes_first() -> None:
    """And Ctrl-C is what it was before."""
    with pytest.raises(ImportError), interrupt_afterwards():
        raise ImportError
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_another_handler_stays() -> None:
    """Who handles interrupts otherwise gets them at once."""
    got: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: got.append(number))
    try:
        with interrupt_afterwards():
            signal.raise_signal(signal.SIGINT)
            assert got == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)
