"""What a run was seen to use, and what of it has changed since.

For Python the kernel itself is watched: an audit hook (PEP 578) notes files opened for reading
and folders listed below the blog's folder, a finder in front of `sys.meta_path` notes every
import, also those that fail, and `sys.modules` says at the end which local modules and which
third-party packages were imported. A module that is neither in the blog's folder nor installed
(a checkout that is being worked on) is a file of the trace too, by its absolute path. Processes
that the code forks, as a loader of data does, are watched as well. Files read by C code without
Python's `open`, by a program that the code starts, or through SQLite's ATTACH are not seen, and nor
is a question whether a file exists: such files belong into `execute.dependencies`. The Node kernel
reports in the same form. Of any other kernel only what is declared is known.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import posixpath
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import ExecutionError
from ..model import Post
from .imports import imported_names
from .key import executed_cells

if TYPE_CHECKING:
    from importlib import metadata

TRACE_TYPE = "application/vnd.inkcell.trace+json"
CHANGED = "changed while the code ran"
"""Stands for the digest of a file of which nobody knows what the code has read."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything besides its code that a result depends on."""

    interpreter: str
    """Name and version of what ran the code: `Python 3.11.7`."""
    device: str = ""
    """`cuda` or `cpu` if the post asks for a GPU, else nothing."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Distribution to version, of the imported third-party packages only."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path relative to the blog's folder to SHA-256; an empty digest for a missing file. The
    path of a listed folder ends with a slash, and its digest is that of the names in it. A
    module that is being worked on elsewhere has an absolute path."""
    missing: tuple[str, ...] = ()
    """Top-level modules whose import failed."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Declared environment variable to the SHA-256 of its value; empty if it is not set."""
    imports: tuple[str, ...] = ()
    """Modules that the code and the modules beside it imported, in order: what a warm parent
    imports for the next run. They say nothing that `packages` does not, and are not compared."""
    written: tuple[str, ...] = ()
    """Files that the code itself wrote into the listed folders: they do not count there."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What can be imported with one interpreter."""

    interpreter: str
    version: Callable[[str], str]
    """Distribution to its version; an empty string if it is not installed."""
    importable: Callable[[str], bool]
    """Whether a top-level module can be found."""
    owners: Callable[[], Mapping[str, Iterable[str]]] = dict
    """Top-level module to the distributions it comes from. Slow: asked only after a run."""


def differences(before: Trace, now: Trace) -> tuple[str, ...]:
    """Why a result with the trace `before` cannot be used `now`; empty if it can."""
    reasons = [*code_differences(before, now)]
    if before.interpreter != now.interpreter:
        reasons.append(f"{before.interpreter} → {now.interpreter}")
    if before.device != now.device:
        reasons.append(f"made on {before.device or 'cpu'}, now {now.device or 'cpu'}")
    for name, version in before.packages.items():
        if now.packages.get(name, "") != version:
            reasons.append(f"{name} {version} → {now.packages.get(name) or 'not installed'}")
    found = (name for name in before.missing if name not in now.missing)
    reasons.extend(f"{name} can be imported now" for name in found)
    for name, digest in before.variables.items():
        if now.variables.get(name, "") != digest:
            reasons.append(f"the environment variable {name} changed")
    return tuple(reasons)


def code_differences(before: Trace, now: Trace) -> tuple[str, ...]:
    """The part of `differences` that is in the blog's folder, not on the machine."""
    reasons = []
    for path, digest in before.files.items():
        current = now.files.get(path, "")
        if current != digest:
            word = "is gone" if not current else "is new" if not digest else "changed"
            if path.endswith("/") and current and digest:
                word = "holds other files"
            if digest == CHANGED and current:
                word = CHANGED
            reasons.append(f"{path} {word}")
    return tuple(reasons)


def changed_files(before: Trace, root: Path) -> tuple[str, ...]:
    """Those of the files of a trace that are not as they were."""
    now = digests(root, before.files, before.written)
    return tuple(path for path in before.files if now[path] != before.files[path])


