"""Owns how the command line shows study records and findings: as tables, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chapter_pipeline.cli.console import print_json, print_table, say
from chapter_pipeline.domain.document import place
from chapter_pipeline.domain.evidence import Dropped, Finding, FindingKind

if TYPE_CHECKING:
    from chapter_pipeline.publishing.evidence_table import EvidenceRow
    from chapter_pipeline.services.findings import DocumentFindings, FoundFinding
    from chapter_pipeline.services.record_filling import RecordsEstimate

REFRESH = "chapter-pipeline findings refresh"


def show_document_findings(told: DocumentFindings, kinds: Sequence[FindingKind], *, json: bool) -> None:
    """Print the study record of a document with its findings, or with those of some kinds."""
    from chapter_pipeline.publishing.evidence_table import effects_text, page_cell

    document, record = told.document, told.record
    findings = [one for one in record.findings if not kinds or one.kind in kinds] if record is not None else []
    if json:
        study = None if record is None else record.model_dump(mode="json", exclude={"findings"})
        named = {"document": document.key, "title": document.record.title, "current": told.current, "study": study}
        print_json({**named, "findings": [finding_as_json(one) for one in findings]})
        return
    if record is None:
        say(f"{document.key} has no study record yet: {REFRESH}")
        return
    population = record.population
    about = {
        "document": document.key, "title": document.record.title, "design": record.design.value,
        "level": record.level, "setting": record.setting, "condition": population.condition,
        "species": population.species.value, "n": population.n, "population": population.text,
        "arms": "; ".join(record.arms), "made by": record.origin, "dropped": "; ".join(map(_dropped, record.dropped)),
        "not filled by a model": record.unfilled, "notes": "; ".join(record.notes), "findings": len(record.findings),
    }  # fmt: skip
    print_table("Study record", ["Field", "Value"], list(about.items()))
    if not told.current:
        say(f"the record is {told.outdated}: {REFRESH}")
    columns = ["Main", "Kind", "Page", "Species", "Intervention", "Comparator", "Outcome", "Direction", "Effect", "p", "By", "Text"]  # fmt: skip
    rows = [
        (
            "*" if one.main else "", one.kind.value, page_cell(one), one.species.value, one.intervention,
            one.comparator, one.outcome, one.direction.value, effects_text(one.effects), "; ".join(one.p),
            "model" if one.made_by else "rules", one.text,
        )
        for one in findings
    ]  # fmt: skip
    if rows:
        print_table("Findings", columns, rows)
    else:
        say("no finding" + (f" of the kinds {', '.join(kind.value for kind in kinds)}" if kinds else ""))


def show_estimate(expected: RecordsEstimate | None, *, json: bool) -> None:
    """Print what filling study records by a model will cost; None: rules fill them."""
    if expected is None:
        if json:
            print_json({"usd": 0.0, "most_usd": 0.0, "documents": []})
        else:
            say("nothing: rules fill study records (CHAPTER_STUDY_RECORDS)")
        return
    if json:
        documents = [
            {
                "document": one.document, "input_tokens": one.usage.input_tokens,
                "output_tokens": one.usage.output_tokens, "usd": float(one.usage.cost_usd),
                "most_usd": float(one.most_usd), "answered": one.answered, "over_cap": one.over_cap,
            }
            for one in expected.calls
        ]  # fmt: skip
        told = {"provider": expected.provider, "model": expected.model, "usd": float(expected.usd)}
        print_json({**told, "most_usd": float(expected.most_usd), "documents": documents})
        return
    say(estimate_line(expected))


def estimate_line(expected: RecordsEstimate) -> str:
    """What filling will cost, in one line."""
    calls, paid = expected.calls, expected.paid
    answered, over = sum(one.answered for one in calls), sum(one.over_cap and not one.answered for one in calls)
    tokens_in, tokens_out = expected.tokens
    return (
        f"{len(paid)} documents are sent to {expected.provider} {expected.model}: about {expected.usd:.2f} USD"
        f" ({tokens_in:,} tokens in, {tokens_out:,} out), at the most {expected.most_usd:.2f}; the caps are"
        f" {expected.document_cap_usd} a document (CHAPTER_BUDGET_DOCUMENT_USD) and {expected.day_cap_usd} a day"
        + (f"; {answered} have their answer already" if answered else "")
        + (f"; {over} may cost more than a cap and are left to rules" if over else "")
    )


def show_found(found: FoundFinding) -> None:
    """Print a hit of a search: where it stands, what it is, and its text."""
    row, finding = found.row, found.row.finding
    span = finding.statement
    where = place(span.page, span.page_label, span.paragraph, unit="page")
    say(f"{found.rank}. {row.document.title or row.document.key}, {where}", style="bold")
    main = "main finding, " if finding.main else ""
    say(f"   {main}{finding.kind.value}; {row.study.design.value}, level {row.study.level}; {finding.species.value}")
    if said := _said(finding):
        say(f"   {said}")
    say(f"   score {found.score:.3f}, {found.words} words of the query, document {row.document.key}", style="dim")
    say(f"   {finding.text}")


def found_as_json(found: FoundFinding) -> dict[str, Any]:
    """A hit of a search."""
    about = {
        "rank": found.rank, "score": found.score, "words": found.words, "passage": found.passage, "fits": found.fits
    }  # fmt: skip
    return {**about, **_study_as_json(found.row), **finding_as_json(found.row.finding)}


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """A finding, with its text and the page of the sentence that states it."""
    return {**finding.model_dump(mode="json"), "text": finding.text, "page": finding.statement.page}


def _study_as_json(row: EvidenceRow) -> dict[str, Any]:
    return {
        "document": row.document.key, "title": row.document.title, "authors": list(row.document.authors),
        "year": row.document.year, "doi": row.document.doi, "design": row.study.design.value,
        "level": row.study.level, "n": row.study.population.n,
    }  # fmt: skip


def _dropped(one: Dropped) -> str:
    return f"{one.what}: {one.count} ({one.reason})"


def _said(finding: Finding) -> str:
    """``wafer against placebo; survival: increased; 13.9 vs 11.6 months; P=0.03``: what is stated of it."""
    from chapter_pipeline.domain.evidence import Direction
    from chapter_pipeline.publishing.evidence_table import effects_text

    compared = " against ".join(part for part in (finding.intervention, finding.comparator) if part)
    direction = "" if finding.direction is Direction.NOT_STATED else finding.direction.value
    outcome = ": ".join(part for part in (finding.outcome, direction) if part)
    return "; ".join(part for part in (compared, outcome, effects_text(finding.effects), *finding.p) if part)
