"""Owns units of measure: how they are written, what they measure, and how one is turned into another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SYMBOLS: dict[str, tuple[str, float]] = {
    "kg": ("mass", 1e6), "g": ("mass", 1e3), "mg": ("mass", 1.0), "mcg": ("mass", 1e-3), "µg": ("mass", 1e-3),
    "ug": ("mass", 1e-3), "ng": ("mass", 1e-6), "pg": ("mass", 1e-9), "gm": ("mass", 1e3), "gms": ("mass", 1e3),
    "L": ("volume", 1e3), "l": ("volume", 1e3), "dL": ("volume", 1e2), "dl": ("volume", 1e2), "cl": ("volume", 10.0),
    "mL": ("volume", 1.0), "ml": ("volume", 1.0), "µL": ("volume", 1e-3), "µl": ("volume", 1e-3), "cc": ("volume", 1.0),
    "m": ("length", 1e3), "cm": ("length", 10.0), "mm": ("length", 1.0), "µm": ("length", 1e-3), "nm": ("length", 1e-6),
    "km": ("length", 1e6), "cm3": ("volume", 1.0), "cm³": ("volume", 1.0), "mm3": ("volume", 1e-3), "mm³": ("volume", 1e-3),
    "cm2": ("area", 100.0), "cm²": ("area", 100.0), "mm2": ("area", 1.0), "mm²": ("area", 1.0), "m2": ("area", 1e6),
    "m²": ("area", 1e6), "M": ("molar", 1.0), "mM": ("molar", 1e-3), "µM": ("molar", 1e-6), "uM": ("molar", 1e-6),
    "nM": ("molar", 1e-9), "pM": ("molar", 1e-12), "mol": ("amount", 1.0), "mmol": ("amount", 1e-3),
    "µmol": ("amount", 1e-6), "nmol": ("amount", 1e-9), "pmol": ("amount", 1e-12), "mEq": ("equivalents", 1.0),
    "Gy": ("dose", 1.0), "cGy": ("dose", 1e-2), "mGy": ("dose", 1e-3), "Sv": ("equivalent dose", 1.0),
    "mSv": ("equivalent dose", 1e-3), "Bq": ("activity", 1.0), "kBq": ("activity", 1e3), "MBq": ("activity", 1e6),
    "GBq": ("activity", 1e9), "mCi": ("activity", 3.7e7), "µCi": ("activity", 3.7e4), "Ci": ("activity", 3.7e10),
    "IU": ("units", 1.0), "U": ("units", 1.0), "mIU": ("units", 1e-3), "MIU": ("units", 1e6), "mmHg": ("pressure", 1.0),
    "mm Hg": ("pressure", 1.0), "cmH2O": ("pressure", 0.7356), "cm H2O": ("pressure", 0.7356), "cmH₂O": ("pressure", 0.7356),
    "kPa": ("pressure", 7.501), "Hz": ("frequency", 1.0), "kHz": ("frequency", 1e3), "MHz": ("frequency", 1e6),
    "GHz": ("frequency", 1e9), "kDa": ("molecular mass", 1.0), "Da": ("molecular mass", 1e-3), "°C": ("temperature", 1.0),
    "kcal": ("energy", 1.0), "kJ": ("energy", 0.239), "mW": ("power", 1e-3),
    "mV": ("voltage", 1e-3), "kV": ("voltage", 1e3), "mA": ("current", 1.0), "µA": ("current", 1e-3),
    "bpm": ("pulse", 1.0), "s": ("time", 1 / 86400), "sec": ("time", 1 / 86400), "secs": ("time", 1 / 86400),
    "ms": ("time", 1 / 86400000), "min": ("time", 1 / 1440), "mins": ("time", 1 / 1440), "h": ("time", 1 / 24),
    "hr": ("time", 1 / 24), "hrs": ("time", 1 / 24), "d": ("time", 1.0), "wk": ("time", 7.0), "wks": ("time", 7.0),
    "mo": ("time", 30.44), "mos": ("time", 30.44), "yr": ("time", 365.25), "yrs": ("time", 365.25), "y": ("time", 365.25),
    "%": ("percent", 1.0), "‰": ("percent", 0.1),
}  # fmt: skip
_NAMES: dict[str, tuple[str, float]] = {
    "kilograms?": ("mass", 1e6), "grams?": ("mass", 1e3), "milligrams?": ("mass", 1.0), "micrograms?": ("mass", 1e-3),
    "nanograms?": ("mass", 1e-6), "lit(?:re|er)s?": ("volume", 1e3), "decilit(?:re|er)s?": ("volume", 1e2),
    "millilit(?:re|er)s?": ("volume", 1.0), "met(?:re|er)s?": ("length", 1e3), "centimet(?:re|er)s?": ("length", 10.0),
    "millimet(?:re|er)s?": ("length", 1.0), "kilomet(?:re|er)s?": ("length", 1e6), "microns?": ("length", 1e-3),
    "gray": ("dose", 1.0), "international units?": ("units", 1.0), "units?": ("units", 1.0),
    "milliseconds?": ("time", 1 / 86400000), "seconds?": ("time", 1 / 86400), "minutes?": ("time", 1 / 1440),
    "hours?": ("time", 1 / 24), "days?": ("time", 1.0), "weeks?": ("time", 7.0), "fortnights?": ("time", 14.0),
    "months?": ("time", 30.44), "years?": ("time", 365.25), "decades?": ("time", 3652.5),
    "percentage points?": ("points of percent", 1.0), "percent(?:age)?": ("percent", 1.0),
}  # fmt: skip
PEOPLE = (
    "patients?|subjects?|participants?|people|persons?|individuals?|women|woman|men|children|infants?|neonates?|newborns?|"
    "adults?|volunteers?|girls?|boys?|mothers?|cases|survivors|recipients|rats|mice|pigs|lambs|rabbits|dogs|animals"
)
"""Whom a study counts: a number before them is a count, never a share or a dose."""
_SYMBOL = "|".join(sorted(map(re.escape, _SYMBOLS), key=len, reverse=True))
_NAME = "|".join(sorted(_NAMES, key=len, reverse=True))
_OVER = re.compile(
    r"\s?(?:/\s?\(?|·|\bper\s|\ban?\s(?=kg|kilo|day|week|month|year|hour|minute|second)|\beach\s|\bevery\s)\s?"
    r"(?:body\s|1\.73\s?)?(?P<unit>kg|kilogram|m2|m²|mg|g|dL|dl|L|l|mL|ml|days?|d|hours?|hr|h|minutes?|min|weeks?|wk|months?|mo|"
    r"years?|yr|s|second|cm2|cm²)\b\)?"
)
_DAILY = re.compile(r"\s?(?:daily|weekly|monthly|hourly|yearly|annually)\b")
_OFTEN = {"daily": "day", "weekly": "week", "monthly": "month", "hourly": "hour", "yearly": "year", "annually": "year"}
_BASE = re.compile(rf"[\s-]?(?:(?P<name>{_NAME})(?![A-Za-z])|(?P<symbol>{_SYMBOL})(?![A-Za-z0-9₂]))")
_PEOPLE = re.compile(rf"\s(?:[a-z-]+\s){{0,2}}?(?P<people>{PEOPLE})\b")
_RATE = {
    "d": "day", "days": "day", "hours": "hour", "hr": "hour", "h": "hour", "minutes": "min", "minute": "min",
    "weeks": "week", "wk": "week", "months": "month", "mo": "month", "years": "year", "yr": "year", "m²": "m2",
    "kilogram": "kg", "s": "second",
}  # fmt: skip
RATES = frozenset({"day", "hour", "min", "week", "month", "year", "second"})
BODY = frozenset({"kg", "m2"})


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts: its `kind` (``mass``, ``time``, ``people``), the `factor` to the kind's own unit, and `over`."""

    kind: str
    factor: float
    text: str
    over: frozenset[str] = frozenset()


