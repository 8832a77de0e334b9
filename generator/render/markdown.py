"""Prose -> tokens -> HTML: the one Markdown that all posts are written in (markdown-it).

All cells of a post share one environment, so that a link or a footnote defined in the last
cell works in the first. The tokens are prepared once (see `preparing`) and rendered twice: for
the page, and for the feed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import cast

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML, RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from ..model import Cell, Prose
from .abbreviations import abbreviations_plugin
from .admonitions import ADMONITION_DIRECTIVES, alerts_plugin
from .attributes import CONTENTS, attributes_plugin, heading_attributes
from .bare_links import bare_links_plugin
from .captions import TABLE_RULES, captions_plugin
from .code_blocks import CODE_DIRECTIVES, CODE_RULES
from .context import Medium
from .cross_references import references_plugin
from .directive_reading import directives_plugin
from .directives import DIRECTIVE_RULES, Directive
from .emphasis import cjk_emphasis_plugin
from .footnotes import FOOTNOTE_RULES, footnotes_plugin
from .foreign import foreign_plugin
from .formulas import FORMULA_RULES
from .glossary import GLOSSARY_DIRECTIVES
from .headings import HEADING_RULES, demote_headings
from .included_code import LITERAL_INCLUDE
from .kramdown import kramdown_plugin
from .labels import CELL
from .line_breaks import LINE_BREAK_RULES
from .line_ends import line_ends_plugin
from .marked_text import marked_text_plugin
from .mathematics import MATHEMATICS_DIRECTIVES, mathematics_plugin
from .picture_directives import PICTURE_DIRECTIVES
from .prose_images import IMAGE_RULES
from .roles import roles_plugin
from .side_notes import SIDE_NOTE_DIRECTIVES
from .statements import SIGN, STATEMENT_DIRECTIVES
from .subscripts import subscripts_plugin
from .table_directives import TABLE_DIRECTIVES
from .tabs import TAB_DIRECTIVES
from .tokens import RenderRule
from .typography import typography_plugin
from .undefined_links import undefined_links_plugin

DIRECTIVES: dict[str, Directive] = {
    **STATEMENT_DIRECTIVES,
    **ADMONITION_DIRECTIVES,
    **TAB_DIRECTIVES,
    **SIDE_NOTE_DIRECTIVES,
    **PICTURE_DIRECTIVES,
    **TABLE_DIRECTIVES,
    **CODE_DIRECTIVES,
    "literalinclude": LITERAL_INCLUDE,
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
    marked_text_plugin,
    subscripts_plugin,
    captions_plugin,
    partial(attrs_plugin, after=("image",)),
    references_plugin,
    roles_plugin,
    partial(directives_plugin, known=DIRECTIVES),
    alerts_plugin,
    attributes_plugin,
    kramdown_plugin,
    foreign_plugin,
    undefined_links_plugin,
    bare_links_plugin,
    typography_plugin,
    abbreviations_plugin,
    line_ends_plugin,
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
    for name, rule in RENDER_RULES.items():
        md.add_render_rule(name, rule)
    return md


def read_prose(
    md: MarkdownIt, cells: Iterable[Cell], works: Iterable[str], language: str
) -> list[Token]:
    """The tokens of a whole post; `works` are the ids that can be cited."""
    env = _env(works, language)
    tokens: list[Token] = []
    for cell in cells:
        if isinstance(cell, Prose):
            tokens.extend(_read_blocks(md, cell, env))
        else:
            token = Token(CELL, "", 0, block=True)
            token.map = [cell.line, cell.line]
            token.meta = {"cell": cell.cell, "code": cell}
            tokens.append(token)
    tokens = _run_core_rules(md, tokens, env)
    demote_headings(tokens)
    return tokens


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


def _run_core_rules(md: MarkdownIt, tokens: list[Token], env: EnvType) -> list[Token]:
    """Run every core rule that follows the block parser, on the tokens of all cells at once."""
    state = StateCore("", md, env, tokens)
    rules = zip(md.core.ruler.get_active_rules(), md.core.ruler.getRules(""), strict=True)
    for name, rule in rules:
        if name not in ("normalize", "block"):
            rule(state)
    return state.tokens


def _env(works: Iterable[str], language: str) -> EnvType:
    return {"works": tuple(works), "language": language}


def read_line(md: MarkdownIt, text: str, works: Iterable[str], language: str) -> Token:
    """A text as one inline token: `1. The cut` is no list in it."""
    return md.parseInline(text.strip(), _env(works, language))[0]


def render_tokens(
    md: MarkdownIt,
    tokens: Sequence[Token],
    medium: Medium,
    *,
    to_read: bool = False,
    document: str = "",
) -> str:
    """The HTML of prepared tokens.

    Args:
        md: what has read them.
        tokens: those of a text.
        medium: what the HTML is for.
        to_read: whether only its text matters: formulas are their TeX, code has no colours.
        document: ids of footnotes begin with this name.
    """
    shown = [token for token in tokens if "shown_elsewhere" not in token.meta]
    # The plugin for footnotes knows documents by this name.
    env = {"medium": medium, "to_read": to_read} | ({"docId": document} if document else {})
    html: str = md.renderer.render(shown, md.options, env)
    return html


def render_inline(md: MarkdownIt, tokens: Sequence[Token], medium: Medium) -> str:
    """The HTML of prepared tokens that stand in a line."""
    return cast("RendererHTML", md.renderer).renderInline(tokens, md.options, {"medium": medium})


def _ready_html(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    html: str = tokens[i].meta.get(env.get("medium", "page"), "")
    return html


CHECKBOX = '<input class="task-list-item-checkbox"'


def _html_inline(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    content = tokens[i].content
    if env.get("medium") == "feed" and content.startswith(CHECKBOX):
        # A feed has no forms.
        return "☑" if "checked=" in content else "☐"
    return content


RENDER_RULES: dict[str, RenderRule] = {
    "html_inline": _html_inline,
    CELL: _ready_html,
    CONTENTS: _ready_html,
    SIGN: _ready_html,
    **DIRECTIVE_RULES,
    **FORMULA_RULES,
    **LINE_BREAK_RULES,
    **IMAGE_RULES,
    **CODE_RULES,
    **TABLE_RULES,
    **HEADING_RULES,
    **FOOTNOTE_RULES,
}
"""Type of a token to what writes its HTML, where that is not markdown-it's own rule."""
