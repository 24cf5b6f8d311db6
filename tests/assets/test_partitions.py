"""Partitions: keys that Dagster takes, and the fewest ranges over them."""

from __future__ import annotations

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.partitions import add_documents, bucket_key, partition_key, ranges


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"])))
def test_partition_key__any_bucket_key__can_be_read_back(key: str) -> None:
    assert bucket_key(partition_key(key)) == key
    assert "..." not in partition_key(key)


@pytest.mark.parametrize("key", ["library/plain name.pdf", "inbox/Größe, β=2 [1].pdf"])
def test_partition_key__ordinary_name__stays_readable(key: str) -> None:
    assert partition_key(key) == key


def test_ranges__new_documents_among_old_ones__no_range_holds_another_document() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        add_documents(instance, ["a", "b", "c"])
        wanted = add_documents(instance, ["e", "a", "d", "c"])
        assert ranges(instance, wanted) == [("a", "a"), ("c", "e")]


def test_ranges__only_new_documents__are_one_range() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        add_documents(instance, ["z"])
        names = [f"inbox/{number}.pdf" for number in range(50)]
        assert ranges(instance, add_documents(instance, names)) == [(min(names), max(names))]
