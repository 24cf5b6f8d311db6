"""Owns the memory of texts already embedded in this process: the stages embed the same sentences several times."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from chapter_pipeline.ports import Embedder, Vectors

CAPACITY = 20_000
"""Texts kept; at 384 float32 this is 31 MB."""


class CachedEmbedder:
    """An `Embedder` that asks the one it wraps only for texts it has not seen lately. Safe for several threads."""

    def __init__(self, embedder: Embedder, *, capacity: int = CAPACITY) -> None:
        self._embedder = embedder
        self._capacity = capacity
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.embed`."""
        wanted = list(dict.fromkeys(texts))
        with self._lock:
            found = {text: self._known[text] for text in wanted if text in self._known}
        new = [text for text in wanted if text not in found]
        if new:
            found.update(zip(new, self._embedder.embed(new), strict=True))
            self._remember({text: found[text] for text in new})
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return np.stack([found[text] for text in texts])

    def count_tokens(self, text: str) -> int:
        """As `Embedder.count_tokens`."""
        return self._embedder.count_tokens(text)

    def _remember(self, vectors: dict[str, Vectors]) -> None:
        with self._lock:
            self._known.update(vectors)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
