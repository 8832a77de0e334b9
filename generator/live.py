"""The live preview's site, built again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from .execute.machine import cores
from .kept import Kept
from .last_build import compare
from .model import Config, MathOutput, Typeset
from .pipeline import Build, publish, rebuild
from .progress import Report
from .reading import traced_root

PREVIEW = ".inkcell/preview"
"""Where `inkcell serve` keeps the site that it shows."""


class Live:
    """The same site, built again whenever something has changed: for `inkcell serve`.

    No build waits for code: posts run in the background, from the changed cell on.
    """

    def __init__(self, config: Config, changed: Callable[[], None], report: Report) -> None:
        """Prepare to build a blog; `changed` is called when code has run."""
        from .execute.background import Background
        from .execute.kernel import Kernels
        from .execute.session import Sessions

        self.output = config.root / PREVIEW / "site"
        self._root = traced_root(config)
        kernels = Kernels(self._root, slots=cores(), report=report)
        self._place = Background(Sessions(kernels), changed)
        self._report = report
        self._used: frozenset[Path] = frozenset()
        self._typesetters: dict[tuple[str, MathOutput], Typeset] = {}

    def build(self, config: Config) -> Mapping[str, str]:
        """Write the site as it is now to `output`; return the digests of its files.

        Raises:
            BuildFailed: everything that is wrong with the posts.
        """
        config = replace(config, output=Path(PREVIEW) / "site")
        options = {"serve": config.url, "drafts": config.drafts}
        comparison = compare(str(config.root), options, str(config.posts), PREVIEW)
        kept = Kept(config.root, comparison)
        built = rebuild(config, kept, self._report, self._place, self._typesetters)
        self._used = frozenset(self._used_by(built, config))
        changes = publish(built, config, kept)
        return {path: stamp.digest for path, stamp in changes.site.items()}

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
