"""Owns the findings and sentences that readers took down of articles: loaded, looked for on their pages, readers compared.

``python -m benchmarks.annotated_findings ARTICLES`` for the folder with the PDFs. An article of `finding_annotations/` is
a YAML file, one read a second time by another reader has a second one, ``*.second.yaml``. `held_out` articles are set aside: no
rule may be made with them. finding_annotations/README.md has the rules of the readers.
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymupdf
import yaml

FOLDER = Path(__file__).with_name("finding_annotations")
SHORTEST_NUMBER = 2
"""Digits of a number by which findings of two readers are known to be the same; "2" stands in too many."""
_DIGITS = re.compile(r"\d+(?:[.,·]\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """One reading of one article. `findings` and `sentences` as in the file."""

    file: str
    reader: str
    held_out: bool
    second: bool
    findings: tuple[Mapping[str, Any], ...]
    sentences: tuple[Mapping[str, Any], ...]


def load(folder: Path = FOLDER) -> list[Annotated]:
    """All readings, by file."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.append(
            Annotated(
                file=said["file"], reader=said["reader"], held_out=said.get("held_out", False),
                second=path.name.endswith(".second.yaml"), findings=tuple(said["main_findings"]),
                sentences=tuple(said["sentences"]),
            )
        )  # fmt: skip
    return found


def places(reading: Annotated) -> Iterator[Mapping[str, Any]]:
    """Every place that the reading names: page, first and last words."""
    for finding in reading.findings:
        yield finding
        yield from finding.get("also", ())
    yield from reading.sentences


def letters(text: str) -> str:
    """Letters and digits alone, so that line ends, hyphens and ligatures make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(ch for ch in folded if ch.isalnum())


def is_on_page(place: Mapping[str, Any], pages: Sequence[str]) -> bool:
    """Whether the first words stand on the page, and the last ones behind them on it or on the next one."""
    page = place["page"] - 1
    begins, ends = (letters(place.get(f"text_layer_{name}", place[name])) for name in ("begins", "ends"))
    text = "".join(pages[page : page + 2])
    start = text.find(begins)
    return start >= 0 and text.find(ends, start) >= 0


def numbers(finding: Mapping[str, Any]) -> set[str]:
    """The numbers of a finding that are long enough to tell it from others."""
    found = _DIGITS.findall(" ".join(map(str, finding.get("numbers") or ())))
    return {one for one in found if sum(map(str.isdigit, one)) >= SHORTEST_NUMBER}


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two readers took down the same finding: two numbers (or all of a finding's), or the same sentence."""
    spans = [{(place["page"], letters(place["begins"])[:25]) for place in (each, *each.get("also", ()))} for each in (one, other)]  # fmt: skip
    a, b = numbers(one), numbers(other)
    return bool(spans[0] & spans[1]) or (bool(a & b) and len(a & b) >= min(2, len(a), len(b)))


def main() -> None:
    """Print what is annotated, which places are not on their page, and how far two readers agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path)
    given = parser.parse_args()
    readings = load()
    missing = total = 0
    texts: dict[str, list[str]] = {}
    for reading in readings:
        with pymupdf.open(given.articles / reading.file) as document:
            pages = texts.setdefault(reading.file, [letters(page.get_text()) for page in document])
        for place in places(reading):
            total += 1
            if not is_on_page(place, pages):
                missing += 1
                print(
                    f"not on its page: {reading.file[:40]} p. {place['page']} {place['begins']!r} ... {place['ends']!r}"
                )
    first = [one for one in readings if not one.second]
    aside = [one for one in first if one.held_out]
    print(f"{len(first)} articles, {len(aside)} of them set aside, {total - missing} of {total} places on their page")
    for name in ("findings", "sentences"):
        kinds = Counter(item["kind"] for one in first for item in getattr(one, name))
        print(f"{sum(kinds.values())} {name}: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    for second in (one for one in readings if one.second):
        (other,) = [one for one in first if one.file == second.file]
        shared = sum(any(same(a, b) for b in other.findings) for a in second.findings)
        print(
            f"{second.file[:40]}: {shared} of {len(second.findings)} findings of the second reader are the first one's"
        )


if __name__ == "__main__":
    main()
