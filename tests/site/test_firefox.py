"""The finished site in Firefox: another engine, with its own mind on lines, policies and fonts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import Served, program
from .test_palette import DARK, LIGHT

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

WIDTHS = (1280, 390)
"""In CSS pixels: a desktop and a phone."""


def test_pages_are_read_in_firefox(served: Served) -> None:
    """No message, nothing lost or wider than the window; the palette and the search work."""
    posts = [path for path in served.pages if path.count("/") > 1 and "20" in path]
    asked = {
        "firefox": program("firefox-esr"),
        "address": served.address,
        "paths": ["", "archive/", "en/about/", *posts],
        "widths": WIDTHS,
    }
    script = Path(__file__).with_name("firefox.mjs")
    done = subprocess.run(
        [program("node"), str(script), json.dumps(asked)], check=True, capture_output=True
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen["problems"] == []
    assert seen["papers"] == [LIGHT, DARK, DARK]
    assert seen["found"] == "집합"
