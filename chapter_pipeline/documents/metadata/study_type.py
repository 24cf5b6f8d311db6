"""Owns the rules that name a document's study type from title, abstract and methods; in doubt they say unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chapter_pipeline.documents.metadata.study_statements import Statement, masked, own_statements
from chapter_pipeline.domain.document import StudyType

_I = re.IGNORECASE
ANIMALS = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|porcine|swine|pigs?|piglets?|canine|dogs?|sheep|ovine|zebrafish|rodents?|"
    r"macaques?|monkeys?|nonhuman primates?|non-human primates?|hamsters?|drosophila|caenorhabditis|c\. elegans|"
    r"animal models?|animals)\b",
    _I,
)
PEOPLE = re.compile(
    r"\b(?:patients?|participants?|women|men|children|infants|newborns|adults|volunteers?|subjects?|people|individuals|"
    r"persons|humans?|girls|boys|adolescents)\b",
    _I,
)
_SPECIES = re.compile(
    ANIMALS.pattern.replace(r"animal models?|animals", r"transgenic animals|experimental animals"), _I
)
_XENOGRAFT = re.compile(r"\bxeno(?:graft|transplant)\w*", _I)
_BENCH = re.compile(
    r"\b(?:cells?|cell lines?|in vitro|cultures?|cultured|oncospheres?|organoids?|proteins?|kinases?|phosphorylat\w+|"
    r"mRNA|transcription\w*|chromatin|genes?|yeast|crystal structures?|knockdown|transfect\w+|fibroblasts?|binding|"
    r"receptors?|histones?|mitochondria\w*|ubiquitin\w*|microRNAs?|miR-\d+|promoters?|signall?ing)\b",
    _I,
)
_FOUND = re.compile(
    r"\b(?:here,? we|we (?:\w+ly |also |now |further |have )*(?:show|found|find|identif|demonstrat|report|reveal|observ|"
    r"generat|develop|measur|determin|discover|establish|isolat|provide|use)\w*|our (?:results|data|findings|study))\b",
    _I,
)
_WORDS = r"(?:(?!(?:trials|studies|data|reviews?|survey)\b)[\w'’+/()–-]+[\s,;]+){0,9}?"
_Rules = tuple[tuple[re.Pattern[str], StudyType], ...]


def _rules(*rules: tuple[str, StudyType]) -> _Rules:
    return tuple((re.compile(pattern, _I), study) for pattern, study in rules)


_PLANNED = re.compile(
    r"\bwill be (?:\w+ )?(?:randomi[sz]ed|randomly|recruited|enrolled|allocated|assigned|included|conducted|performed|"
    r"assessed|measured|invited|searched|analy[sz]ed)\b",
    _I,
)
_TITLE_WORKS = _rules(
    (
        r"\b(?:study|trial|review|research|meta-analysis) protocol\b|\bprotocol (?:for|of) (?:an?|the|two) .*"
        r"(?:trial|study|review|meta-analysis|cohort|survey)\b|[:–—-]\s*(?:an? )?(?:\w+ )?protocol\s*\W*$|"
        r"\b(?:rationale(?:,| and)(?: study)? (?:design|protocol)|design and (?:rationale|protocol))\b(?!.*\b(?:results|validation|baseline)\b)",
        StudyType.PROTOCOL,
    ),
    (r"\bcase reports?\b", StudyType.CASE_SERIES),
    (r"\b(?:systematic|umbrella) (?:literature )?(?:review|overview)|(?:network|systematic) meta-?\s?analys[ei]s", StudyType.META_ANALYSIS),
    (r"genome[- ]wide (?:association|meta-?analysis|interaction|linkage|scan)|\bgwas\b", StudyType.COHORT),
    (r"meta-?\s?analys[ei]s", StudyType.META_ANALYSIS),
    (
        r"\b(?:narrative|scoping|literature|critical|comprehensive|integrative|clinical|brief|mini-?|state-of-the-art) ?review\b|"
        r"\boverview of\b|\ban overview\b|(?<!and )\ba review\b|: (?:an? )?(?:\w+ )?review\b|\breview of the literature\b|\bstate of the art\b",
        StudyType.REVIEW,
    ),
)  # fmt: skip
"""What a work is as a whole; a genome-wide meta-analysis is no synthesis of trials."""
_TITLE_DESIGNS = _rules(
    (r"\b(?:cohort|case-control|observational)\b.*\b(?:within|nested in|from|of) .*\brandomi[sz]ed\b", StudyType.COHORT),
    (r"nonrandom", StudyType.CLINICAL_TRIAL),
    (
        rf"\brandomi[sz]ed[\s,;]+{_WORDS}(?:trial|study|design|comparison|intervention|evaluation|pilot|crossover|"
        r"cross-over|clinical)\b|\bcluster[- ]randomi[sz]ed\b|\b(?:two|three) randomi[sz]ed\b|\brandomi[sz]ation to\b",
        StudyType.RANDOMISED_TRIAL,
    ),
    (
        r"\bphase (?:1|2|I|II|1b|Ib|2a|IIa|1/2|I/II)\b|\bsingle-arm\b|\bdose[- ]escalation (?:trial|study)|"
        r"first-in-humans? (?:\w+ )?(?:trial|study|phase)",
        StudyType.CLINICAL_TRIAL,
    ),
    (r"\bcase series\b|\bfirst-in-humans? experience", StudyType.CASE_SERIES),
    (
        r"genetic-instrument|\bcohort\b|case[-–‐ ](?:control|crossover)|cross-sectional|retrospective|prospective|longitudinal|"
        r"registry|observational|\bsurvey\b|diagnostic accuracy|population-based",
        StudyType.COHORT,
    ),
)  # fmt: skip
_SYNTHESIS = _rules(
    (
        r"(?:this|a|an|our|present|we (?:did|performed|conducted|undertook) an?) (?:[\w-]+[ ,]+){0,3}(?:systematic (?:literature )?review|meta-?\s?analysis)|"
        r"\bsystematic(?:ally)? (?:literature )?(?:search(?:ed)?|review(?:ed)?)\b.{0,40}\b(?:was|were|of|for|in|the)\b|"
        r"\bwe systematically (?:search|review)|\bmeta-analys[ei]s (?:was|were|of|included|showed)\b|\brandom-effects? meta-analys|"
        r"\b(?:medline|pubmed|embase|cochrane|cinahl)\b.{0,160}\b(?:search\w*|databases?|through|from|until|inception)\b|"
        r"\b(?:search\w*|databases?)\b.{0,120}\b(?:medline|pubmed|embase|cochrane|cinahl)\b|"
        r"\belectronic databases? (?:was|were) searched|\b(?:studies|trials) (?:were eligible|met (?:the )?inclusion)",
        StudyType.META_ANALYSIS,
    ),
)  # fmt: skip
_REVIEWED = _rules(
    (
        r"\b(?:this|the present|our|in an?) (?:[\w-]+ ){0,3}(?:review|overview)\b|\b(?:here,? )?(?:we|I) (?:\w+ )?review\b(?!ed)|"
        r"\breview (?:article )?(?:discusses|summari[sz]es|describes|focuses|covers|examines|considers|highlights|outlines|provides)|"
        r"\b(?:is|are|will be) (?:briefly |critically )?reviewed\b|\bthis (?:article|paper|chapter) (?:reviews|discusses|outlines|summari[sz]es (?:the )?(?:current|recent|available|known|evidence|knowledge|literature|what|development))|"
        r"\b(?:paper|article|chapter) is to (?:provide|present|give|review) (?:an? )?(?:\w+ )?(?:review|overview)?|"
        r"\b(?:here,? )we (?:discuss|summari[sz]e|highlight|outline) (?:the |recent |how |what |current |our )",
        StudyType.REVIEW,
    ),
)  # fmt: skip
_PRINTED = _rules(
    (r"systematic review|meta-?analysis", StudyType.META_ANALYSIS),
    (r"^(?:\w+ )?review(?: article)?$", StudyType.REVIEW),
    (r"^case (?:report|series|study)", StudyType.CASE_SERIES),
    (r"protocol", StudyType.PROTOCOL),
)
_ASSIGNED = r"assigned|allocated|divided|placed|distributed|grouped|received?|given|split|separated|classified|assorted|categori[sz]ed"
_RANDOMISED = re.compile(
    rf"\brandomi[sz]ed[\s,;]+{_WORDS}(?:trial|study|design|protocol|intervention|comparison|fashion|manner|experiment|crossover|"
    rf"cross-over|investigation)\b|\brandomly (?:[\w-]+ )?(?:{_ASSIGNED})\b|\b(?:{_ASSIGNED}) randomly\b|\bat random (?:to|into)\b|"
    r"\b(?:were|was|and|being|who|we|underwent|individually|cluster) (?:\w+ ){0,2}randomi[sz]ed\b(?! (?:controlled |clinical )*trials)|"
    r"\brandomi[sz]ed(?: \([^)]*\))? (?:\d+:\d+|\(?\d ?: ?\d|to|into|either|between|in a)\b|"
    r"\brandom (?:assignment|allocation|order of treatment)|\brandomi[sz]ation (?:was|into|to)\b|\brandomi[sz]ed allocation\b|"
    r"\b(?:two|three|we (?:did|conducted|performed|report)) (?:[\w-]+[ ,]+){0,6}randomi[sz]ed (?:[\w-]+[ ,]+){0,5}(?:trials|studies)\b|"
    r"\b(?:sequence|order)s? (?:of (?:\w+ ){1,4})?(?:was|were) (?:\w+ )?randomi[sz]ed\b|\brandomi[sz]ed (?:sequence|order)\b",
    _I,
)
_CROSSOVER = re.compile(r"(?<!case-)(?<!case )\bcross-?over\b", _I)
_RANDOM_ORDER = re.compile(r"\brandom(?:i[sz]ed|ly)?\b", _I)
_NO_STUDY = re.compile(
    r"\b(?:novel|new|alternative) (?:trial )?designs?\b|\b(?:reporting|quality|registration|design|conduct|analysis) of "
    r"(?:[\w-]+ ){0,4}(?:trials|studies)\b|\bmethodolog|\b(?:recommendation|consensus|position|scientific) statement\b|\bposition paper\b|"
    r"\bguidelines? (?:for|on|from|of) (?:the )?|\brecommendations (?:for|of|on|from)\b",
    _I,
)
"""Titles of works about designs and of guidelines: the designs that they name are not theirs."""
_DESIGN_SENTENCE = re.compile(
    r"\b(?:this|our|the) (?:[\w-]+,? ){0,8}(?:study|trial|analysis|survey) (?:was|is|used|had)\b|"
    r"\bwe (?:conducted|performed|did|carried out|undertook)\b|\b(?:this|the present) (?:[\w-]+,? ){1,6}study\b",
    _I,
)
_BLIND = re.compile(r"\b(?:double|single|triple)[- ]blind|\bplacebo[- ]controlled\b", _I)
_TRIAL_WORDS = re.compile(
    r"\brandomi[sz]ed.*\b(?:trial|blind|placebo|parallel|controlled|crossover|cross-over)|"
    r"\b(?:trial|placebo|blind|parallel|cross-?over)\b.*\brandom",
    _I,
)
_SPLIT_OF_DATA = re.compile(r"\b(?:training|validation|derivation|discovery|test) (?:set|cohort|sample|group|data)", _I)
_ASSOCIATION = re.compile(
    r"\b(?:associat(?:ed|ions?)|predict\w*|risk factors?|correlat\w+|prognos\w+|determinants?|incidence)\b", _I
)
_COMPARED = re.compile(
    r"\b(?:placebo|versus|vs\.?|compared (?:with|to)|than (?:in )?(?:the )?(?:placebo|control)|arms?|controls?|"
    r"intervention|treatment group)\b",
    _I,
)
_DESIGNS = _rules(
    (r"\b(?:this|our|present|consecutive|prospective|retrospective) (?:[\w-]+ ){0,2}case (?:series|report)\b|^case (?:series|report)\b|\b(?:we|this article|this paper) (?:report|present|describe)s? (?:on )?(?:an?|the|two|three|four|five|our) "
     r"(?:[\w-]+ ){0,3}(?:cases?|patients?)\b(?!-)|\ban? \d{1,2}[- ]year[- ]old\b", StudyType.CASE_SERIES),
    (
        r"nonrandom[\s,-]+(?:[\w-]+[\s,]+){0,5}(?:trial|study|intervention|design|experiment)|\bsingle-arm\b|\bquasi-experiment|"
        r"\bphase (?:1|2|I|II|Ib|1b|IIa|2a|I/II|1/2)[ ,]+(?:[\w-]+[ ,]+){0,5}(?:trial|study)\b|"
        r"\bopen[- ]label[ ,]+(?:[\w-]+[ ,]+){0,5}(?:trial|study|extension)\b|\bdose[- ]escalation (?:trial|study|cohorts?)|"
        r"\buncontrolled (?:[\w-]+ ){0,2}trial\b|\bpilot (?:clinical )?trial\b",
        StudyType.CLINICAL_TRIAL,
    ),
    (
        r"genetic-instrument|\bcohorts?\b|\bcase[-–‐ ](?:control|cohort|crossover)|\bcross-sectional|\bretrospective|\bprospective(?:ly)?\b|"
        r"\bobservational\b|\blongitudinal|\bregist(?:ry|ries|ers?)\b|\b(?:questionnaire|population|household|national|postal|online|cross-sectional|health|telephone) surveys?\b|"
        r"\bwe surveyed (?:\d|[\w ,-]{0,40}\b(?:patients|people|physicians|adults|women|men|households|students|nurses|surgeons|members|residents)\b)|\bpopulation-based\b|\b(?:records?|charts?|files) (?:\w+ )?(?:of (?:[\w-]+ ){1,6})?were (?:\w+ )?(?:reviewed|examined|analy[sz]ed)|"
        r"\bsensitivity and specificity\b|\bgenome[- ]wide association|\b(?:cases and|patients and|patients with .{3,60} and) (?:\d+ )?(?:[\w-]+ ){0,3}controls\b|"
        r"\b(?:patients|cases)\b.*\b(?:healthy|normal|matched) (?:controls?|subjects|individuals|volunteers|adults)\b|"
        r"\bdatabases? (?:was|were) (?:used|queried|reviewed) to identify (?!.*\b(?:studies|trials|articles|publications)\b)|"
        r"\bwere followed (?:up )?for (?:a (?:mean|median) of )?(?:[\w.]+ )?years\b|\bclaims (?:data|database)|\bmedical records\b",
        StudyType.COHORT,
    ),
)  # fmt: skip
_SPECIMENS = re.compile(
    r"\b(?:this|an?|our|the present) (?:[\w-]+,? ){0,3}(?:in vitro|ex vivo|phantom|cadaver(?:ic)?|bench|benchtop|post-?mortem) "
    r"(?:[\w-]+ ){0,2}(?:study|experiment|investigation|model|work|validation|analysis)\b|"
    r"\bcadaver(?:s|ic (?:\w+ )?(?:heads?|specimens?|spines?|dissections?|knees?|hands?|skulls?|hips?|shoulders?))\b|"
    r"\b(?:(?:tissue|skin|dura\w*|human|cortical|brain|cartilage) )+explants?\b|\bexplants were\b|"
    r"\b(?:head|water|anthropomorphic|printed|gelatine?|agar|vascular|body|acrylic|calibration|test) phantoms?\b|\bphantoms? (?:was|were|with|of|made)\b",
    _I,
)
_COUNTED_PEOPLE = re.compile(
    r"\b\d+ (?:[\w-]+ ){0,3}(?:patients|participants|women|men|children|infants|adults|volunteers|subjects|controls)\b",
    _I,
)
_SPECIMEN_TITLE = re.compile(
    r"\bphantoms?\b|\bcadaver(?:s|ic|ous)?\b|\bexplants?\b|\bin vitro\b|\bex vivo\b|\bcell lines?\b|\borganoids?\b|"
    r"\bbench(?:top)? (?:study|test)",
    _I,
)


def study_type(title: str, abstract: str, body: str, methods: str = "", printed_type: str | None = None) -> StudyType:
    """The study type as title, abstract and methods name it, in this order of trust.

    What the work is as a whole (protocol, synthesis, review) comes first, then what was studied: animals, specimens or
    people, then the design. Only sentences about the study itself count. Where none decides, `printed_type` does (the kind
    of article as printed), then the animals and the bench work that abstract and `body` speak of.
    """
    title, abstract, methods = masked(title), masked(abstract), masked(methods)
    own = own_statements(abstract)
    return (
        _whole_work(title, own)
        or _without_people(title, abstract, own)
        or _design(title, own, methods)
        or _first(_PRINTED, printed_type or "")
        or _by_subjects(abstract, body)
        or StudyType.UNKNOWN
    )


def _whole_work(title: str, own: tuple[Statement, ...]) -> StudyType | None:
    named = _first(_TITLE_WORKS, title)
    planned = sum(len(_PLANNED.findall(one.text)) for one in own)
    if named is not None:
        return named
    if planned >= 2 and not any(_RANDOMISED.search(one.text) and not _PLANNED.search(one.text) for one in own):
        return StudyType.PROTOCOL
    return _of_statements(_SYNTHESIS, own) or _of_statements(_REVIEWED, own)


def _without_people(title: str, abstract: str, own: tuple[Statement, ...]) -> StudyType | None:
    said = f"{title} {abstract}"
    people = len(PEOPLE.findall(said))
    animals = len(ANIMALS.findall(said)) if _SPECIES.search(said) else 0
    grafted = len(_XENOGRAFT.findall(said))
    bench = len(_BENCH.findall(abstract))
    if _SPECIES.search(title) and not (PEOPLE.search(title) and people > animals):
        return StudyType.ANIMAL
    if (animals >= 2 and animals > people) or (
        grafted and (_XENOGRAFT.search(title) or animals) and grafted + animals > people
    ):
        return StudyType.ANIMAL
    if _first(_TITLE_DESIGNS, title) is not None:
        return None
    if any(_COUNTED_PEOPLE.search(one.text) for one in own):
        return None
    if _SPECIMEN_TITLE.search(title) and not PEOPLE.search(title):
        return StudyType.ANIMAL if animals > max(1, people) else StudyType.LABORATORY
    if any(_SPECIMENS.search(one.text) for one in own) and people <= 3:
        return StudyType.LABORATORY
    if bench >= 5 and bench > 3 * people and _FOUND.search(abstract) and not PEOPLE.search(title):
        return StudyType.ANIMAL if animals else StudyType.LABORATORY
    return None


def _design(title: str, own: tuple[Statement, ...], methods: str) -> StudyType | None:
    if _NO_STUDY.search(title):
        return None
    if _randomised(own):
        return StudyType.RANDOMISED_TRIAL
    in_methods = own_statements(methods, "methods")
    named = _first(_TITLE_DESIGNS, title)
    said = named or _of_statements(_DESIGNS, own)
    undecided = said is None or (said is StudyType.CLINICAL_TRIAL and "nonrandom" not in title)
    crossover = any(_CROSSOVER.search(one.text) for one in own)
    if undecided and _people_randomised(methods, in_methods, crossover=crossover):
        return StudyType.RANDOMISED_TRIAL
    said = said or _of_statements(_DESIGNS, (one for one in in_methods if _DESIGN_SENTENCE.search(one.text)))
    if said is StudyType.CLINICAL_TRIAL and _blinded(title, own, in_methods):
        return None
    return said


def _blinded(title: str, own: tuple[Statement, ...], in_methods: tuple[Statement, ...]) -> bool:
    """Whether it is a blinded or placebo-controlled trial that does not say how its groups were formed."""
    said = " ".join((title, *(one.text for one in (*own, *in_methods))))
    return _BLIND.search(said) is not None and "nonrandom" not in said


def _randomised(own: tuple[Statement, ...]) -> bool:
    """Whether people were assigned at random; data of a trial used for associations are no comparison of its arms."""
    if any("nonrandom" in one.text for one in own):
        return False
    for one in own:
        if _SPLIT_OF_DATA.search(one.text):
            continue
        if _RANDOMISED.search(one.text) or (_CROSSOVER.search(one.text) and _RANDOM_ORDER.search(one.text)):
            said = " ".join(other.text for other in own)
            if not one.secondary or (_COMPARED.search(said) and not _ASSOCIATION.search(said)):
                return True
    return False


def _people_randomised(methods: str, said: tuple[Statement, ...], *, crossover: bool) -> bool:
    """Whether a sentence of the methods assigns people at random; animals, stimuli and plots are randomised too."""
    if len(ANIMALS.findall(methods)) > len(PEOPLE.findall(methods)):
        return False
    of_people = tuple(one for one in said if PEOPLE.search(one.text) or _TRIAL_WORDS.search(one.text))
    in_order = crossover and any(_RANDOM_ORDER.search(one.text) for one in of_people)
    return in_order or _randomised(of_people)


def _by_subjects(abstract: str, body: str) -> StudyType | None:
    """Animals or bench work by what is spoken of, where no people are."""
    animals, people = len(ANIMALS.findall(body)), len(PEOPLE.findall(body))
    if animals > 25 and animals > 1.5 * people:
        return StudyType.ANIMAL
    bench = len(_BENCH.findall(abstract))
    if bench >= 4 and _FOUND.search(abstract) and not PEOPLE.search(abstract):
        return StudyType.ANIMAL if ANIMALS.search(abstract) else StudyType.LABORATORY
    return None


def _of_statements(rules: _Rules, own: Iterable[Statement]) -> StudyType | None:
    said = [one.text for one in own]
    return next((study for pattern, study in rules if any(pattern.search(text) for text in said)), None)


def _first(rules: _Rules, text: str) -> StudyType | None:
    return next((study for pattern, study in rules if pattern.search(text)), None)
