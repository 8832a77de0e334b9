"""A Jupyter kernel provisioner whose kernels start at once and leave nothing behind.

Registered as `inkcell` (entry point group `jupyter_client.kernel_provisioners`). A kernelspec of
an ipykernel uses it by its metadata, with any Jupyter client:

    "metadata": {"kernel_provisioner": {"provisioner_name": "inkcell",
                 "config": {"modules": ["numpy", "matplotlib.pyplot"]}}}

With `modules` the kernel is forked from a parent that has imported them (see `warm`); without,
or where there is no fork, its command line runs as it stands. Either way a guard (see `guard`)
stands between: it ends all that the kernel started, bounds its memory, takes its network away.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Bool, Int, List, Unicode

from .stopped_guard import Process, end_if_stopped, guards_of
from .warm_parent import (
    CAN_FORK,
    HERE,
    WarmParent,
    WarmParentDied,
    WarmRefused,
    connected,
    start_warm_parent,
)

MIB = 1 << 20

LOOK_AGAIN = 1.0
"""Seconds after which a guard that was told to end everything may have been stopped meanwhile."""
ANSWER_TIMEOUT = 180.0
"""Seconds in which a warm parent must answer; it imports no longer than `warm.IMPORT_PATIENCE`."""

INHERITED = re.compile(r"PYTHON|LD_|LC_|LANG|MPL|MATPLOTLIB|OMP_|OPENBLAS_|MKL_|CUDA_")
"""Environment variables that are read while modules are imported: a warm parent's are those of
its kernels."""


class GuardedKernel:
    """A kernel behind its guard: the part of `subprocess.Popen` that Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(
        self, lifeline: socket.socket, guard: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self.peak_memory = 0
        """Bytes, once the kernel has ended."""
        self.over_memory = False
        self.isolated = True
        """Whether the network was taken away, if that was asked for."""
        self._lifeline = lifeline
        self._guard = guard
        self._guards: tuple[Process, ...] = ()

    def fileno(self) -> int:
        """The lifeline: readable when the guard has something to say."""
        return self._lifeline.fileno()

    def listen(self) -> None:
        """Take in what the guard has said; never blocks."""
        if self.returncode is None and self._lifeline.fileno() < 0:
            self.returncode = -signal.SIGKILL
        while self.returncode is None and select.select([self._lifeline], [], [], 0)[0]:
            try:
                data = self._lifeline.recv(65536)
            except OSError:
                data = b""
            for line in data.splitlines() or [b'{"exit": -9}']:
                self._note(json.loads(line))

    def _note(self, message: dict[str, Any]) -> None:
        if "pid" in message:
            self.pid = message["pid"]
            self._guards = guards_of(self.pid)
        self.isolated = message.get("isolated", self.isolated)
        if "exit" in message:
            self.peak_memory = message.get("peak", 0)
            self.over_memory = message.get("over", False)
            self.returncode = message["exit"]

    def poll(self) -> int | None:
        """Exit status, or None while the kernel lives."""
        self.listen()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end of the kernel and of all it started."""
        while self.poll() is None:
            if not select.select([self._lifeline], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel's process group."""
        self._tell({"signal": number})

    def kill(self) -> None:
        """End the kernel and all it started, also if its code has stopped the guard."""
        self._tell({"kill": True})
        end_if_stopped(self._guards)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Let go of the lifeline: whatever still lives is killed."""
        self._lifeline.close()
        end_if_stopped(self._guards)
        if self._guard is not None:
            self._guard.wait()

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._lifeline.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return  # It has ended.


class InkcellProvisioner(LocalProvisioner):
    """Starts kernels behind a guard, from a warm parent where it can."""

    modules: Any = List(Unicode(), help="What a warm parent imports; empty: no warm parent.")
    parent_socket: Any = Unicode(help="Socket of a warm parent that somebody else keeps.")
    memory: Any = Int(0, help="MiB that the kernel and what it starts may take; 0: no limit.")
    network: Any = Bool(True, help="False: no network but loopback, where the platform can.")

    guarded: GuardedKernel | None = None
    """The kernel, also after it has ended."""
    _warm: WarmParent | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel of a command line; called by jupyter_client.

        Raises:
            WarmRefused: the warm parent that somebody else keeps cannot be forked safely.
            WarmParentDied: it has ended.
        """
        ours, theirs = socket.socketpair()
        outputs = [_descriptor(kwargs.get(name)) for name in ("stdout", "stderr")]
        request = {
            "arguments": _ipykernel_arguments(cmd),
            "cwd": str(kwargs.get("cwd") or Path.cwd()),
            "environment": dict(kwargs.get("env") or os.environ),
            "memory": self.memory * MIB,
            "network": self.network,
        }
        guard = None
        try:
            if not await self._forked(cmd[0], request, theirs, outputs):
                guard = _spawn(cmd, request, theirs, outputs)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            for descriptor in outputs:
                os.close(descriptor)
        self.guarded = GuardedKernel(ours, guard)
        self.process = cast("Any", self.guarded)
        return self.connection_info

    async def _forked(
        self,
        executable: str,
        request: dict[str, Any],
        lifeline: socket.socket,
        outputs: Sequence[int],
    ) -> bool:
        """Fork the kernel from a warm parent; False if it has to be started cold."""
        if not CAN_FORK or not request["arguments"] or not (self.parent_socket or self.modules):
            return False
        places = request["environment"].get("PYTHONPATH", "").split(os.pathsep)
        if any(place and not Path(place).is_absolute() for place in places):
            return False  # It is relative to the kernel's working folder.
        try:
            answer = await self._answer(executable, request, lifeline, outputs)
            if "refused" in answer:
                raise WarmRefused(*answer["refused"])
        except (WarmRefused, WarmParentDied):
            if self.parent_socket:
                raise
            return False
        return "cold" not in answer

    async def _answer(
        self,
        executable: str,
        request: dict[str, Any],
        lifeline: socket.socket,
        outputs: Sequence[int],
    ) -> dict[str, Any]:
        """What the warm parent says to a request for a kernel."""
        try:
            if self._warm is None and self.parent_socket:
                path = Path(self.parent_socket)
                self._warm = WarmParent(path, connected(path))
            elif self._warm is None:
                self._warm = _shared_parent(executable, self.modules, request["environment"])
            connection = self._warm.connection
            _ask(connection, request, [lifeline.fileno(), *outputs])
            await asyncio.wait_for(_readable(connection.fileno()), ANSWER_TIMEOUT)
            data = connection.recv(65536)
        except OSError as error:
            data = b""
            reason = str(error) or "it does not answer"
        else:
            reason = "it closed the connection"
        if not data:
            self._let_go()
            raise WarmParentDied(f"the warm parent has ended: {reason}")
        answer: dict[str, Any] = json.loads(data)
        return answer

    async def poll(self) -> int | None:
        """Exit status, or None while the kernel lives; called by jupyter_client."""
        return self.guarded.poll() if self.guarded else 0

    async def wait(self) -> int | None:
        """Wait for the end of the kernel, without the 100 ms steps of the inherited method."""
        while self.guarded and self.guarded.poll() is None:
            await _readable(self.guarded.fileno())
        self.process = None
        return self.guarded.returncode if self.guarded else 0

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all it started, and return when that is so."""
        if self.guarded:
            while self.guarded.poll() is None:
                self.guarded.kill()
                with suppress(TimeoutError):
                    await asyncio.wait_for(_readable(self.guarded.fileno()), LOOK_AGAIN)

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel's process group."""
        if signum == 0:
            return
        if self.guarded:
            self.guarded.send_signal(signum)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Let go of the kernel and, unless it starts again, of the warm parent."""
        await super().cleanup(restart)
        if self.guarded:
            self.guarded.close()
        if not restart:
            self._let_go()

    def _let_go(self) -> None:
        if self._warm is not None:
            self._warm.close()
            self._warm = None


def _ask(connection: socket.socket, request: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Ask a warm parent for a kernel; see `warm.serve`."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(request).encode())
        file.flush()
        socket.send_fds(connection, [b"!"], [*descriptors, file.fileno()])


def fork_guarded(
    parent: WarmParent, request: dict[str, Any], outputs: Sequence[int], control: socket.socket
) -> GuardedKernel:
    """Fork a kernel that talks over a socket of its own (see `cells`) from a warm parent.

    Raises:
        WarmRefused: the warm parent cannot be forked safely, or not for this kernel.
        WarmParentDied: it has ended.
    """
    ours, theirs = socket.socketpair()
    try:
        with connected(parent.path) as connection, theirs:
            connection.settimeout(ANSWER_TIMEOUT)
            _ask(connection, request, [theirs.fileno(), *outputs, control.fileno()])
            data = connection.recv(65536)
    except OSError as error:
        ours.close()
        raise WarmParentDied(f"the warm parent has ended: {error}") from None
    answer = json.loads(data) if data else {"cold": "it closed the connection"}
    if answer:
        ours.close()
        raise WarmRefused(*answer.get("refused", ("", answer.get("cold"))))
    return GuardedKernel(ours)


def _descriptor(stream: Any) -> int:
    """A descriptor of its own for where a kernel's stream goes; nowhere if nobody says where."""
    if stream is None or (isinstance(stream, int) and stream < 0):
        return os.open(os.devnull, os.O_WRONLY)
    return os.dup(stream if isinstance(stream, int) else stream.fileno())


def _spawn(
    cmd: list[str], request: dict[str, Any], lifeline: socket.socket, outputs: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Run a command line behind a guard of its own."""
    settings = {name: request[name] for name in ("cwd", "memory", "network")}
    guard = [sys.executable, "-I", "-S", str(HERE / "guard.py")]
    descriptors = [lifeline.fileno(), *outputs]
    return subprocess.Popen(
        [*guard, *map(str, descriptors), json.dumps(settings), *cmd],
        pass_fds=descriptors,
        env=request["environment"],
        stdin=subprocess.DEVNULL,
        stdout=outputs[0],
        stderr=outputs[1],
    )


def _ipykernel_arguments(cmd: list[str]) -> list[str]:
    """`sys.argv` of an ipykernel's command line; empty for another kernel's."""
    if cmd[1:3] not in (["-m", "ipykernel_launcher"], ["-m", "ipykernel"]):
        return []
    spec = find_spec("ipykernel_launcher")
    return [(spec.origin if spec else None) or "ipykernel_launcher", *cmd[3:]]


def _shared_parent(
    executable: str, modules: Sequence[str], environment: dict[str, str]
) -> WarmParent:
    """The warm parent of this user for an interpreter and a list of modules, started at need."""
    read = {name: value for name, value in environment.items() if INHERITED.match(name)}
    text = json.dumps([executable, list(modules), read], sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"inkcell-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise RuntimeError(f"{folder} belongs to somebody else")
    path = folder / f"{name}.socket"
    try:
        return WarmParent(path, connected(path))
    except OSError:
        path.unlink(missing_ok=True)
        return start_warm_parent(path, executable, modules, environment)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    # A loop has one reader a descriptor; several may wait for the end of one kernel.
    own = os.dup(descriptor)
    loop.add_reader(own, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(own)
        os.close(own)
