"""The Dagster resources: each gives a run one part of the container, which makes it on first use.

Dagster reads the annotations of a resource's class when the class is made, so these modules have none that are postponed.
"""
