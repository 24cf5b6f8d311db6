"""Owns small articles made for tests of study records: sections of sentences, as the library stores them."""

from __future__ import annotations

from collections.abc import Sequence

from chapter_pipeline.domain.document import CitedWork, Heading, Passage, SectionKind, StudyType, Table
from chapter_pipeline.evidence.source import SourceText, Statement, Zone

KINDS = {
    "Abstract": SectionKind.ABSTRACT, "Introduction": SectionKind.INTRODUCTION, "Methods": SectionKind.METHODS,
    "Results": SectionKind.RESULTS, "Discussion": SectionKind.DISCUSSION, "Conclusion": SectionKind.CONCLUSION,
    "References": SectionKind.REFERENCES,
}  # fmt: skip

Sections = Sequence[tuple[str | None, Sequence[Sequence[str]]]]


def article(
    sections: Sections, *, title: str = "Dexamethasone for chronic subdural haematoma",
    study: StudyType = StudyType.RANDOMISED_TRIAL, tables: Sequence[Table] = (), works: Sequence[CitedWork] = (),
) -> SourceText:  # fmt: skip
    """An article whose sections (heading or None) are paragraphs of sentences, one page for each section."""
    passages: list[Passage] = []
    headings: list[Heading] = []
    paragraph = 0
    for page, (name, paragraphs) in enumerate(sections, start=1):
        at = 0
        if name is not None:
            kind = KINDS.get(name)
            level = 1 if kind is not None else 2
            headings.append(Heading(title=name, level=level, kind=kind, page=page, start=0))
            at = len(name) + 2
        for sentences in paragraphs:
            paragraph += 1
            spans, start = [], at
            for sentence in sentences:
                spans.append((at, at + len(sentence)))
                at += len(sentence) + 1
            passages.append(
                Passage(
                    ordinal=len(passages) + 1, page=page, start=start, end=at - 1, text=" ".join(sentences),
                    section=name, sentences=tuple(spans), paragraph=paragraph,
                )
            )  # fmt: skip
            at += 1
    return SourceText(
        title=title, study_type=study, passages=passages, headings=headings, tables=tables, cited_works=works
    )


def statement(
    text: str, zone: Zone = Zone.RESULTS, *, position: int = 3, of: int = 9, headings: tuple[str, ...] = ()
) -> Statement:
    """One sentence of a zone, read from an article of that sentence alone."""
    source = article([("Results", [[text]])])
    from chapter_pipeline.evidence.source import statements

    made = statements(source)[0]
    return Statement(
        number=0, text=text, zone=zone, in_abstract=zone is Zone.ABSTRACT, headings=headings, paragraph=1,
        position=position, of=of, span=made.span,
    )  # fmt: skip
