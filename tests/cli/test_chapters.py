"""`chapters`: asked for, written, read and exported; a request that cannot be met leaves everything as it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chapter_pipeline.cli.operate import examples_folder
from chapter_pipeline.domain import FinalChapter, Gap, GapType, Severity
from chapter_pipeline.errors import PermanentError
from chapter_pipeline.publishing.samples import build_samples
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.conftest import Cli
from tests.cli.program import finished, start
from tests.code_location import GLIOMA
from tests.events import eventually
from tests.fake_stages import FakeStages
from tests.library_samples import add
from tests.locks import stage_waits

SLUG = "glioma-surgery"
TOPIC = "Surgery of glioma"


@pytest.fixture
def asked(cli: Cli, library: LibraryStore, stages: FakeStages) -> Cli:
    """The program, with a library, and a chapter that was asked for."""
    add(library, "library/glioma.pdf", GLIOMA)
    cli("chapters", "new", SLUG, "--topic", TOPIC).done()
    return cli


def test_chapters_new__topic_and_kind__are_on_record(cli: Cli, environment: Settings) -> None:
    new = cli("chapters", "new", SLUG, "--topic", TOPIC, "--kind", "technique", "--json").done().value
    assert new == {"slug": SLUG, "topic": TOPIC, "kind": "technique", "version": None, "state": None, "written": None}
    assert cli("chapters", "list", "--json").done().lines == [new]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\ntopic: *b\n", "(line 2, column 8)"),
        (f"topic: {'[' * 10_000}", "levels deep (line 1"),
        (f"topic: {'x' * 200_000}", "brief key 'topic'"),
        (f"topic: Glioma\n? {'x' * 1000}\n: 1\n", "unknown key"),
        ('topic: "Gli\\e[31moma"\n', r"control character '\x1b'"),
    ],
    ids=["alias bomb", "deep list", "long topic", "long key", "escape sequence"],
)
def test_chapters_new__hostile_brief__is_one_short_line(cli: Cli, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "brief.yaml").write_text(content)
    line = cli("chapters", "new", SLUG, "--brief", tmp_path / "brief.yaml").refused(2)
    assert len(line) < 1000
    assert said in line
    as_template = ("--topic", TOPIC, "--template", tmp_path / "brief.yaml")
    assert len(cli("chapters", "new", SLUG, *as_template).refused(2)) < 1000
    assert cli("chapters", "list", "--json").done().lines == []


@pytest.mark.parametrize("option", ["--topic", "--kind", "--template"])
def test_chapters_new__option_of_a_megabyte__is_one_short_line(cli: Cli, option: str) -> None:
    topic = () if option == "--topic" else ("--topic", TOPIC)
    assert len(cli("chapters", "new", SLUG, *topic, option, "x" * 1_000_000).refused(2)) < 1000


@pytest.mark.parametrize("command", ["chapters show", "chapters gaps", "documents show", "providers reset"])
def test_program__name_of_a_megabyte_that_is_unknown__is_one_line_within_bounds(cli: Cli, command: str) -> None:
    assert len(cli(*command.split(), "x" * 1_000_000).refused(2)) < 4100


def test_chapters_new__brief__is_read_and_options_win_over_it(cli: Cli, database: Database, tmp_path: Path) -> None:
    brief = tmp_path / "brief.yaml"
    brief.write_text("topic: Shunts\nkind: disease\nword_budget: 1500\nmust_cover: [infection]\n")
    cli("chapters", "new", SLUG, "--brief", brief, "--topic", TOPIC).done()
    assert ChapterStore(database).get(SLUG).request == {
        "topic": TOPIC, "kind": "disease", "word_budget": 1500, "must_cover": ["infection"],
    }  # fmt: skip


def test_chapters_new__sections_of_the_authors_own__become_assets(
    cli: Cli, environment: Settings, tmp_path: Path
) -> None:
    brief = tmp_path / "brief.yaml"
    brief.write_text(
        "topic: Shunts\nsections:\n  - {kind: anaesthesia, title: Anaesthesia, purpose: How the airway is kept.}\n"
    )
    said = cli("chapters", "new", SLUG, "--brief", brief).done().out
    assert "new section assets: anaesthesia" in said
    (tmp_path / "own.yaml").write_text(
        "name: care\nsections:\n  - {kind: sedation, title: Sedation, purpose: How deep., share: 1, queries: [sedation]}\n"
    )
    cli("chapters", "new", "care", "--topic", "Intensive care", "--template", tmp_path / "own.yaml").done()
    loaded = subprocess.run(
        [
            sys.executable, "-c",
            "from chapter_pipeline.definitions import defs\nfor key in defs().resolve_asset_graph().get_all_asset_keys():\n"
            "    print(key.path[-1])",
        ],
        env={**os.environ, "CHAPTER_HOME": str(environment.home)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {"anaesthesia", "sedation", "outcomes"} <= set(loaded.stdout.split())
    assert "cannot read the template" in cli(
        "chapters", "new", "other", "--topic", "Care", "--template", tmp_path / "none.yaml"
    ).refused(2)


@pytest.mark.parametrize(
    ("brief", "said"),
    [
        ("topic: Glioma\nauthor: me\n", "unknown key 'author' in the brief: the keys are topic, "),
        ("kind: disease\n", "the brief has no 'topic': give it one"),
        ("topic: Glioma\nword_budget: many\n", "brief key 'word_budget' has the value 'many'"),
        ("topic: [Glioma\n", "is not YAML: while parsing a flow sequence"),
        ("- Glioma\n", "has to be a YAML mapping of keys, not a list"),
    ],
)
def test_chapters_new__wrong_brief__is_refused_and_nothing_is_on_record(
    cli: Cli, environment: Settings, tmp_path: Path, brief: str, said: str
) -> None:
    (tmp_path / "brief.yaml").write_text(brief)
    assert said in cli("chapters", "new", SLUG, "--brief", tmp_path / "brief.yaml").refused(2)
    assert cli("chapters", "list", "--json").done().lines == []


@pytest.mark.parametrize("slug", ["Glioma", "glioma_surgery", "-x", "a", "../etc", "x" * 81, "glioma--surgery"])
def test_chapters_new__bad_slug__is_refused_with_an_example(cli: Cli, environment: Settings, slug: str) -> None:
    # After `--`, a slug that looks like an option is still a slug.
    line = cli("chapters", "new", "--topic", TOPIC, "--", slug).refused(2)
    assert f"slug {slug!r} is not usable" in line
    assert "'malignant-glioma'" in line


def test_chapters_new__slug_twice__the_first_request_stays(asked: Cli) -> None:
    line = asked("chapters", "new", SLUG, "--topic", "Something else").refused(2)
    assert f"there is a chapter {SLUG!r} already: choose another slug" in line
    assert asked("chapters", "list", "--json").done().value["topic"] == TOPIC


def test_chapters_new__neither_topic_nor_brief__says_both_ways(cli: Cli, environment: Settings) -> None:
    assert "give --topic TEXT, or --brief FILE.yaml" in cli("chapters", "new", SLUG).refused(2)


def test_chapters_write__twice__is_one_version_and_costs_no_second_writing(asked: Cli, stages: FakeStages) -> None:
    first = asked("chapters", "write", SLUG, "--json").done().value
    assert {key: first[key] for key in ("slug", "version", "sections", "references", "requires_revision")} == {
        "slug": SLUG, "version": 1, "sections": 3, "references": 1, "requires_revision": False,
    }  # fmt: skip
    assert asked("chapters", "write", SLUG, "--json").done().value == {**first, "unchanged": True}
    assert set(stages.written.values()) == {1}
    (row,) = asked("chapters", "list", "--json").done().lines
    assert (row["version"], row["written"][10]) == (1, "T")  # ISO 8601


def test_chapters_write__one_section__only_it_is_written_again(asked: Cli, stages: FakeStages) -> None:
    asked("chapters", "write", SLUG).done()
    stages.edition = "second"
    again = asked("chapters", "write", SLUG, "--section", "diagnosis", "--json").done().value
    assert again["version"] == 2
    assert stages.written == {"introduction": 1, "diagnosis": 2, "outcomes": 1}
    final = asked("chapters", "show", SLUG, "--json").done().value
    titles = {section["kind"]: section["title"] for section in final["chapter"]["sections"]}
    assert titles["diagnosis"].endswith("(second edition)")
    assert titles["outcomes"].endswith("(first edition)")


def test_chapters_write__section_before_there_is_a_chapter__is_refused(asked: Cli, stages: FakeStages) -> None:
    line = asked("chapters", "write", SLUG, "--section", "diagnosis").refused(2)
    assert "has no text yet" in line
    assert f"chapter-pipeline chapters write {SLUG}" in line
    assert not stages.written


@pytest.mark.parametrize("kind", ["anecdotes", "gross_anatomy"])  # of no template, and of another chapter's
def test_chapters_write__section_that_the_chapter_does_not_have__is_refused_with_those_it_has(
    asked: Cli, kind: str
) -> None:
    asked("chapters", "write", SLUG).done()
    line = asked("chapters", "write", SLUG, "--section", kind).refused(2)
    assert f"has no section {kind!r}: choose from introduction, epidemiology" in line
    assert "microanatomy" not in line


def test_chapters_write__no_relevant_passage__fails_and_publishes_nothing(cli: Cli, stages: FakeStages) -> None:
    cli("chapters", "new", SLUG, "--topic", TOPIC).done()
    line = cli("chapters", "write", SLUG).refused(1)
    assert f"the library holds no passage on {TOPIC!r}: ingest documents" in line
    assert f"chapter {SLUG!r} has no version yet" in cli("chapters", "show", SLUG).refused(2)
    assert cli("chapters", "list", "--json").done().value["version"] is None


def test_chapters_write__a_section_fails__the_others_stay_and_the_next_run_writes_only_it(
    asked: Cli, stages: FakeStages
) -> None:
    stages.failing["diagnosis"] = PermanentError("the words ran out")
    line = asked("chapters", "write", SLUG).refused(1)
    assert "the words ran out" in line
    assert asked("chapters", "show", SLUG, "--stage", "section/outcomes").done().value["status"] == "written"
    assert "no gap_report yet" in asked("chapters", "gaps", SLUG).refused(2)
    stages.failing.clear()
    assert asked("chapters", "write", SLUG, "--json").done().value["version"] == 1
    assert set(stages.written.values()) == {1}


def test_chapters_write__a_gate_refuses_the_text__is_told_in_one_line_and_the_version_stays(
    asked: Cli, stages: FakeStages
) -> None:
    asked("chapters", "write", SLUG).done()
    stages.edition, stages.at_the_end = "second", _on_page_9
    line = asked("chapters", "write", SLUG, "--section", "diagnosis").refused(1)
    assert "final_chapter_quotes_are_verbatim: quote 'qsource1p" in line
    assert "is not what page 9 of document" in line
    assert "(and 2 more)" in line
    assert "second edition" not in asked("chapters", "show", SLUG).done().out
    assert [one["version"] for one in asked("chapters", "versions", SLUG, "--json").done().lines] == [1]
    stages.at_the_end = lambda final: final
    again = asked("chapters", "write", SLUG, "--json").done().value  # though the library is as it was
    assert (again["version"], again["unchanged"]) == (2, False)
    assert "second edition" in asked("chapters", "show", SLUG).done().out


def _on_page_9(final: FinalChapter) -> FinalChapter:
    quotes = {key: one.model_copy(update={"page": 9}) for key, one in final.chapter.quotes.items()}
    return final.model_copy(update={"chapter": final.chapter.model_copy(update={"quotes": quotes})})


def test_chapters__unknown_chapter__every_command_says_how_to_make_it(cli: Cli, environment: Settings) -> None:
    for command in ("write", "show", "gaps", "export"):
        assert f"there is no chapter {SLUG!r}" in cli("chapters", command, SLUG).refused(2)


def test_chapters_show__stage__is_the_stored_value_as_json(asked: Cli) -> None:
    assert "no evidence_map yet" in asked("chapters", "show", SLUG, "--stage", "evidence_map").refused(2)
    asked("chapters", "write", SLUG).done()
    assert asked("chapters", "show", SLUG, "--stage", "evidence_map").done().value["quotes"]
    line = asked("chapters", "show", SLUG, "--stage", "poem").refused(2)
    assert "unknown stage 'poem': the stages are chapter_brief, " in line


def test_chapters_show__finished_chapter__is_text_with_its_pages(asked: Cli) -> None:
    asked("chapters", "write", SLUG).done()
    shown = asked("chapters", "show", SLUG).done().out
    assert shown.startswith("# ")
    assert "Resection of the tumour was safe." in shown
    assert "p. 1" in shown


def test_chapters_gaps__report__has_the_shape_of_the_gap_rule(asked: Cli, stages: FakeStages) -> None:
    gap: dict[str, Any] = {
        "type": "critical_information", "severity": "critical", "description": "Dose [red]5 mg[/red] is missing.",
        "recommendation": "Add it.", "section": "diagnosis", "evidence": [], "closed_by": None,
    }  # fmt: skip
    stages.gaps = (Gap(**{**gap, "type": GapType(gap["type"]), "severity": Severity(gap["severity"])}),)
    stages.requires_revision = True
    asked("chapters", "write", SLUG).done()
    assert asked("chapters", "gaps", SLUG, "--json").done().value == {
        "completeness_score": 0.8,
        "requires_revision": True,
        "gaps": [gap],
        "statistics": {"critical_gaps": 1, "high_gaps": 0, "medium_gaps": 0, "low_gaps": 0},
    }
    assert "Dose [red]5 mg[/red] is missing." in asked("chapters", "gaps", SLUG).done().out


def test_chapters_export__six_formats__are_named_in_order(asked: Cli, tmp_path: Path) -> None:
    asked("chapters", "write", SLUG).done()
    formats = ["md", "html", "docx", "pdf", "jats", "bib"]
    said = asked(
        "chapters", "export", SLUG, "--format", ",".join(formats), "--output", tmp_path / "out", "--json"
    ).done()
    assert [line["format"] for line in said.lines] == formats
    assert [Path(line["path"]).name for line in said.lines] == [
        f"{SLUG}-v1.{extension}" for extension in ("md", "html", "docx", "pdf", "xml", "bib")
    ]
    assert all(Path(line["path"]).stat().st_size for line in said.lines)
    assert asked("chapters", "export", SLUG, "--format", " MD ,", "--output", tmp_path).done().out == (
        f"{tmp_path / SLUG}-v1.md\n"
    )


def test_chapters_export__cannot_be_done__no_file_appears(asked: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "has no version yet" in asked("chapters", "export", SLUG, "--output", out).refused(2)
    asked("chapters", "write", SLUG).done()
    for formats in ("md,odt", ",", ""):
        line = asked("chapters", "export", SLUG, "--format", formats, "--output", out).refused(2)
        assert "md, html, docx, pdf, jats, bib" in line
    assert "no version 7: it has 1" in asked("chapters", "export", SLUG, "--version", "7", "--output", out).refused(2)
    assert not out.exists()
    (tmp_path / "file").touch()
    line = asked("chapters", "export", SLUG, "--format", "md", "--output", tmp_path / "file").refused(2)
    assert "cannot take the files (File exists): name another with --output" in line


@pytest.mark.slow
def test_chapters_write__interrupted__nothing_half_written_and_the_next_run_goes_on(
    cli: Cli, database: Database, tmp_path: Path
) -> None:
    samples = build_samples(examples_folder() / "library", tmp_path / "samples")[:4]
    cli("ingest", *samples, "--json").done()
    cli("chapters", "new", SLUG, "--topic", "Chronic subdural haematoma").done()
    artifacts = ArtifactStore(database)
    with stage_waits(database, "evidence_map", SLUG):
        process = start("chapters", "write", SLUG)
        assert eventually(lambda: process.poll() is not None or artifacts.latest("key_concepts", SLUG) is not None)
        assert process.poll() is None, finished(process)
        process.send_signal(signal.SIGINT)
    said = finished(process)
    assert (said.code, said.out) == (130, "")
    assert said.err.startswith("chapter-pipeline: interrupted")
    assert len(said.err.splitlines()) == 1
    assert json.loads(cli("chapters", "list", "--json").out)["version"] is None
    assert "has no version yet" in cli("chapters", "show", SLUG).refused(2)
    written = cli("chapters", "write", SLUG, "--json").done().value
    assert (written["version"], written["sections"] > 2) == (1, True)
    assert [one.version for one in artifacts.versions("key_concepts", SLUG)] == [1]


@pytest.mark.slow
def test_chapters_write__killed_before_the_version__the_next_run_publishes_the_stored_text(
    cli: Cli, database: Database, tmp_path: Path
) -> None:
    samples = build_samples(examples_folder() / "library", tmp_path / "samples")[:4]
    cli("ingest", *samples, "--json").done()
    cli("chapters", "new", SLUG, "--topic", "Chronic subdural haematoma").done()
    artifacts = ArtifactStore(database)
    with stage_waits(database, "publish", SLUG):  # the lock of whoever adds a version
        process = start("chapters", "write", SLUG)
        assert eventually(lambda: process.poll() is not None or artifacts.latest("final_chapter", SLUG) is not None)
        assert process.poll() is None, finished(process)
        process.kill()
        finished(process)
    assert json.loads(cli("chapters", "list", "--json").out)["version"] is None
    assert cli("chapters", "write", SLUG, "--json").done().value["version"] == 1
    assert [one.version for one in artifacts.versions("final_chapter", SLUG)] == [1]
