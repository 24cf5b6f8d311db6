"""Where a study was done is told as printed; registers of trials and makers of devices are no setting."""

from __future__ import annotations

import pytest

from chapter_pipeline.evidence.setting import setting_of


@pytest.mark.parametrize(
    ("sentences", "setting"),
    [
        (["It was done in 12 hospitals."], "12 hospitals"),
        (["This single-centre trial was open."], "single-centre"),
        (["In 2006 at 16 centres patients were seen."], "16 centres"),
        (["Patients were seen at the University Hospital of Tampere."], "University Hospital"),
        (["It was a multicentre trial.", "Adults were recruited in Spain, Australia and Germany."], "multicentre; Spain, Australia, Germany"),
        (["Sixteen primary care practices took part in 16 primary care practices in England."], "16 primary care practices; England"),
        (["Data came from a national registry."], "national registry"),
        (["The trial is in the registry of the European Union."], None),
        (["Serum was measured by kits purchased from a hospital in Germany."], None),
        (["A probe (Aesculap, Tuttlingen, Germany) was used in the department."], None),
        (["The incidence in the population of Finland is 8 per 100,000."], None),
        (["It was done with care."], None),
    ],
)  # fmt: skip
def test_setting_of__sentences__is_as_printed(sentences: list[str], setting: str | None) -> None:
    assert setting_of(sentences) == setting


def test_setting_of__many_countries__none_is_named() -> None:
    said = "Patients were recruited in Spain, France, Germany, Austria and Italy."
    assert setting_of([said]) is None
