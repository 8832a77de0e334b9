"""The disk -> Sources, Theme and KaTeX. The only stage that reads a blog's files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from string import Formatter
from typing import TypedDict
from unicodedata import normalize

from msgspec import Struct
from msgspec.structs import replace

from .characters import NOT_TEXT
from .errors import BuildFailed, InkcellError, NotebookError, PostError, ThemeError
from .font import FONT, font_path
from .inputs import IGNORED_FOLDERS, POST, STATIC, copied_files, is_passed_over
from .model import Config, Source, Theme
from .record import describe, suggestion
from .text_font import FILES as TEXT_FONT
from .toml_text import mistake

PACKAGE = Path(__file__).parent
THEME_FOLDERS = (PACKAGE / "templates", PACKAGE.parent / "templates")
"""Inside an installed package, or beside it in a checkout."""
LOOSE = (".md", ".markdown", ".qmd", ".Rmd", ".ipynb")
"""Endings of files that are posts elsewhere, and lie beside each other there."""
OF_A_LANGUAGE = ("language_name", "locale", "search_here")
"""Words of the theme that are true of one language alone."""
MONTHS = 12
LANGUAGE_IN_ANOTHER = re.compile(r"language_[a-z]{2,3}(-[A-Za-z0-9]+)*")
"""Words that a theme has for the languages it knows, and a blog for others: `language_fr`."""
DATE_BEFORE = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}-(?=.)")
KATEX_FOLDERS = (PACKAGE / "katex", PACKAGE.parent / "node_modules" / "katex" / "dist")


class Katex(Struct, frozen=True):
    """The parts of KaTeX that a build needs."""

    script: str
    static: dict[str, bytes]
    """Style sheet and fonts, by their path below `assets/`."""


def discover(
    root: Path,
    posts: Path,
    config: Config,
    errors: list[InkcellError],
    known: Container[str] = (),
) -> tuple[Source, ...]:
    """Every language version of every post below the folder `posts`, in order of path.

    Those of the standing pages follow. Files that cannot be one of them are noted in `errors`.
    What is `known` is not read: single sources, and folders in which nothing is new.
    """
    if not posts.is_dir():
        name = posts.relative_to(root) if posts.is_relative_to(root) else posts
        raise PostError(f"there is no folder {name}").at(
            hint="put a post into posts/<slug>/index.<language>.md, or run `inkcell new`"
        )
    sources = list(_read_folders(posts, root, config, errors, known))
    pages = root / config.pages
    if pages.is_dir():
        found = _read_folders(pages, root, config, errors, known)
        sources.extend(replace(source, standing=True) for source in found)
        for folder in sorted(pages.iterdir()):
            if folder.is_dir() and not _is_ignored(folder) and (posts / folder.name).is_dir():
                other = _name(posts / folder.name, root)
                errors.append(
                    PostError(f"a post has the same name: {other}").at(
                        file=_name(folder, root),
                        hint="rename one of the folders: files and references go by their names",
                    )
                )
    return tuple(sources)


def _read_folders(
    home: Path, root: Path, config: Config, errors: list[InkcellError], known: Container[str]
) -> Iterator[Source]:
    """What lies in the folders of `home`."""
    with _reading(home, root, PostError):
        folders = sorted(home.iterdir())
    for folder in folders:
        relative = _name(folder, root)
        if _is_ignored(folder) or relative in known:
            continue
        if folder.is_file():
            if folder.suffix in LOOSE and folder.stem.upper() != "README":
                # Jekyll's names begin with the date, which stands in the address anyway.
                name = DATE_BEFORE.sub("", folder.stem)
                ending = ".ipynb" if folder.suffix == ".ipynb" else ".md"
                kind = "standing page" if home == root / config.pages else "post"
                errors.append(
                    PostError(f"a {kind} lies in a folder of its own").at(
                        file=relative,
                        hint=f"move it to {_name(folder.with_name(name), root)}/"
                        f"index.{config.language}{ending}",
                    )
                )
            continue
        try:
            found = _read_folder(folder, root, config, known)
        except InkcellError as error:
            errors.append(error.at(file=relative))
        except FileNotFoundError:
            continue  # It has gone since it was listed.
        else:
            yield from found


def _is_ignored(folder: Path) -> bool:
    return folder.name.startswith((".", "_")) or folder.name in IGNORED_FOLDERS


def _read_folder(folder: Path, root: Path, config: Config, known: Container[str]) -> list[Source]:
    with _reading(folder, root, PostError):
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    versions: dict[str, Path] = {}
    for path in files:
        match = POST.fullmatch(path.name)
        if not match:
            continue
        language = match["language"] or config.language
        if language not in config.languages:
            raise PostError(f"the blog has no language `{language}`").at(
                file=_name(path, root),
                hint="its languages are " + ", ".join(config.languages) + " (`languages`)",
            )
        if language in versions:
            raise PostError(f"two files are this post in the language `{language}`").at(
                file=_name(path, root), hint=f"the other is {versions[language].name}: keep one"
            )
        versions[language] = path
    if not versions:
        raise PostError("the folder holds no post").at(hint=_what_is_a_post(files, config))
    if not _is_utf8(folder.name):
        hint = "rename it: the site has files that are named after it"
        raise PostError("the folder's name is not UTF-8").at(hint=hint)
    unread = {name: path for name, path in versions.items() if _name(path, root) not in known}
    if not unread:
        return []
    neighbours = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and _is_neighbour(name):
            # An editor that saves a file makes others, which are gone in a moment.
            with suppress(FileNotFoundError):
                neighbours[name] = _read(path, root, PostError)
    return [
        Source(
            path=_name(path, root),
            text=_read_text(path, root),
            folder=normalize("NFC", folder.name),
            language=language,
            format="ipynb" if path.suffix == ".ipynb" else "md",
            directory=str(folder),
            neighbours=neighbours,
        )
        for language, path in unread.items()
    ]


def _what_is_a_post(files: Iterable[Path], config: Config) -> str:
    """A hint for a folder that holds none, by the files that it holds."""
    name = f"index.{config.language}"
    for path in files:
        if path.suffix in (".qmd", ".Rmd", ".markdown"):
            return f"`{path.name}` is not read: rename it to {name}.md, code is in ```{{code-cell}}"
        if path.suffix == ".py" and path.stem.startswith("index"):
            return f"`{path.name}` is not read: jupytext --to ipynb -o {name}.ipynb {path.name}"
        if path.suffix in (".md", ".ipynb") and path.stem.upper() != "README":
            return f"did you mean `{name}{path.suffix}`? There is `{path.name}`"
    return f"a post is {name}.md or {name}.ipynb; a folder whose name starts with `_` is left alone"


def _is_neighbour(name: str) -> bool:
    passed_over = any(map(is_passed_over, PurePosixPath(name).parts))
    return not passed_over and not POST.fullmatch(name)


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _is_utf8(name: str) -> bool:
    """Whether a name is one in UTF-8; Python has the bytes of another as surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def _reading(path: Path, root: Path, kind: type[InkcellError]) -> Iterator[None]:
    """Tell an error of the disk as one of the blog; that a file is not there is none."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise kind(f"it cannot be read: {error.strerror or error}").at(
            file=_name(path, root), hint="look at its permissions"
        ) from None


def _read(path: Path, root: Path, kind: type[InkcellError]) -> bytes:
    with _reading(path, root, kind):
        return path.read_bytes()


def _read_text(path: Path, root: Path) -> str:
    data = _read(path, root, PostError)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise NotebookError("the file is not UTF-8").at(
            file=_name(path, root),
            line=line,
            text=repr(data[error.start : error.start + 8]),
            hint="save it as UTF-8",
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_theme(root: Path) -> Theme:
    """The theme: the package's own files, each replaced by one of the same name in the blog.

    With the files of the blog's folder `static`, which the site has as they are.

    Raises:
        ThemeError: a file of the theme cannot be read.
    """
    own = next((folder for folder in THEME_FOLDERS if folder.is_dir()), None)
    if own is None:
        raise ThemeError("the package has lost its templates").at(hint="install inkcell again")
    folders = [own] if own == root / "templates" else [own, root / "templates"]
    templates: dict[str, str] = {}
    static = _text_font(own)
    strings: dict[str, dict[str, str]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if not path.is_file() or is_passed_over(path.name):
                continue
            with suppress(FileNotFoundError):  # It has gone since it was listed.
                if name.startswith("static/"):
                    static[name.removeprefix("static/")] = _read(path, root, ThemeError)
                elif path.suffix == ".toml":
                    strings[path.stem] = {**strings.get(path.stem, {}), **_read_strings(path, root)}
                else:
                    templates[name] = _read_theme_text(path, root)
    if len(folders) == 2 and (wrong := [*_misnamed(own, folders[-1], root, templates)]):
        raise BuildFailed(wrong)
    # A language that the theme does not know has the words that the blog gives it, else English.
    english = {word: text for word, text in strings["en"].items() if word not in OF_A_LANGUAGE}
    strings = {name: {**english, **texts} for name, texts in strings.items()}
    names = copied_files(str(root))
    # What is published has an address, which is UTF-8.
    published = [f"templates/static/{name}" for name in static]
    published += [f"{STATIC}/{name}" for name in names]
    if unnamed := [name for name in published if not _is_utf8(name)]:
        hint = "rename it: it would have no address"
        raise BuildFailed(
            ThemeError("the file's name is not UTF-8").at(file=name, hint=hint) for name in unnamed
        )
    copied = {}
    for name in names:
        with suppress(FileNotFoundError):
            copied[normalize("NFC", name)] = _read(root / STATIC / name, root, ThemeError)
    return Theme(templates, strings, static, copied)


def _text_font(theme: Path) -> dict[str, bytes]:
    """The typeface of the text in a checkout; a wheel has it among the theme's other files."""
    if theme == THEME_FOLDERS[0]:
        return {}
    try:
        return {name: (PACKAGE.parent / file).read_bytes() for name, file in TEXT_FONT.items()}
    except FileNotFoundError as error:
        raise ThemeError("the typeface of the text is not installed").at(
            hint="run `npm ci`, or `make build`"
        ) from error


