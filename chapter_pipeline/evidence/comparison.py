"""Owns what a result compares: outcome, intervention, comparator, time point, and which way the outcome went.

A sentence with several outcomes is read clause by clause: "pain fell (P=0.01), but function did not differ" states
two results. What a clause does not name is taken from its sentence; what neither names stays None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from chapter_pipeline.domain.evidence import Direction
from chapter_pipeline.evidence.arms import CONTROL, Arms, tidy
from chapter_pipeline.evidence.statistics import P_VALUE

_I = re.IGNORECASE
SIGNIFICANT = 0.05
"""The level below which a p value counts as a difference, where the sentence itself says neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one clause of a result states."""

    direction: Direction
    outcome: str | None = None
    intervention: str | None = None
    comparator: str | None = None
    time_point: str | None = None

    @classmethod
    def not_stated(cls) -> Comparison:
        """Of a statement that compares nothing."""
        return cls(direction=Direction.NOT_STATED)


_UP = (
    r"increas(?:e|es|ed|ing)|higher|greater|more(?! than (?:\d|half|one|two))|longer|larger|rose|risen|rises?|elevat(?:ed|ion|ions)|prolong(?:ed|s|ation)|superior to|"
    r"enhanc(?:ed|es|ement)|gained|accelerat(?:ed|ion)|augment(?:ed|s|ation)|upregulat\w+|extend(?:ed|s)|older|heavier|stronger|faster|earlier|doubled|raised|exceeded"
)
_DOWN = (
    r"decreas(?:e|es|ed|ing)|lower(?:ed|s|ing)?|reduc(?:e|es|ed|ing|tion|tions)|less|fewer|shorter|smaller|fell|fall(?:en|s)?|declin(?:e|ed|es|ing)|attenuat(?:ed|es|ion)|inferior to|"
    r"diminish(?:ed|es)?|drop(?:ped|s)?|suppress(?:ed|es|ion)|inhibit(?:ed|s|ion)|lost|shorten(?:ed|s|ing)|abolish(?:ed|es)?|downregulat\w+|minimi[sz]ed|younger|weaker|slower|delayed|prevent(?:ed|s)|halved|impair(?:ed|s|ment)|blunted|lessen(?:ed|s)"
)
_GOOD = r"improv(?:e|es|ed|ing|ement|ements)|better|benefit(?:ed|s)?|favou?r(?:ed|s|ing|able|ably)?|recovered|relieved|protect(?:ed|ive|s)"
_BAD = r"worse(?:n|ned|ning|ns)?|deteriorat(?:ed|ion|es)|poorer|aggravat\w+"
_CUE = re.compile(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN})|(?P<good>{_GOOD})|(?P<bad>{_BAD}))\b", _I)
_CHANGE = re.compile(
    r"\b(?:reductions?|decreases?|declines?|falls?|drops?|loss(?:es)?|lowering)\b|(?P<up>\b(?:increases?|gains?|rises?|elevations?)\b)|(?P<good>\bimprovements?\b)",
    _I,
)
_NONE = re.compile(
    r"\bno (?:\w+ ){0,3}?(?:differences?|changes?|effects?|increases?|decreases?|reductions?|improvements?|associations?|correlations?|relationships?|evidence|impact|influence|benefits?|interactions?|main effects?|trend|advantage|variation)\b|"
    r"\b(?:not|n[’']t) (?:\w+ ){0,3}?(?:differ|different|change[ds]?|affect(?:ed)?|influenced?|increas\w+|decreas\w+|reduc\w+|improv\w+|significan\w+|associated|correlat\w+|reach\w*|alter\w*|show\w*|find|found|superior|inferior|higher|lower|greater|impact\w*|detect\w*|modif\w+|result|predict|seen|observed|lead|benefit|impair\w*|prolong\w*|vary|varied|have (?:an?|any) (?:\w+ )?effect)\b|"
    r"\b(?:did|does|do|was|were|is|are|could|had) not\b(?! only)|\b(?:similar|(?<=\w )similarly(?= (?:in|between|effective|distributed|to|for|high|low))|comparable|equivalent|equal(?:ly)?|unchanged|unaffected|unaltered|indistinguishable|identical|non-?significant(?:ly)?|insignificant(?:ly)?|the same|balanced|stable|constant)\b|"
    r"\bneither\b|\bfail(?:ed|s|ure) to\b|\bwithout (?:\w+ ){0,2}?(?:differences?|changes?|effects?|affecting|significant)\b|\b(?:NS|n\.s\.)(?=[\s,.;)\]])|\bdiffer(?:ed|ences?)? (?:little|minimal\w*|only slightly)|\bnon-?inferior\w*|"
    r"\bnot (?:statistically )?significant|\black of (?:\w+ )?(?:differences?|effects?)\b|\bnone of\b|\bno longer\b|\bnor\b|\bdisappeared\b",
    _I,
)
_NOT_NONE = re.compile(r"\bnot only\b|\bno (?:serious|severe|major|deaths?|patients?)\b", _I)
_SIGNIFICANT = re.compile(
    r"(?<!not )(?<!no )(?<!non)(?<!non-)(?<!statistically in)\b(?:statistically )?significant(?:ly)?\b", _I
)
_P = re.compile(r"(?P<sign>[=<>≤≥])\s?(?P<value>0?[.·]\d+|[01](?:\.0+)?)")
_CLAUSE = re.compile(
    r"(?:;\s+|,?\s+(?:but|whereas|while|although|though|yet)\s+|,\s+(?:and|with)\s+(?=(?:[^,;]{0,80})\b(?:no|not|similar|comparable|unchanged|higher|lower|greater|increased|decreased|reduced|improved|significant\w*|differ\w*)\b)"
    r"|\.\s+(?=[A-Z])|,\s+(?=(?:however|nor)\b)|,?\s+and\s+(?=(?:significantly |also |then |a |in |was |were |tended to be )*(?:higher|lower|longer|shorter|greater|smaller|less|increased|decreased|reduced|improved|lowered|raised|elevated|prolonged|shortened|did not|does not|was not|were not|no (?:significant |statistically )?\w+ (?:in|was|were|between)))(?!\S+ (?:levels?|rates?|risks?|doses?|total|mean) ))",
    _I,
)
_NOT_IN_NAME = (
    r"(?:the|a|an|in|on|at|of|for|to|by|was|were|is|are|be|been|had|has|have|did|do|does|not|than|that|which|who|whose|this|these|those|showed|shows|showing|show|when|while|whereas|but|or|as|from|"
    r"between|among|within|both|all|each|either|any|no|only|there|it|they|we|compared|versus|vs|after|before|during|over|significantly|significant|higher|lower|greater|more|less|longer|shorter|reduced|increased|decreased|"
    r"improved|received|receiving|experienced|reported|occurred|achieved|demonstrated|revealed|found|observed|differed|differences?|however|respectively|patients?|participants?|subjects?|treated|sedated|who|groups?|arms?|per|mean|median|two|three|four|same|other|study|treatment|intervention-control|\d+)"
)
_TOKEN = rf"(?!{_NOT_IN_NAME}\b)[A-Za-z0-9α-ωΑ-Ω][^\s,;()\[\]{{}}=]*"
_ARM = rf"{_TOKEN}(?:\s(?:and\s|plus\s|\+\s|with\s|or\s)?{_TOKEN}){{0,4}}"
_COMPARATOR = re.compile(
    r"\b(?:than|compared (?:with|to)|in comparison (?:with|to)|versus|vs\.?|relative to|over|against|as opposed to|in contrast to|rather than|different from)\s+"
    r"(?:(?:in|for|among|with|after|on|at|during|by|that|those|of|the|a|an|patients|participants|subjects|women|men|children|who|were|did|received|receiving|treated|sedated|given|taking|undergoing|assigned|randomi[sz]ed|to|not|had)\s+)*"
    rf"(?P<name>(?!baseline\b|\d){_ARM})",
    _I,
)
_IN_ARM = re.compile(
    rf"\b(?P<name>{_ARM})[- ](?P<what>groups?|arms?|condition|recipients|users)\b(?! differences?| by| ×| x | effect)",
    _I,
)
_RECEIVING = re.compile(
    r"\b(?:patients?|participants?|subjects?|women|men|children|those|mice|rats|animals|infants|individuals|people|adults|volunteers)\s+(?:who (?:were |had )?)?(?:receiv(?:ing|ed)|treated with|given|taking|on|assigned to|randomi[sz]ed to|undergoing|allocated to|sedated with|using)\s+(?:the |an? )?"
    rf"(?P<name>{_ARM})",
    _I,
)
_GROUP_HEAD = re.compile(
    rf"\b(?P<name>{_ARM})[- ](?P<what>treatment|therapy|patients|participants|subjects|mice|rats|animals|side|diet|conditions?)\b",
    _I,
)
_LETTERED = re.compile(r"\b(?P<name>(?:group|arm) (?:[A-D]|I{1,3}|IV|[1-4]))\b", _I)
_BETWEEN = re.compile(
    rf"\bbetween\s+(?:the\s+)?(?P<one>{_TOKEN}(?:\s{_TOKEN}){{0,4}}?)(?:\s(?:groups?|arms?))?\s+(?:and|vs\.?|versus)\s+(?:the\s+)?(?P<two>{_ARM})",
    _I,
)
_NO_ARM = re.compile(
    r"^(?:the|two|three|four|both|all|each|either|these|those|this|other|same|study|treatment|any|no|groups?|time|baseline|between|patients?|participants?|subjects?|randomi[sz]ed|first|second|third|our|such|\d+|of|most|some|more|fewer|\W)+$",
    _I,
)
_BE = r"(?:was|were|is|are|did|does|do|had|has|have|showed?|shows|increased?|decreased?|improved?|reduced?|declined?|rose|fell|remained?|differed|changed|experienced|achieved|reported|demonstrated|exhibited|occurred|could|tended|received|lost|gained|reached|became|failed|prolonged|resulted|led|appeared|seemed|developed|scored|required|ranged|lowered|worsened|stayed|correlated|attenuated|prevented|inhibited|enhanced|produced|caused|induced|suppressed|elicited)"
_SUBJECT = re.compile(
    rf"^(?P<subject>.{{2,160}}?)\s+(?:also |both |significantly |further |all |each |not |then |only |slightly |markedly )*(?P<verb>{_BE})\b",
    _I,
)
_NO_SUBJECT = re.compile(rf"^(?:significantly |also |then |but |and )*(?:{_BE}|not|no|there|this|it|they)\b", _I)
_LEAD = re.compile(
    r"^(?:(?:however|moreover|furthermore|in addition|additionally|also|similarly|likewise|overall|finally|interestingly|notably|importantly|specifically|conversely|in contrast|by contrast|nevertheless|and|but|whereas|while|although|though|thus|therefore|for example|as expected|as shown in [^,]+|results?|findings?|conclusions?),?:? ?)+",
    _I,
)
_ADVERBIAL = re.compile(
    r"^(?:(?:at|after|during|from|by|in|on|over|within|for|among|between|with|compared (?:with|to)|relative to|before|following|when|using|as compared (?:with|to)|regarding|according to|of|throughout|until|across|under|as for|with respect to|with regard to)\b[^,]{2,110},\s+)+",
    _I,
)
_OF_CHANGE = re.compile(
    r"\b(?:differences?|changes?|increases?|decreases?|reductions?|improvements?|effects?|declines?|rises?|gains?|benefits?|impact|influence|deteriorations?|elevations?|prolongation|inhibition|loss|losses|drops?|associations?|variations?|main effects?|lowering|worsening)\s+"
    r"(?:(?:was|were|is|are) (?:\w+ )?(?:observed|found|seen|noted|detected|present|evident|apparent|reported|identified|recorded|demonstrated|shown)\s+)?(?:between[^,.;]{3,80}?\s+|among[^,.;]{3,60}?\s+)?"
    r"(?:in|on|of|for|with respect to|with regards? to|regarding|in terms of|concerning|as regards)\s+(?:either |the |any |their |both |levels? of |mean |median |proportion of )*(?P<outcome>[^;()\[\]]{2,140})",
    _I,
)
_COMPARATIVE_OF = re.compile(
    rf"\b(?:had|have|has|showed?|shows|experienced|reported|demonstrated|exhibited|achieved|led to|resulted in|resulting in|with|produced|gave|received|required|displayed|caused|associated with|yielded|reached|obtained|presented|developed|scored)\s+(?:an? |the |significantly |statistically |much |slightly |markedly |also |somewhat |more significant |significant )*"
    rf"(?:{_UP}|{_DOWN}|{_GOOD}|{_BAD}|similar|comparable)\s+(?:in |of |the |mean |median |levels of )*(?P<outcome>[A-Za-z][^;()\[\]]{{2,120}})",
    _I,
)
_VERB_OBJECT = re.compile(
    rf"\b(?:significantly |also |not |markedly |further |slightly |both )*(?:{_UP}|{_DOWN}|{_GOOD}|{_BAD}|affect(?:ed|s)?|influenced?|alter(?:ed|s)?|chang(?:ed|es?)|modif(?:y|ied)|impact(?:ed)?)\s+(?:the |both |in |their |mean |median |significantly |of |levels of )*(?P<outcome>[A-Za-z][^;()\[\]]{{2,120}})",
    _I,
)
_OUTCOME_END = re.compile(
    r"\s+(?:between|among|compared|than|versus|vs\.?|was|were|is|are|did|at|after|during|over|from|when|who|that|which|for the|in the|in both|in all|in either|within|with the|with a|relative|by|as|across|throughout|in (?:patients|participants|subjects|women|men|children|mice|rats|those|group|comparison)|following|before|under|on day|if|because|since|until|per|but|while|whereas|had|have|by the|resulting|using|"
    r"were (?:observed|found|seen)|to (?:\d|be)|of \d|with \w+ (?:group|treatment))\b.*$|\s*[,.]\s.*$|\s*[.,:]$|\s+\d.*$",
    _I | re.DOTALL,
)
_TIME = re.compile(
    r"\b(?:(?:at|after|during|over|within|from baseline to|between|by|for|through|in the first|to|on)\s+(?:the |a |an |up to )?)?(?:(?:\d+(?:[.·]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|first|second|third)(?:\s?(?:-|–|to|and|or|,)\s?\d+)*(?:st|nd|rd|th)?[- ](?:days?|weeks?|months?|years?|hours?|h|min(?:utes)?|mo|wk|yr)s?\b(?: (?:follow-?up|post\w*|after \w+|of \w+))?|(?:week|month|day|year|visit)s? \d+(?:(?: ?(?:-|–|to|and|,) ?)\d+)*|follow-?up|baseline)",
    _I,
)
_VERB = re.compile(rf"\b(?:{_BE}|\w+ed|fell|rose|led|found|had|grew|made|took)\b", _I)
_NONE_BETWEEN = re.compile(
    r"\b(?:no|without|not)\b[^.;]{0,50}?\bdiffer(?:ences?|ent|ed)?\b[^.;]{0,60}?\b(?:between|among|across)\b|\bno (?:\w+ )?(?:condition|group|treatment) (?:×|x|X|by) time|\bdiffer(?:ences?|ed)\b[^.;]{0,60}\bnot\b[^.;]{0,20}significant|"
    r"\bcomparisons? did not show|\bchanges were similar|\bsimilar (?:in|between|for|across) (?:both|the (?:two|three)|all|either|groups|arms)",
    _I,
)
_QUALIFIES = re.compile(
    r"^(?:however,? |and |but )*(?:(?:the|this|these|those|all|such) (?:\w+ )?(?:differences?|changes?|effects?|trends?|comparisons?|results?|it)|it|this|there (?:was|were)(?= no)|with(?= no)|without|were|was|they|none|neither)\b[^;]{0,40}?"
    r"(?:not (?:statistically |clinically |reach |differ)?(?:significant|reach|differ)|neither (?:statistically|clinically|significant)|non-?significant|no (?:statistically |significant )*differences?(?: (?:was|were) (?:\w+ )?(?:observed|found|seen|noted|detected))?(?: between| among| across|$|[.,])|did not (?:reach|achieve|attain)|failed to reach)",
    _I,
)
_NO_GROUPS_DIFFER = re.compile(
    r"^[^;]{0,60}?\bno (?:\w+ ){0,3}?differences?(?: (?:was|were) (?:\w+ )?(?:observed|found|seen|noted|detected))? (?:between|among|across) (?:the )?(?:two |three |both |study |treatment |all )*(?:groups?|arms?|conditions?|treatments?)\b|\bno statistical evidence\b",
    _I,
)
_CHANGE_WAS = re.compile(
    r"^(?:the |a |mean |median |magnitude of |extent of |degree of |overall |percentage |absolute )*(?P<change>reductions?|decreases?|declines?|fall|improvements?|increases?|elevations?|rise|gain|loss|drop) (?:in|of|from baseline in) (?P<outcome>[^;()]{2,100}?)\s+(?:was|were|is|are)\s+(?:\w+ly |also |far |much |more )*"
    r"(?P<how>greater|larger|more|higher|pronounced|bigger|stronger|less|smaller|lower|faster)\b",
    _I,
)
_PEOPLE = re.compile(
    r"^(?:the |all |both |more |most |fewer |these |those |our )*(?:patients?|participants?|subjects?|women|men|children|mice|rats|animals|individuals|people|adults|infants|volunteers|groups?|they|it|there|we|arms?|mothers|girls|boys|students|nurses|families|users|who)\b",
    _I,
)
_SHARE = re.compile(r"(?<![\w.])(\d+(?:[.·]\d+)?)\s?%")
_SIGNED = r"(?<![\w.])[-−+]?\d+(?:[.·]\d+)?"
_NUMBERS_BY_ARM = re.compile(
    rf"(?P<one>{_SIGNED})\s?(?:%|[A-Za-z/]{{1,8}})?[^\d;]{{0,60}}?(?:\bvs\b\.?|\bversus\b|\bcompared (?:with|to)\b|\bagainst\b)\s?[^\d;]{{0,40}}?(?P<two>{_SIGNED})",
    _I,
)
_NUMBERS_IN_ARMS = re.compile(
    rf"(?P<one>{_SIGNED})(?:\s?±\s?\d+(?:\.\d+)?)?[^\d;]{{0,15}}?\b(?:in|for|with|among|of)\s[^\d;]{{2,60}}?(?:\band|,|\bversus|\bvs\.?|\bbut|\bcompared (?:with|to))\s(?:only )?(?P<two>{_SIGNED})(?:\s?±\s?\d+(?:\.\d+)?)?[^\d;]{{0,15}}?\b(?:in|for|with|among|of)\b",
    _I,
)
_HARM = re.compile(
    r"\b(?:psychopatholog\w*|psychotic|negative|aversive|disruptive|hyperactivity|irritability|disorders?|problems?|difficult\w*|toxicit\w*|ag?itation|mania|injur\w*|pain|symptoms?|depress\w+|anxiety|fatigue|severity|burden|stress|distress|disability|mortality|death|risk|relapse|recurrence|complications?|adverse|bleeding|infection|cholesterol|LDL|triglycerides?|glucose|HbA1c|weight|BMI|inflammation|"
    r"tumou?r|blood pressure|hypertension|insomnia|nausea|vomiting|cough|dyspn\w+|itch|pruritus|impairment|errors?|insulin resistance|HOMA\S*|craving|headaches?|seizures?|hospitali[sz]ations?|length of stay|hot flashes|CRP|score on the .{0,20}depression)\b",
    _I,
)


def comparisons(text: str, arms: Arms) -> tuple[Comparison, ...]:
    """The results that a sentence states, at least one; with several outcomes, one for each clause that states one."""
    whole = _compared(text, arms)
    parts = [part for part in _parts(text) if _states(part)]
    if len(parts) > 1 and any(_QUALIFIES.search(part) or _NO_GROUPS_DIFFER.search(part) for part in parts[1:]):
        first = _compared(parts[0], arms)
        return (
            replace(
                whole, direction=Direction.NO_DIFFERENCE, outcome=first.outcome or whole.outcome,
                intervention=first.intervention or whole.intervention, comparator=first.comparator or whole.comparator,
            ),
        )  # fmt: skip
    if len(parts) < 2:
        return (whole,)
    found: list[Comparison] = []
    for part in parts:
        said = _compared(part, arms)
        if said.direction is Direction.NOT_STATED:
            continue
        filled = replace(
            said,
            outcome=said.outcome or (found[-1].outcome if found else None),
            intervention=said.intervention or (None if said.comparator else whole.intervention),
            comparator=said.comparator or whole.comparator,
            time_point=said.time_point or whole.time_point,
        )
        if not any((one.direction, one.outcome) == (filled.direction, filled.outcome) for one in found):
            found.append(filled)
    return tuple(found[:4]) or (whole,)


def _parts(text: str) -> Iterator[str]:
    """The clauses of a sentence, brackets kept whole; what has no verb belongs to what follows it."""
    kept = ""
    for part in _cut(text):
        kept = f"{kept}, {part}" if kept else part
        if _VERB.search(_without_brackets(kept)):
            yield kept
            kept = ""
    if kept:
        yield kept


def _cut(text: str) -> Iterator[str]:
    start, depth = 0, 0
    cuts = [(match.start(), match.end()) for match in _CLAUSE.finditer(text)]
    depths = []
    for ch in text:
        depth += ch in "([{"
        depths.append(depth)
        depth -= ch in ")]}"
    for begin, end in cuts:
        if depths[begin] == 0:
            yield text[start:begin]
            start = end
    yield text[start:]


def _states(clause: str) -> bool:
    return (
        _CUE.search(clause) is not None or _NONE.search(clause) is not None or _SIGNIFICANT.search(clause) is not None
    )


def _compared(text: str, arms: Arms) -> Comparison:
    bare = _without_brackets(text)
    intervention, comparator, crossed = _sides(bare, arms)
    outcome = _outcome(bare)
    direction = direction_of(text, outcome)
    if direction is Direction.NOT_STATED:
        direction = _by_numbers(text)
    if crossed:
        direction = _turned(direction)
    times = _TIME.search(bare)
    return Comparison(
        direction=direction, outcome=outcome, intervention=intervention, comparator=comparator,
        time_point=times.group().strip() if times else None,
    )  # fmt: skip


def _without_brackets(text: str) -> str:
    """The text without what stands in brackets."""
    before = None
    while before != text:
        before, text = text, re.sub(r"\s*[(\[{][^()\[\]{}]*[)\]}]", "", text)
    return text


def _turned(direction: Direction) -> Direction:
    return {Direction.INCREASED: Direction.DECREASED, Direction.DECREASED: Direction.INCREASED}.get(
        direction, direction
    )


def p_is_small(text: str) -> bool | None:
    """Whether all p values of a text are below `SIGNIFICANT`, or none is; None where there is none, or both."""
    small: set[bool] = set()
    for match in P_VALUE.finditer(text):
        said = _P.search(match.group())
        if said is None:
            continue
        value = float(said["value"].replace("·", "."))
        if said["sign"] in ">≥":
            small.add(not (value >= SIGNIFICANT or value >= 0.01))
        else:
            small.add(value <= SIGNIFICANT)
    return small.pop() if len(small) == 1 else None


def direction_of(text: str, outcome: str | None = None) -> Direction:
    """Which way the outcome of a clause went, by its words and its p value."""
    none = _NONE.search(text)
    if _NONE_BETWEEN.search(text) and not re.search(r"\bexcept|apart from|other than\b", text, _I):
        return Direction.NO_DIFFERENCE
    small = p_is_small(text)
    change = _CHANGE_WAS.match(_LEAD.sub("", text))
    if change is not None and none is None and small is not False:
        up = change["change"].lower().rstrip("s") in ("increase", "elevation", "rise", "gain")
        if change["change"].lower().startswith("improve"):
            up = _HARM.search(change["outcome"]) is None
        more = change["how"].lower() not in ("less", "smaller", "lower")
        return Direction.INCREASED if up == more else Direction.DECREASED
    cue = _strongest_cue(text)
    if none is not None and not (_NOT_NONE.match(text, none.start()) and cue):
        if small is True and cue is not None and cue.start() < none.start():
            return _way(cue, text, outcome)
        return Direction.NO_DIFFERENCE
    if cue is None:
        return Direction.NO_DIFFERENCE if small is False else Direction.NOT_STATED
    if small is False:
        return Direction.NO_DIFFERENCE
    return _way(cue, text, outcome)


def _strongest_cue(text: str) -> re.Match[str] | None:
    """The cue that follows "significantly", else the one before "than" or "compared", else the first one."""
    cues = list(_CUE.finditer(text))
    if not cues:
        return None
    for significant in _SIGNIFICANT.finditer(text):
        for cue in cues:
            if 0 <= cue.start() - significant.end() <= 25:
                return cue
    than = re.search(r"\bthan\b|\bcompared\b|\bversus\b|\bvs\b", text, _I)
    if than:
        before = [cue for cue in cues if cue.end() <= than.start()]
        if (
            len(before) > 1
            and before[-1].group().lower() in ("more", "less", "greater")
            and 0 < before[-1].start() - before[-2].end() <= 2
        ):
            return before[-2]  # "reduced more fat than"
        if before:
            return before[-1] if not (len(before) > 1 and _CHANGE.match(text, before[-1].start())) else before[-2]
    return cues[0]


def _way(cue: re.Match[str], text: str, outcome: str | None) -> Direction:
    up = cue["up"] is not None
    if cue["good"] or cue["bad"]:
        harmful = _HARM.search(outcome or text[cue.end() : cue.end() + 60] or "") is not None
        up = bool(cue["good"]) != harmful
    else:
        # "greater reduction in pain": the comparative is of a change, which has a way of its own.
        change = _CHANGE.search(text, cue.end(), min(len(text), cue.end() + 30))
        if change is not None and cue.group().lower() in _COMPARATIVES:
            way = (
                True
                if change["up"]
                else not _HARM.search(text[change.end() : change.end() + 70])
                if change["good"]
                else False
            )
            up = up == way
    return Direction.INCREASED if up else Direction.DECREASED


_COMPARATIVES = frozenset(
    "higher greater more larger longer lower less fewer smaller shorter stronger superior faster".split()
)


def _by_numbers(text: str) -> Direction:
    """The direction of "13.9 vs 11.6 (P=0.03)"; not where its p values are large, or say different things."""
    if re.search(r"\bbaseline\b", text, _I) or (p_is_small(text) is not True and P_VALUE.search(text)):
        return Direction.NOT_STATED
    bare = P_VALUE.sub("", re.sub(r"\b9\d\s?%\s?(?:CI|confidence)[^;)]*", "", text))
    bare = re.sub(r"(?<=[a-z])[23](?!\d)", "", bare)
    shares = [float(found.replace("·", ".")) for found in _SHARE.findall(bare)]
    if len(shares) == 2 and re.search(r"\bvs\b|versus|compared|against|\band\b|whereas|while|than", bare, _I):
        return (
            Direction.NOT_STATED
            if shares[0] == shares[1]
            else Direction.INCREASED
            if shares[0] > shares[1]
            else Direction.DECREASED
        )
    match = _NUMBERS_BY_ARM.search(bare) or _NUMBERS_IN_ARMS.search(_without_brackets(bare))
    if match is None:
        return Direction.NOT_STATED
    one, two = (float(re.sub(r"[−–]", "-", match[name]).replace("·", ".")) for name in ("one", "two"))
    return Direction.NOT_STATED if one == two else Direction.INCREASED if one > two else Direction.DECREASED


def _sides(text: str, arms: Arms) -> tuple[str | None, str | None, bool]:
    """Intervention, comparator, and whether they were exchanged, for the control is told as the comparator."""
    between = _BETWEEN.search(text)
    one = two = None
    if between and not _NO_ARM.match(between["one"]) and not _NO_ARM.match(between["two"]):
        one, two = tidy(between["one"]), tidy(between["two"])
    else:
        match = _COMPARATOR.search(text)
        rest = text
        if match and not _NO_ARM.match(match["name"]):
            two = tidy(match["name"])
            rest = text[: match.start()] + " , " + text[match.end() :]
        named = list(dict.fromkeys(_arms_named(rest, arms)))
        named = [name for name in named if not two or name.casefold() not in two.casefold()]
        one = named[0] if named else None
        if two is None and len(named) > 1:
            two = named[1]
    crossed = bool(one and two and CONTROL.search(one) and not CONTROL.search(two)) or bool(
        one and not two and CONTROL.search(one) and arms.intervention
    )
    if crossed:
        one, two = two or arms.intervention, one
    if one and not two:
        two = next((name for name in (arms.control, *arms.names) if name and not _shares(one, name)), None)
    elif two and not one:
        one = next((name for name in (arms.intervention, *arms.names) if name and not _shares(two, name)), None)
    elif not one and not two:
        one, two = arms.intervention, arms.control
    return one, two, crossed


def _arms_named(text: str, arms: Arms) -> Iterator[str]:
    """The arms that a text names, those of its groups first, in reading order."""
    found: list[tuple[int, int, str]] = []
    for pattern in (_IN_ARM, _RECEIVING, _GROUP_HEAD, _LETTERED):
        for match in pattern.finditer(text):
            name = match["name"] if pattern is _LETTERED else tidy(match["name"])
            sure = pattern is not _GROUP_HEAD
            known = any(_shares(name, arm) for arm in arms.names) or CONTROL.search(name)
            if name and (sure or known) and not _NO_ARM.match(name) and len(name.split()) <= 8:
                found.append((0, match.start("name"), name))
    for name in arms.names:
        place = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, _I)
        if place and not any(abs(place.start() - at) < 30 and _shares(name, other) for _, at, other in found):
            found.append((1, place.start(), name))
    yield from (name for *_, name in sorted(found))


def _shares(one: str, other: str) -> bool:
    """Whether two names have a word in common that is more than a word of form."""
    words = [
        {word for word in re.findall(r"\w+", name.casefold()) if len(word) > 2 or word.isupper()}
        for name in (one, other)
    ]
    return (
        bool(words[0] & words[1] - {"the", "and", "with", "treatment", "therapy", "group"})
        or one.casefold() == other.casefold()
    )


def _outcome(text: str) -> str | None:
    """The outcome that a clause names, as printed."""
    clause = _LEAD.sub("", text.strip())
    clause = _ADVERBIAL.sub("", clause)
    change = _CHANGE_WAS.match(clause)
    if change:
        return _noun(change["outcome"])
    for pattern in (_OF_CHANGE, _COMPARATIVE_OF):
        match = pattern.search(clause)
        if match and (name := _noun(match["outcome"])):
            return name
    subject = None if _NO_SUBJECT.match(clause) else _SUBJECT.match(clause)
    named = _noun(subject["subject"], subject=True) if subject and not _PEOPLE.match(subject["subject"]) else None
    if named and not re.search(r"\b(?:group|arm|patients|participants|treatment|therapy|treated)$", named, _I):
        return named
    match = _VERB_OBJECT.search(clause)
    if match and (name := _noun(match["outcome"])):
        return name
    return named


def _noun(text: str, *, subject: bool = False) -> str | None:
    """A noun phrase without what follows it."""
    name = text.strip()
    if not subject:
        name = _OUTCOME_END.sub("", " " + name).strip()
    name = re.sub(r"^(?:the|a|an|their|its|our|either|any|both|in|of|on|mean|median|there|that) ", "", name, flags=_I)
    name = name.strip(" ,.;:-–—")
    words = name.split()
    return name if 0 < len(words) <= 22 and re.search(r"[A-Za-z]{3}", name) else None
