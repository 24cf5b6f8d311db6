"""Owns the filling of study records by a language model: one request a document, and what filling will cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal

from chapter_pipeline.domain.evidence import StudyRecord
from chapter_pipeline.domain.tasks import StudyRecordReply, StudyRecordRequest
from chapter_pipeline.domain.usage import Usage, total
from chapter_pipeline.errors import BudgetExceeded, ModelRefused, ModelUnavailable, UnknownPrice, UsageError
from chapter_pipeline.evidence.record_blocks import CHARACTERS_PER_TOKEN, NumberedText, numbered
from chapter_pipeline.evidence.record_verification import filled
from chapter_pipeline.evidence.source import SourceText
from chapter_pipeline.ports import Reply, Task, TextModel
from chapter_pipeline.providers.call import ModelCall
from chapter_pipeline.providers.fallback_router import KINDS, model_call
from chapter_pipeline.providers.gateway import CallPolicy
from chapter_pipeline.providers.language_study_records import OUTPUT_TOKENS, PURPOSE, study_record_prompt
from chapter_pipeline.providers.prices import cost_usd, most_usd
from chapter_pipeline.providers.prompts import prompt
from chapter_pipeline.services.study_records import RecordBasis, basis_of
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger_reader import LedgerReader
from chapter_pipeline.storage.library import LibraryStore

Answered = Reply[StudyRecordReply] | str
"""What a model said of a document, or why none did."""
REPLY_TOKENS = 5000
"""Of an expected reply: about thirty findings."""
LONGEST_REASON, LONGEST_NAME = 300, 120


class RecordFiller:
    """Implements `services.study_records.Filler`. `model` is opened with the first document that needs it.

    Its methods are called by one thread; the model is asked by `at_once` of its own.
    """

    def __init__(self, model: Callable[[], TextModel], basis: RecordBasis, *, at_once: int = 1) -> None:
        self._open = model
        self._model: TextModel | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._started: dict[str, tuple[StudyRecordRequest, Future[Answered]]] = {}
        self.basis = basis
        self.at_once = at_once

    @property
    def waiting(self) -> int:
        return len(self._started)

    def start(self, source: SourceText, *, document: str) -> None:
        """See `Filler`."""
        text = numbered(source)
        if text.blocks and document not in self._started:
            self._pool = self._pool or ThreadPoolExecutor(self.at_once, thread_name_prefix="study-records")
            asking = self._pool.submit(self._ask, self._opened(), text.request, document)
            self._started[document] = (text.request, asking)

    def close(self) -> None:
        """Drop what was not begun, and wait for answers that are on their way: they are paid, and put on record."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def fill(self, source: SourceText, by_rules: StudyRecord, *, document: str) -> StudyRecord:
        """See `Filler`. Its reasons: no provider answers now or none ever will, a cap is reached, a price is unknown.

        A document without text to send is whole as rules made it. Raises `DatabaseUnavailable`.
        """
        text = numbered(source)
        if not text.blocks:
            return by_rules
        request, started = self._started.pop(document, (None, None))
        if started is not None and request == text.request:
            answered = started.result()
        else:
            answered = self._ask(self._opened(), text.request, document)
        if isinstance(answered, str):
            return by_rules.model_copy(update={"unfilled": answered})
        return filled(
            answered.value, text, source, by_rules, made_by=f"{answered.provider} {answered.model}"[:LONGEST_NAME],
            version=prompt(PURPOSE).version,
        )  # fmt: skip

    def _opened(self) -> TextModel:
        if self._model is None:
            self._model = self._open()
        return self._model

    @staticmethod
    def _ask(model: TextModel, request: StudyRecordRequest, document: str) -> Answered:
        task = Task(kind=PURPOSE, request=request, reply_type=StudyRecordReply, document=document)
        try:
            return model.complete(task)
        except (ModelUnavailable, ModelRefused, BudgetExceeded, UnknownPrice) as error:
            return _short(str(error))


