"""Stage 1: a request becomes a brief; what a default is, what a change changes, what is refused and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from chapter_pipeline.domain import ChapterBrief, ChapterKind, MustCoverPoint, SectionTemplate
from chapter_pipeline.domain.brief import AnswerForm, FigurePolicy
from chapter_pipeline.errors import InvalidBrief
from chapter_pipeline.writing.brief import (
    chapter_brief,
    request_from,
    request_from_yaml,
    section_kinds_of,
    topic_from_slug,
    validated_slug,
)
from chapter_pipeline.writing.templates import template

TODAY = date(2026, 1, 2)
OWN: dict[str, Any] = {
    "name": "intensive care",
    "title": "Care in {topic}",
    "perspectives": {"nurse": "comfort"},
    "sections": [
        {
            "kind": "sedation", "title": "Sedation", "purpose": "Which drugs, and how deep.", "share": 0.5,
            "queries": ["sedation in {topic}"], "cues": ["propofol"], "figures": ["a pump"], "clinical": True,
            "must_cover": [{"text": "doses", "terms": ["mg"], "critical": True}],
        },
        {
            "kind": "outcomes", "title": "Outcomes", "purpose": "What is reached.", "share": 0.3, "queries": ["outcome"],
            "cues": ["mortality", "recovery"],
        },
    ],
}  # fmt: skip
"""A template of two sections."""


def made(**request: Any) -> ChapterBrief:
    return chapter_brief("head-injury", request_from({"topic": "Head injury", "template": OWN, **request}), today=TODAY)


def kinds(brief: ChapterBrief) -> list[str]:
    return [section.kind for section in brief.sections]


def changed(kind: str = "sedation", **change: Any) -> SectionTemplate:
    """A section of the brief whose request makes one change of it."""
    brief = made(sections=[{"kind": kind, **change}])
    return next(section for section in brief.sections if section.kind == kind)


@pytest.mark.parametrize("slug", ["ab", "head-injury", "2024-glioma", "a" * 80, "a-1-b"])
def test_slug__usable__is_itself(slug: str) -> None:
    assert validated_slug(slug) == slug


@pytest.mark.parametrize(
    "slug", ["", "a", "a" * 81, "Head", "head_injury", "head injury", "-head", "head-", "a--b", "ä1"]
)
def test_slug__not_usable__is_refused_with_an_example(slug: str) -> None:
    with pytest.raises(InvalidBrief, match=r"is not usable: use lower-case letters, .* for example 'malignant-glioma'"):
        validated_slug(slug)


@pytest.mark.parametrize(
    ("slug", "topic"), [("glioma", "Glioma"), ("local-therapy-of-glioma", "Local therapy of glioma")]
)
def test_topic_from_slug__is_its_words_with_a_capital(slug: str, topic: str) -> None:
    assert topic_from_slug(slug) == topic


@pytest.mark.parametrize("words", [500, 40_000])
def test_request__word_budget__has_bounds(words: int) -> None:
    assert made(word_budget=words).word_budget == words
    outside = words - 1 if words == 500 else words + 1
    with pytest.raises(InvalidBrief, match=f"brief key 'word_budget' has the value {outside}: Input should be"):
        made(word_budget=outside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A request and what its refusal says."""

    what: str
    request: dict[str, Any]
    says: str


