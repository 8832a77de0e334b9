"""Rendered posts that the next build takes over, if nothing they were made from has changed.

`last_build` says of which posts nothing has changed. Here lies what they had become: an entry a
post, named by its own SHA-256, the text of those that stand in feeds, and one file with the
*outlines* of all posts, which is what other pages show of them. What is not what its name says is
dropped, never trusted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH, ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from .addresses import post_page
from .last_build import (
    FOLDER,
    FORMAT,
    MANIFEST,
    VARIABLES,
    Comparison,
    Made,
    Record,
    Stamp,
    keep,
    kernel_files,
    look_at,
    versions,
    write_record,
)
from .model import (
    Config,
    File,
    Foreseeing,
    Formula,
    Highlight,
    Macros,
    Notebook,
    Post,
    RenderedPost,
    Stored,
    Typeset,
    Value,
    WrittenEntry,
)
from .plain import NotPlain, plain, restored

ENTRIES = "posts"
"""Their folder, beside the record."""


class Published(Value, frozen=True):
    """A file that a post publishes. Its content is kept where it is: in the site."""

    path: str
    digest: str
    origin: str


class KnownFormula(Value, frozen=True):
    """A formula that a post has, typeset."""

    tex: str
    display: bool
    formula: Formula
    macros: Macros = ()


class KnownCode(Value, frozen=True):
    """Code that a post shows, coloured."""

    code: str
    language: str
    html: str


class Entry(Value, frozen=True):
    """A rendered post on the disk."""

    rendered: RenderedPost
    """Without its files."""
    files: tuple[Published, ...] = ()
    formulas: tuple[KnownFormula, ...] = ()
    codes: tuple[KnownCode, ...] = ()


class Uses(Struct, frozen=True):
    """What the results of a post depend on besides its own folder."""

    code: str = ""
    """Key of the code; empty if nothing runs."""
    kernel: str = ""
    files: Mapping[str, str] = {}
    """Path, relative to the blog's folder, to SHA-256."""
    missing: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


class Fresh(Struct, frozen=True):
    """A post that this build has made."""

    post: Post
    rendered: RenderedPost | None
    """What other pages show of it, and what a search finds it by; None for a post that is left out:
    a draft, or one that waits for its date."""
    uses: Uses | None = None
    """None if nobody can tell: then the post is made anew by every build."""
    asked: Mapping[str, str] = {}
    referred: Mapping[str, str] = {}
    entry: str = ""
    """Name of its entry, which is on the disk already."""
    notices: tuple[str, ...] = ()
    files: tuple[File | Stored, ...] = ()
    """The files of the site that show it."""
    own: tuple[str, ...] = ()
    """Paths of those that it publishes itself."""
    fed: WrittenEntry | str = ""
    """How it stands in feeds, or the name of the file that keeps that; empty if it stands in
    none."""