@lru_cache(maxsize=8192)
def unit_at(text: str, at: int) -> tuple[Unit, int] | None:
    """The unit that begins at `at`, the longest that fits, and where it ends; None without one."""
    base = _BASE.match(text, at)
    if base is None:
        people = _PEOPLE.match(text, at)
        if people is not None and not re.search(r"\b(?:of|in|and|or|than|with|to)\b", people.group()):
            return Unit("people", 1.0, people["people"]), people.end()
        return None
    name = base["name"]
    if name is not None:
        kind, factor = next(known for pattern, known in _NAMES.items() if re.fullmatch(pattern, name, re.IGNORECASE))
    else:
        kind, factor = _SYMBOLS[base["symbol"]]
    end, over = base.end(), set()
    while (below := _OVER.match(text, end)) is not None:
        if "1.73" not in below.group():
            over.add(_RATE.get(below["unit"], below["unit"]))
        end = below.end()
    often = _DAILY.match(text, end)
    if often is not None:
        over.add(_OFTEN[often.group().strip()])
        end = often.end()
    return Unit(kind, factor, text[base.start() : end].strip(" -"), frozenset(over)), end


def same_measure(first: Unit | None, second: Unit | None) -> bool:
    """Whether numbers with these units can be one measure. A missing unit, or a missing rate, tells nothing."""
    if first is None or second is None:
        return True
    if first.kind != second.kind:
        return {first.kind, second.kind} == {"percent", "points of percent"}
    if first.over & BODY != second.over & BODY:
        return False
    rates = (first.over & RATES, second.over & RATES)
    return not (rates[0] and rates[1] and rates[0] != rates[1])
