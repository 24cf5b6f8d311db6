"""Owns how a study record is made by rules from the stored text of a document."""

from __future__ import annotations

from chapter_pipeline.domain.document import EVIDENCE_LEVELS
from chapter_pipeline.domain.evidence import Finding, FindingKind, Population, StudyRecord
from chapter_pipeline.evidence.kinds import kind_of
from chapter_pipeline.evidence.source import SourceText, statements
from chapter_pipeline.evidence.statistics import effects, p_values
from chapter_pipeline.evidence.subjects import subjects_of

RULES_VERSION = "1"
"""Part of the code version of `study_records`: another one makes the stored records stale."""


def study_record(source: SourceText) -> StudyRecord:
    """The study record of a document, by rules; it never fails, a document without text has no findings."""
    found = statements(source)
    abstract = " ".join(one.text for one in found if one.in_abstract)
    subjects = subjects_of(
        source.study_type, source.title, abstract, " ".join(one.text for one in found), source.population
    )
    findings: list[Finding] = []
    for statement in found:
        kind = kind_of(statement, source.study_type)
        if kind is None:
            continue
        own = kind in (FindingKind.OWN_RESULT, FindingKind.OWN_METHOD, FindingKind.OPERATIVE_STEP, FindingKind.CASE)
        species, disease = subjects.of(statement.text, "", statement.headings, own=own)
        findings.append(
            Finding(
                ordinal=len(findings), kind=kind, species=species, disease=disease, spans=(statement.span,),
                effects=effects(statement.text), p=p_values(statement.text),
            )
        )  # fmt: skip
    return StudyRecord(
        design=source.study_type,
        level=EVIDENCE_LEVELS[source.study_type],
        population=Population(species=subjects.species, condition=subjects.disease, text=source.population),
        findings=tuple(findings),
        version=RULES_VERSION,
    )
