"""Owns how far a chapter answers its clinical questions: those that the library answers, and those that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chapter_pipeline.domain import ClinicalQuestion, Closer, Gap, GapType, Quote, Severity, Source
from chapter_pipeline.domain.evidence import Finding
from chapter_pipeline.evidence.questions import answers
from chapter_pipeline.quality.gap_inputs import Inputs, called, cited_quotes, keys
from chapter_pipeline.quality.study_gaps import where


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question of the chapter: whether a cited statement answers it, and whether a finding of a source in scope does."""

    question: ClinicalQuestion
    answered: bool
    answerable: bool


def asked(inputs: Inputs) -> list[Asked]:
    """The questions of the sections that the chapter's template has, each with what answers it.

    An answer is an own result that agrees with the question in perspective, intervention, comparator and outcome.
    """
    told = {key for quote in cited_quotes(inputs.chapter) for key in quote.questions}
    kinds = {section.kind for section in inputs.brief.sections}
    at_hand = [
        Asked(question=one, answered=one.key in told, answerable=True)
        for one in inputs.evidence.questions
        if one.section in kinds
    ]
    return at_hand + [
        Asked(question=one, answered=False, answerable=_finding(one, inputs) is not None)
        for one in inputs.evidence.unanswered
        if one.section in kinds
    ]


def unanswered_questions(inputs: Inputs) -> Iterator[Gap]:
    """Questions that no cited statement answers: by quotes at hand, by a finding to read, or by no document at all."""
    for one in asked(inputs):
        question = one.question
        if one.answered:
            continue
        quotes = [quote for quote in inputs.evidence.quotes if question.key in quote.questions]
        found = _finding(question, inputs)
        if quotes:
            description = f"Question not answered: {question.text} {_counted(len(quotes))} at hand would answer it."
            recommendation, closer = f"Answer it in this section from {_place(quotes[0], inputs)}.", Closer.LIBRARY
        elif found is not None:
            source, finding = found
            at = where(finding.statement, inputs.records.get(source.key))
            description = f"Question not answered: {question.text} {called(source)}, {at} answers it, and is no quote."
            recommendation, closer = f"Read {called(source)}, {at} and answer it by hand.", Closer.PERSON
        else:
            description = f"No study in scope answers: {question.text} ({parts(question)})."
            recommendation = "Search the literature for it, and add documents that answer it to the library."
            closer = Closer.LITERATURE
        yield Gap(
            type=GapType.CONTENT_COMPLETENESS,
            severity=Severity.MEDIUM,
            description=description,
            recommendation=recommendation,
            section=question.section,
            evidence=keys(quotes),
            closed_by=closer,
        )


def parts(question: ClinicalQuestion) -> str:
    """What the question asks of whom, part by part: ``population: adults; intervention: a drain; outcome: recurrence``."""
    named = {
        "population": question.population, "intervention": question.intervention, "comparator": question.comparator,
        "outcome": question.outcome,
    }  # fmt: skip
    return "; ".join(f"{name}: {value or 'not stated'}" for name, value in named.items())


def _finding(question: ClinicalQuestion, inputs: Inputs) -> tuple[Source, Finding] | None:
    """The first finding of a source in scope that answers the question."""
    for source in sorted(inputs.research.sources, key=lambda source: (source.evidence_level, source.key)):
        record = inputs.records.get(source.key)
        if record is None or source.retracted:
            continue
        for finding in record.findings:
            if answers(question, finding, source.study_type):
                return source, finding
    return None


def _place(quote: Quote, inputs: Inputs) -> str:
    return f"{called(inputs.research.source(quote.source))}, {quote.place}"


def _counted(number: int) -> str:
    return f"{number} quote{'s' if number != 1 else ''}"
