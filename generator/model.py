"""The values that flow from stage to stage.

Source -> Post -> ExecutedPost -> RenderedPost -> Site: one frozen type a stage, whose name
tells how far a post has come. Nothing here reads a disk, a clock or an environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from .errors import InkcellError

DEFAULT_PERMALINK = "/:category/:year-:month-:day-:slug/"


class Value(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What flows from stage to stage. As JSON (`plain.py`) it is an array of its fields."""


# --- settings ---------------------------------------------------------------------------------


class Author(Value, frozen=True):
    """Who wrote a post, or the whole blog."""

    name: str
    email: str = ""
    uri: str = ""


MathOutput = Literal["html", "mathml"]
"""Mathematics on a page: HTML for the eye beside MathML, or MathML alone."""


class FeedSettings(Value, frozen=True):
    """`[tool.inkcell.feed]`."""

    limit: int = 10
    """How many posts a feed holds, newest first."""
    math: Literal["mathml", "tex"] = "mathml"
    """Mathematics in a feed: MathML that carries its TeX, or the TeX itself."""


class CheckSettings(Value, frozen=True):
    """`[tool.inkcell.check]`."""

    page_weight: int = 1024
    """KiB that a page may take on the wire, with all that it loads, before `check` warns."""
    ignore: tuple[str, ...] = ()
    """What `check` says nothing of: parts of messages or of offending texts."""


class Execution(Value, frozen=True):
    """How a post's code runs: `[tool.inkcell.execute]`, then the post's own `execute:`."""

    enabled: bool = True
    """False: the code is shown, nothing runs."""
    timeout: int = 600
    """Seconds one cell may take."""
    post_timeout: int = 0
    """Seconds all cells together may take; 0 is no limit."""
    memory: int = 0
    """MiB that the kernel and everything it starts may take; 0 is no limit."""
    threads: int = 1
    """Threads of BLAS and OpenMP: part of what a result is made from, for it may change last
    digits. A post takes as many of the machine's cores while it runs."""
    network: bool = True
    """False: the code sees nothing but the loopback interface, where the platform can."""
    cache: bool = True
    """False: the code runs at every build."""
    freeze: bool = False
    """True: the code never runs in a build; the post shows its frozen results."""
    gpu: Literal["never", "preferred", "required"] = "never"
    """Whether the code may, or must, see a GPU."""
    warm: bool = True
    """False: a kernel of its own from the start, not one forked from a warm parent."""
    error: bool = False
    """True: an exception in any cell becomes part of the page."""
    dependencies: tuple[str, ...] = ()
    """Files, relative to the post's folder, whose change runs the code again."""
    depends_on_env: tuple[str, ...] = ()
    """Environment variables whose change runs the code again."""


