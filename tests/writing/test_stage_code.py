"""A stage's code cannot change unnoticed: its version is raised, or the lock renewed because the outcome is the same."""

from __future__ import annotations

import pytest

from tests.writing.stage_code import LOCKED, code_hash, complaints, current, entry_points, locked, module_of

RULES = '''
"""The rules."""
import re
from package.words import stem, unrelated

FLOOR = 0.5
"""Least closeness."""
OTHER = 1

def chosen(texts, limit=3):
    """The best ones."""
    # closest first
    near = [text for text in texts if _closeness(text) >= FLOOR]
    return near[:limit]

def _closeness(text):
    return len(stem(text)) / 10

def elsewhere():
    return OTHER
'''
WORDS = """
def stem(text):
    return text[:5]

def unrelated():
    return 1
"""


def _hash(rules: str = RULES, words: str = WORDS, entry: str = "chosen") -> str:
    modules = {"rules": module_of(rules), "package.words": module_of(words)}
    return code_hash([("rules", entry)], modules)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # closest first\n", ""),
        ('    """The best ones."""\n', '    """The best texts, closest first."""\n'),
        ('"""Least closeness."""\n', ""),
        ("_closeness", "_nearness"),
        ("chosen", "picked"),
        ("FLOOR", "LEAST"),
        ("OTHER = 1", "OTHER = 2"),
        ("import re\n", "import math\n"),
        ("return near[:limit]", "return  near[ :limit ]"),
    ],
)
def test_code_hash__comment_name_or_what_is_not_reached_changes__stays(old: str, new: str) -> None:
    assert old in RULES
    entry = "picked" if new == "picked" else "chosen"
    assert _hash(RULES.replace(old, new), entry=entry) == _hash()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.5", "0.6"), ("/ 10", "/ 9"), (">=", ">"), ("limit=3", "limit=4"),
        ("near[:limit]", "texts[:limit]"), ("if _closeness(text) >= FLOOR", "if _closeness(text) >= OTHER"),
    ],
)  # fmt: skip
def test_code_hash__a_rule_changes__changes(old: str, new: str) -> None:
    assert old in RULES
    assert _hash(RULES.replace(old, new)) != _hash()


def test_code_hash__what_is_reached_in_another_module__counts_and_nothing_else_there() -> None:
    assert _hash(words=WORDS.replace("[:5]", "[:6]")) != _hash()
    assert _hash(words=WORDS.replace("return 1", "return 2")) == _hash()


@pytest.mark.parametrize(
    ("stage", "reached", "not_reached"),
    [
        ("section", ("providers.language_sections", "write_section"), ("providers.language_review", "review")),
        ("key_concepts", ("writing.research", "documents_on_topic"), ("writing.outline", "assign")),
        ("library_research", ("storage.library_search", "LibrarySearch"), ("writing.outline", "assign")),
        ("gap_report", ("quality.gaps", "completeness_score"), ("writing.research", "research_set")),
        ("document_text", ("documents.structure.passages", "sentence_spans"), ("writing.research", "research_set")),
    ],
)
def test_code_hash__of_a_stage__follows_its_own_code(
    stage: str, reached: tuple[str, str], not_reached: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[tuple[str, str]] = []
    from tests.writing import stage_code

    class Recording(stage_code._Normalised):
        def text(self) -> str:
            met.append((self._place[0].removeprefix("chapter_pipeline."), self._place[1]))
            return super().text()

    monkeypatch.setattr(stage_code, "_Normalised", Recording)
    code_hash(entry_points(stage))
    assert reached in met
    assert not_reached not in met


def test_complaints__code_changed_under_the_same_version__says_what_to_raise() -> None:
    before = {"section": {"version": "2", "code": "a"}, "document_text": {"version": "10", "code": "a"}}
    assert list(complaints(before, before)) == []
    parser, section = complaints(before, {name: {**one, "code": "b"} for name, one in before.items()})
    assert "raise its version in writing/stage_table.py" in section
    assert "raise PARSER_VERSION" in parser
    assert "make stages-lock" in section
    (raised,) = complaints(before, {**before, "section": {"version": "3", "code": "b"}})
    assert "not locked as it is: run make stages-lock" in raised


def test_stages__code_that_each_runs__is_that_of_its_version() -> None:
    assert list(locked()) == list(LOCKED)
    assert not (found := list(complaints(locked(), current()))), "\n".join(found)
