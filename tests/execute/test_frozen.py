"""Results stored beside a post: when they are used, when they are stale, what damages them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.execute import machine
from generator.model import ExecutedPost, Stream

from ..conftest import FRONT_MATTER, WriteBlog
from .fake_kernel import Blog, cell, with_settings

CODE = cell("x = 1") + cell("y = 2")
GPU = with_settings("gpu: required")
FROZEN = with_settings("freeze: true")


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine has none."""
    monkeypatch.setattr(machine, "visible_device", lambda: "cpu")


def frozen_blog(write_blog: WriteBlog, front: str = FRONT_MATTER, body: str = CODE) -> Blog:
    """A blog whose one post was frozen on a machine with a GPU; what was kept is lost."""
    blog = Blog(
        write_blog,
        {"posts/a/index.ko.md": front + body, "posts/a/part.py": "", "posts/a/data.csv": "1"},
    )
    blog.sees["a"] = {"files": ["posts/a/part.py", "posts/a/data.csv"], "modules": ["numpy"]}
    with pytest.MonkeyPatch.context() as there:
        there.setattr(machine, "visible_device", lambda: "cuda")
        assert blog.freeze(*blog.posts()) == (blog.root / "posts" / "a" / "frozen.json",)
    assert blog.ran == ["posts/a/index.ko.md"]
    blog.ran.clear()
    blog.events.clear()
    blog.config = replace(blog.config, cache=Path("another"))
    return blog


def texts(done: tuple[ExecutedPost, ...]) -> list[list[str]]:
    """What the cells of the one post printed."""
    (item,) = done
    return [[s.text for s in cell if isinstance(s, Stream)] for cell in item.results.outputs]


# --- used -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("front", [FRONT_MATTER, GPU, FROZEN])
def test_frozen_results_are_used(write_blog: WriteBlog, front: str) -> None:
    """Nothing runs, nothing is kept; the author is told where they come from."""
    blog = frozen_blog(write_blog, front)
    (done,) = blog.execute(*blog.posts())
    assert blog.errors == []
    assert blog.ran == []
    assert done.results.frozen
    assert done.results.stale == ()
    assert texts((done,)) == [["ran x = 1"], ["ran y = 2"]]
    assert not (blog.root / "another").exists()
    assert blog.reasons() == {}


def test_the_machine_does_not_matter(write_blog: WriteBlog) -> None:
    """Other versions, another Python, no GPU, an import that fails or succeeds: still used."""
    blog = frozen_blog(write_blog, GPU)
    blog.versions = {"numpy": "9"}
    blog.interpreter = "Python 9"
    blog.modules = set()
    assert blog.build() == []


@pytest.mark.parametrize(
    "files",
    [
        {"posts/a/index.ko.md": GPU.replace("A post", "Another") + "Prose.\n\n" + CODE},
        {"posts/a/index.en.md": GPU + CODE},
        {"posts/a/other.txt": "x"},
        {"posts/b/index.ko.md": "Text.\n"},
    ],
)
def test_what_is_not_code_does_not_matter(write_blog: WriteBlog, files: dict[str, str]) -> None:
    """Prose, titles, a translation, another file beside the post, another post."""
    blog = frozen_blog(write_blog, GPU)
    blog.write(files)
    assert blog.build() == []


def test_the_file_is_deterministic(write_blog: WriteBlog) -> None:
    """Frozen again without a run, it is the same to the byte, and ends with a line end."""
    blog = Blog(write_blog, {"posts/a/index.ko.md": CODE, "posts/a/index.en.md": cell("z")})
    (path,) = blog.freeze(*blog.posts())
    first = path.read_bytes()
    assert first.endswith(b"}\n")
    assert path.stat().st_mode & 0o444 == path.parent.stat().st_mode & 0o444
    assert len(blog.ran) == 2
    blog.freeze(*reversed(blog.posts()))
    assert path.read_bytes() == first
    assert len(blog.ran) == 2


def test_freezing_runs_nothing_twice(write_blog: WriteBlog) -> None:
    """What is kept and fits is frozen; with --refresh the code runs, for all else stays."""
    blog = Blog(write_blog, {"posts/a/index.ko.md": CODE})
    blog.build()
    blog.freeze(*blog.posts())
    assert len(blog.ran) == 1
    blog.config = replace(blog.config, refresh=frozenset("a"))
    blog.freeze(*blog.posts())
    assert len(blog.ran) == 2


