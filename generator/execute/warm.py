"""A process that has imported what posts import, and forks kernels from itself.

Importing NumPy and Matplotlib takes a kernel about a second, PyTorch four; a fork takes
milliseconds. So that a forked kernel is in every respect what a fresh one is:

- The parent only imports, it never computes: no thread, OpenMP pool, ZeroMQ context or CUDA
  context exists before the fork. A module that leaves a thread behind is refused.
- A child begins with the modules of a fresh kernel in `sys.modules`, and no others. What was
  imported before lies in a `Stash`, which an `import` finds first; so a name that was not
  imported is not there, a file beside the post hides a package of the same name, and whoever
  watches imports sees them.
- Environment, working folder, arguments, session, signals, descriptors, temporary folder and
  random seeds are set as a fresh process has them.

Stands alone, as `guard` does: it runs in the kernel's own interpreter. It ends when the last
connection to its socket has closed.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


class Stash:
    """Modules that were imported before a fork, to be found by an `import` after it."""

    def __init__(self) -> None:
        self.modules: dict[str, ModuleType] = {}
        self.needs: dict[str, set[str]] = {}
        """Module name to the names of the modules that its import imports."""
        self.failed: set[str] = set()
        """Top-level modules that what was put back had tried to import."""
        self.asked: set[str] = set()
        """Modules that asked for the running kernel while they were imported: they must be
        imported anew in each."""
        self._specs: dict[str, ModuleSpec | None] = {}

    @contextlib.contextmanager
    def recording(self) -> Any:
        """Note which module imports which, whether or not that was imported before."""
        original, original_module = builtins.__import__, importlib.import_module

        def note(importer: str | None, names: Sequence[str], frame: Any) -> None:
            # A function that imports when it is called does so for the module that is being
            # imported, not for its own.
            if not _is_initialising(importer):
                importer = _initialising(frame)
            if importer:
                self.needs.setdefault(importer, set()).update(names)

        def noting(
            name: str,
            namespace: Any = None,
            local: Any = None,
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> Any:
            importer = (namespace or {}).get("__name__")
            target = name
            if level:
                package = (namespace or {}).get("__package__") or str(importer)
                target = importlib.util.resolve_name("." * level + name, package)
            # Also what fails: whoever watches the kernel must know what was tried.
            names = [target, *(f"{target}.{item}" for item in fromlist or ())]
            note(importer, names, sys._getframe(1))
            return original(name, namespace, local, fromlist or (), level)

        def noting_module(name: str, package: str | None = None) -> ModuleType:
            module = original_module(name, package)
            note(None, [module.__name__], sys._getframe(1))
            return module

        class Recorder:
            """Sees what extension modules import, of which `__import__` knows nothing."""

            @staticmethod
            def find_spec(name: str, path: Any = None, target: Any = None) -> None:
                note(None, [name], sys._getframe(1))

        from IPython.core.interactiveshell import InteractiveShell

        original_initialized = InteractiveShell.initialized

        def initialized() -> bool:
            importer = _initialising(sys._getframe(1))
            if importer:
                self.asked.add(importer)
            return bool(original_initialized())

        builtins.__import__ = noting  # type: ignore[assignment]
        importlib.import_module = noting_module
        sys.meta_path.insert(0, Recorder)
        InteractiveShell.initialized = initialized  # type: ignore[method-assign]
        try:
            yield
        finally:
            builtins.__import__ = original
            importlib.import_module = original_module
            sys.meta_path.remove(Recorder)
            InteractiveShell.initialized = original_initialized  # type: ignore[method-assign]

    def fill(self, base: set[str]) -> None:
        """Take every module that is not in `base` out of `sys.modules`."""
        for name in [name for name in sys.modules if name not in base]:
            module = sys.modules.pop(name)
            if name not in self.asked:
                self.modules[name] = module
        for name, module in self.modules.items():
            self._specs[name] = getattr(module, "__spec__", None)
            values = list(getattr(module, "__dict__", {}).values())
            # Extension modules import without Python's knowing; what they hold tells.
            held = {v.__name__ for v in values if isinstance(v, ModuleType)}
            needs = self.needs.setdefault(name, set())
            needs.update(n for n in held if not n.startswith(name + "."))
        for name, module in self.modules.items():
            package, _, attribute = name.rpartition(".")
            owner = self.modules.get(package) or sys.modules.get(package)
            if owner is not None and owner.__dict__.get(attribute) is module:
                delattr(owner, attribute)

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """What the import system asks each finder of `sys.meta_path`."""
        module = self.modules.get(name)
        if module is None:
            return None
        origin = getattr(self._specs.get(name), "origin", None)
        if "." not in name and not _is_first(name, origin):
            # A file beside the post has the name: the kernel must load it, not this.
            for other in [n for n in self.modules if n == name or n.startswith(name + ".")]:
                del self.modules[other]
            return None
        return ModuleSpec(name, self, origin=origin)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Put a module back, with all that its own import imports."""
        module = self.modules[spec.name]
        waiting = [spec.name]
        while waiting:
            name = waiting.pop()
            found = self.modules.pop(name, None)
            if found is None:
                if name not in sys.modules and "." not in name:
                    self.failed.add(name)
                continue
            sys.modules[name] = found
            package, _, attribute = name.rpartition(".")
            if package:
                waiting.append(package)
                owner = self.modules.get(package) or sys.modules.get(package)
                if owner is not None and attribute not in owner.__dict__:
                    setattr(owner, attribute, found)
            waiting.extend(self.needs.get(name, ()))
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing runs again; the import system has replaced the module's spec."""
        spec = self._specs.get(module.__name__)
        if spec is not None:
            module.__spec__ = spec


