"""Owns what kind of statement a sentence is, from the part of the article it stands in and from its own words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind
from chapter_pipeline.domain.markers import markers
from chapter_pipeline.evidence.phrases import (
    ADVICE,
    ADVISES,
    AIM,
    AIMS,
    ANSWERS,
    ARRANGED,
    ASKS,
    CITES,
    DEFINES,
    DONE,
    EARLIER,
    ELSEWHERE,
    EMPLOYED,
    ENDS_IT,
    FIRST_STUDY,
    FOUND,
    GOT,
    GROUP,
    GUESSED,
    HEDGED,
    HERE,
    INDEFINITE,
    INFERRED,
    INFERS,
    LEVEL,
    LIKENED,
    LIMITS,
    NAMES_LIMITS,
    NOT_PAST,
    OF_THEM,
    ONE,
    OPENS_AIM,
    OPENS_OWN,
    ORDINAL,
    OTHERS,
    OURS,
    OUTCOME,
    OWN,
    OWN_FINDING,
    PAST,
    PATIENT,
    PRINTED,
    PURPOSE,
    REPORTS,
    SAW,
    SHOWN,
    SHOWS,
    SIGNPOST,
    STRENGTH,
    STRONG_ADVICE,
    STRONG_LIMIT,
    TESTED,
    TO_STUDY,
    TO_WHAT,
    WAS_DONE,
    WE,
    WE_DID,
    WE_FOUND,
    WE_INFER,
)
from chapter_pipeline.evidence.source import Statement, Zone
from chapter_pipeline.evidence.statistics import has_statistics, p_values
from chapter_pipeline.evidence.text import LONGEST, has_one, lowered

FEWEST_WORDS = 4
"""Words of a statement; what is shorter is a label or a fragment."""
_REVIEWS = (StudyType.REVIEW,)


@lru_cache(maxsize=512)
def cites(text: str) -> bool:
    """Whether a sentence names a source: a number in brackets or raised, ``et al``, an author with a year."""
    return next(markers(text), None) is not None or (_may_cite(text) and CITES.search(text) is not None)


_OF_CITATIONS = ("(", "et al", "colleagues", "workers", "associates")


def _may_cite(text: str) -> bool:
    """Whether a text holds what `CITES` is not found without; the number of a citation may end it."""
    return has_one(text, _OF_CITATIONS) or any(map(str.isdigit, text[-3:]))


def kinds_of(statements: Iterable[Statement], study: StudyType) -> list[FindingKind | None]:
    """What each statement is, in reading order; None for signposts and fragments, which say nothing of the subject.

    An abstract without parts goes from what is known to what was done, found and concluded, never back.
    """
    kinds: list[FindingKind | None] = []
    paragraph, begun, found = -1, False, False
    statements = list(statements)
    talk = _Discussion(study, (_folded(one.text) for one in statements if one.zone in _FINDS))
    for statement in statements:
        kind = kind_of(statement, study)
        if statement.zone is Zone.ABSTRACT:
            if statement.paragraph != paragraph:
                paragraph, begun, found = statement.paragraph, False, False
            own = (
                kind in (FindingKind.OWN_METHOD, FindingKind.CASE)
                or OWN.search(_folded(statement.text)) is not None
                or has_statistics(statement.text)
            )
            if (
                not begun
                and not own
                and kind in (FindingKind.OWN_RESULT, FindingKind.CONCLUSION)
                and 2 * statement.position < statement.of
            ):
                kind = FindingKind.BACKGROUND
            elif found and kind is FindingKind.BACKGROUND and study not in _REVIEWS:
                kind = FindingKind.CONCLUSION
            begun = begun or own
            found = found or (kind is FindingKind.OWN_RESULT and begun)
        if statement.zone is Zone.DISCUSSION:
            kind = talk.kind_of(statement, kind)
        kinds.append(kind)
    return kinds


_FINDS = (Zone.RESULTS, Zone.METHODS)
SHARED_NUMBERS = 2


class _Discussion:
    """Whose work a paragraph of a discussion tells of, and whether it lists limitations: no sentence says it alone.

    A result without a word of whose it is belongs to the study where the paragraph told of the study last, or of none yet and
    the sentence names something definite in the past; it is background behind a sentence on other work.
    """

    def __init__(self, study: StudyType, found: Iterable[str]) -> None:
        self._review = study in _REVIEWS
        body = list(found)
        self._numbers = {number for text in body for number in PRINTED.findall(text.replace("·", "."))}
        self._groups = {
            name
            for text in body
            if "group" in text or " arm" in text or " side" in text
            for name in GROUP.findall(text)
        }
        self._paragraph = -1
        self._own: bool | None = None
        self._limits = False

    def kind_of(self, statement: Statement, kind: FindingKind | None) -> FindingKind | None:
        """The kind of the next statement of a discussion, that is `kind` by itself."""
        low = _folded(statement.text)
        if statement.paragraph != self._paragraph:
            self._limits = self._limits and ORDINAL.match(low) is not None
            self._paragraph, self._own = statement.paragraph, None
        own = OWN.search(low) is not None or (SHOWN.search(low) is not None and not cites(statement.text))
        again = self._is_told_again(low)
        if self._own is False and own and not again and OURS.search(low) is None and SHOWN.search(low) is None:
            own = False  # "in this study" behind a sentence on another one
        own = own or (again and not cites(statement.text))
        others = not own and (
            cites(statement.text)
            or _tells_of_others(low)
            or OF_THEM.match(low) is not None
            or ((named := ELSEWHERE.search(low)) is not None and LIKENED.search(low, 0, named.start()) is None)
        )
        if (
            kind is FindingKind.BACKGROUND
            and PAST.search(low)
            and not others
            and ((again and own) or (self._own and NOT_PAST.search(low) is None and statement.text[:1].isupper()))
        ):
            kind = FindingKind.OWN_RESULT
        if self._review:
            return FindingKind.BACKGROUND if kind is FindingKind.OWN_RESULT and not own else kind
        if not own and kind in (FindingKind.OWN_RESULT, FindingKind.OWN_METHOD):
            mine = self._own or (self._own is None and INDEFINITE.match(low) is None and PAST.search(low) is not None)
            kind = kind if mine and not others else FindingKind.BACKGROUND
        if self._limits and not others and ORDINAL.match(low) and kind in _LISTED:
            kind = FindingKind.LIMITATION
        if others or (own and cites(statement.text)):
            self._own = False
        elif own or kind in (FindingKind.OWN_RESULT, FindingKind.OWN_METHOD):
            self._own = True
        self._limits = self._limits or (kind is FindingKind.LIMITATION and NAMES_LIMITS.search(low) is not None)
        return kind

    def _is_told_again(self, low: str) -> bool:
        """Whether a sentence has numbers, or the name of a group, of the study's own results."""
        numbers = set(PRINTED.findall(low.replace("·", ".")))
        if len(numbers & self._numbers) >= SHARED_NUMBERS:
            return True
        named = not numbers and self._groups and ("group" in low or " arm" in low or " side" in low)
        return bool(named) and any(name in self._groups for name in GROUP.findall(low))


