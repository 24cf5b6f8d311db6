"""Owns what a made document is specified by and the truth that is derived from it; it draws nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chapter_pipeline.domain.document import StudyType


class Layout(StrEnum):
    """Where a document comes from, which decides what is printed around the article."""

    NIH = "NIH Public Access"
    HHS = "HHS Public Access"
    EUROPE_PMC = "Europe PMC Funders"
    OTHER_FUNDER = "CIHR, VA, HHMI"
    BIORXIV = "bioRxiv"
    MEDRXIV = "medRxiv"
    RESEARCHGATE = "ResearchGate cover"
    EPRINTS = "eprints cover"
    PORTAL = "portal or DSpace cover"
    PRE_PROOF = "journal pre-proof"
    DOWNLOADED = "downloaded margin"
    REPRINT = "reprint cover"
    ACCEPTED = "accepted article"
    AHEAD = "ahead of print"
    PLAIN = "plain journal"


class Design(StrEnum):
    """The study designs that the texts name."""

    CROSSOVER = "randomised crossover trial"
    COHORT = "retrospective cohort study"
    CASE = "case report"
    XENOGRAFT = "xenograft study"
    PHANTOM = "phantom study"
    EXPLANT = "explant study"
    NARRATIVE = "narrative review"
    SYSTEMATIC = "systematic review and meta-analysis"
    CADAVER = "cadaver study"
    IN_VITRO = "in vitro study"


STUDY_TYPES: dict[Design, StudyType] = {
    Design.CROSSOVER: StudyType.RANDOMISED_TRIAL,
    Design.COHORT: StudyType.COHORT,
    Design.CASE: StudyType.CASE_SERIES,
    Design.XENOGRAFT: StudyType.ANIMAL,
    Design.PHANTOM: StudyType.LABORATORY,
    Design.EXPLANT: StudyType.LABORATORY,
    Design.NARRATIVE: StudyType.REVIEW,
    Design.SYSTEMATIC: StudyType.META_ANALYSIS,
    Design.CADAVER: StudyType.LABORATORY,
    Design.IN_VITRO: StudyType.LABORATORY,
}


class TableStyle(StrEnum):
    RULED = "three rules"
    GRID = "grid"
    UNRULED = "no rules"
    ROTATED = "rotated by 90 degrees"
    TWO_ROWS = "header of two rows"


class DoiPlace(StrEnum):
    """Where the article's own DOI is printed."""

    FIRST = "first page"
    SECOND = "second page of the article"
    BROKEN = "first page, broken at a line end"


class Between(StrEnum):
    """What stands between the two parts of a paragraph at a page turn."""

    NOTHING = "nothing"
    FIGURE = "a figure at the head of the next page"
    FOOTNOTE = "a footnote at the foot of the page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """`given` as printed, the particle of a family name ("van der Berg") as part of `family`."""

    family: str
    given: str
    degrees: str = ""

    @property
    def printed(self) -> str:
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A journal, invented or not: its title, and the abbreviation that repositories print."""

    title: str
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """All that a document is drawn from. `volume`, `issue` and `pages` are None where the layout prints none.

    `published` is the date of the published article (of the version that was posted, for a preprint); the other dates
    are printed beside it and are not the answer.
    """

    name: str
    layout: Layout
    variant: int  # 0, 1, 2, ... within the layout; the last third is held out
    held_out: bool
    title: str
    subject: str
    condition: str
    outcome: str
    design: Design
    authors: tuple[Author, ...]
    collective: str | None
    journal: Journal
    published: date
    received: date
    accepted: date
    online: date
    deposited: date
    volume: str | None
    issue: str | None
    pages: str | None
    doi: str
    pmcid: str | None
    pmid: str | None
    licence: str | None
    article_type: str | None
    columns: int
    table_style: TableStyle
    doi_place: DoiPlace
    between: Between
    superscript_citations: bool
    line_numbers: bool
    data_doi: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFigure:
    label: str
    caption: str  # with its label


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueTable:
    label: str
    caption: str  # with its label
    header_rows: int
    rows: tuple[tuple[str, ...], ...]  # header rows first


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSentence:
    """A sentence that begins on one page and ends on the next one that holds running text; `head` + `tail` is its text."""

    head: str
    tail: str
    first_page: int
    second_page: int

    @property
    def text(self) -> str:
        return f"{self.head} {self.tail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a reader of the document takes down. None: it is not printed. `date` is ISO 8601, reduced to what is printed."""

    name: str
    layout: str
    held_out: bool
    title: str
    authors: tuple[Author, ...]
    collective: str | None
    year: int
    date: str | None
    journal: str | None
    journal_short: str | None
    volume: str | None
    issue: str | None
    pages: str | None
    doi: str | None
    pmcid: str | None
    pmid: str | None
    licence: str | None
    article_type: str | None
    study_type: StudyType
    language: str
    figures: tuple[TrueFigure, ...]
    tables: tuple[TrueTable, ...]
    running: tuple[RunningSentence, ...]
    sentences: tuple[str, ...]  # the others of the running text, without the raised citations at their ends
    furniture: tuple[str, ...]
    page_count: int
    title_page: int  # the page on which the article itself begins, after a cover


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeDocument:
    content: bytes
    truth: Truth
