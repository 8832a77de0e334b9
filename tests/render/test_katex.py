"""KaTeX in this process: what it typesets, what it refuses, what it survives."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from generator.errors import MathError
from generator.model import Formula, Macros, Typeset
from generator.render.katex import LONGEST_FORMULA, REFUSED, remember


def refusal(typeset: Typeset, tex: str) -> MathError:
    """The error that a formula gets."""
    with pytest.raises(MathError) as refused:
        typeset(tex, False)
    return refused.value


def test_html_for_the_eye_and_mathml_for_everybody(typeset: Typeset) -> None:
    """A formula is HTML hidden from screen readers, and MathML that carries its TeX."""
    formula = typeset(r"\frac{1}{2}", True)
    assert 'class="katex-display"' in formula.html
    assert 'aria-hidden="true"' in formula.html
    annotation = r'<annotation encoding="application/x-tex">\frac{1}{2}</annotation>'
    assert annotation in formula.html
    assert formula.feed == (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><semantics><mrow>'
        "<mfrac><mn>1</mn><mn>2</mn></mfrac></mrow>"
        r'<annotation encoding="application/x-tex"> \frac{1}{2} </annotation></semantics></math>'
    )


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"A - B", "A−B"),
        (r"x < y", "x<y"),
        (r"f\colon X \to Y", "f\u2063:X→Y"),
        (r'\text{say "a"}', 'say "a"'),
        (r"x_i^2", "xi2 x_i^2"),
        (r"2^{|C|}", "2∣C∣ 2^{|C|}"),
        (r"\sqrt 2", r"2 \sqrt 2"),
        (r"\bar x", r"xˉ \bar x"),
    ],
)
def test_who_knows_no_mathml_reads_a_formula_once_or_with_its_tex(
    typeset: Typeset, tex: str, text: str
) -> None:
    """What a reader shows that drops tags: the TeX stands there only where the rest says less."""
    feed = typeset(tex, False).feed
    shown = unescape(re.sub(r"<[^>]*>", "", feed))
    assert "".join(shown.split()) == "".join(text.split())
    element = etree.fromstring(feed)
    carried = element.get("alttext") or element.findtext(".//{*}annotation") or ""
    assert carried.strip() == tex


def test_the_same_formula_is_typeset_once() -> None:
    """Display and inline are different formulas; the same one asks the engine once."""
    asked: list[tuple[str, bool]] = []

    def engine(tex: str, display: bool, macros: Macros = ()) -> Formula:
        asked.append((tex, display))
        return Formula(tex, tex)

    typeset = remember(engine)
    for display in (True, False, True, False):
        typeset("x", display)
    assert asked == [("x", True), ("x", False)]


@pytest.mark.parametrize(
    ("tex", "text", "column", "hint"),
    [
        (r"a + \nonsense", r"a + \nonsense", 5, "does not know"),
        (r"\frac{1}{2", r"\frac{1}{2", 11, "no closing"),
        ("a\nb }\nc", "b }", 3, "no opening"),
        ("$x$", "$x$", 1, r"is \$"),
    ],
)
def test_a_refusal_shows_the_place(
    typeset: Typeset, tex: str, text: str, column: int, hint: str
) -> None:
    """The line of the formula, the column in it, and what to do."""
    error = refusal(typeset, tex)
    assert (error.text, error.column) == (text, column)
    assert error.hint is not None
    assert hint in error.hint


@pytest.mark.parametrize("tex", ["{" * 50_000 + "}" * 50_000, r"\sqrt{" * 3000 + "}" * 3000])
def test_very_deep_input_is_refused(typeset: Typeset, tex: str) -> None:
    """The engine's stack overflows, or the formula is too long; either way it works on."""
    refusal(typeset, tex)
    assert typeset("x", False).html


def test_a_macro_bomb_is_refused(typeset: Typeset) -> None:
    """Expansions are bounded."""
    assert "Too many expansions" in str(refusal(typeset, r"\def\a{\a\a}\a"))


def test_a_long_formula_is_refused(typeset: Typeset) -> None:
    """Two hundred thousand characters would become megabytes of HTML."""
    error = refusal(typeset, "x" * (LONGEST_FORMULA + 1))
    assert f"{LONGEST_FORMULA + 1} characters" in str(error)


def test_a_huge_rule_is_cut(typeset: Typeset) -> None:
    """Sizes are bounded, so that a formula cannot cover the page."""
    assert "50em" in typeset(r"\rule{1000em}{1000em}", False).html


def test_a_formula_that_prints_is_harmless(
    typeset: Typeset, capfd: pytest.CaptureFixture[str]
) -> None:
    r"""`\message` has nowhere to print to, and the formula stands."""
    assert typeset(r"\message{hello} x", False).html
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("command", sorted(REFUSED))
def test_nothing_is_trusted(typeset: Typeset, command: str) -> None:
    """Commands that reach outside the formula are refused, with what to write instead."""
    error = refusal(typeset, rf"x + {command}{{a=b}}{{y}}")
    assert (command in str(error), error.column) == (True, 5)
    assert error.hint


def test_a_macro_does_not_leak(typeset: Typeset) -> None:
    r"""What one formula defines by `\gdef` is unknown to the next: their order must not matter."""
    typeset(r"\gdef\mine{x}\mine", False)
    refusal(typeset, r"\mine")


def test_what_latex_would_not_take_is_a_warning(typeset: Typeset) -> None:
    r"""Hangul outside `\text` is set, and remarked upon; inside it is fine."""
    assert "한" in typeset("한", False).warnings[0]
    assert typeset(r"\text{한글}", False).warnings == ()


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab1{}[]()\\^_&$%#~ '\"<>한frac"), max_size=40), st.booleans())
def test_any_text_is_set_or_refused(typeset: Typeset, tex: str, display: bool) -> None:
    """No text raises anything but a MathError."""
    try:
        html = typeset(tex, display).html
    except MathError:
        html = "<span"
    assert html.startswith("<span")
