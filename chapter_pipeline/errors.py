"""Owns the one exception tree; it never logs and never formats for a terminal.

The tree is split by what the caller does next::

    ChapterPipelineError
    ├── UsageError              the caller fixes the request (exit code 1 or 2, HTTP 4xx)
    │   ├── NotFound            no such document, chapter, stage, version
    │   ├── AlreadyExists       the name is taken
    │   ├── InvalidBrief        a brief with unknown or wrong keys
    │   ├── NoRelevantPassages  the library holds nothing on the topic
    │   ├── UnknownPrice        a model whose price is not known, so that no cap could hold
    │   └── BudgetExceeded      a call could cost more than what is left of a cap
    ├── DocumentRejected        the document is quarantined with a reason; the batch goes on
    ├── TransientError          the same request may succeed later: retry
    │   ├── DatabaseUnavailable
    │   ├── BucketUnavailable
    │   └── ModelUnavailable
    │       └── BreakerOpen     the provider is left alone for a while
    ├── PermanentError          a retry cannot help: dead-letter
    │   ├── DatabaseRefused     PostgreSQL answers, and turns us down as things are configured
    │   ├── BucketRefused       the object store answers, and turns us down as things are configured
    │   ├── ImageLost           the image of a figure is not in the bucket, or damaged there
    │   ├── ModelFilesCorrupt
    │   └── ModelRefused        a provider turned the request down, and would again
    └── InvariantViolated       our own promise is broken: fix the code
        └── ClaimNotGrounded

Messages say what happened, the value with ``!r``, and the remedy; no address is shown with what it holds of a password.
"""

from __future__ import annotations


class ChapterPipelineError(Exception):
    """Root of everything this project raises on purpose.

    The message is `what` and, where it is given apart, `remedy`: ``doctor`` shows the two in columns of their own.
    """

    def __init__(self, what: str = "", remedy: str | None = None) -> None:
        super().__init__(what if remedy is None else f"{what}: {remedy}")
        self.what = what
        self.remedy = remedy


class UsageError(ChapterPipelineError):
    """The request cannot be carried out as it stands; the message names the value and the remedy."""


class NotFound(UsageError):
    """Something was asked for by a name that does not exist."""


class AlreadyExists(UsageError):
    """Something was created under a name that is taken."""


class InvalidBrief(UsageError):
    """A chapter brief has an unknown key or a wrong value."""


class NoRelevantPassages(UsageError):
    """The library holds no passage that is relevant to the chapter's topic."""


class UnknownPrice(UsageError):
    """A model is to be paid for whose price is not known."""


class BudgetExceeded(UsageError):
    """The call was not sent: it could cost more than what is left of a cap per call, chapter or day."""


class DocumentRejected(ChapterPipelineError):
    """A file is not fit for the library.

    `reason` is a short stable code for machines (``encrypted``, ``not_a_pdf``, ``timeout``...),
    `detail` a sentence for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = str(reason)  # not a member of an enum: Dagster's event log refuses those
        self.detail = detail


class TransientError(ChapterPipelineError):
    """The same call may succeed later without any change."""


class DatabaseUnavailable(TransientError):
    """PostgreSQL cannot be reached or has no connection to give within the pool's timeout."""


class BucketUnavailable(TransientError):
    """The object store cannot be reached."""


class ModelUnavailable(TransientError):
    """A text or embedding model cannot answer now."""


class BreakerOpen(ModelUnavailable):
    """The provider failed too often, or was isolated; nothing is sent to it."""


class PermanentError(ChapterPipelineError):
    """No retry can help; the work goes to the dead letters."""


class DatabaseRefused(PermanentError):
    """PostgreSQL answers but cannot be used: password, role, database, rights, extension, or a newer schema."""


class BucketRefused(PermanentError):
    """The object store answers but cannot be used: no such bucket, credentials, rights, region, a folder's mode."""


class ImageLost(PermanentError):
    """The bucket does not hold the image of a figure, or holds other bytes under its sha256."""


class ModelFilesCorrupt(PermanentError):
    """The embedding model's files are missing or differ from their recorded sha256."""


class ModelRefused(PermanentError):
    """A provider turned the request down: refused, unauthorised, out of quota, cut off or not understood."""


class InvariantViolated(ChapterPipelineError):
    """A promise of this code base is broken; the code has to be mended."""


class ClaimNotGrounded(InvariantViolated):
    """A sentence cites an unknown quote key, or says what its quotes do not."""
