"""Owns the text model that routes a task to a provider, and to the next provider when that one fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from pydantic import BaseModel

from chapter_pipeline.domain.tasks import (
    ClaimCheckRequest,
    CriticalInformationRequest,
    FigureRequest,
    FinalReviewRequest,
    KeyConceptsRequest,
    KeyPointsRequest,
    LiteratureQueriesRequest,
    OutlineRequest,
    RelationsRequest,
    ReviewRequest,
    SectionQueriesRequest,
    SectionRequest,
    StudyRecordRequest,
)
from chapter_pipeline.errors import ModelRefused, ModelUnavailable, PermanentError
from chapter_pipeline.ports import Picture, Reply, ReplyT, Task
from chapter_pipeline.providers.call import ModelCall
from chapter_pipeline.providers.gateway import Gateway
from chapter_pipeline.providers.language_check import check_claims
from chapter_pipeline.providers.language_concepts import choose_concepts
from chapter_pipeline.providers.language_planning import literature_queries, outline, relations, section_queries
from chapter_pipeline.providers.language_review import critical_information, final_review, key_points, review
from chapter_pipeline.providers.language_sections import write_section
from chapter_pipeline.providers.language_study_records import study_record
from chapter_pipeline.providers.language_vision import describe
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.providers.prompts import Prompt
from chapter_pipeline.providers.structured_output import reply_schema
from chapter_pipeline.providers.structured_request import Ask

ValueT = TypeVar("ValueT", bound=BaseModel)
_REASON_CHARACTERS = 160
KINDS = {
    "section_queries": "planning", "key_concepts": "planning", "literature_queries": "planning",
    "relations": "review", "outline": "planning", "section": "writing",
    "key_points": "writing", "review": "review", "claim_check": "review", "critical_information": "review",
    "final_review": "review", "figure": "vision",
    "study_record": "review",
}  # fmt: skip
"""The kinds of task that there are prompts for, each with the kind of work whose model answers."""
NOT_BY_THE_WRITER = frozenset({"claim_check"})
"""Kinds that the writing provider answers last: nobody judges its own sentences where another provider can."""


class ModelNames(Protocol):
    """A provider's model for each kind of work."""

    @property
    def planning(self) -> str: ...

    @property
    def writing(self) -> str: ...

    @property
    def review(self) -> str: ...

    @property
    def vision(self) -> str: ...


class FallbackRouter:
    """Implements `ports.TextModel`. `order`: the providers in the order of fallback.

    `run_id` is the run that all its calls are for, None outside of one.
    """

    def __init__(
        self, gateway: Gateway, *, order: Sequence[str], models: Mapping[str, ModelNames], run_id: str | None = None
    ) -> None:
        self._gateway = gateway
        self._order = order
        self._models = models
        self._run_id = run_id

    @property
    def name(self) -> str:
        return self._order[0]

    @property
    def model(self) -> str:
        """The model that writes, when no fallback is needed."""
        return self._models[self.name].writing

    def answers(self, kind: str) -> bool:
        """Whether there is a prompt for tasks of this kind."""
        return kind in KINDS

    def complete(self, task: Task[ReplyT]) -> Reply[ReplyT]:
        """Answer a task, by the first provider that can.

        Raises `ModelUnavailable` when one of them may answer later, `ModelRefused` when none ever will, and what
        `Gateway.ask` raises before it sends anything.
        """
        if not self.answers(task.kind):
            raise PermanentError(f"there is no prompt for a {task.kind!r} task")
        failures, remedies = list[str](), list[str]()
        transient = False
        for provider in self._order_for(task.kind):
            context = CallContext(
                chapter=task.chapter, section=task.section, document=task.document, run_id=self._run_id,
                fallbacks=tuple(failures),
            )  # fmt: skip
            asking = _Asking(
                self._gateway, provider, model_for(self._models[provider], task.kind), task.variant, context
            )
            try:
                value = answer_with(task, asking)
            except (ModelUnavailable, ModelRefused) as error:
                transient = transient or isinstance(error, ModelUnavailable)
                failures.append(f"{provider}: {_short(error.what)}")
                remedies.append(error.remedy or "")
                continue
            return Reply(value=value, provider=provider, model=asking.answered or asking.model)
        raise (ModelUnavailable if transient else ModelRefused)(
            f"no text model answered the {task.kind!r} task: {'; '.join(failures)}",
            "; ".join(dict.fromkeys(filter(None, remedies))) or None,
        )

    def _order_for(self, kind: str) -> Sequence[str]:
        return (*self._order[1:], *self._order[:1]) if kind in NOT_BY_THE_WRITER else self._order


