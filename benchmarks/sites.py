r"""A blog of a thousand posts: Inkcell beside Hugo, Eleventy, Pelican and Jekyll, in one run.

    .venv/bin/python -m benchmarks.sites                      # everything
    .venv/bin/python -m benchmarks.sites --posts 50 --runs 1  # to see that all of it works
    .venv/bin/python -m benchmarks.sites --peers hugo         # beside one of them, or without any
    .venv/bin/python -m benchmarks.sites --posts 1000 10000   # then Inkcell with ten thousand
    .venv/bin/python -m benchmarks.sites --write FOLDER       # Inkcell's blog alone, to look at

The posts are those of `sample_posts.py`, the same for all, each in the form that the tool reads;
nothing in them runs. What the tools are is in `generators/`, with their versions: a page a post, a
home page, a page for each tag and category, and a feed of ten posts. Inkcell makes a few pages
more. Formulas are typeset

- at build time as HTML and MathML, by Inkcell, Hugo (`transform.ToMath` in a render hook), Eleventy
  (`@vscode/markdown-it-katex`) and Pelican (pelican-katex), all of them by KaTeX;
- with `--mathml`, at build time as MathML alone, by Inkcell (its setting `math.output`), Hugo and
  Eleventy;
- in the reader's browser, by Hugo, Pelican (Arithmatex) and Jekyll (kramdown): these only have to
  leave them as they are.

They are built when nothing is kept and nothing is written, when nothing has changed, and when one
word of prose has, in a post whose list entries stay as they are. Hugo keeps typeset formulas, in
a cache below its folder that a cold build does not have; Pelican keeps what it has read, Jekyll
builds with `--incremental`, and Eleventy builds everything every time. pelican-katex takes no
formula before a letter, so that a word joiner stands there before Korean particles.

Seconds are wall seconds, the least of `--runs`, and CPU seconds of the same run. Memory is the
larger of two numbers: the maximum resident size of the largest process, and, looked at five times
a second while there are several (on Linux), the proportional sizes of all of them together. Output
is pages and feeds, without style sheets, scripts and fonts. The tools take turns, each run the
other way round. After every build all its pages are read: each must have its sentence, its 55
formulas and its two blocks of code in colour, each tag its posts, and the feed ten. If anything is
missing, the benchmark ends there. Ratios are Inkcell's wall seconds over the tool's: below 1,
Inkcell is faster. Nothing is gated by this program; it prints.

Hugo and Pelican live in environments of their own and Eleventy in a `node_modules`, made once;
Jekyll is the command that the system has. One that cannot be had is left out, with a word.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import psutil

from benchmarks.notebooks import (
    Cost,
    Failed,
    add_common_options,
    cost_of,
    environment_with,
    machine,
    measure,
    natural,
    peers_environment,
    refuse_filled,
    refuse_missing,
    versions,
    write,
)
from benchmarks.sample_posts import SamplePost, formulas, markdown, posts, sentence

GENERATORS = Path(__file__).with_name("generators")
LAUNCHER = Path(__file__).with_name("launch.py")

SETTINGS = """\
[tool.inkcell]
title = "Posts"
url = "https://example.org"
language = "ko"
languages = ["ko", "en"]
author = { name = "Somebody" }
page_size = 100_000
"""
"""A list on one page, as the peers make it."""
ONLY_MATHML = '\n[tool.inkcell.math]\noutput = "mathml"\n'

WORD_JOINER = "\N{WORD JOINER}"

Math = Literal["HTML and MathML", "MathML", "browser"]
"""Who typesets formulas, and as what."""
IN_SETTINGS: dict[Math, str] = {
    "HTML and MathML": "htmlAndMathml",
    "MathML": "mathml",
    "browser": "browser",
}


# --- the tools --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that builds a blog: what it is given, how it is asked, where its pages are."""

    name: str
    math: Math
    folder: Path
    """Where its command is run."""
    command: tuple[str, ...]
    files: Mapping[str, str]
    """What it needs beside the posts."""
    source: Callable[[SamplePost], tuple[str, str]]
    """Where it wants a post, below its folder, and as which text."""
    output: str
    """The folder of the finished site."""
    kept: tuple[str, ...]
    """What else it leaves behind for the next build."""
    links: Mapping[str, Path]
    """Names in its folder that lead elsewhere."""
    feed: str = "feed.xml"
    tag: str = "tag/{}/index.html"
    page: Callable[[SamplePost], str] = lambda post: f"posts/{post.slug}/index.html"


