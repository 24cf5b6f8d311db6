"""Owns which section of a textbook would print a statement: a linear classifier on its embedding.

It is trained with the statements of ``section_statements/statements.csv``, written for it and labelled with the section that
their main clause belongs to. For the packaged embedder the trained weights are packaged too (``make section-weights``); for
another one they are trained once in a process, from the same statements. docs/decisions/chapters.md has the figures.
"""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

import numpy as np

from chapter_pipeline.ports import Embedder, Vectors
from chapter_pipeline.retrieval.minilm import NAME as PACKAGED_EMBEDDER

RESEARCH = "methods_of_research"
"""The class of what no chapter prints: how a study was done and measured."""
STATEMENTS = "statements.csv"
WEIGHTS = "weights.npz"
_FOLDER = "chapter_pipeline.writing.section_statements"
_REGULARISATION = 0.5
"""L2 penalty on the weights over all statements together."""
_STEPS = 400
_LEARNING_RATE = 0.1

# Where a template has no section of a class, the section that prints such statements; none of it: they are not printed.
_OTHERWISE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "contraindications": ("indications",),
        "preoperative": ("surgical_treatment",),
        "monitoring": ("surgical_technique", "surgical_treatment"),
        "postoperative": ("surgical_treatment", "outcomes"),
        "surgical_technique": ("surgical_treatment", "other_treatment"),
        "surgical_treatment": ("other_treatment", "outcomes"),
        "medical_treatment": ("outcomes",),
        "other_treatment": ("outcomes",),
        "epidemiology": ("introduction",),
        "clinical_presentation": ("introduction",),
        "special_situations": ("indications",),
    }
)


class SectionClassifier:
    """Weights of the classes for embeddings of one embedder; immutable."""

    def __init__(self, classes: Sequence[str], weights: np.ndarray) -> None:
        """`weights`: shape ``(dimension + 1, len(classes))``, the last row the constants."""
        self.classes = tuple(classes)
        self._weights = weights

    def probabilities(self, vectors: Vectors) -> np.ndarray:
        """For each row of `vectors` (unit length) the probability of each class: shape ``(len(vectors), len(classes))``."""
        return _softmax(_with_constant(vectors) @ self._weights)

    def balanced(self, vectors: Vectors, kinds: Sequence[str]) -> list[dict[str, float]]:
        """As `section_probabilities`, with what all statements of a chapter have in common taken back by half.

        Statements on one disease are alike, and their subject pulls all of them to the sections that it has in the training
        statements: each section's probability is divided by the root of its mean over `vectors`.
        """
        found = self.section_probabilities(vectors, kinds)
        means = {kind: sum(row[kind] for row in found) / len(found) for kind in (found[0] if found else ())}
        for row in found:
            whole = sum(row.values())
            raised = {kind: value / max(means[kind], LEAST_MEAN) ** 0.5 for kind, value in row.items()}
            scale = whole / (sum(raised.values()) or 1.0)
            row.update({kind: value * scale for kind, value in raised.items()})
        return found

    def section_probabilities(self, vectors: Vectors, kinds: Sequence[str]) -> list[dict[str, float]]:
        """For each row the probability of each of `kinds` that is known; they sum to 1 at most.

        A class without a section among `kinds` counts for the first of its substitutes; what has none is left out.
        """
        owners = [_owner(name, kinds) for name in self.classes]
        found = []
        for row in self.probabilities(vectors):
            of_row = {kind: 0.0 for kind in kinds if kind in owners}
            for owner, value in zip(owners, row, strict=True):
                if owner is not None:
                    of_row[owner] += float(value)
            found.append(of_row)
        return found


def without_topic(text: str, topic: str) -> str:
    """`text` with "the disease" in place of what the topic names, so that its section is not that of the disease itself.

    A run of words of the topic counts that has its last word, "glioma" of "Therapy of malignant glioma"; what stands behind a
    colon or in brackets of the topic does not.
    """
    pattern = _topic_pattern(topic)
    return _BEFORE_STOP.sub("", " ".join(pattern.sub(" the disease ", text).split())) if pattern else text


