"""What leaves a kernel, and what becomes of it on a page: two kernels for all of it."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core import pylabtools
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from generator.config import read_config
from generator.discover import discover
from generator.execute import figures
from generator.execute.figures import VARIABLE, Printer
from generator.execute.kernel import Kernels
from generator.execute.warm_parent import clean_slate
from generator.model import Bundle, Post
from generator.parse import parse
from generator.pipeline import build
from generator.render.matplotlib_figures import page_figure

from ..conftest import WriteBlog

print_figure: Any = pylabtools.print_figure

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


def printed(draw: Callable[[Figure], object]) -> tuple[str | None, bytes, Figure]:
    """SVG and PNG of a figure, asked for as IPython does it."""
    figure = Figure()
    FigureCanvasAgg(figure)
    draw(figure)
    printer = Printer(print_figure)
    settings = {"bbox_inches": "tight", "dpi": 192}
    drawing = printer(figure, fmt="svg", **settings)
    return drawing, printer(figure, fmt="png", base64=False, **settings), figure


def size_in_inches(svg: str) -> tuple[float, float]:
    match = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    assert match
    return float(match[1]) / 72, float(match[2]) / 72


def pixels(png: bytes) -> tuple[int, int]:
    return struct.unpack(">II", png[16:24])


def test_a_figure_is_cropped_as_matplotlib_crops_it() -> None:
    """The SVG shows what `bbox_inches="tight"` leaves; the PNG for feeds is 1.5 times as fine."""
    svg, png, figure = printed(lambda figure: figure.subplots().plot([1, 2], [3, 4]))
    assert svg is not None
    expected = size_in_inches(print_figure(figure, "svg", bbox_inches="tight"))
    assert size_in_inches(svg) == pytest.approx(expected, abs=0.02)
    assert pixels(png) == pytest.approx([144 * length for length in expected], abs=3)
    assert "dc:date" not in svg


def test_an_svg_does_not_say_when_it_was_drawn() -> None:
    """Else kept results and notebooks would differ from run to run; an author may say it."""
    figure = Figure()
    FigureCanvasAgg(figure)
    figure.subplots().plot([1, 2])
    printer = Printer(print_figure)
    assert "<dc:date>" not in printer(figure, "svg", bbox_inches="tight")
    dated = printer(figure, "svg", bbox_inches="tight", metadata={"Date": "2022-07-27"})
    assert "<dc:date>2022-07-27</dc:date>" in dated


def test_what_stands_outside_of_a_figure_is_shown() -> None:
    """Matplotlib leaves out lines beyond a figure's edge: then it has to draw again."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([1, 2], label="one")
        axes.legend(loc="center left", bbox_to_anchor=(1.3, 0.5))

    svg, _, figure = printed(draw)
    assert svg is not None
    whole = print_figure(figure, "svg", bbox_inches="tight")
    assert size_in_inches(svg) == pytest.approx(size_in_inches(whole), abs=0.02)
    assert svg.count("<path") == whole.count("<path")


def test_a_ground_reaches_the_edge() -> None:
    """One that is not white may not end before the margin does."""

    def draw(figure: Figure) -> None:
        figure.set_facecolor("black")
        figure.add_axes((0.0, 0.2, 1.0, 0.8)).plot([1, 2])

    svg, _, _ = printed(draw)
    assert svg is not None
    assert 'viewBox="0 0 ' in svg


def test_a_drawing_too_large_for_a_page_is_a_bitmap() -> None:
    """At two pixels for one of CSS; its SVG, of any size, never leaves the kernel."""
    svg, png, _ = printed(lambda figure: figure.subplots().plot(range(2), "o"))
    assert svg is not None
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters={"image/png": PNG()}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("IPython.get_ipython", lambda: shell)
        patch.setattr(figures, "LARGEST_SVG", 100)
        large_svg, large_png, _ = printed(lambda figure: figure.subplots().plot(range(2), "o"))
    assert large_svg is None
    assert pixels(large_png)[0] == pytest.approx(pixels(png)[0] * 192 / 144, abs=3)


class PNG:
    """IPython's formatter for PNG, which knows figures."""

    def lookup(self, figure: Figure) -> object:
        return figure


def test_a_figure_that_changes_is_laid_out_anew() -> None:
    """Between the SVG and a PNG that somebody asks for later."""
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    printer = Printer(print_figure)
    printer(figure, fmt="svg", bbox_inches="tight")
    axes.set_title("one\ntwo\nthree\nfour\nfive\nsix")
    png = printer(figure, fmt="png", base64=False, bbox_inches="tight", dpi=100)
    assert png == print_figure(figure, "png", bbox_inches="tight", dpi=100)


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
    assert "interactive.js" not in home
