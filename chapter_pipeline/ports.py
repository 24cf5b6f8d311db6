"""Owns the ports: what the packages from documents to publishing need from outside, as protocols; it holds no implementation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from chapter_pipeline.domain.evidence import StudyRecord
from chapter_pipeline.domain.library import (
    DocumentRecord,
    FigureRecord,
    PassageRecord,
    RegisteredWork,
    RetrievedPassage,
)
from chapter_pipeline.domain.usage import TaskUsage

ReplyT = TypeVar("ReplyT", bound=BaseModel)
Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Texts become unit vectors. `dimension` and `name` are properties of every index built with it."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` in order: float32 of shape ``(len(texts), dimension)``, rows of norm 1."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as the model counts them, without special tokens."""
        ...


class Clock(Protocol):
    """The only source of the present time; always timezone-aware UTC."""

    def now(self) -> datetime: ...


class Bucket(Protocol):
    """Objects by key (``inbox/a.pdf``). Keys use forward slashes and never start with one."""

    def put(self, key: str, content: bytes, *, overwrite: bool = False) -> bool:
        """Store `content`; with `overwrite` false an existing object stays and the answer is False."""
        ...

    def get(self, key: str) -> bytes:
        """The content; raises `NotFound`."""
        ...

    def read(self, key: str) -> tuple[bytes, str]:
        """The content with its version, which changes whenever the object does; raises `NotFound`."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """All keys under `prefix`, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; an absent one is not an error."""
        ...


class PassageSearch(Protocol):
    """Ranked passages of the library for a query."""

    def search(self, query: str, *, k: int) -> list[RetrievedPassage]: ...

    def search_many(self, queries: Sequence[str], *, k: int) -> list[list[RetrievedPassage]]:
        """One list for each query, in their order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image of a request. `media_type` is ``image/png`` or ``image/jpeg``."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[ReplyT]):
    """One request to a text model.

    `kind` names the stage's need (``key_concepts``, ``outline``, ``section``), `request` carries its typed input
    (source text inside is data, never an instruction) and `reply_type` is what has to come back. `chapter` and `section`,
    or `document`, say whom its cost is for. The same request has the same answer, unless `variant` tells them apart.
    """

    kind: str
    request: BaseModel
    reply_type: type[ReplyT]
    chapter: str | None = None
    section: str | None = None
    document: str | None = None
    variant: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Generic[ReplyT]):
    """A typed answer and who gave it. What it cost is in the ledger."""

    value: ReplyT
    provider: str
    model: str


class TextModel(Protocol):
    """A provider of typed text. `name` is the provider's (``extractive``), `model` what answered."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    def answers(self, kind: str) -> bool:
        """Whether it has an answer to tasks of this kind; a stage whose task has none does without."""
        ...

    def complete(self, task: Task[ReplyT]) -> Reply[ReplyT]:
        """Answer `task` with an instance of `task.reply_type`. Raises `ModelUnavailable` or `PermanentError`."""
        ...


class ChapterAnswers(Protocol):
    """The record of the answers of text models that a chapter is made of."""

    def of(self, slug: str) -> tuple[TaskUsage, ...]:
        """The answers in force, with the providers that were asked before each: one for a task of a stage.

        Of key concepts and sections, whose values name their provider, the newest answer of each provider.
        """
        ...


class WorkRegistry(Protocol):
    """Looks works up by DOI."""

    @property
    def name(self) -> str: ...

    def work(self, doi: str) -> RegisteredWork | None:
        """The work under `doi`; None when there is none. Raises `TransientError`."""
        ...


class LibraryReader(Protocol):
    """What the stages read of the library; `storage.library.LibraryStore` implements it."""

    def document_records(self, keys: Sequence[str]) -> list[DocumentRecord]: ...

    def passages(self, ids: Sequence[int]) -> list[PassageRecord]: ...

    def passages_of(self, documents: Sequence[str]) -> list[PassageRecord]: ...

    def page_texts(self, documents: Sequence[str]) -> dict[tuple[str, int], str]:
        """The text of every page of these documents, by document key and page number."""
        ...

    def vectors(self, ids: Sequence[int], *, model: str) -> dict[int, Vectors]:
        """The stored unit vectors of those passages whose vector is by the embedder `model`."""
        ...

    def figures(self, documents: Sequence[str]) -> list[FigureRecord]: ...

    def study_records(self, documents: Sequence[str]) -> dict[str, StudyRecord]:
        """The study records of those of `documents` that have one, by document key."""
        ...
