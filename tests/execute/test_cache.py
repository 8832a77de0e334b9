"""Kept results: what is stored is what is loaded; damage is dropped; a full disk is no failure."""

from __future__ import annotations

import copy
import errno
import io
import json
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator import atomic_files
from generator.execute import cache as kept
from generator.execute.digests import digests, variables
from generator.execute.entry import Entry, plain_entry, read_entry
from generator.execute.frozen import DamagedFile, find
from generator.execute.key import code_key, ingredients
from generator.execute.trace import Trace
from generator.model import Bundle, Failure, Omission, Post, Provenance, Results, Stream

from .fake_kernel import World, cell, post, with_settings

CODE = post(cell("a = 1") + cell("b = 2", "raises-exception"))
KEY = code_key(CODE)
TRACE = Trace(
    "Python 3.11",
    "",
    {"numpy": "2.4.6"},
    {"posts/a/m.py": "1" * 64, "posts/a/": "2" * 64},
    ("torch",),
    {"MODE": "4" * 64},
    ("numpy.linalg",),
    ("posts/a/out.png",),
)
PROVENANCE = Provenance("2022-07-08T00:00:00+00:00", 1.5, "python3", "Python 3.11", {"numpy": "2"})
ENTRY = Entry(
    Results(
        (
            (Stream("stdout", "글"), Bundle({"text/plain": "1"}, {"needs_background": "light"})),
            (Failure("E", "v", "t"), Omission(9)),
        ),
        PROVENANCE,
    ),
    TRACE,
    ingredients(CODE),
)
PLAIN = json.loads(json.dumps(plain_entry(KEY, ENTRY)))


@contextmanager
def stored(text: str) -> Iterator[Path]:
    """A cache whose entry of KEY is this text."""
    with tempfile.TemporaryDirectory() as folder:
        path = kept.entry_path(Path(folder), KEY)
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        yield Path(folder)


# --- entries ------------------------------------------------------------------------------------

TEXTS = st.text(max_size=10)
OUTPUTS = st.one_of(
    st.builds(Stream, st.sampled_from(["stdout", "stderr"]), TEXTS),
    st.builds(Bundle, st.dictionaries(TEXTS, TEXTS, max_size=2), st.just({})),
    st.builds(Failure, TEXTS, TEXTS, TEXTS),
    st.builds(Omission, st.integers(min_value=1, max_value=1 << 50)),
)


@given(st.tuples(*[st.lists(OUTPUTS, max_size=3).map(tuple)] * 2))
def test_results_survive_the_cache(
    outputs: tuple[tuple[Stream | Bundle | Failure | Omission, ...], ...],
) -> None:
    """What is stored is what is loaded."""
    entry = replace(ENTRY, results=Results(outputs, PROVENANCE))
    with tempfile.TemporaryDirectory() as folder:
        kept.store(Path(folder), KEY, entry)
        assert kept.load(Path(folder), KEY) == entry


def test_an_entry_is_plain_json() -> None:
    """It can be loaded from anyone: no pickle, no code."""
    assert PLAIN["key"] == KEY
    assert read_entry(PLAIN) == ENTRY


def change_key(entry: dict[str, Any]) -> None:
    entry["key"] = "f" * 64


def other_code(entry: dict[str, Any]) -> None:
    entry["ingredients"]["cells"][0]["source"] = "a = 2"


def fewer_outputs(entry: dict[str, Any]) -> None:
    entry["outputs"].pop()


