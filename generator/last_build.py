"""What the last build was made from, and what of it has changed since.

`compare` answers before anything else is imported: a build that changes nothing ends here. So
this module and those that it imports know no library, and its record is plain JSON.

What is hashed is hashed *before* a build reads it, so that a record never tells of a newer file
than the site was made from.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from importlib.util import find_spec
from typing import Any, NamedTuple, TypedDict, cast

from .atomic_files import write_atomically
from .inputs import Inputs, find_inputs, neighbours
from .stamps import NOTHING, Stamp, look_at, look_at_own

FORMAT = 6
"""Changes when records made before cannot be used any more."""

FOLDER = ".inkcell"
RECORD = "build.json"
MANIFEST = ".inkcell-manifest.json"
"""What `write` notes in the output folder of the files in it."""

VARIABLES = (
    "APPDATA",
    "CUDA_VISIBLE_DEVICES",
    "HOME",
    "IPYTHONDIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_PATH",
    "JUPYTER_PREFER_ENV_PATH",
    "PROGRAMDATA",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONTZPATH",
    "XDG_DATA_HOME",
)
"""Environment variables that decide what a build finds; a post's own ones come on top."""

GPU = "/dev/nvidiactl"


class Made(TypedDict):
    """What the record knows of one post."""

    page: str
    """Path of its page; empty for a draft that is left out, and for a post that waits."""
    date: str
    """When it is published, in ISO 8601."""
    waits: bool
    """It is left out until then."""
    asked: dict[str, str]
    """Which addresses of other posts its links asked for, and the answers; empty for none."""
    referred: dict[str, str]
    """Folders of other posts that its references name, and digests of what those show of them."""
    entry: str
    """Name of the file that keeps it rendered."""
    fed: str
    """Name of the file that keeps how it stands in feeds; empty if it stands in none."""
    notices: list[str]
    """What the author is told of it at every build."""
    always: bool
    """What its code uses is not known well enough: it is looked at, or runs, at every build."""
    code: str
    """Key of its code; empty if nothing runs."""
    kernel: str
    uses: dict[str, str]
    """What its code was seen to use, and the kept result itself: path to SHA-256."""
    missing: list[str]
    """Modules that it tried to import in vain."""
    variables: list[str]
    """Environment variables that it says it depends on."""


class Record(TypedDict):
    """All that is known of the last build. Paths are relative to the blog's folder."""

    format: int
    options: dict[str, Any]
    """What it was told on its command line."""
    started: int
    environment: dict[str, Any]
    variables: dict[str, str | None]
    world: list[str]
    """Settings, our own code, texts of the theme, KaTeX: what every post depends on."""
    theme: list[str]
    """Templates and static files: what only pages depend on."""
    folders: dict[str, list[str]]
    """The folder of a post, or of a standing page, to the files in it."""
    loose: list[str]
    """Names that lie beside the folders of posts."""
    extra: list[str]
    """Files far from the blog that belong to its world: the time zone's, the kernels'."""
    missing: list[str]
    """Modules that posts tried to import in vain, all together."""
    stamps: dict[str, Stamp]
    """Every input."""
    posts: dict[str, Made]
    outlines: str
    """Name of the file that keeps what other pages show of the posts."""
    notices: list[str]
    """What the author is told of several posts together."""
    output: str
    site: dict[str, Stamp]
    """Every file of the site, and the manifest of `write`."""
    moved: int
    """When they moved to their places, in nanoseconds."""


class Comparison(NamedTuple):
    """What a build may take over from the last one, and what it starts from itself."""

    options: Mapping[str, Any]
    started: int
    inputs: Inputs
    stamps: Mapping[str, Stamp]
    """Every input as it is now."""
    environment: Mapping[str, Any]
    record: Record | None = None
    """The last build with the same options, if its record can be read."""
    posts: frozenset[str] = frozenset()
    """Sources of the posts that need no second look, nor does what their code used."""
    world: bool = False
    """What every post depends on is unchanged."""
    theme: bool = False
    """So are templates and static files."""
    site: Mapping[str, Stamp] = NOTHING
    """The files in the output folder that are as the last build left them."""
    whole: bool = False
    """All of them are."""
    same: bool = False
    """Nothing has changed at all."""
    home: str = FOLDER
    """Where the record is kept, relative to the blog's folder."""


