"""Pages of small blogs, as values: lists, languages, references, redirects."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import pytest
from click.testing import CliRunner
from lxml import html

from generator import pipeline
from generator.assemble.pages.contents import nest
from generator.assemble.pages.lists import shown_numbers
from generator.assemble.references import reference_view
from generator.cli import main
from generator.config import read_config
from generator.model import Heading, Reference, Site
from generator.text_font import FAMILY, WITHOUT

from ..conftest import FRONT_MATTER, REPOSITORY, SETTINGS, WriteBlog

ENGLISH_STRINGS = {"edition": "ed. {n}", "no_year": "n.d."}


def select(site: Site, path: str, query: str) -> list[Any]:
    """What an XPath selects in a page."""
    found: Any = html.fromstring(site.files[path].content).xpath(query)
    return list(found)


def post(title: str, date: str, tags: str = "", category: str = "math", more: str = "") -> str:
    """A post of one line."""
    front = f"title: {title}\ndate: {date}\ncategory: {category}\ntags: [{tags}]\n{more}"
    return f"---\n{front}---\nText of {title}.\n"


def test_lists_are_newest_first_and_miss_no_post(write_blog: WriteBlog) -> None:
    """The default language's lists hold each post once; another language's hold its own."""
    site = pipeline.build(
        read_config(
            write_blog(
                {
                    "posts/a/index.ko.md": post("가", "2022-01-01"),
                    "posts/a/index.en.md": post("A", "2022-01-01"),
                    "posts/b/index.en.md": post("B", "2023-01-01"),
                    "posts/c/index.ko.md": post("다", "2021-01-01"),
                }
            )
        )
    )
    titles = "//article//h2/a/text()"
    assert select(site, "index.html", titles) == ["B", "가", "다"]
    assert select(site, "en/index.html", titles) == ["B", "A"]
    assert select(site, "index.html", "//article[@lang]/@lang") == ["en"]
    assert select(site, "archive/index.html", "//h2/text()") == ["2023", "2022", "2021"]
    assert select(site, "math/index.html", titles) == ["B", "가", "다"]


def test_a_category_is_named_where_a_list_has_others(write_blog: WriteBlog) -> None:
    """On the page of the category itself it stood beside each of its posts."""
    files = {"posts/a/index.ko.md": post("가", "2022-01-01", "tag")}
    site = pipeline.build(read_config(write_blog(files)))
    named = "//article//*[@class='category']/text()"
    assert select(site, "index.html", named) == ["math"]
    assert select(site, "tag/tag/index.html", named) == ["math"]
    assert select(site, "math/index.html", named) == []


def test_the_style_sheet_agrees_on_languages_without_serifs() -> None:
    """Their pages load no serifs, because the theme sets them in another face."""
    sheet = (REPOSITORY / "templates" / "static" / "style.css").read_text(encoding="utf-8")
    sets = re.findall(r":root:lang\(([\w-]+)\) \{[^{}]*--text: (.*?);", sheet)
    assert {language for language, face in sets if FAMILY not in face} == set(WITHOUT)


FONTS = [
    ("", {"index.html": 0, "en/index.html": 1}, 8),
    ("theme = { text = 'Georgia, serif' }", {"index.html": 0, "en/index.html": 0}, 0),
    ("theme = { text = { en = 'Georgia' } }", {"index.html": 0, "en/index.html": 0}, 0),
    ("theme = { text = '\"Source Serif 4\", serif' }", {"index.html": 1, "en/index.html": 1}, 8),
]
"""Settings, how many fonts pages load ahead, how many the site has."""


@pytest.mark.parametrize(("settings", "ahead", "count"), FONTS)
def test_the_typeface_comes_with_pages_that_are_set_in_it(
    write_blog: WriteBlog, settings: str, ahead: Mapping[str, int], count: int
) -> None:
    """English ones, unless the settings have another one; with its licence."""
    text = {"posts/a/index.ko.md": post("가", "2022-01-01")}
    site = pipeline.build(read_config(write_blog({**text, "pyproject.toml": SETTINGS + settings})))
    fonts = {path for path in site.files if path.startswith("assets/fonts/")}
    assert len([path for path in fonts if path.endswith(".woff2")]) == count
    assert ("assets/fonts/source-serif-4.txt" in fonts) == bool(count)
    for page, loaded in ahead.items():
        paths = select(site, page, "//link[@rel='preload']/@href")
        assert len(paths) == loaded, page
        assert {path.removeprefix("/") for path in paths} <= fonts


def test_a_blog_in_korean_has_no_font_for_its_text(write_blog: WriteBlog) -> None:
    """A reader's own has Hangul."""
    settings = SETTINGS.replace('["ko", "en"]', '["ko"]')
    text = post("가", "2022-01-01")
    files = {"posts/a/index.ko.md": text, "pyproject.toml": settings}
    site = pipeline.build(read_config(write_blog(files)))
    assert not [path for path in site.files if path.endswith(".woff2")]


