"""What authors from Jekyll write, beside kramdown itself: its GFM parser, as Jekyll calls it.

`fixtures/render/kramdown.txt` says what Inkcell makes of each snippet. Where kramdown is installed,
its HTML must say the same once both are normalised, unless DEPARTURES tells why it does not.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache

import lxml.html
import pytest
from lxml.html import HtmlElement

from generator.errors import InkcellError, flatten
from generator.model import Typeset

from ..conftest import FRONT_MATTER, REPOSITORY
from .rendering import render_post

FIXTURES = REPOSITORY / "tests" / "fixtures" / "render" / "kramdown.txt"

ERROR = "an error with a hint: it would be shown raw, or be lost"
COMMONMARK = "CommonMark reads it so"

DEPARTURES = {
    "Attributes behind a word in brackets": "Pandoc's and Quarto's spans",
    "A fence of tildes right after a list item": COMMONMARK,
    "A centred picture before a list in a quotation": ERROR,
    "Two backslashes": COMMONMARK,
    "An underlined heading right after a paragraph": COMMONMARK,
    "Two terms and two definitions": ERROR,
    "A table without titles": ERROR,
    "A table that begins with its line of dashes": ERROR,
    "A bar in code in a table": ERROR,
    "A row with too many cells": ERROR,
    "A bar in a sentence": "GitHub's tables need a line of dashes",
    "A table with a line of equal signs as foot": ERROR,
    "Options": ERROR,
    "An extension that nothing closes": ERROR,
    "A tag of Liquid in a line": ERROR,
    "An output of Liquid": ERROR,
    "A link with Liquid": ERROR,
    "Code between tags of Liquid": ERROR,
    "Raw between tags of Liquid": ERROR,
    "A numbered list that begins at three": COMMONMARK,
    "A list nested by two spaces in a numbered one": COMMONMARK,
    "An end-of-block mark between lists": ERROR,
    "HTML with Markdown inside on one line": ERROR,
    "HTML with a span of Markdown": ERROR,
    "HTML that asks for no Markdown": "HTML is published as it is written",
    "Emphasis in HTML": ERROR,
    "A formula in HTML": ERROR,
    "A paragraph right after HTML": ERROR,
    "Other escapes": r"`\[` … `\]` is a formula",
    "A bare link": "GitHub's bare links",
    "A link with spaces in its reference": COMMONMARK,
    "A picture with a title": "its title is its caption",
    "Double dollars on lines of their own inside a paragraph": "a formula that is displayed",
    "A line block": ERROR,
    "Quotation marks": "a shortened year has an apostrophe",
    "Guillemets": "`<a>` is HTML",
    "Strong and emphasis together": COMMONMARK,
}
"""Title of a snippet to the reason why it comes out differently."""

CONVERT = """
require 'json'; require 'kramdown'; require 'kramdown-parser-gfm'
options = { input: 'GFM', hard_wrap: false, syntax_highlighter: nil }
texts = JSON.parse(STDIN.read)
puts JSON.generate(texts.map { |text| Kramdown::Document.new(text, options).to_html })
"""


@cache
def cases() -> dict[str, tuple[str, str]]:
    """Title to input and expected output."""
    parts = FIXTURES.read_text(encoding="utf-8").split("\n.\n")
    assert len(parts) % 3 == 1, "a case is a title, input and expected text"
    titles = [title.strip() for title in parts[:-1:3]]
    assert len(set(titles)) == len(titles), "a title stands twice"
    return dict(zip(titles, zip(parts[1::3], parts[2::3], strict=True), strict=True))


@cache
def kramdown() -> dict[str, str]:
    """Title to kramdown's HTML; empty where kramdown is not installed."""
    ruby = shutil.which("ruby")
    if (
        ruby is None
        or subprocess.run(
            [ruby, "-e", "require 'kramdown-parser-gfm'"], capture_output=True, check=False
        ).returncode
    ):
        return {}
    texts = json.dumps([source + "\n" for source, _ in cases().values()])
    done = subprocess.run(
        [ruby, "-E", "UTF-8", "-e", CONVERT],
        input=texts,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(cases(), json.loads(done.stdout), strict=True))


def ours(source: str) -> str:
    """What Inkcell shows, or the errors that it reports."""
    try:
        return render_post(source + "\n").body.strip("\n")
    except InkcellError as error:
        front = FRONT_MATTER.count("\n")
        return "\n".join(
            f"error, line {(one.line or 0) - front}: {one}: {one.text}" for one in flatten(error)
        )


@pytest.mark.parametrize("title", cases())
def test_snippet(title: str) -> None:
    """The page shows the snippet as the fixture says."""
    source, expected = cases()[title]
    assert ours(source) == expected


