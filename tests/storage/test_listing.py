"""A local bucket with anything in it: each object is listed, whatever lies beside it, and what is none is named."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chapter_pipeline.errors import UsageError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.keys import printable
from tests.storage.loopback_s3 import loopback_s3
from tests.storage.test_bucket import _point_to


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "bucket" / "inbox"
    folder.mkdir(parents=True)
    (folder / "good.pdf").write_bytes(b"good")
    return folder


@pytest.fixture
def bucket(tmp_path: Path) -> ObjectBucket:
    return ObjectBucket.open(Settings(home=tmp_path / "home"))


def _bytes(inbox: Path, name: bytes) -> bytes:
    return os.path.join(os.fsencode(inbox), name)


def _write(path: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(b"x")


def _socket(inbox: Path) -> None:
    where = os.getcwd()
    os.chdir(inbox)  # a socket's path may have 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("s.pdf")
    finally:
        os.chdir(where)


def _too_deep(inbox: Path) -> None:
    _write(_bytes(inbox, b"/".join([b"d" * 200] * 6) + b"/x.pdf"))


def _link(target: str) -> Callable[[Path], None]:
    return lambda inbox: os.symlink(target, inbox / "l.pdf")


CASES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "not UTF-8": (lambda i: _write(_bytes(i, b"b\xe9b\xe9.pdf")), r"inbox/b\xe9b\xe9.pdf", "not valid Unicode"),
    "in a folder that is not UTF-8": (lambda i: _write(_bytes(i, b"b\xe9/a.pdf")), r"inbox/b\xe9/a.pdf", "Unicode"),
    "line break": (lambda i: _write(_bytes(i, b"two\nlines.pdf")), r"inbox/two\x0alines.pdf", "control character"),
    "backslash": (lambda i: _write(_bytes(i, b"back\\s.pdf")), r"inbox/back\\s.pdf", "backslash"),
    "too long": (_too_deep, "inbox/" + "/".join(["d" * 200] * 6) + "/x.pdf", "may have 1024"),
    "empty folder": (lambda i: (i / "x.pdf").mkdir(), "inbox/x.pdf", "empty folder"),
    "dangling link": (_link("nothing"), "inbox/l.pdf", "link to 'nothing', which is not there"),
    "link to itself": (_link("l.pdf"), "inbox/l.pdf", "which is not there"),
    "link out of the bucket": (_link("/etc/hostname"), "inbox/l.pdf", "link out of the bucket"),
    "folder out of the bucket": (_link("/etc"), "inbox/l.pdf", "link out of the bucket"),
    "loop of folders": (_link("."), "inbox/l.pdf", "is not followed"),
    "pipe": (lambda i: os.mkfifo(i / "p.pdf"), "inbox/p.pdf", "a pipe, not a file"),
    "socket": (_socket, "inbox/s.pdf", "a socket, not a file"),
}


@pytest.mark.parametrize("case", CASES)
def test_listing__what_can_be_no_object__is_named_with_its_reason_and_hides_no_other(
    inbox: Path, bucket: ObjectBucket, case: str
) -> None:
    make, name, why = CASES[case]
    make(inbox)
    listing = bucket.listing("inbox/")
    assert [entry.key for entry in listing.entries] == ["inbox/good.pdf"]
    (unusable,) = listing.unusable
    assert unusable.name == name
    assert why in unusable.detail
    assert unusable.name.isprintable()
    assert unusable.detail.isprintable()
    assert bucket.keys("inbox/") == ["inbox/good.pdf"]


def test_listing__printable_name_in_the_detail__is_what_bash_finds_the_file_by(
    inbox: Path, bucket: ObjectBucket
) -> None:
    name = b"it's \xe9\n\\.pdf"
    _write(_bytes(inbox, name))
    (unusable,) = bucket.listing("inbox/").unusable
    quoted = unusable.detail[unusable.detail.index("$'") : -1]
    found = os.popen(f"cd {str(inbox.parent)!r} && bash -c \"$(printf 'cat %s' {_sh(quoted)})\"").read()
    assert found == "x"


def _sh(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def test_listing__link_to_a_file_of_the_bucket__is_an_object(inbox: Path, bucket: ObjectBucket) -> None:
    (inbox / "again.pdf").symlink_to("good.pdf")
    listing = bucket.listing("inbox/")
    assert [entry.key for entry in listing.entries] == ["inbox/again.pdf", "inbox/good.pdf"]
    assert listing.unusable == []


def test_listing__inbox_is_a_link_to_a_folder_elsewhere__its_files_are_objects(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "a.pdf").write_bytes(b"x")
    (tmp_path / "home" / "bucket").mkdir(parents=True)
    (tmp_path / "home" / "bucket" / "inbox").symlink_to(papers)
    assert ObjectBucket.open(Settings(home=tmp_path / "home")).keys("inbox/") == ["inbox/a.pdf"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may pass: pytest's own may not be."""
    folder = Path(tempfile.mkdtemp(prefix="chapter-listing-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_listing__file_and_folder_that_may_not_be_read__are_named(open_folder: Path) -> None:
    inbox = open_folder / "bucket" / "inbox"
    (inbox / "closed").mkdir(parents=True)
    (inbox / "good.pdf").write_bytes(b"x")
    (inbox / "locked.pdf").write_bytes(b"x")
    bucket = ObjectBucket.open(Settings(home=open_folder))
    for path in (open_folder, open_folder / "bucket", inbox):
        path.chmod(0o755)  # they are their owner's alone once a bucket is opened
    (inbox / "good.pdf").chmod(0o644)
    for path in (inbox / "locked.pdf", inbox / "closed"):
        path.chmod(0)
    was = os.geteuid()
    if was == 0:  # root may read everything
        os.seteuid(65534)
    try:
        listing = bucket.listing("inbox/")
    finally:
        os.seteuid(was)
        (inbox / "closed").chmod(0o700)
    assert [entry.key for entry in listing.entries] == ["inbox/good.pdf"]
    assert {one.name: "rights" in one.detail for one in listing.unusable} == {
        "inbox/closed": True,
        "inbox/locked.pdf": True,
    }


def test_read__object__has_the_version_of_the_listing_until_it_changes(inbox: Path, bucket: ObjectBucket) -> None:
    content, version = bucket.read("inbox/good.pdf")
    assert (content, version) == (b"good", bucket.entries("inbox/")[0].version)
    (inbox / "good.pdf").write_bytes(b"other text")
    assert bucket.entries("inbox/")[0].version != version


def test_read__object_of_s3__has_the_version_of_the_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback_s3() as address:
        _point_to(address, monkeypatch)
        bucket = ObjectBucket.open(Settings(bucket_url="s3://books/some/prefix"))
        bucket.put("inbox/a.pdf", b"x")
        bucket.put("inbox/b.pdf", b"x")
        assert bucket.read("inbox/a.pdf") == (b"x", bucket.entries("inbox/")[0].version)


def test_printable__two_names__never_look_alike() -> None:
    names = ["a\\x0a", "a\n", "a\\n", "a\\\n", "a\udc0a", "a\udce9", "a\\xe9", "aé", "a\u202e", "a\\u202e"]
    assert len({printable(name) for name in names}) == len(names)
    assert printable("aé ü.pdf") == "aé ü.pdf"


def test_listing__s3_key_that_cannot_be_addressed__is_no_reason_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback_s3() as address:
        _point_to(address, monkeypatch)
        bucket = ObjectBucket.open(Settings(bucket_url="s3://books/some"))
        bucket.put("inbox/..a.pdf", b"x")
        assert bucket.keys("inbox/") == ["inbox/..a.pdf"]
        outside = ObjectBucket.open(Settings(bucket_url="s3://books"))
        request = urllib.request.Request(f"{address}/books/some/inbox//b.pdf", b"x", method="PUT")
        with urllib.request.urlopen(request):
            pass
        for one in (bucket, outside):
            with pytest.raises(UsageError, match="holds an object that cannot be addressed"):
                one.keys("some/" if one is outside else "inbox/")
