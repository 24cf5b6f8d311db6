"""A server on loopback that speaks the four APIs and that of embeddings, answers as it is told, fails as it is told, and keeps the bill."""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.providers.replies import CHAT, EMBEDDINGS, GENERATE, MESSAGES, RESPONSES, whole_reply

DRIP_S = 0.05
PIECE = bytes(64 * 1024)
TOGETHER_S, ONE_MORE_S = 60.0, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it arrived; `api` is our name of the provider whose API it speaks."""

    api: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def model(self) -> str:
        found = re.search(r"/models/([^:/]+):", self.path)
        return found.group(1) if found else str(self.body["model"])

    @property
    def text(self) -> str:
        """All of the body, as text."""
        return json.dumps(self.body, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What is done with one request. `how` is one of answer, status, reset, half, drip, flood.

    A flood is `size_bytes` of zeros, without end when that is None; its head tells the length when `declared`.
    """

    how: str = "answer"
    text: str = "{}"
    stop: str = "end"
    tokens: tuple[int, int] = (1000, 500)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes = ""
    delay_s: float = 0.0
    size_bytes: int | None = None
    declared: bool = False


def answer(text: str, *, tokens: tuple[int, int] = (1000, 500), delay_s: float = 0.0) -> Behaviour:
    return Behaviour(text=text, tokens=tokens, delay_s=delay_s)


def refusal() -> Behaviour:
    return Behaviour(stop="refusal", text="")


def cut_off(text: str = '{"value": "beg') -> Behaviour:
    return Behaviour(stop="length", text=text)


def status(code: int, body: Any = "", headers: Mapping[str, str] | None = None) -> Behaviour:
    return Behaviour(
        how="status", status=code, body=body if isinstance(body, str) else json.dumps(body), headers=headers or {}
    )


def html() -> Behaviour:
    page = "<html><body>We are working on it</body></html>"
    return Behaviour(how="status", body=page, headers={"Content-Type": "text/html"})


def half_json() -> Behaviour:
    return Behaviour(how="status", body='{"id": "msg_1", "type": "mess')


def reset() -> Behaviour:
    return Behaviour(how="reset")


def half_body() -> Behaviour:
    return Behaviour(how="half")


def drip() -> Behaviour:
    """An answer that begins and never ends: a byte now and then, as long as the client stays."""
    return Behaviour(how="drip")


def redirect(code: int, location: str | None) -> Behaviour:
    return Behaviour(how="status", status=code, headers={} if location is None else {"Location": location})


def flood(size_bytes: int | None = None, *, code: int = 200, declared: bool = False, pause_s: float = 0.0) -> Behaviour:
    """A body of zeros in pieces of 64 KiB, `pause_s` after each."""
    return Behaviour(how="flood", status=code, size_bytes=size_bytes, declared=declared, delay_s=pause_s)


@cache
def gzip_bomb(size_bytes: int, *, times: int = 1) -> Behaviour:
    """A body that is a thousandth of what it becomes, compressed `times` times."""
    body = bytes(size_bytes)
    for _ in range(times):
        body = gzip.compress(body)
    return Behaviour(how="status", body=body, headers={"Content-Encoding": ", ".join(["gzip"] * times)})


Plan = Callable[[Request], Behaviour]


def in_turn(*behaviours: Behaviour) -> Plan:
    """One after the other, the last one for ever."""
    lock, left = threading.Lock(), list(behaviours)

    def plan(_request: Request) -> Behaviour:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return plan


def together(number: int, behaviour: Behaviour) -> Plan:
    """Nobody is answered before `number` requests wait for it; then these are, and the next wait for each other.

    They are held a little longer, so that one more than should be there has the time to show.
    """
    barrier = threading.Barrier(number, timeout=TOGETHER_S)

    def plan(_request: Request) -> Behaviour:
        barrier.wait()
        time.sleep(ONE_MORE_S)
        return behaviour

    return plan


