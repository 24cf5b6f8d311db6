"""JATS articles on the command line: the same commands as for PDFs, and one work with the PDF of the same article."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.program import by_name, paper
from tests.documents.articles import BODY, FRONT, jats
from tests.fake_stages import FakeStages

SLUG = "subdural-haematoma"
DRAIN = "The drain was removed on day two in nearly all patients of the cohort."


def article(path: Path, *, front: str = FRONT, body: str = BODY) -> Path:
    """The article of the tests, which has the DOI of `paper`."""
    path.write_bytes(jats(front=front, body=body))
    return path


def test_ingest__folder_with_articles__are_told_by_their_content(cli: Cli, tmp_path: Path) -> None:
    article(tmp_path / "good.nxml")
    (tmp_path / "feed.xml").write_text("<?xml version='1.0'?><rss/>")
    (tmp_path / "laughs.xml").write_text('<!DOCTYPE article [<!ENTITY a "ha">]><article>&a;</article>')
    (tmp_path / "not-a.pdf").write_bytes(jats(front=FRONT.replace("10.5555", "10.5556")))
    told = by_name(cli("ingest", tmp_path, "--json").done().lines)
    assert {name: (line["status"], line["reason"]) for name, line in told.items()} == {
        "good.nxml": ("ingested", None),
        "feed.xml": ("quarantined", "not_an_article"),
        "laughs.xml": ("quarantined", "unsafe_xml"),
        "not-a.pdf": ("ingested", None),
    }
    good = told["good.nxml"]
    assert (good["year"], good["doi"], good["pages"]) == (2021, "10.5555/sample.2021.045", 10)
    again = by_name(cli("ingest", tmp_path, "--json").done().lines)
    assert {line["status"] for line in again.values()} == {"unchanged", "quarantined"}
    listed = {one.get("document"): one for one in cli("documents", "list", "--json").done().lines}
    assert listed[good["document"]]["kind"] == "jats"


def test_documents__article__is_shown_found_and_removed(cli: Cli, tmp_path: Path) -> None:
    cli("ingest", article(tmp_path / "good.nxml")).done()
    shown = cli("documents", "show", "good.nxml", "--json").done().value
    assert shown["captions"] == [
        {"section": "Results: Survival", "label": "Figure 1", "caption": "Survival curves. Drain against none."}
    ]
    assert (shown["same_work_as"], shown["text_of"], shown["licence"]) == ([], None, "CC BY 4.0")
    assert "Survival curves" in cli("documents", "show", "good.nxml").done().out
    hit = cli("search", "drain removed on day two", "--k", "1", "--json").done().value
    assert (hit["text"], hit["page_label"], hit["paragraph"]) == (DRAIN, "Results", 2)
    assert "Results, paragraph 2" in cli("search", "drain removed on day two", "--k", "1").done().out
    cli("documents", "remove", "good.nxml").done()
    assert cli("documents", "list", "--json").done().lines == []


@pytest.mark.parametrize("first", ["pdf", "jats"])
def test_one_work__pdf_and_article_in_either_order__the_article_is_searched_and_each_can_go(
    cli: Cli, tmp_path: Path, first: str
) -> None:
    pdf, xml = paper(tmp_path / "paper.pdf", "haematoma"), article(tmp_path / "paper.nxml")
    told: dict[str, Any] = {}
    for path in (pdf, xml) if first == "pdf" else (xml, pdf):
        told |= by_name(cli("ingest", path, "--json").done().lines)
    keys = {name: line["document"] for name, line in told.items()}
    assert {line["status"] for line in told.values()} == {"ingested"}

    def found() -> set[str]:
        return {
            hit["document"] for hit in cli("search", "drain recurrence haematoma", "--k", "50", "--json").done().lines
        }

    assert found() == {keys["paper.nxml"]}
    shown = cli("documents", "show", "paper.pdf", "--json").done().value
    assert shown["same_work_as"] == [keys["paper.nxml"]]
    assert shown["text_of"] == keys["paper.nxml"]
    assert f"that of {keys['paper.nxml']}" in cli("documents", "show", "paper.pdf").done().out
    assert cli("documents", "show", "paper.nxml", "--json").done().value["text_of"] is None
    cli("documents", "remove", "paper.nxml").done()
    assert found() == {keys["paper.pdf"]}
    cli("ingest", xml).done()
    assert found() == {keys["paper.nxml"]}
    cli("documents", "remove", "paper.pdf").done()
    assert found() == {keys["paper.nxml"]}


def test_one_work__article_without_its_body__leaves_the_text_to_the_pdf(cli: Cli, tmp_path: Path) -> None:
    pdf, xml = paper(tmp_path / "paper.pdf", "haematoma"), article(tmp_path / "paper.nxml", body="")
    cli("ingest", pdf, xml).done()
    shown = cli("documents", "show", "paper.pdf", "--json").done().value
    assert (len(shown["same_work_as"]), shown["text_of"]) == (1, None)
    hits = cli("search", "burr hole drainage", "--k", "50", "--json").done().lines
    assert shown["document"] in {hit["document"] for hit in hits}


def test_one_work__another_doi_is_another_work(cli: Cli, tmp_path: Path) -> None:
    front = FRONT.replace("10.5555", "10.5556").replace("31234567", "31234568").replace("PMC7654321", "PMC7654322")
    cli("ingest", paper(tmp_path / "paper.pdf", "haematoma"), article(tmp_path / "other.nxml", front=front)).done()
    hits = cli("search", "drain haematoma", "--k", "50", "--json").done().lines
    assert len({hit["document"] for hit in hits}) == 2
    assert cli("documents", "show", "paper.pdf", "--json").done().value["same_work_as"] == []


def test_chapter__of_an_article__passes_its_gates_and_says_section_and_paragraph(
    cli: Cli, stages: FakeStages, tmp_path: Path
) -> None:
    cli("ingest", article(tmp_path / "good.nxml")).done()
    cli("chapters", "new", SLUG, "--topic", "Drainage of haematoma").done()
    assert cli("chapters", "write", SLUG, "--json").done().value["state"] == "published"
    cited = [place for line in cli("chapters", "support", SLUG, "--json").done().lines for place in line["cites"]]
    assert cited
    assert all(", paragraph " in place for place in cited)
    assert cli("chapters", "diff", SLUG, "1", "1").code == 0
    cli("chapters", "export", SLUG, "--format", "md", "--output", tmp_path / "out").done()
    (exported,) = (tmp_path / "out").glob("*.md")
    assert ", paragraph " in exported.read_text("utf-8")
