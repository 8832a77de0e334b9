"""The command line, as its user sees it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import psutil
import pytest
from click.testing import CliRunner, Result

from generator import __version__, last_build
from generator.cli import main
from generator.cli.messages import format_error
from generator.errors import MathError

from .conftest import FRONT_MATTER, REPOSITORY, WriteBlog
from .test_broken_blogs import snapshot


def inkcell(root: Path, *arguments: str) -> Result:
    """What a command prints and how it ends."""
    return CliRunner().invoke(main, ["--root", str(root), *arguments])


def test_build_writes_the_site_and_counts(write_blog: WriteBlog) -> None:
    """The summary tells pages, files, what was written, what ran and what was kept."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    first = inkcell(root, "build")
    assert first.exit_code == 0
    assert re.search(
        r"site: \d+ pages, (\d+) files, \1 written, 0 removed; 0 posts run", first.stdout
    )
    second = inkcell(root, "build")
    assert " 0 written, 0 removed; " in second.stdout
    (root / "posts" / "a" / "index.ko.md").unlink()
    (root / "posts" / "a" / "index.en.md").write_text(FRONT_MATTER + "text\n")
    # Its page, and the text that a search shows.
    assert " 2 removed; " in inkcell(root, "build").stdout


@pytest.mark.kernel
def test_the_summary_counts_what_ran(write_blog: WriteBlog) -> None:
    """A second build takes the results from the cache and rewrites nothing."""
    root = write_blog({"posts/a/index.ko.md": "```{code-cell}\n1 + 1\n```\n"})
    first = inkcell(root, "build")
    assert "; 1 post run, 0 from the cache; " in first.stdout
    assert "running posts/a/index.ko.md (" in first.stderr
    second = inkcell(root, "build")
    assert " 0 written, 0 removed; 0 posts run, 1 from the cache; " in second.stdout
    assert second.stderr == ""


def test_drafts_are_published_only_if_asked_for(write_blog: WriteBlog) -> None:
    """`draft: true` keeps a post out of pages and feeds."""
    root = write_blog({"posts/a/index.ko.md": FRONT_MATTER.replace("title", "draft: true\ntitle")})
    page = root / "site" / "math" / "2022-07-08-a" / "index.html"
    inkcell(root, "build")
    assert not page.exists()
    inkcell(root, "build", "--drafts")
    assert page.exists()
    inkcell(root, "build")
    assert not page.exists()


def test_words_with_one_address_are_told(write_blog: WriteBlog) -> None:
    """Tags that differ in signs only have one list; other ways of writing a word may."""
    front = FRONT_MATTER.replace("title", "tags: [{}]\ntitle")
    root = write_blog(
        {
            "posts/a/index.ko.md": front.format("C, Deep Learning"),
            "posts/b/index.ko.md": front.format("C++, c, deep-learning"),
        }
    )
    note = "note: the tags `C` and `C++` have one list: their address is `c`\n"
    for _ in range(2):
        done = inkcell(root, "build")
        assert done.exit_code == 0
        assert done.stderr == note


def test_a_post_with_a_future_date_waits(write_blog: WriteBlog) -> None:
    """Unless it is asked for; the build says how many wait, also if nothing has changed."""
    root = write_blog({"posts/a/index.ko.md": FRONT_MATTER.replace("2022", "2999")})
    page = root / "site" / "math" / "2999-07-08-a" / "index.html"
    for arguments in (["build"], ["build"], ["build", "--no-cache"]):
        done = inkcell(root, *arguments)
        assert done.stderr == (
            "note: 1 post waits for its date, 2999-07-08T00:00:00+09:00; "
            "`inkcell build --future` publishes all\n"
        )
        assert not page.exists()
    assert inkcell(root, "build", "--future").stderr == ""
    assert page.exists()


