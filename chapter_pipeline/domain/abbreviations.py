"""Owns what the short forms of a document stand for, as the document itself defines them, and where a text uses one.

Short forms are abbreviations (``GBM``), codes of arms and drugs (``US2X``) and names of arms (``triple therapy``).
Nothing is defined that the document does not define.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from chapter_pipeline.domain.chapter_text import Abbreviation
from chapter_pipeline.domain.wording import schwartz_hearst

LONGEST = 14
"""Words of a long form; more are a sentence."""
SHARED = 3
"""Letters from which on an abbreviation may be one that another document defines: ``US`` has too many meanings."""
LONGEST_ARM = 20
"""Words of what an arm consisted of."""
_LIST = re.compile(r"\babbreviations?(?: used(?: in [\w ]{1,20})?)?\s*[:.—–-]?\s+", re.IGNORECASE)
_LISTED = re.compile(r"(?P<short>[\w&/+-]{2,12})\s?[,:=]\s(?P<long>\S.{1,110})", re.DOTALL)
_BRACKETED = re.compile(r"[(\[](?P<short>[a-zα-ω]?[A-Z][A-Za-z0-9/-]{1,9}?)s?(?=[)\]]|[,;]\s|\s?=)")
_JOINING = frozenset("a an and by de for from in of on or per the to with".split())
_PART = re.compile(r"[^\W_]+")
# Arms that one sentence tells apart by codes: "a one-time treatment (US1X), and two treatments 24 h apart (US2X)".
_CODE = re.compile(r"\((?P<code>[A-Za-z][A-Za-z-]*\d[A-Za-z0-9]{0,3}|[A-Za-z][\w-]* \(\w{1,3}\))\)")
_POINTS = re.compile(r"Fig|Tab|Ref|Suppl|[Ss]\d", re.IGNORECASE)
_BEFORE_CODE = re.compile(r"[,:;()\[\]]|\b(?:and|or|versus|vs|as|either|were|was|is|are|by)\b")
_NAMED_ARM = re.compile(
    r"\b(?P<short>(?:double|dual|triple|quadruple) (?:therapy|immunotherapy|treatment|blockade|regimen))"
    r"(?: regimen| group| arm)?,? (?:(?:which |that )?(?P<stated>consist(?:s|ed|ing) of|compris(?:es|ed|ing))|with) "
    r"(?P<long>[^.;()]{8,160}?)(?=\s?[.;()]|\s(?:was|were|is|are|had|has|have|did|can|may|could|would|will|should|using|given|delivered|"
    r"administered|every|at|in|for|to|resulted|led|produced|showed|demonstrated|significantly|increased|improved|"
    r"exhibited|and (?:mice|rats|animals|patients|participants))\b|$)",
    re.IGNORECASE,
)
# "the GPR17 antagonist RWT020016": the code of a drug behind what it is.
_DRUG = re.compile(
    r"\b(?P<long>(?:[A-Z][\w-]+ )?(?:antagonist|agonist|inhibitor|blocker|modulator|activator)),? \(?"
    r"(?P<short>[A-Z]{1,6}-?\d{3,8}[A-Za-z]?)\b"
)


def definitions(texts: Iterable[str]) -> dict[str, str]:
    """The short forms that a document defines, to their long forms; `texts` are those of its pages.

    The first definition counts, that of a list of abbreviations before all others. A short form within a long one is
    written out.
    """
    pages = list(texts)
    found: dict[str, str] = {}
    blocks = [" ".join(block.split()) for page in pages for block in re.split(r"\n\s*\n", page)]
    for short, long in (
        *(one for page in pages for one in _listed(page)),
        *(one for block in blocks for one in _in_brackets(block)),
        *(one for block in blocks for one in _by_code(block)),
        *_named(blocks),
    ):
        found.setdefault(short, long)
    whole = " ".join(blocks)
    return {short: _written_out(short, _lower(long, whole), found) for short, long in found.items()}


def _listed(page: str) -> Iterator[tuple[str, str]]:
    """The entries of the lists of abbreviations of a page: ``CSF, cerebrospinal fluid; CT, computed tomography``."""
    for head in _LIST.finditer(page):
        for entry in re.split(r";\s", page[head.end() : head.end() + 4000]):
            last = re.split(r"\n\s*\n|\.(?:\s|$)", entry, maxsplit=1)
            match = _LISTED.fullmatch(last[0].strip())
            if match is None:
                break
            long = " ".join(match["long"].split()).rstrip(".,")
            if long.count(")") > long.count("("):
                long = long.rstrip(")")
            if _is_short(match["short"]) and len(long.split()) <= LONGEST:
                yield match["short"], long
            if len(last) > 1:
                break


def _is_short(form: str) -> bool:
    return sum(ch.isupper() or ch.isdigit() for ch in form) > 1 and any(ch.isalpha() for ch in form)


def _in_brackets(block: str) -> Iterator[tuple[str, str]]:
    for match in _BRACKETED.finditer(block):
        short = match["short"]
        if sum(ch.isupper() for ch in short) < 2:
            continue
        tokens = block[max(0, match.start() - 160) : match.start()].split()
        long = _initialism(short, tokens) or _plausible(short, schwartz_hearst(short, tokens))
        if long and len(long) > len(short) + 2:
            yield short, long


def _initialism(short: str, tokens: Sequence[str]) -> str | None:
    """The last words of `tokens` whose initials are `short`, small words between them left out of account."""
    wanted = [ch.casefold() for ch in short if ch.isalnum()]
    for at in range(len(tokens) - 1, max(-1, len(tokens) - LONGEST), -1):
        if at < len(tokens) - 1 and tokens[at].endswith((".", ";", ":", ",", ")")):
            return None
        parts = [part.casefold() for token in tokens[at:] for part in _PART.findall(token)]
        if not parts:
            continue
        initials = [part[0] for place, part in enumerate(parts) if not place or part not in _JOINING]
        if initials == wanted:
            return " ".join(tokens[at:]).lstrip('([“"')
        if len(initials) > len(wanted):
            return None
    return None


def _plausible(short: str, long: str | None) -> str | None:
    """`long`, unless it is a run of words in which the letters only happen to stand."""
    if long is None or any(long.count(one) != long.count(other) for one, other in ("()", "[]")) or "," in long:
        return None
    content = [part.casefold() for part in _PART.findall(long) if part.casefold() not in _JOINING]
    letters = {ch.casefold() for ch in short if ch.isalnum()}
    first = _PART.findall(long)[:1]
    if not content or not first or first[0].casefold() in _JOINING or content[-1][0] not in letters:
        # A single word may hold all letters: "hippocampus (HPC)".
        return long if len(content) == 1 else None
    return long if len(content) <= len(short) + 1 else None


def _by_code(block: str) -> Iterator[tuple[str, str]]:
    for sentence in re.split(r"(?<=[.;])\s", block):
        alike: dict[str, list[re.Match[str]]] = defaultdict(list)
        for match in _CODE.finditer(sentence):
            alike[re.sub(r"\d+[a-z]?", "#", match["code"])].append(match)
        for codes in alike.values():
            if len({match["code"] for match in codes}) < 2:
                continue
            for match in codes:
                before = _BEFORE_CODE.split(sentence[: match.start()])[-1].strip()
                enough = len(before.split()) > 1 or "(" in match["code"]
                if before and enough and len(before.split()) <= LONGEST and not _POINTS.match(match["code"]):
                    yield match["code"], before


def _named(blocks: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What arms consist of and what drugs are; a name that is only told ``with`` something has to mean the same always."""
    loose: dict[str, list[str]] = defaultdict(list)
    for match in (one for block in blocks for one in _NAMED_ARM.finditer(block)):
        short, long = match["short"].lower(), match["long"].strip(" ,")
        if len(long.split()) > LONGEST_ARM:
            continue
        if match["stated"]:
            yield short, long
        else:
            loose[short].append(long)
    for short, longs in loose.items():
        if all(_stems(longs[0]) & _stems(one) for one in longs):
            yield short, longs[0]
    for match in (one for block in blocks for one in _DRUG.finditer(block)):
        yield match["short"], match["long"]


