"""Briefs and templates as an author, or somebody who means harm, may write them: read in bounds, or refused in one line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from chapter_pipeline.errors import InvalidBrief, UsageError
from chapter_pipeline.writing.authored_yaml import MAX_BYTES, MAX_DEPTH, MAX_NODES
from chapter_pipeline.writing.brief import chapter_brief, request_from, request_from_yaml, validated_slug
from chapter_pipeline.writing.templates import own_template, read_template
from tests.writing.test_templates import OWN

LONGEST_MESSAGE = 1000
BOMB = "topic: Glioma\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n" for below, name in zip("abcdefgh", "bcdefghi", strict=True)
)
LOOP = "topic: Glioma\norder: &a [*a]\n"
DEEP = 10_000
REFUSED: dict[str, tuple[str | bytes, str, str]] = {
    "alias bomb": (BOMB, "line 3", "alias"),
    "alias bomb in the topic": (BOMB.replace("topic: Glioma\n", "") + "topic: *i\n", "line 2", "alias"),
    "alias bomb as merge keys": ("topic: x\na: &a {b: 1}\nc: {<<: *a}\n", "line 3", "alias"),
    "a list that holds itself": (LOOP, "line 2", "alias"),
    "deep flow list": (f"topic: {'[' * DEEP}{']' * DEEP}", "line 1", f"{MAX_DEPTH} levels"),
    "deep list that never closes": (f"topic: {'[' * DEEP}", "line 1", f"{MAX_DEPTH} levels"),
    "deep flow mapping": (f"topic: {'{a: ' * DEEP}{'}' * DEEP}", "line 1", f"{MAX_DEPTH} levels"),
    "deep block list": (f"topic:\n  {'- ' * DEEP}x", "line 2", f"{MAX_DEPTH} levels"),
    "deep block keys": (f"topic:\n  {'? ' * DEEP}x", "line 2", f"{MAX_DEPTH} levels"),
    "deep JSON": ('{"topic": ' + '{"a": ' * DEEP + "1" + "}" * (DEEP + 1), "line 1", f"{MAX_DEPTH} levels"),
    "many values": ("topic: Glioma\norder: [" + "a," * MAX_NODES + "]", "line 2", f"{MAX_NODES} values"),
    "too long": ("topic: " + "x" * MAX_BYTES, "brief.yaml", f"{MAX_BYTES} bytes"),
    "the same key twice": ("topic: Glioma\nkind: disease\ntopic: Stroke\n", "line 3", "'topic'"),
    "the same key twice within": ("topic: Glioma\nsections:\n- kind: outcomes\n  kind: outcomes\n", "line 4", "'kind'"),
    "endless number": ("topic: Glioma\nword_budget: " + "1" * 5000, "line 2", "number"),
    "endless sexagesimal number": ("topic: Glioma\nword_budget: 1" + ":59" * 5000, "line 2", "number"),
    "no date": ("topic: Glioma\ncutoff_date: 2020-13-45\n", "line 2", "month"),
    "escape of no character": ('topic: "\\U00110000"\n', "brief.yaml", "not YAML"),
    "named boolean that is none": ("topic: !!bool maybe\n", "line 1", "'maybe' is no bool"),
    "named number that is empty": ('topic: !!int ""\n', "line 1", "'' is no int"),
    "named float that is empty": ('topic: !!float ""\n', "line 1", "'' is no float"),
    "unknown tag": ("topic: !!python/object:os.system x\n", "line 1", "tag"),
    "raw escape sequence": ("topic: Gli\x1b[31moma\n", "line 1", "#x001b"),
    "not UTF-8": (b"topic: Gli\xffoma\n", "brief.yaml", "utf-8"),
    "no mapping": ("- a\n", "brief.yaml", "mapping"),
    "broken": ("topic: [a\nkind: b\n", "line 2", "not YAML"),
}


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(UsageError) as caught:
        call(*arguments)
    told = str(caught.value)
    assert len(told) < LONGEST_MESSAGE, told[:2000]
    assert told.isprintable(), told
    return told


@pytest.mark.parametrize("name", REFUSED)
def test_brief_file__out_of_bounds__is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    content, where, why = REFUSED[name]
    path = tmp_path / "brief.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    told = refused(request_from_yaml, path)
    assert "brief.yaml" in told
    assert where in told
    assert why in told


@pytest.mark.parametrize("name", ["alias bomb", "deep flow list", "the same key twice"])
def test_template_file__out_of_bounds__is_refused_like_a_brief(name: str, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(str(REFUSED[name][0]))
    (tmp_path / "brief.yaml").write_text("topic: Glioma\ntemplate: own.yaml\n")
    for call, file in ((read_template, "own.yaml"), (request_from_yaml, "brief.yaml")):
        told = refused(call, tmp_path / file)
        assert "own.yaml" in told
        assert REFUSED[name][1] in told


def test_brief_file__that_cannot_end_or_be_read__is_refused(tmp_path: Path) -> None:
    for path in (Path("/dev/zero"), tmp_path, tmp_path / "none.yaml"):
        assert str(path) in refused(request_from_yaml, path)


def test_brief_file__sound__is_read_as_before() -> None:
    assert request_from_yaml(Path("examples/brief.yaml")).topic == "Chronic subdural haematoma"


def test_brief_file__of_json_or_with_dates_and_words_in_many_scripts__is_read(tmp_path: Path) -> None:
    values = {"topic": "Глиома — 神経膠腫", "cutoff_date": "2024-05-06", "must_cover": ["Ödem", "β-Blocker\tIV"]}
    path = tmp_path / "brief.json"
    path.write_text(json.dumps(values, ensure_ascii=False))
    request = request_from_yaml(path)
    assert (request.topic, request.cutoff_date) == (values["topic"], date(2024, 5, 6))


LONG = "x" * 1_000_000
HUGE: dict[str, dict[str, Any]] = {
    "topic": {"topic": LONG},
    "topic of escapes": {"topic": "\x1b" * 1_000_000},
    "title": {"topic": "Glioma", "title": LONG},
    "audience": {"topic": "Glioma", "audience": LONG},
    "unknown key": {"topic": "Glioma", LONG: 1},
    "unknown key with escapes": {"topic": "Glioma", "\x1b]0;a\x07": 1},
    "kind": {"topic": "Glioma", "kind": LONG},
    "a point": {"topic": "Glioma", "must_cover": [LONG]},
    "many points": {"topic": "Glioma", "must_cover": ["x" * 20] * 10_000},
    "order": {"topic": "Glioma", "order": [LONG]},
    "many sections": {"topic": "Glioma", "sections": [{"kind": "outcomes"}] * 10_000},
    "a section's kind": {"topic": "Glioma", "sections": [{"kind": LONG}]},
    "a section's point": {"topic": "Glioma", "sections": [{"kind": "outcomes", "must_cover": [LONG]}]},
    "a section's term": {
        "topic": "Glioma", "sections": [{"kind": "outcomes", "must_cover": [{"text": "abc", "terms": [LONG]}]}]
    },
    "a section's query": {"topic": "Glioma", "sections": [{"kind": "outcomes", "queries": [LONG]}]},
    "a section's cue": {"topic": "Glioma", "sections": [{"kind": "outcomes", "cues": [LONG]}]},
    "a section's figure": {"topic": "Glioma", "sections": [{"kind": "outcomes", "figures": [LONG]}]},
    "a number": {"topic": "Glioma", "word_budget": 10**100_000},
    "a structure": {"topic": [[["x" * 1000] * 1000] * 1000] * 1000},
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_brief__value_beyond_all_bounds__is_refused_in_a_short_line(name: str) -> None:
    refused(request_from, HUGE[name])


TEMPLATES: dict[str, dict[str, Any]] = {
    "name": {**OWN, "name": LONG},
    "title": {**OWN, "title": LONG},
    "perspectives": {**OWN, "perspectives": {f"p{n}": "x" for n in range(1000)}},
    "a perspective's name": {**OWN, "perspectives": {LONG: "x"}},
    "a perspective": {**OWN, "perspectives": {"surgeon": LONG}},
    **{
        f"section: {key}": {**OWN, "sections": [{**OWN["sections"][0], key: value}]}
        for key, value in {
            "title": LONG, "purpose": LONG, "queries": [LONG], "cues": [LONG], "decisive": [LONG],
            "figures": [LONG], "must_cover": [{"text": LONG, "terms": ["x"]}], "kind": LONG,
        }.items()
    },
    "many queries": {**OWN, "sections": [{**OWN["sections"][0], "queries": ["a query"] * 10_000}]},
    "many cues": {**OWN, "sections": [{**OWN["sections"][0], "cues": ["cue"] * 10_000}]},
    "many points": {
        **OWN, "sections": [{**OWN["sections"][0], "must_cover": [{"text": "doses", "terms": ["mg"]}] * 10_000}]
    },
    "many terms": {
        **OWN, "sections": [{**OWN["sections"][0], "must_cover": [{"text": "doses", "terms": ["mg"] * 10_000}]}]
    },
}  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_template__value_beyond_all_bounds__is_refused_in_a_short_line(name: str) -> None:
    with pytest.raises(InvalidBrief) as caught:
        own_template(TEMPLATES[name], where="the template")
    assert len(str(caught.value)) < LONGEST_MESSAGE


CONTROL = ("a\x1b[2Jb c", "a\x00b c", "a\x9bb c", "abc\u202ed", "abc\nd")


@pytest.mark.parametrize("bad", CONTROL)
@pytest.mark.parametrize(
    "place",
    [
        lambda bad: {"topic": bad},
        lambda bad: {"topic": "Glioma", "title": bad},
        lambda bad: {"topic": "Glioma", "audience": bad},
        lambda bad: {"topic": "Glioma", "must_cover": [bad]},
        lambda bad: {"topic": "Glioma", "sections": [{"kind": "outcomes", "title": bad}]},
        lambda bad: {"topic": "Glioma", "sections": [{"kind": "outcomes", "must_cover": [bad]}]},
        lambda bad: {"topic": "Glioma", "sections": [{"kind": "outcomes", "queries": [bad]}]},
        lambda bad: {"topic": "Glioma", "template": {**OWN, "name": bad}},
        lambda bad: {"topic": "Glioma", "template": {**OWN, "perspectives": {"surgeon": bad}}},
        lambda bad: {"topic": "Glioma", "template": {**OWN, "sections": [{**OWN["sections"][0], "cues": [bad]}]}},
    ],
)
def test_brief__control_characters__are_refused_and_line_breaks_are_spaces(place: Any, bad: str) -> None:
    def made() -> str:
        return chapter_brief("a-chapter", request_from(place(bad)), today=date(2026, 1, 1)).model_dump_json()

    if "\n" in bad:
        assert "abc d" in made()
        assert "abc\\nd" not in made()
    else:
        assert "control character" in refused(made)


def test_slug__of_a_megabyte__is_refused_in_a_short_line() -> None:
    refused(validated_slug, LONG)
    refused(validated_slug, "\x1b[2J")


def test_yaml__of_the_package__is_within_the_bounds_of_authors(tmp_path: Path) -> None:
    for path in Path("chapter_pipeline/writing/chapter_templates").glob("*.yaml"):
        assert read_template(path) == yaml.safe_load(path.read_text("utf-8"))
