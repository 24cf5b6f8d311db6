"""A model's judgements of claims: each belongs to a claim of the request, and the writer judges last."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.tasks import (
    CheckedClaim,
    CheckedPassage,
    ClaimCheckReply,
    ClaimCheckRequest,
    ClaimVerdict,
    ReviewReply,
    ReviewRequest,
)
from chapter_pipeline.errors import ModelRefused
from chapter_pipeline.ports import Task
from chapter_pipeline.providers.fallback_router import FallbackRouter
from chapter_pipeline.providers.language_check import check_claims
from tests.providers.test_language_tasks import CITED, DRAIN, READERS, STEROID, TOPIC, Said

REVIEW = ReviewRequest(topic=TOPIC, audience=READERS, sentences=CITED)

REQUEST = ClaimCheckRequest(
    topic=TOPIC,
    claims=tuple(
        CheckedClaim(
            text=text, paragraph=f"In a cohort study: {text}",
            passages=(CheckedPassage(text=passage, study_type=StudyType.COHORT, year=2020),),
        )
        for text, passage in (("A drain keeps it from coming back.", DRAIN), ("Steroids help.", STEROID))
    ),
)  # fmt: skip


def judgement(number: int, verdict: str, wrong: str = "", correction: str = "") -> dict[str, object]:
    return {"number": number, "verdict": verdict, "wrong": wrong, "correction": correction}


def test_check_claims__judgements__keep_their_numbers_and_words_of_the_claim_alone() -> None:
    said = Said(
        {
            "claims": [
                judgement(2, "contradicted", "help", "  Steroids did not\n help. "),
                judgement(1, "supported", "never said", "A drain keeps it from coming back."),
                judgement(1, "not"),
                judgement(3, "not"),
            ]
        }
    )
    first, second = check_claims(REQUEST, said).claims
    assert (first.number, first.verdict, first.wrong, first.correction) == (1, ClaimVerdict.SUPPORTED, "", "")
    assert (second.verdict, second.wrong, second.correction) == ("contradicted", "help", "Steroids did not help.")


@pytest.mark.parametrize(
    ("order", "kind", "expected"),
    [
        (["claude", "gpt"], "claim_check", ["gpt", "claude"]),
        (["claude", "gpt", "gemini"], "claim_check", ["gpt", "gemini", "claude"]),
        (["claude"], "claim_check", ["claude"]),
        (["claude", "gpt"], "review", ["claude", "gpt"]),
    ],
)
def test_router__claims__are_judged_by_another_provider_than_the_writer_where_there_is_one(
    order: list[str], kind: str, expected: list[str]
) -> None:
    asked: list[str] = []

    class Gateway:
        def ask(self, provider: str, *args: object, **kwargs: object) -> object:
            asked.append(provider)
            raise ModelRefused("it gives no answer")

    class Models:
        planning = writing = review = vision = "m"

    router = FallbackRouter(Gateway(), order=order, models={name: Models() for name in order})  # type: ignore[arg-type]
    request = REQUEST if kind == "claim_check" else REVIEW
    reply = ClaimCheckReply if kind == "claim_check" else ReviewReply
    with pytest.raises(ModelRefused):
        router.complete(Task(kind=kind, request=request, reply_type=reply, chapter="csdh"))
    assert asked == expected
