"""What modules do while a warm parent imports them: noted in a `Stash`, done again in its forks.

Whether a module was imported before must not matter to what is seen. So each import is seen even
of what is there already, an extension module is executed while nearly nothing is in
`sys.modules`, and a package whose `__getattr__` imports is asked anew each time. Stands alone, as
`warm` does, which loads it.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.util
import os
import sys
import warnings
from functools import partial, wraps
from importlib.machinery import (
    ExtensionFileLoader,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .stash import Stash

LOADERS = (SourceFileLoader, SourcelessFileLoader, ExtensionFileLoader)
"""What executes modules that are found on the path."""


@contextlib.contextmanager
def recording(stash: Stash) -> Iterator[None]:
    """Note in a stash what the modules do that are imported meanwhile."""
    from IPython.core.interactiveshell import InteractiveShell

    execution = Execution(stash)
    seen = Imports(stash, execution)
    packages = LazyPackages(stash, seen)
    effects = Effects(stash)
    changed: list[tuple[Any, str, Any]] = [
        (builtins, "__import__", seen.of_statements()),
        (importlib, "import_module", seen.of_calls()),
        (InteractiveShell, "initialized", _asking(stash, InteractiveShell.initialized)),
        (warnings, "filterwarnings", effects.noting(warnings.filterwarnings, filters=True)),
        (warnings, "simplefilter", effects.noting(warnings.simplefilter, filters=True)),
        (os._Environ, "__setitem__", effects.noting(os._Environ.__setitem__)),
        (os._Environ, "__delitem__", effects.noting(os._Environ.__delitem__)),
        *((loader, "exec_module", execution.by(loader, packages)) for loader in LOADERS),
        (ExtensionFileLoader, "create_module", execution.of_extensions(packages)),
        *((sys, name, standing) for name, standing in stash.standing.items()),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changed]
    finders: list[Any] = [seen, execution, stash]
    sys.meta_path[:0] = finders
    for owner, name, value in changed:
        setattr(owner, name, value)
    for known in list(sys.modules.values()):
        packages.ask_anew(known)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)
        del sys.meta_path[: len(finders)]
        packages.leave()
        effects.keep()


class Imports:
    """Sees which module imports which, or asks whether another can be found."""

    def __init__(self, stash: Stash, execution: Execution) -> None:
        self.names: list[str] = []
        """All that was imported, in order."""
        self._stash = stash
        self._execution = execution

    def note(self, importer: str | None, names: Sequence[str], frame: Any) -> None:
        """Note that a module imports others, while a frame runs."""
        # A function that imports when it is called does so for the module that is being
        # imported, not for its own.
        if not _is_initialising(importer):
            importer = self._execution.extension or initialising(frame)
        self.names.extend(names)
        if importer:
            self._stash.needs.setdefault(importer, set()).update(names)

    def of_statements(self) -> Callable[..., Any]:
        """`__import__` that notes."""
        original = builtins.__import__

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
            self.note(importer, names, sys._getframe(1))
            return original(name, namespace, local, fromlist or (), level)

        return _as_importing(noting)

    def of_calls(self) -> Callable[..., Any]:
        """`importlib.import_module` that notes."""
        original = importlib.import_module

        def noting(name: str, package: str | None = None) -> ModuleType:
            module = original(name, package)
            self.note(None, [module.__name__], sys._getframe(1))
            return module

        return noting

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """What the import system asks each finder of `sys.meta_path`.

        So is seen what extension modules import, of which `__import__` knows nothing. Only what
        is not in `sys.modules`: so nearly nothing is while they are executed.
        """
        frame = sys._getframe(1)
        if _is_import(frame):
            self.note(None, [name], frame)
            return
        importer = initialising(frame)
        if importer:
            self._stash.looked_for.setdefault(importer, set()).add(name)


class Execution:
    """The modules that are being executed, and which others they find in `sys.modules`.

    An extension module finds few, so that what it imports is seen; any other finds all.
    """

    def __init__(self, stash: Stash) -> None:
        self.extension = ""
        """The innermost module that is being executed, if it is an extension module."""
        self._stash = stash
        self._running: list[str] = []
        self._shared: set[str] = set()
        """Modules that extension modules have made, which nobody imports."""
        self._away: dict[str, ModuleType] = {}
        """All modules, while few are in `sys.modules`."""

    def by(self, loader: Any, packages: LazyPackages) -> Callable[..., None]:
        """A loader's `exec_module`, seen."""
        original, is_extension = loader.exec_module, loader is ExtensionFileLoader

        def exec_module(loader: Any, module: ModuleType) -> None:
            with self._of(module.__name__, packages, is_extension=is_extension):
                original(loader, module)
            self._note_mains(module)
            packages.ask_anew(module)

        return _as_importing(exec_module)

    def of_extensions(self, packages: LazyPackages) -> Callable[..., Any]:
        """What makes an extension module: most are not executed later, but have run then."""
        original = ExtensionFileLoader.create_module

        def create_module(loader: Any, spec: ModuleSpec) -> ModuleType:
            with self._of(spec.name, packages, is_extension=True):
                return original(loader, spec)

        return _as_importing(create_module)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find what is away, as the import system asks each finder of `sys.meta_path`."""
        if name not in self._away:
            return None
        module = self._away[name]
        return self._stash.returning(name, lambda: module, getattr(module, "__spec__", None))

    @contextlib.contextmanager
    def _of(self, name: str, packages: LazyPackages, *, is_extension: bool) -> Iterator[None]:
        outer = self.extension
        seen = set(sys.modules) if outer else set()
        self._show()
        packages.forget(self._running)
        self._stash.come.append(name)
        self._running.append(name)
        self.extension = name if is_extension else ""
        if is_extension:
            parts = name.split(".")
            inside = {".".join(parts[:end]) for end in range(1, len(parts))}
            self._hide({*self._stash.base, *self._running, *self._shared, *inside})
        try:
            yield
        finally:
            self._show()
            self._running.pop()
            self.extension = outer
            if outer:
                self._hide({*seen, name})

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
            if spec is None and name != self.extension:
                self._shared.add(name)
            elif spec is not None and spec.name != name:
                self._stash.entered.setdefault(self.extension, {})[name] = module

    def _note_mains(self, module: ModuleType) -> None:
        """Note the names that a module, which has just been executed, gave to the main module."""
        main, mains = sys.modules["__main__"], self._stash.mains
        for name in reversed(sys.modules):
            if name == module.__name__:
                return
            if sys.modules[name] is main and name not in mains:
                mains.add(name)
                self._stash.needs.setdefault(module.__name__, set()).add(name)


class LazyPackages:
    """Packages whose `__getattr__` imports: asked each time, for each time it may import."""

    def __init__(self, stash: Stash, imports: Imports) -> None:
        self._stash = stash
        self._imports = imports
        self._known: dict[str, tuple[set[str], set[str]]] = {}
        """Package to the names that it has by itself, and to those of its submodules that it is
        asked for while they are there."""
        self._originals: list[tuple[dict[str, Any], Any]] = []
        """Namespaces of packages, with their own `__getattr__`."""

    def ask_anew(self, module: Any) -> None:
        """Let a module that has a `__getattr__` keep nothing of what that finds."""
        namespace = getattr(module, "__dict__", {})
        original = namespace.get("__getattr__")
        if isinstance(module, ModuleType) and isinstance(original, FunctionType):
            namespace["__getattr__"] = self._asking(module, original)
            self._originals.append((namespace, original))

    def forget(self, running: Sequence[str]) -> None:
        """Take from packages the submodules that others imported.

        So that a module that asks for one, and does not import it, is seen to need it.
        """
        for name in self._stash.come:
            package, _, attribute = name.rpartition(".")
            if package not in self._known:
                continue
            own, forgotten = self._known[package]
            namespace = getattr(sys.modules.get(package), "__dict__", {})
            module = sys.modules.get(name)
            if module is None or attribute in own or namespace.get(attribute) is not module:
                continue
            del namespace[attribute]
            forgotten.add(name)
            self._stash.bound.add(name)
        self._stash.come = [name for name in self._stash.come if name in running]

    def leave(self) -> None:
        """Let packages be as they are."""
        for namespace, original in self._originals:
            namespace["__getattr__"] = original

    def _asking(self, module: ModuleType, original: Callable[[str], Any]) -> Callable[[str], Any]:
        forgotten: set[str] = set()
        self._known[module.__name__] = set(module.__dict__), forgotten

        @wraps(original)
        def ask(name: str) -> Any:
            frame = sys._getframe(1)
            wanted = f"{module.__name__}.{name}"
            if wanted in forgotten and wanted in sys.modules:
                self._imports.note(None, [wanted], frame)
                return sys.modules[wanted]
            before, first = set(module.__dict__), len(self._imports.names)
            value = original(name)
            importer = initialising(frame)
            imported = self._imports.names[first:]
            sources = [sys.modules[name] for name in imported if name in sys.modules]
            for key in [key for key in module.__dict__ if key not in before]:
                if _comes_from(module.__dict__[key], sources):
                    found = module.__dict__.pop(key)
                    submodule = f"{module.__name__}.{key}"
                    if sys.modules.get(submodule) is found:
                        forgotten.add(submodule)
                        self._stash.bound.add(submodule)
                    if importer:
                        self._stash.lazy.setdefault(importer, {})[module.__name__, key] = found
            return value

        return ask


class Effects:
    """What imports do to environment and warnings."""

    def __init__(self, stash: Stash) -> None:
        self._stash = stash
        self._seen: list[tuple[str, Callable[[], object], Any]] = []
        """Module name, what it did, and the filter that this has left."""

    def noting(self, function: Callable[..., Any], *, filters: bool = False) -> Callable[..., Any]:
        """A function that changes them, or the filters of warnings, and notes for whom."""

        def call(*args: Any, **kwargs: Any) -> Any:
            value = function(*args, **kwargs)
            importer = initialising(sys._getframe(1))
            if importer:
                left = warnings.filters[0] if filters else None
                self._seen.append((importer, partial(function, *args, **kwargs), left))
            return value

        return call

    def keep(self) -> None:
        """Keep what has lasted: a filter may have been for the time of an import only."""
        for module, effect, left in self._seen:
            if left is None or left in warnings.filters:
                self._stash.effects.append((module, effect))


def _asking(stash: Stash, original: Callable[[], bool]) -> Callable[[], bool]:
    """`InteractiveShell.initialized` that notes who asks."""

    def initialized() -> bool:
        importer = initialising(sys._getframe(1))
        if importer:
            stash.asked.add(importer)
        return bool(original())

    return initialized


def _as_importing(function: Any) -> Callable[..., Any]:
    """A function that warnings pass over when they look for who imports.

    As they do with whatever belongs to the import system.
    """
    function.__code__ = function.__code__.replace(co_filename="importlib._bootstrap")
    passed_over: Callable[..., Any] = function
    return passed_over


def _is_initialising(name: str | None) -> bool:
    """Whether a module is being imported."""
    spec = getattr(sys.modules.get(name or ""), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def initialising(frame: Any) -> str | None:
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
