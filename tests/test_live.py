"""The preview's site while something is wrong: all that is right is current, the rest as it was."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from generator.config import read_config
from generator.errors import BuildFailed, CellFailed, plain
from generator.execute.background import Background
from generator.execute.trace import Trace
from generator.last_build import MANIFEST, read_record
from generator.live import PREVIEW, Live
from generator.model import Bundle, Config, Post, Results, Typeset
from generator.pipeline import build
from generator.render import katex
from generator.write import write

from .conftest import SETTINGS, WriteBlog
from .execute.running import PATIENCE
from .execute.test_background import FakeSessions
from .test_incremental import contents, post

URL = "http://127.0.0.1:8000"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="1"/>'
FILES = {
    "posts/a/index.ko.md": post("가", "처음 [나](../b)\n\n$$x^2$$ (eq-a)\n\n![](a.svg)\n"),
    "posts/a/index.en.md": post("A", "first\n\n![](a.svg)\n"),
    "posts/a/a.svg": PICTURE.format(1),
    "posts/b/index.ko.md": post("나", "둘째\n", date="2022-07-09"),
    "posts/c/index.ko.md": post("다", "셋째\n", date="2022-07-07"),
    "pages/about/index.ko.md": "---\ntitle: 소개\nnav: true\n---\n[가](../../posts/a)\n",
}
A, B, C = (f"math/2022-07-0{day}-{name}/index.html" for day, name in ("8a", "9b", "7c"))


class Shown:
    """A blog that somebody works on, and what the preview shows of it."""

    def __init__(self, write_blog: WriteBlog) -> None:
        self.write = write_blog
        self.root = write_blog(FILES)
        self.live = Live(self.config, lambda: None, lambda event: None)
        self.files: dict[str, bytes] = {}

    @property
    def config(self) -> Config:
        return replace(read_config(self.root, drafts=True), url=URL)

    def build(self) -> list[str]:
        """Where something is wrong."""
        shown = self.live.build(self.config)
        self.files = {path: (self.live.output / path).read_bytes() for path in shown.files}
        assert contents(self.live.output) == self.files
        return [f"{error.file}:{error.line}" for error in shown.errors]

    def page(self, path: str) -> str:
        return self.files[path].decode()

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        (self.root / name).write_text(text.replace(old, new), encoding="utf-8")

    def is_as_from_scratch(self) -> bool:
        """Whether the site is the one that a build from nothing makes."""
        fresh = self.root.parent / "fresh"
        write(build(self.config), fresh)
        self.files.pop(MANIFEST)
        made = contents(fresh)
        made.pop(MANIFEST)
        return self.files == made


@pytest.fixture
def shown(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch, typeset: Typeset
) -> Iterator[Shown]:
    """A blog that is shown, with nothing wrong."""
    monkeypatch.setattr(katex, "start_katex", lambda script, output: typeset)
    shown = Shown(write_blog)
    try:
        assert shown.build() == []
        yield shown
    finally:
        shown.live.close()


SOURCE = "posts/a/index.ko.md"


def a_formula(shown: Shown) -> None:
    shown.edit(SOURCE, "x^2", r"\bad")


def a_formula_beside_another_title_and_address(shown: Shown) -> None:
    shown.edit(SOURCE, "가", "바뀐 제목\nslug: other")
    a_formula(shown)


def a_formula_beside_another_picture(shown: Shown) -> None:
    shown.write({"posts/a/a.svg": PICTURE.format(2)})
    a_formula(shown)


def a_link(shown: Shown) -> None:
    shown.edit(SOURCE, "../b", "../nowhere")


def front_matter(shown: Shown) -> None:
    shown.edit(SOURCE, "07-08", "07-32")


def a_text_that_is_not_utf8(shown: Shown) -> None:
    (shown.root / SOURCE).write_bytes(b"---\ntitle: \xff\n---\n")


def two_files_that_are_one_post(shown: Shown) -> None:
    shown.write({"posts/a/index.md": post("가", "noch einmal")})


MISTAKES: list[tuple[Callable[[Shown], None], str]] = [
    (a_formula, "8"),
    (a_formula_beside_another_title_and_address, "9"),
    (a_formula_beside_another_picture, "8"),
    (a_link, "6"),
    (front_matter, "3"),
    (a_text_that_is_not_utf8, "2"),
    (two_files_that_are_one_post, "None"),
]


@pytest.mark.parametrize(("spoil", "line"), MISTAKES)
def test_what_is_right_is_current(shown: Shown, spoil: Callable[[Shown], None], line: str) -> None:
    """A broken post stays as it was, others change, come and go; mended, it is as if never."""
    text = (shown.root / "posts/a/index.ko.md").read_bytes()
    before = shown.page(A)
    spoil(shown)
    shown.edit("posts/b/index.ko.md", "둘째", "고친 둘째 [가](../a)")
    for _ in range(2):  # It has changed since the last build, or is broken as it was then.
        (place,) = shown.build()
        assert re.fullmatch(rf"posts/a/index(.ko)?.md:{line}", place)
        assert shown.page(A) == before
        assert "고친 둘째" in shown.page(B)
        assert "바뀐 제목" not in shown.page(B)
    # Other pages, and lists in which the broken post stands.
    shown.write({"posts/d/index.ko.md": post("라", "새 글\n", date="2022-07-10")})
    (shown.root / "posts/c/index.ko.md").unlink()
    (shown.root / "posts/c").rmdir()
    assert len(shown.build()) == 1
    assert C not in shown.files
    assert "처음" in shown.page(A)
    assert "새 글" in shown.page("index.html")
    assert ">가<" in shown.page("index.html")
    shown.edit("posts/b/index.ko.md", "고친", "또 고친")
    assert len(shown.build()) == 1
    assert "또 고친" in shown.page(B)
    (shown.root / "posts/a/index.ko.md").write_bytes(text)
    (shown.root / "posts/a/index.md").unlink(missing_ok=True)
    assert shown.build() == []
    assert shown.is_as_from_scratch()


def test_a_post_that_is_broken_from_its_beginning(shown: Shown) -> None:
    """It is not there yet; a link to it is no mistake. It comes when it is mended."""
    shown.write({"posts/n/index.ko.md": post("새", r"글 $\bad$" + "\n")})
    shown.edit("posts/b/index.ko.md", "둘째", "고친 [글](../n)")
    new = "math/2022-07-08-n/index.html"
    for _ in range(2):
        assert shown.build() == ["posts/n/index.ko.md:6"]
        assert "고친" in shown.page(B)
        assert new not in shown.files
    shown.edit("posts/n/index.ko.md", r"\bad", "x")
    assert shown.build() == []
    assert new in shown.files
    assert shown.is_as_from_scratch()


def test_a_reference_to_what_is_new_in_a_broken_post(shown: Shown) -> None:
    """It is right, and the post that has it is shown."""
    shown.edit("posts/a/index.ko.md", "처음", "$$y$$ (eq-new)\n\n" + r"$\bad$")
    shown.edit("posts/b/index.ko.md", "둘째", "고친 @a:eq-new")
    assert shown.build() == ["posts/a/index.ko.md:8"]
    assert "고친" in shown.page(B)


@pytest.mark.parametrize("key", ["slug: b", "aliases: [/math/2022-07-09-b/]", "permalink: /math/"])
def test_a_post_in_the_place_of_another_page(shown: Shown, key: str) -> None:
    """As of a folder that was copied to begin another post: the one that was there stays."""
    before = shown.page(B)
    text = post("새", "새 글\n", date="2022-07-09").replace("category", f"{key}\ncategory")
    shown.write({"posts/n/index.ko.md": text})
    shown.edit("posts/c/index.ko.md", "셋째", "고친 셋째")
    for _ in range(2):
        (place,) = shown.build()
        assert place.startswith("posts/n/index.ko.md")
        assert shown.page(B) == before
        assert "고친 셋째" in shown.page(C)
    shown.edit("posts/n/index.ko.md", key, "slug: other")
    assert shown.build() == []
    assert "새 글" in shown.page("math/2022-07-09-other/index.html")
    assert shown.is_as_from_scratch()


def test_two_posts_of_one_address_beside_a_broken_one(shown: Shown) -> None:
    """They are told of, too: one of them is missing."""
    shown.edit("posts/a/index.ko.md", "x^2", r"\bad")
    for name in ("n", "o"):
        shown.write({f"posts/{name}/index.ko.md": post("새", f"새 글 {name}\n")})
    shown.edit("posts/o/index.ko.md", "category", "slug: n\ncategory")
    for _ in range(2):
        assert shown.build() == ["posts/a/index.ko.md:8", "posts/o/index.ko.md:None"]
        assert "새 글 n" in shown.page("math/2022-07-08-n/index.html")
    shown.edit("posts/o/index.ko.md", "slug: n", "slug: other")
    assert shown.build() == ["posts/a/index.ko.md:8"]
    assert "새 글 o" in shown.page("math/2022-07-08-other/index.html")


def test_several_broken_posts(shown: Shown) -> None:
    """Each is told, also one that breaks while another is broken; and one that goes is gone."""
    shown.edit("posts/a/index.ko.md", "x^2", r"\bad")
    shown.build()
    shown.edit("posts/b/index.ko.md", "둘째", r"$\bad$")
    shown.edit("posts/c/index.ko.md", "07-07", "07-32")
    assert shown.build() == [
        "posts/a/index.ko.md:8",
        "posts/b/index.ko.md:6",
        "posts/c/index.ko.md:3",
    ]
    assert {A, B, C} <= shown.files.keys()
    (shown.root / "posts/a/index.ko.md").unlink()
    shown.edit("pages/about/index.ko.md", "../../posts/a", "../../posts/b")
    assert len(shown.build()) == 2
    assert A not in shown.files


def test_a_broken_post_that_is_lost(shown: Shown) -> None:
    """What was kept of it is gone: it is missing, and the post behind it comes into the feed."""
    config = (shown.root / "pyproject.toml").read_text(encoding="utf-8")
    shown.write({"pyproject.toml": config + "feed = { limit = 1 }\n"})
    shown.build()
    newest = "posts/b/index.ko.md"
    record = read_record(str(shown.root), PREVIEW)
    assert record
    (shown.root / PREVIEW / "posts" / record["posts"][newest]["entry"]).unlink()
    shown.edit(newest, "둘째", "$\\bad$")
    shown.edit("posts/c/index.ko.md", "셋째", "셋째 글")
    assert shown.build() == [f"{newest}:6"]
    assert B not in shown.files
    shown.edit(newest, "$\\bad$", "둘째")
    assert shown.build() == []
    assert shown.is_as_from_scratch()


def test_other_settings_while_a_post_is_broken(shown: Shown) -> None:
    """It is shown with them, unless they give it another address."""
    shown.edit("posts/a/index.ko.md", "x^2", r"\bad")
    (shown.root / "pyproject.toml").write_text(SETTINGS.replace("A blog", "Another"))
    assert shown.build() == ["posts/a/index.ko.md:8"]
    assert "Another" in shown.page(A)
    (shown.root / "pyproject.toml").write_text(SETTINGS + 'permalink = "/:slug/"\n')
    assert shown.build() == ["posts/a/index.ko.md:8"]
    assert not {A, "a/index.html"} & shown.files.keys()
    shown.edit("posts/a/index.ko.md", r"\bad", "x^2")
    assert shown.build() == []
    assert shown.is_as_from_scratch()


def test_a_broken_theme(shown: Shown) -> None:
    """Then nothing can be shown but what was; what is wrong with posts is told, too."""
    shown.edit("posts/a/index.ko.md", "x^2", r"\bad")
    shown.edit("posts/b/index.ko.md", "둘째", "고친")
    shown.write({"templates/post.html": "{{ nothing.at.all }}"})
    with pytest.raises(BuildFailed) as failed:
        shown.build()
    files = [plain(error)["file"] for error in failed.value.errors]
    assert sorted(files, key=str) == ["posts/a/index.ko.md", "templates/post.html"]
    assert contents(shown.live.output) == shown.files


def test_a_build_publishes_nothing(shown: Shown) -> None:
    """Whatever the preview shows."""
    shown.edit("posts/a/index.ko.md", "x^2", r"\bad")
    assert shown.build()
    with pytest.raises(BuildFailed):
        build(shown.config)


def test_a_label_that_code_has_yet_to_put_out(shown: Shown) -> None:
    """It is no mistake that it is not there; the post is, as soon as the code has run."""

    class Sessions(FakeSessions):
        def run(self, post: Post, device: str) -> tuple[Results, Trace | None]:
            _, trace = super().run(post, device)
            return Results(((Bundle({"text/markdown": "$$x$$ (eq-out)"}),),)), trace

    sessions, told = Sessions(), threading.Event()
    shown.live._place.close()
    shown.live._place = Background(sessions, told.set)
    text = "글 @eq-out, @eq-none\n\n```{code-cell}\nMarkdown('$$x$$ (eq-' + 'out)')\n```\n"
    shown.write({"posts/n/index.ko.md": post("새", text)})
    new = "math/2022-07-08-n/index.html"
    assert shown.build() == []
    assert shown.live.running == ("posts/n/index.ko.md",)
    assert new not in shown.files
    sessions.may_run.set()
    assert told.wait(PATIENCE)
    assert shown.build() == ["posts/n/index.ko.md:6"]
    shown.edit("posts/n/index.ko.md", ", @eq-none", "")
    assert shown.build() == []
    assert "식 (1)" in shown.page(new)


def test_code_that_is_taken_back_while_it_runs(shown: Shown) -> None:
    """Its run ends: nobody needs it. A run that the other version of the post needs goes on."""
    sessions = FakeSessions()
    shown.live._place.close()
    shown.live._place = Background(sessions, lambda: None)
    code = "```{code-cell}\nwhile True: pass\n```\n"
    names = [f"posts/n/index.{language}.md" for language in ("en", "ko")]
    shown.write({name: post("새", "글\n\n" + code) for name in names})
    shown.build()
    (running,) = shown.live.running
    (other,) = {*names} - {running}
    for name, runs in ((running, (running,)), (other, ())):
        shown.edit(name, code, "")
        shown.build()
        assert shown.live.running == runs
        assert [item.source.path for item in sessions.interrupted] == ([] if runs else [running])
    assert shown.is_as_from_scratch()


def test_prose_around_code_that_has_failed(shown: Shown) -> None:
    """It is current, also of a post that has never run; what is wrong is told beside it."""
    sessions, told = FakeSessions(), threading.Event()
    shown.live._place.close()
    shown.live._place = Background(sessions, told.set)
    sessions.raises = CellFailed("ValueError: no").at(cell=2, line=9)
    shown.write({"posts/n/index.ko.md": post("새", "글\n\n```{code-cell}\n1\n```\n")})
    assert shown.build() == []
    sessions.may_run.set()
    assert told.wait(PATIENCE)
    for word, line in (("글", 9), ("새 글", 9), ("새 글\n\n더", 11)):
        text = f"{word}\n\n```{{code-cell}}\n1\n```\n"
        shown.write({"posts/n/index.ko.md": post("새", text)})
        assert shown.build() == [f"posts/n/index.ko.md:{line}"]
        assert word.split()[-1] in shown.page("math/2022-07-08-n/index.html")
    shown.write({"templates/post.html": "{{ nothing.at.all }}"})
    with pytest.raises(BuildFailed, match="ValueError: no"):
        shown.build()


def test_a_post_that_is_removed_while_its_code_runs(shown: Shown) -> None:
    """The run ends, and the page does not say for ever that it goes on."""
    sessions = FakeSessions()
    shown.live._place.close()
    shown.live._place = Background(sessions, lambda: None)
    source = "posts/n/index.ko.md"
    shown.write({source: post("새", "글\n\n```{code-cell}\n1\n```\n")})
    shown.build()
    shown.edit("posts/b/index.ko.md", "둘째", "고친 둘째")
    shown.build()
    assert shown.live.running == (source,)
    assert sessions.interrupted == []
    (shown.root / source).unlink()
    (shown.root / source).parent.rmdir()
    shown.build()
    assert not shown.live.running
    assert [item.source.path for item in sessions.interrupted] == [source]
