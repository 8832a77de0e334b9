"""BibTeX files beside a post -> References, and the names by which works are cited.

The only module that knows bibtexparser: it goes on after a damaged entry, tells the line of every
entry, and reads names and TeX accents. It takes 0.03 s and megabytes to import, so that only posts
with such a file import this.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence

from bibtexparser import model
from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from bibtexparser.middlewares import (
    LatexDecodingMiddleware,
    NameParts,
    SeparateCoAuthors,
    SplitNameParts,
)

from ..addresses import as_on_disk
from ..errors import FrontMatterError, InkcellError
from ..model import OTHERS, Reference, Source
from ..record import suggestion
from .authors import in_korean
from .identifiers import OF_WORK_IDS, WORK_ID, is_address, plain_arxiv, plain_doi

# What it logs about a damaged entry is in our own errors.
logging.getLogger("bibtexparser").addHandler(logging.NullHandler())

CONTAINERS = ("journaltitle", "journal", "booktitle")
PUBLISHERS = ("publisher", "school", "institution", "organization", "howpublished")
PREPRINT = re.compile(r"arxiv preprint arxiv:\s*(\S+)", re.IGNORECASE)
"""How search engines for papers export a preprint."""
YEAR = re.compile(r"\d{4}")


def read_bibliography(
    names: Iterable[str], source: Source, errors: list[InkcellError]
) -> tuple[Reference, ...]:
    """The works of BibTeX files, named relative to the post; mistakes go to `errors`."""
    works: dict[str, Reference] = {}
    for name in names:
        content = source.neighbours.get(as_on_disk(name, source.neighbours))
        if content is None:
            errors.append(
                FrontMatterError(f"`bibliography: {name}` is no file beside the post").at(
                    line=source.line_of("bibliography"),
                    text=f"bibliography: {name}",
                    hint="name a BibTeX file in the post's folder",
                )
            )
            continue
        file = f"{source.path.rpartition('/')[0]}/{name}"
        for work in _read_file(content, file, source.text, errors):
            works.setdefault(work.id, work)
    return tuple(works.values())


def _read_file(content: bytes, file: str, post: str, errors: list[InkcellError]) -> list[Reference]:
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        wrong = FrontMatterError("the file is not UTF-8").at(line=line, hint="save it as UTF-8")
        errors.append(wrong.at(file=file))
        return []
    library = parse_string(text)
    errors.extend(_failure(block, text).at(file=file) for block in library.failed_blocks)
    _join_strings(library)
    for entry in library.entries:
        _protect_letters(entry)
    library = SeparateCoAuthors().transform(library)
    for entry in library.entries:
        _keep_korean_names(entry)
    library = SplitNameParts().transform(library)
    for entry in library.entries:
        _spell_out(entry)
    # A title is text: of a formula in it, the characters.
    decoding = LatexDecodingMiddleware(keep_braced_groups=False, keep_math_mode=False)
    library = decoding.transform(library)
    known = {
        entry.key.lower(): {
            name.lower(): " ".join(str(f.value).split()) for name, f in _fields(entry)
        }
        for entry in library.entries
    }
    works = []
    for entry in library.entries:
        fields = known[entry.key.lower()]
        line = (entry.start_line or 0) + 1
        parent = fields.get("crossref", "")
        if parent.lower() in known:
            fields = _inherit(fields, known[parent.lower()])
        elif parent:
            errors.append(
                FrontMatterError(f"`crossref` names no work of the file: {parent}").at(
                    file=file,
                    line=line,
                    text=text.split("\n")[line - 1],
                    hint=suggestion(parent, known) or "add it, or write its fields here",
                )
            )
        if not fields.get("title"):
            errors.append(
                FrontMatterError(f"the work `{entry.key}` has no title").at(
                    file=file,
                    line=line,
                    text=text.split("\n")[line - 1],
                    hint="add a field title = {…}",
                )
            )
            continue
        if not WORK_ID.fullmatch(entry.key) and _is_named(entry.key, post):
            errors.append(
                FrontMatterError(f"no text can cite the key `{entry.key}`").at(
                    file=file, line=line, text=text.split("\n")[line - 1], hint=OF_WORK_IDS
                )
            )
        works.append(_reference(entry.key, fields))
    return works


def _is_named(key: str, post: str) -> bool:
    """Whether a post's file has an `@` before a key; in a notebook letters may be escaped."""
    written = {re.escape(key), re.escape(json.dumps(key)[1:-1])}
    return re.search(rf"@(?:{'|'.join(written)})(?!\w)", post) is not None


GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
"""What stands in braces, which may hold others."""
PART = re.compile(
    rf"""
    \s* (?: (?P<braces>{GROUP}) | "(?P<quotes>(?:[^"{{}}]|{GROUP})*)"
    | (?P<word>[^\s{{}}"\#]+) ) \s* (?: \# | \Z )
    """,
    re.VERBOSE,
)
"""A part of a value that is put together, `conf # " 2020"`."""


def _join_strings(library: Library) -> None:
    """Put values together, which bibtexparser leaves in their parts."""
    known: dict[str, str] = {}
    for string in library.strings:
        known[string.key.lower()] = _joined(str(string.value), known)
    for entry in library.entries:
        enclosed = entry.parser_metadata.get("removed_enclosing", {})
        for field in entry.fields:
            if "#" in str(field.value) and enclosed.get(field.key) == "no-enclosing":
                field.value = _joined(str(field.value), known)