@pytest.mark.parametrize(("output", "styles"), [("html", 2), ("mathml", 1)])
def test_mathml_alone_needs_no_style_of_katex(
    write_blog: WriteBlog, output: str, styles: int
) -> None:
    """With `math.output = "mathml"` a page asks for no font, and the site holds none."""
    text = post("가", "2022-01-01") + "\n$x^2$\n"
    settings = SETTINGS + f'math = {{ output = "{output}" }}\n'
    site = pipeline.build(
        read_config(write_blog({"posts/a/index.ko.md": text, "pyproject.toml": settings}))
    )
    (page,) = (path for path in site.files if path.endswith("-a/index.html"))
    assert len(select(site, page, "//link[@rel='stylesheet']")) == styles
    assert any("katex" in path for path in site.files) == (output == "html")


def test_terms_with_one_address_are_one_term(write_blog: WriteBlog) -> None:
    """`ML` and `ml` share a page; Hangul tags have readable addresses."""
    site = pipeline.build(
        read_config(
            write_blog(
                {
                    "posts/a/index.ko.md": post("가", "2022-01-01", "ML, 집합론"),
                    "posts/b/index.ko.md": post("나", "2023-01-01", "ml"),
                }
            )
        )
    )
    assert len(select(site, "tag/ml/index.html", "//article")) == 2
    assert select(site, "tag/ml/index.html", "//h1/text()") == ["ml"]
    assert "tag/집합론/index.html" in site.files
    page = "math/2022-01-01-a/index.html"
    assert "/tag/%EC%A7%91%ED%95%A9%EB%A1%A0/" in select(site, page, "//ul[@class='tags']//@href")


def test_names_in_hangul_are_one_file_each(write_blog: WriteBlog) -> None:
    """In composed letters (UAX 15, NFC), whatever form an editor wrote; links encode these."""
    text = post("가", "2022-01-01", "집합론", "수학", "series: 위상\n")
    other = post("나", "2022-01-02", "집합론", "수학", "series: 위상\n")
    files = {
        "posts/a/index.ko.md": text,
        "posts/b/index.ko.md": unicodedata.normalize("NFD", other),
    }
    site = pipeline.build(read_config(write_blog(files)))
    for path in ("수학/index.html", "tag/집합론/index.html", "series/위상/index.html"):
        assert len(select(site, path, "//article")) == 2, path
    assert all(unicodedata.is_normalized("NFC", path) for path in site.files)
    links = {
        unquote(link)
        for path in site.files
        if path.endswith(".html")
        for link in select(site, path, "//a/@href")
        if link.startswith("/")
    }
    assert all(link.lstrip("/") + "index.html" in site.files for link in links if link[-1] == "/")


def test_files_named_on_a_mac_are_found(write_blog: WriteBlog) -> None:
    """Folders and files whose names are decomposed (NFD), by links, references and commands."""

    def decomposed(text: str) -> str:
        return unicodedata.normalize("NFD", text)

    text = (
        "[자료](자료.csv) ![그림](그림.svg) [나](../나눔/index.ko.md) [나](../나눔/) "
        "@나눔:eq-a을(를) {doc}`../나눔/index.ko.md`\n"
    )
    front = "---\ntitle: 가\ndate: 2022-01-01\ncategory: math\nbibliography: 문헌.bib\n---\n"
    mac = f"posts/{decomposed('나눔')}"
    root = write_blog(
        {
            "posts/가/index.ko.md": front + text,
            f"posts/가/{decomposed('자료.csv')}": "1\n",
            f"posts/가/{decomposed('그림.svg')}": '<svg xmlns="http://www.w3.org/2000/svg"/>',
            f"posts/가/{decomposed('문헌.bib')}": "@book{a, title={A}, year=1999}\n",
            f"{mac}/index.ko.md": "$$ a $$ (eq-a)\n\n[가](../가/index.ko.md)\n",
            f"{mac}/{decomposed('각주')}.txt": "1\n",
        }
    )
    site = pipeline.build(read_config(root))
    page = "math/2022-01-01-가/index.html"
    links = map(unquote, select(site, page, "//div[@class='body']//@href"))
    there = "/math/2022-07-08-나눔/"
    assert [*links] == ["/assets/posts/가/자료.csv", there, there, f"{there}#eq-a", there]
    assert "assets/posts/가/그림.svg" in site.files
    assert all(unicodedata.is_normalized("NFC", path) for path in site.files)
    done = CliRunner().invoke(main, ["--root", str(root), "why", "나눔"])
    assert done.exit_code == 0, done.stderr
    # The name as a shell completes it.
    refresh = ["build", "--refresh", decomposed("나눔")]
    assert CliRunner().invoke(main, ["--root", str(root), *refresh]).exit_code == 0


