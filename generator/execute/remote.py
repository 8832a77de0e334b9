"""Posts on a Dask cluster: `inkcell build --on dask://host:port`.

A post's folder is shipped to a worker, whose kernels run it as they would here: same results,
same keys, same errors. A post that requires a GPU goes only to workers that offer the resource
`GPU` (`dask worker … --resources "GPU=1"`). A worker that dies while it runs a post is replaced
by another, once.

Where a post runs is decided here, not by the scheduler: it would try four workers before it gave
up, and could not be told to avoid the one that died.
"""

from __future__ import annotations

import pickle
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from distributed import Client, KilledWorker, get_worker
from distributed import TimeoutError as DaskTimeoutError
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError
from msgspec.structs import replace

from .. import __version__
from ..errors import ExecutionError, InkcellError
from ..model import Post, Results
from ..progress import Notice, Report
from . import machine
from .differences import current, differences
from .kernel import Kernels
from .kernelspecs import environment_of
from .share import Turn
from .trace import Trace

GPU = "GPU"
TRIES = 2
CONNECT_TIMEOUT = 10
"""Seconds in which a scheduler must answer."""
STEP = 0.5
"""Seconds between two looks whether a worker still lives, or a build still wants its results."""


class WorkerDied(Exception):
    """The worker that ran a post is gone."""


class Cluster:
    """The workers of a Dask cluster, as a place where posts run."""

    def __init__(self, address: str, root: Path, report: Report) -> None:
        """Connect to a scheduler.

        Raises:
            ExecutionError: nobody answers, or no worker has this version of Inkcell.
        """
        self.root = root
        self._address = address
        self._report = report
        self._lock = threading.Lock()
        self._load: dict[str, int] = {}
        self._stopped = threading.Event()
        try:
            self._client = _connected(address.replace("dask://", "tcp://", 1))
        except (OSError, ValueError, DaskTimeoutError) as error:
            raise ExecutionError(f"no cluster answers at {address}: {error}").at(
                hint="start one: dask scheduler, and dask worker tcp://host:8786 on each machine"
            ) from None
        self._refuse_other_versions()
        self.slots = max(1, sum(worker["nthreads"] for worker in self._workers().values()))
        self.ahead = 0

    def run(self, post: Post, device: str, turn: Turn) -> tuple[Results, Trace]:
        """Run a post's code on a worker.

        Raises:
            ExecutionError: as kernels here raise, or no worker can run the post.
        """
        with turn():
            return self._run_on_some(post)

    def _run_on_some(self, post: Post) -> tuple[Results, Trace]:
        tried: list[str] = []
        while len(tried) < TRIES:
            with self._chosen(post, tried) as worker:
                tried.append(worker)
                try:
                    results, trace = self._run_on(worker, post)
                except WorkerDied:
                    if len(tried) < TRIES:
                        text = f"the worker {worker} died; the post is tried elsewhere"
                        self._report(Notice(text, post.source.path))
                    continue
            self._compare(trace, post, worker)
            return results, trace
        raise ExecutionError(f"the workers {' and '.join(tried)} died while the post ran").at(
            hint="its code may take more memory than they have: look at their logs"
        )

    def close(self) -> None:
        """Give up what still runs and leave the cluster."""
        self._stopped.set()
        with suppress(Exception):
            self._client.close(timeout=5)

    def _run_on(self, worker: str, post: Post) -> tuple[Results, Trace]:
        shipped = pickle.dumps((post, Path(post.source.directory).relative_to(self.root)))
        resources = {GPU: 1} if post.meta.execute.gpu == "required" else None
        with warnings.catch_warnings():
            # Dask would rather have large data scattered first; a folder is sent once.
            warnings.simplefilter("ignore", UserWarning)
            future = self._client.submit(
                run_shipped, shipped, workers=[worker], resources=resources, pure=False
            )
        try:
            while not self._stopped.is_set():
                try:
                    results, trace = future.result(timeout=STEP)
                except DaskTimeoutError:
                    if worker not in self._workers():
                        raise WorkerDied(worker) from None
                except (KilledWorker, FutureCancelledError, CommClosedError):
                    raise WorkerDied(worker) from None
                else:
                    return results, trace
        except (WorkerDied, InkcellError):
            raise
        except Exception as error:
            raise ExecutionError(f"the worker {worker} failed: {error!r}").at(
                hint="its log says more"
            ) from None
        finally:
            with suppress(Exception):
                future.cancel()
        raise ExecutionError("the build was interrupted")

    def _workers(self) -> dict[str, Any]:
        # `Client.scheduler_info` may be overwritten meanwhile, by a summary without workers.
        try:
            known = self._client.sync(self._client.scheduler.identity, callback_timeout=10)
            workers: dict[str, Any] = known["workers"]
        except Exception as error:
            raise ExecutionError(f"the cluster at {self._address} is gone: {error!r}") from None
        return workers

    @contextmanager
    def _chosen(self, post: Post, tried: list[str]) -> Iterator[str]:
        """The worker with the least to do that can run a post."""
        required = post.meta.execute.gpu == "required"
        with self._lock:
            able = [
                name
                for name, worker in self._workers().items()
                if name not in tried and (not required or worker["resources"].get(GPU, 0) >= 1)
            ]
            if not able and tried:
                raise ExecutionError(f"the worker {tried[0]} died, and no other can run the post")
            if not able:
                what = "offers the resource GPU" if required else "is there"
                raise ExecutionError(f"no worker of {self._address} {what}").at(
                    text="gpu: required" if required else None,
                    hint='start one with: dask worker … --resources "GPU=1"'
                    if required
                    else "start one with: dask worker …",
                )
            worker = min(able, key=lambda name: (self._load.get(name, 0), name))
            self._load[worker] = self._load.get(worker, 0) + 1
        try:
            yield worker
        finally:
            with self._lock:
                self._load[worker] -= 1

    def _refuse_other_versions(self) -> None:
        try:
            versions = self._client.run(version_here)
        except Exception as error:
            raise ExecutionError(f"a worker of {self._address} cannot run posts: {error!r}").at(
                hint=f"install inkcell=={__version__} and what the posts import on every worker"
            ) from None
        for worker, version in versions.items():
            if version != __version__:
                raise ExecutionError(
                    f"the worker {worker} has Inkcell {version}, this is {__version__}"
                ).at(hint=f"install inkcell=={__version__} on every worker")

    def _compare(self, trace: Trace, post: Post, worker: str) -> None:
        """Say so if the results would not be used by a build on this machine."""
        now = current(trace, self.root, environment_of(post.meta.kernel), trace.device)
        reasons = differences(trace, now)
        if reasons:
            text = f"made on {worker}, where things differ: {reasons[0]}"
            self._report(Notice(text, post.source.path))


