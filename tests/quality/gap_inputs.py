"""Owns the small chapters of the gap tests: only what a rule looks at is given, all else is of no consequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterKind,
    ChapterOutline,
    ChapterText,
    EvidenceMap,
    EvidenceRow,
    MustCoverPoint,
    OutlineSection,
    Paragraph,
    Quote,
    Reference,
    ResearchSet,
    Section,
    SectionTemplate,
    Sentence,
    Source,
    Subsection,
)
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.quality.gap_inputs import Inputs

CUTOFF = date(2026, 6, 1)
"""Recent is what is of 2021 or later."""


def template(
    kind: str, *, share: float = 0.5, points: Sequence[MustCoverPoint] = (), purpose: str = "What it is."
) -> SectionTemplate:
    """A section of the template, titled as its kind."""
    return SectionTemplate(
        kind=kind, title=kind.capitalize(), purpose=purpose, queries=(), cues=(), share=share, must_cover=tuple(points)
    )


def point(text: str, section: str, *, critical: bool = True) -> MustCoverPoint:
    """A must-cover point whose term is its text."""
    return MustCoverPoint(text=text, section=section, terms=(text,), critical=critical)


def quote(
    key: str,
    source: str = "lind",
    *,
    fits: Mapping[str, float] | None = None,
    relevance: float = 0.5,
    year: int | None = 2025,
    points: Sequence[str] = (),
    page: int = 1,
) -> Quote:
    """A quote that says its key; `fits`: how well it fits each section kind."""
    return Quote(
        key=key, source=source, document=f"{source}.pdf", page=page, start=0, end=len(key), text=key,
        display=f"shown {key}", document_section=None, study_type=StudyType.COHORT, evidence_level=3, year=year,
        relevance=relevance, sections=dict(fits or {}), points=tuple(points),
    )  # fmt: skip


def source(
    key: str,
    *,
    level: int = 3,
    year: int | None = 2025,
    authors: Sequence[str] = (),
    document: bool = True,
    relevance: float = 0.9,
    title: str | None = None,
    retracted: bool | None = None,
    **details: Any,
) -> Source:
    """A source without passages, with all details of its reference but those given as None; level 2 is a trial."""
    found = {"journal": "J Samples", "volume": "4", "pages": "101-109", **details}
    return Source(
        key=key, document=f"{key}.pdf" if document else None, title=title or f"Study of {key}", authors=tuple(authors),
        year=year, study_type=StudyType.RANDOMISED_TRIAL if level == 2 else StudyType.COHORT, evidence_level=level,
        relevance=relevance, retracted=retracted, **found,
    )  # fmt: skip


def section(
    kind: str,
    words: int = 10,
    *,
    cites: Sequence[str] = (),
    says: str = "word",
    table: Sequence[str] = (),
    table_says: str = "word",
) -> Section:
    """A written section of `words` words whose one sentence cites `cites`; each of `table` is cited by a row."""
    text = " ".join([says] + ["word"] * (words - 1)) if words else ""
    sentences = (Sentence(text=text, quotes=tuple(cites)),)
    rows = tuple(
        EvidenceRow(
            source="lind", study_type=StudyType.COHORT, evidence_level=3, year=2025,
            finding=Sentence(text=table_says, quotes=(key,)),
        )
        for key in table
    )  # fmt: skip
    return Section(
        kind=kind, title=kind.capitalize(), status="written", evidence_table=rows,
        subsections=(Subsection(title=None, paragraphs=(Paragraph(sentences=sentences),)),),
    )  # fmt: skip


def gap_inputs(
    *written: Section,
    templates: Sequence[SectionTemplate] | None = None,
    budgets: Mapping[str, int] | None = None,
    quotes: Sequence[Quote] = (),
    sources: Sequence[Source] = (),
    references: Sequence[Source] = (),
    assignments: Mapping[str, tuple[str, ...]] | None = None,
    unused: Mapping[str, str] | None = None,
) -> Inputs:
    """What the gap analysis looks at. Without `templates` those of the written sections; without `budgets` no outline."""
    templates = [template(one.kind) for one in written] if templates is None else templates
    brief = ChapterBrief(
        slug="glioma", topic="Glioma", title="Glioma", kind=ChapterKind.DISEASE, audience="all", template="own",
        word_budget=1000, cutoff_date=CUTOFF, sections=tuple(templates),
    )  # fmt: skip
    outline = ChapterOutline(
        title="Glioma",
        sections=tuple(
            OutlineSection(kind=kind, title=kind.capitalize(), purpose="What it is.", word_budget=words)
            for kind, words in (budgets or {}).items()
        ),
        assignments=dict(assignments or {}),
        unused=dict(unused or {}),
    )
    chapter = ChapterText(
        slug="glioma", title="Glioma", topic="Glioma", sections=written, figures=(), key_points=(), abbreviations=(),
        references=tuple(Reference(number=n, source=one) for n, one in enumerate(references, start=1)),
        quotes={one.key: one for one in quotes},
    )  # fmt: skip
    return Inputs(
        brief=brief,
        outline=outline,
        evidence=EvidenceMap(quotes=tuple(quotes), sentences_read=len(quotes), refused={}),
        research=ResearchSet(sources=tuple(sources), retraction_check="done"),
        chapter=chapter,
    )
