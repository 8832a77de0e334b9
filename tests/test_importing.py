"""`inkcell import`: whole old blogs, and the new posts that come of them.

A case is a folder of `fixtures/import/`, named after the tool: `old/` is the old blog, `expected/`
the blog's `posts/` afterwards, `pages/` its `pages/`, and `told.txt` what the command says. A new
case needs `old/` only: `INKCELL_WRITE_EXPECTED=1 pytest tests/test_importing.py` writes the rest,
to be read before it is kept.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from generator import pipeline
from generator.config import parse_config, read_config
from generator.errors import InkcellError
from generator.execute import execute
from generator.importing import dates, import_posts
from generator.importing.boxes import write_boxes
from generator.importing.formulas import (
    delimit_environments,
    plain_brackets,
    plain_dollars,
    rename_labels,
)
from generator.importing.front_text import read_front_text
from generator.importing.hugo import urlize
from generator.importing.jekyll import slugify
from generator.importing.old_blog import TOOLS, OldBlog, Tool
from generator.importing.passages import passages
from generator.importing.reading import open_blog
from generator.importing.recognise import recognise
from generator.model import Site

from .conftest import REPOSITORY, WriteBlog
from .test_broken_blogs import snapshot
from .test_cli import inkcell
from .test_invariants import FakeKernel

CASES = sorted(path.parent for path in (REPOSITORY / "tests/fixtures/import").glob("*/old"))
SETTINGS = """\
[tool.inkcell]
title = "New"
url = "https://new.example"
language = "en"
languages = ["en", "ko"]
timezone = "Asia/Seoul"
author = { name = "Somebody" }
"""
LAST_CHANGED = 1_577_934_245
"""Of all files of the old blogs: in the night to 2 January 2020, in seconds."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A new blog without posts."""
    folder = tmp_path / "new"
    (folder / "posts").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


def old_blog(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The folder of an old blog with these files."""
    for name, content in files.items():
        path = folder / "old" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / "old"


def copied(case: Path, folder: Path) -> Path:
    """The old blog of a case, all files of one day."""
    old = folder / "old"
    shutil.copytree(case / "old", old)
    for path in old.rglob("*"):
        os.utime(path, (LAST_CHANGED, LAST_CHANGED))
    return old


def files(folder: Path) -> dict[str, str]:
    """All files below a folder, by their paths."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_old_blogs_become_posts(case: Path, root: Path, tmp_path: Path) -> None:
    """Texts, files beside them and what is told are as expected; the old blog is as it was."""
    old = copied(case, tmp_path)
    before = snapshot(old)
    done = inkcell(root, "import", str(old))
    told = (done.stdout + done.stderr).replace(str(old), "old")
    if os.environ.get("INKCELL_WRITE_EXPECTED"):
        shutil.rmtree(case / "expected", ignore_errors=True)
        shutil.rmtree(case / "pages", ignore_errors=True)
        shutil.copytree(root / "posts", case / "expected")
        if (root / "pages").is_dir():
            shutil.copytree(root / "pages", case / "pages")
        (case / "told.txt").write_text(told, encoding="utf-8")
    assert files(root / "posts") == files(case / "expected")
    assert files(root / "pages") == files(case / "pages")
    assert told == (case / "told.txt").read_text(encoding="utf-8")
    assert done.exit_code == ("error: " in told)
    assert snapshot(old) == before


@pytest.fixture
def built(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site of all cases' posts together; no kernel starts."""
    fake = FakeKernel()
    replaced = partial(execute, run=fake.run, environment=fake.environment)
    monkeypatch.setattr(pipeline, "execute", replaced)
    for case in CASES:
        old = copied(case, tmp_path / case.name)
        inkcell(root, "import", str(old))
    return pipeline.build(read_config(root))


def test_imported_posts_can_be_built(built: Site) -> None:
    """As they are, whatever could not be converted; old addresses lead to them, ids are kept."""
    for former in ("paper/2022/07/08/ncut.html", "old/second/index.html", "posts/other.html"):
        assert "http-equiv" in built.files[former].content.decode(), former
    feed = built.files["feed.xml"].content.decode()
    assert "<id>https://example.com/paper/2022/07/08/ncut</id>" in feed
    page = built.files["paper/2022-07-08-ncut/index.html"].content.decode()
    assert 'href="/ko/paper/2023-01-02-second/#part"' in page
    assert "{% include unknown.html x=" in page


def test_what_was_told_of_is_on_that_line(root: Path, tmp_path: Path) -> None:
    """A remark's line of the new file is the one that the author must edit."""
    case = next(case for case in CASES if case.name == "jekyll-varied")
    done = inkcell(root, "import", str(copied(case, tmp_path)), "--json")
    notes = [note for note in json.loads(done.stdout)["notes"] if "Liquid" in note["message"]]
    assert len(notes) >= 4
    for note in notes:
        lines = (root / note["file"]).read_text(encoding="utf-8").split("\n")
        assert note["text"] in lines[note["line"] - 1]


def test_a_second_run_imports_what_is_new(root: Path, tmp_path: Path) -> None:
    """What is there stays as its author has edited it, and says so; one new post is written."""
    post = "---\ntitle: A\n---\ntext\n"
    config = "url: https://old.example\n"
    old = old_blog(tmp_path, {"_config.yml": config, "_posts/2020-01-01-a.md": post})
    assert inkcell(root, "import", str(old)).exit_code == 0
    written = root / "posts/a/index.en.md"
    written.write_text(written.read_text("utf-8").replace("text", "edited"), encoding="utf-8")
    before = written.read_bytes()
    old_blog(tmp_path, {"_posts/2021-01-01-b.md": post.replace("A", "B")})
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 0
    assert done.stdout.startswith(
        "posts/b/index.en.md\n1 post imported from Jekyll; 1 imported before."
    )
    assert written.read_bytes() == before


def notebook(*markdown: str) -> str:
    """A notebook with cells of Markdown."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in markdown]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


@pytest.mark.parametrize(
    ("name", "text", "edits"),
    [
        ("a.ipynb", notebook("# math $\\ell$"), []),
        ("a.ipynb", notebook('# quotes "x" \\ y'), []),
        ("a.ipynb", notebook("# T", "One whole sentence."), [("T", "Other")]),
        ("a.ipynb", notebook("# T", "One whole sentence."), [("title: ", "title: [")]),
        ("a.md", "---\ntitle: 'a \"b\" \\c'\n---\n", []),
        ("a.md", "---\ntitle: T\ndate: 2020-01-01\n---\n", [('"T"', "Other")]),
        ("a.md", "# T\n\nOne whole sentence.\n", [('"T"', "Other"), ("date: 2", "date: 1")]),
        ("a.md", "# T\n\nOne whole sentence.\n", [('title: "T"', "title: [")]),
        ("_drafts/a.md", "---\ntitle: T\n---\nOne whole sentence.\n", [('"T"', "Other")]),
        ("_posts/2020-01-01-a.md", "---\ntitle: T\n---\nx\n", [('"T"', "Other"), ("x", "y")]),
    ],
)
def test_a_post_that_was_edited_is_known_again(
    root: Path, tmp_path: Path, name: str, text: str, edits: list[tuple[str, str]]
) -> None:
    """Whatever stands in its title, and whether that, its date or its text were changed."""
    old = old_blog(tmp_path, {name: text, "_posts/x": ""} if name.startswith("_") else {name: text})
    assert inkcell(root, "import", str(old)).exit_code == 0
    (written,) = (root / "posts").glob("*/index.*")
    content = written.read_text("utf-8")
    for before, after in edits:
        assert before in content
        content = content.replace(before, after)
    written.write_text(content, "utf-8")
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 0, done.stderr
    assert "0 posts imported" in done.stdout
    assert "; 1 imported before.\n" in done.stdout
    assert written.read_text("utf-8") == content


def test_another_post_of_the_same_name_is_not_taken_for_it(root: Path, tmp_path: Path) -> None:
    """A word or a short line in common is no sign."""
    old = old_blog(tmp_path, {"a.md": "# Old\n\n```python\nx = 1\n```\n\nOne whole sentence.\n"})
    (root / "posts/a").mkdir()
    mine = "---\ntitle: Mine\ndate: 2001-01-01\ncategory: Old\n---\n```python\nx = 1\n```\nOld.\n"
    (root / "posts/a/index.en.md").write_text(mine)
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 1
    assert "posts/a/index.en.md: error: another post is there already" in done.stderr


def test_nothing_is_overwritten(root: Path, tmp_path: Path) -> None:
    """Another post in the way is an error, and so is another file; the others are imported."""
    picture = "![x](/x.svg)\n"
    old = old_blog(
        tmp_path,
        {
            "_config.yml": "url: https://old.example\n",
            "_posts/2020-01-01-a.md": "---\ntitle: Old\n---\n",
            "_posts/2020-01-01-b.md": f"---\ntitle: B\n---\n{picture}",
            "_posts/2020-01-01-c.md": f"---\ntitle: C\n---\n{picture}",
            "x.svg": "<svg/>",
        },
    )
    for name, text in {"a/index.en.md": "mine", "b/x.svg": "mine"}.items():
        (root / "posts" / name).parent.mkdir()
        (root / "posts" / name).write_text(text)
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 1
    assert "posts/a/index.en.md: error: another post is there already\n  hint: " in done.stderr
    assert "posts/b/x.svg: error: the file is there already\n  hint: " in done.stderr
    assert files(root / "posts").keys() == {"a/index.en.md", "b/x.svg", "c/index.en.md", "c/x.svg"}
    assert (root / "posts/a/index.en.md").read_text() == "mine"


def test_dry_run_writes_nothing(root: Path, tmp_path: Path) -> None:
    """It prints the same paths and remarks, and the number of posts."""
    old = old_blog(tmp_path, {"a.md": "# A\n\n[x](nowhere.md)\n"})
    dry = inkcell(root, "import", str(old), "--dry-run")
    assert files(root / "posts") == {}
    wet = inkcell(root, "import", str(old))
    assert dry.stderr == wet.stderr
    assert "posts/a/index.en.md:" in dry.stderr
    assert dry.stdout == "posts/a/index.en.md\n1 post would be imported from texts and notebooks.\n"
    assert wet.stdout.startswith("posts/a/index.en.md\n1 post imported from texts and notebooks.\n")


def test_json_tells_all(root: Path, tmp_path: Path) -> None:
    """Posts with where they come from and what lies beside them, remarks and errors."""
    front = "---\ndate: 2020-01-01\nweight: 3\n---\n"
    old = old_blog(
        tmp_path, {"a.md": front + "![x](i/x.svg)", "i/x.svg": "<svg/>", "b.md": "---\nx: [\n---\n"}
    )
    done = inkcell(root, "import", str(old), "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    (post,) = said["written"]
    assert (post["file"], post["beside"]) == ("posts/a/index.en.md", ["i/x.svg"])
    assert post["from"].endswith("old/a.md")
    assert [(note["line"], note["text"]) for note in said["notes"]] == [(3, "weight: 3")]
    assert [error["file"].rpartition("/")[2] for error in said["errors"]] == ["b.md"]


def test_a_key_of_many_posts_is_told_once(root: Path, tmp_path: Path) -> None:
    """`layout: post` is in all posts of Jekyll's; each is in the JSON."""
    posts = {f"_posts/2020-01-0{n}-p{n}.md": "---\nlayout: post\n---\n" for n in range(1, 7)}
    old = old_blog(tmp_path, {"_config.yml": "url: https://o.example", **posts})
    told = inkcell(root, "import", str(old), "--dry-run").stderr
    assert told.count("`layout`") == 1
    assert "(6 posts, the first " in told
    said = json.loads(inkcell(root, "import", str(old), "--json").stdout)
    assert len(said["notes"]) == 6


@pytest.mark.parametrize(
    ("names", "tool"),
    [
        (["_config.yml", "_posts/2020-01-01-a.md"], "jekyll"),
        (["math/_posts/2020-01-01-a.md"], "jekyll"),
        (["hugo.toml", "content/posts/a.md"], "hugo"),
        (["config/_default/config.yaml", "content/a.md"], "hugo"),
        (["_quarto.yml", "posts/a.ipynb"], "quarto"),
        (["a.qmd"], "quarto"),
        (["a.md", "content/b.txt"], "files"),
        (["b/a.ipynb"], "files"),
        (["a.txt"], None),
    ],
)
def test_the_tool_is_recognised(tmp_path: Path, names: list[str], tool: str | None) -> None:
    """By the files that each of them needs."""
    old = old_blog(tmp_path, dict.fromkeys(names, ""))
    assert recognise(open_blog(old, date(2020, 1, 1))) == tool


def test_a_folder_without_posts_is_an_error(root: Path, tmp_path: Path) -> None:
    """With a hint; and `--from` beats what the files tell."""
    old = old_blog(tmp_path, {"x.txt": ""})
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 1
    assert "holds no posts\n  hint: " in done.stderr
    old_blog(tmp_path, {"_posts/2020-01-01-a.md": "# T\n"})
    done = inkcell(root, "import", str(old), "--from", "files")
    assert "posts/a/index.en.md\n" in done.stdout
    assert "from texts and notebooks" in done.stdout


@pytest.mark.parametrize("tool", TOOLS)
def test_a_folder_of_another_tool_is_an_error(root: Path, tmp_path: Path, tool: str) -> None:
    """`--from` names a tool of which nothing lies there: that is told, and the exit status is 1."""
    old = old_blog(tmp_path, {"x.txt": ""})
    done = inkcell(root, "import", str(old), "--from", tool)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"error: {old} holds no posts of ")
    assert "\n  hint: name the folder that has " in done.stderr
    said = inkcell(root, "import", str(old), "--from", tool, "--json")
    assert said.exit_code == 1
    assert len(json.loads(said.stdout)["errors"]) == 1


@pytest.mark.parametrize(
    ("settings", "folder", "what"),
    [
        ("_config.yml", "_posts", "Jekyll's _posts"),
        ("_config.yml", "_drafts", "Jekyll's _drafts"),
        ("_config.yml", "_posts/math", "Jekyll's _posts"),
        ("hugo.toml", "content", "Hugo's content"),
        ("config/_default/hugo.toml", "content/posts", "Hugo's content"),
        ("_quarto.yml", "posts", "a part of a website by Quarto"),
    ],
)
def test_a_folder_within_a_blog_is_an_error(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    folder: str,
    what: str,
) -> None:
    """Its posts would come without addresses: the hint names the folder to give.

    Who wants them so says `--from files`.
    """
    old = old_blog(tmp_path, {settings: "", f"{folder}/2020-01-01-a.md": "# T\n"})
    monkeypatch.chdir(root)
    for given, named in ((str(old / folder), str(old)), (f"../old/{folder}", "../old")):
        done = inkcell(root, "import", given)
        assert done.exit_code == 1
        assert f"error: {given} looks like {what}\n" in done.stderr
        assert f"hint: name the blog's own folder, {named}; for loose texts" in done.stderr
    assert files(root / "posts") == {}
    assert inkcell(root, "import", str(old)).exit_code == 0
    shutil.rmtree(root / "posts")
    (root / "posts").mkdir()
    assert inkcell(root, "import", str(old / folder), "--from", "files").exit_code == 0


def test_a_page_that_lists_posts_is_told(root: Path, tmp_path: Path) -> None:
    """Quarto's `listing`, with its line; every blog has one in `index.qmd`."""
    page = "---\ntitle: Blog\nlisting: posts\n---\n"
    post = "---\ndate: 2020-01-01\n---\nx\n"
    old = old_blog(tmp_path, {"index.qmd": page, "posts/a.qmd": post})
    told = inkcell(root, "import", str(old)).stderr
    assert "index.qmd:3: a page that lists posts is no post; " in told


def test_a_loose_text_that_is_not_published_is_a_draft(root: Path, tmp_path: Path) -> None:
    """`published: false` says so, and `published: true` nothing."""
    front = "---\npublished: {}\ndate: 2020-01-01\n---\n"
    texts: dict[str, str | bytes] = {f"{word}.md": front.format(word) for word in ("true", "false")}
    done = inkcell(root, "import", str(old_blog(tmp_path, texts)))
    assert done.stderr == ""
    assert "draft: true\n" in (root / "posts/false/index.en.md").read_text("utf-8")
    assert "draft" not in (root / "posts/true/index.en.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("config", "name", "front", "alias", "id"),
    [
        ("", "../math/_posts/sub/2022-07-08-n", "", "/math/2022/07/08/n.html",
         "/math/2022/07/08/n"),
        ("", "2022-07-08-ncut", "", "/2022/07/08/ncut.html", "/2022/07/08/ncut"),
        ("permalink: pretty", "2022-7-8-n", "category: A B", "/a b/2022/07/08/n/",
         "/a%20b/2022/07/08/n"),
        ("permalink: none", "2022-07-08-N_c", "categories: x y", "/x/y/N_c.html", "/x/y/N_c"),
        ("permalink: /:year/:i_month/:title", "2022-07-08-n", "", "/2022/7/n", "/2022/7/n"),
        ("permalink: /:slug:output_ext", "2022-07-08-n", "slug: Other One", "/other-one.html",
         "/Other%20One"),
        ("permalink: ordinal", "2022-07-08-n", "permalink: /p/:title/", "/p/n/", "/p/n"),
        ("timezone: Asia/Seoul", "2022-07-08-n", "date: 2022-07-08 23:30 +0000",
         "/2022/07/09/n.html", "/2022/07/09/n"),
        ("defaults: [{scope: {path: _posts}, values: {permalink: /d/:title.html}}]",
         "2022-07-08-n", "", "/d/n.html", "/d/n"),
        ("", "2022-07-08-집합", "", "/2022/07/08/집합.html", "/2022/07/08/%EC%A7%91%ED%95%A9"),
    ],
)  # fmt: skip
def test_addresses_and_ids_of_jekyll(
    root: Path, tmp_path: Path, config: str, name: str, front: str, alias: str, id: str
) -> None:
    """As `permalink` in settings, defaults and front matter says; ids as jekyll-feed makes them."""
    settings = f"url: https://old.example\nbaseurl: /blog\n{config}\n"
    old = old_blog(
        tmp_path,
        {"_config.yml": settings, f"_posts/{name}.md": f"---\ntitle: T\n{front}\n---\ntext\n"},
    )
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 0, done.stderr
    (path,) = (root / "posts").glob("*/index.en.md")
    values = read_front_text(path.read_text("utf-8")).values
    assert values["aliases"] == [alias]
    assert values["id"] == f"https://old.example/blog{id}"


@pytest.mark.parametrize(
    ("feed", "id"),
    [
        ("<id>{{ site.url }}{{ post.id }}</id>", "https://old.example/2022/07/08/n"),
        ("<guid>{{ post.url | prepend: site.baseurl | prepend: site.url }}</guid>",
         "https://old.example/blog/2022/07/08/n.html"),
        ("<id>http://else.example{{ post.id }}</id>", "http://else.example/2022/07/08/n"),
    ],
)  # fmt: skip
def test_ids_are_those_of_the_blogs_own_feed(
    root: Path, tmp_path: Path, feed: str, id: str
) -> None:
    """Where a blog has a template of its own for its feed, that says how ids are made."""
    settings = "url: https://old.example\nbaseurl: /blog\n"
    post = "---\ntitle: T\n---\n"
    old = old_blog(
        tmp_path, {"_config.yml": settings, "_posts/2022-07-08-n.md": post, "feed.xml": feed}
    )
    inkcell(root, "import", str(old))
    assert f'id: "{id}"\n' in (root / "posts/n/index.en.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("feed", "id"),
    [
        ("<rss><channel><item><link>https://o.example/2022/07/08/n.html</link>"
         "<guid>tag:o,2022:n</guid></item></channel></rss>", "tag:o,2022:n"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:n</id>'
         '<link href="https://o.example/2022/07/08/n"/></entry></feed>', "urn:n"),
        ("<rss><channel><item><link>http://localhost:4000/2022/07/08/n.html</link>"
         "<guid>x</guid></item></channel></rss>", "https://o.example/2022/07/08/n"),
        ("no feed", "https://o.example/2022/07/08/n"),
    ],
)  # fmt: skip
def test_ids_of_a_feed_that_was_built(root: Path, tmp_path: Path, feed: str, id: str) -> None:
    """A finished feed beside the sources knows better; that of a preview does not."""
    old = old_blog(
        tmp_path,
        {
            "_config.yml": "url: https://o.example",
            "_posts/2022-07-08-n.md": "---\ntitle: T\n---\n",
            "_site/feed.xml": feed,
        },
    )
    inkcell(root, "import", str(old))
    assert f'id: "{id}"\n' in (root / "posts/n/index.en.md").read_text("utf-8")


@pytest.mark.parametrize("tool", TOOLS)
def test_no_key_is_lost_silently(root: Path, tmp_path: Path, tool: str) -> None:
    """What means nothing, or is of no use as it is, is told with its line."""
    front = "zzz: 1\ndescription: [a]\ntoc: {a: 1}\nsubtitle: More\n"
    name, settings, path = OLD_SITES[tool]
    post = f"---\ntitle: T\ndate: 2022-07-08\n{front}---\nx\n"
    done = inkcell(root, "import", str(old_blog(tmp_path, {name: settings, path: post})))
    for line, key in enumerate(("zzz", "description", "toc", "subtitle"), start=4):
        assert f"{path}:{line}: the key `{key}` is left out" in done.stderr


def test_an_address_that_nobody_knows_is_told(root: Path, tmp_path: Path) -> None:
    """Without `url` in the settings there are no ids; `--url` says it."""
    old = old_blog(tmp_path, {"_config.yml": "", "_posts/2022-07-08-n.md": "---\ntitle: T\n---\n"})
    done = inkcell(root, "import", str(old), "--dry-run")
    assert "no feed id; say it with --url" in done.stderr
    done = inkcell(root, "import", str(old), "--url", "https://old.example/b/")
    assert done.stderr == ""
    assert 'id: "https://old.example/b/2022/07/08/n"' in (root / "posts/n/index.en.md").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    ("config", "path", "front", "address"),
    [
        ("", "posts/My Post.md", "", "/posts/my-post/"),
        ("", "posts/a/b.md", "slug: other", "/posts/a/other/"),
        ("", "posts/a/index.md", "url: /x/y.html", "/x/y.html"),
        ("permalinks: {posts: '/:year/:slug/'}", "posts/a.md", "", "/2022/t/"),
        ("permalinks: {page: {posts: '/w/:contentbasename'}}", "posts/a.md", "", "/w/a/"),
        ("permalinks: {posts: '/:sections[1:]/:filename/'}", "posts/x/a.md", "", "/x/a/"),
        ("uglyURLs: true", "posts/a.md", "", "/posts/a.html"),
        ("languages: {en: {}, ko: {}}", "posts/a.ko.md", "", "/ko/posts/a/"),
        ("languages: {en: {}, ko: {contentDir: content/ko}}", "ko/posts/a.md", "", "/ko/posts/a/"),
        ("languages: {en: {}, ko: {contentDir: k/}}", "../k/posts/a.md", "", "/ko/posts/a/"),
        ("contentDir: src/pages", "../src/pages/posts/a.md", "", "/posts/a/"),
    ],
)
def test_addresses_and_ids_of_hugo(
    root: Path, tmp_path: Path, config: str, path: str, front: str, address: str
) -> None:
    """As paths, `permalinks`, `slug` and `url` say; the id is the permalink."""
    settings = f"baseURL: https://old.example/\ndefaultContentLanguage: en\n{config}\n"
    text = f"---\ntitle: T\ndate: 2022-07-08\n{front}\n---\ntext\n"
    old = old_blog(tmp_path, {"hugo.yaml": settings, "content/x.txt": "", f"content/{path}": text})
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 0, done.stderr
    (written,) = (root / "posts").glob("*/index.*.md")
    values = read_front_text(written.read_text("utf-8")).values
    assert values["aliases"] == [address]
    assert values["id"] == "https://old.example" + address


