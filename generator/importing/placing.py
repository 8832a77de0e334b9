"""Where each old post lies from now on: `<slug>/index.<language>.md`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..addresses import language_prefix
from ..addresses import slug as address_slug
from ..errors import ConfigError, InkcellError, PostError
from ..model import Config
from .notebooks import cell_text
from .old_blog import OldPost, OldSite
from .prose import prose_of

HANGUL = re.compile("[가-힣]")
LETTER = re.compile("[A-Za-z]")
LISTS = ("archive", "search", "tag", "series", "feed", "assets", "page")
"""What lies at the root of each language's part of the site besides posts and pages."""
LONGEST_NAME = 200
"""Bytes of a folder's name, which a disk gives 255."""


class Placed(Struct, frozen=True):
    """An old post and its place."""

    post: OldPost
    path: str
    """Below the blog's folder: `posts/ncut/index.en.md`."""
    language: str


def place(
    site: OldSite, lists: Collection[str], config: Config, errors: list[InkcellError]
) -> tuple[Placed, ...]:
    """The posts in the order of their dates, each in a folder that no other has; pages follow.

    Two versions of one post share a folder. A post in a language that the blog does not have goes
    to `errors`, once for each language.
    """
    taken: dict[tuple[str, str], str] = {}
    of_group: dict[str, str] = {}
    done: list[Placed] = []
    missing: dict[str, list[str]] = {}
    for post in sorted(site.posts, key=lambda post: (post.standing, post.date, post.path)):
        language = language_of(post, site, config)
        if language not in config.languages:
            missing.setdefault(language, []).append(post.path)
            continue
        group = _group(post, language, done)
        stem = address_slug(post.name).strip("_-") or "post"
        while len(stem.encode()) > LONGEST_NAME:
            stem = stem[:-1]
        number = 1
        folder = of_group.get(group, stem)
        # A standing page's address is its name alone, and lists have such addresses, too.
        of_others = {*config.languages, *lists} if post.standing else set()
        while (
            (folder, language) in taken
            or folder in of_others
            or (group not in of_group and any(name == folder for name, _ in taken))
        ):
            number += 1
            folder = f"{stem}-{number}"
        of_group.setdefault(group, folder)
        taken[folder, language] = post.path
        ending = "ipynb" if post.notebook else "md"
        home = (config.pages if post.standing else config.posts).as_posix()
        done.append(Placed(post, f"{home}/{folder}/index.{language}.{ending}", language))
    for language, paths in sorted(missing.items()):
        posts = "1 post is" if len(paths) == 1 else f"{len(paths)} posts are"
        more = "" if len(paths) == 1 else "; this is the first"
        names = ", ".join(f'"{name}"' for name in (*config.languages, language))
        message = f"{posts} in the language `{language}`, which the blog does not have{more}"
        hint = f"write languages = [{names}] in pyproject.toml, and import again"
        errors.append(ConfigError(message).at(file=min(paths), hint=hint))
    return tuple(done)


def names_of_lists(posts: Iterable[OldPost], category: str) -> frozenset[str]:
    """What the new blog's own lists are called at the root of a language's part of the site."""
    own = (name for post in posts if not post.standing for name in post.categories[:1])
    return frozenset((*LISTS, *(address_slug(name) for name in (category, *own))))


def _group(post: OldPost, language: str, done: Iterable[Placed]) -> str:
    """What the versions of one post have in common.

    If neither paths nor the tool tell it, a post of the same name and day in another language is
    another version.
    """
    own = post.group or _without_language(post.path)
    for other in done:
        if other.post.standing != post.standing:
            continue
        same_day = other.post.date[:10] == post.date[:10] and not other.post.guessed_date
        if other.language != language and same_day and other.post.name == post.name:
            return other.post.group or _without_language(other.post.path)
    return own


def each_address_once(
    found: Sequence[Placed],
    lists: Collection[str],
    config: Config,
    remarks: list[InkcellError],
) -> tuple[Placed, ...]:
    """The posts, no two of which were at one address or have one id; who loses theirs is told.

    The version in the blog's own language keeps what it shares with others. No redirect page may
    lie where a standing page or a list does now.
    """
    homes = [language_prefix(language, config) for language in config.languages]
    owners = {f"{home}/{name}": "" for home in homes for name in lists}
    owners |= {
        _sign(_page_address(item, config)): item.path for item in found if item.post.standing
    }
    for item in sorted(found, key=lambda item: item.language != config.language):
        for sign in {item.post.address, *item.post.other_addresses, item.post.id} - {""}:
            owners.setdefault(_sign(sign), item.path)
    done = []
    for item in found:
        post = item.post
        kept = [
            a for a in (post.address, *post.other_addresses) if owners.get(_sign(a)) == item.path
        ]
        for lost in sorted({post.address, *post.other_addresses} - {*kept, ""}):
            owner = owners[_sign(lost)]
            message = f"another post was at the same address: {lost}"
            hint = f"it leads to {owner} now"
            if not owner:
                message = f"the blog has a page of its own at the address {lost}"
                hint = "who comes there by an old link sees that: write a link into your theme"
            remarks.append(PostError(message).at(file=post.path, hint=hint))
        own_id = post.id if post.id and owners[_sign(post.id)] == item.path else ""
        address, *others = kept or [""]
        done.append(
            replace(
                item, post=replace(post, address=address, other_addresses=(*others,), id=own_id)
            )
        )
    return tuple(done)


def _page_address(item: Placed, config: Config) -> str:
    """Where a standing page lies in the new site."""
    return f"{language_prefix(item.language, config)}/{item.path.split('/')[-2]}/"


def _sign(address: str) -> str:
    """An address, or an id, as it is compared."""
    return address if ":" in address else address.rstrip("/").removesuffix(".html")


def _without_language(path: str) -> str:
    """What the versions of one post have in common: the path without language and ending."""
    return re.sub(r"(?:\.[a-z]{2}(?:-[A-Za-z]+)?)?\.\w+$", "", path)


def language_of(post: OldPost, site: OldSite, config: Config) -> str:
    """What the post says, its name, or else whether its text is in Hangul.

    Where the text does not tell, the language of the old blog does.
    """
    for key in ("lang", "language", "locale"):
        said = post.front.get(key)
        if isinstance(said, str) and re.fullmatch(r"[A-Za-z]{2}([-_].*)?", said):
            return _known(said, config)
    if post.language:
        return _known(post.language, config)
    if is_korean(post, site.language):
        return "ko"
    # Of what is not Korean, only those who wrote it know the language.
    for name in (site.language, config.language, "en", *config.languages):
        if name in config.languages and name != "ko":
            return name
    return config.language


def _known(said: str, config: Config) -> str:
    """A language of the blog, if it is one of them; `ko_KR` and `ko` are one."""
    name = said.replace("_", "-")
    if name in config.languages:
        return name
    return name.partition("-")[0].lower()


def is_korean(post: OldPost, usual: str) -> bool:
    """Whether a fifth of the prose's letters are Hangul, of which a word has fewer.

    Between that and a twentieth, as where Korean names much in Latin letters, and where there are
    no letters at all, the old blog's `usual` language decides.
    """
    text = post.text
    if post.notebook:
        cells = post.notebook["cells"]
        text = "\n\n".join(cell_text(cell) for cell in cells if cell["cell_type"] == "markdown")
    prose = f"{post.front.get('title', '')}\n{prose_of(text)}"
    hangul = len(HANGUL.findall(prose))
    letters = hangul + len(LETTER.findall(prose))
    if 5 * hangul > letters and hangul > 1:
        return True
    return usual == "ko" and 20 * hangul >= letters
