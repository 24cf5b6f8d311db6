"""Owns the two runtimes that compute a model file (ONNX) on the processor: OpenVINO where it can be had, else onnxruntime.

Nothing is sent: OpenVINO's own telemetry is kept from being imported.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Inputs = Mapping[str, npt.NDArray[Any]]
Output = npt.NDArray[np.float32]
log = logging.getLogger(__name__)


class Runtime(Protocol):
    """A loaded model. Safe for several threads."""

    @property
    def name(self) -> str:
        """The runtime and the precision of its arithmetic."""
        ...

    def run(self, inputs: Inputs) -> Output:
        """The first output of the model for its named `inputs`."""
        ...

    def metadata(self, key: str) -> str:
        """What the file says under `key`. Raises `KeyError`."""
        ...


class OpenVino:
    """A model on OpenVINO, in bfloat16 where the processor computes with it, else in float32.

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
        network = core.read_model(model)
        said = network.get_rt_info(["framework"]).value if network.has_rt_info(["framework"]) else {}
        self._metadata = {key: str(value) for key, value in said.items()}
        compiled = core.compile_model(
            network,
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

    def run(self, inputs: Inputs) -> Output:
        """As `Runtime.run`."""
        with self._lock:
            output: Output = self._request.infer(dict(inputs))[0]
        return output

    def metadata(self, key: str) -> str:
        """As `Runtime.metadata`."""
        return self._metadata[key]


class OnnxRuntime:
    """A model on onnxruntime, in the precision of its file."""

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

    def run(self, inputs: Inputs) -> Output:
        """As `Runtime.run`."""
        output: Output = self._session.run(None, dict(inputs))[0]
        return output

    def metadata(self, key: str) -> str:
        """As `Runtime.metadata`."""
        return str(self._session.get_modelmeta().custom_metadata_map[key])


def open_runtime(model: bytes, *, threads: int) -> Runtime:
    """The fastest runtime of this machine for the ONNX file `model`."""
    try:
        return OpenVino(model, threads=threads)
    except ModuleNotFoundError as error:
        log.debug("OpenVINO is not installed (%s): models run on onnxruntime", error)
    except (ImportError, OSError, RuntimeError) as error:
        log.warning(
            "OpenVINO is installed and does not run (%s): models run on onnxruntime, several times slower", error
        )
    return OnnxRuntime(model, threads=threads)
