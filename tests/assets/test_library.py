"""The library: each document of a range is reported by itself, and a bad one takes no good one with it."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg
import pytest
from dagster import DagsterEventType, ExecuteInProcessResult
from sqlalchemy import insert, select

from assets.library import RECORDS, STAGES
from assets.library_checks import CHECKS, check_tables
from assets.library_metadata import tables_preview
from assets.study_records import FINDINGS, study_records_check
from chapter_pipeline.domain import GapStatistics
from chapter_pipeline.domain.bibliography import RecordField
from chapter_pipeline.domain.document import IngestStatus, StudyType, Table
from chapter_pipeline.storage.schema import Document, FigureRow, TableRow
from chapter_pipeline.storage.study_records import RecordSummary
from tests.code_location import GLIOMA, Location, failure_told
from tests.library_samples import add
from tests.study_records import trial_record

OTHER = "Meningioma of the convexity\n\nThe dura was closed in all patients."
GOOD = {"library/glioma.pdf": GLIOMA.encode(), "library/other.pdf": OTHER.encode()}


def test_ingest_library__good_files__all_stages_of_each_are_materialized(location: Location) -> None:
    result = location.ingest(GOOD)
    assert result.success
    assert all(location.materialized(stage) == set(GOOD) for stage in STAGES)
    assert len(location.library.documents()) == 2


def test_ingest_library__a_bad_file__stops_at_its_stage_and_the_others_go_on(location: Location) -> None:
    result = location.ingest({"library/bad.pdf": b"BAD:encrypted", **GOOD})
    assert not result.success
    assert location.materialized("source_document") == {"library/bad.pdf", *GOOD}
    assert location.materialized("passage_embeddings") == set(GOOD)
    description, metadata = failure_told(result)
    assert "library/bad.pdf: encrypted" in description
    assert (metadata["quarantined"], metadata["failed"]) == (1, 0)
    assert metadata["transient"] is False
    record = location.library.record("library/bad.pdf")
    assert record is not None
    assert (record.status, record.reason) == (IngestStatus.QUARANTINED, "encrypted")


def test_ingest_library__a_bug_on_one_file__is_counted_as_failed_and_not_as_quarantined(location: Location) -> None:
    result = location.ingest({"library/bug.pdf": b"ERROR:division by zero", **GOOD})
    _, metadata = failure_told(result)
    assert (metadata["quarantined"], metadata["failed"]) == (0, 1)
    assert location.materialized("passage_embeddings") == set(GOOD)


def test_ingest_library__again__nothing_is_parsed_again(location: Location) -> None:
    location.ingest(GOOD)
    assert location.ingest(GOOD).success
    assert set(location.parser.calls.values()) == {1}


def test_ingest_library__changed_file__its_data_version_changes(location: Location) -> None:
    location.ingest(GOOD)
    result = location.ingest({"library/other.pdf": GLIOMA.upper().encode()})
    assert result.success
    assert set(result.asset_materializations_for_node("library_documents")[0].tags or {}) >= {"dagster/data_version"}
    assert location.parser.calls[GLIOMA.upper().encode()] == 1


def test_ingest_library__content_that_a_chapter_cites_is_replaced__the_run_names_the_chapter(
    location: Location,
) -> None:
    location.ingest(GOOD)
    keys = location.library.document_keys(list(GOOD))
    location.chapters.create("glioma", {})
    counts = dict.fromkeys(GapStatistics.model_fields, 0)  # any value: what a version cites is told to the store
    stored = location.artifacts.put("final_chapter", "glioma", GapStatistics(**counts))
    location.chapters.add_version("glioma", stored.id, stored.sha256, documents=list(keys.values()), images=[])
    result = location.ingest(
        {"library/other.pdf": b"Another text of this name", "library/glioma.pdf": b"BAD:encrypted"}
    )
    (replaced,) = [
        event.metadata
        for event in result.asset_materializations_for_node("library_documents")
        if event.asset_key == dg.AssetKey("passage_embeddings")
    ]
    told = [replaced, *(event.asset_observation_data.asset_observation.metadata for event in _observations(result))]
    assert [(one["replaced document"].value, one["cited by"].value) for one in told] == [
        (keys["library/other.pdf"], "glioma (version 1)"), (keys["library/glioma.pdf"], "glioma (version 1)"),
    ]  # fmt: skip


def _observations(result: ExecuteInProcessResult) -> list[dg.DagsterEvent]:
    return [event for event in result.all_events if event.event_type is DagsterEventType.ASSET_OBSERVATION]


def test_ingest_library__names_that_dagster_forbids__are_ingested_under_their_own_key(location: Location) -> None:
    names = {"library/50% of ... patients.pdf": GLIOMA.encode()}
    assert location.ingest(names).success
    assert location.library.record("library/50% of ... patients.pdf") is not None


def test_ingest_library__stored_passages__are_previewed_for_a_person(location: Location) -> None:
    result = location.ingest({"library/glioma.pdf": GLIOMA.encode()})
    found = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }
    assert found["document_text"]["title"].value == "Glioma surgery in adults"
    assert found["document_text"]["authors"].value == "Cushing, Harvey"
    assert found["document_text"]["pages"].value == 2
    assert "| authors | Cushing, Harvey | print |" in str(found["document_text"]["record"].value)
    assert found["document_text"]["conflicts"].value == "none"
    assert "Resection of the tumour was safe." in str(found["passages"]["preview"].value)
    assert found["passage_embeddings"]["vectors"].value == 3
    assert "tables" in found["document_figures"]


def test_tables_preview__many_long_tables__shows_the_first_rows_of_three() -> None:
    rows = (("Group", "Deaths"), *((f"Centre {number}", f"{number}.5") for number in range(1, 30)))
    tables = [
        Table(
            ordinal=ordinal, page=1, box=(0.0, 0.0, 1.0, 1.0), label=f"Table {ordinal}", caption=f"Table {ordinal}",
            header_rows=1, rows=rows,
        )
        for ordinal in range(1, 6)
    ]  # fmt: skip
    shown = tables_preview(tables)
    assert [line for line in shown.splitlines() if line.startswith("**")] == [
        "**Table 1**",
        "**Table 2**",
        "**Table 3**",
    ]
    assert r"| Centre 11 | 11\.5 |" in shown
    assert "Centre 12" not in shown
    assert shown.endswith("and 2 more")
    assert tables_preview([]) == "none"


@pytest.mark.parametrize(
    ("check", "rows"),
    [("pages_table_is_sound", 3), ("passages_table_is_sound", 5), ("embeddings_table_is_sound", 5)],
)
def test_ingest_library__its_tables__are_held_against_expectations_once_for_the_range(
    location: Location, check: str, rows: int
) -> None:
    result = location.ingest(GOOD)
    (evaluation,) = [one for one in result.get_asset_check_evaluations() if one.check_name == check]
    assert evaluation.passed, evaluation.metadata["expectations"].value
    assert evaluation.metadata["rows"].value == rows
    assert evaluation.metadata["documents looked at"].value == 2


TRIAL_TEXT = (
    "Wafers in glioma\n\nResults: Of 240 patients, 120 received a wafer. Median survival was 13.9 months in the wafer"
    " group and 11.6 months in the placebo group (hazard ratio 0.71; P=0.03)."
)


def test_ingest_library__study_record__is_shown_as_an_evidence_table(location: Location) -> None:
    location.container.make_record = lambda source: trial_record()
    result = location.ingest({"library/trial.pdf": TRIAL_TEXT.encode()})
    order = [event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key]
    assert order == list(STAGES)
    (event,) = [one for one in result.get_asset_materialization_events() if one.asset_key == dg.AssetKey(RECORDS)]
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    assert (told["design"], told["level"], told["n"], told["findings"]) == ("randomised controlled trial", 2, 240, 3)
    assert "| own result | 2 |" in str(told["findings by kind"])
    (row,) = str(told["main findings"]).splitlines()[2:]
    for cell in (
        "| 1 |",
        "carmustine wafer",
        "placebo",
        "median survival",
        "increased",
        "13.9 vs 11.6 months",
        "P=0.03",
    ):
        assert cell in row
    assert event.materialization.tags is not None
    (document,) = location.library.documents()
    number = location.library.find_named("library/trial.pdf")
    assert number is not None
    stored = location.library.stored_record(number.id)
    assert stored is not None
    assert event.materialization.tags["dagster/data_version"] == stored.sha256
    assert location.library.study_records([document.key]) == {document.key: trial_record()}


def test_study_records_check__primary_study_without_a_result__is_named_and_is_no_error(location: Location) -> None:
    location.container.make_record = lambda source: (
        trial_record() if source.title == "Wafers in glioma" else trial_record().model_copy(update={"findings": ()})
    )
    result = location.ingest({"library/trial.pdf": TRIAL_TEXT.encode(), **GOOD})
    assert result.success
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == FINDINGS.name]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    told = {name: value.value for name, value in check.metadata.items()}
    assert (told["documents looked at"], told["study records"], told["findings"], told["main findings"]) == (3, 3, 3, 1)
    keys = location.library.document_keys(["library/trial.pdf", *GOOD])
    listed = str(told["without a result of their own"])
    assert [keys[name] in listed for name in keys] == [name in GOOD for name in keys]


def test_study_records_check__review_without_a_result__is_passed() -> None:
    empty = RecordSummary(design=StudyType.REVIEW, level=5, findings={}, main=0, notes=())
    assert study_records_check({"a": empty}).passed
    assert not study_records_check({"a": replace(empty, design=StudyType.COHORT)}).passed
    assert not study_records_check({"a": None}).passed


def test_document_inventory__a_refused_file__is_listed_with_its_reason(location: Location) -> None:
    result = location.ingest({"library/bad.pdf": b"BAD:encrypted", **GOOD})
    found = {one.check_name: one for one in result.get_asset_check_evaluations()}
    inventory = found["document_inventory"]
    assert not inventory.passed
    assert inventory.severity is dg.AssetCheckSeverity.WARN
    assert "encrypted" in str(inventory.metadata["not in the library"].value)
    assert inventory.metadata["files"].value == 3


def test_checks_of_tables__a_faulty_figure_and_table__are_found_in_words(location: Location) -> None:
    location.ingest(GOOD)
    database = location.library._database
    with database.session() as session:
        document = session.scalars(select(Document.id)).first()
        figure = {
            "document_id": document, "page": 1, "label": "Figure 1", "media_type": "image/gif", "kind": "raster",
            "width_px": 5, "height_px": 500, "perceptual_hash": "zz", "size_bytes": 200,
        }  # fmt: skip
        session.execute(insert(FigureRow).values(**figure, ordinal=11, sha256="a", caption=None, box=[0, 0, 900, 10]))
        session.execute(insert(FigureRow).values(**figure, ordinal=12, sha256="a", caption="C", box=[0, 0, 90, 10]))
        session.execute(
            insert(TableRow).values(
                document_id=document, ordinal=11, page=1, box=[0, 0, 50, 50], label=None, caption=None, header_rows=2,
                rows=[["a", "b"], ["c"]],
            )
        )  # fmt: skip
    results = {one.check_name: one for one in check_tables(database, {check.key for check in CHECKS}, None)}
    unmet = {
        name: [line for line in str(one.metadata["expectations"].value).splitlines() if "| NO |" in line]
        for name, one in results.items()
        if not one.passed
    }
    assert set(unmet) == {"figures_table_is_sound", "tables_table_is_sound"}
    figures = "\n".join(unmet["figures_table_is_sound"])
    for said in ("PNG or JPEG", "30 pixels", "64 bits", "has a caption", "occurs twice", "lies on its page"):
        assert said in figures
    tables = "\n".join(unmet["tables_table_is_sound"])
    for said in ("as many cells", "rows beside its head", "have a title"):
        assert said in tables


def test_ingest_library__record_with_edits_and_conflicts__is_shown_with_its_origins(location: Location) -> None:
    add(location.library, "library/glioma.pdf", GLIOMA)
    (document,) = location.library.documents()
    location.library.edit_record(document.key, {RecordField.YEAR: 2017}, by="Ada", reason="printed on page 1")
    entry = "TY  - JOUR\nTI  - Glioma surgery in adults\nAU  - Okafor, Ada\nPY  - 2016\nVL  - 4\nER  -\n"
    location.bucket.put("references/a.ris", entry.encode())
    result = location.ingest({"library/glioma.pdf": GLIOMA.encode() + b" Changed."})
    (found,) = [
        event.metadata
        for event in result.asset_materializations_for_node("library_documents")
        if event.asset_key == dg.AssetKey("document_text")
    ]
    assert found["year"].value == 2017
    record, conflicts = str(found["record"].value), str(found["conflicts"].value)
    assert "| year | 2017 | person (Ada) | 2016 \\[reference file (references/a.ris)\\]; 1932 \\[print\\] |" in record
    assert "| volume | 4 | reference file (references/a.ris) |" in record
    assert "| authors | Okafor, Ada \\[reference file (references/a.ris)\\]; Cushing, Harvey \\[print\\] |" in conflicts
    assert "year" not in conflicts