def inkcell(command: Path, folder: Path, math: Math) -> Tool:
    """Inkcell, as an environment has it."""
    return Tool(
        name="Inkcell",
        math=math,
        folder=folder,
        command=(str(command), "build"),
        files={"pyproject.toml": SETTINGS + (ONLY_MATHML if math == "MathML" else "")},
        source=_post_of_inkcell,
        output="site",
        kept=(".inkcell",),
        links={},
        page=_page_of_inkcell,
    )


def hugo(binary: Path, folder: Path, math: Math) -> Tool:
    """Hugo, whose cache of typeset formulas lies in its own folder."""
    files = _files("hugo", math)
    if math == "browser":
        del files["layouts/_markup/render-passthrough.html"]
    return Tool(
        name="Hugo",
        math=math,
        folder=folder,
        command=(str(binary), "--quiet", "--cacheDir", str(folder / "cache")),
        files=files,
        source=lambda post: (
            f"content/posts/{post.slug}.md",
            _front_matter(post, f"params: {{language: {post.language}}}", "categories")
            + markdown(post),
        ),
        output="public",
        kept=("cache", "resources"),
        links={},
        feed="index.xml",
        tag="tags/{}/index.html",
    )


def eleventy(packages: Path, folder: Path, math: Math) -> Tool:
    """Eleventy, with the packages of a `node_modules`."""
    return Tool(
        name="Eleventy",
        math=math,
        folder=folder,
        command=("node", "node_modules/@11ty/eleventy/cmd.cjs", "--quiet"),
        files=_files("eleventy", math),
        source=lambda post: (
            f"posts/{post.slug}.md",
            _front_matter(post, f"language: {post.language}") + markdown(post),
        ),
        output="_site",
        kept=(),
        links={"node_modules": packages},
    )


def pelican(environment: Path, folder: Path, math: Math) -> Tool:
    """Pelican, with its cache of what it has read."""
    joiner = "" if math == "browser" else WORD_JOINER
    return Tool(
        name="Pelican",
        math=math,
        folder=folder,
        command=(str(environment / "pelican"), "--quiet"),
        files=_files("pelican", math),
        source=lambda post: (
            f"content/{post.slug}.md",
            f"Title: {post.title}\nDate: {post.day}\nCategory: {post.category}\n"
            f"Tags: {', '.join(post.tags)}\nSlug: {post.slug}\nLang: {post.language}\n\n"
            + markdown(post, joiner=joiner),
        ),
        output="output",
        kept=("cache",),
        links={},
    )


def jekyll(command: Path, folder: Path, math: Math) -> Tool:
    """Jekyll with kramdown, which leaves formulas to the browser."""
    return Tool(
        name="Jekyll",
        math=math,
        folder=folder,
        command=(str(command), "build", "--incremental", "--quiet"),
        files=_files("jekyll", math),
        source=lambda post: (
            f"_posts/{post.day}-{post.slug}.md",
            _front_matter(post, f"language: {post.language}") + markdown(post, inline="$$"),
        ),
        output="_site",
        kept=(".jekyll-cache", ".jekyll-metadata"),
        links={},
    )


NOT_OF_THE_BLOG = ("requirements.txt", "package.json", "package-lock.json")


def _files(name: str, math: Math) -> dict[str, str]:
    """The files of `generators/` that a tool needs beside the posts."""
    folder = GENERATORS / name
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8").replace(
            "@MATH@", IN_SETTINGS[math]
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in NOT_OF_THE_BLOG and path.suffix != ".pyc"
    }


def _front_matter(post: SamplePost, more: str = "", category: str = "category") -> str:
    lines = [
        f'title: "{post.title}"',
        f"date: {post.day}",
        f"{category}: {post.category}",
        f"tags: [{', '.join(post.tags)}]",
        *([more] if more else []),
    ]
    return "---\n" + "\n".join(lines) + "\n---\n\n"


