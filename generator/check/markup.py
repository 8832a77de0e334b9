"""Mistakes in the HTML of pages: nesting, ids, and what every page has once."""

from __future__ import annotations

from collections.abc import Iterator

from .built_site import BuiltSite
from .finding import Finding
from .page import Page, title_of


def check_markup(site: BuiltSite) -> Iterator[Finding]:
    """What a browser mends silently, each in its own way, and what a page lacks."""
    for page in site.pages.values():
        for problem in page.problems:
            yield site.finding(
                page, problem.offset, "html", "error", problem.message, problem.text, problem.hint
            )
        yield from _outline(page, site)


def _outline(page: Page, site: BuiltSite) -> Iterator[Finding]:
    file = f"{site.folder}/{page.path}"

    def lacks(message: str, hint: str) -> Finding:
        return Finding("html", "error", message, file, 1, hint=hint)

    root = next(page.named("html"), None)
    if root is None or not root.attributes.get("lang", "").strip():
        yield lacks("the page does not say its language", '<html lang="en">')
    if not title_of(page):
        yield lacks("the page has no title", "<title>…</title> in its head")
    headings = list(page.named("h1"))
    if not headings:
        yield lacks("the page has no <h1>", "a page's one heading of the first level is its title")
    for heading in headings[1:]:
        yield site.finding(
            page,
            heading.offset,
            "html",
            "error",
            "the page has another <h1>",
            heading.source,
            "the first is the post's title: begin headings in the text with ##",
        )
