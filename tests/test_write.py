"""Writing a site: whole or not at all, nothing but what changed, nothing that is not ours."""

from __future__ import annotations

import json
import ntpath
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import write as write_module
from generator.assemble import collect_files
from generator.errors import BuildFailed, WriteError
from generator.last_build import MANIFEST, staging_folder
from generator.model import File, Site
from generator.write import JOURNAL, clean, is_inside, write


def site(**files: str) -> Site:
    """A site of text files: `site(index="…")`; `__` in a name is a slash."""
    return Site(
        {
            name.replace("__", "/"): File(name.replace("__", "/"), text.encode(), "a test")
            for name, text in files.items()
        }
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the manifest."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def test_writes_every_file(tmp_path: Path) -> None:
    """The folder holds the site, and the staging folder is gone."""
    changes = write(site(index="a", en__index="b"), tmp_path / "site")
    assert tree(tmp_path / "site") == {"index": b"a", "en/index": b"b"}
    assert sorted(changes.written) == ["en/index", "index"]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    """Is no matter of permissions: the author is told what to do about it."""
    output = tmp_path / "site"
    write(site(index="kept"), output)
    with pytest.raises(WriteError, match="too long") as raised:
        write(Site({"a" * 300: File("a" * 300, b"x", "a post")}), output)
    assert "a shorter name" in str(raised.value.hint)
    assert tree(output) == {"index": b"kept"}


def test_an_unchanged_site_is_not_touched(tmp_path: Path) -> None:
    """No file gets a new modification time, the manifest included."""
    output = tmp_path / "site"
    write(site(index="a", other="b"), output)
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*")}
    assert write(site(index="a", other="b"), output).written == ()
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*")} == before


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    """A file whose bytes are the same keeps its inode."""
    output = tmp_path / "site"
    write(site(same="a", other="b"), output)
    inode = (output / "same").stat().st_ino
    assert write(site(same="a", other="c"), output).written == ("other",)
    assert (output / "same").stat().st_ino == inode


def test_removes_what_an_earlier_build_wrote(tmp_path: Path) -> None:
    """Files of posts that are gone go too, with folders that are empty then."""
    output = tmp_path / "site"
    write(site(index="a", old__page="b"), output)
    assert write(site(index="a"), output).removed == ("old/page",)
    assert not (output / "old").exists()


def test_a_folder_that_is_a_link_stays(tmp_path: Path) -> None:
    """Somebody keeps the pages of a folder elsewhere: when the last is gone, the link is there."""
    output, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    output.mkdir()
    (output / "far").symlink_to(elsewhere)
    write(site(index="a", far__page="b"), output)
    assert write(site(index="a"), output).removed == ("far/page",)
    assert (output / "far").is_symlink()
    assert tree(output) == {"index": b"a"}


def test_foreign_files_stay(tmp_path: Path) -> None:
    """A CNAME, a `.git`: what no build wrote is neither removed nor overwritten."""
    output = tmp_path / "site"
    write(site(index="a", gone="b"), output)
    (output / "CNAME").write_text("example.org")
    (output / ".git").mkdir()
    (output / ".git" / "HEAD").write_text("ref")
    write(site(index="b"), output)
    clean(output)
    assert tree(output) == {"CNAME": b"example.org", ".git/HEAD": b"ref"}


def test_a_foreign_file_is_not_overwritten(tmp_path: Path) -> None:
    """A page somebody put there by hand is an error that names it, and nothing is written."""
    output = tmp_path / "site"
    output.mkdir()
    (output / "index").write_text("by hand")
    with pytest.raises(WriteError, match="site/index was not written by a build"):
        write(site(index="a", other="b"), output)
    assert tree(output) == {"index": b"by hand"}


@pytest.mark.parametrize(("foreign", "wanted"), [("a", "a/b"), ("a/b", "a")])
def test_a_foreign_file_is_not_in_the_way_unnoticed(
    tmp_path: Path, foreign: str, wanted: str
) -> None:
    """A file where the site needs a folder, or in a folder where it needs a file, is an error."""
    output = tmp_path / "site"
    (output / foreign).parent.mkdir(parents=True)
    (output / foreign).write_text("by hand")
    with pytest.raises(WriteError, match=f"site/{foreign} was not written by a build"):
        write(Site({wanted: File(wanted, b"1", "a test")}), output)
    assert tree(output) == {foreign: b"by hand"}


def test_a_file_where_the_site_would_be(tmp_path: Path) -> None:
    """It is called by its name."""
    output = tmp_path / "site"
    output.write_text("by hand")
    with pytest.raises(WriteError, match=r"^site was not written by a build") as raised:
        write(site(index="a"), output)
    assert raised.value.file == "site"
    assert output.read_text() == "by hand"


def test_a_manifest_cannot_reach_outside(tmp_path: Path) -> None:
    """A damaged or forged manifest never removes a file outside the output folder."""
    output = tmp_path / "site"
    write(site(index="a"), output)
    thesis = tmp_path / "thesis.tex"
    thesis.write_text("years of work")
    forged = {"files": {"../thesis.tex": "", str(thesis): "", "no\0where": "", "index": ""}}
    (output / MANIFEST).write_text(json.dumps(forged))
    write(site(other="b"), output)
    clean(output)
    assert thesis.read_text() == "years of work"


@pytest.mark.parametrize(
    "path",
    ["..\\thesis.tex", "a\\..\\..\\thesis.tex", "C:\\thesis.tex", "C:thesis.tex", "\\\\host\\x"],
)
def test_a_manifest_cannot_reach_outside_on_windows(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a backslash parts folders, and disks have letters."""
    monkeypatch.setattr("generator.write.os", SimpleNamespace(sep="\\", path=ntpath))
    assert not is_inside(path)
    assert is_inside("a/index.html")


@pytest.mark.parametrize("garbage", ["", "[]", '{"files": [1]}', '{"files": {"a": 1}', "\udcff"])
def test_a_damaged_manifest_is_no_disaster(tmp_path: Path, garbage: str) -> None:
    """The site is written again; files whose owner is not known any more stay."""
    output = tmp_path / "site"
    write(site(index="a", old="b"), output)
    (output / MANIFEST).write_bytes(garbage.encode(errors="surrogateescape"))
    write(site(index="a", new="c"), output)
    assert tree(output) == {"index": b"a", "old": b"b", "new": b"c"}


def test_a_build_killed_while_staging_leaves_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the first move: the site is as it was, and the next build works."""
    output = tmp_path / "site"
    write(site(index="old", page="old"), output)
    before = tree(output)
    original = Path.write_bytes
    for allowed in range(2):
        left = [allowed]

        def dying(self: Path, data: bytes, left: list[int] = left) -> int:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return original(self, data)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", dying)
            with pytest.raises(KeyboardInterrupt):
                write(site(index="new", page="new"), output)
        assert tree(output) == before
    write(site(index="new", page="new"), output)
    assert tree(output) == {"index": b"new", "page": b"new"}


def write_and_die(new: Site, output: Path, moves: int) -> None:
    """Write a site with a build that is killed after so many moves, the journal's the first."""
    original, left = Path.replace, [moves]

    def dying(self: Path, target: Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return original(self, target)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            write(new, output)


@pytest.mark.parametrize("moves", range(1, 5))
def test_a_build_killed_while_moving_is_finished_by_the_next(tmp_path: Path, moves: int) -> None:
    """Killed between two moves: the next build of anything first finishes them."""
    output = tmp_path / "site"
    write(site(index="old", page="old", gone="old"), output)
    new = site(index="new", page="new", more__page="new")
    write_and_die(new, output, moves)
    assert write(new, output).written == ()
    assert tree(output) == {"index": b"new", "page": b"new", "more/page": b"new"}


@pytest.mark.parametrize("moves", range(5))
def test_what_a_killed_build_has_left_goes_too(tmp_path: Path, moves: int) -> None:
    """Cleaning after a build that was killed leaves nothing of it: no file, no staging folder."""
    output = tmp_path / "site"
    write(site(index="old", gone="old"), output)
    write_and_die(site(index="new", page="new", more__page="new"), output, moves)
    clean(output)
    assert [*tmp_path.iterdir()] == []


def test_cleaning_what_was_never_built_makes_nothing(tmp_path: Path) -> None:
    """Not even the folder that would hold the site's."""
    assert clean(tmp_path / "blog" / "site") == ()
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_cannot_be_cleaned_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the file that cannot be removed."""
    write(site(index="a"), tmp_path / "site")

    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(WriteError, match="Permission denied") as error:
        clean(tmp_path / "site")
    assert error.value.file == str(tmp_path / "site" / "index")


def test_pages_move_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page and no feed ever points to a file that is not there yet; the manifest is the end."""
    names = ("index.html", "feed.xml", "style.css", "z.png", "a/index.html")
    moved: list[str] = []
    original = Path.replace

    def noting(self: Path, target: Path) -> Path:
        done = original(self, target)
        moved.append(Path(target).name)
        return done

    monkeypatch.setattr(Path, "replace", noting)
    write(Site({name: File(name, b"1", "a test") for name in names}), tmp_path / "site")
    *files, last = [name for name in moved if name != JOURNAL]
    assert files[:2] == ["style.css", "z.png"]
    assert sorted(files[2:]) == ["feed.xml", "index.html", "index.html"]
    assert last == MANIFEST


def test_an_interruption_waits_for_the_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the build when the site is whole."""
    original = write_module._move

    def interrupted(source: Path, target: Path) -> None:
        signal.raise_signal(signal.SIGINT)
        original(source, target)

    monkeypatch.setattr(write_module, "_move", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(site(index="a", other="b"), tmp_path / "site")
    assert tree(tmp_path / "site") == {"index": b"a", "other": b"b"}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_file_that_somebody_changes_at_once_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of it has no times, so that the next build reads it."""
    original = write_module._move

    def meddled(source: Path, target: Path) -> None:
        original(source, target)
        if target.name == "index":
            target.write_text("theirs")

    monkeypatch.setattr(write_module, "_move", meddled)
    stamps = write(site(index="ours", other="b"), tmp_path / "site").site
    assert stamps["index"].modified == 0
    assert stamps["other"].modified > 0


@pytest.mark.parametrize(
    "journal",
    [b"", bytes(40), b'{"move": ["index"', b"[]", b'{"move": 1}'],
    ids=["empty", "zeros", "cut", "list", "number"],
)
def test_a_journal_that_a_power_cut_has_damaged(tmp_path: Path, journal: bytes) -> None:
    """What was staged beside it is made again; the site is whole in the end."""
    output = tmp_path / "site"
    write(site(index="old", gone="old"), output)
    staging = Path(staging_folder(str(output)))
    staging.mkdir()
    (staging / JOURNAL).write_bytes(journal)
    (staging / "0").write_bytes(b"")
    write(site(index="new"), output)
    assert tree(output) == {"index": b"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    ("old", "new"), [("A/Plot.png", "A/plot.png"), ("가.png", normalize("NFD", "가.png"))]
)
def test_a_name_in_other_letters(tmp_path: Path, old: str, new: str) -> None:
    """For macOS and Windows both names are one file: the new one is there when the old one goes.

    Here it is made a second name by hand, as those systems would find it.
    """
    output = tmp_path / "site"
    write(Site({old: File(old, b"1", "a test")}), output)
    (output / new).hardlink_to(output / old)
    original = Path.unlink

    def both(self: Path, missing_ok: bool = False) -> None:
        name = self.relative_to(output).as_posix()
        for each in (old, new) if name in (old, new) else (name,):
            original(output / each, missing_ok=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", both)
        write(Site({new: File(new, b"1", "a test")}), output)
    assert tree(output) == {new: b"1"}


def test_a_full_disk_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An OSError becomes a WriteError; the site is as it was."""
    output = tmp_path / "site"
    write(site(index="old"), output)

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WriteError, match="No space left on device"):
        write(site(index="new"), output)
    assert tree(output) == {"index": b"old"}


def test_a_file_becomes_a_folder_and_back(tmp_path: Path) -> None:
    """`/a` may turn into `/a/b` and back from one build to the next."""
    output = tmp_path / "site"
    for files in (site(a="1"), site(a__b="2"), site(a="3")):
        write(files, output)
        assert tree(output) == {path: file.content for path, file in files.files.items()}


NAMES = st.sampled_from(["index.html", "a/index.html", "b/c/d.png", "feed.xml", "수학/index.html"])


@given(st.lists(st.dictionaries(NAMES, st.binary(max_size=3)), min_size=1, max_size=4))
def test_any_sequence_of_sites(sites: list[dict[str, bytes]]) -> None:
    """After each of any sequence of builds the folder holds exactly the last site."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "site"
        for files in sites:
            write(Site({path: File(path, data, "") for path, data in files.items()}), output)
            assert tree(output) == files


def test_two_files_at_one_path_name_both_sources() -> None:
    """A clash is an error that names both; the same bytes from two sources are no clash."""
    same = File("a.png", b"1", "posts/a"), File("a.png", b"1", "posts/b")
    assert list(collect_files(same).files) == ["a.png"]
    with pytest.raises(BuildFailed) as clashes:
        collect_files([*same, File("a.png", b"2", "posts/c"), File("a.png", b"3", "posts/d")])
    assert [(str(e), e.file, e.text) for e in clashes.value.errors] == [
        ("two files of the site have the address /a.png", name, "the other comes from posts/a")
        for name in ("posts/c", "posts/d")
    ]


@pytest.mark.parametrize(
    ("origin", "hint"),
    [
        ("posts/b/index.ko.md (alias)", "remove the alias"),
        ("static/a", "rename static/a, or remove it"),
        ("posts/b/index.ko.md", "give one of them another `slug`, `date` or `permalink`"),
    ],
)
def test_a_clash_says_how_it_is_mended(origin: str, hint: str) -> None:
    """By what asked for one of the files."""
    files = [File("a", b"1", origin), File("a", b"2", "the feed")]
    for order in (files, files[::-1]):
        with pytest.raises(BuildFailed) as clash:
            collect_files(order)
        assert [error.hint for error in clash.value.errors] == [hint]


def test_a_file_where_another_needs_a_folder() -> None:
    """`/a` and `/a/b` cannot both be files."""
    below = [File(f"a/{name}", b"", "other") for name in "bc"]
    with pytest.raises(BuildFailed, match="/a is a file") as clashes:
        collect_files([File("a", b"", "one"), *below])
    assert len(clashes.value.errors) == 1


def test_two_builds_that_write_one_site(tmp_path: Path) -> None:
    """One waits for the other: the folder holds one of the sites, whole, and no staging is left."""
    output = tmp_path / "site"
    sites = [
        site(**{f"page{number}": f"{name} {number}" * 500 for number in range(40)}, index=name)
        for name in ("one", "other")
    ]
    for _ in range(10):
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(write, value, output) for value in sites]:
                done.result()
        whole = [{path: file.content for path, file in value.files.items()} for value in sites]
        assert tree(output) in whole
        assert [path.name for path in tmp_path.iterdir()] == ["site"]
