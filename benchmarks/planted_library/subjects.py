"""Owns the subjects of the planted libraries and the sound articles that all of them share: review, cohort, advice."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from benchmarks.planted_library.articles import Article, MadeTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A disease with its treatments. `outcome` is what trials of `drug` measure; `people` whom the articles study."""

    name: str
    disease: str
    drug: str
    dose: str
    comparator: str
    operation: str
    outcome: str
    harm: str
    people: str = "adults"


def base(subject: Subject, *, without: Collection[str] = (), review_year: int = 2024) -> tuple[Article, ...]:
    """A review, a cohort study and advice for practice, without the matters named."""
    return (
        review(subject, without=without, year=review_year),
        cohort(subject, without=without),
        advice(subject, without=without),
    )


def review(subject: Subject, *, without: Collection[str] = (), year: int = 2024) -> Article:
    """A narrative review: one section a matter."""
    s = subject
    matters = {
        "definition": ("Introduction", (
            f"{s.disease.capitalize()} is a disease of the nervous system that brings {s.people} to neurosurgeons and neurologists. "
            f"{s.disease.capitalize()} is among the most common reasons for referral to a neurosurgical unit.",
        )),
        "epidemiology": ("Epidemiology", (
            f"The incidence of {s.disease} is 14 per 100 000 persons a year and rises with age. "
            f"High age and arterial hypertension are the main risk factors for {s.disease}. "
            f"Men are affected by {s.disease} twice as often as women.",
        )),
        "mechanism": ("Pathophysiology", (
            f"The mechanism of {s.disease} is inflammation of the tissue with formation of fragile vessels. "
            f"An inflammatory pathway that is mediated by interleukins keeps {s.disease} going. "
            f"{s.drug.capitalize()} acts on its target in this pathway and lowers the release of interleukins.",
        )),
        "presentation": ("Clinical presentation", (
            f"Patients with {s.disease} present with headache, weakness of a limb and cognitive impairment. "
            f"Headache is the first symptom of {s.disease} in half of all patients.",
        )),
        "imaging": ("Imaging", (
            f"Magnetic resonance imaging shows {s.disease} with a sensitivity above that of computed tomography. "
            f"Computed tomography is the first imaging study in patients with suspected {s.disease}.",
        )),
        "drug": ("Medical treatment", (
            f"{s.drug.capitalize()} is a drug that is given to patients with {s.disease} by mouth. "
            f"Medication with {s.drug} is continued for eight weeks in patients with {s.disease}.",
        )),
        "operation": ("Surgical treatment", (
            f"{s.operation.capitalize()} is the operation for {s.disease} that most surgeons choose. "
            f"Surgery for {s.disease} is done under general anaesthesia in most centres.",
        )),
        "open": ("Future directions", (
            f"Further studies are needed on the treatment of {s.disease} in frail patients. "
            f"Ongoing trials test shorter courses of treatment for {s.disease}.",
        )),
    }  # fmt: skip
    return Article(
        name=f"{s.name}-review",
        title=f"{s.disease.capitalize()}: a narrative review of diagnosis and treatment",
        authors=("Adler, Ruth", "Benning, Olaf"),
        year=year,
        kind="review-article",
        abstract=(("Summary", f"This review summarises what is known on {s.disease} and on its treatment."),),
        sections=tuple(section for matter, section in matters.items() if matter not in without),
    )


def cohort(subject: Subject, *, without: Collection[str] = ()) -> Article:
    """A retrospective cohort of operated patients with outcome, complications and follow-up."""
    s = subject
    results = [
        f"Functional recovery after {s.operation} was better in patients below 75 years than in older patients "
        "(81% vs 64%; P = 0.01).",
        f"Survival at one year after {s.operation} was 93% in the whole cohort of patients with {s.disease}.",
    ]
    if "complications" not in without:
        results += [
            f"Wound infection was a complication of {s.operation} in 3.1% of the patients.",
            f"Wound infections after {s.operation} were managed with antibiotics and revision in all patients.",
        ]
    if "follow-up" not in without:
        results.append(f"Follow-up of patients after {s.operation} included imaging at three months.")
    return Article(
        name=f"{s.name}-cohort",
        title=f"Results of {s.operation} for {s.disease}: a retrospective cohort study",
        authors=("Castell, Joan", "Dahl, Inge", "Eriks, Paul"),
        year=2023,
        abstract=(
            ("Background", f"{s.operation.capitalize()} is done for {s.disease} in many centres."),
            ("Methods", f"We retrospectively reviewed a cohort of 412 {s.people} with {s.disease}."),
            ("Results", results[0]),
            ("Conclusions", f"{s.operation.capitalize()} for {s.disease} leads to good recovery in most patients."),
        ),
        sections=(
            ("Introduction", (f"{s.operation.capitalize()} for {s.disease} has been done for decades.",)),
            ("Methods", (f"All {s.people} with {s.disease} who were operated on from 2012 to 2020 were included.",)),
            ("Results", (" ".join(results),)),
            ("Discussion", (f"Our results show that age determines recovery after {s.operation}.",)),
        ),
    )


