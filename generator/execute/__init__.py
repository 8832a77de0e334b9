"""Posts -> ExecutedPosts. The only stage that runs an author's code.

1. `key`     posts whose code is the same are one piece of work
2. `cache`   a kept result is used if everything in its trace is unchanged
3. `kernel`  otherwise the code runs, posts side by side, each in a kernel of its own
4. `trace`   what the run was seen to use is kept beside the result
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from ..errors import ExecutionError, InkcellError, KernelMissing, blame
from ..model import ExecutedPost, Post, Results
from ..progress import Finished, Notice, Report, Reused, Started
from . import cache as kept
from .key import code_key, executed_cells
from .trace import Environment, Trace, current, differences

Run = Callable[[Post, str], tuple[Results, Trace]]
"""(post, device) -> what its code produced, and what it was seen to use.

The results hold one tuple for each of `executed_cells`, because posts that share their code
may have other cells between them.
"""


def execute(
    posts: Sequence[Post],
    *,
    root: Path,
    cache: Path,
    jobs: int,
    errors: list[InkcellError],
    report: Report,
    run: Run | None = None,
    environment: Callable[[str], Environment] | None = None,
) -> tuple[ExecutedPost, ...]:
    """Every post with its results; posts whose code fails are left out and their errors noted.

    Args:
        posts: whose code to run.
        root: the blog's folder; files read below it are part of a trace.
        cache: the folder of kept results.
        jobs: how many kernels run at once; 0 is one a core.
        errors: where errors are noted.
        report: told of every run.
        run: what runs a post; by default a Jupyter kernel on this machine.
        environment: what can be imported in the kernel of a name; goes with `run`.
    """
    groups: dict[str, list[Post]] = {}
    for post in posts:
        groups.setdefault(code_key(post), []).append(post)
    jobs = jobs or os.cpu_count() or 1
    device = visible_device()
    done: dict[str, Results] = {}
    waiting: dict[str, tuple[str, ...]] = {}
    environments = _remember(environment or _kernel_environment)
    for key, group in groups.items():
        results, reasons = _kept(group[0], key, root, cache, environments, device, report)
        if results is None:
            waiting[key] = reasons
        else:
            done[key] = results
    if waiting:
        stop = None
        if run is None:
            from .kernel import Kernels

            kernels = Kernels(
                root, threads=max(1, (os.cpu_count() or 1) // min(jobs, len(waiting)))
            )
            run, stop = kernels.run, kernels.stop
        work = [(key, groups[key], waiting[key]) for key in waiting]
        done.update(_run_all(work, run, cache, jobs, device, errors, report, stop))
    return tuple(
        ExecutedPost(post, _for_post(done[key], post))
        for key, group in groups.items()
        if key in done
        for post in group
    )


def visible_device() -> str:
    """`cuda` where an NVIDIA GPU is visible to programs, else `cpu`."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return "cuda" if Path("/dev/nvidiactl").exists() and not hidden else "cpu"


def why(
    post: Post,
    *,
    root: Path,
    cache: Path,
    environment: Callable[[str], Environment] | None = None,
) -> tuple[str, ...] | None:
    """Why the code of a post would run now: reasons, or None if it would not."""
    results, reasons = _kept(
        post,
        code_key(post),
        root,
        cache,
        environment or _kernel_environment,
        visible_device(),
        lambda _: None,
    )
    return None if results else reasons


def _kernel_environment(kernel: str) -> Environment:
    from .kernel import Kernels
    from .trace import ask_interpreter, executable_of, is_python, other_language

    argv = Kernels(Path(), threads=1).command(kernel)
    return ask_interpreter(executable_of(argv)) if is_python(argv) else other_language(kernel)


def _remember(ask: Callable[[str], Environment]) -> Callable[[str], Environment]:
    answers: dict[str, Environment] = {}

    def remembered(kernel: str) -> Environment:
        if kernel not in answers:
            answers[kernel] = ask(kernel)
        return answers[kernel]

    return remembered


def _kept(
    post: Post,
    key: str,
    root: Path,
    cache: Path,
    environment: Callable[[str], Environment],
    device: str,
    report: Report,
) -> tuple[Results | None, tuple[str, ...]]:
    """The kept results of a post, or None and why there are none."""
    settings = post.meta.execute
    if not executed_cells(post) or not settings.enabled:
        return Results(()), ()
    if not settings.cache:
        return None, ("`execute.cache` is false",)
    try:
        entry = kept.load(cache, key)
    except kept.DamagedEntry as damage:
        report(Notice(f"a damaged result was dropped ({damage})", post.source.path))
        return None, ("its kept result was damaged",)
    if entry is None:
        return None, ("this code has not run here yet",)
    if settings.freeze:
        reasons: tuple[str, ...] = ()
    else:
        try:
            now = current(entry.trace, root, environment(post.meta.kernel), device)
        except ExecutionError as error:
            return None, (str(error),)
        reasons = differences(entry.trace, now)
    if reasons:
        return None, reasons
    report(Reused(post.source.path))
    return entry.results, ()


def _for_post(results: Results, post: Post) -> Results:
    """Outputs for every code cell of a post, from those of the cells that ran."""
    kept_outputs = iter(results.outputs)
    running = set(executed_cells(post))
    outputs = tuple(
        next(kept_outputs, ()) if cell in running else () for cell in post.notebook.code
    )
    return replace(results, outputs=outputs)


def _run_all(
    work: Sequence[tuple[str, list[Post], tuple[str, ...]]],
    run: Run,
    cache: Path,
    jobs: int,
    device: str,
    errors: list[InkcellError],
    report: Report,
    stop: Callable[[], None] | None,
) -> dict[str, Results]:
    done: dict[str, Results] = {}
    lock = threading.Lock()

    def run_one(key: str, post: Post, reasons: tuple[str, ...]) -> Results:
        started = time.monotonic()
        report(Started(post.source.path, reasons))
        failed = True
        try:
            with blame(post.source.path):
                if post.meta.execute.gpu == "required" and device != "cuda":
                    raise ExecutionError("the post requires a GPU, and none is visible here").at(
                        line=post.source.line_of("execute"),
                        text="gpu: required",
                        hint="build it on a machine with a GPU",
                    )
                try:
                    results, trace = run(post, device)
                except KernelMissing as error:
                    raise error.at(line=post.source.line_of("kernelspec")) from None
            failed = False
        finally:
            report(Finished(post.source.path, time.monotonic() - started, failed))
        kept.store(cache, key, kept.Entry(results, trace))
        return results

    # Longest code first: a good guess at the longest run, so that it does not finish last.
    ordered = sorted(work, key=lambda item: -sum(len(c.source) for c in item[1][0].notebook.code))
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = {pool.submit(run_one, key, group[0], why): key for key, group, why in ordered}
        try:
            for future in as_completed(futures):
                try:
                    results = future.result()
                except InkcellError as error:
                    with lock:
                        errors.append(error)
                else:
                    done[futures[future]] = results
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            if stop:
                stop()
            raise
    errors.sort(key=lambda error: (error.file or "", error.line or 0))
    return done
