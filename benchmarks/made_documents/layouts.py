"""Owns how an article is printed in each layout: front matter, running heads, margins, figures, tables, references."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import pymupdf

from benchmarks.made_documents.contents import Contents, contents
from benchmarks.made_documents.covers import cover_pages, day
from benchmarks.made_documents.specification import (
    STUDY_TYPES,
    Article,
    Between,
    DoiPlace,
    Layout,
    MadeDocument,
    TableStyle,
    TrueFigure,
    Truth,
)
from benchmarks.made_documents.typesetting import Rect, Sheets, Style, width, without_raised

MANUSCRIPTS = {Layout.NIH, Layout.HHS, Layout.EUROPE_PMC, Layout.OTHER_FUNDER}
PREPRINTS = {Layout.BIORXIV, Layout.MEDRXIV}
_DOUBLE_SPACED = {*PREPRINTS, Layout.PRE_PROOF, Layout.ACCEPTED}
_ACKNOWLEDGEMENTS = "Acknowledgements"
_COVER_ONLY = {(Layout.EPRINTS, 1), (Layout.PORTAL, 2)}
"""Repository copies whose article is a bare manuscript: the cover alone tells the journal."""
_FUNDERS = (
    ("Canadian Institutes of Health Research", "CIHR Author Manuscript"),
    ("U.S. Department of Veterans Affairs", "VA Author Manuscript"),
    ("Howard Hughes Medical Institute", "HHMI Author Manuscript"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Margin:
    """What a funder's repository prints at the head of the first page and in the margin of every page."""

    head: str
    below: str
    margin: str
    times: int


def _margin(article: Article) -> _Margin:
    match article.layout:
        case Layout.NIH:
            return _Margin(
                head="NIH Public Access", below="Author Manuscript", margin="NIH-PA Author Manuscript", times=3
            )
        case Layout.HHS:
            return _Margin(head="HHS Public Access", below="Author manuscript", margin="Author Manuscript", times=4)
        case Layout.EUROPE_PMC:
            return _Margin(
                head="Europe PMC Funders Group", below="Author Manuscript",
                margin="Europe PMC Funders Author Manuscripts", times=2,
            )  # fmt: skip
        case _:
            funder, margin = _FUNDERS[article.variant]
            return _Margin(head=funder, below="Author Manuscript", margin=margin, times=3)


def style_of(article: Article) -> Style:
    if article.layout in MANUSCRIPTS:
        return Style(size=10.5, leading=13, regular="tiro" if article.seed % 2 else "helv", bold="hebo", italic="heit")
    if article.layout in _DOUBLE_SPACED:
        return Style(size=11, leading=14 if article.layout is Layout.PRE_PROOF else 16)
    if article.columns == 1:
        return Style(size=11, leading=15, indent=14)
    return Style(size=10, leading=12.5, justify=True, hyphens=True, indent=10 if article.seed % 2 else 0)


def _deposit_line(article: Article) -> str:
    return f"{article.journal.short}. Author manuscript; available in PMC {article.deposited:%Y %B} {article.deposited.day:02}."