@pytest.mark.parametrize(
    ("permalinks", "address"),
    [
        ("", "/posts/no-date/"),
        ("permalinks: {posts: '/p/:slug/'}", "/p/t/"),
        ("permalinks: {posts: '/:year/:month/:slug/'}", ""),
    ],
)
def test_a_page_of_hugos_without_a_date(
    root: Path, tmp_path: Path, permalinks: str, address: str
) -> None:
    """It gets the day of its file, and no address that would be made of that."""
    settings = f"baseURL: https://o.example/\n{permalinks}\n"
    post = "---\ntitle: T\n---\ntext\n"
    old = old_blog(tmp_path, {"hugo.yaml": settings, "content/posts/no-date.md": post})
    told = inkcell(root, "import", str(old)).stderr
    assert "the post has no date; it gets that of its file" in told
    (written,) = (root / "posts").glob("*/index.en.md")
    values = read_front_text(written.read_text("utf-8")).values
    assert values.get("aliases", [""]) == [address]
    assert values.get("id", "") == (address and "https://o.example" + address)


def test_an_address_that_stays_is_no_alias(root: Path, tmp_path: Path) -> None:
    """A redirect page would lie where the post's own page does."""
    with (root / "pyproject.toml").open("a") as settings:
        settings.write('permalink = "/:year/:month/:day/:slug.html"\n')
    old = old_blog(
        tmp_path,
        {"_config.yml": "url: https://o.example", "_posts/2022-07-08-n.md": "---\ntitle: T\n---\n"},
    )
    inkcell(root, "import", str(old))
    text = (root / "posts/n/index.en.md").read_text("utf-8")
    assert "aliases" not in text
    assert 'id: "https://o.example/2022/07/08/n"' in text


@pytest.mark.parametrize(
    ("front", "text", "language"),
    [
        ("lang: ko", "English.", "ko"),
        ("lang: ko_KR", "English.", "ko"),
        ("", "한글로 쓴 글이에요.", "ko"),
        ("", "PyTorch의 autograd와 requires_grad를 알아봐요. 그래프를 그려요.", "ko"),
        ("", "A post that names 김철수 once, and goes on in English.", "en"),
        ("", "```python\n# 한글로 쓴 설명이 코드 안에만 있어요\n```\n\nEnglish around it.", "en"),
    ],
)
def test_languages(root: Path, tmp_path: Path, front: str, text: str, language: str) -> None:
    """What the post says, or else whether its prose is in Hangul."""
    old = old_blog(tmp_path, {"a.md": f"---\ntitle: x\ndate: 2022-01-01\n{front}\n---\n{text}\n"})
    inkcell(root, "import", str(old))
    assert [*files(root / "posts")] == [f"a/index.{language}.md"]


@pytest.mark.parametrize(
    "beside",
    [
        r"$$ \log p(x) \ge \mathbb{E}_{q(z)}[\log p(x, z)] - \mathbb{E}_{q(z)}[\log q(z)] $$",
        r"\(\operatorname{softmax}(QK^\top)\)",
        r"$\operatorname{softmax}(QK^\top / \sqrt{d_k})V$와",
        "{% highlight python %}\nclass Module(torch.nn.Module): pass\n{% endhighlight %}",
        "{{< highlight python >}}\nclass Module(torch.nn.Module): pass\n{{< /highlight >}}",
        '{{< figure src="/images/posts/variational/elbo.png" width="50%" >}}',
        '{% include figure.html src="assets/img/posts/elbo.png" alt="ELBO" %}',
        '<img src="/assets/img/posts/variational-inference.png" style="width: 50%">',
        '[글](/posts/variational-inference-and-the-elbo/ "Variational")',
        "![](/assets/img/posts/variational-inference.png){: .align-center width='50%'}",
        "https://example.com/posts/variational-inference/",
        "[1]: https://example.com/posts/variational-inference/",
    ],
)
def test_only_prose_tells_the_language(root: Path, tmp_path: Path, beside: str) -> None:
    """Formulas, code, tags, addresses, Liquid and shortcodes beside Korean are no English."""
    text = "한글 글\n\n" + "\n\n".join([beside] * 8)
    old = old_blog(tmp_path, {"a.md": f"---\ndate: 2022-01-01\n---\n{text}\n"})
    inkcell(root, "import", str(old))
    assert [*files(root / "posts")] == ["a/index.ko.md"]


