"""Owns the ten cases of the planted libraries that are for judging only: who makes rules does not look into them."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.planted_library.articles import Article, MadeTable
from benchmarks.planted_library.cases import ROUTE, asked, guideline, sound
from benchmarks.planted_library.expectations import Case, Expected
from benchmarks.planted_library.subjects import Subject, base, trial
from chapter_pipeline.domain import ChapterKind, Closer, GapType, Severity

EPILEPSY = Subject(
    name="se", disease="status epilepticus", drug="levetiracetam", dose="60 mg/kg", comparator="valproate",
    operation="focal cortical resection", outcome="seizure recurrence", harm="respiratory depression",
)  # fmt: skip
ABSCESS = Subject(
    name="abs", disease="bacterial brain abscess", drug="linezolid", dose="600 mg every 12 hours",
    comparator="vancomycin", operation="stereotactic aspiration", outcome="treatment failure", harm="thrombocytopenia",
)  # fmt: skip
TUMOUR = Subject(
    name="men", disease="atypical meningioma", drug="bevacizumab", dose="10 mg/kg every two weeks",
    comparator="observation", operation="microsurgical resection", outcome="tumour progression", harm="bowel perforation",
)  # fmt: skip
SPASM = Subject(
    name="hfs", disease="hemifacial spasm", drug="botulinum toxin", dose="20 IU", comparator="saline",
    operation="retrosigmoid decompression", outcome="spasm severity", harm="facial palsy",
)  # fmt: skip


def _table() -> Case:
    s = ABSCESS
    hidden = trial(
        s, name="trial", authors=("Zorn, Udo", "Yates, Amy"), year=2021,
        result="Outcomes at the end of treatment are listed in Table 1.",
        abstract_result="Results are listed in the full text.", conclusion="The comparison deserves repetition.",
        tables=(
            MadeTable(
                caption="Clinical outcomes at the end of treatment",
                head=("", "Linezolid (n = 118)", "Vancomycin (n = 122)", "Hazard ratio (95% CI)", "P"),
                rows=(
                    ("Treatment failure", "9 (7.6%)", "24 (19.7%)", "0.36 (0.17-0.77)", "0.008"),
                    ("Hospital stay of 30 days or more", "44 (37.3%)", "49 (40.2%)", "0.91 (0.61-1.37)", "0.66"),
                ),
            ),
        ),
    )  # fmt: skip
    return Case(
        name="held out 1", request=asked(s), faulty=(*base(s), hidden), control=(*base(s), sound(s)),
        expected=Expected(
            type=GapType.SOURCE_COVERAGE, severity=(Severity.CRITICAL,), closed_by=Closer.PERSON,
            names=(hidden.title, "Table 1"), printed=("19.7%",), false_names=("Zorn", "main finding"),
        ),
    )  # fmt: skip


def _harm() -> Case:
    s = TUMOUR
    told = sound(s)
    hidden = replace(
        told,
        sections=tuple(
            (title, (*paragraphs, "It should be noted that bowel perforation was seen in 5 of 118 patients (4.2%) in the bevacizumab group of our study, and two of them died."))
            if title == "Discussion" else (title, paragraphs)
            for title, paragraphs in told.sections
        ),
    )  # fmt: skip
    return Case(
        name="held out 2", request=asked(s), faulty=(*base(s), hidden), control=(*base(s), told),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=ROUTE, closed_by=Closer.PERSON,
            names=("bowel perforation", "4.2%", "Holm"), printed=("bowel perforation", "4.2%"),
            false_names=("bowel perforation",),
        ),
    )  # fmt: skip


def _cohorts(name: str, subject: Subject, first: str, second: str, agreeing: str, names: tuple[str, ...]) -> Case:
    s = subject

    def study(called: str, author: str, year: int, result: str, centre: str) -> Article:
        return trial(
            s, name=called, authors=(f"{author}, Ole", f"{author}berg, Mia"), year=year, result=result,
            title=f"Randomised trial of {s.drug} versus {s.comparator} in {s.disease} at {centre}",
            conclusion=f"We report the effect of {s.drug} on {s.outcome} in {s.disease}.",
        )  # fmt: skip

    one = study("north", "Xander", 2020, first, "northern hospitals")
    return Case(
        name=name, request=asked(s), faulty=(*base(s), one, study("south", "Vance", 2024, second, "southern hospitals")),
        control=(*base(s), one, study("south", "Vance", 2024, agreeing, "southern hospitals")),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.HIGH,), closed_by=Closer.PERSON,
            names=("Xander", "Vance", *names), false_names=("Xander", "Vance"),
        ),
    )  # fmt: skip


def _retracted_by_a_notice() -> Case:
    s = SPASM
    gone = sound(s)
    notice = Article(
        name="hfs-notice", title=f"Retraction: {gone.title}", authors=("Editor, The",), year=2024, kind="retraction",
        abstract=(), related=gone.doi,
        sections=(("Retraction", (
            f"The editors retract the article on {s.drug} for {s.disease} because the data of the trial of {s.drug} against {s.comparator} could not be verified by the university.",
        )),),
    )  # fmt: skip
    return Case(
        name="held out 5", request=asked(s), faulty=(*base(s), gone, notice), control=(*base(s), gone),
        expected=Expected(
            type=GapType.SOURCE_COVERAGE, severity=(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
            closed_by=Closer.PERSON, names=("retracted", "Holm"), false_names=("retracted",),
        ),
    )  # fmt: skip


def _nobody() -> Case:
    s = EPILEPSY
    told = replace(
        sound(s),
        sections=(*sound(s).sections, ("Pregnancy", (
            "Breast feeding is possible during treatment of status epilepticus with levetiracetam.",
        ))),
    )  # fmt: skip
    return Case(
        name="held out 6", request=asked(s, must_cover=["breast feeding"]),
        faulty=(*base(s), sound(s)), control=(*base(s), told),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.CRITICAL,), closed_by=Closer.LITERATURE,
            names=("breast feeding",),
        ),
    )  # fmt: skip


def _word() -> Case:
    s = SPASM
    passing = replace(
        sound(s),
        sections=(*sound(s).sections, ("Remarks", (
            "Complications of retrosigmoid decompression were not an endpoint of the trial and were not recorded.",
            "The aim of a second study is to describe the complications of retrosigmoid decompression in hemifacial spasm.",
        ))),
    )  # fmt: skip
    return Case(
        name="held out 7", request=asked(s, kind=ChapterKind.TECHNIQUE, topic="Retrosigmoid decompression for hemifacial spasm"),
        faulty=(*base(s, without={"complications", "adverse"}), passing), control=(*base(s), passing),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.CRITICAL,), closed_by=Closer.LITERATURE,
            names=("complications;",), false_names=("not covered: complications;",),
        ),
    )  # fmt: skip


def _animals() -> Case:
    s = ABSCESS
    rabbits = Article(
        name="abs-rabbits", title="Linezolid in rabbits with bacterial brain abscess", authors=("Udal, Kari", "Toft, Nils"),
        year=2022,
        abstract=(
            ("Methods", "Thirty rabbits with bacterial brain abscess were given linezolid or saline."),
            ("Results", "Complications of linezolid in rabbits were thrombocytopenia in 40% and seizures in 20% of the animals (P = 0.03)."),
            ("Conclusions", "Linezolid has adverse effects in rabbits."),
        ),
        sections=(("Results", ("Thrombocytopenia was an adverse effect of linezolid in 40% of the rabbits.",)),),
    )  # fmt: skip
    left = {"complications", "adverse"}
    return Case(
        name="held out 8", request=asked(s), faulty=(*base(s, without=left), sound(s), rabbits),
        control=(*base(s), sound(s), rabbits),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.CRITICAL,), closed_by=Closer.LITERATURE,
            names=("complications of treatment", "animal"), false_names=("complications of treatment",),
        ),
    )  # fmt: skip


def _population() -> Case:
    s = EPILEPSY

    def of(people: str) -> Article:
        return trial(
            s, name="trial", authors=("Sauer, Eli", "Rask, Jo"), year=2023, people=people,
            title=f"Levetiracetam versus valproate for status epilepticus in {people}: a randomised controlled trial",
            result="Seizure recurrence was lower with levetiracetam than with valproate (9% vs 17%; P = 0.03).",
            conclusion="Levetiracetam lowers seizure recurrence in status epilepticus.",
        )  # fmt: skip

    return Case(
        name="held out 9", request=asked(s, topic="Status epilepticus in children"),
        faulty=(*base(replace(s, people="children")), of("adults")),
        control=(*base(replace(s, people="children")), of("children")),
        expected=Expected(
            type=GapType.SOURCE_COVERAGE, severity=ROUTE, closed_by=Closer.LITERATURE, names=("adults", "children", "Sauer"),
            false_names=("Sauer", "adults"),
        ),
    )  # fmt: skip


def _guideline() -> Case:
    s = TUMOUR
    old = guideline(
        s,
        2011,
        "Radiotherapy is recommended for atypical meningioma after complete resection.",
        society="the Iberian Academy",
    )
    new = guideline(
        s, 2024, "Observation is recommended for atypical meningioma after complete resection. This guideline replaces the guideline of 2011.",
        society="the Iberian Academy",
    )  # fmt: skip
    return Case(
        name="held out 10", request=asked(s), faulty=(*base(s), sound(s), old, new), control=(*base(s), sound(s), new),
        expected=Expected(
            type=GapType.TEMPORAL_COVERAGE, severity=ROUTE, closed_by=Closer.LIBRARY, names=("2011", "2024", "guideline"),
            false_names=("2011",),
        ),
    )  # fmt: skip


HELD_OUT: tuple[Case, ...] = (
    _table(),
    _harm(),
    _cohorts(
        "held out 3", EPILEPSY,
        "Seizure recurrence was lower in the levetiracetam group than in the valproate group (10.2% vs 21.7%; P = 0.01).",
        "Seizure recurrence was higher in the levetiracetam group than in the valproate group (23.1% vs 12.9%; P = 0.03).",
        "Seizure recurrence was lower in the levetiracetam group than in the valproate group (12.4% vs 20.8%; P = 0.04).",
        ("10.2%", "23.1%"),
    ),
    _cohorts(
        "held out 4", ABSCESS,
        "Treatment failure was less frequent with linezolid than with vancomycin (8.1% vs 18.8%; P = 0.01).",
        "There was no significant difference in treatment failure between linezolid and vancomycin (14.5% vs 15.1%; P = 0.88).",
        "Treatment failure was less frequent with linezolid than with vancomycin (9.3% vs 17.7%; P = 0.03).",
        ("8.1%", "14.5%"),
    ),
    _retracted_by_a_notice(),
    _nobody(),
    _word(),
    _animals(),
    _population(),
    _guideline(),
)  # fmt: skip
