"""The register: the municipalities of the Netherlands since 2019, and what was decided when about closures.

Municipal divisions are those that Statistics Netherlands (CBS) publishes; a code lives from
``valid_from`` up to and including ``valid_until`` and may have one successor (a merger) or
several (a split). Closure decisions are those of the press conferences, times rounded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files

__all__ = ["ClosureDecision", "Municipality", "closure_decisions", "codes_between", "codes_on", "municipalities"]


@dataclass(frozen=True, slots=True)
class Municipality:
    """One municipality under one CBS code; ``latitude`` and ``longitude`` (WGS 84) lie inside it."""

    code: str
    name: str
    valid_from: date
    valid_until: date | None
    successors: tuple[str, ...]
    province: str
    safety_region: str
    safety_region_name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class ClosureDecision:
    """What was decided at ``decided_at`` about one closure; ``starts`` and ``until`` are both inclusive days."""

    closure: str
    decided_at: datetime
    sectors: tuple[str, ...]
    regime: str
    starts: date
    until: date | None


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((files(__package__) / name).read_text("utf-8").splitlines())


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def municipalities() -> tuple[Municipality, ...]:
    """Every municipality under every code since 2019, in the order of the codes."""
    return tuple(
        Municipality(
            row["code"],
            row["name"],
            date.fromisoformat(row["valid_from"]),
            _date(row["valid_until"]),
            tuple(row["successors"].split()),
            row["province"],
            row["safety_region"],
            row["safety_region_name"],
            float(row["latitude"]),
            float(row["longitude"]),
        )
        for row in _rows("municipalities.csv")
    )


@lru_cache(maxsize=64)
def codes_between(first: int, last: int) -> tuple[str, ...]:
    """Codes valid on some day from ``first`` up to and including ``last`` (proleptic ordinals)."""
    return tuple(
        m.code
        for m in municipalities()
        if m.valid_from.toordinal() <= last and (m.valid_until is None or m.valid_until.toordinal() >= first)
    )


def codes_on(day: int) -> tuple[str, ...]:
    """Codes valid on ``day`` (a proleptic ordinal)."""
    return codes_between(day, day)


@cache
def closure_decisions() -> tuple[ClosureDecision, ...]:
    """Every decision about a school closure in 2020 and 2021, in the order decided."""
    return tuple(
        ClosureDecision(
            row["closure"],
            datetime.fromisoformat(row["decided_at"]),
            tuple(row["sectors"].split()),
            row["regime"],
            date.fromisoformat(row["from"]),
            _date(row["until"]),
        )
        for row in _rows("closures.csv")
    )
