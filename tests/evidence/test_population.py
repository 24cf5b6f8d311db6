"""How many were studied is told where one number says it, and left out where several might."""

from __future__ import annotations

import pytest

from chapter_pipeline.evidence.population import setting_of, size_of


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("We randomised 215 patients to a drain or to none.", 215),
        ("A total of 1,204 patients were included.", 1204),
        ("Twenty-four patients were enrolled.", 24),
        ("Two hundred and six patients were enrolled.", 206),
        ("Of 300 patients screened, 215 patients were eligible.", None),
        ("We screened 300 patients and enrolled 215 patients.", 215),
        ("Patients were included from 2012 on.", None),
        ("Patients received 8 mg of dexamethasone.", None),
    ],
)
def test_size_of__sentence__says_one_number_or_none(sentence: str, number: int | None) -> None:
    assert size_of([sentence], [], [])[0] == number


def test_size_of__abstract_is_silent__results_say_it() -> None:
    said = "In all, 88 patients were analysed."
    assert size_of(["Drains help."], ["We planned to enrol 100 patients."], [said]) == (88, said)


@pytest.mark.parametrize(
    ("sentence", "setting"),
    [
        ("It was done in 12 hospitals.", "12 hospitals"),
        ("This single-centre trial was open.", "single-centre"),
        ("It was done with care.", None),
    ],
)
def test_setting_of__sentence__is_as_printed(sentence: str, setting: str | None) -> None:
    assert setting_of([sentence]) == setting