def _joined(value: str, known: Mapping[str, str]) -> str:
    """A value of one piece; as it is, if it is none of several parts."""
    found, position = [], 0
    while position < len(value):
        part = PART.match(value, position)
        if part is None:
            return value
        word = part["word"]
        text = part["quotes"] if part["braces"] is None else part["braces"][1:-1]
        found.append(known.get(word.lower(), word) if word else text)
        position = part.end()
    return "".join(found)


def _fields(entry: model.Entry) -> Iterable[tuple[str, model.Field]]:
    return entry.fields_dict.items()


def _failure(block: model.ParsingFailedBlock, text: str) -> InkcellError:
    line = (block.start_line or 0) + 1
    message = "a work cannot be read"
    hint = "each field is name = {value}, with a comma behind it; every brace is closed"
    if isinstance(block, model.DuplicateBlockKeyBlock):
        message, hint = f"two works have the key `{block.key}`", "give one another key"
    return FrontMatterError(message).at(line=line, text=text.split("\n")[line - 1], hint=hint)


def _inherit(fields: Mapping[str, str], parent: Mapping[str, str]) -> dict[str, str]:
    """The fields of a work that stands in another, as BibTeX fills them in from `crossref`."""
    own = {name.partition(".")[0] for name in fields}
    parent = {"booktitle": parent.get("title", ""), **parent}
    return {
        **{name: text for name, text in parent.items() if name.partition(".")[0] not in own},
        **fields,
    }


NAMES = ("author", "editor")


LETTER = re.compile(
    r"""
    (?<![{\\]) \\
    (?: (?: ['`"^~=.] | [Hcvudbkrt](?![A-Za-z]) \s* ) (?: \{ \\?[A-Za-z]+ \} | \\?[A-Za-z] )
      | (?: AA | aa | AE | ae | OE | oe | ss | [OoLlij] )(?![A-Za-z]) (?: \{\} | \s )? )
    """,
    re.VERBOSE,
)
"""A letter that is written as a command: `\\'E`, `\\H{o}`, `\\O `."""


def _protect_letters(entry: model.Entry) -> None:
    """Braces around letters in names: bibtexparser drops a command behind an `and`."""
    for role in NAMES:
        field = entry.fields_dict.get(role)
        if field is not None:
            field.value = LETTER.sub(r"{\g<0>}", str(field.value))


def _keep_korean_names(entry: model.Entry) -> None:
    """Braces around names in Hangul, whose parts BibTeX would put in the order of Latin names."""
    for role in NAMES:
        field = entry.fields_dict.get(role)
        if field is not None and isinstance(field.value, list):
            names = [(name, in_korean(name)) for name in field.value]
            field.value = [f"{{{korean}}}" if korean else name for name, korean in names]


def _spell_out(entry: model.Entry) -> None:
    """Names as fields of text, `author.0.family`, so that their TeX is decoded like the rest."""
    for role in NAMES:
        field = entry.fields_dict.get(role)
        if field is None or not isinstance(field.value, list):
            continue
        entry.pop(role)
        for number, name in enumerate(field.value):
            if isinstance(name, NameParts):
                family = " ".join((*name.von, *name.last))
                given = " ".join(name.first)
                entry.set_field(model.Field(f"{role}.{number}.family", family))
                entry.set_field(model.Field(f"{role}.{number}.given", given))
                entry.set_field(model.Field(f"{role}.{number}.junior", " ".join(name.jr)))
    for field in entry.fields:
        if isinstance(field.value, str):
            # Managers of references export a bare `&`, which TeX takes for a column.
            field.value = re.sub(r"(?<!\\)&", r"\\&", field.value)


def _reference(key: str, fields: Mapping[str, str]) -> Reference:
    role = "author" if "author.0.family" in fields else "editor"
    authors: list[str] = []
    families: list[str] = []
    while f"{role}.{len(families)}.family" in fields:
        start = f"{role}.{len(families)}."
        family = fields[start + "family"]
        families.append(family)
        authors.append(
            " ".join(
                part for part in (fields[start + "given"], family, fields[start + "junior"]) if part
            )
        )
    if families[-1:] == ["others"]:
        authors[-1] = OTHERS
        families += ["others"]  # Three names or more: only the first is told.
    archive = fields.get("archiveprefix", fields.get("eprinttype", "")).lower()
    arxiv = plain_arxiv(fields.get("eprint", "")) if archive == "arxiv" else ""
    preprint = PREPRINT.fullmatch(fields.get("journal", ""))
    if preprint and not arxiv:
        arxiv = preprint[1]
        fields = {**fields, "journal": ""}
    url = fields.get("url", "")
    return Reference(
        id=key,
        title=fields["title"],
        authors=tuple(authors),
        container_title=_first(fields, CONTAINERS),
        volume=fields.get("volume", ""),
        issue=_first(fields, ("number", "issue")),
        page=re.sub(r"\s*(?:-+|–|—)\s*", "-", fields.get("pages", "")),
        issued=_year(fields),
        publisher=_first(fields, PUBLISHERS),
        publisher_place=_first(fields, ("location", "address")),
        edition=fields.get("edition", ""),
        doi=plain_doi(fields.get("doi", "")),
        arxiv=arxiv,
        url=url if is_address(url) else "",
        families=tuple(families),
    )


def _first(fields: Mapping[str, str], names: Sequence[str]) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")


def _year(fields: Mapping[str, str]) -> str:
    match = YEAR.search(fields.get("date", ""))
    return match[0] if match else fields.get("year", "")