def test_two_versions_with_different_code(write_blog: WriteBlog) -> None:
    """One file holds both; each version gets its own results."""
    blog = Blog(
        write_blog,
        {"posts/a/index.ko.md": FROZEN + cell("x"), "posts/a/index.en.md": FROZEN + cell("y")},
    )
    (path,) = blog.freeze(*blog.posts())
    assert len(json.loads(path.read_text())["entries"]) == 2
    done = {post.post.meta.language: post for post in blog.execute(*blog.posts())}
    assert texts((done["ko"],)) == [["ran x"]]
    assert texts((done["en"],)) == [["ran y"]]
    blog.write({"posts/a/index.en.md": FROZEN + cell("changed")})
    assert [item.post.meta.language for item in blog.execute(*blog.posts())] == ["ko"]
    assert [error.file for error in blog.errors] == ["posts/a/index.en.md"]


def test_a_file_of_half_a_post_is_not_written(write_blog: WriteBlog) -> None:
    """If one version fails, the file stays as it was."""
    blog = Blog(write_blog, {"posts/a/index.ko.md": cell("x"), "posts/a/index.en.md": cell("y")})
    (path,) = blog.freeze(*blog.posts())
    before = path.read_bytes()
    blog.fails = lambda post: post.meta.language == "en"
    blog.write({"posts/a/index.en.md": cell("z"), "posts/a/index.ko.md": cell("xx")})
    assert blog.freeze(*blog.posts()) == ()
    assert len(blog.errors) == 1
    assert path.read_bytes() == before


def test_a_post_without_code_has_nothing_to_freeze(write_blog: WriteBlog) -> None:
    """No file, but a word."""
    blog = Blog(write_blog, {"posts/a/index.ko.md": "Only prose.\n"})
    assert blog.freeze(*blog.posts()) == ()
    assert blog.notices() == ["there is no code in it whose results could be frozen"]


def test_frozen_results_are_no_input(write_blog: WriteBlog) -> None:
    """A run that reads or lists its folder does not see them: freezing makes nothing stale."""
    blog = Blog(write_blog, {"posts/a/index.ko.md": CODE})
    blog.sees["a"] = {"files": ["posts/a/frozen.json", "posts/a/index.ko.md", "posts/a/"]}
    (path,) = blog.freeze(*blog.posts())
    assert blog.build() == []
    text = json.loads(path.read_text())
    assert list(text["entries"][0]["trace"]["files"]) == ["posts/a/"]
    path.unlink()
    assert blog.build() == []


# --- stale ----------------------------------------------------------------------------------------

CHANGES: list[tuple[dict[str, str], str]] = [
    ({"posts/a/index.ko.md": cell("x = 1") + cell("y = 3")}, "cell 2 (line 12) changed"),
    ({"posts/a/part.py": "X = 2"}, "posts/a/part.py changed"),
    ({"posts/a/data.csv": "2"}, "posts/a/data.csv changed"),
]


@pytest.mark.parametrize(("files", "reason"), CHANGES)
@pytest.mark.parametrize("front", [GPU, FROZEN], ids=["gpu", "freeze"])
def test_stale_results_are_an_error(
    write_blog: WriteBlog, front: str, files: dict[str, str], reason: str
) -> None:
    """It names the first reason and the cure; `inkcell why` says the same; nothing runs."""
    blog = frozen_blog(write_blog, front)
    blog.write({name: front + text if "index" in name else text for name, text in files.items()})
    assert blog.execute(*blog.posts()) == ()
    assert blog.ran == []
    (error,) = blog.errors
    message = f"its frozen results do not fit its code any more: {reason}"
    assert str(error) == message
    assert (error.file, error.line) == ("posts/a/index.ko.md", 2)
    where = " on a machine with a GPU" if front == GPU else ""
    assert error.hint == f"run `inkcell freeze a`{where}, or build with `--allow-stale`"
    assert blog.reasons() == {"a": (message,)}


@pytest.mark.parametrize("front", [GPU, FROZEN], ids=["gpu", "freeze"])
def test_stale_results_are_published_if_asked_for(write_blog: WriteBlog, front: str) -> None:
    """With all reasons on them, and each output at the cell that it belongs to."""
    blog = frozen_blog(write_blog, front, CODE + cell("z = 3"))
    changed = cell("new") + cell("x = 1") + cell("y = 22")
    blog.write({"posts/a/index.ko.md": front + changed, "posts/a/data.csv": "2"})
    blog.config = replace(blog.config, allow_stale=True)
    (done,) = blog.execute(*blog.posts())
    assert blog.errors == []
    assert blog.ran == []
    assert texts((done,)) == [[], ["ran x = 1"], ["ran y = 2"]]
    assert done.results.stale == (
        "cell 1 (line 8) is new",
        "cell 3 (line 16) changed",
        "a cell at the end is gone: z = 3",
        "posts/a/data.csv changed",
    )


