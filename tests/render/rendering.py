"""Rendering pieces of a post for the tests of `render`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from html import escape

from generator.addresses import collect_links
from generator.config import parse_config
from generator.errors import MathError
from generator.model import (
    Code,
    ExecutedPost,
    Formula,
    Macros,
    Output,
    Post,
    Provenance,
    RenderedPost,
    Results,
    Source,
    Typeset,
)
from generator.parse import parse
from generator.render import render

from ..conftest import FRONT_MATTER, REPOSITORY, SETTINGS

CONFIG = parse_config(SETTINGS)
TEXTS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in (REPOSITORY / "templates").glob("*.toml")
}
STRINGS = {
    **TEXTS["ko"],
    "show_code": "Code",
    "show_output": "Output",
    "figure_alt": "A figure",
    "omission": "{size} more",
    "more_lines": "{n} more lines",
    "interactive": "{title} (interactive)",
}

MADE = Provenance("2026-10-03T23:59:58+00:00", 83.4, "python3", "Python 3.11.7")
"""What results were made on, where a test does not care."""


def show_tex(tex: str, display: bool, macros: Macros = ()) -> Formula:
    r"""Stands in for KaTeX: shows the TeX, refuses what holds `\bad`."""
    if r"\bad" in tex:
        number, line = next(
            (number, line) for number, line in enumerate(tex.split("\n"), 1) if r"\bad" in line
        )
        column = line.index(r"\bad") + 1
        raise MathError("no such command").at(line=number, text=line, column=column)
    tag, attribute = ("M", ' display="block"') if display else ("m", "")
    shown = escape(tex, quote=False)
    return Formula(f"<{tag}>{shown}</{tag}>", f"<math{attribute}>{shown}</math>")


def post_of(text: str, neighbours: Mapping[str, bytes] | None = None) -> Post:
    """A Korean post from its text; without front matter it gets the tests' own."""
    text = text if text.startswith("---") else FRONT_MATTER + text
    source = Source("posts/a/index.ko.md", text, "a", "ko", "md", "/blog/posts/a", neighbours or {})
    return parse(source, CONFIG)


def render_post(
    text: str,
    outputs: Sequence[Sequence[Output]] = (),
    *,
    neighbours: Mapping[str, bytes] | None = None,
    typeset: Typeset = show_tex,
    others: Sequence[Post] = (),
    made: Provenance | None = None,
) -> RenderedPost:
    """A post as HTML; `outputs` are those of its code cells, in order, made on `made`."""
    post = post_of(text, neighbours)
    code: tuple[Code, ...] = post.notebook.code
    filled = tuple(tuple(o) for o in outputs) + ((),) * (len(code) - len(outputs))
    links = collect_links([post, *others], CONFIG)
    return render(ExecutedPost(post, Results(filled, made)), links, typeset, STRINGS)
