"""Owns whom and which disease a statement is about: from its sentence, else its paragraph, its heading, its document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Species

_I = re.IGNORECASE
_WORDS: dict[str, Species] = {
    word: species
    for species, words in (
        (
            Species.HUMAN,
            "patient patients participant participants volunteer volunteers women woman men man children child infant infants adolescent adolescents adult adults people person persons individual individuals"
            " clinical clinically human humans survivor survivors clinician clinicians surgeon surgeons physician physicians population populations prevalence caregiver caregivers inpatient inpatients outpatient"
            " outpatients neonate neonates newborn newborns mother mothers student students nurse nurses smokers boys girls elderly hospital hospitals hospitalized hospitalised hospitalization homeless prisoners",
        ),
        (
            Species.ANIMAL,
            "mice mouse murine rat rats rodent rodents rabbit rabbits dog dogs canine pig pigs porcine swine sheep ovine monkey monkeys primate primates macaque macaques zebrafish xenograft xenografts allografted"
            " transgenic knockout knockouts hamster hamsters drosophila animal animals preclinical littermate littermates sprague wistar",
        ),
        (
            Species.CELLS,
            "cultured culture cultures oncospheres oncosphere neurosphere neurospheres spheroid spheroids organoid organoids hek hela explant explants transfected transfection monolayer monolayers",
        ),
        (Species.BENCH, "phantom phantoms benchtop cadaver cadavers cadaveric simulation simulations simulated calibration calibrated prototype hydrogel hydrogels"),
    )
    for word in words.split()
}  # fmt: skip
_PHRASES = (
    ("in vivo", Species.ANIMAL), ("c57bl", Species.ANIMAL), ("balb/c", Species.ANIMAL), ("gl261", Species.ANIMAL), ("guinea pig", Species.ANIMAL), ("⁻/⁻", Species.ANIMAL), ("pre-clinical", Species.ANIMAL),
    ("in vitro", Species.CELLS), ("cell line", Species.CELLS), ("primary cells", Species.CELLS), ("cytotoxicity assay", Species.CELLS),
    ("bench test", Species.BENCH), ("bench-top", Species.BENCH), ("finite element", Species.BENCH), ("phase i", Species.HUMAN),
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")


def _counted(text: str) -> Counter[Species]:
    """How often a text names each species."""
    folded = text.casefold()
    counted = Counter(map(_WORDS.get, _WORD.findall(folded)))
    del counted[None]
    for phrase, species in _PHRASES:
        if phrase in folded:
            counted[species] += folded.count(phrase)
    return counted  # type: ignore[return-value]  # None is out of it


def species_named(text: str) -> Species | None:
    """The species a text names most; None when it names none."""
    counted = _counted(text)
    most = max(counted.values(), default=0)
    return next((species for species in _ORDER if most and counted[species] == most), None)


_ORDER = (Species.ANIMAL, Species.HUMAN, Species.CELLS, Species.BENCH)


def species_of_study(study: StudyType, texts: Iterable[str]) -> Species:
    """The species of a document's own work."""
    if study is StudyType.ANIMAL:
        return Species.ANIMAL
    said = " ".join(texts)
    if study is StudyType.LABORATORY:
        counted = _counted(said)
        return max((Species.CELLS, Species.ANIMAL, Species.BENCH), key=lambda species: counted[species])
    if study is StudyType.UNKNOWN:
        return species_named(said) or Species.HUMAN
    return Species.HUMAN


# Names of diseases by the form of their last word; up to three words before it belong to the name.
_ENDINGS = tuple(
    "glioma gliomas blastoma blastomas cytoma cytomas carcinoma carcinomas sarcoma sarcomas adenoma adenomas meningioma meningiomas schwannoma schwannomas lymphoma lymphomas leukemia leukaemia leukemias"
    " melanoma melanomas neuroma neuromas ependymoma ependymomas pharyngioma pharyngiomas chordoma chordomas myeloma myelomas itis opathy opathies algia plegia paresis emia aemia uria penia sclerosis stenosis thrombosis"
    " cephalus cephaly rrhage rrhages rrhea osis".split()
)
_DISEASES = frozenset(
    "tumor tumors tumour tumours cancer cancers metastasis metastases neoplasm neoplasms malignancy malignancies disease diseases syndrome syndromes disorder disorders injury injuries infection infections fracture"
    " fractures stroke strokes aneurysm aneurysms malformation malformations hematoma hematomas haematoma haematomas migraine migraines headache headaches epilepsy epilepsies seizure seizures dementia palsy diabetes"
    " hypertension depression pain obesity asthma malaria tuberculosis schizophrenia anxiety insomnia autism homelessness deficit deficits defect defects lesion lesions failure infarction ischemia ischaemia edema oedema".split()
)
_NO_DISEASE = frozenset(
    "diagnosis prognosis analysis hypothesis apoptosis necrosis mitosis synthesis osmosis basis emphasis hypnosis anastomosis symbiosis meiosis phagocytosis endocytosis exocytosis".split()
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
    words = list(_WORD.finditer(text))
    for place, match in enumerate(words):
        word = match.group().casefold()
        if not (word in _DISEASES or word.endswith(_ENDINGS)) or word in _NO_DISEASE:
            continue
        first = place
        while first > max(0, place - 3) and text[words[first - 1].end() : words[first].start()] == " ":
            first -= 1
        name = _LEADING.sub("", text[words[first].start() : match.end()]).strip()
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
