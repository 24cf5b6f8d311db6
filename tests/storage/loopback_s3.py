"""Owns a tiny S3 on the loopback interface: what `ObjectBucket` uses of the protocol, over real HTTP, in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

MODIFIED = "2026-01-02T03:04:05.000Z"


class _Objects(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    objects: dict[str, bytes]
    lock: threading.Lock
    refusal: tuple[int, str] | None

    def parse_request(self) -> bool:
        """As always; a store that refuses has answered already."""
        if not super().parse_request() or self.refusal is None:
            return self.refusal is None
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, code = self.refusal
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())
        return False

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            if self.headers.get("If-None-Match") == "*" and self._key() in self.objects:
                return self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            self.objects[self._key()] = content
        return self._answer(200, b"", content)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            prefix = query.get("prefix", [""])[0]
            rows = "".join(
                f"<Contents><Key>{escape(key)}</Key><LastModified>{MODIFIED}</LastModified><Size>{len(content)}</Size>"
                f"<ETag>{_tag(content)}</ETag></Contents>"
                for key, content in sorted(self.objects.items())
                if key.startswith(prefix)
            )
            return self._answer(
                200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()
            )
        if self._key() not in self.objects:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self._answer(200, self.objects[self._key()], self.objects[self._key()])

    def do_HEAD(self) -> None:
        content = self.objects.get(self._key())
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        if content is not None:
            self.send_header("ETag", _tag(content))
            self.send_header("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
        self.end_headers()

    def do_DELETE(self) -> None:
        self.objects.pop(self._key(), None)
        self._answer(204, b"")

    def do_POST(self) -> None:
        """DeleteObjects: all keys of the request, also absent ones, count as deleted."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        keys = [part.split("</Key>")[0] for part in body.split("<Key>")[1:]]
        for key in keys:
            self.objects.pop(key, None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/books/")

    def _answer(self, status: int, body: bytes, content: bytes | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if content is not None:
            self.send_header("ETag", _tag(content))
            self.send_header("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
        self.end_headers()
        self.wfile.write(body)


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


@contextmanager
def loopback_s3(refusal: tuple[int, str] | None = None) -> Iterator[str]:
    """Its address; the bucket is called ``books``. `refusal`: status and error code of the answer to every request."""
    handler = type("Objects", (_Objects,), {"objects": {}, "lock": threading.Lock(), "refusal": refusal})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
