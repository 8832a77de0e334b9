"""Reading what an author wrote, key by key, with an error for every mistake.

Front matter and settings are mappings typed by hand. A `Record` wraps one, hands out typed
values and collects the mistakes instead of stopping at the first.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from .characters import NOT_TEXT
from .errors import InkcellError

Complain = Callable[[str, str, str | None], InkcellError]
"""(message, dotted key, hint) -> an error that knows file and line of the key."""


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest known word, if one is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None


class WholeNumber(int):
    """A whole number that an author wrote."""

    written = ""
    """How: `007`."""


class Decimal(float):
    """A number with a decimal point that an author wrote."""

    written = ""
    """How: `2103.00020`, which is another name than `2103.0002`."""


class Record(Struct):
    """A mapping that an author wrote. Every reader returns its default after a mistake."""

    values: Mapping[str, object]
    complain: Complain
    errors: list[InkcellError] = []
    prefix: str = ""
    """Dotted path of this mapping inside the whole, with a dot at the end."""
    sign: str = ": "
    """What stands between key and value, for hints: `: ` in YAML, ` = ` in TOML."""

    def wrong(self, key: str, message: str, hint: str | None = None) -> None:
        """Note a mistake at `key`."""
        self.errors.append(self.complain(message, self.prefix + key, hint))

    def known(self, keys: Iterable[str], elsewhere: Mapping[str, str] | None = None) -> None:
        """Note every key that is not among `keys`; `elsewhere` has hints for some of them."""
        known, hints = sorted(keys), elsewhere or {}
        for key in self.values:
            if key not in known:
                hint = hints.get(key) or suggestion(key, known)
                hint = hint or "known keys: " + ", ".join(known)
                self.wrong(key, f"unknown key `{self.prefix}{key}`", hint)

    @property
    def mapping(self) -> str:
        """What the author's language calls a mapping."""
        return "a table" if self.sign == " = " else "a mapping"

    def _typed(self, key: str, wanted: str, value: object, hint: str | None = None) -> None:
        found = self.mapping if isinstance(value, dict) else describe(value)
        self.wrong(key, f"`{self.prefix}{key}` must be {wanted}, not {found}", hint)

    def lacks(self, key: str) -> bool:
        """Whether nothing is said at a key: it is not there, or blank, or a list of blanks."""
        value = self.values.get(key)
        items = value if isinstance(value, list) else [value]
        return not any(
            item.strip() if isinstance(item, str) else item is not None for item in items
        )

    def _shown(self, key: str, text: str) -> str:
        """A text without spaces around it; it must be one that a page can show."""
        if found := NOT_TEXT.search(text):
            message = f"`{self.prefix}{key}` holds the character U+{ord(found[0]):04X}"
            self.wrong(key, message, "remove it: no page may hold it")
        return NOT_TEXT.sub("", text).strip()

    def text(self, key: str, default: str = "") -> str:
        """A string."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, str):
            return self._shown(key, value)
        # Of `yes` in YAML nobody knows any more how it was written.
        quoted = "" if isinstance(value, bool) else f': {key}{self.sign}"{value}"'
        hint = None if isinstance(value, (list, dict)) else "put it in quotes" + quoted
        self._typed(key, "text", value, hint)
        return default

    def scalar(self, key: str) -> str:
        """A string, or a number as it is written: volumes and years need no quotes."""
        value = self.values.get(key)
        return value.written if isinstance(value, WholeNumber | Decimal) else self.text(key)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        self._typed(key, "true or false", value, f"without quotes: {key}{self.sign}true")
        return default

    def number(self, key: str, default: int, *, least: int = 0) -> int:
        """A whole number, at least `least`."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return int(value)
        hint = f"for example {key}{self.sign}{max(default, least)}"
        self._typed(key, f"a whole number of at least {least}", value, hint)
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; one string stands for a list of one."""
        value = self.values.get(key)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        texts = [self._shown(key, item) for item in items if isinstance(item, str)]
        if len(texts) == len(items):
            return tuple(dict.fromkeys(text for text in texts if text))
        other = next(item for item in items if not isinstance(item, str))
        if isinstance(value, list) and not isinstance(other, list | dict):
            message = f"`{self.prefix}{key}` must be a list of texts, and {describe(other)} is none"
            quoted = "" if isinstance(other, bool) else f': "{describe(other).strip("`")}"'
            self.wrong(key, message, "put it in quotes" + quoted)
        else:
            hint = f'for example {key}{self.sign}["one", "two"]'
            self._typed(key, "a list of texts", value, hint)
        return ()

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """One of `choices`."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, str) and value in choices:
            return value
        hint = suggestion(value, choices) if isinstance(value, str) else None
        self._typed(key, "one of " + ", ".join(choices), value, hint or f"the usual is {default}")
        return default

    def record(self, key: str, example: str = "") -> Record:
        """A nested mapping, empty if absent; `example` is what may stand in it, for hints."""
        value = self.values.get(key)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            name, meant = "name", f'"{value}"' if isinstance(value, str) else "value"
            if key == "execute":
                name, meant = "enabled", describe(value) if isinstance(value, bool) else "true"
            example = example or f"{name}{self.sign}{meant}"
            hint = f"write it as {key}{self.sign}{{{example}}}"
            self._typed(key, self.mapping, value, hint)
            value = {}
        return Record(value, self.complain, self.errors, f"{self.prefix}{key}.", self.sign)


def describe(value: object) -> str:
    """A value in an error message: short, and in the words of YAML and TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text `{value}`"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return f"`{value}`"
