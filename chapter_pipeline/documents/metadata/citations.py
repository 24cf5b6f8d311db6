"""Owns reading citations of an article that its own pages print: journal, year, volume, issue, pages, DOI.

`own_citations` reads running heads, feet and "how to cite" lines; `manuscript_citation` reads the line by which an author
manuscript or a copy from a repository names its published article; `preprint` reads the line of a preprint server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chapter_pipeline.documents.dois import DOI, tidied

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\.?(?:[/–-][A-Z][a-z]+)?"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>[0-3]?\d)"
_DAY_FIRST = re.sub(r"\?P<(\w+)>", r"?P<\1_>", rf"{_DAY} {_MONTH},? {_YEAR}")
_VOLUME = r"(?P<volume>\d{1,4}[A-Z]?)"
_ISSUE = r"\(\s?(?P<issue>(?:[\w.]+(?:[ –-][\w.]+)?|Suppl[. ]*\d*|Pt \d))\s?\)"
_PAGES = r"(?P<pages>[A-Za-z]{0,4}\d+[A-Za-z]?(?:\s?[–‑-]\s?[A-Za-z]{0,2}\d+[A-Za-z]?)?)"
_WORD = r"(?:[A-Z][\w&’'®.:-]*|[a-z]?[A-Z][\w&’'-]+)"
_LISTED = r", (?=[A-Z][\w-]+(?:, [A-Z][\w-]+)*,? (?:and|&) [A-Z])"  # Journal of Neurology, Neurosurgery and Psychiatry
_JOURNAL = rf"(?P<journal>{_WORD}(?:(?: |{_LISTED})(?:{_WORD}|\(?[A-Z][\w.]*\)?|&|of|and|in|the|for|on|de|la|der|et|y)){{0,9}}?)"
_JOURNAL_OR_NOTHING = rf"(?:{_JOURNAL}(?:,? |\W{{1,3}})|^\W+)\b"
"""A journal, or the beginning of the line, before the volume."""

_ANY_YEAR = re.compile(r"(?:19|20)\d\d")
_BETWEEN = (",?", "[.,]?", "[.,;:]?", r"(?: \|)?")
"""What may stand between a journal and the rest of a form."""


def _rest(pattern: str) -> re.Pattern[str]:
    """What follows the journal in a form: a line without it fits not, and to look for it takes a tenth of the time."""
    for optional in (_JOURNAL, *_BETWEEN):
        pattern = pattern.removeprefix(optional)
    return re.compile(pattern.removeprefix(_JOURNAL_OR_NOTHING))


# Each as printed by one family of journals; the first one that fits a line is taken. Before a form stand the words and signs
# (in lower case; of those in brackets, one) and years that are in every line that fits it: to look for them takes a hundredth
# of the time of the pattern.
_FORMS = [
    (needed, _rest(pattern), re.compile(pattern))
    for needed, pattern in (
        # J Neurosurg. 2016 January ; 124(1): 33–40.   Lancet 2018; 391: 241–50   Open Med. 2016; 11: 264-269
        (
            (_ANY_YEAR, ";"),
            rf"{_JOURNAL}[.,]? {_YEAR}(?: {_MONTH}(?: {_DAY})?)? ?; ?{_VOLUME}(?: ?{_ISSUE})? ?[:,] ?{_PAGES}",
        ),
        # Bioeng Transl Med. 2024;e10660.
        ((_ANY_YEAR, ";"), rf"{_JOURNAL}[.,]? {_YEAR}(?: {_MONTH}(?: {_DAY})?)? ?; ?(?P<pages>[eE]\d+)"),
        # J Neurosurg. 2016 January ; 124(1).   Brain. 2019 Apr 3; 142.
        (
            (_ANY_YEAR, ";"),
            rf"{_JOURNAL}[.,]? {_YEAR}(?: {_MONTH}(?: {_DAY})?)? ?; ?{_VOLUME}(?: ?{_ISSUE})?(?=[.\s]|$)",
        ),
        # JMIR Mhealth Uhealth 2016 | vol. 4 | iss. 2 | e78
        ((_ANY_YEAR, "vol.", "|"), rf"{_JOURNAL} {_YEAR} \| vol\. {_VOLUME} \| iss\. (?P<issue>\w+) \| {_PAGES}"),
        # Frontiers in Oncology | www.frontiersin.org 1 January 2019 | Volume 8 | Article 660
        (
            (_ANY_YEAR, "volume", "|"),
            rf"(?:{_JOURNAL} \| )?(?:\S+ )?(?:\d+ )?{_MONTH} {_YEAR} \| Volume {_VOLUME}(?: \| Issue (?P<issue>\w+))? \| (?:Article )?{_PAGES}",
        ),
        # OPERATIVE NEUROSURGERY VOLUME 19 | NUMBER 3 | SEPTEMBER 2020 | 341
        (
            (_ANY_YEAR, "volume", "number"),
            rf"(?:{_JOURNAL} )?(?i:volume) {_VOLUME} ?[|,] ?(?i:number) (?P<issue>\w+) ?[|,] ?(?i:{_MONTH}) {_YEAR}",
        ),
        # ONCOIMMUNOLOGY 2021, VOL. 10, NO. 1, e1956142 (9 pages)
        (
            (_ANY_YEAR, "vol", "no"),
            rf"{_JOURNAL},? {_YEAR},? (?i:vol)\. ?{_VOLUME},? (?i:no)\. ?(?P<issue>\w+),? {_PAGES}",
        ),
        # BMC Cancer 2012, 12:560   F1000Research 2015, 3:190   Brain 2019: 142; 1–9
        ((_ANY_YEAR,), rf"{_JOURNAL},? {_YEAR}[,:;] ?{_VOLUME}(?: ?{_ISSUE})? ?[:;] ?{_PAGES}"),
        # Journal for ImmunoTherapy of Cancer (2016) 4:28   Scientific Reports | (2020) 10:7614
        ((_ANY_YEAR, "("), rf"{_JOURNAL},?(?: \|)? \({_YEAR}\) {_VOLUME}(?: ?{_ISSUE})? ?[:,] ?{_PAGES}"),
        # PAIN 155 (2014) 2461–2470   World Neurosurg. 120 (2018): 33-40
        ((_ANY_YEAR, "("), rf"{_JOURNAL_OR_NOTHING}{_VOLUME}(?: ?{_ISSUE})? ?\({_YEAR}\):? {_PAGES}"),
        # Operative Neurosurgery 19:341–350, 2020   J Neurosurg 124(1), 33–40 (2016)
        ((_ANY_YEAR,), rf"{_JOURNAL},? {_VOLUME}(?: ?{_ISSUE})? ?[:,] ?(?:pp?\. ?)?{_PAGES},? \(?{_YEAR}\)?"),
        # Neurology 86, no. 2 (March 2019): 956–964   Neurology 86.2 (2019): 956–64
        (
            (_ANY_YEAR, "("),
            rf"{_JOURNAL},? {_VOLUME}(?:\.|, (?i:no|issue)\.? ?)(?P<issue>\w+) ?\((?:{_MONTH} )?{_YEAR}\) ?:? ?{_PAGES}",
        ),
        # Neurology, Vol. 86, No. 2, 2019, pp. 956–964   Neuroradiology, Volume 101, Issue 1, July 2014, Pages 1141–1149
        (
            (_ANY_YEAR, "vol"),
            rf"{_JOURNAL}[.,]? (?i:vol(?:ume)?)\.? ?{_VOLUME}(?:,? (?i:no|issue|iss|number)\.? ?(?P<issue>\w+))?,? (?:{_MONTH} )?{_YEAR},? (?i:pp?\.|pages?) ?{_PAGES}",
        ),
        # 3(1), 1–8, 2021 | doi:
        ((_ANY_YEAR, "(", "|"), rf"^{_VOLUME} ?{_ISSUE}, {_PAGES}, {_YEAR} \|"),
        # International Journal of Agronomy Volume 2014, Article ID 801626
        ((_ANY_YEAR, "volume", "article id"), rf"{_JOURNAL} Volume (?P<volume>{_YEAR}), Article ID {_PAGES}"),
        # Scientific Reports | 7: 14978 | DOI:
        (("|", ":"), rf"{_JOURNAL} \| {_VOLUME} ?: ?{_PAGES} \|"),
        # Front. Oncol. 8:660. doi:
        ((":", "doi"), rf"{_JOURNAL} {_VOLUME} ?(?:{_ISSUE})?:{_PAGES}\. ?(?i:doi)"),
        # Journal of Pain, vol. 12, no. 3, pp. 33-40, 2016
        (
            ("vol",),
            rf"{_JOURNAL}[.,]? (?i:vol(?:ume)?)\.? ?{_VOLUME},? (?:(?i:no|issue|iss)\.? ?(?P<issue>\w+),? )?(?:pp?\.? ?{_PAGES})?(?:,? \(?{_YEAR}\)?)?",
        ),
        # Journal of Pain, 12 (3). pp. 33-40.   Brain, 140(4), 940-947
        ((",", "("), rf"{_JOURNAL}, ?{_VOLUME} ?{_ISSUE}[.,:] ?(?:pp?\. ?)?{_PAGES}"),
        # Brain and Spine Reports Published online ahead of print April 18, 2017   J. First published: 15 January 2016
        (
            (_ANY_YEAR, ("publish", "epub", "advance access", "online first", "posted online")),
            rf"{_JOURNAL}[.,;:]? (?i:published online|published|publish|epub|first published|advance access|online first|posted online):?"
            rf"(?i:,? ahead of print)?(?i: on| publication)?[.,;:]? ?(?:{_MONTH} {_DAY}, ?{_YEAR}|{_DAY_FIRST})",
        ),
        # World Neurosurgery (2020), doi:
        ((_ANY_YEAR, "doi"), rf"{_JOURNAL},? \({_YEAR}\),? ?(?:https?://)?(?:dx\.)?(?i:doi)"),
        # International Journal of Neuroscience, 2016; Early Online: 1–8
        ((_ANY_YEAR, "early online"), rf"{_JOURNAL}[.,]? {_YEAR}; Early Online"),
    )
]
# ... (2016) Title of the article. PLoS ONE 11(3): e0150271.
_AFTER_TITLE = re.compile(
    rf"\({_YEAR}\)[.,]? .{{10,400}}?[.?!] {_JOURNAL},? {_VOLUME}(?: ?{_ISSUE})? ?[:,.] ?(?:pp?\. ?)?{_PAGES}"
)
_TO_APPEAR = re.compile(rf"\bto appear in:?\s*{_JOURNAL}(?= \d|$|[.,;])", re.IGNORECASE)
_ARTICLE_IN = re.compile(rf"\b(?:Article|Review|Paper|Data|Letter) ?in {_JOURNAL} ?[·•∙.|,-] ?(?:{_MONTH} )?{_YEAR}")
_LONG = 90
"""A line with a whole citation of authors, year and title is longer."""
_HOW_TO_CITE = re.compile(
    r"^\W*(?:how to cite|to cite|citation|cite (?:this )?|please cite|recommended citation|reference)\b", re.IGNORECASE
)
_FINAL_FORM = re.compile(r"published in final edited form as\s*:?\s*", re.IGNORECASE)
_PREPRINT = re.compile(
    rf"\b(?P<journal>bioRxiv|medRxiv)\s*preprint\s*(?:first posted online \S+ \S+ \S+ )?;?\s*(?:doi|DOI)?\s*:?\s*(?:https?://)?(?:dx\.)?"
    rf"(?:doi\.org/)?(?P<doi>10\.\d{{4,9}}/[\d.v]*\d)?.{{0,60}}?(?:this version posted|posted(?: online)?)\s*{_MONTH} {_DAY}, ?{_YEAR}",
)
_PUBLISHED = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:publication date|published(?: online)?|published version|epub|advance access (?:date|publication)(?: date)?|"
        rf"publish online|first published)\s*(?:on|as|:|,)?\s*(?:ahead of print,? )?{_DAY} {_MONTH},? {_YEAR}",
        rf"\b(?:publication date|published(?: online)?|first published)\s*(?:on|:|,)?\s*{_MONTH} {_DAY},? {_YEAR}",
        rf"\b(?:published(?: online)?)\s*:?\s*{_YEAR} {_MONTH} {_DAY}",
    )
]
_NO_JOURNAL = re.compile(
    r"^(?:vol(?:ume)?|article|published|doi|page|the author\w*|received|accepted|issue|available|download\w*|author manuscript|"
    r"copyright|from|by|in|at|on|figure|table|supplement\w*|corporation|et al|and|of|version|licen[cs]e|mobile|phone|fax|tel|"
    r"room|box|po box|suite|grant|number|no|award)\b\.?$",
    re.IGNORECASE,
)
_BEFORE_JOURNAL = re.compile(
    r"^(?:.*\b(?:et al\.?|Publishing Corporation|published in final edited form as:?|original citation:?|"
    r"citation|reference|source|published in|appeared in|to appear in):? )(?=[A-Z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What one printed line says; None where it does not."""

    journal: str | None = None
    year: int | None = None
    published: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None

    @property
    def fields(self) -> int:
        """How many fields it has."""
        return sum(getattr(self, name) is not None for name in self.__slots__)