class Kept:
    """What of the last build can be taken over, read as far as it is asked for."""

    def __init__(self, root: Path, comparison: Comparison | None) -> None:
        """With no comparison a build starts from nothing, and leaves nothing to the next."""
        self.root = root
        self.comparison = comparison
        self.entries = root / (comparison.home if comparison else FOLDER) / ENTRIES
        self.record = comparison.record if comparison else None
        self.damaged: dict[str, str] = {}
        """Entries that were dropped, and why."""
        self._last_entry: tuple[str, Entry | None] = "", None
        """A build asks for several things of one entry after the other."""
        unchanged = comparison.posts if comparison else frozenset()
        self.outline_texts = self._read_outlines()
        """Source to what other pages show of the post, as JSON."""
        self.outlines = {
            source: _outline_of(self.outline_texts[source])
            for source in unchanged
            if source in self.outline_texts
        }
        """Source to what other pages show of the post, for unchanged posts."""
        made = self.record["posts"] if self.record else {}
        self.posts: dict[str, Made] = {
            source: made[source]
            for source in made
            if source in unchanged and (source in self.outlines or not made[source]["page"])
        }
        """The unchanged posts; those that are left out have no outline."""
        self.held: set[str] = set()
        """Those that are taken over although they have changed: see `hold`."""
        self.site = comparison.site if comparison else {}
        """The files of the site that are as the last build left them."""
        self.site_digests = {path: stamp.digest for path, stamp in self.site.items()}

    def outlines_of(self, taken: Mapping[str, Made]) -> dict[str, RenderedPost]:
        """What other pages show of these posts, by their sources; nothing of those left out."""
        return {source: self.outlines[source] for source, made in taken.items() if made["page"]}

    def hold(self, known: Container[str], config: Config) -> dict[str, Made]:
        """Take over what else the last build has made, if its source is still there.

        That has changed, and cannot be made now. Every build looks at it again.

        Args:
            known: sources of the posts that are made, or taken over anyway.
            config: the blog's settings; what has another address by them is not taken over.
        """
        self.held = set()
        if self.record is None or self.comparison is None:
            return {}
        there = set(chain(*self.comparison.inputs.folders.values()))
        held: dict[str, Made] = {}
        for source, made in self.record["posts"].items():
            if source in known or source not in there or source not in self.outline_texts:
                continue
            shown = _outline_of(self.outline_texts[source])
            is_possible = shown.post.meta.language in config.languages
            if not is_possible or post_page(shown.post, config) != made["page"]:
                continue
            self.held.add(source)
            entry = self.entry(source)
            if entry is None or self.own_files(source, entry) is None:
                self.held.remove(source)  # It is lost: nothing can take its place.
                continue
            held[source] = {**made, "always": True}
            self.outlines[source] = shown
        self.posts |= held
        return held

    def _read_outlines(self) -> dict[str, str]:
        if self.record is None or not self.record["outlines"]:
            return {}
        outlines: dict[str, str] = self._load(self.record["outlines"], _texts_by_source) or {}
        return outlines

    def _load(self, name: str, read: Callable[[bytes], Any]) -> Any:
        """What a file holds; None if it is lost or damaged."""
        try:
            return read(_read(self.entries, name))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self.damaged[name] = str(error)
            return None

    def entry(self, source: str) -> Entry | None:
        """A post as the last build rendered it, whether it has changed since or not."""
        made = self.record["posts"].get(source) if self.record else None
        if made is None or not made["entry"]:
            return None
        if self._last_entry[0] != made["entry"]:
            self._last_entry = made["entry"], self._load(made["entry"], _entry)
        return self._last_entry[1]

    def written_entry(self, name: str) -> WrittenEntry | None:
        """How a post stands in feeds, if it is kept under this name."""
        written: WrittenEntry | None = self._load(name, _written_entry)
        return written

    def parts(self, source: str) -> tuple[tuple[KnownFormula, ...], tuple[KnownCode, ...]]:
        """The formulas and the code that a post had, as they would be shown now."""
        entry = self.entry(source) if self.comparison and self.comparison.world else None
        return (entry.formulas, entry.codes) if entry else ((), ())

    def content(self, path: str) -> bytes | None:
        """A file of the site whose path tells what it is made from, if it can be taken over."""
        return self._written(path) if self.comparison and self.comparison.world else None

    def _written(self, path: str) -> bytes | None:
        """A file of the site as the last build has left it; None if it is lost."""
        digest = self.site_digests.get(path)
        if digest is None or self.record is None:
            return None
        try:
            content = (self.root / self.record["output"] / path).read_bytes()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def own_files(self, source: str, entry: Entry) -> tuple[File | Stored, ...] | None:
        """The files that a post of the last build publishes; None if one of them is lost."""
        there = {f.path: self.site_digests.get(f.path, "") for f in entry.files}
        # Another version of a post that is held may have published a new picture.
        if source not in self.held and any(there[f.path] != f.digest for f in entry.files):
            return None
        if not all(there.values()):
            return None
        if MANIFEST in self.site_digests:
            return tuple(Stored(f.path, there[f.path], 0, "", f.origin) for f in entry.files)
        # They lie in the site, but nothing there says that they are ours.
        contents = self.published(file.path for file in entry.files)
        if contents is None:
            return None
        return tuple(File(file.path, contents[file.path], file.origin) for file in entry.files)

    def published(self, paths: Iterable[str]) -> dict[str, bytes] | None:
        """The content of files that the last build has written; None if one of them is lost."""
        contents = {}
        for path in paths:
            content = self._written(path)
            if content is None:
                return None
            contents[path] = content
        return contents

    def terms(self, source: str) -> str:
        """What a search finds a post by in the index that the last build has written."""
        entry = self.entry(source)
        return entry.rendered.terms if entry else ""

    def only_text_changed(self, fresh: Sequence[Fresh], taken: Mapping[str, Made]) -> bool:
        """Whether the other pages of the site, but for lists, are as they would be made now.

        They are if the theme and the set of the posts are, if every post still looks the same
        from outside and publishes the same files, and if the output folder is whole. An excerpt
        is a part of the text; lists show it (see `retold`).
        """
        if self.record is None or self.comparison is None:
            return False
        sources = {*taken, *(item.post.source.path for item in fresh)}
        return (
            self.comparison.theme
            and self.comparison.whole
            and sources == self.record["posts"].keys()
            and all(self._looks_the_same(item) for item in fresh)
        )

    def _looks_the_same(self, item: Fresh) -> bool:
        source = item.post.source.path
        entry = self.entry(source)
        if entry is None or item.rendered is None:
            return False
        if {file.path for file in entry.files} != {*item.own}:
            return False
        if source not in self.outline_texts:
            return False
        told = replace(item.rendered, excerpt=self._excerpt(source))
        return self.outline_texts[source] == _outline_text(told)

    def _excerpt(self, source: str) -> str:
        """The excerpt of a post in the last build."""
        return _outline_of(self.outline_texts[source]).excerpt

    def retold(self, fresh: Sequence[Fresh]) -> set[str]:
        """Sources of the posts that have another excerpt than in the last build."""
        return {
            item.post.source.path
            for item in fresh
            if item.rendered and item.rendered.excerpt != self._excerpt(item.post.source.path)
        }

    def folders_of(self, taken: Container[str]) -> set[str]:
        """The folders of posts in which every version is taken over."""
        folders = self.comparison.inputs.folders if self.comparison else {}
        found = {folder: list(versions(folder, files)) for folder, files in folders.items()}
        return {f for f, names in found.items() if names and all(name in taken for name in names)}

    def digests_without(self, made: Container[str]) -> dict[str, str]:
        """The files that the last build wrote and this one has not made: path to SHA-256."""
        return {
            path: digest
            for path, digest in self.site_digests.items()
            if path not in made and path != MANIFEST
        }


