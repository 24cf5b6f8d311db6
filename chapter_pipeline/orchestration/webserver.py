"""Owns the program that `up` starts for the Dagster UI: Dagster's web application behind the request guard.

``python -m chapter_pipeline.orchestration.webserver WORKSPACE_FILE``, with the token on standard input: every user of the machine can
read a program's arguments, and whatever it starts inherits its environment.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from chapter_pipeline.errors import UsageError
from chapter_pipeline.orchestration.program import prepare_program
from chapter_pipeline.orchestration.request_guard import Guard
from chapter_pipeline.orchestration.webserver_access import access_of
from chapter_pipeline.settings import Settings, settings_from_environment

# The defaults of `dagster-webserver`.
STATEMENT_TIMEOUT_MS, POOL_RECYCLE_S, POOL_MAX_OVERFLOW, LIVE_DATA_POLL_MS = 15_000, 3600, 20, 2000


def serve(settings: Settings, workspace: Path, token: str) -> None:
    """Answer until SIGINT or SIGTERM. The instance is the one of DAGSTER_HOME.

    Not through `dagster_webserver.cli`: it makes the application itself, and leaves no place to put a guard around it.
    """
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(STATEMENT_TIMEOUT_MS, POOL_RECYCLE_S, POOL_MAX_OVERFLOW)
        target = WorkspaceFileTarget([str(workspace)])
        with WorkspaceProcessContext(instance, target, version=__version__) as context:
            application = create_app_from_workspace_process_context(context, live_data_poll_rate=LIVE_DATA_POLL_MS)
            uvicorn.run(
                Guard(application, access_of(settings, token)),
                host=settings.webserver_host,
                port=settings.webserver_port,
                log_level="warning",
                access_log=False,  # an access log would contain the token
                proxy_headers=False,  # requests are checked by Host and Origin; X-Forwarded-* is not trusted
                server_header=False,
            )


def main() -> None:
    """The program."""
    token = sys.stdin.readline().strip()
    if not token:
        raise UsageError("no token on standard input: this program is started by `chapter-pipeline up`")
    prepare_program()
    serve(settings_from_environment(), Path(sys.argv[1]), token)


if __name__ == "__main__":
    main()
