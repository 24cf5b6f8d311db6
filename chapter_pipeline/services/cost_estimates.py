"""Owns what a chapter will cost before it is written, by stage and section; what it did cost is in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from chapter_pipeline.domain import ChapterBrief, SectionPlans
from chapter_pipeline.domain.tasks import SectionRequest
from chapter_pipeline.providers.call import TokenUsage
from chapter_pipeline.providers.language_concepts import MAX_OUTPUT_TOKENS
from chapter_pipeline.providers.language_sections import section_prompt
from chapter_pipeline.providers.prices import cost_usd
from chapter_pipeline.settings import Settings

CHARACTERS_PER_TOKEN = 4
"""Of English prose, about, for all providers."""
REPLY_TOKENS_PER_WORD = 3
"""Of a section: its words, their keys and what surrounds them."""
CONCEPTS_TOKENS = (4000, 2500)
"""A request for key concepts and its reply: sixty candidate terms, a dozen concepts with their queries."""
UNPLANNED_TOKENS = 9000
"""A request for a section before its quotes are chosen: about sixty of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One call that is expected. `most_usd`: with the longest reply that is asked for, three times."""

    purpose: str
    section: str | None
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    usd: Decimal
    most_usd: Decimal


def estimates(brief: ChapterBrief, plans: SectionPlans | None, *, settings: Settings, attempts: int) -> list[Estimate]:
    """The calls that writing the chapter takes, nothing of which is replayed. Empty with the extractive writer.

    With `plans` the prompts of the sections are those that will be sent; without, their size is assumed.
    Raises `UnknownPrice`.
    """
    provider = settings.writer
    if provider == "extractive":
        return []
    models = settings.models_of(provider)
    tokens_in, tokens_out = CONCEPTS_TOKENS
    found = [
        _estimate("key_concepts", None, provider, models.planning, tokens_in, tokens_out, MAX_OUTPUT_TOKENS, attempts)
    ]
    if plans is not None:
        for plan in plans.plans:
            if plan.quotes:
                request = SectionRequest(topic=plans.topic, audience=plans.audience, plan=plan)
                prompt, filled, longest = section_prompt(request)
                size = (len(prompt.system) + len(filled)) // CHARACTERS_PER_TOKEN
                words = REPLY_TOKENS_PER_WORD * plan.word_budget
                found.append(_estimate("section", plan.kind, provider, models.writing, size, words, longest, attempts))
        return found
    for section in brief.sections:
        words = round(REPLY_TOKENS_PER_WORD * section.share * brief.word_budget)
        found.append(
            _estimate("section", section.kind, provider, models.writing, UNPLANNED_TOKENS, words, 2 * words, attempts)
        )
    return found


def _estimate(
    purpose: str, section: str | None, provider: str, model: str, tokens_in: int, tokens_out: int, longest: int,
    attempts: int,
) -> Estimate:  # fmt: skip
    def price(output: int) -> Decimal:
        return cost_usd(provider, model, TokenUsage(input_tokens=tokens_in, output_tokens=output))

    return Estimate(
        purpose=purpose, section=section, provider=provider, model=model, input_tokens=tokens_in,
        output_tokens=tokens_out, usd=price(tokens_out), most_usd=attempts * price(longest),
    )  # fmt: skip
