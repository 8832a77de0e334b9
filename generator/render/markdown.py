"""Prose -> tokens -> HTML. The only module that knows markdown-it.

All cells of a post share one environment, so that a link or a footnote defined in the last
cell works in the first. The tokens are prepared once (formulas typeset, links resolved,
headings given their ids) and rendered twice: for the page, and for the feed.
"""

from __future__ import annotations

import copy
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from html import escape
from itertools import chain, pairwise
from pathlib import PurePosixPath
from typing import cast

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.renderer import RendererHTML, RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, backtick
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from ..addresses import address, neighbour_path, slug
from ..errors import MarkdownError, MathError
from ..model import Cell, Code, Formula, Heading, Image, Macros, Prose
from .abbreviations import abbreviations_plugin
from .admonitions import ADMONITION_DIRECTIVES, alerts_plugin
from .attributes import (
    CONTENTS,
    attributes_plugin,
    classes,
    heading_attributes,
    is_listed,
    reserve_ids,
)
from .bare_links import bare_links_plugin
from .captions import captions_plugin
from .code import highlight
from .code_blocks import CODE_DIRECTIVES, LineLook, is_never_closed
from .contents import contents_list
from .context import Context, Medium, Place
from .cross_references import (
    REFERENCE,
    find,
    prepare_reference,
    reference_text,
    references_plugin,
    without_links,
)
from .directives import PROBLEM, Directive, directives_plugin, prepare_directive
from .emphasis import cjk_emphasis_plugin
from .equations import REFERENCE as FORMULA_REFERENCE
from .equations import Equation, take_apart
from .footnotes import FOOTNOTE_RULES, footnotes_plugin, note_undefined, prepare_footnote
from .foreign import (
    FOREIGN,
    foreign_plugin,
    note_foreign,
    note_unread_blocks,
    note_unread_paragraph,
)
from .glossary import GLOSSARY_DIRECTIVES, name_terms
from .images import is_unreadable, publish_picture, sized
from .kramdown import COMMENT, kramdown_plugin
from .labels import CAPTION_OPEN, CELL, caption_start, numbered_caption
from .macros import take_definitions, used
from .mathematics import (
    DISPLAY_TOKENS,
    INLINE_TOKENS,
    MATHEMATICS_DIRECTIVES,
    mathematics_plugin,
)
from .picture_directives import PICTURE, PICTURE_DIRECTIVES
from .plain_formula import plain_formula
from .raw_html import with_addresses
from .roles import LINK as ROLE_LINK
from .roles import WRONG as WRONG_ROLE
from .roles import note_wrong_role, prepare_link, roles_plugin
from .side_notes import SIDE_NOTE_DIRECTIVES
from .statements import STATEMENT_DIRECTIVES
from .table_directives import TABLE_DIRECTIVES
from .tabs import TAB_DIRECTIVES
from .typography import printed, typography_plugin

DIRECTIVES: dict[str, Directive] = {
    **STATEMENT_DIRECTIVES,
    **ADMONITION_DIRECTIVES,
    **TAB_DIRECTIVES,
    **SIDE_NOTE_DIRECTIVES,
    **PICTURE_DIRECTIVES,
    **TABLE_DIRECTIVES,
    **CODE_DIRECTIVES,
    **MATHEMATICS_DIRECTIVES,
    **GLOSSARY_DIRECTIVES,
}
"""Name of a directive to how it is read and shown."""

PLUGINS: tuple[Callable[[MarkdownIt], None], ...] = (
    footnotes_plugin,
    deflist_plugin,
    partial(tasklists_plugin, label=True),
    mathematics_plugin,
    cjk_emphasis_plugin,
    captions_plugin,
    partial(attrs_plugin, after=("image",)),
    references_plugin,
    roles_plugin,
    partial(directives_plugin, known=DIRECTIVES),
    alerts_plugin,
    attributes_plugin,
    kramdown_plugin,
    foreign_plugin,
    bare_links_plugin,
    typography_plugin,
    abbreviations_plugin,
)
"""What is read besides CommonMark 0.31, tables, strikethrough and bare links."""


@cache
def make_markdown() -> MarkdownIt:
    """The Markdown of a post. `.render(text)` is CommonMark plus `PLUGINS`.

    It is the same for all posts: what it knows of one is in the environment of a call.
    """
    md = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for plugin in PLUGINS:
        plugin(md)
    md.inline.ruler.at("backticks", _code)
    for name, rule in RENDER_RULES.items():
        md.add_render_rule(name, rule)
    return md