def _connected(address: str) -> Client:
    """A client of a scheduler.

    Dask waits for ever where somebody listens who says nothing, so it does that in a thread of
    its own.

    Raises:
        OSError, ValueError, DaskTimeoutError: nobody answers, or there is no such address.
    """
    client: Future[Client] = Future()

    def connect() -> None:
        try:
            client.set_result(Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False))
        except Exception as error:
            client.set_exception(error)

    threading.Thread(target=connect, daemon=True).start()
    try:
        return client.result(CONNECT_TIMEOUT + 2)
    except FutureTimeoutError:
        raise DaskTimeoutError("somebody listens there, but says nothing") from None


# --- on a worker --------------------------------------------------------------------------------


def version_here() -> str:
    """Inkcell's version on a worker."""
    return __version__


def run_shipped(shipped: bytes) -> tuple[Results, Trace]:
    """Run a post that was sent with its folder; called by Dask on a worker.

    Raises:
        ExecutionError: as kernels raise.
    """
    post, folder = pickle.loads(shipped)
    with TemporaryDirectory(prefix="inkcell-") as scratch:
        root = Path(scratch)
        directory = root / folder
        files = {Path(post.source.path).name: post.source.text.encode(), **post.source.neighbours}
        for name, content in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        post = replace(post, source=replace(post.source, directory=str(directory)))
        kernels = Kernels(root)
        try:
            with _ended_if_unwanted(kernels):
                return kernels.run(post, machine.visible_device())
        finally:
            kernels.close()


@contextmanager
def _ended_if_unwanted(kernels: Kernels) -> Iterator[None]:
    """End the kernels when the build that wants the results is gone: Dask cancels the task."""
    worker = get_worker()
    key = worker.get_current_task()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(STEP):
            task = worker.state.tasks.get(key)
            if task is None or task.state in ("cancelled", "released", "forgotten"):
                kernels.close()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
