"""What Pandoc's Markdown has beside divs and code that runs, as it is written here.

The syntax is that of https://pandoc.org/MANUAL.html#pandocs-markdown.
"""

from __future__ import annotations

import re

from .passages import FLAGS, MARKED_CODE, change_around_code
from .remarks import Remarks

BLOCK = re.compile(rf"{MARKED_CODE}(?P<of>\{{=(?P<format>\w+)\}})?", FLAGS)
RAW = re.compile(r"\{=(?P<format>\w+)\}\s*$")
INLINE_CODE = re.compile(r"`(?:\{(?:python|r|julia|ojs)\}|r) [^`]+`")
CAPTION = re.compile(
    r"^(?P<caption>(?:Table)?:[ \t]+[^\n]*?)[ \t]*"
    r"\{(?P<attributes>(?:[ \t]*(?:[#.][\w:.-]+|[\w-]+=(?:\"[^\"\n]*\"|\S+)))+)[ \t]*\}[ \t]*$",
    re.MULTILINE,
)
EXAMPLE = re.compile(r"^\(@(?P<name>[\w-]*)\)[ \t]+(?=\S)", re.MULTILINE)
LINES = re.compile(r"(?:(?<=\n\n)|\A)(?:\|(?:[ \t][^\n]*)?(?:\n|\Z)(?:[ \t]+\S[^\n]*\n)*)+")
CITED = re.compile(r"\[(?P<work>-?@[\w:./-]+),?[ \t]*\[(?P<place>[^\[\]\n]*)\]\]")
ASIDE = re.compile(
    r"\[(?P<words>(?:\\.|[^\[\]\\]|\[[^\[\]]*\])*)\]\{[ ]*\.(?:aside|column-margin)[ ]*\}"
)


def write_pandoc(text: str, remarks: Remarks) -> str:
    """The text with raw blocks, captions, example lists, lines and asides as they are here."""
    text = BLOCK.sub(lambda match: _code(match, remarks), text)
    text = change_around_code(text, lambda words: _words(words, remarks))
    nbsp = re.compile(r"(?<!\\)\\ ")
    return change_around_code(
        text, lambda words: nbsp.sub("\N{NO-BREAK SPACE}", words), formulas=True
    )


def _code(match: re.Match[str], remarks: Remarks) -> str:
    """Raw passages in a format: HTML is HTML here, too, and no other means anything."""
    of = RAW.match(match["info"].strip()) if match["block"] is not None else None
    if match["block"] is not None and of:
        if of["format"].startswith("html"):
            code = match["code"].strip("\n")
            whole = re.search(r"<(?:pre|script|style|textarea)\b", code, re.IGNORECASE)
            # A blank line would end the HTML.
            return code if whole else re.sub(r"\n(?:[ \t]*\n)+", "\n", code)
        hint = "pages are HTML: write it as Markdown, a formula between two dollars"
        return remarks.sign("a raw block is left out that pages did not show", match["info"], hint)
    if match["inline"] is not None and match["of"]:
        if match["format"].startswith("html"):
            return match["inline"].strip("` ")
        hint = "pages are HTML: write it as Markdown"
        return remarks.sign("a raw passage is left out that pages did not show", match[0], hint)
    if match["inline"] is not None and INLINE_CODE.fullmatch(match[0]):
        hint = "write the value, or put the sentence out from a cell: Markdown(f'…')"
        return remarks.sign("code in a line is shown, and not run", match[0], hint) + match[0]
    return match[0]


def _words(words: str, remarks: Remarks) -> str:
    words = CAPTION.sub(lambda match: _caption(match, remarks), words)
    words = CITED.sub(r"[\g<work>, \g<place>]", words)
    words = LINES.sub(_lines, words)

    def aside(match: re.Match[str]) -> str:
        start, end = match.start(), match.end()
        alone = match.string[:start].endswith(("\n\n", "\n")) or not start
        if alone and (match.string[end:] + "\n").startswith("\n"):
            return f":::{{margin}}\n{match['words']}\n:::"
        hint = "put it between :::{margin} and :::, in lines of their own"
        sign = remarks.sign("a note in the margin stands in the text", match[0], hint)
        return f"{sign}({match['words']})"

    return _examples(ASIDE.sub(aside, words))


def _caption(match: re.Match[str], remarks: Remarks) -> str:
    """A table's caption with its label; the rest means nothing here."""
    said = match["attributes"]
    label = next(iter(re.findall(r"#(tbl-[\w:.-]+)", said)), "")
    rest = re.sub(r"#tbl-[\w:.-]+", "", said).strip()
    sign = ""
    if rest:
        hint = "a table has a caption and a label here: : Caption {#tbl-name}"
        sign = remarks.sign("an attribute of a table is left out", f"{{{rest}}}", hint)
    return sign + match["caption"] + (f" {{#{label}}}" if label else "")


def _examples(words: str) -> str:
    """Examples that are numbered through the whole text, and what refers to them."""
    numbers: dict[str, int] = {}
    count = 0

    def numbered(match: re.Match[str]) -> str:
        nonlocal count
        blank = match.string.rfind("\n\n", 0, match.start())
        paragraph = match.string[blank + 2 if blank >= 0 else 0 :].lstrip("\n")
        if not EXAMPLE.match(paragraph):
            return match[0]  # A line of a paragraph begins with a work that is cited.
        count += 1
        if match["name"]:
            numbers.setdefault(match["name"], count)
        return f"{count}. "

    words = EXAMPLE.sub(numbered, words)
    return re.sub(
        r"\(@([\w-]+)\)",
        lambda match: f"({numbers[match[1]]})" if match[1] in numbers else match[0],
        words,
    )


def _lines(match: re.Match[str]) -> str:
    """Lines that stay lines; a row of hyphens makes a table of them."""
    written = match[0].rstrip("\n")
    if re.search(r"^\|[ \t]*:?-+:?[ \t]*\|", written, re.MULTILINE) or re.match(
        r"\|[^\n]*\|[ \t]*(?:\n|\Z)", written
    ):
        return match[0]
    lines = re.sub(r"\n[ \t]+(?=\S)", " ", written).split("\n")
    bare = [line[1:].removeprefix(" ").rstrip() for line in lines]
    indented = [
        "\N{NO-BREAK SPACE}" * (len(line) - len(line.lstrip())) + line.lstrip() for line in bare
    ]
    # A line with nothing on it would end the paragraph.
    shown = [line or "\N{NO-BREAK SPACE}" for line in indented]
    return "\\\n".join(shown) + match[0][len(written) :]
