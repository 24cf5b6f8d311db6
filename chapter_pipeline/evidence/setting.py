"""Owns the setting a study was done in: single-centre or multicentre, what kind of place, which country."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chapter_pipeline.evidence.text import has_one, lowered, readable, without_brackets

MOST_COUNTRIES = 4
"""Countries that are named; of more the number of places tells it."""
_CENTRES = re.compile(
    r"\b(?:(?:multi|single|two|three|four|five|six|dual|bi)[- ]?(?:cent(?:er|re)s?|centric|institution(?:al)?|site)\b(?! of)|"
    r"\d+ (?:(?!(?:at|in|of|and|to|from)\b)[\w-]+ ){0,2}(?:hospitals|cent(?:er|re)s|sites|countries|clinics|practices|nursing homes|schools)\b)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:(?:(?!(?:at|in|of|and|to|from|the|an?|by|for|our|this|was|were|performed|conducted|admitted)\b)\w+ ){0,2}(?:tertiary|university|academic|community|district|teaching|general|children[’']s) (?:\w+ ){0,2}(?:hospitals?|cent(?:er|re)s?|clinics?)|primary care|general practices?|"
    r"intensive care units?|emergency departments?|outpatient clinics?|nursing homes?|(?:aged|residential) care facilities|(?:national|regional|institutional|hospital|cancer|prospective|administrative|insurance|claims|surgical|stroke|trauma|population-based) (?:registry|registers?|database|cohort))\b(?! search)",
    re.IGNORECASE,
)
_NAMES = (
    "Argentina|Australia|Austria|Bangladesh|Belgium|Brazil|Burkina Faso|Cameroon|Canada|Chile|China|Colombia|Croatia|Cuba|Czech Republic|Denmark|Egypt|England|Ethiopia|Finland|France|Gambia|Germany|Ghana|Greece|Hong Kong|"
    "Hungary|India|Indonesia|Iran|Iraq|Ireland|Israel|Italy|Ivory Coast|Jamaica|Japan|Jordan|Kenya|Korea|Kuwait|Lebanon|Liberia|Malawi|Malaysia|Mali|Mexico|Morocco|Mozambique|Nepal|New Zealand|Nigeria|Norway|Pakistan|Peru|Philippines|"
    "Poland|Portugal|Romania|Russia|Rwanda|Saudi Arabia|Scotland|Senegal|Serbia|Singapore|Slovakia|Slovenia|South Africa|South Korea|Spain|Sri Lanka|Sudan|Sweden|Switzerland|Taiwan|Tanzania|Thailand|(?:The |the )?Netherlands|Tunisia|Turkey|Uganda|"
    "UK|United Kingdom|USA|US|United States|Uruguay|Venezuela|Vietnam|Viet Nam|Wales|Zambia|Zimbabwe"
)
_OF_PLACES = (
    "hospital", "center", "centre", "centric", "institution", "site", "countries", "clinic", "practice", "schools", "care",
    "unit", "department", "nursing", "regist", "database", "cohort",
)  # fmt: skip
"""What a sentence that names a place holds: searched for first, for the patterns themselves take long."""
_COUNTRY = re.compile(rf"(?:(?:\b[Ii]n|,|\band) (?:the )?|\bof )(?P<name>{_NAMES})(?![\w-])")
_WHERE = re.compile(
    r"\b(?:hospitals?|clinics?|universit(?:y|ies)|cent(?:er|re)s?|departments?|institut(?:e|ion)s?|villages?|district|province|practices|schools|recruited|enrolled|conducted|carried out|took place|undertaken|residents?|population)\b",
    re.IGNORECASE,
)
_BOUGHT = re.compile(
    r"\b(?:purchased|obtained from|supplied|manufactur\w+|Inc|Ltd|GmbH|Corp\w*|software|version|approved|ethic\w+|committee|review board|kits?|assays?|incidence|prevalence|previous\w*|recent\w*)\b",
    re.IGNORECASE,
)


def setting_of(sentences: Iterable[str]) -> str | None:
    """Where it was done, as printed: "12 hospitals", "single-centre; tertiary hospital; Iran"; None where nothing says it."""
    said = readable(sentences)
    named = [sentence for sentence in said if has_one(lowered(sentence), _OF_PLACES)]
    places = (pattern.search(sentence) for pattern in (_CENTRES, _PLACE) for sentence in named)
    found: dict[re.Pattern[str], str] = {}
    for match in places:
        if match is not None:
            found.setdefault(match.re, match.group().strip())
    parts: list[str] = []
    for part in (*found.values(), ", ".join(_countries(said))):
        if part and not any(part.casefold() in other.casefold() for other in parts):
            parts.append(part)
    return "; ".join(parts) or None


def _countries(sentences: Iterable[str]) -> Iterator[str]:
    """The countries of the first sentence that says in which places a study was done."""
    for sentence in sentences:
        if _COUNTRY.search(sentence) is None:
            continue
        plain = without_brackets(sentence)
        if _WHERE.search(plain) is None or _BOUGHT.search(plain):
            continue
        named = dict.fromkeys(match["name"] for match in _COUNTRY.finditer(plain))
        if named:
            if len(named) <= MOST_COUNTRIES:
                yield from named
            return