Attached = Mapping[str, bytes]
"""Files that a notebook keeps inside a cell, by name."""

ShowCell = Callable[[Code], tuple[str, str]]
"""A code cell -> its HTML with its outputs: (for the page, for the feed)."""


def read_prose(
    md: MarkdownIt, cells: Iterable[Cell], works: Iterable[str], language: str
) -> list[Token]:
    """The tokens of a whole post; `works` are the ids that can be cited."""
    env: EnvType = {"works": tuple(works), "language": language}
    tokens: list[Token] = []
    for cell in cells:
        if isinstance(cell, Prose):
            tokens.extend(_read_blocks(md, cell, env))
        else:
            token = Token(CELL, "", 0, block=True)
            token.map = [cell.line, cell.line]
            token.meta = {"cell": cell.cell, "code": cell}
            tokens.append(token)
    tokens = _read_inline(md, tokens, env)
    _demote_headings(tokens)
    return tokens


def prepare(tokens: Sequence[Token], context: Context, show_cell: ShowCell) -> None:
    """Make a post's tokens ready for rendering, in the order of the text."""
    attachments = {
        cell.cell: cell.attachments
        for cell in context.post.notebook.cells
        if isinstance(cell, Prose)
    }
    _prepare(tokens, context, attachments, show_cell)


def read_fragment(
    md: MarkdownIt, text: str, code: Code, works: Iterable[str], language: str
) -> list[Token]:
    """The tokens of a Markdown text that code put out. They know their cell, but no line."""
    env = _env(works, language)
    tokens = _read_inline(md, _read_blocks(md, Prose(text, code.cell, code.line), env), env)
    _demote_headings(tokens)
    for token in tokens:
        token.map = None
        token.meta["put_out"] = True
    return tokens


def formula_fragment(tex: str, code: Code) -> list[Token]:
    """The same of a formula that stands alone."""
    token = Token("math_block", "math", 0, block=True)
    token.content = tex
    token.meta = {"cell": code.cell, "put_out": True}
    return [token]


def prepare_fragment(tokens: Sequence[Token], context: Context) -> None:
    """Make the tokens of a fragment ready for rendering."""
    _prepare(tokens, context, {}, None)


def render_inline(md: MarkdownIt, text: str, context: Context, place: Place) -> tuple[str, str]:
    """A caption as inline HTML: (for the page, for the feed). `1. The cut` is no list in it."""
    inline = md.parseInline(text.strip(), _env(context.works, context.post.meta.language))[0]
    _prepare_inline(inline, context, place, {}, {})
    page, feed = (_inline_html(md, inline.children or [], m) for m in ("page", "feed"))
    return page, feed


def _env(works: Iterable[str], language: str) -> EnvType:
    return {"works": tuple(works), "language": language}


def render_tokens(
    md: MarkdownIt, tokens: Sequence[Token], medium: Medium, *, only_tex: bool = False
) -> str:
    """The HTML of prepared tokens."""
    shown = [token for token in tokens if "shown_elsewhere" not in token.meta]
    env = {"medium": medium, "md": md, "only_tex": only_tex}
    html: str = md.renderer.render(shown, md.options, env)
    return html


def _inline_html(md: MarkdownIt, tokens: Sequence[Token], medium: Medium) -> str:
    env = {"medium": medium, "md": md}
    return cast("RendererHTML", md.renderer).renderInline(tokens, md.options, env)


def excerpt(tokens: Sequence[Token]) -> str:
    """The text of prepared tokens up to `<!--more-->`, or else of the first paragraph."""
    paragraphs: list[str] = []
    beside = 0
    marked = any(token.type == "html_block" and MORE.search(token.content) for token in tokens)
    for token, following in pairwise(tokens):
        if token.type.startswith("directive_") and (beside or _is_side_note(token)):
            beside += token.nesting
        if token.type == "paragraph_open" and not token.hidden and not beside:
            children = following.children or []
            without_text = all(child.type in NO_TEXT for child in children)
            text = "" if without_text else plain_text(children, _formula_text)
            if text and not marked:
                return text
            if text:
                paragraphs.append(text)
        elif token.type == "html_block" and MORE.search(token.content) and paragraphs:
            return " ".join(paragraphs)
    return paragraphs[0] if paragraphs else ""


def _is_side_note(token: Token) -> bool:
    written = token.meta.get("written")
    return written is not None and written.name in SIDE_NOTE_DIRECTIVES


NO_TEXT = ("image", "softbreak", "html_inline")
MORE = re.compile(r"<!--\s*more\s*-->", re.IGNORECASE)


