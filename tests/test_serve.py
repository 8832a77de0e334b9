"""The live preview: what it serves, to whom, and what it tells the browser."""

from __future__ import annotations

import errno
import html
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil
import pytest

from generator import pipeline
from generator.cli.previewing import _preview_once, _show_changes
from generator.config import read_config
from generator.errors import InkcellError
from generator.execute import execute
from generator.live import Live, Shown
from generator.model import Config
from generator.serve import (
    Preview,
    UsedFiles,
    bytes_asked_for,
    make_server,
    watch_files,
    with_script,
)

from .conftest import FRONT_MATTER, REPOSITORY, WriteBlog
from .execute.fake_kernel import Blog, cell, with_settings


def site(folder: Path, **files: str) -> dict[str, str]:
    """A site of HTML pages by their names, `index` for `index.html`: path to a digest."""
    digests = {}
    for name, text in files.items():
        path = f"{name.replace('_', '/')}.html"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        digests[path] = text
    return digests


@contextmanager
def served(preview: Preview) -> Iterator[int]:
    """A server of a preview on some port."""
    server = make_server(preview, 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        preview.close()
        server.shutdown()
        server.server_close()
        thread.join()


def get(port: int, path: str, host: str = "localhost") -> tuple[int, str, str]:
    """Status, media type and text of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": f"{host}:{port}"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers["Content-Type"], text


@pytest.mark.parametrize(
    ("base", "path", "status", "shown"),
    [
        ("", "/", 200, "home"),
        ("", "/a/", 200, "page a"),
        ("", "/a", 200, "page a"),
        ("", "/a/index.html", 200, "page a"),
        ("", "/nowhere/", 404, "lost"),
        ("/p", "/p/", 200, "home"),
        ("/p", "/p/a/", 200, "page a"),
        ("/p", "/", 200, "home"),
        ("/p", "/a/", 404, "lost"),
    ],
)
def test_addresses(tmp_path: Path, base: str, path: str, status: int, shown: str) -> None:
    """As GitHub Pages answers, below a base path too; an unknown one gets the site's own page."""
    preview = Preview(base, tmp_path)
    preview.show(site(tmp_path, index="home", a_index="page a", **{"404": "lost"}), (), ())
    found, kind, content = preview.find(path)
    assert (found, kind) == (status, "text/html; charset=utf-8")
    assert content == with_script(shown.encode())


def test_the_script_is_only_in_the_preview() -> None:
    """It stands at the end of the head, and the page is otherwise as it is built."""
    page = b"<html><head><title>x</title></head><body>y</body></html>"
    shown = with_script(page)
    (added,) = re.findall(rb'<script src="/_inkcell/preview.js" [^>]* defer></script>', shown)
    assert shown.replace(added, b"") == page
    assert shown.index(added) < shown.index(b"</head>")
    assert with_script(page) == shown
    assert added not in with_script(page + b" ")


def test_only_this_machine_is_answered(tmp_path: Path) -> None:
    """The server listens on loopback, and not to a name that somebody else lets lead here."""
    preview = Preview("", tmp_path)
    preview.show(site(tmp_path, index="home"), (), ())
    with served(preview) as port:
        assert get(port, "/")[0] == 200
        assert get(port, "/", host="evil.example")[0] == 403
        assert get(port, "/_inkcell/preview.js")[1].startswith("text/javascript")
        (listening,) = [
            connection.laddr
            for connection in psutil.Process().net_connections()
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        ]
        assert listening.ip == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("127.0.0.1:8000", 200),
        ("", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example:8000", 403),
        ("evil.example:127.0.0.1", 403),
    ],
)
def test_names_of_this_machine(tmp_path: Path, host: str, status: int) -> None:
    """A port that is the usual one, 80, stands in no name."""
    preview = Preview("", tmp_path)
    preview.show(site(tmp_path, index="home"), (), ())
    with served(preview) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/", headers={"Host": host})
        assert connection.getresponse().status == status
        connection.close()


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /../secret.txt",
        "GET /%2e%2e/secret.txt",
        "GET /..%2fsecret.txt",
        "GET //[/../secret.txt",
        "GET http://[/secret.txt",
        "GET /secret.txt%00.html",
        "GET /%ff",
        "HEAD /_inkcell/events",
        "POST /",
        "DELETE /index.html",
    ],
)
def test_odd_requests(tmp_path: Path, request_line: str) -> None:
    """Each is answered, and nothing but the site is told."""
    (tmp_path / "secret.txt").write_text("secret")
    preview = Preview("", tmp_path / "site")
    preview.show(site(tmp_path / "site", index="home"), (), ())
    with served(preview) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            request = f"{request_line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        assert answer.startswith(b"HTTP/1.1 ")
        assert b"secret" not in answer
        assert get(port, "/")[0] == 200


