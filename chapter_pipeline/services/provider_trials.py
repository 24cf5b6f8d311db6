"""Owns the trial of each provider: whether its key, its address and each of its models answer the smallest request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from chapter_pipeline.errors import ChapterPipelineError
from chapter_pipeline.providers.call import ModelCall
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.providers.structured_output import reply_schema
from chapter_pipeline.services.text_model_factory import TextModelFactory
from chapter_pipeline.settings import Settings

PURPOSE = "trial"
LIMIT_TOKENS = 1000
"""Of the reply: enough for a model that thinks before it writes three words."""


class Ready(BaseModel):
    """The reply of a trial."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a trial: `answered` by the model of that name, or `fault` with its `remedy`."""

    provider: str
    model: str
    answered: str | None = None
    fault: str = ""
    remedy: str | None = None


def trials(factory: TextModelFactory, settings: Settings, *, variant: str) -> Iterator[Trial]:
    """Try every model of every provider that has a key, or an address; each trial is paid for and in the ledger.

    `variant` tells these trials from earlier ones, whose replies the ledger would replay.
    """
    for provider in factory.trial_gateway.providers:
        names = settings.models_of(provider)
        for model in dict.fromkeys((names.planning, names.writing, names.review, names.vision)):
            yield _trial(factory, provider, model, variant)


def _trial(factory: TextModelFactory, provider: str, model: str, variant: str) -> Trial:
    call = ModelCall(
        purpose=PURPOSE, system="You test a connection.", prompt='Answer with {"ready": true}.', schema_name=PURPOSE,
        schema=reply_schema(Ready), max_output_tokens=LIMIT_TOKENS, variant=variant,
    )  # fmt: skip
    try:
        answer = factory.trial_gateway.ask(provider, model, call, reply_type=Ready, context=CallContext())
    except ChapterPipelineError as error:
        return Trial(provider=provider, model=model, fault=error.what, remedy=error.remedy)
    return Trial(provider=provider, model=model, answered=answer.model)
