"""The theme's templates, and where in them a mistake is. The only module that knows Jinja2."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import jinja2
from jinja2.bccache import Bucket

from ...errors import ThemeError
from ...model import Theme
from ..views import what_is_missing, what_there_is

if TYPE_CHECKING:
    from ...compiled import CompiledTemplates

FOLDER = "templates/"
"""Where a blog's own templates lie; those of the theme are named as if they did, too."""

Fill = Callable[..., str]
"""(template, **what it may see) -> HTML.

Raises:
    ThemeError: the template is missing, broken, or asks for what does not exist.
"""


def filling(theme: Theme, compiled: CompiledTemplates | None = None) -> Fill:
    """What fills the templates of a theme.

    Each is compiled when it is asked for, unless `compiled` has it for the same text.
    """

    def load(name: str) -> tuple[str, str, None] | None:
        # Under a name of its own each can be told from the others in a traceback.
        text = theme.templates.get(name)
        return None if text is None else (text, FOLDER + name, None)

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        bytecode_cache=Compiled(compiled) if compiled else None,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    def fill(template: str, **seen: object) -> str:
        try:
            return environment.get_template(template).render(seen)
        except Exception as error:
            # An expression of a template may raise whatever Python's own do.
            name, line = _place(error, template)
            missing = what_is_missing(str(error))
            undefined = isinstance(error, jinja2.UndefinedError)
            raise ThemeError(missing if undefined else f"{type(error).__name__}: {error}").at(
                file=FOLDER + name,
                line=line,
                text=_line(theme.templates.get(name, ""), line),
                hint=what_there_is(str(error), seen),
            ) from None

    return fill


class Compiled(jinja2.BytecodeCache):
    """Compiled templates, as Jinja2 asks for them."""

    def __init__(self, templates: CompiledTemplates) -> None:
        self._templates = templates

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template over, if its text and Python's version are the same."""
        code = self._templates.load(bucket.key)
        if code:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template."""
        self._templates.keep(bucket.key, bucket.bytecode_to_string())


def _place(error: Exception, template: str) -> tuple[str, int | None]:
    """Template and line of an error: Jinja2 tells them itself, or its traceback does."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.name or template, error.lineno
    trace, line = error.__traceback__, None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(FOLDER):
            template, line = file.removeprefix(FOLDER), trace.tb_lineno
        trace = trace.tb_next
    return template, line


def _line(text: str, number: int | None) -> str | None:
    lines = text.split("\n")
    return lines[number - 1] if number and number <= len(lines) else None
