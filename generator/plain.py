"""Frozen dataclasses -> JSON values, and back. Written once for every type of `model`.

A field that has its default value is left out, so that a thousand small records stay small.
Nothing but the types named in the annotations is ever made: a file that says something else is
refused, which is why kept values are no pickles.
"""

from __future__ import annotations

import base64
import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from . import errors
from .errors import InkcellError

T = TypeVar("T")


class NotPlain(ValueError):
    """A JSON value that is not the value of a type."""


class Codec(NamedTuple):
    """How the values of one type are written and read."""

    plain: Callable[[Any], Any]
    restored: Callable[[Any], Any]


def plain(value: object, annotation: object) -> Any:
    """A value of the annotated type as what `json` writes."""
    return _codec(annotation).plain(value)


def restored(data: Any, annotation: type[T]) -> T:
    """The value of the annotated type that `plain` made `data` from.

    Raises:
        NotPlain: there is no such value.
    """
    kind: Any = annotation
    try:
        value: T = _codec(kind).restored(data)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise NotPlain(str(error)) from None
    return value


@cache
def _codec(annotation: Any) -> Codec:
    if annotation in SCALARS:
        return SCALARS[annotation]
    if dataclasses.is_dataclass(annotation):
        return _dataclass(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return Codec(_same, _one_of(arguments))
    if origin is tuple:
        return _tuple(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(arguments[1])
    if origin in (Union, types.UnionType):
        return _union(arguments)
    raise TypeError(f"{annotation} has no plain form")


def _same(value: Any) -> Any:
    return value


def _only(*kinds: type) -> Callable[[Any], Any]:
    def checked(data: Any) -> Any:
        # `True` is no number: type() is asked, not isinstance().
        if type(data) not in kinds:
            raise NotPlain(f"{data!r} is no {kinds[0].__name__}")
        return data

    return checked


def _one_of(values: tuple[Any, ...]) -> Callable[[Any], Any]:
    def checked(data: Any) -> Any:
        if data not in values:
            raise NotPlain(f"{data!r} is none of {values}")
        return data

    return checked


def _float(data: Any) -> float:
    return float(_only(float, int)(data))


PLACES = ("file", "line", "column", "cell", "text", "detail", "hint")


def _plain_error(error: InkcellError) -> list[Any]:
    places = {name: getattr(error, name) for name in PLACES}
    known = {name: value for name, value in places.items() if value is not None}
    return [type(error).__name__, str(error), known]


def _restored_error(data: Any) -> InkcellError:
    name, message, places = _only(list)(data)
    kind = getattr(errors, _only(str)(name))
    if not issubclass(kind, InkcellError):
        raise NotPlain(f"{name} is no error")
    error: InkcellError = kind(_only(str)(message))
    return error.at(**places)


SCALARS: Mapping[Any, Codec] = {
    str: Codec(_same, _only(str)),
    int: Codec(_same, _only(int)),
    bool: Codec(_same, _only(bool)),
    float: Codec(_same, _float),
    type(None): Codec(_same, _only(type(None))),
    object: Codec(_same, _same),
    datetime: Codec(datetime.isoformat, datetime.fromisoformat),
    bytes: Codec(
        lambda value: base64.b64encode(value).decode("ascii"),
        lambda data: base64.b64decode(data, validate=True),
    ),
    Path: Codec(str, Path),
    InkcellError: Codec(_plain_error, _restored_error),
}


def _tuple(arguments: tuple[Any, ...]) -> Codec:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _codec(arguments[0])
        return Codec(
            lambda value: [item.plain(element) for element in value],
            lambda data: tuple([item.restored(element) for element in _only(list)(data)]),
        )
    items = [_codec(argument) for argument in arguments]
    return Codec(
        lambda value: [item.plain(each) for item, each in zip(items, value, strict=True)],
        lambda data: tuple(
            [item.restored(each) for item, each in zip(items, _only(list)(data), strict=True)]
        ),
    )


def _mapping(annotation: Any) -> Codec:
    item = _codec(annotation)
    return Codec(
        lambda value: {key: item.plain(element) for key, element in value.items()},
        lambda data: {key: item.restored(element) for key, element in _only(dict)(data).items()},
    )


def _union(arguments: tuple[Any, ...]) -> Codec:
    """One dataclass or None; or one of several dataclasses, told apart by their names."""
    kinds = {kind.__name__: kind for kind in arguments if kind is not type(None)}
    if len(kinds) == 1 and len(arguments) == 2:
        only = _codec(next(iter(kinds.values())))
        return Codec(
            lambda value: None if value is None else only.plain(value),
            lambda data: None if data is None else only.restored(data),
        )

    def written(value: Any) -> Any:
        return [type(value).__name__, _codec(kinds[type(value).__name__]).plain(value)]

    def read(data: Any) -> Any:
        name, content = _only(list)(data)
        return _codec(kinds[name]).restored(content)

    return Codec(written, read)


def _dataclass(kind: Any) -> Codec:
    hints = get_type_hints(kind)
    fields = [
        (field.name, codec := _codec(hints[field.name]), _default(field, codec))
        for field in dataclasses.fields(kind)
    ]
    readers = {name: codec.restored for name, codec, _ in fields}

    def written(value: Any) -> dict[str, Any]:
        # Plain forms are compared, for `==` passes over the fields that say `compare=False`.
        items = ((name, codec.plain(getattr(value, name)), less) for name, codec, less in fields)
        return {name: item for name, item, default in items if item != default}

    def read(data: Any) -> Any:
        return kind(**{name: readers[name](item) for name, item in data.items()})

    return Codec(written, read)


def _default(field: dataclasses.Field[Any], codec: Codec) -> Any:
    """The plain form of a field's default value; MISSING, which equals nothing, without one."""
    if field.default_factory is not dataclasses.MISSING:
        return codec.plain(field.default_factory())
    return field.default if field.default is dataclasses.MISSING else codec.plain(field.default)
