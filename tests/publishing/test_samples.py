"""The sample library: articles that look like a journal's, built the same each time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymupdf
import pytest
import rispy

from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.errors import UsageError
from chapter_pipeline.publishing.samples import build_samples

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LIBRARY = EXAMPLES / "library"


@dataclass(frozen=True)
class Built:
    paths: list[Path]
    told: list[Path]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    told: list[Path] = []
    paths = build_samples(LIBRARY, tmp_path_factory.mktemp("samples") / "not" / "yet", on_built=told.append)
    return Built(paths, told)


def opened(built: Built) -> Iterator[tuple[str, pymupdf.Document]]:
    for path in built.paths:
        with pymupdf.open(path) as document:
            yield path.stem, document


def text_of(document: pymupdf.Document) -> str:
    """The running text with line breaks as spaces."""
    return re.sub(r"\s+", " ", " ".join(page.get_text() for page in document))


def article(folder: Path, body: str) -> None:
    folder.mkdir()
    (folder / "template.typ").write_text("")
    (folder / "article.typ").write_text(body)


def test_samples__of_the_repository__are_at_least_eight_pdfs_in_order_of_name(built: Built) -> None:
    assert len(built.paths) >= 8
    assert built.paths == sorted(built.paths)
    assert all(path.read_bytes().startswith(b"%PDF-") for path in built.paths)


def test_samples__while_building__report_each_pdf_once(built: Built) -> None:
    assert built.told == built.paths


def test_samples__beside_the_pdfs__leave_no_temporary_file(built: Built) -> None:
    assert sorted(built.paths[0].parent.iterdir()) == built.paths


def test_samples__on_their_first_page__set_text_in_two_columns(built: Built) -> None:
    for name, document in opened(built):
        middle = document[0].rect.width / 2
        boxes = [block for block in document[0].get_text("blocks") if block[6] == 0]
        left = [box for box in boxes if box[2] < middle]
        right = [box for box in boxes if box[0] > middle]
        assert len(left) >= 3, name
        assert len(right) >= 3, name


def test_samples__each__show_a_raster_figure_of_their_own(built: Built) -> None:
    digests = []
    for name, document in opened(built):
        images = [image for page in document for image in page.get_image_info(hashes=True)]
        assert len(images) == 1, name
        assert images[0]["width"] > 500, name
        digests.append(images[0]["digest"])
    assert len(set(digests)) == len(digests)


def test_samples__each__caption_a_figure_and_a_table(built: Built) -> None:
    for name, document in opened(built):
        text = text_of(document)
        assert "Figure 1. " in text, name
        assert "Table 1. " in text, name


def test_samples__each__carry_title_doi_and_the_mark_of_a_sample(built: Built) -> None:
    dois = []
    for name, document in opened(built):
        first_page = re.sub(r"\s+", " ", document[0].get_text())
        assert document.metadata["title"] in first_page, name
        assert "Sample article written for the chapter_pipeline demonstration; not peer reviewed." in first_page, name
        dois += re.findall(r"doi: (10\.5555/cp-sample\.2025\.\d{3})", first_page)
    assert sorted(dois) == [f"10.5555/cp-sample.2025.{number:03}" for number in range(1, len(built.paths) + 1)]


def test_samples__of_one_volume__have_pages_that_follow_each_other(built: Built) -> None:
    ranges = []
    for _, document in opened(built):
        found = re.search(r"Chapter Pipeline Samples 2025;1:(\d+)-(\d+)", document[0].get_text())
        assert found is not None
        ranges.append((int(found[1]), int(found[2])))
        assert ranges[-1][1] - ranges[-1][0] + 1 == len(document)
    ranges.sort()
    assert [first for first, _ in ranges] == [1, *(last + 1 for _, last in ranges[:-1])]


def test_samples__built_twice__are_byte_identical(built: Built, tmp_path: Path) -> None:
    again = build_samples(LIBRARY, tmp_path)
    assert [path.name for path in again] == [path.name for path in built.paths]
    for first, second in zip(built.paths, again, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_samples__over_an_older_pdf__replace_it(tmp_path: Path) -> None:
    article(tmp_path / "library", "New text")
    destination = tmp_path / "built"
    destination.mkdir()
    (destination / "article.pdf").write_bytes(b"old")
    (path,) = build_samples(tmp_path / "library", destination)
    assert path.read_bytes().startswith(b"%PDF-")


def test_samples__from_a_missing_folder__are_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        build_samples(tmp_path / "nowhere", tmp_path / "built")
    assert not (tmp_path / "built").exists()


def test_samples__from_a_folder_with_the_template_alone__are_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "template.typ").write_text("")
    with pytest.raises(UsageError, match="holds no article"):
        build_samples(tmp_path, tmp_path / "built")


def test_samples__with_a_broken_article__name_it_with_the_message_of_typst(tmp_path: Path) -> None:
    article(tmp_path / "library", "#no-such-function()")
    with pytest.raises(UsageError, match=r"(?s)'article\.typ'.*unknown variable: no-such-function"):
        build_samples(tmp_path / "library", tmp_path / "built")
    assert list((tmp_path / "built").iterdir()) == []


@pytest.mark.parametrize("package", ["@preview/cetz:0.3.0", "@local/cetz:0.3.0"])
def test_samples__that_import_a_package__are_a_usage_error_and_not_a_download(tmp_path: Path, package: str) -> None:
    article(tmp_path / "library", f'#import "{package}": canvas')
    with pytest.raises(UsageError, match=r"'article\.typ'.*package"):
        build_samples(tmp_path / "library", tmp_path / "built")


def test_samples__with_a_figure_of_two_pages__are_a_usage_error(tmp_path: Path) -> None:
    article(tmp_path / "library", "Text")
    (tmp_path / "library" / "figures").mkdir()
    (tmp_path / "library" / "figures" / "wide.typ").write_text("One #pagebreak() two")
    with pytest.raises(UsageError, match=r"figures/wide\.typ.* 2 pages"):
        build_samples(tmp_path / "library", tmp_path / "built")


def test_reference_file__of_the_examples__holds_ten_works_that_the_articles_cite() -> None:
    works = rispy.loads((EXAMPLES / "references" / "chronic-subdural.ris").read_text(encoding="utf-8"))
    cited = (LIBRARY / "references.bib").read_text(encoding="utf-8")
    assert len(works) == 10
    for work in works:
        assert work["authors"]
        assert work["title"] in cited
        assert f"doi = {{{work['doi']}}}" in cited


def test_reference_file__of_the_sample_articles__says_what_their_first_pages_say(built: Built) -> None:
    works = rispy.loads((EXAMPLES / "references" / "sample-articles.ris").read_text(encoding="utf-8"))
    printed = {}
    for name, document in opened(built):
        first_page = re.sub(r"\s+", " ", document[0].get_text())
        found = re.search(r"Chapter Pipeline Samples 2025;1:(\d+)-(\d+)", first_page)
        doi = re.search(r"doi: (\S+)", first_page)
        assert found is not None, name
        assert doi is not None, name
        names = document.metadata["author"].split(", ")
        assert ", ".join(names) in first_page, name
        printed[doi[1]] = (document.metadata["title"], names, found[1], found[2])
    listed = {
        work["doi"]: (
            work["title"],
            [" ".join(reversed(author.split(", "))) for author in work["authors"]],
            work["start_page"],
            work["end_page"],
        )
        for work in works
    }
    assert listed == printed
    assert {(work["journal_name"], work["year"], work["volume"]) for work in works} == {
        ("Chapter Pipeline Samples", "2025", "1")
    }


def test_samples__each__state_a_licence_and_keep_their_compounds_whole_for_the_library(built: Built) -> None:
    whole = set()
    for path in built.paths:
        article_text = (LIBRARY / f"{path.stem}.typ").read_text(encoding="utf-8")
        with pymupdf.open(path) as opened_document:
            document = extract_document(opened_document, path.read_bytes())
        assert document.metadata.licence == "CC0 1.0", path.name
        text = " ".join(page.text for page in document.pages)
        for compound in sorted(set(re.findall(r"\b[a-z]+-[a-z]{4,}\b", article_text.partition("abstract: [")[2]))):
            whole.add(compound)
            assert re.search(rf"\b{compound.replace('-', '')}\b", text) is None, (path.name, compound)
    assert "burr-hole" in whole


def test_samples__no_sentence_of_the_text__points_to_what_another_sentence_names() -> None:
    """A chapter quotes sentences one by one: "the same study" would stand there alone."""
    pointing = re.compile(
        r"\b(?:the same (?:study|series|trial|cohort|model)|the former|the latter|the series\b(?! of)|therefore|the drug has)\b",
        re.IGNORECASE,
    )
    for path in sorted(LIBRARY.glob("*.typ")):
        body = path.read_text(encoding="utf-8").partition("abstract: [")[2]
        found = [body[max(0, match.start() - 80) : match.end() + 40] for match in pointing.finditer(body)]
        assert not found, path.name
