"""Half a surrogate pair in what code puts out stops nothing.

Python's strings may hold one, UTF-8 may not; so a kernel could not send its message, which was
lost, and waited for others that stood behind it. JSON's own escapes can say it.

Stands alone, as `figures` does: its text runs in the kernel's own interpreter.
"""

from __future__ import annotations

import json
from functools import wraps
from typing import Any


def install() -> None:
    """Let the kernel send what is not UTF-8, too."""
    from IPython import get_ipython
    from jupyter_client.jsonutil import json_clean, json_default

    shell: Any = get_ipython()
    session = shell.kernel.session
    pack = session.pack

    @wraps(pack)
    def packed(message: Any) -> Any:
        try:
            return pack(message)
        except UnicodeEncodeError:
            text = json.dumps(json_clean(message), default=json_default, allow_nan=False)
            return text.encode("ascii")

    session.pack = packed