def _misnamed(
    theme: Path, blog: Path, root: Path, templates: Mapping[str, str]
) -> Iterator[ThemeError]:
    """Files and words of the blog that stand for none of the theme's, and that no template uses.

    A name that is nearly right would change nothing, in silence. A place that nothing fills, in a
    word that has places, would end the build.
    """
    names = {path.relative_to(theme).as_posix() for path in theme.glob("*.html")}
    everything = "\n".join(templates.values())
    for name in sorted(templates.keys() - names):
        if not re.search(rf"[\"']{re.escape(name)}[\"']", everything):
            yield ThemeError(f"the theme has no template `{name}`, and no other uses it").at(
                file=_name(blog / name, root),
                hint=suggestion(name, names) or "its templates: " + ", ".join(sorted(names)),
            )
    for path in sorted(blog.glob("*.html")):
        yield from _lost_blocks(path.name, _name(path, root), templates)
    texts = {path.stem: _read_strings(path, root) for path in theme.glob("*.toml")}
    for own in sorted(blog.glob("*.toml")):
        words = texts.get(own.stem, texts["en"])
        for word, text in _read_strings(own, root).items():
            if (
                word not in words
                and not LANGUAGE_IN_ANOTHER.fullmatch(word)
                and not re.search(rf"\b{re.escape(word)}\b", everything)
            ):
                error = ThemeError(f"the theme has no text `{word}`, and no template uses it")
                hint = suggestion(word, words) or f"a template shows it as {{{{ t.{word} }}}}"
                yield error.at(**_place_of(word, own, root), hint=hint)
            if word == "months" and len(text.split()) != MONTHS:
                error = ThemeError(f"`months` has {len(text.split())} names")
                hint = "the names of the twelve months, with a space between each two"
                yield error.at(**_place_of(word, own, root), hint=hint)
            places = {place for of in texts.values() for place in _places(of.get(word, ""))}
            # What has none in any language is shown as it is, braces and all.
            if places and not _places(text) <= places:
                hint = "what can stand in it: " + ", ".join(sorted(f"{{{p}}}" for p in places))
                error = ThemeError(f"nothing can fill all that stands in braces in `{word}`")
                yield error.at(**_place_of(word, own, root), hint=hint)
            elif places and (wrong := _misshapen(text, NUMBERS if word == "date" else ())):
                hint = "write names alone: " + ", ".join(sorted(f"{{{p}}}" for p in places))
                error = ThemeError(f"`{word}` asks for a form that does not fit: {wrong}")
                yield error.at(**_place_of(word, own, root), hint=hint)