def current(before: Trace, root: Path, environment: Environment, device: str) -> Trace:
    """The same things as they are now."""
    return Trace(
        interpreter=environment.interpreter,
        device=device,
        packages={name: environment.version(name) for name in before.packages},
        files=digests(root, before.files, before.written),
        missing=tuple(name for name in before.missing if not environment.importable(name)),
        variables=variables(before.variables),
    )


def digests(root: Path, paths: Iterable[str], written: Iterable[str] = ()) -> dict[str, str]:
    """SHA-256 of files and listings below `root`; an empty string for what is not there.

    Args:
        root: the blog's folder.
        paths: relative to it; a path that ends with a slash means the names in a folder.
        written: files that do not count in a listing.
    """
    own = frozenset(written)
    return {path: _digest(root, path, own) for path in paths}


def _digest(root: Path, path: str, own: frozenset[str]) -> str:
    place = root / path
    try:
        if path.endswith("/"):
            return hashlib.sha256("\n".join(_listing(place, path, own)).encode()).hexdigest()
        if place.is_dir():
            return _tree_digest(place)
        # Anything else could be read for ever: a pipe, a device.
        if place.is_file():
            with place.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        pass
    return ""


def _listing(folder: Path, path: str, own: frozenset[str]) -> list[str]:
    names = sorted(item.name for item in folder.iterdir())
    inside = "" if path == "./" else path
    return [name for name in names if _counts(name) and inside + name not in own]


def _counts(name: str) -> bool:
    """Whether a name is one of a listing: a translation that is added changes nothing."""
    return not name.startswith(".") and name != "__pycache__" and not POST_FILE.fullmatch(name)


def _tree_digest(folder: Path) -> str:
    """The digest of all that a declared folder holds."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_file() and all(map(_counts, name.split("/"))):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def variables(names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of the values of environment variables: a value may be a secret."""
    return {
        name: hashlib.sha256(os.environ[name].encode()).hexdigest() if name in os.environ else ""
        for name in names
    }


def device_of(post: Post, visible: str) -> str:
    """The class of device that a post's code asks for and gets: a part of what it uses."""
    match post.meta.execute.gpu:
        case "never":
            return ""
        case "preferred":
            return visible
        case "required":
            return "cuda"


# --- watching a Python kernel -----------------------------------------------------------------

