"""The whole flow. The only module that knows every stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .addresses import collect_links
from .assemble import assemble
from .discover import discover, read_katex, read_theme
from .errors import BuildFailed, InkcellError, collect
from .execute import execute
from .execute import freeze as freeze_results
from .execute.compare import compare, with_warmth
from .model import Config, Post, Site
from .parse import parse
from .progress import Notice, Report, silent
from .render import collect_labels, render
from .render.code import stylesheet
from .render.katex import start_katex


def build(config: Config, report: Report = silent) -> Site:
    """The finished site of a blog. Nothing of it is written: see `write`.

    A post that fails in one stage does not enter the next; the others go on, so that one run
    reports every broken post.

    Raises:
        BuildFailed: everything that is wrong with the posts.
        ThemeError: the theme or KaTeX cannot be read.
        SiteError: two files of the site would have one address.
    """
    errors: list[InkcellError] = []
    theme = read_theme(config.root)
    katex = read_katex(config.root)
    folder = config.root / config.posts
    sources = discover(config.root, folder, config, errors)
    posts = collect(lambda source: parse(source, config), sources, errors)
    posts = tuple(post for post in posts if config.drafts or not post.meta.draft)
    executed = execute(posts, config, root=traced_root(config), errors=errors, report=report)
    links = replace(collect_links(posts, config), labels=collect_labels(posts))
    typeset = start_katex(katex.script)
    strings = {name: theme.strings.get(name, theme.strings["en"]) for name in config.languages}
    rendered = collect(
        lambda item: render(item, links, typeset, strings[item.post.meta.language]),
        executed,
        errors,
    )
    if errors:
        raise BuildFailed(sorted(errors, key=lambda error: (error.file or "", error.line or 0)))
    for warning in (warning for post in rendered for warning in post.warnings):
        report(Notice(f"{warning.file}:{warning.line}: {warning}: {warning.text}"))
    return assemble(rendered, config, theme, stylesheet(), katex.static)


def traced_root(config: Config) -> Path:
    """The folder below which the files that a post reads are part of its trace."""
    folder = config.root / config.posts
    return config.root if folder.is_relative_to(config.root) else folder.parent


def read_posts(config: Config) -> Sequence[Post]:
    """The posts of a blog, parsed.

    Raises:
        BuildFailed: everything that is wrong with their text.
    """
    errors: list[InkcellError] = []
    sources = discover(config.root, config.root / config.posts, config, errors)
    posts = collect(lambda source: parse(source, config), sources, errors)
    if errors:
        raise BuildFailed(errors)
    return posts


def freeze(config: Config, posts: Sequence[Post], report: Report = silent) -> tuple[Path, ...]:
    """Store the results of posts beside them; return the files that were written.

    Raises:
        BuildFailed: everything that went wrong while their code ran.
    """
    errors: list[InkcellError] = []
    written = freeze_results(posts, config, root=traced_root(config), errors=errors, report=report)
    if errors:
        raise BuildFailed(errors)
    return written


def compare_kernels(config: Config, posts: Sequence[Post], report: Report = silent) -> int:
    """Run posts in warm kernels and in cold ones; return how many there were.

    Raises:
        BuildFailed: what went wrong, and every post whose outputs differ.
    """
    errors: list[InkcellError] = []
    root = traced_root(config)
    with TemporaryDirectory(prefix="inkcell-") as scratch:
        runs = []
        for warm in (True, False):
            place = replace(config, cache=Path(scratch) / str(warm))
            asked = [with_warmth(post, warm) for post in posts]
            runs.append(execute(asked, place, root=root, errors=errors, report=report))
    if not errors:
        for one, other in zip(*runs, strict=True):
            errors.extend(compare(one, other))
    if errors:
        raise BuildFailed(errors)
    return len({post.source.folder for post in posts})
