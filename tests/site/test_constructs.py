"""All that prose can hold, in Korean and in English, in Chromium and through the Nu checker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from generator.config import read_config
from generator.pipeline import build
from generator.write import write

from ..conftest import WriteBlog
from .conftest import BASE, URL, Served, serve
from .test_browser import SCREENS, axe_violations, open_page, unfold
from .test_checkers import entries_as_pages, nu_errors

pytestmark = [pytest.mark.xdist_group("constructs")]

PATHS = ("web/2022-07-08-constructs/", "en/web/2022-07-08-constructs/")


@pytest.mark.java
def test_the_pages_are_valid_html(constructs: Served, tmp_path: Path) -> None:
    """By the checker that the W3C and WHATWG use; and so is what feeds have of them."""
    assert nu_errors(constructs.folder) == []
    assert nu_errors(entries_as_pages(constructs.folder, tmp_path)) == []


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("screen", "scheme"), [("phone", "light"), ("desktop", "dark")])
def test_axe_finds_nothing(
    browser: Browser, constructs: Served, path: str, screen: str, scheme: str
) -> None:
    """WCAG 2.2 A and AA, and axe's best practices, with all parts open."""
    page = open_page(browser, constructs.address + path, *SCREENS[screen], scheme)
    unfold(page)
    found = axe_violations(page)
    page.context.close()
    assert found == []


@pytest.mark.browser
@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_scrolls_sideways(browser: Browser, constructs: Served, screen: str) -> None:
    """Long code scrolls in itself, in a box too; what stands in a box does not hang out of it."""
    for path in PATHS:
        page = open_page(browser, constructs.address + path, *SCREENS[screen], "light")
        unfold(page)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        outside = page.evaluate(
            """[...document.querySelectorAll('.admonition pre, .tab pre')].filter(pre => {
                 const box = pre.closest('.admonition, .tab').getBoundingClientRect();
                 const own = pre.getBoundingClientRect();
                 return own.width > 0 && (own.left < box.left || own.right > box.right + 1);
               }).length"""
        )
        page.context.close()
        assert widths[0] <= widths[1]
        assert outside == 0


EQUATIONS = r"""
$$ a = \frac{b}{c} $$ (eq-one)

\begin{align}
a &= \frac{b}{c} \label{eq-row} \\
d &= \sum_{n=1}^{9} n \label{eq-other-row}
\end{align}
"""


@pytest.mark.browser
def test_equations_that_fit_do_not_scroll(browser: Browser, write_blog: WriteBlog) -> None:
    """What scrolls fades at its end: the numbers of rows did, two pixels beyond the edge."""
    root = write_blog({"posts/a/index.ko.md": EQUATIONS})
    write(build(read_config(root, url=URL)), root / "www" / BASE.strip("/"))
    with serve(root / "www") as site:
        page = open_page(browser, site.address + "math/2022-07-08-a/", *SCREENS["desktop"], "light")
        beyond = page.evaluate(
            """[...document.querySelectorAll('.equation, .equation .formula')].map(
                 part => part.scrollWidth - part.clientWidth)"""
        )
        page.context.close()
    assert len(beyond) > 2
    assert not any(beyond)


WORDS = """
파이썬의 집합 가운데 `frozenset`만 원소가 될 수 있고 `False`이면 `state`는 맞으며,
문제는 NP-난해이고 답은 k-최근접 이웃과 $k$-평균이 아는 `photos.read`에만 있어서,
`max_edge=0`을 주면 `None`인 값이 나와요.
"""
PARTED_WORDS = """
[...document.querySelectorAll('.body p')].flatMap(p => {
  const walker = document.createTreeWalker(p, NodeFilter.SHOW_TEXT), letters = [];
  for (let node; (node = walker.nextNode());)
    for (let i = 0; i < node.length; i++) {
      const range = document.createRange();
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const box = range.getBoundingClientRect();
      if (box.height && !node.parentElement.closest('math')) letters.push([node.data[i], box]);
    }
  return letters.slice(1).flatMap(([letter, box], i) => {
    const [before, last] = letters[i];
    const parted = box.top > last.bottom - 4 && /[가-힣]/.test(letter) && /[\\w-]/.test(before);
    return parted ? [before + letter] : [];
  });
})
"""
"""The places where a line ends within a word, behind a Latin letter or a hyphen."""


@pytest.mark.browser
def test_no_line_of_korean_begins_with_a_particle(browser: Browser, write_blog: WriteBlog) -> None:
    """Behind code a particle stayed alone, and behind `NP-` the rest of the word."""
    root = write_blog({"posts/a/index.ko.md": WORDS})
    write(build(read_config(root, url=URL)), root / "www" / BASE.strip("/"))
    with serve(root / "www") as site:
        address = site.address + "math/2022-07-08-a/"
        page = open_page(browser, address, *SCREENS["phone"], "light")
        for width in range(300, 620, 10):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(PARTED_WORDS) == [], width
        page.context.close()