WATCH = r"""
import sys as _sys, os as _os, tempfile as _tempfile, time as _time
from urllib.parse import unquote as _unquote
class _Watch:
    process = _os.getpid()
    forked = _tempfile.TemporaryFile()  # What processes that were forked have read.
    forked_file = forked.fileno(), _os.fstat(forked.fileno())
    opened = {}  # path -> what the file was when it was first opened
    listed = set()
    written = set()
    tried = set()
    roots = []
    root = _os.path.realpath({root!r}) + _os.sep
    begun = _time.time_ns()
    home = _os.getcwd()
    here = _os.path.join(root, {here!r})
    @staticmethod
    def state(path, _os=_os, OSError=OSError):
        try:
            found = _os.stat(path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
    @staticmethod
    def place(path, _os=_os, str=str, bytes=bytes, isinstance=isinstance, hasattr=hasattr,
              errors=(OSError, ValueError)):
        # The name that the code used comes first: a link may lead elsewhere tomorrow.
        if not isinstance(path, (str, bytes)) and not hasattr(path, "__fspath__"):
            return None
        try:
            path = _os.fsdecode(path)
            for path in (_os.path.abspath(path), _os.path.realpath(path)):
                if (path + _os.sep).startswith(_Watch.root):
                    return path
            # The post's folder, or that of all posts, may be a link to another place.
            if (path + _os.sep).startswith(_Watch.home + _os.sep):
                return _Watch.here + path[len(_Watch.home):]
        except errors:
            pass
        return None
    @staticmethod
    def is_beside(name, modules=_sys.modules, getattr=getattr, isinstance=isinstance, str=str):
        file = getattr(modules.get(name), "__file__", None)
        return isinstance(file, str) and "site-packages" not in file and bool(_Watch.place(file))
    @staticmethod
    def reads(path, _os=_os, OSError=OSError):
        if path in _Watch.written or path in _Watch.opened:
            return
        _Watch.opened[path] = _Watch.state(path)
        if _os.getpid() != _Watch.process:
            descriptor, file = _Watch.forked_file
            try:  # It may have closed what it inherited, and opened other files.
                if _os.path.samestat(_os.fstat(descriptor), file):
                    _os.write(descriptor, _os.fsencode(path) + b"\0")
            except OSError:
                pass
    @staticmethod
    def database(name, str=str, isinstance=isinstance):
        # SQLite, "URI Filenames": a path, percent-encoded, up to `?` or `#`.
        if not isinstance(name, str) or not name.startswith("file:"):
            return _Watch.place(name), True
        address, _, options = name[5:].partition("#")[0].partition("?")
        if address.startswith("//"):
            address = address[2:][address[2:].find("/"):]
        options = options.split("&")
        return _Watch.place(_unquote(address)), not {"mode=ro", "immutable=1"} & {*options}
def _hook(event, args, watch=_Watch, _os=_os, frame=_sys._getframe):
    if event == "open":
        path, mode, flags = args
        path, flags = watch.place(path), flags or 0
        if path is None:
            return
        # O_ACCMODE is 3, O_RDWR is 2.
        updates = flags & 2 and not flags & _os.O_TRUNC and watch.state(path)
        if updates or not flags & 3:
            watch.reads(path)
        if flags & 3:
            watch.written.add(path)
    elif event in ("os.listdir", "os.scandir"):
        # The import system lists folders too; what it finds there shows in sys.modules.
        path = watch.place(args[0] if args[0] is not None else ".")
        if path and "importlib" not in frame(1).f_code.co_filename:
            watch.listed.add(path)
    elif event == "os.mkdir":
        watch.written.add(watch.place(args[0]))
    elif event == "os.rename" and watch.place(args[0]) in watch.written:
        watch.written.add(watch.place(args[1]))
    elif event == "sqlite3.connect":
        path, writes = watch.database(args[0])
        if path and watch.state(path):
            watch.reads(path)
        if writes:
            watch.written.add(path)
class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None, watch=_Watch, frame=_sys._getframe):
        watch.tried.add(name)
        loads, caller = 0, frame(1)
        while caller is not None and loads < 2:
            if caller.f_code.co_name == "_find_and_load":
                # What a module of the author's imports, the author imports.
                loads += not (loads and watch.is_beside(caller.f_locals.get("name")))
            caller = caller.f_back
        if loads < 2:
            watch.roots.append(name)
        return None
_sys.addaudithook(_hook)
_sys.meta_path.insert(0, _Finder)
_sys.__dict__["_inkcell_watch"] = _Watch
_Watch.before = set(_sys.modules)
"""

