"""Revision 0009: the ledger is told what only the values of the release before knew; replayed answers leave with it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from chapter_pipeline.services.costs import AnswersInForce, usage
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.database import Database
from tests.storage.test_migrations import empty

__all__ = ["empty"]

BUSY = ["claude: busy"]
RUN = "run-2"


def use(stage: str, provider: str, fallbacks: Iterable[str] = ()) -> dict[str, Any]:
    return {"stage": stage, "provider": provider, "model": "m", "cost_usd": "0.01", "fallbacks": list(fallbacks)}


def put(database: Database, asset: str, version: int, body: dict[str, Any], run_id: str = RUN) -> None:
    with database.session() as session:
        session.execute(
            text(
                "INSERT INTO artifacts (asset, partition, version, run_id, sha256, body)"
                " VALUES (:asset, 'glioma', :version, :run_id, '', CAST(:body AS jsonb))"
            ),
            {"asset": asset, "version": version, "run_id": run_id, "body": json.dumps(body)},
        )


def call(database: Database, task: str, provider: str, section: str | None = None, state: str = "committed") -> int:
    with database.session() as session:
        number: int = session.execute(
            text(
                "INSERT INTO model_calls (request_key, attempt, provider, model, purpose, chapter, section, state, owner,"
                " reserved_usd, cost_usd, reply) VALUES ('k', 1, :provider, 'm', :task, 'glioma', :section, :state, 1,"
                " 0.02, 0.01, :reply) RETURNING id"
            ),
            {
                "provider": provider, "task": task, "section": section, "state": state,
                "reply": "{}" if state == "committed" else None,
            },
        ).scalar_one()  # fmt: skip
    return number


def rows(database: Database) -> dict[int, tuple[str | None, list[str]]]:
    with database.session() as session:
        return {
            row.id: (row.run_id, row.fallbacks)
            for row in session.execute(text("SELECT id, run_id, fallbacks FROM model_calls"))
        }


def test_upgrade__stand_ins_that_the_values_told_of__are_told_by_the_ledger(empty: Database) -> None:
    empty.migrate()
    migrate.downgrade(empty.engine, "0008")
    outline = [use("literature_queries", "gpt", BUSY), use("outline", "gpt", BUSY)]
    put(empty, "chapter_brief", 1, {"topic": "Glioma", "uses": [use("section_queries", "claude")]})
    put(empty, "chapter_outline", 1, {"uses": [use("outline", "gemini", ["gpt: gone"])]}, "run-1")
    put(empty, "chapter_outline", 2, {"uses": outline})
    put(empty, "key_concepts", 1, {"provider": "gpt", "fallbacks": BUSY})
    put(empty, "section/outcomes", 1, {"provider": "gpt", "fallbacks": BUSY})
    put(empty, "section/history", 1, {"provider": "person"})
    put(empty, "library_research", 1, {"passages": []})
    brief = call(empty, "section_queries", "claude")
    concepts = call(empty, "key_concepts", "gpt")
    gone = call(empty, "outline", "gemini")
    failed = call(empty, "outline", "claude", state="failed")
    before, newest = call(empty, "outline", "gpt"), call(empty, "outline", "gpt")
    literature = call(empty, "literature_queries", "gpt")
    outcomes, other = call(empty, "section", "gpt", "outcomes"), call(empty, "section", "gpt", "history")
    empty.migrate()
    migrate.check(empty.engine)
    assert rows(empty) == {
        brief: (RUN, []), concepts: (RUN, BUSY), gone: (None, []), failed: (None, []), before: (None, []),
        newest: (RUN, BUSY), literature: (None, []), outcomes: (RUN, BUSY), other: (None, []),
    }  # fmt: skip
    in_force = AnswersInForce(empty, run_id="run-3").of("glioma")
    told = {(one.task, one.section, one.provider): one.fallbacks for one in in_force}
    assert told == {
        ("section_queries", None, "claude"): (), ("key_concepts", None, "gpt"): tuple(BUSY),
        ("outline", None, "gpt"): tuple(BUSY), ("section", "outcomes", "gpt"): tuple(BUSY),
        ("section", "history", "gpt"): (),
    }  # fmt: skip
    assert sum(line.usage.cost_usd for line in usage(empty, chapter="glioma")) * 100 == 9


def test_downgrade__replayed_answers__go_and_what_was_paid_stays(empty: Database) -> None:
    empty.migrate()
    paid, _ = call(empty, "outline", "gpt"), call(empty, "outline", "gpt", state="replayed")
    migrate.downgrade(empty.engine, "0008")
    with empty.session() as session:
        assert session.scalars(text("SELECT id FROM model_calls")).all() == [paid]
    empty.migrate()
    migrate.check(empty.engine)
    assert rows(empty) == {paid: (None, [])}
