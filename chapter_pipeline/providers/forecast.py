"""Owns the text model that sends nothing: it notes which requests a chapter would make, and answers with stand-ins.

The requests are made by the same code as the paid ones (`fallback_router.answer_with`), so that their texts, schemas and
limits are those that the ledger will reserve for. A reply that the ledger has is used, and its request costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel

from chapter_pipeline.domain.tasks import (
    CriticalInformationReply,
    CriticalInformationRequest,
    FinalReviewReply,
    FinalReviewRequest,
    KeyConceptsRequest,
    KeyPointsReply,
    KeyPointsRequest,
    LiteratureQueriesReply,
    LiteratureQueriesRequest,
    OutlineReply,
    OutlineRequest,
    RelationsReply,
    RelationsRequest,
    ReviewReply,
    ReviewRequest,
    SectionQueriesReply,
    SectionQueriesRequest,
    SectionRequest,
)
from chapter_pipeline.ports import Picture, Reply, ReplyT, Task, TextModel
from chapter_pipeline.providers.call import ModelCall
from chapter_pipeline.providers.fallback_router import KINDS, ModelNames, answer_with, model_call, model_for
from chapter_pipeline.providers.language_review import MAX_MISSING, MAX_REMARKS
from chapter_pipeline.providers.language_sections import Repairs
from chapter_pipeline.providers.prompts import Prompt, prompt
from chapter_pipeline.providers.structured_output import read_reply, reply_schema

ValueT = TypeVar("ValueT", bound=BaseModel)
TOKENS_PER_WORD = 3
"""Of a section: its words, their keys and the JSON around them."""
TOKENS_PER_SENTENCE = 20
"""Keys and JSON of a sentence."""
SENTENCES_PER_QUOTE = 1.2
REPAIRED = 0.25
"""Share of a section that goes back to the model once."""
_NEUTRAL: Mapping[str, BaseModel] = {
    "section_queries": SectionQueriesReply(sections=()),
    "literature_queries": LiteratureQueriesReply(queries=()),
    "relations": RelationsReply(relations=()),
    "outline": OutlineReply(sections=()),
    "key_points": KeyPointsReply(points=()),
    "review": ReviewReply(edits=()),
    "critical_information": CriticalInformationReply(missing=()),
    "final_review": FinalReviewReply(remarks=()),
}
"""Replies that change nothing, for the tasks that the stand-in has no answer to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeseenCall:
    """A request that would be sent, and about how many tokens its reply has."""

    call: ModelCall
    section: str | None
    reply_tokens: int


class _NotAnswered(Exception):
    """The request would be sent."""


class Forecast:
    """Implements `ports.TextModel` for the provider `name`. `calls` grows with each request that would be sent.

    `stand_in` answers what it can; `stored` returns the reply that the ledger has for a request, by provider, model and
    request.
    """

    def __init__(
        self,
        name: str,
        models: ModelNames,
        *,
        stand_in: TextModel,
        stored: Callable[[str, str, ModelCall], str | None],
    ) -> None:
        self.name = name
        self._models = models
        self._stand_in = stand_in
        self._stored = stored
        self.calls: list[ForeseenCall] = []

    @property
    def model(self) -> str:
        return self._models.writing

    def answers(self, kind: str) -> bool:
        """As the models that will be asked."""
        return kind in KINDS

    def complete(self, task: Task[ReplyT]) -> Reply[ReplyT]:
        """The stored reply, or a stand-in for the one that will be paid for."""
        model = model_for(self._models, task.kind)
        asking = _Noting(self, task, model)
        try:
            return Reply(value=answer_with(task, asking), provider=self.name, model=model)
        except _NotAnswered:
            pass
        if self._stand_in.answers(task.kind):
            value = self._stand_in.complete(task).value
        else:
            neutral = _NEUTRAL[task.kind]
            assert isinstance(neutral, task.reply_type)
            value = neutral
        return Reply(value=value, provider=self.name, model=model)

    def stored(self, model: str, call: ModelCall) -> str | None:
        """The reply that was paid for before."""
        return self._stored(self.name, model, call)


class _Noting:
    """Implements `structured_request.Ask`: answers from the ledger, or notes the request and gives up."""

    def __init__(self, forecast: Forecast, task: Task[ReplyT], model: str) -> None:
        self._forecast = forecast
        self._task = task
        self._model = model

    def __call__(
        self, purpose: str, prompt: Prompt, filled: str, reply_type: type[ValueT], max_output_tokens: int,
        pictures: tuple[Picture, ...] = (),
    ) -> ValueT:  # fmt: skip
        call = model_call(
            purpose, prompt, filled, reply_type, max_output_tokens, pictures, variant=self._task.variant
        )  # fmt: skip
        stored = self._forecast.stored(self._model, call)
        if stored is not None:
            return read_reply(stored, reply_type)
        tokens = min(_reply_tokens(self._task.request), max_output_tokens)
        if purpose == "section_repair":
            tokens = round(REPAIRED * tokens)
        self._forecast.calls.append(ForeseenCall(call=call, section=self._task.section, reply_tokens=tokens))
        if purpose == "section":
            self._forecast.calls.append(self._repair(call, tokens))
        raise _NotAnswered

    def _repair(self, call: ModelCall, tokens: int) -> ForeseenCall:
        """The repair of a section that is not written yet: it shows the same quotations."""
        repair = replace(
            call, purpose="section_repair", system=prompt("section_repair").system, schema_name="section_repair",
            schema=reply_schema(Repairs),
        )  # fmt: skip
        return ForeseenCall(call=repair, section=self._task.section, reply_tokens=round(REPAIRED * tokens))


def _reply_tokens(request: BaseModel) -> int:
    """About the tokens of a reply to `request`: what is asked for, as far as there is matter for it, with its JSON."""
    match request:
        case SectionQueriesRequest():
            return 60 * len(request.sections)
        case KeyConceptsRequest():
            return min(request.limit, len(request.candidates)) * (25 + 18 * len(request.perspectives))
        case LiteratureQueriesRequest():
            return 30 * request.limit
        case RelationsRequest():
            return 15 * len(request.pairs)
        case OutlineRequest():
            return sum(30 + 6 * len(section.quotes) for section in request.sections)
        case SectionRequest():
            matter = sum(TOKENS_PER_SENTENCE + len(quote.display) // 4 for quote in request.plan.quotes)
            return min(TOKENS_PER_WORD * request.plan.word_budget, round(SENTENCES_PER_QUOTE * matter))
        case KeyPointsRequest():
            return request.limit * (20 + round(1.2 * request.longest_words))
        case ReviewRequest():
            return 8 * len(request.sentences)
        case CriticalInformationRequest():
            return 40 * MAX_MISSING
        case FinalReviewRequest():
            return 40 * MAX_REMARKS
        case _:
            raise TypeError(f"no length of a reply to a {type(request).__name__!r} is known")