def test_attachments_of_a_notebook_are_published(write_blog: WriteBlog) -> None:
    """Shown and linked in Markdown, HTML and directives, by names as Jupyter encodes them."""
    picture = base64.b64encode(b'<svg xmlns="http://www.w3.org/2000/svg"/>').decode()
    prose = """![a](attachment:%EA%B7%B8%EB%A6%BC%201.svg)

<img src="attachment:그림 1.svg" alt="b" width="20">

:::{figure} attachment:a.svg
:alt: c

A caption.
:::

[d](attachment:a.svg), <a href="attachment:a.svg">e</a>, {download}`f <attachment:a.svg>`
"""
    cells = [
        {"cell_type": "raw", "source": FRONT_MATTER},
        {
            "cell_type": "markdown",
            "source": prose,
            "attachments": {
                "a.svg": {"image/svg+xml": picture},
                unicodedata.normalize("NFD", "그림 1.svg"): {"image/svg+xml": picture},
            },
        },
    ]
    notebook = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    site = pipeline.build(read_config(write_blog({"posts/a/index.ko.ipynb": notebook})))
    shown = select(site, "math/2022-07-08-a/index.html", "//div[@class='body']//img/@src")
    linked = select(site, "math/2022-07-08-a/index.html", "//div[@class='body']/p/a/@href")
    assert (len(shown), len(linked)) == (3, 3)
    assert all(address.lstrip("/") in site.files for address in [*shown, *linked])


BELOW_A_BASE_PATH = SETTINGS.replace("example.org", "user.example/p", 1)


def test_long_lists_have_several_pages(write_blog: WriteBlog) -> None:
    """`page_size` posts on each, of home, categories and tags, in every language."""
    files: dict[str, str | bytes] = {
        f"posts/p{n}/index.ko.md": post(f"글 {n}", f"2022-01-0{n}", "집합") for n in range(1, 6)
    }
    files["posts/p5/index.en.md"] = post("Post 5", "2022-01-05", "집합")
    files["pyproject.toml"] = BELOW_A_BASE_PATH + "page_size = 2\n"
    site = pipeline.build(read_config(write_blog(files)))
    titles = "//article//h2/a/text()"
    for folder, encoded in (("", ""), ("math/", "math/"), ("tag/집합/", f"tag/{quote('집합')}/")):
        base = f"/p/{encoded}"
        pages = [f"{folder}index.html", *(f"{folder}page/{n}/index.html" for n in (2, 3))]
        assert [select(site, page, titles) for page in pages] == [
            ["글 5", "글 4"],
            ["글 3", "글 2"],
            ["글 1"],
        ]
        first, second, last = pages
        assert f"{folder}page/4/index.html" not in site.files
        assert select(site, first, "//a[@rel='prev' or @rel='next']/@href") == [f"{base}page/2/"]
        # Firefox fetches ahead what a page's head says is next, and no policy can allow it that.
        assert not select(site, first, "//link[@rel='prev' or @rel='next']")
        assert select(site, second, "//a[@rel='prev' or @rel='next']/@href") == [
            base,
            f"{base}page/3/",
        ]
        assert select(site, last, "//nav[@class='pager']/a/@href") == [f"{base}page/2/"]
        assert select(site, second, "//link[@rel='canonical']/@href") == [
            f"https://user.example{base}page/2/"
        ]
        assert select(site, second, "//nav[@class='pager']//a[@aria-current]/@href") == [
            f"{base}page/2/"
        ]
        # English has no second page of this list: only the switch leads to its first.
        assert not select(site, second, "//link[@hreflang]")
        assert select(site, second, "//li[@class='language']/a/@href") == [f"/p/en/{encoded}"]
        assert select(site, first, "//link[@hreflang]/@hreflang") == ["ko", "en", "x-default"]
        assert not select(site, f"en/{first}", "//nav[@class='pager']")
    assert select(site, "page/2/index.html", "//title/text()") == ["A blog (2쪽)"]


