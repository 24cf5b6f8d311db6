"""A must-cover point is answered by a statement of the right kind on its subject, never by a word in passing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chapter_pipeline.domain import ChapterKind, MustCoverPoint
from chapter_pipeline.domain.brief import AnswerForm
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.quality.gap_inputs import Spoken
from chapter_pipeline.quality.gaps import critical_information, uncovered
from chapter_pipeline.quality.points import answers_point, asks_of_people, speaks
from chapter_pipeline.writing.templates import template
from tests.quality.gap_inputs import gap_inputs, quote, section
from tests.quality.gap_inputs import template as own_template

TOPIC = "Burr-hole drainage of chronic subdural haematoma"


def point_of(kind: ChapterKind, text: str) -> MustCoverPoint:
    """A point of a template of the package."""
    return next(one for made in template(kind).sections_for(TOPIC) for one in made.must_cover if one.text == text)


STEPS = point_of(ChapterKind.TECHNIQUE, "operative steps")
COMPLICATIONS = point_of(ChapterKind.TECHNIQUE, "complications")
CONTRAINDICATIONS = point_of(ChapterKind.DISEASE, "contraindications")
INDICATIONS = point_of(ChapterKind.DISEASE, "indications for treatment")
SYMPTOMS = point_of(ChapterKind.DISEASE, "presenting symptoms")
DOSES = point_of(ChapterKind.DISEASE, "drug doses with units")
DEFINITION = point_of(ChapterKind.DISEASE, "definition of the disease")
FOLLOW_UP = point_of(ChapterKind.DISEASE, "follow-up")
TECHNIQUE = point_of(ChapterKind.DISEASE, "surgical technique")
INCIDENCE = point_of(ChapterKind.DISEASE, "incidence or prevalence")
AUTHORS = MustCoverPoint(
    text="recurrence after burr-hole drainage", section="outcomes", terms=("recurrence",), form=AnswerForm.WORDS
)

ANSWERS = [
    (STEPS, "A burr hole is drilled over the thickest part of the haematoma.", FindingKind.BACKGROUND),
    (STEPS, "Two anchoring sutures are then placed at the exit.", FindingKind.OPERATIVE_STEP),
    (COMPLICATIONS, "Infection was the most common complication and occurred in 3.1% of the patients.", FindingKind.OWN_RESULT),
    (COMPLICATIONS, "No complications occurred after drainage.", FindingKind.OWN_RESULT),
    (COMPLICATIONS, "Costs were not recorded, but complications occurred in 4%.", FindingKind.OWN_RESULT),
    (CONTRAINDICATIONS, "Surgery is contraindicated in untreated sepsis.", FindingKind.BACKGROUND),
    (INDICATIONS, "Drainage is recommended for patients with a deficit.", FindingKind.RECOMMENDATION),
    (SYMPTOMS, "Patients with a haematoma present with headache.", FindingKind.BACKGROUND),
    (DOSES, "Patients received dexamethasone 8 mg twice daily.", FindingKind.OWN_RESULT),
    (DOSES, "Mannitol was given at a dose of 100 mL.", FindingKind.OWN_RESULT),
    (DOSES, "It is given at 200 mg/kg.", FindingKind.BACKGROUND),
    (DEFINITION, "A chronic subdural haematoma is a collection of old blood.", FindingKind.BACKGROUND),
    (FOLLOW_UP, "Follow-up of patients after drainage includes imaging at three months.", FindingKind.BACKGROUND),
    (FOLLOW_UP, "Surveillance ends after one year.", FindingKind.RECOMMENDATION),
    (TECHNIQUE, "The operation is done through one burr hole.", FindingKind.BACKGROUND),
    (INCIDENCE, "The incidence is 14 per 100 000 a year.", FindingKind.BACKGROUND),
    (AUTHORS, "After drainage by burr holes the haematoma recurred in 12%: recurrence was seen in men.", FindingKind.OWN_RESULT),
]  # fmt: skip
DOES_NOT_ANSWER = [
    (STEPS, "Intraoperative monitoring is an implant of modern practice.", FindingKind.BACKGROUND),
    (STEPS, "Surgery is done under general anaesthesia in most centres.", FindingKind.OPERATIVE_STEP),
    (STEPS, "The drain was placed in 40% of patients.", FindingKind.BACKGROUND),
    (STEPS, "The bone was removed more often with a drill.", FindingKind.OWN_RESULT),
    (COMPLICATIONS, "We did not study complications.", FindingKind.BACKGROUND),
    (COMPLICATIONS, "Complications will be reported elsewhere.", FindingKind.BACKGROUND),
    (COMPLICATIONS, "Complications are described elsewhere in detail.", None),
    (COMPLICATIONS, "Complications were not an endpoint of the trial.", FindingKind.OWN_RESULT),
    (COMPLICATIONS, "The aim of this study was to describe complications.", FindingKind.BACKGROUND),
    (COMPLICATIONS, "To assess the complications of drainage.", None),
    (COMPLICATIONS, "Complications were graded by two surgeons.", FindingKind.OWN_METHOD),
    (COMPLICATIONS, "Few data exist on complications.", FindingKind.BACKGROUND),
    (COMPLICATIONS, "It is asked whether complications are more frequent.", FindingKind.BACKGROUND),
    (COMPLICATIONS, "Further studies of complications are needed.", FindingKind.RECOMMENDATION),
    (COMPLICATIONS, "That complications were recorded late is a weakness.", FindingKind.LIMITATION),
    (CONTRAINDICATIONS, "Contraindications to surgery are unknown.", FindingKind.BACKGROUND),
    (INDICATIONS, "The recommended dose is 20 mg.", FindingKind.BACKGROUND),
    (SYMPTOMS, "Drainage is the treatment of patients without symptoms of raised pressure.", FindingKind.BACKGROUND),
    (DOSES, "Blood loss ranged from 50 to 4300 mL.", FindingKind.OWN_RESULT),
    (DOSES, "Haemoglobin was given as 12 g/dL.", FindingKind.OWN_RESULT),
    (DOSES, "A dose was given.", FindingKind.BACKGROUND),
    (DEFINITION, "A burr hole is an opening with a diameter of 14 mm of the skull.", FindingKind.BACKGROUND),
    (DEFINITION, "Age is a risk factor for chronic subdural haematoma.", FindingKind.BACKGROUND),
    (INCIDENCE, "The incidence rises with age.", FindingKind.BACKGROUND),
    (FOLLOW_UP, "The patient was lost to follow-up 6 months after surgery.", FindingKind.OWN_RESULT),
    (FOLLOW_UP, "Mortality was 4% at the last follow-up.", FindingKind.OWN_RESULT),
    (FOLLOW_UP, "Mortality was 4% at a median follow-up of 12 months.", FindingKind.OWN_RESULT),
    (TECHNIQUE, "Both processes operate in parallel.", FindingKind.BACKGROUND),
    (AUTHORS, "Recurrence was frequent.", FindingKind.OWN_RESULT),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "text", "kind"), ANSWERS)
def test_answers_point__statement_on_its_subject(asked: MustCoverPoint, text: str, kind: FindingKind | None) -> None:
    assert answers_point(asked, text, topic=TOPIC, kind=kind)


@pytest.mark.parametrize(("asked", "text", "kind"), DOES_NOT_ANSWER)
def test_answers_point__word_in_passing__does_not(asked: MustCoverPoint, text: str, kind: FindingKind | None) -> None:
    assert not answers_point(asked, text, topic=TOPIC, kind=kind)


def test_speaks__method_with_the_answer__is_a_place_to_read() -> None:
    told = "Patients received dexamethasone 8 mg twice daily."
    assert speaks(DOSES, told, topic=TOPIC, kind=FindingKind.OWN_METHOD)
    assert not answers_point(DOSES, told, topic=TOPIC, kind=FindingKind.OWN_METHOD)


def covered(*, clinical: bool = False, kind: str = "complications", cites: tuple[str, ...] = ("q",), **of_quote: Any) -> bool:  # fmt: skip
    """Whether a chapter that says "Infection occurred." in its section `kind` covers a point of its complications."""
    asked = MustCoverPoint(text="complications", section="complications", terms=("infection",))
    made = own_template("complications", points=[asked]).model_copy(update={"clinical": clinical})
    fits = of_quote.pop("fits", {"complications": 0.5})
    inputs = gap_inputs(
        section(kind, says="Infection occurred.", cites=cites),
        templates=[made, own_template("outcomes")],
        quotes=[quote("q", fits=fits).model_copy(update=of_quote)],
    )
    return not uncovered(inputs.brief, inputs.chapter)


def test_uncovered__statement_without_a_quote__covers_nothing() -> None:
    assert covered()
    assert not covered(cites=())


def test_uncovered__statement_of_another_section__covers_where_it_would_fit() -> None:
    assert covered(kind="outcomes", fits={"complications": 0.05})
    assert not covered(kind="outcomes", fits={"complications": 0.04})


@pytest.mark.parametrize("species", [Species.ANIMAL, Species.CELLS, Species.BENCH])
def test_uncovered__animals__cover_no_point_of_a_clinical_section(species: Species) -> None:
    assert not covered(clinical=True, species=species)
    assert covered(clinical=False, species=species)
    assert covered(clinical=True, species=Species.HUMAN)


def test_asks_of_people__clinical_section_or_a_dose() -> None:
    assert asks_of_people(DOSES, clinical=False)
    assert asks_of_people(COMPLICATIONS, clinical=True)
    assert not asks_of_people(COMPLICATIONS, clinical=False)


@pytest.mark.parametrize("kind", [FindingKind.OWN_METHOD, FindingKind.LIMITATION])
def test_uncovered__method_or_limitation__covers_nothing(kind: FindingKind) -> None:
    assert not covered(finding=kind)


def test_critical_information__only_animals_speak_of_it__is_told_and_asks_for_documents() -> None:
    asked = MustCoverPoint(text="seizures", section="outcomes", terms=("seizures",), critical=True)
    inputs = gap_inputs(templates=[own_template("outcomes", points=[asked])])
    (gap,) = critical_information(replace(inputs, spoken=Spoken(animals={"seizures": "Liu 2016, p. 3"})))
    assert "only studies of animals, cells or devices speak of it (Liu 2016, p. 3)" in gap.description
    assert "add documents on patients first" in gap.recommendation
    (gap,) = critical_information(replace(inputs, spoken=Spoken(nearest={"seizures": "Liu 2016, p. 3"})))
    assert (
        gap.description == "Not covered: seizures; no passage of its sources states it, the nearest is Liu 2016, p. 3."
    )


def test_must_cover_point__of_the_release_before__is_answered_by_a_term() -> None:
    stored = {"text": "doses", "section": "outcomes", "terms": ["mg"], "critical": True}
    loaded = MustCoverPoint.model_validate(stored)
    assert (loaded.form, loaded.near) == (AnswerForm.STATEMENT, ())
