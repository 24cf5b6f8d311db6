"""Artifacts: append-only, numbered without holes, found again by version and by fingerprint."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from chapter_pipeline.errors import NotFound
from chapter_pipeline.storage.artifacts import ArtifactStore, content_hash
from chapter_pipeline.storage.database import Database


class Note(BaseModel):
    text: str
    numbers: dict[str, int] = {}


def test_put__new_content__gets_the_next_version(database: Database) -> None:
    store = ArtifactStore(database)
    first = store.put("outline", "glioma", Note(text="one"), run_id="r1")
    second = store.put("outline", "glioma", Note(text="two"), run_id="r2")
    assert (first.version, first.created, second.version, second.created) == (1, True, 2, True)
    assert [stored.run_id for stored in store.versions("outline", "glioma")] == ["r2", "r1"]
    assert store.get("outline", "glioma", Note).text == "two"
    assert store.get("outline", "glioma", Note, version=1).text == "one"


def test_put__same_content_as_the_latest__makes_no_version(database: Database) -> None:
    store = ArtifactStore(database)
    first = store.put("outline", "glioma", Note(text="one", numbers={"b": 1, "a": 2}))
    again = store.put("outline", "glioma", Note(text="one", numbers={"a": 2, "b": 1}))
    assert (again.version, again.created, again.sha256, again.id) == (1, False, first.sha256, first.id)


def test_put__content_of_an_older_version__is_a_new_version(database: Database) -> None:
    store = ArtifactStore(database)
    for text in ("one", "two", "one"):
        last = store.put("outline", "glioma", Note(text=text))
    assert (last.version, last.created) == (3, True)


def test_put__same_content_from_other_inputs__is_found_by_both_fingerprints(database: Database) -> None:
    store = ArtifactStore(database)
    store.put("outline", "glioma", Note(text="one"), fingerprint="a" * 64)
    store.put("outline", "glioma", Note(text="one"), fingerprint="b" * 64)
    for fingerprint in ("a" * 64, "b" * 64):
        assert store.by_fingerprint("outline", "glioma", fingerprint) is not None
    assert store.by_fingerprint("outline", "meningioma", "a" * 64) is None


def test_get__nothing_there__says_what_to_do(database: Database) -> None:
    store = ArtifactStore(database)
    assert store.latest("outline", "glioma") is None
    with pytest.raises(NotFound, match="no value of 'outline' for 'glioma': run the stage"):
        store.get("outline", "glioma", Note)
    store.put("outline", "glioma", Note(text="one"))
    with pytest.raises(NotFound, match="no version 7"):
        store.get("outline", "glioma", Note, version=7)


def test_put__many_threads__number_without_holes(database: Database) -> None:
    store = ArtifactStore(database)
    with ThreadPoolExecutor(12) as pool:
        stored = list(pool.map(lambda n: store.put("outline", "glioma", Note(text=str(n))), range(60)))
    assert sorted(one.version for one in stored) == list(range(1, 61))
    assert all(store.get("outline", "glioma", Note, version=one.version).text == str(n) for n, one in enumerate(stored))


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.integers(), max_size=5))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_content_hash__order_of_keys__does_not_matter(value: dict[str, int]) -> None:
    assert content_hash(value) == content_hash(dict(reversed(value.items())))