def test_formulas_of_abbreviations(typeset: Typeset) -> None:
    """What a word is short for is a text: its formulas are, too, and a price stays one."""
    text = (
        "*[KL]: the divergence $D_{KL}$, for $5 or $6\n\n"
        "The KL, {abbr}`SVD (into $U$, $\\nope$)`.\n"
    )
    assert render_post(text, typeset=typeset).body == (
        '<p>The <abbr title="the divergence D_KL, for $5 or $6">KL</abbr>, '
        '<abbr title="into U, $\\nope$">SVD</abbr>.</p>\n'
    )


@pytest.mark.kramdown
@pytest.mark.parametrize("title", cases())
def test_beside_kramdown(title: str) -> None:
    """Both say the same, or the fixture departs for a reason given above."""
    if not kramdown():
        pytest.skip("kramdown is not installed")
    _, expected = cases()[title]
    same = normalised(expected) == normalised(kramdown()[title])
    if title in DEPARTURES:
        assert not same, f"it does not depart any more ({DEPARTURES[title]})"
    else:
        assert normalised(expected) == normalised(kramdown()[title])


def test_every_departure_is_a_snippet() -> None:
    """The list of departures names nothing else."""
    assert set(DEPARTURES) <= set(cases())


# --- what is compared -------------------------------------------------------------------------

OURS = frozenset(
    """
    anchor code contains-task-list footnote footnote-backref footnote-item footnote-ref
    footnotes-list task-list task-list-item-checkbox
    """.split()
)
"""Classes that we and kramdown give by ourselves."""


BOXES = ("table", "equation", "joined", "word-joiner", "footnotes", "contents")


def normalised(html: str) -> str:
    """HTML without ids, white space between blocks, and what each writes around the same thing."""
    html = html.replace("\n</code></pre>", "</code></pre>")
    html = re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    html = re.sub(r"(</?)del>", r"\1s>", html)
    html = re.sub(r"<(m)>(.*?)</m>", r"\\(\2\\)", html, flags=re.DOTALL)
    html = re.sub(r"<M>(.*?)</M>", lambda match: rf"\[{match[1].strip()}\]", html, flags=re.DOTALL)
    root = lxml.html.fragment_fromstring(html, create_parent="body")
    for element in list(root.iter()):
        if isinstance(element, HtmlElement) and element is not root:
            _normalise(element)
    written = lxml.html.tostring(root, encoding="unicode").replace("\xa0", " ")
    # Footnotes and displayed formulas stand in boxes that differ.
    written = re.sub(r"<p>\s*(\\\[.*?\\\])\s*</p>", r"\1", written, flags=re.DOTALL)
    blocks = r"body|p|[dou]l|li|d[td]|t\w+|h[1-6r]|div|blockquote|input"
    written = re.sub(rf"\s*(</?(?:{blocks})\b[^>]*>)\s*", r"\n\1\n", written)
    written = re.sub(r"<p>\s*</p>", "", written)
    return re.sub(r"\s*\n\s*", "\n", re.sub(" +", " ", written))


def _normalise(element: HtmlElement) -> None:
    kind = str(element.get("class") or "")
    if kind == "anchor" or kind in ("footnote-backref", "reversefootnote", "footnotes-sep"):
        element.drop_tree()
        return
    if element.tag == "label" or kind in BOXES:
        if kind == "equation":
            element.text = re.sub(r"\s+", " ", element.text or "")
        element.drop_tag()
        return
    link = element.find("a")
    if element.tag == "sup" and link is not None and str(link.get("href")).startswith("#fn"):
        for child in list(element):
            element.remove(child)
        element.text = "note"
    _normalise_attributes(element)


def _normalise_attributes(element: HtmlElement) -> None:
    named = element.attrib.pop("data-language", "")
    classes = str(element.attrib.pop("class", "")).split()
    for name in [name for name in classes if name.startswith("language-")]:
        named = name.removeprefix("language-")
        classes.remove(name)
    code = element.find("code") if element.tag == "pre" else None
    if named:
        (element if code is None else code).set("data-language", named)
    if element.tag == "span" and element.getparent().tag == "code":
        element.drop_tag()
        return
    if kept := sorted(set(classes) - OURS):
        element.set("class", " ".join(kept))
    for name in ("id", "tabindex", "role"):
        element.attrib.pop(name, "")
    if "footnote-item" in classes:
        element.attrib.pop("style", "")
    if style := element.get("style"):
        element.set("style", re.sub(r"\s*([:;])\s*", r"\1", style).rstrip(";"))
    if str(element.get("href", "")).startswith("#"):
        element.set("href", "#")
    for key, value in sorted(element.attrib.items()):
        del element.attrib[key]
        element.set(key, value)
