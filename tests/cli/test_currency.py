"""`chapters write` on a chapter that something else has changed: it says unchanged of what is on record, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assets.run_tags import REVISION_TAG
from chapter_pipeline.container import Container
from chapter_pipeline.definitions import build
from chapter_pipeline.domain import Gap, GapReport, GapType, Severity
from chapter_pipeline.errors import PermanentError, UsageError
from chapter_pipeline.orchestration.instance import open_instance
from chapter_pipeline.settings import Settings, current_settings
from chapter_pipeline.storage import chapter_locks
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapter_locks import ChapterLocks
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from sensors import requests
from tests.cli.conftest import Cli
from tests.code_location import GLIOMA
from tests.fake_stages import FakeStages
from tests.library_samples import add

SLUG = "glioma-surgery"
TOPIC = "Surgery of glioma"
KIND = "diagnosis"


@pytest.fixture
def asked(cli: Cli, library: LibraryStore, stages: FakeStages) -> Cli:
    add(library, "library/glioma.pdf", GLIOMA)
    cli("chapters", "new", SLUG, "--topic", TOPIC).done()
    return cli


def write(cli: Cli) -> dict[str, Any]:
    said = cli("chapters", "write", SLUG, "--json").done().value
    return {key: said[key] for key in ("version", "unchanged")}


def run_from_the_ui(settings: Settings, config: dict[str, Any] | None = None) -> None:
    """A run of `write_chapter` that the command line did not start, with the configuration of its brief."""
    container = Container(settings)
    job = build(container).resolve_job_def("write_chapter")
    with open_instance(settings) as instance:
        instance.add_dynamic_partitions("chapter", [SLUG])
        assert job.execute_in_process(
            instance=instance, partition_key=SLUG, run_config={"ops": {"chapter_brief": {"config": config or {}}}}
        ).success
    container.close()


def test_write__after_a_run_with_another_topic__writes_the_topic_on_record(asked: Cli, environment: Settings) -> None:
    assert write(asked) == {"version": 1, "unchanged": False}
    run_from_the_ui(environment, {"topic": "Radiotherapy of glioma"})
    assert asked("chapters", "show", SLUG, "--json").done().value["chapter"]["topic"] == "Radiotherapy of glioma"
    said = asked("chapters", "write", SLUG).done().out
    assert "chapter_brief: it was made from another request than the one on record" in said
    assert asked("chapters", "show", SLUG, "--json").done().value["chapter"]["topic"] == TOPIC
    assert write(asked) == {"version": 3, "unchanged": True}


def test_write__after_a_run_from_the_ui_of_what_is_on_record__is_unchanged(
    asked: Cli, environment: Settings, stages: FakeStages
) -> None:
    run_from_the_ui(environment)
    written = dict(stages.written)
    assert write(asked) == {"version": 1, "unchanged": True}
    assert dict(stages.written) == written


def test_write__after_what_people_did_to_the_text__is_unchanged(asked: Cli, stages: FakeStages, tmp_path: Path) -> None:
    write(asked)
    file = tmp_path / "section.md"
    source = asked("chapters", "show", SLUG, "--section", KIND).done().out
    file.write_text(source.replace(f"# {source.splitlines()[0][2:]}", "# How it is found"))
    asked("chapters", "edit", SLUG, "--section", KIND, "--file", file).done()
    assert write(asked) == {"version": 2, "unchanged": True}
    asked("chapters", "rollback", SLUG, "--version", "1").done()
    assert write(asked) == {"version": 3, "unchanged": True}
    asked("chapters", "write", SLUG, "--section", "outcomes").done()
    assert write(asked)["unchanged"] is True


def test_write__chapter_of_an_earlier_release__is_made_once_more_and_its_old_record_is_not_read(
    asked: Cli, database: Database
) -> None:
    """Such a chapter has values without a fingerprint, and a record of the command line that this release ignores."""
    from chapter_pipeline.domain import KeyConcepts

    write(asked)
    artifacts = ArtifactStore(database)
    concepts = artifacts.get("key_concepts", SLUG, KeyConcepts)
    artifacts.put("written_from", SLUG, concepts)
    artifacts.put("key_concepts", SLUG, concepts.model_copy(update={"provider": "of an earlier release"}))
    said = asked("chapters", "write", SLUG).done().out
    assert "key_concepts: what it was made from is not on record" in said
    assert write(asked) == {"version": 1, "unchanged": True}


def edited(cli: Cli, tmp_path: Path, title: str) -> Path:
    """A file with the section KIND under another title."""
    file = tmp_path / "section.md"
    source = cli("chapters", "show", SLUG, "--section", KIND).done().out
    file.write_text(source.replace(f"# {source.splitlines()[0][2:]}", f"# {title}"))
    return file


def titles(cli: Cli) -> dict[str, str]:
    final = cli("chapters", "show", SLUG, "--json").done().value
    return {section["kind"]: section["title"] for section in final["chapter"]["sections"]}


@pytest.fixture
def rolled_back(asked: Cli, stages: FakeStages) -> Cli:
    """A chapter whose version 3 says what version 1 said; version 2 had other sections."""
    write(asked)
    stages.edition = "second"
    assert write_sections(asked, KIND, "outcomes") == 2
    asked("chapters", "rollback", SLUG, "--version", "1").done()
    stages.edition = "first"
    assert write(asked) == {"version": 3, "unchanged": True}
    return asked


def write_sections(cli: Cli, *kinds: str) -> int:
    named = [argument for kind in kinds for argument in ("--section", kind)]
    version: int = cli("chapters", "write", SLUG, *named, "--json").done().value["version"]
    return version


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def broken(*_: object, **__: object) -> None:
    raise PermanentError("the disk is full")


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ("chapter_pipeline.orchestration.runs.Runs.follow", killed),
        ("tests.fake_stages.FakeStages.chapter_draft", broken),
    ],
    ids=["killed", "failed"],
)
def test_write__edit_after_a_rollback_broke_off__takes_the_edit_into_the_next_version(
    rolled_back: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, fault: Callable[..., None]
) -> None:
    before = titles(rolled_back)
    file = edited(rolled_back, tmp_path, "How it is found")
    with monkeypatch.context() as patch:
        patch.setattr(place, fault)
        assert rolled_back("chapters", "edit", SLUG, "--section", KIND, "--file", file).code != 0
    said = rolled_back("chapters", "write", SLUG).done().out
    assert "chapter_draft: it was made from another section/" in said
    assert titles(rolled_back) == {**before, KIND: "How it is found"}, "the other sections stay as rolled back"
    assert write(rolled_back) == {"version": 4, "unchanged": True}


def test_write__section_written_again_after_a_rollback_and_killed__takes_it_into_the_next_version(
    rolled_back: Cli, stages: FakeStages, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = titles(rolled_back)
    stages.edition = "third"
    with monkeypatch.context() as patch:
        patch.setattr("tests.fake_stages.FakeStages.chapter_draft", killed)
        assert rolled_back("chapters", "write", SLUG, "--section", "outcomes").code != 0
    stages.edition = "first"
    assert write(rolled_back) == {"version": 4, "unchanged": False}
    now = titles(rolled_back)
    assert "third" in now["outcomes"]
    assert {**now, "outcomes": ""} == {**before, "outcomes": ""}
    assert write(rolled_back)["unchanged"] is True


def test_rollback__to_what_an_interrupted_run_stored_already__is_current(
    asked: Cli, stages: FakeStages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The final chapter of a run that died before its version holds the text that is rolled back to."""
    write(asked)
    stages.edition = "second"
    write_sections(asked, KIND)
    stages.edition = "first"
    with monkeypatch.context() as patch:
        patch.setattr("chapter_pipeline.services.publication.add_version", killed)
        assert asked("chapters", "write", SLUG, "--section", KIND).code != 0
    asked("chapters", "rollback", SLUG, "--version", "1").done()
    assert write(asked) == {"version": 3, "unchanged": True}


