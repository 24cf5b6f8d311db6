"""Owns whom and which disease a statement is about: from its sentence, else its paragraph, its heading, its document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.evidence.text import has_one

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
    ("cell culture", Species.CELLS), ("culture medium", Species.CELLS), ("log phase", Species.CELLS), ("hybridoma", Species.CELLS),
    ("bench test", Species.BENCH), ("bench-top", Species.BENCH), ("finite element", Species.BENCH),
)  # fmt: skip
_PHASE = re.compile(r"\bphase (?:i{1,3}|iv|[1-4])[ab]?\b")
_CLINICAL = re.compile(r"(?<![a-z-])clinical (?:trials?|investigations?|practice|use|routine)\b")
_REAGENT = re.compile(
    r"\banti-?(?:mouse|human|rat|rabbit|goat|hamster|sheep|donkey)\b|\bf(?:o?e)tal (?:bovine|calf) serum\b"
    r"|\b(?:mouse|rabbit|goat|hamster|rat|donkey|sheep|chicken|human|humani[sz]ed|murine|bovine|horse|swine)(?: or (?:mouse|rabbit|goat|rat))?[- ](?:anti\b|anti-\w+|monoclonal|polyclonal|igg\w*|antibod\w+|serum|albumin|immunoglobulin\w*)"
)
"""Antibodies and sera: the animal they come from is not the one that is studied."""
_MODEL = re.compile(
    r"\b(?:\w*(?:oma|omas|tumou?r|cancer|injury|stroke|ischemia|ischaemia|pain|seizure|epilepsy)) models?\b|\b(?:tumou?r|glioma|melanoma|cancer)-bearing\b|\bflank (?:tumou?rs?|injection|\w*oma)|\b(?:formalin|capsaicin)-(?:evoked|induced)\b|\borthotopic\w*\b"
)
_CULTURED = re.compile(
    r"\b(?:cells?|keratinocytes|fibroblasts|astrocytes|neurons|neurones|hybridomas?|lines?|spheres?)\b[^.;]{0,60}?\b(?:was|were) (?:\w+ ){0,2}?(?:cultured|seeded|plated|passaged|trypsini[sz]ed|transfected|grown)\b"
)
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
_OF_CULTURES = ("cultured", "seeded", "plated", "passaged", "trypsini", "transfected", "grown")
_WORD = re.compile(r"[^\W\d_]+(?:[’'‑-][^\W\d_]+)*")
_ASCII_WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*")
"""The same words of a text in ASCII, found in half of the time."""


def _word_in(text: str) -> re.Pattern[str]:
    return _ASCII_WORD if text.isascii() else _WORD


def _words(text: str) -> list[str]:
    return _word_in(text).findall(text)


_UNCOUNTED = dict.fromkeys(Species, 0)


def _counted(text: str) -> dict[Species, int]:
    """How often a text names each species that it names."""
    folded = text.casefold()
    if "anti" in folded or "serum" in folded or "clonal" in folded or " igg" in folded or "albumin" in folded:
        folded = _REAGENT.sub(" ", folded)
    counted = _UNCOUNTED.copy()
    for word in _WORDS.keys() & (words := _words(folded)):
        counted[_WORDS[word]] += words.count(word)
    if "-" in folded:
        for word in words:
            if "-" in word and word not in _WORDS and not word.endswith(_DERIVED):
                for species in map(_WORDS.get, word.split("-")):
                    if species is not None and species is not Species.HUMAN:
                        counted[species] += 1
    if "model" in folded or "bearing" in folded or "flank" in folded or "orthotopic" in folded or "-evoked" in folded:
        counted[Species.ANIMAL] += len(_MODEL.findall(folded))
    if has_one(folded, _OF_CULTURES):
        counted[Species.CELLS] += 2 * len(_CULTURED.findall(folded))
    for phrase, species in _PHRASES:
        if phrase in folded:
            counted[species] += folded.count(phrase)
    for pattern, taken, given in _OTHERWISE:
        if counted[taken] and (times := len(pattern.findall(folded))):
            counted[taken] -= times
            counted[given] += times
    if "phase " in folded:
        counted[Species.HUMAN] += len(_PHASE.findall(folded))
    if "clinical" in folded:
        counted[Species.HUMAN] += len(_CLINICAL.findall(folded))
    return {species: times for species, times in counted.items() if times > 0}


_DERIVED = ("-derived", "-specific", "-anti", "-reactive")


@lru_cache(maxsize=256)
def species_named(text: str, studied: Species | None = None) -> Species | None:
    """The species a text names most, of several `studied` if it is among them; None when it names none."""
    counted = _counted(text)
    most = max(counted.values(), default=0)
    if studied is not None and most and counted.get(studied) == most:
        return studied
    return next((species for species in _ORDER if most and counted.get(species) == most), None)


_ORDER = (Species.ANIMAL, Species.HUMAN, Species.CELLS, Species.BENCH)


def species_of_study(study: StudyType, texts: Iterable[str]) -> Species:
    """The species of a document's own work."""
    if study is StudyType.ANIMAL:
        return Species.ANIMAL
    said = " ".join(texts)
    if study is StudyType.LABORATORY:
        counted = _counted(said)
        return max((Species.CELLS, Species.ANIMAL, Species.BENCH), key=lambda species: counted.get(species, 0))
    if study is StudyType.UNKNOWN:
        return species_named(said) or Species.HUMAN
    return Species.HUMAN


