"""Owns the frames between the parser and its child: a kind, a length, a body. It knows nothing of what they mean."""

from __future__ import annotations

import socket
import struct
import time

HELLO, DOCUMENT, REJECTED, REQUEST, PICTURE, LINES = b"H", b"D", b"R", b"Q", b"P", b"L"
_FRAME = struct.Struct(">cQ")
MAX_BODY_BYTES = 2 * 1024**3
_CHUNK_BYTES = 1 << 20


def send(connection: socket.socket, kind: bytes, *parts: bytes, deadline: float | None = None) -> None:
    """Send one frame, its body the `parts` one after the other.

    Raises `TimeoutError` at `deadline` (monotonic seconds), another `OSError` when the peer is gone.
    """
    for part in (_FRAME.pack(kind, sum(map(len, parts))), *parts):
        _arm(connection, deadline)
        connection.sendall(part)


def receive(connection: socket.socket, *, deadline: float | None = None) -> tuple[bytes, bytearray]:
    """The kind and body of the next frame.

    Raises `TimeoutError` at `deadline`, `EOFError` when the peer is gone, `ValueError` for a body that is too large.
    """
    kind, size = _FRAME.unpack(_exactly(connection, _FRAME.size, deadline))
    if size > MAX_BODY_BYTES:
        raise ValueError(f"a frame of {size} bytes")
    return kind, _exactly(connection, size, deadline)


def _exactly(connection: socket.socket, size: int, deadline: float | None) -> bytearray:
    # Grown as it comes: a length is only believed as far as bytes follow it.
    body = bytearray()
    while len(body) < size:
        _arm(connection, deadline)
        part = connection.recv(min(_CHUNK_BYTES, size - len(body)))
        if not part:
            raise EOFError("the peer is gone")
        body += part
    return body


def _arm(connection: socket.socket, deadline: float | None) -> None:
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        raise TimeoutError
    connection.settimeout(left)
