"""The benchmark of notebooks: what it measures with, and that it believes no build unseen."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from benchmarks import formulas
from benchmarks import notebooks as benchmark
from benchmarks.sample_notebooks import (
    FIGURES,
    TRAINING,
    Sample,
    Subject,
    code_cells,
    notebook,
    printed,
    samples,
    sentence,
    title,
)
from generator.config import parse_config
from generator.model import Code, Post, Prose, Source
from generator.parse import parse

from .conftest import REPOSITORY

FIRST = ("markdown", "# Title")


def post_of(sample: Sample) -> Post:
    """The notebook as Inkcell reads it."""
    path, text = benchmark.inkcell(Path("inkcell"), Path()).source(sample)
    source = Source(path, text, sample.slug, "en", "ipynb", "/blog/posts")
    return parse(source, parse_config(benchmark.SETTINGS + benchmark.COLD_KERNELS))


def page_of(sample: Sample, ran: int) -> str:
    """A page that shows all that a page of the notebook must show."""
    lines = [
        f"known value {printed(sample, sample.known)}",
        f"late value {printed(sample, sample.late)}",
        f"ran at {ran}",
    ]
    pictures = "".join(f'<img src="{n}.png">' for n in range(sample.subject.figures))
    return f"<p>{sentence(sample)}</p>{pictures}<pre>" + "\n".join(lines) + "</pre>"


def tool_in(folder: Path) -> benchmark.Tool:
    """jupyter-book, whose pages a test can write by hand."""
    (folder / "_build" / "html").mkdir(parents=True, exist_ok=True)
    for number in range(2):
        (folder / "_build" / "html" / f"{number}.png").write_bytes(b"a picture")
    return benchmark.jupyter_book(Path("bin"), folder, ())


def write_pages(tool: benchmark.Tool, pages: dict[str, str]) -> None:
    for slug, text in pages.items():
        (tool.folder / "_build" / "html" / f"{slug}.html").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("count", "subjects"), [(20, FIGURES), (10, (TRAINING,))])
def test_notebooks_are_the_same_every_time(count: int, subjects: tuple[Subject, ...]) -> None:
    """Two calls write the same bytes: results of two days can be compared."""
    once, again = ([notebook(s, FIRST) for s in samples(count, subjects)] for _ in range(2))
    assert once == again


@pytest.mark.parametrize(("count", "subjects"), [(20, FIGURES), (10, (TRAINING,))])
def test_notebooks_are_valid_and_no_two_alike(count: int, subjects: tuple[Subject, ...]) -> None:
    """nbformat accepts each; six code cells that parse; no code, title or number occurs twice."""
    made = samples(count, subjects)
    for sample in made:
        document = json.loads(notebook(sample, FIRST))
        nbformat.validate(document)
        code = [cell["source"] for cell in document["cells"] if cell["cell_type"] == "code"]
        assert len(code) == 6
        for source in code:
            ast.parse(source)
            assert "$" not in source
        assert sum(source.count("plt.show()") for source in code) == sample.subject.figures
    everything = ["\n".join(code_cells(sample)) for sample in made]
    numbers = [printed(sample, n) for sample in made for n in (sample.known, sample.late)]
    assert len(set(everything)) == count
    assert len({sample.slug for sample in made}) == count
    assert len(set(numbers)) == 2 * count


def test_what_a_page_must_show_stands_nowhere_in_the_source() -> None:
    """Only a run can put the numbers on a page."""
    for sample in samples(20):
        source = notebook(sample, FIRST)
        for exponent in (sample.known, sample.late):
            assert printed(sample, exponent) not in source


def test_the_numbers_are_those_that_the_cells_print(capsys: pytest.CaptureFixture[str]) -> None:
    """What this module knows of a notebook is what its code says."""
    for sample in samples(5):
        for source in code_cells(sample)[4:]:
            for line in source.split("\n"):
                if line.startswith('print("'):
                    exec(line, {"time": __import__("time")})
        known, late, _ = capsys.readouterr().out.splitlines()
        assert known == f"known value {printed(sample, sample.known)}"
        assert late == f"late value {printed(sample, sample.late)}"


def test_inkcell_reads_the_notebooks_as_posts() -> None:
    """The first cell is front matter; prose and code are the same cells that the peers get."""
    for sample in samples(20):
        post = post_of(sample)
        assert post.meta.title == title(sample)
        assert not post.meta.execute.warm
        assert [c.source for c in post.notebook.cells if isinstance(c, Code)] == code_cells(sample)
        prose = [c.text for c in post.notebook.cells if isinstance(c, Prose)]
        peers = json.loads(benchmark.jupyter_book(Path(), Path(), ()).source(sample)[1])
        markdown = [c["source"] for c in peers["cells"] if c["cell_type"] == "markdown"]
        assert prose == markdown[1:]


@pytest.mark.parametrize("case", benchmark.CASES[1:], ids=lambda case: str(case.name))
def test_an_edit_is_what_its_case_says(case: benchmark.Case) -> None:
    """The last code cell alone, or one word of prose alone; and never the same text again."""
    assert case.change
    seen = set()
    for turn in range(3):
        sample = samples(1)[0]
        after = case.change(sample, turn)
        old, new = (notebook(s, FIRST).split() for s in (sample, after))
        changed = [
            place for place, pair in enumerate(zip(old, new, strict=True)) if len(set(pair)) > 1
        ]
        assert len(changed) == 1
        assert code_cells(sample)[:5] == code_cells(after)[:5]
        assert (code_cells(sample) == code_cells(after)) is (case.runs == "none")
        seen.add(" ".join(new))
    assert len(seen) == 3


def test_pages_that_are_right_are_believed(tmp_path: Path) -> None:
    """Kept results show the moment of their run again; a changed notebook shows a new one."""
    tool, made = tool_in(tmp_path), samples(2)
    now = {sample.slug: sample for sample in made}
    unchanged, late, prose = benchmark.CASES
    write_pages(tool, {sample.slug: page_of(sample, 1) for sample in made})
    before = benchmark.check(tool, benchmark.COLD, now, [], {})
    assert benchmark.check(tool, unchanged, now, [], before) == before

    assert late.change
    assert prose.change
    edited = late.change(made[0], 0)
    now[edited.slug] = edited
    write_pages(tool, {edited.slug: page_of(edited, 2)})
    after = benchmark.check(tool, late, now, [edited], before)
    assert [page.ran for page in after.values()] == ["2", "1"]

    reworded = prose.change(edited, 0)
    now[edited.slug] = reworded
    write_pages(tool, {edited.slug: page_of(reworded, 2)})
    benchmark.check(tool, prose, now, [reworded], after)


def broken_pages() -> dict[str, tuple[str, str]]:
    """Page of a notebook that ran in moment 1 and has not changed -> what is said of it."""
    sample = samples(1)[0]
    page = page_of(sample, 1)
    other = replace(sample, late=sample.late + 1)
    return {
        "ran again": (page_of(sample, 2), f"ran {sample.slug}, not none"),
        "stale output": (page_of(other, 1), "number of its last code cell"),
        "stale prose": (page.replace(sample.word, "old"), "0 as sentences with its word, not 1"),
        "no figure": (page.replace('<img src="1.png">', ""), "1 as figures, not 2"),
        "lost picture": (page.replace("1.png", "3.png"), "was not written: 3.png"),
        "no outputs": (
            re.sub("<pre>.*</pre>", "", page, flags=re.DOTALL),
            "outputs of the notebook",
        ),
    }


@pytest.mark.parametrize("name", broken_pages())
def test_a_build_that_went_wrong_is_not_believed(name: str, tmp_path: Path) -> None:
    """Each page that is not what it should be ends the benchmark, which says why."""
    text, message = broken_pages()[name]
    tool, sample = tool_in(tmp_path), samples(1)[0]
    now = {sample.slug: sample}
    write_pages(tool, {sample.slug: page_of(sample, 1)})
    before = benchmark.check(tool, benchmark.COLD, now, [], {})
    write_pages(tool, {sample.slug: text})
    with pytest.raises(benchmark.Failed, match=re.escape(message)):
        benchmark.check(tool, benchmark.CASES[0], now, [], before)


def test_a_case_in_which_all_must_run_does_not_believe_kept_results(tmp_path: Path) -> None:
    """A page with the moment of the run before is no page of a cold build."""
    tool, sample = tool_in(tmp_path), samples(1)[0]
    now = {sample.slug: sample}
    write_pages(tool, {sample.slug: page_of(sample, 1)})
    before = benchmark.check(tool, benchmark.COLD, now, [], {})
    with pytest.raises(benchmark.Failed, match="ran no notebook, not notebook-01"):
        benchmark.check(tool, benchmark.COLD, now, [], before)


def test_the_table_is_the_same_in_text_and_in_markdown() -> None:
    """Ratios are to the first tool of a case; an aim stands beside the number it is for."""
    fast, slow = benchmark.Cost(2, 4, 1e8), benchmark.Cost(13, 10, 3e8)
    rows = [
        benchmark.Row("ten", benchmark.COLD.name, "Inkcell", fast, fast),
        benchmark.Row("ten", benchmark.COLD.name, "nbconvert", slow, fast),
    ]
    assert benchmark.table(rows, markdown=False).split("\n") == [
        "case                  tool       wall s  CPU s   MB  wall ratio  CPU ratio  aim",
        "ten, no results kept  Inkcell      2.00   4.00  100           1          1",
        "                      nbconvert   13.00  10.00  300         6.5        2.5  at least 5",
    ]
    assert benchmark.table(rows, markdown=True).split("\n")[2:] == [
        "| ten, no results kept | Inkcell | 2.00 | 4.00 | 100 | 1 | 1 |  |",
        "|  | nbconvert | 13.00 | 10.00 | 300 | 6.5 | 2.5 | at least 5 |",
    ]


def test_every_aim_is_for_a_case_that_is_measured() -> None:
    """An aim beside no number would be forgotten."""
    names = {case.name for case in (benchmark.COLD, benchmark.TORCH, *benchmark.CASES)}
    assert {case for case, _ in benchmark.AIMS} <= names


def test_the_peers_run_the_same_libraries() -> None:
    """What differs between the tools is the tools, not NumPy."""

    def pinned(path: Path, name: str) -> list[str]:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [line.strip(" \\") for line in lines if line.startswith(f"{name}==")]

    for name in benchmark.COMPARED:
        ours = pinned(REPOSITORY / "requirements" / "build.lock", name)
        assert ours
        assert pinned(benchmark.PEERS, name) == ours


PROBE = """
import subprocess
import psutil
from benchmarks import notebooks as benchmark

benchmark.adopt_orphans()
subprocess.run(["sh", "-c", "sleep 0.2 &"], check=True)
print(len(list(benchmark._orphans(["sh"]))), "counted")
benchmark.ORPHANS_MAY_TAKE = 0
subprocess.run(["sh", "-c", "sleep 600 &"], check=True)
try:
    list(benchmark._orphans(["sh"]))
except benchmark.Failed as error:
    print(error)
print(len(psutil.Process().children(recursive=True)), "left")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to another parent")
def test_processes_that_outlive_their_command_are_counted_or_ended() -> None:
    """A kernel that ends a little later costs as well; one that stays would cost the next tool."""
    # In a process of its own, which has no other children to take for orphans.
    command = [sys.executable, "-c", PROBE]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["1 counted", "sh left processes running: sleep", "0 left"]


def test_every_formula_is_looked_for() -> None:
    """The time of a page that lacks one means nothing."""
    text = formulas.post_text(6)
    assert formulas.seconds(text, 6) > 0
    with pytest.raises(SystemExit, match="6 of 7 formulas"):
        formulas.seconds(text, 7)