def _formula_text(token: Token) -> str:
    formula: Formula | None = token.meta.get("formula")
    return (plain_formula(formula.html) if formula else "") or token.content


def plain_text(
    tokens: Iterable[Token], formula_text: Callable[[Token], str] = lambda token: token.content
) -> str:
    """The text of inline tokens; formulas as TeX, images as their alternative text."""
    parts = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(plain_text(token.children or [], formula_text))
        elif token.type in INLINE_TOKENS:
            parts.append(formula_text(token))
        elif token.type not in ("html_inline", "footnote_ref", COMMENT):
            parts.append(token.content)
    return " ".join("".join(parts).split())


def all_text(tokens: Iterable[Token]) -> str:
    """The prose of tokens, a formula as one word: what reading time is measured on."""
    inline = (token.children or [] for token in tokens if token.type == "inline")
    return " ".join(plain_text(children, lambda token: " x ") for children in inline)


# --- reading ----------------------------------------------------------------------------------


def _read_blocks(md: MarkdownIt, cell: Prose, env: EnvType) -> list[Token]:
    tokens: list[Token] = []
    text = cell.text.replace("\r\n", "\n").replace("\x00", "\ufffd")
    env["first_line"] = cell.line
    md.block.parse(text, md, env, tokens)
    for index, token in enumerate(tokens):
        token.meta = {**token.meta, "cell": cell.cell}
        if token.type == "heading_open":
            heading_attributes(token, tokens[index + 1])
        if token.map:
            token.map = [line + cell.line for line in token.map]
    return tokens


def _read_inline(md: MarkdownIt, tokens: list[Token], env: EnvType) -> list[Token]:
    """Run every core rule that follows the block parser, on the tokens of all cells at once."""
    state = StateCore("", md, env, tokens)
    rules = zip(md.core.ruler.get_active_rules(), md.core.ruler.getRules(""), strict=True)
    for name, rule in rules:
        if name not in ("normalize", "block"):
            rule(state)
    return state.tokens