def advice(subject: Subject, *, without: Collection[str] = ()) -> Article:
    """Advice for practice: indications, contraindications, doses, adverse effects, steps, follow-up."""
    s = subject
    matters = {
        "indications": ("Indications", (
            f"{s.drug.capitalize()} is indicated in patients with {s.disease} and mild symptoms. "
            f"{s.operation.capitalize()} is recommended for patients with {s.disease} and a neurological deficit. "
            f"Patients with {s.disease} without symptoms should be observed.",
        )),
        "contraindications": ("Contraindications", (
            f"{s.drug.capitalize()} is contraindicated in patients with {s.disease} and liver failure. "
            f"{s.operation.capitalize()} should be avoided in patients with {s.disease} and untreated sepsis.",
        )),
        "dose": ("Doses", (
            f"The recommended dose of {s.drug} in patients with {s.disease} is {s.dose}. "
            f"Treatment of {s.disease} with {s.drug} at {s.dose} is continued for eight weeks.",
        )),
        "adverse": ("Adverse effects", (
            f"Nausea is the most common adverse effect of {s.drug} and occurs in 8% of patients with {s.disease}. "
            f"Adverse effects of {s.drug} are managed by dose reduction in patients with {s.disease}.",
        )),
        "steps": ("Operative technique", (
            f"A linear skin incision is made over the lesion for {s.operation}. "
            "The bone is opened with a drill and the dura is incised in a cruciate fashion. "
            "A drain is placed in the cavity and the wound is closed in layers.",
        )),
        "follow-up": ("Follow-up", (
            f"Patients with {s.disease} should be followed with imaging at three months. "
            f"Surveillance of patients with {s.disease} ends after one year without recurrence.",
        )),
    }  # fmt: skip
    return Article(
        name=f"{s.name}-advice",
        title=f"Practical management of {s.disease}: an overview for clinicians",
        authors=("Falk, Mira", "Grote, Hans"),
        year=2022,
        kind="review-article",
        abstract=(("Summary", f"This overview gives practical advice on the management of {s.disease}."),),
        sections=tuple(section for matter, section in matters.items() if matter not in without),
    )


def trial(
    subject: Subject,
    *,
    name: str,
    authors: tuple[str, ...],
    year: int,
    result: str,
    conclusion: str,
    title: str | None = None,
    people: str | None = None,
    intervention: str | None = None,
    comparator: str | None = None,
    methods: tuple[str, ...] = (),
    results: tuple[str, ...] = (),
    discussion: tuple[str, ...] = (),
    abstract_result: str | None = None,
    tables: tuple[MadeTable, ...] = (),
) -> Article:
    """A randomised trial that states `result` in its results and, unless told otherwise, in its abstract."""
    s = subject
    given, against, who = intervention or s.drug, comparator or s.comparator, people or s.people
    return Article(
        name=f"{s.name}-{name}",
        title=title or f"{given.capitalize()} against {against} for {s.disease}: a randomised controlled trial",
        authors=authors,
        year=year,
        abstract=(
            ("Background", f"It is not certain whether {given} helps {who} with {s.disease}."),
            ("Methods", f"In this randomised controlled trial 240 {who} with {s.disease} were randomly assigned to {given} or {against}."),
            ("Results", abstract_result or result),
            ("Conclusions", conclusion),
        ),
        sections=(
            ("Introduction", (f"Treatment of {s.disease} with {given} has been proposed for {who}.",)),
            ("Methods", (f"We randomly assigned {who} with {s.disease} to {given} or {against}.", *methods)),
            ("Results", (result, *results)),
            ("Discussion", (f"This trial compared {given} with {against} in {who} with {s.disease}.", *discussion)),
            ("Conclusion", (conclusion,)),
        ),
        tables=tables,
    )  # fmt: skip
