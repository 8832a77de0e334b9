"""Posts that run in the background of a preview; a stand-in runs them, no kernel starts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress

import pytest

from generator.errors import CellFailed, CellTimedOut, ExecutionError, KernelDied
from generator.execute.background import Background
from generator.execute.sessions import Sessions
from generator.execute.trace import Trace
from generator.model import Post, Results, Stream

from ..conftest import FRONT_MATTER, WriteBlog
from .running import PATIENCE, post, posts_of, wait_until


class FakeSessions(Sessions):
    """Runs nothing: it says what the post is called, or raises what it was given."""

    def __init__(self) -> None:
        self.slots = 2
        self.raises: Exception | None = None
        self.may_run = threading.Event()
        self.interrupted: list[Post] = []
        self.forgotten: list[str] = []
        self.changed: set[str] = set()
        """Folders of the posts of which something else has changed that they used."""

    def run(self, post: Post, device: str) -> tuple[Results, Trace | None]:
        assert self.may_run.wait(PATIENCE)
        self.may_run.clear()
        if self.raises is not None:
            raise self.raises
        return Results(((Stream("stdout", post.source.folder),),)), None

    def interrupt(self, post: Post) -> None:
        self.interrupted.append(post)

    def forget(self, path: str) -> None:
        self.forgotten.append(path)

    def outdated(self, post: Post) -> bool:
        return post.source.folder in self.changed

    def close(self) -> None:
        pass


def test_whatever_happens_is_told(write_blog: WriteBlog) -> None:
    """A run that ends in an error nobody thought of ends; its post says so, the others show."""
    root = write_blog({f"posts/{name}/index.ko.md": post("1") for name in "ab"})
    first, second = posts_of(root)
    sessions, told = FakeSessions(), threading.Event()
    place = Background(sessions, told.set)
    sessions.raises = OSError("No space left on device")
    assert place.run(first, "cpu", nullcontext)[0].stale
    sessions.may_run.set()
    assert told.wait(PATIENCE)
    assert place.running == ()
    with pytest.raises(ExecutionError, match="cannot be run here") as raised:
        place.run(first, "cpu", nullcontext)
    assert raised.value.detail == "OSError: No space left on device"
    sessions.raises = None
    told.clear()
    assert place.run(second, "cpu", nullcontext)[0].stale
    sessions.may_run.set()
    assert told.wait(PATIENCE)
    assert place.run(second, "cpu", nullcontext)[0].outputs == ((Stream("stdout", "b"),),)
    place.close()


def test_what_a_run_used_has_changed(write_blog: WriteBlog) -> None:
    """The code runs again, once; while it runs, its last results are shown."""
    (item,) = posts_of(write_blog({"posts/a/index.ko.md": post("1")}))
    sessions, told = FakeSessions(), threading.Event()
    place = Background(sessions, told.set)

    def has_run() -> bool:
        sessions.may_run.set()
        done = told.wait(PATIENCE)
        told.clear()
        return done

    assert place.run(item, "cpu", nullcontext)[0].stale
    assert has_run()
    assert not place.run(item, "cpu", nullcontext)[0].stale
    sessions.changed.add("a")
    for _ in range(2):
        shown = place.run(item, "cpu", nullcontext)[0]
        assert (shown.outputs, bool(shown.stale)) == (((Stream("stdout", "a"),),), True)
    assert item.source.path in place.running
    sessions.changed.clear()
    assert has_run()
    assert not place.run(item, "cpu", nullcontext)[0].stale
    assert not place.running
    place.close()


def test_what_changes_while_code_runs(write_blog: WriteBlog) -> None:
    """A module ends the run, as other code does; any other file may be the run's own work."""
    files = {"posts/a/index.ko.md": post("1"), "posts/a/part.py": "X = 1"}
    root = write_blog(files)
    sessions = FakeSessions()
    place = Background(sessions, lambda: None)
    changes = {"a.csv": False, "a.png": False, "part.py": True, "index.en.md": False}
    for name, ends in changes.items():
        (running,) = posts_of(root)[:1]
        place.run(running, "cpu", nullcontext)
        sessions.interrupted.clear()
        (root / "posts" / "a" / name).write_text(FRONT_MATTER + name)
        (now,) = posts_of(root)[:1]
        place.run(now, "cpu", nullcontext)
        assert bool(sessions.interrupted) is ends, name
    place.close()


def test_a_post_that_failed_gets_other_limits(write_blog: WriteBlog) -> None:
    """Its code runs again; with results it does not, for they would be the same."""
    root = write_blog({"posts/a/index.ko.md": post("1")})
    sessions, told = FakeSessions(), threading.Event()
    place = Background(sessions, told.set)
    errors = (CellTimedOut("too long"), None)
    for limit, raises in enumerate(errors, start=1):
        write_blog({"posts/a/index.ko.md": post("1", execute=f"timeout: {limit}")})
        (item,) = posts_of(root)
        sessions.raises = raises
        assert place.run(item, "cpu", nullcontext)[0].stale
        sessions.may_run.set()
        assert told.wait(PATIENCE)
        told.clear()
    write_blog({"posts/a/index.ko.md": post("1", execute="timeout: 3")})
    (item,) = posts_of(root)
    assert not place.run(item, "cpu", nullcontext)[0].stale
    place.close()


