"""What a document prints of itself is held against the registry of its DOI, over real HTTP; its values are told with their origin."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chapter_pipeline.domain.document import Metadata
from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.literature.crossref import Crossref
from chapter_pipeline.literature.registry import MetadataCheck, check_metadata

TITLE = "Drainage of chronic subdural haematoma: a cohort study"
# The shape of an answer of the REST API; the facts are made up.
MESSAGE = {
    "title": ["Drainage of chronic <i>subdural</i> haematoma"],
    "subtitle": ["a cohort study"],
    "author": [{"given": "Ada", "family": "Okafor"}, {"given": "Per", "family": "Lind"}, {"name": "Drain Group"}],
    "container-title": ["Journal of Neurosurgery and Samples"],
    "published-print": {"date-parts": [[2022, 1]]},
    "published-online": {"date-parts": [[2021, 11, 3]]},
}
ANSWERS = {
    "10.5555/known": (200, json.dumps({"status": "ok", "message": MESSAGE})),
    "10.5555/whole": (
        200,
        json.dumps(
            {
                "message": {
                    **MESSAGE,
                    "DOI": "10.5555/WHOLE",
                    "volume": "12",
                    "issue": "3",
                    "page": "101-9",
                    "language": "en-GB",
                    "type": "posted-content",
                    "license": [
                        {"URL": "https://www.example.org/tdm", "content-version": "tdm"},
                        {"URL": "http://creativecommons.org/licenses/by-nc/4.0/", "content-version": "vor"},
                    ],
                }
            }
        ),
    ),
    "10.5555/number": (
        200,
        json.dumps(
            {
                "message": {
                    "title": ["A title"],
                    "article-number": "e78",
                    "type": "journal-article",
                    "issued": {"date-parts": [[2020]]},
                    "license": [{"URL": "https://creativecommons.org/publicdomain/zero/1.0/"}],
                }
            }
        ),
    ),
    "10.5555/bare": (200, json.dumps({"status": "ok", "message": {"title": []}})),
    "10.5555/gone": (404, "Resource not found."),
    "10.5555/broken": (503, "<html>over capacity</html>"),
    "10.5555/page": (200, "<html>a captive portal</html>"),
    "10.5555/odd": (200, json.dumps([1, 2])),
}


@pytest.fixture(scope="module")
def crossref() -> Iterator[tuple[Crossref, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["User-Agent"])
            status, body = ANSWERS[self.path.removeprefix("/works/").replace("%2F", "/")]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with closing(Crossref(contact="editor@example.org", address=f"http://127.0.0.1:{server.server_port}")) as client:
        yield client, asked
    server.shutdown()
    server.server_close()


def checked(crossref: Crossref, **printed: object) -> MetadataCheck:
    values: dict[str, Any] = {
        "title": TITLE,
        "authors": ("Ada Okafor", "Per Lind", "Drain Group"),
        "year": 2021,
        "journal": "J Neurosurg Samples",
    }
    found = check_metadata(Metadata(**{**values, "doi": "10.5555/known", **printed}), [crossref])
    assert found is not None
    return found


def test_the_same_work__with_markup_subtitle_and_an_abbreviated_journal__agrees(
    crossref: tuple[Crossref, list[str]],
) -> None:
    client, asked = crossref
    assert checked(client).status == "agrees"
    assert "mailto:editor@example.org" in asked[-1]


@pytest.mark.parametrize(
    ("printed", "status", "differing"),
    [
        ({"year": 2022}, "differs", {"year"}),
        ({"authors": ("Ada Okafor", "Per Lind")}, "differs", {"authors"}),
        ({"title": "Drainage of chronic subdural haematoma"}, "differs", {"title"}),
        ({"title": "Longevity of sharks in the western Atlantic"}, "other_work", {"title"}),
        ({"doi": "10.5555/gone"}, "unknown_doi", set()),
        ({"doi": "10.5555/broken"}, "not_checked", set()),
        ({"doi": "10.5555/page"}, "not_checked", set()),
        ({"doi": "10.5555/odd"}, "not_checked", set()),
    ],
)
def test_a_difference_is_named_field_by_field(
    crossref: tuple[Crossref, list[str]], printed: dict[str, object], status: str, differing: set[str]
) -> None:
    found = checked(crossref[0], **printed)
    assert found.status == status
    assert {check.field for check in found.fields if not check.agrees} == differing
    assert found.detail


def test_a_bare_record__differs_and_is_no_other_work(crossref: tuple[Crossref, list[str]]) -> None:
    assert checked(crossref[0], doi="10.5555/bare").status == "differs"


def test_without_a_doi__nobody_is_asked(crossref: tuple[Crossref, list[str]]) -> None:
    before = len(crossref[1])
    assert check_metadata(Metadata(title=TITLE), [crossref[0]]) is None
    assert len(crossref[1]) == before


def test_work__all_that_is_registered__is_told(crossref: tuple[Crossref, list[str]]) -> None:
    assert crossref[0].work("10.5555/whole") == RegisteredWork(
        title="Drainage of chronic <i>subdural</i> haematoma: a cohort study",
        authors=("Okafor, Ada", "Lind, Per", "{Drain Group}"), year=2021, journal="Journal of Neurosurgery and Samples",
        published="2021-11-03", volume="12", issue="3", pages="101-9", doi="10.5555/whole",
        article_type="posted content", licence="CC BY-NC 4.0", language="en",
    )  # fmt: skip
    assert crossref[0].work("10.5555/number") == RegisteredWork(title="A title", year=2020, pages="e78", licence="CC0")


def test_values__registered__are_those_of_the_doi_that_was_asked_for(crossref: tuple[Crossref, list[str]]) -> None:
    found = checked(crossref[0], doi="10.5555/whole")
    told = {value.field.value: value.text for value in found.values("10.5555/whole")}
    assert (told["title"], told["volume"]) == ("Drainage of chronic subdural haematoma: a cohort study", "12")
    assert found.values("10.5555/known") == ()
    other = checked(crossref[0], title="Longevity of sharks in the western Atlantic")
    assert other.values("10.5555/known") == ()
    assert "belongs to a work of another title" in other.objection("10.5555/known")
    assert other.objection("10.5555/whole") == ""
    assert "is not registered" in checked(crossref[0], doi="10.5555/gone").objection("10.5555/gone")