def _species_of_title(title: str) -> Species | None:
    """What a title says the work is of, when it names no people: a trial in pigs, a review of mouse models."""
    counted = _counted(title)
    return species_named(title) if counted and Species.HUMAN not in counted else None


# Names of diseases by the form of their last word; up to three words before it belong to the name.
_ENDINGS = tuple(
    "glioma gliomas blastoma blastomas cytoma cytomas carcinoma carcinomas sarcoma sarcomas adenoma adenomas meningioma meningiomas schwannoma schwannomas lymphoma lymphomas leukemia leukaemia leukemias"
    " melanoma melanomas neuroma neuromas ependymoma ependymomas pharyngioma pharyngiomas chordoma chordomas myeloma myelomas itis opathy opathies algia plegia paresis emia aemia uria penia iasis sclerosis stenosis thrombosis"
    " dystrophy dystrophies dysplasia atrophy cephalus cephaly rrhage rrhages rrhea osis".split()
)
_DISEASES = frozenset(
    "tumor tumors tumour tumours cancer cancers metastasis metastases neoplasm neoplasms malignancy malignancies disease diseases syndrome syndromes disorder disorders injury injuries infection infections fracture"
    " fractures stroke strokes aneurysm aneurysms malformation malformations hematoma hematomas haematoma haematomas migraine migraines headache headaches epilepsy epilepsies seizure seizures dementia palsy diabetes"
    " hypertension eczema glaucoma lupus hiv aids anorexia preeclampsia pre-eclampsia constipation cachexia demyelination dysmyelination neurodegeneration degeneration trauma concussion concussions vasospasm ataxia infarct infarcts embolism paralysis cyst cysts sepsis pneumonia influenza incontinence hypoxia spasticity psychosis herniation hernia depression pain obesity asthma malaria tuberculosis schizophrenia anxiety insomnia autism homelessness deficit deficits defect defects lesion lesions failure infarction ischemia ischaemia edema oedema".split()
)
_NO_DISEASE = frozenset(
    "diagnosis prognosis analysis hypothesis apoptosis necrosis mitosis synthesis osmosis basis emphasis hypnosis anastomosis symbiosis meiosis phagocytosis endocytosis exocytosis".split()
)
_NO_ENDINGS = ("eburia", "ytosis", "ptosis", "gliosis", "ogenesis", "academia")
"""Processes of cells, and words that only end like a disease."""
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
    "atory",
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
    "murine mouse rat human open novel new popular well-localised radiographic any although though while because since when if but this that these our their the for with and from after of in several clinical general total initial final potential typical additional experimental individual overall particular similar significant important relevant previous various other more most optimal ideal critical natural normal original special usual actual real local effective comparative respective alternative positive such".split()
)
_HEADS = frozenset(
    "disease disorder syndrome injury infection lesion defect deficit failure tumor tumour cancer neoplasm malignancy metastasis".split()
)
"""General words that name a disease with another word before them only."""
_TUMOURS = frozenset("tumor tumour cancer neoplasm malignancy".split())
_STAGES = frozenset(
    "chronic acute severe mild moderate visual residual invasive primary secondary recurrent aggressive intracranial malignant solid benign large small preoperative postoperative axial extra-axial intra-axial extra‑axial intra‑axial systemic long-term giant early late advanced new newly".split()
)
"""Words before the name of a disease that tell a stage or a place, not which disease."""


