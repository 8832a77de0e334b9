"""Statements: definitions, theorems, proofs and their kin, as MyST and sphinx-proof write them."""

from __future__ import annotations

from html import escape

from markdown_it.token import Token

from .context import Context
from .directive_options import FLAG, TEXT
from .directives import STATEMENTS, Directive, Draft, Frame, Written

SIGN = "proof_sign"


def _show(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    """A numbered statement: a section whose first line says what it is."""
    kind = _kind(written)
    name = escape(context.strings[kind], quote=False)
    head = f"{name} {number}".strip()
    label = written.options.get("label", "")
    identity = f' id="{escape(label)}"' if label in context.labels else ""
    shown = f'<a class="number" href="#{escape(label)}">{head}</a>' if identity else head
    # Inside the brackets stands the argument, which is Markdown.
    opened, closed = (" <span>(", ")</span>") if written.argument else ("", "")
    page = Frame(
        f'<section class="statement {kind}"{identity}>\n'
        f'<p class="statement-title"><strong>{shown}</strong>{opened}',
        f"{closed}</p>\n",
        closing="</section>\n",
    )
    opened, closed = (" (", ")") if written.argument else ("", "")
    feed = Frame(f"<p><strong>{head}</strong>{opened}", f"{closed}</p>\n")
    return page, feed


def _show_proof(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    """A proof, which ends with a sign; its argument says what is proved."""
    name = escape(context.strings["proof"], quote=False)
    opened, closed = (" (", ")") if written.argument else ("", "")
    page = Frame(
        f'<section class="statement proof">\n<p class="statement-title"><em>{name}</em>{opened}',
        f"{closed}</p>\n",
        closing="</section>\n",
    )
    return page, Frame(f"<p><em>{name}</em>{opened}", f"{closed}</p>\n")


def _finish_proof(draft: Draft, tokens: list[Token]) -> list[Token]:
    """The sign that ends a proof stands behind its last word, or else in a paragraph of its own."""
    sign = Token(SIGN, "", 0, block=True)
    sign.meta = {"page": '<p class="qed">∎</p>\n', "feed": "<p>∎</p>\n"}
    if len(tokens) > 2 and tokens[-1].type == "paragraph_close" and not _is_no_text(tokens[-2]):
        sign.meta = {"page": ' <span class="qed">∎</span>', "feed": " ∎"}
        return [*tokens[:-1], sign, tokens[-1]]
    return [*tokens, sign]


def _is_no_text(line: Token) -> bool:
    """Whether a paragraph ends with what stands on lines of its own: a picture, a formula."""
    return line.content.lstrip().startswith("![") or line.content.rstrip().endswith("$$")


def _kind(written: Written) -> str:
    return written.name.removeprefix("prf:")


def _statement(prefix: str) -> Directive:
    return Directive(_show, {"label": TEXT, "nonumber": FLAG}, counts=prefix)


PROOF = Directive(_show_proof, finish=_finish_proof)

STATEMENT_DIRECTIVES = {
    **{f"prf:{kind}": _statement(prefix) for prefix, kind in STATEMENTS.items()},
    **{kind: _statement(prefix) for prefix, kind in STATEMENTS.items()},
    "prf:proof": PROOF,
    "proof": PROOF,
}
"""The names of sphinx-proof, and the same without its prefix."""