def _is_initialising(name: str | None) -> bool:
    """Whether a module is being imported."""
    spec = getattr(sys.modules.get(name or ""), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _initialising(frame: Any) -> str | None:
    """The innermost module that is being imported while a frame runs."""
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            name = frame.f_globals.get("__name__")
            if _is_initialising(name):
                return str(name)
        frame = frame.f_back
    return None


def _is_first(name: str, origin: str | None) -> bool:
    """Whether a fresh import of a top-level name would find the file that was imported."""
    spec = PathFinder.find_spec(name)
    return spec is None or spec.origin == origin


def preload(stash: Stash, modules: Sequence[str]) -> str:
    """Import modules; what cannot be imported is left out, as it may be in the post.

    Returns:
        The first module that left a thread behind, or nothing.
    """
    with stash.recording():
        for name in modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
            if threads() > 1:
                # OpenBLAS ends its threads at a fork (pthread_atfork) and starts them at need.
                if not os.fork():
                    os._exit(0)
                os.wait()
                if threads() > 1:
                    return name
    return ""


def threads() -> int:
    """How many threads this process has."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        import threading

        return threading.active_count()


def become_fresh(environment: dict[str, str], stash: Stash, arguments: Sequence[str]) -> None:
    """Make a forked process what a fresh interpreter would be."""
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(arguments)
    sys.meta_path.insert(0, stash)
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


def run_kernel(arguments: Sequence[str]) -> None:
    """Be an ipykernel with these arguments until it ends."""
    from ipykernel.kernelapp import IPKernelApp

    app: Any = IPKernelApp.instance()
    app.initialize(list(arguments))
    app.start()


def serve(listener: socket.socket, guard: ModuleType, stash: Stash, refused: str) -> None:
    """Fork a guarded kernel for every request, until the last connection has closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    connections: list[socket.socket] = []
    first = time.monotonic()
    while connections or time.monotonic() - first < PATIENCE:
        ready, _, _ = select.select([listener, *connections], [], [], 1.0)
        for connection in ready:
            if connection is listener:
                connections.append(listener.accept()[0])
                first = -PATIENCE
                continue
            data, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 4)
            if not data:
                connections.remove(connection)
                connection.close()
                continue
            if refused:
                connection.send(json.dumps({"refused": refused}).encode())
            elif not os.fork():
                listener.close()
                for other in connections:
                    other.close()
                _guarded(json.loads(data), descriptors, guard, stash)
            else:
                connection.send(b"{}")
            for descriptor in descriptors:
                os.close(descriptor)


def _guarded(
    request: dict[str, Any], descriptors: list[int], guard: ModuleType, stash: Stash
) -> None:
    """In the child: become the guard of a kernel. Never returns.

    Descriptors are the guard's lifeline, the kernel's output and errors, and for a kernel that
    can be forked between its cells (see `cells`) the socket over which it talks.
    """
    lifeline, output, errors = socket.socket(fileno=descriptors[0]), *descriptors[1:3]

    def start() -> int:
        pid = os.fork()
        if pid:
            return pid
        arguments = request["arguments"][1:]
        if descriptors[3:]:
            control = socket.socket(fileno=descriptors[3])
            cells, figures = load_beside("cells"), load_beside("figures")
            become(lambda: (figures.install(), cells.serve(control, arguments)))
        become(lambda: run_kernel(arguments))
        return 0

    def become(run: Callable[[], object]) -> None:
        try:
            lifeline.close()
            guard.become_kernel(request["cwd"], output, errors)
            become_fresh(request["environment"], stash, request["arguments"])
            run()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    try:
        os.setsid()
        guard.supervise(lifeline, start, request["memory"], request["network"])
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
    for name in KERNEL_MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    base = set(sys.modules)
    stash = Stash()
    refused = preload(stash, sys.argv[2:])
    stash.fill(base)
    gc.collect()
    gc.freeze()
    serve(listener, guard, stash, refused)


if __name__ == "__main__":
    main()
