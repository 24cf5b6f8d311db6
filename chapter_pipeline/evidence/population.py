"""Owns whom a study is of: how many, in which setting, and the sentence that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from chapter_pipeline.evidence.text import readable

_I = re.IGNORECASE
_PEOPLE = r"(?:patients?|participants?|subjects?|women|men|children|adults|individuals|people|volunteers|infants|neonates|cases|respondents|adolescents|students|smokers|survivors|mice|rats|animals|rabbits|pigs|dogs|eyes|knees|hips|procedures|operations|craniotomies|pregnancies|births|households|families|residents|nurses|physicians|samples|tumou?rs)"
_COUNT = re.compile(
    rf"\b(?P<n>\d{{1,3}}(?:[, \u202f]\d{{3}})+|\d{{1,7}})\s+(?!(?:%|mg|ml|years?|months?|weeks?|days?|hours?|h|min|of the|mm|cm|kg|g)\b)(?:(?!\d)[\w’'-]+\s+){{0,5}}?(?P<who>{_PEOPLE})\b",
    _I,
)
_EQUALS = re.compile(r"\b[nN]\s?=\s?(?P<n>\d{1,3}(?:[, ]\d{3})+|\d{2,7})\b")
_ENROLLED = re.compile(
    r"\b(?:enrol\w+|recruit\w+|randomi[sz]\w+|includ\w+|identified|total of|compris\w+|analy[sz]\w+|stud(?:y|ied)|consecutive|cohort|underwent|participated|data (?:from|of|on)|eligible|assigned|in all|met the|review(?:ed)? of|were treated)\b",
    _I,
)
_TENS = {
    name: 10 * (place + 2) for place, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
}
_ONES = {
    name: place + 1
    for place, name in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_WORD_COUNT = re.compile(
    rf"\b(?P<words>(?:(?:one|two|three|four|five|six|seven|eight|nine) hundred(?: and)?[ -]?)?(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(list(_ONES)[:9])}))?|{'|'.join(sorted(_ONES, key=len, reverse=True))})?)\s+(?:(?!\d)[\w’'-]+\s+){{0,3}}?(?P<who>{_PEOPLE})\b",
    _I,
)
_SETTING = re.compile(
    r"\b(?:multi-?cent(?:er|re)\w*|single[- ](?:cent(?:er|re)|institution|site)\w*|(?:\w+ ){0,2}(?:tertiary|university|academic|community|district|teaching|general|children[’']s) (?:\w+ ){0,2}(?:hospitals?|cent(?:er|re)s?|clinics?)|primary care|general practices?|"
    r"\d+ (?:hospitals|cent(?:er|re)s|sites|countries|clinics|practices|nursing homes|schools)|intensive care units?|emergency departments?|outpatient clinics?|nursing homes?|national (?:registry|database|cohort)|(?:registry|database|insurance claims))\b",
    _I,
)


def size_of(abstract: Sequence[str], methods: Sequence[str], results: Sequence[str]) -> tuple[int | None, str | None]:
    """The number of subjects, and the sentence that states it; None where no sentence does without doubt.

    The first sentence that enrols, randomises or analyses a number of people or animals says it: of the abstract, then of
    the results, then of the methods. One that states several numbers says it with "a total of", "enrolled" or the like
    before one of them, or not at all: screened, excluded and analysed are different numbers.
    """
    for part in map(readable, (abstract, results[:12], methods)):
        for sentence in part:
            if _ENROLLED.search(sentence) is None:
                continue
            numbers = list(dict.fromkeys(_numbers(sentence)))
            if len(numbers) == 1:
                return numbers[0], sentence
            if numbers:
                match = _ALL_OF_THEM.search(sentence)
                total = int(re.sub(r"\D", "", match["n"])) if match else None
                return (total if total in numbers else None), sentence
    return None, None


_ALL_OF_THEM = re.compile(
    r"\b(?:total of|randomi[sz]ed|randomly assigned|enrolled|recruited|included|analy[sz]ed|in all,?|of the|comprised|cohort of|consecutive|identified)\s(?:\w+\s)?(?P<n>\d{1,3}(?:[, ]\d{3})+|\d{2,7})\b",
    _I,
)


def _numbers(sentence: str) -> Iterable[int]:
    for match in _COUNT.finditer(sentence):
        number = int(re.sub(r"\D", "", match["n"]))
        if number > 1 and not 1900 <= number <= 2030:
            yield number
    for match in _WORD_COUNT.finditer(sentence):
        if (number := _read(match["words"])) and number > 1:
            yield number
    if _COUNT.search(sentence) is None:
        yield from (int(re.sub(r"\D", "", match["n"])) for match in _EQUALS.finditer(sentence))


def _read(words: str) -> int:
    """The number that English words say, up to 999."""
    total = 0
    for word in re.findall(r"[a-z]+", words.casefold()):
        if word == "hundred":
            total *= 100
        else:
            total += _TENS.get(word, _ONES.get(word, 0))
    return total


def setting_of(sentences: Iterable[str]) -> str | None:
    """Where it was done, as printed: "12 hospitals", "single-centre"."""
    return next(
        (match.group().strip() for sentence in readable(sentences) if (match := _SETTING.search(sentence))), None
    )
