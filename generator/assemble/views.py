"""What a template may see. These types are the theme's public interface: plain values only.

Everything called `address` is ready to stand in a link; everything called `html` is safe
markup; all other text is escaped by the template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import fields

from ..record import suggestion


class LinkView(Struct, frozen=True):
    """A link with its text."""

    name: str
    address: str
    language: str = ""
    """Language of what it leads to, where that is not the page's own."""
    count: int = 0
    """How many posts are behind it, where that makes sense."""


class SiteView(Struct, frozen=True):
    """The blog, as every page shows it."""

    title: str
    description: str
    author: str
    home: str
    archive: str
    search: str
    feed: str
    repository: str
    categories: tuple[LinkView, ...]
    pages: tuple[LinkView, ...]
    """Standing pages that the navigation names."""
    generator: str
    favicon: str
    icons: tuple[str, ...] = ()
    """Addresses of the icons at the site's root, those that the theme has."""
    palette_script: Markup | None = None
    """The script that applies the palette a reader chose. It stands on the page itself, before all
    styles: nobody waits for it, and nothing is shown in the wrong palette first."""
    paper_light: str = ""
    """The ground of a page on light paper, if the settings say it; empty if they do not."""
    paper_dark: str = ""
    assets: str = ""
    """Address of the folder in which the theme's static files lie, with a slash at its end."""


class AlternateView(Struct, frozen=True):
    """The same page in another language."""

    language: str
    address: str
    """With scheme and host, for `hreflang`; empty if the page there is not the same: a list that
    is shorter there has its first page here."""
    path: str
    """For a link on the page."""
    locale: str = ""
    """As Open Graph has it: `en_US`."""


class ImageView(Struct, frozen=True):
    """A bitmap."""

    address: str
    """With scheme and host."""
    alt: str
    width: int
    height: int
    """Pixels."""


class PagerLink(Struct, frozen=True):
    """A page of a list, as a pager shows it."""

    number: int
    """0 stands for pages that are left out."""
    address: str


class PagerView(Struct, frozen=True):
    """Which page of a list this is, and where the others are."""

    number: int
    """Counted from 1."""
    count: int
    newer: str
    """Address of the page before; empty on the first."""
    older: str
    """Address of the page after; empty on the last."""
    links: tuple[PagerLink, ...]


class FeedView(Struct, frozen=True):
    """A feed that readers find by a page."""

    title: str
    type: str
    """MIME type."""
    address: str


class PageView(Struct, frozen=True):
    """The page at hand."""

    kind: str
    """`home`, `post`, `page`, `category`, `tag`, `series`, `archive`, `search`, `missing`,
    `redirect`."""
    title: str
    description: str
    language: str
    canonical: str
    """With scheme and host."""
    alternates: tuple[AlternateView, ...]
    """All language versions, its own included; empty if there is only one."""
    styles: tuple[str, ...]
    default_version: str = ""
    """With scheme and host: the version for readers of any other language, if there are several."""
    image: ImageView | None = None
    """What stands for the page where it is shared."""
    locale: str = ""
    """The language as Open Graph has it: `ko_KR`."""
    data: Markup | None = None
    """What search engines read: JSON-LD, safe in a script element."""
    scripts: tuple[str, ...] = ()
    """Addresses of scripts that add to the page; it is complete without them."""
    pager: PagerView | None = None
    """None unless it is a page of a list that has several."""
    feeds: tuple[FeedView, ...] = ()
    """The page's own feed first."""
    policy: str = ""
    """The Content-Security-Policy of the page."""
    fonts: tuple[str, ...] = ()
    """Addresses of fonts that the beginning of the page needs."""


class DateView(Struct, frozen=True):
    """A date in the page's language."""

    text: str
    iso: str
    year: int


class SummaryView(Struct, frozen=True):
    """A post in a list."""

    title: str
    address: str
    language: str
    date: DateView
    category: LinkView
    tags: tuple[LinkView, ...]
    excerpt: str
    minutes: int


class HeadingView(Struct, frozen=True):
    """A line of the table of contents with the lines below it."""

    id: str
    html: Markup
    below: tuple[HeadingView, ...] = ()


class SeriesView(Struct, frozen=True):
    """The series that a post is a part of."""

    name: str
    address: str
    number: int
    """Of the post in it, counted from 1."""
    parts: tuple[LinkView, ...]
    """All of them, the post's own included, in order."""


class CitationView(Struct, frozen=True):
    """A place on the page that cites a work."""

    id: str
    """Ready to stand in a link to the page itself."""
    title: str


class ReferenceView(Struct, frozen=True):
    """A cited work."""

    id: str
    authors: str
    title: str
    address: str
    """DOI, arXiv or URL; empty if there is none."""
    label: str
    """What the address is: `doi:10.1109/34.868688`."""
    container: str
    """Journal or book."""
    details: str
    """Volume, pages, publisher."""
    year: str
    """With the letter that tells it from others of the same authors and year."""
    citations: tuple[CitationView, ...] = ()


class PackageView(Struct, frozen=True):
    """A package that a post's code imported."""

    name: str
    version: str


