"""Owns which sentences of a source may stand in a chapter on their own, and why the others may not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind
from chapter_pipeline.evidence.kinds import cites
from chapter_pipeline.evidence.source import Zone
from chapter_pipeline.evidence.spans import refers_back
from chapter_pipeline.writing.antecedents import lacks_antecedent
from chapter_pipeline.writing.filler import is_filler, opens_with_a_limit

MIN_WORDS = 8
MAX_WORDS = 60
FRAGMENT_WORDS = 16
"""Up to this length a sentence has to show a verb that we know; longer runs without any are rare."""
MIN_CONFIDENCE = 0.90
MIN_CONFIDENCE_OF_NUMBERS = 0.95
_GLUED_NUMBER = re.compile(r"[a-z]{3,}[0-9]")
_BENCH_STUDIES = (StudyType.ANIMAL, StudyType.LABORATORY)


class Refusal(StrEnum):
    """Why a sentence is not quoted."""

    LENGTH = "too short or too long"
    SECTION = "stands in methods, acknowledgements or the like"
    CONTEXT = "needs the sentence before it"
    FIRST_PERSON = "speaks of its authors or its own study"
    POINTER = "points to a figure, table or other place of its source"
    LAYOUT = "is not running prose"
    PROCEDURE = "tells what was done in its study, not what was found"
    FILLER = "tells of the conduct, the limits or the worth of its study, or calls for another one"
    SCOPE = "is not about the topic"
    REPEATS = "says what another quote says"
    STATUS = "does not tell whose result it is"
    RECOGNITION = "was recognised from a scan and may be misread"


_SECTIONS = re.compile(
    r"method|material|statistic|procedure|data collection|search strategy|eligib|inclusion criteria|study design|"
    r"participants|sample size|randomi[sz]ation|ethic|acknowledg|funding|conflict|competing|contribut|availability|"
    r"supplement|abbreviation|reference|disclosure|author|correspond|keyword|consent|recruitment|intervention group|"
    r"measures|instruments|questionnaire|assays?\b|staining|western blot|pcr\b|cell culture|animals\b|mice\b|reagent",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"^(?:th(?:is|ese|ose|at|ey|us|erefore|en|ere(?:after|by|fore)?)|it|its|their|he|she|his|her|such|however|"
    r"moreover|furthermore|hence|in addition|additionally|also|nevertheless|nonetheless|in contrast|by contrast|"
    r"conversely|similarly|likewise|on the other hand|on the one hand|second(?:ly)?|third(?:ly)?|first(?:ly)?|"
    r"final(?:ly)?|lastly|last|the (?:latter|former|same|other|remaining|above|following)|as such|as a result|"
    r"consequently|accordingly|instead|indeed|in fact|in turn|for (?:example|instance|this|these|that)|"
    r"in (?:this|these|that|such|all|both|each|one|another|either|other|the (?:present|current))|"
    r"at (?:this|that)|by (?:this|these)|with (?:this|these)|to (?:this|that)|of (?:these|those|the|note)|"
    r"(?:both|each|all|one|two|three|four|five|most|some|none|neither|either|another|others?) "
    r"(?:of (?:these|the|them)|groups?|patients?|arms?|studies|trials|participants|animals)|"
    r"(?:one|a|another) (?:possible |likely )?(?:explanation|reason|limitation)\b|"
    r"the (?:approval|findings?|effects?|differences?|results?|associations?) (?:was|were|is|are)\b|"
    r"in the (?:\w+ )?(?:phase \w+|pilot|first|second|original) (?:study|trial)|"
    r"(?:all|many|most|some|few|several) (?:have|had|were|was|are)|"
    r"both|another|others?|and|but|or|yet|so|nor|because|since then|notably|importantly|interestingly|surprisingly|"
    r"remarkably|strikingly|specifically|perhaps most importantly|here|again|afterwards?|subsequently|overall|together|taken together|"
    r"collectively|altogether|meanwhile|otherwise|rather|still|only|next|the next|in a broader sense|"
    r"(?:despite|in spite of|besides|given|following|after|before|during|from|on|under|since|until|without) "
    r"(?:this|these|those)|(?:despite|in spite of|besides|after|before|without) that|"
    r"besides the|if and when|when stratified|due to (?:this|these|the)|"
    r"no (?:such|other|differences?|significant)|compared (?:with|to)|similar (?:results|findings|to)|"
    r"consistent with|according(?:ly)?|data (?:are|were|from)|results? (?:of|are|were|from)|values)\b",
    re.IGNORECASE,
)
_DEIXIS = re.compile(
    r"\b(?:this|these|those|that) (?:\w+ )?(?:stud(?:y|ies)|trials?|reviews?|articles?|papers?|reports?|patients?|"
    r"findings?|results?|data|groups?|methods?|analys[ie]s|work|cohorts?|cases?|model|experiments?|mice|animals|"
    r"effects?|approach(?:es)?|agents?|drugs?|treatments?|compounds?|techniques?|observations?|factors?|"
    r"tumou?rs?|"
    r"cells?|lines?|question|hypothesis|meta-analysis|series|population|sample|period|time|reason|regard|case|"
    r"manuscript)\b|"
    r"\b(?:present|current) (?:stud|trial|review|article|paper|report|work|analys|meta-analysis|series|data|findings|"
    r"results)|"
    r"\b(?:this|these|those)\s(?!is\b|are\b|was\b|were\b|may\b|can\b|could\b|would\b|has\b|have\b|leads?\b|led\b|"
    r"results?\b|suggests?\b|means\b|who\b|with\b|without\b|of\b|that\b|which\b|in\b|on\b|at\b|not\b|for\b|from\b|aged\b|"
    r"taking\b|treated\b|under\b|receiving\b|undergoing\b|having\b)|"
    r"^(?:lesion|patient|case|animal|sample|tumou?r|mouse|rat|subject) \d|\bin their (?:stud|trial|series|report|review|work)|"
    r"\bthe \d+ ?(?:mg|µg|μg|g|mL|ml|Gy)\S* (?:dose|group|arm|level)|"
    r"\bthe (?:highest|lowest|higher|lower) doses?\b(?! of (?:the )?[a-z]{5,})|"
    r"^the most (?:common|frequent) (?:side[ -]effects?|adverse (?:events?|effects?)|complications?) (?:was|were)\b|"
    r"\bthe (?:study )?sample\b|\bthe (?:analy[sz]ed|included|studied|treated|\w+-treated|enrolled|selected) \w+s\b|"
    r"\b(?:former|latter|aforementioned|above-mentioned|respectively described)\b|"
    r"\b(?:group|arm|cohort|cluster|panel|experiment|case|patient|subject|stage) (?:[A-Z]|\d+|I{1,3}V?)\b"
    r"(?!\s*(?:trial|stud|glioma|tumou?r|disease|lesion))",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"^((?:although|though|while|whereas|because|when|if|as|since)\b.{30,}?), (?:this|these) ", re.IGNORECASE
)
_PROCEDURE = re.compile(
    r"\b(?:was|were) (?:then |subsequently |first |also |randomly |further )?(?:injected|inoculated|sacrificed|"
    r"euthani[sz]ed|lysed|incubated|purchased|resuspended|harvested|stained|housed|seeded|cultured|transfected|"
    r"an[ae]estheti[sz]ed|examined|assessed|evaluated|investigated|analy[sz]ed|calculated|recorded|collected|compared|"
    r"measured|monitored|dosed|determined|tested|performed (?:with|using|on|by|in)|conducted|carried out|enrolled|reviewed|derived|coded|re-?coded|categori[sz]ed|"
    r"consented|recruited|screened|included in|excluded|lost to|divided into|assigned|allocated|placed (?:in|into) (?:a|the) "
    r"(?:stand|cage|chamber|plate)|used (?:to|for|in (?:the|all|this))|based upon|chosen|selected for|approved by|"
    r"defined as|obtained (?:from|in)|(?:also )?obtained in|done on|adjusted for|controlled for|estimated with|"
    r"confirmed (?:by|with)|achieved as|diagnosed as|made following|connected to|fitted onto|"
    r"administered (?:on|at|to) (?:day|mice|rats|animals))\b|"
    r"\bduplicates?\b|\barticles? (?:was|were)\b|\b(?:articles|studies|records|citations|abstracts) (?:\w+ ){0,6}(?:identified|retrieved|screened|searched)\b|\b(?:consented|enrolled)\b|\bnot in English\b|\bwere provided the option\b|\bcould not (?:confirm|be (?:confirmed|assessed|determined))\b|\b[Pp]lanned\b|\bwere returned to\b|\bmet (?:the )?inclusion\b|"
    r"\b(?:was|were) (?:searched|pooled|demonstrated by (?:the )?(?:odds|hazard|risk) ratio)\b|"
    r"\bwere (?:randomi[sz]ed to|implanted|re-?challenged|contralaterally|stratified|removed\.?$|eligible to)|"
    r"^(?:one|two|three|four|five|six|seven|eight|nine|ten|\d+) (?:\(\d+ ?%\) )?(?:long-term )?(?:patients?|participants?|"
    r"subjects?|survivors?)\b|^participants\b|"
    r"^patients (?:started|continued|completed|underwent|received|took|were (?:given|asked|seen|followed|treated))\b|"
    r"^(?:the )?(?:mean|median|average) (?:age|bmi|body mass index|weight|follow-up)\b|\bmean age of (?:the )?patients\b|"
    r"^measurements (?:were|are)\b|, measurements were\b|"
    r"\b(?:goals?|aims?|objectives?|purpose|hypothesis|endpoints?|end points?|outcome measures?) (?:of|was|were|is|included)\b|"
    r"\ball (?:animals|mice|rats|experiments|analyses|procedures|patients|participants|samples)\b|\bn = \d+ (?:per|in each)\b|"
    r"\b(?:manufacturer|ThermoFisher|Sigma|GraphPad|SPSS|Stata|PBS\b|ACK lysis|statistical software)",
    re.IGNORECASE,
)
_OWN_CASE = re.compile(
    r"\b(?:the|this) patient\b|\b(?:his|her) (?!2\b)|\b(?:he|she) \w+ed\b|"
    r"\bthe (?:two|three|four|other|untreated|study|experimental|remaining|first|second|third|latter|same) "
    r"(?:groups?|arms?|cohorts?|series|patients|animals|mice|rats)\b|\bJH[HU]-\d+",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:background|methods?|results?|conclusions?|discussion|objectives?|purpose|aims?|introduction|abstract|context|findings|"
    r"importance|setting|design|interpretation|significance|study design|evidence acquisition)(?: ?[:.–-]| [A-Z])"
)
_CAPITAL_LABEL = re.compile(r"[A-Z]{4,}(?: [A-Z]+)*:")
_FIRST_PERSON = re.compile(
    r"\b(?:[Ww]e|[Oo]urs?|us|[Mm]y|[Aa]uthors?|[Hh]erein|the (?:study|trial|review|meta-analysis) (?:was|is|has|had|did|included))\b"
)
_POINTER = re.compile(
    r"\b(?:fig(?:ure|s|\.)?s?|tables?|box|appendix|supplement\w*|equation|eq\.|panel|movie|video|additional file|"
    r"web ?site|section|chapter)\s*(?:\d|[A-Z]\b|S\d|below|above|\()|"
    r"(?<!been )(?<!was )(?<!were )(?<!is )(?<!are )(?<!has )(?<!have )(?<!also )(?<!clearly )(?<!not )"
    r"(?<!recently )(?<!repeatedly )(?<!consistently )\bshown\b|\bnot shown\)|\b(?:discussed|described|reviewed) (?:later|below)\b|\bas (?:previously )?described\b|"
    r"\b(?:see|shown|described|mentioned|discussed|noted|listed|presented|reported|outlined|summari[sz]ed) "
    r"(?:above|below|earlier|previously|elsewhere|in (?:fig|table|the (?:fig|table|text|supp|present)))|"
    r"\bdata not shown\b|\bsupplementa(?:l|ry)\b|\[[a-z]\]|\(\s*[a-zA-Z]\s*\)|\b(?:above|below)\b(?=[.,;)])",
    re.IGNORECASE,
)
_LAYOUT = re.compile(
    r"\?\?|https?://|www\.|@|doi:|©|\bISSN\b|\bPMID\b|et al\.\s*\d{4};|\.{3,}|…|[|{}<>\\]{2,}|\bdownloaded\b|"
    r"(?:\b[A-Z]\.\s*){3,}|\b\d{4};\s?\d+|\bclinicaltrials\.gov\b|\bNCT\d+|�",
    re.IGNORECASE,
)
# Marks of a damaged text layer: a comma for "<" (``p,0.05``), words run together.
_DAMAGED = re.compile(r"\b[pPn],\s?0?\.\d|[^\W\d_]{26,}|[a-z][.,;:)][A-Za-z]{3,}|\b[b-hj-z] [b-hj-z] ")
_DAMAGED_PUNCTUATION = re.compile(
    # A lost comparator (``for w12 months``), a heading that ran into its own text, marks that no prose has.
    r"\b[a-z]\d+ (?:months?|weeks?|years?|days?|mg|kg|ml|patients)\b|^(.{8,80}?) \1\b|\\|"
    # A lost sign (``*15%`` for "about 15%", ``e?orts``), words that ran into a bracket or into a raised number.
    r"(?:^|\s)\*\d|[a-z]\?[a-z]|(?:^|\s)[a-z]+\)[a-z]{2,}|[a-z]\((?:was|were|is|are|and|the|of|in)\b|"
    r"(?<![A-Z][a-z])[⁰¹²³⁴⁵⁶⁷⁸⁹][A-Z][a-z]{2,}|[.,;:]{2}[⁰¹²³⁴⁵⁶⁷⁸⁹]|"
    r"[a-z][“‘][a-z]|[.,;:][,;:][A-Za-z]|\w,\[|\[\s?[,.]?\s?\]|[.;:,] ?\)$"
)
# Every sentence has a finite verb; a heading that ran into the text, or half a sentence, often has none.
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|do|does|did|can|cannot|could|may|might|must|should|will|would|shall)\b|"
    r"\b\w{2,}ed\b|"
    r"\b(?:account|act|affect|aim|allow|appear|arise|assess|become|begin|benefit|block|bring|carr(?:y|ie)|cause|come|compare|"
    r"compri[sz]e|confirm|consist|constitute|contain|continue|contribute|correlate|cover|decrease|define|deliver|"
    r"demonstrate|depend|describe|detect|develop|die|differ|drain|drive|enable|enhance|enter|exceed|exert|exhibit|"
    r"expand|explain|express|extend|facilitate|fall|feed|follow|form|give|go|grow|help|hinder|hold|improve|include|increase|"
    r"indicate|induce|inhibit|involve|keep|lack|lead|leave|lie|limit|link|lower|make|mean|mediate|modulate|need|occur|"
    r"offer|permit|persist|play|point|predict|prevent|produce|promote|prolong|provide|radiate|raise|rank|reach|receive|"
    r"recommend|reduce|reflect|regulate|relate|relieve|remain|represent|require|respond|result|reveal|rise|run|seem|serve|show|"
    r"stimulate|suggest|support|take|target|tend|transmit|treat|undergo|use|var(?:y|ie)|warrant|work|bear|curve|supply|"
    r"achieve|accumulate|activate|alter|combine|destroy|display|disrupt|encode|escape|fail|generate|identif(?:y|ie)|infiltrate|integrate|invade|kill|maintain|migrate|mimic|necessitate|project|recruit|release|remove|select|shift|spread)"
    r"(?:s|es)?\b|\b(?:arose|became|began|brought|came|fell|found|gave|grew|held|kept|led|left|made|ran|rose|saw|"
    r"showed|took|underwent|went|spread|met)\b",
    re.IGNORECASE,
)
# In a paper on animals or cells, what was done and seen on the bench is told in the passive; what was found is told
# with these.
_BENCH = re.compile(
    r"\b(?:was|were) (?:\w+ly |also |then |first |not )?(?!associated|increased|reduced|decreased|improved|prolonged|"
    r"observed|found|shown|enhanced|seen|detected|correlated|elevated|lowered|impaired|attenuated|higher|lower|"
    r"longer|shorter|significant|able|more|less|greater|similar|known|required|needed|upregulated|downregulated|"
    r"abolished|restored|inhibited|blocked|suppressed|induced|mediated|dependent|independent|necessary|sufficient)"
    r"(?:\w+ed|done|given|made|taken|cut|put|kept|set|fed|drawn|frozen|grown|chosen)\b|"
    r"\b(?:days?|hours?|weeks?) \d+|\b\d+ (?:h|hours|min|minutes) (?:after|post|before)|\b\d+ mm (?:in diameter|posterior|"
    r"lateral|anterior|medial|ventral|vertical)|\bthe applied\b|^the (?:tumou?r|mice|rats?|animals?|camera|cells?) (?:was|were|had)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!]['”\")\]]?$")


def refusal(
    sentence: str,
    document_section: str | None,
    study_type: StudyType = StudyType.UNKNOWN,
    *,
    may_be_numbers: bool = False,
) -> Refusal | None:
    """Why `sentence` (as a chapter would print it) cannot stand on its own; None when it can.

    `document_section` is the heading it stands under in its source, `study_type` that of the source: what was done to
    animals or cells is never quoted, lest it be read as what is done to patients. `may_be_numbers`: it may hold as
    many numbers as statistics need.
    """
    if document_section and _SECTIONS.search(document_section):
        return Refusal.SECTION
    count = len(sentence.split())
    if not MIN_WORDS <= count <= MAX_WORDS:
        return Refusal.LENGTH
    if not (_is_told(sentence) if may_be_numbers else _is_prose(sentence)):
        return Refusal.LAYOUT
    if _POINTER.search(sentence):
        return Refusal.POINTER
    if _FIRST_PERSON.search(sentence):
        return Refusal.FIRST_PERSON
    if (
        _CONTEXT.match(sentence)
        or _DEIXIS.search(_with_own_antecedent(sentence))
        or _OWN_CASE.search(sentence)
        or _opens_late(sentence)
    ):
        return Refusal.CONTEXT
    if _PROCEDURE.search(sentence) or (study_type in _BENCH_STUDIES and _BENCH.search(sentence)):
        return Refusal.PROCEDURE
    return None


MIN_FINDING_WORDS, MAX_FINDING_WORDS = 5, 110
"""Words of a finding's sentences together."""
_TOLD_BY_ITS_STUDY = (FindingKind.OWN_RESULT, FindingKind.CONCLUSION, FindingKind.RECOMMENDATION, FindingKind.CASE)
_STEPS = (FindingKind.OPERATIVE_STEP,)
_NEVER = (FindingKind.OWN_METHOD, FindingKind.LIMITATION)
_NOT_UNDERSTOOD = re.compile(
    r"\b(?:this|these|those|that) (?:group|groups|subgroup|value|values|cells|line|lines|effect|effects|point|region|area|figure|table)\b"
    r"|\b(?:described|mentioned|discussed|shown|listed) (?:above|below|earlier|previously)\b|\bdata not shown\b|\b(?:former|latter|aforementioned)\b",
    re.IGNORECASE,
)


