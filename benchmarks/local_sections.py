"""Measures what a weak local model gets past the checks: sections from small plans of real articles.

``python -m benchmarks.local_sections LIBRARY [--home FOLDER] [--sections N]`` (`make install-local-model` first): SmolLM2 with 135 million
parameters writes sections from four quotations each. Its context holds no whole chapter; what counts is that
nothing gets through that its quotations do not say.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.written import TOPICS, ingested, write
from chapter_pipeline.domain import BriefRequest, PlannedSubsection, SectionPlan, SectionPlans
from chapter_pipeline.errors import ChapterPipelineError
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.closure import section_problems
from chapter_pipeline.services.text_model_factory import TextModelFactory
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database
from chapter_pipeline.writing.sections import write_section

QUOTES = 4


@contextmanager
def served() -> Iterator[str]:
    """The address of the model, served by a process of its own."""
    command = [sys.executable, "-m", "tests.providers.local_model_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def small_plans(plans: SectionPlans, count: int) -> list[SectionPlans]:
    """Plans of one section each, with the next four quotations of a section of `plans`."""
    found: list[SectionPlans] = []
    for start in range(0, 100, QUOTES):
        for plan in plans.plans:
            quotes = plan.quotes[start : start + QUOTES]
            if len(quotes) == QUOTES and len(found) < count:
                part = PlannedSubsection(title="", quotes=tuple(quote.key for quote in quotes))
                small = SectionPlan(
                    kind=plan.kind, title=plan.title, purpose=plan.purpose, word_budget=80, subsections=(part,),
                    quotes=quotes,
                )  # fmt: skip
                found.append(plans.model_copy(update={"plans": (small,)}))
    return found


def report(plans: list[SectionPlans], settings: Settings, database: Database, embedder: Embedder) -> None:
    """Have the sections written and print what came through."""
    factory = TextModelFactory(settings, database)
    written = through = dropped = wrong = 0
    try:
        model = factory.text_model(embedder)
        for number, one in enumerate(plans):
            plan = one.plans[0]
            try:
                section = write_section(plan.kind, one, model=model, variant=str(number))
            except ChapterPipelineError as error:
                print(f"  {plan.kind}: {type(error).__name__}: {str(error)[:140]}")
                continue
            written += 1
            claims = [sentence for sentence in section.sentences if sentence.quotes]
            through += len(claims)
            dropped += len(section.dropped)
            wrong += len(section_problems(section, plan))
            for sentence in claims:
                print(f"  through: {sentence.text}")
    finally:
        factory.close()
    print(
        f"{len(plans)} sections asked for: {written} written, {len(plans) - written} failed loudly; {through} sentences "
        f"came through, {dropped} were dropped; uncited claims, unknown keys and unsupported sentences: {wrong}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--home", type=Path, default=None)
    parser.add_argument("--sections", type=int, default=12)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, served() as address:
        home = arguments.home or Path(name)
        workbench = ingested(arguments.library, home)
        topic, kind = TOPICS[0]
        plans = small_plans(write(workbench.stages, BriefRequest(topic=topic, kind=kind)).plans, arguments.sections)
        settings = Settings(home=home, text_model="local", local_url=f"{address}/v1", model_deadline_s=120)
        database = Database.open(settings)
        try:
            report(plans, settings, database, workbench.embedder)
        finally:
            database.close()


if __name__ == "__main__":
    main()
