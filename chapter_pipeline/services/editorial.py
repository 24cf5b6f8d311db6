"""The editorial use cases: approve, roll back, restore, edit and export. No stored value is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chapter_pipeline.domain import EvidenceMap, Quote, ResearchSet, Section, SectionPlans, Source
from chapter_pipeline.errors import NotFound, PermanentError, UsageError
from chapter_pipeline.ports import Bucket
from chapter_pipeline.quality.closure import section_problems
from chapter_pipeline.services import exports
from chapter_pipeline.services.chapter_currency import ChapterCurrency
from chapter_pipeline.services.chapters import Chapters
from chapter_pipeline.services.publication import PublicationGates, published_version, require_publishable
from chapter_pipeline.services.run_report import ChapterRuns
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore, StoredVersion
from chapter_pipeline.storage.figure_images import FigureImages
from chapter_pipeline.writing.markup import parsed_section, section_source, with_own_evidence

if TYPE_CHECKING:
    from chapter_pipeline.publishing.exports import ExportFormat
    from chapter_pipeline.publishing.styles import CitationStyle


class Manuscripts:
    """Reading and exporting the texts of chapters, without a run."""

    def __init__(self, *, chapters: Chapters, artifacts: ArtifactStore, images: FigureImages) -> None:
        self._chapters = chapters
        self._artifacts = artifacts
        self._images = images

    def section(self, slug: str, kind: str) -> Section:
        """The section as the next version would have it. Raises `NotFound`, `UsageError` for a section it has not."""
        if self._artifacts.latest("chapter_draft", slug) is None:
            raise NotFound(f"chapter {slug!r} has no text yet: chapter-pipeline chapters write {slug}")
        self._chapters.require_section(slug, kind)
        return self._artifacts.get(f"section/{kind}", slug, Section)

    def section_markdown(self, slug: str, kind: str) -> str:
        """The section as `Editorial.edit` takes it, with the quotations of its plan. Raises as `section`."""
        section = self.section(slug, kind)
        quotes, _ = self.evidence(slug, section)
        plan = self._artifacts.get("section_plans", slug, SectionPlans).plan(kind)
        return section_source(section, quotes, plan.quotes if plan else ())

    def evidence(self, slug: str, section: Section) -> tuple[dict[str, Quote], dict[str, Source]]:
        """All quotations that `section` of the chapter may cite, and their sources, by key."""
        evidence = self._artifacts.get("evidence_map", slug, EvidenceMap)
        plans = self._artifacts.get("section_plans", slug, SectionPlans)
        research = self._artifacts.get("research_set", slug, ResearchSet)
        found: Iterable[Quote] = (
            *evidence.quotes, *(quote for plan in plans.plans for quote in plan.all_quotes), *section.quotes,
        )  # fmt: skip
        sources = {source.key: source for source in (*section.sources, *research.sources)}
        return {quote.key: quote for quote in found}, sources

    def export(
        self,
        slug: str,
        formats: Sequence[ExportFormat | str],
        folder: Path,
        *,
        number: int | None = None,
        style: CitationStyle | None = None,
    ) -> list[Path]:
        """Export a version into `folder`, the newest published one if none is named; the files in the order of `formats`.

        Raises `NotFound` when there is none, `UsageError` when `folder` cannot take files.
        """
        from chapter_pipeline.publishing.exports import export_chapter
        from chapter_pipeline.publishing.styles import CitationStyle

        wanted = self._chapters.published_version(slug).number if number is None else number
        final = self._chapters.version_text(slug, wanted)
        try:
            return export_chapter(
                final,
                formats=formats,
                destination=folder,
                figure_content=self._images.content,
                version=wanted,
                style=style or CitationStyle.VANCOUVER,
            )
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UsageError(
                f"the folder {str(folder)!r} cannot take the files ({reason}): name another with --output"
            ) from error


class Editorial:
    """The use cases that change a chapter; each is reported as a materialization of the asset that it changes."""

    def __init__(
        self,
        *,
        chapters: Chapters,
        manuscripts: Manuscripts,
        store: ChapterStore,
        artifacts: ArtifactStore,
        images: FigureImages,
        currency: ChapterCurrency,
        gates: PublicationGates,
        bucket: Bucket,
        runs: ChapterRuns,
    ) -> None:
        self._chapters = chapters
        self._manuscripts = manuscripts
        self._store = store
        self._artifacts = artifacts
        self._images = images
        self._currency = currency
        self._gates = gates
        self._bucket = bucket
        self._runs = runs

    def approve(self, slug: str, number: int, *, by: str, because: str) -> StoredVersion:
        """Publish a held version, and put its exports into the bucket: a person may overrule the gap report, not the gates.

        Raises `NotFound`, `AlreadyExists` when it is published, `UsageError` without a name or a reason, when the
        version does not pass the publication gates, or when the chapter is being written.
        """
        with self._runs.writing(slug):
            if self._store.version(slug, number).state == "held":
                require_publishable(slug, self._chapters.version_text(slug, number), self._gates)
            version = self._store.approve(slug, number, by=by, because=because)
            # What is published of the chapter is its newest published version, as for `Manuscripts.export`.
            newest = self._chapters.published_version(slug)
            self._record_version(slug, version, f"version {number} approved by {by}: {because}", newest=newest)
            return version

    def rollback(self, slug: str, number: int) -> StoredVersion:
        """Make the text of version `number` the newest version.

        Raises `NotFound`, `UsageError` when it is the newest or does not pass the publication gates.
        """
        with self._runs.writing(slug):
            return self._rolled_back(slug, number)

    def _rolled_back(self, slug: str, number: int) -> StoredVersion:
        wanted, newest = self._store.version(slug, number), self._store.versions(slug)[-1]
        if newest.sha256 == wanted.sha256:
            raise UsageError(f"version {newest.number} of chapter {slug!r} says what version {number} says already")
        final = self._chapters.version_text(slug, number)
        require_publishable(slug, final, self._gates)
        origin = f"rollback to version {number}"
        sources = {reference.source.key: reference.source for reference in final.chapter.references}
        present = {section.kind: section for section in final.chapter.sections}
        plans = self._artifacts.get("section_plans", slug, SectionPlans)
        for kind in dict.fromkeys([*self._chapters.kinds(slug), *present]):
            section = present.get(kind, Section(kind=kind, title=kind.replace("_", " ").capitalize(), status="unused"))
            own = with_own_evidence(section, final.chapter.quotes, sources).model_copy(update={"origin": origin})
            # With the present fingerprint, so that a run of the stages after it does not write the section again.
            made_from = self._currency.section_fingerprint(kind, plans)
            stored = self._artifacts.put(f"section/{kind}", slug, own, fingerprint=made_from)
            self._runs.record_act(slug, f"section/{kind}", origin, stored)
        stored = self._artifacts.put("final_chapter", slug, final, anew=True)
        version = self._store.add_version(
            slug, stored.id, stored.sha256, documents=final.documents, images=final.images,
            held=wanted.state == "held", origin=origin,
        )  # fmt: skip
        self._runs.record_act(slug, "final_chapter", origin, stored)
        self._record_version(slug, version, origin)
        return version

    def restore(self, slug: str, kind: str, number: int) -> StoredVersion:
        """Store the section of version `number` as the newest one and run the assets after it; later runs keep it.

        Raises `NotFound`, `UsageError` when that version has no such section, `PermanentError` when the run failed.
        """
        final = self._chapters.version_text(slug, number)
        found = {one.kind: one for one in final.chapter.sections}
        if kind not in found:
            raise UsageError(f"version {number} of chapter {slug!r} has no section {kind!r}: it has {', '.join(found)}")
        self._chapters.require_section(slug, kind)
        sources = {reference.source.key: reference.source for reference in final.chapter.references}
        restored = found[kind].model_copy(update={"kept": True, "origin": f"restored from version {number}"})
        return self._replace(slug, with_own_evidence(restored, final.chapter.quotes, sources))

    def edit(self, slug: str, kind: str, text: str, *, by: str) -> StoredVersion:
        """Store a person's text (`Manuscripts.section_markdown`) as a section; later runs keep it.

        Each sentence is checked against what it cites. Raises `NotFound`, `UsageError` for a text that is refused,
        `PermanentError` when the run that makes the chapter around it failed.
        """
        self._chapters.get(slug)
        before = self._manuscripts.section(slug, kind)
        quotes, sources = self._manuscripts.evidence(slug, before)
        section = parsed_section(text, before, quotes=quotes, sources=sources, by=by)
        problems = section_problems(section, None)
        if problems:
            shown = "\n".join(f"- {problem}" for problem in problems)
            raise UsageError(
                f"the section {kind!r} was not stored, {len(problems)} of its sentences are not what their "
                f"quotations say:\n{shown}"
            )
        return self._replace(slug, section)

    def _replace(self, slug: str, section: Section) -> StoredVersion:
        with self._runs.writing(slug):
            name = f"section/{section.kind}"
            self._runs.record_act(slug, name, section.origin, self._artifacts.put(name, slug, section))
            report = self._runs.follow(slug, origin=f"{section.kind} {section.origin}")
        if not report.success:
            raise PermanentError(
                f"the section is stored, the chapter around it was not made: {'; '.join(report.failures)} "
                f"(run {report.run_id}); chapter-pipeline chapters write {slug} goes on"
            )
        return self._store.versions(slug)[-1]

    def _record_version(
        self, slug: str, version: StoredVersion, what: str, *, newest: StoredVersion | None = None
    ) -> None:
        """Materialize `version`, with `newest` as the value when that is another; put its exports into the bucket when
        it is published."""
        stored = self._artifacts.put("published_version", slug, published_version(newest or version))
        self._runs.record_act(slug, "published_version", what, stored)
        if version.state == "published":
            final = self._chapters.version_text(slug, version.number)
            exports.put_exports(final, version.number, bucket=self._bucket, images=self._images)
            self._runs.record_act(slug, "chapter_exports", what)
