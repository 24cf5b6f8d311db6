"""Owns what a check of a sentence takes and gives: passages, faults, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.domain.planning import Quote
from chapter_pipeline.quality.checking.text import plain, stems


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is surely wrong with a sentence: the `rule`, the `words` at fault, and what the passages `say` instead.

    `words` are empty where the whole sentence is at fault.
    """

    rule: str
    words: str
    says: str

    def __str__(self) -> str:
        return f"says {self.words!r}: {self.says}" if self.words else self.says


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`supported`: the passages say it verbatim or nearly so. Neither faults nor supported: it is undecided."""

    faults: tuple[Fault, ...] = ()
    supported: bool = False

    @property
    def undecided(self) -> bool:
        return not self.faults and not self.supported


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A quotation as the rules read it. `record`: what a writer is told of it besides its text, as one text."""

    raw: str
    study_type: StudyType = StudyType.UNKNOWN
    finding: FindingKind | None = None
    species: Species | None = None
    record: str = ""

    @cached_property
    def text(self) -> str:
        return plain(self.raw)

    @cached_property
    def stems(self) -> frozenset[str]:
        return stems(self.text)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence under check with the `passages` that it cites and the `label` of its paragraph."""

    raw: str
    passages: tuple[Passage, ...]
    label: str = ""

    @cached_property
    def text(self) -> str:
        return plain(self.raw)

    @cached_property
    def stems(self) -> frozenset[str]:
        return stems(self.text)

    @cached_property
    def joined(self) -> str:
        """The texts of all passages."""
        return " ".join(passage.text for passage in self.passages)

    @cached_property
    def known(self) -> str:
        """The texts of all passages with what their records say."""
        return " ".join(f"{passage.text} {passage.record}" for passage in self.passages)

    @cached_property
    def known_stems(self) -> frozenset[str]:
        return stems(self.known)

    @cached_property
    def studies(self) -> frozenset[StudyType]:
        return frozenset(passage.study_type for passage in self.passages)


def passage_of(quote: Quote, *, title: str = "") -> Passage:
    """What the rules read of a quote: its text, and its lead, year and design as the prompt gives them."""
    told = [title, quote.lead or "", str(quote.year) if quote.year else "", quote.study_type.value]
    return Passage(
        raw=quote.display, study_type=quote.study_type, finding=quote.finding, species=quote.species,
        record=plain(" ".join(part for part in told if part)),
    )  # fmt: skip
