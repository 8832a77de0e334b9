"""Pages at the former addresses of a post, which lead to the present one."""

from __future__ import annotations

from collections.abc import Iterator

from ...addresses import address, post_page
from ...model import File, RenderedPost
from .blog import Blog
from .page import page_file, page_view


def redirect_files(rendered: RenderedPost, blog: Blog) -> Iterator[File]:
    """A page at each former address of a post."""
    meta = rendered.post.meta
    path = post_page(rendered.post, blog.config)
    target = address(path, blog.config)
    origin = f"{rendered.post.source.path} (alias)"
    for alias in meta.aliases:
        former = alias if alias.endswith(("/", ".html")) else alias + "/"
        page = page_view("redirect", path, meta.language, meta.title, "", {}, blog)
        yield page_file("redirect.html", former, page, blog, origin, target=target)