def _line_style(article: Article) -> int:
    return (article.seed // 2 + article.seed // 3) % 3


def _citation_line(article: Article) -> str:
    """The journal's own line, as its family of journals prints it."""
    short, year = article.journal.short, article.published.year
    issue, pages = article.issue, article.pages
    match _line_style(article):
        case 0:
            return f"{short} {year};{article.volume}{f'({issue})' if issue else ''}:{pages}"
        case 1:
            return f"{article.journal.title}, Volume {article.volume}{f', Issue {issue}' if issue else ''}, {article.published:%B %Y}, Pages {pages}"
        case _:
            return f"{article.journal.title}, Vol. {article.volume}{f', No. {issue}' if issue else ''}, {year}, pp. {pages}"


def _running_authors(article: Article) -> str:
    families = [author.family for author in article.authors]
    if len(families) > 2:
        return f"{families[0]} et al."
    return " and ".join(families)


def author_line(article: Article) -> str:
    """Names with degrees and raised marks of affiliation; the first one corresponds."""
    parts = []
    for place, author in enumerate(article.authors):
        marks = str(1 + place % 3) if len(article.authors) > 1 else ""
        marks += (",*" if marks else "*") if place == 0 else ""
        parts.append(
            author.printed + (f", {author.degrees}" if author.degrees else "") + (f"^{marks}^" if marks else "")
        )
    if article.collective:
        parts[-1] += f"; on behalf of {article.collective}" if article.seed % 4 else f"; {article.collective}"
    if len(parts) == 1:
        return parts[0]
    return ", ".join(parts[:-1]) + (", and " if article.seed % 2 else " and ") + parts[-1]


def _affiliations(article: Article) -> str:
    places = (
        "Department of Neurosurgery, University Hospital of Northmoor, Northmoor",
        "Institute of Neuropathology, Technical University of Westhaven, Westhaven",
        "Division of Biostatistics, Eastbridge School of Public Health, Eastbridge",
    )
    if len(article.authors) == 1:
        return places[0]
    return "; ".join(f"^{number}^{place}" for number, place in enumerate(places[: len(article.authors)], start=1))


class _Drawing:
    """One document while it is drawn."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.contents: Contents = contents(article, long=article.layout not in _DOUBLE_SPACED)
        self.covers = 0
        self.sheets = Sheets(style=style_of(article), open_page=self._open_page)

    # The furniture of a page

    def _open_page(self, sheets: Sheets, number: int) -> list[Rect]:
        article, place = self.article, number - self.covers
        if article.layout in MANUSCRIPTS:
            frame = self._manuscript_page(place)
        elif article.layout in PREPRINTS:
            frame = self._preprint_page(place)
        elif article.layout is Layout.ACCEPTED:
            frame = self._accepted_page(place)
        elif article.layout is Layout.PRE_PROOF:
            sheets.put(250, 34, "Journal Pre-proof", name="heit", size=12, grey=0.45, furniture=True)
            sheets.put(303, 770, str(place), size=10)
            frame = (72.0, 72.0, 540.0, 740.0)
        elif (article.layout, article.variant) in _COVER_ONLY:
            sheets.put(303, 770, str(place), size=10)
            frame = (80.0, 72.0, 532.0, 740.0)
        else:
            frame = self._journal_page(place)
        top, bottom = frame[1], frame[3]
        if place == 1 and article.between is Between.FOOTNOTE:
            sheets.document[-1].draw_line((frame[0], bottom - 22), (frame[0] + 90, bottom - 22), width=0.5)
            sheets.put(frame[0], bottom - 10, self.contents.footnote, size=7, furniture=True)
            bottom -= 30
        if place == 2 and article.between is Between.FIGURE and self._inline:
            top = self._figure(self.contents.figures[0], (frame[0], top, frame[2]), number=1)
        if article.columns == 1:
            return [(frame[0], top, frame[2], bottom)]
        middle = (frame[0] + frame[2]) / 2
        return [(frame[0], top, middle - 9, bottom), (middle + 9, top, frame[2], bottom)]

    @property
    def _inline(self) -> bool:
        """Whether figures stand in the text."""
        article = self.article
        return article.columns == 2 or (article.layout in PREPRINTS and article.variant == 0) or (
            article.layout, article.variant
        ) in _COVER_ONLY  # fmt: skip

    def _manuscript_page(self, place: int) -> Rect:
        sheets, article = self.sheets, self.article
        margin = _margin(article)
        for turn in range(margin.times):
            length = width(margin.margin, "helv", 9)
            middle = 792 * (turn + 0.5) / margin.times
            sheets.put(24 if article.seed % 2 else 596, middle + length / 2, margin.margin, name="helv", size=9,
                       rotate=90, grey=0.35, furniture=turn == 0)  # fmt: skip
        foot = _deposit_line(article)
        sheets.put(306 - width(foot, "tiit", 9) / 2, 768, foot, name="tiit", size=9, furniture=True)
        if place > 1:
            sheets.put(110, 44, _running_authors(article), name="helv", size=9, furniture=True)
            sheets.put(500, 44, f"Page {place}", name="helv", size=9, furniture=True)
        return (110.0, 64.0, 548.0, 744.0)

    def _preprint_page(self, place: int) -> Rect:
        sheets, article = self.sheets, self.article
        server = article.layout.value
        when = f"{article.published:%B} {article.published.day}, {article.published.year}"
        banner = (
            f"{server} preprint doi: https://doi.org/{article.doi}; this version posted {when}. The copyright holder for this preprint "
            f"(which was not certified by peer review) is the author/funder, who has granted {server} a license to display the preprint in perpetuity. "
            f"It is made available under a{'' if article.layout is Layout.BIORXIV else ' '}{article.licence} International license."
        )
        sheets.block((72, 14, 545, 60), banner, name="helv", size=6.5, furniture=True)
        if article.layout is Layout.MEDRXIV:
            sheets.block((72, 764, 545, 790), "NOTE: This preprint reports new research that has not been certified by peer review and should not be used to guide clinical practice.", name="helv", size=6.5, furniture=True)  # fmt: skip
        sheets.put(303, 752, str(place), size=10)
        return (80.0, 72.0, 532.0, 736.0)

    def _accepted_page(self, place: int) -> Rect:
        sheets = self.sheets
        sheets.put(40, 560, "Accepted Article", name="helv", size=26, rotate=90, grey=0.5, furniture=True)
        if place == 1:
            sheets.block((84, 716, 540, 770), (
                "This article has been accepted for publication and undergone full peer review but has not been through the copyediting, typesetting, pagination and proofreading process, which may lead to differences between this version and the Version of Record. "
                f"Please cite this article as doi: {self.article.doi}"
            ), name="helv", size=8, furniture=True)  # fmt: skip
        sheets.put(
            84, 780, "This article is protected by copyright. All rights reserved", name="helv", size=8, furniture=True
        )
        return (84.0, 60.0, 540.0, 704.0)

    def _journal_page(self, place: int) -> Rect:
        sheets, article = self.sheets, self.article
        ahead = article.layout is Layout.AHEAD
        if place > 1:
            if place % 2:
                sheets.put(
                    54, 36, f"{_running_authors(article)}: {article.subject}", name="tiit", size=8, furniture=True
                )
            else:
                sheets.put(
                    54,
                    36,
                    article.journal.short if ahead else _citation_line(article),
                    name="tiit",
                    size=8,
                    furniture=True,
                )
        first = 1 if ahead or not article.pages or article.pages[0] == "e" else int(article.pages.split("–")[0])
        sheets.put(540, 770, str(first + place - 1), size=8)
        if ahead:
            notice = ("Publish Ahead of Print", "[Epub ahead of print]", "Advance Access publication")[article.variant]
            sheets.put(54, 770, f"{article.journal.title} {notice}", name="helv", size=7, furniture=True)
        if place == 2 and article.doi_place is DoiPlace.SECOND:
            sheets.put(54, 770 if not ahead else 780, f"https://doi.org/{article.doi}", size=8)
        if article.layout is Layout.DOWNLOADED:
            word = article.journal.short.replace(" ", "").lower()
            text = f"Downloaded from https://academic.oup.com/{word}/article/{article.volume}/{article.issue or 1}/{article.seed}345/{5600000 + article.seed} by guest on {article.deposited:%d %B %Y}"
            sheets.put(598, 120 + width(text, "helv", 7), text, name="helv", size=7, rotate=90, furniture=True)
        if article.layout is Layout.PLAIN and place == 1:
            rights = (
                "© The Author(s). This is an open access article distributed under the terms of the Creative Commons Attribution License (CC BY 4.0)."
                if article.licence
                else f"© {article.published.year} Northmoor Society. All rights reserved."
            )
            sheets.put(54, 758, rights, name="helv", size=7, furniture=True)
        return (54.0, 56.0, 558.0, 744.0)

    # The first page of the article

    def _front(self) -> None:
        article = self.article
        sheets = self.sheets
        y = sheets.y
        left, _, right, _ = sheets.frame
        right = 558.0 if article.columns == 2 else right

        def write(text: str, *, name: str = "tiro", size: float = 10, gap: float = 4, said: bool = False) -> None:
            nonlocal y
            y = sheets.block((left, y, right, 780), text, name=name, size=size, furniture=said) + gap

        if article.layout in MANUSCRIPTS:
            margin = _margin(article)
            write(margin.head, name="hebo", size=18, gap=0, said=True)
            write(margin.below, name="helv", size=11, gap=4, said=True)
            write(_deposit_line(article), name="tiit", size=9, gap=6, said=True)
            write("Published in final edited form as:", name="tibo", size=9, gap=0, said=True)
            write(
                f"  {article.journal.short}. {article.published:%Y %B} ; {article.volume}"
                + (f"({article.issue})" if article.issue else "") + f": {article.pages}. doi:{article.doi}.", size=9, gap=12,
            )  # fmt: skip
        elif article.layout is Layout.ACCEPTED:
            write(f"Article Type: {article.article_type}", size=10)
            write(
                f"Received Date: {day(article.received)}    Accepted Date: {day(article.accepted)}", size=9, said=True
            )
            write(f"{article.journal.title}. First published: {day(article.published)}", size=9, gap=10)
        elif article.layout is Layout.AHEAD:
            when = f"{article.published:%B} {article.published.day}, {article.published.year}"
            notice = (f"Published online ahead of print {when}", f"Epub {when}", f"Advance Access published {when}")
            write(f"{article.journal.title}\n{notice[article.variant]}", name="helv", size=9)
        elif (
            article.layout not in {*PREPRINTS, Layout.PRE_PROOF}
            and (article.layout, article.variant) not in _COVER_ONLY
        ):
            write(_citation_line(article), name="helv", size=8)
            if article.article_type:
                write(article.article_type.upper(), name="hebo", size=9)
        if article.columns == 2 and article.doi_place is DoiPlace.FIRST:
            write(f"doi: {article.doi}", name="helv", size=8, gap=8)
        elif article.columns == 2 and article.doi_place is DoiPlace.BROKEN:
            cut = article.doi.rindex(".") + 1
            write(
                f"Cite as: {_running_authors(article)}, https://doi.org/{article.doi[:cut]}\n{article.doi[cut:]}",
                name="helv",
                size=8,
                gap=8,
            )
        write(
            article.title, name="hebo" if article.seed % 2 else "tibo", size=16 if article.columns == 2 else 15, gap=8
        )
        write(author_line(article), size=10.5, gap=6)
        write(_affiliations(article), size=8.5, gap=6)
        write(
            f"*Correspondence to: {article.authors[0].printed}, Department of Neurosurgery, 1 Infirmary Road, Northmoor. E-mail: office@example.org",
            size=8,
            said=True,
        )
        if article.columns == 2:
            write(
                f"Received {day(article.received)}; accepted {day(article.accepted)}; published online {day(article.online)}",
                size=8,
                said=True,
            )
        if article.seed % 5 == 2 and article.layout not in PREPRINTS:
            write(
                f"See the accompanying editorial, doi: 10.5555/edit.{article.published.year + 1}.{article.seed}",
                size=8,
                said=True,
            )
        if article.seed % 4 == 1:
            write(f"Data set: https://doi.org/{article.data_doi}", size=8, said=True)
        if article.pmid:
            write(f"PMID: {article.pmid}", size=8)
        if article.pmcid:
            write(f"{'NIHMSID: NIHMS' + str(90000 + article.seed)}    PMCID: {article.pmcid}", size=8)
        if article.layout is Layout.DOWNLOADED:
            write(
                "This is an Open Access article distributed under the terms of the Creative Commons Attribution Non-Commercial License (CC BY-NC 4.0).",
                size=7.5,
                said=True,
            )
        write("", size=4, gap=2)
        write("Abstract", name="hebo", size=11, gap=2)
        sheets.lower_frames(y)
        frames, sheets._frames = sheets._frames, [(left, y, right, 744.0)]
        sheets.paragraph(self.contents.abstract, track=False, size=10 if article.layout not in _DOUBLE_SPACED else None)
        y = sheets.y + 4
        sheets._frames = frames
        write(f"Keywords: {article.condition}; {article.design.value}; neurosurgery", size=8.5, gap=8)
        sheets.lower_frames(y)
        sheets.number_lines = article.line_numbers

    # Figures and tables

    def _figure(self, figure: TrueFigure, place: tuple[float, float, float], *, number: int, caption: bool = True,
                height: float = 130.0) -> float:  # fmt: skip
        """Draw the figure from (x0, y0) to x1, its caption below; the y below it."""
        x0, y0, x1 = place
        page = self.sheets.document[-1]
        box = pymupdf.Rect(x0 + 10, y0 + 4, min(x1 - 10, x0 + 330), y0 + height)
        if number == 1:
            page.draw_line(box.bl, box.br)
            page.draw_line(box.bl, box.tl)
            for shift, colour in ((0.0, (0.1, 0.2, 0.7)), (0.6, (0.7, 0.2, 0.1))):
                points = [
                    pymupdf.Point(
                        box.x0 + step * box.width / 24,
                        box.y1 - box.height * (0.3 + shift / 3) * (1 - math.exp(-step / 7)) - 6,
                    )
                    for step in range(25)
                ]
                page.draw_polyline(points, color=colour, width=1.2)
                for point in points[::4]:
                    page.draw_circle(point, 2, color=colour, fill=colour)
        else:
            page.insert_image(box, pixmap=_picture(self.article.seed), keep_proportion=True)
        y = float(box.y1) + 6
        if caption:
            y = self.sheets.block(
                (x0, y, x1, 790), figure.caption, size=8.5, name="helv" if self.article.columns == 2 else None
            )
        return y + 10

    def _flow_figure(self, number: int) -> None:
        """The figure at the place that the text has reached, in its column."""
        sheets, figure = self.sheets, self.contents.figures[number - 1]
        if number == 1 and self.article.between is Between.FIGURE:
            return  # it stands at the head of the second page

        def draw() -> None:
            x0, _, x1, _ = sheets.frame
            sheets.y = self._figure(figure, (x0, sheets.y + 4, x1), number=number)

        sheets.float_or_draw(230, draw)

    def _flow_table(self) -> None:
        """The table where the text has reached; a rotated one follows the text on a page of its own."""
        if self.article.table_style is not TableStyle.ROTATED:
            self.sheets.float_or_draw(150, self._table)

    def _table(self) -> None:
        article, sheets, table = self.article, self.sheets, self.contents.table
        rotated = article.table_style is TableStyle.ROTATED
        x0, _, x1, _ = sheets.frame
        size = 7.5 if article.columns == 2 and not rotated else 9.0
        step = 1.7 * size
        if rotated:
            self._rotated_table(size, step)
            return
        y = sheets.block((x0, sheets.y + 6, x1, 780), table.caption, name="hebo", size=size + 0.5) + 6
        share = (0.0, 0.30, 0.58, 0.86)
        columns = [x0 + part * (x1 - x0) for part in share]
        page = sheets.document[-1]
        rows = len(table.rows)
        lines = {TableStyle.GRID: range(rows + 1), TableStyle.UNRULED: range(0)}.get(
            article.table_style, (0, table.header_rows, rows)
        )
        for row in lines:
            page.draw_line((x0, y + row * step), (x1, y + row * step), width=0.6)
        if article.table_style is TableStyle.GRID:
            for x in [*columns, x1]:
                page.draw_line((x, y), (x, y + rows * step), width=0.6)
        for place, row_cells in enumerate(table.rows):
            for x, cell in zip(columns, row_cells, strict=True):
                if cell:
                    sheets.put(
                        x + 2,
                        y + (place + 0.7) * step,
                        cell,
                        size=size,
                        name="hebo" if place < table.header_rows else "helv",
                    )
        sheets.y = y + rows * step + 14

    def _rotated_table(self, size: float, step: float) -> None:
        """On a page of its own, to be read with the page turned clockwise; rows go from left to right."""
        sheets, table = self.sheets, self.contents.table
        bottom, x = 700.0, 150.0
        line = ""
        for word in table.caption.split(" "):
            if width(f"{line} {word}", "hebo", size + 0.5) > 560:
                sheets.put(x, bottom, line, name="hebo", size=size + 0.5, rotate=90)
                line, x = word, x + 12
            else:
                line = f"{line} {word}".strip()
        sheets.put(x, bottom, line, name="hebo", size=size + 0.5, rotate=90)
        x += 10
        page = sheets.document[-1]
        for row in (0, table.header_rows, len(table.rows)):
            page.draw_line((x + row * step, bottom), (x + row * step, bottom - 560), width=0.6)
        for place, cells in enumerate(table.rows):
            for column, cell in enumerate(cells):
                if cell:
                    sheets.put(x + (place + 0.7) * step, bottom - 150 * column, cell, size=size,
                               name="hebo" if place < table.header_rows else "helv", rotate=90)  # fmt: skip

    # The whole

    def draw(self) -> MadeDocument:
        article, sheets = self.article, self.sheets
        self.covers = cover_pages(sheets, article)
        sheets.new_page()
        self._front()
        late = not self._inline
        for number, (heading, paragraphs) in enumerate(self.contents.sections):
            sheets.heading(heading)
            for place, sentences in enumerate(paragraphs):
                sheets.paragraph(sentences, track=heading != _ACKNOWLEDGEMENTS)
                if number == 2 and place == 0 and not late:
                    self._flow_figure(1)
            if number == 2 and not late:
                self._flow_table()
                if len(self.contents.figures) > 1:
                    self._flow_figure(2)
        sheets.number_lines = False
        sheets.draw_floats()
        sheets.heading("References")
        for reference in self.contents.references:
            sheets.paragraph((reference,), track=False, hanging=12, size=8.5 if article.columns == 1 else 8)
        if late:
            self._late_parts()
        elif article.table_style is TableStyle.ROTATED:
            sheets.new_page()
            self._table()
        sheets.flush()
        content: bytes = sheets.document.tobytes(garbage=3, deflate=True)
        return MadeDocument(content=content, truth=self._truth())

    def _late_parts(self) -> None:
        """Figures and tables after the references: with their legends on their pages, or with the legends before them."""
        article, sheets = self.article, self.sheets
        legends_first = article.layout in _DOUBLE_SPACED
        if legends_first:
            sheets.heading("Figure legends")
            for figure in self.contents.figures:
                sheets.paragraph((figure.caption,), track=False)
        for number, figure in enumerate(self.contents.figures, start=1):
            if number == 1 or legends_first:
                sheets.new_page()
            x0, _, x1, _ = sheets.frame
            if legends_first:
                self._figure(figure, (x0, sheets.y + 20, x1), number=number, caption=False, height=300)
                continue
            y = self._figure(figure, (x0, sheets.y, x1), number=number, caption=False, height=190)
            label, legend = figure.caption.split(". ", 1)
            sheets.put(x0, y + 8, f"{label}.", name="hebo", size=10)
            sheets.y = sheets.block((x0, y + 14, x1, 740), legend, size=9.5) + 16
        if legends_first or article.table_style is TableStyle.ROTATED or sheets.y > 500:
            sheets.new_page()
        self._table()

    def _whole_sentences(self) -> Iterator[str]:
        running = {sentence.text for sentence in self.sheets.running}
        for heading, paragraphs in self.contents.sections:
            if heading != _ACKNOWLEDGEMENTS:
                for sentence in chain.from_iterable(paragraphs):
                    text = without_raised(sentence)
                    if text not in running:
                        yield text

    def _truth(self) -> Truth:
        article = self.article
        return Truth(
            name=article.name,
            layout=article.layout.value,
            held_out=article.held_out,
            title=article.title,
            authors=article.authors,
            collective=article.collective,
            year=article.published.year,
            date=_printed_date(article),
            journal=article.layout.value if article.layout in PREPRINTS else article.journal.title,
            journal_short=None if article.layout in PREPRINTS else article.journal.short,
            volume=article.volume,
            issue=article.issue,
            pages=article.pages,
            doi=article.doi,
            pmcid=article.pmcid,
            pmid=article.pmid,
            licence=article.licence,
            article_type=article.article_type,
            study_type=STUDY_TYPES[article.design],
            language="en",
            figures=self.contents.figures,
            tables=(self.contents.table,),
            running=tuple(self.sheets.running),
            sentences=tuple(self._whole_sentences()),
            furniture=tuple(dict.fromkeys(self.sheets.furniture)),
            page_count=self.sheets.page_number,
            title_page=self.covers + 1,
        )


def _printed_date(article: Article) -> str | None:
    """The date of publication as far as it is printed."""
    month = f"{article.published:%Y-%m}"
    match article.layout:
        case Layout.NIH | Layout.HHS | Layout.EUROPE_PMC | Layout.OTHER_FUNDER | Layout.RESEARCHGATE:
            return month
        case Layout.BIORXIV | Layout.MEDRXIV | Layout.ACCEPTED | Layout.AHEAD:
            return f"{article.published:%Y-%m-%d}"
        case Layout.PRE_PROOF:
            return f"{article.published.year}"
        case Layout.REPRINT if article.variant != 1:
            return month
        case Layout.PORTAL if article.variant == 1:
            return month
        case _ if (article.layout, article.variant) in _COVER_ONLY:
            return f"{article.published.year}"
        case _:
            return month if _line_style(article) == 1 else f"{article.published.year}"


def _picture(seed: int) -> pymupdf.Pixmap:
    """A grey disc with a bright centre in noise, as a scan has it."""
    noise = random.Random(seed)
    size = 160
    samples = bytearray()
    for y in range(size):
        for x in range(size):
            distance = math.hypot(x - size / 2, y - size / 2)
            shade = 20 if distance > 70 else 210 if distance < 14 + seed % 9 else 110
            samples.append(min(255, shade + noise.randrange(30)))
    return pymupdf.Pixmap(pymupdf.csGRAY, size, size, bytes(samples), False)


def make(article: Article) -> MadeDocument:
    """The document of an article, and its truth."""
    return _Drawing(article).draw()
