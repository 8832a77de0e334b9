"""Runs one kernel, and sees to it that nothing the kernel started outlives it.

A process between whoever wants the kernel and the kernel itself. On Linux it is a *subreaper*
(prctl(2)): a grandchild that made itself a daemon becomes its child again, so that killing all
its descendants leaves nothing behind. It ends them when the kernel ends, when it is told to, and
when the other end of its *lifeline* closes, which happens however its owner dies. Where there is
no subreaper, the kernel's process group is killed.

Stands alone: only the standard library, in any Python from 3.9 on, for a kernel's interpreter
need not be Inkcell's own.

Messages on the lifeline are lines of JSON:

- from the owner: `{"signal": 2}` for the kernel's process group, `{"kill": true}`;
- to the owner: `{"pid": 17}` at the start, `{"exit": -9, "peak": 104857600, "over": false}` at
  the end: exit status as `subprocess` has it, the most memory in bytes, and whether that was too
  much; `{"isolated": false}` if the network could not be taken away.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERVAL = 0.1
"""Seconds between two looks at the memory."""
PATIENCE = 10.0
"""Seconds after which a process that cannot be killed (it waits for a disk) is left alone."""

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1


def supervise(
    lifeline: socket.socket, become: Callable[[], None], memory: int = 0, network: bool = True
) -> None:
    """Start a kernel and stay until nothing of it is left.

    Two processes do so, for one of them may be killed: should it be the inner one, which does
    the work, then the kernel's orphans come to the outer one, which ends them.

    Args:
        lifeline: a connected socket.
        become: what the kernel's process does after `become_kernel`; it never returns.
        memory: bytes that the kernel and its descendants may take together; 0 is no limit.
        network: False takes every network interface but loopback away.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    outer, held = os.pipe()
    inner = os.fork()
    if inner:
        os.close(outer)
        os.waitpid(inner, 0)
        for _ in _ended():
            pass
        return
    try:
        os.close(held)
        _supervise(lifeline, outer, become, memory, network)
    finally:
        os._exit(0)


def _supervise(
    lifeline: socket.socket, outer: int, become: Callable[[], None], memory: int, network: bool
) -> None:
    wake, woken = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    if not network and not _leave_network():
        _tell(lifeline, {"isolated": False})
    kernel = os.fork()
    if not kernel:
        try:
            lifeline.close()
            signal.set_wakeup_fd(-1)
            for descriptor in (outer, wake, woken):
                os.close(descriptor)
            become()
        finally:
            os._exit(127)
    _tell(lifeline, {"pid": kernel})
    status: int | None = None
    peak, over = 0, False
    watched: list[Any] = [lifeline, wake, outer]
    while status is None and not over:
        ready, _, _ = select.select(watched, [], [], INTERVAL)
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            for pid, code, used in _reaped():
                if pid == kernel:
                    status, peak = code, max(peak, used)
        if outer in ready or (lifeline in ready and not _obey(lifeline, kernel)):
            break
        taken = memory_of(kernel)
        peak = max(peak, taken)
        # What a forked kernel shares with its parent is resident, but it takes nothing.
        over = bool(memory) and taken > memory and _proportional(kernel) > memory
    if status is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(kernel, signal.SIGKILL)
    for pid, code, used in _ended():
        if pid == kernel:
            status, peak = code, max(peak, used)
    code = -signal.SIGKILL if status is None else status
    _tell(lifeline, {"exit": code, "peak": peak, "over": over})


def _ended() -> Iterator[tuple[int, int, int]]:
    """Kill all descendants of this process, and reap them."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        yield from _reaped()
        if not _has_children():
            return
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


def become_kernel(cwd: str, output: int, errors: int) -> None:
    """What every kernel's process does first: a session of its own, and no input.

    Args:
        cwd: the working folder.
        output: descriptor that standard output goes to; it is closed.
        errors: descriptor that standard error goes to; it is closed.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    for descriptor in {null, output, errors}:
        if descriptor > 2:
            os.close(descriptor)
    os.chdir(cwd)


def _obey(lifeline: socket.socket, kernel: int) -> bool:
    """Do what the owner says; False if that is to end everything."""
    try:
        message = lifeline.recv(65536)
    except OSError:
        return False
    for line in message.splitlines():
        wanted = json.loads(line)
        if wanted.get("kill"):
            return False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(kernel, wanted["signal"])
    return bool(message)


def _tell(lifeline: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        lifeline.sendall(json.dumps(message).encode() + b"\n")


def _reaped() -> Iterator[tuple[int, int, int]]:
    """Children that have ended: process id, exit status, most memory in bytes."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        unit = 1 if sys.platform == "darwin" else 1024
        yield pid, os.waitstatus_to_exitcode(status), usage.ru_maxrss * unit


def _has_children() -> bool:
    if sys.platform != "linux":
        return False  # Only Linux tells of them, see `descendants`.
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


# --- processes, as Linux tells of them in /proc -------------------------------------------------


def descendants(pid: int) -> list[int]:
    """Process ids of all that a process started, and what these started."""
    found = []
    waiting = [pid]
    while waiting:
        for child in _children(waiting.pop()):
            found.append(child)
            waiting.append(child)
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found.extend(int(child) for child in file.read().split())
    except OSError:
        pass
    return found


def memory_of(pid: int) -> int:
    """Bytes that a process and its descendants take together; what they share counts once."""
    return _resident(pid) if not _children(pid) else _proportional(pid)


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    """The same for a family of processes, where each has its part of what several share."""
    taken = 0
    for member in (pid, *descendants(pid)):
        try:
            with open(f"/proc/{member}/smaps_rollup", encoding="ascii") as file:
                pss = next(line for line in file if line.startswith("Pss:"))
            taken += int(pss.split()[1]) * 1024
        except (OSError, StopIteration):
            continue  # It has ended.
    return taken


# --- what only the C library offers -------------------------------------------------------------


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)


def _leave_network() -> bool:
    """Enter a network of one's own that has loopback only: unshare(2), namespaces(7)."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None)
    user, group = os.getuid(), os.getgid()
    if library.unshare(CLONE_NEWNET) != 0:
        if library.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            return False
        # The same user inside as outside: files are read and written as before.
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with contextlib.suppress(OSError), open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as interface:
            request = struct.pack("16sh14x", b"lo", 0)
            (flags,) = struct.unpack("16xh14x", fcntl.ioctl(interface, SIOCGIFFLAGS, request))
            request = struct.pack("16sh14x", b"lo", flags | IFF_UP)
            fcntl.ioctl(interface, SIOCSIFFLAGS, request)
    except OSError:
        return False
    return True


# --- a kernel from a command line ---------------------------------------------------------------


def main() -> None:
    """Supervise the command in the arguments.

    They are descriptors (lifeline, output, errors), settings as JSON, and the command.
    """
    lifeline = socket.socket(fileno=int(sys.argv[1]))
    output, errors = int(sys.argv[2]), int(sys.argv[3])
    for descriptor in (lifeline.fileno(), output, errors):
        os.set_inheritable(descriptor, False)
    settings = json.loads(sys.argv[4])
    command = sys.argv[5:]

    def become() -> None:
        try:
            become_kernel(settings["cwd"], output, errors)
            # Python ignores them, which a program that it starts must not.
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(command[0], command, os.environ)
        except OSError as error:
            os.write(2, f"{command[0]}: {error.strerror}\n".encode())

    os.setsid()
    supervise(lifeline, become, settings["memory"], settings["network"])


if __name__ == "__main__":
    main()
