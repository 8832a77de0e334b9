"""A post's code -> outputs and trace, in a Jupyter kernel on this machine.

A kernel starts from a clean slate: a fixed hash seed, no history, no start-up files of the
author's own profile, Matplotlib's inline backend with settings that make the same figure the
same bytes. Whoever builds the post gets the same page.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty
from types import MappingProxyType
from typing import Any, cast

import nbformat
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from ..errors import CellFailed, CellTimedOut, ExecutionError, KernelDied, KernelMissing
from ..model import Bundle, Code, Failure, Omission, Output, Post, Provenance, Results, Stream
from ..progress import Notice, Report, silent
from . import figures, machine
from . import trace as tracing
from .client import BoundedNotebook, ConfiguredSpecs, QuickManager
from .imports import needs_cold_kernel
from .key import executed_cells
from .provisioner import GuardedKernel
from .scratch import close_scratch, open_scratch
from .share import Turn
from .trace import TRACE_TYPE, Environment, Trace
from .warm_parent import (
    CAN_FORK,
    Begun,
    WarmParent,
    WarmParentDied,
    WarmRefused,
    clean_slate,
    parent_environment,
    start_warm_parent,
)
from .widgets import VIEW, States, widget_text

KEEP_EVERY_OUTPUT = (
    "(lambda outputs: outputs.schedule(lambda: outputs.socket.set(__import__('zmq').SNDHWM, 0)))"
    "(get_ipython().kernel.iopub_thread)"
)
"""Above its limit of waiting messages, a thousand, ZeroMQ drops what a kernel sends."""
IPYKERNEL_ARGUMENTS = (
    f"--IPKernelApp.exec_lines={KEEP_EVERY_OUTPUT}",
    "--HistoryManager.enabled=False",
    # ipykernel reads what C code and programs write in a thread, at whatever moment: the watching
    # code reads it in its turn.
    "--IPKernelApp.capture_fd_output=False",
    "--IPKernelApp.log_level=40",
    "--InlineBackend.figure_formats={'svg', 'png'}",
    "--InlineBackend.print_figure_kwargs={'bbox_inches': 'tight', 'dpi': 192}",
)
"""SVG for the page; PNG for feeds, and (at two pixels of it for one of CSS) for where an SVG would
be too large: see `figures`."""

LOGS = ("kernel.out", "kernel.err")

START_TIMEOUT = 120
"""Seconds in which a kernel must answer."""
OUTPUTS_TIMEOUT = 600
"""Seconds in which all outputs of a cell must arrive after it has ended."""
WARM_PARENTS = 3
"""Warm parents that may die before every kernel imports for itself."""
GRACE = 2.0
"""Seconds that a cell has to end after an interrupt, before its kernel is killed."""

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
CELL_LINE = re.compile(r"(?:Cell In|In ?|Input In ?)\[\d+\][^\n]*?line (\d+)")
CELL_FILE = re.compile(r"(?<![^\s'\"(<])[^\s'\"(<]*[/\\]ipykernel_\d+[/\\]\d+\.py")
"""How ipykernel names the file of a cell: with the kernel's process id."""
INSTALLED = re.compile(
    r"(?:~|/|[A-Za-z]:\\)[^\s'\"()<>\x1b]*?[/\\](?:python3(?:\.\d+)?|Lib)[/\\]"
    r"(?:(?:site|dist)-packages[/\\])?"
)
"""Where the files of packages and of Python itself lie."""
TRACEBACK_LINES = 12

PYTHON_NAME = re.compile(r"python|conda|ipykernel|^py\d|venv|^base$", re.IGNORECASE)
NODE_NAME = re.compile(r"^(node|javascript|js|jslab|tslab|ijavascript|deno|nodejs)$", re.IGNORECASE)
INSTALLATION = {
    "ir": "install R's kernel: R -e 'install.packages(\"IRkernel\"); IRkernel::installspec()'",
    "bash": "install it: pip install bash_kernel && python -m bash_kernel.install",
    "sagemath": "install SageMath, which brings its kernel",
    "octave": "install it: pip install octave_kernel",
    "xcpp17": "install it: conda install xeus-cling -c conda-forge",
    "rust": "install it: cargo install evcxr_jupyter && evcxr_jupyter --install",
}
"""How to get kernels that notebooks often name."""


