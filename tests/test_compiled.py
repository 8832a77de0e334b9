"""What templates were compiled to is taken over, for the same text and the same compiler."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.assemble.pages.templates import filling
from generator.compiled import compiled_in, compiled_templates
from generator.errors import ThemeError
from generator.model import Theme

COMPILER = b"a compiler"


def theme(text: str) -> Theme:
    return Theme({"page.html": text}, {}, {})


def test_a_template_is_compiled_once(tmp_path: Path) -> None:
    """The next build takes it over: its code is what was kept, and not what its text says."""
    compiled = compiled_in(tmp_path, COMPILER)
    filling(theme("<p>{{ name }}</p>"), compiled)("page.html", name="<x>")
    (kept,) = tmp_path.iterdir()
    code = compiled.load(kept.name)
    assert code is not None
    compiled.keep(kept.name, code.replace(b"<p>", b"<q>"))
    again = filling(theme("<p>{{ name }}</p>"), compiled_in(tmp_path, COMPILER))
    assert again("page.html", name="<x>") == "<q>&lt;x&gt;</p>"


@pytest.mark.parametrize("case", ["another text", "another compiler", "damaged", "cut", "empty"])
def test_what_does_not_fit_is_compiled_again(tmp_path: Path, case: str) -> None:
    """Nothing that was kept shows on a page that it does not belong to."""
    filling(theme("old {{ name }}"), compiled_in(tmp_path, COMPILER))("page.html", name="x")
    (kept,) = tmp_path.iterdir()
    content = kept.read_bytes()
    text, compiler = "old {{ name }}", COMPILER
    match case:
        case "another text":
            text = "new {{ name }}"
        case "another compiler":
            compiler = b"another one"
        case "damaged":
            kept.write_bytes(content[:60] + bytes(len(content) - 60))
        case "cut":
            kept.write_bytes(content[: len(content) // 2])
        case "empty":
            kept.write_bytes(b"")
    fill = filling(theme(text), compiled_in(tmp_path, compiler))
    assert fill("page.html", name="x") == text.replace("{{ name }}", "x")


def test_a_mistake_has_its_line_when_nothing_is_compiled(tmp_path: Path) -> None:
    """What is undefined is told with template and line by the build that compiles and the next."""
    for _ in range(2):
        fill = filling(theme("one\n{{ nothing }}\n"), compiled_in(tmp_path, COMPILER))
        with pytest.raises(ThemeError) as caught:
            fill("page.html")
        assert (caught.value.file, caught.value.line) == ("templates/page.html", 2)


def test_no_room(tmp_path: Path) -> None:
    """Where nothing can be kept, pages are made all the same."""
    file = tmp_path / "file"
    file.write_text("")
    fill = filling(theme("{{ name }}"), compiled_in(file / "folder", COMPILER))
    assert fill("page.html", name="x") == "x"


def test_they_lie_in_the_cache_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And for others, that folder cannot be read or written."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    compiled = compiled_templates()
    assert compiled is not None
    compiled.keep("name", b"code")
    folder = tmp_path / "inkcell" / "templates"
    assert [path.name for path in folder.iterdir()] == ["name"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert compiled.load("name") == b"code"
    assert compiled.load("other") is None
