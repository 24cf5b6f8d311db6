"""Owns the outcome that a clause names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.evidence.direction import BAD, CHANGE_WAS, DOWN, GOOD, LEAD, UP
from chapter_pipeline.evidence.text import lowered

_I = re.IGNORECASE
BE = r"(?:was|were|is|are|did|does|do|had|has|have|showed?|shows|increased?|decreased?|improved?|reduced?|declined?|rose|fell|remained?|differed|changed|experienced|achieved|reported|demonstrated|exhibited|occurred|could|tended|received|lost|gained|reached|became|failed|prolonged|resulted|led|appeared|seemed|developed|scored|required|ranged|lowered|worsened|stayed|correlated|attenuated|prevented|inhibited|enhanced|produced|caused|induced|suppressed|elicited)"
_SUBJECT = re.compile(
    rf"^(?P<subject>.{{2,160}}?)\s+(?:also |both |significantly |further |all |each |not |then |only |slightly |markedly )*(?P<verb>{BE})\b",
    _I,
)
_NO_SUBJECT = re.compile(rf"^(?:significantly |also |then |but |and )*(?:{BE}|not|no|there|this|it|they)\b", _I)
_ADVERBIAL = re.compile(
    r"^(?:(?:at|after|during|from|by|in|on|over|within|for|among|between|with|compared (?:with|to)|relative to|before|following|when|using|as compared (?:with|to)|regarding|according to|of|throughout|until|across|under|as for|with respect to|with regard to)\b[^,]{2,110},\s+)+",
    _I,
)
_OF_CHANGE = re.compile(
    r"\b(?:differences?|changes?|increases?|decreases?|reductions?|improvements?|effects?|declines?|rises?|gains?|benefits?|impact|influence|deteriorations?|elevations?|prolongation|inhibition|loss|losses|drops?|associations?|variations?|main effects?|lowering|worsening)\s+"
    r"(?:(?:was|were|is|are) (?:\w+ )?(?:observed|found|seen|noted|detected|present|evident|apparent|reported|identified|recorded|demonstrated|shown)\s+)?(?:between[^,.;]{3,80}?\s+|among[^,.;]{3,60}?\s+)?"
    r"(?:in|on|of|for|with respect to|with regards? to|regarding|in terms of|concerning|as regards)\s+(?:either |the |any |their |both |levels? of |mean |median |proportion of )*(?P<outcome>[^;()\[\]]{2,140})",
)
_COMPARATIVE_OF = re.compile(
    rf"\b(?:had|have|has|showed?|shows|experienced|reported|demonstrated|exhibited|achieved|led to|resulted in|resulting in|with|produced|gave|received|required|displayed|caused|associated with|yielded|reached|obtained|presented|developed|scored)\s+(?:an? |the |significantly |statistically |much |slightly |markedly |also |somewhat |more significant |significant )*"
    rf"(?:{UP}|{DOWN}|{GOOD}|{BAD}|similar|comparable)\s+(?:in |of |the |mean |median |levels of )*(?P<outcome>[A-Za-zα-ωΑ-Ω][^;()\[\]]{{2,120}})",
)
_VERB_OBJECT = re.compile(
    rf"\b(?:significantly |also |not |markedly |further |slightly |both )*(?:{UP}|{DOWN}|{GOOD}|{BAD}|affect(?:ed|s)?|influenced?|alter(?:ed|s)?|chang(?:ed|es?)|modif(?:y|ied)|impact(?:ed)?)\s+(?:the |both |in |their |mean |median |significantly |of |levels of )*(?P<outcome>[A-Za-zα-ωΑ-Ω][^;()\[\]]{{2,120}})",
)
_OUTCOME_END = re.compile(
    r"\s+(?:between|among|compared|than|versus|vs\.?|was|were|is|are|did|at|after|during|over|from|when|who|that|which|for the|in the|in both|in all|in either|within|with the|with a|relative|by|as|across|throughout|in (?:patients|participants|subjects|women|men|children|mice|rats|those|group|comparison)|following|before|under|on day|if|because|since|until|per|but|while|whereas|had|have|by the|resulting|using|"
    r"were (?:observed|found|seen)|to (?:\d|be)|of \d|with \w+ (?:group|treatment))\b.*$|\s*[,.]\s.*$|\s*[.,:]$|\s+\d.*$",
    _I | re.DOTALL,
)
_PEOPLE = re.compile(
    r"^(?:the |all |both |more |most |fewer |these |those |our )*(?:patients?|participants?|subjects?|women|men|children|mice|rats|animals|individuals|people|adults|infants|volunteers|groups?|they|it|there|we|arms?|mothers|girls|boys|students|nurses|families|users|who)\b",
    _I,
)


_PEOPLE_BEFORE = re.compile(
    r"\b(?:patients|participants|subjects|women|men|children|people|adults|those|mice|rats|animals|cases)\s$"
)
_ELLIPTICAL = re.compile(
    r"(?P<subject>[^,;()]{3,80}?)\s+(?:more|less) (?:common|frequent|often|severe|likely|prevalent)\b", _I
)
"""A clause without its verb: "but infection more common (9% vs 2%)"."""
_ACTIVE = re.compile(
    r"\b(?:increase[sd]?|decrease[sd]?|reduce[sd]?|improve[sd]?|lower(?:ed|s)|raise[sd]?|enhance[sd]?|prolong(?:ed|s)|shorten(?:ed|s)|attenuate[sd]?|prevent(?:ed|s)|inhibit(?:ed|s)|suppress(?:ed|es)|worsen(?:ed|s)|alleviate[sd]?)\s"
    r"(?:(?:the|a|an|both|mean|median|all|overall|patients[’']?|their|total)\s)*(?!(?:in|by|from|to|at|after|with|within|and|or|but|over|during|on|for|than|more|less|most|least|significantly|compared|as|only|also|faster|slightly|markedly|further|between|among|while|when|until|through|throughout|under|following|per|until|similarly|equally|rapidly|substantially|steadily|gradually|progressively|considerably|again|respectively|across|despite)\b|\w+ly\b)"
    r"(?P<outcome>[A-Za-zα-ω][^;()\[\]]{2,120})"
)
"""A verb with its object, the outcome: "the ALM diet increased plasma tocopherol"."""
_NAMED_OUTCOME = re.compile(
    r"\b(?:primary|secondary|main|co-primary) (?:efficacy |study )?(?:outcomes?|end ?points?)(?: measures?)?(?:,| \(| of)\s?(?P<outcome>(?!(?:was|were|did|of|the (?:study|trial))\b)[A-Za-z][^,;()]{3,100}?)(?=[,;).]|$|\s(?:was|were|did|occurred|improved|differed|was)\b)",
    _I,
)
"""An outcome in apposition: "the primary outcome, pain at rest, did not differ"."""
_ENDS_WITH_PEOPLE = re.compile(r"\b(?:group|arm|patients|participants|treatment|therapy|treated)$", _I)
_ARTICLE = re.compile(r"^(?:the|a|an|their|its|our|either|any|both|in|of|on|mean|median|there|that) ", _I)
_LETTERS = re.compile(r"[A-Za-z]{3}")
_NO_OUTCOME = frozenset(
    "the this that these those there all some common frequent often likely effective severe rapid pronounced significant marked than so".split()
)


def outcome_of(text: str, sides: Sequence[str] = ()) -> str | None:
    """The outcome that a clause names, as printed; none of its `sides` is one."""
    apposition = _NAMED_OUTCOME.search(text)
    if apposition and (name := _noun(apposition["outcome"], subject=True)):
        return name
    clause = LEAD.sub("", text.strip())
    clause = _ADVERBIAL.sub("", clause)
    low = lowered(clause)
    change = CHANGE_WAS.match(clause)
    if change:
        return _noun(change["outcome"])
    for pattern in (_OF_CHANGE, _COMPARATIVE_OF):
        match = pattern.search(low)
        if match and match.group().startswith("with") and _PEOPLE_BEFORE.search(low, 0, match.start()):
            continue  # "longer in patients with smaller tumours"
        if match and (name := _noun(clause[slice(*match.span("outcome"))])):
            return name
    subject = None if _NO_SUBJECT.match(clause) else _SUBJECT.match(clause)
    named = _noun(subject["subject"], subject=True) if subject and not _PEOPLE.match(subject["subject"]) else None
    if named and any(named.casefold() == side.casefold() for side in sides):
        named = None
    active = _ACTIVE.search(low, subject.start("verb")) if named and subject else None
    if (
        active
        and subject
        and active.start() <= subject.end()
        and (name := _noun(clause[slice(*active.span("outcome"))]))
    ):
        return name
    if named and not _ENDS_WITH_PEOPLE.search(named):
        return named
    if named is None and (elliptical := _ELLIPTICAL.match(clause)):
        return _noun(elliptical["subject"])
    match = _VERB_OBJECT.search(low)
    if match and (name := _noun(clause[slice(*match.span("outcome"))])):
        return name
    return named


def _noun(text: str, *, subject: bool = False) -> str | None:
    """A noun phrase without what follows it."""
    name = text.strip()
    if not subject:
        name = _OUTCOME_END.sub("", " " + name).strip()
    name = _ARTICLE.sub("", name)
    name = name.strip(" ,.;:-–—")
    words = name.split()
    if all(word.casefold() in _NO_OUTCOME for word in words):
        return None
    return name if len(words) <= 22 and _LETTERS.search(name) else None
