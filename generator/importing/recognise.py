"""Which tool a blog was made for."""

from __future__ import annotations

from pathlib import PurePosixPath

from .old_blog import OldBlog, Tool

HUGO_SETTINGS = tuple(
    f"{folder}{name}.{ending}"
    for folder in ("", "config/_default/")
    for name in ("hugo", "config")
    for ending in ("toml", "yaml", "yml", "json")
)
JEKYLL_SETTINGS = ("_config.yml", "_config.yaml", "_config.toml")
QUARTO_SETTINGS = ("_quarto.yml", "_quarto.yaml")


def recognise(blog: OldBlog) -> Tool | None:
    """The tool, as its files tell; None if there is nothing that could be a post."""
    parts = [PurePosixPath(path).parts for path in blog.paths]
    if any("_posts" in folders[:-1] for folders in parts):
        return "jekyll"
    is_hugo = any(name in blog.paths for name in HUGO_SETTINGS)
    if is_hugo and any(folders[0] == "content" for folders in parts):
        return "hugo"
    endings = {PurePosixPath(path).suffix for path in blog.paths}
    if any(name in blog.paths for name in QUARTO_SETTINGS) or ".qmd" in endings:
        return "quarto"
    return "files" if endings & {".md", ".markdown", ".ipynb"} else None
