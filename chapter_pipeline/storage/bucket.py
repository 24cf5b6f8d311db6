"""Owns files: one `ObjectBucket` over a local folder or an S3 bucket; it knows nothing of what they hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, InvalidPathError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

from chapter_pipeline.addresses import without_secrets
from chapter_pipeline.errors import BucketRefused, NotFound, UsageError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket_errors import explained
from chapter_pipeline.storage.home import PRIVATE, open_home
from chapter_pipeline.storage.keys import valid_key
from chapter_pipeline.storage.listing import Entry, Listing, entry_of, list_folder

if TYPE_CHECKING:
    from obstore import ObjectMeta

__all__ = ["Entry", "ObjectBucket", "valid_key"]


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
        """List the first objects of the bucket. Raises `BucketRefused`, `BucketUnavailable`."""
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

    def sync(self, key: str) -> None:
        """Wait until an object that was put is on the disk; a store elsewhere has answered the put only then."""
        if self.folder is None:
            return
        path = self.folder / valid_key(key)
        with self._reachable(key):
            for one in (path, *path.parents[: key.count("/") + 1]):  # its content, its name, and its folders' names
                descriptor = os.open(one, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def get(self, key: str) -> bytes:
        """The content; raises `NotFound`."""
        with self._reachable(key):
            return bytes(obstore.get(self._store, valid_key(key)).bytes())

    def read(self, key: str) -> tuple[bytes, str]:
        """The content, and the `Entry.version` that this content has in a listing; raises `NotFound`."""
        with self._reachable(key):
            if self.folder is not None:
                with (self.folder / valid_key(key)).open("rb") as file:
                    found = os.fstat(file.fileno())
                    return file.read(), entry_of(key, found).version
            got = obstore.get(self._store, valid_key(key))
            return bytes(got.bytes()), _entry(got.meta).version

    def size_bytes(self, key: str) -> int | None:
        """How large the object is; None when there is none."""
        try:
            with self._reachable(key):
                return int(obstore.head(self._store, valid_key(key))["size"])
        except NotFound:
            return None

    def keys(self, prefix: str) -> list[str]:
        """All keys that begin with `prefix` (``library/``, or part of a name), sorted."""
        return [entry.key for entry in self.entries(prefix)]

    def entries(self, prefix: str) -> list[Entry]:
        """All objects whose keys begin with `prefix`, sorted by key."""
        return self.listing(prefix).entries

    def listing(self, prefix: str) -> Listing:
        """The objects below `prefix`, and the files there that cannot be objects."""
        # Stores list whole path segments only; the rest of the prefix is compared in the end.
        folder, _, _ = prefix.rpartition("/")
        if folder:
            valid_key(folder)
        with self._reachable(prefix):
            if self.folder is not None:
                return list_folder(self.folder, folder).under(prefix)
            found = Listing()
            for page in obstore.list(self._store, prefix=folder or None):
                for meta in page:
                    found.add(_entry(meta))
        return found.under(prefix)

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
            converted = explained(error, self.place, f"for {key!r}")
            if isinstance(converted, BucketRefused):  # the bucket itself is missing: another 404
                raise converted from None
            raise NotFound(
                f"the bucket {self.place!r} holds no object {key!r}: list its keys to see what it holds"
            ) from error
        except InvalidPathError as error:
            reason = str(error).strip().splitlines()[0][:300]
            raise UsageError(
                f"the bucket {self.place!r} holds an object that cannot be addressed ({reason}): rename it there"
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


def _entry(meta: ObjectMeta) -> Entry:
    return Entry(key=meta["path"], size_bytes=meta["size"], modified=meta["last_modified"], etag=meta["e_tag"])
