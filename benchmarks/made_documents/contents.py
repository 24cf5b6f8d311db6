"""Owns what an article says: its sections, figures, tables and references as text, composed from its specification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from benchmarks.made_documents import prose
from benchmarks.made_documents.specification import Article, Design, Layout, TableStyle, TrueFigure, TrueTable

_REFERENCE_TITLES = (
    "Observations on {c} in a mountain region", "A simple score for {c}", "Long-term results of {s}",
    "Imaging of {c}: pitfalls and advice", "How patients describe {o}", "The natural history of {c}",
    "Costs of {s} in three countries", "Animal models of {c}", "Consensus statement on {s}", "A note on measuring {o}",
    "{C} in the young", "Failures of {s} and their lessons", "Quality of life and {o}", "Training for {s}",
)  # fmt: skip
_REFERENCE_AUTHORS = (
    "Albers K, Finn O", "Bertrand L", "Coelho M, Dietz R, Egan P", "Duarte S, et al.", "Engel H, Varga T",
    "Fournier A", "Gupta R, Holm S", "Horvat D, Ito K, Jung E", "Ilves P", "Joubert N, Keane D", "Kruger W", "Lam T, Marsh B",
    "Mancini C, Nowak F", "Orban G",
)  # fmt: skip


_LABORATORY = {Design.XENOGRAFT, Design.PHANTOM, Design.EXPLANT, Design.CADAVER, Design.IN_VITRO}
"""Designs without patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """`sections`: heading and paragraphs, each a tuple of sentences; superscripts stand between carets."""

    abstract: tuple[str, ...]
    sections: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    figures: tuple[TrueFigure, ...]
    table: TrueTable
    references: tuple[str, ...]
    footnote: str


class _Writer:
    """Fills the templates, and numbers the citations in their order."""

    def __init__(self, article: Article) -> None:
        seed = article.seed
        self._article = article
        self._citations = count(1)
        self.words = {
            "s": article.subject, "S": _capital(article.subject), "c": article.condition, "C": _capital(article.condition),
            "o": article.outcome, "n": str(120 + 7 * seed), "n1": str(3 + seed % 6), "n2": str(21 + seed % 40),
            "yr1": str(article.published.year - 9), "yr2": str(article.published.year - 2),
        }  # fmt: skip

    def __call__(self, template: str) -> str:
        citation = ""
        if "{cite}" in template:
            number = next(self._citations)
            citation = f"{number},{number + 1}" if number % 3 == 0 else str(number)
        if self._article.superscript_citations:
            template = template.replace("{cite}.", f".^{citation}^")
        return template.replace("{cite}", f" [{citation}]").format(**self.words)

    def all(self, templates: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self(template) for template in templates)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _methods(article: Article, write: _Writer) -> Iterator[tuple[str, ...]]:
    yield write.all(prose.METHODS[article.design])
    if article.design in _LABORATORY:
        yield write.all(prose.LABORATORY_METHODS)
    elif article.design not in {Design.CASE, Design.NARRATIVE}:
        yield write.all(prose.GENERAL_METHODS)


def contents(article: Article, *, long: bool) -> Contents:
    """`long` adds a section."""
    write = _Writer(article)
    case, review = article.design is Design.CASE, article.design is Design.NARRATIVE
    results = [write.all(prose.RESULTS[article.design])]
    if not (case or review):
        results.append(write.all(prose.LABORATORY_RESULTS if article.design in _LABORATORY else prose.GENERAL_RESULTS))
    opening = prose.INTRODUCTION[1] if article.seed // 2 % 2 else prose.HOSPITALS
    introduction = write.all((prose.INTRODUCTION[0], opening, *prose.INTRODUCTION[2:]))
    discussion = write.all(prose.DISCUSSION)
    data = f"The data are available at https://doi.org/{article.data_doi} without restriction."
    return Contents(
        abstract=(
            write(prose.ABSTRACT[0]), write(prose.METHODS[article.design][0]), write(prose.RESULTS[article.design][1]),
            write(prose.ABSTRACT[3]),
        ),
        sections=(
            ("Introduction", (introduction[:4], introduction[4:])),
            ("Case report" if case else "Scope of the review" if review else "Materials and methods", tuple(_methods(article, write))),
            ("Course" if case else "Findings" if review else "Results", tuple(results)),
            *(_practice(article, write) if long else ()),
            ("Discussion", (discussion[:5], discussion[5:], write.all(prose.LIMITATIONS))),
            ("Conclusion", (write.all(prose.CONCLUSION),)),
            ("Acknowledgements", ((*write.all(prose.ACKNOWLEDGEMENT), data),)),
        ),
        figures=_figures(article, write),
        table=_table(article, write),
        references=_references(article, write),
        footnote=write("* Grading of {o} was introduced during the first year and was not changed afterwards."),
    )  # fmt: skip


