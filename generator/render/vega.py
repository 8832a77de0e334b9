"""Vega-Lite's and Vega's figures as SVG, by vl-convert where that is installed."""

from __future__ import annotations

import json
import re

VERSION = re.compile(r"/vega-lite/v(\d+(?:\.\d+)?)")


def draw_vega(specification: str, is_lite: bool) -> str | None:
    """A figure as SVG; None if vl-convert is not installed, or cannot draw it."""
    try:
        import vl_convert
    except ImportError:
        return None
    try:
        if not is_lite:
            return str(vl_convert.vega_to_svg(specification))
        match = VERSION.search(str(json.loads(specification).get("$schema", "")))
        known = vl_convert.get_vegalite_versions()
        version = match[1] if match and match[1] in known else None
        return str(vl_convert.vegalite_to_svg(specification, vl_version=version))
    except (ValueError, RuntimeError):
        return None
