"""A Dask cluster on this machine: posts run there as they run here, and what goes wrong is said."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from generator.errors import ExecutionError
from generator.model import Failure

from ..conftest import WriteBlog
from .running import Ran, building, post, run, wait_until

pytest.importorskip("distributed")
pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("cluster")]


class Processes:
    """A scheduler and workers, each a process."""

    def __init__(self) -> None:
        # It chooses its port itself: one chosen here, another program could take before it.
        self.stack = ExitStack()
        place = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) / "scheduler.json"
        arguments = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
        arguments += ["--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(place)]
        self.scheduler = self.start("", *arguments)
        wait_until(lambda: _address(place), "the scheduler says where it listens")
        self.tcp = _address(place)
        self.address = self.tcp.replace("tcp://", "dask://")

    def worker(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """A worker whose kernels see its name in the environment."""
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        return self.start(
            name,
            "dask_worker",
            self.tcp,
            *("--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"),
            *("--local-directory", folder, "--death-timeout", "60", *arguments),
        )

    def start(self, name: str, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            env={**os.environ, "WORKER": name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.stack.callback(_end, process)
        return process


def _address(place: Path) -> str:
    """What a scheduler has written of itself; empty before it has."""
    try:
        return str(json.loads(place.read_text("utf-8"))["address"])
    except (OSError, ValueError):
        return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@contextmanager
def cluster() -> Iterator[Processes]:
    """A scheduler without workers; all its processes are gone afterwards."""
    processes = Processes()
    with processes.stack:
        yield processes


def workers_of(address: str) -> int:
    """How many workers a scheduler knows."""
    from distributed import Client

    with Client(address.replace("dask", "tcp"), set_as_default=False) as client:
        return len(client.scheduler_info(n_workers=-1)["workers"])


def traces(root: Path) -> dict[str, Any]:
    """Code's key to what its run was seen to use."""
    entries = [json.loads(path.read_text("utf-8")) for path in (root / "cache").glob("??/*.json")]
    return {entry["key"]: entry["trace"] for entry in entries}


def told(ran: Ran) -> dict[str, tuple[object, ...]]:
    """All that errors say, but the shipped folder's place."""
    return {
        name: (
            type(error),
            str(error),
            error.file,
            error.line,
            error.cell,
            error.text,
            error.hint,
            re.sub(r"\S*/posts/", "posts/", error.detail or ""),
        )
        for name, error in ran.errors.items()
    }


DEADLY = """\
import os, pathlib, psutil
place = pathlib.Path({place!r})
tries = int(place.read_text()) if place.exists() else 0
place.write_text(str(tries + 1))
if tries < {deaths}:
    for above in psutil.Process().parents():
        if any("dask_worker" in argument for argument in above.cmdline()):
            above.kill()
    import time
    time.sleep(60)
print("survived", tries)"""


def test_a_cluster(write_blog: WriteBlog, tmp_path: Path) -> None:
    """Same outputs, traces and errors as here; GPU posts find their worker; workers may die."""
    same = {
        "plain": post("import numpy\nprint(numpy.arange(3))", "{'a': 1}"),
        "announced": post("1 / 0", may_raise=True),
        "failing": post("x = 1", "import local\n\nlocal.fail()"),
        "syntax": post("x = 1\ny = = 2"),
        "slow": post("import time\ntime.sleep(60)", execute="timeout: 1"),
        "dead": post("import os\nos._exit(3)"),
        "files": post(
            "import local\nprint(local.WORD, open('data/words.txt', encoding='utf-8').read())"
        ),
        "kernel": post("1").replace("title", "kernelspec: {name: nobody}\ntitle", 1),
    }
    local = "WORD = '말'\ndef fail():\n    raise ValueError('as told')\n"
    root = write_blog(
        {f"posts/{name}/index.ko.md": text for name, text in same.items()}
        | {"posts/files/local.py": local, "posts/failing/local.py": local}
        | {"posts/files/data/words.txt": "글"}
    )
    here = run(root)
    seen = traces(root)
    gpu = post("import os\nprint(os.environ['WORKER'])", execute="gpu: required")
    extra = {f"posts/gpu{number}/index.ko.md": gpu for number in range(3)}
    with cluster() as processes:
        processes.worker("with", "--resources", "GPU=1")
        processes.worker("without")
        wait_until(lambda: workers_of(processes.address) == 2, "both workers are there")
        write_blog(extra)
        there = run(root, cluster=processes.address)
        assert told(there) == told(here)
        assert {there.text(f"gpu{number}") for number in range(3)} == {"with\n"}
        for name, outputs in here.outputs.items():
            if name == "announced":
                assert isinstance(there.outputs[name][0][0], Failure)
            assert there.outputs[name] == outputs, name
        assert {key: trace for key, trace in traces(root).items() if key in seen} == seen
        assert there.notices() == []

        _interrupted(write_blog, root, tmp_path, processes)
        _worker_dies(write_blog, root, tmp_path, processes)
        _scheduler_dies(write_blog, root, processes)


