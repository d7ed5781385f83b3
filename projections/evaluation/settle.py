"""Which copies of an event say something else: COUNTS, "Once".

No table depends on it, the first recorded stands either way; but who sent the other must be told.
"""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from events.parse import content_digest

__all__ = ["other_contents"]

_SOME = 10_000
_PAIRS = """
with text as (
    select position, event
    from events
    where position in (select position from copy union select original from copy)
)
select copy.position, this.event, first.event
from copy inner join text as this using (position) inner join text as first on first.position = copy.original
where this.event <> first.event
order by copy.position
"""


def other_contents(connection: DuckDBPyConnection) -> list[int]:
    """Give the positions of the copies whose content (EVENTS) is not that of the event which stands, in order.

    Of copies without their text (column `event`) nothing is said.
    """
    pairs = connection.execute(_PAIRS)
    found: list[int] = []
    while some := pairs.fetchmany(_SOME):
        found.extend(
            position
            for position, this, first in some
            if content_digest(this.encode()) != content_digest(first.encode())
        )
    return found
