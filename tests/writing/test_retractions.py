"""A work is retracted where its own title or a notice of the library says so, and is not read."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.library import DocumentRecord
from chapter_pipeline.writing.research import normalised_title
from chapter_pipeline.writing.retractions import is_notice, retracted

TITLE = "Atorvastatin for chronic subdural haematoma: a randomised trial"


def records(*titles: str) -> list[DocumentRecord]:
    return [
        DocumentRecord(
            key=f"d{n}", title=title, authors=(), year=2020, doi=None, journal=None, licence=None,
            study_type=StudyType.RANDOMISED_TRIAL, page_count=3,
        )
        for n, title in enumerate(titles)
    ]  # fmt: skip


def found(*titles: str) -> set[str]:
    return set(retracted(records(*titles), normalised=normalised_title))


@pytest.mark.parametrize("mark", ["RETRACTED: {}", "[Retracted] {}", "Retracted article: {}", "{} (retracted)"])
def test_retracted__own_title_says_so(mark: str) -> None:
    assert found(mark.format(TITLE)) == {"d0"}


@pytest.mark.parametrize(
    "notice", ["Retraction: {}", "Retraction notice to “{}”", "Notice of retraction: {}", "Retraction of: {} [J Samples 2020]"]
)  # fmt: skip
def test_retracted__notice_names_it__and_the_notice_is_none(notice: str) -> None:
    said = notice.format(TITLE)
    assert found(TITLE, said) == {"d0"}
    assert is_notice(said)
    assert not is_notice(TITLE)


@pytest.mark.parametrize(
    "title", ["Brain retraction during craniotomy", "Retractor-less surgery", "Retraction of the temporal lobe in rats", "How many retracted articles are cited?"]
)  # fmt: skip
def test_retracted__other_meanings_and_titles__are_none(title: str) -> None:
    assert found(title, TITLE) == set()
    assert not is_notice(title)


def test_retracted__short_title_within_a_notice__is_none() -> None:
    assert found("Glioma", f"Retraction: Glioma and {TITLE}") == set()
