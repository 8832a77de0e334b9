"""What a run was seen to use, and what of it has changed since.

For Python the kernel itself is watched: an audit hook (PEP 578) notes files opened for reading
below the blog's folder and imports that failed, `sys.modules` says at the end which local
modules and which third-party packages were imported. Files read by C code without Python's
`open` are not seen: they belong into `execute.dependencies`. A kernel of another language is
taken to have read every file in the post's folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from ..errors import ExecutionError

TRACE_TYPE = "application/vnd.inkcell.trace+json"


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything besides its code that a result depends on."""

    interpreter: str
    """Name and version of what ran the code: `Python 3.11.7`."""
    device: str = ""
    """`cuda` or `cpu` if the code imported a library that can use a GPU, else nothing."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Distribution to version, of the imported third-party packages only."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path relative to the blog's folder to SHA-256; an empty digest for a missing file."""
    missing: tuple[str, ...] = ()
    """Top-level modules whose import failed."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What can be imported with one interpreter."""

    interpreter: str
    version: Callable[[str], str]
    """Distribution to its version; an empty string if it is not installed."""
    importable: Callable[[str], bool]
    """Whether a top-level module can be found."""


def differences(before: Trace, now: Trace) -> tuple[str, ...]:
    """Why a result with the trace `before` cannot be used `now`; empty if it can."""
    reasons = []
    if before.interpreter != now.interpreter:
        reasons.append(f"{before.interpreter} → {now.interpreter}")
    if before.device != now.device:
        reasons.append(f"made on {before.device}, now {now.device}")
    for name, version in before.packages.items():
        if now.packages.get(name, "") != version:
            reasons.append(f"{name} {version} → {now.packages.get(name) or 'not installed'}")
    for path, digest in before.files.items():
        current = now.files.get(path, "")
        if current != digest:
            word = "is gone" if not current else "is new" if not digest else "changed"
            reasons.append(f"{path} {word}")
    found = (name for name in before.missing if name not in now.missing)
    reasons.extend(f"{name} can be imported now" for name in found)
    return tuple(reasons)


def current(before: Trace, root: Path, environment: Environment, device: str) -> Trace:
    """The same things as they are now."""
    return Trace(
        interpreter=environment.interpreter,
        device=device if before.device else "",
        packages={name: environment.version(name) for name in before.packages},
        files=digests(root, before.files),
        missing=tuple(name for name in before.missing if not environment.importable(name)),
    )


def digests(root: Path, paths: Mapping[str, object] | list[str]) -> dict[str, str]:
    """SHA-256 of files below `root`; an empty string for one that is not there."""
    found = {}
    for path in paths:
        try:
            found[path] = hashlib.sha256((root / path).read_bytes()).hexdigest()
        except OSError:
            found[path] = ""
    return found


# --- watching a Python kernel -----------------------------------------------------------------

WATCH = r"""
import sys as _sys
class _Watch:
    opened = set()
    imported = set()
    root = {root!r}
def _hook(event, args, watch=_Watch, isinstance=isinstance, str=str, bytes=bytes):
    if event == "open":
        path, mode, flags = args
        # O_ACCMODE is 3; O_RDONLY is 0.
        if isinstance(path, (str, bytes)) and not (flags or 0) & 3:
            watch.opened.add(path)
    elif event == "import":
        watch.imported.add(args[0].partition(".")[0])
_sys.addaudithook(_hook)
_sys.__dict__["_inkcell_watch"] = _Watch
_Watch.before = set(_sys.modules)
"""

