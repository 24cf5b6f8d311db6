"""Owns stages without search, model or judgement, for tests of what surrounds them: every artifact is valid and small."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from chapter_pipeline import domain as model
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.library import RetrievedPassage
from chapter_pipeline.errors import NoRelevantPassages
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.brief import chapter_brief

TODAY = date(2026, 6, 1)


class FakeStages:
    """Implements the methods of `chapter_pipeline.writing.stages.Stages`.

    Quotes are whole pages of the library's documents, a section is one sentence for each of its quotes. The fields say
    what goes wrong or changes; `written` counts the texts really written.
    """

    def __init__(self, library: LibraryStore) -> None:
        self.library = library
        self.planned: tuple[str, ...] = ("introduction", "diagnosis", "outcomes")
        self.failing: dict[str, Exception] = {}
        self.gaps: tuple[model.Gap, ...] = ()
        self.requires_revision = False
        self.retracted = False
        self.misquoted = False
        self.uncited = False
        self.edition = "first"
        self.illustrated = False
        self.at_the_end: Callable[[model.FinalChapter], model.FinalChapter] = lambda final: final
        self.written: Counter[str] = Counter()
        self.recommended: list[tuple[str, ...]] = []
        self._lock = threading.Lock()
        self._writing = 0
        self.most_at_once = 0

    def chapter_brief(self, slug: str, request: model.BriefRequest) -> model.ChapterBrief:
        return chapter_brief(slug, request, today=TODAY)

    def key_concepts(self, brief: model.ChapterBrief) -> model.KeyConcepts:
        concept = model.Concept(key="c1", name=brief.topic, importance=1)
        return model.KeyConcepts(concepts=(concept,), provider="fake", model="fake-1")

    def library_research(self, brief: model.ChapterBrief, concepts: model.KeyConcepts) -> model.LibraryResearch:
        keys = [document.key for document in self.library.documents()]
        records = self.library.passages_of(keys)
        if not records:
            raise NoRelevantPassages(f"the library holds no passage on {brief.topic!r}: ingest documents first")
        return model.LibraryResearch(
            passages=tuple(
                model.FoundPassage(
                    passage=RetrievedPassage(
                        rank=rank, passage_id=one.id, document=one.document, page=one.page, start=one.start,
                        end=one.end, text=one.text, section=one.section, score=1.0, parts={},
                        page_label=one.page_label, paragraph=one.paragraph,
                    ),
                    relevance=0.9,
                    concepts=("c1",),
                    sections=(),
                )
                for rank, one in enumerate(records, start=1)
            ),
            searches=1,
            hits=len(records),
            dropped=0,
        )  # fmt: skip

    def literature_research(self, brief: model.ChapterBrief, concepts: model.KeyConcepts) -> model.LiteratureResearch:
        report = model.SourceReport(source="indexes", status="not_configured", detail="none in tests")
        return model.LiteratureResearch(works=(), reports=(report,))

    def open_access_documents(self, literature: model.LiteratureResearch) -> model.OpenAccessDocuments:
        return model.OpenAccessDocuments(documents=(), reports=())

    def research_set(
        self,
        brief: model.ChapterBrief,
        concepts: model.KeyConcepts,
        library: model.LibraryResearch,
        literature: model.LiteratureResearch,
        open_access: model.OpenAccessDocuments,
    ) -> model.ResearchSet:
        documents = dict.fromkeys(found.passage.document for found in library.passages)
        return model.ResearchSet(
            sources=tuple(
                model.Source(
                    key=f"source{number}",
                    document=key,
                    title=f"Work {number}",
                    year=2020,
                    evidence_level=3,
                    retracted=self.retracted or None,
                    relevance=0.9,
                    passages=tuple(found for found in library.passages if found.passage.document == key),
                )
                for number, key in enumerate(documents, start=1)
            ),
            retraction_check="not checked",
        )

    def evidence_map(
        self, brief: model.ChapterBrief, concepts: model.KeyConcepts, research: model.ResearchSet
    ) -> model.EvidenceMap:
        quotes = [
            model.Quote(
                key=f"q{source.key}p{found.passage.passage_id}",
                source=source.key,
                document=found.passage.document,
                page=found.passage.page,
                start=found.passage.start + self.misquoted,
                end=found.passage.end,
                text=found.passage.text,
                display=found.passage.text,
                document_section=None,
                study_type=StudyType.UNKNOWN,
                evidence_level=3,
                year=2020,
                relevance=0.9,
                page_label=found.passage.page_label,
                paragraph=found.passage.paragraph,
            )
            for source in research.sources
            for found in source.passages
        ]
        return model.EvidenceMap(quotes=tuple(quotes), sentences_read=len(quotes), refused={})

    def chapter_outline(self, brief: model.ChapterBrief, evidence: model.EvidenceMap) -> model.ChapterOutline:
        sections = [section for section in brief.sections if section.kind in self.planned]
        return model.ChapterOutline(
            title=brief.title,
            sections=tuple(
                model.OutlineSection(kind=one.kind, title=one.title, purpose=one.purpose, word_budget=50)
                for one in sections
            ),
            unused={one.kind: "no evidence" for one in brief.sections if one.kind not in self.planned},
        )

    def section_plans(
        self,
        brief: model.ChapterBrief,
        outline: model.ChapterOutline,
        evidence: model.EvidenceMap,
        research: model.ResearchSet,
        recommendations: Sequence[model.Gap] = (),
        earlier: model.SectionPlans | None = None,
    ) -> model.SectionPlans:
        self.recommended.append(tuple(gap.recommendation for gap in recommendations))
        # As the real stage does: what a revision asked for stays, while the plan is made of the same.
        asked = {one.kind: one for one in (earlier.plans if earlier is not None else ())}

        def asked_before(kind: str, purpose: str) -> tuple[str, ...]:
            plan = asked.get(kind)
            return plan.recommendations if plan is not None and plan.purpose == purpose else ()

        return model.SectionPlans(
            slug=brief.slug,
            topic=brief.topic,
            audience=brief.audience,
            plans=tuple(
                model.SectionPlan(
                    kind=one.kind,
                    title=one.title,
                    purpose=f"{one.purpose} ({self.edition} edition)",
                    word_budget=one.word_budget,
                    subsections=(),
                    quotes=evidence.quotes,
                    figures=self._figures(research) if one == outline.sections[0] else (),
                    recommendations=tuple(
                        dict.fromkeys(
                            (
                                *asked_before(one.kind, f"{one.purpose} ({self.edition} edition)"),
                                *(gap.recommendation for gap in recommendations if gap.section == one.kind),
                            )
                        )
                    ),
                )
                for one in outline.sections
            ),
        )

    def _figures(self, research: model.ResearchSet) -> tuple[model.PlannedFigure, ...]:
        """The figures of all sources, when the chapter is to be illustrated."""
        sources = {source.document: source for source in research.sources if source.document}
        return tuple(
            model.PlannedFigure(
                sha256=one.sha256, source=sources[one.document].key, document=one.document, page=one.page,
                label=one.label, caption=one.caption or "", licence=None, media_type=one.media_type,
            )
            for one in (self.library.figures(list(sources)) if self.illustrated else ())
        )  # fmt: skip

    def section(
        self, kind: str, plans: model.SectionPlans, *, variant: str = "", earlier: model.Section | None = None
    ) -> model.Section:
        with self._lock:
            self._writing += 1
            self.most_at_once = max(self.most_at_once, self._writing)
        try:
            return self._section(kind, plans)
        finally:
            with self._lock:
                self._writing -= 1

    def _section(self, kind: str, plans: model.SectionPlans) -> model.Section:
        if kind in self.failing:
            raise self.failing[kind]
        plan = plans.plan(kind)
        if plan is None:
            return model.Section(kind=kind, title=kind, status="unused")
        self.written[kind] += 1
        sentences = [model.Sentence(text=quote.text, quotes=(quote.key,)) for quote in plan.quotes]
        if self.uncited:
            sentences.append(model.Sentence(text="Everybody knows that.", quotes=()))
        paragraph = model.Paragraph(sentences=tuple(sentences))
        return model.Section(
            kind=kind,
            title=f"{plan.title} ({self.edition} edition)",
            status="written",
            subsections=(model.Subsection(title=None, paragraphs=(paragraph,)),),
            figures=plan.figures,
            provider="fake",
            model="fake-1",
        )

    def chapter_draft(
        self,
        brief: model.ChapterBrief,
        outline: model.ChapterOutline,
        plans: model.SectionPlans,
        sections: Sequence[model.Section],
        research: model.ResearchSet,
    ) -> model.ChapterDraft:
        written = [section for section in sections if section.status == "written"]
        quotes = {quote.key: quote for plan in plans.plans for quote in plan.quotes}
        cited = list(dict.fromkeys(quotes[key].source for s in written for c in s.sentences for key in c.quotes))
        shown = [(section.kind, figure) for section in written for figure in section.figures]
        return model.ChapterDraft(
            chapter=model.ChapterText(
                slug=brief.slug,
                title=brief.title,
                topic=brief.topic,
                sections=tuple(written),
                references=tuple(
                    model.Reference(number=number, source=research.source(key))
                    for number, key in enumerate(cited, start=1)
                ),
                figures=tuple(
                    model.NumberedFigure(
                        number=number, section=kind, figure=figure, reference=cited.index(figure.source) + 1
                    )
                    for number, (kind, figure) in enumerate(shown, start=1)
                ),
                quotes=quotes,
                key_points=(),
                abbreviations=(),
            )
        )

    def reviewed_chapter(self, brief: model.ChapterBrief, draft: model.ChapterDraft) -> model.ReviewedChapter:
        support = tuple(
            model.SentenceSupport(section=s.kind, sentence=c.text, quotes=c.quotes, words=1.0, meaning=1.0)
            for s in draft.chapter.sections
            for c in s.sentences
        )
        return model.ReviewedChapter(chapter=draft.chapter, edits=(), support=support)

    def gap_report(
        self,
        brief: model.ChapterBrief,
        outline: model.ChapterOutline,
        plans: model.SectionPlans,
        evidence: model.EvidenceMap,
        research: model.ResearchSet,
        reviewed: model.ReviewedChapter,
    ) -> model.GapReport:
        counts = Counter(gap.severity for gap in self.gaps)
        return model.GapReport(
            completeness_score=0.8,
            requires_revision=self.requires_revision,
            gaps=self.gaps,
            statistics=model.GapStatistics(
                critical_gaps=counts[model.Severity.CRITICAL],
                high_gaps=counts[model.Severity.HIGH],
                medium_gaps=counts[model.Severity.MEDIUM],
                low_gaps=counts[model.Severity.LOW],
            ),
        )

    def final_chapter(
        self,
        brief: model.ChapterBrief,
        concepts: model.KeyConcepts,
        reviewed: model.ReviewedChapter,
        gaps: model.GapReport,
    ) -> model.FinalChapter:
        final = model.FinalChapter(
            chapter=reviewed.chapter, gap_report=gaps, support=reviewed.support, cutoff_date=brief.cutoff_date,
            providers=("fake",),
        )  # fmt: skip
        return self.at_the_end(final)
