"""What pages load: styles, scripts, fonts. Their names tell their content.

So no browser shows a new page in an old dress.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from ...addresses import asset_path
from ...csp import hash_source
from ...errors import ThemeError
from ...model import Config, File, RenderedPost, Theme
from ...text_font import FAMILY, FILES, WITHOUT
from ...theme_settings import theme_style
from .contents import has_margin_contents

ORIGIN = "the theme"
STYLE = "style.css"
"""The theme's style sheet."""
KATEX_STYLE = asset_path("katex/katex.min.css")
"""Path of KaTeX's style sheet."""
INTERACTIVE = "interactive.js"
"""The theme's script for interactive figures."""
PALETTE = "palette.js"
"""The theme's script for the palette that a reader chose: it stands on every page itself."""
PALETTE_FILE = f"templates/static/{PALETTE}"
"""Where a blog has its own."""
SEARCH_KEY = "search-key.js"
"""The theme's script that every page loads: a key leads to the search."""
SEARCH = "search/"
"""The folder of the theme's scripts that only a page that searches loads."""
AT_THE_ROOT = ("favicon.ico", "apple-touch-icon.png")
"""Static files that browsers look for at the root of the site, not among its assets."""

POST_SCRIPTS: dict[str, Callable[[RenderedPost], bool]] = {
    "preview.js": lambda rendered: (
        rendered.has_references or ' class="footnote-ref"' in rendered.body
    ),
    "copy-tex.js": lambda rendered: rendered.has_math,
    "tab-stops.js": lambda rendered: ' tabindex="0"' in rendered.body,
    "tabs.js": lambda rendered: ' data-sync="' in rendered.body,
    "contents.js": lambda rendered: has_margin_contents(rendered) and bool(rendered.headings),
}
"""The theme's scripts that some posts load, and which."""


class Assets(Struct, frozen=True, dict=True):
    """The theme's files that pages load, and where they lie in the site."""

    files: Mapping[str, bytes]
    """Path to content; the script for interactive figures is not among them."""
    style: str
    """Path of the style sheet."""
    scripts: Mapping[str, str]
    """Name of a script to its path, for those that the theme has."""
    search_script: str
    """Path of the script that the page that searches loads."""
    palette: str
    """The script for the palette that a reader chose; empty if the theme has none."""
    interactive: bytes
    """The script for interactive figures."""
    serif: Collection[str]
    """Languages whose pages set their text in the theme's own typeface."""
    edition: Callable[[], str]
    """Tells which JavaScript for interactive figures there is."""

    @cached_property
    def loads(self) -> tuple[tuple[str, str], ...]:
        """Directive and source, for its policy, of what stands on every page itself."""
        return (("script-src", hash_source(self.palette)),) if self.palette else ()

    @cached_property
    def interactive_script(self) -> str:
        """Path of the script for interactive figures, which finds the libraries beside itself."""
        told = self.interactive + self.edition().encode()
        return asset_path(f"interactive-{_digest(told)}/{INTERACTIVE}")


def assets_of(theme: Theme, config: Config, code_style: str, edition: Callable[[], str]) -> Assets:
    """What the pages of a blog may load.

    Args:
        theme: its static files.
        config: the blog's settings.
        code_style: style sheet of highlighted code.
        edition: tells which JavaScript for interactive figures there is.
    """
    static = dict(theme.static)
    # The theme's own style comes first: what is said later about a thing has the last word.
    written = static.pop(STYLE, b"") + code_style.encode() + theme_style(config).encode()
    style = _without_comments(written)
    palette = _inline(static.pop(PALETTE, b""))
    interactive = static.pop(INTERACTIVE, b"")
    asked = FAMILY.encode() in style
    serif = [name for name in config.languages if asked and _is_set_in_serif(name, config)]
    if not serif:
        static = {name: content for name, content in static.items() if name not in FILES}
    # Modules find each other by their names: so the name of their folder tells their content.
    modules = {name: static.pop(name) for name in [*static] if name.startswith(SEARCH)}
    digest = _digest(b"".join(modules.values()))
    scripts = {
        name: asset_path(_hashed(name, content))
        for name, content in static.items()
        if name in (SEARCH_KEY, *POST_SCRIPTS)
    }
    style_path = asset_path(f"style-{_digest(style)}.css")
    files = {style_path: style}
    for name, content in static.items():
        files[name if name in AT_THE_ROOT else scripts.get(name, asset_path(name))] = content
    for name, content in modules.items():
        files[asset_path(name.replace("/", f"-{digest}/", 1))] = content
    search_script = asset_path(f"search-{digest}/search.js")
    return Assets(files, style_path, scripts, search_script, palette, interactive, serif, edition)


