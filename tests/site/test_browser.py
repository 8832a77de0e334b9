"""The finished site in Chromium: on three screens, in light and dark, for everybody."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from ..conftest import REPOSITORY
from .conftest import BASE, Served

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

SCREENS = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}
PARTS = 4
"""Of what takes long on every page: several processes share it."""
AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"


def open_page(browser: Browser, address: str, width: int, height: int, scheme: str) -> Page:
    """A page in a context of its own; whoever opens it closes its context."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(address)
    return page


def unfold(page: Page) -> None:
    """Open all that is folded away."""
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")


@pytest.mark.parametrize("screen", SCREENS)
def test_no_page_scrolls_sideways(browser: Browser, served: Served, screen: str) -> None:
    """Wide formulas, tables and code scroll inside themselves; the page never does."""
    for path in served.pages:
        page = open_page(browser, served.address + path, *SCREENS[screen], "light")
        unfold(page)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], path
        page.context.close()


def watch(page: Page, home: str) -> list[str]:
    """A list that fills with what goes wrong on a page: failed and foreign requests, messages."""
    problems: list[str] = []

    def on_request(request: Request) -> None:
        if not request.url.startswith(home):
            problems.append(f"foreign {request.url}")

    def on_response(response: Response) -> None:
        if response.status >= 400:
            problems.append(f"{response.status} {response.url}")

    def on_console(message: ConsoleMessage) -> None:
        problems.append(message.text)

    page.on("request", on_request)
    page.on("response", on_response)
    page.on("console", on_console)
    return problems


def test_everything_a_page_asks_for_is_there(browser: Browser, served: Served) -> None:
    """No request fails, none leaves the site, and the console stays empty."""
    for path in served.pages:
        page = browser.new_page()
        problems = watch(page, served.address)
        page.goto(served.address + path)
        # Pictures below the fold are loaded when they are scrolled to.
        page.evaluate(
            """() => Promise.all([...document.images].map(image => {
                 image.loading = 'eager';
                 return image.decode().catch(() => {});
               }))"""
        )
        broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)")
        page.close()
        assert problems + broken == [], path


def test_no_script_is_needed_to_read(browser: Browser, served: Served) -> None:
    """With JavaScript switched off formulas are set; scripts wait, are small, and are ours.

    One does not wait, and stands on the page: the palette is chosen before anything is shown.
    """
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in served.pages:
        page.goto(served.address + path)
        scripts = [script.get_attribute("src") for script in page.locator("script[src]").all()]
        assert page.locator("script[src]:not([defer])").count() == 0
        at_once = page.locator("script:not([src], [type='application/ld+json'])")
        assert at_once.count() == 1
        palette = at_once.text_content() or ""
        assert "dataset.palette" in palette
        assert all(f"{BASE}/assets/" in str(source) for source in scripts)
        sizes = [
            (served.folder / str(source).removeprefix(f"{BASE}/")).stat().st_size
            for source in scripts
        ]
        assert sum(sizes) + len(palette.encode()) < 10_000, path
    # What searches is loaded by the pages that search alone.
    others = [file for file in served.folder.rglob("*.js") if "search-" not in file.parent.name]
    assert all(file.stat().st_size < 3000 for file in others)
    posts = [path for path in served.pages if "ncut" in path]
    page.goto(served.address + posts[0])
    box = page.locator(".body .katex-html .mord").first.bounding_box()
    assert box is not None
    assert box["width"] > 0
    context.close()


NCUT = "paper/2022-07-08-ncut/"
TOPOLOGY = "math/2022-07-31-topology_2/"


def test_a_reference_shows_what_it_leads_to(browser: Browser, served: Served) -> None:
    """Under the pointer and with the focus; Escape and leaving take it away; nothing moves."""
    page = open_page(browser, served.address + NCUT, *SCREENS["desktop"], "light")
    link = page.locator("a.reference[href='#eq-eigenproblem']").first
    height = page.evaluate("document.documentElement.scrollHeight")
    link.hover()
    preview = page.locator(".preview")
    preview.wait_for()
    assert preview.locator("annotation").count() == 1
    assert preview.locator("[id], [href]").count() == 0
    assert page.evaluate("document.documentElement.scrollHeight") == height
    page.keyboard.press("Escape")
    assert preview.count() == 0
    page.mouse.move(0, 0)
    page.locator("a.reference[href='#ref-chung1997']").first.focus()
    assert "Spectral Graph Theory" in preview.inner_text()
    page.locator("a.reference[href='#eq-eigenproblem']").first.blur()
    page.context.close()