def compare(
    root: str,
    options: Mapping[str, Any],
    posts: str,
    home: str = FOLDER,
    moment: int | None = None,
) -> Comparison:
    """What has changed since the last build of a blog; without its record, everything.

    Args:
        root: the blog's folder.
        options: what the build was told on its command line.
        posts: the folder of the posts, relative to `root` or absolute.
        home: the folder of the record, relative to `root`.
        moment: that of the build, in nanoseconds; without it, the clock is asked.
    """
    started = time.time_ns() if moment is None else moment
    record = read_record(root, home)
    if record is not None and record["options"] != options:
        record = None
    inputs = find_inputs(root, posts, record["extra"] if record else ())
    names = [*inputs.world, *inputs.theme, *itertools.chain(*inputs.folders.values())]
    now = environment()
    if record is None:
        return Comparison(options, started, inputs, look_at(root, names), now, home=home)
    known = record["stamps"]
    used = {name for made in record["posts"].values() for name in made["uses"]}
    stamps = look_at(root, used.union(names), known, record["started"])
    output = os.path.join(root, record["output"])
    site = {
        name: look_at_own(os.path.join(output, name), at, record["moved"])
        for name, at in record["site"].items()
    }
    site = {name: at for name, at in site.items() if at.digest == record["site"][name].digest}
    whole = len(site) == len(record["site"]) and not os.path.exists(staging_folder(output))
    comparison = Comparison(
        options, started, inputs, stamps, now, record, site=site, whole=whole, home=home
    )
    if not _same_world(comparison, record):
        return comparison
    same_theme = _same_files(inputs.theme, record["theme"], stamps, known)
    unchanged = frozenset(_unchanged_posts(comparison, record))
    same = (
        same_theme
        and len(unchanged) == len(record["posts"])
        and whole
        and inputs.folders == record["folders"]
        and inputs.loose == record["loose"]
    )
    if same and (any(stamps[name] is not known[name] for name in stamps) or _moved(site, record)):
        # Somebody touched a file: next time its times are enough again.
        stamped = {"started": started, "moved": started, "stamps": stamps, "site": site}
        with suppress(OSError):
            write_record(root, cast("Record", {**record, **stamped}), home)
    return comparison._replace(world=True, posts=unchanged, theme=same_theme, same=same)


class SameBuild(NamedTuple):
    """What a build says that has nothing to do."""

    output: str
    paths: list[str]
    """Of the files of the site."""
    reused: int
    """How many results would have been taken from the cache."""
    notices: list[str]


def same_build(comparison: Comparison) -> SameBuild | None:
    """What to say of a build that would change nothing; None if it might."""
    record = comparison.record
    if record is None or not comparison.same:
        return None
    posts = [record["posts"][source] for source in sorted(record["posts"])]
    return SameBuild(
        record["output"],
        [path for path in record["site"] if path != MANIFEST],
        len({made["code"] for made in posts if made["code"]}),
        [notice for made in posts for notice in made["notices"]] + record["notices"],
    )


def _moved(site: Mapping[str, Stamp], record: Record) -> bool:
    return any(stamp is not record["site"][name] for name, stamp in site.items())


def _same_world(comparison: Comparison, record: Record) -> bool:
    return (
        comparison.environment == record["environment"]
        and all(os.environ.get(name) == value for name, value in record["variables"].items())
        and not any(_importable(name) for name in record["missing"])
        and _same_files(
            comparison.inputs.world, record["world"], comparison.stamps, record["stamps"]
        )
    )


