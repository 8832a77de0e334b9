"""A kernel forked from a warm parent is in every respect what a fresh one is."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from generator.execute import cache as kept

from ..conftest import WriteBlog
from .running import MARK, Ran, data, marked, post, posts_of, run, told, wait_until

pytestmark = pytest.mark.kernel

FACTS = """\
import json as _json, sys as _sys
_first = sorted(_sys.modules)
import gc, importlib.util, os, pathlib, pkgutil, resource, signal, tempfile, threading, warnings
_tasks = [open(f"/proc/self/task/{task}/comm").read() for task in os.listdir("/proc/self/task")]
_open = []
for _number in os.listdir("/proc/self/fd"):
    try:
        _kind = os.readlink(f"/proc/self/fd/{_number}").split(":")[0]
    except OSError:
        continue
    _kind = "nameless" if _kind.endswith(" (deleted)") else _kind  # Its number is its own.
    _open.append(_kind if not _kind.startswith("/tmp") else pathlib.Path(_kind).name)
_facts = {
    "environment": {k: v for k, v in os.environ.items() if k != "IPYTHONDIR"},
    "folder": os.getcwd().rpartition("/")[0],
    "arguments": [type(_sys.argv[0]).__name__, *_sys.argv[1:2], *_sys.argv[3:]],
    "program": os.path.basename(_sys.argv[0]),
    "path": _sys.path,
    "prefix": [_sys.prefix, _sys.executable, _sys.flags.hash_randomization],
    "signals": [repr(signal.getsignal(n)).split(" at ")[0] for n in signal.valid_signals()],
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "leads": [os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid()],
    "open": {kind: _open.count(kind) for kind in ("pipe", "/dev/null", "kernel.log")},
    "files": sorted(set(_open)),
    "umask": [os.umask(0o22), os.umask(0o22)],
    "nice": os.nice(0),
    "limits": [resource.getrlimit(n) for n in (resource.RLIMIT_NOFILE, resource.RLIMIT_STACK)],
    "threads": sorted(thread.name.split("-")[0] for thread in threading.enumerate()),
    "tasks": len(_tasks),
    "temporary": tempfile.gettempdir(),
    "filters": [repr(item) for item in warnings.filters],
    "names": sorted(n for n in dir() if not n.startswith("_")),
    "hooks": [repr(h).split(" at ")[0] for h in (_sys.excepthook, _sys.displayhook)],
    "streams": [type(s).__name__ for s in (_sys.stdin, _sys.stdout, _sys.stderr)],
    "hash": hash("a text"),
    "recursion": _sys.getrecursionlimit(),
    "collector": [gc.isenabled(), gc.get_threshold()],
    "main": [__name__, _sys.modules["__main__"].__dict__ is globals()],
}
print(_json.dumps({"modules": _first, **_facts}))"""

LATER = """\
def _seen():
    return sorted(_sys.modules)
def _has(name, attribute):
    return hasattr(_sys.modules[name], attribute)
_found = importlib.util.find_spec("matplotlib")
_steps = {"spec": [_found.origin, _found.name, list(_found.submodule_search_locations)]}
_steps["data"] = len(pkgutil.get_data("matplotlib", "mpl-data/matplotlibrc"))
for _name in [n for n in _sys.modules if n.partition(".")[0] == "matplotlib"]:
    pass
import numpy
_steps["numpy"] = [_seen(), _has("numpy", "f2py"), [repr(f) for f in warnings.filters]]
from scipy import sparse
_steps["sparse"] = [_seen(), _has("scipy", "optimize"), _has("scipy.sparse", "linalg")]
import matplotlib.pyplot
_steps["pyplot"] = [_seen(), matplotlib.get_backend(), dict(matplotlib.rcParams) != {}]
_steps["where"] = [numpy.__spec__.origin, numpy.__file__, str(numpy.__loader__)[:40]]
import importlib.resources
_steps["resources"] = sorted(p.name for p in importlib.resources.files("matplotlib").iterdir())
_steps["environment"] = dict(os.environ, IPYTHONDIR="")
_steps["filters"] = [repr(item) for item in warnings.filters]
print(_json.dumps(_steps))"""

FIGURE = """\
import matplotlib.pyplot as plt, numpy as np
plt.hist(np.sin(np.arange(100)), bins=7)
plt.title("a title")
None"""

ALSO = {"gc", "resource", "runpy"}
"""Modules in which kernels may differ: what starts a kernel needs them."""


def _two(ran: Ran, cell: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the warm kernel and the cold one said."""
    assert ran.errors == {}
    return json.loads(ran.text("warm", cell)), json.loads(ran.text("cold", cell))