class _Asking:
    """Implements `asking.Ask` for one provider and task. `answered`: the model that did."""

    def __init__(self, gateway: Gateway, provider: str, model: str, variant: str, context: CallContext) -> None:
        self._gateway = gateway
        self._provider = provider
        self._variant = variant
        self._context = context
        self.model = model
        self.answered: str | None = None

    def __call__(
        self, purpose: str, prompt: Prompt, filled: str, reply_type: type[ValueT], max_output_tokens: int,
        pictures: tuple[Picture, ...] = (),
    ) -> ValueT:  # fmt: skip
        call = model_call(purpose, prompt, filled, reply_type, max_output_tokens, pictures, variant=self._variant)
        answer = self._gateway.ask(self._provider, self.model, call, reply_type=reply_type, context=self._context)
        self.answered = answer.model
        return answer.value


def model_for(models: ModelNames, kind: str) -> str:
    """The model that answers tasks of this kind."""
    return {
        "planning": models.planning, "writing": models.writing, "review": models.review, "vision": models.vision,
    }[KINDS[kind]]  # fmt: skip


def model_call(
    purpose: str, prompt: Prompt, filled: str, reply_type: type[BaseModel], max_output_tokens: int,
    pictures: tuple[Picture, ...] = (), *, variant: str = "",
) -> ModelCall:  # fmt: skip
    """The request of a task, the same for every provider."""
    return ModelCall(
        purpose=purpose, system=prompt.system, prompt=filled, schema_name=purpose,
        schema=reply_schema(reply_type), max_output_tokens=max_output_tokens, pictures=pictures,
        variant=f"{variant} {prompt.version}".strip(),
    )  # fmt: skip


def answer_with(task: Task[ReplyT], ask: Ask) -> ReplyT:
    """The answer to `task`, from what `ask` replies. Raises what `ask` raises, and `PermanentError` for an odd task."""
    value: BaseModel
    match task.request:
        case SectionQueriesRequest() as request:
            value = section_queries(request, ask)
        case KeyConceptsRequest() as request:
            value = choose_concepts(request, ask)
        case LiteratureQueriesRequest() as request:
            value = literature_queries(request, ask)
        case RelationsRequest() as request:
            value = relations(request, ask)
        case OutlineRequest() as request:
            value = outline(request, ask)
        case SectionRequest() as request:
            value = write_section(request, ask)
        case KeyPointsRequest() as request:
            value = key_points(request, ask)
        case ReviewRequest() as request:
            value = review(request, ask)
        case ClaimCheckRequest() as request:
            value = check_claims(request, ask)
        case CriticalInformationRequest() as request:
            value = critical_information(request, ask)
        case FigureRequest() as request:
            value = describe(request, task.pictures, ask)
        case FinalReviewRequest() as request:
            value = final_review(request, ask)
        case StudyRecordRequest() as request:
            value = study_record(request, ask)
        case _:
            raise PermanentError(f"a {task.kind!r} task came with a {type(task.request).__name__!r}")
    if not isinstance(value, task.reply_type):
        raise PermanentError(f"a {task.kind!r} task cannot be answered with {task.reply_type.__name__!r}")
    return value


def _short(text: str) -> str:
    return text if len(text) <= _REASON_CHARACTERS else text[: _REASON_CHARACTERS - 1] + "…"
