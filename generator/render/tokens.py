"""What those who make and show tokens share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

RenderRule = Callable[[RendererProtocol, Sequence[Token], int, OptionsDict, EnvType], str]
"""(renderer, tokens, index of the one to show, options, environment) -> its HTML."""

NO_BREAK_SPACE = "\u00a0"


def text_token(content: str) -> Token:
    """Text as a token."""
    token = Token("text", "", 0)
    token.content = content
    return token


def with_attributes(html: str, tag: str, token: Token) -> str:
    """HTML that begins with a tag, `tag`, which gets the attributes of the author as well."""
    given = {key: str(value) for key, value in token.attrs.items() if value != ""}
    rest = html.removeprefix(f"<{tag}")
    if "class" in given and rest.startswith(' class="'):
        rest = f' class="{escape(given.pop("class"))} ' + rest.removeprefix(' class="')
    written = "".join(f' {key}="{escape(value)}"' for key, value in given.items())
    return f"<{tag}{written}{rest}"
