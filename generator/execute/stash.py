"""Modules that a warm parent has imported, put back in its forks as a fresh import brings them.

What an `import` brings with it is what `recording` has seen; here it is only used. Stands alone,
as `warm` does, which loads it.
"""

from __future__ import annotations

import os
import sys
import warnings
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Stash:
    """Modules that were imported before a fork, to be found by an `import` after it."""

    def __init__(self, base: set[str]) -> None:
        self.base = base
        """Modules that every kernel has from its beginning."""
        self.modules: dict[str, ModuleType] = {}
        self.failed: set[str] = set()
        """Top-level modules that what was put back had tried to import."""
        self.standing = {name: Standing(getattr(sys, name)) for name in ("stdout", "stderr")}
        """What modules saw as standard output and error while they were imported."""
        self.variables: dict[str, str] = {}
        """What the modules of every kernel set in the environment."""

        # What a recording has seen.
        self.needs: dict[str, set[str]] = {}
        """Module name to the names of the modules that its import imports."""
        self.looked_for: dict[str, set[str]] = {}
        """Module name to the names of which its import only asked whether they can be found."""
        self.lazy: dict[str, dict[tuple[str, str], object]] = {}
        """Module name to the attributes that other modules' `__getattr__` found for its import
        and keeps."""
        self.asked: set[str] = set()
        """Modules that asked for the running kernel while they were imported: they must be
        imported anew in each."""
        self.effects: list[tuple[str, Callable[[], object]]] = []
        """Module name and what its import did to environment or warnings, in order."""
        self.bound: set[str] = set()
        """Modules that are an attribute of their package: a package may delete it."""
        self.mains: set[str] = set()
        """Other names under which a module enters `__main__`, as multiprocessing does."""
        self.entered: dict[str, dict[str, ModuleType]] = {}
        """Extension module to what it enters in `sys.modules` besides itself: Cython enters some
        modules under a second name."""
        self.come: list[str] = []
        """Modules of packages that have come into `sys.modules` lately, in order."""

        self._specs: dict[str, ModuleSpec | None] = {}
        self._filters = list(warnings.filters)
        self._in_kernel = False

    # --- in the parent ----------------------------------------------------------------------

    def fill(self) -> None:
        """Take every module that a kernel does not begin with out of `sys.modules`."""
        taken = [name for name in sys.modules if name not in self.base]
        found = {name: sys.modules.pop(name) for name in taken}
        entered = {name for names in self.entered.values() for name in names}
        for name in (self.mains | entered).intersection(found):
            del found[name]
        self.modules.update(found)
        new = [name for name in found if name not in self._specs]
        for name in new:
            self._specs[name] = getattr(found[name], "__spec__", None)
        # Cython's modules share one that none of them imports, for the types of their functions.
        shared = {name for name, spec in self._specs.items() if spec is None and "." not in name}
        for name in new:
            self._note_held(name, found[name], shared)
        for name, module in found.items():
            package, _, attribute = name.rpartition(".")
            owner = self.modules.get(package) or sys.modules.get(package)
            if owner is not None and owner.__dict__.get(attribute) is module:
                delattr(owner, attribute)
                if name in new:
                    self.bound.add(name)

    def _note_held(self, name: str, module: ModuleType, shared: set[str]) -> None:
        """Extension modules import without Python's knowing; what they hold tells."""
        values = list(getattr(module, "__dict__", {}).values())
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

    def hidden_in(self, folder: str) -> str | None:
        """A top-level module that a file in a folder hides from all that is imported there."""
        found = {name.partition(".")[0] for name in os.listdir(folder)}
        for name in sorted(found.intersection(name.partition(".")[0] for name in self.modules)):
            sys.path_importer_cache.pop(folder, None)
            spec = PathFinder.find_spec(name, [folder])
            if spec is not None and spec.origin is not None:
                return name
        return None

    # --- in a kernel ------------------------------------------------------------------------

    def begin(self) -> None:
        """Be ready for imports in a kernel, where nothing has been imported yet."""
        self._in_kernel = True
        self.failed.clear()
        for name in self.asked:
            self.modules.pop(name, None)
        sys.meta_path.insert(0, self)
        warnings.resetwarnings()
        warnings.filters.extend(self._filters)  # type: ignore[attr-defined]

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """What the import system asks each finder of `sys.meta_path`."""
        if self.modules.get(name) is None:
            return None
        known = self._specs.get(name)
        origin = getattr(known, "origin", None)
        if "." not in name and not _is_first(name, origin):
            # A file beside the post has the name: the kernel must load it, not this.
            for other in [n for n in self.modules if n == name or n.startswith(name + ".")]:
                del self.modules[other]
            return None
        return self.returning(name, partial(self.put_back, name), known)

    @staticmethod
    def returning(
        name: str, put_back: Callable[[], ModuleType], known: ModuleSpec | None
    ) -> ModuleSpec:
        """The spec of a module that was imported before, by its own."""
        loader: Any = Returning(put_back, known)
        spec = ModuleSpec(name, loader, origin=known.origin if known else None)
        if known is not None:
            spec.submodule_search_locations = known.submodule_search_locations
            spec.has_location = known.has_location
        return spec

    def put_back(self, wanted: str) -> ModuleType:
        """Put a module back, with all that its own import imports."""
        module = self.modules[wanted]
        done = self._enter(wanted)
        for name in done:
            looked_for = self.looked_for.get(name, set())
            self.failed.update(n for n in looked_for if n not in sys.modules and "." not in n)
            for entered, found in self.entered.get(name, {}).items():
                sys.modules.setdefault(entered, found)
        if self._in_kernel:
            self._repeat(done)
        return module

    def _enter(self, wanted: str) -> set[str]:
        """Enter a module and what it needs in `sys.modules`; the names of those that were not."""
        waiting, done = [wanted], set()
        tried: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in tried:
                continue
            tried.add(name)
            if name in self.mains:
                sys.modules[name] = sys.modules["__main__"]
                continue
            found = self.modules.pop(name, None)
            if found is None:
                if name not in sys.modules:
                    # What it had imported before it failed stays; the rest was tried, too.
                    waiting.extend(self.needs.get(name, ()))
                    if "." not in name:
                        self.failed.add(name)
                continue
            sys.modules[name] = found
            done.add(name)
            package, _, attribute = name.rpartition(".")
            if package:
                waiting.append(package)
                owner = self.modules.get(package) or sys.modules.get(package)
                unbound = owner is not None and attribute not in owner.__dict__
                if unbound and name in self.bound:
                    setattr(owner, attribute, found)
                self.come.append(name)
            waiting.extend(self.needs.get(name, ()))
        return done

    def _repeat(self, done: set[str]) -> None:
        """Do again what the import of modules did to others, to environment and warnings."""
        for name in done:
            for (asked, attribute), value in self.lazy.get(name, {}).items():
                if asked in sys.modules:
                    sys.modules[asked].__dict__.setdefault(attribute, value)
        for name, effect in self.effects:
            if name in done:
                effect()


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


def _is_first(name: str, origin: str | None) -> bool:
    """Whether a fresh import of a top-level name would find the file that was imported."""
    spec = PathFinder.find_spec(name)
    return spec is None or spec.origin == origin
