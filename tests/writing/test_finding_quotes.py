"""Findings of study records in chapters: which may stand there, how they are introduced, what is left out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import pytest

from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterKind,
    ClinicalQuestion,
    Concept,
    EvidenceMap,
    KeyConcepts,
    Perspective,
    Quote,
    ResearchSet,
    SectionTemplate,
    Source,
)  # fmt: skip
from chapter_pipeline.domain.document import PageSpan, StudyType
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, Span, Species, StudyRecord
from chapter_pipeline.domain.library import PassageRecord, RetrievedPassage
from chapter_pipeline.domain.research import FoundPassage
from chapter_pipeline.domain.wording import display_text
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.writing.evidence import WEAKEST, evidence_map
from chapter_pipeline.writing.evidence_reading import candidates_of
from chapter_pipeline.writing.labels import lead_in, shortened
from chapter_pipeline.writing.quotability import MAX_FINDING_WORDS, Refusal, finding_refusal
from chapter_pipeline.writing.section_fits import NO_FIT
from tests.evidence.made import article
from tests.library_samples import HashEmbedder

RESULT, BACKGROUND = FindingKind.OWN_RESULT, FindingKind.BACKGROUND
STATED = "Recurrence was lower with a drain (9.3% vs 24%, P=0.003)."


def finding(
    kind: FindingKind, text: str = STATED, *, main: bool = False, direction: Direction = Direction.DECREASED,
    species: Species = Species.HUMAN, part: str = "introduction",
) -> Finding:  # fmt: skip
    return Finding(
        ordinal=0, kind=kind, part=part, main=main, species=species, direction=direction,
        spans=(Span(text=text, page=1),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sentences", "kind", "main", "direction", "reason"),
    [
        ([STATED], RESULT, False, Direction.DECREASED, None),
        (["We found recurrence to be lower with a drain (P=0.003)."], RESULT, False, Direction.DECREASED, None),
        (["Half had a drain.", "This group had fewer recurrences."], RESULT, False, Direction.DECREASED, None),
        ([STATED], FindingKind.OWN_METHOD, False, Direction.DECREASED, Refusal.PROCEDURE),
        ([STATED], FindingKind.LIMITATION, True, Direction.DECREASED, Refusal.PROCEDURE),
        (["To assess recurrence, patients were followed (P=0.03)."], RESULT, True, Direction.DECREASED, Refusal.PROCEDURE),
        (["Recurrence was low."], RESULT, True, Direction.DECREASED, Refusal.LENGTH),
        (["Recurrence was low " + "or rare " * MAX_FINDING_WORDS + "."], RESULT, True, Direction.DECREASED, Refusal.LENGTH),
        (["This group had fewer recurrences than controls (P=0.03)."], RESULT, True, Direction.DECREASED, Refusal.POINTER),
        (["However, recurrence was lower with a drain (P=0.03)."], RESULT, True, Direction.DECREASED, Refusal.CONTEXT),
        (["Recurrence was lower with a drain (see Table 2)."], RESULT, True, Direction.DECREASED, Refusal.POINTER),
        (["Recurrence was lower with a drain (P=0.003"], RESULT, True, Direction.DECREASED, Refusal.LAYOUT),
        (["After two days the patient improved and left (P=0.03)."], RESULT, True, Direction.DECREASED, Refusal.CONTEXT),
        (["A subdural drain was left in place in most people."], RESULT, False, Direction.NOT_STATED, Refusal.PROCEDURE),
        (["A subdural drain was left in place in 40% of people."], RESULT, False, Direction.NOT_STATED, None),
        (["We conclude that drains lower the rate of recurrence."], FindingKind.CONCLUSION, False, Direction.NOT_STATED, None),
        (["We know that drains lower the rate of recurrence."], BACKGROUND, False, Direction.NOT_STATED, Refusal.FIRST_PERSON),
        (["Drains lower the rate of recurrence in most of the patients."], BACKGROUND, False, Direction.NOT_STATED, None),
    ],
)  # fmt: skip
def test_finding_refusal__finding__stands_or_names_the_reason(
    sentences: Sequence[str], kind: FindingKind, main: bool, direction: Direction, reason: Refusal | None
) -> None:
    told = finding(kind, main=main, direction=direction)
    assert finding_refusal(sentences, told, "Results", StudyType.RANDOMISED_TRIAL) is reason


@pytest.mark.parametrize(
    ("text", "part", "study", "reason"),
    [
        ("Drains lower the rate of recurrence in most patients.", "introduction", StudyType.COHORT, None),
        ("Drains lower the rate of recurrence in most patients.", "discussion", StudyType.COHORT, Refusal.STATUS),
        ("Drains lower the rate of recurrence in most patients [3].", "discussion", StudyType.COHORT, None),
        ("Drains lower the rate of recurrence in most patients.", "discussion", StudyType.REVIEW, None),
        (
            "The effect of drains on recurrence has yet to be elucidated.",
            "introduction",
            StudyType.COHORT,
            Refusal.STATUS,
        ),
        ("The effect of drains on recurrence has yet to be elucidated.", "introduction", StudyType.REVIEW, None),
    ],
)
def test_finding_refusal__background__has_a_source_or_stands_where_the_known_is_told(
    text: str, part: str, study: StudyType, reason: Refusal | None
) -> None:
    assert finding_refusal([text], finding(BACKGROUND, text, part=part), part, study) is reason


@pytest.mark.parametrize(
    "text",
    [
        "After removal of duplicates, 129 articles on drains were identified (P=0.03).",
        "Respondents were provided the option to select several reasons in 40% of cases.",
        "We could not confirm the imaging findings in 12% of patients.",
        "Note the improved contour in 40% of images after the operation.",
        "We could not confirm the imaging findings of 12% of patients.",
    ],
)
def test_finding_refusal__no_finding__is_refused_even_as_a_main_one(text: str) -> None:
    assert finding_refusal([text], finding(RESULT, text, main=True), "Results", StudyType.COHORT) is Refusal.PROCEDURE


def source(study: StudyType, title: str = "Drains", *, authors: Sequence[str] = ("Lind, Per", "Okafor, Ada")) -> Source:
    return Source(
        key="lind2019", document="lind", title=title, authors=tuple(authors), year=2019, study_type=study,
        evidence_level=2, relevance=0.9,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("study", "title", "told", "lead"),
    [
        (StudyType.RANDOMISED_TRIAL, "Drains", finding(RESULT), "In a randomised controlled trial, “Drains” (Lind et al. 2019):"),
        (StudyType.COHORT, "A cohort of drains.", finding(RESULT), "In a cohort study, “A cohort of drains” (Lind et al. 2019):"),
        (StudyType.COHORT, "Drains", finding(RESULT), "In an observational study, “Drains” (Lind et al. 2019):"),
        (StudyType.COHORT, "Drains: a survey", finding(RESULT), "In a survey, “Drains: a survey” (Lind et al. 2019):"),
        (
            StudyType.META_ANALYSIS, "A systematic review", finding(RESULT),
            "In a systematic review, “A systematic review” (Lind et al. 2019):",
        ),
        (
            StudyType.COHORT, "Drains", finding(RESULT, "In 2018, Beez et al. reported 15 people, of whom 87% did well."),
            "As stated in an observational study, “Drains” (Lind et al. 2019):",
        ),
        (
            StudyType.COHORT, "Drains", finding(RESULT, "Liu and colleagues found drains in 87%.", part="discussion"),
            "In the discussion of an observational study, “Drains” (Lind et al. 2019):",
        ),
        (
            StudyType.COHORT, "Drains", finding(RESULT, "Liu et al. found drains in 87%, our study in 40%."),
            "In an observational study, “Drains” (Lind et al. 2019):",
        ),
        (StudyType.COHORT, "An uncontrolled trial", finding(RESULT), "In an uncontrolled study, “An uncontrolled trial” (Lind et al. 2019):"),
        (StudyType.ANIMAL, "Drains", finding(RESULT, species=Species.ANIMAL), "In an animal study, “Drains” (Lind et al. 2019):"),
        (
            StudyType.ANIMAL, "Drains", finding(RESULT),
            "In human material or patients, reported with an animal study, “Drains” (Lind et al. 2019):",
        ),
        (
            StudyType.ANIMAL, "Drains", finding(BACKGROUND, species=Species.ANIMAL),
            "As stated in an animal study, “Drains” (Lind et al. 2019):",
        ),
        (StudyType.ANIMAL, "Drains", finding(BACKGROUND), None),
        (StudyType.RANDOMISED_TRIAL, "Drains", finding(BACKGROUND), None),
        (
            StudyType.COHORT, "Drains", finding(FindingKind.CONCLUSION, part="conclusion"),
            "The authors of an observational study, “Drains” (Lind et al. 2019) conclude:",
        ),
        (
            StudyType.COHORT, "Drains", finding(FindingKind.CONCLUSION, "In conclusion, drains help.", part="discussion"),
            "The authors of an observational study, “Drains” (Lind et al. 2019) conclude:",
        ),
        (
            StudyType.COHORT, "Drains", finding(FindingKind.CONCLUSION, part="discussion"),
            "In the discussion of an observational study, “Drains” (Lind et al. 2019):",
        ),
        (
            StudyType.COHORT, "Drains", finding(FindingKind.RECOMMENDATION, part="results"),
            "The authors of an observational study, “Drains” (Lind et al. 2019) write:",
        ),
    ],
)  # fmt: skip
def test_lead_in__finding__names_the_study_of_what_it_found(
    study: StudyType, title: str, told: Finding, lead: str | None
) -> None:
    assert lead_in(source(study, title), told) == lead


@pytest.mark.parametrize(
    ("author", "name"), [("Lind PA", "Lind"), ("Jan van der Berg", "van der Berg"), ("{Drain Group}", "Drain Group")]
)
def test_lead_in__author__is_named_as_in_the_reference_list(author: str, name: str) -> None:
    said = lead_in(source(StudyType.COHORT, authors=[author]), finding(RESULT))
    assert said == f"In an observational study, “Drains” ({name} 2019):"


def test_lead_in__long_title__ends_at_its_colon_or_is_left_out() -> None:
    long = "Drains after surgery: " + "a long story of many words " * 5
    assert lead_in(source(StudyType.COHORT, long), finding(RESULT)) == (
        "In an observational study, “Drains after surgery” (Lind et al. 2019):"
    )
    endless = lead_in(source(StudyType.COHORT, "a drain " * 20), finding(RESULT))
    assert endless == "In an observational study (Lind et al. 2019):"


def test_lead_in__behind_another_paragraph_of_the_study__has_no_title() -> None:
    said = lead_in(source(StudyType.COHORT), finding(FindingKind.CONCLUSION, part="conclusion"))
    assert said is not None
    assert shortened(said) == "The authors of an observational study (Lind et al. 2019) conclude:"


def test_lead_in__work_without_author__is_named_by_its_title() -> None:
    said = lead_in(source(StudyType.COHORT, "Drains after burr hole surgery", authors=()), finding(RESULT))
    assert said == "In an observational study, “Drains after burr hole surgery” (Drains after burr hole 2019):"


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("Recurrence fell (Fig. 2a) with a drain [3].", "Recurrence fell with a drain."),
        ("Recurrence fell (P=0.01; Table 2).", "Recurrence fell (P=0.01)."),
        ("Recurrence fell (Figure 1; P=0.01).", "Recurrence fell (P=0.01)."),
        ("The median stay was 4 [3-6] days.", "The median stay was 4 [3-6] days."),
        ("The median stay was 4 days [3–6] in all.", "The median stay was 4 days [3–6] in all."),
        ("Recurrence fell in 2009 [3-6].", "Recurrence fell in 2009."),
        ("The dose was 75 mg/m² and fell.²", "The dose was 75 mg/m² and fell."),
    ],
)
def test_display_text__pointers_and_markers__are_left_out_and_numbers_kept(quote: str, shown: str) -> None:
    assert display_text(quote) == shown


TOPIC = "Chronic subdural haematoma"
MAIN = "Recurrence of chronic subdural haematoma was lower in the drain group than in the control group (9.3% vs 24.0%, P=0.003)."  # fmt: skip
TOLD = "Chronic subdural haematoma is a common disease of patients in old age."
METHOD = "Patients with chronic subdural haematoma were randomised to a drain or to control."


def found_passage(held: PassageRecord) -> FoundPassage:
    passage = RetrievedPassage(
        rank=1, passage_id=held.id, document=held.document, page=held.page, start=held.start, end=held.end,
        text=held.text, section=held.section, score=1.0, parts={},
    )  # fmt: skip
    return FoundPassage(passage=passage, relevance=1.0, concepts=(), sections=())


class Library:
    """Implements what the evidence map reads of `ports.LibraryReader`, for one made article."""

    def __init__(self, study: StudyType, record: StudyRecord | None, passages: Sequence[PassageRecord]) -> None:
        self.study, self.record, self.held = study, record, passages

    def study_records(self, documents: Sequence[str]) -> dict[str, StudyRecord]:
        return {"lind": self.record} if self.record else {}

    def passages(self, ids: Sequence[int]) -> list[PassageRecord]:
        return [one for one in self.held if one.id in ids]

    def passages_of(self, documents: Sequence[str]) -> list[PassageRecord]:
        return list(self.held)


def mapped(study: StudyType, *, with_record: bool = True, questions: tuple[ClinicalQuestion, ...] = ()) -> EvidenceMap:
    """The evidence map of a chapter whose only source is a made article; its first passage was found."""
    made = article(
        [("Introduction", [[TOLD]]), ("Methods", [[METHOD]]), ("Abstract", [[f"RESULTS: {MAIN}"]])],
        title="Drain versus control in chronic subdural haematoma", study=study,
    )  # fmt: skip
    held = [
        PassageRecord(
            id=one.ordinal, document="lind", page=one.page, start=one.start, end=one.end, text=one.text,
            section=one.section, sentences=one.sentences,
        )
        for one in made.passages
    ]  # fmt: skip
    found = found_passage(held[0])
    level = 2 if study is StudyType.RANDOMISED_TRIAL else 5
    research = ResearchSet(
        sources=(source(study).model_copy(update={"passages": (found,), "relevance": 1.0, "evidence_level": level}),),
        retraction_check="done",
    )
    sections = (
        SectionTemplate(kind="outcomes", title="Outcomes", purpose="How it ends.", queries=("outcome",), cues=(), share=0.5, clinical=True),
        SectionTemplate(kind="overview", title="Overview", purpose="What it is.", queries=("disease",), cues=(), share=0.5),
    )  # fmt: skip
    brief = ChapterBrief(
        slug="csdh", topic=TOPIC, title=TOPIC, kind=ChapterKind.DISEASE, audience="all", template="own",
        word_budget=1000, cutoff_date=date(2026, 6, 1), sections=sections,
    )  # fmt: skip
    concepts = KeyConcepts(
        concepts=(Concept(key="topic", name=TOPIC, importance=1.0),), questions=questions, provider="none", model="none"
    )
    library = Library(study, study_record(made) if with_record else None, held)
    return evidence_map(brief, concepts, research, library=library, embedder=HashEmbedder())  # type: ignore[arg-type]


def test_evidence_map__study_record__main_finding_is_quoted_though_no_search_found_it() -> None:
    quotes = {one.display: one for one in mapped(StudyType.RANDOMISED_TRIAL).quotes}
    main = quotes[MAIN]
    assert (main.main, main.finding, main.evidence_level) == (True, RESULT, 2)
    assert main.lead == "In a randomised controlled trial, “Drains” (Lind et al. 2019):"
    assert main.text == MAIN  # without the label of its part
    assert METHOD not in quotes


def test_evidence_map__study_record__background_has_the_weakest_level_and_no_lead() -> None:
    told = next(one for one in mapped(StudyType.RANDOMISED_TRIAL).quotes if one.display == TOLD)
    assert (told.finding, told.evidence_level, told.lead) == (BACKGROUND, WEAKEST, None)


def test_evidence_map__animal_study__its_results_fit_no_clinical_section() -> None:
    quotes = {one.display: one for one in mapped(StudyType.ANIMAL).quotes}
    assert (quotes[MAIN].species, quotes[MAIN].sections["outcomes"]) == (Species.ANIMAL, NO_FIT)
    assert quotes[MAIN].sections["overview"] > NO_FIT
    assert (quotes[TOLD].species, quotes[TOLD].sections["outcomes"] > NO_FIT) == (Species.HUMAN, True)


def test_evidence_map__no_study_record__sentences_of_found_passages_are_read() -> None:
    made = mapped(StudyType.RANDOMISED_TRIAL, with_record=False)
    assert [(one.display, one.finding, one.main) for one in made.quotes] == [(TOLD, None, False)]


def asked(outcome: str, intervention: str = "drain") -> ClinicalQuestion:
    return ClinicalQuestion.of(
        "outcomes", f"{intervention}, {outcome}?", Perspective.EFFICACY, intervention=intervention,
        comparator="control", outcome=outcome,
    )  # fmt: skip


def test_evidence_map__questions__a_quote_has_the_keys_of_those_that_its_finding_answers() -> None:
    questions = (asked("recurrence"), asked("mortality"), asked("recurrence", "atorvastatin"))
    quotes = {one.display: one for one in mapped(StudyType.RANDOMISED_TRIAL, questions=questions).quotes}
    assert quotes[MAIN].questions == (questions[0].key,)
    (cells,) = quotes[MAIN].results
    assert (cells.effect, cells.p, cells.comparison) == ("9.3% vs 24.0%", "P=0.003", "drain vs control")
    assert quotes[TOLD].questions == ()


def test_evidence_map__question_about_people__is_not_answered_by_an_animal_study() -> None:
    made = mapped(StudyType.ANIMAL, questions=(asked("recurrence"),))
    assert {one.display: one.questions for one in made.quotes}[MAIN] == ()


def test_quote__of_the_release_before__answers_no_question() -> None:
    stored = mapped(StudyType.RANDOMISED_TRIAL).quotes[0].model_dump(mode="json")
    del stored["questions"]
    assert Quote.model_validate(stored).questions == ()


def candidate_texts(sentences: Sequence[str], told: Finding) -> tuple[list[str], Counter[str]]:
    """The texts of the candidates that one paragraph gives for `told`, whose place is that of one of `sentences`."""
    text, spans = " ".join(sentences), list[tuple[int, int]]()
    for sentence in sentences:
        start = spans[-1][1] + 1 if spans else 0
        spans.append((start, start + len(sentence)))
    held = PassageRecord(
        id=1, document="lind", page=1, start=0, end=len(text), text=text, section="Results", sentences=tuple(spans)
    )
    at = next(start for start, end in spans if text[start:end] == told.statement.text)
    span = told.statement.model_copy(
        update={"places": (PageSpan(page=1, start=at, end=at + len(told.statement.text)),)}
    )
    record = StudyRecord(design=StudyType.COHORT, level=3, findings=(told.model_copy(update={"spans": (span,)}),))
    asked = source(StudyType.COHORT).model_copy(update={"passages": (found_passage(held),)})
    refused: Counter[str] = Counter()
    library = Library(StudyType.COHORT, record, [held])
    read, _ = candidates_of(ResearchSet(sources=(asked,), retraction_check="done"), library, refused)  # type: ignore[arg-type]
    return [one.display for one in read], refused


EARLIER = "Drains were left for two days in half of the people."


def test_candidates_of__thing_named_in_the_sentence_before__both_are_taken() -> None:
    stated = "There was a fall of recurrence from 24% to 9% with this technique."
    texts, refused = candidate_texts(["Much is known.", EARLIER, stated], finding(RESULT, stated))
    assert texts == [f"{EARLIER} {stated}"]
    assert not refused


def test_candidates_of__nothing_before_it__is_refused() -> None:
    stated = "There was a fall of recurrence from 24% to 9% with this technique."
    texts, refused = candidate_texts([stated, EARLIER], finding(RESULT, stated))
    assert (texts, refused[Refusal.CONTEXT]) == ([], 1)


def test_candidates_of__told_without_a_number_and_not_main__takes_nothing_along() -> None:
    stated = "Most of the authors saw little use of this technique in the elderly."
    texts, refused = candidate_texts([EARLIER, stated], finding(BACKGROUND, stated))
    assert (texts, refused[Refusal.CONTEXT]) == ([], 1)


@pytest.mark.parametrize(
    ("text", "part", "main", "reason"),
    [
        ("Recurrence was lower with a drain in 40% of people.", "results", False, None),
        ("Recurrence was lower with a drain, 12 compared with 31 in the controls.", "results", False, None),
        ("The odds of recurrence were lower with a drain.", "results", False, None),
        ("Two patients developed an infection with a drain.", "results", False, None),
        ("Recurrence was lower with a drain in the oldest people.", "results", False, Refusal.FILLER),
        ("The PD-1 receptor was lower than CTLA-4 with a drain.", "results", False, Refusal.FILLER),
        ("Recurrence was lower with a drain in the oldest people.", "results", True, None),
        ("Recurrence was lower with a drain in the oldest people.", "discussion", False, None),
    ],
)
def test_finding_refusal__result_of_the_results_part__tells_how_large_it_is(
    text: str, part: str, main: bool, reason: Refusal | None
) -> None:
    told = finding(RESULT, text, part=part, main=main)
    assert finding_refusal([text], told, "Results", StudyType.COHORT) is reason
