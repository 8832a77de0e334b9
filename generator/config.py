"""The settings of a blog: `[tool.inkcell]` in its `pyproject.toml` -> Config."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec.structs import replace

from .addresses import PLACE, github_name, is_path, site_url
from .errors import BuildFailed, ConfigError, InkcellError
from .iri import is_iri, is_mail
from .model import (
    DEFAULT_PERMALINK,
    Author,
    CheckSettings,
    Config,
    Execution,
    FeedSettings,
    MathOutput,
)
from .record import Record
from .theme_settings import read_theme_settings
from .toml_text import mistake

FILE = "pyproject.toml"

SETTINGS = (
    "title",
    "description",
    "url",
    "language",
    "languages",
    "author",
    "permalink",
    "timezone",
    "repository",
    "branch",
    "published_branch",
    "page_size",
    "feed",
    "check",
    "execute",
    "macros",
    "math",
    "theme",
)
PERMALINK_PARTS = ("category", "year", "month", "day", "slug")
ADDRESS_HINT = "it starts with a slash; no part is empty, `.` or `..`; nor has it `?`, `#` or `\\`"
BRANCH = re.compile(r"[^\s~^:?*\[\\]+")
"""What git-check-ref-format(1) admits, nearly."""
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")


def read_config(root: Path, *, url: str | None = None, drafts: bool = False) -> Config:
    """The settings of the blog in the folder `root`; `url` and `drafts` take precedence.

    Raises:
        ConfigError: there is no `pyproject.toml`, or it has no `[tool.inkcell]`.
        BuildFailed: one or more settings are wrong; all of them are reported.
    """
    try:
        text = (root / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"there is no {FILE} in this folder").at(
            file=FILE,
            hint="run inkcell in the blog's folder, or name it: inkcell --root FOLDER build",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{FILE} cannot be read: {error}").at(
            file=FILE, hint="save it as UTF-8, and look at its permissions"
        ) from None
    return replace(parse_config(text, url=url, drafts=drafts), root=root.resolve())


def parse_config(text: str, *, url: str | None = None, drafts: bool = False) -> Config:
    """`read_config` for the text of a `pyproject.toml`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, line, column = mistake(error, text)
        raise ConfigError(f"not valid TOML: {message}").at(
            file=FILE,
            line=line,
            column=column,
            text=_line(text, line),
            hint="texts stand in quotes; a table is { name = value }",
        ) from None
    tool = document.get("tool")
    settings = tool.get("inkcell") if isinstance(tool, dict) else None
    if not isinstance(settings, dict):
        raise ConfigError("there is no [tool.inkcell] table").at(
            file=FILE, hint='add one with at least `title = "…"` and `url = "https://…"`'
        )

    def complain(message: str, key: str, hint: str | None) -> InkcellError:
        line = _line_of(text, key)
        return ConfigError(message).at(file=FILE, line=line, text=_line(text, line), hint=hint)

    record = Record(settings, complain, sign=" = ")
    record.known(SETTINGS)
    config = _config(record)
    if url is not None:
        # It comes from the command line: no line of the file is to blame.
        if not (given := _site_url(url)):
            record.errors.append(
                ConfigError(f"`{url}` is not an address of a site").at(
                    hint="for example --base-url https://user.github.io/project"
                )
            )
        config = replace(config, url=given)
    if record.errors:
        raise BuildFailed(record.errors)
    return replace(config, drafts=drafts)


