"""Passages are exact: their offsets give their text, their sentences lie within them in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chapter_pipeline.documents.structure.passages import make_passages, sentence_spans
from chapter_pipeline.domain.document import Block, BlockKind, Metadata, Page, ParsedDocument, Passage


def document(text: str) -> ParsedDocument:
    block = Block(index=0, kind=BlockKind.BODY, start=0, end=len(text), box=(0, 0, 1, 1), section="Results")
    page = Page(number=1, width=1, height=1, text=text, blocks=(block,) if text else ())
    return ParsedDocument(sha256="0" * 64, page_count=1, metadata=Metadata(), pages=(page,))


def cut(text: str, limit: int = 30) -> tuple[Passage, ...]:
    return make_passages(document(text), count_tokens=lambda piece: len(piece.split()), max_tokens=limit)


words = st.sampled_from(
    ["The", "drain", "recurrence", "of", "9.3%", "et al.", "vs.", "Fig. 2", "haematoma.", "Mortality.¹²", "10⁹",
     "(n = 4)",
     "was", "mg.", "Why?", "“Yes.”", "e.g.", "A.", "p < 0.05.", "–"]
)  # fmt: skip


@given(st.lists(words, min_size=1, max_size=120).map(" ".join))
def test_passages__any_text__offsets_are_exact_and_in_order(text: str) -> None:
    last = 0
    for passage in cut(text):
        assert text[passage.start : passage.end] == passage.text
        assert passage.start >= last
        last = passage.end
        inside = passage.start
        for start, end in passage.sentences:
            assert inside <= start < end <= passage.end
            inside = end


@given(st.lists(words, min_size=1, max_size=120).map(" ".join))
def test_sentence_spans__any_text__lose_no_letter(text: str) -> None:
    kept = "".join(text[start:end] for start, end in sentence_spans(text))
    assert "".join(kept.split()) == "".join(text.split())


def test_passages__limit__is_kept() -> None:
    text = " ".join(f"Sentence number {n} says one thing about it." for n in range(40))
    found = cut(text, limit=24)
    assert len(found) > 10
    assert all(len(passage.text.split()) <= 24 for passage in found)


def test_passages__sentence_longer_than_a_passage__is_searchable_and_not_quotable() -> None:
    text = "It " + "goes on and " * 40 + "ends."
    found = cut(text, limit=20)
    assert "".join("".join(p.text for p in found).split()) == "".join(text.split())
    assert all(not passage.sentences for passage in found)


def test_passages__sentence_cut_by_the_page__is_not_quotable() -> None:
    found = cut("and so it was seen. A drain lowers recurrence. The incidence of the disease in")
    assert [found[0].text[start:end] for start, end in found[0].sentences] == ["A drain lowers recurrence."]


def test_sentences__citation_marker_stands_behind_the_stop__belongs_to_its_sentence() -> None:
    text = "Mortality was 4%.¹²,¹³ Recurrence was rare."
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "Mortality was 4%.¹²,¹³",
        "Recurrence was rare.",
    ]


def test_sentences__abbreviations_and_decimals__end_nothing() -> None:
    text = "Santarius et al. reported 9.3% vs. 24% (Fig. 2). Surgery, e.g. burr holes, was common."
    assert len(sentence_spans(text)) == 2


def test_sentence_spans__exponent_before_the_stop__ends_the_sentence_and_a_marker_stays_with_it() -> None:
    text = "Temozolomide was given at 75 mg/m². Patients took it daily.¹² It was tolerated."
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "Temozolomide was given at 75 mg/m².", "Patients took it daily.¹²", "It was tolerated.",
    ]  # fmt: skip
