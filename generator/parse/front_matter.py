"""Front matter -> Meta: complete, typed, every mistake reported with its line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import unquote

from ..addresses import in_its_place, is_category, is_path, is_slug
from ..addresses import slug as slug_of
from ..config import (
    ADDRESS_HINT,
    EXECUTION_KEYS,
    checked_permalink,
    read_author,
    read_execution,
    read_macros,
)
from ..errors import FrontMatterError, InkcellError
from ..model import Author, Config, Meta, Reference, Source, Unread
from ..record import Record, suggestion
from ..yaml_text import read_mapping
from . import elsewhere
from .authors import family_name, full_name, with_letters
from .identifiers import OF_WORK_IDS, WORK_ID, is_address, plain_arxiv, plain_doi
from .notebook import RawNotebook

KEYS = (
    "title",
    "date",
    "last_modified_at",
    "description",
    "tags",
    "series",
    "category",
    "draft",
    "author",
    "lang",
    "slug",
    "image",
    "aliases",
    "permalink",
    "id",
    "toc",
    "comments",
    "references",
    "trusted",
    "bibliography",
    "macros",
    "execute",
    "kernelspec",
    "jupytext",
)
"""`jupytext` is what jupytext writes for itself; it is read over."""

PAGE_KEYS = (
    "title",
    "last_modified_at",
    "description",
    "draft",
    "author",
    "lang",
    "slug",
    "image",
    "aliases",
    "toc",
    "references",
    "bibliography",
    "macros",
    "nav",
    "order",
    "kernelspec",
    "jupytext",
)
"""Of a standing page; `kernelspec` is what Jupyter writes, and nothing of it runs."""

SYNONYMS = {
    "lastmod": "last_modified_at",
    "modified": "last_modified_at",
    "updated": "last_modified_at",
    "date-modified": "last_modified_at",
    "categories": "category",
    "redirect_from": "aliases",
}

REFERENCE_KEYS = (
    "id",
    "title",
    "author",
    "container-title",
    "volume",
    "issue",
    "page",
    "issued",
    "publisher",
    "publisher-place",
    "edition",
    "DOI",
    "arxiv",
    "URL",
)

TRUSTED = ("html",)
"""Kinds of output that a post may publish as they are."""

FOR_PROSE: Mapping[str, Unread] = {
    "macros": "macros",
    "references": "works",
    "bibliography": "works",
}
"""Keys without which prose that is right would look wrong."""

ANOTHER_DATE = re.compile(r"(\d{4})\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})\s*[.일]?")

DATE_HINT = "write it as 2022-07-08, or 2022-07-08T21:00:00+09:00"


def read_front_matter(
    raw: RawNotebook, source: Source, config: Config, errors: list[InkcellError]
) -> tuple[Meta, frozenset[Unread]]:
    """The front matter of a post, and what of it could not be read; mistakes go to `errors`.

    Where something is wrong stands what a post has that does not say it.
    """
    lines_of_text = raw.front_matter.split("\n")
    unread: set[Unread] = set()
    is_read = True
    try:
        values, lines, twice = read_mapping(raw.front_matter, raw.front_matter_line)
    except FrontMatterError as error:
        errors.append(error.at(cell=raw.front_matter_cell))
        values, lines, twice, is_read = {}, {}, [], False
        unread.update(FOR_PROSE.values())
    for name, wrong in twice:
        errors.append(wrong.at(cell=raw.front_matter_cell))
        # The prose may mean the other one.
        unread.update(FOR_PROSE[key] for key in FOR_PROSE if key == name.partition(".")[0])

    def complain(message: str, key: str, hint: str | None) -> InkcellError:
        known_lines = [lines[name] for name in _ancestors(spelling(key)) if name in lines]
        line = known_lines[0] if known_lines else raw.front_matter_line
        shown = lines_of_text[line - raw.front_matter_line] if known_lines else None
        return FrontMatterError(message).at(
            line=line, cell=raw.front_matter_cell, text=shown, hint=hint
        )

    spelled = {SYNONYMS[key]: key for key in values if key in SYNONYMS}

    def spelling(key: str) -> str:
        head, dot, rest = key.partition(".")
        return spelled.get(head, head) + dot + rest

    record = Record(_without_synonyms(values), complain, errors)
    for written in values:
        name = SYNONYMS.get(written, written)
        other = name if name in values else spelled.get(name, name)
        if written != other:
            hint = f"remove the line `{written}: …`"
            record.wrong(written, f"`{written}` and `{other}` mean the same", hint)
    known = {*KEYS, *PAGE_KEYS} if source.standing else {*KEYS}
    record.known(known, elsewhere.FRONT_MATTER)
    unread.update(
        FOR_PROSE[key] for key in FOR_PROSE if any(suggestion(k, [key]) for k in {*values} - known)
    )
    if source.standing:
        for key in record.values:
            if key in KEYS and key not in PAGE_KEYS:
                hint = "remove it, or make the page a post: move its folder to posts/"
                record.wrong(key, f"a standing page has no `{key}`", hint)
    for key in ("title",) if source.standing else ("title", "date", "category"):
        if is_read and record.lacks(key):
            record.wrong(key, f"`{key}` is missing", f"add a line `{key}: …`")
    if record.text("lang", source.language) != source.language:
        record.wrong(
            "lang",
            f"the file's name says `{source.language}`, the front matter another language",
            "remove `lang`, or rename the file",
        )
    execute = record.record("execute")
    execute.known(EXECUTION_KEYS, elsewhere.EXECUTE)
    kernel = record.record("kernelspec")
    kernel.known(("name", "display_name", "language"))
    saved_kernel = raw.metadata.get("kernelspec", {}).get("name") or "python3"
    permalink = record.text("permalink")
    slug = record.text("slug", source.folder)
    if not is_slug(slug):
        hint = "letters, digits, `-` and `_`"
        record.wrong("slug", f"`{slug}` cannot stand in an address", hint)
    before = len(errors)
    references, bibliography = _works(record, source, errors)
    if len(errors) > before:
        unread.add("works")
    before = len(errors)
    macros = read_macros(record, config.macros)
    if len(errors) > before:
        unread.add("macros")
    meta = Meta(
        title=record.text("title"),
        date=_date(record, "date", config) or datetime(1970, 1, 1, tzinfo=UTC),
        last_modified_at=_date(record, "last_modified_at", config),
        slug=unicodedata.normalize("NFC", slug),
        language=source.language,
        category=_category(record, config),
        author=_author(record, config.author),
        description=" ".join(record.text("description").split()),
        tags=_tags(record),
        series=_series(record),
        draft=record.flag("draft", False),
        image=record.text("image"),
        aliases=_aliases(record),
        permalink=checked_permalink(record, permalink) if permalink else "",
        id=record.text("id"),
        nav=record.flag("nav", False),
        order=record.number("order", 0),
        toc=record.flag("toc", False) if record.values.get("toc") is not None else None,
        comments=record.flag("comments", False),
        references=references,
        bibliography=bibliography,
        macros=macros,
        trusted=_trusted(record),
        execute=read_execution(execute, config.execute),
        kernel=kernel.text("name", saved_kernel),
        kernel_language=kernel.text("language"),
    )
    return meta, frozenset(unread)


def _without_synonyms(values: Mapping[str, object]) -> dict[str, object]:
    return {SYNONYMS.get(key, key): value for key, value in values.items()}


def _ancestors(key: str) -> list[str]:
    parts = key.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _date(record: Record, key: str, config: Config) -> datetime | None:
    value = record.values.get(key)
    if value is None:
        return None
    # Jekyll writes `2022-07-08 21:00:00 +0900`; ISO 8601 has no space before the offset.
    text = re.sub(r"\s+(?=[+-]\d{2}:?\d{2}$)", "", str(value).strip())
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        record.wrong(key, f"`{value}` is not a date", _meant_date(text) or DATE_HINT)
        return None
    # HTML has no more than thousandths of a second, and no post needs any.
    date = date.replace(microsecond=0, tzinfo=date.tzinfo or config.timezone or UTC)
    return _in_whole_minutes(date)


def _in_whole_minutes(moment: datetime) -> datetime:
    """A moment whose offset has no seconds, as local mean time had them: RFC 3339 has none."""
    offset = moment.utcoffset() or timedelta()
    seconds = offset % timedelta(minutes=1)
    return moment.replace(tzinfo=timezone(offset - seconds)) if seconds else moment


def _meant_date(text: str) -> str | None:
    """A hint for a day that is written otherwise: `2022-7-8`, `2022/07/08`, `2022년 7월 8일`."""
    match = ANOTHER_DATE.fullmatch(text)
    if not match:
        return None
    with suppress(ValueError):
        return f"write it as {date(*map(int, match.groups())).isoformat()}"
    return "there is no such day"


def _tags(record: Record) -> tuple[str, ...]:
    value = record.values.get("tags")
    if isinstance(value, str) and len(several := re.split(r"\s*,\s*|\s+", value.strip())) > 1:
        # Jekyll parts them at spaces, Pelican at commas; but a tag may be of two words.
        # In brackets, too, a comma parts two tags, but not in quotes.
        one = f'"{value.strip()}"' if "," in value else value.strip()
        hint = f"write tags: [{', '.join(several)}]; if it is one, tags: [{one}]"
        record.wrong("tags", f"`{value.strip()}` may be one tag or several", hint)
    tags = tuple(unicodedata.normalize("NFC", tag) for tag in record.texts("tags"))
    for tag in tags:
        if not slug_of(tag):
            record.wrong(
                "tags", f"`{tag}` cannot stand in an address", "a tag has letters or digits"
            )
    return tags


def _category(record: Record, config: Config) -> str:
    names = record.texts("category")
    if len(names) > 1:
        record.wrong("category", "a post has one category", "make the others tags")
    category = unicodedata.normalize("NFC", names[0]) if names else ""
    if category and not is_category(category):
        hint = "letters, digits, spaces, `-` and `_`"
        record.wrong("category", f"`{category}` cannot stand in an address", hint)
    elif other := in_its_place(category, config):
        message = f"the category `{category}` would have the address of {other}"
        record.wrong("category", message, "give it another name")
    return category


def _series(record: Record) -> str:
    series = unicodedata.normalize("NFC", record.text("series"))
    if series and not slug_of(series):
        hint = "its name has letters or digits"
        record.wrong("series", f"`{series}` cannot stand in an address", hint)
    return series


def _author(record: Record, default: Author) -> Author:
    if record.lacks("author"):
        return default
    if isinstance(record.values["author"], str):
        name = record.text("author")
        return default if name == default.name else Author(name)
    return read_author(record.record("author"), default.name)


def _aliases(record: Record) -> tuple[str, ...]:
    # A browser's address bar has copied them as they stand in links.
    aliases = tuple(
        unicodedata.normalize("NFC", unquote(alias)) for alias in record.texts("aliases")
    )
    for alias in aliases:
        if not is_path(alias):
            message = f"the alias `{alias}` is not a path of the site"
            record.wrong("aliases", message, ADDRESS_HINT)
    return aliases


def _trusted(record: Record) -> tuple[str, ...]:
    kinds = record.texts("trusted")
    for kind in kinds:
        if kind not in TRUSTED:
            record.wrong("trusted", f"`{kind}` cannot be trusted", "write it as trusted: [html]")
    return kinds


def _works(
    record: Record, source: Source, errors: list[InkcellError]
) -> tuple[tuple[Reference, ...], tuple[Reference, ...]]:
    """`references`, and what the files of `bibliography` add to them."""
    references = _references(record)
    own = {work.id for work in references}
    found: tuple[Reference, ...] = ()
    if files := record.texts("bibliography"):
        from .bibliography import read_bibliography

        works = read_bibliography(files, source, errors)
        found = tuple(work for work in works if work.id not in own)
    # A letter behind a year tells works of the list apart; what is not cited is not in the list.
    cited = tuple(work for work in found if f"@{work.id}" in source.text)
    lettered = {work.id: work for work in with_letters((*references, *cited))}
    return (
        tuple(lettered[work.id] for work in references),
        tuple(lettered.get(work.id, work) for work in found),
    )


def _references(record: Record) -> tuple[Reference, ...]:
    value = record.values.get("references")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        hint = "each starts with `- id: …`, then `title: …`"
        record.wrong("references", "`references` must be a list of works", hint)
        return ()
    references: list[Reference] = []
    for number, item in enumerate(value):
        entry = Record(item, record.complain, record.errors, f"references.{number}.")
        entry.known(REFERENCE_KEYS, elsewhere.REFERENCES)
        for key in ("id", "title"):
            if not entry.text(key):
                entry.wrong(key, f"a reference has no `{key}`", f"add a line `{key}: …` to it")
        if entry.text("id") and not WORK_ID.fullmatch(entry.text("id")):
            entry.wrong("id", f"no text can cite the id `{entry.text('id')}`", OF_WORK_IDS)
        if any(entry.text("id") == other.id for other in references):
            entry.wrong("id", f"two references have the id `{entry.text('id')}`")
        url = entry.text("URL")
        if url and not is_address(url):
            entry.wrong("URL", f"`{url}` is no address", "for example https://example.org/paper")
        authors = entry.texts("author")
        references.append(
            Reference(
                id=entry.text("id"),
                title=entry.text("title"),
                authors=tuple(full_name(author) for author in authors),
                families=tuple(family_name(author) for author in authors),
                container_title=entry.text("container-title"),
                volume=entry.scalar("volume"),
                issue=entry.scalar("issue"),
                page=entry.scalar("page"),
                issued=entry.scalar("issued"),
                publisher=entry.text("publisher"),
                publisher_place=entry.text("publisher-place"),
                edition=entry.scalar("edition"),
                doi=plain_doi(entry.text("DOI")),
                arxiv=plain_arxiv(entry.scalar("arxiv")),
                url=url,
            )
        )
    return tuple(references)
