"""Owns how a study record is made by rules from the stored text of a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chapter_pipeline.domain.document import EVIDENCE_LEVELS
from chapter_pipeline.domain.evidence import Finding, FindingKind, Population, Span, StudyRecord
from chapter_pipeline.evidence.arms import Arms, arms_of
from chapter_pipeline.evidence.citing import cited_in
from chapter_pipeline.evidence.comparison import Comparison, comparisons
from chapter_pipeline.evidence.kinds import kinds_of
from chapter_pipeline.evidence.main_findings import choose
from chapter_pipeline.evidence.population import size_of
from chapter_pipeline.evidence.result_tables import table_results
from chapter_pipeline.evidence.setting import setting_of
from chapter_pipeline.evidence.source import SourceText, Statement, Zone, statements
from chapter_pipeline.evidence.spans import context_of
from chapter_pipeline.evidence.statistics import effects, p_values
from chapter_pipeline.evidence.subjects import Subjects, subjects_of

RULES_VERSION = "10"
"""Part of the code version of `study_records`: another one makes the stored records stale."""
_UNCOMPARED = Comparison.not_stated()


def study_record(source: SourceText) -> StudyRecord:
    """The study record of a document, by rules; it never fails, a document without text has no findings."""
    found = statements(source)
    abstract = [one.text for one in found if one.in_abstract]
    methods = [one.text for one in found if one.zone is Zone.METHODS]
    results = [one.text for one in found if one.zone is Zone.RESULTS]
    subjects = subjects_of(
        source.study_type, source.title, " ".join(abstract), " ".join(one.text for one in found), source.population
    )
    arms = arms_of(source.title, abstract, methods, results)
    findings: list[Finding] = []
    origins: list[Statement | None] = []
    for statement, kind in zip(found, kinds_of(found, source.study_type), strict=True):
        if kind is not None:
            made = _findings(statement, kind, found, source, subjects, arms, first=len(findings))
            findings.extend(made)
            origins.extend([statement] * len(made))
    for row in table_results(source.tables):
        findings.append(
            Finding.model_construct(
                ordinal=len(findings), kind=FindingKind.OWN_RESULT, species=subjects.species, disease=subjects.disease,
                intervention=row.intervention, comparator=row.comparator, outcome=row.outcome, direction=row.direction,
                effects=row.effects, p=row.p, spans=row.spans, stated_in=len(row.spans) - 1,
            )
        )  # fmt: skip
        origins.append(None)
    main = choose(findings, origins, source.title, source.study_type)
    operated = [one.text for one in found if one.zone in (Zone.METHODS, Zone.OPERATIVE)]
    n, sentence = size_of(abstract, operated, results, source.study_type)
    return StudyRecord(
        design=source.study_type,
        level=EVIDENCE_LEVELS[source.study_type],
        setting=setting_of((*abstract, *methods)),
        population=Population(
            species=subjects.species, condition=subjects.disease, n=n, text=source.population or sentence
        ),
        arms=arms.names,
        findings=tuple(
            finding.model_copy(update={"main": True}) if is_main else finding
            for finding, is_main in zip(findings, main, strict=True)
        ),
        version=RULES_VERSION,
    )


def _findings(
    statement: Statement, kind: FindingKind, found: Sequence[Statement], source: SourceText, subjects: Subjects,
    arms: Arms, *, first: int,
) -> list[Finding]:  # fmt: skip
    """What a sentence states: one finding, and of a result one for each outcome."""
    spans: tuple[Span, ...]
    spans, stated_in = context_of(statement, found)
    text = statement.text
    species, disease = subjects.of(text, " ".join(span.text for span in spans), statement.headings, kind)
    compared = comparisons(text, arms, _earlier(statement, found)) if kind is FindingKind.OWN_RESULT else (_UNCOMPARED,)
    cited = cited_in(text, source.cited_works) if kind is FindingKind.BACKGROUND else ()
    stated, p = effects(text), p_values(text)
    return [
        # Not validated, and no default looked up: the values are made here, and a record has hundreds of them.
        Finding.model_construct(
            ordinal=first + place, kind=kind, part=part_of(statement, kind), species=species, disease=disease, intervention=one.intervention,
            comparator=one.comparator, outcome=one.outcome, time_point=one.time_point, direction=one.direction,
            effects=stated, p=p, cited=cited, spans=spans, stated_in=stated_in, main=False, population=None,
        )
        for place, one in enumerate(compared)
    ]  # fmt: skip


def _earlier(statement: Statement, found: Sequence[Statement]) -> Iterator[str]:
    """The sentences before one, the nearest first."""
    for number in range(statement.number - 1, max(-1, statement.number - 5), -1):
        yield found[number].text


def part_of(statement: Statement, kind: FindingKind) -> str:
    """The part of the article; what an abstract without parts concludes in its last two sentences is its conclusion."""
    concludes = kind in (FindingKind.CONCLUSION, FindingKind.RECOMMENDATION)
    if statement.zone is Zone.ABSTRACT and concludes and statement.position >= statement.of - 2:
        return Zone.CLOSING.value
    return statement.zone.value
