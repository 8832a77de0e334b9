"""Source -> Post. Pure: what it needs is in the source and the settings.

1. `notebook`      the file's text -> raw cells, front matter apart
2. `front_matter`  YAML -> Meta, complete
3. `cells`         raw cells, tags and `#|` options -> Prose and Code
"""

from __future__ import annotations

from ..errors import BuildFailed, InkcellError, blame
from ..model import Config, Post, Source
from .cells import read_cells
from .front_matter import read_front_matter
from .notebook import read_notebook


def parse(source: Source, config: Config) -> Post:
    """The post that a source describes. Saved outputs are left behind here.

    Raises:
        BuildFailed: every mistake in the front matter and in the cells' options.
        NotebookError: the file is not a notebook.
    """
    errors: list[InkcellError] = []
    with blame(source.path):
        raw = read_notebook(source)
        meta = read_front_matter(raw, source, config, errors)
        notebook = read_cells(raw, meta, errors)
        if errors:
            raise BuildFailed(errors)
    return Post(source, meta, notebook)