class FaultServer:
    """Runs within its ``with`` block. `bill` has model, input and output tokens of every reply that was sent whole.

    `most_at_once` is the greatest number of requests that waited for the first byte of their answer.
    `body_bytes` counts what the floods have written; some of it may lie in the buffers of the two sockets.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.requests: list[Request] = []
        self.bill: list[tuple[str, int, int]] = []
        self.at_once = self.most_at_once = 0
        self.body_bytes = self.answered = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def base_url(self, api: str) -> str:
        """The address that the adapter of `api` is given."""
        return self.url + "/v1" if api in (RESPONSES, CHAT) else self.url

    def arrived(self, request: Request) -> Behaviour:
        with self._lock:
            self.requests.append(request)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return self.plan(request)
        finally:
            with self._lock:
                self.at_once -= 1

    def left(self) -> None:
        """A request was answered, or its answer broken off."""
        with self._idle:
            self.answered += 1
            self._idle.notify_all()

    def settled(self) -> None:
        """Wait until no request is being answered."""
        with self._idle:
            assert self._idle.wait_for(lambda: self.answered == len(self.requests), timeout=60)

    def wrote(self, count: int) -> None:
        with self._lock:
            self.body_bytes += count

    def billed(self, request: Request, tokens: tuple[int, int]) -> None:
        with self._lock:
            self.bill.append((request.model, *tokens))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def _handler(server: FaultServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else the second write of an answer waits 40 ms for the first one's receipt

        def do_GET(self) -> None:
            """What a client asks that follows a redirect: nobody here should."""
            self.do_POST()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(api=_api(self.path), path=self.path, headers=headers, body=body)
            behaviour = server.arrived(request)
            try:
                if behaviour.how != "flood":
                    time.sleep(behaviour.delay_s)
                self._behave(request, behaviour)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                server.left()

        def _behave(self, request: Request, behaviour: Behaviour) -> None:
            if behaviour.how == "flood":
                self._flood(behaviour)
                return
            if not request.body:  # what a client asks that has followed a redirect
                self._head(404, 0, {})
                return
            content = json.dumps(whole_reply(request, behaviour)).encode()
            match behaviour.how:
                case "reset":
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    self.close_connection = True
                case "half":
                    self._head(200, len(content), {})
                    self.wfile.write(content[: len(content) // 2])
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                case "drip":
                    self._head(200, 1_000_000, {})
                    while not server.closing.wait(DRIP_S):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                case "status":
                    whole = behaviour.body if isinstance(behaviour.body, bytes) else behaviour.body.encode()
                    self._head(behaviour.status, len(whole), behaviour.headers)
                    self.wfile.write(whole)
                case _:
                    # The bill first: a client that has read its answer must find it there.
                    server.billed(request, behaviour.tokens)
                    self._head(200, len(content), {})
                    self.wfile.write(content)

        def _flood(self, behaviour: Behaviour) -> None:
            size = behaviour.size_bytes
            self._head(behaviour.status, size if behaviour.declared else None, {})
            while size is None or size > 0:
                piece = PIECE if size is None else PIECE[:size]
                self.wfile.write(piece if behaviour.declared else b"%x\r\n%b\r\n" % (len(piece), piece))
                server.wrote(len(piece))
                size = None if size is None else size - len(piece)
                time.sleep(behaviour.delay_s)
            self.wfile.write(b"" if behaviour.declared else b"0\r\n\r\n")

        def _head(self, code: int, length: int | None, headers: Mapping[str, str]) -> None:
            self.send_response(code)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            if length is None:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    return Handler


def _api(path: str) -> str:
    if path.endswith("/messages"):
        return MESSAGES
    if path.endswith("/responses"):
        return RESPONSES
    if path.endswith("/embeddings"):
        return EMBEDDINGS
    return CHAT if path.endswith("/chat/completions") else GENERATE


def quota_exhausted(api: str) -> Behaviour:
    """What each provider answers when the account is empty."""
    bodies: dict[str, tuple[int, dict[str, Any]]] = {
        MESSAGES: (400, {"type": "error", "error": {"type": "invalid_request_error", "message":
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."}}),
        RESPONSES: (429, {"error": {"message": "You exceeded your current quota, please check your plan and billing "
            "details.", "type": "insufficient_quota", "param": None, "code": "insufficient_quota"}}),
        CHAT: (429, {"error": {"message": "You exceeded your current quota, please check your plan and billing "
            "details.", "type": "insufficient_quota", "param": None, "code": "insufficient_quota"}}),
        GENERATE: (429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message":
            "You exceeded your current quota, please check your plan and billing details."}}),
    }  # fmt: skip
    code, body = bodies[api]
    return status(code, body)
