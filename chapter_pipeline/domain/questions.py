"""Owns the clinical questions of a chapter: what a section asks of whom, and from which perspective."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Self

from chapter_pipeline.domain.stage_value import StageValue

KEY_DIGITS = 12


class Perspective(StrEnum):
    """The kind of knowledge that a question asks for."""

    EFFICACY = "efficacy"
    HARM = "harm"
    FREQUENCY = "frequency"
    PROGNOSIS = "prognosis"
    DIAGNOSIS = "diagnosis"
    CHOICE = "choice of treatment"
    TECHNIQUE = "technique"
    MECHANISM = "mechanism"


class ClinicalQuestion(StageValue):
    """An answerable question of one section, with the parts that an answer has to agree with (PICO).

    `intervention` is a treatment, an exposure or a test; of a question on a frequency there is none.
    """

    key: str
    section: str
    text: str
    perspective: Perspective
    population: str | None = None
    intervention: str | None = None
    comparator: str | None = None
    outcome: str | None = None

    @classmethod
    def of(
        cls,
        section: str,
        text: str,
        perspective: Perspective,
        *,
        population: str | None = None,
        intervention: str | None = None,
        comparator: str | None = None,
        outcome: str | None = None,
    ) -> Self:
        """The question with its key: a hash of section and text, the same in every run."""
        digest = hashlib.sha256(f"{section}\n{text}".encode()).hexdigest()
        return cls(
            key=f"k{digest[:KEY_DIGITS]}", section=section, text=text, perspective=perspective, population=population,
            intervention=intervention, comparator=comparator, outcome=outcome,
        )  # fmt: skip
