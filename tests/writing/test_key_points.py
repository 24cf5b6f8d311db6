"""Key points: what studies of people conclude and find on the topic, in sentences that are read alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chapter_pipeline.domain import Paragraph, Quote, Section, Sentence, Subsection
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.writing.key_points import KEY_POINTS, OF_ONE_SECTION, OF_ONE_SOURCE, key_points

TOPIC = "Chronic subdural haematoma"
RESULT, CONCLUSION, TOLD = FindingKind.OWN_RESULT, FindingKind.CONCLUSION, FindingKind.BACKGROUND


def quote(
    text: str, kind: FindingKind | None, *, key: str = "q1", source: str = "lind2019", main: bool = True, level: int = 3,
    species: Species | None = Species.HUMAN, study: StudyType = StudyType.COHORT, points: Sequence[str] = (),
    lead: str | None = None, relevance: float = 0.5,
) -> Quote:  # fmt: skip
    return Quote(
        key=key, source=source, document="lind", page=1, start=0, end=len(text), text=text, display=text,
        document_section=None, study_type=study, evidence_level=level, year=2019, relevance=relevance,
        points=tuple(points), finding=kind, main=main, species=species, lead=lead,
    )  # fmt: skip


def chosen(*groups: Sequence[Quote]) -> list[str]:
    """The key points of a chapter with one section for each of `groups`."""
    sections = [
        Section(
            kind=f"s{number}", title="A section", status="written",
            subsections=(
                Subsection(
                    title=None,
                    paragraphs=(Paragraph(sentences=tuple(Sentence(text=q.text, quotes=(q.key,)) for q in group)),),
                ),
            ),
        )
        for number, group in enumerate(groups)
    ]  # fmt: skip
    known = {one.key: one for group in groups for one in group}
    return [point.text for point in key_points(TOPIC, sections, known)]


CONCLUDED = "Drains lower the risk of recurrence of a chronic subdural haematoma."


@pytest.mark.parametrize(
    ("one", "is_point"),
    [
        (quote(CONCLUDED, CONCLUSION), True),
        (quote(CONCLUDED, CONCLUSION, main=False), True),
        (quote(CONCLUDED, None), True),
        (quote(CONCLUDED, TOLD), False),
        (quote(CONCLUDED, FindingKind.DEFINITION), False),
        (quote("The risk of chronic subdural haematoma is lower with drains (9% versus 24%).", TOLD), True),
        (quote("Surgery is the treatment of choice in chronic subdural haematoma.", TOLD, points=["choice"]), True),
        (quote("Surgery is the treatment of choice in chronic subdural haematoma.", TOLD), False),
        (quote("Chronic subdural haematoma recurred in 9% with a drain and 24% without.", RESULT), True),
        (quote("Chronic subdural haematoma recurred in 9% with a drain and 24% without.", RESULT, main=False), False),
        (quote("Chronic subdural haematoma recurred in 9% with a drain and 24% without.", RESULT, study=StudyType.CASE_SERIES), False),
        (quote("Chronic subdural haematoma recurred, and the score was 3 at the end of it.", RESULT), False),
        (quote("Plasma levels of the drug differed by 9% in chronic subdural haematoma.", RESULT), False),
        (quote("We found that drains lower the risk of chronic subdural haematoma.", CONCLUSION), False),
        (quote("Further trials of drains in chronic subdural haematoma should follow.", CONCLUSION), False),
        (quote("Drains lower the risk of chronic subdural haematoma, but our lack of data limits conclusions.", CONCLUSION), False),
        (quote("Drains lower the risk of recurrence.", CONCLUSION), False),
        (quote("Drains lower the risk of recurrence.", CONCLUSION, lead="In a trial, “Subdural drains, chronic” (Lind 2019):"), True),
        (quote("Drains lower the risk of recurrence.", CONCLUSION, main=False, lead="In a trial, “Subdural drains, chronic” (Lind 2019):"), False),
        (quote("Drains lower the risk of a chronic subdural haematoma" + " and more" * 20 + ".", CONCLUSION), True),
        (quote("Drains lower the risk of a chronic subdural haematoma by 9%" + " and more" * 20 + ".", RESULT), False),
        (quote("A narrative review of chronic subdural haematoma should weigh old series.", None), False),
    ],
)  # fmt: skip
def test_key_points__one_sentence(one: Quote, is_point: bool) -> None:
    assert (chosen([one]) == [one.text]) is is_point


def test_key_points__animals__only_where_there_are_none_of_people() -> None:
    animals = quote(
        "In rats, drains lower the risk of chronic subdural haematoma.", CONCLUSION, key="q2", species=Species.ANIMAL
    )
    assert chosen([animals]) == [animals.text]
    assert chosen([animals, quote(CONCLUDED, CONCLUSION)]) == [CONCLUDED]


def test_key_points__more_than_six__conclusions_then_grades_then_points_in_the_order_of_the_chapter() -> None:
    def made(number: int, *, level: int = 3, main: bool = True, points: Sequence[str] = ()) -> Quote:
        text = f"Drain {'abcdefghij'[number]} lowers the risk of a chronic subdural haematoma."
        return quote(text, CONCLUSION, key=f"q{number}", source=f"s{number}", level=level, main=main, points=points)

    groups = [
        [made(0, main=False), made(1, level=2), made(2)],
        [made(3, level=2), made(4, points=["drains"]), made(5)],
        [made(6, level=2), made(7)],
        [made(8, main=False)],
    ]
    letters = [text[6] for text in chosen(*groups)]
    assert (len(letters), KEY_POINTS, OF_ONE_SECTION) == (6, 6, 2)
    assert letters == ["b", "c", "d", "e", "g", "h"]


def test_key_points__one_source__has_two() -> None:
    groups = [
        [quote(f"Drain {name} lowers the risk of a chronic subdural haematoma.", CONCLUSION, key=f"q{name}")]
        for name in "abc"
    ]
    assert len(chosen(*groups)) == OF_ONE_SOURCE == 2
