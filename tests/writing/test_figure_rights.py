"""A figure whose caption tells of rights of others is shown in no chapter but one that shows all, with a note."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.written import write
from chapter_pipeline.domain.brief import BriefRequest, FigurePolicy
from chapter_pipeline.domain.figure_rights import rights_statement
from chapter_pipeline.ports import Embedder
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.licences import Reuse, figure_rights
from chapter_pipeline.writing.stages import Stages
from tests.writing.conftest import ARTICLES, TOPIC, document, store_parsed

OF_OTHERS = (
    "Reproduced from Smith et al. [12].",
    "Adapted with permission from Smith et al.",
    "Courtesy of Dr. Jane Miller, Northmoor.",
    "© 2015 Elsevier.",
    "Copyright 2015 American Medical Association.",
    "Redrawn after Yasargil.",
    "Modified from ref. 14.",
    "From Smith et al. [12], with permission.",
    "From Smith and Jones (2011).",
    "Image credit: National Archive of Anatomy.",
    "Created with BioRender.com.",
    "Created in BioRender. Miller, J. (2024) https://BioRender.com/a12b345.",
    "Republished with permission of John Wiley and Sons, from Smith 2009; permission conveyed through Copyright Clearance Center, Inc.",
    "Reprinted by permission from Springer Nature: Nature Medicine, 2010.",
    "Used with permission of the Mayo Foundation for Medical Education and Research, all rights reserved.",
    "Panel B is from ref. 12.",
    "This figure was adapted from Smith et al. (2010).",
    "Schematic drawing of the approach (modified after Hakuba et al.).",
    "Timeline of the trials, adapted from [3].",
    "Illustration by Jane Miller.",
    "Photograph kindly provided by Prof. A. Brown.",
    "With kind permission from Springer Science+Business Media.",
    "The drawing is based on an illustration by Netter.",
    "Originally published in Neurosurgery 2004.",
    "Taken from Smith et al., J Neurosurg 2001;94:3-11.",
    "Redrawn and modified from Rhoton.",
    "(C) 2012 Oxford University Press.",
    "Source: Atlas of Neuroanatomy, 3rd edition.",
    "Image: Shutterstock.",
    "Reproduced under licence from Thieme.",
    "Figure reused with the publisher's permission.",
    "Reprinted from The Lancet, Vol. 366, with permission from Elsevier.",
    "Mit freundlicher Genehmigung des Thieme Verlags.",
    "Panels A and B reproduced with permission from Smith, the others are our own.",
    "Kaplan-Meier curves (reprinted from reference 7).",
    "Picture courtesy: Department of Radiology, Westhaven.",
)
OWN = (
    "Published with the permission of the patient.",
    "The patient's parents gave permission for publication of this photograph.",
    "Shown with permission of the local ethics committee.",
    "© The Author(s) 2020.",
    "Source: own data.",
    "Source data are provided as a Source Data file.",
    "Created with GraphPad Prism 9.",
    "Samples were taken from the tumour core and its rim.",
    "Sections taken from the left hemisphere.",
    "From left to right: T1, T2 and FLAIR.",
    "Treatment was adapted from week 4 on.",
    "The modified Rankin scale from admission to discharge.",
    "Animals adapted from day 3 to the new cage.",
    "(a) Cohort of 1999, (b) cohort of 2002, (c) 2005 cohort.",
    "Statistics by SPSS© software.",
    "Blood was drawn after surgery, as previously described [12].",
    "Data from Stupp et al. [3] and from our series were pooled.",
    "Values derived from three independent experiments.",
    "Survival after Gamma Knife radiosurgery and resection.",
    "Illustration by the first author.",
)


@pytest.mark.parametrize("said", OF_OTHERS)
@pytest.mark.parametrize(
    "caption", ["{}", "Figure 2. The approach to the sella. {}", "Fig. 3 Axial MRI at 12 months ({})"]
)
def test_figure_rights__of_others__are_shown_with_all_only(said: str, caption: str) -> None:
    rights = figure_rights(caption.format(said), "CC BY 4.0")
    assert rights.reuse in (Reuse.OF_OTHERS, Reuse.FORBIDDEN)
    assert rights.licence is None
    assert rights.statement
    assert not rights.allow(FigurePolicy.CREDITED)


@pytest.mark.parametrize("said", OWN)
def test_figure_rights__of_an_own_figure__are_those_of_the_article(said: str) -> None:
    caption = f"Figure 2. The course of the pituitary stalk. {said}"
    rights = figure_rights(caption, "CC BY 4.0")
    assert (rights.reuse, rights.licence, rights.statement) == (Reuse.WITH_CREDIT, "CC BY 4.0", None)


@pytest.mark.parametrize(
    ("caption", "article", "expected", "licence"),
    [
        ("Reproduced from Smith et al. [12] under CC BY 4.0.", None, Reuse.WITH_CREDIT, "CC BY 4.0"),
        ("Reproduced from [12] (CC BY-NC 3.0).", "CC BY 4.0", Reuse.NON_COMMERCIAL, "CC BY-NC 3.0"),
        ("Adapted from [12]. Licensed under CC BY 4.0.", "CC BY-NC-ND 4.0", Reuse.NON_COMMERCIAL, "CC BY 4.0"),
        ("Adapted from [12], CC BY 4.0.", None, Reuse.NOT_STATED, "CC BY 4.0"),
        ("© 2019 Smith, licensed under a Creative Commons Attribution 4.0 International License.", None,
         Reuse.WITH_CREDIT, "Creative Commons Attribution 4.0 International License"),
        ("A, from ref. 3 (CC BY). B, reprinted from ref. 4. Scale bar: 1 mm.", "CC BY", Reuse.OF_OTHERS, None),
        ("Reprinted with permission of Elsevier. The text is CC BY.", "CC BY", Reuse.OF_OTHERS, None),
        ("The image is in the public domain.", "All rights reserved", Reuse.WITH_CREDIT, "public domain"),
        ("© 2015 Elsevier. All rights reserved.", "CC BY", Reuse.FORBIDDEN, None),
        ("Reprinted from [4].", "All rights reserved", Reuse.FORBIDDEN, None),
        ("Cells of the NC group and of the CC genotype.", "CC BY", Reuse.WITH_CREDIT, "CC BY"),
    ],
)  # fmt: skip
def test_figure_rights__with_a_licence_in_the_caption(
    caption: str, article: str | None, expected: Reuse, licence: str | None
) -> None:
    rights = figure_rights(caption, article)
    assert (rights.reuse, rights.licence) == (expected, licence)


def test_figure_rights__statement__is_the_sentence_that_makes_it() -> None:
    caption = "Figure 1. The sella. Reprinted from Smith et al. [12], with permission. Arrow: stalk."
    said = rights_statement(caption)
    assert said is not None
    assert said.text == "Reprinted from Smith et al. [12], with permission."


def test_figure_rights__without_a_caption__are_those_of_the_article() -> None:
    assert figure_rights(None, "CC BY").reuse is Reuse.WITH_CREDIT
    assert rights_statement("") is None


@pytest.mark.parametrize("policy", [FigurePolicy.CREDITED, FigurePolicy.ALL])
def test_stages__figure_reprinted_in_a_free_article__needs_all_and_a_note(
    stages: Stages, library: LibraryStore, embedder: Embedder, policy: FigurePolicy
) -> None:
    title = next(iter(ARTICLES))
    parsed, passages = document(title)
    caption = f"Figure 1. Sketch: {title}. Reprinted by permission of the Northmoor Press."
    reprinted = replace(
        parsed,
        sha256="6" * 64,
        metadata=replace(parsed.metadata, licence="CC BY 4.0"),
        figures=(replace(parsed.figures[0], caption=caption, sha256="5" * 64),),
    )
    store_parsed(library, embedder, reprinted, passages, name="library/reprinted.pdf")
    written = write(stages, BriefRequest(topic=TOPIC, word_budget=600, figures=policy))
    shown = [one for one in written.final.chapter.figures if one.figure.sha256 == "5" * 64]
    noted = [note for note in written.final.notes if note.startswith("Rights of others in figure")]
    if policy is FigurePolicy.CREDITED:
        assert (shown, noted) == ([], [])
        return
    (one,) = shown
    assert (one.figure.licence, one.figure.rights) == (None, "Reprinted by permission of the Northmoor Press.")
    assert noted
    assert f"figure {one.number}," in noted[0]
