"""Owns what the rules of `quality.checking` find wrong with the sentences of a chapter, and the table of their support.

No model takes part, so the same sentence has the same faults everywhere: when it is written, reviewed, edited by a
person and published. What no rule decides is no fault: a review model decides it, or an editor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from chapter_pipeline.domain import (
    ChapterText,
    QuestionRow,
    Quote,
    Section,
    Sentence,
    SentenceRole,
    SentenceSupport,
)
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.checking import Claim, Fault, Passage, check, passage_of, role_of
from chapter_pipeline.quality.checking.entities import NOT_CLINICAL
from chapter_pipeline.quality.checking.rules import is_quotation
from chapter_pipeline.quality.checking.text import plain
from chapter_pipeline.quality.checking.topic import topic_faults

__all__ = [
    "NOT_CLINICAL", "NO_QUOTE", "answer_rows", "claim_of", "claim_problems", "claims", "direction", "is_preclinical", "lexical_support",
    "negations", "numbers", "row_problems", "support_problems", "support_table",
]  # fmt: skip

NO_QUOTE = "has no quote"

_NUMBER = re.compile(
    r"(?P<comparator>[<>≤≥=~≈±]\s?|(?:less|more|fewer|greater|higher|lower) than |at least |at most |up to |"
    r"(?:no|not) (?:more|less) than |under |below |over |above )?"
    r"(?P<number>(?:(?<![\w.,)%])[-−–])?\d+(?:[.,·]\d+)*[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]*|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"twice|half|halves|quarters?|doubled?|tripled?|(?:two|three|four|five|ten)-?fold)\b)"
    r"(?P<unit>\s?(?:%|‰|per ?cent\b|°C|[µμmkc]?[gGlLmM]\b|mg/kg|Gy|mm|cm|mL|ml|IU|years?|months?|weeks?|"
    r"days?|hours?|minutes?|h\b|kDa|Hz|mmHg|mmol/L))?",
    re.IGNORECASE,
)
_COMPARATORS = {
    "less than": "<", "fewer than": "<", "lower than": "<", "under": "<", "below": "<",
    "more than": ">", "greater than": ">", "higher than": ">", "over": ">", "above": ">",
    "at least": "≥", "no less than": "≥", "not less than": "≥",
    "at most": "≤", "up to": "≤", "no more than": "≤", "not more than": "≤", "=": "",
}  # fmt: skip
_IN_WORDS = {
    word: str(value)
    for value, word in enumerate("two three four five six seven eight nine ten eleven twelve".split(), start=2)
}
_NEGATION = re.compile(
    r"\b(?:no|not|never|neither|nor|none|without|cannot|fail(?:s|ed)? to|absence of|lack(?:s|ed)?(?: of)?|"
    r"\w+n['’]t)\b",
    re.IGNORECASE,
)
_UP = re.compile(
    r"\b(?:increas|improv|higher|more\b|longer|greater|enhanc|rais|superior|benefi|elevat|prolong|rose\b)\w*",
    re.IGNORECASE,
)
_DOWN = re.compile(
    r"\b(?:decreas|reduc|lower|less\b|fewer|shorter|diminish|worse|inferior|declin|shorten|fell\b)\w*", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_]{3,}")
_FUNCTION_WORDS = frozenset(
    "and are for from has have had its that the their then there these this those was were which with".split()
)

_PEOPLE = re.compile(
    r"\b(?:patients?|humans?|people|persons?|participants?|volunteers?|women|woman|men|man|children|adults?|infants?|"
    r"clinical(?:ly)?)\b",
    re.IGNORECASE,
)
_ANIMALS = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|pigs?|porcine|swine|minipigs?|dogs?|canine|cats?|feline|sheep|ovine|"
    r"zebrafish|rodents?|primates?|macaques?|monkeys?|animals?|preclinical|pre-clinical)\b",
    re.IGNORECASE,
)
_BENCH = re.compile(
    r"\b(?:in vitro|ex vivo|cell lines?|cell cultures?|cultured|xenografts?|organoids?|laboratory|bench|preclinical|"
    r"pre-clinical|cadaver\w*|phantoms?|simulat\w+)\b",
    re.IGNORECASE,
)


def is_preclinical(text: str) -> bool:
    """Whether `text` mentions animals or bench work, and no people."""
    return bool(_ANIMALS.search(text) or _BENCH.search(text)) and not _PEOPLE.search(text)


def numbers(text: str) -> set[str]:
    """Each number of `text` with its comparator and unit, normalised: ``at least 5 percent`` gives ``≥5%``."""
    found = set()
    for match in _NUMBER.finditer(" ".join(text.split())):
        comparator = (match["comparator"] or "").strip().lower()
        found.add(f"{_COMPARATORS.get(comparator, comparator)}{_value(match['number'])}{_unit(match['unit'] or '')}")
    return found


def _value(number: str) -> str:
    """``−0·5`` as ``-.5``, ``Two`` as ``2``."""
    digits = re.sub(r"^(-?)0(?=\.)", r"\1", re.sub("^[−–]", "-", number).replace("·", "."))
    return _IN_WORDS.get(number.lower(), digits.lower())


def _unit(unit: str) -> str:
    plain = unit.strip().replace("μ", "µ")
    if plain.lower().replace(" ", "") == "percent":
        return "%"
    return plain.lower().removesuffix("s") if len(plain) > 3 and plain.isalpha() and plain.islower() else plain


def negations(text: str) -> int:
    """How many negating words `text` has."""
    return len(_NEGATION.findall(text))


def direction(text: str) -> int:
    """1 when `text` mentions only a rise, -1 when only a fall, else 0."""
    return bool(_UP.search(text)) - bool(_DOWN.search(text))


def lexical_support(sentence: str, quotes: Sequence[str]) -> float:
    """Share of the sentence's content words that its `quotes` hold, 0 to 1."""
    content = _content(sentence)
    return len(content & _content(" ".join(quotes))) / len(content) if content else 1.0