def _lower(long: str, text: str) -> str:
    """`long` as the document writes it within a sentence: "Traumatic brain injury" of a list in lower case."""
    small = long[:1].lower() + long[1:]
    is_name = not long[1:].replace("-", " ").islower()
    return small if not is_name and re.search(rf"(?<!\w){re.escape(small.split()[0])}(?!\w)", text) else long


def _written_out(short: str, long: str, known: Mapping[str, str]) -> str:
    def of(match: re.Match[str]) -> str:
        whole = known.get(match.group(), "")
        plain = whole and match.group() != short and "(" not in whole and not _INNER.search(whole)
        return whole if plain else match.group()

    return _INNER.sub(of, long)


_INNER = re.compile(r"(?<![\w-])[A-Z]{2,6}(?![\w-])")


@lru_cache(maxsize=2048)
def _pattern(short: str) -> re.Pattern[str]:
    first = short[0]
    start = f"[{first.upper()}{first.lower()}]" if " " in short and first.isalpha() else re.escape(first)
    plural = "(?:(?<![s\\W])(?:s|[’']s)(?![\\w-]))?" if short[-1].isupper() else ""
    return re.compile(rf"(?<![\w-]){start}{re.escape(short[1:])}{plural}(?!\w|-(?![a-z]))")


def use_of(short: str, text: str) -> re.Match[str] | None:
    """Where `text` first uses `short`, its plural, or a compound that begins with it (``LSCI-based``)."""
    return _pattern(short).search(text)


