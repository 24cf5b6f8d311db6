"""Owns how a sentence cites: numbers of the reference list, pages of its quotes, links; it never picks evidence.

Page locators are AMA's (AMA Manual of Style, 11th ed., 3.6.2), in Vancouver brackets ``[3(p5), 7(pp2,4)]`` or raised;
by author and year it is ``(Santarius et al. 2009, p 5)``. A source in JATS has no pages: its locator is the section and
paragraph, ``[3(Results, paragraph 3)]``. It is written here and not by a citation processor because the
numbers are the artifact's (`Reference.number`), and because each page links to its verbatim quotation.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chapter_pipeline.domain import ChapterText, Quote, Reference, Sentence
from chapter_pipeline.errors import ClaimNotGrounded, InvariantViolated
from chapter_pipeline.publishing import pandoc_ast as ast
from chapter_pipeline.publishing.styles import CitationForm, CitationStyle, author_year_names

Node = ast.Node
_NO_BREAK_SPACE = "\u00a0"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#~$^@&])")
_CROSS_REFERENCE = re.compile(r"\b(Figures?|Tables?|Sections?) (\d)")


class Locator(NamedTuple):
    """Where a quote stands in its source, in the order of the source: a page, or a paragraph of a section of JATS."""

    page: int
    paragraph: int = 0
    label: str | None = None
    """Of a section and paragraph: "Results, paragraph 3"."""
    last: int = 0
    """The page on which a sentence ends that goes on behind a page turn, else 0."""

    @classmethod
    def of(cls, quote: Quote) -> Locator:
        if quote.page_label is None:
            return cls(quote.page, last=quote.continued[-1].page if quote.continued else 0)
        return cls(quote.page, quote.paragraph or 0, quote.place)

    @property
    def pages(self) -> str:
        """``5``, or ``5–6``."""
        return f"{self.page}–{self.last}" if self.last else str(self.page)

    def alone(self, gap: str = "") -> str:
        """``p5``, ``pp5–6``, or the section and paragraph."""
        return f"{'pp' if self.last else 'p'}{gap}{self.pages}" if self.label is None else self.label


class Citations:
    """Citations of one chapter: what `cite` was asked for is what the quotations appendix lists.

    `links` false gives plain text, for a format that is read as it is.
    """

    def __init__(self, chapter: ChapterText, *, links: bool, style: CitationStyle = CitationStyle.VANCOUVER) -> None:
        self.style = style
        self._names = author_year_names(chapter.references)
        self._quotes = chapter.quotes
        self._references = {reference.source.key: reference for reference in chapter.references}
        self._links = links
        if len(self._references) != len({reference.number for reference in chapter.references}):
            raise InvariantViolated(f"chapter {chapter.slug!r}: two references share a number or a key")

    def reference(self, key: str) -> Reference:
        """The reference of source `key`; raises `ClaimNotGrounded`."""
        try:
            return self._references[key]
        except KeyError:
            raise ClaimNotGrounded(
                f"source {key!r} is cited and is not in the reference list; assemble the chapter again"
            ) from None

    def quotes(self, sentence: Sentence) -> list[Quote]:
        """The quotes `sentence` stands on; raises `ClaimNotGrounded` for an unknown key."""
        unknown = [key for key in sentence.quotes if key not in self._quotes]
        if unknown:
            raise ClaimNotGrounded(
                f"{sentence.text[:80]!r} cites the unknown quote {unknown[0]!r}; assemble the chapter again"
            )
        return [self._quotes[key] for key in sentence.quotes]

    def cite(self, sentence: Sentence) -> list[Node]:
        """`sentence` with its citation before the full stop, as inlines."""
        quotes = self.quotes(sentence)
        if not quotes:
            return ast.text(_unparted(sentence.text) if self._links else sentence.text)
        words = ast.clean(sentence.text)
        stop = words[-1] if words.endswith((".", "!", "?")) and not words.endswith("..") else ""
        body = words[: len(words) - len(stop)]
        tail = [ast.string(stop)] if stop else []
        if self.style.form is CitationForm.RAISED:  # raised, and behind the full stop
            return [*ast.text(words), *self.marker(quotes)]
        return [*ast.text(body), *self.gap(), *self.marker(quotes), *tail]

    def marker(self, quotes: Iterable[Quote]) -> list[Node]:
        """``[3(p5), 7(pp2,4)]`` as inlines, in order of number and page, or as the style has it."""
        pages: dict[int, dict[Locator, list[str]]] = defaultdict(lambda: defaultdict(list))
        for quote in quotes:
            pages[self.reference(quote.source).number][Locator.of(quote)].append(_shown(quote))
        if self.style.form is CitationForm.NAMES:
            return self._joined(self._names_and_pages(pages))
        raised = self.style.form is CitationForm.RAISED
        inlines: list[Node] = []
        for index, number in enumerate(sorted(pages)):
            if index:
                inlines += [ast.string(",")] if raised else [ast.string(","), ast.space()]
            inlines += [self.number(number), *self._locator(number, pages[number])]
        return self._joined(self._set(inlines))

    def place(self, quote: Quote) -> list[Node]:
        """``p5`` or the name of a section alone, for a row that names its source: leads to the quotation like a citation."""
        at, number = Locator.of(quote), self.reference(quote.source).number
        return self._joined(self._page(ast.text(at.alone()), number, at, [_shown(quote)]))

    def _set(self, inlines: list[Node]) -> list[Node]:
        """`inlines` in brackets, or raised."""
        if self.style.form is not CitationForm.RAISED:
            return [ast.string("["), *inlines, ast.string("]")]
        if self._links:
            return [ast.superscript(inlines)]
        return [ast.string("<sup>"), *inlines, ast.string("</sup>")]

    def _names_and_pages(self, pages: Mapping[int, Mapping[Locator, list[str]]]) -> list[Node]:
        """``(Müller et al. 2021, pp 2, 4; Santarius et al. 2009, p 5)``."""
        inlines: list[Node] = [ast.string("(")]
        for index, number in enumerate(sorted(pages, key=lambda one: (self._names[one].casefold(), one))):
            if index:
                inlines += [ast.string(";"), ast.space()]
            inlines += [self._named(number), ast.string(","), ast.space()]
            found = sorted(pages[number])
            if found[0].label is None:
                several = len(found) > 1 or found[0].last
                inlines.append(ast.string(f"{'pp' if several else 'p'}{_NO_BREAK_SPACE}"))
            for place, one in enumerate(found):
                if place:
                    inlines += (
                        [ast.space(), ast.string("and"), ast.space()] if one.label else [ast.string(","), ast.space()]
                    )
                label = ast.text(one.label or one.pages)
                inlines += self._page(label, number, one, pages[number][one])
        return [*inlines, ast.string(")")]

    def _named(self, number: int) -> Node:
        """The name of a reference, linked to it where the format has links."""
        words = ast.text(self._names[number])
        if self._links:
            return ast.link(words, f"#{reference_anchor(number)}", classes=["citation"], role="doc-biblioref")
        return ast.string(self._names[number])

    def name(self, reference: Reference) -> str:
        """What a caption, a table or a heading calls a reference."""
        return self._names[reference.number]

    def after_name(self, number: int) -> list[Node]:
        """The number behind a reference's name, with the space before it; nothing where names are the citation."""
        if self.style.form is CitationForm.NAMES:
            return []
        return [*([] if self.style.form is CitationForm.RAISED else self.gap()), *self.bracketed(number)]

    def order(self, numbers: Iterable[int]) -> list[int]:
        """The reference list's order: by number, or by name."""
        if self.style.form is CitationForm.NAMES:
            return sorted(numbers, key=lambda one: (self._names[one].casefold(), one))
        return sorted(numbers)

    def number(self, number: int) -> Node:
        """The number of a reference, linked to it where the format has links."""
        if not self._links:
            return ast.string(str(number))
        return ast.link(
            [ast.string(str(number))], f"#{reference_anchor(number)}", classes=["citation"], role="doc-biblioref"
        )

    def bracketed(self, number: int) -> list[Node]:
        """``[3]``, or raised: the reference as a whole; nothing where names are the citation."""
        return [] if self.style.form is CitationForm.NAMES else self._joined(self._set([self.number(number)]))

    def _locator(self, number: int, pages: dict[Locator, list[str]]) -> list[Node]:
        """``(p5)``, ``(pp2,4)`` or ``(Results, paragraph 3)``; each leads to its quotations, and shows them when pointed at."""
        inlines: list[Node] = [ast.string("(")]
        found = sorted(pages)
        if len(found) > 1 and found[0].label is None:
            inlines.append(ast.string("pp"))
        for index, one in enumerate(found):
            if index:
                inlines += [ast.string(",")] if one.label is None else [ast.string(";"), ast.space()]
            label = ast.text(one.alone() if one.label is not None or len(found) == 1 else one.pages)
            inlines += self._page(label, number, one, pages[one])
        return [*inlines, ast.string(")")]

    def _page(self, label: list[Node], number: int, at: Locator, quotes: list[str]) -> list[Node]:
        if not self._links:
            return [ast.space() if node["t"] == "Space" else ast.string(_literal(node["c"])) for node in label]
        title = " … ".join(dict.fromkeys(quotes))
        return [ast.link(label, f"#{quotation_anchor(number, at)}", title=title, classes=["locator"])]

    def gap(self) -> list[Node]:
        """What stands before a citation: a number alone on the next line would be lost."""
        return [ast.string(_NO_BREAK_SPACE)] if self._links else [ast.space()]

    def _joined(self, inlines: list[Node]) -> list[Node]:
        """Plain citations as one piece of Markdown: pandoc would put a backslash before each bracket."""
        if self._links:
            return inlines
        marker = "".join(" " if node["t"] == "Space" else node["c"] for node in inlines)
        return [ast.raw("markdown", marker)]


