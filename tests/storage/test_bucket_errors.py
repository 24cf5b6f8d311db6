"""Refusals of the object store: each is a line of its own with its remedy, and shows no password."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from chapter_pipeline.errors import BucketRefused, BucketUnavailable, UsageError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from tests.storage.loopback_s3 import loopback_s3

CALLS: dict[str, Callable[[ObjectBucket], object]] = {
    "put": lambda bucket: bucket.put("a.pdf", b"x"),
    "get": lambda bucket: bucket.get("a.pdf"),
    "list": lambda bucket: bucket.keys("inbox/"),
    "delete": lambda bucket: bucket.delete("a.pdf"),
    "require": lambda bucket: bucket.require(),
}
REFUSALS = [
    (404, "NoSuchBucket", "'s3://books' does not exist", "CHAPTER_BUCKET_URL"),
    (403, "AccessDenied", "does not let these credentials do this", "let its policy allow them"),
    (403, "InvalidAccessKeyId", "does not know AWS_ACCESS_KEY_ID", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    (403, "SignatureDoesNotMatch", "is not that of AWS_ACCESS_KEY_ID", "set AWS_ACCESS_KEY_ID"),
    (400, "ExpiredToken", "credentials that have expired", "AWS_SESSION_TOKEN"),
    (301, "PermanentRedirect", "lies in another region", "set AWS_REGION"),
    (400, "AuthorizationHeaderMalformed", "lies in another region", "set AWS_REGION"),
]


def _point_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address.replace("http://", "http://author:sesame@"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "user")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("status", "code", "what", "remedy"), REFUSALS, ids=[row[1] for row in REFUSALS])
def test_bucket__s3_refuses__says_what_and_the_remedy_that_fits(
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    what: str,
    remedy: str,
    call: Callable[[ObjectBucket], object],
) -> None:
    with loopback_s3(refusal=(status, code)) as address:
        _point_to(address, monkeypatch)
        bucket = ObjectBucket.open(Settings(bucket_url="s3://books"))
        with pytest.raises(BucketRefused, match=what) as raised:
            call(bucket)
    assert remedy in str(raised.value.remedy)
    assert "sesame" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_bucket__endpoint_that_nobody_listens_on__is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    _point_to(f"http://{address}", monkeypatch)
    with pytest.raises(BucketUnavailable, match=f"its server 'http://{address}' cannot be reached") as raised:
        ObjectBucket.open(Settings(bucket_url="s3://books")).require()
    assert "AWS_ENDPOINT_URL" in str(raised.value.remedy)
    assert "sesame" not in str(raised.value)


def test_bucket__no_credentials__says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback_s3(refusal=(404, "NotFound")) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", address)  # what a machine of AWS has its credentials from
        bucket = ObjectBucket.open(Settings(bucket_url="s3://books"))
        with pytest.raises(BucketRefused, match="cannot be asked without credentials"):
            bucket.require()


@pytest.mark.parametrize(
    "url",
    ["s3://key:sesame@books/x", "s3://books?secret=sesame", "s3://books#sesame", "https://key:sesame@host/books"],
)
def test_open__address_with_a_secret__is_refused_with_nothing_shown(url: str) -> None:
    with pytest.raises(UsageError, match="CHAPTER_BUCKET_URL") as raised:
        ObjectBucket.open(Settings(bucket_url=url))
    assert "sesame" not in str(raised.value)


AS_NOBODY = """
import os, sys
from chapter_pipeline.errors import BucketRefused
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
os.setresuid(65534, 65534, 65534)
try:
    ObjectBucket.open(Settings(bucket_url=sys.argv[1])).put("inbox/a.pdf", b"x")
except BucketRefused as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become a user without rights")
@pytest.mark.parametrize("folder", ["bucket", "bucket/below"])
def test_bucket__folder_of_somebody_else__says_whose_right_is_missing(folder: str) -> None:
    root = Path(tempfile.gettempdir()) / f"chapter-bucket-{os.getpid()}"  # pytest's own is closed to other users
    (root / "bucket").mkdir(mode=0o755, parents=True)
    try:
        result = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, (root / folder).as_uri()], capture_output=True, text=True, check=True
        )
    finally:
        (root / "bucket").rmdir()
        root.rmdir()
    assert "may not be used by the user of this program" in result.stdout
    assert "let that user read and write the folder" in result.stdout