ENGLISH = "This post was written in English, for those who read English, and goes on so. " * 3


@pytest.mark.parametrize(
    ("settings", "text", "language"),
    [
        ({"_config.yml": "lang: ko"}, "PyTorch, torch.nn.Module, forward: 모듈", "ko"),
        ({"_config.yml": "locale: ko_KR"}, "PyTorch, torch.nn.Module, forward: 모듈", "ko"),
        ({"_config.yml": "lang: ko"}, "English all through.", "en"),
        ({"_config.yml": "lang: ko"}, f"{ENGLISH} The particle is 은.", "en"),
        ({"_config.yml": "lang: ko"}, f"{ENGLISH} `코드 안의 한글은 글이 아니에요` 김철수", "en"),
        ({"_config.yml": "lang: ko"}, f"짧게 옮긴 글이에요. {ENGLISH[:100]}", "ko"),
        ({"_config.yml": "lang: en"}, f"{ENGLISH} 김철수가 썼다.", "en"),
        ({"_config.yml": "lang: ko"}, "![](/p.svg)", "ko"),
        ({"_config.yml": "lang: en"}, "![](/p.svg)", "en"),
        ({"_config.yml": "lang: en"}, "PyTorch, torch.nn.Module, forward: 모듈", "en"),
        ({"_config.yml": "lang: en"}, "한글로 쓴 글이에요.", "ko"),
        ({"hugo.yaml": "languageCode: ko-kr"}, "PyTorch, torch.nn.Module: 모듈", "ko"),
        ({"hugo.yaml": "languageCode: en-us\ndefaultContentLanguage: ko"},
         "PyTorch, torch.nn.Module: 모듈", "ko"),
        ({"hugo.yaml": "languageCode: ko-kr"}, "English all through.", "en"),
        ({"hugo.yaml": ""}, "PyTorch, torch.nn.Module: 모듈", "en"),
        ({"_quarto.yml": "lang: ko"}, "PyTorch, torch.nn.Module: 모듈", "ko"),
        ({"_quarto.yml": "lang: ko"}, "English all through.", "en"),
        ({"_quarto.yml": "", "posts/_metadata.yml": "lang: ko"}, "English all through.", "ko"),
    ],
)  # fmt: skip
def test_settings_decide_where_the_text_does_not(
    root: Path, tmp_path: Path, settings: dict[str, str], text: str, language: str
) -> None:
    """A text with a little Hangul is in the old blog's language, one without letters, too.

    Prose that is nearly all in Latin letters is not Korean, whatever the blog is.
    """
    places = {"_config.yml": "_posts/2022-01-01-a.md", "hugo.yaml": "content/posts/a.md",
              "_quarto.yml": "posts/a/index.qmd"}  # fmt: skip
    path = places[next(iter(settings))]
    post = f"---\ntitle: 1\ndate: 2022-01-01\n---\n{text}\n"
    inkcell(root, "import", str(old_blog(tmp_path, {**settings, path: post})))
    assert [*files(root / "posts")] == [f"a/index.{language}.md"]


def test_the_language_of_a_folder_of_jekylls(root: Path, tmp_path: Path) -> None:
    """`defaults` name it for a part of the posts; for all of them, it decides in doubt only."""
    rules = (
        "[{scope: {path: _posts/en}, values: {lang: en}}, {scope: {path: ''}, values: {lang: ko}}]"
    )
    old = old_blog(
        tmp_path,
        {
            "_config.yml": f"lang: ko\ndefaults: {rules}",
            "_posts/en/2020-01-01-a.md": "---\ntitle: A\n---\n한글을 섞어 쓴 English.\n",
            "_posts/2020-01-01-b.md": "---\ntitle: B\n---\nEnglish all through.\n",
        },
    )
    inkcell(root, "import", str(old))
    assert [*files(root / "posts")] == ["a/index.en.md", "b/index.en.md"]


@pytest.mark.parametrize(
    "texts",
    [
        {"_config.yml": "default_lang: en", "_posts/en/2020-01-01-a.md": "lang: en",
         "_posts/ko/2020-01-01-a.md": "lang: ko"},
        {"hugo.yaml": "languages: {en: {contentDir: content/en}, ko: {contentDir: content/ko}}",
         "content/en/post/a.md": "date: 2020-01-01", "content/ko/post/a.md": "date: 2021-01-01"},
        {"hugo.yaml": "languages: {en: {}, ko: {}}", "content/post/a/index.md": "date: 2020-01-01",
         "content/post/a/index.ko.md": "date: 2020-02-01"},
        {"a.en.md": "date: 2020-01-01", "a.ko.md": "date: 2020-01-01"},
    ],
)  # fmt: skip
def test_versions_of_one_post_share_a_folder(
    root: Path, tmp_path: Path, texts: dict[str, str]
) -> None:
    """Told by the names, by folders of languages, or by name and day; each has its address."""
    posts = {
        name: f"---\ntitle: T\n{text}\n---\nText.\n" if name.endswith(".md") else text
        for name, text in texts.items()
    }
    done = inkcell(root, "import", str(old_blog(tmp_path, dict(posts))))
    assert done.exit_code == 0, done.stderr
    assert [*files(root / "posts")] == ["a/index.en.md", "a/index.ko.md"]
    korean = read_front_text((root / "posts/a/index.ko.md").read_text("utf-8")).values
    aliases = korean.get("aliases")
    assert aliases is None or str(aliases).startswith("['/ko/")


def test_two_posts_at_one_address(root: Path, tmp_path: Path) -> None:
    """One keeps it, and the other is told; two redirect pages would be in each other's way."""
    front = "---\ntitle: T\npermalink: /same/\n---\n"
    old = old_blog(
        tmp_path,
        {
            "_config.yml": "url: https://o.example",
            "_posts/2020-01-01-a.md": front,
            "_posts/2021-01-01-b.md": front,
        },
    )
    done = inkcell(root, "import", str(old))
    assert "another post was at the same address: /same/; it leads to posts/a/" in done.stderr
    texts = files(root / "posts")
    assert 'aliases: ["/same/"]' in texts["a/index.en.md"]
    assert "aliases" not in texts["b/index.en.md"]
    assert inkcell(root, "build").exit_code == 0


def test_a_language_that_the_blog_lacks(root: Path, tmp_path: Path) -> None:
    """It is told once for all posts, with the setting that cures it; the others are imported."""
    posts = {f"{n}.md": f"---\nlang: fr\ndate: 2020-01-0{n}\n---\n" for n in (1, 2)}
    old = old_blog(tmp_path, {**posts, "e.md": "---\ndate: 2020-01-01\n---\nText.\n"})
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 1
    message = "2 posts are in the language `fr`, which the blog does not have; this is the first"
    assert f"{old}/1.md: error: {message}\n" in done.stderr
    assert 'hint: write languages = ["en", "ko", "fr"] in pyproject.toml' in done.stderr
    assert [*files(root / "posts")] == ["e/index.en.md"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2022-07-08", "2022-07-08"),
        ("2022-7-8", "2022-07-08"),
        ("2022/07/08 9:05", "2022-07-08T09:05:00"),
        ("2022-07-08 21:00:00 +0900", "2022-07-08T21:00:00+09:00"),
        ("2022-07-08T21:00:00Z", "2022-07-08T21:00:00+00:00"),
        ("2022-07-08T21:00:00.123+09:00", "2022-07-08T21:00:00+09:00"),
        ("2022-07-08T00:00:00", "2022-07-08"),
        ("3/15/2022", "2022-03-15"),
        ("July 8, 2022", "2022-07-08"),
        ("Fri, 8 Jul 2022 10:00 PM", "2022-07-08T22:00:00"),
        ("2022년 7월 8일", "2022-07-08"),
        ("2022-02-30", ""),
        ("today", ""),
        ("", ""),
    ],
)
def test_dates(written: str, read: str) -> None:
    """As the tools take them, day first only where the month is a word."""
    assert dates.iso(written) == read


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"_config.yml": ""}, "_posts/2023-02-30-bad.md"),
        ({"hugo.toml": ""}, "content/posts/2023-02-30-bad.md"),
        ({"_quarto.yml": ""}, "posts/2023-02-30-bad/index.qmd"),
        ({}, "2023-02-30-bad.md"),
    ],
)
def test_a_day_in_a_files_name_that_never_was(
    root: Path, tmp_path: Path, settings: dict[str, str], path: str
) -> None:
    """It is an error with the file, as it is in front matter; that beats the name."""
    good = path.replace("bad", "good")
    texts = {path: "---\ntitle: T\n---\n", good: "---\ntitle: T\ndate: 2023-02-28\n---\n"}
    done = inkcell(root, "import", str(old_blog(tmp_path, {**settings, **texts})))
    assert done.exit_code == 1
    assert f"/{path}: error: `2023-02-30` in the file's name is not a date\n" in done.stderr
    assert "  hint: rename the file, or write the date" in done.stderr
    assert [*files(root / "posts")] == ["good/index.en.md"]


def test_times_without_an_offset_are_those_of_the_old_blog() -> None:
    """Its setting says which time zone that was."""
    assert dates.iso("2022-07-08 21:00", "Asia/Seoul") == "2022-07-08T21:00:00+09:00"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a `b` c", ["`b`"]),
        ("a ``b ` c`` d", ["``b ` c``"]),
        ("```\nx\n```\ny", ["```\nx\n```"]),
        ("- a\n\n      code\n\n    more `b`\n", ["`b`"]),
        ("a\n\n    code\n\nb", ["    code\n\n"]),
        ("> ```py\n> x\n> ```\ny", ["> ```py\n> x\n> ```"]),
        ("~~~\n```\n~~~\n`x`", ["~~~\n```\n~~~", "`x`"]),
        ("a <!-- b --> c", ["<!-- b -->"]),
        ("<pre>\nx\n</pre> y", ["<pre>\nx\n</pre>"]),
        ("```\nnever closed", ["```\nnever closed"]),
        ("<code>a</code> b <code> c\n\nd", ["<code>a</code>"]),
        ("a ` b\n\nc ` d", []),
        (r"\`a` b", []),
    ],
)
def test_code_is_told_from_prose(text: str, code: list[str]) -> None:
    """Fences, indented and inline code, comments; nothing is lost between them."""
    parts = [*passages(text)]
    assert "".join(part for part, _ in parts) == text
    assert [part for part, is_code in parts if is_code] == code


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\\(a\_b\\)", r"\(a_b\)"),
        (r"\\[a \\\\ b\\]", r"\[a \\ b\]"),
        (r"\(a\_b\)", r"\(a\_b\)"),
        (r"`\\(x\\)`", r"`\\(x\\)`"),
    ],
)
def test_brackets_of_mathjax(written: str, read: str) -> None:
    """Backslashes were doubled for kramdown and Goldmark; here one is enough."""
    assert plain_brackets(written) == read


@pytest.mark.parametrize(
    ("written", "display", "read"),
    [
        (r"$a\_b \\{c\\}$", False, r"$a_b \{c\}$"),
        (r"$$a \\\\ b\_c$$", True, r"$$a \\ b_c$$"),
        (r"$$a \\ b\_c$$", False, r"$$a \\ b\_c$$"),
        (r"$\text{a} \% \alpha$", True, r"$\text{a} \% \alpha$"),
        ("$a\\_b\n+ c\\_d$는", False, "$a_b\n+ c_d$는"),
        ("$a\n\n\\_b$", False, "$a\n\n\\_b$"),
        (r"It is $5 and \_x\_ is $6.", True, r"It is $5 and \_x\_ is $6."),
    ],
)
def test_dollars(written: str, display: bool, read: str) -> None:
    """Only what nobody writes in TeX is undone."""
    assert plain_dollars(written, display=display) == read


