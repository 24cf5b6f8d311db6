"""Owns how a language model writes a section: quote-first, checked sentence by sentence, mended once, then cut.

The model sees quotations under opaque keys and must cite them. What cites nothing, cites what it was not given, or says
what its quotations do not, goes back once; what is still wrong is dropped and reported.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chapter_pipeline.domain import DroppedSentence, Paragraph, Quote, Sentence, StageValue, Subsection
from chapter_pipeline.domain.tasks import SectionReply, SectionRequest
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


class RepairedSentence(StageValue):
    number: int
    text: str
    keys: tuple[str, ...]


class Repairs(StageValue):
    sentences: tuple[RepairedSentence, ...]


@dataclass(slots=True)
class _Draft:
    """A sentence under check: `problem` is what is wrong with it, or empty."""

    text: str
    keys: tuple[str, ...]
    problem: str = ""


def write_section(request: SectionRequest, ask: Ask) -> SectionReply:
    """The section in sentences that their quotes support. Raises `ModelRefused` when not one is left of it."""
    plan = request.plan
    if not plan.quotes:
        return SectionReply(subsections=())
    quotes = opaque(plan.quotes)
    text, filled, budget = section_prompt(request)
    written = ask("section", text, filled, WrittenSection, budget)
    drafts = [
        (
            subsection.title,
            [
                [_Draft(" ".join(one.text.split()), one.keys) for one in part.sentences]
                for part in subsection.paragraphs
            ],
        )
        for subsection in written.subsections
    ]
    sentences = [draft for _, paragraphs in drafts for paragraph in paragraphs for draft in paragraph]
    _check(sentences, quotes)
    faulty = [draft for draft in sentences if draft.problem]
    if faulty:
        _repair(faulty, quotes, ask, budget)
    if all(draft.problem for draft in sentences):
        raise ModelRefused("not one sentence of the section says what its quotations say")
    subsections = tuple(_subsections(drafts, quotes))
    used = {key for part in subsections for p in part.paragraphs for sentence in p.sentences for key in sentence.quotes}
    return SectionReply(
        subsections=subsections,
        evidence_table=findings_table([quote for quote in plan.quotes if quote.key not in used]),
        dropped=tuple(DroppedSentence(text=draft.text, reason=draft.problem) for draft in sentences if draft.problem),
    )


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
        "quotes": _fenced_quotes(quotes),
    }


def _fenced_quotes(quotes: Mapping[str, Quote]) -> str:
    return fenced(
        "quotations",
        {
            key: {
                "text": quote.display, "study": quote.study_type.value, "level": quote.evidence_level,
                "year": quote.year,
            }
            for key, quote in quotes.items()
        },
    )  # fmt: skip


def _check(drafts: Sequence[_Draft], quotes: Mapping[str, Quote]) -> None:
    for draft in drafts:
        draft.problem = _problem(draft, quotes)


def _problem(draft: _Draft, quotes: Mapping[str, Quote]) -> str:
    unknown = [key for key in draft.keys if key not in quotes]
    if not draft.text:
        return "is empty"
    if unknown:
        return f"cites {unknown[0]!r}, which is no key"
    return "; ".join(claim_problems(draft.text, [quotes[key] for key in draft.keys]))


def _repair(faulty: Sequence[_Draft], quotes: Mapping[str, Quote], ask: Ask, budget: int) -> None:
    """Let the model correct `faulty` once; corrected sentences replace the faulty ones."""
    text = prompt("section_repair")
    asked = [
        {"number": number, "text": draft.text, "keys": draft.keys, "wrong": draft.problem}
        for number, draft in enumerate(faulty, start=1)
    ]
    filled = text.fill(sentences=fenced("sentences", asked), quotes=_fenced_quotes(quotes))
    repairs = ask("section_repair", text, filled, Repairs, budget)
    for repaired in repairs.sentences:
        if 1 <= repaired.number <= len(faulty):
            draft = _Draft(" ".join(repaired.text.split()), repaired.keys)
            if not _problem(draft, quotes):
                before = faulty[repaired.number - 1]
                before.text, before.keys, before.problem = draft.text, draft.keys, ""


def _subsections(
    drafts: Sequence[tuple[str, Sequence[Sequence[_Draft]]]], quotes: Mapping[str, Quote]
) -> Iterator[Subsection]:
    for title, paragraphs in drafts:
        kept = [
            Paragraph(sentences=tuple(_sentence(draft, quotes) for draft in paragraph if not draft.problem))
            for paragraph in paragraphs
            if not all(draft.problem for draft in paragraph)
        ]
        if kept:
            yield Subsection(title=" ".join(title.split()) or None, paragraphs=tuple(kept))


def _sentence(draft: _Draft, quotes: Mapping[str, Quote]) -> Sentence:
    return Sentence(text=draft.text, quotes=tuple(dict.fromkeys(quotes[key].key for key in draft.keys)))
