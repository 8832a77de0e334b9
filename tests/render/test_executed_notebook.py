"""A post with what its code produced as an `.ipynb`: valid, complete, and read back the same."""

from __future__ import annotations

import base64
import json
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.model import (
    Bundle,
    Code,
    ExecutedPost,
    Failure,
    Omission,
    Output,
    Post,
    Prose,
    Results,
    Source,
    Stream,
)
from generator.parse import parse
from generator.render.executed_notebook import executed_notebook

from ..conftest import FRONT_MATTER
from .rendering import CONFIG, MADE, STRINGS, post_of, render_post

TEXT = """\
---
title: "A: post" # by hand
date: 2022-07-08
category: math
kernelspec: {name: python3, display_name: Python 3}
---

First *prose*, [a neighbour](data.csv).

```{code-cell}
:tags: [hide-input, my-own]
#| label: fig-a
#| fig-cap: "A: caption"

x = 1

y = 2
```

```{code-cell}
#| eval: false
never()
```

```{code-cell}
:tags: [raises-exception]
1 / 0
```

Last prose: 집합 $A$를.
"""
PNG = base64.b64encode(b"\x89PNG").decode() + "\n"


def notebook_file(post: Post, *outputs: Output) -> bytes:
    """The executed notebook of a post whose first code cell has these outputs."""
    rest = ((),) * (len(post.notebook.code) - 1)
    results = Results((outputs, *rest) if post.notebook.code else (), MADE)
    return executed_notebook(ExecutedPost(post, results), STRINGS)


def cells_of(text: str, *outputs: Output) -> list[dict[str, Any]]:
    """The cells of the executed notebook of a post, as JSON."""
    found: list[dict[str, Any]] = json.loads(notebook_file(post_of(text), *outputs))["cells"]
    return found


def outputs_of(*outputs: Output, head: str = "") -> list[dict[str, Any]]:
    """What the notebook of one cell holds of these outputs."""
    found: list[dict[str, Any]] = cells_of(f"```{{code-cell}}\n{head}1\n```\n", *outputs)[1][
        "outputs"
    ]
    return found


def read_back(content: bytes) -> Post:
    """The post that an executed notebook is when it is taken for a source."""
    text = content.decode()
    return parse(Source("posts/a/index.ko.ipynb", text, "a", "ko", "ipynb", "/b/posts/a"), CONFIG)


def test_it_is_a_valid_notebook() -> None:
    """By nbformat's own schema, with every kind of output; ids, kernel and language are told."""
    outputs = (
        Stream("stdout", "a\nb\n"),
        Stream("stderr", "w"),
        Bundle({"text/plain": "x", "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg"/>'}),
        Bundle({"application/json": '{"a": [1]}', "application/vnd.x+json": "3"}, {"m": {"w": 1}}),
        Bundle({"model/x+json": "{}", "text/plain": "x"}),
        Failure("E", "v", "\x1b[31mE\x1b[39m\nv"),
        Omission(1_200_000),
    )
    content = notebook_file(post_of(TEXT), *outputs)
    nbformat.validate(json.loads(content))
    notebook = nbformat.reads(content.decode(), as_version=4)
    assert [cell.id for cell in notebook.cells] == [f"cell-{n}" for n in range(1, 7)]
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.11.7"},
    }


def test_the_cells_are_the_posts() -> None:
    """Front matter and options as written, tags, prose untouched, counts where code ran."""
    cells = cells_of(TEXT)
    assert [cell["cell_type"] for cell in cells] == [
        *("raw", "markdown", "code", "code", "code", "markdown")
    ]
    source = ["".join(cell["source"]) for cell in cells]
    assert source[0] == TEXT[: TEXT.index("\n\nFirst")]
    assert source[1] == "First *prose*, [a neighbour](data.csv)."
    assert source[2] == '#| label: fig-a\n#| fig-cap: "A: caption"\nx = 1\n\ny = 2'
    assert source[3] == "#| eval: false\nnever()"
    assert cells[2]["metadata"] == {"tags": ["hide-input", "my-own"]}
    assert [cell["execution_count"] for cell in cells[2:5]] == [1, None, 2]
    assert cells[2]["source"][-1] == "y = 2", "a line an item"


def test_a_text_notebook_is_read_back_the_same() -> None:
    """The project's own parser finds the same front matter and the same cells in it."""
    post = post_of(TEXT)
    again = read_back(notebook_file(post))
    assert again.meta == post.meta
    assert again.notebook.front_matter == post.notebook.front_matter

    def anywhere(found: Post) -> list[Prose | Code]:
        return [
            replace(cell, cell=0, line=0, caption_line=0)
            if isinstance(cell, Code)
            else replace(cell, cell=0, line=0)
            for cell in found.notebook.cells
        ]

    assert anywhere(again) == anywhere(post)


SOURCES = st.text(st.sampled_from("ab =#|:'\"\\$가\t\n\x0c\u2028"), max_size=20)
HEADS = st.sampled_from(["", "#| echo: false\n", "#| output: false\n#| fig-cap: 'a: b'\n"])
TAGS = st.lists(st.sampled_from(["hide-input", "own"]))
CELLS = st.tuples(st.booleans(), HEADS, SOURCES, TAGS)


@given(st.lists(CELLS, max_size=5))
def test_any_notebook_is_read_back_the_same(cells: list[tuple[bool, str, str, list[str]]]) -> None:
    """An `.ipynb` comes back cell for cell, with places, tags, options and attachments."""
    image = {"image/png": base64.b64encode(b"picture").decode()}
    code: dict[str, Any] = {"cell_type": "code", "outputs": [], "execution_count": None}
    prose = {"cell_type": "markdown", "attachments": {"a.png": image}}
    filled: list[dict[str, Any]] = [
        {
            **(code if is_code else prose),
            "id": f"c{number}",
            "source": f"{head}1\n{text}" if is_code else text,
            "metadata": {"tags": tags},
        }
        for number, (is_code, head, text, tags) in enumerate(cells)
    ]
    front = {"cell_type": "raw", "id": "f", "metadata": {}, "source": FRONT_MATTER[4:-5]}
    document = {"cells": [front, *filled], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    post = read_back(json.dumps(document).encode())
    content = notebook_file(post)
    nbformat.validate(json.loads(content))
    again = read_back(content)
    unique = [
        replace(cell, tags=tuple(dict.fromkeys(cell.tags))) if isinstance(cell, Code) else cell
        for cell in post.notebook.cells
    ]
    assert list(again.notebook.cells) == unique
    assert again.meta == post.meta


def test_outputs() -> None:
    """Text in lines, JSON as JSON, binary types in Base64 as they came, errors in their colours."""
    assert outputs_of(
        Stream("stdout", "a\nb\n"),
        Bundle({"image/png": PNG, "text/plain": "x"}, {"image/png": {"width": 4}}),
        Bundle({"application/json": '{"a": [1]}'}),
        Failure("ValueError", "no", "\x1b[31mValueError\x1b[39m\nno"),
        head="#| include: true\n",
    ) == [
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]},
        {
            "output_type": "display_data",
            "data": {"image/png": PNG, "text/plain": "x"},
            "metadata": {"image/png": {"width": 4}},
        },
        {"output_type": "display_data", "data": {"application/json": {"a": [1]}}, "metadata": {}},
        {
            "output_type": "error",
            "ename": "ValueError",
            "evalue": "no",
            "traceback": ["\x1b[31mValueError\x1b[39m", "no"],
        },
    ]


