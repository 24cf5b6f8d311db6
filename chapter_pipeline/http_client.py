"""Owns what no HTTP client of the project does: follow a redirect, or read more of a reply than a limit.

`BoundedClient` is the client of all SDKs of text models.

`reply_hooks` go into an ``httpx2.AsyncClient``, also into one that an SDK makes: they see a reply before the client does.
What they refuse is raised as a `ReplyRefused`, which an SDK wraps in an error of its own: see `refused_reply`.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2

from chapter_pipeline.settings import REPLY_MAX_BYTES
from chapter_pipeline.shown import shown

CONNECT_S = 10.0
"""For a connection, its TLS included. A server that is there takes one within a second."""


class ReplyRefused(httpx2.RequestError):
    """A reply that is not read. Its message has no address beyond a host: an address may hold a key."""


class Redirected(ReplyRefused):
    """The server asked at points elsewhere. Nothing is sent there."""


class ReplyTooLarge(ReplyRefused):
    """The reply has more bytes, as they were sent or as they unpack, than the limit."""


class BoundedClient(httpx2.AsyncClient):
    """A client that an SDK is given: whatever the SDK asks for, no redirect, a short time to connect, a bounded reply."""

    def __init__(self, limit_bytes: int = REPLY_MAX_BYTES) -> None:
        super().__init__(follow_redirects=False, event_hooks=reply_hooks(limit_bytes))

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request with the SDK's time-outs, of which that of the connection is at most `CONNECT_S`."""
        times = request.extensions.get("timeout") or {}
        given = times.get("connect")
        connect_s = CONNECT_S if given is None else min(given, CONNECT_S)
        request.extensions = {**request.extensions, "timeout": {**times, "connect": connect_s}}
        return await super().send(request, **{**options, "follow_redirects": False})


def reply_hooks(limit_bytes: int = REPLY_MAX_BYTES) -> dict[str, list[Callable[..., Any]]]:
    """The ``event_hooks`` of a client that follows no redirect and reads no more than `limit_bytes` of a reply."""

    async def guard(response: httpx2.Response) -> None:
        _refuse_redirect(response)
        _bound(response, limit_bytes)

    return {"response": [guard]}


def refused_reply(error: BaseException) -> ReplyRefused | None:
    """The `ReplyRefused` that `error` is or was caused by."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ReplyRefused):
            return seen
        seen = seen.__cause__
    return None


def _refuse_redirect(response: httpx2.Response) -> None:
    if not 300 <= response.status_code < 400:
        return
    location = response.headers.get("location")
    place = "names no place"
    if location is not None:
        try:
            place = f"points to the host {shown(response.request.url.join(location).host)}"
        except (httpx2.InvalidURL, ValueError):
            place = "names no place that can be read"
    raise Redirected(f"HTTP {response.status_code} {place}; no redirect is followed")


def _bound(response: httpx2.Response, limit_bytes: int) -> None:
    """Put a stream under `response` that counts, unpacks and ends at the limit. Nothing is read yet."""
    told = response.headers.get("content-length", "")
    if told.isdecimal() and (len(told) > 18 or int(told) > limit_bytes):
        raise _too_large(response, limit_bytes)
    if "," in response.headers.get("content-encoding", ""):
        # Each layer multiplies what the one below it has grown to.
        raise httpx2.DecodingError("the reply is compressed more than once")
    stream = response.stream
    assert isinstance(stream, httpx2.AsyncByteStream)

    def too_large() -> ReplyTooLarge:
        return _too_large(response, limit_bytes)

    packed = httpx2.Response(
        response.status_code,
        headers=response.headers,
        stream=_Counted(stream, stream.aclose, limit_bytes, too_large),
        request=response.request,
    )
    response.stream = _Counted(packed.aiter_bytes(), packed.aclose, limit_bytes, too_large)
    response.headers.pop("content-encoding", None)  # it is unpacked in the stream
    response.encoding = "utf-8"  # all that we ask speak it; a name that the reply chose may be that of a decompressor


def _too_large(response: httpx2.Response, limit_bytes: int) -> ReplyTooLarge:
    return ReplyTooLarge(
        f"HTTP {response.status_code} with a reply of more than {limit_bytes} bytes, which is not read on"
    )


class _Counted(httpx2.AsyncByteStream):
    """The pieces of another stream, up to a number of bytes."""

    def __init__(
        self,
        pieces: AsyncIterable[bytes],
        close: Callable[[], Awaitable[None]],
        limit_bytes: int,
        too_large: Callable[[], ReplyTooLarge],
    ) -> None:
        self._pieces = pieces
        self._close = close
        self._left_bytes = limit_bytes
        self._too_large = too_large

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            self._left_bytes -= len(piece)
            if self._left_bytes < 0:
                raise self._too_large()
            yield piece

    async def aclose(self) -> None:
        await self._close()
