"""Owns the two partition sets: `document` (keys are bucket keys) and `chapter` (keys are slugs)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

import dagster as dg

DOCUMENTS = dg.DynamicPartitionsDefinition(name="document")
CHAPTERS = dg.DynamicPartitionsDefinition(name="chapter")


def partition_key(bucket_key: str) -> str:
    """The partition of a bucket key: the key itself, but for ``...`` (a range, to Dagster) and the escaping ``%``."""
    return bucket_key.replace("%", "%25").replace("...", "%2E%2E%2E")


def bucket_key(partition: str) -> str:
    """The bucket key of a `document` partition: the inverse of `partition_key`."""
    return unquote(partition)


def add_documents(instance: dg.DagsterInstance, bucket_keys: Sequence[str]) -> list[str]:
    """Add the missing partitions in one statement; returns the partition keys in the order of the partition set."""
    wanted = {partition_key(key) for key in bucket_keys}
    known = set(instance.get_dynamic_partitions(str(DOCUMENTS.name)))
    missing = sorted(wanted - known)
    if missing:
        instance.add_dynamic_partitions(str(DOCUMENTS.name), missing)
    return [key for key in instance.get_dynamic_partitions(str(DOCUMENTS.name)) if key in wanted]


def ranges(instance: dg.DagsterInstance, partitions: Sequence[str]) -> list[tuple[str, str]]:
    """`partitions` as the fewest ranges (first, last) without other partitions, because a Dagster run takes a range."""
    order = {key: place for place, key in enumerate(instance.get_dynamic_partitions(str(DOCUMENTS.name)))}
    found: list[tuple[str, str]] = []
    for key in sorted(set(partitions), key=order.__getitem__):
        if found and order[found[-1][1]] == order[key] - 1:
            found[-1] = (found[-1][0], key)
        else:
            found.append((key, key))
    return found
