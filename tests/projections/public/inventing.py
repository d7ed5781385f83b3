"""Another history that looks the same: any numbers that agree with what was shown, as events that give them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from events import day_start, week_monday
from projections.fold.calendar import Closure, closed_days
from projections.fold.reports import UNKNOWN_PLACE, place_number
from projections.tables import SECTORS, UNKNOWN
from tests.projections.evaluation.oracle import Said
from tests.projections.public.watching import Key, Watched

__all__ = ["invented"]

MINUTE = 60_000_000
SOURCE = "urn:nld:oin:00000099000000001000:systeem:verzonnen"
ABOUT_PUPILS = {"contact-lost", "contact-restored", "residence-established", "device-lent", "door-visit"}


def invented(said: Sequence[Said], watched: Watched, numbers: Sequence[Mapping[Key, int]]) -> list[Said]:
    """Tell, instead of what was said about pupils, what gives these `numbers` at each instant that was watched.

    Whatever was told for one instant is withdrawn before the next one, and all is told anew.
    """
    history, before = without_pupils(said), list[Said]()
    for at, (moment, closures, wanted) in enumerate(zip(watched.made, watched.closures, numbers, strict=True)):
        recorded = moment - MINUTE
        history += [
            Said(SOURCE, f"not-{told.id}", "report-retracted", recorded, recorded, {"source": SOURCE, "id": told.id})
            for told in before
        ]
        before = []
        for number, ((place, sector, week), pupils) in enumerate(sorted(wanted.items())):
            if not pupils:
                continue
            tau = min(end_of_closed(closures, place, sector, week), moment)
            for each in range(pupils):
                name = f"pupil-{at}-{number}-{each}"
                before += told(name, place, sector, tau, recorded)
        history += before
    return history


def told(pupil: str, place: str, sector: str, tau: int, recorded: int) -> list[Said]:
    """Unreached for two minutes that end just when it is counted, or that go on."""
    data: dict[str, Any] = {"pupil": pupil, "school": "06KR00", "sector": sector, "household": None}
    data["municipality"] = None if place == UNKNOWN else place
    lost = Said(SOURCE, f"lost-{pupil}", "contact-lost", recorded, tau - 2 * MINUTE, data)
    if tau > recorded:
        return [lost]
    contact = {"pupil": pupil, "via": "phone"}
    return [lost, Said(SOURCE, f"back-{pupil}", "contact-restored", recorded, tau, contact)]


def without_pupils(said: Sequence[Said]) -> list[Said]:
    """Give what is said of schools and closures, and nothing that stands under the same id."""
    copies: defaultdict[tuple[str, str], list[Said]] = defaultdict(list)
    for each in said:
        copies[each.key].append(each)
    of_pupils = {key for key, same in copies.items() if min(same, key=lambda each: each.recorded).kind in ABOUT_PUPILS}
    return [each for each in said if each.key not in of_pupils and each.kind not in ABOUT_PUPILS]


def end_of_closed(closures: Sequence[Closure], place: str, sector: str, week: str) -> int:
    """Give the end of the last closed day of a week."""
    monday = week_monday(week)
    number = UNKNOWN_PLACE if place == UNKNOWN else place_number(place)
    closed = closed_days(closures, [number], monday, 7)[0, SECTORS.index(sector)]
    return day_start(monday + 1 + max(day for day in range(7) if closed[day]))
