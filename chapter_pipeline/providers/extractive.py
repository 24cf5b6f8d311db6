"""Owns the extractive provider: a deterministic text model that plans and writes with the words of the sources only."""

from __future__ import annotations

from pydantic import BaseModel

from chapter_pipeline.domain.tasks import KeyConceptsRequest, SectionRequest
from chapter_pipeline.errors import PermanentError
from chapter_pipeline.ports import Embedder, Reply, ReplyT, Task
from chapter_pipeline.providers.extractive_concepts import choose_concepts
from chapter_pipeline.providers.extractive_sections import write_section


class Extractive:
    """`TextModel` without a language model: it selects verbatim sentences and arranges them.

    Nothing it returns is not in the request. Costs nothing and gives the same answer to the same request.
    """

    name = "extractive"
    model = "extractive-1"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def answers(self, kind: str) -> bool:
        """Only what can be done by choosing among words of the sources."""
        return kind in ("key_concepts", "section")

    def complete(self, task: Task[ReplyT]) -> Reply[ReplyT]:
        """Answer a ``key_concepts`` or ``section`` task. Raises `PermanentError` for any other kind."""
        value: BaseModel
        match task.request:
            case KeyConceptsRequest() as request:
                value = choose_concepts(request, self._embedder)
            case SectionRequest() as request:
                value = write_section(request.plan, self._embedder)
            case _:
                raise PermanentError(
                    f"the extractive provider has no answer to a {task.kind!r} task: configure a language model"
                )
        if not isinstance(value, task.reply_type):
            raise PermanentError(f"a {task.kind!r} task cannot be answered with {task.reply_type.__name__!r}")
        return Reply(value=value, provider=self.name, model=self.model)