class Kernels:
    """The kernels of one build on this machine: a `Place`.

    `close` ends them all, whichever thread waits for them.
    """

    def __init__(
        self,
        root: Path,
        slots: int = 1,
        modules: Sequence[str] = (),
        report: Report = silent,
        begun: Begun | None = None,
    ) -> None:
        """Settings of the kernels.

        Args:
            root: the blog's folder.
            slots: how many run side by side.
            modules: what warm parents import: what the posts' last runs imported.
            report: told what the author should know.
            begun: a warm parent for these modules that was started before.
        """
        self.root = root
        self.slots = slots
        # While a kernel starts it mostly waits. With one slot two kernels are one too many.
        self.ahead = 1 if slots > 1 else 0
        self.modules = tuple(modules)
        self.report = report
        self.specs = KernelSpecManager()
        self._lock = threading.Lock()
        self._stopped = False
        self._running: dict[QuickManager, Post] = {}
        self._parents: dict[tuple[str, int, tuple[str, ...]], WarmParent] = {}
        self._started = 0
        if begun is not None:
            self._parents[begun.executable, begun.threads, self.modules] = begun.parent
        self._deaths = 0
        self._environments: dict[str, Environment] = {}
        self.folder, self._held = begun.scratch if begun is not None else open_scratch()

    def command(self, name: str) -> list[str]:
        """The command line that starts a kernel.

        Raises:
            KernelMissing: no kernel of that name is installed.
        """
        return command_of(name, self.specs)

    def environment(self, kernel: str) -> Environment:
        """What can be imported in a kernel; asked once.

        Raises:
            KernelMissing: no kernel of that name is installed.
            ExecutionError: its interpreter does not start.
        """
        with self._lock:
            if kernel not in self._environments:
                self._environments[kernel] = environment_of(kernel)
            return self._environments[kernel]

    def run(
        self, post: Post, device: str, turn: Turn = contextlib.nullcontext
    ) -> tuple[Results, Trace]:
        """Run the code cells of a post in a kernel of its own, which starts before its turn.

        Raises:
            CellFailed: a cell raised an exception that it did not announce.
            CellTimedOut: a cell, or all together, took longer than they may.
            KernelDied: the kernel's process ended, or took more memory than it may.
            KernelMissing: there is no such kernel.
        """
        argv = self.command(post.meta.kernel)
        forks = CAN_FORK and tracing.is_python(argv) and not needs_cold_kernel(post, device)
        executable = tracing.executable_of(argv)
        while True:
            parent = None
            if forks and self.modules:
                parent = self.warm_parent(executable, post.meta.execute.threads, self.modules)
            try:
                return self._run(post, device, argv, parent, turn)
            except WarmRefused as refused:
                module, reason = refused.args
                self._refuse(module, reason, parent, post)
            except WarmParentDied:
                self._bury(parent, post)

    def interrupt(self, post: Post) -> None:
        """End the kernel that runs a post, if there is one: its run fails with KernelDied."""
        with self._lock:
            running = [m for m, running_post in self._running.items() if running_post == post]
        for manager in running:
            guarded = _guarded(manager)
            if guarded is not None:
                guarded.kill()

    def close(self) -> None:
        """End every kernel and every warm parent."""
        with self._lock:
            self._stopped = True
            running = tuple(self._running)
            parents = tuple(self._parents.values())
            self._parents.clear()
        for manager in running:
            guarded = _guarded(manager)
            if guarded is not None:
                guarded.kill()
        for parent in parents:
            parent.end()
        close_scratch(self.folder, self._held)

    def _run(
        self, post: Post, device: str, argv: list[str], parent: WarmParent | None, turn: Turn
    ) -> tuple[Results, Trace]:
        with self._lock:
            self._unless_stopped()
            folder = Path(tempfile.mkdtemp(dir=self.folder))
        environment = self.variables(post, folder)
        settings: dict[str, Any] = {
            "memory": post.meta.execute.memory,
            "network": post.meta.execute.network,
        }
        if parent is not None:
            settings["parent_socket"] = str(parent.path)
        specs = ConfiguredSpecs(settings)
        manager = QuickManager(folder, kernel_name=post.meta.kernel, kernel_spec_manager=specs)
        run = _Run(self.root, post, argv, manager, self._unless_stopped, turn)
        try:
            with self._registered(manager, post), opened_logs(folder) as logs:
                outputs, report, when, seconds = asyncio.run(run.all_cells(environment, logs))
        finally:
            guarded = _guarded(manager)
            if guarded is not None and not guarded.isolated:
                text = "`network: false` cannot be enforced here; the code ran with the network"
                self.report(Notice(text, post.source.path))
            shutil.rmtree(folder, ignore_errors=True)
        trace = replace(self._trace(post, report), device=tracing.device_of(post, device))
        packages = json.loads(report)["packages"] if report and not trace.packages else {}
        provenance = Provenance(
            when=when,
            seconds=round(seconds, 3),
            kernel=post.meta.kernel,
            interpreter=trace.interpreter,
            packages={**packages, **trace.packages},
            system=machine.system(),
            processor=machine.processor(),
            gpu=machine.gpu() if tracing.device_of(post, device) == "cuda" else "",
            threads=post.meta.execute.threads,
            peak_memory=guarded.peak_memory if guarded is not None else 0,
        )
        return Results(outputs, provenance), trace

    def _trace(self, post: Post, report: str | None) -> Trace:
        environment = self.environment(post.meta.kernel)
        if report is None:
            return tracing.declared_trace(post, self.root, tracing.folder_of(post, self.root))
        return tracing.read_report(report, self.root, post, environment)

    def warm_parent(
        self, executable: str, threads: int, modules: Sequence[str]
    ) -> WarmParent | None:
        """The warm parent for an interpreter, started for the first who asks; None: there is none.

        Raises:
            ExecutionError: the build was interrupted.
        """
        key = executable, threads, tuple(modules)
        with self._lock:
            self._unless_stopped()
            if self._deaths >= WARM_PARENTS:
                return None
            if key not in self._parents:
                self._started += 1
                path = self.folder / f"warm-{self._started}"
                environment = parent_environment(threads)
                self._parents[key] = start_warm_parent(path, executable, modules, environment)
            return self._parents[key]

    def _refuse(self, module: str, reason: str, parent: WarmParent | None, post: Post) -> None:
        """A module cannot be imported before a fork: the next parent does without it."""
        self._forget(parent)
        with self._lock:
            known = module not in self.modules
            self.modules = tuple(name for name in self.modules if name != module)
        if not known:
            text = f"`{module}` {reason} when it is imported: it is imported in each kernel"
            self.report(Notice(text, post.source.path))

    def _bury(self, parent: WarmParent | None, post: Post) -> None:
        """A parent has ended, and another thread may have seen it before."""
        if not self._forget(parent):
            return
        with self._lock:
            self._deaths += 1
            last = self._deaths == WARM_PARENTS
        if last:
            text = "importing what the posts import ends the process: each kernel imports it itself"
            self.report(Notice(text, post.source.path))

    def _forget(self, parent: WarmParent | None) -> bool:
        """End a parent; False if that was done before."""
        with self._lock:
            keys = [key for key, known in self._parents.items() if known is parent]
            for key in keys:
                self._parents.pop(key).end()
        return bool(keys)

    def _unless_stopped(self) -> None:
        if self._stopped:
            raise ExecutionError("the build was interrupted")

    @contextlib.contextmanager
    def _registered(self, manager: QuickManager, post: Post) -> Iterator[None]:
        with self._lock:
            self._unless_stopped()
            self._running[manager] = post
        try:
            yield
        finally:
            with self._lock:
                del self._running[manager]

    def variables(self, post: Post, scratch: Path) -> dict[str, str]:
        """The environment of a post's kernel."""
        environment = {
            **os.environ,
            **clean_slate(post.meta.execute.threads),
            "IPYTHONDIR": str(scratch),
            "INKCELL_ROOT": str(self.root),
        }
        if post.meta.execute.gpu == "never":
            environment["CUDA_VISIBLE_DEVICES"] = ""
        return environment


