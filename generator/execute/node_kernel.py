"""JavaScript on Node: the Jupyter kernel `inkcell-node`. The only module that knows ipykernel.

    nbclient ── Jupyter's messages ──▶ NodeKernel ── JSON lines ──▶ node_worker.cjs

ipykernel speaks to Jupyter; the worker runs the cells. Everything that a cell puts out is
published before its reply, because nbclient stops reading there.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import zmq
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

WORKER = Path(__file__).with_name("node_worker.cjs")

OLDEST_NODE = (20, 10)
"""The first that knows `import data from "./data.json" with { type: "json" }`."""

NODE_ARGUMENTS = (
    "--no-force-async-hooks-checks",  # An interrupt ends a callback without its last rites.
    "--no-warnings",  # The worker words them itself.
    "--stack-trace-limit=30",  # Frames of libraries must not hide those of the cell.
)

NO_COLOURS = {"NO_COLOR": "1", "NODE_DISABLE_COLORS": "1"}

PREPARE = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Linux kills the worker with its kernel (1 is PR_SET_PDEATHSIG, which outlives `exec`)."""

REASONS = {
    "heap out of memory|heap limit": "it ran out of memory",
    # Node 22 collects such a promise, and stumbles over it.
    "DisallowJavascriptExecutionScope": "it awaited a promise that nothing could settle any more",
}
"""What Node writes when it aborts, in words."""

CHUNK = 1 << 16


