"""What cells produce, as HTML: by MIME type, by option and tag, safe for page and feed."""

from __future__ import annotations

import base64
import io
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generator.errors import BuildFailed
from generator.model import Bundle, Failure, Output, Stream
from generator.render import terminal
from generator.render.outputs import LARGEST_SVG
from generator.render.pictures import DARK_PAPER, dark_colour, finish_svg, measure

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
        ({"text/latex": "\\begin{align}a\\end{align}"}, "<M>\\begin{align}a\\end{align}</M>"),
        ({"text/plain": "x", "text/markdown": "*em* $y$"}, "<em>em</em> <m>y</m>"),
        ({"application/json": '{"b": [1], "a": "가"}'}, '"a": "가"'),
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


def test_an_exception_that_was_announced_is_shown() -> None:
    """Its traceback, in the colours the kernel sent, as classes."""
    body = page(
        Failure("ValueError", "no", "\x1b[31mValueError\x1b[39m: no"), tags="raises-exception"
    )
    assert '<span class="ansi-red">ValueError</span>: no' in body
    assert 'class="traceback"' in body


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
    finished = finish_svg(text).decode()
    assert "x()" not in finished
    assert "today" not in finished
    assert 'd="M0 0"' in finished


def test_ids_of_a_drawing_are_numbered() -> None:
    """Matplotlib's are hashes of digits that differ from run to run; data is not touched."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        '<g id="figure_1"><defs><path id="m{0}" d="M 0 0"/></defs><use xlink:href="#m{0}"/>'
        '<clipPath id="p{1}"/><g clip-path="url(#p{1})"><text>m{0}</text></g></g></svg>'
    )
    first = finish_svg(drawing.format("0123456789", "abcdefabcd")).decode()
    assert 'id="m1"' in first
    assert 'href="#m1"' in first
    assert "url(#p2)" in first
    assert "<text>m0123456789</text>" in first
    other = drawing.format("9876543210", "dcbadcbadc").replace(">m9876543210<", ">m0123456789<")
    assert finish_svg(other).decode() == first


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
