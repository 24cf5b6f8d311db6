"""Owns whom and which disease a statement is about: from its sentence, else its paragraph, its heading, its document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Species

_I = re.IGNORECASE
_HUMAN = re.compile(
    r"\b(?:patients?|participants?|volunteers?|women|woman|men|children|child|infants?|adolescents?|adults?|people|persons?|individuals|"
    r"clinical(?:ly)?|phase (?:I{1,3}|[123])|humans?|survivors?|clinicians?|surgeons?|physicians?|population|prevalence|caregivers?|inpatients?|outpatients?|neonates?|newborns?|mothers?|"
    r"students|nurses|smokers|boys|girls|elderly|hospital\w*|trial participants|homeless|prisoners)\b",
    _I,
)
_ANIMAL = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rodents?|rabbits?|dogs?|canine|pigs?|porcine|swine|sheep|ovine|monkeys?|primates?|macaques?|zebrafish|"
    r"xenografts?|allografts?|in vivo|C57BL/6\w*|BALB/c|Sprague[- ]Dawley|Wistar|transgenic|knock-?outs?|GL261\S*|hamsters?|guinea pigs?|drosophila|animals?|preclinical|pre-clinical|animal models?|littermates?)\b|\w+[⁻]/[⁻]",
    _I,
)
_CELLS = re.compile(
    r"\b(?:in vitro|cell lines?|cultured?|cultures|oncospheres?|neurospheres?|spheroids?|organoids?|HEK ?293\w*|HeLa|explants?|transfect\w+|primary cells|cytotoxicity assays?|monolayers?|flow cytometry of cultured)\b",
    _I,
)
_BENCH = re.compile(
    r"\b(?:phantoms?|bench[- ]?top|bench test\w*|cadaver\w*|finite element|simulat(?:ion|ions|ed)|calibrat\w+|prototype|hydrogel\w*)\b",
    _I,
)
_IMPLIES_ANIMAL = (StudyType.ANIMAL,)


def species_named(text: str) -> Species | None:
    """The species a text names most; None when it names none."""
    counted = {
        Species.ANIMAL: len(_ANIMAL.findall(text)),
        Species.HUMAN: len(_HUMAN.findall(text)),
        Species.CELLS: len(_CELLS.findall(text)),
        Species.BENCH: len(_BENCH.findall(text)),
    }
    most = max(counted.values())
    return next((species for species, count in counted.items() if count == most), None) if most else None


def species_of_study(study: StudyType, texts: Iterable[str]) -> Species:
    """The species of a document's own work."""
    if study is StudyType.ANIMAL:
        return Species.ANIMAL
    said = " ".join(texts)
    if study is StudyType.LABORATORY:
        animal, cells = len(_ANIMAL.findall(said)), len(_CELLS.findall(said))
        bench = len(_BENCH.findall(said))
        return max(((cells, Species.CELLS), (animal, Species.ANIMAL), (bench, Species.BENCH)), key=lambda one: one[0])[
            1
        ]
    if study is StudyType.UNKNOWN:
        return species_named(said) or Species.HUMAN
    return Species.HUMAN


# Names of diseases by the form of their words; what a topic needs beyond them comes from titles.
_DISEASE = re.compile(
    r"\b(?:(?:[A-Za-z][\w’'-]+ ){0,3}?(?:[a-z]*(?:gliomas?|blastomas?|cytomas?|carcinomas?|sarcomas?|adenomas?|meningiomas?|schwannomas?|lymphomas?|leuk[a]?emias?|melanomas?|neuromas?|ependymomas?|craniopharyngiomas?|chordomas?|myelomas?)|"
    r"(?:tumou?rs?|cancers?|metastas[ei]s|neoplasms?|malignanc(?:y|ies))|(?:[a-z]+(?:itis|opath(?:y|ies)|algia|plegia|paresis|emia|aemia|uria|penia|sclerosis|stenosis|thrombosis|cephal(?:y|us)|rrhage|rrhea|osis))|"
    r"(?:disease|syndrome|disorders?|injur(?:y|ies)|infections?|fractures?|strokes?|aneurysms?|malformations?|h[a]?emorrhages?|h[a]?ematomas?|migraines?|headaches?|epileps(?:y|ies)|seizures?|dementia|palsy|diabetes|hypertension|depression|pain|obesity|asthma|malaria|tuberculosis|schizophrenia|anxiety|insomnia|autism|"
    r"homelessness|deficits?|defects?|lesions?|failure|infarction|ischemia|ischaemia|edema|oedema)))\b",
    _I,
)
_LEADING = re.compile(
    r"^(?:(?:the|a|an|of|in|with|for|and|or|to|on|from|by|as|than|was|were|is|are|had|have|has|other|all|these|those|this|such|any|no|most|many|some|common|their|his|her|its|our|between|among|after|before|during|without|treated|treating|new|recurrent|primary|secondary|severe|chronic|acute|adult|"
    r"patients?|who|whose|that|which|at|into|against|using|having|diagnosed|suffering|due|including|people|children|women|men|history|risk|treatment|management|diagnosis|surgery|removal|resection) )+",
    _I,
)
_GENERIC = frozenset(
    "disease diseases disorder disorders syndrome injury injuries pain infection infections lesion lesions defect defects deficit deficits failure tumor tumors tumour tumours cancer".split()
)


def diseases_named(text: str) -> list[str]:
    """The diseases a text names, as printed, without what stands before their names; most general words are left out."""
    found = []
    for match in _DISEASE.finditer(text):
        name = _LEADING.sub("", match.group()).strip()
        if name and name.casefold() not in _GENERIC:
            found.append(name)
    return found


@dataclass(frozen=True, slots=True)
class Subjects:
    """Species and disease of a document's own work, and how a statement's own are found."""

    species: Species
    disease: str | None

    def of(self, text: str, paragraph: str, headings: Sequence[str], *, own: bool) -> tuple[Species, str | None]:
        """Species and disease of a statement; `own` tells whether it is about the document's own work."""
        species = species_named(text)
        if species is None or (own and species is Species.HUMAN and self.species in (Species.ANIMAL, Species.CELLS)):
            species = species if species is not None and not own else None
        if species is None:
            named = species_named(" ".join(headings[-1:])) if headings else None
            species = named if named is not None and named is not Species.HUMAN else None
        if species is None:
            species = self.species if own else (species_named(paragraph) or self.species)
        diseases = diseases_named(text) or ([] if own else diseases_named(" ".join(headings[-1:])))
        return species, (diseases[0] if diseases else self.disease)


def subjects_of(study: StudyType, title: str | None, abstract: str, body: str, population: str | None) -> Subjects:
    """The species and the disease of a document's own work."""
    species = species_of_study(study, (title or "", abstract, body[:20000] if study is StudyType.UNKNOWN else ""))
    named = Counter(name.casefold() for name in diseases_named(f"{title or ''}. {abstract}"))
    in_title = diseases_named(title or "")
    if population and (stated := diseases_named(population)):
        return Subjects(species, stated[0])
    if in_title:
        return Subjects(species, max(in_title, key=lambda name: named[name.casefold()]))
    return Subjects(species, named.most_common(1)[0][0] if named else None)
