"""Site -> the output folder. The only stage that writes it.

A build that fails never comes here. One that is killed while files are staged leaves the site
as it was: everything is first written into a staging folder beside the site, on the same disk.
Only then does each file move to its place in one step (`rename`, atomic by POSIX); a journal in
the staging folder lets the next build finish moves that were cut short. Of two builds that write
one site at the same moment, one waits for the other.

Only files that the manifest says an earlier build wrote are ever removed: a `CNAME` or a `.git`
in the output folder stays.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from unicodedata import normalize

from msgspec import Struct

from .errors import WriteError
from .last_build import MANIFEST, staging_folder
from .model import File, Site, Stored
from .stamps import ABSENT, Stamp, stamp

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NOTHING: Mapping[str, Stamp] = MappingProxyType({})
JOURNAL = "journal.json"


class Changes(Struct, frozen=True):
    """What writing a site changed: paths inside the output folder."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    site: Mapping[str, Stamp] = {}
    """What the folder holds now, the manifest included. ABSENT times are those of a file that may
    not be ours."""
    moved: int = 0
    """When files began to move to their places, in nanoseconds: what changed later is not ours."""


def write(site: Site, output: Path, known: Mapping[str, Stamp] = NOTHING) -> Changes:
    """Make the output folder hold the site; files that are already right are not touched.

    Args:
        site: what it shall hold.
        output: the folder.
        known: files in it that need not be read.

    Raises:
        WriteError: the folder cannot be written. It is then as it was.
    """
    with _changing(output):
        return _write(site, output, known)


@contextmanager
def _changing(output: Path) -> Iterator[None]:
    """Change the output folder alone; what the system refuses becomes a WriteError."""
    try:
        with _alone_in(output.parent):
            yield
    except OSError as error:
        long = error.errno == errno.ENAMETOOLONG
        raise WriteError(f"cannot write {output.name}: {error.strerror or error}").at(
            file=str(error.filename or output),
            hint="give what it is named after a shorter name"
            if long
            else "look at its permissions and at the disk's space",
        ) from None


def _write(site: Site, output: Path, known: Mapping[str, Stamp]) -> Changes:
    staging = Path(staging_folder(str(output)))
    _finish_moves(staging, output)
    before = _read_manifest(output)
    after = digests(site)
    if any(before.get(path) != digest for path, digest in site.kept.items()):
        raise WriteError("another build has changed the site meanwhile").at(
            file=output.name, hint="build again"
        )
    removed = sorted(before.keys() - after.keys())
    renamed = _renamed(after, removed, output)
    stamps: dict[str, Stamp] = {}
    written = []
    for path, digest in after.items():
        if path in known and known[path].digest == before.get(path) == digest:
            stamps[path] = known[path]
            continue
        # It is looked at before it is read: if it changes meanwhile, its times tell.
        stamps[path] = stamp(str(output / path), digest)
        if path in renamed or (path not in site.kept and _differs(output, path, _file(site, path))):
            written.append(path)
    _refuse_foreign(site, written, before.keys() | renamed, output)
    listed = _manifest(after)
    listed_digest = hashlib.sha256(listed.encode()).hexdigest()
    stamps[MANIFEST] = stamp(str(output / MANIFEST), listed_digest)
    if before == after and not written:
        return Changes((), (), stamps, time.time_ns())
    staged = _stage(site, written, removed, listed, staging, output)
    moved = time.time_ns()
    with _undisturbed():
        _finish_moves(staging, output)
    for path, at in staged.items():
        digest = after.get(path, listed_digest)
        now = stamp(str(output / path), digest)
        # A rename changes none of these. If another program was there first, it is hashed again.
        ours = (now.modified, now.size, now.inode) == (at.modified, at.size, at.inode)
        stamps[path] = now if ours else ABSENT._replace(digest=digest)
    return Changes(tuple(written), tuple(removed), stamps, moved)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other build writes in a folder.

    The folder itself is locked (flock(2)), so that no file is left in it; the lock goes with the
    process. Windows and some network disks lock no folders: there nobody waits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if fcntl is not None:
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def digests(site: Site) -> dict[str, str]:
    """Path to SHA-256 of every file of a site."""
    made = {path: hashlib.sha256(file.content).hexdigest() for path, file in site.files.items()}
    stored = {path: file.digest for path, file in site.stored.items()}
    return {**site.kept, **stored, **made}


