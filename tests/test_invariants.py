"""The invariants of `generator/README.md`, each held by a test."""

from __future__ import annotations

import ast
import copy
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import generator
from generator import pipeline
from generator.cli import main
from generator.config import read_config
from generator.errors import BuildFailed, InkcellError, MathError
from generator.execute import execute
from generator.execute.interpreters import Environment
from generator.execute.trace import Trace
from generator.model import Bundle, Post, Provenance, Results

from .conftest import REPOSITORY, WriteBlog

PACKAGE = Path(generator.__file__).parent
STAGES = ("discover", "parse", "execute", "render", "assemble", "write", "check")
PURE = (
    "model",
    "addresses",
    "sizes",
    "html_syntax",
    "noting",
    "outlines",
    "published",
    "colours",
    "csp",
    "parse",
    "render",
    "assemble",
    "check",
    "importing",
)
IMPURE = (
    "check/external.py",
    "check/reading.py",
    "importing/reading.py",
    "importing/writing.py",
)
"""What asks the world for the checks and the import: servers, and the disk."""

CELL = '```{code-cell}\nprint("ran")\n```\n'


def modules(*parts: str) -> Iterator[tuple[str, ast.Module]]:
    """Name relative to the package and syntax tree of every module in these parts of it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not parts or name.removesuffix(".py").split("/")[0] in parts:
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def imports(name: str, tree: ast.Module) -> Iterator[str]:
    """Absolute names of all that a module imports, also inside functions."""
    package = ["generator", *name.split("/")[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def calls(tree: ast.Module) -> Iterator[str]:
    """What a module calls, as written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


class FakeKernel:
    """Stands in for a kernel: remembers what it ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, post: Post, device: str) -> tuple[Results, Trace]:
        self.ran.append(post.source.path)
        cells = [cell for cell in post.notebook.code if cell.runs and cell.source.strip()]
        outputs = tuple((Bundle({"text/plain": f"ran {cell.source}"}),) for cell in cells)
        made = Provenance(
            "2026-10-03T23:30:00+00:00", 83.4, "python3", "Fake 1", {"b": "1", "a": "2"}
        )
        return Results(outputs, made), Trace("Fake 1")

    def environment(self, kernel: str) -> Environment:
        return Environment("Fake 1", lambda name: "", lambda name: False)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> FakeKernel:
    """Builds in this test run their code in a stand-in."""
    fake = FakeKernel()
    replaced = partial(execute, run=fake.run, environment=fake.environment)
    monkeypatch.setattr(pipeline, "execute", replaced)
    return fake


def test_1_a_stage_never_imports_another_stage() -> None:
    """What goes from one to the next is handed over by the modules of the flow."""
    for name, tree in modules(*STAGES):
        own = name.removesuffix(".py").split("/")[0]
        for imported in imports(name, tree):
            parts = imported.split(".")
            if parts[0] == "generator" and len(parts) > 1 and parts[1] in STAGES:
                assert parts[1] == own, f"{name} imports {imported}"


FLOW = {
    "pipeline": {"discover", "execute", "render", "assemble", "write"},
    "reading": {"discover", "parse"},
    "linking": {"render"},
    "making": {"execute", "render"},
    "mistakes": {"render"},
    "on_demand": {"discover", "render"},
    "rendering": {"render"},
    "assembling": {"execute", "render", "assemble"},
    "telling": {"assemble"},
    "live": {"execute"},
    "freezing": {"execute"},
    "comparing": {"execute"},
    "checking": {"check"},
    "importing": {"parse"},
    "cli": {"execute", "write", "check"},
}
"""The modules of the flow, and the stages that each of them knows."""


def test_1_only_the_flow_knows_stages() -> None:
    """Each module of the flow imports the stages that are named for it; no other imports one."""
    found: dict[str, set[str]] = {}
    for name, tree in modules():
        own = name.removesuffix(".py").split("/")[0]
        for imported in imports(name, tree):
            parts = imported.split(".")
            if parts[0] == "generator" and len(parts) > 1 and parts[1] in STAGES:
                found.setdefault(own, set()).add(parts[1])
    assert {own: known for own, known in found.items() if own not in STAGES} == FLOW


IMPURE_MODULES = (
    "asyncio locale os random secrets shutil socket subprocess sys tempfile threading time uuid"
).split()
IMPURE_CALLS = ("open", "input", "datetime.now", "datetime.today", "date.today", "datetime.utcnow")
IMPURE_METHODS = ("read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob")


def test_2_pure_stages_name_nothing_that_does_io() -> None:
    """No clock, disk, environment, locale or randomness in what a pure stage is written with."""
    for name, tree in modules(*PURE):
        if name in IMPURE:
            continue
        for imported in imports(name, tree):
            assert imported.split(".")[0] not in IMPURE_MODULES, f"{name} imports {imported}"
        for called in calls(tree):
            assert called not in IMPURE_CALLS, f"{name} calls {called}"
            assert called.rpartition(".")[2] not in IMPURE_METHODS, f"{name} calls {called}"


PROBE = """
import json, sys
from pathlib import Path
from generator import pipeline
from generator.addresses import collect_links
from generator.assemble import assemble
from generator.cli import main
from generator.config import EXECUTION_KEYS, read_config
from generator.discover import discover, find_font, read_katex, read_theme
from generator.model import ExecutedPost, Provenance, Results
from generator.parse import parse
from generator.render import render
from generator.render.code import stylesheet
from generator.render.katex import start_katex
from generator.render.share_pictures import start_drawing

