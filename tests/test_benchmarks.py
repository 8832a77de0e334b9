"""The benchmarks: what they measure with, and that they believe no build unseen."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from benchmarks import formulas, sample_posts, sites
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
subprocess.run(["sh", "-c", "sleep 600 & sleep 0.2"], check=True)
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


def test_the_posts_are_the_same_every_time_and_with_every_count() -> None:
    """Results of two days can be compared, and ten thousand posts begin with the same thousand."""
    made = sample_posts.posts(60)
    assert made == sample_posts.posts(60)
    assert made[:20] == sample_posts.posts(20)
    assert len({post.slug for post in made}) == len({post.title for post in made}) == 60


def test_a_thousand_posts_are_what_the_benchmark_says() -> None:
    """Posts, languages, formulas and how many of those are distinct, prose, tags, categories."""
    made = sample_posts.posts(1000)
    assert [post.language for post in made] == ["ko", "en"] * 500
    found = [formula for post in made for formula in sample_posts.formulas(post)]
    displayed = [tex for tex, display in found if display]
    assert (len(found), len(displayed)) == (55_000, 15_000)
    assert 31_000 < len(set(found)) < 33_000
    for kind in ("aligned", "cases", "matrix}", r"\sum", r"\int"):
        assert sum(kind in tex for tex in displayed) > 500
    assert {tag for post in made for tag in post.tags} == set(sample_posts.TAGS)
    assert {post.category for post in made} == set(sample_posts.CATEGORIES)
    assert len({post.day.year for post in made}) == 10
    for post in made:
        assert len(sample_posts.formulas(post)) == 55
        prose = [block.text for block in post.blocks if isinstance(block, sample_posts.Prose)]
        text = sample_posts.FORMULA.sub("", "".join(prose))
        assert 5_000 < len(text.encode()) < 7_500
        code = [block for block in post.blocks if isinstance(block, sample_posts.Listing)]
        assert len({listing.language for listing in code}) == len(code) == 2
        assert sum(isinstance(block, sample_posts.Heading) for block in post.blocks) == 7


def test_nothing_in_the_posts_means_something_else_to_a_tool() -> None:
    """No tags of Liquid or Nunjucks; outside of code no bars, nor dollar signs but of formulas."""
    for post in sample_posts.posts(200):
        assert not re.search(r"\{[{%]", sample_posts.markdown(post))
        for block in post.blocks:
            if isinstance(block, sample_posts.Prose):
                assert "$" not in sample_posts.FORMULA.sub("", block.text)
                assert "|" not in block.text
            elif isinstance(block, sample_posts.Displayed):
                assert not re.search(r"[|$@]", block.tex)


def test_a_formula_before_a_particle_may_be_joined_to_it() -> None:
    """Only a letter that follows at once is; delimiters are those that the tool reads."""
    post = sample_posts.posts(1)[0]
    post = replace(post, blocks=(sample_posts.Prose("값 $x$는 $y$ 와 $z$, $w$"),))
    text = sample_posts.markdown(post, inline="$$", joiner="+")
    assert text.startswith("값 $$x$$+는 $$y$$ 와 $$z$$, $$w$$\n")


TOOLS = {
    f"{name} ({math})": program.make(Path("found"), Path("blog"), math)
    for name, program in {"inkcell": sites.INKCELL, **sites.PEERS}.items()
    for math in program.maths
}


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_is_given_the_same_posts(name: str) -> None:
    """Sentence, formulas and code stand in what each reads; no placeholder is left in its files."""
    tool = TOOLS[name]
    assert tool.files
    assert not any("@MATH@" in text for text in tool.files.values())
    paths = set()
    for post in sample_posts.posts(20):
        path, text = tool.source(post)
        paths.add(path)
        assert text.count(sample_posts.sentence(post)) == 1
        assert str(post.day) in text
        for part in (post.title, post.category, *post.tags, *block_texts(post)):
            assert part in text
    assert len(paths) == 20


def block_texts(post: sample_posts.SamplePost) -> list[str]:
    """Formulas and code of a post."""
    code = [block.code for block in post.blocks if isinstance(block, sample_posts.Listing)]
    return [*(tex for tex, _ in sample_posts.formulas(post)), *code]


def test_every_peer_can_be_asked_for() -> None:
    """Each has a way to be found; each is a name of the command line."""
    assert set(sites.FOUND_BY) == set(sites.PEERS)
    assert sites.arguments_of(["--write", "folder"]).peers == tuple(sites.PEERS)
    assert sites.arguments_of(["--write", "folder", "--peers"]).peers == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[sites.Tool, int]:
    """A blog of twenty posts as Inkcell builds it, and the bytes of its pages."""
    command = Path(sys.executable).parent / "inkcell"
    tool = sites.inkcell(command, tmp_path_factory.mktemp("blog"), "HTML and MathML")
    blog = sample_posts.posts(20)
    sites.prepare(tool, blog)
    subprocess.run(tool.command, cwd=tool.folder, check=True, capture_output=True)
    return tool, sites.check(tool, "a test", blog)


def test_inkcell_builds_the_posts(built: tuple[sites.Tool, int]) -> None:
    """Without an error; every page has its sentence, formulas and code, every tag its posts."""
    tool, output = built
    pages = [path.read_bytes() for path in (tool.folder / "site").rglob("*.html")]
    assert output > sum(map(len, pages))


SPOILED = {
    "old prose": (sample_posts.sentence(sample_posts.posts(1)[0]), "old", "does not say"),
    "a formula less": ("<math", "<m", "has 54 formulas with <math, not 55"),
    "boxes less": ('class="katex-html"', "", 'has 54 formulas with class="katex-html", not 55'),
    "refused": ("<main", '<i class="katex-error"></i><main', "has a formula that KaTeX refused"),
    "code in black": (
        '<pre class="code"',
        '<pre></pre><p class="code"',
        "has 2 blocks of code, 1 of them in colour, not 2",
    ),
    "code lost": ("<pre", "<p", "has 1 blocks of code"),
}
"""What is wrong with a page -> old text, new text, what is said of it."""


@pytest.mark.parametrize("name", SPOILED)
def test_a_page_that_lacks_something_is_not_believed(
    name: str, built: tuple[sites.Tool, int]
) -> None:
    """The benchmark ends, and says what is wrong with which post."""
    tool, _ = built
    old, new, message = SPOILED[name]
    post = sample_posts.posts(1)[0]
    page = tool.folder / tool.output / tool.page(post)
    before = page.read_text(encoding="utf-8")
    page.write_text(before.replace(old, new, 1), encoding="utf-8")
    try:
        with pytest.raises(benchmark.Failed, match=f"{post.slug}.*{re.escape(message)}"):
            sites.check(tool, "a test", [post])
    finally:
        page.write_text(before, encoding="utf-8")


def test_formulas_that_are_left_to_the_browser_are_looked_for() -> None:
    """Each must stand in the page, escaped or not."""
    post = sample_posts.posts(1)[0]
    spans = '<pre><span class="k"></span></pre>' * 2
    formulas = [tex.replace("&", "&amp;") for tex, _ in sample_posts.formulas(post)]
    page = sample_posts.sentence(post) + spans + "".join(formulas)
    assert list(sites._problems(page, post, "browser")) == []
    spoiled = page.replace(formulas[0], "")
    assert any(formulas[0] in problem for problem in sites._problems(spoiled, post, "browser"))


def row(posts: int, tool: str, math: sites.Math, wall: float) -> sites.Row:
    return sites.Row(posts, sites.COLD, tool, math, benchmark.Cost(wall, 2 * wall, 3e8), 4_560_000)


def test_ratios_are_of_each_inkcell_to_each_tool() -> None:
    """Below 1, Inkcell is faster."""
    rows = [
        row(9, "Inkcell", "HTML and MathML", 2),
        row(9, "Inkcell", "MathML", 1),
        row(9, "Hugo", "browser", 8),
    ]
    lines = sites.table(rows, markdown=True).split("\n")
    assert lines[0].endswith("| Inkcell (HTML and MathML) / it | Inkcell (MathML) / it |")
    assert lines[2:] == [
        "| nothing kept | Inkcell | HTML and MathML | 2.00 | 4.00 | 300 | 4.6 | 1.00 | 0.50 |",
        "|  | Inkcell | MathML | 1.00 | 2.00 | 300 | 4.6 | 2.00 | 1.00 |",
        "|  | Hugo | browser | 8.00 | 16.00 | 300 | 4.6 | 0.25 | 0.12 |",
    ]
    text = sites.table(rows, markdown=False).split("\n")
    assert text[3].split() == "Hugo browser 8.00 16.00 300 4.6 0.25 0.12".split()


def test_growth_is_measured_against_the_fewest_posts() -> None:
    """With ten times the posts, ten times the seconds are linear."""
    rows = [
        row(1000, "Inkcell", "HTML and MathML", 20),
        row(1000, "Hugo", "browser", 1),
        row(10_000, "Inkcell", "HTML and MathML", 220),
    ]
    assert sites.growth(rows, markdown=True).split("\n")[2:] == [
        "| nothing kept | HTML and MathML | 1,000 | 20.00 | 20.00 | 300 | 1.00 | 1.00 |",
        "|  |  | 10,000 | 220.00 | 22.00 | 300 | 10.00 | 11.00 |",
    ]


ALONE = "INKCELL_TEST_ALONE"


def in_a_process_of_its_own(request: pytest.FixtureRequest) -> bool:
    """Run a test in a process of its own, unless this is it; whether it has been run there.

    What a benchmark measures and ends are all children of its process: in this one they may be
    the browser of other tests.
    """
    if ALONE in os.environ:
        return False
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", request.node.nodeid]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, ALONE: "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells proportional sizes")
def test_memory_of_several_processes_is_added_up(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at a time take more than none; one alone is left to what the system says of it."""
    if in_a_process_of_its_own(request):
        return
    monkeypatch.setattr(sites, "LOOK_EVERY", 0.01)
    with sites.together() as most:
        subprocess.run(["sleep", "0.3"], check=True)
    assert most() == 0
    with sites.together() as most:
        subprocess.run(["sh", "-c", "sleep 0.5 & sleep 0.5; wait"], check=True)
    assert most() > 0


