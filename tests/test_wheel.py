"""The wheel: all that a blog needs, without this checkout, without Node and without npm."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from datetime import date
from pathlib import Path

import pytest

from generator.new_blog import new_blog
from generator.text_font import FILES as TEXT_FONT

from .conftest import REPOSITORY

# One worker builds it, once.
pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "-w", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, cwd=folder)
    (built,) = folder.glob("inkcell-*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the wheel, and not this checkout.

    What Inkcell depends on comes from the tests' environment: a path in a `.pth` file makes its
    modules importable, and its own `.pth` files, one of which leads to the checkout, are not read.
    """
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    place = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", vars=place))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    found = Path(sysconfig.get_path("scripts", vars=place))
    pip = [sys.executable, "-m", "pip", "--python", str(found / "python"), "install"]
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *options, str(wheel)], check=True)
    return found


def run(programs: Path, folder: Path, *command: str) -> str:
    """What a program of that environment prints; it finds no other program, so no Node."""
    kept = {name: os.environ[name] for name in ("HOME", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=folder,
        env={**kept, "PATH": str(programs), "PYTHONNOUSERSITE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_carries_theme_katex_and_licences(wheel: Path) -> None:
    """And the files that begin a blog; each file of the theme, and no test."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        licence = archive.read("generator/katex/LICENSE").decode()
    assert "Khan Academy" in licence
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    for folder, inside in (("templates", "generator/templates"), ("generator", "generator")):
        for path in (REPOSITORY / folder).rglob("*"):
            name = path.relative_to(REPOSITORY / folder).as_posix()
            if path.is_file() and "__pycache__" not in name:
                assert f"{inside}/{name}" in names
    assert {"generator/katex/katex.min.js", "generator/katex/katex.min.css"} <= names
    assert "generator/katex/fonts/KaTeX_Main-Regular.woff2" in names
    assert {f"generator/templates/static/{name}" for name in TEXT_FONT} <= names
    tops = {name.partition("/")[0] for name in names if ".d" not in name.partition("/")[0]}
    assert tops == {"generator"}


def test_a_new_blog_names_the_wheel(wheel: Path) -> None:
    """Where it expects it: there is no Inkcell on PyPI that its workflow could install."""
    files = new_blog("A", "https://example.org", "B", ["ko", "en"], date(2026, 11, 26))
    assert f"./{wheel.name}" in files["requirements.txt"].splitlines()
    assert wheel.name in files["README.md"]


@pytest.mark.kernel
def test_a_blog_needs_nothing_but_the_wheel(programs: Path, tmp_path: Path) -> None:
    """`inkcell init my-blog && cd my-blog && inkcell build`: code, formulas and all."""
    where = "import generator, shutil; print(generator.__file__, shutil.which('node'))"
    place, node = run(programs, tmp_path, "python", "-c", where).split()
    assert Path(place).is_relative_to(programs.parent)
    assert node == "None"
    run(programs, tmp_path, "inkcell", "init", "my-blog", "--language", "en")
    blog = tmp_path / "my-blog"
    (blog / "templates").mkdir()
    (blog / "templates" / "home.html").write_text(
        '{% extends "base.html" %}{% block content %}<h1>My own entrance</h1>{% endblock %}'
    )
    settings = blog / "pyproject.toml"
    with settings.open("a", encoding="utf-8") as file:
        file.write('\n[tool.inkcell.theme]\naccent = "#0a7d55"\n')
    assert "1 post run" in run(programs, blog, "inkcell", "build")
    site = blog / "site"
    (post,) = site.glob("notes/*-square-root/index.html")
    text = post.read_text("utf-8")
    assert "665857/470832" in text
    assert 'class="katex"' in text
    # The blog's own file stands for the theme's of that name, and for no other.
    assert "<h1>My own entrance</h1>" in (site / "index.html").read_text("utf-8")
    assert "My own entrance" not in (site / "archive" / "index.html").read_text("utf-8")
    (style,) = (site / "assets").glob("style-*.css")
    assert "--accent: light-dark(#0a7d55, #0a7d55);" in style.read_text("utf-8")
    assert (site / "assets" / "favicon.svg").is_file()
    assert [*(site / "assets" / "katex" / "fonts").glob("*.woff2")]
    assert "0 posts run, 1 from the cache" in run(programs, blog, "inkcell", "build")