def _post_of_inkcell(post: SamplePost) -> tuple[str, str]:
    text = _front_matter(post) + markdown(post)
    return f"posts/{post.slug}/index.{post.language}.md", text


def _page_of_inkcell(post: SamplePost) -> str:
    language = "" if post.language == "ko" else f"{post.language}/"
    return f"{language}{post.category}/{post.day}-{post.slug}/index.html"


def prepare(tool: Tool, blog: Sequence[SamplePost]) -> None:
    """Write the tool's folder."""
    for name, text in tool.files.items():
        write(tool.folder / name, text)
    for post in blog:
        write_post(tool, post)
    for name, target in tool.links.items():
        (tool.folder / name).symlink_to(target)


def write_post(tool: Tool, post: SamplePost) -> None:
    """Write one post where the tool wants it."""
    name, text = tool.source(post)
    write(tool.folder / name, text)


def forget(tool: Tool) -> None:
    """Remove all that the tool has made."""
    for name in (tool.output, *tool.kept):
        path = tool.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


# --- measuring --------------------------------------------------------------------------------

LOOK_EVERY = 0.2
"""Seconds between looks at the memory of several processes."""


def measured(tool: Tool) -> Cost:
    """Build the blog.

    Raises:
        Failed: the tool did.
    """
    with tempfile.TemporaryDirectory() as folder, together() as most:
        told = Path(folder) / "told.json"
        launch = (sys.executable, "-I", "-S", str(LAUNCHER), str(told))
        cost = cost_of((*launch, *tool.command), tool.folder, environment_with(()))
        wall, largest, own = json.loads(told.read_text(encoding="utf-8"))
    largest *= 1 if sys.platform == "darwin" else 1024
    return Cost(wall, cost.cpu - own, max(largest, most()))


@contextmanager
def together() -> Iterator[Callable[[], int]]:
    """Most bytes that the processes below this one have taken together, if they were several."""
    ended = threading.Event()
    most = 0

    def look() -> None:
        nonlocal most
        while not ended.wait(LOOK_EVERY):
            below = psutil.Process().children(recursive=True)
            sizes = [_proportional_size(process) for process in below if not _launches(process)]
            if len(sizes) > 1:
                most = max(most, sum(sizes))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield lambda: most
    finally:
        ended.set()
        thread.join()


def _launches(process: psutil.Process) -> bool:
    """Whether it is the launcher."""
    try:
        return str(LAUNCHER) in process.cmdline()
    except (psutil.Error, OSError):
        return False


def _proportional_size(process: psutil.Process) -> int:
    """Bytes of a process, of shared pages its share; 0 if it has ended or the system cannot say."""
    try:
        return int(getattr(process.memory_full_info(), "pss", 0))
    except (psutil.Error, OSError):
        return 0


# --- what was built ---------------------------------------------------------------------------


def check(tool: Tool, case: str, blog: Sequence[SamplePost]) -> int:
    """Bytes of the pages and feeds of a build which is what it should be.

    Raises:
        Failed: what is wrong with it.
    """
    site = tool.folder / tool.output
    said = f"{tool.name} ({tool.math}), {case}"
    for post in blog:
        for problem in _problems(_text(site / tool.page(post), said), post, tool.math):
            raise Failed(f"{said}: {post.slug} {problem}")
    for tag in sorted({tag for post in blog for tag in post.tags}):
        page = _text(site / tool.tag.format(tag), said)
        missing = [post.slug for post in blog if tag in post.tags and post.slug not in page]
        if missing:
            raise Failed(f"{said}: the page of {tag} does not list {', '.join(missing)}")
    if "post-" not in _text(site / "index.html", said):
        raise Failed(f"{said}: the home page lists no post")
    feed = ElementTree.fromstring(_text(site / tool.feed, said))
    entries = sum(element.tag.rpartition("}")[2] in ("entry", "item") for element in feed.iter())
    if entries != min(10, len(blog)):
        raise Failed(f"{said}: the feed has {entries} entries")
    return sum(path.stat().st_size for path in site.rglob("*") if path.suffix in (".html", ".xml"))


