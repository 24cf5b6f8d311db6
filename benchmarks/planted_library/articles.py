"""Owns the made articles of the planted libraries and their JATS XML; it draws nothing and knows no case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_KINDS = {
    "Introduction": "intro", "Methods": "methods", "Results": "results", "Discussion": "discussion",
    "Conclusion": "conclusions",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeTable:
    """A table of the results: its caption, its head and its rows."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An invented article. `abstract` are its parts, label and text; `sections` title and paragraphs, in their order."""

    name: str
    title: str
    authors: tuple[str, ...]
    year: int
    abstract: tuple[tuple[str, str], ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    tables: tuple[MadeTable, ...] = ()
    kind: str = "research-article"
    related: str | None = None  # the DOI of the work that a notice is about

    @property
    def doi(self) -> str:
        return f"10.5555/planted.{self.name}"


def jats(article: Article) -> bytes:
    """The article as a JATS file."""
    people = "".join(_contrib(name) for name in article.authors)
    abstract = "".join(
        f"<sec><title>{escape(label)}</title><p>{escape(text)}</p></sec>" for label, text in article.abstract
    )
    related = (
        f'<related-article related-article-type="retracted-article" ext-link-type="doi" id="ra1" xlink:href="{article.related}"/>'
        if article.related
        else ""
    )
    body = "".join(_section(title, paragraphs, article.tables) for title, paragraphs in article.sections)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<article article-type="{article.kind}" xml:lang="en" xmlns:xlink="http://www.w3.org/1999/xlink">'
        "<front><journal-meta><journal-title-group><journal-title>Journal of Planted Studies</journal-title>"
        "</journal-title-group></journal-meta><article-meta>"
        f'<article-id pub-id-type="doi">{article.doi}</article-id>'
        f"<title-group><article-title>{escape(article.title)}</article-title></title-group>"
        f"<contrib-group>{people}</contrib-group>"
        f'<pub-date pub-type="epub"><day>1</day><month>3</month><year>{article.year}</year></pub-date>'
        f"<volume>{article.year - 1990}</volume><fpage>11</fpage><lpage>19</lpage>{related}"
        + (f"<abstract>{abstract}</abstract>" if abstract else "")
        + f"</article-meta></front><body>{body}</body></article>"
    ).encode()


def _contrib(name: str) -> str:
    family, given = name.split(", ")
    return (
        f'<contrib contrib-type="author"><name><surname>{escape(family)}</surname>'
        f"<given-names>{escape(given)}</given-names></name></contrib>"
    )


def _section(title: str, paragraphs: Sequence[str], tables: Sequence[MadeTable]) -> str:
    kind = f' sec-type="{_KINDS[title]}"' if title in _KINDS else ""
    text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    shown = "".join(_table(number, one) for number, one in enumerate(tables, start=1)) if title == "Results" else ""
    return f"<sec{kind}><title>{escape(title)}</title>{text}{shown}</sec>"


def _table(number: int, table: MadeTable) -> str:
    def row(cells: Sequence[str], cell: str) -> str:
        return "<tr>" + "".join(f"<{cell}>{escape(one)}</{cell}>" for one in cells) + "</tr>"

    return (
        f'<table-wrap id="t{number}"><label>Table {number}.</label><caption><p>{escape(table.caption)}</p></caption>'
        f"<table><thead>{row(table.head, 'th')}</thead><tbody>{''.join(row(one, 'td') for one in table.rows)}</tbody>"
        "</table></table-wrap>"
    )
