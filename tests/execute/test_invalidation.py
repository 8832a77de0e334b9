"""Invalidation is exact: what changes a result runs the posts that have it, all else runs none.

Four posts and a fake kernel that reports what it saw; `test_tracing` shows that real kernels see
it. Each case changes one thing, and names the posts that run again with the reasons they give.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.execute import machine
from generator.progress import Started

from ..conftest import FRONT_MATTER, WriteBlog
from .fake_kernel import Blog, cell, with_settings

PAIR = cell("import helper\nprint(helper.X)", "hide-input") + cell("1 / 1")
DATA = with_settings("depends_on_env: [MODE], dependencies: [../../shared.csv, tables]")
FILES: dict[str, str | bytes] = {
    "posts/pair/index.ko.md": "글\n\n" + PAIR,
    "posts/pair/index.en.md": "Text\n\n" + PAIR,
    "posts/pair/helper.py": "X = 1\n",
    "posts/data/index.ko.md": DATA + cell("open('data.csv'), glob('parts/*')"),
    "posts/data/data.csv": "1",
    "posts/data/parts/one.csv": "1",
    "posts/data/parts/written.csv": "the code writes it",
    "posts/data/tables/a.csv": "1",
    "shared.csv": "1",
    "posts/device/index.ko.md": with_settings("gpu: preferred") + cell("import torch"),
    "posts/plain/index.en.ipynb": json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "cell_type": "raw",
                    "id": "a",
                    "metadata": {},
                    "source": "title: x\ndate: 2022-07-08\ncategory: math",
                },
                {
                    "cell_type": "code",
                    "id": "b",
                    "metadata": {},
                    "execution_count": 7,
                    "source": "1 + 1",
                    "outputs": [
                        {"output_type": "stream", "name": "stdout", "text": "saved by somebody"}
                    ],
                },
            ],
        }
    ),
}
SEES: dict[str, dict[str, object]] = {
    "pair": {"files": ["posts/pair/helper.py"], "modules": ["numpy", "helper"]},
    "data": {
        "files": ["posts/data/data.csv", "posts/data/parts/", "posts/device/"],
        "modules": ["numpy", "tiny", "os"],
        "written": ["posts/data/parts/written.csv"],
        "absent": ["posts/data/extra.py", "posts/data/extra/"],
        "missing": ["extra"],
    },
    "device": {"missing": ["torch"], "modules": []},
}


@pytest.fixture
def blog(write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch) -> Blog:
    """The four posts, built."""
    monkeypatch.setattr(machine, "visible_device", lambda: "cpu")
    monkeypatch.setenv("MODE", "fast")
    made = Blog(write_blog, FILES)
    made.versions = {"numpy": "2.4.6", "tiny": "1.0", "pytest": "9"}
    made.sees = SEES
    assert made.build() == ["data", "device", "pair", "plain"]
    made.events.clear()
    return made


Change = Callable[[Blog, pytest.MonkeyPatch], None]


def files(changes: Mapping[str, str | bytes]) -> Change:
    return lambda blog, patch: blog.write(changes)


def edited(name: str, before: str, after: str) -> Change:
    """A file with one text replaced."""
    old = FILES[name]
    text = old if isinstance(old, str) else old.decode()
    if not text.startswith("---") and name.endswith(".md"):
        text = FRONT_MATTER + text
    assert before in text
    return files({name: text.replace(before, after)})


def both(before: str, after: str) -> Change:
    """The two versions of a post, edited in the same way."""
    changes = [edited(f"posts/pair/index.{name}.md", before, after) for name in ("ko", "en")]

    def change(blog: Blog, patch: pytest.MonkeyPatch) -> None:
        for single in changes:
            single(blog, patch)

    return change


def removed(name: str) -> Change:
    return lambda blog, patch: (blog.root / name).unlink()


def removed_folder(name: str) -> Change:
    return lambda blog, patch: shutil.rmtree(blog.root / name)


def version(name: str, number: str) -> Change:
    return lambda blog, patch: blog.versions.update({name: number})


def importable(name: str) -> Change:
    return lambda blog, patch: blog.modules.add(name)


def variable(name: str, value: str | None) -> Change:
    if value is None:
        return lambda blog, patch: patch.delenv(name)
    return lambda blog, patch: patch.setenv(name, value)


def python(name: str) -> Change:
    return lambda blog, patch: setattr(blog, "interpreter", name)


def gpu(blog: Blog, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(machine, "visible_device", lambda: "cuda")


def moved(blog: Blog, patch: pytest.MonkeyPatch) -> None:
    (blog.root / "posts" / "plain").rename(blog.root / "posts" / "moved")


def option(**values: object) -> Change:
    """A setting of the whole blog, or an option of the command."""

    def change(blog: Blog, patch: pytest.MonkeyPatch) -> None:
        blog.config = replace(blog.config, **values)

    return change


def every_post(**values: object) -> Change:
    """A setting in `[tool.inkcell.execute]`."""

    def change(blog: Blog, patch: pytest.MonkeyPatch) -> None:
        execute = replace(blog.config.execute, **values)
        blog.config = replace(blog.config, execute=execute)

    return change


ALL_PYTHON = ("Python 3.11 → Python 3.12",)
INSIDE: list[tuple[str, Change, dict[str, tuple[str, ...]]]] = [
    ("code of both versions", both("1 / 1", "2 / 1"), {"pair": ("cell 3 (line 15) changed",)}),
    (
        "code of one version: only that runs",
        edited("posts/pair/index.en.md", "1 / 1", "2 / 1"),
        {"pair": ("cell 3 (line 15) changed",)},
    ),
    (
        "a comment in the code",
        both("1 / 1", "1 / 1  # one"),
        {"pair": ("cell 3 (line 15) changed",)},
    ),
    (
        "an announced exception",
        both("```{code-cell}\n1 / 1", "```{code-cell}\n:tags: [raises-exception]\n1 / 1"),
        {"pair": ("cell 3 (line 16) may raise an exception now",)},
    ),
    (
        "a skipped cell",
        both("hide-input", "skip-execution"),
        {"pair": ("a cell before cell 3 (line 15) is gone: import helper",)},
    ),
    (
        "a cell that does not run any more",
        both("1 / 1", "#| eval: false\n1 / 1"),
        {"pair": ("a cell at the end is gone: 1 / 1",)},
    ),
    (
        "`error: true`",
        both("title: A post", "title: A post\nexecute: {error: true}"),
        {
            "pair": (
                "cell 2 (line 12) may raise an exception now",
                "cell 3 (line 16) may raise an exception now",
            )
        },
    ),
    (
        "the kernel",
        both("title: A post", "title: A post\nkernelspec: {name: py313}"),
        {"pair": ("kernel python3 → py313",)},
    ),
    (
        "threads",
        both("title: A post", "title: A post\nexecute: {threads: 2}"),
        {"pair": ("execute.threads 1 → 2",)},
    ),
    (
        "network",
        both("title: A post", "title: A post\nexecute: {network: false}"),
        {"pair": ("execute.network true → false",)},
    ),
    (
        "whether it wants a GPU",
        both("title: A post", "title: A post\nexecute: {gpu: preferred}"),
        {"pair": ("execute.gpu never → preferred",)},
    ),
    (
        "a setting of all posts",
        every_post(threads=3),
        dict.fromkeys(("data", "device", "pair", "plain"), ("execute.threads 1 → 3",)),
    ),
    ("a GPU that is there now", gpu, {"device": ("made on cpu, now cuda",)}),
    (
        "a local module",
        files({"posts/pair/helper.py": "X = 2\n"}),
        {"pair": ("posts/pair/helper.py changed",)},
    ),
    (
        "a local module that is gone",
        removed("posts/pair/helper.py"),
        {"pair": ("posts/pair/helper.py is gone",)},
    ),
    (
        "a data file",
        files({"posts/data/data.csv": "2"}),
        {"data": ("posts/data/data.csv changed",)},
    ),
    (
        "a new file in a listed folder",
        files({"posts/data/parts/two.csv": "2"}),
        {"data": ("posts/data/parts/ holds other files",)},
    ),
    (
        "a version of another post, whose folder is listed",
        files({"posts/device/index.en.md": "Text.\n"}),
        {"data": ("posts/device/ holds other files",)},
    ),
    (
        "a lost file in a listed folder",
        removed("posts/data/parts/one.csv"),
        {"data": ("posts/data/parts/ holds other files",)},
    ),
    ("a declared file", files({"shared.csv": "2"}), {"data": ("shared.csv changed",)}),
    ("a declared file that is gone", removed("shared.csv"), {"data": ("shared.csv is gone",)}),
    (
        "a file in a declared folder",
        files({"posts/data/tables/deep/b.csv": "2"}),
        {"data": ("posts/data/tables changed",)},
    ),
    (
        "another declaration",
        edited("posts/data/index.ko.md", "../../shared.csv, ", ""),
        {"data": ('execute.dependencies ["../../shared.csv", "tables"] → ["tables"]',)},
    ),
    (
        "a declared variable",
        variable("MODE", "slow"),
        {"data": ("the environment variable MODE changed",)},
    ),
    (
        "a declared variable that is not set any more",
        variable("MODE", None),
        {"data": ("the environment variable MODE changed",)},
    ),
    ("a package of one post", version("tiny", "1.1"), {"data": ("tiny 1.0 → 1.1",)}),
    (
        "a package of two posts",
        version("numpy", "2.5.0"),
        {"pair": ("numpy 2.4.6 → 2.5.0",), "data": ("numpy 2.4.6 → 2.5.0",)},
    ),
    ("a package that is gone", version("tiny", ""), {"data": ("tiny 1.0 → not installed",)}),
    (
        "an import that failed and is possible now",
        importable("torch"),
        {"device": ("torch can be imported now",)},
    ),
    (
        "a module beside the post that was missing",
        files({"posts/data/extra.py": ""}),
        {"data": ("posts/data/extra.py is new",)},
    ),
    (
        "a package beside the post that was missing",
        files({"posts/data/extra/__init__.py": ""}),
        {"data": ("posts/data/extra/ is new",)},
    ),
    (
        "the Python version",
        python("Python 3.12"),
        dict.fromkeys(("data", "device", "pair", "plain"), ALL_PYTHON),
    ),
    (
        "another folder",
        moved,
        {"moved": ("this code has not run here yet",)},
    ),
]

NOTEBOOK = "posts/plain/index.en.ipynb"
OUTSIDE: list[tuple[str, Change]] = [
    ("nothing", lambda blog, patch: None),
    ("prose", both("math\n---\n", "math\n---\n# Heading\n\nMore.\n\n")),
    ("title", both("title: A post", "title: Another")),
    ("tags of the post", both("title: A post", "title: A post\ntags: [new]")),
    ("the post's date", both("2022-07-08", "2023-07-08")),
    ("a later date of change", both("title: A post", "title: A post\nlastmod: 2024-01-01")),
    ("category and draft", both("category: math", "category: paper\ndraft: false")),
    ("another display tag", both("hide-input", "remove-input, remove-stderr, my-own")),
    (
        "display options",
        both(
            "1 / 1",
            "#| label: fig-a\n#| fig-cap: A caption\n#| echo: false\n#| output: true\n1 / 1",
        ),
    ),
    ("a fold", both("1 / 1", "#| code-fold: true\n#| warning: false\n1 / 1")),
    ("an empty line around the code", both("1 / 1\n", "\n1 / 1\n\n")),
    (
        "a cell that is skipped",
        both("1 / 1\n```\n", "1 / 1\n```\n\n" + cell("new", "skip-execution")),
    ),
    ("time-outs", both("title: A post", "title: A post\nexecute: {timeout: 9, post_timeout: 99}")),
    ("memory", both("title: A post", "title: A post\nexecute: {memory: 999}")),
    ("warm", both("title: A post", "title: A post\nexecute: {warm: false}")),
    ("what is said of all posts", every_post(timeout=7, post_timeout=70, memory=9000, warm=False)),
    ("how many run at once", option(jobs=7)),
    ("--no-execute", option(run_code=False)),
    ("--allow-stale", option(allow_stale=True)),
    ("prose of another post", edited("posts/pair/index.ko.md", "글", "다른 글")),
    ("another post", files({"posts/new/index.ko.md": "Prose only.\n"})),
    ("a post that is gone", removed_folder("posts/plain")),
    ("an unrelated file beside the post", files({"posts/pair/picture.png": b"\x89PNG"})),
    ("an unrelated module beside the post", files({"posts/pair/test_helper.py": "import pytest"})),
    ("a file elsewhere in the blog", files({"templates/page.html": "", "README.md": "x"})),
    (
        "a translation with the same code",
        files({"posts/data/index.en.md": FILES["posts/data/index.ko.md"]}),
    ),
    ("a file that the code writes", files({"posts/data/parts/written.csv": "again"})),
    ("a file that the code writes is gone", removed("posts/data/parts/written.csv")),
    ("a file of the system in a listed folder", files({"posts/data/parts/.DS_Store": "x"})),
    ("bytecode in a listed folder", files({"posts/data/parts/__pycache__/a.pyc": b"x"})),
    (
        "copies that editors keep in a listed folder",
        files({"posts/data/parts/a.csv~": "x", "posts/data/parts/#a.csv#": "x"}),
    ),
    ("saved outputs", edited(NOTEBOOK, "saved by somebody", "saved by somebody else")),
    ("execution counts", edited(NOTEBOOK, '"execution_count": 7', '"execution_count": 8')),
    ("ids of cells", edited(NOTEBOOK, '"id": "b"', '"id": "c"')),
    (
        "metadata of a notebook",
        edited(
            NOTEBOOK, '"metadata": {}, "execution', ('"metadata": {"collapsed": true}, "execution')
        ),
    ),
    ("an unrelated package", version("pytest", "10")),
    ("a package that is new", version("scipy", "1")),
    ("an import that nobody tried", importable("jax")),
    ("another variable", variable("OTHER", "x")),
]


@pytest.mark.parametrize(
    ("change", "reasons"), [case[1:] for case in INSIDE], ids=[case[0] for case in INSIDE]
)
def test_what_a_result_depends_on(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, change: Change, reasons: dict[str, tuple[str, ...]]
) -> None:
    """Exactly these posts run again, once, for exactly these reasons."""
    change(blog, monkeypatch)
    assert blog.reasons() == reasons
    assert blog.build() == sorted(reasons)
    told = {e.post.split("/")[1]: e.reasons for e in blog.events if isinstance(e, Started)}
    assert told == reasons
    assert blog.build() == []


@pytest.mark.parametrize("change", [case[1] for case in OUTSIDE], ids=[case[0] for case in OUTSIDE])
def test_what_a_result_does_not_depend_on(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    """Not one post runs."""
    change(blog, monkeypatch)
    assert blog.build() == []


def test_freezing_runs_nothing(blog: Blog) -> None:
    """The file that `inkcell freeze` writes is no input of the post, nor is its absence."""
    paths = blog.freeze(*blog.posts())
    assert len(paths) == 4
    assert blog.build() == []
    for path in paths:
        path.unlink()
    assert blog.build() == []


def test_what_was_is_found_again(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Back to code that ran before: its results are still there."""
    both("1 / 1", "2 / 1")(blog, monkeypatch)
    assert blog.build() == ["pair"]
    both("1 / 1", "1 / 1")(blog, monkeypatch)
    assert blog.build() == []


