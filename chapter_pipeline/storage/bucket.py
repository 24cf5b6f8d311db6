"""Owns files: one `ObjectBucket` over a local folder or an S3 bucket; it knows nothing of what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

from chapter_pipeline.addresses import without_secrets
from chapter_pipeline.errors import BucketRefused, NotFound, UsageError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket_errors import explained
from chapter_pipeline.storage.home import PRIVATE, open_home

KEY_BYTES = 1024
"""Longest key S3 takes."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of a listing. `etag` changes with the content where the store gives one."""

    key: str
    size_bytes: int
    modified: datetime
    etag: str | None


class ObjectBucket:
    """Implements `ports.Bucket`. Keys with ``..``, a leading slash or control characters are refused."""

    def __init__(self, store: ObjectStore, *, place: str) -> None:
        self._store = store
        self.place = place

    @classmethod
    def open(cls, settings: Settings) -> ObjectBucket:
        """The bucket of `settings`: ``HOME/bucket``, ``file:///folder`` or ``s3://bucket/prefix``.

        S3 takes address and credentials from the usual AWS_* variables (AWS_ENDPOINT_URL for a store of one's own).
        Raises `UsageError` for an unusable address, `BucketRefused` and `BucketUnavailable` for an unusable folder.
        """
        url = settings.bucket_url or (settings.home / "bucket").as_uri()
        parts = _parts(url)
        try:
            if settings.bucket_url is None:
                open_home(settings.home)
                (settings.home / "bucket").mkdir(mode=PRIVATE, exist_ok=True)
            match parts.scheme:
                case "file" if not parts.netloc and len(parts.path) > 1:
                    store: ObjectStore = LocalStore(unquote(parts.path), mkdir=True, automatic_cleanup=True)
                case "s3" if parts.netloc:
                    store = S3Store(
                        parts.netloc,
                        prefix=unquote(parts.path).strip("/") or None,
                        client_options={"allow_http": True, "timeout": "60s", "connect_timeout": "5s"},
                        # obstore's own default goes on for three minutes
                        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
                    )
                case _:
                    raise UsageError(
                        f"CHAPTER_BUCKET_URL={without_secrets(url)!r} is not a bucket: write s3://bucket/prefix or"
                        " file:///folder"
                    )
        except (BaseError, OSError) as error:
            raise explained(error, url, "when it was opened") from None
        return cls(store, place=url)

    def require(self) -> None:
        """Ask the bucket for its first objects. Raises what it has against us: `BucketRefused`, `BucketUnavailable`."""
        with self._reachable("inbox"):
            next(iter(obstore.list(self._store, prefix="inbox", chunk_size=1)), None)

    @property
    def folder(self) -> Path | None:
        """The folder of a local bucket; None for one elsewhere."""
        return Path(unquote(urlsplit(self.place).path)) if self.place.startswith("file:") else None

    def put(self, key: str, content: bytes, *, overwrite: bool = False) -> bool:
        """Store `content`; with `overwrite` false an existing object stays and the answer is False (atomic)."""
        with self._reachable(key):
            try:
                # One request, also for large objects: only that is atomic under "create".
                obstore.put(
                    self._store,
                    valid_key(key),
                    content,
                    mode="overwrite" if overwrite else "create",
                    use_multipart=False,
                )
            except AlreadyExistsError:
                return False
        return True

    def get(self, key: str) -> bytes:
        """The content; raises `NotFound`."""
        with self._reachable(key):
            return bytes(obstore.get(self._store, valid_key(key)).bytes())

    def keys(self, prefix: str) -> list[str]:
        """All keys that begin with `prefix` (``library/``, or part of a name), sorted."""
        return [entry.key for entry in self.entries(prefix)]

    def entries(self, prefix: str) -> list[Entry]:
        """All objects whose keys begin with `prefix`, sorted by key."""
        # Stores list whole path segments only; the rest of the prefix is compared here.
        folder, _, _ = prefix.rpartition("/")
        if folder:
            valid_key(folder)
        with self._reachable(prefix):
            found = [
                Entry(key=meta["path"], size_bytes=meta["size"], modified=meta["last_modified"], etag=meta["e_tag"])
                for page in obstore.list(self._store, prefix=folder or None)
                for meta in page
            ]
        return sorted((entry for entry in found if entry.key.startswith(prefix)), key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        """Remove the object; an absent one is not an error."""
        try:
            with self._reachable(key):
                obstore.delete(self._store, valid_key(key))
        except NotFound:
            return

    @contextmanager
    def _reachable(self, key: str) -> Iterator[None]:
        try:
            yield
        except (NotFoundError, FileNotFoundError) as error:
            told = explained(error, self.place, f"for {key!r}")
            if isinstance(told, BucketRefused):  # the bucket itself is missing: another 404
                raise told from None
            raise NotFound(
                f"the bucket {self.place!r} holds no object {key!r}: list its keys to see what it holds"
            ) from error
        except (BaseError, OSError) as error:
            raise explained(error, self.place, f"for {key!r}") from None  # its text quotes the endpoint's password


def _parts(url: str) -> SplitResult:
    """`url` taken apart. Raises `UsageError`, which shows no password, for one with credentials or a query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UsageError("CHAPTER_BUCKET_URL is not an address: write s3://bucket/prefix or file:///folder") from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "CHAPTER_BUCKET_URL holds a user, a password, a query or an unescaped '?' or '#' (not shown)",
            "write s3://bucket/prefix alone, with ? as %3F and # as %23, and set AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY",
        )
    return parts


def valid_key(key: str) -> str:
    """`key` itself when it is fit for every store; raises `UsageError` otherwise."""
    segments = key.split("/")
    if not key or key.startswith("/") or any(segment in {"", ".", ".."} for segment in segments):
        raise UsageError(
            f"{key!r} is not a bucket key: write folder/name, without '..', empty parts or a leading slash"
        )
    if _CONTROL.search(key) or "\\" in key:
        raise UsageError(f"{key!r} is not a bucket key: it holds a control character or a backslash; rename the file")
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise UsageError(f"{key!r} is not a bucket key: it is not valid Unicode; rename the file") from None
    if size > KEY_BYTES:
        raise UsageError(f"a bucket key may have {KEY_BYTES} bytes, {key[:60]!r}... has {size}: use a shorter name")
    return key
