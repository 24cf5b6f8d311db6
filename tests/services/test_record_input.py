"""What a person writes of a record: every field's good forms, and one clear error for each bad one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from chapter_pipeline.domain.bibliography import Author, RecordField, value_text
from chapter_pipeline.errors import UsageError
from chapter_pipeline.services.record_input import assignments, parsed_fields
from chapter_pipeline.writing.authored_yaml import read_mapping

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("given", "field", "expected"),
    [
        ("year=2017", "year", "2017"),
        ("year=1500", "year", "1500"),
        ("year=2027", "year", "2027"),
        ("published=2017-05", "published", "2017-05"),
        ("published=2016-02-29", "published", "2016-02-29"),
        ("doi=https://doi.org/10.1016/S0140-6736(09)61115-6", "doi", "10.1016/s0140-6736(09)61115-6"),
        ("doi=doi: 10.5555/Ab.1", "doi", "10.5555/ab.1"),
        ("pmid=19782872", "pmid", "19782872"),
        ("pmcid=pmc7100001", "pmcid", "PMC7100001"),
        ("pages=1067 – 1073", "pages", "1067-1073"),
        ("language=EN", "language", "en"),
        ("study_design=randomised_trial", "study_type", "randomised controlled trial"),
        ("study_type=Study protocol", "study_type", "study protocol"),
        ("license=CC BY 4.0", "licence", "CC BY 4.0"),
        ("title= A title: with = in it ", "title", "A title: with = in it"),
        ("authors=Okafor, Ada; Lind, Per, Jr;{Drain Group, North};Hippocrates", "authors",
         "Okafor, Ada; Lind, Per, Jr; {Drain Group, North}; Hippocrates"),
    ],
)  # fmt: skip
def test_field__of_a_command_line__becomes_its_value(given: str, field: str, expected: str) -> None:
    found = parsed_fields(assignments([given]), today=TODAY, from_text=True)
    assert value_text(found[RecordField(field)]) == expected


def test_published__without_a_year__gives_the_year_too() -> None:
    assert parsed_fields({"published": "2017-05"}, today=TODAY, from_text=True)[RecordField.YEAR] == 2017
    both = parsed_fields({"published": "2017-05", "year": "2018"}, today=TODAY, from_text=True)
    assert both[RecordField.YEAR] == 2018


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("yaer=2017", "has no field 'yaer': choose from title, authors, year"),
        ("year", "names no value: write --field FIELD=VALUE"),
        ("year=20017", "the year '20017' cannot be taken: give four digits from 1500 to 2027"),
        ("year=1499", "four digits from 1500 to 2027"),
        ("year=2028", "four digits from 1500 to 2027"),
        ("year=٢٠١٧", "four digits"),
        ("year=", "a value ('none' when the work has no such thing, --unset year takes back"),
        ("published=2017", "an ISO date such as 2017-05-03"),
        ("published=2017-13", "an ISO date"),
        ("published=2017-02-29", "an ISO date"),
        ("published=3 May 2017", "an ISO date"),
        ("published=2029-01", "four digits from 1500 to 2027"),
        ("doi=11.5555/a", "the doi '11.5555/a' cannot be taken: give a DOI such as"),
        ("doi=10.5555/", "a DOI such as"),
        ("doi=10.5555/a b", "a DOI such as"),
        ("doi=10.5555/a.", "a DOI such as"),
        ("doi=https://example.org/10.5555/a", "a DOI such as"),
        ("pmid=PMC71", "a PMID of up to eight digits"),
        ("pmid=123456789", "a PMID of up to eight digits"),
        ("pmid=0", "a PMID of up to eight digits"),
        ("pmcid=71", "a PMCID such as"),
        ("language=english", "a language of two letters"),
        ("study_type=trial", "one of 'systematic review or meta-analysis', 'randomised controlled trial'"),
        ("authors=Ada Okafor", "Family, Given, or a group in braces"),
        ("authors=Okafor, A, Lind, P", "authors apart from each other"),
        ("authors= ; ", "at least one author"),
        ("authors={}", "{Study Group}"),
        ("title=\x1b[2J", "control character"),
        ("title=" + "x" * 501, "at most 500 characters"),
    ],
)
def test_field__of_a_command_line__bad_input_is_refused_with_the_remedy(given: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parsed_fields(assignments([given]), today=TODAY, from_text=True)
    assert said in str(refused.value)


def test_field__given_twice__is_refused() -> None:
    for given in (["year=2017", "year=2018"], ["license=CC0", "licence=CC BY"]):
        with pytest.raises(UsageError, match="given twice"):
            parsed_fields(assignments(given), today=TODAY, from_text=True)


GOOD = """
title: Glioma surgery in adults
authors:
  - Okafor, Ada
  - {family: Lind, given: Per}
  - {collective: "Drain Group"}
year: 2017
published: 2017-05-03
volume: 12
pages: 101-109
pmid: 71
"""


def test_yaml__a_whole_record__becomes_its_values(tmp_path: Path) -> None:
    (tmp_path / "record.yaml").write_text(GOOD)
    found = parsed_fields(read_mapping(tmp_path / "record.yaml", "record"), today=TODAY, from_text=False)
    assert found == {
        RecordField.TITLE: "Glioma surgery in adults",
        RecordField.AUTHORS: (
            Author(family="Okafor", given="Ada"), Author(family="Lind", given="Per"), Author(collective="Drain Group"),
        ),
        RecordField.YEAR: 2017, RecordField.PUBLISHED: "2017-05-03", RecordField.VOLUME: "12",
        RecordField.PAGES: "101-109", RecordField.PMID: "71",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"authors": "Okafor, Ada; Lind, Per"}, "a list with one author in each entry"),
        ({"authors": []}, "at least one author"),
        ({"authors": [{"family": "Okafor", "initials": "A"}]}, "['initials'] is unknown"),
        ({"authors": [{"given": "Ada"}]}, "family and given, or collective"),
        ({"authors": [{"collective": "Group", "given": "Ada"}]}, "family and given, or collective"),
        ({"authors": [{"collective": "Group", "family": "Okafor"}]}, "family and given, or collective"),
        ({"authors": [["Okafor"]]}, "one text"),
        ({"authors": [7, None]}, "--unset authors"),
        ({"year": 20017}, "four digits from 1500 to 2027"),
        ({"year": None}, "a value ('none' when the work has no such thing, --unset year takes back"),
        ({"year": True}, "one text"),
        ({"year": 2017.5}, "one text"),
        ({"volume": 10**30}, "a shorter number"),
        ({"title": ["a", "b"]}, "one text"),
        ({"pages": {"first": 1}}, "one text"),
        ({"venue": "J Samples"}, "has no field 'venue'"),
    ],
)
def test_yaml__bad_values__are_refused_with_the_remedy(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parsed_fields(yaml.safe_load(yaml.safe_dump(given)), today=TODAY, from_text=False)
    assert said in str(refused.value)
