"""Owns the small truths about words: terms, display text, abbreviations; it never changes a number or a negation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from chapter_pipeline.domain.markers import KEEPS_SUPERSCRIPT, SUPERSCRIPT, is_spread

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
# A run of superscript numbers after a word is a citation marker; after a number, a unit, a one-letter symbol or the
# formula of a gas it is an exponent or a charge (10⁹, cm², R², Ca²⁺) and stays.
_SUPERSCRIPT_MARKER = re.compile(
    rf"(?<![^\W\d_{SUPERSCRIPT}])([^\W\d_{SUPERSCRIPT}]+)([{SUPERSCRIPT}][{SUPERSCRIPT},–-]*)(?![\w⁺⁻])"
)
_SUPERSCRIPT_AFTER_STOP = re.compile(rf"(?<=[.,;:)\]”\"'%])[{SUPERSCRIPT}][{SUPERSCRIPT},–-]*(?![\w⁻])")
# Some journals raise only the numbers, or lose one on the way: [⁴⁸], [⁴,].
_BRACKET_MARKER = re.compile(
    rf"\s?\[(?:\d{{1,3}}(?:\s?[,;–-]\s?\d{{1,3}})*|\s?[{SUPERSCRIPT},;–-][{SUPERSCRIPT}\s,;–-]*)\]"
)
_PAREN_MARKER = re.compile(r"\s?\(\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\)(?=[\s.,;:])")
_AUTHOR_YEAR = re.compile(
    r"\s?\((?:e\.g\.,?\s|see\s|reviewed in\s)?[A-Z][\w’'.-]+(?:[^()\d]{0,60}?),?\s(?:19|20)\d\d[a-z]?"
    r"(?:\s?[;,]\s?(?:[A-Z][^();]{0,60}?,?\s)?(?:19|20)\d\d[a-z]?)*\)"
)
# A bracket that only points to a figure or table of the source; one that holds a number besides stays.
_POINTING_BRACKET = re.compile(
    r"\s?[(\[](?:see\s|cf\.\s|also\s|data (?:are )?shown in\s)*(?:(?:online|supplement(?:al|ary)?|suppl\.?|additional|extended data|web)\s)*(?:fig(?:ure|s|\.)?s?|tables?|box|appendix|videos?|movies?|"
    r"additional file|file|material|data|panel)\.?\s?(?:S?\d{1,2}[A-Za-z]?|[A-Z]\d?)?(?:\s?(?:[,;–-]|and|&|to)\s?(?:fig(?:ure|s|\.)?s?\.?\s?|tables?\s?)?(?:S?\d{1,2}[A-Za-z]?|[A-Za-z]))*[)\]]",
    re.IGNORECASE,
)
_POINTED = r"(?:see\s)?(?:(?:online|supplement(?:al|ary)?|suppl\.?|extended data)\s)?(?:fig(?:ure|s|\.)?s?|tables?)\.?\s?S?\d{1,2}[A-Za-z]?(?:\s?(?:[,–-]|and|&)\s?S?(?:\d{1,2}[A-Za-z]?|[A-Za-z]\b))*"
_POINTER_BEFORE = re.compile(rf"(?<=[(\[]){_POINTED}\s?[;,:]\s?", re.IGNORECASE)
_POINTER_BEHIND = re.compile(rf"\s?[;,]\s?{_POINTED}(?=[)\]])", re.IGNORECASE)
_DEFINITION = re.compile(r"\(([A-Z][A-Za-z0-9-]{1,7}s?)\)")


@lru_cache(maxsize=4096)
def _term_pattern(term: str) -> re.Pattern[str]:
    if term.isupper() or any(ch.isdigit() for ch in term) or term == "mg":
        return re.compile(rf"(?<![\w]){re.escape(term)}(?![\w])")
    if len(term) <= 4:
        return re.compile(rf"(?<![\w]){re.escape(term)}s?(?![\w])", re.IGNORECASE)
    return re.compile(rf"(?<![\w]){re.escape(term)}", re.IGNORECASE)


def mentions(text: str, term: str) -> bool:
    """Whether `text` mentions `term`.

    Upper-case terms (``MRI``) and ``mg`` have to stand exactly, terms of up to four letters as a word, longer ones at
    the start of a word (``recurren`` in "recurrences").
    """
    return _term_pattern(term).search(text) is not None


def mentioned(text: str, terms: Iterable[str]) -> list[str]:
    """Those of `terms` that `text` mentions."""
    return [term for term in terms if mentions(text, term)]


def words(text: str) -> list[str]:
    """The words of `text`, lower case."""
    return [match.group().lower() for match in _WORD.finditer(text)]


def word_count(text: str) -> int:
    """Words as a word processor counts them: runs between spaces."""
    return len(text.split())


def shingles(text: str, size: int = 5) -> set[tuple[str, ...]]:
    """All runs of `size` words."""
    tokens = words(text)
    return {tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)}


def uses_numbered_parentheses(texts: Sequence[str]) -> bool:
    """Whether a document cites as ``(12, 13)``: many such groups, most of them right before punctuation."""
    groups = before_stop = 0
    for text in texts:
        for match in _PAREN_MARKER.finditer(text):
            groups += 1
            before_stop += text[match.end()] in ".,;:"
    brackets = sum(len(_BRACKET_MARKER.findall(text)) for text in texts)
    return groups >= 12 and before_stop >= groups / 2 and groups > 3 * brackets


def display_text(quote: str, *, numbered_parentheses: bool = False) -> str:
    """The quote as a chapter prints it: the source's own markers left out, nothing else changed.

    ``[12, 13]``, ``(Liu et al., 2016)`` and superscript markers point to the source's reference list, ``(Fig. 2a)`` to
    its figures, not to ours.
    `numbered_parentheses` says that the source cites as ``(12)``.
    """
    text = _SUPERSCRIPT_MARKER.sub(_without_marker, quote)
    text = _SUPERSCRIPT_AFTER_STOP.sub("", text)
    text = _BRACKET_MARKER.sub(_without_bracket, text)
    text = _AUTHOR_YEAR.sub("", text)
    text = _POINTING_BRACKET.sub("", text)
    text = _POINTER_BEHIND.sub("", _POINTER_BEFORE.sub("", text))
    if numbered_parentheses:
        text = _PAREN_MARKER.sub("", text)
    return re.sub(r"\s+([.,;:])(?=\s|$)", r"\1", re.sub(r"[ \t\n]+", " ", text)).strip()


def _without_marker(match: re.Match[str]) -> str:
    word = match.group(1)
    return match.group() if len(word) < 2 or word.lower() in KEEPS_SUPERSCRIPT else word


def _without_bracket(match: re.Match[str]) -> str:
    bracket = match.group().lstrip()
    return match.group() if is_spread(match.string, match.start(), bracket[1:-1].strip()) else ""


def abbreviation_definitions(text: str) -> dict[str, str]:
    """Abbreviations that `text` defines as ``long form (ABC)``: short to long form.

    The long form is the shortest run of words before the bracket whose letters spell the abbreviation, after
    Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text" (2003).
    """
    found: dict[str, str] = {}
    for match in _DEFINITION.finditer(text):
        short = match.group(1)
        if sum(ch.isupper() for ch in short) < 2:
            continue
        before = text[max(0, match.start() - 120) : match.start()].split()
        long_form = schwartz_hearst(short.rstrip("s") if short[:-1].isupper() else short, before)
        if long_form and len(long_form) > len(short) + 2:
            found.setdefault(short, long_form)
    return found


def schwartz_hearst(short: str, before: Sequence[str]) -> str | None:
    """The long form of `short` at the end of the words `before` it, None without one."""
    return _long_form(short, " ".join(before[-min(len(short) + 5, len(short) * 2) :]))


def _long_form(short: str, window: str) -> str | None:
    letters = [ch for ch in short if ch.isalnum()]
    position = len(window) - 1
    for index in range(len(letters) - 1, -1, -1):
        letter = letters[index].lower()
        while position >= 0 and (
            window[position].lower() != letter or (index == 0 and position > 0 and window[position - 1].isalnum())
        ):
            position -= 1
        if position < 0:
            return None
        position -= 1
    start = position + 1
    candidate = window[start:].strip(" ,;([")
    balanced = candidate.count("(") == candidate.count(")") and not re.search(r"[.;:!?]\s", candidate)
    return candidate if candidate and balanced else None
