"""`inkcell check`: whole small blogs, each broken in one way, with the messages it must get.

A case is a file of `fixtures/check/`: the blog's files, each after a line `=== path`, which are
built; files after `=== then/path`, which are written after the build; and what `inkcell check`
prints after `=== expected`. `{{20 KiB}}` stands for as much that cannot be compressed. Settings
are those of the tests, and the feed ids are accepted, unless the case has files of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.cli import main

from ..conftest import FRONT_MATTER, REPOSITORY, SETTINGS, WriteBlog
from ..test_broken_blogs import read_case, without_gutters

CASES = sorted((REPOSITORY / "tests" / "fixtures" / "check").glob("*.txt"))
SECONDS = re.compile(r"; \d+\.\d s$", re.MULTILINE)


def inkcell(root: Path, *arguments: str) -> Result:
    """A command on a blog."""
    return CliRunner().invoke(main, ["--root", str(root), *arguments])


def noise(match: re.Match[str]) -> str:
    """Hexadecimal digits of hashes, two bytes of which are one that no compression saves."""
    count = int(match[1]) * 1024
    blocks = (hashlib.sha256(bytes(n.to_bytes(4, "big"))).hexdigest() for n in range(count // 64))
    return "".join(blocks)


def build_case(case: Path, root: Path) -> str:
    """Write the blog of a case and build it; return what its check must say."""
    files, expected = read_case(case.read_text(encoding="utf-8"))
    for prefix in ("", "then/"):
        for name, text in {"pyproject.toml": SETTINGS, **files}.items():
            if name.startswith("then/") == bool(prefix):
                path = root / name.removeprefix("then/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(re.sub(r"\{\{(\d+) KiB\}\}", noise, text), encoding="utf-8")
        if not prefix:
            assert inkcell(root, "build").exit_code == 0
    return expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_check(case: Path, tmp_path: Path) -> None:
    """All findings are printed in one run, each with its place, and errors make the status 1."""
    expected = build_case(case, tmp_path)
    accepting = () if (tmp_path / "feed-ids.json").exists() else ("--accept",)
    done = inkcell(tmp_path, "check", *accepting)
    said = SECONDS.sub("", without_gutters(done.stderr) + done.stdout)
    assert said == expected
    assert done.exit_code == (1 if ": error: " in expected else 0)


def test_a_good_blog_has_no_findings(write_blog: WriteBlog) -> None:
    """And the site lies below a base path where the last build put it."""
    root = write_blog(
        {"posts/a/index.ko.md": "글 $x$ [둘째](../b/index.en.md)\n", "posts/b/index.en.md": "Two\n"}
    )
    assert inkcell(root, "build", "--base-url", "https://user.example/project/").exit_code == 0
    done = inkcell(root, "check", "--accept")
    assert (done.exit_code, done.stderr) == (0, "")
    assert SECONDS.sub("", done.stdout) == "11 pages: 0 errors, 0 warnings\n"


def test_what_prose_can_hold_is_well(write_blog: WriteBlog) -> None:
    """No construct gets a finding, nor does a former address, a tag in Hangul or a picture."""
    more = "category: 수학\ntags: [집합론, R&D]\naliases: [/old/]"
    front = FRONT_MATTER.replace("category: math", more)
    body = "글[^a] ![점](a.svg)\n\n[^a]: 각주.\n\n```css\na { background: url(gone.png) }\n```\n"
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>'
    root = write_blog({"posts/a/index.ko.md": front + body, "posts/a/a.svg": svg})
    shutil.copytree(REPOSITORY / "tests" / "fixtures" / "constructs", root / "posts" / "constructs")
    assert inkcell(root, "build").exit_code == 0
    assert (root / "site" / "old" / "index.html").is_file()
    done = inkcell(root, "check", "--accept")
    assert (done.exit_code, done.stderr) == (0, "")


def test_feed_ids_are_noted_and_watched(write_blog: WriteBlog) -> None:
    """Without the file a warning; `--accept` writes it; from then on a change is an error."""
    root = write_blog({"posts/b/index.ko.md": "글\n", "posts/a/index.en.md": "One\n"})
    assert inkcell(root, "build").exit_code == 0
    done = inkcell(root, "check")
    assert done.exit_code == 0
    assert "feed-ids.json: warning: nothing watches over the 2 feed ids" in done.stderr
    assert inkcell(root, "check", "--accept").exit_code == 0
    assert (root / "feed-ids.json").read_text() == (
        '{\n"a/en": "https://example.org/en/math/a",\n"b/ko": "https://example.org/math/b"\n}\n'
    )
    settings = SETTINGS.replace("https://example.org", "https://example.com")
    write_blog({"pyproject.toml": settings})
    assert inkcell(root, "build").exit_code == 0
    done = inkcell(root, "check")
    assert done.exit_code == 1
    assert done.stderr.count("error: the feed id has changed to https://example.com/") == 2
    assert inkcell(root, "check", "--accept").exit_code == 0
    assert inkcell(root, "check").exit_code == 0


def test_the_feed_id_of_a_post_that_waits(write_blog: WriteBlog) -> None:
    """No feed has it yet: it is noted when the post has come out, and asked for from then on."""
    later = FRONT_MATTER.replace("2022-07-08", "2999-01-01")
    root = write_blog({"posts/b/index.ko.md": later})
    assert inkcell(root, "build").exit_code == 0
    assert inkcell(root, "check").stderr == ""
    write_blog({"posts/a/index.ko.md": "글\n"})
    assert inkcell(root, "build").exit_code == 0
    assert "watches over the 1 feed ids of the posts" in inkcell(root, "check").stderr
    done = inkcell(root, "check", "--accept")
    assert (done.exit_code, done.stderr) == (0, "")
    noted = root / "feed-ids.json"
    assert noted.read_text() == '{\n"a/ko": "https://example.org/math/a"\n}\n'
    (root / "posts" / "b" / "index.ko.md").write_text(FRONT_MATTER)
    assert inkcell(root, "build").exit_code == 0
    done = inkcell(root, "check")
    assert done.exit_code == 0
    assert "posts/b/index.ko.md:2: warning: the post's feed id is not noted yet" in done.stderr
    assert inkcell(root, "check", "--accept").exit_code == 0
    assert '"b/ko": "https://example.org/math/b"' in noted.read_text()


def test_the_feed_id_of_a_post_that_was_taken_back(write_blog: WriteBlog) -> None:
    """One that was published is missed, whether its file is gone or it is kept back."""
    root = write_blog({f"posts/{name}/index.ko.md": "글\n" for name in "abc"})
    assert inkcell(root, "build").exit_code == 0
    assert inkcell(root, "check", "--accept").exit_code == 0
    shutil.rmtree(root / "posts" / "a")
    later = FRONT_MATTER.replace("2022-07-08", "2999-01-01")
    draft = FRONT_MATTER.replace("category", "draft: true\ncategory")
    write_blog({"posts/b/index.ko.md": later, "posts/c/index.ko.md": draft})
    assert inkcell(root, "build").exit_code == 0
    done = inkcell(root, "check")
    assert done.exit_code == 1
    assert "feed-ids.json: error: the post `a/ko` is gone, and with it its feed id" in done.stderr
    assert "b/index.ko.md:3: error: the post is noted as published, and waits for" in done.stderr
    assert "c/index.ko.md:4: error: the post is noted as published, and is a draft" in done.stderr
    assert inkcell(root, "check", "--accept").exit_code == 0
    assert inkcell(root, "check").exit_code == 0


def test_the_feed_id_of_a_post_of_the_future_that_is_published(write_blog: WriteBlog) -> None:
    """A site that was built with `--future` has it in its feed."""
    later = FRONT_MATTER.replace("2022-07-08", "2999-01-01")
    root = write_blog({"posts/b/index.ko.md": later})
    assert inkcell(root, "build", "--future").exit_code == 0
    done = inkcell(root, "check", "--accept")
    assert (done.exit_code, done.stderr) == (0, "")
    assert '"b/ko": "https://example.org/math/b"' in (root / "feed-ids.json").read_text()


def test_feed_ids_are_not_noted_of_half_the_posts(write_blog: WriteBlog) -> None:
    """Or the next check would miss none of the others; a page of its own has no id."""
    root = write_blog({"posts/a/index.ko.md": "글\n", "posts/b/index.ko.md": "글\n"})
    assert inkcell(root, "build").exit_code == 0
    assert inkcell(root, "check", "--accept").exit_code == 0
    before = (root / "feed-ids.json").read_bytes()
    write_blog({"posts/a/index.ko.md": "---\ntitle: [\n---\n"})
    done = inkcell(root, "check", "--accept")
    assert done.exit_code == 1
    assert "posts/a/index.ko.md:3: error:" in done.stderr
    assert "1 error; nothing was checked." in done.stderr
    assert (root / "feed-ids.json").read_bytes() == before
    write_blog({"posts/a/index.ko.md": "글\n", "pages/about/index.ko.md": "---\ntitle: [\n---\n"})
    done = inkcell(root, "check", "--accept")
    assert "pages/about/index.ko.md:3: error:" in done.stderr
    assert "1 error, 1 warning" in done.stdout


def test_feed_ids_that_cannot_be_noted(write_blog: WriteBlog) -> None:
    """What the system refuses is an error with the file's name and a hint."""
    root = write_blog({"posts/a/index.en.md": "One\n"})
    assert inkcell(root, "build").exit_code == 0
    (root / "feed-ids.json").mkdir()
    done = inkcell(root, "check", "--accept")
    assert done.exit_code == 1
    assert "feed-ids.json: error: feed-ids.json cannot be written: Is a directory" in done.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe{", b'{"a/ko": "\xb0\xa1"}', b"{", b"[" * 100_000])
def test_feed_ids_that_cannot_be_read(write_blog: WriteBlog, content: bytes) -> None:
    """Whatever an editor or a merge has made of the file: an error that names it."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    assert inkcell(root, "build").exit_code == 0
    (root / "feed-ids.json").write_bytes(content)
    done = inkcell(root, "check")
    assert done.exit_code == 1
    assert re.search("^feed-ids.json(:1)?: error: not valid JSON: ", done.stderr, re.MULTILINE)
    assert "hint: take it from git again, or write it anew" in done.stderr


def test_an_own_file_at_the_address_of_a_post(write_blog: WriteBlog) -> None:
    """The next build refuses it; until then the check says that the site is not up to date."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    assert inkcell(root, "build").exit_code == 0
    write_blog({"static/math/2022-07-08-a/index.html": "<p>mine"})
    done = inkcell(root, "check", "--accept")
    assert done.exit_code == 0
    assert done.stderr.startswith("site: warning: the site is not what a build would write now")


def test_findings_for_machines(write_blog: WriteBlog) -> None:
    """`--json` prints all of them as JSON, with the same exit status."""
    root = write_blog({"posts/a/index.ko.md": "글 [x](/gone/) TODO\n"})
    assert inkcell(root, "build").exit_code == 0
    done = inkcell(root, "check", "--json")
    assert (done.exit_code, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert [error["text"] for error in told["errors"]] == ['<a href="/gone/">']
    assert len(told["warnings"]) == 2
    assert told["warnings"][1] == {
        "message": "`TODO` stands in the text",
        "file": "posts/a/index.ko.md",
        "line": 6,
        "column": None,
        "cell": None,
        "text": "TODO",
        "detail": None,
        "hint": "write what is missing, or take the note out",
    }


def test_what_the_settings_ignore(write_blog: WriteBlog) -> None:
    """Findings whose message or text holds one of the texts of `ignore`."""
    settings = SETTINGS + 'check = { ignore = ["/gone/", "nothing watches"] }\n'
    root = write_blog({"pyproject.toml": settings, "posts/a/index.ko.md": "[x](/gone/) TODO\n"})
    assert inkcell(root, "build").exit_code == 0
    done = inkcell(root, "check")
    assert SECONDS.sub("", done.stdout) == "9 pages: 0 errors, 1 warning\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cold", "--json"), "takes none of the other options"),
        (("a",), "go with --cold"),
        (("--jobs", "2"), "go with --cold"),
    ],
)
def test_options_that_do_not_go_together(
    write_blog: WriteBlog, arguments: tuple[str, ...], message: str
) -> None:
    """A usage error, exit status 2."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    done = inkcell(root, "check", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_without_a_site_there_is_nothing_to_check(write_blog: WriteBlog) -> None:
    """And the message says what makes one."""
    done = inkcell(write_blog({"posts/a/index.ko.md": "글\n"}), "check")
    assert done.exit_code == 1
    assert "error: there is no finished site in site\n  hint: inkcell build" in done.stderr


@pytest.mark.parametrize("css", ["a" * 200_000, "/* " * 200_000, "{" + "font " * 50_000])
def test_a_style_sheet_that_never_ends(write_blog: WriteBlog, css: str) -> None:
    """It is looked at once, not once from each of its characters on."""
    text = '글\n\n<link rel="stylesheet" href="/own.css">\n'
    root = write_blog({"posts/a/index.ko.md": text, "static/own.css": css})
    assert inkcell(root, "build").exit_code == 0
    done = inkcell(root, "check", "--accept")
    assert done.exit_code == 0, done.stderr