def _config(record: Record) -> Config:
    language = record.text("language", "en")
    listed = record.texts("languages")
    languages = listed or (language,)
    for name in languages:
        if not LANGUAGE.fullmatch(name):
            key = "languages" if listed else "language"
            record.wrong(key, f"`{name}` is not a language tag", "for example ko or en")
    if language not in languages:
        said = not record.lacks("language")
        record.wrong(
            "language" if said else "languages",
            f"the default language `{language}` is not among `languages`",
            "add it to `languages`" if said else f'add language = "{languages[0]}"',
        )
    languages = (language, *(name for name in languages if name != language))
    feed = record.record("feed", "limit = 10")
    feed.known(("limit", "math"))
    math = record.record("math", 'output = "mathml"')
    math.known(("output",))
    check = record.record("check", "page_weight = 1024")
    check.known(("page_weight", "ignore"))
    author = record.record("author")
    execute = record.record("execute")
    execute.known(("jobs", "cache_limit", *EXECUTION_KEYS))
    if record.lacks("title"):
        record.wrong("title", "`title` is missing", 'add `title = "…"`')
    if author.lacks("name") and isinstance(record.values.get("author", {}), dict):
        record.wrong("author", "`author.name` is missing", 'add `author = { name = "…" }`')
    repository = _repository(record)
    return Config(
        title=_per_language(record, "title", languages),
        description=_per_language(record, "description", languages),
        url=_checked_url(record),
        language=language,
        languages=languages,
        author=read_author(author),
        permalink=checked_permalink(record, record.text("permalink", DEFAULT_PERMALINK)),
        timezone=_timezone(record),
        repository=repository,
        branch=_branch(record, "branch", "main"),
        published_branch=_published_branch(record, repository),
        page_size=record.number("page_size", 20, least=1),
        feed=FeedSettings(
            limit=feed.number("limit", 10, least=1),
            math=cast("Literal['mathml', 'tex']", feed.choice("math", ("mathml", "tex"), "mathml")),
        ),
        math=cast("MathOutput", math.choice("output", ("html", "mathml"), "html")),
        check=CheckSettings(
            page_weight=check.number("page_weight", 1024, least=1),
            ignore=check.texts("ignore"),
        ),
        execute=read_execution(execute, Execution()),
        jobs=execute.number("jobs", 0),
        cache_limit=execute.number("cache_limit", 1024),
        macros=read_macros(record, {}),
        theme=read_theme_settings(record, languages),
    )


def read_author(author: Record, name: str = "") -> Author:
    """`{name, email, uri}` of the settings or of a post, which may leave out its `name`."""
    author.known(("name", "email", "uri"))
    email, uri = author.text("email"), author.text("uri")
    if email and not is_mail(email):
        hint = "for example kim@example.org"
        author.wrong("email", f"`{email}` is not an address of mail", hint)
    if uri and not is_iri(uri):
        host = "." in uri.partition("/")[0]
        hint = f"write https://{uri}" if host else "for example https://example.org/kim"
        author.wrong("uri", f"`{uri}` is not a whole address", hint)
    return Author(author.text("name") or name, email, uri)


MACRO = re.compile(r"\\(?:[A-Za-z]+|[^A-Za-z\s])")


def read_macros(record: Record, default: Mapping[str, str]) -> dict[str, str]:
    """`macros` of the settings or of a post: TeX commands, added to those of `default`."""
    macros = record.record("macros", f'"\\\\R"{record.sign}"\\\\mathbb{{R}}"')
    for name in macros.values:
        if not MACRO.fullmatch(name):
            hint = "a backslash and letters: \\R"
            macros.wrong(name, f"`{name}` is no name of a TeX command", hint)
    return {**default, **{name: macros.text(name) for name in macros.values}}


EXECUTION_KEYS = (
    "enabled",
    "timeout",
    "post_timeout",
    "memory",
    "threads",
    "network",
    "cache",
    "freeze",
    "gpu",
    "warm",
    "error",
    "dependencies",
    "depends_on_env",
)


def read_execution(record: Record, default: Execution) -> Execution:
    """`execute:` of the settings or of a post; what it leaves out is taken from `default`."""
    return Execution(
        enabled=record.flag("enabled", default.enabled),
        timeout=record.number("timeout", default.timeout, least=1),
        post_timeout=record.number("post_timeout", default.post_timeout),
        memory=record.number("memory", default.memory),
        threads=record.number("threads", default.threads, least=1),
        network=record.flag("network", default.network),
        cache=record.flag("cache", default.cache),
        freeze=record.flag("freeze", default.freeze),
        gpu=cast(
            "Literal['never', 'preferred', 'required']",
            record.choice("gpu", ("never", "preferred", "required"), default.gpu),
        ),
        warm=record.flag("warm", default.warm),
        error=record.flag("error", default.error),
        dependencies=record.texts("dependencies") or default.dependencies,
        depends_on_env=record.texts("depends_on_env") or default.depends_on_env,
    )


