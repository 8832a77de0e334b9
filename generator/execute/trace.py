"""What a run was seen to use, and what of it has changed since.

For Python the kernel itself is watched: an audit hook (PEP 578) notes files opened for reading
and folders listed below the blog's folder, a finder in front of `sys.meta_path` notes every
import, also those that fail, and `sys.modules` says at the end which local modules and which
third-party packages were imported. Files read by C code without Python's `open`, or by a program
that the code starts, are not seen: they belong into `execute.dependencies`. The Node kernel
reports in the same form. Of any other kernel only what is declared is known.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from ..errors import ExecutionError
from ..model import Post

TRACE_TYPE = "application/vnd.inkcell.trace+json"


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
    path of a listed folder ends with a slash, and its digest is that of the names in it."""
    missing: tuple[str, ...] = ()
    """Top-level modules whose import failed."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Declared environment variable to the SHA-256 of its value; empty if it is not set."""
    imports: tuple[str, ...] = ()
    """Modules that the code imported itself, in order: what a warm parent imports for the next
    run. They say nothing that `packages` does not, and are not compared."""


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
            if path.endswith("/"):
                word = "is gone" if not current else "holds other files"
            reasons.append(f"{path} {word}")
    return tuple(reasons)


def current(before: Trace, root: Path, environment: Environment, device: str) -> Trace:
    """The same things as they are now."""
    return Trace(
        interpreter=environment.interpreter,
        device=device,
        packages={name: environment.version(name) for name in before.packages},
        files=digests(root, before.files),
        missing=tuple(name for name in before.missing if not environment.importable(name)),
        variables=variables(before.variables),
    )


def digests(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """SHA-256 of files and listings below `root`; an empty string for what is not there."""
    found = {}
    for path in paths:
        try:
            content = _listing(root / path) if path.endswith("/") else (root / path).read_bytes()
            found[path] = hashlib.sha256(content).hexdigest()
        except OSError:
            found[path] = ""
    return found


def _listing(folder: Path) -> bytes:
    names = sorted(path.name for path in folder.iterdir() if not _is_post(path.name))
    return "\n".join(name for name in names if name != "__pycache__").encode()


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
import sys as _sys, os as _os
class _Watch:
    opened = {}
    listed = set()
    written = set()
    tried = set()
    roots = []
    root = _os.path.realpath({root!r}) + _os.sep
def _place(path, _os=_os, watch=_Watch, str=str, bytes=bytes, isinstance=isinstance):
    if not isinstance(path, (str, bytes)) and not hasattr(path, "__fspath__"):
        return None
    path = _os.path.realpath(_os.fsdecode(path))
    return path if path.startswith(watch.root) else None
def _hook(event, args, watch=_Watch, place=_place, frame=_sys._getframe):
    if event == "open":
        path, mode, flags = args
        # O_ACCMODE is 3; O_RDONLY is 0.
        writes = (flags or 0) & 3
        path = place(path)
        if path and writes and path not in watch.opened:
            watch.written.add(path)
        elif path and not writes and path not in watch.written:
            watch.opened[path] = None
    elif event in ("os.listdir", "os.scandir"):
        # The import system lists folders too; what it finds there shows in sys.modules.
        path = place(args[0] if args[0] is not None else ".")
        if path and "importlib" not in frame(1).f_code.co_filename:
            watch.listed.add(path)
class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None, watch=_Watch, frame=_sys._getframe):
        watch.tried.add(name.partition(".")[0])
        loads, caller = 0, frame(1)
        while caller is not None and loads < 2:
            loads += caller.f_code.co_name == "_find_and_load"
            caller = caller.f_back
        if loads < 2:
            watch.roots.append(name)
        return None
def _in_turn(stream, descriptor, _os=_os):
    # What C code and programs write to a descriptor goes to a file; it is read whenever Python
    # writes, and at the end of a cell, so that nothing is lost and the order is always the same.
    import codecs, stat
    if not stat.S_ISREG(_os.fstat(descriptor).st_mode):
        return
    write, decoder = stream.write, codecs.getincrementaldecoder("utf-8")("replace")
    read = [_os.fstat(descriptor).st_size]
    def drain(*_):
        size = _os.fstat(descriptor).st_size
        if size > read[0]:
            data = _os.pread(descriptor, size - read[0], read[0])
            read[0] += len(data)
            write(decoder.decode(data))
    def write_in_turn(text):
        drain()
        return write(text)
    stream.write = write_in_turn
    stream.fileno = lambda: descriptor
    get_ipython().events.register("post_run_cell", drain)
for _stream, _descriptor in ((_sys.stdout, 1), (_sys.stderr, 2)):
    _in_turn(_stream, _descriptor)
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
def _name(path):
    return path[len(_root):].replace(_os.sep, "/")
