"""`[tool.inkcell.theme]`: colours, widths and fonts of the theme, as custom properties of CSS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from .model import Config
from .record import Record

COLOURS = ("accent", "seal", "paper", "ink", "ink_soft", "line", "mark")
LENGTHS = ("measure", "wide")
FONTS = ("text", "sans", "mono")

PALETTES = ("light", "dark")

PART = r"(?:[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?(?:%|deg|grad|rad|turn)?|none)"
"""A number, a percentage or an angle, as colours have them; `none` is a part that there is not."""
COLOUR = re.compile(
    r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})"
    rf"|(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(\s*{PART}(?:\s+{PART}){{2}}(?:\s*/\s*{PART})?\s*\)"
    rf"|(?:rgb|hsl)a?\(\s*{PART}(?:\s*,\s*{PART}){{2,3}}\s*\)"
)
"""A hexadecimal colour, or a function of CSS Color 4 with plain arguments; only the older functions
have commas. What a browser does not read would take the colour from a page, in silence."""
LENGTH = re.compile(r"(?=[\d.]*[1-9])(?:\d+(?:\.\d+)?|\.\d+)(?:rem|em|ch|ex|ic|px|pt|vw)")
FAMILY = r"""(?:"[^"'\\<>;{}\n]+"|'[^"'\\<>;{}\n]+'|-?[A-Za-z_][\w-]*(?: [A-Za-z_][\w-]*)*)"""
FONT = re.compile(rf"{FAMILY}(?:\s*,\s*{FAMILY})*")

Properties = Mapping[str, Mapping[str, str]]
"""Name of a setting to its values: one for each palette (colours) or for each language."""


def read_theme_settings(record: Record, languages: Sequence[str]) -> Properties:
    """The settings of the theme; what is not set is not in them."""
    theme = record.record("theme", 'accent = "#1d4f8c"')
    theme.known((*COLOURS, *LENGTHS, *FONTS))
    found: dict[str, Mapping[str, str]] = {}
    for kinds, variants, pattern, hint in (
        (COLOURS, PALETTES, COLOUR, 'for example "#1d4f8c" or "oklch(45% 0.1 250)"'),
        (LENGTHS, languages, LENGTH, 'for example "34rem" or "66ch"'),
        (FONTS, languages, FONT, "names of families, those with spaces or digits in quotes"),
    ):
        for key in kinds:
            values = _variants(theme, key, variants)
            for name, value in values.items():
                if not pattern.fullmatch(value):
                    message = f"`{value}` cannot be the theme's `{key}`"
                    dotted = f"{key}.{name}" if isinstance(theme.values[key], dict) else key
                    theme.wrong(dotted, message, hint)
                    break
            if values:
                found[key] = values
    return found


def _variants(theme: Record, key: str, names: Sequence[str]) -> dict[str, str]:
    """A value for each of the names: one text for all of them, or a table with some."""
    written = theme.values.get(key)
    if not isinstance(written, dict):
        text = theme.text(key)
        return dict.fromkeys(names, text) if text else {}
    table = theme.record(key)
    table.known(names)
    missing = [name for name in PALETTES if key in COLOURS and name not in written]
    if missing:
        hint = 'for example { light = "#1d4f8c", dark = "#8ab8ee" }'
        theme.wrong(key, f"`theme.{key}` has no colour on {missing[0]} paper", hint)
        return {}
    return {name: text for name in names if (text := table.text(name))}


def theme_style(config: Config) -> str:
    """What the settings add to the end of the style sheet; printed pages keep their own look."""
    rules = [*_rules(config.theme)]
    if not rules:
        return ""
    lines = "".join(f"  {where} {{ {what} }}\n" for where, what in rules)
    return f"\n/* [tool.inkcell.theme] */\n@media screen {{\n{lines}}}\n"


def _rules(theme: Properties) -> Iterator[tuple[str, str]]:
    for key, values in theme.items():
        name = "--" + key.replace("_", "-")
        if key in COLOURS:
            # `color-scheme` decides: the system's, or what the reader chose.
            yield ":root", f"{name}: light-dark({values['light']}, {values['dark']});"
            if key == "paper":
                # The ground of code is the paper, a little deeper, as in the theme's own colours.
                yield ":root", "--paper-deep: color-mix(in srgb, var(--ink) 3%, var(--paper));"
            continue
        # As exact as the theme's own rules for a language, which stand further up.
        for language, value in values.items():
            yield f":root:lang({language})", f"{name}: {value};"