def _singular(name: str) -> str:
    """The last form of a name with which two are compared: "tumors" as "tumor", "metastases" as "metastasis"."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    return (
        name[:-2] + "is"
        if name.endswith(("tases", "oses"))
        else name.removesuffix("s")
        if not name.endswith(("is", "us"))
        else name
    )


_GENERIC = frozenset(
    "disease diseases disorder disorders syndrome injury injuries pain infection infections lesion lesions defect defects deficit deficits failure tumor tumors tumour tumours cancer".split()
)


@lru_cache(maxsize=256)
def diseases_named(text: str) -> tuple[str, ...]:
    """The diseases a text names, as printed, with the words that tell their kind; most general words are left out."""
    named = [place for place, word in enumerate(_words(text)) if _is_disease(word)]
    if not named:
        return ()
    found = []
    words = list(_word_in(text).finditer(text))
    for place in named:
        first = place
        while (
            first > max(0, place - 4)
            and text[words[first - 1].end() : words[first].start()] == " "
            and _modifies(words[first - 1].group(), words[first - 1].start())
        ):
            first -= 1
        name = text[words[first].start() : words[place].end()]
        if name.casefold() not in _GENERIC:
            found.append(name)
    return tuple(found)


@lru_cache(maxsize=32768)
def _is_disease(word: str) -> bool:
    """Whether a word is the last one of the name of a disease."""
    folded = word.casefold()
    return (folded in _DISEASES or folded.endswith(_ENDINGS)) and not (
        folded in _NO_DISEASE or folded.endswith(_NO_ENDINGS)
    )


def _modifies(word: str, place: int) -> bool:
    """Whether a word before the name of a disease tells which one: "pituitary", "high-grade", "Parkinson's"."""
    folded = word.casefold()
    if folded in _NOT_MODIFYING or folded.endswith(("-led", "-based", "-guided", "-delivered")):
        return False
    named = place > 0 and word[:1].isupper() and word[1:2].islower()
    return folded in _MODIFIERS or folded.endswith(_MODIFYING) or "-" in word or "’s" in word or "'s" in word or named


@dataclass(frozen=True, slots=True)
class Subjects:
    """Species and disease of a document's own work, and how a statement's own are found."""

    species: Species
    disease: str | None
    short: Mapping[str, str]
    sure: bool = True
    """Whether the title or the abstract is on `disease`, and not one of several that it names."""

    def of(self, text: str, paragraph: str, headings: Sequence[str], kind: FindingKind) -> tuple[Species, str | None]:
        """Species and disease of a statement: of its sentence, else its paragraph, its heading, the document."""
        own = kind in _OWN
        if own and self.disease and self.sure:
            # What else a result names is what happened to patients, not what they have.
            return self._species(text, paragraph, headings, kind, ill=True), self.disease
        diseases = diseases_named(text) or (self._abbreviated(text) if self.short else ())
        return self._species(text, paragraph, headings, kind, bool(diseases)), self._disease(
            text, headings, diseases, own
        )

    def _species(self, text: str, paragraph: str, headings: Sequence[str], kind: FindingKind, ill: bool) -> Species:
        own = kind in _OWN
        infers = kind in (FindingKind.CONCLUSION, FindingKind.LIMITATION) and self.species is not Species.HUMAN
        # What animals or cells suggest for clinical trials is still inferred from animals or cells.
        if infers:
            text, paragraph = (_CLINICAL.sub(" ", one.lower()) for one in (text, paragraph))
        named = species_named(text, self.species)
        if (
            kind is FindingKind.CASE
            and named is not Species.ANIMAL
            and (named or _OF_ONE.match(text) or self.species is not Species.ANIMAL)
        ):
            return Species.HUMAN
        if named is Species.HUMAN and own and self.species is not Species.HUMAN and not _OF_PATIENTS.search(text):
            named = None  # human cells and antibodies in a study of animals
        if named is None and headings:
            under = species_named(headings[-1])
            named = under if under is not Species.HUMAN else None
        if named is None and not own and paragraph != text:
            named = species_named(paragraph)
        if named is None:
            told = kind in (FindingKind.BACKGROUND, FindingKind.RECOMMENDATION, FindingKind.DEFINITION)
            if told and ill:
                return Species.HUMAN
            if own and self.species in (Species.ANIMAL, Species.CELLS) and len(set(_DEVICE.findall(text))) > 1:
                return Species.BENCH
        return named or self.species

    def _disease(self, text: str, headings: Sequence[str], diseases: Sequence[str], own: bool) -> str | None:
        if not diseases and not own and headings:
            diseases = diseases_named(headings[-1])
        for name in diseases:
            said = self._said(name)
            if said is not None:
                return said
        return self.disease or (diseases[0] if diseases else None)

    def _said(self, name: str) -> str | None:
        """The disease that a name in a sentence says: the document's for a shorter name of it, none for "residual tumour"."""
        words = name.casefold().split()
        head = _singular(words[-1])
        if any(word not in _STAGES for word in words[:-1]):
            return name
        if self.disease and _singular(self.disease.casefold()).endswith(head):
            return self.disease
        return None if head in _HEADS else name

    def _abbreviated(self, text: str) -> tuple[str, ...]:
        return tuple(self.short[word] for word in _words(text) if word in self.short)