DAMAGE: list[Callable[[str], str]] = [
    lambda text: text[: len(text) // 2],
    lambda text: "",
    lambda text: "[]",
    lambda text: "null",
    lambda text: "[" * 100_000,
    lambda text: text.replace('"outputs"', '"puts"'),
    lambda text: text.replace('"Stream"', '"Nonsense"'),
    lambda text: text.replace('"Stream"', "[]"),
    lambda text: text.replace('"stdout"', '"stdin"'),
    lambda text: text.replace('"format": 3', '"format": 999'),
    lambda text: text.replace('"text": "글"', '"text": 7'),
    lambda text: text.replace('"text": "글"', '"text": "\\ud83d"'),
    lambda text: text.replace('"text/plain": "1"', '"text/plain": "\\udcff"'),
    lambda text: text.replace('"light"', '"\\ud83d"'),
    lambda text: text.replace('"value": "v"', '"value": "\udcff"'),
    lambda text: text.replace('"numpy": "2.4.6"', '"numpy": 2'),
    lambda text: text.replace('"numpy": "2"', '"numpy": 2'),
    lambda text: text.replace('"missing": ["torch"]', '"missing": "torch"'),
    lambda text: text.replace('"seconds": 1.5', '"seconds": NaN'),
    lambda text: text.replace('"seconds": 1.5', f'"seconds": 1{"0" * 400}'),
    lambda text: text.replace('"peak_memory": 0', '"peak_memory": "much"'),
    lambda text: text.replace('"threads": 1', '"threads": true'),
    lambda text: re.sub('"when": "[^"]*"', '"when": "yesterday"', text),
    lambda text: re.sub('"when": "[^"]*"', '"when": "2026-10-03T23:59:58"', text),
    lambda text: re.sub('"when": "[^"]*"', '"when": "0001-01-01T00:00:00+09:00"', text),
    lambda text: text.replace('"size": 9', '"size": -9'),
    lambda text: text.replace('"may_raise": true', '"may_raise": false'),
    lambda text: _edited(text, change_key),
    lambda text: _edited(text, other_code),
    lambda text: _edited(text, fewer_outputs),
]


def _edited(text: str, edit: Callable[[dict[str, Any]], None]) -> str:
    entry = json.loads(text)
    edit(entry)
    return json.dumps(entry)


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_recognised(damage: Callable[[str], str]) -> None:
    """Cut off, of another version, of another code, of other types, with outputs too few."""
    good = json.dumps(PLAIN, ensure_ascii=False)
    assert damage(good) != good
    with stored(damage(good)) as cache, pytest.raises(kept.DamagedEntry):
        kept.load(cache, KEY)


def test_a_damaged_entry_is_dropped_with_a_word(tmp_path: Path) -> None:
    """It is never trusted; the code runs again and the entry is good afterwards."""
    world = World(tmp_path)
    world.execute(CODE)
    path = kept.entry_path(world.root / "cache", KEY)
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    assert world.why(CODE) == ("its kept result was damaged",)
    world.execute(CODE)
    assert len(world.ran) == 2
    (notice,) = world.notices()
    assert notice.startswith("a damaged result was dropped")
    world.execute(CODE)
    assert len(world.ran) == 2


@given(st.binary(max_size=200))
def test_any_bytes_are_damage(data: bytes) -> None:
    """Reading a kept result never fails in another way."""
    with stored("") as cache:
        kept.entry_path(cache, KEY).write_bytes(data)
        with pytest.raises(kept.DamagedEntry):
            kept.load(cache, KEY)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["stdout", "Stream", "Bundle", "f" * 64, "../../etc", "/dev/zero"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value inside JSON."""
    yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield from places(inner, (*path, key))


PLACES = [path for path in places(PLAIN) if path]
Edit = Callable[[Any, Any], None]
"""Changes an object or a list at a key or an index."""


def put(value: Any) -> Edit:
    return lambda inner, key: inner.__setitem__(key, value)


def remove(inner: Any, key: Any) -> None:
    del inner[key]


def rename(name: str) -> Edit:
    def edit(inner: Any, key: Any) -> None:
        value = inner.pop(key)
        if isinstance(inner, dict):
            inner[name] = value
        else:
            inner.append(value)

    return edit


def mutated(path: tuple[Any, ...], edit: Edit) -> Any:
    """A good entry with one place changed."""
    entry = copy.deepcopy(PLAIN)
    inner = entry
    for key in path[:-1]:
        inner = inner[key]
    edit(inner, path[-1])
    return entry


EDITS = st.one_of(JSON.map(put), st.just(remove), st.text(max_size=5).map(rename))


@given(st.sampled_from(PLACES), EDITS)
@example(("provenance",), put({}))
@example(("outputs",), put(""))
@example(("trace", "files", "posts/a/m.py"), put(None))
@example(("ingredients", "cells", 0, "source"), put(0))
def test_any_wrong_part_is_damage_or_harmless(path: tuple[Any, ...], edit: Edit) -> None:
    """Whatever JSON stands in one place of a good entry, nothing fails later because of it.

    What can still be read has every type right: it is stored as it was loaded, explains a change
    and is compared, as an entry in the cache and as frozen results.
    """
    text = json.dumps(mutated(path, edit))
    other = post(cell("a = 1") + cell("c = 3"))
    frozen = replace(
        other, source=replace(other.source, neighbours={"frozen.json": _frozen_file(text)})
    )
    with stored(text) as cache:
        try:
            entry = kept.load(cache, KEY)
        except kept.DamagedEntry:
            with pytest.raises(DamagedFile):
                find(frozen, code_key(other), cache)
            return
        assert entry is not None
        assert [type(part) for part in entry.results.outputs] == [tuple, tuple]
        kept.store(cache, KEY, entry)
        assert kept.load(cache, KEY) == entry
        world = World(cache)
        world.config = replace(world.config, cache=Path())
        kept.remember(cache, other)
        kept.remember(cache, CODE)
        assert world.why(CODE)
        assert world.why(other) is not None
        found = find(frozen, code_key(other), cache)
        assert found is not None
        assert found.stale


def _frozen_file(entry: str) -> bytes:
    return f'{{"entries": [{entry}]}}'.encode()


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    """Old Korean archives have such names: they are kept, compared, frozen, and can be told of."""
    world = World(tmp_path)
    folder = tmp_path / "posts" / "a"
    folder.mkdir(parents=True)
    names = ["posts/a/", "posts/a", "posts/a/\udcb0\udca1.csv"]
    Path(tmp_path, names[2]).write_text("1")
    world.trace = Trace("Python 3.11", files=digests(tmp_path, names), written=("\udcff.csv",))
    here = post(cell("x"))
    here = replace(here, source=replace(here.source, directory=str(folder)))
    world.execute(here)
    assert (world.why(here), world.notices()) == (None, [])
    (written,) = world.freeze(here)
    source = replace(here.source, neighbours={"frozen.json": written.read_bytes()})
    found = find(replace(here, source=source), code_key(here), tmp_path)
    assert found is not None
    assert found.stale == ()
    Path(tmp_path, names[2]).write_text("2")
    assert world.why(here) == ("posts/a changed", "posts/a/\ufffd\ufffd.csv changed")


def test_a_name_that_holds_the_end_of_a_line(tmp_path: Path) -> None:
    """It is not taken for two names."""
    for name in ("one", "two"):
        (tmp_path / name).touch()
    before = digests(tmp_path, ["./"])
    for name in ("one", "two"):
        (tmp_path / name).unlink()
    (tmp_path / "one\ntwo").touch()
    assert digests(tmp_path, ["./"]) != before


def test_a_variable_that_is_no_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its value decides like any other."""
    monkeypatch.setenv("MODE", "\udcff")
    (digest,) = variables(["MODE"]).values()
    monkeypatch.setenv("MODE", "\udcfe")
    assert variables(["MODE"]) != {"MODE": digest}


def test_a_path_that_no_system_takes(tmp_path: Path) -> None:
    """A trace from somebody else may name it: there is no such file."""
    assert set(digests(tmp_path, ["a\0/", "a\0", "\ud83d/", "\ud83d"]).values()) == {""}


def test_results_that_cannot_be_written(tmp_path: Path) -> None:
    """They are published, and nothing half-written stays."""
    world = World(tmp_path)
    world.trace = replace(TRACE, missing=("\ud83d",))
    assert len(world.execute(CODE)) == 1
    (notice,) = world.notices()
    assert notice.startswith("the results cannot be kept: ")
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".tmp", ".json")]


