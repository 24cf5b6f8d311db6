"""Every fault, with every provider, in every task that asks one: our own error, few attempts, and nobody waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import anthropic  # noqa: F401 - loaded before a deadline runs
import google.genai  # noqa: F401
import openai  # noqa: F401
import pytest
from pydantic import BaseModel

from chapter_pipeline.domain import SectionPlan
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.tasks import (
    CandidateTerm,
    CheckedClaim,
    CheckedPassage,
    ClaimCheckReply,
    ClaimCheckRequest,
    CriticalInformationReply,
    CriticalInformationRequest,
    FigureReply,
    FigureRequest,
    FinalReviewReply,
    FinalReviewRequest,
    KeyConceptsReply,
    KeyConceptsRequest,
    KeyPointsReply,
    KeyPointsRequest,
    LiteratureQueriesReply,
    LiteratureQueriesRequest,
    NamedConcept,
    OutlinedSection,
    OutlineReply,
    OutlineRequest,
    QuotePair,
    RecordSentences,
    RelationsReply,
    RelationsRequest,
    ReviewReply,
    ReviewRequest,
    SectionQueriesReply,
    SectionQueriesRequest,
    SectionReply,
    SectionRequest,
    StudyRecordReply,
    StudyRecordRequest,
)
from chapter_pipeline.errors import ModelRefused, ModelUnavailable
from chapter_pipeline.ports import Task
from chapter_pipeline.providers.fallback_router import KINDS, FallbackRouter
from chapter_pipeline.providers.faults import VERDICTS, Fault
from chapter_pipeline.providers.gateway import CallPolicy, Gateway
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from tests.providers.conftest import gateway
from tests.providers.fault_server import Behaviour, FaultServer, Request, answer, drip, status
from tests.providers.obedient import prompt_of, reply_to
from tests.providers.test_adapters import APIS, FAULTS, KEY, PIXEL, adapter
from tests.providers.test_language_tasks import CITED, DRAIN, READERS, SECTIONS, STEROID, TOPIC, quote

QUOTES = (quote("q1", DRAIN), quote("q2", STEROID))
PLAN = SectionPlan(kind="surgery", title="Surgery", purpose="p", word_budget=100, subsections=(), quotes=QUOTES)
TEXT = {"surgery": DRAIN}
TASKS: dict[str, tuple[BaseModel, type[BaseModel]]] = {
    "section_queries": (SectionQueriesRequest(topic=TOPIC, audience=READERS, sections=SECTIONS), SectionQueriesReply),
    "key_concepts": (
        KeyConceptsRequest(
            topic=TOPIC, audience=READERS, perspectives={"surgeon": "operation"},
            candidates=(CandidateTerm(name="drain", frequency=5, documents=2, closeness=0.5),),
        ),
        KeyConceptsReply,
    ),
    "literature_queries": (LiteratureQueriesRequest(topic=TOPIC, audience=READERS, concepts=(NamedConcept(name="drain", synonyms=()),)), LiteratureQueriesReply),
    "relations": (RelationsRequest(topic=TOPIC, pairs=(QuotePair(first=QUOTES[0], second=QUOTES[1]),)), RelationsReply),
    "outline": (
        OutlineRequest(
            topic=TOPIC, audience=READERS,
            sections=(OutlinedSection(kind="surgery", title="Surgery", purpose="p", quotes=QUOTES),),
        ),
        OutlineReply,
    ),
    "section": (SectionRequest(topic=TOPIC, audience=READERS, plan=PLAN), SectionReply),
    "key_points": (
        KeyPointsRequest(topic=TOPIC, audience=READERS, limit=6, longest_words=40, sentences=CITED), KeyPointsReply
    ),
    "review": (ReviewRequest(topic=TOPIC, audience=READERS, sentences=CITED), ReviewReply),
    "claim_check": (
        ClaimCheckRequest(
            topic=TOPIC,
            claims=(
                CheckedClaim(
                    text=DRAIN, paragraph=DRAIN,
                    passages=(CheckedPassage(text=DRAIN, study_type=StudyType.COHORT, year=2020),),
                ),
            ),
        ),
        ClaimCheckReply,
    ),
    "critical_information": (
        CriticalInformationRequest(
            topic=TOPIC, kind="disease", audience=READERS, sections=SECTIONS, must_cover=(), text=TEXT
        ),
        CriticalInformationReply,
    ),
    "figure": (FigureRequest(label="Figure 1", caption="Figure 1. A drain."), FigureReply),
    "final_review": (
        FinalReviewRequest(topic=TOPIC, kind="disease", audience=READERS, sections=SECTIONS, text=TEXT, gaps=()),
        FinalReviewReply,
    ),
    "study_record": (
        StudyRecordRequest(
            title=TOPIC, design=StudyType.COHORT, tables=(),
            parts=(RecordSentences(part="results", headings=(), sentences=(("s1", DRAIN),)),),
        ),
        StudyRecordReply,
    ),
}  # fmt: skip


def asked(made: Gateway, api: str, kind: str, settings: Settings, *, variant: str) -> BaseModel:
    request, reply_type = TASKS[kind]
    models = FallbackRouter(made, order=[api], models={api: settings.models_of(api)})
    pictures = (PIXEL,) if kind == "figure" else ()
    task = Task(kind=kind, request=request, reply_type=reply_type, variant=variant, pictures=pictures)
    return models.complete(task).value


def test_tasks__of_the_matrix__are_all_that_ask_a_provider() -> None:
    assert TASKS.keys() == KINDS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("api", APIS)
def test_matrix__nothing_but_faults__end_in_our_error_after_three_attempts(
    api: str, kind: str, database: Database, settings: Settings, breakers: BreakerStore
) -> None:
    now: list[Behaviour] = []
    with FaultServer(lambda _: now[-1]) as server, gateway(database, adapter(api, server.base_url(api))) as made:
        for name, (behaviour, fault) in FAULTS.items():
            now.append(behaviour(api))
            before = len(server.requests)
            with pytest.raises(
                (ModelUnavailable, ModelRefused), match=f"no text model answered the '{kind}' task"
            ) as caught:
                asked(made, api, kind, settings, variant=name)
            expected = 2 if fault is Fault.CUT_OFF else 3 if VERDICTS[fault].retry else 1
            assert len(server.requests) - before == expected, name
            assert KEY not in str(caught.value), name
            breakers.reset(api)


@pytest.mark.parametrize("api", APIS)
def test_matrix__answers_that_never_end__every_task_is_given_up_at_the_deadline(
    api: str, database: Database, settings: Settings
) -> None:
    """All of them at once: they end although the server never does."""
    policy = CallPolicy(deadline_s=2.0, slots=len(TASKS), attempts=1)

    def given_up(kind: str) -> str:
        with pytest.raises(ModelUnavailable) as caught:
            asked(made, api, kind, settings, variant="never ends")
        return str(caught.value)

    with (
        FaultServer(lambda _: drip()) as server,
        gateway(database, adapter(api, server.base_url(api)), policy=policy) as made,
        ThreadPoolExecutor(len(TASKS)) as pool,
    ):
        said = dict(zip(TASKS, pool.map(given_up, TASKS), strict=True))
    assert server.requests
    assert all(f"no text model answered the '{kind}' task" in text for kind, text in said.items()), said


@pytest.mark.parametrize("api", APIS)
def test_matrix__nobody_listens__every_task_ends_in_our_error_after_three_attempts(
    api: str, database: Database, settings: Settings, breakers: BreakerStore
) -> None:
    with FaultServer(lambda _: status(500, {})) as gone:
        address = gone.base_url(api)
    with gateway(database, adapter(api, address)) as made:
        for kind in TASKS:
            with pytest.raises(ModelUnavailable, match=f"the '{kind}' task: .*asked 3 times: unreachable"):
                asked(made, api, kind, settings, variant="nobody")
            breakers.reset(api)


def _obey(request: Request) -> str:
    return json.dumps(reply_to(prompt_of(request)))


@pytest.mark.slow
def test_matrix__one_request_in_ten_fails__sends_a_tenth_more_than_is_needed(
    database: Database, settings: Settings
) -> None:
    faults: list[Callable[[], Behaviour]] = [
        lambda: status(503, {"error": {"message": "busy"}}), lambda: answer("no JSON"), lambda: answer('{"worth": 1}'),
    ]  # fmt: skip
    count = 0

    def plan(request: Request) -> Behaviour:
        nonlocal count
        count += 1
        return faults[count // 11 % 3]() if count % 11 == 10 else answer(_obey(request))

    needed = 0
    with (
        FaultServer(plan) as server,
        gateway(database, *(adapter(api, server.base_url(api)) for api in APIS)) as made,
    ):
        for number in range(2):
            for api in APIS:
                for kind in TASKS:
                    asked(made, api, kind, settings, variant=str(number))
                    needed += 1
    assert needed == 2 * len(APIS) * len(TASKS)
    assert len(server.requests) <= 1.1 * needed
