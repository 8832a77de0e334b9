"""Interactive figures in Chromium: alive from the site's own files, in light and dark."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from generator import pipeline
from generator.config import read_config
from generator.execute import execute
from generator.execute.interpreters import Environment
from generator.execute.trace import Trace
from generator.model import Bundle, Post, Results
from generator.write import write

from ..conftest import WriteBlog
from ..render.test_outputs import PLOT, VEGA
from .conftest import QuietHandler
from .test_browser import watch

pytestmark = [pytest.mark.browser]

TEXT = "".join(f"```{{code-cell}}\n#| echo: false\n{n}\n```\n\n" for n in range(2))


@pytest.fixture
def address(write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The page of a post whose cells draw with Plotly and with Altair; no kernel runs."""

    def run(post: Post, device: str) -> tuple[Results, Trace]:
        plot = Bundle({"application/vnd.plotly.v1+json": json.dumps(PLOT)})
        chart = Bundle({"application/vnd.vegalite.v5+json": json.dumps(VEGA)})
        return Results(((plot,), (chart,))), Trace("Fake 1")

    nothing = Environment("Fake 1", lambda name: "", lambda name: False)
    fake = partial(execute, run=run, environment=lambda kernel: nothing)
    monkeypatch.setattr(pipeline, "execute", fake)
    root = write_blog({"posts/a/index.ko.md": TEXT})
    output = Path(root) / "site"
    write(pipeline.build(read_config(root)), output)
    handler = functools.partial(QuietHandler, directory=str(output))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/math/2022-07-08-a/"
        server.shutdown()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_figures_come_alive(browser: Browser, address: str, width: int, scheme: str) -> None:
    """Both are drawn, in the page's ink, with nothing from elsewhere and nothing to complain of."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    problems = watch(page, address.partition("/math")[0])
    page.goto(address)
    page.wait_for_selector(".interactive.alive .main-svg")
    page.locator("[data-library=vega]").scroll_into_view_if_needed()
    page.wait_for_selector(".interactive.alive .vega-embed svg")
    ink = page.evaluate("getComputedStyle(document.body).color")
    title = page.locator(".gtitle").first
    assert title.evaluate("element => getComputedStyle(element).fill") == ink
    word = page.locator(".vega-embed text").first
    assert word.evaluate("element => getComputedStyle(element).fill") == ink
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    context.close()
    assert widths[0] <= widths[1]
    assert problems == []


def test_without_scripts_words_and_drawings_stand_for_them(browser: Browser, address: str) -> None:
    """Nobody meets an empty box."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert "Squares of x" in page.locator("[data-library=plotly]").inner_text()
    assert page.locator("[data-library=vega] img").get_attribute("alt") == "Bars"
    context.close()
