"""Owns whom and which disease a statement is about: from its sentence, else its paragraph, its heading, its document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species

_I = re.IGNORECASE
_WORDS: dict[str, Species] = {
    word: species
    for species, words in (
        (
            Species.HUMAN,
            "patient patients participant participants volunteer volunteers women woman men man children child infant infants adolescent adolescents adult adults people person persons"
            " human humans survivor survivors clinician clinicians surgeon surgeons physician physicians caregiver caregivers inpatient inpatients outpatient"
            " outpatients neonate neonates newborn newborns mother mothers student students nurse nurses smokers boys girls elderly hospitalized hospitalised hospitalization homeless prisoners",
        ),
        (
            Species.ANIMAL,
            "mice mouse murine rat rats rodent rodents rabbit rabbits dog dogs canine pig pigs porcine swine sheep ovine monkey monkeys primate primates macaque macaques zebrafish xenograft xenografts allografted"
            " transgenic knockout knockouts hamster hamsters gerbil gerbils ferret ferrets piglet piglets minipig minipigs goat goats lamb lambs ewe ewes feline bovine equine beagle beagles baboon baboons marmoset marmosets rhesus cynomolgus nonhuman non-human drosophila animal animals preclinical littermate littermates sprague wistar",
        ),
        (
            Species.CELLS,
            "cultured oncospheres oncosphere neurosphere neurospheres spheroid spheroids organoid organoids hek hela explant explants transfected transfection monolayer monolayers",
        ),
        (Species.BENCH, "phantom phantoms benchtop cadaver cadavers cadaveric simulation simulations simulated calibration calibrated prototype hydrogel hydrogels"),
    )
    for word in words.split()
}  # fmt: skip
_PHRASES = (
    ("in vivo", Species.ANIMAL), ("c57bl", Species.ANIMAL), ("balb/c", Species.ANIMAL), ("gl261", Species.ANIMAL), ("guinea pig", Species.ANIMAL), ("⁻/⁻", Species.ANIMAL), ("pre-clinical", Species.ANIMAL),
    ("in vitro", Species.CELLS), ("cell line", Species.CELLS), ("primary cells", Species.CELLS), ("cytotoxicity assay", Species.CELLS),
    ("bench test", Species.BENCH), ("bench-top", Species.BENCH), ("finite element", Species.BENCH),
)  # fmt: skip
_PHASE = re.compile(r"\bphase (?:i{1,3}|iv|[1-4])[ab]?\b")
# What sounds like a bench, a culture or an animal, and is of people.
_OTHERWISE = (
    (re.compile(r"\bin vitro fertili[sz]\w+"), Species.CELLS, Species.HUMAN),
    (
        re.compile(r"\bcanine (?:retraction|teeth|tooth|movement|impaction|distali\w+|substitution|fossa)"),
        Species.ANIMAL,
        Species.HUMAN,
    ),
    (re.compile(r"\bphantom (?:limb|pain|sensation|breast|tooth)"), Species.BENCH, Species.HUMAN),
    (
        re.compile(r"\bcadaver\w* (?:donors?|kidneys?|livers?|grafts?|transplants?|renal|liver)"),
        Species.BENCH,
        Species.HUMAN,
    ),
    (
        re.compile(
            r"\b(?:dog|cat|rat|animal|monkey) (?:bites?|scratch\w*|dander|allerg\w+|assisted)|\banimals? bites?"
        ),
        Species.ANIMAL,
        Species.HUMAN,
    ),
)
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")


def _counted(text: str) -> Counter[Species]:
    """How often a text names each species."""
    folded = text.casefold()
    counted: Counter[Species] = Counter()
    for word in _WORDS.keys() & (words := _WORD.findall(folded)):
        counted[_WORDS[word]] += words.count(word)
    for phrase, species in _PHRASES:
        if phrase in folded:
            counted[species] += folded.count(phrase)
    for pattern, taken, given in _OTHERWISE:
        if counted[taken] and (times := len(pattern.findall(folded))):
            counted[taken] -= times
            counted[given] += times
    if "phase " in folded:
        counted[Species.HUMAN] += len(_PHASE.findall(folded))
    return +counted


@lru_cache(maxsize=256)
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


def _species_of_title(title: str) -> Species | None:
    """What a title says the work is of, when it names no people: a trial in pigs, a review of mouse models."""
    counted = _counted(title)
    return species_named(title) if counted and not counted[Species.HUMAN] else None


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
_MODIFIERS = frozenset(
    "brain lung breast colon ovarian skin head neck spine bone heart kidney liver bowel multiple benign recurrent primary secondary high low grade large small cell non mild moderate severe"
    " major minor early advanced late onset term newly single double blood nerve root cord disc disk white matter motor stem cranial skull base wound site low-back back neck blood-brain burst posterior anterior middle fossa"
    " traumatic spontaneous ruptured unruptured giant deep vein central peripheral nervous system type gestational essential arterial pulmonary bladder prostate colorectal gastric pancreatic".split()
)
_MODIFYING = (
    "ic",
    "al",
    "ar",
    "ous",
    "ary",
    "ant",
    "ign",
    "oid",
    "ial",
    "ive",
    "related",
    "induced",
    "associated",
    "grade",
    "resistant",
    "remitting",
    "progressive",
    "functioning",
    "secreting",
    "positive",
    "negative",
    "mutant",
    "term",
)
_NOT_MODIFYING = frozenset(
    "several clinical general total initial final potential typical additional experimental individual overall particular similar significant important relevant previous various other more most optimal ideal critical natural normal original special usual actual real local effective comparative respective alternative positive such".split()
)
_GENERIC = frozenset(
    "disease diseases disorder disorders syndrome injury injuries pain infection infections lesion lesions defect defects deficit deficits failure tumor tumors tumour tumours cancer".split()
)


@lru_cache(maxsize=256)
def diseases_named(text: str) -> tuple[str, ...]:
    """The diseases a text names, as printed, with the words that tell their kind; most general words are left out."""
    if not any(map(_is_disease, _WORD.findall(text))):
        return ()
    found = []
    words = list(_WORD.finditer(text))
    for place, match in enumerate(words):
        if not _is_disease(match.group()):
            continue
        first = place
        while (
            first > max(0, place - 4)
            and text[words[first - 1].end() : words[first].start()] == " "
            and _modifies(words[first - 1].group(), words[first - 1].start())
        ):
            first -= 1
        name = text[words[first].start() : match.end()]
        if name.casefold() not in _GENERIC:
            found.append(name)
    return tuple(found)


@lru_cache(maxsize=32768)
def _is_disease(word: str) -> bool:
    """Whether a word is the last one of the name of a disease."""
    folded = word.casefold()
    return (folded in _DISEASES or folded.endswith(_ENDINGS)) and folded not in _NO_DISEASE


def _modifies(word: str, place: int) -> bool:
    """Whether a word before the name of a disease tells which one: "pituitary", "high-grade", "Parkinson's"."""
    folded = word.casefold()
    if folded in _NOT_MODIFYING:
        return False
    named = place > 0 and word[:1].isupper() and word[1:2].islower()
    return folded in _MODIFIERS or folded.endswith(_MODIFYING) or "-" in word or "’s" in word or "'s" in word or named


@dataclass(frozen=True, slots=True)
class Subjects:
    """Species and disease of a document's own work, and how a statement's own are found."""

    species: Species
    disease: str | None
    short: Mapping[str, str]

    def of(self, text: str, paragraph: str, headings: Sequence[str], kind: FindingKind) -> tuple[Species, str | None]:
        """Species and disease of a statement: of its sentence, else its paragraph, its heading, the document."""
        own = kind in _OWN
        named = species_named(text)
        if named is Species.HUMAN and own and self.species is not Species.HUMAN and not _OF_PATIENTS.search(text):
            named = None  # human cells and antibodies in a study of animals
        diseases: Sequence[str] = ()
        if not (own and self.disease):
            diseases = diseases_named(text) or (self.short and self._abbreviated(text)) or ()
        if named is None and headings:
            under = species_named(headings[-1])
            named = under if under is not Species.HUMAN else None
        if named is None and not own:
            named = species_named(paragraph)
        if named is None:
            told = kind in (FindingKind.BACKGROUND, FindingKind.RECOMMENDATION, FindingKind.DEFINITION)
            named = Species.HUMAN if told and diseases else self.species
        if not diseases and not own and headings:
            diseases = diseases_named(headings[-1])
        if own and self.disease:  # what else a result names is what happened to patients, not what they have
            return named, self.disease
        return named, (diseases[0] if diseases else self.disease)

    def _abbreviated(self, text: str) -> tuple[str, ...]:
        return tuple(self.short[word] for word in _WORD.findall(text) if word in self.short)


_OWN = (FindingKind.OWN_RESULT, FindingKind.OWN_METHOD, FindingKind.OPERATIVE_STEP, FindingKind.CASE)
_OF_PATIENTS = re.compile(
    r"\b(?:patients?|participants?|volunteers?|post-?mortem|autops(?:y|ies)|human tissues?)\b", _I
)
_SHORT = re.compile(r"\(([A-Z][A-Za-z]{1,6})\)")
_SYMPTOMS = frozenset(
    "pain anxiety depression deficit deficits hemorrhage haemorrhage headache headaches edema oedema obesity infection infections failure".split()
)


def _abbreviations(text: str) -> dict[str, str]:
    """The diseases that a text abbreviates: "glioblastoma (GBM)"."""
    found: dict[str, str] = {}
    for match in _SHORT.finditer(text):
        before = text[max(0, match.start() - 80) : match.start()].rstrip()
        names = diseases_named(before)
        if names and before.endswith(names[-1]):
            found.setdefault(match[1], names[-1])
            found.setdefault(match[1] + "s", names[-1])
    return found


def subjects_of(study: StudyType, title: str | None, abstract: str, body: str, population: str | None) -> Subjects:
    """The species and the disease of a document's own work."""
    species = species_of_study(study, (title or "", abstract, body[:20000] if study is StudyType.UNKNOWN else ""))
    if species is Species.HUMAN and _species_of_title(title or "") is Species.ANIMAL:
        species = Species.ANIMAL
    short = _abbreviations(f"{abstract} {body[:30000]}")
    if population and (stated := diseases_named(population)):
        return Subjects(species, stated[0], short)
    counted: Counter[str] = Counter()
    names: dict[str, str] = {}
    for text, weight in ((title or "", 4), (abstract, 1)):
        for name in (*diseases_named(text), *(short[word] for word in _WORD.findall(text) if word in short)):
            kind = name.casefold().removesuffix("s")
            symptom = name.split()[-1].casefold() in _SYMPTOMS
            counted[kind] += (weight if weight > 1 else 0) if symptom else 2 * weight
            names.setdefault(kind, name)
    return Subjects(species, names[counted.most_common(1)[0][0]] if counted else None, short)
