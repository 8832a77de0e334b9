"""Notebooks, run and run again: Inkcell beside `jupyter nbconvert` and jupyter-book, in one run.

    .venv/bin/python benchmarks/notebooks.py                       # about ten minutes
    .venv/bin/python benchmarks/notebooks.py --notebooks 4         # two minutes; no aim is for them
    .venv/bin/python benchmarks/notebooks.py --torch --markdown    # PyTorch too; for the README

A blog of twenty notebooks is written from a fixed seed: NumPy and Matplotlib, six code cells, two
figures, prose and a formula each, and no two alike. It is built by

- Inkcell: `inkcell build`, as its posts;
- nbconvert: `jupyter nbconvert --to notebook --execute`, one process a notebook, as people do it.
  It draws no page and keeps no results, so that it takes part where everything has to run;
- jupyter-book 1: `jupyter-book build` with `execute_notebooks: cache`;

when no results are kept and nothing is written, when nothing has changed, when the last code cell
of one notebook has changed, and when one word of prose has. With `--torch`, as many notebooks
that train a small model (no figures) are run by Inkcell, by Inkcell with
`execute = {warm = false}`, and by nbconvert.

Seconds are wall seconds, and CPU seconds of a command with all that it started; memory is that of
the largest single process. The tools take turns, each run the other way round, after one notebook
each that is not measured. Ratios are of medians. After every command its pages are read: each
notebook must show two numbers that this program knows and all its figures, and a mark of the
moment its code ran, which tells which notebooks ran and which were kept. If anything is not as it
should be, the benchmark ends there: the time of a failed build means nothing. The aims stand
beside the ratios; nothing is gated by this program; it prints.

The peers live in an environment of their own, made once from `peers.txt` beside this file.
"""

from __future__ import annotations

import argparse
import ctypes
import html
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil

from benchmarks.sample_notebooks import (
    TRAINING,
    Sample,
    notebook,
    printed,
    samples,
    sentence,
    title,
)

REPOSITORY = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).with_name("peers.txt")

SETTINGS = """\
[tool.inkcell]
title = "Notebooks"
url = "https://example.org"
author = { name = "Somebody" }
"""
COLD_KERNELS = "execute = { warm = false }\n"

BOOK_CONFIG = """\
title: Notebooks
author: Somebody
execute:
  execute_notebooks: cache
  timeout: 300
"""


class Failed(Exception):
    """A tool did not do what was to be measured."""


