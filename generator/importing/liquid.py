"""Liquid in a post of Jekyll: what it stood for is written out, the rest is shown and told.

Jekyll runs Liquid before it reads Markdown, so also in code; there only `{% raw %}` goes, which
kept code from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from . import dates
from .links import Links, named_alone, picture, stands_alone
from .old_blog import OldPost, OldSite
from .passages import (
    FLAGS,
    FORMULA,
    MARKED_CODE,
    change_around_code,
    change_prose,
    described,
    fenced,
)
from .remarks import Remarks
from .unresolved import Kind, end_links, keep, show

BLOCK = re.compile(
    rf"""
    (?P<skip>{MARKED_CODE})
    | (?P<lead>^[ \t]*)?\{{%-?\s*highlight\s+(?P<language>[\w+\#.-]*)(?P<options>[^%\n]*?)-?%\}}
      [ \t]*\n?
      (?P<source>.*?)\n?[ \t]*\{{%-?\s*endhighlight\s*-?%\}}
    | \{{%-?\s*comment\s*-?%\}}(?P<remark>.*?)\{{%-?\s*endcomment\s*-?%\}}
    """,
    FLAGS,
)
RAW = re.compile(
    r"(?:^[ \t]*\{%-?\s*raw\s*-?%\}[ \t]*\n|\{%-?\s*raw\s*-?%\})(?P<kept>.*?)"
    r"(?:^[ \t]*\{%-?\s*endraw\s*-?%\}[ \t]*(?:\n|\Z)|\{%-?\s*endraw\s*-?%\})",
    re.DOTALL | re.MULTILINE,
)
LIQUID = re.compile(
    r"\{%-?[ \t]*(?P<tag>\w+)(?P<rest>(?:(?!\{[%{]|\n[ \t]*\n).)*?)-?%\}"
    r"|\{\{-?(?P<value>[^{}]*?)-?\}\}",
    re.DOTALL,
)
OPEN, CLOSE = "\ue002", "\ue003"
"""Stand for `{` before `%` or `{`, and for `}` behind one, in what `{% raw %}` kept from Liquid."""
FILTERS = re.compile(
    r"\|\s*(?:relative_url|absolute_url|escape|xml_escape|uri_escape"
    r"|prepend:\s*(?:site\.(?:url|baseurl)|['\"]/?['\"]))\s*"
)
DAY = re.compile(
    r"page\.(?P<key>date|last_modified_at|updated|modified_date)\s*\|\s*"
    r"(?:date:\s*(?:\"(?P<pattern>[^\"]*)\"|'(?P<other>[^']*)')"
    r"|(?P<form>date_to_string|date_to_long_string))"
)
FORMS = {"date_to_string": "%d %b %Y", "date_to_long_string": "%d %B %Y"}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
OPTION = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|([^\s\"]+)))?")
PARAMETER = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
PICTURES = ("path", "src", "image_path", "image", "url", "file", "img")
GIST = "https://gist.github.com/"
NOT_RUN = Kind(
    "Liquid is not run here",
    "it stands there as code: write what it stood for, as Markdown or HTML",
)
TEMPLATE = Kind("a link's address is written as in a template", "write where it leads")


def unfold_blocks(text: str) -> str:
    """`{% highlight %}` as fences; `{% raw %}` gone, and its content out of Liquid's reach."""

    def unfolded(match: re.Match[str]) -> str:
        if match["skip"] is not None:
            return match[0]
        if match["source"] is not None:
            lead = match["lead"] or ""
            source = match["source"].strip("\n")
            lines = [line.removeprefix(lead) for line in source.split("\n")]
            options = {
                {"mark_lines": "hl_lines"}.get(key, key): one or two or "true"
                for key, one, two in OPTION.findall(match["options"])
            }
            return fenced("\n".join(lines), described(match["language"].lower(), options), lead)
        return f"<!--{match['remark'].replace('--', '- -')}-->"

    # Liquid comes before Markdown: what `raw` keeps may begin in code and end behind it.
    return BLOCK.sub(unfolded, RAW.sub(lambda match: _hidden(match["kept"]), text))


def _hidden(text: str) -> str:
    return re.sub(r"(?<=[%}])\}", CLOSE, re.sub(r"\{(?=[%{])", OPEN, text))


def keep_liquid(text: str, remarks: Remarks) -> str:
    """A text in which Liquid means nothing: what looks like it is shown as it is.

    The same signs mean something in templates of other kinds, of which prose may tell as well.
    """
    hidden = change_prose(text, lambda prose: LIQUID.sub(lambda m: _hidden(m[0]), prose))
    return _shown(hidden, remarks)


def run_liquid(text: str, post: OldPost, site: OldSite, links: Links, remarks: Remarks) -> str:
    """The text with each piece of Liquid replaced, in prose."""

    def change(prose: str) -> str:
        formulas = [match.span() for match in FORMULA.finditer(prose)]

        def replaced(match: re.Match[str]) -> str:
            inside = any(start < match.start() and match.end() < end for start, end in formulas)
            return (_in_formula if inside else _replaced)(match, post, site, links, remarks)

        return LIQUID.sub(replaced, prose)

    done = change_prose(text, change, lambda code: _told_in_code(code, remarks))
    return _shown(end_links(done, NOT_RUN, remarks), remarks)


def _told_in_code(code: str, remarks: Remarks) -> str:
    if code.startswith("<!--"):
        return code
    for match in LIQUID.finditer(code):
        value = (match["value"] or "").strip()
        if match["tag"] in ("include", "link", "post_url") or value.startswith(("site.", "page.")):
            sign = remarks.sign(
                "Liquid in code, which Jekyll ran, is as it was",
                match[0],
                "write what it stood for",
            )
            return code[: match.start()] + sign + code[match.start() :]
    return code


def _unhidden(text: str) -> str:
    return text.replace(OPEN, "{").replace(CLOSE, "}")


KEPT = re.compile(f"{OPEN}[%{{].*?[%}}]{CLOSE}", re.DOTALL)


def _shown(text: str, remarks: Remarks) -> str:
    """What was kept from Liquid is text; as code it stays what it is, and a formula is one."""

    def shown(match: re.Match[str]) -> str:
        return keep(_unhidden(match[0]), match.string[: match.start()])

    done = change_around_code(text, lambda prose: KEPT.sub(shown, prose), formulas=True)
    return _unhidden(end_links(done, TEMPLATE, remarks))


def _replaced(
    match: re.Match[str], post: OldPost, site: OldSite, links: Links, remarks: Remarks
) -> str:
    before, after = match.string[: match.start()], match.string[match.end() :]
    if match["tag"] is None:
        found = _value(match["value"], post, site, before, after)
    else:
        found = _tag(match, links, remarks)
    return show(match[0], before, NOT_RUN, remarks) if found is None else found


def _in_formula(
    match: re.Match[str], post: OldPost, site: OldSite, links: Links, remarks: Remarks
) -> str:
    """The same in a formula, where braces are TeX's as a rule: what is not known stays."""
    value = match["value"]
    found = None if value is None else _value(value, post, site, "", "")
    if found is not None:
        return found
    hint = "if it is TeX, all is well; else write what it stood for"
    message = "Liquid in a formula, which Jekyll ran, is as it was"
    return remarks.sign(message, match[0], hint) + match[0]


def _value(written: str, post: OldPost, site: OldSite, before: str, after: str) -> str | None:
    """What `{{ … }}` stands for; None if that is not known."""
    bare = FILTERS.sub("", written).strip()
    if literal := re.fullmatch(r"\"([^\"]*)\"|'([^']*)'", bare):
        text = literal[1] or literal[2] or ""
        return text.replace(" ", "%20") if "_url" in written else text
    if bare in ("site.baseurl", "site.url", "site.root"):
        goes_on = after.startswith(("/", "{", "\ue000"))
        in_link = before.endswith(("(", '"', "'", "}")) or goes_on
        if not in_link:
            return site.url if bare == "site.url" else site.base
        return "" if goes_on else "/"
    if bare in ("page.url", "page.id"):
        return post.address or None
    if day := DAY.fullmatch(bare):
        # The same day as the post has here, whatever its front matter says.
        said = post.date if day["key"] == "date" else dates.iso(post.value(day["key"]) or "")
        pattern = FORMS.get(day["form"] or "", day["pattern"] or day["other"] or "")
        return _written_day(said, pattern) if said else None
    owner, *names = bare.split(".")
    found: object = None
    if owner == "page":
        found = {"title": post.name, **post.defaults, **post.front}
    elif owner == "site":
        found = site.settings
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    return str(found)


def _written_day(said: str, pattern: str) -> str | None:
    """A date as `strftime` of Ruby writes it; None where it is not known how."""
    when = datetime.fromisoformat(said)
    words = {
        "Y": f"{when.year:04}", "y": f"{when.year % 100:02}", "m": f"{when.month:02}",
        "-m": str(when.month), "d": f"{when.day:02}", "-d": str(when.day), "e": f"{when.day:2}",
        "B": MONTHS[when.month - 1], "b": MONTHS[when.month - 1][:3],
        "A": DAYS[when.weekday()], "a": DAYS[when.weekday()][:3],
        "F": f"{when.year:04}-{when.month:02}-{when.day:02}",
        "H": f"{when.hour:02}", "M": f"{when.minute:02}", "S": f"{when.second:02}", "%": "%",
    }  # fmt: skip
    found = re.findall(r"%(-?.)", pattern)
    if any(name not in words for name in found):
        return None
    return re.sub(r"%(-?.)", lambda match: words[match[1]], pattern)


def _tag(match: re.Match[str], links: Links, remarks: Remarks) -> str | None:
    """What `{% … %}` stands for; None if that is not known."""
    name, rest, written = match["tag"], match["rest"].strip(), match[0]
    if name == "post_url":
        wanted = rest.strip("\"'").strip("/").removesuffix(".md").removesuffix(".markdown")
        return named_alone(match, links.old_address_of_file(f"_posts/{wanted}"), links)
    if name == "link":
        wanted = rest.strip("\"'").strip("/")
        return named_alone(match, links.old_address_of_file(wanted), links)
    if name == "gist":
        sign = remarks.sign(
            "a gist is a link now", written, "write the code itself, if it shall stand there"
        )
        return f"{sign}<{GIST}{rest.split()[0] if rest else ''}>"
    if name in ("include", "include_relative"):
        return _include(rest, match, links, remarks)
    if name == "youtube" and rest:
        return _film(rest.split()[0].strip("\"'"), written, remarks)
    return None


def _include(rest: str, match: re.Match[str], links: Links, remarks: Remarks) -> str | None:
    file = rest.split()[0] if rest.split() else ""
    written = match[0]
    given = {key: one or two for key, one, two in PARAMETER.findall(rest)}
    is_picture = re.search(r"fig|image|img|picture", file, re.IGNORECASE)
    path = next((given[key] for key in PICTURES if given.get(key)), "")
    if is_picture and path and "{" not in path:
        found = links.file("/" + path.lstrip("/")) if "://" not in path else path
        if found:
            hint = "look at it; what else the include did is not there"
            sign = remarks.sign("an include has become a picture", written, hint)
            address = path if "://" in path else "/" + path.lstrip("/")
            caption = given.get("caption") or given.get("title") or ""
            alone = stands_alone(match)
            return sign + picture(address, given.get("alt", ""), caption, "", alone=alone)
    id = given.get("id") or given.get("video_id")
    is_film = re.search(r"youtube|video", file, re.IGNORECASE)
    if is_film and id and given.get("provider", "youtube") == "youtube":
        return _film(id, written, remarks)
    return None


def _film(id: str, written: str, remarks: Remarks) -> str:
    sign = remarks.sign("a film is a link now", written, "give the link a text")
    return f"{sign}<https://www.youtube.com/watch?v={id}>"