def test_stale_results_of_a_post_that_can_run(write_blog: WriteBlog) -> None:
    """It runs, with a word; with --no-execute it is published only with --allow-stale."""
    blog = frozen_blog(write_blog)
    blog.write({"posts/a/part.py": "X = 2"})
    can = blog.config
    blog.config = replace(can, run_code=False)
    assert blog.execute(*blog.posts()) == ()
    (error,) = blog.errors
    assert error.hint is not None
    assert "--allow-stale" in error.hint
    blog.errors.clear()
    blog.config = replace(can, run_code=False, allow_stale=True)
    (done,) = blog.execute(*blog.posts())
    assert done.results.stale == ("posts/a/part.py changed",)
    assert blog.ran == []
    blog.events.clear()
    blog.config = can
    assert blog.build() == ["a"]
    assert blog.notices() == ["frozen results are not used: posts/a/part.py changed"]
    assert blog.build() == []


def test_a_checkout_elsewhere_is_of_the_machine(write_blog: WriteBlog, tmp_path: Path) -> None:
    """A module that is worked on outside the blog decides about kept results, not frozen ones."""
    module = tmp_path / "checkout.py"
    module.write_text("X = 1")
    blog = Blog(write_blog, {"posts/a/index.ko.md": CODE})
    blog.sees["a"] = {"files": [str(module)]}
    blog.freeze(*blog.posts())
    module.write_text("X = 2")
    assert blog.build() == []
    (blog.root / "posts" / "a" / "frozen.json").unlink()
    assert blog.reasons() == {"a": (f"{module} changed",)}


def test_a_post_that_has_moved(write_blog: WriteBlog) -> None:
    """Its code may name its folder: it is frozen anew, or published as stale."""
    blog = frozen_blog(write_blog, FROZEN)
    (blog.root / "posts" / "a").rename(blog.root / "posts" / "b")
    assert blog.reasons() == {
        "b": ("its frozen results do not fit its code any more: the post has moved",)
    }


# --- none, or damaged -----------------------------------------------------------------------------


def test_no_frozen_results(write_blog: WriteBlog) -> None:
    """Neither a GPU nor results; `freeze: true` means frozen ones, whatever this machine kept."""
    blog = Blog(write_blog, {"posts/a/index.ko.md": GPU + CODE, "posts/b/index.ko.md": CODE})
    blog.execute(*blog.posts("b"))
    blog.write({"posts/b/index.ko.md": FROZEN + CODE})
    assert blog.execute(*blog.posts()) == ()
    assert [(str(e), e.line, e.text, e.hint) for e in blog.errors] == [
        (
            "the post requires a GPU, and none is visible here",
            2,
            "gpu: required",
            "run `inkcell freeze a` on a machine with a GPU and commit what it writes, "
            "or build with `--on dask://…`",
        ),
        ("the post has no frozen results", 2, None, "run `inkcell freeze b`"),
    ]
    assert blog.ran == ["posts/b/index.ko.md"]


def test_kept_results_are_as_good_where_a_gpu_is_missing(write_blog: WriteBlog) -> None:
    """They were made with one, and fit: stale frozen results do not hide them."""
    blog = frozen_blog(write_blog, GPU)
    blog.write({"posts/a/data.csv": "2"})
    with pytest.MonkeyPatch.context() as there:
        there.setattr(machine, "visible_device", lambda: "cuda")
        assert blog.build() == ["a"]
    assert blog.build() == []
    assert blog.notices()[-1] == "frozen results are not used: posts/a/data.csv changed"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "{}",
        lambda text: '{"entries": []}',
        lambda text: '{"entries": [7]}',
        lambda text: text[:-20],
        lambda text: text.replace('"x = 1"', '"x = 7"'),
        lambda text: text.replace('"format": 3', '"format": 1'),
    ],
)
@pytest.mark.parametrize("front", [FRONT_MATTER, GPU])
def test_a_damaged_file_is_an_error(write_blog: WriteBlog, front: str, damage: object) -> None:
    """It is under the author's hands: nothing is run over it in silence."""
    assert callable(damage)
    blog = frozen_blog(write_blog, front)
    path = blog.root / "posts" / "a" / "frozen.json"
    good = path.read_text(encoding="utf-8")
    assert damage(good) != good
    path.write_text(damage(good), encoding="utf-8")
    blog.config = replace(blog.config, allow_stale=True)
    assert blog.execute(*blog.posts()) == ()
    assert blog.ran == []
    (error,) = blog.errors
    assert str(error).startswith("its frozen.json is damaged: ")
    assert error.hint is not None
    assert error.hint.startswith("run `inkcell freeze a`")
    assert "--allow-stale" not in error.hint
    with pytest.MonkeyPatch.context() as there:
        there.setattr(machine, "visible_device", lambda: "cuda")
        blog.freeze(*blog.posts())
    blog.errors.clear()
    assert blog.build() == []


