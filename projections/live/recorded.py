"""The newest message of each week of recording: it tells whether what was known at an earlier instant may have changed.

What was known at K is what was recorded up to K. So whatever was worked out of a K that is past stands, for as long as
no message comes that says of itself that it was recorded by then, as those of an import may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from events import local_day
from projections.fold.cells import monday_of

if TYPE_CHECKING:
    from projections.live.moment import Moment

__all__ = ["newest_recorded_by", "told_since", "week_recorded"]

_NEWEST: Final = "SELECT max(position) FROM recorded WHERE monday < ?"
_SINCE: Final = "SELECT min(position) FROM recorded"


def week_recorded(recorded: int) -> int:
    """Give the Monday (ordinal) of the week at whose end a message was known, recorded at an instant in microseconds.

    One that was recorded just when a week began belongs to the week that ended: at that instant it is known.
    """
    return monday_of(local_day(recorded - 1))


def newest_recorded_by(moment: Moment, monday: int) -> int:
    """Give the last ledger sequence in the view that was recorded by the beginning of a Monday; 0 when there is none.

    That of a copy counts too. A view that an earlier release began tells it of what came since.
    """
    [[newest]] = moment.database.execute(_NEWEST, (monday,))
    return newest or 0


def told_since(moment: Moment) -> int:
    """Give a ledger sequence behind which the view tells of every message when it was recorded; 0 when it has none.

    In a view that an earlier release began those before are not told of.
    """
    [[since]] = moment.database.execute(_SINCE, ())
    return since or 0