def read_citation(text: str) -> Citation | None:
    """The citation in one line, whatever form it has; None without one."""
    whole = _AFTER_TITLE.search(text) if _HOW_TO_CITE.match(text) or len(text) > _LONG else None
    if whole:
        return _citation(whole)
    lower = text.casefold()
    for needed, rest, form in ((("in", _ANY_YEAR), None, _ARTICLE_IN), *_FORMS, (("appear in",), None, _TO_APPEAR)):
        if all(_holds(lower, one) for one in needed) and (rest is None or rest.search(text)):
            match = form.search(text)
            if match:
                return _citation(match)
    return None


def _holds(text: str, needed: str | tuple[str, ...] | re.Pattern[str]) -> bool:
    if isinstance(needed, re.Pattern):
        return needed.search(text) is not None
    return needed in text if isinstance(needed, str) else any(word in text for word in needed)


def own_citations(texts: Iterable[str]) -> Citation:
    """What the lines of the first pages say together: the fullest of them, with what the others add to the same journal."""
    found = [one for text in texts if len(text) < 900 and (one := read_citation(text)) is not None]
    found = [one for one in found if one.fields >= 2 or one.journal]
    if not found:
        return Citation()
    best = max(found, key=lambda one: (one.journal is not None, one.volume is not None, one.fields))
    for one in found:
        if one.volume in (None, best.volume) or best.volume is None:
            best = _completed(best, one)
    return best