def _read(entries: Path, name: str) -> bytes:
    """The content of an entry, if it is what its name says."""
    content = (entries / name).read_bytes()
    if _name_of(content, name.rpartition(".")[2]) != name:
        raise NotPlain("its content is not what its name says")
    return content


def _name_of(content: bytes, ending: str) -> str:
    return f"{hashlib.sha256(content).hexdigest()[:32]}.{ending}"


def without_text(post: Post) -> Post:
    """What is known of a post besides its text and the files beside it."""
    source = replace(post.source, text="", directory="", neighbours={})
    return replace(post, source=source, notebook=Notebook(()))


def outline(rendered: RenderedPost) -> RenderedPost:
    """What other pages show of a post: all but its text."""
    return replace(
        rendered,
        post=without_text(rendered.post),
        body="",
        feed_body="",
        headings=(),
        files=(),
        loads=(),
        passages=(),
        terms="",
        warnings=(),
    )


def listed(rendered: RenderedPost) -> RenderedPost:
    """What is needed of a post when its own files are made: its outline, and its terms."""
    return replace(outline(rendered), terms=rendered.terms)


class Asked(Mapping[str, str]):
    """Addresses of posts, which notes what is asked of it and what it answered."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = pages
        self.answers: dict[str, str] = {}

    def __getitem__(self, source: str) -> str:
        self.answers[source] = self.pages.get(source, "")
        return self.pages[source]

    def __iter__(self) -> Iterator[str]:
        raise TypeError("a post asks for one address after another, or nobody knows for which")

    def __len__(self) -> int:
        return len(self.pages)


def answers_differ(asked: Mapping[str, str], pages: Mapping[str, str]) -> bool:
    """Whether a post's links would be answered in another way now."""
    return any(pages.get(source, "") != answer for source, answer in asked.items())