def finding_refusal(
    sentences: Sequence[str], finding: Finding, document_section: str | None, study_type: StudyType
) -> Refusal | None:
    """Why a finding, as its `sentences` would be printed, cannot stand in a chapter; None when it can.

    What a study found and concluded is introduced by its study record, so it may speak of its authors, stand in any
    section and consist of numbers; everything else has to stand by itself, see `refusal`.
    """
    words = sum(len(sentence.split()) for sentence in sentences)
    if _is_of_nobody(finding, study_type):
        return Refusal.STATUS
    if _NO_FINDING.search(" ".join(sentences)):
        return Refusal.PROCEDURE
    if study_type is not StudyType.CASE_SERIES and _COURSE_OF_ONE.search(" ".join(sentences)):
        return Refusal.CONTEXT
    if finding.kind in _NEVER or (sentences and _AIM.match(sentences[-1])):
        return Refusal.PROCEDURE
    if sentences and (is_filler(_stating(sentences, finding)) or opens_with_a_limit(sentences[0])):
        return Refusal.FILLER
    if sentences and lacks_antecedent(sentences[0], finding.kind, main=finding.main):
        return Refusal.CONTEXT
    if finding.kind not in (*_TOLD_BY_ITS_STUDY, *_STEPS):
        return next(
            (
                found
                for one in sentences[:1]
                if (found := refusal(one, document_section, study_type, may_be_numbers=True))
            ),
            None,
        ) or (None if words <= MAX_FINDING_WORDS else Refusal.LENGTH)
    if not MIN_FINDING_WORDS <= words <= MAX_FINDING_WORDS:
        return Refusal.LENGTH
    if not all(_is_told(sentence) for sentence in sentences):
        return Refusal.LAYOUT
    text = " ".join(sentences)
    if _POINTER.search(text) or _NOT_UNDERSTOOD.search(sentences[0]):
        return Refusal.POINTER
    if refers_back(sentences[0]) or (finding.kind is FindingKind.OWN_RESULT and _OF_ONE_PATIENT.search(text)):
        return Refusal.CONTEXT
    if finding.kind in (FindingKind.OWN_RESULT, FindingKind.CASE) and not finding.main:
        stated = (
            finding.direction is not Direction.NOT_STATED or bool(finding.effects or finding.p) or _COUNTED.search(text)
        )
        if _is_detail(finding, text) or is_filler(sentences[0]):
            return Refusal.FILLER
        if not stated or (_PROCEDURE.search(text) and finding.direction is Direction.NOT_STATED):
            return Refusal.PROCEDURE
    if finding.kind in (FindingKind.CONCLUSION, FindingKind.RECOMMENDATION) and not finding.main:
        if is_filler(sentences[0]):
            return Refusal.FILLER
        found = refusal(sentences[0], document_section, study_type, may_be_numbers=True)
        return None if found is Refusal.FIRST_PERSON else found
    return None


