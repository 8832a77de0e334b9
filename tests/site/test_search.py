"""The search in Chromium, below a base path: by typing, by keyboard, without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from generator.config import read_config
from generator.csp import hash_source
from generator.pipeline import build
from generator.write import write

from ..conftest import REPOSITORY, SETTINGS
from .conftest import BASE, URL, Served, serve
from .test_browser import SCREENS, axe_violations, open_page, watch
from .test_checkers import nu_errors

pytestmark = [pytest.mark.xdist_group("search")]

PALETTE = (REPOSITORY / "templates" / "static" / "palette.js").read_text(encoding="utf-8")
POLICY = (
    f"default-src 'self'; script-src 'self' {hash_source(PALETTE)}; "
    "style-src 'self' 'unsafe-inline'; img-src 'self'"
)
"""What a strict site sends: no script but its own files and the one on the page, no `eval`, no
WebAssembly."""


def post(title: str, date: str, text: str, tags: str = "") -> str:
    """A post with its front matter."""
    return f"---\ntitle: {title}\ndate: {date}\ncategory: math\ntags: [{tags}]\n---\n{text}\n"


FILES = {
    "pyproject.toml": SETTINGS,
    "posts/sets/index.ko.md": post(
        "집합", "2022-03-01", "시작.\n\n## 합집합과 교집합\n\n두 집합을 모아요.\n", "집합론"
    ),
    "posts/sets/index.en.md": post("Sets", "2022-03-01", "Functions between sets converge.\n"),
    "posts/maps/index.ko.md": post(
        "대응", "2022-02-01", "## 전사함수\n\n$\\operatorname{Ncut}(x_i)$인 전사함수예요.\n"
    ),
    **{
        f"posts/p{n}/index.ko.md": post(f"글 {n}", f"2021-01-{n}", f"되풀이하는 낱말 {n}\n")
        for n in range(10, 25)
    },
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A blog of seventeen posts; no code runs."""
    blog, root = tmp_path_factory.mktemp("blog"), tmp_path_factory.mktemp("www")
    for name, content in FILES.items():
        path = blog / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    write(build(read_config(blog, url=URL)), root / BASE.strip("/"))
    with serve(root) as served:
        yield served


