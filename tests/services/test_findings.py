"""Findings: searched under filters, ordered by their passages and their own words, and exported whole or not at all."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, Species, StudyRecord
from chapter_pipeline.errors import AlreadyExists, NotFound, UsageError
from chapter_pipeline.services.finding_filters import DESIGNS, finding_filter
from chapter_pipeline.services.findings import Findings
from chapter_pipeline.services.inventory import FileState, InventoryItem
from chapter_pipeline.services.study_records import make_record
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.findings import FindingFilter, FindingQueries
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from tests.library_samples import HashEmbedder, add
from tests.study_records import SERIES, TRIAL, series_record, trial_record

EVERYTHING = FindingFilter()


def record(library: LibraryStore, name: str, made: StudyRecord) -> None:
    found = library.find_named(name)
    assert found is not None
    make_record(library, found.id, lambda _: made, again=True)


@pytest.fixture(scope="module")
def library(module_database: Database) -> LibraryStore:
    """A trial, a series and a document without a study record."""
    library = LibraryStore(module_database)
    for name, text, made in (("trial", TRIAL, trial_record()), ("series", SERIES, series_record())):
        add(library, f"library/{name}.pdf", text)
        record(library, f"library/{name}.pdf", made)
    add(library, "library/none.pdf", "Nothing\n\nSurvival is mentioned here.")
    return library


def findings_of(library: LibraryStore, *, inventory: tuple[InventoryItem, ...] = ()) -> Findings:
    database = library._database
    return Findings(
        store=library, queries=FindingQueries(database), search=lambda: LibrarySearch(database, HashEmbedder()),
        inventory=lambda: inventory,
    )  # fmt: skip


@pytest.fixture
def findings(library: LibraryStore) -> Findings:
    return findings_of(library)


def test_search__words_of_the_query__order_the_findings_and_a_table_row_is_found_too(findings: Findings) -> None:
    found = findings.search("survival with wafers", EVERYTHING, k=10)
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    assert found[0].row.finding.text.startswith("Median survival was 13.9 months")
    assert (found[0].words, found[0].row.study.design) == (2, StudyType.RANDOMISED_TRIAL)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert found == findings.search("survival with wafers", EVERYTHING, k=10)
    assert [one.row.finding.text for one in findings.search("survival with wafers", EVERYTHING, k=1)] == [
        found[0].row.finding.text
    ]
    rows = {one.row.finding.text: one.passage for one in findings.search("wound healing", EVERYTHING, k=10)}
    assert rows["Wound healing | 5 | 6"] is None
    assert all(passage is not None for text, passage in rows.items() if "|" not in text)
    assert "Wound healing | 5 | 6" not in {one.row.finding.text for one in found}, "it shares no word"


def test_search__two_findings_of_one_passage__the_one_with_the_words_is_first(
    database: Database,
) -> None:
    library = LibraryStore(database)
    add(library, "library/a.pdf", TRIAL)
    first, *_ = trial_record().findings
    other = first.model_copy(
        update={"spans": (first.spans[0].model_copy(update={"text": "Nothing else."}),), "outcome": None}
    )
    both: list[Finding] = [other, first.model_copy(update={"ordinal": 1})]
    record(library, "library/a.pdf", trial_record().model_copy(update={"findings": tuple(both)}))
    found = findings_of(library).search("survival", EVERYTHING, k=10)
    assert [one.row.finding.ordinal for one in found] == [1, 0]
    assert found[0].passage == found[1].passage
    same = [both[0], both[0].model_copy(update={"ordinal": 1})]
    record(library, "library/a.pdf", trial_record().model_copy(update={"findings": tuple(same)}))
    found = findings_of(library).search("survival", EVERYTHING, k=10)
    assert [one.row.finding.ordinal for one in found] == [0, 1], "equal ones in reading order"


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        ({"designs": ["rct"]}, 3),
        ({"designs": ["RCT", "case_series"]}, 5),
        ({"designs": ["cohort"]}, 0),
        ({"levels": ["4"]}, 2),
        ({"levels": ["2-4"]}, 5),
        ({"levels": ["1", "5"]}, 0),
        ({"kinds": ["own_result"]}, 3),
        ({"kinds": ["operative step", "background"]}, 2),
        ({"species": ["animal"]}, 1),
        ({"directions": ["increased"]}, 1),
        ({"directions": ["no significant difference"]}, 1),
        ({"outcome": "SURVIVAL"}, 1),
        ({"outcome": "%"}, 0),
        ({"main": True}, 1),
        ({"kinds": ["own_result"], "designs": ["rct"], "directions": ["no-difference"]}, 1),
    ],
)
def test_filter__each_part__leaves_the_findings_that_meet_it(
    findings: Findings, wanted: dict[str, Any], texts: int
) -> None:
    chosen = finding_filter(**wanted)
    rows = findings.table(chosen)
    assert len(rows) == texts
    found = {one.row.finding.text for one in findings.search("survival wound infection valve", chosen, k=50)}
    assert found == {row.finding.text for row in rows}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"designs": ["rctt"]}, r"no design 'rctt': choose from meta-analysis, rct,"),
        ({"kinds": ["result"]}, r"no kind 'result': choose from own_result, own_method, operative_step,"),
        ({"species": ["mouse"]}, r"no species 'mouse': choose from human, animal, cells, bench"),
        ({"directions": ["up"]}, r"no direction 'up': choose from increased, decreased, no-difference, not-stated"),
        ({"levels": ["6"]}, r"no level of evidence '6': choose from 1, 2, 3, 4, 5"),
        ({"levels": ["3-1"]}, r"no level of evidence '3-1'"),
        ({"outcome": "  "}, r"the outcome is blank"),
    ],
)
def test_filter__unknown_value__is_refused_with_the_allowed_ones(wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        finding_filter(**wanted)


def test_filter__every_value__has_a_name() -> None:
    assert set(DESIGNS.values()) == set(StudyType)
    assert finding_filter(designs=[one.value for one in StudyType]).designs == tuple(StudyType)
    assert finding_filter(kinds=[one.name for one in FindingKind]).kinds == tuple(FindingKind)
    assert finding_filter(directions=[one.value for one in Direction]).directions == tuple(Direction)
    assert finding_filter(species=list(Species)).species == tuple(Species)


def test_search__blank_query_or_impossible_k__is_refused(findings: Findings) -> None:
    with pytest.raises(UsageError, match="is blank"):
        findings.search("  ", EVERYTHING, k=5)
    with pytest.raises(UsageError, match="ask for 1 to 400"):
        findings.search("survival", EVERYTHING, k=401)


def test_meant__documents__are_named_as_everywhere(findings: Findings, library: LibraryStore) -> None:
    key = library.document("trial.pdf").key
    assert findings.meant(EVERYTHING, ["trial.pdf", key[:6]]).documents == (key,)
    assert findings.meant(EVERYTHING, []) == EVERYTHING
    with pytest.raises(NotFound):
        findings.meant(EVERYTHING, ["unknown.pdf"])


def test_outdated__no_record_or_one_of_other_rules__is_listed_and_made_again_unless_its_file_is_gone(
    library: LibraryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = InventoryItem(name="library/none.pdf", state=FileState.FILE_GONE)
    findings = findings_of(library, inventory=(gone,))
    (without,) = findings.outdated()
    assert without.names == ("library/none.pdf",)
    assert findings.to_refresh(everything=False).names == {}
    assert findings.to_refresh(everything=False).without_file == (without.key,)
    assert set(findings.to_refresh(everything=True).names) == {"library/trial.pdf", "library/series.pdf"}
    assert not findings.of_document("none.pdf").current
    assert findings.of_document("trial.pdf").current
    monkeypatch.setattr("chapter_pipeline.services.study_records.RULES_VERSION", "next")
    assert len(findings.outdated()) == 3
    assert not findings.of_document("trial.pdf").current


def test_export__file_is_there__is_kept_unless_it_is_to_be_replaced(findings: Findings, tmp_path: Path) -> None:
    path = tmp_path / "evidence.csv"
    path.write_text("mine")
    with pytest.raises(AlreadyExists, match="use --force"):
        findings.export(EVERYTHING, path, overwrite=False)
    assert path.read_text() == "mine"
    assert findings.export(replace(EVERYTHING, main=True), path, overwrite=True) == 1
    (row,) = csv.DictReader(path.read_text("utf-8-sig").splitlines())
    assert (row["author"], row["year"], row["effect"], row["unit"]) == ("Cushing", "1932", "13.9 vs 11.6", "months")
    assert [one.name for one in tmp_path.iterdir()] == ["evidence.csv"]


def test_export__writing_fails__the_earlier_file_is_whole(
    findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "evidence.csv"
    path.write_text("mine")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        findings.export(EVERYTHING, path, overwrite=True)
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["evidence.csv"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.ods", "ends in '.ods': name one that ends in .csv or .xlsx"),
        ("no/a.csv", "no folder"),
        ("d.csv", "a folder"),
    ],
)
def test_export__file_that_cannot_be_written__is_refused(
    findings: Findings, tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(UsageError, match=message):
        findings.export(EVERYTHING, tmp_path / name, overwrite=True)