def test_a_link_without_an_address_is_noted(write_blog: WriteBlog) -> None:
    """By every build, also one that takes the post over: with file, line, text and a hint."""
    root = write_blog({"posts/a/index.ko.md": "\n글과 [문서][doc]\n"})
    line = FRONT_MATTER.count("\n") + 2
    for arguments in (["build"], ["build"], ["build", "--no-cache"]):
        done = inkcell(root, *arguments)
        assert done.exit_code == 0
        assert done.stderr == (
            f"note: posts/a/index.ko.md:{line} (cell 1): a link without an address is shown as "
            "text: [문서][doc]; write `[doc]: https://…` below it (if it is no link, write `\\[`)\n"
        )


def test_folders_and_address_can_be_given(
    write_blog: WriteBlog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--posts` and `--output` are read from the current folder, `--base-url` beats `url`."""
    root = write_blog({"elsewhere/a/index.ko.md": "글\n"})
    monkeypatch.chdir(tmp_path)
    done = inkcell(
        root,
        "build",
        "--posts",
        "blog/elsewhere",
        "-o",
        "out",
        "--base-url",
        "https://u.example/p/",
    )
    assert done.exit_code == 0, done.stderr
    feed = (tmp_path / "out" / "feed.xml").read_text()
    assert '<link href="https://u.example/p/feed.xml" rel="self"' in feed
    page = (tmp_path / "out" / "math" / "2022-07-08-a" / "index.html").read_text()
    assert 'href="/p/archive/"' in page
    assert not (root / "site").exists()


@pytest.mark.parametrize(
    ("output", "read"),
    [
        ("static", "static"),
        ("static/deep/er", "static"),
        ("posts/a", "posts"),
        ("linked", "pages"),
        ("templates", "templates"),
        (".inkcell/posts", ".inkcell"),
    ],
)
def test_no_site_is_written_where_builds_read(
    write_blog: WriteBlog, output: str, read: str
) -> None:
    """It would be taken for files to copy, or for posts; what lies there stays."""
    root = write_blog(
        {"posts/a/index.ko.md": "글\n", "static/a.txt": "mine", "pages/b/index.ko.md": "쪽\n"}
    )
    (root / "linked").symlink_to("pages")
    before = snapshot(root)
    done = inkcell(root, "build", "--output", str(root / output))
    assert done.exit_code == 1
    where = output.replace("linked", "pages")
    assert done.stderr == (
        f"{where}: error: builds read `{read}`, and cannot write the site into it\n"
        "  hint: give --output a folder of its own\n\n1 error; the site is as it was.\n"
    )
    assert snapshot(root) == before


def test_no_site_is_written_into_the_folder_of_the_posts(write_blog: WriteBlog) -> None:
    """Wherever that is; beside them, and around them, there is room."""
    root = write_blog({"site/a/index.ko.md": "글\n"})
    done = inkcell(root, "build", "--posts", str(root / "site"), "--json")
    assert done.exit_code == 1
    assert '"message": "builds read `site`, and cannot write the site into it"' in done.stdout
    # No folder, but nothing that keeps a site from its place.
    (root / "static").symlink_to("static")
    for output in (root, root / "posts"):
        options = ("--posts", str(root / "site"), "--output", str(output))
        assert inkcell(root, "build", *options).exit_code == 0
        assert inkcell(root, "clean", "--output", str(output)).exit_code == 0
    assert [path.name for path in (root / "site").iterdir()] == ["a"]


@pytest.mark.parametrize("kind", [[], ["--notebook"]])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_new_post_can_be_built(write_blog: WriteBlog, language: str, kind: list[str]) -> None:
    """Whatever stands in the title; and a second post of that name is refused."""
    root = write_blog({"posts/_none/x": ""})
    arguments = ["new", '제목: "따옴표" & #1', "--lang", language, "--category", "수학", *kind]
    done = inkcell(root, *arguments)
    assert done.exit_code == 0
    path = root / done.stdout.strip()
    assert path.parent.name == "제목-따옴표-1"
    text = path.read_text(encoding="utf-8").replace("sum(n**2 for n in range(10))", "")
    path.write_text(text, encoding="utf-8")
    assert inkcell(root, "build", "--drafts").exit_code == 0
    home = (root / "site" / ("" if language == "ko" else "en") / "index.html").read_text()
    assert "제목: &#34;따옴표&#34; &amp; #1" in home
    again = inkcell(root, *arguments)
    assert again.exit_code == 1
    assert "the post is there already" in again.stderr
    assert path.read_text(encoding="utf-8") == text


def test_clean_removes_what_builds_wrote(write_blog: WriteBlog) -> None:
    """And nothing else; with `--cache` the kept results too."""
    root = write_blog({"posts/a/index.ko.md": "글\n", "site/CNAME": "example.org"})
    kept = [root / ".inkcell" / name for name in ("results", "posts", "preview")]
    inkcell(root, "build")
    for folder in kept:
        folder.mkdir(parents=True, exist_ok=True)
    done = inkcell(root, "clean")
    assert re.fullmatch(r"site: \d+ files removed\n", done.stdout)
    assert [path.name for path in (root / "site").iterdir()] == ["CNAME"]
    assert all(folder.exists() for folder in kept)
    inkcell(root, "clean", "--cache")
    assert not any(folder.exists() for folder in kept)


def test_clean_tells_of_a_site_elsewhere(write_blog: WriteBlog, tmp_path: Path) -> None:
    """What a build was told to write into another folder is removed where that is named."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    out = tmp_path / "out"
    assert inkcell(root, "build", "--output", str(out)).exit_code == 0
    done = inkcell(root, "clean")
    assert done.stdout == "site: 0 files removed\n"
    assert done.stderr == f"note: the last build wrote {out}; give that to --output\n"
    assert inkcell(root, "clean", "--output", str(out)).stderr == ""
    assert not out.exists()


@pytest.mark.parametrize(
    "command", [("clean",), ("clean", "--cache"), ("build", "--no-cache", "--json")]
)
def test_what_the_system_refuses_is_told(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """With the file, as of somebody else's `.inkcell`; the site is as it was."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    assert inkcell(root, "build").exit_code == 0
    before = snapshot(root)

    def refuse(path: str, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "remove", refuse)
        done = inkcell(root, *command)
    assert done.exit_code == 1
    said = done.stdout if "--json" in command else done.stderr
    for told in (
        f"{root}/.inkcell/build.json",
        "refuses it: Permission denied",
        "look at its perm",
    ):
        assert told in said
    assert snapshot(root) == before


def test_kept_results_that_cannot_be_removed(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked for all code to run again hears that it will not."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    assert inkcell(root, "build").exit_code == 0
    (root / ".inkcell" / "results" / "ab").mkdir(parents=True)

    def refuse(path: object, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", refuse)
        done = inkcell(root, "clean", "--cache")
    assert done.exit_code == 1
    assert "error: the system refuses it: Permission denied" in done.stderr


def test_why_names_the_posts(write_blog: WriteBlog) -> None:
    """Each post with its reasons; an unknown post is an error."""
    root = write_blog(
        {"posts/a/index.ko.md": "```{code-cell}\n1\n```\n", "posts/b/index.ko.md": "글\n"}
    )
    done = inkcell(root, "why")
    assert done.stdout == (
        "posts/a/index.ko.md: would run\n  this code has not run here yet\n"
        "posts/b/index.ko.md: unchanged, would not run\n"
    )
    assert inkcell(root, "why", "b").stdout.startswith("posts/b")
    assert inkcell(root, "why", "nothing").exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--root=", "list"),
        ("build", "--output="),
        ("build", "--posts="),
        ("clean", "-o", ""),
        ("init", ""),
    ],
)
def test_an_empty_name_of_a_folder_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """A variable that is not set would stand for the current folder."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert "The name is empty; the current folder is `.`." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_home_folder_in_a_name(write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--root=~/blog` reaches the command as it is typed."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    monkeypatch.setenv("HOME", str(root.parent))
    done = CliRunner().invoke(main, ["--root=~/blog", "build", "--output=~/out"])
    assert done.exit_code == 0, done.stderr
    assert (root.parent / "out" / "index.html").is_file()


@pytest.mark.parametrize("command", [[], ["build"], ["new"], ["clean"], ["why"]])
def test_help(command: list[str]) -> None:
    """Every command explains itself."""
    done = CliRunner().invoke(main, [*command, "--help"])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 5


def test_python_m_generator_is_inkcell() -> None:
    """The module runs like the command."""
    command = [sys.executable, "-m", "generator", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == f"inkcell, version {__version__}\n"


IMPORTED = """
import sys
from generator.cli import main
main(["completion", "bash"], standalone_mode=False)
print(*sorted(name for name in sys.modules if name.startswith("generator")))
"""


def test_a_command_imports_no_other() -> None:
    """Nor anything else of ours that only others need."""
    command = [sys.executable, "-c", IMPORTED]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout.splitlines()[-1].split() == [
        "generator",
        "generator.cli",
        "generator.cli.folders",
        "generator.cli.help_pages",
        "generator.cli.shell_completion",
    ]


def test_a_caret_stands_under_the_place() -> None:
    """Behind the number of the line; Hangul takes two columns of a terminal."""
    error = MathError("no").at(file="a.md", line=3, cell=2, text="집합 x^2^3", column=7, hint="h")
    lines = click.unstyle(format_error(error)).split("\n")
    assert lines == [
        "a.md:3 (cell 2): error: no",
        "    3 | 집합 x^2^3",
        "      |         ^",
        "  hint: h",
    ]


@pytest.mark.parametrize(
    ("known", "lines"),
    [
        ({}, ["error: no"]),
        ({"file": "a.md", "text": "x"}, ["a.md: error: no", "    x"]),
        ({"text": "x", "column": 1}, ["error: no", "    x", "    ^"]),
        ({"detail": "one\ntwo"}, ["error: no", "  | one", "  | two"]),
        (
            {"file": "a.md", "line": 9, "text": "x\ny\nz\nmore", "column": 1},
            ["a.md:9: error: no", "    9 | x", "   10 | y", "   11 | z"],
        ),
        (
            {"file": "a.md", "line": 123456, "text": "ab", "column": 2, "detail": "d"},
            ["a.md:123456: error: no", "123456 | ab", "       |  ^", "       | d"],
        ),
    ],
)
def test_an_error_shows_what_it_knows(known: dict[str, Any], lines: list[str]) -> None:
    """Text with a line stands behind its number, everything below it behind the same bar."""
    assert click.unstyle(format_error(MathError("no").at(**known))).split("\n") == lines


def lives(process: psutil.Process) -> bool:
    """Whether a process still runs; one that nobody waited for does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_an_interrupt_while_files_are_looked_at(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C before there is anything to build ends as it does later."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    root = write_blog({"posts/a/index.ko.md": "글\n"})
    monkeypatch.setattr(last_build, "compare", interrupted)
    done = inkcell(root, "build")
    assert (done.exit_code, done.stderr) == (130, "\nInterrupted; the site is as it was.\n")


@pytest.mark.kernel
@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_an_interrupt_ends_kernels_and_spares_the_site(
    write_blog: WriteBlog, tmp_path: Path
) -> None:
    """Ctrl-C while a cell runs: exit status 130, no kernel left, the site as it was."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    inkcell(root, "build")
    before = snapshot(root / "site")
    started = tmp_path / "started"
    code = f"import pathlib, time\npathlib.Path({str(started)!r}).touch()\ntime.sleep(300)"
    write_blog({"posts/a/index.ko.md": f"```{{code-cell}}\n{code}\n```\n"})
    command = [sys.executable, "-m", "generator", "--root", str(root), "build"]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE) as build:
        while not started.exists() and build.poll() is None:
            time.sleep(0.05)
        kernels = psutil.Process(build.pid).children(recursive=True)
        assert kernels
        build.send_signal(signal.SIGINT)
        assert build.wait(timeout=60) == 130
    assert not [kernel for kernel in kernels if lives(kernel)]
    assert snapshot(root / "site") == before
