"""A sentence that cannot stand alone is not quoted, and the reason is named."""

from __future__ import annotations

import pytest

from chapter_pipeline.writing.quotability import Refusal, refusal

STANDS = "Burr-hole evacuation with a subdural drain lowers the recurrence of chronic subdural haematoma."


@pytest.mark.parametrize(
    "sentence",
    [
        STANDS,
        "Temozolomide at 75 mg/m² per day is given with radiotherapy in glioblastoma.",
        "Among 269 patients, recurrence was 9.3% with a drain and 24% without one.",
        "In phase I trials of glioblastoma, the drug was tolerated by most patients.",
    ],
)
def test_refusal__sentence_stands_alone__is_none(sentence: str) -> None:
    assert refusal(sentence, "Results") is None


@pytest.mark.parametrize(
    ("sentence", "section", "reason"),
    [
        (STANDS, "Materials and Methods", Refusal.SECTION),
        (STANDS, "Acknowledgements", Refusal.SECTION),
        ("Drains help patients.", None, Refusal.LENGTH),
        ("These patients had a longer survival than all of the others did.", None, Refusal.CONTEXT),
        ("However, recurrence was seen in one in four patients without a drain.", None, Refusal.CONTEXT),
        ("They were given dexamethasone at a dose of 8 mg twice a day.", None, Refusal.CONTEXT),
        ("Survival in this group was longer than in the group without treatment.", None, Refusal.CONTEXT),
        ("Recurrence was lower with a drain in our series than without one.", None, Refusal.FIRST_PERSON),
        ("We found that recurrence was lower with a drain than without one.", None, Refusal.FIRST_PERSON),
        ("Recurrence was lower with a drain as shown in Figure 2 of the paper.", None, Refusal.POINTER),
        ("Recurrence was lower with a drain (Table 1) in all of the trials.", None, Refusal.POINTER),
        ("Mice were injected with tumour cells into the striatum on the first day.", None, Refusal.PROCEDURE),
        ("Primary goals of trials in glioma were to find the tolerated dose.", None, Refusal.PROCEDURE),
        ("After his fourth cycle the patient progressed and left the trial early.", None, Refusal.CONTEXT),
        ("Survival was longer in treated mice than in untreated ones (p,0.05).", None, Refusal.LAYOUT),
        ("Methods: A drain was left in the subdural space for two days in half.", None, Refusal.LAYOUT),
        ("recurrence was lower with a drain than without one in all trials.", None, Refusal.LAYOUT),
        ("Smith A, Jones B. Drains in haematoma. Lancet. 2009;374:1067 doi:10.1/x.", None, Refusal.LAYOUT),
        ("Age 75 12 8 4 Sex 44 55 2 1 Total 119 67 10 5 and all.", None, Refusal.LAYOUT),
    ],
)
def test_refusal__sentence_does_not_stand_alone__names_the_reason(
    sentence: str, section: str | None, reason: Refusal
) -> None:
    assert refusal(sentence, section) is reason
