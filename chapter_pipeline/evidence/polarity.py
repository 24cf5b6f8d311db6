"""Owns whether more of an outcome is worse: what an improvement of it means for its value."""

from __future__ import annotations

import re
from functools import lru_cache

_WORSE_WHEN_HIGHER = re.compile(
    r"\b(?:(?:mds-?)?updrs\S*|womac|nihss|mrs|rankin|edss|hads?(?:-\w)?|ham-?[ad]\S*|hdrs\S*|hamilton|madrs|bdi\S*|bai|beck|phq\S*|gad-?7?|epds|panss|bprs|ymrs|cgi\S*|caps-?\d?|pcl\S*|odi|oswestry|ndi|rmdq|roland|"
    r"vas|nrs|dash|ipss|iciq\S*|osdi|dlqi|pasi|easi|scorad|das-?28|basdai|basfi|haq\S*|cdr(?:-sb)?|adas\S*|npi|sgrq|cat|mmrc|acq|isi|psqi|epworth|midas|hit-6|fiq|y-?bocs|ibs-?sss|apache|sofa|cdrs|snap|scl-?90|stai|pss|k10|"
    r"visual analogue|visual analog|numeric(?:al)? rating)\b"
)
_BENEFIT = re.compile(
    r"\b(?:surviv\w+|quality[- ]of[- ]life|h?r?qol\S*|function\w*|strength|walk\w*|distance|capacity|fev\S*|fvc|adherence|compliance|knowledge|satisf\w+|efficien\w+|success\w*|recover\w+|heal(?:ing|ed)|respon\w+|remission|acuity|lvef|ejection|"
    r"sf-?\d+\w*|eq-?5d\S*|gos-?e?|koos|barthel|mmse|moca|skills?|performance|memory|cognit\w+|mobility|balance|sleep|patency|clearance|cure\w*|hdl\S*|ha?emoglobin|self-\w+|well-?being|control|outcomes?|sensitivity|density|growth|tolerance|"
    r"accuracy|independence|fitness|flow|oxygenation|saturation|motion|flexibility|stability|participation|attendance|engagement|comfort|relief|union|fusion|resection|pregnancy|live births?|attention|coverage|uptake|health)\b"
)
_HARM = re.compile(
    r"\b(?:psychopatholog\w*|psychotic|negative|aversive|disruptive|hyperactivity|irritability|disorders?|problems?|difficult\w*|toxicit\w*|agg?itation|mania|injur\w*|pain\w*|symptom\w*|signs|depress\w+|anxiety|fatigue|severity|burden|stress|distress|"
    r"disab\w+|mortality|deaths?|risks?|relapses?|recurren\w+|complications?|adverse|bleeding|h?a?emorrhage|infections?|cholesterol|ldl\S*|triglycerides?|glucose|hba1c|weight|bmi|inflammat\w+|tumou?rs?|blood pressure|hypertension|insomnia|nausea|"
    r"vomiting|cough\w*|dyspn\w+|breathless\w*|itch\w*|pruritus|impairment|errors?|insulin resistance|homa\S*|craving|head ?aches?|migraines?|seizures?|hospitali[sz]ations?|length of stay|hospital stay|hot flash\w*|hot flush\w*|crp|c-reactive|deficits?|"
    r"disturbance|dysfunction|incontinence|leak\w*|falls?|failures?|loss|wounds?|lesions?|ulcers?|o?edema|swelling|stiffness|spasticity|tremor|smoking|drinking|abuse|violence|worry|loneliness|delirium|sedation|exacerbations?|attacks?|events?|"
    r"score on the .{0,20}depression|iop|intraocular pressure|creatinine|bnp|fibrosis|steatosis|plaque|bleeding|gingiv\w+|caries|discomfort|dizziness|constipation|diarrh\w+|reflux|wrinkles?|acne|rash|erythema|sleepiness|disease activity)\b"
)


@lru_cache(maxsize=256)
def more_is_worse(outcome: str) -> bool:
    """Whether an outcome improves when its value falls; its head decides: "quality of sleep", "severity of pain"."""
    if "higher = worse" in outcome or "higher scores indicate worse" in outcome:
        return True
    if _WORSE_WHEN_HIGHER.search(outcome):
        return True
    head = re.split(r"\s(?:of|in|on|for|after|with)\s", outcome, maxsplit=1)[0]
    for part in (head, outcome):
        last = [
            (match.start(), harmful)
            for pattern, harmful in ((_BENEFIT, False), (_HARM, True))
            for match in pattern.finditer(part)
        ]
        if last:
            return max(last)[1]
    return False
