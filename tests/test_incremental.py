"""A build makes only what has changed, and the site is the one that a build from scratch makes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from generator import last_build, pipeline, remembering, stamps
from generator.assemble import sitemap
from generator.atomic_files import write_atomically
from generator.cli import main
from generator.config import read_config
from generator.entries import ENTRIES
from generator.errors import BuildFailed, WriteError
from generator.execute import execute
from generator.execute.digests import digests
from generator.execute.interpreters import Environment
from generator.execute.key import executed_cells
from generator.execute.trace import Trace
from generator.kept import Kept
from generator.last_build import MANIFEST, compare, same_build, seconds
from generator.model import Bundle, DrawShare, MathOutput, Post, Results, ShareWords, Typeset
from generator.progress import Event, Notice, Reused
from generator.render import code, katex, share_pictures
from generator.write import Changes, write

from .conftest import FRONT_MATTER, REPOSITORY, SETTINGS, WriteBlog


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class ReadingKernel:
    """Stands in for a kernel: each word of the code that is a file's name reads the file.

    A cell that holds a formula puts it out, as Markdown; one that holds JSON, as Plotly's figure.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ran: list[str] = []
        self.version = "1"

    def run(self, post: Post, device: str) -> tuple[Results, Trace]:
        self.ran.append(post.source.path)
        folder = Path(post.source.directory).relative_to(self.root).as_posix()
        cells = executed_cells(post)
        names = {f"{folder}/{word}": "" for cell in cells for word in cell.source.split()}
        files = digests(self.root, {name: "" for name in names if "." in name})
        said = f"{sorted(files.items())}, {self.version}"
        outputs = tuple(
            (
                Bundle({"text/markdown": cell.source})
                if "$$" in cell.source
                else Bundle({"application/vnd.plotly.v1+json": cell.source})
                if cell.source.startswith("{")
                else Bundle({"text/plain": f"{cell.source}: {said}"}),
            )
            for cell in cells
        )
        return Results(outputs), Trace("Fake 1", packages={"numpy": self.version}, files=files)

    def environment(self, kernel: str) -> Environment:
        return Environment("Fake 1", lambda name: self.version, lambda name: False)


@dataclass
class Step:
    """What one build did."""

    same: bool
    """It was seen at once that nothing had changed."""
    made: tuple[str, ...] = ()
    """Folder and language of the posts that it rendered."""
    changes: Changes = field(default_factory=lambda: Changes((), ()))
    events: tuple[Event, ...] = ()


class Blog:
    """A blog on the disk, and builds of it."""

    def __init__(self, root: Path, kernel: ReadingKernel) -> None:
        self.root = root
        self.kernel = kernel

    def build(self, **options: object) -> Step:
        """What `inkcell build` does."""
        comparison = compare(str(self.root), options, "posts")
        if same_build(comparison):
            return Step(same=True)
        events: list[Event] = []
        until = datetime.fromtimestamp(seconds(comparison.started), UTC)
        config = replace(read_config(self.root), drafts=bool(options.get("drafts")), until=until)
        taking = Kept(self.root, comparison)
        built = pipeline.rebuild(config, taking, events.append)
        changes = pipeline.publish(built, config, taking)
        made = sorted(
            f"{item.post.source.folder} {item.post.source.language}" for item in built.fresh
        )
        return Step(False, tuple(made), changes, tuple(events))

    def check(self) -> None:
        """The site on the disk is what a build from scratch makes; the next build knows it."""
        ran = list(self.kernel.ran)
        fresh = self.root.parent / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        write(pipeline.build(read_config(self.root)), fresh)
        assert contents(self.root / "site") == contents(fresh)
        assert self.kernel.ran == ran, "a build from scratch found kept results out of date"
        assert self.build().same

    def write(self, files: Mapping[str, str]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        self.write({name: text.replace(old, new)})

    def remove(self, name: str) -> None:
        path = self.root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def post(title: str, body: str, **more: str) -> str:
    """A post with its front matter."""
    values = {"title": title, "date": "2022-07-08", "category": "math", **more}
    lines = "".join(f"{key}: {value}\n" for key, value in values.items())
    return f"---\n{lines}---\n{body}"


FILES: dict[str, str] = {
    "pyproject.toml": SETTINGS + "page_size = 2\nfeed = { limit = 2 }\n",
    "posts/a/index.ko.md": post("가", "글 $x^2$\n\n```{code-cell}\nopen data.txt\n```\n"),
    "posts/a/index.en.md": post("A", "text [b](../b/index.ko.md)\n\n![](a.svg)\n"),
    "posts/a/data.txt": "1",
    "posts/a/a.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
    "posts/b/index.ko.md": post("나", "둘째\n\n```{code-cell}\nimport local.py absent.py\n```\n"),
    "posts/b/local.py": "x = 1\n",
    "posts/c/index.ko.md": post("다", "셋째 [가](../a)\n", date="2021-01-01", tags="[t]"),
    "posts/d/index.ko.md": post("라", "넷째\n", date="2020-01-01", draft="true"),
    "posts/e/index.ko.md": post("마", "다섯째 `code`\n", date="2019-01-01", description="E."),
    "pages/about/index.ko.md": "---\ntitle: 소개\nnav: true\n---\n[가](../../posts/a)\n",
    "templates/404.html": "gone {{ t.archive }}\n",
}

NAMES = ("a en", "a ko", "about ko", "b ko", "c ko", "d ko", "e ko")
SHOWN = tuple(name for name in NAMES if name != "d ko")


@pytest.fixture
def blog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typeset: Typeset) -> Blog:
    """A small blog that has been built."""
    return start_blog(tmp_path / "blog", monkeypatch, typeset)


def start_blog(root: Path, monkeypatch: pytest.MonkeyPatch, typeset: Typeset) -> Blog:
    monkeypatch.setattr(katex, "start_katex", lambda script, output: typeset)
    # So that what decides is mostly the files' times, as it is when nobody is in a hurry.
    monkeypatch.setattr(stamps, "MARGIN", 0)
    kernel = ReadingKernel(root)
    replaced = partial(execute, run=kernel.run, environment=kernel.environment)
    monkeypatch.setattr(pipeline, "execute", replaced)
    blog = Blog(root, kernel)
    blog.write(FILES)
    assert blog.build().made == NAMES
    kernel.ran.clear()
    return blog


