"""What has changed of the things that a run used: its trace, and the same things now."""

from __future__ import annotations

from pathlib import Path

from .digests import ALL_NAMES, digests, variables
from .interpreters import Environment
from .trace import CHANGED, Trace


def differences(before: Trace, now: Trace) -> tuple[str, ...]:
    """Why a result with the trace `before` cannot be used `now`; empty if it can."""
    reasons = [*code_differences(before, now)]
    if before.interpreter != now.interpreter:
        reasons.append(f"{before.interpreter} → {now.interpreter}")
    if before.device != now.device:
        reasons.append(f"made on {before.device or 'cpu'}, now {now.device or 'cpu'}")
    for name, version in before.packages.items():
        if now.packages.get(name, "") != version:
            reasons.append(f"{name} {version} → {now.packages.get(name) or 'not installed'}")
    found = (name for name in before.missing if name not in now.missing)
    reasons.extend(f"{name} can be imported now" for name in found)
    for name, digest in before.variables.items():
        if now.variables.get(name, "") != digest:
            reasons.append(f"the environment variable {name} changed")
    return tuple(reasons)


def code_differences(before: Trace, now: Trace) -> tuple[str, ...]:
    """The part of `differences` that is in the blog's folder, not on the machine."""
    reasons = []
    for path, digest in before.files.items():
        current = now.files.get(path, "")
        if current != digest:
            word = "is gone" if not current else "is new" if not digest else "changed"
            if path.endswith("/") and current and digest:
                word = "holds other files"
            if digest == CHANGED and current:
                word = CHANGED
            reasons.append(f"{_shown(path.replace(ALL_NAMES, '/'))} {word}")
    return tuple(reasons)


def _shown(path: str) -> str:
    """A path that can be printed, also if it is no UTF-8."""
    return path.encode(errors="surrogateescape").decode(errors="replace")


def changed_files(before: Trace, root: Path) -> tuple[str, ...]:
    """Those of the files of a trace that are not as they were."""
    now = digests(root, before.files, before.written)
    return tuple(path for path in before.files if now[path] != before.files[path])


def current(before: Trace, root: Path, environment: Environment, device: str) -> Trace:
    """The same things as they are now."""
    return Trace(
        interpreter=environment.interpreter,
        device=device,
        packages={name: environment.version(name) for name in before.packages},
        files=digests(root, before.files, before.written),
        missing=tuple(name for name in before.missing if not environment.importable(name)),
        variables=variables(before.variables),
    )
