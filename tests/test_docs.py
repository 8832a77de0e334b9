"""The documentation: a blog of its own in `docs/`, built and run as any other.

Its tables of reference are compared with the code: nothing can be undocumented, and nothing
documented that does not exist. Its examples are tried: posts are built, settings read, commands
parsed.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from lxml import html
from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import fields

from generator.assemble import views
from generator.assemble.pages import templates
from generator.assemble.pages.templates import Fill
from generator.assemble.views import VIEWS
from generator.cli import main
from generator.compiled import CompiledTemplates
from generator.config import EXECUTION_KEYS, SETTINGS, parse_config
from generator.importing.old_blog import TOOLS
from generator.model import Theme
from generator.parse.cells import OPTIONS, TAGS
from generator.parse.front_matter import KEYS, REFERENCE_KEYS, SYNONYMS
from generator.render.markdown import DIRECTIVES
from generator.render.roles import ROLES
from generator.theme_settings import COLOURS, FONTS, LENGTHS

from .conftest import FRONT_MATTER, REPOSITORY, WriteBlog
from .conftest import SETTINGS as BLOG
from .test_cli import inkcell

DOCS = REPOSITORY / "docs"
POSTS = sorted((DOCS / "posts").glob("*/index.*.md"))
LANGUAGES = ("en", "ko")


def table(label: str, language: str) -> list[list[str]]:
    """The rows of a labelled table, wherever it stands, each a list of cells."""
    texts = [p.read_text("utf-8") for p in POSTS if p.name == f"index.{language}.md"]
    (text,) = (text for text in texts if f"{{#{label}}}" in text)
    above = text.split(f"{{#{label}}}")[0]
    lines = above.rstrip().rpartition("\n\n")[0].split("\n")
    start = max(n for n, line in enumerate(lines) if re.fullmatch(r"\|(-+\|)+", line))
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[start + 1 :]]


def named(label: str, language: str, column: int = 0) -> list[str]:
    """The names, `in code`, of one column of a table."""
    rows = table(label, language)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row[column])]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("label", "known"),
    [
        ("tbl-front-matter", KEYS),
        ("tbl-synonyms", SYNONYMS),
        ("tbl-works", REFERENCE_KEYS),
        ("tbl-tags", TAGS),
        ("tbl-options", OPTIONS),
        ("tbl-execute", EXECUTION_KEYS),
        ("tbl-settings", SETTINGS),
        ("tbl-feed", ("limit", "math")),
        ("tbl-jobs", ("jobs", "cache_limit")),
        ("tbl-theme", (*COLOURS, *LENGTHS, *FONTS)),
    ],
)
def test_tables_name_what_there_is(label: str, known: tuple[str, ...], language: str) -> None:
    """Everything the code knows, each once, and nothing that it does not know."""
    names = named(label, language)
    assert len(names) == len(set(names))
    assert {*names} == {*known}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_of_the_import_is_documented(language: str) -> None:
    """And every tool that `--from` takes."""
    options = [param for param in main.commands["import"].params if param.opts[0].startswith("-")]
    assert named("tbl-import", language) == [option.opts[0] for option in options]
    tools = [row[0].strip().lower() for row in table("tbl-tools", language)]
    assert tools == [*TOOLS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_and_option_is_documented(language: str) -> None:
    """By all their names, and each option with the commands that take it."""
    commands = [usage.split()[0] for usage in named("tbl-commands", language)]
    assert len(commands) == len(main.commands)
    assert {*commands} == {*main.commands}
    known = {
        (name, form)
        for name, command in main.commands.items()
        for param in command.params
        for form in (*param.opts, *param.secondary_opts)
        if form.startswith("-")
    }
    told = [
        (name, form)
        for options, of, _ in table("tbl-command-options", language)
        for name in re.findall(r"`([^`]+)`", of)
        for form in re.findall(r"`([^`]+)`", options)
    ]
    assert len(told) == len({*told})
    assert {*told} == known


@pytest.mark.parametrize("language", LANGUAGES)
def test_synonyms_mean_what_is_said(language: str) -> None:
    """Each row of the table names the key that its synonyms stand for."""
    for written, read in table("tbl-synonyms", language):
        (key,) = re.findall(r"`([^`]+)`", read)
        for synonym in re.findall(r"`([^`]+)`", written):
            assert SYNONYMS[synonym] == key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_directive_is_documented(language: str) -> None:
    """By its name; sphinx-proof's names are those of statements with `prf:` before them."""
    names = named("tbl-directives", language)
    assert len(names) == len(set(names))
    assert {*names} == {name for name in DIRECTIVES if not name.startswith("prf:")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_of_a_directive_is_documented(language: str) -> None:
    """In its row, and no other; behind a colon stands a value that it may take."""
    for row, options, _ in table("tbl-directives", language):
        names = re.findall(r"`([^`]+)`", row)
        known = {key for name in names for key in DIRECTIVES[name].options}
        told = {named.partition(":")[0] for named in re.findall(r"`([^`]+)`", options)}
        assert known <= told <= known | {"60%", "300px", *names}, row


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_role_is_documented(language: str) -> None:
    """By its name, in the table's first column or, if it is another name for one, in the second."""
    names = {*named("tbl-roles", language)}
    assert names <= {*ROLES}
    assert {*ROLES} <= names | {*named("tbl-roles", language, 1)}


# --- what a template sees -----------------------------------------------------------------------

KINDS: dict[str, dict[object, tuple[str, ...]]] = {
    "en": {str: ("text", "address"), int: ("number",), bool: ("yes or no",), Markup: ("HTML",)},
    "ko": {str: ("글자", "주소"), int: ("수",), bool: ("참·거짓",), Markup: ("HTML",)},
}
LISTS = {"en": "list of {}", "ko": "{} 목록"}
NONE = {"en": "{} or none", "ko": "{} 또는 없음"}


def view_label(view: type) -> str:
    """The label of the table that explains a type: `tbl-post-view`."""
    return "tbl" + re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", view.__name__)


def kinds(annotation: object, language: str) -> tuple[str, ...]:
    """How a table may name the type of an attribute."""
    inner = get_args(annotation)
    if get_origin(annotation) is tuple:
        assert inner[1] is ...
        several = [
            name + "es" * (name == "address") if language == "en" else name
            for name in kinds(inner[0], language)
        ]
        return tuple(map(LISTS[language].format, several))
    if isinstance(annotation, UnionType):
        (other,) = (part for part in inner if part is not NoneType)
        return tuple(map(NONE[language].format, kinds(other, language)))
    if annotation in VIEWS:
        assert isinstance(annotation, type)
        return (f"[`{annotation.__name__}`](#{view_label(annotation)})",)
    return KINDS[language][annotation]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", VIEWS)
def test_tables_explain_what_a_template_sees(view: type, language: str) -> None:
    """Every attribute of every type, each once and with what it is; no other is named."""
    hints = get_type_hints(view)
    told = named(view_label(view), language)
    assert len(told) == len(set(told))
    assert {*told} == {field.name for field in fields(view)}
    for names, explained in table(view_label(view), language):
        kind, colon, meaning = explained.strip().partition(": ")
        assert colon
        assert meaning
        for name in re.findall(r"`([^`]+)`", names):
            assert kind in kinds(hints[name], language), f"{view.__name__}.{name}"


def test_every_view_has_a_table() -> None:
    """`VIEWS`, from which hints and these tests are made, misses no type that a template gets."""
    kinds = (value for value in vars(views).values() if isinstance(value, type))
    assert {*VIEWS} == {kind for kind in kinds if issubclass(kind, Struct)} - {Struct}


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_name_every_template_and_macro(language: str) -> None:
    """The theme's files, and the macros with what they are given, as they are written."""
    theme = REPOSITORY / "templates"
    assert named("tbl-templates", language) == [*dict.fromkeys(named("tbl-templates", language))]
    assert {*named("tbl-templates", language)} == {path.name for path in theme.glob("*.html")}
    parts = (theme / "parts.html").read_text(encoding="utf-8")
    assert named("tbl-macros", language) == re.findall(r"{% macro (\w+\(.*?\)) %}", parts)


def view_names(row: str) -> list[str]:
    """The types that a cell of a table links to."""
    return re.findall(r"\[`(\w+)`\]\(#tbl-[a-z-]+\)", row)


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_name_what_each_template_gets(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """Built are all kinds of pages: each gets what stands in its row, and what all get."""
    got: dict[str, set[tuple[tuple[str, str], ...]]] = {}
    filled = templates.filling

    def described(name: str, value: object) -> tuple[str, str]:
        one = type(value[0] if isinstance(value, tuple) else value)
        return name, one.__name__ if one in VIEWS else ""

    def noting(theme: Theme, compiled: CompiledTemplates | None = None) -> Fill:
        fill = filled(theme, compiled)

        def note(template: str, **seen: object) -> str:
            got.setdefault(template, set()).add(tuple(map(described, seen, seen.values())))
            return fill(template, **seen)

        return note

    monkeypatch.setattr(templates, "filling", noting)
    front = FRONT_MATTER.replace("title", "tags: [a]\nseries: S\naliases: [/old-{}/]\ntitle")
    about = "---\ntitle: About\n---\nText.\n"
    # In both languages, so that no list is empty.
    versions = {f"posts/a/index.{name}.md": front.format(name) for name in ("ko", "en")}
    done = inkcell(write_blog({**versions, "pages/about/index.ko.md": about}), "build")
    assert done.exit_code == 0, done.stderr
    every = tuple(
        (name.strip(" `"), *(view_names(row) or [""]))
        for name, row in table("tbl-variables", language)
    )
    told: dict[str, set[tuple[tuple[str, ...], ...]]] = {}
    for name, row in table("tbl-templates", language):
        more = re.match(r" `(\w+)`, ", row)
        own = [(more[1], *(view_names(row) or [""]))] if more else []
        told[name.strip(" `")] = {(*every, *own)}
    assert all(told.pop(name) == {every} for name in ("base.html", "parts.html"))
    assert got == told


def blocks(language: str) -> Iterator[tuple[Path, int, str]]:
    """Every block of code in a language: its post, its line, and its text."""
    fence = re.compile(rf"^(`{{3,}}){language}\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
    for post in POSTS:
        text = post.read_text(encoding="utf-8")
        for match in fence.finditer(text):
            yield post, text[: match.start()].count("\n") + 1, match[2]


def test_settings_of_examples_can_be_read() -> None:
    """Every block of TOML: a part of the settings is completed, words of the theme are texts."""
    count = 0
    for post, line, text in blocks("toml"):
        count += 1
        if "[tool.inkcell" not in text:
            assert all(isinstance(value, str) for value in tomllib.loads(text).values())
            continue
        whole = text if "[tool.inkcell]" in text else f"{BLOG}\n{text}"
        assert parse_config(whole), f"{post}:{line}"
    assert count >= 4


def test_commands_of_examples_are_right() -> None:
    """Every `inkcell` in a block of shell commands is a command line that Inkcell accepts."""
    count = 0
    for post, line, text in blocks("sh"):
        for command in text.splitlines():
            program, name, *arguments = shlex.split(command, comments=True)
            if program == "inkcell":
                count += 1
                if name == "--root":
                    _, name, *arguments = arguments
                assert main.commands[name].make_context(name, arguments), f"{post}:{line}"
    assert count >= 10


def test_templates_of_examples_can_be_used(write_blog: WriteBlog) -> None:
    """The home page and the word of the theme that the page on themes shows, laid over ours."""
    (home,) = {text for _, _, text in blocks("html") if "extends" in text}
    (words,) = {text for _, _, text in blocks("toml") if "footer" in text}
    files = {"templates/home.html": home, "templates/ko.toml": words, "posts/a/index.ko.md": "글\n"}
    root = write_blog(files)
    done = inkcell(root, "build")
    assert done.exit_code == 0, done.stderr
    page = (root / "site" / "index.html").read_text("utf-8")
    assert '<li><a href="/math/2022-07-08-a/">A post</a></li>' in page
    assert "Made slowly." in page


def test_another_host_is_let_in_as_the_page_on_themes_says(write_blog: WriteBlog) -> None:
    """By the lines it shows, in place of the theme's: on all pages, beside a post's own frame, and
    with nothing narrowed where a post has lifted the policy."""
    (lines,) = {text for _, _, text in blocks("html") if "page.policy" in text}
    theme = (REPOSITORY / "templates" / "base.html").read_text(encoding="utf-8")
    (ours,) = (line for line in theme.splitlines(keepends=True) if "page.policy" in line)
    frame = '<iframe src="https://example.com/a" title="A film"></iframe>\n'
    root = write_blog(
        {
            "templates/base.html": theme.replace(ours, lines),
            "posts/plain/index.ko.md": "글\n",
            "posts/frame/index.ko.md": frame,
            "posts/open/index.ko.md": FRONT_MATTER.replace("title", "trusted: [html]\ntitle"),
        }
    )
    done = inkcell(root, "build")
    assert done.exit_code == 0, done.stderr

    def policy(path: str) -> dict[str, list[str]]:
        page = html.fromstring((root / "site" / path / "index.html").read_bytes())
        found: Any = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        (text,) = map(str, found)
        return {name: sources for name, *sources in map(str.split, text.split(";"))}

    host = "https://giscus.app"
    for path in ("", "math/2022-07-08-plain", "math/2022-07-08-frame"):
        told = policy(path)
        assert all(host in told[name] for name in ("script-src", "style-src", "frame-src")), path
    assert policy("math/2022-07-08-frame")["frame-src"] == [host, "https://example.com"]
    assert "frame-src" not in policy("math/2022-07-08-open")


def test_the_example_of_an_error_is_one(write_blog: WriteBlog) -> None:
    """What the page on hosting shows of `--json` is what a build prints for such a mistake."""
    (text,) = {text for _, _, text in blocks("json") if '"errors"' in text}
    root = write_blog(
        {"posts/the-cut/index.en.md": "\nOne line,\nanother,\nand $\\fraction{1}{2}$.\n"}
    )
    done = inkcell(root, "build", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == json.loads(text)


@pytest.mark.kernel
def test_posts_of_examples_can_be_built(tmp_path: Path) -> None:
    """Every block of Markdown is a post, or the text of one, and its code runs."""
    (tmp_path / "pyproject.toml").write_text(BLOG, encoding="utf-8")
    languages = {"ko": re.compile("[가-힣]"), "en": re.compile("")}
    written = []
    for post, line, text in blocks("markdown"):
        folder = tmp_path / "posts" / f"{post.parent.name}-{post.suffixes[0][1:]}-{line}"
        beside = shutil.ignore_patterns("index.*")
        shutil.copytree(post.parent, folder, ignore=beside)
        language = next(name for name, sign in languages.items() if sign.search(text))
        whole = text if text.startswith("---") else FRONT_MATTER + "\n" + text
        (folder / f"index.{language}.md").write_text(whole, encoding="utf-8")
        written.append(folder.name)
    assert len(written) >= 10
    done = inkcell(tmp_path, "build")
    assert done.exit_code == 0, done.stderr
    for name in written:
        assert [*(tmp_path / "site").glob(f"**/*-{name}/index.html")], name


@pytest.mark.kernel
def test_the_documentation_can_be_built(tmp_path: Path) -> None:
    """All its pages, by its own home page, in the order in which they are read."""
    root = tmp_path / "docs"
    shutil.copytree(DOCS, root, ignore=shutil.ignore_patterns("site", ".inkcell"))
    done = inkcell(root, "build")
    assert done.exit_code == 0, done.stderr
    assert "note: " not in done.stderr
    # Two versions with the same code run it once.
    assert "; 3 posts run" in done.stdout
    for prefix, next_page, previous_page in (
        ("", ">Next page<", ">Previous page<"),
        ("ko/", ">다음 페이지<", ">앞 페이지<"),
    ):
        site = root / "site" / prefix
        home = (site / "index.html").read_text("utf-8")
        order = re.findall(rf'<dt><a href="/docs/{prefix}([^"/]+)/">', home)
        assert order[:3] == ["writing", "front-matter", "cells"]
        assert {*order} == {post.parent.name for post in POSTS}
        for name in order:
            page = (site / name / "index.html").read_text("utf-8")
            # The first page has a next one only, the last one only the one before.
            assert (next_page in page) == (name != order[-1])
            assert (previous_page in page) == (name != order[0])


def test_the_readme_leads_to_every_page() -> None:
    """`README.md` links to each post of the documentation, by its source, in both languages."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for folder in {post.parent for post in POSTS}:
        for language in LANGUAGES:
            post = folder / f"index.{language}.md"
            assert post.is_file()
            assert f"({post.relative_to(REPOSITORY).as_posix()})" in text
