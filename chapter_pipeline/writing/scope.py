"""Owns what is outside of a chapter's topic: what its author excludes, other tumours, and children where it is not about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chapter_pipeline.domain import ChapterBrief
from chapter_pipeline.domain.wording import words
from chapter_pipeline.ports import Embedder

_TUMOUR = re.compile(
    r"\b(?:(?:[a-z-]+ ){0,2}(?:cancers?|carcinomas?|sarcomas?|tumou?rs?)|melanomas?|lymphomas?|leuk(?:a)?emias?|myelomas?|"
    r"[a-z]{4,}(?:blastoma|cytoma|glioma|noma|thelioma)s?)\b",
    re.IGNORECASE,
)
# Words before a tumour that do not name one: "with the tumour", "residual tumor", "of malignant brain tumours".
_NO_NAME = frozenset(
    "the a an of in with and or for to by from this these those that residual recurrent primary secondary malignant benign all solid other "
    "many several different various most some such our their its no each both new large small resected into on as were are is between".split()
)
OTHER_TUMOUR = 0.40
"""Cosine to the topic below which a named tumour is another one (melanoma and glioma 0.31, brain tumour and glioma 0.56)."""
_CHILDREN = re.compile(
    r"\b(?:child|children|childhood|p(?:a)?ediatric\w*|infants?|neonat\w+|newborns?|adolescen\w+)\b", re.IGNORECASE
)
_STEM = 6
_STOP = frozenset("a an and at by for from in no not of on or the to with without".split())
_OF_TUMOURS = re.compile(r"tumou?r|cancer|neoplas|metasta|oma\b|omas\b|carcinoma|leuk", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a chapter is not about; made once for each evidence map."""

    excluded: tuple[frozenset[str], ...]
    of_tumours: bool
    of_children: bool

    @classmethod
    def of(cls, brief: ChapterBrief) -> Scope:
        return cls(
            excluded=tuple(stems for text in brief.exclude if (stems := _stems(text))),
            of_tumours=_OF_TUMOURS.search(brief.topic) is not None,
            of_children=_CHILDREN.search(brief.topic) is not None,
        )

    def excludes(self, text: str, *, title: str) -> bool:
        """Whether a statement, or the title of its source, has all words of something that the author excludes."""
        if not self.excluded:
            return False
        said, named = _stems(text), _stems(title)
        return any(one <= said or one <= named for one in self.excluded)

    def only_of_children(self, text: str, *, title: str) -> bool:
        """Whether a statement is about children, in a chapter that is not."""
        return not self.of_children and (_CHILDREN.search(text) is not None or _CHILDREN.search(title) is not None)


def of_other_tumours(texts: Sequence[str], topic: str, embedder: Embedder) -> list[bool]:
    """For each text whether it names tumours, and none of them is near the tumour of the topic."""
    named = [_tumours(text) for text in texts]
    names = sorted({name for of_text in named for name in of_text})
    if not names:
        return [False] * len(texts)
    vectors = embedder.embed([topic, *names])
    near = dict(zip(names, (vectors[1:] @ vectors[0]).tolist(), strict=True))
    return [bool(of_text) and max(near[name] for name in of_text) < OTHER_TUMOUR for of_text in named]


def _tumours(text: str) -> list[str]:
    found = []
    for match in _TUMOUR.finditer(text):
        name = match.group().lower().split()
        while len(name) > 1 and name[0] in _NO_NAME:
            name = name[1:]
        if len(name) > 1 or not re.fullmatch(r"(?:cancers?|tumou?rs?|carcinomas?)", name[0]):
            found.append(" ".join(name))
    return found


def _stems(text: str) -> frozenset[str]:
    """The beginnings of its words, American and British spelling alike."""
    folded = text.lower().replace("ae", "e").replace("oe", "e").replace("our", "or")
    return frozenset(word[:_STEM].rstrip("s") for word in words(folded) if word not in _STOP)
