"""Starting warm parents: the processes of `warm` that import what posts import.

Imports little: while the parent imports, this process imports what runs kernels.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ..font import font_path
from . import figures

if TYPE_CHECKING:
    from .scratch import Scratch

CAN_FORK = sys.platform == "linux"
"""Elsewhere a fork after imports is not safe (macOS's frameworks) or does not exist."""

HERE = Path(__file__).parent
MATPLOTLIBRC = HERE / "matplotlibrc"

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class WarmRefused(RuntimeError):
    """A warm parent cannot be forked: the module that it should not have imported, and why."""


class WarmParentDied(RuntimeError):
    """A warm parent has ended, perhaps while it imported something."""


class WarmParent:
    """A connection to a process that has imported modules and forks kernels from itself."""

    def __init__(
        self,
        path: Path,
        connection: socket.socket,
        process: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.path = path
        """Of the socket at which it serves."""
        self.connection = connection
        self._process = process

    def close(self) -> None:
        """Let go of the parent, which ends when nobody else holds it."""
        self.connection.close()

    def end(self) -> None:
        """End the parent, whatever it does; the kernels that were forked from it stay."""
        self.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def start_warm_parent(
    path: Path, executable: str, modules: Sequence[str], environment: dict[str, str]
) -> WarmParent:
    """Start a process that imports modules and serves forks of itself at a socket.

    Args:
        path: of the socket; its folder should be the user's own.
        executable: the Python interpreter of the kernels.
        modules: what to import, in order.
        environment: the process's, of which a module may read some while it is imported.

    Raises:
        OSError: the interpreter does not start.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen(64)
        process = subprocess.Popen(
            [executable, str(HERE / "warm.py"), str(listener.fileno()), *modules],
            pass_fds=[listener.fileno()],
            env=environment,
            # Nothing lies there that a module could read while it is imported.
            cwd=path.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A Ctrl-C in the terminal is for the build, which closes the connection.
            start_new_session=True,
        )
    return WarmParent(path, connected(path), process)


class Begun(Struct, frozen=True):
    """A warm parent that was started before there was anything to fork from it."""

    parent: WarmParent
    executable: str
    threads: int
    scratch: Scratch
    """The folder in which its socket lies."""


def begin(threads: int, modules: Sequence[str]) -> Begun:
    """Start a warm parent for this interpreter's kernels."""
    from .scratch import close_scratch, open_scratch  # Most builds run nothing.

    scratch = open_scratch()
    path = scratch[0] / "warm-0"
    try:
        parent = start_warm_parent(path, sys.executable, modules, parent_environment(threads))
    except BaseException:
        close_scratch(*scratch)
        raise
    return Begun(parent, sys.executable, threads, scratch)


def connected(path: Path) -> socket.socket:
    """A connection to the warm parent that serves at a socket."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def parent_environment(threads: int) -> dict[str, str]:
    """The environment of a warm parent whose kernels have so many threads."""
    # Those that may see a GPU are not forked.
    return {**os.environ, **clean_slate(threads), "CUDA_VISIBLE_DEVICES": ""}


def clean_slate(threads: int) -> dict[str, str]:
    """What of a kernel's environment is the same for every author."""
    return {
        **dict.fromkeys(THREAD_VARIABLES, str(threads)),
        "MATPLOTLIBRC": str(MATPLOTLIBRC),
        figures.VARIABLE: str(font_path() or ""),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # Otherwise Plotly puts its whole library into the first output.
        "PLOTLY_RENDERER": "plotly_mimetype",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        # ipykernel would end a kernel whose parent is not the build: its guard does that.
        "JPY_PARENT_PID": "1",
    }
