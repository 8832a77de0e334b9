"""Rendered posts that the next build takes over, if nothing they were made from has changed.

`last_build` says of which posts nothing has changed. Here is what they had become: an entry a
post, the text of those that stand in feeds, and the *outlines* of all posts, which is what other
pages show of them. `remembering` has kept it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from .addresses import post_page
from .entries import ENTRIES, Entry, entry_of, read_named, written_entry_of
from .inputs import versions
from .last_build import FOLDER, MANIFEST, Comparison, Made
from .model import Config, File, Post, RenderedPost, Stored, WrittenEntry
from .noting import KnownCode, KnownFormula
from .outlines import outline_of, outline_text, parted


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
            source: outline_of(self.outline_texts[source])
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
            shown = outline_of(self.outline_texts[source])
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
        outlines: dict[str, str] = self._load(self.record["outlines"], parted) or {}
        return outlines

    def _load(self, name: str, read: Callable[[bytes], Any]) -> Any:
        """What a file holds; None if it is lost or damaged."""
        try:
            return read(read_named(self.entries, name))
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
            self._last_entry = made["entry"], self._load(made["entry"], entry_of)
        return self._last_entry[1]

    def written_entry(self, name: str) -> WrittenEntry | None:
        """How a post stands in feeds, if it is kept under this name."""
        written: WrittenEntry | None = self._load(name, written_entry_of)
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
        return self.outline_texts[source] == outline_text(told)

    def _excerpt(self, source: str) -> str:
        """The excerpt of a post in the last build."""
        return outline_of(self.outline_texts[source]).excerpt

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
