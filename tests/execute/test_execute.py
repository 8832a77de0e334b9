"""Which code runs and which does not, without a single kernel: a fake kernel is a function."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.execute.differences import current, differences
from generator.execute.digests import digests
from generator.execute.interpreters import Environment
from generator.execute.key import code_key
from generator.execute.trace import Trace
from generator.model import Post, Stream
from generator.progress import Reused, Started

from ..conftest import FRONT_MATTER
from .fake_kernel import World, cell, post


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A fresh world."""
    return World(tmp_path)


SAME = [
    post("Prose.\n\n" + cell("x = 1")),
    post(cell("x = 1", options="#| fig-cap: a caption\n#| label: fig-a\n")),
    post(cell("x = 1", "hide-input, remove-stderr, my-tag")),
    post(cell("x = 1") + cell("y = 2", "skip-execution")),
    post(cell("x = 1", options="#| echo: false\n")),
    post(cell("x = 1"), language="en"),
    post(cell("x = 1"), front=FRONT_MATTER.replace("A post", "Another title")),
    post(cell("x = 1"), front=FRONT_MATTER.replace("title", "execute: {timeout: 5}\ntitle")),
    post(cell("x = 1"), front=FRONT_MATTER.replace("title", "execute: {warm: false}\ntitle")),
    post(cell("x = 1"), front=FRONT_MATTER.replace("title", "execute: {memory: 99}\ntitle")),
]
DIFFERENT = [
    post(cell("x = 2")),
    post(cell("x = 1  # a comment may be code")),
    post(cell("x = 1", "raises-exception")),
    post(cell("x = 1") + cell("y = 2")),
    post(cell("x = 1"), folder="b"),
    post(cell("x = 1"), front=FRONT_MATTER.replace("title", "kernelspec: {name: k}\ntitle")),
    post(cell("x = 1"), front=FRONT_MATTER.replace("title", "execute: {gpu: preferred}\ntitle")),
    post(cell("x = 1"), front=FRONT_MATTER.replace("title", "execute: {threads: 2}\ntitle")),
    post(cell("x = 1"), front=FRONT_MATTER.replace("title", "execute: {network: false}\ntitle")),
    post(
        cell("x = 1"),
        front=FRONT_MATTER.replace("title", "execute: {dependencies: [a.csv]}\ntitle"),
    ),
    post(
        cell("x = 1"),
        front=FRONT_MATTER.replace("title", "execute: {depends_on_env: [MODE]}\ntitle"),
    ),
]


@pytest.mark.parametrize("other", SAME)
def test_what_is_not_in_the_key(other: Post) -> None:
    """Prose, captions, display tags, title, language and time-out run nothing."""
    assert code_key(other) == code_key(post(cell("x = 1")))


@pytest.mark.parametrize("other", DIFFERENT)
def test_what_is_in_the_key(other: Post) -> None:
    """Code, the tags that change how it runs, kernel, folder, GPU."""
    assert code_key(other) != code_key(post(cell("x = 1")))


def test_code_runs_once(world: World) -> None:
    """The second build uses the results of the first, and says so."""
    first = world.execute(post(cell("x")))
    second = world.execute(post("New prose.\n\n" + cell("x")))
    assert world.ran == ["posts/a/index.ko.md"]
    assert first[0].results == second[0].results
    assert world.events[-1] == Reused("posts/a/index.ko.md")
    assert world.why(post(cell("x"))) is None


def test_two_languages_with_the_same_code_run_once(world: World) -> None:
    """Each version gets the results in its own cells."""
    korean = post("글\n\n" + cell("x") + cell("z", "skip-execution") + cell("y"))
    english = post(cell("x") + "Text\n\n" + cell("y"), language="en")
    done = {
        item.post.meta.language: item.results.outputs for item in world.execute(korean, english)
    }
    assert len(world.ran) == 1
    x, y = (Stream("stdout", "ran x"),), (Stream("stdout", "ran y"),)
    assert done == {"ko": (x, (), y), "en": (x, y)}


def test_two_languages_with_different_code_run_twice(world: World) -> None:
    """One character is enough."""
    world.execute(post(cell("x")), post(cell("y"), language="en"))
    assert len(world.ran) == 2


TRACE = Trace(
    "Python 3.11",
    "",
    {"numpy": "2.4.6"},
    {"posts/a/m.py": "1" * 64, "posts/a/t.py": ""},
    ("torch",),
    {"MODE": "4" * 64},
)


