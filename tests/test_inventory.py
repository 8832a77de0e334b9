"""`inkcell list`, and what commands say to other programs with `--json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from generator.cli.messages import print_json
from generator.config import read_config
from generator.errors import FIELDS, InkcellError, MathError, plain
from generator.inventory import Version, rows
from generator.reading import read_posts

from .conftest import WriteBlog
from .test_cli import inkcell

CODE = "```{code-cell}\n1 + 1\n```\n"


def front(title: str, date: str, more: str = "") -> str:
    """Front matter of a post."""
    return f"---\ntitle: {title}\ndate: {date}\ncategory: math\n{more}---\n"


@pytest.fixture
def blog(write_blog: WriteBlog) -> Path:
    """Three posts: one in two languages with code, a draft, one that never runs."""
    return write_blog(
        {
            "posts/b/index.ko.md": front("집합과 함수", "2022-07-08") + CODE,
            "posts/b/index.en.md": front("Sets", "2022-07-08", "draft: true\n") + CODE,
            "posts/a/index.ko.md": front("'[bold]글[/bold]'", "2022-07-08"),
            "posts/new/index.en.md": front("New", "2023-01-01", "execute: {enabled: false}\n")
            + CODE,
        }
    )


def said(root: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit status of a command and the JSON on its standard output."""
    done = inkcell(root, *arguments, "--json")
    return done.exit_code, json.loads(done.stdout)


def test_the_table(blog: Path) -> None:
    """Newest first, then by name; columns stand under each other though Hangul is wide."""
    done = inkcell(blog, "list")
    assert done.exit_code == 0
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert [line.split() for line in lines] == [
        ["date", "post", "category", "title", "state", "code"],
        ["2023-01-01", "en", "new", "math", "New", "published", "-"],
        ["2022-07-08", "ko", "a", "math", "[bold]글[/bold]", "published", "-"],
        [*"2022-07-08 ko en b math 집합과 함수 published (ko), draft (en) would run".split()],
    ]
    # A Hangul syllable takes two columns: what follows a title stands further left in the text.
    columns = [line.index("published") for line in lines[1:]]
    assert columns == [columns[0], columns[0] - 1, columns[0] - 5]


def test_a_title_of_several_lines(write_blog: WriteBlog) -> None:
    """The table for other programs has one line a post."""
    root = write_blog({"posts/a/index.ko.md": front("'한 줄\n\n  두 줄'", "2022-07-08")})
    _, line = inkcell(root, "list").stdout.splitlines()
    assert "  한 줄 두 줄  " in line


def test_the_list_as_json(blog: Path) -> None:
    """The same facts, version by version."""
    status, document = said(blog, "list")
    assert status == 0
    assert document["errors"] == []
    assert [post["post"] for post in document["posts"]] == ["new", "a", "b"]
    assert document["posts"][2] == {
        "post": "b",
        "slug": "b",
        "date": "2022-07-08T00:00:00+09:00",
        "category": "math",
        "tags": [],
        "versions": [
            {
                "language": "ko",
                "title": "집합과 함수",
                "file": "posts/b/index.ko.md",
                "state": "published",
                "code": "would run",
            },
            {
                "language": "en",
                "title": "Sets",
                "file": "posts/b/index.en.md",
                "state": "draft",
                "code": "would run",
            },
        ],
    }


@pytest.mark.kernel
def test_the_list_knows_kept_results(blog: Path) -> None:
    """What a build has run is kept, until the code changes."""
    inkcell(blog, "build")
    codes = [v["code"] for v in said(blog, "list")[1]["posts"][2]["versions"]]
    assert codes == ["kept", "kept"]
    path = blog / "posts" / "b" / "index.en.md"
    path.write_text(path.read_text().replace("1 + 1", "1 + 2"))
    assert "kept (ko), would run (en)" in inkcell(blog, "list").stdout


def test_a_broken_post_hides_no_other(blog: Path) -> None:
    """The others are listed, and the exit status tells."""
    (blog / "posts" / "a" / "index.ko.md").write_text(front("x", "yesterday"))
    done = inkcell(blog, "list")
    assert done.exit_code == 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        *("date", "2023-01-01", "2022-07-08")
    ]
    assert "posts/a/index.ko.md:3: error: `yesterday` is not a date" in done.stderr
    status, document = said(blog, "list")
    assert status == 1
    assert [post["post"] for post in document["posts"]] == ["new", "b"]
    assert [error["line"] for error in document["errors"]] == [3]


def test_the_same_words_stand_once(blog: Path) -> None:
    """`draft` if every version is one; with languages if not."""
    posts = [post for post in read_posts(read_config(blog)) if post.source.folder == "b"]
    english, korean = posts
    (row,) = rows(
        [Version(english, "waiting", "kept"), Version(korean, "waiting", "frozen")], ("ko", "en")
    )
    assert row.first is korean
    assert row.words("state") == "waiting"
    assert row.words("code") == "frozen (ko), kept (en)"


def test_a_build_as_json(write_blog: WriteBlog) -> None:
    """The summary's numbers, also when nothing had to be done; and how it is told runs nothing."""
    root = write_blog({"posts/a/index.ko.md": "글 ![](a.svg)\n", "posts/a/a.svg": "<svg/>"})
    status, first = said(root, "build")
    assert status == 0
    assert first.keys() == {
        *("output", "pages", "files", "written", "removed", "ran", "reused"),
        *("seconds", "notices", "errors"),
    }
    assert (first["output"], first["errors"]) == ("site", [])
    assert first["files"] == first["written"] > first["pages"] > 0
    _, second = said(root, "build")
    assert second["written"] == second["ran"] == 0
    assert second["files"] == first["files"]
    assert second["notices"] == first["notices"]
    assert " 0 written, 0 removed; " in inkcell(root, "build").stdout


