"""What a cell produced -> HTML, by MIME type, the richest safe one first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..characters import only_text
from ..errors import OutputError
from ..model import Bundle, Code, Failure, Omission, Output, Stream
from ..sizes import size_text
from . import terminal
from .animations import with_first_frames
from .context import Context, Fragments, Place
from .fragments import READERS, render_caption, render_fragment
from .interactive import figure_of
from .labels import caption_start, numbered_caption
from .output_frame import Frame, Renderer, Shown
from .output_media import show_bitmap, show_interactive, show_sound_or_film, show_svg
from .rich_html import MEDIA_SUFFIXES, finish_html

MOST_LINES = 40
"""A text of more lines is folded."""
LINES_SHOWN = 20
"""Of a folded text."""


def read_outputs(
    md: MarkdownIt, outputs: Mapping[Code, Sequence[Output]], works: Iterable[str], language: str
) -> Fragments:
    """The tokens of all that will be shown as Markdown or TeX: it may have labels."""
    works = tuple(works)
    fragments: dict[tuple[int, int], Sequence[Token]] = {}
    for code, items in outputs.items():
        for number, output in enumerate(items):
            if code.display.output == "absent" or not isinstance(output, Bundle):
                continue
            mime = next((mime for mime in RENDERERS if mime in output.data), "")
            if mime in READERS:
                text = only_text(output.data[mime])
                fragments[code.cell, number] = READERS[mime](md, text, code, works, language)
    return fragments


def render_outputs(
    md: MarkdownIt, context: Context, code: Code, outputs: Sequence[Output]
) -> tuple[str, str]:
    """The outputs of a cell as HTML: (for the page, for the feed)."""
    drawn = any(isinstance(output, Bundle) and is_drawn(output) for output in outputs)
    shown = [
        item
        for number, output in enumerate(outputs)
        if not (drawn and isinstance(output, Bundle) and names_a_figure(output))
        if (item := _show(md, context, code, output, number))
    ]
    display = code.display
    if display.label and display.label not in context.labels:
        # A label of no known kind is an id and nothing else.
        if display.label in context.ids:
            error = OutputError(f"the label `{display.label}` stands twice in the post")
            context.errors.append(error.at(cell=code.cell, line=code.line))
        context.ids.add(display.label)
    if not (display.caption or display.label):
        return "".join(item.page for item in shown), "".join(item.feed for item in shown)
    return _with_figure(md, context, code, shown)


FIGURE_PARTS = re.compile(
    r"(?:array\()?\[*(?:<matplotlib\.|<seaborn\.|<Axes|<Figure size |Text\(-?\d)"
)
"""How the parts of Matplotlib's figures begin as text; most go on with an address in memory."""


def is_drawn(output: Bundle) -> bool:
    """Whether an output is a picture."""
    return any(mime.startswith("image/") for mime in output.data)


def names_a_figure(output: Bundle) -> bool:
    """Whether it is nothing but the name of a figure's part: what `plt.plot(x)` comes to.

    Beside the figure that says nothing to a reader.
    """
    return output.data.keys() == {"text/plain"} and bool(
        FIGURE_PARTS.match(output.data["text/plain"])
    )


def _with_figure(
    md: MarkdownIt, context: Context, code: Code, shown: Sequence[Shown]
) -> tuple[str, str]:
    """Pictures of a captioned cell stand in one figure, where the first of them stood.

    A caption may also belong to a table: then the whole output is the figure, and the caption
    stands above, as it does in prose.
    """
    caption, feed_caption = _caption(md, context, code)
    identity = f' id="{escape(code.display.label)}"' if code.display.label else ""
    pictures = [item for item in shown if item.kind == "figure"] or list(shown)
    before = shown[: shown.index(pictures[0])] if pictures else shown
    after = [item for item in shown[len(before) :] if item not in pictures]
    figure = "".join(item.page for item in pictures)
    feed_figure = "".join(item.feed for item in pictures)
    if "<table" in figure and not any(item.kind == "figure" for item in pictures):
        figure, feed_figure = caption + figure, feed_caption + feed_figure
    else:
        figure, feed_figure = figure + caption, feed_figure + feed_caption
    return (
        "".join(item.page for item in before)
        + f"<figure{identity}>{figure}</figure>\n"
        + "".join(item.page for item in after),
        "".join(item.feed for item in before)
        + f"<figure>{feed_figure}</figure>\n"
        + "".join(item.feed for item in after),
    )