def _manifest(files: Mapping[str, str]) -> str:
    """What the output folder says of the files that builds wrote into it."""
    return json.dumps({"files": files}, ensure_ascii=False, indent=0, sort_keys=True)


def _renamed(after: Iterable[str], removed: Iterable[str], output: Path) -> set[str]:
    """Paths that the disk takes for those of files that go, for they differ in letters only."""
    gone = {_folded(path): path for path in removed}
    namesakes = ((path, gone.get(_folded(path))) for path in (after if gone else ()))
    found = set()
    for path, other in namesakes:
        with suppress(FileNotFoundError, NotADirectoryError):
            if other is not None and (output / path).samefile(output / other):
                found.add(path)
    return found


def _folded(path: str) -> str:
    """A path as macOS and Windows compare it: whatever its case and Unicode form (UAX 15)."""
    return normalize("NFC", normalize("NFC", path).casefold())


def _file(site: Site, path: str) -> File | Stored:
    return site.stored[path] if path in site.stored else site.files[path]


def clean(output: Path) -> tuple[str, ...]:
    """Remove every file that a build wrote; return their paths.

    Raises:
        WriteError: the folder cannot be written.
    """
    if not output.parent.is_dir():
        return ()
    with _changing(output):
        # What a build has moved that was cut short is in no manifest yet.
        _finish_moves(Path(staging_folder(str(output))), output)
        paths = sorted(_read_manifest(output))
        for path in paths:
            _remove(output, path)
        (output / MANIFEST).unlink(missing_ok=True)
        if output.is_dir() and not any(output.iterdir()):
            output.rmdir()
    return tuple(paths)


def _differs(output: Path, path: str, file: File | Stored) -> bool:
    target = output / path
    size = file.size if isinstance(file, Stored) else len(file.content)
    try:
        if target.stat().st_size != size:
            return True
        content = target.read_bytes()
        if isinstance(file, Stored):
            return hashlib.sha256(content).hexdigest() != file.digest
        return content != file.content
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return True


def _refuse_foreign(site: Site, written: list[str], before: Container[str], output: Path) -> None:
    """A file that no build wrote is not overwritten: it may be somebody's work."""
    folders: dict[str, bool] = {}
    for path in written:
        file = _file(site, path)
        for foreign in _in_its_place(path, file, output, folders):
            if foreign not in before:
                name = Path(output.name, foreign).as_posix()
                raise WriteError(f"{name} was not written by a build").at(
                    file=name,
                    text=f"{file.origin} would overwrite it",
                    hint="move it away, or give --output another folder",
                )


def _in_its_place(
    path: str, file: File | Stored, output: Path, folders: dict[str, bool]
) -> Iterator[str]:
    """The files that would have to go, so that a file of the site can lie at its path.

    Whether a file lies where a folder has to be is looked up in `folders`, and noted there.
    """
    target = output / path
    if target.is_dir():
        below = (item for item in target.rglob("*") if not item.is_dir())
        yield from (item.relative_to(output).as_posix() for item in below)
    elif target.exists():
        if _differs(output, path, file):
            yield path
    else:
        for above in (".", *_above(path)):
            if above not in folders:
                folders[above] = (output / above).is_file()
            if folders[above]:
                yield above


def _read_manifest(output: Path) -> dict[str, str]:
    try:
        data = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, UnicodeDecodeError):
        return {}
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, dict):
        return {}
    # A manifest is a file like any other: it must not talk us into removing `../thesis.tex`.
    return {path: digest for path, digest in files.items() if is_inside(path)}