CASES_OF_X = "\\begin{cases}\na & b \\\\\n- c\n\\end{cases}"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (CASES_OF_X, f"$$\n{CASES_OF_X}\n$$"),
        (f"so\n{CASES_OF_X},\nwhere", f"so\n$$\n{CASES_OF_X},\n$$\nwhere"),
        ("a\n\\begin{align}\nx\n\\end{align}\nb", "a\n\\begin{align}\nx\n\\end{align}\nb"),
        (r"\begin{gather*} x \end{gather*}.", "$$\n\\begin{gather*} x \\end{gather*}.\n$$"),
        (r"so \begin{aligned} x \end{aligned} is", r"so \[\begin{aligned} x \end{aligned}\] is"),
        (r"so \begin{align} x \end{align}.", r"so \[\begin{align} x \end{align}\]."),
        (r"- \begin{split} x \end{split}", r"- \[\begin{split} x \end{split}\]"),
        ("> \\begin{CD} A\n> \\end{CD}", "> $$\n> \\begin{CD} A\n> \\end{CD}\n> $$"),
        ("- a\n\n  \\begin{CD}A\\end{CD}", "- a\n\n  $$\n  \\begin{CD}A\\end{CD}\n  $$"),
        (f"$${CASES_OF_X}$$ `{CASES_OF_X}`", f"$${CASES_OF_X}$$ `{CASES_OF_X}`"),
        (r"$x \begin{cases} a \end{cases}$ \(\begin{CD}a\end{CD}\)",) * 2,
        (r"행렬 $\begin{pmatrix} a \end{pmatrix}$는",) * 2,
        ("so $\\begin{bmatrix}\n1\n\\end{bmatrix}$ is",) * 2,
        ("so \\(\n\\begin{cases} a \\end{cases}\n\\) is",) * 2,
        (
            r"so \begin{split} \begin{split} a \end{split} b \end{split} is",
            r"so \[\begin{split} \begin{split} a \end{split} b \end{split}\] is",
        ),
        ("\\begin{cases} a\n\nb \\end{cases}",) * 2,
        (r"\begin{cases} a \end{matrix}",) * 2,
    ],
)
def test_environments_without_signs(root: Path, written: str, read: str) -> None:
    """MathJax reads any, wherever it stands, as a displayed formula; so what is written here is."""
    assert delimit_environments(written, doubled=False) == read
    again = written.replace("\\\\", "\\\\\\\\")
    if "$" not in written and "`" not in written:
        assert delimit_environments(again, doubled=True) == read
    if read != written:
        post = f"---\ntitle: T\ndate: 2020-01-01\ncategory: math\n---\n{read}\n"
        (root / "posts/a").mkdir()
        (root / "posts/a/index.en.md").write_text(post, encoding="utf-8")
        page = pipeline.build(read_config(root)).files["math/2020-01-01-a/index.html"].content
        assert page.count(b"<annotation") == page.count(b'display="block"') == 1


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"$$a \label{eq:cut}$$ \eqref{eq:cut}", r"$$a \label{eq-cut}$$ \eqref{eq-cut}"),
        (r"$\ref{a b}$ $$a\label{a b}$$", r"\ref{eq-a-b} $$a\label{eq-a-b}$$"),
        (r"$$a\label{eq-a}$$ `\label{x}` \ref{x}", r"$$a\label{eq-a}$$ `\label{x}` \ref{x}"),
        (
            r"$$\label{eq:a_b}$$ $$\label{eq:a-b}$$ \ref{eq:a-b}",
            r"$$\label{eq-a-b}$$ $$\label{eq-a-b-2}$$ \ref{eq-a-b-2}",
        ),
    ],
)
def test_labels_of_equations(written: str, read: str) -> None:
    """MathJax takes any name; here it begins with `eq-`. Code and strangers stay."""
    assert rename_labels(written) == read


def test_boxes_of_themes() -> None:
    """Classes of Chirpy and of Minimal Mistakes; code that shows them stays."""
    assert write_boxes("> a\n> b\n{: .prompt-info }\n") == "> [!NOTE]\n> a\n> b\n"
    assert write_boxes("a `b`\nc\n{: .notice--danger}\n") == ":::{danger}\na `b`\nc\n:::\n"
    shown = "```\n> a\n{: .prompt-info }\n```\n"
    assert write_boxes(shown) == shown


OLD_SITES = {
    "jekyll": ("_config.yml", "url: https://old.example\n", "_posts/2022-07-08-a.md"),
    "hugo": ("hugo.toml", 'baseURL = "https://old.example/"\n', "content/posts/a/index.md"),
    "quarto": ("_quarto.yml", "website: {site-url: https://old.example}\n", "posts/a/index.qmd"),
    "files": ("x.txt", "", "a.md"),
}
"""Of each tool: the settings, and where a post lies."""

JEKYLL = {
    "_config.yml": "url: https://old.example\n",
    "_posts/2020-01-01-a.md": "---\ntitle: A\ncategory: math\n---\nText.\n",
}
HUGO = {
    "hugo.yaml": "baseURL: https://old.example/\n",
    "content/posts/a.md": "---\ntitle: A\ndate: 2020-01-01\n---\nText.\n",
}
QUARTO = {
    "_quarto.yml": "website: {site-url: https://old.example}\n",
    "posts/a.qmd": "---\ntitle: A\ndate: 2020-01-01\n---\nText.\n",
}
FORMULA_OF_ROWS = r"\begin{cases} a \\ b \end{cases}"
PAGE = "---\ntitle: About *me*\n---\nI write.\n"


def body(root: Path, folder: Path, tool: str, text: str, front: str = "") -> str:
    """What becomes of the text of a post, with a picture and data beside it."""
    name, settings, path = OLD_SITES[tool]
    home = path.rpartition("/")[0] if tool != "jekyll" else ""
    beside = {f"{home}/p.svg".lstrip("/"): "<svg/>", f"{home}/d.csv".lstrip("/"): "1"}
    post = f"---\ntitle: T\ndate: 2022-07-08\n{front}---\n{text}\n"
    done = inkcell(root, "import", str(old_blog(folder, {name: settings, path: post, **beside})))
    assert done.exit_code == 0, done.stderr
    (written,) = (root / "posts").glob("*/index.*.md")
    return written.read_text(encoding="utf-8").partition("\n---\n\n")[2].rstrip("\n")


@pytest.mark.parametrize(
    ("tool", "old", "new"),
    [
        ("jekyll", "`{% raw %}{{ a }}`{% endraw %} b", "`{{ a }}` b"),
        ("jekyll", r"$x^{{2}}$는 $\frac{{a}}{{b}}$를", r"$x^{{2}}$는 $\frac{{a}}{{b}}$를"),
        (
            "jekyll",
            "$f[i](j)$는, \\(a\n{{b}}\\), $a[i](j)\n+ c$",
            "$f[i](j)$는, \\(a\n{{b}}\\), $a[i](j)\n+ c$",
        ),
        ("jekyll", "{% raw %}\n```\n{{ a }}\n```\n{% endraw %}\nb", "```\n{{ a }}\n```\nb"),
        ("jekyll", "{% raw %}$x_{{a}}$ {{ b }}{% endraw %}", "$x_{{a}}$ `{{ b }}`"),
        ("jekyll", "[a]({% post_url 2022-07-08-a.md}) b", "[a]({% post_url 2022-07-08-a.md}) b"),
        ("jekyll", "[`a`]: {% post_url 2022-07-08-a %}", "[`a`]: index.en.md"),
        ("jekyll", "<{{ site.baseurl }}/p.svg>", "</p.svg>"),
        ("jekyll", "{% gist u/1 %}", "<https://gist.github.com/u/1>"),
        ("jekyll", "`` {% x %} `` and {% x y %}", "`` {% x %} `` and `{% x y %}`"),
        ("jekyll", '<a href="{{ x }}">b</a>', '<a href="{{ x }}">b</a>'),
        (
            "jekyll",
            '<img src="p.svg" srcset="/p.svg 1x,\n  //e.example/b.svg 2x">',
            '<img src="p.svg" srcset="p.svg 1x, //e.example/b.svg 2x">',
        ),
        ("jekyll", "a <img srcset='gone.svg 2x'>", "a <img srcset='/2022/07/08/gone.svg 2x'>"),
        *(
            (tool, rf"\begin{{cases}} a {rows} b \end{{cases}}", f"$$\n{FORMULA_OF_ROWS}\n$$")
            for tool, rows in (
                ("jekyll", r"\\\\"),
                ("hugo", r"\\\\"),
                ("quarto", r"\\"),
                ("files", r"\\"),
            )
        ),
        ("hugo", "a {{ .Title }} b", "a `{{ .Title }}` b"),
        ("hugo", "{{< math >}}$x$ {{</ math >}}", "$x$"),
        ("hugo", '{{< figure src="p.svg" alt="A" >}}', "![A](p.svg)"),
        ("hugo", '{{< x.com y="z" />}}', '`{{< x.com y="z" />}}`'),
        (
            "hugo",
            '{{% expand "A" %}}\n{{% notice tip %}}\nb\n{{% /notice %}}\n{{% /expand %}}',
            "::::{dropdown} A\n:::{tip}\nb\n:::\n::::",
        ),
        (
            "quarto",
            "```` markdown\n```{python}\n1\n```\n````",
            "```` markdown\n```{python}\n1\n```\n````",
        ),
        (
            "quarto",
            "```{python}\n#| fig-cap:\n#|   A\n#| cache: true\n#| echo: false\n1\n```",
            "```{code-cell}\n#| fig-cap:\n#|   A\n#| echo: false\n1\n```",
        ),
        (
            "quarto",
            "```{r, echo=FALSE, fig.width=3}\nplot(1)\n```",
            "```{code-cell}\n#| echo: false\nplot(1)\n```",
        ),
        (
            "quarto",
            "```{python}\n#| code-fold: show\n#| fig-cap: [a, b]\n"
            "#| output: asis\n#| label: x\n1\n```",
            "```{code-cell}\n#| label: x\n1\n```",
        ),
        ("quarto", "::: {.proof}\nx\n:::", ":::{proof}\nx\n:::"),
        ("quarto", ":::{note}\nx\n:::", ":::{note}\nx\n:::"),
        (
            "quarto",
            ":::: {.panel-tabset}\n## A\n::: {.callout-note}\nx\n:::\n### B\n::::",
            ":::::{tab-set}\n:::{tab-item} A\n:::{note}\nx\n:::\n### B\n:::\n:::::",
        ),
        ("files", "```{figure} p.svg\nCap\n```", "```{figure} p.svg\nCap\n```"),
        (
            "files",
            "[a](d.csv) [b](https://e.example/d.csv)",
            "[a](d.csv) [b](https://e.example/d.csv)",
        ),
        ("files", "$f[i](d.csv)$ and `[a](nowhere)`", "$f[i](d.csv)$ and `[a](nowhere)`"),
        (
            "files",
            "```python {hl_lines=[1]}\nnever closed",
            "```python {hl_lines=[1]}\nnever closed",
        ),
    ],
)
def test_what_becomes_of_texts(root: Path, tmp_path: Path, tool: str, old: str, new: str) -> None:
    """Constructs as they stand in blogs, each by itself."""
    assert body(root, tmp_path, tool, old) == new


@pytest.mark.parametrize(
    ("tool", "old", "new"),
    [
        (
            "jekyll",
            "a [글]({% post_url 2019-01-01-gone %}) b [`c` d](https://e.example/{{ site.x }}).",
            "a 글 `{% post_url 2019-01-01-gone %}` b `c` d `https://e.example/{{ site.x }}`.",
        ),
        ("jekyll", "![y]({{ page.i }}/b.png){: width=3} c", "y `{{ page.i }}/b.png` c"),
        ("jekyll", "[![a](/p.svg)]({{ x }})", "![a](p.svg) `{{ x }}`"),
        ("jekyll", "[a][b]\n\n[b]: {% post_url g %}", "[a][b]\n\n[b]: `{% post_url g %}`"),
        ("hugo", '[a]({{< relref "gone" >}}) b', 'a `{{< relref "gone" >}}` b'),
        ("hugo", "[a](https://e.example/{{ .x }}) b", "a `https://e.example/{{ .x }}` b"),
        ("quarto", "[a]({{< var x >}}) b", "a `{{< var x >}}` b"),
        ("jekyll", "<div>{% include x %}</div>", "<div><code>{% include x %}</code></div>"),
        ("jekyll", "a\n<div>{{ x }}</div>", "a\n<div><code>{{ x }}</code></div>"),
        ("jekyll", "<b>{{ x }}</b>", "<b>`{{ x }}`</b>"),
        ("hugo", "<div>\n{{< x >}}\n</div>", "<div>\n<code>{{&lt; x &gt;}}</code>\n</div>"),
        ("jekyll", "|a|b|\n|-|-|\n|{{ x | y }}|1|", "|a|b|\n|-|-|\n|`{{ x \\| y }}`|1|"),
        ("jekyll", "a|b\n-|-\n`c|d`|{{ x | y }}", "a|b\n-|-\n`c\\|d`|`{{ x \\| y }}`"),
        ("jekyll", "a `c|d` b\n", "a `c|d` b"),
    ],
)
def test_what_cannot_be_resolved_breaks_nothing(
    root: Path, tmp_path: Path, tool: str, old: str, new: str
) -> None:
    """It is shown as code, and the words of its link, the HTML and the table around it stay."""
    assert body(root, tmp_path, tool, old) == new


def test_a_link_without_an_address_is_told_once(root: Path, tmp_path: Path) -> None:
    """With the line of the new file, and what to write."""
    name, settings, path = OLD_SITES["jekyll"]
    post = "---\ntitle: T\n---\na\n[글]({% post_url 2019-01-01-gone %}) b\n"
    old = old_blog(tmp_path, {name: settings, path: post})
    (note,) = json.loads(inkcell(root, "import", str(old), "--json").stdout)["notes"]
    lines = (root / note["file"]).read_text("utf-8").split("\n")
    assert lines[note["line"] - 1] == "글 `{% post_url 2019-01-01-gone %}` b"
    assert note["hint"] == "write where the link leads: [words](address)"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('::: {.content-hidden when-format="html"}\ns\n::: {.x}\ns\n:::\n:::\na', "a"),
        ('::: {.content-visible when-format="pdf"}\ns\n:::\na', "a"),
        ('::: {.content-visible unless-format="html"}\ns\n:::\na', "a"),
        ('::: {.content-hidden unless-format="pdf"}\ns\n:::\na', "a"),
        ('::: {.content-visible when-profile="mine"}\ns\n:::\na', "a"),
        ('::: {.content-hidden when-meta="mine"}\ns\n:::\na', "a"),
        ("::: content-hidden\ns\n:::\na", "a"),
        ('::: {.content-visible when-format="html:js"}\na\n:::', "a"),
        ('::: {.content-visible when-format="html" unless-format="revealjs"}\na\n:::', "a"),
        ('::: {.content-hidden when-format="pdf"}\na\n:::', "a"),
        ('a[s *[t](u)*]{.content-hidden when-format="html"}', "a"),
        ('a[b]{.content-visible when-format="html"}', "ab"),
        ('```{.python .content-visible when-format="pdf"}\ns\n```\na', "a"),
        ('```{.python .content-visible when-format="html"}\na\n```', "```python\na\n```"),
        (
            '::: {.content-hidden when-format="html"}\n```{python}\nx = 1\n```\n:::\na',
            "```{code-cell}\n#| include: false\nx = 1\n```\n\na",
        ),
        (
            '```\n::: {.content-visible when-format="pdf"}\n```\na',
            '```\n::: {.content-visible when-format="pdf"}\n```\na',
        ),
    ],
)
def test_what_pages_did_not_show_is_not_published(
    root: Path, tmp_path: Path, old: str, new: str
) -> None:
    """Divs, spans and code under a condition of Quarto's; cells in them run, and are not seen."""
    assert body(root, tmp_path, "quarto", old).strip() == new


