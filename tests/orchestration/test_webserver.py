"""The Dagster webserver of `up`, started for real: what a web page of somebody else tries starts no run, its own pages work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.support.ui import WebDriverWait
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.browsing import chromium
from tests.orchestration.small_dagster import BEARER, LAUNCH, TOKEN, SmallDagster, small_dagster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.xdist_group("small_dagster")]
ROOT = Path(__file__).resolve().parents[2]
FOREIGN = "https://attacker.example"
QUERY = json.dumps({"query": LAUNCH})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDagster]:
    with small_dagster(tmp_path_factory.mktemp("small")) as running:
        yield running


@pytest.fixture(scope="module")
def cookie(server: SmallDagster) -> dict[str, str]:
    """What a browser sends that was once opened at the printed address."""
    answer = server.request("GET", f"/?token={TOKEN}", {})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


ATTACKS = {
    "simple post that looks like JSON": (
        "POST", "/graphql", {"Origin": FOREIGN, "Content-Type": "text/plain; x=application/json"}, QUERY, 403,
    ),
    "the same of a client that names no origin": (
        "POST", "/graphql", {"Content-Type": "text/plain; x=application/json"}, QUERY, 415,
    ),
    "form whose address holds the query": (
        "POST", f"/graphql?query={quote(LAUNCH)}",
        {"Origin": FOREIGN, "Content-Type": "application/x-www-form-urlencoded"}, "", 403,
    ),
    "JSON of another origin": ("POST", "/graphql", {"Origin": FOREIGN, "Content-Type": "application/json"}, QUERY, 403),
    "image whose address holds the query": ("GET", f"/graphql?query={quote(LAUNCH)}", {}, "", 405),
    "report of a materialization": (
        "POST", "/report_asset_materialization/spent", {"Origin": FOREIGN, "Content-Type": "application/json"}, "{}", 403,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), ATTACKS.values(), ids=ATTACKS)
def test_webserver__what_a_page_of_another_origin_sends__starts_no_run_even_with_the_cookie(
    server: SmallDagster,
    cookie: dict[str, str],
    method: str,
    path: str,
    headers: dict[str, str],
    body: str,
    status: int,
) -> None:
    before = server.runs()
    assert server.request(method, path, {**headers, **cookie}, body).status == status
    assert server.runs() == before


def test_webserver__name_that_was_rebound_to_this_machine__is_refused(
    server: SmallDagster, cookie: dict[str, str]
) -> None:
    host = f"attacker.example:{server.port}"
    before = server.runs()
    for query in ("{ version }", LAUNCH):
        answer = server.graphql(query, {**cookie, "Origin": f"http://{host}"}, host=host)
        assert answer.status == 403
        assert "is no address of this server" in answer.text
    assert server.runs() == before


def test_webserver__without_a_token__answers_nothing_but_what_to_do(server: SmallDagster) -> None:
    before = server.runs()
    answers = [server.request("GET", path, {}) for path in ("/", "/server_info", "/runs", "/favicon.png")]
    answers.append(server.graphql(LAUNCH, {}))
    assert [answer.status for answer in answers] == [401] * 5
    assert all("Open the address that `make up` printed" in answer.text for answer in answers)
    assert server.runs() == before


def test_webserver__with_the_cookie__shows_the_page_and_starts_a_run_for_it(
    server: SmallDagster, cookie: dict[str, str]
) -> None:
    page = server.request("GET", "/", cookie)
    assert (page.status, 'id="root"' in page.text) == (200, True)
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    before = server.runs()
    assert server.graphql(LAUNCH, {**cookie, "Origin": server.origin}).status == 200
    assert server.runs() == before + 1


def test_webserver__script_with_the_token__starts_a_run(server: SmallDagster) -> None:
    before = server.runs()
    assert server.graphql(LAUNCH, BEARER).status == 200
    assert server.runs() == before + 1


def test_readme__script_that_asks_the_pages__starts_a_run(server: SmallDagster, tmp_path: Path) -> None:
    [script] = re.findall(r"```python\n(.+?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    kept = tmp_path / "webserver-address"
    kept.write_text(f"{server.origin}/?token={TOKEN}\nhttps://chapters.example.org/?token={TOKEN}\n")
    for there, here in ((".data/webserver-address", str(kept)), ("3000", str(server.port))):
        assert there in script
        script = script.replace(there, here)
    before = server.runs()
    names: dict[str, Any] = {}
    exec(script, names)
    names["client"].submit_job_execution("spend", repository_location_name="small", repository_name="__repository__")
    assert server.runs() == before + 1


def test_webserver__socket__opens_to_its_own_pages_and_to_scripts_only(
    server: SmallDagster, cookie: dict[str, str]
) -> None:
    def handshake(headers: dict[str, str]) -> str:
        address = f"ws://127.0.0.1:{server.port}/graphql"
        with connect(
            address, additional_headers=headers, subprotocols=[Subprotocol("graphql-ws")], proxy=None
        ) as socket:
            socket.send(json.dumps({"type": "connection_init"}))
            return str(json.loads(socket.recv())["type"])

    assert handshake({**cookie, "Origin": server.origin}) == "connection_ack"
    assert handshake(BEARER) == "connection_ack"
    for status, headers in (
        (403, {**cookie, "Origin": FOREIGN}),
        (403, {**cookie, "Origin": "null"}),
        (403, {**cookie, "Origin": "http://127.0.0.1:1"}),
        (403, cookie),
        (401, {"Origin": server.origin}),
    ):
        with pytest.raises(InvalidStatus) as refused:
            handshake(headers)
        assert refused.value.response.status_code == status


def test_webserver__opened_with_its_token__tells_it_to_no_log_and_no_list_of_processes(server: SmallDagster) -> None:
    assert server.request("GET", f"/runs?token={TOKEN}", {}).status == 303
    assert server.request("GET", f"/runs?token={TOKEN}", {}, host="attacker.example").status == 403
    said = server.log.read_text()
    assert "refused GET '/runs'" in said
    assert TOKEN not in said
    seen = [_read(path) for name in ("cmdline", "environ") for path in Path("/proc").glob(f"[0-9]*/{name}")]
    assert any(b"chapter_pipeline.orchestration.webserver" in one for one in seen)
    assert not [one for one in seen if TOKEN.encode() in one]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a process that has ended meanwhile
        return b""


HOSTILE_PAGE = """<!doctype html><title>hostile</title><body><script>
const server = "SERVER", query = QUERY, address = "/graphql?query=" + encodeURIComponent(query);
const json = JSON.stringify({query: query}), disguised = "text/plain; x=application/json";
const settled = promise => promise.then(answer => answer.type, () => "failed");
const loaded = (element, set) => new Promise(done => {
  element.onload = () => done("loaded"); element.onerror = () => done("failed");
  set(element); document.body.append(element);
});
const simple = body => settled(fetch(server + "/graphql", {
  method: "POST", mode: "no-cors", credentials: "include", headers: {"Content-Type": disguised}, body: body}));
