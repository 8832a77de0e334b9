"""Keys and paths that nobody should read: found in prose, code, outputs and files beside posts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from generator.check import built_site
from generator.check.finding import Finding
from generator.check.leftovers import check_leftovers, outputs_of
from generator.check.secrets import TOKENS, check_secrets
from generator.config import parse_config
from generator.model import Source
from generator.parse import parse

from ..conftest import FRONT_MATTER, SETTINGS

KEYS = {
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "an access key of AWS": "AKIA" + "ABCDEFGH23456722",
    "a token of GitHub": "ghp_" + "a1B2" * 9,
    "a token of GitLab": "glpat-" + "a1B2_" * 4,
    "a token of Slack": "xoxb-" + "123456789012-" * 2 + "abcdefghijklmnop",
    "a webhook of Slack": "https://hooks.slack.com/services/" + "T0000/B0000/" + "a1" * 12,
    "a key of OpenAI": "sk-proj-" + "a1B2_" * 5 + "T3Blbk" + "FJ" + "a1B2_" * 5,
    "a key of Anthropic": "sk-ant-" + "api03-" + "a1B2_" * 18,
    "an API key of Google": "AIza" + "a1B2_" * 7,
    "an access token of Google": "ya29." + "a1B2_" * 8,
    "a client secret of Google": "GOCSPX-" + "a1B2" * 7,
    "a key of Stripe": "sk_live_" + "a1B2" * 6,
    "a token of Hugging Face": "hf_" + "aB" * 17,
    "a token of npm": "npm_" + "a1B2" * 9,
    "a token of PyPI": "pypi-" + "AgEIcHlwaS5vcmc" + "a1B2_" * 12,
}
"""Made up, and put together here, so that nobody's scanner takes this file for a leak."""


def findings(
    body: str, outputs: Mapping[str, object] | None = None, files: Mapping[str, bytes] | None = None
) -> list[Finding]:
    """What is found in a post with this text, whose only code cell has this output."""
    config = parse_config(SETTINGS)
    source = Source(
        "posts/a/index.en.md", FRONT_MATTER + body, "a", "en", "md", str(Path("/nowhere"))
    )
    post = parse(source, config)
    page = "en/math/2022-07-08-a/index.html"
    cells = [{"cell_type": "raw"}, *({"cell_type": "x"} for _ in post.notebook.cells)]
    if outputs:
        cells[-1]["outputs"] = [outputs]  # type: ignore[assignment]
    notebook = json.dumps({"cells": cells}).encode()
    site = built_site(
        {page: b"<p>x</p>", "en/math/2022-07-08-a/a.ipynb": notebook, **(files or {})},
        [post],
        config,
        "site",
    )
    return [*check_secrets(site), *check_leftovers(site)]


def test_there_is_an_example_of_each_kind() -> None:
    """So that the tests below try all of them."""
    assert KEYS.keys() == TOKENS.keys()


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_wherever_it_stands(kind: str) -> None:
    """Prose, code, an output, a file: its place is named, and it is not repeated whole."""
    key = KEYS[kind]
    prose = findings(f"\nText {key}.\n")
    code = findings(f"\n```{{code-cell}}\nx = 1\nkey = '{key}'\n```\n")
    output = findings(
        "\n```{code-cell}\nprint(key)\n```\n",
        {"output_type": "stream", "name": "stdout", "text": ["the key\n", f"is {key}\n"]},
    )
    beside = findings("", files={"assets/posts/a/data.csv": f"a,b\n1,{key}\n".encode()})
    places = []
    for found in (prose, code, output, beside):
        (finding,) = found
        assert finding.severity == "error"
        assert finding.message == f"this looks like {kind}"
        assert key not in finding.text + finding.hint or key.startswith("-----")
        places.append((finding.file, finding.line, finding.cell))
    post = "posts/a/index.en.md"
    assert places == [
        (post, 7, 1),
        (post, 9, 1),
        (post, 8, 1),
        ("site/assets/posts/a/data.csv", 2, None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_short",
        "sk-learn and sk-image are no keys",
        "the token eyJhbGciOiJub25lIn0.e30. of a demonstration",
        "client_secret = 'the-secret-of-the-client'",
        "password = 'correct horse battery staple'",
        "api_key = 'YOUR_API_KEY_0123456789'",
        "password=os.environ['PASSWORD_0123456789']",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_what_is_none(text: str) -> None:
    """Examples of documentation, placeholders, words, and what is public."""
    assert findings(f"\n{text}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "password = 'Tr0ub4dor&3-and-more'",
        '{"api_key": "0123456789abcdef0123"}',
        "DB_PASSWORD='s3cr3t-of-production-1'",
    ],
)
def test_a_long_literal_with_a_telling_name(text: str) -> None:
    """A warning: it may be made up."""
    (finding,) = findings(f"\n```python\n{text}\n```\n")
    assert (finding.severity, finding.line) == ("warning", 8)
    assert finding.text.endswith("…")


@pytest.mark.parametrize(
    "path",
    [
        "/home/somebody/blog/posts/a/data.csv",
        "/Users/somebody/blog/data.csv",
        "/root/blog/.venv/lib/python3.11/site-packages/x.py",
        r"C:\Users\Somebody\blog",
    ],
)
def test_paths_of_a_machine_in_outputs(path: str) -> None:
    """A warning at the cell, once; the same in prose and code is what the author wrote."""
    cell = "\n```{code-cell}\nprint(path)\n```\n"
    text = f"File {path}, line 3\nFile {path}, line 5\n"
    (finding,) = findings(cell, {"output_type": "error", "traceback": [text]})
    assert (finding.kind, finding.severity, finding.line, finding.cell) == ("path", "warning", 8, 1)
    assert finding.text == path
    assert findings(f"\nIn {path} lies it.\n\n```python\nopen({path!r})\n```\n") == []


@pytest.mark.parametrize(
    "text",
    ["https://example.org/home/somebody/x", "./home/a/b", "/homework/1", "/home/", "a/Users/b/c"],
)
def test_what_is_no_path_of_a_machine(text: str) -> None:
    """Addresses and paths that only look like one."""
    cell = "\n```{code-cell}\nprint(path)\n```\n"
    assert findings(cell, {"output_type": "stream", "text": text}) == []


@pytest.mark.parametrize(
    "notebook",
    [
        b"",
        b"cut",
        b"[]",
        b"{}",
        b'{"cells": 1}',
        b'{"cells": [1]}',
        b'{"cells": [{"outputs": [1]}]}',
    ],
)
def test_a_notebook_that_somebody_has_damaged_has_no_outputs(notebook: bytes) -> None:
    """Of the finished site; that it is another one now is told by itself."""
    assert outputs_of(notebook) == []