# --- the tools --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """What a tool shows of a notebook."""

    known: str
    late: str
    ran: str
    """The moment in which its last cell ran, in nanoseconds."""
    figures: int
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that runs notebooks: what it is given, how it is asked, what it made of them."""

    name: str
    folder: Path
    """Where its commands are run."""
    commands: tuple[tuple[str, ...], ...]
    """Run one after the other."""
    path: tuple[Path, ...]
    """What stands first in PATH."""
    files: Mapping[str, str]
    """What it needs beside the notebooks."""
    source: Callable[[Sample], tuple[str, str]]
    """Where it wants a notebook, below its folder, and as which text."""
    made: tuple[str, ...]
    """Folders that it leaves behind: pages and kept results."""
    read: Callable[[Path, Sample], Page]
    keeps_results: bool = True


def inkcell(command: Path, folder: Path, name: str = "Inkcell", settings: str = "") -> Tool:
    """Inkcell, as an environment has it."""
    return Tool(
        name=name,
        folder=folder,
        commands=((str(command), "build"),),
        path=(command.parent,),
        files={"pyproject.toml": SETTINGS + settings},
        source=_post,
        made=("site", ".inkcell"),
        read=_read_post,
    )


def nbconvert(environment: Path, folder: Path, notebooks: Sequence[Sample]) -> Tool:
    """A process of nbconvert for each notebook."""
    ask = (str(environment / "jupyter"), "nbconvert", "--to", "notebook", "--execute")
    return Tool(
        name="nbconvert",
        folder=folder,
        commands=tuple(
            (*ask, "--output-dir", "executed", f"{sample.slug}.ipynb") for sample in notebooks
        ),
        path=(environment,),
        files={},
        source=_titled,
        made=("executed",),
        read=_read_notebook,
        keeps_results=False,
    )


def jupyter_book(environment: Path, folder: Path, notebooks: Sequence[Sample]) -> Tool:
    """jupyter-book 1, which keeps results with jupyter-cache."""
    chapters = "".join(f"  - file: {sample.slug}\n" for sample in notebooks)
    return Tool(
        name="jupyter-book",
        folder=folder,
        commands=((str(environment / "jupyter-book"), "build", "."),),
        path=(environment,),
        files={
            "_config.yml": BOOK_CONFIG,
            "_toc.yml": f"format: jb-book\nroot: index\nchapters:\n{chapters}",
            "index.md": "# Notebooks\n",
        },
        source=_titled,
        made=("_build",),
        read=_read_chapter,
    )


def _post(sample: Sample) -> tuple[str, str]:
    front_matter = f"---\ntitle: {title(sample)}\ndate: {sample.day}\ncategory: notes\n---"
    return f"posts/{sample.slug}/index.en.ipynb", notebook(sample, ("raw", front_matter))


def _titled(sample: Sample) -> tuple[str, str]:
    return f"{sample.slug}.ipynb", notebook(sample, ("markdown", f"# {title(sample)}"))


def _read_post(folder: Path, sample: Sample) -> Page:
    site = folder / "site"
    page = site / "notes" / f"{sample.day}-{sample.slug}" / "index.html"
    return _read_page(page, lambda address: site / address.removeprefix("/"))


def _read_chapter(folder: Path, sample: Sample) -> Page:
    pages = folder / "_build" / "html"
    return _read_page(pages / f"{sample.slug}.html", lambda address: pages / address)


PICTURE = re.compile(r'<img\b[^>]*?\bsrc="([^":]+\.(?:png|svg))"')
DRAWING = re.compile(r'<svg class="drawing"')
"""A figure of Inkcell's that stands in the page itself."""


def _read_page(page: Path, picture: Callable[[str], Path]) -> Page:
    markup = _text(page)
    addresses = set(PICTURE.findall(markup))
    for address in addresses:
        if not picture(address).is_file():
            raise Failed(f"{page} shows a picture that was not written: {address}")
    figures = len(addresses) + len(DRAWING.findall(markup))
    # What a script element holds, as data for search engines, nobody reads on the page.
    shown = re.sub(r"<script\b.*?</script>", "", markup, flags=re.DOTALL)
    return _page(html.unescape(re.sub(r"<[^>]*>", "", shown)), figures, page)


