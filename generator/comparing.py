"""Do warm and cold kernels agree? All posts run in both: what `inkcell check --cold` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from .errors import BuildFailed, InkcellError
from .execute import execute
from .execute.compare import compare, with_warmth
from .model import Config, Post
from .progress import Report, silent
from .reading import traced_root


def compare_kernels(config: Config, posts: Sequence[Post], report: Report = silent) -> int:
    """Run posts in warm kernels and in cold ones; return how many there were.

    Raises:
        BuildFailed: what went wrong, and every post whose outputs differ.
    """
    errors: list[InkcellError] = []
    root = traced_root(config)
    with TemporaryDirectory(prefix="inkcell-") as scratch:
        runs = []
        for warm in (True, False):
            place = replace(config, cache=Path(scratch) / str(warm))
            asked = [with_warmth(post, warm) for post in posts]
            done = execute(asked, place, root=root, errors=errors, report=report)
            runs.append(sorted(done, key=lambda item: item.post.source.path))
    if not errors:
        for one, other in zip(*runs, strict=True):
            errors.extend(compare(one, other))
    if errors:
        raise BuildFailed(errors)
    return len({post.source.folder for post in posts})
