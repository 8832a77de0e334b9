"""The finished site by Lighthouse and HTML_CodeSniffer, and what its pages weigh on the wire."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession

from ..conftest import REPOSITORY
from .conftest import Served, program
from .test_browser import NCUT, SCREENS, TOPOLOGY, open_page, unfold

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

MODULES = REPOSITORY / "node_modules"
LIGHTHOUSE = MODULES / "lighthouse" / "cli" / "index.js"
CODESNIFFER = MODULES / "html_codesniffer" / "build" / "HTMLCS.js"

FLAGS = (
    "--headless=new --no-sandbox --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update"
)
JUDGED = ("accessibility", "best-practices", "seo")
"""Lighthouse's categories. Its fourth, performance, is a time, and no test asserts one."""


@pytest.mark.parametrize("form", ["mobile", "desktop"])
@pytest.mark.parametrize("path", ["", NCUT, f"en/{TOPOLOGY}"])
def test_lighthouse_has_nothing_to_say(pages: Served, tmp_path: Path, path: str, form: str) -> None:
    """A hundred of a hundred for accessibility, best practices and what search engines want."""
    report = tmp_path / "report.json"
    command = [
        *(program("node"), str(LIGHTHOUSE), pages.address + path, "--quiet"),
        *("--output=json", f"--output-path={report}", f"--only-categories={','.join(JUDGED)}"),
        f"--chrome-flags={FLAGS}",
        *(["--preset=desktop"] if form == "desktop" else []),
    ]
    environment = {**os.environ, "CHROME_PATH": program("chromium")}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert found.get("runtimeError") is None
    wrong = {
        name: [
            audit["id"]
            for audit in (found["audits"][part["id"]] for part in category["auditRefs"])
            if audit["score"] is not None and audit["score"] < 1
        ]
        for name, category in found["categories"].items()
        if category["score"] < 1
    }
    assert set(found["categories"]) == set(JUDGED)
    assert wrong == {}


SNIFF = """
() => new Promise((resolve, reject) => HTMLCS.process('WCAG2AA', document, () => resolve(
  HTMLCS.getMessages().filter(message => message.type === HTMLCS.ERROR)
    .map(({ code, msg, element }) => `${code}: ${msg} ${element.outerHTML.slice(0, 150)}`)
), reject))
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_codesniffer_finds_nothing(browser: Browser, served: Served, scheme: str) -> None:
    """WCAG 2.1 AA by the rules that pa11y uses, on every kind of page."""
    sniffer = CODESNIFFER.read_text(encoding="utf-8")
    for path in ("", "archive/", "math/", "404.html", NCUT, f"en/{TOPOLOGY}"):
        page = open_page(browser, served.address + path, *SCREENS["desktop"], scheme)
        unfold(page)
        # Not as a script of the page, whose policy has none but the site's own.
        page.evaluate(sniffer)
        found = page.evaluate(SNIFF)
        page.context.close()
        assert found == [], path


TEXT_PAGE = 60_000
"""Bytes on the wire of a page without formulas and pictures: HTML, styles, scripts and fonts."""
SCRIPTS = 10_000
"""Bytes of scripts on any page that has no interactive figure."""


def test_pages_are_light(browser: Browser, pages: Served) -> None:
    """A page of text is below 60 kB, compressed, with all it asks for; scripts are below 10 kB."""
    texts = 0
    for path in pages.pages:
        context = browser.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        weights = weigh(context.new_cdp_session(page))
        page.goto(pages.address + path, wait_until="networkidle")
        is_text = page.locator(".katex, main img, .drawing").count() == 0
        context.close()
        assert weights["Document"] > 0
        assert 0 < weights["Script"] < SCRIPTS, path
        if is_text:
            texts += 1
            assert weights.total() < TEXT_PAGE, path
    assert texts > 10


def weigh(session: CDPSession) -> Counter[str]:
    """A count that fills with the bytes on the wire of what a page asks for, by kind."""
    weights: Counter[str] = Counter()
    kinds: dict[str, str] = {}

    def begin(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def end(event: dict[str, Any]) -> None:
        weights[kinds[event["requestId"]]] += round(event["encodedDataLength"])

    session.on("Network.responseReceived", begin)
    session.on("Network.loadingFinished", end)
    session.send("Network.enable")
    return weights
