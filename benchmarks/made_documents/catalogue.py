"""Owns the list of the made documents: what each is about, who wrote it, when, and how it is printed. All is invented.

Every layout has three documents (the plain one six). The last third of a layout is held out from those who write rules.
"""

from __future__ import annotations

from datetime import date, timedelta

from benchmarks.made_documents.specification import (
    Article,
    Author,
    Between,
    Design,
    DoiPlace,
    Journal,
    Layout,
    TableStyle,
)

_SUBJECTS = """
Early drainage and shunt independence in obstructive hydrocephalus: a retrospective cohort study|early ventricular drainage|obstructive hydrocephalus|shunt independence|COHORT
Oral betahistine analogue for episodic vertigo: a randomised, double-blind crossover trial|the oral analogue|episodic vertigo|daily vertigo score|CROSSOVER
Inhibition of the kinase WNK7 slows the growth of orthotopic glioblastoma xenografts|inhibition of WNK7|experimental glioblastoma|tumour control|XENOGRAFT
Iterative reconstruction at low tube voltage: a head phantom study on two scanners|iterative reconstruction|suspected intracranial haemorrhage|image quality|PHANTOM
Tension pneumocephalus after endoscopic repair of a sphenoid leak: case report|urgent endoscopic decompression|tension pneumocephalus|recovery of consciousness|CASE
Human choroid plexus explants as a model of inflammatory hypersecretion|interleukin blockade|post-haemorrhagic hypersecretion|fluid secretion|EXPLANT
Statins for chronic subdural haematoma in adults: systematic review and meta-analysis|statin treatment|chronic subdural haematoma|recurrence-free survival|SYSTEMATIC
The far-lateral corridor to the lower clivus: a cadaver study of thirty sides|the far-lateral corridor|tumours of the lower clivus|exposure of the clivus|CADAVER
Temozolomide sensitivity of MGMT-silenced glioma cells in vitro depends on iron supply|iron chelation|malignant glioma|drug sensitivity|IN_VITRO
Glymphatic clearance and sleep: a narrative review for clinicians|restoration of deep sleep|impaired glymphatic clearance|cognitive performance|NARRATIVE
Outcome of unruptured aneurysms that were observed beyond the age of eighty|conservative observation|unruptured intracranial aneurysms|functional independence|COHORT
Nasal capsaicin for cluster headache: randomised crossover trial with an active placebo|nasal capsaicin|chronic cluster headache|weekly attack frequency|CROSSOVER
Magnetic resonance elastography of meningioma: a gelatine phantom validation|elastography|meningioma of firm consistency|stiffness estimation|PHANTOM
Radiosensitising nanoparticles in a patient-derived xenograft of anaplastic ependymoma|radiosensitisation|anaplastic ependymoma|survival after irradiation|XENOGRAFT
Spinal cord infarction after coughing in a young athlete: a case report with imaging|hyperbaric oxygen|spinal cord infarction|motor recovery|CASE
Ex vivo perfusion of epileptic cortex: potassium handling in human tissue explants|potassium channel opening|drug-resistant epilepsy|epileptiform discharge control|EXPLANT
Dexamethasone in acute bacterial meningitis of the elderly: a systematic review|adjunctive dexamethasone|acute bacterial meningitis|survival without deafness|SYSTEMATIC
Perforators of the anterior choroidal artery: microsurgical anatomy in a cadaver study|preservation of perforators|aneurysms of the choroidal segment|capsular perfusion|CADAVER
Hypoxia and invasion of vestibular schwannoma cells: an in vitro study of carbonic anhydrase|carbonic anhydrase inhibition|vestibular schwannoma|growth arrest|IN_VITRO
Deep brain stimulation for obsessive disorder: what has been learnt in twenty years|deep brain stimulation|refractory obsessive disorder|symptom control|NARRATIVE
Readmission after elective lumbar fusion in a publicly insured population|early mobilisation|lumbar stenosis with instability|discharge to home|COHORT
Low-dose ketamine before electroconvulsive therapy: a placebo-controlled crossover study|low-dose ketamine|treatment-resistant depression|time to response|CROSSOVER
Photon-counting tomography of skull base screws: artefacts in a titanium phantom|metal artefact reduction|implants of the skull base|screw visibility|PHANTOM
Blockade of CD39 together with radiation prolongs survival in a murine xenograft of medulloblastoma|CD39 blockade|medulloblastoma|long-term survival|XENOGRAFT
Isolated trochlear palsy as the first sign of pituitary apoplexy: case report and comment|transsphenoidal decompression|pituitary apoplexy|ocular motility|CASE
Human arachnoid explants reveal the route of fluid across the cranial dura|osmotic loading|idiopathic intracranial hypertension|fluid outflow|EXPLANT
Tranexamic acid in spinal tumour surgery: systematic review with trial sequential analysis|tranexamic acid|spinal metastases|blood conservation|SYSTEMATIC
Endoscopic approach to the petrous apex: cadaveric distances and a proposed safe triangle|the endoscopic approach|cholesterol granuloma of the petrous apex|preservation of hearing|CADAVER
MicroRNA-4417 restores cisplatin response in neuroblastoma cell lines in vitro|microRNA-4417 replacement|high-risk neuroblastoma|cisplatin response|IN_VITRO
Neuroinflammation after cardiac arrest: a review of targets and timing|targeted anti-inflammatory treatment|post-arrest brain injury|neurological recovery|NARRATIVE
Timing of cranioplasty and seizures: an observational cohort of two referral centres|early cranioplasty|skull defects after trauma|freedom from seizures|COHORT
Melatonin and delirium after craniotomy: a randomised crossover comparison in intensive care|evening melatonin|postoperative delirium|sleep efficiency|CROSSOVER
Dose to the lens during mechanical thrombectomy: an anthropomorphic phantom study|beam collimation|acute large-vessel stroke|dose reduction|PHANTOM
Oncolytic parvovirus variant H1-92 eradicates subcutaneous chordoma xenografts|the oncolytic variant|chordoma of the skull base|complete tumour response|XENOGRAFT
Cerebral fat embolism without fracture in sickle cell disease: a case report|exchange transfusion|cerebral fat embolism|recovery of language|CASE
Inflammatory signalling in human disc explants under cyclic loading|cyclic loading|intervertebral disc degeneration|matrix synthesis|EXPLANT
Vagus nerve stimulation in Lennox syndrome: a systematic review of individual patient data|vagus nerve stimulation|Lennox syndrome|seizure reduction|SYSTEMATIC
Accuracy of robot-guided sacral screws: a cadaver study with a navigated drill|robot guidance|unstable sacral fractures|screw accuracy|CADAVER
Astrocyte scars and chondroitinase: an in vitro model with patterned substrates|chondroitinase exposure|spinal cord injury|neurite extension|IN_VITRO
Trigeminal neuralgia in multiple sclerosis: a narrative review of surgical options|percutaneous balloon compression|trigeminal neuralgia in multiple sclerosis|pain relief|NARRATIVE
Prognosis of incidental pineal cysts in children: a population-based cohort study|surveillance imaging|incidental pineal cysts|avoidance of surgery|COHORT
Cooling caps against chemotherapy-related headache: a randomised crossover trial|scalp cooling|chemotherapy-related headache|headache-free days|CROSSOVER
A printed vascular phantom for the training of aneurysm clipping: geometry and wear|simulator training|complex middle cerebral aneurysms|clip placement|PHANTOM
Anti-PD-L2 and hypofractionation in a syngeneic and a xenograft model of brain metastasis|hypofractionated irradiation|melanoma brain metastasis|intracranial control|XENOGRAFT
Subacute combined degeneration after recreational nitrous oxide: a case report|parenteral cobalamin|subacute combined degeneration|gait recovery|CASE
Complement activation in perfused human dura explants exposed to bone cement|complement inhibition|cement leakage at the skull base|cell viability|EXPLANT
Bedside ultrasound for raised intracranial pressure: systematic review of diagnostic accuracy|sheath ultrasound|raised intracranial pressure|diagnostic accuracy|SYSTEMATIC
Nerve transfers for elbow flexion: lengths and diameters in a fresh cadaver study|the double fascicular transfer|upper brachial plexus palsy|tension-free coaptation|CADAVER
""".strip()