def _stating(sentences: Sequence[str], finding: Finding) -> str:
    """Of a finding's sentences as they would be printed, the one that states it: the last that ends as it does."""
    wanted = _letters(finding.statement.text)
    return next((one for one in reversed(sentences) if wanted.endswith(_letters(one)[-ENDING:])), sentences[-1])


def _letters(text: str) -> str:
    return "".join(ch for ch in text if ch.isalpha())


ENDING = 30
"""Letters by which a printed sentence is known to be a statement: markers are left out of it."""
_QUANTIFIED = re.compile(
    r"\d\s?%|\b\d+ (?:of|/|out of) \d+|\b\d+(?:[.·]\d+)?[- ]?fold\b|\b(?:half|one third|two thirds|three quarters|twice|double|triple)\b|"
    r"\b[Pp]\s?[<=>]|\b(?:OR|HR|RR|AUC|IRR|SMR|odds|risk|hazard)\b|"
    r"\b(?:[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Nn]o|\d+) (?:\w+ )?(?:patients?|participants?|cases?|subjects?) (?:developed|died|experienced|suffered|relapsed|recurred)\b"
)
_NUMBER = r"(?<![\w-])[−-]?\d+(?:[.·,]\d+)?(?![\w-])"
_TWO_NUMBERS = re.compile(rf"{_NUMBER}.*\b(?:than|versus|vs\.?|compared (?:with|to)|from|to)\b.*{_NUMBER}")


