"""Results stored beside the posts: what `inkcell freeze` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .errors import BuildFailed, InkcellError
from .execute import freeze as freeze_results
from .model import Config, Post
from .progress import Report, silent
from .reading import traced_root


def freeze(config: Config, posts: Sequence[Post], report: Report = silent) -> tuple[Path, ...]:
    """Store the results of posts beside them; return the files that were written.

    Raises:
        BuildFailed: everything that went wrong while their code ran.
    """
    errors: list[InkcellError] = []
    written = freeze_results(posts, config, root=traced_root(config), errors=errors, report=report)
    if errors:
        raise BuildFailed(errors)
    return written
