"""Owns the figures of the ingest: parsing in its isolated child against raw PyMuPDF, embedding against bare onnxruntime.

``python -m benchmarks.ingest FOLDER [--passages N | --profile]`` for a folder of PDFs. CPU time is that of this process and its
children; compare the ratios, not the absolute figures.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import resource
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import onnxruntime
import pymupdf
from tokenizers import Tokenizer

from chapter_pipeline.documents.pdf import extract
from chapter_pipeline.documents.pdf.parser import ParserProcess
from chapter_pipeline.documents.pdf.serialisation import to_bytes
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain.document import ParsedDocument
from chapter_pipeline.errors import DocumentRejected
from chapter_pipeline.model_files import verified
from chapter_pipeline.retrieval.minilm import MAX_TOKENS, MODEL, TOKENIZER, MiniLM, available_cores
from chapter_pipeline.settings import Settings

REFERENCES = {"raw page.get_text()": 750, "wanted: text, figures and tables": 150, "wanted: text only": 300}
"""Pages per CPU-second on the machine on which the goals were set."""


def cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measured(work: Callable[[], int]) -> tuple[int, float]:
    """What `work` counted, and the CPU seconds it took."""
    before = cpu_s()
    count = work()
    return count, cpu_s() - before


def raw(contents: Sequence[bytes]) -> int:
    pages = 0
    for content in contents:
        with pymupdf.open(stream=content, filetype="pdf") as document:
            for page in document:
                page.get_text()
                pages += 1
    return pages


def parsed(contents: Sequence[bytes], found: list[ParsedDocument]) -> int:
    """Pages that came back from the isolated child, its start included."""
    with ParserProcess(Settings()) as parser:
        for content in contents:
            try:
                found.append(parser(content))
            except DocumentRejected as rejected:
                print(f"  left out: {rejected}")
    return sum(document.page_count for document in found)


def text_only(contents: Sequence[bytes]) -> int:
    """Pages of which nothing but the text is read, in this process: without drawings, figures and tables."""
    pages = 0
    gc.freeze()  # as the parser's child does
    with (
        patch.object(extract, "Drawings", lambda page: SimpleNamespace(rules=())),
        patch.object(extract, "document_figures", lambda parts: []),
        patch.object(extract, "page_tables", lambda *parts: []),
        patch.object(extract, "turned_tables", lambda *parts: []),
    ):
        for content in contents:
            with pymupdf.open(stream=content, filetype="pdf") as document:
                try:
                    pages += extract.extract_document(document, content).page_count
                except DocumentRejected:
                    continue
    return pages


PHASES = {
    "text: reading pages": "recorded", "text: spans": "text_of", "text: hidden": "hidden_spans", "text: all lines": "page_lines",
    "pages without text": "read_scans", "blocks": "_items", "kinds": "classify", "page text": "make_page",
    "tables": "page_tables", "figures": "document_figures", "figures: rendering": "_rendered",
    "sections": "section_tree", "reference list": "cited_works", "metadata": "document_records",
    "wire": "to_bytes",
}  # fmt: skip
"""What the parser does, each part with the function that does it; those with a colon are parts of others."""


def by_phase(contents: Sequence[bytes]) -> None:
    """Print the share of each phase in the time of the parser, in this process; a profiler adds to small functions."""
    profile = cProfile.Profile()
    profile.enable()
    for content in contents:
        with pymupdf.open(stream=content, filetype="pdf") as document, suppress(DocumentRejected):
            to_bytes(extract.extract_document(document, content))
    profile.disable()
    stats = pstats.Stats(profile).get_stats_profile()
    for phase, function in PHASES.items():
        print(f"{phase:30} {100 * stats.func_profiles[function].cumtime / stats.total_tt:8.1f} % of the time")


def bare(texts: Sequence[str], batch_size: int) -> int:
    """The embeddings as a loop of onnxruntime alone makes them, in batches of like length."""
    tokenizer = Tokenizer.from_str(verified(TOKENIZER).decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_cores()
    session = onnxruntime.InferenceSession(verified(MODEL), options, providers=["CPUExecutionProvider"])
    rows = sorted((encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))), key=len)
    for start in range(0, len(rows), batch_size):
        batch = rows[start : start + batch_size]
        ids = np.zeros((len(batch), len(batch[-1])), dtype=np.int64)
        mask = np.zeros_like(ids)
        for index, row in enumerate(batch):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
    return len(rows)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, help="a folder of PDFs")
    arguments.add_argument("--passages", type=int, default=400, help="how many passages are embedded (default: 400)")
    arguments.add_argument(
        "--profile", action="store_true", help="only print what share each phase of the parser takes"
    )
    given = arguments.parse_args()
    contents = [path.read_bytes() for path in sorted(given.folder.rglob("*.pdf"))]
    if not contents:
        arguments.error(f"{str(given.folder)!r} holds no *.pdf")

    if given.profile:
        by_phase(contents)
        return
    pages, raw_s = measured(lambda: raw(contents))
    documents: list[ParsedDocument] = []
    read, parsed_s = measured(lambda: parsed(contents, documents))
    plain, plain_s = measured(lambda: text_only(contents))
    print(f"raw page.get_text()            {pages / raw_s:8.1f} pages per CPU-second")
    print(f"isolated parser, figures too   {read / parsed_s:8.1f} pages per CPU-second")
    ratio, wanted = (read / parsed_s) / (pages / raw_s), REFERENCES["wanted: text, figures and tables"] / 750
    print(f"ratio                          {ratio:8.3f} (wanted: {wanted:.3f})")

    ratio, wanted = (plain / plain_s) / (pages / raw_s), REFERENCES["wanted: text only"] / 750
    print(f"text only, in this process     {plain / plain_s:8.1f} pages per CPU-second")
    print(f"ratio                          {ratio:8.3f} (wanted: {wanted:.3f})")

    embedder = MiniLM(batch_size=32)
    passages = [
        passage.text
        for document in documents
        for passage in make_passages(document, count_tokens=embedder.count_tokens, max_tokens=200)
    ]
    texts = passages[:: max(1, len(passages) // given.passages)][: given.passages]
    embedder.embed(texts[:8])  # loads the model
    bare(texts[:8], 32)
    seconds: dict[str, float] = {}
    works: tuple[tuple[str, Callable[[], object]], ...] = (
        ("bare", lambda: bare(texts, 32)),
        ("ours", lambda: embedder.embed(texts)),
    )
    for name, work in works * 2:
        before = time.perf_counter()
        work()
        seconds[name] = min(seconds.get(name, float("inf")), time.perf_counter() - before)
    print(
        f"embedding against bare loop    {seconds['bare'] / seconds['ours']:8.3f} (wanted: 0.95, {len(texts)} passages)"
    )


if __name__ == "__main__":
    main()
