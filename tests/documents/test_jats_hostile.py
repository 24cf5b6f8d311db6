"""Hostile XML: whatever it holds, the answer of the parser's process is an article or a reason, soon and in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chapter_pipeline.documents.jats import safe_xml
from chapter_pipeline.documents.pdf.parser import ParserProcess
from chapter_pipeline.documents.reasons import Reason, check_bytes
from chapter_pipeline.domain.document import DocumentKind
from chapter_pipeline.errors import DocumentRejected
from chapter_pipeline.settings import Settings
from tests.documents.articles import DOCTYPE, jats
from tests.documents.papers import article as pdf_article
from tests.documents.test_extract import LEFT, RIGHT
from tests.events import PATIENCE_S


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    limits = {"parser_timeout_s": PATIENCE_S, "parser_cpu_s": 20, "parser_memory_bytes": 1024**3}
    with ParserProcess(Settings(home=Path("unused")).model_copy(update=limits)) as parser:
        yield parser


def reason(parser: ParserProcess, content: bytes) -> str:
    with pytest.raises(DocumentRejected) as caught:
        parser(content)
    assert caught.value.detail
    return caught.value.reason


def declared(subset: str, text: str = "&a;") -> bytes:
    return jats(doctype=f"<!DOCTYPE article [{subset}]>", body=f"<body><p>{text}</p></body>")


LAUGHS = '<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
MANY = " ".join(f'a{n}="1"' for n in range(5_000))
UNSAFE = {
    "billion laughs": declared(LAUGHS, "&m;"),
    "quadratic blow-up": declared(f'<!ENTITY a "{"x" * 100_000}">', "&a;" * 10_000),
    "external entity": declared('<!ENTITY a SYSTEM "file:///etc/passwd">'),
    "external entity of the network": declared('<!ENTITY a SYSTEM "http://127.0.0.1:9/x">'),
    "external parameter entity": declared('<!ENTITY % a SYSTEM "http://127.0.0.1:9/x.dtd"> %a;', "x"),
    "undeclared parameter entity": declared("%a;", "x"),
    "unparsed entity": declared('<!NOTATION n SYSTEM "n"><!ENTITY a SYSTEM "a.gif" NDATA n>', "x"),
    "default attributes": declared('<!ATTLIST p style CDATA "display:none">', "x"),
    "XInclude": jats(body='<body xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></body>'),
    "deep nesting": jats(body=f"<body>{'<sec>' * 100_000}{'</sec>' * 100_000}</body>"),
    "deep mathematics": jats(body=f"<body><p>{'<mml:mrow>' * 500}x{'</mml:mrow>' * 500}</p></body>"),
    "huge attribute": jats(body=f'<body><p style="{"x" * 1_000_000}">text</p></body>'),
    "many attributes": jats(body=f"<body><p {MANY}>text</p></body>"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_parser__unsafe_xml__is_refused_and_the_next_file_read(parser: ParserProcess, name: str) -> None:
    assert reason(parser, UNSAFE[name]) == Reason.UNSAFE_XML
    assert parser(jats()).kind is DocumentKind.JATS


UNREADABLE = {
    "unclosed": (jats(body="<body><p>no end</body>"), Reason.DAMAGED),
    "truncated": (jats()[:-200], Reason.DAMAGED),
    "unknown encoding": (b"<?xml version='1.0' encoding='x-none'?><article/>", Reason.DAMAGED),
    "no UTF-8": (b"<?xml version='1.0'?><article>\xff\xfe</article>", Reason.DAMAGED),
    "NUL": (b"<?xml version='1.0'?><article>&#0;</article>", Reason.DAMAGED),
    "nothing": (b"<?xml version='1.0'?>", Reason.DAMAGED),
    "web page": (b"<?xml version='1.0'?><html><body/></html>", Reason.NOT_AN_ARTICLE),
    "feed": (b"<?xml version='1.0'?><rss/>", Reason.NOT_AN_ARTICLE),
    "two articles": (b"<pmc-articleset><article/><article/></pmc-articleset>", Reason.NOT_AN_ARTICLE),
    "no text": (jats(front="<front/>", body="<body/>", back=""), Reason.NO_TEXT),
    "many elements": (b"<article>" + b"<p/>" * (safe_xml.MAX_ELEMENTS + 1) + b"</article>", Reason.TOO_LARGE),
    "many sections": (jats(body=f"<body>{'<sec><p>Some words of it.</p></sec>' * 2_001}</body>"), Reason.TOO_MANY_PAGES),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_parser__what_is_no_readable_article__has_its_reason(parser: ParserProcess, name: str) -> None:
    content, why = UNREADABLE[name]
    assert reason(parser, content) == why


def test_parser__two_hundred_megabytes_of_text__are_refused_unread(parser: ParserProcess) -> None:
    text = b"<article><body><p>" + b"word " * 40_000_000 + b"</p></body></article>"
    assert reason(parser, text) == Reason.TOO_LARGE


def test_parser__as_much_text_as_a_file_may_have__is_refused_by_the_reader(parser: ParserProcess) -> None:
    text = b"<article><body>" + b"<p>word </p>" * 300_000 + b"<p>" + b"word " * 15_000_000 + b"</p></body></article>"
    assert reason(parser, text) == Reason.TOO_LARGE


def test_parser__more_paragraphs_than_any_article_has__are_read_within_the_limits(parser: ParserProcess) -> None:
    text = (
        b"<article><body><sec><title>Results</title>"
        + b"<p>One more word of it.</p>" * 60_000
        + b"</sec></body></article>"
    )
    assert parser(text).page_count == 1


def test_parser__a_public_document_type__is_accepted_and_nothing_fetched(parser: ParserProcess) -> None:
    there = DOCTYPE.replace("JATS-archivearticle1-3-mathml3.dtd", "http://127.0.0.1:9/JATS.dtd")
    assert parser(jats(doctype=there)).metadata == parser(jats()).metadata


def test_parser__pdf_and_article__are_read_by_one_child(parser: ParserProcess) -> None:
    before = parser(jats())
    process = parser._process
    assert parser(pdf_article(left=LEFT, right=RIGHT)).kind is DocumentKind.PDF
    assert parser(jats()) == before
    assert parser._process is process


def test_check_bytes__xml_that_is_a_pdf_too__is_a_polyglot() -> None:
    with pytest.raises(DocumentRejected) as caught:
        check_bytes(b"<?xml version='1.0'?><!-- %PDF-1.7 --><article/>", max_bytes=1000)
    assert caught.value.reason == Reason.POLYGLOT
