"""ExecutedPost -> RenderedPost. Pure.

Parsing and rendering are apart because a link can only be rendered when every page has its
address.

1. `markdown`   prose -> tokens
2. `labels`     numbers for what can be referred to
3. `preparing`  formulas typeset by `katex`, code coloured by `code`, references resolved
4. `outputs`    what the code produced -> HTML, by MIME type, each where its cell stands
5. `feed_media`, `sanitize`  the feed's version, which stands without style sheets and scripts
6. `share_pictures`  the picture that stands for the post elsewhere, if none of its own does
7. `executed_notebook`  the post with its outputs as an `.ipynb`, if its code ran
8. `passages`   the text of the page; `search_terms` what a search finds it by
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import chain
from types import MappingProxyType

from markdown_it import MarkdownIt

from ..addresses import (
    Links,
    absolute,
    neighbour_path,
    notebook_path,
    post_page,
    resolve,
    share_name,
)
from ..characters import only_text
from ..errors import BuildFailed, FrontMatterError, blame
from ..iri import is_iri
from ..model import (
    SHARE_SIZE,
    Code,
    DrawShare,
    ExecutedPost,
    Foreseeing,
    Highlight,
    Image,
    Label,
    Output,
    Post,
    Reference,
    RenderedPost,
    ShareWords,
    Typeset,
)
from .citations import listed_works
from .code import as_read, highlight
from .code_blocks import LineLook, code_block, with_filename
from .contents import listed_headings, place_contents
from .context import Context, Fragments
from .cross_references import folders_referred_to
from .emphasis import CJK_CHARACTER
from .feed_media import may_have_files, with_links
from .formulas import expected_formulas
from .images import first_image_at_once, measure
from .labels import number, with_fragments
from .loads import what_it_loads
from .markdown import make_markdown, read_prose, render_tokens
from .own_title import without_title
from .passages import read_passages
from .plain_text import all_text, excerpt, shorten
from .preparing import prepare
from .sanitize import clean_feed
from .search_terms import weighted_terms

EXCERPT_LENGTH = 300
WORD_CHARACTER = re.compile(r"[^\W_]")
"""What `str.isalnum` says yes to."""
WORDS_A_MINUTE = 228
"""Of English, read silently: Trauzettel-Klosinski and Dietz, Standardized Assessment of Reading
Performance (IReST), Investigative Ophthalmology & Visual Science 53 (2012), table 2."""
CHARACTERS_A_MINUTE = 500
"""Of Korean, Chinese and Japanese, which that study counts differently or not at all: what Medium
reckons with. A Korean word is short or long by its particles."""


def render(
    executed: ExecutedPost,
    links: Links,
    typeset: Typeset,
    strings: Mapping[str, str],
    draw: DrawShare | None = None,
    highlight: Highlight = highlight,
    in_feeds: bool = True,
) -> RenderedPost:
    """A post as HTML, for its page and for feeds.

    Args:
        executed: the post and what its code produced.
        links: the addresses of all posts.
        typeset: typesets a formula.
        strings: the theme's texts in the post's language.
        draw: draws the picture that stands for a post which has none; without it there is none.
        highlight: colours code.
        in_feeds: whether it stands in a feed.

    Raises:
        BuildFailed: every formula KaTeX refuses, every link that leads nowhere, every output
            that cannot be shown.
    """
    post = executed.post
    md = make_markdown()
    works = _works(post)
    tokens = read_prose(md, post.notebook.cells, works, post.meta.language)
    tokens = without_title(tokens, post.meta.title)
    outputs = dict(zip(post.notebook.code, executed.results.outputs, strict=True))
    fragments = _fragments(md, outputs, works, post.meta.language)
    numbering = number(tokens, fragments)
    context = Context(
        post,
        links,
        typeset,
        strings,
        highlight,
        errors=numbering.errors,
        ids={*_reserved_ids(post), *numbering.labels},
        labels=numbering.labels,
        works=works,
        macros=dict(post.meta.macros),
        fragments=fragments,
    )
    if isinstance(typeset, Foreseeing):
        every = with_fragments(tokens, fragments)
        typeset.expect(expected_formulas(every, post.meta.macros))
    prepare(tokens, context, lambda code: _cell(code, outputs[code], md, context))
    headings = listed_headings(md, [*with_fragments(tokens, fragments)])
    has_contents = place_contents(tokens, headings, strings["contents"])
    image = _image(context)
    share = _share(image, context, draw)
    _look_at_id(context)
    lines = {code.cell: code.line for code in post.notebook.code}
    for error in (*context.errors, *context.warnings):
        if error.cell in lines:
            error.at(line=lines[error.cell])  # What an output holds has no line of its own.
    if context.errors:
        with blame(post.source.path):
            raise BuildFailed(context.errors)
    results = executed.results
    notebook = notebook_path(post, links.config) if results.provenance else ""
    if notebook:
        from .executed_notebook import executed_notebook

        context.publish(notebook, executed_notebook(executed, strings))
    page = absolute(post_page(post, links.config), links.config)
    prose = all_text(tokens)
    body = first_image_at_once(render_tokens(md, tokens, "page"))
    # The same page without what is most of its HTML, and neither read nor loads anything.
    to_read = render_tokens(md, tokens, "page", to_read=True)
    readings = read_passages(to_read)
    fed = ""
    # Drawings in feeds are files of the site, also when the post has fallen out of them: those who
    # have read it there have its addresses.
    if in_feeds or may_have_files(to_read):
        fed = with_links(render_tokens(md, tokens, "feed"), page, context)
    return RenderedPost(
        post=post,
        body=body,
        feed_body=clean_feed(fed, page) if in_feeds else "",
        headings=headings,
        excerpt=post.meta.description or shorten(excerpt(tokens), EXCERPT_LENGTH),
        minutes=reading_minutes(prose),
        in_feeds=in_feeds,
        files=tuple(context.files.values()),
        image=image,
        share=share,
        has_math=context.has_math,
        libraries=tuple(sorted(context.libraries)),
        labels=numbering.labels,
        has_references=context.has_references,
        has_contents=has_contents,
        works=listed_works(post.meta.references, post.meta.bibliography, context.citations),
        citations={key: tuple(places) for key, places in context.citations.items()},
        warnings=tuple(warning.at(file=post.source.path) for warning in context.warnings),
        loads=what_it_loads(to_read),
        passages=tuple(reading.passage for reading in readings),
        terms=weighted_terms(post.meta, readings),
        notebook=notebook,
        provenance=results.provenance,
        frozen=results.frozen,
        stale=results.stale,
    )


def collect_labels(
    posts: Sequence[Post],
    folders: Iterable[str] = (),
    outputs: Mapping[str, Sequence[Sequence[Output]]] = MappingProxyType({}),
) -> dict[str, Mapping[str, Label]]:
    """What can be referred to in the posts that others refer to, by the path of their source.

    It takes no formula to number a post, and only few posts are asked for.

    Args:
        posts: the posts that refer and are referred to.
        folders: those that still other posts refer to.
        outputs: what the code of posts has put out, by the path of their source.
    """
    wanted = {*folders, *chain.from_iterable(map(folders_referred_to, posts))}
    found: dict[str, Mapping[str, Label]] = {}
    for post in posts:
        if post.source.folder in wanted:
            md, works, path = make_markdown(), _works(post), post.source.path
            language = post.meta.language
            tokens = read_prose(md, post.notebook.cells, works, language)
            tokens = without_title(tokens, post.meta.title)
            shown = dict(zip(post.notebook.code, outputs.get(path, ()), strict=False))
            found[path] = number(tokens, _fragments(md, shown, works, language)).labels
    return found


def _fragments(
    md: MarkdownIt, outputs: Mapping[Code, Sequence[Output]], works: Iterable[str], language: str
) -> Fragments:
    """What code has put out as Markdown or TeX; what reads that is imported if there is any."""
    if not any(outputs.values()):
        return {}
    from .outputs import read_outputs

    return read_outputs(md, outputs, works, language)


def _works(post: Post) -> dict[str, Reference]:
    """What a post can cite, by id."""
    return {work.id: work for work in (*post.meta.bibliography, *post.meta.references)}


def reading_minutes(text: str) -> int:
    """Minutes that a text takes to read, at least one."""
    characters = sum(map(str.isalpha, CJK_CHARACTER.findall(text)))
    words = sum(map(bool, map(WORD_CHARACTER.search, CJK_CHARACTER.sub(" ", text).split())))
    return max(1, round(words / WORDS_A_MINUTE + characters / CHARACTERS_A_MINUTE))


def _reserved_ids(post: Post) -> set[str]:
    """The ids that the theme gives on a post's page; no heading may have them."""
    works = {f"ref-{work.id}" for work in (*post.meta.references, *post.meta.bibliography)}
    own = {"content", "related"}
    return {*own, "references", *works} if works else own