def test_a_reference_to_another_post_shows_what_it_leads_to(
    browser: Browser, served: Served
) -> None:
    """The equation is fetched from its page, once."""
    page = open_page(browser, served.address + TOPOLOGY, *SCREENS["desktop"], "light")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        """href => {
          const links = [1, 2].map(number => Object.assign(document.createElement('a'),
            {href, className: 'reference', textContent: number, id: 'link-' + number}));
          document.querySelector('.body').prepend(...links);
        }""",
        served.address + NCUT + "#eq-eigenproblem",
    )
    preview = page.locator(".preview")
    for name in ("#link-1", "#link-2"):
        page.locator(name).focus()
        preview.wait_for()
        assert preview.locator("annotation").count() == 1
        page.keyboard.press("Escape")
        assert preview.count() == 0
    page.context.close()
    assert [address for address in asked if NCUT in address] == [served.address + NCUT]


def test_a_copied_paragraph_has_tex(browser: Browser, served: Served) -> None:
    """Formulas between words are copied between dollars; nothing is copied twice."""
    page = open_page(browser, served.address + NCUT, *SCREENS["desktop"], "light")
    text: list[str] = page.evaluate(
        """() => {
          const paragraph = [...document.querySelectorAll('.body > p')]
            .find(p => p.querySelectorAll('.katex').length > 1);
          getSelection().selectAllChildren(paragraph);
          const data = new DataTransfer();
          paragraph.dispatchEvent(new ClipboardEvent('copy',
            {clipboardData: data, bubbles: true, cancelable: true}));
          const tex = [...paragraph.querySelectorAll('annotation')].map(a => '$' + a.textContent);
          return [data.getData('text/plain'), ...tex];
        }"""
    )
    page.context.close()
    copied, *formulas = text
    assert copied.count("$") == 2 * len(formulas)
    assert all(formula.strip() + "$" in copied for formula in formulas)


def test_copied_text_has_tex(browser: Browser, served: Served) -> None:
    """A selection is copied as a reader would type it; TeX stands for what KaTeX drew."""
    page = open_page(browser, served.address + NCUT, *SCREENS["desktop"], "light")
    text: str = page.evaluate(
        """() => {
          const equation = document.getElementById('eq-eigenproblem');
          getSelection().selectAllChildren(equation);
          const data = new DataTransfer();
          equation.dispatchEvent(new ClipboardEvent('copy',
            {clipboardData: data, bubbles: true, cancelable: true}));
          return data.getData('text/plain');
        }"""
    )
    page.context.close()
    assert text.startswith("$$\n(D - W)\\, y = \\lambda D y\n$$")
    assert text.endswith("(7)")


def test_the_number_of_an_equation_is_a_link_to_it(browser: Browser, served: Served) -> None:
    """The keyboard reaches it, and its name says what it is."""
    page = open_page(browser, served.address + NCUT, *SCREENS["phone"], "light")
    number = page.get_by_role("link", name="식 (7)", exact=True).and_(page.locator(".number"))
    number.focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#eq-eigenproblem")
    page.context.close()


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("screen", "scheme"), [("phone", "light"), ("desktop", "dark")])
def test_axe_finds_nothing(
    browser: Browser, served: Served, screen: str, scheme: str, part: int
) -> None:
    """WCAG 2.2 A and AA, and axe's best practices: contrast, names, roles, focus."""
    for path in served.pages[part::PARTS]:
        page = open_page(browser, served.address + path, *SCREENS[screen], scheme)
        unfold(page)
        found = axe_violations(page)
        page.context.close()
        assert found == [], path


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_targets_can_be_hit(browser: Browser, served: Served, screen: str) -> None:
    """WCAG 2.2, 2.5.8: 24 pixels, or room around; axe looks at that only when it is asked."""
    only = "{runOnly: {type: 'rule', values: ['target-size']}}"
    for path in ("", "archive/", "paper/", "404.html", "javascript/2022-06-06-node-oauth2/"):
        page = open_page(browser, served.address + path, *SCREENS[screen], "light")
        unfold(page)
        found = axe_violations(page, only)
        page.context.close()
        assert found == [], path


def axe_violations(page: Page, options: str = "{}") -> list[str]:
    """What axe finds wrong on a page."""
    # Not as a script of the page, whose policy has none but the site's own.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    # The boxes of formulas are for the eye alone, in the colour of the text around them, and so
    # many that a post of mathematics would take half a minute.
    result: Any = page.evaluate(f"axe.run({{exclude: ['.katex-html']}}, {options})")
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


CHARACTERS_A_LINE = """
() => {
  const counts = [];
  for (const p of document.querySelectorAll('.body > p')) {
    if (p.querySelector('.katex, code')) continue;
    const range = document.createRange();
    range.selectNodeContents(p);
    const lines = new Set([...range.getClientRects()].map(r => Math.round(r.top)));
    if (lines.size >= 4) counts.push(p.textContent.length / (lines.size - 0.5));
  }
  return counts.sort((a, b) => a - b)[Math.floor(counts.length / 2)];
}
"""


