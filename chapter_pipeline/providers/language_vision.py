"""Owns how a language model describes and classifies a figure; what it says is an aid to find and read it, no evidence."""

from __future__ import annotations

from chapter_pipeline.documents.injection_patterns import without_instructions
from chapter_pipeline.domain.tasks import FigureReply, FigureRequest
from chapter_pipeline.ports import Picture
from chapter_pipeline.providers.prompts import fenced, prompt
from chapter_pipeline.providers.structured_request import Ask

MAX_WORDS = 120
OUTPUT_TOKENS = 3000


def describe(request: FigureRequest, pictures: tuple[Picture, ...], ask: Ask) -> FigureReply:
    """A description of at most 120 words; text in the picture that is addressed to a model is not repeated."""
    text = prompt("figure")
    filled = text.fill(caption=fenced("caption", request.caption or "none"))
    reply = ask("figure", text, filled, FigureReply, OUTPUT_TOKENS, pictures)
    said = without_instructions(" ".join(reply.description.split()))
    return FigureReply(figure_class=reply.figure_class, description=" ".join(said.split()[:MAX_WORDS]))