def test_write__while_another_command_writes_the_chapter__is_refused_and_starts_no_run(
    asked: Cli, database: Database, environment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chapter_locks, "WAIT_S", 0.05)
    with ChapterLocks(database).held(SLUG, run_id="r1"):
        refused = asked("chapters", "write", SLUG).refused(2)
    assert f"chapter {SLUG!r} is being written by run r1: wait for it, or cancel it" in refused
    with open_instance(environment) as instance:
        assert instance.get_runs() == []


def test_write__its_run__holds_the_lock_under_its_id_and_gives_it_back_when_interrupted(
    asked: Cli, database: Database, environment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def interrupted(*_: object) -> None:
        with ThreadPoolExecutor() as threads:
            told.append(threads.submit(refusal).result())
        raise KeyboardInterrupt

    def refusal() -> str:
        with pytest.raises(UsageError) as refused, ChapterLocks(database, wait_s=0.05).held(SLUG):
            pass
        return str(refused.value)

    with monkeypatch.context() as patch:
        patch.setattr("tests.fake_stages.FakeStages.chapter_draft", interrupted)
        assert asked("chapters", "write", SLUG).code != 0
    with open_instance(environment) as instance:
        (run,) = instance.get_runs()
    assert told == [f"chapter {SLUG!r} is being written by run {run.run_id}: wait for it, or cancel it"]
    assert write(asked) == {"version": 1, "unchanged": False}


def gap(description: str, writing: int) -> Gap:
    return Gap(
        type=GapType.CRITICAL_INFORMATION, severity=Severity.CRITICAL, description=description,
        recommendation=f"{description} in writing {writing}: add it.", section=KIND, evidence=("q1",),
    )  # fmt: skip


def closing_one_gap_a_round(stages: FakeStages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time that the section is written again closes one of three gaps."""
    stages.requires_revision = True
    texts = [f"No {what} is given" for what in ("dose", "risk", "outcome")]
    made = type(stages).gap_report

    def gap_report(brief: Any, outline: Any, plans: Any, *others: Any) -> GapReport:
        closed = stages.written[KIND] - 1
        stages.gaps = tuple(gap(text, stages.written[KIND]) for text in texts[closed:])
        return made(stages, brief, outline, plans, *others)

    monkeypatch.setattr(stages, "gap_report", gap_report)


def revisions(cli: Cli) -> int:
    made: int = cli("chapters", "write", SLUG, "--json").done().value["revisions"]
    return made


def test_write__more_revisions_are_allowed_than_were_made__makes_the_next(
    asked: Cli, stages: FakeStages, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing_one_gap_a_round(stages, monkeypatch)
    with_revisions(monkeypatch, 1)
    assert revisions(asked) == 1
    assert write(asked)["unchanged"] is True
    with_revisions(monkeypatch, 2)
    said = asked("chapters", "write", SLUG).done().out
    assert "gap_report: it asks for a revision that was not made" in said
    assert "revised 1 times" in said
    assert "revision 2 of diagnosis" in asked("chapters", "gaps", SLUG).done().out
    assert write(asked) == {"version": 3, "unchanged": True}


def with_revisions(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setenv("CHAPTER_MAX_REVISIONS", str(most))
    current_settings.cache_clear()


def test_write__killed_between_two_revisions__makes_the_second(
    asked: Cli, stages: FakeStages, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing_one_gap_a_round(stages, monkeypatch)
    made = requests.revision_request

    def killed_before_the_second(instance: Any, slug: str, wanted: Any) -> Any:
        if wanted.tags[REVISION_TAG] == "2":
            raise KeyboardInterrupt
        return made(instance, slug, wanted)

    with monkeypatch.context() as patch:
        patch.setattr(requests, "revision_request", killed_before_the_second)
        assert asked("chapters", "write", SLUG).code != 0
    assert revisions(asked) == 1
    assert "revision 2 of diagnosis" in asked("chapters", "gaps", SLUG).done().out
    assert write(asked) == {"version": 3, "unchanged": True}
