"""A blog of a thousand posts, as Inkcell builds it.

.venv/bin/python -m benchmarks.sites --write FOLDER --posts 1000    # the blog, to look at
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.sample_posts import SamplePost, markdown, posts

SETTINGS = """\
[tool.inkcell]
title = "Posts"
url = "https://example.org"
language = "ko"
languages = ["ko", "en"]
author = { name = "Somebody" }
"""


def inkcell_post(post: SamplePost) -> tuple[str, str]:
    """Where Inkcell wants a post, below the blog's folder, and as which text."""
    front_matter = (
        f'---\ntitle: "{post.title}"\ndate: {post.day}\ncategory: {post.category}\n'
        f"tags: [{', '.join(post.tags)}]\n---\n\n"
    )
    return f"posts/{post.slug}/index.{post.language}.md", front_matter + markdown(post)


def write_blog(folder: Path, blog: Sequence[SamplePost]) -> None:
    """Write the blog as Inkcell reads it."""
    _write(folder / "pyproject.toml", SETTINGS)
    for post in blog:
        name, text = inkcell_post(post)
        _write(folder / name, text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _natural(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def main() -> None:
    """Write the blog."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--write", type=Path, required=True, metavar="FOLDER", help="an empty folder for the blog"
    )
    parser.add_argument("--posts", type=_natural, default=1000, metavar="N", help="posts (1000)")
    arguments = parser.parse_args()
    folder: Path = arguments.write
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"{folder} is not empty")
    write_blog(folder, posts(arguments.posts))


if __name__ == "__main__":
    main()