def is_quantified(text: str) -> bool:
    """Whether `text` says how large or how frequent something is."""
    return _QUANTIFIED.search(text) is not None or _TWO_NUMBERS.search(text) is not None


def _is_detail(finding: Finding, text: str) -> bool:
    """Whether it tells an effect or a count of the results part without a number that says how large it is."""
    in_abstract = any("abstract" in title.casefold() for title in finding.statement.headings)
    if finding.kind is not FindingKind.OWN_RESULT or finding.part != Zone.RESULTS.value or in_abstract:
        return False
    return not (finding.effects or finding.p or is_quantified(text))


_COURSE_OF_ONE = re.compile(
    r"\b(?:the|this) patient (?:\w+ )?(?:died|underwent|was|had|presented|received|developed|remained|survived|returned)\b",
    re.IGNORECASE,
)
"""What became of one patient: in a case report a finding, in another article a remark on whom its material is from."""
_OF_ONE_PATIENT = re.compile(r"\b(?:the|this) patient\b|\b(?:he|she) \w+ed\b", re.IGNORECASE)
_AIM = re.compile(
    r"To (?:describe|determine|assess|evaluate|compare|investigate|examine|test|explore|estimate|study|identify)\b",
    re.IGNORECASE,
)
# Yields of a search, what respondents were offered, what could not be done, what is planned, what a picture shows: of no study a finding.
_NO_FINDING = re.compile(
    r"\bduplicates?\b.{0,60}\b(?:articles|studies|records)\b|\b\d+ (?:articles|studies|records|abstracts) (?:\w+ ){0,8}(?:identified|retrieved|screened|excluded|reviewed)\b|"
    r"\bprovided (?:with )?the option\b|\b(?:could|were) not (?:able to )?(?:confirm|be (?:confirmed|assessed|determined))\b|\b[Pp]lanned\b|^(?:Also )?[Nn]ote (?:the|that)\b|\bphotographs? (?:are|is) provided\b|"
    r"\bnot routinely (?:retained|collected|recorded)\b",
)
_COUNTED = re.compile(
    r"\b\d+(?:[.·]\d+)?\s?%|\b\d+ (?:of|/) \d+\b|\b\d+(?:[.·]\d+)? (?:months?|weeks?|days?|years?|patients|mmHg)\b|\bno (?:complications?|deaths?|adverse)",
    re.IGNORECASE,
)


