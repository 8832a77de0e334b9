"""Source -> Post. Pure: what it needs is in the source and the settings.

1. `notebook`      the file's text -> raw cells, front matter apart
2. `front_matter`  YAML -> Meta, complete
3. `cells`         raw cells, tags and `#|` options -> Prose and Code
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import BuildFailed, InkcellError, NotebookError, blame
from ..model import Config, HaltedPost, Notebook, Post, Source
from .cells import read_cells
from .front_matter import read_front_matter
from .notebook import read_notebook


class Misread(BuildFailed):
    """A post has mistakes in its front matter or in the tags and options of its cells."""

    halted: HaltedPost
    """What could be read of it."""


def parse(source: Source, config: Config) -> Post:
    """The post that a source describes. Saved outputs are left behind here.

    Raises:
        Misread: every mistake in the front matter and in the cells' options.
        NotebookError: the file is not a notebook.
    """
    errors: list[InkcellError] = []
    with blame(source.path):
        raw = read_notebook(source)
        errors.extend(raw.problems)
        meta, unread = read_front_matter(raw, source, config, errors)
        notebook = read_cells(raw, meta, errors)
        if source.standing:
            errors.extend(_running_code(notebook))
        post = Post(source, meta, notebook)
        if errors:
            misread = Misread(errors)
            told = frozenset((error.cell, error.line) for error in errors)
            misread.halted = HaltedPost(post, unread, told)
            raise misread
    return post


def _running_code(notebook: Notebook) -> Iterator[InkcellError]:
    """An error for each cell of a standing page that would run.

    Such a page has no date, and what it says is to hold for long: results belong into a post.
    """
    for code in notebook.code:
        if code.runs and code.source.strip():
            yield NotebookError("a standing page runs no code").at(
                line=code.line,
                cell=code.cell,
                text=code.source.strip().split("\n")[0],
                hint="show it in a ``` block, or with `#| eval: false`; or make the page a post",
            )
