"""What checkers do not try: small pages, large letters, few colours, the keyboard, voices."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .conftest import Served, program
from .test_browser import NCUT, SCREENS, TOPOLOGY, open_page, unfold
from .test_constructs import PATHS

pytestmark = [pytest.mark.browser]

KINDS = ("", "archive/", "math/", "search/", "about/", "404.html", NCUT, f"en/{TOPOLOGY}")
"""One page of each kind, and posts full of formulas."""

LAY_OUT = (
    "for (const part of document.querySelectorAll('*')) part.style.contentVisibility = 'visible'"
)
"""Also what is far from the screen."""


@pytest.mark.kernel
@pytest.mark.parametrize(("width", "letters"), [(320, 16), (390, 32), (1280, 32)])
def test_small_pages_and_large_letters_scroll_one_way(
    browser: Browser, served: Served, width: int, letters: int
) -> None:
    """WCAG 1.4.10 and 1.4.4: at 320 pixels, or with letters twice as large, nothing is outside.

    Long formulas in the text scroll in themselves, and so do all that scrolled on larger screens.
    """
    size = f"--blink-settings=defaultFontSize={letters}"
    enlarged = browser.browser_type.launch(
        executable_path=program("chromium"), args=["--no-sandbox", size]
    )
    for path in KINDS:
        page = open_page(enlarged, served.address + path, width, 640, "light")
        unfold(page)
        page.evaluate(LAY_OUT)
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= letters
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.context.close()
    enlarged.close()


SPACING = """
* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-bottom: 2em !important }
"""
CUT = """
[...document.querySelectorAll('body *')].filter(part => {
  const style = getComputedStyle(part);
  return part.checkVisibility() && !part.closest('.katex, .equation, svg')
    && style.clipPath === 'none' && /hidden|clip/.test(style.overflowY)
    && part.scrollHeight > part.clientHeight + 1;
}).map(part => part.outerHTML.slice(0, 80))
"""


@pytest.mark.kernel
@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_readers_may_space_the_text(browser: Browser, served: Served, screen: str) -> None:
    """WCAG 1.4.12: lines, letters, words and paragraphs wider apart; nothing is cut off."""
    for path in KINDS:
        page = open_page(browser, served.address + path, *SCREENS[screen], "light")
        unfold(page)
        page.evaluate(
            """css => {
              const sheet = new CSSStyleSheet();
              sheet.replaceSync(css);
              document.adoptedStyleSheets = [sheet];
            }""",
            SPACING,
        )
        page.evaluate(LAY_OUT)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], path
        assert page.evaluate(CUT) == [], path
        page.context.close()


def heard(page: Page, role: str) -> list[str]:
    """The names of all parts of a page with a role, as assistive technology gets them."""
    session = page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    found = [node for node in nodes if node["role"]["value"] == role and not node.get("ignored")]
    return [str(node.get("name", {}).get("value", "")) for node in found]


@pytest.mark.kernel
def test_every_formula_is_heard(browser: Browser, served: Served) -> None:
    """Near the screen and far from it: what is not laid out would not be."""
    page = open_page(browser, served.address + NCUT, *SCREENS["desktop"], "light")
    shown = page.locator(".body math, .toc math").evaluate_all(
        "all => all.filter(math => math.checkVisibility()).length"
    )
    assert shown > 100
    assert len(heard(page, "MathMLMath")) == shown
    page.context.close()


@pytest.mark.kernel
@pytest.mark.parametrize("touch", [True, False])
def test_every_heading_is_heard(browser: Browser, served: Served, touch: bool) -> None:
    """On a phone, which lays out no text far from the screen, and in a window that is zoomed."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=touch, has_touch=touch
    )
    page = context.new_page()
    page.goto(served.address + NCUT)
    names = heard(page, "heading")
    text = heard(page, "StaticText")
    context.close()
    assert len(names) > 10
    assert all(names)
    if not touch:
        assert any("scikit-image: image processing in Python" in part for part in text)


STOPS = """
[...document.querySelectorAll('.body [tabindex="0"]')]
  .filter(part => part.checkVisibility() && part.scrollWidth <= part.clientWidth).length
"""
SCROLLING = """
[...document.querySelectorAll('.body :is(pre, .table, .equation, .formula, .scroll)')]
  .filter(part => part.checkVisibility() && part.scrollWidth > part.clientWidth)
  .map(part => part.tabIndex)
"""


@pytest.mark.kernel
def test_only_what_scrolls_is_a_stop_of_the_tab_key(browser: Browser, served: Served) -> None:
    """It becomes one when the window gets narrow; without scripts, all that may scroll is one."""
    page = open_page(browser, served.address + NCUT, *SCREENS["desktop"], "light")
    assert page.evaluate(STOPS) > 20
    page.keyboard.press("Tab")
    assert page.evaluate(STOPS) == 0
    page.set_viewport_size({"width": 390, "height": 844})
    page.keyboard.press("Tab")
    scrolling = page.evaluate(SCROLLING)
    assert len(scrolling) > 5
    assert set(scrolling) == {0}
    # The browser itself makes one of a long formula in the text.
    reached = set()
    for _ in range(150):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className"))
    assert "long" in reached
    page.context.close()


@pytest.mark.kernel
def test_the_table_of_contents_says_whether_it_is_open(browser: Browser, served: Served) -> None:
    """In the margin it is, and is no button; above the text it is folded, and is one."""
    page = open_page(browser, served.address + NCUT, *SCREENS["desktop"], "light")
    folding, button = page.locator(".toc details"), page.locator(".toc summary")
    for width, open_ in ((1440, True), (900, False), (1440, True)):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            "open => document.querySelector('.toc details').open === open", arg=open_
        )
        assert folding.get_by_role("link").first.is_visible() == open_
        assert button.evaluate("button => button.tabIndex") == (-1 if open_ else 0)
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_tell_the_same(browser: Browser, constructs: Served, scheme: str) -> None:
    """With the system's few colours, which tab is shown can be seen, and where code begins."""
    context = browser.new_context(forced_colors="active", color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(constructs.address + PATHS[1])
    lines = page.locator(".tabs > label").evaluate_all(
        """labels => labels.map(label =>
             [label.previousElementSibling.checked, getComputedStyle(label).borderBottomColor])"""
    )
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert {chosen for chosen, _ in lines} == {True, False}
    assert all((colour != paper) == chosen for chosen, colour in lines)
    code = page.locator("pre.code").first
    assert code.evaluate("code => getComputedStyle(code).outlineStyle") == "solid"
    # The system chooses; drawings follow it whatever the reader had chosen before.
    assert not page.locator(".palette").is_visible()
    page.evaluate(
        "other => localStorage.setItem('palette', other)", {"dark": "light"}.get(scheme, "dark")
    )
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light dark"
    context.close()