const read = (method, type) => settled(fetch(server + "/graphql", {
  method: method, credentials: "include", headers: {"Content-Type": type}, body: json}));
const form = () => new Promise(done => {
  const frame = document.createElement("iframe"), form = document.createElement("form");
  frame.name = "answer"; document.body.append(frame);
  Object.assign(form, {method: "POST", action: server + address, enctype: "text/plain", target: "answer"});
  document.body.append(form); frame.onload = () => done("loaded"); form.submit();
});
const socket = () => new Promise(done => {
  const socket = new WebSocket(server.replace("http", "ws") + "/graphql", "graphql-ws");
  socket.onopen = () => done("open"); socket.onerror = () => done("failed");
});
(async () => {
  const found = {};
  found.simple = await simple(json);
  found.blob = await simple(new Blob([json], {type: disguised}));
  found.form = await form();
  found.image = await loaded(new Image(), element => { element.src = server + address; });
  found.preflight = await read("POST", "application/json");
  found.read = await settled(fetch(server + "/server_info", {credentials: "include"}));
  found.script = await loaded(document.createElement("script"), element => { element.src = server + "/server_info"; });
  found.socket = await socket();
  found.frame = await loaded(document.createElement("iframe"), element => {
    element.id = "framed"; element.src = server + "/runs"; });
  window.found = found;
})();
</script>"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    rebound = "--host-resolver-rules=MAP attacker.example 127.0.0.1"
    with chromium(tmp_path_factory.mktemp("profile"), rebound) as opened:
        yield opened


