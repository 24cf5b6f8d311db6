"""Owns stage 10: every section kind is an asset. Sections are written concurrently, each stored when it is finished.

The error of one section does not stop the others; all errors are reported together at the end.
"""

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Literal

import dagster as dg

from assets.failures import failed
from assets.metadata import md
from assets.partitions import CHAPTERS
from assets.run_tags import REWRITE_TAG
from assets.stage_assets import OWNERS
from chapter_pipeline.domain import ChapterOutline, Section, SectionPlans
from chapter_pipeline.errors import ChapterPipelineError, NotFound, TransientError
from chapter_pipeline.quality.closure import section_problems
from chapter_pipeline.services.costs import usage
from chapter_pipeline.storage.artifacts import ArtifactStore, StoredArtifact, content_hash
from chapter_pipeline.storage.database import Database
from chapter_pipeline.writing.rendering import section_markdown
from chapter_pipeline.writing.stages import Stages
from resources.artifacts_io import usage_metadata
from resources.chapters import ChaptersResource
from resources.currency import CurrencyResource
from resources.stages import StagesResource

SECTIONS = "4_sections"
CHECK = "claims_are_cited"
FINGERPRINT_TAG = "chapter_pipeline/input_fingerprint"
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
HOW_WRITTEN = {"provider", "model", "dropped"}
"""Fields of a section that are no part of its text."""


def section_key(kind: str) -> dg.AssetKey:
    """The asset of a section kind."""
    return dg.AssetKey(["section", kind])


def sections_of(outline: ChapterOutline, slug: str, artifacts: ArtifactStore) -> list[Section]:
    """The sections of the chapter's own outline, and those that a person wrote where the outline leaves one out.

    Raises `NotFound` for a planned section without a value.
    """
    planned = [section.kind for section in outline.sections]
    missing = [kind for kind in planned if artifacts.latest(f"section/{kind}", slug) is None]
    if missing:
        raise NotFound(
            f"chapter {slug!r} has no text of its section {missing[0]!r} yet: chapter-pipeline chapters write {slug},"
            f" or materialize section/{missing[0]} for {slug}"
        )
    left_out = [kind for kind in outline.unused if artifacts.latest(f"section/{kind}", slug) is not None]
    theirs = [artifacts.get(f"section/{kind}", slug, Section) for kind in left_out]
    return [
        *(artifacts.get(f"section/{kind}", slug, Section) for kind in planned),
        *(section for section in theirs if section.kept or section.origin),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Produced:
    """A stored section. `reused`: taken from an earlier run with the same fingerprint. `kept`: written by a person."""

    kind: str
    status: Literal["written", "reused", "unused", "kept"]
    section: Section
    stored: StoredArtifact
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    kind: str
    error: Exception


def produce(
    kind: str,
    plans: SectionPlans,
    *,
    stages: Stages,
    artifacts: ArtifactStore,
    fingerprint: str,
    run_id: str,
    rewrite: bool,
) -> Produced:
    """Write one section, or reuse the text stored under `fingerprint`; store it as the newest version.

    A section that a person wrote is kept unless `rewrite` is true.
    """
    name = f"section/{kind}"
    newest = artifacts.latest(name, plans.slug)
    theirs = artifacts.get(name, plans.slug, Section, newest.version) if newest is not None else None
    if newest is not None and theirs is not None and theirs.kept and not rewrite:
        return Produced(kind=kind, status="kept", section=theirs, stored=newest, fingerprint=fingerprint)
    known = None if rewrite else artifacts.by_fingerprint(name, plans.slug, fingerprint)
    if known is not None:
        section = artifacts.get(name, plans.slug, Section, known.version)
    else:
        section = stages.section(kind, plans, variant=run_id if rewrite else "", earlier=theirs)
    # A reused text is stored again as the newest version, because later stages read the newest one.
    stored = artifacts.put(name, plans.slug, section, run_id=run_id, fingerprint=fingerprint)
    return Produced(
        kind=kind,
        status="unused" if section.status == "unused" else "reused" if known is not None else "written",
        section=section,
        stored=stored,
        fingerprint=fingerprint,
    )


def section_assets(kinds: Sequence[str]) -> dg.AssetsDefinition:
    """One asset for each of `kinds`, those of all templates, with its check."""
    return dg.multi_asset(
        name="chapter_sections",
        can_subset=True,
        partitions_def=CHAPTERS,
        specs=[
            dg.AssetSpec(
                section_key(kind),
                deps=["section_plans"],
                group_name=SECTIONS,
                kinds={"llm"},
                owners=OWNERS,
                tags={"chapter_pipeline/stage": "10"},
                description=f"Stage 10: the section “{kind.replace('_', ' ')}”; every claim carries quote keys. "
                "Status `unused` when the chapter's outline has no such section, `kept` when a person edited or restored "
                "it, `reused` when nothing it is made of "
                f"changed: the run's tag {REWRITE_TAG} = {kind} asks for a new text all the same.",
            )
            for kind in kinds
        ],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=section_key(kind),
                partitions_def=CHAPTERS,
                blocking=True,
                description="Every sentence stands on quotes of the section's plan and says no more than they do.",
            )
            for kind in kinds
        ],
    )(chapter_sections)