def test_a_warm_kernel_is_as_a_fresh_one(write_blog: WriteBlog) -> None:
    """Modules, process, streams, environment and figures of the two are the same."""
    cells = [FACTS, LATER, FIGURE, "print(os.getppid(), open('/proc/self/cmdline').read())"]
    preloading = post("import numpy.f2py, scipy.optimize, scipy.sparse.linalg, matplotlib.pyplot")
    root = write_blog(
        {
            "posts/warm/index.ko.md": post(*cells),
            "posts/cold/index.ko.md": post(*cells, execute="warm: false"),
            "posts/more/index.ko.md": preloading,
        }
    )
    ran = run(root)
    assert "warm.py" in ran.text("warm")
    assert "warm.py" not in ran.text("cold")
    warm, cold = _two(ran, 0)
    assert set(warm.pop("modules")) ^ set(cold.pop("modules")) <= ALSO
    for fact, value in cold.items():
        assert warm[fact] == value, fact
    warm, cold = _two(ran, 1)
    for step in ("numpy", "sparse", "pyplot"):
        assert set(warm[step].pop(0)) ^ set(cold[step].pop(0)) <= ALSO, step
    for step, value in cold.items():
        assert warm[step] == value, step
    figures = [data(ran.outputs[name][2][0]) for name in ("warm", "cold")]
    drawings = [figure.pop("image/svg+xml") for figure in figures]
    assert len({re.sub("<dc:date>.*?</dc:date>", "", drawing) for drawing in drawings}) == 1
    assert figures[0] == figures[1]
    assert "image/png" in figures[0]


def test_what_other_posts_import(write_blog: WriteBlog) -> None:
    """It is not in a post's modules, nor in the trace of its packages."""
    cell = (
        "import torch, torch._dynamo, json, sys\n"
        "print(json.dumps({'modules': sorted(sys.modules)}))"
    )
    others = "import sklearn.cluster, pandas, hypothesis, networkx, skimage.graph"
    root = write_blog(
        {
            "posts/warm/index.ko.md": post(cell, WARM),
            "posts/cold/index.ko.md": post(cell, execute="warm: false"),
            "posts/other/index.ko.md": post(others, "import skimage.data\nskimage.data.coins"),
        }
    )
    ran = run(root)
    warm, cold = _two(ran, 0)
    assert ran.text("warm") == "True\n"
    assert set(warm["modules"]) ^ set(cold["modules"]) <= ALSO
    traces = {
        each.source.folder: entry.trace
        for each in posts_of(root)
        if (entry := kept.last_entry(root / "cache", each))
    }
    assert traces["warm"].packages == traces["cold"].packages
    assert traces["warm"].missing == traces["cold"].missing
    assert "torch" in traces["warm"].packages
    assert "scikit-learn" in traces["other"].packages


def test_two_warm_kernels_of_one_parent(write_blog: WriteBlog) -> None:
    """Their random numbers differ, their hashes agree, and neither sees what the other did."""
    state = """\
import matplotlib, numpy, os, random, sys, uuid, yaml
print(numpy.sin(0), matplotlib.rcParams["font.size"], "LEFT" in os.environ, sys.getrecursionlimit())
numpy.sin = lambda x: "patched"
matplotlib.rcParams["font.size"] = 99
sys.setrecursionlimit(777)"""
    chance = """\
import numpy
print(random.random(), numpy.random.rand(), numpy.random.default_rng().random(), uuid.uuid4())
print(hash("text"), os.getppid() != 1)"""
    root = write_blog({f"posts/{n}/index.ko.md": post(state, chance) for n in "abcd"})
    ran = run(root, jobs=1)
    assert ran.errors == {}
    assert {ran.text(name, 0) for name in "abcd"} == {f"0.0 10.0 False {sys.getrecursionlimit()}\n"}
    lines = [ran.text(name, 1).splitlines() for name in "abcd"]
    drawn = [number for line, _ in lines for number in line.split()]
    assert len(set(drawn)) == 16
    assert len({same for _, same in lines}) == 1


HIDING = "import {name}\nprint({name}.__file__.rpartition('/')[2], {name}.LOCAL)"
WARM = "print('warm.py' in open('/proc/self/cmdline').read())"