def page(name: str) -> str:
    """Path of a post's page, by its folder and language."""
    folder, language = name.split()
    dates = {"c": "2021-01-01", "e": "2019-01-01"}
    prefix = "" if language == "ko" else f"{language}/"
    return f"{prefix}math/{dates.get(folder, '2022-07-08')}-{folder}/index.html"


def test_a_build_that_changes_nothing_is_known_at_once(blog: Blog) -> None:
    """And so is the next one; what it would have said is in the record."""
    blog.check()
    same = same_build(compare(str(blog.root), {}, "posts"))
    assert same is not None
    assert sorted(same.paths) == sorted(
        path for path in contents(blog.root / "site") if path != MANIFEST
    )
    assert same.reused == 2
    assert blog.kernel.ran == []


@dataclass(frozen=True)
class Case:
    """One input changed alone."""

    edit: Callable[[Blog], object]
    made: tuple[str, ...]
    """The posts that are rendered again."""
    ran: tuple[str, ...] = ()
    """The posts whose code runs again."""
    written: frozenset[str] | None = None
    """The files that change; None if that is not what the case is about."""


def only(*names: str, more: tuple[str, ...] = ()) -> frozenset[str]:
    return frozenset((*(page(name) for name in names), *more))


def search(name: str) -> tuple[str, ...]:
    """What another word in a post of one version changes besides its page."""
    text = f"assets/search/posts/{name}.ko.json"
    return ("assets/search/ko/0.txt", "assets/search/ko/index.json", text)


def rename(blog: Blog) -> None:
    (blog.root / "posts/a").rename(blog.root / "posts/z")
    blog.replace("posts/c/index.ko.md", "../a", "../z")
    blog.replace("pages/about/index.ko.md", "posts/a", "posts/z")


def pages_of(blog: Blog) -> list[Path]:
    return sorted((blog.root / "site").rglob("*.html"))


def touch(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path)