def commanded(folder: Path, *command: str) -> sites.Tool:
    """A tool that runs a command."""
    tool = sites.inkcell(Path("inkcell"), folder, "HTML and MathML")
    return replace(tool, command=command)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process begins with nothing")
def test_memory_of_the_benchmark_is_not_taken_for_that_of_a_tool(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A command that needs next to nothing is measured with that, however many pages were read."""
    if in_a_process_of_its_own(request):
        return
    pages = b"a" * 200_000_000
    assert sites.measured(commanded(tmp_path, "true")).memory < len(pages) / 4
    large = (sys.executable, "-c", "pages = b'a' * 100_000_000")
    assert 100e6 < sites.measured(commanded(tmp_path, *large)).memory < len(pages)


def test_a_tool_that_fails_ends_the_benchmark(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """With its status and what it said; a signal is a failure as well."""
    if in_a_process_of_its_own(request):
        return
    with pytest.raises(benchmark.Failed, match="status 3:\na reason"):
        sites.measured(commanded(tmp_path, "sh", "-c", "echo a reason; exit 3"))
    with pytest.raises(benchmark.Failed, match="ended with status"):
        sites.measured(commanded(tmp_path, "sh", "-c", "kill -9 $$"))


def test_a_peer_that_cannot_be_had_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a word; the others take part."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sites.available(["jekyll", "eleventy"], tmp_path / "cache") == {}
    said = capsys.readouterr().err
    assert "jekyll is left out: there is no command `jekyll`" in said
    assert "eleventy is left out: there is no command `npm`" in said
    (tmp_path / "jekyll").write_text("#!/bin/sh", encoding="utf-8")
    (tmp_path / "jekyll").chmod(0o755)
    assert sites.available(["jekyll"], tmp_path / "cache") == {"jekyll": tmp_path / "jekyll"}


def test_a_cold_build_finds_nothing_of_the_last(tmp_path: Path) -> None:
    """Site, caches and marks are removed, and nothing that was written for the tool."""
    for name, program in sites.PEERS.items():
        tool = program.make(tmp_path / "found", tmp_path / name, program.maths[0])
        sites.prepare(tool, sample_posts.posts(1))
        before = sorted(tool.folder.rglob("*"))
        for left in (tool.output, *tool.kept):
            (tool.folder / left).mkdir()
            (tool.folder / left / "file").touch()
        sites.forget(tool)
        assert sorted(tool.folder.rglob("*")) == before
        (tool.folder / tool.output).touch()
        sites.forget(tool)
        assert sorted(tool.folder.rglob("*")) == before


def test_the_fastest_turn_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several; the one changed post is written before a tool is asked, and after the others."""
    seconds = iter((5.0, 4.0, 3.0, 9.0, 7.0))
    words = []

    def measured(tool: sites.Tool) -> benchmark.Cost:
        words.append((tool.folder / tool.source(post)[0]).read_text(encoding="utf-8").split()[-2])
        return benchmark.Cost(next(seconds), 1, 1)

    monkeypatch.setattr(sites, "measured", measured)
    monkeypatch.setattr(sites, "check", lambda *_: 1)
    post = sample_posts.posts(2)[1]
    tool = sites.inkcell(Path("inkcell"), tmp_path, "HTML and MathML")
    cases = {sites.COLD: 1, sites.UNCHANGED: 1, sites.CHANGED: 3}
    rows = sites.compare([tool], sample_posts.posts(2), cases)
    assert [(row.case, row.cost.wall) for row in rows] == [
        (sites.COLD, 5.0),
        (sites.UNCHANGED, 4.0),
        (sites.CHANGED, 3.0),
    ]
    assert words == [post.word, post.word, post.word, "changed1", "changed1"]
