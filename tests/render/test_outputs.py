"""What cells produce, as HTML: by MIME type, by option and tag, safe for page and feed."""

from __future__ import annotations

import base64
import io
import json
import math
import re
from collections.abc import Sequence
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.animation import FuncAnimation
from PIL import Image

from generator.errors import BuildFailed
from generator.model import Bundle, Failure, Omission, Output, Stream
from generator.render import terminal
from generator.render.dark_colours import DARK_PAPER, dark_colour
from generator.render.images import measure
from generator.render.matplotlib_figures import page_figure
from generator.render.output_media import LARGEST_SVG
from generator.render.outputs import LINES_SHOWN, MOST_LINES
from generator.render.svg import safe_svg

from ..conftest import FRONT_MATTER
from .rendering import render_post

CELL = "```{code-cell}\n1\n```\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>'


def png(width: int, height: int, dpi: int = 96) -> bytes:
    """A picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(buffer, "PNG", dpi=(dpi, dpi))
    return buffer.getvalue()


def encoded(data: bytes) -> str:
    """As nbformat keeps binary data."""
    return base64.b64encode(data).decode()


def page(*outputs: Output, options: str = "", tags: str = "") -> str:
    """The page of a cell with these outputs."""
    lines = [f":tags: [{tags}]"] if tags else []
    lines += [f"#| {line}" for line in options.split("\n") if line]
    return render_post("```{code-cell}\n" + "\n".join([*lines, "1"]) + "\n```\n", [outputs]).body


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({"text/plain": "a < b"}, "<samp>a &lt; b</samp>"),
        ({"text/plain": "x", "text/html": "<b>bold</b>"}, "<b>bold</b>"),
        ({"text/plain": "x", "text/latex": "$\\displaystyle x^2$"}, "<M>\\displaystyle x^2</M>"),
        ({"image/png": "iVBORw0KGgo=", "text/latex": "$x$", "text/plain": "x"}, "<M>x</M>"),
        ({"text/latex": "\\begin{align}a\\end{align}"}, "<M>\\begin{align*}a\\end{align*}</M>"),
        ({"text/plain": "x", "text/markdown": "*em* $y$"}, "<em>em</em> <m>y</m>"),
        ({"application/json": '{"b": [1], "a": "가"}'}, '<b>a</b>: <code>"가"</code>'),
        ({"text/html": "<b>x</b>", "image/svg+xml": SVG}, 'width="40" height="30"'),
        ({"application/vnd.widget+json": "{}", "text/plain": "fallback"}, "fallback"),
    ],
)
def test_the_richest_safe_representation_is_shown(data: dict[str, str], wanted: str) -> None:
    """SVG, bitmaps, HTML, LaTeX, Markdown, JSON, plain text: the first there is."""
    assert wanted in page(Bundle(data))


def test_pictures_are_files_named_by_their_content() -> None:
    """The same picture is the same file; it comes with width and height."""
    outputs = [[Bundle({"image/png": encoded(png(60, 40))})]] * 2
    rendered = render_post(CELL * 2, outputs)
    (file,) = rendered.files
    assert file.content == png(60, 40)
    assert rendered.body.count(f'src="/{file.path}" alt="A figure" width="60" height="40"') == 2


def test_a_dense_bitmap_is_shown_at_its_size_in_inches() -> None:
    """A figure drawn with 192 pixels an inch takes half its pixels on the page."""
    assert measure(png(200, 100, dpi=192)) == (100, 50)
    assert measure(png(200, 100)) == (200, 100)
    assert measure(b"no picture") is None


def test_the_size_that_the_code_asked_for_wins() -> None:
    """`Image(data, width=…)` puts the size into the metadata."""
    metadata = {"image/png": {"width": 7, "height": 5}}
    assert 'width="7" height="5"' in page(Bundle({"image/png": encoded(png(9, 9))}, metadata))


@pytest.mark.parametrize("width", [0, -1, math.nan, math.inf, "50%", None])
def test_a_size_that_no_picture_has_is_not_asked_for(width: object) -> None:
    """The picture has its own."""
    metadata = {"image/png": {"width": width}}
    assert 'width="9" height="9"' in page(Bundle({"image/png": encoded(png(9, 9))}, metadata))


def test_a_drawing_beyond_all_measure_has_no_size() -> None:
    """What a float cannot hold is no length."""
    drawing = SVG.replace('"40"', f'"{"9" * 400}"')
    assert "width=" not in page(Bundle({"image/svg+xml": drawing}))


def test_a_large_drawing_is_published_as_its_bitmap() -> None:
    """An SVG beyond the limit gives way to the PNG beside it; alone it stays."""
    large = SVG.replace("/>", ">" + "<g/>" * (LARGEST_SVG // 4) + "</svg>")
    both = Bundle({"image/svg+xml": large, "image/png": encoded(png(4, 3))})
    assert ".png" in page(both)
    assert ".svg" in page(Bundle({"image/svg+xml": large}))


def test_a_feed_gets_the_bitmap_of_a_drawing() -> None:
    """The page's drawing follows its colours; a reader's background is anybody's guess."""
    bundle = Bundle({"image/svg+xml": SVG, "image/png": encoded(png(4, 3))})
    rendered = render_post(CELL, [[bundle]])
    assert ".svg" in rendered.body
    assert ".png" in rendered.feed_body
    assert {file.path.rpartition(".")[2] for file in rendered.files} == {"svg", "png"}


