"""A statement whose antecedent stands in the sentence before is not understood alone; one that names it is."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.evidence import FindingKind
from chapter_pipeline.writing.antecedents import lacks_antecedent

RESULT, CONCLUSION, TOLD = FindingKind.OWN_RESULT, FindingKind.CONCLUSION, FindingKind.BACKGROUND


@pytest.mark.parametrize(
    ("sentence", "kind", "lacks"),
    [
        ("There is evidence of a benefit for quality of life with this medication.", TOLD, True),
        ("Naltrexone is a drug, and the benefit of this medication is small.", TOLD, False),
        ("In rodents and rabbits, we show that this system detects changes of perfusion.", CONCLUSION, True),
        ("Our findings show a stabilising effect of these therapies in most people.", CONCLUSION, True),
        ("Radiotherapy is effective, but this treatment harms growing children.", TOLD, False),
        ("Our findings suggest a role of the receptor in these animals.", CONCLUSION, True),
        ("Rats lost weight, and these animals slept less.", RESULT, False),
        ("In this trial the rate of recurrence fell by 5%.", RESULT, False),
        ("To judge these differences is hard in most of the cases.", CONCLUSION, True),
        ("Survival was longer with the drain, and these differences lasted for a year.", RESULT, False),
        ("In agreement with the lower exposure, recovery was limited in 40%.", RESULT, True),
        ("In agreement with published work, recovery was limited in 40%.", RESULT, False),
        ("Over the following 3 days, pressures ranged from 2 to 10 mmHg.", RESULT, True),
        ("Over 3 days, pressures ranged from 2 to 10 mmHg.", RESULT, False),
        ("The second category included volumes below 16 mL.", RESULT, True),
        ("None have examined the populations together since 2001.", TOLD, True),
        ("The drain group improved in all 4 diet variables by 20%.", RESULT, True),
        ("The mean increase in both groups was 13 points.", RESULT, True),
        ("The mean increase in both groups, drain and control, was 13 points.", RESULT, False),
        ("For the two measures, age was associated with volume (P=0.04).", RESULT, True),
        ("Patients with an aneurysm had significantly higher rates of pneumonia.", RESULT, True),
        ("Patients with an aneurysm had higher rates of pneumonia than those with a tumour.", RESULT, False),
        ("Patients with an aneurysm have higher rates of pneumonia.", TOLD, False),
        ("The control group had rapid growth of 40%.", RESULT, True),
        ("The control group had rapid growth, compared with slow growth of the treated group.", RESULT, False),
        ("The intervention group ate more fruit over a year [4].", TOLD, True),
        ("The intervention group ate more fruit than the control group over a year [4].", TOLD, False),
        ("The intervention group ate more fruit over a year (P=0.01).", RESULT, False),
        ("An earlier study showed similar results in a comparison of lines.", TOLD, True),
        ("Naltrexone was also frequently prescribed to these people.", TOLD, True),
        ("The prevalence is likely to be higher than reported here.", CONCLUSION, True),
        ("The prevalence is therefore likely to be higher in women.", CONCLUSION, True),
        ("The combination treatment induced a shift of the cells.", CONCLUSION, True),
        ("The combined treatment with A and B induced a shift of the cells.", CONCLUSION, False),
        ("A plus B lasted; combination therapy induced a shift of the cells.", CONCLUSION, False),
        ("The combination treatment induced a shift of the cells.", TOLD, False),
        ("The prevalence is therefore likely to be higher in women.", TOLD, False),
    ],
)
def test_lacks_antecedent__sentence_alone(sentence: str, kind: FindingKind, lacks: bool) -> None:
    assert lacks_antecedent(sentence, kind) is lacks


def test_lacks_antecedent__main_finding__may_draw_a_conclusion() -> None:
    assert not lacks_antecedent("The prevalence is therefore likely to be higher in women.", CONCLUSION, main=True)