class Config(Value, frozen=True):
    """The settings of one blog, complete."""

    title: Mapping[str, str]
    """The blog's title in each language."""
    description: Mapping[str, str]
    """One sentence on the blog in each language."""
    url: str
    """Where the site will live, with the base path, without a slash at the end."""
    language: str
    """The default language: its addresses have no prefix."""
    languages: tuple[str, ...]
    """All languages, the default one first."""
    author: Author
    permalink: str = DEFAULT_PERMALINK
    timezone: tzinfo | None = None
    """What a date without an offset means; None is UTC."""
    repository: str = ""
    """Address of the blog's source repository, linked from the pages; no slash at the end."""
    branch: str = "main"
    """The branch of the repository that holds the posts' sources."""
    published_branch: str = ""
    """The branch of the repository that holds the finished site, if one does: `gh-pages`."""
    page_size: int = 20
    """How many posts a page of a list shows: home, categories, tags."""
    feed: FeedSettings = FeedSettings()
    math: MathOutput = "html"
    check: CheckSettings = CheckSettings()
    execute: Execution = Execution()
    jobs: int = 0
    """How many cores posts share that run side by side; 0 is all there are."""
    cache_limit: int = 1024
    """MiB that kept results may take."""
    cluster: str = ""
    """Address of a Dask cluster on which posts run, or nothing: they run here."""
    use_cache: bool = True
    """False: no kept results are used; frozen ones are."""
    refresh: frozenset[str] = frozenset()
    """Folders of posts whose code runs whatever is kept."""
    run_code: bool = True
    """False: only kept and frozen results are used."""
    macros: Mapping[str, str] = {}
    """TeX commands of every post's formulas and what they stand for: `\\R` and `\\mathbb{R}`."""
    theme: Mapping[str, Mapping[str, str]] = {}
    """`[tool.inkcell.theme]`: a colour's values on light and dark paper, others' by language."""
    allow_stale: bool = False
    """True: frozen results that do not fit the code any more are published, with a word."""
    drafts: bool = False
    """True: posts marked `draft: true` are published too."""
    until: datetime | None = None
    """The moment of the build: posts dated later wait. None: none waits."""
    root: Path = Path()
    """The blog's folder; absolute. The paths below are relative to it unless absolute."""
    posts: Path = Path("posts")
    pages: Path = Path("pages")
    """The folder of standing pages; a blog may have none."""
    output: Path = Path("site")
    cache: Path = Path(".inkcell/results")
    """Where the results of code are kept."""

    @property
    def origin(self) -> str:
        """Scheme and host: `https://user.github.io`."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"

    @property
    def base(self) -> str:
        """The base path without a slash at the end: `/project`, or nothing at a root."""
        return self.url[len(self.origin) :]


# --- a post as written ------------------------------------------------------------------------


class Source(Value, frozen=True):
    """One language version of a post, as it lies on the disk."""

    path: str
    """Path relative to the blog's folder, with slashes: `posts/ncut/index.ko.md`."""
    text: str
    """The file's text, line ends as `\\n`."""
    folder: str
    """Name of the post's folder, which is its slug: `ncut`."""
    language: str
    format: Literal["md", "ipynb"]
    directory: str
    """The post's folder on the disk: where its code runs."""
    neighbours: Mapping[str, bytes] = {}
    """Every other file in the folder, by its path relative to it."""
    standing: bool = False
    """True: a standing page, as About: it has no date and stands in no list."""

    def line_of(self, key: str) -> int | None:
        """The line on which a key of the front matter stands; unknown in an `.ipynb`."""
        lines = self.text.split("\n") if self.format == "md" else []
        return next((n for n, line in enumerate(lines, 1) if line.startswith(f"{key}:")), None)


OTHERS = "et al."
"""Stands among the authors for those who are not named; a page says it in its language."""


class Reference(Value, frozen=True):
    """A work that a post cites. Field names follow CSL 1.0.2."""

    id: str
    title: str
    authors: tuple[str, ...] = ()
    container_title: str = ""
    volume: str = ""
    issue: str = ""
    page: str = ""
    issued: str = ""
    publisher: str = ""
    publisher_place: str = ""
    edition: str = ""
    doi: str = ""
    arxiv: str = ""
    url: str = ""
    families: tuple[str, ...] = ()
    """The authors' family names, by which the work is cited."""
    letter: str = ""
    """`a`, `b`, …: tells works of the same authors and year apart; empty if none is needed."""


class Meta(Value, frozen=True):
    """All that the front matter says, typed and complete."""

    title: str
    date: datetime
    """When the post was first published, with its offset; 1970 for a standing page."""
    slug: str
    language: str
    category: str
    author: Author
    last_modified_at: datetime | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    series: str = ""
    """The series that the post is a part of, in the order of dates; empty if there is none."""
    draft: bool = False
    image: str = ""
    """A neighbouring file: what a feed reader shows beside the title."""
    aliases: tuple[str, ...] = ()
    """Former addresses of the post."""
    permalink: str = ""
    """This post's own permalink pattern, if it has one."""
    id: str = ""
    """This post's own feed id, if it has one."""
    nav: bool = False
    """Whether a standing page is linked from the navigation."""
    order: int = 0
    """Its place there: lower numbers first."""
    toc: bool | None = None
    """Whether the page has a table of contents beside the text; None leaves it to the page."""
    comments: bool = False
    references: tuple[Reference, ...] = ()
    """Works that are listed, cited or not."""
    bibliography: tuple[Reference, ...] = ()
    """Works of the BibTeX files beside the post: listed if they are cited."""
    macros: Mapping[str, str] = {}
    """TeX commands of this post's formulas, those of the settings included."""
    trusted: tuple[str, ...] = ()
    """Kinds of output that are published as they are, scripts and all: `html`."""
    execute: Execution = Execution()
    kernel: str = "python3"
    kernel_language: str = ""
    """What the front matter calls the kernel's language; empty if it does not."""

    @property
    def updated(self) -> datetime:
        """When the post last changed: never before it was published.

        A day has no time of its own: a post of nine in the evening that changed on that day did
        not change at its midnight.
        """
        return max(self.date, self.last_modified_at or self.date)


