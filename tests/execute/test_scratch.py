"""The folder of a build's sockets and logs, and what killed builds have left of theirs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from generator.execute.scratch import LOCK, NEW, PREFIX, close_scratch, open_scratch

KILLED = """
import os, signal, sys
from pathlib import Path
from generator.execute.scratch import open_scratch
folder, lock = open_scratch(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def make_old(folder: Path) -> None:
    """As if it had been made some time ago."""
    then = time.time() - NEW - 1
    os.utime(folder / LOCK, (then, then))


def test_a_killed_build_is_tidied_up_after(tmp_path: Path) -> None:
    """By the next one; a folder that is in use, new, or somebody else's stays."""
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    used, used_lock = open_scratch(tmp_path)
    for folder in (left, used):
        make_old(folder)
    new, other = tmp_path / f"{PREFIX}new", tmp_path / "other"
    for folder in (new, other):
        folder.mkdir()
        (folder / LOCK).touch()
    make_old(other)
    mine, lock = open_scratch(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([used, new, other, mine])
    close_scratch(mine, lock)
    close_scratch(used, used_lock)
    assert sorted(tmp_path.iterdir()) == sorted([new, other])
