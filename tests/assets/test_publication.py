"""Publication: a final chapter becomes a version and files only behind its checks, and what was interrupted goes on."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
import pytest
from dagster._core.execution.execute_in_process_result import ExecuteInProcessResult

from chapter_pipeline.domain import FinalChapter, Gap, GapType, PublishedVersion, Severity
from chapter_pipeline.errors import DatabaseUnavailable, TransientError
from chapter_pipeline.services.exports import version_folder
from chapter_pipeline.services.publication import GATES, PublicationGates, add_version
from chapter_pipeline.storage.figure_images import FigureImages
from sensors.jobs import RETRY_AFTER_FAILURE_TAG
from tests.code_location import GLIOMA, SLUG, Location

BEHIND = ("published_version", "chapter_exports")
GRAVE = Gap(
    type=GapType.CRITICAL_INFORMATION, severity=Severity.CRITICAL, description="No dose is given.",
    recommendation="Add one.", section="outcomes",
)  # fmt: skip


@pytest.fixture
def location(location: Location, monkeypatch: pytest.MonkeyPatch) -> Location:
    """The code location with a library; the exports are one small file."""

    def put_one(final: FinalChapter, number: int, **_: object) -> list[str]:
        key = f"{version_folder(final.chapter.slug, number)}chapter.md"
        location.bucket.put(key, final.chapter.title.encode())
        return [key]

    monkeypatch.setattr("chapter_pipeline.services.exports.put_exports", put_one)
    location.add_documents(GLIOMA)
    location.stages.illustrated = True
    return location


def _with_chapter(final: FinalChapter, **changed: object) -> FinalChapter:
    return final.model_copy(update={"chapter": final.chapter.model_copy(update=changed)})


def unknown_quote(final: FinalChapter) -> FinalChapter:
    return _with_chapter(final, quotes=dict(list(final.chapter.quotes.items())[1:]))


def other_page(final: FinalChapter) -> FinalChapter:
    """Its quotes are said to stand on a page that says something else."""
    moved = {key: one.model_copy(update={"page": 3 - one.page}) for key, one in final.chapter.quotes.items()}
    return _with_chapter(final, quotes=moved)


def retracted(final: FinalChapter) -> FinalChapter:
    references = [
        one.model_copy(update={"source": one.source.model_copy(update={"retracted": True})})
        for one in final.chapter.references
    ]
    return _with_chapter(final, references=tuple(references))


def lost_image(final: FinalChapter) -> FinalChapter:
    figures = [
        one.model_copy(update={"figure": one.figure.model_copy(update={"sha256": "0" * 64})})
        for one in final.chapter.figures
    ]
    return _with_chapter(final, figures=tuple(figures))


Fault = Callable[[FinalChapter], FinalChapter]
FAULTS = [
    pytest.param(unknown_quote, "citations_close", "unknown quote key", id="unknown quote"),
    pytest.param(other_page, "quotes_are_verbatim", "is not what page", id="other page"),
    pytest.param(retracted, "no_reference_is_retracted", "reference 1 is retracted: 'Work 1'", id="retracted"),
    pytest.param(lost_image, "figures_are_kept", "the image of figure 1", id="lost image"),
]


def _evaluations(result: ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of the final chapter that were made, by name."""
    return {
        one.check_name: one
        for one in result.get_asset_check_evaluations()
        if one.asset_key == dg.AssetKey("final_chapter")
    }


def _shown(location: Location, asset: str) -> dict[str, object]:
    event = location.instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def _data_version(location: Location, asset: str) -> str:
    event = location.instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return (event.asset_materialization.tags or {})["dagster/data_version"]


def _numbers(location: Location) -> list[int]:
    return [version.number for version in location.chapters.versions(SLUG)]


def _files(location: Location) -> list[str]:
    return location.bucket.keys("chapters/")


def _materialize(location: Location, *assets: str) -> ExecuteInProcessResult:
    """These assets alone, as the button of the Dagster UI does."""
    return location.definitions.resolve_job_def("write_chapter").execute_in_process(
        instance=location.instance,
        partition_key=SLUG,
        asset_selection=[dg.AssetKey(asset) for asset in assets],
        raise_on_error=False,
    )


def _to_do_again(location: Location, run_id: str) -> tuple[set[str], set[str], dg.JobDefinition]:
    """What FROM_ASSET_FAILURE selects after the run: assets, names of checks, and the job of them."""
    run = location.instance.get_run_by_id(run_id)
    assert run is not None
    plan = location.instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id or "")
    assets, checks = location.instance.run_domain.get_keys_to_reexecute(run_id, plan)
    job = location.definitions.resolve_job_def("write_chapter")
    subset = job.get_subset(asset_selection=set(assets), asset_check_selection=set(checks))
    return {key.to_user_string() for key in assets}, {key.name for key in checks}, subset


