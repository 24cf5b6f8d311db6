"""Owns the figure of reading order: how many sentences another PDF library reads in one piece, too.

``python -m benchmarks.reading_order FOLDER`` for a folder of PDFs. Every quotable sentence is looked for, letters and
digits only, in what pypdf (`extract_text`) and pypdfium2 read on its page. One that goes on in another column is looked for
in its parts, which have to come in their order. What a library itself tears apart, or cannot decode, counts as missing.
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pymupdf
import pypdfium2
from pypdf import PdfReader

from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.structure.line_numbers import MIN_NUMBERS
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain.document import BlockKind, Page


def letters(text: str) -> str:
    return "".join(ch for ch in unicodedata.normalize("NFKC", text) if ch.isalnum()).casefold()


def without_line_numbers(text: str, page: Page) -> str:
    """What another library reads of a manuscript, without the numbers beside its lines."""
    numbers = sum(
        block.kind is BlockKind.FURNITURE and page.text[block.start : block.end].isdecimal() for block in page.blocks
    )
    return re.sub(r"(?m)^\d{1,4}(?=\s|$)", "", text) if numbers >= MIN_NUMBERS else text


def stands(pieces: Sequence[str], text: str) -> bool:
    """Whether the pieces of a sentence stand in `text`, each whole and one after the other."""
    place = 0
    for piece in pieces:
        found = text.find(piece, place)
        if not piece or found < 0:
            return False
        place = found + len(piece)
    return True


def parts(page: Page, start: int, end: int) -> list[str]:
    """A sentence, cut where it goes on in another column."""
    joins = sorted(join for block in page.blocks for join in block.joins if start < join < end)
    return [letters(page.text[a:b]) for a, b in zip([start, *joins], [*joins, end], strict=True)]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, help="a folder of PDFs")
    given = arguments.parse_args()
    total, cut, turned, found = 0, 0, 0, Counter[str]()
    for path in sorted(given.folder.rglob("*.pdf")):
        content = path.read_bytes()
        with pymupdf.open(stream=content, filetype="pdf") as opened:
            document = extract_document(opened, content)
        readers = (PdfReader(path), pypdfium2.PdfDocument(content))
        texts: dict[int, dict[str, str]] = {}
        missed = Counter[str]()
        for passage in make_passages(document, count_tokens=lambda text: len(text) // 4, max_tokens=200):
            for number in {passage.page, *(span.page for span in passage.continued)} - {*texts}:
                page = document.pages[number - 1]
                read = {
                    "pypdf": readers[0].pages[number - 1].extract_text(),
                    "pypdfium2": readers[1][number - 1].get_textpage().get_text_bounded(),
                }
                texts[number] = {name: letters(without_line_numbers(t, page)) for name, t in read.items()}
            for start, end in passage.sentences:
                total += 1
                places = passage.places(start, end)
                pieces = [parts(document.pages[one.page - 1], one.start, one.end) for one in places]
                cut += max(map(len, pieces)) > 1
                turned += len(places) > 1
                holds = {
                    name: all(stands(piece, texts[one.page][name]) for piece, one in zip(pieces, places, strict=True))
                    for name in texts[passage.page]
                }
                found.update(name for name, whole in holds.items() if whole)
                found["either of them"] += any(holds.values())
                missed.update(name for name, whole in holds.items() if not whole)
        if missed:
            print(f"{path.name[:60]:60} {dict(missed)}")
    print(f"{total} sentences, {cut} of them in more than one column, {turned} over a page turn")
    for name, count in found.most_common():
        print(f"in one piece in {name:15} {count / max(total, 1):.4f}")


if __name__ == "__main__":
    main()