_LISTED = (FindingKind.CONCLUSION, FindingKind.BACKGROUND, FindingKind.OWN_RESULT, FindingKind.OWN_METHOD)
"""What a member of a list of limitations is taken for by itself."""


@lru_cache(maxsize=512)
def _folded(text: str) -> str:
    """The text in lower case; the country is not the pronoun."""
    return lowered(_COUNTRY.sub("U.S.", text) if "US" in text else text)


_COUNTRY = re.compile(r"\bUS\b")


def kind_of(statement: Statement, study: StudyType) -> FindingKind | None:
    """What `statement` is in a document of that design, by itself."""
    text, zone = statement.text, statement.zone
    low = _folded(text)
    if text.count(" ") < FEWEST_WORDS - 1 or len(text) > LONGEST:
        return None
    if _is_signpost(low) and not has_statistics(text):
        return None
    match zone:
        case Zone.METHODS:
            return _of_methods(text, low)
        case Zone.OPERATIVE:
            return (
                FindingKind.OWN_METHOD
                if study in (StudyType.ANIMAL, StudyType.LABORATORY)
                else FindingKind.OPERATIVE_STEP
            )
        case Zone.RESULTS:
            return _of_results(text, low, study, statement)
        case Zone.OPENING:
            return _of_opening(text, low)
        case Zone.DISCUSSION:
            return _of_discussion(text, low, statement, study)
        case Zone.CLOSING:
            return _of_closing(text, low)
        case Zone.CASE:
            return FindingKind.BACKGROUND if cites(text) and not PATIENT.search(low) else FindingKind.CASE
        case Zone.ABSTRACT:
            return _of_abstract(text, low, statement, study)
        case _:
            return _of_anything(text, low, statement, study)