def test_a_pipe_in_a_trace_is_never_read(tmp_path: Path) -> None:
    """An entry from somebody else cannot make a build wait for ever, or read a device."""
    world = World(tmp_path)
    world.trace = replace(TRACE, files={"pipe": "1" * 64, "/dev/zero": "2" * 64})
    os.mkfifo(tmp_path / "pipe")
    world.execute(CODE)
    reasons = world.why(CODE)
    assert reasons is not None
    assert reasons[:2] == ("/dev/zero is gone", "pipe is gone")


# --- a cache that cannot be written -------------------------------------------------------------


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every write into the cache fails, after the file was made."""
    original = atomic_files._new_file

    class Full(io.BufferedWriter):
        def write(self, *_: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic_files, "_new_file", lambda folder: Full(original(folder).detach()))
        yield


def test_a_full_disk_is_a_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The post is published; nothing half-written stays; later the results are kept."""
    world = World(tmp_path)
    with full_disk(monkeypatch):
        (done,) = world.execute(CODE)
    assert done.results.outputs[0] == (Stream("stdout", "ran a = 1"),)
    assert world.errors == []
    assert world.notices() == ["the results cannot be kept: No space left on device"]
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".tmp", ".json")]
    world.execute(CODE)
    world.execute(CODE)
    assert len(world.ran) == 2


