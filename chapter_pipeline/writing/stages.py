"""Owns the order of the fourteen stages: one method each, a function of earlier artifacts and the ports.

The Dagster assets call these methods one by one; nothing here knows a run, a partition or a table.
"""

from __future__ import annotations

from collections.abc import Sequence

from chapter_pipeline.domain import (
    BriefRequest,
    ChapterBrief,
    ChapterDraft,
    ChapterOutline,
    EvidenceMap,
    FinalChapter,
    Gap,
    GapReport,
    KeyConcepts,
    LibraryResearch,
    LiteratureResearch,
    OpenAccessDocuments,
    ResearchSet,
    ReviewedChapter,
    Section,
    SectionPlans,
)
from chapter_pipeline.domain.library import DocumentRecord
from chapter_pipeline.errors import NoRelevantPassages
from chapter_pipeline.literature import research as literature_stages
from chapter_pipeline.ports import Bucket, ChapterAnswers, Clock, Embedder, LibraryReader, PassageSearch, TextModel
from chapter_pipeline.quality import gaps as gap_analysis
from chapter_pipeline.quality.gap_inputs import Inputs
from chapter_pipeline.retrieval.cached import CachedEmbedder
from chapter_pipeline.writing import (
    assembly,
    brief,
    concepts,
    evidence,
    final,
    key_points,
    llm_enrichment,
    outline,
    research,
    review,
    sections,
)
from chapter_pipeline.writing.retractions import is_notice
from chapter_pipeline.writing.spoken import spoken

PROBE_HITS = 80
NOTICE_HITS = 10
"""Passages that are looked at for a notice of retraction of a document."""


