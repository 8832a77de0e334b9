"""A kernel that can be forked between two cells, for previews: each state it was in stays.

A Jupyter kernel has threads and ZeroMQ sockets, which no fork survives. This process has
ipykernel's shell, display hook and publisher, so that outputs are those of a kernel, but it talks
over one socket and has one thread. Before it runs a cell it forks: the child runs the cell and is
the next state, the parent sleeps and is a checkpoint. A changed cell runs from the checkpoint
before it, with what the cells before it left.

Stands alone, as `guard` and `warm` do; a warm parent loads it after the fork.

Messages on a state's socket are lines of JSON. To it: `{"run": source, "fork": true}`, with the
socket of the next state; when its socket closes, a state ends. From it: `{"pid": 17}`, then
`{"messages": [...], "status": "ok" | "error", "raised": [name, message], "number": 3,
"forkable": true}` when its cell, the third, has run. To it, too:
`{"ours": code}`, which runs in the state itself and is no cell; it answers `{"messages": [...]}`.
The first such code is that of `watch`, which notes what the cells use and write.
"""

from __future__ import annotations

import array
import asyncio
import codecs
import io
import json
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.session import Session, extract_header
from traitlets.config.loader import KVArgParseConfigLoader

if TYPE_CHECKING:
    from collections.abc import Sequence


