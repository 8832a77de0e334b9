"""Settings: what is read."""

from __future__ import annotations

import pytest

from generator.addresses import absolute
from generator.config import parse_config
from generator.errors import BuildFailed
from generator.theme_settings import COLOURS, FONTS, LENGTHS, theme_style

from .conftest import REPOSITORY, SETTINGS


@pytest.mark.parametrize(
    "written",
    [
        "https://github.com/user/repo",
        "https://github.com/user/repo/",
        "https://github.com/user/repo.git",
    ],
)
def test_a_repository_is_what_a_browser_opens(written: str) -> None:
    """However its address was copied."""
    config = parse_config(SETTINGS + f'repository = "{written}"\n')
    assert config.repository == "https://github.com/user/repo"


@pytest.mark.parametrize(
    ("setting", "messages"),
    [
        ('title = "  "', ["`title` is missing"]),
        ('title = { ko = " ", en = "x" }', ["`title` has no text for the language `ko`"]),
        ('title = "a\\u0001"', ["`title` holds the character U+0001"]),
        ("author = { name = 3 }", ["`author.name` must be text, not `3`"]),
        ('author = { name = " " }', ["`author.name` is missing"]),
        ('author = "Somebody"', ["`author` must be a table, not the text `Somebody`"]),
        ('url = "https://[::1/"', ["`https://[::1/` is not an address of a site"]),
        ('url = "https://a.example:b/"', ["`https://a.example:b/` is not an address of a site"]),
        ('permalink = "/./:slug/"', ["the permalink `/./:slug/` is no path of the site"]),
        ('permalink = "/a//:slug/"', ["the permalink `/a//:slug/` is no path of the site"]),
        ("repository = 3", ["`repository` must be text, not `3`"]),
    ],
)
def test_a_mistake_is_told_once(setting: str, messages: list[str]) -> None:
    """Whatever is made of the value afterwards."""
    key = setting.partition(" ")[0]
    others = [line for line in SETTINGS.splitlines() if not line.startswith(f"{key} ")]
    with pytest.raises(BuildFailed) as failed:
        parse_config("\n".join([*others, setting]))
    assert [str(error) for error in failed.value.errors] == messages


def test_a_base_path_is_read_as_browsers_copy_it() -> None:
    """Encoded or not, the addresses of the site are the same; a description may be empty."""
    for url in ("https://a.example/%EC%88%98%ED%95%99/", "https://a.example/수학"):
        lines = SETTINGS.replace("https://example.org", url)
        config = parse_config(lines + 'description = { ko = "", en = "x" }\n')
        assert absolute("/a/", config) == "https://a.example/%EC%88%98%ED%95%99/a/"


def test_branches() -> None:
    """Sources are on `main` unless the settings say otherwise; the site is on no branch."""
    plain = parse_config(SETTINGS)
    assert (plain.branch, plain.published_branch) == ("main", "")
    more = 'repository = "https://github.com/a/b"\nbranch = "x/y"\npublished_branch = "gh-pages"\n'
    config = parse_config(SETTINGS + more)
    assert (config.branch, config.published_branch) == ("x/y", "gh-pages")


def test_theme_settings() -> None:
    """Colours for both palettes, widths and fonts for each language; without any, no rule."""
    table = """
[tool.inkcell.theme]
accent = "#0a7d55"
ink_soft = { light = "rgb(80 80 90 / 90%)", dark = "oklch(70% 0.02 250)" }
measure = { ko = "36rem" }
wide = "50.5rem"
mono = '"D2Coding", Menlo, monospace'
"""
    config = parse_config(SETTINGS + table)
    assert theme_style(config) == (
        "\n/* [tool.inkcell.theme] */\n"
        "@media screen {\n"
        "  :root { --accent: light-dark(#0a7d55, #0a7d55); }\n"
        "  :root { --ink-soft: light-dark(rgb(80 80 90 / 90%), oklch(70% 0.02 250)); }\n"
        "  :root:lang(ko) { --measure: 36rem; }\n"
        "  :root:lang(ko) { --wide: 50.5rem; }\n"
        "  :root:lang(en) { --wide: 50.5rem; }\n"
        '  :root:lang(ko) { --mono: "D2Coding", Menlo, monospace; }\n'
        '  :root:lang(en) { --mono: "D2Coding", Menlo, monospace; }\n'
        "}\n"
    )
    assert theme_style(parse_config(SETTINGS)) == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("accent", "#12345"),
        ("accent", "var(--ink)"),
        ("accent", "rgb(1 2 3); } *{"),
        ("accent", "url(//x.example)"),
        ("accent", "rgb(a b c)"),
        ("accent", "rgb(29, 79 140)"),
        ("accent", "rgb(29 79 140 50%)"),
        ("accent", "oklch(45%, 0.1, 250)"),
        ("accent", "oklch(45% 0.l 250)"),
        ("measure", "-3rem"),
        ("measure", "40"),
        ("measure", "calc(1rem)"),
        ("sans", "Noto; color: red"),
        ("sans", '"Noto'),
        ("sans", "Noto,"),
    ],
)
def test_only_values_get_into_the_style_sheet(key: str, value: str) -> None:
    """Nothing that could end a declaration, and nothing that loads something."""
    with pytest.raises(BuildFailed) as failed:
        parse_config(f"{SETTINGS}theme = {{ {key} = '{value}' }}\n")
    (error,) = failed.value.errors
    assert str(error) == f"`{value}` cannot be the theme's `{key}`"
    assert error.line == 8


@pytest.mark.parametrize(
    "value",
    [
        "#fff8",
        "rgb(29, 79, 140)",
        "rgba(29, 79, 140, 0.5)",
        "rgba(29 79 140 / .5)",
        "hsl(212deg 66% 33%)",
        "lab(40% -2 -40)",
        "oklch(45% 1e-1 none / 90%)",
    ],
)
def test_colours_as_css_has_them(value: str) -> None:
    """In the forms of CSS Color 4, old and new."""
    table = f"theme = {{ accent = '{value}' }}\n"
    assert f"--accent: light-dark({value}, {value});" in theme_style(parse_config(SETTINGS + table))


def test_the_theme_has_all_that_can_be_set() -> None:
    """Each setting is a custom property that the theme's own style sheet defines and uses."""
    style = (REPOSITORY / "templates" / "static" / "style.css").read_text(encoding="utf-8")
    for key in (*COLOURS, *LENGTHS, *FONTS):
        name = "--" + key.replace("_", "-")
        assert f"  {name}: " in style, name
        assert f"var({name})" in style, name


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("user.github.io", "`user.github.io` is not an address of a site"),
        ("", "`` is not an address of a site"),
    ],
)
def test_an_address_of_the_command_line_is_no_mistake_of_the_file(url: str, message: str) -> None:
    """No line of it is to blame, and the hint says what to type."""
    with pytest.raises(BuildFailed) as failed:
        parse_config(SETTINGS, url=url)
    (error,) = failed.value.errors
    assert (str(error), error.file, error.line) == (message, None, None)
    assert error.hint == "for example --base-url https://user.github.io/project"