KEYS = "the keys are topic, kind, title, audience, word_budget, must_cover, exclude, template, sections, order, figures, cutoff_date"
REFUSED = [
    Refused(what="an unknown key", request={"topic": "Glioma", "author": "me"}, says=f"unknown key 'author' in the brief: {KEYS}"),
    Refused(
        what="an unknown key of a section",
        request={"topic": "Glioma", "sections": [{"kind": "outcomes", "colour": "red"}]},
        says="unknown key 'sections.0.colour' in the brief: the keys are kind, drop, title, purpose, share, queries, cues, "
        "figures, clinical, must_cover",
    ),
    Refused(
        what="an unknown key of a point",
        request={"topic": "Glioma", "sections": [{"kind": "outcomes", "must_cover": [{"text": "abc", "weight": 2}]}]},
        says="in the brief: the keys are text, terms, critical",
    ),
    Refused(what="no topic", request={"kind": "disease"}, says="the brief has no 'topic': give it one"),
    Refused(
        what="a value that is none of its key",
        request={"topic": "Glioma", "kind": "novel"},
        says="brief key 'kind' has the value 'novel': Input should be 'disease', 'therapy', 'technique' or 'anatomy'",
    ),
    Refused(
        what="a point that is too long is not told to be no mapping",
        request={"topic": "Glioma", "sections": [{"kind": "outcomes", "must_cover": ["x" * 501]}]},
        says="String should have at most 500 characters",
    ),
    Refused(what="no mapping of a key", request={"topic": "Glioma", "template": []}, says="brief key 'template' has the value []"),
    Refused(
        what="a section that is dropped and was never there",
        request={"topic": "Glioma", "template": OWN, "sections": [{"kind": "imaging", "drop": True}]},
        says="the brief drops the section 'imaging': there are sedation, outcomes",
    ),
    Refused(
        what="a section that is dropped twice",
        request={"topic": "Glioma", "template": OWN, "sections": [{"kind": "sedation", "drop": True}] * 2},
        says="the brief drops the section 'sedation': there are outcomes",
    ),
    Refused(
        what="an order that names no section",
        request={"topic": "Glioma", "template": OWN, "order": ["outcomes", "imaging", "anatomy"]},
        says="the brief's order names the section 'imaging': there are sedation, outcomes",
    ),
    Refused(
        what="every section dropped",
        request={
            "topic": "Glioma", "template": OWN,
            "sections": [{"kind": "sedation", "drop": True}, {"kind": "outcomes", "drop": True}],
        },
        says="the brief drops every section of its template: keep one, or add one",
    ),
    Refused(
        what="a new section without a purpose",
        request={"topic": "Glioma", "template": OWN, "sections": [{"kind": "imaging", "title": "Imaging"}]},
        says="the brief adds the section 'imaging', which its template has not: give it a title and a purpose",
    ),
    Refused(
        what="a new section without a title",
        request={"topic": "Glioma", "template": OWN, "sections": [{"kind": "imaging", "purpose": "What is seen."}]},
        says="give it a title and a purpose",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=case.what) for case in REFUSED])
def test_brief__that_cannot_be_made__is_refused_by_name(case: Refused) -> None:
    with pytest.raises(InvalidBrief) as refused:
        chapter_brief("glioma", request_from(case.request), today=TODAY)
    assert case.says in str(refused.value)


def test_request__that_is_no_mapping__is_a_matter_of_the_brief() -> None:
    with pytest.raises(InvalidBrief, match="brief key 'brief' has the value 'Glioma'"):
        request_from("Glioma")  # type: ignore[arg-type]


def test_brief_file__options__win_over_it_unless_they_are_none(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(OWN))
    path = tmp_path / "brief.yaml"
    path.write_text("topic: Shunts\nkind: technique\nword_budget: 1500\ntemplate: own.yaml\n")
    request = request_from_yaml(path, topic="Drains", kind=None, word_budget=600)
    assert (request.topic, request.kind, request.word_budget) == ("Drains", ChapterKind.TECHNIQUE, 600)
    assert request.template == OWN
    path.write_text(yaml.safe_dump({"topic": "Shunts", "template": OWN}))
    assert request_from_yaml(path).template == OWN


def test_brief__topic_alone__has_the_templates_of_the_package_and_today() -> None:
    brief = chapter_brief("glioma", request_from({"topic": "Glioma"}), today=TODAY)
    found = template(ChapterKind.DISEASE)
    assert (brief.slug, brief.topic, brief.kind) == ("glioma", "Glioma", ChapterKind.DISEASE)
    assert (brief.template, brief.perspectives) == (found.name, found.perspectives)
    assert brief.title == found.title.replace("{topic}", "Glioma")
    assert brief.audience == "neurosurgeons in training and in practice"
    assert (brief.word_budget, brief.cutoff_date, brief.figures) == (4000, TODAY, FigurePolicy.CREDITED)
    assert brief.sections == found.sections_for("Glioma")


