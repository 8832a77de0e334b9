"""A post, made: rendered, with all that the next build has to know to take it over."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from .addresses import Links, neighbour_path
from .errors import notice
from .execute.cache import DamagedEntry, entry_path, load
from .execute.frozen import traced_files
from .execute.key import code_key, executed_cells
from .inputs import is_passed_over, name_of
from .kept import Fresh, Kept, Uses
from .kernel_files import is_node, is_own
from .linking import offered_by
from .model import Config, DrawShare, ExecutedPost, Post, Typeset
from .noting import Asked, Noting, NotingCode
from .on_demand import drawing_what_is_new
from .reading import traced_root
from .remembering import keep_post
from .stamps import look


def make_post(
    item: ExecutedPost,
    links: Links,
    typeset: Typeset,
    strings: Mapping[str, str],
    draw: DrawShare,
    kept: Kept,
    in_feeds: bool,
) -> Fresh:
    """A post, rendered and kept for the next build.

    Args:
        item: with its results.
        links: what posts may link and refer to.
        typeset: typesets a formula.
        strings: the theme's texts in its language.
        draw: draws the picture that stands for it elsewhere.
        kept: what the last build knew of it.
        in_feeds: whether it stands in a feed.

    Raises:
        InkcellError: everything that is wrong with its text or its outputs.
    """
    from .render import render
    from .render.code import highlight
    from .render.cross_references import folders_referred_to

    asked = Asked(links.pages)
    formulas, codes = kept.parts(item.post.source.path)
    folders = folders_referred_to(item.post)
    # It sees the labels of the posts that it names, and so none whose change nobody would notice.
    named = (source for folder in folders for source in links.folders.get(folder, ()))
    labels = {source: links.labels[source] for source in named if source in links.labels}
    seen = replace(links, pages=asked, labels=labels)
    noting, noting_code = Noting(typeset, formulas), NotingCode(highlight, codes)
    drawing = drawing_what_is_new(draw, kept, partial(neighbour_path, item.post.source.folder))
    rendered = render(item, seen, noting, strings, drawing, noting_code, in_feeds)
    return Fresh(
        item.post,
        rendered,
        _uses(item, links.config),
        asked.answers,
        offered_by(folders, links),
        keep_post(kept, rendered, noting.used(), noting_code.used()),
        tuple(dict.fromkeys(map(notice, rendered.warnings))),
    )


def _uses(item: ExecutedPost, config: Config) -> Uses | None:
    """What the results of a post depend on besides its folder; None if that is not known."""
    post, settings = item.post, item.post.meta.execute
    if not settings.enabled or not executed_cells(post):
        return Uses()
    root, home = traced_root(config), str(config.root)
    if item.results.frozen and not item.results.stale:
        files = _accounted(traced_files(post, code_key(post)), post, root, home)
        return None if files is None else Uses(code=code_key(post), files=files)
    if not settings.cache or settings.freeze or item.results.stale:
        return None
    interpreter = shutil.which("node") if is_node(post.meta.kernel) else None
    if not interpreter and not is_own(post.meta.kernel):
        return None
    key = code_key(post)
    path = str(entry_path(config.root / config.cache, key))
    digest = look(path).digest
    try:
        entry = load(config.root / config.cache, key)
    except DamagedEntry:
        return None
    if entry is None or entry.results.provenance != item.results.provenance:
        return None
    files = _accounted(entry.trace.files, post, root, home)
    if files is None:
        return None
    files[name_of(path, home)] = digest
    if interpreter:
        files[interpreter] = look(interpreter).digest
    return Uses(
        code=key,
        kernel=post.meta.kernel,
        files=files,
        missing=entry.trace.missing,
        variables=settings.depends_on_env,
    )


def _accounted(
    traced: Mapping[str, str], post: Post, root: Path, home: str
) -> dict[str, str] | None:
    """The files of a trace as a build's record has them; None if it listed a folder elsewhere.

    A post is looked at again when any file in its own folder comes, goes or changes: so what was
    listed there needs no word of its own. Of a folder that was missing the record tells.
    """
    own = f"{Path(post.source.path).parent.as_posix()}/"
    told = {
        name: digest
        for name, digest in traced.items()
        if not (digest and _is_looked_at(name, own, root))
    }
    for name, digest in told.items():
        if digest and (name.endswith("/") or (root / name).is_dir()):
            return None
    places = {name: name if Path(name).is_absolute() else f"{root}/{name}" for name in told}
    return {name_of(places[name], home): digest for name, digest in told.items()}


def _is_looked_at(name: str, own: str, root: Path) -> bool:
    """Whether a build looks at a file because it lies in a post's own folder.

    It passes over what is hidden or made, and does not follow a link to a folder.
    """
    if not name.startswith(own):
        return False
    here, place = root / own, root / name
    steps = [place, *place.parents][: len(place.parts) - len(here.parts)]
    # Of a folder that was declared, all counts that is in it.
    below = place.rglob("*") if place.is_dir() and not name.endswith("/") else ()
    return not any(is_passed_over(step.name) for step in steps) and not any(
        step.is_symlink() and step.is_dir() for step in (*steps, *below)
    )