def manuscript_citation(texts: Sequence[str]) -> Citation | None:
    """What the line "Published in final edited form as" of an author manuscript says; None without one."""
    for index, text in enumerate(texts):
        match = _FINAL_FORM.search(text)
        if match:
            line = " ".join([text[match.end() :], *texts[index + 1 : index + 3]]).strip()
            found = read_citation(line) or Citation()
            doi = DOI.search(line[:300])
            return replace(found, doi=tidy_doi(doi.group()) if doi else None)
    return None


def preprint(texts: Iterable[str]) -> Citation | None:
    """The line of a preprint server; the server stands for the journal. None without one."""
    for text in texts:
        match = _PREPRINT.search(text)
        if match:
            return _citation(match)
    return None


def publication_date(texts: Iterable[str]) -> str | None:
    """The earliest date on which the pages say that the article was published, as an ISO date."""
    dates = [
        date for text in texts if len(text) < 900 for form in _PUBLISHED for match in form.finditer(text)
        if (date := _date(match.groupdict())) is not None and len(date) == 10
    ]  # fmt: skip
    return min(dates, default=None)


def tidy_doi(doi: str) -> str:
    """A DOI without what follows it in a sentence, in lower case."""
    return tidied(re.split(r"<|;(?=[a-z]{2})", doi, maxsplit=1)[0])