def _is_of_nobody(finding: Finding, study_type: StudyType) -> bool:
    """Whether a statement of a primary study may be its own or another's: told as known, without a source.

    In its introduction it is known; that something is not known yet is why the study was made, and no longer true.
    """
    if finding.kind is not FindingKind.BACKGROUND or study_type in (StudyType.REVIEW, StudyType.META_ANALYSIS):
        return False
    if _NOT_KNOWN.search(finding.statement.text):
        return True
    return finding.part not in (Zone.OPENING.value, Zone.ABSTRACT.value, Zone.OTHER.value) and not cites(
        finding.statement.text
    )


_NOT_KNOWN = re.compile(
    r"\b(?:has|have|had) (?:yet to be|not (?:yet )?been (?:studied|examined|investigated|elucidated|reported|established|determined|evaluated|well studied))|\bremains? (?:unclear|unknown|to be|poorly|elusive)|\blittle is known\b|"
    r"\b(?:is|are) (?:not (?:well )?(?:known|understood|studied)|poorly understood|unknown|unclear)\b|\bno (?:study|studies|data|objective data) ",
    re.IGNORECASE,
)


def _is_told(sentence: str) -> bool:
    """Whether it is an undamaged sentence; one with statistics may hold as many numbers as it needs."""
    if any(pattern.search(sentence) for pattern in (_LAYOUT, _DAMAGED, _DAMAGED_PUNCTUATION)):
        return False
    letters = sum(ch.isalpha() for ch in sentence)
    return (
        _ENDS.search(sentence) is not None
        and (sentence[0].isupper() or sentence[0].isdigit())
        and letters >= 0.45 * len(sentence)
        and sentence.count("(") == sentence.count(")")
        and sentence.count("[") == sentence.count("]")
        and not (len(sentence.split()) <= FRAGMENT_WORDS and not _VERB.search(sentence))
    )


