"""A process that has imported what posts import, and forks kernels from itself.

Importing NumPy and Matplotlib takes a kernel about a second, PyTorch four; a fork takes
milliseconds. So that a forked kernel is in every respect what a fresh one is:

- The parent only imports, it never computes: no thread, OpenMP pool, ZeroMQ context or CUDA
  context exists before the fork. A module that leaves a thread behind, or does something else
  that would not happen in the kernel, is refused.
- A child begins with the modules of a fresh kernel in `sys.modules`, and no others. What was
  imported before lies in a `Stash`, which an `import` finds first; so a name that was not
  imported is not there, a file beside the post hides a package of the same name, and whoever
  watches imports sees them. What a module did to environment and warnings when it was imported
  is done again when it is put back.
- What a module brings with it does not depend on what else the parent imported. Each module that
  posts import is imported as in a kernel that has imported nothing, those of before lying in the
  `Stash`; and what a module uses is seen even if it is there already, by an extension module or
  from a package whose `__getattr__` imports. What cannot be had: a module that looks for another
  in `sys.modules` while it is imported runs once, in the parent, and stays what it became there.
- Environment, working folder, arguments, session, signals, descriptors, temporary folder and
  random seeds are set as a fresh process has them.

Stands alone, as `guard` does: it runs in the kernel's own interpreter. It ends when the last
connection to its socket has closed.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import importlib.util
import json
import locale
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .stash import Stash

KERNEL_MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "IPython.core.magics",
    "IPython.extensions.storemagic",
    "IPython.core.completerlib",
    "ipykernel.debugger",
    "tornado.platform.asyncio",
)
"""What a fresh ipykernel has imported when its first cell runs, and imports late."""

PATIENCE = 60.0
"""Seconds to wait for the first connection."""
IMPORT_PATIENCE = 120
"""Seconds in which everything must be imported; the process is killed if it is not."""


def preload(stash: Stash, modules: Sequence[str]) -> tuple[str, str]:
    """Import modules; what cannot be imported is left out, as it may be in the post.

    Returns:
        The first module that a kernel must import itself, and what it does; or nothing.
    """
    before = surroundings()
    signal.alarm(IMPORT_PATIENCE)
    try:
        with load_beside("recording").recording(stash):
            for name in modules:
                with contextlib.suppress(Exception, SystemExit):
                    __import__(name)
                # The next is imported as in a kernel that has not imported this: modules look
                # for others in `sys.modules`.
                stash.fill()
                done = _unlike_a_kernel(stash, before)
                if done:
                    return name, done
    finally:
        signal.alarm(0)
    return "", ""


def _unlike_a_kernel(stash: Stash, before: dict[str, Any]) -> str:
    """What an import has done that would not happen in the kernel, or nothing."""
    if threads() > 1:
        # OpenBLAS ends its threads at a fork (pthread_atfork) and starts them at need.
        if not os.fork():
            os._exit(0)
        os.wait()
        if threads() > 1:
            return "starts a thread"
    if any(stream.used for stream in stash.standing.values()):
        return "writes something"
    changed = (what for what, value in surroundings().items() if value != before[what])
    return next((f"changes {what}" for what in changed), "")


def surroundings() -> dict[str, Any]:
    """What of a process a module might change for all others when it is imported."""
    return {
        "the working folder": os.getcwd(),
        "the path of modules": list(sys.path),
        "a signal's handler": {
            number: signal.getsignal(number)
            for number in signal.valid_signals()
            if number != signal.SIGALRM
        },
        "the limit of recursion": sys.getrecursionlimit(),
        "the locale": locale.setlocale(locale.LC_ALL),
        "what Python does with exceptions": (sys.excepthook, sys.unraisablehook),
    }


def threads() -> int:
    """How many threads this process has."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def become_fresh(environment: dict[str, str], stash: Stash, arguments: Sequence[str]) -> None:
    """Make a forked process what a fresh interpreter would be."""
    os.environ.clear()
    os.environ.update({**environment, **stash.variables})
    sys.argv = list(arguments)
    stash.begin()
    # A fresh process draws NumPy's global seed from the system; so does `random` after a fork.
    numpy_random = stash.modules.get("numpy.random.mtrand")
    if numpy_random is not None:
        numpy_random._rand.seed()
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile.tempdir = None  # type: ignore[attr-defined]
        tempfile._name_sequence = None  # type: ignore[attr-defined]
    sys.modules["__main__"] = ModuleType("__main__")
    gc.enable()


