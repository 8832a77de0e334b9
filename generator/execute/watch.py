"""What a post's code uses, seen from inside its kernel.

An audit hook (PEP 578) notes files opened for reading and folders listed below the blog's folder,
a finder in front of `sys.meta_path` notes every import, also those that fail, and `sys.modules`
says at the end which local modules and which third-party packages were imported. A module that is
neither in the blog's folder nor installed (a checkout that is being worked on) is a file of the
trace too, by its absolute path. Processes that the code forks, as a loader of data does, are
watched as well. Files read by C code without Python's `open`, by a program that the code starts,
or through SQLite's ATTACH are not seen, and nor is a question whether a file exists: such files
belong into `execute.dependencies`.

Stands alone, as `figures` does: its text runs in the kernel's own interpreter.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import sys
import tempfile
import time
from functools import cache, lru_cache
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import FrameType

FOREIGN = ("site-packages", "dist-packages", "node_modules", "__pycache__")
"""Folders whose files the author did not write."""


class Watch:
    """What was seen; a finder of `sys.meta_path`, which finds nothing."""

    def __init__(self, root: str, here: str) -> None:
        self.root = os.path.realpath(root) + os.sep
        """The blog's folder."""
        self.here = os.path.join(self.root, here)
        """The post's folder, as the blog sees it."""
        self.home = os.getcwd()
        """The post's folder, as the code sees it."""
        self.begun = time.time_ns()
        self.opened: dict[str, tuple[int, int, int] | None] = {}
        """Path to what the file was when it was first opened."""
        self.listed: set[str] = set()
        self.written: set[str | None] = set()
        self.extended: set[str] = set()
        """Those of them that it has not made anew: what it reads there may be from before."""
        self.tried: set[str] = set()
        """All modules that were looked for."""
        self.roots: list[str] = []
        """Those of them that the author's own code imports, in order."""
        self.imported_elsewhere: set[str] = set()
        """Those that the author's own code imports in processes that were forked."""
        self.process = os.getpid()
        """The kernel's; every other one was forked by the code, or is the state after a cell, which
        says so here."""
        self._forked = tempfile.TemporaryFile()  # noqa: SIM115
        """What processes that were forked have seen."""
        self._heard = 0
        """How many bytes of it are known."""
        self._forked_state = os.fstat(self._forked.fileno())
        self.before = set(sys.modules)
        """The modules of a kernel in which nothing of the author's has run."""

    # --- while the code runs ----------------------------------------------------------------

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """What the interpreter tells an audit hook."""
        if event == "open":
            path, _, flags = args
            path, flags = self.place(path), flags or 0
            if path is None:
                return
            if path.endswith(".pyc") and _is_import_system() and self._is_bytecode(path):
                # It may be older than a module that looks as old (its time counts in seconds),
                # and hides that the module is read. The import system takes the source instead.
                raise FileNotFoundError(path)
            # O_ACCMODE is 3, O_RDWR is 2.
            extends = flags & 3 and not flags & os.O_TRUNC and _state(path) is not None
            if not flags & 3 or (extends and flags & 2):
                self._reads(path)
            if flags & 3:
                self._writes(path, bool(extends))
        elif event in ("os.listdir", "os.scandir"):
            # The import system lists folders too; what it finds there shows in sys.modules.
            path = self.place(args[0] if args[0] is not None else ".")
            if path and not _is_import_system():
                self._lists(path)
        elif event in ("pathlib.Path.glob", "pathlib.Path.rglob"):
            # It asks whether the folder is there before it lists it.
            folder, pattern = str(args[0]), str(args[1])
            literal = itertools.takewhile(
                lambda part: not set(part) & set("*?["), pattern.split("/")
            )
            path = self.place(os.path.join(folder, *literal))
            if path and not os.path.exists(path):
                self._lists(path)
        elif event == "os.mkdir":
            self._writes(self.place(args[0]))
        elif event in ("os.rename", "os.link"):
            self._names(self.place(args[0]), self.place(args[1]))
        elif event == "sqlite3.connect":
            path, writes = self._database(args[0])
            if path and _state(path):
                self._reads(path)
            if writes:
                self._writes(path)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """What the import system asks each finder of `sys.meta_path`."""
        self.tried.add(name)
        loads = 0
        caller: FrameType | None = sys._getframe(1)
        while caller is not None and loads < 2:
            if caller.f_code.co_name == "_find_and_load":
                # What a module of the author's imports, the author imports.
                loads += not (loads and self._is_beside(caller.f_locals.get("name")))
            caller = caller.f_back
        if loads < 2:
            self.roots.append(name)
            self._tell("import", name)

    def place(self, path: Any) -> str | None:
        """The absolute path of a file or folder of the blog; None for any other."""
        # The name that the code used comes first: a link may lead elsewhere tomorrow.
        if not isinstance(path, str | bytes) and not hasattr(path, "__fspath__"):
            return None
        try:
            name = os.fsdecode(path)
            real = os.path.realpath(name)
            for found in (os.path.abspath(name), real):
                if (found + os.sep).startswith(self.root):
                    return found
            # The post's folder, or that of all posts, may be a link to another place.
            if (real + os.sep).startswith(self.home + os.sep):
                return self.here + real[len(self.home) :]
        except (OSError, ValueError):
            pass
        return None

    def _is_beside(self, name: Any) -> bool:
        file = getattr(sys.modules.get(name), "__file__", None)
        return isinstance(file, str) and "site-packages" not in file and bool(self.place(file))

    def _reads(self, path: str) -> None:
        self._hear_forked()
        if path in self.opened or (path in self.written and path not in self.extended):
            return
        self.opened[path] = _state(path)
        self._tell("read", path)

    def _writes(self, path: str | None, extends: bool = False) -> None:
        if path is None or path in self.written:
            return
        if extends:
            self.extended.add(path)
        self.written.add(path)
        self._tell("extend" if extends else "write", path)

    def _lists(self, path: str) -> None:
        if path not in self.listed:
            self.listed.add(path)
            self._tell("list", path)

    def _tell(self, what: str, name: str) -> None:
        """Tell the kernel, from a process that was forked, what happens here."""
        if os.getpid() == self.process:
            return
        try:
            if self._forked_size() is not None:
                os.write(self._forked.fileno(), os.fsencode(f"{what} {name}") + b"\0")
        except (OSError, ValueError):  # The disk is full; half a surrogate pair.
            pass

    def _forked_size(self) -> int | None:
        """How much has been told; None for who has closed what it inherited."""
        try:  # It may have opened other files since.
            found = os.fstat(self._forked.fileno())
        except OSError:
            return None
        return found.st_size if os.path.samestat(found, self._forked_state) else None

    def _hear_forked(self) -> None:
        """What processes that were forked have told until now."""
        begin, size = self._heard, self._forked_size() or 0
        if os.getpid() != self.process or size <= begin:
            return
        # Where they write is theirs to move.
        said = os.pread(self._forked.fileno(), size - begin, begin)
        said = said[: said.rfind(b"\0") + 1]
        self._heard = begin + len(said)
        for line in said.split(b"\0")[:-1]:
            what, _, name = os.fsdecode(line).partition(" ")
            match what:
                case "read":
                    self._reads(name)
                case "list":
                    self.listed.add(name)
                case "import":
                    self.imported_elsewhere.add(name)
                case _:
                    self._writes(name, what == "extend")

    def _is_bytecode(self, path: str) -> bool:
        """Whether a file is what Python has compiled of a module of the blog."""
        folder, name = os.path.split(os.path.dirname(path))
        return name == "__pycache__" and self._is_local(folder + os.sep)

    def _names(self, before: str | None, after: str | None) -> None:
        """What the code has written itself has another name, as has all that is in a folder."""
        if before in self.written and before is not None and after is not None:
            known = list(self.written)  # Another thread may write meanwhile.
            inside = [path for path in known if path and path.startswith(before + os.sep)]
            self.written.update([after, *(after + path[len(before) :] for path in inside)])

    def _database(self, name: Any) -> tuple[str | None, bool]:
        """Where the file of an SQLite database is, and whether it may be written."""
        # SQLite, "URI Filenames": a path, percent-encoded, up to `?` or `#`.
        if not isinstance(name, str) or not name.startswith("file:"):
            return self.place(name), True
        address, _, options = name[5:].partition("#")[0].partition("?")
        if address.startswith("//"):
            address = address[2:][address[2:].find("/") :]
        return self.place(unquote(address)), not {"mode=ro", "immutable=1"} & {*options.split("&")}

    # --- when it has run --------------------------------------------------------------------

    def report(self, names: Mapping[str, object]) -> str:
        """All that was seen, as JSON.

        Args:
            names: the author's namespace.
        """
        self._hear_forked()
        listed = set(self.listed)
        files = {
            self._name(path)
            for path in list(self.opened)
            if self._is_local(path) and not path.endswith((".pyc", ".pyo"))
        }
        folders = {
            self._name(path + os.sep) or "./"
            for path in listed
            if path not in self.written and self._is_local(path + os.sep)
        }
        own = {path for path in list(self.written) if path and os.path.dirname(path) in listed}
        changed = {
            path
            for path, state in list(self.opened.items())
            if path not in self.written and _state(path) != state
        }
        # Thousands of modules lie in a few hundred folders: each of these is looked at once.
        is_inside = lru_cache(maxsize=None)(lambda folder: self.place(folder) is not None)
        top: set[str] = set()
        local: set[str] = set()
        namespaces = [names]
        for key, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            path = None
            if isinstance(file, str) and (is_inside(os.path.dirname(file)) or os.path.islink(file)):
                path = self.place(file)
            if path and self._is_local(path):
                local.add(key)
                namespaces.append(vars(module))
                if path in self.written and path not in self.opened:
                    continue  # `%%writefile`: the code that wrote it is known.
                files.add(self._name(path))
                state = _state(path)
                if path not in self.opened and state and state[0] > self.begun:
                    changed.add(path)
            elif key not in self.before:
                top.add(key.partition(".")[0])
                if isinstance(file, str) and os.path.isabs(file) and self._is_checkout(module):
                    files.add(file)
                    namespaces.append(vars(module))
        top |= {name.partition(".")[0] for name in _owners(namespaces) if name not in local}
        top |= {"IPython", "ipykernel"}
        top |= {name.partition(".")[0] for name in self.imported_elsewhere}
        self.tried |= self.imported_elsewhere
        for finder in sys.meta_path:  # What a warm parent tried before the fork.
            self.tried |= getattr(finder, "failed", set())
        lost = {name for name in self.tried if name not in sys.modules and os.sep not in name}
        return json.dumps(
            {
                "interpreter": f"{platform.python_implementation()} {platform.python_version()}",
                "modules": sorted(top - {"__main__", "builtins"}),
                "before": sorted({name.partition(".")[0] for name in self.before}),
                "files": sorted(files) + sorted(folders),
                "absent": sorted(self._absent(lost, local)),
                "changed": sorted(self._name(path) for path in changed),
                "written": sorted(self._name(path) for path in own),
                "wrote": sorted(self._name(path) for path in list(self.written) if path),
                "missing": sorted(name for name in lost if "." not in name),
                "imports": [
                    name
                    for name in dict.fromkeys(self.roots)
                    if name in sys.modules and name not in local
                ],
            }
        )

    def _name(self, path: str) -> str:
        """A path relative to the blog's folder, with slashes."""
        return path[len(self.root) :].replace(os.sep, "/")

    def _is_local(self, path: str) -> bool:
        """Whether a file is of the blog: neither installed in its folder nor hidden there."""
        # An environment inside the blog's folder is no part of the blog; a blog may also lie below
        # the prefix of its interpreter, as in /usr/src.
        prefix = _prefix()
        if prefix.startswith(self.root) and prefix != self.root and path.startswith(prefix):
            return False
        folders = path[len(self.root) :].split(os.sep)[:-1]
        return path.startswith(self.root) and not _is_foreign(folders)

    def _is_checkout(self, module: ModuleType) -> bool:
        """Code that is neither of the blog nor installed: on PYTHONPATH, or by `pip install -e`."""
        path = str(module.__file__)
        if getattr(getattr(module, "__spec__", None), "origin", None) != path:
            return False
        if path.startswith((_library(), self.root)) or _is_foreign(path.split(os.sep)[:-1]):
            return False
        top = path
        for _ in range(module.__name__.count(".") + ("__path__" in vars(module)) + 1):
            top = os.path.dirname(top)
        return not _holds_distributions(top)

    def _absent(self, lost: Iterable[str], local: set[str]) -> set[str]:
        """What an import would find in the blog's folder if it were there: a file or a folder."""
        absent: set[str] = set()

        def would_find(folders: Iterable[str | None], name: str, *ends: str) -> None:
            for folder in folders:
                if folder and self._is_local(folder + os.sep):
                    absent.update(self._name(folder + os.sep + name + end) for end in ends)

        beside = [self.place(folder or self.home) for folder in sys.path if isinstance(folder, str)]
        for key in lost:
            parent, _, leaf = key.rpartition(".")
            if not parent:
                would_find(beside, leaf, ".py", "/")
            elif parent in local:
                would_find(getattr(sys.modules[parent], "__path__", ()), leaf, ".py", "/")
        tops = {name.partition(".")[0] for name in self.roots}
        for key in tops.union(self.roots).difference(lost):
            parent, _, leaf = key.rpartition(".")
            folders = beside
            if parent:
                inside = getattr(sys.modules[parent], "__path__", ()) if parent in local else ()
                folders = [self.place(folder) for folder in inside]
            found = self.place(vars(sys.modules[key]).get("__file__")) if key in local else None
            # In the order of the search, and up to where it ended.
            for folder, end in itertools.product(folders, (f"{os.sep}__init__.py", ".py")):
                if found and found == os.path.join(folder or "", leaf) + end:
                    break
                would_find([folder], leaf, end)
        return absent