@contextmanager
def _pages(text: str) -> Iterator[int]:
    """The port on which this page is served, under every name of this machine."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as pages:
        thread = Thread(target=pages.serve_forever)
        thread.start()
        try:
            yield pages.server_port
        finally:
            pages.shutdown()
            thread.join()


def _sign_in(browser: Any, server: SmallDagster) -> None:
    browser.get(f"{server.origin}/?token={TOKEN}")
    assert "token" not in browser.current_url
    assert {cookie["name"] for cookie in browser.get_cookies()} == {f"chapter_pipeline_{server.port}"}


# Another port of this host is the hard case: for a browser the same site, so the cookie goes along.
@pytest.mark.browser
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "attacker.example"])
def test_webserver__hostile_page_in_the_browser_of_somebody_signed_in__does_and_reads_nothing(
    server: SmallDagster, browser: Any, name: str
) -> None:
    page = HOSTILE_PAGE.replace("SERVER", server.origin).replace("QUERY", json.dumps(LAUNCH))
    _sign_in(browser, server)
    before, refused = server.runs(), server.log.read_text().count("refused ")
    with _pages(page) as port:
        browser.get(f"http://{name}:{port}/")
        found = WebDriverWait(browser, 60).until(lambda _: browser.execute_script("return window.found"))
        browser.switch_to.frame("framed")
        framed = str(browser.execute_script("return document.body ? document.body.innerText : ''"))
        browser.switch_to.default_content()
    assert server.runs() == before
    assert {name: found[name] for name in ("image", "preflight", "read", "script", "socket")} == dict.fromkeys(
        ("image", "preflight", "read", "script", "socket"), "failed"
    )
    assert "Runs" not in framed
    # All nine came to the server: it is not only the browser that kept them back.
    assert server.log.read_text().count("refused ") - refused >= 9
    browser.get(f"{server.origin}/server_info")  # still signed in
    assert "dagster_version" in browser.page_source


@pytest.mark.browser
def test_webserver__page_under_a_rebound_name__is_not_shown(server: SmallDagster, browser: Any) -> None:
    for path in ("/", f"/?token={TOKEN}"):
        browser.get(f"http://attacker.example:{server.port}{path}")
        assert "is no address of this server" in browser.page_source


@pytest.mark.browser
def test_webserver__printed_address_as_a_link_on_another_site__opens_the_pages(
    server: SmallDagster, browser: Any
) -> None:
    browser.get(server.origin)
    browser.delete_all_cookies()
    browser.get(server.origin)
    assert "Open the address that `make up` printed" in browser.page_source
    with _pages(f'<a id="link" href="{server.origin}/runs?token={TOKEN}">Dagster</a>') as port:
        browser.get(f"http://localhost:{port}/")
        browser.find_element("id", "link").click()
        WebDriverWait(browser, 60).until(lambda _: browser.find_elements("id", "root"))
    assert browser.current_url.startswith(f"{server.origin}/runs")
    assert "token" not in browser.current_url


@pytest.mark.browser
def test_webserver__its_own_pages_in_a_browser__start_a_run_and_follow_it(server: SmallDagster, browser: Any) -> None:
    before = server.runs()
    _sign_in(browser, server)
    browser.get(f"{server.origin}/locations/small/jobs/spend/playground")
    launch = "//button[contains(., 'Launch Run')][not(@disabled)]"
    wait = WebDriverWait(browser, 60, ignored_exceptions=[NoSuchElementException, StaleElementReferenceException])
    wait.until(lambda _: browser.find_element("xpath", launch)).click()
    received: list[str] = []

    def followed(_: object) -> bool:
        """Whether the page of the run was told of it over its WebSocket. No daemon is there to take it from the queue."""
        messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        received.extend(
            str(one["params"]["response"]["payloadData"])
            for one in messages
            if one["method"] == "Network.webSocketFrameReceived"
        )
        return any("RunEnqueuedEvent" in frame for frame in received)

    wait.until(followed)
    assert "/runs/" in browser.current_url
    assert server.runs() == before + 1
