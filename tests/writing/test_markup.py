"""A section goes to a person as Markdown and comes back; what cites nothing, or nothing known, is refused by name."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain import Section
from chapter_pipeline.errors import UsageError
from chapter_pipeline.writing.markup import parsed_section, section_source
from chapter_pipeline.writing.stages import Stages
from tests.publishing.finished_chapter import FINAL
from tests.writing.test_stages import write

SOURCES = {reference.source.key: reference.source for reference in FINAL.chapter.references}


def parsed(text: str, before: Section = FINAL.chapter.sections[0]) -> Section:
    return parsed_section(text, before, quotes=FINAL.chapter.quotes, sources=SOURCES, by="A. Editor")


def test_round_trip__sections_of_a_chapter__come_back_as_they_were(stages: Stages) -> None:
    chapter = write(stages)
    quotes = {quote.key: quote for quote in chapter.evidence.quotes}
    sources = {source.key: source for source in chapter.research.sources}
    for section in chapter.reviewed.chapter.sections:
        text = section_source(section, quotes, list(quotes.values()))
        back = parsed_section(text, section, quotes=quotes, sources=sources, by="A. Editor")
        told = [s for s in section.sentences if s.quotes]
        assert list(back.sentences) == told, section.kind
        assert (back.title, [sub.title for sub in back.subsections]) == (
            section.title, [sub.title for sub in section.subsections],
        )  # fmt: skip
        labels = [[p.label for p in sub.paragraphs] for sub in section.subsections]
        assert [[p.label for p in sub.paragraphs] for sub in back.subsections] == labels
        assert back.kept
        assert {quote.key for quote in back.quotes} == {
            key for one in (*told, *section.table_claims) for key in one.quotes
        }


def test_parsed__heading_label_and_two_keys__are_read() -> None:
    one, two = list(FINAL.chapter.quotes)[:2]
    made = parsed(
        f"# Another title\n\n*Case series.* First of two,\nin two lines [@{one}; @{two}]. More [@{two}]!\n\n### Then\n\nLast [@{one}]."
    )
    assert made.title == "Another title"
    assert [(sub.title, [p.label for p in sub.paragraphs]) for sub in made.subsections] == [
        (None, ["Case series."]), ("Then", [None]),
    ]  # fmt: skip
    assert [(s.text, s.quotes) for s in made.sentences] == [
        ("First of two, in two lines.", (one, two)), ("More!", (two,)), ("Last.", (one,)),
    ]  # fmt: skip
    assert {source.key for source in made.sources} >= {FINAL.chapter.quotes[one].source}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("In our hands this works.", "'In our hands this works.' cites no quotation"),
        ("This works. That is drained [@{key}].", "'This works.' cites no quotation"),
        ("It is drained [@{key}]. And then", "'And then' cites no quotation"),
        ("It is drained [@qnothing].", "no quotation of this chapter has the key 'qnothing'"),
        ("[@{key}].", "stand behind no sentence"),
        ("## Heading\n\nIt is drained [@{key}].", "'## Heading' is no heading of a section"),
        ("<!-- nothing -->\n", "the file holds no sentence"),
        ("", "the file holds no sentence"),
    ],
)
def test_parsed__what_cannot_stand__is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(text.replace("{key}", next(iter(FINAL.chapter.quotes))))
    assert said in str(caught.value)
