"""What leaves a kernel, and what becomes of it on a page: two kernels for all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.config import read_config
from generator.discover import discover
from generator.execute.figures import VARIABLE
from generator.execute.kernel import Kernels, clean_slate
from generator.model import Bundle, Post
from generator.parse import parse
from generator.pipeline import build
from generator.render.drawings import page_figure

from ..conftest import WriteBlog

FIGURE = """\
```{code-cell}
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
axes.plot([-1, 2], label="손실 (loss)")
axes.set_title("훈련 손실: $L(t) = e^{-t}$", weight="bold")
axes.set_xlabel("반복 −1 → ∞", family="Malgun Gothic")
axes.legend()
figure.canvas.draw()
```
"""


def test_the_font_is_installed() -> None:
    """Inkcell depends on the package that carries it."""
    assert Path(clean_slate(1)[VARIABLE]).is_file()


def outputs(root: Path, post: Post, modules: tuple[str, ...]) -> Bundle:
    """The figure that the post's cell drew; nothing else may have come out, no warning either."""
    kernels = Kernels(root, modules=modules)
    try:
        ((output,),) = kernels.run(post, "cpu")[0].outputs
    finally:
        kernels.close()
    assert isinstance(output, Bundle), output
    return output


@pytest.mark.kernel
def test_figures_are_lettered_in_hangul(write_blog: WriteBlog) -> None:
    """In cold and in warm kernels, with no warning, byte for byte the same."""
    root = write_blog({"posts/a/index.ko.md": FIGURE})
    (source,) = discover(root, root / "posts", read_config(root), [])
    post = parse(source, read_config(root))
    cold, warm = (outputs(root, post, modules) for modules in ((), ("matplotlib.pyplot",)))
    drawing = cold.data["image/svg+xml"]
    assert "NotoSansKR-Regular" in drawing
    # The letters of the title: each is drawn from the font, none as the box of DejaVu Sans.
    assert "DejaVuSans" not in drawing
    finished = [
        page_figure(bundle.data["image/svg+xml"], "f", "", lambda content, suffix: "")
        for bundle in (cold, warm)
    ]
    assert finished[0] == finished[1]
    assert cold.data["image/png"] == warm.data["image/png"]


CELLS = """\
```{code-cell}
from IPython.display import clear_output, display
shown = display("first", display_id=True)
```

```{code-cell}
shown.update("updated")
print("cleared"); clear_output(wait=True); print("kept")
```

```{code-cell}
for percent in range(0, 101, 10):
    print(f"\\r{percent} % done", end="")
```

```{code-cell}
import pandas
pandas.DataFrame({"도시": ["서울"], "수": [9.4]}).style.highlight_max(color="yellow", subset=["수"])
```

```{code-cell}
import sympy
sympy.Symbol("x") ** 2
```

```{code-cell}
import plotly.graph_objects as go
go.Figure(go.Scatter(y=[1, 2]), layout={"title": "줄"})
```

```{code-cell}
import altair
altair.Chart(pandas.DataFrame({"a": [1], "b": [2]}), title="점").mark_point().encode(x="a", y="b")
```
"""


@pytest.mark.kernel
def test_outputs_of_the_usual_libraries(write_blog: WriteBlog) -> None:
    """From code to page: updates, progress, tables, formulas, interactive figures."""
    site = build(read_config(write_blog({"posts/a/index.ko.md": CELLS})))
    page = site.files["math/2022-07-08-a/index.html"].content.decode()
    assert "updated" in page
    assert "<samp>kept</samp>" in page
    assert "<samp>cleared" not in page
    assert "<samp>100 % done</samp>" in page
    assert re.search(r'<td class="number" style="background-color: yellow; color: #000">9.4', page)
    assert '<annotation encoding="application/x-tex">\\displaystyle x^{2}' in page
    for library, title in (("plotly", "줄"), ("vega", "점")):
        figure = re.search(rf'aria-label="({title}[^"]*)" data-library="{library}"', page)
        assert figure, library
    (script,) = re.findall(r'<script defer src="/([^"]*/interactive\.js)"></script>', page)
    folder = script.rpartition("/")[0]
    assert {f"{folder}/plotly.js", f"{folder}/vega.js", script} <= set(site.files)
    home = site.files["index.html"].content.decode()
    assert "<script" not in home
