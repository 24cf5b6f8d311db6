"""Owns the figures of bibliographic recognition: what the parser reads of made documents and of a library, against the truth.

``python -m benchmarks.records [--held-out]`` for the documents of `benchmarks.made_documents`, ``--library FOLDER`` for
the articles that ``library_records.yaml`` describes. It prints how many values are right of how many, then every
mismatch. A field that the parser's types do not have is "not read".
"""

from __future__ import annotations

import argparse
import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.made_documents import ARTICLES, Truth, make
from chapter_pipeline.documents.pdf.parser import ParserProcess
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain.document import ParsedDocument, Passage, StudyType
from chapter_pipeline.errors import DocumentRejected
from chapter_pipeline.settings import Settings

LIBRARY = Path("../shared/data/library")
ANNOTATION = Path(__file__).with_name("library_records.yaml")
NOT_READ = "not read"
MIN_LETTERS = 12
"""Furniture of fewer letters may stand in running text by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One value of one document: what was read, what is true."""

    document: str
    field: str
    right: bool
    got: object
    wanted: object


# Normal forms


def words(text: str) -> list[str]:
    """Words without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ı", "i").replace("’", "'"))
    folded = "".join(ch for ch in plain if not unicodedata.combining(ch)).casefold()
    return re.findall(r"[^\W_]+", folded.replace("'", ""))


def letters(text: str) -> str:
    """Letters and digits alone: the same for texts that differ in whitespace, hyphenation and punctuation."""
    return "".join(words(text))


def same_words(got: str | None, wanted: str | None) -> bool:
    return letters(got or "") == letters(wanted or "")


def same_pages(got: object, wanted: str | None) -> bool:
    """``2461–70`` and ``2461-2470`` are the same pages."""

    def full(pages: str) -> str:
        parts = re.split(r"\s*[-–—‐]\s*", pages.strip().casefold())
        if len(parts) == 2 and parts[0].isdecimal() and parts[1].isdecimal() and len(parts[1]) < len(parts[0]):
            parts[1] = parts[0][: len(parts[0]) - len(parts[1])] + parts[1]
        return re.sub(r"^e(?=\d+$)", "", "-".join(parts))  # an article's number is printed with and without its "e"

    return full(str(got or "")) == full(wanted or "")


def same_journal(got: str | None, title: str | None, short: str | None) -> bool:
    """The words of the title or of its abbreviation, an article or an ampersand aside."""

    def essential(text: str | None) -> list[str]:
        return [word for word in words(text or "") if word not in {"the", "and", "of", "for"}]

    return essential(got) in [essential(name) for name in (title, short) if name is not None or title is None]


def has_family(got: str, family: str) -> bool:
    """Whether `got`, as ``Family, Given`` or as printed, has this family name."""
    if "," in got and not re.search(r",\s*(Jr|Sr|I{2,3}|IV)\.?$", got):
        return letters(got.split(",")[0]) == letters(family)
    name = re.sub(r",?\s+(Jr|Sr|I{2,3}|IV)\.?$", "", got)
    wanted = words(family)
    return words(name)[-len(wanted) :] == wanted


def same_licence(got: str | None, wanted: str | None) -> bool:
    """The same kind, abbreviated or in full; a version that was read has to be the printed one."""

    def parts(text: str | None) -> tuple[str, str]:
        version = re.search(r"\d\.\d", text or "")
        kind = letters(re.sub(r"\d\.\d", "", text or "")).replace("creativecommons", "cc").replace("attribution", "by")
        for name, short in (("noncommercial", "nc"), ("noderivatives", "nd"), ("noderivs", "nd"), ("sharealike", "sa")):
            kind = kind.replace(name, short)
        return re.sub(r"(international|licen[cs]e)+$", "", kind), version[0] if version else ""

    (kind, version), (wanted_kind, wanted_version) = parts(got), parts(wanted)
    return kind == wanted_kind and version in {"", wanted_version}


# Comparison


def quotable(document: ParsedDocument, passages: Sequence[Passage]) -> Iterator[tuple[int, str]]:
    """Every quotable sentence with its page."""
    for passage in passages:
        for start, end in passage.sentences:
            yield passage.page, passage.text[start - passage.start : end - passage.start]


def is_cut(sentence: str, head: str, tail: str) -> bool:
    """Whether a quotable `sentence` begins or ends inside of ``head tail``, which runs over a page turn."""
    said, whole = words(sentence), words(f"{head} {tail}")
    if not said or "".join(whole) in "".join(said):
        return False
    first, second = words(head), words(tail)
    inside = len(said) >= 3 and f" {' '.join(said)} " in f" {' '.join(whole)} "
    return inside or said[-len(first) :] == first or said[: len(second)] == second


def running_sentences(truth: Truth, document: ParsedDocument, passages: Sequence[Passage]) -> Iterator[Verdict]:
    """For each sentence that runs over a page turn: is a part of it quotable as if it were a sentence, is it there whole?"""
    sentences = list(quotable(document, passages))
    texts = [letters(passage.text) for passage in passages] + [letters(text) for _, text in sentences]
    for sentence in truth.running:
        cut = [text for _, text in sentences if is_cut(text, sentence.head, sentence.tail)]
        yield Verdict(
            document=truth.name, field="page turn: no part is quotable", right=not cut, got=cut, wanted=sentence.text
        )
        whole = any(letters(sentence.text) in text for text in texts)
        yield Verdict(
            document=truth.name, field="page turn: the whole is there", right=whole, got=whole, wanted=sentence.text
        )


def read(document: ParsedDocument, name: str) -> object:
    """A field of the metadata, `NOT_READ` when the types have no such field."""
    return getattr(document.metadata, "published" if name == "date" else name, NOT_READ)


def record(name: str, document: ParsedDocument, truth: Any, *, strict_nones: bool) -> Iterator[Verdict]:
    """The bibliographic fields. `strict_nones`: where the truth is None, nothing may be read."""

    def verdict(field: str, right: bool, wanted: object, got: object = None) -> Verdict:
        return Verdict(
            document=name, field=field, right=right, got=read(document, field) if got is None else got, wanted=wanted
        )

    meta = document.metadata
    yield verdict("title", same_words(meta.title, truth.title), truth.title)
    families = [author.family for author in truth.authors]
    people = [
        one
        for one in meta.authors
        if not truth.collective or letters(truth.collective.removeprefix("the ")) not in letters(one)
    ]
    same = len(people) == len(families) and all(map(has_family, people, families))
    yield verdict("authors", same, families, list(meta.authors))
    if truth.collective:
        stands = any(letters(truth.collective.removeprefix("the ")) in letters(one) for one in meta.authors)
        yield verdict("collective author", stands, truth.collective, list(meta.authors))
    yield verdict("year", meta.year == truth.year, truth.year)
    if truth.doi is not None:
        yield verdict("doi", (meta.doi or "") == truth.doi.lower(), truth.doi)
    yield verdict("journal", same_journal(meta.journal, truth.journal, truth.journal_short), truth.journal)
    for field in ("volume", "issue", "pages", "pmcid", "pmid", "date"):
        wanted, got = getattr(truth, field), read(document, field)
        if wanted is None and not (strict_nones and field in {"volume", "issue", "pages"}):
            continue
        if got == NOT_READ:
            yield verdict(field, False, wanted)
        else:
            yield verdict(
                field, same_pages(got, wanted) if field == "pages" else same_words(str(got or ""), wanted), wanted
            )
    if truth.licence is not None:
        yield verdict("licence", same_licence(meta.licence, truth.licence), truth.licence)
    if truth.article_type is not None:
        yield verdict("article_type", same_words(meta.article_type, truth.article_type), truth.article_type)
    if truth.study_type is not None:
        yield verdict("study_type", meta.study_type is truth.study_type, truth.study_type)
    if truth.language is not None:
        yield verdict("language", meta.language == truth.language, truth.language)


def label(text: str | None) -> str:
    """``FIG. 2`` and ``Figure 2`` are one label."""
    return re.sub(r"^fig(ure)?", "figure", letters(text or ""))


def figures_and_tables(truth: Truth, document: ParsedDocument) -> Iterator[Verdict]:
    def verdict(field: str, right: bool, got: object, wanted: object) -> Verdict:
        return Verdict(document=truth.name, field=field, right=right, got=got, wanted=wanted)

    found = [figure.label for figure in document.figures]
    wanted = [figure.label for figure in truth.figures]
    yield verdict("figures: labels", [label(one) for one in found] == [label(one) for one in wanted], found, wanted)
    for figure in truth.figures:
        captions = [one.caption for one in document.figures if label(one.label) == label(figure.label)]
        bare = letters(figure.caption.split(". ", 1)[1])
        right = any(letters(one or "") in {letters(figure.caption), bare} for one in captions)
        yield verdict("figures: caption", right, captions, figure.caption)
    tables = [table.label for table in document.tables]
    yield verdict("tables: labels", [label(one) for one in tables] == [label(one.label) for one in truth.tables], tables, [one.label for one in truth.tables])  # fmt: skip
    for table in truth.tables:
        same = [one for one in document.tables if label(one.label) == label(table.label)]
        bare = letters(table.caption.split(". ", 1)[1])
        captions = [one.caption for one in same]
        yield verdict(
            "tables: caption",
            any(letters(one or "") in {letters(table.caption), bare} for one in captions),
            captions,
            table.caption,
        )
        heads = [one.header_rows for one in same]
        yield verdict("tables: header rows", heads == [table.header_rows], heads, table.header_rows)
        rows = [[[letters(cell) for cell in row] for row in one.rows] for one in same]
        right = rows == [[[letters(cell) for cell in row] for row in table.rows]]
        yield verdict("tables: cells", right, [one.rows for one in same], table.rows)


def furniture(truth: Truth, passages: Sequence[Passage]) -> Iterator[Verdict]:
    """Each string of the page furniture, looked for in the passages."""
    texts = [letters(passage.text) for passage in passages]
    for text in truth.furniture:
        if len(letters(text)) >= MIN_LETTERS:
            inside = any(letters(text) in one for one in texts)
            yield Verdict(
                document=truth.name,
                field="furniture: not in passages",
                right=not inside,
                got="in a passage" if inside else "",
                wanted=text,
            )


def running_text(truth: Truth, passages: Sequence[Passage]) -> Iterator[Verdict]:
    """Each sentence of the running text that stands on one page, looked for in the passages."""
    texts = [letters(passage.text) for passage in passages]
    for sentence in truth.sentences:
        kept = any(letters(sentence) in text for text in texts)
        yield Verdict(document=truth.name, field="running text: in passages", right=kept, got=kept, wanted=sentence)


def made(document: ParsedDocument, truth: Truth) -> Iterator[Verdict]:
    passages = make_passages(document, count_tokens=lambda text: len(text) // 4, max_tokens=Settings().passage_tokens)
    yield from record(truth.name, document, truth, strict_nones=True)
    yield from figures_and_tables(truth, document)
    yield from furniture(truth, passages)
    yield from running_text(truth, passages)
    yield from running_sentences(truth, document, passages)


# The library


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Annotated:
    """An entry of ``library_records.yaml``, with the attributes of a `Truth` that `record` asks for."""

    title: str
    authors: tuple[_Name, ...]
    year: int
    journal: str | None
    journal_short: str | None
    volume: str | None
    issue: str | None
    pages: str | None
    doi: str | None
    study_type: StudyType | None
    figures: tuple[str, ...]
    tables: tuple[str, ...]
    collective: None = None
    pmcid: None = None
    pmid: None = None
    date: None = None
    licence: None = None
    article_type: None = None
    language: str = "en"


def library_records(path: Path = ANNOTATION) -> dict[str, _Annotated]:
    """By the name of the file, without its suffix."""
    found = {}
    for name, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        design = entry.pop("study_type")
        authors = tuple(_Name(family=family) for family in entry.pop("authors"))
        figures, tables = (tuple(entry.pop(kind)) for kind in ("figures", "tables"))
        found[name] = _Annotated(
            authors=authors, figures=figures, tables=tables, study_type=StudyType(design) if design else None, **entry
        )
    return found


def library(name: str, document: ParsedDocument, truth: _Annotated, row: dict[str, str]) -> Iterator[Verdict]:
    yield from record(name, document, truth, strict_nones=False)
    for kind, found, wanted in (
        ("figures", [one.label for one in document.figures], truth.figures),
        ("tables", [one.label for one in document.tables], truth.tables),
    ):
        right = sorted(label(one) for one in found if one) == sorted(label(one) for one in wanted)
        yield Verdict(document=name, field=f"{kind}: labels", right=right, got=found, wanted=list(wanted))
        yield Verdict(
            document=name, field=f"{kind}: number", right=len(found) == len(wanted), got=len(found), wanted=len(wanted)
        )
    meta = document.metadata
    yield Verdict(
        document=name,
        field="catalogue: title",
        right=same_words(meta.title, row["title"]),
        got=meta.title,
        wanted=row["title"],
    )
    yield Verdict(
        document=name, field="catalogue: year", right=str(meta.year) == row["year"], got=meta.year, wanted=row["year"]
    )
    if row["doi"]:
        yield Verdict(
            document=name, field="catalogue: doi", right=meta.doi == row["doi"].lower(), got=meta.doi, wanted=row["doi"]
        )


# The program


def made_verdicts(*, held_out: bool) -> Iterator[Verdict]:
    with ParserProcess(Settings()) as parse:
        for article in ARTICLES:
            if article.held_out is held_out:
                one = make(article)
                yield from _parsed(article.name, lambda one=one: made(parse(one.content), one.truth))


def library_verdicts(folder: Path) -> Iterator[Verdict]:
    with (folder / "CATALOGUE.tsv").open(encoding="utf-8", newline="") as lines:
        rows = {Path(row["file"]).stem: row for row in csv.DictReader(lines, delimiter="\t")}
    with ParserProcess(Settings()) as parse:
        for name, truth in library_records().items():
            content = (folder / f"{name}.pdf").read_bytes()
            yield from _parsed(
                name, lambda name=name, truth=truth, content=content: library(name, parse(content), truth, rows[name])
            )


def _parsed(name: str, verdicts: Any) -> Iterator[Verdict]:
    try:
        yield from verdicts()
    except DocumentRejected as rejected:
        yield Verdict(document=name, field="parsed", right=False, got=str(rejected), wanted="a document")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 500 else text[:497] + "..."


def report(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """The table (field: right of how many), then every mismatch."""
    seen = list(verdicts)
    total, right = Counter(one.field for one in seen), Counter(one.field for one in seen if one.right)
    unread = {one.field for one in seen if one.got == NOT_READ}
    for field in total:
        yield f"{field:32} {right[field]:4} of {total[field]:4}" + ("   not read" if field in unread else "")
    yield f"{'all':32} {sum(right.values()):4} of {sum(total.values()):4}"
    yield ""
    for one in seen:
        if not one.right and one.got != NOT_READ:
            yield f"{one.document[:40]} | {one.field} | got {_short(one.got)} | wanted {_short(one.wanted)}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "--held-out", action="store_true", help="the documents that are kept from those who write rules"
    )
    arguments.add_argument(
        "--library", type=Path, nargs="?", const=LIBRARY, help=f"the articles of a folder (default: {LIBRARY})"
    )
    given = arguments.parse_args()
    if given.library and not (given.library / "CATALOGUE.tsv").is_file():
        arguments.error(f"{str(given.library)!r} holds no CATALOGUE.tsv")
    verdicts = library_verdicts(given.library) if given.library else made_verdicts(held_out=given.held_out)
    print(*report(verdicts), sep="\n")


if __name__ == "__main__":
    main()
