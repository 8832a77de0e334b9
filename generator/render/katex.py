"""TeX -> HTML and MathML by KaTeX in V8, in this process. The only module that knows mini-racer.

The engine is made where it is used and belongs to one thread; a formula that stands often is
typeset once. A call into V8 takes longer than many a formula, so those that will be asked for
are typeset together. Limits keep one formula from becoming megabytes of HTML: KaTeX's own `maxSize`
(in em) and `maxExpand` (macro expansions), and a bound on the TeX itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape, unescape
from typing import TYPE_CHECKING, Any
from weakref import finalize

from ..errors import MathError
from ..model import Foreseeing, Formula, Macros, MathOutput
from .plain_formula import INVISIBLE, plain_formula

if TYPE_CHECKING:
    from py_mini_racer import MiniRacer

Answer = dict[str, Any]
"""What the program says of one formula."""

LONGEST_FORMULA = 20_000
"""Characters of TeX; 200,000 became 17 MB of HTML when they were let through."""

KNOWN_FORMULAS = 512
"""How many are kept in memory: what stands often stands often in any part of a blog."""

PROGRAM = """
// KaTeX prints what \\message and \\show say; a build has nowhere to print it.
for (const name of ["log", "info", "warn", "error"]) console[name] = () => {};
function typesetAll(formulas, output) {
  return formulas.map((formula) => told(typeset(output, ...formula))).join("\\0");
}
// HTML is told as it is: JSON puts a backslash before each of its many quotation marks. To look
// through it makes one text of the pieces that KaTeX has joined, which would otherwise live until
// the last formula is set, and be copied whenever garbage is collected.
function told(answer) {
  const alone = "html" in answer && !answer.warnings.length && !answer.html.includes("\\0");
  return alone ? answer.html : JSON.stringify(answer);
}
function typeset(output, tex, displayMode, macros) {
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
      output,
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
    return {html, warnings};
  } catch (error) {
    return {
      name: error.name,
      error: String(error.rawMessage || error.message),
      position: error.position,
      length: error.length,
    };
  }
}
"""

NUMBER = re.compile(
    r'<span class="enclosing" id="(eq-[\w.-]+)">((?:<span class="mord[^"]*">[^<]*</span>)+)</span>'
)
"""The number of a row as KaTeX sets it: it becomes a link to itself, for the mouse alone, since
all of this HTML is hidden from screen readers."""
NUMBER_IN_TEX = re.compile(r"\\htmlId\{(eq-[\w.-]+)\}\{([^{}]*)\}")
"""The same in the TeX that MathML carries, which is for people."""

MATHML_START = "<math "
MATHML_END = "</math>"


def start_katex(script: str, output: MathOutput = "html") -> Foreseeing:
    """A typesetter around the text of `katex.min.js`.

    With `mathml` a page has MathML alone, which the browser sets, and no fonts of KaTeX.

    It raises MathError, whose line and column are those in the formula, for TeX that KaTeX
    refuses.
    """
    # Most builds know all formulas, and need no V8.
    from py_mini_racer import MiniRacer, init_mini_racer

    # What a formula leaves behind is soon of no use: less room for it costs no time. V8 compiles in
    # threads of its own, which takes a tenth less CPU than when it has to wait for each function
    # (mini-racer's `--single-threaded`). They are why no process that has started it may fork.
    init_mini_racer(flags=("--max-semi-space-size=4",), ignore_duplicate_init=True)
    engine = MiniRacer()
    engine.eval(script)
    engine.eval(PROGRAM)
    katex = Katex(_asking(engine), output)
    # At the latest when Python ends, and before it does: V8's threads may still call into it, and
    # one that is closed later waits for ever.
    finalize(katex, engine.close)
    return katex


Asked = list[tuple[str, bool, Macros]]
"""Formulas: their TeX, whether they are displayed, and their macros."""


def _asking(engine: MiniRacer) -> Callable[[Asked, str], list[Answer]]:
    def ask(formulas: Asked, output: str) -> list[Answer]:
        told = engine.eval(f"typesetAll({json.dumps(formulas)}, {json.dumps(output)})")
        return [
            {"html": answer, "warnings": []} if answer.startswith("<") else json.loads(answer)
            for answer in str(told).split("\0")
        ]

    return ask


class Katex:
    """KaTeX behind a function that asks its program."""

    def __init__(
        self, ask: Callable[[Asked, str], list[Answer]], output: MathOutput = "html"
    ) -> None:
        self._ask = ask
        self._output = "htmlAndMathml" if output == "html" else output
        self._answers: dict[tuple[str, bool, Macros], Answer] = {}
        """What KaTeX has said to formulas that nobody has asked for yet."""
        self._known: dict[tuple[str, bool, Macros], Formula] = {}
        """Those that were asked for last, in that order."""

    def __call__(self, tex: str, display: bool, macros: Macros = ()) -> Formula:
        """A formula as HTML and MathML."""
        formula = self._known.pop((tex, display, macros), None) or self._typeset(
            tex, display, macros
        )
        self._known[tex, display, macros] = formula
        if len(self._known) > KNOWN_FORMULAS:
            del self._known[next(iter(self._known))]
        return formula

    def expect(self, formulas: Iterable[tuple[str, bool, Macros]]) -> None:
        """Typeset formulas that will be asked for, all in one call."""
        self._answers.clear()
        new = [
            formula
            for formula in dict.fromkeys(formulas)
            if formula not in self._known and len(formula[0]) <= LONGEST_FORMULA
        ]
        if new:
            self._answers.update(zip(new, self._ask(new, self._output), strict=True))

    def _typeset(self, tex: str, display: bool, macros: Macros) -> Formula:
        if len(tex) > LONGEST_FORMULA:
            raise MathError(f"the formula has {len(tex)} characters").at(
                text=tex[:60] + "…", hint=f"at most {LONGEST_FORMULA} are typeset: split it"
            )
        formula = tex, display, macros
        answer = self._answers.pop(formula, None) or self._ask([formula], self._output)[0]
        if "html" not in answer:
            raise _refusal(tex, answer)
        # KaTeX gives the cells beside a \\tag a width, which MathML Core's mtd does not have.
        html = str(answer["html"]).replace('<mtd width="50%">', "<mtd>")
        if not display:
            html = _in_the_text(html)
        if ROW_NUMBER in html:
            html = self._with_row_numbers(html, TAG.findall(tex), macros)
        if "\\htmlId" in html:
            html = NUMBER_IN_TEX.sub(r"\2", html)
            html = NUMBER.sub(r'<a class="number" id="\1" href="#\1" tabindex="-1">\2</a>', html)
        start, end = html.index(MATHML_START), html.index(MATHML_END) + len(MATHML_END)
        return Formula(html, for_feed(html[start:end]), tuple(answer["warnings"]))

    def _with_row_numbers(self, html: str, tags: Sequence[str], macros: Macros) -> str:
        """MathML that says the numbers of rows itself: feeds and screen readers have no counters.

        In MathML alone they are also what links to them lead to.
        """
        parts = html.split(ROW_NUMBER)
        if len(tags) != len(parts) - 1:
            tags = [""] * (len(parts) - 1)
        cells = []
        for tag in tags:
            label = NUMBER_IN_TEX.search(tag)
            number = self._as_text(NUMBER_IN_TEX.sub(r"\2", tag), macros)
            identity = f' id="{label[1]}"' if label and self._output == "mathml" else ""
            text = f"<mtext>({escape(number, quote=False)})</mtext>" if number else ""
            cells.append(f"<mtd{identity}>{text}</mtd>")
        return parts[0] + "".join(cell + part for cell, part in zip(cells, parts[1:], strict=True))

    def _as_text(self, tag: str, macros: Macros) -> str:
        return text_of(self(rf"\text{{{tag}}}", False, macros)) if is_tex(tag) else tag


BOXES = '</span><span class="katex-base">'
"""Between two boxes of KaTeX's, behind a relation or an operation, a line may end."""
MAY_END = '<span class="line-end"><wbr></span>'
"""Chromium obeys a `wbr` where no line may end, Firefox only one in a box that lets lines end."""
LINE_END = f'</span>{MAY_END}<span class="katex-base">'
BRACKET = re.compile(r'class="m(?:(open)|close)\b[^>]*>')
WHOLE = 7
"""Signs of a formula that stays on one line, as `d = 48` does: some five em."""
SHORT = 16
"""Signs between brackets that stay on one line: some ten em."""


