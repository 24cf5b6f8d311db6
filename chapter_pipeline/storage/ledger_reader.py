"""Owns reading the usage of text models and the stored replies from the ledger; it records no call."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from chapter_pipeline.domain.usage import TaskUsage, Usage
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger import midnight
from chapter_pipeline.storage.schema import ModelCallRow as Call

_GROUPS = (Call.purpose, Call.section, Call.provider, Call.model, Call.run_id)
_ANSWERED = Call.state.in_(("committed", "replayed"))


class LedgerReader:
    """The sum of the recorded calls. A replayed reply is not a call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def usage(
        self, *, chapter: str | None = None, document: str | None = None, run_ids: Collection[str] | None = None
    ) -> tuple[TaskUsage, ...]:
        """Usage by task, section, provider, model and run, in the order of the first call of each.

        Of `chapter`, of `document` and within these runs, where they are given.
        """
        which: list[ColumnElement[bool]] = []
        if document is not None:
            which.append(Call.document == document)
        if chapter is not None:
            which.append(Call.chapter == chapter)
        if run_ids is not None:
            which.append(Call.run_id.in_(run_ids))
        answer = func.coalesce(func.max(Call.id).filter(_ANSWERED), 0).label("answer")
        query = select(*_GROUPS, answer, *_sums()).where(*which).group_by(*_GROUPS).order_by(func.min(Call.id))
        with self._database.session() as session:
            rows = session.execute(query).all()
            answers = [row.answer for row in rows if row.answer]
            reasons = session.execute(select(Call.id, Call.fallbacks).where(Call.id.in_(answers))).all()
        fallbacks = {id: tuple(failed) for id, failed in reasons}
        return tuple(
            TaskUsage(
                task=row.purpose, section=row.section, provider=row.provider, model=row.model, run_id=row.run_id,
                usage=_usage(row), answer=row.answer, fallbacks=fallbacks.get(row.answer, ()),
            )
            for row in rows
        )  # fmt: skip

    def answered(self, request_keys: Collection[str]) -> frozenset[str]:
        """Those of these request keys whose reply is on record: the same request is not paid for again."""
        query = select(Call.request_key).where(Call.request_key.in_(request_keys), Call.state == "committed")
        with self._database.session() as session:
            return frozenset(session.scalars(query))

    def reply(self, request_key: str) -> str | None:
        """The stored reply to a request; None when it was not answered."""
        query = select(Call.reply).where(Call.request_key == request_key, Call.state == "committed").limit(1)
        with self._database.session() as session:
            return session.scalar(query.order_by(Call.id))

    def mean_output_tokens(self, *, least_calls: int = 5) -> dict[tuple[str, str], int]:
        """The mean tokens of the replies by task and model, thoughts included; of those with enough calls."""
        query = (
            select(Call.purpose, Call.model, func.avg(Call.output_tokens))
            .where(Call.state == "committed", Call.output_tokens > 0)
            .group_by(Call.purpose, Call.model)
            .having(func.count() >= least_calls)
        )
        with self._database.session() as session:
            return {(task, model): round(mean) for task, model, mean in session.execute(query)}

    def today(self) -> Usage:
        """Usage of this day, which begins at midnight UTC."""
        with self._database.session() as session:
            return _usage(session.execute(select(*_sums()).where(Call.created_at >= midnight())).one())


def _sums() -> tuple[ColumnElement[Any], ...]:
    ambiguous = Call.state == "ambiguous"
    return (
        func.count().filter(Call.state != "replayed").label("calls"),
        func.count().filter(Call.state == "failed").label("failed"),
        func.count().filter(ambiguous).label("ambiguous"),
        func.coalesce(func.sum(Call.input_tokens), 0).label("input_tokens"),
        func.coalesce(func.sum(Call.output_tokens), 0).label("output_tokens"),
        func.coalesce(func.sum(Call.cached_tokens), 0).label("cached_tokens"),
        func.coalesce(func.sum(Call.cost_usd), 0).label("cost_usd"),
        func.coalesce(func.sum(Call.reserved_usd).filter(ambiguous), 0).label("ambiguous_usd"),
        func.coalesce(func.sum(Call.latency_s), 0.0).label("latency_s"),
    )


def _usage(row: Row[Any]) -> Usage:
    return Usage(**{name: getattr(row, name) for name in Usage.__slots__})
