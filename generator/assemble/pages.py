"""The pages of a site, through the theme's templates. The only module that knows Jinja2."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property

import jinja2
from markupsafe import Markup

from .. import __version__
from ..addresses import (
    SITE_FEED,
    absolute,
    address,
    archive_page,
    asset_path,
    category_feed,
    category_page,
    home_page,
    json_feed,
    language_feed,
    numbered_page,
    page_path,
    post_page,
    search_index_path,
    search_page,
    search_text_path,
    series_page,
    slug,
    source_address,
    tag_feed,
    tag_page,
)
from ..errors import ThemeError
from ..model import SHARE_SIZE, Config, File, Heading, Image, RenderedPost, Theme
from ..theme_settings import theme_style
from .card import card_view
from .listing import (
    PostList,
    by_category,
    by_folder,
    by_series,
    by_year,
    hreflang,
    in_language,
    newer_version,
    post_lists,
    shown_in,
    standing_pages,
)
from .policy import page_policy, post_policy
from .references import reference_views
from .related import Related
from .structured_data import Thing, article, as_script, blog, breadcrumbs, way_to, website
from .views import (
    AlternateView,
    DateView,
    FeedView,
    HeadingView,
    ImageView,
    LinkView,
    PagerLink,
    PagerView,
    PageView,
    PostView,
    RelatedView,
    SearchView,
    SeriesView,
    SiteView,
    StandingView,
    SummaryView,
    VersionView,
    YearView,
    format_date,
    what_there_is,
)

ORIGIN = "the theme"
INTERACTIVE = "interactive.js"
"""The theme's script for interactive figures."""
PALETTE = "palette.js"
"""The theme's script for the palette that a reader chose."""
AT_THE_ROOT = ("favicon.ico", "apple-touch-icon.png")
"""Static files that browsers look for at the root of the site, not among its assets."""

SEARCH_KEY = "search-key.js"
"""The theme's script that every page loads: a key leads to the search."""
SEARCH = "search/"
"""The folder of the theme's scripts that only a page that searches loads."""

SCRIPTS: dict[str, Callable[[RenderedPost], bool]] = {
    "preview.js": lambda rendered: (
        rendered.has_references or ' class="footnote-ref"' in rendered.body
    ),
    "copy-tex.js": lambda rendered: rendered.has_math,
    "tabs.js": lambda rendered: ' data-sync="' in rendered.body,
    "contents.js": lambda rendered: has_margin_contents(rendered) and bool(rendered.headings),
}
"""Static files that are scripts, and which posts load them."""

PAGE_SCRIPTS = (SEARCH_KEY,)
"""Static files that are scripts, which every page loads."""