def _demote_headings(tokens: Sequence[Token]) -> None:
    """The page's one `h1` is the post's title: if the prose has one too, all go a level down."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    if any(token.tag == "h1" for token in headings):
        for token in headings:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def _prepare(
    tokens: Sequence[Token],
    context: Context,
    attachments: Mapping[int, Attached],
    show_cell: ShowCell | None,
) -> None:
    reserve_ids(tokens, context)
    place = Place(0, None)
    notes: dict[int, Place] = {}
    name_terms(tokens, context)
    for index, token in enumerate(tokens):
        if token.type == "footnote_open":
            # A note written as `^[…]` knows no place of its own.
            place = notes.get(token.meta["id"], place)
        elif token.map or "cell" in token.meta:
            place = Place(token.meta.get("cell", place.cell), token.map[0] if token.map else None)
        note_unread_blocks(token, context, place)
        prepare_footnote(token, context)
        if token.type == "heading_open":
            _prepare_heading(token, tokens[index + 1], context)
        elif token.type in DISPLAY_TOKENS:
            _prepare_formula(token, True, context, place)
        elif token.type in ("fence", "code_block"):
            _prepare_code(token, context, place)
        elif token.type == "html_block" and "put_out" not in token.meta:
            token.content = with_addresses(token.content, context, place)
        elif token.type == "inline":
            if tokens[index - 1].type == "paragraph_open":
                note_unread_paragraph(token, context, place)
            note_undefined(token, context, place)
            _prepare_inline(token, context, place, attachments.get(place.cell, {}), notes)
        elif token.type == "paragraph_open":
            _prepare_figure(tokens, index, context)
        elif token.type == "directive_open":
            prepare_directive(token, DIRECTIVES, context, place)
        elif token.type == PICTURE:
            _prepare_picture(tokens, index, context, place)
        elif token.type == PROBLEM:
            context.errors.extend(error.at(cell=place.cell) for error in token.meta["problems"])
        elif token.type == "table_open" and "caption" in token.meta:
            token.meta["start"] = caption_start(
                token.meta["label"], token.meta["number"], context.strings
            )
        elif token.type == CAPTION_OPEN and "shown_elsewhere" not in token.meta:
            context.errors.append(
                MarkdownError("a table that code puts out cannot have a label").at(
                    line=place.line,
                    cell=place.cell,
                    text=token.meta["label"],
                    hint="label the cell: #| label: tbl-name",
                )
            )
        elif token.type == CELL and show_cell is not None:
            token.meta["page"], token.meta["feed"] = show_cell(token.meta["code"])


def _prepare_heading(opening: Token, inline: Token, context: Context) -> None:
    opening.meta["inline"] = inline
    if label := opening.meta.get("label", ""):
        opening.attrSet("id", label)
        return
    wanted = slug(plain_text(inline.children or [])) or "section"
    unique, number = wanted, context.headings.get(wanted, 1)
    while unique in context.ids:
        number += 1
        unique = f"{wanted}-{number}"
    context.headings[wanted] = number
    context.ids.add(unique)
    opening.attrSet("id", unique)


def _prepare_code(token: Token, context: Context, place: Place) -> None:
    # kramdown names the language of a block below it: {: .language-python}
    named = [name for name in classes(token) if name.startswith("language-")]
    if named and not token.info.strip():
        token.info = named[0].removeprefix("language-")
    if named:
        token.attrSet("class", " ".join(n for n in classes(token) if n not in named))
    info = token.info.strip()
    language = info.split()[0] if info else ""
    if token.map and is_never_closed(token):
        error = MarkdownError("the code is never closed")
        hint = f"end it with a line {token.markup}: what follows would be shown as code"
        context.errors.append(
            error.at(line=place.line, cell=place.cell, text=token.markup + info, hint=hint)
        )
    if "{" in info:
        error = MarkdownError("code between fences has no attributes")
        hint = "write ```{code-block} python, and below it options: :filename:, :emphasize-lines:"
        context.errors.append(
            error.at(line=place.line, cell=place.cell, text=token.markup + info, hint=hint)
        )
    if language:
        token.meta["highlighted"] = highlight(token.content.rstrip("\n"), language)


def _without_space_behind(tex: str) -> str:
    r"""A formula without the white space at its end, but for that of a command: `a\ `."""
    bare = tex.rstrip()
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if backslashes % 2 and bare != tex else bare


def _prepare_formula(token: Token, display: bool, context: Context, place: Place) -> None:
    tex = token.content.lstrip()
    # The formula may begin on the line below its delimiter.
    skipped = token.content[: len(token.content) - len(tex)].count("\n")
    here = place.below(skipped)
    tex = _without_space_behind(tex)
    equation: Equation | None = token.meta.get("equation")
    if display and equation is None:
        equation = _without_label(token, tex, context, here)
    tex, feed_tex = _for_katex(tex, equation)
    tex, feed_tex = (_with_references(text, context, here) for text in (tex, feed_tex))
    token.meta["formula"] = context.formula(tex, display, here, feed_tex)
    if equation is not None and equation.labelled:
        token.meta["numbers"] = [
            (
                row.label,
                context.plain_number(row.number),
                reference_text(context.labels[row.label], context, short=False),
            )
            for row in equation.labelled
            if row.label in context.labels
        ]


def _for_katex(tex: str, equation: Equation | None) -> tuple[str, str]:
    """What is typeset for a page, and for a feed if that is something else."""
    if equation is None:
        return tex, ""
    return equation.tex(), equation.tex(tags=True) if equation.labelled else ""


def expected_formulas(
    tokens: Iterable[Token], macros: Mapping[str, str]
) -> Iterator[tuple[str, bool, Macros]]:
    """The formulas that will be typeset, as far as that can be said beforehand."""
    known = dict(macros)
    for token in chain.from_iterable((token, *(token.children or ())) for token in tokens):
        display = token.type in DISPLAY_TOKENS or bool(token.meta.get("display"))
        if not display and token.type not in INLINE_TOKENS:
            continue
        tex = _without_space_behind(token.content.lstrip())
        with suppress(MathError):
            equation = token.meta.get("equation")
            if display and equation is None:
                equation = take_apart(tex, token.info)
            for written in filter(None, _for_katex(tex, equation)):
                definitions = take_definitions(written, known)
                known.update(definitions.macros)
                if definitions.tex.strip() and not FORMULA_REFERENCE.search(written):
                    yield definitions.tex, display, used(definitions.tex, known)


def _without_label(token: Token, tex: str, context: Context, place: Place) -> Equation | None:
    """A formula that numbering has not seen: it stands in an output, or is wrong."""
    try:
        equation = take_apart(tex, token.info)
    except MathError:
        return None  # Numbering has said so.
    if equation.labelled:
        context.errors.append(
            MarkdownError("a formula that code puts out cannot have a label").at(
                line=place.line,
                cell=place.cell,
                text=equation.labelled[0].label,
                hint="write the formula in a cell of prose",
            )
        )
    return equation


def _with_references(tex: str, context: Context, place: Place) -> str:
    r"""A formula in which `\\eqref` and `\\ref` are the numbers they mean."""

    def number(match: re.Match[str]) -> str:
        folder, _, name = match["label"].strip().rpartition(":")
        here = place.below(tex.count("\n", 0, match.start()))
        found = find(name, folder, context, here)
        if found is None:
            return ""
        shown = reference_text(found[0], context, short=True, bare=match["how"] == "ref")
        return rf"\text{{{shown}}}"

    return FORMULA_REFERENCE.sub(number, tex)


def _prepare_inline(
    token: Token,
    context: Context,
    place: Place,
    attached: Attached,
    notes: dict[int, Place],
) -> None:
    # An inline token knows no line of its own: count the line ends before it.
    passed = 0
    links = 0
    for child in token.children or []:
        here = place.below(passed)
        passed += _line_ends(child)
        links += child.nesting if child.type in ("link_open", "link_close") else 0
        if "linkless" in token.meta and child.type in (REFERENCE, ROLE_LINK):
            child.meta["inside_link"] = True
        if child.type in INLINE_TOKENS:
            _prepare_formula(child, bool(child.meta.get("display")), context, here)
        elif child.type == "link_open":
            target = context.target(str(child.attrGet("href") or ""), here)
            child.attrSet("href", target.address)
        elif child.type == "html_inline" and "put_out" not in token.meta:
            child.content = with_addresses(child.content, context, here)
        elif child.type == FOREIGN:
            note_foreign(child, context, here)
        elif child.type == WRONG_ROLE:
            note_wrong_role(child, context, here)
        elif child.type == ROLE_LINK:
            child.children = prepare_link(child, context, here)
        elif child.type == REFERENCE:
            prepare_reference(child, context, here)
        elif child.type == "image":
            for inner in child.children or []:
                if inner.type == REFERENCE:
                    inner.meta["inside_link"] = True
                    prepare_reference(inner, context, here)
            child.meta["inside_link"] = links > 0
            _prepare_image(child, context, here, attached)
        elif child.type == "footnote_ref":
            notes.setdefault(child.meta["id"], here)
            prepare_footnote(child, context)
    shown = _without_role_links(token.children or [])
    if "linkless" in token.meta:
        shown = [child for child in shown if child.type not in ("link_open", "link_close")]
    token.children = _join_formulas(shown)


def _without_role_links(children: Sequence[Token]) -> list[Token]:
    """Instead of a role that leads somewhere, the link that it is."""
    return [
        part
        for token in children
        for part in (token.children or [] if token.type == ROLE_LINK else [token])
    ]


WRITTEN_OUT = ("html_inline", REFERENCE, FOREIGN, COMMENT)
"""Inline tokens whose content is all that was written."""


def _code(state: StateInline, silent: bool) -> bool:
    """CommonMark's code in a line; it has spaces for its line ends, which are counted here."""
    start = state.pos
    before = len(state.tokens)
    read = backtick(state, silent)
    if read and len(state.tokens) > before and state.tokens[-1].type == "code_inline":
        state.tokens[-1].meta = {"line_ends": state.src.count("\n", start, state.pos)}
    return read


