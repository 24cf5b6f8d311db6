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
    r"there (?:was|were) (?:also |no )|neither\b|thus\b|therefore\b|then\b|compared (?:with|to) (?:the|this|these)\b|specifically\b|again\b|finally\b|subsequently\b|the (?:proportion|corresponding|respective)\b)",
    _I,
)
_WITHIN = re.compile(
    r"\b(?:this|these|those|the latter|the former|the same|such) (?:\w+ )?(?:study|studies|trials?|patients?|groups?|effects?|findings?|results?|differences?|approach(?:es)?|treatments?|cohorts?|animals?|mice|model|population|subjects?|analysis|cells|"
    r"associations?|outcomes?|values?|data|measures?|parameters?|drugs?|agents?|symptoms?|interventions?|procedures?|changes?|tumou?rs?|complications?)\b",
    _I,
)


def refers_back(text: str) -> bool:
    """Whether a reader needs the sentence before to know what this one speaks of."""
    return _REFERS.match(text) is not None or _WITHIN.search(text[:90]) is not None


def context_of(statement: Statement, all_of_them: Sequence[Statement]) -> tuple[tuple[Span, ...], int]:
    """The spans of a finding, and the place of the stating one among them."""
    first = statement
    before: list[Span] = []
    while len(before) < MOST - 1 and refers_back(first.text) and first.position > 0:
        previous = all_of_them[first.number - 1]
        if previous.paragraph != statement.paragraph:
            break
        before.insert(0, previous.span)
        first = previous
    return (*before, statement.span), len(before)
