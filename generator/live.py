"""The live preview's site, built again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout
from msgspec import Struct
from msgspec.structs import replace

from .errors import BuildFailed, InkcellError, SiteError, WriteError, each_once, flatten
from .execute.machine import cores
from .kept import Kept
from .last_build import Comparison, compare, read_record
from .model import Config, MathOutput, Typeset
from .pipeline import Build, publish, rebuild
from .progress import Report
from .reading import traced_root

PREVIEW = ".inkcell/preview"
"""Where `inkcell serve` keeps the site that it shows."""


class Shown(Struct, frozen=True):
    """A site as far as it can be made."""

    files: Mapping[str, str]
    """Path to SHA-256."""
    errors: tuple[InkcellError, ...] = ()
    """What is wrong with posts: the site has them as they were last, or has not got them yet. If
    their code has failed it has them as they are, with the results that they had."""


class Live:
    """The same site, built again whenever something has changed: for `inkcell serve`.

    No build waits for code: posts run in the background, from the changed cell on. None waits for
    a post that is broken: it stays as it was, and what is right is shown.
    """

    def __init__(self, config: Config, changed: Callable[[], None], report: Report) -> None:
        """Prepare to build a blog; `changed` is called when code has run.

        Raises:
            InkcellError: another preview shows this blog.
            WriteError: nothing can be kept in the blog's folder.
        """
        from .execute.background import Background
        from .execute.kernel import Kernels
        from .execute.sessions import Sessions

        self._held = _held(config.root)
        self.output = config.root / PREVIEW / "site"
        self._root = traced_root(config)
        kernels = Kernels(self._root, slots=cores(), report=report)
        self._place = Background(Sessions(kernels), changed)
        self._report = report
        self._used: frozenset[Path] = frozenset()
        self._typesetters: dict[tuple[str, MathOutput], Typeset] = {}

    def build(self, config: Config) -> Shown:
        """Write the site as it is now to `output`.

        Raises:
            InkcellError: everything that is wrong, if something is wrong with the whole.
        """
        config = replace(config, output=Path(PREVIEW) / "site")
        options = {"serve": config.url, "drafts": config.drafts}
        comparison = compare(str(config.root), options, str(config.posts), PREVIEW)
        self._place.forget_all_but({*chain(*comparison.inputs.folders.values())})
        try:
            built, kept, errors = self._built(config, comparison)
        except InkcellError as error:
            raise BuildFailed([*self._place.failures(), *flatten(error)]) from None
        errors = BuildFailed([*self._place.failures(), *errors]).errors
        made = (item.rendered for item in built.fresh if item.rendered)
        self._place.end_for({post.post.source.path for post in made if not post.stale})
        self._used = frozenset(self._used_by(built, config))
        changes = publish(built, config, kept)
        return Shown({path: stamp.digest for path, stamp in changes.site.items()}, errors)

    def _built(
        self, config: Config, comparison: Comparison
    ) -> tuple[Build, Kept, tuple[InkcellError, ...]]:
        """The site, tried again without each post that turns out to be broken."""
        broken: set[str] = set()
        first: tuple[InkcellError, ...] | None = None
        while True:
            known = len(broken)
            kept = Kept(config.root, comparison)
            try:
                built = rebuild(config, kept, self._report, self._place, self._typesetters, broken)
            except InkcellError as error:
                if len(broken) == known:
                    raise BuildFailed(each_once([*(first or ()), *flatten(error)])) from None
                # What goes wrong later may only follow from what is left out; but that two files
                # have one address, which is seen only when the rest is made, does not.
                found = flatten(error)
                clashes = (error for error in found if isinstance(error, SiteError))
                first = found if first is None else each_once([*first, *clashes])
            else:
                return built, kept, built.errors if first is None else first

    @property
    def running(self) -> tuple[str, ...]:
        """Paths of the posts whose code runs."""
        return self._place.running

    @property
    def used(self) -> frozenset[Path]:
        """Files and folders that the posts' code was seen to use, or that posts declare."""
        seen = {self._root / name for name in self._place.used()}
        # The folder of everything, which code may list, holds what changes all the time.
        return (self._used | seen) - {self._root}

    def _used_by(self, built: Build, config: Config) -> Iterator[Path]:
        """What results that code did not have to run for depend on."""
        from .execute import used_files

        for made in built.taken.values():
            yield from (config.root / name for name in made["uses"])
        for item in built.fresh:
            yield from (self._root / name for name in used_files(item.post, config))

    def close(self) -> None:
        """End all that runs."""
        self._place.close()
        self._held.release()


def _held(root: Path) -> BaseFileLock:
    """The lock of a blog's preview: two would write over each other's site."""
    folder = root / PREVIEW
    lock = FileLock(folder / "lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        record = read_record(str(root), PREVIEW)
        address = record["options"]["serve"] if record else ""
        raise InkcellError("another `inkcell serve` shows this blog").at(
            hint=f"look at {address}/, or end that one" if address else "end that one first"
        ) from None
    except OSError as error:
        raise WriteError(f"the preview cannot be written: {error.strerror}").at(
            file=PREVIEW, hint="look at its permissions and at the disk's space"
        ) from None
    return lock
