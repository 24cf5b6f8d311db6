"""Owns the deterministic test of a sentence against its quotes: what it says that they do not.

Numbers with units and comparators, negation and direction, words, species and study design. No model takes part, so
the same sentence has the same verdict everywhere: when it is written, reviewed, edited by a person and published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from chapter_pipeline.domain import ChapterText, QuestionRow, Quote, Section, Sentence, SentenceSupport
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.ports import Embedder

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
_NEGATIVE_PREFIX = re.compile(r"(?:un|in|im|ir|non|dis|contra)(?=[a-z]{5})")
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
MIN_SUPPORT = 0.6
"""Least share of a sentence's content words that its quotes must hold."""
LEAST_OF_A_CLAUSE = 4
"""Content words from which on a part of a sentence is held against single quotes."""
_CLAUSE = re.compile(r";\s|,?\s(?:and|but|while|whereas|although|though|which|who|because)\s", re.IGNORECASE)
MIN_MEANING = 0.5
"""Least cosine of a sentence and its quotes; `benchmarks/chapters.py` shows what it catches and what it lets through."""

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
_SPECIES = (_PEOPLE, _ANIMALS)
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
"""A raised number counts as part of its word: "rodents⁴⁰" is not read as "rodents" before it is taken off."""
_DESIGNS: tuple[tuple[re.Pattern[str], frozenset[StudyType]], ...] = (
    (re.compile(r"\bmeta-?\s?analys[ei]s\b", re.IGNORECASE), frozenset({StudyType.META_ANALYSIS})),
    (re.compile(r"\bsystematic(?:ally)? review", re.IGNORECASE), frozenset({StudyType.META_ANALYSIS})),
    (
        re.compile(r"\brandomi[sz]ed|\brandomly\b", re.IGNORECASE),
        frozenset({StudyType.RANDOMISED_TRIAL, StudyType.META_ANALYSIS}),
    ),
    (re.compile(r"\bcohort\b", re.IGNORECASE), frozenset({StudyType.COHORT})),
    (re.compile(r"\bcase series\b", re.IGNORECASE), frozenset({StudyType.CASE_SERIES})),
)
"""Words that name a design, and the designs of a source that a sentence may call so though the quote does not."""
NOT_CLINICAL = frozenset({StudyType.ANIMAL, StudyType.LABORATORY})


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
    """What `sentence` says that its `quotes` (their texts) do not; an empty list when it is supported.

    Every number must stand in a quote with the same comparator and unit; the count of negations must be that of the
    quotes together or of one of them; no word may be the opposite of one of theirs, by its prefix or as to what rises
    and what falls; people and animals are those of the quotes; and at least 60% of the content words are theirs, those of
    each clause in one of them: words gathered from several quotes can say what none of them does.
    """
    if not quotes:
        return ["has no quote"]
    joined = " ".join(quotes)
    problems = [
        f"has the number {number!r} that its quotes do not" for number in sorted(numbers(sentence) - numbers(joined))
    ]
    allowed = {negations(quote) for quote in quotes} | {negations(joined)}
    if negations(sentence) not in allowed:
        problems.append("negates what its quotes state, or states what they negate")
    problems += [f"says {said!r} where its quotes say the opposite" for said in _opposites(sentence, joined)]
    for species in _SPECIES:
        said = species.search(sentence)
        if said and not species.search(_RAISED.sub(" ", joined)):
            problems.append(f"speaks of {said.group()!r}, its quotes do not")
    if lexical_support(sentence, quotes) < MIN_SUPPORT:
        problems.append("says more than its quotes: fewer than 60% of its words are theirs")
    problems += [
        f"says {clause!r}, which none of its quotes says by itself"
        for clause in _clauses(sentence)
        if max(lexical_support(clause, [quote]) for quote in quotes) < MIN_SUPPORT
    ]
    return problems


def _clauses(sentence: str) -> list[str]:
    """The parts of `sentence` that state something of their own; one part too short for that goes with the one before."""
    found: list[str] = []
    for part in _CLAUSE.split(sentence):
        if found and len(_content(part)) < LEAST_OF_A_CLAUSE:
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    if len(found) > 1 and len(_content(found[0])) < LEAST_OF_A_CLAUSE:
        found[:2] = [f"{found[0]} {found[1]}"]
    return found if len(found) > 1 else []


