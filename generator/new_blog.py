"""The files of a blog that is about to begin: `inkcell init`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from importlib.resources import files

from . import __version__

FILES = {
    "pyproject.toml": "settings.toml",
    ".gitignore": "gitignore",
    "requirements.txt": "requirements.txt",
    ".github/workflows/publish.yml": "publish.yml",
}
"""Path in the new blog, and the template in `starter/`; README and the first post have one for
each language."""

LANGUAGES = ("ko", "en")
"""In which the first post is written."""

TIMEZONES = {"ko": "Asia/Seoul"}


def new_blog(
    title: str, url: str, author: str, languages: Sequence[str], today: date
) -> dict[str, str]:
    """Paths and texts of a new blog's files. The first of the languages is its default."""
    values = {
        # JSON strings and lists are those of TOML.
        "title": _quoted(title),
        "url": _quoted(url),
        "author": _quoted(author),
        "language": _quoted(languages[0]),
        "languages": _quoted(list(languages)),
        "timezone": _quoted(TIMEZONES.get(languages[0], "UTC")),
        "plain title": title,
        "date": today.isoformat(),
        "version": __version__,
    }
    names = {
        **FILES,
        "README.md": f"README.{languages[0]}.md",
        **{f"posts/square-root/index.{name}.md": f"first_post.{name}.md" for name in languages},
    }
    return {path: _filled(template, values) for path, template in names.items()}


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _filled(template: str, values: dict[str, str]) -> str:
    text = (files(__package__) / "starter" / template).read_text(encoding="utf-8")
    # All at once: what is filled in may look like a place itself.
    return re.sub(r"<<([a-z ]+)>>", lambda place: values[place[1]], text)
