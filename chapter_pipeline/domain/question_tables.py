"""Owns the evidence table of a clinical question: one row for each result that answers it, with what that result states."""

from __future__ import annotations

import re

from pydantic import Field

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.stage_value import StageValue

DASH = "–"
"""What a cell shows whose value its sentence does not state."""
VERSUS = " vs "
PARTS = "; "


class ResultCells(StageValue):
    """What a sentence states of one result, word for word; None: it does not state it.

    `comparison`: ``A vs B``, each side as printed; `effect`: excerpts of the sentence, ``; `` between them. `studied`: how
    many people the study is of, by its record and not by the sentence.
    """

    n: str | None = None
    comparison: str | None = None
    outcome: str | None = None
    effect: str | None = None
    p: str | None = None
    studied: int | None = None

    @property
    def size(self) -> str | None:
        """How many people the result is of; where its sentence does not tell, how many the study is of."""
        return self.n or (str(self.studied) if self.studied is not None else None)

    @property
    def states_a_result(self) -> bool:
        """Whether a reader learns a result from them: an outcome with an effect or a p value."""
        return self.outcome is not None and (self.effect is not None or self.p is not None)

    @property
    def claim(self) -> str:
        """The cells as one line: ``weight gain, olanzapine vs placebo: 2.1 kg vs −0.4 kg, p < .001``."""
        about = ", ".join(one for one in (self.outcome, self.comparison) if one)
        size = f"n = {self.n}" if self.n else None
        return f"{about}: {', '.join(one for one in (size, self.effect, self.p) if one)}"

    def not_said_by(self, text: str) -> list[str]:
        """The names of the cells that are not word for word in `text`; line breaks and spaces do not count."""
        said = _joined(text)
        parts = {
            "n": [self.n] if self.n else [],
            "comparison": self.comparison.split(VERSUS) if self.comparison else [],
            "outcome": [self.outcome] if self.outcome else [],
            "effect": [_unclosed(one, said) for one in self.effect.split(PARTS)] if self.effect else [],
            "p": [self.p] if self.p else [],
        }
        return [name for name, said_of in parts.items() if not all(_joined(one) in said for one in said_of)]

    def said_by(self, text: str) -> ResultCells:
        """The cells that `text` says, the others empty."""
        return self.model_copy(update=dict.fromkeys(self.not_said_by(text)))


def _joined(text: str) -> str:
    return re.sub(r"[\s\u00ad]+", "", text).casefold()


def _unclosed(excerpt: str, said: str) -> str:
    """An excerpt without the bracket that was closed behind it, where the sentence goes on inside the bracket."""
    return excerpt if _joined(excerpt) in said else excerpt[:-1] if excerpt.endswith((")", "]", "}")) else excerpt


class QuestionRow(StageValue):
    """A result that answers the question: its study, its cells, and the quote that states it."""

    quote: str
    source: str
    study_type: StudyType
    evidence_level: int
    year: int | None
    cells: ResultCells

    @property
    def claim(self) -> str:
        return self.cells.claim


class QuestionTable(StageValue):
    """The results that answer one question of a section, the strongest studies first. `caption` is its text."""

    question: str = Field(description="Key of the clinical question.")
    caption: str
    rows: tuple[QuestionRow, ...]
