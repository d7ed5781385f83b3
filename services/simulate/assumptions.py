"""Every number that the simulation rests on; which are facts and which assumptions stands in docs/simulation.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from services.simulate.calendar import Window

__all__ = ["CLOSURES", "COHORTS", "LENDERS", "Closure", "Cohort", "Lender"]

Closure = Literal["first", "second"]
CLOSURES: Final[tuple[Closure, ...]] = ("first", "second")

_MIXED: Final = (62, 25, 10, 3)
_FAMILIES: Final = (0, 40, 60)
_SINGLE: Final = (92, 7, 1)


@dataclass(frozen=True)
class Cohort:
    """So many pupils of one sector, lost and restored within two windows.

    `family` weighs households of 1, 2, 3 ... pupils; without `restored` they stay unreached. `reorganised`: they live
    in municipalities whose code ended on 1 January 2021.
    """

    closure: Closure
    sector: str
    pupils: int
    lost: Window
    restored: Window | None
    family: tuple[int, ...] = _MIXED
    reorganised: bool = False


def _first(sector: str, pupils: int, lost: Window, restored: Window | None, family: tuple[int, ...] = _MIXED) -> Cohort:
    return Cohort("first", sector, pupils, lost, restored, family)


def _second(
    sector: str, pupils: int, lost: Window, restored: Window | None, family: tuple[int, ...] = _MIXED
) -> Cohort:
    return Cohort("second", sector, pupils, lost, restored, family)


COHORTS: Final = (
    # Primary education: about 7,000 on 15 April, 500 on 21 May, 430 in June 2020.
    _first("po", 3800, Window("2020-03-16", "2020-04-03", 3), Window("2020-03-23", "2020-04-10")),
    _first("po", 6900, Window("2020-03-16", "2020-04-09", 3), Window("2020-04-16", "2020-05-15", 2)),
    _first("po", 1000, Window("2020-04-14", "2020-05-08"), Window("2020-04-20", "2020-05-18")),
    _first("po", 45, Window("2020-03-16", "2020-05-13", 2), Window("2020-05-25", "2020-06-03"), _FAMILIES),
    _first("po", 465, Window("2020-03-16", "2020-05-13", 2), Window("2020-06-09", "2020-09-30", 2), _FAMILIES),
    # Special education, secondary special included: 50 + 100 in June 2020.
    _first("so", 200, Window("2020-03-16", "2020-04-03", 3), Window("2020-03-23", "2020-04-10")),
    _first("so", 250, Window("2020-03-16", "2020-04-16", 2), Window("2020-04-20", "2020-05-20")),
    _first("so", 150, Window("2020-03-16", "2020-05-08", 2), Window("2020-06-10", "2020-09-30", 2), _SINGLE),
    # Secondary and vocational education: assumptions.
    _first("vo", 900, Window("2020-03-16", "2020-04-09", 2), Window("2020-03-24", "2020-04-14")),
    _first("vo", 700, Window("2020-03-16", "2020-04-14", 2), Window("2020-04-16", "2020-05-29"), _SINGLE),
    _first("vo", 300, Window("2020-04-14", "2020-05-20"), Window("2020-04-28", "2020-06-05"), _SINGLE),
    _first("vo", 90, Window("2020-03-18", "2020-05-20"), Window("2020-06-03", "2020-09-30"), _SINGLE),
    _first("vo", 20, Window("2020-03-18", "2020-05-20"), None, _SINGLE),
    _first("mbo", 350, Window("2020-03-17", "2020-04-14"), Window("2020-03-30", "2020-04-24"), (1,)),
    _first("mbo", 350, Window("2020-03-17", "2020-05-15"), Window("2020-04-28", "2020-06-12"), (1,)),
    _first("mbo", 80, Window("2020-03-24", "2020-05-29"), Window("2020-06-15", "2020-10-02"), (1,)),
    _first("mbo", 20, Window("2020-03-24", "2020-05-29"), None, (1,)),
    # The second closure: one school in twenty had at least one.
    _second("po", 320, Window("2020-12-16", "2021-01-15", 2), Window("2020-12-21", "2021-01-29")),
    _second("po", 180, Window("2020-12-16", "2021-01-29"), Window("2021-01-18", "2021-02-12")),
    _second("so", 35, Window("2020-12-16", "2021-01-29"), Window("2021-01-07", "2021-02-12"), _SINGLE),
    _second("vo", 52, Window("2020-12-16", "2021-03-26"), Window("2021-01-11", "2021-04-23"), _SINGLE),
    _second("vo", 6, Window("2020-12-16", "2021-03-26"), None, _SINGLE),
    _second("mbo", 25, Window("2020-12-16", "2021-04-30"), Window("2021-01-18", "2021-06-11"), (1,)),
    Cohort(
        "second", "po", 12, Window("2020-12-16", "2020-12-18"), Window("2021-01-12", "2021-01-29"), reorganised=True
    ),
)


@dataclass(frozen=True)
class Lender:
    """Who lent how many devices in the first closure, where (a municipality's code, or the whole country)."""

    name: str
    devices: int
    municipality: str | None
    publisher: Literal["school", "wij"]
    mix: tuple[int, int, int]
    """Weights of laptop, tablet, internet."""


LENDERS: Final = (
    Lender("gemeente Amsterdam", 3000, "GM0363", "wij", (70, 20, 10)),
    Lender("gemeente Rotterdam", 3000, "GM0599", "wij", (70, 20, 10)),
    Lender("SIVON", 6800, None, "school", (90, 10, 0)),
    Lender("Jeugdeducatiefonds", 2598, None, "school", (90, 10, 0)),
    Lender("Leergeld Den Haag", 850, "GM0518", "wij", (90, 10, 0)),
    Lender("gemeente Groningen", 60, "GM0014", "wij", (0, 0, 1)),
)
