"""The JavaScript kernel, driven through nbclient as posts are."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from generator.execute import node_kernel
from generator.execute.client import QuickManager
from generator.execute.failures import CELL_LINE
from generator.execute.node_kernel import NodeError, find_node

from ..conftest import REPOSITORY

REPORT = 'globalThis[Symbol.for("inkcell.report")]()'
TRACE_TYPE = "application/vnd.inkcell.trace+json"

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")

Cell = str | Callable[[Any], None]
"""The source of a cell, or what to do half a second after the kernel has begun the next one."""


class Watched(NotebookClient):
    """Does things while cells run, each by the index of its cell."""

    def __init__(
        self, notebook: Any, meanwhile: dict[int, Callable[[Any], None]], **settings: Any
    ) -> None:
        super().__init__(notebook, **settings)
        self.meanwhile = meanwhile

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take in a message; the kernel sends one when it begins a cell."""
        if msg["msg_type"] == "execute_input" and cell_index in self.meanwhile:
            asyncio.get_running_loop().call_later(0.5, self.meanwhile[cell_index], self)
        return super().process_message(msg, cell, cell_index)


def run(folder: Path, cells: Sequence[Cell], **environment: str) -> list[list[Any]]:
    """The outputs of each cell, run in one kernel; after the last one, the kernel is killed."""
    meanwhile: dict[int, Callable[[Any], None]] = {}
    sources: list[str] = []
    for cell in cells:
        if isinstance(cell, str):
            sources.append(cell)
        else:
            meanwhile[len(sources)] = cell
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    client = Watched(
        notebook,
        meanwhile,
        timeout=60,
        startup_timeout=60,
        iopub_timeout=60,
        raise_on_iopub_timeout=True,
        allow_errors=True,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
    )

    async def run_all(sockets: str) -> None:
        settings = {**os.environ, "INKCELL_ROOT": str(folder), **environment}
        # Not at TCP ports: between the choice of one and its use, another program can take it.
        client.km = QuickManager(Path(sockets), kernel_name="inkcell-node")
        await client.async_start_new_kernel(env=settings)
        await client.km.wait_for_sockets(60)
        async with client.async_setup_kernel(cleanup_kc=True):
            for index, cell in enumerate(notebook.cells):
                own = cell.source != REPORT
                await client.async_execute_cell(cell, index, store_history=own)

    with tempfile.TemporaryDirectory() as sockets:
        asyncio.run(run_all(sockets))
    return [cell.outputs for cell in notebook.cells]


def plain(outputs: list[Any]) -> list[tuple[str, str]]:
    """Outputs in short: (stream or type, text)."""
    short = []
    for output in outputs:
        if output.output_type == "stream":
            short.append((output.name, output.text))
        elif output.output_type == "error":
            short.append((output.ename, output.evalue))
        else:
            short.append((output.output_type, output.data.get("text/plain", "")))
    return short


def value(text: str) -> list[tuple[str, str]]:
    """What a cell shows whose value prints as `text`."""
    return [("execute_result", text)]


def failed(outputs: list[Any]) -> tuple[str, int | None, str]:
    """Name of the error of a cell, line of the cell that its traceback names, the traceback."""
    error = outputs[-1]
    assert error.output_type == "error", error
    text = "\n".join(error.traceback)
    lines = [line for _, line in CELL_LINE.findall(text)]
    return error.ename, int(lines[0]) if lines else None, text


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


PACKAGES = {
    "package.json": '{"type": "module", "dependencies": {"pkg": "1.2.3", "@scope/esm": "2.0.0"}}',
    "package-lock.json": "{}",
    "node_modules/pkg/package.json": '{"name": "pkg", "version": "1.2.3", "main": "main.js"}',
    "node_modules/pkg/main.js": "exports.inner = require('inner'); exports.name = 'pkg';",
    "node_modules/pkg/node_modules/inner/package.json": '{"name": "inner", "version": "0.1.0"}',
    "node_modules/pkg/node_modules/inner/index.js": "module.exports = 'inner';",
    "node_modules/@scope/esm/package.json": json.dumps(
        {"name": "@scope/esm", "version": "2.0.0", "type": "module", "exports": "./index.mjs"}
    ),
    "node_modules/@scope/esm/index.mjs": "export default function twice(x) { return 2 * x; }",
    "node_modules/unused/package.json": '{"name": "unused", "version": "9.9.9"}',
    "node_modules/unused/index.js": "",
}


