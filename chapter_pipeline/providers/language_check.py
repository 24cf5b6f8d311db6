"""Owns how a language model judges claims against their passages: typed judgements, one for each claim at most."""

from __future__ import annotations

from typing import Literal

from chapter_pipeline.domain import StageValue
from chapter_pipeline.domain.tasks import ClaimCheckReply, ClaimCheckRequest, ClaimJudgement, ClaimVerdict
from chapter_pipeline.providers.prompts import fenced, prompt
from chapter_pipeline.providers.structured_request import Ask

CHECK_OUTPUT_TOKENS = 8000


class WrittenJudgement(StageValue):
    number: int
    verdict: Literal["supported", "partly", "not", "contradicted"]
    wrong: str
    correction: str


class WrittenJudgements(StageValue):
    claims: tuple[WrittenJudgement, ...]


def check_claims(request: ClaimCheckRequest, ask: Ask) -> ClaimCheckReply:
    """Judgements of claims of the request. A fault without its words, or with words that are not there, names none."""
    text = prompt("claim_check")
    asked = [
        {
            "number": number, "sentence": claim.text, "paragraph": claim.paragraph,
            "passages": [
                {"text": passage.text, "study": passage.study_type.value, "year": passage.year}
                for passage in claim.passages
            ],
        }
        for number, claim in enumerate(request.claims, start=1)
    ]  # fmt: skip
    filled = text.fill(topic=fenced("topic", request.topic), claims=fenced("claims", asked))
    reply = ask("claim_check", text, filled, WrittenJudgements, CHECK_OUTPUT_TOKENS)
    judged: dict[int, ClaimJudgement] = {}
    for written in reply.claims:
        if 1 <= written.number <= len(request.claims) and written.number not in judged:
            claim = request.claims[written.number - 1]
            correction = " ".join(written.correction.split())
            judged[written.number] = ClaimJudgement(
                number=written.number, verdict=ClaimVerdict(written.verdict),
                wrong=written.wrong if written.wrong in claim.text else "",
                correction=correction if correction != claim.text else "",
            )  # fmt: skip
    return ClaimCheckReply(claims=tuple(judged[number] for number in sorted(judged)))