def _line_ends(token: Token) -> int:
    """How many line ends an inline token took."""
    if token.type in ("softbreak", "hardbreak"):
        return 1
    if token.type in INLINE_TOKENS or token.type in WRITTEN_OUT:
        return token.content.count("\n")
    if token.type == "image":
        return sum(map(_line_ends, token.children or []))
    ends: int = token.meta.get("line_ends", 0)
    return ends


def _join_formulas(children: Sequence[Token]) -> list[Token]:
    """Keep a formula together with what touches it: `($x$)`, `$V$를`.

    Browsers may break a line on either side of KaTeX's boxes, and would part a formula from its
    bracket or its Korean particle. A span whose own text does not wrap holds them together.
    """
    joined: list[Token] = []
    rest = deque(children)
    while rest:
        token = rest.popleft()
        if token.type not in INLINE_TOKENS or token.meta.get("display"):
            joined.append(token)
            continue
        before = _split_off(joined, LAST_WORD) if joined else ""
        after = _split_off(rest, FIRST_WORD, first=True) if rest else ""
        if before or after:
            joined += [Token("join_open", "span", 1), _text(before), token, _text(after)]
            joined.append(Token("join_close", "span", -1))
        else:
            joined.append(token)
    return joined


def _split_off(tokens: Sequence[Token], pattern: re.Pattern[str], first: bool = False) -> str:
    """Take what matches from the end (or the start) of the neighbouring text token."""
    token = tokens[0 if first else -1]
    match = pattern.search(token.content) if token.type == "text" else None
    if not match:
        return ""
    token.content = token.content[match.end() :] if first else token.content[: match.start()]
    return match[0]


