"""A text that a pattern fits is never kept from it by the words that are looked for first."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from chapter_pipeline.documents import injection_patterns
from chapter_pipeline.documents.metadata import citations, repositories, study_statements
from chapter_pipeline.documents.structure import classify, glyphs


def _fitting(pattern: re.Pattern[str]) -> st.SearchStrategy[str]:
    return st.from_regex(pattern)


@given(st.sampled_from(study_statements._MASKS).flatmap(lambda mask: st.tuples(st.just(mask), _fitting(mask[1]))))
def test_masked__text_that_a_pattern_fits__has_one_of_its_hints(
    case: tuple[tuple[tuple[str, ...], re.Pattern[str], str], str],
) -> None:
    (hints, _, _), text = case
    assert any(hint in text.casefold() for hint in hints)


@given(_fitting(repositories._NOTICE))
def test_notice__text_that_the_pattern_fits__has_one_of_its_hints(text: str) -> None:
    assert any(hint in text.casefold() for hint in repositories._NOTICE_HINTS)


@given(_fitting(repositories._DEPOSIT))
def test_deposit__text_that_the_pattern_fits__is_asked(text: str) -> None:
    assert repositories._says_deposit(text, text.casefold())


@settings(max_examples=20)  # to make a text that fits takes up to half a second
@given(st.sampled_from(citations._FORMS).flatmap(lambda form: st.tuples(st.just(form), _fitting(form[2]))))
def test_read_citation__line_that_a_form_fits__has_what_follows_the_journal(
    case: tuple[tuple[object, re.Pattern[str], re.Pattern[str]], str],
) -> None:
    (_, rest, _), text = case
    assert rest.search(text)


@given(_fitting(classify._ENTRY))
def test_entries__text_that_the_pattern_fits__is_counted(text: str) -> None:
    assert classify._may_hold_entries(text)


@given(_fitting(glyphs._STANDS_FOR_ANOTHER))
def test_may_stand_for_another__text_that_the_pattern_fits__is_asked(text: str) -> None:
    assert glyphs.may_stand_for_another(text)


@settings(max_examples=20)
@given(
    st.sampled_from(sorted(injection_patterns._COMPILED)).flatmap(
        lambda name: st.tuples(st.just(name), _fitting(injection_patterns._COMPILED[name]))
    )
)
def test_instruction_spans__text_that_a_pattern_fits__is_found(case: tuple[str, str]) -> None:
    assert injection_patterns.instruction_spans(case[1])
