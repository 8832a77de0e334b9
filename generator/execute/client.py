"""How a build talks to kernels: jupyter_client and nbclient without their idle waits.

Everything here goes through what the two libraries offer for it (classes to subclass, factories
to name), so that nbclient itself stays as it is.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections import Counter
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbclient.util import ensure_async

STREAM_LIMIT = 256 * 1024
"""Bytes of text that one cell may print; what comes after is counted, not kept."""
BUNDLE_LIMIT = 32 * 1024 * 1024
"""Bytes of results and displays of one cell."""

HAS_UNIX_SOCKETS = os.name == "posix"

logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # Our own errors tell of kernels.


class ConfiguredSpecs(KernelSpecManager):
    """Kernelspecs, each started by our provisioner with the given settings."""

    settings: dict[str, Any]

    def __init__(self, settings: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The kernelspec of a name, unless it names a provisioner itself."""
        spec = super().get_kernel_spec(kernel_name)
        if HAS_UNIX_SOCKETS and "kernel_provisioner" not in spec.metadata:
            provisioner = {"provisioner_name": "inkcell", "config": self.settings}
            spec.metadata = {**spec.metadata, "kernel_provisioner": provisioner}
        return spec


class QuickClient(AsyncKernelClient):
    """A client that is ready when the kernel is, and loses no message."""

    def start_channels(
        self,
        shell: bool = True,
        iopub: bool = True,
        stdin: bool = True,
        hb: bool = True,
        control: bool = True,
    ) -> None:
        """Connect; without the heartbeat's thread, for the guard tells whether a kernel lives."""
        super().start_channels(shell=shell, iopub=iopub, stdin=False, hb=False, control=False)

    def _context_default(self) -> Any:
        # Above its limit of waiting messages ZeroMQ drops what comes; outputs must not be lost.
        context = super()._context_default()
        context.setsockopt(zmq.RCVHWM, 0)
        return context

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and its outputs arrive.

        The first message on the outputs' channel shows that the subscription works: the welcome
        of JEP 65, or the status that belongs to our question.

        Raises:
            RuntimeError: the kernel ended, or did not answer in time.
        """
        end = time.monotonic() + (timeout or 60)
        question = self.kernel_info()
        step = 0.1
        while True:
            try:
                message = await self.iopub_channel.get_msg(timeout=step)
            except Empty:
                await self._still(end)
                # The kernel may have answered before the subscription reached it.
                question = self.kernel_info()
                step = min(2 * step, 1.0)
                continue
            content = message["content"]
            idle = content.get("execution_state") == "idle"
            if message["msg_type"] == "iopub_welcome" or (
                idle and message["parent_header"].get("msg_id") == question
            ):
                break
        while True:
            try:
                message = await self.shell_channel.get_msg(timeout=1.0)
            except Empty:
                await self._still(end)
                continue
            if message["msg_type"] == "kernel_info_reply":
                self._handle_kernel_info_reply(message)
                return

    async def _still(self, end: float) -> None:
        if not await self._async_is_alive():
            raise RuntimeError("it ended while it started")
        if time.monotonic() > end:
            raise RuntimeError("it does not answer")


class QuickManager(AsyncKernelManager):
    """A manager whose kernels listen at sockets in a folder of their own, not at TCP ports."""

    client_factory = QuickClient

    def __init__(self, folder: Path, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = folder
        self.connection_file = str(folder / "kernel.json")
        if HAS_UNIX_SOCKETS:
            self.transport = "ipc"
            self.ip = str(folder / "k")

    async def wait_for_sockets(self, timeout: float) -> None:
        """Wait until the kernel listens, so that no connection has to be tried again.

        Raises:
            RuntimeError: the kernel ended, or did not listen in time.
        """
        if not HAS_UNIX_SOCKETS:
            return
        last = Path(f"{self.ip}-{self.hb_port}")
        end = time.monotonic() + timeout
        while not last.exists():
            if not await self.is_alive():
                raise RuntimeError("it ended while it started")
            if time.monotonic() > end:
                raise RuntimeError("it does not answer")
            await asyncio.sleep(0.003)


class BoundedNotebook(NotebookClient):
    """Runs cells; keeps so much of what one cell puts out and counts the rest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: dict[int, dict[str, int]] = {}
        self.omitted: Counter[int] = Counter()
        """Index of a cell to how many bytes of its outputs were not kept."""
        self._running: dict[str, tuple[Any, int]] = {}
        """Id of the request that ran a cell to the cell and its index."""
        self._index = 0
        """Of the cell whose message is processed."""
        self._clearing: dict[int, bool] = {}
        """Whether the next late output of a cell takes the place of all before it."""

    def begin_cell(self, index: int) -> None:
        """Count from nothing."""
        self.clear_before_next_output = False
        self._kept[index] = {"stream": 0, "bundle": 0}
        self.omitted[index] = 0

    def end_outputs(self) -> None:
        """Take in nothing late: all cells whose outputs count have run."""
        self._running.clear()

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: Any, cell_index: int) -> None:
        """Take in the outputs of a cell, and what those before it put out only now.

        nbclient drops the latter; but what a task has begun in one cell, it may do in the next.
        """
        assert self.kc is not None
        self._running[parent_msg_id] = cell, cell_index
        while True:
            message = await ensure_async(self.kc.iopub_channel.get_msg(timeout=None))
            sender = message["parent_header"].get("msg_id")
            if sender == parent_msg_id:
                try:
                    self.process_message(message, cell, cell_index)
                except CellExecutionComplete:
                    return
            elif sender in self._running and message["msg_type"] not in ("status", "execute_input"):
                self._process_late(message, *self._running[sender])

    def _process_late(self, message: dict[str, Any], cell: Any, cell_index: int) -> None:
        running = self.clear_before_next_output
        self.clear_before_next_output = self._clearing.get(cell_index, False)
        self.process_message(message, cell, cell_index)
        self._clearing[cell_index] = self.clear_before_next_output
        self.clear_before_next_output = running

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take in a message that belongs to a cell."""
        self._index = cell_index
        return super().process_message(msg, cell, cell_index)

    def clear_output(self, outs: list[Any], msg: dict[str, Any], cell_index: int) -> None:
        """What a cell takes back does not count."""
        super().clear_output(outs, msg, cell_index)
        if not outs:
            self.begin_cell(cell_index)

    def output(
        self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> Any:
        """Keep an output if there is room for it; of a text, the part there is room for."""
        kept = self._kept.setdefault(cell_index, {"stream": 0, "bundle": 0})
        if self.clear_before_next_output:
            kept.update(stream=0, bundle=0)
            self.omitted[cell_index] = 0
        content = msg["content"]
        if msg["msg_type"] == "stream":
            data = content["text"].encode("utf-8", "surrogatepass")
            room = STREAM_LIMIT - kept["stream"]
            if len(data) > room:
                content["text"] = data[:room].decode("utf-8", "ignore")
                # Not half a character, and nothing after what was left out.
                self.omitted[cell_index] += len(data) - len(content["text"].encode())
                kept["stream"] = STREAM_LIMIT
            else:
                kept["stream"] += len(data)
            if not content["text"]:
                return None
        else:
            size = _size(content.get("data", content))
            if kept["bundle"] + size > BUNDLE_LIMIT:
                self.omitted[cell_index] += size
                return None
            kept["bundle"] += size
        return super().output(outs, msg, display_id, cell_index)

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        """Change what was displayed before, unless that would make it too large."""
        if msg["msg_type"] == "update_display_data":
            size = _size(msg["content"]["data"])
            if size > BUNDLE_LIMIT:
                self.omitted[self._index] += size
                return
        super()._update_display_id(display_id, msg)


def _size(data: dict[str, Any]) -> int:
    """Bytes that the representations of a result take."""
    texts = (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in data.values()
    )
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