def test_what_is_left_out_for_its_format_is_told(root: Path, tmp_path: Path) -> None:
    """With its condition."""
    name, settings, path = OLD_SITES["quarto"]
    post = '---\ntitle: T\ndate: 2020-01-01\n---\n[s]{.content-visible when-format="pdf"}\n'
    told = inkcell(root, "import", str(old_blog(tmp_path, {name: settings, path: post}))).stderr
    assert "a passage is left out that pages did not show" in told
    assert '.content-visible when-format="pdf"' in told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{{ site.author.name }} {{ site.social.github }}", "S. Kim `{{ site.social.github }}`"),
        (
            "{{ site.author }} {{site.author.name.x}}",
            "`{{ site.author }}` `{{site.author.name.x}}`",
        ),
        ('{{ page.date | date: "%Y-%m-%d" }}', "2022-07-08"),
        ("{{ page.date | date: '%-d %B %Y, %a' }}", "8 July 2022, Fri"),
        ("{{ page.date | date_to_string }}", "08 Jul 2022"),
        ("{{ page.last_modified_at | date: '%F' }}", "2023-01-02"),
        ("{{ page.date | date: '%Q' }}", "`{{ page.date | date: '%Q' }}`"),
    ],
)
def test_values_of_settings_and_dates(root: Path, tmp_path: Path, old: str, new: str) -> None:
    """Settings below others, and dates as Ruby's `strftime` writes them."""
    old_site = old_blog(
        tmp_path,
        {
            "_config.yml": "url: https://old.example\nauthor: {name: S. Kim}\n",
            "_posts/2022-07-08-a.md": f"---\nlast_modified_at: 2023-01-02\n---\n{old}\n",
        },
    )
    inkcell(root, "import", str(old_site))
    assert files(root / "posts")["a/index.en.md"].partition("\n---\n\n")[2] == f"{new}\n"


@pytest.mark.parametrize(
    ("tool", "old", "new"),
    [
        ("jekyll", "![그림](/img/한글 그림.png)", "![그림](한글%20그림.png)"),
        ("jekyll", '![a](/img/한글 그림.png "t")', '![a](한글%20그림.png "t")'),
        ("jekyll", "![a](</img/no such.png>)", "![a](/img/no%20such.png)"),
        ("quarto", "[a](https://e.example/a b.pdf)", "[a](https://e.example/a%20b.pdf)"),
        ("jekyll", "![a](https://e.example/b.png =3x4)", "![a](https://e.example/b.png =3x4)"),
        ("hugo", "![a](/img/한글 그림.png)", "![a](/img/한글 그림.png)"),
    ],
)
def test_spaces_in_addresses(root: Path, tmp_path: Path, tool: str, old: str, new: str) -> None:
    """Kramdown and Pandoc read them; the picture lies beside the post."""
    old_blog(tmp_path, {"img/한글 그림.png": b"png"})
    assert body(root, tmp_path, tool, old) == new
    assert len([*(root / "posts").rglob("한글 그림.png")]) == ("한글%20" in new)


TABLE = "| a |\n|---|\n| 1 |\n\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'{TABLE}: C {{#tbl-a tbl-colwidths="[60,40]"}}', f"{TABLE}: C {{#tbl-a}}"),
        (f"{TABLE}: C {{#tbl-a .striped}}", f"{TABLE}: C {{#tbl-a}}"),
        (f"::: {{#tbl-b}}\n{TABLE}C b\n:::\n@tbl-b", f"{TABLE}: C b {{#tbl-b}}\n\n@tbl-b"),
        (
            "::: {#fig-a layout-ncol=2}\n![x](p.svg)\n\n![y](p.svg)\n\nBoth\n:::\n@fig-a",
            "![x](p.svg)\n\n:::{figure} p.svg\n:label: fig-a\n:alt: y\n\nBoth\n:::\n\n@fig-a",
        ),
        (
            "::: {#fig-a}\n![x](p.svg){#fig-b}\n\n![y](p.svg){#fig-c}\n:::\n@fig-a",
            "![x](p.svg){#fig-b}\n\n![y](p.svg){#fig-c}\n\n@fig-b",
        ),
        (
            "::: {#fig-a}\n```{python}\n1\n```\n\nIt's\n:::",
            "```{code-cell}\n#| label: fig-a\n#| fig-cap: 'It''s'\n1\n```",
        ),
        ("::: {#tbl-c}\nx\n:::\n@tbl-c", "x\n\n`@tbl-c`"),
        ("```{=html}\n<p>\n\n<b>x</b>\n</p>\n```", "<p>\n<b>x</b>\n</p>"),
        ("```{=latex}\nx\n```\na", "a"),
        ("a `<b>`{=html}c `x`{=latex}", "a <b>c"),
        (
            '```{#lst-a .python lst-cap="C d" .numberLines startFrom="4"}\n1\n```',
            "```{code-block} python\n:label: lst-a\n:linenos:\n:caption: C d\n"
            ":lineno-start: 4\n1\n```",
        ),
        ("(@a) x\n(@b) y\n\nSee (@b) and (@c).", "1. x\n2. y\n\nSee (2) and (@c)."),
        ("a\n(@b) c", "a\n(@b) c"),
        ("[m *n*]{.aside}", ":::{margin}\nm *n*\n:::"),
        ("a [m]{.aside} b", "a (m) b"),
        (r"a\ b $x\ y$ `c\ d`", "a\N{NO-BREAK SPACE}b $x\\ y$ `c\\ d`"),
        (
            "| a\n|   b\n  c\n\nd",
            "a\\\n\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}b c\n\nd",
        ),
        (TABLE + "d", TABLE + "d"),
        ("[@v [p. 3]]", "[@v, p. 3]"),
    ],
)
def test_what_pandoc_has_besides(root: Path, tmp_path: Path, old: str, new: str) -> None:
    """Labels survive, or what refers to them; the rest is written as it is here."""
    assert body(root, tmp_path, "quarto", old).strip() == new


@pytest.mark.parametrize(
    ("old", "told"),
    [
        (": C {#tbl-a .striped}", "an attribute of a table is left out: {.striped}"),
        ("```{=latex}\nx\n```", "a raw block is left out that pages did not show"),
        ("`{python} 1+1`", "code in a line is shown, and not run: `{python} 1+1`"),
        ("::: {#tbl-c}\nx\n:::\n@tbl-c", "nothing has the label `tbl-c` any more: @tbl-c"),
        ("a [m]{.aside} b", "a note in the margin stands in the text: [m]{.aside}"),
        ("```{.python .x}\n1\n```", "`.x` of the code is left out"),
        (
            "::: {#fig-a layout-ncol=2}\n![x](p.svg)\n![y](p.svg)\n:::\n",
            "a layout is left out: ::: {#fig-a layout-ncol=2}",
        ),
    ],
)
def test_what_pandoc_loses_is_told(root: Path, tmp_path: Path, old: str, told: str) -> None:
    """Each with the line of the new file."""
    name, settings, path = OLD_SITES["quarto"]
    post = f"---\ntitle: T\ndate: 2020-01-01\n---\n{TABLE}{old}\n"
    done = inkcell(root, "import", str(old_blog(tmp_path, {name: settings, path: post})))
    (note,) = [line for line in done.stderr.split("\n") if told in line]
    assert note.split(":")[2].isdecimal()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            '<details><summary>s</summary>\n<div markdown="1">\n\n*a*\n\n</div>\n</details>',
            '<details><summary>s</summary>\n\n<div markdown="1">\n\n*a*\n\n</div>\n</details>',
        ),
        ("<div>\n$$a<b$$\n</div>", "<div>\n\n$$a<b$$\n\n</div>"),
        ("<center>$$x$$</center>", "<center>\n\n$$x$$\n\n</center>"),
        (
            '<figure><img src="p.svg"><figcaption>a $$x$$</figcaption></figure>',
            '<figure><img src="p.svg"><figcaption>\n\na $$x$$\n\n</figcaption></figure>',
        ),
        ('<p class="a">b $$x$$</p>', '<div class="a">\n\nb $$x$$\n\n</div>'),
        ('<div markdown="1">\n$$x$$\n</div>', '<div markdown="1">\n$$x$$\n</div>'),
        ("<div>\n\n$$x$$\n\n</div>", "<div>\n\n$$x$$\n\n</div>"),
        ("<div><code>$$x$$</code></div>", "<div><code>$$x$$</code></div>"),
        ("|a|b|\n|1|2|\n{: .x}", "|   |   |\n|---|---|\n|a|b|\n|1|2|\n{: .x}"),
        ("|--|\n|a|", "|   |\n|--|\n|a|"),
        ("|a|\n|-|\n|1|", "|a|\n|-|\n|1|"),
        ("a\n\n{: .notice--warning }\nb\nc\n\nd", "a\n\n:::{warning}\nb\nc\n:::\n\nd"),
        (
            'a\n\n<div class="notice--info" markdown="1">\n#### b\n\n*c*\n</div>\n\nd',
            "a\n\n:::{note}\n#### b\n\n*c*\n:::\n\nd",
        ),
        ("a\n\n{: .prompt-tip }\n> b\n> c", "a\n\n> [!TIP]\n> b\n> c"),
        (
            '```python\n1\n```\n{: file="a.py" .nolineno }\nb',
            "```{code-block} python\n:filename: a.py\n1\n```\nb",
        ),
        ("```\n1\n```\n{: .x}", "```\n1\n```\n{: .x}"),
        (
            "a\n\n{: file='a.py' }\n```python\n1\n```\n",
            "a\n\n```{code-block} python\n:filename: a.py\n1\n```",
        ),
        (
            "```\n1\n```\n{: file='a.txt' }\n```sh\n2\n```",
            "```{code-block} text\n:filename: a.txt\n1\n```\n```sh\n2\n```",
        ),
        (
            "```\n1\n```\n\n{: file='a.sh' }\n```sh\n2\n```",
            "```\n1\n```\n\n```{code-block} sh\n:filename: a.sh\n2\n```",
        ),
        (
            "b\n{: file='a.sh' }\n```sh\n2\n```",
            "b\n{: file='a.sh' }\n```sh\n2\n```",
        ),
        (
            "- b\n\n  ```go {linenos}\n  1\n  ```\n  {: file='a.go'}",
            "- b\n\n  ```{code-block} go\n  :linenos:\n  :filename: a.go\n  1\n  ```",
        ),
        (
            '![A](/p.svg){: width="40" .w-75 .left .shadow }\n_C **d**_\n',
            ":::{figure} p.svg\n:alt: A\n:width: 75%\n:align: left\n\nC **d**\n:::",
        ),
        ("![A](/p.svg){: w='40' }\n_C_", ":::{figure} p.svg\n:alt: A\n:width: 40px\n\nC\n:::"),
        ('a\n![A](/p.svg "T")\n_C_ d', 'a\n![A](p.svg "T")\n_C_ d'),
        ('![A](/p.svg "T")\n_C_', ":::{figure} p.svg\n:alt: A\n\nC\n:::"),
        (
            'a ![A](/p.svg){: w="4" h="5" .x } b',
            'a ![A](p.svg){: width="4" height="5" .x } b',
        ),
        ("`![A](/p.svg){: w=4}`", "`![A](/p.svg){: w=4}`"),
        (
            "{% tabs x %}\n{% tab x One two %}\n> a\n{: .prompt-tip }\n{% endtab %}\n"
            "{% tab x b %}\n```sh\n1\n```\n{% endtab %}\n{% endtabs %}\n",
            ":::::{tab-set}\n::::{tab-item} One two\n> [!TIP]\n> a\n::::\n::::{tab-item} b\n"
            "```sh\n1\n```\n::::\n:::::",
        ),
        ("- a\n^\n- b\n", "- a\n\n<!-- -->\n\n- b"),
        ("1. a\n\n^\n\n    code\n", "1. a\n\n<!-- -->\n\n    code"),
        ("> a\n^\n", "> a"),
        ("```\n^\n```\n$$\na\n^\nb\n$$", "```\n^\n```\n$$\na\n^\nb\n$$"),
    ],
)
def test_html_tables_and_attributes_of_jekyll(
    root: Path, tmp_path: Path, old: str, new: str
) -> None:
    """What kramdown and MathJax read is read here as well, and the blog can be built."""
    assert body(root, tmp_path, "jekyll", old) == new
    assert inkcell(root, "build").exit_code == 0


CODE = "1\n2\n3"