root = Path(sys.argv[1])
config = read_config(root)
theme, katex = read_theme(root), read_katex(root)
sources = discover(root, root / "posts", config, [])
typeset = start_katex(katex.script)
draw = start_drawing(find_font())

def once():
    posts = [parse(source, config) for source in sources]
    links = collect_links(posts, config)
    made = Provenance("2026-10-03T23:30:00+00:00", 83.4, "python3", peak_memory=10**8)
    outputs = [ExecutedPost(p, Results(tuple(() for _ in p.notebook.code), made)) for p in posts]
    strings = theme.strings["ko"]
    rendered = [render(item, links, typeset, strings, draw) for item in outputs]
    return assemble(rendered, config, theme, stylesheet(), katex.static)

once()  # Whatever is imported late is imported now.
seen = []
sys.addaudithook(lambda event, args: seen.append(event + repr(args)))
once()
watched = ("open", "socket.", "subprocess.", "os.", "shutil.", "tempfile.", "import")
print(json.dumps([event for event in list(seen) if event.startswith(watched)]))
"""


def test_2_pure_stages_do_no_io(write_blog: WriteBlog) -> None:
    """Watched by an audit hook, parse, render and assemble open, start and ask nothing."""
    root = write_blog(
        {
            "posts/a/index.ko.md": f"$x^2$ [다른 글](../b/index.ko.md) ![그림](a.svg)\n\n{CELL}",
            "posts/a/a.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
            "posts/b/index.ko.md": "둘째 글\n",
        }
    )
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(root)],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    assert json.loads(done.stdout) == []


DIGEST = """
import hashlib, sys
from functools import partial
from pathlib import Path
from generator import pipeline
from generator.cli import main
from generator.config import EXECUTION_KEYS, read_config
from tests.test_invariants import FakeKernel

fake = FakeKernel()
pipeline.execute = partial(pipeline.execute, run=fake.run, environment=fake.environment)
original = Path.iterdir
Path.iterdir = lambda self: iter(sorted(original(self), reverse=sys.argv[2] == "backwards"))
site = pipeline.build(read_config(Path(sys.argv[1])))
for path, file in site.files.items():
    print(path, hashlib.sha256(file.content).hexdigest())
