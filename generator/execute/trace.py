"""What a run was seen to use.

A Python kernel is watched from inside: see `watch`. The Node kernel reports in the same form. Of
any other kernel only what the post declares is known.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from ..model import Post
from .digests import POST_FILE, digests, variables
from .imports import imported_names
from .interpreters import Environment
from .key import executed_cells

TRACE_TYPE = "application/vnd.inkcell.trace+json"
CHANGED = "changed while the code ran"
"""Stands for the digest of a file of which nobody knows what the code has read."""


class Trace(Struct, frozen=True):
    """Everything besides its code that a result depends on."""

    interpreter: str
    """Name and version of what ran the code: `Python 3.11.7`."""
    device: str = ""
    """`cuda` or `cpu` if the post asks for a GPU, else nothing."""
    packages: Mapping[str, str] = {}
    """Distribution to version, of the imported third-party packages only."""
    files: Mapping[str, str] = {}
    """Path relative to the blog's folder to SHA-256; an empty digest for a missing file. The
    path of a listed folder ends with a slash, or two (see ALL_NAMES), and its digest is that of
    the names in it. A module that is being worked on elsewhere has an absolute path."""
    missing: tuple[str, ...] = ()
    """Top-level modules whose import failed."""
    variables: Mapping[str, str] = {}
    """Declared environment variable to the SHA-256 of its value; empty if it is not set."""
    imports: tuple[str, ...] = ()
    """Modules that the code and the modules beside it imported, in order: what a warm parent
    imports for the next run. They say nothing that `packages` does not, and are not compared."""
    written: tuple[str, ...] = ()
    """Files that the code itself wrote into the listed folders: they do not count there."""


def device_of(post: Post, visible: str) -> str:
    """The class of device that a post's code asks for and gets: a part of what it uses."""
    match post.meta.execute.gpu:
        case "never":
            return ""
        case "preferred":
            return visible
        case "required":
            return "cuda"


# --- watching a kernel --------------------------------------------------------------------------


def is_python(argv: list[str]) -> bool:
    """Whether a kernel's command line starts ipykernel."""
    return any(word.startswith("ipykernel") for word in argv)


def is_node(argv: list[str]) -> bool:
    """Whether a kernel's command line starts our own kernel for Node."""
    return "generator.execute.node_kernel" in argv


def watch_code(root: Path, here: str) -> str:
    """Code that starts watching; it leaves no name in the author's namespace.

    Args:
        root: the blog's folder.
        here: the post's folder, relative to it.
    """
    source = Path(__file__).with_name("watch.py").read_text(encoding="utf-8")
    code = f"{source}install({str(root)!r}, {here!r})"
    return f"exec({code!r}, {{'__name__': 'inkcell_watch'}})"


def report_code() -> str:
    """Code that publishes what was seen, as a MIME bundle of the type TRACE_TYPE."""
    report = "__import__('sys')._inkcell_watch.report(get_ipython().user_ns)"
    return f"get_ipython().display_pub.publish({{{TRACE_TYPE!r}: {report}}})"


NODE_REPORT = 'globalThis[Symbol.for("inkcell.report")]()'
"""The same for the Node kernel, which watches from its start."""


# --- reading what it reports -------------------------------------------------------------------


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
    files = [
        path + "/" if path.endswith("/") and not path.startswith(f"{here}/") else path
        for path in files
    ]
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


def written_files(report: str) -> frozenset[str]:
    """All files of the blog that the code was seen to write, as a kernel reported it."""
    return frozenset(json.loads(report).get("wrote", ()))


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