def test_one_code_in_two_languages(write_blog: WriteBlog) -> None:
    """It runs once, whichever version asks for it; an error stands in the lines of that version."""
    korean = post("1").replace("```{", "글\n\n```{", 1)
    files = {"posts/a/index.en.md": post("1"), "posts/a/index.ko.md": korean}
    english, korean_post = posts_of(write_blog(files))
    sessions, told = FakeSessions(), threading.Event()
    place = Background(sessions, told.set)
    sessions.raises = CellFailed("no").at(cell=1, line=english.notebook.code[0].line)
    assert place.run(english, "cpu", nullcontext)[0].stale
    assert place.run(korean_post, "cpu", nullcontext)[0].stale
    assert place.running == (english.source.path,)
    sessions.may_run.set()
    assert told.wait(PATIENCE)
    for item in (english, korean_post):
        place.run(item, "cpu", nullcontext)
        (error,) = place.failures()
        assert (error.file, error.line) == (item.source.path, item.notebook.code[0].line)
    place.close()


def test_one_of_two_versions_is_changed(write_blog: WriteBlog) -> None:
    """What ran for both ends; the other is asked for again, and runs on its own."""
    root = write_blog({f"posts/a/index.{name}.md": post("1") for name in ("en", "ko")})
    english, korean = posts_of(root)
    sessions, told = FakeSessions(), threading.Event()
    place = Background(sessions, told.set)
    for item in (english, korean):
        place.run(item, "cpu", nullcontext)
    write_blog({"posts/a/index.en.md": post("2")})
    changed, _ = posts_of(root)
    for item in (korean, changed):
        place.run(item, "cpu", nullcontext)
    assert sessions.interrupted == [english]
    assert told.wait(PATIENCE)
    for item in (korean, changed):
        place.run(item, "cpu", nullcontext)
    assert {*place.running} == {korean.source.path, changed.source.path}
    assert sessions.interrupted == [english]
    place.close()


def test_both_versions_are_changed(write_blog: WriteBlog) -> None:
    """The old code ends, whichever of them is asked for first, and the new code runs once."""
    for folder, first in (("a", 0), ("b", 1)):
        texts = (f"posts/{folder}/index.en.md", f"posts/{folder}/index.ko.md")
        english, korean = posts_of(write_blog({name: post("1") for name in texts}))[-2:]
        sessions = FakeSessions()
        place = Background(sessions, lambda: None)
        for item in (english, korean):
            place.run(item, "cpu", nullcontext)
        changed = posts_of(write_blog({name: post("2") for name in texts}))[-2:]
        for item in (changed[first], changed[1 - first]):
            place.run(item, "cpu", nullcontext)
        assert sessions.interrupted == [english]
        assert place.running == (changed[first].source.path,)
        place.close()


def test_two_versions_ask_at_once(write_blog: WriteBlog) -> None:
    """Their code runs once, whatever both of them see."""
    files = {f"posts/a/index.{name}.md": post("1") for name in ("en", "ko")}
    versions = posts_of(write_blog(files))
    both = threading.Barrier(2)

    class Sessions(FakeSessions):
        def outdated(self, post: Post) -> bool:
            with suppress(threading.BrokenBarrierError):
                both.wait(0.5)
            return True

    sessions, told = Sessions(), threading.Event()
    place = Background(sessions, told.set)
    place.run(versions[0], "cpu", nullcontext)
    sessions.may_run.set()
    assert told.wait(PATIENCE)
    with ThreadPoolExecutor() as pool:
        for item in versions:
            pool.submit(place.run, item, "cpu", nullcontext)
    assert len(place.running) == 1
    place.close()


def test_a_post_that_is_gone(write_blog: WriteBlog) -> None:
    """It is forgotten when its run has ended, and never if it has come back by then."""
    files = {f"posts/{name}/index.ko.md": post("1") for name in "abc"}
    gone, back, stays = posts_of(write_blog(files))
    sessions = FakeSessions()
    sessions.raises = KernelDied("interrupted")
    place = Background(sessions, lambda: None)
    for item in (gone, back, stays):
        place.run(item, "cpu", nullcontext)
    place.forget_all_but({stays.source.path})
    assert sorted(item.source.folder for item in sessions.interrupted) == ["a", "b"]
    place.run(back, "cpu", nullcontext)
    assert sessions.forgotten == []
    threads = [t for t in threading.enumerate() if t.name.startswith("forgets")]

    def all_have_run(waiting: list[threading.Thread]) -> bool:
        sessions.may_run.set()
        return not any(thread.is_alive() for thread in waiting)

    wait_until(lambda: all_have_run(threads), "they are forgotten")
    assert sessions.forgotten == [gone.source.path]
    wait_until(lambda: all_have_run([]) and not place.running, "the others have run")
    place.forget_all_but({stays.source.path})
    wait_until(lambda: [*place._turns] == [stays.source.path], "it is gone again")
    assert sessions.forgotten == [gone.source.path, back.source.path]
    place.close()
