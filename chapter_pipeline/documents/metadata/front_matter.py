"""Owns what the front pages print around the title: authors, journal, article type, PMID, and the text's language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.domain.document import BlockKind

_AFFILIATION = re.compile(
    r"\b(?:Lab(?:oratory)?|Foundation|Universit\w+|Departments?|Cent(?:er|re)|Hospital|Institut\w*|School|Division|Section|"
    r"Faculty|College|Clinics?|Surgery|Therapeutics|Corporation|Academy|Campus|Ministry|Sciences)\b"
)
_DEGREES = re.compile(
    r"^(?:MD|PhD|MSc|BSc|MS|FRCS|MBBS|DO|RN|MPH|Dr|Prof|Jr|PT|BA|MA|FRCP|DPhil|FDAA|APD|on behalf of.*|for the .*|"
    r"See .*|BSc Hon)$"
)
_WITH_DEGREE = re.compile(r"^((?:[A-ZÀ-Þ][\w.’'‐-]*\s){1,4}[A-ZÀ-Þ][\w’'‐-]+), ?(?:MD|PhD|DO|MSc?|MBBS|MPH|FRCS)\b")
_WITH_ADDRESS = re.compile(r"^((?:[A-ZÀ-Þ][\w.’'‐-]*\s){1,4}[A-ZÀ-Þ][\w’'‐-]+) \(\S+@\S+\)")
_NAME = re.compile(r"^(?:[A-ZÀ-Þ][\w.’'‐-]*\s(?:(?:van|von|de|der|la|di)\s)*){1,4}[A-ZÀ-Þ][\w’'‐-]+$")
_GROUP_KIND = (
    r"(?:Study Group|Working Group|Research Group|Group|Consortium|Investigators|Collaborators|Collaborative|Collaboration|"
    r"Network|Trialists|Task Force|Committee|Initiative)"
)
_GROUP_WORDS = r"(?:[A-Z][\w’'/-]*|\w+-\d+)(?:\s(?:[A-Z][\w’'/()-]*|\d+|of|for|in|on|and|the)){0,9}?"
_ON_BEHALF = re.compile(
    rf"(?:[;,]\s*)?(?:\b(?:and|&)\s+)?(?:\b(?:on behalf of|for)\s+(?P<article>the\s+)?|\b(?=the\s))"
    rf"(?P<name>(?:the\s+)?{_GROUP_WORDS}\s{_GROUP_KIND})\b"
)
_GROUP = re.compile(rf"^{_GROUP_WORDS}\s{_GROUP_KIND}$")
_NO_NAME = re.compile(r"\b(?:in|of|the|for|on|with|from|by|to|at)\b")
_SUPERSCRIPT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹*†‡§¶#∗✉]+")
# What is left of a mark behind the name before: a letter, two, or a sign without a letter of its own.
_FIRST_MARK = re.compile(r"^(?:[^\w\s]+\s*|(?!(?:de|da|di|du|el|al|le|la|te)\b)[a-z]{1,2}[§¶‖]*\s+(?=[A-ZÀ-Þ]))+")
_MARKS = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹*†‡§¶#∗✉]+|\d+")
_TYPE = re.compile(
    r"^(?:article type:? )?((?:original|comprehensive|systematic|narrative|basic|clinical|brief|short|rapid)? ?"
    r"(?:research|review|case report|case series|article|paper|study protocol|clinical (?:trial|article|study)|editorial|"
    r"commentary|report|communication|letter|research note|meta-analysis)(?: ?article| paper| note)?)(?: open access)?$",
    re.IGNORECASE,
)
_JOURNAL_WORDS = r"([A-Z][\w&:.-]*(?: (?:[A-Z][\w&:.-]*|of|and|in|the|for|&)){0,7}?)\.?"
_JOURNALS = [
    re.compile(pattern)
    for pattern in (
        rf"(?:^|et al\.? |^\(|Corporation ){_JOURNAL_WORDS},? (?:(?:19|20)\d\d ?[;,|]|Volume (?:19|20)\d\d|\(?(?:19|20)\d\d\)? \d+[:(])",
        rf"^{_JOURNAL_WORDS} \d+:\d+[–-]\d+, (?:19|20)\d\d",
        rf"^{_JOURNAL_WORDS},? [Vv]ol(?:ume)?\.? ?\d+",
        rf"^(?:\d+ )?{_JOURNAL_WORDS} \| (?:https?:|www\.|[Vv]olume|DOI|doi)",
        rf"(?:^|/ ){_JOURNAL_WORDS} \d+ \((?:19|20)\d\d\) \d+",
    )
]
_PUBLISHER = re.compile(r"^[A-Z]\w+ Publishing Corporation ")
_PMID = re.compile(r"\b(?:PMID|PubMed ID)\s*:?\s*(\d{6,9})\b")
_PMCID = re.compile(r"\bPMC(?:ID)?\s*:?\s*(?:PMC)?(\d{5,9})\b")
_STOP_WORDS = {
    "en": "the of and in to with was were for that is by from as are",
    "de": "der die und in den von zu das mit ist des im nicht eine wurde",
    "fr": "le la les et des de du une dans est pour par sur avec que",
    "es": "el la los de y en que del las una con por para se fue",
    "it": "il la di che e in un della per con dei del sono le nel",
    "pt": "o a os de e em que da do para com uma não foi dos",
    "nl": "de het een van en in is dat op te met voor zijn werd bij",
}
_WORDS = {language: frozenset(words.split()) for language, words in _STOP_WORDS.items()}
MIN_STOP_WORDS = 0.12
"""Share of a text's words that are among the 15 of its language; running prose has 0.2 or more."""