def _caption(md: MarkdownIt, context: Context, code: Code) -> tuple[str, str]:
    """The caption of a cell's figure, with its number: (for the page, for the feed)."""
    display = code.display
    label = context.labels.get(display.label)
    start = caption_start(label.name, label.number, context.strings) if label else ""
    texts = ("", "")
    if display.caption:
        place = Place(code.cell, code.caption_line or code.line)
        texts = render_caption(md, display.caption, context, place)
    if not (start or display.caption):
        return "", ""
    start = numbered_caption(start, bool(display.caption))
    page, feed = (f"<figcaption>{start}{text}</figcaption>" for text in texts)
    return page, feed


def _show(
    md: MarkdownIt, context: Context, code: Code, output: Output, number: int
) -> Shown | None:
    match output:
        case Stream(name, text):
            wanted = code.display.stdout if name == "stdout" else code.display.stderr
            # A progress bar may have wiped itself out.
            is_seen = wanted and terminal.plain(text).strip()
            return _text(text, name, context) if is_seen else None
        case Failure():
            said = output.traceback or f"{output.name}: {output.value}"
            return _text(said, "traceback", context)
        case Omission(size):
            notice = escape(omission_text(size, context.strings), quote=False)
            return Shown(f'<p class="omission">{notice}</p>\n', f"<p><em>{notice}</em></p>\n")
        case Bundle(data) if _says_nothing(data):
            return None
        case Bundle(data):
            frame = Frame(md, context, code, output, number)
            if "html" not in context.post.meta.trusted or "text/html" not in data:
                figures = (figure_of(mime, data[mime]) for mime in sorted(data))
                found = next((figure for figure in figures if figure), None)
                if found:
                    return show_interactive(found, frame)
            for mime, renderer in RENDERERS.items():
                if mime in data:
                    shown = renderer(data[mime], frame)
                    if shown:
                        return shown
            if not any(mime in RENDERERS for mime in data) and data:
                known = ", ".join(data)
                frame.problem(
                    f"an output has no representation that a page can show (it has {known})",
                    "print it, or show it as text, HTML or a figure",
                )
    return None


def _says_nothing(data: Mapping[str, str]) -> bool:
    """Whether an output is empty by its own word, as what rich leaves behind a progress bar."""
    if data.keys() - {"text/plain", "text/html"} or data.get("text/plain", "nothing known").strip():
        return False
    return not SHOWN.search(data.get("text/html", ""))


def omission_text(size: int, strings: Mapping[str, str]) -> str:
    """What stands for output that is not kept; `strings` are in the post's language."""
    return strings["omission"].format(size=size_text(size))


def _text(text: str, kind: str, context: Context) -> Shown:
    """Text as a terminal shows it in the end; of a long one a part is folded."""
    text = text.rstrip("\n")
    plain = escape(terminal.plain(text), quote=False)
    lines = only_text(terminal.to_html(text)).split("\n")
    folded = len(lines) - LINES_SHOWN if len(lines) > MOST_LINES else 0
    if not folded:
        page = _pre(lines, kind)
    elif kind == "traceback":
        page = _fold(lines[:folded], kind, context) + _pre(lines[folded:], kind)
    else:
        page = _pre(lines[:LINES_SHOWN], kind) + _fold(lines[LINES_SHOWN:], kind, context)
    # Without a style sheet it would run on where the code above it ends.
    return Shown(page, f"<blockquote><pre><samp>{plain}</samp></pre></blockquote>\n")


def _pre(lines: Sequence[str], kind: str) -> str:
    text = "\n".join(lines)
    return f'<pre class="{kind}" tabindex="0"><samp>{text}</samp></pre>\n'


def _fold(lines: Sequence[str], kind: str, context: Context) -> str:
    summary = context.strings["more_lines"].format(n=f"{len(lines):,}")
    return (
        f'<details class="lines"><summary>{escape(summary, quote=False)}</summary>\n'
        f"{_pre(lines, kind)}</details>\n"
    )