REPORT = r"""
import json as _json, os as _os, platform as _platform, sys as _sys
from types import ModuleType as _Module
_watch = _sys._inkcell_watch
_root = _watch.root
# An environment inside the blog's folder is no part of the blog; a blog may also lie below the
# prefix of its interpreter, as in /usr/src.
_prefix = _os.path.realpath(_sys.prefix) + _os.sep
_inner = _prefix if _prefix.startswith(_root) and _prefix != _root else "\0"
_foreign = ("site-packages", "dist-packages", "node_modules", "__pycache__")
def _name(path):
    return path[len(_root):].replace(_os.sep, "/")
def _is_local(path):
    folders = path[len(_root):].split(_os.sep)[:-1]
    return path.startswith(_root) and not path.startswith(_inner) and not any(
        part in _foreign or part.startswith(".") for part in folders)
def _dist_info(folder, _known={}):
    if folder not in _known:
        try:
            _known[folder] = any(name.endswith(".dist-info") for name in _os.listdir(folder))
        except OSError:  # an archive
            _known[folder] = True
    return _known[folder]
_library = _os.path.dirname(_os.path.realpath(_os.__file__)) + _os.sep
def _is_checkout(module, path):
    # Code that is neither of the blog nor installed: on PYTHONPATH, or by `pip install -e`.
    if getattr(getattr(module, "__spec__", None), "origin", None) != module.__file__:
        return False
    parts = path.split(_os.sep)[:-1]
    if path.startswith((_library, _root)) or any(p in _foreign or p[:1] == "." for p in parts):
        return False
    top = path
    for _ in range(module.__name__.count(".") + ("__path__" in vars(module)) + 1):
        top = _os.path.dirname(top)
    return not _dist_info(top)
_watch.forked.seek(0)
for _path in _watch.forked.read().split(b"\0")[:-1]:
    _watch.reads(_os.fsdecode(_path))
_listed = set(_watch.listed)
_files = {_name(path) for path in list(_watch.opened)
          if _is_local(path) and not path.endswith((".pyc", ".pyo"))}
_folders = {_name(path + _os.sep) or "./" for path in _listed
            if path not in _watch.written and _is_local(path + _os.sep)}
def _place(path, _folders={}):
    # Thousands of modules lie in a few hundred folders: each of these is looked at once.
    folder = _os.path.dirname(path)
    if folder not in _folders:
        _folders[folder] = _watch.place(folder) is not None
    return _watch.place(path) if _folders[folder] or _os.path.islink(path) else None
_own = {path for path in list(_watch.written) if path and _os.path.dirname(path) in _listed}
_changed = {path for path, state in list(_watch.opened.items())
            if path not in _watch.written and _watch.state(path) != state}
_top, _local = set(), set()
_namespaces = [get_ipython().user_ns]
for _key, _module in list(_sys.modules.items()):
    _file = getattr(_module, "__file__", None)
    _path = _place(_file) if isinstance(_file, str) else None
    if _path and _is_local(_path):
        _files.add(_name(_path))
        _local.add(_key)
        _namespaces.append(vars(_module))
        _state = _watch.state(_path)
        if _path not in _watch.opened and _state and _state[0] > _watch.begun:
            _changed.add(_path)
    elif _key not in _watch.before:
        _top.add(_key.partition(".")[0])
        if isinstance(_file, str) and _os.path.isabs(_file) and _is_checkout(_module, _file):
            _files.add(_file)
            _namespaces.append(vars(_module))
# What ipykernel had imported before is found at once; the names bound to it tell.
for _values in _namespaces:
    for _value in list(_values.values()):
        _owner = _value.__name__ if isinstance(_value, _Module) else None
        if _owner is None and isinstance(_value, (type, type(_name), type(len))):
            _owner = _value.__module__
        if isinstance(_owner, str) and _owner not in _local:
            _top.add(_owner.partition(".")[0])
_top |= {"IPython", "ipykernel"}
for _finder in _sys.meta_path:  # what a warm parent tried before the fork
    _watch.tried |= getattr(_finder, "failed", set())
_lost = {name for name in _watch.tried if name not in _sys.modules and _os.sep not in name}
# What an import would find in the blog's folder if it were there: a file or a folder.
_absent = set()
_beside = {_watch.place(folder or _watch.home) for folder in _sys.path if isinstance(folder, str)}
def _would_find(folders, name, ends):
    for folder in folders:
        if folder and _is_local(folder + _os.sep):
            _absent.update(_name(folder + _os.sep) + name + end for end in ends)
for _key in _lost:
    _parent, _, _leaf = _key.rpartition(".")
    if not _parent:
        _would_find(_beside, _leaf, (".py", "/"))
    elif _parent in _local:
        _would_find(getattr(_sys.modules[_parent], "__path__", ()), _leaf, (".py", "/"))
for _key in {name.partition(".")[0] for name in _watch.roots} - _lost - _local:
    _would_find(_beside, _key, (".py", "/__init__.py"))
_report = _json.dumps({
    "interpreter": _platform.python_implementation() + " " + _platform.python_version(),
    "modules": sorted(_top - {"__main__", "builtins"}),
    "before": sorted({name.partition(".")[0] for name in _watch.before}),
    "files": sorted(_files) + sorted(_folders), "absent": sorted(_absent),
    "changed": sorted(_name(path) for path in _changed),
    "written": sorted(_name(path) for path in _own),
    "missing": sorted(name for name in _lost if "." not in name),
    "imports": [name for name in dict.fromkeys(_watch.roots)
                if name in _sys.modules and name not in _local]})
get_ipython().display_pub.publish({TYPE: _report})
"""