def _in_the_text(html: str) -> str:
    """A formula in the text, with the places where its line may end: a short one has none."""
    signs = _signs(html[html.index(MATHML_END) :])
    if signs > WHOLE and BOXES in html:
        html = _with_line_ends(html)
    return _with_long_parts(html) if signs > LONG else html


def _with_line_ends(html: str) -> str:
    """A formula in the text with a `wbr` where its line may end: not within short brackets.

    The style sheet lets it end nowhere else.
    """
    whole: list[tuple[int, int]] = []
    open_ones: list[int] = []
    for bracket in BRACKET.finditer(html, html.index(MATHML_END)):
        if bracket[1]:
            open_ones.append(bracket.end())
        elif open_ones:
            start, end = open_ones.pop(), bracket.start()
            if BOXES in html[start:end] and _signs(html[start:end]) <= SHORT:
                while whole and whole[-1][0] > start:
                    whole.pop()  # It lies within these brackets.
                whole.append((start, end))
    done, at = [], 0
    for start, end in whole:
        done += [html[at:start].replace(BOXES, LINE_END), html[start:end]]
        at = end
    return "".join([*done, html[at:].replace(BOXES, LINE_END)])


VISIBLE = '<span class="katex-html" aria-hidden="true">'
END = "</span></span>"
LONG = 12
"""Signs that may be wider than the screen of a phone whose letters are twice as large."""
NEW_LINE = "katex-newline"


