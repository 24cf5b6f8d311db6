"""The measure of chapters by questions: a finding stands in a chapter when one of its places is quoted there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.annotated_findings import letters
from benchmarks.questions import _stands, chapter_texts, cited_documents, document_names

SAID = {"lind2019": letters("Recurrence was 9.3% with a drain.")}


@pytest.mark.parametrize(
    ("finding", "stands"),
    [
        ({"article": "lind2019", "begins": "Recurrence was 9.3%"}, True),
        ({"article": "lind2019", "begins": "recurrence was 9.3 %"}, True),
        ({"article": "lind2019", "begins": "Recurrence was 24%"}, False),
        ({"article": "okafor2022", "begins": "Recurrence was 9.3%"}, False),
        ({"article": "lind2019", "begins": "In all", "also": [{"begins": "with a drain"}]}, True),
        ({"article": "lind2019", "begins": "In all", "text_layer_begins": "with a drain"}, True),
    ],
)
def test_stands__place_of_a_finding__is_quoted_or_not(finding: dict[str, Any], stands: bool) -> None:
    assert _stands(finding, SAID) is stands


def written() -> Any:
    def sentence(*quotes: str) -> Any:
        return SimpleNamespace(quotes=quotes)

    section = SimpleNamespace(sentences=(sentence("a"), sentence()), table_claims=(sentence("b"),))
    quotes = {
        "a": SimpleNamespace(document="k1", text="Recurrence was 9.3%."),
        "b": SimpleNamespace(document="k2", text="Deaths were rare."),
        "unused": SimpleNamespace(document="k3", text="Never cited."),
    }
    return SimpleNamespace(chapter=SimpleNamespace(sections=(section,), quotes=quotes))


def test_chapter_texts__quotes_of_sentences_and_tables__are_by_article() -> None:
    said = chapter_texts(written(), {"k1": ["lind2019", "copy"], "k2": ["okafor2022"], "k3": ["green"]})
    assert said == {
        "lind2019": letters("Recurrence was 9.3%."), "copy": letters("Recurrence was 9.3%."),
        "okafor2022": letters("Deaths were rare."),
    }  # fmt: skip


def test_cited_documents__quotes_in_use__are_told() -> None:
    assert list(cited_documents(written())) == ["k1", "k2"]


def test_document_names__names__are_without_their_endings() -> None:
    library: Any = SimpleNamespace(documents=lambda: [SimpleNamespace(key="k1", names=["in/lind2019.pdf", "copy.pdf"])])
    assert document_names(library) == {"k1": ["lind2019", "copy"]}