def unsure(sentence: str, confidence: float | None) -> Refusal | None:
    """Whether a recognised sentence may be misread; `confidence` is that of the least sure line of its passage.

    A wrong dose is worse than a missing one: a sentence with a number has to be surer, and none is quoted in which
    a number hangs on a word, as it may be a raised citation marker or an exponent that was not seen as such.
    """
    if confidence is None:
        return None
    numbers = any(ch.isdigit() for ch in sentence)
    if confidence < (MIN_CONFIDENCE_OF_NUMBERS if numbers else MIN_CONFIDENCE) or _GLUED_NUMBER.search(sentence):
        return Refusal.RECOGNITION
    return None


def _with_own_antecedent(sentence: str) -> str:
    """`sentence` without a demonstrative that refers to its own first clause: "Although X can heal, this process..."."""
    return _SUBORDINATE.sub(r"\1, the ", sentence)


def _is_prose(sentence: str) -> bool:
    if any(pattern.search(sentence) for pattern in (_LAYOUT, _DAMAGED, _DAMAGED_PUNCTUATION)):
        return False
    if not _ENDS.search(sentence) or (len(sentence.split()) <= FRAGMENT_WORDS and not _VERB.search(sentence)):
        return False
    if _LABEL.match(sentence[:1].lower() + sentence[1:]) or _CAPITAL_LABEL.match(sentence) or sentence.isupper():
        return False
    first = sentence[0]
    if not (first.isupper() or first.isdigit()) or not any(ch.islower() for ch in sentence):
        return False
    letters = sum(ch.isalpha() for ch in sentence)
    tokens = sentence.split()
    numbers = sum(any(ch.isdigit() for ch in token) for token in tokens)
    singles = sum(len(token) == 1 and not token.isdigit() and token.lower() not in "aip" for token in tokens)
    return (
        letters >= 0.66 * len(sentence)
        and numbers <= 0.3 * len(tokens)
        and singles <= max(1, len(tokens) // 12)
        and sentence.count("(") == sentence.count(")")
        and sentence.count("[") == sentence.count("]")
    )


_SUBJECT_PRONOUN = re.compile(
    r"^(?:\S+\s){0,6}(?:they|it|he|she)\b(?! (?:is|was|has been|may be) (?:not )?(?:known|clear|unclear|possible|"
    r"likely|important|estimated|well|generally|difficult|necessary|"
    r"(?:believed|thought|suggested|recommended|shown|reported)(?! to\b)))",
    re.IGNORECASE,
)


def _opens_late(sentence: str) -> bool:
    """A pronoun among the first words that has nothing to refer to, as in ``In mice they were...``."""
    return _SUBJECT_PRONOUN.match(sentence) is not None
