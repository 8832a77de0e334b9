"""The pages of a site, through the theme's templates. The only module that knows Jinja2."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence

import jinja2
from markupsafe import Markup

from .. import __version__
from ..addresses import (
    absolute,
    address,
    archive_page,
    asset_path,
    category_page,
    home_page,
    language_feed,
    page_path,
    post_page,
    source_address,
    tag_page,
)
from ..errors import ThemeError
from ..model import Config, File, Heading, RenderedPost, Theme
from .card import card_view
from .listing import (
    by_category,
    by_folder,
    by_tag,
    by_year,
    in_language,
    newest_first,
    shown_in,
)
from .policy import page_policy, post_policy
from .references import reference_view
from .views import (
    AlternateView,
    DateView,
    HeadingView,
    LinkView,
    PageView,
    PostView,
    SiteView,
    SummaryView,
    YearView,
    format_date,
)

ORIGIN = "the theme"
INTERACTIVE = "interactive.js"
"""The theme's script for interactive figures."""
PALETTE = "palette.js"
"""The theme's script for the palette that a reader chose."""
AT_THE_ROOT = ("favicon.ico", "apple-touch-icon.png")
"""Static files that browsers look for at the root of the site, not among its assets."""

SCRIPTS: dict[str, Callable[[RenderedPost], bool]] = {
    "preview.js": lambda rendered: (
        rendered.has_references or ' class="footnote-ref"' in rendered.body
    ),
    "copy-tex.js": lambda rendered: rendered.has_math,
    "tabs.js": lambda rendered: ' data-sync="' in rendered.body,
    "contents.js": lambda rendered: has_margin_contents(rendered) and bool(rendered.headings),
}
"""Static files that are scripts, and which posts load them."""


