"""Owns the figures of the embedding: texts per CPU-second, seconds and memory of each runtime, each in a fresh process.

``python -m benchmarks.embedding [FILE.jsonl] [--texts 96] [--rounds 1]`` embeds the texts of a BEIR ``corpus.jsonl``, or
those of the sample library. On a machine that does other work compare the ratios of CPU time within one run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import numpy as np

from chapter_pipeline.model_runtime import OnnxRuntime, OpenVino, Runtime
from chapter_pipeline.retrieval.minilm import MiniLM

SAMPLES = Path(__file__).resolve().parents[1] / "examples" / "library"
RUNTIMES: Mapping[str, Callable[..., Runtime]] = {
    "onnxruntime": OnnxRuntime,
    "openvino-f32": partial(OpenVino, precision="f32"),
    "openvino-bf16": partial(OpenVino, precision="bf16"),
}
BATCH_TOKENS = (512, 8192)
"""The budget of the product, and that of batches of 32 whole texts."""


def texts_of(file: Path | None, wanted: int) -> list[str]:
    """At most `wanted` texts of a BEIR corpus; without one, runs of 150 words of the sample library."""
    if file is not None:
        rows = (json.loads(line) for line in file.read_text("utf-8").splitlines()[:wanted])
        return [f"{row.get('title') or ''} {row['text']}".strip() for row in rows]
    words = " ".join(path.read_text("utf-8") for path in sorted(SAMPLES.rglob("*.typ"))).split()
    return [" ".join(words[start : start + 150]) for start in range(0, len(words), 150)][:wanted]


def measure(runtime: str, batch_tokens: int, texts: Sequence[str]) -> dict[str, float]:
    """Embed `texts` in this process; the model is loaded before the clock starts."""
    minilm = MiniLM(batch_tokens=batch_tokens, runtime=RUNTIMES[runtime])
    minilm.embed(["dura"])
    usage, begun = getrusage(RUSAGE_SELF), time.perf_counter()
    vectors = minilm.embed(texts)
    wall_s, after = time.perf_counter() - begun, getrusage(RUSAGE_SELF)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cpu_s = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    unit = 1 if sys.platform == "darwin" else 1024
    return {"cpu_s": cpu_s, "wall_s": wall_s, "peak_mib": after.ru_maxrss * unit / 2**20}


def in_fresh_process(runtime: str, batch_tokens: int, texts: Sequence[str]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.embedding", "--measure", runtime, str(batch_tokens)],
        input=json.dumps(list(texts)), text=True, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", help="a BEIR corpus.jsonl (default: the sample library)")
    parser.add_argument("--texts", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=1, help="how often each is measured; the best counts")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure[0], int(given.measure[1]), json.load(sys.stdin))))
        return
    texts = texts_of(given.file, given.texts)
    if not texts:
        parser.error(f"{str(given.file or SAMPLES)!r} holds no text")
    print(f"{len(texts)} texts\n{'runtime':16} {'tokens':>7} {'texts/CPU-s':>12} {'wall s':>8} {'peak MiB':>9}")
    for runtime in RUNTIMES:
        for batch_tokens in BATCH_TOKENS:
            try:
                rounds = [in_fresh_process(runtime, batch_tokens, texts) for _ in range(given.rounds)]
            except subprocess.CalledProcessError:
                print(f"{runtime:16} does not run here")
                break
            best = {name: min(one[name] for one in rounds) for name in rounds[0]}
            print(
                f"{runtime:16} {batch_tokens:7} {len(texts) / best['cpu_s']:12.1f} {best['wall_s']:8.1f}"
                f" {best['peak_mib']:9.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