def _cell(
    cell: Code, outputs: tuple[Output, ...], md: MarkdownIt, context: Context
) -> tuple[str, str]:
    """A code cell with its outputs: (for the page, for the feed)."""
    display = cell.display
    page: list[str] = []
    feed: list[str] = []
    if display.input != "absent" and cell.source.strip():
        language = context.post.notebook.code_language
        look = LineLook(1 if display.line_numbers else None)
        source = only_text(cell.source)
        html = context.highlight(*as_read(source, language))
        block = code_block(look.page(html), language)
        block = with_filename(block, display.filename)
        if display.input == "collapsed":
            block = _collapsed(block, context.strings["show_code"], "code-fold")
        page.append(block)
        plain = f"<pre><code>{escape(source, quote=False)}</code></pre>\n"
        feed.append(with_filename(plain, display.filename))
    if display.output != "absent" and outputs:
        from .outputs import render_outputs

        shown, fed = render_outputs(md, context, cell, outputs)
        if display.output == "collapsed":
            shown = _collapsed(shown, context.strings["show_output"], "output-fold")
        if shown:
            page.append(f'<div class="output">\n{shown}</div>\n')
            feed.append(fed)
    # What names the outputs of a cell names the cell where it has put out nothing.
    label = display.label if display.label in context.labels and not outputs else ""
    identity = f' id="{escape(label)}"' if label else ""
    html = f'<div class="cell"{identity}>\n{"".join(page)}</div>\n' if page or label else ""
    return html, "".join(feed)