def _state(path: str) -> tuple[int, int, int] | None:
    """What shows that a file has changed; None if it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _owners(namespaces: Iterable[Mapping[str, object]]) -> set[str]:
    """The modules that names are bound to, and those that they were imported from.

    What ipykernel had imported before is found at once; the names bound to it tell.
    """
    owners = set()
    for namespace in namespaces:
        for value in list(namespace.values()):
            owner: object = None
            if isinstance(value, ModuleType):
                owner = value.__name__
            elif isinstance(value, type | FunctionType | BuiltinFunctionType):
                owner = value.__module__
            if isinstance(owner, str):
                owners.add(owner)
    return owners


def _is_import_system() -> bool:
    """Whether it is the import system that does what an audit hook is told of."""
    file = sys._getframe(2).f_code.co_filename
    library = os.path.dirname(os.__file__)
    return file.startswith(("<frozen importlib", os.path.join(library, "importlib"))) or (
        os.path.join("site-packages", "importlib_metadata") in file
    )


@cache
def _prefix() -> str:
    """The folder of the interpreter's environment."""
    return os.path.realpath(sys.prefix) + os.sep


@cache
def _library() -> str:
    """The folder of the standard library."""
    return os.path.dirname(os.path.realpath(os.__file__)) + os.sep


@cache
def _holds_distributions(folder: str) -> bool:
    """Whether packages are installed in a folder."""
    try:
        return any(name.endswith(".dist-info") for name in os.listdir(folder))
    except OSError:  # An archive.
        return True


def _is_foreign(folders: Iterable[str]) -> bool:
    """Whether one of these folders is of an installation, or hidden."""
    return any(folder in FOREIGN or folder.startswith(".") for folder in folders)


def install(root: str, here: str) -> None:
    """Begin to watch.

    Args:
        root: the blog's folder.
        here: the post's folder, relative to it.
    """
    watch = Watch(root, here)
    sys.addaudithook(watch.hear)
    sys.meta_path.insert(0, watch)
    # Where the code that asks for the report finds it; no name of the author's namespace.
    vars(sys)["_inkcell_watch"] = watch