_OPENS_SIGNPOST = (
    "as ", "shown", "depicted", "listed", "summari", "presented", "described", "detailed", "illustrated", "displayed",
    "reported",
)  # fmt: skip
_OF_SIGNPOSTS = ("fig", "table", "box", "append", "file", "material")


def _is_signpost(low: str) -> bool:
    return (low.startswith(_OPENS_SIGNPOST) or has_one(low, _OF_SIGNPOSTS)) and SIGNPOST.search(low) is not None


_OF_LIMITS = (
    "limit", "bias", "confound", "small", "insufficien", "modest", "power", "lack", "generali", "cannot", "heterogen",
    "caution", "follow-up", "followup", "single", "self-report", "retrospective", "weak", "shortcoming", "drawback",
    "missing", "permit", "allow", "sample", "availab",
)  # fmt: skip
_NOT_DONE = re.compile(
    r"not (?:been )?(?:possible|able|available|powered|blinded|randomi|assessed|collected|measured|recorded|examined|controlled)"
)
"""What a sentence on a limitation holds: searched for first, for the patterns themselves take long."""


def _may_limit(low: str) -> bool:
    return has_one(low, _OF_LIMITS) or ("not " in low and _NOT_DONE.search(low) is not None)


def _is_limit(low: str) -> bool:
    return _may_limit(low) and STRONG_LIMIT.search(low) is not None


def _of_methods(text: str, low: str) -> FindingKind:
    if p_values(text) and TESTED.search(low) and not DONE.search(low) and not LEVEL.search(low):
        return FindingKind.OWN_RESULT
    return FindingKind.OWN_METHOD


def _of_results(text: str, low: str, study: StudyType, statement: Statement) -> FindingKind:
    if study in _REVIEWS:
        return _of_anything(text, low, statement, study)
    if has_statistics(text):
        return FindingKind.OWN_RESULT
    of_one = any(ONE.search(lowered(one)) for one in statement.headings)
    if (study is StudyType.CASE_SERIES and (PATIENT.search(low) or of_one)) or (of_one and PATIENT.search(low)):
        return FindingKind.CASE
    if ENDS_IT.search(low) and INFERS.search(low):
        return FindingKind.CONCLUSION
    if ASKS.search(low) and not REPORTS.search(low):
        return FindingKind.OWN_METHOD
    if _is_limit(low):
        return FindingKind.LIMITATION
    if AIM.search(low) and not SAW.search(low) and PURPOSE.search(low):
        return FindingKind.OWN_METHOD
    if HEDGED.search(low) and not OWN_FINDING.search(low):
        return FindingKind.CONCLUSION
    if (ARRANGED.search(low) and not OUTCOME.search(low)) or _tells_what_was_done(low, study):
        return FindingKind.OWN_METHOD
    if cites(text) and not OWN.search(low) and not OWN_FINDING.search(low) and not FOUND.search(low):
        return FindingKind.BACKGROUND
    return FindingKind.OWN_RESULT