CONTENT = b"0123456789"


@pytest.mark.parametrize(
    ("asked", "status", "told", "sent"),
    [
        ("", 200, None, CONTENT),
        ("bytes=0-3", 206, "bytes 0-3/10", b"0123"),
        ("bytes=0-0", 206, "bytes 0-0/10", b"0"),
        ("bytes=4-", 206, "bytes 4-9/10", b"456789"),
        ("bytes=0-", 206, "bytes 0-9/10", CONTENT),
        ("bytes=8-99", 206, "bytes 8-9/10", b"89"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", CONTENT),
        ("Bytes=9-9", 206, "bytes 9-9/10", b"9"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=10-12", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        # What is no range, several of them, and other units are as nothing.
        ("bytes=3-2", 200, None, CONTENT),
        ("bytes=-", 200, None, CONTENT),
        ("bytes=a-b", 200, None, CONTENT),
        ("bytes=" + "9" * 5000 + "-", 200, None, CONTENT),
        ("bytes=0-1,4-5", 200, None, CONTENT),
        ("lines=0-3", 200, None, CONTENT),
    ],
)
def test_a_part_of_a_file(
    tmp_path: Path, asked: str, status: int, told: str | None, sent: bytes
) -> None:
    """As players ask for films, and Safari for every sound (RFC 9110, 14)."""
    (tmp_path / "a.mp4").write_bytes(CONTENT)
    (tmp_path / "404.html").write_text("lost")
    preview = Preview("", tmp_path)
    preview.show({"a.mp4": "", "404.html": ""}, (), ())
    whole = (200, None, CONTENT)
    lost = (404, None, with_script(b"lost"))

    def answer(method: str, path: str, **headers: str) -> tuple[int, str | None, bytes]:
        more = {name.replace("_", "-"): value for name, value in headers.items() if value}
        connection.request(method, path, headers={"Host": "localhost", **more})
        answer = connection.getresponse()
        assert answer.headers["Accept-Ranges"] == "bytes"
        content = answer.read()
        length = int(answer.headers["Content-Length"])
        assert length == (len(CONTENT) if method == "HEAD" else len(content))
        return answer.status, answer.headers["Content-Range"], content

    with served(preview) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        assert answer("GET", "/a.mp4", Range=asked) == (status, told, sent)
        # On the same connection: it is not known whether the file is the one that a player has.
        assert answer("GET", "/a.mp4", Range=asked, If_Range='"an old tag"') == whole
        assert answer("HEAD", "/a.mp4", Range=asked) == (200, None, b"")
        assert answer("GET", "/nowhere.mp4", Range=asked) == lost
        connection.close()


def test_a_part_of_an_empty_file() -> None:
    """Its last bytes are all of it; no other are there."""
    assert bytes_asked_for("bytes=-5", 0) is None
    assert bytes_asked_for("bytes=0-", 0) == range(0)


def test_what_a_page_loads_is_known(tmp_path: Path) -> None:
    """Its pictures, scripts, style sheets and index, below a base path too, by their digests."""
    page = (
        '<head><link href="/p/a.css" rel="stylesheet"><link href="/p/feed.xml"></head>'
        '<img src="/p/%EA%B8%80.png" srcset="/p/s.png 1x, /p/l.png 2x">'
        '<img src="https://example.org/p/far.png"><a href="/p/index.html">a</a>'
        '<form data-index="/p/search/ko/"></form>'
    )
    names = ["index.html", "a.css", "feed.xml", "글.png", "s.png", "l.png", "far.png"]
    names += ["search/ko/index.json", "search/ko/0.txt"]
    (tmp_path / "index.html").write_text(page)
    preview = Preview("/p", tmp_path)
    preview.show({name: f"digest of {name}" for name in names}, (), ())
    told = re.search(rb'data-beside="([^"]*)"', preview.find("/p/")[2])
    assert told
    assert json.loads(html.unescape(told[1].decode())) == {
        name: f"digest of {name}"
        for name in ("a.css", "글.png", "s.png", "l.png", "search/ko/index.json")
    }


def test_another_base_path(tmp_path: Path) -> None:
    """The settings say so while the preview goes on: the site is there from now on."""
    preview = Preview("", tmp_path)
    files = site(tmp_path, index="home", a_index="page a", **{"404": "lost"})
    preview.show(files, (), (), "/new")
    assert preview.find("/new/a/")[0] == 200
    assert preview.find("/a/")[0] == 404
    preview.show(None, ["an error"], ())
    assert preview.find("/new/a/")[0] == 200


def test_errors_leave_the_last_good_site(tmp_path: Path) -> None:
    """What went wrong is told beside it, and goes when it is mended."""
    preview = Preview("", tmp_path)
    assert preview.wait(0, timeout=0) is None
    preview.show(site(tmp_path, index="good"), (), ())
    preview.show(None, ["posts/a/index.ko.md:3: error"], ["posts/b/index.ko.md"])
    assert preview.find("/")[2] == with_script(b"good")
    state = preview.wait(-1, timeout=0)
    assert state is not None
    assert state["errors"] == ("posts/a/index.ko.md:3: error",)
    assert state["running"] == ("posts/b/index.ko.md",)
    preview.show(site(tmp_path, index="better"), (), ())
    state = preview.wait(2, timeout=0)
    assert state is not None
    assert (state["version"], state["errors"]) == (3, ())


class Serving:
    """`inkcell serve` in a process of its own, and what it tells the browser."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "generator", "-C", str(root), "serve", "--port", "0"]
        self.process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        port = re.search(r":(\d+)/", first)
        assert port, first
        self.port = int(port[1])
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.connection.request("GET", "/_inkcell/events", headers={"Host": "localhost:1"})
        self.events = self.connection.getresponse()

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next state that is as wanted; the connection's time-out ends the wait."""
        while True:
            line = self.events.readline()
            if line.startswith(b"data: "):
                state: dict[str, Any] = json.loads(line[6:])
                if wanted(state):
                    return state

    def page(self) -> str:
        return get(self.port, "/math/2022-07-08-a/")[2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_preview_that_cannot_tell_its_address_ends(write_blog: WriteBlog) -> None:
    """Its watcher, too, which would keep the process."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    command = [sys.executable, "-m", "generator", "-C", str(root), "serve", "--port", "0"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, cwd=REPOSITORY, stdout=full, stderr=subprocess.DEVNULL, timeout=60, check=False
        )
    assert done.returncode == 1


def test_one_preview_of_a_blog(write_blog: WriteBlog) -> None:
    """A second would write over the first one's site: it says where that is, and ends."""
    config = read_config(write_blog({"posts/a/index.ko.md": "글\n"}), url="http://127.0.0.1:8000")
    live = Live(config, lambda: None, lambda event: None)
    try:
        live.build(config)
        with pytest.raises(InkcellError, match="another `inkcell serve`") as raised:
            Live(config, lambda: None, lambda event: None)
        assert "http://127.0.0.1:8000/" in str(raised.value.hint)
    finally:
        live.close()
    Live(config, lambda: None, lambda event: None).close()


def test_a_disk_that_fails(write_blog: WriteBlog, tmp_path: Path) -> None:
    """Is told on the page, and the preview goes on."""

    class Failing(Live):
        def __init__(self) -> None:
            """Hold nothing."""

        running = ()

        def build(self, config: Config) -> Shown:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(config.root / "posts"))

    root = write_blog({"posts/a/index.ko.md": "글\n"})
    preview = Preview("", tmp_path)
    _preview_once(Failing(), preview, root, drafts=True, port=1)
    assert preview.errors[0].startswith("posts: error: No space left on device")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="sends a POSIX signal")
def test_a_terminal_that_is_closed(write_blog: WriteBlog) -> None:
    """Ends the preview as Ctrl-C does, and nothing is left in the folder of temporary files."""
    serving = Serving(write_blog({"posts/a/index.ko.md": "글\n"}))
    serving.until(lambda state: bool(get(serving.port, "/")[0] == 200))
    serving.process.send_signal(signal.SIGHUP)
    assert serving.process.wait(timeout=60) == 130


def test_many_changes_are_shown_at_once() -> None:
    """An editor that saves ten files is one change. An interrupt that was lost ends the rest."""
    changes: SimpleQueue[None] = SimpleQueue()
    for _ in range(10):
        changes.put(None)
    shown: list[int] = []

    def show() -> None:
        shown.append(changes.qsize())
        changes.put(None)

    _show_changes(changes, show, lambda: len(shown) == 2)
    assert shown == [0, 0]


LOST = """
import gc, os, signal, sys
from generator.cli import main

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGHUP)
        sum(range(9))

gc.collect = Finalized
main()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="sends a POSIX signal")
def test_an_interrupt_that_is_lost(write_blog: WriteBlog) -> None:
    """Python prints and forgets what is raised while something is finalized; the preview ends."""
    root = write_blog({"posts/a/index.ko.md": "글\n"})
    command = [sys.executable, "-c", LOST, "-C", str(root), "serve", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "KeyboardInterrupt" in done.stderr
    assert done.returncode == 130


def notices(noticed: threading.Event, change: Callable[[str], object], attempts: int = 60) -> bool:
    """Whether a watch notices a change, and has told all of it."""
    # It may not have begun yet: an author saves again, too.
    for attempt in range(attempts):
        change(str(attempt))
        if noticed.wait(1):
            while noticed.is_set():
                noticed.clear()
                noticed.wait(1)
            return True
    return False


def test_what_comes_and_goes_is_watched(tmp_path: Path) -> None:
    """A folder that an author adds, and a file that an editor replaces when it saves."""
    posts, theme, settings = (tmp_path / name for name in ("posts", "templates", "pyproject.toml"))
    posts.mkdir()
    settings.touch()
    stop, noticed = threading.Event(), threading.Event()
    paths = [posts, theme, settings]
    thread = threading.Thread(
        target=watch_files, args=(paths, tmp_path / "site", stop, noticed.set)
    )
    thread.start()

    is_noticed = partial(notices, noticed)

    def save(text: str) -> None:
        (tmp_path / "new").write_text(text)
        (tmp_path / "new").replace(settings)

    try:
        assert is_noticed((posts / "index.ko.md").write_text)
        for _ in range(3):
            assert is_noticed(save)
        theme.mkdir()
        for _ in range(2):
            assert is_noticed((theme / "home.html").write_text)
        shutil.rmtree(theme)
        assert noticed.wait(60)
        theme.mkdir()
        assert is_noticed((theme / "post.html").write_text)
        assert is_noticed((posts / "index.ko.md").write_text)
    finally:
        stop.set()
        thread.join()


def test_what_code_uses_elsewhere_is_watched(tmp_path: Path) -> None:
    """Files, folders, what is not there yet; not what is watched anyway, nor tools' own files."""
    for folder in ("posts/a", "data/all", "lib", ".inkcell/results"):
        (tmp_path / folder).mkdir(parents=True)
    used = UsedFiles(tmp_path, [tmp_path / "posts"])
    stop, noticed = threading.Event(), threading.Event()
    thread = threading.Thread(target=used.watch, args=(tmp_path / "site", stop, noticed.set))
    thread.start()

    def is_noticed(name: str, attempts: int = 60) -> bool:
        return notices(noticed, (tmp_path / name).write_text, attempts)

    try:
        names = (
            "posts/a/x.csv",
            "data/x.csv",
            "data/all",
            "lib/part.py",
            ".inkcell/results/1.json",
        )
        used.tell([tmp_path / name for name in names])
        assert is_noticed("data/x.csv")
        assert is_noticed("lib/part.py")
        assert is_noticed("data/all/new.csv")
        for name in ("posts/a/x.csv", "data/other.csv", ".inkcell/results/1.json"):
            assert not is_noticed(name, attempts=2), name
        used.tell([tmp_path / "data" / "other.csv"])
        assert is_noticed("data/other.csv")
        assert not is_noticed("lib/part.py", attempts=2)
        used.tell([])
        assert not is_noticed("data/other.csv", attempts=2)
        used.tell([tmp_path / "lib" / "part.py"])
        assert is_noticed("lib/part.py")
    finally:
        stop.set()
        thread.join()


def test_what_kept_results_depend_on(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that has run in a build does not run in the preview; what it used is watched there."""
    declaring = with_settings("dependencies: [../../other]") + cell("2")
    posts = {"posts/a/index.ko.md": cell("1"), "posts/b/index.ko.md": declaring}
    blog = Blog(write_blog, {**posts, "data/x.csv": "1", "other/y": "1"})
    blog.sees["a"] = {"files": ["data/x.csv", "lib/part.py"]}
    assert blog.command(monkeypatch, "build").exit_code == 0
    assert sorted(blog.ran) == sorted(posts)
    monkeypatch.setattr(pipeline, "execute", partial(execute, environment=blog.environment))
    config = read_config(blog.root)
    live = Live(config, lambda: None, lambda event: None)
    try:
        for _ in range(2):  # Made by this build, and taken over from it.
            live.build(config)
            assert live.running == ()
            used = {blog.root / name for name in ("data/x.csv", "lib/part.py", "other")}
            assert used <= live.used
    finally:
        live.close()


@pytest.mark.kernel
@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_an_author_at_work(write_blog: WriteBlog) -> None:
    """Prose, code, a mistake and its mending, a cell that hangs, files elsewhere that the code
    reads: each is on the page."""

    def write(prose: str, *code: str) -> None:
        cells = "".join(f"```{{code-cell}}\n{cell}\n```\n\n" for cell in code)
        write_blog({"posts/a/index.ko.md": f"{FRONT_MATTER}\n{prose}\n\n{cells}"})

    code = ["x = 20 + 1", "print(x * 2)"]
    root = write_blog({"posts/b/index.ko.md": "다른 글\n"})
    write("처음", *code)
    serving = Serving(root)
    try:
        serving.until(lambda state: ">42<" in serving.page())
        write("고친 글", *code)
        serving.until(lambda state: "고친 글" in serving.page())
        write("고친 글", code[0], "print(x * 3)")
        serving.until(lambda state: ">63<" in serving.page())
        write("고친 글", code[0], "print(x / 0)")
        state = serving.until(lambda state: bool(state["errors"]))
        assert "posts/a/index.ko.md:14 (cell 3): error: ZeroDivisionError" in state["errors"][0]
        assert ">63<" in serving.page()
        write_blog({"posts/b/index.ko.md": "다르게 고친 글\n"})
        state = serving.until(
            lambda state: "다르게 고친 글" in get(serving.port, "/math/2022-07-08-b/")[2]
        )
        assert state["errors"]
        assert ">63<" in serving.page()
        write("글은 고쳤지만", code[0], "print(x / 0)")
        state = serving.until(lambda state: "글은 고쳤지만" in serving.page())
        assert len(state["errors"]) == 1
        assert ">63<" in serving.page()
        write("고친 글", code[0], "import time\ntime.sleep(600)")
        serving.until(lambda state: bool(state["running"]))
        write("글은 그래도 바뀐다", code[0], "import time\ntime.sleep(600)")
        serving.until(lambda state: "글은 그래도 바뀐다" in serving.page())
        write("글은 그래도 바뀐다", code[0], "print(x * 4)")
        serving.until(lambda state: ">84<" in serving.page() and not state["running"])
        write_blog({"data/x.txt": "eins", "lib/part.py": "X = 1\n"})
        reading = "import sys; sys.path.insert(0, '../../lib'); import part"
        write("글은 그래도 바뀐다", reading, "print(open('../../data/x.txt').read(), part.X)")
        serving.until(lambda state: ">eins 1<" in serving.page() and not state["running"])
        write_blog({"data/x.txt": "zwei"})
        serving.until(lambda state: ">zwei 1<" in serving.page() and not state["running"])
        write_blog({"lib/part.py": "X = 22\n"})
        serving.until(lambda state: ">zwei 22<" in serving.page() and not state["running"])
        assert not (root / "site").exists()
        assert not list((root / ".inkcell" / "results").glob("??/*.json"))
    finally:
        family = psutil.Process(serving.process.pid).children(recursive=True)
        serving.process.send_signal(signal.SIGINT)
        assert serving.process.wait(timeout=60) == 130
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