def names(text: str) -> tuple[str, ...]:
    """The people of an author line as printed, up to the first affiliation, without marks and degrees.

    A group that they write for is in braces (`domain.bibliography.Author`).
    """
    text = re.sub(r"\bLancet \d.*", "", text)
    affiliation = _AFFILIATION.search(text)
    group = _ON_BEHALF.search(text, 0, affiliation.start() if affiliation else len(text))
    if group:
        text = f"{text[: group.start()]}, {text[group.end() :]}"
    found: list[str] = []
    for part in re.split(r"[,;|·]|\band\b|&", _MARKS.sub(",", text)):
        name = _FIRST_MARK.sub("", " ".join(part.strip(" .;&").split()))
        if _AFFILIATION.search(name):
            break
        name = re.sub(r"(?<=\w)(?: [a-z]{1,2})+$", "", name)
        if not name or _DEGREES.match(name.replace(".", "")) or re.search(r"[@/:()]", name):
            continue
        if _GROUP.match(name):
            found.append(f"{{{name}}}")
        elif 2 <= len(name.split()) <= 5 and name[0].isupper() and not _NO_NAME.search(name):
            found.append(name)
    if group and found:
        found.append("{" + " ".join(_SUPERSCRIPT.sub("", group["name"]).split()) + "}")
    return _distinct(found)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Each person once: the corresponding author may be printed again, without a middle initial."""
    people: dict[tuple[str, str], str] = {}
    for name in names:
        people.setdefault((name.split()[0], name.split()[-1]), name)
    return tuple(people.values())


def listed_names(items: Sequence[Item]) -> tuple[str, ...]:
    """Authors that stand each on a line of their own: with a degree, an address, or under the heading "Authors"."""
    lines = [_MARKS.sub("", line.text).strip() for item in items for line in item.region.lines]
    for pattern in (_WITH_DEGREE, _WITH_ADDRESS):
        people = _distinct(
            match.group(1) for line in lines if not _AFFILIATION.search(line) and (match := pattern.match(line))
        )
        if len(people) > 1:
            return people
    texts = [_MARKS.sub("", item.text).strip() for item in items]
    if "Authors" not in texts:
        return ()
    below = [item for item in items[texts.index("Authors") + 1 :] if item.kind is BlockKind.HEADING]
    people = ()
    for item in below:
        if _GROUP.match(item.text):
            people += (f"{{{item.text}}}",)
        elif _NAME.match(item.text):
            people += (item.text,)
        else:
            break
    return people


def article_type(items: Iterable[Item]) -> str | None:
    """The kind of article as printed above the title ("Case report")."""
    for item in items:
        if item.words <= 6 and item.kind not in (BlockKind.BODY, BlockKind.ABSTRACT, BlockKind.TITLE):
            match = _TYPE.match(item.text)
            if match:
                return " ".join(match.group(1).split())
    return None


def printed_journal(pages: Sequence[Sequence[Item]]) -> str | None:
    """The journal that the running heads and feet of the first pages name most often."""
    found: Counter[str] = Counter()
    heads = (BlockKind.FURNITURE, BlockKind.AUTHORS, BlockKind.HEADING)
    for items in pages[:4]:
        for item in items:
            front = item.kind is BlockKind.OTHER and item.page < 2 and item.words <= 30
            if not front and (item.kind not in heads or item.words > 60):
                continue
            for pattern in _JOURNALS:
                match = pattern.search(_PUBLISHER.sub("", item.text))
                if match and len(match.group(1)) > 3:
                    found[match.group(1)] += 1
                    break
    return found.most_common(1)[0][0] if found else None


def pmid(items: Iterable[Item]) -> str | None:
    """The PMID that the front pages print outside their references."""
    for item in items:
        if "PM" in item.text or "PubMed" in item.text:
            match = _PMID.search(item.text)
            if match and item.kind is not BlockKind.REFERENCE:
                return match.group(1)
    return None


def pmcid(items: Iterable[Item]) -> str | None:
    """The identifier of the article in PubMed Central."""
    for item in items:
        match = _PMCID.search(item.text) if item.kind is not BlockKind.REFERENCE else None
        if match:
            return f"PMC{match.group(1)}"
    return None


def language(text: str) -> str | None:
    """ISO 639-1 of a running text by its commonest words; None when no language has enough of them."""
    words = re.findall(r"[^\W\d_]+", text[:20_000].lower())
    if len(words) < 20:
        return None
    counted = Counter(words)
    shares = {code: sum(counted[word] for word in known) / len(words) for code, known in _WORDS.items()}
    best = max(shares, key=lambda code: shares[code])
    return best if shares[best] >= MIN_STOP_WORDS else None
