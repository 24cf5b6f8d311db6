"""Owns the classification of object store errors by S3 error code and errno, each with its message and remedy."""

from __future__ import annotations

import errno
import os
import re

from obstore.exceptions import PermissionDeniedError

from chapter_pipeline.addresses import without_secrets
from chapter_pipeline.errors import BucketRefused, BucketUnavailable, ChapterPipelineError

_CODE = re.compile(r"<Code>(\w+)</Code>")
_SYSTEM = re.compile(r"\(os error (\d+)\)|\bcode: (\d+)")
_ADDRESS = re.compile(r"(?P<scheme>https?://)(?:\.\.\.@)?(?P<host>[^\s/?]+)")
_NO_CREDENTIALS = ("169.254.169.254", "/latest/api/token", "/latest/meta-data")
"""Where AWS's own machines have their credentials: asked when the environment has none."""

CREDENTIALS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if they are temporary"
REGION = ("lies in another region", "set AWS_REGION to that of the bucket")
DENIED = (
    "does not let these credentials do this",
    "let its policy allow them to list, read, write and delete objects below that address",
)
LASTING: dict[str, tuple[str, str]] = {
    "NoSuchBucket": ("does not exist", "create it, or name another one in CHAPTER_BUCKET_URL"),
    "InvalidAccessKeyId": ("does not know AWS_ACCESS_KEY_ID", CREDENTIALS),
    "SignatureDoesNotMatch": ("finds that AWS_SECRET_ACCESS_KEY is not that of AWS_ACCESS_KEY_ID", CREDENTIALS),
    "ExpiredToken": ("was asked with credentials that have expired", CREDENTIALS),
    "InvalidToken": ("was asked with an AWS_SESSION_TOKEN that it does not know", CREDENTIALS),
    "RequestTimeTooSkewed": ("has another time than this machine", "set this machine's clock"),
    "PermanentRedirect": REGION,
    "AuthorizationHeaderMalformed": REGION,
    "IllegalLocationConstraintException": REGION,
    "AccessDenied": DENIED,
}
"""Errors that stay until something is changed, by S3's error codes: what the bucket does, and the remedy."""
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


def explained(error: Exception, place: str, doing: str) -> ChapterPipelineError:
    """The exception of this project for `error` of the bucket at `place`; `doing`: the failed operation."""
    said = str(error)
    lasting = _lasting(error, said)
    if lasting is not None:
        what, remedy = lasting
        return BucketRefused(f"the bucket {place!r} {what} ({doing})", remedy)
    number = next((int(first or second) for first, second in _SYSTEM.findall(said)), getattr(error, "errno", None))
    if number in _NOT_ALLOWED and place.startswith("file:"):
        return BucketRefused(
            f"the bucket {place!r} may not be used by the user of this program ({doing}: {os.strerror(number)})",
            "let that user read and write the folder, or name another one in CHAPTER_BUCKET_URL",
        )
    if number in _FULL and place.startswith("file:"):
        return BucketUnavailable(
            f"the bucket {place!r} has no space left ({doing})", "free some on its disk, then try again"
        )
    if "kind: Connect" in said:
        return BucketUnavailable(
            f"the bucket {place!r} did not answer {doing}: its server{_server(said)} cannot be reached",
            "check that it runs, AWS_ENDPOINT_URL and the network, then try again",
        )
    reason = without_secrets(next(iter(said.strip().splitlines()), type(error).__name__))[:300]
    return BucketUnavailable(f"the bucket {place!r} did not answer {doing}: {reason}; try again")


def _lasting(error: Exception, said: str) -> tuple[str, str] | None:
    code = _CODE.search(said)
    if code is not None and code[1] in LASTING:
        return LASTING[code[1]]
    if any(address in said for address in _NO_CREDENTIALS):
        return "cannot be asked without credentials", CREDENTIALS
    if "BareRedirect" in said:
        return REGION
    return DENIED if isinstance(error, PermissionDeniedError) else None


def _server(said: str) -> str:
    """The host that was asked, without what the address holds of a password."""
    asked = _ADDRESS.search(without_secrets(said))
    return f" {asked['scheme'] + asked['host']!r}" if asked else ""