def require_writer(settings: Settings) -> None:
    """Raises `UsageError` when study records are to be filled by a model and no provider is set."""
    if settings.study_records == "model" and settings.writer == "extractive":
        raise UsageError(
            "CHAPTER_STUDY_RECORDS='model' needs a provider of language models, and the writer is 'extractive'",
            "set a key (ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY) or CHAPTER_TEXT_MODEL=local with"
            " CHAPTER_LOCAL_URL, or CHAPTER_STUDY_RECORDS=rules",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall:
    """The request for one document. `usd` is expected; `most_usd` with the longest reply, three times, within the cap.

    `answered`: its reply is on record, so it costs nothing. `over_cap`: it may cost more than a cap and is not sent.
    """

    document: str
    usage: Usage
    most_usd: Decimal
    answered: bool = False
    over_cap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsEstimate:
    """What filling the records of some documents will cost with `provider` and `model`, and the caps."""

    provider: str
    model: str
    calls: tuple[RecordCall, ...]
    document_cap_usd: Decimal
    day_cap_usd: Decimal

    @property
    def paid(self) -> tuple[RecordCall, ...]:
        """The requests that are sent and paid for."""
        return tuple(one for one in self.calls if not one.answered and not one.over_cap)

    @property
    def usd(self) -> Decimal:
        """The expected cost."""
        return sum((one.usage.cost_usd for one in self.paid), Decimal(0))

    @property
    def most_usd(self) -> Decimal:
        """The most that the requests can cost."""
        return sum((one.most_usd for one in self.paid), Decimal(0))

    @property
    def tokens(self) -> tuple[int, int]:
        """Expected tokens in and out."""
        return sum(one.usage.input_tokens for one in self.paid), sum(one.usage.output_tokens for one in self.paid)


class RecordCosts:
    """The use cases on what study records by a model cost."""

    def __init__(self, settings: Settings, *, database: Database, library: LibraryStore) -> None:
        self._settings = settings
        self._reader = LedgerReader(database)
        self._library = library

    def estimate(self, documents: Mapping[str, str]) -> RecordsEstimate | None:
        """What filling the records of documents (a name of each by its key) will cost; None when rules fill them.

        Nothing is sent. Raises `UsageError` without a provider, `UnknownPrice`.
        """
        settings = self._settings
        require_writer(settings)
        if basis_of(settings).model is None:
            return None
        provider = settings.writer
        model = str(getattr(settings.models_of(provider), KINDS[PURPOSE]))
        server = settings.server_of(provider)
        calls: list[tuple[str, str, ModelCall]] = []
        for key, name in documents.items():
            text = self._text(name)
            if text is not None and text.blocks:
                asked, sent = study_record_prompt(text.request)
                call = model_call(PURPOSE, asked, sent, StudyRecordReply, OUTPUT_TOKENS)
                calls.append((key, call.key(provider, model, server), call))
        answered = self._reader.answered([request for _, request, _ in calls])
        return RecordsEstimate(
            provider=provider, model=model, document_cap_usd=settings.budget_document_usd,
            day_cap_usd=settings.budget_day_usd,
            calls=tuple(self._call(key, call, provider, model, request in answered) for key, request, call in calls),
        )  # fmt: skip

    def spent(self, document: str) -> Usage:
        """What the requests for a document have used so far."""
        return total(self._reader.usage(document=document))

    def _text(self, name: str) -> NumberedText | None:
        stored = self._library.find_named(name)
        if stored is None:
            return None
        return numbered(self._library.study_source(stored.id, self._library.bibliography(stored.id)))

    def _call(self, key: str, call: ModelCall, provider: str, model: str, answered: bool) -> RecordCall:
        settings = self._settings
        tokens = (len(call.system) + len(call.prompt)) // CHARACTERS_PER_TOKEN

        def price(output: int) -> Decimal:
            return cost_usd(provider, model, Usage(input_tokens=tokens, output_tokens=output))

        cap = min(settings.budget_call_usd, settings.budget_document_usd, settings.budget_day_usd)
        return RecordCall(
            document=key, answered=answered, over_cap=most_usd(provider, model, call) > cap,
            usage=Usage(
                calls=1, input_tokens=tokens, output_tokens=REPLY_TOKENS, cost_usd=price(REPLY_TOKENS)
            ),
            most_usd=min(CallPolicy().attempts * price(OUTPUT_TOKENS), settings.budget_document_usd),
        )  # fmt: skip


def reasons(unfilled: Sequence[str]) -> str:
    """The most frequent reasons why no model filled records, each with how often, in one line."""
    return "; ".join(f"{count} × {_short(reason)}" for reason, count in Counter(unfilled).most_common(2))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"
