"""Owns the rules on what was given and to whom: a drug or a species that no passage has, where they have another one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.quality.checking.drugs import drugs, is_named
from chapter_pipeline.quality.checking.text import telling
from chapter_pipeline.quality.checking.verdict import Claim, Fault, Passage

_ANIMALS = {
    "mouse": r"mice|mouse|murine", "rat": r"rats?", "rabbit": r"rabbits?", "pig": r"pigs?|piglets?|porcine|swine|minipigs?|hogs?",
    "dog": r"dogs?|canines?(?! (?:retraction|tooth|teeth|moved|rotation))", "cat": r"cats|feline", "sheep": r"sheep|ovine|lambs?|ewes?", "fish": r"zebrafish|fish",
    "monkey": r"monkeys?|macaques?|primates?|baboons?|marmosets?", "goat": r"goats?", "cow": r"cows?|bovine|calves",
    "guinea pig": r"guinea pigs?", "hamster": r"hamsters?", "gerbil": r"gerbils?", "fly": r"drosophila|fruit fl(?:y|ies)",
    "worm": r"c\. elegans|nematodes?", "frog": r"xenopus|frogs?", "yeast": r"yeast|s\. cerevisiae",
}  # fmt: skip
_ANIMAL_PATTERNS = {
    name: re.compile(rf"(?<![\w-])(?:{words})(?![\w])", re.IGNORECASE) for name, words in _ANIMALS.items()
}
PEOPLE = re.compile(
    r"\b(?:patients?|humans?|people|persons?|participants?|volunteers?|women|woman|men|man|child(?:ren|hood)?|infants?|adults?|"
    r"individuals?|subjects?|mothers?|girls?|boys?|population|clinical(?:ly)?|neonates?|newborns?|adolescents?|males?|females?|worldwide|"
    r"p(?:a)?ediatric|someone|cases|survivors|carriers|users|drivers|students|workers|recipients|donors|relatives|parents|families)\b",
    re.IGNORECASE,
)
_SAYS_PEOPLE = re.compile(
    r"\b(?:patients|people|participants|volunteers|women|men|children|adults|infants|humans|girls|boys)\b(?!['’] tumou?rs)|\b(?:one|a|the) (?:patient|woman|man|child)\b",
    re.IGNORECASE,
)
ANIMALS = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|pigs?|piglets?|porcine|swine|minipigs?|dogs?|canine|cats|feline|sheep|ovine|lambs?|"
    r"zebrafish|rodents?|primates?|macaques?|monkeys?|animals?|preclinical|pre-clinical|in vivo|transgenic|knockout)\b",
    re.IGNORECASE,
)
BENCH = re.compile(
    r"\b(?:in vitro|ex vivo|cell lines?|cell cultures?|cultured?|xenografts?|organoids?|laboratory|bench|preclinical|"
    r"pre-clinical|cadaver\w*|phantoms?|simulat\w+|cells?|lines?|spheres?|keratinocytes?|viability|assays?)\b",
    re.IGNORECASE,
)
_PRECLINICAL = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|pigs?|piglets?|porcine|swine|zebrafish|rodents?|macaques?|monkeys?|animals?|"
    r"pre-?clinical|in vitro|ex vivo|cell lines?|cell cultures?|xenografts?|organoids?|cadaver\w*|phantoms?)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(
    rf"{_PRECLINICAL.pattern}|\b(?:in vivo|cultured?|transgenic|knockout|laboratory|bench|simulat\w+|lambs?|dogs?|sheep)\b",
    re.IGNORECASE,
)
_OWN_RESULT = re.compile(
    r"\bwe\b|\bour\b|\bp\s?[=<>]|\bFig\b|±|\b(?:was|were|showed|showing|had|did|increased|reduced|improved|inhibited|benefited|demonstrated|revealed|induced|extended|resulted|seen|treated|driven)\b",
    re.IGNORECASE,
)
_BACKGROUND = re.compile(
    r"\b(?:is|are|has been|have been|remains?|worldwide|annually|is known|accounts? for|globally)\b", re.IGNORECASE
)
_IN_PATIENTS = re.compile(
    r"\b(?:in|of|among|for|given to|by) (?:\w+[ -]){0,3}?(?:patients|people|women|men|children|adults|humans|infants|participants|volunteers)\b|"
    r"\b(?:patients|people|women|men|children|adults|infants|participants|volunteers)\b",
    re.IGNORECASE,
)
_COMPARED_WITH = re.compile(
    r"\b(?:than(?: (?:with|after|in|on|by|those|patients|women|men|rats|mice|given|treated))*|(?:when )?compared (?:with|to)|versus|vs|"
    r"(?:non-?inferior|superior|inferior|equal|similar|identical) to(?: those of| that of)?|different from(?: those of| that of)?|over)\s(?P<other>[^,;.()]+)",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"\b(?:control\w*|other\w*|standard|usual|before|expected|baseline|alone|either|any|each|placebo|previous\w*|no|none|without|not|"
    r"conventional\w*|traditional\w*|routine|comparators?|they|it|those|that|one|rest|average|general|normal|healthy|first|second|"
    r"single|itself|lower|higher|group|arm|care|\d+|half|treatment|therap\w+|untreated|earlier|later|ever|initial\w*|men|women|with|doubled|halved|tripled|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|twelve|twice|hundred|thousand|million|most|many|all|some|ever|once|just|only|in|on|at|for)\b",
    re.IGNORECASE,
)
NOT_CLINICAL = frozenset({StudyType.ANIMAL, StudyType.LABORATORY})


def drug_faults(claim: Claim) -> Iterator[Fault]:
    """A drug of the claim that no passage names, where the passages name one that the claim has not."""
    said, held = drugs(claim.text), drugs(claim.joined)
    others = {drug for drug in held if not is_named(drug, claim.text)}
    for drug in sorted(said - held):
        if others and not is_named(drug, claim.known):
            yield Fault(rule="drug", words=drug, says=f"its passages speak of {', '.join(sorted(others))}")
            return


_MEMBER = re.compile(r"(?<![\w-])(?P<family>[A-Z][A-Za-z]{1,5})-?(?P<number>\d{1,2})(?![\w.])")
"""A member of a numbered family: an interleukin, a receptor, a gene."""


def member_faults(claim: Claim) -> Iterator[Fault]:
    """Another member of a numbered family than that of the passages."""
    said = {(match["family"], match["number"]) for match in _MEMBER.finditer(claim.text)}
    held = {(match["family"], match["number"]) for match in _MEMBER.finditer(claim.known)}
    for family, number in sorted(said - held):
        others = sorted(other for name, other in held - said if name == family)
        if others and not re.search(rf"{family}\W{{0,2}}{number}(?!\d)|/{number}(?!\d)", claim.known, re.IGNORECASE):
            yield Fault(rule="member", words=f"{family}-{number}", says=f"its passages have {family}-{others[0]}")
            return


def comparator_faults(claim: Claim) -> Iterator[Fault]:
    """A comparator that no passage names, where a passage names another one."""
    theirs = [match["other"] for passage in claim.passages for match in _COMPARED_WITH.finditer(passage.text)]
    if not theirs:
        return
    for match in _COMPARED_WITH.finditer(claim.text):
        other = " ".join(match["other"].split()[:6])
        named = telling(
            re.split(r"\b(?:in|for|at|after|during|by|among|did|had|were|was|because|until|from|on|and)\b", other)[0]
        )
        if not named or _VAGUE.search(other) or named & claim.known_stems:
            continue
        if any(telling(said) & claim.stems for said in theirs):
            continue
        if any(short for short in re.findall(r"\b[A-Z]{2,5}\b", claim.joined) if _spells(short, other)):
            continue
        yield Fault(
            rule="comparator", words=match.group(), says=f"its passages compare with {theirs[0][:60].strip()!r}"
        )
        return


def _spells(short: str, other: str) -> bool:
    initials = "".join(word[0] for word in re.findall(r"[A-Za-z]+", other)).upper()
    return short in initials or initials.startswith(short[:2])


def species_faults(claim: Claim) -> Iterator[Fault]:
    """Another animal than that of the passages, and people where the passages' own results are of animals or the bench."""
    said = {name for name, pattern in _ANIMAL_PATTERNS.items() if pattern.search(claim.text)}
    held = {name for name, pattern in _ANIMAL_PATTERNS.items() if pattern.search(claim.known)}
    for name in sorted(said - held):
        word = _ANIMAL_PATTERNS[name].search(claim.text)
        if word is None:
            continue
        if held:
            yield Fault(rule="species", words=word.group(), says=f"its passages speak of {', '.join(sorted(held))}")
        elif not ANIMALS.search(claim.joined) and _is_of_another_kind(claim):
            yield Fault(rule="species", words=word.group(), says="its passages speak of no animal")
    people = _SAYS_PEOPLE.search(claim.text)
    if people and not ANIMALS.search(claim.text) and not _says_of_people(claim):
        yield Fault(rule="species", words=people.group(), says="its passages report on animals or bench work")


