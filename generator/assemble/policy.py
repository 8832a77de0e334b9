"""The Content-Security-Policy of a page: what it may load and run (CSP 3).

A page loads nothing but the site's own files. What stands on it itself is allowed as it stands,
and no more: the theme's script by its hash, and what an author wrote into a post, which is the host
of a picture or a frame, a script or a style sheet by its hash.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

OWN = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:"),
    "media-src": ("'self'",),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
    "base-uri": ("'none'",),
    "form-action": ("'self'",),
}
"""What every page may do. A directive that is not named here falls back to `default-src`."""

STYLED = {"style-src-attr": ("'unsafe-inline'",)}
"""What a post needs besides: KaTeX and Matplotlib place what they draw by `style` attributes.
Such an attribute shapes its element, and can neither run nor, with `img-src`, load anything."""

LIBRARIES = {
    # Both write style sheets of their own; Plotly compiles the shaders of WebGL figures as code.
    "plotly": {
        "script-src": ("'unsafe-eval'",),
        "style-src": ("'unsafe-inline'",),
        "img-src": ("blob:",),
    },
    "vega": {"style-src": ("'unsafe-inline'",), "img-src": ("blob:",)},
}
"""What the libraries of interactive figures need besides."""

OPEN = "base-uri 'none'; object-src 'none'"
"""For a post that says `trusted: [html]`: what its outputs load and run is theirs to say."""


def page_policy(loads: Iterable[tuple[str, str]] = ()) -> str:
    """The policy of a page that shows no text of a post.

    Args:
        loads: directive and source of what stands on every page.
    """
    return _written(_allowing(OWN, loads))


def post_policy(
    loads: Iterable[tuple[str, str]], libraries: Collection[str] = (), trusted: bool = False
) -> str:
    """The policy of a post's page.

    Args:
        loads: directive and source of what stands on every page, and of all that the post's own
            HTML loads and runs.
        libraries: of the interactive figures on it.
        trusted: whether HTML that its code put out is published as it is.
    """
    if trusted:
        return OPEN
    policy = {**OWN, **STYLED}
    for name in sorted(libraries):
        for directive, sources in LIBRARIES[name].items():
            policy[directive] = _with(policy[directive], sources)
    return _written(_allowing(policy, loads))


def _allowing(
    policy: Mapping[str, tuple[str, ...]], loads: Iterable[tuple[str, str]]
) -> dict[str, tuple[str, ...]]:
    allowing = {**policy}
    for directive, source in loads:
        if source.startswith("'sha256-") and "'unsafe-inline'" in allowing.get(directive, ()):
            # A hash would take back that every style sheet may stand on the page.
            continue
        allowing[directive] = _with(allowing.get(directive, ()), (source,))
    return allowing


def _with(sources: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*sources, *more)))


def _written(policy: Mapping[str, tuple[str, ...]]) -> str:
    return "; ".join(" ".join((directive, *sources)) for directive, sources in policy.items())
