"""Owns the patterns of text that is addressed to a language model, and the sentences that contain it.

The words are data: nothing here obeys them, and no pattern is needed for the pipeline to be safe from them. They are
told apart because a chapter that quotes them would be wrong, and an editor wants to know which file carries them.
"""

from __future__ import annotations

import re

_OPENS = r"(?:(?:^|[.!?:;>\]\"“(–-])\s*|\b(?:please|kindly|you (?:must|should|will)|now|and|then)\s+)"
_MODEL = (
    r"(?:chat ?gpt|gpt-?\d\w*|claude|gemini|copilot|llms?|ais?|(?:an? )?(?:ai|artificial intelligence)"
    r"(?: (?:assistant|model|agent|reviewer|system|chatbot))s?|(?:large )?language models?|chatbots?)\b"
)
_BEFORE = r"(?:previous|prior|above|earlier|preceding|foregoing)"
_ORDERS = r"(?:instructions?|prompts?|directives?|commands?)\b"

PATTERNS: dict[str, str] = {
    "override": (
        rf"\b(?:ignore|disregard|forget|override)\s+(?:all|any)\s+(?:of\s+)?(?:the\s+|your\s+|these\s+)?{_BEFORE}"
        rf"(?:\s+\w+){{0,2}}?\s+{_ORDERS}"
    ),
    "override, imperative": (
        rf"{_OPENS}(?:ignore|disregard|forget|override)\s+(?:\w+\s+){{0,3}}?(?:{_BEFORE}|your|system)\s+"
        rf"(?:\w+\s+){{0,2}}?{_ORDERS}"
    ),
    "override, everything": rf"{_OPENS}(?:ignore|disregard|forget)\s+(?:everything|all(?: of)?(?: that)?)\s+(?:above|you)\b",
    "role": rf"\byou\s+are\s+(?:now\s+|no longer\s+)?(?:an?\s+|the\s+)?(?:helpful\s+|unrestricted\s+)?{_MODEL}",
    "new role": (
        r"\byou\s+are\s+now\s+(?:\w+\s+){0,3}?(?:editor|assistant|author|writer|reviewer|chatbot|model|developer mode)\b"
    ),
    "self-description": (
        r"(?:^|[.!?:\"“]\s*)as\s+an?\s+(?:ai|artificial intelligence|large)?\s*language\s+model\b|"
        r"\bas\s+an?\s+(?:ai|artificial intelligence)\s+(?:language\s+)?(?:model|assistant),?\s+(?:i|you)\b"
    ),
    "system prompt": r"\bsystem\s+prompts?\b|(?:^|[.!?\"“]\s*)(?:new\s+)?system(?:\s+message)?\s*:\s*(?:you|ignore|do|the)\b",
    "markup": (
        r"</?\s*(?:system|instructions?|source|context|assistant|user|prompt)\s*>|\[/?inst\]|<\|\w+\|>|<</?sys>>|"
        r"#{2,}\s*(?:system|instructions?)\b"
    ),
    "conceal": (
        rf"{_OPENS}(?:do\s+not|don[’']t|never)\s+(?:mention|reveal|disclose|tell)\s+(?:that|this|these|anyone|anything|"
        r"the\s+(?:user|reader|editor))\b"
    ),
    "address": (
        rf"(?:\b(?:note|attention|message|instructions?|reminder)\s*(?:to|for)\s+(?:all\s+|any\s+|the\s+)?|"
        rf"{_OPENS}(?:dear|hello|hey)\s+|\bif\s+you\s+are\s+(?:an?\s+|the\s+)?|{_OPENS}attention,?\s+){_MODEL}"
    ),
    "answer": (
        r"\byour\s+(?:next\s+|final\s+)?(?:response|answer|output|reply|summary)\s+must\s+(?:only|always|never|not|state|"
        r"say|mention|claim|begin|start|include|contain)\b"
    ),
    "verdict": r"\bgive\s+(?:only\s+)?a\s+positive\s+review\b|\bdo\s+not\s+highlight\s+any\s+(?:negatives|weaknesses)\b",
    "jailbreak": r"\b(?:enable|enter|activate)\s+developer\s+mode\b|\byou\s+can\s+do\s+anything\s+now\b",
    "German": r"\bignorieren?\s+(?:sie\s+)?(?:alle\s+)?(?:vorherigen|bisherigen|obigen|früheren)\s+(?:anweisungen|befehle)",
    "French": r"\bignore[zr]?\s+(?:toutes\s+)?les\s+(?:instructions|consignes)\s+(?:précédentes|ci-dessus)",
    "Spanish": r"\bignor[ae]n?\s+(?:todas\s+)?las\s+instrucciones\s+(?:anteriores|previas)",
    "Chinese": r"忽略(?:之前|以上|先前|前面)的?(?:所有)?(?:指令|指示|提示)",
}
"""The patterns by name. An article about language models mostly matches none of them."""
_COMPILED = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in PATTERNS.items()}
_IGNORE, _ORDER = ("ignor", "disregard", "forget", "override"), ("instruction", "prompt", "directive", "command")
_SAYS = ("mention", "reveal", "disclose", "tell ")
# A match of a pattern holds a word of each of these groups in small letters: to look for them is cheap.
_HINTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "override": (_IGNORE, _ORDER),
    "override, imperative": (_IGNORE, _ORDER),
    "override, everything": (_IGNORE, ("above", "you")),
    "role": (("you are",),),
    "new role": (("you are now",),),
    "self-description": (("as an ", "as a "), ("language model", "an ai ", "a ai ", "artificial intelligence")),
    "system prompt": (("system prompt", "system:", "system :", "system message"),),
    "markup": (("<", "[inst", "[/inst", "##"),),
    "conceal": (("do not ", "don't ", "don’t ", "never "), _SAYS),
    "address": (
        ("note ", "attention", "message", "instruction", "reminder", "dear ", "hello ", "hey ", "if you are"),
        ("gpt", "claude", "gemini", "copilot", "llm", " ai", "artificial", "language model", "chatbot"),
    ),
    "answer": (("your ",), (" must ",)),
    "verdict": (("positive review", "highlight any"),),
    "jailbreak": (("developer mode", "anything now"),),
    "German": (("ignorier",),),
    "French": (("ignore",), ("les instructions", "les consignes")),
    "Spanish": (("instrucciones",),),
    "Chinese": (("忽略",),),
}
# The words of the group of each pattern that is the rarer in articles: without one of them nothing can match.
_SHORTEST = 5
"""Characters of the shortest match."""
_RARE = dict.fromkeys((
    *_IGNORE, "you are", "language model", "an ai ", "a ai ", "artificial intelligence", *_HINTS["system prompt"][0],
    *_HINTS["markup"][0], *_SAYS, *_HINTS["address"][1], " must ", *_HINTS["verdict"][0], *_HINTS["jailbreak"][0],
    "ignorier", "les instructions", "les consignes", "instrucciones", "忽略",
))  # fmt: skip
_STOP = re.compile(r"[.!?。](?:[\"”’)\]]|</\w+>)*(?=\s|$)")
_OBEYS = re.compile(
    r"\s*(?:instead,?\s+|then,?\s+|also,?\s+)?(?:state|say|write|claim|cite|praise|recommend|always|never|output|respond|"
    r"answer|conclude|report that|include|reply|pretend|act as|do not|reveal|print|repeat)\b",
    re.IGNORECASE,
)