def claim_problems(sentence: str, quotes: Sequence[Quote], *, label: str | None = None) -> list[str]:
    """What is wrong with a sentence that cites `quotes`: what `support_problems` finds, and what kind of study they are.

    A design that is named is that of a quote or of its source. What rests on animals or on bench work alone says so,
    itself or by the paragraph's `label`: it is never cited as if it were of patients. What such a study only tells of
    people, as its record says, is no result of it.
    """
    problems = support_problems(sentence, [quote.text for quote in quotes])
    if not quotes:
        return problems
    joined = " ".join(quote.text for quote in quotes)
    studies = {quote.study_type for quote in quotes}
    for design, fitting in _DESIGNS:
        said = design.search(sentence)
        if said and not design.search(joined) and not studies & fitting:
            problems.append(f"speaks of {said.group()!r}, its sources are not")
    told = f"{label or ''} {sentence}"
    if not (_ANIMALS.search(told) or _BENCH.search(told) or _PEOPLE.search(told)) and all(
        _ANIMALS.search(quote.text) or _BENCH.search(quote.text) for quote in quotes
    ):
        problems.append("leaves out that its quotes speak of animals or bench work")
    if (
        studies <= NOT_CLINICAL
        and not all(map(_is_known_of_people, quotes))
        and not (_ANIMALS.search(told) or _BENCH.search(told))
    ):
        problems.append(f"does not say what it rests on: {' and '.join(sorted(study.value for study in studies))}")
    return problems


def _is_known_of_people(quote: Quote) -> bool:
    """Whether its study record has it as something told of people, not found by the study itself."""
    return quote.species is Species.HUMAN and quote.finding in (FindingKind.BACKGROUND, FindingKind.DEFINITION)


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


def support_table(chapter: ChapterText, *, embedder: Embedder) -> tuple[SentenceSupport, ...]:
    """How far each sentence of the chapter is supported: by words, by meaning, and what is wrong with it.

    `meaning` is the cosine to the nearest of its quotes, or to all of them together where that is nearer; under
    `MIN_MEANING` the sentence is not supported, however many of its words are theirs. Of a row that answers a question the
    cells are compared with its quote, word for word.
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
    for (kind, sentence, label), vector in zip(cited, said, strict=True):
        quotes = [chapter.quotes[key] for key in sentence.quotes]
        near = np.stack([vectors[key] for key in sentence.quotes])
        together = near.sum(axis=0)
        meaning = float(max((near @ vector).max(), together @ vector / np.linalg.norm(together)))
        if isinstance(label, QuestionRow):
            problems = row_problems(label, quotes[0])
        else:
            problems = claim_problems(sentence.text, quotes, label=label)
        if meaning < MIN_MEANING and not isinstance(label, QuestionRow):
            problems.append(f"is about something else than its quotes (cosine {meaning:.2f})")
        found.append(
            SentenceSupport(
                section=kind, sentence=sentence.text, quotes=sentence.quotes,
                words=round(lexical_support(sentence.text, [quote.text for quote in quotes]), 3),
                meaning=round(meaning, 3), problems=tuple(problems),
            )
        )  # fmt: skip
    return tuple(found)


def _content(text: str) -> set[str]:
    return {word.lower() for word in _WORDS.findall(text)} - _FUNCTION_WORDS


def _opposites(sentence: str, quotes: str) -> list[str]:
    """Words of the sentence whose opposite is in the quotes, but not the word itself."""
    said, known = _content(sentence), _content(quotes)
    found = []
    for word in sorted(said - known):
        bare = _NEGATIVE_PREFIX.sub("", word, count=1) if _NEGATIVE_PREFIX.match(word) else None
        if bare in known:
            found.append(word)
    for word in sorted(known - said):
        bare = _NEGATIVE_PREFIX.sub("", word, count=1) if _NEGATIVE_PREFIX.match(word) else None
        if bare in said and bare not in known:
            found.append(str(bare))
    for ours, theirs in ((_UP, _DOWN), (_DOWN, _UP)):
        direction = ours.search(sentence)
        if direction and not ours.search(quotes) and theirs.search(quotes):
            found.append(direction.group())
    return found
