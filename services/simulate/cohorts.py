"""The events about pupils, chunk by chunk: cohorts of lost pupils, and devices lent to others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from projections.tables import SECTORS
from services.simulate.asides import establish, lend, mistake, relapse
from services.simulate.assumptions import COHORTS, LENDERS, Closure, Cohort, Lender
from services.simulate.calendar import Window, week_ends
from services.simulate.draws import Draws, Ints
from services.simulate.nation import Nation
from services.simulate.pupils import Pupils, draw_pupils, households_of
from services.simulate.records import Batch, Records, numbers_from, relay
from services.simulate.stories import lose, report_again, restore, visit
from services.simulate.telling import WIJ, Telling
from services.simulate.vocabulary import REASON_WEIGHTS

__all__ = ["pupil_events"]

HOUSEHOLDS_PER_CHUNK: Final = 16_384
MISTAKEN: Final = 0.012
"""Households reported lost that were not, beside those that were; each report is retracted."""
_LENT: Final = Window("2020-03-23", "2020-04-30", 2)


def pupil_events(
    nation: Nation, closures: tuple[Closure, ...], scale: float, seed: int, truth: Ints
) -> Iterator[Records]:
    """Give the events about pupils in chunks, in no order; add to `truth` who is not reached.

    `truth[school, w]` gets the change, from the Friday noon of week `w - 1` to that of week `w`, of the number of
    pupils whom the school has not reached.
    """
    for number, cohort in enumerate(COHORTS):
        if cohort.closure in closures:
            # Who is there for one case is there once, however small the country.
            households = max(households_of(cohort, scale), 1 if cohort.reorganised else 0)
            for part, start in enumerate(range(0, households, HOUSEHOLDS_PER_CHUNK)):
                size = min(HOUSEHOLDS_PER_CHUNK, households - start)
                yield _cohort_chunk(nation, cohort, size, (number + 1) << 20 | part << 1, seed, truth)
    if "first" in closures:
        for number, lender in enumerate(LENDERS, start=len(COHORTS)):
            devices = int(lender.devices * scale + 0.5)
            for part, start in enumerate(range(0, devices, HOUSEHOLDS_PER_CHUNK)):
                size = min(HOUSEHOLDS_PER_CHUNK, devices - start)
                yield _devices_chunk(nation, lender, number - len(COHORTS), size, (number + 1) << 20 | part << 1, seed)


def _cohort_chunk(nation: Nation, cohort: Cohort, households: int, chunk: int, seed: int, truth: Ints) -> Records:
    draws = Draws(seed, 2, chunk)
    batch = Batch(chunk)
    telling = Telling(nation, cohort.closure, batch, draws)
    pupils = draw_pupils(nation, cohort, households, chunk, draws)
    reason = draws.pick(len(pupils), REASON_WEIGHTS)
    logged, _ = lose(telling, pupils, reason)
    report_again(telling, pupils, logged)
    establish(telling, pupils, logged)
    visit(telling, pupils)
    lend(telling, pupils, reason)
    restore(telling, pupils)
    _add_truth(truth, pupils)
    _add_truth(truth, relapse(telling, pupils))
    strangers = draw_pupils(nation, cohort, int(households * MISTAKEN + 0.5), chunk + 1, draws)
    mistake(telling, pupils, strangers)
    return batch.records(draws)


def _add_truth(truth: Ints, pupils: Pupils) -> None:
    np.add.at(truth, (pupils.school, np.searchsorted(week_ends(), pupils.lost)), 1)
    np.add.at(truth, (pupils.school, np.searchsorted(week_ends(), pupils.end)), -1)


def _devices_chunk(nation: Nation, lender: Lender, number: int, devices: int, chunk: int, seed: int) -> Records:
    """Lend devices to pupils who are in contact; whoever lends also states where the pupil lives."""
    draws = Draws(seed, 2, chunk)
    batch = Batch(chunk)
    codes = [place.code for place in nation.places]
    vo = draws.chance(devices, 0.4)
    sector = np.where(vo, SECTORS.index("vo"), SECTORS.index("po"))
    school = np.empty(devices, dtype=np.int64)
    for s in np.unique(sector).tolist():
        first, last = nation.span[s]
        chosen = np.flatnonzero(sector == s)
        school[chosen] = first + draws.pick(len(chosen), nation.pupils[first:last])
    home = nation.place[school]
    if lender.municipality is not None:
        home = np.full(devices, codes.index(lender.municipality))
    if lender.publisher == "wij":
        source = nation.local_sources(np.full(devices, WIJ), home)
    else:
        source = nation.school_sources(school)
    when = _LENT.draw(devices, draws)
    logged = when + draws.below(devices, 3600) * 1_000_000
    recorded = relay(logged, draws)
    who = numbers_from(chunk, 0, devices)
    common = {"logged": logged, "occurred": when, "who": who, "source": source}
    batch.add("residence-established", recorded, place=home, **common)
    batch.add(
        "device-lent", recorded + 1 + draws.below(devices, 3000), sector=sector,
        choice=draws.pick(devices, lender.mix), extra=number + 1, **common,
    )  # fmt: skip
    return batch.records(draws)
