"""Owns which way an outcome went, as a clause says it: by its words, its p value, its numbers by arm."""

from __future__ import annotations

import re

from chapter_pipeline.domain.evidence import Direction
from chapter_pipeline.evidence.polarity import more_is_worse
from chapter_pipeline.evidence.significance import intervals, is_significant, p_is_small
from chapter_pipeline.evidence.statistics import P_VALUE
from chapter_pipeline.evidence.text import has_one, lowered, without_brackets

_I = re.IGNORECASE
_PLACE = (
    r"(?:[lct]\d|(?:the|an?|its|this|that) (?!(?:[\w-]+ ){0,3}?(?:groups?|arms?|controls?|placebo|comparators?|standard|conventional|"
    r"treatments?|therap\w+|regimens?|surgery|drugs?|care|methods?|techniques?|approach)\b))"
)
"""What is above or below an organ lies there: "superior to the facet joint"."""
UP = (
    rf"increas(?:e|es|ed|ing)|higher|greater|more(?! than (?:\d|half|one|two))|longer|larger|rose|risen|rises?|elevat(?:ed|ion|ions)|prolong(?:ed|s|ation)|superior to (?!{_PLACE})|"
    r"enhanc(?:ed|es|ement)|gained|accelerat(?:ed|ion)|augment(?:ed|s|ation)|upregulat\w+|extend(?:ed|s)|older|heavier|stronger|doubled|tripled|raised|exceed(?:ed|s)|surpass(?:ed|es)|outperformed|thicker|deeper|wider|taller|boost(?:ed|s)|heighten(?:ed|s)|strengthen(?:ed|s)|climbed|grew|widened|went up|oftener|ahead of"
)
DOWN = (
    rf"decreas(?:e|es|ed|ing)|lower(?:ed|s|ing)?|reduc(?:e|es|ed|ing|tion|tions)|less|fewer|shorter|smaller|fell|fall(?:en|s)?|declin(?:e|ed|es|ing)|attenuat(?:ed|es|ion)|inferior to (?!{_PLACE})|"
    r"diminish(?:ed|es)?|drop(?:ped|s)?|suppress(?:ed|es|ion)|inhibit(?:ed|s|ion)|lost|shorten(?:ed|s|ing)|abolish(?:ed|es)?|downregulat\w+|minimi[sz]ed|younger|weaker|prevent(?:ed|s|ing)|halved|impair(?:ed|s|ment)|blunted|lessen(?:ed|s)|alleviat(?:ed|es)|ameliorat(?:ed|es)|mitigat(?:ed|es)|reliev(?:ed|es)|eased|shrank|shrunk|waned|dwindled|rarer|thinner|lighter|curbed|averted|avoided|spared|narrowed|went down|cut|eliminated|protect(?:ed|s) against|sank|eased|subsided|diminution|seldomer|halving"
)
GOOD = r"improv(?:e|es|ed|ing|ement|ements)|better|benefit(?:ed|s)?|favou?r(?:ed|s|ing|able|ably)?|recovered|protect(?:ed|ive|s)(?! against)"
BAD = r"worse(?:n|ned|ning|ns)?|deteriorat(?:ed|ion|es)|poorer|aggravat\w+"
_NO_CUE = r"(?!lower (?:extremit|limb|back|leg|urinary|body|third|respirat|gastro|lip|jaw|eyelid|abdom|esoph|oesoph|gi\b|pole|lobe|uterine|segment)|higher (?:educat|order|school|cognitive funct)|(?:reduced|increased)[- ](?:dose|intensity)|less (?:invasive|than (?:half|\d|one))|(?:later|earlier) (?:stud|trial|report|work|phase|stage|year|visit|time ?point)|delayed (?:group|arm|cord|treatment|surgery|start|intervention))"
"""What compares nothing: a part of the body, a dose, a way to treat."""
SOONER = (
    r"faster|earlier|sooner|quicker|more (?:quickly|rapidly)|accelerat(?:ed|es|ion)|hasten(?:ed|s)|speed(?:ed|s) up"
)
LATER = r"slower|later|delay(?:ed|s)|more slowly|postponed|retarded"
CUE = re.compile(
    rf"\b{_NO_CUE}(?:(?P<sooner>{SOONER})|(?P<later>{LATER})|(?P<up>{UP})|(?P<down>{DOWN})|(?P<good>{GOOD})|(?P<bad>{BAD}))\b(?! than (?:or equal to )?\d)"
)
_CHANGE = re.compile(
    r"\b(?:reductions?|decreases?|declines?|falls?|drops?|loss(?:es)?|lowering)\b|(?P<up>\b(?:increases?|gains?|rises?|elevations?)\b)|(?P<good>\bimprovements?\b)",
)
_NOT_CHANGED = r"\b(?:not|n[’']t) (?:\w+ ){0,3}?(?:differ|different|change[ds]?|affect(?:ed)?|influenced?|increas\w+|decreas\w+|reduc\w+|improv\w+|significan\w+|associated|correlat\w+|reach\w*|alter\w*|show\w*|find|found|superior|inferior|higher|lower|greater|impact\w*|detect\w*|modif\w+|result|predict|seen|observed|lead|benefit|impair\w*|prolong\w*|vary|varied|have (?:an?|any) (?:\w+ )?effect)\b"
NONE = re.compile(
    r"\b(?:no (?:\w+ ){0,3}?(?:differences?|changes?|effects?|increases?|decreases?|reductions?|improvements?|associations?|correlations?|relationships?|evidence|impact|influence|benefits?|interactions?|main effects?|trend|advantage|variation)\b|"
    rf"{_NOT_CHANGED}|"
    r"(?<!who )(?<!which )(?<!that )(?<!those )(?:did|does|do|was|were|is|are|could|had) not\b(?! only)|(?:similar|alike|(?<=\w )similarly(?= (?:in|between|effective|distributed|to|for|high|low))|comparable|equivalent|equal(?:ly)?|unchanged|unaffected|unaltered|indistinguishable|identical(?! (?:placebo|capsules?|tablets?|appear\w+))|non-?significant(?:ly)?|insignificant(?:ly)?|(?:well|evenly) balanced|(?:remain\w*|kept|stayed|was|were|held) (?:\w+ )?(?:stable|constant))\b|"
    r"(?:was|were|is|are|remained|stayed|about|almost|nearly|roughly|approximately|much|exactly|practically) the same\b|"
    r"neither\b|fail(?:ed|s) to\b|failure to (?:show|demonstrate|reach|improve|reduce|detect|find|achieve (?:a )?(?:statistical |significan))|without (?:\w+ ){0,2}?(?:differences?|changes?|effects?|affecting|significant)\b|(?:ns|n\.s\.)(?=[\s,.;)\]])|differ(?:ed|ences?)? (?:little|minimal\w*|only slightly)|non-?inferior\w*|"
    r"not (?:statistically )?significant|lack of (?:\w+ )?(?:differences?|effects?)\b|none of\b|no longer\b|nor\b|disappeared\b|"
    r"no (?:less|more|better|worse|higher|lower|greater|shorter|faster|rarer|commoner|longer|slower|earlier|later) (?!than \d))",
)
_NOT_SIGNIFICANT = re.compile(
    r"[(\[,;=]\s?(?:p\s?=\s?)?(?:ns|n\.s\.|not (?:statistically )?significant|non-?significant|no significant differences?)\s?[)\],;]"
)
_SAME_IN_ALL = re.compile(
    r"(?<!to )(?<!and )(?<![\d.])\d[\d.,]*\s?%?[^;,.]{0,30}? (?:in|for|of) (?:each|either|both|all|the two)(?: (?:of )?the)?(?: (?:two|three))? (?:groups?|arms?|treatments?|conditions?)\b(?!.*\bp\s?[=<])"
)
"""One number for all arms: "first-pass success was 92% in each group"."""
_NOT_NONE = re.compile(r"\bnot only\b|\bno (?:serious|severe|major|deaths?|patients?)\b")
SIGNIFICANTLY = re.compile(
    r"(?<!not )(?<!no )(?<!non)(?<!non-)(?<!statistically in)\b(?:statistically )?significant(?:ly)?\b"
)
_NONE_BETWEEN = re.compile(
    r"\b(?:no|without|not)\b[^.;]{0,50}?\bdiffer(?:ences?|ent|ed)?\b[^.;]{0,60}?\b(?:between|among|across)\b|\bno (?:\w+ )?(?:condition|group|treatment) (?:×|x|by) time|\bdiffer(?:ences?|ed)\b[^.;]{0,60}\bnot\b[^.;]{0,20}significant|"
    r"\bcomparisons? did not show|\bchanges were similar|\bsimilar (?:in|between|for|across) (?:both|the (?:two|three)|all|either|groups|arms)",
)
CHANGE_WAS = re.compile(
    r"^(?:the |a |mean |median |magnitude of |extent of |degree of |overall |percentage |absolute )*(?P<change>reductions?|decreases?|declines?|fall|improvements?|increases?|elevations?|rise|drop) (?:in|of|from baseline in) (?P<outcome>[^;()]{2,100}?)\s+(?:was|were|is|are)\s+(?:\w+ly |also |far |much |more )*"
    r"(?P<how>greater|larger|more|higher|pronounced|bigger|stronger|less|smaller|lower|faster|slower|milder|weaker)\b",
    _I,
)
LEAD = re.compile(
    r"^(?:(?:however|moreover|furthermore|in addition|additionally|also|similarly|likewise|overall|finally|interestingly|notably|importantly|specifically|conversely|in contrast|by contrast|nevertheless|and|but|whereas|while|although|though|thus|therefore|again|for example|as expected|as shown in [^,]+|results?|findings?|conclusions?),?:? ?)+",
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
_EXCEPT = re.compile(r"\bexcept|apart from|other than\b")
_THAN = re.compile(r"\bthan\b|\bcompared\b|\bversus\b|\bvs\b")


_NOT_AS_BEFORE = re.compile(_NOT_CHANGED)
_NOT_ALONE = re.compile(r"(?:did|does|do|was|were|is|are|could|had) not")
"""A negation of no word that compares: "two patients were not operated on"."""


def turned(direction: Direction) -> Direction:
    return {Direction.INCREASED: Direction.DECREASED, Direction.DECREASED: Direction.INCREASED}.get(
        direction, direction
    )


def direction_of(text: str, outcome: str | None = None) -> Direction:
    """Which way the outcome of a clause went, by its words and its p value."""
    small = is_significant(text)
    text = lowered(text)
    bare = without_brackets(text)
    none = NONE.search(bare) or (
        _NOT_SIGNIFICANT.search(text) if "ns" in text or "n.s" in text or "signi" in text else None
    )
    if has_one(bare, _OF_NONE_BETWEEN) and _NONE_BETWEEN.search(bare) and not _EXCEPT.search(text):
        return Direction.NO_DIFFERENCE
    if has_one(bare, _OF_ALL_ARMS) and _SAME_IN_ALL.search(bare):
        return Direction.NO_DIFFERENCE
    change = CHANGE_WAS.match(LEAD.sub("", text))
    if change is not None and none is None and small is not False:
        up = change["change"].rstrip("s") in ("increase", "elevation", "rise")
        if change["change"].startswith("improve"):
            up = not more_is_worse(change["outcome"])
        more = change["how"] not in ("less", "smaller", "lower", "slower", "milder", "weaker")
        return Direction.INCREASED if up == more else Direction.DECREASED
    if has_one(text, _OF_CHANGES):
        text = _NO_CHANGE.sub(lambda match: "_" * len(match.group()), text)
    cue = _strongest_cue(text)
    if (
        none is not None
        and cue is None
        and small is None
        and _NOT_ALONE.fullmatch(none.group())
        and _NOT_AS_BEFORE.search(text) is None
        and SIGNIFICANTLY.search(text) is None
    ):
        return Direction.NOT_STATED
    if none is not None and not (_NOT_NONE.match(none.string, none.start()) and cue):
        if small is True and cue is not None and cue.start() < none.start() and none.re is NONE:
            return _way(cue, text, outcome)
        return Direction.NO_DIFFERENCE
    if cue is None:
        return Direction.NO_DIFFERENCE if small is False else Direction.NOT_STATED
    if small is False:
        return Direction.NO_DIFFERENCE
    return _way(cue, text, outcome)


_OF_NONE_BETWEEN = ("differ", "similar", "comparison", "time")
_OF_ALL_ARMS = (" each ", " either ", " both ", " all ", " the two ")
_OF_CHANGES = ("reduction", "improvement", "increase", "decrease")


_NO_CHANGE = re.compile(
    r"(?:(?:achiev|reach|attain)\w+|(?:patients|participants|subjects|children|women|men|share|proportion|percentage|number|those) (?:with|having|who had)) (?:an? )?"
    r"(?:≥|>|at least |more than )?\s?\d+\s?(?:%|points?|-point)?[- ](?:or (?:more|greater) )?(?:\w+ )?(?:reductions?|improvements?|increases?|decreases?)"
)
"""An outcome that is itself a change of some size: "patients with a 75% reduction of the score"."""
_OF_A_DOSE = re.compile(r"\s(?:doses?|dosages?|concentrations?|intensit(?:y|ies))\b")
_AT = re.compile(r"\b(?:at|with|in|on|of|the|and|under)\s$")
"""What names an arm by its dose: "at the higher doses"."""


def _strongest_cue(text: str) -> re.Match[str] | None:
    """The cue that follows "significantly", else the one before "than" or "compared", else the first one."""
    cues = [
        cue
        for cue in CUE.finditer(text)
        if not (_OF_A_DOSE.match(text, cue.end()) and _AT.search(text, max(0, cue.start() - 10), cue.start()))
    ]
    if not cues:
        return None
    for significant in SIGNIFICANTLY.finditer(text) if "significant" in text else ():
        for cue in cues:
            if 0 <= cue.start() - significant.end() <= 25:
                return cue
    than = _THAN.search(text)
    if than:
        before = [cue for cue in cues if cue.end() <= than.start()]
        if (
            len(before) > 1
            and before[-1].group() in ("more", "less", "greater")
            and 0 < before[-1].start() - before[-2].end() <= 2
        ):
            return before[-2]  # "reduced more fat than"
        if (
            len(before) > 1
            and before[-1].group() in ("more", "less")
            and before[-1].end() + 1 == than.start()
            and not _BE.search(text, before[-2].end(), before[-1].start())
        ):
            return before[-2]  # "reduced pain more than", "less than": see `_LESS_THAN`
        if before:
            return before[-1] if not (len(before) > 1 and _CHANGE.match(text, before[-1].start())) else before[-2]
    return cues[0]


def _way(cue: re.Match[str], text: str, outcome: str | None) -> Direction:
    direction = _way_of(cue, text, outcome)
    return turned(direction) if _LESS_THAN.match(text, cue.end()) else direction


_BE = re.compile(r"\b(?:was|were|is|are)\b")
_LESS_THAN = re.compile(
    r" (?:(?!(?:was|were|is|are)\b)[\w-]+ ){0,4}less (?:than (?!\d)|(?:with|in|under|after|on|for) )"
)
"""Behind a word of change: "reduced pain less than placebo"."""


def _way_of(cue: re.Match[str], text: str, outcome: str | None) -> Direction:
    up = cue["up"] is not None
    if cue["sooner"] or cue["later"]:
        # A time is shorter when it ends sooner; a process that goes faster does more.
        timed = cue.group() in _WHEN or _TIME.search(f"{lowered(outcome or '')} {text}") is not None
        up = bool(cue["sooner"]) != timed
    elif cue["good"] or cue["bad"]:
        up = bool(cue["good"]) != more_is_worse(lowered(outcome or "") or text[cue.end() : cue.end() + 60])
    else:
        # "greater reduction in pain": the comparative is of a change, which has a way of its own.
        change = _CHANGE.search(text, cue.end(), min(len(text), cue.end() + 30))
        if change is not None and cue.group() in _COMPARATIVES:
            way = (
                True
                if change["up"]
                else not more_is_worse(_NAMED.split(text[change.end() : change.end() + 70].lstrip())[0])
                if change["good"]
                else False
            )
            up = up == way
    return Direction.INCREASED if up else Direction.DECREASED


_WHEN = frozenset(("earlier", "sooner", "later"))
_TIME = re.compile(
    r"\b(?:times?|duration|interval|latency|onset|until|days?|hours?|discharge\w*|extubat\w+|ambulat\w+|flatus|defecation|return|resum\w+|first)\b"
)
_NAMED = re.compile(r"\s(?:than|compared|versus|vs|with|at|after|during|was|were|\()|[,;(]")
_COMPARATIVES = frozenset(
    "higher greater more larger longer lower less fewer smaller shorter stronger superior faster".split()
)


_SET_APART = re.compile(r"\bvs\b|versus|compared|against|\band\b|whereas|while|than", _I)
_OPPOSED = re.compile(r"\bvs\b|versus|compared|against|whereas|than(?! \d)", _I)
"""What opposes two numbers; two that "and" joins do so only with a p value: "30% had A and 70% had B" compares nothing."""


def by_numbers(text: str) -> Direction:
    """The direction of "13.9 vs 11.6 (P=0.03)"; not where its p values are large, or say different things."""
    if re.search(r"\bbaseline\b", text, _I) or (p_is_small(text) is not True and P_VALUE.search(text)):
        return Direction.NOT_STATED
    bare = P_VALUE.sub("", re.sub(r"\b9\d\s?%\s?(?:CI|confidence)[^;)]*", "", text))
    bare = re.sub(r"(?<=[a-z])[23](?!\d)", "", bare)
    shares = [float(found.replace("·", ".")) for found in _SHARE.findall(bare)]
    if len(shares) == 2 and _SET_APART.search(bare) and (p_is_small(text) or _OPPOSED.search(bare)):
        return (
            Direction.NOT_STATED
            if shares[0] == shares[1]
            else Direction.INCREASED
            if shares[0] > shares[1]
            else Direction.DECREASED
        )
    match = _NUMBERS_BY_ARM.search(bare)
    if match is None and p_is_small(text):
        match = _NUMBERS_IN_ARMS.search(without_brackets(bare))
    if match is None:
        return Direction.NOT_STATED
    one, two = (float(re.sub(r"[−–]", "-", match[name]).replace("·", ".")) for name in ("one", "two"))
    return Direction.NOT_STATED if one == two else Direction.INCREASED if one > two else Direction.DECREASED


def by_interval(text: str) -> Direction:
    """The direction of a ratio or a difference whose interval leaves out its null value: "OR 0.5 (0.3 to 0.8)"."""
    ways = {
        Direction.INCREASED if interval.low > interval.null else Direction.DECREASED
        for interval in intervals(text)
        if not interval.holds_null
    }
    return ways.pop() if len(ways) == 1 and is_significant(text) is not False else Direction.NOT_STATED