@contextlib.contextmanager
def opened_logs(folder: Path) -> Iterator[tuple[Any, Any]]:
    """Files that a kernel's standard streams go to; the kernel reads them, too."""
    output, errors = (folder / name for name in LOGS)
    with output.open("w+b") as first, errors.open("w+b") as second:
        yield first, second


def command_of(name: str, specs: KernelSpecManager) -> list[str]:
    """The command line that starts a kernel.

    Raises:
        KernelMissing: no kernel of that name is installed.
    """
    try:
        return list(specs.get_kernel_spec(name).argv)
    except NoSuchKernel:
        installed = sorted(specs.find_kernel_specs())
        hint = INSTALLATION.get(name.lower())
        if PYTHON_NAME.search(name) and "python3" in installed:
            hint = "for the Python of this environment write `kernelspec: {name: python3}`"
        elif NODE_NAME.search(name) and "inkcell-node" in installed:
            hint = "Inkcell's own kernel for Node is `kernelspec: {name: inkcell-node}`"
        elif name.lower().startswith("julia"):
            hint = 'install it from Julia: using Pkg; Pkg.add("IJulia")'
        listed = f"installed: {', '.join(installed) or 'none'}"
        raise KernelMissing(f"the kernel `{name}` is not installed").at(
            text=f"kernelspec: {{name: {name}}}", hint=f"{hint}; {listed}" if hint else listed
        ) from None