"""


def test_3_same_inputs_same_bytes(write_blog: WriteBlog) -> None:
    """Hash seed, time zone, locale and the order of the disk leave no trace in the site."""
    root = write_blog(
        {
            "posts/a/index.ko.md": f"가 $x$\n\n{CELL}",
            "posts/a/index.en.md": f"a $x$\n\n{CELL}",
            "posts/b/index.ko.md": "나\n",
            "posts/c/index.en.md": "c\n",
        }
    )
    worlds = [
        ("forwards", {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C.UTF-8"}),
        ("backwards", {"PYTHONHASHSEED": "2", "TZ": "Asia/Seoul", "LANG": "ko_KR.UTF-8"}),
    ]
    digests = [
        subprocess.run(
            [sys.executable, "-c", DIGEST, str(root), order],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
            cwd=REPOSITORY,
        ).stdout
        for order, environment in worlds
    ]
    assert digests[0]
    assert digests[0] == digests[1]


def test_4_editing_prose_runs_nothing(write_blog: WriteBlog, kernel: FakeKernel) -> None:
    """Prose, captions, display tags and titles may change; only code runs code."""
    files: dict[str, str | bytes] = {"posts/a/index.ko.md": f"처음\n\n{CELL}"}
    pipeline.build(read_config(write_blog(files)))
    assert kernel.ran == ["posts/a/index.ko.md"]
    changed = CELL.replace("print", ":tags: [hide-input]\n#| fig-cap: 설명\nprint")
    pipeline.build(read_config(write_blog({"posts/a/index.ko.md": f"고침\n\n{changed}"})))
    assert kernel.ran == ["posts/a/index.ko.md"]
    pipeline.build(read_config(write_blog({"posts/a/index.ko.md": CELL.replace("ran", "new")})))
    assert kernel.ran == ["posts/a/index.ko.md"] * 2


def test_5_saved_outputs_are_never_published(write_blog: WriteBlog) -> None:
    """What an `.ipynb` says its code printed is not on the page unless the code printed it."""
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {
                "cell_type": "raw",
                "id": "a",
                "metadata": {},
                "source": "title: x\ndate: 2022-07-08\ncategory: math\nexecute: {enabled: false}",
            },
            {
                "cell_type": "code",
                "id": "b",
                "metadata": {},
                "execution_count": 1,
                "source": "1 + 1",
                "outputs": [
                    {
                        "output_type": "execute_result",
                        "execution_count": 1,
                        "metadata": {},
                        "data": {"text/plain": "SAVED-BY-SOMEBODY"},
                    }
                ],
            },
        ],
    }
    root = write_blog({"posts/a/index.ko.ipynb": json.dumps(notebook)})
    site = pipeline.build(read_config(root))
    assert not any(b"SAVED-BY-SOMEBODY" in file.content for file in site.files.values())
    assert any(
        b"1 + 1" in file.content or b">1</span>" in file.content for file in site.files.values()
    )


WRAPPED = {
    "bibtexparser": {"parse/bibliography.py"},
    "feedgen": {"assemble/feed.py"},
    "ipykernel": {"execute/cells.py", "execute/node_kernel.py", "execute/warm.py"},
    "jinja2": {"assemble/pages/templates.py"},
    "jupytext": {"parse/notebook.py"},
    "distributed": {"execute/remote.py"},
    "filelock": {"execute/cache.py", "execute/scratch.py", "live.py"},
    "jupyter_client": {
        "execute/cells.py",
        "execute/client.py",
        "execute/kernel.py",
        "execute/kernelspecs.py",
        "execute/provisioner.py",
        "execute/surrogates.py",
    },
    "nbclient": {"execute/client.py", "execute/post_run.py"},
    "nbformat": {
        "parse/notebook.py",
        "execute/outputs.py",
        "execute/post_run.py",
        "execute/session.py",
    },
    "nh3": {"render/sanitize.py"},
    "PIL": {"render/pictures.py", "render/share_pictures.py"},
    "vl_convert": {"libraries.py", "render/vega.py"},
    "py_mini_racer": {"render/katex.py"},
    "pygments": {"render/code.py"},
    "rich": {"cli/listing.py", "cli/progress_display.py"},
    "Stemmer": {"render/search_terms.py"},
    "watchfiles": {"serve.py"},
    "traitlets": {"execute/cells.py", "execute/provisioner.py"},
    "yaml": {"yaml_text.py"},
    "zmq": {"execute/client.py", "execute/node_kernel.py"},
}


def test_7_types_of_libraries_stay_in_the_module_that_wraps_them() -> None:
    """Each wrapped library is imported exactly where it is wrapped."""
    found: dict[str, set[str]] = {library: set() for library in WRAPPED}
    for name, tree in modules():
        for imported in imports(name, tree):
            library = imported.split(".")[0]
            if library in found:
                found[library].add(name)
    assert found == WRAPPED


PROGRAMS = ("execute/cells.py", "execute/guard.py", "execute/warm.py")
"""They run as processes of their own, and end them."""


def test_8_only_cli_prints_and_exits() -> None:
    """No other module writes to the terminal or ends the process, or knows who does."""
    for name, tree in modules():
        if name.startswith("cli/") or name in ("__main__.py", *PROGRAMS):
            continue
        # Guard and warm parent are programs of their own, and end the processes that they fork.
        exits = () if name in ("execute/guard.py", "execute/warm.py") else ("os._exit",)
        for called in calls(tree):
            assert called not in ("print", "exit", "quit", "sys.exit", *exits), name
            assert not called.startswith(("sys.stdout", "sys.stderr")), name
        for imported in imports(name, tree):
            assert not imported.startswith(("click", "generator.cli")), f"{name} imports {imported}"


ALONE = (
    "cells",
    "figures",
    "guard",
    "in_turn",
    "recording",
    "stash",
    "surrogates",
    "warm",
    "watch",
)
"""Of `execute`: they run in a kernel's interpreter, which may not have Inkcell."""
OF_KERNELS = {"IPython", "ipykernel", "jupyter_client", "traitlets", "matplotlib"}
"""What every interpreter with an ipykernel has; and Matplotlib, once the code has imported it."""


