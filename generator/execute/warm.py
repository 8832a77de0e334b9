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
import builtins
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
import warnings
from functools import partial, wraps
from importlib.machinery import (
    ExtensionFileLoader,
    ModuleSpec,
    PathFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import FunctionType, ModuleType
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

LOADERS = (SourceFileLoader, SourcelessFileLoader, ExtensionFileLoader)
"""What executes modules that are found on the path."""

PATIENCE = 60.0
"""Seconds to wait for the first connection."""
IMPORT_PATIENCE = 120
"""Seconds in which everything must be imported; the process is killed if it is not."""


class Stash:
    """Modules that were imported before a fork, to be found by an `import` after it."""

    def __init__(self, base: set[str]) -> None:
        self.modules: dict[str, ModuleType] = {}
        self.needs: dict[str, set[str]] = {}
        """Module name to the names of the modules that its import imports."""
        self.looked_for: dict[str, set[str]] = {}
        """Module name to the names of which its import only asked whether they can be found."""
        self.lazy: dict[str, dict[tuple[str, str], object]] = {}
        """Module name to the attributes that other modules' `__getattr__` found for its import
        and keeps."""
        self.failed: set[str] = set()
        """Top-level modules that what was put back had tried to import."""
        self.asked: set[str] = set()
        """Modules that asked for the running kernel while they were imported: they must be
        imported anew in each."""
        self.effects: list[tuple[str, Callable[[], object]]] = []
        """Module name and what its import did to environment or warnings, in order."""
        self.standing = {name: Standing(getattr(sys, name)) for name in ("stdout", "stderr")}
        """What modules saw as standard output and error while they were imported."""
        self.variables: dict[str, str] = {}
        """What the modules of every kernel set in the environment."""
        self._in_kernel = False
        self._base = base
        """Modules that every kernel has from its beginning."""
        self._filters = list(warnings.filters)
        self._specs: dict[str, ModuleSpec | None] = {}
        self._bound: set[str] = set()
        """Modules that are an attribute of their package: a package may delete it."""
        self._mains: set[str] = set()
        """Other names under which a module enters `__main__`, as multiprocessing does."""
        self._entered: dict[str, dict[str, ModuleType]] = {}
        """Extension module to what it enters in `sys.modules` besides itself: Cython enters some
        modules under a second name."""
        self._shared: set[str] = set()
        """Modules that extension modules have made, which nobody imports."""
        self._running: list[str] = []
        """Modules that are being executed."""
        self._extension = ""
        """The innermost of them, if it is an extension module."""
        self._forgetful: dict[str, tuple[set[str], set[str]]] = {}
        """Package with a `__getattr__` to the names that it has by itself, and to those of its
        submodules that it is asked for while they are there."""
        self._come: list[str] = []
        """Modules that are perhaps attributes of such packages since another was executed."""
        self._away: dict[str, ModuleType] = {}
        """All modules, while few are in `sys.modules`."""

    @contextlib.contextmanager
    def recording(self) -> Any:
        """Note which module imports which, whether or not that was imported before."""
        original, original_module = builtins.__import__, importlib.import_module
        noted: list[str] = []

        def note(importer: str | None, names: Sequence[str], frame: Any) -> None:
            # A function that imports when it is called does so for the module that is being
            # imported, not for its own.
            if not _is_initialising(importer):
                importer = self._extension or _initialising(frame)
            noted.extend(names)
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

        def as_importing(function: Any) -> Any:
            # Warnings look for who imports, and pass over what belongs to the import system.
            function.__code__ = function.__code__.replace(co_filename="importlib._bootstrap")
            return function

        def noting_module(name: str, package: str | None = None) -> ModuleType:
            module = original_module(name, package)
            note(None, [module.__name__], sys._getframe(1))
            return module

        class Recorder:
            """Sees what extension modules import, of which `__import__` knows nothing.

            Only what is not in `sys.modules`: so nearly nothing is while they are executed.
            """

            @staticmethod
            def find_spec(name: str, path: Any = None, target: Any = None) -> None:
                frame = sys._getframe(1)
                if _is_import(frame):
                    note(None, [name], frame)
                    return
                importer = _initialising(frame)
                if importer:
                    self.looked_for.setdefault(importer, set()).add(name)

        def executing(loader: Any) -> Any:
            original, is_extension = loader.exec_module, loader is ExtensionFileLoader

            def exec_module(loader: Any, module: ModuleType) -> None:
                with self._executing(module.__name__, is_extension):
                    original(loader, module)
                self._note_mains(module)
                make_forgetful(module)

            return as_importing(exec_module)

        original_create = ExtensionFileLoader.create_module

        def create_module(loader: Any, spec: ModuleSpec) -> ModuleType:
            # Most are not executed later: they have run when they are there.
            with self._executing(spec.name, is_extension=True):
                return original_create(loader, spec)

        def forgetting(module: ModuleType, original: Any) -> Any:
            """A module's `__getattr__` that is asked each time: each time it may import."""
            forgotten: set[str] = set()
            self._forgetful[module.__name__] = set(module.__dict__), forgotten

            @wraps(original)
            def ask(name: str) -> Any:
                frame = sys._getframe(1)
                wanted = f"{module.__name__}.{name}"
                if wanted in forgotten and wanted in sys.modules:
                    note(None, [wanted], frame)
                    return sys.modules[wanted]
                before, first = set(module.__dict__), len(noted)
                value = original(name)
                importer = _initialising(frame)
                sources = [sys.modules[n] for n in noted[first:] if n in sys.modules]
                for key in [key for key in module.__dict__ if key not in before]:
                    if _comes_from(module.__dict__[key], sources):
                        found = module.__dict__.pop(key)
                        submodule = f"{module.__name__}.{key}"
                        if sys.modules.get(submodule) is found:
                            forgotten.add(submodule)
                            self._bound.add(submodule)
                        if importer:
                            self.lazy.setdefault(importer, {})[module.__name__, key] = found
                return value

            return ask

        def make_forgetful(module: Any) -> None:
            namespace = getattr(module, "__dict__", {})
            original = namespace.get("__getattr__")
            if isinstance(module, ModuleType) and isinstance(original, FunctionType):
                namespace["__getattr__"] = forgetting(module, original)
                forgetful.append((namespace, original))

        forgetful: list[tuple[dict[str, Any], Any]] = []

        from IPython.core.interactiveshell import InteractiveShell

        original_initialized = InteractiveShell.initialized

        def initialized() -> bool:
            importer = _initialising(sys._getframe(1))
            if importer:
                self.asked.add(importer)
            return bool(original_initialized())

        def repeated(function: Any) -> Any:
            def call(*args: Any, **kwargs: Any) -> Any:
                value = function(*args, **kwargs)
                importer = _initialising(sys._getframe(1))
                if importer:
                    effect = partial(function, *args, **kwargs)
                    left = warnings.filters[0] if function in filtering else None
                    effects.append((importer, effect, left))
                return value

            return call

        effects: list[tuple[str, Callable[[], object], Any]] = []
        filtering = (warnings.filterwarnings, warnings.simplefilter)
        changed: list[tuple[Any, str, Any]] = [
            (builtins, "__import__", as_importing(noting)),
            (importlib, "import_module", noting_module),
            (InteractiveShell, "initialized", initialized),
            (warnings, "filterwarnings", repeated(warnings.filterwarnings)),
            (warnings, "simplefilter", repeated(warnings.simplefilter)),
            (os._Environ, "__setitem__", repeated(os._Environ.__setitem__)),
            (os._Environ, "__delitem__", repeated(os._Environ.__delitem__)),
            *((loader, "exec_module", executing(loader)) for loader in LOADERS),
            (ExtensionFileLoader, "create_module", as_importing(create_module)),
            *((sys, name, standing) for name, standing in self.standing.items()),
        ]
        before = [(owner, name, getattr(owner, name)) for owner, name, _ in changed]
        sys.meta_path[:0] = [Recorder, self]
        for owner, name, value in changed:
            setattr(owner, name, value)
        for known in list(sys.modules.values()):
            make_forgetful(known)
        try:
            yield
        finally:
            for owner, name, value in before:
                setattr(owner, name, value)
            sys.meta_path[:2] = []
            for values, function in forgetful:
                values["__getattr__"] = function
            for module, effect, left in effects:
                # A filter may have been for the time of an import only.
                if left is None or left in warnings.filters:
                    self.effects.append((module, effect))

    @contextlib.contextmanager
    def _executing(self, name: str, is_extension: bool) -> Any:
        """See what an extension module imports; another sees all modules as they are."""
        outer = self._extension
        seen = set(sys.modules) if outer else set()
        self._show()
        self._forget()
        self._come.append(name)
        self._running.append(name)
        self._extension = name if is_extension else ""
        if is_extension:
            packages = name.split(".")
            inside = {".".join(packages[:end]) for end in range(1, len(packages))}
            self._hide({*self._base, *self._running, *self._shared, *inside})
        try:
            yield
        finally:
            self._show()
            self._running.pop()
            self._extension = outer
            if outer:
                self._hide({*seen, name})

    def _forget(self) -> None:
        """Take from packages the submodules that others imported.

        So that a module that asks for one, and does not import it, is seen to need it.
        """
        for name in self._come:
            package, _, attribute = name.rpartition(".")
            if package not in self._forgetful:
                continue
            own, forgotten = self._forgetful[package]
            namespace = getattr(sys.modules.get(package), "__dict__", {})
            module = sys.modules.get(name)
            if module is None or attribute in own or namespace.get(attribute) is not module:
                continue
            del namespace[attribute]
            forgotten.add(name)
            self._bound.add(name)
        self._come = [name for name in self._come if name in self._running]

    def _hide(self, kept: set[str]) -> None:
        """Leave only some modules in `sys.modules`; the others can be imported."""
        visible = {name: sys.modules[name] for name in kept if name in sys.modules}
        self._away = dict(sys.modules)
        sys.modules.clear()
        sys.modules.update(visible)

    def _show(self) -> None:
        """Have all modules in `sys.modules` again, and note what has come."""
        if not self._away:
            return
        away, now = self._away, dict(sys.modules)
        self._away = {}
        sys.modules.clear()
        sys.modules.update(away)
        for name, module in now.items():
            if away.get(name) is module:
                continue
            sys.modules.setdefault(name, module)
            spec = getattr(module, "__spec__", None)
            if spec is None and name != self._extension:
                self._shared.add(name)
            elif spec is not None and spec.name != name:
                self._entered.setdefault(self._extension, {})[name] = module

    def _note_mains(self, module: ModuleType) -> None:
        """Note the names that a module, which has just been executed, gave to the main module."""
        main = sys.modules["__main__"]
        for name in reversed(sys.modules):
            if name == module.__name__:
                return
            if sys.modules[name] is main and name not in self._mains:
                self._mains.add(name)
                self.needs.setdefault(module.__name__, set()).add(name)

    def fill(self) -> None:
        """Take every module that a kernel does not begin with out of `sys.modules`."""
        taken = [name for name in sys.modules if name not in self._base]
        found = {name: sys.modules.pop(name) for name in taken}
        entered = {name for names in self._entered.values() for name in names}
        for name in (self._mains | entered).intersection(found):
            del found[name]
        self.modules.update(found)
        new = [name for name in found if name not in self._specs]
        for name in new:
            self._specs[name] = getattr(found[name], "__spec__", None)
        # Cython's modules share one that none of them imports, for the types of their functions.
        shared = {name for name, spec in self._specs.items() if spec is None and "." not in name}
        for name in new:
            values = list(getattr(found[name], "__dict__", {}).values())
            # Extension modules import without Python's knowing; what they hold tells.
            # Without asking the values themselves: some warn when they are looked at.
            held = {v.__name__ for v in values if issubclass(type(v), ModuleType)}
            needs = self.needs.setdefault(name, set())
            needs.update(n for n in held if not n.startswith(name + "."))
            if shared:
                needs.update(shared.intersection(type(v).__module__ for v in values))
            # pybind11 enters what it has defined inside a module.
            spec = self._specs[name]
            entered_by = spec.name if spec else name.rpartition(".")[0]
            if entered_by != name and entered_by in self.modules:
                self.needs.setdefault(entered_by, set()).add(name)
        for name, module in found.items():
            package, _, attribute = name.rpartition(".")
            owner = self.modules.get(package) or sys.modules.get(package)
            if owner is not None and owner.__dict__.get(attribute) is module:
                delattr(owner, attribute)
                if name in new:
                    self._bound.add(name)

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """What the import system asks each finder of `sys.meta_path`."""
        if name in self._away:
            module = self._away[name]
            known = getattr(module, "__spec__", None)
            return _returning(name, lambda: module, known)
        if self.modules.get(name) is None:
            return None
        known = self._specs.get(name)
        origin = getattr(known, "origin", None)
        if "." not in name and not _is_first(name, origin):
            # A file beside the post has the name: the kernel must load it, not this.
            for other in [n for n in self.modules if n == name or n.startswith(name + ".")]:
                del self.modules[other]
            return None
        return _returning(name, partial(self.put_back, name), known)

    def hidden_in(self, folder: str) -> str | None:
        """A top-level module that a file in a folder hides from all that is imported there."""
        found = {name.partition(".")[0] for name in os.listdir(folder)}
        for name in sorted(found.intersection(name.partition(".")[0] for name in self.modules)):
            sys.path_importer_cache.pop(folder, None)
            spec = PathFinder.find_spec(name, [folder])
            if spec is not None and spec.origin is not None:
                return name
        return None

    def begin(self) -> None:
        """Be ready for imports in a kernel, where nothing has been imported yet."""
        self._in_kernel = True
        self.failed.clear()
        for name in self.asked:
            self.modules.pop(name, None)
        sys.meta_path.insert(0, self)
        warnings.resetwarnings()
        warnings.filters.extend(self._filters)  # type: ignore[attr-defined]

    def put_back(self, wanted: str) -> ModuleType:
        """Put a module back, with all that its own import imports."""
        module = self.modules[wanted]
        waiting, done = [wanted], set()
        while waiting:
            name = waiting.pop()
            if name in self._mains:
                sys.modules[name] = sys.modules["__main__"]
                continue
            found = self.modules.pop(name, None)
            if found is None:
                if name not in sys.modules and "." not in name:
                    self.failed.add(name)
                continue
            sys.modules[name] = found
            done.add(name)
            package, _, attribute = name.rpartition(".")
            if package:
                waiting.append(package)
                owner = self.modules.get(package) or sys.modules.get(package)
                unbound = owner is not None and attribute not in owner.__dict__
                if unbound and name in self._bound:
                    setattr(owner, attribute, found)
                if not self._in_kernel:
                    self._come.append(name)
            waiting.extend(self.needs.get(name, ()))
        for name in done:
            looked_for = self.looked_for.get(name, set())
            self.failed.update(n for n in looked_for if n not in sys.modules and "." not in n)
            for entered, found in self._entered.get(name, {}).items():
                sys.modules.setdefault(entered, found)
        if not self._in_kernel:
            return module
        for name in done:
            for (asked, attribute), value in self.lazy.get(name, {}).items():
                if asked in sys.modules:
                    sys.modules[asked].__dict__.setdefault(attribute, value)
        for name, effect in self.effects:
            if name in done:
                effect()
        return module


class Standing:
    """Stands for a standard stream while modules are imported.

    A module may keep hold of it, as `logging.StreamHandler` does: in a kernel it is the kernel's.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.used = False

    def write(self, text: str) -> Any:
        """Write, and note it: the text would be missing in the kernels."""
        self.used = True
        return self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Returning:
    """A loader that puts a module back; anything else is asked of the module's own loader."""

    def __init__(self, put_back: Callable[[], ModuleType], known: ModuleSpec | None) -> None:
        self._put_back = put_back
        self._known = known

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module as it was imported."""
        return self._put_back()

    def exec_module(self, module: ModuleType) -> None:
        """Nothing runs again; but the import system has replaced the module's spec."""
        if self._known is not None:
            module.__spec__ = self._known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._known.loader if self._known else None, name)