@pytest.mark.parametrize(
    ("tool", "old", "new"),
    [
        (
            "jekyll",
            f'{{% highlight python linenos hl_lines="2 3" %}}\n{CODE}\n{{% endhighlight %}}',
            f"```{{code-block}} python\n:linenos:\n:emphasize-lines: 2, 3\n{CODE}\n```",
        ),
        (
            "jekyll",
            f"{{% highlight go %}}\n{CODE}\n{{% endhighlight %}}",
            f"```go\n{CODE}\n```",
        ),
        (
            "hugo",
            f'{{{{< highlight go "linenos=table,hl_lines=2 3,linenostart=5" >}}}}\n{CODE}\n'
            "{{< / highlight >}}",
            "```{code-block} go\n:linenos:\n:emphasize-lines: 2, 3\n:lineno-start: 5\n"
            f"{CODE}\n```",
        ),
        (
            "hugo",
            f'```go {{title="a.go"}}\n{CODE}\n```',
            f"```{{code-block}} go\n:filename: a.go\n{CODE}\n```",
        ),
        (
            "hugo",
            f'```go {{title="A loop"}}\n{CODE}\n```',
            f"```{{code-block}} go\n:caption: A loop\n{CODE}\n```",
        ),
        (
            "jekyll",
            f"```go {{linenos}}\n{CODE}\n```",
            f"```{{code-block}} go\n:linenos:\n{CODE}\n```",
        ),
        (
            "quarto",
            f"```{{.go .numberLines}}\n{CODE}\n```",
            f"```{{code-block}} go\n:linenos:\n{CODE}\n```",
        ),
        (
            "hugo",
            '{{< figure src="p.svg" title="A b" caption="C" >}}',
            ":::{figure} p.svg\n\n**A b** C\n:::",
        ),
        (
            "hugo",
            '{{< img src="p.svg" caption="C" align=left >}}',
            ":::{figure} p.svg\n:align: left\n\nC\n:::",
        ),
        ("hugo", "{{< rawhtml >}}\n<p>\n\n*a*</p>\n{{< /rawhtml >}}", "<p>\n*a*</p>"),
        (
            "hugo",
            '{{< tabs "x" >}}\n{{< tab "A b" >}}\n{{< notice tip >}}\na\n{{< /notice >}}\n'
            '{{< /tab >}}\n{{% tab name="C" %}}\n```sh\n1\n```\n{{% /tab %}}\n{{< /tabs >}}',
            ":::::{tab-set}\n::::{tab-item} A b\n:::{tip}\na\n:::\n::::\n"
            "::::{tab-item} C\n```sh\n1\n```\n::::\n:::::",
        ),
        (
            "hugo",
            '{{< tabs items="A,B" >}}\n{{< tab >}}\na\n{{< /tab >}}\n{{< /tabs >}}',
            '`{{< tabs items="A,B" >}}`\n`{{< tab >}}`\na\n`{{< /tab >}}`\n`{{< /tabs >}}`',
        ),
        ("hugo", '{{< spoiler text="A" >}}\nb\n{{< /spoiler >}}', ":::{dropdown} A\nb\n:::"),
    ],
)
def test_options_of_code_and_shortcodes(
    root: Path, tmp_path: Path, tool: str, old: str, new: str
) -> None:
    """They are those of `code-block`, and titles stay."""
    assert body(root, tmp_path, tool, old) == new


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (r"$$\frac{{a}}{{b}}$$", r"$$\frac{{a}}{{b}}$$", ["{{a}}", "{{b}}"]),
        (r"$x^{{n}}$ {{ y }}", r"$x^{{n}}$ `{{ y }}`", ["{{n}}", "{{ y }}"]),
        (r"$$x = {{ site.number }}$$", r"$$x = 7$$", []),
        ("$$\n{% include x.html %}\n$$", "$$\n{% include x.html %}\n$$", ["{% include x.html %}"]),
        ("{% raw %}$$x_{{a}}$${% endraw %}", "$$x_{{a}}$$", []),
    ],
)
def test_liquid_in_formulas(
    root: Path, tmp_path: Path, old: str, new: str, told: list[str]
) -> None:
    """Braces are TeX's as a rule: what is not known stays, and is told with its line."""
    post = f"---\ntitle: T\n---\n{old}\n"
    config = "url: https://old.example\nnumber: 7\n"
    blog = old_blog(tmp_path, {"_config.yml": config, "_posts/2022-07-08-a.md": post})
    notes = json.loads(inkcell(root, "import", str(blog), "--json").stdout)["notes"]
    assert files(root / "posts")["a/index.en.md"].partition("\n---\n\n")[2] == f"{new}\n"
    assert [note["text"] for note in notes] == told
    assert all(note["line"] for note in notes)


@pytest.mark.parametrize(
    ("opening", "new", "told"),
    [
        ("notice tip", "{tip}", []),
        ('admonition type=tip title="A" open=false', "{admonition} A\n:class: tip dropdown\n", []),
        ('admonition note "A" true', "{admonition} A\n:class: note\n", []),
        ("admonition warning open=false", "{warning}\n:class: dropdown\n", []),
        ('alert icon="fire" cardColor="#e63946"', "{warning}",
         ["`icon` is left out: fire", "`cardColor` is left out: #e63946"]),
        ('callout "my own"', "{note}", ["option `my own` is left out"]),
        ('notice style="info" icon="bug"', "{note}", ["`icon` is left out: bug"]),
        ('details summary="A" open=true class="x"', "{dropdown} A\n:open:\n",
         ["`class` is left out: x"]),
        ('collapse summary="A" openByDefault=true', "{dropdown} A\n:open:\n", []),
        ('details "A" open', "{dropdown} A\n:open:\n", []),
        ('details title="A" closed="true"', "{dropdown} A", []),
    ],
)  # fmt: skip
def test_options_of_boxes_of_hugo(
    root: Path, tmp_path: Path, opening: str, new: str, told: list[str]
) -> None:
    """Kind, title and whether it is folded are kept; each other option is told with its line."""
    name, settings, path = OLD_SITES["hugo"]
    word = opening.partition(" ")[0]
    post = f"---\ndate: 2020-01-01\n---\n{{{{< {opening} >}}}}\nb\n{{{{< /{word} >}}}}\n"
    blog = old_blog(tmp_path, {name: settings, path: post})
    notes = json.loads(inkcell(root, "import", str(blog), "--json").stdout)["notes"]
    text = files(root / "posts")["a/index.en.md"]
    assert text.partition("\n---\n\n")[2] == f":::{new}\nb\n:::\n"
    assert [note["message"].removeprefix("a box's ") for note in notes] == told
    lines = text.split("\n")
    assert all(lines[note["line"] - 1].startswith(":::") for note in notes)
    built = inkcell(root, "build")
    assert built.exit_code == 0, built.stderr


def test_options_of_figures_are_told(root: Path, tmp_path: Path) -> None:
    """Those of which nothing is known here."""
    name, settings, path = OLD_SITES["hugo"]
    post = '---\ndate: 2020-01-01\n---\n{{< figure src="p.svg" align="right" >}}\n'
    old = old_blog(tmp_path, {name: settings, path: post, "content/posts/a/p.svg": "<svg/>"})
    assert "a figure's `align` is left out: right" in inkcell(root, "import", str(old)).stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('[a]({{< ref path="ridge" lang="ko" >}})', "[a](../ridge/index.ko.md)"),
        ('[a]({{< ref "ridge#b" >}})', "[a](../ridge/index.en.md#b)"),
        ('see {{< ref "ridge.ko.md" >}}.', r"see [R\*](../ridge/index.ko.md)."),
        ('<a href="{{< ref "ridge" >}}">b</a>', '<a href="../ridge/index.en.md">b</a>'),
        ('[`a`]: {{< ref "ridge" >}}', "[`a`]: ../ridge/index.en.md"),
        ('[a]({{< relref "/now" >}})', "[a](../../pages/now/index.en.md)"),
    ],
)
def test_references_of_hugo(root: Path, tmp_path: Path, old: str, new: str) -> None:
    """In the language that they name; between words they are links with the post's title."""
    name, settings, path = OLD_SITES["hugo"]
    front = "---\ntitle: {}\ndate: 2020-01-01\n---\n"
    posts = {path: front.format("T") + old + "\n", "content/now/_index.md": PAGE}
    for ending in (".md", ".ko.md"):
        posts[f"content/posts/ridge{ending}"] = front.format("R*") + "x\n"
    inkcell(root, "import", str(old_blog(tmp_path, {name: settings, **posts})))
    assert files(root / "posts")["a/index.en.md"].partition("\n---\n\n")[2] == f"{new}\n"


def test_code_beside_a_remark_stays_code(root: Path, tmp_path: Path) -> None:
    """What is told of a fence stands before it while the text is converted; nothing is changed."""
    shown = "```{mermaid}\n[a](nowhere.md) {{< x >}}\n::: {.callout-note}\n```"
    assert body(root, tmp_path, "quarto", shown) == shown.replace("{mermaid}", "mermaid")


def test_a_text_that_liquid_never_read(root: Path, tmp_path: Path) -> None:
    """`render_with_liquid: false` says so; what looks like Liquid is shown."""
    new = body(root, tmp_path, "jekyll", "{{ a }} $x_{{b}}$", "render_with_liquid: false\n")
    assert new == "`{{ a }}` $x_{{b}}$"


def test_what_is_no_markdown_is_told(root: Path, tmp_path: Path) -> None:
    """A page of Hugo's in another format, but for one that is there as Markdown as well."""
    names = ("content/post/a.Rmd", "content/post/a.html", "content/post/b.org", "content/post/b.md")
    old = old_blog(tmp_path, {"hugo.toml": "", **dict.fromkeys(names, "x")})
    told = inkcell(root, "import", str(old)).stderr
    assert "content/post/a.Rmd: the page is not Markdown; convert it" in told
    assert told.count("is not Markdown") == 1


def test_lists_in_lists_are_one(root: Path, tmp_path: Path) -> None:
    """Jekyll flattens them; and a date with the template's `+/-TTTT` is one."""
    front = "tags:\n- [a b, c]\n- d\nlast_modified_at: 2023-01-02 10:00:00 +/-TTTT\n"
    body(root, tmp_path, "jekyll", "x", front)
    text = (root / "posts/a/index.en.md").read_text("utf-8")
    assert 'tags: ["a b", "c", "d"]\n' in text
    assert "last_modified_at: 2023-01-02T10:00:00\n" in text


@pytest.mark.parametrize(
    ("settings", "front", "written"),
    [
        ("categories: [b, a]\ntags: x", "categories: [c, a]\ntags: [y]",
         'category: "b"\ntags: ["x", "y", "a", "c"]\n'),
        ("categories: [b]", "", 'category: "b"\n'),
        ("tags: [x]", "categories: [c]", 'category: "c"\ntags: ["x"]\n'),
        ("", "format: {html: {toc: true}}", 'category: "notes"\ntoc: true\n'),
        ("format: {html: {toc: true}}", "", 'category: "notes"\ntoc: true\n'),
        ("format: {html: {toc: true}}", "format: {html: {code-fold: true}}",
         'category: "notes"\ntoc: true\n'),
        ("format: {html: {toc: true}}", "format: {html: {toc: false}}",
         'category: "notes"\ntoc: false\n'),
        ("toc: true", "", 'category: "notes"\ntoc: true\n'),
        ("execute: {enabled: false}", "execute: {echo: true}",
         'category: "notes"\nexecute: {enabled: false}\n'),
    ],
)  # fmt: skip
def test_what_quarto_makes_of_a_folders_settings(
    root: Path, tmp_path: Path, settings: str, front: str, written: str
) -> None:
    """Lists are put together, the more general first; of mappings each key is taken by itself."""
    post = f"---\ntitle: T\ndate: 2022-07-08\n{front}\n---\nx\n"
    names = {"_quarto.yml": "website: {site-url: https://o.example}", "posts/a/index.qmd": post}
    old = old_blog(tmp_path, {**names, "posts/_metadata.yml": settings})
    told = inkcell(root, "import", str(old)).stderr
    assert "format" not in told
    text = (root / "posts/a/index.en.md").read_text("utf-8")
    assert text.partition("2022-07-08\n")[2].partition("---\n")[0].partition("category")[1:] == (
        "category", written.removeprefix("category")
    )  # fmt: skip


def test_formats_that_mean_nothing_here_are_told(root: Path, tmp_path: Path) -> None:
    """`format` is a key like others, as soon as it says more than is read."""
    post = "---\ntitle: T\ndate: 2022-07-08\nformat:\n  html: {toc: true}\n  pdf: default\n---\nx\n"
    told = inkcell(root, "import", str(old_blog(tmp_path, {"a.qmd": post}))).stderr
    assert "a.qmd:4: the key `format` is left out" in told


def test_a_picture_that_a_theme_finds_by_its_name(root: Path, tmp_path: Path) -> None:
    """Hugo's themes show `featured.*` of a post's own folder."""
    old_blog(tmp_path, {"content/posts/a/featured.png": b"png"})
    body(root, tmp_path, "hugo", "x", "image: {caption: ''}\nauthors: [admin]\n")
    text = (root / "posts/a/index.en.md").read_text("utf-8")
    assert 'image: "featured.png"\n' in text
    assert "author" not in text
    assert (root / "posts/a/featured.png").read_bytes() == b"png"


def test_an_author_without_an_address_is_a_name(root: Path, tmp_path: Path) -> None:
    """Of what is known of somebody is kept what a post may say."""
    people = "kim: {name: Kim, email: at the institute, uri: /about/}\n"
    people += "lee: {name: Lee, email: lee@example.org, url: https://lee.example}\n"
    old_blog(tmp_path, {"_data/authors.yml": people})
    body(root, tmp_path, "jekyll", "x", "author: kim\n")
    (post,) = (root / "posts").glob("*/index.*.md")
    assert '\nauthor: "Kim"\n' in post.read_text("utf-8")
    post.unlink()
    body(root, tmp_path, "jekyll", "x", "author: lee\n")
    (post,) = (root / "posts").glob("*/index.*.md")
    said = post.read_text("utf-8")
    assert "lee@example.org" in said
    assert "https://lee.example" in said


@pytest.mark.parametrize(
    ("image", "written"),
    [
        ("'/img/a b#1 100%.svg'", 'image: "a b%231 100%25.svg"\n'),
        ("https://cdn.example/a.png", ""),
        ("//cdn.example/a.png", ""),
        ("https://old.example/img/x.svg", 'image: "x.svg"\n'),
        ("https://old.example/img/nowhere.svg", ""),
        ("{path: https://cdn.example/a.png}", ""),
        ("https://cdn.example/a.png\nheader: {teaser: /img/x.svg}", 'image: "x.svg"\n'),
    ],
)
def test_pictures_of_posts_at_addresses(
    root: Path, tmp_path: Path, image: str, written: str
) -> None:
    """A build takes pictures that lie beside the post: others are told, and it goes through."""
    picture = "<svg xmlns='http://www.w3.org/2000/svg'/>"
    old_blog(tmp_path, {"img/x.svg": picture, "img/a b#1 100%.svg": picture})
    body(root, tmp_path, "jekyll", "x", f"image: {image}\n")
    text = (root / "posts/a/index.en.md").read_text("utf-8")
    assert "".join(line + "\n" for line in text.split("\n") if "image" in line) == written
    done = inkcell(root, "build")
    assert done.exit_code == 0, done.stderr