def test_what_runs_in_a_kernels_interpreter_stands_alone() -> None:
    """It takes nothing from the package at run time; what it asks for types only does not count."""
    for part in ALONE:
        name = f"execute/{part}.py"
        tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
        for node in list(ast.walk(tree)):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body.clear()
        tops = {imported.partition(".")[0] for imported in imports(name, tree)}
        assert tops - sys.stdlib_module_names <= OF_KERNELS, name


def test_9_no_module_holds_state(write_blog: WriteBlog, kernel: FakeKernel) -> None:
    """Every value of every module is the same after a build as before; no `global` anywhere."""
    for name, tree in modules():
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Global)]
        assert not found, f"{name} has a global statement"
    names = [info.name for info in pkgutil.walk_packages([str(PACKAGE)], "generator.")]
    loaded = [importlib.import_module(name) for name in names if not name.endswith("__main__")]

    def state() -> dict[tuple[str, str], object]:
        return {
            (module.__name__, name): copy.copy(value)
            for module in loaded
            for name, value in vars(module).items()
            if isinstance(value, list | dict | set) and not name.startswith("__")
        }

    before = state()
    pipeline.build(read_config(write_blog({"posts/a/index.ko.md": f"$x$\n\n{CELL}"})))
    assert state() == before


def test_10_one_broken_post_never_hides_another(write_blog: WriteBlog, kernel: FakeKernel) -> None:
    """Mistakes in front matter, code, formula and link of four posts are all reported at once.

    Nor does one in the front matter or in the code hide those in the prose of the same post. A
    post with a mistake in its front matter does not run.
    """

    ran = []

    def failing(post: Post, device: str) -> tuple[Results, Trace]:
        ran.append(post.source.path)
        raise InkcellError("ZeroDivisionError").at(cell=1, line=8)

    kernel.run = failing  # type: ignore[method-assign]
    pipeline.execute.keywords["run"] = failing  # type: ignore[attr-defined]
    root = write_blog(
        {
            "posts/a/index.ko.md": f"---\ntitel: x\ndate: 2022-07-08\n---\n$\\nonsense$\n\n{CELL}",
            "posts/b/index.ko.md": f"{CELL}\n$\\nonsense$\n",
            "posts/c/index.ko.md": "$\\nonsense$\n",
            "posts/d/index.ko.md": "[x](nowhere.md)\n",
            "posts/e/index.ko.md": "A good one.\n",
        }
    )
    with pytest.raises(BuildFailed) as failed:
        pipeline.build(read_config(root))
    assert sorted({error.file for error in failed.value.errors if error.file}) == [
        f"posts/{name}/index.ko.md" for name in "abcd"
    ]
    formulas = [error.file for error in failed.value.errors if isinstance(error, MathError)]
    assert formulas == [f"posts/{name}/index.ko.md" for name in "abc"]
    assert ran == ["posts/b/index.ko.md"]


