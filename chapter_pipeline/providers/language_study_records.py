"""Owns how a language model is asked for the study record of a document: one request; it judges nothing of the reply."""

from __future__ import annotations

from chapter_pipeline.domain.tasks import StudyRecordReply, StudyRecordRequest
from chapter_pipeline.providers.prompts import Prompt, fenced, prompt
from chapter_pipeline.providers.structured_request import Ask

PURPOSE = "study_record"
OUTPUT_TOKENS = 24_000
"""Sixty findings of 250 tokens each, and what a model thinks before it writes."""


def study_record(request: StudyRecordRequest, ask: Ask) -> StudyRecordReply:
    """What the model says of the document, see `evidence.record_verification` for what of it holds."""
    text, filled = study_record_prompt(request)
    return ask(PURPOSE, text, filled, StudyRecordReply, OUTPUT_TOKENS)


def study_record_prompt(request: StudyRecordRequest) -> tuple[Prompt, str]:
    """The prompt of a document, and it filled in."""
    text = prompt(PURPOSE)
    filled = text.fill(
        title=fenced("title", request.title),
        design=fenced("design", request.design.value),
        parts=fenced("article", [one.model_dump(mode="json") for one in request.parts]),
        tables=fenced("tables", [one.model_dump(mode="json") for one in request.tables]),
    )
    return text, filled