def checked_permalink(record: Record, pattern: str) -> str:
    """A permalink pattern that makes one address a post, or its default after a complaint."""
    unknown = [name for name in PLACE.findall(pattern) if name not in PERMALINK_PARTS]
    if unknown:
        record.wrong(
            "permalink",
            f"`:{unknown[0]}` is not known in a permalink",
            "known: " + ", ".join(f":{name}" for name in PERMALINK_PARTS),
        )
    elif not pattern.startswith("/"):
        hint = f"for example {DEFAULT_PERMALINK}"
        record.wrong("permalink", f"the permalink `{pattern}` must start with a slash", hint)
    elif not is_path(pattern):
        record.wrong("permalink", f"the permalink `{pattern}` is no path of the site", ADDRESS_HINT)
    elif not pattern.endswith(("/", ".html")):
        hint = f"write {pattern}/ or {pattern}.html"
        record.wrong("permalink", f"the permalink `{pattern}` names no page", hint)
    else:
        return pattern
    return DEFAULT_PERMALINK


def _checked_url(record: Record) -> str:
    url = record.text("url")
    if address := _site_url(url):
        return address
    message = f"`{url}` is not an address of a site" if url else "`url` is missing"
    record.wrong("url", message, 'for example url = "https://user.github.io/project"')
    return "https://example.org"


def _site_url(url: str) -> str:
    """The address of a site as the build has it; empty if it is none."""
    if re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
        with suppress(ValueError):
            return site_url(url)
    return ""


def _repository(record: Record) -> str:
    """The address of the repository, as a browser knows it: git's own ends in `.git`."""
    address = record.text("repository").rstrip("/").removesuffix(".git")
    if address and not re.fullmatch(r"https?://[^\s/?#]+/[^\s?#]+", address):
        hint = 'for example repository = "https://github.com/user/repo"'
        record.wrong("repository", f"`{address}` is not the address of a repository", hint)
        return ""
    return address


def _branch(record: Record, key: str, default: str) -> str:
    name = record.text(key, default)
    if name and not BRANCH.fullmatch(name):
        record.wrong(key, f"`{name}` cannot be a branch", f'for example {key} = "main"')
        return default
    return name or default


def _published_branch(record: Record, repository: str) -> str:
    name = _branch(record, "published_branch", "")
    if name and not github_name(repository):
        record.wrong(
            "published_branch",
            "`published_branch` is a branch of a `repository` on github.com, and none is given",
            'add repository = "https://github.com/user/repo", or leave it out',
        )
    return name


def _per_language(record: Record, key: str, languages: tuple[str, ...]) -> Mapping[str, str]:
    value = record.values.get(key)
    if not isinstance(value, dict):
        text = record.text(key)
        return dict.fromkeys(languages, text)
    texts = record.record(key)
    texts.known(languages)
    # A description may be empty; a feed's title may not.
    lacks = texts.lacks if key == "title" else lambda language: language not in value
    missing = [*filter(lacks, languages)]
    if missing:
        message = f"`{key}` has no text for the language `{missing[0]}`"
        record.wrong(key, message, f'add `{missing[0]} = "…"` to it')
    return {language: texts.text(language) for language in languages}


def _timezone(record: Record) -> ZoneInfo:
    name = record.text("timezone", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        record.wrong("timezone", f"unknown time zone `{name}`", 'for example "Asia/Seoul"')
        return ZoneInfo("UTC")


TABLE = re.compile(r"\[+\s*([^\[\]]+?)\s*\]")
SETTING = re.compile(r"\s*([\w\"'.\\-]+)\s*=")


def _line_of(text: str, key: str) -> int | None:
    """The line on which the setting with a dotted key stands, or else the table that it is in."""
    places: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := TABLE.match(line.lstrip()):
            table = re.sub(r"[\s\"']", "", header[1])
            places.setdefault(table, number)
        elif setting := SETTING.match(line):
            name = re.sub(r"[\"']", "", setting[1])
            places.setdefault(f"{table}.{name}" if table else name, number)
    parts = ["tool", "inkcell", *key.split(".")]
    names = (".".join(parts[:length]) for length in range(len(parts), 1, -1))
    return next((places[name] for name in names if name in places), None)


def _line(text: str, number: int | None) -> str | None:
    lines = text.splitlines()
    return lines[number - 1] if number and number <= len(lines) else None
