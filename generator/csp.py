"""How a Content-Security-Policy names a script or a style sheet that stands on the page (CSP 3)."""

from __future__ import annotations

import base64
import hashlib


def hash_source(text: str) -> str:
    """What a policy allows a script or a style sheet by: its hash (CSP 3, 2.3.1)."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
