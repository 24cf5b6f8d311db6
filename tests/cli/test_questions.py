"""What `chapters questions` tells: each question, the studies that answer it, and whether a table shows them."""

from __future__ import annotations

from chapter_pipeline.domain import (
    Concept,
    EvidenceMap,
    KeyConcepts,
    QuestionTable,
    SectionPlans,
)
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.database import Database
from tests.cli.conftest import Cli
from tests.writing.test_question_tables import ASKED, BENCH, plan, quote

SLUG, TOPIC = "csdh", "Chronic subdural haematoma"


def concepts(*, asked: bool = True) -> KeyConcepts:
    topic = Concept(key="c0", name=TOPIC, importance=1.0)
    return KeyConcepts(
        concepts=(topic,), questions=(ASKED, BENCH) if asked else (), provider="none", model="none"
    )  # fmt: skip


def test_chapters_questions__before_the_library_was_read__has_no_number_of_studies(
    cli: Cli, database: Database
) -> None:
    cli("chapters", "new", SLUG, "--topic", TOPIC).done()
    assert "no key_concepts yet" in cli("chapters", "questions", SLUG).refused(2)
    ArtifactStore(database).put("key_concepts", SLUG, concepts())
    told = cli("chapters", "questions", SLUG, "--json").done().lines
    assert [(one["key"], one["studies"], one["has_table"]) for one in told] == [
        (ASKED.key, None, False), (BENCH.key, None, False),
    ]  # fmt: skip


def test_chapters_questions__of_a_planned_chapter__tells_studies_and_tables(cli: Cli, database: Database) -> None:
    cli("chapters", "new", SLUG, "--topic", TOPIC).done()
    artifacts = ArtifactStore(database)
    artifacts.put("key_concepts", SLUG, concepts())
    quotes = (quote("a", source="x"), quote("b", source="x"), quote("c"))
    artifacts.put("evidence_map", SLUG, EvidenceMap(quotes=quotes, sentences_read=3, refused={}))
    table = QuestionTable(question=ASKED.key, caption=ASKED.text, rows=())
    planned = plan(*quotes).model_copy(update={"question_tables": (table,)})
    artifacts.put("section_plans", SLUG, SectionPlans(slug=SLUG, topic=TOPIC, audience="all", plans=(planned,)))
    told = cli("chapters", "questions", SLUG, "--json").done().lines
    assert [(one["studies"], one["has_table"]) for one in told] == [(2, True), (0, False)]
    assert ASKED.text in cli("chapters", "questions", SLUG).done().out


def test_chapters_questions__none__says_why(cli: Cli, database: Database) -> None:
    cli("chapters", "new", SLUG, "--topic", TOPIC).done()
    ArtifactStore(database).put("key_concepts", SLUG, concepts(asked=False))
    assert cli("chapters", "questions", SLUG).done().out.startswith("none: no study of the topic")
