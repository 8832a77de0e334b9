"""The palette that a reader chooses: for everything on a page, on every page, with the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from .conftest import Served
from .test_browser import NCUT, SCREENS, open_page

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PAPER = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(252, 251, 248)", "rgb(22, 24, 28)"
REQUIRES_GRAD = "pytorch/2022-06-03-requires_grad/"


def metas(page: Page) -> list[str]:
    """What the browser is told of the page's colours."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('meta[name=color-scheme], meta[name=theme-color]')]
             .map(meta => meta.content)"""
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_first_the_system_decides(browser: Browser, served: Served, scheme: str) -> None:
    """And it goes on deciding: the page follows while it is open."""
    page = open_page(browser, served.address, *SCREENS["desktop"], scheme)
    assert page.get_by_role("radio", name="기기 설정 따르기").is_checked()
    assert page.evaluate(PAPER) == {"light": LIGHT, "dark": DARK}[scheme]
    assert metas(page) == ["light dark", "#fcfbf8", "#16181c"]
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    assert page.evaluate(PAPER) == {"light": DARK, "dark": LIGHT}[scheme]
    page.context.close()


def test_a_choice_is_remembered(browser: Browser, served: Served) -> None:
    """On the next page, in both languages, on the reader's return; and it can be taken back."""
    page = open_page(browser, served.address, *SCREENS["phone"], "light")
    page.get_by_title("어둡게").click()
    assert page.evaluate(PAPER) == DARK
    assert metas(page) == ["dark", "#16181c", "#16181c"]
    page.goto(served.address + "en/" + NCUT)
    assert page.evaluate(PAPER) == DARK
    assert page.get_by_role("radio", name="Dark").is_checked()
    page.get_by_title("As on this device").click()
    page.reload()
    assert page.evaluate(PAPER) == LIGHT
    assert metas(page) == ["light dark", "#fcfbf8", "#16181c"]
    page.context.close()


def test_nothing_is_shown_in_the_wrong_palette_first(browser: Browser, served: Served) -> None:
    """The choice is applied by a script on the page itself, before any style sheet and the body."""
    page = open_page(browser, served.address, *SCREENS["desktop"], "dark")
    page.get_by_title("밝게").click()
    page.add_init_script(
        """new MutationObserver((_, observer) => {
             if (!document.body) return;
             window.atFirst = document.documentElement.dataset.palette;
             observer.disconnect();
           }).observe(document, { childList: true, subtree: true })"""
    )
    page.reload()
    assert page.evaluate("atFirst") == "light"
    before = page.evaluate(
        """(() => {
             const script = document.querySelector('script:not([src], [type])');
             const sheet = document.querySelector('link[rel=stylesheet]');
             return script.compareDocumentPosition(sheet) & Node.DOCUMENT_POSITION_FOLLOWING;
           })()"""
    )
    assert before
    page.context.close()


def test_what_is_chosen_already_is_not_chosen_again(browser: Browser, served: Served) -> None:
    """A page is styled once: nothing that its colours depend on is written when it has loaded."""
    page = open_page(browser, served.address, *SCREENS["desktop"], "light")
    page.get_by_title("어둡게").click()
    page.add_init_script(
        """window.written = [];
           document.addEventListener('DOMContentLoaded', () =>
             new MutationObserver(changes => written.push(...changes.map(c => c.attributeName)))
               .observe(document, { attributeFilter: ["data-palette", "content"],
                                    subtree: true }))"""
    )
    page.reload()
    page.wait_for_timeout(300)
    assert page.evaluate("[written, document.readyState]") == [[], "complete"]
    page.get_by_title("밝게").click()
    page.wait_for_timeout(100)
    assert page.evaluate("written.length") > 0
    page.context.close()


def test_the_keyboard_chooses(browser: Browser, served: Served) -> None:
    """A group of radio buttons with names: arrows choose, the focus can be seen, 24 pixels each."""
    page = open_page(browser, served.address + "en/", *SCREENS["desktop"], "light")
    group = page.get_by_role("group", name="Colours")
    assert group.get_by_role("radio").count() == 3
    page.get_by_role("radio", name="As on this device").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="Dark").is_checked()
    assert page.evaluate(PAPER) == DARK
    label = page.get_by_title("Dark")
    assert label.evaluate("label => getComputedStyle(label).outlineStyle") == "solid"
    box = label.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    page.context.close()


def test_another_tab_follows(browser: Browser, served: Served) -> None:
    """One choice for the site, wherever it is open."""
    page = open_page(browser, served.address, *SCREENS["desktop"], "light")
    other = page.context.new_page()
    other.goto(served.address + "archive/")
    page.get_by_title("어둡게").click()
    # As a function: what is asked again as a text would violate the page's policy.
    other.wait_for_function(f"() => {PAPER} === '{DARK}'")
    assert other.get_by_role("radio", name="어둡게").is_checked()
    page.context.close()


def test_without_scripts_there_is_no_switch(browser: Browser, served: Served) -> None:
    """What could do nothing is not shown, and the system decides."""
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(served.address)
    assert page.locator(".palette").count() == 1
    assert not page.locator(".palette").is_visible()
    context.close()


def test_with_closed_storage_the_choice_holds_for_the_page(
    browser: Browser, served: Served
) -> None:
    """No error, and nothing remembered."""
    page = browser.new_page(color_scheme="light")
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.add_init_script(
        """Object.defineProperty(window, 'localStorage', { get() { throw new Error('closed') } })"""
    )
    page.goto(served.address)
    page.get_by_title("어둡게").click()
    assert page.evaluate(PAPER) == DARK
    assert problems == []
    page.close()


@pytest.mark.parametrize(
    ("path", "part"),
    [
        (NCUT, ".output .drawing"),
        (NCUT, "pre.code"),
        (NCUT, ".statement"),
        (NCUT, ".output pre"),
        (REQUIRES_GRAD, ".output img"),
    ],
)
def test_everything_follows(browser: Browser, served: Served, path: str, part: str) -> None:
    """A palette that is chosen looks to the pixel as where the system asks for it."""
    looks = {}
    for system, choice in (("dark", ""), ("light", "dark"), ("light", ""), ("dark", "light")):
        page = open_page(browser, served.address + path, *SCREENS["desktop"], system)
        if choice:
            page.evaluate("choice => localStorage.setItem('palette', choice)", choice)
            page.reload()
        looks[system, choice] = page.locator(part).first.screenshot()
        page.context.close()
    assert looks["dark", ""] == looks["light", "dark"]
    assert looks["light", ""] == looks["dark", "light"]
    assert looks["light", ""] != looks["dark", ""]


def test_print_is_light(browser: Browser, served: Served) -> None:
    """Paper is white whatever the screen is: black text, and code in the light palette."""
    page = open_page(browser, served.address + NCUT, *SCREENS["desktop"], "dark")
    page.get_by_title("어둡게").click()
    page.emulate_media(media="print")
    assert page.evaluate(PAPER) == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    keyword = page.locator("pre.code .kn").first
    assert keyword.evaluate("e => getComputedStyle(e).color") == "rgb(138, 42, 91)"
    page.context.close()