def search_page(browser: Browser, site: Served, path: str = "search/") -> Page:
    """The page that searches, opened under a strict policy."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()

    def with_policy(route: Route) -> None:
        answer = route.fetch()
        headers = {**answer.headers, "content-security-policy": POLICY}
        route.fulfill(response=answer, headers=headers)

    page.route("**/search/*", with_policy)
    page.route("**/search/", with_policy)
    page.goto(site.address + path)
    return page


def titles(page: Page) -> list[str]:
    """The titles of the results."""
    return page.locator("#results h2").all_inner_texts()


def wait_for(page: Page, status: str) -> None:
    """Wait until the live region says something."""
    page.get_by_role("status").filter(has_text=status).wait_for()


@pytest.mark.browser
def test_results_come_while_one_types(browser: Browser, site: Served) -> None:
    """Titles, sections and excerpts with marks; nothing is fetched before one types."""
    page = search_page(browser, site)
    asked: list[str] = []
    problems = watch(page, site.address)
    page.on("request", lambda request: asked.append(request.url))
    field = page.get_by_role("search").get_by_role("searchbox")
    assert asked == []
    field.press_sequentially("집합을")
    wait_for(page, "글 한 편을 찾았어요.")
    assert titles(page) == ["집합"]
    assert page.locator("#results .excerpt mark").all_inner_texts() == ["집합을"]
    assert page.url.endswith("/search/?q=%EC%A7%91%ED%95%A9%EC%9D%84")
    field.fill("함수")
    page.locator("#results h2", has_text="대응").wait_for()
    assert page.locator("#results .section mark").all_inner_texts() == ["함수"]
    page.locator("#results .section a").click()
    assert page.url == site.address + "math/2022-02-01-maps/#%EC%A0%84%EC%82%AC%ED%95%A8%EC%88%98"
    page.go_back()
    page.locator("#results h2", has_text="대응").wait_for()
    page.get_by_role("searchbox").fill("\\operatorname{Ncut} x_i")
    page.locator("#results mark", has_text="operatorname").wait_for()
    page.get_by_role("searchbox").fill("없는낱말")
    wait_for(page, "찾은 글이 없어요.")
    assert titles(page) == []
    page.get_by_role("searchbox").fill("ㅈ")
    page.locator("#search-status:empty").wait_for(state="attached")
    # The post has 합집 and 집합, but no 집합집.
    page.get_by_role("searchbox").fill("집합집 모아요")
    wait_for(page, "글 한 편을 찾았어요.")
    assert titles(page) == ["집합"]
    page.context.close()
    assert problems == []


SHIFTS = """
window.shifts = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.shifts += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
"""


@pytest.mark.browser
@pytest.mark.parametrize("height", [700, 844])
def test_results_of_an_address_push_little(browser: Browser, site: Served, height: int) -> None:
    """The footer stays out of sight; 0.1 is what Core Web Vitals call good."""
    page = browser.new_context(viewport={"width": 390, "height": height}).new_page()
    page.add_init_script(SHIFTS)
    page.goto(site.address + "search/?q=낱말")
    page.locator("#results h2").first.wait_for()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shifts = page.evaluate("shifts")
    page.context.close()
    assert shifts < 0.1


@pytest.mark.browser
def test_english_has_its_own_page(browser: Browser, site: Served) -> None:
    """By stems; and the same query leads to the other language."""
    page = search_page(browser, site, "en/search/")
    page.get_by_role("searchbox").fill("converging function")
    wait_for(page, "Found one post.")
    assert titles(page) == ["Sets"]
    assert page.locator("#results .excerpt mark").all_inner_texts() == ["Functions", "converge"]
    page.get_by_role("link", name="한국어 글에서 찾기").click()
    assert page.url == site.address + "search/?q=converging+function"
    wait_for(page, "찾은 글이 없어요.")
    page.context.close()


@pytest.mark.browser
def test_the_keyboard_is_enough(browser: Browser, site: Served) -> None:
    """`/` leads there from any page, arrows through the results, Enter into one, Escape back."""
    page = open_page(browser, site.address + "en/", *SCREENS["desktop"], "light")
    page.keyboard.press("/")
    page.wait_for_url("**/en/search/")
    page.go_back()
    page.goto(site.address + "math/2022-03-01-sets/")
    page.keyboard.press("/")
    page.wait_for_url("**/search/")
    page.locator("#query:focus").wait_for()
    page.keyboard.type("낱말/")
    assert page.get_by_role("searchbox").input_value() == "낱말/"
    wait_for(page, "글 15편을 찾았어요.")
    assert len(titles(page)) == 10
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator(":focus").inner_text() == titles(page)[1]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.locator(":focus").get_attribute("id") == "query"
    page.keyboard.press("Enter")
    page.locator("#results a:focus").wait_for()
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    assert page.locator(":focus").inner_text() == "결과 더 보기"
    page.keyboard.press("Enter")
    # Not by a function that is evaluated on the page, whose policy forbids that.
    expect(page.locator("#results > li")).to_have_count(15)
    assert page.locator(":focus").inner_text() == titles(page)[10]
    page.keyboard.press("Escape")
    assert page.locator(":focus").get_attribute("id") == "query"
    page.locator("body").click()
    page.keyboard.press("/")
    page.keyboard.type("집합")
    page.locator("#results h2", has_text="집합").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/math/2022-03-01-sets/")
    page.context.close()


@pytest.mark.browser
def test_a_search_that_cannot_be_read_says_so(browser: Browser, site: Served) -> None:
    """And the next letter tries again."""
    page = browser.new_page()
    page.route("**/index.json", lambda route: route.abort())
    page.goto(site.address + "search/?q=집합")
    wait_for(page, "색인을 읽지 못했어요.")
    page.unroute("**/index.json")
    page.get_by_role("searchbox").press_sequentially("을")
    wait_for(page, "글 한 편을 찾았어요.")
    page.close()


@pytest.mark.browser
def test_without_scripts_the_page_leads_to_the_archive(browser: Browser, site: Served) -> None:
    """There is no field that would do nothing."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.address + "search/")
    assert not page.get_by_role("searchbox").is_visible()
    page.locator("main").get_by_role("link", name="모든 글").click()
    assert page.url == site.address + "archive/"
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize(("screen", "scheme"), [("phone", "light"), ("desktop", "dark")])
def test_axe_finds_nothing(browser: Browser, site: Served, screen: str, scheme: str) -> None:
    """WCAG 2.2 A and AA, and axe's best practices, with results; and nothing hangs out."""
    for path, query, status in (("", "집합", "찾았어요"), ("en/", "set", "Found")):
        address = f"{site.address}{path}search/?q={query}"
        page = open_page(browser, address, *SCREENS[screen], scheme)
        wait_for(page, status)
        found = axe_violations(page)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        targets = page.evaluate(
            """[...document.querySelectorAll('main a, main button, main input')]
                 .filter(e => e.checkVisibility())
                 .map(e => Math.round(e.getBoundingClientRect().height))"""
        )
        page.context.close()
        assert found == []
        assert widths[0] <= widths[1]
        assert min(targets) >= 24


@pytest.mark.java
def test_the_pages_are_valid_html(site: Served) -> None:
    """By the checker that the W3C and WHATWG use."""
    assert nu_errors(site.folder) == []
