"""Notebooks, text and `.ipynb`: cells, places, tags and options."""

from __future__ import annotations

import base64
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.config import parse_config
from generator.errors import InkcellError, flatten
from generator.model import Code, Display, Post, Prose, Source
from generator.parse import parse
from generator.parse.notebook import OTHER_LINE_ENDS, SEVERAL_CELLS, _myst_cells, _only_prose

from ..conftest import FRONT_MATTER, SETTINGS

CONFIG = parse_config(SETTINGS)
FIELDS = "title: A post\ndate: 2022-07-08\ncategory: math"


def read(text: str, kind: str = "md") -> Post:
    """A post from the text of its file."""
    return parse(Source(f"posts/a/index.ko.{kind}", text, "a", "ko", kind, "/b/posts/a"), CONFIG)  # type: ignore[arg-type]


def ipynb(*cells: dict[str, Any], minor: int = 5, front: str = FIELDS) -> str:
    """An nbformat 4 file whose first cell is the front matter."""
    raw = {"cell_type": "raw", "source": front}
    filled = [
        {
            "id": f"c{number}",
            "metadata": {},
            **({"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}),
            **cell,
        }
        for number, cell in enumerate([raw, *cells])
    ]
    if minor < 5:
        for cell in filled:
            del cell["id"]
    return json.dumps({"cells": filled, "metadata": {}, "nbformat": 4, "nbformat_minor": minor})


def code(text: str, kind: str = "md") -> Code:
    """The first code cell of a post."""
    return read(text, kind).notebook.code[0]


def cell(source: str, tags: str = "") -> str:
    """A post of one code cell."""
    head = f":tags: [{tags}]\n" if tags else ""
    return f"{FRONT_MATTER}\n```{{code-cell}}\n{head}{source}\n```\n"


def test_every_cell_knows_its_line() -> None:
    """Tags, options and blank lines before the code are counted, and not part of it."""
    text = (
        FRONT_MATTER  # lines 1 to 5
        + "\nFirst.\n\n"
        + "```{code-cell}\n:tags: [hide-input]\n\n"
        + "#| label: fig-a\n#| echo: true\n\nx = 1\ny = 2\n```\n"
        + "\nSecond,\nof two lines.\n\n"
        + "```{code-cell} ipython3\nz = 3\n```\n"
    )
    lines = text.split("\n")
    found = [(type(c), c.line, lines[c.line - 1]) for c in read(text).notebook.cells]
    assert found == [
        (Prose, 7, "First."),
        (Code, 15, "x = 1"),
        (Prose, 19, "Second,"),
        (Code, 23, "z = 3"),
    ]


WORDS = st.text(st.sampled_from("abc =()"), min_size=1, max_size=8).map(lambda s: "x" + s)
CELLS = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(WORDS, min_size=1, max_size=4),
        st.booleans(),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=5,
)


@given(CELLS)
def test_lines_are_right_in_any_notebook(cells: list[tuple[bool, list[str], bool, int]]) -> None:
    """The line that a cell names holds the cell's first line, whatever stands around it."""
    text = FRONT_MATTER
    for is_code, body, has_tags, blank in cells:
        text += "\n" * (blank + 1)
        inner = "\n".join(body)
        if is_code:
            tags = ":tags: [hide-input]\n" if has_tags else ""
            text += f"```{{code-cell}}\n{tags}{inner}\n```\n"
        else:
            text += inner + "\n"
    lines = text.split("\n")
    for found in read(text).notebook.cells:
        first = (found.source if isinstance(found, Code) else found.text).split("\n")[0]
        assert lines[found.line - 1].strip() == first.strip()


@pytest.mark.parametrize(
    ("source", "tags", "display"),
    [
        ("1", "", Display()),
        ("1", "hide-input", Display(input="collapsed")),
        ("1", "hide-cell", Display(input="collapsed", output="collapsed")),
        ("1", "remove-cell", Display(input="absent", output="absent")),
        ("1", "remove-stdout, remove-stderr", Display(stdout=False, stderr=False)),
        ("#| echo: false\n1", "", Display(input="absent")),
        ("#| output: false\n1", "", Display(output="absent")),
        ("#| include: false\n1", "", Display(input="absent", output="absent")),
        ("#| warning: false\n1", "", Display(stderr=False)),
        ("#| code-fold: true\n1", "", Display(input="collapsed")),
        ("#| echo: true\n1", "remove-input", Display()),
        ("#| output: true\n1", "remove-output", Display()),
        (
            "#| label: fig-a\n#| fig-cap: C\n#| fig-alt: A\n1",
            "",
            Display(label="fig-a", caption="C", alt="A"),
        ),
        ("//| echo: false\n1", "", Display(input="absent")),
        ("1", "my-own-tag", Display()),
    ],
)
def test_how_a_cell_is_shown(source: str, tags: str, display: Display) -> None:
    """Tags as in Jupyter Book, options as in Quarto; a comment beats a tag."""
    found = code(cell(source, tags))
    assert found.display == display
    assert found.source == "1"


@pytest.mark.parametrize(
    ("source", "tags", "runs", "may_raise"),
    [
        ("1", "", True, False),
        ("1", "skip-execution", False, False),
        ("1", "raises-exception", True, True),
        ("#| eval: false\n1", "", False, False),
        ("#| eval: true\n1", "skip-execution", True, False),
        ("#| error: true\n1", "", True, True),
        ("#| error: false\n1", "raises-exception", True, False),
    ],
)
def test_how_a_cell_runs(source: str, tags: str, runs: bool, may_raise: bool) -> None:
    """A comment beats a tag."""
    found = code(cell(source, tags))
    assert (found.runs, found.may_raise) == (runs, may_raise)


def test_the_front_matter_decides_for_all_cells() -> None:
    """`execute: {error: true}` lets every cell raise, but a comment beats it."""
    front = FRONT_MATTER.replace("category", "execute: {error: true}\ncategory")
    text = cell("1").replace(FRONT_MATTER, front)
    assert code(text).may_raise
    assert not code(text.replace("\n1", "\n#| error: false\n1")).may_raise


@pytest.mark.parametrize("minor", [0, 4, 5])
def test_ipynb(minor: int) -> None:
    """nbformat 4.0 to 4.5; cells are counted with the front matter's."""
    post = read(
        ipynb(
            {"cell_type": "markdown", "source": ["One\n", "two"]},
            {"cell_type": "code", "source": "x = 1", "metadata": {"tags": ["hide-input"]}},
            minor=minor,
        ),
        "ipynb",
    )
    assert post.meta.title == "A post"
    assert post.notebook.cells == (
        Prose("One\ntwo", 2, 1),
        Code("x = 1", 3, 1, display=Display(input="collapsed"), tags=("hide-input",)),
    )


def test_ipynb_of_format_3() -> None:
    """Worksheets, `input` instead of `source`, headings: nbformat brings them up to date."""
    cells = [
        {"cell_type": "raw", "metadata": {}, "source": FIELDS},
        {"cell_type": "heading", "level": 2, "metadata": {}, "source": "Part"},
        {
            "cell_type": "code",
            "input": "x = 1",
            "language": "python",
            "metadata": {},
            "outputs": [],
        },
    ]
    document = {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    notebook = read(json.dumps(document), "ipynb").notebook
    assert [c.text if isinstance(c, Prose) else c.source for c in notebook.cells] == [
        "## Part",
        "x = 1",
    ]


def test_front_matter_in_a_raw_cell_may_have_its_dashes() -> None:
    """With or without `---` lines."""
    assert read(ipynb(front=f"---\n{FIELDS}\n---"), "ipynb").meta.title == "A post"


def test_attachments_and_raw_cells() -> None:
    """Attached files are kept by name; raw HTML is shown, raw LaTeX is for other converters."""
    picture = base64.b64encode(b"picture").decode()
    notebook = read(
        ipynb(
            {
                "cell_type": "markdown",
                "source": "![a](attachment:a.png)",
                "attachments": {"a.png": {"image/png": picture}},
            },
            {"cell_type": "raw", "source": "<b>x</b>", "metadata": {"raw_mimetype": "text/html"}},
            {"cell_type": "raw", "source": "\\x", "metadata": {"raw_mimetype": "text/latex"}},
        ),
        "ipynb",
    ).notebook
    first, second = notebook.cells
    assert isinstance(first, Prose)
    assert first.attachments == {"a.png": b"picture"}
    assert isinstance(second, Prose)
    assert second.text == "<b>x</b>"


def test_an_attachment_may_be_a_list_of_lines() -> None:
    """So nbformat writes an SVG: as it does text, though it is in base64."""
    lines = base64.encodebytes(b"<svg/>" * 20).decode().splitlines(keepends=True)
    cell = {
        "cell_type": "markdown",
        "source": "![a](attachment:a.svg)",
        "attachments": {"a.svg": {"image/svg+xml": lines}},
    }
    (prose,) = read(ipynb(cell), "ipynb").notebook.cells
    assert isinstance(prose, Prose)
    assert prose.attachments == {"a.svg": b"<svg/>" * 20}


def test_a_cell_of_prose_can_be_removed() -> None:
    """As one of code, which runs nevertheless; in text notebooks and `.ipynb` alike."""
    prose = [
        {"cell_type": "markdown", "source": text, "metadata": {"tags": tags}}
        for text, tags in (("kept", []), ("gone", ["remove-cell"]), ("mine", ["hide-cell"]))
    ]
    text = 'kept\n\n+++ {"tags": ["remove-cell"]}\n\ngone\n\n+++\n\nmine\n'
    for post in (read(ipynb(*prose), "ipynb"), read(FRONT_MATTER + text)):
        assert [cell.text for cell in post.notebook.cells if isinstance(cell, Prose)] == [
            "kept",
            "mine",
        ]
    with pytest.raises(InkcellError, match="unknown tag `remove_cell`"):
        read(FRONT_MATTER + text.replace("remove-cell", "remove_cell"))


def test_raw_cells_of_a_text_notebook() -> None:
    """As in an `.ipynb`: of HTML and Markdown they are prose, others are for other converters."""
    cells = "".join(
        f"```{{raw-cell}}\n:{option}\n<b>{n}</b>\n```\n\n"
        for n, option in enumerate(
            ("format: text/html", "raw_mimetype: text/markdown", "raw_mimetype: text/latex")
        )
    )
    post = read(f"{FRONT_MATTER}\n{cells}")
    assert [cell.text for cell in post.notebook.cells if isinstance(cell, Prose)] == [
        "<b>0</b>",
        "<b>1</b>",
    ]


def test_prose_is_composed_and_code_is_not() -> None:
    """Names that a Mac has in two parts (UAX 15, NFD) are what the same word is elsewhere."""
    word = unicodedata.normalize("NFD", "집합 é")
    front = FRONT_MATTER.replace("A post", word)
    for post in (
        read(f"{front}\n{word}\n\n```{{code-cell}}\n'{word}'\n```\n"),
        read(
            ipynb(
                {"cell_type": "markdown", "source": word},
                {"cell_type": "code", "source": f"'{word}'"},
                front=FIELDS.replace("A post", word),
            ),
            "ipynb",
        ),
    ):
        assert post.meta.title == "집합 é"
        prose, code = post.notebook.cells
        assert isinstance(prose, Prose)
        assert prose.text == "집합 é"
        assert isinstance(code, Code)
        assert code.source == f"'{word}'"
    # Composed, this one would be another character, which looks otherwise.
    assert read(FRONT_MATTER + "\ufa19").notebook.cells[0] == Prose("\ufa19", 1, 6)


def test_the_language_of_the_code() -> None:
    """By the kernel, the notebook's metadata, or Python."""
    assert read(cell("1")).notebook.code_language == "python"
    assert (
        read(cell("1").replace("{code-cell}", "{code-cell} ipython3")).notebook.code_language
        == "python"
    )
    other = cell("1").replace("{code-cell}", "{code-cell} javascript")
    assert read(other).notebook.code_language == "javascript"
    for spec, language in (
        ("{name: inkcell-node}", "javascript"),
        ("{name: julia-1.10, language: julia}", "julia"),
        ("{name: python3}", "python"),
    ):
        front = FRONT_MATTER.replace("title", f"kernelspec: {spec}\ntitle")
        assert read(cell("1").replace(FRONT_MATTER, front)).notebook.code_language == language


def with_metadata(**metadata: object) -> str:
    """An `.ipynb` of one code cell."""
    notebook = json.loads(ipynb({"cell_type": "code", "source": "1"}))
    return json.dumps({**notebook, "metadata": metadata})


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        # JupyterLab, when several people work on a notebook that has no kernel yet.
        {"kernelspec": {"display_name": "", "name": ""}, "language_info": {"name": ""}},
        {"kernelspec": {"name": None}, "jupyter": None},
    ],
)
def test_a_notebook_that_names_no_kernel(metadata: dict[str, object]) -> None:
    """It is one in Python, as a text that names none."""
    found = read(with_metadata(**metadata), "ipynb")
    assert (found.meta.kernel, found.notebook.code_language) == ("python3", "python")