def _practice(article: Article, write: _Writer) -> Iterator[tuple[str, tuple[tuple[str, ...], ...]]]:
    laboratory = article.design in _LABORATORY
    sentences = write.all(prose.REPRODUCIBILITY if laboratory else prose.PRACTICE)
    half = len(sentences) // 2
    yield "Reproducibility" if laboratory else "Practical aspects", (sentences[:half], sentences[half:])


def _figures(article: Article, write: _Writer) -> tuple[TrueFigure, ...]:
    word = "Fig." if article.columns == 2 and article.seed % 2 else "Figure"
    captions = (
        "Course of {o} after the start of {s}. Points are means and bars are standard errors of {n2} observations; the dashed line marks the end of treatment.",
        "Representative image of {c} before treatment. The bright area in the centre is the region that was measured by both observers.",
    )
    shown = 2 if article.seed % 4 < 2 and article.layout is not Layout.PRE_PROOF else 1
    return tuple(
        TrueFigure(label=f"{word} {number}", caption=f"{word} {number}. {write(caption)}")
        for number, caption in enumerate(captions[:shown], start=1)
    )


def _table(article: Article, write: _Writer) -> TrueTable:
    seed, laboratory = article.seed, article.design in _LABORATORY
    first, second = 40 + seed, 38 + seed % 9
    if article.table_style is TableStyle.TWO_ROWS:
        header: tuple[tuple[str, ...], ...] = (
            ("Variable", "Active", "Control", "P value"),
            ("", f"(n = {first})", f"(n = {second})", ""),
        )
    else:
        header = (("Variable", f"Active (n = {first})", f"Control (n = {second})", "P value"),)
    rows = (
        (
            "Weight, g" if laboratory else "Age, years",
            f"{52 + seed % 20}.2 (9.1)",
            f"{51 + seed % 20}.8 (8.7)",
            f"0.{41 + seed % 40}",
        ),
        ("Grade" if laboratory else "Severity score", "12 (8–15)", "11 (8–16)", f"0.{31 + seed}"),
        (
            "Exposure, hours" if laboratory else "Duration, months",
            f"{4 + seed % 7}.5",
            f"{5 + seed % 7}.1",
            f"0.{12 + seed}",
        ),
        (
            "Failures" if laboratory else "Complications",
            f"{3 + seed % 5} (7.{seed % 9})",
            f"{4 + seed % 6} (10.{seed % 8})",
            "",
        ),
        ("Change of score", f"−4.{seed % 7}", "−1.3", "0.004"),
    )
    return TrueTable(
        label="Table 1",
        caption=write(
            "Table 1. Characteristics of the two groups with {c}, as mean (SD), median (range) or number (%)."
        ),
        header_rows=len(header),
        rows=(*header, *rows),
    )


def _references(article: Article, write: _Writer) -> tuple[str, ...]:
    """Fourteen works of other years; every fourth one has no DOI."""
    entries = []
    for number, (title, authors) in enumerate(zip(_REFERENCE_TITLES, _REFERENCE_AUTHORS, strict=True), start=1):
        year, page = article.published.year - 1 - 2 * (number % 9), 100 + 13 * number
        place = f"Acta Neurooncol {year};{20 + number}({1 + number % 6}):{page}–{page + 8}."
        doi = f" doi:10.5555/an.{year}.{page}" if number % 4 else ""
        entries.append(f"{number}. {authors}. {write(title)}. {place}{doi}")
    return tuple(entries)
