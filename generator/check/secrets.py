"""Keys and tokens in what is published: prose, code, outputs, files beside posts.

The formats are those that their issuers publish, with the prefixes that they chose so that such
tokens can be found. What has no such prefix is looked at only where its name says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Prose
from .built_site import BuiltSite
from .finding import Finding, Severity
from .leftovers import outputs_of

TOKENS: dict[str, str] = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "an access key of AWS": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9]{22}_\w{59})\b",
    "a token of GitLab": r"\bglpat-[\w-]{20,}",
    "a token of Slack": r"\bxox[abeoprs]-(?:\d+-)+[0-9A-Za-z-]{10,}",
    "a webhook of Slack": r"https://hooks\.slack\.com/services/T\w+/B\w+/\w{16,}",
    "a key of OpenAI": r"\bsk-(?:proj-|svcacct-|admin-)?[\w-]{20,}T3BlbkFJ[\w-]{20,}",
    "a key of Anthropic": r"\bsk-ant-[a-z]+\d\d-[\w-]{80,}",
    "an API key of Google": r"\bAIza[\w-]{35}(?![\w-])",
    "an access token of Google": r"\bya29\.[\w-]{30,}",
    "a client secret of Google": r"\bGOCSPX-[\w-]{28}(?![\w-])",
    "a key of Stripe": r"\b[rs]k_live_[0-9A-Za-z]{24,}",
    "a token of Hugging Face": r"\bhf_[A-Za-z]{34}\b",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a token of PyPI": r"\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}",
}
"""What it is to the form of it."""

TOKEN = re.compile("|".join(f"({pattern})" for pattern in TOKENS.values()))
PASSWORD = re.compile(
    r"(?P<name>\b\w*(?:password|passwd|secret_key|client_secret|api_?key|auth_?token)\w*)"
    r"[\"']?\s*(?::=|=>|=|:)\s*(?P<quote>[\"'])(?P<value>[^\"'\s]{16,})(?P=quote)",
    re.IGNORECASE,
)
"""A long literal under a telling name."""
PLACEHOLDER = re.compile(
    r"example|sample|dummy|change.?me|your|placeholder|xxxx|\*\*\*|\.\.\.|…|[<>{}$]", re.IGNORECASE
)
TEXT = (".cfg", ".csv", ".env", ".ini", ".js", ".json", ".md", ".mjs", ".py", ".toml", ".txt")
"""Endings of neighbouring files in which keys may stand."""


def check_secrets(site: BuiltSite) -> Iterator[Finding]:
    """Every key, once a place. No finding repeats it whole: what a check prints is kept in logs."""
    for post in site.posts.values():
        for cell in post.notebook.cells:
            text = cell.text if isinstance(cell, Prose) else cell.source
            yield from _search(text, post.source.path, cell.line, cell.cell)
    for path, post in site.notebooks.items():
        outputs = outputs_of(site.files[path])[1:]
        for cell, text in zip(post.notebook.cells, outputs, strict=False):
            yield from _search(text, post.source.path, cell.line, cell.cell, step=False)
    for path, content in site.files.items():
        if path.startswith("assets/posts/") and path.endswith(TEXT):
            yield from _search(content.decode(errors="replace"), f"{site.folder}/{path}", 1, None)


def _search(
    text: str, file: str, line: int, cell: int | None, step: bool = True
) -> Iterator[Finding]:
    """Keys in a text that begins on a line; without `step` all of it is told of that line."""

    def at(offset: int) -> int:
        return line + (text.count("\n", 0, offset) if step else 0)

    for match in TOKEN.finditer(text):
        if match[0].endswith("EXAMPLE"):  # AWS's own documentation ends them so.
            continue
        kind = [*TOKENS][(match.lastindex or 1) - 1]
        yield _finding("error", f"this looks like {kind}", match[0], file, at(match.start()), cell)
    for match in PASSWORD.finditer(text):
        value = match["value"]
        mixed = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
        if mixed and not PLACEHOLDER.search(value) and not TOKEN.search(value):
            message = f"`{match['name']}` has a long literal: is it a secret?"
            yield _finding("warning", message, value, file, at(match.start()), cell)


def _finding(
    severity: Severity, message: str, secret: str, file: str, line: int, cell: int | None
) -> Finding:
    shown = secret[:27] if secret.startswith("-----") else f"{secret[:8]}…"
    hint = (
        "take it out and revoke it: what was once published is known; if it is made up: "
        f'ignore = ["{shown}"] in [tool.inkcell.check]'
    )
    return Finding("secret", severity, message, file, line, cell, shown, hint)
