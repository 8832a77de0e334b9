"""The pages obey their own Content-Security-Policy, and the browser enforces it."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from generator.config import read_config
from generator.pipeline import build
from generator.serve import Preview, make_server
from generator.write import write

from ..conftest import WriteBlog
from .conftest import Served, serve
from .test_browser import NCUT, unfold

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

LISTEN = """
window.violations = [];
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
  violations.push([violatedDirective, blockedURI, sample].join(' ')));
"""


def listening(browser: Browser) -> BrowserContext:
    """A context whose pages keep a list of all that their policies forbade."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(LISTEN)
    return context


def violations(page: Page) -> list[str]:
    """What the policy of a page has forbidden so far."""
    found: list[str] = page.evaluate("violations")
    return found


def use(page: Page) -> None:
    """Do what readers do: unfold, choose a palette, look at a reference, copy, scroll through."""
    unfold(page)
    page.locator(".palette label").last.click()
    for link in page.locator("a.reference").all()[:2]:
        link.focus()
        page.locator(".preview").wait_for()
    page.evaluate(
        """() => {
          getSelection().selectAllChildren(document.querySelector('main'));
          document.querySelector('main').dispatchEvent(new ClipboardEvent('copy',
            { clipboardData: new DataTransfer(), bubbles: true, cancelable: true }));
          for (const image of document.images) image.loading = 'eager';
          return Promise.all([...document.images].map(image => image.decode().catch(() => {})));
        }"""
    )


def test_no_page_violates_its_policy(browser: Browser, served: Served, constructs: Served) -> None:
    """Whatever a reader does on it; the post that has all constructs is among them."""
    context = listening(browser)
    for site in (served, constructs):
        for path in site.pages:
            page = context.new_page()
            page.goto(site.address + path)
            use(page)
            assert violations(page) == [], path
            page.close()
    context.close()


def test_what_no_author_wrote_does_not_run(browser: Browser, served: Served) -> None:
    """A script, a style sheet, a picture and a request that got into a page come to nothing."""
    context = listening(browser)
    page = context.new_page()
    page.goto(served.address + NCUT)
    page.evaluate(
        """() => {
          const add = (name, content) =>
            document.body.append(Object.assign(document.createElement(name), content));
          add('script', { textContent: 'window.ran = true' });
          add('style', { textContent: 'body { color: red !important }' });
          add('img', { src: 'https://elsewhere.example/x.png' });
          document.body.setAttribute('onclick', 'window.ran = true');
          document.body.click();
          fetch('https://elsewhere.example/').catch(() => {});
        }"""
    )
    page.wait_for_function("() => violations.length === 5")
    assert sorted(found.split()[0] for found in violations(page)) == [
        "connect-src",
        "img-src",
        "script-src-attr",
        "script-src-elem",
        "style-src-elem",
    ]
    assert page.evaluate("window.ran") is None
    assert page.evaluate("getComputedStyle(document.body).color") != "rgb(255, 0, 0)"
    context.close()


AUTHOR = """
<p id="by-script">before</p>
<script>document.getElementById("by-script").textContent = "after";</script>
<style>#by-script { color: rgb(1, 2, 3) }</style>
<button onclick="this.textContent = 'pressed'">press</button>

![A picture from elsewhere](ELSEWHERE)
"""

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cf"
    "c0000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a picture on another host."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(http.HTTPStatus.OK)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(PIXEL)

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/x.png"
        server.shutdown()


def test_what_an_author_wrote_works(
    browser: Browser, write_blog: WriteBlog, elsewhere: str
) -> None:
    """A script, a style sheet, a handler and a picture from elsewhere in a post's own HTML."""
    root = write_blog({"posts/a/index.ko.md": AUTHOR.replace("ELSEWHERE", elsewhere)})
    write(build(read_config(root)), root / "www" / "project")
    context = listening(browser)
    page = context.new_page()
    with serve(root / "www") as site:
        page.goto(site.address + "math/2022-07-08-a/")
        written = page.locator("#by-script")
        assert written.inner_text() == "after"
        assert written.evaluate("e => getComputedStyle(e).color") == "rgb(1, 2, 3)"
        page.get_by_text("press").click()
        assert page.get_by_text("pressed").count() == 1
        page.wait_for_function("() => document.querySelector('.body img').naturalWidth === 1")
        assert violations(page) == []
    context.close()


def test_the_preview_works_under_the_policy(browser: Browser, write_blog: WriteBlog) -> None:
    """Text changes where the reader is, with its formulas; a palette that was chosen stays."""

    def show(text: str) -> None:
        root = write_blog({"posts/a/index.ko.md": text})
        site = build(read_config(root))
        write(site, root / "www")
        preview.show(
            {path: hashlib.sha256(file.content).hexdigest() for path, file in site.files.items()},
            (),
            (),
        )

    root = write_blog({"posts/a/index.ko.md": "x"})
    preview = Preview("", root / "www")
    show("처음 $x$")
    server = make_server(preview, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = listening(browser)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/math/2022-07-08-a/")
    page.get_by_title("어둡게").click()
    page.evaluate("window.same = true")
    show("고친 글 $x^2$")
    page.get_by_text("고친 글").wait_for()
    assert page.evaluate("window.same")
    assert page.get_by_role("radio", name="어둡게").is_checked()
    raised = page.locator(".body .katex-html .vlist > span").first
    assert raised.evaluate("e => e.style.top && getComputedStyle(e).top") != "auto"
    assert violations(page) == []
    preview.show(None, ["posts/a/index.ko.md:3: error"], ())
    page.get_by_role("alert").wait_for()
    preview.close()
    server.shutdown()
    server.server_close()
    context.close()
