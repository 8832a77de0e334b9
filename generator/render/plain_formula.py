r"""A formula as plain text, for an excerpt: `$\frac{a}{b}$` is a/b, `$x_i^2$` is x_i^2.

What is read is the MathML that the typesetter made, so that it is right for every TeX command and
macro. Text on a line says less than a formula; brackets keep what it says true.
"""

from __future__ import annotations

import re

import lxml.etree

MATHML = re.compile(r"<math\b.*?</math>", re.DOTALL)
NAMESPACE = re.compile(r"\{[^{}]*\}")
INVISIBLE = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u200b\ufeff"))
RELATIONS = frozenset("= ≠ < > ≤ ≥ ∈ ∉ ⊂ ⊆ ⊃ ⊇ ∼ ≈ ≅ ≡ → ↦ ⇒ ⇔ ← + − ± ∪ ∩ ∖ ∘ ⊕ ⊗".split())
"""Signs with a space on both sides, as in print."""


def plain_formula(html: str) -> str:
    """The text of a typeset formula; empty if it has no MathML."""
    found = MATHML.search(html)
    if not found:
        return ""
    try:
        root = lxml.etree.fromstring(found[0])
    except lxml.etree.XMLSyntaxError:
        return ""
    return " ".join(_text(root).translate(INVISIBLE).split())


def _text(element: lxml.etree._Element) -> str:
    name = NAMESPACE.sub("", str(element.tag))
    parts = [_text(child) for child in element]
    if name == "annotation":
        return ""
    if name in ("mfrac", "msub", "msup", "munder", "mover") and len(parts) == 2:
        sign = {"mfrac": "/", "msub": "_", "munder": "_"}.get(name, "^")
        if name == "mover" and len(parts[1].strip()) == 1 and not parts[1].strip().isascii():
            return parts[0]  # An accent or a bar.
        if sign == "^" and set(parts[1].strip()) <= set("′"):
            return parts[0] + parts[1]
        first = _grouped(parts[0]) if name in ("mfrac", "msup", "msub") else parts[0]
        return f"{first}{sign}{_grouped(parts[1])}"
    if name in ("msubsup", "munderover") and len(parts) == 3:
        return f"{parts[0]}_{_grouped(parts[1])}^{_grouped(parts[2])}"
    if name == "msqrt":
        return "√" + _grouped("".join(parts))
    if name == "mroot" and len(parts) == 2:
        return f"{_grouped(parts[0])}^(1/{parts[1]})"
    if name == "mtr":
        return ", ".join(part for part in parts if part.strip()) + "; "
    if name == "mtable":
        return "".join(parts).removesuffix("; ")
    text = (element.text or "") if name in ("mi", "mn", "mo", "mtext", "ms") else ""
    if name == "mo":
        return f" {text} " if text in RELATIONS else text + " " * (text in (",", ";"))
    if name == "mspace":
        return " "
    return text + "".join(parts)


def _grouped(text: str) -> str:
    """A text that a sign before or behind it takes as a whole."""
    text = text.strip()
    plain = text.translate(INVISIBLE)
    return text if len(plain) <= 1 or plain.isalnum() else f"({text})"
