"""The whole flow. The only module that knows every stage.

A stage is imported when it has something to do: most builds change one post or none.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .addresses import Links, asset_path, collect_links, neighbour_path
from .assembling import Again, Assembly, Lost
from .discover import discover, find_font, read_katex, read_theme
from .errors import BuildFailed, InkcellError, SiteError, collect, each_once, notice
from .execute import Place, execute
from .execute import freeze as freeze_results
from .execute.cache import DamagedEntry, entry_path, load
from .execute.frozen import traced_files
from .execute.key import code_key, executed_cells
from .execute.machine import cores
from .kept import Asked, Fresh, Kept, Noting, Uses, answers_differ, keep_post, remember, waits
from .last_build import MANIFEST, Made, is_node, is_own, look, name_of
from .model import (
    Bundle,
    Config,
    DrawShare,
    ExecutedPost,
    File,
    Foreseeing,
    Formula,
    Macros,
    MathOutput,
    Post,
    ShareWords,
    Site,
    Typeset,
)
from .progress import Notice, Report, Reused, silent
from .rendering import finishing

if TYPE_CHECKING:
    from .check.finding import Finding
    from .inventory import State
    from .write import Changes


@dataclass(frozen=True, slots=True)
class Build:
    """A finished site, and what the next build may take over of it."""

    site: Site
    fresh: tuple[Fresh, ...]
    """The posts that this build made."""
    taken: Mapping[str, Made]
    """The posts that it took over from the last one."""
    notices: tuple[str, ...] = ()
    """What the author was told of several posts together."""
    close: Callable[[], None] = lambda: None
    """Removes those files of the site that wait on the disk; for `publish`."""


def build(config: Config, report: Report = silent) -> Site:
    """The finished site of a blog, made from scratch. Nothing of it is written: see `write`.

    Raises:
        BuildFailed: everything that is wrong with the posts.
        ThemeError: the theme or KaTeX cannot be read.
        SiteError: two files of the site would have one address.
    """
    return rebuild(config, Kept(config.root, None), report).site


def rebuild(
    config: Config,
    kept: Kept,
    report: Report = silent,
    place: Place | None = None,
    typesetters: dict[tuple[str, MathOutput], Typeset] | None = None,
) -> Build:
    """`build`, with what can be kept of the last one: the same site, to the byte.

    Args:
        config: the blog's settings.
        kept: what can be taken over from the last build.
        report: told what happens.
        place: where posts run, if not where the settings say.
        typesetters: what typesets, by KaTeX's script and output, for builds in one process.

    A post that fails in one stage does not enter the next; the others go on, so that one run
    reports every broken post.
    """
    theme = read_theme(config.root)
    katex = read_katex(config.root)
    strings = {name: theme.strings.get(name, theme.strings["en"]) for name in config.languages}
    typesetters = {} if typesetters is None else typesetters
    typeset = typesetters.setdefault(
        (katex.script, config.math), OnDemand(katex.script, config.math)
    )
    draw = _on_demand_drawing()
    errors: list[InkcellError] = []
    posts, links, taken = _read_posts(config, kept, errors)
    folders = {*(post.source.folder for post in posts), *map(_folder, taken)}
    errors.extend(unknown_posts(config.refresh, folders))
    outlines = {source: kept.outlines[source] for source, made in taken.items() if made["page"]}
    pictures = partial(_pictures, config, draw, kept)
    assembly = Assembly(
        _shown(posts, config), outlines, kept, config, theme, katex.static, pictures
    )

    def make(posts: Sequence[Post]) -> tuple[Fresh, ...]:
        nonlocal links
        executed = execute(
            posts,
            config,
            root=traced_root(config),
            errors=errors,
            report=report,
            place=place,
            in_use={made["code"] for made in taken.values() if made["code"]},
            meanwhile=_import_what_follows,
        )

        def finish(item: ExecutedPost) -> Fresh:
            words = strings[item.post.meta.language]
            return assembly.with_files(_render(item, links, typeset, words, draw, kept))

        # Posts are rendered while the code of others runs, but for those that refer to another
        # one: its code may put out what they refer to.
        done: list[ExecutedPost] = []
        waiting: list[ExecutedPost] = []

        def ready() -> Iterator[ExecutedPost]:
            for item in executed:
                done.append(item)
                if _refers(item):
                    waiting.append(item)
                else:
                    yield item

        assembly.share(posts)
        with finishing(posts, finish, kept, cores()) as finish_all, closing(executed):
            made = finish_all(ready(), errors)
        links = _with_labels_of_outputs(links, done, taken)
        made += collect(finish, waiting, errors)
        return tuple(sorted(made, key=lambda item: item.post.source.path))

    def make_all_but(known: Iterable[str]) -> tuple[Fresh, ...]:
        nonlocal posts
        late = _parse(config, {*known, *(p.source.path for p in posts)}, errors)
        posts += late
        return make(_shown(late, config))

    with ExitStack() as stack:
        stack.callback(assembly.close)
        fresh = make(_shown(posts, config))
        # Now that code has run, it may have put out other labels than the last build's.
        outdated = _outdated(taken, links)
        if outdated and not errors:
            taken = {source: made for source, made in taken.items() if source not in outdated}
            fresh += make_all_but(taken)
        site = None if errors else assembly.changed_site(fresh, taken)
        while site is None and not errors:
            shown = [source for source, made in taken.items() if made["page"]]
            again = dict(assembly.taken_over(shown))
            found = {source: item for source, item in again.items() if item}
            lost = again.keys() - found.keys()
            taken = {source: made for source, made in taken.items() if source not in lost}
            if lost:
                fresh += make_all_but(taken)
            if not errors:
                with suppress(Lost):
                    site = assembly.whole_site(fresh, found)
                    taken = {**taken, **_with_names(found, taken)}
        if site is None:
            raise BuildFailed(each_once(errors))
        for name, reason in kept.damaged.items():
            report(Notice(f"a damaged file of the last build was dropped ({name}: {reason})"))
        left_out = tuple(Fresh(post, None, Uses()) for post in posts if _is_left_out(post, config))
        notices = tuple(_notices((*fresh, *left_out), taken, kept, config))
        _report_taken(fresh, taken, notices, report)
        return Build(site, (*fresh, *left_out), taken, notices, stack.pop_all().close)


def _with_names(again: Mapping[str, Again], taken: Mapping[str, Made]) -> dict[str, Made]:
    """What is known of posts, with the names of what keeps how they stand in feeds now."""
    return {
        source: {**taken[source], "fed": item.fed if isinstance(item.fed, str) else ""}
        for source, item in again.items()
    }


def publish(build: Build, config: Config, kept: Kept) -> Changes:
    """Write the site, and keep what the next build may take over.

    Raises:
        WriteError: the output folder cannot be written. It is then as it was.
    """
    from .write import write

    with closing(build):
        changes = write(build.site, config.root / config.output, kept.site)
        # The site is written: if nothing can be kept beside it, the next build takes longer.
        with suppress(OSError):
            site, moved = changes.site, changes.moved
            remember(kept, config, site, moved, build.fresh, build.taken, build.notices)
    return changes


def traced_root(config: Config) -> Path:
    """The folder below which the files that a post reads are part of its trace."""
    folder = config.root / config.posts
    return config.root if folder.is_relative_to(config.root) else folder.parent


def read_posts(config: Config) -> Sequence[Post]:
    """The posts of a blog, parsed; standing pages run no code and are left out.

    Raises:
        BuildFailed: everything that is wrong with their text.
    """
    posts, errors = readable_posts(config)
    if errors:
        raise BuildFailed(errors)
    return posts


def readable_posts(config: Config) -> tuple[Sequence[Post], Sequence[InkcellError]]:
    """The posts of a blog that can be parsed, and everything that is wrong with the others."""
    errors: list[InkcellError] = []
    posts = _parse(config, (), errors)
    return tuple(post for post in posts if not post.source.standing), errors


def state(post: Post, config: Config) -> State:
    """Whether a build publishes a post."""
    if post.meta.draft:
        return "draft"
    return "waiting" if _is_left_out(post, config) else "published"


def unknown_posts(names: Iterable[str], folders: Iterable[str]) -> Iterator[InkcellError]:
    """An error for every name that is no post's folder."""
    from difflib import get_close_matches

    known = sorted(set(folders))
    for name in sorted(set(names) - set(known)):
        near = get_close_matches(name, known, 1)
        yield InkcellError(f"there is no post `{name}`").at(
            hint=f"did you mean `{near[0]}`?" if near else "name its folder below posts/"
        )


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
    from tempfile import TemporaryDirectory

    from .execute.compare import compare, with_warmth

    errors: list[InkcellError] = []
    root = traced_root(config)
    with TemporaryDirectory(prefix="inkcell-") as scratch:
        runs = []
        for warm in (True, False):
            place = replace(config, cache=Path(scratch) / str(warm))
            asked = [with_warmth(post, warm) for post in posts]
            done = execute(asked, place, root=root, errors=errors, report=report)
            runs.append(sorted(done, key=lambda item: item.post.source.path))
    if not errors:
        for one, other in zip(*runs, strict=True):
            errors.extend(compare(one, other))
    if errors:
        raise BuildFailed(errors)
    return len({post.source.folder for post in posts})


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check_site` looked at and found."""

    pages: int
    findings: tuple[Finding, ...]


def check_site(config: Config, *, external: bool = False, accept: bool = False) -> Checked:
    """Look for what is wrong with the site that the last build wrote, and with its posts.

    Args:
        config: the blog's own settings.
        external: ask the servers of links that lead out of the site, too.
        accept: write down the feed ids of all posts first.

    Raises:
        BuildFailed: everything that is wrong with the posts' text.
        SiteError: there is no finished site.
        ConfigError: the file with the feed ids cannot be read.
    """
    from .check import built_site, check, in_order
    from .check.feed_ids import FILE, ids_of, ids_text, read_ids
    from .check.finding import Finding
    from .check.reading import Folder
    from .last_build import compare, read_record

    record = read_record(str(config.root))
    options = record["options"] if record else {}
    built = replace(config, drafts=bool(options.get("drafts")))
    if record:
        url = str(options.get("base_url") or config.url).rstrip("/")
        built = replace(built, url=url, output=Path(record["output"]))
    folder = config.root / built.output
    if not (folder / MANIFEST).is_file():
        hint = "inkcell build writes it; then check it"
        raise SiteError(f"there is no finished site in {built.output}").at(hint=hint)
    everything = read_posts(replace(config, posts=Path(options.get("posts") or config.posts)))
    noted = config.root / FILE
    if accept:
        noted.write_text(ids_text(ids_of(everything, config)), encoding="utf-8")
    accepted = read_ids(noted.read_text(encoding="utf-8")) if noted.is_file() else None
    site = built_site(Folder(folder), _shown(everything, built), built, str(built.output))
    found = list(check(site, everything, config, accepted))
    where = str(options.get("posts") or config.posts)
    if record and not compare(str(config.root), options, where).same:
        message = "the site is not what a build would write now"
        found.append(
            Finding("site", "warning", message, str(built.output), hint="inkcell build, then check")
        )
    if external:
        from .check.external import check_external

        found += check_external(site)
    return Checked(len(site.pages), in_order(found, config))


def _parse(config: Config, known: Container[str], errors: list[InkcellError]) -> tuple[Post, ...]:
    """All posts but those whose sources are known."""
    sources = discover(config.root, config.root / config.posts, config, errors, known)
    if not sources:
        return ()
    from .parse import parse

    before = len(errors)
    try:
        with _without(*JUPYTER_EXTENSIONS):
            return collect(lambda source: parse(source, config), sources, errors)
    except ImportError:  # They have become necessary.
        del errors[before:]
        return collect(lambda source: parse(source, config), sources, errors)


JUPYTER_EXTENSIONS = ("jupytext.sync_contentsmanager", "jupytext.async_contentsmanager")
"""What makes jupytext a part of a Jupyter server. Each is optional, and together they import a
web server and ZeroMQ, which takes longer than all that a post needs of jupytext."""


@contextmanager
def _without(*modules: str) -> Iterator[None]:
    """Optional modules are taken to be missing by what is imported inside."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _shown(posts: Sequence[Post], config: Config) -> tuple[Post, ...]:
    return tuple(post for post in posts if not _is_left_out(post, config))


def _folder(source: str) -> str:
    """The name of the folder of a post: `ncut` of `posts/ncut/index.ko.md`."""
    return source.split("/")[-2]


def _is_left_out(post: Post, config: Config) -> bool:
    return (post.meta.draft and not config.drafts) or waits(post, config)


def _read_posts(
    config: Config, kept: Kept, errors: list[InkcellError]
) -> tuple[tuple[Post, ...], Links, dict[str, Made]]:
    """The posts that have to be made, what posts may link to, and the posts that are taken over.

    A post that links to another has to be made again when the other has moved, and one that
    refers to another when the other has other numbers.
    """
    taken = dict(kept.posts)
    while True:
        errors.clear()
        posts = _parse(config, taken.keys() | kept.folders_of(taken), errors)
        links = _collect(_shown(posts, config), taken, kept, config)
        outdated = _outdated(taken, links)
        if not outdated:
            return posts, links, taken
        for source in outdated:
            del taken[source]


def _outdated(taken: Mapping[str, Made], links: Links) -> set[str]:
    """The posts that link to one that has moved, or refer to one that has other numbers."""
    return {
        source
        for source, made in taken.items()
        if answers_differ(made["asked"], links.pages)
        or made["referred"] != _offers(made["referred"], links)
    }


def _collect(posts: Sequence[Post], taken: Mapping[str, Made], kept: Kept, config: Config) -> Links:
    """What posts may link and refer to: of those that are taken over, what their outlines say."""
    links = collect_links(posts, config)
    outlines = {source: kept.outlines[source] for source, made in taken.items() if made["page"]}
    labels = {source: outline.labels for source, outline in outlines.items()}
    if posts:
        from .render import collect_labels

        folders = {folder for made in taken.values() for folder in made["referred"]}
        labels |= collect_labels(posts, folders)
    return replace(
        links,
        pages={**{source: taken[source]["page"] for source in outlines}, **links.pages},
        titles={**{s: outline.post.meta.title for s, outline in outlines.items()}, **links.titles},
        labels=labels,
    )


def _refers(item: ExecutedPost) -> bool:
    from .render.cross_references import folders_referred_to

    return bool(folders_referred_to(item.post))


def _with_labels_of_outputs(
    links: Links, executed: Sequence[ExecutedPost], taken: Mapping[str, Made]
) -> Links:
    """Links that know what can be referred to in the outputs of posts, too."""
    outputs = {item.post.source.path: item.results.outputs for item in executed}
    bundles = (o for items in outputs.values() for item in items for o in item)
    if not any(isinstance(o, Bundle) and MAY_HAVE_LABELS & o.data.keys() for o in bundles):
        return links
    from .render import collect_labels

    folders = {folder for made in taken.values() for folder in made["referred"]}
    labels = collect_labels([item.post for item in executed], folders, outputs)
    return replace(links, labels={**links.labels, **labels})


MAY_HAVE_LABELS = frozenset(("text/latex", "text/markdown"))
"""What outputs are made of that can be referred to, as MIME types."""


def _offers(folders: Iterable[str], links: Links) -> dict[str, str]:
    """Digests of what references to the posts of folders show: addresses, titles, numbers."""
    offers = {}
    for folder in sorted(folders):
        found = [
            (
                page,
                source,
                links.titles[source],
                [(label.name, label.number) for label in links.labels.get(source, {}).values()],
            )
            for source, page in sorted(links.pages.items())
            if _folder(source) == folder
        ]
        offers[folder] = hashlib.sha256(json.dumps(found).encode()).hexdigest()
    return offers


def _render(
    item: ExecutedPost,
    links: Links,
    typeset: Typeset,
    strings: Mapping[str, str],
    draw: DrawShare,
    kept: Kept,
) -> Fresh:
    from .render import render
    from .render.cross_references import folders_referred_to

    asked = Asked(links.pages)
    known = kept.formulas(item.post.source.path)
    folders = folders_referred_to(item.post)
    # It sees the labels of the posts that it names, and so none whose change nobody would notice.
    labels = {s: found for s, found in links.labels.items() if _folder(s) in folders}
    seen = replace(links, pages=asked, labels=labels)
    noting = Noting(typeset, known)
    drawing = _taking_over(draw, kept, partial(neighbour_path, item.post.source.folder))
    rendered = render(item, seen, noting, strings, drawing)
    return Fresh(
        item.post,
        rendered,
        _uses(item, links.config),
        asked.answers,
        _offers(folders, links),
        keep_post(kept, rendered, noting.used()),
        tuple(dict.fromkeys(map(notice, rendered.warnings))),
    )


def _import_what_follows() -> None:
    """Import the next stages, which takes a third of a second, while nothing else is to do."""
    from .assemble import feed, pages, sitemap  # noqa: F401
    from .render import katex, render  # noqa: F401


class OnDemand:
    """KaTeX, started by the first formula that is not known yet: V8 takes its time."""

    def __init__(self, script: str, output: MathOutput) -> None:
        self._script = script
        self._output = output
        self._started: Foreseeing | None = None

    def __call__(self, tex: str, display: bool, macros: Macros = ()) -> Formula:
        """A formula, as KaTeX sets it."""
        return self._katex()(tex, display, macros)

    def expect(self, formulas: Iterable[tuple[str, bool, Macros]]) -> None:
        """Pass on what will be asked for."""
        self._katex().expect(formulas)

    def _katex(self) -> Foreseeing:
        if self._started is None:
            from .render.katex import start_katex

            self._started = start_katex(self._script, self._output)
        return self._started


def _on_demand_drawing() -> DrawShare:
    """What draws pictures; the font is read for the first of them."""
    started: list[DrawShare] = []

    def draw(words: ShareWords) -> bytes:
        if not started:
            from .render.share_pictures import start_drawing

            started.append(start_drawing(find_font()))
        return started[0](words)

    return draw


def _taking_over(draw: DrawShare, kept: Kept, place: Callable[[str], str]) -> DrawShare:
    """Draws only what the last build has not drawn; `place` says where a name is published."""
    from .render.share_pictures import share_name

    def taken(words: ShareWords) -> bytes:
        return kept.content(place(share_name(words))) or draw(words)

    return taken


def _pictures(config: Config, draw: DrawShare, kept: Kept) -> dict[str, File]:
    """Language to the picture that stands for the blog where one of its lists is shared."""
    from .render.share_pictures import share_name

    pictures = {}
    for language in config.languages:
        words = ShareWords(
            config.title[language], urlsplit(config.url).netloc, config.description[language]
        )
        content = _taking_over(draw, kept, asset_path)(words)
        pictures[language] = File(asset_path(share_name(words)), content, "the blog's picture")
    return pictures


def _uses(item: ExecutedPost, config: Config) -> Uses | None:
    """What the results of a post depend on besides its folder; None if that is not known."""
    post, settings = item.post, item.post.meta.execute
    if not settings.enabled or not executed_cells(post):
        return Uses()
    root, home = traced_root(config), str(config.root)
    if item.results.frozen and not item.results.stale:
        files = _accounted(traced_files(post, code_key(post)), post, root, home)
        return None if files is None else Uses(code=code_key(post), files=files)
    if not settings.cache or settings.freeze or item.results.stale:
        return None
    interpreter = shutil.which("node") if is_node(post.meta.kernel) else None
    if not interpreter and not is_own(post.meta.kernel):
        return None
    key = code_key(post)
    path = str(entry_path(config.root / config.cache, key))
    digest = look(path).digest
    try:
        entry = load(config.root / config.cache, key)
    except DamagedEntry:
        return None
    if entry is None or entry.results.provenance != item.results.provenance:
        return None
    files = _accounted(entry.trace.files, post, root, home)
    if files is None:
        return None
    files[name_of(path, home)] = digest
    if interpreter:
        files[interpreter] = look(interpreter).digest
    return Uses(
        code=key,
        kernel=post.meta.kernel,
        files=files,
        missing=entry.trace.missing,
        variables=settings.depends_on_env,
    )


def _accounted(
    traced: Mapping[str, str], post: Post, root: Path, home: str
) -> dict[str, str] | None:
    """The files of a trace as a build's record has them; None if it listed a folder elsewhere.

    A post is looked at again when any file in its own folder comes, goes or changes: so what was
    listed there needs no word of its own. Of a folder that was missing the record tells.
    """
    own = f"{Path(post.source.path).parent.as_posix()}/"
    told = {
        name: digest
        for name, digest in traced.items()
        if not (digest and name.startswith(own)) or "/." in name or "/__" in name
    }
    for name, digest in told.items():
        if digest and (name.endswith("/") or (root / name).is_dir()):
            return None
    places = {name: name if Path(name).is_absolute() else f"{root}/{name}" for name in told}
    return {name_of(places[name], home): digest for name, digest in told.items()}


def _notices(
    fresh: Sequence[Fresh], taken: Mapping[str, Made], kept: Kept, config: Config
) -> Iterator[str]:
    """What the author should know of several posts together."""
    waiting = {source: made["date"] for source, made in taken.items() if made["waits"]}
    waiting |= {
        item.post.source.path: item.post.meta.date.isoformat()
        for item in fresh
        if waits(item.post, config)
    }
    from .assemble.listing import by_folder, newer_version

    shown = [kept.outlines[source] for source, made in taken.items() if made["page"]]
    shown += [item.rendered for item in fresh if item.rendered]
    for versions in by_folder(sorted(shown, key=lambda item: item.post.source.path)).values():
        for item in versions:
            if newer := newer_version(item, versions):
                yield (
                    f"{item.post.source.path}: {newer.post.source.path} was revised after it, "
                    f"on {newer.post.meta.updated.date()}"
                )
    if waiting:
        count = len({_folder(source) for source in waiting})
        first = min(waiting.values(), key=datetime.fromisoformat)
        told = "post waits for its date," if count == 1 else "posts wait for their dates, the first"
        yield f"{count} {told} {first}; `inkcell build --future` publishes all"


def _report_taken(
    fresh: Sequence[Fresh], taken: Mapping[str, Made], more: Iterable[str], report: Report
) -> None:
    """Tell of the posts that were taken over what the stages would have told, and `more`."""
    done = {item.uses.code for item in fresh if item.uses}
    for source, made in taken.items():
        if made["code"] and made["code"] not in done:
            done.add(made["code"])
            report(Reused(source))
    notices = {item.post.source.path: item.notices for item in fresh}
    notices |= {source: tuple(made["notices"]) for source, made in taken.items()}
    for source in sorted(notices):
        for text in notices[source]:
            report(Notice(text))
    for text in more:
        report(Notice(text))


PREVIEW = ".inkcell/preview"
"""Where `inkcell serve` keeps the site that it shows."""


class Live:
    """The same site, built again whenever something has changed: for `inkcell serve`.

    No build waits for code: posts run in the background, from the changed cell on.
    """

    def __init__(self, root: Path, changed: Callable[[], None], report: Report) -> None:
        """Prepare to build the blog in a folder; `changed` is called when code has run."""
        from .execute.background import Background
        from .execute.kernel import Kernels
        from .execute.session import Sessions

        self.output = root / PREVIEW / "site"
        self._place = Background(Sessions(Kernels(root, slots=cores(), report=report)), changed)
        self._report = report
        self._typesetters: dict[tuple[str, MathOutput], Typeset] = {}

    def build(self, config: Config) -> Mapping[str, str]:
        """Write the site as it is now to `output`; return the digests of its files.

        Raises:
            BuildFailed: everything that is wrong with the posts.
        """
        from .last_build import compare

        config = replace(config, output=Path(PREVIEW) / "site")
        options = {"serve": config.url, "drafts": config.drafts}
        comparison = compare(str(config.root), options, str(config.posts), PREVIEW)
        kept = Kept(config.root, comparison)
        built = rebuild(config, kept, self._report, self._place, self._typesetters)
        changes = publish(built, config, kept)
        return {path: stamp.digest for path, stamp in changes.site.items()}

    @property
    def running(self) -> tuple[str, ...]:
        """Paths of the posts whose code runs."""
        return self._place.running

    def close(self) -> None:
        """End all that runs."""
        self._place.close()
