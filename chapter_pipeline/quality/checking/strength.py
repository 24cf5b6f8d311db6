"""Owns the rules on how strongly a sentence speaks: hedges dropped, cause for association, design raised, scope widened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.quality.checking.text import clauses, sentences, telling
from chapter_pipeline.quality.checking.verdict import Claim, Fault

_HEDGE = re.compile(
    r"\b(?:may|might|could(?! (?:not )?be (?:seen|shown|demonstrated|observed|found|detected|identified|achieved|obtained|assessed))|possib\w+|"
    r"potentially|potential (?:to impact|benefits?|role|option)|has the potential|suggest\w*|appear(?:s|ed)?(?: to)?|seem(?:s|ed)?|trends? to\w*|tended|tends?|preliminary|perhaps|"
    r"presum\w+|hypothes\w+|envision\w*|envisaged?|would be expected|speculat\w+|conceivabl\w+|thought to|believed to|probabl\w+|likely(?! to (?:carry|meet|be studied)))\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\b(?:suggest\w*|it is possible|hypothes\w+|speculat\w+|possible that|appear(?:s|ed)? to|seem(?:s|ed)? to)\b",
    re.IGNORECASE,
)
_KEEPS = re.compile(
    r"\b(?:can|could|may|might|would|should|suggest\w*|appear\w*|seem\w*|possib\w+|perhaps|potential\w*|trend\w*|tend\w*|likely|unlikely|"
    r"probabl\w+|expect\w*|thought|believ\w+|uncertain\w*|unclear|whether|hypothes\w+|pilot|preliminary|some evidence|said to|reported\w*|"
    r"imagin\w+|need\w*|estimat\w+|proposed?|presum\w+|indicat\w+|impl(?:y|ies|ied)|if|attribut\w+|evidence|consider\w*|candidate\w*|"
    r"promis\w+|hint\w*|point\w*|apparent\w*|propos\w+|putative\w*|option\w*|conceiv\w*|interpret\w*|view\w*|question\w*|speculat\w*|"
    r"hope\w*|aim\w*|debat\w+|argu\w+|support\w*|small|so far|to date|partly|in part|sometimes|often|yet|await\w*|remain\w*|"
    r"unproven|unconfirmed|limited|exploratory)\b|\?",
    re.IGNORECASE,
)
_MODAL = re.compile(
    r"\b(?:may|might|could|appear|seem|tend|trend|possib|would|envision|hypothes|potential|likely|probabl)",
    re.IGNORECASE,
)
_ADVERB = re.compile(r"\b(?:possibly|perhaps|potentially|presumably|conceivably|probably)\b", re.IGNORECASE)
_COMPARATIVE_LIKELY = re.compile(r"\b(?:more|less|most|least|times(?: more)?|equally|as) likely\b", re.IGNORECASE)
_CAUSES = re.compile(
    r"(?<!the )(?<!all-)(?<!any )(?<!common )(?<!leading )(?<!of )\bcause[sd]?\b(?! of)|\bcausing\b|\bis the cause of\b|\bbr(?:ing|ings|ought) (?:on|about)\b|"
    r"\bdr(?:ives?|ove)\b|\bl(?:ed|eads?) to\b|\bmade (?:\w+ ){1,3}(?=\w+)|\bmakes? (?:\w+ ){1,2}(?:ill|sick|worse|more|less)|\bbrought\b|"
    r"\bbecause of\b|\bdue to\b|\bowing to\b|\bthanks to\b|\bresponsible for\b|\bresult(?:s|ed)? in\b|\bas a result of\b|"
    r"\bprovok\w+|\btrigger(?:s|ed)?\b|\bproduc(?:es|ed)\b|\bexplains? (?:the|why)\b|\bprotect(?:s|ed)? (?:\w+ )?(?:against|from)\b|\bprevents\b|\bprevented\b|"
    r"\braised\b",
    re.IGNORECASE,
)
_QUALIFIES = re.compile(r"\b(?:not|no|never|without|almost|nearly|few|hardly)\b|n't\b", re.IGNORECASE)
_OF_METHODS = re.compile(
    r"\b(?:sample|design|limit\w*|bias\w*|retrospective|follow-up|missing|underpowered|methods?)\b", re.IGNORECASE
)
_ACTS = re.compile(
    r"\b(?:increases|raises|reduces|lowers|improves|worsens|prolongs|shortens|doubles|halves|accelerates|slows)\b",
    re.IGNORECASE,
)
_ASSOCIATES = re.compile(
    r"\bassociat\w+|\bcorrelat\w+|\brelated\b|\brelationship\b|\brisk factors?\b|\blink(?:ed|s)?\b|\bpredict\w*|\bindependent predictor\w*|"
    r"\bsignificant difference\b|\bmore frequent\b|\bmore common\b|\bmore likely\b|\bassociation\b",
    re.IGNORECASE,
)
_CAUSAL = re.compile(
    r"\bcaus(?:e|es|ed|ing|al|ally)\b|\binduc\w+|\blead(?:s|ing)? to\b|\bled to\b|\bdue to\b|\bresult(?:s|ed|ing)? (?:in|from)\b|"
    r"\beffects? (?:of|on)\b|\bbecause of\b|\bprevent\w*|\bprotect\w*|\btrigger\w*|\bproduc\w+|\bdriv(?:e|en|es|ing)\b|\braises?\b|"
    r"\b(?:increases|reduces|improves|decreases|lowers|worsens|promotes|influences|affects|exacerbates|determines|prolongs|shortens)\b|"
    r"\bby (?:inhibit|activat|increas|reduc)ing|\bprovok\w+|\bcausative\b|\bcontribut\w+|\bpromot\w+|\binfluenc\w+|\baffect\w*|\bimpact\w*|\bmediat\w+|\bunderl[iy]\w+|"
    r"\bresponsib\w+|\bexacerbat\w+|\baggravat\w+|\bowing to\b|\bowe[sd]?\b|\bbrings?\b|\bmakes?\b|\bsecondary to\b|\battribut\w+|\bexplain\w*",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\b(?:not|no|never|neither|nor|none|without)\b|n't\b", re.IGNORECASE)
_OBSERVATIONAL = frozenset({StudyType.COHORT, StudyType.CASE_SERIES, StudyType.CLINICAL_TRIAL})
_STRONG_CAUSE = re.compile(
    r"\bprevent(?:s|ed)?\b|\bprolong(?:s|ed)\b|\bdoubles\b|\bprotects?\b|\bcures?\b|\bcauses?\b(?! of)|\beliminates?\b|\bhalts?\b",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"\brandomi[sz](?:ed|ation)\b|\brandomly\b|\bRCTs?\b", re.IGNORECASE)
_NOT_RANDOM = re.compile(
    r"(?:\bnon-?\s?|\bnot (?:been )?|\bquasi-?\s?|\bun)(?:randomi[sz]\w+|randomly)\b", re.IGNORECASE
)
_FUTURE = re.compile(
    r"\b(?:need\w*|required?|warrant\w*|await\w*|future|further|planned|remains? to be|should|will|would|are lacking|no)\b",
    re.IGNORECASE,
)
_TOLD = frozenset({StudyType.REVIEW, StudyType.PROTOCOL, StudyType.META_ANALYSIS})
"""Sources that tell of the studies of others, whose designs their passages need not name."""
_DESIGNS: tuple[tuple[re.Pattern[str], frozenset[StudyType]], ...] = (
    (_RANDOM, _TOLD | {StudyType.RANDOMISED_TRIAL}),
    (re.compile(r"\bmeta-?\s?analys[ei]s\b", re.IGNORECASE), _TOLD),
    (re.compile(r"\bsystematic(?:ally)? review", re.IGNORECASE), _TOLD),
    (
        re.compile(r"\b(?:double|single|triple)-?\s?(?:blind|masked)\w*|\bplacebo-controlled\b", re.IGNORECASE),
        _TOLD | {StudyType.RANDOMISED_TRIAL, StudyType.CLINICAL_TRIAL},
    ),
    (re.compile(r"\bcohort study\b", re.IGNORECASE), _TOLD | {StudyType.COHORT, StudyType.CLINICAL_TRIAL, StudyType.CASE_SERIES}),
    (re.compile(r"\bcase series\b", re.IGNORECASE), _TOLD | {StudyType.CASE_SERIES}),
    (re.compile(r"\bcontrolled trial\b", re.IGNORECASE), _TOLD | {StudyType.RANDOMISED_TRIAL, StudyType.CLINICAL_TRIAL}),
)  # fmt: skip
"""Words that name a design, and the designs of a source that a sentence may call so though the passage does not."""
_WIDE = re.compile(
    r"\birrespective of\b|\bregardless of\b|\bwhatever (?:the|their)\b|\b(?:of|at) any (?:age|size|kind|stage|dose|grade|type|severity|cause|origin|degree|site|duration)\b|, whether or not\b|\bworldwide\b|"
    r"\b(?:men and women|women and men|adults and children|rich and poor)(?: countries)? alike\b|\bboth sexes\b|\bof all ages\b|\ball ages\b|\bunselected\b|\beverywhere\b|\balways\b|\bin (?:all|every) (?:patients?|cases?|subgroups?|settings?)\b|"
    r"\bin general\b(?! (?:practice|hospital|population|surg|medic|an|ward))|\buniversally\b|\bany patient\b|\bevery patient\b|\brich and poor\b|\bevery (?:\w+ )?(?:group|subgroup|age)\b|\ball (?:\w+ )?(?:subgroups|groups)\b|"
    r"\ball (?:patients|people|women|men|children|cases|ages|types|forms|stages|settings)\b|\bthe whole population\b|"
    r"\bincluding those (?:at|with|without)\b|\bwithout exception\b|\bin adults and (?:in )?children\b|\badults and children\b|\bchildren and adults\b",
    re.IGNORECASE,
)
_BOTH_SEXES = re.compile(r"\b(?:men and women|women and men|males and females|both sexes)\b", re.IGNORECASE)
_ONE_SEX = re.compile(
    r"\b(?:only|exclusively|solely) (?:in |among |for )?(?:wo)?men\b|\bonly (?:in )?(?:fe)?males\b", re.IGNORECASE
)
_ALIKE = re.compile(
    r"\b(?:irrespective|regardless|whatever|whether|alike|both|men and women|adults and|including those)\b",
    re.IGNORECASE,
)
"""Words that tell of no difference, as others of everybody."""
_HOLDS_ALL = re.compile(
    r"\b(?:all|every\w*|each|any|always|irrespective|regardless|independent\w*|universal\w*|whatever|world\w*|global\w*|general\w*|"
    r"countries|international\w*|both|either|across|unselected|consecutive|overall)\b|\b100 ?%",
    re.IGNORECASE,
)
_HOLDS_ALIKE = re.compile(
    r"\b(?:irrespective|regardless|independent(?:ly)?|whatever|any|both|either|all|every|each|equal\w*|similar\w*|comparabl\w+|"
    r"with (?:or|and) without|not (?:\w+ )?(?:dependent|related|affected|associated|influenced|different)|no (?:\w+ )?difference|"
    r"did not (?:\w+ )?differ|across|whether|consistent\w*|throughout|including|same|males? and females?|men and women|adults and children|"
    r"children and adults|respectively)\b",
    re.IGNORECASE,
)
HEDGED = 0.55
"""Share of the claim's telling words that stand under a hedge alone."""
_ONLY = re.compile(r"\b(?:only|confined to|restricted to|limited to|solely|exclusively)\b", re.IGNORECASE)
_ALL_SAID = re.compile(
    r"\bmen and women alike\b|\bboth sexes\b|\ball\b|\bany\b|\bevery\b|\balike\b|\badults and children\b|\birrespective\b|\bwhatever\b|\beach of the three\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def _hedged(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The telling stems of `text` that stand under a hedge, and those that stand under none."""
    under: set[str] = set()
    free: set[str] = set()
    for sentence in sentences(text):
        bare = _COMPARATIVE_LIKELY.sub(" ", sentence)
        if not _HEDGE.search(bare) or (re.search(r"\bsuggest", bare, re.IGNORECASE) and not _MODAL.search(bare)):
            free |= telling(bare)
            continue
        whole = _WHOLE.search(bare)
        if whole is not None:
            scope, *rest = re.split(r"\b(?:which|who|where)\b", bare[whole.start() :], maxsplit=1)
            under |= telling(scope)
            free |= telling(" ".join(rest)) if not any(_HEDGE.search(part) for part in rest) else frozenset()
            head = bare[: whole.start()]
            if len(telling(head)) > 3 and re.search(r"[,;]", head):
                free |= telling(head.rsplit(",", 1)[0])
            else:
                under |= telling(head)
            continue
        for clause in (
            part
            for piece in clauses(bare)
            for part in re.split(r",\s(?=with|thus|thereby|and)|\s(?=(?:that|which|who) (?:may|might|could)\b)", piece)
        ):
            adverb = _ADVERB.search(clause)
            if adverb is not None:
                head = clause[: adverb.start()]
                free |= telling(head) if len(telling(head)) > 3 else frozenset()
                under |= telling(clause[adverb.start() :])
            else:
                (under if _HEDGE.search(clause) else free).update(telling(clause))
    return frozenset(under), frozenset(free)


def hedge_faults(claim: Claim) -> Iterator[Fault]:
    """A statement without a hedge, whose words the passages have only where they hedge."""
    if _KEEPS.search(claim.text):
        return
    said = telling(claim.text)
    under: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    for passage in claim.passages:
        hedged, stated = _hedged(passage.text)
        under, free = under | hedged, free | stated
    own = (said & under) - free
    if len(own) >= 2 and len(own) >= HEDGED * len(said):
        hedge = next((match.group() for passage in claim.passages if (match := _HEDGE.search(passage.text))), "a hedge")
        yield Fault(rule="hedge", words="", says=f"states what its passages say only with {hedge!r}")


def cause_faults(claim: Claim) -> Iterator[Fault]:
    """A cause told where the passages tell an association, and nothing causal."""
    cause = _CAUSES.search(claim.text)
    if cause is None and claim.studies <= _OBSERVATIONAL | {StudyType.RANDOMISED_TRIAL, StudyType.META_ANALYSIS}:
        cause = _ACTS.search(claim.text)
    if cause and (_DENIES.search(claim.text[: cause.start()]) or _OF_METHODS.search(claim.text)):
        return
    if (
        cause
        and _ASSOCIATES.search(claim.joined)
        and not _CAUSAL.search(claim.joined)
        and not _ASSOCIATES.search(claim.text)
    ):
        yield Fault(rule="cause", words=cause.group(), says="its passages tell an association, not a cause")
        return
    strong = _STRONG_CAUSE.search(claim.text)
    if (
        strong
        and claim.studies <= _OBSERVATIONAL
        and strong.group().lower()[:6] not in claim.joined.lower()
        and not _CAUSAL.search(claim.joined)
        and not re.search(r"\bnot\b|\bno\b|\?", claim.text)
    ):
        yield Fault(rule="cause", words=strong.group(), says="its passages observe it and tell no cause")


def design_faults(claim: Claim) -> Iterator[Fault]:
    """A design that neither a passage names as its own nor its source has."""
    text = _NOT_RANDOM.sub(" ", claim.text)
    known = _NOT_RANDOM.sub(" ", claim.joined)
    for design, fitting in _DESIGNS:
        said = design.search(text)
        if said is None or _FUTURE.search(text):
            continue
        denied = design is _RANDOM and not design.search(known) and _NOT_RANDOM.search(claim.joined)
        if denied and not (claim.studies == {StudyType.RANDOMISED_TRIAL} and re.search(r"\btrial\b", text)):
            yield Fault(rule="design", words=said.group(), says="its passages say that it was not randomised")
            return
        if (
            not design.search(known)
            and claim.studies
            and not claim.studies & fitting
            and StudyType.UNKNOWN not in claim.studies
        ):
            yield Fault(
                rule="design", words=said.group(),
                says=f"its sources are of another design: {' and '.join(sorted(study.value for study in claim.studies))}",
            )  # fmt: skip
            return


def scope_faults(claim: Claim) -> Iterator[Fault]:
    """Something told of all, where the passages tell it of some and nothing of the others."""
    both, one = _BOTH_SEXES.search(claim.text), _ONE_SEX.search(claim.joined)
    if both and one and not _ONLY.search(claim.text):
        yield Fault(rule="scope", words=both.group(), says=f"its passages say {one.group()!r}")
        return
    wide = _WIDE.search(claim.text)
    if wide is None or _QUALIFIES.search(claim.text[max(0, wide.start() - 16) : wide.start()]):
        return
    alike = _ALIKE.search(wide.group()) is not None
    held = (_HOLDS_ALIKE if alike else _HOLDS_ALL).search(claim.joined)
    if held is None:
        yield Fault(rule="scope", words=wide.group(), says="its passages do not say so of all")
    elif _ALL_SAID.search(claim.text) and _ONLY.search(claim.joined) and not _ONLY.search(claim.text):
        only = _ONLY.search(claim.joined)
        yield Fault(rule="scope", words=wide.group(), says=f"its passages say {only.group() if only else 'only'!r}")
