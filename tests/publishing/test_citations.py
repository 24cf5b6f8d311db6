"""Citations of single sentences and the images beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapter_pipeline.domain import ChapterText, NumberedFigure, Sentence
from chapter_pipeline.domain.document import PageSpan
from chapter_pipeline.errors import InvariantViolated
from chapter_pipeline.publishing.citations import Citations, cited_quotes
from chapter_pipeline.publishing.figures import FigureImage, caption_text, load_images, measure
from chapter_pipeline.publishing.pandoc import format_references
from chapter_pipeline.publishing.styles import parse_style
from tests.publishing.finished_chapter import CHAPTER, png, quote, sentence


def shown(nodes: list[dict[str, Any]]) -> str:
    """Inlines as a reader sees them."""
    words: dict[str, Callable[[Any], str]] = {
        "Str": lambda c: c, "Space": lambda _: " ", "Link": lambda c: shown(c[1]), "RawInline": lambda c: c[1],
    }  # fmt: skip
    return "".join(words[node["t"]](node.get("c")) for node in nodes)


def with_quotes(*quotes: tuple[str, str, int]) -> ChapterText:
    known = {key: quote(key, source, page, f"Quote {key}.") for key, source, page in quotes}
    return CHAPTER.model_copy(update={"quotes": known})


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It helps.", "It helps [1(p5)]."),
        ("Does it help?", "Does it help [1(p5)]?"),
        ("It helps...", "It helps... [1(p5)]"),
        ("It helps", "It helps [1(p5)]"),
        ("As “he said.”", "As “he said.” [1(p5)]"),
    ],
)
def test_cite__the_citation_stands_before_the_full_stop(text: str, expected: str, links: bool) -> None:
    citations = Citations(with_quotes(("a", "santarius2009", 5)), links=links)
    assert shown(citations.cite(sentence(text, "a"))).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("vancouver", "It helps [1(pp5–6), 2(p4)]."),
        ("author-year", "It helps (Müller et al. 2021, p 4; Santarius et al. 2009, pp 5–6)."),
    ],
)
def test_cite__quotation_goes_on_behind_a_page_turn__names_both_pages(style: str, expected: str) -> None:
    chapter = with_quotes(("a", "santarius2009", 5), ("b", "mueller2021", 4))
    over = chapter.quotes["a"].model_copy(update={"continued": (PageSpan(page=6, start=0, end=9),)})
    turned = chapter.model_copy(update={"quotes": {**chapter.quotes, "a": over}})
    citations = Citations(turned, links=True, style=parse_style(style))
    assert shown(citations.cite(sentence("It helps.", "a", "b"))).replace("\u00a0", " ") == expected


def test_cite__a_sentence_without_quotes__has_no_citation() -> None:
    assert (
        shown(Citations(CHAPTER, links=True).cite(sentence("The next part tells how."))) == "The next part tells how."
    )


@pytest.mark.parametrize(("links", "expected"), [(True, "See Figure\u00a02."), (False, "See Figure 2.")])
def test_cite__a_cross_reference__keeps_its_number_on_its_line(links: bool, expected: str) -> None:
    citations = Citations(CHAPTER, links=links)
    assert shown(citations.cite(sentence("See Figure 2."))) == expected


def test_cite__quotes_of_one_page__share_a_link_that_shows_them_all() -> None:
    chapter = with_quotes(("a", "santarius2009", 5), ("b", "santarius2009", 5), ("c", "who2016", 2))
    nodes = Citations(chapter, links=True).cite(sentence("It helps.", "c", "b", "a"))
    assert shown(nodes).replace("\u00a0", " ") == "It helps [1(p5), 3(p2)]."
    titles = [node["c"][2][1] for node in nodes if node["t"] == "Link" and node["c"][2][1]]
    assert titles == ["“Quote b.” … “Quote a.”", "“Quote c.”"]


@given(
    st.lists(st.tuples(st.sampled_from(["santarius2009", "mueller2021", "who2016"]), st.integers(1, 40)), max_size=8)
)
def test_cited_quotes__every_quote_of_a_printed_sentence__is_listed_once(places: list[tuple[str, int]]) -> None:
    chapter = with_quotes(*((f"k{index}", source, page) for index, (source, page) in enumerate(places)))
    point = Sentence(text="A claim.", quotes=tuple(chapter.quotes))
    chapter = chapter.model_copy(update={"key_points": (point,), "sections": ()})
    cited = cited_quotes(chapter, Citations(chapter, links=True))
    listed = [entry.key for pages in cited.values() for quotes in pages.values() for entry in quotes]
    assert sorted(listed) == sorted(chapter.quotes)
    assert list(cited) == sorted(cited)


def test_citations__two_references_with_one_number__are_an_error() -> None:
    same = tuple(reference.model_copy(update={"number": 1}) for reference in CHAPTER.references)
    with pytest.raises(InvariantViolated, match="share a number"):
        Citations(CHAPTER.model_copy(update={"references": same}), links=True)


def test_format_references__a_title__keeps_its_capitals_and_a_retraction_is_marked() -> None:
    reference = CHAPTER.references[2]
    retracted = reference.model_copy(update={"source": reference.source.model_copy(update={"retracted": True})})
    nodes = format_references([retracted])[2]
    words = "".join(node["c"] if node["t"] == "Str" else " " for node in nodes)
    assert "of DNA-repair in {GBM}: a $5 question #1" in words
    assert nodes[0]["t"] == "Strong"
    assert not [node for node in nodes if node["t"] == "Span"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png(320, 200), ("image/png", 320, 200)),
        (b"GIF89a\x10\x00\x20\x00" + b"\x00" * 8, ("image/gif", 16, 32)),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08\x00\x20\x00\x10\x03" + b"\x00" * 9, ("image/jpeg", 16, 32)),
        (png(320, 200)[:60], None),
        (png(0, 200), None),
        (b"\xff\xd8\xff\xff", None),
        (b"<svg/>", None),
        (b"", None),
    ],
)
def test_measure__images__are_known_by_their_own_bytes(content: bytes, expected: tuple[str, int, int] | None) -> None:
    assert measure(content) == expected


@given(st.binary(max_size=200), st.sampled_from([b"\xff\xd8\xff", b"GIF89a", b"\x89PNG\r\n\x1a\n", b""]))
def test_measure__any_bytes__never_fail(content: bytes, head: bytes) -> None:
    measured = measure(head + content)
    assert measured is None or measured[1] * measured[2] > 0


@pytest.mark.parametrize(("width", "height"), [(3000, 400), (400, 3000), (60, 40), (1200, 1200)])
def test_load_images__any_shape__stays_on_the_page(width: int, height: int) -> None:
    [image] = load_images(CHAPTER.figures, lambda _: png(width, height)).values()
    assert isinstance(image, FigureImage)
    assert image.width_cm <= 14.0
    assert image.width_cm * height / width <= 10.6


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Fig. 2. Axial image.", "Axial image."),
        ("Figure 3 | Axial image.", "Axial image."),
        ("FIGURE 12: Axial image.", "Axial image."),
        ("Figures of merit by group.", "Figures of merit by group."),
        ("Fig. 2.", "Fig. 2."),
    ],
)
def test_caption_text__the_number_it_had_in_its_source__is_left_out(caption: str, expected: str) -> None:
    figure = CHAPTER.figures[0]
    renamed = figure.model_copy(update={"figure": figure.figure.model_copy(update={"caption": caption})})
    assert isinstance(renamed, NumberedFigure)
    assert caption_text(renamed) == expected
