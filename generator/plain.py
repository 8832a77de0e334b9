"""The values of `model` as JSON, and back (msgspec).

Nothing but the types named in the annotations is ever made: a file that says something else is
refused, which is why kept values are no pickles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from . import errors
from .errors import InkcellError
from .model import Value

V = TypeVar("V", bound=Value)

PLACES = ("file", "line", "column", "cell", "text", "detail", "hint")


class NotPlain(ValueError):
    """Something that is no JSON, or not the value of a type."""


def plain(value: Value) -> bytes:
    """A value as JSON."""
    return msgspec.json.encode(value, enc_hook=_plain_other)


def restored(content: bytes | str, kind: type[V]) -> V:
    """The value of a type that `plain` made `content` from.

    Raises:
        NotPlain: there is no such value.
    """
    try:
        return msgspec.json.decode(content, type=kind, dec_hook=_restored_other)
    except (msgspec.MsgspecError, ValueError) as error:
        raise NotPlain(str(error)) from None


def _plain_other(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, InkcellError):
        return _plain_error(value)
    raise NotImplementedError(f"{type(value).__name__} has no plain form")


def _plain_error(error: InkcellError) -> list[Any]:
    places = {name: getattr(error, name) for name in PLACES}
    known = {name: value for name, value in places.items() if value is not None}
    return [type(error).__name__, str(error), known]


def _restored_other(kind: type, data: Any) -> object:
    return _restored_error(data) if kind is InkcellError else data


def _restored_error(data: Any) -> InkcellError:
    name, message, places = msgspec.convert(data, tuple[str, str, dict[str, Any]])
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, InkcellError)):
        raise NotPlain(f"{name} is no error")
    error: InkcellError = kind(message)
    return error.at(**places)