# --- refreshed ------------------------------------------------------------------------------------


def test_refresh_does_not_do_without_a_gpu(write_blog: WriteBlog) -> None:
    """A post that requires one never runs on a machine that has none."""
    blog = frozen_blog(write_blog, GPU)
    blog.config = replace(blog.config, refresh=frozenset("a"))
    assert blog.execute(*blog.posts()) == ()
    assert "requires a GPU" in str(blog.errors[0])
    assert blog.ran == []


def test_refresh_of_a_frozen_post(write_blog: WriteBlog) -> None:
    """With `freeze: true` a build never runs it, and says which command does; else it runs."""
    blog = frozen_blog(write_blog, FROZEN)
    blog.config = replace(blog.config, refresh=frozenset("a"))
    assert blog.execute(*blog.posts()) == ()
    (error,) = blog.errors
    assert error.hint == "run `inkcell freeze --refresh a`"
    blog.errors.clear()
    blog.write({"posts/a/index.ko.md": CODE})
    assert blog.build() == ["a"]


# --- the command ----------------------------------------------------------------------------------


def test_freeze_names_what_it_wrote_though_a_post_fails(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that failed is told, and the files of the others are there."""
    blog = Blog(write_blog, {f"posts/{name}/index.ko.md": cell(name) for name in "abc"})
    blog.fails = lambda post: post.source.folder == "b"
    done = blog.command(monkeypatch, "freeze", "a", "b", "c")
    assert done.exit_code == 1
    assert done.stdout == "posts/a/frozen.json\nposts/c/frozen.json\n"
    assert "posts/b/index.ko.md" in done.stderr
    assert done.stderr.endswith("\n1 error; 2 files written.\n")


def test_freeze_build_and_link(write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command names what it wrote; the file is published only where a post links to it."""
    blog = Blog(
        write_blog,
        {
            "posts/a/index.ko.md": FROZEN + CODE,
            "posts/b/index.ko.md": FROZEN + "[results](frozen.json)\n\n" + CODE,
        },
    )
    blog.config = replace(blog.config, cache=Path(".inkcell/results"))
    failed = blog.command(monkeypatch, "build")
    assert failed.exit_code == 1
    assert failed.stderr.count("the post has no frozen results") == 2
    assert blog.command(monkeypatch, "freeze", "a").stdout == "posts/a/frozen.json\n"
    assert blog.command(monkeypatch, "freeze", "b").stdout == "posts/b/frozen.json\n"
    built = blog.command(monkeypatch, "build")
    assert built.exit_code == 0, built.stderr
    assert "0 posts run, 2 from the cache" in built.stdout
    site = blog.root / "site"
    assert [path.parent.name for path in site.rglob("frozen.json")] == ["b"]
    why = blog.command(monkeypatch, "why", "a")
    assert why.stdout == "posts/a/index.ko.md: unchanged, its frozen results fit, would not run\n"
    blog.write({"posts/a/index.ko.md": FROZEN + CODE.replace("y = 2", "y = 3")})
    stale = blog.command(monkeypatch, "build")
    assert stale.exit_code == 1
    assert "do not fit its code any more: cell 2 (line 12) changed" in stale.stderr
    assert blog.command(monkeypatch, "why", "a").stdout == (
        "posts/a/index.ko.md: would fail\n"
        "  its frozen results do not fit its code any more: cell 2 (line 12) changed\n"
    )
    assert blog.command(monkeypatch, "build", "--allow-stale").exit_code == 0
    unknown = blog.command(monkeypatch, "freeze", "aa")
    assert unknown.exit_code == 1
    assert "there is no post `aa`\n  hint: did you mean `a`?" in unknown.stderr
