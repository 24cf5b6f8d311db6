"""PubMed is asked by DOI over real HTTP, in the order and at the rate NCBI asks for; Crossref is asked before it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from chapter_pipeline.domain.document import Metadata, StudyType
from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.errors import TransientError
from chapter_pipeline.literature.pubmed import INTERVAL_S, PubMed
from chapter_pipeline.literature.registry import check_metadata

Asked = list[tuple[str, dict[str, list[str]], float]]
"""Path, query, and when it was by the client's own clock."""


class Watch:
    """A clock that goes on only while somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


# The shape of an answer of esummary, version 2.0; the facts are made up.
RECORD = {
    "uid": "71",
    "title": "Drainage of chronic subdural haematoma.",
    "authors": [
        {"name": "Okafor AB", "authtype": "Author"},
        {"name": "Drain Study Group", "authtype": "CollectiveName"},
    ],
    "pubdate": "2022 Jan",
    "epubdate": "2021 Nov 3",
    "fulljournalname": "Journal of samples",
    "source": "J Samples",
    "volume": "12",
    "issue": "3",
    "pages": "101-9",
    "lang": ["eng"],
    "pubtype": ["Journal Article", "Randomized Controlled Trial"],
    "articleids": [
        {"idtype": "pubmed", "value": "71"},
        {"idtype": "doi", "value": "10.5555/Known"},
        {"idtype": "pmc", "value": "PMC7100001"},
    ],
}
FOUND = {
    "10.5555/known": ["71"], "10.5555/none": [], "10.5555/two": ["71", "72"], "10.5555/other": ["71"],
    "10.5555/withdrawn": ["73"],
}  # fmt: skip


@pytest.fixture
def served() -> Iterator[tuple[PubMed, Asked]]:
    asked: Asked = []
    watch = Watch()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            given = parse_qs(address.query)
            asked.append((address.path, given, watch.now))
            doi = given.get("term", [""])[0].removesuffix("[doi]").strip('"')
            if doi == "10.5555/busy":
                status, body = 429, '{"error":"API rate limit exceeded"}'
            elif address.path == "/esearch.fcgi":
                status, body = 200, json.dumps({"esearchresult": {"idlist": FOUND[doi]}})
            elif given["id"] == ["73"]:
                status, body = (
                    200,
                    json.dumps({"result": {"73": {"uid": "73", "error": "cannot get document summary"}}}),
                )
            else:
                status, body = 200, json.dumps({"result": {"uids": ["71"], "71": RECORD}})
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    with closing(
        PubMed(contact="editor@example.org", address=address, monotonic=lambda: watch.now, sleep=watch.sleep)
    ) as client:
        yield client, asked
    server.shutdown()
    server.server_close()


def test_work__is_found_by_its_doi__with_the_year_of_first_publication(served: tuple[PubMed, Asked]) -> None:
    client, asked = served
    assert client.work("10.5555/known") == RegisteredWork(
        title="Drainage of chronic subdural haematoma", authors=("Okafor, AB", "{Drain Study Group}"), year=2021,
        journal="Journal of samples", published="2021-11-03", volume="12", issue="3", pages="101-9", doi="10.5555/known",
        pmid="71", pmcid="PMC7100001", article_type="Randomized Controlled Trial",
        study_type=StudyType.RANDOMISED_TRIAL, language="en",
    )  # fmt: skip
    (_, search, first), (_, summary, second) = asked
    assert search["email"] == summary["email"] == ["editor@example.org"]
    assert search["term"] == ['"10.5555/known"[doi]']
    assert second - first == pytest.approx(INTERVAL_S)


@pytest.mark.parametrize("doi", ["10.5555/none", "10.5555/two", "10.5555/other", "10.5555/withdrawn"])
def test_work__no_single_record_of_that_doi__is_none(served: tuple[PubMed, Asked], doi: str) -> None:
    assert served[0].work(doi) is None


def test_work__refused__says_that_it_can_be_tried_again(served: tuple[PubMed, Asked]) -> None:
    with pytest.raises(TransientError, match=r"10\.5555/busy"):
        served[0].work("10.5555/busy")


class _Other:
    """A registry before PubMed that has no work, or cannot be reached."""

    name = "Crossref"

    def __init__(self, *, reachable: bool) -> None:
        self._reachable = reachable

    def work(self, doi: str) -> RegisteredWork | None:
        if not self._reachable:
            raise TransientError("Crossref gave no answer")
        return None


@pytest.mark.parametrize("reachable", [True, False])
def test_check__the_first_registry_has_no_answer__the_next_is_asked(
    served: tuple[PubMed, Asked], reachable: bool
) -> None:
    printed = Metadata(title="Drainage of chronic subdural haematoma", year=2022, doi="10.5555/known")
    found = check_metadata(printed, [_Other(reachable=reachable), served[0]])
    assert found is not None
    assert (found.registry, found.status) == ("PubMed", "differs")
    missing = check_metadata(printed.__class__(doi="10.5555/none"), [_Other(reachable=reachable), served[0]])
    assert missing is not None
    assert missing.status == ("unknown_doi" if reachable else "not_checked")