def _read_notebook(folder: Path, sample: Sample) -> Page:
    path = folder / "executed" / f"{sample.slug}.ipynb"
    cells = json.loads(_text(path))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    streams = "".join("".join(output.get("text", ())) for output in outputs)
    prose = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    figures = sum("image/png" in output.get("data", {}) for output in outputs)
    return _page(prose + streams, figures, path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Failed(f"{path.name} was not written: {path}") from None


def _page(text: str, figures: int, path: Path) -> Page:
    known = re.search(r"known value (\d+)", text)
    late = re.search(r"late value (\d+)\s+ran at (\d+)", text)
    if not (known and late):
        raise Failed(f"the outputs of the notebook are not in {path}")
    return Page(known[1], late[1], late[2], figures, text)


def prepare(tool: Tool, notebooks: Sequence[Sample]) -> None:
    """Write the tool's folder."""
    for name, text in tool.files.items():
        write(tool.folder / name, text)
    for sample in notebooks:
        write_notebook(tool, sample)


def write_notebook(tool: Tool, sample: Sample) -> None:
    """Write one notebook where the tool wants it."""
    name, text = tool.source(sample)
    write(tool.folder / name, text)


def write(path: Path, text: str) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def forget(tool: Tool) -> None:
    """Remove all that the tool has made: pages and kept results."""
    for name in tool.made:
        shutil.rmtree(tool.folder / name, ignore_errors=True)


# --- measuring --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of all processes."""
    memory: float
    """Bytes of the largest process."""


def measured(tool: Tool) -> Cost:
    """Run the tool's commands.

    Raises:
        Failed: one of them failed, or left a process running.
    """
    environment = environment_with(tool.path)
    costs = [cost_of(command, tool.folder, environment) for command in tool.commands]
    return Cost(
        sum(cost.wall for cost in costs),
        sum(cost.cpu for cost in costs),
        max(cost.memory for cost in costs),
    )


def environment_with(path: Sequence[Path]) -> dict[str, str]:
    """The environment of a tool's commands, with these folders first in PATH."""
    # Bytecode is kept, as it is where somebody has not forbidden it.
    environment = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    environment["PATH"] = os.pathsep.join([*map(str, path), environment.get("PATH", "")])
    return environment


def cost_of(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run one command.

    Raises:
        Failed: it failed, or left a process running.
    """
    with tempfile.TemporaryFile() as log:
        start = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        usages = [usage, *_orphans(command)]
        if process.returncode:
            log.seek(0)
            said = log.read().decode(errors="replace")[-3000:]
            raise Failed(f"{' '.join(command)} ended with status {process.returncode}:\n{said}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(
        wall,
        sum(usage.ru_utime + usage.ru_stime for usage in usages),
        max(usage.ru_maxrss for usage in usages) * unit,
    )


ORPHANS_MAY_TAKE = 10
"""Seconds after the end of a command in which what it started must end."""


def _orphans(command: Sequence[str]) -> Iterator[resource.struct_rusage]:
    """What processes used that outlived the command which started them.

    Raises:
        Failed: some of them still run; they are ended.
    """
    deadline = time.monotonic() + ORPHANS_MAY_TAKE
    while True:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            yield usage
        elif time.monotonic() < deadline:
            time.sleep(0.05)
        else:
            left = psutil.Process().children(recursive=True)
            names = ", ".join(process.name() for process in left)
            for process in left:
                process.kill()
            psutil.wait_procs(left)
            raise Failed(f"{' '.join(command)} left processes running: {names}")


def adopt_orphans() -> None:
    """Become the parent of processes that lose theirs, so that they are waited for and counted."""
    if sys.platform == "linux":
        set_child_subreaper = 36  # prctl(2)
        ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


# --- the comparison ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """What has happened since the last build, and how much has to run because of it."""

    name: str
    change: Callable[[Sample, int], Sample] | None = None
    """(a notebook, turn) -> the notebook after an edit that it never had before."""
    runs: Literal["all", "changed", "none"] = "none"
    """The notebooks whose code has to run."""


def _edit_last_cell(sample: Sample, turn: int) -> Sample:
    return replace(sample, late=sample.late + 1 + turn)


def _edit_prose(sample: Sample, turn: int) -> Sample:
    return replace(sample, word=f"changed{turn}")


COLD = Case("no results kept", runs="all")
TORCH = Case("PyTorch, no results kept", runs="all")
CASES = (
    Case("nothing changed"),
    Case("last cell of one notebook changed", _edit_last_cell, runs="changed"),
    Case("one word of prose changed", _edit_prose),
)
AIMS = {
    (COLD.name, "nbconvert"): "at least 5",
    (COLD.name, "jupyter-book"): "at least 5",
    (TORCH.name, "Inkcell, cold kernels"): "at least 12",
    ("nothing changed", "jupyter-book"): "at least 10",
    ("one word of prose changed", "Inkcell"): "at most 0.5 s",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    blog: str
    case: str
    tool: str
    cost: Cost
    """Medians."""
    first: Cost
    """Medians of the tool that the others are compared with."""


def compare(
    blog: str, tools: Sequence[Tool], notebooks: Sequence[Sample], cases: Mapping[Case, int]
) -> list[Row]:
    """Every case on the same notebooks, as many times as `cases` says.

    Raises:
        Failed: a tool did something else than what was to be measured.
    """
    rows = []
    now = {sample.slug: sample for sample in notebooks}
    seen: dict[str, Mapping[str, Page]] = {tool.name: {} for tool in tools}
    for tool in tools:
        prepare(tool, notebooks)
    for case, turns in cases.items():
        able = [tool for tool in tools if tool.keeps_results or case.runs == "all"]
        costs: dict[str, list[Cost]] = {tool.name: [] for tool in able}
        for turn in range(turns):
            changed = []
            if case.change:
                slug = notebooks[turn % len(notebooks)].slug
                now[slug] = case.change(now[slug], turn)
                changed.append(now[slug])
            for tool in able if turn % 2 == 0 else able[::-1]:
                cost = one(tool, case, changed)
                seen[tool.name] = check(tool, case, now, changed, seen[tool.name])
                costs[tool.name].append(cost)
                print(
                    f"{blog}, {case.name}, {turn + 1} of {turns}: {tool.name} {cost.wall:.2f} s",
                    file=sys.stderr,
                )
        medians = {name: median(several) for name, several in costs.items()}
        first = medians[able[0].name]
        rows += [Row(blog, case.name, name, cost, first) for name, cost in medians.items()]
    return rows


def one(tool: Tool, case: Case, changed: Sequence[Sample]) -> Cost:
    """What the tool's commands take after the change."""
    if case.runs == "all":
        forget(tool)
    for sample in changed:
        write_notebook(tool, sample)
    return measured(tool)


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each number by itself."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.memory for cost in costs),
    )


def check(
    tool: Tool,
    case: Case,
    notebooks: Mapping[str, Sample],
    changed: Sequence[Sample],
    before: Mapping[str, Page],
) -> Mapping[str, Page]:
    """The pages, which are those of the notebooks as they are now; and the right ones ran.

    Raises:
        Failed: what is wrong with them.
    """
    after = {slug: tool.read(tool.folder, sample) for slug, sample in notebooks.items()}
    for slug, sample in notebooks.items():
        page = after[slug]
        wanted = {
            "number of its fifth code cell": (page.known, printed(sample, sample.known)),
            "number of its last code cell": (page.late, printed(sample, sample.late)),
            "figures": (page.figures, sample.subject.figures),
            "sentences with its word": (page.text.count(sentence(sample)), 1),
        }
        for what, (shown, expected) in wanted.items():
            if shown != expected:
                raise Failed(
                    f"{tool.name}, {case.name}: {slug} has {shown} as {what}, not {expected}"
                )
    to_run = {"all": list(notebooks), "changed": [sample.slug for sample in changed], "none": []}
    wanted_runs = to_run[case.runs]
    ran = [slug for slug in after if slug not in before or after[slug].ran != before[slug].ran]
    if ran != wanted_runs:
        raise Failed(
            f"{tool.name}, {case.name}: ran {', '.join(ran) or 'no notebook'}, "
            f"not {', '.join(wanted_runs) or 'none'}"
        )
    return after


def warm_up(tools: Sequence[Tool], notebooks: Sequence[Sample]) -> None:
    """One build that is not measured: byte code is compiled, fonts are listed, disks are read."""
    for tool in tools:
        prepare(tool, notebooks)
        measured(tool)
        forget(tool)


# --- the environments -------------------------------------------------------------------------

COMPARED = ("numpy", "matplotlib", "ipykernel", "nbclient")


def peers_environment(folder: Path, packages: Path = PEERS) -> Path:
    """The folder of the peers' commands; their environment is made if it is not there yet.

    Raises:
        Failed: pip could not install the packages.
    """
    stamp = folder / "made-from.txt"
    wanted = f"# Python {platform.python_version()}\n{packages.read_text(encoding='utf-8')}"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"making the peers' environment in {folder}, once", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        install(folder / "bin", "-r", str(packages))
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


def install(environment: Path, *what: str) -> None:
    """Install packages with an environment's pip.

    Raises:
        Failed: pip could not.
    """
    pip = (str(environment / "python"), "-m", "pip", "install", "--quiet")
    done = subprocess.run(
        (*pip, "--disable-pip-version-check", *what), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"pip install {' '.join(what)}:\n{done.stderr[-3000:]}")


def versions(environment: Path, names: Sequence[str]) -> dict[str, str]:
    """Versions of packages in an environment, without those it does not have."""
    program = """
import importlib.metadata, sys
for name in sys.argv[1:]:
    try:
        print(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        pass
"""
    command = (str(environment / "python"), "-c", program, *names)
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in answer.splitlines())


