"""The front matter of an old post -> that of the new one: keys by our names, none lost silently."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ..addresses import slug as address_slug
from ..iri import is_iri, is_mail
from ..parse import elsewhere
from ..parse.front_matter import PAGE_KEYS
from .dates import iso
from .links import Links
from .old_blog import OldPost, OldSite, Tool, items_of
from .remarks import Remarks

CHANGED = ("last_modified_at", "lastmod", "last-modified-at", "modified", "updated",
           "date-modified", "modified_date", "last_updated")  # fmt: skip
DESCRIPTIONS = ("description", "excerpt", "summary", "abstract", "subtitle")
PICTURES = ("image", "cover", "featured_image", "featuredImage", "thumbnail", "img", "banner",
            "feature", "images", "header", "preview")  # fmt: skip
PICTURE_KEYS = ("path", "image", "src", "feature", "teaser", "og_image", "overlay_image",
                "thumbnail", "url", "filename")  # fmt: skip
PLACEHOLDERS = ("lqip", "placeholder")
"""What stood there while a picture was loading."""
FEATURED = re.compile(r"(^|/)(featured?|cover|thumbnail)[^/]*\.(jpe?g|png|webp|gif|svg)$")
CONTENTS = ("toc", "showToc", "ShowToc", "TableOfContents", "tableOfContents")
READ = (
    "title", "date", "categories", "tags", "draft", "slug", "lang", "language", "locale",
    "aliases", "execute", "kernelspec",
)  # fmt: skip
"""Keys that have done their work, or are looked at below, whichever tool read them."""
READ_BY: Mapping[Tool, tuple[str, ...]] = {
    "jekyll": ("category", "tag", "published", "permalink", "redirect_from", "media_subpath",
               "img_path", "render_with_liquid", "excerpt_separator"),
    "hugo": ("category", "published", "url"),
    "quarto": ("jupyter",),
    "files": ("category", "published", "id", "jupytext", "jupyter"),
}  # fmt: skip
"""The same for a single tool."""
INSTEAD = {"linkTitle": "title", "publishDate": "date", "publishdate": "date", "pubdate": "date"}
"""Keys of Hugo's that are read where another is missing."""
ALL_CELLS = ("echo", "warning", "output", "include", "error")
OF_HTML = frozenset(("toc", "code-fold"))
"""What is read of Quarto's `format: {html: …}`."""
LEFT_OUT = {
    "redirect_to": "a post has a text of its own: make a page of the site that leads on",
    "menu": "`nav: true` of a standing page puts it into the navigation",
    "nav_order": elsewhere.ORDER,
    "license": "say it in the text, or in the theme",
    "image-alt": "give the picture its alternative text where it stands in the post",
    "citation": "works are cited by `references` and `bibliography`",
    "bibliography_style": "works are listed in one style",
    "references": "write them as this blog's documentation says, under `references`",
}
OF_PAGES = frozenset(PAGE_KEYS) - {"kernelspec"}
OF_POSTS = (
    "date",
    "tags",
    "tag",
    "keywords",
    "categories",
    "category",
    "series",
    "comments",
    "execute",
)
"""What a standing page has no use for."""
NO_POST = "a standing page has no date, stands in no list and runs no code"
PLACES = ("menu", "menus", "nav", "nav_order", "order")
"""Where a page says that it is in the navigation, or where in it."""
HINT = "remove it from the old post, or say in the new one what it meant"


