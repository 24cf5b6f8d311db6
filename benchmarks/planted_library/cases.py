"""Owns the twenty open cases of the planted libraries: each a fault in what a library holds, with its control."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.planted_library.articles import Article, MadeTable
from benchmarks.planted_library.expectations import Case, Expected
from benchmarks.planted_library.subjects import Subject, base, trial
from chapter_pipeline.domain import BriefRequest, ChapterKind, Closer, GapType, Severity

HAEMATOMA = Subject(
    name="csdh", disease="chronic subdural haematoma", drug="atorvastatin", dose="20 mg a day", comparator="placebo",
    operation="burr-hole drainage", outcome="recurrence", harm="acute bleeding",
)  # fmt: skip
NEURALGIA = Subject(
    name="tn", disease="trigeminal neuralgia", drug="oxcarbazepine", dose="600 mg a day", comparator="carbamazepine",
    operation="microvascular decompression", outcome="pain relapse", harm="hyponatraemia",
)  # fmt: skip
HYDROCEPHALUS = Subject(
    name="nph", disease="normal pressure hydrocephalus", drug="acetazolamide", dose="250 mg twice a day",
    comparator="placebo", operation="ventriculoperitoneal shunting", outcome="gait speed", harm="subdural haematoma",
)  # fmt: skip
VASOSPASM = Subject(
    name="sah", disease="aneurysmal subarachnoid haemorrhage", drug="clazosentan", dose="10 mg per hour",
    comparator="placebo", operation="aneurysm clipping", outcome="delayed cerebral ischaemia", harm="pulmonary oedema",
)  # fmt: skip
MYELOPATHY = Subject(
    name="dcm", disease="degenerative cervical myelopathy", drug="riluzole", dose="50 mg twice a day",
    comparator="placebo", operation="posterior laminoplasty", outcome="the myelopathy score", harm="liver injury",
)  # fmt: skip

ROUTE = (Severity.CRITICAL, Severity.HIGH)
"""What must not pass unseen before a chapter is published."""


def asked(subject: Subject, *, kind: ChapterKind = ChapterKind.DISEASE, topic: str | None = None, **more: object) -> BriefRequest:  # fmt: skip
    """A brief of 1500 words on the subject."""
    return BriefRequest.model_validate(
        {
            "topic": topic or subject.disease.capitalize(), "kind": kind, "word_budget": 1500, "figures": "none",
            "cutoff_date": "2026-06-01", **more,
        }
    )  # fmt: skip


def sound(subject: Subject, name: str = "trial", year: int = 2022) -> Article:
    """A trial that states its main finding in its text."""
    s = subject
    return trial(
        s, name=name, authors=("Holm, Anna", "Iversen, Bo"), year=year,
        result=f"{s.outcome.capitalize()} was lower with {s.drug} than with {s.comparator} (12% vs 21%; hazard ratio 0.55, 95% CI 0.34-0.88; P = 0.01).",
        conclusion=f"{s.drug.capitalize()} lowers {s.outcome} in patients with {s.disease}.",
    )  # fmt: skip


def _only_in_a_table(subject: Subject, name: str) -> Case:
    """The only randomised trial states its main finding in a table, and its text only points there."""
    s = subject
    told = sound(s)
    result = "The outcome of the two groups at six months is given in Table 1."
    table = MadeTable(
        caption=f"{s.outcome.capitalize()} in patients with {s.disease} at six months",
        head=("Outcome", s.drug.capitalize(), s.comparator.capitalize(), "P value"),
        rows=((s.outcome.capitalize(), "14/120 (11.7%)", "27/120 (22.5%)", "0.02"),),
    )
    hidden = trial(
        s, name="trial", authors=("Holm, Anna", "Iversen, Bo"), year=2022, result=result, tables=(table,),
        abstract_result="The outcome is given in the results.", conclusion="Further trials are needed.",
    )  # fmt: skip
    return Case(
        name=name, request=asked(s), faulty=(*base(s), hidden), control=(*base(s), told),
        expected=Expected(
            type=GapType.SOURCE_COVERAGE, severity=(Severity.CRITICAL,), closed_by=Closer.PERSON,
            names=(hidden.title, "Table 1"), printed=("22.5%",), false_names=(hidden.title, "main finding"),
        ),
    )  # fmt: skip


def _contraindication_that_cannot_be_quoted() -> Case:
    """One passage names a contraindication, in a sentence that nobody understands alone."""
    s = NEURALGIA
    hidden = replace(
        sound(s),
        sections=(
            *sound(s).sections,
            ("Safety considerations", (
                "The allele was found in nine patients. They had a rash as described above, and it is contraindicated in these patients.",
            )),
        ),
    )  # fmt: skip
    return Case(
        name="contraindication in one passage that cannot be quoted", request=asked(s),
        faulty=(*base(s, without={"contraindications"}), hidden), control=(*base(s), hidden),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
            closed_by=Closer.PERSON, names=("contraindications", "Holm", "Safety considerations"),
            false_names=("contraindications",),
        ),
    )  # fmt: skip


def _contraindication_on_one_page() -> Case:
    """The only document with a contraindication says it once, deep in a trial on another matter."""
    s = HYDROCEPHALUS
    hidden = trial(
        s, name="trial", authors=("Holm, Anna", "Iversen, Bo"), year=2022,
        result=f"Recovery of gait was more frequent with {s.drug} than with {s.comparator} (44% vs 31%; P = 0.02).",
        conclusion=f"{s.drug.capitalize()} improves gait in patients with {s.disease}.",
        discussion=(f"{s.drug.capitalize()} is contraindicated in patients with {s.disease} and severe renal failure.",),
    )  # fmt: skip
    return Case(
        name="contraindication on one page only", request=asked(s),
        faulty=(*base(s, without={"contraindications"}), hidden), control=(*base(s), sound(s)),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
            closed_by=Closer.LIBRARY, names=("contraindications",), printed=("contraindicated", "renal failure"),
        ),
    )  # fmt: skip


def _harm_in_the_discussion(subject: Subject, harm: str, share: str, name: str) -> Case:
    """A trial tells a serious harm and its frequency only in its discussion."""
    s = subject
    result = f"{s.outcome.capitalize()} was lower with {s.drug} than with {s.comparator} (12% vs 21%; P = 0.01)."
    conclusion = f"{s.drug.capitalize()} lowers {s.outcome} in patients with {s.disease}."
    told = trial(
        s, name="trial", authors=("Holm, Anna", "Iversen, Bo"), year=2022, result=result, conclusion=conclusion
    )
    hidden = trial(
        s, name="trial", authors=("Holm, Anna", "Iversen, Bo"), year=2022, result=result, conclusion=conclusion,
        discussion=(
            f"These data deserve attention, as in our trial {harm} occurred in {share} of the patients treated with {s.drug} "
            "and in none of the others.",
        ),
    )  # fmt: skip
    return Case(
        name=name, request=asked(s), faulty=(*base(s), hidden), control=(*base(s), told),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=ROUTE, closed_by=Closer.PERSON, names=(harm, share, "Holm"),
            printed=(share, harm), false_names=(harm,),
        ),
    )  # fmt: skip


def _two_trials(
    subject: Subject, name: str, first: str, second: str, agreeing: str, names: tuple[str, ...], **of_second: str
) -> Case:
    """Two trials of one question state `first` and `second`; in the control the second one states `agreeing`."""
    s = subject

    def one(called: str, author: str, year: int, result: str) -> Article:
        return trial(
            s, name=called, authors=(f"{author}, Ann", f"{author}son, Bo"), year=year, result=result,
            title=f"{s.drug.capitalize()} or {s.comparator} in {s.disease}: {called} randomised controlled trial",
            conclusion=f"The effect of {s.drug} on {s.outcome} in {s.disease} was as reported.",
        )  # fmt: skip

    earlier = one("first", "Jansen", 2021, first)
    return Case(
        name=name, request=asked(s),
        faulty=(*base(s), earlier, one("second", "Kowal", 2023, second)),
        control=(*base(s), earlier, one("second", "Kowal", 2023, agreeing)),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.HIGH,), closed_by=Closer.PERSON,
            names=("Jansen", "Kowal", *names), false_names=("Jansen", "Kowal"),
        ),
    )  # fmt: skip


def _retracted_by_its_title() -> Case:
    """The strongest study is retracted, as its own title says."""
    s = MYELOPATHY
    gone = replace(sound(s), title=f"RETRACTED: {s.drug.capitalize()} for {s.disease}: a randomised controlled trial")
    return Case(
        name="retracted, as its title says", request=asked(s), faulty=(*base(s), gone), control=(*base(s), sound(s)),
        expected=Expected(
            type=GapType.SOURCE_COVERAGE, severity=(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
            closed_by=Closer.PERSON, names=("retracted", "Holm"), false_names=("retracted",),
        ),
    )  # fmt: skip


def _nobody_speaks_of() -> Case:
    """An author asks for a point that no document knows."""
    s = HAEMATOMA
    told = replace(
        sound(s),
        sections=(*sound(s).sections, ("Driving", (
            "Return to driving is possible six weeks after burr-hole drainage of chronic subdural haematoma.",
        ))),
    )  # fmt: skip
    return Case(
        name="a point that no document speaks of", request=asked(s, must_cover=["return to driving"]),
        faulty=(*base(s), sound(s)), control=(*base(s), told),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.CRITICAL,), closed_by=Closer.LITERATURE,
            names=("return to driving",),
        ),
    )  # fmt: skip


def _only_a_word(
    subject: Subject, name: str, *, kind: ChapterKind, without: str, sentence: str, point: str, critical: bool
) -> Case:
    """A document has a word of the point and says nothing of it."""
    s = subject
    passing = replace(
        sound(s), sections=(*sound(s).sections, ("Remarks", (sentence,))),
    )  # fmt: skip
    return Case(
        name=name,
        request=asked(s, kind=kind, topic=f"{s.operation.capitalize()} for {s.disease}" if kind is ChapterKind.TECHNIQUE else None),
        faulty=(*base(s, without={without}), passing), control=(*base(s), passing),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.CRITICAL,) if critical else (Severity.MEDIUM,),
            closed_by=Closer.LITERATURE, names=(f"{point};",), false_names=(f"not covered: {point};",),
        ),
    )  # fmt: skip


def _rats(subject: Subject) -> Article:
    s = subject
    return Article(
        name=f"{s.name}-rats", title=f"{s.drug.capitalize()} in a rat model of {s.disease}",
        authors=("Lund, Eva", "Moss, Tim"), year=2023,
        abstract=(
            ("Background", f"The effect of {s.drug} in rats with {s.disease} is not known."),
            ("Methods", f"Forty rats with {s.disease} were treated with {s.drug} or vehicle."),
            ("Results", f"Liver toxicity was an adverse effect of {s.drug} in 30% of the rats and in none of the rats given vehicle (P = 0.01)."),
            ("Conclusions", f"{s.drug.capitalize()} is toxic to the liver of rats."),
        ),
        sections=(
            ("Results", (f"Liver toxicity was a complication of {s.drug} in 30% of the rats. Seizures were an adverse effect in 12% of the rats.",)),
        ),
    )  # fmt: skip


def _only_animals() -> Case:
    """Complications of the treatment are known from rats only."""
    s = VASOSPASM
    left = {"complications", "adverse"}
    return Case(
        name="only animals for a clinical point", request=asked(s),
        faulty=(*base(s, without=left), sound(s), _rats(s)), control=(*base(s), sound(s), _rats(s)),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.CRITICAL,), closed_by=Closer.LITERATURE,
            names=("complications of treatment", "animal"), false_names=("complications of treatment",),
        ),
    )  # fmt: skip


def _another_population() -> Case:
    """The chapter is on adults; the only trial is of children."""
    s = replace(HYDROCEPHALUS, name="iih", disease="idiopathic intracranial hypertension", outcome="headache relapse")
    result = "Headache relapse was lower with acetazolamide than with placebo (12% vs 21%; P = 0.01)."
    conclusion = "Acetazolamide lowers headache relapse in idiopathic intracranial hypertension."

    def of(people: str) -> Article:
        return trial(
            s, name="trial", authors=("Holm, Anna", "Iversen, Bo"), year=2022, people=people, result=result,
            title=f"Acetazolamide in {people} with idiopathic intracranial hypertension: a randomised controlled trial",
            conclusion=conclusion,
        )  # fmt: skip

    return Case(
        name="a trial of another population",
        request=asked(s, topic="Idiopathic intracranial hypertension in adults"),
        faulty=(*base(s), of("children")), control=(*base(s), of("adults")),
        expected=Expected(
            type=GapType.SOURCE_COVERAGE, severity=ROUTE, closed_by=Closer.LITERATURE, names=("children", "adults", "Holm"),
            false_names=("children", "adults"),
        ),
    )  # fmt: skip


def _dose_in_the_methods(subject: Subject, name: str) -> Case:
    """The only dose of the drug stands among the methods of a trial, which are not quoted."""
    s = subject
    hidden = trial(
        s, name="trial", authors=("Holm, Anna", "Iversen, Bo"), year=2022,
        result=f"{s.outcome.capitalize()} was lower with {s.drug} than with {s.comparator} (12% vs 21%; P = 0.01).",
        conclusion=f"{s.drug.capitalize()} lowers {s.outcome} in patients with {s.disease}.",
        methods=(f"Patients of the intervention group received {s.drug} {s.dose} for eight weeks.",),
    )  # fmt: skip
    return Case(
        name=name, request=asked(s), faulty=(*base(s, without={"dose"}), hidden), control=(*base(s), hidden),
        expected=Expected(
            type=GapType.CRITICAL_INFORMATION, severity=(Severity.MEDIUM, Severity.HIGH), closed_by=Closer.PERSON,
            names=("drug doses", "Holm", "Methods"), printed=(s.dose,), false_names=("drug doses",),
        ),
    )  # fmt: skip


def guideline(
    subject: Subject, year: int, said: str, *, edition: str = "", society: str = "the Nordic Society"
) -> Article:
    """A guideline of a society with its recommendation."""
    s = subject
    return Article(
        name=f"{s.name}-guideline{year}",
        title=f"{edition}Guideline of {society} for the treatment of {s.disease}",
        authors=("Nygaard, Liv", "Olsen, Kai"), year=year,
        abstract=(("Summary", f"This guideline gives recommendations on the treatment of {s.disease}. {said}"),),
        sections=(
            ("Recommendations", (
                f"{said} We recommend imaging at three months after treatment of {s.disease}. "
f"The recommended length of drug treatment with {s.drug} in patients with {s.disease} is {year - 2005} weeks by mouth.",
            )),
        ),
    )  # fmt: skip


def _superseded() -> Case:
    """Two editions of one guideline are in the library."""
    s = NEURALGIA
    old = guideline(s, 2009, "Oxcarbazepine is recommended as the first-line drug for trigeminal neuralgia.")
    new = guideline(
        s, 2023, "Carbamazepine is recommended as the first-line drug for trigeminal neuralgia.", edition="Updated "
    )
    return Case(
        name="a guideline that a newer edition supersedes", request=asked(s),
        faulty=(*base(s), sound(s), old, new), control=(*base(s), sound(s), new),
        expected=Expected(
            type=GapType.TEMPORAL_COVERAGE, severity=ROUTE, closed_by=Closer.LIBRARY, names=("2009", "2023", "guideline"),
            false_names=("2009",),
        ),
    )  # fmt: skip


def _one_group_of_authors() -> Case:
    """Most of what is cited is of one group of authors, each work with another first author."""
    s = MYELOPATHY
    group = "Petrov, Ilja"
    others = ("Quist, Per", "Rossi, Aldo", "Sand, Maja", "Thal, Urs")
    own = base(s)

    def by(*names: str) -> tuple[Article, ...]:
        return tuple(
            replace(one, authors=(first, name))
            for one, first, name in zip((*own, sound(s)), others, names, strict=True)
        )

    return Case(
        name="one group of authors has most citations", request=asked(s),
        faulty=by(group, group, group, group), control=by("Ude, Kim", "Vik, Jan", "Wolf, Ina", "Xu, Li"),
        expected=Expected(
            type=GapType.SOURCE_COVERAGE, severity=(Severity.HIGH, Severity.MEDIUM), closed_by=Closer.LITERATURE,
            names=("Petrov", "citations"), false_names=("citations are of works",),
        ),
    )  # fmt: skip


def _lower(drug: str, outcome: str, against: str, numbers: str) -> str:
    return f"{outcome.capitalize()} was lower with {drug} than with {against} ({numbers})."


CASES: tuple[Case, ...] = (
    _only_in_a_table(HAEMATOMA, "main finding of the only trial in a table"),
    _only_in_a_table(VASOSPASM, "main finding of the only trial in a table, of another drug"),
    _contraindication_that_cannot_be_quoted(),
    _contraindication_on_one_page(),
    _harm_in_the_discussion(HAEMATOMA, "fatal intracerebral haemorrhage", "4.2%", "fatal bleeding in the discussion"),
    _harm_in_the_discussion(NEURALGIA, "toxic epidermal necrolysis", "1.7%", "a deadly rash in the discussion"),
    _two_trials(
        HAEMATOMA, "two trials with opposite directions",
        _lower("atorvastatin", "recurrence", "placebo", "11% vs 22%; P = 0.01"),
        "Recurrence was higher with atorvastatin than with placebo (24% vs 13%; P = 0.02).",
        _lower("atorvastatin", "recurrence", "placebo", "13% vs 24%; P = 0.02"),
        ("11%", "24%"),
    ),
    _two_trials(
        VASOSPASM, "one trial significant, the other not",
        _lower("clazosentan", "delayed cerebral ischaemia", "placebo", "13.0% vs 26.1%; P = 0.004"),
        "Delayed cerebral ischaemia did not differ between clazosentan and placebo (19.8% vs 20.4%; P = 0.81).",
        _lower("clazosentan", "delayed cerebral ischaemia", "placebo", "14.8% vs 25.4%; P = 0.01"),
        ("13.0%", "19.8%"),
    ),
    _two_trials(
        HAEMATOMA, "intervals of one measure that do not meet",
        _lower("atorvastatin", "recurrence", "placebo", "hazard ratio 0.32, 95% CI 0.21-0.48; P < 0.001"),
        _lower("atorvastatin", "recurrence", "placebo", "hazard ratio 0.84, 95% CI 0.72-0.97; P = 0.02"),
        _lower("atorvastatin", "recurrence", "placebo", "hazard ratio 0.41, 95% CI 0.28-0.60; P < 0.001"),
        ("0.32", "0.84"),
    ),
    _retracted_by_its_title(),
    _nobody_speaks_of(),
    _only_a_word(
        HAEMATOMA, "operative steps only as a word", kind=ChapterKind.TECHNIQUE, without="steps",
        sentence="Intraoperative monitoring of burr-hole drainage is an implant of modern practice in many centres.",
        point="operative steps", critical=True,
    ),
    _only_a_word(
        NEURALGIA, "contraindications not studied", kind=ChapterKind.DISEASE, without="contraindications",
        sentence="We did not study contraindications to microvascular decompression in trigeminal neuralgia.",
        point="contraindications", critical=False,
    ),
    _only_a_word(
        MYELOPATHY, "indications told elsewhere", kind=ChapterKind.DISEASE, without="indications",
        sentence="The indications for posterior laminoplasty in degenerative cervical myelopathy will be reported elsewhere.",
        point="indications for treatment", critical=True,
    ),
    _only_animals(),
    _another_population(),
    _dose_in_the_methods(HAEMATOMA, "a dose in the methods of one trial"),
    _dose_in_the_methods(MYELOPATHY, "a dose in the methods of one trial, of another drug"),
    _superseded(),
    _one_group_of_authors(),
)  # fmt: skip