def is_inside(path: str) -> bool:
    """Whether a path leads somewhere, and only below the folder that it is read from."""
    path = path.replace(os.sep, "/")
    outside = path.startswith("/") or os.path.splitdrive(path)[0] or ".." in path.split("/")
    return not outside and "\0" not in path


def _stage(
    site: Site,
    written: list[str],
    removed: list[str],
    listed: str,
    staging: Path,
    output: Path,
) -> dict[str, Stamp]:
    """Put files and the manifest into the staging folder; what they are there, by their paths."""
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True, exist_ok=True)
    # Pages last, so that no page ever points to a style sheet or a figure that is not there yet.
    order = sorted(written, key=lambda path: (path.endswith((".html", ".xml")), path))
    for number, path in enumerate(order):
        file = _file(site, path)
        if isinstance(file, Stored):
            _bring(Path(file.place), f"{staging}/{number}")
        else:
            (staging / str(number)).write_bytes(file.content)
    (staging / str(len(order))).write_bytes(listed.encode())
    moves = [*order, MANIFEST]
    journal = json.dumps({"move": moves, "remove": removed}, ensure_ascii=False)
    partial = staging / (JOURNAL + ".partial")
    partial.write_text(journal, encoding="utf-8")
    partial.replace(staging / JOURNAL)
    return {path: stamp(f"{staging}/{number}", "") for number, path in enumerate(moves)}


def _finish_moves(staging: Path, output: Path) -> None:
    """Carry out the journal, if there is one. Doing it twice does no harm."""
    move, remove = _read_journal(staging)
    numbers = {_folded(path): number for number, path in enumerate(move)}
    files = set(move)
    folders = {above for path in move for above in _above(path)}
    for path in remove:
        number = numbers.get(_folded(path))
        if number is not None:
            # Where the disk takes both for one file, what has moved already must stay.
            if (staging / str(number)).exists():
                _remove(output, path)
        elif path in folders or not files.isdisjoint(_above(path)):
            # An old file stands where a new one needs a folder, or the other way round.
            _remove(output, path)
    for number, path in enumerate(move):
        # Those that were moved before a kill are not there any more.
        with suppress(FileNotFoundError):
            _move(Path(f"{staging}/{number}"), output / path)
    for path in remove:
        if _folded(path) not in numbers:
            _remove(output, path)
    shutil.rmtree(staging, ignore_errors=True)


def _read_journal(staging: Path) -> tuple[list[str], list[str]]:
    """The files to move to their places, and those to remove; none if there is no journal."""
    try:
        plan = json.loads((staging / JOURNAL).read_bytes())
        return [*plan["move"]], [*plan["remove"]]
    except FileNotFoundError:
        return [], []
    except (ValueError, TypeError, KeyError):
        # A power cut has kept the name of the file, but not what was in it: what was staged
        # beside it is no better, and this build makes it again.
        return [], []


def _above(path: str) -> Iterator[str]:
    """The folders that a path of the site goes through."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


def _bring(source: Path, target: str) -> None:
    """Move a file, perhaps from another disk."""
    try:
        source.replace(target)
    except OSError:
        shutil.move(source, target)


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except FileNotFoundError:  # The folder, or the file itself.
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)


def _remove(output: Path, path: str) -> None:
    target = output / path
    if target.is_dir() and not target.is_symlink():
        return  # A new build has pages below what was a file.
    # Below what is a file now there is nothing left to remove.
    with suppress(FileNotFoundError, NotADirectoryError):
        target.unlink()
    for folder in target.parents:
        if folder == output:
            break
        try:
            folder.rmdir()
        except OSError:  # There is something in it, or it is a link to another folder.
            break


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C and a polite kill wait for the moves, which take milliseconds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[int] = []
    waiting = (signal.SIGINT, signal.SIGTERM)
    old = [signal.signal(number, lambda caught, _: pending.append(caught)) for number in waiting]
    try:
        yield
    finally:
        for number, handler in zip(waiting, old, strict=True):
            signal.signal(number, handler)
        for caught in pending:
            signal.raise_signal(caught)