def environment_of(kernel: str) -> Environment:
    """What can be imported in a kernel.

    Raises:
        KernelMissing: no kernel of that name is installed.
        ExecutionError: its interpreter does not start.
    """
    argv = command_of(kernel, KernelSpecManager())
    if tracing.is_python(argv):
        return tracing.ask_interpreter(tracing.executable_of(argv))
    return tracing.ask_node() if tracing.is_node(argv) else tracing.other_language(kernel)


def figure_code() -> str:
    """Code that prepares a kernel for figures; it leaves no name in the author's namespace."""
    source = Path(figures.__file__).read_text(encoding="utf-8")
    return f"exec({source + 'install()'!r}, {{'__name__': 'inkcell_figures'}})"


def _guarded(manager: QuickManager) -> GuardedKernel | None:
    guarded = getattr(manager.provisioner, "guarded", None)
    return guarded if isinstance(guarded, GuardedKernel) else None


class _Run:
    """One run of one post's code."""

    def __init__(
        self,
        root: Path,
        post: Post,
        argv: list[str],
        manager: QuickManager,
        unless_stopped: Callable[[], None],
        turn: Turn,
    ) -> None:
        self.post = post
        self.turn = turn
        self.root = root
        self.unless_stopped = unless_stopped
        self.manager = manager
        self.log = manager.folder / LOGS[1]
        self.cells = executed_cells(post)
        self.before: list[str] = []
        self.after: list[str] = []
        if tracing.is_python(argv):
            here = tracing.folder_of(post, root)
            start = f"{figure_code()}\n{tracing.watch_code(root, here)}"
            self.before, self.after = [start], [tracing.report_code()]
        elif tracing.is_node(argv):
            self.after = [tracing.NODE_REPORT]
        self.arguments = list(IPYKERNEL_ARGUMENTS) if self.before else []

    async def all_cells(
        self, environment: dict[str, str], logs: tuple[Any, Any]
    ) -> tuple[tuple[tuple[Output, ...], ...], str | None, str, float]:
        """Start a kernel, run the cells, end the kernel and all it started.

        Returns:
            The outputs of each cell, what the kernel reported of itself, when the first cell
            began (ISO 8601, UTC), and the seconds that the cells took.
        """
        sources = [*self.before, *(cell.source for cell in self.cells), *self.after]
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        client = BoundedNotebook(
            nbformat.v4.new_notebook(cells=cells),
            km=self.manager,
            iopub_timeout=OUTPUTS_TIMEOUT,
            raise_on_iopub_timeout=True,
            store_widget_state=True,
        )
        try:
            await self._start(client, environment, logs)
            with self.turn():
                # Who ended all kernels while this one waited may have known nothing of it.
                self.unless_stopped()
                when = datetime.now(UTC).isoformat(timespec="seconds")
                outputs, report, seconds = await self._run_cells(client)
            return outputs, report, when, seconds
        finally:
            await self._end(client)

    async def _start(
        self, client: BoundedNotebook, environment: dict[str, str], logs: tuple[Any, Any]
    ) -> None:
        try:
            await self.manager.start_kernel(
                extra_arguments=self.arguments,
                env=environment,
                cwd=self.post.source.directory,
                stdout=logs[0],
                stderr=logs[1],
            )
            # Who ended all kernels a moment ago did not know of this one.
            self.unless_stopped()
            await self.manager.wait_for_sockets(START_TIMEOUT)
            client.kc = self.manager.client()
            client.kc.start_channels()
            await client.kc.wait_for_ready(timeout=START_TIMEOUT)
            client.kc.allow_stdin = False
        except (WarmRefused, WarmParentDied):
            raise
        except (RuntimeError, OSError) as error:
            guarded = _guarded(self.manager)
            if guarded is not None and guarded.over_memory:
                raise self._died(self.cells[0]) from None
            name = self.post.meta.kernel
            raise ExecutionError(f"the kernel `{name}` does not start: {error}").at(
                detail=_said(self.log), hint=f"try `jupyter console --kernel {name}`"
            ) from None

    async def _end(self, client: BoundedNotebook) -> None:
        # nbclient leaves a task behind that waits for the outputs of a cell that took too long.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if client.kc is not None:
            client.kc.stop_channels()
        if self.manager.provisioner is not None and self.manager.has_kernel:
            await self.manager.provisioner.kill()
        await self.manager.cleanup_resources()

    async def _run_cells(
        self, client: BoundedNotebook
    ) -> tuple[tuple[tuple[Output, ...], ...], str | None, float]:
        omitted: list[int] = []
        offset = len(self.before)
        for index in range(offset):
            await self._hidden(client, index)
        started = time.monotonic()
        limit = self.post.meta.execute.post_timeout
        for index, cell in enumerate(self.cells, start=offset):
            left = limit - (time.monotonic() - started) if limit else float("inf")
            omitted.append(await self._cell(client, index, cell, left))
        seconds = time.monotonic() - started
        reports = []
        for index in range(offset + len(self.cells), len(client.nb.cells)):
            await self._hidden(client, index)
            raw = client.nb.cells[index].outputs
            reports += [o.data[TRACE_TYPE] for o in raw if TRACE_TYPE in o.get("data", {})]
        if self.after and not reports:
            raise self._died(self.cells[-1])
        report = reports[0] if reports else None
        if report is not None and not isinstance(report, str):
            report = json.dumps(report)
        # Only now: a cell may change what another has displayed.
        outputs = tuple(
            (
                *outputs_of(cell.outputs, self.root, client.widget_state),
                *((Omission(size),) if size else ()),
            )
            for cell, size in zip(client.nb.cells[offset:], omitted, strict=False)
        )
        return outputs, report, seconds

    async def _hidden(self, client: BoundedNotebook, index: int) -> None:
        """Run a cell of ours."""
        client.begin_cell()
        try:
            await client.async_execute_cell(client.nb.cells[index], index, store_history=False)
        except (DeadKernelError, CellTimeoutError):
            raise self._died(self.cells[-1 if index else 0]) from None

    async def _cell(self, client: BoundedNotebook, index: int, cell: Code, left: float) -> int:
        """Run one cell of the author's; `left` seconds remain for the post.

        Returns:
            How many bytes of its outputs were not kept.
        """
        raw = client.nb.cells[index]
        if cell.may_raise:
            raw.metadata["tags"] = ["raises-exception"]
        client.begin_cell()
        timeout = min(self.post.meta.execute.timeout, max(left, 0.001))
        # nbclient's annotation asks for whole seconds, its code takes any.
        client.timeout_func = cast("Any", lambda _: timeout)
        try:
            await client.async_execute_cell(raw, index)
        except CellExecutionError as error:
            raise failed(str(error.ename), error.evalue, raw.outputs, cell) from None
        except CellTimeoutError as error:
            if "IOPub" in str(error):
                raise KernelDied("the outputs of this cell do not arrive").at(
                    cell=cell.cell, line=cell.line, text=cell.source.split("\n")[0]
                ) from None
            await self._interrupt(client)
            raise timed_out(self.post, cell, whole_post=timeout == left) from None
        except DeadKernelError:
            raise self._died(cell) from None
        return client.omitted

    async def _interrupt(self, client: BoundedNotebook) -> None:
        """Let a cell that takes too long clean up after itself."""
        await self.manager.interrupt_kernel()
        if client.kc is not None:
            with contextlib.suppress(Empty):
                await cast("Any", client.kc).get_shell_msg(timeout=GRACE)

    def _died(self, cell: Code) -> KernelDied:
        guarded = _guarded(self.manager)
        message = "the kernel's process ended while this cell ran"
        hint = "it may have run out of memory, or called `os._exit`"
        if guarded is not None:
            guarded.listen()
        if guarded is not None and guarded.over_memory:
            limit = self.post.meta.execute.memory
            message = f"the code took more than {limit} MiB of memory and was stopped"
            hint = "make it smaller, or raise `execute: {memory: …}` in the front matter"
        return KernelDied(message).at(
            cell=cell.cell,
            line=cell.line,
            text=cell.source.split("\n")[0],
            detail=_said(self.log),
            hint=hint,
        )


