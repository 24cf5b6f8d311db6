"""A whole chapter with a language model over real HTTP: nothing ungrounded gets through, whatever the model writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from benchmarks.written import write
from chapter_pipeline.domain import BriefRequest, FinalChapter, Section
from chapter_pipeline.domain.usage import total
from chapter_pipeline.errors import ModelRefused, ModelUnavailable
from chapter_pipeline.ports import Embedder
from chapter_pipeline.providers.fallback_router import FallbackRouter
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.services.costs import AnswersInForce, usage, used_today
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from chapter_pipeline.writing.stages import Stages
from tests.providers.conftest import breakers, gateway, lease
from tests.providers.fault_server import Behaviour, FaultServer, Request, in_turn, refusal, status
from tests.providers.obedient import Sentence, honest, obedient, prompt_of
from tests.providers.test_adapters import APIS, KEY, adapter
from tests.writing.conftest import TOPIC, Today

__all__ = ["breakers", "lease"]

Plan = Callable[[Request], Behaviour]
BUSY = in_turn(status(503, {"error": {"message": "busy"}}))


@contextmanager
def written_by(
    order: list[str],
    plans: dict[str, Plan],
    *,
    database: Database,
    settings: Settings,
    library: LibraryStore,
    embedder: Embedder,
) -> Iterator[Stages]:
    """Stages whose text model asks `order`, each provider served by its plan."""

    def plan(request: Request) -> Behaviour:
        return plans[request.api](request)

    with (
        FaultServer(plan) as server,
        gateway(database, *(adapter(api, server.base_url(api)) for api in order)) as asked,
    ):
        models = {name: settings.models_of(name) for name in order}
        yield Stages(
            search=LibrarySearch(database, embedder), library=library, embedder=embedder,
            bucket=ObjectBucket.open(settings), model=FallbackRouter(asked, order=order, models=models), answers=AnswersInForce(database, run_id=None), clock=Today(),
        )  # fmt: skip


@pytest.fixture
def chapter_of(
    database: Database, settings: Settings, library: LibraryStore, embedder: Embedder
) -> Callable[..., FinalChapter]:
    def make(order: list[str], plans: dict[str, Plan]) -> FinalChapter:
        with written_by(
            order, plans, database=database, settings=settings, library=library, embedder=embedder
        ) as stages:
            return write(stages, BriefRequest(topic=TOPIC)).final

    return make


def cost_usd(database: Database) -> Decimal:
    return total(usage(database, chapter="chapter")).cost_usd


def dropped(chapter: FinalChapter) -> list[str]:
    return [one.reason for section in chapter.chapter.sections for one in section.dropped]


def sections_of(chapter: FinalChapter) -> list[Section]:
    return [section for section in chapter.chapter.sections if section.status == "written"]


@pytest.mark.parametrize("api", APIS)
def test_chapter__every_provider__is_grounded_and_says_who_wrote_it(
    api: str, chapter_of: Callable[..., FinalChapter], database: Database, settings: Settings
) -> None:
    chapter = chapter_of([api], {api: obedient()})
    assert closure_problems(chapter.chapter) == []
    assert chapter.providers == (api,)
    assert len(sections_of(chapter)) >= 3
    assert {section.model for section in sections_of(chapter)} == {settings.models_of(api).writing}
    assert dropped(chapter) == []
    assert (cost_usd(database) > 0) == (api != "local")


def test_chapter__planned_by_a_model__shows_it_in_every_stage_and_its_cost_in_the_record(
    chapter_of: Callable[..., FinalChapter], database: Database
) -> None:
    chapter = chapter_of(["claude"], {"claude": obedient()})
    text = chapter.chapter
    assert "Further aspects" in {part.title for section in sections_of(chapter) for part in section.subsections}
    assert len(text.key_points) >= 3
    said = {sentence.text for section in sections_of(chapter) for sentence in section.sentences}
    assert {point.text for point in text.key_points} <= said
    gap = next(gap for gap in chapter.gap_report.gaps if "thromboprophylaxis" in gap.description)
    assert (gap.type, gap.severity) == ("critical_information", "medium")
    assert "in the opinion of 'claude'" in gap.description
    tasks = {line.task for line in usage(database, chapter="chapter")}
    assert tasks == {
        "section_queries", "key_concepts", "literature_queries", "outline", "section", "key_points", "review",
        "critical_information", "final_review",
    } | ({"relations"} & tasks)  # fmt: skip
    assert any("Read the rates again." in note and "(claude)" in note for note in chapter.notes)


def invented_key(number: int, sentence: Sentence) -> Sentence:
    return {**sentence, "keys": ["abcde"]} if number == 0 else sentence


def no_key(number: int, sentence: Sentence) -> Sentence:
    return {**sentence, "keys": []} if number == 0 else sentence


def other_number(number: int, sentence: Sentence) -> Sentence:
    return {**sentence, "text": f"In 97.3% of patients, {sentence['text']}"} if number == 0 else sentence


def negated(number: int, sentence: Sentence) -> Sentence:
    return {**sentence, "text": f"It is never true that {sentence['text']}"} if number == 0 else sentence


def own_knowledge(number: int, sentence: Sentence) -> Sentence:
    spoken = (
        "Middle meningeal artery embolisation became established practice among interventional specialists everywhere."
    )
    return {**sentence, "text": spoken} if number == 0 else sentence


MISCHIEF = [invented_key, no_key, other_number, negated, own_knowledge]


@pytest.mark.parametrize("mischief", MISCHIEF)
@pytest.mark.parametrize("repairs", [True, False])
def test_chapter__model_that_errs__is_mended_once_or_its_sentence_is_dropped_and_told(
    mischief: Callable[[int, Sentence], Sentence], repairs: bool, chapter_of: Callable[..., FinalChapter]
) -> None:
    chapter = chapter_of(["claude"], {"claude": obedient(mischief=mischief, repairs=repairs)})
    assert closure_problems(chapter.chapter) == []
    text = "\n".join(sentence.text for section in sections_of(chapter) for sentence in section.sentences)
    for lie in ("97.3%", "never true", "embolisation"):
        assert lie not in text
    # A sentence that cites nothing known cannot be mended in the words of what it cites.
    mendable = mischief not in (invented_key, no_key)
    if repairs and mendable:
        assert dropped(chapter) == []
    else:
        assert len(dropped(chapter)) >= 3
        assert any("were left out" in note for note in chapter.notes)


def test_chapter__first_provider_fails__the_next_writes_and_the_record_says_so(
    chapter_of: Callable[..., FinalChapter], database: Database
) -> None:
    chapter = chapter_of(["claude", "gpt"], {"claude": BUSY, "gpt": obedient()})
    assert chapter.providers == ("gpt",)
    told = [note for note in chapter.notes if "came from 'gpt', as other text models gave none: claude: " in note]
    named = ["The key concepts", *(f"The section “{section.title}”" for section in sections_of(chapter))]
    named += ["The section queries", "The literature queries", "The outline", "The key points", "The review"]
    named += ["The critical information", "The final review"]
    for what in named:
        assert len([note for note in told if note.startswith(what + " came")]) == 1, what
    answered = [line for line in usage(database, chapter="chapter") if line.answer]
    assert {line.provider for line in answered} == {"gpt"}
    assert all(line.fallbacks[0].startswith("claude: ") for line in answered)
    assert KEY not in chapter.model_dump_json()


@pytest.mark.parametrize(
    ("plan", "error"), [(BUSY, ModelUnavailable), (in_turn(refusal()), ModelRefused)], ids=["busy", "refusal"]
)
def test_chapter__no_provider_answers__fails_loudly_and_is_no_extractive_one(
    plan: Plan, error: type[Exception], chapter_of: Callable[..., FinalChapter]
) -> None:
    with pytest.raises(error, match=r"no text model answered the 'section_queries' task: claude: .*gpt: "):
        chapter_of(["claude", "gpt"], {"claude": plan, "gpt": plan})


def test_chapter__written_again__asks_nobody_and_costs_nothing(
    chapter_of: Callable[..., FinalChapter], database: Database
) -> None:
    first = chapter_of(["claude"], {"claude": obedient()})
    before, of_chapter = used_today(database), cost_usd(database)
    again = chapter_of(["claude"], {"claude": in_turn(status(500, "must not be asked"))})
    assert used_today(database) == before
    assert cost_usd(database) == of_chapter == before.cost_usd
    assert again == first


def test_chapter__written_again_by_stand_ins_answers__still_says_so(chapter_of: Callable[..., FinalChapter]) -> None:
    first = chapter_of(["claude", "gpt"], {"claude": BUSY, "gpt": obedient()})
    again = chapter_of(["claude", "gpt"], {"claude": BUSY, "gpt": in_turn(status(500, "must not be asked"))})
    named = [[note.partition(" came from ")[0] for note in one.notes if "gave none" in note] for one in (first, again)]
    assert named[0] == named[1] != []


def test_chapter__first_provider_is_back__nothing_is_said_of_the_stand_in(
    chapter_of: Callable[..., FinalChapter], breakers: BreakerStore
) -> None:
    chapter_of(["claude", "gpt"], {"claude": BUSY, "gpt": obedient()})
    breakers.close("claude")
    again = chapter_of(["claude", "gpt"], {"claude": obedient(), "gpt": BUSY})
    assert again.providers == ("claude",)
    assert not any("gave none" in note for note in again.notes)


def test_prompt__of_a_section__fences_what_the_files_say_and_hides_their_keys(
    database: Database, settings: Settings, library: LibraryStore, embedder: Embedder
) -> None:
    seen: list[str] = []

    def plan(request: Request) -> Behaviour:
        seen.append(prompt_of(request))
        return obedient(mischief=honest)(request)

    with written_by(
        ["gemini"], {"gemini": plan}, database=database, settings=settings, library=library, embedder=embedder
    ) as stages:
        chapter = write(stages, BriefRequest(topic=TOPIC)).final
    prompts = [prompt for prompt in seen if "<evidence>" in prompt]
    assert prompts
    for prompt in prompts:
        assert prompt.count("<evidence>") == prompt.count("</evidence>") == 1
        assert not any(key in prompt for key in chapter.chapter.quotes)