def _tells_what_was_done(low: str, study: StudyType) -> bool:
    """Whether a sentence under Results tells a step of the study and no outcome; how many people took part is one."""
    if ("we " in low or "our " in low) and (did := WE_DID.search(low)):
        return ANSWERS.search(TO_WHAT.sub("", low[did.end() :])) is None
    counts_people = study not in (StudyType.ANIMAL, StudyType.LABORATORY) and _DIGIT.search(low) is not None
    done = WAS_DONE.search(low)
    return done is not None and not counts_people and ANSWERS.search(TO_WHAT.sub("", low)) is None


_DIGIT = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|all|both|each)\b"
)


def _of_opening(text: str, low: str) -> FindingKind:
    if FIRST_STUDY.search(low) or TO_STUDY.match(low):
        return FindingKind.OWN_METHOD
    if AIM.search(low) and (OWN.search(low) or OPENS_AIM.search(low)):
        return FindingKind.OWN_METHOD
    if DEFINES.search(low):
        return FindingKind.DEFINITION
    if HERE.search(low) and OWN.search(low):
        return FindingKind.OWN_RESULT if SHOWS.search(low) else FindingKind.OWN_METHOD
    if OPENS_OWN.match(low) and not cites(text):
        return FindingKind.OWN_METHOD
    if STRONG_ADVICE.search(low) and not OWN.search(low) and ADVICE.search(low):
        return FindingKind.RECOMMENDATION
    return FindingKind.BACKGROUND


def _of_discussion(text: str, low: str, statement: Statement, study: StudyType) -> FindingKind | None:
    own = OWN.search(low) is not None
    if EARLIER.search(low) and cites(text):
        return FindingKind.BACKGROUND
    if STRENGTH.search(low) and not ("limit" in low or "weak" in low):
        return None
    if _is_limit(low) or (
        _may_limit(low)
        and LIMITS.search(low)
        and not cites(text)
        and (own or not INFERS.search(low) or "limit" in " ".join(statement.headings).lower())
    ):
        return FindingKind.LIMITATION
    if STRONG_ADVICE.search(low):
        return FindingKind.RECOMMENDATION
    if study in _REVIEWS and not own:
        return FindingKind.RECOMMENDATION if ADVISES.search(low) and not cites(text) else FindingKind.BACKGROUND
    if _is_headed_limits(statement) and not cites(text) and not has_statistics(text):
        return FindingKind.LIMITATION
    infers = INFERS.search(GUESSED.sub("", low)) is not None
    if WE_INFER.match(low) or (INFERRED.search(low) and not cites(text) and not WE_FOUND.search(low)):
        return FindingKind.CONCLUSION
    found = OWN_FINDING.search(low)
    if found and not ENDS_IT.match(low):
        return FindingKind.OWN_METHOD if DONE.search(low) and not FOUND.search(low) else FindingKind.OWN_RESULT
    if has_statistics(text) and not cites(text):
        return FindingKind.OWN_RESULT if own or not _tells_of_others(low) else FindingKind.BACKGROUND
    if cites(text) and not own:
        return FindingKind.BACKGROUND
    if low.startswith("overall,") and PAST.search(low) and FOUND.search(low) and not HEDGED.search(low):
        return FindingKind.OWN_RESULT
    if ENDS_IT.search(low) or (own and infers):
        return FindingKind.CONCLUSION
    if own and (AIM.search(low) or DONE.search(low) or (WE_DID.search(low) and not FOUND.search(low))):
        return FindingKind.OWN_METHOD
    if own and FOUND.search(low):
        return FindingKind.OWN_RESULT
    if ADVISES.search(low) and not cites(text):
        return FindingKind.RECOMMENDATION
    if DEFINES.search(low):
        return FindingKind.DEFINITION
    if cites(text):
        return FindingKind.BACKGROUND
    if infers:
        return FindingKind.CONCLUSION
    if PAST.search(low) and not _tells_of_others(low):
        if FOUND.search(low):
            return FindingKind.OWN_RESULT
        if DONE.search(low):
            return FindingKind.OWN_METHOD
    return FindingKind.BACKGROUND


