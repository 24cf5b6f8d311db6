"""A sentence that cannot stand alone is not quoted, and the reason is named."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.writing.quotability import Refusal, refusal

STANDS = "Burr-hole evacuation with a subdural drain lowers the recurrence of chronic subdural haematoma."


@pytest.mark.parametrize(
    "sentence",
    [
        STANDS,
        "Temozolomide at 75 mg/m² per day is given with radiotherapy in glioblastoma.",
        "Among 269 patients, recurrence was 9.3% with a drain and 24% without one.",
        "Recurrence is rare in those who receive a drain, and this may be due to irrigation.",
        "In general, it has been shown that drains lower recurrence after burr-hole surgery.",
        "Although the brain has some capacity for the repair of myelin, this process is slow.",
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
        ("OBJECTIVE: To integrate a wireless pressure sensor within a cranial implant.", None, Refusal.LAYOUT),
        ("GBM oncosphere cell lines from fresh surgical specimens.", None, Refusal.LAYOUT),
        ("Occlusion was full in two,thirds of the vessels of the,[4] animals.", None, Refusal.LAYOUT),
        ("The relapse rate of treated people fell by *30% in a year.", None, Refusal.LAYOUT),
        ("Considerable e?orts lower the rate of relapse in most people.", None, Refusal.LAYOUT),
        ("The volume of the treated group)at 28 days was lower in most people.", None, Refusal.LAYOUT),
        ("Revision is frequent in people with shunts.,²⁸These are costly in most cases.", None, Refusal.LAYOUT),
        ("Inflow of Ca²⁺ lowers the rate of recurrence in most people.", None, None),
        ("The administration of intravenous“contrast” agents shows a disrupted barrier.", None, Refusal.LAYOUT),
        ("Despite this modest improvement, carmustine became a standard of care.", None, Refusal.CONTEXT),
        ("Advances in this therapeutic regimen have not made resection complete.", None, Refusal.CONTEXT),
        ("In spite of this, inhibitors have shown efficacy against glioma.", None, Refusal.CONTEXT),
        ("The sample does not contain mutations in the genes shown by the bars.", None, Refusal.POINTER),
        ("Establishment of intracranial tumours was achieved as previously described.", None, Refusal.POINTER),
        ("Patients completed surgery and had a recuperation period of 36 ± 7.2 days.", None, Refusal.PROCEDURE),
        ("The mean age of patients was 56.1 years and the average BMI was 28.6.", None, Refusal.PROCEDURE),
        ("Patients underwent resection and were randomized to receive one of two implants.", None, Refusal.PROCEDURE),
        ("The approval was based on the results of two well-designed studies.", None, Refusal.CONTEXT),
        ("In the phase II study, responders lived longer than all of the others.", None, Refusal.CONTEXT),
        ("One possible explanation is that tumours were of different sizes.", None, Refusal.CONTEXT),
        ("Strategies for crossing the barrier will be discussed later in detail.", None, Refusal.POINTER),
        ("Potential life lost was estimated at 47,631 years in one year [???].", None, Refusal.LAYOUT),
        ("Patients were treated with mebendazole after six weeks of radiation.", None, Refusal.PROCEDURE),
        ("Adherence to these medications is limited by a number of side effects.", None, Refusal.CONTEXT),
        ("All have been shown in randomised trials to reduce the rate of relapses.", None, Refusal.CONTEXT),
        ("More recently, it has been shown to be effective at double the dose.", None, Refusal.CONTEXT),
        ("Lesion 3.1 showed reduced myelin content and a hypocellular core.", None, Refusal.CONTEXT),
        ("One (5%) patient had a mild relapse in the setting of an infection.", None, Refusal.PROCEDURE),
        ("The relapse rate appears lower for people on a drug for w12 months.", None, Refusal.LAYOUT),
        ("Quality of life Quality of life was not associated with the use of drugs.", None, Refusal.LAYOUT),
        ("Discussion: There was no association of drug use with better outcomes.", None, Refusal.LAYOUT),
        ("recurrence was lower with a drain than without one in all trials.", None, Refusal.LAYOUT),
        ("Smith A, Jones B. Drains in haematoma. Lancet. 2009;374:1067 doi:10.1/x.", None, Refusal.LAYOUT),
        ("Age 75 12 8 4 Sex 44 55 2 1 Total 119 67 10 5 and all.", None, Refusal.LAYOUT),
    ],
)
def test_refusal__sentence_does_not_stand_alone__names_the_reason(
    sentence: str, section: str | None, reason: Refusal
) -> None:
    assert refusal(sentence, section) is reason


@pytest.mark.parametrize(
    ("sentence", "quoted"),
    [
        ("A burr hole 1 mm in diameter was placed over the left hemisphere.", False),
        ("Glioma cells were implanted under the skin of the left flank of mice.", False),
        ("Stereotactic radiosurgery was delivered to the tumour in one fraction.", False),
        ("Survival was prolonged in mice that were given both of the antibodies.", False),
        ("Survival of mice was prolonged by a combination of both antibodies.", True),
        ("Radiation was associated with longer survival of mice with a glioma.", True),
        ("Glioblastoma is the most common malignant tumour of the brain in adults.", True),
    ],
)
def test_refusal__paper_on_animals__what_was_done_to_them_is_not_quoted(sentence: str, quoted: bool) -> None:
    found = refusal(sentence, "Results", StudyType.ANIMAL)
    assert found is (None if quoted else Refusal.PROCEDURE)