def test_what_is_not_kept_is_a_line() -> None:
    """In the page's language, with its size."""
    assert outputs_of(Stream("stdout", "a"), Omission(29_812_345))[1] == {
        "output_type": "stream",
        "name": "stdout",
        "text": ["[29.8 MB more]\n"],
    }


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        ("", ["out", "err"]),
        (":tags: [hide-cell]\n", ["out", "err"]),
        (":tags: [remove-input]\n", ["out", "err"]),
        (":tags: [remove-stderr]\n", ["out"]),
        (":tags: [remove-stdout]\n", ["err"]),
        ("#| warning: false\n", ["out"]),
        (":tags: [remove-output]\n", []),
        ("#| include: false\n", []),
    ],
)
def test_outputs_that_the_page_removes_are_not_published(head: str, kept: list[str]) -> None:
    """What an author took off the page is in no file of the site; collapsed outputs are."""
    found = outputs_of(Stream("stdout", "out"), Stream("stderr", "err"), head=head)
    assert ["".join(output["text"]) for output in found] == kept


def test_half_a_surrogate_pair_survives() -> None:
    """A program may print what is no character; the file is still JSON in UTF-8."""
    assert outputs_of(Stream("stdout", "a\ud800b"))[0]["text"] == ["a\ud800b"]
    assert b"a\\ud800b" in notebook_file(post_of(TEXT), Stream("stdout", "a\ud800b"))


def test_the_same_results_are_the_same_bytes() -> None:
    """Keys are sorted, text is not escaped, and the file ends with a line end."""
    one, other = (
        notebook_file(post_of(TEXT), Bundle(data))
        for data in ({"text/plain": "가", "text/html": "b"}, {"text/html": "b", "text/plain": "가"})
    )
    assert one == other
    assert "집합".encode() in one
    assert one.endswith(b"}\n")


def test_it_is_a_file_of_the_site() -> None:
    """Beside the post's page, under the post's name."""
    rendered = render_post("```{code-cell}\n1\n```\n", [[Stream("stdout", "x")]], made=MADE)
    assert rendered.notebook == "math/2022-07-08-a/a.ipynb"
    (file,) = rendered.files
    assert file.path == rendered.notebook
    assert json.loads(file.content)["cells"][1]["outputs"][0]["text"] == ["x"]


def test_a_post_that_did_not_run_has_none() -> None:
    """Without results there is nothing to add to the source."""
    rendered = render_post("```{code-cell}\n1\n```\n")
    assert rendered.notebook == ""
    assert rendered.files == ()