def test_what_is_said_of_a_posts_picture_is_told(root: Path, tmp_path: Path) -> None:
    """Words beside its name are of no use here; what stood there while it was loading is none."""
    front = "---\ntitle: T\nimage: {path: /x.svg, lqip: data, alt: Some words}\n---\n"
    texts = {**JEKYLL, "_posts/2020-01-01-a.md": front, "x.svg": "<svg/>"}
    told = inkcell(root, "import", str(old_blog(tmp_path, texts))).stderr
    assert "a.md:3: the key `image.alt` is left out" in told
    assert told.count("note: ") == 1


@pytest.mark.parametrize("blog", [JEKYLL, HUGO])
def test_a_diagram_is_told(root: Path, tmp_path: Path, blog: dict[str, str]) -> None:
    """Scripts of the old blog drew it; here its code is shown."""
    *_, name = blog
    text = blog[name] + "\n```mermaid\nflowchart LR\n```\n"
    told = inkcell(root, "import", str(old_blog(tmp_path, {**blog, name: text}))).stderr
    assert re.search(r"posts/a/index.en.md:1[0-9]: `mermaid` is shown as code: ", told)


def test_a_picture_for_dark_pages_is_told(root: Path, tmp_path: Path) -> None:
    """It stands on all of them; its line is named."""
    post = "---\ntitle: T\n---\nText\n\n![a](/x.svg){: .dark }\n"
    texts = {**JEKYLL, "_posts/2020-01-01-a.md": post, "x.svg": "<svg/>"}
    told = inkcell(root, "import", str(old_blog(tmp_path, texts))).stderr
    assert "posts/a/index.en.md:11: a picture for dark pages stands on all of them" in told


def test_a_picture_that_is_elsewhere_is_told(root: Path, tmp_path: Path) -> None:
    """With the line of its key, and what to do."""
    front = "---\ntitle: T\nimage: https://cdn.example/a.png\n---\n"
    old = old_blog(
        tmp_path, {"_config.yml": "url: https://o.example", "_posts/2020-01-01-a.md": front}
    )
    told = inkcell(root, "import", str(old)).stderr
    assert "a.md:3: the picture `https://cdn.example/a.png` is not in the old blog" in told


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("code `x`", "code x"),
        ("``a ` b`` and *least squares*", "a ` b and least squares"),
        (r"The $\ell_2$ norm", "The ℓ₂ norm"),
        (r"$x^{n+1}$, $x_{i+j} \le \frac{a + 1}{2}$", "xⁿ⁺¹, x_(i+j) ≤ (a + 1)/2"),
        (r"\(\mathbf{x} \in \mathbb{R}^n\)", "x ∈ ℝⁿ"),
        (r"$\log \hat{p}$ stays", r"$\log \hat{p}$ stays"),
        ("It is $5 and $6", "It is $5 and $6"),
        ("**Bold _and_ more** of snake_case_names", "Bold and more of snake_case_names"),
        ("See [the *docs*](https://e.example/a) <br>", "See the docs"),
        (r"2 \* 3 \* 4 &amp; `a*b*c`", "2 * 3 * 4 & a*b*c"),
        ("C#", "C#"),
        ("Closed ##", "Closed"),
        ("Sets {#sec-sets}", "Sets"),
    ],
)
def test_titles_are_plain(root: Path, tmp_path: Path, heading: str, title: str) -> None:
    """A heading that becomes a title is as its readers saw it: no marks, formulas as text."""
    text = f"```python\n# no heading\n```\n\n# {heading}\n\nText.\n"
    inkcell(root, "import", str(old_blog(tmp_path, {"a.md": text, "b.ipynb": notebook(text)})))
    for name, end in (("a", "md"), ("b", "ipynb")):
        content = (root / f"posts/{name}/index.en.{end}").read_text("utf-8")
        written = json.loads(content)["cells"][0]["source"] if end == "ipynb" else content
        assert read_front_text(written).values["title"] == title


@pytest.mark.parametrize(
    ("tool", "title"),
    [("jekyll", "ℝ² and *x* `y`"), ("hugo", "ℝ² and *x* `y`"), ("quarto", "ℝ² and x y"),
     ("files", "ℝ² and *x* `y`")],
)  # fmt: skip
def test_titles_in_front_matter_are_plain(
    root: Path, tmp_path: Path, tool: str, title: str
) -> None:
    """Formulas as text, whichever tool set them; only Quarto reads it as Markdown."""
    name, settings, path = OLD_SITES[tool]
    post = "---\ntitle: '$\\mathbb{R}^2$ and *x* `y`'\ndate: 2022-07-08\n---\nText.\n"
    inkcell(root, "import", str(old_blog(tmp_path, {name: settings, path: post})))
    text = (root / "posts/a/index.en.md").read_text("utf-8")
    assert read_front_text(text).values["title"] == title