def _only(write_blog: WriteBlog, root: Path, name: str, text: str) -> None:
    shutil.rmtree(root / "posts")
    write_blog({f"posts/{name}/index.ko.md": text})


def _interrupted(write_blog: WriteBlog, root: Path, tmp_path: Path, processes: Processes) -> None:
    """Ctrl-C ends the build's kernels on the workers."""
    ready = tmp_path / "ready"
    code = "import os, pathlib, subprocess, time\nsubprocess.Popen(['sleep', '600'])\n"
    code += f"pathlib.Path({str(ready)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    _only(write_blog, root, "busy", post(code))
    with building(root, uuid.uuid4().hex, "--on", processes.address) as process:
        wait_until(lambda: ready.exists() and ready.read_text(), "the post runs")
        kernel = psutil.Process(int(ready.read_text()))
        family = [kernel, *kernel.children()]
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    wait_until(lambda: not any(each.is_running() for each in family), "the kernel is gone")


def _worker_dies(write_blog: WriteBlog, root: Path, tmp_path: Path, processes: Processes) -> None:
    """Its post is tried elsewhere, once."""
    code = DEADLY.format(place=str(tmp_path / "once"), deaths=1)
    _only(write_blog, root, "once", post(code))
    ran = run(root, cluster=processes.address)
    assert ran.text("once") == "survived 1\n"
    assert [re.sub("tcp\\S+", "…", notice) for notice in ran.notices()] == [
        "the worker … died; the post is tried elsewhere"
    ]
    processes.worker("third")
    wait_until(lambda: workers_of(processes.address) == 2, "a third worker is there")
    _only(write_blog, root, "twice", post(DEADLY.format(place=str(tmp_path / "t"), deaths=9)))
    ran = run(root, cluster=processes.address)
    assert re.fullmatch(
        r"the workers \S+ and \S+ died while the post ran", str(ran.errors["twice"])
    )
    assert (tmp_path / "t").read_text() == "2"
    for settings, what in (("", "is there"), ("gpu: required", "offers the resource GPU")):
        _only(write_blog, root, "nobody", post("1", execute=settings))
        ran = run(root, cluster=processes.address)
        assert str(ran.errors["nobody"]) == f"no worker of {processes.address} {what}"
        assert "dask worker" in str(ran.errors["nobody"].hint)


def _scheduler_dies(write_blog: WriteBlog, root: Path, processes: Processes) -> None:
    """That is an error of the post that ran."""
    processes.worker("last")
    wait_until(lambda: workers_of(processes.address) == 1, "the last worker is there")
    code = f"import os, time\nos.kill({processes.scheduler.pid}, 9)\ntime.sleep(60)"
    _only(write_blog, root, "lonely", post(code))
    ran = run(root, cluster=processes.address)
    assert isinstance(ran.errors["lonely"], ExecutionError)
    assert "cluster" in str(ran.errors["lonely"])


def test_no_cluster(write_blog: WriteBlog) -> None:
    """An address where nobody answers, or that is none, is an error with a hint."""
    root = write_blog({"posts/a/index.ko.md": post("1")})

    def failed(address: str) -> ExecutionError:
        with pytest.raises(ExecutionError) as caught:
            run(root, cluster=address)
        return caught.value

    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor() as pool:
        places = ["127.0.0.1:1", "127.0.0.1", "no.invalid:1"]
        places.append(f"127.0.0.1:{silent.getsockname()[1]}")
        addresses = [f"dask://{place}" for place in places]
        for address, error in zip(addresses, pool.map(failed, addresses), strict=True):
            assert f"no cluster answers at {address}" in str(error)
            assert "dask scheduler" in str(error.hint)


def test_a_cluster_needs_dask(write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not installed, the author learns how to install it."""
    root = write_blog({"posts/a/index.ko.md": post("1")})
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "generator.execute.remote", raising=False)
    with pytest.raises(ExecutionError, match="a cluster needs the package `distributed`") as failed:
        run(root, cluster="dask://127.0.0.1:1")
    assert failed.value.hint == "pip install 'inkcell[dask]'"
