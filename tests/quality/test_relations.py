"""What two sentences of different sources have to do with each other is told by their words, not by their nearness."""

from __future__ import annotations

import pytest

from chapter_pipeline.quality.relations import (
    Kind,
    compare,
    loses_nothing,
    relations,
    says_the_same,
    statement,
    topic_stems,
)

TOPIC = "Chronic subdural haematoma"
STEMS = topic_stems(TOPIC)


def kind(first: str, second: str) -> Kind | None:
    found = compare(statement(first, STEMS), statement(second, STEMS))
    return found.kind if found else None


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            "A subdural drain lowered the recurrence rate after burr-hole evacuation of chronic subdural haematoma.",
            "A subdural drain increased the recurrence rate after burr-hole evacuation.", Kind.OPPOSES,
        ),
        (
            "Atorvastatin is effective for recurrence after burr-hole surgery.",
            "Atorvastatin was not effective for recurrence after burr-hole surgery.", Kind.OPPOSES,
        ),
        (  # what is denied is something beside what both speak of
            "A favourable outcome after randomisation was seen in 83.9% with dexamethasone and in 90.3% with placebo.",
            "A mechanism has not guaranteed benefit: dexamethasone led to fewer favourable outcomes than placebo in a "
            "randomised trial.", None,
        ),
        (
            "The recurrence rate after burr-hole drainage was 9% in one trial.",
            "The recurrence rate after burr-hole drainage was 24% in another trial.", Kind.OTHER_NUMBERS,
        ),
        (
            "The recurrence rate after burr-hole drainage was 9% in one trial.",
            "The recurrence rate after burr-hole drainage was 9% in another trial.", Kind.AGREES,
        ),
        (  # one cohort, two measures
            "A Finnish nationwide study of operated patients reported reoperation in 19.4%.",
            "A Finnish nationwide study of operated patients reported a case fatality of 4.2%.", Kind.AGREES,
        ),
        (  # "without" denies nothing
            "Mortality after burr-hole evacuation was 8.6% with a drain and 18.1% without a drain.",
            "Mortality after burr-hole evacuation was 8.6% with a drain.", Kind.AGREES,
        ),
        ("Small haematomas can be observed.", "Imaging guides the choice of operation for a haematoma.", None),
        (  # near in meaning, as all of one topic is, and of different things
            "A Dutch cohort of 1307 patients with chronic subdural haematoma had a hazard ratio of death of 1.8.",
            "Reported incidence rates of chronic subdural haematoma range from 1.72 to 20.6 per 100,000 persons.", None,
        ),
    ],
)  # fmt: skip
def test_compare__two_statements(first: str, second: str, expected: Kind | None) -> None:
    assert kind(first, second) is expected
    assert kind(second, first) is expected


@pytest.mark.parametrize(
    ("lesser", "better", "expected"),
    [
        ("Recurrence fell with a drain.", "Recurrence fell with a subdural drain after burr-hole evacuation.", True),
        ("Recurrence fell to 9% with a drain.", "Recurrence fell with a subdural drain after evacuation.", False),
        ("Recurrence did not fall with a drain.", "Recurrence fell with a subdural drain.", False),
        ("Recurrence rose with a drain.", "Recurrence was lower with a drain.", False),
        ("Mortality fell with a drain in Finland.", "Recurrence fell with a subdural drain.", False),
    ],
)
def test_says_the_same__only_where_nothing_is_lost(lesser: str, better: str, expected: bool) -> None:
    assert says_the_same(statement(lesser, STEMS), statement(better, STEMS)) is expected


def test_loses_nothing__a_number_a_negation_or_a_direction__is_not_nothing() -> None:
    assert loses_nothing("Seen in 5%.", "It was seen in 5% and 7%.")
    assert not loses_nothing("Seen in 5% and 7%.", "It was seen in 5%.")
    assert not loses_nothing("It was not seen.", "It was seen.")
    assert not loses_nothing("It increased.", "It decreased.")


def test_relations__one_source__has_none_with_itself() -> None:
    texts = [
        "A drain lowered the recurrence rate after evacuation.",
        "A drain increased the recurrence rate after evacuation.",
    ]
    assert list(relations(texts, ["a", "a"], topic=TOPIC)) == []
    ((i, j, found),) = relations(texts, ["a", "b"], topic=TOPIC)
    assert (i, j, found.kind) == (0, 1, Kind.OPPOSES)
    assert found.about.split(", ")[:2] == ["drain", "recurrence"]