class NodeError(Exception):
    """Why there is no Node to run a cell, as its author is told."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)
        self.name = name
        self.message = message


class NodeKernel(Kernel):
    """A kernel whose cells run in one Node process, started with the first of them."""

    implementation = "inkcell-node"
    implementation_version = "1"
    banner = "JavaScript on Node, for Inkcell"
    language_info = {  # noqa: RUF012 - so it is declared by ipykernel
        "name": "javascript",
        "version": "es2023",
        "mimetype": "text/javascript",
        "file_extension": ".js",
        "pygments_lexer": "javascript",
    }
    worker: Worker | None = None

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: dict[str, Any] | None = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        """Run a cell; publish all it puts out; return the content of the reply."""
        number = self.execution_count
        try:
            if self.worker is None:
                self.worker = Worker(find_node())
            for message in self.worker.run(code, number, own=store_history and not silent):
                kind = message["type"]
                if kind == "error":
                    return self._failed(message["ename"], message["evalue"], message["traceback"])
                if not silent:
                    self._publish(kind, message)
        except NodeError as error:
            return self._failed(error.name, error.message, [f"{error.name}: {error.message}"])
        return {
            "status": "ok",
            "execution_count": number,
            "payload": [],
            "user_expressions": {},
        }

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """End the worker with its kernel."""
        if self.worker is not None:
            self.worker.stop()
        return {"status": "ok", "restart": restart}

    def pre_handler_hook(self) -> None:
        """Pass SIGINT on instead of raising KeyboardInterrupt at whatever line reads a reply."""
        self.saved_sigint_handler = signal.signal(signal.SIGINT, self._interrupt)

    def _interrupt(self, *_: object) -> None:
        if self.worker is not None:
            self.worker.interrupt()

    def _publish(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "stream":
            content = {"name": message["name"], "text": message["text"]}
        elif message["data"] is None:
            return
        else:
            content = {"data": message["data"], "metadata": {}}
        if kind == "result":
            kind = "execute_result"
            content["execution_count"] = self.execution_count
        self.send_response(self.iopub_socket, kind, content)  # type: ignore[no-untyped-call]

    def _failed(self, name: str, message: str, traceback: list[str]) -> dict[str, Any]:
        error = {"ename": name, "evalue": message, "traceback": traceback}
        self.send_response(self.iopub_socket, "error", error)  # type: ignore[no-untyped-call]
        return {"status": "error", "execution_count": self.execution_count, **error}


class NodeKernelApp(IPKernelApp):
    """What starts the kernel and opens its sockets."""

    def init_iopub(self, context: Any) -> None:
        """Keep every output for a client that reads slower than a cell prints.

        By default ZeroMQ drops what comes after the thousandth message that waits.
        """
        context.setsockopt(zmq.SNDHWM, 0)
        super().init_iopub(context)  # type: ignore[no-untyped-call]


class Worker:
    """The Node process: requests go in as JSON lines, messages come out as JSON lines."""

    def __init__(self, node: str) -> None:
        theirs_in, self._requests = os.pipe()
        replies, theirs_out = os.pipe()
        self._replies = os.fdopen(replies, "rb")
        # Files, not pipes: a child process of the author's can fill them while nobody reads.
        self._files = {"stdout": _growing_file(), "stderr": _growing_file()}
        self._taken = dict.fromkeys(self._files, 0)
        command = [node, *NODE_ARGUMENTS, str(WORKER), str(theirs_in), str(theirs_out)]
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", "-c", PREPARE, *command]
        environment = {**os.environ, **NO_COLOURS}
        environment.pop("FORCE_COLOR", None)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._files["stdout"],
            stderr=self._files["stderr"],
            pass_fds=(theirs_in, theirs_out),
            env=environment,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._number = 0

    def run(self, code: str, number: int, *, own: bool) -> Iterator[dict[str, Any]]:
        """All messages of a cell; the last is its result or its error.

        Args:
            code: the cell's source.
            number: of the execution, as Jupyter counts.
            own: whether the cell is the author's; errors of callbacks fail only those.

        Raises:
            NodeError: the process has ended.
        """
        with contextlib.suppress(BrokenPipeError):
            self._send({"type": "execute", "code": code, "number": number, "own": own})
        self._number = number  # Only now: an interrupt must not come in the middle of a request.
        for message in _joined(self._received()):
            if "position" in message:
                self._taken[message["name"]] = message["position"]
            if message["type"] in ("result", "error"):
                self._number = 0
                yield message
                return
            yield message
        self._number = 0
        said = {name: self._rest(name) for name in self._files}
        for name, text in said.items():
            if text:
                yield {"type": "stream", "name": name, "text": text}
        raise self._ended(said["stderr"])

    def interrupt(self) -> None:
        """Stop the cell that runs, if one does."""
        if self._number:
            with contextlib.suppress(BrokenPipeError):
                self._send({"type": "interrupt", "number": self._number})

    def stop(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()

    def _received(self) -> Iterator[dict[str, Any]]:
        for line in self._replies:
            if line.endswith(b"\n"):  # Else the process has ended in the middle of it.
                yield json.loads(line)

    def _send(self, request: dict[str, Any]) -> None:
        data = json.dumps(request).encode() + b"\n"
        while data:
            data = data[os.write(self._requests, data) :]

    def _rest(self, name: str) -> str:
        """What the process wrote last and could not hand over itself."""
        file = self._files[name]
        file.seek(self._taken[name])
        data = file.read()
        self._taken[name] += len(data)
        return data.decode(errors="replace")

    def _ended(self, said: str) -> NodeError:
        status = self._process.wait()
        how = f"with status {status}" if status >= 0 else f"by {signal.Signals(-status).name}"
        hint = "did the code call `process.exit`?" if status >= 0 else "was it killed?"
        for pattern, reason in REASONS.items():
            if re.search(pattern, said):
                hint = reason
        return NodeError("NodeExited", f"the Node process of this notebook has ended {how}: {hint}")


def _growing_file() -> BinaryIO:
    return cast(BinaryIO, tempfile.TemporaryFile("a+b"))


def _joined(messages: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same messages, with what was written to one stream in a row made one message.

    It waits for the row to end: where outputs are divided must not depend on timing.
    """
    row: dict[str, Any] | None = None
    for message in messages:
        if row and message["type"] == "stream" and message["name"] == row["name"]:
            row = {**row, **message, "text": row["text"] + message["text"]}
        else:
            if row:
                yield row
            row = None
            if message["type"] == "stream":
                row = message
            else:
                yield message
        if row and len(row["text"]) >= CHUNK:
            yield row
            row = None
    if row:
        yield row


def find_node() -> str:
    """The path of a Node that is new enough.

    Raises:
        NodeError: there is none.
    """
    wanted = ".".join(map(str, OLDEST_NODE))
    cure = (
        f"install Node {wanted} or newer (https://nodejs.org), and see that `node` is on the PATH"
    )
    node = shutil.which("node")
    if node is None:
        raise NodeError(
            "NodeMissing", f"JavaScript cells need Node, and there is none here: {cure}"
        )
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise NodeError("NodeMissing", f"{node} does not start ({error}): {cure}") from None
    version = answer.stdout.strip().removeprefix("v")
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if found < OLDEST_NODE:
        raise NodeError("NodeTooOld", f"{node} is Node {version}: {cure}")
    return node


if __name__ == "__main__":
    # Warnings of ipykernel would hide what a cell that failed has to say.
    NodeKernelApp.launch_instance(kernel_class=NodeKernel, log_level=logging.ERROR)