@pytest.mark.parametrize(
    ("now", "reasons"),
    [
        (TRACE, ()),
        (replace(TRACE, interpreter="Python 3.12"), ("Python 3.11 → Python 3.12",)),
        (replace(TRACE, device="cuda"), ("made on cpu, now cuda",)),
        (
            replace(TRACE, variables={"MODE": "5" * 64}),
            ("the environment variable MODE changed",),
        ),
        (replace(TRACE, packages={"numpy": "2.5.0"}), ("numpy 2.4.6 → 2.5.0",)),
        (replace(TRACE, packages={"numpy": ""}), ("numpy 2.4.6 → not installed",)),
        (replace(TRACE, packages={"numpy": "2.4.6", "scipy": "1"}), ()),
        (
            replace(TRACE, files={"posts/a/m.py": "2" * 64, "posts/a/t.py": ""}),
            ("posts/a/m.py changed",),
        ),
        (replace(TRACE, files={"posts/a/m.py": "", "posts/a/t.py": ""}), ("posts/a/m.py is gone",)),
        (
            replace(TRACE, files={"posts/a/m.py": "1" * 64, "posts/a/t.py": "3" * 64}),
            ("posts/a/t.py is new",),
        ),
        (replace(TRACE, missing=()), ("torch can be imported now",)),
    ],
)
def test_every_difference_has_its_reason(now: Trace, reasons: tuple[str, ...]) -> None:
    """A pure decision, with the reasons that `inkcell why` prints."""
    assert differences(TRACE, now) == reasons


def test_what_the_code_used_decides(world: World) -> None:
    """A package, a file, an interpreter or a module that was missing: each runs the code again."""
    data = world.root / "posts" / "a" / "data.csv"
    data.parent.mkdir(parents=True)
    data.write_text("1")
    path = "posts/a/data.csv"
    world.trace = Trace(
        "Python 3.11", "", {"numpy": "2.4.6"}, digests(world.root, [path]), ("torch",)
    )
    code = post(cell("x"))
    world.execute(code)

    def changed(reason: str) -> None:
        assert world.why(code) == (reason,)
        before = len(world.ran)
        world.execute(code)
        assert len(world.ran) == before + 1
        started = [event for event in world.events if isinstance(event, Started)]
        assert started[-1].reasons == (reason,)

    data.write_text("2")
    changed(f"{path} changed")
    data.write_text("1")
    assert world.why(code) is None
    world.versions["numpy"] = "2.5.0"
    changed("numpy 2.4.6 → 2.5.0")
    world.versions["numpy"] = "2.4.6"
    world.interpreter = "Python 3.12"
    changed("Python 3.11 → Python 3.12")
    world.interpreter = "Python 3.11"
    world.modules.add("torch")
    changed("torch can be imported now")


def test_the_current_trace_is_about_the_same_things(tmp_path: Path) -> None:
    """Only what the run used is looked up again."""
    environment = Environment("P", lambda name: name + "1", lambda name: name == "found")
    before = Trace("P", "", {"a": "0"}, {"gone": "x"}, ("found", "lost"))
    now = current(before, tmp_path, environment, "cuda")
    assert now == Trace("P", "cuda", {"a": "a1"}, {"gone": ""}, ("lost",))


def test_settings_of_a_post(world: World) -> None:
    """`cache: false` always runs, `enabled: false` never, `freeze: true` only if frozen."""

    def with_setting(setting: str) -> Post:
        front = FRONT_MATTER.replace("title", f"execute: {{{setting}}}\ntitle")
        return post(cell("x"), front=front)

    world.execute(with_setting("cache: false"))
    world.execute(with_setting("cache: false"))
    assert len(world.ran) == 2
    (off,) = world.execute(with_setting("enabled: false"))
    assert off.results.outputs == ((),)
    assert world.errors == []
    world.execute(with_setting("freeze: true, cache: false"))
    assert len(world.ran) == 2
    assert "the post has no frozen results" in str(world.errors[0])


def test_a_post_without_code_needs_nothing(world: World) -> None:
    """No kernel, no entry in the cache."""
    (done,) = world.execute(post("Only prose.\n"))
    assert done.results.outputs == ()
    assert world.ran == []
    assert not (world.root / "cache").exists()


def test_one_failure_does_not_stop_the_others(world: World) -> None:
    """Errors are noted with their files; good posts go on, and their results are kept."""
    world.fails = lambda post: post.source.folder in "ac"
    done = world.execute(*(post(cell("x"), folder=name) for name in "abcd"))
    assert [item.post.source.folder for item in done] == ["b", "d"]
    assert sorted(str(error.file) for error in world.errors) == [
        "posts/a/index.ko.md",
        "posts/c/index.ko.md",
    ]
    world.fails = lambda post: False
    world.execute(*(post(cell("x"), folder=name) for name in "abcd"))
    assert sorted(world.ran) == sorted(f"posts/{name}/index.ko.md" for name in "aabccd")


def test_a_required_gpu_that_is_not_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error, and the code does not run."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    front = FRONT_MATTER.replace("title", "execute: {gpu: required}\ntitle")
    assert world.execute(post(cell("x"), front=front)) == ()
    assert "requires a GPU" in str(world.errors[0])
    assert world.ran == []
