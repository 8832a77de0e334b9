"""Links out of the site, asked of a server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from generator.check import built_site
from generator.check.external import check_external, question
from generator.check.links import external_links
from generator.config import parse_config

from ..conftest import SETTINGS


class Answers(BaseHTTPRequestHandler):
    """Answers `/404` with 404; `/head-405` so to HEAD only; and notes what it was asked."""

    server: Server

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        status = self.path.rpartition("/")[2].removeprefix("head-")
        if self.command == "GET" and "head-" in self.path:
            status = "200"
        if status == "silent":
            self.close_connection = True
            return
        self.send_response(int(status))
        self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


class Server(ThreadingHTTPServer):
    """A server that knows what it was asked."""

    asked: list[str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    """It runs as long as the test does."""
    with Server(("127.0.0.1", 0), Answers) as running:
        running.asked = []
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.mark.parametrize(
    ("path", "problem", "asked"),
    [
        ("/200", "", ["HEAD"]),
        ("/404", "404 Not Found", ["HEAD", "GET"]),
        ("/410", "410 Gone", ["HEAD"]),
        ("/429", "429 Too Many Requests", ["HEAD"]),
        ("/head-405", "", ["HEAD", "GET"]),
        ("/head-404", "", ["HEAD", "GET"]),
        ("/500", "500 Internal Server Error", ["HEAD", "GET"]),
    ],
)
def test_a_question(server: Server, path: str, problem: str, asked: list[str]) -> None:
    """HEAD first; GET where a server does not know HEAD; a busy one is left in peace."""
    assert question(server.address + path) == problem
    assert [request.split()[0] for request in server.asked] == asked


def test_an_address_that_leads_on(server: Server) -> None:
    """It is followed, by HEAD or by GET, as Python's version does."""
    assert question(f"{server.address}/301") == ""
    assert [request.split()[1] for request in server.asked] == ["/301", "/200"]


def test_servers_that_do_not_answer(server: Server) -> None:
    """One that hangs up, one that is not there, one with Hangul in its address."""
    assert question(f"{server.address}/silent").startswith("no answer (")
    assert question("http://127.0.0.1:1/", timeout=5).startswith("no answer (")
    assert question(f"{server.address}/집합/200") == ""
    assert server.asked[-1] == "HEAD /%EC%A7%91%ED%95%A9/200"


PAGE = """<!DOCTYPE html>
<html lang="en"><head><link rel="license" href="{0}/license/404"></head><body>
<a href="{0}/a/404">one</a> <a href="{0}/a/404#part">the same</a>
<a href="{0}/b/200">well</a> <a href="{0}/c/403">not for programs</a> <a href="/x/">own</a>
<a href="https://example.org/y/">own</a> <a href="mailto:a@example.org">mail</a>
</body></html>
"""


def test_each_address_is_asked_once(server: Server) -> None:
    """What is gone is an error, all else a warning; links into the site are not asked."""
    html = PAGE.format(server.address)
    site = built_site({"index.html": html.encode()}, (), parse_config(SETTINGS), "site")
    assert sorted(external_links(site)) == [
        f"{server.address}/{path}" for path in ("a/404", "b/200", "c/403")
    ]
    found = list(check_external(site, question))
    assert [(f.severity, f.message.split(" http")[0], f.line) for f in found] == [
        ("error", "404 Not Found:", 3),
        ("warning", "403 Forbidden:", 4),
    ]
    assert len([request for request in server.asked if request.startswith("HEAD")]) == 3


def test_a_fake_ask(server: Server) -> None:
    """Who asks can be replaced: nothing reaches the server."""
    html = PAGE.format(server.address)
    site = built_site({"index.html": html.encode()}, (), parse_config(SETTINGS), "site")
    assert len(list(check_external(site, lambda address: "no answer (timed out)"))) == 3
    assert server.asked == []
