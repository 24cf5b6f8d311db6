"""What is sought before a pattern stands in all that the pattern finds: no measure, test, source or place is lost to it."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.markers import markers
from chapter_pipeline.evidence.kinds import cites
from chapter_pipeline.evidence.phrases import PRINTED
from chapter_pipeline.evidence.statistics import effects, has_statistics, p_values

MEASURES = (
    "hazard ratio", "odds ratio", "risk ratio", "relative risk", "rate ratio", "incidence rate ratio",
    "standardised mortality ratio", "HR", "aOR", "RR", "IRR", "SMR", "risk difference", "mean difference", "effect size",
    "correlation coefficient", "SMD", "WMD", "MD", "RD", "NNT", "Cohen’s d", "β", "r",
)  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES)
def test_effects__each_named_measure__is_read(measure: str) -> None:
    assert [effect.value for effect in effects(f"Here {measure} = 0.5 was seen")] == ["0.5"]


@pytest.mark.parametrize(
    "said",
    ["F(1, 20) = 4", "it was NS.", "it was n.s. here", "by χ² here", "a log-rank one", "an ANOVA", "a t-test", "by Wilcoxon",
     "by Mann-Whitney", "a chi-squared one"],
)  # fmt: skip
def test_has_statistics__each_named_test__is_seen(said: str) -> None:
    assert has_statistics(said)


@pytest.mark.parametrize(
    "said",
    ["as Hall et al found", "Hall and colleagues", "Hall and co-workers", "Hall and associates", "Hall (2001) found",
     "it fell (Hall, 2001)", "it fell (12).", "it fell before12.", "it fell [12]", "it fell.¹²"],
)  # fmt: skip
def test_cites__each_form_of_a_citation__is_seen(said: str) -> None:
    assert cites(said)


def test_markers__raised_numbers_of_a_text_without_other_letters__are_found() -> None:
    assert [numbers for _, numbers in markers("It fell.¹ It rose.⁴⁵ It was 10 m² and 5–6.")] == ["1", "45"]


@pytest.mark.parametrize(("text", "found"), [("p=0.01", 1), ("(P = .02", 1), ("drop=0.01", 0), ("xP=0.01", 0)])
def test_p_values__letter_before_the_p__is_none(text: str, found: int) -> None:
    assert len(p_values(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("3.25 and 40%", ["3.25", "40"]), ("1.2.3", []), (".25%", []), ("5%", []), ("1234%", []), ("100 %", ["100"])],
)
def test_printed__numbers__are_decimals_and_shares_of_two_figures(text: str, found: list[str]) -> None:
    assert PRINTED.findall(text) == found