EXTENDS = re.compile(r"""\{%[-+]?\s*extends\s+["']([^"']+)["']""")
NO_TAGS = re.compile(r"\{#.*?#\}|\{%[-+]?\s*raw\b.*?\bendraw\b", re.DOTALL)
"""Comments, and what is shown as it is: no tag in them counts."""
BLOCK = re.compile(r"\{%[-+]?\s*(?:block\s+(\w+)|endblock)\b")


def _lost_blocks(name: str, file: str, templates: Mapping[str, str]) -> Iterator[ThemeError]:
    """Blocks of a template that none of those has which it extends: Jinja2 shows them nowhere."""
    parents: list[str] = []
    found = EXTENDS.search(templates.get(name, ""))
    while found and found[1] in templates and found[1] not in parents:
        parents.append(found[1])
        found = EXTENDS.search(templates[found[1]])
    if found or not parents:
        return  # It extends none, or one that is not there, which Jinja2 tells.
    text = NO_TAGS.sub(lambda match: "\n" * match[0].count("\n"), templates[name])
    known = {name for parent in parents for name in BLOCK.findall(templates[parent]) if name}
    depth = 0
    for block in BLOCK.finditer(text):
        # One that stands within another is shown with it.
        if block[1] and not depth and block[1] not in known:
            line = text.count("\n", 0, block.start()) + 1
            hint = suggestion(block[1], known)
            yield ThemeError(f"`{parents[0]}` has no block `{block[1]}` that this would fill").at(
                file=file,
                line=line,
                text=templates[name].split("\n")[line - 1],
                hint=hint or "its blocks: " + ", ".join(sorted(known)),
            )
        depth += 1 if block[1] else -1