CASES = {
    "one word of prose": Case(
        lambda blog: blog.replace("posts/e/index.ko.md", "다섯째", "여섯째"),
        ("e ko",),
        written=only("e ko", more=search("e")),
    ),
    "one word of prose in a post of the feed": Case(
        lambda blog: blog.replace("posts/a/index.en.md", "text", "words"),
        ("a en",),
        written=None,
    ),
    "one word of prose in a post with a tag": Case(
        lambda blog: blog.replace("posts/c/index.ko.md", "[가](../a)\n", "[가](../a)\n\n더.\n"),
        ("c ko",),
        # Its category's feed has two newer posts.
        written=only("c ko", more=("feed/by_tag/t.xml", *search("c"))),
    ),
    "a tag taken away": Case(
        lambda blog: blog.replace("posts/c/index.ko.md", "[t]", "[u]"), ("c ko",), written=None
    ),
    "a first paragraph, which is an excerpt elsewhere": Case(
        lambda blog: blog.replace("posts/c/index.ko.md", "셋째", "세째"), ("c ko",)
    ),
    "tags, which decide what is related": Case(
        lambda blog: blog.replace("posts/c/index.ko.md", "[t]", "[t, u]"), ("c ko",)
    ),
    "a series": Case(
        lambda blog: blog.replace("posts/e/index.ko.md", "category", "series: s\ncategory"),
        ("e ko",),
    ),
    "a revision, which the other version tells of": Case(
        lambda blog: blog.replace(
            "posts/a/index.en.md", "category", "last_modified_at: 2023-01-01\ncategory"
        ),
        ("a en",),
    ),
    "a title": Case(lambda blog: blog.replace("posts/c/index.ko.md", "다", "바"), ("c ko",)),
    "code": Case(
        lambda blog: blog.replace("posts/b/index.ko.md", "import", "import again"),
        ("b ko",),
        ("posts/b/index.ko.md",),
    ),
    "a data file": Case(
        lambda blog: blog.write({"posts/a/data.txt": "2"}),
        ("a en", "a ko"),
        ("posts/a/index.ko.md",),
    ),
    "a local module": Case(
        lambda blog: blog.write({"posts/b/local.py": "x = 2\n"}),
        ("b ko",),
        ("posts/b/index.ko.md",),
    ),
    "a file that the code missed": Case(
        lambda blog: blog.write({"posts/b/absent.py": "y = 1\n"}),
        ("b ko",),
        ("posts/b/index.ko.md",),
    ),
    "a picture beside a post": Case(
        lambda blog: blog.replace("posts/a/a.svg", 'width="1"', 'width="2"'), ("a en", "a ko")
    ),
    "a picture that no post shows": Case(
        lambda blog: blog.write({"posts/c/other.svg": "<svg/>"}), ("c ko",), written=frozenset()
    ),
    "a date, which is in the address": Case(
        lambda blog: blog.replace("posts/b/index.ko.md", "2022-07-08", "2022-07-09"),
        # Its neighbour in English links to it.
        ("a en", "b ko"),
    ),
    "a folder renamed, whose post others link to": Case(
        lambda blog: rename(blog),
        ("about ko", "c ko", "z en", "z ko"),
        ("posts/z/index.ko.md",),
    ),
    "a post added": Case(
        lambda blog: blog.write({"posts/f/index.ko.md": post("바", "새 글\n")}), ("f ko",)
    ),
    "a language added": Case(
        lambda blog: blog.write({"posts/e/index.en.md": post("E", "fifth\n", date="2019-01-01")}),
        ("e en",),
    ),
    "a post removed": Case(lambda blog: blog.remove("posts/e"), ()),
    "a word of a standing page": Case(
        lambda blog: blog.replace("pages/about/index.ko.md", "[가]", "글 [가]"),
        ("about ko",),
        written=frozenset(("about/index.html",)),
    ),
    "a standing page's title, which every page names": Case(
        lambda blog: blog.replace("pages/about/index.ko.md", "소개", "이 블로그"), ("about ko",)
    ),
    "a standing page in another language": Case(
        lambda blog: blog.write({"pages/about/index.en.md": "---\ntitle: About\n---\ntext\n"}),
        ("about en",),
    ),
    "a standing page removed": Case(lambda blog: blog.remove("pages"), ()),
    "a loose file beside standing pages": Case(
        lambda blog: blog.write({"pages/README.md": "x"}), (), written=frozenset()
    ),
    "a draft that is left out": Case(
        lambda blog: blog.replace("posts/d/index.ko.md", "넷째", "네째"),
        ("d ko",),
        written=frozenset(),
    ),
    "a draft published": Case(
        lambda blog: blog.replace("posts/d/index.ko.md", "draft: true\n", ""), ("d ko",)
    ),
    "a template": Case(
        lambda blog: blog.write({"templates/404.html": "lost {{ t.archive }}\n"}),
        (),
        written=frozenset(("404.html",)),
    ),
    "a template taken back": Case(
        lambda blog: blog.remove("templates/404.html"), (), written=frozenset(("404.html",))
    ),
    "a template added": Case(
        lambda blog: blog.write({"templates/redirect.html": "moved"}), (), written=frozenset()
    ),
    "a static file": Case(
        lambda blog: blog.write({"templates/static/own.txt": "mine"}),
        (),
        written=frozenset(("assets/own.txt",)),
    ),
    "a text of the theme": Case(
        lambda blog: blog.write({"templates/ko.toml": 'archive = "지난 글"\n'}), NAMES
    ),
    "a setting": Case(
        lambda blog: blog.replace("pyproject.toml", "example.org", "example.com"), NAMES
    ),
    "a loose file that is no post": Case(
        lambda blog: blog.write({"posts/README.md": "x"}), (), written=frozenset()
    ),
    "a page deleted from the site": Case(
        lambda blog: blog.remove("site/" + page("e ko")), (), written=only("e ko")
    ),
    "a page edited in the site": Case(
        lambda blog: blog.write({"site/" + page("e ko"): "hacked"}), (), written=only("e ko")
    ),
    "a part of the search deleted from the site": Case(
        lambda blog: shutil.rmtree(blog.root / "site/assets/search/ko"),
        (),
        written=frozenset(search("")[:2]),
    ),
    "a picture deleted from the site": Case(
        lambda blog: blog.remove("site/assets/posts/a/a.svg"),
        ("a en",),
        written=frozenset(("assets/posts/a/a.svg",)),
    ),
    "the site deleted": Case(lambda blog: blog.remove("site"), SHOWN),
    "the manifest deleted from the site": Case(
        lambda blog: blog.remove(f"site/{MANIFEST}"), (), written=frozenset()
    ),
    "a kept result deleted": Case(
        lambda blog: blog.remove(".inkcell/results"),
        ("a ko", "b ko"),
        ("posts/a/index.ko.md", "posts/b/index.ko.md"),
        frozenset(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_input_changed_alone(blog: Blog, name: str) -> None:
    """Exactly the posts concerned are made again, and the site is that of a build from scratch."""
    case = CASES[name]
    blog.check()
    case.edit(blog)
    step = blog.build()
    assert not step.same
    assert step.made == case.made
    assert sorted(blog.kernel.ran) == sorted(case.ran)
    if case.written is not None:
        assert set(step.changes.written) == case.written
    blog.check()


REFERRING = {
    "posts/b/index.ko.md": post("나", "둘째\n\n$$ x $$ (eq-cut)\n\n$$ y $$ (eq-other)\n"),
    "posts/e/index.ko.md": post("마", "다섯째 @b:eq-cut\n", date="2019-01-01"),
}


REFERENCES: dict[str, tuple[Callable[[Blog], object], tuple[str, ...], str]] = {
    "a number, by another equation before it": (
        lambda blog: blog.replace("posts/b/index.ko.md", "둘째\n", "둘째\n\n$$ z $$ (eq-z)\n"),
        ("b ko", "e ko"),
        "식\u00a0(2)",
    ),
    "a tag": (
        lambda blog: blog.replace("posts/b/index.ko.md", "$$ x $$", r"$$ x \tag{A} $$"),
        ("b ko", "e ko"),
        "식\u00a0(A)",
    ),
    "a title": (
        lambda blog: blog.replace("posts/b/index.ko.md", "title: 나", "title: 너"),
        ("b ko", "e ko"),
        'title="너"',
    ),
    "an address": (
        lambda blog: blog.replace("posts/b/index.ko.md", "2022-07-08", "2022-07-09"),
        # The first post in English links to it.
        ("a en", "b ko", "e ko"),
        "2022-07-09-b/#eq-cut",
    ),
    "a word, which no reference shows": (
        lambda blog: blog.replace("posts/b/index.ko.md", "둘째", "두째"),
        ("b ko",),
        "식\u00a0(1)",
    ),
    "the post that refers, alone": (
        lambda blog: blog.replace("posts/e/index.ko.md", "@b:eq-cut", "@b:eq-other"),
        ("e ko",),
        "식\u00a0(2)",
    ),
}
"""What changes, how, the posts that are made again, and what the reference shows then."""


@pytest.mark.parametrize("name", REFERENCES)
def test_a_post_is_made_again_when_its_references_show_something_else(
    blog: Blog, name: str
) -> None:
    """Whether the post that they lead to is made again or taken over."""
    edit, made, shown = REFERENCES[name]
    blog.write(REFERRING)
    blog.build()
    blog.check()
    edit(blog)
    assert blog.build().made == made
    assert shown in (blog.root / "site" / page("e ko")).read_text(encoding="utf-8")
    blog.check()


def test_a_reference_leads_to_the_version_that_there_is_now(blog: Blog) -> None:
    """A language added changes where it leads; the language removed, it leads back."""
    blog.write(REFERRING)
    blog.write({"posts/a/index.en.md": post("A", "@b:eq-other\n")})
    blog.build()
    shown = blog.root / "site" / page("a en")
    assert 'href="/math/2022-07-08-b/#eq-other"' in shown.read_text(encoding="utf-8")
    blog.write({"posts/b/index.en.md": post("B", "$$ z $$\n\n$$ y $$ (eq-other)\n")})
    assert blog.build().made == ("a en", "b en", "e ko")
    assert 'href="/en/math/2022-07-08-b/#eq-other"' in shown.read_text(encoding="utf-8")
    blog.check()
    blog.remove("posts/b/index.en.md")
    assert blog.build().made == ("a en", "e ko")
    assert 'href="/math/2022-07-08-b/#eq-other"' in shown.read_text(encoding="utf-8")
    blog.check()


def test_labels_that_code_puts_out_count_for_other_posts(blog: Blog) -> None:
    """Their numbers are known when the code has run, after other posts were found unchanged."""
    code = "```{code-cell}\nopen\n```\n\n$$ x $$ (eq-cut)\n"
    blog.write({"posts/b/index.ko.md": post("나", code)})
    blog.write({"posts/e/index.ko.md": post("마", "다섯째 @b:eq-cut\n", date="2019-01-01")})
    blog.build()
    shown = blog.root / "site" / page("e ko")
    assert ">식\u00a0(1)</a>" in shown.read_text(encoding="utf-8")
    blog.replace("posts/b/index.ko.md", "open", "$$ z $$ (eq-z)")
    assert {"b ko", "e ko"} <= set(blog.build().made)
    assert ">식\u00a0(2)</a>" in shown.read_text(encoding="utf-8")
    blog.check()
    blog.replace("posts/e/index.ko.md", "eq-cut", "eq-z")
    assert blog.build().made == ("e ko",)
    assert ">식\u00a0(1)</a>" in shown.read_text(encoding="utf-8")
    blog.check()
    blog.replace("posts/b/index.ko.md", "(eq-z)", "(eq-y)")
    with pytest.raises(BuildFailed, match="`eq-z` names nothing in the post `b`"):
        blog.build()


def test_a_label_that_another_post_loses_is_an_error(blog: Blog) -> None:
    """In the post that refers to it, though nobody has touched that one."""
    blog.write(REFERRING)
    blog.build()
    blog.replace("posts/b/index.ko.md", " (eq-cut)", "")
    with pytest.raises(BuildFailed) as failed:
        blog.build()
    (error,) = failed.value.errors
    assert (error.file, str(error)) == (
        "posts/e/index.ko.md",
        "`eq-cut` names nothing in the post `b`",
    )


def test_a_feed_changes_with_its_posts_only(blog: Blog) -> None:
    """A word in a post that stands in no feed leaves the feeds; one in a feed's post does not."""
    blog.replace("posts/a/index.en.md", "text", "words")
    assert "en/feed.xml" in blog.build().changes.written
    blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
    assert not [path for path in blog.build().changes.written if path.endswith(".xml")]
    blog.check()


def test_a_post_that_comes_into_a_feed_is_made_again(blog: Blog) -> None:
    """It was made for no feed; nobody has edited it."""
    blog.replace("posts/c/index.ko.md", "tags: [t]\n", "")
    assert blog.build().made == ("c ko",)
    blog.remove("posts/b")
    blog.replace("posts/a/index.en.md", " [b](../b/index.ko.md)", "")
    assert blog.build().made == ("a en", "c ko")
    assert "셋째" in (blog.root / "site/feed.xml").read_text(encoding="utf-8")
    blog.check()


def test_a_drawing_of_a_post_that_falls_out_of_the_feeds(blog: Blog) -> None:
    """It stays for those who read the post there, as in a build from scratch."""
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>x</title></svg>'
    blog.write({"posts/f/index.ko.md": post("바", f"{drawing} 여섯째\n", date="2024-01-01")})
    blog.build()
    drawings = [*(blog.root / "site/assets/posts/f").glob("*.svg")]
    assert len(drawings) == 1
    for name, day in (("g", "02"), ("h", "03")):
        blog.write({f"posts/{name}/index.ko.md": post(name, "글\n", date=f"2024-01-{day}")})
    blog.build()
    assert "여섯째" not in (blog.root / "site/feed.xml").read_text(encoding="utf-8")
    blog.check()
    assert drawings[0].exists()


def test_a_sitemap_of_several_files(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows and shrinks with the site; a word of a post leaves all of them."""
    limited = partial(sitemap.sitemap_files, most_pages=4)
    monkeypatch.setattr(sitemap, "sitemap_files", limited)

    def maps() -> list[str]:
        return sorted(path.name for path in (blog.root / "site").glob("sitemap*.xml"))

    blog.write({"posts/f/index.ko.md": post("바", "여섯째\n", category="sets")})
    blog.build()
    before = maps()
    assert len(before) > 2
    blog.check()
    blog.replace("posts/f/index.ko.md", "여섯째", "그다음")
    assert not [path for path in blog.build().changes.written if path.startswith("sitemap")]
    assert maps() == before
    blog.check()
    for folder in "cef":
        blog.remove(f"posts/{folder}")
    blog.remove("pages")
    assert blog.build().changes.removed
    assert len(maps()) < len(before)
    blog.check()


def test_a_file_whose_name_is_not_utf8(blog: Blog) -> None:
    """As old Korean archives have them: an input like any other."""
    path = blog.root / "posts" / "a" / os.fsdecode(b"\xb1\xdb.csv")
    path.write_bytes(b"1")
    assert blog.build().made == ("a en", "a ko")
    blog.check()
    path.write_bytes(b"22")
    assert blog.build().made == ("a en", "a ko")
    blog.check()


def test_a_touched_file_changes_nothing(blog: Blog) -> None:
    """It is read once; from then on its new time is enough."""
    for name in ("posts/a/index.ko.md", "posts/b/local.py", "pyproject.toml", "site/404.html"):
        os.utime(blog.root / name, (1, 1))
        assert blog.build().same, name
        record = last_build.read_record(str(blog.root))
        assert record is not None
        stamps = record["site"] if name.startswith("site/") else record["stamps"]
        assert stamps[name.removeprefix("site/")].modified == 1_000_000_000
    assert blog.kernel.ran == []


def test_a_change_within_one_tick_of_the_clock_is_seen(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with the times and the size that it had when the last build began is read."""
    monkeypatch.setattr(stamps, "MARGIN", 2_000_000_000)
    path = blog.root / "posts/e/index.ko.md"
    real = os.stat
    frozen = real(path)

    def stat(asked: Any, **more: Any) -> Any:
        return frozen if str(asked) == str(path) else real(asked, **more)

    monkeypatch.setattr(os, "stat", stat)
    path.write_text(path.read_text().replace("다섯째", "여섯째"))
    assert blog.build().made == ("e ko",)


def test_a_file_that_changes_during_a_build_is_made_again(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the build has read it already or not: the record tells of what was there before."""
    for stage in ("read_theme", "publish"):
        blog.replace("posts/e/index.ko.md", "째", "째째")
        original = getattr(pipeline, stage)

        def meanwhile(*arguments: Any, original: Any = original, stage: str = stage) -> Any:
            blog.replace("posts/c/index.ko.md", "셋째", f"{stage} 셋째")
            return original(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(pipeline, stage, meanwhile)
            blog.build()
        assert blog.build().made == ("c ko",)
        blog.check()


@pytest.mark.parametrize("offset", [-3600, 3600])
def test_a_clock_that_is_wrong(blog: Blog, monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    """A clock an hour early or late makes builds slower at worst, never wrong."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + offset * 10**9)
    blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
    assert blog.build().made == ("e ko",)
    monkeypatch.setattr(time, "time_ns", real)
    assert blog.build().same
    blog.replace("posts/e/index.ko.md", "여섯째", "다섯째")
    os.utime(blog.root / "posts/e/index.ko.md", (4e9, 4e9))
    assert blog.build().made == ("e ko",)
    blog.check()


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\xfe", b"[1]", b"half"])
@pytest.mark.parametrize("kind", ["record", "entries"])
def test_what_is_damaged_is_not_trusted(blog: Blog, kind: str, damage: bytes) -> None:
    """Records and entries of which a part is lost or edited are made again."""
    folder = blog.root / ".inkcell"
    paths = [folder / "build.json"] if kind == "record" else list((folder / "posts").iterdir())
    for path in paths:
        path.write_bytes(path.read_bytes()[:99] if damage == b"half" else damage)
    blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
    step = blog.build()
    # A draft that is left out has no entry.
    assert {*step.made, "d ko"} == {*NAMES}
    told = [event.text for event in step.events if isinstance(event, Notice)]
    assert bool(told) == (kind == "entries")
    blog.check()
    blog.replace("posts/e/index.ko.md", "여섯째", "일곱째")
    assert blog.build().made == ("e ko",)


def test_an_edited_record_is_not_trusted(blog: Blog) -> None:
    """Its first line is the digest of the rest."""
    path = blog.root / ".inkcell" / "build.json"
    path.write_text(path.read_text().replace('"always": false', '"always": true'))
    assert last_build.read_record(str(blog.root)) is None


def test_a_build_killed_after_writing_the_site(blog: Blog) -> None:
    """The record is older than the site then: the next build finds what differs."""
    blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
    write(pipeline.build(read_config(blog.root)), blog.root / "site")
    step = blog.build()
    assert step.made == ("e ko",)
    assert step.changes.written == ()
    blog.check()


def test_moves_that_were_cut_short_are_finished(blog: Blog) -> None:
    """A staging folder that an interrupted build has left makes the next one look."""
    (blog.root / ".site.staging").mkdir()
    assert not blog.build().same
    assert not (blog.root / ".site.staging").exists()
    blog.check()


def test_a_feed_id_that_another_post_gets(blog: Blog) -> None:
    """The post that says it is named with its line, though nobody has touched that one."""
    blog.write({"posts/f/index.ko.md": post("바", "글\n", id="https://example.org/math/g")})
    blog.build()
    blog.write({"posts/g/index.ko.md": post("사", "글\n", date="2022-07-09")})
    with pytest.raises(BuildFailed) as failed:
        blog.build()
    (error,) = failed.value.errors
    assert (error.file, error.line, str(error)) == (
        "posts/f/index.ko.md",
        5,
        "posts/g/index.ko.md has the same feed id",
    )


def test_a_failed_build_leaves_the_record(blog: Blog) -> None:
    """The mistake is told again by the next build, and forgotten when it is mended."""
    for _ in range(2):
        blog.replace("posts/e/index.ko.md", "다섯째", "$\\nonsense$ 다섯째")
        with pytest.raises(BuildFailed):
            blog.build()
    blog.replace("posts/e/index.ko.md", "$\\nonsense$ ", "")
    assert blog.build().same
    blog.remove("posts/a")
    with pytest.raises(BuildFailed) as failed:
        blog.build()
    assert [error.file for error in failed.value.errors] == [
        "pages/about/index.ko.md",
        "posts/c/index.ko.md",
    ]


def test_two_builds_at_once(blog: Blog) -> None:
    """One that read older posts and writes last is refused, and the site stays as it is."""
    config = read_config(blog.root)
    blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
    taking = Kept(blog.root, compare(str(blog.root), {}, "posts"))
    slow = pipeline.rebuild(config, taking)
    blog.replace("posts/c/index.ko.md", "셋째", "세째")
    blog.build()
    with pytest.raises(WriteError, match="another build has changed the site"):
        pipeline.publish(slow, config, taking)
    blog.check()


def test_other_options_are_another_build(blog: Blog) -> None:
    """A record of a build with drafts says nothing of one without."""
    assert blog.build(drafts=True).made == NAMES
    assert blog.build(drafts=True).same
    step = blog.build()
    assert step.made == NAMES
    assert step.changes.removed


def test_an_upgraded_package_is_looked_at(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every post is made again, and code that imported the package runs."""
    before = last_build.environment()
    monkeypatch.setattr(last_build, "environment", lambda: {**before, "packages": ["numpy 2"]})
    blog.kernel.version = "2"
    assert blog.build().made == NAMES
    assert sorted(blog.kernel.ran) == ["posts/a/index.ko.md", "posts/b/index.ko.md"]
    blog.check()


def test_packages_are_told_apart_by_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version installed, removed or replaced changes what `environment` says."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])

    def packages() -> object:
        os.utime(folder, (1, 1))
        return last_build.environment()["packages"][-1]

    without = packages()
    (folder / "numpy-1.dist-info").mkdir()
    first = packages()
    (folder / "numpy-1.dist-info").rename(folder / "numpy-2.dist-info")
    second = packages()
    (folder / "numpy-2.dist-info").rmdir()
    assert packages() == without
    assert len({str(without), str(first), str(second)}) == 3
    (folder / "module.py").touch()
    assert last_build.environment()["packages"][-1] != without


def test_a_variable_of_the_environment(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What decides which packages or kernels are found makes every post be looked at."""
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert blog.build().made == NAMES
    blog.check()


def test_a_post_whose_code_runs_every_time(blog: Blog) -> None:
    """`execute: {cache: false}` leaves no short cut, for the post itself; the others are kept."""
    blog.replace("posts/b/index.ko.md", "category", "execute: {cache: false}\ncategory")
    blog.build()
    blog.kernel.ran.clear()
    step = blog.build()
    assert not step.same
    assert step.made == ("b ko",)
    assert blog.kernel.ran == ["posts/b/index.ko.md"]


def test_a_file_that_the_code_finds_through_a_link(blog: Blog) -> None:
    """A build does not walk through a link to a folder, but the file that was read there counts."""
    blog.write({"shared/inner/table.txt": "1"})
    (blog.root / "posts/e/linked").symlink_to("../../shared")
    text = post("마", "다섯째\n\n```{code-cell}\nopen linked/inner/table.txt\n```\n")
    blog.write({"posts/e/index.ko.md": text})
    blog.build()
    blog.check()
    blog.write({"shared/inner/table.txt": "2"})
    blog.kernel.ran.clear()
    assert blog.build().made == ("e ko",)
    assert blog.kernel.ran == ["posts/e/index.ko.md"]
    blog.check()


def linked(blog: Blog, links: Mapping[str, str]) -> None:
    """Data, and links to folders."""
    blog.write({"shared/table.txt": "1", "posts/e/data.d/one.txt": "1"})
    for name, target in links.items():
        (blog.root / name).symlink_to(target)


UNUSUAL: dict[str, tuple[str, Callable[[Blog], object], Callable[[Blog], object]]] = {
    "a folder without files, in a listed one": (
        "list parts.d/",
        lambda blog: blog.write({"posts/e/parts.d/one.csv": "1"}),
        lambda blog: (blog.root / "posts/e/parts.d/new").mkdir(),
    ),
    "a file with the name of an editor's copy": (
        "open table.txt~",
        lambda blog: blog.write({"posts/e/table.txt~": "1"}),
        lambda blog: blog.write({"posts/e/table.txt~": "2"}),
    ),
    "a file in a folder that is a link and was declared": (
        "use linked.d",
        lambda blog: linked(blog, {"posts/e/linked.d": "../../shared"}),
        lambda blog: blog.write({"shared/table.txt": "2"}),
    ),
    "the same, deeper, with a link back": (
        "use data.d",
        lambda blog: linked(blog, {"posts/e/data.d/linked": "../../../shared", "shared/back": "."}),
        lambda blog: blog.write({"shared/table.txt": "2"}),
    ),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_a_build_does_not_look_at_anyway(blog: Blog, name: str) -> None:
    """What the code uses in its post's own folder counts, also where other files do not."""
    code, before, change = UNUSUAL[name]
    before(blog)
    text = post("마", f"다섯째\n\n```{{code-cell}}\n{code}\n```\n")
    blog.write({"posts/e/index.ko.md": text})
    blog.build()
    change(blog)
    blog.kernel.ran.clear()
    assert blog.build().made == ("e ko",)
    assert blog.kernel.ran == ["posts/e/index.ko.md"]


def test_what_a_build_says_of_its_posts_it_says_again(blog: Blog) -> None:
    """Warnings of posts that were taken over, and how many results were kept."""
    blog.write({"posts/w/index.ko.md": post("바", "$가$\n")})
    first = blog.build()
    warnings = [event for event in first.events if isinstance(event, Notice)]
    assert len(warnings) == 1
    blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
    second = blog.build()
    assert [event for event in second.events if isinstance(event, Notice)] == warnings
    assert len([event for event in second.events if isinstance(event, Reused)]) == 2
    same = same_build(compare(str(blog.root), {}, "posts"))
    assert same is not None
    assert same.notices == [warning.text for warning in warnings]


def test_a_record_that_cannot_be_written_costs_only_time(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site is written all the same, and the next build makes again what this one made."""

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(remembering, "write_record", full)
        patch.setattr(last_build, "write_record", full)
        os.utime(blog.root / "posts/a/index.ko.md")
        assert blog.build().same
        blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
        assert set(blog.build().changes.written) == only("e ko", more=search("e"))
    assert blog.build().made == ("e ko",)
    blog.check()


def test_a_record_that_is_cut_short_leaves_nothing(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written of it is no use to the next build, and takes room."""
    folder = blog.root / last_build.FOLDER
    before = {path.name for path in folder.iterdir()}

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OSError, match="no space left"):
            write_atomically(folder / "x", b"1")
    assert {path.name for path in folder.iterdir()} == before


def test_an_interrupt_when_a_file_has_come_to_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what the author is told; the file is there, and nothing else."""
    replaced = os.replace

    def interrupted(source: str, target: Path) -> None:
        replaced(source, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "x", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_file_of_the_site_that_vanishes_during_a_build(blog: Blog) -> None:
    """It was there when the build began; what takes it over finds it gone, and makes it again."""
    blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
    taking = Kept(blog.root, compare(str(blog.root), {}, "posts"))
    config = read_config(blog.root)
    (blog.root / "site/assets/search/ko/0.txt").unlink()
    pipeline.publish(pipeline.rebuild(config, taking), config, taking)
    blog.check()


def test_entries_that_nobody_needs_are_removed(blog: Blog) -> None:
    """One file a post, one for its text in feeds, one for the outlines; whatever was before."""
    for word in ("하나", "둘", "셋"):
        blog.replace("posts/e/index.ko.md", "째", f"{word}째")
        blog.build()
    shown = len(NAMES) - 1
    entries = blog.root / last_build.FOLDER / ENTRIES
    endings = Counter(path.suffix for path in entries.iterdir())
    feeds = (blog.root / "site").rglob("*.xml")
    entry = re.compile("<entry.*?<id>(.*?)</id>", re.DOTALL)
    fed = {name for feed in feeds for name in entry.findall(feed.read_text())}
    assert endings == {".post": shown, ".entry": len(fed), ".outlines": 1}


def test_a_word_beside_an_interactive_figure(blog: Blog) -> None:
    """It makes that page and what shows its text; the libraries stay. Without figures they go."""
    figure = '```{code-cell}\n{"data": [], "layout": {}}\n```\n'
    blog.write({"posts/p/index.ko.md": post("바", f"여섯째\n\n{figure}", date="2018-01-01")})
    assert blog.build().made == ("p ko",)
    blog.check()
    assert [path for path in contents(blog.root / "site") if path.endswith("/plotly.js")]
    blog.replace("posts/p/index.ko.md", "여섯째\n", "여섯째\n\n그림\n")
    step = blog.build()
    assert step.made == ("p ko",)
    changed = {path for path in step.changes.written if path.endswith((".html", ".js"))}
    assert changed == {"math/2018-01-01-p/index.html"}
    blog.check()
    blog.replace("posts/p/index.ko.md", figure, "")
    blog.build()
    blog.check()
    assert not [path for path in contents(blog.root / "site") if path.endswith("/plotly.js")]


def test_nothing_of_katex_is_started_for_known_formulas(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word beside a formula typesets no formula."""
    started: list[str] = []
    original = katex.start_katex

    def start(script: str, output: MathOutput) -> Typeset:
        started.append("V8")
        return original(script, output)

    monkeypatch.setattr(katex, "start_katex", start)
    blog.replace("posts/a/index.ko.md", "글", "글월")
    assert blog.build().made == ("a ko",)
    assert started == []
    blog.replace("posts/a/index.ko.md", "x^2", "x^3")
    blog.build()
    assert started == ["V8"]
    blog.check()


def test_known_code_is_not_coloured_again(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word beside code, and another block of code, colour what is new alone."""
    blog.write({"posts/a/index.ko.md": FRONT_MATTER + "글\n\n```python\nx = 1\n```\n"})
    blog.build()
    coloured: list[str] = []
    original = code.highlight

    def highlight(source: str, language: str) -> str:
        coloured.append(source)
        return original(source, language)

    monkeypatch.setattr(code, "highlight", highlight)
    blog.replace("posts/a/index.ko.md", "글", "글월")
    blog.build()
    assert coloured == []
    blog.replace("posts/a/index.ko.md", "글월", "글월\n\n```python\ny = 2\n```\n")
    blog.build()
    assert coloured == ["y = 2"]
    blog.check()


# --- any sequence of edits --------------------------------------------------------------------

WORDS = ("하나", "둘", "셋")


def _rewrite(
    folder: str, language: str, word: str, date: str, link: str, more: dict[str, str]
) -> dict[str, str]:
    if language == "en" and link:
        link = "../b/index.ko.md"  # It has no version in English.
    body = f"{word} [x]({link})\n\n$x_{{{word and 1}}}$\n" if link else f"{word}\n"
    if link and folder != "a":
        body += "\n@a:eq-x\n"
    if word == WORDS[0]:
        body += "\n$$ z $$ (eq-z)\n"
    body += "\n$$ x $$ (eq-x)\n"
    return {f"posts/{folder}/index.{language}.md": post(word, body, date=date, **more)}


EDITS = st.one_of(
    st.builds(
        lambda *values: lambda blog: blog.write(_rewrite(*values)),
        st.sampled_from(("a", "c", "e", "g")),
        st.sampled_from(("ko", "en")),
        st.sampled_from(WORDS),
        st.sampled_from(("2022-07-08", "2023-01-01")),
        st.sampled_from(("", "../b", "../b/index.ko.md")),
        st.sampled_from(
            (
                {},
                {"series": "s", "tags": "[t]"},
                {"tags": "[t, u]", "last_modified_at": "2024-01-01"},
                {"series": "other"},
            )
        ),
    ),
    st.builds(
        lambda word: (
            lambda blog: blog.write(
                {"pages/about/index.ko.md": f"---\ntitle: {word}\nnav: true\n---\n{word}\n"}
            )
        ),
        st.sampled_from(WORDS),
    ),
    st.builds(
        lambda word: lambda blog: blog.write({"posts/a/data.txt": word, "posts/b/new.svg": word}),
        st.sampled_from(WORDS),
    ),
    st.builds(
        lambda word: lambda blog: blog.write({"templates/404.html": word}), st.sampled_from(WORDS)
    ),
    st.builds(
        lambda name: lambda blog: shutil.rmtree(blog.root / "posts" / name, ignore_errors=True),
        st.sampled_from(("c", "e", "g")),
    ),
    st.builds(
        lambda position: lambda blog: pages_of(blog)[position].unlink(missing_ok=True),
        st.integers(0, 9),
    ),
    st.builds(
        lambda folder: lambda blog: touch(blog.root / folder),
        st.sampled_from(("posts", "site", "templates")),
    ),
)


@settings(max_examples=5, phases=[Phase.generate])
@given(edits=st.lists(st.lists(EDITS, min_size=1, max_size=3), min_size=2, max_size=5))
def test_any_edits_lead_to_the_site_of_a_build_from_scratch(
    tmp_path_factory: pytest.TempPathFactory,
    typeset: Typeset,
    edits: list[list[Callable[[Blog], object]]],
) -> None:
    """To the byte, after each of them."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        blog = start_blog(tmp_path_factory.mktemp("walk") / "blog", monkeypatch, typeset)
        for language in ("ko", "en"):
            blog.write(_rewrite("a", language, WORDS[1], "2022-07-08", "", {}))
        for several in edits:
            for edit in several:
                edit(blog)
            blog.build()
            blog.check()


# --- the command ------------------------------------------------------------------------------


def inkcell(root: Path, *arguments: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(main, ["--root", str(root), *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout.rpartition(";")[0]


def test_the_command_says_the_same_when_nothing_changed(write_blog: WriteBlog) -> None:
    """Whether it looked at everything or at next to nothing."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    inkcell(root, "build")
    known = inkcell(root, "build")
    (root / ".inkcell" / "build.json").unlink()
    assert inkcell(root, "build") == known
    assert " 0 written, 0 removed; 0 posts run, 0 from the cache" in known
    assert inkcell(root, "build", "--no-cache") == known
    assert not (root / ".inkcell" / "build.json").exists()


def test_cleaning_forgets_the_last_build(write_blog: WriteBlog) -> None:
    """And with `--cache` nothing of it stays."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    written = inkcell(root, "build")
    inkcell(root, "clean")
    assert inkcell(root, "build") == written
    inkcell(root, "clean", "--cache")
    assert not any((root / ".inkcell").rglob("*.json"))


def test_paths_of_the_command_line_are_those_of_the_folder_it_is_called_in(
    write_blog: WriteBlog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words in another folder are another build."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        inkcell(root, "build", "-o", "site")
        assert (tmp_path / name / "site" / "index.html").is_file()


LIBRARIES = """
import sys
from generator.cli import main
main(["--root", sys.argv[1], "build"], standalone_mode=False)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

HEAVY = (
    "dateutil feedgen IPython jinja2 jupyter_client jupytext lxml markdown_it nbclient nbformat "
    "nh3 PIL py_mini_racer pygments rich yaml"
).split()


def loaded(root: Path) -> set[str]:
    """The packages that a build imports."""
    command = [sys.executable, "-c", LIBRARIES, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return set(done.stdout.splitlines()[-1].split())


def test_a_build_imports_only_what_it_needs(write_blog: WriteBlog) -> None:
    """Nothing for no change; neither V8, a feed's libraries nor a Jupyter server for a word."""
    posts = {
        f"posts/p{day}/index.ko.md": FRONT_MATTER.replace("08", f"{day:02d}") + "글 $x$ 단어\n"
        for day in range(10, 22)
    }
    root = write_blog({**posts, "posts/old/index.ko.md": "첫 문단\n\n글 $x$\n"})
    running = {"rich", "nbclient", "jupyter_client", "IPython", "jupytext", "nbformat"}
    assert set(HEAVY) - running <= loaded(root)
    assert not loaded(root) & {*HEAVY, "dataclasses_json", "pathspec"}
    write_blog({"posts/old/index.ko.md": "첫 문단\n\n글 $x$ 하나\n"})
    unneeded = {"feedgen", "py_mini_racer", "tornado", "zmq", "rich", "jupytext", "nbformat"}
    assert not loaded(root) & unneeded


def test_an_unchanged_title_is_not_drawn_again(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the text of its post has changed; another title is, and a picture that was lost."""
    drawn: list[str] = []
    original = share_pictures.start_drawing

    def start(font: Path) -> DrawShare:
        draw = original(font)

        def noted(words: ShareWords) -> bytes:
            drawn.append(words.title)
            return draw(words)

        return noted

    monkeypatch.setattr(share_pictures, "start_drawing", start)
    blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
    assert blog.build().made == ("e ko",)
    assert drawn == []
    blog.replace("posts/e/index.ko.md", "title: 마", "title: 머")
    blog.build()
    assert drawn == ["머"]
    (picture,) = (blog.root / "site/assets/posts/e").glob("share-*.png")
    picture.write_bytes(b"lost")
    blog.build()
    assert drawn == ["머", "머"]
    blog.check()


def test_the_record_is_plain_json(blog: Blog) -> None:
    """Below the line with its digest; paths are relative to the blog, so that it may move."""
    text = (blog.root / ".inkcell" / "build.json").read_text().partition("\n")[2]
    record = json.loads(text)
    assert {"posts/a/data.txt", "pyproject.toml"} <= record["stamps"].keys()
    assert str(blog.root) not in text


# --- posts whose date is to come --------------------------------------------------------------


def seconds_since_epoch(date: str) -> int:
    """A moment as the clock tells it, in nanoseconds."""
    return int(datetime.fromisoformat(date).timestamp()) * 10**9


def test_a_post_waits_for_its_date(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build is the same until the date has come; then one makes the post, and only that."""

    def at(date: str) -> Step:
        monkeypatch.setattr(time, "time_ns", lambda: seconds_since_epoch(date))
        return blog.build()

    text = post("바", "앞날\n", date="2100-01-01T09:00:00+09:00")
    blog.write({"posts/f/index.ko.md": text, "posts/f/index.en.md": text})
    page = blog.root / "site/math/2100-01-01-f/index.html"
    told = "1 post waits for its date, 2100-01-01T09:00:00+09:00; "
    step = at("2099-12-31T23:59:59+00:00")
    assert step.made == ("f en", "f ko")
    assert [event.text for event in step.events if isinstance(event, Notice)] == [
        told + "`inkcell build --future` publishes all"
    ]
    assert at("2099-12-31T23:59:59+00:00").same
    same = same_build(compare(str(blog.root), {}, "posts"))
    assert same is not None
    assert [notice.partition("`")[0] for notice in same.notices] == [told]
    assert not page.exists()
    step = at("2100-01-01T00:00:00+00:00")
    assert step.made == ("f en", "f ko")
    assert not [event for event in step.events if isinstance(event, Notice)]
    assert page.exists()
    assert at("2100-01-01T00:00:00+00:00").same
    # A clock that goes back takes the post back.
    assert at("2099-12-31T23:59:58+00:00").made == ("f en", "f ko")
    assert not page.exists()


def test_what_waits_is_told_though_other_posts_change(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft that is left out waits for nothing."""
    blog.replace("posts/d/index.ko.md", "2020-01-01", "2101-01-01")
    for name, date in (("f", "2100-01-01"), ("g", "2100-02-01")):
        blog.write({f"posts/{name}/index.ko.md": post("바", "앞날\n", date=date)})
    blog.build()
    blog.replace("posts/e/index.ko.md", "다섯째", "여섯째")
    step = blog.build()
    assert step.made == ("e ko",)
    assert [event.text.partition(";")[0] for event in step.events if isinstance(event, Notice)] == [
        "2 posts wait for their dates, the first 2100-01-01T00:00:00+09:00"
    ]
