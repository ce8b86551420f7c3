from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from course_lib import downloads
from course_lib.downloads import CannotFetch, fetch

CONTENT = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Sends a file as the server's plan says."""

    def do_GET(self) -> None:
        server = self.server
        begin = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        server.asked.append(begin)
        plan = server.plan.pop(0) if server.plan else {}
        if "code" in plan:
            self.send_error(plan["code"])
            return
        content = plan.get("content", CONTENT)
        ranges = plan.get("ranges", True) and begin
        body = content[begin:] if ranges else content
        self.send_response(206 if ranges else 200)
        if ranges:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(plan.get("claims", len(body))))
        self.end_headers()
        self.wfile.write(body[: plan.get("cut", len(body))])

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch):
    """A server on this machine with a plan for its answers; what it was asked for."""
    monkeypatch.setattr(downloads, "TIMEOUT", 2.0)
    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        running.plan, running.asked = [], []
        answering = threading.Thread(target=running.serve_forever)
        answering.start()
        yield running
        running.shutdown()
        answering.join()


def get(server, path, **more):
    url = f"http://127.0.0.1:{server.server_port}/weights"
    fetch(url, path, **{"size": len(CONTENT), "sha256": SHA256, "pause": 0.01, **more})


def test_a_file_arrives_whole_and_is_fetched_once(server, tmp_path):
    shares = []
    get(server, tmp_path / "file", progress=shares.append)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert shares[-1] == 1
    assert shares == sorted(shares)
    get(server, tmp_path / "file")
    assert server.asked == [0]
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_broken_connection_costs_nothing_that_has_arrived(server, tmp_path):
    server.plan = [{"cut": 100_000}, {"code": 503}, {"cut": 50_000}]
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == [0, 100_000, 100_000, 150_000]


def test_the_next_call_goes_on_where_the_last_one_gave_up(server, tmp_path):
    server.plan = [{"cut": 100_000}, *[{"cut": 10}] * 3]
    with pytest.raises(CannotFetch, match="the connection breaks off"):
        get(server, tmp_path / "file")
    assert not (tmp_path / "file").exists()
    get(server, tmp_path / "file")
    assert server.asked[-1] == 100_030


def test_a_server_that_cannot_go_on_in_the_middle_begins_again(server, tmp_path):
    server.plan = [{"cut": 100_000}, {"ranges": False}]
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ([{"code": 404}], "the server says HTTP Error 404"),
        ([{"content": b"<!DOCTYPE html>" + CONTENT[15:]}], "is a web page instead of the file"),
        ([{"content": b"x" + CONTENT[1:]}], "is another file, SHA-256 "),
        ([{"content": CONTENT + b"more"}], "is longer than the file, which has 512,000 bytes"),
        ([{"content": b"<html>short"}] * 9, "or the file is shorter than the one listed"),
        ([{"claims": 10}] * 9, "or the file is shorter than the one listed"),
    ],
)
def test_another_file_never_takes_its_place(server, tmp_path, plan, words):
    server.plan = plan
    with pytest.raises(CannotFetch, match=words):
        get(server, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_file_that_is_there_stays(server, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CannotFetch, match="file exists and isn't the file of http"):
        get(server, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
    assert not server.asked


def test_a_server_that_is_not_there_is_named(tmp_path):
    for url, words in (
        ("http://127.0.0.1:9/weights", "http://127.0.0.1:9/weights can't be fetched: "),
        ("file:///etc/passwd", "is no address of http or https"),
    ):
        with pytest.raises(CannotFetch, match=words):
            fetch(url, tmp_path / "file", size=1, sha256="", pause=0.01)
