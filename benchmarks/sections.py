"""Owns the measure of section trees: headings against those that a reader annotated, operative technique told from methods.

``python -m benchmarks.sections ARTICLES [--operative JATS] [--held-out]``. ARTICLES is a folder with the annotated PDFs, JATS
one with the articles of `section_annotations/operative.jsonl`. Every difference is printed, but for the articles that were
set aside while rules were made (`--held-out`), of which the figures alone are told.
"""

from __future__ import annotations

import argparse
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pymupdf
import yaml

from chapter_pipeline.documents.jats.extract import extract_article
from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.structure.operative import is_operative
from chapter_pipeline.domain.document import BlockKind, ParsedDocument, SectionKind

ANNOTATIONS = Path(__file__).parent / "section_annotations"
DEEPEST = 3
"""The readers know no deeper level."""
Row = tuple[int, str]
"""Level and title of a heading; the title without case, number signs and a closing full stop or colon."""


def main() -> None:
    """Print agreement by article, the differences, and precision and recall of operative technique."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--operative", type=Path, metavar="JATS")
    parser.add_argument("--held-out", action="store_true")
    given = parser.parse_args()
    matched, total = agreement(given.articles, held_out=given.held_out, told=True)
    print(f"headings: {matched}/{total} = {matched / total:.3f}")
    if given.operative is not None:
        print(json.dumps(operative(given.operative, held_out=given.held_out)))


def agreement(folder: Path, *, held_out: bool, told: bool) -> tuple[int, int]:
    """Headings that agree in level, title and order, counted on both sides, and all headings of both sides.

    `told`: print each article, and its differences when it is not one of those set aside.
    """
    matched = total = 0
    annotated = yaml.safe_load((ANNOTATIONS / "headings.yaml").read_text(encoding="utf-8"))
    for beginning, article in annotated.items():
        if article["held_out"] != held_out:
            continue
        (path,) = folder.glob(f"{beginning}*.pdf")
        content = path.read_bytes()
        parsed = extract_document(pymupdf.open(stream=content, filetype="pdf"), content)
        wanted, found = compared(article, parsed)
        same = sum(block.size for block in SequenceMatcher(None, wanted, found, autojunk=False).get_matching_blocks())
        matched, total = matched + 2 * same, total + len(wanted) + len(found)
        if told:
            print(f"{beginning}: {same} of {len(wanted)} wanted, {len(found)} found")
        if told and not held_out:
            for name, one, other in (("missing", wanted, found), ("added", found, wanted)):
                for row in (Counter(one) - Counter(other)).elements():
                    print(f"   {name}: {row[0]} {row[1]}")
    return matched, total


def compared(article: Mapping[str, Any], parsed: ParsedDocument) -> tuple[list[Row], list[Row]]:
    """The headings that are wanted and those found, without those that a careful reader might count or leave out."""
    doubtful = {normal(one["title"]): one for one in article.get("doubtful", ())}
    optional = {title for title, one in doubtful.items() if not one["listed"] or one["about"] == "heading"}
    wanted = [(level, normal(title)) for level, title, *_ in article["headings"] if normal(title) not in optional]
    found = [
        (min(heading.level, DEEPEST), normal(heading.title))
        for heading in parsed.headings
        if normal(heading.title) not in optional
    ]
    levels = {title: level for level, title in wanted if title in doubtful and doubtful[title]["about"] == "level"}
    return wanted, [(levels.get(title, level), title) for level, title in found]


def normal(title: str) -> str:
    """The title as it is compared."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split()).rstrip(".: ")


def operative(folder: Path, *, held_out: bool) -> dict[str, int]:
    """How many sections of operative technique are told as such, of the annotated articles and of made texts."""
    counted: Counter[str] = Counter()
    articles: dict[str, ParsedDocument] = {}
    for line in (ANNOTATIONS / "operative.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["held_out"] != held_out or case.get("where") == "abstract":
            continue
        if case.get("made"):
            told = is_operative(case["title"], case["text"])
        else:
            name = case["article"]
            if name not in articles:
                articles[name] = extract_article((folder / f"{name}.nxml").read_bytes(), max_pages=5000)
            told = _told(articles[name], case)
        wanted = case["kind"] == "OPERATIVE"
        group = "made" if case.get("made") else "doubtful" if case.get("doubtful") else "real"
        answer = {(True, True): "found", (True, False): "missed", (False, True): "wrong", (False, False): "right"}
        counted[f"{group} {answer[wanted, told]}"] += 1
        if wanted != told and not held_out:
            print(f"   {case['kind']} told as {'OPERATIVE' if told else 'METHODS'}: {case['article']} {case['title']}")
    return dict(sorted(counted.items()))


def _told(article: ParsedDocument, case: Mapping[str, Any]) -> bool:
    """Whether the section that begins with the words of `case` is told as operative technique."""
    sections = list(_sections(article))
    begun = " ".join(case["begins"].split()[:6]).casefold()
    kinds = [kind for title, kind, text in sections if title == normal(case["title"]) and begun in text[:400]]
    kinds = kinds or [kind for title, kind, _ in sections if title == normal(case["title"])]
    return SectionKind.OPERATIVE in kinds


def _sections(article: ParsedDocument) -> Iterator[tuple[str, SectionKind | None, str]]:
    """Title, kind and running text of each section."""
    texts = {
        page.number: " ".join(
            page.text[block.start : block.end] for block in page.blocks if block.kind is BlockKind.BODY
        )
        for page in article.pages
    }
    for heading in article.headings:
        yield normal(heading.title), heading.kind, " ".join(texts[heading.page].split()).casefold()


if __name__ == "__main__":
    main()