def _is_local(path):
    parts = path[len(_root):].split(_os.sep)
    installed = path.startswith(_os.path.realpath(_sys.prefix) + _os.sep)
    return path.startswith(_root) and not installed and not any(
        part in ("site-packages", "node_modules", "__pycache__") or part.startswith(".")
        for part in parts[:-1])
_files = {_name(path) for path in list(_watch.opened)
          if _is_local(path) and not path.endswith((".pyc", ".pyo"))}
_folders = {_name(path) + "/" for path in _watch.listed if _is_local(path)}
_top, _local = set(), set()
_namespaces = [get_ipython().user_ns]
for _key, _module in list(_sys.modules.items()):
    _file = getattr(_module, "__file__", None)
    if isinstance(_file, str) and _is_local(_os.path.realpath(_file)):
        _files.add(_name(_os.path.realpath(_file)))
        _local.add(_key)
        _namespaces.append(vars(_module))
    elif _key not in _watch.before:
        _top.add(_key.partition(".")[0])
# What ipykernel had imported before is found at once; the names bound to it tell.
for _values in _namespaces:
    for _value in list(_values.values()):
        _owner = _value.__name__ if isinstance(_value, _Module) else None
        if _owner is None and isinstance(_value, (type, type(_name))):
            _owner = _value.__module__
        if isinstance(_owner, str) and _owner not in _local:
            _top.add(_owner.partition(".")[0])
_top |= {"IPython", "ipykernel"}
for _finder in _sys.meta_path:  # what a warm parent tried before the fork
    _watch.tried |= getattr(_finder, "failed", set())
_missing = sorted(
    name for name in _watch.tried if name not in _sys.modules and _os.sep not in name)
_report = _json.dumps({
    "interpreter": _platform.python_implementation() + " " + _platform.python_version(),
    "modules": sorted(_top - {"__main__", "builtins"}),
    "files": sorted(_files) + sorted(_folders), "missing": _missing,
    "imports": [name for name in dict.fromkeys(_watch.roots)
                if name in _sys.modules and name not in _local],
    "here": _name(_os.path.realpath(".") + _os.sep).rstrip("/")})
get_ipython().display_pub.publish({TYPE: _report})
"""


def watch_code(root: Path) -> str:
    """Code that starts watching; it leaves no name in the author's namespace."""
    code = WATCH.replace("{root!r}", repr(str(root)))
    return f"exec({code!r}, {{'get_ipython': get_ipython}})"


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
    here = data["here"].replace("\\", "/")
    if "modules" in data:
        owners = environment.owners()
        names = sorted({name for top in data["modules"] for name in owners.get(top, ())})
        packages = {name: environment.version(name) for name in names}
    else:
        packages = {}
    missing = [name for name in data.get("missing", ()) if not environment.importable(name)]
    files = [_relative(path, root) for path in data["files"]]
    files = [path for path in files if not _is_post(path.rpartition("/")[2])]
    files += [f"{here}/{name}.py" for name in missing]
    declared = [f"{here}/{name}" for name in post.meta.execute.dependencies]
    return Trace(
        interpreter=data["interpreter"],
        packages=packages,
        files=digests(root, [*dict.fromkeys([*files, *declared])]),
        missing=tuple(missing),
        variables=variables(post.meta.execute.depends_on_env),
        imports=tuple(data.get("imports", ())),
    )


def declared_trace(post: Post, root: Path, folder: str) -> Trace:
    """The trace of a kernel that cannot be watched: what the post declares."""
    names = [f"{folder}/{name}" for name in post.meta.execute.dependencies]
    return Trace(
        post.meta.kernel,
        files=digests(root, names),
        variables=variables(post.meta.execute.depends_on_env),
    )


def _relative(path: str, root: Path) -> str:
    """A path below the blog's folder, as a report may give it."""
    place = Path(path)
    real = Path(os.path.realpath(root))
    return place.relative_to(real).as_posix() if place.is_absolute() else path


def _is_post(name: str) -> bool:
    """The post's own text and its frozen results are no input of its code."""
    return name.startswith("index.") or name == "frozen.json"


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
            lru_cache(maxsize=None)(_own_owners),
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
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _own_owners() -> Mapping[str, Iterable[str]]:
    """`importlib.metadata.packages_distributions`, without a path object for every file."""
    owners: dict[str, list[str]] = {}
    for distribution in metadata.distributions():
        listed = distribution.read_text("top_level.txt")
        if listed is None:
            record = distribution.read_text("RECORD") or ""
            tops = {line.partition(",")[0].partition("/")[0] for line in record.split("\n")}
            listed = " ".join(top.partition(".")[0] for top in tops if not top.endswith("-info"))
        for top in set(listed.split()):
            owners.setdefault(top, []).append(distribution.metadata["Name"])
    return owners


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