OWN_STYLE = re.compile(r"<style\b(?!.*(?:\bdataframe\b|#T_\w))", re.DOTALL)
"""HTML that has a style sheet of its own, and is no table of pandas."""
DRIVEN = re.compile(
    r"<(?:canvas|button|input)\b|<img\b(?![^<>]*\ssrc=[\"']?[^\s\"'>])", re.IGNORECASE
)
"""What is nothing without a script, as the buttons and the picture of a film by Matplotlib."""
NO_TEXT = re.compile(r"<[\w.]+( [^<>]*)?>|")
"""What Python says of an object that has no text: `<Styler at 0x7f71>`."""


def _html(text: str, frame: Frame) -> Shown | None:
    """HTML in the page's look, made safe unless the post says `trusted: [html]`."""
    trusted = "html" in frame.context.post.meta.trusted
    plain = frame.bundle.data.get("text/plain", "")
    if not trusted and OWN_STYLE.search(text) and not NO_TEXT.fullmatch(plain.strip()):
        # A drawing in HTML, as scikit-learn's, is nothing without its style sheet and script.
        return None
    alternative = frame.code.display.alt or frame.context.strings["figure_alt"]
    still = with_first_frames(text, alternative)
    html = finish_html(still, frame.context, frame.place)
    runs = "<script" in text or "application/javascript" in frame.bundle.data
    is_shown = SHOWN.search(html) is not None
    if runs and not trusted and (not is_shown or DRIVEN.search(text)):
        message = "nothing is left of an output but its script (`trusted: [html]` runs it)"
        if is_shown:
            message = "an output is shown without the script it needs (`trusted: [html]` runs it)"
        first = frame.code.source.strip().split("\n")[0]
        warning = OutputError(message).at(cell=frame.code.cell, line=frame.code.line, text=first)
        frame.context.warnings.append(warning)
    return Shown(f'<div class="html">{text if trusted else html}</div>\n', html + "\n")


SHOWN = re.compile(r"(?:^|>)\s*[^\s<]|<(?:audio|hr|img|math|svg|table|video)\b")
"""What a reader sees of HTML: text, or an element that shows itself."""


def _fragment(mime: str) -> Renderer:
    """Markdown or TeX that code wrote."""

    def render(text: str, frame: Frame) -> Shown:
        tokens = frame.context.fragments.get((frame.code.cell, frame.number))
        if tokens is None:  # Something richer was to be shown, and could not be.
            context = frame.context
            language = context.post.meta.language
            whole = only_text(text)
            tokens = READERS[mime](frame.md, whole, frame.code, context.works, language)
        name = f"{frame.code.cell}-{frame.number}"
        return Shown(*render_fragment(frame.md, tokens, frame.context, frame.place, name))

    return render


def _json(text: str, frame: Frame) -> Shown:
    """A tree that can be unfolded."""
    from .json_tree import json_tree

    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _plain(text, frame)
    if not isinstance(value, list | dict) or not value:
        return _plain(json.dumps(value, ensure_ascii=False), frame)
    feed = _plain(json.dumps(value, ensure_ascii=False, indent=2), frame).feed
    return Shown(f'<div class="json">{only_text(json_tree(value))}</div>\n', feed)


def _plain(text: str, frame: Frame) -> Shown:
    return _text(text, "result", frame.context)


RENDERERS: dict[str, Renderer] = {
    "image/svg+xml": show_svg,
    # SymPy's `init_printing` draws its formulas, too; what KaTeX sets has the page's ink.
    "text/latex": _fragment("text/latex"),
    "image/png": show_bitmap(".png"),
    "image/jpeg": show_bitmap(".jpg"),
    "image/webp": show_bitmap(".webp"),
    "image/gif": show_bitmap(".gif"),
    "image/avif": show_bitmap(".avif"),
    **{
        mime: show_sound_or_film(mime)
        for mime in MEDIA_SUFFIXES
        if mime[:6] in ("audio/", "video/")
    },
    "text/html": _html,
    **{mime: _fragment(mime) for mime in READERS},
    "application/json": _json,
    "text/plain": _plain,
}
"""MIME type -> how it is shown. The order is the preference."""
