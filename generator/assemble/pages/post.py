"""A post's own page; a standing page has less of the same."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ...addresses import address, post_page, series_page, slug, source_address
from ...model import File, RenderedPost
from ..card import card_view
from ..listing import newer_version
from ..policy import post_policy
from ..references import reference_views
from ..structured_data import Thing, article, breadcrumbs, way_to
from ..views import PostView, RelatedView, SeriesView, StandingView, VersionView
from .assets import post_scripts
from .blog import Blog
from .contents import margin_contents
from .first_fonts import formula_fonts
from .mention import link_view, published, summary_view, updated
from .page import page_file, page_view


def post_file(rendered: RenderedPost, blog: Blog) -> File:
    """The page of a post, or a standing page."""
    meta, source = rendered.post.meta, rendered.post.source
    path = post_page(rendered.post, blog.config)
    versions = _versions(rendered, blog)
    page = page_view(
        "page" if source.standing else "post",
        path,
        meta.language,
        meta.title,
        rendered.excerpt,
        {name: post_page(other.post, blog.config) for name, other in versions.items()},
        blog,
        has_math=rendered.has_math,
        image=rendered.share,
        data=_data(rendered, blog),
        scripts=post_scripts(rendered, blog.assets),
        policy=post_policy(
            (*blog.assets.loads, *rendered.loads), rendered.libraries, "html" in meta.trusted
        ),
        fonts=formula_fonts(rendered.body) if rendered.has_math else (),
    )
    if source.standing:
        text = _standing_view(rendered, blog)
        return page_file("page.html", path, page, blog, source.path, text=text)
    return page_file("post.html", path, page, blog, source.path, post=_post_view(rendered, blog))


def _data(rendered: RenderedPost, blog: Blog) -> tuple[Thing, ...]:
    """What search engines read of a post."""
    meta, config = rendered.post.meta, blog.config
    place = series_page(meta.series, meta.language, config)
    series = (meta.series, place) if meta.series else None
    return article(rendered, series, config), breadcrumbs(way_to(rendered, config), config)


def _standing_view(rendered: RenderedPost, blog: Blog) -> StandingView:
    strings = blog.theme.strings_in(rendered.post.meta.language)
    dated = rendered.post.meta.last_modified_at is not None
    return StandingView(
        html=Markup(rendered.body),
        updated=updated(rendered, strings) if dated else None,
        toc=margin_contents(rendered),
        references=reference_views(rendered, strings),
        newer_version=_newer_version(rendered, blog),
    )


def _post_view(rendered: RenderedPost, blog: Blog) -> PostView:
    config, meta = blog.config, rendered.post.meta
    strings = blog.theme.strings_in(meta.language)
    newer, older = _neighbours(rendered, blog)
    parts = blog.series[meta.language].get(slug(meta.series), ()) if meta.series else ()
    named = {item.post.source.path for item in (newer, older, *parts) if item}
    return PostView(
        summary=summary_view(rendered, meta.language, strings, config),
        html=Markup(rendered.body),
        author=meta.author.name,
        updated=updated(rendered, strings) if meta.updated.date() != meta.date.date() else None,
        toc=margin_contents(rendered),
        references=reference_views(rendered, strings),
        newer=link_view(newer, config) if newer else None,
        older=link_view(older, config) if older else None,
        series=_series_view(rendered, parts, blog) if parts else None,
        related=tuple(
            RelatedView(
                item.post.meta.title,
                address(post_page(item.post, config), config),
                published(item, strings),
                item.post.meta.category,
            )
            for item in blog.related[meta.language].to(rendered, named)
        ),
        newer_version=_newer_version(rendered, blog),
        source=source_address(rendered.post, config),
        stale=bool(rendered.stale),
        card=card_view(rendered, config, strings),
        comments=meta.comments,
    )


def _neighbours(
    rendered: RenderedPost, blog: Blog
) -> tuple[RenderedPost | None, RenderedPost | None]:
    """The next newer post and the next older one in its language."""
    siblings = blog.siblings[rendered.post.meta.language]
    position = blog.position[rendered.post.source.path]
    newer = siblings[position - 1] if position > 0 else None
    return newer, siblings[position + 1] if position + 1 < len(siblings) else None


def _series_view(rendered: RenderedPost, parts: Sequence[RenderedPost], blog: Blog) -> SeriesView:
    # All say its name as the newest part does; they may write it in other cases.
    name, language = parts[-1].post.meta.series, rendered.post.meta.language
    return SeriesView(
        name=name,
        address=address(series_page(name, language, blog.config), blog.config),
        number=[item.post.source.path for item in parts].index(rendered.post.source.path) + 1,
        parts=tuple(link_view(item, blog.config) for item in parts),
    )


def _versions(rendered: RenderedPost, blog: Blog) -> dict[str, RenderedPost]:
    """The versions of a post by their languages, the default one first, its own included."""
    found = {item.post.meta.language: item for item in blog.versions[rendered.post.source.folder]}
    return {name: found[name] for name in blog.config.languages if name in found}


def _newer_version(rendered: RenderedPost, blog: Blog) -> VersionView | None:
    newer = newer_version(rendered, _versions(rendered, blog).values())
    if newer is None:
        return None
    language = newer.post.meta.language
    strings = blog.theme.strings_in(rendered.post.meta.language)
    return VersionView(
        language,
        strings.get(f"language_{language}", blog.language_names[language]),
        address(post_page(newer.post, blog.config), blog.config),
        updated(newer, strings),
    )
