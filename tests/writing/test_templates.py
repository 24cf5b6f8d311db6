"""Templates of the package and of authors, and what a brief changes of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from chapter_pipeline.domain import ChapterBrief, ChapterKind
from chapter_pipeline.domain.brief import AnswerForm
from chapter_pipeline.errors import InvalidBrief
from chapter_pipeline.writing.brief import chapter_brief, request_from, request_from_yaml
from chapter_pipeline.writing.templates import read_template, template

OWN: dict[str, Any] = {
    "name": "intensive care",
    "sections": [
        {
            "kind": "sedation", "title": "Sedation", "purpose": "Which drugs, and how deep.", "share": 0.5,
            "queries": ["sedation in {topic}"], "must_cover": [{"text": "doses", "terms": ["mg"], "critical": True}],
        },
        {"kind": "outcomes", "title": "Outcomes", "purpose": "What is reached.", "share": 0.5, "queries": ["outcome"]},
    ],
}  # fmt: skip


def made(**request: Any) -> ChapterBrief:
    return chapter_brief("a-chapter", request_from({"topic": "Head injury", **request}), today=date(2026, 1, 1))


def kinds(brief: ChapterBrief) -> list[str]:
    return [section.kind for section in brief.sections]


@pytest.mark.parametrize("kind", list(ChapterKind))
def test_template__of_the_package__is_whole(kind: ChapterKind) -> None:
    found = template(kind)
    assert 0.9 < sum(section.share for section in found.sections) < 1.2
    assert all("{topic}" in " ".join(section.queries) for section in found.sections)
    assert any(point.critical for section in found.sections for point in section.must_cover)
    assert any(section.figures for section in found.sections)


def test_template__disease__asks_for_what_a_clinician_needs() -> None:
    points = {point.text for section in template(ChapterKind.DISEASE).sections for point in section.must_cover}
    assert points >= {
        "indications for treatment", "contraindications", "complications of treatment", "management of complications",
        "drug doses with units", "follow-up",
    }  # fmt: skip


def test_brief__sections_retitled_dropped_reordered_and_added() -> None:
    brief = made(
        sections=[
            {"kind": "diagnosis", "title": "Imaging", "share": 0.2, "must_cover": ["perfusion"], "clinical": False},
            {"kind": "special_situations", "drop": True},
            {
                "kind": "anaesthesia", "title": "Anaesthesia", "purpose": "How the airway is kept.", "clinical": True,
                "must_cover": [{"text": "airway management", "terms": ["airway", "intubat"], "critical": False}],
            },
        ],
        order=["diagnosis", "introduction"],
    )  # fmt: skip
    assert kinds(brief)[:2] == ["diagnosis", "introduction"]
    assert kinds(brief)[-1] == "anaesthesia"
    assert "special_situations" not in kinds(brief)
    imaging = brief.sections[0]
    assert (imaging.title, imaging.share) == ("Imaging", 0.2)
    assert imaging.must_cover[-1].text == "perfusion"
    assert imaging.must_cover[-1].critical
    assert "perfusion in Head injury" in imaging.queries
    added = brief.sections[-1]
    assert added.queries[0] == "Anaesthesia in Head injury"
    assert [(point.terms, point.critical) for point in added.must_cover] == [(("airway", "intubat"), False)]
    assert {point.section for point in added.must_cover} == {"anaesthesia"}
    clinical = {section.kind: section.clinical for section in brief.sections}
    assert (clinical["diagnosis"], clinical["anaesthesia"], clinical["outcomes"]) == (False, True, True)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"sections": [{"kind": "anecdotes", "drop": True}]}, "drops the section 'anecdotes': there are introduction"),
        ({"sections": [{"kind": "anecdotes"}]}, "adds the section 'anecdotes', which its template has not: give it a"),
        ({"order": ["anecdotes"]}, "order names the section 'anecdotes'"),
        ({"sections": [{"kind": "Not A Kind"}]}, "'sections.0.kind' has the value 'Not A Kind'"),
        ({"sections": [{"kind": "../etc"}]}, "a section kind is 1 to 40 lower-case letters and underscores"),
        ({"template": {**OWN, "sections": [{**OWN["sections"][0], "kind": "section/.."}]}}, "'choosing_patients'"),
        ({"sections": [{"kind": "outcomes", "colour": "red"}]}, "unknown key 'sections.0.colour'"),
        ({"figures": "some"}, "'figures' has the value 'some'"),
        ({"template": {"name": "x"}}, "template: name has the value 'x'"),
        ({"template": {**OWN, "sections": []}}, "template: sections has the value"),
        ({"template": {**OWN, "sections": OWN["sections"] * 2}}, "the section kind 'sedation' stands in it twice"),
        (
            {"template": OWN, "sections": [{"kind": kind, "drop": True} for kind in ("sedation", "outcomes")]},
            "drops every section",
        ),
    ],
)  # fmt: skip
def test_brief__change_that_cannot_be_made__is_refused_by_name(request_: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidBrief) as caught:
        made(**request_)
    assert said in str(caught.value)


def test_brief__own_template__beside_the_brief_is_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "care.yaml").write_text(yaml.safe_dump(OWN))
    (tmp_path / "brief.yaml").write_text("topic: Head injury\ntemplate: care.yaml\n")
    request = request_from_yaml(tmp_path / "brief.yaml")
    brief = chapter_brief("a-chapter", request, today=date(2026, 1, 1))
    assert (brief.template, kinds(brief)) == ("intensive care", ["sedation", "outcomes"])
    assert brief.sections[0].queries == ("sedation in Head injury",)


def test_read_template__unusable_file__says_why(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    for content, said in (("[a", "is not YAML"), ("- a\n", "has to be a YAML mapping"), ("name: care\n", "sections")):
        file.write_text(content)
        with pytest.raises(InvalidBrief, match=said):
            read_template(file)
    with pytest.raises(InvalidBrief, match="cannot read the template"):
        read_template(tmp_path / "none.yaml")


def with_form(form: str) -> dict[str, Any]:
    """The author's own template whose point on doses is answered in the form."""
    section = {
        **OWN["sections"][0],
        "must_cover": [{"text": "doses", "terms": ["mg"], "form": form, "near": ["amount"]}],
    }
    return {**OWN, "sections": [section, OWN["sections"][1]]}


def test_own_template__form_of_an_answer__is_kept_and_may_be_left_out() -> None:
    asked = made(template=with_form("dose")).must_cover[0]
    assert (asked.form, asked.near) == (AnswerForm.DOSE, ("amount",))
    assert made(template=OWN).must_cover[0].form is AnswerForm.STATEMENT


def test_own_template__unknown_form__is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidBrief, match=r"form has the value 'guess': .*'operative step'"):
        made(template=with_form("guess"))
