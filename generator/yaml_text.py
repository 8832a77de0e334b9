"""YAML that an author typed, with the line of every key."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from .errors import FrontMatterError, PostError
from .record import Decimal, WholeNumber, describe


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.1 without timestamps: dates are read by us, which takes Jekyll's forms too."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (AttributeError, KeyError, ValueError):
            # What Python says of a text that is none of the type that a tag names.
            kind = str(node.tag).rpartition(":")[2]
            raise yaml.constructor.ConstructorError(
                None, None, f"`{node.value}` is no `!!{kind}`", node.start_mark
            ) from None


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in resolvers if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _whole_number(loader: Any, node: yaml.ScalarNode) -> WholeNumber:
    number = WholeNumber(loader.construct_yaml_int(node))
    number.written = node.value
    return number


def _decimal(loader: Any, node: yaml.ScalarNode) -> Decimal:
    number = Decimal(loader.construct_yaml_float(node))
    number.written = node.value
    return number


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)
_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)

TEXT = "tag:yaml.org,2002:str"
MERGE = "tag:yaml.org,2002:merge"
"""What YAML takes a key for: a text, or `<<`."""


class Mapping(NamedTuple):
    """A mapping that an author typed. Nested keys are `execute.timeout`."""

    values: dict[str, object]
    lines: dict[str, int]
    """The line of each key."""
    twice: list[tuple[str, PostError]]
    """Each key that stood there already, and the error that it is; its value is the first one."""


def read_mapping(
    text: str, first_line: int, error_type: type[PostError] = FrontMatterError
) -> Mapping:
    """A mapping, its lines, and its keys that stand twice.

    Raises:
        PostError: (of the given type) not YAML, or not a mapping.
    """
    found = Mapping({}, {}, [])
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return found
        if not isinstance(node, yaml.MappingNode):
            value = loader.construct_document(node)
            raise error_type(f"expected `key: value` lines, not {describe(value)}").at(
                line=first_line,
                text=text.strip().split("\n")[0],
                hint="a colon and a space follow each key",
            )
        _note_lines(node, "", first_line, found, error_type)
        return found._replace(values=loader.construct_document(node))
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, first_line, error_type) from None
    except RecursionError:
        raise error_type("a value holds itself, or too many others in each other").at(
            line=first_line, hint="write it out instead of an alias, as `*name` is one"
        ) from None
    finally:
        loader.dispose()


def _note_lines(
    node: yaml.MappingNode,
    prefix: str,
    first_line: int,
    found: Mapping,
    error_type: type[PostError],
) -> None:
    """Note the line of each key, and leave only the first of those that are the same."""
    lines, first_ones = found.lines, []
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
            key.tag = TEXT  # Keys are names, also `on` and `2022`.
        line = key.start_mark.line + first_line
        name = prefix + str(key.value)
        if name in lines:
            error = error_type(f"`{name}` stands twice").at(
                line=line, text=f"{key.value}: …", hint=f"it is also on line {lines[name]}"
            )
            found.twice.append((name, error))
            continue
        lines[name] = line
        first_ones.append((key, value))
        if isinstance(value, yaml.MappingNode):
            _note_lines(value, name + ".", first_line, found, error_type)
        elif isinstance(value, yaml.SequenceNode):
            for number, item in enumerate(value.value):
                lines[f"{name}.{number}"] = item.start_mark.line + first_line
                if isinstance(item, yaml.MappingNode):
                    _note_lines(item, f"{name}.{number}.", first_line, found, error_type)
    node.value = first_ones


def _syntax_error(
    error: yaml.YAMLError, text: str, first_line: int, error_type: type[PostError]
) -> PostError:
    mark: Any = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    if "unexpected end of stream" in problem or "expected ',' or" in problem:
        # What was opened and never closed matters, not where the text ends.
        mark = getattr(error, "context_mark", None) or mark
    shown = text.split("\n")
    line = shown[mark.line] if mark and mark.line < len(shown) else ""
    hint = None
    key, _, value = line.strip().partition(": ")
    if "mapping values are not allowed" in problem and ": " in value:
        hint = f'a value that holds `: ` needs quotes: {key}: "{value}"'
    elif "mapping values are not allowed" in problem:
        hint = "look at the line above too: `key: value`, each key at the same indentation"
    elif "\t" in line or "\\t" in problem:
        hint = "YAML wants spaces, not tabs"
    elif "cannot start any token" in problem or "expected alphabetic" in problem:
        hint = "a value that starts with a special character needs quotes"
    elif "did not find expected key" in problem and value[:1] in ('"', "'", "[", "{"):
        hint = f"a value that starts with `{value[0]}` ends with its counterpart, or needs quotes"
    elif "unexpected end of stream" in problem:
        hint = "a quote is opened and never closed"
    elif "expected ',' or" in problem:
        hint = f"close it: the next sign must be {problem.partition('expected ')[2]}"
    elif "` is no `!!" in problem:
        hint = "write such a value, or leave the `!!` and the word behind it out"
    elif "could not find expected ':'" in problem:
        hint = "look at the line above too: a colon and a space follow each key"
    return error_type(f"not valid YAML: {problem}").at(
        line=mark.line + first_line if mark else first_line,
        column=mark.column + 1 if mark else None,
        text=line,
        hint=hint,
    )
