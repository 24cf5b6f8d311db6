"""The use case of writing a chapter: what is not current is written, in a run; a current chapter costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal

from chapter_pipeline.domain import FinalChapter
from chapter_pipeline.domain.usage import total
from chapter_pipeline.errors import PermanentError
from chapter_pipeline.ports import Bucket
from chapter_pipeline.services import exports
from chapter_pipeline.services.chapter_currency import ChapterCurrency, StaleStage
from chapter_pipeline.services.chapters import Chapters
from chapter_pipeline.services.costs import Costs
from chapter_pipeline.services.publication import published_version
from chapter_pipeline.services.run_report import ChapterRuns, OnProgress
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import StoredVersion
from chapter_pipeline.storage.figure_images import FigureImages


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A chapter's newest version after `ChapterWriting.write`, with its text and what the chapter has cost so far.

    `revisions`: rounds of revision that this call made. `unchanged`: everything was current, nothing was written.
    """

    version: StoredVersion
    final: FinalChapter
    cost_usd: Decimal
    revisions: int
    unchanged: bool


class ChapterWriting:
    """Writes chapters, for every entrance. `open_runs` opens the runs of one chapter, for the time of one write."""

    def __init__(
        self,
        *,
        chapters: Chapters,
        artifacts: ArtifactStore,
        currency: ChapterCurrency,
        costs: Costs,
        images: FigureImages,
        bucket: Callable[[], Bucket],
        open_runs: Callable[[str], AbstractContextManager[ChapterRuns]],
    ) -> None:
        self._chapters = chapters
        self._artifacts = artifacts
        self._currency = currency
        self._costs = costs
        self._images = images
        self._bucket = bucket
        self._open_runs = open_runs

    def write(
        self,
        slug: str,
        *,
        sections: Sequence[str] = (),
        on_stale: Callable[[Sequence[StaleStage]], None] | None = None,
        on_progress: OnProgress | None = None,
    ) -> Written:
        """Write the chapter, or only `sections` (kinds) again and what follows them; a current chapter is left as it is.

        `on_stale` is called before a run with the stages that are not current, none of them when sections are named:
        these are written whatever is current. `on_progress` is called with (assets done, assets in all, name of the
        newest with its provider and what this call has spent). What an interrupted run left out of the publication of a current chapter is completed.
        Raises `NotFound`, `UsageError` for an unknown section or a chapter that is being written, `PermanentError`
        when a stage failed.
        """
        self._chapters.get(slug)
        for kind in sections:
            self._chapters.require_section(slug, kind)
        stale = () if sections else self._currency.of(slug).stale
        unchanged = not (sections or stale)
        if on_stale is not None:
            on_stale(stale)
        revisions = 0
        if unchanged:
            self._complete_publication(slug)
        else:
            before_usd = total(self._costs.of_chapter(slug)).cost_usd

            def tell(done: int, planned: int, stage: str) -> None:
                if on_progress is not None:
                    on_progress(done, planned, self._costs.told(slug, stage, before_usd=before_usd))

            with self._open_runs(slug) as runs:
                report = runs.write_chapter(slug, sections=list(sections) or None, on_progress=tell)
            if not report.success:
                raise PermanentError(
                    f"chapter {slug!r} stopped: {'; '.join(report.failures) or 'the run failed'} (run {report.run_id})"
                )
            revisions = report.revisions
        version = self._chapters.newest_version(slug)
        return Written(
            version=version,
            final=self._chapters.version_text(slug, version.number),
            cost_usd=total(self._costs.of_chapter(slug)).cost_usd,
            revisions=revisions,
            unchanged=unchanged,
        )

    def _complete_publication(self, slug: str) -> None:
        """Make what a run that was interrupted after the row of its version has left out: its value, its exports."""
        version = self._chapters.newest_version(slug)
        bucket = self._bucket()
        recorded = self._chapters.is_recorded(slug, version)
        exported = version.state != "published" or exports.are_complete(slug, version.number, bucket=bucket)
        if recorded and exported:
            return
        with self._open_runs(slug) as runs, runs.writing(slug):
            if not recorded:
                stored = self._artifacts.put("published_version", slug, published_version(version))
                what = f"value of version {version.number} that was missing"
                runs.record_act(slug, "published_version", what, stored)
            if not exported:
                final = self._chapters.version_text(slug, version.number)
                exports.put_exports(final, version.number, bucket=bucket, images=self._images)
                runs.record_act(slug, "chapter_exports", f"exports of version {version.number} that were missing")
