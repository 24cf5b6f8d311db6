"""Owns stage 10: one section from its plan, refused unless every claim stands on a quote of the plan."""

from __future__ import annotations

from collections.abc import Iterator

from chapter_pipeline.domain import Section, SectionPlans
from chapter_pipeline.domain.tasks import SectionReply, SectionRequest
from chapter_pipeline.errors import ClaimNotGrounded
from chapter_pipeline.ports import Reply, Task, TextModel
from chapter_pipeline.quality.closure import section_problems
from chapter_pipeline.writing.question_tables import other_findings


def write_section(
    kind: str, plans: SectionPlans, *, model: TextModel, variant: str = "", earlier: Section | None = None
) -> Section:
    """Stage 10. Without a plan the section is `unused`. `variant`: wanted anew, see `ports.Task`.

    `earlier`: the text before, which a revision is told together with what was cut from it. Raises `ClaimNotGrounded` naming the first fault.
    """
    plan = plans.plan(kind)
    if plan is None:
        return Section(kind=kind, title=kind.replace("_", " ").capitalize(), status="unused")
    revised = earlier if earlier is not None and plan.recommendations else None
    request = SectionRequest(
        topic=plans.topic, audience=plans.audience, plan=plan,
        earlier=tuple(_paragraphs(revised)) if revised else (), cut=revised.dropped if revised else (),
    )  # fmt: skip
    reply: Reply[SectionReply] = model.complete(
        Task(
            kind="section", request=request, reply_type=SectionReply, chapter=plans.slug, section=kind, variant=variant
        )
    )
    section = Section(
        kind=kind,
        title=plan.title,
        status="written",
        subsections=reply.value.subsections,
        evidence_table=other_findings(reply.value.evidence_table, plan.question_tables),
        question_tables=plan.question_tables,
        figures=plan.figures,
        dropped=reply.value.dropped,
        provider=reply.provider,
        model=reply.model,
    )
    problems = section_problems(section, plan)
    if problems:
        raise ClaimNotGrounded(f"section {kind!r} of {plans.slug!r}: {problems[0]} ({len(problems)} problems)")
    return section


def _paragraphs(section: Section) -> Iterator[str]:
    for subsection in section.subsections:
        for paragraph in subsection.paragraphs:
            yield " ".join(sentence.text for sentence in paragraph.sentences)