def test_modules_with_ways_of_their_own(write_blog: WriteBlog) -> None:
    """Modules that a fork would not do justice, and files that hide others: all as if cold."""
    files = {
        "library/threaded.py": "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n",
        "library/talking.py": "print('hello')\n",
        "library/warning.py": "import warnings\nwarnings.warn('old', UserWarning, stacklevel=2)\n",
        "library/setting.py": "import os, warnings\nos.environ['SET'] = 'yes'\n"
        "warnings.filterwarnings('ignore', message='never mind')\n"
        "with warnings.catch_warnings():\n    warnings.simplefilter('error')\n",
        "library/logs.py": "import logging\nlog = logging.getLogger('logs')\n"
        "log.addHandler(logging.StreamHandler())\n",
        "library/asking.py": "from IPython import get_ipython\nSHELL = get_ipython()\n",
        "library/failing.py": "raise ImportError('not here')\n",
        "library/leaving.py": "import sys\nif 'warm.py' in sys.argv[0]:\n    sys.exit(3)\n",
        "posts/threaded/index.ko.md": post(
            "import threaded, threading\nprint(threading.active_count() > 1)", WARM
        ),
        "posts/talking/index.ko.md": post("import talking", WARM),
        "posts/warning/index.ko.md": post("import warning", WARM),
        "posts/setting/index.ko.md": post(
            "import os, warnings\nprint('SET' in os.environ, len(warnings.filters))\n"
            "import setting\n"
            "print(os.environ['SET'], os.popen('echo $SET').read(), warnings.filters[0][:2])",
            "warnings.warn('never mind')\nwarnings.warn('do mind')",
            WARM,
        ),
        "posts/logs/index.ko.md": post("import logs\nlogs.log.warning('logged')", WARM),
        "posts/asking/index.ko.md": post(
            "import asking\nprint(asking.SHELL is get_ipython())", WARM
        ),
        "posts/failing/index.ko.md": post(
            "try:\n    import failing\nexcept ImportError as error:\n    print(error)", WARM
        ),
        "posts/leaving/index.ko.md": post("import leaving\nprint('here')", WARM),
        "posts/hidden/index.ko.md": post(HIDING.format(name="yaml"), WARM),
        "posts/hidden/yaml.py": "LOCAL = 1\n",
        "posts/deep/index.ko.md": post("import matplotlib\n" + HIDING.format(name="cycler"), WARM),
        "posts/deep/cycler.py": "LOCAL = 2\ndef cycler(*a, **k): return C()\nclass C: pass\n"
        "class Cycler: pass\ndef concat(*a): pass\n",
        "posts/late/index.ko.md": post(
            "open('yaml.py', 'w').write('LOCAL = 3')", HIDING.format(name="yaml"), WARM
        ),
        "posts/used/index.ko.md": post("import matplotlib, yaml\nprint(yaml.safe_load('7'))", WARM),
        "posts/own/index.ko.md": post("import os\nos.environ['X'] = '1'", WARM),
    }
    root = write_blog(files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(root / "library"))
        warm = run(root)
        for name, text in files.items():
            if name.endswith(".md"):
                text = text.replace("execute: {}", "execute: {warm: false}")
                (root / name).write_text(text, encoding="utf-8")
        cold = run(root)
    assert warm.errors.keys() == cold.errors.keys() <= {"deep"}
    for name in warm.outputs:
        for one, other in zip(warm.outputs[name][:-1], cold.outputs[name][:-1], strict=True):
            assert one == other, name
    assert warm.text("talking", 0) == "hello\n"
    assert "UserWarning: old" in warm.text("warning", 0)
    assert warm.text("logs", 0) == "logged\n"
    assert warm.text("hidden", 0) == "yaml.py 1\n"
    assert warm.text("late", 1) == "yaml.py 3\n"
    assert warm.text("used", 0) == "7\n"
    assert warm.text("leaving", 0) == "here\n"
    assert cold.notices() == []
    assert sorted(notice.split(":")[0] for notice in warm.notices()) == [
        "`talking` writes something when it is imported",
        "`threaded` starts a thread when it is imported",
        "`warning` writes something when it is imported",
    ]
    forked = {name for name in warm.outputs if warm.text(name) == "True\n"}
    assert forked == set(warm.outputs) - {"hidden", "deep", "own"}
    assert all(cold.text(name) == "False\n" for name in cold.outputs)