def defined(texts: Mapping[str, Sequence[str]]) -> list[Abbreviation]:
    """The abbreviations of documents, `texts` the pages of each by its key; an abbreviation of two meanings stands twice.

    Long forms of one meaning share a word; the most frequent of them is taken.
    """
    meanings: dict[str, list[list[tuple[str, str]]]] = defaultdict(list)
    for document, pages in sorted(texts.items()):
        for short, long in definitions(pages).items():
            alike = next((one for one in meanings[short] if _agree(short, one[0][1], long)), None)
            if alike is None:
                meanings[short].append(alike := [])
            alike.append((document, long))
    found = []
    for short, groups in sorted(meanings.items()):
        for group in groups:
            counted = Counter(long for _, long in group)
            long = max(counted, key=lambda one: (counted[one], len(one)))
            found.append(Abbreviation(short=short, long=long, documents=tuple(document for document, _ in group)))
    return found


def _agree(short: str, first: str, second: str) -> bool:
    if first.casefold() == second.casefold() or is_of_one_document(short):
        return first.casefold() == second.casefold()
    return bool(_stems(first) & _stems(second))


def _stems(long: str) -> set[str]:
    return {part.casefold()[:5] for part in _PART.findall(long)} - _JOINING


def is_of_one_document(short: str) -> bool:
    """Whether `short` names an arm: the same name in another document is of another arm."""
    return " " in short


def known_for(abbreviations: Iterable[Abbreviation], documents: Iterable[str]) -> dict[str, str]:
    """What the short forms in a sentence that cites `documents` stand for.

    As these documents define them; else as all others do, when they agree. An abbreviation without documents is of a
    chapter of an earlier release and holds for all.
    """
    cited = set(documents)
    own: dict[str, str] = {}
    others: dict[str, list[str]] = defaultdict(list)
    for one in abbreviations:
        if not one.documents or cited.intersection(one.documents):
            own.setdefault(one.short, one.long)
        elif len(one.short) >= SHARED and not is_of_one_document(one.short):
            others[one.short].append(one.long)
    return {short: longs[0] for short, longs in others.items() if len(longs) == 1} | own