def run_kernel(arguments: Sequence[str], stash: Stash) -> None:
    """Be an ipykernel with these arguments until it ends."""
    from ipykernel.kernelapp import IPKernelApp

    app: Any = IPKernelApp.instance()
    app.initialize(list(arguments))
    for name, standing in stash.standing.items():
        standing.stream = getattr(sys, name)
    app.start()


def end_process(status: int) -> None:
    """End this process as the interpreter ends one, without returning to who forked it."""
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(status)


def serve(
    listener: socket.socket, guard: ModuleType, stash: Stash, refused: tuple[str, str]
) -> None:
    """Fork a guarded kernel for every request, until the last connection has closed.

    A request is a message with descriptors: the kernel's lifeline, its output, its errors, for a
    kernel that can be forked between its cells (see `cells`) the socket over which it talks, and
    a file with the request as JSON, for an environment may be longer than a message.
    """
    connections: list[socket.socket] = []
    first = time.monotonic()
    while connections or time.monotonic() - first < PATIENCE:
        ready, _, _ = select.select([listener, *connections], [], [], 1.0)
        _reap()
        for connection in ready:
            if connection is listener:
                connections.append(listener.accept()[0])
                first = -PATIENCE
                continue
            try:
                data, descriptors, _, _ = socket.recv_fds(connection, 1, 5)
            except OSError:
                data, descriptors = b"", []
            if data:
                with open(descriptors.pop(), encoding="utf-8") as file:
                    file.seek(0)
                    request = json.load(file)
                ours = [listener, *connections]
                answer = _forked(request, descriptors, guard, stash, refused, ours)
                with contextlib.suppress(OSError):
                    connection.send(json.dumps(answer).encode())
                for descriptor in descriptors:
                    os.close(descriptor)
            else:
                connections.remove(connection)
                connection.close()
    _reap()


def _reap() -> None:
    """Wait for guards that have ended, so that what their kernels used is counted as ours."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _forked(
    request: dict[str, Any],
    descriptors: list[int],
    guard: ModuleType,
    stash: Stash,
    refused: tuple[str, str],
    ours: list[socket.socket],
) -> dict[str, Any]:
    """Fork a guard for a kernel; the answer to who asked for it."""
    if refused[0]:
        return {"refused": refused}
    try:
        hidden = stash.hidden_in(request["cwd"])
        if hidden:
            return {"cold": f"{hidden} lies beside the post"}
        if os.fork():
            return {}
    except OSError as error:
        return {"cold": str(error)}
    for connection in ours:
        connection.close()
    _guarded(request, descriptors, guard, stash)
    return {}


def _guarded(
    request: dict[str, Any], descriptors: list[int], guard: ModuleType, stash: Stash
) -> None:
    """In the child: become the guard of a kernel. Never returns."""
    lifeline, (output, errors) = socket.socket(fileno=descriptors[0]), descriptors[1:3]

    def become() -> None:
        status = 1
        try:
            guard.become_kernel(request["cwd"], output, errors)
            become_fresh(request["environment"], stash, request["arguments"])
            if descriptors[3:]:
                control = socket.socket(fileno=descriptors[3])
                load_beside("figures").install()
                load_beside("cells").serve(control, request["arguments"][1:])
            else:
                run_kernel(request["arguments"][1:], stash)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        end_process(status)

    try:
        os.setsid()
        guard.supervise(lifeline, become, request["memory"], request["network"])
    finally:
        os._exit(0)


def load_beside(name: str) -> ModuleType:
    """A module from the file beside this one, without a place in `sys.modules`."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Arguments: the listening socket's descriptor, then the modules to import."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path not in ("", here)]
    guard = load_beside("guard")

    listener = socket.socket(fileno=int(sys.argv[1]))
    listener.set_inheritable(False)
    before = dict(os.environ)
    for name in KERNEL_MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    stash: Stash = load_beside("stash").Stash(set(sys.modules))
    stash.variables = {n: v for n, v in os.environ.items() if before.get(n) != v}
    refused = preload(stash, sys.argv[2:])
    gc.collect()
    gc.freeze()
    serve(listener, guard, stash, refused)


if __name__ == "__main__":
    main()