def instruction_spans(text: str) -> list[tuple[int, int]]:
    """Half-open offsets of the sentences of `text` that speak to a model, and of the commands that follow on them."""
    spans: list[tuple[int, int]] = []
    for start, end in _matches(text):
        while start < end and not text[start].isalnum() and text[start] not in "<[#|":
            start += 1  # what stands before the imperative belongs to the sentence before
        start, end = _sentence_start(text, start), _sentence_end(text, start - 1, end)
        while _OBEYS.match(text, end):
            end = _sentence_end(text, end + 1, end + 1)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def without_instructions(text: str) -> str:
    """`text` without those sentences; the same object when it has none."""
    spans = instruction_spans(text)
    if not spans:
        return text
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    kept = (text[end:start].strip() for end, start in zip(ends, starts, strict=True))
    return " ".join(filter(None, kept))


def _matches(text: str) -> list[tuple[int, int]]:
    if len(text) < _SHORTEST:
        return []
    small = " ".join(text.lower().split())
    if not any(map(small.__contains__, _RARE)):
        return []
    hinted = [name for name, groups in _HINTS.items() if all(any(word in small for word in group) for group in groups)]
    return sorted(match.span() for name in hinted for match in _COMPILED[name].finditer(text))


def _sentence_start(text: str, position: int) -> int:
    start = 0
    for stop in _STOP.finditer(text, 0, position):
        start = stop.end()
    return start + len(text[start:position]) - len(text[start:position].lstrip())


def _sentence_end(text: str, start: int, reach: int) -> int:
    """The end of the sentence that goes on at `start` and goes at least as far as `reach`."""
    return next((stop.end() for stop in _STOP.finditer(text, max(0, start)) if stop.end() >= reach), len(text.rstrip()))
