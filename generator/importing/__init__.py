"""Posts of other tools -> posts of Inkcell: `inkcell import`.

1. `recognise`   the old blog's files -> which tool it was made for
2. `jekyll`, `hugo`, `quarto`, `loose`   the files -> OldSite: posts, former addresses, feed ids;
   `standing` and `navigation` see to pages that are no posts
3. `built_feeds`   feeds that lie there, finished -> the ids that readers know
4. `placing`     the posts -> where each lies from now on
5. `body`        the text of a post, through the hands that its tool needs
6. `links`       links and pictures -> new posts, and files beside them
7. `front_matter`   keys -> those that are known here
8. `parse`       what was written is read as any post, and what is wrong with it is told

Pure, but for `reading`: whoever calls it reads with what that hands over, and writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ..addresses import is_path, page_path, post_page
from ..errors import InkcellError, PostError, collect, flatten
from ..model import Config, Source
from ..parse import parse
from . import hugo, jekyll, loose, quarto
from .body import new_text
from .built_feeds import built_ids
from .cells import KERNELS, kernel_of
from .front_matter import write_front_matter
from .links import Links, address_key, moved
from .notebooks import cell_text, write_notebook
from .old_blog import OldBlog, OldPost, OldSite, Tool
from .placing import Placed, each_address_once, names_of_lists, place
from .remarks import Remarks, placed, without_signs
from .sameness import known_by
from .titles import title_of

READERS: Mapping[Tool, Callable[[OldBlog, list[InkcellError]], OldSite]] = {
    "jekyll": jekyll.read_site,
    "hugo": hugo.read_site,
    "quarto": quarto.read_site,
    "files": loose.read_site,
}
"""How the posts of each tool's blog are found."""


class NewPost(Struct, frozen=True):
    """A post as it will be written."""

    path: str
    """Below the blog's folder: `posts/ncut/index.en.md`."""
    standing: bool
    """It is a page that is no post."""
    text: str
    beside: Mapping[str, str]
    """Files that lie beside it, by name, each with its path in the old blog."""
    old: str
    """Path of the old post."""
    known_by: frozenset[tuple[str, str]] = frozenset()
    """Key and value of front matter, by one of which a post that is there is known to be this."""
    remarks: tuple[InkcellError, ...] = ()


class Imported(Struct, frozen=True):
    """All that comes out of an old blog."""

    posts: tuple[NewPost, ...]
    remarks: tuple[InkcellError, ...]
    """What is told of the blog as a whole; what is told of a post is with the post."""
    errors: tuple[InkcellError, ...]
    """Old posts that could not be read."""


def import_posts(blog: OldBlog, tool: Tool, config: Config, category: str) -> Imported:
    """The posts of an old blog, as they are written here."""
    errors: list[InkcellError] = []
    site = READERS[tool](blog, errors)
    ids = built_ids(blog, site.base)
    site = replace(site, posts=tuple(_with_id(post, ids) for post in site.posts))
    remarks: list[InkcellError] = list(site.left_out)
    dated = [post for post in site.posts if not post.standing]
    if tool != "files" and any(post.address and not post.id for post in dated):
        message = "the settings do not say where the blog was published, so posts get no feed id"
        hint = "say it with --url, so that readers do not get all posts again"
        remarks.append(InkcellError(message).at(hint=hint))
    lists = names_of_lists(site.posts, category)
    found = each_address_once(place(site, lists, config, errors), lists, config, remarks)
    paths = moved((item.post, item.path) for item in found)

    def converted(item: Placed) -> NewPost:
        links = Links(blog, site, item.post, item.path, paths, Remarks())
        return _new_post(item, links, config, category)

    posts = collect(converted, found, errors)
    return Imported(posts, tuple(remarks), tuple(errors))


def _with_id(post: OldPost, ids: Mapping[str, str]) -> OldPost:
    """A post with the id that a feed is known to have had for it."""
    if post.standing or not post.address:
        return post
    known = ids.get(address_key(post.address))
    return replace(post, id=known) if known else post