def test_a_module_that_ends_the_parent(write_blog: WriteBlog) -> None:
    """The posts run in kernels that import everything themselves, and the author is told."""
    root = write_blog(
        {
            "library/crashing.py": "import os, sys\n"
            "if 'warm.py' in sys.argv[0]:\n    os._exit(1)\n",
            "posts/a/index.ko.md": post("import crashing\nprint('a')"),
            "posts/b/index.ko.md": post("import json\nprint('b')"),
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(root / "library"))
        ran = run(root)
    assert (ran.text("a"), ran.text("b")) == ("a\n", "b\n")
    assert ["ends the process" in notice for notice in ran.notices()] == [True]


def test_the_provisioner_stands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernelspec names it: stock clients start, interrupt, restart and shut down kernels."""
    mark = uuid.uuid4().hex
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Warm",
        "language": "python",
        "metadata": {
            "kernel_provisioner": {
                "provisioner_name": "inkcell",
                "config": {"modules": ["json", "decimal", "wave"]},
            }
        },
    }
    folder = tmp_path / "kernels" / "warm"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv(MARK, mark)
    monkeypatch.setenv("LARGE", "x" * 100_000)
    with tempfile.TemporaryDirectory() as temporary:
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        asyncio.run(_stock_clients(mark))
        wait_until(lambda: marked(mark) == [], f"all is gone: {told(marked(mark))}")
        source = "import decimal, os\nprint(decimal.Decimal(1) / 4, len(os.environ['LARGE']))"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        NotebookClient(notebook, km=_at_sockets("k")).execute(cleanup_kc=True)
        assert notebook.cells[0].outputs[0].text == "0.25 100000\n"
        wait_until(lambda: marked(mark) == [], f"all is gone: {told(marked(mark))}")


def _at_sockets(name: str) -> AsyncKernelManager:
    """Jupyter's own manager, without TCP ports: any program can take one that was just chosen."""
    address = str(Path(tempfile.gettempdir()) / name)
    return AsyncKernelManager(kernel_name="warm", transport="ipc", ip=address)


async def _stock_clients(mark: str) -> None:
    facts = (
        "import atexit, os, pathlib, sys\n"
        "warm = 'warm.py' in open('/proc/self/cmdline').read()\n"
        "print(os.getpid(), 'wave' in sys.modules, warm)"
    )

    begun = asyncio.Event()

    async def told_by(client: Any, code: str) -> str:
        said: list[str] = []

        def hear(message: Any) -> None:
            said.append(message["content"].get("text") or message["content"].get("ename") or "")
            if "begun" in said[-1]:
                begun.set()

        await client.execute_interactive(code, output_hook=hear, timeout=60)
        return "".join(said)

    async def started(number: int) -> tuple[AsyncKernelManager, Any]:
        manager = _at_sockets(f"k{number}")
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        return manager, client

    manager, client = await started(1)
    other, second = await started(2)
    first = await told_by(client, facts)
    assert first.endswith(" False True\n")
    assert (await told_by(second, facts)).endswith(" False True\n")
    parents = [p for p in marked(mark) if _is_parent(p)]
    assert len(parents) == 1
    code = "import time, wave\nprint('begun', flush=True)\ntime.sleep(60)"
    sleeping = asyncio.create_task(told_by(client, code))
    await begun.wait()
    await manager.interrupt_kernel()
    assert "KeyboardInterrupt" in await sleeping
    left = f"atexit.register(pathlib.Path({str(Path(tempfile.gettempdir()) / 'left')!r}).touch)"
    await told_by(client, left)
    await manager.restart_kernel()
    await client.wait_for_ready(timeout=60)
    again = await told_by(client, facts)
    assert again.endswith(" False True\n")
    assert again != first
    assert (Path(tempfile.gettempdir()) / "left").exists()
    assert [p for p in marked(mark) if _is_parent(p)] == parents
    for each, channel in ((manager, client), (other, second)):
        channel.stop_channels()
        await each.shutdown_kernel()
        assert not await each.is_alive()


def _is_parent(process: psutil.Process) -> bool:
    """Whether a process is a warm parent, not a guard or a kernel that was forked from one."""
    try:
        above = process.parent()
        return _runs_warm(process) and (above is None or not _runs_warm(above))
    except psutil.Error:
        return False


def _runs_warm(process: psutil.Process) -> bool:
    return any(argument.endswith("/warm.py") for argument in process.cmdline())
