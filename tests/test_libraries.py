"""JavaScript for interactive figures: from packages, only what is needed, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator import libraries
from generator.errors import ThemeError
from generator.libraries import INSTALLATION, read_libraries


def test_nothing_is_read_that_no_page_needs(tmp_path: Path) -> None:
    """The rule for nearly all blogs."""
    assert read_libraries((), tmp_path / "kept") == {}
    assert not (tmp_path / "kept").exists()


def test_libraries_come_from_packages(tmp_path: Path) -> None:
    """Plotly's own file, and Vega's bundle, which is made once and kept."""
    first = read_libraries(("plotly", "vega"), tmp_path)
    assert set(first) == {"plotly.js", "vega.js"}
    assert b"newPlot" in first["plotly.js"]
    assert b"vegaEmbed" in first["vega.js"]
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"kept")
    assert read_libraries(("vega",), tmp_path) == {"vega.js": b"kept"}


@pytest.mark.parametrize("name", INSTALLATION)
def test_a_library_that_is_not_installed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says how to install it."""
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    monkeypatch.setitem(INSTALLATION, "vega", "no-such-distribution")
    with pytest.raises(ThemeError, match=name) as raised:
        read_libraries((name,), tmp_path)
    assert INSTALLATION[name] in str(raised.value.hint)