_FAMILIES = """van der Berg|O'Neill|Müller|García-López|Okonkwo|Lindqvist|de la Cruz|McAllister|Nakamura|Šimić|Ng|Abdel-Rahman
Fernández|Ó Briain|Kowalczyk|Le Goff|Petrov|Brandão|Iyer|Van Houten|Ström|Öztürk|Achterberg|D'Angelo|Haug|Tanaka-Reyes
Whitcombe|Zieliński|Bauer|Moreau|Oyelaran|Castellanos|Yıldız|Harrow|St. Clair|Jansen|Rossi|Eriksen|Mbeki|Quispe
Thorne|Feldmann|Li|dos Santos|Kaur|Novák|Hassan|Ferreira|MacLeod|Weiß""".replace("\n", "|").split("|")
_GIVENS = """Pieter J.|Siobhán|Jörg|María A.|Chidi|Eva K.|Juan Pablo|Ruth|Haruto|Ivana|Wei|Omar S.|Lucía|Aoife M.|Jan
Yann|Dmitri|Tomás R.|Anand|Greet|Åsa|Emre|Bas|Chiara|Nils|Keiko|Peter|Zofia|Anna-Lena|Claire|Femi|Rosa|Deniz|Julia B.
Thomas|Mieke|Paolo G.|Kari|Thabo|Inés|William H.|Ute|Min|Beatriz|Harpreet|Pavel|Leila|Nuno|Fiona|Karl-Heinz""".replace(
    "\n", "|"
).split("|")
_DEGREES = ("MD", "PhD", "MD, PhD", "MSc", "", "MBBS, FRCS", "BSc")
_JOURNALS = (
    ("Journal of Simulated Neurosurgery", "J Simul Neurosurg"), ("Annals of Applied Neurology", "Ann Appl Neurol"),
    ("Acta Neuro-Oncologica", "Acta Neurooncol"), ("Brain and Spine Reports", "Brain Spine Rep"),
    ("International Journal of Cranial Surgery", "Int J Cranial Surg"), ("Neurocritical Medicine", "Neurocrit Med"),
    ("European Archives of Neuroradiology", "Eur Arch Neuroradiol"), ("Clinical Neuropathology Letters", "Clin Neuropathol Lett"),
    ("World Review of Neuroscience", "World Rev Neurosci"), ("Cancer Models", "Cancer Models"),
    ("Journal of Neurology, Neurosurgery and Psychiatry", "J Neurol Neurosurg Psychiatry"), ("Neuro-Oncology", "Neuro Oncol"),
)  # fmt: skip
_COLLECTIVES = ("the DRAIN-2 Study Group", "the Nordic Headache Consortium", "the SPINEREG Investigators")
_COUNTS = (4, 2, 7, 1, 12, 3, 25, 5, 6, 9, 2, 8, 4, 16, 3, 5)
_LAYOUTS = (*(layout for layout in Layout if layout is not Layout.PLAIN for _ in range(3)), *(Layout.PLAIN,) * 6)

