"""Owns the way from the bytes of a JATS article to a `ParsedDocument`; it runs in the parser's child process only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chapter_pipeline.documents.injection_filter import without_injections
from chapter_pipeline.documents.jats.front import article_metadata
from chapter_pipeline.documents.jats.inline import line_of
from chapter_pipeline.documents.jats.references import cited_works
from chapter_pipeline.documents.jats.safe_xml import Element, read_xml
from chapter_pipeline.documents.jats.sections import Sections, kind_of
from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.documents.structure.operative import with_operative_sections
from chapter_pipeline.domain.document import BlockKind, DocumentKind, Page, ParsedDocument, SectionKind
from chapter_pipeline.errors import DocumentRejected

MIN_LETTERS = 100
"""An article with fewer letters in all its sections has no text."""
_BODY_LABEL = "Main text"
_SHORT_ABSTRACTS = frozenset("toc teaser graphical short web-summary precis key-points highlights video".split())
_PASSAGES = (BlockKind.BODY, BlockKind.ABSTRACT)


def extract_article(content: bytes, *, max_pages: int) -> ParsedDocument:
    """The article in `content`. Raises `DocumentRejected`, also for XML that is no article."""
    xml = read_xml(content)
    article = _article(xml.root)
    sections = Sections()
    for abstract in article.descendants("abstract", outside=frozenset(("body", "back", "sub-article", "response"))):
        if abstract.attributes.get("abstract-type", "") not in _SHORT_ABSTRACTS:
            title = line_of(abstract.child("title")) or "Abstract"
            sections.read(abstract, (), title=title, kind=SectionKind.ABSTRACT, block=BlockKind.ABSTRACT)
    before = len(sections.pages)
    _read_body(article.child("body"), sections)
    full_text = any(_words(page) for page in sections.pages[before:])
    _read_back(article, sections)
    pages = sections.pages
    listed = cited_works(article, len(pages) + 1)
    if listed:
        sections.references([work.text for work in listed])
    if len(pages) > max_pages:
        raise DocumentRejected(Reason.TOO_MANY_PAGES, f"{len(pages)} sections with text, the limit is {max_pages}")
    if sum(sum(map(str.isalpha, page.text)) for page in pages) < MIN_LETTERS:
        raise DocumentRejected(
            Reason.NO_TEXT, f"fewer than {MIN_LETTERS} letters in its sections: deliver the article's PDF"
        )
    metadata = article_metadata(
        article,
        abstract=" ".join(filter(None, (_words(page) for page in pages[:before]))),
        body=" ".join(filter(None, (_words(page) for page in pages[before:]))),
    )
    read, headings = with_operative_sections(pages, sections.headings)
    return without_injections(
        ParsedDocument(
            sha256=hashlib.sha256(content).hexdigest(), page_count=len(pages), metadata=metadata, pages=read,
            tables=tuple(sections.tables), headings=headings, cited_works=listed,
            captions=tuple(sections.captions), kind=DocumentKind.JATS, full_text=full_text,
            warnings=tuple(_warnings(sections, xml.warnings, full_text=full_text)),
        )
    )  # fmt: skip


def _article(root: Element) -> Element:
    """The one article of a file: its root, or what an envelope of PMC holds."""
    if root.name == "article":
        return root
    envelope = root.name in ("pmc-articleset", "OAI-PMH", "GetRecord", "record")
    found = list(root.descendants("article", outside=frozenset(("article",)))) if envelope else []
    if len(found) > 1:
        raise DocumentRejected(
            Reason.NOT_AN_ARTICLE, f"it holds {len(found)} articles: deliver each as a file of its own"
        )
    if not found:
        raise DocumentRejected(
            Reason.NOT_AN_ARTICLE, f"its root is {root.name[:40]!r}: deliver an article in JATS XML, or a PDF"
        )
    return found[0]


def _read_body(body: Element | None, sections: Sections) -> None:
    """The main sections; what stands outside of them is a section of its own."""
    if body is None:
        return
    outside = [one for one in body.children() if one.name != "sec"]
    if outside:
        sections.read(Element("sec", {}, [*outside]), (), title=_BODY_LABEL, kind=None)
    for one in body.children("sec"):
        title = line_of(one.child("title"))
        sections.read(one, (), title=title, kind=kind_of(one, title))


def _read_back(article: Element, sections: Sections) -> None:
    """Appendices are text; acknowledgements, notes and statements are kept and never quoted."""
    for back in article.children("back"):
        for one in back.children():
            if one.name == "app-group":
                for app in one.children("app"):
                    _read_appendix(app, sections)
            elif one.name == "app":
                _read_appendix(one, sections)
            elif one.name == "sec":
                title = line_of(one.child("title"))
                sections.read(one, (), title=title, kind=kind_of(one, title) or SectionKind.BACK_MATTER)
            elif one.name not in ("ref-list", "title", "label"):
                title = line_of(one.child("title")) or _named(one.name)
                sections.read(one, (), title=title, kind=SectionKind.BACK_MATTER, block=BlockKind.FURNITURE)
    for group in article.children("floats-group"):
        sections.read(group, (), title="Figures and tables", kind=SectionKind.BACK_MATTER, block=BlockKind.FURNITURE)


def _read_appendix(app: Element, sections: Sections) -> None:
    title = line_of(app.child("title")) or line_of(app.child("label"))
    shown = (
        title if title.lower().startswith(("appendix", "supplement")) else f"Appendix: {title}" if title else "Appendix"
    )
    sections.read(app, (), title=shown, kind=None)


def _named(element: str) -> str:
    names = {"ack": "Acknowledgements", "fn-group": "Notes", "notes": "Notes", "glossary": "Abbreviations", "bio": "Biographies"}  # fmt: skip
    return names.get(element, element.replace("-", " ").capitalize())


def _words(page: Page) -> str:
    """What a page says as running text, without what is hidden or addressed to a model."""
    return " ".join(
        page.text[block.start : block.end] for block in page.blocks if block.kind in _PASSAGES and not block.flags
    )


def _warnings(sections: Sections, found: Sequence[str], *, full_text: bool) -> list[str]:
    """What an editor should know of the file."""
    warnings = list(found)
    if sections.hidden:
        warnings.append(
            f"hidden text in {_places(sections.hidden)}: what a reader cannot see is kept out of the passages"
        )
    if sections.spoken:
        warnings.append(f"text addressed to a language model in {_places(sections.spoken)}: kept out of the passages")
    if sections.pictures:
        warnings.append(f"{sections.pictures} of its tables are pictures that the file does not have: their captions alone are read")  # fmt: skip
    if not full_text:
        warnings.append("the file has no body: only the abstract is read; deliver the article's PDF too")
    return warnings


def _places(labels: Sequence[str]) -> str:
    named = list(dict.fromkeys(labels))
    return "; ".join(map(repr, named[:5])) + (" and more" if len(named) > 5 else "")
