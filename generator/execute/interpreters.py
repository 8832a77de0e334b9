"""What can be imported where code runs: in a Python interpreter, in Node, elsewhere."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from ..errors import ExecutionError

if TYPE_CHECKING:
    from importlib import metadata

ASK = """
import importlib.metadata as m, json, platform, pkgutil, sys
print(json.dumps({
    "interpreter": platform.python_implementation() + " " + platform.python_version(),
    "versions": {d.metadata["Name"]: d.version for d in m.distributions()},
    "owners": m.packages_distributions(),
    "modules": sorted({i.name for i in pkgutil.iter_modules()} | set(sys.builtin_module_names)),
}))
"""


class Environment(Struct, frozen=True):
    """What can be imported with one interpreter."""

    interpreter: str
    version: Callable[[str], str]
    """Distribution to its version; an empty string if it is not installed."""
    importable: Callable[[str], bool]
    """Whether a top-level module can be found."""
    owners: Callable[[], Mapping[str, Iterable[str]]] = dict
    """Top-level module to the distributions it comes from. Slow: asked only after a run."""


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
    import subprocess  # Most builds ask none.

    try:
        answer = subprocess.run(
            [executable, "-c", ASK],
            env={**os.environ, "PYTHONSAFEPATH": "1"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        # What is imported at the start of an interpreter may say something, too.
        data = json.loads(answer.rstrip("\n").rpartition("\n")[2])
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ExecutionError(f"the interpreter {executable} does not start: {error}") from None
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
    import subprocess  # Most builds ask none.

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


def executable_of(argv: list[str]) -> str:
    """The interpreter that a kernel's command line starts.

    jupyter_client replaces a bare `python` by the interpreter it runs in itself.
    """
    return sys.executable if argv[0] in ("python", "python3") else argv[0]