def test_a_list_without_posts_has_its_first_page(write_blog: WriteBlog) -> None:
    """A blog may begin with a post in one language."""
    site = pipeline.build(
        read_config(write_blog({"posts/a/index.ko.md": post("가", "2022-01-01")}))
    )
    assert select(site, "en/index.html", "//main/p/text()") == ["There are no posts yet."]
    assert "en/page/2/index.html" not in site.files


@pytest.mark.parametrize(
    ("number", "count", "shown"),
    [
        (1, 2, [1, 2]),
        (1, 9, [1, 2, 0, 9]),
        (3, 9, [1, 2, 3, 4, 0, 9]),
        (4, 9, [1, 2, 3, 4, 5, 0, 9]),
        (5, 9, [1, 0, 4, 5, 6, 0, 9]),
        (9, 9, [1, 0, 8, 9]),
    ],
)
def test_a_pager_names_the_ends_and_what_is_near(number: int, count: int, shown: list[int]) -> None:
    """And no gap stands for a single page."""
    assert shown_numbers(number, count) == shown


def test_former_addresses_lead_to_the_post(write_blog: WriteBlog) -> None:
    """Without a script, and search engines are told the present address."""
    text = post("가", "2022-01-01", more="aliases: [/old/, /older.html]\n")
    site = pipeline.build(read_config(write_blog({"posts/a/index.ko.md": text})))
    for path in ("old/index.html", "older.html"):
        (refresh,) = select(site, path, "//meta[@http-equiv='refresh']/@content")
        assert refresh == "0; url=/math/2022-01-01-a/"
        assert select(site, path, "//link[@rel='canonical']/@href") == [
            "https://example.org/math/2022-01-01-a/"
        ]


def test_a_blog_may_replace_a_file_of_the_theme(write_blog: WriteBlog) -> None:
    """By one of the same name in its own `templates/`: a template, a text, a static file."""
    site = pipeline.build(
        read_config(
            write_blog(
                {
                    "posts/a/index.ko.md": "글\n",
                    "pyproject.toml": SETTINGS.replace('example.org"', 'example.org/a/b"'),
                    "templates/404.html": "gone: {{ page.title }} & <b>{{ site.assets }}own.txt",
                    "templates/ko.toml": 'archive = "서랍"\n',
                    "templates/static/own.txt": "mine",
                }
            )
        )
    )
    assert site.files["404.html"].content == b"gone: 404 & <b>/a/b/assets/own.txt"
    assert select(site, "archive/index.html", "//h1/text()") == ["서랍"]
    assert site.files["assets/own.txt"].content == b"mine"


def test_a_theme_knows_which_posts_want_comments(write_blog: WriteBlog) -> None:
    """By the key `comments` of their front matter: ours has none to show."""
    wanted = FRONT_MATTER.replace("title", "comments: true\ntitle")
    files = {
        "templates/post.html": "{{ 'yes' if post.comments else 'no' }}",
        "posts/a/index.ko.md": wanted + "글\n",
        "posts/b/index.ko.md": "글\n",
    }
    site = pipeline.build(read_config(write_blog(files)))
    for name, told in (("a", b"yes"), ("b", b"no")):
        assert site.files[f"math/2022-07-08-{name}/index.html"].content == told


def test_a_language_of_the_blogs_own(write_blog: WriteBlog) -> None:
    """Its words stand in a file of its name; those that it lacks are English."""
    settings = SETTINGS.replace('"ko"', '"fr"').replace(', "en"]', "]")
    words = 'archive = "Archives"\ndate = "{day:02d}/{month:02d}/{year}"\n'
    files = {"posts/a/index.fr.md": "Un.\n", "templates/fr.toml": words}
    site = pipeline.build(read_config(write_blog({**files, "pyproject.toml": settings})))
    page = "math/2022-07-08-a/index.html"
    assert select(site, page, "//article//time/text()")[0] == "08/07/2022"
    assert "1 min read" in site.files[page].content.decode()
    assert select(site, page, "//meta[@property='og:locale']/@content") == ["fr"]
    assert select(site, "archive/index.html", "//h1/text()") == ["Archives"]


def test_the_paper_of_the_settings_is_that_of_all_grounds(write_blog: WriteBlog) -> None:
    """What a browser draws around a page has its colour, and the ground of code follows it."""
    table = '[tool.inkcell.theme]\npaper = { light = "#f0fff0", dark = "rgb(16 32 16)" }\n'
    post = {"posts/a/index.ko.md": "글\n"}
    site = pipeline.build(read_config(write_blog({**post, "pyproject.toml": SETTINGS + table})))
    colours = select(site, "index.html", "//meta[@name='theme-color']/@content")
    assert colours == ["#f0fff0", "rgb(16 32 16)"]
    (style,) = (file for path, file in site.files.items() if path.startswith("assets/style-"))
    assert b"--paper-deep: color-mix(in srgb, var(--ink) 3%, var(--paper));" in style.content