@pytest.mark.parametrize(("fault", "gate", "reason"), FAULTS)
def test_final_chapter__a_gate_refuses_it__no_row_no_file_and_the_next_good_run_publishes(
    location: Location, fault: Fault, gate: str, reason: str
) -> None:
    location.stages.at_the_end = fault
    refused = location.write()
    assert not refused.success
    evaluation = _evaluations(refused)[gate]
    assert (evaluation.passed, evaluation.blocking, evaluation.severity) == (False, True, dg.AssetCheckSeverity.ERROR)
    assert reason in (evaluation.description or "")
    assert location.materialized("final_chapter") == {SLUG}  # the value is made, and can be read
    assert [location.materialized(asset) for asset in BEHIND] == [set(), set()]
    assert (_numbers(location), _files(location)) == ([], [])
    run = location.instance.get_run_by_id(refused.run_id)
    assert run is not None
    assert (run.status, run.tags[RETRY_AFTER_FAILURE_TAG]) == (dg.DagsterRunStatus.FAILURE, "false")
    _refused_without_the_checks_too(location)
    location.stages.at_the_end = lambda final: final
    assert location.write().success
    assert (_numbers(location), _files(location)) == ([1], [f"chapters/{SLUG}/v1/chapter.md"])


def _refused_without_the_checks_too(location: Location) -> None:
    """What follows the final chapter can be asked for alone, and then no check is made."""
    alone = _materialize(location, "published_version")
    (failure,) = alone.get_step_failure_events()
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert f"chapter {SLUG!r} is not published" in (told.description or "")
    assert (_numbers(location), _files(location)) == ([], [])


def test_final_chapter__refused_after_a_version__the_version_and_its_files_stay(location: Location) -> None:
    location.write()
    location.stages.edition, location.stages.at_the_end = "second", other_page
    assert not location.write().success
    assert _numbers(location) == [1]
    assert _materialize(location, "chapter_exports").success
    assert _files(location) == [f"chapters/{SLUG}/v1/chapter.md"]


def test_final_chapter__document_left_the_library__its_quotes_are_told_as_not_compared(location: Location) -> None:
    (key,) = {document.key for document in location.library.documents()}
    final = _with_quotes_of(location, "another document")
    gates = PublicationGates(library=location.library, images=FigureImages(location.database))
    found = gates.finding("quotes_are_verbatim", final)
    assert (found.problems, found.counts["quotes compared"]) == ((), 0)
    found = gates.finding("quotes_are_verbatim", _with_quotes_of(location, key))
    assert found.counts == {"quotes compared": len(final.chapter.quotes), "of documents that left": 0}


def _with_quotes_of(location: Location, document: str) -> FinalChapter:
    if not location.artifacts.latest("final_chapter", SLUG):
        assert location.write().success
    final = location.artifacts.get("final_chapter", SLUG, FinalChapter)
    quotes = {key: one.model_copy(update={"document": document}) for key, one in final.chapter.quotes.items()}
    return _with_chapter(final, quotes=quotes)


