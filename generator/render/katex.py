"""TeX -> HTML and MathML by KaTeX in V8, in this process. The only module that knows mini-racer.

The engine is made where it is used and belongs to one thread; a formula that stands twice is
typeset once. Limits keep one formula from becoming megabytes of HTML: KaTeX's own `maxSize`
(in em) and `maxExpand` (macro expansions), and a bound on the TeX itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape, unescape
from typing import TYPE_CHECKING
from weakref import finalize

from ..errors import MathError
from ..model import Formula, Macros, Typeset
from .plain_formula import INVISIBLE, plain_formula

if TYPE_CHECKING:
    from py_mini_racer import MiniRacer

LONGEST_FORMULA = 20_000
"""Characters of TeX; 200,000 became 17 MB of HTML when they were let through."""

PROGRAM = """
// KaTeX prints what \\message and \\show say; a build has nowhere to print it.
for (const name of ["log", "info", "warn", "error"]) console[name] = () => {};
function typeset(tex, displayMode, macros) {
  const warnings = [];
  // An id may be given to the number of an equation; nothing else reaches outside its formula.
  const trust = (context) => {
    if (context.command === "\\\\htmlId" && /^eq-[A-Za-z0-9_.-]+$/.test(context.id)) return true;
    // KaTeX would set the name of the command in red.
    throw {name: "Refused", message: context.command, position: tex.indexOf(context.command)};
  };
  try {
    const html = katex.renderToString(tex, {
      displayMode,
      output: "htmlAndMathml",
      throwOnError: true,
      trust,
      macros: Object.fromEntries(macros),
      maxSize: 50,
      maxExpand: 1000,
      strict: (code, message) => {
        if (code !== "htmlExtension") warnings.push(`${message} [${code}]`);
        return "ignore";
      },
    });
    return JSON.stringify({html, warnings});
  } catch (error) {
    return JSON.stringify({
      name: error.name,
      error: String(error.rawMessage || error.message),
      position: error.position,
      length: error.length,
    });
  }
}
"""

NUMBER = re.compile(
    r'<span class="enclosing" id="(eq-[\w.-]+)">((?:<span class="mord[^"]*">[^<]*</span>)+)</span>'
)
"""The number of a row as KaTeX sets it: it becomes a link to itself, for the mouse alone, since
all of this HTML is hidden from screen readers."""
NUMBER_IN_TEX = re.compile(r"\\htmlId\{eq-[\w.-]+\}\{([^{}]*)\}")
"""The same in the TeX that MathML carries, which is for people."""

MATHML_START = "<math "
MATHML_END = "</math>"


def start_katex(script: str) -> Typeset:
    """A typesetter around the text of `katex.min.js`.

    It raises MathError, whose line and column are those in the formula, for TeX that KaTeX
    refuses.
    """
    from py_mini_racer import MiniRacer  # Most builds know all formulas, and need no V8.

    engine = MiniRacer()
    engine.eval(script)
    engine.eval(PROGRAM)

    def typeset(tex: str, display: bool, macros: Macros = ()) -> Formula:
        return _typeset(engine, tex, display, macros)

    # At the latest when Python ends, and before it does: V8's threads may still call into it, and
    # one that is closed later waits for ever.
    finalize(typeset, engine.close)
    return remember(typeset)


def remember(typeset: Typeset) -> Typeset:
    """The same typesetter, which typesets a formula once however often it stands."""
    done: dict[tuple[str, bool, Macros], Formula] = {}

    def remembered(tex: str, display: bool, macros: Macros = ()) -> Formula:
        formula = done.get((tex, display, macros))
        if formula is None:
            formula = done[tex, display, macros] = typeset(tex, display, macros)
        return formula

    return remembered


def _typeset(engine: MiniRacer, tex: str, display: bool, macros: Macros) -> Formula:
    if len(tex) > LONGEST_FORMULA:
        raise MathError(f"the formula has {len(tex)} characters").at(
            text=tex[:60] + "…", hint=f"at most {LONGEST_FORMULA} are typeset: split it"
        )
    call: Callable[..., str] = engine.call
    answer = json.loads(call("typeset", tex, display, [list(pair) for pair in macros]))
    if "html" in answer:
        # KaTeX gives the cells beside a \\tag a width, which MathML Core's mtd does not have.
        html = str(answer["html"]).replace('<mtd width="50%">', "<mtd>")
        # A formula may break between KaTeX's boxes even in text that does not wrap.
        html = html.replace(
            '</span><span class="katex-base">', '</span><wbr><span class="katex-base">'
        )
        if ROW_NUMBER in html:
            tags = TAG.findall(NUMBER_IN_TEX.sub(r"\1", tex))
            html = _with_row_numbers(html, [_as_text(engine, tag, macros) for tag in tags])
        html = NUMBER_IN_TEX.sub(r"\1", html)
        html = NUMBER.sub(r'<a class="number" id="\1" href="#\1" tabindex="-1">\2</a>', html)
        start, end = html.index(MATHML_START), html.index(MATHML_END) + len(MATHML_END)
        return Formula(html, for_feed(html[start:end]), tuple(answer["warnings"]))
    raise _refusal(tex, answer)


ANNOTATED = re.compile(
    r"(?P<start><math\b[^>]*)><semantics>(?P<formula>.*)"
    r'<annotation encoding="application/x-tex">(?P<tex>.*)</annotation></semantics></math>',
    re.DOTALL,
)


def for_feed(mathml: str) -> str:
    """MathML for readers that may know none of its elements, and show the text that is in them.

    Where that text says all that the formula says, `A−B`, the TeX stands in an attribute. Where it
    does not, as with a fraction, they show both, and a space between them.
    """
    match = ANNOTATED.fullmatch(mathml)
    if not match:
        return mathml
    text = unescape(re.sub(r"<[^>]*>", "", match["formula"]))
    if "".join(text.translate(INVISIBLE).split()) == "".join(plain_formula(mathml).split()):
        # Quotation marks are all that an attribute needs besides what a text has already.
        tex = match["tex"].replace('"', "&quot;")
        return f'{match["start"]} alttext="{tex}">{match["formula"]}</math>'
    annotation = f'<annotation encoding="application/x-tex"> {match["tex"]} </annotation>'
    return f"{match['start']}><semantics>{match['formula']}{annotation}</semantics></math>"


ROW_NUMBER = '<mtd class ="mml-eqn-num"></mtd>'
"""Where KaTeX's MathML leaves the number of a row to a counter of its style sheet."""
TAG = re.compile(r"\\tag\*?\s*\{((?:[^{}]|\{[^{}]*\})*)\}")