def _returning(
    name: str, put_back: Callable[[], ModuleType], known: ModuleSpec | None
) -> ModuleSpec:
    """The spec of a module that was imported before, by its own."""
    loader: Any = Returning(put_back, known)
    spec = ModuleSpec(name, loader, origin=known.origin if known else None)
    if known is not None:
        spec.submodule_search_locations = known.submodule_search_locations
        spec.has_location = known.has_location
    return spec


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


def _is_import(frame: Any) -> bool:
    """Whether a finder is asked in order to import, not only whether there is something."""
    return frame.f_back is not None and frame.f_back.f_code.co_name == "_find_and_load_unlocked"


def _comes_from(value: object, sources: Sequence[ModuleType]) -> bool:
    """Whether a value is one of some modules or what stands in one of them."""
    return any(
        value is source or any(value is other for other in vars(source).values())
        for source in sources
    )


def _is_first(name: str, origin: str | None) -> bool:
    """Whether a fresh import of a top-level name would find the file that was imported."""
    spec = PathFinder.find_spec(name)
    return spec is None or spec.origin == origin


def preload(stash: Stash, modules: Sequence[str]) -> tuple[str, str]:
    """Import modules; what cannot be imported is left out, as it may be in the post.

    Returns:
        The first module that a kernel must import itself, and what it does; or nothing.
    """
    before = surroundings()
    signal.alarm(IMPORT_PATIENCE)
    try:
        with stash.recording():
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
    stash = Stash(set(sys.modules))
    stash.variables = {n: v for n, v in os.environ.items() if before.get(n) != v}
    refused = preload(stash, sys.argv[2:])
    gc.collect()
    gc.freeze()
    serve(listener, guard, stash, refused)


if __name__ == "__main__":
    main()