def test_all_that_has_changed_is_named(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two things at once are two reasons: of the code, its files, the machine."""
    blog.write({"posts/pair/helper.py": "X = 2\n"})
    version("numpy", "2.5.0")(blog, monkeypatch)
    assert blog.reasons()["pair"] == ("posts/pair/helper.py changed", "numpy 2.4.6 → 2.5.0")
    both("1 / 1", "2 / 1")(blog, monkeypatch)
    assert blog.reasons()["pair"] == (
        "cell 3 (line 15) changed",
        "posts/pair/helper.py changed",
        "numpy 2.4.6 → 2.5.0",
    )


# --- the commands ---------------------------------------------------------------------------------


@pytest.fixture
def commands(blog: Blog) -> Blog:
    """The same blog, where the command keeps its results."""
    blog.config = replace(blog.config, cache=Path(".inkcell/results"))
    (blog.root / ".inkcell").mkdir()
    (blog.root / "cache").rename(blog.root / ".inkcell" / "results")
    blog.ran.clear()
    return blog


def test_why(commands: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every post with its reasons, each on a line; nothing runs."""
    both("1 / 1", "2 / 1")(commands, monkeypatch)
    version("numpy", "2.5.0")(commands, monkeypatch)
    assert commands.command(monkeypatch, "why").stdout == (
        "posts/data/index.ko.md: would run\n"
        "  numpy 2.4.6 → 2.5.0\n"
        "posts/device/index.ko.md: unchanged, would not run\n"
        "posts/pair/index.en.md: would run\n"
        "  cell 3 (line 15) changed\n"
        "  numpy 2.4.6 → 2.5.0\n"
        "posts/pair/index.ko.md: would run\n"
        "  cell 3 (line 15) changed\n"
        "  numpy 2.4.6 → 2.5.0\n"
        "posts/plain/index.en.ipynb: unchanged, would not run\n"
    )
    assert commands.ran == []
    one = commands.command(monkeypatch, "why", "device").stdout
    assert one == "posts/device/index.ko.md: unchanged, would not run\n"


def test_refresh_runs_just_that_post(commands: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """However good its results; a misspelt name is an error and runs nothing."""
    done = commands.command(monkeypatch, "build", "--refresh", "pair", "--refresh", "plain")
    assert done.exit_code == 0, done.stderr
    assert sorted(commands.ran) == ["posts/pair/index.en.md", "posts/plain/index.en.ipynb"]
    assert "running posts/pair/index.en.md (`--refresh`)" in done.stderr
    commands.ran.clear()
    wrong = commands.command(monkeypatch, "build", "--refresh", "pear", "--refresh", "x")
    assert wrong.exit_code == 1
    assert wrong.stderr == (
        "error: there is no post `pear`\n  hint: did you mean `pair`?\n\n"
        "error: there is no post `x`\n  hint: name its folder below posts/\n\n"
        "2 errors; the site is as it was.\n"
    )
    assert commands.ran == []


def test_no_execute(commands: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """It publishes what is kept; else it names all posts that would have to run, in one run."""
    done = commands.command(monkeypatch, "build", "--no-execute")
    assert done.exit_code == 0, done.stderr
    assert "0 posts run, 4 from the cache" in done.stdout
    both("1 / 1", "2 / 1")(commands, monkeypatch)
    version("tiny", "2")(commands, monkeypatch)
    # The fake package is not on the disk, where a build looks first for what has changed.
    (commands.root / ".inkcell" / "build.json").unlink(missing_ok=True)
    commands.write({"posts/new/index.ko.md": cell("x")})
    refused = commands.command(monkeypatch, "build", "--no-execute")
    assert refused.exit_code == 1
    assert refused.stderr == (
        "posts/data/index.ko.md: error: its code would have to run: tiny 1.0 → 2\n"
        "  hint: build without `--no-execute`\n\n"
        "posts/new/index.ko.md: error: its code would have to run: this code has not run here yet\n"
        "  hint: build without `--no-execute`\n\n"
        "posts/pair/index.en.md: error: its code would have to run: cell 3 (line 15) changed\n"
        "  hint: build without `--no-execute`\n\n"
        "3 errors; the site is as it was.\n"
    )
    assert commands.ran == []


def test_no_cache(commands: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything runs, whatever is kept and whatever a post says, and is kept for the next."""
    edited("posts/data/index.ko.md", "depends_on_env", "cache: true, depends_on_env")(
        commands, monkeypatch
    )
    done = commands.command(monkeypatch, "build", "--no-cache")
    assert done.exit_code == 0, done.stderr
    assert len(commands.ran) == 4
    assert "running posts/data/index.ko.md (`--no-cache`)" in done.stderr
    commands.command(monkeypatch, "build")
    assert len(commands.ran) == 4


def test_clean_cache(commands: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `clean` nothing runs, after `clean --cache` everything."""
    commands.command(monkeypatch, "build")
    commands.command(monkeypatch, "clean")
    commands.command(monkeypatch, "build")
    assert commands.ran == []
    commands.command(monkeypatch, "clean", "--cache")
    assert not (commands.root / ".inkcell" / "results").exists()
    assert commands.reasons()["plain"] == ("this code has not run here yet",)
    commands.command(monkeypatch, "build")
    assert len(commands.ran) == 4


def test_the_limit_of_the_settings(commands: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cache_limit` in the settings bounds what is kept of code that no post has any more."""
    settings = (commands.root / "pyproject.toml").read_text(encoding="utf-8")
    commands.write({"pyproject.toml": settings + "\n[tool.inkcell.execute]\ncache_limit = 0\n"})
    kept = commands.root / ".inkcell" / "results"
    assert len(list(kept.glob("??/*.json"))) == 4
    both("1 / 1", "2 / 1")(commands, monkeypatch)
    done = commands.command(monkeypatch, "build")
    assert done.exit_code == 0, done.stderr
    assert len(list(kept.glob("??/*.json"))) == 4
    both("1 / 1", "1 / 1")(commands, monkeypatch)
    commands.ran.clear()
    commands.command(monkeypatch, "build")
    assert commands.ran == ["posts/pair/index.en.md"]
