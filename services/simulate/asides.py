"""What goes with it: where pupils turn out to live, devices, relapses, and reports that were mistakes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from events.times import DAY
from services.simulate.calendar import HOUR, MINUTE, NEVER, REORGANISATION, Window, to_working_hours
from services.simulate.draws import Ints, Words
from services.simulate.pupils import Pupils
from services.simulate.records import relay
from services.simulate.stories import lose, restore
from services.simulate.telling import LEERPLICHT, SCHOOL, WIJ, Telling
from services.simulate.vocabulary import DEVICES, REASON_WEIGHTS, REASONS, VIA

__all__ = ["establish", "lend", "mistake", "relapse"]

FOUND_OUT: Final = 0.75
"""Pupils reported without a municipality for whom someone establishes one."""
DEVICE_HELPED: Final = 0.75
"""Pupils without a device or internet who are lent one, on the way to being reached."""
RELAPSES: Final = 0.06
MISTAKEN_END: Final = 0.006
"""Restorations reported too early, and retracted."""
OVERTAKEN: Final = 0.04
"""Retractions that reach the ledger before the report that they retract."""


def establish(telling: Telling, pupils: Pupils, logged: Ints) -> None:
    """State residences: those the school did not know, moves, and the new codes of 1 January 2021."""
    n, draws = len(pupils), telling.draws
    who = np.array([LEERPLICHT, WIJ, SCHOOL])[draws.pick(n, (60, 25, 15))]
    who = np.where((who == LEERPLICHT) & ~telling.leerplicht_knows(pupils), WIJ, who)
    found = telling.later(logged, (20, 48, 96, 170, 300, 480))
    sought = ~pupils.place_known & draws.chance(n, FOUND_OUT)
    unknown = np.flatnonzero(sought)
    _residence(telling, pupils[unknown], who[unknown], found[unknown] - 5 * MINUTE, found[unknown])

    moved = np.flatnonzero(pupils.moved < NEVER)
    heard = telling.later(pupils.moved[moved], (0.5, 20, 70, 170))
    _residence(telling, pupils[moved], np.where(who == SCHOOL, WIJ, who)[moved], pupils.moved[moved], heard)

    # Whoever is not reached at the reorganisation is, from then on, for the new municipality to find.
    before = pupils.place_known | (sought & (found < REORGANISATION))
    home = np.where(pupils.moved <= REORGANISATION, pupils.new_home, pupils.home)
    waits = (pupils.lost < REORGANISATION) & (pupils.end > REORGANISATION)
    recoded = np.flatnonzero(before & waits & (telling.nation.successors[home, pupils.slot] != home))
    m = len(recoded)
    first_week = Window("2021-01-04", "2021-01-08").draw(m, draws)
    known = np.maximum(first_week, telling.later(logged[recoded], (1, 4)))
    _residence(telling, pupils[recoded], np.full(m, LEERPLICHT), np.full(m, REORGANISATION), known)


def _residence(telling: Telling, pupils: Pupils, who: Ints, when: Ints, logged: Ints) -> None:
    place = telling.place(pupils, when)
    telling.batch.add(
        "residence-established", relay(logged, telling.draws), logged=logged, occurred=when, who=pupils.number,
        place=place, source=telling.source(who, pupils, place),
    )  # fmt: skip


def lend(telling: Telling, pupils: Pupils, reason: Ints) -> None:
    """Lend a device to most pupils who are not reached for want of one, in the two days before they are."""
    reached = pupils.end < NEVER
    pupils, reason = pupils[reached], reason[reached]
    n, draws = len(pupils), telling.draws
    no_device, no_internet = (reason == REASONS.index(text) for text in ("no-device", "no-internet"))
    when = to_working_hours(pupils.end - draws.spread(n, (2.0 * HOUR, 48.0 * HOUR)).astype(np.int64), draws)
    wanted = (no_device | no_internet) & draws.chance(n, DEVICE_HELPED)
    some = np.flatnonzero(wanted & (when > pupils.lost) & (when < pupils.end))
    device = np.where(no_device, draws.pick(n, (75, 25)), DEVICES.index("internet"))[some]
    who = np.where(draws.chance(n, 0.15), WIJ, SCHOOL)[some]
    lent, when = pupils[some], when[some]
    logged = telling.later(when, (0.1, 1, 8, 40))
    telling.batch.add(
        "device-lent", relay(logged, draws), logged=logged, occurred=when, who=lent.number, sector=lent.sector,
        choice=device, source=telling.source(who, lent, telling.place(lent, when)),
    )  # fmt: skip


def relapse(telling: Telling, pupils: Pupils) -> Pupils:
    """Lose some pupils once more, days after they were reached, and reach them again; give the new intervals."""
    n, draws = len(pupils), telling.draws
    some = np.flatnonzero(draws.chance(n, RELAPSES) & (pupils.end < pupils.lost + 60 * DAY))
    once = pupils[some]
    lost = telling.later(once.end, (40, 90, 160, 250))
    end = telling.later(lost, (20, 44, 70, 120, 190))
    again = replace(once, lost=lost - lost % MINUTE, end=end - end % MINUTE + MINUTE)
    again = replace(again, home=np.where(once.moved < NEVER, once.new_home, once.home), moved=np.full(len(some), NEVER))
    lose(telling, again, draws.pick(len(some), REASON_WEIGHTS))
    restore(telling, again)
    return again


def mistake(telling: Telling, pupils: Pupils, strangers: Pupils) -> None:
    """Report losses of `strangers`, who never were, and ends that were not; and retract it all."""
    draws = telling.draws
    n = len(strangers)
    logged = telling.later(strangers.lost, (0.3, 3, 20, 60))
    # Some reports wait in an outbox for over a week: the retraction, sent another way, overtakes them.
    waits = draws.chance(n, OVERTAKEN)
    recorded = np.where(waits, logged + 8 * DAY + draws.below(n, DAY), relay(logged, draws))
    place = telling.place(strangers, strangers.lost)
    source = telling.source(SCHOOL, strangers, place)
    lost = telling.batch.add(
        "contact-lost", recorded, logged=logged, occurred=strangers.lost, who=strangers.number,
        school=strangers.school, sector=strangers.sector, place=np.where(strangers.place_known, place, -1),
        source=source, choice=draws.pick(n, REASON_WEIGHTS),
    )  # fmt: skip
    by = np.where(
        draws.chance(n, 0.2) & telling.leerplicht_knows(strangers), telling.source(LEERPLICHT, strangers, place), source
    )
    _retract(telling, lost, source, by, logged, np.where(waits, 0, recorded))

    middle = to_working_hours(pupils.lost + (np.minimum(pupils.end, pupils.lost + 20 * DAY) - pupils.lost) // 2, draws)
    early = np.flatnonzero(draws.chance(len(pupils), MISTAKEN_END) & (middle < pupils.end - HOUR))
    some, when = pupils[early], middle[early]
    logged = telling.later(when, (0.2, 2, 8))
    recorded = relay(logged, draws)
    source = telling.source(SCHOOL, some, some.home)
    end = telling.batch.add(
        "contact-restored", recorded, logged=logged, occurred=when, who=some.number, choice=VIA.index("phone"),
        source=source,
    )  # fmt: skip
    _retract(telling, end, source, source, logged, recorded)


def _retract(telling: Telling, numbers: Words, sources: Ints, by: Ints, logged: Ints, after: Ints) -> None:
    draws = telling.draws
    noticed = telling.later(logged, (0.5, 3, 20, 50, 120))
    telling.batch.add(
        "report-retracted", np.maximum(relay(noticed, draws), after + 1), logged=noticed, occurred=noticed,
        who=numbers, source=by, amount=sources, choice=draws.below(len(numbers), 3),
    )  # fmt: skip
