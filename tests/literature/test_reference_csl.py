"""CSL-JSON as programs write it, and what of a broken file is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chapter_pipeline.domain import Work
from chapter_pipeline.errors import UsageError
from chapter_pipeline.literature.reference_csl import read_csl_json
from chapter_pipeline.literature.reference_fields import MAX_FIELD
from chapter_pipeline.literature.reference_files import read_references

ITEM: dict[str, Any] = {
    "id": "okafor2021",
    "type": "article-journal",
    "title": "Drainage of chronic subdural haematoma: a cohort study",
    "author": [
        {"family": "Berg", "given": "Jan", "non-dropping-particle": "van den"},
        {"family": "King", "given": "Martin", "suffix": "Jr"},
        {"literal": "Drain Group"},
    ],
    "container-title": "Journal of Samples",
    "volume": 12,
    "issue": "3",
    "page": "101–109",
    "issued": {"date-parts": [[2021, 11, 3]]},
    "DOI": "10.5555/KNOWN",
    "PMID": "71",
}
WORK = Work(
    title=ITEM["title"], authors=("van den Berg, Jan", "King, Martin, Jr", "{Drain Group}"), year=2021,
    journal="Journal of Samples", volume="12", issue="3", pages="101-109", doi="10.5555/known", pmid="71",
    origin="references/a.json",
)  # fmt: skip


@pytest.mark.parametrize("whole", [[ITEM], ITEM, {"items": [ITEM]}], ids=["list", "one item", "items"])
@pytest.mark.parametrize("name", ["references/a.json", "references/a.txt"])
def test_read__each_form_of_a_file__gives_the_work(whole: object, name: str) -> None:
    (work,) = read_references(name, json.dumps(whole, ensure_ascii=False).encode()).works
    assert work.model_copy(update={"origin": "references/a.json"}) == WORK


@pytest.mark.parametrize(
    ("issued", "year"),
    [({"raw": "3 Nov 2021"}, 2021), ({"literal": "in 2020"}, 2020), ({"date-parts": [[]]}, None), ("2021", None)],
)
def test_read__dates__are_read_as_far_as_they_are_dates(issued: object, year: int | None) -> None:
    (work,) = read_references("a.json", json.dumps([{**ITEM, "issued": issued}]).encode()).works
    assert work.year == year


def test_read__a_bad_item_among_good_ones__is_skipped_with_its_line() -> None:
    text = f'[\n{json.dumps(ITEM)},\n"a text",\n{json.dumps({**ITEM, "title": "x" * (MAX_FIELD + 1)})},\n{{"id": 1}}]'
    found = read_references("a.json", text.encode())
    assert [work.title for work in found.works] == [ITEM["title"]]
    bad, long, untitled = found.skipped
    assert "line 3: no item of CSL-JSON but 'a text'" in bad
    assert f"line 4: the field 'title' has {MAX_FIELD + 1} characters" in long
    assert "line 5: no title" in untitled


def test_read__a_file_that_breaks_off__keeps_what_was_whole() -> None:
    found = read_references("a.json", f"[{json.dumps(ITEM)},\n{{".encode())
    assert len(found.works) == 1
    assert "no JSON" in found.skipped[0]


@pytest.mark.parametrize("text", ['{"a": 1}', "[" * 100_000, '[{"title": 7'])
def test_read__no_work_at_all__is_refused_and_says_why(text: str) -> None:
    with pytest.raises(UsageError, match=r"no entry of 'a\.json' can be used"):
        read_references("a.json", text.encode())


def test_read__empty_list__has_no_reference() -> None:
    assert read_csl_json("[]") == []
    with pytest.raises(UsageError, match="CSL-JSON"):
        read_references("a.json", b"[]")