def _shown(quote: Quote) -> str:
    return f"“{ast.clean(quote.text)}”{recognised(quote)}"


def recognised(quote: Quote) -> str:
    """What a reader has to know of a quotation that was read from a scan; nothing for one that the file has as text."""
    if quote.confidence is None:
        return ""
    return f" (recognised from a scan, confidence {quote.confidence:.2f}: check it on the page)"


def _literal(word: str) -> str:
    """A word of a section's title as Markdown: what stands in a source is text, never markup."""
    return _MARKUP.sub(r"\\\1", word)


def _unparted(words: str) -> str:
    """ "See Figure 2." whose number never stands alone on the next line."""
    return _CROSS_REFERENCE.sub(rf"\1{_NO_BREAK_SPACE}\2", words)


def reference_anchor(number: int) -> str:
    return f"ref-{number}"


def quotation_anchor(number: int, at: Locator) -> str:
    if at.label is not None:
        return f"quote-{number}-s{at.page}-{at.paragraph}"
    return f"quote-{number}-p{at.page}" + (f"-{at.last}" if at.last else "")


def cited_quotes(chapter: ChapterText, citations: Citations) -> dict[int, dict[Locator, list[Quote]]]:
    """What the printed text cites, by reference number and place, both ascending; quotes in the order of their source."""
    found: dict[str, Quote] = {}
    for sentence in printed_sentences(chapter):
        found.update((quote.key, quote) for quote in citations.quotes(sentence))
    numbered = [(citations.reference(quote.source).number, quote) for quote in found.values()]
    cited: dict[int, dict[Locator, list[Quote]]] = defaultdict(lambda: defaultdict(list))
    for number, quote in sorted(numbered, key=lambda pair: (pair[0], pair[1].page, pair[1].start, pair[1].key)):
        cited[number][Locator.of(quote)].append(quote)
    return cited


def printed_sentences(chapter: ChapterText) -> list[Sentence]:
    """Every sentence of the published chapter: key points, sections, evidence tables."""
    written = [section for section in chapter.sections if section.status == "written"]
    body = [sentence for section in written for sentence in section.sentences]
    findings = [claim for section in written for claim in section.table_claims]
    return [*chapter.key_points, *body, *findings]
