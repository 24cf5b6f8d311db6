"""Which answers a chapter is made of: those of the runs that stored its values, and the newest of each of its writers."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from chapter_pipeline.domain.usage import STAGES, Usage, over_runs, total
from chapter_pipeline.providers.fallback_router import KINDS
from chapter_pipeline.services.costs import AnswersInForce, usage
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import ModelCallRow

SLUG = "glioma"


class Value(BaseModel):
    text: str


def answered(
    database: Database, task: str, provider: str, run_id: str | None, *before: str, section: str | None = None,
    state: str = "committed", slug: str = SLUG,
) -> None:  # fmt: skip
    """An answer on record; `before`: the providers that gave none."""
    with database.session() as session:
        session.add(
            ModelCallRow(
                request_key="k",
                attempt=1,
                provider=provider,
                model="m",
                purpose=task,
                chapter=slug,
                section=section,
                run_id=run_id,
                fallbacks=list(before),
                state=state,
                owner=1,
                reserved_usd=0,
                reply="{}" if state == "committed" else None,
            )
        )


def stored(database: Database, asset: str, text: str, run_id: str) -> None:
    ArtifactStore(database).put(asset, SLUG, Value(text=text), run_id=run_id)


def in_force(database: Database, run_id: str | None) -> dict[tuple[str, str | None], tuple[str, tuple[str, ...]]]:
    found = AnswersInForce(database, run_id=run_id).of(SLUG)
    return {(one.task, one.section): (one.provider, one.fallbacks) for one in found}


def test_stages__of_the_tasks__are_those_of_the_prompts_and_their_repairs() -> None:
    assert set(STAGES) == {*KINDS, "section_repair"}


def test_in_force__stage_of_an_earlier_run__its_answer_stands(database: Database) -> None:
    answered(database, "outline", "gpt", "first", "claude: busy")
    stored(database, "chapter_outline", "planned", "first")
    assert in_force(database, "second") == {("outline", None): ("gpt", ("claude: busy",))}


def test_in_force__asked_again_in_this_run__the_new_answer_stands(database: Database) -> None:
    answered(database, "outline", "gpt", "first", "claude: busy")
    stored(database, "chapter_outline", "planned", "first")
    answered(database, "outline", "claude", "second", state="replayed")
    assert in_force(database, "second") == {("outline", None): ("claude", ())}


def test_in_force__stage_made_again_without_a_text_model__has_no_answer_any_more(database: Database) -> None:
    """As after the keys were taken away: the extractive writer asks nobody."""
    for task, asset in STAGES.items():
        if asset not in ("section", "key_concepts"):
            answered(database, task, "gpt", "first", "claude: busy")
            stored(database, asset, "by a model", "first")
            stored(database, asset, "by rules", "second")
    assert in_force(database, "second") == {}


def test_in_force__final_review__is_that_of_this_run_alone(database: Database) -> None:
    answered(database, "final_review", "gpt", "first", "claude: busy")
    stored(database, "final_chapter", "published", "first")
    assert in_force(database, "second") == {}
    answered(database, "final_review", "claude", "second")
    assert in_force(database, "second") == {("final_review", None): ("claude", ())}


def test_in_force__sections__are_the_newest_answers_of_each_provider(database: Database) -> None:
    answered(database, "section", "gpt", "first", "claude: busy", section="outcomes")
    answered(database, "section", "gpt", "second", "claude: away", section="outcomes")
    answered(database, "section", "claude", "third", section="outcomes")
    answered(database, "section", "gpt", "third", section="history")
    answered(database, "section", "gpt", "third", section="history", slug="another", state="committed")
    found = AnswersInForce(database, run_id="fourth").of(SLUG)
    assert [(one.section, one.provider, one.fallbacks) for one in found] == [
        ("outcomes", "gpt", ("claude: away",)), ("outcomes", "claude", ()), ("history", "gpt", ()),
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["failed", "ambiguous", "reserved", "sent"])
def test_in_force__call_without_an_answer__is_none(state: str, database: Database) -> None:
    answered(database, "outline", "gpt", None, "claude: busy", state=state)
    assert in_force(database, None) == {}


def test_usage__replayed_answer__is_a_line_that_costs_nothing(database: Database) -> None:
    answered(database, "outline", "gpt", "first", state="replayed")
    answered(database, "outline", "gpt", "second", "claude: busy", state="replayed")
    lines = usage(database, chapter=SLUG, stage="chapter_outline")
    assert [line.run_id for line in lines] == ["first", "second"]
    assert total(lines) == Usage()
    (line,) = over_runs(lines)
    assert (line.fallbacks, line.answer) == (("claude: busy",), lines[1].answer)
    assert over_runs(reversed(lines)) == (line,)
    assert usage(database, chapter=SLUG, stage="section/outline") == ()