@pytest.mark.parametrize(
    ("html", "gone"),
    [
        ("<script>steal()</script><b>x</b>", "steal"),
        ("<img src=x onerror=steal()>", "steal"),
        ('<a href="javascript:steal()">x</a>', "steal"),
        ('<iframe src="https://a.b"></iframe>', "iframe"),
        ("<form action=/x><input></form>", "input"),
        ("<style>p{color:red}</style>", "color"),
    ],
)
def test_html_outputs_are_made_safe(html: str, gone: str) -> None:
    """No script, handler, frame, form or style sheet of an output reaches the page."""
    assert gone not in page(Bundle({"text/html": html}))


def test_a_data_frame_keeps_its_classes() -> None:
    """What a table needs to look right stays."""
    table = (
        '<table class="dataframe" border="1"><tr><td style="text-align: right">1</td></tr></table>'
    )
    assert '<table class="dataframe">' in page(Bundle({"text/html": table}))


def test_an_output_nobody_can_show_is_an_error() -> None:
    """It names the cell and what the output has."""
    with pytest.raises(BuildFailed) as failed:
        page(Bundle({"application/x-strange": "?"}))
    (error,) = failed.value.errors
    assert "application/x-strange" in str(error)
    assert error.cell == 1
    assert error.hint


@pytest.mark.parametrize("data", ["not base64 at all!", encoded(b"not a picture")])
def test_a_broken_picture_is_an_error(data: str) -> None:
    """Rather than a hole in the page."""
    with pytest.raises(BuildFailed, match="not a PNG picture"):
        page(Bundle({"image/png": data}))


def test_footnotes_of_an_output_are_its_own() -> None:
    """Their links lead to themselves, and not to notes of the text or of another output."""
    note = Bundle({"text/markdown": "out[^a] and ^[inline]\n\n[^a]: note"})
    text = CELL + "\ntext[^1]\n\n[^1]: note of the text\n"
    rendered = render_post(text, [[note, note]])
    for html in (rendered.body, rendered.feed_body):
        ids = re.findall(r' id="(fn[^"]*)"', html)
        assert len(ids) == len(set(ids)) == 10
        assert {*re.findall(r'href="[^"]*#(fn[^"]*)"', html)} == {*ids}


@pytest.mark.parametrize("caption", ["One [^1]", "One ^[note]", "One [^none]"])
def test_a_caption_of_a_cell_has_no_footnotes(caption: str) -> None:
    """They would be shown raw, or be lost."""
    text = CELL.replace("{code-cell}\n", f"{{code-cell}}\n#| fig-cap: {caption}\n", 1)
    with pytest.raises(BuildFailed, match="the caption of a cell has no footnotes") as failed:
        render_post(text + "\ntext[^1]\n\n[^1]: note\n", [[Stream("stdout", "x")]])
    (error,) = failed.value.errors
    assert error.line == FRONT_MATTER.count("\n") + 2


def test_an_exception_that_was_announced_is_shown() -> None:
    """Its traceback, in the colours the kernel sent, as classes."""
    body = page(
        Failure("ValueError", "no", "\x1b[31mValueError\x1b[39m: no"), tags="raises-exception"
    )
    assert '<span class="ansi-red">ValueError</span>: no' in body
    assert 'class="traceback"' in body


def test_what_is_not_kept_is_told() -> None:
    """After the output that is shown, on the page and in the feed, with its size."""
    rendered = render_post(CELL, [[Stream("stdout", "printed\n"), Omission(29_812_345)]])
    assert (
        '<samp>printed</samp></pre>\n<p class="omission">29.8 MB more</p>\n</div>' in rendered.body
    )
    fed = "<samp>printed</samp></pre></blockquote>\n<p><em>29.8 MB more</em></p>"
    assert fed in rendered.feed_body


@pytest.mark.parametrize(
    ("tags", "options", "has_code", "has_output"),
    [
        ("", "", True, True),
        ("remove-input", "", False, True),
        ("remove-output", "", True, False),
        ("remove-cell", "", False, False),
        ("", "echo: false", False, True),
        ("", "output: false", True, False),
        ("", "include: false", False, False),
        ("remove-input", "echo: true", True, True),
        ("remove-cell", "output: true", False, True),
    ],
)
def test_what_is_absent(tags: str, options: str, has_code: bool, has_output: bool) -> None:
    """Tags and options remove code or outputs; a comment beats a tag."""
    body = page(Stream("stdout", "printed"), tags=tags, options=options)
    assert ('class="code"' in body) is has_code
    assert ("printed" in body) is has_output


