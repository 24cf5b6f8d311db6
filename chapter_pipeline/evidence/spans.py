"""Owns which sentences a reader needs to understand a statement alone: those of its paragraph that it refers to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.domain.evidence import Span
from chapter_pipeline.evidence.source import Statement

MOST = 3
"""Sentences of a finding, the stated one included; a longer reference back is left to the reader's source."""
_I = re.IGNORECASE
_REFERS = re.compile(
    r"^(?:and |but |so |yet |or |nor |for )?(?:th(?:is|ese|ose|ey|eir|em)\b|that (?:is|was|study|group|result|finding)|it(?:s|self)?\b|he\b|she\b|his\b|her\b|such\b|however\b|moreover\b|furthermore\b|hence\b|in addition\b|additionally\b|also\b|"
    r"nevertheless\b|nonetheless\b|in contrast\b|by contrast\b|conversely\b|similarly\b|likewise\b|on the (?:other|one) hand\b|second(?:ly)?\b|third(?:ly)?\b|the (?:latter|former|same|other|others|remaining|above|following|difference|differences|effect|effects|increase|decrease|reduction|improvement|findings?|results?|changes?)\b|"
    r"as such\b|as a result\b|consequently\b|accordingly\b|instead\b|indeed\b|in fact\b|in turn\b|for (?:example|instance|this|these|that)\b|(?:in|at|by|with|to|of|from|on|after|before|during|despite|among|for) (?:this|these|those|that|both|all|each|either|neither)\b|"
    r"(?:both|each|all|one|two|three|four|five|most|some|none|neither|either|another|others?) (?:of (?:these|the|them|those)|groups?|arms?|had|were|was)\b|both\b|another\b|others?\b|similar (?:results|findings|trends?)\b|no (?:such|other|differences?|significant differences?)\b|"
    r"(?:while|although|though) (?:highly|being|not|it|they|this|these|the (?:latter|former|device|drug|treatment))\b|an (?:effect|association|increase|improvement) (?:on|of|in|with)\b|fourth(?:ly)?\b|fifth(?:ly)?\b|in comparison\b|"
    r"the (?:device|drug|agent|balloon|sensor|implant|medication|combination|second|first|third|last|next) (?:\w+ ){0,2}?(?:is|was|were|has|had|can|included|showed|may)\b|"
    r"there (?:was|were) (?:also |no )|neither\b|thus\b|therefore\b|then\b|compared (?:with|to) (?:the|this|these)\b|specifically\b|again\b|finally\b|subsequently\b|the (?:proportion|corresponding|respective)\b)",
    _I,
)
# "this phenomenon", "these intriguing findings": a thing that an earlier sentence names, but for the document itself.
_WITHIN = re.compile(
    r"\b(?:this|these|those|such|the latter|the former|the same)\s(?:[\w-]+\s)?(?!(?:stud(?:y|ies)|trials?|reviews?|analys[ie]s|series|cohort|report|paper|article|meta-analysis|work|disease|is|are|was|were|has|have|may|can|would|could|will|that|of|who|with|as|a|an|and|to|in)\b)[a-z]{3,}",
    re.IGNORECASE,
)
_REVERSES = re.compile(
    r"(?:However|But|Nevertheless|Nonetheless|Yet|Conversely|After (?:adjust|control|correct)\w+|When (?:adjust|control)\w+)\b"
)


def refers_back(text: str) -> bool:
    """Whether a reader needs the sentence before to know what this one speaks of."""
    return _REFERS.match(text) is not None or _WITHIN.search(text[:90]) is not None


def context_of(statement: Statement, all_of_them: Sequence[Statement]) -> tuple[tuple[Span, ...], int]:
    """The spans of a finding, and the place of the stating one among them.

    A sentence behind it that limits or reverses it ("However, after adjustment ...") belongs to it.
    """
    first = statement
    before: list[Span] = []
    while len(before) < MOST - 1 and refers_back(first.text) and first.position > 0:
        previous = all_of_them[first.number - 1]
        if previous.paragraph != statement.paragraph:
            break
        before.insert(0, previous.span)
        first = previous
    spans = (*before, statement.span)
    behind = statement.number + 1
    if behind < len(all_of_them):
        following = all_of_them[behind]
        if following.paragraph == statement.paragraph and _REVERSES.match(following.text):
            spans = (*spans, following.span)
    return spans, len(before)