def _new_post(item: Placed, links: Links, config: Config, category: str) -> NewPost:
    post, site, remarks = item.post, links.site, links.remarks
    path = item.path
    if post.guessed_date:
        message = f"the post has no date; it gets that of its file, {post.date}"
        hint = "write the day on which it was published, above the text"
        remarks.say(message, path, 3, "", hint)
        if post.notebook:
            remarks.said[-1].at(cell=1)
    if post.standing and _has_code(post):
        hint = "a standing page runs no code: give it a date, and import again, and it is a post"
        remarks.say("the code of the page is shown, and not run", post.path, None, "", hint)
    for name in post.beside:
        links.put_beside(name)
    kernel = _kernel(post, remarks)
    text = post.text
    if post.notebook:
        cells = post.notebook["cells"]
        text = "\n\n".join(cell_text(c) for c in cells if c["cell_type"] == "markdown")
    title = title_of(post, site.tool, text)
    body = "" if post.notebook else new_text(text.strip("\n"), post, links)
    front = write_front_matter(
        post, site, title, category, config.languages, kernel, links, remarks
    )
    aliases = [a for a in dict.fromkeys((post.address, *post.other_addresses)) if _is_alias(a)]
    aliases = _elsewhere(aliases, front, item, config)
    more = f"aliases: {_flow(aliases)}\n" if aliases else ""
    more += f"id: {_json(post.id)}\n" if post.id else ""
    first, _, others = front.partition("\n")
    if post.standing:
        front = f"{first}\n{more}{others}"
    else:
        front = front.replace("\ncategory: ", f"\n{more}category: ", 1)
    if post.notebook:

        def changed(kind: str, source: str, number: int) -> str:
            new = source if kind == "raw" else new_text(source, post, links, kind)
            return without_signs(new, remarks, path, cell=number)

        whole = write_notebook(post.notebook, front, changed)
    else:
        head = f"---\n{front}---\n\n"
        whole = without_signs(head + body + "\n", remarks, path)
    whole = _checked(whole, path, item, config, remarks, links)
    return NewPost(
        path,
        post.standing,
        whole,
        dict(links.beside),
        post.path,
        known_by(
            post.id,
            aliases,
            title,
            "" if post.guessed_date else post.date,  # A file's may change.
        ),
        tuple(placed(remarks, path)),
    )


def _has_code(post: OldPost) -> bool:
    if not post.notebook:
        return bool(kernel_of(post.text))
    cells = post.notebook["cells"]
    return any(cell["cell_type"] == "code" and cell_text(cell).strip() for cell in cells)


def _is_alias(address: str) -> bool:
    return address != "/" and is_path(address)


def _elsewhere(aliases: list[str], front: str, item: Placed, config: Config) -> list[str]:
    """The former addresses but for that which the post has again."""
    source = _source(f"---\n{front}---\n", item)
    try:
        page = post_page(parse(source, config), config)
    except InkcellError:
        return aliases
    files = {page_path(page)}
    kept = []
    for alias in aliases:
        # A page of its own leads on from each former address, `/a.html` as well as `/a/`.
        file = page_path(alias if alias.endswith((".html", "/")) else alias + "/")
        if file not in files:
            files.add(file)
            kept.append(alias)
    return kept


def _source(text: str, item: Placed) -> Source:
    folder, name = item.path.split("/")[-2:]
    ending = "ipynb" if name.endswith(".ipynb") and not text.startswith("---") else "md"
    return Source(
        item.path,
        text,
        folder,
        item.language,
        "ipynb" if ending == "ipynb" else "md",
        folder,
        standing=item.post.standing,
    )


def _checked(
    text: str, path: str, item: Placed, config: Config, remarks: Remarks, links: Links
) -> str:
    """The text of the new post; what a build would say of its front matter and cells is told."""
    source = replace(
        _source(text, item),
        neighbours={name: b"" for name in links.beside if not name.endswith(".bib")},
    )
    try:
        parse(source, config)
    except InkcellError as error:
        for single in flatten(error):
            if "bibliography" in (single.text or ""):
                continue  # Works are read when the file lies there.
            again = PostError(str(single)).at(
                file=path, line=single.line, cell=single.cell, text=single.text, hint=single.hint
            )
            remarks.said.append(again)
    return text


def _kernel(post: OldPost, remarks: Remarks) -> dict[str, str]:
    """What `kernelspec` says in the new post: nothing, if the notebook says it itself."""
    if post.notebook:
        own = post.notebook.get("metadata", {}).get("kernelspec", {})
        name, language = str(own.get("name", "python3")), str(own.get("language", "python"))
        if language.startswith("python") and name != "python3":
            message = f"the notebook's kernel `{name}` is that of another machine"
            hint = "it runs in `python3` now; install what it imports into this blog's environment"
            remarks.say(message, post.path, None, name, hint)
            return {"name": "python3", "display_name": "Python 3"}
        return {}
    given = post.front.get("kernelspec")
    if isinstance(given, dict) and isinstance(given.get("name"), str):
        return {key: str(given[key]) for key in ("name", "display_name") if key in given}
    found = kernel_of(post.text)
    if not found:
        return {}
    wanted: object = post.value("jupyter")
    spec = wanted.get("kernelspec") if isinstance(wanted, dict) else None
    named = spec.get("name") if isinstance(spec, dict) else wanted
    # Python's kernels have names of their own on each machine.
    name = named if isinstance(named, str) and found != "python" else KERNELS[found]
    return {"name": name, "display_name": found.capitalize()}


def _flow(items: list[str]) -> str:
    return "[" + ", ".join(map(_json, items)) + "]"


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
