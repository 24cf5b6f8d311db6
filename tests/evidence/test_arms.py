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