def test_final_chapter__page_was_read_anew__moved_quotes_are_shown_and_stop_nothing(location: Location) -> None:
    def shifted(final: FinalChapter) -> FinalChapter:
        quotes = {key: one.model_copy(update={"start": one.start + 1}) for key, one in final.chapter.quotes.items()}
        return _with_chapter(final, quotes=quotes)

    location.stages.at_the_end = shifted
    result = location.write()
    assert result.success
    found = _evaluations(result)["quotes_are_verbatim"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "stands at another place" in str(found.metadata["remarks"].value)
    assert _numbers(location) == [1]


def test_held_version__same_path__has_a_row_no_file_and_says_so_until_it_is_approved(location: Location) -> None:
    location.stages.requires_revision, location.stages.gaps = True, (GRAVE,)
    result = location.write()
    assert result.success
    assert all(one.passed for one in _evaluations(result).values())
    assert [(one.number, one.state) for one in location.chapters.versions(SLUG)] == [(1, "held")]
    assert [location.materialized(asset) for asset in BEHIND] == [{SLUG}, {SLUG}]
    assert _files(location) == []
    shown = _shown(location, "published_version")
    assert (shown["chapter version"], shown["state"]) == (1, "held")
    assert "No dose is given." in str(shown["to decide"])
    assert f"chapters approve {SLUG} --version 1" in str(shown["to decide"])
    exported = _shown(location, "chapter_exports")
    assert (exported["exports"], exported["exports lie in"]) == (
        "none",
        "nowhere: the version is held, a person has to approve it",
    )
    before = _data_version(location, "chapter_exports")
    location.chapters.approve(SLUG, 1, by="Dr. Reader", because="no more is known")
    assert _materialize(location, "chapter_exports").success
    assert _files(location) == [f"chapters/{SLUG}/v1/chapter.md"]
    assert _data_version(location, "chapter_exports") != before


def test_published_version__row__points_to_the_stored_final_chapter(location: Location) -> None:
    location.write(tags={"chapter_pipeline/origin": "revision 1 of outcomes"})
    (version,) = location.chapters.versions(SLUG)
    stored = location.artifacts.latest("final_chapter", SLUG)
    assert stored is not None
    assert (version.artifact_id, version.sha256, version.origin) == (stored.id, stored.sha256, "revision 1 of outcomes")
    assert location.artifacts.get("published_version", SLUG, PublishedVersion) == PublishedVersion(
        number=1, state="published", origin=version.origin, sha256=stored.sha256, artifact_id=stored.id
    )
    shown = _shown(location, "chapter_exports")
    assert str(shown["exports lie in"]) == f"{location.bucket.place}/chapters/{SLUG}/v1/"
    assert f"chapters/{SLUG}/v1/chapter.md" in str(shown["exports"])


def test_published_version__identical_rewriting__is_the_same_version_and_leaves_what_follows_fresh(
    location: Location,
) -> None:
    told = []
    for _ in range(2):
        assert location.write().success
        told.append([_data_version(location, asset) for asset in ("final_chapter", *BEHIND)])
    assert told[0] == told[1]
    assert _numbers(location) == [1]
    assert [one.version for one in location.artifacts.versions("published_version", SLUG)] == [1]
    location.stages.edition = "second"
    assert location.write().success
    assert not set(told[0]) & {_data_version(location, asset) for asset in ("final_chapter", *BEHIND)}
    assert _numbers(location) == [1, 2]


def test_add_version__another_value_was_stored_meanwhile__makes_no_version(location: Location) -> None:
    location.write()
    final = location.artifacts.get("final_chapter", SLUG, FinalChapter)
    location.artifacts.put("final_chapter", SLUG, final.model_copy(update={"notes": ("newer",)}))
    with pytest.raises(TransientError, match="was stored anew"):
        add_version(
            SLUG,
            final,
            gates=PublicationGates(library=location.library, images=FigureImages(location.database)),
            artifacts=location.artifacts,
            chapters=location.chapters,
            origin="written",
        )
    assert _numbers(location) == [1]


DEATHS = [
    pytest.param("publication.PublicationGates.finding", set(BEHIND), set(GATES), id="before the checks"),
    pytest.param("publication.add_version", set(BEHIND), set(), id="before the version"),
    pytest.param("exports.put_exports", {"chapter_exports"}, set(), id="before the exports"),
]


def _die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def _killed(location: Location, monkeypatch: pytest.MonkeyPatch, place: str) -> str:
    """The id of a run that was interrupted at `place`: it is over, no further event was stored."""
    with monkeypatch.context() as patch:
        patch.setattr(f"chapter_pipeline.services.{place}", _die)
        result = location.write()
    assert not result.success
    return result.run_id


@pytest.mark.parametrize(("place", "assets", "checks"), DEATHS)
def test_process_died__run_again_from_the_failed_assets__makes_just_what_is_missing(
    location: Location, monkeypatch: pytest.MonkeyPatch, place: str, assets: set[str], checks: set[str]
) -> None:
    run_id = _killed(location, monkeypatch, place)
    assert _files(location) == []
    selected, checked, job = _to_do_again(location, run_id)
    assert (selected, checked) == (assets, checks)
    result = job.execute_in_process(instance=location.instance, partition_key=SLUG)
    assert result.success
    assert set(_evaluations(result)) == checks
    assert (_numbers(location), _files(location)) == ([1], [f"chapters/{SLUG}/v1/chapter.md"])
    assert set(location.stages.written.values()) == {1}


def test_process_died_before_the_version__next_run__publishes(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    _killed(location, monkeypatch, "publication.add_version")
    assert _numbers(location) == []
    assert location.write().success
    assert (_numbers(location), _files(location)) == ([1], [f"chapters/{SLUG}/v1/chapter.md"])


def test_process_died_before_the_checks__run_again__is_stopped_by_them(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    location.stages.at_the_end = other_page
    _, _, job = _to_do_again(location, _killed(location, monkeypatch, "publication.PublicationGates.finding"))
    result = job.execute_in_process(instance=location.instance, partition_key=SLUG, raise_on_error=False)
    assert not result.success
    assert not _evaluations(result)["quotes_are_verbatim"].passed
    assert [event.step_key for event in result.get_step_failure_events()] == ["final_chapter_quotes_are_verbatim"]
    assert (_numbers(location), _files(location)) == ([], [])


def test_gate_refused__run_again_from_the_failed_assets__makes_the_final_chapter_anew(location: Location) -> None:
    location.stages.at_the_end = other_page
    selected, checked, job = _to_do_again(location, location.write().run_id)
    assert (selected, checked) == ({"final_chapter", *BEHIND}, set(GATES))
    location.stages.at_the_end = lambda final: final
    assert job.execute_in_process(instance=location.instance, partition_key=SLUG).success
    assert _numbers(location) == [1]


def test_published_version__database_is_down__the_run_may_be_tried_again(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr("chapter_pipeline.services.publication.add_version", down)
        result = location.write()
    run = location.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert RETRY_AFTER_FAILURE_TAG not in run.tags
    assert _to_do_again(location, result.run_id)[0] == set(BEHIND)