def _collapsed(html: str, summary: str, kind: str) -> str:
    return (
        f'<details class="{kind}"><summary>{escape(summary, quote=False)}</summary>\n'
        f"{html}</details>\n"
    )


def _look_at_id(context: Context) -> None:
    """Tell the author of an id that no feed should have. It stays: readers know the post by it."""
    source, identity = context.post.source, context.post.meta.id
    if identity and not is_iri(identity):
        warning = FrontMatterError(f"the feed id `{identity}` is not a whole address (RFC 4287)")
        warning.at(line=source.line_of("id"), text=f"id: {identity}")
        context.warnings.append(warning)


def _image(context: Context) -> Image | None:
    """The picture that stands for a post: `image` of the front matter, or its first figure."""
    wanted = context.post.meta.image
    if not wanted:
        return context.images[0] if context.images else None
    target = resolve(wanted, context.post, context.links)
    if target is None or not target.neighbour:
        context.errors.append(
            FrontMatterError(f"`image: {wanted}` is no file beside the post").at(
                line=context.post.source.line_of("image"),
                text=f"image: {wanted}",
                hint="name a picture in the post's folder",
            )
        )
        return None
    content = context.post.source.neighbours[target.neighbour]
    path = context.publish_neighbour(target.neighbour)
    return Image(path, "", *(measure(content) or (0, 0)))


def _share(image: Image | None, context: Context, draw: DrawShare | None) -> Image | None:
    """The bitmap that stands for a post elsewhere: its own picture, or one that is drawn."""
    post, config = context.post, context.links.config
    if image and image.path in context.files:
        from .pictures import shareable

        size = shareable(context.files[image.path].content, chosen=bool(post.meta.image))
        if size:
            return Image(image.path, image.alt or post.meta.title, *size)
    if draw is None:
        return None
    words = ShareWords(post.meta.title, config.title[post.meta.language], post.meta.category)
    path = neighbour_path(post.source.folder, share_name(words))
    context.publish_made(path, draw(words))
    return Image(path, post.meta.title, *SHARE_SIZE)
