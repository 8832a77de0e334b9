"""JavaScript libraries that interactive figures need, from packages that are installed here.

Plotly's package carries its library; vl-convert bundles Vega's. Only what a page of the site
needs is read, and what takes seconds to make is kept beside the results of code.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from .errors import ThemeError

INSTALLATION = {"plotly": "plotly", "vega": "vl-convert-python"}
"""Library -> the distribution that brings it."""


def edition() -> str:
    """Which libraries, and which versions of them, are installed here."""
    return json.dumps({name: _version(name) for name in sorted(INSTALLATION)})


def _version(library: str) -> str:
    from importlib import metadata  # It takes 0.01 s, and few blogs have such figures.

    try:
        return metadata.version(INSTALLATION[library])
    except metadata.PackageNotFoundError:
        return ""


def read_libraries(names: Iterable[str], kept: Path) -> dict[str, bytes]:
    """Libraries by the name of their file: `plotly.js`.

    Args:
        names: of `INSTALLATION`.
        kept: a folder for what takes long to make.

    Raises:
        ThemeError: a library is not installed.
    """
    return {f"{name}.js": READERS[name](kept) for name in names}


def _plotly(kept: Path) -> bytes:
    spec = find_spec("plotly")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        file = Path(place) / "package_data" / "plotly.min.js"
        if file.is_file():
            return file.read_bytes()
    raise _missing("plotly")


def _vega(kept: Path) -> bytes:
    version = _version("vega")
    if not version:
        raise _missing("vega")
    file = kept / f"vega-{version}.js"
    with contextlib.suppress(OSError):
        return file.read_bytes()
    import vl_convert

    # The bundle's own names must not meet those of another script.
    content = (
        f"(()=>{{{vl_convert.javascript_bundle('window.vegaEmbed = vegaEmbed;')}}})();\n".encode()
    )
    with contextlib.suppress(OSError):
        kept.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(content)
        unfinished.replace(file)
    return content


def _missing(name: str) -> ThemeError:
    return ThemeError(f"a post shows an interactive figure, and {name} is not installed").at(
        hint=f"install it beside Inkcell: pip install {INSTALLATION[name]}"
    )


READERS = {"plotly": _plotly, "vega": _vega}
