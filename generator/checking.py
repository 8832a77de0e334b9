"""What is wrong with the site that was written, and with the posts that it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from msgspec import Struct
from msgspec.structs import replace

from .addresses import site_url
from .errors import BuildFailed, InkcellError, SiteError, WriteError
from .inputs import copied_files
from .last_build import MANIFEST, compare, read_record
from .model import Config
from .published import posts_shown
from .reading import folder_of, readable_posts

if TYPE_CHECKING:
    from .check.finding import Finding


class Checked(Struct, frozen=True):
    """What `check_site` looked at and found."""

    pages: int
    findings: tuple[Finding, ...]
    errors: tuple[InkcellError, ...]
    """What is wrong with the posts that cannot be read."""


def check_site(config: Config, *, external: bool = False, accept: bool = False) -> Checked:
    """Look for what is wrong with the site that the last build wrote, and with its posts.

    Args:
        config: the blog's own settings; posts with a later date than `until` have no feed id yet,
            unless the last build published them, too.
        external: ask the servers of links that lead out of the site, too.
        accept: write down the feed ids of all published posts first.

    Raises:
        PostError: the folder with the posts is not there.
        BuildFailed: ids are to be written down, and not all posts can be read: what is wrong
            with them.
        SiteError: there is no finished site.
        ConfigError: the file with the feed ids cannot be read.
        WriteError: it cannot be written.
    """
    from .check import built_site, check, in_order
    from .check.feed_ids import FILE, ids_of, ids_text, read_ids
    from .check.finding import Finding
    from .check.reading import Folder

    record = read_record(str(config.root))
    options = record["options"] if record else {}
    if options.get("future"):
        config = replace(config, until=None)
    built = replace(config, drafts=bool(options.get("drafts")))
    if record:
        url = options.get("base_url")
        url = site_url(url) if url else config.url
        built = replace(built, url=url, output=Path(record["output"]))
    folder = config.root / built.output
    if not (folder / MANIFEST).is_file():
        hint = "inkcell build writes it; then check it"
        raise SiteError(f"there is no finished site in {built.output}").at(hint=hint)
    read = replace(config, posts=Path(options.get("posts") or config.posts))
    everything, errors = readable_posts(read)
    unread = {folder_of(error, read) for error in errors} - {""}
    if accept and unread:
        raise BuildFailed(errors)
    noted = config.root / FILE
    if accept:
        try:
            noted.write_bytes(ids_text(ids_of(everything, config)).encode())
        except OSError as error:
            raise WriteError(f"{FILE} cannot be written: {error.strerror or error}").at(
                file=FILE, hint="look at its permissions and at the disk's space"
            ) from None
    accepted = read_ids(noted.read_bytes()) if noted.is_file() else None
    site = built_site(Folder(folder), posts_shown(everything, built), built, str(built.output))
    # What the author put there as it is, is as it is.
    copied = {normalize("NFC", name) for name in copied_files(str(config.root))}
    pages = {path: page for path, page in site.pages.items() if path not in copied}
    shown = {path: post for path, post in site.posts.items() if path in pages}
    site = replace(site, pages=pages, posts=shown)
    found = list(check(site, everything, config, accepted, unread))
    where = str(options.get("posts") or config.posts)
    if record and not compare(str(config.root), options, where).same:
        message = "the site is not what a build would write now"
        found.append(
            Finding("site", "warning", message, str(built.output), hint="inkcell build, then check")
        )
    if external:
        from .check.external import check_external

        found += check_external(site)
    return Checked(len(site.pages), in_order(found, config), tuple(errors))
