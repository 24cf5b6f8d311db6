"""Owns which words of a text are names of drugs: by the stems of their international names, and common ones without."""

from __future__ import annotations

import re
from functools import lru_cache

# WHO, "The use of stems in the selection of international nonproprietary names (INN)", 2018.
_STEMS = (
    "mab|tinib|nib|ciclib|parib|lisib|zomib|mustine|zolomide|statin|april|[eiou]pril|sartan|[aeiou]zole|caine|cillin|mycin|"
    "micin|platin|rubicin|taxel|parin|xaban|gatran|[ei]solone|asone|onide|azepam|zolam|tidine|ciclovir|[aeiou]vir|nacept|"
    "bercept|tercept|imod|cycline|triptan|gepant|setron|[nm]ytoin|barbital|racetam|[oa]quine|fungin|tecan|poside|trexate|"
    "uracil|citabine|lukast|tropium|terol|gliflozin|gliptin|glutide|natide|glitazone|curium|curonium|flurane|fentanil|"
    "[od]olol|alol|dipine|afil|profen|oxetine|[ou]pramine|triptyline|tiapine|peridone|phylline|limus|dronate|dronic|thiazide|semide|"
    "gabalin|bendazole|penem|oxacin|bactam|coxib|oxicam|grelor|grel|prazole|metidine|medetomidine|nidine|mectin|dectin|antel|"
    "bamate|giline|golide|estrant|oxifene|trozole|(?:so|ilo|pto|go|se)relin|pressin|tocin|kinra|sidase|teplase|plase|"
    "ixibat|clotide|prostone|oprost|bicin|zosin|vaptan|fibrate|trel|gestrel|estradiol|sulfan|phosphamide|fosfamide|lidomide|"
    "purine|nazole|adol|orphan|orphine|codone|morphone|oxone|pezil|tigmine|mantine|apine|azine|peptin|olamine|zepine|amivir|"
    "tegravir|fovir|cyclovir|navir|budine|vudine|bufen|fenac|metacin|steride|oxan|vastin|zumab|ximab|omab|stim|poetin|ermin"
)
_PLAIN = (
    "aspirin|warfarin|heparin|metformin|paracetamol|acetaminophen|morphine|fentanyl|ketamine|propofol|clonidine|lithium|digoxin|"
    "amiodarone|tramadol|naproxen|levodopa|methadone|codeine|ibuprofen|indomethacin|diclofenac|ketorolac|adrenaline|epinephrine|"
    "noradrenaline|norepinephrine|dopamine|dobutamine|atropine|mannitol|carbamazepine|valproate|lamotrigine|levetiracetam|"
    "topiramate|dexamethasone|prednisone|hydrocortisone|tamoxifen|bleomycin|hydroxyurea|interferon|fingolimod|teriflunomide|"
    "amphotericin|vancomycin|linezolid|colistin|mycophenolate|cyclosporine?|ciclosporin|azathioprine|acetazolamide|timolol|"
    "magnesium|selenium|carnitine|creatine|melatonin|caffeine|allopurinol|febuxostat|colchicine|tranexamic acid|botulinum toxin|"
    "acriflavine|artemether|artesunate|quinine|miltefosine|antimonials?|gabapentin|haloperidol|chlorpromazine|zidovudine|"
    "nitroglycerin|nitroprusside|isosorbide|hydralazine|spironolactone|eplerenone|furosemide|torsemide|bumetanide|mesna|"
    "rifampic?in|isoniazid|ethambutol|pyrazinamide|streptomycin|chloramphenicol|metronidazole|trimethoprim|nitrofurantoin|"
    "fosfomycin|dapsone|praziquantel|pyrimethamine|primaquine|nitazoxanide|levamisole|niclosamide|suramin|pentamidine|"
    "misoprostol|oxytocin|mifepristone|progesterone|testosterone|oestrogen|estrogen|raloxifene|clomiphene|letrozole|"
    "levothyroxine|carbimazole|methimazole|propylthiouracil|teriparatide|denosumab|calcitonin|glucagon|octreotide|bromocriptine|"
    "cabergoline|pramipexole|ropinirole|rasagiline|selegiline|amantadine|memantine|riluzole|baclofen|tizanidine|dantrolene|"
    "neostigmine|pyridostigmine|sugammadex|succinylcholine|etomidate|thiopental|pentobarbital|phenobarbital|midazolam|naloxone|"
    "buprenorphine|naltrexone|disulfiram|acamprosate|varenicline|bupropion|mirtazapine|venlafaxine|citalopram|sertraline|trazodone|"
    "olanzapine|risperidone|methylphenidate|atomoxetine|modafinil|zolpidem|zopiclone|hydroxyzine|diphenhydramine|cetirizine|"
    "loratadine|montelukast|omalizumab|salbutamol|albuterol|budesonide|fluticasone|beclomet(?:h)?asone|acetylcysteine|dornase|"
    "sucralfate|loperamide|lactulose|bisacodyl|metoclopramide|domperidone|ondansetron|aprepitant|erythromycin|mesalazine|"
    "sulfasalazine|leflunomide|methotrexate|hydroxychloroquine|cisplatin|carboplatin|oxaliplatin|vincristine|vinblastine|"
    "vinorelbine|etoposide|irinotecan|gemcitabine|capecitabine|fluorouracil|pemetrexed|temozolomide|lomustine|carmustine|"
    "busulfan|melphalan|chlorambucil|thalidomide|asparaginase|tretinoin|arsenic trioxide|mitomycin|actinomycin|clopidogrel|"
    "ticlopidine|dipyridamole|cilostazol|abciximab|desmopressin|vasopressin|terlipressin|milrinone|levosimendan|adenosine|"
    "verapamil|diltiazem|flecainide|lidocaine|procainamide|sotalol|ivabradine|ranolazine|ezetimibe|niacin|cholestyramine|"
    "vitamin [A-E]\\d{0,2}|folic acid|glutamine|zinc|omega-3|curcumin|resveratrol|quercetin|cannabidiol|dronabinol|nicotine"
)
_DRUG = re.compile(
    rf"\b(?:[a-z]{{3,}}(?:{_STEMS})|cef[a-z]{{4,}}|sulfa[a-z]{{4,}}|(?:es|levo|dex|des|nor|peg|methyl|ar)?(?:{_PLAIN}))\b",
    re.IGNORECASE,
)
_NO_DRUG = frozenset(
    "terminal stamina imagine medicine machine combine decline baseline marine routine vaccine mezzanine magazine turpentine "
    "creatinine discipline examine determine genuine feminine masculine adenosine famine citadel profile central control "
    "ventral neutral quadrol plasticine saline guideline pristine spine urine purine microphone telephone interphone orphan "
    "autumn estrous laser ethanol nonorphan erythropoietin ventricle hexazine magazines atrial trial fibrinolysis histamine".split()
)
_ALIKE = (
    {"paracetamol", "acetaminophen"}, {"adrenaline", "epinephrine"}, {"noradrenaline", "norepinephrine"},
    {"cyclosporine", "cyclosporin", "ciclosporin"}, {"frusemide", "furosemide"}, {"pethidine", "meperidine"},
    {"salbutamol", "albuterol"}, {"rifampicin", "rifampin"}, {"aspirin", "acetylsalicylic"}, {"levodopa", "l-dopa"},
    {"carmustine", "bcnu", "gliadel"}, {"lomustine", "ccnu"}, {"fluorouracil", "5-fu", "5 fu"}, {"mycophenolate", "mmf"},
    {"celecoxib", "celebrex"}, {"temozolomide", "tmz", "temodal", "temodar"}, {"bevacizumab", "avastin"},
    {"trastuzumab", "herceptin"}, {"rituximab", "mabthera", "rituxan"}, {"alteplase", "tpa", "t-pa"},
    {"prednisone", "prednisolone"}, {"methylprednisolone", "mpt"}, {"oestrogen", "estrogen", "estradiol", "oestradiol"},
    {"vitamin c", "ascorbic"}, {"vitamin e", "tocopherol"}, {"vitamin d", "cholecalciferol"}, {"vitamin b9", "folic acid", "folate"},
    {"levothyroxine", "thyroxine"}, {"zidovudine", "azt"}, {"nitroglycerin", "glyceryl"}, {"naproxen", "aleve"},
    {"sildenafil", "viagra"}, {"etanercept", "enbrel"}, {"infliximab", "remicade"}, {"mesalazine", "mesalamine"},
)  # fmt: skip


@lru_cache(maxsize=8192)
def drugs(text: str) -> frozenset[str]:
    """The drugs that `text` names, in lower case."""
    return frozenset(match.group().lower() for match in _DRUG.finditer(text)) - _NO_DRUG


def is_named(drug: str, known: str) -> bool:
    """Whether `known` names the drug: itself, by another name, by the beginning of a word, or by an abbreviation."""
    low = known.lower()
    if re.search(rf"\b{re.escape(drug)}", low):
        return True
    if any(drug in names and any(re.search(rf"\b{re.escape(name)}", low) for name in names) for names in _ALIKE):
        return True
    if " " in drug:
        return False
    return any(word.startswith(drug[:6]) for word in re.findall(r"[a-z-]+", low)) or _is_abbreviated(drug, known)


def _is_abbreviated(drug: str, known: str) -> bool:
    """Whether `known` has an abbreviation whose letters stand in `drug` in their order."""
    for short in set(re.findall(r"\b[A-Z][A-Za-z]{0,2}[A-Z]\b", known)):
        position = -1
        for letter in short.lower():
            position = drug.find(letter, position + 1)
            if position < 0:
                break
        if position >= 0 and short[0].lower() == drug[0]:
            return True
    return False