def _is_headed_limits(statement: Statement) -> bool:
    """Whether a statement stands under a heading on limitations alone."""
    under = statement.headings[-1].lower() if statement.headings else ""
    return NAMES_LIMITS.search(under) is not None and STRENGTH.search(under) is None


def _tells_of_others(low: str) -> bool:
    """Whether a sentence of the discussion reports another work; one that likens an own result to another's does not."""
    told = OTHERS.search(low)
    return told is not None and LIKENED.search(low, 0, told.start()) is None


def _of_closing(text: str, low: str) -> FindingKind:
    if _is_limit(low):
        return FindingKind.LIMITATION
    if STRONG_ADVICE.search(low):
        return FindingKind.RECOMMENDATION
    if cites(text) and not OWN.search(low):
        return FindingKind.BACKGROUND
    return FindingKind.CONCLUSION


def _of_abstract(text: str, low: str, statement: Statement, study: StudyType) -> FindingKind:
    last = statement.position >= statement.of - 2
    if TO_STUDY.match(low) or EMPLOYED.search(low):
        return FindingKind.OWN_METHOD
    if has_statistics(text) and not low.startswith(("method", "background")):
        return FindingKind.OWN_RESULT if not _is_of_others(low, statement, study) else FindingKind.BACKGROUND
    if statement.position <= 1 and not OWN.search(low) and not WE.search(low):
        if AIMS.match(low):
            return FindingKind.OWN_METHOD
        return FindingKind.DEFINITION if DEFINES.search(low) else FindingKind.BACKGROUND
    if study in _REVIEWS and not last and not OWN.search(low):
        return FindingKind.BACKGROUND
    if STRONG_ADVICE.search(low) and last:
        return FindingKind.RECOMMENDATION
    if last and (ENDS_IT.search(low) or INFERS.search(low)):
        return FindingKind.CONCLUSION
    if WE_FOUND.search(low):
        return FindingKind.OWN_RESULT
    if AIM.search(low) or (DONE.search(low) and not GOT.search(low)):
        return FindingKind.OWN_METHOD
    if ENDS_IT.search(low):
        return FindingKind.CONCLUSION
    if FOUND.search(low):
        return FindingKind.OWN_RESULT
    if OWN.search(low) and not last:
        return FindingKind.OWN_METHOD
    return FindingKind.CONCLUSION if last else FindingKind.BACKGROUND


def _is_of_others(low: str, statement: Statement, study: StudyType) -> bool:
    """Whether statistics of an abstract are told of other work: those of a review, and of the first of many sentences."""
    opens = statement.position == 0 and statement.of > 3 and not PAST.search(low)
    return (study in _REVIEWS or opens) and not OWN.search(low)


def _of_anything(text: str, low: str, statement: Statement, study: StudyType) -> FindingKind:
    """Under a heading that says nothing of the part: of a review it is told of other work."""
    own = OWN.search(low) is not None
    if _is_limit(low) and own:
        return FindingKind.LIMITATION
    if STRONG_ADVICE.search(low):
        return FindingKind.RECOMMENDATION
    if DEFINES.search(low):
        return FindingKind.DEFINITION
    if study in (*_REVIEWS, StudyType.UNKNOWN) or cites(text):
        if own and not cites(text):
            return FindingKind.CONCLUSION if INFERS.search(low) else FindingKind.OWN_METHOD
        return FindingKind.BACKGROUND
    if has_statistics(text):
        return FindingKind.OWN_RESULT
    if PATIENT.search(low) and study is StudyType.CASE_SERIES:
        return FindingKind.CASE
    if ENDS_IT.search(low):
        return FindingKind.CONCLUSION
    if AIM.search(low) or (DONE.search(low) and not FOUND.search(low)):
        return FindingKind.OWN_METHOD
    return FindingKind.OWN_RESULT if FOUND.search(low) else FindingKind.BACKGROUND
