"""What schools answer by the week, who is reminded, and what the coordinator announces and registers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from events.times import DAY, to_micros
from projections.register import ClosureDecision, closure_decisions
from projections.tables import SECTORS
from services.simulate.assumptions import CLOSURES, Closure
from services.simulate.calendar import (
    HOLIDAY_WEEKS,
    HOUR,
    MINUTE,
    REORGANISATION,
    SECOND,
    closed_weeks,
    to_working_hours,
    week_ends,
    week_text,
)
from services.simulate.draws import Draws, Floats, Ints
from services.simulate.nation import COORDINATOR, Nation
from services.simulate.records import Batch, Records, relay
from services.simulate.telling import LEERPLICHT

__all__ = ["decisions_of", "school_events"]

RAMP: Final = {  # share of schools that answer by themselves, by week of the closure, the last one from then on
    "po": (0.0, 0.38, 0.55, 0.63, 0.67, 0.71, 0.75),
    "so": (0.0, 0.34, 0.52, 0.60, 0.66, 0.71, 0.75),
    "vo": (0.0, 0.12, 0.36, 0.47, 0.54, 0.60, 0.64),
    "mbo": (0.0, 0.08, 0.32, 0.44, 0.50, 0.56, 0.60),
}
HOLIDAY: Final = 0.35
"""What remains of it in a week without school."""
NEVER_ANSWERS: Final = 0.04
PROMPT: Final = 0.72
"""Answers given in the week itself; the others come in the days after it."""
PO_FIRST: Final = frozenset({"po", "so"})
"""Sectors of which the first answers come in the second week itself; of the others, from the third on."""
REMINDED: Final = 0.6
"""Schools that did not answer and are reminded; of the rest somebody knows why."""
AFTER_REMINDER: Final = 0.3
CORRECTED: Final = 0.025
REMINDED_BY_LEERPLICHT: Final = 0.2
RIGHT: Final = 0.85
"""Claims equal to the number of pupils not reached; the others are one off, or a tenth."""
_REGISTERED: Final = {"first": date(2020, 3, 15), "second": date(2020, 12, 14)}


def decisions_of(closures: tuple[Closure, ...]) -> tuple[ClosureDecision, ...]:
    """List what was decided about these closures, in the order decided."""
    return tuple(
        decision
        for decision in closure_decisions()
        if ("first" if decision.starts < date(2020, 8, 1) else "second") in closures
    )


def school_events(nation: Nation, closures: tuple[Closure, ...], seed: int, truth: Ints) -> Iterator[Records]:
    """Give announcements, registrations, answers and reminders, in no order; `truth` as `pupil_events` left it."""
    for closure in closures:
        yield _announcements(closure, closures, seed)
    yield _registrations(nation, closures, seed)
    unreached = np.cumsum(truth, axis=1)
    for closure in closures:
        for s, sector in enumerate(SECTORS):
            chunk = 16 + 8 * CLOSURES.index(closure) + s
            yield _answers(nation, closed_weeks(closure, sector), s, chunk, Draws(seed, 3, chunk), unreached)


def _announcements(closure: Closure, closures: tuple[Closure, ...], seed: int) -> Records:
    chunk = 4 + CLOSURES.index(closure)
    draws, batch = Draws(seed, 3, chunk), Batch(chunk)
    all_decisions, decisions = decisions_of(closures), decisions_of((closure,))
    at = np.array([to_micros(decision.decided_at) for decision in decisions], dtype=np.int64)
    # Decided in one press conference, announced one after the other.
    turn = np.arange(len(at)) - np.searchsorted(at, at)
    logged = at + (5 + turn) * MINUTE
    recorded = logged + (draws.spread(len(at), (0.2, 2.0)) * SECOND).astype(np.int64)
    which = [all_decisions.index(decision) for decision in decisions]
    batch.add("closure-announced", recorded, logged=logged, occurred=at, source=COORDINATOR, amount=which)
    return batch.records(draws)


def _registrations(nation: Nation, closures: tuple[Closure, ...], seed: int) -> Records:
    draws, batch = Draws(seed, 3, 2), Batch(2)
    schools = np.arange(len(nation.codes))
    # In the evening after the decision, a few a second; and where a code ends, again under the new one.
    evening = _winter_hour(_REGISTERED[closures[0]], 20)
    logged = evening + schools * (SECOND // 2)
    _register(batch, draws, nation, schools, nation.place, logged)
    if "second" in closures:
        slot = draws.below(len(schools), 4)
        later = nation.successors[nation.place, slot]
        moved = np.flatnonzero(later != nation.place)
        logged = REORGANISATION + 3 * DAY + 9 * HOUR + np.arange(len(moved)) * SECOND
        _register(batch, draws, nation, moved, later[moved], logged)
    return batch.records(draws)


def _winter_hour(day: date, hour: int) -> int:
    """Give the instant of a full hour of winter time."""
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * DAY + (hour - 1) * HOUR


def _register(batch: Batch, draws: Draws, nation: Nation, schools: Ints, places: Ints, logged: Ints) -> None:
    recorded = logged + (draws.spread(len(schools), (0.15, 0.4)) * SECOND).astype(np.int64)
    batch.add(
        "school-registered", recorded, logged=logged, occurred=logged, source=COORDINATOR, school=schools,
        sector=nation.sector[schools], place=places, amount=nation.pupils[schools],
    )  # fmt: skip


def _answers(nation: Nation, weeks: tuple[int, ...], s: int, chunk: int, draws: Draws, unreached: Ints) -> Records:
    """Let the schools of a sector answer for the weeks of a closure."""
    batch = Batch(chunk)
    first, last = nation.span[s]
    schools = np.arange(first, last)
    n = len(schools)
    silent = draws.chance(n, NEVER_ANSWERS)
    # A school that is slow in one week is slow in most.
    habit = draws.uniform(n)
    for turn, week in enumerate(weeks):
        ramp = RAMP[SECTORS[s]]
        holiday = week_text(week) in HOLIDAY_WEEKS
        share = ramp[min(turn, len(ramp) - 1)] * (HOLIDAY if holiday else 1.0)
        mood = (habit + draws.uniform(n)) * 0.5
        answers = ~silent & _below_share(mood, share)
        prompt = draws.chance(n, PROMPT) & (turn > 1 or SECTORS[s] in PO_FIRST)
        friday = int(week_ends()[week])
        early = friday + draws.spread(n, (-26.0 * HOUR, -20.0 * HOUR, -1.0 * HOUR, 5.0 * HOUR)).astype(np.int64)
        after = friday + draws.spread(n, (68.0 * HOUR, 76.0 * HOUR, 94.0 * HOUR, 126.0 * HOUR)).astype(np.int64)
        when = to_working_hours(np.where(prompt, early, after), draws)
        reminded_at = to_working_hours(friday + 93 * HOUR + draws.below(n, HOUR), draws)
        reminded = (~answers | (when > reminded_at)) & draws.chance(n, REMINDED) & (turn > 0 and not holiday)
        _remind(batch, draws, nation, schools[reminded], s, week, reminded_at[reminded])
        heeds = reminded & ~answers & ~silent & draws.chance(n, AFTER_REMINDER)
        hours = draws.spread(n, (0.3 * HOUR, 5.0 * HOUR, 26.0 * HOUR, 76.0 * HOUR)).astype(np.int64)
        when = np.where(heeds, to_working_hours(reminded_at + hours, draws), when)
        chosen = np.flatnonzero(answers | heeds)
        _report(batch, draws, nation, schools[chosen], s, week, when[chosen], unreached[schools[chosen], week])
    return batch.records(draws)


def _below_share(mood: Floats, share: float) -> NDArray[np.bool_]:
    """Choose this share of schools by mood, the mean of two uniform draws."""
    limit = int(share * len(mood) + 0.5)
    chosen = np.zeros(len(mood), dtype=np.bool_)
    chosen[np.argsort(mood, kind="stable")[:limit]] = True
    return chosen


def _remind(batch: Batch, draws: Draws, nation: Nation, schools: Ints, s: int, week: int, logged: Ints) -> None:
    n = len(schools)
    officer = nation.local_sources(np.full(n, LEERPLICHT), nation.place[schools])
    source = np.where(draws.chance(n, REMINDED_BY_LEERPLICHT), officer, COORDINATOR)
    batch.add(
        "reminder-sent", relay(logged, draws), logged=logged, occurred=logged, source=source, school=schools,
        sector=s, week=week,
    )  # fmt: skip


def _report(
    batch: Batch, draws: Draws, nation: Nation, schools: Ints, s: int, week: int, logged: Ints, unreached: Ints
) -> None:
    n = len(schools)
    source = nation.school_sources(schools)
    off = np.where(draws.chance(n, 0.5), 1, -1) * np.maximum(1, unreached // 10)
    wrong = ~draws.chance(n, RIGHT) & ((unreached > 0) | draws.chance(n, 0.04))
    claim = np.maximum(0, unreached + off * wrong)
    # Some senders' clocks are up to two minutes ahead of the ledger's.
    ahead = draws.below(n, 2 * MINUTE) * draws.chance(n, 0.003)
    common = {"source": source, "school": schools, "sector": s, "week": week}
    batch.add("week-reported", relay(logged, draws) - ahead, logged=logged, occurred=logged, amount=claim, **common)
    wanted = wrong & draws.chance(n, 0.3) | draws.chance(n, CORRECTED)
    again = np.flatnonzero(wanted)
    later = to_working_hours(logged[again] + draws.below(len(again), 70 * HOUR) + 10 * MINUTE, draws)
    common = {"source": source[again], "school": schools[again], "sector": s, "week": week}
    batch.add("week-reported", relay(later, draws), logged=later, occurred=later, amount=unreached[again], **common)