def _is_of_another_kind(claim: Claim) -> bool:
    """Whether the passages, which name no animal, speak of people, or of the bench as the design of their source says."""
    if BENCH.search(claim.joined):
        return claim.studies <= {StudyType.LABORATORY}
    return PEOPLE.search(claim.joined) is not None


def _says_of_people(claim: Claim) -> bool:
    """Whether a passage may be about people: it names them, or it is background, or no result of animals or the bench."""
    return any(_may_be_of_people(passage) for passage in claim.passages)


def _may_be_of_people(passage: Passage) -> bool:
    if passage.species is Species.HUMAN and passage.finding in (FindingKind.BACKGROUND, FindingKind.DEFINITION):
        return True
    bare = re.sub(r"\bclinical(?:ly)?\b|\b(?:from|of) patients|patient-?derived|human (?:corneal |glioma |tumou?r )?(?:cells?|cell lines?|use|[ a-z]{0,20}cells)|"
                  r"introduced for human use", " ", passage.text, flags=re.IGNORECASE)  # fmt: skip
    if PEOPLE.search(re.sub(r"\b(?:male|female)s?\b|\bsubjects?\b|\bpopulation\b", " ", bare)):
        return True
    if ANIMALS.search(passage.text):
        return False
    if passage.study_type is StudyType.LABORATORY and BENCH.search(passage.text):
        return False
    if passage.study_type in NOT_CLINICAL:
        own = passage.finding in (FindingKind.OWN_RESULT, FindingKind.OWN_METHOD, FindingKind.CONCLUSION)
        return not (
            own
            or (
                passage.finding is None
                and (_OWN_RESULT.search(passage.text) is not None and not _BACKGROUND.search(passage.text))
            )
        )
    return True


