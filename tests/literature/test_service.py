"""What hostile or broken literature services do to their clients: one request, a bounded reply, our own error."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from chapter_pipeline.errors import TransientError
from chapter_pipeline.literature.crossref import Crossref
from chapter_pipeline.literature.pubmed import PubMed
from chapter_pipeline.literature.service import REPLY_MAX_BYTES, Service

MIB = 1024 * 1024
DOI = "10.5555/known"
CLIENTS: list[type[Crossref] | type[PubMed]] = [Crossref, PubMed]


class _Served:
    def __init__(self) -> None:
        self.paths: list[str] = []
        self.body_bytes = 0
        self.address = ""


@contextmanager
def served(behave: Callable[[BaseHTTPRequestHandler, _Served], None]) -> Iterator[_Served]:
    seen = _Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            seen.paths.append(self.path)
            self.close_connection = True
            try:
                behave(self, seen)
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    seen.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


def head(handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def flood(handler: BaseHTTPRequestHandler, seen: _Served) -> None:
    head(handler, 200, Connection="close")
    while True:
        seen.body_bytes += handler.wfile.write(bytes(64 * 1024))


def bomb(handler: BaseHTTPRequestHandler, _: _Served) -> None:
    body = gzip.compress(bytes(4 * REPLY_MAX_BYTES))
    head(handler, 200, Content_Encoding="gzip", Content_Length=str(len(body)))
    handler.wfile.write(body)


def declared(handler: BaseHTTPRequestHandler, _: _Served) -> None:
    head(handler, 500, Content_Length=str(200 * MIB))


def deep(handler: BaseHTTPRequestHandler, _: _Served) -> None:
    body = b"[" * 100_000
    head(handler, 200, Content_Length=str(len(body)))
    handler.wfile.write(body)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_work__redirect__is_one_request_and_names_the_host(client: type[Crossref] | type[PubMed], code: int) -> None:
    with served(deep) as other:
        location = other.address.replace("127.0.0.1", "localhost") + "/secret"
        with (
            served(lambda handler, _: head(handler, code, Location=location, Content_Length="0")) as seen,
            closing(client(address=seen.address)) as registry,
            pytest.raises(TransientError) as caught,
        ):
            registry.work(DOI)
        assert (len(seen.paths), other.paths) == (1, [])
    assert f"HTTP {code} points to the host 'localhost'" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("behave", [flood, bomb, declared])
def test_work__reply_over_the_limit__is_our_error(
    client: type[Crossref] | type[PubMed], behave: Callable[[BaseHTTPRequestHandler, _Served], None]
) -> None:
    with (
        served(behave) as seen,
        closing(client(address=seen.address)) as registry,
        pytest.raises(TransientError, match=f"more than {REPLY_MAX_BYTES} bytes"),
    ):
        registry.work(DOI)
    assert len(seen.paths) == 1
    assert seen.body_bytes < REPLY_MAX_BYTES + 16 * MIB


@pytest.mark.parametrize("client", CLIENTS)
def test_work__deep_json__is_our_error(client: type[Crossref] | type[PubMed]) -> None:
    with (
        served(deep) as seen,
        closing(client(address=seen.address)) as registry,
        pytest.raises(TransientError, match="gave no answer"),
    ):
        registry.work(DOI)


@pytest.mark.parametrize("part", ["head", "body"])
def test_service__drip__ends_at_the_deadline_of_the_whole(part: str) -> None:
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler, _: _Served) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"X: " if part == "head" else b"\r\n"))
        while not over.wait(0.02):
            handler.wfile.write(b"a")

    with served(drip) as seen, closing(Service(deadline_s=0.5)) as service:
        with pytest.raises(httpx2.TimeoutException, match=r"no whole reply within 0\.5 s"):
            service.get(seen.address)
        over.set()
