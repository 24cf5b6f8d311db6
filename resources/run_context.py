"""The run that a resource is made for."""

from typing import Any

import dagster as dg


def run_id_of(resource: dg.ConfigurableResource[Any]) -> str | None:
    """The id of the run that the resource was made for; None outside of a run."""
    run = resource.get_resource_context().run
    return run.run_id if run is not None else None