_OF_ONE = re.compile(r"(?:he|she|his|her)\b", _I)
_DEVICE = re.compile(
    r"\b(?:cameras?|lens(?:es)?|lasers?|diodes?|detectors?|wavelengths?|pixels?|exposure times?|frame rates?|sensors?|amplifiers?|sampling rates?|firmware|hardware|software|algorithms?|prototypes?|calibrat\w+|illumination|beams?|optic(?:al|s)|field of view|displays?|graphical|processors?|bandwidth|resolution|voltage|circuits?|transducers?|speckle)\b",
    _I,
)
"""Parts of devices: a sentence of two of them and of no living thing is of the bench."""
_OWN = (FindingKind.OWN_RESULT, FindingKind.OWN_METHOD, FindingKind.OPERATIVE_STEP, FindingKind.CASE)
_OF_PATIENTS = re.compile(
    r"\b(?:patients?|participants?|volunteers?|post-?mortem|autops(?:y|ies)|human tissues?)\b", _I
)
_WORD_OF_NAME = re.compile(r"[^\W\d_]+(?:[’'](?:s\b)?)?")
_SHORT = re.compile(r"\(([A-Z][A-Za-z]{1,6})\)")
_SYMPTOMS = frozenset(
    "pain anxiety depression deficit deficits hemorrhage haemorrhage headache headaches edema oedema obesity infection infections failure".split()
)


def _abbreviations(text: str) -> dict[str, str]:
    """The diseases that a text abbreviates: "glioblastoma (GBM)", "diffuse intrinsic pontine glioma (DIPG)"."""
    found: dict[str, str] = {}
    for match in _SHORT.finditer(text):
        before = text[max(0, match.start() - 80) : match.start()].rstrip()
        ends = before.removesuffix(" multiforme").removesuffix(" Multiforme")
        name = _spelled_out(before, match[1]) or next(
            (name for name in diseases_named(ends)[-1:] if ends.endswith(name)), None
        )
        if name:
            short = match[1].removesuffix("s")
            found.setdefault(short, name)
            found.setdefault(short + "s", name)
    return found