def support_problems(sentence: str, quotes: Sequence[str]) -> list[str]:
    """What `sentence` surely says that its `quotes` (their texts) do not; an empty list when no rule finds anything."""
    if not quotes:
        return [NO_QUOTE]
    return [str(fault) for fault in check(Claim(raw=sentence, passages=tuple(map(_of_text, quotes)))).faults]


def _of_text(text: str) -> Passage:
    return Passage(raw=text)


def claim_of(sentence: str, quotes: Sequence[Quote], *, label: str | None = None) -> Claim:
    """The sentence as the rules read it, with the quotes that it cites and the `label` of its paragraph."""
    return Claim(raw=sentence, passages=tuple(map(passage_of, quotes)), label=label or "")


def claim_problems(sentence: str, quotes: Sequence[Quote], *, label: str | None = None) -> list[str]:
    """What is surely wrong with a sentence that cites `quotes`, by their texts and the studies that they come from.

    A result of animals or of bench work is told as one by the sentence or by the paragraph's `label`; what such a study
    tells of people is no result of it.
    """
    if not quotes:
        return [NO_QUOTE]
    return [str(fault) for fault in check(claim_of(sentence, quotes, label=label)).faults]


def claims(section: Section) -> Iterator[tuple[Sentence, str | None]]:
    """The sentences of a section that need quotes or have them, each with what is said beside it of its sources.

    The rows that answer questions are no sentences: `row_problems` checks their cells.
    """
    for subsection in section.subsections:
        for paragraph in subsection.paragraphs:
            for sentence in paragraph.sentences:
                yield sentence, paragraph.label
    for row in section.evidence_table:
        yield row.finding, row.study_type.value


def answer_rows(section: Section) -> Iterator[QuestionRow]:
    """The rows of the section's tables for questions."""
    for table in section.question_tables:
        yield from table.rows


def row_problems(row: QuestionRow, quote: Quote) -> list[str]:
    """What is wrong with a row that answers a question: every cell stands word for word in its quote, or is empty."""
    return [f"has the cell {name}, which does not stand in its quote" for name in row.cells.not_said_by(quote.text)]


def support_table(
    chapter: ChapterText, *, embedder: Embedder, checked: Mapping[tuple[str, str], str] | None = None
) -> tuple[SentenceSupport, ...]:
    """How far each sentence of the chapter is supported: by words, by meaning, and what is wrong with it.

    `meaning` is the cosine to the nearest of its quotes, or to all of them together where that is nearer: a sentence
    that is far from them in meaning and in words is about something else. `checked`: the provider of the review model
    that found a sentence supported, by section and sentence. What neither decides is marked for the editor. Of a
    row that answers a question the cells are compared with its quote, word for word.
    """
    cited: list[tuple[str, Sentence, str | QuestionRow | None]] = [
        (section.kind, sentence, label)
        for section in chapter.sections
        for sentence, label in claims(section)
        if sentence.quotes and all(key in chapter.quotes for key in sentence.quotes)
    ]
    cited += [
        (section.kind, Sentence(text=row.claim, quotes=(row.quote,)), row)
        for section in chapter.sections
        for row in answer_rows(section)
        if row.quote in chapter.quotes
    ]
    if not cited:
        return ()
    keys = sorted({key for _, sentence, _ in cited for key in sentence.quotes})
    vectors = dict(zip(keys, embedder.embed([chapter.quotes[key].display for key in keys]), strict=True))
    found = []
    said = embedder.embed([sentence.text for _, sentence, _ in cited])
    quotations = {plain(quote.display): key for key, quote in chapter.quotes.items()}
    for (kind, sentence, label), vector in zip(cited, said, strict=True):
        quotes = [chapter.quotes[key] for key in sentence.quotes]
        near = np.stack([vectors[key] for key in sentence.quotes])
        together = near.sum(axis=0)
        meaning = float(max((near @ vector).max(), together @ vector / np.linalg.norm(together)))
        if isinstance(label, QuestionRow):
            problems, undecided = row_problems(label, quotes[0]), False
        else:
            claim = claim_of(sentence.text, quotes, label=label)
            verdict = check(claim)
            faults = (*verdict.faults, *(topic_faults(claim, meaning) if not verdict.supported else ()))
            owner = quotations.get(claim.text)
            if owner is not None and owner not in sentence.quotes and not is_quotation(claim):
                faults = (*faults, Fault(rule="topic", words="", says=f"is the quotation {owner!r} and cites others"))
            problems, undecided = [str(fault) for fault in faults], verdict.undecided and not faults
        role = role_of(sentence.text, quotes)
        provider = (checked or {}).get((kind, sentence.text))
        open_still = undecided and role is not SentenceRole.SIGNPOST and provider is None
        found.append(
            SentenceSupport(
                section=kind, sentence=sentence.text, quotes=sentence.quotes,
                words=round(lexical_support(sentence.text, [quote.text for quote in quotes]), 3),
                meaning=round(meaning, 3), problems=tuple(problems), role=role, to_check=open_still,
                checked_by=provider,
            )
        )  # fmt: skip
    return tuple(found)


def _content(text: str) -> set[str]:
    return {word.lower() for word in _WORDS.findall(text)} - _FUNCTION_WORDS
