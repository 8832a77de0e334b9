"""What the results of a post were made on, as a reader sees it.

All of it comes with the results, nothing from a clock or from the machine that builds the site.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ..addresses import address, colab_address
from ..model import Config, RenderedPost
from ..sizes import size_text
from .views import CardView, DateView, PackageView, format_date


def card_view(
    rendered: RenderedPost, config: Config, strings: Mapping[str, str]
) -> CardView | None:
    """The card of a post, with `strings` in its language; None if no code ran."""
    made = rendered.provenance
    if made is None:
        return None
    # npm's copies within packages are known by their folders, `a/node_modules/b`.
    packages = {
        (name.rpartition("/node_modules/")[2], version) for name, version in made.packages.items()
    }
    return CardView(
        date=_date(made.when, strings),
        frozen=rendered.frozen,
        interpreter=made.interpreter or made.kernel,
        packages=tuple(
            PackageView(name, version)
            for name, version in sorted(packages, key=lambda item: (item[0].casefold(), item))
        ),
        system=made.system,
        processor=made.processor,
        gpu=made.gpu,
        threads=made.threads,
        time=duration_text(made.seconds, strings),
        memory=size_text(made.peak_memory) if made.peak_memory else "",
        notebook=address(rendered.notebook, config),
        notebook_name=rendered.notebook.rpartition("/")[2],
        colab=colab_address(rendered.post, rendered.notebook, config),
    )


def _date(when: str, strings: Mapping[str, str]) -> DateView:
    moment = datetime.fromisoformat(when)
    # A time without an offset is UTC; `astimezone` would take it for this machine's.
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return format_date(moment, strings["date"], strings["months"])


def duration_text(seconds: float, strings: Mapping[str, str]) -> str:
    """How long something took, in a language: tenths of a second below a minute."""
    if round(seconds, 1) < 60:
        shown = f"{seconds:.1f}" if seconds >= 0.05 else "<0.1"
        return strings["seconds"].format(seconds=shown)
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return strings["minutes_seconds"].format(minutes=minutes, seconds=rest)
    hours, minutes = divmod(round(seconds / 60), 60)
    return strings["hours_minutes"].format(hours=hours, minutes=minutes)
