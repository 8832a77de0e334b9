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
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from msgspec.structs import replace

from ..errors import ExecutionError, KernelDied
from ..model import Post, Provenance, Results
from ..progress import Notice, Report, silent
from . import machine
from . import trace as tracing
from .client import ConfiguredSpecs, QuickManager
from .imports import needs_cold_kernel
from .interpreters import Environment, executable_of
from .kernelspecs import command_of, environment_of
from .post_run import PostRun, guarded_of, opened_logs
from .scratch import close_scratch, open_scratch
from .share import Turn
from .trace import Trace
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

WARM_PARENTS = 3
"""Warm parents that may die before every kernel imports for itself."""


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
        self._asking = threading.Lock()
        """Held while an interpreter is asked, for which nobody who ends kernels waits."""
        self._stopped = False
        self._running: dict[QuickManager, Post] = {}
        self._parents: dict[tuple[str, int, tuple[str, ...]], WarmParent] = {}
        self._unwanted: dict[str, Post] = {}
        """The post of each path whose run was interrupted last."""
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
        with self._asking:
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
        executable = executable_of(argv)
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
        """End the kernel that runs a post, also one that has yet to start.

        Its run fails with KernelDied.
        """
        with self._lock:
            self._unwanted[post.source.path] = post
            running = [m for m, running_post in self._running.items() if running_post == post]
        for manager in running:
            guarded = guarded_of(manager)
            if guarded is not None:
                guarded.kill()

    def is_wanted(self, post: Post) -> bool:
        """Whether nobody has interrupted the run of a post."""
        return self._unwanted.get(post.source.path) is not post

    def close(self) -> None:
        """End every kernel and every warm parent."""
        with self._lock:
            self._stopped = True
            running = tuple(self._running)
            parents = tuple(self._parents.values())
            self._parents.clear()
        for manager in running:
            guarded = guarded_of(manager)
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
        run = PostRun(self.root, post, argv, manager, partial(self._unless_unwanted, post), turn)
        try:
            with self._registered(manager, post), opened_logs(folder) as logs:
                outputs, report, when, seconds = asyncio.run(run.all_cells(environment, logs))
        finally:
            guarded = guarded_of(manager)
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
                try:
                    parent = start_warm_parent(path, executable, modules, environment)
                except OSError:
                    return None  # Nor will the kernel start, and that says why.
                self._parents[key] = parent
            return self._parents[key]

    def forget_parents(self) -> None:
        """End the warm parents: what they have imported has changed."""
        with self._lock:
            parents = tuple(self._parents.values())
            self._parents.clear()
        for parent in parents:
            parent.end()

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

    def _unless_unwanted(self, post: Post) -> None:
        self._unless_stopped()
        if not self.is_wanted(post):
            raise KernelDied("the run was interrupted")

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