def machine() -> str:
    """Processor, cores and Python."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", information.read_text(), re.MULTILINE)
        model = found[1] if found else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


# --- the table --------------------------------------------------------------------------------

COLUMNS = ("case", "tool", "wall s", "CPU s", "MB", "wall ratio", "CPU ratio", "aim")


def table(rows: Sequence[Row], markdown: bool) -> str:
    """The rows as aligned text, or as a table of Markdown."""
    lines = [COLUMNS]
    for place, row in enumerate(rows):
        head = f"{row.blog}, {row.case}"
        previous = rows[place - 1]
        repeated = place > 0 and head == f"{previous.blog}, {previous.case}"
        is_first = row.cost == row.first
        lines.append(
            (
                "" if repeated else head,
                row.tool,
                f"{row.cost.wall:.2f}",
                f"{row.cost.cpu:.2f}",
                f"{row.cost.memory / 1e6:.0f}",
                "1" if is_first else f"{row.cost.wall / row.first.wall:.1f}",
                "1" if is_first else f"{row.cost.cpu / row.first.cpu:.1f}",
                AIMS.get((row.case, row.tool), ""),
            )
        )
    if markdown:
        rule = ("---", "---", *("---:",) * 5, "---")
        return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 2 <= column <= 6 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


# --- the command ------------------------------------------------------------------------------


def natural(text: str) -> int:
    """A number of the command line that counts something."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def arguments_of(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for option, default, meaning in (
        ("--notebooks", 20, "notebooks in each blog"),
        ("--runs", 3, "turns of each case in which results are kept"),
        ("--cold-runs", 1, "turns with no results kept, where all code runs"),
    ):
        parser.add_argument(
            option, default=default, type=natural, metavar="N", help=f"{meaning} ({default})"
        )
    parser.add_argument("--torch", action="store_true", help="also as many notebooks with PyTorch")
    parser.add_argument(
        "--alone", action="store_true", help="Inkcell without its peers: no environment is made"
    )
    add_common_options(parser)
    arguments = parser.parse_args(words)
    refuse_missing(parser, arguments.inkcell)
    refuse_filled(parser, arguments.folder)
    return arguments


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """What every comparison with peers is told."""
    parser.add_argument("--markdown", action="store_true", help="print tables as Markdown")
    parser.add_argument(
        "--inkcell",
        type=Path,
        default=Path(sys.executable).parent / "inkcell",
        metavar="FILE",
        help="the command `inkcell` (the one beside this Python)",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=REPOSITORY / ".bench",
        metavar="FOLDER",
        help="where the peers are kept (.bench/ of the repository)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="FOLDER",
        help="an empty folder for the blogs, which then stay there (a temporary one)",
    )