@cache
def _topic_pattern(topic: str) -> re.Pattern[str] | None:
    words = [word for word in _WORD.findall(re.split(r"[:(]", topic)[0].lower()) if word not in _OF_SECTIONS]
    words = [word for word in words if len(word) > SHORT]
    if not words:
        return None
    forms = [
        re.escape(word[: max(SHORT + 1, len(word) - 2)]).replace("ae", "a?e").replace("our", "ou?r") for word in words
    ]
    one = rf"(?:{'|'.join(forms)})[\w-]*"
    return re.compile(rf"\b(?:(?:the|a|an)\s)?(?:{one}\s)*{forms[-1]}[\w-]*(?:\s{one})*", re.IGNORECASE)


_WORD = re.compile(r"[\w-]+")
_BEFORE_STOP = re.compile(r"\s(?=[.,;:)])")
SHORT = 3
LEAST_MEAN = 0.03
"""A section that hardly any statement goes to is not raised further."""
# Words of topics that tell what a chapter is about its subject: they tell the section of a statement too.
_OF_SECTIONS = frozenset(
    "therapy therapies treatment treatments drug drugs delivery surgery surgical operation operations operative local systemic "
    "preoperative postoperative intraoperative risk risks complication complications outcome outcomes late early elective cranial "
    "management technique techniques approach approaches anatomy diagnosis imaging medical prevention rehabilitation monitoring "
    "with from into after before about their and for the in of to its".split()
)


def _owner(name: str, kinds: Sequence[str]) -> str | None:
    return next((kind for kind in (name, *_OTHERWISE.get(name, ())) if kind in kinds), None)


_LOCK = threading.Lock()
_TRAINED: dict[tuple[str, int], SectionClassifier] = {}


def section_classifier(embedder: Embedder) -> SectionClassifier:
    """The classifier for the vectors of `embedder`: packaged, or trained at its first use in the process."""
    key = (embedder.name, embedder.dimension)
    with _LOCK:
        if key not in _TRAINED:
            _TRAINED[key] = _packaged() if embedder.name == PACKAGED_EMBEDDER else trained(embedder)
        return _TRAINED[key]


@cache
def training_statements() -> tuple[tuple[str, str], ...]:
    """The packaged statements, each with its section."""
    text = (resources.files(_FOLDER) / STATEMENTS).read_text("utf-8")
    return tuple((row["section"], row["statement"]) for row in csv.DictReader(io.StringIO(text)))


def trained(embedder: Embedder) -> SectionClassifier:
    """Multinomial logistic regression with an L2 penalty on the embeddings of the packaged statements; deterministic."""
    statements = training_statements()
    classes = sorted({section for section, _ in statements})
    inputs = _with_constant(embedder.embed([text for _, text in statements]))
    wanted = np.eye(len(classes))[[classes.index(section) for section, _ in statements]]
    weights = np.zeros((inputs.shape[1], len(classes)))
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):  # Adam (Kingma and Ba 2015) with its usual constants
        slope = (inputs.T @ (_softmax(inputs @ weights) - wanted) + _REGULARISATION * weights) / len(statements)
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        weights -= _LEARNING_RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return SectionClassifier(classes, weights)


def write_weights(embedder: Embedder, folder: Path) -> None:
    """Train with `embedder` and write the weights to `folder`, in half precision."""
    classifier = trained(embedder)
    np.savez_compressed(
        folder / WEIGHTS,
        classes=np.array(classifier.classes),
        weights=classifier._weights.astype(np.float16),
    )


def _packaged() -> SectionClassifier:
    with (resources.files(_FOLDER) / WEIGHTS).open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return SectionClassifier([str(name) for name in stored["classes"]], stored["weights"].astype(np.float64))


def _with_constant(vectors: Vectors) -> np.ndarray:
    return np.hstack([np.asarray(vectors, dtype=np.float64), np.ones((len(vectors), 1))])


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return shares
