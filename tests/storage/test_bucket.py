"""The bucket: one contract, passed by every store."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from chapter_pipeline.errors import BucketUnavailable, NotFound, UsageError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket, valid_key
from tests.storage.loopback_s3 import loopback_s3


@pytest.fixture(params=["local", "file", "memory", "s3"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectBucket]:
    match request.param:
        case "s3":
            with loopback_s3() as address:
                _point_to(address, monkeypatch)
                yield ObjectBucket.open(Settings(bucket_url="s3://books/some/prefix"))
        case "local":
            yield ObjectBucket.open(Settings(home=tmp_path / "home"))
        case "file":
            yield ObjectBucket.open(Settings(bucket_url=(tmp_path / "a folder, ü").as_uri()))
        case _:
            yield ObjectBucket(MemoryStore(), place="memory")


def _point_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "user", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


def test_put__then_get__gives_the_content(bucket: ObjectBucket) -> None:
    assert bucket.put("library/a b ü (1).pdf", b"one")
    assert bucket.get("library/a b ü (1).pdf") == b"one"
    assert bucket.keys("") == ["library/a b ü (1).pdf"]


def test_put__there_is_an_object__it_stays_unless_overwritten(bucket: ObjectBucket) -> None:
    bucket.put("a.pdf", b"one")
    assert bucket.put("a.pdf", b"two") is False
    assert bucket.get("a.pdf") == b"one"
    assert bucket.put("a.pdf", b"two", overwrite=True) is True
    assert bucket.get("a.pdf") == b"two"


def test_put__many_at_once__exactly_one_wins(bucket: ObjectBucket) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: bucket.put("a.pdf", str(n).encode() * 50_000), range(16)))
    assert won.count(True) == 1
    assert bucket.get("a.pdf") == str(won.index(True)).encode() * 50_000


def test_put__large_object__is_whole(bucket: ObjectBucket) -> None:
    content = bytes(range(256)) * 60_000
    assert bucket.put("a.pdf", content)
    assert bucket.get("a.pdf") == content


def test_size_bytes__there_and_not_there__is_its_size_or_none(bucket: ObjectBucket) -> None:
    bucket.put("library/a b ü (1).pdf", b"three")
    assert bucket.size_bytes("library/a b ü (1).pdf") == 5
    assert bucket.size_bytes("library/b.pdf") is None


def test_get__nothing_there__is_not_found(bucket: ObjectBucket) -> None:
    with pytest.raises(NotFound, match=r"holds no object 'library/a\.pdf'"):
        bucket.get("library/a.pdf")


def test_keys__prefix__is_compared_by_character_and_sorted(bucket: ObjectBucket) -> None:
    for key in ("library/b.pdf", "library/a/x.pdf", "library/a.pdf", "inbox/a.pdf", "library2/a.pdf"):
        bucket.put(key, b"x")
    assert bucket.keys("library/") == ["library/a.pdf", "library/a/x.pdf", "library/b.pdf"]
    assert bucket.keys("library/a") == ["library/a.pdf", "library/a/x.pdf"]
    assert bucket.keys("lib") == ["library/a.pdf", "library/a/x.pdf", "library/b.pdf", "library2/a.pdf"]
    assert bucket.keys("nothing/") == []


def test_entries__object__has_size_time_and_a_changing_tag(bucket: ObjectBucket) -> None:
    bucket.put("a.pdf", b"four")
    (entry,) = bucket.entries("")
    assert (entry.key, entry.size_bytes, entry.modified.tzinfo is not None) == ("a.pdf", 4, True)
    bucket.put("a.pdf", b"fives", overwrite=True)
    assert bucket.entries("")[0].etag != entry.etag


def test_delete__absent_object__is_no_error(bucket: ObjectBucket) -> None:
    bucket.put("library/a.pdf", b"x")
    bucket.delete("library/a.pdf")
    bucket.delete("library/a.pdf")
    assert bucket.keys("") == []


BAD_KEYS = ["", "/a", "a/", "a//b", "../a", "a/../b", ".", "a\nb", "a\x00b", "a\\b", "a" * 1025, "\ud800"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_valid_key__unfit__is_refused_by_every_method(bucket: ObjectBucket, key: str) -> None:
    for call in (lambda: bucket.put(key, b"x"), lambda: bucket.get(key), lambda: bucket.delete(key)):
        with pytest.raises(UsageError, match="bucket key"):
            call()


@given(st.text())
def test_valid_key__any_text__is_refused_or_stays_inside_the_folder(key: str) -> None:
    try:
        valid_key(key)
    except UsageError:
        return
    assert Path("/root", key).resolve().is_relative_to("/root")
    assert not key.startswith("/")


@pytest.mark.parametrize("url", ["ftp://x/y", "s3://", "file://host/x", "/folder", "file:///"])
def test_open__unusable_address__is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="CHAPTER_BUCKET_URL"):
        ObjectBucket.open(Settings(bucket_url=url))


def test_get__store_is_out_of_order__is_unavailable(tmp_path: Path) -> None:
    folder = tmp_path / "bucket"
    bucket = ObjectBucket.open(Settings(bucket_url=folder.as_uri()))
    folder.rmdir()
    folder.write_text("not a folder")
    with pytest.raises(BucketUnavailable, match=r"did not answer for 'library/a\.pdf'"):
        bucket.put("library/a.pdf", b"x")


def test_open__s3_does_not_answer__is_unavailable_after_three_more_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener hangs up on every caller. How soon it ends: `benchmarks.waits`."""
    calls = []

    def hang_up(listener: socket.socket) -> None:
        while True:
            try:
                caller, address = listener.accept()
            except OSError:  # the test is over
                return
            calls.append(address)
            caller.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=hang_up, args=(listener,), daemon=True).start()
        _point_to(f"http://127.0.0.1:{listener.getsockname()[1]}", monkeypatch)
        bucket = ObjectBucket.open(Settings(bucket_url="s3://books"))
        with pytest.raises(BucketUnavailable, match=r"'s3://books' did not answer for 'a\.pdf'"):
            bucket.get("a.pdf")
        listener.shutdown(socket.SHUT_RDWR)
    assert len(calls) == 4