@pytest.mark.parametrize(
    ("tags", "options", "folds"),
    [
        ("hide-input", "", ["code-fold"]),
        ("hide-output", "", ["output-fold"]),
        ("hide-cell", "", ["code-fold", "output-fold"]),
        ("", "code-fold: true", ["code-fold"]),
        ("hide-input", "code-fold: false", []),
    ],
)
def test_what_is_collapsed(tags: str, options: str, folds: list[str]) -> None:
    """Collapsed parts can be opened without a script."""
    body = page(Stream("stdout", "printed"), tags=tags, options=options)
    assert [
        kind for kind in ("code-fold", "output-fold") if f'<details class="{kind}">' in body
    ] == folds


def test_streams_can_be_removed() -> None:
    """`remove-stderr`, `remove-stdout`, and `warning: false` for the former."""
    both = Stream("stdout", "OUT"), Stream("stderr", "ERR")
    assert "ERR" not in page(*both, tags="remove-stderr")
    assert "OUT" not in page(*both, tags="remove-stdout")
    assert "ERR" not in page(*both, options="warning: false")


def test_a_caption_makes_a_figure() -> None:
    """With label, caption in Markdown, and alternative text."""
    body = page(
        Stream("stdout", "before"),
        Bundle({"image/svg+xml": SVG}),
        options='label: fig-x\nfig-cap: The *set* $X$\nfig-alt: Three "points"',
    )
    figure = body[body.index("<figure") : body.index("</figure>")]
    assert '<figure id="fig-x">' in figure
    assert 'alt="Three &quot;points&quot;"' in figure
    assert (
        '<span class="caption-label">그림 1.</span> The <em>set</em> <m>X</m></figcaption>'
        in figure
    )
    assert "before" not in figure


def test_an_svg_has_no_script() -> None:
    """Scripts, handlers and dates do not survive; the drawing does."""
    text = SVG.replace(
        "/>", ' onload="x()"><script>x()</script><metadata>today</metadata><path d="M0 0"/></svg>'
    )
    finished = safe_svg(text).decode()
    assert "x()" not in finished
    assert "today" not in finished
    assert 'd="M0 0"' in finished


FIGURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="72pt" height="36pt" viewBox="0 0 72 36"><g id="figure_1">{}</g></svg>'
)
"""As Matplotlib writes it."""


def drawn(content: str, prefix: str = "f1.") -> str:
    """What a figure by Matplotlib holds on a page."""
    figure = page_figure(FIGURE.format(content), prefix, "a label", lambda content, suffix: "/x")
    return figure.partition(">")[2]


def test_ids_of_a_figure_are_numbered() -> None:
    """Matplotlib's are hashes of digits that differ from run to run."""
    content = (
        '<defs><path id="m{0}" d="M 0 0"/></defs><use xlink:href="#m{0}"/><g id="unused"/>'
        '<clipPath id="p{1}"/><g clip-path="url(#p{1})"/>'
    )
    first = drawn(content.format("0123456789", "abcdefabcd"))
    assert 'id="f1.1"' in first
    assert 'href="#f1.1"' in first
    assert "url(#f1.2)" in first
    assert "unused" not in first
    assert drawn(content.format("9876543210", "dcbadcbadc")) == first


def test_ids_of_two_figures_never_meet() -> None:
    """Each figure of a page has a prefix of its own, which no heading's id can have."""
    content = '<path id="m1" d="M 0 0"/><use xlink:href="#m1"/>'
    bundle = Bundle({"image/svg+xml": FIGURE.format(content)})
    body = render_post(CELL * 2 + "\n## f1.1\n", [[bundle], [bundle]]).body
    ids = re.findall(r' id="([^"]*)"', body)
    assert len(ids) == 3
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("style", "wanted"),
    [
        ("fill: #000000", "fill:currentColor"),
        ("stroke: #ffffff", "stroke:var(--paper,#fff)"),
        ("stroke: #1f77b4", "stroke:#1f77b4"),
        ("stroke: #333333", "stroke:#333333;stroke:light-dark(#333333,"),
        ("fill: none; stroke: #000000", "fill:none;stroke:currentColor"),
    ],
)
def test_a_figure_takes_the_colours_of_the_page(style: str, wanted: str) -> None:
    """Ink and paper are the page's, greys change in the dark, colours of data stay."""
    assert wanted in drawn(f'<path d="M 0 0" style="{style}"/>')