def watch_code(root: Path, here: str) -> str:
    """Code that starts watching; it leaves no name in the author's namespace.

    Args:
        root: the blog's folder.
        here: the post's folder, relative to it.
    """
    code = WATCH.replace("{root!r}", repr(str(root))).replace("{here!r}", repr(here))
    return f"exec({code!r}, {{}})"


def report_code() -> str:
    """Code that publishes what was seen, as a MIME bundle of the type TRACE_TYPE."""
    code = REPORT.replace("TYPE", repr(TRACE_TYPE))
    return f"exec({code!r}, {{'get_ipython': get_ipython}})"


NODE_REPORT = 'globalThis[Symbol.for("inkcell.report")]()'
"""The same for the Node kernel, which watches from its start."""


def read_report(report: str, root: Path, post: Post, environment: Environment) -> Trace:
    """The trace that a kernel reported.

    A module that could not be imported is watched for twice: as a package that may be
    installed, and as a file that may appear beside the post.
    """
    data = json.loads(report)
    here = folder_of(post, root)
    own = re.compile(rf"{re.escape(here)}/({POST_FILE.pattern})")
    seen = [_relative(path, root) for path in data["files"]]
    files = [path for path in seen if not own.fullmatch(path)]
    modules = {*data.get("modules", ())}
    # Of what ipykernel itself had imported, an import statement leaves no trace but its text.
    modules |= _imports_as_written(post, root, files) & {*data.get("before", ())}
    owners = environment.owners() if modules else {}
    packages = sorted({name for top in modules for name in owners.get(top, ())})
    if "matplotlib" in modules:
        # Whether there is one is a question that nobody sees.
        files.append(f"{here}/matplotlibrc")
    files += [*data.get("absent", ()), *_declared(post, here)]
    written = tuple(data.get("written", ()))
    return Trace(
        interpreter=data["interpreter"],
        packages={name: environment.version(name) for name in packages},
        files={
            **digests(root, dict.fromkeys(files), written),
            **dict.fromkeys((path for path in data.get("changed", ()) if path in files), CHANGED),
        },
        missing=tuple(n for n in data.get("missing", ()) if not environment.importable(n)),
        variables=variables(post.meta.execute.depends_on_env),
        imports=tuple(data.get("imports", ())),
        written=written,
    )


def _imports_as_written(post: Post, root: Path, files: Iterable[str]) -> set[str]:
    """Top-level names that a post's cells and the local modules of a run import."""
    codes = [cell.source for cell in executed_cells(post)]
    for path in files:
        if path.endswith(".py"):
            try:
                codes.append((root / path).read_text(encoding="utf-8", errors="replace"))
            except OSError:
                continue
    return {name.partition(".")[0] for code in codes for name in imported_names(code)}


def declared_trace(post: Post, root: Path, folder: str) -> Trace:
    """The trace of a kernel that cannot be watched: what the post declares."""
    return Trace(
        post.meta.kernel,
        files=digests(root, _declared(post, folder)),
        variables=variables(post.meta.execute.depends_on_env),
    )


def folder_of(post: Post, root: Path) -> str:
    """A post's folder, relative to the blog's."""
    return Path(post.source.directory).relative_to(root).as_posix()


def _declared(post: Post, folder: str) -> list[str]:
    names = post.meta.execute.dependencies
    return [posixpath.normpath(posixpath.join(folder, name)) for name in names]


def _relative(path: str, root: Path) -> str:
    """A path below the blog's folder, as a report may give it."""
    place = Path(path)
    real = Path(os.path.realpath(root))
    return place.relative_to(real).as_posix() if place.is_relative_to(real) else path


POST_FILE = re.compile(r"index(\.[A-Za-z0-9-]+)?\.(md|ipynb)|frozen\.json")
"""A post's own text and its frozen results are no input of its code."""


# --- asking an interpreter --------------------------------------------------------------------