@pytest.mark.parametrize("command", [["build"], ["why"], ["list"]])
def test_errors_as_json(write_blog: WriteBlog, command: list[str]) -> None:
    """One schema, whatever the command; nothing else is on standard output."""
    root = write_blog({"posts/a/index.ko.md": front("x", "yesterday", "tagz: [a]\n")})
    status, document = said(root, *command)
    assert status == 1
    assert document["errors"] == [
        {
            "file": "posts/a/index.ko.md",
            "line": 3,
            "column": None,
            "cell": None,
            "text": "date: yesterday",
            "message": "`yesterday` is not a date",
            "detail": None,
            "hint": "write it as 2022-07-08, or 2022-07-08T21:00:00+09:00",
        },
        {
            "file": "posts/a/index.ko.md",
            "line": 5,
            "column": None,
            "cell": None,
            "text": "tagz: [a]",
            "message": "unknown key `tagz`",
            "detail": None,
            "hint": "did you mean `tags`?",
        },
    ]


def test_a_missing_folder_as_json(tmp_path: Path) -> None:
    """Also what goes wrong before any post is read; what would be listed is there, and empty."""
    lists = {
        "build": (),
        "why": ("posts",),
        "list": ("posts",),
        "check": ("warnings",),
        "import .": ("written", "there", "notes"),
    }
    for command, names in lists.items():
        status, document = said(tmp_path, *command.split())
        assert (status, document["errors"][0]["file"]) == (1, "pyproject.toml")
        assert {**document, "errors": []} == {key: [] for key in (*names, "errors")}


def test_json_is_utf_8(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Though the disk has names that are not, which an error tells (RFC 8259, 8.1)."""
    name = b"posts/\xff \xea\xb8\x80".decode(errors="surrogateescape")
    print_json({"posts": []}, [InkcellError("no").at(file=name)])
    text = capfdbinary.readouterr().out.decode()
    assert '"posts/\\udcff 글"' in text
    assert json.loads(text)["errors"][0]["file"] == name


def test_the_schema_has_all_that_an_error_knows() -> None:
    """A field that is added to errors is added to the schema."""
    assert {*FIELDS} - {"message"} == {*vars(InkcellError)["__annotations__"]}
    error = MathError("no").at(file="a.md", line=3, column=2, cell=1, text="t", hint="h")
    assert plain(error) == {
        **dict.fromkeys(FIELDS),
        **vars(error),
        "message": "no",
    }


def test_why_and_freeze_look_at_the_posts_that_are_named(blog: Path) -> None:
    """Whatever is wrong with others is not asked; what is wrong with those is told, alone."""
    (blog / "posts" / "new" / "index.en.md").write_text(front("x", "yesterday"))
    (blog / "posts" / "empty").mkdir()
    done = inkcell(blog, "why", "b")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("posts/b/index.en.md (draft): would run\n")
    done = inkcell(blog, "freeze", "a")
    assert done.exit_code == 0
    assert "error" not in done.stderr
    for command in (["why", "new"], ["freeze", "a", "new"], ["check", "--cold", "new"]):
        done = inkcell(blog, *command)
        assert done.exit_code == 1
        assert "posts/new/index.en.md:3: error: `yesterday` is not a date" in done.stderr
        assert "\n1 error; " in done.stderr
    assert "posts/empty: error: the folder holds no post" in inkcell(blog, "why", "empty").stderr
    done = inkcell(blog, "why", "nw")
    assert done.stderr.startswith("error: there is no post `nw`\n  hint: did you mean `new`?\n")


def test_a_broken_post_that_is_named_in_hangul(write_blog: WriteBlog) -> None:
    """The disk may have its name in another form (UAX 15) than the command line."""
    decomposed = normalize("NFD", "집합")
    text = front("x", "yesterday")
    root = write_blog({f"posts/{decomposed}/index.ko.md": text, "posts/a/index.ko.md": text})
    for name in ("집합", decomposed):
        status, document = said(root, "why", name)
        assert status == 1
        assert [error["line"] for error in document["errors"]] == [3]


def test_why_tells_of_the_others(blog: Path) -> None:
    """Of all posts, those that can be read are looked at, as `list` does."""
    (blog / "posts" / "new" / "index.en.md").write_text(front("x", "yesterday"))
    done = inkcell(blog, "why")
    assert done.exit_code == 1
    assert done.stdout.startswith("posts/a/index.ko.md: unchanged")
    assert done.stderr.endswith("1 error; nothing ran.\n")
    status, document = said(blog, "why")
    assert status == 1
    assert len(document["posts"]) == 3
    assert [error["line"] for error in document["errors"]] == [3]


def test_why_marks_what_a_build_leaves_out(write_blog: WriteBlog) -> None:
    """Its code would run if it were built."""
    root = write_blog(
        {
            "posts/a/index.ko.md": front("A", "2022-07-08", "draft: true\n") + CODE,
            "posts/b/index.ko.md": front("B", "2999-07-08") + CODE,
            "posts/c/index.ko.md": CODE,
        }
    )
    lines = inkcell(root, "why").stdout.splitlines()
    assert lines[::2] == [
        "posts/a/index.ko.md (draft): would run",
        "posts/b/index.ko.md (waiting): would run",
        "posts/c/index.ko.md: would run",
    ]


def test_why_as_json(blog: Path) -> None:
    """What would become of each post, and why."""
    status, document = said(blog, "why", "b")
    assert status == 0
    assert document["posts"][0] == {
        "file": "posts/b/index.en.md",
        "state": "draft",
        "outcome": "would run",
        "frozen": False,
        "reasons": ["this code has not run here yet"],
    }