Visibility = Literal["shown", "collapsed", "absent"]


class Display(Value, frozen=True):
    """How a code cell and its outputs are shown. It never decides whether the code runs."""

    input: Visibility = "shown"
    output: Visibility = "shown"
    stdout: bool = True
    stderr: bool = True
    label: str = ""
    caption: str = ""
    """`fig-cap` or `tbl-cap`: Markdown."""
    alt: str = ""
    """`fig-alt`: plain text for those who cannot see the figure."""
    filename: str = ""
    """The file that the code is, for a reader; it is written nowhere."""
    line_numbers: bool = False
    """`code-line-numbers`: whether the lines of the code have numbers."""


class Prose(Value, frozen=True, tag=True):
    """A cell of Markdown."""

    text: str
    cell: int
    """Position in the notebook, counted from 1."""
    line: int
    """Line of the cell's first line in the file, counted from 1 (in an `.ipynb`: in the cell)."""
    attachments: Mapping[str, bytes] = {}
    """Files that a notebook keeps inside the cell, by name."""


class Code(Value, frozen=True, tag=True):
    """A cell of code, without outputs."""

    source: str
    """The code that runs: without its leading `#|` option lines."""
    cell: int
    line: int
    """Line of the first line of `source`, counted from 1 (in an `.ipynb`: in the cell)."""
    runs: bool = True
    """False for `skip-execution` and `eval: false`."""
    may_raise: bool = False
    """True for `raises-exception` and `error: true`: an exception becomes part of the page."""
    display: Display = Display()
    options: str = ""
    """The `#|` option lines above `source`, as the author wrote them."""
    tags: tuple[str, ...] = ()
    caption_line: int = 0
    """Line of the caption, counted as `line`; 0 without one."""


Cell = Prose | Code


class Notebook(Value, frozen=True):
    """The cells of a post in order."""

    cells: tuple[Cell, ...]
    code_language: str = "python"
    """Pygments' name of the language that the code cells are written in."""
    front_matter: str = ""
    """The YAML above the cells, as the author wrote it, without its fences."""

    @property
    def code(self) -> tuple[Code, ...]:
        """The code cells, run or not."""
        return tuple(cell for cell in self.cells if isinstance(cell, Code))


class Post(Value, frozen=True):
    """A post as its author means it: front matter and cells, never an output."""

    source: Source
    meta: Meta
    notebook: Notebook


Unread = Literal["macros", "works"]
"""What prose may use of a front matter that cannot be read: TeX commands, works to cite."""


class HaltedPost(Value, frozen=True):
    """A post that goes no further because of a mistake, as far as it is known.

    It is no `Post`, so that nobody runs or publishes it: it is only looked through for what else
    is wrong with it.
    """

    known: Post
    unread: frozenset[Unread] = frozenset()
    told: frozenset[tuple[int | None, int | None]] = frozenset()
    """Cell and line of each mistake that is known already."""


# --- a post that has run ----------------------------------------------------------------------


class Stream(Value, frozen=True, tag=True):
    """What a cell wrote to one of its standard streams."""

    name: Literal["stdout", "stderr"]
    text: str


class Bundle(Value, frozen=True, tag=True):
    """One result in several representations: a MIME bundle of the Jupyter protocol."""

    data: Mapping[str, str]
    """MIME type to content; binary types in Base64, as in nbformat."""
    metadata: Mapping[str, object] = {}


class Failure(Value, frozen=True, tag=True):
    """An exception that a cell announced."""

    name: str
    value: str
    traceback: str
    """With ANSI colours, as the kernel sent it."""