def test_the_map_names_every_module() -> None:
    """`generator/README.md` is kept true: it lists every module where it lies, and no other."""
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    map_of_it = text.partition("\ngenerator/\n")[2].partition("\n```\n")[0]
    drawn = [path for path in paths_in(map_of_it) if path.endswith(".py")]
    there = {name for name, _ in modules() if not name.endswith(("__init__.py", "__main__.py"))}
    assert sorted(drawn) == sorted(there)


def paths_in(drawn: str) -> Iterator[str]:
    """The paths in a drawing of folders and files, in which what lies deeper is indented more."""
    above: list[tuple[int, str]] = []
    for line in drawn.splitlines():
        name, depth = line.split()[0], len(line) - len(line.lstrip())
        above = [(indent, folder) for indent, folder in above if indent < depth]
        if name.endswith("/"):
            above.append((depth, name))
        yield "".join([*(folder for _, folder in above), "" if name.endswith("/") else name])


def test_11_what_knows_that_nothing_has_changed_imports_nothing() -> None:
    """`last_build` needs no library and little of ours, or it would cost what it saves."""
    own = ("last_build", "inputs", "stamps", "atomic_files", "text_font")
    found = {imported for name, tree in modules(*own) for imported in imports(name, tree)}
    ours = {name for name in found if name.startswith("generator.")}
    assert {name.split(".")[1] for name in ours} < {*own}
    tops = {name.partition(".")[0] for name in found - ours}
    assert tops <= sys.stdlib_module_names
    assert not tops & {"asyncio", "dataclasses", "importlib.metadata", "inspect", "pathlib"}


def test_12_modules_import_each_other_in_no_circle() -> None:
    """Each module stands on others alone that do not stand on it, also by way of a third one."""

    def dotted(name: str) -> str:
        return f"generator.{name.removesuffix('.py').replace('/', '.')}".removesuffix(".__init__")

    names = {dotted(name) for name, _ in modules()}
    graph = {}
    for name, tree in modules():
        own = dotted(name)
        # `from . import cells` names the package, too, in which the module stands itself.
        found = names.intersection(imports(name, tree))
        graph[own] = {other for other in found if not f"{own}.".startswith(f"{other}.")}
    assert set(TopologicalSorter(graph).static_order()) == names


def test_the_readme_names_every_command() -> None:
    """`README.md` is kept true: no command and no option of `build` is missing."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for command in main.commands.values():
        assert f"`inkcell {command.name}" in text
    for option in main.commands["build"].params:
        assert f"`{option.opts[0]}" in text, f"README.md does not name {option.opts[0]}"
