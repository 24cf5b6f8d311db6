"""Owns how a language model writes a section: from passages by work, checked, its faulty paragraphs rewritten, then cut.

The model sees passages under opaque keys and must cite them. A paragraph with a fault goes back whole, at most twice; what
is still wrong is dropped with what depends on it, and reported sentence by sentence.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from chapter_pipeline.domain import DroppedSentence, Paragraph, PlannedStudy, Quote, Sentence, StageValue, Subsection
from chapter_pipeline.domain.tasks import SectionReply, SectionRequest
from chapter_pipeline.domain.wording import words
from chapter_pipeline.errors import ModelRefused
from chapter_pipeline.providers.extractive_sections import findings_table
from chapter_pipeline.providers.prompts import Prompt, fenced, prompt
from chapter_pipeline.providers.structured_request import Ask
from chapter_pipeline.quality.grounding import claim_problems

KEY_LETTERS = 5
TOKENS_PER_WORD = 6
"""Of the reply, for each word of the section: text, keys, JSON around them, and what a model thinks before it writes."""
LEAST_OUTPUT_TOKENS = 8000


class WrittenSentence(StageValue):
    text: str
    keys: tuple[str, ...]


class WrittenParagraph(StageValue):
    sentences: tuple[WrittenSentence, ...]


class WrittenSubsection(StageValue):
    title: str
    paragraphs: tuple[WrittenParagraph, ...]


class WrittenSection(StageValue):
    subsections: tuple[WrittenSubsection, ...]


class RewrittenParagraph(StageValue):
    number: int
    sentences: tuple[WrittenSentence, ...]


class Repairs(StageValue):
    paragraphs: tuple[RewrittenParagraph, ...]


ROUNDS = 2
"""How often a paragraph with a fault goes back."""


@dataclass(slots=True)
class _Draft:
    """A sentence under check: `problem` is what is wrong with it, or empty."""

    text: str
    keys: tuple[str, ...]
    problem: str = ""


@dataclass(slots=True)
class _Part:
    """A paragraph under check. `lost`: sentences of earlier rounds that it has no more, with what was wrong with them."""

    sentences: list[_Draft]
    lost: list[_Draft] = field(default_factory=list)

    @property
    def is_faulty(self) -> bool:
        return any(draft.problem for draft in self.sentences)


def write_section(request: SectionRequest, ask: Ask) -> SectionReply:
    """The section in sentences in which no fault is found. Raises `ModelRefused` when not one is left of it."""
    plan = request.plan
    if not plan.quotes:
        return SectionReply(subsections=())
    quotes = opaque(plan.quotes)
    text, filled, budget = section_prompt(request)
    written = ask("section", text, filled, WrittenSection, budget)
    drafts = [
        (subsection.title, [_Part(_drafts(part.sentences, quotes)) for part in subsection.paragraphs])
        for subsection in written.subsections
    ]
    parts = [part for _, paragraphs in drafts for part in paragraphs]
    for _ in range(ROUNDS):
        faulty = [part for part in parts if part.is_faulty]
        if not faulty:
            break
        _rewrite(faulty, request, quotes, ask, budget)
    for part in parts:
        _drop_what_depends(part)
    if all(draft.problem for part in parts for draft in part.sentences):
        raise ModelRefused("not one sentence of the section says what its passages say")
    subsections = tuple(_subsections(drafts, quotes))
    used = {key for part in subsections for p in part.paragraphs for sentence in p.sentences for key in sentence.quotes}
    return SectionReply(
        subsections=subsections,
        evidence_table=findings_table([quote for quote in plan.quotes if quote.key not in used]),
        dropped=tuple(
            DroppedSentence(text=draft.text, reason=draft.problem)
            for part in parts
            for draft in (*part.lost, *part.sentences)
            if draft.problem
        ),
    )


def _drafts(written: Sequence[WrittenSentence], quotes: Mapping[str, Quote]) -> list[_Draft]:
    drafts = [_Draft(" ".join(one.text.split()), one.keys) for one in written]
    for draft in drafts:
        draft.problem = _problem(draft, quotes)
    return drafts


def section_prompt(request: SectionRequest) -> tuple[Prompt, str, int]:
    """The prompt of a section, filled in, and the most tokens of its reply."""
    text = prompt("section")
    budget = max(LEAST_OUTPUT_TOKENS, TOKENS_PER_WORD * request.plan.word_budget)
    return text, text.fill(**_values(request, opaque(request.plan.quotes))), budget


def opaque(quotes: Sequence[Quote]) -> dict[str, Quote]:
    """Quotes under keys that cannot be guessed, the same ones for the same quotes: an invented key meets none."""
    for letters in range(KEY_LETTERS, 32):
        keyed = {_opaque(quote.key, letters): quote for quote in quotes}
        if len(keyed) == len(quotes):
            return keyed
    raise AssertionError("two quotes of a plan have the same key")


def _opaque(key: str, letters: int) -> str:
    return base64.b32encode(hashlib.sha256(key.encode()).digest()).decode().lower()[:letters]


def _values(request: SectionRequest, quotes: Mapping[str, Quote]) -> dict[str, object]:
    plan = request.plan
    keys = {quote.key: key for key, quote in quotes.items()}
    return {
        "topic": fenced("topic", request.topic),
        "audience": fenced("readers", request.audience),
        "title": fenced("title", plan.title),
        "purpose": fenced("purpose", plan.purpose),
        "words": plan.word_budget,
        "previous": plan.previous or "nothing",
        "following": plan.following or "nothing",
        "points": fenced("points", plan.points),
        "recommendations": fenced("recommendations", plan.recommendations),
        "wanted": fenced("wanted", [keys[key] for key in plan.wanted if key in keys]),
        "contradictions": fenced(
            "contradictions",
            [
                [keys[one.first], keys[one.second], one.about]
                for one in plan.contradictions
                if one.first in keys and one.second in keys
            ],
        ),
        "subsections": fenced(
            "subsections",
            [[part.title, [keys[key] for key in part.quotes if key in keys]] for part in plan.subsections],
        ),
        "earlier": fenced("earlier", request.earlier),
        "cut": fenced("cut", [[one.text, one.reason] for one in request.cut]),
        "shown": fenced(
            "shown",
            [table.caption for table in plan.question_tables] + [figure.caption for figure in plan.figures],
        ),
        "evidence": fenced_evidence(plan.studies, quotes),
    }


def fenced_evidence(studies: Sequence[PlannedStudy], quotes: Mapping[str, Quote]) -> str:
    """The passages by work, in order of mention, as data."""
    known = {study.source: study for study in studies}
    works: dict[str, list[str]] = {}
    for key, quote in quotes.items():
        works.setdefault(quote.source, []).append(key)
    return fenced(
        "evidence",
        [
            {**_told(known.get(source), quotes[keys[0]]), "passages": {key: _passage(quotes[key]) for key in keys}}
            for source, keys in works.items()
        ],
    )


def _told(study: PlannedStudy | None, quote: Quote) -> dict[str, object]:
    if study is None:
        return {
            "work": quote.source, "design": quote.study_type.value, "level": quote.evidence_level, "year": quote.year,
        }  # fmt: skip
    told: dict[str, object] = {
        "work": study.citation, "title": study.title, "design": study.design.value, "level": study.level,
        "year": study.year, "condition": study.condition, "subjects": study.n,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _passage(quote: Quote) -> dict[str, object]:
    told: dict[str, object] = {
        "text": quote.display, "status": quote.finding.value if quote.finding else None,
        "about": quote.species.value if quote.species else None, "heading": quote.document_section,
        "main": quote.main or None,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _problem(draft: _Draft, quotes: Mapping[str, Quote]) -> str:
    unknown = [key for key in draft.keys if key not in quotes]
    if not draft.text:
        return "is empty"
    if unknown:
        return f"cites {unknown[0]!r}, which is no key"
    return "; ".join(claim_problems(draft.text, [quotes[key] for key in draft.keys]))


def _rewrite(
    faulty: Sequence[_Part], request: SectionRequest, quotes: Mapping[str, Quote], ask: Ask, budget: int
) -> None:
    """Let the model write `faulty` paragraphs anew; one that comes back worse stays as it was."""
    text = prompt("section_repair")
    asked = [
        {
            "number": number,
            "sentences": [
                {"text": draft.text, "keys": draft.keys, **({"fault": draft.problem} if draft.problem else {})}
                for draft in part.sentences
            ],
        }
        for number, part in enumerate(faulty, start=1)
    ]
    cited = {key for part in faulty for draft in part.sentences for key in draft.keys}
    sources = {quotes[key].source for key in cited if key in quotes}
    near = {key: quote for key, quote in quotes.items() if quote.source in sources} or dict(quotes)
    filled = text.fill(paragraphs=fenced("paragraphs", asked), evidence=fenced_evidence(request.plan.studies, near))
    repairs = ask("section_repair", text, filled, Repairs, budget)
    for rewritten in repairs.paragraphs:
        if not 1 <= rewritten.number <= len(faulty):
            continue
        part = faulty[rewritten.number - 1]
        drafts = _drafts(rewritten.sentences, quotes)
        if _faults(drafts) > _faults(part.sentences):
            continue
        part.lost += [_left_out(draft) for draft in part.sentences if not _is_told(draft, part, drafts)]
        part.sentences = drafts


def _is_told(draft: _Draft, part: _Part, drafts: Sequence[_Draft]) -> bool:
    """Whether the rewritten paragraph has `draft`, or a new sentence in its place: of its passages, or in its words."""
    known = {one.text for one in part.sentences}
    said = set(words(draft.text))
    for other in drafts:
        if other.text == draft.text:
            return True
        if other.text in known:
            continue  # it stood there before
        told = set(words(other.text))
        if set(draft.keys) & set(other.keys) or len(said & told) >= SAME_WORDS * min(len(said), len(told)):
            return True
    return False


def _left_out(draft: _Draft) -> _Draft:
    return _Draft(draft.text, draft.keys, draft.problem or LEFT_OUT)


def _faults(drafts: Sequence[_Draft]) -> int:
    return sum(bool(draft.problem) for draft in drafts)


# A sentence that limits the one before it, and one that cannot be read without it.
_CAVEAT = re.compile(
    r"(?:however|nevertheless|nonetheless|but|yet|still|although|though|by contrast|in contrast|conversely|on the other hand|"
    r"this (?:difference|effect|benefit|result|finding|advantage|association)\b[^.]{0,60}\b(?:not|no|only|lost|disappeared)|"
    r"it has (?:yet|not)|these (?:results|findings) (?:are|were|should|must|need))\b",
    re.IGNORECASE,
)
_DEPENDENT = re.compile(
    r"(?:it|its|they|their|this|these|those|that|such|both|one of (?:them|these)|the (?:latter|former|other|same)|"
    r"among (?:them|these)|of (?:these|those)|in (?:that|this|these) (?:trial|study|series|cohort|review|group)s?|here)\b",
    re.IGNORECASE,
)
SAME_WORDS = 0.5
LEFT_OUT = "was left out when its paragraph was rewritten"
WITH_ITS_CLAIM = "limits or continues a sentence that was left out"
WITH_ITS_CAVEAT = "is limited by a sentence that was left out"


def _drop_what_depends(part: _Part) -> None:
    """A claim and what limits it are kept or dropped together, and nothing refers to a sentence that is gone."""
    sentences = part.sentences
    for before, draft in pairwise(sentences):
        if before.problem and not draft.problem and (_CAVEAT.match(draft.text) or _DEPENDENT.match(draft.text)):
            draft.problem = WITH_ITS_CLAIM
    for at in range(len(sentences) - 1, 0, -1):
        one, before = sentences[at], sentences[at - 1]
        if one.problem not in ("", WITH_ITS_CLAIM) and _CAVEAT.match(one.text) and not before.problem:
            before.problem = WITH_ITS_CAVEAT


def _subsections(drafts: Sequence[tuple[str, Sequence[_Part]]], quotes: Mapping[str, Quote]) -> Iterator[Subsection]:
    for title, paragraphs in drafts:
        kept = [
            Paragraph(sentences=tuple(_sentence(draft, quotes) for draft in part.sentences if not draft.problem))
            for part in paragraphs
            if not all(draft.problem for draft in part.sentences)
        ]
        if kept:
            yield Subsection(title=" ".join(title.split()) or None, paragraphs=tuple(kept))


def _sentence(draft: _Draft, quotes: Mapping[str, Quote]) -> Sentence:
    return Sentence(text=draft.text, quotes=tuple(dict.fromkeys(quotes[key].key for key in draft.keys)))