def _same_files(
    names: Sequence[str],
    names_before: Sequence[str],
    stamps: Mapping[str, Stamp],
    before: Mapping[str, Stamp],
) -> bool:
    return names == names_before and all(
        stamps[name].digest == before[name].digest for name in names
    )


def _unchanged_posts(comparison: Comparison, record: Record) -> Iterator[str]:
    stamps, known = comparison.stamps, record["stamps"]
    then, now = seconds(record["started"]), seconds(comparison.started)
    folders = {
        folder: _same_files(
            neighbours(folder, files),
            neighbours(folder, record["folders"][folder]),
            stamps,
            known,
        )
        for folder, files in comparison.inputs.folders.items()
        if folder in record["folders"]
    }
    for source, made in record["posts"].items():
        if (
            not made["always"]
            and folders.get(os.path.dirname(source))
            and source in stamps
            and stamps[source].digest == known[source].digest
            and all(stamps[name].digest == digest for name, digest in made["uses"].items())
            and is_later(made["date"], then) == is_later(made["date"], now)
        ):
            yield source


def seconds(moment: int) -> int:
    """The second of a moment in nanoseconds: as finely as a build looks at the clock."""
    return moment // 1_000_000_000


def is_later(date: str, moment: int) -> bool:
    """Whether a date in ISO 8601, with its offset, comes after a second of the clock."""
    return datetime.fromisoformat(date).timestamp() > moment


def _importable(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def environment() -> dict[str, Any]:
    """Interpreter and installed packages, as cheaply as they can be told apart."""
    folders = [
        folder
        for folder in sys.path
        if os.path.basename(folder) in ("site-packages", "dist-packages")
    ]
    return {
        "interpreter": sys.version,
        "executable": sys.executable,
        "packages": [[folder, *_installed(folder)] for folder in folders],
        "gpu": os.path.exists(GPU),
    }


def _installed(folder: str) -> list[Any]:
    """When a folder of packages last changed, and what says so of each package."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(PACKAGE_FILES))
        times = [os.stat(os.path.join(folder, name)).st_mtime_ns for name in names]
        text = json.dumps([os.stat(folder).st_mtime_ns, names, times])
    except OSError:
        return []
    return [hashlib.sha256(text.encode()).hexdigest()]


PACKAGE_FILES = (".dist-info", ".egg-info", ".egg-link", ".pth")


def staging_folder(output: str) -> str:
    """Where `write` stages a site; it is there only if a build was cut short."""
    return os.path.join(os.path.dirname(output), f".{os.path.basename(output)}.staging")


# --- the record -------------------------------------------------------------------------------


def read_record(root: str, home: str = FOLDER) -> Record | None:
    """The record of the last build, if there is one and it is whole."""
    try:
        with open(os.path.join(root, home, RECORD), "rb") as file:
            digest, _, text = file.read().partition(b"\n")
        if hashlib.sha256(text).hexdigest() != digest.decode("ascii", "replace"):
            return None
        record: Record = json.loads(text.decode(errors="surrogateescape"))
        if record["format"] != FORMAT:
            return None
        record["stamps"] = {name: Stamp(*stamp) for name, stamp in record["stamps"].items()}
        record["site"] = {name: Stamp(*stamp) for name, stamp in record["site"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record


def write_record(root: str, record: Record, home: str = FOLDER) -> None:
    """Keep the record of a build."""
    # The names of files need not be UTF-8.
    text = json.dumps(record, ensure_ascii=False).encode(errors="surrogateescape")
    digest = hashlib.sha256(text).hexdigest()
    write_atomically(os.path.join(root, home, RECORD), b"%s\n%s" % (digest.encode(), text))


def forget(root: str) -> None:
    """Let the next build start from nothing."""
    with suppress(FileNotFoundError):
        os.remove(os.path.join(root, FOLDER, RECORD))