def _text(content: str) -> Token:
    token = Token("text", "", 0)
    token.content = content
    return token


def _prepare_image(token: Token, context: Context, place: Place, attached: Attached) -> None:
    source = str(token.attrGet("src") or "")
    name = source.removeprefix("attachment:")
    content: bytes | None = None
    if name != source and name not in attached:
        context.errors.append(
            MarkdownError(f"the cell has no attachment `{name}`").at(
                line=place.line, cell=place.cell, text=source, hint="paste the picture again"
            )
        )
    elif name != source:
        content = attached[name]
        path = ""
    else:
        target = context.target(source, place)
        token.attrSet("src", target.address)
        if target.neighbour:
            content = context.post.source.neighbours[target.neighbour]
            path = neighbour_path(context.post.source.folder, target.neighbour)
    if content is None:
        return
    config = context.links.config
    picture = publish_picture(content, path, PurePosixPath(name).suffix, context)
    if is_unreadable(picture, content):
        warning = MarkdownError("the file is no picture that can be read")
        context.warnings.append(warning.at(line=place.line, cell=place.cell, text=source))
    given = {name: str(value) for name, value in token.attrs.items()}
    for attribute, value in sized(picture.attributes(config), given).items():
        token.attrSet(attribute, value)
    if picture.versions:
        token.meta["original"] = address(picture.path, config)
    alt = plain_text(token.children or [])
    context.images.append(Image(picture.shown, alt, *(picture.size or (0, 0))))


def _prepare_picture(tokens: Sequence[Token], index: int, context: Context, place: Place) -> None:
    """A picture of a directive: its words, and the width that its author wants."""
    token = tokens[index]
    image: Token = token.meta["image"]
    if not image.children:
        context.warnings.append(
            MarkdownError("a picture has no alternative text (`:alt: …`)").at(
                line=place.line, cell=place.cell, text=str(image.attrGet("src"))
            )
        )
        image.children = [_text(_words_for(tokens[index:], str(image.attrGet("src"))))]
    _prepare_image(image, context, place, {})
    wanted: str = token.meta["width"]
    if wanted.endswith("%"):
        image.attrSet("style", f"width: {wanted}")
    elif wanted:
        _scale(image, float(wanted.removesuffix("px")))


def _words_for(tokens: Sequence[Token], source: str) -> str:
    """What stands for a picture that nobody describes: its caption, or the name of its file."""
    for token in tokens:
        if token.type == "directive_close":
            break
        if token.type == "inline":
            return plain_text(token.children or [])
    return PurePosixPath(source).stem


def _scale(image: Token, width: float) -> None:
    """Give a picture a width in CSS pixels, and the height that goes with it."""
    old, height = image.attrGet("width"), image.attrGet("height")
    image.attrSet("width", f"{width:.0f}")
    if old and height:
        image.attrSet("height", f"{float(height) * width / float(old):.0f}")
    if image.attrGet("sizes"):
        image.attrSet("sizes", f"(min-width: {width:.0f}px) {width:.0f}px, 100vw")


FIRST_WORD = re.compile(r"^\S{1,12}(?!\S)")
LAST_WORD = re.compile(r"(?<!\S)\S{1,12}$")
"""A short run without spaces: a longer one may break like other text."""


def _prepare_figure(tokens: Sequence[Token], index: int, context: Context) -> None:
    """A paragraph of one image with a title or a label is a figure.

    The title is its caption; of a labelled one without a title, the text in the brackets is.
    """
    inline, closing = tokens[index + 1], tokens[index + 2]
    children = inline.children or []
    if len(children) != 1 or children[0].type != "image":
        return
    image = children[0]
    number = image.meta.get("number", "")
    if not (image.attrGet("title") or number):
        return
    tokens[index].tag = closing.tag = "figure"
    tokens[index].hidden = closing.hidden = False
    caption: list[Token] = []
    if title := str(image.attrs.pop("title", "")):
        title = printed(title, context.post.meta.language)
        caption = [_html(escape(title, quote=False))]
    elif image.children:
        caption = copy.deepcopy(image.children)
        if alternative := str(image.attrs.pop("fig-alt", "")):
            image.children = [_text(alternative)]
    start = ""
    if number:
        label = str(image.attrs.pop("id"))
        tokens[index].attrSet("id", label)
        start = numbered_caption(caption_start(label, number, context.strings), bool(caption))
    inline.children = [image, _html(f"<figcaption>{start}"), *caption, _html("</figcaption>")]


