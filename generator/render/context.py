"""What the parts of `render` hand to each other while one post is rendered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import unquote

from markdown_it.token import Token
from msgspec import Struct
from msgspec.structs import replace

from ..addresses import (
    Links,
    Target,
    address,
    as_on_disk,
    nearest_file,
    neighbour_path,
    resolve,
)
from ..errors import InkcellError, MarkdownError, MathError
from ..model import File, Formula, Highlight, Image, Label, Post, Prose, Reference, Typeset
from .code import highlight
from .katex import is_tex, text_of
from .macros import as_definitions, take_definitions, used
from .plain_formula import plain_formula

Medium = Literal["page", "feed"]

Fragments = Mapping[tuple[int, int], Sequence[Token]]
"""The tokens of what code put out as Markdown or TeX, by cell and number of the output."""

ATTACHMENT = "attachment:"
"""What the address of a file begins with that a notebook keeps inside a cell."""
FORMULA = re.compile(r"(?<![\\$\w])\$(?!\s)([^$]+?)(?<!\s)\$(?![\d$])")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".tif", ".tiff")


class Place(Struct, frozen=True):
    """Where something stands in a post."""

    cell: int
    line: int | None

    def below(self, lines: int) -> Place:
        """The place so many lines further down."""
        return Place(self.cell, None if self.line is None else self.line + lines)


class Context(Struct):
    """One post on its way to HTML: what it may use, and what it has produced so far."""

    post: Post
    links: Links
    typeset: Typeset
    strings: Mapping[str, str]
    highlight: Highlight = highlight
    errors: list[InkcellError] = []
    files: dict[str, File] = {}
    ids: set[str] = set()
    headings: dict[str, int] = {}
    """How often the id of a heading was wanted so far."""
    images: list[Image] = []
    warnings: list[InkcellError] = []
    has_math: bool = False
    given: dict[str, bytes] = {}
    """What was published, by path, as it was before."""
    drawings: int = 0
    """How many figures stand in the page itself."""
    libraries: set[str] = set()
    """JavaScript libraries that interactive figures of the page need."""
    labels: Mapping[str, Label] = {}
    """What can be referred to in this post."""
    has_references: bool = False
    works: Mapping[str, Reference] = {}
    """What can be cited, by id."""
    citations: dict[str, list[str]] = {}
    """Id of a work to the ids of the places that cite it."""
    macros: dict[str, str] = {}
    """TeX commands that formulas from here on know."""
    terms: dict[str, str] = {}
    """What the post's glossaries explain, to its id."""
    tab_sets: int = 0
    """How many sets of tabs there are so far."""
    open_tab_sets: list[str] = []
    """Names of those whose tabs are still to come, the innermost last."""
    fragments: Fragments = {}
    """What code put out as Markdown or TeX, as tokens."""

    def formula(self, tex: str, display: bool, place: Place, feed_tex: str = "") -> Formula:
        """A typeset formula; an error is noted at its place, and the TeX stands in for it.

        `feed_tex` is what a feed shows instead, if it is not the same.

        What it defines is known from here on; a formula of nothing but definitions is empty.
        """
        self.has_math = True
        written = tex
        try:
            definitions = take_definitions(tex, self.macros)
            self.macros.update(definitions.macros)
            tex = definitions.tex
            if not tex.strip():
                return Formula("", "")
            macros = used(tex, self.macros)
            formula = self.typeset(tex, display, macros)
            if feed_tex:
                tex = take_definitions(feed_tex, {}).tex
                formula = replace(formula, feed=self.typeset(tex, display, macros).feed)
        except MathError as error:
            # The error tells a line of the formula: the file's line is so many lines further.
            here = place.below((error.line or 1) - 1)
            # Where definitions stood, the typesetter saw spaces.
            shown = dict(zip(tex.split("\n"), written.split("\n"), strict=False)) | {tex: written}
            mine = MathError(str(error)).at(
                text=shown.get(error.text or "", error.text),
                column=error.column,
                hint=error.hint,
                line=here.line,
                cell=here.cell,
            )
            self.errors.append(mine)
            return Formula("", "")
        self.warnings.extend(
            MathError(warning).at(text=tex, line=place.line, cell=place.cell)
            for warning in formula.warnings
        )
        if self.links.config.feed.math == "tex":
            opening, closing = (r"\[", r"\]") if display else (r"\(", r"\)")
            source = escape(as_definitions(macros) + tex, quote=False)
            return replace(formula, feed=opening + source + closing)
        return formula

    def plain_number(self, number: str) -> str:
        r"""A number as text: a `\tag` may hold TeX, `$\alpha$`, which text shows as α."""
        if not is_tex(number):
            return number
        try:
            return text_of(self.typeset(rf"\text{{{number}}}", False, used(number, self.macros)))
        except MathError:
            return number  # The formula that it numbers is refused for the same reason.

    def in_plain_text(self, text: str) -> str:
        """A text that no markup may stand in, with its formulas as text: `$x^2$` is x^2."""

        def plain(match: re.Match[str]) -> str:
            try:
                html = self.typeset(match[1], False, used(match[1], self.macros)).html
            except MathError:
                return match[0]
            return plain_formula(html) or match[0]

        return FORMULA.sub(plain, text) if "$" in text else text

    def target(self, href: str, place: Place) -> Target:
        """Where a link leads; the file that it needs is published, if it is one of the post's."""
        if href.startswith(ATTACHMENT):
            content = self.attachment(href, place)
            if content is None:
                return Target(href)
            path = self.publish_hashed(content, PurePosixPath(href).suffix.lower())
            return Target(address(path, self.links.config))
        found = resolve(href, self.post, self.links)
        if found is None:
            self.errors.append(
                MarkdownError(f"the link leads nowhere: {unquote(href)}").at(
                    line=place.line,
                    cell=place.cell,
                    text=unquote(href),
                    hint=nearest_file(href, self.post, self.links)
                    or "a relative link names a file beside the post, or another post's file",
                )
            )
            return Target(href)
        if found.neighbour:
            self.publish_neighbour(found.neighbour)
        return found

    def attachment(self, href: str, place: Place) -> bytes | None:
        """A file that a notebook keeps inside a cell; that there is none is noted."""
        cells = (cell for cell in self.post.notebook.cells if cell.cell == place.cell)
        attached = next((cell.attachments for cell in cells if isinstance(cell, Prose)), {})
        name = unquote(href).removeprefix(ATTACHMENT)
        content = attached.get(as_on_disk(name, attached))
        if content is None:
            self.errors.append(
                MarkdownError(f"the cell has no attachment `{name}`").at(
                    line=place.line,
                    cell=place.cell,
                    text=ATTACHMENT + name,
                    hint="paste the picture again",
                )
            )
        return content

    def drawing_prefix(self) -> str:
        """What the ids of the next figure in the page begin with; a heading's has no dot."""
        self.drawings += 1
        return f"f{self.drawings}."

    def publish_neighbour(self, name: str) -> str:
        """Publish a file that lies beside the post, and return its path."""
        path = neighbour_path(self.post.source.folder, name)
        self.publish(path, self.post.source.neighbours[name])
        return path

    def publish_hashed(self, content: bytes, suffix: str) -> str:
        """Publish a file named by its content, and return its path."""
        name = hashlib.sha256(content).hexdigest()[:16] + suffix
        path = neighbour_path(self.post.source.folder, name)
        self.publish(path, content)
        return path

    def publish(self, path: str, content: bytes) -> None:
        """Make a file part of the site; a picture tells nothing but what is to be seen."""
        if self.given.get(path) is content:
            return
        self.given[path] = content
        if path.lower().endswith(PICTURE_SUFFIXES):
            from .pictures import without_metadata

            content = without_metadata(content)
        self.publish_made(path, content)

    def publish_made(self, path: str, content: bytes) -> None:
        """Make a file part of the site that nobody but this program had a hand in."""
        self.files[path] = File(path, content, self.post.source.path)