def _with_long_parts(html: str) -> str:
    """A formula in the text with a box around each long part in which no line may end.

    The style sheet lets that box scroll, where it is wider than the line.
    """
    head, start, boxes = html.partition(VISIBLE)
    if NEW_LINE in boxes:
        return html
    parts = [
        f'<span class="long"><span>{part}</span></span>' if _signs(part) > LONG else part
        for part in boxes.removesuffix(END).split(MAY_END)
    ]
    return head + start + MAY_END.join(parts) + END


TAG_OR_PART = re.compile(r"<[^>]*>?")


def _signs(html: str) -> int:
    """How many signs KaTeX's HTML shows; the last tag may be cut."""
    return len(unescape(TAG_OR_PART.sub("", html)).replace("\u200b", ""))


ANNOTATED = re.compile(
    r"(?P<start><math\b[^>]*)><semantics>(?P<formula>.*)"
    r'<annotation encoding="application/x-tex">(?P<tex>.*)</annotation></semantics></math>',
    re.DOTALL,
)


IN_TWO_DIMENSIONS = re.compile(r"<m(?:sub|subsup|frac|sqrt|root|under|over|underover)\b")
"""What text on a line does not say, or says with signs that MathML does not have."""


def for_feed(mathml: str) -> str:
    """MathML for readers that may know none of its elements, and show the text that is in them.

    Where that text says all that the formula says, `A−B`, the TeX stands in an attribute. Where it
    does not, as with a fraction, they show both, and a space between them.
    """
    match = ANNOTATED.fullmatch(mathml)
    if not match:
        return mathml
    if not IN_TWO_DIMENSIONS.search(mathml) and _says_all(match["formula"], mathml):
        # Quotation marks are all that an attribute needs besides what a text has already.
        tex = match["tex"].replace('"', "&quot;")
        return f'{match["start"]} alttext="{tex}">{match["formula"]}</math>'
    annotation = f'<annotation encoding="application/x-tex"> {match["tex"]} </annotation>'
    return f"{match['start']}><semantics>{match['formula']}{annotation}</semantics></math>"


TABLE = re.compile(r"<mt(?:able|r)\b")
"""Plain text says its rows with signs of its own."""
CELL = "<mtd"


def _says_all(formula: str, mathml: str) -> bool:
    """Whether the text in the elements of a formula is what it says as plain text."""
    if TABLE.search(formula):
        # What parts two cells stands in no element.
        cells = formula.split(CELL)[1:]
        if sum(bool(_text(CELL + cell)) for cell in cells) > 1:
            return False
    # Plain text says powers with a sign, but no primes.
    elif "<msup" not in formula:
        return True
    elif "′" not in formula:
        return False
    return _text(formula) == "".join(plain_formula(mathml).split())


def _text(mathml: str) -> str:
    """The text in elements, without white space."""
    return "".join(unescape(TAG_OR_PART.sub("", mathml)).translate(INVISIBLE).split())


ROW_NUMBER = '<mtd class ="mml-eqn-num"></mtd>'
"""Where KaTeX's MathML leaves the number of a row to a counter of its style sheet."""
TAG = re.compile(r"\\tag\*?\s*\{((?:[^{}]|\{[^{}]*\})*)\}")


def is_tex(number: str) -> bool:
    r"""Whether what a `\tag` says has to be typeset to be read."""
    return "$" in number or "\\" in number


def text_of(formula: Formula) -> str:
    r"""A formula as plain text, as well as text can: `$\alpha'$` is α′."""
    mathml = re.sub(r"<annotation.*</annotation>", "", formula.feed, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", "", mathml)).strip()


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
    if "Mismatch: \\begin" in message:
        return "the environment ends by another name than it begins"
    if "No such environment: tikz" in message:
        return "a diagram of arrows is \\begin{CD} A @>f>> B \\end{CD}"
    if "No such environment" in message:
        return "KaTeX does not know it: katex.org/docs/supported lists those it knows"
    if "Expected group" in message:
        return "something is missing behind it: x_1, x^2, \\sqrt{x}"
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
    if "\\tag works only in display" in message or "only in display mode" in message:
        return "put the formula between `$$`, on lines of their own"
    if "as argument to" in message or "in a macro argument" in message:
        return "the command misses an argument"
    if "Can't use function '$'" in message:
        return "a dollar sign inside a formula is \\$"
    return None
