"""JSON Feed 1.1 (jsonfeed.org/version/1.1): the same entries as in Atom."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..addresses import absolute
from ..model import Author, Config, Theme
from .entry import Entry, feed_description, feed_title
from .listing import Feed

VERSION = "https://jsonfeed.org/version/1.1"


def json_document(
    path: str, feed: Feed, items: Sequence[bytes], config: Config, theme: Theme
) -> bytes:
    """The feed at a path as JSON, of items that are written already."""
    head = _json(
        _known(
            version=VERSION,
            title=feed_title(feed, config),
            home_page_url=absolute(feed.page, config),
            feed_url=absolute(path, config),
            description=feed_description(feed, config, theme),
            authors=[_author(config.author)],
            language=feed.language,
        )
    ).removesuffix("\n}")
    return b"".join((head.encode(), b',\n "items": [\n', b",\n".join(items), b"\n ]\n}\n"))


def json_item(entry: Entry) -> str:
    """An entry as it stands among the items of a feed, indented by two spaces.

    What is not known is left out, as the format asks; but it wants a content, be it empty.
    """
    item = {
        **_known(id=entry.id, url=entry.page, title=entry.title),
        "content_html": entry.content,
        **_known(
            summary=entry.summary,
            image=entry.thumbnail.address if entry.thumbnail else "",
            date_published=entry.published.isoformat(),
            date_modified=entry.updated.isoformat(),
            authors=[_author(entry.author)],
            tags=list(entry.terms),
            language=entry.language,
        ),
    }
    # A text in JSON has no line ends of its own.
    return "  " + _json(item).replace("\n", "\n  ")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _author(author: Author) -> dict[str, Any]:
    # The format has no field for an address of mail but that of a person's page.
    return _known(name=author.name, url=author.uri or (author.email and f"mailto:{author.email}"))


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