def failed(name: str, value: str, outputs: list[Any], cell: Code) -> CellFailed:
    """The error of a cell that raised an exception, with the line in the author's file."""
    errors = [output for output in outputs if output.output_type == "error"]
    raised = "\n".join(errors[-1].traceback) if errors else ""
    traceback = ANSI.sub("", raised).rstrip().split("\n")
    found = CELL_LINE.findall("\n".join(traceback))
    line = int(found[0]) if found else None
    lines = cell.source.split("\n")
    text = lines[line - 1] if line and line <= len(lines) else None
    # IPython names the cell of a syntax error by a number that says nothing to an author.
    message = re.sub(r" \(\d+\.py, line \d+\)$", "", ANSI.sub("", value))
    return CellFailed(f"{name}: {message}".rstrip(": ")).at(
        cell=cell.cell,
        line=cell.line + line - 1 if line else cell.line,
        text=text,
        detail="\n".join(traceback[-TRACEBACK_LINES:]),
        hint="if the exception belongs on the page, tag the cell `raises-exception`",
    )


def timed_out(post: Post, cell: Code, *, whole_post: bool) -> CellTimedOut:
    name = "post_timeout" if whole_post else "timeout"
    seconds = post.meta.execute.post_timeout if whole_post else post.meta.execute.timeout
    what = "the post's code" if whole_post else "the cell"
    return CellTimedOut(f"{what} ran longer than {seconds} s and was stopped").at(
        cell=cell.cell,
        line=cell.line,
        text=cell.source.split("\n")[0],
        hint=f"make it faster, or set `execute: {{{name}: …}}` in the front matter",
    )


