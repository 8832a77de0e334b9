"""Settings: what is read, and that all of it is documented."""

from __future__ import annotations

import pytest

from generator.config import SETTINGS as KNOWN
from generator.config import parse_config

from .conftest import REPOSITORY, SETTINGS


def test_every_setting_is_documented() -> None:
    """Each stands in a row of the table in `README.md`."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    table = text[text.index("## Settings") : text.index("## On GitHub Pages")]
    rows = [line.split("|")[1] for line in table.split("\n") if line.startswith("|")]
    for name in KNOWN:
        assert any(f"`{name}`" in row for row in rows), name


@pytest.mark.parametrize(
    "written",
    [
        "https://github.com/user/repo",
        "https://github.com/user/repo/",
        "https://github.com/user/repo.git",
    ],
)
def test_a_repository_is_what_a_browser_opens(written: str) -> None:
    """However its address was copied."""
    config = parse_config(SETTINGS + f'repository = "{written}"\n')
    assert config.repository == "https://github.com/user/repo"


def test_branches() -> None:
    """Sources are on `main` unless the settings say otherwise; the site is on no branch."""
    plain = parse_config(SETTINGS)
    assert (plain.branch, plain.published_branch) == ("main", "")
    more = 'repository = "https://github.com/a/b"\nbranch = "x/y"\npublished_branch = "gh-pages"\n'
    config = parse_config(SETTINGS + more)
    assert (config.branch, config.published_branch) == ("x/y", "gh-pages")
