"""KaTeX in this process: what it typesets, what it refuses, what it survives."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from generator.discover import read_katex
from generator.errors import MathError
from generator.model import Macros, Typeset
from generator.render.katex import KNOWN_FORMULAS, LONGEST_FORMULA, REFUSED, Katex, start_katex
from tests.conftest import REPOSITORY
from tests.render.rendering import render_post


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
    ("tex", "lines"),
    [
        ("f(x + y) = g(x, y) + 1", ["f(x+y)=", "g(x,y)+", "1"]),
        (r"\{a \in A: f(a) \in U\}", ["{a∈A:f(a)∈U}"]),
        (r"\lVert a + b \rVert + \left(a + b\right)", ["∥a+b∥+", "(a+b)"]),
        # Brackets around much may hold short ones.
        ("(ab + cd + ef + gh + h(k + l))", ["(ab+", "cd+", "ef+", "gh+", "h(k+l))"]),
        # Some close nothing, and some are never closed.
        ("]0, 1] + [0, 1[ + x", ["]0,1]+", "[0,1[+x"]),
        # Short formulas stay whole.
        ("d = 4800", ["d=4800"]),
        ("a = b + c + d", ["a=b+c+d"]),
        ("a = b + c + d + e", ["a=", "b+", "c+", "d+", "e"]),
    ],
)
def test_a_line_may_end_outside_of_short_brackets(
    typeset: Typeset, tex: str, lines: list[str]
) -> None:
    """In the text; a formula on a line of its own has no such places."""
    html = typeset(tex, False).html
    parts = html[html.index("</math>") :].split("<wbr>")
    texts = [unescape(re.sub("<[^>]*>", "", part)).replace("\u200b", "") for part in parts]
    assert texts == lines
    assert "<wbr>" not in typeset(tex, True).html
    # Firefox obeys none that stands where no line may end.
    assert html.count("<wbr>") == html.count('<span class="line-end"><wbr></span>')


@pytest.mark.parametrize(
    ("tex", "long"),
    [
        (r"a \le \operatorname{cut}(A, B) / \operatorname{cut}(B, A)", ["cut(A,B)/cut(B,A)"]),
        (r"\sqrt{a + b + c + d + e + f + g}", ["a+b+c+d+e+f+g"]),
        ("f(a + b + c) = g(a + b + c)", []),
        ("a = b", []),
    ],
)
def test_what_may_be_wider_than_a_small_screen_is_in_a_box(
    typeset: Typeset, tex: str, long: list[str]
) -> None:
    """Which can scroll: the parts of a formula in the text that no line may part."""
    html = typeset(tex, False).html
    assert html.count("<span") == html.count("</span>")
    boxes = html.split('<span class="long">')[1:]
    texts = [unescape(re.sub("<[^>]*>", "", box.split("<wbr>")[0])) for box in boxes]
    assert [text.replace("\u200b", "") for text in texts] == long
    assert 'class="long"' not in typeset(tex, True).html


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


class Engine:
    """Stands for V8: notes what it is asked, and refuses `bad`."""

    def __init__(self) -> None:
        self.asked: list[list[tuple[str, bool]]] = []

    def __call__(
        self, formulas: list[tuple[str, bool, Macros]], output: str
    ) -> list[dict[str, object]]:
        self.asked.append([(tex, display) for tex, display, _ in formulas])
        refused = {"name": "ParseError", "error": "bad", "position": 0}
        return [
            refused if tex == "bad" else {"html": f"<math {tex}></math>", "warnings": []}
            for tex, *_ in formulas
        ]


def test_the_same_formula_is_typeset_once() -> None:
    """Display and inline are different formulas; the same one asks the engine once."""
    engine = Engine()
    typeset = Katex(engine)
    for display in (True, False, True, False):
        typeset("x", display)
    assert engine.asked == [[("x", True)], [("x", False)]]


def test_expected_formulas_are_typeset_together() -> None:
    """One call for all; what is refused is refused when it is asked for, and only then."""
    engine = Engine()
    typeset = Katex(engine)
    typeset.expect([("x", False, ()), ("bad", False, ()), ("x", False, ()), ("y", True, ())])
    assert engine.asked == [[("x", False), ("bad", False), ("y", True)]]
    assert typeset("y", True).feed == "<math y></math>"
    assert "bad" in str(refusal(typeset, "bad"))
    assert len(engine.asked) == 1
    typeset("z", False)
    assert engine.asked[1:] == [[("z", False)]]


def test_formulas_typeset_together_are_as_if_typeset_alone() -> None:
    """Whatever one of them has: a warning, a mistake, or the sign that parts the answers."""
    script = read_katex(REPOSITORY).script
    together, alone = start_katex(script), start_katex(script)
    formulas = ("x", "한", "x % a\0b\n", "\\bad", '"<y>"', "\U0001d53c")
    together.expect([(tex, False, ()) for tex in formulas])
    for tex in formulas:
        if tex == "\\bad":
            assert str(refusal(together, tex)) == str(refusal(alone, tex))
        else:
            assert together(tex, False) == alone(tex, False)
    assert together("한", False).warnings
    assert "a\0b" in together("x % a\0b\n", False).html


def test_what_another_post_has_shown_is_not_typeset_again() -> None:
    """Only new formulas are asked for; those that nobody has used for long are forgotten."""
    engine = Engine()
    typeset = Katex(engine)
    for name in ("x", "y"):
        typeset(name, False)
    typeset.expect([("x", False, ()), ("z", False, ())])
    assert engine.asked[2:] == [[("z", False)]]
    for number in range(KNOWN_FORMULAS - 1):
        typeset("x", False)
        typeset(f"x_{number}", False)
    del engine.asked[:]
    typeset.expect([("x", False, ()), ("y", False, ())])
    assert engine.asked == [[("y", False)]]


@pytest.mark.parametrize(
    "text",
    [
        "Inline $a$, $a$ and $b_1$.\n\n$$\nc\n$$ (eq-c)\n\n## A heading with $d$\n",
        "$$\n\\newcommand{\\R}{\\mathbb{R}}\n\\R\n$$\n\nThen $\\R^n$ and **bold $x$**, "
        "[a link $y$](#z).\n\n## Z {#z}\n",
        "$$\n\\begin{align} a &= b \\\\ c &= d \\label{eq-two} \\end{align}\n$$\n\n"
        "| $p$ |\n|---|\n| $q$ |\n",
        ":::{note}\nA note with $n$.[^1]\n:::\n\n[^1]: And a footnote with $f$.\n",
    ],
)
def test_every_formula_of_a_post_is_foreseen(text: str) -> None:
    """No formula costs a call of its own: what is asked for is what was expected."""
    engine = Engine()
    render_post(text, typeset=Katex(engine))
    assert len(engine.asked) == 1


def test_mathml_alone() -> None:
    """No HTML of KaTeX's; the number of a row is what references to it lead to."""
    typeset = start_katex(read_katex(REPOSITORY).script, "mathml")
    page = render_post(
        "In @eq-one: $x$\n\n$$\n\\begin{align} a \\label{eq-one} \\\\ c \\end{align}\n$$\n",
        typeset=typeset,
    ).body
    assert "katex-html" not in page
    assert page.count("<math ") == 2
    assert '<mtd id="eq-one"><mtext>(1)</mtext></mtd>' in page
    assert page.count('id="eq-one"') == 1
    assert 'href="#eq-one"' in page
    assert r"\htmlId" not in page


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