def test_a_white_ground_is_taken_away() -> None:
    """Of the figure and of its axes; a bar that is white stays."""
    white = '<path d="M 0 0" style="fill: #ffffff"/>'
    body = drawn(
        f'<g id="patch_1">{white}</g>'
        f'<g id="axes_1"><g id="patch_2">{white}</g><g id="patch_3">{white}</g></g>'
    )
    assert body.count("fill:none") == 2
    assert body.count("fill:var(--paper,#fff)") == 1


def test_a_bitmap_in_a_figure_is_a_file() -> None:
    """The page would be heavy with it."""
    image = (
        f'<image width="9" height="9" xlink:href="data:image/png;base64,\n{encoded(png(9, 9))}"/>'
    )
    rendered = render_post(CELL, [[Bundle({"image/svg+xml": FIGURE.format(image)})]])
    (file,) = (file for file in rendered.files if file.content == png(9, 9))
    assert f'href="/{file.path}"' in rendered.body
    assert "base64" not in rendered.body


def test_a_figure_on_a_dark_ground_stays_as_it_is() -> None:
    """`dark_background` is what the author wants, on light pages, too."""
    body = page_figure(
        FIGURE.format(
            '<g id="patch_1"><path d="M 0 0"/></g><path d="M 1 1" style="stroke: #ffffff"/>'
        ),
        "f1.",
        "",
        lambda content, suffix: "/x",
    )
    assert 'fill="#000"' in body
    assert "stroke: #ffffff" in body


GROUND = '<g id="patch_{}"><path d="M 0 0 L 9 0 L 9 9 L 0 9 z" style="fill: {}"{}/></g>'


@pytest.mark.parametrize(
    ("figure", "axes", "stays"),
    [
        ("#ffffff", "#ffffff", False),
        ("#ffffff", "#eaeaf2", False),
        ("#ffffe0", "#ffffff", True),
        ("#ffffff", "#add8e6", True),
        ("#ffffff", "#000000", True),
    ],
)
def test_a_figure_on_a_coloured_ground_stays_as_it_is(figure: str, axes: str, stays: bool) -> None:
    """Its ink was chosen for that ground; tints of grey are paper."""
    ground = GROUND.format(1, figure, "")
    line = '<path d="M 1 1" style="stroke: #000000"/>'
    body = drawn(f'{ground}<g id="axes_1">{GROUND.format(2, axes, "")}{line}</g>')
    assert ("stroke: #000000" in body) is stays
    assert ("currentColor" in body) is not stays


def test_a_bar_is_no_ground() -> None:
    """Axes that are switched off begin with what they show."""
    ground = GROUND.format(1, "#ffffff", "")
    clipped = ' clip-path="url(#p1)"'
    body = drawn(f'{ground}<g id="axes_1">{GROUND.format(2, "#1f77b4", clipped)}</g>')
    assert "fill:none" in body


def test_a_hatch_is_drawn_on_the_page() -> None:
    """White between the lines is the page's paper."""
    pattern = '<defs><pattern id="h1"><rect x="0" fill="#ffffff"/></pattern></defs>'
    body = drawn(pattern + '<path d="M 0 0" style="fill: url(#h1)"/>')
    assert "fill:var(--paper,#fff)" in body


def test_words_on_a_colour_map_stay_readable() -> None:
    """What stands on data keeps its colours; the words around take the page's ink."""
    ground = '<g id="patch_2"><path d="M 0 0 L 50 0 L 50 30 z" style="fill: #ffffff"/></g>'
    letter = '<g style="fill: #ffffff" transform="translate({})"><path d="M 0 0"/></g>'
    inside, outside = (
        f'<g id="text_{number}">{letter.format(place)}</g>'
        for number, place in enumerate(("10 10", "10 35"))
    )
    image = '<image width="9" height="9" xlink:href="data:image/png;base64,AA"/>'
    body = drawn(f'<g id="axes_1">{ground}{image}{inside}{outside}</g>')
    assert body.count("fill: #ffffff") == 1
    assert body.count("fill:var(--paper,#fff)") == 1


def test_a_colour_map_stays_and_contours_follow_the_ink() -> None:
    """Black cells of a heat map are data, black lines of a contour are ink."""
    colours = ("#000000", "#777777", "#ffffff")
    cells = "".join(f'<path d="M 0 0" style="fill: {colour}"/>' for colour in colours)
    lines = '<path d="M 0 0" style="fill: none; stroke: #000000"/>'
    body = drawn(
        f'<g id="axes_1"><g id="QuadMesh_1">{cells}</g><g id="QuadContourSet_1">{lines}</g></g>'
    )
    assert [colour in body for colour in colours] == [True, True, True]
    assert "stroke:currentColor" in body