def test_brief__all_that_is_asked_for__is_in_it() -> None:
    brief = made(
        kind="technique", title="Wounds", audience="nurses", word_budget=900, figures="none", cutoff_date="2020-03-04"
    )
    assert (brief.kind, brief.title, brief.audience) == (ChapterKind.TECHNIQUE, "Wounds", "nurses")
    assert (brief.word_budget, brief.figures, brief.cutoff_date) == (900, FigurePolicy.NONE, date(2020, 3, 4))
    assert (brief.template, brief.perspectives) == ("intensive care", {"nurse": "comfort"})
    assert made().title == "Care in Head injury"


def test_brief__slug_that_is_not_usable__is_refused() -> None:
    with pytest.raises(InvalidBrief, match="is not usable"):
        chapter_brief("Head Injury", request_from({"topic": "Head injury"}), today=TODAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a request drops, adds and puts first, and the sections of its brief."""

    what: str
    kinds: list[str]
    sections: list[dict[str, Any]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)


IMAGING = {"kind": "imaging", "title": "Imaging", "purpose": "What is seen."}
ORDERS = [
    Order(what="no change", kinds=["sedation", "outcomes"]),
    Order(what="a new section comes last", sections=[IMAGING], kinds=["sedation", "outcomes", "imaging"]),
    Order(what="a dropped one is gone", sections=[{"kind": "sedation", "drop": True}], kinds=["outcomes"]),
    Order(
        what="changes after a dropped one are made too",
        sections=[{"kind": "sedation", "drop": True}, IMAGING],
        kinds=["outcomes", "imaging"],
    ),
    Order(
        what="a dropped one that is added again comes last",
        sections=[{"kind": "sedation", "drop": True}, {**IMAGING, "kind": "sedation"}],
        kinds=["outcomes", "sedation"],
    ),
    Order(what="what the order names comes first", sections=[IMAGING], order=["imaging", "outcomes"], kinds=["imaging", "outcomes", "sedation"]),
    Order(what="what it names twice comes once", order=["outcomes", "outcomes"], kinds=["outcomes", "sedation"]),
]  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=case.what) for case in ORDERS])
def test_brief__sections_and_their_order(case: Order) -> None:
    assert kinds(made(sections=case.sections, order=case.order)) == case.kinds
    request = request_from({"topic": "Head injury", "template": OWN, "sections": case.sections, "order": case.order})
    assert list(section_kinds_of(request)) == case.kinds


def test_change__of_nothing__leaves_the_section() -> None:
    assert changed() == made().sections[0]


def test_change__of_everything__replaces_or_adds() -> None:
    section = changed(
        title="Sleep", purpose="How to sleep.", share=0.2, queries=["depth in {topic}"], cues=["depth", "propofol"],
        figures=["a monitor in {topic}"], clinical=False, must_cover=["airway"],
    )  # fmt: skip
    assert (section.title, section.purpose, section.share, section.clinical) == ("Sleep", "How to sleep.", 0.2, False)
    assert section.queries == ("sedation in Head injury", "depth in Head injury", "airway in Head injury")
    assert section.cues == ("propofol", "depth")
    assert section.figures == ("a pump", "a monitor in Head injury")
    assert [(point.text, point.critical) for point in section.must_cover] == [("doses", True), ("airway", True)]


@pytest.mark.parametrize(("clinical", "expected"), [(None, True), (True, True), (False, False)])
def test_change__clinical__is_as_it_was_unless_told(clinical: bool | None, expected: bool) -> None:
    assert changed(clinical=clinical).clinical is expected


def test_change__point__has_its_own_terms_and_weight_or_its_words() -> None:
    section = changed(
        must_cover=[{"text": "depth of sleep", "critical": False}, {"text": "the airway", "terms": ["tube"]}, "of the"]
    )
    assert section.must_cover[1:] == (
        MustCoverPoint(
            text="depth of sleep", section="sedation", terms=("depth", "sleep"), critical=False, form=AnswerForm.WORDS
        ),
        MustCoverPoint(text="the airway", section="sedation", terms=("tube",), critical=True),
        MustCoverPoint(text="of the", section="sedation", terms=("of the",), critical=True, form=AnswerForm.WORDS),
    )
    assert section.queries[1:] == (
        "depth of sleep in Head injury", "the airway in Head injury", "of the in Head injury",
    )  # fmt: skip


def test_new_section__gets_queries_cues_and_a_share() -> None:
    section = changed(
        kind="imaging", title="Imaging of the bone", purpose="Bone and soft tissue, as seen in CT.", cues=["window"]
    )
    assert section == SectionTemplate(
        kind="imaging",
        title="Imaging of the bone",
        purpose="Bone and soft tissue, as seen in CT.",
        queries=("Imaging of the bone in Head injury", "Bone and soft tissue, as seen in CT in Head injury"),
        cues=("imaging", "bone", "soft", "tissue", "seen", "window"),
        share=0.07,
    )
    assert changed(**IMAGING, share=0.2, clinical=True).share == 0.2
    assert changed(**IMAGING, clinical=True).clinical


@pytest.mark.parametrize(
    ("point", "home"),
    [
        ("mortality and recovery", "outcomes"),
        ("dose of propofol", "sedation"),
        ("how deep, and mortality", "sedation"),
        ("nothing of either", "sedation"),
    ],
    ids=["by the cues", "by one cue", "by the purpose: two words beat one", "by none: the first section"],
)
def test_brief__point_of_the_author__joins_the_section_it_shares_most_words_with(point: str, home: str) -> None:
    brief = made(must_cover=[point])
    added = [one for section in brief.sections for one in section.must_cover if one.text == point]
    assert [(one.section, one.critical) for one in added] == [(home, True)]
    section = next(section for section in brief.sections if section.kind == home)
    assert section.queries[-1] == f"{point} in Head injury"


def test_brief__several_points__each_find_their_section() -> None:
    brief = made(must_cover=["mortality", "propofol", "recovery"])
    assert {section.kind: [point.text for point in section.must_cover] for section in brief.sections} == {
        "sedation": ["doses", "propofol"], "outcomes": ["mortality", "recovery"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("Local and systemic therapy of malignant glioma", ChapterKind.THERAPY),
        ("Radiotherapy for spinal metastases", ChapterKind.THERAPY),
        ("Technique of ventriculoperitoneal shunting", ChapterKind.TECHNIQUE),
        ("Anatomy of the insula", ChapterKind.ANATOMY),
        ("Chronic subdural haematoma", ChapterKind.DISEASE),
        ("Meningioma: technique of resection", ChapterKind.DISEASE),
        ("Treatment response in glioma", ChapterKind.DISEASE),
    ],
)
def test_brief__without_a_kind__has_that_of_its_topic(topic: str, kind: ChapterKind) -> None:
    assert chapter_brief("a-chapter", request_from({"topic": topic}), today=TODAY).kind is kind


def test_brief__kind_that_the_author_names__wins_over_the_topic() -> None:
    made = chapter_brief("a-chapter", request_from({"topic": "Anatomy of the insula", "kind": "disease"}), today=TODAY)
    assert made.kind is ChapterKind.DISEASE


def test_brief__disease_without_operation__is_not_asked_for_one_unless_the_author_is() -> None:
    def sections(**values: object) -> set[str]:
        request = request_from({"topic": "Type 2 diabetes", **values})
        return {section.kind for section in chapter_brief("a-chapter", request, today=TODAY).sections}

    assert "surgical_treatment" not in sections()
    assert "surgical_treatment" in sections(kind="disease")
    assert "surgical_treatment" in sections(sections=[{"kind": "surgical_treatment", "title": "Bariatric surgery"}])