def test_names_in_addresses() -> None:
    """As Jekyll's and Hugo's own functions make them."""
    assert slugify("The _config.yml file", pretty=True) == "The-_config.yml-file"
    assert slugify("The _config.yml file") == "The-config-yml-file"
    assert urlize("First Post! (2) 집합") == "first-post-2-집합"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("---\na: [\n---\n", 3, "not valid YAML"),
        ("+++\na = 1\nb =\n+++\n", 3, "not valid TOML"),
        ('{\n"a": 1,\n"b": }\nx', 3, "not valid JSON"),
        ("---\na: 1\n", 1, "the front matter has no end"),
    ],
)
def test_front_matter_that_cannot_be_read(
    root: Path, tmp_path: Path, text: str, line: int, message: str
) -> None:
    """File, line, text and a hint; the other post is imported, and the exit status is 1."""
    good = "+++\ntitle = 'G'\ndate = 2020-01-01\n+++\n"
    old = old_blog(
        tmp_path, {"hugo.toml": "", "content/posts/a.md": text, "content/posts/b.md": good}
    )
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 1
    assert f"content/posts/a.md:{line}: error: {message}" in done.stderr
    assert "  hint: " in done.stderr
    assert [*files(root / "posts")] == ["b/index.en.md"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no folder nowhere"),
        (["."], "that is this blog itself"),
        (["..", "--url", "x"], "`x` is not an address of a site"),
        (["..", "--category", "!"], "`!` is no category"),
        (["..", "--category", "a/b"], "`a/b` is no category"),
        (["..", "--category", "ko"], "the category `ko` would have the address of a language"),
        (
            ["..", "--category", "Archive"],
            "the category `Archive` would have the address of another page",
        ),
    ],
)
def test_command_lines_that_are_wrong(
    root: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    """Each is told with a hint, and nothing is written."""
    monkeypatch.chdir(root)
    done = inkcell(root, "import", *arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"error: {message}\n  hint: ")
    assert files(root / "posts") == {}


def test_settings_that_cannot_be_read(root: Path, tmp_path: Path) -> None:
    """Without them no address is known: nothing is imported, and the file is named to be opened."""
    old = old_blog(tmp_path, {"_config.yml": "a: [\n", "_posts/2020-01-01-a.md": "x"})
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 1
    assert f"{old}/_config.yml:2: error: not valid YAML" in done.stderr
    assert done.stderr.endswith("1 error; nothing was written.\n")
    assert "  hint: " in done.stderr


def test_a_post_that_is_not_utf_8(root: Path, tmp_path: Path) -> None:
    """The line of the first wrong byte is named."""
    old = old_blog(tmp_path, {"a.md": "# A\n\n글\n".encode("euc-kr"), "b.md": "# B\n"})
    dry = inkcell(root, "import", str(old), "--dry-run")
    assert dry.stderr.endswith("1 error; the other posts would be imported.\n")
    done = inkcell(root, "import", str(old))
    assert done.exit_code == 1
    assert "a.md:3: error: the file is not UTF-8" in done.stderr
    assert done.stderr.endswith("1 error; the other posts were imported.\n")
    assert [*files(root / "posts")] == ["b/index.en.md"]


def test_what_front_matter_would_refuse_is_told(root: Path, tmp_path: Path) -> None:
    """A category that has a language's address becomes a tag, a tag without letters is told."""
    front = "---\ntitle: x\ndate: 2020-01-01\ncategories: [ko, C]\ntags: ['+', b]\n---\n"
    old = old_blog(tmp_path, {"hugo.toml": "", "content/posts/a.md": front})
    done = inkcell(root, "import", str(old))
    assert "a.md:5: the tag `+` is left out" in done.stderr
    text = (root / "posts/a/index.en.md").read_text("utf-8")
    assert 'category: "C"\ntags: ["b", "ko"]\n' in text
    assert parse_config(SETTINGS)


def test_the_old_blog_may_lie_in_the_new_one(write_blog: WriteBlog) -> None:
    """A folder beside `posts/` is as good as any."""
    new = write_blog({"old/a.md": "# 글 하나\n\n한글이에요.\n", "posts/_x/y": ""})
    assert inkcell(new, "import", str(new / "old")).exit_code == 0
    assert (new / "posts/a/index.ko.md").is_file()


def pages(root: Path) -> dict[str, dict[str, object]]:
    """The standing pages of the blog, each with its front matter but for the title."""
    found = {}
    for path, text in files(root / "pages").items():
        values = dict(read_front_text(text).values)
        assert values.pop("title")
        found[path] = values
    return found


@pytest.mark.parametrize(
    ("blog", "more", "expected"),
    [
        (JEKYLL, {"about.md": PAGE},
         {"about/index.en.md": {"aliases": ["/about.html"]}}),
        (JEKYLL, {"about.md": PAGE.replace("---\nI", "permalink: /about/\n---\nI")},
         {"about/index.en.md": {}}),
        (JEKYLL, {"about.md": PAGE.replace("---\nI", "permalink: /me\nredirect_from: /i/\n---\nI")},
         {"me/index.en.md": {"aliases": ["/i/"]}}),
        (JEKYLL, {"_config.yml": "permalink: /:year/:title/", "cv/index.md": PAGE},
         {"cv/index.en.md": {}}),
        (JEKYLL, {"_pages/about.md": PAGE.replace("---\nI", "permalink: /x/:basename/\n---\nI")},
         {"about/index.en.md": {"aliases": ["/x/about/"]}}),
        (JEKYLL, {"_config.yml": "collections: {tabs: {output: true, permalink: '/:title/'}}",
                  "_tabs/about.md": PAGE, "_drafts/x/y.txt": "", "_includes/z.md": PAGE},
         {"about/index.en.md": {"nav": True, "order": 1}}),
        (JEKYLL, {"_config.yml": "collections: {works: {output: true}}", "_works/One.md": PAGE},
         {"one/index.en.md": {"aliases": ["/works/One.html"]}}),
        (JEKYLL, {"_config.yml": "lang: en", "about.md": PAGE, "ko/about.md":
                  "---\nlang: ko\n---\n저예요.\n"},
         {"about/index.en.md": {"aliases": ["/about.html"]},
          "about/index.ko.md": {"aliases": ["/ko/about.html"]}}),
        (HUGO, {"content/about.md": PAGE, "content/cv/index.md": PAGE},
         {"about/index.en.md": {}, "cv/index.en.md": {}}),
        (HUGO, {"content/about.md": PAGE.replace("---\nI", "date: 2020-01-01\n---\nI")},
         {"about/index.en.md": {}}),
        (HUGO, {"content/b.md": "---\ndate: 2020-01-01\n---\nText.\n",
                "content/c.md": "---\ndate: 2020-01-01\n---\nText.\n",
                "content/about.md": PAGE.replace("---\nI", "date: 2020-01-01\nmenu: main\n---\nI")},
         {"about/index.en.md": {"nav": True, "order": 1}}),
        (HUGO, {"content/home/index.md": PAGE.replace("---\nI", "headless: true\n---\nI")},
         {"home/index.en.md": {"draft": True}}),
        (JEKYLL, {"_config.yml": "default_lang: ko", "about.md": PAGE.replace("---\nI",
                  "lang: ko\npermalink: /about/\n---\nI"), "en/about.md": PAGE.replace("---\nI",
                  "lang: en\npermalink: /about/\n---\nI")},
         {"about/index.en.md": {"aliases": ["/en/about/"]}, "about/index.ko.md": {}}),
        (HUGO, {"content/about/_index.md": PAGE.replace("---\nI", "date: 2020-01-01\n---\nI"),
                "content/about/_index.ko.md": PAGE,
                "hugo.yaml": "languages: {en: {}, ko: {}}"},
         {"about/index.en.md": {}, "about/index.ko.md": {}}),
        (HUGO, {"content/projects/x.md": PAGE, "content/posts/no-date.md": PAGE},
         {"x/index.en.md": {"aliases": ["/projects/x/"]}}),
        (HUGO, {"hugo.yaml": "languages: {en: {}, ko: {}}", "content/about.md": PAGE,
                "content/about.ko.md": PAGE},
         {"about/index.en.md": {}, "about/index.ko.md": {}}),
        (HUGO, {"hugo.yaml": "languages: {ko: {contentDir: content/ko}, en: {}}",
                "content/ko/about.md": PAGE},
         {"about/index.ko.md": {"aliases": ["/about/"]}}),
        (QUARTO, {"about.qmd": PAGE, "cv/index.qmd": PAGE},
         {"about/index.en.md": {"aliases": ["/about.html"]}, "cv/index.en.md": {}}),
    ],
)  # fmt: skip
def test_pages_that_are_no_posts(
    root: Path,
    tmp_path: Path,
    blog: dict[str, str],
    more: dict[str, str],
    expected: dict[str, dict[str, object]],
) -> None:
    """They become standing pages, at their former addresses or with these; the blog is built."""
    done = inkcell(root, "import", str(old_blog(tmp_path, {**blog, **more})))
    assert done.exit_code == 0, done.stderr
    assert pages(root) == expected
    assert "posts/a/index.en.md" in done.stdout
    assert f"and {len(expected)} page" in done.stdout
    built = inkcell(root, "build")
    assert built.exit_code == 0, built.stderr


@pytest.mark.parametrize(
    ("blog", "name", "text", "reason"),
    [
        (JEKYLL, "index.md", PAGE, "the home page is not imported"),
        (JEKYLL, "index.html", PAGE, "the home page is not imported"),
        (JEKYLL, "ko/index.md", PAGE, "the home page is not imported"),
        (JEKYLL, "404.md", PAGE, "the page for what is not found is not imported"),
        (JEKYLL, "404.html", PAGE, "the page for what is not found is not imported"),
        (JEKYLL, "about.html", PAGE, "a page of HTML is not imported"),
        (JEKYLL, "_pages/tags.md", "---\nlayout: tags\n---\n\n", "a page that has no text of its"),
        (JEKYLL, "tags.md", "---\n---\n## Tags\n{% for t in site.tags %}<li>{{ t[0] }}\n"
         "{% for p in t[1] %}[a]({{ p.url }}) b{% endfor %}</li>{% endfor %}\n",
         "a page that holds nothing but a template"),
        (JEKYLL, "archive.html", "---\n---\n<ul>{% for p in site.posts %}<li>a</li>{% endfor %}",
         "a page that holds nothing but a template"),
        (HUGO, "content/_index.md", PAGE, "the home page is not imported"),
        (HUGO, "content/index.md", PAGE, "the home page is not imported"),
        (HUGO, "content/posts/_index.md", PAGE, "a page that lists posts is no post"),
        (HUGO, "content/tags/_index.md", PAGE, "a page that lists posts is no post"),
        (HUGO, "content/series/ml/_index.md", PAGE, "a page that lists posts is no post"),
        (HUGO, "content/now/_index.md", "---\ntitle: N\n---\n", "a page that has no text of its"),
        (HUGO, "content/search.md", "---\nlayout: search\n---\n", "a page that has no text of its"),
        (HUGO, "content/a.md", "---\n---\n{{< all-posts >}}\n", "a page that holds nothing but a"),
        (QUARTO, "index.qmd", PAGE, "the home page is not imported"),
        (QUARTO, "404.qmd", PAGE, "the page for what is not found is not imported"),
        (QUARTO, "all.qmd", "---\nlisting: posts\n---\nAll.\n", "a page that lists posts is no"),
    ],
)  # fmt: skip
def test_pages_that_templates_make(
    root: Path, tmp_path: Path, blog: dict[str, str], name: str, text: str, reason: str
) -> None:
    """The blog has such pages of its own: each is told with its file, and none is imported."""
    old = old_blog(tmp_path, {**blog, name: text})
    done = inkcell(root, "import", str(old), "--dry-run")
    assert done.exit_code == 0
    (told,) = [line for line in done.stderr.split("\n") if f"note: {old}/{name}:" in line]
    assert reason in told
    assert "; " in told
    assert "pages/" not in done.stdout


@pytest.mark.parametrize(
    ("blog", "settings", "more", "places"),
    [
        (JEKYLL, "header_pages: [b.md, a.md]", {}, {"b": 1, "a": 2}),
        (JEKYLL, "theme: minima", {}, {"a": 1, "b": 2, "c": 3}),
        (JEKYLL, "remote_theme: jekyll/minima@v2", {}, {"a": 1, "b": 2, "c": 3}),
        (JEKYLL, "theme: minimal-mistakes-jekyll", {}, {}),
        (JEKYLL, "navigation: [{text: C, url: /c.html}]", {}, {"c": 1}),
        (JEKYLL, "", {"_data/navigation.yml":
                      "# Menu\nmain:\n- {title: B, url: /b.html}\n- {title: X, url: https://x.y}\n"
                      "- {title: A, url: https://old.example/a.html}\n"}, {"b": 1, "a": 2}),
        (JEKYLL, "", {"_data/navigation.yml": "- name: B\n  link: /b.html\n"}, {"b": 1}),
        (JEKYLL, "", {"a.md": "---\nnav: true\nnav_order: 2\n---\nText.",
                      "c.md": "---\nnav: true\nnav_order: 1\n---\nText."}, {"c": 1, "a": 2}),
        (HUGO, "menu: {main: [{name: P, url: /posts/}, {name: B, url: b/, weight: 9},"
               " {name: A, pageRef: /a, weight: 3}], footer: [{name: C, url: /c/}]}", {},
         {"a": 1, "b": 2}),
        (HUGO, "languages: {en: {menus: {main: [{url: /c/}]}}}", {}, {"c": 1}),
        (HUGO, "", {"content/a.md": "---\nmenu: main\n---\nText.",
                    "content/c.md": "---\nmenu: {main: {weight: 1}}\n---\nText."},
         {"c": 1, "a": 2}),
        (HUGO, "", {"config/_default/menus.yaml": "main: [{name: B, url: /b/}]"}, {"b": 1}),
        (QUARTO, "  navbar: {left: [index.qmd, {text: M, menu: [c.qmd]}], right:"
                 " [{href: b.qmd}, {icon: rss, href: index.xml}]}", {}, {"c": 1, "b": 2}),
        (QUARTO, "  sidebar: {contents: [index.qmd, b.qmd, {text: A, href: a.qmd}, '---',"
                 " {section: M, contents: [c.qmd]}]}", {}, {"b": 1, "a": 2}),
        (QUARTO, "  navbar: {left: [c.qmd]}\n  sidebar: [{id: x, contents: auto},"
                 " {contents: [c.qmd, a.qmd]}]", {}, {"c": 1, "a": 2}),
    ],
)  # fmt: skip
def test_the_navigation_of_the_old_blog(
    root: Path,
    tmp_path: Path,
    blog: dict[str, str],
    settings: str,
    more: dict[str, str],
    places: dict[str, int],
) -> None:
    """A page that its menu led to is in the navigation, in the same order."""
    name = next(iter(blog))
    texts = dict(blog)
    if blog is QUARTO:
        texts[name] = f"website:\n  site-url: https://old.example\n{settings}\n"
    else:
        texts[name] += settings + "\n"
    home, ending = {"_config.yml": ("", "md"), "hugo.yaml": ("content/", "md"),
                    "_quarto.yml": ("", "qmd")}[name]  # fmt: skip
    alone = {f"{home}{letter}.{ending}": PAGE for letter in "abc"}
    if home == "":  # Its name is that of a post otherwise.
        texts = {path.replace("/a.qmd", "/p.qmd").replace("-a.md", "-p.md"): text
                 for path, text in texts.items()}  # fmt: skip
    texts = {path.replace("posts/a.md", "posts/p.md"): text for path, text in texts.items()}
    done = inkcell(root, "import", str(old_blog(tmp_path, {**texts, **alone, **more})))
    assert done.exit_code == 0, done.stderr
    found = {path.partition("/")[0]: values for path, values in pages(root).items()}
    assert found.keys() == {"a", "b", "c"}
    assert {name: v["order"] for name, v in found.items() if v.get("nav")} == places
    assert "`menu`" not in done.stderr
    assert "`nav" not in done.stderr


def test_keys_that_a_page_has_no_use_for_are_told(root: Path, tmp_path: Path) -> None:
    """A date, tags and categories are left out, with their lines; the rest is as of a post."""
    page = "---\ntitle: T\ndate: 2020-01-01\ntags: [x]\nlastmod: 2021-02-03\nzzz: 1\n---\nText.\n"
    done = inkcell(root, "import", str(old_blog(tmp_path, {**HUGO, "content/about.md": page})))
    for line, key in ((3, "date"), (4, "tags"), (6, "zzz")):
        assert f"content/about.md:{line}: the key `{key}` is left out" in done.stderr
    assert pages(root) == {"about/index.en.md": {"last_modified_at": "2021-02-03"}}


def test_links_between_posts_and_pages(root: Path, tmp_path: Path) -> None:
    """They name each other's files, and lead from page to page in the site."""
    post = "---\ntitle: A\n---\n[me](/about/) and [we]({% link team.md %})\n"
    text = "![x](/p.svg) [a]({% post_url 2020-01-01-a %})"
    page = f"---\ntitle: About\npermalink: /about/\n---\n{text}\n"
    texts = {**JEKYLL, "_posts/2020-01-01-a.md": post, "about.md": page, "team.md": PAGE}
    done = inkcell(root, "import", str(old_blog(tmp_path, {**texts, "p.svg": "<svg/>"})))
    assert done.stderr == ""
    written = files(root / "posts")["a/index.en.md"]
    assert "[me](../../pages/about/index.en.md) and [we](../../pages/team/index.en.md)" in written
    about = files(root / "pages")["about/index.en.md"]
    assert "![x](p.svg) [a](../../posts/a/index.en.md)" in about
    assert (root / "pages/about/p.svg").is_file()
    assert inkcell(root, "build").exit_code == 0
    built = (root / "site/notes/2020-01-01-a/index.html").read_text("utf-8")
    assert 'href="/about/"' in built
    assert 'href="/team/"' in built


def test_a_page_with_the_name_of_a_list_or_a_post(root: Path, tmp_path: Path) -> None:
    """It goes elsewhere, and what it cannot lead on from is told; the blog can be built."""
    texts = {**JEKYLL, "math/index.md": PAGE, "archive.md": PAGE, "a.md": PAGE}
    done = inkcell(root, "import", str(old_blog(tmp_path, texts)))
    assert pages(root) == {
        "a-2/index.en.md": {"aliases": ["/a.html"]}, "archive-2/index.en.md": {},
        "math-2/index.en.md": {},
    }  # fmt: skip
    assert "math/index.md: the blog has a page of its own at the address /math/; " in done.stderr
    assert inkcell(root, "build").exit_code == 0


def test_the_code_of_a_page_is_shown(root: Path, tmp_path: Path) -> None:
    """A standing page runs none, in text or notebook; that is told."""
    text = PAGE + "\n```{python}\n#| echo: true\n1\n```\n"
    cells = json.loads(notebook("# N", "Text."))
    cells["cells"].append({"cell_type": "code", "metadata": {}, "source": "2", "outputs": [],
                           "execution_count": None})  # fmt: skip
    texts = {**QUARTO, "about.qmd": text, "n.ipynb": json.dumps(cells)}
    done = inkcell(root, "import", str(old_blog(tmp_path, texts)))
    assert done.stderr.count("the code of the page is shown, and not run") == 2
    written = files(root / "pages")
    assert "```{code-cell}\n#| echo: true\n#| eval: false\n1\n```" in written["about/index.en.md"]
    assert json.loads(written["n/index.en.ipynb"])["cells"][-1]["source"] == [
        "#| eval: false\n", "2"
    ]  # fmt: skip
    built = inkcell(root, "build")
    assert built.exit_code == 0, built.stderr


def test_a_page_is_imported_once(root: Path, tmp_path: Path) -> None:
    """A second run knows it by its title, and leaves it as it was edited."""
    old = old_blog(tmp_path, {**JEKYLL, "about.md": PAGE})
    assert inkcell(root, "import", str(old)).exit_code == 0
    path = root / "pages/about/index.en.md"
    path.write_text(path.read_text("utf-8").replace("I write.", "I wrote."), "utf-8")
    done = inkcell(root, "import", str(old))
    assert "0 posts imported from Jekyll; 2 imported before." in done.stdout
    assert "I wrote." in path.read_text("utf-8")


def test_html_and_slash_are_two_addresses(root: Path, tmp_path: Path) -> None:
    """A server finds no `/n.html` where `/n/` is: it stays an alias."""
    with (root / "pyproject.toml").open("a") as settings:
        settings.write('permalink = "/:category/:year/:month/:day/:slug/"\n')
    inkcell(root, "import", str(old_blog(tmp_path, JEKYLL)))
    text = (root / "posts/a/index.en.md").read_text("utf-8")
    assert 'aliases: ["/math/2020/01/01/a.html"]\n' in text


KEYS = (
    "title date categories category tags tag series author authors image header images toc "
    "comments bibliography execute jupyter kernelspec format lang slug permalink url aliases "
    "redirect_from draft published description lastmod keywords id media_subpath menu menus nav "
    "nav_order order cover listing"
).split()
SETTINGS_OF_OLD_BLOGS = (
    "url baseurl baseURL permalink permalinks timezone defaults lang languages website project "
    "execute format defaultContentLanguage excerpt_separator markup collections include exclude "
    "header_pages navigation theme menu menus collections_dir default_lang"
).split()
VALUES = (
    *("5", "true", "null", "[]", "{}", "[1, null, [a]]", "{a: {b: 1}}", '"x"', "[{a: 1}]", '"/"'),
    *(
        '"../x"',
        "{name: 5}",
        "{html: 5}",
        "{path: [1]}",
        "[{scope: 5}]",
        "{posts: 5}",
        '"2020-1-1"',
    ),
)


@pytest.mark.parametrize("tool", TOOLS)
def test_whatever_stands_in_front_matter_and_settings(tool: Tool) -> None:
    """It is read, left out, or an error with its place; nothing ends the import."""
    settings, _, path = OLD_SITES[tool]
    config = parse_config(SETTINGS)
    good = "---\ntitle: a\ndate: 2020-01-01 10:00\n---\n"
    page = {"jekyll": "about.md", "hugo": "content/about.md", "quarto": "about.qmd"}.get(tool)
    texts = [(f"---\n{key}: {value}\n---\n", "") for key in KEYS for value in VALUES]
    texts += [(good, f"{key}: {value}\n") for key in SETTINGS_OF_OLD_BLOGS for value in VALUES]
    for text, said in texts:
        body = text + "{{ page.title }} {{ site.url }}\n\n```{python}\n1\n```\n"
        read = {settings.replace(".toml", ".yaml"): said.encode(), path: body.encode()}
        read |= {page: body.encode()} if page else {}
        blog = OldBlog(
            frozenset(read), read.__getitem__, lambda name: date(2020, 1, 1), date(2020, 1, 1)
        )
        with suppress(InkcellError):
            imported = import_posts(blog, tool, config, "notes")
            assert len(imported.posts) + len(imported.errors) + len(imported.remarks) >= 1
