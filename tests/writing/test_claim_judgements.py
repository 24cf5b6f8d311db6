"""Stage 12 with a review model's judgements: it corrects, deletes, decides, and leaves the rest to the editor."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain import (
    ChapterDraft,
    ChapterText,
    Paragraph,
    Quote,
    Reference,
    Section,
    Sentence,
    Source,
    Subsection,
)
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.report import EditAction
from chapter_pipeline.domain.tasks import ClaimCheckReply, ClaimCheckRequest, ClaimJudgement, ClaimVerdict
from chapter_pipeline.ports import Embedder, Reply, Task
from chapter_pipeline.writing.llm_enrichment import CLAIMS_A_REQUEST, judged_claims
from chapter_pipeline.writing.review import reviewed_chapter, undecided

PASSAGE = "A subdural drain lowers the recurrence of chronic subdural haematoma after burr holes."
OPEN = "Leaving a drain behind makes it less likely that a chronic subdural haematoma comes back."
VERBATIM = "The membrane of the haematoma bleeds from fragile vessels of its outer layer."
QUOTES = {
    key: Quote(
        key=key, source="lind", document="lind.pdf", page=1, start=0, end=len(text), text=text, display=text,
        document_section=None, study_type=StudyType.COHORT, evidence_level=3, year=2020, relevance=0.5,
    )
    for key, text in (("q1", PASSAGE), ("q2", VERBATIM))
}  # fmt: skip
KEY = ("outcomes", OPEN)


def draft(*sentences: Sentence) -> ChapterDraft:
    section = Section(
        kind="outcomes", title="Outcomes", status="written",
        subsections=(Subsection(title=None, paragraphs=(Paragraph(label="Cohort study:", sentences=sentences),)),),
    )  # fmt: skip
    source = Source(
        key="lind", title="Drains", authors=("Lind A",), year=2020, evidence_level=3, study_type=StudyType.COHORT,
        relevance=0.5, document="lind.pdf",
    )  # fmt: skip
    return ChapterDraft(
        chapter=ChapterText(
            slug="csdh", title="T", topic="T", sections=(section,), references=(Reference(number=1, source=source),),
            figures=(), quotes=QUOTES, key_points=(), abbreviations=(),
        )
    )  # fmt: skip


WRITTEN = draft(Sentence(text=OPEN, quotes=("q1",)), Sentence(text=VERBATIM, quotes=("q2",)))


def test_undecided__verbatim_sentence__is_not_asked_about(embedder: Embedder) -> None:
    ((section, sentence, paragraph),) = undecided(WRITTEN, embedder=embedder)
    assert (section, sentence.text) == KEY
    assert paragraph == f"Cohort study: {OPEN} {VERBATIM}"


@pytest.mark.parametrize(
    ("verdict", "correction", "text", "to_check", "checked_by"),
    [
        (ClaimVerdict.SUPPORTED, "", OPEN, False, "gpt"),
        (ClaimVerdict.PARTLY, "", OPEN, True, None),
        (ClaimVerdict.NOT, PASSAGE, PASSAGE, False, "gpt"),
        (ClaimVerdict.PARTLY, "A drain lowers recurrence by 44%.", OPEN, True, None),
    ],
)
def test_reviewed_chapter__judgement__decides_or_leaves_the_sentence_to_the_editor(
    verdict: ClaimVerdict, correction: str, text: str, to_check: bool, checked_by: str | None, embedder: Embedder
) -> None:
    judged = {KEY: (ClaimJudgement(number=1, verdict=verdict, correction=correction), "gpt")}
    reviewed = reviewed_chapter(WRITTEN, judged=judged, embedder=embedder)
    first = reviewed.support[0]
    assert (first.sentence, first.to_check, first.checked_by) == (text, to_check, checked_by)


@pytest.mark.parametrize("verdict", [ClaimVerdict.NOT, ClaimVerdict.CONTRADICTED])
def test_reviewed_chapter__not_supported_and_no_correction_that_holds__is_deleted(
    verdict: ClaimVerdict, embedder: Embedder
) -> None:
    judgement = ClaimJudgement(number=1, verdict=verdict, wrong="less likely", correction="It falls by 44%.")
    reviewed = reviewed_chapter(WRITTEN, judged={KEY: (judgement, "gpt")}, embedder=embedder)
    assert [one.sentence for one in reviewed.support] == [VERBATIM]
    (edit,) = [edit for edit in reviewed.edits if edit.action is EditAction.DELETE]
    assert (edit.before, "'gpt'" in edit.reason, "'less likely'" in edit.reason) == (OPEN, True, True)


def test_reviewed_chapter__no_review_model__keeps_the_sentence_for_the_editor(embedder: Embedder) -> None:
    reviewed = reviewed_chapter(WRITTEN, embedder=embedder)
    assert [one.to_check for one in reviewed.support] == [True, False]


class Judge:
    """A text model that finds every claim supported and counts what it is asked."""

    name, model = "gpt", "m"

    def __init__(self) -> None:
        self.asked: list[int] = []

    def answers(self, kind: str) -> bool:
        return kind == "claim_check"

    def complete(self, task: Task[ClaimCheckReply]) -> Reply[ClaimCheckReply]:
        assert isinstance(task.request, ClaimCheckRequest)
        count = len(task.request.claims)
        self.asked.append(count)
        told = tuple(ClaimJudgement(number=n, verdict=ClaimVerdict.SUPPORTED) for n in range(1, count + 1))
        return Reply(value=ClaimCheckReply(claims=told), provider="gpt", model="m")


def test_judged_claims__many__are_asked_several_at_a_time() -> None:
    judge = Judge()
    asked = [("outcomes", Sentence(text=f"{OPEN} {n}", quotes=("q1",)), OPEN) for n in range(CLAIMS_A_REQUEST + 3)]
    found = judged_claims(WRITTEN.chapter, asked, model=judge)  # type: ignore[arg-type]
    assert judge.asked == [CLAIMS_A_REQUEST, 3]
    assert len(found) == CLAIMS_A_REQUEST + 3