class Notes(Session):
    """A Jupyter session that sends nothing, and notes what it was to send."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(key=b"", **kwargs)
        self._messages: list[dict[str, Any]] = []

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> Any:
        """Note a message."""
        if isinstance(msg_or_type, dict):
            kind, content = msg_or_type["header"]["msg_type"], msg_or_type["content"]
        else:
            kind = msg_or_type
        content = json.loads(_json(content))
        if kind == "stream":
            self.stream(content["name"], content["text"])
        else:
            self._messages.append({"msg_type": kind, "content": content})
        return msg_or_type

    def stream(self, name: str, text: str) -> None:
        """Note what was written to a stream: a part of the message before, if that is of it."""
        last: dict[str, Any] = self._messages[-1] if self._messages else {"msg_type": ""}
        if last["msg_type"] == "stream" and last["content"]["name"] == name:
            last["content"]["text"].append(text)
        else:
            content = {"name": name, "text": [text]}
            self._messages.append({"msg_type": "stream", "content": content})

    def taken(self) -> list[dict[str, Any]]:
        """What was noted, which is then forgotten."""
        messages, self._messages = self._messages, []
        for message in messages:
            if message["msg_type"] == "stream":
                message["content"]["text"] = "".join(message["content"]["text"])
        return messages


class Written(io.TextIOBase):
    """A standard stream: what is written to it becomes a message.

    What C code and programs write to the descriptor, which leads to a file, is noted in its turn.
    """

    encoding = "utf-8"

    def __init__(self, name: str, notes: Notes, descriptor: int) -> None:
        self.name = name
        self._notes = notes
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._read = os.fstat(descriptor).st_size

    def write(self, text: str) -> int:
        """Note a text."""
        self.flush()
        self._note(str(text))
        return len(text)

    def flush(self) -> None:
        """Note what was written to the descriptor."""
        size = os.fstat(self._descriptor).st_size
        if size > self._read:
            data = os.pread(self._descriptor, size - self._read, self._read)
            self._read += len(data)
            self._note(self._decoder.decode(data))

    def pass_over(self) -> None:
        """Leave out what other states have written to the descriptor, which all of them share."""
        self._read = os.fstat(self._descriptor).st_size

    def fileno(self) -> int:
        """Where programs that the code starts write to."""
        return self._descriptor

    def writable(self) -> bool:
        """It is."""
        return True

    def _note(self, text: str) -> None:
        if text:
            self._notes.stream(self.name, text)


def serve(control: socket.socket, arguments: Sequence[str]) -> None:
    """Be a state until the socket closes, and run the cell of each next state in a fork."""
    shell, notes = _start_shell(arguments)
    streams: Any = (sys.stdout, sys.stderr)
    threads = _threads()
    asyncio.set_event_loop(asyncio.new_event_loop())
    buffer = b""
    _say(control, {"pid": os.getpid()})
    while True:
        data, received, _, _ = control.recvmsg(1 << 20, socket.CMSG_SPACE(4))
        if not data:
            os._exit(0)
        descriptors = [d for level, kind, block in received for d in array.array("i", block)]
        buffer += data
        while b"\n" not in buffer:
            buffer += control.recv(1 << 20)
        line, _, buffer = buffer.partition(b"\n")
        wanted = json.loads(line)
        if "ours" in wanted:
            exec(wanted["ours"], {"get_ipython": lambda: shell})
            _say(control, {"messages": notes.taken()})
            continue
        following = socket.socket(fileno=descriptors[0])
        if wanted["fork"] and os.fork():
            following.close()
            _reap()
            continue
        control.close()
        control, buffer = following, b""
        if wanted["fork"]:
            # An event loop's descriptors would be shared with the checkpoint.
            asyncio.set_event_loop(asyncio.new_event_loop())
            vars(sys)["_inkcell_watch"].process = os.getpid()  # The code has not forked it.
            for stream in streams:
                stream.pass_over()
        _say(control, {"pid": os.getpid()})
        number = shell.execution_count
        status, raised = _run(shell, wanted["run"])
        for stream in streams:
            stream.flush()
        answer = {
            "messages": notes.taken(),
            "status": status,
            "raised": raised,
            "number": number,
            "forkable": _forkable(threads),
        }
        _say(control, answer)


def _start_shell(arguments: Sequence[str]) -> tuple[InteractiveShell, Notes]:
    config = KVArgParseConfigLoader(list(arguments)).load_config()
    notes = Notes()
    shell: Any = ZMQInteractiveShell.instance(config=config, compiler_class=XCachingCompiler)
    for part in (shell.displayhook, shell.display_pub):
        part.session = notes
        part.pub_socket = None
        part.set_parent({"header": extract_header({"header": {}})})
    sys.stdout = Written("stdout", notes, 1)
    sys.stderr = Written("stderr", notes, 2)
    if sys.path[:1] != [""]:
        sys.path.insert(0, "")
    return shell, notes


def _run(shell: Any, source: str) -> tuple[str, tuple[str, str]]:
    """Run a cell as ipykernel does, inside an event loop.

    Returns:
        Whether that went well, and name and message of the exception: what shows it may be none
        of a kernel's tracebacks.
    """
    try:
        transformed, problem = shell.transform_cell(source), None
    except Exception:
        transformed, problem = source, sys.exc_info()
    prepared = {"transformed_cell": transformed, "preprocessing_exc_tuple": problem}

    async def cell() -> Any:
        if shell.should_run_async(source, **prepared):
            return await shell.run_cell_async(source, store_history=True, **prepared)
        return shell.run_cell(source, store_history=True)

    shell._last_traceback_during_displayhook = False
    result = asyncio.get_event_loop().run_until_complete(cell())
    # ipykernel notes there that showing a result has failed.
    shown = not shell._last_traceback_during_displayhook
    error = result.error_before_exec or result.error_in_exec
    raised = (type(error).__name__, _message_of(error)) if error else ("", "")
    return "ok" if result.success and shown else "error", raised


def _message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # The author's own class may raise whatever it likes.
        return ""


def _forkable(threads: int) -> bool:
    """Whether nothing has begun that a fork would cut off."""
    torch = sys.modules.get("torch")
    return (
        _threads() <= threads
        and not asyncio.all_tasks(asyncio.get_event_loop())
        and not (torch is not None and torch.cuda.is_initialized())
    )


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _reap() -> None:
    """Let go of states that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _say(control: socket.socket, message: dict[str, Any]) -> None:
    control.sendall(_json(message).encode("utf-8", "replace") + b"\n")


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=True, default=str)