def _said(log: Path) -> str | None:
    """The last lines that a kernel's process wrote, without ipykernel's own warnings."""
    text = ANSI.sub("", log.read_text(encoding="utf-8", errors="replace"))
    lines = [line for line in text.strip().split("\n") if "[IPKernelApp]" not in line]
    return "\n".join(lines[-TRACEBACK_LINES:]) or None


def outputs_of(
    raw: list[Any], root: Path, widgets: States = MappingProxyType({})
) -> tuple[Output, ...]:
    """nbformat's outputs as ours, in an order that does not depend on timing.

    What a cell writes to its two streams between two displays arrives in pieces and in no
    fixed order: it is joined, standard output first. Warnings and tracebacks do not tell where
    the blog in the folder `root`, and what its code imports, lie on this machine.
    """
    outputs: list[Output] = []
    pending: dict[str, str] = {}

    def flush() -> None:
        if "stdout" in pending:
            outputs.append(Stream("stdout", pending["stdout"]))
        if "stderr" in pending:
            outputs.append(Stream("stderr", _anywhere(pending["stderr"], root)))
        pending.clear()

    for output in raw:
        if output.output_type == "stream":
            pending[output.name] = pending.get(output.name, "") + _unnamed(output.text)
            continue
        flush()
        if output.output_type == "error":
            traceback = _anywhere("\n".join(output.traceback), root)
            outputs.append(Failure(*map(_unnamed, (output.ename, output.evalue, traceback))))
        else:
            outputs.append(_bundle(output, widgets))
    flush()
    return tuple(outputs)


def _bundle(output: Any, widgets: States) -> Bundle:
    data = {}
    last = widget_text(output.data[VIEW], widgets) if VIEW in output.data else None
    if last is not None:
        output.data["text/plain"] = last
    for mime, value in output.data.items():
        # Elsewhere a list is the lines of a text.
        is_json = mime.endswith(("/json", "+json"))
        if isinstance(value, list) and not is_json:
            value = "".join(value)
        if is_json or not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False, sort_keys=True)
        data[mime] = _clean(value)
    return Bundle(data, dict(output.metadata))


def _anywhere(text: str, root: Path) -> str:
    """Text in which files are named as on any machine: `numpy/random/mtrand.py`."""
    text = INSTALLED.sub("", text)
    folder = os.path.realpath(root)
    for place in (str(root), folder, folder.replace(str(Path.home()), "~", 1)):
        text = text.replace(place + os.sep, "")
    return text


def _unnamed(text: str) -> str:
    """Text in which a cell's file has no name of its own: it would differ from run to run."""
    text = _clean(text)
    return CELL_FILE.sub("<cell>", text) if "ipykernel_" in text else text


def _clean(text: str) -> str:
    """Text that can be written as UTF-8: Python's strings may hold half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()
