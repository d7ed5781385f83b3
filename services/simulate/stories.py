"""A pupil's own story: lost, visited in vain, reached again."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np

from events.times import DAY, day_start
from services.simulate.calendar import HOUR, MINUTE, NEVER, to_working_hours
from services.simulate.draws import Ints, Words
from services.simulate.pupils import Pupils
from services.simulate.records import relay
from services.simulate.telling import JEUGDHULP, LEERPLICHT, SCHOOL, WIJ, Telling
from services.simulate.vocabulary import OUTCOMES, REASONS, VIA, VIA_WEIGHTS, WHO_WEIGHTS

__all__ = ["lose", "report_again", "restore", "visit"]

LATE: Final = 0.03
"""Losses reported one to three weeks late."""
BY_LEERPLICHT: Final = 0.06
"""Losses that leerplicht reports, not the school."""
TWICE: Final = 0.03
"""Losses that leerplicht reports too."""
REOPENED: Final = {
    "first": ("2020-05-11", "2020-05-11", "2020-06-02", "2020-06-15"),
    "second": ("2021-02-08", "2021-02-08", "2021-03-01", "2021-03-01"),
}
"""From when a pupil of po, so, vo, mbo may be seen at school again, wholly or in part."""

FIRST_WEEK_ENDS: Final = {"first": "2020-03-21", "second": "2020-12-16"}
"""Losses before this day are reported late. In the second closure schools were ready."""


def start_of(day: str) -> int:
    """Give the instant at which a day (ISO) begins."""
    return day_start(date.fromisoformat(day).toordinal())


def lose(telling: Telling, pupils: Pupils, reason: Ints) -> tuple[Ints, Words]:
    """Report losses; give when they were logged, and the numbers of the events."""
    n, draws = len(pupils), telling.draws
    late = draws.spread(n, (7.0 * DAY, 21.0 * DAY)).astype(np.int64) * draws.chance(n, LATE)
    # In the first week nobody had a list yet: most schools found out, and said so, in the second.
    unready = draws.spread(n, (20.0 * HOUR, 6.0 * DAY, 7.5 * DAY, 8.5 * DAY, 10.0 * DAY, 14.0 * DAY)).astype(np.int64)
    late = np.where(pupils.lost < start_of(FIRST_WEEK_ENDS[telling.closure]), np.maximum(late, unready), late)
    logged = telling.later(pupils.lost + late, (0.3, 2, 5, 20, 28, 50, 80, 120))
    who = np.where(draws.chance(n, BY_LEERPLICHT) & telling.leerplicht_knows(pupils), LEERPLICHT, SCHOOL)
    place = telling.place(pupils, pupils.lost)
    numbers = telling.batch.add(
        "contact-lost", relay(logged, draws), logged=logged, occurred=pupils.lost, who=pupils.number,
        household=np.where(pupils.household_known, pupils.household, np.uint64(0)), school=pupils.school,
        sector=pupils.sector, place=np.where(pupils.place_known, place, -1),
        source=telling.source(who, pupils, place), choice=reason,
    )  # fmt: skip
    return logged, numbers


def report_again(telling: Telling, pupils: Pupils, logged: Ints) -> None:
    """Let leerplicht report some losses that were reported already: in the count, it changes nothing."""
    long_enough = (pupils.end > pupils.lost + DAY) & telling.leerplicht_knows(pupils)
    some = np.flatnonzero(telling.draws.chance(len(pupils), TWICE) & long_enough)
    twice = pupils[some]
    when = twice.lost + 30 * MINUTE
    heard = telling.later(logged[some], (2, 30, 90))
    place = telling.place(twice, when)
    telling.batch.add(
        "contact-lost", relay(heard, telling.draws), logged=heard, occurred=when, who=twice.number,
        school=twice.school, sector=twice.sector, place=place, source=telling.source(LEERPLICHT, twice, place),
        choice=REASONS.index("no-response"),
    )  # fmt: skip


def visit(telling: Telling, pupils: Pupils) -> None:
    """Go to doors where nobody is met, before contact is restored; where leerplicht was told, it goes first."""
    n, draws = len(pupils), telling.draws
    length = np.minimum(pupils.end, pupils.lost + 45 * DAY) - pupils.lost
    for turn, (chance, low, high) in enumerate(((0.35, 0.3, 0.7), (0.1, 0.7, 0.95))):
        told = telling.told(pupils) & (turn == 0)
        goes = ((length > 4 * DAY) & draws.chance(n, chance)) | told
        visitor = draws.pick(n, (35, 35, 22, 8))
        visitor = np.where((visitor == LEERPLICHT) & ~telling.leerplicht_knows(pupils), SCHOOL, visitor)
        visitor = np.where(told, LEERPLICHT, visitor)
        outcome = 1 + draws.pick(n, (80, 6, 14))
        when = to_working_hours(pupils.lost + (length * draws.spread(n, (low, high))).astype(np.int64), draws)
        when = np.minimum(when, pupils.end - HOUR)
        chosen = np.flatnonzero(goes)
        some, when, visitor = pupils[chosen], (when - when % MINUTE)[chosen], visitor[chosen]
        logged = telling.later(when, (0.1, 1, 4, 24))
        telling.batch.add(
            "door-visit", relay(logged, draws), logged=logged, occurred=when, who=some.number, sector=some.sector,
            choice=outcome[chosen], extra=visitor, source=telling.source(visitor, some, telling.place(some, when)),
        )  # fmt: skip


def restore(telling: Telling, pupils: Pupils) -> None:
    """Report restored contact; one made at a door comes with the visit, in the same instant."""
    pupils = pupils[pupils.end < NEVER]
    n, draws = len(pupils), telling.draws
    who = draws.pick(n, WHO_WEIGHTS)
    if telling.closure == "second":
        # Whoever leerplicht was not told about, it did not help to reach; nor did the team it calls on.
        alone = np.where(who == JEUGDHULP, JEUGDHULP, SCHOOL)
        who = np.where(telling.told(pupils), np.where(who == WIJ, WIJ, LEERPLICHT), alone)
    via = np.zeros(n, dtype=np.int64)
    for organisation, weights in enumerate(VIA_WEIGHTS):
        chosen = np.flatnonzero(who == organisation)
        via[chosen] = draws.pick(len(chosen), weights)
    reopened = np.array([start_of(day) for day in REOPENED[telling.closure]])
    met_there = (who == SCHOOL) & (pupils.end >= reopened[pupils.sector]) & draws.chance(n, 0.8)
    via = np.where(met_there, VIA.index("at-school"), via)
    logged = telling.later(pupils.end, (0.1, 0.5, 2, 6, 20, 48))
    source = telling.source(who, pupils, telling.place(pupils, pupils.end))
    recorded = relay(logged, draws)
    telling.batch.add(
        "contact-restored", recorded, logged=logged, occurred=pupils.end, who=pupils.number, choice=via, source=source
    )
    door = np.flatnonzero(via == VIA.index("door-visit"))
    telling.batch.add(
        "door-visit", recorded[door] + 1 + draws.below(len(door), 3000), logged=logged[door],
        occurred=pupils.end[door], who=pupils.number[door], sector=pupils.sector[door],
        choice=OUTCOMES.index("contact"), extra=who[door], source=source[door],
    )  # fmt: skip
