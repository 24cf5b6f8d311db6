"""The gap rules at the boundary of every limit, one row a case, and the owner's revision rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from chapter_pipeline.domain import Closer, Gap, GapReport, GapType, Quote, Severity, UnusedEvidence
from chapter_pipeline.ports import Vectors
from chapter_pipeline.quality.gap_inputs import Inputs, Spoken
from chapter_pipeline.quality.gaps import (
    SEVERITY_WEIGHTS,
    closed_by,
    completeness_score,
    content_completeness,
    critical_information,
    gap_report,
    requires_revision,
    section_balance,
    temporal_coverage,
    unused_evidence,
)
from chapter_pipeline.quality.section_fit import fit_floor
from chapter_pipeline.quality.source_gaps import incomplete_references, source_coverage
from tests.quality.gap_inputs import gap_inputs, point, quote, section, source, template

CRITICAL, HIGH, MEDIUM, LOW = Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A gap that a case expects; `says` stands in its description."""

    severity: Severity
    recommendation: str
    section: str | None = None
    evidence: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A chapter, the gaps of one dimension in it, and for source coverage its unused evidence."""

    what: str
    inputs: Inputs
    gaps: tuple[Found, ...] = ()
    unused: tuple[UnusedEvidence, ...] = ()


def each(cases: Sequence[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.what) for case in cases])


def check(found: Iterable[Gap], dimension: GapType, expected: Sequence[Found]) -> None:
    gaps = list(found)
    assert [
        Found(severity=gap.severity, section=gap.section, recommendation=gap.recommendation, evidence=gap.evidence)
        for gap in gaps
    ] == [
        Found(severity=one.severity, section=one.section, recommendation=one.recommendation, evidence=one.evidence)
        for one in expected
    ]
    for gap, one in zip(gaps, expected, strict=True):
        assert gap.type is dimension
        assert one.says in gap.description


ADD_OUTCOMES = "Add documents to the library for “Outcomes”: what it is."
MORE_OUTCOMES = "Use more of the evidence at hand in “Outcomes”."
FITS = {"outcomes": 0.3}


def missing(share: float = 0.5, *, planned: bool = True, at_hand: bool = True, reason: str | None = None) -> Inputs:
    """A chapter without the section on outcomes."""
    return gap_inputs(
        templates=[template("outcomes", share=share)],
        budgets={"outcomes": 100} if planned else {},
        quotes=[quote("q1", fits=FITS)] if at_hand else [],
        unused={"outcomes": reason} if reason else {},
    )


def of_plan(words: int, *, planned: int | None = 100, at_hand: bool = False) -> Inputs:
    """A chapter whose section on outcomes has so many of its planned words."""
    return gap_inputs(
        section("outcomes", words),
        budgets={} if planned is None else {"outcomes": planned},
        quotes=[quote("q1", fits=FITS)] if at_hand else [],
    )


COMPLETENESS = [
    Case(
        what="a missing section of 8% of the words is high",
        inputs=missing(share=0.08),
        gaps=(
            Found(
                severity=HIGH, section="outcomes", evidence=("q1",),
                recommendation="Write “Outcomes” from its evidence.",
                says="The section “Outcomes” is missing: none of its sentences is left.",
            ),
        ),
    ),
    Case(
        what="a missing section of less than 8% is medium",
        inputs=missing(share=0.0799),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", evidence=("q1",),
                recommendation="Write “Outcomes” from its evidence.",
            ),
        ),
    ),
    Case(
        what="a missing section without evidence asks for documents",
        inputs=missing(at_hand=False),
        gaps=(Found(severity=HIGH, section="outcomes", recommendation=ADD_OUTCOMES),),
    ),
    Case(
        what="a section that was never planned asks for documents and says why",
        inputs=missing(planned=False, reason="too little evidence"),
        gaps=(
            Found(
                severity=HIGH, section="outcomes", recommendation=ADD_OUTCOMES, evidence=("q1",),
                says="is missing: too little evidence.",
            ),
        ),
    ),
    Case(what="40% of the planned words is no gap here", inputs=of_plan(40)),
    Case(
        what="under 40% of the planned words is medium",
        inputs=of_plan(39),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", recommendation=ADD_OUTCOMES,
                says="“Outcomes” has 39 words of 100 planned.",
            ),
        ),
    ),
    Case(
        what="under 40% with evidence at hand asks to use it",
        inputs=of_plan(39, at_hand=True),
        gaps=(Found(severity=MEDIUM, section="outcomes", recommendation=MORE_OUTCOMES, evidence=("q1",)),),
    ),
    Case(what="a written section without a plan is no gap", inputs=of_plan(1, planned=None)),
    Case(
        what="of two sections the missing one is named",
        inputs=gap_inputs(section("outcomes", 100), templates=[template("outcomes"), template("imaging")]),
        gaps=(
            Found(
                severity=HIGH, section="imaging", recommendation="Add documents to the library for “Imaging”: what it is."
            ),
        ),
    ),
]  # fmt: skip


@each(COMPLETENESS)
def test_content_completeness(case: Case) -> None:
    check(content_completeness(case.inputs), GapType.CONTENT_COMPLETENESS, case.gaps)


def cited(*counts: int, levels: Sequence[int] = (3, 3, 3), words: int = 60) -> Inputs:
    """A chapter with one section that cites the sources a, b and c so many times."""
    quotes = [quote(f"{name}{n}", name) for name, count in zip("abc", counts, strict=False) for n in range(count)]
    sources = [source(name, level=level) for name, level in zip("abc", levels, strict=False)][: len(counts)]
    return gap_inputs(
        section("outcomes", words, cites=[one.key for one in quotes]),
        quotes=quotes,
        sources=sources,
        references=sources,
    )


def one_source(words: int, *, others: Sequence[Quote] = ()) -> Inputs:
    """A section on one source beside another section on another."""
    quotes = [quote("q1", "a"), quote("q2", "b"), *others]
    sources = [source("a"), source("b")]
    return gap_inputs(
        section("outcomes", words, cites=["q1"]),
        section("imaging", 60, cites=["q2"]),
        quotes=quotes,
        sources=sources,
        references=sources,
    )


def uncited(
    *quotes: Quote, level: int = 2, relevance: float = 0.45, document: bool = True, authors: Sequence[str] = (),
    assignments: Mapping[str, tuple[str, ...]] | None = None, year: int | None = 2020, title: str = "A trial",
) -> Inputs:  # fmt: skip
    """A balanced chapter beside a source, `trial`, that it does not cite."""
    cited_sources = [source("a"), source("b")]
    trial = source(
        "trial", level=level, relevance=relevance, document=document, authors=authors, year=year, title=title
    )
    return gap_inputs(
        section("outcomes", 60, cites=["q1", "q2"]),
        quotes=[quote("q1", "a"), quote("q2", "b"), *quotes],
        sources=[*cited_sources, trial],
        references=cited_sources,
        budgets={"outcomes": 100, "imaging": 100},
        assignments=assignments,
    )


def left(key: str, score: float, *, source: str = "trial", section: str | None = "outcomes") -> UnusedEvidence:
    return UnusedEvidence(quote=key, source=source, page=4, section=section, text=key, score=score)


COVERAGE = [
    Case(what="half of the citations from one source is no gap", inputs=cited(2, 2)),
    Case(what="a third of the citations from each of three sources is no gap", inputs=cited(1, 1, 1)),
    Case(
        what="more than half of the citations from one source is high",
        inputs=cited(3, 1, 1),
        gaps=(
            Found(
                severity=HIGH, recommendation="Add documents by other authors on the topic.",
                says="3 of 5 citations are of one source (“Study of a”).",
            ),
        ),
    ),
    Case(
        what="more than a third of six citations from one source is medium",
        inputs=cited(3, 2, 1),
        gaps=(
            Found(
                severity=MEDIUM, recommendation="Add documents by other authors on the topic.",
                says="3 of 6 citations are of one source (“Study of a”).",
            ),
        ),
    ),
    Case(what="a chapter that cites nothing has no leaning", inputs=gap_inputs(section("outcomes", 100))),
    Case(what="level 3 at best is no gap", inputs=cited(1, 1, levels=(5, 3))),
    Case(
        what="no level better than 4 is high",
        inputs=cited(1, 1, levels=(5, 4)),
        gaps=(
            Found(
                severity=HIGH, recommendation="Add trials, cohort studies or systematic reviews on the topic.",
                says="the best evidence level is 4.",
            ),
        ),
    ),
    Case(what="60 words on one source are no gap", inputs=one_source(60)),
    Case(what="fewer words on one source are no gap", inputs=one_source(20)),
    Case(
        what="more than 60 words on one source are medium and other sources' evidence is named",
        inputs=one_source(61, others=[quote("own", "a", fits=FITS), quote("other", "b", fits=FITS)]),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", recommendation="Add a second source for “Outcomes”.",
                evidence=("other",), says="“Outcomes” rests on one source (“Study of a”).",
            ),
        ),
    ),
    Case(
        what="a long section on two sources is no gap",
        inputs=cited(1, 1, words=61),
    ),
    Case(
        what="an uncited trial of relevance 0.45 is medium and goes to the section it fits best",
        inputs=uncited(
            quote("t1", "trial", fits={"outcomes": 0.2, "imaging": 0.3}),
            quote("t2", "trial", fits={"outcomes": 0.1, "imaging": 0.4}),
            quote("z1", "zeta", fits={"outcomes": 0.9}),
        ),
        gaps=(
            Found(
                severity=MEDIUM, section="imaging", evidence=("t2", "t1"),
                recommendation="Use the evidence of “A trial”.",
                says="Randomised controlled trial not cited: A trial",
            ),
        ),
    ),
    Case(
        what="the closeness of a quote to the topic counts for its home beside its fit",
        inputs=uncited(
            quote("t1", "trial", fits={"outcomes": 0.2}, relevance=0.9),
            quote("t2", "trial", fits={"imaging": 0.4}, relevance=0.6),
        ),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", evidence=("t1", "t2"),
                recommendation="Use the evidence of “A trial”.",
            ),
        ),
    ),
    Case(
        what="a quote that another section has does not go to the section it fits best",
        inputs=uncited(
            quote("t1", "trial", fits={"outcomes": 0.2, "imaging": 0.3}), assignments={"outcomes": ("t1",)}
        ),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", evidence=("t1",), recommendation="Use the evidence of “A trial”."
            ),
        ),
    ),
    Case(
        what="of two homes as good the later by name is taken and quotes as good come by their keys",
        inputs=uncited(
            quote("t2", "trial", fits={"outcomes": 0.3, "imaging": 0.3}),
            quote("t1", "trial", fits={"outcomes": 0.3, "imaging": 0.3}),
        ),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", evidence=("t1", "t2"),
                recommendation="Use the evidence of “A trial”.",
            ),
        ),
    ),
    Case(
        what="a quote without a fit joins the home of the better one after it",
        inputs=uncited(
            quote("t1", "trial", fits={"outcomes": 0.1}, relevance=0.5),
            quote("t2", "trial", relevance=0.55),
            quote("t3", "trial", fits={"outcomes": 0.2}, relevance=0.2),
        ),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", evidence=("t1", "t2", "t3"),
                recommendation="Use the evidence of “A trial”.",
            ),
        ),
    ),
    Case(
        what="an uncited meta-analysis without a quote has no section",
        inputs=uncited(level=1),
        gaps=(Found(severity=MEDIUM, recommendation="Use the evidence of “A trial”."),),
    ),
    Case(what="an uncited source of level 3 is no gap", inputs=uncited(level=3)),
    Case(what="an uncited trial of less relevance is no gap", inputs=uncited(relevance=0.4499)),
    Case(what="an uncited trial known by reference only is no gap", inputs=uncited(document=False)),
    Case(
        what="a cited trial is no gap",
        inputs=cited(1, 1, levels=(1, 2)),
    ),
    Case(
        what="unused evidence worth 0.25 is low and names the first five",
        inputs=uncited(level=5),
        unused=(left("u1", 0.25), *(left(f"u{n}", 0.2, section=None) for n in range(2, 7))),
        gaps=(
            Found(
                severity=LOW, section="outcomes", evidence=("u1", "u2", "u3", "u4", "u5"),
                recommendation="Read the unused evidence, first “A trial”, page 4.",
                says="6 relevant sentences far from all that is cited are not used.",
            ),
        ),
    ),
    Case(what="unused evidence worth less is no gap", inputs=uncited(level=5), unused=(left("u1", 0.2499),)),
]  # fmt: skip


@each(COVERAGE)
def test_source_coverage(case: Case) -> None:
    check(source_coverage(case.inputs, case.unused), GapType.SOURCE_COVERAGE, case.gaps)


def test_source_coverage__uncited_trials__are_told_in_the_order_of_their_keys() -> None:
    trials = [source(key, level=2) for key in ("zeta", "alpha")]
    gaps = source_coverage(gap_inputs(sources=trials), ())
    assert [gap.recommendation for gap in gaps] == [
        f"Use the evidence of “Study of {key}”." for key in ("alpha", "zeta")
    ]


@pytest.mark.parametrize(
    ("authors", "year", "named"),
    [
        (("Lind, Per",), 2019, "Lind 2019"),
        (("Lind, Per", "Moreau, Jean"), 2019, "Lind et al. 2019"),
        (("Jan van der Berg",), 2019, "Berg 2019"),
        (("Lind, Per",), None, "Lind"),
        ((), 2019, "“" + "T" * 60 + "”"),
    ],
    ids=["one author", "several authors", "a name without a comma", "no year", "no author: the title's beginning"],
)
def test_source_coverage__a_source__is_named_as_a_reader_knows_it(
    authors: tuple[str, ...], year: int | None, named: str
) -> None:
    (gap,) = source_coverage(uncited(authors=authors, year=year, title="T" * 61), ())
    assert gap.recommendation == f"Use the evidence of {named}."


BALANCE = [
    Case(
        what="40% of the planned words is low",
        inputs=of_plan(40),
        gaps=(Found(severity=LOW, section="outcomes", recommendation=ADD_OUTCOMES, says="has 40% of its planned words"),),
    ),
    Case(what="under 40% is the matter of completeness", inputs=of_plan(39)),
    Case(
        what="just under three quarters is low and asks to use what is at hand",
        inputs=of_plan(74, at_hand=True),
        gaps=(Found(severity=LOW, section="outcomes", recommendation=MORE_OUTCOMES, evidence=("q1",)),),
    ),
    Case(what="three quarters is balanced", inputs=of_plan(75, at_hand=True)),
    Case(what="five quarters is balanced", inputs=of_plan(125, at_hand=True)),
    Case(
        what="more than five quarters is medium, asks to shorten and names no evidence",
        inputs=of_plan(126, at_hand=True),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", recommendation="Shorten the section.",
                says="“Outcomes” has 126% of its planned words.",
            ),
        ),
    ),
    Case(what="a section without a plan is balanced", inputs=of_plan(500, planned=None)),
    Case(what="a section without a plan and without words is no matter of balance", inputs=of_plan(0, planned=None)),
    Case(
        what="a section planned with no word counts as planned with one",
        inputs=of_plan(2, planned=0),
        gaps=(
            Found(severity=MEDIUM, section="outcomes", recommendation="Shorten the section.", says="has 200% of its"),
        ),
    ),
]  # fmt: skip


@each(BALANCE)
def test_section_balance(case: Case) -> None:
    check(section_balance(case.inputs), GapType.SECTION_BALANCE, case.gaps)


def of_years(*years: int | None) -> Inputs:
    """A chapter whose references are of these years; its cut-off date lies in 2026."""
    return gap_inputs(references=[source(f"s{n}", year=year) for n, year in enumerate(years)])


def dated(cited_years: Sequence[int | None], *at_hand: int | None) -> Inputs:
    """A section on sources of these years, with quotes of other years at hand. The references are all recent."""
    cites = [quote(f"c{n}", year=year) for n, year in enumerate(cited_years)]
    fitting = [quote(f"h{n}", year=year, fits=FITS) for n, year in enumerate(at_hand)]
    return gap_inputs(
        section("outcomes", cites=[one.key for one in cites]), quotes=[*cites, *fitting], references=[source("a")]
    )


SEARCH = "Search the literature since 2021 on Glioma."
USE_RECENT = "Use what was published since 2021 in this section."
ADD_YEARS = "Add reference files (RIS, NBIB, BibTeX) of these works to references/."
TEMPORAL = [
    Case(what="a fifth of the sources of the last five years is enough", inputs=of_years(2021, 2020, 2019, 2018, 2010)),
    Case(
        what="less than a fifth is medium",
        inputs=of_years(2021, 2020, 2019, 2018, 2010, 2009),
        gaps=(
            Found(
                severity=MEDIUM, recommendation=SEARCH,
                says="17% of the cited sources are of 2021 or later; the newest is of 2021.",
            ),
        ),
    ),
    Case(
        what="nothing of the last five years is high",
        inputs=of_years(2020),
        gaps=(Found(severity=HIGH, recommendation=SEARCH, says="the newest is of 2020."),),
    ),
    Case(what="a source five years before the cut-off is recent", inputs=of_years(2021)),
    Case(
        what="a source without a year is low and counts in no share",
        inputs=of_years(2021, None, None),
        gaps=(Found(severity=LOW, recommendation=ADD_YEARS, says="2 of 3 cited sources have no known year."),),
    ),
    Case(
        what="sources without any year are low and nothing else",
        inputs=of_years(None),
        gaps=(Found(severity=LOW, recommendation=ADD_YEARS, says="1 of 1 cited sources"),),
    ),
    Case(what="a chapter without sources is the matter of source coverage", inputs=of_years()),
    Case(
        what="a section on old sources with a recent quote at hand is medium",
        inputs=dated([2020, 2011], 2021, 2020, None),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", recommendation=USE_RECENT, evidence=("h0",),
                says="“Outcomes” cites nothing of 2021 or later; 1 quote at hand would fit it.",
            ),
        ),
    ),
    Case(
        what="of all recent quotes that are counted the first five are named",
        inputs=dated([2020], *[2022] * 7),
        gaps=(
            Found(
                severity=MEDIUM, section="outcomes", recommendation=USE_RECENT, evidence=("h0", "h1", "h2", "h3", "h4"),
                says="; 7 quotes at hand would fit it.",
            ),
        ),
    ),
    Case(what="a section that cites one source of the first recent year is no gap", inputs=dated([2010, 2021], 2024)),
    Case(what="a section that cites one newer source is no gap", inputs=dated([2010, 2023], 2024)),
    Case(what="a section on old sources with nothing recent at hand is no gap", inputs=dated([2010], 2020, None)),
    Case(
        what="a section on undated sources with a recent quote at hand is medium",
        inputs=dated([None], 2021),
        gaps=(Found(severity=MEDIUM, section="outcomes", recommendation=USE_RECENT, evidence=("h0",)),),
    ),
    Case(what="a section that cites nothing is no gap", inputs=dated([], 2024)),
]  # fmt: skip


@each(TEMPORAL)
def test_temporal_coverage(case: Case) -> None:
    check(temporal_coverage(case.inputs), GapType.TEMPORAL_COVERAGE, case.gaps)


def demanded(
    *quotes: Quote, critical: bool = True, says: str = "word", table_says: str = "word", elsewhere: str = "word",
    assignments: Mapping[str, tuple[str, ...]] | None = None,
) -> Inputs:  # fmt: skip
    """A chapter that has to cover ``seizures`` in its section on outcomes."""
    return gap_inputs(
        section("outcomes", says=says, cites=["c1"], table=["t1"], table_says=table_says),
        section("imaging", says=elsewhere, cites=["c2"]),
        templates=[
            template("outcomes", points=[point("seizures", "outcomes", critical=critical)]),
            template("imaging"),
        ],
        quotes=quotes,
        assignments=assignments,
    )


COVER = "Cover seizures in this section"
CRITICAL_POINTS = [
    Case(
        what="a critical point that the library says nothing of is critical",
        inputs=demanded(),
        gaps=(
            Found(
                severity=CRITICAL, section="outcomes", recommendation=f"{COVER}: add documents on it first.",
                says="Not covered: seizures; no passage of its sources states it.",
            ),
        ),
    ),
    Case(
        what="a point that is not critical is medium",
        inputs=demanded(critical=False),
        gaps=(
            Found(severity=MEDIUM, section="outcomes", recommendation=f"{COVER}: add documents on it first."),
        ),
    ),
    Case(what="a sentence of its section covers it", inputs=demanded(says="seizures")),
    Case(what="a row of its section's table covers it", inputs=demanded(table_says="seizures")),
    Case(
        what="a sentence of another section does not cover it",
        inputs=demanded(elsewhere="seizures"),
        gaps=(
            Found(severity=CRITICAL, section="outcomes", recommendation=f"{COVER}: add documents on it first."),
        ),
    ),
    Case(
        what="a chapter without its section does not cover it",
        inputs=gap_inputs(templates=[template("outcomes", points=[point("seizures", "outcomes")])]),
        gaps=(
            Found(severity=CRITICAL, section="outcomes", recommendation=f"{COVER}: add documents on it first."),
        ),
    ),
    Case(
        what="a quote on it with a fit of 0.05 would do",
        inputs=demanded(quote("q1", points=["seizures"], fits={"outcomes": 0.05})),
        gaps=(
            Found(
                severity=CRITICAL, section="outcomes", recommendation=f"{COVER}.", evidence=("q1",),
                says="; 1 quote at hand would fit.",
            ),
        ),
    ),
    Case(
        what="a quote on it with less fit would not",
        inputs=demanded(quote("q1", points=["seizures"], fits={"outcomes": 0.0499})),
        gaps=(
            Found(
                severity=CRITICAL, section="outcomes", recommendation=f"{COVER}: add documents on it first.",
                says="; 1 quote with its words belong to other sections or matters.",
            ),
        ),
    ),
    Case(
        what="a quote on it that fits no section would not",
        inputs=demanded(quote("q1", points=["seizures"])),
        gaps=(
            Found(severity=CRITICAL, section="outcomes", recommendation=f"{COVER}: add documents on it first."),
        ),
    ),
    Case(
        what="a quote on it that another section has would not",
        inputs=demanded(quote("q1", points=["seizures"], fits=FITS), assignments={"imaging": ("q1",)}),
        gaps=(
            Found(severity=CRITICAL, section="outcomes", recommendation=f"{COVER}: add documents on it first."),
        ),
    ),
    Case(
        what="a quote on another point is no evidence",
        inputs=demanded(quote("q1", points=["infection"], fits=FITS)),
        gaps=(
            Found(
                severity=CRITICAL, section="outcomes", recommendation=f"{COVER}: add documents on it first.",
                says="no passage of its sources states it",
            ),
        ),
    ),
    Case(
        what="of the quotes on it the five best by fit and closeness are named",
        inputs=demanded(
            *[quote(f"q{n}", points=["seizures"], fits={"outcomes": 0.1 + n / 100}) for n in range(5)],
            quote("close", points=["seizures"], fits={"outcomes": 0.05}, relevance=0.9),
        ),
        gaps=(
            Found(
                severity=CRITICAL, section="outcomes", recommendation=f"{COVER}.",
                evidence=("close", "q4", "q3", "q2", "q1"), says="; 6 quotes at hand would fit.",
            ),
        ),
    ),
]  # fmt: skip


@each(CRITICAL_POINTS)
def test_critical_information(case: Case) -> None:
    check(critical_information(case.inputs), GapType.CRITICAL_INFORMATION, case.gaps)


def test_critical_information__a_covered_point__does_not_hide_the_next_one() -> None:
    points = [point("seizures", "outcomes"), point("infection", "outcomes")]
    inputs = gap_inputs(
        section("outcomes", says="seizures", cites=["c1"]), templates=[template("outcomes", points=points)]
    )
    assert [gap.description.split(";")[0] for gap in critical_information(inputs)] == ["Not covered: infection"]


@pytest.mark.parametrize(
    ("relevance", "floor"),
    [(0.0, 0.10), (0.5499, 0.10), (0.55, 0.05), (1.0, 0.05)],
)
def test_fit_floor__a_quote_close_to_the_topic__needs_half_the_fit(relevance: float, floor: float) -> None:
    assert fit_floor(quote("q1", relevance=relevance)) == floor


@pytest.mark.parametrize(
    ("candidate", "assignments", "there"),
    [
        (quote("q1", fits={"outcomes": 0.10}), {}, True),
        (quote("q1", fits={"outcomes": 0.0999}), {}, False),
        (quote("q1", fits={"outcomes": 0.05}, relevance=0.55), {}, True),
        (quote("q1", fits={"imaging": 0.9}), {}, False),
        (quote("q1"), {"outcomes": ("q1",)}, True),
        (quote("q1", fits={"outcomes": 0.9}), {"imaging": ("q1",)}, False),
        (quote("cited", fits={"outcomes": 0.9}), {}, False),
        (quote("tabled", fits={"outcomes": 0.9}), {}, False),
    ],
    ids=[
        "a quote that fits", "a quote that hardly fits", "one close to the topic that fits half as well",
        "one that fits another section", "one that its plan has", "one that another section's plan has",
        "one that the chapter cites", "one that a table of the chapter cites",
    ],
)  # fmt: skip
def test_at_hand__what_a_section_may_still_cite(
    candidate: Quote, assignments: dict[str, tuple[str, ...]], there: bool
) -> None:
    inputs = gap_inputs(
        section("imaging", cites=["cited"], table=["tabled"]), quotes=[candidate], assignments=assignments
    )
    assert [one.key for one in inputs.at_hand("outcomes")] == (["q1"] if there else [])


def test_at_hand__best_first__by_fit_and_closeness_then_by_key_and_five_of_them() -> None:
    quotes = [
        quote("b", fits={"outcomes": 0.2}),
        quote("a", fits={"outcomes": 0.2}),
        quote("fits", fits={"outcomes": 0.3}),
        quote("close", fits={"outcomes": 0.1}, relevance=0.65),
        quote("planned", relevance=0.51),
        quote("last", fits={"outcomes": 0.1}, relevance=0.35),
    ]
    inputs = gap_inputs(quotes=quotes, assignments={"outcomes": ("planned",)})
    expected = ["fits", "close", "a", "b", "planned", "last"]
    assert [one.key for one in inputs.at_hand("outcomes", limit=None)] == expected
    assert [one.key for one in inputs.at_hand("outcomes")] == expected[:5]


def gaps_of(**counts: int) -> list[Gap]:
    return [
        Gap(type=GapType.SOURCE_COVERAGE, severity=Severity(severity), description="d", recommendation="r")
        for severity, count in counts.items()
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("score", "counts", "revised"),
    [
        (1.0, {}, False),
        (1.0, {"critical": 1}, True),
        (1.0, {"critical": 2}, True),
        (1.0, {"high": 2}, False),
        (1.0, {"high": 3}, True),
        (1.0, {"high": 4}, True),
        (0.75, {}, False),
        (0.749, {}, True),
        (0.0, {}, True),
        (0.75, {"high": 2, "medium": 9, "low": 9}, False),
    ],
    ids=[
        "no gap", "one critical gap", "two critical gaps", "two high gaps", "three high gaps", "four high gaps",
        "three quarters complete", "less than three quarters complete", "nothing there",
        "medium and low gaps never decide",
    ],
)  # fmt: skip
def test_requires_revision__the_owners_rule(score: float, counts: dict[str, int], revised: bool) -> None:
    assert requires_revision(score, gaps_of(**counts)) is revised


def test_severity_weights__are_the_owners() -> None:
    assert SEVERITY_WEIGHTS == {CRITICAL: 10, HIGH: 7, MEDIUM: 4, LOW: 1}


@pytest.mark.parametrize(
    ("inputs", "score"),
    [
        (gap_inputs(section("outcomes", 50), budgets={"outcomes": 100}), 1.0),
        (gap_inputs(section("outcomes", 200), budgets={"outcomes": 100}), 1.0),
        (gap_inputs(section("outcomes", 25), budgets={"outcomes": 100}), 0.5),
        (gap_inputs(section("outcomes", 10), budgets={"outcomes": 30}), 0.667),
        (gap_inputs(section("outcomes", 1)), 1.0),
        (gap_inputs(section("outcomes", 1), budgets={"outcomes": 0}), 1.0),
        (gap_inputs(section("outcomes", 0)), 0.0),
        (
            gap_inputs(
                section("outcomes", 100),
                templates=[template("outcomes", share=0.1), template("imaging", share=0.3)],
                budgets={"outcomes": 100, "imaging": 100},
            ),
            0.25,
        ),
        (
            gap_inputs(
                section("outcomes", 100, says="seizures", cites=["c1"]),
                templates=[
                    template("outcomes", points=[point(one, "outcomes") for one in ("seizures", "infection", "age")])
                ],
                budgets={"outcomes": 100},
            ),
            0.333,
        ),
    ],
    ids=[
        "half of the plan counts as whole", "words beyond the plan count for nothing", "a quarter of the plan is half",
        "to three digits", "a section without a plan counts as planned with one word", "so does one planned with none",
        "no word is nothing", "sections count by their share",
        "one of three points met",
    ],
)  # fmt: skip
def test_completeness_score__is_the_share_of_points__of_words_where_there_is_none(inputs: Inputs, score: float) -> None:
    assert completeness_score(inputs) == score


class Directions:
    """Implements `ports.Embedder` with a vector for each text; other texts are at a right angle to all of these."""

    name = "directions"
    dimension = 3

    def __init__(self, vectors: Mapping[str, Sequence[float]] | None = None) -> None:
        self._vectors = vectors or {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.array([self._vectors.get(text, (0, 0, 1)) for text in texts], dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def test_unused_evidence__closeness_to_the_topic_times_distance_from_what_is_cited__ranks() -> None:
    inputs = gap_inputs(
        section("outcomes", cites=["c1"], table=["c2"]),
        quotes=[
            quote("c1"),
            quote("c2"),
            quote("near_one", relevance=0.9),
            quote("near_other", relevance=0.9),
            quote("far", "moreau", relevance=0.3, page=7, fits={"imaging": 0.1, "outcomes": 0.2}),
            quote("same_b", relevance=0.2),
            quote("same_a", relevance=0.2),
        ],
    )
    embedder = Directions(
        {
            "shown c1": (1, 0, 0),
            "shown c2": (0, 1, 0),
            "shown near_one": (0.8, 0, 0.6),
            "shown near_other": (0, 0.9, 0.43589),
        }
    )
    found = unused_evidence(inputs, embedder=embedder)
    assert [(one.quote, one.score) for one in found] == [
        ("far", 0.3), ("same_a", 0.2), ("same_b", 0.2), ("near_one", 0.18), ("near_other", 0.09),
    ]  # fmt: skip
    assert found[0] == UnusedEvidence(
        quote="far", source="moreau", page=7, section="outcomes", text="shown far", score=0.3
    )
    assert found[1].section is None


def test_unused_evidence__with_nothing_cited__is_ranked_by_closeness_and_fifteen_are_kept() -> None:
    quotes = [quote(f"q{n:02}", relevance=n / 30) for n in range(1, 21)]
    found = unused_evidence(gap_inputs(quotes=quotes), embedder=Directions())
    assert [one.quote for one in found] == [f"q{n:02}" for n in range(20, 5, -1)]
    assert (found[0].score, found[1].score) == (0.6667, 0.6333)


def test_unused_evidence__all_cited__is_none() -> None:
    inputs = gap_inputs(section("outcomes", cites=["q1"]), quotes=[quote("q1")])
    assert unused_evidence(inputs, embedder=Directions()) == ()


FAULTY = gap_inputs(
    section("introduction", 100, cites=["a1"]),
    section("outcomes", 126),
    section("course", 50),
    templates=[
        template("introduction", share=0.2),
        template("outcomes", share=0.1, points=[point("seizures", "outcomes")]),
        template("course", share=0.1),
        template("imaging", share=0.6),
    ],
    budgets={"introduction": 100, "outcomes": 100, "course": 100, "imaging": 100},
    quotes=[quote("a1", "a"), quote("b1", "b", relevance=0.7)],
    sources=[source("a", level=3, year=None), source("b", level=3)],
    references=[source("a", level=3, year=None)],
)
"""A chapter with gaps of every dimension and severity."""


def test_gap_report__every_dimension__joins_and_the_gravest_comes_first() -> None:
    report = gap_report(FAULTY, embedder=Directions({"shown b1": (1, 0, 0)}))
    assert [(gap.severity, gap.type, gap.section) for gap in report.gaps] == [
        (CRITICAL, GapType.CRITICAL_INFORMATION, "outcomes"),
        (HIGH, GapType.CONTENT_COMPLETENESS, "imaging"),
        (HIGH, GapType.SOURCE_COVERAGE, None),
        (MEDIUM, GapType.SOURCE_COVERAGE, "introduction"),
        (MEDIUM, GapType.SECTION_BALANCE, "outcomes"),
        (LOW, GapType.SOURCE_COVERAGE, None),
        (LOW, GapType.SECTION_BALANCE, "course"),
        (LOW, GapType.TEMPORAL_COVERAGE, None),
    ]
    counted = report.statistics
    assert (counted.critical_gaps, counted.high_gaps, counted.medium_gaps, counted.low_gaps) == (1, 2, 2, 3)
    assert report.completeness_score == 0.0
    assert report.requires_revision
    assert [one.quote for one in report.unused_evidence] == ["b1"]


@pytest.mark.parametrize(("high", "revised"), [(2, False), (3, True)])
def test_gap_report__gaps_that_a_text_model_names__count_like_those_computed(high: int, revised: bool) -> None:
    whole = gap_inputs(section("outcomes", 100), budgets={"outcomes": 100})
    report = gap_report(whole, embedder=Directions(), second_opinion=gaps_of(high=high))
    assert (report.completeness_score, report.statistics.high_gaps, report.requires_revision) == (1.0, high, revised)
    assert len(report.gaps) == high


def test_incomplete_references__all_details__is_no_gap() -> None:
    assert list(incomplete_references(gap_inputs(references=[source("a"), source("b", issue=None)]))) == []


def test_incomplete_references__a_person_says_that_the_work_has_none__is_no_gap() -> None:
    assert list(incomplete_references(gap_inputs(references=[source("a", volume=None, has_none=("volume",))]))) == []
    (gap,) = incomplete_references(gap_inputs(references=[source("a", volume=None, pages=None, has_none=("volume",))]))
    assert "(pages)" in gap.description


def test_incomplete_references__documents_and_works__are_named_with_what_they_lack_and_the_command() -> None:
    references = [
        source("a", authors=["Okafor, Ada", "Lind, Per"], volume=None, pages=None),
        source("b", authors=["{Drain Group}"], journal=None),
        source("c", authors=["Berg, Jan"], pages=None, document=False),
        source("d"),
    ]
    (gap,) = incomplete_references(gap_inputs(references=references))
    assert (gap.type, gap.severity, gap.section) == (GapType.SOURCE_COVERAGE, LOW, None)
    assert gap.description == (
        "3 of 4 references lack journal, volume or pages: Okafor et al. 2025 (volume, pages), Drain Group 2025 (journal), "
        "Berg 2025 (pages)."
    )
    assert gap.recommendation == (
        "Correct the records of a.pdf, b.pdf: chapter-pipeline documents edit DOCUMENT --field volume=VALUE --by NAME "
        "--reason TEXT. Complete the entries of the reference files for works without a document."
    )


def test_incomplete_references__many__the_first_ten_are_named() -> None:
    references = [source(f"s{n:02}", volume=None) for n in range(12)]
    (gap,) = incomplete_references(gap_inputs(references=references))
    assert "s09" in gap.description
    assert "s10" not in gap.description
    assert gap.description.endswith("(volume) and 2 more.")
    assert "s09.pdf and 2 more: chapter-pipeline documents edit" in gap.recommendation


def test_gap_report__incomplete_references__do_not_ask_for_a_revision() -> None:
    def report(**details: Any) -> GapReport:
        return gap_report(
            gap_inputs(
                section("outcomes", 100, cites=["q1", "q2"]), budgets={"outcomes": 100},
                quotes=[quote("q1", "a"), quote("q2", "b")],
                sources=[source("a", **details), source("b")], references=[source("a", **details), source("b")],
            ),
            embedder=Directions(),
        )  # fmt: skip

    whole, lacking = report(), report(volume=None)
    assert lacking.statistics.low_gaps == whole.statistics.low_gaps + 1
    assert (lacking.requires_revision, lacking.completeness_score) == (
        whole.requires_revision,
        whole.completeness_score,
    )


@pytest.mark.parametrize(
    ("recommendation", "evidence", "closer"),
    [
        ("Use the evidence of Liu 2016.", ("q1",), Closer.LIBRARY),
        ("Add documents by other authors on the topic.", (), Closer.LITERATURE),
        ("Search the literature since 2020 on glioma.", (), Closer.LITERATURE),
        ("Correct the records of inbox/a.pdf.", (), Closer.PERSON),
        ("Add a second source for “Outcomes”.", ("q1",), Closer.LIBRARY),
        ("Add documents to the library for “Outcomes”: what is reached.", ("q1",), Closer.LITERATURE),
    ],
)
def test_closed_by__evidence_documents_or_a_person(
    recommendation: str, evidence: tuple[str, ...], closer: Closer
) -> None:
    gap = Gap(
        type=GapType.SOURCE_COVERAGE, severity=MEDIUM, description="A gap.", recommendation=recommendation,
        evidence=evidence,
    )  # fmt: skip
    assert closed_by(gap) is closer


def test_critical_information__passage_that_cannot_be_quoted__is_named_and_for_a_person() -> None:
    asked = demanded()
    told = replace(asked, spoken=Spoken(people={asked.brief.must_cover[0].text: "Liu 2016, p. 3"}))
    (gap,) = critical_information(told)
    assert (
        gap.description == "Not covered: seizures; Liu 2016, p. 3 may speak of it, and is not among the quotes at hand."
    )
    assert gap.recommendation == "Read Liu 2016, p. 3 and write on seizures by hand."
    assert closed_by(gap) is Closer.PERSON