class Noting:
    """A typesetter that knows some formulas already, and notes all that it is asked for."""

    def __init__(self, typeset: Typeset, known: Sequence[KnownFormula]) -> None:
        self._typeset = typeset
        self._done = {(item.tex, item.display, item.macros): item.formula for item in known}
        self._used: dict[tuple[str, bool, Macros], Formula] = {}

    def __call__(self, tex: str, display: bool, macros: Macros = ()) -> Formula:
        """The formula as it is known, or as it is typeset now."""
        known = self._done.get((tex, display, macros))
        formula = known or self._typeset(tex, display, macros)
        self._used[tex, display, macros] = formula
        return formula

    def expect(self, formulas: Iterable[tuple[str, bool, Macros]]) -> None:
        """Pass on what is not known."""
        new = [formula for formula in formulas if formula not in self._done]
        if new and isinstance(self._typeset, Foreseeing):
            self._typeset.expect(new)

    def used(self) -> tuple[KnownFormula, ...]:
        """All that it was asked for."""
        return tuple(
            KnownFormula(tex, display, formula, macros)
            for (tex, display, macros), formula in self._used.items()
        )


class NotingCode:
    """What colours code, knows some already, and notes all that it is asked for."""

    def __init__(self, highlight: Highlight, known: Sequence[KnownCode]) -> None:
        self._highlight = highlight
        self._done = {(item.code, item.language): item for item in known}
        self._used: dict[tuple[str, str], KnownCode] = {}

    def __call__(self, code: str, language: str) -> str:
        """The code as it is known, or as it is coloured now."""
        known = self._done.get((code, language))
        shown = known or KnownCode(code, language, self._highlight(code, language))
        self._used[code, language] = shown
        return shown.html

    def used(self) -> tuple[KnownCode, ...]:
        """All that it was asked for."""
        return tuple(self._used.values())


# --- after a build ----------------------------------------------------------------------------


def remember(
    kept: Kept,
    config: Config,
    site: Mapping[str, Stamp],
    moved: int,
    fresh: Sequence[Fresh],
    taken: Mapping[str, Made],
    notices: Sequence[str] = (),
) -> None:
    """Keep what a build has made for the next one. The site is written already.

    Args:
        kept: what this build could take over.
        config: the blog's settings.
        site: what the output folder holds.
        moved: when that moved to its place, in nanoseconds.
        fresh: the posts that this build made.
        taken: those that it took over.
        notices: what the author was told of several posts together.
    """
    comparison, root = kept.comparison, config.root
    if comparison is None:
        return
    posts = dict(taken)
    outlines = {s: kept.outline_texts[s] for s in taken if s in kept.outline_texts}
    for item in fresh:
        if item.rendered is not None:
            outlines[item.post.source.path] = _outline_text(item.rendered)
        posts[item.post.source.path] = _made(item, config)
    kernels = sorted({made["kernel"] for made in posts.values() if made["kernel"]})
    extra = [file for kernel in kernels for file in kernel_files(kernel)] + _zone_files(config)
    world = {*comparison.inputs.world, *extra}
    if kept.record:
        world -= {*kept.record["extra"]} - {*extra}
    names = {*world, *comparison.inputs.theme, *chain(*comparison.inputs.folders.values())}
    names.update(name for made in posts.values() for name in made["uses"])
    later = names - comparison.stamps.keys()
    stamps = {**comparison.stamps, **look_at(str(root), later)}
    variables = {*VARIABLES, *(name for made in posts.values() for name in made["variables"])}
    record: Record = {
        "format": FORMAT,
        "options": dict(comparison.options),
        "started": comparison.started,
        "environment": dict(comparison.environment),
        "variables": {name: os.environ.get(name) for name in sorted(variables)},
        "world": sorted(world),
        "theme": comparison.inputs.theme,
        "folders": comparison.inputs.folders,
        "loose": comparison.inputs.loose,
        "extra": extra,
        "missing": sorted({name for made in posts.values() for name in made["missing"]}),
        "stamps": {name: stamps[name] for name in sorted(names)},
        "posts": posts,
        "outlines": _keep_outlines(kept, outlines),
        "notices": list(notices),
        "output": str(config.output),
        "site": dict(sorted(site.items())),
        "moved": moved,
    }
    write_record(str(root), record, comparison.home)
    needed = {record["outlines"]}
    needed.update(name for made in posts.values() for name in (made["entry"], made["fed"]))
    for path in kept.entries.iterdir():
        if path.name not in needed:
            path.unlink(missing_ok=True)


