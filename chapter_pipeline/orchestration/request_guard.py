"""Owns which requests reach the Dagster webserver, which has no authentication; it changes no request.

Why each rule is there, and what they do not guard: docs/decisions/dagster-ui.md.
"""

from __future__ import annotations

import hmac
import html
import logging
import re
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chapter_pipeline.orchestration.webserver_access import ADDRESS_FILE, PARAMETER, Access

GRAPHQL = "/graphql"
READING = ("GET", "HEAD")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# The type itself: Dagster looks for the words anywhere in the header, also in a type that a foreign page may send.
JSON = re.compile(r'application/json\s*(;\s*charset\s*=\s*("?)utf-?8\2\s*)?', re.IGNORECASE)
RESPONSE_HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# A second policy beside the one that Dagster sends: a browser obeys both.
FRAMES = "frame-ancestors 'self'"
OPEN_AGAIN = (
    f"Open the address that `make up` printed: it is in the file {ADDRESS_FILE!r} of CHAPTER_HOME, too, by default"
    f" .data/{ADDRESS_FILE}. It is another one after each start. Scripts send the header 'Authorization: Bearer TOKEN'."
)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that Dagster does not see: the HTTP status, and what happened with the remedy."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """A request with the right token in its address: `location` is the same without it.

    `by_page`: the request follows a link on another site. A browser sends a Strict cookie
    after a page of this server, but not after a redirect.
    """

    location: str
    secure: bool
    by_page: bool


class Guard:
    """An ASGI application: `application` behind the rules of this module."""

    def __init__(self, application: ASGIApp, access: Access) -> None:
        self._application = application
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._application(scope, receive, send)
        match verdict(scope, self._access):
            case None:
                return await self._application(scope, receive, _with_headers(send))
            case SignIn() as sign_in:
                response = _signed_in(sign_in, self._access)
            case Refusal(status, reason):
                # The query stays out: it may hold the token.
                log.warning("refused %s %r: %s", scope.get("method", "WebSocket"), scope["path"], reason)
                response = PlainTextResponse(f"{reason}\n", status, {"Cache-Control": "no-store", **_challenge(status)})
        return await response(scope, receive, _with_headers(send))


def verdict(scope: Scope, access: Access) -> Refusal | SignIn | None:
    """What is to be done with a request or WebSocket handshake; None: `access` allows it."""
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    origins = access.origins_of_host(hosts[0]) if len(hosts) == 1 else frozenset()
    if not origins:
        return Refusal(
            403,
            f"Host {', '.join(hosts)!r} is no address of this server. Open the one that `make up` printed, or name this"
            " one in CHAPTER_WEBSERVER_ORIGINS.",
        )
    refusal = _from_elsewhere(scope, headers, origins) or _unusual(scope, headers)
    if refusal:
        return refusal
    return _sign_in(scope, headers, access, origins) or _without_credential(scope, headers, access)


def _from_elsewhere(scope: Scope, headers: Headers, origins: frozenset[str]) -> Refusal | None:
    """Refuse what a page of another origin asked for; also one on another port of this machine."""
    named = headers.getlist("origin")
    if named and (len(named) > 1 or named[0].lower() not in origins):
        return Refusal(403, f"Origin {', '.join(named)!r} is not this server's: its pages alone may ask it.")
    site = headers.get("sec-fetch-site", "same-origin")
    opened = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    if site not in ("same-origin", "none") and not (opened and not _changes(scope)):
        return Refusal(403, f"a page elsewhere ({site!r}) asked for this: this server's pages alone may.")
    return None


def _unusual(scope: Scope, headers: Headers) -> Refusal | None:
    """Refuse paths, methods and content types that Dagster's own pages do not use."""
    # A router may match a path with a trailing line break as another path, which no rule would cover.
    if _CONTROL.search(scope["path"]):
        return Refusal(400, f"the path {scope['path']!r} holds a control character: leave it out.")
    if scope["type"] == "websocket":
        return None
    method = scope["method"]
    if method not in (*READING, "POST") or (method != "POST" and scope["path"].rstrip("/") == GRAPHQL):
        return Refusal(405, f"{method} is not answered here: GraphQL is asked by POST, pages are read by GET.")
    types = headers.getlist("content-type")
    if method == "POST" and not (len(types) == 1 and JSON.fullmatch(types[0].strip())):
        return Refusal(415, f"content type {', '.join(types)!r}: send application/json.")
    return None


def _sign_in(scope: Scope, headers: Headers, access: Access, origins: frozenset[str]) -> SignIn | None:
    if scope["type"] != "http" or scope["method"] not in READING:
        return None
    parameters = [one for one in scope["query_string"].decode("latin-1").split("&") if one]
    given = [one for one in parameters if one.startswith(f"{PARAMETER}=")]
    if not any(_is(one.partition("=")[2], access.token) for one in given):
        return None
    # One slash: two would make a host of what follows.
    path = "/" + scope["raw_path"].decode("latin-1").lstrip("/\\")
    query = "&".join(one for one in parameters if one not in given)
    return SignIn(
        location=f"{path}?{query}" if query else path,
        secure=all(origin.startswith("https:") for origin in origins),
        by_page=headers.get("sec-fetch-site") == "cross-site",
    )


def _without_credential(scope: Scope, headers: Headers, access: Access) -> Refusal | None:
    scheme, _, sent = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and _is(sent.strip(), access.token):
        return None
    cookies = [one.strip().partition("=") for value in headers.getlist("cookie") for one in value.split(";")]
    if not any(name == access.cookie and _is(value, access.token) for name, _, value in cookies):
        return Refusal(401, f"This server answers only who has its token. {OPEN_AGAIN}")
    # A browser adds the cookie to requests of any page, so a cookie counts only with an Origin.
    if _changes(scope) and "origin" not in headers:
        return Refusal(403, "with a cookie, the header Origin has to say which page asked: send it, or the token.")
    return None


def _changes(scope: Scope) -> bool:
    """Whether the request can change something; over a WebSocket, anything can follow."""
    return scope["type"] == "websocket" or scope["method"] not in READING


def _is(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("latin-1", "replace"), token.encode("ascii"))


def _challenge(status: int) -> dict[str, str]:
    return {"WWW-Authenticate": "Bearer"} if status == 401 else {}


def _signed_in(sign_in: SignIn, access: Access) -> Response:
    response: Response
    if sign_in.by_page:
        to = html.escape(sign_in.location)
        response = HTMLResponse(
            f'<!doctype html><meta http-equiv="refresh" content="0; url={to}"><title>Dagster</title><a href="{to}">Go on</a>'
        )
    else:
        response = RedirectResponse(sign_in.location, status_code=303)
    response.set_cookie(access.cookie, access.token, path="/", httponly=True, samesite="strict", secure=sign_in.secure)
    response.headers["Cache-Control"] = "no-store"
    return response


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            headers.update(RESPONSE_HEADERS)
            headers.append("Content-Security-Policy", FRAMES)
        await send(message)

    return send_with_headers