def test_what_pages_call_a_language_that_the_theme_does_not_know(write_blog: WriteBlog) -> None:
    """The blog's words for it, or its own name for itself; never what is true of English alone."""
    settings = SETTINGS.replace('"ko"', '"en"').replace(', "en"]', ', "fr", "de"]')
    files = {
        "pyproject.toml": settings,
        "posts/a/index.en.md": "One.\n",
        "posts/a/index.fr.md": post("Un", "2022-07-08", more="last_modified_at: 2022-12-02\n"),
        "templates/en.toml": 'language_fr = "French"\n',
        "templates/fr.toml": 'language_name = "Français"\n',
    }
    site = pipeline.build(read_config(write_blog(files)))
    page = site.files["math/2022-07-08-a/index.html"].content.decode()
    assert "The French version was revised on 2 December 2022" in page
    links = "//p[@class='elsewhere']/a/text()"
    assert select(site, "search/index.html", links) == ["Français", "de"]
    assert select(site, "fr/search/index.html", links) == ["Search the posts in English", "de"]


def test_a_former_address_may_be_as_browsers_copy_it(write_blog: WriteBlog) -> None:
    """What a server is asked for is decoded: so is the name of the file."""
    text = post("가", "2022-01-01", more="aliases: [/%EC%88%98%ED%95%99/, /100%/]\n")
    site = pipeline.build(read_config(write_blog({"posts/a/index.ko.md": text})))
    assert {"수학/index.html", "100%/index.html"} <= site.files.keys()


def test_titles_are_text(write_blog: WriteBlog) -> None:
    """What an author types into a title cannot become markup."""
    text = FRONT_MATTER.replace("A post", '"<script>x()</script> & \\"q\\""') + "글\n"
    site = pipeline.build(read_config(write_blog({"posts/a/index.ko.md": text})))
    for path, file in site.files.items():
        if path.endswith(".html"):
            # One is the theme's own.
            assert file.content.count(b"<script>") == 1, path
            assert file.content.count(b"</script") == file.content.count(b"<script ") + 1, path
    assert select(site, "index.html", "//h2/a/text()") == ['<script>x()</script> & "q"']


@pytest.mark.parametrize(
    ("levels", "tree"),
    [
        ([], []),
        ([2, 2], [[], []]),
        ([2, 3, 3, 2], [[[], []], []]),
        ([3, 2], [[], []]),
        ([2, 4, 3], [[[], []]]),
    ],
)
def test_a_table_of_contents_is_a_tree(levels: list[int], tree: list[Any]) -> None:
    """Deeper headings stand below the last shallower one; skipped levels are no hole."""

    def shape(headings: Any) -> list[Any]:
        return [shape(heading.below) for heading in headings]

    headings = [Heading(level, f"h{n}", "x") for n, level in enumerate(levels)]
    assert shape(nest(headings)) == tree


@pytest.mark.parametrize(
    ("reference", "address", "label", "details"),
    [
        (
            Reference("a", "T", volume="22", issue="8", page="888-905", doi="10.1/x"),
            "https://doi.org/10.1/x",
            "doi:10.1/x",
            "22(8), 888–905",
        ),
        (
            Reference("a", "T", doi="10.1/a<b>#c?d"),
            "https://doi.org/10.1/a%3Cb%3E%23c%3Fd",
            "doi:10.1/a<b>#c?d",
            "",
        ),
        (
            Reference("a", "T", arxiv="2104.14294"),
            "https://arxiv.org/abs/2104.14294",
            "arXiv:2104.14294",
            "",
        ),
        (
            Reference("a", "T", edition="2", publisher="P", url="https://p.example/b"),
            "https://p.example/b",
            "p.example/b",
            "ed. 2, P",
        ),
    ],
)
def test_references(reference: Reference, address: str, label: str, details: str) -> None:
    """The best address there is, and the details in their order."""
    view = reference_view(reference, ENGLISH_STRINGS)
    assert (view.address, view.label, view.details) == (address, label, details)


def test_without_a_style_sheet_drawings_stay_small(write_blog: WriteBlog) -> None:
    """What no rule gives a size would be as wide as the page."""
    home = pipeline.build(read_config(write_blog({"posts/a/index.ko.md": "글\n"}))).files[
        "index.html"
    ]
    drawings = re.findall(r"<svg[^>]*>", home.content.decode())
    assert len(drawings) == 5
    assert all(re.search(r' width="\d\d" height="\d\d"', drawing) for drawing in drawings)
