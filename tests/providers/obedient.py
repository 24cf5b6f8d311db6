"""A model that does as it is told, in the words of its quotations, for the fault server; and what it may do wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.providers.fault_server import Behaviour, Request, answer
from tests.providers.replies import CHAT, MESSAGES, RESPONSES

Sentence = dict[str, Any]
Mischief = Callable[[int, Sentence], Sentence]
"""From the number of a sentence and the sentence as it should be, what is written."""
_FENCED = re.compile(r"^<(\w+)>\n(.*?)\n</\1>$", re.DOTALL | re.MULTILINE)


def honest(_number: int, sentence: Sentence) -> Sentence:
    return sentence


def prompt_of(request: Request) -> str:
    """The text that the model was asked with."""
    body = request.body
    if request.api == MESSAGES:
        return str(body["messages"][0]["content"][-1]["text"])
    if request.api == RESPONSES:
        return str(body["input"][0]["content"][-1]["text"])
    if request.api == CHAT:
        content = body["messages"][1]["content"]
        return str(content if isinstance(content, str) else content[-1]["text"])
    return str(body["contents"][0]["parts"][-1]["text"])


def data_of(prompt: str) -> dict[str, Any]:
    """What stands between the fences of a prompt."""
    return {name: json.loads(text) for name, text in _FENCED.findall(prompt)}


def reply_to(prompt: str, *, mischief: Mischief = honest, repairs: bool = True) -> dict[str, Any]:
    """The JSON that a model would answer. Without `repairs` it repairs nothing."""
    data = data_of(prompt)
    if "article" in data:
        return _study_record(data)
    if "candidates" in data:
        return _concepts(data)
    if "claims" in data:
        return {
            "claims": [
                {"number": one["number"], "verdict": "supported", "wrong": "", "correction": ""}
                for one in data["claims"]
            ]
        }
    if "paragraphs" in data:
        return _repairs(data) if repairs else {"paragraphs": []}
    if "required" in data:
        kind = data["sections"][0][0]
        missing = {"section": kind, "point": "thromboprophylaxis", "why": "Emboli go untreated."}
        return {"missing": [{**missing, "severity": "medium", "keys": []}]}
    if "evidence" in data:
        return _section(data, mischief)
    if "caption" in data:
        return {"figure_class": "diagram", "description": "A drain in its place."}
    if "concepts" in data:
        return {"queries": [f"({data['concepts'][0][0]} OR CSDH) AND outcome", "(broken", "astrology"]}
    if "pairs" in data:
        return {"relations": [{"number": 1, "contradicts": True, "about": "recurrence with a drain"}]}
    if "gaps" in data:
        kind = next(iter(data["chapter"]))
        return {"remarks": [{"section": kind, "text": "Read the rates again."}, {"section": "astrology", "text": "x"}]}
    if "sections" in data:
        return _plans(data)
    if "key points" in prompt:
        return {"points": [{"text": text, "sentences": [number]} for number, _, text in data["chapter"][:4]]}
    return {"edits": []}


def obedient(
    *, mischief: Mischief = honest, repairs: bool = True, delay_s: float = 0.0
) -> Callable[[Request], Behaviour]:
    """A plan for the fault server."""

    def plan(request: Request) -> Behaviour:
        reply = reply_to(prompt_of(request), mischief=mischief, repairs=repairs)
        return answer(json.dumps(reply), delay_s=delay_s)

    return plan


def _study_record(data: dict[str, Any]) -> dict[str, Any]:
    """The first sentence of the article as its main finding."""
    reference = data["article"][0]["sentences"][0][0]
    return {
        "design": data.get("design", "not stated"), "setting": None, "arms": [],
        "population": {"species": "human", "condition": None, "n": None, "stated_in": []},
        "findings": [
            {
                "stated_in": [reference], "kind": "own result", "main": True, "species": "human", "disease": None,
                "population": None, "intervention": None, "comparator": None, "outcome": None, "time_point": None,
                "direction": "not stated", "effects": [], "p": [],
            }
        ],
    }  # fmt: skip


def _concepts(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "concepts": [
            {
                "name": candidate[0],
                "synonyms": [],
                "importance": 0.9 - 0.05 * number,
                "queries": [
                    {"text": f"{candidate[0]}: {asked}", "perspective": name}
                    for name, asked in data["perspectives"].items()
                ],
            }
            for number, candidate in enumerate(data["candidates"][:6])
        ]
    }


def _section(data: dict[str, Any], mischief: Mischief) -> dict[str, Any]:
    quotes, number = _passages(data), 0
    planned = data["subsections"] or [["", list(quotes)]]
    subsections = []
    for title, keys in planned:
        sentences = []
        for key in keys:
            sentences.append(mischief(number, {"text": quotes[key]["text"], "keys": [key]}))
            number += 1
        if sentences:
            subsections.append({"title": title or "", "paragraphs": [{"sentences": sentences}]})
    return {"subsections": subsections}


def _plans(data: dict[str, Any]) -> dict[str, Any]:
    """Queries for sections without quotations; for those with, two sub-topics in the order of their keys."""
    if "quotations" not in data["sections"][0]:
        return {
            "sections": [{"kind": one["kind"], "queries": [f"red flags: {one['title']}"]} for one in data["sections"]]
        }
    planned = []
    for one in data["sections"]:
        keys = list(one["quotations"])
        subtopics = [{"title": "", "keys": keys[:3]}, {"title": "Further aspects", "keys": keys[3:]}]
        planned.append({"kind": one["kind"], "subtopics": subtopics})
    return {"sections": planned}


def _repairs(data: dict[str, Any]) -> dict[str, Any]:
    """Each faulty sentence again in the words of the first passage that it cites; without one, it is left out."""
    quotes = _passages(data)
    rewritten = []
    for paragraph in data["paragraphs"]:
        sentences = []
        for one in paragraph["sentences"]:
            known = [key for key in one["keys"] if key in quotes]
            if "fault" not in one:
                sentences.append({"text": one["text"], "keys": one["keys"]})
            elif known:
                sentences.append({"text": quotes[known[0]]["text"], "keys": known[:1]})
        rewritten.append({"number": paragraph["number"], "sentences": sentences})
    return {"paragraphs": rewritten}


def _passages(data: dict[str, Any]) -> dict[str, Any]:
    """The passages of all works, by key."""
    return {key: passage for work in data["evidence"] for key, passage in work["passages"].items()}
