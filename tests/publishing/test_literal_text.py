"""Random punctuation of a source comes out of every format as it went in: no writer may read it as markup."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import docx
import pymupdf
import pypandoc
import pytest
from lxml import etree, html

from chapter_pipeline.domain import Section
from chapter_pipeline.publishing.exports import export_chapter
from tests.publishing.finished_chapter import CHAPTER, FINAL, sentence, subsection

PIECES = [
    *"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ab1 ",
    *("//", "/*", "*/", "--", "---", "~~", "&amp;", "&#35;", "<b>", "1.", "2)", "- ", "+ ", "= ", "> ", "# ", "```"),
    *("$$", "{{", "}}", "[[", "](", "![", "http://x.y", "www.a.b", "@x", ":::", "/ t: ", "\\*", "<!--", "-->", "<a:b>"),
]


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u00a0]+", "", text)


def random_texts(seed: int) -> list[str]:
    """Each begins and ends with a letter, as sentences do: a line of dashes alone is a rule in Markdown."""
    source = random.Random(seed)
    return [f"q{''.join(source.choice(PIECES) for _ in range(source.randint(1, 9)))}z" for _ in range(250)]


def paragraphs(path: Path) -> set[str]:
    """The paragraphs of a document as a reader sees them, without spaces."""
    match path.suffix:
        case ".md":
            command = [pypandoc.get_pandoc_path(), "--from=gfm", "--to=html", "--wrap=none"]
            written = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True).stdout
            found = [node.text_content() for node in html.fromstring(f"<div>{written.decode()}</div>").iter("p", "li")]
        case ".html":
            found = [node.text_content() for node in html.parse(path).getroot().iter("p")]
        case ".xml":
            found = ["".join(node.itertext()) for node in etree.parse(path).getroot().iter("p")]
        case _:
            found = [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]
    return {squeezed(text) for text in found}


@pytest.mark.parametrize("seed", [1, 2])
def test_random_punctuation__is_literal_in_every_format(tmp_path: Path, seed: int) -> None:
    texts = random_texts(seed)
    body = subsection(None, *((sentence(text),) for text in texts))
    section = Section(kind="a", title="A", status="written", subsections=(body,))
    fields = {"sections": (section,), "figures": (), "key_points": (), "references": (), "quotes": {}}
    final = FINAL.model_copy(update={"chapter": CHAPTER.model_copy(update=fields)})
    *files, pdf = export_chapter(
        final,
        formats=["md", "html", "docx", "jats", "pdf"],
        destination=tmp_path,
        figure_content=lambda _: b"",
        version=1,
    )
    for path in files:
        read = paragraphs(path)
        assert [text for text in texts if squeezed(text) not in read] == [], path.name
    with pymupdf.open(pdf) as document:
        pages = [re.sub(rf"^{re.escape(CHAPTER.title)}\n|\nVersion 1\n.*", "", page.get_text()) for page in document]
    printed = squeezed("".join(pages))
    assert [text for text in texts if squeezed(text) not in printed] == []
