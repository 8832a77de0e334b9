r"""References to what has a label: `@eq-cut`, `[@fig-one; @fig-two]`, `\eqref{eq-cut}`.

`@ncut:eq-cut` leads to another post, by the name of its folder, in the language of the page where
it exists. `[-@eq-cut]` and `\eqref` show the number alone. A Korean particle written both ways
directly behind, `@eq-cut을(를)`, becomes the one that fits (see `particles`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from msgspec import Struct

from ..addresses import address
from ..errors import MarkdownError, UnknownLabel
from ..model import Label, Post
from ..record import suggestion
from .citations import KEY, cite, is_work_or_typo
from .context import Context, Place
from .labels import LABEL as KNOWN_LABEL
from .labels import PREFIXES
from .particles import agree, bare_particle, both_ways, particle_pattern
from .tokens import NO_BREAK_SPACE, text_token
from .typography import printed

REFERENCE = "reference"
"""The token of a reference or a citation. Its `content` is what the author wrote until it is
prepared, and its text afterwards."""

LABEL = rf"(?:(?P<post>[\w.-]+):)?(?P<label>{KNOWN_LABEL.pattern})"
BARE = re.compile(rf"@(?:{LABEL}|(?P<key>{KEY}))", re.ASCII)
FOLDER_BARE = re.compile(rf"@{LABEL}")
"""The same with names of folders in any script."""
BRACKETED = re.compile(r"\[(?P<inner>[^\[\]\\`$]*)\](?![(\[])")
ITEM = re.compile(
    rf"(?P<before>[^@]*?)(?P<short>-?)@(?:{LABEL}|(?P<key>{KEY}))(?P<after>(?![A-Za-z0-9]).*)",
    re.DOTALL,
)
WITH_COLON = re.compile(rf"(?P<prefix>{'|'.join(PREFIXES)}):(?P<name>.+)")
COMMAND = re.compile(r"\\(?P<how>eqref|ref)\{(?:(?P<post>[\w.-]+):)?(?P<label>[^{}\s]+)\}")


class Item(Struct, frozen=True):
    """One of the names in a reference."""

    label: str = ""
    post: str = ""
    """Folder of another post."""
    key: str = ""
    """Id of a work, where it is no label."""
    short: bool = False
    """The number alone; of a work, the year alone."""
    before: str = ""
    after: str = ""
    """What stands around it inside brackets: `see`, `p. 3`."""
    words: str = ""
    """What it says instead; `%s` stands for the number."""


def references_plugin(md: MarkdownIt) -> None:
    """Read references and citations."""
    md.inline.ruler.before("link", "bracketed_reference", _bracketed)
    md.inline.ruler.before("link", "bare_reference", _bare)
    md.inline.ruler.before("escape", "reference_command", _command)
    md.add_render_rule(REFERENCE, _render)


def push_reference(state: StateInline, items: Sequence[Item], end: int, how: str) -> None:
    """Push a reference that ends at `end`, with a particle behind it.

    `how` is `bare` in a sentence, `brackets`, or the TeX command that it was written with.
    """
    particle = particle_pattern().match(state.src, end, state.posMax)
    token = state.push(REFERENCE, "", 0)
    token.content = state.src[state.pos : end]
    token.info = how
    token.meta = {
        "items": items,
        "particle": particle[0] if particle else "",
        "bare": "" if particle else bare_particle(state.src[end : end + 3]),
        "inside_link": state.linkLevel > 0,
    }
    state.pos = particle.end() if particle else end


def _bare(state: StateInline, silent: bool) -> bool:
    before = state.src[state.pos - 1] if state.pos else " "
    if state.src[state.pos] != "@" or before in "@/" or (before.isascii() and before.isalnum()):
        return False
    match = FOLDER_BARE.match(state.src, state.pos, state.posMax) or BARE.match(
        state.src, state.pos, state.posMax
    )
    if not match:
        return False
    label, key = match["label"], match.groupdict().get("key")
    works = state.env.get("works", ())
    if key and key not in works and (colon := WITH_COLON.fullmatch(key)):
        # pandoc-crossref and LaTeX write it so; what is looked for is not there.
        if not silent:
            item = Item(colon["name"], colon["prefix"])
            push_reference(state, [item], match.end(), "bare")
        else:
            state.pos = match.end()
        return True
    if not label and not is_work_or_typo(key or "", works):
        return False
    if not silent:
        item = Item(label or "", match["post"] or "", "" if label else str(key))
        push_reference(state, [item], match.end(), "bare")
    else:
        state.pos = match.end()
    return True


def _bracketed(state: StateInline, silent: bool) -> bool:
    match = BRACKETED.match(state.src, state.pos, state.posMax)
    if not match or "@" not in match["inner"]:
        return False
    if normalizeReference(match["inner"]) in state.env.get("references", {}):
        return False  # A link by its own text: `[@name]: https://…` stands somewhere.
    items: list[Item] = []
    for part in match["inner"].split(";"):
        found = ITEM.fullmatch(part)
        if not found or (found["before"].strip() and not found["before"][-1].isspace()):
            return False
        key = found["key"] or ""
        before, after = found["before"].strip(), found["after"].strip(" \n,")
        if language := state.env.get("language", ""):
            before, after = printed(before, language), printed(after, language)
        works = state.env.get("works", ())
        if not found["label"] and before and not is_work_or_typo(key, works):
            return False  # Brackets around a sentence with somebody's name in it.
        items.append(
            Item(
                found["label"] or "", found["post"] or "", key, bool(found["short"]), before, after
            )
        )
    if not silent:
        push_reference(state, items, match.end(), "brackets")
    else:
        state.pos = match.end()
    return True


def _command(state: StateInline, silent: bool) -> bool:
    match = COMMAND.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        item = Item(match["label"], match["post"] or "", short=True)
        push_reference(state, [item], match.end(), match["how"])
    else:
        state.pos = match.end()
    return True


# --- what a reference shows -------------------------------------------------------------------


class Shown(Struct, frozen=True):
    """A reference, or a part of one, as text and as HTML."""

    text: str
    html: str
    spoken: str = ""
    """What a particle behind it agrees with, where that is not the text."""


def prepare_reference(token: Token, context: Context, place: Place) -> None:
    """Find what a reference names, and write what it shows; an unknown name is noted."""
    items: Sequence[Item] = token.meta["items"]
    linked = not token.meta["inside_link"]
    if any(item.key for item in items):
        citation = cite(items, context, place, narrative=token.info == "bare", linked=linked)
        shown = Shown(citation.text, citation.html, citation.spoken)
    else:
        parts = [_label(item, token.info, context, place, linked) for item in items]
        shown = Shown(
            ", ".join(part.text for part in parts), ", ".join(part.html for part in parts)
        )
    # A particle behind works in brackets belongs to the word before them.
    in_brackets = token.info == "brackets" and any(item.key for item in items)
    token.meta["spoken"] = shown.spoken or shown.text
    particle = token.meta["particle"]
    if particle:
        particle = token.meta["particle"] = agree(shown.spoken or shown.text, particle)
    elif (bare := token.meta["bare"]) and shown.text and not in_brackets:
        both = both_ways(bare)
        if agree(shown.spoken or shown.text, both) != bare:
            warning = MarkdownError(f"`{shown.text}{bare}` has the wrong particle: write {both}")
            warning.at(line=place.line, cell=place.cell, text=token.content + bare)
            context.warnings.append(warning)
    token.content = shown.text + particle
    token.meta["html"] = shown.html + escape(particle, quote=False)


def agree_behind_emphasis(tokens: Sequence[Token]) -> None:
    """Choose the particles that stand outside of the emphasis of a reference: **@eq-cut**을(를)."""
    spoken = ""
    for token in tokens:
        if token.type == REFERENCE:
            spoken = "" if token.meta["particle"] else token.meta.get("spoken", "")
        elif token.type == "text" and token.content and spoken:
            if particle := particle_pattern().match(token.content):
                chosen = agree(spoken, particle[0])
                token.content = chosen + token.content[particle.end() :]
            spoken = ""
        elif token.nesting != -1 and (token.type != "text" or token.content):
            spoken = ""


def _label(item: Item, how: str, context: Context, place: Place, linked: bool) -> Shown:
    found = find(item.label, item.post, context, place)
    if found is None:
        return Shown("", "")
    label, page, title = found
    text = reference_text(label, context, short=item.short, bare=how == "ref")
    if item.words:
        number = reference_text(label, context, short=True, bare=True)
        text = item.words.replace("%s", number).replace("{number}", number)
    around = [item.before + " " if item.before else "", " " + item.after if item.after else ""]
    html = escape(text, quote=False)
    if not item.words:
        html = html.replace(" ", NO_BREAK_SPACE)
    if linked:
        context.has_references = True
        hover = f' title="{escape(title)}"' if title else ""
        html = f'<a class="reference" href="{page}#{quote(label.name)}"{hover}>{html}</a>'
    before, after = (escape(part, quote=False) for part in around)
    return Shown(around[0] + text + around[1], before + html + after)


def reference_text(label: Label, context: Context, *, short: bool, bare: bool = False) -> str:
    """What a reference to a label says: `식 (3)`, `(3)` if short, `3` if bare."""
    number = context.plain_number(label.number)
    if bare or (short and label.kind != "eq"):
        return number
    if short:
        return f"({number})"
    return context.strings[f"{label.kind}_reference"].format(n=number)


def find(name: str, folder: str, context: Context, place: Place) -> tuple[Label, str, str] | None:
    """A label, with address and title of the other post if it is in one.

    What is not found is noted as an error.
    """
    if not folder or folder == context.post.source.folder:
        label = context.labels.get(name)
        if label is None:
            _unknown(f"`{name}` names nothing in this post", name, context.labels, context, place)
            return None
        return label, "", ""
    found = _other_post(folder, context)
    if found is None:
        if folder in PREFIXES:
            hint = f"a label has a hyphen: {folder}-{name}"
            error = UnknownLabel(f"`{folder}:{name}` is no label")
            text = f"{folder}:{name}"
            error.at(line=place.line, cell=place.cell, text=text, hint=hint)
            context.errors.append(error)
            return None
        folders = context.links.folders
        _unknown(f"there is no post `{folder}`", folder, folders, context, place)
        return None
    labels = context.links.labels.get(found, {})
    if name not in labels:
        message = f"`{name}` names nothing in the post `{folder}`"
        _unknown(message, name, labels, context, place)
        return None
    title = context.links.titles.get(found, "")
    return labels[name], address(context.links.pages[found], context.links.config), title


def _other_post(folder: str, context: Context) -> str | None:
    """The source of a folder's post in the language of the page, or in the first there is."""
    config = context.links.config
    wanted = dict.fromkeys((context.post.meta.language, config.language, *config.languages))
    paths = context.links.folders.get(folder, ())
    for language in wanted:
        for path in paths:
            if f"/index.{language}." in path:
                return path
    return min(paths, default=None)