REPORT = r"""
import importlib.metadata as _metadata, importlib.util as _util, json as _json
import os as _os, platform as _platform, sys as _sys
_watch = _sys._inkcell_watch
_root = _os.path.realpath(_watch.root) + _os.sep
_here = _os.getcwd()
_files = set()
def _note(path):
    path = _os.path.realpath(_os.path.join(_here, _os.fsdecode(path)))
    if path.startswith(_root) and "site-packages" not in path and _os.path.isfile(path):
        _files.add(path[len(_root):].replace(_os.sep, "/"))
_skipped = (".pyc", ".pyo")
for _path in list(_watch.opened):
    if not _os.fsdecode(_path).endswith(_skipped):
        _note(_path)
_top = set()
for _name, _module in list(_sys.modules.items()):
    _file = getattr(_module, "__file__", None)
    if isinstance(_file, str):
        _note(_file)
    if _name not in _watch.before:
        _top.add(_name.partition(".")[0])
_top |= _watch.imported & set(_sys.modules)
# Modules that ipykernel had loaded before raise no import event; names bound to them tell.
for _value in list(get_ipython().user_ns.values()):
    if isinstance(_value, type(_sys)):
        _top.add(_value.__name__.partition(".")[0])
_top |= {"IPython", "ipykernel"}
_owners = _metadata.packages_distributions()
_packages = {}
for _name in sorted(_top):
    for _owner in _owners.get(_name, ()):
        _packages[_owner] = _metadata.version(_owner)
_missing = []
for _name in sorted(_watch.imported - set(_sys.modules)):
    try:
        if _util.find_spec(_name) is None:
            _missing.append(_name)
    except (ImportError, ValueError):
        pass
_report = _json.dumps({
    "interpreter": _platform.python_implementation() + " " + _platform.python_version(),
    "packages": _packages, "files": sorted(_files), "missing": _missing,
    "modules": sorted(_top), "here": _os.path.realpath(_here)[len(_root):]})
get_ipython().display_pub.publish({TYPE: _report})
"""


def watch_code(root: Path) -> str:
    """Code that starts watching; it leaves no name in the author's namespace."""
    return f"exec({WATCH.replace('{root!r}', repr(str(root)))!r}, {{}})"


def report_code() -> str:
    """Code that publishes what was seen, as a MIME bundle of the type TRACE_TYPE."""
    code = REPORT.replace("TYPE", repr(TRACE_TYPE))
    return f"exec({code!r}, {{'get_ipython': get_ipython}})"


GPU_MODULES = frozenset(("cupy", "jax", "numba", "tensorflow", "torch"))


def read_report(report: str, root: Path, device: str) -> Trace:
    """The trace that a kernel reported.

    A module that could not be imported is watched for twice: as a package that may be
    installed, and as a file that may appear beside the post.
    """
    data = json.loads(report)
    here = data["here"].replace("\\", "/")
    files = [path for path in data["files"] if not _is_post(path)]
    files += [f"{here}/{name}.py" for name in data["missing"]]
    return Trace(
        interpreter=data["interpreter"],
        device=device if GPU_MODULES & set(data["modules"]) else "",
        packages=data["packages"],
        files=digests(root, files),
        missing=tuple(data["missing"]),
    )


def _is_post(path: str) -> bool:
    """The post's own text is no input of its code, even if an editor's hook opened it."""
    return path.rpartition("/")[2].startswith("index.")


# --- asking an interpreter --------------------------------------------------------------------

ASK = """
import importlib.metadata as m, json, platform, pkgutil, sys
print(json.dumps({
    "interpreter": platform.python_implementation() + " " + platform.python_version(),
    "versions": {d.metadata["Name"]: d.version for d in m.distributions()},
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
        return Environment(name, _own_version, lambda module: find_spec(module) is not None)
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
    modules = set(data["modules"])
    return Environment(
        data["interpreter"], lambda name: versions.get(name, ""), lambda name: name in modules
    )


def _own_version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def other_language(name: str) -> Environment:
    """The environment of a kernel that is not Python: only its name is known."""
    return Environment(name, version=lambda _: "", importable=lambda _: False)


def is_python(argv: list[str]) -> bool:
    """Whether a kernel's command line starts ipykernel."""
    return any(word.startswith("ipykernel") for word in argv)


def executable_of(argv: list[str]) -> str:
    """The interpreter that a kernel's command line starts.

    jupyter_client replaces a bare `python` by the interpreter it runs in itself.
    """
    return sys.executable if argv[0] in ("python", "python3") else argv[0]