@pytest.mark.kernel
@needs_node
def test_cells_in_one_scope(tmp_path: Path) -> None:
    """Names declared again, top-level await, values, streams in order, rich results, no colours."""
    cells: tuple[tuple[str, list[tuple[str, str]]], ...] = (
        ("const x = 1; let y = 1; class A {}; x", value("1")),
        ("const x = 2\nlet y = 3\nclass A { z = x + y }\nnew A()", value("A { z: 5 }")),
        ("const z = await new Promise((done) => setTimeout(done, 5, 7));\nz + x", value("9")),
        ("for await (const i of [1, 2]) console.log(i);", [("stdout", "1\n2\n")]),
        ("await 5;\nconst w = 1;", []),
        ("for (const i of [1, 2]) i;", []),
        ("undefined", []),
        ("void 5;", []),
        (
            "({\n  deep: [new Map([[1, { a: -0 }]])] })",
            value("{ deep: [ Map(1) { 1 => [Object] } ] }"),
        ),
        ("10n ** 20n", value("100000000000000000000n")),
        ("'\\ud800 한'", value("'\\ud800 한'")),
        (
            "console.log('a'); console.error('b'); console.log('c');\n"
            "process.stdout.write(Buffer.from([0xed, 0x95]));\n"
            "process.stdout.write(Buffer.from([0x9c]));",
            [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\n한"), *value("true")],
        ),
        (
            "import { execSync } from 'node:child_process';\n"
            "console.log('before');\n"
            "execSync('echo child; echo trouble >&2', { stdio: 'inherit' });\n"
            "console.log('after');",
            [("stdout", "before\nchild\n"), ("stderr", "trouble\n"), ("stdout", "after\n")],
        ),
        (
            "void setTimeout(() => console.log('late'), 0); console.log('now')",
            [("stdout", "now\n")],
        ),
        ("await new Promise((done) => setTimeout(done, 20))", [("stdout", "late\n")]),
        ("void process.nextTick(console.log, 'same turn')", [("stdout", "same turn\n")]),
        ("process.emitWarning('careful')", [("stderr", "Warning: careful\n")]),
        ("process.stdout.isTTY", []),
        ("console.log('%o', new Error('x').message, [1])", [("stdout", "'x' [ 1 ]\n")]),
        (
            "const page = { toHtml: () => '<b>x</b>' };\n"
            "display(page); console.log('between'); display({ toSvg() { return '<svg/>'; } });",
            [
                ("display_data", "{ toHtml: [Function: toHtml] }"),
                ("stdout", "between\n"),
                ("display_data", "{ toSvg: [Function: toSvg] }"),
            ],
        ),
        (
            "const image = new Uint8Array([1, 2]);\n"
            "const made = { 'text/plain': 'p', 'application/json': { a: 1 }, 'image/png': image };"
            "({ [Symbol.for('Jupyter.display')]: async () => made })",
            value("p"),
        ),
        (
            "Object.keys(globalThis).filter((name) => /inkcell|display|require/.test(name))",
            value("[]"),
        ),
    )
    found = run(tmp_path, [source for source, _ in cells])
    for (source, expected), outputs in zip(cells, found, strict=True):
        assert plain(outputs) == expected, source
    assert not any("\x1b" in json.dumps(outputs) for outputs in found)
    first, _, last = found[-3]
    assert first.data["text/html"] == "<b>x</b>"
    assert last.data["image/svg+xml"] == "<svg/>"
    (rich,) = found[-2]
    assert rich.data == {"text/plain": "p", "application/json": {"a": 1}, "image/png": "AQI="}


@pytest.mark.kernel
@needs_node
def test_modules_and_what_is_told_of_them(tmp_path: Path) -> None:
    """Built-ins, files and packages beside the post, by require and import; all in the trace."""
    write(
        tmp_path,
        {
            **{f"posts/a/{name}": content for name, content in PACKAGES.items()},
            "posts/a/local.mjs": "import { deep } from './deep.mjs';\nexport { deep };\n"
            "export default 'local';\n",
            "posts/a/deep.mjs": "export const deep = 41;\n",
            "posts/a/old.cjs": "exports.old = require('node:path').sep;\n",
            "posts/a/data.json": '{"a": 1}',
            "posts/a/unused.mjs": "",
            "posts/a/unread.txt": "",
            **{f"posts/a/read{number}.txt": "text" for number in range(7)},
            "outside.txt": "outside",
        },
    )
    here = tmp_path / "posts" / "a"
    cells = [
        "import local, { deep as renamed } from './local.mjs';\n"
        "import * as all from './local.mjs'\n"
        "import twice from '@scope/esm';\n"
        "import pkg, { inner } from 'pkg'; // import nothing from 'nowhere'\n"
        "import data from './data.json' with { type: 'json' };\n"
        "import 'node:os';\n"
        "[local, renamed, all.deep, twice(4), pkg.name, inner, data]",
        "const { old } = require('./old.cjs');\n"
        "`${(await import('node:path')).basename('/a/b')}${old} import x from 'y'`",
        "import fs, { createReadStream, readFileSync } from 'node:fs';\n"
        "import { open, readFile } from 'node:fs/promises';\n"
        "import { once } from 'node:events';\n"
        "readFileSync('read0.txt');\n"
        "await new Promise((done) => fs.readFile('read1.txt', 'utf8', done));\n"
        "await readFile(new URL('read2.txt', import.meta.url));\n"
        "await (await open('read3.txt')).close();\n"
        "await once(createReadStream('read4.txt').resume(), 'close');\n"
        "fs.closeSync(fs.openSync('read5.txt', 'r'));\n"
        "await new Promise((done) => fs.open('read6.txt', (error, fd) => fs.close(fd, done)));\n"
        "readFileSync('../../outside.txt');\n"
        "fs.writeFileSync('written.txt', 'x');\n"
        "fs.existsSync('unread.txt')",
        "const before = Object.getOwnPropertyNames(globalThis).length",
        REPORT,
        "Object.getOwnPropertyNames(globalThis).length - before",
    ]
    imported, required, _, _, report, left = run(here, cells, INKCELL_ROOT=str(here.parent))
    assert plain(imported) == value("[ 'local', 41, 41, 8, 'pkg', 'inner', { a: 1 } ]")
    assert plain(required) == value("\"b/ import x from 'y'\"")
    assert plain(left) == value("0")
    (bundle,) = report
    trace = json.loads(bundle.data[TRACE_TYPE])
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    names = ["data.json", "deep.mjs", "local.mjs", "old.cjs", "package-lock.json", "package.json"]
    names += [f"read{number}.txt" for number in range(7)]
    assert trace == {
        "interpreter": f"Node {version.stdout.strip().removeprefix('v')}",
        "packages": {"@scope/esm": "2.0.0", "pkg": "1.2.3", "pkg/node_modules/inner": "0.1.0"},
        "files": [str(here.resolve() / name) for name in sorted(names)],
        "here": str(here.resolve()),
    }


@pytest.mark.kernel
@needs_node
def test_errors_name_the_line_of_the_cell(tmp_path: Path) -> None:
    """Name, message and line, also below imports, in callbacks, of syntax and of promises."""
    write(
        tmp_path,
        {
            "local.mjs": "export function fail() {\n  throw new RangeError('in a module');\n}\n",
            "bad.mjs": "export const fine = 1;\nlet = = 3;\n",
        },
    )
    cells: tuple[tuple[str, str, int | None], ...] = (
        ("1;\nnull.x", "TypeError", 2),
        ("let fine = 1;\nlet bad = ;", "SyntaxError", 2),
        ("import {\n  fail,\n} from './local.mjs';\n\nfail();", "RangeError", 5),
        ("function mine() {\n  throw new Error('mine');\n}", "", None),
        ("\n\nmine()", "Error", 3),
        ("await null;\nawait Promise.reject(new Error('x'))", "Error", 2),
        ("\nimport x from 'nowhere'", "Error", 2),
        ("1;\nimport { nothing } from './local.mjs'", "SyntaxError", 2),
        ("1;\nimport './bad.mjs'", "SyntaxError", 2),
        ("1;\nrequire('./nowhere')", "Error", 2),
        ("class Mine extends Error {}\nthrow new Mine('m', { cause: 'c' })", "Mine", 2),
        ("throw 42", "Uncaught", None),
        ("const k = 1;", "", None),
        ("1;\nlet k = 2;", "SyntaxError", 2),
        ("1;\nvoid Promise.reject(new Error('nobody handles it'))", "Error", 2),
        ("await new Promise((done) =>\n  setTimeout(() => { null.y; }, 5))", "TypeError", 2),
        ("void setTimeout(() => { throw new Error('later'); }, 0)", "", None),
        ("console.log('not run');", "Error", 1),
        ("process.on('uncaughtException', (e) => console.log('caught', e.message));", "", None),
        ("void setTimeout(() => { throw new Error('handled'); }, 0)", "", None),
        ("await new Promise((done) => setTimeout(done, 20)), 1", "", None),
    )
    found = run(tmp_path, [source for source, _, _ in cells])
    texts = []
    for (source, name, line), outputs in zip(cells, found, strict=True):
        if not name:
            assert not any(output.output_type == "error" for output in outputs), source
            continue
        ename, place, text = failed(outputs)
        assert (ename, place) == (name, line), source
        assert not re.search(r"node_(worker|trace|control|source)|node:internal|Cell\[", text), text
        assert str(tmp_path) not in text
        texts.append(text)
    called = texts[3]
    assert called.startswith("Cell In[5], line 3\n    mine()\n")
    assert called.endswith("at mine (Cell In[4], line 2)\n    at Cell In[5], line 3")
    assert "at fail (./local.mjs:2:9)" in texts[2]
    assert "Cannot find package 'nowhere' imported from the cell" in texts[5]
    assert "./bad.mjs:2\nlet = = 3;" in texts[7]
    assert "A callback failed while Cell In[18] ran" in texts[-1]
    assert plain(found[-1]) == [("stdout", "caught handled\n"), *value("1")]


def interrupt(client: Any) -> None:
    """Interrupt the kernel as Jupyter does."""
    asyncio.ensure_future(client.km.interrupt_kernel())  # noqa: RUF006 - the cell waits for it


@pytest.mark.kernel
@needs_node
def test_interrupts_stop_a_cell_and_leave_the_kernel(tmp_path: Path) -> None:
    """Endless loops, in a cell, in a callback or after an await, and promises never kept."""
    endless = (
        "while (true);",
        "await new Promise((done) => setTimeout(done, 1e8));",
        "await null; for (;;) { try { for (;;); } catch {} }",
        "void setTimeout(() => { for (;;); }, 5);\n"
        "await new Promise((done) => setTimeout(done, 1e8));",
    )
    cells: list[Cell] = ["const kept = 'kept';"]
    for source in endless:
        cells += [interrupt, source, "await kept"]
    first, *found = run(tmp_path, cells)
    assert first == []
    assert [plain(outputs) for outputs in found] == [
        [("KeyboardInterrupt", "the cell was interrupted")],
        value("'kept'"),
    ] * len(endless)


@pytest.mark.kernel
@needs_node
def test_a_process_that_ends_is_an_error_of_the_cell(tmp_path: Path) -> None:
    """`process.exit` and a death by signal: nothing printed before is lost, later cells say why."""
    said, after = run(tmp_path, ["console.log('last words'); process.exit(3)", "1"])
    assert plain(said)[0] == ("stdout", "last words\n")
    assert plain(said)[1] == plain(after)[0]
    assert plain(after)[0][0] == "NodeExited"
    assert "ended with status 3" in plain(after)[0][1]
    (killed,) = run(tmp_path, ["process.kill(process.pid, 'SIGKILL'); while (true);"])
    assert "ended by SIGKILL" in plain(killed)[0][1]
    memory = "--max-old-space-size=40"
    (full,) = run(
        tmp_path, ["const a = []; for (;;) a.push(new Array(1e5).fill(1.5))"], NODE_OPTIONS=memory
    )
    assert full[-1].ename == "NodeExited"
    assert "it ran out of memory" in full[-1].evalue


def _alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


@pytest.mark.kernel
@needs_node
@pytest.mark.parametrize(
    "source", ["await new Promise((done) => setTimeout(done, 1e8))", "for (;;);"]
)
def test_no_node_outlives_its_kernel(tmp_path: Path, source: str) -> None:
    """A kernel that is killed takes its Node with it, idle or busy."""
    workers: list[psutil.Process] = []

    def kill(client: Any) -> None:
        kernel = psutil.Process(client.km.provisioner.process.pid)
        workers.extend(kernel.children(recursive=True))
        kernel.send_signal(signal.SIGKILL)

    with pytest.raises(DeadKernelError):
        run(tmp_path, ["1", kill, source])
    assert workers
    deadline = time.monotonic() + 30
    while any(map(_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_alive, workers))


@pytest.mark.kernel
@needs_node
def test_no_output_is_lost(tmp_path: Path) -> None:
    """Twenty notebooks of ten cells, and cells that print faster than anybody reads."""
    cells = [
        "const wait = (ms) => new Promise((done) => setTimeout(done, ms));",
        "console.log('one'); 'value'",
        "console.error('trouble');",
        "for (let i = 0; i < 50; i++) console.log(i);",
        "await wait(1); console.log('waited'); display({ toHtml: () => '<i>' });",
        "await Promise.all([wait(1), wait(2)]); console.log('all'); 2",
        "import { readdir } from 'node:fs/promises'; (await readdir('.')).length",
        "process.stdout.write('no newline'); 3",
        "null.x",
        "console.log('end'); ({ a: 1 })",
    ]
    first, *others = [run(tmp_path, cells) for _ in range(20)]
    assert [plain(outputs) for outputs in first[:8]] == [
        [],
        [("stdout", "one\n"), *value("'value'")],
        [("stderr", "trouble\n")],
        [("stdout", "".join(f"{i}\n" for i in range(50)))],
        [("stdout", "waited\n"), ("display_data", "{ toHtml: [Function: toHtml] }")],
        [("stdout", "all\n"), *value("2")],
        value("0"),
        [("stdout", "no newline"), *value("3")],
    ]
    assert plain(first[9]) == [("stdout", "end\n"), *value("{ a: 1 }")]
    assert all(other == first for other in others)
    many, long = run(
        tmp_path,
        [
            "for (let i = 0; i < 2000; i++) { console.log(i); console.error(i); }",
            "for (let i = 0; i < 50000; i++) console.log(i);",
        ],
    )
    numbers = [(name, f"{i}\n") for i in range(2000) for name in ("stdout", "stderr")]
    assert plain(many) == numbers
    assert "".join(text for _, text in plain(long)) == "".join(f"{i}\n" for i in range(50000))


@pytest.mark.kernel
def test_a_missing_or_old_node_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel starts, and every cell fails with what to install."""
    old = tmp_path / "old"
    write(old, {"node": "#!/bin/sh\necho v18.19.0\n"})
    (old / "node").chmod(0o755)
    missing, again = run(tmp_path, ["1", "2"], PATH=str(tmp_path / "nowhere"))
    assert plain(missing) == plain(again)
    assert missing[0].ename == "NodeMissing"
    assert "install Node 20.10 or newer" in missing[0].evalue
    monkeypatch.setenv("PATH", f"{old}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(NodeError) as error:
        find_node()
    assert error.value.name == "NodeTooOld"
    assert "is Node 18.19.0" in error.value.message


def test_the_kernel_is_installed_with_the_package() -> None:
    """Jupyter knows the kernel, as it is described beside the module that it starts."""
    spec = KernelSpecManager().get_kernel_spec("inkcell-node")
    text = Path(node_kernel.__file__).with_suffix(".json").read_text(encoding="utf-8")
    assert spec.argv == json.loads(text)["argv"]
    assert (spec.language, spec.interrupt_mode) == ("javascript", "signal")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('import"x"', 'await LOAD("x", undefined, []);'),
        ("import * as n from 'z'; n", "const n = await LOAD('z', undefined, []), {} = n; n"),
        ("class A { import(x) { return 1; } }", None),
        ("a.import(2); ({ import: 1 }); // import x from 'y'", None),
        ("'import x from \"y\"'; /import('x')/; `import('x')`", None),
        ("if (x) /import('q')/.test(y)", None),
        ("a++ / import('x') / 2", "a++ / LOAD('x') / 2"),
        ("[...import('a')]", "[...LOAD('a')]"),
        ("`${`${import('a')}`}` + import.meta.url", "`${`${LOAD('a')}`}` + META.url"),
        (
            "import {\n  a,\n  'b-c' as d,\n} from 'y'\nd",
            "const {a: a, 'b-c': d} = await LOAD('y', undefined, [\"a\",'b-c']);\n\n\n\nd",
        ),
        ("import x fro 'y'", None),
    ],
)
@needs_node
def test_imports_are_found_where_they_are_imports(source: str, expected: str | None) -> None:
    """Not in strings, comments, expressions and names of methods; and no line moves."""
    worker = REPOSITORY / "generator" / "execute" / "node_source.cjs"
    code = "const { rewriteImports } = require(process.argv[1]);"
    code += "console.log(JSON.stringify(rewriteImports(process.argv[2])))"
    answer = subprocess.run(
        ["node", "-e", code, str(worker), source], capture_output=True, text=True, check=True
    )
    names = r'globalThis\[Symbol\.for\("inkcell\.(\w+)"\)\]'
    found = re.sub(names, lambda match: match[1].upper(), json.loads(answer.stdout))
    assert found == (source if expected is None else expected)
