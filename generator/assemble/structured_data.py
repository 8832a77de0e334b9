"""What search engines read of a page: schema.org's terms as JSON-LD 1.1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..addresses import absolute, category_page, home_page, post_page
from ..model import Author, Config, RenderedPost

Thing = Mapping[str, object]
"""A node of the graph; what it knows nothing of is left out."""


def as_script(things: Sequence[Thing]) -> str:
    """Things as the content of a script element, which nothing that they say can end.

    JSON writes every character as an escape if it wants to: those that mean something in HTML
    (13.2.5.4 of its standard) are written so.
    """
    text = json.dumps({"@context": "https://schema.org", "@graph": things}, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def website(language: str, config: Config) -> Thing:
    """The blog in a language."""
    return _known(
        {
            "@type": "WebSite",
            "name": config.title[language],
            "description": config.description[language],
            "url": absolute(home_page(language, config), config),
            "inLanguage": language,
            "publisher": _person(config.author),
        }
    )


def blog(
    path: str, name: str, posts: Sequence[RenderedPost], language: str, config: Config
) -> Thing:
    """A list of posts, of which each is only named."""
    return _known(
        {
            "@type": "Blog",
            "name": name,
            "url": absolute(path, config),
            "inLanguage": language,
            "blogPost": [_named(item, config) for item in posts],
        }
    )


def breadcrumbs(places: Sequence[tuple[str, str]], config: Config) -> Thing:
    """The way from the home page to a page: (name, path) of each step."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "name": name,
                "item": absolute(path, config),
            }
            for position, (name, path) in enumerate(places, start=1)
        ],
    }


def article(rendered: RenderedPost, series: tuple[str, str] | None, config: Config) -> Thing:
    """A post or a standing page; `series` is the name and the path of the one it is part of."""
    meta = rendered.post.meta
    standing = rendered.post.source.standing
    place = absolute(post_page(rendered.post, config), config)
    return _known(
        {
            "@type": "WebPage" if standing else "BlogPosting",
            "name" if standing else "headline": meta.title,
            "description": rendered.excerpt,
            "url": place,
            "mainEntityOfPage": None if standing else place,
            "inLanguage": meta.language,
            "datePublished": None if standing else meta.date.isoformat(),
            "dateModified": (meta.last_modified_at if standing else meta.updated)
            and meta.updated.isoformat(),
            "author": _person(meta.author),
            "image": rendered.share and absolute(rendered.share.path, config),
            "articleSection": meta.category,
            "keywords": list(meta.tags),
            "isPartOf": series
            and {
                "@type": "CreativeWorkSeries",
                "name": series[0],
                "url": absolute(series[1], config),
            },
        }
    )


def way_to(rendered: RenderedPost, config: Config) -> list[tuple[str, str]]:
    """Home, the category, the post."""
    meta = rendered.post.meta
    own = (meta.title, post_page(rendered.post, config))
    home = (config.title[meta.language], home_page(meta.language, config))
    if rendered.post.source.standing:
        return [home, own]
    return [home, (meta.category, category_page(meta.category, meta.language, config)), own]


def _named(rendered: RenderedPost, config: Config) -> Thing:
    meta = rendered.post.meta
    return {
        "@type": "BlogPosting",
        "headline": meta.title,
        "url": absolute(post_page(rendered.post, config), config),
        "datePublished": meta.date.isoformat(),
    }


def _person(author: Author) -> Thing:
    return _known({"@type": "Person", "name": author.name, "url": author.uri})


def _known(thing: Thing) -> Thing:
    return {name: value for name, value in thing.items() if value}
