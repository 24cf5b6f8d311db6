"""Numbers are read as printed, each as what it is."""

from __future__ import annotations

import pytest

from chapter_pipeline.evidence.statistics import effects, has_statistics, p_values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Pain fell (P < .05).", ("P < .05",)),
        ("Pain fell (p = 0·03).", ("p = 0·03",)),
        ("Pain was alike (P=1.0).", ("P=1.0",)),
        ("Pain was alike (P = 0,768).", ("P = 0,768",)),
        ("Stay was shorter (p-value = 0.02; P for trend ≤ .001).", ("p-value = 0.02", "P for trend ≤ .001")),
        ("The locus was associated (P = 1.2×10⁻⁵; P=3 x 10-8).", ("P = 1.2×10⁻⁵", "P=3 x 10-8")),
        ("Pressure was 10 mmHg (NP = 0.3), P=12 units.", ()),
        ("Deaths were few.", ()),
    ],
)
def test_p_values__printed_forms__are_kept_whole(text: str, said: tuple[str, ...]) -> None:
    assert p_values(text) == said


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Death was rarer (HR 0.68 (95% CI 0.49-0.95)).", [("HR", "0.68", None, "0.49", "0.95")]),
        ("The odds ratio (95% CI) was 2.1 (1.2–3.4).", [("odds ratio", "2.1", None, "1.2", "3.4")]),
        ("Rebleeding: OR (95% CI): 2.1 (1.2, 3.4).", [("OR", "2.1", None, "1.2", "3.4")]),
        (
            "The hazard ratio for death at 12 months was 0.70 (95% CI 0.50 to 0.98).",
            [("hazard ratio", "0.70", None, "0.50", "0.98")],
        ),
        ("The relative risk of 30-day mortality was 0.8 (0.6-0.9).", [("relative risk", "0.8", None, "0.6", "0.9")]),
        ("A mean difference of −0.4 (95% CI −0.8 to −0.1).", [("mean difference", "−0.4", None, "−0.8", "−0.1")]),
        ("Scores fell by 3.2 points (95% CI, -5.3 to -1.1).", [(None, "3.2", "points", "-5.3", "-1.1")]),
        ("The mean HR was 72 bpm and the RR 16 breaths per minute.", []),
        ("Volume was 5.2 ± 1.1 vs 4.1 ± 0.9 mL.", [(None, "5.2 ± 1.1 vs 4.1 ± 0.9", "mL", None, None)]),
        ("Deaths were 12/40 vs 5/41.", [(None, "12/40 vs 5/41", None, None, None)]),
        ("Stay was 3–5 vs 2–4 days.", [(None, "3–5 vs 2–4", "days", None, None)]),
        ("There were 12 vs 14 deaths.", [(None, "12 vs 14", None, None, None)]),
        ("Blood pressure was 120 / 80 mmHg.", []),
        ("Toxicity was of grade 3 vs 4.", []),
        ("BMI fell by 1.65 (SD = 2.5; 95% CI 0.5-2.2).", []),
    ],
)
def test_effects__numbers__are_those_of_the_measure(text: str, stated: list[tuple[str | None, ...]]) -> None:
    assert [(one.measure, one.value, one.unit, one.low, one.high) for one in effects(text)] == stated


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("Survival was 14.6 vs 12.1 months.", True),
        ("Survival was longer (log-rank test).", True),
        ("The median stay was 4 days in 30 patients.", False),
        ("BMI was 28 kg/m² in adults.", False),
    ],
)
def test_has_statistics__sentence__is_of_statistics_or_not(text: str, has: bool) -> None:
    assert has_statistics(text) is has
