"""One run of one post's code: its cells, one after the other, in a kernel that starts for them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty
from types import ModuleType
from typing import Any, cast

import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from ..errors import ExecutionError, KernelDied
from ..model import Code, Omission, Output, Post
from . import figures, in_turn, surrogates
from . import trace as tracing
from .client import BoundedNotebook, QuickManager
from .failures import died, failed, said, timed_out, unwatched
from .key import executed_cells
from .outputs import outputs_of
from .provisioner import GuardedKernel
from .share import Turn
from .trace import TRACE_TYPE
from .warm_parent import WarmParentDied, WarmRefused

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
GRACE = 2.0
"""Seconds that a cell has to end after an interrupt, before its kernel is killed."""


class PostRun:
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
            start = (
                installing(surrogates),
                installing(figures),
                tracing.watch_code(root, here),
                installing(in_turn),
            )
            self.before, self.after = ["\n".join(start)], [tracing.report_code()]
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
            guarded = guarded_of(self.manager)
            if guarded is not None and guarded.over_memory:
                raise self._died(self.cells[0]) from None
            name = self.post.meta.kernel
            raise ExecutionError(f"the kernel `{name}` does not start: {error}").at(
                detail=said(self.log), hint=f"try `jupyter console --kernel {name}`"
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
        offset = len(self.before)
        for index in range(offset):
            await self._hidden(client, index)
        started = time.monotonic()
        limit = self.post.meta.execute.post_timeout
        for index, cell in enumerate(self.cells, start=offset):
            left = limit - (time.monotonic() - started) if limit else float("inf")
            await self._cell(client, index, cell, left)
        seconds = time.monotonic() - started
        client.end_outputs()
        reports = []
        end = offset + len(self.cells)
        for index in range(end, len(client.nb.cells)):
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
                *((Omission(client.omitted[index]),) if client.omitted[index] else ()),
            )
            for index, cell in enumerate(client.nb.cells[offset:end], start=offset)
        )
        return outputs, report, seconds

    async def _hidden(self, client: BoundedNotebook, index: int) -> None:
        """Run a cell of ours."""
        client.begin_cell(index)
        try:
            await client.async_execute_cell(client.nb.cells[index], index, store_history=False)
        except (DeadKernelError, CellTimeoutError):
            raise self._died(self.cells[-1 if index else 0]) from None
        except CellExecutionError as error:
            raise unwatched(f"{error.ename}: {error.evalue}") from None

    async def _cell(self, client: BoundedNotebook, index: int, cell: Code, left: float) -> None:
        """Run one cell of the author's; `left` seconds remain for the post."""
        raw = client.nb.cells[index]
        if cell.may_raise:
            raw.metadata["tags"] = ["raises-exception"]
        client.begin_cell(index)
        timeout = min(self.post.meta.execute.timeout, max(left, 0.001))
        # nbclient's annotation asks for whole seconds, its code takes any.
        client.timeout_func = cast("Any", lambda _: timeout)
        try:
            await client.async_execute_cell(raw, index)
        except CellExecutionError as error:
            number = raw.execution_count
            raise failed(str(error.ename), error.evalue, raw.outputs, cell, number) from None
        except CellTimeoutError as error:
            if "IOPub" in str(error):
                raise KernelDied("the outputs of this cell do not arrive").at(
                    cell=cell.cell, line=cell.line, text=cell.source.split("\n")[0]
                ) from None
            await self._interrupt(client)
            raise timed_out(self.post, cell, whole_post=timeout == left) from None
        except DeadKernelError:
            raise self._died(cell) from None

    async def _interrupt(self, client: BoundedNotebook) -> None:
        """Let a cell that takes too long clean up after itself."""
        await self.manager.interrupt_kernel()
        if client.kc is not None:
            with contextlib.suppress(Empty):
                await cast("Any", client.kc).get_shell_msg(timeout=GRACE)

    def _died(self, cell: Code) -> KernelDied:
        guarded = guarded_of(self.manager)
        if guarded is not None:
            guarded.listen()
        over = guarded is not None and guarded.over_memory
        limit = self.post.meta.execute.memory if over else 0
        return died(cell, said(self.log), memory=limit)


@contextlib.contextmanager
def opened_logs(folder: Path) -> Iterator[tuple[Any, Any]]:
    """Files that a kernel's standard streams go to; the kernel reads them, too."""
    output, errors = (folder / name for name in LOGS)
    with output.open("w+b") as first, errors.open("w+b") as second:
        yield first, second


def installing(module: ModuleType) -> str:
    """Code that installs a module of ours in a kernel; it leaves no name in the author's names."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    name = module.__name__.rpartition(".")[2]
    return f"exec({source + 'install()'!r}, {{'__name__': 'inkcell_{name}'}})"


def guarded_of(manager: QuickManager) -> GuardedKernel | None:
    """The kernel that a manager has started, if a guard stands before it."""
    guarded = getattr(manager.provisioner, "guarded", None)
    return guarded if isinstance(guarded, GuardedKernel) else None