class CardView(Struct, frozen=True):
    """What the results of a post were made on. A text is empty where that is not known."""

    date: DateView
    """The day on which the code ran, in UTC."""
    frozen: bool
    """They are kept beside the post, and no build makes them anew."""
    interpreter: str
    packages: tuple[PackageView, ...]
    """By name."""
    system: str
    """Operating system and architecture."""
    processor: str
    gpu: str
    threads: int
    time: str
    """How long the code ran, in the page's language."""
    memory: str
    """What it took at its most: `612.3 MB`."""
    notebook: str
    """Address of the executed notebook."""
    notebook_name: str
    """A name for whoever keeps it."""
    colab: str
    """Address at which Google Colab opens the post."""


class RelatedView(Struct, frozen=True):
    """A post that another one names at its end; of its text nothing is shown there."""

    title: str
    address: str
    date: DateView
    category: str


class VersionView(Struct, frozen=True):
    """A version in another language."""

    language: str
    name: str
    """The language's name in the language of the page: `영어`."""
    address: str
    date: DateView
    """Of its last revision, in the language of the page."""


class PostView(Struct, frozen=True):
    """A post on its own page."""

    summary: SummaryView
    html: Markup
    author: str
    updated: DateView | None
    """None if the post has not changed since it was published."""
    toc: tuple[HeadingView, ...]
    references: tuple[ReferenceView, ...]
    older: LinkView | None
    newer: LinkView | None
    source: str
    """Address of the post's source, if the blog's repository is known."""
    series: SeriesView | None = None
    related: tuple[RelatedView, ...] = ()
    """Others that readers of this one may like; none of those named above."""
    newer_version: VersionView | None = None
    """The version in another language that has been revised after this one."""
    stale: bool = False
    """The results shown were made by an earlier version of the code."""
    card: CardView | None = None
    """None if no code ran."""
    comments: bool = False
    """The front matter says so; the theme itself has none."""


class StandingView(Struct, frozen=True):
    """A standing page, as About."""

    html: Markup
    updated: DateView | None
    """None if its front matter does not say."""
    toc: tuple[HeadingView, ...]
    references: tuple[ReferenceView, ...]
    newer_version: VersionView | None = None


class ArchivedView(Struct, frozen=True):
    """A post in the archive, which tells nothing of its text."""

    title: str
    address: str
    language: str
    date: DateView


class YearView(Struct, frozen=True):
    """A year of the archive."""

    year: int
    posts: tuple[ArchivedView, ...]


class SearchView(Struct, frozen=True):
    """The page that searches the posts of a language."""

    index: str
    """Address of the folder that holds the index, with a slash at its end."""
    posts: str
    """Address of the folder that holds the posts' texts, with a slash at its end."""
    others: tuple[LinkView, ...]
    """The same page in other languages; their names are in `language`."""


VIEWS = (
    LinkView,
    SiteView,
    AlternateView,
    ImageView,
    PagerLink,
    PagerView,
    FeedView,
    PageView,
    DateView,
    SummaryView,
    HeadingView,
    SeriesView,
    CitationView,
    ReferenceView,
    PackageView,
    CardView,
    RelatedView,
    VersionView,
    PostView,
    StandingView,
    ArchivedView,
    YearView,
    SearchView,
)
"""All of them. The documentation has a table for each, and a test compares the two."""

ABSENT = re.compile(r"(?:\.(?P<view>\w+)|'dict) object' has no attribute '(?P<name>\w+)'")
UNDEFINED = re.compile(r"'(?P<name>\w+)' is undefined")


def what_is_missing(message: str) -> str:
    """Jinja's message for what is not there, in the words of the documentation."""
    if undefined := UNDEFINED.fullmatch(message):
        return f"there is no `{undefined['name']}`"
    match = ABSENT.search(message)
    return f"{match['view'] or 'a table'} has no `{match['name']}`" if match else message


def what_there_is(message: str, seen: Mapping[str, object] = MappingProxyType({})) -> str:
    """A hint for a template that asks for something that is not there, by Jinja's message.

    Args:
        message: Jinja's.
        seen: what the template may see.
    """
    if message.startswith("'None' has no attribute"):
        return "it is none here: ask first, as in {% if page.pager %}"
    match = UNDEFINED.fullmatch(message) or ABSENT.search(message)
    names: list[str] = []
    if match and "view" not in match.groupdict():
        names = [*seen]
    elif match and match["view"]:
        views = (view for view in VIEWS if view.__name__ == match["view"])
        names = [field.name for view in views for field in fields(view)]
    elif match:
        tables = (value for value in seen.values() if isinstance(value, Mapping))
        near = (suggestion(match["name"], table) for table in tables)
        return next(filter(None, near), THEME_PAGE)
    if not match or not names:
        return THEME_PAGE
    return suggestion(match["name"], names) or "there are: " + ", ".join(names)


THEME_PAGE = "what a template may see stands in the documentation, on the page about themes"


def format_date(date: datetime, pattern: str, months: str) -> DateView:
    """A date in a language: `pattern` has {year}, {month}, {day} and {month_name}.

    `months` are the names of the twelve months, separated by spaces.
    """
    names = months.split()
    text = pattern.format(
        year=date.year,
        month=date.month,
        day=date.day,
        month_name=names[date.month - 1] if len(names) == 12 else date.month,
    )
    return DateView(text, date.isoformat(), date.year)
