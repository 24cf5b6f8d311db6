"""What is outside of a chapter's topic: what its author excludes, other tumours, children."""

from __future__ import annotations

from datetime import date

import pytest

from chapter_pipeline.domain import BriefRequest, ChapterBrief
from chapter_pipeline.ports import Embedder
from chapter_pipeline.writing.brief import chapter_brief
from chapter_pipeline.writing.scope import Scope, of_other_tumours

GLIOMA = "Systemic therapy of malignant glioma"


def brief(topic: str = GLIOMA, *exclude: str) -> ChapterBrief:
    return chapter_brief("chapter", BriefRequest(topic=topic, exclude=exclude), today=date(2026, 11, 1))


@pytest.mark.parametrize(
    ("exclude", "text", "title", "out"),
    [
        ("paediatric tumours", "Pediatric brain tumors differ in their histones.", "Gliomas", True),
        ("paediatric tumours", "Tumours recurred in 12% of patients.", "Gliomas", False),
        ("paediatric tumours", "Half had a recurrence.", "An atlas of pediatric brain tumors", True),
        ("surgery for epilepsy", "Epilepsy surgery freed half of them from seizures.", "Outcome", True),
        ("surgery for epilepsy", "Surgery freed half of them from pain.", "Outcome", False),
        ("haemorrhage", "Hemorrhage occurred in 2%.", "Outcome", True),
    ],
)
def test_scope__what_the_author_excludes__is_known_by_all_its_words(
    exclude: str, text: str, title: str, out: bool
) -> None:
    assert Scope.of(brief(GLIOMA, exclude)).excludes(text, title=title) is out


def test_scope__nothing_excluded__excludes_nothing() -> None:
    assert not Scope.of(brief()).excludes("Pediatric brain tumors differ.", title="Children")


@pytest.mark.parametrize(
    ("topic", "text", "title", "only"),
    [
        (GLIOMA, "Pediatric gliomas are rare.", "Gliomas", True),
        (GLIOMA, "Gliomas are rare.", "An open pediatric brain tumor atlas", True),
        (GLIOMA, "Gliomas are rare.", "Gliomas", False),
        ("Glioma in childhood", "Pediatric gliomas are rare.", "Gliomas", False),
    ],
)
def test_scope__children__are_special_unless_the_topic_names_them(
    topic: str, text: str, title: str, only: bool
) -> None:
    assert Scope.of(brief(topic)).only_of_children(text, title=title) is only


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("In phase III trials, ipilimumab improved survival in patients with metastatic melanoma.", True),
        ("The drug slowed growth in ovarian cancer.", True),
        ("Checkpoint inhibitors help in melanoma and have been studied in glioblastoma.", False),
        ("Median survival of patients with brain tumors was 12 months.", False),
        ("The tumor recurred in 12% of patients.", False),
        ("Patients had pneumonia more often.", False),
    ],
)
def test_of_other_tumours__statement__is_of_another_when_it_names_none_near_the_topic(
    text: str, other: bool, embedder: Embedder
) -> None:
    assert of_other_tumours([text, "Nothing is named here."], GLIOMA, embedder) == [other, False]
