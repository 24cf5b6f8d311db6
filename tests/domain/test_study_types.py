"""Every study type has a level of evidence and the words with which a paragraph names it."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.document import EVIDENCE_LEVELS, StudyType
from chapter_pipeline.writing.labels import paragraph_label
from tests.quality.gap_inputs import quote


@pytest.mark.parametrize("study", StudyType)
def test_study_type__every_one__has_a_level(study: StudyType) -> None:
    assert 1 <= EVIDENCE_LEVELS[study] <= 5


@pytest.mark.parametrize("study", [study for study in StudyType if study is not StudyType.UNKNOWN])
def test_study_type__of_several_sources__has_a_plural(study: StudyType) -> None:
    quotes = [
        quote(key, source).model_copy(update={"study_type": study})
        for key, source in (("one", "lind"), ("two", "okafor"))
    ]
    label = paragraph_label(quotes)
    assert label is not None
    assert label.endswith(", 2025.")
