"""The measure of filled study records: answers are read as replies, hold no text of articles, and are better than rules alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.annotated_findings import load
from benchmarks.filled_records import ANSWERS, answered, digest, measured, record_of, write_requests
from chapter_pipeline.domain.tasks import StudyRecordReply
from chapter_pipeline.evidence.record_blocks import numbered
from chapter_pipeline.evidence.record_verification import MOST_NAME_WORDS
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.providers.structured_output import read_reply
from tests.evidence.record_replies import reply_json, stated
from tests.evidence.test_record_verification import source


def test_answers__of_annotated_articles__are_replies_of_references_and_short_fields() -> None:
    pairs = answered()
    assert len(pairs) == len(list(ANSWERS.glob("*.json"))) >= 4
    assert {reading.file for reading, _ in pairs} <= {one.file for one in load()}
    for _, answer in pairs:
        reply = read_reply(json.dumps(answer["reply"]), StudyRecordReply)
        assert len(answer["request"]) == 64
        for one in reply.findings:
            for name in (one.intervention, one.comparator, one.outcome, one.disease, one.population, one.time_point):
                assert len((name or "").split()) <= MOST_NAME_WORDS


def test_digest__of_a_request__changes_with_its_text() -> None:
    whole, reply = numbered(source()), reply_json(stated("s3"), stated("t1r1"))
    assert digest(whole, reply) == digest(numbered(source()), reply)
    assert digest(whole, reply) != digest(numbered(source(), tokens=100), reply)
    assert digest(whole, reply) != digest(whole, reply_json(stated("s3")))
    by_rules = study_record(source())
    record = record_of({"reply": reply_json(stated("s3", outcome="Recurrence"))}, whole, source(), by_rules)
    assert [one.outcome for one in record.findings if one.made_by == "by hand"] == ["Recurrence"]


@pytest.mark.corpus
def test_measured__answers_of_four_articles__choose_more_main_findings_than_rules(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = measured(answered(), corpus / "library", told=False)
    if figures["rules"]["articles"] < 4:
        pytest.skip("the text of the articles is read otherwise since the answers were written: write them again")
    assert figures["filled"]["main_chosen"] > figures["rules"]["main_chosen"]
    assert figures["filled"]["main_findings"] >= figures["rules"]["main_findings"]
    assert "is left out" not in capsys.readouterr().out
    write_requests(corpus / "library", tmp_path)
    sent = {path.stem for path in tmp_path.glob("*.txt")}
    assert {Path(reading.file).stem for reading, _ in answered()} <= sent
