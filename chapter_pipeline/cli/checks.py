"""Owns the checks of `doctor`: each part of the installation, whether it works, and the remedy when it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chapter_pipeline.addresses import without_secrets
from chapter_pipeline.container import Container
from chapter_pipeline.errors import ChapterPipelineError, UsageError
from chapter_pipeline.settings import KEY_FIELDS

if TYPE_CHECKING:
    from chapter_pipeline.storage.breakers import BreakerStatus


SHOWN_LOST = 3
"""Lost images that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The state of one part: ``missing`` is optional and not configured, ``failed`` stops the product."""

    name: str
    state: Literal["ok", "missing", "failed"]
    detail: str
    remedy: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "state": self.state, "detail": self.detail, "remedy": self.remedy}


def run_checks(opened: Container) -> list[Check]:
    """All checks; one that raises is reported as failed and stops no other."""
    checks: list[Check] = []
    for name, part, remedy in _PARTS:
        failed = {check.name for check in checks if check.state == "failed"}
        if failed & _NEEDS.get(part, frozenset()):
            continue  # it would wait once more, to say the same
        try:
            checks += part(opened)
        except ChapterPipelineError as error:
            checks.append(Check(name=name, state="failed", detail=error.what, remedy=error.remedy or remedy))
        except Exception as error:  # noqa: BLE001  a broken installation raises what it likes; this is who tells it
            detail = without_secrets(f"{type(error).__name__}: {error}")
            checks.append(Check(name=name, state="failed", detail=detail, remedy=remedy))
    return checks


def online_checks(opened: Container) -> list[Check]:
    """One call to each model of each provider that has a key, or an address."""
    from chapter_pipeline.services.provider_trials import trials

    found = [
        Check(
            name=f"{one.provider} {one.model}",
            state="failed" if one.answered is None else "ok",
            detail=one.fault if one.answered is None else f"answers, as {one.answered}",
            remedy=one.remedy,
        )
        for one in trials(opened.text_models, opened.settings, variant=opened.clock.now().isoformat())
    ]
    return found or [Check(name="online", state="missing", detail="no provider has a key or an address")]


def _database(opened: Container) -> list[Check]:
    database = opened.database  # migrated: raises what is wrong, with its remedy
    health = database.health_check()
    if health.latency_ms is None:
        return [Check(name="database", state="failed", detail=health.detail, remedy="try again")]
    pool = database.pool_status()
    where = "given by CHAPTER_DATABASE_URL" if opened.settings.database_url else "embedded"
    version = health.pgvector_version
    return [
        Check(
            name="database",
            state="ok" if health.ok else "failed",
            detail=f"PostgreSQL {health.server_version}, {where}, answered in {health.latency_ms:.0f} ms; "
            f"pool of {pool.size}, {pool.checked_out} in use",
            remedy=None if health.ok else health.detail,
        ),
        Check(
            name="extension",
            state="ok" if version else "failed",
            detail=f"pgvector {version}" if version else "pgvector is not installed",
            remedy=None if version else "install pgvector on the server, then run CREATE EXTENSION vector",
        ),
    ]


def _bucket(opened: Container) -> list[Check]:
    key = "health/doctor"
    opened.bucket.put(key, b"ok", overwrite=True)
    readable = opened.bucket.get(key) == b"ok"
    opened.bucket.delete(key)
    where = opened.settings.bucket_url or f"local folder {opened.settings.home / 'bucket'}"
    return [Check(name="bucket", state="ok" if readable else "failed", detail=f"{where}: written, read and deleted")]


def _figures(opened: Container) -> list[Check]:
    found = opened.figure_objects.audit()
    detail = f"{found.images} images of figures, {found.size_bytes / 1e6:.1f} MB"
    if found.in_rows:
        detail += f"; {found.in_rows} are still in the database and are moved at the next start"
    if found.left_over:
        detail += f"; {len(found.left_over)} more in the bucket that nothing shows: chapter-pipeline documents clean"
    if not found.lost:
        return [Check(name="figures", state="ok", detail=detail)]
    lost = [f"{one.what}: {one.remedy}" for one in found.lost[:SHOWN_LOST]]
    more = f"; and {len(found.lost) - SHOWN_LOST} more" if len(found.lost) > SHOWN_LOST else ""
    return [
        Check(name="figures", state="failed", detail=f"{detail}; {len(found.lost)} lost", remedy="; ".join(lost) + more)
    ]


def _embedder(opened: Container) -> list[Check]:
    embedder = opened.library_embedder
    shape = embedder.embed(["chronic subdural haematoma"]).shape
    how = "files verified by sha256" if opened.settings.embedder == "minilm" else "it answers"
    detail = f"{embedder.name}, {shape[1]} dimensions, {how}"
    return [Check(name="embedding model", state="ok", detail=detail)]


def _embeddings(opened: Container) -> list[Check]:
    embedder = opened.library_embedder
    others = {
        model: count for model, count in opened.library_store.embedding_models().items() if model != embedder.name
    }
    checks = []
    if others:
        told = ", ".join(f"{count} by {model}" for model, count in sorted(others.items()))
        detail = f"documents whose vectors are of another model, found by their words only: {told}"
        remedy = "chapter-pipeline ingest FILES again"
        checks.append(Check(name="embeddings", state="failed", detail=detail, remedy=remedy))
    return checks


def _study_records(opened: Container) -> list[Check]:
    """Nothing when all are current: a document without one is searched, and a chapter reads its sentences alone."""
    from chapter_pipeline.services.record_filling import reasons, require_writer

    try:
        require_writer(opened.settings)
    except UsageError as error:
        return [Check(name="study records", state="failed", detail=error.what, remedy=error.remedy or "")]
    findings = opened.findings
    documents = findings.outdated()
    if not documents:
        return []
    detail = f"{len(documents)} documents have none {findings.basis}"
    remedy = "make them: chapter-pipeline findings refresh"
    if opened.settings.study_records == "model":
        made = findings.summaries([one.key for one in documents]).values()
        unfilled = [one.unfilled for one in made if one.unfilled is not None]
        detail += f"; {reasons(unfilled)}" if unfilled else ""
        remedy += " (--estimate says what it costs)"
    return [Check(name="study records", state="missing", detail=detail, remedy=remedy)]


def _exports(opened: Container) -> list[Check]:
    import pypandoc
    import typst

    return [
        Check(
            name="exports",
            state="ok",
            detail=f"pandoc {pypandoc.get_pandoc_version()}, typst {getattr(typst, '__version__', 'present')}",
        )
    ]


def _text_models(opened: Container) -> list[Check]:
    checks = [
        Check(name="extractive provider", state="ok", detail="writes with the words of the sources; no key needed")
    ]
    settings = opened.settings
    for provider in KEY_FIELDS:
        if provider in settings.keys:
            asked = "writes" if provider == settings.writer else "stands in when another provider gives no answer"
            detail = asked if settings.fallback == "on" or provider == settings.writer else "set, and not used"
            checks.append(Check(name=f"{provider} key", state="ok", detail=f"set; {detail}"))
        else:
            checks.append(Check(name=f"{provider} key", state="missing", detail="not needed by the extractive writer"))
    return checks


def _breakers(opened: Container) -> list[Check]:
    breakers = opened.circuit_breakers
    return [_breaker(name, one) for name, one in breakers.status().items() if name in breakers.order]


def _breaker(name: str, one: BreakerStatus) -> Check:
    rate = "" if one.success_rate is None else f", {one.success_rate:.0%} of {one.total_calls} calls succeeded"
    if one.retry_after_s == 0:
        return Check(name=f"{name} breaker", state="ok", detail=f"{one.state.value}{rate}")
    remedy = (
        f"mend that, then chapter-pipeline providers close {name}" if one.retry_after_s is None else "wait a minute"
    )
    return Check(name=f"{name} breaker", state="failed", detail=f"{one.state.value}: {one.reason}{rate}", remedy=remedy)


_PARTS: tuple[tuple[str, Callable[[Container], list[Check]], str], ...] = (
    ("database", _database, "set CHAPTER_HOME to a folder that can be written, or CHAPTER_DATABASE_URL to a server"),
    ("bucket", _bucket, "set CHAPTER_BUCKET_URL to a bucket that can be written; unset it to use CHAPTER_HOME"),
    ("figures", _figures, "mend the bucket first"),
    ("embedding model", _embedder, "install the locked requirements again, or see providers status"),
    ("embeddings", _embeddings, "mend the database first"),
    ("study records", _study_records, "mend the database first"),
    ("exports", _exports, "install the locked requirements again"),
    ("text models", _text_models, ""),
    ("breakers", _breakers, "mend the database first"),
)
_NEEDS: Mapping[Callable[[Container], list[Check]], frozenset[str]] = {
    _figures: frozenset({"database", "bucket"}),
    _embeddings: frozenset({"database"}),
    _study_records: frozenset({"database"}),
    _breakers: frozenset({"database"}),
}
"""The checks that are left out when another one has failed."""