def write_front_matter(
    post: OldPost,
    site: OldSite,
    title: str,
    category: str,
    languages: tuple[str, ...],
    kernel: Mapping[str, str],
    links: Links,
    remarks: Remarks,
) -> str:
    """The lines of YAML. What is left out of the old front matter is remarked with its line."""
    lines = [f"title: {quoted(title)}", f"date: {post.date}"]
    used: set[str] = {*READ, *READ_BY[site.tool], *(PLACES if post.standing else ())}

    def first(keys: tuple[str, ...]) -> tuple[str, object]:
        for key in keys:
            value = post.value(key)
            if value not in (None, "", [], {}):
                used.add(key)
                return key, value
        return "", None

    changed_key, changed = first(CHANGED)
    if stamp := iso(changed, str(site.settings.get("timezone") or "")):
        if stamp[:19] != post.date[:19]:
            lines.append(f"last_modified_at: {stamp}")
    elif changed is not None:
        _tell(remarks, post, changed_key, f"`{changed}` is not a date", "write it as 2022-07-08")
    description_key, description = first(DESCRIPTIONS)
    if isinstance(description, str):
        lines.append(f"description: {quoted(' '.join(description.split()))}")
    else:
        used.discard(description_key)
    used.update(key for key in INSTEAD if key in post.front and not post.front.get(INSTEAD[key]))
    own, tags = _category_and_tags(post, category, languages, remarks)
    lines.append(f"category: {quoted(own)}")
    if not tags and isinstance(keywords := post.value("keywords"), list | str):
        used.add("keywords")
        given = keywords if isinstance(keywords, list) else keywords.split(",")
        tags = tuple(str(item).strip() for item in given)
    if tags:
        lines.append(f"tags: {quoted(list(tags))}")
    lines += _series(post, used, remarks)
    if post.draft:
        lines.append("draft: true")
    lines += _author(post, site.authors, used, remarks)
    lines += _image(post, used, links, remarks)
    contents_key, contents = first(CONTENTS)
    html = _html_of(post)
    if not contents_key:
        contents = html.get("toc")
    own_formats = post.front.get("format")
    if isinstance(own_formats, dict) and own_formats.keys() <= {"html"} and html.keys() <= OF_HTML:
        used.add("format")
    if isinstance(contents, bool):
        lines.append(f"toc: {str(contents).lower()}")
    else:
        used.discard(contents_key)
    if isinstance(post.front.get("comments"), bool):
        used.add("comments")
        lines.append(f"comments: {str(post.front['comments']).lower()}")
    lines += _bibliography(post, used, links, remarks)
    lines += _execution(post, remarks)
    if kernel:
        lines += ["kernelspec:", *(f"  {key}: {quoted(value)}" for key, value in kernel.items())]
    if post.standing:
        lines = [line for line in lines if line.partition(":")[0].strip() in OF_PAGES]
        lines += ["nav: true", f"order: {post.nav}"] if post.nav else []
        for key in OF_POSTS:
            if post.front.get(key):
                _tell(remarks, post, key, f"the key `{key}` is left out", NO_POST)
                used.add(key)
    for key in post.front:
        if key not in used:
            hint = LEFT_OUT.get(key) or elsewhere.FRONT_MATTER.get(key) or HINT
            _tell(remarks, post, key, f"the key `{key}` is left out", hint)
    return "\n".join(lines) + "\n"


def quoted(value: object) -> str:
    """A value as JSON has it, which is YAML as well."""
    return json.dumps(value, ensure_ascii=False)


def _tell(remarks: Remarks, post: OldPost, key: str, message: str, hint: str) -> None:
    shown = quoted(post.front.get(key)) if key in post.front else ""
    text = f"{key}: {shown}" if shown else key
    remarks.say(message, post.path, post.lines.get(key), text[:120], hint)


def _category_and_tags(
    post: OldPost, default: str, languages: tuple[str, ...], remarks: Remarks
) -> tuple[str, tuple[str, ...]]:
    """The first category that can be one here; the others are tags."""
    own, others = "", []
    for name in post.categories:
        usable = name.replace("/", "-").lstrip(".").strip()
        if own or not address_slug(usable) or address_slug(usable) in languages:
            others.append(name)
        else:
            own = usable
    tags = []
    for tag in dict.fromkeys((*post.tags, *others)):
        if address_slug(tag):
            tags.append(tag)
        else:
            hint = "a tag has letters or digits"
            _tell(remarks, post, "tags", f"the tag `{tag}` is left out", hint)
    return own or default, tuple(tags)


def _series(post: OldPost, used: set[str], remarks: Remarks) -> Iterator[str]:
    value = post.value("series")
    names = items_of(value)
    used.add("series")
    if names and address_slug(str(names[0])):
        yield f"series: {quoted(str(names[0]))}"
    for name in names[1:]:
        _tell(remarks, post, "series", f"the series `{name}` is left out", "a post is in one")


def _author(
    post: OldPost, known_people: Mapping[str, Any], used: set[str], remarks: Remarks
) -> Iterator[str]:
    key = next((key for key in ("author", "authors") if post.front.get(key)), "")
    if not key:
        return
    used.add(key)
    value = post.front[key]
    people = value if isinstance(value, list) else [value]
    people = [known_people.get(one, one) if isinstance(one, str) else one for one in people]
    names: list[str] = []
    for person in people:
        name = person.get("name") if isinstance(person, dict) else person
        if isinstance(name, dict):  # Quarto's {given: …, family: …}.
            name = " ".join(str(part) for part in (name.get("given"), name.get("family")) if part)
        # `admin` is what a widespread theme of Hugo's calls whoever owns the blog.
        if isinstance(name, str) and name.strip() not in ("", "admin"):
            names.append(name.strip())
    if not names:
        _tell(remarks, post, key, f"the key `{key}` is left out", "author: a name")
        return
    single = people[0] if len(people) == 1 and isinstance(people[0], dict) else {}
    known = {"name": ", ".join(names)}
    for name, value, fits in (
        ("email", single.get("email"), is_mail),
        ("uri", single.get("uri") or single.get("url"), is_iri),
    ):
        if isinstance(value, str) and fits(value.strip()):
            known[name] = value.strip()
    yield f"author: {quoted(known if len(known) > 1 else known['name'])}"


