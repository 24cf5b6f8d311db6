"""Owns the description of a document's figures: each is sent once, in the size that providers read, and stored."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from chapter_pipeline.domain.tasks import FigureReply, FigureRequest
from chapter_pipeline.errors import ModelRefused, UsageError
from chapter_pipeline.ports import Picture, Task, TextModel
from chapter_pipeline.storage.figure_descriptions import FigureDescriptions

LONGER_SIDE_PX = 1568
"""Providers make larger pictures smaller, and count them as larger (Anthropic: 1,568 pixels)."""
JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The figures of a document that were described, and those that the provider refused."""

    described: int
    refused: tuple[str, ...]
    providers: tuple[str, ...]


def describe_figures(document_key: str, *, figures: FigureDescriptions, model: TextModel) -> Described:
    """Describe the figures of a document that have no description yet.

    A figure that the provider refuses is skipped and reported. Raises `UsageError` when the text model sees no pictures,
    `ModelUnavailable`, `BudgetExceeded`.
    """
    if not model.answers("figure"):
        raise UsageError(f"the text model {model.name!r} sees no pictures: set a key, or CHAPTER_TEXT_MODEL")
    described, refused, providers = 0, [], []
    for figure_id in figures.undescribed(document_key):
        figure = figures.figure(figure_id)
        if figure is None:
            continue
        task = Task(
            kind="figure", request=FigureRequest(label=figure.label, caption=figure.caption), reply_type=FigureReply,
            pictures=(for_a_model(figure.content),),
        )  # fmt: skip
        try:
            reply = model.complete(task)
        except ModelRefused as error:
            refused.append(f"{figure.label or 'a figure without a label'}: {error}")
            continue
        figures.store(
            figure_id, figure_class=reply.value.figure_class, description=reply.value.description,
            described_by=f"{reply.provider} {reply.model}",
        )  # fmt: skip
        described += 1
        providers.append(reply.provider)
    return Described(described=described, refused=tuple(refused), providers=tuple(dict.fromkeys(providers)))


def for_a_model(content: bytes) -> Picture:
    """The image as a JPEG whose longer side is at most 1,568 pixels."""
    with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as image:
        share = min(1.0, LONGER_SIDE_PX / max(image.size))
        size = (max(1, round(share * image.width)), max(1, round(share * image.height)))
        buffer = BytesIO()
        image.convert("RGB").resize(size).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return Picture(media_type="image/jpeg", content=buffer.getvalue())
