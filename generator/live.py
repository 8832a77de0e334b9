"""The live preview's site, built again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from .execute.machine import cores
from .kept import Kept
from .last_build import compare
from .model import Config, MathOutput, Typeset
from .pipeline import publish, rebuild
from .progress import Report

PREVIEW = ".inkcell/preview"
"""Where `inkcell serve` keeps the site that it shows."""


class Live:
    """The same site, built again whenever something has changed: for `inkcell serve`.

    No build waits for code: posts run in the background, from the changed cell on.
    """

    def __init__(self, root: Path, changed: Callable[[], None], report: Report) -> None:
        """Prepare to build the blog in a folder; `changed` is called when code has run."""
        from .execute.background import Background
        from .execute.kernel import Kernels
        from .execute.session import Sessions

        self.output = root / PREVIEW / "site"
        self._place = Background(Sessions(Kernels(root, slots=cores(), report=report)), changed)
        self._report = report
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
        changes = publish(built, config, kept)
        return {path: stamp.digest for path, stamp in changes.site.items()}

    @property
    def running(self) -> tuple[str, ...]:
        """Paths of the posts whose code runs."""
        return self._place.running

    def close(self) -> None:
        """End all that runs."""
        self._place.close()
