"""A study record of a made article: what it found, concluded and told, each with the sentence that says so."""

from __future__ import annotations

from chapter_pipeline.domain.document import CitedWork, StudyType, Table
from chapter_pipeline.domain.evidence import Direction, FindingKind, Species, StudyRecord
from chapter_pipeline.evidence.records import RULES_VERSION, study_record
from tests.evidence.made import article

RESULT = "Recurrence was lower in the drain group than in the control group (9.3% vs 24.0%, P=0.003)."
SECTIONS = [
    (
        "Abstract",
        [
            [
                "BACKGROUND: Chronic subdural haematoma often recurs.",
                "METHODS: We randomised 215 patients to a drain or to control.",
                f"RESULTS: {RESULT}",
                "CONCLUSIONS: A drain lowers recurrence after burr-hole surgery.",
            ]
        ],
    ),
    ("Introduction", [["Chronic subdural haematoma is common in old age [1].", "It recurs in one in five patients."]]),
    ("Methods", [["Patients were randomly assigned to a drain or to control.", "Significance was set at P<0.05."]]),
    ("Results", [[RESULT, "Mortality did not differ between the groups (P=0.60)."]]),
    ("Discussion", [["A previous trial reported 12% vs 30% recurrence [1].", "Our sample was small."]]),
]
WORKS = (CitedWork(number=1, text="Okafor A. Subdural haematoma. 2004", page=9, year=2004),)
TABLE = Table(
    ordinal=1, page=4, box=(0, 0, 1, 1), label="Table 1", caption="Outcomes", header_rows=1,
    rows=(("", "Drain", "Control", "P"), ("Infection (%)", "2", "3", "0.7")),
)  # fmt: skip
TITLE = "Drain versus control after burr-hole surgery of chronic subdural haematoma: a randomised trial"


def record() -> StudyRecord:
    return study_record(article(SECTIONS, title=TITLE, tables=(TABLE,), works=WORKS))


def test_study_record__sentences__are_what_they_are() -> None:
    kinds = {one.statement.text: one.kind for one in record().findings}
    assert kinds["Recurrence was lower in the drain group than in the control group (9.3% vs 24.0%, P=0.003)."] == (
        FindingKind.OWN_RESULT
    )
    assert kinds["Significance was set at P<0.05."] is FindingKind.OWN_METHOD
    assert kinds["A previous trial reported 12% vs 30% recurrence [1]."] is FindingKind.BACKGROUND
    assert kinds["Our sample was small."] is FindingKind.LIMITATION
    assert kinds["CONCLUSIONS: A drain lowers recurrence after burr-hole surgery."] is FindingKind.CONCLUSION


def test_study_record__main_findings__are_results_and_conclusion_of_the_abstract_and_the_same_result_of_the_body() -> (
    None
):
    main = [one.statement.text for one in record().main_findings]
    assert {f"RESULTS: {RESULT}", RESULT, "CONCLUSIONS: A drain lowers recurrence after burr-hole surgery."} <= set(
        main
    )
    assert "Chronic subdural haematoma is common in old age [1]." not in main


def test_study_record__result__has_its_statistics_and_its_direction() -> None:
    result = next(one for one in record().findings if one.statement.text == RESULT)
    assert (result.direction, result.p, result.effects[0].value) == (
        Direction.DECREASED, ("P=0.003",), "9.3 vs 24.0",
    )  # fmt: skip
    assert result.species is Species.HUMAN
    assert result.disease == "chronic subdural haematoma"


def test_study_record__background__has_the_work_it_cites_and_its_context() -> None:
    findings = record().findings
    cited = next(one for one in findings if one.statement.text.startswith("Chronic subdural haematoma is common"))
    assert [one.year for one in cited.cited] == [2004]
    after = next(one for one in findings if one.statement.text.startswith("It recurs"))
    assert (len(after.spans), after.stated_in) == (2, 1)


def test_study_record__row_of_a_table__is_a_result() -> None:
    last = record().findings[-1]
    assert (last.kind, last.outcome, last.direction) == (
        FindingKind.OWN_RESULT, "Infection (%)", Direction.NO_DIFFERENCE,
    )  # fmt: skip


def test_study_record__study__has_its_size_arms_and_version() -> None:
    made = record()
    assert (made.population.n, made.level, made.version) == (215, 2, RULES_VERSION)
    assert {"drain", "control"} <= {name.lower() for name in made.arms}


def test_study_record__findings__are_numbered_and_load_again() -> None:
    made = record()
    assert [one.ordinal for one in made.findings] == list(range(len(made.findings)))
    assert StudyRecord.model_validate_json(made.model_dump_json()) == made


def test_study_record__document_without_text__has_no_findings() -> None:
    made = study_record(article([], study=StudyType.UNKNOWN))
    assert (made.findings, made.population.n, made.population.species) == ((), None, Species.HUMAN)


def test_study_record__sentence_longer_than_any__is_left_out() -> None:
    made = study_record(article([("Results", [["a " * 3000, RESULT]])]))
    assert [one.statement.text for one in made.findings] == [RESULT]