_UNPAGINATED = {Layout.BIORXIV, Layout.MEDRXIV, Layout.PRE_PROOF, Layout.ACCEPTED, Layout.AHEAD}
"""Layouts of versions that have no place in an issue yet."""
_MANUSCRIPTS = {Layout.NIH, Layout.HHS, Layout.EUROPE_PMC, Layout.OTHER_FUNDER}
_ONE_COLUMN = {*_MANUSCRIPTS, Layout.BIORXIV, Layout.MEDRXIV, Layout.PRE_PROOF, Layout.ACCEPTED}
_LICENCES = {Layout.BIORXIV: "CC-BY-NC-ND 4.0", Layout.MEDRXIV: "CC-BY 4.0", Layout.DOWNLOADED: "CC BY-NC 4.0"}
_ARTICLE_TYPES = {
    Design.NARRATIVE: "Review", Design.SYSTEMATIC: "Systematic Review", Design.CASE: "Case Report",
}  # fmt: skip


def _authors(number: int, count: int, *, degrees: bool) -> tuple[Author, ...]:
    """`count` different people; the names with particles, apostrophes and hyphens come round often."""
    return tuple(
        Author(
            family=_FAMILIES[(number * 7 + 3 * place) % len(_FAMILIES)],
            given=_GIVENS[(number * 11 + 3 * place + place // 9) % len(_GIVENS)],
            degrees=_DEGREES[(number + place) % len(_DEGREES)] if degrees else "",
        )
        for place in range(count)
    )


def _article(number: int, line: str) -> Article:
    title, subject, condition, outcome, design_name = line.split("|")
    design = Design[design_name]
    layout = _LAYOUTS[number]
    variant = number - _LAYOUTS.index(layout)
    turn = (number + number // 3) % 3  # so that no property goes with the place of a document in its layout
    published = date(2004 + number * 7 % 20, 1 + number * 5 % 12, 3 + number % 24)
    if layout in {Layout.BIORXIV, Layout.MEDRXIV}:
        published = published.replace(year=2019 + variant)
    issued = layout not in _UNPAGINATED
    first = 31 + number * 37
    journal = _JOURNALS[number % len(_JOURNALS)]
    suffix = f"{published:%Y.%m.%d}.{900000 + number * 137}"
    doi = {
        Layout.BIORXIV: f"10.1101/{suffix}",
        Layout.MEDRXIV: f"10.1101/{suffix.replace('.9', '.209')}",
    }.get(
        layout,
        f"10.5555/{''.join(word[0] for word in journal[1].split()).lower()}.{published.year}.{4000 + number * 31}",
    )
    manuscript = layout in _MANUSCRIPTS
    article_type = _ARTICLE_TYPES.get(design, "Original Article") if layout in {Layout.PLAIN, Layout.ACCEPTED} else None
    return Article(
        name=f"{layout.name.lower().replace('_', '-')}-{variant + 1}",
        layout=layout,
        variant=variant,
        held_out=variant >= (4 if layout is Layout.PLAIN else 2),
        title=title,
        subject=subject,
        condition=condition,
        outcome=outcome,
        design=design,
        authors=_authors(number, _COUNTS[number % len(_COUNTS)], degrees=number % 5 in {0, 3}),
        collective=_COLLECTIVES[number // 5 % 3] if number % 5 == 4 else None,
        journal=Journal(title=journal[0], short=journal[1]),
        published=published,
        received=published - timedelta(days=430 + number),
        accepted=published - timedelta(days=200 + number),
        online=published - timedelta(days=150 + number),
        deposited=published + timedelta(days=365 + 9 * number),
        volume=str(11 + number * 3) if issued else None,
        issue=str(1 + number % 6) if issued and number % 8 != 5 else None,
        pages=(f"e{first}" if number % 7 == 6 else f"{first}–{first + 8}") if issued else None,
        doi=doi,
        pmcid=f"PMC{5500000 + number * 7919}" if manuscript and number % 2 else None,
        pmid=f"{21000000 + number * 6151}" if manuscript and turn == 1 else None,
        licence=_LICENCES.get(layout, "CC BY 4.0" if layout is Layout.PLAIN and variant % 2 == 0 else None),
        article_type=article_type,
        columns=1 if layout in _ONE_COLUMN or (layout, variant) in {(Layout.EPRINTS, 1), (Layout.PORTAL, 2)} else 2,
        table_style=tuple(TableStyle)[(number + number // 5) % 5],
        doi_place=DoiPlace.FIRST if layout in _ONE_COLUMN else tuple(DoiPlace)[turn],
        between=tuple(Between)[(number + number // 3) % 3],
        superscript_citations=number % 2 == 0,
        line_numbers=(layout, variant) in {(Layout.BIORXIV, 1), (Layout.MEDRXIV, 2), (Layout.PRE_PROOF, 0)},
        data_doi=f"10.5061/dryad.{number}k{number * 7}",
        seed=number,
    )  # fmt: skip


ARTICLES: tuple[Article, ...] = tuple(_article(number, line) for number, line in enumerate(_SUBJECTS.splitlines()))
