"""Short forms stand for what their document defines; what it does not define, or another one means by it, is not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from chapter_pipeline.domain import Abbreviation
from chapter_pipeline.domain.abbreviations import defined, definitions, known_for, use_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABBREVIATIONS: CSF, cerebrospinal fluid; DC, decompressive craniectomy\n\nintracranial pressure (x)",
         {"CSF": "cerebrospinal fluid", "DC": "decompressive craniectomy"}),
        ("Abbreviations\n\nCRC: Colorectal cancer; MVPA: Moderate to vigorous activity.\n\nCompeting interests: none; NB, no",
         {"CRC": "Colorectal cancer", "MVPA": "Moderate to vigorous activity"}),
        ("Abbreviations used in Table 3: PK, pharmacokinetic; F, female. More; MS, not listed.", {"PK": "pharmacokinetic"}),
        ("The abbreviations are few; the rest, as here, is text.", {}),
        ("Gross total resection (GTR) and [the digital subtraction angiography (DSA)] were possible.",
         {"GTR": "Gross total resection", "DSA": "digital subtraction angiography"}),
        ("Mice had experimental autoimmune encephalomyelitis (EAE).", {"EAE": "experimental autoimmune encephalomyelitis"}),
        ("The Cancer Genome Atlas (TCGA) is open.", {"TCGA": "The Cancer Genome Atlas"}),
        ("We gave temozolomide (TMZ, oral) and took GM fraction (GMF = GM/ICV) in gray matter (GM).",
         {"TMZ": "temozolomide", "GMF": "gray matter fraction", "GM": "gray matter"}),
        ("Databases including Pub Med, Web of Science (ISI) were read.", {}),
        ("This potent bacterial toxin (PE) and the Australian Registry of it (XQ) are known.", {}),
        ("Two protocols were used, a single treatment (US1X), and two treatments 24 h apart (US2X).",
         {"US1X": "a single treatment", "US2X": "two treatments 24 h apart"}),
        ("A single treatment (US1X) was used.", {}),
        ("They were formatted as mouse IgG1 (anti-GITR (1)) and IgG2a (anti-GITR (2a)) isotypes.",
         {"anti-GITR (1)": "mouse IgG1", "anti-GITR (2a)": "IgG2a"}),
        ("Effects were seen (Fig1) and, at the later time point, again (Fig2).", {}),
        ("Mice had a triple therapy regimen consisting of drug A, drug B and radiation using a platform.",
         {"triple therapy": "drug A, drug B and radiation"}),
        ("Mice had triple therapy, which failed.", {}),
        ("Dual blockade with anti-A and anti-B was given. Dual blockade with C was not.", {}),
        ("Dual blockade with anti-A and B was given. Dual blockade with anti-A for a day.", {"dual blockade": "anti-A and B"}),
        ("Dual blockade with drug C was given. Dual blockade consisted of anti-A and B.", {"dual blockade": "anti-A and B"}),
        ("We studied the selective GPR17 antagonist RWT020016.", {"RWT020016": "GPR17 antagonist"}),
        ("Traumatic brain injury (TBI) is common. After traumatic events it is sought.", {"TBI": "traumatic brain injury"}),
        ("Gamma Knife radiosurgery (GKRS) at the gamma camera.", {"GKRS": "Gamma Knife radiosurgery"}),
    ],
)  # fmt: skip
def test_definitions__text_of_a_document__what_it_defines(text: str, expected: Mapping[str, str]) -> None:
    assert definitions([text]) == expected


def test_definitions__list_and_bracket_differ__the_list_counts() -> None:
    pages = ["An ultrasonic attempt by us (USA).", "Abbreviations: USA, ultrasonic aspirator; CT, computed tomography."]
    assert definitions(pages)["USA"] == "ultrasonic aspirator"


@pytest.mark.parametrize(
    ("short", "text", "found"),
    [
        ("GBM", "In GBM and GBMs.", "GBM"),
        ("NFPMA", "of NFPMA’s mass", "NFPMA’s"),
        ("DMD", "two DMDs", "DMDs"),
        ("LSCI", "LSCI-based imaging", "LSCI"),
        ("PD", "PD-1 is a receptor", None),
        ("PD-1", "Anti-PD-1 is an antibody", None),
        ("GBM", "gbm", None),
        ("triple therapy", "Triple therapy helps", "Triple therapy"),
        ("anti-GITR (1)", "anti-GITR (1)/SRS", "anti-GITR (1)"),
    ],
)
def test_use_of__text__whole_words_plurals_and_compounds(short: str, text: str, found: str | None) -> None:
    match = use_of(short, text)
    assert (match and match.group()) == found


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            {"a": ["glioblastoma (GBM)"], "b": ["glioblastoma multiforme (GBM)"], "c": ["glioblastoma (GBM)"]},
            [("GBM", "glioblastoma", ("a", "b", "c"))],
        ),
        (
            {"a": ["decompressive craniectomy (DC)"], "b": ["dendritic cells (DC)"]},
            [("DC", "decompressive craniectomy", ("a",)), ("DC", "dendritic cells", ("b",))],
        ),
        (
            {"a": ["triple therapy with radiation and A."], "b": ["triple therapy with radiation and B."]},
            [("triple therapy", "radiation and A", ("a",)), ("triple therapy", "radiation and B", ("b",))],
        ),
    ],
)
def test_defined__several_documents__one_entry_for_each_meaning(
    texts: Mapping[str, Sequence[str]], expected: Sequence[tuple[str, str, tuple[str, ...]]]
) -> None:
    assert [(one.short, one.long, one.documents) for one in defined(texts)] == expected


def test_abbreviation__stored_by_an_earlier_release__is_of_no_document() -> None:
    assert Abbreviation.model_validate({"short": "GBM", "long": "glioblastoma"}).documents == ()


def test_known_for__documents_cited__their_meaning_then_that_of_all_others() -> None:
    known = [
        Abbreviation(short="DCR", long="decompressive craniectomy", documents=("a",)),
        Abbreviation(short="DCR", long="dendritic cell ratio", documents=("b",)),
        Abbreviation(short="GBM", long="glioblastoma", documents=("a",)),
        Abbreviation(short="US", long="ultrasound", documents=("a",)),
        Abbreviation(short="triple therapy", long="A, B and C", documents=("a",)),
        Abbreviation(short="CSF", long="cerebrospinal fluid"),
    ]
    assert known_for(known, ["b"]) == {
        "DCR": "dendritic cell ratio",
        "GBM": "glioblastoma",
        "CSF": "cerebrospinal fluid",
    }
    assert known_for(known, ["c"]) == {"GBM": "glioblastoma", "CSF": "cerebrospinal fluid"}
    assert known_for(known, ["a"])["triple therapy"] == "A, B and C"
