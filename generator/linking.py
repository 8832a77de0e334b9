"""What posts may link and refer to, and which posts a change of that concerns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from .addresses import Links, collect_links
from .kept import Kept
from .last_build import Made
from .model import Bundle, Config, ExecutedPost, Post
from .noting import answers_differ


def known_links(
    posts: Sequence[Post], taken: Mapping[str, Made], kept: Kept, config: Config
) -> Links:
    """What posts may link and refer to: of those that are taken over, what their outlines say."""
    outlines = kept.outlines_of(taken)
    links = collect_links(
        posts,
        config,
        {source: taken[source]["page"] for source in outlines},
        {source: outline.post.meta.title for source, outline in outlines.items()},
    )
    labels = {source: outline.labels for source, outline in outlines.items()}
    if posts:
        from .render import collect_labels

        labels |= collect_labels(posts, _folders_referred_to(taken))
    return replace(links, labels=labels)


def outdated_by(taken: Mapping[str, Made], links: Links) -> set[str]:
    """The posts that link to one that has moved, or refer to one that has other numbers."""
    offered = offered_by(_folders_referred_to(taken), links)
    return {
        source
        for source, made in taken.items()
        if answers_differ(made["asked"], links.pages)
        or any(offered[folder] != known for folder, known in made["referred"].items())
    }


def refers_to_posts(item: ExecutedPost) -> bool:
    """Whether a post shows numbers or titles of another one."""
    from .render.cross_references import folders_referred_to

    return bool(folders_referred_to(item.post))


def with_labels_of_outputs(
    links: Links, executed: Sequence[ExecutedPost], taken: Mapping[str, Made]
) -> Links:
    """Links that know what can be referred to in the outputs of posts, too."""
    outputs = {item.post.source.path: item.results.outputs for item in executed}
    bundles = (o for items in outputs.values() for item in items for o in item)
    if not any(isinstance(o, Bundle) and MAY_HAVE_LABELS & o.data.keys() for o in bundles):
        return links
    from .render import collect_labels

    posts = [item.post for item in executed]
    labels = collect_labels(posts, _folders_referred_to(taken), outputs)
    return replace(links, labels={**links.labels, **labels})


def _folders_referred_to(taken: Mapping[str, Made]) -> set[str]:
    return {folder for made in taken.values() for folder in made["referred"]}


MAY_HAVE_LABELS = frozenset(("text/latex", "text/markdown"))
"""What outputs are made of that can be referred to, as MIME types."""


def offered_by(folders: Iterable[str], links: Links) -> dict[str, str]:
    """Digests of what references to the posts of folders show: addresses, titles, numbers."""
    offers = {}
    for folder in sorted(folders):
        found = [
            (
                links.pages[source],
                source,
                links.titles[source],
                [(label.name, label.number) for label in links.labels.get(source, {}).values()],
            )
            for source in links.folders.get(folder, ())
        ]
        offers[folder] = hashlib.sha256(json.dumps(found).encode()).hexdigest()
    return offers
