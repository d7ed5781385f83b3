"""When what was known: from when until when each report, statement and announcement in the view existed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from events import event_key
from projections.fold.calendar import Announcement, Closure, standing
from projections.fold.pupil import FOREVER
from projections.fold.reports import Report
from projections.live import states
from projections.live.moment import Moment

_RECORDED: Final = "select key, recorded from seen where key in"
_WITHDRAWN: Final = (
    "select target, recorded from retraction join seen on seen.key = retraction.by where retraction.target in"
)

Times = Mapping[bytes, tuple[int, int]]
"""By key: from which K on it exists, and from which on not any more."""


def known_times(moment: Moment, entries: Iterable[Report | Announcement]) -> Times:
    """Give when each entry was recorded and when withdrawn, if it is (else never).

    The event that stands under a key is the first recorded, so at no earlier K did another one stand.
    """
    keys = {event_key(entry.source, entry.id): entry.retracted for entry in entries}
    withdrawn: dict[bytes, int] = {}
    for target, recorded in moment.select(_WITHDRAWN, (key for key, retracted in keys.items() if retracted)):
        withdrawn[target] = min(recorded, withdrawn.get(target, recorded))
    return {key: (recorded, withdrawn.get(key, FOREVER)) for key, recorded in moment.select(_RECORDED, keys)}


def announcements(moment: Moment) -> dict[str, list[Announcement]]:
    """Give all that was ever announced of each closure."""
    rows = moment.database.execute("select name, state from closure")
    return {name: states.announcements(state) for name, state in rows}


def standing_at(announced: Mapping[str, Iterable[Announcement]], times: Times, at: int) -> Iterator[Closure]:
    """Give the closures that stood as was known at K."""
    for name, entries in announced.items():
        known = (
            entry._replace(retracted=False)
            for entry in entries
            if (of := times[event_key(entry.source, entry.id)])[0] <= at < of[1]
        )
        closure = standing(name, known)
        if closure is not None:
            yield closure
