"""The Dagster resources: each gives a run one part of the container, which makes it on first use.

Dagster reads the annotations of a resource when its class is created, so these modules do not postpone annotations.
"""
