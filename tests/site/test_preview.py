"""The page of a live preview, in a browser: what it shows after a change, and what stays."""

from __future__ import annotations

import hashlib
import io
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from generator.serve import Preview, make_server

from ..conftest import REPOSITORY
from .test_browser import SCREENS, open_page

pytestmark = [pytest.mark.browser]

HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{0}</title>{1}</head>'
FIRST_SEEN = """() => {
  const all = [...document.querySelectorAll("p")];
  const seen = all.find(p => p.getBoundingClientRect().top > 50);
  return [seen.textContent, Math.round(seen.getBoundingClientRect().top)];
}"""
COLOUR = """() => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.drawImage(document.images[0], 0, 0);
  return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}"""


class Show:
    """A preview, and what it shows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.port = 0
        self.preview = Preview("", folder)

    def show(self, body: str = "", head: str = "", **others: bytes) -> None:
        """Show a page, and other files by their names, `a_png` for `a.png`."""
        page = HEAD.format(body[:20].partition("<")[0], head) + f"<body>{body}</body></html>"
        self.files["index.html"] = page.encode()
        self.files.update({name.replace("_", "."): content for name, content in others.items()})
        for name, content in self.files.items():
            # As a build writes it: in one step.
            (self.folder / "new").write_bytes(content)
            (self.folder / "new").replace(self.folder / name)
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        self.preview.show(digests, (), ())

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address of a server, always the same one."""
        server = make_server(self.preview, self.port)
        self.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{self.port}/"
        finally:
            self.preview.close()
            server.shutdown()
            server.server_close()
            thread.join()
            self.preview = Preview("", self.folder)


@pytest.fixture
def shown(tmp_path: Path) -> Show:
    """A preview that shows nothing yet."""
    return Show(tmp_path)


def opened(browser: Browser, address: str) -> Page:
    """A page that listens and knows what it was sent."""
    page = open_page(browser, address, *SCREENS["desktop"], "light")
    page.wait_for_function(
        """() => performance.getEntriesByType("resource")
             .some(entry => entry.initiatorType === "fetch" && entry.responseEnd)"""
    )
    page.evaluate("window.loadedOnce = true")
    return page


def shows(page: Page, text: str) -> bool:
    """Whether a text comes."""
    page.wait_for_function("text => document.body.textContent.includes(text)", arg=text)
    return True


def draw(page: Page) -> None:
    """Wait until a page is drawn anew, and those who watch it have been told."""
    page.evaluate(
        """() => new Promise(done => requestAnimationFrame(
             () => requestAnimationFrame(() => requestAnimationFrame(done))))"""
    )


def paragraphs(*extra: str, first: str = "p0") -> str:
    """A long page, with `extra` above most of it."""
    rest = "".join(f"<p>p{number}</p>\n" for number in range(1, 200))
    return f"<main>\n<p>{first}</p>\n{''.join(extra)}{rest}</main>"


def test_what_is_read_stays_in_its_place(browser: Browser, shown: Show) -> None:
    """Also while the page grows above it; what the reader has opened stays open."""
    more = "<details><summary>more</summary>\n<p>hidden</p></details>\n"
    shown.show(paragraphs(more))
    with shown.served() as address:
        page = opened(browser, address)
        page.evaluate(
            """() => {
              document.querySelector("details").open = true;
              scrollTo({ top: 3000, behavior: "instant" });
            }"""
        )
        before = page.evaluate(FIRST_SEEN)
        shown.show(paragraphs(more, "<p>long<br>" + "x<br>" * 100 + "</p>\n", first="changed"))
        assert shows(page, "changed")
        draw(page)  # Then the browser moves the page.
        assert page.evaluate(FIRST_SEEN) == before
        shown.show(paragraphs(more, first="again"))
        assert shows(page, "again")
        draw(page)
        assert page.evaluate(FIRST_SEEN) == before
        assert page.evaluate("document.querySelector('details').open")
        assert page.evaluate("window.loadedOnce")
        page.context.close()