TABLE = """
| setting of the language | meaning | default |
|---|---|---|
| `published_branch` | the branch with the finished site, `check_links` | `page_weight` |
| `checks` | 다 만든 사이트가 있는 브랜치 | `{page_weight = 1024}` |
"""
BROKEN_CODE = """
[...document.querySelectorAll('.body td code')].filter(code => {
  const style = getComputedStyle(code), line = parseFloat(style.fontSize) * 2;
  return !/\\s/.test(code.textContent) && code.getBoundingClientRect().height > line;
}).map(code => code.textContent)
"""

SCROLLED = """
box => box.scrollLeft > 0 || new Promise(done => {
  box.addEventListener('scroll', () => done(true), { once: true });
  setTimeout(done, 5000, false);
})
"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 360, 400])
def test_columns_of_a_table_have_room_on_a_phone(
    browser: Browser, write_blog: WriteBlog, width: int
) -> None:
    """Beside names that stand whole prose was squeezed, and code was broken between any letters.

    The table scrolls, by keyboard too, and its last column begins on the screen.
    """
    root = write_blog({"posts/a/index.ko.md": TABLE})
    write(build(read_config(root, url=URL)), root / "www" / BASE.strip("/"))
    with serve(root / "www") as site:
        page = open_page(browser, site.address + "math/2022-07-08-a/", width, 640, "light")
        broken = page.evaluate(BROKEN_CODE)
        meaning, default, whole = page.evaluate(
            """() => {
                 const [, meaning, last] = document.querySelector('.body thead tr').cells;
                 return [meaning.offsetWidth, last.getBoundingClientRect().left,
                         document.documentElement.scrollWidth];
               }"""
        )
        page.locator(".body .table").focus()
        page.keyboard.press("ArrowRight")
        scrolled = page.locator(".body .table").evaluate(SCROLLED)
        page.context.close()
    assert broken == []
    assert meaning >= 128
    assert default < width - 32
    assert whole == width
    assert scrolled


STATEMENT = """---
title: 단조로운 함수
date: 2022-07-08
updated: 2022-07-09
category: math
references:
- id: shi2000
  title: Normalized Cuts
  author: Jianbo Shi
  issued: 2000
  DOI: 10.1109/34.868688
---

@thm-one을(를) 보고 @shi2000을(를) 보고, 다음 *두 번째* 문단을 본다.

:::{theorem} 하나
:label: thm-one

첫 문단이다.

둘째 문단이다.
:::
"""


@pytest.fixture
def statement(write_blog: WriteBlog) -> Iterator[Served]:
    """A post with a theorem, a work and an emphasis, in both languages."""
    texts = {f"posts/a/index.{name}.md": STATEMENT for name in ("ko", "en")}
    root = write_blog({**texts, "posts/a/index.en.md": STATEMENT.replace("을(를)", "")})
    write(build(read_config(root, url=URL)), root / "www" / BASE.strip("/"))
    with serve(root / "www") as site:
        yield site


@pytest.mark.browser
def test_a_preview_is_set_as_what_it_shows(browser: Browser, statement: Served) -> None:
    """As much room above as below, paragraphs apart, and nothing that looks like a link."""
    address = statement.address + "math/2022-07-08-a/"
    page = open_page(browser, address, *SCREENS["desktop"], "light")
    preview = page.locator(".preview")
    page.locator("a.reference[href='#thm-one']").hover()
    preview.wait_for()
    above, below, bar, between = preview.evaluate(
        """box => {
             const edges = part => part.getBoundingClientRect();
             const whole = box.firstElementChild, parts = [...whole.children].map(edges);
             return [edges(whole).top - edges(box).top, edges(box).bottom - edges(whole).bottom,
                     parts[0].top - edges(whole).top, parts[2].top - parts[1].bottom];
           }"""
    )
    page.keyboard.press("Escape")
    page.locator("a.reference[href='#ref-shi2000']").hover()
    preview.wait_for()
    colours = preview.evaluate(
        "box => [box, box.querySelector('cite')].map(part => getComputedStyle(part).color)"
    )
    style = preview.locator("cite").evaluate("part => getComputedStyle(part).fontStyle")
    page.context.close()
    assert abs(above - below) < 1
    assert bar < 1 < between
    assert colours[0] == colours[1]
    assert style == "normal"


PROOF = f"""
글

@eq-cut, @thm-long

:::{{proof}}
{"긴 증명이다. " * 200}

$$ x $$ (eq-cut)
:::

:::{{theorem}}
:label: thm-long

{"긴 정리이다. " * 200}
:::