@pytest.mark.parametrize(("prefix", "least", "most"), [("", 34, 46), ("en/", 62, 78)])
def test_the_measure(browser: Browser, served: Served, prefix: str, least: int, most: int) -> None:
    """A line holds about 40 Korean syllables or about 70 English characters on a desktop."""
    path = f"{prefix}math/2022-07-31-topology_2/"
    page = open_page(browser, served.address + path, *SCREENS["desktop"], "light")
    count = page.evaluate(CHARACTERS_A_LINE)
    page.context.close()
    assert least <= count <= most


def test_code_of_79_columns_fits(browser: Browser, served: Served) -> None:
    """What keeps to PEP 8 is read without scrolling on a desktop, in both languages."""
    for prefix in ("", "en/"):
        address = f"{served.address}{prefix}paper/2022-07-05-dino/"
        page = open_page(browser, address, *SCREENS["desktop"], "light")
        hidden = page.evaluate(
            """() => {
              const code = document.querySelector('.body pre.code');
              const hidden = n => {
                code.querySelector('code').textContent = '0'.repeat(n);
                return code.scrollWidth - code.clientWidth;
              };
              return [hidden(79), hidden(99)];
            }"""
        )
        page.context.close()
        assert hidden[0] == 0 < hidden[1]


def test_what_scrolls_can_be_focused(browser: Browser, served: Served) -> None:
    """Everything that scrolls inside itself on a phone is reached by the keyboard.

    A long formula in the text by the browser itself: for it alone, it would be a stop everywhere.
    """
    for path in served.pages:
        page = open_page(browser, served.address + path, *SCREENS["phone"], "light")
        unreachable = page.evaluate(
            """[...document.querySelectorAll('main *')].filter(e =>
                 e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 &&
                 ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) &&
                 e.tabIndex < 0 && !e.querySelector('a') && !e.matches('.long')
               ).map(e => e.outerHTML.slice(0, 80))"""
        )
        page.context.close()
        assert unreachable == [], path


def test_the_language_switch_leads_there_and_back(browser: Browser, served: Served) -> None:
    """From a Korean post to the English one and back, by the links a reader sees."""
    page = browser.new_page()
    page.goto(served.address + "paper/2022-07-08-ncut/")
    assert page.locator("html").get_attribute("lang") == "ko"
    page.click("header nav a[hreflang=en]")
    assert page.url == served.address + "en/paper/2022-07-08-ncut/"
    assert page.locator("html").get_attribute("lang") == "en"
    page.click("header nav a[hreflang=ko]")
    assert page.url == served.address + "paper/2022-07-08-ncut/"
    page.close()


PARTED = """
() => [...document.querySelectorAll('.joined')].filter(span => {
  const last = span.lastChild;
  const base = [...span.querySelectorAll('.katex-base')].pop();
  if (!base || last.nodeType !== Node.TEXT_NODE) return false;
  const range = document.createRange();
  range.setStart(last, 0);
  range.setEnd(last, 1);
  return range.getBoundingClientRect().top > base.getBoundingClientRect().bottom;
}).map(span => span.textContent)
"""


@pytest.mark.parametrize("width", [360, 390, 600, 700, 820, 1440])
def test_a_formula_is_not_parted_from_its_particle(
    browser: Browser, served: Served, width: int
) -> None:
    """No line ends between a formula and the particle or full stop that touches it."""
    for path in ("paper/2022-07-08-ncut/", "math/2022-07-31-topology_2/"):
        page = open_page(browser, served.address + path, width, 900, "light")
        assert page.locator(".joined").count() > 20
        assert page.evaluate(PARTED) == []
        page.context.close()


PARTED_BOXES = """
[...document.querySelectorAll('.katex-html')].flatMap(html => {
  const boxes = [...html.children].filter(part => part.matches('.katex-base'));
  const next = boxes.slice(1).map((box, i) => [boxes[i], box, box.previousSibling !== boxes[i]]);
  return next.filter(([one, other]) =>
    other.getBoundingClientRect().left < one.getBoundingClientRect().left
  ).map(([one, other, may]) => may);
})
"""
"""Of each line that ends in a formula: whether it ends where it may."""


@pytest.mark.parametrize("width", [360, 600, 1440])
def test_a_line_ends_in_a_formula_where_it_may(
    browser: Browser, served: Served, width: int
) -> None:
    """Not within short brackets; elsewhere a long formula goes on in the next line."""
    found = []
    for path in ("paper/2022-07-08-ncut/", "math/2022-07-31-topology_2/"):
        page = open_page(browser, served.address + path, width, 900, "light")
        found += page.evaluate(PARTED_BOXES)
        page.context.close()
    assert found
    assert all(found)


def test_header_text_and_footer_share_an_edge(browser: Browser, served: Served) -> None:
    """Whatever the size of their type, in both languages."""
    for path in ("", "en/"):
        page = open_page(browser, served.address + path, *SCREENS["desktop"], "light")
        edges = page.evaluate(
            """['.site-header', 'main', '.site-footer'].map(name =>
                 document.querySelector(name).getBoundingClientRect().left)"""
        )
        page.context.close()
        assert max(edges) - min(edges) < 1, edges
