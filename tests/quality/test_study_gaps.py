"""Main findings that no quote states, retracted works, trials of other people, groups of authors, newer editions, harms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chapter_pipeline.domain import Closer, Gap, Severity
from chapter_pipeline.domain.document import PageSpan, StudyType
from chapter_pipeline.domain.evidence import (
    Direction,
    Finding,
    FindingKind,
    Population,
    Span,
    SpanSource,
    Species,
    StudyRecord,
)
from chapter_pipeline.quality.editions import superseded_guidance
from chapter_pipeline.quality.gap_inputs import Inputs
from chapter_pipeline.quality.harms import untold_harms
from chapter_pipeline.quality.source_gaps import source_coverage
from chapter_pipeline.quality.study_gaps import people_of, study_gaps
from tests.quality.gap_inputs import gap_inputs, quote, section, source, template

DOWN, NOT_STATED = Direction.DECREASED, Direction.NOT_STATED


def stated(text: str, page: int = 4) -> Span:
    return Span(text=text, page=page, places=(PageSpan(page=page, start=0, end=len(text)),))


def in_table(text: str) -> Span:
    return Span(text=text, page=6, source=SpanSource.TABLE, table=1, row=1, label="Table 2.")


def finding(span: Span, *, direction: Direction = DOWN, **of_it: Any) -> Finding:
    made = {
        "ordinal": 0, "kind": FindingKind.OWN_RESULT, "species": Species.HUMAN, "direction": direction,
        "spans": (span,), **of_it,
    }  # fmt: skip
    return Finding.model_validate(made)


def record(*findings: Finding, people: str | None = None) -> StudyRecord:
    return StudyRecord(
        design=StudyType.RANDOMISED_TRIAL, level=2, findings=findings, population=Population(text=people)
    )


def with_records(inputs: Inputs, **records: StudyRecord) -> Inputs:
    return replace(inputs, records=records)


def on(inputs: Inputs, topic: str) -> Inputs:
    return replace(inputs, brief=inputs.brief.model_copy(update={"topic": topic}))


ROW = finding(in_table("Seizures | 11.7% | 22.5% | 0.02"), outcome="Seizures", p=("P=0.02",))
OTHER_ROW = finding(in_table("Age | 61 | 62 | 0.70"), outcome="Age", p=("P=0.70",), direction=Direction.NO_DIFFERENCE)
POINTER = finding(stated("The outcome is given in the table."), direction=NOT_STATED, main=True)
RESULT = finding(stated("Seizures fell from 22.5% to 11.7%."), main=True)


def main_findings(*findings: Finding, quotes: tuple[Any, ...] = (), cites: tuple[str, ...] = ("told",), **of_source: Any) -> list[Gap]:  # fmt: skip
    inputs = gap_inputs(
        section("outcomes", cites=cites), quotes=(quote("told", "other"), *quotes),
        sources=(source("lind", **{"level": 2, "authors": ["Lind, A"], "title": "Drugs against seizures", **of_source}),),
        budgets={"outcomes": 100},
    )  # fmt: skip
    return [
        gap for gap in study_gaps(with_records(inputs, lind=record(*findings))) if "main finding" in gap.description
    ]


def test_main_finding__only_in_a_table__is_told_with_its_row_and_for_a_person() -> None:
    (gap,) = main_findings(POINTER, OTHER_ROW, ROW)
    assert "Drugs against seizures; it stands in Table 2, p. 6" in gap.description
    assert "Seizures | 11.7% | 22.5% | 0.02" in gap.description
    assert (gap.severity, gap.closed_by) == (Severity.CRITICAL, Closer.PERSON)


def test_main_finding__table_and_quoted_pointer_to_it__is_told() -> None:
    pointing = quote("p", "lind", page=4).model_copy(
        update={"main": True, "finding": FindingKind.OWN_RESULT, "end": 40}
    )
    (gap,) = main_findings(POINTER, ROW, quotes=(pointing,), cites=("p",))
    assert "Table 2" in gap.description


def test_main_finding__in_a_sentence_that_is_no_quote__is_told_with_its_page() -> None:
    (gap,) = main_findings(RESULT, ROW)
    assert "it stands in p. 4, and is not among the quotes: “Seizures fell from 22.5% to 11.7%.”" in gap.description
    assert gap.recommendation == "Read Lind 2025, p. 4, and write on its main finding by hand."


def test_main_finding__its_numbers_are_cited_from_another_sentence__is_told() -> None:
    same = quote("same", "lind", page=9).model_copy(update={"display": "They fell to 11.7% (from 22.5%)."})
    assert main_findings(RESULT, quotes=(same,), cites=("same",)) == []
    other = quote("same", "lind", page=9).model_copy(update={"display": "They fell to 31.7% (from 42.5%)."})
    assert len(main_findings(RESULT, quotes=(other,), cites=("same",))) == 1


@pytest.mark.parametrize(
    "of_source", [{"level": 4}, {"relevance": 0.44}, {"document": False}, {"retracted": True}],
)  # fmt: skip
def test_main_finding__weak_distant_absent_or_retracted__is_not_asked_for(of_source: dict[str, Any]) -> None:
    assert main_findings(RESULT, **of_source) == []


def test_table__without_p_values__is_no_main_finding() -> None:
    assert main_findings(finding(in_table("Seizures | 3 | 4"), outcome="Seizures")) == []


def retracted(level: int = 2, **of_source: Any) -> list[Gap]:
    inputs = gap_inputs(sources=[source("lind", level=level, authors=["Lind, A"], **of_source)])
    return [gap for gap in study_gaps(inputs) if "retracted" in gap.description]


def test_retracted__on_the_topic__is_told_for_a_person() -> None:
    (gap,) = retracted(retracted=True)
    assert (gap.severity, gap.closed_by) == (Severity.HIGH, Closer.PERSON)
    assert "Lind 2025, Study of lind" in gap.description
    assert [gap.severity for gap in retracted(level=4, retracted=True)] == [Severity.MEDIUM]
    assert retracted(retracted=None) == []


def other_people(topic: str, title: str, **records: StudyRecord) -> list[Gap]:
    inputs = gap_inputs(sources=[source("lind", level=2, title=title, authors=["Lind, A"])])
    found = study_gaps(with_records(on(inputs, topic), **records))
    return [gap for gap in found if gap.description.startswith("No randomised trial or synthesis of")]


def test_other_people__only_trial__is_told_with_whom_it_is_of() -> None:
    (gap,) = other_people("Migraine in adults", "A drug in children with migraine")
    assert gap.description == "No randomised trial or synthesis of adults: Lind 2025 is of children."
    assert (gap.severity, gap.closed_by) == (Severity.HIGH, Closer.LITERATURE)


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        ("Migraine", "A drug in children with migraine"),
        ("Migraine in adults", "A drug in adults with migraine"),
        ("Migraine in adults", "A drug in elderly patients with migraine"),
        ("Migraine in adults", "A drug in migraine"),
    ],
)
def test_other_people__same_or_unknown__are_none(topic: str, title: str) -> None:
    assert other_people(topic, title) == []


def test_other_people__title_says_nothing__are_those_of_the_record() -> None:
    study = record(people="We randomised 40 children.")
    assert len(other_people("Migraine in adults", "A drug in migraine", lind=study)) == 1


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("paediatric brain tumours", {"children"}), ("adult patients", {"adults"}), ("patients aged 65 or more", {"older people", "adults"}),
        ("pregnancy", {"pregnant women"}), ("patients with stroke", set()), ("children and adults", {"children", "adults"}),
    ],
)  # fmt: skip
def test_people_of(text: str, people: set[str]) -> None:
    assert people_of(text) == people


def group(*authors: list[str]) -> list[Gap]:
    """Six citations, two of each source."""
    names = ["a", "b", "c"]
    quotes = [quote(f"{name}{n}", name) for name in names for n in range(2)]
    inputs = gap_inputs(
        section("outcomes", cites=[one.key for one in quotes]), quotes=quotes,
        sources=[source(name, authors=some) for name, some in zip(names, authors, strict=True)],
    )  # fmt: skip
    return [gap for gap in source_coverage(inputs, ()) if "group of authors" in gap.description]


def test_one_group__shares_an_author__is_told_with_its_works() -> None:
    (gap,) = group(["Lind, Per", "Petrov, Ilja"], ["Mao, Li", "Petrov, I"], ["Ode, K", "Rask, J"])
    assert gap.severity is Severity.HIGH
    assert gap.description.startswith("4 of 6 citations are of works by one group of authors, Petrov I among them: ")
    assert len(group(["Lind, Per", "Ilja Petrov"], ["Mao, Li", "Petrov, I"], ["Ode, K"])) == 1
    assert group(["Lind, Per"], ["Mao, Li", "Petrov, O"], ["Petrov, I"]) == []


def editions(*titles_and_years: tuple[str, int], cites: tuple[str, ...] = ("g0",)) -> list[Gap]:
    quotes = [quote(f"g{n}", f"s{n}", fits={"outcomes": 0.5}) for n in range(len(titles_and_years))]
    inputs = gap_inputs(
        section("outcomes", cites=cites), quotes=quotes, budgets={"outcomes": 100},
        sources=[
            source(f"s{n}", level=5, title=title, year=year, authors=[f"Lind{n}, A"])
            for n, (title, year) in enumerate(titles_and_years)
        ],
    )  # fmt: skip
    return list(superseded_guidance(inputs))


OLD = ("Guideline of the Society for the treatment of glioma", 2009)


@pytest.mark.parametrize(
    "newer", ["Updated guidelines of the Society for the treatment of glioma", "Guideline of the Society for the treatment of glioma 2023", "Guideline of the Society for the treatment of glioma: second edition"],
)  # fmt: skip
def test_superseded_guidance__newer_edition__is_told_with_its_quotes(newer: str) -> None:
    (gap,) = editions(OLD, (newer, 2023))
    assert "a guideline of 2009 (Lind0 2009) that the edition of 2023 (Lind1 2023) supersedes" in gap.description
    assert (gap.severity, gap.closed_by, gap.evidence) == (Severity.HIGH, Closer.LIBRARY, ("g1",))


def test_superseded_guidance__other_title_same_year_or_not_cited__is_none() -> None:
    assert editions(OLD, ("Guideline of the Society for the imaging of glioma", 2023)) == []
    assert editions(OLD, OLD) == []
    assert editions(OLD, (OLD[0], 2023), cites=("g1",)) == []
    assert editions(("A trial of glioma", 2009), ("A trial of glioma", 2023)) == []


HARM = "Fatal intracerebral haemorrhage occurred in 4.2% of the patients treated with the drug."


def harms(text: str = HARM, *, cites: tuple[str, ...] = ("told",), topic: str = "Glioma", says: str = "It helps.", quoted: bool = False, **of_it: Any) -> list[Gap]:  # fmt: skip
    quotes = [quote("told", "lind", page=9).model_copy(update={"display": says})]
    if quoted:
        quotes.append(quote("harm", "lind", page=4).model_copy(update={"end": 90, "display": text}))
    inputs = gap_inputs(
        section("complications", cites=cites), quotes=quotes, templates=[template("complications")],
        sources=[source("lind", level=of_it.pop("level", 2), authors=["Lind, A"])],
    )  # fmt: skip
    made = finding(stated(text), **{"direction": NOT_STATED, **of_it})
    return list(untold_harms(with_records(on(inputs, topic), lind=record(made))))


def test_untold_harms__counted_under_treatment__is_told_with_frequency_and_place() -> None:
    (gap,) = harms()
    assert gap.description == "A serious harm is not told: fatal intracerebral haemorrhage (4.2%), Lind 2025, p. 4."
    assert (gap.severity, gap.closed_by, gap.section) == (Severity.HIGH, Closer.PERSON, "complications")
    (gap,) = harms(quoted=True)
    assert (gap.closed_by, gap.evidence) == (Closer.LIBRARY, ("harm",))


def test_untold_harms__told_in_the_discussion_without_a_citation__is_of_the_study() -> None:
    told: dict[str, Any] = {"kind": FindingKind.BACKGROUND, "part": "discussion"}
    assert len(harms("Septic shock (2.5% of the drug group) was the gravest event.", **told)) == 1
    assert harms("Septic shock (2.5% of the drug group) was the gravest event [12].", **told) == []
    assert harms(HARM, kind=FindingKind.BACKGROUND, part="introduction") == []


@pytest.mark.parametrize(
    "of_it",
    [
        {"species": Species.ANIMAL}, {"kind": FindingKind.BACKGROUND}, {"kind": FindingKind.OWN_METHOD}, {"level": 4},
        {"direction": Direction.NO_DIFFERENCE}, {"text": "Fatal intracerebral haemorrhage occurred under treatment."},
        {"text": "No fatal haemorrhage occurred in 42% of the patients treated with the drug."},
        {"text": "Headache occurred in 4.2% of the patients treated with the drug."},
        {"text": "A history of myocardial infarction was present in 4.2% of the patients treated with the drug."},
        {"text": "Ischaemic stroke occurred in 4.2% of the patients treated with the drug.", "topic": "Acute stroke"},
        {"says": "Fatal intracerebral haemorrhage was seen."}, {"says": "It was 4.2% with it."},
    ],
)  # fmt: skip
def test_untold_harms__not_of_people_not_counted_the_disease_or_told__is_none(of_it: dict[str, Any]) -> None:
    assert harms(**of_it) == []
