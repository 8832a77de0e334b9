"""Dates as other tools take them -> ISO 8601, as front matter has it here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import PostError

MONTHS = "january february march april may june july august september october november december"
NUMBERS = {name: number for number, name in enumerate(MONTHS.split(), start=1)} | {
    name[:3]: number for number, name in enumerate(MONTHS.split(), start=1)
}
YEAR_FIRST = re.compile(r"(\d{4})\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})일?(?P<rest>.*)", re.S)
AMERICAN = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})(?P<rest>.*)", re.S)
IN_WORDS = (
    re.compile(r"(?:\w+,\s*)?(?P<month>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+"
               r"(?P<year>\d{4})(?P<rest>.*)", re.S),
    re.compile(r"(?:\w+,\s*)?(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?P<month>[A-Za-z]{3,9})\.?,?\s+"
               r"(?P<year>\d{4})(?P<rest>.*)", re.S),
)  # fmt: skip
# `+/-TTTT` is what the template of a widespread theme leaves authors to fill in, and many do not.
TIME = re.compile(
    r"[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?:\s+(?:[A-Z]{2,4}|\+/-TTTT))?\s*"
)


def iso(value: object, zone: str = "") -> str:
    """A date as ISO 8601, with its time and offset if it has them; empty if it is none.

    A time without an offset is one of the time zone `zone`, if that is known.
    """
    text = str(value).strip() if isinstance(value, str | int) else ""
    day, rest = _day(text)
    if day is None:
        return ""
    match = TIME.fullmatch(rest)
    if not match:
        return "" if rest.strip() else day.isoformat()
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    offset = match["zone"] or ""
    offset = "+00:00" if offset in ("Z", "UTC", "GMT") else offset
    stamp = f"{day.isoformat()}T{hour:02d}:{match['minute']}:{match['second'] or '00'}{offset}"
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return ""
    if moment.tzinfo is None and (known := _zone(zone)):
        moment = moment.replace(tzinfo=known)
    elif moment.tzinfo is None and not (moment.hour or moment.minute or moment.second):
        return day.isoformat()
    return moment.isoformat()


def of_post(said: object, in_name: str, path: str, lines: Mapping[str, int], zone: str = "") -> str:
    """The date that a post says, or else its file's name; empty if neither does.

    Raises:
        PostError: there is no such day or time.
    """
    found = iso(said, zone) if said else iso(in_name)
    if found or not (said or in_name):
        return found
    if not said:
        hint = "rename the file, or write the date above the text: date: 2022-07-08"
        raise PostError(f"`{in_name}` in the file's name is not a date").at(file=path, hint=hint)
    raise PostError(f"`{said}` is not a date").at(
        file=path, line=lines.get("date"), text=f"date: {said}", hint="write 2022-07-08"
    )


def _day(text: str) -> tuple[date | None, str]:
    """The day with which a text begins, and the rest."""
    for pattern, order in ((YEAR_FIRST, (1, 2, 3)), (AMERICAN, (3, 1, 2))):
        if match := pattern.fullmatch(text):
            with suppress(ValueError):
                return date(*(int(match[number]) for number in order)), match["rest"]
    for pattern in IN_WORDS:
        match = pattern.fullmatch(text)
        if match and (month := NUMBERS.get(match["month"].lower())):
            with suppress(ValueError):
                return date(int(match["year"]), month, int(match["day"])), match["rest"]
    return None, ""


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def seen_in(moment: str, zone: str) -> datetime:
    """A date of ISO 8601 as the clocks of a time zone show it; without a zone, of UTC.

    That is the day in an address of Jekyll's, which is built on a server as a rule.
    """
    when = datetime.fromisoformat(moment)
    return when.astimezone(_zone(zone) or ZoneInfo("UTC")) if when.tzinfo else when