@pytest.mark.parametrize("name", ["kernelspec", "language_info"])
@pytest.mark.parametrize("value", [None, "python", ["python"], {"name": ["python"]}])
def test_damaged_metadata_of_a_notebook(name: str, value: object) -> None:
    """They are told without what else stands there: it may be long."""
    with pytest.raises(InkcellError) as raised:
        read(with_metadata(widgets={"state": "long"}, **{name: value}), "ipynb")
    (error,) = flatten(raised.value)
    assert str(error) == "the notebook's metadata are damaged"
    assert error.text == str({name: value})


@given(st.text(max_size=200))
def test_any_text_is_a_post_or_an_error(text: str) -> None:
    """Whatever stands in a file, nothing but errors with a place comes out."""
    for kind, whole in (("md", text), ("md", FRONT_MATTER + text), ("ipynb", text)):
        try:
            read(whole, kind)
            errors: tuple[InkcellError, ...] = ()
        except InkcellError as error:
            errors = flatten(error)
        assert all(error.file == f"posts/a/index.ko.{kind}" for error in errors)


LINES = st.lists(
    st.sampled_from(
        ["", " ", "\t", "a", "  b", "---", "- c", "> d", "    e", "```", "```py", "\u3000"]
    )
    | st.text(st.characters(exclude_characters="\n"), max_size=8),
    max_size=8,
)


@given(LINES)
def test_a_text_without_code_is_one_cell_of_prose(lines: list[str]) -> None:
    """What is read without jupytext is what jupytext would read; only it is asked for cells."""
    body = ["", "", "", *OTHER_LINE_ENDS.sub(" ", "\n".join(lines)).split("\n")]
    expected, _ = _myst_cells(body, [])
    if not SEVERAL_CELLS.search("\n".join(body)):
        assert _only_prose(body) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["cells", "metadata", "nbformat", "nbformat_minor"]), JSON))
def test_any_json_is_a_post_or_an_error(document: dict[str, object]) -> None:
    """A damaged notebook is an error, never a crash."""
    with pytest.raises(InkcellError):
        read(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, **document}), "ipynb")
