"""Arms are known by their names, abbreviations, distinguishing words, letters and roles."""

from __future__ import annotations

import pytest

from chapter_pipeline.evidence.arms import Arms
from chapter_pipeline.evidence.mentions import mentions

ARMS = Arms(("levetiracetam 500 mg", "placebo"), (("levetiracetam 500 mg", "LEV", "group A"), ("placebo", "group B")))
TWO = Arms(("Oral antibiotics", "intravenous antibiotics"))


@pytest.mark.parametrize(
    ("text", "arms"),
    [
        ("seizures were rarer with LEV than with placebo", [0, 1]),
        ("seizures were rarer in levetiracetam patients", [0]),
        ("12 seizures in the intervention group and 20 in controls", [0, 1]),
        ("58 events in the intervention and 71 in the control villages", [0, 1]),
        ("seizures in groups A and B", [0, 1]),
        ("without LEV seizures were commoner", [1]),
        ("the leverage of a level", []),
    ],
)
def test_mentions__names_letters_and_roles__are_the_arm(text: str, arms: list[int]) -> None:
    assert [mention.arm for mention in mentions(text, ARMS)] == arms


@pytest.mark.parametrize(
    ("text", "arms"),
    [
        ("14 days in patients treated intravenously and 11 days after oral therapy", [1, 0]),
        ("antibiotics were given to all", []),
    ],
)
def test_mentions__words_of_one_arm_alone__are_the_arm(text: str, arms: list[int]) -> None:
    assert [mention.arm for mention in mentions(text, TWO)] == arms