def _unknown(
    message: str, name: str, known: Mapping[str, object], context: Context, place: Place
) -> None:
    listed = sorted(known)[:12]
    there = "there are: " + ", ".join(listed) + (" …" if len(known) > len(listed) else "")
    hint = suggestion(name, known) or (there if known else "nothing there has a label")
    context.errors.append(
        UnknownLabel(message).at(line=place.line, cell=place.cell, text=name, hint=hint)
    )


def _render(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    html: str = tokens[i].meta.get("html", escape(tokens[i].content, quote=False))
    return html


def without_links(token: Token) -> Token:
    """A reference as it stands in a table of contents: text."""
    return text_token(token.content)


def folders_referred_to(post: Post) -> set[str]:
    """The folders that a post names in references to other posts, whether there are such posts."""
    text = post.source.text
    named = [match["post"] for match in (*ACROSS.finditer(text), *DOCUMENT.finditer(text))]
    return {unicodedata.normalize("NFC", unquote(name)) for name in named} - {post.source.folder}


ACROSS = re.compile(r"[@{`<](?P<post>[\w.-]+):(?:" + "|".join(PREFIXES) + ")-")
DOCUMENT = re.compile(r"\{doc\}`[^`\n]*?\.\./(?P<post>[^`<>/\n]+)")
"""`` {doc}`../ncut/index.ko.md` `` shows the other post's title."""