def _spelled_out(before: str, short: str) -> str | None:
    """The last words before an abbreviation that begin with its letters and name a disease."""
    letters = short.removesuffix("s").casefold()
    words = list(_WORD_OF_NAME.finditer(before))[-len(letters) :]
    named = [match for match in words if match.group()[0].casefold() == letters[0]]
    for first in named:
        rest = words[words.index(first) :]
        initials = "".join(match.group()[0].casefold() for match in rest)
        name = before[first.start() :]
        if initials == letters and _is_disease(rest[-1].group()):
            return name
    return None


def subjects_of(study: StudyType, title: str | None, abstract: str, body: str, population: str | None) -> Subjects:
    """The species and the disease of a document's own work."""
    species = species_of_study(study, (title or "", abstract, body[:20000] if study is StudyType.UNKNOWN else ""))
    if species is Species.HUMAN and _species_of_title(title or "") is Species.ANIMAL:
        species = Species.ANIMAL
    short = _abbreviations(f"{title or ''} {abstract} {body[:30000]}")
    if population and (stated := diseases_named(population)):
        return Subjects(species, stated[0], short)
    counted: Counter[str] = Counter()
    names: dict[str, str] = {}
    for text, weight in ((title or "", 4), (abstract, 1)):
        for name in _named(text, short):
            kind = _singular(name.casefold())
            symptom = name.split()[-1].casefold() in _SYMPTOMS
            counted[kind] += (weight if weight > 1 else 0) if symptom else 2 * weight
            names.setdefault(kind, name)
    if not counted or counted.most_common(1)[0][1] < SURE:
        told: Counter[str] = Counter()
        for name in _named(body[:OF_THE_BODY], short):
            if name.split()[-1].casefold() not in _SYMPTOMS:
                told[kind := _singular(name.casefold())] += 1
                names.setdefault(kind, name)
        counted.update({kind: times for kind, times in told.items() if times >= FEWEST_IN_BODY})
    if not counted:
        return Subjects(species, None, short)
    kind, points = counted.most_common(1)[0]
    if kind.split()[-1] in _TUMOURS:
        kind, points = _kind_of_tumour(kind, points, f"{abstract} {body}", short, names)
    return Subjects(species, names[kind], short, sure=points >= SURE)


SURE = 6
"""Points of a document's disease from which its results are of it: named in the title, or three times in the abstract."""
FEWEST_OF_A_KIND = 3
FEWEST_IN_BODY = 4
OF_THE_BODY = 20_000
"""Characters of the body, its beginning, that tell the disease where title and abstract hardly do."""


def _named(text: str, short: Mapping[str, str]) -> tuple[str, ...]:
    return (*diseases_named(text), *(short[word] for word in (_words(text) if short else ()) if word in short))


def _kind_of_tumour(
    kind: str, points: int, text: str, short: Mapping[str, str], names: dict[str, str]
) -> tuple[str, int]:
    """The kind of tumour that a document on "brain tumours" is of: named twice as often as these, and most of all kinds."""
    counted: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    place = " ".join(kind.split()[-2:])
    general = 0
    for name in _named(text, short):
        one = _singular(name.casefold())
        counted[one] += 1
        names.setdefault(one, name)
        general += one.endswith(place)
        if (head := one.split()[-1]).endswith(_OF_TUMOURS):
            kinds[head] += 1
    if not kinds:
        return kind, points
    head, times = kinds.most_common(1)[0]
    if times < max(FEWEST_OF_A_KIND, 2 * general) or 2 * times < kinds.total():
        return kind, points
    return next((one, points) for one, _ in counted.most_common() if one.split()[-1] == head)


_OF_TUMOURS = ("oma", "blastoma", "sarcoma", "leukemia", "leukaemia")
