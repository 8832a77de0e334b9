"""Do links out of the site still lead somewhere? Asks their servers, and so only on demand.

Politely: `HEAD` first, a few servers at once, one question at a time to each with a pause between,
no second try where a server says that it is busy.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from .. import HOMEPAGE, __version__
from .built_site import BuiltSite
from .finding import Finding
from .links import Link, external_links

TIMEOUT = 15.0
"""Seconds that a server may take to answer."""
SERVERS = 6
"""How many are asked at once."""
PAUSE = 0.5
"""Seconds between two questions to one of them."""

AGENT = f"Inkcell/{__version__} (+{HOMEPAGE})"

GONE = (404, 410)
HEAD_REFUSED = (400, 403, 404, 405, 406, 500, 501, 503)
"""What servers answer to `HEAD` that would answer `GET`."""

Ask = Callable[[str], str]
"""(address) -> what is wrong with it; empty if nothing is. A code of HTTP comes first."""


def check_external(site: BuiltSite, ask: Ask | None = None) -> Iterator[Finding]:
    """Links whose servers say that there is nothing, or do not answer.

    Only what is certainly gone is an error: many servers answer no program.
    """
    links = external_links(site)
    servers: dict[str, list[str]] = {}
    for address in sorted(links):
        servers.setdefault(urlsplit(address).netloc, []).append(address)

    def visit(addresses: Sequence[str]) -> list[tuple[str, str]]:
        answers = []
        for number, address in enumerate(addresses):
            if number and ask is None:
                time.sleep(PAUSE)
            answers.append((address, (ask or question)(address)))
        return answers

    with ThreadPoolExecutor(SERVERS) as pool:
        for answers in pool.map(visit, servers.values()):
            for address, problem in answers:
                if problem:
                    yield from _findings(address, problem, links, site)


def _findings(
    address: str, problem: str, links: Mapping[str, Sequence[Link]], site: BuiltSite
) -> Iterator[Finding]:
    gone = problem.partition(" ")[0] in map(str, GONE)
    seen = set()
    for link in links[address]:
        found = site.finding(
            link.page,
            link.element.offset,
            "external",
            "error" if gone else "warning",
            f"{problem}: {address}",
            link.element.source,
            "find its new address, or a copy at https://web.archive.org" if gone else "look at it",
            (link.address, address),
        )
        if (found.file, found.line) not in seen:
            seen.add((found.file, found.line))
            yield found


def question(address: str, timeout: float = TIMEOUT) -> str:
    """Ask a server for an address; what is wrong with the answer, or nothing."""
    problem = ""
    for method in ("HEAD", "GET"):
        try:
            asked = Request(
                quote(address, safe="%/:=&?~#+!$,;'@()*[]"),
                method=method,
                headers={"User-Agent": AGENT, "Accept": "*/*"},
            )
            with urlopen(asked, timeout=timeout):
                return ""
        except HTTPError as error:
            problem = f"{error.code} {error.reason}".strip()
            error.close()
            if error.code not in HEAD_REFUSED:
                break
        except URLError as error:
            return f"no answer ({error.reason})"
        except (OSError, HTTPException, ValueError) as error:
            return f"no answer ({re.sub(r'^<|>$', '', str(error)) or type(error).__name__})"
    return problem