def _citation(match: re.Match[str]) -> Citation:
    found = match.groupdict()
    said = {name: found[name] or found.get(f"{name}_") for name in found if not name.endswith("_")}
    doi = said.get("doi")
    pages = said.get("pages")
    year = said.get("year")
    return Citation(
        journal=_journal(said.get("journal")),
        year=int(year) if year else None,
        published=_date(said),
        volume=said.get("volume"),
        issue=said.get("issue"),
        pages=re.sub(r"\s?[–‑-]\s?", "-", pages) if pages else None,
        doi=tidy_doi(doi) if doi else None,
    )


def _journal(printed: str | None) -> str | None:
    if not printed:
        return None
    name = printed.strip()
    while (shorter := _BEFORE_JOURNAL.sub("", name)) != name:
        name = shorter
    name = name.rstrip(".,; ") if not re.search(r"\b[A-Z]\w+\.$", name) or name.count(".") < 2 else name
    usable = len(name) > 2 and not _NO_JOURNAL.match(name) and any(map(str.isalpha, name))
    return name if usable else None


def _date(said: dict[str, str | None]) -> str | None:
    """``2017-05-03`` or ``2017-05``; None without a month."""
    year, month, day = said.get("year"), said.get("month"), said.get("day")
    if not year or not month:
        return None
    number = _MONTHS.index(month[:3].lower()) + 1
    return f"{year}-{number:02}-{int(day):02}" if day and 1 <= int(day) <= 31 else f"{year}-{number:02}"


def _completed(one: Citation, other: Citation) -> Citation:
    given = {name: getattr(other, name) for name in _names(one)}
    return replace(one, **given)


def _names(one: Citation) -> Iterator[str]:
    return (name for name in Citation.__slots__ if getattr(one, name) is None)
