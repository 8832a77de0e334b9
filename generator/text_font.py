"""The typeface of the theme's text: Source Serif 4, as Fontsource packs it for npm."""

from __future__ import annotations

PACKAGE = "node_modules/@fontsource/source-serif-4"
FAMILY = "Source Serif 4"
WITHOUT = ("ko",)
"""Languages that the theme sets without serifs (`:root:lang(ko)` in its style sheet)."""

NAMES = tuple(
    f"source-serif-4-{script}-{weight}-{slant}.woff2"
    for script in ("latin", "latin-ext")
    for weight in (400, 600)
    for slant in ("normal", "italic")
)
FILES = {
    **{f"fonts/{name}": f"{PACKAGE}/files/{name}" for name in NAMES},
    # The SIL Open Font License wants to go where the fonts go.
    "fonts/source-serif-4.txt": f"{PACKAGE}/LICENSE",
}
"""Path among the theme's static files to path in a checkout; a wheel has them among the former."""
FIRST = f"fonts/{NAMES[0]}"
"""What the beginning of nearly every text needs."""