BODIES = [
    "<p>a</p>\n<p>b</p>\n<p>c</p>",
    "<p>a</p>\n<p>new</p>\n<p>b</p>\n<p>c</p>",
    "<p>c</p>",
    '<div class="x"><p>a</p>\n<p>b <em>b</em></p></div>\n<p>c</p>',
    '<div id="y"><p>a</p>\n<p>b <strong>b</strong> b</p></div>\n<h2 id="h">c</h2>',
    "text <b>b</b>",
    "<p>1</p>\n<p>2</p>\n<p>3</p>\n<p>4</p>\n<p>5</p>",
    "<p>I</p>\n<p>2</p>\n<p>new</p>\n<p>3</p>\n<p>4</p>\n<p>V</p>",
    "<p>I</p>\n<p>4</p>\n<p>V</p>\n<p>3</p><!-- c --><p>2</p>",
    "<p>a</p>\n<p>b</p>\n<p>c</p>",
    "<h2>a</h2>\n<p>1</p>\n<h2>b</h2>\n<p>2</p>",
    "<p>0</p>\n<h2>A</h2>\n<p>1</p>\n<p>2</p>\n<h3>c</h3>\n<h2>B</h2>",
    "<h2>B</h2>\n<h2>new</h2>\n<p>3</p>\n<h2>A</h2>",
    "<h2>new</h2>\n<h2>B</h2>\n<h2>C</h2>\n<p>3</p>\n<h2>D</h2>\n<h2>A</h2>",
    "",
]


def test_any_page_becomes_any_other(browser: Browser, shown: Show) -> None:
    """The body is what it would be if the page were loaded, and it is not loaded."""
    shown.show(BODIES[0])
    with shown.served() as address:
        page = opened(browser, address)
        for number, body in enumerate(BODIES):
            shown.show(body + f"<i>{number}</i>")
            assert shows(page, str(number))
            assert page.inner_html("body") == body + f"<i>{number}</i>"
        assert page.evaluate("window.loadedOnce")
        page.context.close()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<nav class="toc">a</nav>', "<p>b</p>"),
        ('<div class="interactive">a</div>', '<div class="interactive">b</div>'),
        ("<p>a</p>", "<p>b</p><script></script>"),
        ("<p>a</p><form>a</form>", "<p>b</p>"),
    ],
)
def test_what_scripts_hold_is_loaded_anew(
    browser: Browser, shown: Show, before: str, after: str
) -> None:
    """They look for it when a page is loaded, and would miss what comes in its place."""
    shown.show("first" + before)
    with shown.served() as address:
        page = opened(browser, address)
        shown.show("other" + before)
        assert shows(page, "other")
        assert page.evaluate("window.loadedOnce")
        shown.show("last" + after)
        assert shows(page, "last")
        page.wait_for_function("() => !window.loadedOnce")
        page.context.close()


CONTENTS = (REPOSITORY / "templates" / "static" / "contents.js").read_bytes()


def with_contents(*titles: str, first: str = "x") -> str:
    """A page with a table of contents; a title with a `+` has a paragraph more on both sides."""
    more = {title.strip("+"): "<p>more</p>\n" * ("+" in title) for title in titles}
    titles = tuple(more)
    links = "".join(f'<li><a href="#{title}">{title}</a></li>\n' for title in titles)
    text = "".join(f'{p}<h2 id="{t}">{t}</h2>\n{p}<p>{"x<br>" * 80}</p>\n' for t, p in more.items())
    listed = f"<details><summary>all</summary>\n<ol>{links}</ol></details>"
    return f'{first}<nav class="toc">{listed}</nav>\n<main>{text}</main>'


@pytest.mark.parametrize(
    ("titles", "in_place"),
    [
        ("a b c", True),
        ("a new c", True),
        ("a c b", True),
        ("a +new c", True),
        ("+new +b other", True),
        ("a b c d", False),
        ("a b", False),
    ],
)
def test_a_table_of_contents_says_something_else(
    browser: Browser, shown: Show, titles: str, in_place: bool
) -> None:
    """The page changes where it is, and the section that is read is marked; with another number of
    headings it is loaded anew."""
    head = '<script defer src="/contents.js"></script>'
    shown.show(with_contents(*"abc"), head, contents_js=CONTENTS)
    with shown.served() as address:
        page = opened(browser, address)
        shown.show(with_contents(*titles.split(), first="seen"), head)
        names = titles.replace("+", "").split()
        assert shows(page, "seen")
        if not in_place:
            page.wait_for_function("() => !window.loadedOnce")
            page.wait_for_load_state()
        marked = []
        for name in names:
            page.evaluate(
                """id => scrollTo({ top: document.getElementById(id).offsetTop - 10,
                  behavior: "instant" })""",
                name,
            )
            draw(page)
            marked.append(page.text_content(".toc [aria-current]"))
        assert marked == names
        assert bool(page.evaluate("window.loadedOnce")) is in_place
        page.context.close()


def test_an_id_that_is_no_encoded_text(browser: Browser, shown: Show) -> None:
    """Such a page is changed, and its table of contents marks what is read, like any other."""
    head = '<script defer src="/contents.js"></script>'
    shown.show(with_contents("a", "b%zz"), head, contents_js=CONTENTS)
    with shown.served() as address:
        page = opened(browser, address)
        shown.show(with_contents("a", "b%zz", first="seen"), head)
        assert shows(page, "seen")
        assert page.evaluate("window.loadedOnce")
        page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
        page.wait_for_selector(".toc [aria-current]")
        assert page.text_content(".toc [aria-current]") == "b%zz"
        page.context.close()