def test_a_folder_that_cannot_be_made_is_a_notice(tmp_path: Path) -> None:
    """A read-only place, here one below a file: as good for root as for anybody else."""
    world = World(tmp_path)
    (tmp_path / "file").write_text("")
    world.config = replace(world.config, cache=Path("file/cache"))
    done = world.execute(CODE, post(cell("x"), folder="b"))
    assert len(done) == 2
    assert world.errors == []
    assert world.notices() == ["the results cannot be kept: Not a directory"] * 2
    assert world.why(CODE) == ("this code has not run here yet",)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_can_be_used(tmp_path: Path) -> None:
    """What is kept in it counts; what is new is not kept, with a word."""
    world = World(tmp_path)
    world.execute(CODE)
    folders = [path for path in (tmp_path / "cache").rglob("*") if path.is_dir()]
    for folder in (tmp_path / "cache", *folders):
        folder.chmod(0o555)
    try:
        world.execute(CODE, post(cell("x"), folder="b"))
    finally:
        for folder in (tmp_path / "cache", *folders):
            folder.chmod(0o755)
    assert world.ran == ["posts/a/index.ko.md", "posts/b/index.ko.md"]
    assert world.notices() == ["the results cannot be kept: Permission denied"]


def test_results_that_cannot_be_kept_cannot_be_frozen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error, not a file that is quietly not there."""
    world = World(tmp_path)
    with full_disk(monkeypatch):
        assert world.freeze(CODE) == ()
    (error,) = world.errors
    assert str(error) == "its results could not be kept, so they cannot be frozen"
    assert error.file == "posts/a/index.ko.md"


# --- the limit ----------------------------------------------------------------------------------


def entries(world: World) -> set[str]:
    """The keys that are kept."""
    return {path.stem for path in (world.root / "cache").glob("??/*.json")}


def big(name: str, source: str = "x") -> Post:
    """A post whose entry takes more than 400 KiB."""
    return post(cell(f"{source} = '{'0' * 210_000}'"), folder=name)


def test_the_oldest_entries_go_first(tmp_path: Path) -> None:
    """Down to the limit; entries that this build uses stay, however old."""
    world = World(tmp_path)
    world.config = replace(world.config, cache_limit=1)
    posts = [big("a"), big("b")]
    for age, item in enumerate(posts):
        world.execute(item)
        path = kept.entry_path(world.root / "cache", code_key(item))
        os.utime(path, (1000 + age, 1000 + age))
    first, second = map(code_key, posts)
    assert entries(world) == {first, second}
    third = big("c")
    world.execute(third)
    assert entries(world) == {second, code_key(third)}
    # `second` is the oldest now, but in use.
    fourth = big("d")
    world.execute(posts[1], fourth)
    assert entries(world) == {second, code_key(fourth)}


def test_what_killed_builds_have_half_written_goes(tmp_path: Path) -> None:
    """Once it is a day old: until then somebody may be writing it."""
    world = World(tmp_path)
    world.execute(big("a"))
    folder = kept.entry_path(world.root / "cache", code_key(big("a"))).parent
    for name in ("old.tmp", "new.tmp"):
        (folder / name).write_text("{")
    os.utime(folder / "old.tmp", (1000, 1000))
    world.execute(big("b"))
    assert [path.name for path in folder.glob("*.tmp")] == ["new.tmp"]
    assert entries(world) == {code_key(big("a")), code_key(big("b"))}


def test_use_keeps_an_entry_young(tmp_path: Path) -> None:
    """Of two entries the one that was used last stays."""
    world = World(tmp_path)
    world.config = replace(world.config, cache_limit=1)
    for name in "ab":
        world.execute(big(name))
        os.utime(kept.entry_path(world.root / "cache", code_key(big(name))), (1000, 1000))
    world.execute(big("a"))
    world.execute(big("c"))
    assert entries(world) == {code_key(big("a")), code_key(big("c"))}


def test_what_this_build_uses_may_exceed_the_limit(tmp_path: Path) -> None:
    """A limit of nothing keeps what the posts show now, and only that."""
    world = World(tmp_path)
    world.config = replace(world.config, cache_limit=0)
    world.execute(big("a"), big("b"))
    assert entries(world) == {code_key(big("a")), code_key(big("b"))}
    world.execute(big("a", "y"), big("b"))
    assert entries(world) == {code_key(big("a", "y")), code_key(big("b"))}
    assert len(world.ran) == 3


# --- two builds at once -------------------------------------------------------------------------


def test_a_build_waits_for_one_that_runs_the_same_code(tmp_path: Path) -> None:
    """And then uses what that has made, instead of running the code twice."""
    first, second = World(tmp_path), World(tmp_path)
    running, go_on = threading.Event(), threading.Event()
    original = first.run

    def slow(post: Post, device: str) -> tuple[Results, Trace]:
        running.set()
        assert go_on.wait(60)
        return original(post, device)

    first.run = slow  # type: ignore[method-assign]
    others = [threading.Thread(target=first.execute, args=[CODE])]
    others[0].start()
    assert running.wait(60)
    others.append(threading.Thread(target=second.execute, args=[CODE]))
    others[1].start()
    go_on.set()
    for thread in others:
        thread.join(60)
    assert first.ran + second.ran == ["posts/a/index.ko.md"]
    assert first.errors == second.errors == []


def test_a_result_that_appears_in_time_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another build finished the same code between this build's decision and its run."""
    first, second = World(tmp_path), World(tmp_path)
    original = kept.held

    @contextmanager
    def late(*args: Any) -> Iterator[bool]:
        monkeypatch.setattr(kept, "held", original)
        first.execute(CODE)
        with original(*args) as waited:
            assert not waited
            yield waited

    monkeypatch.setattr(kept, "held", late)
    (done,) = second.execute(CODE)
    assert (first.ran, second.ran) == (["posts/a/index.ko.md"], [])
    assert done.results.outputs[0] == (Stream("stdout", "ran a = 1"),)


def test_a_post_without_cache(tmp_path: Path) -> None:
    """`cache: false` runs at every build, `--no-cache` beats a post's `cache: true`."""
    world = World(tmp_path)
    off = post(cell("x"), front=with_settings("cache: false"))
    world.execute(off)
    world.execute(off)
    assert len(world.ran) == 2
    assert world.why(off) == ("`execute.cache` is false",)
    on = post(cell("x"), front=with_settings("cache: true"))
    world.execute(on)
    assert len(world.ran) == 2
    world.config = replace(world.config, use_cache=False)
    world.execute(on)
    assert len(world.ran) == 3
    assert world.why(on) == ("`--no-cache`",)


def test_a_version_without_cache(tmp_path: Path) -> None:
    """Two versions share one run: they run at every build if one of them asks for it."""
    world = World(tmp_path)
    on, off = (post(cell("x"), front=with_settings(f"cache: {c}")) for c in ("true", "false"))
    for count in (1, 2, 3):
        first, second = world.execute(on, off)
        assert first.results == second.results
        assert len(world.ran) == count