class Pages:
    """Renders the pages of one site. Holds what they share; renders nothing twice."""

    def __init__(
        self,
        posts: Sequence[RenderedPost],
        config: Config,
        theme: Theme,
        code_style: str,
        katex: Mapping[str, bytes],
        libraries: Mapping[str, bytes],
    ) -> None:
        self.posts = posts
        self.config = config
        self.theme = theme
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
        style = _without_comments(theme.static.get("style.css", b"") + code_style.encode())
        self.language_names = {
            name: theme.strings[name]["language_name"] if name in theme.strings else name
            for name in config.languages
        }
        # Lists that every page asks for are made once: a thousand posts would make them each.
        self.siblings = {name: in_language(posts, name) for name in config.languages}
        self.position = {
            rendered.post.source.path: position
            for listed in self.siblings.values()
            for position, rendered in enumerate(listed)
        }
        self.versions = by_folder(posts)
        # The name changes with the content, so no browser shows a new page in an old dress.
        self.style = asset_path(f"style-{hashlib.sha256(style).hexdigest()[:10]}.css")
        self.katex_style = asset_path("katex/katex.min.css")
        self.scripts = {
            name: _hashed(name, data)
            for name, data in static.items()
            if name in SCRIPTS or name == PALETTE
        }
        self.static = {
            self.style: style,
            **{
                n if n in AT_THE_ROOT else asset_path(self.scripts.get(n, n)): d
                for n, d in static.items()
            },
        }
        if any(post.has_math for post in posts):
            self.static |= {asset_path(name): data for name, data in katex.items()}
        self.sites = {language: self._site(language) for language in config.languages}
        # The script finds the libraries beside itself.
        together = {INTERACTIVE: script, **libraries}
        digest = hashlib.sha256(b"".join(together.values())).hexdigest()[:10]
        self.script = asset_path(f"interactive-{digest}/{INTERACTIVE}")
        if libraries:
            self.static |= {
                asset_path(f"interactive-{digest}/{name}"): data for name, data in together.items()
            }

    # --- what pages share ---

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

    def alternates(self, paths: Mapping[str, str]) -> tuple[AlternateView, ...]:
        """A page's language versions, from language to path; none if there is only one."""
        if len(paths) < 2:
            return ()
        return tuple(
            AlternateView(language, absolute(path, self.config), address(path, self.config))
            for language, path in paths.items()
        )

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
                hint="what a template may see stands in generator/assemble/views.py",
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
        has_math: bool = False,
        image: str = "",
        scripts: Sequence[str] = (),
        policy: str = page_policy(),
        fonts: Sequence[str] = (),
    ) -> PageView:
        """The view of a page."""
        # The theme's own style comes last, so that it has the last word.
        styles = [*([self.katex_style] if has_math else []), self.style]
        return PageView(
            kind=kind,
            title=title,
            description=description,
            language=language,
            canonical=absolute(path, self.config),
            alternates=self.alternates(alternates),
            styles=tuple(address(style, self.config) for style in styles),
            image=absolute(image, self.config) if image else "",
            scripts=tuple(address(script, self.config) for script in scripts),
            policy=policy,
            fonts=tuple(address(font, self.config) for font in fonts),
        )

    def _scripts(self, rendered: RenderedPost) -> list[str]:
        """Paths of the scripts that a post's page loads."""
        wanted = [name for name in SCRIPTS if name in self.scripts and SCRIPTS[name](rendered)]
        own = [asset_path(self.scripts[name]) for name in wanted]
        return [*own, self.script] if rendered.libraries else own

    # --- kinds of pages ---

    def home(self, language: str) -> File:
        """A language's home page: the newest posts."""
        config = self.config
        posts = shown_in(self.posts, language, config)
        paths = {name: home_page(name, config) for name in config.languages}
        page = self.page(
            "home",
            paths[language],
            language,
            config.title[language],
            config.description[language],
            paths,
        )
        shown = tuple(self.summary(post, language) for post in posts[: config.page_size])
        rest = len(posts) - len(shown)
        return self.render("home.html", paths[language], page, "home", posts=shown, rest=rest)

    def post(self, rendered: RenderedPost) -> File:
        """A post's page."""
        config, meta = self.config, rendered.post.meta
        path = post_page(rendered.post, config)
        versions = {
            other.post.meta.language: post_page(other.post, config)
            for other in self.versions[rendered.post.source.folder]
        }
        page = self.page(
            "post",
            path,
            meta.language,
            meta.title,
            rendered.excerpt,
            {name: versions[name] for name in config.languages if name in versions},
            has_math=rendered.has_math,
            image=rendered.image.path if rendered.image else "",
            scripts=self._scripts(rendered),
            policy=post_policy(rendered.body, rendered.libraries, "html" in meta.trusted),
            fonts=_first_fonts(rendered.body) if rendered.has_math else (),
        )
        siblings = self.siblings[meta.language]
        position = self.position[rendered.post.source.path]
        view = PostView(
            summary=self.summary(rendered, meta.language),
            html=Markup(rendered.body),
            author=meta.author.name,
            updated=(
                self.date(rendered, meta.language, updated=True)
                if meta.updated.date() != meta.date.date()
                else None
            ),
            toc=nest(rendered.headings) if has_margin_contents(rendered) else (),
            references=tuple(
                reference_view(
                    work, self.strings(meta.language), rendered.citations.get(work.id, ())
                )
                for work in rendered.works
            ),
            newer=self._neighbour(siblings, position - 1),
            older=self._neighbour(siblings, position + 1),
            source=source_address(rendered.post, config),
            stale=bool(rendered.stale),
            card=card_view(rendered, config, self.strings(meta.language)),
        )
        return self.render("post.html", path, page, rendered.post.source.path, post=view)

    def _neighbour(self, posts: Sequence[RenderedPost], position: int) -> LinkView | None:
        if not 0 <= position < len(posts):
            return None
        post = posts[position].post
        return LinkView(post.meta.title, address(post_page(post, self.config), self.config))

    def lists_with(self, posts: Sequence[RenderedPost]) -> Iterator[File]:
        """The lists in which some posts stand, in every language."""
        terms = {post.post.meta.category for post in posts}
        terms |= {tag for post in posts for tag in post.post.meta.tags}
        for language in self.config.languages:
            yield self.home(language)
            yield self.archive(language)
            yield from self.lists(language, terms)

    def lists(self, language: str, terms: Container[str] | None = None) -> Iterator[File]:
        """The lists of a language: a page a category, a page a tag; all, or those of `terms`."""
        config = self.config
        groups = {name: shown_in(self.posts, name, config) for name in config.languages}
        for kind, grouped, page_of in (
            ("category", by_category, category_page),
            ("tag", by_tag, tag_page),
        ):
            everywhere = {name: grouped(posts) for name, posts in groups.items()}
            for term, posts in everywhere[language].items():
                if terms is not None and term not in terms:
                    continue
                paths = {
                    name: page_of(term, name, config)
                    for name in config.languages
                    if any(
                        page_of(other, name, config) == page_of(term, name, config)
                        for other in everywhere[name]
                    )
                }
                description = self.strings(language)[f"{kind}_description"].format(name=term)
                page = self.page(kind, paths[language], language, term, description, paths)
                shown = tuple(self.summary(post, language) for post in posts)
                yield self.render(
                    "list.html", paths[language], page, f"the {kind} {term}", posts=shown
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
        )
        return self.render("archive.html", paths[language], page, "archive", years=years)

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


def page_files(
    posts: Sequence[RenderedPost],
    config: Config,
    theme: Theme,
    code_style: str,
    katex: Mapping[str, bytes],
    libraries: Mapping[str, bytes],
) -> Iterator[File]:
    """Every page of the site and every static file."""
    pages = Pages(posts, config, theme, code_style, katex, libraries)
    for language in config.languages:
        yield pages.home(language)
        yield pages.archive(language)
        yield from pages.lists(language)
    for post in newest_first(posts):
        yield pages.post(post)
        yield from pages.redirects(post)
    yield pages.missing()
    for path, content in pages.static.items():
        yield File(path, content, ORIGIN)
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
