"""`inkcell init` and `inkcell new`: what begins a blog, and what begins a post."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from generator.config import read_config
from generator.reading import read_posts

from .conftest import WriteBlog
from .test_broken_blogs import snapshot
from .test_cli import inkcell


def files(folder: Path) -> list[str]:
    """All files below a folder."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_init_asks_nothing(tmp_path: Path) -> None:
    """A folder's name is enough: what is written is a blog whose settings and post are right."""
    done = inkcell(tmp_path, "init", str(tmp_path / "my-blog"))
    assert done.exit_code == 0, done.stderr
    root = tmp_path / "my-blog"
    assert files(root) == [
        ".github/workflows/publish.yml",
        ".gitignore",
        "README.md",
        "posts/square-root/index.en.md",
        "pyproject.toml",
        "requirements.txt",
    ]
    config = read_config(root)
    assert (config.title, config.languages) == ({"en": "my-blog"}, ("en",))
    assert [post.meta.language for post in read_posts(config)] == ["en"]
    assert not any("<<" in path.read_text("utf-8") for path in root.rglob("*") if path.is_file())
    assert f"cd {root}\n" in done.stdout
    assert 'inkcell new "A title"' in done.stdout


def test_init_takes_settings(tmp_path: Path) -> None:
    """Whatever stands in a title; the first language is the default one."""
    title = 'Über "Zahlen" \\ <<url>> 수'
    options = ("--title", title, "--url", "https://u.example/p", "--author", "김 “철수”")
    languages = ("--language", "ko", "--language", "en")
    done = inkcell(tmp_path, "init", str(tmp_path / "b"), *options, *languages)
    assert done.exit_code == 0, done.stderr
    config = read_config(tmp_path / "b")
    assert config.title == {"ko": title, "en": title}
    assert (config.url, config.author.name) == ("https://u.example/p", "김 “철수”")
    assert (config.language, config.languages) == ("ko", ("ko", "en"))
    korean, english = sorted(read_posts(config), key=lambda post: post.meta.language, reverse=True)
    # The same code, so that it runs once.
    code = [[cell.source for cell in post.notebook.code] for post in (korean, english)]
    assert code[0] == code[1]
    assert "블로그" in (tmp_path / "b" / "README.md").read_text("utf-8")


@pytest.mark.kernel
def test_a_new_blog_can_be_built(tmp_path: Path) -> None:
    """Its first post runs, refers to what it defines, cites, and draws a figure."""
    root = tmp_path / "b"
    inkcell(tmp_path, "init", str(root), "--language", "en", "--language", "ko")
    done = inkcell(root, "build")
    assert done.exit_code == 0, done.stderr
    assert "1 post run" in done.stdout
    assert "note" not in done.stderr
    for folder in ("notes", "ko/notes"):
        (page,) = (root / "site" / folder).glob("*-square-root/index.html")
        text = page.read_text("utf-8")
        assert 'href="#eq-heron"' in text
        assert 'id="fig-digits"' in text
        assert "x_4 = 1.414213562374690, exactly 665857/470832" in text
        assert "10.1006/hmat.1998.2209" in text


def test_init_never_overwrites(tmp_path: Path) -> None:
    """Every file in the way is named, and not one of the others is written."""
    root = tmp_path / "b"
    (root / "posts" / "square-root").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "posts" / "square-root" / "index.en.md").write_text("mine")
    before = snapshot(root)
    done = inkcell(tmp_path, "init", str(root))
    assert done.exit_code == 1
    for name in ("pyproject.toml", "posts/square-root/index.en.md"):
        assert f"{root / name}: error: the file is there already\n  hint: " in done.stderr
    assert done.stderr.endswith("2 errors; nothing was written.\n")
    assert snapshot(root) == before


def test_init_beside_other_files(tmp_path: Path) -> None:
    """A folder that holds something else is no obstacle: a fresh clone has `.git` and a licence."""
    (tmp_path / "LICENSE").write_text("free")
    assert inkcell(tmp_path, "init", str(tmp_path)).exit_code == 0
    assert (tmp_path / "LICENSE").read_text() == "free"


def test_init_below_a_file(tmp_path: Path) -> None:
    """What stands where the folder must be is told once, not for each file of the blog."""
    (tmp_path / "blog").write_text("mine")
    done = inkcell(tmp_path, "init", str(tmp_path / "blog"))
    assert done.exit_code == 1
    assert done.stderr == (
        f"{tmp_path / 'blog'}: error: a file stands where a folder must be\n"
        "  hint: give another folder, or move the file away\n\n"
        "1 error; nothing was written.\n"
    )


