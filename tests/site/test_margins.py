"""What stands in the margins of a wide page: footnotes, and a table of contents that follows."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page

from generator.config import read_config
from generator.pipeline import build
from generator.write import write

from ..conftest import SETTINGS
from .conftest import BASE, URL, Served, serve
from .test_browser import NCUT, SCREENS, axe_violations, open_page

pytestmark = [pytest.mark.browser]

TEXT = """---
title: 각주
date: 2022-07-08
category: math
---

첫 문단이다.[^long] 같은 줄에 하나 더 있다.^[바로 쓴 각주 $x^2$.] 그리고 다시.[^long]

{more}

## 절

- 목록 안에도[^list] 있다.

[^long]: 여백보다 길어서 여러 줄로 나뉘는 각주이고, 그래서 다음 각주를 아래로 민다. 그렇게 되는지
    보려고 한 줄을 더 적는다.

    둘째 문단도 있다.
[^list]: 목록 안의 각주.

## 다음 절

{more}
"""
MORE = "\n\n".join(
    ["서너 줄이 되는 문단이 이어진다. 각주와 나란히 서는 글이 있어야 한다. " * 4] * 6
)
PATH = "math/2022-07-08-{slug}/"

BOXES = """
() => ['.footnote-item', '.body > p', '.footnotes'].map(name =>
  [...document.querySelectorAll(name)].map(e => {
    const { left, top, right, bottom, width } = e.getBoundingClientRect();
    return { left, top: top + scrollY, right, bottom: bottom + scrollY, width };
  }))
"""


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A post with footnotes, and one that has a note of its author in the margin as well."""
    blog, root = tmp_path_factory.mktemp("notes"), tmp_path_factory.mktemp("www")
    text = TEXT.replace("{more}", MORE)
    for slug, more in (("a", ""), ("b", "\n:::{margin}\n여백에 둔 글.\n:::\n")):
        (blog / "posts" / slug).mkdir(parents=True)
        (blog / "posts" / slug / "index.ko.md").write_text(text + more, encoding="utf-8")
    (blog / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    write(build(read_config(blog, url=URL)), root / BASE.strip("/"))
    with serve(root) as site:
        yield site


def test_footnotes_stand_beside_what_they_belong_to(browser: Browser, notes: Served) -> None:
    """On a wide page, without scripts: left of the text, at its line, none over another."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1440, "height": 900}
    )
    page = context.new_page()
    page.goto(notes.address + PATH.format(slug="a"))
    boxes, paragraphs, _ = page.evaluate(BOXES)
    tops = page.evaluate(
        "[...document.querySelectorAll('.footnote-ref a')].map(a => "
        "a.getBoundingClientRect().top + scrollY)"
    )
    assert len(boxes) == 3
    for box, place in zip(boxes, [tops[0], tops[1], tops[3]], strict=True):
        assert box["right"] < paragraphs[0]["left"]
        assert 150 < box["width"] <= 260
        assert box["top"] > place - 20
    # The first and the last stand at their lines; the second gives way to the first.
    assert boxes[0]["top"] - tops[0] < 20
    assert boxes[2]["top"] - tops[3] < 20
    assert 0 < boxes[1]["top"] - boxes[0]["bottom"] < 30
    context.close()


@pytest.mark.parametrize(
    ("width", "medium", "slug"),
    [(390, "screen", "a"), (1200, "screen", "a"), (1440, "print", "a"), (1440, "screen", "b")],
)
def test_elsewhere_they_stand_at_the_end(
    browser: Browser, notes: Served, width: int, medium: str, slug: str
) -> None:
    """On a narrow page, in print, and where the author uses the margin: an ordinary list."""
    page = open_page(browser, notes.address + PATH.format(slug=slug), width, 900, "light")
    page.emulate_media(media=medium)  # type: ignore[arg-type]
    boxes, paragraphs, (section,) = page.evaluate(BOXES)
    page.context.close()
    assert all(box["top"] > paragraphs[-1]["bottom"] for box in boxes)
    assert all(box["left"] >= section["left"] for box in boxes)


def test_footnotes_lead_there_and_back(browser: Browser, notes: Served) -> None:
    """By keyboard, from each place; the links have names, and the notes come after the text."""
    page = open_page(browser, notes.address + PATH.format(slug="a"), *SCREENS["phone"], "light")
    page.get_by_role("link", name="각주 1-2", exact=True).focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#fn1")
    page.get_by_role("link", name="본문으로 돌아가기(각주 1-2)").focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#fnref1:1")
    assert page.locator(".body > p ~ section[role=doc-endnotes]").count() == 1
    assert axe_violations(page) == []
    page.context.close()


def test_a_footnote_shows_under_the_pointer(browser: Browser, notes: Served) -> None:
    """Where it stands at the end; in the margin it is beside its place already."""
    address = notes.address + PATH.format(slug="a")
    page = open_page(browser, address, 1200, 900, "light")
    page.locator(".footnote-ref a").first.hover()
    page.locator(".preview").wait_for()
    assert "둘째 문단도 있다" in page.locator(".preview").inner_text()
    page.context.close()
    page = open_page(browser, address, 1440, 900, "light")
    page.locator(".footnote-ref a").first.focus()
    page.evaluate("new Promise(resolve => setTimeout(resolve, 300))")
    assert page.locator(".preview").count() == 0
    page.context.close()


@pytest.mark.kernel
def test_the_table_of_contents_follows(browser: Browser, served: Served) -> None:
    """It marks the section that is read, wherever a reader jumps, and none before the first."""
    page = open_page(browser, served.address + NCUT, *SCREENS["desktop"], "light")
    current = page.locator(".toc a[aria-current]")
    assert current.count() == 0
    links = page.locator(".toc a")
    for number in (1, links.count() - 1, 4, 0):
        target = unquote(str(links.nth(number).get_attribute("href"))).removeprefix("#")
        page.evaluate(
            "id => document.getElementById(id).scrollIntoView({ behavior: 'instant' })", target
        )
        links.nth(number).and_(current).wait_for()
        assert current.count() == 1
        ink = page.evaluate("getComputedStyle(document.body).color")
        assert current.evaluate("link => getComputedStyle(link).color") == ink
    page.context.close()


@pytest.mark.kernel
def test_figures_can_be_read_on_a_phone(browser: Browser, served: Served) -> None:
    """A wide one keeps 7 tenths of its width and scrolls in itself, and on a desktop all of it."""
    for screen, least in (("phone", 0.7), ("desktop", 1)):
        page = open_page(browser, served.address + NCUT, *SCREENS[screen], "light")
        shares = shares_of_width(page)
        page.context.close()
        assert len(shares) > 3
        assert min(shares) >= least, screen


def shares_of_width(page: Page) -> list[float]:
    """How wide each of Matplotlib's figures is shown, of the width it was drawn with.

    A reader scrolls to each: on a phone nothing is laid out before it is near.
    """
    found: list[float] = page.evaluate(
        """async () => {
             const shares = [];
             for (const drawing of document.querySelectorAll(".drawing")) {
               if (!drawing.checkVisibility()) continue;
               drawing.scrollIntoView();
               for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
               const share = drawing.getBoundingClientRect().width / drawing.getAttribute("width");
               shares.push(Math.round(100 * share) / 100);
             }
             return shares;
           }"""
    )
    return found