def _places(text: str) -> set[str]:
    """The names in a text that stand for something else; a brace by itself is one that none is."""
    try:
        parts = [(name, shape) for _, name, shape, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        return {"{"}
    return {name if "{" not in (shape or "") else "{" for name, shape in parts}


NUMBERS = ("year", "month", "day")
"""What is a number in a date; what else fills a word may be one or may be text."""


def _misshapen(text: str, numbers: Container[str]) -> str:
    """Why places cannot be written as a text says behind a colon (`{day:02d}`); empty if they can.

    What is not certain to be a number has to fit as a number and as text.
    """
    names = _places(text)
    for value in (1, "1"):
        try:
            text.format_map({name: 1 if name in numbers else value for name in names})
        except ValueError as error:
            return str(error)
    return ""


class Placed(TypedDict):
    """Where a word of the theme stands."""

    file: str
    line: int | None
    text: str | None


def _place_of(word: str, path: Path, root: Path) -> Placed:
    lines = _read_theme_text(path, root).split("\n")
    beginning = re.compile(rf"\s*\"?{re.escape(word)}\"?\s*=|\[{re.escape(word)}\]")
    line = next((n for n, text in enumerate(lines, 1) if beginning.match(text)), None)
    return {"file": _name(path, root), "line": line, "text": lines[line - 1] if line else None}


def _read_theme_text(path: Path, root: Path) -> str:
    data = _read(path, root, ThemeError)
    try:
        return data.decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise ThemeError("the file is not UTF-8").at(
            file=_name(path, root), hint="save it as UTF-8"
        ) from None


def _read_strings(path: Path, root: Path) -> dict[str, str]:
    toml = _read_theme_text(path, root)
    try:
        texts = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        message, line, column = mistake(error, toml)
        raise ThemeError(f"not valid TOML: {message}").at(
            file=_name(path, root),
            line=line,
            column=column,
            text=toml.split("\n")[line - 1],
            hint='each line is name = "text"',
        ) from None
    for word, text in texts.items():
        if not isinstance(text, str) or NOT_TEXT.search(text):
            raise ThemeError(
                f"`{word}` must be text that a page can show, not {describe(text)}"
            ).at(**_place_of(word, path, root), hint='each line is name = "text"')
    return texts


def find_font() -> Path:
    """Where the font of what is drawn lies: OpenType, with Hangul.

    Raises:
        ThemeError: it is not installed.
    """
    path = font_path()
    if path is None or not path.is_file():
        raise ThemeError(f"the package {FONT[0]} is not installed").at(hint="install inkcell again")
    return path


def read_katex(root: Path) -> Katex:
    """KaTeX: its script for the build, its style sheet and WOFF2 fonts for the site.

    Raises:
        ThemeError: KaTeX is not installed.
    """
    folders = (*KATEX_FOLDERS, root / "node_modules" / "katex" / "dist")
    folder = next((folder for folder in folders if (folder / "katex.min.js").is_file()), None)
    if folder is None:
        raise ThemeError("KaTeX is not installed").at(hint="run `npm ci`, or `make build`")
    # Every browser that draws these pages reads WOFF2; the older formats would be dead weight.
    style = re.sub(
        r",url\([^)]+\.(?:woff|ttf)\) format\(\"(?:woff|truetype)\"\)",
        "",
        (folder / "katex.min.css").read_text(encoding="utf-8"),
    )
    fonts = {
        f"katex/fonts/{path.name}": path.read_bytes()
        for path in sorted((folder / "fonts").glob("*.woff2"))
    }
    script = (folder / "katex.min.js").read_text(encoding="utf-8")
    return Katex(script, {"katex/katex.min.css": style.encode(), **fonts})