class Stages:
    """The stages with their ports bound. Stateless between calls and safe to call from several threads."""

    def __init__(
        self,
        *,
        search: PassageSearch,
        library: LibraryReader,
        embedder: Embedder,
        bucket: Bucket,
        model: TextModel,
        answers: ChapterAnswers,
        clock: Clock,
    ) -> None:
        self._search = search
        self._library = library
        self._embedder = CachedEmbedder(embedder)
        self._bucket = bucket
        self._model = model
        self._answers = answers
        self._clock = clock

    def chapter_brief(self, slug: str, request: BriefRequest) -> ChapterBrief:
        """Stage 1. Raises `InvalidBrief`."""
        made = brief.chapter_brief(slug, request, today=self._clock.now().date())
        return llm_enrichment.with_queries(made, model=self._model)

    def key_concepts(self, brief: ChapterBrief) -> KeyConcepts:
        """Stage 2, from a first search of the topic. Raises `NoRelevantPassages` when the library is empty."""
        probe = self._search.search(brief.topic, k=PROBE_HITS)
        if not probe:
            raise NoRelevantPassages(
                f"the library holds no passage on {brief.topic!r}: ingest documents first, chapter-pipeline ingest PATH"
            )
        records = self._library.document_records(sorted({hit.document for hit in probe}))
        near = research.documents_on_topic(brief.topic, probe, records, library=self._library, embedder=self._embedder)
        return concepts.key_concepts(
            brief,
            probe=[hit for hit in probe if hit.document in near],
            documents=[record for record in records if record.key in near],
            embedder=self._embedder,
            model=self._model,
            records=self._library.study_records(sorted(near)),
        )

    def library_research(self, brief: ChapterBrief, concepts: KeyConcepts) -> LibraryResearch:
        """Stage 3. Raises `NoRelevantPassages`."""
        return research.library_research(
            brief, concepts, search=self._search, library=self._library, embedder=self._embedder
        )

    def literature_research(self, brief: ChapterBrief, concepts: KeyConcepts) -> LiteratureResearch:
        """Stage 4."""
        found = literature_stages.literature_research(brief, bucket=self._bucket, embedder=self._embedder)
        return llm_enrichment.with_literature_queries(brief, concepts, found, model=self._model)

    def open_access_documents(self, literature: LiteratureResearch) -> OpenAccessDocuments:
        """Stage 5."""
        return literature_stages.open_access_documents(literature)

    def research_set(
        self,
        brief: ChapterBrief,
        concepts: KeyConcepts,
        library: LibraryResearch,
        literature: LiteratureResearch,
        open_access: OpenAccessDocuments,
    ) -> ResearchSet:
        """Stage 6."""
        documents = sorted({found.passage.document for found in library.passages})
        records = self._library.document_records(documents)
        return research.research_set(
            brief, library=library, literature=literature, records=records, notices=self._notices(records)
        )

    def _notices(self, records: Sequence[DocumentRecord]) -> list[DocumentRecord]:
        """The notices of retraction in the library that may name one of `records`; they are about it, not on the topic."""
        asked = [f"retraction of {record.title}" for record in records if record.title]
        known = {record.key for record in records}
        hits = self._search.search_many(asked, k=NOTICE_HITS) if asked else []
        others = sorted({hit.document for found in hits for hit in found} - known)
        return [record for record in self._library.document_records(others) if is_notice(record.title)]

    def evidence_map(self, brief: ChapterBrief, concepts: KeyConcepts, research: ResearchSet) -> EvidenceMap:
        """Stage 7."""
        found = evidence.evidence_map(brief, concepts, research, library=self._library, embedder=self._embedder)
        return llm_enrichment.with_relations(brief, found, embedder=self._embedder, model=self._model)

    def chapter_outline(self, brief: ChapterBrief, evidence: EvidenceMap) -> ChapterOutline:
        """Stage 8. Raises `NoRelevantPassages` when no section has enough evidence."""
        planned = outline.chapter_outline(brief, evidence)
        if not planned.sections:
            raise NoRelevantPassages(
                f"no section on {brief.topic!r} has the {outline.MIN_QUOTES} quotes it needs "
                f"({len(evidence.quotes)} quotes of {evidence.sentences_read} sentences): ingest more documents on it"
            )
        return llm_enrichment.with_subsections(brief, planned, evidence, model=self._model)

    def section_plans(
        self,
        brief: ChapterBrief,
        planned: ChapterOutline,
        evidence: EvidenceMap,
        research: ResearchSet,
        recommendations: Sequence[Gap] = (),
        earlier: SectionPlans | None = None,
    ) -> SectionPlans:
        """Stage 9; `recommendations` are the gaps that this writing is to close, `earlier` the plans before these."""
        documents = [source.document for source in research.sources if source.document and not source.retracted]
        return outline.section_plans(
            brief,
            planned,
            evidence,
            research,
            figures=self._library.figures(documents),
            records=self._library.study_records(documents),
            embedder=self._embedder,
            recommendations=recommendations,
            earlier=earlier,
        )

    def section(self, kind: str, plans: SectionPlans, *, variant: str = "", earlier: Section | None = None) -> Section:
        """Stage 10: one section; status `unused` when the plans have none of this kind.

        `variant`: it is wanted anew, though nothing it is made of changed. `earlier`: the text before, for a revision.
        Raises `ClaimNotGrounded`.
        """
        return sections.write_section(kind, plans, model=self._model, variant=variant, earlier=earlier)

    def chapter_draft(
        self,
        brief: ChapterBrief,
        planned: ChapterOutline,
        plans: SectionPlans,
        written: Sequence[Section],
        research: ResearchSet,
    ) -> ChapterDraft:
        """Stage 11."""
        draft = assembly.chapter_draft(brief, planned, plans, written, research, document_texts=self._document_texts)
        return llm_enrichment.with_key_points(
            draft,
            audience=brief.audience,
            limit=key_points.KEY_POINTS,
            longest=key_points.KEY_POINT_WORDS,
            model=self._model,
        )

    def _document_texts(self, documents: Sequence[str]) -> dict[str, list[str]]:
        texts: dict[str, list[str]] = {document: [] for document in documents}
        for (document, _page), text in sorted(self._library.page_texts(documents).items()):
            texts[document].append(text)
        return texts

    def reviewed_chapter(self, brief: ChapterBrief, draft: ChapterDraft) -> ReviewedChapter:
        """Stage 12."""
        edits = llm_enrichment.review_edits(draft, audience=brief.audience, model=self._model)
        undecided = review.undecided(draft, edits, embedder=self._embedder)
        judged = llm_enrichment.judged_claims(draft.chapter, undecided, model=self._model)
        return review.reviewed_chapter(
            draft, edits, judged=judged, points_chosen=self._model.answers("key_points"), embedder=self._embedder
        )

    def gap_report(
        self,
        brief: ChapterBrief,
        planned: ChapterOutline,
        plans: SectionPlans,
        evidence: EvidenceMap,
        research: ResearchSet,
        reviewed: ReviewedChapter,
    ) -> GapReport:
        """Stage 13."""
        second = llm_enrichment.missing_information(brief, reviewed.chapter, evidence, model=self._model)
        sources = [source for source in research.sources if source.document]
        records = self._library.study_records([source.document for source in sources if source.document])
        return gap_analysis.gap_report(
            Inputs(
                brief=brief,
                outline=planned,
                evidence=evidence,
                research=research,
                chapter=reviewed.chapter,
                spoken=spoken(
                    gap_analysis.uncovered(brief, reviewed.chapter),
                    brief,
                    research,
                    search=self._search,
                    library=self._library,
                ),
                records={source.key: records[source.document] for source in sources if source.document in records},
            ),
            embedder=self._embedder,
            second_opinion=second,
        )

    def final_chapter(
        self, brief: ChapterBrief, concepts: KeyConcepts, reviewed: ReviewedChapter, gaps: GapReport
    ) -> FinalChapter:
        """Stage 14."""
        remarks = llm_enrichment.remarks(brief, reviewed, gaps, model=self._model)
        made = final.final_chapter(brief, concepts, reviewed, gaps, answers=self._answers.of(brief.slug))
        return made.model_copy(update={"notes": (*made.notes, *remarks)})
