"""A section by a language model: what the model is told, and what becomes of paragraphs in which a fault is found."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from chapter_pipeline.domain import DroppedSentence, PlannedStudy, Quote, SectionPlan
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.domain.tasks import SectionReply, SectionRequest
from chapter_pipeline.errors import ModelRefused
from chapter_pipeline.providers.language_sections import (
    LEFT_OUT,
    ROUNDS,
    WITH_ITS_CAVEAT,
    WITH_ITS_CLAIM,
    opaque,
    write_section,
)
from chapter_pipeline.providers.prompts import Prompt

DRAIN = "A subdural drain lowered recurrence from 24% to 9.3%."
SMALL = "However, the trial was stopped early and was small."
STEROID = "Dexamethasone did not improve functional outcome at six months."
LIE = "A subdural drain lowered recurrence from 24% to 4.1%."


def quote(key: str, text: str, source: str) -> Quote:
    return Quote(
        key=key, source=source, document=source, page=1, start=0, end=len(text), text=text, display=text,
        document_section="Results", study_type=StudyType.RANDOMISED_TRIAL, evidence_level=2, year=2009, relevance=0.5,
        finding=FindingKind.OWN_RESULT, species=Species.HUMAN, main=True,
    )  # fmt: skip


QUOTES = (
    quote("q1", DRAIN, "santarius2009"),
    quote("q2", SMALL, "santarius2009"),
    quote("q3", STEROID, "hutchinson2020"),
)
KEYS = {one.key: key for key, one in opaque(QUOTES).items()}
STUDY = PlannedStudy(
    source="santarius2009", citation="Santarius et al. 2009", title="Use of drains", design=StudyType.RANDOMISED_TRIAL,
    level=2, year=2009, condition="chronic subdural haematoma", n=215,
)  # fmt: skip


def asked(**plan: Any) -> SectionRequest:
    earlier, cut = plan.pop("earlier", ()), plan.pop("cut", ())
    return SectionRequest(
        topic="Chronic subdural haematoma", audience="neurosurgeons", earlier=earlier, cut=cut,
        plan=SectionPlan(
            kind="surgery", title="Surgery", purpose="Operations.", word_budget=100, subsections=(), quotes=QUOTES,
            studies=(STUDY,), **plan,
        ),
    )  # fmt: skip


def said(text: str, *keys: str) -> dict[str, Any]:
    return {"text": text, "keys": [KEYS.get(key, key) for key in keys]}


class Model:
    """An `Ask` that writes one paragraph and then gives the rewritten ones in turn; keeps what it was asked."""

    def __init__(self, written: Sequence[dict[str, Any]], *rewritten: Sequence[dict[str, Any]] | None) -> None:
        self._replies: list[dict[str, Any]] = [
            {"subsections": [{"title": "", "paragraphs": [{"sentences": list(written)}]}]}
        ]
        self._replies += [
            {"paragraphs": [] if one is None else [{"number": 1, "sentences": list(one)}]} for one in rewritten
        ]
        self.asked: list[tuple[str, str]] = []

    def __call__(
        self, purpose: str, prompt: Prompt, filled: str, reply_type: type[BaseModel], max_output_tokens: int,
        pictures: object = (),
    ) -> Any:  # fmt: skip
        self.asked.append((purpose, filled))
        return reply_type.model_validate(self._replies[len(self.asked) - 1])


def texts(reply: SectionReply) -> list[str]:
    return [s.text for part in reply.subsections for p in part.paragraphs for s in p.sentences]


def dropped(reply: SectionReply) -> dict[str, str]:
    return {one.text: one.reason for one in reply.dropped}


def data(filled: str, name: str) -> Any:
    match = re.search(rf"<{name}>\n(.*?)\n</{name}>", filled, re.DOTALL)
    assert match is not None
    return json.loads(match[1])


def test_write_section__nothing_wrong__is_asked_once() -> None:
    model = Model([said(DRAIN, "q1"), said(STEROID, "q3")])
    reply = write_section(asked(), model)
    assert (texts(reply), dropped(reply), [name for name, _ in model.asked]) == ([DRAIN, STEROID], {}, ["section"])


def test_write_section__evidence__is_given_by_work_with_status_and_what_is_known_of_the_work() -> None:
    model = Model([said(DRAIN, "q1")])
    write_section(asked(), model)
    first, second = data(model.asked[0][1], "evidence")
    assert {name: value for name, value in first.items() if name != "passages"} == {
        "work": "Santarius et al. 2009", "title": "Use of drains", "design": "randomised controlled trial", "level": 2,
        "year": 2009, "condition": "chronic subdural haematoma", "subjects": 215,
    }  # fmt: skip
    assert list(first["passages"]) == [KEYS["q1"], KEYS["q2"]]
    assert first["passages"][KEYS["q1"]] == {
        "text": DRAIN, "status": "own result", "about": "human", "heading": "Results", "main": True,
    }  # fmt: skip
    assert (second["work"], list(second["passages"])) == ("hutchinson2020", [KEYS["q3"]])


def test_write_section__revision__sees_the_earlier_text_and_what_was_cut() -> None:
    model = Model([said(DRAIN, "q1")])
    cut = DroppedSentence(text=LIE, reason="has another number")
    write_section(asked(earlier=("Drains help.",), cut=(cut,)), model)
    filled = model.asked[0][1]
    assert (data(filled, "earlier"), data(filled, "cut")) == (["Drains help."], [[LIE, "has another number"]])


def test_write_section__fault__goes_back_with_its_whole_paragraph_and_is_mended() -> None:
    model = Model([said(LIE, "q1"), said(STEROID, "q3")], [said(DRAIN, "q1"), said(STEROID, "q3")])
    reply = write_section(asked(), model)
    assert (texts(reply), dropped(reply)) == ([DRAIN, STEROID], {})
    ((first, second),) = [one["sentences"] for one in data(model.asked[1][1], "paragraphs")]
    assert "4.1" in first["fault"]
    assert second == {"text": STEROID, "keys": [KEYS["q3"]]}


def test_write_section__fault_that_stays__goes_back_twice_and_is_dropped_with_its_reason() -> None:
    again = [said(LIE, "q1"), said(STEROID, "q3")]
    model = Model(again, again, again)
    reply = write_section(asked(), model)
    assert [name for name, _ in model.asked] == ["section"] + ["section_repair"] * ROUNDS
    assert texts(reply) == [STEROID]
    assert "4.1" in dropped(reply)[LIE]


def test_write_section__rewriting_that_makes_it_worse__is_not_taken() -> None:
    worse = [said(LIE, "q1"), said("Dexamethasone cured 88% of them.", "q3")]
    model = Model([said(LIE, "q1"), said(STEROID, "q3")], worse, None)
    assert texts(write_section(asked(), model)) == [STEROID]


def test_write_section__sentence_left_out_by_the_rewriting__is_told_with_what_was_wrong() -> None:
    model = Model([said(LIE, "q1"), said(SMALL, "q2"), said(STEROID, "q3")], [said(STEROID, "q3")])
    reply = write_section(asked(), model)
    assert texts(reply) == [STEROID]
    assert "4.1" in dropped(reply)[LIE]
    assert dropped(reply)[SMALL] == LEFT_OUT


def test_write_section__claim_that_is_dropped__takes_its_caveat_along() -> None:
    again = [said(LIE, "q1"), said(SMALL, "q2"), said(STEROID, "q3")]
    reply = write_section(asked(), Model(again, again, again))
    assert texts(reply) == [STEROID]
    assert dropped(reply)[SMALL] == WITH_ITS_CLAIM


def test_write_section__caveat_that_is_dropped__takes_its_claim_along() -> None:
    false = "However, the trial was stopped after 81 of its patients and was small."
    again = [said(STEROID, "q3"), said(DRAIN, "q1"), said(false, "q2")]
    reply = write_section(asked(), Model(again, again, again))
    assert texts(reply) == [STEROID]
    assert dropped(reply)[DRAIN] == WITH_ITS_CAVEAT
    assert "81" in dropped(reply)[false]


@pytest.mark.parametrize("key", ["abcde", ""])
def test_write_section__unknown_key__is_a_fault(key: str) -> None:
    again = [{"text": STEROID, "keys": [key]}, said(DRAIN, "q1")]
    reply = write_section(asked(), Model(again, again, again))
    assert texts(reply) == [DRAIN]
    assert "is no key" in dropped(reply)[STEROID]


def test_write_section__nothing_left__is_refused() -> None:
    with pytest.raises(ModelRefused, match="not one sentence"):
        write_section(asked(), Model([said(LIE, "q1")], [said(LIE, "q1")], [said(LIE, "q1")]))
