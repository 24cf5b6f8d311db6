"""Owns what of a language model's reply becomes part of a study record: only what the document itself says.

Spans are taken from the document by reference. A number or name that does not stand in the spans of its finding is
dropped, and counted with the reason. Kinds, species and directions give way to rules where these are sure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import (
    Direction,
    Dropped,
    Effect,
    Finding,
    FindingKind,
    Population,
    Span,
    SpanSource,
    Species,
    StudyRecord,
)
from chapter_pipeline.domain.tasks import StatedEffect, StatedFinding, StatedPopulation, StudyRecordReply
from chapter_pipeline.evidence import statistics
from chapter_pipeline.evidence.citing import cited_in
from chapter_pipeline.evidence.kinds import cites
from chapter_pipeline.evidence.population import numbers_in_words
from chapter_pipeline.evidence.record_blocks import REQUEST_TOKENS, Block, NumberedText
from chapter_pipeline.evidence.record_directions import TWO_NUMBERS, by_two_numbers, of_outcome, seen_from
from chapter_pipeline.evidence.records import part_of
from chapter_pipeline.evidence.source import SourceText
from chapter_pipeline.evidence.spans import context_of
from chapter_pipeline.evidence.subjects import species_named
from chapter_pipeline.evidence.verbatim import (
    crossed,
    integer_stands,
    measure_stands,
    name_stands,
    numbers_stand,
    p_stands,
    unit_stands,
)

MOST_SPANS = 5
MOST_MAIN = 16
"""Sentences and rows whose findings are main ones; a model that calls everything a main finding has chosen none."""
MOST_NAME_WORDS = 16
YEARS = range(1900, 2031)
"""Numbers that are a year rather than people, unless rules read them as people."""
Place = tuple[object, ...]
"""Where the sentence that states a finding stands: one of running text, a row of a table, a caption."""
_NOT_THERE = "does not stand in its sentences"
_MAY_BE_MAIN = frozenset({FindingKind.OWN_RESULT, FindingKind.CASE, FindingKind.CONCLUSION, FindingKind.RECOMMENDATION})


def filled(
    reply: StudyRecordReply,
    text: NumberedText,
    source: SourceText,
    by_rules: StudyRecord,
    *,
    made_by: str,
    version: str,
) -> StudyRecord:
    """The record of the rules with what holds of the reply.

    A finding of the rules stays where the model named none; at one place the model's stand for those of the rules.
    """
    check = _Verification(text, source, by_rules, made_by)
    named = check.findings(reply.findings)
    return by_rules.model_copy(
        update={
            "setting": check.setting(reply.setting),
            "population": check.population(reply.population),
            "arms": check.arms(reply.arms),
            "findings": _union(named, by_rules.findings, text),
            "made_by": made_by,
            "version": version,
            "notes": (*by_rules.notes, *_notes(reply, text, by_rules)),
            "dropped": check.dropped,
        }
    )


def place_of(finding: Finding) -> Place:
    """Where the sentence that states the finding stands."""
    return _place(finding.statement)


def _place(span: Span) -> Place:
    if span.source is SpanSource.TEXT:
        return (span.source, *((one.page, one.start) for one in span.places)) if span.places else (span.text,)
    return (span.source, span.table, span.row, span.label, span.page, "" if span.table is not None else span.text)


class _Verification:
    """The checks of one reply; what they drop is counted in `dropped`."""

    def __init__(self, text: NumberedText, source: SourceText, by_rules: StudyRecord, made_by: str) -> None:
        self._text = text
        self._source = source
        self._by_rules = by_rules
        self._made_by = made_by
        self._counted: Counter[tuple[str, str]] = Counter()
        self._rules: dict[Place, list[Finding]] = {}
        for finding in by_rules.findings:
            self._rules.setdefault(place_of(finding), []).append(finding)
        self._paragraphs: dict[int, str] = {}
        for one in text.statements:
            self._paragraphs[one.paragraph] = f"{self._paragraphs.get(one.paragraph, '')} {one.text}"

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """What was dropped, by field and reason."""
        return tuple(
            Dropped(what=what, reason=reason, count=count) for (what, reason), count in sorted(self._counted.items())
        )

    def findings(self, stated: Iterable[StatedFinding]) -> list[Finding]:
        """The findings that have a place in the document, each once."""
        found: dict[tuple[object, ...], Finding] = {}
        main: set[Place] = set()
        for one in stated:
            finding = self._finding(one)
            if finding is None:
                continue
            if finding.main and len(main | {place_of(finding)}) > MOST_MAIN:
                self._drop("main", f"more than {MOST_MAIN} sentences with main findings")
                finding = finding.model_copy(update={"main": False})
            said = (
                place_of(finding), finding.kind, finding.intervention, finding.comparator, finding.outcome,
                finding.time_point,
            )  # fmt: skip
            if said in found:
                self._drop("finding", "is given twice")
                continue
            if finding.main:
                main.add(place_of(finding))
            found[said] = finding
        return list(found.values())

    def setting(self, setting: str | None) -> str | None:
        return self._checked("setting", setting, self._everything) or self._by_rules.setting

    def arms(self, arms: Sequence[str]) -> tuple[str, ...]:
        """The arms that the document names; those of the rules when there are none."""
        kept = [" ".join(arm.split()) for arm in arms if self._checked("arms", arm, self._everything)]
        return tuple(dict.fromkeys(kept)) or self._by_rules.arms

    def population(self, stated: StatedPopulation) -> Population:
        """Whom the study is of; where the reply does not hold, what rules read."""
        before = self._by_rules.population
        blocks = [self._text.blocks[one] for one in stated.stated_in if one in self._text.blocks][:MOST_SPANS]
        said = " ".join(block.span.text for block in blocks)
        condition = self._checked(
            "condition", stated.condition, (said, self._source.title or "", self._source.population or "")
        )
        update: dict[str, object] = {"condition": condition or before.condition}
        if stated.n is not None:
            counted = stated.n not in YEARS or stated.n == before.n
            if (counted and integer_stands(stated.n, said)) or stated.n in numbers_in_words(said):
                update |= {"n": stated.n, "text": self._source.population or said}
            else:
                self._drop("n", _NOT_THERE)
        return before.model_copy(update=update)

    def _finding(self, stated: StatedFinding) -> Finding | None:
        blocks = self._blocks(stated.stated_in)
        if not blocks:
            return None
        first = blocks[0]
        spans, stated_in = self._spans(blocks)
        said = " ".join(span.text for span in spans)
        around = (said, *self._around(first))
        of_rules = self._rules.get(_place(first.span), [])
        in_table = first.span.source is SpanSource.TABLE
        kind = self._kind(stated.kind, first, of_rules)
        effects = tuple(
            effect for one in stated.effects if (effect := self._effect(one, said, stated, spans[stated_in], spans))
        )
        p = tuple(" ".join(one.split()) for one in stated.p if self._holds("p", p_stands(one, said, in_table=in_table)))
        if not in_table:  # what rules read in the sentence itself stands where nothing of the model's does
            effects = effects or (statistics.effects(first.span.text) if stated.effects else ())
            p = p or (statistics.p_values(first.span.text) if stated.p else ())
        names = {
            name: self._checked(name, getattr(stated, name), (said,))
            for name in ("intervention", "comparator", "outcome", "time_point")
        }
        disease = self._checked("disease", stated.disease, around)
        finding = Finding(
            ordinal=0, kind=kind, species=self._species(stated.species, said), effects=effects, p=p,
            part=part_of(first.statement, kind) if first.statement is not None else None,
            main=stated.main and (kind in _MAY_BE_MAIN or self._source.study_type is StudyType.REVIEW),
            disease=disease or next((one.disease for one in of_rules), None),
            population=self._checked("population", stated.population, around), direction=stated.direction,
            cited=cited_in(first.span.text, self._source.cited_works) if kind is FindingKind.BACKGROUND else (),
            spans=spans, stated_in=stated_in, made_by=self._made_by, **names,
        )  # fmt: skip
        return finding.model_copy(update={"direction": self._direction(finding, of_rules)})

    def _blocks(self, references: Sequence[str]) -> list[Block]:
        """The blocks of these references, that of the statement first; none when the finding has no place."""
        wanted = list(dict.fromkeys(references))
        if not wanted or any(one not in self._text.blocks for one in wanted):
            self._drop("finding", "refers to no sentence of the document" if wanted else "refers to nothing")
            return []
        blocks = [self._text.blocks[one] for one in wanted]
        kept = [block for block in blocks if block.group == blocks[0].group][:MOST_SPANS]
        if len(kept) < len(blocks):
            self._drop("reference", "stands in another paragraph, or is the sixth")
        return kept

    def _spans(self, blocks: Sequence[Block]) -> tuple[tuple[Span, ...], int]:
        """The spans of a finding in reading order, and the place of the stating one; what a reader needs is added."""
        first = blocks[0]
        ordered = sorted(blocks, key=lambda one: one.order)
        before: tuple[Span, ...] = first.context
        behind: tuple[Span, ...] = ()
        if ordered[0].statement is not None and ordered[-1].statement is not None:
            spans, at = context_of(ordered[0].statement, self._text.statements)
            before = spans[:at]
            spans, at = context_of(ordered[-1].statement, self._text.statements)
            behind = spans[at + 1 :]
        own = tuple(one.span for one in ordered)
        left = MOST_SPANS - len(own)
        behind = behind[:left]
        left -= len(behind)
        before = before[len(before) - left :] if len(before) > left else before
        return (*before, *own, *behind), len(before) + own.index(first.span)

    def _around(self, block: Block) -> tuple[str, ...]:
        """Where a disease and a population may stand beside the sentences: paragraph, headings, title."""
        one = block.statement
        near = () if one is None else (self._paragraphs[one.paragraph], *one.headings)
        return (*near, self._source.title or "", self._source.population or "")

    def _effect(
        self, stated: StatedEffect, said: str, of: StatedFinding, statement: Span, spans: Sequence[Span]
    ) -> Effect | None:
        value = " ".join(stated.value.split())
        if not self._holds("effects", bool(value) and numbers_stand(value, said)):
            return None
        if _of_other_arms(value, of, statement, spans):
            self._drop("effects", "its numbers stand the other way round than its arms")
            return None
        low, high = stated.low, stated.high
        if (low or high) and not self._holds(
            "interval", all(one is not None and numbers_stand(one, said) for one in (low, high))
        ):
            low = high = None
        unit = stated.unit
        if unit and not self._holds("unit", unit_stands(unit, value, said)):
            unit = None
        return Effect(
            measure=self._measure(stated.measure, said), value=value, unit=unit or None, low=low or None,
            high=high or None,
        )  # fmt: skip

    def _measure(self, measure: str | None, said: str) -> str | None:
        plain = " ".join((measure or "").split())
        return plain if plain and self._holds("measure", measure_stands(plain, said)) else None

    def _kind(self, kind: FindingKind, block: Block, of_rules: Sequence[Finding]) -> FindingKind:
        """No result of the study itself is what rules know as told of other works, and what cites them."""
        told = any(one.kind is FindingKind.BACKGROUND for one in of_rules) and cites(block.span.text)
        if kind in (FindingKind.OWN_RESULT, FindingKind.CASE) and told:
            self._drop("kind", "the sentence cites other works")
            return FindingKind.BACKGROUND
        return kind

    def _species(self, species: Species, said: str) -> Species:
        named = species_named(said)
        if named is None or named is species or species is self._by_rules.population.species:
            return species
        self._drop("species", "its sentences name another one")
        return named

    def _direction(self, finding: Finding, of_rules: Sequence[Finding]) -> Direction:
        """The direction, unless what rules read in the same sentence, or the finding's own two numbers, say otherwise.

        Rules are not sure of a sentence in which they read both, nor where the numbers of two named arms say the direction.
        """
        direction = finding.direction
        if direction is Direction.NOT_STATED:
            return direction
        read = {seen_from(finding, one) for one in of_rules}
        known = {seen_from(finding, one) for one in of_outcome(finding, of_rules)} - {Direction.NOT_STATED}
        counted = {by_two_numbers(effect) for effect in finding.effects}
        named = finding.intervention is not None and finding.comparator is not None
        if len(known) == 1 and direction not in read and not (named and direction in counted):
            self._drop("direction", "the words of the sentence say otherwise")
            return Direction.NOT_STATED
        if {direction, *counted} >= {Direction.INCREASED, Direction.DECREASED}:
            self._drop("direction", "its two numbers say otherwise")
            return Direction.NOT_STATED
        return direction

    @property
    def _everything(self) -> tuple[str, ...]:
        return (self._source.title or "", *(block.span.text for block in self._text.blocks.values()))

    def _checked(self, what: str, name: str | None, texts: Sequence[str]) -> str | None:
        """The name as one line where one of the texts has it; else None, and counted."""
        plain = " ".join((name or "").split())
        if not plain:
            return None
        stands = len(plain.split()) <= MOST_NAME_WORDS and name_stands(plain, *texts)
        return plain if self._holds(what, stands) else None

    def _holds(self, what: str, holds: bool) -> bool:
        if not holds:
            self._drop(what, _NOT_THERE)
        return holds

    def _drop(self, what: str, reason: str) -> None:
        self._counted[what, reason] += 1


def _of_other_arms(value: str, of: StatedFinding, statement: Span, spans: Sequence[Span]) -> bool:
    """Whether "13.9 vs 11.6" are the numbers of comparator and intervention, where sentence or columns tell it."""
    match = TWO_NUMBERS.match(value)
    if match is None or not of.intervention or not of.comparator:
        return False
    arms, numbers = (of.intervention, of.comparator), (match["one"], match["two"])
    if statement.source is not SpanSource.TABLE:
        return crossed(*numbers, *arms, statement.text)
    head = next((span for span in spans if span.source is SpanSource.TABLE and span.row == 0), None)
    if head is None or head is statement:
        return False
    names, cells = head.text.split(" | "), statement.text.split(" | ")
    columns = [
        [place for place, cell in enumerate(row) if stands(wanted, cell)]
        for wanted, row, stands in (
            (arms[0], names, name_stands), (arms[1], names, name_stands),
            (numbers[0], cells, numbers_stand), (numbers[1], cells, numbers_stand),
        )
    ]  # fmt: skip
    first, second, one, other = (found[0] if len(found) == 1 else None for found in columns)
    return None not in (first, second, one, other) and first != second and (first, second) == (other, one)


def _union(named: Sequence[Finding], of_rules: Sequence[Finding], text: NumberedText) -> tuple[Finding, ...]:
    """The findings of the model, and those of the rules at other places, in reading order."""
    taken = {place_of(finding) for finding in named}
    order: Mapping[Place, int] = {_place(one.span): one.number for one in text.statements}
    everything = [*named, *(finding for finding in of_rules if place_of(finding) not in taken)]
    everything.sort(key=lambda finding: _order(finding, order))
    return tuple(
        finding if finding.ordinal == ordinal else finding.model_copy(update={"ordinal": ordinal})
        for ordinal, finding in enumerate(everything)
    )


def _order(finding: Finding, order: Mapping[Place, int]) -> tuple[int, int, int]:
    span = finding.statement
    match span.source:
        case SpanSource.TEXT:
            return (0, order.get(_place(span), len(order)), 0)
        case SpanSource.TABLE:
            return (1, span.table or 0, span.row or 0)
        case SpanSource.CAPTION:
            return (2, span.page, 0)


def _notes(reply: StudyRecordReply, text: NumberedText, by_rules: StudyRecord) -> list[str]:
    """What an editor should look at: another design, and what was not sent."""
    notes = []
    if reply.design not in (by_rules.design, StudyType.UNKNOWN):
        notes.append(f"the model takes it for a {reply.design.value}: correct the study type if it is one")
    if text.left_out:
        notes.append(
            f"{text.left_out} sentences, rows and captions were not sent: a request holds {REQUEST_TOKENS} tokens"
        )
    return notes