def refuse_filled(parser: argparse.ArgumentParser, *folders: Path | None) -> None:
    """End the program if a folder that is to be written is not empty."""
    for folder in folders:
        if folder and folder.exists() and any(folder.iterdir()):
            parser.error(f"{folder} is not empty")


def refuse_missing(parser: argparse.ArgumentParser, inkcell: Path) -> None:
    """End the program if there is no Inkcell."""
    if not inkcell.exists():
        parser.error(f"there is no {inkcell}: `make build` makes it, or name one: --inkcell")


def measure(
    arguments: argparse.Namespace, run: Callable[[argparse.Namespace, Path], None], name: str
) -> None:
    """Run a comparison in the folder that was asked for, or in one that is removed."""
    adopt_orphans()
    with ExitStack() as stack:
        folder = arguments.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix=f"{name}-"))
        )
        try:
            run(arguments, folder.absolute())
        except Failed as error:
            sys.exit(f"{name}.py: {error}")


def main() -> None:
    """Make the blogs, run every comparison and print it."""
    measure(arguments_of(), run, "notebooks")


def run(arguments: argparse.Namespace, folder: Path) -> None:
    """Every comparison, one after the other.

    Raises:
        Failed: a tool did something else than what was to be measured.
    """
    ours = arguments.inkcell.absolute()
    peers = None if arguments.alone else peers_environment(arguments.cache.absolute() / "peers")
    introduce(ours, peers)
    blog = samples(arguments.notebooks)

    def all_tools(below: Path, notebooks: Sequence[Sample]) -> list[Tool]:
        tools = [inkcell(ours, below / "inkcell")]
        if peers:
            tools += [
                nbconvert(peers, below / "nbconvert", notebooks),
                jupyter_book(peers, below / "jupyter-book", notebooks),
            ]
        return tools

    warm_up(all_tools(folder / "warm-up", blog[:1]), blog[:1])
    cases = {COLD: arguments.cold_runs, **dict.fromkeys(CASES, arguments.runs)}
    rows = compare(f"{len(blog)} notebooks", all_tools(folder / "blog", blog), blog, cases)
    if arguments.torch:
        rows += compare_torch(arguments, folder, ours, peers)
    print(f"{table(rows, arguments.markdown)}\n\nRatios are to the first tool of each case.")


