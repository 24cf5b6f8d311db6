"""Owns the two runtimes that compute MiniLM on the processor: OpenVINO where it can be had, else onnxruntime.

Their vectors are near enough to stand in one index, see docs/decisions/embedding.md. Nothing is sent: OpenVINO's own
telemetry is kept from being imported.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import Protocol

import numpy as np
import numpy.typing as npt

from chapter_pipeline.ports import Vectors

Tokens = npt.NDArray[np.int64]
log = logging.getLogger(__name__)


class Runtime(Protocol):
    """A loaded model. Safe for several threads."""

    @property
    def name(self) -> str:
        """The runtime and the precision of its arithmetic."""
        ...

    def last_layer(self, ids: Tokens, mask: Tokens) -> Vectors:
        """The last layer for token `ids` of shape ``(texts, width)``: shape ``(texts, width, dimension)``."""
        ...


class OpenVino:
    """MiniLM on OpenVINO, in bfloat16 where the processor computes with it, else in float32.

    One inference at a time: two at once on one compiled model were seen to wait for each other for ever.
    Raises `ImportError` where the package is missing, `OSError` or `RuntimeError` where it does not run.
    """

    def __init__(self, model: bytes, *, threads: int, precision: str | None = None) -> None:
        # The package reports its import to its maker unless the import of this module fails, which it expects.
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
        import openvino

        core = openvino.Core()
        natively = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self._precision = precision or ("bf16" if natively else "f32")
        compiled = core.compile_model(
            core.read_model(model),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": self._precision,
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": 1,
                # Else activations become 8-bit integers in float32: a fourth faster, and 40 times further off than bf16.
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
                "ENABLE_CPU_PINNING": False,  # a pinned thread waits for its core beside the parser processes
            },
        )
        self._request = compiled.create_infer_request()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return f"openvino {self._precision}"

    def last_layer(self, ids: Tokens, mask: Tokens) -> Vectors:
        """As `Runtime.last_layer`."""
        with self._lock:
            hidden: Vectors = self._request.infer(_inputs(ids, mask))[0]
        return hidden


class OnnxRuntime:
    """MiniLM on onnxruntime, in float32; of the model only the weights are 8-bit integers."""

    def __init__(self, model: bytes, *, threads: int) -> None:
        import onnxruntime  # here: 40 MB that OpenVINO does not need

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    @property
    def name(self) -> str:
        return "onnxruntime f32"

    def last_layer(self, ids: Tokens, mask: Tokens) -> Vectors:
        """As `Runtime.last_layer`."""
        hidden: Vectors = self._session.run(None, _inputs(ids, mask))[0]
        return hidden


def open_runtime(model: bytes, *, threads: int) -> Runtime:
    """The fastest runtime of this machine for the ONNX file `model`."""
    try:
        return OpenVino(model, threads=threads)
    except ModuleNotFoundError as error:
        log.debug("OpenVINO is not installed (%s): MiniLM runs on onnxruntime", error)
    except (ImportError, OSError, RuntimeError) as error:
        log.warning(
            "OpenVINO is installed and does not run (%s): MiniLM runs on onnxruntime, several times slower", error
        )
    return OnnxRuntime(model, threads=threads)


def _inputs(ids: Tokens, mask: Tokens) -> dict[str, Tokens]:
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
