r"""Titles as plain text, which they are here: `# The $\ell_2$ *norm*` -> `The ℓ₂ norm`."""

from __future__ import annotations

import re
from html import unescape

from .old_blog import OldPost, Tool
from .passages import FLAGS, FORMULA, MARKED_CODE, change_around_code, passages

HEADING = re.compile(r"^[ ]{0,3}#[ \t]+(?P<words>.*?\S)(?:[ \t]+#+)?[ \t]*$", re.MULTILINE)
ATTRIBUTES = re.compile(r"\s*(?<!\\)\{[:.#-][^{}]*\}$")
LINK = re.compile(r"!?\[(?P<words>[^\[\]]*)\](?:\([^()\s]*(?:\s+\"[^\"]*\")?\)|\[[^\[\]]*\])")
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
STRESSED = re.compile(
    r"(?<!\\)(?P<stars>\*{1,3})(?=[^\s*])(?P<words>.+?)(?<=[^\s*\\])(?P=stars)(?!\*)"
    r"|(?<![\w\\])(?P<lines>_{1,3})(?=[^\s_])(?P<more>.+?)(?<=[^\s_\\])(?P=lines)(?!\w)"
)
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
MARKS = re.compile(r"^`+ ?|^<[^<>]*>| ?`+$|<[^<>]*>$")
"""What stands around code in a line."""
DELIMITERS = re.compile(r"^(?:\$\$?|\\{1,2}[(\[])\s*|\s*(?:\$\$?|\\{1,2}[)\]])$")

GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
        "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega varepsilon "
        "vartheta varphi".split(),
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩεϑφ",
        strict=True,
    )
)
SIGNS = dict(
    zip(
        "ell infty to rightarrow leftarrow Rightarrow mapsto times cdot le leq ge geq ne neq "
        "approx sim equiv in notin subset subseteq cup cap sum prod int partial nabla pm circ "
        "otimes oplus forall exists emptyset mid ldots dots cdots top prime star ast".split(),
        "ℓ∞→→←⇒↦×·≤≤≥≥≠≠≈∼≡∈∉⊂⊆∪∩∑∏∫∂∇±∘⊗⊕∀∃∅|………⊤′⋆*",
        strict=True,
    )
)
WORDS = frozenset(
    "log exp sin cos tan min max inf sup lim det dim ker arg gcd Pr argmin argmax".split()
)
COMMAND = re.compile(r"\\([A-Za-z]+|[,;:! ])")
SPACES = {
    "left": "",
    "right": "",
    "displaystyle": "",
    ",": " ",
    ";": " ",
    ":": " ",
    " ": " ",
    "!": "",
    "quad": " ",
    "qquad": " ",
}
DOUBLE = dict(zip("ACEFHKNPQRZ", "𝔸ℂ𝔼𝔽ℍ𝕂ℕℙℚℝℤ", strict=True))
STYLES = re.compile(
    r"\\(?P<style>math(?:bb|cal|bf|rm|it|sf|frak|scr|tt)|text(?:bf|rm|it)?|operatorname\*?"
    r"|boldsymbol|bm|mbox)\s*(?:\{(?P<group>[^{}\\]*)\}|(?P<letter>[A-Za-z]))"
)
FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}\\]*)\}\s*\{([^{}\\]*)\}")
ROOT = re.compile(r"\\sqrt\s*\{([^{}\\]*)\}")
SCRIPT = re.compile(r"(?P<sign>[_^])\s*(?:\{(?P<group>[^{}\\]*)\}|(?P<letter>[^\W_]))")
LOW = dict(zip("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", strict=True))
HIGH = dict(zip("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", strict=True))


def title_of(post: OldPost, tool: Tool, text: str) -> str:
    """The post's title: what it says, its first heading, or else its name."""
    said = post.front.get("title") or post.front.get("linkTitle")
    if isinstance(said, str | int | float) and not isinstance(said, bool):
        said = words = " ".join(str(said).split())
        # Of the tools, only this one reads the key as Markdown.
        if tool == "quarto":
            words = _without_markup(words)
        return _without_formulas(words).strip() or said
    if heading := HEADING.search(_without_blocks(text)):
        words = ATTRIBUTES.sub("", heading["words"]).strip()
        if plain := _without_formulas(_without_markup(words)).strip():
            return " ".join(plain.split())
    words = " ".join(
        word[:1].upper() + word[1:] for word in re.sub(r"[-_]+", " ", post.name).split()
    )
    return words or post.name


def _without_blocks(text: str) -> str:
    """A text without what begins with `#` and is no heading: comments, code in fences."""

    def kept(match: re.Match[str]) -> str:
        blocks = (match["block"], match["comment"], match["element"])
        return match[0] if blocks == (None, None, None) else ""

    return re.sub(MARKED_CODE, kept, text, flags=FLAGS)


def _without_markup(words: str) -> str:
    """A line of Markdown as it is read. Formulas stay; so does code, but for its backticks."""

    def change(text: str) -> str:
        text = LINK.sub(lambda match: match["words"], TAG.sub("", text))
        for _ in range(2):  # A stress may stand in another.
            text = STRESSED.sub(lambda match: match["words"] or match["more"], text)
        return unescape(ESCAPED.sub(r"\1", text))

    changed = change_around_code(words, change, formulas=True)
    return "".join(MARKS.sub("", part) if is_code else part for part, is_code in passages(changed))


def _without_formulas(words: str) -> str:
    return FORMULA.sub(lambda match: plain_formula(DELIMITERS.sub("", match[0])) or match[0], words)


def plain_formula(tex: str) -> str:
    r"""TeX as text, as far as titles have it: `\ell_2` is ℓ₂, `x^{n+1}` is x^(n+1).

    Empty if a command stands in it that cannot be said so.
    """

    def styled(match: re.Match[str]) -> str:
        letters = match["group"] if match["group"] is not None else match["letter"]
        if match["style"] == "mathbb":
            return "".join(DOUBLE.get(letter, letter) for letter in letters)
        return letters

    def named(match: re.Match[str]) -> str:
        name = match[1]
        for names in (GREEK, SIGNS, SPACES):
            if name in names:
                return names[name]
        return name if name in WORDS else match[0]

    def script(match: re.Match[str]) -> str:
        inner = (match["group"] if match["group"] is not None else match["letter"]).strip()
        small = LOW if match["sign"] == "_" else HIGH
        if inner and all(letter in small for letter in inner):
            return "".join(small[letter] for letter in inner)
        return match["sign"] + _grouped(inner)

    before = ""
    while before != tex:
        before = tex
        tex = STYLES.sub(styled, tex)
        tex = COMMAND.sub(named, tex)
        tex = SCRIPT.sub(script, tex)
        tex = FRACTION.sub(lambda match: f"{_grouped(match[1])}/{_grouped(match[2])}", tex)
        tex = ROOT.sub(lambda match: "√" + _grouped(match[1]), tex)
    tex = re.sub(r"\\([{}%&#_$|])", r"\1", re.sub(r"(?<!\\)[{}]", "", tex))
    return "" if "\\" in tex else " ".join(tex.replace("~", " ").split())


def _grouped(text: str) -> str:
    """What a sign before or behind it takes as a whole."""
    text = text.strip()
    return text if text.isalnum() or not text else f"({text})"
