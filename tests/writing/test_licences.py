"""A figure is shown where its licence lets it be, and never where it forbids it."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.brief import FigurePolicy
from chapter_pipeline.writing.licences import Reuse, may_show, reuse


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("CC BY 4.0", Reuse.WITH_CREDIT),
        ("CC BY", Reuse.WITH_CREDIT),
        ("CC-BY-SA 3.0", Reuse.WITH_CREDIT),
        ("CC0", Reuse.WITH_CREDIT),
        ("Creative Commons Attribution License", Reuse.WITH_CREDIT),
        ("public domain", Reuse.WITH_CREDIT),
        ("CC BY-NC-ND", Reuse.NON_COMMERCIAL),
        ("CCBY-NC-ND", Reuse.NON_COMMERCIAL),
        ("Creative Commons Attribution-NonCommercial License", Reuse.NON_COMMERCIAL),
        ("Creative Commons Attribution Non-Commercial License 3.0", Reuse.NON_COMMERCIAL),
        ("CC BY‐NC", Reuse.NON_COMMERCIAL),
        (None, Reuse.NOT_STATED),
        ("  ", Reuse.NOT_STATED),
        ("see the publisher's site", Reuse.NOT_STATED),
        ("© 2020 The publisher. All rights reserved.", Reuse.FORBIDDEN),
        ("CC BY 4.0, figures may not be reproduced", Reuse.FORBIDDEN),
    ],
)
def test_reuse__of_a_licence(licence: str | None, expected: Reuse) -> None:
    assert reuse(licence) is expected


def test_may_show__by_policy() -> None:
    shown = {
        policy: [may_show(licence, policy) for licence in ("CC BY", "CC BY-NC", None, "All rights reserved")]
        for policy in FigurePolicy
    }
    assert shown == {
        FigurePolicy.NONE: [False, False, False, False],
        FigurePolicy.CREDITED: [True, False, False, False],
        FigurePolicy.ALL: [True, True, True, False],
    }