def test_a_script_that_adds_to_the_head_is_no_reason(browser: Browser, shown: Show) -> None:
    """As one does that loads a library when a figure comes into view."""
    shown.show("first")
    with shown.served() as address:
        page = opened(browser, address)
        page.evaluate("document.head.append(document.createElement('script'))")
        page.evaluate("document.head.lastChild.src = '/library.js'")
        shown.show("second")
        assert shows(page, "second")
        assert page.evaluate("window.loadedOnce")
        page.context.close()


def picture(colour: str) -> bytes:
    """A picture of one colour."""
    content = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(content, "PNG")
    return content.getvalue()


def test_another_picture_at_the_same_address(browser: Browser, shown: Show) -> None:
    """Is shown, and so is another style sheet; a file that the page does not load is nothing."""
    sheet = '<link rel="stylesheet" href="/a.css">'
    body = 'x<img src="/a.png" alt="">'
    shown.show(body, sheet, a_png=picture("red"), a_css=b"body { margin: 1px }")
    with shown.served() as address:
        page = opened(browser, address)
        shown.show(body, sheet, b_png=picture("red"))
        shown.show(body + "<i>seen</i>", sheet)
        assert shows(page, "seen")
        assert page.evaluate("window.loadedOnce")
        shown.show(body, sheet, a_png=picture("blue"))
        page.wait_for_function("() => !window.loadedOnce")
        page.wait_for_load_state()
        assert page.evaluate(COLOUR) == [0, 0, 255]
        shown.show(body, sheet, a_css=b"body { margin: 2px }")
        page.wait_for_function("() => getComputedStyle(document.body).margin === '2px'")
        page.context.close()


def test_a_sound_is_played_from_its_middle(browser: Browser, shown: Show) -> None:
    """A browser asks for the part of the file that it needs."""
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setparams((1, 2, 44100, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 44100 * 60))
    shown.show('x<audio preload="metadata" src="/a.wav"></audio>', a_wav=content.getvalue())
    with shown.served() as address:
        page = opened(browser, address)
        moment = page.evaluate(
            """async () => {
              const sound = document.querySelector("audio");
              while (!sound.duration) await new Promise(requestAnimationFrame);
              const sought = new Promise(done => sound.onseeked = done);
              sound.currentTime = 50;
              await sought;
              return sound.currentTime;
            }"""
        )
        assert moment == 50
        page.context.close()


def test_the_preview_begins_again(browser: Browser, shown: Show) -> None:
    """A page that was left open says that nobody answers, and shows what has changed since."""
    shown.show("before")
    with shown.served() as address:
        page = opened(browser, address)
    page.get_by_text("no answer from").wait_for()
    shown.show("after")
    with shown.served():
        assert shows(page, "after")
        assert page.get_by_text("no answer from").count() == 0
        page.context.close()


def test_an_answer_that_comes_late(browser: Browser, shown: Show) -> None:
    """Is no newer for that: the page shows what was asked for last."""
    shown.show("first")
    with shown.served() as address:
        page = opened(browser, address)
        held: list[Route] = []

        def hold(route: Route) -> None:
            if held:
                route.continue_()
            else:
                held.append(route)

        page.route(address, hold)
        shown.show("second")
        while not held:
            page.wait_for_timeout(10)
        late = page.request.get(address).text()
        shown.show("third")
        assert shows(page, "third")
        held[0].fulfill(body=late, content_type="text/html")
        page.wait_for_timeout(100)
        assert page.inner_text("body") == "third"
        page.context.close()


def test_pages_that_nobody_sees_do_not_listen(browser: Browser, shown: Show) -> None:
    """A browser keeps six connections to one server: a seventh page could not be opened."""
    shown.show("first")
    with shown.served() as address:
        context = browser.new_context()
        context.add_init_script(
            """addEventListener("hide", () => {
              Object.defineProperty(document, "hidden", { value: true, configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
            });
            addEventListener("unhide", () => {
              delete document.hidden;
              document.dispatchEvent(new Event("visibilitychange"));
            });"""
        )
        pages = []
        for _ in range(8):
            page = context.new_page()
            page.goto(address)
            page.evaluate("dispatchEvent(new Event('hide'))")
            pages.append(page)
        shown.show("second")
        pages[0].evaluate("dispatchEvent(new Event('unhide'))")
        assert shows(pages[0], "second")
        context.close()
