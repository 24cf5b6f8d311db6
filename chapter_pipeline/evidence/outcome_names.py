"""Owns the names under which outcomes are compared across studies: ``overall survival`` for "median OS" and "survival"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chapter_pipeline.domain.questions import Perspective
from chapter_pipeline.evidence.interventions import DRUG

_I = re.IGNORECASE
_EFFICACY, _HARM, _DIAGNOSIS, _TECHNIQUE = (
    Perspective.EFFICACY,
    Perspective.HARM,
    Perspective.DIAGNOSIS,
    Perspective.TECHNIQUE,
)


@dataclass(frozen=True, slots=True)
class OutcomeName:
    """The name of an outcome, and the perspective from which a treatment is asked for it."""

    name: str
    perspective: Perspective


# The first that fits holds: special ones stand before the general ones.
_NAMES: tuple[tuple[str, Perspective, str], ...] = (
    ("diagnostic accuracy", _DIAGNOSIS, r"\b(?:sensitivity and specificity|(?:diagnostic|prognostic) (?:accuracy|performance|yield)|predictive values?|area under the (?:receiver|ROC)|AUROC|false[- ](?:positive|negative)s?)\b"),
    ("operative time", _TECHNIQUE, r"\b(?:operati(?:ve|ng|on)|surg(?:ery|ical)|procedur\w+|anesthe\w+|anaesthe\w+) (?:time|duration)|duration of (?:the )?(?:surgery|operation|procedure|anesthesia|anaesthesia)\b"),
    ("blood loss", _TECHNIQUE, r"\bblood loss\b"),
    ("extent of resection", _TECHNIQUE, r"\bextent of (?:the )?(?:tumou?r )?resection|(?:gross|complete|subtotal|near)[- ](?:total )?resection\b"),
    ("conversion to open surgery", _TECHNIQUE, r"\bconversion (?:rates?|to open)\b"),
    ("progression-free survival", _EFFICACY, r"\bprogression[- ]free|\bPFS\b|\btime to progression\b"),
    ("event-free survival", _EFFICACY, r"\b\w+[- ]free survival|\b(?:DFS|RFS|EFS)\b"),
    ("overall survival", _EFFICACY, r"\b(?:overall|median|long-term|\w+-(?:year|month)) survival|\bsurvival(?: times?| rates?)?$|^survival\b|\bOS\b"),
    ("postoperative mortality", _HARM, r"\b(?:post-?operative|perioperative|operative|in-?hospital|surgical|hospital|30-day|thirty-day|90-day|procedural) (?:mortality|deaths?)\b"),
    ("mortality", _EFFICACY, r"\bmortality|\bdeaths?(?: rates?)?\b|\bfatalit"),
    ("reoperation", _HARM, r"\bre-?operations?|\bre-?interventions?|\brevision (?:surgery|rates?)|\brevisions\b|\breturn to (?:the )?operating\b"),
    ("readmission", _HARM, r"\b(?:re-?admissions?|re-?hospitali[sz]ations?)\b"),
    ("treatment discontinuation", _HARM, r"\b(?:discontinuations?|withdrawals?)\b"),
    ("nausea and vomiting", _HARM, r"\b(?:nausea|vomiting|PONV|emesis)\b"),
    ("hypotension", _HARM, r"\bhypotensi(?:on|ve)\b"),
    ("bradycardia", _HARM, r"\bbradycardia\b"),
    ("hypoglycaemia", _HARM, r"\bhypoglyc(?:a)?emi[ac]\b"),
    ("wound infection", _HARM, r"\b(?:wound|surgical[- ]site|incisional) infections?\b"),
    ("pneumonia", _HARM, r"\bpneumonia\b"),
    ("infection", _HARM, r"\binfections?(?: rates?)?\b|\bsepsis\b"),
    ("bleeding", _HARM, r"\bbleeding|\b(?:ha?emorrhages?|re-?bleeding|(?:post-?operative|wound|epidural|acute|retroperitoneal) ha?ematomas?)\b"),
    ("thrombosis and embolism", _HARM, r"\b(?:thrombo(?:sis|embol\w+)|deep vein|pulmonary embolism|DVT|VTE)\b"),
    ("toxicity", _HARM, r"\btoxicit(?:y|ies)\b"),
    ("serious adverse events", _HARM, r"\b(?:serious|severe) (?:adverse|side)\b|\bSAEs?\b"),
    ("adverse events", _HARM, r"\b(?:adverse|side)[- ](?:events?|effects?|reactions?|drug)|\bAEs?\b|\btolerab"),
    ("complications", _HARM, r"\bcomplications?\b|\bmorbidit(?:y|ies)\b"),
    ("falls", _HARM, r"^(?:\w+ )?falls\b"),
    ("seizures", _EFFICACY, r"\bseizures?\b|\bepilep"),
    ("relapse rate", _EFFICACY, r"\brelapses?\b|\bexacerbations?\b"),
    ("recurrence", _EFFICACY, r"\brecurren(?:ce|t)\b"),
    ("tumour response", _EFFICACY, r"\b(?:objective|overall|complete|partial|radiographic|tumou?r) (?:response|remission)|\btumou?r (?:regression|shrinkage)\b"),
    ("tumour growth", _EFFICACY, r"\btumou?r (?:growth|volumes?|size|burden|progression)\b"),
    ("disability", _EFFICACY, r"\bdisability|\bEDSS\b|\b(?:modified )?rankin\b|\bmRS\b|\bdisabilities\b"),
    ("quality of life", _EFFICACY, r"\bquality[- ]of[- ]life|\b(?:HR)?QoL\b|\bSF-?(?:36|12)\b|\bEQ-?5D\b"),
    ("depression", _EFFICACY, r"\bdepressi(?:on|ve)\b|\b(?:EPDS|BDI|PHQ-9|HAM-?D|MADRS)\b"),
    ("anxiety", _EFFICACY, r"\banxiety\b|\bSTAI\b|\bGAD-7\b"),
    ("cognition", _EFFICACY, r"\bcogniti(?:on|ve)\b|\bmemory\b|\bMMSE\b"),
    ("sleep", _EFFICACY, r"\bsleep(?! apnea)|\binsomnia\b"),
    ("fatigue", _EFFICACY, r"\bfatigue\b"),
    ("headache", _EFFICACY, r"\bheadaches?|\bmigraines?\b"),
    ("analgesic consumption", _EFFICACY, r"\b(?:analgesi[ac]\w*|opioid|morphine|fentanyl) (?:\w+ )?(?:consumption|requirements?|usage|dose)|\brescue analgesi"),
    ("pain", _EFFICACY, r"\bpain\b|\bWOMAC pain\b|\banalgesia\b"),
    ("spasticity", _EFFICACY, r"\bspasticity\b"),
    ("walking", _EFFICACY, r"\b(?:walking|gait|6-?minute walk|6MWD|walk distance)\b"),
    ("muscle strength", _EFFICACY, r"\b(?:muscle|grip|quadriceps|knee \w+) strength\b"),
    ("physical function", _EFFICACY, r"\b(?:physical|functional) (?:function(?:ing)?|outcomes?|capacity|recovery|status|performance)\b|\bWOMAC\b"),
    ("length of hospital stay", _EFFICACY, r"\b(?:length|duration) of (?:\w+ )?(?:stay|hospitali[sz]ation|admission)|\bhospital(?:i[sz]ation)? (?:stay|days)\b|\bLOS\b"),
    ("duration of mechanical ventilation", _EFFICACY, r"\bduration of (?:\w+ )?ventilation|\bventilator[- ]free\b"),
    ("time to extubation", _EFFICACY, r"\bextubation\b"),
    ("stroke", _EFFICACY, r"\bstrokes?\b"),
    ("cardiovascular events", _EFFICACY, r"\bcardiovascular (?:events?|outcomes?)|\bmyocardial infarction|\bMACE\b"),
    ("diastolic blood pressure", _EFFICACY, r"\bdiastolic\b|\bDBP\b"),
    ("systolic blood pressure", _EFFICACY, r"\bsystolic\b(?! function)|\bSBP\b"),
    ("blood pressure", _EFFICACY, r"\b(?:blood|arterial) pressure\b"),
    ("heart rate", _EFFICACY, r"\bheart rate\b"),
    ("intraocular pressure", _EFFICACY, r"\bintra-?ocular pressure\b|\bIOP\b"),
    ("visual acuity", _EFFICACY, r"\bvisual acuity\b|\bBCVA\b"),
    ("glycated haemoglobin", _EFFICACY, r"\bHbA1c\b|\bA1C\b|\bglycated h"),
    ("haemoglobin", _EFFICACY, r"\bha?emoglobin\b"),
    ("glucose", _EFFICACY, r"\bglucose\b"),
    ("LDL cholesterol", _EFFICACY, r"\bLDL\b"),
    ("HDL cholesterol", _EFFICACY, r"\bHDL\b"),
    ("triglycerides", _EFFICACY, r"\btriglycerides?\b"),
    ("cholesterol", _EFFICACY, r"\bcholesterol\b"),
    ("body mass index", _EFFICACY, r"\bBMI\b|\bbody mass index\b"),
    ("body weight", _EFFICACY, r"\b(?:body|birth)?\s?weight(?: loss| gain| change)?$|\bbody weight\b|\bweight (?:loss|gain)\b"),
    ("waist circumference", _EFFICACY, r"\bwaist\b"),
    ("bone mineral density", _EFFICACY, r"\bbone mineral density\b|\bBMD\b"),
    ("lung function", _EFFICACY, r"\bFEV\W?1?\b|\blung function\b|\bpulmonary function\b|\bFVC\b"),
    ("pregnancy rate", _EFFICACY, r"\b(?:pregnancy|live birth|implantation) rates?\b"),
    ("caesarean section", _EFFICACY, r"\bc(?:a)?esar(?:e|i)an\b"),
    ("medication adherence", _EFFICACY, r"\badherence|\bcompliance\b"),
    ("physical activity", _EFFICACY, r"\bphysical activity\b"),
    ("satisfaction", _EFFICACY, r"\bsatisfaction\b"),
    ("viral load", _EFFICACY, r"\bviral load\b|\bHBV DNA\b|\bHIV RNA\b|\bvirologic\w*\b"),
    ("antibody response", _EFFICACY, r"\bseroconversion|\bantibody (?:response|titers?|titres?|levels?)|\bimmunogenicity\b"),
    ("cure rate", _EFFICACY, r"\bcure (?:rates?)?\b|\beradication rates?|\bcured\b"),
    ("C-reactive protein", _EFFICACY, r"\bC-reactive protein\b|\bCRP\b"),
    ("oxygenation", _EFFICACY, r"\boxygenation|\bPa?O2/FiO2\b|\boxygen saturation\b|\bSpO2\b"),
    ("lesions on magnetic resonance imaging", _EFFICACY, r"\b(?:gadolinium|Gd|T2|enhancing)[\w -]* lesions?|\blesion volumes?\b"),
    ("brain volume", _EFFICACY, r"\b(?:brain|gr[ae]y matter|white matter|cerebral|cortical)[\w -]* volumes?|\batrophy\b"),
)  # fmt: skip
_COMPILED = tuple((OutcomeName(name, asked), re.compile(pattern, _I)) for name, asked, pattern in _NAMES)
_FREQUENCY = re.compile(
    r"^(?i:the |an? |overall |pooled |estimated |crude |annual |cumulative |age-standardi[sz]ed |total |lifetime )*"
    r"(?:(?P<what>[Pp]revalence|[Ii]ncidence)(?: rates?)? of (?:the )?(?!any\b|all\b|these\b|this\b|such\b|diseases?\b)(?P<of>[A-Za-z][\w’'-]*(?: [A-Za-z][\w’'-]*){0,5})"
    r"|(?P<before>(?!Disease\b)[A-Z][\w-]*(?: [a-z][\w-]*){0,2}) (?P<kind>prevalence|incidence))(?:,.*)?$"
)
_QUALIFIERS = re.compile(
    r"^(?:(?:the|an?|mean|median|total|overall|average|maximum|minimum|change|changes|differences?|rates?|levels?|proportion|percentage|number|frequency|intensity|incidence|score|scores|degree|amount|values?|of|in|on|for|"
    r"(?:patients|participants|subjects|people|women|men|children|mice|rats|animals) (?:with|who had|having))\s+)+",
    _I,
)
_PHRASE_END = re.compile(
    r"\s+(?:at|from|between|among|after|during|over|by|with|within|for|to|than|when|on|in (?:the|both|all|either|patients|participants|children|women|men|mice|rats|group)|score|scores|values?|levels?)\b.*$|\s*[(\[,;:].*$",
    _I,
)
_NO_PHRASE = re.compile(
    r"\b(?:and|or|was|were|is|are|had|has|have|did|we|our|they|it|this|these|that|which|who|there|patients?|participants?|subjects?|groups?|arms?|study|studies|results?|findings?|data|analys[ie]s|model|trend|interaction|"
    r"effects?|outcomes?|treatments?|therapy|intervention|placebo|controls?|age|sex|gender|baseline|time|weeks?|months?|years?|days?|all|none|no|not|other|same|one|two|three|most|some|variables?|parameters?|measures?|"
    r"characteristics|respondents|majority|tests?|similar|significan\w+|statistical\w*|estimated|altered|higher|lower|closer|deeper|limited|greater|women|men|teachers?|nurses?|mothers?|carriers?|volunteers?|families|staff|children|mice|rats|animals|infants|endpoints?|differences?|"
    r"responses?|events?|frequenc\w+|performance|delays?|receipt|reductions?|increases?|improvements?|observations?|stages?|potenc\w+|exercise|visits?|sides?|scans?|achievement|risk|administration|distributions?|comparisons?)\b|-treated\b|\d",
    _I,
)
LONGEST_PHRASE = 5
LONGEST_PRINTED = 200
"""Characters of an outcome; what is longer is a part of a sentence."""


def outcome_name(printed: str | None) -> OutcomeName | None:
    """The name of an outcome as printed; None for one that has none.

    Of ``Adverse events: headache`` the part behind the colon tells; it is no outcome of efficacy under such a heading.
    """
    if not printed or len(printed) > LONGEST_PRINTED:
        return None
    heading, _, own = printed.rpartition(":")
    found = _first(own)
    if found is not None and found.perspective is not Perspective.HARM and _is_harm(heading):
        return None
    return found


_BEHIND_NOUN = re.compile(r"\s(?:of|in|after|for|among|with|from|during|on|at|and|or)\s", _I)


def _first(text: str) -> OutcomeName | None:
    """The name of the shortest beginning of a noun phrase that has one: ``recurrence`` of "recurrence of haemorrhage".

    Behind its first noun a name counts where that noun only measures: "risk of infection", not "vancomycin for infection".
    """
    links = list(_BEHIND_NOUN.finditer(text))
    ends = [*(link.start() for link in links), len(text)]
    noun = next((link.start() for link in links if link.group().strip().casefold() not in ("and", "or")), len(text))
    for end in ends:
        for name, pattern in _COMPILED:
            found = pattern.search(text[:end])
            if found is not None:
                return name if found.start() < noun or _MEASURES.search(text[:noun]) else None
    return None


_MEASURES = re.compile(
    r"\b(?:rates?|risks?|odds|incidences?|numbers?|proportions?|percentages?|frequenc\w+|severity|changes?|differences?|improvements?|reductions?|increases?|decreases?|levels?|scores?|means?|medians?|averages?|"
    r"probabilit\w+|likelihood|occurrences?|development|prevalence|intensity|degree|times?|durations?|length|doses?|amount|total|onset|relief|control|measures?|assessments?|symptoms?|signs|patients|participants|subjects|"
    r"people|women|men|children|those|need|effects?|terms|worsening|progression|recovery|loss|gain|values?|area|extent|cumulative|overall|event|events)\b",
    _I,
)


def _is_harm(heading: str) -> bool:
    above = _first(heading)
    return above is not None and above.perspective is Perspective.HARM


def outcome_phrase(printed: str | None) -> str | None:
    """An outcome that has no shared name as a noun phrase, lower case but for abbreviations; None where it is no clear one.

    ``proportion of participants with undetectable SmfD at month 12`` is ``undetectable SmfD``.
    """
    if not printed or len(printed) > LONGEST_PRINTED or ":" in printed or "|" in printed:
        return None
    phrase = _PHRASE_END.sub("", _QUALIFIERS.sub("", " ".join(printed.split()))).strip(" .-–")
    parts = phrase.split()
    if DRUG.search(phrase):
        return None
    if not parts or len(parts) > LONGEST_PHRASE or len(phrase) < LEAST_LETTERS or _NO_PHRASE.search(phrase):
        return None
    if len(parts) == 1 and not _is_short_form(phrase) and (len(phrase) < LEAST_WORD or _NO_NOUN.search(phrase)):
        return None
    if not all(re.fullmatch(r"[A-Za-zα-ω][\w'’+-]*", part) for part in parts) or re.search(r"(?:ly|ed)$", parts[-1]):
        return None
    return " ".join(part if any(ch.isupper() for ch in part[1:]) else part.lower() for part in parts)


LEAST_LETTERS = 4
LEAST_WORD = 6
_NO_NOUN = re.compile(
    r"^(?:fav(?:ou)?r|addition|contrast|general|particular|conclusion|total|summary|maxim\w+|minim\w+|programs?)$|ing$|ous$|ive$|al$",
    _I,
)


def _is_short_form(word: str) -> bool:
    return sum(ch.isupper() for ch in word) > 1


def frequency_of(printed: str | None) -> str | None:
    """``prevalence of migraine`` of an outcome that is a frequency (``CIPN prevalence`` is one), else None."""
    if not printed or len(printed) > LONGEST_PRINTED:
        return None
    found = _FREQUENCY.match(" ".join(printed.split()))
    if found is None:
        return None
    what, of = (found["what"], found["of"]) if found["what"] else (found["kind"], found["before"])
    return f"{what.casefold()} of {of}"
