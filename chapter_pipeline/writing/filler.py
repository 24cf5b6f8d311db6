"""Owns what no reader of a chapter needs, though it is a whole sentence: the conduct and the praise of a study."""

from __future__ import annotations

import re

_I = re.IGNORECASE
_STUDY = r"(?:our|this|the (?:present|current)) (?:\w+ )?(?:data|study|work|results?|findings?|report|series|cohort|sample|analysis|approach)"
# What a study could not do, said of itself.
_LIMITS = re.compile(
    r"\b(?:limits?|limited|precludes?|prevents?|hampers?) (?:the |our |any )?(?:\w+ )?(?:extrapolation|generali[sz]\w+|interpretations?|inferences?|conclusions?)\b|"
    r"\bcannot (?:prove|infer|be (?:inferred|generali[sz]ed|excluded|ruled out))\b|\b(?:was|were) (?:therefore |thus )?unable to (?:verify|assess|determine|confirm|adjust|control|evaluate)\b|"
    r"\bmay have (?:affected|influenced|biased|confounded) (?:our|the) (?:observed|results?|findings?|estimates?|associations?)|\bself-?selection bias\b|"
    r"\b(?:low|small) (?:sample|statistical power)\b|\bunderpowered\b|\bobservational and cross-sectional\b|\b[Oo]ur lack of\b|"
    rf"\b(?:a|one|another|main|major|several|some) (?:\w+ )?limitations?\b|\blimitations? of {_STUDY}|\b(?:first|second|third|fourth|fifth)ly, (?:\w+ )?(?:heterogeneity|this study|our study)",
    _I,
)
_FIRST_LIMIT = re.compile(
    r"(?:First|Second|Third|Fourth|Fifth|Final|Last)ly, .*\b(?:heterogene\w+|bias\w*|sample|power|retrospective|limit\w+|only (?:papers?|studies|articles))\b"
)
_FINDS_BEFORE = re.compile(
    r".*\b(?:found|detect\w*|observ\w+|show\w*|was|were|had|did)\b.*[,;] (?:although|though|but|however|while)\b", _I
)
"""A finding that stands before its limitation."""
_PRAISE = re.compile(
    rf"\b{_STUDY} (?:\w+ )?(?:represents? (?:a|an|the) (?:unique|first|largest|novel|opportunity)|represented an opportunity|(?:is|are|was|were) (?:the first|unique|novel)\b|"
    r"provides? (?:a |an )?(?:novel|new|unique|scientific|important|valuable|first)\b)|"
    r"\bto (?:the best of )?(?:our|the authors[’']) knowledge\b|\bthe first (?:study|report|demonstration|exploration|description) (?:to|of|demonstrating|showing|that)\b|"
    r"\bprovides? a strong rationale\b|\bwill further strengthen\b|\bmay serve (?:as an? (?:basis|guide|foundation|context|platform|starting point)|to guide|to inform)\b|\bcould serve as a (?:basis|foundation)\b|"
    r"\bsupports? its potential\b|\braises? hope\b|\boffers? a promising\b|\bwe acknowledge\b",
    _I,
)
_FUTURE = (
    r"(?:(?:further|future|additional|larger|continued|prospective|more|longitudinal|long[- ]term) (?:[\w-]+ ){0,3}?(?:stud(?:y|ies)|research|investigations?|work|trials?|"
    r"analyses|experiments?|evaluation|efforts|follow-?up|exploration))"
)
_WISH = re.compile(
    rf"^(?:\W*[\w-]+,)?\s?(?:.{{0,40}}\b)?{_FUTURE}\b.*\b(?:needed|warranted|required|necessary|should|must|will|may|could|would|needs?|might|are to|is to|has to|have to|help)\b|"
    rf"\b(?:needs?|requires?|warrants?|deserves?|merits?|awaits?) (?:to be )?(?:further|future|more|additional) (?:\w+ )?(?:stud|investigat|research|evaluat|explor|elucidat|clarif)\w*[.,;)]|"
    rf"\b{_FUTURE} (?:\w+ ){{0,3}}?(?:is|are|will be) (?:\w+ )?(?:needed|warranted|required|necessary)\b|"
    r"\bshould be explored further\b|\bremains? to be (?:determined|elucidated|seen|explored|clarified|established)\b|"
    r"\b(?:new|novel|better|innovative|effective|improved)(?: \w+){0,3} (?:approaches|strategies|therapies|treatments|tools|methods) are (?:\w+ )?(?:needed|required|warranted)\b|"
    r"\bit is (?:time for|important to (?:assess|study|investigate|understand|determine|evaluate|examine))\b|\befforts need to be\b|^Planned\b|^Our planned\b",
    _I,
)
"""A call for research, or for something better, without a finding before it."""
_CONDUCT = re.compile(
    r"\bprotocol (?:deviation|violation)s?\b|\bIRBs?\b|\binstitutional review\b|\bethic(?:s|al) (?:committee|approval)\b|\bconsented\b|"
    r"\benrol?lment (?:was|rates?|period|began|started|closed)\b|\brecords were (?:available|reviewed)\b|"
    r"\b(?:e-?mails?|text messages?|questionnaires?|surveys?|letters) (?:was|were) (?:\w+ )?(?:delivered|sent|returned|mailed|completed)\b|"
    r"\bresponse rates? (?:was|were|of)\b|\b(?:trial|study) (?:is|was) (?:still )?(?:ongoing|halted|terminated|registered)\b|\bextracted data ?points\b|"
    r"\bstudy quality\b|\bPRISMA\b|\bCONSORT\b|\bSTROBE\b|\bassessment tool validated\b|\bquality criteria\b|\blogo\b|\bcreative ?commons\b|"
    r"^at baseline, (?!.*\b(?:than|follow-?up|change[ds]?|compared|versus|vs|associated|p\s?[<=]))|^published by\b|\bopen[- ]access article\b|\boriginal URL\b|\bstandard deviation is given\b|\bre-?analy[sz]ed\b|\bsensitivity analys[ei]s\b|"
    r"\bto assess if (?:our|the) results\b|\bresults were confounded\b|\bwas rated as (?:low|moderate|high) quality\b|"
    r"\b(?:primary|secondary|main) (?:\w+ )?(?:outcomes?|end ?points?|outcome measures?) (?:was|were|is|included)(?! (?:\w+ )?(?:lower|higher|reduced|significantly|met|reached|achieved|similar|not|improved|seen|observed|better|worse|longer|shorter))|"
    r"\bwere (?:\w+ and )?(?:enrolled|recruited|screened)(?: (?:in|into|between|from|at|over|for)\b[^.;%]*)?\.$|"
    r"\b(?:with )?similar (?:ages|baseline)\b|\bbaseline (?:characteristics|demographics) (?:were|are)\b|"
    r"\b(?:significant |no |the )?heterogeneity (?:was|were|between|existed|among|in)\b(?!.*\bpooled\b)|\bno heterogeneity\b|\bsignificant heterogeneity\b",
    _I,
)
_NAMED = r"(?:[A-Z][\w’'-]+(?: et al\.?|,? and (?:colleagues|co-?workers)|(?:,? and|,? &) [A-Z][\w’'-]+))"
_DESIGN = re.compile(
    rf"^(?:In \d{{4}}, )?{_NAMED},? (?:\[[\d, –-]+\] |also |have |has )*(?:studied|defined|used|examined|investigated|evaluated|enrolled|included|assessed|conducted|performed|developed|surveyed|explored)\b"
)
_TELLS = re.compile(
    r"\b(?:found|finding|showed|shown|report\w*|demonstrat\w+|observed|result\w*|conclud\w+|reveal\w*|noted|increas\w+|decreas\w+|reduc\w+|improv\w+)\b|%|\b[Pp]\s?[<=]"
)
_LITERATURE = re.compile(
    r"\bbody of (?:research|literature|work|evidence) (?:exists|has)\b|\bnone (?:of (?:them|these) )?ha(?:s|ve) (?:examined|studied|assessed|investigated)\b|"
    r"\b(?:has|have) been the (?:focus|subject) of\b|\b(?:has|have) been (?:evaluated|investigated|studied|tested|assessed|explored) in (?:\w+ ){0,2}(?:trials|studies)\s?\.$|"
    r"^(?:Many|Several|Some|Few|Most) (?:\w+ )?studies have (?:had|used|included|focused|examined|investigated|been limited)\b|"
    r"\btrials? (?:is|are) (?:currently |now )?(?:underway|under way|ongoing|in progress|recruiting|planned)\b|\bresults are (?:pending|awaited)\b|\bworkshop was\b|\b[Ss]tudies also varied\b|\bhave therefore specifically investigated\b",
    _I,
)
_ANNOUNCES = re.compile(
    r"^(?:Here|Herein|In this (?:study|report|paper|article|work)),? we (?:present|report (?:a|an|the|on|our)|describe|introduce|review|investigated?|summari[sz]e|propose|test|tested|examined?)\b(?!.*\b(?:show|demonstrate|found|find) that\b)|"
    r"\b[Ii]n this [Aa]rticle,? we\b|^We (?:also )?(?:employed|wanted|sought|aimed|set out)\b|\bwe (?:also )?wanted to (?:learn|know|see|find)\b|"
    r"^(?:First|Next|Second|Then|Finally),? (?:in order )?to \w+\b.*, we \w+",
)
_STRIPPED = re.compile(r"^(?:[A-Z][A-Za-z]+\s?[:.–—]\s)")


def is_filler(sentence: str) -> bool:
    """Whether `sentence` tells of the conduct, the limits or the worth of a study, or calls for another one."""
    text = _STRIPPED.sub("", sentence)
    limited = _LIMITS.search(text)
    return (
        (limited is not None and not _FINDS_BEFORE.match(text[: limited.start()]))
        or any(pattern.search(text) for pattern in (_PRAISE, _WISH, _CONDUCT, _LITERATURE, _ANNOUNCES))
        or bool(_DESIGN.match(text) and not _TELLS.search(text[_end_of_name(text) :]))
    )


def opens_with_a_limit(sentence: str) -> bool:
    """Whether the first of several sentences counts limits: ``Firstly, heterogeneity existed``."""
    return _FIRST_LIMIT.match(sentence) is not None


def is_limited(sentence: str) -> bool:
    """Whether `sentence` says what its study cannot say, be it behind a finding."""
    return _LIMITS.search(sentence) is not None


def _end_of_name(text: str) -> int:
    found = _DESIGN.match(text)
    return found.end() if found else 0
