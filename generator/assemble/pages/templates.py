"""The theme's templates, and where in them a mistake is. The only module that knows Jinja2."""

from __future__ import annotations

from collections.abc import Callable

import jinja2

from ...errors import ThemeError
from ...model import Theme

Fill = Callable[..., str]
"""(template, **what it may see) -> HTML.

Raises:
    ThemeError: the template is missing, broken, or asks for what does not exist.
"""


def filling(theme: Theme) -> Fill:
    """What fills the templates of a theme; each is compiled when it is asked for."""
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(dict(theme.templates)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    def fill(template: str, **seen: object) -> str:
        try:
            return environment.get_template(template).render(seen)
        except jinja2.TemplateError as error:
            name, line = _place(error, template)
            raise ThemeError(f"{type(error).__name__}: {error}").at(
                file=f"templates/{name}",
                line=line,
                text=_line(theme.templates.get(name, ""), line),
                hint="what a template may see stands in generator/assemble/views.py",
            ) from None

    return fill


def _place(error: jinja2.TemplateError, template: str) -> tuple[str, int | None]:
    """Template and line of an error: Jinja2 tells them itself, or its traceback does."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.name or template, error.lineno
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in ("<template>", "<unknown>"):
            template = str(trace.tb_frame.f_globals.get("name", template))
            line = trace.tb_lineno
        trace = trace.tb_next
    return template, line


def _line(text: str, number: int | None) -> str | None:
    lines = text.splitlines()
    return lines[number - 1] if number and number <= len(lines) else None
