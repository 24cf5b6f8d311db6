"""Owns what a sentence is to its chapter: a claim, a synthesis of sources, or a signpost that says nothing false."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.domain import Quote, SentenceRole
from chapter_pipeline.quality.checking.drugs import drugs
from chapter_pipeline.quality.checking.quantities import quantities
from chapter_pipeline.quality.checking.scales import ways
from chapter_pipeline.quality.checking.text import plain

_LEADS = re.compile(
    r"\b(?:this (?:section|chapter)|debate[ds]?|controvers\w+|challeng\w+|disputed|burden|concern|interest|attention|questions?|problems?|"
    r"depends? on|remains? (?:open|unclear|uncertain|controversial|a matter)|rests? on|various|several|recogni[sz]ed|discussed|considered|"
    r"below|following|turn to|first|finally|in summary|overview)\b|\?",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"\b(?:found|showed?|shown|demonstrat\w+|associat\w+|correlat\w+|caus\w+|effective\w*|efficac\w+|safe\w*|surviv\w+|mortality|death|die[ds]?|"
    r"cure[ds]?|respon\w+|risk|toxic\w*|recommend\w+|contraindicat\w+|differ\w*|significan\w+|than|no|not|never|none|without|must|"
    r"should|treat\w* with|given|received?)\b",
    re.IGNORECASE,
)


def role_of(text: str, quotes: Sequence[Quote]) -> SentenceRole:
    """The role of a sentence that cites `quotes`.

    A signpost leads the reader: it has no number, no comparison, no drug and no word of a result. A synthesis brings
    several sources together.
    """
    said = plain(text)
    if _LEADS.search(said) and not (_RESULT.search(said) or quantities(said) or ways(said) or drugs(said)):
        return SentenceRole.SIGNPOST
    return SentenceRole.SYNTHESIS if len({quote.source for quote in quotes}) > 1 else SentenceRole.CLAIM