def _html(content: str) -> Token:
    token = Token("html_inline", "", 0)
    token.content = content
    return token


# --- rendering --------------------------------------------------------------------------------

Rule = Callable[[RendererProtocol, Sequence[Token], int, OptionsDict, EnvType], str]


ANNOTATION = re.compile(r"<annotation .*?</annotation>", re.DOTALL)


def _formula(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[i]
    formula = token.meta.get("formula")
    if formula is None:
        return escapeHtml(token.content)
    html: str = formula.feed if env.get("medium") == "feed" else formula.html
    if not html:
        return ""
    if env.get("only_tex") and (tex := ANNOTATION.search(html)):
        return f'<span class="katex">{tex[0]}</span>'
    block = token.type in DISPLAY_TOKENS
    if env.get("medium") == "page" and token.meta.get("numbers"):
        # Inside a paragraph, as `\[ … \]` may stand, HTML allows no `div`.
        return _numbered(html, token, "div" if block else "span") + "\n" * block
    if block:
        return display_formula(html, env)
    if token.meta.get("display") and env.get("medium") == "page":
        return f'<span class="equation" tabindex="0">{html}</span>'
    return html


def _numbered(html: str, token: Token, tag: str) -> str:
    """A numbered formula on a page: its number is a link to itself, which the keyboard reaches."""
    equation: Equation = token.meta["equation"]
    links = [
        (f'href="#{escape(label)}"', escape(number, quote=False), escape(text))
        for label, number, text in token.meta["numbers"]
    ]
    if not equation.by_rows:
        ((href, number, text),) = links
        identity = escape(token.meta["numbers"][0][0])
        return (
            f'<{tag} class="equation numbered" id="{identity}">'
            f'<{tag} class="formula" tabindex="0">{html}</{tag}>'
            f'<a class="number" {href} aria-label="{text}">({number})</a></{tag}>'
        )
    # KaTeX has set the numbers of the rows, with their ids, in HTML that only the eye sees.
    hidden = " ".join(f"<a {href}>{text}</a>" for href, _, text in links)
    return (
        f'<{tag} class="equation rows" tabindex="0">{html}'
        f'<span class="row-numbers">{hidden}</span></{tag}>'
    )


def display_formula(html: str, env: EnvType) -> str:
    """A formula on a line of its own; on a page it scrolls in itself and can be focused."""
    if env.get("medium") == "feed":
        return f"<p>{html}</p>\n"
    return f'<div class="equation" tabindex="0">{html}</div>\n'


def _cell(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    html: str = tokens[i].meta.get(env.get("medium", "page"), "")
    return html


def _code_block(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[i]
    language = unescapeAll(token.info).strip().partition(" ")[0]
    look: LineLook = token.meta.get("look", LineLook())
    if env.get("medium") == "page":
        plain = escape(token.content.rstrip("\n"), quote=False)
        html = code_block(look.page(token.meta.get("highlighted") or plain), language)
        return _with_attributes(html, "pre", token)
    # CommonMark's own form: the language as a class, the last line end kept.
    attribute = f' class="language-{escapeHtml(language)}"' if language else ""
    return f"<pre><code{attribute}>{look.feed(escapeHtml(token.content))}</code></pre>\n"


def code_block(html: str, language: str) -> str:
    """Highlighted code on a page: it scrolls in itself, so it can be focused."""
    name = f' data-language="{escape(language)}"' if language else ""
    return f'<pre class="code" tabindex="0"{name}><code>{html}</code></pre>\n'


def _table_open(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    page = env.get("medium") == "page"
    caption: Token | None = tokens[i].meta.get("caption")
    opening = ""
    if caption is not None:
        children = caption.children or []
        text = cast("RendererHTML", self).renderInline(children, options, env)
        identity = f' id="{escape(tokens[i].meta["label"])}"' if page else ""
        start = numbered_caption(tokens[i].meta["start"], bool(text))
        opening = f"<figure{identity}>\n<figcaption>{start}{text}</figcaption>\n"
    table = _with_attributes("<table>\n", "table", tokens[i])
    return opening + ('<div class="table" tabindex="0">' if page else "") + table


def _with_attributes(html: str, tag: str, token: Token) -> str:
    """HTML whose first tag, `tag`, gets the attributes that the author gave it as well."""
    given = {key: str(value) for key, value in token.attrs.items() if value != ""}
    start = f"<{tag}"
    if "class" in given and html.startswith(f'{start} class="'):
        start += ' class="'
        more = escape(given.pop("class")) + " "
    else:
        more = ""
    html = start + more + html[len(start) :]
    written = "".join(f' {key}="{escape(value)}"' for key, value in given.items())
    return html.replace(f"<{tag}", f"<{tag}{written}", 1)


def _table_close(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    closing = "</figure>\n" if "caption" in tokens[i].meta else ""
    return "</table>\n" + ("</div>\n" if env.get("medium") == "page" else "") + closing


def _heading_open(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[i]
    identity = token.attrGet("id")
    if identity is None or env.get("medium") == "feed":
        return f"<{token.tag}>{_section_number(token)}"
    html = f"<{token.tag}>{_section_number(token)}"
    return _with_attributes(html, token.tag, token)


def _section_number(opening: Token) -> str:
    number = opening.meta.get("number")
    return f'<span class="section-number">{number}</span> ' if number else ""


def _heading_close(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[i]
    identity = tokens[i - 2].attrGet("id")
    anchor = ""
    if identity is not None and env.get("medium") == "page":
        # The heading's own words are the name of the link, so a screen reader says them.
        anchor = (
            f'<a class="anchor" href="#{escape(str(identity))}" aria-hidden="true" '
            'tabindex="-1">#</a>'
        )
    return f"{anchor}</{token.tag}>\n"


def heading_html(md: MarkdownIt, opening: Token) -> str:
    """A heading as it stands in a table of contents: without links and footnotes."""
    inline: Token = opening.meta["inline"]
    kept = [
        without_links(token) if token.type == REFERENCE else token
        for token in inline.children or []
        if token.type not in ("link_open", "link_close", "footnote_ref", "image")
    ]
    return _section_number(opening) + _inline_html(md, kept, "page")


def _join(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    if env.get("medium") == "feed":
        return ""
    return '<span class="joined">' if tokens[i].nesting == 1 else "</span>"


def _image(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    # markdown-it would leave formulas out of the alternative text.
    tokens[i].attrSet("alt", plain_text(tokens[i].children or []))
    html = cast("RendererHTML", self).renderToken(tokens, i, options, env)
    original = tokens[i].meta.get("original")
    # A link leads to the picture in all its pixels, unless it stands in a link itself.
    if original and not tokens[i].meta.get("inside_link") and env.get("medium") == "page":
        return f'<a class="original" href="{original}">{html}</a>'
    return html


def _picture(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    return _image(self, [tokens[i].meta["image"]], 0, options, env)


def _html_inline(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    content = tokens[i].content
    if env.get("medium") == "feed" and content.startswith(CHECKBOX):
        # A feed has no forms.
        return "☑" if "checked=" in content else "☐"
    return content


CHECKBOX = '<input class="task-list-item-checkbox"'

RENDER_RULES: dict[str, Rule] = {
    "math_inline": _formula,
    "math_inline_double": _formula,
    "math_block": _formula,
    "math_block_label": _formula,
    "amsmath": _formula,
    "image": _image,
    PICTURE: _picture,
    "html_inline": _html_inline,
    "fence": _code_block,
    "code_block": _code_block,
    "table_open": _table_open,
    "table_close": _table_close,
    "heading_open": _heading_open,
    "heading_close": _heading_close,
    "join_open": _join,
    "join_close": _join,
    CELL: _cell,
    CONTENTS: _cell,
    **FOOTNOTE_RULES,
}


def contents(md: MarkdownIt, tokens: Sequence[Token]) -> tuple[Heading, ...]:
    """The headings of a post with their HTML, but those that are not to be listed.

    Of those that code put out, the numbered ones are.
    """
    return tuple(
        Heading(int(token.tag[1]), str(token.attrGet("id")), heading_html(md, token))
        for token in tokens
        if token.type == "heading_open"
        and is_listed(token)
        and ("put_out" not in token.meta or "number" in token.meta)
    )


def place_contents(tokens: Sequence[Token], headings: Sequence[Heading], title: str) -> bool:
    """Write the table of contents where the text wants it; whether it does."""
    wanted = [token for token in tokens if token.type == CONTENTS]
    for token in wanted:
        token.meta["page"] = contents_list(headings, token.tag, title)
    return bool(wanted)