@pytest.mark.parametrize(("width", "kept"), [(77, True), (30, False)])
def test_what_is_drawn_on_a_picture_keeps_its_colours(width: int, kept: bool) -> None:
    """Where the picture fills its axes; the letters beside it are the page's."""
    body = drawn(
        '<g id="axes_1"><g clip-path="url(#p1)">'
        f'<image xlink:href="data:image/png;base64,AAAA" width="{width}" height="76"/></g>'
        '<g id="QuadContourSet_1"><path d="M 0 0" clip-path="url(#p1)" '
        'style="fill: none; stroke: #ffffff"/></g>'
        '<g id="matplotlib.axis_1"><path d="M 1 1" style="fill: #000000"/>'
        '<path d="M 2 2" clip-path="url(#p1)" style="stroke: #ffffff"/></g></g>'
        '<defs><clipPath id="p1"><rect x="0" y="0" width="76.8" height="76.8"/></clipPath></defs>'
    )
    assert body.count("var(--paper,#fff)") == (1 if kept else 2)
    assert "fill:currentColor" in body


def test_a_figure_without_alternative_text_is_reported() -> None:
    """With cell, line and its code; one that has it is not."""
    bundle = Bundle({"image/svg+xml": SVG})
    cell = "```{code-cell}\n#| fig-alt: words\n2\n```\n"
    (warning,) = render_post("Text.\n\n" + CELL + cell, [[bundle], [bundle]]).warnings
    assert "alternative text" in str(warning)
    assert (warning.file, warning.cell, warning.text) == ("posts/a/index.ko.md", 2, "1")
    assert warning.line == 9


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@given(st.integers(0, 255))
def test_grey_ink_is_readable_in_the_dark(level: int) -> None:
    """A grey that can be read on white can be read on a dark page."""
    grey = f"#{level:02x}{level:02x}{level:02x}"
    if contrast(grey, "#ffffff") >= 4.5:
        assert contrast(dark_colour(grey), DARK_PAPER) >= 4.5


@pytest.mark.parametrize("colour", ["#1f77b4", "#ff7f0e", "#d55e00", "#0072b2", "#009e73"])
def test_colours_of_data_stay(colour: str) -> None:
    """What a legend names must be the same colour in the dark."""
    assert dark_colour(colour) == colour


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_plain_text_passes_through(text: str) -> None:
    """A terminal shows text without control characters as it is."""
    assert terminal.to_html(text) == escape(text, quote=False)
    assert terminal.plain(text) == text


@given(st.text(st.sampled_from("ab\r\b\x1b[0;1m38K\n")))
def test_no_control_character_survives(text: str) -> None:
    """Whatever a program writes, the page has no control characters but line ends."""
    for shown in (terminal.to_html(text), terminal.plain(text)):
        assert not [c for c in shown if ord(c) < 32 and c not in "\n\t"]


@pytest.mark.parametrize(
    "output",
    [
        Stream("stdout", "a\ufdd0\x96b\ufffe"),
        Failure("E", "", "E: a\ufdd0\x96b"),
        Bundle({"text/plain": "a\ufdd0\x96b"}),
        Bundle({"text/html": '<p title="\x96\ufdd0">a\ufdd0\x96b</p>'}),
        Bundle({"text/markdown": "a\ufdd0\x96b"}),
        Bundle({"text/latex": "a\ufdd0\x96b"}),
        Bundle({"application/json": '{"a\ufdd0": "a\x96b"}'}),
    ],
)
def test_no_output_holds_what_is_no_character_of_html(output: Output) -> None:
    """Whatever its type; the checker of the W3C calls these forbidden."""
    body = page(output, tags="raises-exception")
    assert "b" in body.partition('<div class="output">')[2]
    assert not re.search("[\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]", body)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" 10%\r 50%\r100%\ndone", "100%\ndone"),
        ("abc\b\bX", "aXc"),
        ("long line\r\x1b[Kshort", "short"),
        ("windows\r\nline", "windows\nline"),
    ],
)
def test_carriage_returns(text: str, shown: str) -> None:
    """Only what a terminal would show in the end is shown."""
    assert terminal.plain(text) == shown


@pytest.mark.parametrize("text", ["batch: 0%\rbatch: 100%\r           \r", "\x1b[2K\r\n"])
def test_a_progress_bar_that_wiped_itself_out(text: str) -> None:
    """Leaves no box with nothing in it."""
    assert "stderr" not in page(Stream("stderr", text))


def test_what_rich_leaves_behind_a_progress_bar() -> None:
    """Is no box with nothing in it; a coloured one, which has a text of its own, is shown."""
    nothing = {"text/plain": "", "text/html": '<pre style="white-space:pre"></pre>\n'}
    assert "output" not in page(Bundle(nothing))
    assert "<pre" in page(Bundle({**nothing, "text/plain": "<IPython.core.display.HTML object>"}))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("\x1b[31mred\x1b[0m plain", '<span class="ansi-red">red</span> plain'),
        (
            "\x1b[1;32mgo\x1b[22m on",
            '<span class="ansi-green ansi-bold">go</span><span class="ansi-green"> on</span>',
        ),
        ("\x1b[38;5;196mr\x1b[39m", '<span class="ansi-red">r</span>'),
        ("\x1b[48;2;0;0;255mb", '<span class="ansi-blue-ground">b</span>'),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b[94m<\x1b[m", '<span class="ansi-blue">&lt;</span>'),
    ],
)
def test_ansi_colours(text: str, html: str) -> None:
    """SGR sequences become classes, the others vanish."""
    assert terminal.to_html(text) == html


