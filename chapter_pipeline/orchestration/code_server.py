"""Owns the code server of `up`: webserver and daemon share it, and it loads the definitions again when kinds are new.

It runs as a program of its own, on a socket in the folder of its start, which no other user can open. The definitions
are in a process below it: a reload starts a new one, and the earlier one ends when its last run has.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml
from dagster import deserialize_value
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.remote_representation.grpc_server_registry import ErrorRegistryEntry
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.utils import FuturesAwareThreadPoolExecutor
from dagster._grpc.proxy_server import DagsterProxyApiServicer
from dagster._grpc.server import DagsterGrpcServer
from dagster._grpc.types import CanCancelExecutionRequest

from chapter_pipeline.errors import UsageError
from chapter_pipeline.orchestration.instance import WORKSPACE
from chapter_pipeline.orchestration.program import prepare_program
from chapter_pipeline.settings import current_settings
from chapter_pipeline.writing.section_kinds import section_kinds

WATCH_S = 1.0
HEARTBEAT_S = 30
log = logging.getLogger("dagster.code_server")


class Reloadable(Protocol):
    """A code server; `ended` is set when it is asked to stop."""

    ended: threading.Event

    def is_alive(self) -> bool: ...
    def reload(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeServer:
    """How the code server is started, and the workspace file that leads to it. Its socket is there when it answers."""

    command: tuple[str, ...]
    socket: Path
    workspace: Path


def code_server(home: Path, temporary: Path) -> CodeServer:
    """The code server of the location in the workspace file of `home`; its own files lie in `temporary`."""
    (location,) = yaml.safe_load((home / WORKSPACE).read_text("utf-8"))["load_from"]
    module = location["python_module"]
    name, folder = module["location_name"], str(home / module.get("working_directory", "."))
    socket, workspace = temporary / "code.sock", temporary / WORKSPACE
    here = {"load_from": [{"grpc_server": {"socket": str(socket), "location_name": name}}]}
    workspace.write_text(yaml.safe_dump(here), "utf-8")
    program = (sys.executable, "-m", "chapter_pipeline.orchestration.code_server")
    return CodeServer(
        command=(*program, str(socket), name, module["module_name"], folder), socket=socket, workspace=workspace
    )


class _Servicer(DagsterProxyApiServicer):
    """Dagster's, which knows the runs of earlier processes too, and starts the definitions again when their process died.

    Dagster's asks only the newest process whether a run can be cancelled; a run that its server does not know is taken
    for dead and reported as failed, see `sensors/orphans.py`.
    """

    def __init__(self, **options: Any) -> None:
        self.ended = threading.Event()
        super().__init__(**options)

    def is_alive(self) -> bool:
        """Whether the process of the definitions runs; true as well where it could not load them and says why."""
        entry = self._grpc_server_registry.get_grpc_server_entry(self._origin)
        return isinstance(entry, ErrorRegistryEntry) or entry.process.server_process.poll() is None

    def reload(self) -> None:
        """Load the definitions in a new process; the earlier one ends when its last run has."""
        with suppress(DagsterUserCodeUnreachableError):  # the earlier process is gone already
            self.ReloadCode(None, None)  # type: ignore[no-untyped-call]

    def cleanup(self) -> None:
        self.ended.set()
        super().cleanup()  # type: ignore[no-untyped-call]

    def CanCancelExecution(self, request: Any, context: Any) -> Any:
        asked = deserialize_value(request.serialized_can_cancel_execution_request, CanCancelExecutionRequest)
        client = self._run_clients.get(asked.run_id, self._client)
        if client is None:
            raise RuntimeError("the definitions are not loaded")
        return client._get_response("CanCancelExecution", request)


def serve(socket: str, location: str, module: str, folder: str) -> None:
    """Serve the definitions until the process is asked to end."""
    prepare_program()
    templates, ended = current_settings().templates_folder, threading.Event()
    known = section_kinds(templates)  # before the definitions read them: what comes in between counts as new
    servicer = _Servicer(
        loadable_target_origin=LoadableTargetOrigin(
            executable_path=sys.executable, module_name=module, working_directory=folder
        ),
        fixed_server_id=None, container_image=None, container_context=None, inject_env_vars_from_instance=False,
        location_name=location, log_level="INFO", startup_timeout=0, server_termination_event=ended, instance_ref=None,
        logger=log, server_heartbeat=False, server_heartbeat_timeout=HEARTBEAT_S, heartbeat_ttl=HEARTBEAT_S,
        defs_state_info=None,
    )  # fmt: skip
    server = DagsterGrpcServer(
        server_termination_event=ended, dagster_api_servicer=servicer, socket=socket, logger=log,
        threadpool_executor=FuturesAwareThreadPoolExecutor(),
    )  # fmt: skip
    threading.Thread(target=watch, args=(templates, known, servicer), daemon=True).start()
    try:
        server.serve()  # type: ignore[no-untyped-call]
    except KeyboardInterrupt:
        log.info("The code server was asked to end.")


def watch(folder: Path, known: Sequence[str], server: Reloadable) -> None:
    """Reload the server whenever the section kinds on record in `folder` are others than `known`, or its process died.

    A record that is damaged is logged, and the definitions stay as they are until it is mended.
    """
    last_error = ""
    while not server.ended.wait(WATCH_S):
        try:
            kinds = section_kinds(folder)
        except UsageError as error:
            if str(error) != last_error:
                log.error("New section kinds are not taken in: %s", error)
            last_error = str(error)
            continue
        last_error = ""
        if kinds != known or not server.is_alive():
            log.info("The definitions are loaded again, with the section kinds %s", ", ".join(kinds))
            server.reload()
            known = kinds


if __name__ == "__main__":
    serve(*sys.argv[1:])
