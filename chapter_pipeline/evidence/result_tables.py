"""Owns the results that tables state: rows with a p value or an interval, read with their caption and head."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chapter_pipeline.domain.document import Table
from chapter_pipeline.domain.evidence import Direction, Effect, Span, SpanSource
from chapter_pipeline.evidence.arms import CONTROL
from chapter_pipeline.evidence.statistics import P_VALUE, effects
from chapter_pipeline.evidence.text import LONGEST

MOST_ROWS = 60
"""Rows of a table that become findings."""
SIGNIFICANT = 0.05
_I = re.IGNORECASE
_NOT_RESULTS = re.compile(
    r"\b(?:baseline|demographics?|characteristics? of (?:the )?(?:patients|participants|subjects|included|studies|study)|patient characteristics|inclusion|exclusion|criteria|search|primers?|antibod\w+|composition|abbreviations?|definitions?|questionnaire|items? of|schedule|dosing|quality assessment|risk of bias)\b",
    _I,
)
_P_HEAD = re.compile(
    r"^\s?[Pp](?:[- ]?(?:values?|trend|interaction|between.*|for .*))?\*?[a-z†‡¹²]?\s?\**$|\b[Pp][- ]?values?\b|^sig(?:\.|nificance)?$",
    _I,
)
_P_CELL = re.compile(r"^(?P<sign>[<>=≤≥]?)\s?(?P<value>0?[.·]\d+|1(?:\.0+)?)\s?[*†‡a-z]{0,3}$|^(?P<ns>NS|n\.s\.?)$", _I)
_NUMBER = re.compile(r"(?<![\w.])[-−–]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:[.·]\d+)?")
_EFFECT_HEAD = re.compile(
    r"\b(?:HR|OR|RR|hazard|odds|risk ratio|relative risk|difference|effect|β|beta|coefficient|95\s?%)\b", _I
)
_ARM_HEAD = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableResult:
    """What a row of a table states; `spans` are caption, head and row."""

    spans: tuple[Span, ...]
    outcome: str
    intervention: str | None
    comparator: str | None
    direction: Direction
    p: tuple[str, ...]
    effects: tuple[Effect, ...]


def table_results(tables: Sequence[Table]) -> Iterator[TableResult]:
    """The rows of results, in order of their tables; tables of baseline data and of methods have none."""
    for table in tables:
        head = table.rows[: table.header_rows]
        if not head or len(table.caption or "") > LONGEST or _NOT_RESULTS.search(table.caption or ""):
            continue
        names = [
            " ".join(dict.fromkeys(row[column].strip() for row in head if row[column].strip()))
            for column in range(len(table.rows[0]))
        ]
        p_columns = [column for column, name in enumerate(names) if column and _P_HEAD.search(name)]
        effect_columns = [column for column, name in enumerate(names) if column and _EFFECT_HEAD.search(name)]
        group = ""
        for index, row in enumerate(table.rows[table.header_rows :][:MOST_ROWS], start=table.header_rows):
            filled = [cell for cell in row[1:] if cell.strip()]
            if row[0].strip() and not filled:
                group = row[0].strip()
                continue
            result = _row(table, index, row, names, p_columns, effect_columns, group)
            if result is not None:
                yield result


def _row(
    table: Table, index: int, row: Sequence[str], names: Sequence[str], p_columns: Sequence[int],
    effect_columns: Sequence[int], group: str,
) -> TableResult | None:  # fmt: skip
    label = row[0].strip()
    if not label or any(len(cell) > LONGEST for cell in (*row, *names)) or not re.search(r"[A-Za-z]{2}", label):
        return None
    ps = [(row[column].strip(), match) for column in p_columns if (match := _P_CELL.match(row[column].strip()))]
    inline = P_VALUE.findall(" ".join(row))
    if not ps and not inline and not any(_NUMBER.search(row[column]) for column in effect_columns):
        return None
    columns = [
        column
        for column in range(1, len(row))
        if column not in p_columns
        and column not in effect_columns
        and _ARM_HEAD.search(names[column])
        and _NUMBER.search(row[column])
    ]
    arms = [names[column] for column in columns]
    values = [row[column].strip() for column in columns]
    if len(arms) == 2 and CONTROL.search(arms[0]) and not CONTROL.search(arms[1]):
        arms, values = arms[::-1], values[::-1]
    found = effects("; ".join(f"{names[column]} {row[column]}" for column in effect_columns))
    if len(arms) >= 2:
        found = (Effect(value=" vs ".join(values[:2])), *found)
    small = _small([match for _, match in ps])
    direction = Direction.NOT_STATED
    if small is False:
        direction = Direction.NO_DIFFERENCE
    elif small is True and len(arms) == 2 and len(ps) == 1 and not any(map(_NO_ARM_HEAD.search, arms)):
        one, two = (_measured(value, f"{label} {name}") for value, name in zip(values, arms, strict=True))
        if one is not None and two is not None and one[0] == two[0] and one[1] != two[1]:
            direction = Direction.INCREASED if one[1] > two[1] else Direction.DECREASED
    return TableResult(
        spans=_spans(table, index, names, row),
        outcome=f"{group}: {label}" if group else label,
        intervention=arms[0] if len(arms) >= 2 else None,
        comparator=arms[1] if len(arms) >= 2 else None,
        direction=direction,
        p=tuple(
            f"P={text}" if text[:1] not in "<>=≤≥Nn" else f"P{text}" if text[:1] not in "Nn" else text for text, _ in ps
        ),
        effects=found,
    )


def _measured(cell: str, head: str) -> tuple[str, float] | None:
    """What a cell measures, to be compared with another: a share where it states one, else its first number."""
    share = _SHARE.search(cell) or (_BRACKETED.search(cell) if "%" in head else None)
    if share:
        return "share", _float(share[1])
    fraction = _FRACTION.search(cell)
    if fraction:
        return ("share", 100 * _float(fraction[1]) / _float(fraction[2])) if _float(fraction[2]) else None
    number = _NUMBER.search(cell)
    return ("number", _float(number.group())) if number else None


def _float(number: str) -> float:
    return float(number.replace("−", "-").replace("–", "-").replace("·", ".").replace(",", ""))


_SHARE = re.compile(r"^(?:\d+(?:\s?/\s?\d+)?\s?\(\s?)?(\d+(?:[.·]\d+)?)\s?%")
"""Of "21%", "26 (21%)" and "26/121 (21%)"; the share behind a mean, "5.8 (29%)", is of another kind."""
_BRACKETED = re.compile(r"^\d+\s?\(\s?(\d+(?:[.·]\d+)?)\s?\)")
_FRACTION = re.compile(r"(?<![\w.])(\d+)\s?/\s?(\d+)(?![\w.])")
_NO_ARM_HEAD = re.compile(
    r"\b(?:baseline|before|after|pre\w*|post\w*|follow-?up|total|overall|all|mean|median|range|SD|SE|sum|events|number|change|weeks?|months?|days?|years?|day|visit|time|score|first|second|initial|final)\b|^(?:n|no\.?)$|^\W*$",
    _I,
)
"""The head of a column that is no arm: two of them say nothing of a difference between arms."""


def _small(cells: Sequence[re.Match[str]]) -> bool | None:
    said = set()
    for cell in cells:
        if cell["ns"]:
            said.add(False)
        else:
            value = float(cell["value"].replace("·", "."))
            said.add(value <= SIGNIFICANT and cell["sign"] not in (">", "≥"))
    return said.pop() if len(said) == 1 else None


def _spans(table: Table, index: int, names: Sequence[str], row: Sequence[str]) -> tuple[Span, ...]:
    shown = " ".join(filter(None, (table.label, table.caption)))
    rows = [(SpanSource.CAPTION, shown, None), (SpanSource.TABLE, " | ".join(names), 0)]
    rows.append((SpanSource.TABLE, " | ".join(cell.strip() for cell in row), index))
    spans = [
        Span(source=source, text=text, row=number, page=table.page, table=table.ordinal, label=table.label)
        for source, text, number in rows
        if text.strip(" |")
    ]
    return tuple(spans)