class Pages:
    """Renders the pages of one site. Holds what they share; renders nothing twice."""

    def __init__(
        self,
        posts: Sequence[RenderedPost],
        config: Config,
        theme: Theme,
        code_style: str,
        pictures: Mapping[str, File],
        edition: Callable[[], str],
    ) -> None:
        """Prepare to render pages.

        Args:
            posts: all posts. Of a post whose own page is made, all is shown; of the others, for
                such pages, what their front matter says, and for lists the excerpt, too.
            config: the blog's settings.
            theme: templates, texts and static files.
            code_style: style sheet of highlighted code.
            pictures: language to the picture that stands for the blog where a list is shared.
            edition: tells which JavaScript for interactive figures there is.
        """
        self.config = config
        self.theme = theme
        self.pictures = pictures
        self.environment = jinja2.Environment(
            loader=jinja2.DictLoader(dict(theme.templates)),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        static = dict(theme.static)
        static.pop("style.css", None)
        script = static.pop(INTERACTIVE, b"")
        style = theme.static.get("style.css", b"") + code_style.encode()
        style = _without_comments(style + theme_style(config).encode())
        self.language_names = {
            name: theme.strings[name]["language_name"] if name in theme.strings else name
            for name in config.languages
        }
        # The name changes with the content, so no browser shows a new page in an old dress.
        self.style = asset_path(f"style-{hashlib.sha256(style).hexdigest()[:10]}.css")
        self.katex_style = asset_path("katex/katex.min.css")
        hashed = (PALETTE, *PAGE_SCRIPTS, *SCRIPTS)
        self.scripts = {
            name: _hashed(name, data) for name, data in static.items() if name in hashed
        }
        # Modules find each other by their names: so the name of their folder tells their content.
        modules = {name: static.pop(name) for name in [*static] if name.startswith(SEARCH)}
        digest = hashlib.sha256(b"".join(modules.values())).hexdigest()[:10]
        self.search_script = asset_path(f"search-{digest}/search.js")
        self.static = {
            self.style: style,
            **{
                n if n in AT_THE_ROOT else asset_path(self.scripts.get(n, n)): d
                for n, d in static.items()
            },
            **{asset_path(n.replace("/", f"-{digest}/", 1)): d for n, d in modules.items()},
        }
        self.interactive = script
        self.edition = edition
        self._show(posts)

    def _show(self, posts: Sequence[RenderedPost]) -> None:
        self.posts = sorted(posts, key=lambda item: item.post.source.path)
        # Lists that every page asks for are made once: a thousand posts would make them each.
        self.siblings = {name: in_language(self.posts, name) for name in self.config.languages}
        self.position = {
            rendered.post.source.path: position
            for listed in self.siblings.values()
            for position, rendered in enumerate(listed)
        }
        self.versions = by_folder(self.posts)
        for name in ("lists", "series", "related"):
            self.__dict__.pop(name, None)
        self.sites = {language: self._site(language) for language in self.config.languages}

    def showing(self, posts: Sequence[RenderedPost]) -> Pages:
        """The same pages, when more is known of the posts."""
        other = copy(self)
        other._show(posts)
        return other

    # --- what pages share ---

    @cached_property
    def script(self) -> str:
        """Path of the script for interactive figures, which finds the libraries beside itself."""
        told = self.interactive + self.edition().encode()
        return asset_path(f"interactive-{hashlib.sha256(told).hexdigest()[:10]}/{INTERACTIVE}")

    @cached_property
    def lists(self) -> Mapping[tuple[str, str], Mapping[str, PostList]]:
        """The lists of the site; most short builds show none of them."""
        return post_lists(self.posts, self.config)

    @cached_property
    def series(self) -> Mapping[str, Mapping[str, Sequence[RenderedPost]]]:
        """The series of each language."""
        return {name: by_series(self.posts, name) for name in self.config.languages}

    @cached_property
    def related(self) -> Mapping[str, Related]:
        """What finds related posts in each language."""
        return {name: Related(listed) for name, listed in self.siblings.items()}

    def strings(self, language: str) -> Mapping[str, str]:
        """The theme's texts in a language; English where it has none."""
        return self.theme.strings.get(language) or self.theme.strings["en"]

    def _site(self, language: str) -> SiteView:
        """The blog, as the pages of a language show it."""
        posts = shown_in(self.posts, language, self.config)
        return SiteView(
            title=self.config.title[language],
            description=self.config.description[language],
            author=self.config.author.name,
            home=address(home_page(language, self.config), self.config),
            archive=address(archive_page(language, self.config), self.config),
            search=address(search_page(language, self.config), self.config),
            feed=address(language_feed(language), self.config),
            repository=self.config.repository,
            categories=tuple(
                LinkView(
                    name=name,
                    address=address(category_page(name, language, self.config), self.config),
                    count=len(group),
                )
                for name, group in by_category(posts).items()
            ),
            pages=tuple(
                self._link(item)
                for item in standing_pages(self.posts)
                if item.post.meta.nav and item.post.meta.language == language
            ),
            generator=f"Inkcell {__version__}",
            favicon=address(asset_path("favicon.svg"), self.config),
            icons=tuple(address(name, self.config) for name in AT_THE_ROOT if name in self.static),
            palette=(
                address(asset_path(self.scripts[PALETTE]), self.config)
                if PALETTE in self.scripts
                else ""
            ),
        )

    def date(self, rendered: RenderedPost, language: str, updated: bool = False) -> DateView:
        """A post's date in the language of the page that shows it."""
        strings = self.strings(language)
        meta = rendered.post.meta
        return format_date(
            meta.updated if updated else meta.date, strings["date"], strings["months"]
        )

    def summary(self, rendered: RenderedPost, language: str) -> SummaryView:
        """A post as a list in a language shows it."""
        meta = rendered.post.meta
        return SummaryView(
            title=meta.title,
            address=address(post_page(rendered.post, self.config), self.config),
            language=meta.language,
            date=self.date(rendered, language),
            category=LinkView(
                meta.category,
                address(category_page(meta.category, language, self.config), self.config),
            ),
            tags=tuple(
                LinkView(tag, address(tag_page(tag, language, self.config), self.config))
                for tag in meta.tags
            ),
            excerpt=rendered.excerpt,
            minutes=rendered.minutes,
        )

    def alternates(
        self, paths: Mapping[str, str], elsewhere: Collection[str]
    ) -> tuple[AlternateView, ...]:
        """A page's language versions, from language to path; none if there is only one.

        Those in the languages of `elsewhere` are not the same page, but lead to the same list.
        """
        if len(paths) < 2:
            return ()
        same = hreflang({name: path for name, path in paths.items() if name not in elsewhere})
        return tuple(
            AlternateView(
                language,
                absolute(path, self.config) if language in same else "",
                address(path, self.config),
                self._locale(language),
            )
            for language, path in paths.items()
        )

    def default_version(self, paths: Mapping[str, str], elsewhere: Collection[str]) -> str:
        """Where readers of none of a page's languages go; empty if there is only one version."""
        same = hreflang({name: path for name, path in paths.items() if name not in elsewhere})
        return absolute(same["x-default"], self.config) if same else ""

    def render(self, template: str, path: str, page: PageView, origin: str, **more: object) -> File:
        """One page as a file.

        Raises:
            ThemeError: the template is missing, broken, or asks for what does not exist.
        """
        try:
            html = self.environment.get_template(template).render(
                site=self.sites[page.language],
                page=page,
                t=self.strings(page.language),
                language_names=self.language_names,
                **more,
            )
        except jinja2.TemplateError as error:
            name, line = _place(error, template)
            raise ThemeError(f"{type(error).__name__}: {error}").at(
                file=f"templates/{name}",
                line=line,
                text=_line(self.theme.templates.get(name, ""), line),
                hint=what_there_is(str(error)),
            ) from None
        return File(page_path(path), html.encode(), origin)

    def page(
        self,
        kind: str,
        path: str,
        language: str,
        title: str,
        description: str,
        alternates: Mapping[str, str],
        *,
        elsewhere: Collection[str] = (),
        has_math: bool = False,
        image: Image | None = None,
        scripts: Sequence[str] = (),
        pager: PagerView | None = None,
        data: Sequence[Thing] = (),
        policy: str = page_policy(),
        fonts: Sequence[str] = (),
    ) -> PageView:
        """The view of a page."""
        # The theme's own style comes last, so that it has the last word.
        katex = [self.katex_style] if has_math and self.config.math == "html" else []
        styles = [*katex, self.style]
        shared = [asset_path(self.scripts[name]) for name in PAGE_SCRIPTS if name in self.scripts]
        return PageView(
            kind=kind,
            title=title,
            description=description,
            language=language,
            canonical=absolute(path, self.config),
            alternates=self.alternates(alternates, elsewhere),
            default_version=self.default_version(alternates, elsewhere),
            styles=tuple(address(style, self.config) for style in styles),
            image=self._image(image, title, language),
            locale=self._locale(language),
            data=Markup(as_script(data)) if data else None,
            scripts=tuple(address(script, self.config) for script in (*shared, *scripts)),
            pager=pager,
            feeds=tuple(self._feeds(kind, language, title)),
            policy=policy,
            fonts=tuple(address(font, self.config) for font in fonts),
        )

    def _image(self, image: Image | None, title: str, language: str) -> ImageView | None:
        """What stands for a page where it is shared; for a list it is the blog's picture."""
        if image is None and language in self.pictures:
            image = Image(self.pictures[language].path, title, *SHARE_SIZE)
        if image is None:
            return None
        place = absolute(image.path, self.config)
        return ImageView(place, image.alt, image.width, image.height)

    def _locale(self, language: str) -> str:
        """A language as Open Graph has it, `ko_KR`: the theme says where it is spoken."""
        strings = self.theme.strings.get(language, {})
        return strings.get("locale", language.replace("-", "_"))

    def _link(self, rendered: RenderedPost) -> LinkView:
        """A post or a standing page by its title."""
        place = address(post_page(rendered.post, self.config), self.config)
        return LinkView(rendered.post.meta.title, place)

    def _feeds(self, kind: str, language: str, term: str) -> Iterator[FeedView]:
        """The feeds that a reader finds by a page: its own, and what it is a part of.

        A home page leads to the feeds of all languages, the list of a category or a tag to its
        own, and every page to that of its language.
        """
        title = self.config.title[language]
        if kind == "home" and language == self.config.language:
            yield from self._both(title, SITE_FEED)
        elif kind == "category":
            yield self._feed(f"{term} · {title}", category_feed(term, language, self.config))
        elif kind == "tag":
            yield self._feed(f"{term} · {title}", tag_feed(term, language, self.config))
        others = [name for name in self.config.languages if name != language]
        for name in [language, *(others if kind == "home" else ())]:
            title = self.config.title[name]
            several = len(self.config.languages) > 1
            named = f"{title} · {self.language_names[name]}" if several else title
            yield from self._both(named, language_feed(name))

    def _both(self, title: str, path: str) -> Iterator[FeedView]:
        yield self._feed(title, path)
        beside = address(json_feed(path), self.config)
        yield FeedView(f"{title} (JSON)", "application/feed+json", beside)

    def _feed(self, title: str, path: str) -> FeedView:
        return FeedView(title, "application/atom+xml", address(path, self.config))

    def _scripts(self, rendered: RenderedPost) -> list[str]:
        """Paths of the scripts that a post's page loads."""
        wanted = [name for name in SCRIPTS if name in self.scripts and SCRIPTS[name](rendered)]
        own = [asset_path(self.scripts[name]) for name in wanted]
        return [*own, self.script] if rendered.libraries else own

    # --- kinds of pages ---

    def post(self, rendered: RenderedPost) -> File:
        """The page of a post, or a standing page."""
        meta = rendered.post.meta
        path = post_page(rendered.post, self.config)
        versions = self._versions(rendered)
        page = self.page(
            "page" if rendered.post.source.standing else "post",
            path,
            meta.language,
            meta.title,
            rendered.excerpt,
            {name: post_page(other.post, self.config) for name, other in versions.items()},
            has_math=rendered.has_math,
            image=rendered.share,
            data=self._post_data(rendered),
            scripts=self._scripts(rendered),
            policy=post_policy(rendered.loads, rendered.libraries, "html" in meta.trusted),
            fonts=_first_fonts(rendered.body) if rendered.has_math else (),
        )
        origin = rendered.post.source.path
        if rendered.post.source.standing:
            return self.render("page.html", path, page, origin, text=self._standing(rendered))
        return self.render("post.html", path, page, origin, post=self._post(rendered))

    def _post_data(self, rendered: RenderedPost) -> tuple[Thing, ...]:
        """What search engines read of a post."""
        meta, config = rendered.post.meta, self.config
        place = series_page(meta.series, meta.language, config)
        series = (meta.series, place) if meta.series else None
        return article(rendered, series, config), breadcrumbs(way_to(rendered, config), config)

    def _list_data(self, listed: PostList, number: int, language: str) -> tuple[Thing, ...]:
        """What search engines read of a page of a list."""
        config, path, title = self.config, listed.page(number), self.config.title[language]
        named = blog(path, listed.name or title, listed.sheets[number - 1], language, config)
        if listed.kind == "home":
            return website(language, config), named
        way = [(title, home_page(language, config)), (listed.name, path)]
        return named, breadcrumbs(way, config)

    def _versions(self, rendered: RenderedPost) -> dict[str, RenderedPost]:
        """The versions of a post by their languages, the default one first, its own included."""
        found = {
            other.post.meta.language: other for other in self.versions[rendered.post.source.folder]
        }
        return {name: found[name] for name in self.config.languages if name in found}

    def _standing(self, rendered: RenderedPost) -> StandingView:
        meta, strings = rendered.post.meta, self.strings(rendered.post.meta.language)
        dated = meta.last_modified_at is not None
        return StandingView(
            html=Markup(rendered.body),
            updated=self.date(rendered, meta.language, updated=True) if dated else None,
            toc=nest(rendered.headings) if has_margin_contents(rendered) else (),
            references=reference_views(rendered, strings),
            newer_version=self._newer_version(rendered),
        )

    def _post(self, rendered: RenderedPost) -> PostView:
        config, meta = self.config, rendered.post.meta
        newer, older = self._neighbours(rendered)
        parts = self.series[meta.language].get(slug(meta.series), ()) if meta.series else ()
        named = {item.post.source.path for item in (newer, older, *parts) if item}
        return PostView(
            summary=self.summary(rendered, meta.language),
            html=Markup(rendered.body),
            author=meta.author.name,
            updated=(
                self.date(rendered, meta.language, updated=True)
                if meta.updated.date() != meta.date.date()
                else None
            ),
            toc=nest(rendered.headings) if has_margin_contents(rendered) else (),
            references=reference_views(rendered, self.strings(meta.language)),
            newer=self._link(newer) if newer else None,
            older=self._link(older) if older else None,
            series=self._series(rendered, parts) if parts else None,
            related=tuple(
                RelatedView(
                    item.post.meta.title,
                    address(post_page(item.post, config), config),
                    self.date(item, meta.language),
                    item.post.meta.category,
                )
                for item in self.related[meta.language].to(rendered, named)
            ),
            newer_version=self._newer_version(rendered),
            source=source_address(rendered.post, config),
            stale=bool(rendered.stale),
            card=card_view(rendered, config, self.strings(meta.language)),
        )

    def _neighbours(
        self, rendered: RenderedPost
    ) -> tuple[RenderedPost | None, RenderedPost | None]:
        """The next newer post and the next older one in its language."""
        siblings = self.siblings[rendered.post.meta.language]
        position = self.position[rendered.post.source.path]
        newer = siblings[position - 1] if position > 0 else None
        return newer, siblings[position + 1] if position + 1 < len(siblings) else None

    def _series(self, rendered: RenderedPost, parts: Sequence[RenderedPost]) -> SeriesView:
        # All say its name as the newest part does; they may write it in other cases.
        name, language = parts[-1].post.meta.series, rendered.post.meta.language
        return SeriesView(
            name=name,
            address=address(series_page(name, language, self.config), self.config),
            number=[item.post.source.path for item in parts].index(rendered.post.source.path) + 1,
            parts=tuple(map(self._link, parts)),
        )

    def _newer_version(self, rendered: RenderedPost) -> VersionView | None:
        language = rendered.post.meta.language
        newer = newer_version(rendered, self._versions(rendered).values())
        if newer is None:
            return None
        other = newer.post.meta.language
        strings = self.strings(language)
        return VersionView(
            other,
            strings.get(f"language_{other}", self.language_names[other]),
            address(post_page(newer.post, self.config), self.config),
            self.date(newer, language, updated=True),
        )

    def lists_with(self, posts: Sequence[RenderedPost]) -> Iterator[File]:
        """The pages of lists on which some posts stand, in every language."""
        for language in self.config.languages:
            yield self.archive(language)
            yield from self.list_pages(language, {post.post.source.path for post in posts})

    def list_pages(self, language: str, told: Collection[str] | None = None) -> Iterator[File]:
        """The pages of all lists of a language, or those that show a post of `told`."""
        for versions in self.lists.values():
            if language not in versions:
                continue
            for number, shown in enumerate(versions[language].sheets, start=1):
                if told is None or any(post.post.source.path in told for post in shown):
                    yield self._list_page(versions, language, number)

    def _list_page(self, versions: Mapping[str, PostList], language: str, number: int) -> File:
        listed = versions[language]
        if listed.kind == "home":
            title, description = self.config.title[language], self.config.description[language]
        else:
            described = self.strings(language)[f"{listed.kind}_description"]
            title, description = listed.name, described.format(name=listed.name)
        page = self.page(
            listed.kind,
            listed.page(number),
            language,
            title,
            description,
            {
                name: other.page(number) if number <= len(other.sheets) else other.path
                for name, other in versions.items()
            },
            elsewhere={n for n, other in versions.items() if number > len(other.sheets)},
            pager=self._pager(listed, number),
            data=self._list_data(listed, number, language),
        )
        template = "home.html" if listed.kind == "home" else "list.html"
        origin = "home" if listed.kind == "home" else f"the {listed.kind} {listed.name}"
        shown = tuple(self.summary(post, language) for post in listed.sheets[number - 1])
        return self.render(template, listed.page(number), page, origin, posts=shown)

    def _pager(self, listed: PostList, number: int) -> PagerView | None:
        count = len(listed.sheets)
        if count == 1:
            return None

        def place(other: int) -> str:
            return address(numbered_page(listed.path, other), self.config)

        return PagerView(
            number,
            count,
            newer=place(number - 1) if number > 1 else "",
            older=place(number + 1) if number < count else "",
            links=tuple(
                PagerLink(other, place(other) if other else "")
                for other in shown_numbers(number, count)
            ),
        )

    def archive(self, language: str) -> File:
        """All posts of a language, by year."""
        config = self.config
        paths = {name: archive_page(name, config) for name in config.languages}
        years = tuple(
            YearView(year, tuple(self.summary(post, language) for post in posts))
            for year, posts in by_year(shown_in(self.posts, language, config)).items()
        )
        strings = self.strings(language)
        page = self.page(
            "archive",
            paths[language],
            language,
            strings["archive"],
            strings["archive_description"],
            paths,
            data=[
                breadcrumbs(
                    [
                        (config.title[language], home_page(language, config)),
                        (strings["archive"], paths[language]),
                    ],
                    config,
                )
            ],
        )
        return self.render("archive.html", paths[language], page, "archive", years=years)

    def search(self, language: str) -> File:
        """The page that searches the posts of a language."""
        config, strings = self.config, self.strings(language)
        paths = {name: search_page(name, config) for name in config.languages}
        page = self.page(
            "search",
            paths[language],
            language,
            strings["search"],
            strings["search_description"],
            paths,
            scripts=(self.search_script,),
        )
        view = SearchView(
            index=address(search_index_path(language), config),
            posts=address(search_text_path(), config),
            others=tuple(
                LinkView(self.strings(name)["search_here"], address(path, config), name)
                for name, path in paths.items()
                if name != language
            ),
        )
        return self.render("search.html", paths[language], page, "search", search=view)

    def missing(self) -> File:
        """What GitHub Pages shows for an address that does not exist, in every language."""
        config = self.config
        page = self.page("missing", "/404.html", config.language, "404", "", {})
        texts = tuple(
            (name, self.strings(name), address(home_page(name, config), config))
            for name in config.languages
        )
        return self.render("404.html", "/404.html", page, "404", texts=texts)

    def redirects(self, rendered: RenderedPost) -> Iterator[File]:
        """A page at each former address of a post that leads to the present one."""
        path = post_page(rendered.post, self.config)
        for alias in rendered.post.meta.aliases:
            where = alias if alias.endswith(("/", ".html")) else alias + "/"
            meta = rendered.post.meta
            page = self.page("redirect", path, meta.language, meta.title, "", {})
            origin = f"{rendered.post.source.path} (alias)"
            target = address(path, self.config)
            yield self.render("redirect.html", where, page, origin, target=target)


CSS_COMMENT = re.compile(rb"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|/\*.*?\*/\n?""", re.DOTALL)


def _without_comments(style: bytes) -> bytes:
    """A style sheet without what is meant for whoever works on it; in a string nothing is."""
    return CSS_COMMENT.sub(lambda match: match[1] or b"", style)


FONTS = {
    "KaTeX_Main-Regular": re.compile('class="m(?:ord|rel|bin|open|close|punct)"'),
    "KaTeX_Math-Italic": re.compile("mathnormal"),
}
"""Fonts of KaTeX that nearly every formula needs, and the classes that ask for them."""
FIRST_SCREENS = 40_000
"""Characters of HTML that may stand for what a reader sees first."""


def _first_fonts(body: str) -> list[str]:
    """Paths of the fonts that the formulas at the beginning of a post need.

    The browser is told to load them at once: it would find out when the page is laid out. What is
    folded away may never be seen.
    """
    start = body[:FIRST_SCREENS].partition("<details")[0]
    return [
        asset_path(f"katex/fonts/{name}.woff2")
        for name, classes in FONTS.items()
        if classes.search(start)
    ]


def _hashed(name: str, content: bytes) -> str:
    """A file's name with a hash of its content, so that no browser uses an old one."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:10]}.{suffix}"


def _place(error: jinja2.TemplateError, template: str) -> tuple[str, int | None]:
    """Template and line of an error: Jinja2 tells them itself, or its traceback does."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.name or template, error.lineno
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in ("<template>", "<unknown>"):
            template = str(trace.tb_frame.f_globals.get("name", template))
            line = trace.tb_lineno
        trace = trace.tb_next
    return template, line


def _line(text: str, number: int | None) -> str | None:
    lines = text.splitlines()
    return lines[number - 1] if number and number <= len(lines) else None


def page_files(pages: Pages) -> Iterator[File]:
    """Every page of the site that is no post's."""
    for language in pages.config.languages:
        yield pages.archive(language)
        yield pages.search(language)
        yield from pages.list_pages(language)
    yield pages.missing()


def static_files(
    pages: Pages,
    posts: Sequence[RenderedPost],
    katex: Mapping[str, bytes],
    libraries: Mapping[str, bytes],
) -> Iterator[File]:
    """What pages load, and what GitHub Pages needs.

    Args:
        pages: all pages of the site.
        posts: all posts.
        katex: KaTeX's style sheet and fonts, by their path below `assets/`.
        libraries: JavaScript for interactive figures, by the name of its file.
    """
    for path, content in pages.static.items():
        yield File(path, content, ORIGIN)
    if pages.config.math == "html" and any(post.has_math for post in posts):
        for name, content in katex.items():
            yield File(asset_path(name), content, ORIGIN)
    if libraries:
        folder = pages.script.removesuffix(INTERACTIVE)
        for name, content in {INTERACTIVE: pages.interactive, **libraries}.items():
            yield File(folder + name, content, ORIGIN)
    # GitHub Pages runs Jekyll over a site, which drops what it does not know, unless told not to.
    yield File(".nojekyll", b"", ORIGIN)


def has_margin_contents(rendered: RenderedPost) -> bool:
    """Whether a page has a table of contents beside its text.

    As the front matter says; by itself where there are several headings, and no table in the text.
    """
    wanted = rendered.post.meta.toc
    if wanted is None:
        return len(rendered.headings) > 1 and not rendered.has_contents
    return wanted


def shown_numbers(number: int, count: int) -> list[int]:
    """The pages of a list that a pager names: the ends and those around; 0 for a gap."""
    near = {1, count, *(n for n in (number - 1, number, number + 1) if 1 <= n <= count)}
    shown: list[int] = []
    for other in sorted(near):
        missing = other - shown[-1] - 1 if shown else 0
        # A gap of one page would take as much room as the page.
        shown += [other - 1, other] if missing == 1 else [0, other] if missing else [other]
    return shown


def nest(headings: Sequence[Heading]) -> tuple[HeadingView, ...]:
    """Headings in order -> a tree; deeper ones go below the last shallower one."""
    if not headings:
        return ()
    top = min(heading.level for heading in headings)
    tree: list[HeadingView] = []
    position = 0
    while position < len(headings):
        end = position + 1
        while end < len(headings) and headings[end].level > top:
            end += 1
        heading = headings[position]
        if heading.level > top:
            tree.extend(nest(headings[position:end]))
        else:
            below = nest(headings[position + 1 : end])
            tree.append(HeadingView(heading.id, Markup(heading.html), below))
        position = end
    return tuple(tree)