def waits(post: Post, config: Config) -> bool:
    """Whether a post that is no draft is left out: its date has not come."""
    if post.meta.draft and not config.drafts:
        return False
    return config.until is not None and post.meta.date > config.until


def _made(item: Fresh, config: Config) -> Made:
    uses = item.uses or Uses()
    return {
        "page": post_page(item.post, config) if item.rendered else "",
        "date": item.post.meta.date.isoformat(),
        "waits": waits(item.post, config),
        "asked": dict(item.asked),
        "referred": dict(item.referred),
        "entry": item.entry,
        "fed": item.fed if isinstance(item.fed, str) else "",
        "notices": list(item.notices),
        "always": item.uses is None,
        "code": uses.code,
        "kernel": uses.kernel,
        "uses": dict(uses.files),
        "missing": list(uses.missing),
        "variables": list(uses.variables),
    }


def keep_post(
    kept: Kept,
    rendered: RenderedPost,
    formulas: tuple[KnownFormula, ...],
    codes: tuple[KnownCode, ...],
) -> str:
    """Keep a post for the next build; the name of its entry, or nothing if that cannot be.

    The site may still fail to be made: then the next build that keeps its posts removes it.
    """
    if kept.comparison is None:
        return ""
    files = tuple(
        Published(file.path, hashlib.sha256(file.content).hexdigest(), file.origin)
        for file in rendered.files
    )
    post = without_text(rendered.post)
    entry = Entry(replace(rendered, post=post, files=()), files, formulas, codes)
    # If nothing can be kept, the next build takes longer.
    with suppress(OSError):
        return _keep(kept.entries, plain(entry), "post")
    return ""


def keep_written(kept: Kept, written: WrittenEntry) -> WrittenEntry | str:
    """Keep how a post stands in feeds; the name of what keeps it, or itself if that cannot be."""
    if kept.comparison is None:
        return written
    head = f"{written.updated.isoformat()}\n{len(written.atom)}\n".encode()
    with suppress(OSError):
        return _keep(kept.entries, head + written.atom + written.json, "entry")
    return written


def _outline_text(rendered: RenderedPost) -> str:
    return plain(outline(rendered)).decode()


def _outline_of(text: str) -> RenderedPost:
    return restored(text, RenderedPost)


def _texts_by_source(content: bytes) -> dict[str, str]:
    parts = content.decode().split("\0")[:-1]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _keep_outlines(kept: Kept, outlines: Mapping[str, str]) -> str:
    if kept.record and outlines == kept.outline_texts:
        return kept.record["outlines"]
    # Neither paths nor JSON have a NUL: what has not changed is copied, not written anew.
    parts = (f"{source}\0{text}\0" for source, text in sorted(outlines.items()))
    return _keep(kept.entries, "".join(parts).encode(), "outlines")


def _entry(content: bytes) -> Entry:
    return restored(content, Entry)


def _written_entry(content: bytes) -> WrittenEntry:
    updated, size, texts = content.split(b"\n", 2)
    atom = int(size)
    return WrittenEntry(datetime.fromisoformat(updated.decode()), texts[:atom], texts[atom:])


def _keep(entries: Path, content: bytes, ending: str) -> str:
    name = _name_of(content, ending)
    try:
        _read(entries, name)
    except (OSError, NotPlain):
        keep(str(entries), name, content)
    return name


def _zone_files(config: Config) -> list[str]:
    """Where the rules of the blog's time zone may lie."""
    key = config.timezone.key if isinstance(config.timezone, ZoneInfo) else ""
    return [f"{folder}/{key}" for folder in TZPATH] if key else []
