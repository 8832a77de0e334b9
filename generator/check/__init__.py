"""The finished site and the posts -> Findings, all of them in one run.

1. `reading`     the site's files, from the disk
2. `page`        each page read once; `built_site` knows which post it comes from
3. CHECKS        links, images, markup, weight, leftovers, secrets
4. `contrast`    the colours of the settings, as the site's style sheet has them
5. `feed_ids`    the ids that posts were published under
6. `external`    links out of the site, if that is asked for

Pure, but for `reading` and `external`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from msgspec.structs import replace

from ..addresses import notebook_path, page_path, post_page
from ..model import Config, Post
from .built_site import BuiltSite
from .contrast import check_contrast
from .feed_ids import check_feed_ids
from .finding import Finding
from .images import check_images
from .leftovers import check_leftovers
from .links import check_links
from .markup import check_markup
from .page import read_page
from .secrets import check_secrets
from .weight import check_weight

CHECKS: tuple[tuple[str, Callable[[BuiltSite], Iterator[Finding]]], ...] = (
    ("links", check_links),
    ("images", check_images),
    ("markup", check_markup),
    ("leftovers", check_leftovers),
    ("secrets", check_secrets),
)
"""What looks at the site alone, in order."""


def built_site(
    files: Mapping[str, bytes], posts: Iterable[Post], config: Config, folder: str
) -> BuiltSite:
    """A finished site, its pages read.

    Args:
        files: path inside the output folder to content.
        posts: what the site was built from; drafts may be among them.
        config: the settings, with the address that the site was built for.
        folder: the output folder, as findings name it.
    """
    pages = {
        path: read_page(path, files[path].decode(errors="replace"))
        for path in files
        if path.endswith(".html")
    }
    found = [(page_path(post_page(post, config)), post) for post in posts]
    return BuiltSite(
        files,
        pages,
        config.url,
        folder,
        {path: post for path, post in found if path in pages},
        {notebook_path(p, config): p for _, p in found if notebook_path(p, config) in files},
    )


def check(
    site: BuiltSite,
    posts: Iterable[Post],
    config: Config,
    accepted: Mapping[str, str] | None,
    unread: Container[str] = (),
) -> tuple[Finding, ...]:
    """All that is wrong with a site, or may be, in a reader's order and each once.

    Args:
        site: the finished site.
        posts: all posts of the blog that can be read.
        config: the blog's own settings.
        accepted: the feed ids that were accepted; None if none were.
        unread: folder names of the posts that cannot be read.
    """
    found = [finding for _, look in CHECKS for finding in look(site)]
    found += check_weight(site, config.check.page_weight)
    found += check_contrast(site, config)
    found += check_feed_ids(posts, config, accepted, unread)
    return in_order(found, config)


def in_order(found: Iterable[Finding], config: Config) -> tuple[Finding, ...]:
    """Findings by place, without those that the settings ignore, and what many pages share once.

    What stands on several pages in the same words comes from the theme.
    """
    ignored = config.check.ignore
    groups: dict[Finding, list[Finding]] = {}
    for finding in dict.fromkeys(found):
        if not any(text in finding.text or text in finding.message for text in ignored):
            same = replace(finding, file="", line=0) if finding.file.endswith(".html") else finding
            groups.setdefault(same, []).append(finding)
    kept = []
    for group in groups.values():
        more = len({finding.file for finding in group}) - 1
        if more > 2:
            first = min(group, key=_place)
            kept.append(replace(first, message=f"{first.message} (and on {more} more pages)"))
        else:
            kept += group
    return tuple(sorted(kept, key=_place))


def _place(finding: Finding) -> tuple[str, int, int, str]:
    return finding.file, finding.line or 0, finding.cell or 0, finding.kind
