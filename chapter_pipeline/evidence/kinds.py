"""Owns what kind of statement a sentence is, from the part of the article it stands in and from its own words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind
from chapter_pipeline.evidence.source import Statement, Zone
from chapter_pipeline.evidence.statistics import has_statistics

FEWEST_WORDS = 4
"""Words of a statement; what is shorter is a label or a fragment."""
_I = re.IGNORECASE
_OWN = re.compile(
    r"\b(?:we|our|ours|us|the (?:present|current) \w+|(?:this|present|current) (?:pilot |clinical |randomi[sz]ed |small |large |first |preclinical |"
    r"retrospective |prospective |cohort |meta-)?(?:stud\w+|trial|analysis|review|series|cohort|report|work|paper|project|experience|meta-analysis|survey|investigation))\b",
    _I,
)
_CITES = re.compile(
    r"\[\d{1,3}(?:\s*[-–,;]\s*\d{1,3})*\]|\(\d{1,3}(?:\s*[-–,;]\s*\d{1,3})*\)|[a-z.,;)\]”’][⁰¹²³⁴⁵⁶⁷⁸⁹]+(?:[⁻,–-][⁰¹²³⁴⁵⁶⁷⁸⁹]+)*|"
    r"\bet al\b|\([A-Z][\w’'-]+(?: (?:and|&) [A-Z][\w’'-]+)?,? \d{4}[a-z]?(?:;|,|\))|(?<=[a-z])\d{1,2}(?:[,–-]\d{1,2})*(?=[.,;]?$)"
)
_AIM = re.compile(
    r"\b(?:aim(?:s|ed)?|goals?|purpose|objectives?|hypothesi[sz]ed?s?|sought|set out|set off|were interested|wished|"
    r"wanted|intended|designed|planned) (?:\w+ ){0,5}?(?:to|was|is|were|of|that|whether|if)\b|"
    r"\bthe (?:aims?|goals?|purpose|objectives?|hypothesis)\b|"
    r"\b(?:we|study|trial|project|review|paper|report|article|analysis)\b[^.;]{0,40}\b(?:investigat\w+|examin\w+|evaluat\w+|assess\w+|asked|tested|explor\w+|describ\w+|"
    r"address\w*|compar(?:es?|ed)|search\w*|develop\w*|conduct\w*|perform\w*|review\w*|discuss\w*|presents?|includ\w+|analy[sz]\w+|quantif\w+|us(?:es?|ed)|design\w*|recruit\w*|enrol\w*)\b",
    _I,
)
_DONE = re.compile(
    r"\b(?:was|were|is|are|being|been) (?:\w+ly |then |also |first |not |all |subsequently |each )*(?:randomi[sz]ed|randomly|allocated|assigned|recruited|enrolled|screened|invited|"
    r"excluded|included|eligible|instructed|asked|given|administered|injected|infused|dosed|measured|assessed|evaluated|calculated|computed|analy[sz]ed|"
    r"collected|obtained|recorded|performed|conducted|carried out|used|applied|taken|stained|incubated|harvested|sacrificed|euthani[sz]ed|implanted|"
    r"anaestheti[sz]ed|anestheti[sz]ed|placed|prepared|stored|washed|purchased|cultured|grown|seeded|transfected|trained|tested|examined|compared|matched|stratified|adjusted|"
    r"defined|considered|categori[sz]ed|classified|graded|scored|coded|monitored|followed|treated|scheduled|approved|registered|designed|powered|chosen|selected|"
    r"presented|mounted|sectioned|imaged|acquired|captured|extracted|transferred|depleted|searched|pooled|derived|generated|determined|estimated|modell?ed|entered|interviewed|contacted|blinded|masked|housed|fed)\b",
    _I,
)
_FOUND = re.compile(
    r"\b(?:significan\w+|differ(?:ed|s|ence|ences|ent)?|higher|lower|greater|less|fewer|longer|shorter|larger|smaller|"
    r"increas\w+|decreas\w+|reduc(?:ed|tions?|es?|ing)|improv\w+|worse\w*|declin\w+|rose|fell|elevated|attenuat\w+|prolong\w+|"
    r"associat\w+|correlat\w+|predict(?:ed|ive|or|ors)|relat(?:ed|ion|ionship)|effect(?:s|ive|iveness)?|similar|comparable|unchanged|change[sd]?|"
    r"observed|found|showed|shown|revealed|demonstrated|detected|occurred|developed|experienced|reported|achieved|reached|completed|died|survived|survival|"
    r"discontinued|withdr[ae]w\w*|remained|resulted|led to|failed|able to|unable|no (?:evidence|changes?|serious|adverse|cases|deaths?)|none|prevalence|incidence|"
    r"median|mean|proportion|percent\w*|rate|odds|hazard|ratio|risk|had|responded|responses?|recover\w+|inhibit\w+|suppress\w+|induc\w+|abolish\w+|"
    r"express\w+|enhanc\w+|accounted|consisted|common(?:ly)?|frequent(?:ly)?|likely|majority|most|half|tolerated)\b",
    _I,
)
_OWN_FINDING = re.compile(
    r"\b(?:we|our (?:\w+ ){0,3}?(?:stud\w+|data|results?|findings?|analys[ie]s|trial|experiments?|work|series|cohort|review|patients|group|laborator\w+))\b[^.;]{0,60}?\b(?:found|observed|showed|shown?|"
    r"demonstrat\w+|saw|detected|identified|noted|reported|confirm\w*|reveal\w*|report|find|did not|were able|could not|failed|recapitulate|achieved)\b|"
    r"\b(?:in|of) (?:our|this|the (?:present|current)) (?:\w+ )?(?:study|trial|series|cohort|analysis|experiments?|data|sample|population|work|patients|review|meta-analysis)\b|"
    r"\b(?:this|the present|the current|present|current) (?:\w+ ){0,2}?(?:study|trial|analysis|review|series|meta-analysis|cohort|work) (?:\w+ ){0,2}?(?:found|showed|shows|demonstrat\w+|reveal\w+|"
    r"confirm\w+|identified|observed|failed|did not|provides? evidence)\b|\b(?:fig(?:ure|s|\.)?|table)s? ?\d",
    _I,
)
_INFERS = re.compile(
    r"\b(?:suggest(?:s|ing|ed)?|indicat(?:es?|ing)|impl(?:y|ies|ying)|conclu(?:de|ded|sion|sions)|support(?:s|ing)? (?:the|a|our)|appears? (?:to|that)|seems?|"
    r"may|might|could|likely|probabl[ey]|possib(?:le|ly|ility|ilities)|potential(?:ly)?|promising|promise|therefore|thus|hence|taken together|together,|overall,|"
    r"in (?:conclusion|summary|short)|to (?:conclude|summari[sz]e|sum up)|we (?:believe|propose|speculate|think|postulate|interpret|argue)|can be (?:explained|attributed|interpreted)|"
    r"explain(?:s|ed)?|reflects?|due to|attribut\w+|highlights?|underscores?|emphasi[sz]es?|provides? (?:evidence|insight|support|proof|a (?:basis|rationale))|is (?:a |an )?(?:safe|feasible|effective|efficacious|useful|well tolerated|superior|non-?inferior)|"
    r"are (?:safe|feasible|effective|efficacious|useful|well tolerated))\b",
    _I,
)
_ENDS_IT = re.compile(
    r"^(?:in (?:conclusion|summary)|to (?:conclude|summari[sz]e|sum up)|we (?:therefore )?conclude|taken together|together,|collectively|"
    r"these (?:results|data|findings|observations)|this (?:suggests|indicates|implies|finding|result)|(?:our|the present|the current) (?:\w+ )?(?:results|data|findings|study|observations)|"
    r"overall,|thus|therefore|hence|conclusions?\b|it is (?:therefore |thus )?(?:possible|likely|unlikely|conceivable))",
    _I,
)
_ADVISES = re.compile(
    r"\b(?:should(?! (?:be|not be)? ?(?:noted|interpreted|kept in mind|mentioned|acknowledged|emphasi[sz]ed|pointed))|recommend(?:s|ed|ation|ations)?|ought to|must(?! have)|advis(?:e|ed|able)|"
    r"need(?:s)? to be (?:\w+ly )?(?:consider|evaluat|monitor|perform|develop|undertak|address|confirm|test|stud|design|done|made|ta)\w*|needs? to (?:be|develop|consider)\b|will need\b|"
    r"(?:further|future|larger|more|additional|long-term|longer|randomi[sz]ed)[^.;]{0,60}\b(?:needed|required|warranted|necessary|essential|merited|investigat\w+|studies|research|trials|work)\b|"
    r"warrants? (?:further )?\w+|is (?:needed|required|warranted|essential|indicated|contraindicated)|are (?:needed|required|warranted|contraindicated)|we (?:suggest|advocate|urge|encourage|advise|propose) (?:that|to|the use)|"
    r"clinicians|first[- ]line|guidelines?\b[^.]{0,40}\b(?:recommend|suggest|advise))\b",
    _I,
)
_STRONG_ADVICE = re.compile(
    r"\b(?:should(?! (?:be|not be)? ?(?:noted|interpreted|kept in mind|mentioned|acknowledged|emphasi[sz]ed|pointed))|(?:is|are) (?:strongly |therefore |not )?recommended|we recommend|must(?! have)|is advisable|are advised|"
    r"(?:further|future|larger|more|additional)[^.;]{0,60}\b(?:needed|required|warranted|necessary|essential)\b|warrants? (?:further )?\w+)",
    _I,
)
_LIMITS = re.compile(
    r"\blimit(?:ed|ation|ations|s|ing)?\b[^.]{0,60}\b(?:stud|sample|data|number|analys|review|trial|generali|power|follow|by|our|size|includ|result|conclu|this|evidence)\w*|\b(?:the|several|some|main|major|important|potential|another|our|this|first|second|third|following|these|study) limitations?\b|"
    r"\blimitations? (?:of|to|include|is|was|are|were)\b|\b(?:selection|recall|reporting|publication|attrition|detection|performance|information|response|residual|ascertainment) bias\b|subject to bias|\bbias(?:ed)?\b|confound\w+|"
    r"\b(?:small|limited|insufficient|modest) (?:sample|number|cohort|study|population|patient|group|power)\w*|\bsmall (?:size|numbers?)|underpowered|lack(?:ed|ing|s)? (?:of )?(?:statistical )?(?:power|a control|control|blinding|data|information|long|randomi)\w*|"
    r"\bgenerali[sz]\w+|\bcannot (?:be )?(?:rule|exclude|infer|conclude|determine|establish|extrapolat)\w*|not (?:been )?(?:possible|able|available|powered|blinded|randomi[sz]ed|assessed|collected|measured|recorded|examined|controlled)\b|"
    r"\b(?:heterogene(?:ous|ity))\b|interpreted with (?:\w+ )?caution|caution|short follow-?up|single[- ](?:cent|institution|site)\w*|self-report\w*|retrospective (?:nature|design)|weakness\w*|shortcoming\w*|drawback\w*|missing data|loss to follow-up",
    _I,
)
_STRONG_LIMIT = re.compile(
    r"\b(?:several|some|main|major|important|potential|another|our|this|first|second|third|study|key|primary|one|possible) (?:\w+ )?limitations?\b|^limitations?\b|\blimitations? (?:of (?:our|this|the (?:study|present|current|review|trial|analysis))|to this|include)\b|"
    r"\bthe limitations?\b|\b(?:our|this|the (?:present|current)) (?:\w+ )?(?:study|trial|analysis|review|findings|results)\b[^.]{0,30} (?:was|were|is|are) (?:\w+ )?limited\b|\bour (?:\w+ )?(?:small|limited) sample|\bunderpowered\b|interpreted with (?:\w+ )?caution|\bcaution(?:s|ed)?\b|subject to (?:\w+ )?bias|was not available\b|were not available\b|"
    r"\bsample size (?:was|is|of this|in this|may|limited)|\bsmall sample\b|\b(?:selection|recall|publication|attrition|residual|detection) (?:bias|confounding)\b",
    _I,
)
_DEFINES = re.compile(
    r"^(?!we\b)[^.;]{2,70}?\b(?:is|are|was) (?:commonly |generally |usually |often |clinically |here )?(?:defined (?:as|by)|known as|termed|referred to as|characteri[sz]ed (?:as|by))\b|"
    r"\b(?:refers? to|is the term|denotes?|the definition of)\b",
    _I,
)
_PATIENT = re.compile(
    r"\b(?:a|an|the|this|our|female|male) (?:\w+[- ]){0,3}?(?:patient|man|woman|boy|girl|infant|child|female|male) (?:was|had|presented|underwent|who|with|received|reported|developed|died|remained|complained|noted|did)\b|"
    r"\b\d{1,3}[- ]?(?:yr|year|month|week|day)s?[- ]old\b|^(?:he|she|his|her)\b|\b(?:he|she) (?:was|had|under|received|remained|then|died|reported|did)\w*",
    _I,
)
_ONE = re.compile(
    r"\b(?:case report|case presentation|case description|illustrative case|first-in-human|case \d+|patient \d+|history and)\b",
    _I,
)
_SIGNPOST = re.compile(
    r"^(?:as )?(?:shown|depicted|listed|summari[sz]ed|presented|described|detailed|illustrated|displayed|reported) (?:in|below|above)\b|"
    r"^(?:the )?(?:supplement\w* )?(?:fig(?:ure|s|\.)?|tables?|box|appendix)s? ?\w{1,4} (?:shows?|presents?|summari[sz]es|lists?|displays?|illustrates?|depicts?|provides?|gives?|describes?)\b|"
    r"\b(?:are|is|were|was) (?:shown|depicted|listed|summari[sz]ed|presented|described|detailed|illustrated|displayed|provided|given|reported|outlined) in (?:the )?(?:supplement\w* )?(?:online |additional |web )?(?:fig|table|box|append|file|material)",
    _I,
)
_FIRST_STUDY = re.compile(
    r"\b(?:this|the present|the current|our) (?:\w+ )?(?:is|was) (?:\w+ )?(?:the )?first\b[^.]{0,30}\b(?:study|trial|report|analysis)",
    _I,
)
_EMPLOYED = re.compile(
    r"\b(?:model|method|test|criteria|analysis|analyses|questionnaire) (?:\S+ ){0,12}?(?:was|were) (?:employed|used|applied|performed)\b",
    _I,
)
_ASKS = re.compile(
    r"\b(?:to (?:determine|test|investigate|examine|assess|evaluate|explore|further|address|confirm|verify|understand|elucidate|prove|establish|see)\b|"
    r"we (?:next|then|also|first|therefore) (?:asked|tested|examined|investigated|assessed|performed|compared|analy[sz]ed|evaluated|quantified|measured))",
    _I,
)
_REPORTS = re.compile(r"\b(?:found|observed|showed|revealed|demonstrated|significant\w*|no difference)\b", _I)
_EARLIER = re.compile(
    r"\b(?:we|our) (?:\w+ )?(?:previous(?:ly)?|recent(?:ly)?|earlier|prior)\b|\b(?:has|have) (?:previously|recently) (?:been )?(?:shown|reported|published|demonstrated|described)|\bour recent\w* published",
    _I,
)
_PAST = re.compile(
    r"\b(?:was|were|had|demonstrated|showed|reported|increased|decreased|remained|coincided|improved)\b", _I
)
_STRENGTH = re.compile(r"\bstrengths?\b", _I)
_HEDGED = re.compile(
    r"\b(?:may (?:be|have|reflect|explain|indicate|play|represent|contribute|well)|might (?:be|have|reflect|explain)|(?:is|are) (?:therefore |thus |highly |un)*likely (?:to|that|for|due)|"
    r"it is (?:therefore |thus )?(?:possible|likely|unlikely|conceivable)|this (?:conclusion|suggests|indicates|implies)|could be (?:explained|due|attributed))\b",
    _I,
)
_ARRANGED = re.compile(
    r"\b(?:we (?:next |then |also |first |therefore |further )?(?:quantified|performed|annotated|examined|tested|asked|returned|analy[sz]ed|measured|assessed|compared|investigated|used|treated|stained|injected|classified|generated|focused|applied|turned)|"
    r"(?:mice|rats|animals|patients|participants|subjects|cells|samples|classifiers?|models?|tissues?|children|women|men|volunteers|lines?|profiles) (?:\w+ )?(?:was|were) (?:\w+ly |then |also |first |subsequently )*(?:treated|implanted|injected|depleted|given|trained|tested|compared|randomi[sz]ed|presented|stained|obtained|instructed|asked|placed|exposed|divided|assigned|derived)|"
    r"(?:was|were) (?:\w+ly |then |also )*(?:presented|performed|obtained|conducted|carried out|administered|used to|based on|employed))\b",
    _I,
)
_OUTCOME = re.compile(
    r"\b(?:significan\w+|differ(?:ed|s|ence|ences)|higher|lower|greater|fewer|longer|shorter|increas\w+|decreas\w+|reduc(?:ed|tion|tions)|improv\w+|prolong\w+|"
    r"associat\w+|correlat\w+|found|showed|shown|revealed|demonstrated|observed|no (?:evidence|change|serious|adverse)|completed|died|withdr[ae]w\w*|resulted)\b|\d\s?%",
    _I,
)
_REVIEWS = (StudyType.REVIEW,)


def cites(text: str) -> bool:
    """Whether a sentence names a source: a number in brackets or raised, ``et al``, an author with a year."""
    return _CITES.search(text) is not None


def kinds_of(statements: Iterable[Statement], study: StudyType) -> list[FindingKind | None]:
    """What each statement is, in reading order; None for signposts and fragments, which say nothing of the subject.

    An abstract without parts goes from what is known to what was done, found and concluded, never back.
    """
    kinds: list[FindingKind | None] = []
    paragraph, begun, found = -1, False, False
    for statement in statements:
        kind = kind_of(statement, study)
        if statement.zone is Zone.ABSTRACT:
            if statement.paragraph != paragraph:
                paragraph, begun, found = statement.paragraph, False, False
            own = (
                kind in (FindingKind.OWN_METHOD, FindingKind.CASE)
                or _OWN.search(statement.text) is not None
                or has_statistics(statement.text)
            )
            if (
                not begun
                and not own
                and kind in (FindingKind.OWN_RESULT, FindingKind.CONCLUSION)
                and 2 * statement.position < statement.of
            ):
                kind = FindingKind.BACKGROUND
            elif found and kind is FindingKind.BACKGROUND and study not in _REVIEWS:
                kind = FindingKind.CONCLUSION
            begun = begun or own
            found = found or (kind is FindingKind.OWN_RESULT and begun)
        if statement.zone is Zone.DISCUSSION and kind is FindingKind.OWN_RESULT and _OWN.search(statement.text) is None:
            # Whose result it is, only the sentence itself can tell: the one before it is often about another study.
            kind = FindingKind.BACKGROUND
        kinds.append(kind)
    return kinds


def kind_of(statement: Statement, study: StudyType) -> FindingKind | None:
    """What `statement` is in a document of that design, by itself."""
    text, zone = statement.text, statement.zone
    if text.count(" ") < FEWEST_WORDS - 1:
        return None
    if _SIGNPOST.search(text) and not has_statistics(text):
        return None
    match zone:
        case Zone.METHODS:
            return _of_methods(text)
        case Zone.OPERATIVE:
            return (
                FindingKind.OWN_METHOD
                if study in (StudyType.ANIMAL, StudyType.LABORATORY)
                else FindingKind.OPERATIVE_STEP
            )
        case Zone.RESULTS:
            return _of_results(text, study, statement)
        case Zone.OPENING:
            return _of_opening(text)
        case Zone.DISCUSSION:
            return _of_discussion(text, statement, study)
        case Zone.CLOSING:
            return _of_closing(text)
        case Zone.CASE:
            return FindingKind.BACKGROUND if cites(text) and not _PATIENT.search(text) else FindingKind.CASE
        case Zone.ABSTRACT:
            return _of_abstract(text, statement, study)
        case _:
            return _of_anything(text, statement, study)


def _of_methods(text: str) -> FindingKind:
    if (
        has_statistics(text)
        and re.search(
            r"\bp\s?[<=>]\s?0?[.·]0|\b(?:significantly|was higher|were higher|was lower|were lower)\b", text, _I
        )
        and not _DONE.search(text)
        and not re.search(r"significan(?:t|ce) (?:level|at|was set|if|when)|considered|power|sample size", text, _I)
    ):
        return FindingKind.OWN_RESULT
    return FindingKind.OWN_METHOD


def _of_results(text: str, study: StudyType, statement: Statement) -> FindingKind:
    if study in _REVIEWS:
        return _of_anything(text, statement, study)
    if has_statistics(text):
        return FindingKind.OWN_RESULT
    if study is StudyType.CASE_SERIES and (_PATIENT.search(text) or any(map(_ONE.search, statement.headings))):
        return FindingKind.CASE
    if _ENDS_IT.search(text) and _INFERS.search(text):
        return FindingKind.CONCLUSION
    if _ASKS.search(text) and not _REPORTS.search(text):
        return FindingKind.OWN_METHOD
    if _STRONG_LIMIT.search(text):
        return FindingKind.LIMITATION
    if (
        _AIM.search(text)
        and not re.search(r"\b(?:found|observed|showed|revealed|significant\w*|differ\w+)\b", text, _I)
        and re.search(r"\b(?:aim|goal|purpose|objective|hypothes|asked|sought)", text, _I)
    ):
        return FindingKind.OWN_METHOD
    if _HEDGED.search(text) and not _OWN_FINDING.search(text):
        return FindingKind.CONCLUSION
    if _ARRANGED.search(text) and not _OUTCOME.search(text):
        return FindingKind.OWN_METHOD
    if cites(text) and not _OWN.search(text) and not _OWN_FINDING.search(text) and not _FOUND.search(text):
        return FindingKind.BACKGROUND
    return FindingKind.OWN_RESULT


def _of_opening(text: str) -> FindingKind:
    if _FIRST_STUDY.search(text):
        return FindingKind.OWN_METHOD
    if _AIM.search(text) and (
        _OWN.search(text) or re.search(r"^(?:the )?(?:\w+ )?(?:aims?|goals?|purpose|objectives?|to )\b", text, _I)
    ):
        return FindingKind.OWN_METHOD
    if _DEFINES.search(text):
        return FindingKind.DEFINITION
    if re.search(r"\b(?:here|herein)\b", text, _I) and _OWN.search(text):
        return (
            FindingKind.OWN_RESULT
            if re.search(r"\b(?:show|find|found|demonstrate|report that)", text, _I)
            else FindingKind.OWN_METHOD
        )
    if re.match(
        r"(?:we|in (?:this|the present|the current) (?:study|trial|paper|review|report|work|article))\b", text, _I
    ) and not cites(text):
        return FindingKind.OWN_METHOD
    if _STRONG_ADVICE.search(text) and not _OWN.search(text) and re.search(r"\bshould\b|recommend", text, _I):
        return FindingKind.RECOMMENDATION
    return FindingKind.BACKGROUND


def _of_discussion(text: str, statement: Statement, study: StudyType) -> FindingKind | None:
    own = _OWN.search(text) is not None
    if _EARLIER.search(text) and cites(text):
        return FindingKind.BACKGROUND
    if _STRENGTH.search(text) and not re.search(r"limit|weak", text, _I):
        return None
    if _STRONG_LIMIT.search(text) or (
        _LIMITS.search(text)
        and not cites(text)
        and (own or not _INFERS.search(text) or "limit" in " ".join(statement.headings).lower())
    ):
        return FindingKind.LIMITATION
    if _STRONG_ADVICE.search(text):
        return FindingKind.RECOMMENDATION
    if study in _REVIEWS and not own:
        return FindingKind.RECOMMENDATION if _ADVISES.search(text) and not cites(text) else FindingKind.BACKGROUND
    if re.match(r"we (?:believe|propose|speculate|think|postulate|hypothesi[sz]e|interpret|argue|conclude)", text, _I):
        return FindingKind.CONCLUSION
    if _OWN_FINDING.search(text) and not _ENDS_IT.match(text):
        return FindingKind.OWN_RESULT
    if has_statistics(text) and not cites(text):
        return FindingKind.OWN_RESULT
    if cites(text) and not own:
        return FindingKind.BACKGROUND
    if _ENDS_IT.search(text) or (own and _INFERS.search(text)):
        return FindingKind.CONCLUSION
    if own and (_AIM.search(text) or _DONE.search(text)):
        return FindingKind.OWN_METHOD
    if own and _FOUND.search(text):
        return FindingKind.OWN_RESULT
    if _ADVISES.search(text) and not cites(text):
        return FindingKind.RECOMMENDATION
    if _DEFINES.search(text):
        return FindingKind.DEFINITION
    if cites(text):
        return FindingKind.BACKGROUND
    if _INFERS.search(text):
        return FindingKind.CONCLUSION
    if _PAST.search(text) and _FOUND.search(text):
        return FindingKind.OWN_RESULT
    return FindingKind.BACKGROUND


def _of_closing(text: str) -> FindingKind:
    if _STRONG_LIMIT.search(text):
        return FindingKind.LIMITATION
    if _STRONG_ADVICE.search(text):
        return FindingKind.RECOMMENDATION
    if cites(text) and not _OWN.search(text):
        return FindingKind.BACKGROUND
    return FindingKind.CONCLUSION


def _of_abstract(text: str, statement: Statement, study: StudyType) -> FindingKind:
    last = statement.position >= statement.of - 2
    if re.match(
        r"to (?:determine|assess|evaluate|compare|investigate|examine|describe|study|test|explore|estimate)\b", text, _I
    ) or _EMPLOYED.search(text):
        return FindingKind.OWN_METHOD
    if has_statistics(text) and not re.match(r"(?:methods?|background)\b", text, _I):
        return FindingKind.OWN_RESULT
    if statement.position <= 1 and not _OWN.search(text) and not re.search(r"\bwe\b", text, _I):
        if re.match(r"(?:the )?(?:aims?|objectives?|purpose)\b", text, _I):
            return FindingKind.OWN_METHOD
        return FindingKind.DEFINITION if _DEFINES.search(text) else FindingKind.BACKGROUND
    if study in _REVIEWS and not last and not _OWN.search(text):
        return FindingKind.BACKGROUND
    if _STRONG_ADVICE.search(text) and last:
        return FindingKind.RECOMMENDATION
    if last and (_ENDS_IT.search(text) or _INFERS.search(text)):
        return FindingKind.CONCLUSION
    if re.search(
        r"\bwe (?:\w+ly |also |then |further )?(?:found|show|showed|observed|demonstrate|demonstrated|report|identified|detected|find)\b",
        text,
        _I,
    ):
        return FindingKind.OWN_RESULT
    if _AIM.search(text) or (
        _DONE.search(text)
        and not re.search(r"\b(?:found|observed|significant\w*|higher|lower|reduced|increased|improved)\b", text, _I)
    ):
        return FindingKind.OWN_METHOD
    if _ENDS_IT.search(text):
        return FindingKind.CONCLUSION
    if _FOUND.search(text):
        return FindingKind.OWN_RESULT
    return FindingKind.CONCLUSION if last else FindingKind.BACKGROUND


def _of_anything(text: str, statement: Statement, study: StudyType) -> FindingKind:
    """Under a heading that says nothing of the part: of a review it is told of other work."""
    own = _OWN.search(text) is not None
    if _STRONG_LIMIT.search(text) and own:
        return FindingKind.LIMITATION
    if _STRONG_ADVICE.search(text):
        return FindingKind.RECOMMENDATION
    if _DEFINES.search(text):
        return FindingKind.DEFINITION
    if study in (*_REVIEWS, StudyType.UNKNOWN) or cites(text):
        if own and not cites(text):
            return FindingKind.CONCLUSION if _INFERS.search(text) else FindingKind.OWN_METHOD
        return FindingKind.BACKGROUND
    if has_statistics(text):
        return FindingKind.OWN_RESULT
    if _PATIENT.search(text) and study is StudyType.CASE_SERIES:
        return FindingKind.CASE
    if _ENDS_IT.search(text):
        return FindingKind.CONCLUSION
    if _AIM.search(text) or (_DONE.search(text) and not _FOUND.search(text)):
        return FindingKind.OWN_METHOD
    return FindingKind.OWN_RESULT if _FOUND.search(text) else FindingKind.BACKGROUND
