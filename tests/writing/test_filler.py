"""The conduct, the limits and the praise of a study, and calls for another one, are told from findings."""

from __future__ import annotations

import pytest

from chapter_pipeline.writing.filler import is_filler, opens_with_a_limit

FILLER = [
    # Limits.
    "Our data were observational and cross-sectional, and hence cannot prove cause and effect.",
    "The authors were therefore unable to verify the use of medication.",
    "Our lack of data before exposure limits extrapolation of the associations.",
    "This may have affected our observed associations.",
    "Firstly, heterogeneity existed in the dominant model.",
    # Praise.
    "Our study provides novel scientific evidence for the potential of drains.",
    "To our knowledge, this is the first study of drains in children.",
    "Data that we have presented may serve as a context for biomarkers.",
    "Advances in delivery raise hope for better care.",
    # Calls for research.
    "Further studies are needed to determine the efficacy of drains.",
    "Conclusions: Future research into drains should include quality of life.",
    "Long-term studies of drains with data on relapse are required.",
    "The mechanism of drains requires further investigation.",
    "Clearly, new innovative approaches are needed to improve outcomes.",
    "With 500 operations a year, it is important to assess anaemia.",
    "Planned follow-up of our cohort may answer it.",
    # Conduct.
    "One protocol violation and no serious adverse event were reported.",
    "All emails were delivered to the participants.",
    "Records were available for 26 patients.",
    "The trial is ongoing with 2 patients on treatment.",
    "Study quality was rated by two readers.",
    "The primary efficacy outcome was the density of larvae at 12 months.",
    "A total of 24 patients with glioma were consented and enrolled.",
    "Results were re-analyzed without the two patients.",
    "The cohorts had similar ages and operation times.",
    "For the recessive model, no heterogeneity was found.",
    "Published by Elsevier for the society.",
    # The literature, designs of others, announcements.
    "A comprehensive body of research exists on the effect of inequity.",
    "Drains have been the focus of many studies.",
    "Early-phase trials are underway for the delivery of conjugates.",
    "Bertz et al studied 167 students providing scales to show them changes.",
    "Results: At baseline, the volume was 664.0 mL in 20 people.",
    "Torsney and MacDermott have investigated input to the neurons.",
    "Here, we present a first report of a drain for the skull.",
    "We also wanted to learn whether injection had an effect.",
    "First, to prove the efficacy of the drain, we compared two wafers.",
]
TOLD = [
    "Recurrence was lower with a drain (9.3% vs 24%, P=0.003).",
    "Recurrence did not differ, although the lack of data precludes any conclusion.",
    "The primary outcome was significantly lower with a drain.",
    "A total of 24 patients were enrolled, of whom 12% died.",
    "Bertz et al studied 167 students and found no change of weight.",
    "Here we show that drains lower the rate of recurrence.",
    "Further reduction of pressure was seen in 40% of the patients.",
    "Pooled risk was lower with a drain, without heterogeneity.",
    "At baseline, the volume was 664.0 mL, and it fell to 600.0 mL at follow-up.",
    "Calcium should be monitored after the operation.",
    "Prospective studies have shown that drains lower recurrence.",
    "Our study shows that drains lower recurrence.",
    "Drains are needed after most burr-hole operations.",
]


@pytest.mark.parametrize("sentence", FILLER)
def test_is_filler__conduct_limits_praise_or_wish__is(sentence: str) -> None:
    assert is_filler(sentence)


@pytest.mark.parametrize("sentence", TOLD)
def test_is_filler__finding__is_not(sentence: str) -> None:
    assert not is_filler(sentence)


def test_opens_with_a_limit__list_of_limits__is_told_by_its_first() -> None:
    assert opens_with_a_limit("Firstly, heterogeneity existed in the dominant model, which lowers the power.")
    assert not opens_with_a_limit("Firstly, drains lower the rate of recurrence.")
    assert not opens_with_a_limit("Heterogeneity of tumours lowers the effect of drugs.")