def untold_faults(claim: Claim) -> Iterator[Fault]:
    """A result of animals or of the bench that neither the sentence nor its paragraph's label tells as one."""
    told = f"{claim.label} {claim.text}"
    if (
        claim.passages
        and StudyType.UNKNOWN not in claim.studies
        and all(_PRECLINICAL.search(passage.text) for passage in claim.passages)
        and not (_TELLS.search(told) or PEOPLE.search(told))
    ):
        yield Fault(rule="untold", words="", says="leaves out that its passages speak of animals or bench work")
        return
    if not claim.passages or not claim.studies <= NOT_CLINICAL or _TELLS.search(told):
        return
    if any(_is_background(passage) for passage in claim.passages):
        return
    yield Fault(
        rule="untold", words="",
        says=f"does not say what it rests on: {' and '.join(sorted(study.value for study in claim.studies))}",
    )  # fmt: skip


def _is_background(passage: Passage) -> bool:
    """Whether the passage tells what is known, not what its own study found."""
    if passage.finding in (
        FindingKind.BACKGROUND,
        FindingKind.DEFINITION,
        FindingKind.LIMITATION,
        FindingKind.RECOMMENDATION,
    ):
        return True
    if passage.species is Species.HUMAN:
        return True
    return (
        passage.finding is None
        and not _OWN_RESULT.search(passage.text)
        and _BACKGROUND.search(passage.text) is not None
    )