def _as_text(engine: MiniRacer, tag: str, macros: Macros) -> str:
    if not is_tex(tag):
        return tag
    return text_of(_typeset(engine, rf"\text{{{tag}}}", False, macros))


def is_tex(number: str) -> bool:
    r"""Whether what a `\tag` says has to be typeset to be read."""
    return "$" in number or "\\" in number


def text_of(formula: Formula) -> str:
    r"""A formula as plain text, as well as text can: `$\alpha'$` is α′."""
    mathml = re.sub(r"<annotation.*</annotation>", "", formula.feed, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", "", mathml)).strip()


def _with_row_numbers(html: str, tags: list[str]) -> str:
    """MathML that says the numbers of rows itself: feeds and screen readers have no counters."""
    parts = html.split(ROW_NUMBER)
    if len(tags) != len(parts) - 1:
        tags = [""] * (len(parts) - 1)
    numbers = [f"<mtext>({escape(tag, quote=False)})</mtext>" if tag else "" for tag in tags]
    cells = [f"<mtd>{number}</mtd>" for number in numbers]
    return parts[0] + "".join(cell + part for cell, part in zip(cells, parts[1:], strict=True))


LINK = "write a link around the formula: [$x$](https://…)"
IDENTITY = "a formula gets an id by a label: $$ … $$ (eq-name)"
REFUSED = {
    "\\href": LINK,
    "\\url": LINK,
    "\\includegraphics": "a picture stands in the prose: ![What it shows](picture.png)",
    "\\htmlClass": "a class means nothing in feeds: \\textcolor and \\boxed do",
    "\\htmlStyle": "a style means nothing in feeds: \\textcolor and \\boxed do",
    "\\htmlData": IDENTITY,
    "\\htmlId": IDENTITY,
}
"""Commands that KaTeX obeys only if it trusts the author, and what to write instead. They put HTML
where only sighted readers with a browser find it: not into MathML, nor into feeds."""


def _refusal(tex: str, answer: dict[str, object]) -> MathError:
    if answer["name"] == "RangeError":
        return MathError("the formula is nested too deeply").at(
            text=tex[:60] + "…", hint="split it, or define its parts apart"
        )
    position = answer.get("position")
    if answer["name"] == "Refused":
        line, shown, column = _line_at(tex, max(int(str(position)), 0))
        command = str(answer["error"])
        return MathError(f"`{command}` reaches outside its formula").at(
            line=line, text=shown, column=column, hint=REFUSED.get(command, IDENTITY)
        )
    if not isinstance(position, int):
        return MathError(f"KaTeX: {answer['error']}").at(text=tex, hint=_hint(str(answer["error"])))
    line, shown, column = _line_at(tex, position)
    return MathError(f"KaTeX: {answer['error']}").at(
        line=line, text=shown, column=column, hint=_hint(str(answer["error"]))
    )


def _line_at(tex: str, position: int) -> tuple[int, str, int]:
    """The line of the formula that holds a position: number, text, column; counted from 1."""
    start = tex.rfind("\n", 0, position) + 1
    end = tex.find("\n", position)
    text = tex[start : end if end >= 0 else len(tex)]
    return tex.count("\n", 0, position) + 1, text, position - start + 1


def _hint(message: str) -> str | None:
    if "Undefined control sequence: \\label" in message:
        return "a label stands in a formula on lines of its own, in a cell of prose"
    if "Undefined control sequence" in message:
        return "KaTeX does not know this command: katex.org/docs/supported lists those it knows"
    if "Expected 'EOF', got '}'" in message:
        return "a closing brace has no opening one"
    if "Expected '}'" in message or "expected '}'" in message:
        return "an opening brace has no closing one"
    if "Double superscript" in message:
        return "write `{x^2}^3` or `x^{2^3}`"
    if "Double subscript" in message:
        return "write `{x_1}_2` or `x_{1_2}`"
    if "got '&'" in message:
        return "`&` stands in an environment: \\begin{aligned} … \\end{aligned}"
    if "Expected '\\right'" in message:
        return "each \\left has a \\right; `\\right.` shows nothing"
    if "Too many expansions" in message:
        return "a macro that uses itself never ends"
    if "\\tag works only in display" in message:
        return "put the formula between `$$`, on lines of their own"
    if "as argument to" in message or "in a macro argument" in message:
        return "the command misses an argument"
    if "Can't use function '$'" in message:
        return "a dollar sign inside a formula is \\$"
    return None
