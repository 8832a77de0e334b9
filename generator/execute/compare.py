"""Do warm and cold kernels agree? `inkcell check --cold` runs posts in both and compares."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from ..errors import ExecutionError
from ..model import Bundle, ExecutedPost, Failure, Omission, Output, Post, Stream
from .digests import FROZEN


def with_warmth(post: Post, warm: bool) -> Post:
    """The post, run in a warm kernel if it allows one, or in a cold one."""
    settings = replace(
        post.meta.execute, warm=warm and post.meta.execute.warm, cache=True, freeze=False
    )
    # Frozen results would be shown instead of a run.
    neighbours = {name: data for name, data in post.source.neighbours.items() if name != FROZEN}
    source = replace(post.source, neighbours=neighbours)
    return replace(post, source=source, meta=replace(post.meta, execute=settings))


def compare(warm: ExecutedPost, cold: ExecutedPost) -> Iterator[ExecutionError]:
    """An error for the first cell whose outputs differ."""
    cells = warm.post.notebook.code
    for cell, one, other in zip(cells, warm.results.outputs, cold.results.outputs, strict=True):
        if one != other:
            yield ExecutionError("the cell's outputs differ between a warm and a cold kernel").at(
                file=warm.post.source.path,
                cell=cell.cell,
                line=cell.line,
                text=cell.source.split("\n")[0],
                detail=_difference(one, other),
                hint="fix seeds and keep times out of outputs; "
                "if only a cold kernel is right, say `execute: {warm: false}`",
            )
            return


def _difference(warm: tuple[Output, ...], cold: tuple[Output, ...]) -> str:
    for one, other in zip(warm, cold, strict=False):
        if one != other:
            return f"warm: {_shown(one)}\ncold: {_shown(other)}"
    return f"warm: {len(warm)} outputs\ncold: {len(cold)} outputs"


def _shown(output: Output) -> str:
    match output:
        case Stream(name, text):
            return f"{name}: {text[:200]!r}"
        case Bundle(data):
            return f"{', '.join(data)}: {data.get('text/plain', '')[:200]!r}"
        case Failure(name, value):
            return f"{name}: {value[:200]}"
        case Omission(size):
            return f"{size} bytes more"