def test_init_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who begins a blog in the current folder need not go there."""
    monkeypatch.chdir(tmp_path)
    done = inkcell(tmp_path, "init", ".")
    assert done.exit_code == 0
    assert "  cd " not in done.stdout
    assert "  inkcell serve " in done.stdout
    assert (tmp_path / "pyproject.toml").is_file()


def test_init_takes_back_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk refuses the last file, none is left, and no folder that was not there."""
    opened: list[Path] = []
    original = Path.open

    def open_three(self: Path, mode: str = "r", *rest: object, **options: object) -> object:
        if "x" in mode:
            opened.append(self)
            if len(opened) > 3:
                raise OSError(28, "No space left on device", str(self))
        return original(self, mode, *rest, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", open_three)
    done = inkcell(tmp_path, "init", str(tmp_path / "deep" / "blog"))
    assert done.exit_code == 1
    assert "cannot be written: No space left on device" in done.stderr
    assert len(opened) == 4
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize(
    ("folder", "arguments", "message"),
    [
        ("file/blog", [], "file: error: a file stands where a folder must be"),
        ("b", ["--url", "nowhere"], "error: `nowhere` is not an address of a site"),
        ("b" * 300, [], "cannot be written: File name too long"),
    ],
)
def test_init_says_what_is_wrong(
    tmp_path: Path, folder: str, arguments: list[str], message: str
) -> None:
    """With a hint; nothing is written."""
    (tmp_path / "file").write_text("")
    done = inkcell(tmp_path, "init", str(tmp_path / folder), *arguments)
    assert done.exit_code == 1
    assert message in done.stderr
    assert "hint: " in done.stderr
    assert "pyproject.toml:" not in done.stderr
    assert files(tmp_path) == ["file"]


@pytest.mark.parametrize("kind", [[], ["--notebook"]])
def test_new_writes_both_languages(write_blog: WriteBlog, kind: list[str]) -> None:
    """One post in two versions, with its tags; the notebook is valid nbformat 4.5."""
    root = write_blog({"posts/_none/x": ""})
    arguments = ["--lang", "ko", "--lang", "en", "--tag", "선형대수", "--tag", "a: b", *kind]
    done = inkcell(root, "new", "고유값, 왜?", *arguments)
    assert done.exit_code == 0, done.stderr
    ending = "ipynb" if kind else "md"
    paths = [f"posts/고유값-왜/index.{language}.{ending}" for language in ("ko", "en")]
    assert done.stdout.splitlines() == paths
    posts = read_posts(read_config(root))
    assert {post.meta.language for post in posts} == {"ko", "en"}
    assert {post.meta.tags for post in posts} == {("선형대수", "a: b")}
    assert all(post.meta.draft for post in posts)
    if kind:
        for path in paths:
            document = json.loads((root / path).read_text("utf-8"))
            assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
            nbformat.validate(nbformat.from_dict(document))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["!?"], "`!?` makes no name for the post's folder"),
        (["a", "--slug", "../a"], "`../a` makes no name for the post's folder"),
        (["a", "--slug", "_a"], "`_a` makes no name for the post's folder"),
        (["node_modules"], "`node_modules` makes no name for the post's folder"),
        (["About"], "a standing page has the same name: pages/about"),
        (["a", "--category", "Archive"], "`Archive` would have the address of another page"),
        (["a", "--category", "en"], "`en` would have the address of a language"),
        (["a", "--category", ""], "`` is no category"),
        (["a", "--category", "a/b"], "`a/b` is no category"),
        (["a", "--tag", "!"], "`!` is no tag"),
        (["글" * 100], "is too long for the name of a folder"),
        (["a", "--lang", "en", "--lang", "fr"], "the blog has no language `fr`"),
        (["taken", "--lang", "en", "--lang", "ko"], "posts/taken/index.ko.md: error: "),
    ],
)
def test_new_says_what_is_wrong(write_blog: WriteBlog, arguments: list[str], message: str) -> None:
    """With a hint; nothing is written, not even the version that would have been right."""
    root = write_blog({"posts/taken/index.ko.md": "글\n", "pages/about/index.ko.md": "쪽\n"})
    before = snapshot(root)
    done = inkcell(root, "new", *arguments)
    assert done.exit_code == 1
    assert message in done.stderr
    assert "hint: " in done.stderr
    assert snapshot(root) == before


def test_new_adds_a_version(write_blog: WriteBlog) -> None:
    """The other language of a post that is there goes beside it."""
    root = write_blog({"posts/taken/index.ko.md": "글\n"})
    assert inkcell(root, "new", "Taken", "--lang", "en").exit_code == 0
    assert files(root / "posts") == ["taken/index.en.md", "taken/index.ko.md"]
