"""Owns which of the DOIs that the first pages print is the article's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chapter_pipeline.documents.dois import DOI
from chapter_pipeline.documents.metadata.citations import tidy_doi
from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.domain.document import BlockKind

_GAP = re.compile(r"(?<=10\.\d{4})/ (?=\S)")
_REST = re.compile(r"^[\w.()/-]*\d[\w.()/-]*(?=[\s.,;]|$)")
# Registrants of data, code and protocols.
_DATA = re.compile(r"^10\.(?:5061|5281|6084|17605|7910|17632|5067|15468|17504|24433|25386|6078|3886|7937|5255|18112)/")
_OF_ANOTHER = re.compile(
    r"\b(?:data(?:set|base)?s?\b.{0,80}\b(?:available|deposited|archived|accession)|deposited|supplement\w*|additional file|"
    r"editorial|comment(?:ary|s)? (?:on|by|see)|see (?:also|the)?\s*(?:comment|editorial|linked|related)|linked (?:article|comment)|"
    r"accompanying|companion|erratum|corrigendum|correction to|this article (?:is a|comments on|refers to)|original article|"
    r"retract\w+|protocol (?:is|was)|registered|repository at|code)\b",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"(?:how to cite|to cite this|cite this|please cite|citation|to link to this article|published version|version of record|"
    r"in final edited form)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:doi\s*:?\s*|doi\.org/)$", re.IGNORECASE)
_RIGHT_EDGE_PT = 6.0


@dataclass(frozen=True, slots=True)
class _Found:
    doi: str
    score: float


def own_doi(front: Sequence[Item], lines: Sequence[str]) -> str | None:
    """The DOI of the article itself; None without one. `front`: the items of the first pages, `lines`: their small print.

    What is labelled, repeated, or in a line on how to cite counts for a DOI; what speaks of data, supplements or another
    article counts against it.
    """
    found = [one for item in front for one in _in_item(item)]
    repeated = Counter(doi for line in lines for match in DOI.finditer(line) for doi in [tidy_doi(match.group())])
    best: tuple[float, str] | None = None
    for place, one in enumerate(found):
        score = one.score + (1.5 if repeated[one.doi] > 1 else 0) - 0.01 * place
        if best is None or score > best[0]:
            best = (score, one.doi)
    return best[1] if best is not None and best[0] > -2 else None


def _in_item(item: Item) -> Iterator[_Found]:
    raw = [line.text for line in item.region.lines]
    edge = max((line.box[2] for line in item.region.lines), default=0.0)
    running = item.kind in (BlockKind.BODY, BlockKind.ABSTRACT)
    for index, line in enumerate(raw):
        text = _GAP.sub("/", line)
        for match in DOI.finditer(text):
            doi = match.group()
            following = raw[index + 1].split() if index + 1 < len(raw) else []
            at_edge = item.region.lines[index].box[2] > edge - _RIGHT_EDGE_PT and text.endswith(doi)
            broken = text.endswith(doi) and doi.endswith(("/", "-", ".", "_", "("))
            if following and (broken or (at_edge and _REST.match(following[0]) and not following[0][:1].isupper())):
                doi += following[0]
            around = " ".join([*raw[max(0, index - 2) : index], text[: match.start()]])[-240:]
            score = 0.0 if running else 2.0
            score += 1.0 if _LABEL.search(text[: match.start()]) else 0.0
            score += 1.5 if _OWN.search(around) else 0.0
            score -= 4.0 if _DATA.match(doi) else 0.0
            score -= 4.0 if _OF_ANOTHER.search(around) else 0.0
            score -= 0.5 * item.page
            yield _Found(tidy_doi(doi), score)