def _inline(script: bytes) -> str:
    """A script as it stands on a page, to the letter: the policy has its hash.

    Raises:
        ThemeError: it cannot stand there.
    """
    try:
        # Browsers read ends of lines so before they look at what is between the tags.
        text = script.decode().replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff")
    except UnicodeDecodeError as error:
        raise ThemeError(f"{PALETTE} is not UTF-8").at(
            file=PALETTE_FILE, hint="save it as UTF-8"
        ) from error
    if end := ENDS_SCRIPT.search(text):
        line = text.count("\n", 0, end.start())
        what = "ends the script before its time" if "/" in end[0] else "may hide the script's end"
        raise ThemeError(f"`{end[0]}` {what}").at(
            file=PALETTE_FILE,
            line=line + 1,
            text=text.split("\n")[line],
            hint=f"this script stands on every page itself: write `<\\{end[0][1:]}`",
        )
    return text


def _is_set_in_serif(language: str, config: Config) -> bool:
    chosen = config.theme.get("text", {}).get(language)
    return FAMILY in chosen if chosen else language.partition("-")[0] not in WITHOUT


ENDS_SCRIPT = re.compile(r"</script|<script|<!--", re.IGNORECASE)
"""What an HTML script element cannot hold as it is (HTML, 4.12.1.3)."""
CSS_COMMENT = re.compile(rb"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|/\*.*?\*/\n?""", re.DOTALL)


def _without_comments(style: bytes) -> bytes:
    """A style sheet without what is meant for whoever works on it; in a string nothing is."""
    return CSS_COMMENT.sub(lambda match: match[1] or b"", style)


def _hashed(name: str, content: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}-{_digest(content)}.{suffix}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]


def post_scripts(rendered: RenderedPost, assets: Assets) -> tuple[str, ...]:
    """Paths of the scripts that a post's page loads, besides those of every page."""
    wanted = [
        assets.scripts[name]
        for name, is_needed in POST_SCRIPTS.items()
        if name in assets.scripts and is_needed(rendered)
    ]
    return (*wanted, assets.interactive_script) if rendered.libraries else tuple(wanted)


def static_files(
    assets: Assets,
    posts: Sequence[RenderedPost],
    config: Config,
    katex: Mapping[str, bytes],
    libraries: Mapping[str, bytes],
) -> Iterator[File]:
    """What pages load, and what GitHub Pages needs.

    Args:
        assets: the theme's files.
        posts: all posts.
        config: the blog's settings.
        katex: KaTeX's style sheet and fonts, by their path below `assets/`.
        libraries: JavaScript for interactive figures, by the name of its file.
    """
    for path, content in assets.files.items():
        yield File(path, content, ORIGIN)
    if config.math == "html" and any(post.has_math for post in posts):
        for name, content in katex.items():
            yield File(asset_path(name), content, ORIGIN)
    if libraries:
        folder = assets.interactive_script.removesuffix(INTERACTIVE)
        for name, content in {INTERACTIVE: assets.interactive, **libraries}.items():
            yield File(folder + name, content, ORIGIN)
    # GitHub Pages runs Jekyll over a site, which drops what it does not know, unless told not to.
    yield File(".nojekyll", b"", ORIGIN)
