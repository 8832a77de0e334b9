"""What authors bring along from Jekyll, Hugo, Quarto and Jupyter Book, and what it is here.

Each table leads from a key that another tool knows to a hint for the error that it gets.
"""

from __future__ import annotations

ORDER = "remove it: posts stand in the order of their dates"
MATHEMATICS = "remove it: formulas are set in every post"
LOOK = "remove it: the theme says how posts look, see `templates/`"
EXCERPT = "`description` is the excerpt; or end it in the text with a line <!--more-->"
PICTURE = "did you mean `image`?"
KERNEL = "did you mean `kernelspec: {name: python3}`?"
CONTENTS = "did you mean `toc: true`?"
FORMAT = "remove it: a post becomes a page and an entry of the feeds"
OF_CELLS = "that is an option of a cell: #| {}: false"
SIZE = "the code says how large its figure is: plt.figure(figsize=(6, 4)), in inches"

FRONT_MATTER = {
    **dict.fromkeys(("weight", "pin", "pinned", "sticky"), ORDER),
    **dict.fromkeys(("math", "mathjax", "katex", "usemath", "use_math"), MATHEMATICS),
    **dict.fromkeys(("layout", "theme", "css", "cssclasses", "classes", "type"), LOOK),
    **dict.fromkeys(("excerpt", "summary", "abstract"), EXCERPT),
    **dict.fromkeys(("cover", "thumbnail", "featured_image", "header", "banner"), PICTURE),
    **dict.fromkeys(("jupyter", "engine", "kernel"), KERNEL),
    **dict.fromkeys(("showToc", "toc-depth", "toc_sticky", "toc-title"), CONTENTS),
    **dict.fromkeys(("format", "output", "editor"), FORMAT),
    "subtitle": "there is none: say it in `description`, or behind a colon in the title",
    "published": "did you mean `draft: true`, which keeps a post back?",
    "keywords": "did you mean `tags`?",
    "authors": "did you mean `author`? A post has one",
    "url": "did you mean `permalink`?",
    "csl": "remove it: works are listed in one style",
    "number-sections": "remove it: headings have numbers if one of them has a label",
}
"""Keys of a post's front matter."""

EXECUTE = {key: OF_CELLS.format(key) for key in ("echo", "eval", "include", "output", "warning")}
"""Keys of `execute` that Quarto has for all cells at once."""

CELLS = {
    **dict.fromkeys(("fig-width", "fig-height", "fig-dpi", "fig-size", "fig-asp"), SIZE),
    "message": "did you mean `warning: false`?",
    "results": "did you mean `output: false`?",
    "tags": "tags stand in a line of their own below the first: :tags: [hide-input]",
    "lst-label": "did you mean `filename`?",
    "fig-subcap": "say in `fig-cap` what each part shows",
    "layout-ncol": "draw them side by side: plt.subplots(1, 2)",
}
"""Options of a cell."""

REFERENCES = {
    **dict.fromkeys(("year", "date"), "did you mean `issued`?"),
    **dict.fromkeys(("journal", "journaltitle", "booktitle"), "did you mean `container-title`?"),
    **dict.fromkeys(("school", "institution", "organization"), "did you mean `publisher`?"),
    "address": "did you mean `publisher-place`?",
    "number": "did you mean `issue`?",
    "eprint": "did you mean `arxiv`?",
    "doi": "did you mean `DOI`?",
    "url": "did you mean `URL`?",
    "type": "remove it: works are listed in one style",
}
"""Fields of a work, as BibTeX names them."""