# --- text, data, sound ------------------------------------------------------------------------


def test_a_long_output_is_folded() -> None:
    """Its beginning is shown, the rest can be opened; the feed has all of it."""
    text = "\n".join(f"line {number}" for number in range(MOST_LINES + 1))
    rendered = render_post(CELL, [[Stream("stdout", text)]])
    shown, _, folded = rendered.body.partition("<details")
    assert f"line {LINES_SHOWN - 1}\n" not in folded
    assert f"line {LINES_SHOWN - 1}<" in shown
    assert f"<summary>{MOST_LINES + 1 - LINES_SHOWN} more lines</summary>" in folded
    assert text in rendered.feed_body
    assert "<details" not in page(Stream("stdout", text.partition("\n")[2]))


def test_of_a_long_traceback_the_end_is_shown() -> None:
    """It names the exception."""
    text = "\n".join(f"frame {number}" for number in range(100))
    body = page(Failure("E", "", text), tags="raises-exception")
    assert body.index("frame 99") > body.index("</details>") > body.index("frame 0")


def test_sound_and_film_are_files() -> None:
    """What `Audio` and `Video` put into HTML is a file, and does not play by itself."""
    html = '<audio autoplay><source src="data:audio/wav;base64,{}" type="audio/wav"></audio>'
    rendered = render_post(CELL, [[Bundle({"text/html": html.format(encoded(b"RIFF"))})]])
    (file,) = rendered.files
    assert (file.content, file.path[-4:]) == (b"RIFF", ".wav")
    assert f'<audio src="/{file.path}" controls="" preload="metadata">' in rendered.body
    assert "autoplay" not in rendered.body
    assert f'<a href="https://example.org/{file.path}">' in rendered.feed_body


def test_a_picture_inside_html_is_a_file() -> None:
    """With its size, and the size that the code asked for before that."""
    html = f'<img src="data:image/png;base64,{encoded(png(60, 40))}" width="30">'
    rendered = render_post(CELL, [[Bundle({"text/html": html})]])
    assert "data:" not in rendered.body
    assert 'width="30"' in rendered.body
    assert rendered.files[0].content == png(60, 40)


# --- tables -----------------------------------------------------------------------------------


