"""The arms of a study are those its title, abstract and groups name; the control is known as one."""

from __future__ import annotations

import pytest

from chapter_pipeline.evidence.arms import CONTROL, Arms, arms_of, tidy


@pytest.mark.parametrize(
    ("title", "abstract", "intervention", "control"),
    [
        ("Dexamethasone versus placebo in adults", [], "Dexamethasone", "placebo"),
        ("Placebo versus dexamethasone in adults", [], "dexamethasone", "Placebo"),
        ("Effects of a subdural drain on recurrence", [], "subdural drain", None),
        (None, ["Patients were randomised to receive dexamethasone or placebo."], "dexamethasone", "placebo"),
        (None, ["Recurrence fell in the drain group.", "The drain group left earlier."], "drain", None),
        ("A nationwide survey", [], None, None),
    ],
)
def test_arms_of__names__are_intervention_and_control(
    title: str | None, abstract: list[str], intervention: str | None, control: str | None
) -> None:
    arms = arms_of(title, abstract, [], [])
    assert (arms.intervention, arms.control) == (intervention, control)


def test_control__no_arm_named_so__is_the_second_one() -> None:
    assert Arms(("burr hole", "craniotomy")).control == "craniotomy"
    assert Arms().control is None


@pytest.mark.parametrize("name", ["no drain", "without dexamethasone", "not receiving steroids", "sham", "usual care"])
def test_control__names_of_controls__are_known(name: str) -> None:
    assert CONTROL.search(name)


@pytest.mark.parametrize("name", ["dexamethasone", "nocturnal drainage", "norepinephrine"])
def test_control__names_of_treatments__are_not(name: str) -> None:
    assert CONTROL.search(name) is None


def test_tidy__dose_and_word_group__are_left_out() -> None:
    assert tidy("the dexamethasone (8 mg) group") == "dexamethasone"


@pytest.mark.parametrize(
    ("title", "abstract", "groups"),
    [
        (
            "Levetiracetam versus phenytoin for seizure prophylaxis",
            ["Adults were randomised to levetiracetam 500 mg twice daily (LEV) or phenytoin 300 mg daily (PHT)."],
            (("levetiracetam 500 mg", "LEV", "Levetiracetam"), ("phenytoin 300 mg", "PHT", "phenytoin")),
        ),
        (
            "Vancomycin powder in spinal fusion",
            ["Patients received 1 g vancomycin powder (group A, n=455) or nothing (group B, n=452)."],
            (("1 g vancomycin powder", "group A", "Vancomycin powder"), ("nothing", "group B")),
        ),
        (
            "Low-dose colchicine after coronary intervention",
            ["We randomly assigned 2,410 patients to colchicine 0.5 mg daily or matching placebo."],
            (("colchicine 0.5 mg", "Low-dose colchicine"), ("placebo",)),
        ),
        (
            "Financial incentives for smoking cessation",
            ["Employees were assigned to information or to information plus up to $750 of incentives."],
            (("information plus up to $750 of incentives", "Financial incentives"), ("information",)),
        ),
        ("Effect of semaglutide on weight", ["Weight fell more than with placebo."], (("semaglutide",), ("placebo",))),
    ],
)
def test_arms_of__names_of_one_arm__stand_together(
    title: str, abstract: list[str], groups: tuple[tuple[str, ...], ...]
) -> None:
    assert arms_of(title, abstract, [], []).groups == groups


def test_arms__control_is_told_second__whatever_the_order() -> None:
    arms = Arms(("placebo", "dexamethasone"))
    assert (arms.control_place, arms.intervention_place, arms.against(1)) == (0, 1, 0)
    assert not arms.first_is_told(0, 1)
    assert arms.first_is_told(1, 0)
    assert Arms(("burr hole", "craniotomy")).first_is_told(1, 0)


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("LEV", "levetiracetam 500 mg (LEV)"),
        ("group A", "levetiracetam 500 mg (group A)"),
        ("intervention", "levetiracetam 500 mg"),
        ("levetiracetam", "levetiracetam"),
    ],
)
def test_arms__abbreviations_and_roles__are_told_by_name(printed: str, told: str) -> None:
    arms = Arms(("levetiracetam 500 mg", "placebo"), (("levetiracetam 500 mg", "LEV", "group A"), ("placebo",)))
    assert arms.told(0, printed) == told
    assert arms.told(-1, printed) == printed