{"글이다. " * 2000}
"""


@pytest.mark.browser
def test_a_preview_fits_into_the_window(browser: Browser, write_blog: WriteBlog) -> None:
    """Wherever the reference is; of a formula in a proof it shows the formula alone."""
    root = write_blog({"posts/a/index.ko.md": PROOF})
    write(build(read_config(root, url=URL)), root / "www" / BASE.strip("/"))
    with serve(root / "www") as site:
        page = open_page(browser, site.address + "math/2022-07-08-a/", 1000, 500, "light")
        preview, outside = page.locator(".preview"), []
        for middle in (60, 240, 440):
            link = page.locator("a.reference[href='#thm-long']")
            link.evaluate(
                "(a, y) => scrollTo({ top: scrollY + a.getBoundingClientRect().y - y,"
                " behavior: 'instant' })",
                middle,
            )
            link.hover()
            preview.wait_for()
            box = preview.bounding_box()
            assert box is not None
            outside += [-box["y"], box["y"] + box["height"] - 500]
            page.keyboard.press("Escape")
            page.mouse.move(0, 0)
        page.locator("a.reference[href='#eq-cut']").hover()
        preview.wait_for()
        text = preview.inner_text()
        page.context.close()
    assert max(outside) <= 0
    assert "증명" not in text


@pytest.mark.browser
def test_hangul_is_not_slanted(browser: Browser, statement: Served) -> None:
    """What is stressed is bolder in Korean, which has no italics."""
    found = []
    for path in ("", "en/"):
        address = statement.address + path + "math/2022-07-08-a/"
        page = open_page(browser, address, *SCREENS["desktop"], "light")
        found.append(
            page.locator(".body p > em").first.evaluate(
                "part => [getComputedStyle(part).fontStyle, getComputedStyle(part).fontWeight]"
            )
        )
        page.context.close()
    assert found == [["normal", "600"], ["italic", "400"]]


DOTS = """
[...document.querySelectorAll('.byline li')].map((item, i, all) => {
  const { left, top, height } = item.getBoundingClientRect();
  const width = parseFloat(getComputedStyle(item, '::before').width);
  const first = i === 0 || all[i - 1].getBoundingClientRect().top < top - 4;
  const shown = document.elementFromPoint(left + width / 2, top + height / 2) === item;
  return [first, shown, left + width];
})
"""
"""Of each part of the byline: whether its line begins with it, its dot is seen, and its left."""


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_dots_of_the_byline_part_what_stands_in_a_line(
    browser: Browser, statement: Served, width: int
) -> None:
    """No line ends with one, or begins with one."""
    page = open_page(browser, statement.address + "math/2022-07-08-a/", width, 900, "light")
    dots = page.evaluate(DOTS)
    edge = page.locator(".page-header h1").bounding_box()
    page.context.close()
    assert len(dots) > 3
    assert all(first != shown for first, shown, _ in dots)
    assert edge
    assert all(abs(left - edge["x"]) < 1 for first, _, left in dots if first)
    assert sum(first for first, *_ in dots) > (width < 400)


@pytest.mark.browser
@pytest.mark.parametrize("path", ["archive/", "en/archive/"])
def test_what_is_chosen_is_marked_on_one_line(
    browser: Browser, constructs: Served, path: str
) -> None:
    """The page that is open, and the palette beside the navigation."""
    page = open_page(browser, constructs.address + path, *SCREENS["desktop"], "light")
    edges = page.evaluate(
        """['nav a[aria-current]', '.palette label:has(:checked)'].map(name =>
             document.querySelector('.site-header ' + name).getBoundingClientRect().bottom)"""
    )
    page.context.close()
    assert abs(edges[0] - edges[1]) < 1


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
def test_indices_part_no_lines(browser: Browser, constructs: Served, path: str) -> None:
    """Lines with indices stand as far from each other as others: each takes one line height."""
    page = open_page(browser, constructs.address + path, *SCREENS["desktop"], "light")
    found = page.evaluate(
        """[...document.querySelectorAll('p:has(sub):has(sup):has(mark)')].map(part => {
             const style = getComputedStyle(part);
             return part.getBoundingClientRect().height / parseFloat(style.lineHeight);
           })"""
    )
    page.context.close()
    assert found
    assert all(lines > 2 and abs(lines - round(lines)) < 0.01 for lines in found)


def shown_tabs(page: Page) -> list[bool]:
    """Which tabs of the page can be seen."""
    shown: list[bool] = page.evaluate(
        "[...document.querySelectorAll('.tab')].map(tab => tab.checkVisibility())"
    )
    return shown


@pytest.mark.browser
def test_tabs_need_no_script(browser: Browser, constructs: Served) -> None:
    """The arrow keys choose, the first or the selected one is shown, print shows all."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(constructs.address + PATHS[1])
    panels = page.locator(".tab")
    assert [panels.nth(n).is_visible() for n in range(5)] == [True, False, False, False, True]
    page.get_by_role("radio", name="Python").first.focus()
    page.keyboard.press("ArrowRight")
    assert [panels.nth(n).is_visible() for n in range(5)] == [False, True, False, False, True]
    page.emulate_media(media="print")
    assert all(panels.nth(n).is_visible() for n in range(5))
    context.close()