def table(*rows: Sequence[str], head: Sequence[str] = ()) -> str:
    """A table as pandas writes it: each row begins with its header."""
    above = "".join(f"<th>{text}</th>" for text in head)
    body = "".join(
        f"<tr><th>{first}</th>" + "".join(f"<td>{text}</td>" for text in rest) + "</tr>"
        for first, *rest in rows
    )
    return (
        '<div><style scoped>.dataframe th {color: red}</style><table border="1" class="dataframe">'
        f'<thead><tr style="text-align: right;">{above}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )


def test_numbers_of_a_table_are_aligned() -> None:
    """A column of numbers and its header; words, dates and empty columns are not."""
    html = table(
        ["0", "1.5", "서울", "2024-01-01", "NaN", "12%"],
        ["1", "-2e-05", "3", "2024-01-02", "NaN", "NaN"],
        head=["", "수", "말", "날", "없음", "비율"],
    )
    body = page(Bundle({"text/html": html, "text/plain": "x"}))
    assert re.findall(r'<t[dh][^>]*class="number"[^>]*>([^<]*)', body) == [
        "수", "비율", "1.5", "12%", "-2e-05", "NaN",
    ]  # fmt: skip
    assert "border=" not in body
    assert "color" not in body


def test_headers_of_a_table_say_what_they_head() -> None:
    """Columns above, rows at the left; an empty corner heads nothing."""
    body = page(Bundle({"text/html": table(["a", "1"], head=["", "x"])}))
    assert re.search(r'<th (?=[^>]*scope="col")[^>]*class="number"[^>]*>x</th>', body)
    assert '<th scope="row">a</th>' in body
    assert "<td></td>" in body


def test_a_wide_table_scrolls_in_itself() -> None:
    """And can be focused."""
    assert '<div class="table" tabindex="0"><table' in page(
        Bundle({"text/html": table(["a", "1"])})
    )


def test_rows_of_a_table_may_differ_in_length() -> None:
    """What a column has is looked at, and what it lacks is not missed."""
    html = "<table><tr><td>a<td>1<tr><td>b<tr><td>c<td>2<td>3</table>"
    body = page(Bundle({"text/html": html}))
    assert re.findall(r'<td( class="number")?>(\w)', body) == [
        ("", "a"),
        (' class="number"', "1"),
        ("", "b"),
        ("", "c"),
        (' class="number"', "2"),
        (' class="number"', "3"),
    ]


def styler(digits: str) -> str:
    """What pandas' Styler writes, with its random digits."""
    return (
        "<style type='text/css'>"
        f"#T_{digits}_row0_col0 {{background-color: yellow; position: fixed}} "
        f"#T_{digits} th {{color: #123456}} p, #other {{color: red}}</style>"
        f'<table id="T_{digits}"><tbody><tr><th id="T_{digits}_level0_row0">a</th>'
        f'<td id="T_{digits}_row0_col0" class="data row0 col0">word</td></tr></tbody></table>'
    )


def test_a_styled_table_keeps_its_colours_and_not_its_digits() -> None:
    """The same table is the same bytes; words on a painted cell can be read in the dark."""
    body = page(Bundle({"text/html": styler("12ab3"), "text/plain": "<Styler at 0x7f>"}))
    assert body == page(Bundle({"text/html": styler("98fe7"), "text/plain": "<Styler at 0x80>"}))
    assert '<td style="background-color: yellow; color: #000">word</td>' in body
    assert "color: light-dark(#123456, #" in body
    assert "fixed" not in body
    assert "red" not in body


@pytest.mark.parametrize("sheet", [", {x: y}", "> {x: y}", "#T_1 td, {x: y}"])
def test_a_rule_that_selects_nothing_styles_nothing(sheet: str) -> None:
    """The others do: a browser, too, drops a rule that it cannot read, and no more."""
    rules = f"<style>{sheet} #T_1 td {{color: #123456}}</style>"
    html = f'{rules}<table id="T_1" class="dataframe"><tr><td>word</td></tr></table>'
    assert "color: light-dark(#123456, #" in page(Bundle({"text/html": html}))


def test_a_drawing_in_html_is_shown_as_text() -> None:
    """scikit-learn's estimators are nothing without their style sheet and script."""
    html = "<style>#sk {color: red}</style><div id=sk>In a Jupyter environment, rerun</div>"
    body = page(Bundle({"text/html": html, "text/plain": "KMeans(n_clusters=3)"}))
    assert "KMeans(n_clusters=3)" in body
    assert "Jupyter" not in body


# --- interactive figures ----------------------------------------------------------------------

PLOT = {"data": [{"y": [1, 2]}], "layout": {"title": {"text": "<b>Squares</b> of x"}}}
VEGA = {"$schema": "https://vega.github.io/schema/vega-lite/v5.20.json", "mark": "bar",
        "title": "Bars", "data": {"values": [{"a": "가", "b": 3}]},
        "encoding": {"x": {"field": "a"}, "y": {"field": "b", "type": "quantitative"}}}  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        {"application/vnd.plotly.v1+json": json.dumps(PLOT), "text/html": "<script>x</script>"},
        {
            "text/html": "<div><script>require(['plotly'], function(Plotly) { Plotly.newPlot("
            f'"a-b", {json.dumps(PLOT["data"])}, {json.dumps(PLOT["layout"])}, {{}}) }})</script>'
        },
    ],
)
def test_a_figure_by_plotly(data: dict[str, str]) -> None:
    """Its data is a file, its library is asked for, and words stand for it until it is alive."""
    rendered = render_post(CELL, [[Bundle(data)]])
    (file,) = rendered.files
    assert json.loads(file.content) == PLOT
    assert (
        f'data-library="plotly" data-figure="/{file.path}" style="--height: 450px"' in rendered.body
    )
    assert "<p>Squares of x (interactive)</p>" in rendered.body
    assert rendered.libraries == ("plotly",)
    assert "Squares of x" in rendered.feed_body
    assert 'href="https://example.org/math/2022-07-08-a/"' in rendered.feed_body
    assert "script" not in rendered.body


@pytest.mark.parametrize(
    "data",
    [
        {"application/vnd.vegalite.v5.20+json": json.dumps(VEGA), "text/plain": "alt.Chart(...)"},
        {
            "text/html": "<div></div><script>(function(spec, embedOpt){ vegaEmbed();"
            f'}})({json.dumps(VEGA)}, {{"mode": "vega-lite"}});</script>'
        },
    ],
)
def test_a_figure_by_altair(data: dict[str, str]) -> None:
    """It is drawn when the site is built; the feed has that drawing."""
    rendered = render_post(CELL, [[Bundle(data)]])
    figure, drawing = sorted(rendered.files, key=lambda file: file.path[-3:], reverse=True)
    if figure.path.endswith("svg"):
        figure, drawing = drawing, figure
    assert json.loads(figure.content) == VEGA
    assert b"Bars" in drawing.content
    assert f'src="/{drawing.path}" alt="Bars"' in rendered.body
    assert f'src="https://example.org/{drawing.path}"' in rendered.feed_body
    assert rendered.libraries == ("vega",)