def _image(post: OldPost, used: set[str], links: Links, remarks: Remarks) -> Iterator[str]:
    for key in PICTURES:
        value = post.value(key)
        if isinstance(value, list):
            value = value[0] if value else None
        others: list[str] = []
        if isinstance(value, dict):
            found = next((name for name in PICTURE_KEYS if value.get(name)), "")
            words = {name: said for name, said in value.items() if isinstance(said, str) and said}
            others = [name for name in words if name not in (found, *PLACEHOLDERS)]
            value = value.get(found)
        if not isinstance(value, str) or not value:
            if key in post.front and not post.front[key]:
                used.add(key)
            continue
        used.add(key)
        for name in others if key in post.front else ():
            hint = LEFT_OUT["image-alt"] if name in ("alt", "caption") else HINT
            _tell(remarks, post, key, f"the key `{key}.{name}` is left out", hint)
        own = links.site.url
        if own and value.startswith(own + "/"):
            value = value.removeprefix(own)
        if re.match(r"(?:[a-z]+:)?//", value, re.IGNORECASE):
            # A build fetches nothing, and what it cannot measure it cannot show.
            hint = "put it beside the post, and write image: name.png"
            _tell(remarks, post, key, f"the picture `{value}` is not in the old blog", hint)
            continue
        base = links.site.base
        within = value.removeprefix(base) if base and value.startswith(base + "/") else value
        if path := links.file(within):
            yield f"image: {quoted(_relative(links.put_beside(path)))}"
            return
        hint = "put it beside the post, and write image: name.png"
        _tell(remarks, post, key, f"the picture `{value}` was not found", hint)
    # Hugo's themes find it by its name.
    for path in post.beside:
        if FEATURED.search(path):
            used.update(PICTURES)
            yield f"image: {quoted(_relative(links.put_beside(path)))}"
            return


def _relative(name: str) -> str:
    """A name as an address: only what would mean something else there is escaped."""
    return re.sub(r"[%#?]", lambda match: quote(match[0], safe=""), name)


def _bibliography(post: OldPost, used: set[str], links: Links, remarks: Remarks) -> Iterator[str]:
    value = post.value("bibliography")
    used.add("bibliography")
    files = []
    for name in items_of(value):
        if path := links.file(str(name)):
            files.append(links.put_beside(path))
        else:
            _tell(
                remarks, post, "bibliography", f"`{name}` was not found", "put it beside the post"
            )
    if files:
        yield f"bibliography: {quoted(files)}"


def for_all_cells(post: OldPost) -> dict[str, object]:
    """What Quarto's `execute` says of all cells, and `format` of their code; pages run none."""
    execute = post.value("execute")
    said = {key: execute[key] for key in ALL_CELLS if key in execute} if isinstance(
        execute, dict
    ) else {}  # fmt: skip
    if "code-fold" in (html := _html_of(post)):
        said["code-fold"] = html["code-fold"]
    if post.standing:
        said["eval"] = False
    return {key: value for key, value in said.items() if isinstance(value, bool)}


def _html_of(post: OldPost) -> Mapping[str, object]:
    """What Quarto's `format` says of pages."""
    formats: Any = post.value("format")
    html = formats.get("html") if isinstance(formats, dict) else None
    return html if isinstance(html, dict) else {}


def _execution(post: OldPost, remarks: Remarks) -> Iterator[str]:
    execute = post.value("execute")
    if isinstance(execute, bool):
        execute = {"enabled": execute}
    if not isinstance(execute, dict):
        return
    if execute.get("enabled") is False or execute.get("eval") is False:
        yield "execute: {enabled: false}"
    own = post.front.get("execute")
    for key in own if isinstance(own, dict) else ():
        if key not in (*ALL_CELLS, "enabled", "eval"):
            hint = "`inkcell freeze` stores results; see `execute` in the documentation"
            _tell(remarks, post, "execute", f"the key `execute.{key}` is left out", hint)
