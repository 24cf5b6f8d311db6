"""What an improvement means for the value of an outcome: its instrument, else its head noun, decides."""

from __future__ import annotations

import pytest

from chapter_pipeline.evidence.polarity import more_is_worse


@pytest.mark.parametrize(
    "outcome",
    [
        "pain",
        "severity of insomnia",
        "womac physical function",
        "depressive symptoms",
        "risk of death",
        "updrs motor score",
        "blood pressure",
    ],
)
def test_more_is_worse__harms_and_scores_of_harm__yes(outcome: str) -> None:
    assert more_is_worse(outcome)


@pytest.mark.parametrize(
    "outcome",
    [
        "survival",
        "quality of life",
        "walking distance",
        "pain-free survival",
        "relief of pain",
        "medication adherence",
        "colour",
    ],
)
def test_more_is_worse__benefits_and_what_is_not_known__no(outcome: str) -> None:
    assert not more_is_worse(outcome)