def test_a_page_without_interactive_figures_asks_for_no_library() -> None:
    """The rule for nearly all pages."""
    assert render_post(CELL, [[Bundle({"text/html": "<b>x</b>"})]]).libraries == ()


@pytest.mark.parametrize(
    ("html", "shown", "told"),
    [
        (
            '<iframe width="4" src="https://a.b/c?d&amp;e" onload="x()"></iframe>',
            '<a href="https://a.b/c?d&amp;e">https://a.b/c?d&amp;e</a>',
            "a frame in an output became a link (`trusted: [html]` shows it)",
        ),
        (
            '<iframe srcdoc="<b>x</b>"></iframe>',
            '<div class="html"></div>',
            "a frame in an output is not shown (`trusted: [html]` shows it)",
        ),
        (
            '<div id="map"></div><script>draw()</script>',
            '<div class="html"><div></div></div>',
            "nothing is left of an output but its script (`trusted: [html]` runs it)",
        ),
        (
            '<div><img id="a"><button onclick="next()">+</button> Once</div><script>f()</script>',
            "<div>+ Once</div>",
            "an output is shown without the script it needs (`trusted: [html]` runs it)",
        ),
        ('<p>x</p><img src="">', '<div class="html"><p>x</p></div>', None),
        ("<style>p {}</style>", '<div class="html"></div>', None),
        ("<p>x</p><script>more()</script>", "<p>x</p>", None),
    ],
)
def test_the_author_is_told_what_an_output_loses(html: str, shown: str, told: str | None) -> None:
    """A film or a map that runs is a link, or nothing, until the post trusts its outputs."""
    cell = "```{code-cell}\ndraw()\n```\n"
    post = render_post(cell, [[Bundle({"text/html": html})]])
    assert shown in re.sub(r' id="[^"]*"| rel="[^"]*"', "", post.body)
    assert [str(warning) for warning in post.warnings] == ([told] if told else [])
    trusting = FRONT_MATTER.replace("category", "trusted: [html]\ncategory")
    trusted = render_post(trusting + cell, [[Bundle({"text/html": html})]])
    assert html in trusted.body
    assert not trusted.warnings


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("[<matplotlib.lines.Line2D at 0x7f119c9f7810>]", False),
        ("<Axes: xlabel='x'>", False),
        ("array([[<Axes: >, <Axes: >]], dtype=object)", False),
        ("Text(0.5, 1.0, 'A title')", False),
        ("<Figure size 640x480 with 1 Axes>", False),
        ("array([1, 2])", True),
        ("[<Point at 0x7f>]", True),
    ],
)
def test_parts_of_a_figure_are_not_named_beside_it(text: str, is_shown: bool) -> None:
    """Where nothing is drawn they are a value like any other."""
    value = Bundle({"text/plain": text})
    drawing = Bundle({"image/svg+xml": SVG, "text/plain": "<Figure size 40x30 with 1 Axes>"})
    assert ('class="result"' in page(value, drawing)) == is_shown
    assert 'class="result"' in page(value)


@pytest.mark.parametrize(
    "source", ["!ls {folder}", "%matplotlib inline\nx = 5 % 3", "%%bash\nls | cat"]
)
def test_commands_of_ipython_are_no_mistakes(source: str) -> None:
    """No part of them has the look of an error, and other code keeps its own."""
    body = render_post(f"```{{code-cell}}\n{source}\n```\n").body
    assert 'class="err"' not in body
    plain = render_post("```{code-cell}\nif x != 5 % 3: y!\n```\n").body
    assert '<span class="k">if</span>' in plain
    assert 'class="err"' in plain


def test_an_animation_is_its_first_frame_where_no_script_plays_it() -> None:
    """In feeds, and on a page that runs no script of outputs; two in one output are two."""
    figure, axes = plt.subplots(figsize=(1, 1))
    animation = FuncAnimation(figure, lambda n: axes.plot([0, 1], [0, n]), frames=2)
    html = animation.to_jshtml() + animation.to_jshtml()
    plt.close(figure)
    cell = "```{code-cell}\n#| fig-alt: A line that turns\ndraw()\n```\n"
    post = render_post(cell, [[Bundle({"text/html": html})]])
    (picture, other) = re.findall("<img [^>]*>", post.feed_body)
    assert picture == other
    assert re.search(r'src="https://example.org/\S+\.png" alt="A line that turns"', picture)
    assert 'alt="A line that turns"' in post.body
    assert {file.path.rpartition(".")[2] for file in post.files} == {"png"}
    for text in (post.body, post.feed_body):
        assert "Reflect" not in text
    trusting = FRONT_MATTER.replace("category", "trusted: [html]\ncategory")
    trusted = render_post(trusting + cell, [[Bundle({"text/html": html})]])
    assert html in trusted.body
    assert trusted.feed_body == post.feed_body