class Omission(Value, frozen=True, tag=True):
    """What a cell put out beyond the limit, and is not kept."""

    size: int
    """In bytes."""


Output = Stream | Bundle | Failure | Omission


class Provenance(Value, frozen=True):
    """Where, when and on what results were made: kept beside them, told on the post's page."""

    when: str
    """ISO 8601, UTC, to the second."""
    seconds: float
    """Wall time of all cells."""
    kernel: str
    """Jupyter's name of the kernel: `python3`."""
    interpreter: str = ""
    """What ran the code: `Python 3.11.7`."""
    packages: Mapping[str, str] = {}
    """Distribution to version, of the packages that the code imported."""
    system: str = ""
    """Operating system and architecture: `Linux x86_64`."""
    processor: str = ""
    """`AMD EPYC 7B13`."""
    gpu: str = ""
    """`NVIDIA A100-SXM4-40GB` if the code could see one, else nothing."""
    threads: int = 1
    peak_memory: int = 0
    """Bytes that the kernel and everything it started took at their most; 0 if unknown."""


class Results(Value, frozen=True):
    """What the code of a post produced."""

    outputs: tuple[tuple[Output, ...], ...]
    """One tuple a code cell, in the notebook's order; empty for a cell that does not run."""
    provenance: Provenance | None = None
    """None when nothing ran: there is no code, or execution is switched off."""
    frozen: bool = False
    """True: they were stored beside the post by `inkcell freeze`, not made by this build."""
    stale: tuple[str, ...] = ()
    """Why they do not fit the post's code any more; published only with `--allow-stale`."""


class ExecutedPost(Value, frozen=True):
    """A post and what its code produced."""

    post: Post
    results: Results


# --- a post as HTML ---------------------------------------------------------------------------


class Formula(Value, frozen=True):
    """One typeset formula."""

    html: str
    """For a page: HTML for the eye, MathML for everybody else."""
    feed: str
    """For a feed: MathML that carries its TeX, or the TeX itself."""
    warnings: tuple[str, ...] = ()


Macros = tuple[tuple[str, str], ...]
"""TeX commands and what they stand for, in the order of their names."""


class Typeset(Protocol):
    """Typesets a formula. The same arguments give the same formula, whatever was set before.

    Raises MathError, with line and column in the formula, for one it refuses.
    """

    def __call__(self, tex: str, display: bool, macros: Macros = ()) -> Formula:
        """A formula in TeX; `display` is whether it stands on a line of its own."""


@runtime_checkable
class Foreseeing(Typeset, Protocol):
    """A typesetter that is faster if it knows what it will be asked for."""

    def expect(self, formulas: Iterable[tuple[str, bool, Macros]]) -> None:
        """Be told of the formulas of a post; those that it refuses it refuses when asked."""


class Label(Value, frozen=True):
    """What an author can refer to by name."""

    name: str
    """Also the id on the page: `eq-cut`."""
    number: str
    """`3`, `2.1`, or what a `\\tag` says."""

    @property
    def kind(self) -> str:
        """The prefix: `eq`, `fig`, `thm`."""
        return self.name.partition("-")[0]


class Heading(Value, frozen=True):
    """A line of the table of contents."""

    level: int
    id: str
    html: str
    """What the heading says: inline HTML without links."""


class Passage(Value, frozen=True):
    """What stands under one heading, as plain text: formulas are their TeX."""

    id: str
    """Of the heading; empty for what stands above the first one."""
    heading: str
    text: str
    """On one line."""


class File(Value, frozen=True):
    """One file of the site."""

    path: str
    """Path inside the output folder, with slashes: `en/paper/2022-07-08-ncut/index.html`."""
    content: bytes
    origin: str
    """What asked for the file; named when two files meet at one path."""


class Stored(Value, frozen=True):
    """One file of the site that lies on the disk already, so that memory need not hold it."""

    path: str
    """As in `File`."""
    digest: str
    """SHA-256 of its content."""
    size: int
    """In bytes."""
    place: str
    """Where it lies until the site is written; empty if it lies in the site, as the last build has
    left it."""
    origin: str


