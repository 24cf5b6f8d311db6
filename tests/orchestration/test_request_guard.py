"""Which requests reach Dagster: the rules as a table of requests, and the addresses, cookies and files around them."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from chapter_pipeline.errors import UsageError
from chapter_pipeline.orchestration.request_guard import Guard, Refusal, SignIn, verdict
from chapter_pipeline.orchestration.webserver_access import Access, access_of, address_file, new_token
from chapter_pipeline.settings import Settings, settings_from_environment

TOKEN = "right-token"
HOST, ORIGIN = "127.0.0.1:3000", "http://127.0.0.1:3000"
ACCESS = access_of(Settings(webserver_origins=("https://chapters.example.org",)), TOKEN)
COOKIE = f"chapter_pipeline_3000={TOKEN}"
BEARER = f"Bearer {TOKEN}"
JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request; its headers in order, for some must not come twice."""

    method: str = "GET"
    path: str = "/runs"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = (("host", HOST),)
    type: str = "http"

    def having(self, **headers: str) -> Asked:
        """The same with these headers instead of those of the same name; an empty value takes one away."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = tuple((name, value) for name, value in self.headers if name not in given)
        return replace(self, headers=(*kept, *((name, value) for name, value in given.items() if value)))

    def with_another(self, name: str, value: str) -> Asked:
        return replace(self, headers=(*self.headers, (name, value)))

    @property
    def scope(self) -> dict[str, Any]:
        scope: dict[str, Any] = {
            "type": self.type,
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in self.headers],
            "extensions": {"websocket.http.response": {}},
        }
        return scope | ({"method": self.method} if self.type == "http" else {})


PAGE = Asked().having(cookie=COOKIE)
QUERY = Asked(method="POST", path="/graphql").having(cookie=COOKIE, origin=ORIGIN, content_type=JSON)
REPORT = replace(QUERY, path="/report_asset_materialization/passages")
SOCKET = Asked(type="websocket", path="/graphql").having(cookie=COOKIE, origin=ORIGIN)
SCRIPT = Asked(method="POST", path="/graphql").having(authorization=BEARER, content_type=JSON)
LINK = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}

ALLOWED = {
    "page with the cookie": PAGE,
    "page under localhost": PAGE.having(host="localhost:3000"),
    "page under IPv6": PAGE.having(host="[::1]:3000"),
    "page under a name in capitals": PAGE.having(host="LOCALHOST:3000"),
    "page behind a proxy": PAGE.having(host="chapters.example.org"),
    "page behind a proxy that names the port": PAGE.having(host="chapters.example.org:443"),
    "page among other cookies": PAGE.having(cookie=f"other=1; {COOKIE}; last=2"),
    "page beside an older cookie of ours": PAGE.having(cookie=f"chapter_pipeline_3000=older; {COOKIE}"),
    "head": replace(PAGE, method="HEAD"),
    "opened by a person": PAGE.having(sec_fetch_site="none", sec_fetch_mode="navigate", sec_fetch_dest="document"),
    "opened by a link elsewhere": PAGE.having(**LINK),
    "picture opened by a person": PAGE.having(sec_fetch_site="none", sec_fetch_mode="no-cors", sec_fetch_dest="image"),
    "page's own resource": PAGE.having(sec_fetch_site="same-origin", sec_fetch_mode="no-cors", sec_fetch_dest="script"),
    "font, asked with its origin": PAGE.having(origin=ORIGIN),
    "query": QUERY,
    "query of a browser": QUERY.having(sec_fetch_site="same-origin", sec_fetch_mode="cors", sec_fetch_dest="empty"),
    "query with a charset": QUERY.having(content_type="application/json; charset=utf-8"),
    "query with a quoted charset": QUERY.having(content_type='Application/JSON;charset="UTF-8"'),
    "query behind a proxy": QUERY.having(host="chapters.example.org", origin="https://chapters.example.org"),
    "report": REPORT,
    "socket": SOCKET,
    "socket of a script": SOCKET.having(cookie="", origin="", authorization=BEARER),
    "query of a script": SCRIPT,
    "query of a script, scheme in small letters": SCRIPT.having(authorization=f"bearer {TOKEN}"),
    "page of a script": Asked().having(authorization=BEARER),
}

REFUSED = {
    # A name that is not ours (DNS rebinding), however well all else fits it.
    "foreign host": (403, QUERY.having(host="attacker.example:3000", origin="http://attacker.example:3000")),
    "foreign host of a script": (403, SCRIPT.having(host="attacker.example:3000")),
    "foreign host of a socket": (403, SOCKET.having(host="attacker.example:3000")),
    "host that ends in ours": (403, PAGE.having(host="attacker.127.0.0.1:3000")),
    "host that begins as ours": (403, PAGE.having(host="127.0.0.1:3000.attacker.example")),
    "host with a user": (403, PAGE.having(host="127.0.0.1:3000@attacker.example")),
    "host with another port": (403, PAGE.having(host="127.0.0.1:3001")),
    "host without a port": (403, PAGE.having(host="127.0.0.1")),
    "host with a dot at its end": (403, PAGE.having(host="localhost.:3000")),
    "host of the proxy with our port": (403, PAGE.having(host="chapters.example.org:3000")),
    "part of the host of the proxy": (403, PAGE.having(host="example.org")),
    "no host": (403, PAGE.having(host="")),
    "two hosts": (403, PAGE.with_another("host", "attacker.example")),
    "the same host twice": (403, PAGE.with_another("host", HOST)),
    # A page of another origin.
    "foreign origin": (403, QUERY.having(origin="https://attacker.example")),
    "foreign origin with text that looks like JSON": (
        403,
        QUERY.having(origin="https://attacker.example", content_type="text/plain; x=application/json"),
    ),
    "foreign origin of a script": (403, SCRIPT.having(origin="https://attacker.example")),
    "foreign origin of a page": (403, PAGE.having(origin="https://attacker.example")),
    "foreign origin of a report": (403, REPORT.having(origin="https://attacker.example")),
    "foreign origin of a socket": (403, SOCKET.having(origin="https://attacker.example")),
    "origin null": (403, QUERY.having(origin="null")),
    "origin null of a socket": (403, SOCKET.having(origin="null")),
    "origin on another port": (403, QUERY.having(origin="http://127.0.0.1:8000")),
    "origin of another name of this machine": (403, QUERY.having(origin="http://localhost:3000")),
    "origin with another scheme": (403, QUERY.having(origin="https://127.0.0.1:3000")),
    "origin of the proxy at our own host": (403, QUERY.having(origin="https://chapters.example.org")),
    "origin of the proxy without TLS": (
        403,
        QUERY.having(host="chapters.example.org", origin="http://chapters.example.org"),
    ),
    "two origins": (403, QUERY.with_another("origin", ORIGIN)),
    "no origin, of a browser": (403, QUERY.having(origin="")),
    "no origin, of a browser's report": (403, REPORT.having(origin="")),
    "no origin, of a browser's socket": (403, SOCKET.having(origin="")),
    "query from another site": (403, QUERY.having(sec_fetch_site="cross-site")),
    "query from another port": (403, QUERY.having(sec_fetch_site="same-site")),
    "form sent from another site": (403, QUERY.having(**LINK)),
    "socket from another site": (403, SOCKET.having(sec_fetch_site="cross-site")),
    "frame in a page of another port": (
        403,
        PAGE.having(sec_fetch_site="same-site", sec_fetch_mode="navigate", sec_fetch_dest="iframe"),
    ),
    "script in a page of another port": (
        403,
        PAGE.having(sec_fetch_site="same-site", sec_fetch_mode="no-cors", sec_fetch_dest="script"),
    ),
    # GraphQL by GET runs mutations too.
    "query by get": (405, replace(PAGE, path="/graphql", query="query=mutation{launchRun}")),
    "query by head": (405, replace(PAGE, path="/graphql", method="HEAD")),
    "query by get, line break at the end": (400, replace(PAGE, path="/graphql\n", query="query=mutation{launchRun}")),
    "line separator in the path": (400, replace(PAGE, path="/graphql\u2028")),
    "query by get, slash at the end": (405, replace(PAGE, path="/graphql/")),
    "preflight": (405, replace(QUERY, method="OPTIONS")),
    "put": (405, replace(QUERY, method="PUT")),
    "delete": (405, replace(QUERY, method="DELETE")),
    "preflight of a report": (405, replace(REPORT, method="OPTIONS")),
    "put of a page": (405, replace(PAGE, method="PUT").having(origin=ORIGIN)),
    "method in small letters": (405, replace(QUERY, method="post")),
    # Content types that a page may send elsewhere without asking first, and others.
    "text that looks like JSON": (415, QUERY.having(content_type="text/plain; x=application/json")),
    "form that looks like JSON": (415, QUERY.having(content_type="multipart/form-data; boundary=application/json")),
    "form": (415, QUERY.having(content_type="application/x-www-form-urlencoded")),
    "text": (415, QUERY.having(content_type="text/plain")),
    "GraphQL as such": (415, QUERY.having(content_type="application/graphql")),
    "JSON and more": (415, QUERY.having(content_type="application/json; x=text/plain")),
    "JSON with two charsets": (415, QUERY.having(content_type="application/json; charset=utf-8; charset=utf-7")),
    "JSON in another charset": (415, QUERY.having(content_type="application/json; charset=utf-7")),
    "longer type": (415, QUERY.having(content_type="application/json-patch+json")),
    "two types in one": (415, QUERY.having(content_type="text/plain, application/json")),
    "two types": (415, QUERY.with_another("content-type", "text/plain")),
    "no type": (415, QUERY.having(content_type="")),
    "form as report": (415, REPORT.having(content_type="application/x-www-form-urlencoded")),
    "no type of a report": (415, REPORT.having(content_type="")),
    # No token.
    "page": (401, Asked()),
    "page of the server's state": (401, Asked(path="/server_info")),
    "log of a run": (401, Asked(path="/logs/run/compute_logs/step.err")),
    "static file": (401, Asked(path="/favicon.png")),
    "query without a token": (401, QUERY.having(cookie="")),
    "report without a token": (401, REPORT.having(cookie="")),
    "socket without a token": (401, SOCKET.having(cookie="")),
    "wrong cookie": (401, PAGE.having(cookie="chapter_pipeline_3000=wrong")),
    "empty cookie": (401, PAGE.having(cookie="chapter_pipeline_3000=")),
    "cookie of a start on another port": (401, PAGE.having(cookie=f"chapter_pipeline_3001={TOKEN}")),
    "cookie with more than the token": (401, PAGE.having(cookie=f"{COOKIE}x")),
    "cookie with less than the token": (401, PAGE.having(cookie=COOKIE[:-1])),
    "wrong token of a script": (401, SCRIPT.having(authorization="Bearer wrong")),
    "token of a script that is not ASCII": (401, SCRIPT.having(authorization="Bearer righ\xfe")),
    "token under another scheme": (401, SCRIPT.having(authorization=f"Basic {TOKEN}")),
    "no token of a script": (401, SCRIPT.having(authorization="Bearer ")),
    "wrong token in the address": (401, Asked(query="token=wrong")),
    "empty token in the address": (401, Asked(query="token=")),
    "token in the address of a query": (
        401,
        replace(QUERY.having(cookie=""), query=f"token={TOKEN}"),
    ),
    "token in the address of a socket": (401, replace(SOCKET.having(cookie=""), query=f"token={TOKEN}")),
}


@pytest.mark.parametrize("asked", ALLOWED.values(), ids=ALLOWED)
def test_verdict__request_of_the_pages_or_of_a_script__is_allowed(asked: Asked) -> None:
    assert verdict(asked.scope, ACCESS) is None


@pytest.mark.parametrize(("status", "asked"), REFUSED.values(), ids=REFUSED)
def test_verdict__any_other_request__is_refused_with_its_status(status: int, asked: Asked) -> None:
    refused = verdict(asked.scope, ACCESS)
    assert isinstance(refused, Refusal)
    assert refused.status == status
    assert TOKEN not in refused.reason


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/", f"token={TOKEN}", "/"),
        ("/runs/1", f"view=list&token={TOKEN}&a=%2F", "/runs/1?view=list&a=%2F"),
        ("/", f"token=wrong&token={TOKEN}", "/"),
        ("//attacker.example/", f"token={TOKEN}", "/attacker.example/"),
        ("/\\attacker.example", f"token={TOKEN}", "/attacker.example"),
    ],
)
def test_verdict__right_token_in_the_address__leads_to_the_same_page_without_it(
    path: str, query: str, location: str
) -> None:
    assert verdict(Asked(path=path, query=query).scope, ACCESS) == SignIn(location, secure=False, by_page=False)


def test_verdict__right_token_at_another_name__is_refused() -> None:
    asked = Asked(query=f"token={TOKEN}")
    assert isinstance(verdict(asked.having(host="attacker.example:3000").scope, ACCESS), Refusal)
    assert isinstance(verdict(asked.having(origin="https://attacker.example").scope, ACCESS), Refusal)


@pytest.mark.parametrize(
    ("host", "port", "first", "others"),
    [
        ("127.0.0.1", 3000, "http://127.0.0.1:3000", {"http://localhost:3000", "http://[::1]:3000"}),
        ("127.0.0.2", 3000, "http://127.0.0.2:3000", {"http://127.0.0.1:3000", "http://localhost:3000"}),
        ("localhost", 3000, "http://localhost:3000", {"http://127.0.0.1:3000", "http://[::1]:3000"}),
        ("::1", 3000, "http://[::1]:3000", {"http://127.0.0.1:3000", "http://localhost:3000"}),
        ("0.0.0.0", 3000, "http://127.0.0.1:3000", {"http://localhost:3000"}),
        ("::", 3000, "http://[::1]:3000", {"http://localhost:3000"}),
        ("192.168.1.5", 8080, "http://192.168.1.5:8080", set()),
        ("Box", 80, "http://box", set()),
    ],
)
def test_access__of_a_bound_address__has_the_names_that_reach_it(
    host: str, port: int, first: str, others: set[str]
) -> None:
    access = access_of(Settings(webserver_host=host, webserver_port=port), TOKEN)
    assert access.printed == (first,)
    assert access.addresses == (f"{first}/?token={TOKEN}",)
    assert others <= set(access.origins)
    assert not access.origins_of_host("0.0.0.0:3000")


def test_access__shown__keeps_its_token_to_itself() -> None:
    assert TOKEN not in repr(ACCESS)
    assert new_token() != new_token()
    assert len(new_token()) >= 43  # 256 bits


@pytest.mark.parametrize(
    ("written", "origins"),
    [
        ("https://chapters.example.org", ("https://chapters.example.org",)),
        (
            " HTTPS://Chapters.Example.org:443/ , http://box:8080,",
            ("https://chapters.example.org", "http://box:8080"),
        ),
        ("http://[::1]:80", ("http://[::1]",)),
    ],
)
def test_settings__origins__are_kept_as_browsers_write_them(
    written: str, origins: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPTER_WEBSERVER_ORIGINS", written)
    assert settings_from_environment().webserver_origins == origins


@pytest.mark.parametrize(
    "written",
    ["chapters.example.org", "*", "https://", "ftp://box", "https://box/path", "https://a@box", "http://box:99999"],
)
def test_settings__what_is_no_origin__is_refused_with_the_variable(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPTER_WEBSERVER_ORIGINS", written)
    with pytest.raises(UsageError, match="CHAPTER_WEBSERVER_ORIGINS"):
        settings_from_environment()


def test_address_file__is_for_its_owner_alone_and_goes_with_the_start(tmp_path: Path) -> None:
    path = tmp_path / "webserver-address"
    path.write_text("of a start that was killed")
    path.chmod(0o644)
    with address_file(tmp_path, ACCESS) as written:
        assert written == path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().splitlines() == [
            f"http://127.0.0.1:3000/?token={TOKEN}",
            f"https://chapters.example.org/?token={TOKEN}",
        ]
    assert not path.exists()


@dataclass
class Application:
    """What is guarded: it notes what it sees."""

    seen: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope["path"])
        await PlainTextResponse("seen", headers={"Content-Security-Policy": "object-src 'none'"})(scope, receive, send)


@dataclass(frozen=True)
class Sent:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    def all(self, name: str) -> list[str]:
        return [value for one, value in self.headers if one == name]


async def _send(asked: Asked, access: Access = ACCESS) -> tuple[Sent, list[str]]:
    """What the guard answers, and what the application behind it saw."""
    messages: list[Mapping[str, Any]] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    application = Application()
    await Guard(application, access)(asked.scope, receive, send)
    headers = tuple((name.decode().lower(), value.decode()) for name, value in messages[0]["headers"])
    return Sent(messages[0]["status"], headers, messages[-1]["body"].decode()), application.seen


async def test_guard__allowed_page__is_answered_and_must_not_be_framed() -> None:
    sent, seen = await _send(PAGE)
    assert (sent.status, sent.body, seen) == (200, "seen", ["/runs"])
    assert sent.all("x-frame-options") == ["SAMEORIGIN"]
    assert sent.all("content-security-policy") == ["object-src 'none'", "frame-ancestors 'self'"]


@pytest.mark.parametrize(("status", "asked"), REFUSED.values(), ids=REFUSED)
async def test_guard__refused_request__is_not_seen_by_the_application(status: int, asked: Asked) -> None:
    sent, seen = await _send(asked)
    assert (sent.status, seen) == (status, [])
    assert "seen" not in sent.body
    assert sent.all("content-type") == ["text/plain; charset=utf-8"]
    assert sent.all("set-cookie") == []


async def test_guard__no_token__says_what_to_do() -> None:
    sent, _ = await _send(Asked())
    assert "Open the address that `make up` printed" in sent.body
    assert "webserver-address" in sent.body
    assert sent.all("www-authenticate") == ["Bearer"]


@pytest.mark.parametrize(("host", "secure"), [(HOST, False), ("chapters.example.org", True)])
async def test_guard__right_token__is_put_into_a_cookie_that_pages_cannot_read(host: str, secure: bool) -> None:
    sent, seen = await _send(Asked(path="/", query=f"token={TOKEN}").having(host=host))
    assert (sent.status, sent.all("location"), seen) == (303, ["/"], [])
    [cookie] = SimpleCookie(sent.all("set-cookie")[0]).values()
    assert f"{cookie.key}={cookie.value}" == COOKIE
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/")
    assert bool(cookie["secure"]) is secure
    assert sent.all("cache-control") == ["no-store"]
    assert sent.all("referrer-policy") == ["same-origin"]


async def test_guard__right_token_by_a_link_on_another_site__goes_on_by_a_page() -> None:
    sent, seen = await _send(Asked(path='/runs"<b>', query=f"token={TOKEN}").having(**LINK))
    assert (sent.status, seen) == (200, [])
    assert "url=/runs&quot;&lt;b&gt;" in sent.body
    assert sent.all("set-cookie")
    assert TOKEN not in sent.body


async def test_guard__refusal_and_sign_in__leave_no_token_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    await _send(Asked(path="/runs", query=f"token={TOKEN}").having(host="attacker.example"))
    await _send(Asked(path="/runs", query=f"token={TOKEN}"))
    assert "refused GET '/runs'" in caplog.text
    assert TOKEN not in caplog.text
