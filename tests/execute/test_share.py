"""Cores and memory are never given out twice, and nobody waits for ever."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.execute.share import RESERVE, Shares

WANTED = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 200)), min_size=1, max_size=12)


class Account:
    """What is out at this moment, and the most that ever was."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cores = self.memory = self.most_cores = self.most_memory = self.done = 0

    def add(self, cores: int, memory: int) -> None:
        with self.lock:
            self.cores += cores
            self.memory += memory
            self.most_cores = max(self.most_cores, self.cores)
            self.most_memory = max(self.most_memory, self.memory)


@given(WANTED, st.integers(1, 6), st.integers(0, 150))
def test_no_more_is_out_than_there_is(
    wanted: list[tuple[int, int]], cores: int, memory: int
) -> None:
    """However posts ask, in threads of their own; also those that ask for more all run."""
    shares, account = Shares(cores, memory), Account()
    limit = int(memory * RESERVE)

    def run(asked: tuple[int, int]) -> None:
        for _ in range(5):
            with shares.taken(*asked):
                got = min(asked[0], cores), min(asked[1], limit)
                account.add(*got)
                time.sleep(0)  # Let others run.
                account.add(-got[0], -got[1])
        with account.lock:
            account.done += 1

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=run, args=[asked], daemon=True) for asked in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sys.setswitchinterval(before)
    assert account.done == len(wanted)
    assert account.most_cores <= cores
    assert account.most_memory <= limit


@pytest.mark.parametrize("large", [(8, 0), (1, 10**9)], ids=["cores", "memory"])
def test_small_ones_run_together_a_large_one_alone(large: tuple[int, int]) -> None:
    """Two small posts at once; one that wants more than there is waits for both, then has all."""
    shares, order = Shares(3, 1000), []
    asked, got = threading.Event(), threading.Event()

    def run() -> None:
        asked.set()
        with shares.taken(*large):
            order.append("large")
            got.set()

    with ExitStack() as both:
        both.enter_context(shares.taken(1, 100))
        both.enter_context(shares.taken(1, 100))
        thread = threading.Thread(target=run)
        thread.start()
        assert asked.wait(60)
        # Not a time that is asserted: if it waits, as it must, this can only come true.
        assert not got.wait(0.1)
        order.append("small")
    assert got.wait(60)
    thread.join(60)
    assert order == ["small", "large"]


def test_what_fails_gives_back() -> None:
    """An exception inside leaves nothing out."""
    shares = Shares(1, 100)
    got = threading.Event()

    def run() -> None:
        for _ in range(3):
            with suppress(ZeroDivisionError), shares.taken(1, 90):
                raise ZeroDivisionError
        with shares.taken(1, 90):
            got.set()

    threading.Thread(target=run, daemon=True).start()
    assert got.wait(60)
