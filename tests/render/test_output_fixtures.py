"""Outputs: each fixture is a title, an output as YAML, and the page's HTML of it."""

from __future__ import annotations

import re

import pytest
import yaml

from generator.model import Bundle, Output, Stream

from .rendering import render_post
from .test_prose import fixtures

CELL = "```{code-cell}\n#| echo: false\n#| fig-alt: Words\n1\n```\n"


def output_html(source: str) -> str:
    """The page's HTML of an output, without what stands around every output."""
    data = yaml.safe_load(source)
    output: Output = Bundle(data)
    for name in ("stdout", "stderr"):
        if name in data:
            output = Stream(name, data[name])
    body = render_post(CELL, [[output]]).body
    inside = re.fullmatch(
        r'<div class="cell">\n<div class="output">\n(.*?)\n?</div>\n</div>\n', body, re.DOTALL
    )
    assert inside, body
    return inside[1].rstrip("\n")


@pytest.mark.parametrize(("source", "expected"), fixtures("outputs.txt"))
def test_fixture(source: str, expected: str) -> None:
    """The page shows the output as the fixture says."""
    assert output_html(source) == expected