@pytest.mark.browser
def test_synchronous_tabs_move_together(browser: Browser, constructs: Served) -> None:
    """With the theme's script; the tab that was pressed stays where it was on the screen."""
    page = open_page(browser, constructs.address + PATHS[1], *SCREENS["desktop"], "light")
    label = page.locator(".tabs > label", has_text="Python").last
    label.scroll_into_view_if_needed()
    before = label.bounding_box()
    label.click()
    after = label.bounding_box()
    assert shown_tabs(page) == [True, False, False, True, False]
    page.locator(".tabs > label", has_text="JavaScript").first.click()
    assert shown_tabs(page) == [False, True, False, False, True]
    page.context.close()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2


OVERLAPS = """
() => {
  const boxes = [...document.querySelectorAll('.side-note')].map(e => e.getBoundingClientRect());
  const others = [...document.querySelectorAll('.toc, .body > :not(.side-note), .side-note')];
  return boxes.flatMap(a => others.map(e => e.getBoundingClientRect()).filter(b =>
    !(a.left === b.left && a.top === b.top) &&
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length;
}
"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1343, 1344, 1440, 1920])
def test_a_side_note_hides_nothing(browser: Browser, constructs: Served, width: int) -> None:
    """In the margin it touches neither text nor contents, and it leaves the page nowhere."""
    for path in PATHS:
        page = open_page(browser, constructs.address + path, width, 900, "light")
        overlaps = page.evaluate(OVERLAPS)
        box = page.locator(".side-note").first.bounding_box()
        body = page.locator(".body").bounding_box()
        page.context.close()
        assert overlaps == 0
        assert box is not None
        assert body is not None
        assert box["x"] >= 0
        assert (box["x"] + box["width"] < body["x"]) == (width >= 1344)


@pytest.mark.browser
def test_numbers_of_lines_are_not_copied(browser: Browser, constructs: Served) -> None:
    """Selecting a listing gives its code."""
    page = open_page(browser, constructs.address + PATHS[1], *SCREENS["desktop"], "light")
    text = page.evaluate(
        """() => {
          getSelection().selectAllChildren(document.querySelectorAll('.listing pre')[1]);
          return getSelection().toString();
        }"""
    )
    page.context.close()
    assert text.rstrip("\n") == "a = 1\nb = 2\nc = 3"


@pytest.mark.browser
@pytest.mark.parametrize("path", ["", "archive/", "en/", "en/archive/"])
def test_dates_hang_in_a_margin_that_has_room(
    browser: Browser, constructs: Served, path: str
) -> None:
    """On a page of a thousand pixels they stood on the very edge, and began beyond it below."""
    page = open_page(browser, constructs.address + path, 992, 900, "light")
    lefts = []
    for width in range(992, 1100, 12):
        page.set_viewport_size({"width": width, "height": 900})
        parts = page.locator(".posts time, .posts .category, .year h2")
        lefts += parts.evaluate_all("all => all.map(part => part.getBoundingClientRect().left)")
    page.context.close()
    assert len(lefts) >= 9
    assert min(lefts) >= 16


ROWS = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 13


@pytest.mark.browser
def test_a_long_table_leaves_no_printed_page_half_empty(
    browser: Browser, write_blog: WriteBlog
) -> None:
    """Three that take nearly half a page each are on two; they were on three."""
    root = write_blog({"posts/a/index.ko.md": f"{ROWS}\n글\n\n" * 3})
    write(build(read_config(root, url=URL)), root / "www" / BASE.strip("/"))
    with serve(root / "www") as site:
        page = open_page(browser, site.address + "math/2022-07-08-a/", *SCREENS["desktop"], "light")
        printed = page.pdf(format="A4")
        page.context.close()
    assert len(re.findall(rb"/Type */Page\b", printed)) == 2


@pytest.mark.browser
@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_a_picture_to_the_left_stands_on_the_edge_of_the_text(
    browser: Browser, constructs: Served, screen: str
) -> None:
    """The ground that a drawing gets in the dark hangs out; without it, it looked indented."""
    page = open_page(browser, constructs.address + PATHS[1], *SCREENS[screen], "light")
    picture, text = page.evaluate(
        """() => {
             const left = part => part.getBoundingClientRect().left;
             const picture = document.querySelector('.align-left img.plate');
             const ground = parseFloat(getComputedStyle(picture).paddingLeft);
             return [left(picture) + ground, left(document.querySelector('.body > p'))];
           }"""
    )
    page.context.close()
    assert abs(picture - text) < 1
