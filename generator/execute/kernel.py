"""A post's code -> outputs and trace, through nbclient. The only module that knows nbclient.

A kernel starts from a clean slate: a fixed hash seed, no history, no start-up files of the
author's own profile, Matplotlib's inline backend with settings that make the same figure the
same bytes. Whoever builds the post gets the same page.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from ..errors import CellFailed, CellTimedOut, ExecutionError, KernelDied, KernelMissing
from ..model import Bundle, Code, Failure, Output, Post, Provenance, Results, Stream
from . import trace as tracing
from .key import executed_cells
from .trace import TRACE_TYPE, Trace

MATPLOTLIBRC = Path(__file__).with_name("matplotlibrc")

IPYKERNEL_ARGUMENTS = (
    "--HistoryManager.enabled=False",
    "--InlineBackend.figure_formats={'svg', 'png'}",
    "--InlineBackend.print_figure_kwargs={'bbox_inches': 'tight', 'dpi': 192}",
)
"""SVG for the page, PNG (at two pixels a point) for where an SVG would be too large."""

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
CELL_LINE = re.compile(r"(?:Cell In|In ?|Input In ?)\[\d+\][^\n]*?line (\d+)")
TRACEBACK_LINES = 12


class Kernels:
    """The kernels of one build. `stop` ends them all, whichever thread waits for them."""

    def __init__(self, root: Path, threads: int) -> None:
        self.root = root
        self.threads = threads
        self._clients: set[NotebookClient] = set()
        self._lock = threading.Lock()
        self._stopped = False
        self.specs = KernelSpecManager()

    def command(self, name: str) -> list[str]:
        """The command line that starts a kernel.

        Raises:
            KernelMissing: no kernel of that name is installed.
        """
        try:
            return list(self.specs.get_kernel_spec(name).argv)
        except NoSuchKernel:
            installed = ", ".join(sorted(self.specs.find_kernel_specs())) or "none"
            raise KernelMissing(f"the kernel `{name}` is not installed").at(
                text=f"kernelspec: {{name: {name}}}", hint=f"installed: {installed}"
            ) from None

    def run(self, post: Post, device: str) -> tuple[Results, Trace]:
        """Run the code cells of a post in a kernel of its own.

        Raises:
            CellFailed: a cell raised an exception that it did not announce.
            CellTimedOut: a cell took longer than `execute.timeout` seconds.
            KernelDied: the kernel's process ended.
            KernelMissing: there is no such kernel.
        """
        argv = self.command(post.meta.kernel)
        watched = tracing.is_python(argv)
        cells = executed_cells(post)
        notebook = nbformat.v4.new_notebook()
        sources = [cell.source for cell in cells]
        if watched:
            sources = [tracing.watch_code(self.root), *sources, tracing.report_code()]
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
        client = NotebookClient(
            notebook,
            kernel_name=post.meta.kernel,
            timeout=post.meta.execute.timeout,
            startup_timeout=60,
            iopub_timeout=60,
            raise_on_iopub_timeout=True,
            shutdown_kernel="immediate",
            store_widget_state=False,
            resources={"metadata": {"path": post.source.directory}},
            extra_arguments=list(IPYKERNEL_ARGUMENTS) if watched else [],
        )
        started = time.monotonic()
        when = datetime.now(UTC).isoformat(timespec="seconds")
        with tempfile.TemporaryDirectory(prefix="inkcell-") as scratch:
            log = Path(scratch) / "kernel.log"
            with log.open("wb") as stream, self._registered(client):
                environment = self._environment(post, scratch)
                kernel = client.async_setup_kernel(env=environment, stdout=stream, stderr=stream)
                outputs, report = asyncio.run(_run(client, kernel, post, cells, watched, log))
        results = Results(
            outputs,
            Provenance(
                when, round(time.monotonic() - started, 3), post.meta.kernel, platform.platform()
            ),
        )
        return results, self._trace(post, report, device)

    def stop(self) -> None:
        """Kill every kernel that still runs; the threads that wait for one get KernelDied."""
        with self._lock:
            self._stopped = True
            clients = tuple(self._clients)
        for client in clients:
            process = getattr(getattr(client.km, "provisioner", None), "process", None)
            if process is not None:
                with contextlib.suppress(OSError):
                    process.kill()

    @contextlib.contextmanager
    def _registered(self, client: NotebookClient) -> Iterator[None]:
        with self._lock:
            if self._stopped:
                raise ExecutionError("the build was interrupted")
            self._clients.add(client)
        try:
            yield
        finally:
            with self._lock:
                self._clients.discard(client)

    def _environment(self, post: Post, scratch: str) -> dict[str, str]:
        environment = {
            **os.environ,
            **dict.fromkeys(THREAD_VARIABLES, str(self.threads)),
            "IPYTHONDIR": scratch,
            "MATPLOTLIBRC": str(MATPLOTLIBRC),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
        }
        if post.meta.execute.gpu == "never":
            environment["CUDA_VISIBLE_DEVICES"] = ""
        return environment

    def _trace(self, post: Post, report: str | None, device: str) -> Trace:
        folder = Path(post.source.directory).relative_to(self.root).as_posix()
        declared = [f"{folder}/{name}" for name in post.meta.execute.dependencies]
        if report is None:
            # Nothing watches this kernel: it is taken to have read all that lies beside it.
            names = [f"{folder}/{name}" for name in post.source.neighbours]
            return Trace(post.meta.kernel, files=tracing.digests(self.root, names + declared))
        found = tracing.read_report(report, self.root, device)
        files = {**found.files, **tracing.digests(self.root, declared)}
        return Trace(found.interpreter, found.device, found.packages, files, found.missing)


async def _run(
    client: NotebookClient,
    kernel: contextlib.AbstractAsyncContextManager[None],
    post: Post,
    cells: tuple[Code, ...],
    watched: bool,
    log: Path,
) -> tuple[tuple[tuple[Output, ...], ...], str | None]:
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(kernel)
        except (RuntimeError, OSError) as error:
            name = post.meta.kernel
            raise ExecutionError(f"the kernel `{name}` does not start: {error}").at(
                detail=_said(log), hint=f"try `jupyter console --kernel {name}`"
            ) from None
        return await _run_cells(client, post, cells, watched, log)


async def _run_cells(
    client: NotebookClient, post: Post, cells: tuple[Code, ...], watched: bool, log: Path
) -> tuple[tuple[tuple[Output, ...], ...], str | None]:
    """The outputs of each cell, and what the kernel reported of itself."""
    outputs: list[tuple[Output, ...]] = []
    offset = int(watched)
    if watched:
        await client.async_execute_cell(client.nb.cells[0], 0, store_history=False)
    for index, cell in enumerate(cells, start=offset):
        raw = client.nb.cells[index]
        if cell.may_raise:
            raw.metadata["tags"] = ["raises-exception"]
        try:
            await client.async_execute_cell(raw, index)
        except CellExecutionError as error:
            raise _failed(error, raw, cell) from None
        except CellTimeoutError:
            raise _timed_out(post, cell) from None
        except DeadKernelError:
            raise _died(cell, log) from None
        outputs.append(_outputs(raw.outputs))
    if not watched:
        return tuple(outputs), None
    last = client.nb.cells[-1]
    try:
        await client.async_execute_cell(last, len(client.nb.cells) - 1, store_history=False)
    except DeadKernelError:
        raise _died(cells[-1], log) from None
    reports = [o.data[TRACE_TYPE] for o in last.outputs if TRACE_TYPE in o.get("data", {})]
    return tuple(outputs), reports[0]


def _failed(error: CellExecutionError, raw: Any, cell: Code) -> CellFailed:
    outputs = [output for output in raw.outputs if output.output_type == "error"]
    raised = "\n".join(outputs[-1].traceback) if outputs else ""
    traceback = ANSI.sub("", raised or str(error.traceback)).rstrip().split("\n")
    found = CELL_LINE.findall("\n".join(traceback))
    line = int(found[0]) if found else None
    lines = cell.source.split("\n")
    text = lines[line - 1] if line and line <= len(lines) else None
    # IPython names the cell of a syntax error by a number that says nothing to an author.
    message = re.sub(r" \(\d+\.py, line \d+\)$", "", ANSI.sub("", error.evalue))
    return CellFailed(f"{error.ename}: {message}".rstrip(": ")).at(
        cell=cell.cell,
        line=cell.line + line - 1 if line else cell.line,
        text=text,
        detail="\n".join(traceback[-TRACEBACK_LINES:]),
        hint="if the exception belongs on the page, tag the cell `raises-exception`",
    )


def _timed_out(post: Post, cell: Code) -> CellTimedOut:
    seconds = post.meta.execute.timeout
    return CellTimedOut(f"the cell ran longer than {seconds} s and was stopped").at(
        cell=cell.cell,
        line=cell.line,
        text=cell.source.split("\n")[0],
        hint="make it faster, or set `execute: {timeout: …}` in the front matter",
    )


def _said(log: Path) -> str | None:
    """The last lines that a kernel's process wrote, without ipykernel's own warnings."""
    text = ANSI.sub("", log.read_text(encoding="utf-8", errors="replace"))
    lines = [line for line in text.strip().split("\n") if "[IPKernelApp]" not in line]
    return "\n".join(lines[-TRACEBACK_LINES:]) or None


def _died(cell: Code, log: Path) -> KernelDied:
    return KernelDied("the kernel's process ended while this cell ran").at(
        cell=cell.cell,
        line=cell.line,
        text=cell.source.split("\n")[0],
        detail=_said(log),
        hint="it may have run out of memory, or called `os._exit`",
    )


def _outputs(raw: list[Any]) -> tuple[Output, ...]:
    """nbformat's outputs as ours, in an order that does not depend on timing.

    What a cell writes to its two streams between two displays arrives in pieces and in no
    fixed order: it is joined, standard output first.
    """
    outputs: list[Output] = []
    pending: dict[str, str] = {}

    def flush() -> None:
        if "stdout" in pending:
            outputs.append(Stream("stdout", pending["stdout"]))
        if "stderr" in pending:
            outputs.append(Stream("stderr", pending["stderr"]))
        pending.clear()

    for output in raw:
        if output.output_type == "stream":
            pending[output.name] = pending.get(output.name, "") + output.text
            continue
        flush()
        if output.output_type == "error":
            traceback = "\n".join(output.traceback)
            outputs.append(Failure(output.ename, output.evalue, traceback))
        else:
            outputs.append(_bundle(output))
    flush()
    return tuple(outputs)


def _bundle(output: Any) -> Bundle:
    data = {}
    for mime, value in output.data.items():
        # Elsewhere a list is the lines of a text.
        is_json = mime.endswith(("/json", "+json"))
        if isinstance(value, list) and not is_json:
            value = "".join(value)
        if is_json or not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False, sort_keys=True)
        data[mime] = value
    return Bundle(data, dict(output.metadata))
