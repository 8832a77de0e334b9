"""The live preview: serves on loopback, watches, and tells the browser.

Four threads and a build: two watch the disk, what the site is made from and what posts' code was
seen to use besides, posts run in the background (see `execute.background`), the server answers
the browser from a folder of its own.
Whoever has something new wakes the builder (`live.Live`), which makes the site again from
what there is. Nothing is written to `site/`.
"""

from __future__ import annotations

import hashlib
import html
import json
import mimetypes
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from urllib.parse import unquote

from watchfiles import DefaultFilter, watch

SCRIPT = Path(__file__).with_name("preview.js")
EVENTS = "/_inkcell/events"
SCRIPT_ADDRESS = "/_inkcell/preview.js"
HEARTBEAT = 15.0
"""Seconds after which an idle connection is tried, so that one whose page is gone ends."""
RETRY = 1000
"""Milliseconds after which a browser asks again when the preview has ended."""
LOOPBACK = "127.0.0.1"
LOADED = re.compile(
    r'\s(?:src|srcset|poster|data-figure|data-index)="([^"]+)"|\shref="([^"]+\.css)"'
)
"""Addresses of what a page loads; that of an index is a folder (see `assemble.search`)."""
RANGE = re.compile(r"\s*bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)
"""One range of bytes (RFC 9110, 14.1.1 and 14.1.2). Several in one request, and other units, may be
passed over (14.2)."""

TYPES = {
    ".atom": "application/atom+xml",
    ".html": "text/html; charset=utf-8",
    ".ipynb": "application/x-ipynb+json",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}

NOTHING: Mapping[str, str] = MappingProxyType({})
NOTHING_YET = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Inkcell</title></head>
<body></body></html>
"""


class Preview:
    """What the browser is shown: the last site that could be built, and what is wrong now."""

    def __init__(self, base: str, folder: Path) -> None:
        self.base = base
        """The site's base path, without a slash at the end."""
        self.folder = folder
        """Where the site lies."""
        self.errors: tuple[str, ...] = ()
        self.running: tuple[str, ...] = ()
        self.version = 0
        self.closed = False
        self._files: Mapping[str, str] = {}
        self._changed = threading.Condition()

    def show(
        self,
        files: Mapping[str, str] | None,
        errors: Iterable[str],
        running: Iterable[str],
        base: str | None = None,
    ) -> None:
        """Show a new site, or the old one with errors.

        Args:
            files: path to SHA-256; None if it could not be built.
            errors: what is wrong.
            running: the posts whose code runs.
            base: the site's base path, if that may have changed.
        """
        with self._changed:
            if files is not None:
                self._files = files
            if base is not None:
                self.base = base
            self.errors, self.running = tuple(errors), tuple(running)
            self.version += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let go of every browser."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def find(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, media type and content of an address's path."""
        if self.base and path in ("", "/"):
            path = self.base + "/"
        candidates: tuple[str, ...] = ()
        if path.startswith(self.base + "/"):
            inside = path.removeprefix(self.base).lstrip("/")
            candidates = (inside, f"{inside.rstrip('/')}/index.html".lstrip("/"))
        status = HTTPStatus.OK
        name = next((name for name in candidates if name in self._files), None)
        if name is None:
            status, name = HTTPStatus.NOT_FOUND, "404.html"
        suffix = "." + name.rpartition(".")[2]
        kind = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        try:
            content = (self.folder / name).read_bytes() if name in self._files else NOTHING_YET
        except OSError:
            content = NOTHING_YET
        if suffix == ".html":
            content = with_script(content, self._beside(content))
        return status, kind, content

    def _beside(self, page: bytes) -> dict[str, str]:
        """What a page loads, by its path in the site: if it changes, the page's text does not."""
        found = {}
        for addresses in LOADED.findall(page.decode(errors="replace")):
            for address in html.unescape("".join(addresses)).split():
                name = _path(address.rstrip(",")).removeprefix(self.base).lstrip("/")
                name += "index.json" if name.endswith("/") else ""
                if name in self._files:
                    found[name] = self._files[name]
        return found

    def wait(self, version: int, timeout: float) -> dict[str, object] | None:
        """What to tell a browser that has seen a version, or None if nothing is new in time."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != version or self.closed, timeout)
            if self.version == version:
                return None
            return {
                "version": self.version,
                "errors": self.errors,
                "running": self.running,
            }


def _path(address: str) -> str:
    """The path of an address on this machine; one that begins with two slashes is no other's."""
    return unquote(re.split("[?#]", address, maxsplit=1)[0])


def bytes_asked_for(header: str, size: int) -> range | None:
    """What of a content a header `Range` asks for; None: for the whole.

    Args:
        header: what it says.
        size: of the content, in bytes.

    Returns:
        The positions of the bytes; empty if none of those that it asks for is there.
    """
    match = RANGE.fullmatch(header)
    if match is None or match[1] == match[2] == "":
        return None
    first, last = match.groups()
    if not first:  # So many at the end.
        return range(max(size - int(last), 0), size) if size else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def with_script(page: bytes, beside: Mapping[str, str] = NOTHING) -> bytes:
    """A page that listens for changes, and knows what it is.

    Args:
        page: the page as it is built.
        beside: what it loads: path in the site to SHA-256.
    """
    digest = hashlib.sha256(page).hexdigest()
    loads = html.escape(json.dumps(dict(beside), ensure_ascii=False))
    tag = (
        f'<script src="{SCRIPT_ADDRESS}" data-page="{digest}" data-beside="{loads}" defer></script>'
    )
    head, mark, rest = page.rpartition(b"</head>")
    return head + tag.encode() + mark + rest if mark else page + tag.encode()


def make_server(preview: Preview, port: int) -> ThreadingHTTPServer:
    """A server on loopback; port 0 is any that is free.

    Raises:
        OSError: the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "inkcell"

        def do_GET(self) -> None:
            # Another site's script may have its name lead here (DNS rebinding).
            host = re.sub(r":\d+$", "", self.headers.get("Host") or "")
            if host not in (LOOPBACK, "localhost", "[::1]"):
                self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"only for this machine\n")
                return
            path = _path(self.path)
            if path == EVENTS:
                self._events()
            elif path == SCRIPT_ADDRESS:
                self._answer(HTTPStatus.OK, TYPES[".js"], SCRIPT.read_bytes())
            else:
                self._answer_with_file(*preview.find(path))

        do_HEAD = do_GET  # noqa: N815 - the name is http.server's

        def _answer_with_file(self, status: HTTPStatus, kind: str, content: bytes) -> None:
            """Answer with a file, or with the part of it that is asked for (RFC 9110, 14)."""
            size = len(content)
            headers = {"Accept-Ranges": "bytes"}
            part = None
            # No file has a validator here, so none can be that of `If-Range`: it is sent whole.
            if status == HTTPStatus.OK and self.command == "GET" and "If-Range" not in self.headers:
                part = bytes_asked_for(self.headers.get("Range", ""), size)
            if part:
                status, content = HTTPStatus.PARTIAL_CONTENT, content[part.start : part.stop]
                headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
            elif part is not None:
                status, content = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b""
                headers["Content-Range"] = f"bytes */{size}"
            self._answer(status, kind, content, headers)

        def _answer(
            self,
            status: HTTPStatus,
            kind: str,
            content: bytes,
            headers: Mapping[str, str] = NOTHING,
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def _events(self) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.close_connection = True
            if self.command == "HEAD":
                return
            seen = -1
            try:
                self.wfile.write(f"retry: {RETRY}\n\n".encode())
                while not preview.closed:
                    state = preview.wait(seen, HEARTBEAT)
                    if state is None:
                        self.wfile.write(b": still here\n\n")
                    else:
                        seen = int(str(state["version"]))
                        data = json.dumps(state, ensure_ascii=False)
                        self.wfile.write(f"event: state\ndata: {data}\n\n".encode())
                    self.wfile.flush()
            except OSError:
                return  # The page is gone.

        def log_message(self, *_: object) -> None:
            """Say nothing: the builder tells what matters."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A browser that went away is no news."""

    return Server((LOOPBACK, port), Handler)


class _Interesting(DefaultFilter):
    """Changes that can matter to a site."""

    ignore_entity_patterns = (*DefaultFilter.ignore_entity_patterns, r"^#.*#$")
    ignore_dirs = (*DefaultFilter.ignore_dirs, ".inkcell", ".ipynb_checkpoints")

    def __init__(self, output: Path) -> None:
        super().__init__()
        self._output = str(output)

    def __call__(self, change: object, path: str) -> bool:
        """Whether a path is not the site itself, and nothing that tools leave behind."""
        inside = path == self._output or path.startswith(self._output + "/")
        return not inside and bool(super().__call__(change, path))  # type: ignore[arg-type]


class Event(Protocol):
    """What may be set."""

    def is_set(self) -> bool:
        """Whether it is."""


class _Either:
    """Set as soon as one of two events is."""

    def __init__(self, one: Event, other: Event) -> None:
        self._events = (one, other)

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)