# Dagster takes no return annotation on an async generator.
async def chapter_sections(  # type: ignore[no-untyped-def]
    context: dg.AssetExecutionContext, stages: StagesResource, chapters: ChaptersResource, currency: CurrencyResource
):
    """The selected sections of one chapter, at most CHAPTER_SECTION_CONCURRENCY at a time."""
    plans = chapters.artifacts().get("section_plans", context.partition_key, SectionPlans)
    rewrite = set(context.run.tags.get(REWRITE_TAG, "").split(","))
    # In the order of the chapter, so that the first sections are finished first.
    order = {plan.kind: place for place, plan in enumerate(plans.plans)}
    selected = sorted(key.path[-1] for key in context.selected_asset_keys)
    kinds = sorted(selected, key=lambda kind: order.get(kind, len(order)))
    # Not the loop's own pool: that has as many threads as the machine has processors, and four.
    pool = ThreadPoolExecutor(stages.section_concurrency, thread_name_prefix="section")
    done: asyncio.Queue[Produced | Failed] = asyncio.Queue()
    opened, artifacts, made_from = stages.open(), chapters.artifacts(), currency.open()

    async def work(kind: str) -> None:
        write = partial(
            produce,
            kind,
            plans,
            stages=opened,
            artifacts=artifacts,
            fingerprint=made_from.section_fingerprint(kind, plans),
            run_id=context.run.run_id,
            rewrite=kind in rewrite,
        )
        try:
            produced = await asyncio.get_running_loop().run_in_executor(pool, copy_context().run, write)
        except Exception as error:  # noqa: BLE001 - one section: the others go on
            context.log.error(f"section {kind!r} failed: {error}")
            done.put_nowait(Failed(kind=kind, error=error))
        else:
            done.put_nowait(produced)

    tasks = [asyncio.create_task(work(kind)) for kind in kinds]
    failures: list[Failed] = []
    try:
        for number in range(1, len(kinds) + 1):
            match await done.get():
                case Failed() as one:
                    failures.append(one)
                case Produced() as produced:
                    context.log.info(f"section {produced.kind!r} {produced.status}: {number} of {len(kinds)}")
                    yield _result(produced, plans, context, chapters.database())
    finally:
        for task in tasks:
            task.cancel()
        pool.shutdown(wait=False, cancel_futures=True)
    if failures:
        raise _failure(failures, len(kinds), context.partition_key) from failures[0].error


def _result(
    produced: Produced, plans: SectionPlans, context: dg.AssetExecutionContext, database: Database
) -> dg.MaterializeResult[None]:
    key, section, plan = section_key(produced.kind), produced.section, plans.plan(produced.kind)
    lines = usage(database, chapter=plans.slug, stage=f"section/{produced.kind}")
    answers = sorted((one for one in lines if one.provider == section.provider), key=lambda one: one.answer)
    text = section.model_dump(mode="json", exclude=HOW_WRITTEN)
    checks = []
    if dg.AssetCheckKey(key, CHECK) in context.selected_asset_check_keys:
        problems = section_problems(section, plan)
        checks.append(
            dg.AssetCheckResult(
                asset_key=key,
                check_name=CHECK,
                passed=not problems,
                metadata={"sentences": len(section.sentences), "problems": md("\n".join(problems[:20]) or "none")},
            )
        )
    quotes = {quote.key: quote for quote in plan.all_quotes} if plan else {}
    return dg.MaterializeResult(
        asset_key=key,
        data_version=dg.DataVersion(content_hash(text)),
        tags={FINGERPRINT_TAG: produced.fingerprint[:63]},
        check_results=checks,
        metadata={
            "status": produced.status,
            "words": section.words,
            "planned words": plan.word_budget if plan else 0,
            "sources": len({quotes[k].source for s in section.sentences for k in s.quotes if k in quotes}),
            "provider": section.provider or "none",
            "model": section.model or "none",
            **usage_metadata([line for line in lines if line.run_id == context.run.run_id], answers[-1:]),
            "dropped sentences": md("\n".join(f"- {one.text} ({one.reason})" for one in section.dropped) or "none"),
            "version": produced.stored.version,
            "written by run": dg.MetadataValue.dagster_run(produced.stored.run_id or context.run.run_id),
            "preview": md(section_markdown(section, quotes)),
        },
    )


def _failure(failures: Sequence[Failed], selected: int, slug: str) -> dg.Failure:
    return failed(
        f"{len(failures)} of {selected} sections failed, the others are stored: {_reasons(failures)};"
        f" go on with: chapter-pipeline chapters write {slug}",
        transient=any(isinstance(one.error, TransientError) for one in failures),
        metadata={one.kind: _first_line(one.error) for one in failures},
    )


def _reasons(failures: Sequence[Failed]) -> str:
    """Each reason once, after the sections that it stopped. Reasons that differ in numbers only are one."""
    grouped: dict[str, list[Failed]] = {}
    for one in failures:
        grouped.setdefault(_NUMBER.sub("0", _first_line(one.error)), []).append(one)
    return "; ".join(
        f"{', '.join(one.kind for one in alike)}: {_first_line(alike[0].error)}" for alike in grouped.values()
    )


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).splitlines()), "")
    return line if isinstance(error, ChapterPipelineError) else f"{type(error).__name__}: {line}"