def _text(path: Path, said: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Failed(f"{said}: {path.name} was not written: {path}") from None


def _problems(page: str, post: SamplePost, math: Math) -> Iterator[str]:
    """What is wrong with the page of a post."""
    if sentence(post) not in page:
        yield f"does not say “{sentence(post)}”"
    if "katex-error" in page:
        yield "has a formula that KaTeX refused"
    wanted = formulas(post)
    if math == "browser":
        text = html.unescape(page)
        for tex, _ in wanted:
            if tex not in text:
                yield f"has no formula {tex}"
    else:
        boxes = len(wanted) if math == "HTML and MathML" else 0
        for mark, count in (("<math", len(wanted)), ('class="katex-html"', boxes)):
            if page.count(mark) != count:
                yield f"has {page.count(mark)} formulas with {mark}, not {count}"
    listings = re.findall(r"<pre\b.*?</pre>", page, re.DOTALL)
    coloured = sum("<span class=" in listing for listing in listings)
    if (len(listings), coloured) != (2, 2):
        yield f"has {len(listings)} blocks of code, {coloured} of them in colour, not 2"


# --- the comparison ---------------------------------------------------------------------------

COLD = "nothing kept"
UNCHANGED = "nothing changed"
CHANGED = "one word of prose changed"


@dataclass(frozen=True, slots=True)
class Row:
    """What one tool took for one case."""

    posts: int
    case: str
    tool: str
    math: Math
    cost: Cost
    output: int
    """Bytes of pages and feeds."""


def compare(
    tools: Sequence[Tool], blog: Sequence[SamplePost], cases: Mapping[str, int]
) -> list[Row]:
    """Every case on the same posts, as many times as `cases` says; the fastest run counts.

    Raises:
        Failed: a tool did something else than what was to be measured.
    """
    now = list(blog)
    for tool in tools:
        prepare(tool, now)
    rows = []
    for case, turns in cases.items():
        best: dict[int, Row] = {}
        for turn in range(turns):
            places = range(len(tools)) if turn % 2 == 0 else reversed(range(len(tools)))
            if case == CHANGED:
                now[turn % len(now)] = replace(now[turn % len(now)], word=f"changed{turn}")
            for place in places:
                tool = tools[place]
                if case == COLD:
                    forget(tool)
                elif case == CHANGED:
                    write_post(tool, now[turn % len(now)])
                cost = measured(tool)
                output = check(tool, case, now)
                print(
                    f"{len(now)} posts, {case}, {turn + 1} of {turns}: "
                    f"{tool.name} ({tool.math}) {cost.wall:.2f} s, of CPU {cost.cpu:.2f} s",
                    file=sys.stderr,
                )
                if place not in best or cost.wall < best[place].cost.wall:
                    best[place] = Row(len(now), case, tool.name, tool.math, cost, output)
        rows += [best[place] for place in range(len(tools))]
    return rows


def warm_up(tools: Sequence[Tool], blog: Sequence[SamplePost]) -> None:
    """One build that is not measured: byte code is compiled, disks are read."""
    for tool in tools:
        prepare(tool, blog)
        measured(tool)


# --- the peers --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Program:
    """A program that builds blogs, in each way in which it can treat formulas."""

    make: Callable[[Path, Path, Math], Tool]
    """(what it is run with, folder of the blog, who typesets formulas) -> the tool."""
    maths: tuple[Math, ...]


def tools_of(program: Program, found: Path, below: Path, mathml: bool) -> list[Tool]:
    """The program as several tools, each with a folder of its own."""
    return [
        program.make(found, below / f"{program.make.__name__}-{IN_SETTINGS[math]}", math)
        for math in program.maths
        if mathml or math != "MathML"
    ]


def _hugo_binary(folder: Path) -> Path:
    commands = peers_environment(folder, GENERATORS / "hugo" / "requirements.txt")
    # Not the command beside Python, which starts Python first.
    for binary in commands.parent.glob("lib/python*/site-packages/hugo/binaries/hugo"):
        return binary
    raise Failed(f"there is no binary of Hugo in {commands.parent}")


def _pelican_commands(folder: Path) -> Path:
    return peers_environment(folder, GENERATORS / "pelican" / "requirements.txt")


def _jekyll_command(_: Path) -> Path:
    command = shutil.which("jekyll")
    if command is None:
        raise Failed("there is no command `jekyll` (Debian has a package of that name)")
    return Path(command)


def _node_modules(folder: Path) -> Path:
    """The packages that Eleventy needs; they are installed if they are not there yet.

    Raises:
        Failed: npm could not.
    """
    lock = (GENERATORS / "eleventy" / "package-lock.json").read_text(encoding="utf-8")
    stamp = folder / "made-from.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != lock:
        print(f"installing Eleventy in {folder}, once", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(GENERATORS / "eleventy" / name, folder)
        npm = ("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
        try:
            done = subprocess.run(npm, cwd=folder, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise Failed("there is no command `npm`") from None
        if done.returncode:
            raise Failed(f"{' '.join(npm)}:\n{done.stderr[-3000:]}")
        stamp.write_text(lock, encoding="utf-8")
    return folder / "node_modules"


INKCELL = Program(inkcell, ("HTML and MathML", "MathML"))
PEERS = {
    "hugo": Program(hugo, ("HTML and MathML", "MathML", "browser")),
    "eleventy": Program(eleventy, ("HTML and MathML", "MathML")),
    "pelican": Program(pelican, ("HTML and MathML", "browser")),
    "jekyll": Program(jekyll, ("browser",)),
}
FOUND_BY: dict[str, Callable[[Path], Path]] = {
    "hugo": _hugo_binary,
    "eleventy": _node_modules,
    "pelican": _pelican_commands,
    "jekyll": _jekyll_command,
}
"""(folder for what is installed) -> what a peer is run with; Failed says why it cannot be had."""


def available(names: Sequence[str], cache: Path) -> dict[str, Path]:
    """What the peers are run with that can be had; of others it is said why they are left out."""
    found = {}
    for name in names:
        try:
            found[name] = FOUND_BY[name](cache / name)
        except Failed as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return found


# --- the tables -------------------------------------------------------------------------------


def table(rows: Sequence[Row], markdown: bool) -> str:
    """Every row, with the ratios of each Inkcell to it."""
    ours = {math: f"Inkcell ({math}) / it" for row in rows for math in [row.math] if _is_ours(row)}
    head = ("case", "tool", "formulas", "wall s", "CPU s", "MB", "output MB", *ours.values())
    lines = [head]
    for place, row in enumerate(rows):
        repeated = place > 0 and rows[place - 1].case == row.case
        lines.append(
            (
                "" if repeated else row.case,
                row.tool,
                row.math,
                f"{row.cost.wall:.2f}",
                f"{row.cost.cpu:.2f}",
                f"{row.cost.memory / 1e6:.0f}",
                f"{row.output / 1e6:.1f}",
                *(f"{_wall(rows, row.case, math) / row.cost.wall:.2f}" for math in ours),
            )
        )
    return _aligned(lines, 3, markdown)


def _is_ours(row: Row) -> bool:
    return row.tool == "Inkcell"


def _wall(rows: Sequence[Row], case: str, math: Math) -> float:
    """Seconds of an Inkcell."""
    return next(
        row.cost.wall for row in rows if _is_ours(row) and (row.case, row.math) == (case, math)
    )


def growth(rows: Sequence[Row], markdown: bool) -> str:
    """Inkcell with several numbers of posts; ratios are to the row with the fewest."""
    ours = [row for row in rows if _is_ours(row)]
    head = ("case", "formulas", "posts", "wall s", "ms a post", "MB", "posts ratio", "wall ratio")
    lines = [head]
    for case, math in dict.fromkeys((row.case, row.math) for row in ours):
        sizes = [row for row in ours if (row.case, row.math) == (case, math)]
        least = min(sizes, key=lambda row: row.posts)
        lines += [
            (
                case if row is sizes[0] else "",
                math if row is sizes[0] else "",
                f"{row.posts:,}",
                f"{row.cost.wall:.2f}",
                f"{1000 * row.cost.wall / row.posts:.2f}",
                f"{row.cost.memory / 1e6:.0f}",
                f"{row.posts / least.posts:.2f}",
                f"{row.cost.wall / least.cost.wall:.2f}",
            )
            for row in sizes
        ]
    return _aligned(lines, 2, markdown)


def _aligned(lines: Sequence[Sequence[str]], words: int, markdown: bool) -> str:
    """Lines of cells as text, or as a table of Markdown; the first `words` columns are words."""
    columns = range(len(lines[0]))
    if markdown:
        rule = ["---" if column < words else "---:" for column in columns]
        return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))
    widths = [max(len(line[column]) for line in lines) for column in columns]
    return "\n".join(
        "  ".join(
            line[column].ljust(widths[column])
            if column < words
            else line[column].rjust(widths[column])
            for column in columns
        ).rstrip()
        for line in lines
    )


# --- the command ------------------------------------------------------------------------------


def arguments_of(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--posts",
        nargs="+",
        type=natural,
        default=[1000],
        metavar="N",
        help="posts in the blog; with more numbers, Inkcell alone is measured with those (1000)",
    )
    for option, default, meaning in (
        ("--runs", 3, "turns of each case in which something is kept"),
        ("--cold-runs", 1, "turns in which nothing is"),
    ):
        parser.add_argument(
            option, default=default, type=natural, metavar="N", help=f"{meaning} ({default})"
        )
    parser.add_argument(
        "--peers",
        nargs="*",
        choices=tuple(PEERS),
        default=tuple(PEERS),
        metavar="NAME",
        help=f"which take part: {', '.join(PEERS)} (all)",
    )
    parser.add_argument(
        "--mathml",
        action="store_true",
        help="also formulas as MathML alone, by those that can; needs Inkcell's `math.output`",
    )
    add_common_options(parser)
    parser.add_argument(
        "--write",
        type=Path,
        metavar="FOLDER",
        help="write Inkcell's blog into an empty folder, and measure nothing",
    )
    arguments = parser.parse_args(words)
    refuse_filled(parser, arguments.folder, arguments.write)
    if not arguments.write:
        refuse_missing(parser, arguments.inkcell)
    return arguments


def main() -> None:
    """Make the blogs, build and compare them, and print it; or write one and no more."""
    arguments = arguments_of()
    if arguments.write:
        blog = posts(arguments.posts[0])
        prepare(inkcell(arguments.inkcell, arguments.write, "HTML and MathML"), blog)
        return
    measure(arguments, run, "sites")


def run(arguments: argparse.Namespace, folder: Path) -> None:
    """The comparison, and then larger blogs by Inkcell alone.

    Raises:
        Failed: a tool did something else than what was to be measured.
    """
    ours = arguments.inkcell.absolute()
    cache = arguments.cache.absolute()
    peers = available(arguments.peers, cache)
    introduce(ours, cache, list(peers))

    def own(below: Path) -> list[Tool]:
        return tools_of(INKCELL, ours, below, arguments.mathml)

    def everyone(below: Path) -> list[Tool]:
        tools = own(below)
        for name, found in peers.items():
            tools += tools_of(PEERS[name], found, below, arguments.mathml)
        return tools

    cases = {COLD: arguments.cold_runs, UNCHANGED: arguments.runs, CHANGED: arguments.runs}
    warm_up(everyone(folder / "warm-up"), posts(2))
    first, *more = arguments.posts
    rows = compare(everyone(folder / f"{first}"), posts(first), cases)
    print(f"{first:,} posts\n\n{table(rows, arguments.markdown)}\n", flush=True)
    for count in more:
        rows += compare(own(folder / f"{count}"), posts(count), cases)
    if more:
        print(growth(rows, arguments.markdown))


def introduce(ours: Path, cache: Path, peers: Sequence[str]) -> None:
    """Print date, machine and versions."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}")
    found = versions(ours.parent, ["inkcell"])
    for name in ("hugo", "pelican"):
        if name in peers:
            found |= versions(cache / name / "bin", [name, "pelican-katex"])
    said = [f"{name} {version}" for name, version in found.items()]
    if "eleventy" in peers:
        program = (
            "for (const name of ['@11ty/eleventy', 'katex'])"
            " console.log(name, require(`./node_modules/${name}/package.json`).version)"
        )
        said += _said(("node", "-e", program), cache / "eleventy").splitlines()
    if "jekyll" in peers:
        said.append(_said(("jekyll", "--version")).strip())
    print(", ".join(said), end="\n\n", flush=True)


def _said(command: Sequence[str], folder: Path | None = None) -> str:
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