def watch_files(
    paths: Iterable[Path], output: Path, stop: Event, changed: Callable[[], None]
) -> None:
    """Call `changed` whenever files below the paths have changed, until `stop` is set.

    A path may come and go: an author adds `templates/`, and an editor that saves a file puts
    another in its place. So the folders that hold the paths are watched, too.
    """
    wanted = frozenset(paths)
    moved = threading.Event()

    def watch_places() -> None:
        places = {path.parent for path in wanted if path.parent.is_dir()}
        for _ in watch(
            *places,
            watch_filter=lambda _, path: Path(path) in wanted,
            stop_event=stop,
            recursive=False,
            debounce=200,
            step=20,
        ):
            moved.set()
            changed()

    places = threading.Thread(target=watch_places)
    places.start()
    while not stop.is_set():
        moved.clear()
        folders = [path for path in sorted(wanted) if path.is_dir()]
        if not folders:
            moved.wait(1)
            continue
        for _ in watch(
            *folders,
            watch_filter=_Interesting(output),
            stop_event=_Either(stop, moved),
            debounce=200,
            step=20,
        ):
            changed()
        if moved.is_set():
            changed()  # What was written before the new folder was watched.
    places.join()


class UsedFiles:
    """What posts' code uses outside of the folders that are watched anyway.

    It becomes known as posts run: whoever builds tells it after each build.
    """

    def __init__(self, root: Path, watched: Iterable[Path]) -> None:
        self._root = root
        self._watched = tuple(watched)
        self._paths: frozenset[Path] = frozenset()
        self._told = threading.Event()

    def tell(self, paths: Iterable[Path]) -> None:
        """Watch these from now on, and no others."""
        wanted = frozenset(path for path in paths if self._is_elsewhere(path))
        if wanted != self._paths:
            self._paths = wanted
            self._told.set()

    def watch(self, output: Path, stop: threading.Event, changed: Callable[[], None]) -> None:
        """Call `changed` whenever one of them has changed, until `stop` is set."""
        while not stop.is_set():
            if not self._told.wait(1):
                continue
            self._told.clear()
            watch_files(self._paths, output, _Either(stop, self._told), changed)

    def _is_elsewhere(self, path: Path) -> bool:
        """Whether a file is neither watched anyway nor a tool's own, as a kept result."""
        if any(path.is_relative_to(folder) for folder in self._watched):
            return False
        inside = path.relative_to(self._root).parts if path.is_relative_to(self._root) else ()
        return not any(part.startswith(".") for part in inside)