ASK = """
import importlib.metadata as m, json, platform, pkgutil, sys
print(json.dumps({
    "interpreter": platform.python_implementation() + " " + platform.python_version(),
    "versions": {d.metadata["Name"]: d.version for d in m.distributions()},
    "owners": m.packages_distributions(),
    "modules": sorted({i.name for i in pkgutil.iter_modules()} | set(sys.builtin_module_names)),
}))
"""


def ask_interpreter(executable: str) -> Environment:
    """What can be imported with a Python interpreter.

    Raises:
        ExecutionError: the interpreter does not start.
    """
    if executable == sys.executable:
        name = f"{platform.python_implementation()} {platform.python_version()}"
        return Environment(
            name,
            lru_cache(maxsize=None)(_own_version),
            lambda module: find_spec(module) is not None,
            once(_own_owners),
        )
    try:
        answer = subprocess.run(
            [executable, "-c", ASK],
            env={**os.environ, "PYTHONSAFEPATH": "1"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ExecutionError(f"the interpreter {executable} does not start: {error}") from None
    data = json.loads(answer)
    versions: dict[str, str] = data["versions"]
    owners: dict[str, list[str]] = data["owners"]
    modules = set(data["modules"])
    return Environment(
        data["interpreter"],
        lambda name: versions.get(name, ""),
        lambda name: name in modules,
        lambda: owners,
    )


def _own_version(distribution: str) -> str:
    from importlib import metadata  # With all that it imports it takes 0.01 s.

    try:
        return _header(metadata.distribution(distribution), "Version")
    except metadata.PackageNotFoundError:
        return ""


def _own_owners() -> Mapping[str, Iterable[str]]:
    """`importlib.metadata.packages_distributions`, without a path object for every file."""
    from importlib import metadata

    owners: dict[str, list[str]] = {}
    for distribution in metadata.distributions():
        listed = distribution.read_text("top_level.txt")
        if listed is None:
            record = distribution.read_text("RECORD") or ""
            tops = {line.partition(",")[0].partition("/")[0] for line in record.split("\n")}
            listed = " ".join(top.partition(".")[0] for top in tops if not top.endswith("-info"))
        for top in set(listed.split()):
            owners.setdefault(top, []).append(_header(distribution, "Name"))
    return owners


def _header(distribution: metadata.Distribution, field: str) -> str:
    """A field of its metadata, without all the others, which take a mail parser long to read."""
    # Core metadata specifications, 2.4: a header as in mail, with one `Name` and one `Version`.
    header = (distribution.read_text("METADATA") or "").partition("\n\n")[0]
    match = re.search(rf"^{field}: *(\S+)", header, re.MULTILINE)
    return match[1] if match else str(distribution.metadata[field])


T = TypeVar("T")


def once(function: Callable[[], T]) -> Callable[[], T]:
    """A function that is called once, whichever thread asks first; the others wait."""
    lock = threading.Lock()
    known = lru_cache(maxsize=None)(function)

    def ask() -> T:
        with lock:
            return known()

    return ask


def ask_node() -> Environment:
    """What can be imported in our kernel for Node.

    The versions of npm packages are not asked for: `package-lock.json`, which pins them, is
    among the files of every run.

    Raises:
        ExecutionError: Node does not start.
    """
    try:
        answer = subprocess.run(
            ["node", "--version"], capture_output=True, text=True, check=True, timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ExecutionError(f"Node does not start: {error}") from None
    return other_language(f"Node {answer.strip().removeprefix('v')}")


def other_language(name: str) -> Environment:
    """The environment of a kernel that is not Python: only its name is known."""
    return Environment(name, version=lambda _: "", importable=lambda _: False)


def is_python(argv: list[str]) -> bool:
    """Whether a kernel's command line starts ipykernel."""
    return any(word.startswith("ipykernel") for word in argv)


def is_node(argv: list[str]) -> bool:
    """Whether a kernel's command line starts our own kernel for Node."""
    return "generator.execute.node_kernel" in argv


def executable_of(argv: list[str]) -> str:
    """The interpreter that a kernel's command line starts.

    jupyter_client replaces a bare `python` by the interpreter it runs in itself.
    """
    return sys.executable if argv[0] in ("python", "python3") else argv[0]