def compare_torch(
    arguments: argparse.Namespace, folder: Path, ours: Path, peers: Path | None
) -> list[Row]:
    """Notebooks that import PyTorch, with kernels as they are, with cold ones, and by nbconvert.

    Raises:
        Failed: a tool did something else than what was to be measured.
    """
    version = versions(ours.parent, ["torch"]).get("torch")
    if version is None:
        print(f"--torch is skipped: torch is not installed beside {ours}", file=sys.stderr)
        return []
    version = version.partition("+")[0]  # `2.13.0+cpu` is what one build of 2.13.0 calls itself
    if peers and versions(peers, ["torch"]).get("torch", "").partition("+")[0] != version:
        try:
            install(peers, f"torch=={version}")
        except Failed as error:
            print(f"--torch leaves nbconvert out: {error}", file=sys.stderr)
            peers = None
    notebooks = samples(arguments.notebooks, (TRAINING,))

    def all_tools(below: Path, notebooks: Sequence[Sample]) -> list[Tool]:
        tools = [
            inkcell(ours, below / "inkcell"),
            inkcell(ours, below / "inkcell-cold", "Inkcell, cold kernels", COLD_KERNELS),
        ]
        if peers:
            tools.append(nbconvert(peers, below / "nbconvert", notebooks))
        return tools

    warm_up(all_tools(folder / "torch-warm-up", notebooks[:1]), notebooks[:1])
    tools = all_tools(folder / "torch", notebooks)
    return compare(f"{len(notebooks)} notebooks", tools, notebooks, {TORCH: arguments.cold_runs})


def introduce(ours: Path, peers: Path | None) -> None:
    """Print date, machine and versions, and say so if the tools do not run the same libraries."""
    have = versions(ours.parent, ["inkcell", *COMPARED, "torch"])
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}")
    print(", ".join(f"{name} {version}" for name, version in have.items()))
    if peers:
        theirs = versions(peers, ["jupyter-book", "nbconvert", "jupyter-cache", *COMPARED])
        print(", ".join(f"{name} {theirs[name]}" for name in theirs if name not in COMPARED))
        for name in COMPARED:
            if have.get(name) != theirs.get(name):
                print(
                    f"not the same for all: {name} {have.get(name)}, {theirs.get(name)} for peers"
                )
    print(flush=True)


if __name__ == "__main__":
    main()