class Image(Value, frozen=True):
    """A picture that stands for a post."""

    path: str
    """Path inside the output folder."""
    alt: str = ""
    width: int = 0
    height: int = 0


class ShareWords(Value, frozen=True):
    """What the picture says that stands for a post where it is shared."""

    title: str
    site: str
    category: str = ""
    """What stands below the title: a post's category, a blog's description."""


SHARE_SIZE = (1200, 630)
"""Pixels of such a picture: what Facebook and X ask for."""

Highlight = Callable[[str, str], str]
"""(code, language) -> HTML with the classes of the style sheet."""

DrawShare = Callable[[ShareWords], bytes]
"""Draws such a picture, as PNG. The same words give the same bytes."""


class RenderedPost(Value, frozen=True):
    """A post as HTML, for a page and for a feed."""

    post: Post
    body: str
    """For a page: links below the site's base path, code in classes, formulas as HTML."""
    feed_body: str
    """For a feed: absolute addresses, nothing that needs a style sheet or a script."""
    headings: tuple[Heading, ...]
    excerpt: str
    """Plain text: the description, what stands before `<!--more-->`, or the first paragraph."""
    minutes: int
    """Reading time."""
    in_feeds: bool = True
    """Whether it was made for feeds: most posts of a large blog stand in none."""
    files: tuple[File, ...] = ()
    """Figures and neighbouring files that the post shows or links to, and its notebook."""
    image: Image | None = None
    share: Image | None = None
    """The bitmap that stands for it where it is shared, with its size in pixels."""
    has_math: bool = False
    libraries: tuple[str, ...] = ()
    """JavaScript libraries that interactive figures need: `plotly`, `vega`."""
    labels: Mapping[str, Label] = {}
    """What others can refer to in it, by name."""
    has_contents: bool = False
    """Whether a table of contents stands in the text."""
    has_references: bool = False
    """Whether something on the page leads to an equation, a figure, a statement or a work."""
    works: tuple[Reference, ...] = ()
    """The works listed at the end."""
    citations: Mapping[str, tuple[str, ...]] = {}
    """Id of a work to the ids of the places where it is cited."""
    warnings: tuple[InkcellError, ...] = ()
    """What KaTeX accepted but LaTeX would not, figures without alternative text: each with its
    place."""
    loads: tuple[tuple[str, str], ...] = ()
    """Directive and source, as a Content-Security-Policy names what its own HTML loads and runs."""
    passages: tuple[Passage, ...] = ()
    """Its text, which a search shows."""
    terms: str = ""
    """What a search finds it by: a line for each term, `term weight`, in order. A thousand posts
    have half a million, which would take four times as much room in mappings."""
    notebook: str = ""
    """Path of the executed notebook, one of `files`; empty if nothing ran."""
    provenance: Provenance | None = None
    """As in `Results`, and so are the two below."""
    frozen: bool = False
    stale: tuple[str, ...] = ()


class WrittenEntry(Value, frozen=True):
    """A post as it stands in every feed, in the words of each format."""

    updated: datetime
    atom: bytes
    """An element, indented by two spaces, and a line's end."""
    json: bytes
    """An object, indented by two spaces."""


class Theme(Value, frozen=True):
    """Templates, texts and static files, already read."""

    templates: Mapping[str, str]
    """Template name to its source."""
    strings: Mapping[str, Mapping[str, str]]
    """Language to the theme's texts in it."""
    static: Mapping[str, bytes]
    """Path below `assets/` to content."""
    copied: Mapping[str, bytes] = {}
    """Path in the site to content, of the files that a blog has beside its theme."""

    def strings_in(self, language: str) -> Mapping[str, str]:
        """The theme's texts in a language; English where it has none."""
        return self.strings.get(language) or self.strings["en"]


class Site(Value, frozen=True):
    """Every file of the finished site, by its path."""

    files: Mapping[str, File]
    kept: Mapping[str, str] = {}
    """Files that an earlier build has written and this one would make again: path to SHA-256."""
    stored: Mapping[str, Stored] = {}
    """Files that lie on the disk already."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Of all of them."""
        return (*self.files, *self.stored, *self.kept)
