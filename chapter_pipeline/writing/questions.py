"""Owns the clinical questions of a chapter: which ones its sections ask, read from what studies compare."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from chapter_pipeline.domain import ChapterBrief, ClinicalQuestion, Perspective
from chapter_pipeline.domain.evidence import SpanSource, StudyRecord
from chapter_pipeline.domain.wording import words
from chapter_pipeline.evidence.interventions import InterventionKind, is_same
from chapter_pipeline.evidence.questions import Compared, compared

SECTION_QUESTIONS = 5
CHAPTER_QUESTIONS = 30
SAME_INTERVENTION = 2
"""Questions of a section on one intervention that go before those on others."""
_TREATMENTS: Mapping[InterventionKind, tuple[str, ...]] = {
    InterventionKind.SURGICAL: ("surgical_treatment", "surgical_technique", "outcomes"),
    InterventionKind.MEDICAL: ("medical_treatment", "outcomes"),
    InterventionKind.OTHER: ("other_treatment", "outcomes"),
}


@dataclass(slots=True)
class _Asked:
    """Results on one question: `said` is what the first of them compares, as it names it."""

    said: Compared
    conditions: Counter[str] = field(default_factory=Counter)
    studies: set[str] = field(default_factory=set)
    level: int = 5
    results: int = 0

    @property
    def rank(self) -> tuple[int, int, int, str]:
        said = self.said
        name = f"{said.outcome} {said.intervention} {said.comparator} {said.perspective}"
        return self.level, -len(self.studies), -self.results, name


def clinical_questions(brief: ChapterBrief, records: Mapping[str, StudyRecord]) -> tuple[ClinicalQuestion, ...]:
    """What the sections of `brief` ask: one question for each intervention, comparator and outcome that results compare.

    `records` by document. At most 5 for a section and 30 for the chapter; those with the strongest evidence first, then
    those of more studies. A section asks first of different interventions. The order is that of the brief's sections.
    """
    by_section: dict[str, list[_Asked]] = defaultdict(list)
    kinds = [section.kind for section in brief.sections]
    for asked in _asked(records):
        home = next((kind for kind in _homes(asked.said) if kind in kinds), None)
        if home is not None:
            by_section[home].append(asked)
    chosen = {kind: _varied(by_section[kind]) for kind in kinds if kind in by_section}
    ordered = sorted(
        ((place, asked.rank, kind, asked) for kind, group in chosen.items() for place, asked in enumerate(group)),
        key=lambda one: one[:3],
    )[:CHAPTER_QUESTIONS]
    known = _conditions(brief.topic, records.values())
    made = [(kind, _question(kind, asked, known)) for _, _, kind, asked in ordered]
    unique = {question.key: question for kind in kinds for home, question in made if home == kind}
    return tuple(unique.values())


def _asked(records: Mapping[str, StudyRecord]) -> list[_Asked]:
    found: list[_Asked] = []
    by_outcome: dict[tuple[Perspective, str], list[_Asked]] = defaultdict(list)
    for document in sorted(records):
        record = records[document]
        results = [
            (said, finding)
            for finding in record.findings
            if finding.statement.source is SpanSource.TEXT and (said := compared(finding, record.design)) is not None
        ]
        named = Counter(said.intervention.casefold() for said, _ in results if said.intervention)
        outcomes = Counter(said.outcome.casefold() for said, _ in results)
        arms = [arm.casefold() for arm in record.arms]
        for said, finding in results:
            name = said.intervention.casefold() if said.intervention else None
            if name is not None and named[name] < 2 and not any(name in arm for arm in arms):
                continue  # a name that the study uses once is more often a part of a sentence than a treatment
            if not said.named and outcomes[said.outcome.casefold()] < 2:
                continue  # so is an outcome
            group = by_outcome[said.perspective, said.outcome]
            known = next((one for one in group if one.said.is_like(said)), None)
            if known is None:
                known = _Asked(said)
                group.append(known)
                found.append(known)
            known.studies.add(document)
            known.level = min(known.level, record.level)
            known.results += 1
            if condition := finding.disease or record.population.condition:
                known.conditions[condition.casefold()] += 1
    return sorted(found, key=lambda one: one.rank)


def _homes(said: Compared) -> tuple[str, ...]:
    """The kinds of section that the question fits, the best first."""
    match said.perspective:
        case Perspective.EFFICACY:
            return _TREATMENTS[said.kind or InterventionKind.OTHER]
        case Perspective.HARM:
            return ("complications", "outcomes")
        case Perspective.FREQUENCY:
            return ("epidemiology",)
        case Perspective.PROGNOSIS:
            return ("outcomes",)
        case Perspective.DIAGNOSIS:
            return ("diagnosis",)
        case Perspective.CHOICE:
            return ("indications", *_TREATMENTS[said.kind or InterventionKind.OTHER])
        case Perspective.TECHNIQUE:
            return ("surgical_technique", "surgical_treatment")
        case Perspective.MECHANISM:
            return ("pathophysiology",)
        case _:
            assert_never(said.perspective)


def _varied(ranked: Sequence[_Asked]) -> list[_Asked]:
    """The first of `ranked` that a section asks: not more than two on one intervention while there are others."""
    first: list[_Asked] = []
    for asked in ranked:
        name = asked.said.intervention
        same = [one for one in first if name and one.said.intervention and is_same(name, one.said.intervention)]
        if len(same) < SAME_INTERVENTION:
            first.append(asked)
    rest = [asked for asked in ranked if not any(asked is one for one in first)]
    return [*first, *rest][:SECTION_QUESTIONS]


def _conditions(topic: str, records: Iterable[StudyRecord]) -> frozenset[str]:
    """Conditions that a question may name: of the topic's words, or stated by at least two studies."""
    counted = Counter(one.casefold() for record in records if (one := record.population.condition))
    told = set(words(topic))
    return frozenset(name for name, count in counted.items() if count > 1 or set(words(name)) <= told)


def _question(section: str, asked: _Asked, conditions: frozenset[str]) -> ClinicalQuestion:
    said = asked.said
    ranked = sorted(asked.conditions.items(), key=lambda one: (-one[1], one[0]))
    named = set(words(said.outcome))
    population = None
    if said.perspective is not Perspective.FREQUENCY:  # its outcome names the condition
        population = next((name for name, _ in ranked if name in conditions and not named & set(words(name))), None)
    return ClinicalQuestion.of(
        section, _text(said, population), said.perspective, population=population, intervention=said.intervention,
        comparator=said.comparator, outcome=said.outcome,
    )  # fmt: skip


def _text(said: Compared, population: str | None) -> str:
    who = f" in {population}" if population else ""
    what = f"{said.intervention} compared with {said.comparator}" if said.comparator else f"{said.intervention}"
    match said.perspective:
        case Perspective.EFFICACY:
            return f"What is the effect of {what} on {said.outcome}{who}?"
        case Perspective.HARM:
            return f"How does {what} change the risk of {said.outcome}{who}?"
        case Perspective.FREQUENCY:
            return f"What is the {said.outcome}{who}?"
        case Perspective.PROGNOSIS:
            return f"How is {what} associated with {said.outcome}{who}?"
        case Perspective.DIAGNOSIS:
            return f"What is the {said.outcome} of {what}{who}?"
        case Perspective.CHOICE:
            return f"Is {said.intervention} or {said.comparator} to be preferred for {said.outcome}{who}?"
        case Perspective.TECHNIQUE:
            return f"How does {what} change {said.outcome}{who}?"
        case Perspective.MECHANISM:
            return f"What is the effect of {what} on {said.outcome} in animals or in the laboratory?"
        case _:
            assert_never(said.perspective)
