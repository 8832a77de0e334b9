"""Results stored beside the posts: what `inkcell freeze` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .errors import BuildFailed, InkcellError
from .execute import freeze as freeze_results
from .model import Config, Post
from .progress import Report, silent
from .reading import traced_root


def freeze(
    config: Config, posts: Sequence[Post], report: Report = silent
) -> tuple[Sequence[Path], Sequence[InkcellError]]:
    """Store the results of posts beside them; one that fails keeps back no other.

    Returns:
        The files that were written, and everything that went wrong while the code ran, by file.
    """
    errors: list[InkcellError] = []
    written = freeze_results(posts, config, root=traced_root(config), errors=errors, report=report)
    return written, BuildFailed(errors).errors
